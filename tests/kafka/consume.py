#!/usr/bin/env python3
"""A consumer of a group that takes so many records, commits after each batch and stops.

    consume.py BROKERS GROUP RECORDS TOPIC…
"""

import sys

from confluent_kafka import Consumer

brokers, group, wanted = sys.argv[1], sys.argv[2], int(sys.argv[3])
consumer = Consumer({"bootstrap.servers": brokers, "group.id": group, "auto.offset.reset": "earliest",
                     "enable.auto.commit": False, "isolation.level": "read_committed"})
consumer.subscribe(sys.argv[4:])
taken = 0
while taken < wanted:
    messages = consumer.consume(min(500, wanted - taken), timeout=1)
    for message in messages:
        assert message.error() is None, message.error()
    taken += len(messages)
    if messages:
        consumer.commit(asynchronous=False)
consumer.close()
