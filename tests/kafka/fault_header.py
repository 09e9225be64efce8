#!/usr/bin/env python3
"""Reads topics that were written with --fault-header: each message must name what the truth says of it, and no other.

    fault_header.py --brokers B --prefix PREFIX --truth FILE [--without]

What changes the order alone (late, missing, swap) is in no message. --without: no message may have the header.
Prints how many have one.
"""

import argparse
import csv
import sys
from collections import defaultdict

from confluent_kafka import Consumer, TopicPartition

ORDER = ("late", "missing", "swap")


def read(brokers, topic, partition):
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "none", "enable.partition.eof": True,
                         "enable.auto.commit": False})
    _, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=30)
    consumer.assign([TopicPartition(topic, partition, 0)])
    while True:
        message = consumer.poll(30)
        if message is None or message.error():
            break
        yield message.offset(), [value.decode() for name, value in message.headers() or () if name == "cdrgen-fault"]
        if message.offset() + 1 >= high:
            break
    consumer.close()


def main():
    parser = argparse.ArgumentParser()
    for name in ("brokers", "prefix", "truth"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--without", action="store_true")
    arguments = parser.parse_args()
    expected = defaultdict(list)
    partitions = set()
    with open(arguments.truth) as file:
        for row in csv.DictReader(file):
            partitions.add((row["topic"], int(row["partition"])))
            if row["fault"] not in ORDER and not arguments.without:
                expected[row["topic"], int(row["partition"]), int(row["offset"])].append(row["fault"])
    count = 0
    for topic, partition in sorted(partitions):
        for offset, values in read(arguments.brokers, topic, partition):
            faults = expected.pop((topic, partition, offset), [])
            if values != ([",".join(faults)] if faults else []):
                sys.exit(f"{topic}[{partition}] offset {offset}: header {values}, the truth has {faults}")
            count += len(values)
    if expected:
        sys.exit(f"not in the topics: {list(expected)[:5]}")
    print(count)


if __name__ == "__main__":
    main()
