#!/usr/bin/env python3
"""Copies a topic record by record into a new one of as many partitions, with one change.

    damage.py CHANGE FROM TO [--partition N] [--record K]

CHANGE: none, remove, repeat, swap, flip (a bit of the value), flip-end (of its last byte), foreign (a record that nobody
expects), key, key-frame (the schema id of an Avro key), header (the last digit or letter of the first one's value),
no-header (the first one is missing), two-headers (the first one comes twice),
null-header (cdrgen-fault without a value is added), timestamp, partition (the record goes to the next partition), early (the
record comes 300 before its place), late-copy (a second copy 300 behind it). The others keep partition, key, value, headers, timestamp and order.
"""

import argparse
import os
import sys

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

LIMIT = str(2**63 - 1)


def read(settings, topic):
    """Lists of (key, value, timestamp, headers), one for each partition."""
    consumer = Consumer({**settings, "group.id": "cdrgen-damage", "enable.partition.eof": True,
                         "enable.auto.commit": False, "auto.offset.reset": "earliest"})
    partitions = sorted(consumer.list_topics(topic, timeout=30).topics[topic].partitions)
    logs = [[] for _ in partitions]
    consumer.assign([TopicPartition(topic, p, 0) for p in partitions])
    left = len(partitions)
    while left > 0:
        for message in consumer.consume(10000, timeout=1):
            if message.error() is None:
                logs[message.partition()].append((message.key(), message.value(), message.timestamp()[1],
                                                  message.headers()))
            elif message.error().code() == -191:  # _PARTITION_EOF
                left -= 1
            else:
                raise SystemExit(message.error().str())
    consumer.close()
    return logs


def change(what, logs, partition, at):
    log = logs[partition]
    key, value, timestamp, headers = log[at]
    if what == "remove":
        del log[at]
    elif what == "repeat":
        log.insert(at + 1, log[at])
    elif what == "swap":
        log[at], log[at + 1] = log[at + 1], log[at]
    elif what == "flip":
        middle = len(value) // 2
        log[at] = (key, value[:middle] + bytes([value[middle] ^ 1]) + value[middle + 1:], timestamp, headers)
    elif what == "flip-end":
        log[at] = (key, value[:-1] + bytes([value[-1] ^ 2]), timestamp, headers)
    elif what == "foreign":
        log.insert(at, (b"31699999999", b"nobody expects this", timestamp, headers))
    elif what == "key":
        log[at] = (key[:-1] + bytes([key[-1] ^ 1]), value, timestamp, headers)
    elif what == "key-frame":
        log[at] = (key[:4] + bytes([key[4] ^ 85]) + key[5:], value, timestamp, headers)
    elif what == "header":
        (name, text), *rest = headers
        log[at] = (key, value, timestamp, [(name, text[:-1] + bytes([text[-1] ^ 1])), *rest])
    elif what == "no-header":
        log[at] = (key, value, timestamp, headers[1:])
    elif what == "null-header":
        log[at] = (key, value, timestamp, [*(headers or []), ("cdrgen-fault", None)])
    elif what == "two-headers":
        log[at] = (key, value, timestamp, [*headers, headers[0]])
    elif what == "timestamp":
        log[at] = (key, value, timestamp + 3600000, headers)
    elif what == "partition":
        other = logs[(partition + 1) % len(logs)]
        other.insert(min(at, len(other)), log.pop(at))
    elif what == "early":
        log.insert(at - 300, log.pop(at))
    elif what == "late-copy":
        log.insert(at + 300, log[at])
    elif what != "none":
        raise SystemExit(f"{what} is no change")


def write(settings, topic, logs):
    admin = AdminClient(settings)
    new = NewTopic(topic, len(logs), config={"retention.ms": "-1", "message.timestamp.after.max.ms": LIMIT,
                                             "message.timestamp.before.max.ms": LIMIT})
    try:
        admin.create_topics([new])[topic].result(30)
    except KafkaException as error:  # a busy broker's answer was lost, and the question asked again
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS or any(read(settings, topic)):
            raise
    faults = []
    producer = Producer({**settings, "enable.idempotence": True, "queue.buffering.max.messages": 2000000})
    for partition, log in enumerate(logs):
        for key, value, timestamp, headers in log:
            producer.produce(topic, value, key, partition, timestamp=timestamp, headers=headers,
                             on_delivery=lambda fault, _: faults.append(fault) if fault else None)
        producer.poll(0)
    if producer.flush(60) > 0 or faults:
        raise SystemExit(f"not all was written: {faults[:3]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brokers", default=os.environ.get("CDRGEN_TEST_BROKERS"))
    parser.add_argument("change")
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("--partition", type=int, default=1)
    parser.add_argument("--record", type=int, default=500)
    given = parser.parse_args()
    settings = {"bootstrap.servers": given.brokers}
    logs = read(settings, given.source)
    change(given.change, logs, given.partition, given.record)
    write(settings, given.target, logs)


if __name__ == "__main__":
    sys.exit(main())
