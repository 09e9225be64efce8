#!/usr/bin/env python3
"""A consumer group of known capacity, to try `cdrgen loadtest` on.

    limited_consumer.py -b BROKERS --group NAME [--topics REGEX] [--rate N] [--members M] [--commit SECONDS]
                        [--skew SHARE,FACTOR] [--tire SECONDS,FACTOR] [--pause SECONDS,SECONDS] [--rebalance SECONDS]

Each member takes records at exactly --rate a second, by the clock; it makes up for at most a fifth of a second in which it
did not get to run. So the group's capacity is the rate times the members, as long as each of them has its share of the
load.

    --topics      what is subscribed to [^cdr\\.(call|sms|data)$]
    --rate        records a second of each member [2000]
    --members     members of the group, each with a connection of its own [1]
    --commit      seconds between two commits [0.1]
    --skew 0.1,5  a tenth of the keys take five times as long
    --tire 60,0.5 after a minute of work, half as fast from then on
    --pause 30,5  after 30 s of work, it does nothing for 5 s, once
    --rebalance S after S seconds of work, the first member leaves and joins again, once

It prints "ready" once all members have partitions, and at the end (Ctrl-C) how many records it took. Needs
confluent-kafka.
"""

import argparse
import signal
import threading
import time
import zlib

from confluent_kafka import Consumer, KafkaError, TopicPartition


def pair(text):
    first, second = (float(part) for part in text.split(","))
    return first, second


def read_arguments():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("-b", "--brokers", required=True)
    parser.add_argument("--group", required=True)
    parser.add_argument("--topics", default=r"^cdr\.(call|sms|data)$")
    parser.add_argument("--rate", type=float, default=2000)
    parser.add_argument("--members", type=int, default=1)
    parser.add_argument("--commit", type=float, default=0.1)
    parser.add_argument("--skew", type=pair, default=(0, 1))
    parser.add_argument("--tire", type=pair, default=(float("inf"), 1))
    parser.add_argument("--pause", type=pair, default=(float("inf"), 0))
    parser.add_argument("--rebalance", type=float, default=float("inf"))
    return parser.parse_args()


class Member:
    def __init__(self, arguments, number):
        self.arguments, self.number = arguments, number
        self.taken, self.began, self.free_at = 0, None, 0
        self.paused = self.rejoined = False
        self.assigned = threading.Event()
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def join_group(self):
        consumer = Consumer({"bootstrap.servers": self.arguments.brokers, "group.id": self.arguments.group,
                             "client.id": f"{self.arguments.group}-{self.number}", "enable.auto.commit": False,
                             "auto.offset.reset": "earliest", "topic.metadata.refresh.interval.ms": 1000,
                             "fetch.wait.max.ms": 50, "queued.max.messages.kbytes": 16384})
        consumer.subscribe([self.arguments.topics], on_assign=lambda *_: self.assigned.set())
        return consumer

    def cost(self, message):
        """Seconds that a record takes."""
        share, factor = self.arguments.skew
        slow = share > 0 and zlib.crc32(message.key() or b"") / 2**32 < share
        tire_s, tired = self.arguments.tire
        if self.began is not None and time.monotonic() - self.began > tire_s:
            factor, slow = (factor if slow else 1) / tired, True
        return (factor if slow else 1) / self.arguments.rate

    def work(self, messages):
        now = time.monotonic()
        self.began = self.began or now
        if not self.paused and now - self.began > self.arguments.pause[0]:
            self.paused = True
            time.sleep(self.arguments.pause[1])
        self.free_at = max(self.free_at, time.monotonic() - 0.2) + sum(self.cost(message) for message in messages)
        time.sleep(max(0, self.free_at - time.monotonic()))
        self.taken += len(messages)

    def run(self):
        consumer = self.join_group()
        batch = max(1, min(500, int(self.arguments.rate / 50)))
        commit_at, to_commit = time.monotonic() + self.arguments.commit, {}
        while not self.stopping.is_set():
            messages = [m for m in consumer.consume(batch, timeout=0.02) if self.good(m)]
            if messages:
                self.work(messages)
                to_commit.update({(m.topic(), m.partition()): m.offset() + 1 for m in messages})
            if time.monotonic() >= commit_at:
                if to_commit:
                    consumer.commit(offsets=[TopicPartition(*place, offset) for place, offset in to_commit.items()],
                                    asynchronous=True)
                to_commit = {}
                commit_at = max(commit_at + self.arguments.commit, time.monotonic())
            if not self.rejoined and self.began and time.monotonic() - self.began > self.arguments.rebalance and self.number == 0:
                self.rejoined, to_commit = True, {}
                consumer.close()
                consumer = self.join_group()
        consumer.close()

    @staticmethod
    def good(message):
        error = message.error()
        if error is not None and error.code() not in (KafkaError._PARTITION_EOF, KafkaError.UNKNOWN_TOPIC_OR_PART):
            raise SystemExit(f"{error}")
        return error is None


def main():
    arguments = read_arguments()
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    members = [Member(arguments, number) for number in range(arguments.members)]
    for member in members:
        member.thread.start()
    ready = False
    while not over.is_set() and all(member.thread.is_alive() for member in members):
        if not ready and all(member.assigned.is_set() for member in members):
            ready = True
            print("ready", flush=True)
        over.wait(0.1)
    for member in members:
        member.stopping.set()
    for member in members:
        member.thread.join()
    print(f"{sum(member.taken for member in members)} records", flush=True)


if __name__ == "__main__":
    main()
