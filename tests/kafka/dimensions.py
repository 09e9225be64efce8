#!/usr/bin/env python3
"""The dimension topics as a foreign client sees them.

    dimensions.py check PREFIX TABLES [--format F] [--registry URL] [--keys avro] [--summary FILE]
        every record of PREFIX subscriber and cell, none missing, against TABLES: cells.csv and what `cdrgen subscribers`
        lists of each day, in files day-YYYY-MM-DD.csv; digests against a run's summary
    dimensions.py join PREFIX [--format F] [--registry URL] [--keys avro]
        a stream-table join: every record's imsi, imei, mccmnc and rat against the rows that hold at its time
    dimensions.py lose FROM TO PARTITION RECORD [CONFIG=VALUE …]
        copies a topic without two records in a row: their offsets are left out
    dimensions.py abort TOPIC…
    dimensions.py copy FROM TO COUNT
    dimensions.py skip FROM TO
    dimensions.py displace FROM TO tombstone|middle
        copies a topic without a record whose key has an earlier one: it is the key's last one, a tombstone, or one with
        a later one; compaction leaves its offset empty
    dimensions.py alter TOPIC PARTITION RECORD
        deletes the topic, creates it again, and fills it with what it held, but for the value of one record
    dimensions.py bury TOPIC KEY
        appends a tombstone, to the key's partition
    dimensions.py found TOPIC
        how many records can be read

The cluster is the one of $CDRGEN_TEST_BROKERS.
"""

import argparse
import bisect
import collections
import csv
import datetime
import json
import os
import pathlib
import time
import zoneinfo

import cdr_logs
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

ZONE = zoneinfo.ZoneInfo("Europe/Amsterdam")
FIELDS = {
    "subscriber": ["msisdn", "imsi", "mccmnc", "imei", "tac", "home_cell_id", "contacts", "activity", "valid_from_ms"],
    "cell": ["cell_id", "rat", "lat", "lon"],
}
NUMBERS = {"home_cell_id": int, "contacts": int, "activity": float, "valid_from_ms": int, "cell_id": int, "lat": float,
           "lon": float}
BROKERS = os.environ.get("CDRGEN_TEST_BROKERS")
FOREVER = str(2**63 - 1)


def fail(text):
    raise SystemExit(f"FAILED: {text}")


def midnight_ms(day):
    return int(datetime.datetime.combine(day, datetime.time(), ZONE).timestamp()) * 1000


def day_of(ms):
    return datetime.datetime.fromtimestamp(ms / 1000, ZONE).date()


class Decoder:
    """Value of a message to fields; with a registry, as the stock deserializer of confluent-kafka has them."""

    def __init__(self, format_name, registry, keys="string"):
        self.format = format_name
        self.avro_key = AvroDeserializer(SchemaRegistryClient({"url": registry})) if keys == "avro" else None
        self.avro = AvroDeserializer(SchemaRegistryClient({"url": registry})) if format_name == "avro" else None

    def key(self, message):
        if self.avro_key is None:
            return message.key().decode()
        return self.avro_key(message.key(), SerializationContext(message.topic(), MessageField.KEY))

    def __call__(self, message, fields):
        value = message.value()
        if value is None:
            return None
        if self.avro is not None:
            found = self.avro(value, SerializationContext(message.topic(), MessageField.VALUE))
            return {name: int(each.timestamp() * 1000) if isinstance(each, datetime.datetime) else each
                    for name, each in found.items()}
        if self.format == "json":
            return json.loads(value)
        values = value.decode().split(";")
        if len(values) != len(fields):
            fail(f"{message.topic()}: {len(values)} fields, not {len(fields)}: {value!r}")
        return {name: NUMBERS.get(name, str)(each) for name, each in zip(fields, values)}


def logs_of(topic, gaps=False):
    """Messages of each partition."""
    count = cdr_logs.partitions_of(BROKERS, [], [topic])[topic]
    return [[message for batch in cdr_logs.messages_of(BROKERS, [], topic, partition, gaps=gaps) for message in batch]
            for partition in range(count)]


def place_of(key, partitions):
    return (cdr_logs.murmur2(key.encode()) & 0x7FFFFFFF) % partitions


# ---- check ----


def day_tables(folder):
    """(day, {index: row}) of each day, those who are there."""
    for path in sorted(pathlib.Path(folder).glob("day-*.csv")):
        with open(path, newline="") as file:
            rows = {i: row for i, row in enumerate(csv.DictReader(file)) if row["imsi"]}
        yield datetime.date.fromisoformat(path.stem[4:]), rows


def expected_subscribers(folder, partitions):
    """Logs of (key, timestamp, row or None), and how many of each kind."""
    logs, kinds, before = [[] for _ in range(partitions)], collections.Counter(), None
    keys = {}
    for day, rows in day_tables(folder):
        keys.update({i: row["msisdn"] for i, row in rows.items()})
        for i in sorted(set(rows) | set(before or {})):
            row = rows.get(i)
            if before is not None and before.get(i) == row:
                continue
            kind = "start" if before is None else "tombstones" if row is None else \
                "arrivals" if i not in before else "updates"
            kinds[kind] += 1
            logs[place_of(keys[i], partitions)].append((keys[i], midnight_ms(day), row))
        before = rows
    return logs, kinds


def expected_cells(folder, partitions, start_ms):
    logs = [[] for _ in range(partitions)]
    with open(pathlib.Path(folder) / "cells.csv", newline="") as file:
        for row in csv.DictReader(file):
            logs[place_of(row["cell_id"], partitions)].append((row["cell_id"], start_ms, row))
    return logs


def same_row(found, wanted, timestamp):
    for name, value in wanted.items():
        if name in ("lat", "lon"):
            if f"{found[name]:.6f}" != value:
                return False
        elif str(found[name]) != value:
            return False
    return "msisdn" not in wanted or (found["tac"] == wanted["imei"][:8] and found["valid_from_ms"] == timestamp and
                                      0 <= found["activity"] < 10000)


def check_logs(topic, kind, wanted, decode, gaps):
    for partition, log in enumerate(logs_of(topic, gaps)):
        if len(log) != len(wanted[partition]):
            fail(f"{topic}[{partition}] has {len(log)} records, not {len(wanted[partition])}")
        for message, (key, timestamp, row) in zip(log, wanted[partition]):
            found = decode(message, FIELDS[kind])
            where = f"{topic}[{partition}] offset {message.offset()}"
            if decode.key(message) != key or message.timestamp() != (1, timestamp):
                fail(f"{where}: {message.key()} at {message.timestamp()}, not {key} at {timestamp}")
            if (found is None) != (row is None) or (row is not None and not same_row(found, row, timestamp)):
                fail(f"{where}: {found}, not {row}")
            if found is not None and list(found) != FIELDS[kind]:
                fail(f"{where}: fields {list(found)}")


def check_summary(path, topics, kinds, frame, decode):
    with open(path) as file:
        entries = json.load(file)["topics"]
    for topic, kind in topics.items():
        logs = []
        for log in logs_of(topic):
            digest = cdr_logs.Digest()
            digest.add([(decode.key(m).encode(), m.timestamp()[1], (m.value() or b"")[frame if m.value() else 0:], None) for m in log])
            logs.append(digest.as_json())
        entry = entries[topic]
        found = cdr_logs.topic_digest(dict(enumerate(logs)))
        for name in ("records", "bytes", "digest", "sum"):
            if entry[name] != found[name]:
                fail(f"{topic}: {name} is {found[name]}, and {entry[name]} in the summary")
        if kind == "subscriber":
            for name in ("updates", "arrivals", "tombstones"):
                if entry[name] != kinds[name]:
                    fail(f"{topic}: {kinds[name]} {name}, and {entry[name]} in the summary")


def check(arguments):
    decode = Decoder(arguments.format, arguments.registry, arguments.keys)
    topics = {arguments.prefix + kind: kind for kind in FIELDS}
    partitions = cdr_logs.partitions_of(BROKERS, [], list(topics))[arguments.prefix + "subscriber"]
    wanted, kinds = expected_subscribers(arguments.tables, partitions)
    if min(kinds[kind] for kind in ("start", "updates", "arrivals", "tombstones")) < 20:
        fail(f"too little happens for a test: {kinds}")
    start = min(timestamp for log in wanted for _, timestamp, _ in log)
    check_logs(arguments.prefix + "subscriber", "subscriber", wanted, decode, arguments.gaps)
    check_logs(arguments.prefix + "cell", "cell", expected_cells(arguments.tables, partitions, start), decode,
               arguments.gaps)
    if arguments.summary:
        check_summary(arguments.summary, topics, kinds, 5 if arguments.format == "avro" else 0, decode)
    print(dict(kinds))


# ---- join ----


class Table:
    """Rows by key and time."""

    def __init__(self, topic, kind, decode):
        self.times, self.rows = collections.defaultdict(list), collections.defaultdict(list)
        for log in logs_of(topic):
            for message in log:
                self.times[decode.key(message)].append(message.timestamp()[1])
                self.rows[decode.key(message)].append(decode(message, FIELDS[kind]))

    def at(self, key, ms):
        place = bisect.bisect_right(self.times[key], ms)
        return self.rows[key][place - 1] if place > 0 else None


RECORD_FIELDS = ["event_type", "msisdn_src", "msisdn_dst", "direction", "start_ts_ms", "end_ts_ms", "tz_name",
                 "tz_offset_min", "duration_sec", "mccmnc", "imsi", "imei", "cell_id", "record_type",
                 "cause_for_record_closing", "sms_segments", "sms_status", "data_bytes_in", "data_bytes_out",
                 "data_duration_sec", "apn", "rat"]


AFTER_MIDNIGHT = 3 * 3_600_000


def holds(row, record):
    return row is not None and all(row[name] == record[name] for name in ("imsi", "imei", "mccmnc"))


def join(arguments):
    decode = Decoder(arguments.format, arguments.registry, arguments.keys)
    subscribers = Table(arguments.prefix + "subscriber", "subscriber", decode)
    cells = Table(arguments.prefix + "cell", "cell", decode)
    begin = min(times[0] for times in cells.times.values())
    joined = late = early = nightly = 0
    for kind in ("call", "sms", "data"):
        for partition, log in enumerate(logs_of(arguments.prefix + kind)):
            for message in log:
                record, key = decode(message, RECORD_FIELDS), decode.key(message)
                started, event = int(record["start_ts_ms"]), message.timestamp()[1]
                # What began before the run's first day has its identities from there: the tables begin with that day.
                if started < begin:
                    early += 1
                    continue
                # The day on which the event started decides: what follows on one of the evening, as a reply, a later
                # delivery or the next part of a session, has the identities of the day before.
                evening = started - AFTER_MIDNIGHT
                if not holds(subscribers.at(key, started), record) and evening < begin:
                    early += 1
                    continue
                joined += 1
                if not holds(subscribers.at(key, started), record) and holds(subscribers.at(key, evening), record):
                    nightly += 1
                elif not holds(subscribers.at(key, started), record):
                    fail(f"{message.topic()}[{partition}] offset {message.offset()}: {record}, and the row of its start "
                         f"is {subscribers.at(key, started)}")
                if not holds(subscribers.at(key, event), record):
                    late += 1
                    if day_of(started) == day_of(event) and day_of(evening) == day_of(event):
                        fail(f"{message.topic()}[{partition}] offset {message.offset()}: the row at the event's time is "
                             f"another, and it is of the same day")
                cell = cells.at(str(record["cell_id"]), started)
                if cell is None or (kind == "data" and cell["rat"] != record["rat"]):
                    fail(f"{message.topic()}[{partition}] offset {message.offset()}: cell {record['cell_id']}: {cell}")
    if joined < 1000:
        fail(f"only {joined} records were joined")
    if nightly > joined / 1000:
        fail(f"{nightly} records of {joined} have identities of the day before")
    if early > joined / 50:
        fail(f"{early} records of {joined} began before the first day")
    print(f"{joined} joined, {late} of which ended under a later row, {nightly} have that of the evening; "
          f"{early} began before the first day")


# ---- damage ----


def until_end(topic, partition, offset):
    """The end of a transaction is written some time after it was asked for."""
    consumer = Consumer(cdr_logs.client_settings(BROKERS, []))
    while consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=30)[1] < offset:
        time.sleep(0.05)
    consumer.close()


def lose(arguments):
    """The two offsets are those of a record in a transaction that is aborted and of its end."""
    settings = {"bootstrap.servers": BROKERS}
    logs = logs_of(arguments.source)
    config = dict(item.split("=", 1) for item in arguments.config)
    wanted = NewTopic(arguments.target, len(logs), config={"cleanup.policy": "compact", **config})
    admin = AdminClient(settings)
    admin.create_topics([wanted])[arguments.target].result(30)
    plain = Producer({**settings, "enable.idempotence": True})
    broken = Producer({**settings, "transactional.id": arguments.target})
    broken.init_transactions(30)
    for partition, log in enumerate(logs):
        for i, message in enumerate(log):
            if partition == arguments.partition and i == arguments.record + 1:
                continue
            if partition == arguments.partition and i == arguments.record:
                plain.flush(30)
                broken.begin_transaction()
                broken.produce(arguments.target, b"lost", b"lost", partition, timestamp=message.timestamp()[1])
                broken.flush(30)
                broken.abort_transaction(30)
                until_end(arguments.target, partition, i + 2)
                print(message.key().decode(), log[i + 1].key().decode())
                continue
            while True:
                try:
                    plain.produce(arguments.target, message.value(), message.key(), partition,
                                  timestamp=message.timestamp()[1])
                    break
                except BufferError:
                    plain.poll(0.1)
    if plain.flush(60) > 0:
        fail("not all was copied")


def abort(arguments):
    """A record in each partition, in a transaction that is aborted: it takes two offsets, and nobody sees either."""
    settings = {"bootstrap.servers": BROKERS}
    producer = Producer({**settings, "transactional.id": arguments.topics[0]})
    topics = AdminClient(settings).list_topics(timeout=30).topics
    producer.init_transactions(30)
    producer.begin_transaction()
    for topic in arguments.topics:
        for partition in topics[topic].partitions:
            producer.produce(topic, b"lost", b"lost", partition)
    producer.flush(30)
    producer.abort_transaction(30)


def produce_all(producer, topic, partition, messages):
    for message in messages:
        while True:
            try:
                producer.produce(topic, message.value(), message.key(), partition, timestamp=message.timestamp()[1])
                break
            except BufferError:
                producer.poll(0.1)


def create_table(topic, partitions):
    """An end of a transaction has the time of day: rows of long ago would be in another segment, and compacted."""
    admin = AdminClient({"bootstrap.servers": BROKERS})
    config = {"cleanup.policy": "compact", "segment.ms": "9223372036854775807"}
    admin.create_topics([NewTopic(topic, partitions, config=config)])[topic].result(30)


def copy(arguments):
    """The first COUNT rows of each partition."""
    logs = logs_of(arguments.source)
    create_table(arguments.target, len(logs))
    producer = Producer({"bootstrap.servers": BROKERS, "enable.idempotence": True})
    for partition, log in enumerate(logs):
        produce_all(producer, arguments.target, partition, log[:arguments.count])
    if producer.flush(60) > 0:
        fail("not all was copied")


def skip(arguments):
    """All but two tombstones in a row, in whose place there are an aborted record and the end of its transaction."""
    settings = {"bootstrap.servers": BROKERS}
    logs = logs_of(arguments.source)
    create_table(arguments.target, len(logs))
    producer = Producer({**settings, "enable.idempotence": True})
    broken = Producer({**settings, "transactional.id": arguments.target})
    broken.init_transactions(30)
    partition, at = next((p, i) for p, log in enumerate(logs) for i in range(len(log) - 1)
                         if all(log[i + k].value() is None and
                                all(later.key() != log[i + k].key() for later in log[i + k + 1:]) for k in range(2)))
    for p, log in enumerate(logs):
        if p != partition:
            produce_all(producer, arguments.target, p, log)
    produce_all(producer, arguments.target, partition, logs[partition][:at])
    producer.flush(60)
    broken.begin_transaction()
    broken.produce(arguments.target, b"lost", b"lost", partition)
    broken.flush(30)
    broken.abort_transaction(30)
    until_end(arguments.target, partition, at + 2)
    produce_all(producer, arguments.target, partition, logs[partition][at + 2:])
    if producer.flush(60) > 0:
        fail("not all was copied")
    print(logs[partition][at].key().decode())


def place_to_displace(logs, mode):
    """(partition, record, another one of the last day but one). All later ones of the key are in the segment of the last
    day, which is never compacted: compaction keeps the earlier one."""
    for partition, log in enumerate(logs):
        days = sorted({message.timestamp()[1] for message in log})
        records = collections.defaultdict(list)
        for i, message in enumerate(log):
            records[message.key()].append(i)
        for i, message in enumerate(log):
            later = [log[j].timestamp()[1] for j in records[message.key()] if j > i]
            wanted = message.value() is None and not later if mode == "tombstone" else \
                message.value() is not None and later and min(later) == days[-1]
            if not wanted or message.timestamp()[1] not in days[1:-2] or records[message.key()][0] == i:
                continue
            for j in range(i + 1, len(log)):
                if log[j].timestamp()[1] == days[-2] and log[j].value() is not None and log[j].key() != message.key():
                    return partition, i, j
    fail(f"no record to displace: {mode}")


def displace(arguments):
    """In the place of the record, a copy of the other one, which compaction takes."""
    settings = {"bootstrap.servers": BROKERS}
    logs = logs_of(arguments.source)
    partition, record, other = place_to_displace(logs, arguments.mode)
    config = {"cleanup.policy": "compact", "segment.ms": "3600000", "min.cleanable.dirty.ratio": "0.0",
              "max.compaction.lag.ms": "300"}
    admin = AdminClient(settings)
    admin.create_topics([NewTopic(arguments.target, len(logs), config=config)])[arguments.target].result(30)
    producer = Producer({**settings, "enable.idempotence": True})
    for number, log in enumerate(logs):
        day = None
        for i, message in enumerate(log):
            if message.timestamp()[1] != day: # a batch lies in one segment
                producer.flush(30)
            day = message.timestamp()[1]
            copied = log[other] if (number, i) == (partition, record) else message
            producer.produce(arguments.target, copied.value(), copied.key(), number, timestamp=day)
    producer.flush(30)
    deadline = time.monotonic() + 60
    while any(message.offset() == record for message in logs_of(arguments.target, gaps=True)[partition]):
        if time.monotonic() > deadline:
            fail(f"{arguments.target}[{partition}]: offset {record} is not compacted")
        time.sleep(0.2)
    print(partition, record, logs[partition][record].key().decode())


def alter(arguments):
    settings = {"bootstrap.servers": BROKERS}
    logs = logs_of(arguments.topic)
    admin = AdminClient(settings)
    admin.delete_topics([arguments.topic])[arguments.topic].result(30)
    deadline = time.monotonic() + 30
    while True:
        try:
            wanted = NewTopic(arguments.topic, len(logs), config={"cleanup.policy": "compact"})
            admin.create_topics([wanted])[arguments.topic].result(30)
            break
        except KafkaException:  # not gone yet
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
    producer = Producer({**settings, "enable.idempotence": True})
    for partition, log in enumerate(logs):
        for i, message in enumerate(log):
            changed = partition == arguments.partition and i == arguments.record
            producer.produce(arguments.topic, message.value() + b"!" if changed else message.value(), message.key(),
                             partition, timestamp=message.timestamp()[1])
    if producer.flush(60) > 0:
        fail("not all was written back")


def bury(arguments):
    producer = Producer({"bootstrap.servers": BROKERS})
    count = cdr_logs.partitions_of(BROKERS, [], [arguments.topic])[arguments.topic]
    producer.produce(arguments.topic, None, arguments.key.encode(), place_of(arguments.key, count))
    producer.flush(30)


def found(arguments):
    print(sum(len(log) for log in logs_of(arguments.topic, gaps=True)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for name, action in (("check", check), ("join", join)):
        command = commands.add_parser(name)
        command.set_defaults(action=action)
        command.add_argument("prefix")
        if name == "check":
            command.add_argument("tables")
            command.add_argument("--summary")
            command.add_argument("--gaps", action="store_true", help="offsets may be those of aborted records")
        command.add_argument("--format", default="csv")
        command.add_argument("--registry")
        command.add_argument("--keys", default="string")
    command = commands.add_parser("lose")
    command.set_defaults(action=lose)
    command.add_argument("source")
    command.add_argument("target")
    command.add_argument("partition", type=int)
    command.add_argument("record", type=int)
    command.add_argument("config", nargs="*")
    command = commands.add_parser("abort")
    command.set_defaults(action=abort)
    command.add_argument("topics", nargs="+")
    for name, action in ("copy", copy), ("skip", skip):
        command = commands.add_parser(name)
        command.set_defaults(action=action)
        command.add_argument("source")
        command.add_argument("target")
        if action is copy:
            command.add_argument("count", type=int)
    command = commands.add_parser("displace")
    command.set_defaults(action=displace)
    command.add_argument("source")
    command.add_argument("target")
    command.add_argument("mode", choices=["tombstone", "middle"])
    command = commands.add_parser("alter")
    command.set_defaults(action=alter)
    command.add_argument("topic")
    command.add_argument("partition", type=int)
    command.add_argument("record", type=int)
    command = commands.add_parser("bury")
    command.set_defaults(action=bury)
    command.add_argument("topic")
    command.add_argument("key")
    command = commands.add_parser("found")
    command.set_defaults(action=found)
    command.add_argument("topic")
    arguments = parser.parse_args()
    arguments.action(arguments)


if __name__ == "__main__":
    main()
