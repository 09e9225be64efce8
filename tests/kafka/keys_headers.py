#!/usr/bin/env python3
"""Keys and headers of topics against the parts that the file sink wrote of the same dataset in CSV.

    keys_headers.py --files OUT --prefix PREFIX [--keys string|avro|FIELD] [--headers name=field,...] [--ids] [--committed]

Message k of each partition is row k of the partition's files. Its key, read by confluent_kafka's AvroDeserializer with
stock settings (or as text), is the owner's MSISDN, or a record whose FIELD is; its partition is murmur2's of these digits,
as Java computes it. Its headers are those fields that its type has, in that order, as the CSV writes them; record_uuid need
only be one. With --ids, cdrgen-id is the last.
"""

import argparse
import csv
import os
import pathlib
import re
import sys
import uuid

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

OF_TYPES = {"sms": {"sms_segments", "sms_status"},
            "data": {"data_bytes_in", "data_bytes_out", "data_duration_sec", "apn", "rat"}}


def murmur2(data):
    mask, m = 0xFFFFFFFF, 0x5BD1E995
    h = 0x9747B28C ^ len(data)
    for i in range(0, len(data) // 4 * 4, 4):
        k = int.from_bytes(data[i:i + 4], "little") * m & mask
        k = (k ^ k >> 24) * m & mask
        h = (h * m & mask) ^ k
    rest = data[len(data) // 4 * 4:]
    if rest:
        h = (h ^ int.from_bytes(rest, "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return (h ^ h >> 15) & 0x7FFFFFFF


def rows(folder, topic, partition):
    parts = sorted(pathlib.Path(folder, topic).glob(f"date=*/part-{partition:04}-*.csv"))
    for part in parts:
        with open(part, newline="") as file:
            yield from csv.DictReader(file, delimiter=";")


def messages(brokers, topic, committed):
    """Lists of messages, one for each partition."""
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "keys-headers", "enable.partition.eof": True,
                         "enable.auto.commit": False, "auto.offset.reset": "earliest",
                         "isolation.level": "read_committed" if committed else "read_uncommitted"})
    partitions = sorted(consumer.list_topics(topic, timeout=30).topics[topic].partitions)
    logs = [[] for _ in partitions]
    consumer.assign([TopicPartition(topic, p, 0) for p in partitions])
    left = len(partitions)
    while left > 0:
        for message in consumer.consume(10000, timeout=1):
            if message.error() is None:
                logs[message.partition()].append(message)
            elif message.error().code() == -191:  # _PARTITION_EOF
                left -= 1
            else:
                raise SystemExit(message.error().str())
    consumer.close()
    return logs


def expected_headers(kind, wanted, row):
    pairs = []
    for name, field in wanted:
        lacking = any(field in fields for other, fields in OF_TYPES.items() if other != kind)
        if not lacking and not (field == "msisdn_dst" and kind == "data"):
            pairs.append((name, None if field == "record_uuid" else row[field]))
    return pairs


def check(given, kind, wanted, read_key):
    topic = given.prefix + kind
    logs = messages(given.brokers, topic, given.committed)
    count, uuids = 0, set()
    for partition, log in enumerate(logs):
        for message, row in zip(log, rows(given.files, "cdr." + kind, partition), strict=True):
            where = f"{topic}[{partition}] offset {message.offset()}"
            owner = row["msisdn_dst" if row["direction"] == "MT" else "msisdn_src"]
            key = read_key(topic, message.key())
            assert key == owner, f"{where}: key {key!r}, not {owner}"
            assert murmur2(owner.encode()) % len(logs) == partition, where
            pairs = expected_headers(kind, wanted, row)
            found = [(name, value.decode()) for name, value in message.headers() or []]
            if given.ids:
                name, value = found.pop()
                assert name == "cdrgen-id" and re.fullmatch("[0-9a-f]{16}", value), f"{where}: {name}={value}"
            assert [name for name, _ in found] == [name for name, _ in pairs], f"{where}: {found}, not {pairs}"
            for (name, value), (_, text) in zip(found, pairs):
                if text is None:
                    assert str(uuid.UUID(value)) == value, f"{where}: {name}={value}"
                    uuids.add(value)
                else:
                    assert value == text, f"{where}: {name}={value!r}, not {text!r}"
            count += 1
    if any(field == "record_uuid" for _, field in wanted):
        assert len(uuids) == count, f"{topic}: {len(uuids)} UUIDs of {count} records"
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brokers", default=os.environ.get("CDRGEN_TEST_BROKERS"))
    parser.add_argument("--registry", default=os.environ.get("CDRGEN_TEST_REGISTRY"))
    parser.add_argument("--files", required=True)
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--keys", default="string")
    parser.add_argument("--headers", default="")
    parser.add_argument("--ids", action="store_true")
    parser.add_argument("--committed", action="store_true")
    parser.add_argument("--frame", action="store_true", help="keys have an unknown schema id in front: it is left out")
    given = parser.parse_args()
    wanted = [tuple(item.split("=", 1)) if "=" in item else (item, item) for item in given.headers.split(",") if item]

    def text(_, key):
        if given.frame:
            assert key[0] == 0 and key[5] == 2 * (len(key) - 6), key
            key = key[6:]
        return key.decode()

    read_key = text
    if given.keys != "string" and not given.frame:
        deserializer = AvroDeserializer(SchemaRegistryClient({"url": given.registry}))

        def read_key(topic, key):
            value = deserializer(key, SerializationContext(topic, MessageField.KEY))
            return value if given.keys == "avro" else value[given.keys]
    counts = {kind: check(given, kind, wanted, read_key) for kind in ("call", "sms", "data")}
    print(sum(counts.values()))


if __name__ == "__main__":
    sys.exit(main())
