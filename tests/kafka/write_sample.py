#!/usr/bin/env python3
"""Writes a made-up dataset of call records with foreign clients, for testing the readers: into files as the file sink lays
them out, and into a topic, where a fault can be put that the readers must find.

    write_sample.py files OUT TOPIC [--format csv|avro] …       parts in two days and several numbers
    write_sample.py topic TOPIC --brokers B [--format csv|avro --schema FILE --registry URL] [--fault F] …

Faults of record --at of partition 0: lose, double, swap (with the next), alter (a digit of the IMSI), key, time, and
partition (record goes into another one).
"""

import argparse
import io
import json
import os
import random
from pathlib import Path

import fastavro
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

import cdr_logs
from cdr_logs import Partitioner

NAMES = ("event_type msisdn_src msisdn_dst direction start_ts_ms end_ts_ms tz_name tz_offset_min duration_sec mccmnc imsi "
         "imei cell_id record_type cause_for_record_closing sms_segments sms_status data_bytes_in data_bytes_out "
         "data_duration_sec apn rat").split()
DAY_MS = 86_400_000
FIRST_DAY_MS = 20089 * DAY_MS  # 2025-01-01


def records(count, partitions):
    """(partition, fields), in order of time."""
    draw, partitioner = random.Random(4), Partitioner(partitions)
    for k in range(count):
        source, target = (f"3161{draw.randrange(10_000):07d}" for _ in range(2))
        direction = draw.choice(("MO", "MT"))
        end = FIRST_DAY_MS + 2 * DAY_MS * k // count
        duration = draw.randrange(600)
        fields = dict(event_type="CALL", msisdn_src=source, msisdn_dst=target, direction=direction,
                      start_ts_ms=end - 1000 * duration, end_ts_ms=end, tz_name="Europe/Amsterdam", tz_offset_min=60,
                      duration_sec=duration, mccmnc="20408", imsi=f"20408{k:010d}", imei=f"{draw.randrange(10**15):015d}",
                      cell_id=draw.randrange(10_000, 12_000), record_type="mscVoiceRecord",
                      cause_for_record_closing="normalRelease")
        yield partitioner(cdr_logs.owner(fields)), fields


def csv_line(fields):
    return ";".join(str(fields.get(name, "")) for name in NAMES).encode()


class Part:
    """A part of the file sink, of up to `limit` records."""

    def __init__(self, path, format_name, schema):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path, self.format_name, self.schema, self.held = path, format_name, schema, []

    def close(self):
        with open(self.path, "wb") as file:
            if self.format_name == "avro":
                fastavro.writer(file, self.schema, self.held)
            else:
                file.write(";".join(NAMES).encode() + b"\n")
                file.writelines(csv_line(fields) + b"\n" for fields in self.held)


def write_files(arguments, schema):
    parts = {}
    for partition, fields in records(arguments.count, arguments.partitions):
        day, numbers = (fields["end_ts_ms"] - FIRST_DAY_MS) // DAY_MS, 0
        key, part = (partition, day), parts.get((partition, day))
        if part is not None and len(part.held) == arguments.rotate:
            part.close()
            numbers = int(part.path.name[10:16]) + 1
        if part is None or len(part.held) == arguments.rotate:
            name = f"part-{partition:04d}-{numbers:06d}.{arguments.format}"
            path = Path(arguments.out) / arguments.topic / f"date=2025-01-0{day + 1}" / name
            part = parts[key] = Part(path, arguments.format, schema)
        part.held.append(fields)
    for part in parts.values():
        part.close()


def with_fault(stream, arguments):
    """(partition, key, timestamp, fields), with the fault."""
    seen, kept = 0, None
    for partition, fields in stream:
        message = [partition, cdr_logs.owner(fields), fields["end_ts_ms"], fields]
        here = partition == 0 and seen == arguments.at
        seen += partition == 0
        if here and arguments.fault == "lose":
            continue
        if here and arguments.fault == "swap":
            kept = message
            continue
        if here and arguments.fault == "alter":
            message[3] = dict(fields, imsi=fields["imsi"][:-1] + str(9 - int(fields["imsi"][-1])))
        elif here and arguments.fault == "key":
            message[1] = b"31610000000"
        elif here and arguments.fault == "time":
            message[2] += 1
        elif here and arguments.fault == "partition":
            message[0] = 1
        yield message
        if here and arguments.fault == "double":
            yield message
        if kept is not None and partition == 0:
            yield kept
            kept = None


def write_topic(arguments, schema):
    admin = AdminClient({"bootstrap.servers": arguments.brokers})
    admin.create_topics([NewTopic(arguments.topic, arguments.partitions)])[arguments.topic].result(30)
    frame = b""
    if arguments.format == "avro":
        text = Path(arguments.schema).read_text(encoding="utf-8")
        client = cdr_logs.Registry(arguments.registry).client
        schema_id = client.register_schema(f"{arguments.topic}-value", cdr_logs.Schema(text, "AVRO"))
        frame = b"\0" + schema_id.to_bytes(4, "big")
    producer = Producer({"bootstrap.servers": arguments.brokers, "enable.idempotence": True, "linger.ms": 50,
                         "queue.buffering.max.messages": 1_000_000})
    failures = []
    report = lambda error, _: failures.append(error) if error else None
    for partition, key, timestamp, fields in with_fault(records(arguments.count, arguments.partitions), arguments):
        if arguments.format == "avro":
            datum = io.BytesIO()
            fastavro.schemaless_writer(datum, schema, fields)
            value = frame + datum.getvalue()
        else:
            value = csv_line(fields)
        while True:
            try:
                producer.produce(arguments.topic, value, key, partition, on_delivery=report, timestamp=timestamp)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    if producer.flush(120) or failures:
        raise SystemExit(f"not delivered: {failures[:1]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    files, topic = commands.add_parser("files"), commands.add_parser("topic")
    files.add_argument("out")
    topic.add_argument("--brokers", default=os.environ.get("CDRGEN_TEST_BROKERS"))
    topic.add_argument("--registry", default=os.environ.get("CDRGEN_TEST_REGISTRY"))
    topic.add_argument("--fault", choices="lose double swap alter key time partition".split())
    topic.add_argument("--at", type=int, default=100)
    for command in (files, topic):
        command.add_argument("topic")
        command.add_argument("--format", choices=["csv", "avro"], default="csv")
        command.add_argument("--schema", help="the .avsc of call records")
        command.add_argument("--count", type=int, default=3000)
        command.add_argument("--partitions", type=int, default=3)
        command.add_argument("--rotate", type=int, default=300, help="records of a part")
    arguments = parser.parse_args()
    schema = None
    if arguments.format == "avro":
        schema = cdr_logs.parse(json.loads(Path(arguments.schema).read_text(encoding="utf-8")))
    (write_files if arguments.command == "files" else write_topic)(arguments, schema)


if __name__ == "__main__":
    main()
