#!/usr/bin/env python3
"""Records in a transaction that is open until a file is gone, and is aborted then.

open_transaction.py BROKERS HELD one TOPIC          one record of another producer, in partition 0
open_transaction.py BROKERS HELD copy SOURCE TARGET  all records of the topics SOURCEcall … in TARGETcall …

HELD is the file: it is there once the records are.
"""
import pathlib
import sys
import time

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

KINDS = "call", "sms", "data"
PARTITIONS = 0, 1


def copy(brokers, producer, source, target):
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "copy", "enable.partition.eof": True})
    logs = [TopicPartition(source + kind, partition, 0) for kind in KINDS for partition in PARTITIONS]
    consumer.assign(logs)
    ends = 0
    while ends < len(logs):
        message = consumer.poll(30)
        assert message is not None
        if message.error():
            assert message.error().code() == KafkaError._PARTITION_EOF
            ends += 1
            continue
        producer.produce(message.topic().replace(source, target), message.value(), message.key(),
                         message.partition(), timestamp=message.timestamp()[1])
        producer.poll(0)


brokers, held, what, *topics = sys.argv[1:]
producer = Producer({"bootstrap.servers": brokers, "transactional.id": f"{what}-{topics[-1]}",
                     "transaction.timeout.ms": 900000})
producer.init_transactions(30)
producer.begin_transaction()
if what == "one":
    producer.produce(topics[0], partition=0, value=b"another's")
else:
    copy(brokers, producer, *topics)
assert producer.flush(30) == 0
pathlib.Path(held).write_text("")
while pathlib.Path(held).exists():
    time.sleep(0.05)
producer.abort_transaction(30)
