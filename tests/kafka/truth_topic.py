#!/usr/bin/env python3
"""Reads a topic of the truth (--truth-topic) and compares it with what `cdrgen truth` printed, in CSV.

    truth_topic.py --brokers B --topic NAME --truth FILE --format csv|json|avro [--schema FILE] [--avro-keys]

Each partition must hold the rows of the records' partition of the same number, in their order, each with the record's id as its
key and the first instant of a day as its timestamp. Prints the number of rows.
"""

import argparse
import csv
import io
import json
import sys
from collections import defaultdict

import fastavro
from confluent_kafka import Consumer, TopicPartition


def read(brokers, topic, partition):
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "none", "enable.partition.eof": True,
                         "enable.auto.commit": False, "isolation.level": "read_committed"})
    low, _ = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=30)
    consumer.assign([TopicPartition(topic, partition, low)])
    while True:
        message = consumer.poll(30)
        if message is None:
            sys.exit(f"{topic}[{partition}]: no answer")
        if message.error():
            break
        yield message
    consumer.close()


def main():
    parser = argparse.ArgumentParser()
    for name in ("brokers", "topic", "truth", "format"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--schema")
    parser.add_argument("--avro-keys", action="store_true")
    arguments = parser.parse_args()
    with open(arguments.truth) as file:
        rows = list(csv.DictReader(file))
    names = list(rows[0])
    schema = fastavro.schema.load_schema(arguments.schema) if arguments.schema else None

    def decode(value):
        if arguments.format == "csv":
            return dict(zip(names, value.decode().split(",")))
        if arguments.format == "json":
            row = json.loads(value)
        else:
            if value[0] != 0:
                sys.exit("no frame")
            row = fastavro.schemaless_reader(io.BytesIO(value[5:]), schema)
        return {name: "" if row.get(name) is None else str(row[name]) for name in names}

    expected = defaultdict(list)
    for row in rows:
        expected[int(row["partition"])].append(row)
    for partition in sorted(expected):
        messages = list(read(arguments.brokers, arguments.topic, partition))
        found = [decode(message.value()) for message in messages]
        if found != expected[partition]:
            at = next((i for i, pair in enumerate(zip(found, expected[partition])) if pair[0] != pair[1]), None)
            sys.exit(f"{arguments.topic}[{partition}]: {len(found)} rows, {len(expected[partition])} expected; the first that "
                     f"differs: {at}: {found[at] if at is not None else ''}, {expected[partition][at] if at is not None else ''}")
        for message, row in zip(messages, found):
            key = message.key()[6:] if arguments.avro_keys else message.key()
            if key.decode() != row["id"]:
                sys.exit(f"{arguments.topic}[{partition}]: key {message.key()} of {row}")
            if message.timestamp()[1] % 3600000:
                sys.exit(f"{arguments.topic}[{partition}]: timestamp {message.timestamp()}")
    print(len(rows))


if __name__ == "__main__":
    main()
