"""Logs as foreign software sees them: records of one (topic, partition), out of Kafka or out of the file sink's parts.

Nothing here shares code with cdrgen: Confluent's client and registry client, fastavro and Python's own csv rules read what
was written, and keys, partitions, timestamps and digests are computed anew from the records' fields.

A record is a tuple (key, timestamp, payload, fields): key bytes, milliseconds, the payload's bytes without Avro's frame of
five bytes, and the fields by name with their Avro or JSON types (CSV: all text), or None where nobody asked for them.
Readers yield lists of records, in log order, and hold no more than one list.
"""

import gzip
import io
import json
import re
import struct
import subprocess
import warnings
from pathlib import Path

import fastavro
import xxhash
from confluent_kafka import Consumer, KafkaError, TopicPartition

with warnings.catch_warnings(record=True):  # of what the registry client brings along, about its own future
    from confluent_kafka.schema_registry import Schema, SchemaRegistryClient

BATCH = 5000
SILENCE_S = 60  # a broker that sends nothing for so long, though records are due, has failed
PART = re.compile(r"part-(\d{4})-(\d{6})\.(csv|json|avro)(\.gz|\.zst)?$")


class Failure(Exception):
    """What is there is not what must be there; the text says what and where."""


# ---- keys, partitions, digests ------------------------------------------------------------------------------------


def owner(fields):
    """The Kafka key: the MSISDN of the party whose record it is."""
    return fields["msisdn_src" if fields["direction"] == "MO" else "msisdn_dst"].encode()


def murmur2(data):
    """The hash of Kafka's Java clients, seed 0x9747b28c, unsigned."""
    mask, m = 0xFFFFFFFF, 0x5BD1E995
    h = 0x9747B28C ^ len(data)
    whole = len(data) & ~3
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i : i + 4], "little") * m & mask
        k = (k ^ k >> 24) * m & mask
        h = h * m & mask ^ k
    if whole < len(data):
        h = (h ^ int.from_bytes(data[whole:], "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return h ^ h >> 15


class Partitioner:
    """Partition of a key, as Java's default partitioner has it; keys come again and again, so they are remembered."""

    def __init__(self, partitions):
        self.partitions = partitions
        self.known = {}

    def __call__(self, key):
        partition = self.known.get(key)
        if partition is None:
            if len(self.known) > 1_000_000:
                self.known.clear()
            partition = self.known[key] = (murmur2(key) & 0x7FFFFFFF) % self.partitions
        return partition


STRIPE = 64
STEP = 0x9E3779B97F4A7C15
LOW, WORD = 2**32 - 1, 2**64 - 1
# The fraction of pi: eight words for a stripe, three for names.
STRIPE_KEYS = (0x243F6A8885A308D3, 0x13198A2E03707344, 0xA4093822299F31D0, 0x082EFA98EC4E6C89, 0x452821E638D01377,
               0xBE5466CF34E90C6C, 0xC0AC29B7C97C50DD, 0x3F84D5B5B5470917)
NAME_LOW, NAME_HIGH, NAME_TIME = 0x9216D5D98979FB1B, 0xD1310BA698DFB5AC, 0x2FFD72DBD01ADFB7


word_keys = list(STRIPE_KEYS)  # of every word of a payload; grows


def payload_sum(payload):
    size = len(payload)
    payload = payload.ljust(STRIPE, b"\0")
    whole = (len(payload) - 1) // STRIPE * STRIPE  # then the stripe that ends with the payload
    while len(word_keys) * 8 < whole + STRIPE:
        word_keys.append(word_keys[-8] + STEP & WORD)
    words = struct.unpack(f"<{whole // 8 + 8}Q", payload[:whole] + payload[-STRIPE:])
    products = [((mixed := word ^ key) & LOW) * (mixed >> 32) for word, key in zip(words, word_keys)]
    return size * STEP + sum(words) + sum(products) & WORD


def fold(a, b):
    product = a * b
    return (product ^ product >> 64) & WORD


def record_hash(key, timestamp, payload):
    words = struct.unpack("<2Q", key.ljust(16, b"\0")) if len(key) <= 16 else (xxhash.xxh3_64_intdigest(key), 0)
    name = fold(words[0] ^ NAME_LOW, words[1] ^ NAME_HIGH) + len(key)
    return fold(payload_sum(payload) ^ name & WORD, timestamp & WORD ^ NAME_TIME)


class Digest:
    """Of a log: `ordered` depends on the order of the records, `total` does not and adds up over parts of a log."""

    MODULUS = 2**61 - 1
    FACTOR = 0x1D8AB4A6B9CF3E25 % MODULUS

    def __init__(self):
        self.records = self.bytes = self.ordered = self.total = 0

    def add(self, records):
        modulus, factor, ordered, total, size = self.MODULUS, self.FACTOR, self.ordered, self.total, 0
        for key, timestamp, payload, _ in records:
            h = record_hash(key, timestamp, payload)
            ordered = (ordered * factor + h % modulus) % modulus
            total += h
            size += len(payload)
        self.ordered, self.total = ordered, total & 0xFFFFFFFFFFFFFFFF
        self.records += len(records)
        self.bytes += size

    def as_json(self):
        return in_json(self.records, self.bytes, self.ordered, self.total)


def in_json(records, size, digest, total):
    return {"records": records, "bytes": size, "digest": f"{digest:016x}", "sum": f"{total:016x}"}


def topic_digest(logs):
    """Of a topic, or of a shard's part of it, out of {partition: what as_json() gives}."""
    digest = 0
    for partition, log in logs.items():
        numbers = (partition, log["records"], int(log["digest"], 16))
        digest += xxhash.xxh3_64_intdigest(b"".join(number.to_bytes(8, "little") for number in numbers))
    total = sum(int(log["sum"], 16) for log in logs.values())
    records, size = (sum(log[name] for log in logs.values()) for name in ("records", "bytes"))
    mask = 0xFFFFFFFFFFFFFFFF
    return in_json(records, size, digest & mask, total & mask)


# ---- Avro schemas -------------------------------------------------------------------------------------------------


def plain(schema):
    """The schema without logical types, so that timestamps stay the numbers that were written."""
    if isinstance(schema, dict):
        return {name: plain(value) for name, value in schema.items() if name != "logicalType"}
    if isinstance(schema, list):
        return [plain(item) for item in schema]
    return schema


def parse(schema):
    return fastavro.parse_schema(plain(schema))


class Registry:
    """Schemas by id, each fetched once."""

    def __init__(self, url):
        self.client = SchemaRegistryClient({"url": url})
        self.known = {}

    def schema(self, schema_id):
        if schema_id not in self.known:
            self.known[schema_id] = parse(json.loads(self.client.get_schema(schema_id).schema_str))
        return self.known[schema_id]

    def latest(self, topic):
        """Id of the newest schema under TopicNameStrategy's subject."""
        return self.client.get_latest_version(f"{topic}-value").schema_id


# ---- the file sink's parts ----------------------------------------------------------------------------------------


def topics_of(out):
    """Topics that a folder of the file sink holds."""
    return sorted(folder.name for folder in Path(out).iterdir() if folder.is_dir() and any(folder.glob("date=*")))


def parts_of(out, topic):
    """{partition: [part, …]} in log order, that is by day and number, and the parts' format."""
    found, formats = {}, set()
    for path in (Path(out) / topic).glob("date=*/*"):
        name = PART.fullmatch(path.name)
        if name is None:
            raise Failure(f"{path}: not a part's name, part-PPPP-NNNNNN.(csv|json|avro)[.gz|.zst]")
        formats.add(name[3])
        found.setdefault(int(name[1]), []).append((path.parent.name, int(name[2]), path))
    if not found:
        raise Failure(f"{out}/{topic} holds no parts")
    if len(formats) != 1:
        raise Failure(f"{out}/{topic} holds parts of {len(formats)} formats, {sorted(formats)}, not of one")
    return {p: [path for *_, path in sorted(parts)] for p, parts in found.items()}, formats.pop()


def open_part(path):
    """A part's bytes, uncompressed as they are read."""
    if path.suffix == ".gz":
        return gzip.open(path, "rb")
    if path.suffix == ".zst":
        process = subprocess.Popen(["zstd", "-dcq", str(path)], stdout=subprocess.PIPE)
        return process.stdout
    return open(path, "rb")


def text_fields(format_name, header, line):
    if format_name == "json":
        return json.loads(line)
    values = line.decode().split(";")
    if len(values) != len(header):
        raise Failure(f"a line of {len(values)} fields, where the header has {len(header)}: {line[:200]!r}")
    return dict(zip(header, values))


def read_text_part(path, format_name, time_field):
    with open_part(path) as lines:
        header = next(lines, b"").decode().rstrip("\n").split(";") if format_name == "csv" else []
        if format_name == "csv" and time_field not in header:
            raise Failure(f"{path}: does not start with a header line")
        batch = []
        for line in lines:
            if not line.endswith(b"\n"):
                raise Failure(f"{path}: its last line is torn")
            line = line[:-1]
            fields = text_fields(format_name, header, line)
            batch.append((owner(fields), int(fields[time_field]), line, fields))
            if len(batch) == BATCH:
                yield batch
                batch = []
        if batch:
            yield batch


def read_avro_part(path, time_field):
    with open(path, "rb") as file:
        blocks = fastavro.block_reader(file)
        schema = parse(blocks.writer_schema)
        for block in blocks:
            data, batch, end = block.bytes_, [], 0
            content = data.getvalue()
            for _ in range(block.num_records):
                start = end
                fields = fastavro.schemaless_reader(data, schema, None)
                end = data.tell()
                batch.append((owner(fields), fields[time_field], content[start:end], fields))
            if end != len(content):
                raise Failure(f"{path}: a block holds {len(content) - end} bytes more than its records")
            yield batch


def read_parts(parts, format_name, time_field):
    for path in parts:
        if format_name == "avro":
            yield from read_avro_part(path, time_field)
        else:
            yield from read_text_part(path, format_name, time_field)


# ---- Kafka --------------------------------------------------------------------------------------------------------


def client_settings(brokers, properties):
    settings = {
        "bootstrap.servers": brokers,
        "group.id": "cdrgen-foreign-reader",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "auto.offset.reset": "error",
        "fetch.message.max.bytes": 4 << 20,
    }
    settings.update(item.split("=", 1) for item in properties)
    return settings


def partitions_of(brokers, properties, topics):
    """{topic: number of partitions}; a topic that is not there is a failure."""
    consumer = Consumer(client_settings(brokers, properties))
    try:
        known = consumer.list_topics(timeout=30).topics
        absent = [topic for topic in topics if topic not in known]
        if absent:
            raise Failure(f"the cluster has no topic {', '.join(absent)}")
        return {topic: len(known[topic].partitions) for topic in topics}
    finally:
        consumer.close()


def first_offset(brokers, properties, topic, partition):
    """Of the records that are still there."""
    consumer = Consumer(client_settings(brokers, properties))
    try:
        return consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=30)[0]
    finally:
        consumer.close()


def messages_of(brokers, properties, topic, partition, base=0, gaps=False):
    """Lists of messages of one partition from offset base to its end, with every offset present, but for gaps: control
    records and aborted ones of transactions have offsets too."""
    consumer = Consumer(client_settings(brokers, properties))
    where = TopicPartition(topic, partition, base)
    try:
        low, high = consumer.get_watermark_offsets(where, timeout=30)
        if low > base:
            raise Failure(f"{topic}[{partition}] starts at offset {low}, not at {base}")
        consumer.assign([where])
        position = base
        while position < high:
            messages = consumer.consume(BATCH, SILENCE_S)
            if not messages:
                raise Failure(f"{topic}[{partition}]: nothing came for {SILENCE_S} s at offset {position} of {high}")
            batch = []
            for message in messages:
                error = message.error()
                if error is None:
                    if message.offset() != position and not gaps:
                        raise Failure(f"{topic}[{partition}] offset {position} is missing: {message.offset()} comes next")
                    position = message.offset() + 1
                    batch.append(message)
                elif error.code() != KafkaError._PARTITION_EOF:
                    raise Failure(f"{topic}[{partition}]: {error}")
                elif gaps:
                    position = max(position, message.offset())
            if batch:
                yield batch
    finally:
        consumer.close()


def avro_value(topic, message, registry, decode):
    """(datum, fields) of a value in Confluent's wire format."""
    value = message.value()
    if value is None or len(value) < 5 or value[0] != 0:
        raise Failure(f"{topic}[{message.partition()}] offset {message.offset()}: no frame of a schema id: {value!r}")
    datum = value[5:]
    if not decode:
        return datum, None
    data = io.BytesIO(datum)
    fields = fastavro.schemaless_reader(data, registry.schema(int.from_bytes(value[1:5], "big")), None)
    if data.tell() != len(datum):
        raise Failure(f"{topic}[{message.partition()}] offset {message.offset()}: bytes are left behind the record")
    return datum, fields


def read_kafka(brokers, properties, topic, partition, format_name, registry=None, base=0, gaps=False):
    """Lists of records. Fields are decoded where it is Avro and a registry is given."""
    for messages in messages_of(brokers, properties, topic, partition, base, gaps):
        batch = []
        for message in messages:
            kind, timestamp = message.timestamp()
            if kind != 1:
                raise Failure(f"{topic}[{partition}] offset {message.offset()}: no CreateTime, timestamp type {kind}")
            if format_name == "avro":
                payload, fields = avro_value(topic, message, registry, registry is not None)
            else:
                payload, fields = message.value(), None
            batch.append((message.key(), timestamp, payload, fields))
        yield batch

