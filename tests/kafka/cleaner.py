#!/usr/bin/env python3
"""A small pipeline: passes good records of JSON on, each once, and sends what it cannot read to a topic of dead letters.

    cleaner.py --brokers B --prefix PREFIX --output TOPIC --dead-letters TOPIC [--mutant silent|strict|greedy]

Mutants: silent drops what it cannot read; strict takes some good records for bad ones; greedy takes different records of one
second and key for copies.
"""

import argparse
import json

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic


def read(brokers, prefix):
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "cleaner", "enable.auto.commit": False})
    for name, topic in consumer.list_topics(timeout=30).topics.items():
        if name not in (prefix + "call", prefix + "sms", prefix + "data"):
            continue
        for partition in topic.partitions:
            low, high = consumer.get_watermark_offsets(TopicPartition(name, partition), timeout=30)
            consumer.assign([TopicPartition(name, partition, low)])
            left = high - low
            while left > 0:
                for message in consumer.consume(1000, 10):
                    if message.error():
                        raise SystemExit(str(message.error()))
                    left -= 1
                    yield message
    consumer.close()


def is_bad(message, mutant):
    try:
        record = json.loads(message.value())
        return not isinstance(record, dict) or (mutant == "strict" and record.get("cell_id", 1) % 50 == 0)
    except (TypeError, ValueError):
        return True


def create_missing(brokers, topics):
    """Brokers need not create topics by themselves. The times of records may be old: nothing may expire."""
    admin = AdminClient({"bootstrap.servers": brokers, "log_level": 3})
    there = admin.list_topics(timeout=30).topics
    missing = [NewTopic(topic, 1, config={"retention.ms": "-1"}) for topic in topics if topic not in there]
    for created in admin.create_topics(missing).values() if missing else ():
        created.result()


def check_delivery(error, message):
    if error:
        raise SystemExit(f"{message.topic()}: {error}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("brokers", "prefix", "output", "dead-letters"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--mutant")
    arguments = parser.parse_args()
    create_missing(arguments.brokers, [arguments.output, arguments.dead_letters])
    producer = Producer({"bootstrap.servers": arguments.brokers, "enable.idempotence": True,
                         "queue.buffering.max.messages": 1000000})
    seen = set()
    for message in read(arguments.brokers, arguments.prefix):
        to = arguments.output
        if is_bad(message, arguments.mutant):
            if arguments.mutant == "silent":
                continue
            to = arguments.dead_letters
        else:
            what = dict(message.headers())["cdrgen-id"]
            if arguments.mutant == "greedy":
                what = (message.key(), message.timestamp()[1] // 60000)
            if what in seen:
                continue
            seen.add(what)
        producer.produce(to, message.value(), message.key(), headers=message.headers(), timestamp=message.timestamp()[1],
                         on_delivery=check_delivery)
        producer.poll(0)
    producer.flush()


if __name__ == "__main__":
    main()
