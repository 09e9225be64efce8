#!/usr/bin/env python3
"""Runs with --transactions that fight for the same logs: of one, two and three shards, started over one another, killed,
stopped and continued, with other producers between them. Looks for an exit status of 0 that is not true.

    rivals.py --files DIR --rounds N --chance S [--brokers B] ARGUMENTS…      arguments of cdrgen run: the dataset's

DIR holds the dataset as the file sink writes it, as CSV. After each round, a process that ended with status 0 must have left
in its partitions exactly the committed records of DIR, for a consumer that is not cdrgen's; then a --resume must complete
them, or refuse where another producer's record is to be seen. The program is $CDRGEN.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer, TopicPartition

TYPES = ("call", "sms", "data")
ROUND_S = 180


def expected_logs(folder):
    """The payloads of each (type, partition)."""
    logs = {}
    for kind in TYPES:
        for path in sorted(Path(folder).glob(f"cdr.{kind}/*/part-*.csv")):
            partition = int(path.name.split("-")[1])
            logs.setdefault((kind, partition), []).extend(path.read_bytes().splitlines()[1:])
    return logs


def committed_logs(brokers, prefix, partitions):
    """What a consumer of committed records reads, to the end of each partition."""
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "rivals", "isolation.level": "read_committed",
                         "enable.auto.commit": False, "enable.partition.eof": True})
    places = [TopicPartition(prefix + kind, p, OFFSET_BEGINNING) for kind in TYPES for p in range(partitions)]
    consumer.assign(places)
    logs, open_ends = {(p.topic[len(prefix):], p.partition): [] for p in places}, len(places)
    while open_ends > 0:
        message = consumer.poll(60)
        if message is None:
            raise SystemExit("a partition does not come to its end within 60 s")
        if message.error() is None:
            logs[message.topic()[len(prefix):], message.partition()].append(message.value())
        elif message.error().code() == KafkaError._PARTITION_EOF:
            open_ends -= 1
        else:
            raise KafkaException(message.error())
    consumer.close()
    return logs


class Process:
    """A run of one shard."""

    def __init__(self, arguments, shard, shards, words):
        self.shard, self.shards, self.killed, self.ended_s = shard, shards, False, None
        self.words = words
        self.child = subprocess.Popen([*arguments, "--shard", f"{shard}/{shards}"], stderr=open(words, "wb"))
        self.waiter = threading.Thread(target=self.wait)
        self.waiter.start()

    def wait(self):
        self.child.wait()
        self.ended_s = time.monotonic()

    def hurt(self, chance):
        if self.child.poll() is not None:
            return
        kind = chance.choice(("kill", "stop", "stop", "term"))
        if kind == "kill":
            self.killed = True
            self.child.send_signal(signal.SIGKILL)
        elif kind == "term":
            self.child.send_signal(signal.SIGTERM)
        else:
            self.child.send_signal(signal.SIGSTOP)
            time.sleep(chance.uniform(0.2, 7))
            self.child.send_signal(signal.SIGCONT)


class Stranger:
    """Another producer: plain, or in a transaction that is committed, aborted, or open for a while and then aborted."""

    def __init__(self, brokers, topic, partition, how):
        self.topic, self.partition, self.how, self.seen_s = topic, partition, how, None
        settings = {"bootstrap.servers": brokers}
        if how != "plain":
            settings["transactional.id"] = f"stranger-{topic}-{partition}-{time.monotonic_ns()}"
        self.producer = Producer(settings)

    def write(self, chance):
        if self.how != "plain":
            self.producer.init_transactions(60)
            self.producer.begin_transaction()
        self.producer.produce(self.topic, partition=self.partition, value=b"a stranger's")
        self.producer.flush(60)
        if self.how == "committed":
            self.producer.commit_transaction(60)
        elif self.how == "aborted":
            self.producer.abort_transaction(60)
        elif self.how == "open":
            time.sleep(chance.uniform(0.5, 4))
            self.producer.abort_transaction(60)
        if self.how in ("plain", "committed"):
            self.seen_s = time.monotonic()


def play(chance, brokers, run, prefix, partitions, folder):
    """Lets processes fight. Yields them, and the stranger or None."""
    processes, stranger, hurts = [], None, []
    timeout = chance.choice(([], [], ["-X", "transaction.timeout.ms=3000"]))
    more = ["--transaction-time", chance.choice(("100ms", "300ms", "1s")), *timeout,
            "--abort-share", chance.choice(("0", "0", "0.3")), "--transaction-records", chance.choice(("300", "100000"))]
    for wave in range(chance.choice((1, 2, 2, 3))):
        shards = chance.choice((1, 2, 3))
        first = [] if wave == 0 and chance.random() < 0.5 else ["--resume"]
        for shard in range(shards):
            words = folder / f"{wave}.{shard}"
            processes.append(Process([*run, *first, *more, "--rate", str(chance.choice((1500, 4000)) // shards)], shard, shards,
                                     words))
        time.sleep(chance.uniform(0.3, 5))
        if stranger is None and chance.random() < 0.4:
            stranger = Stranger(brokers, prefix + chance.choice(TYPES), chance.randrange(partitions),
                                chance.choice(("plain", "committed", "aborted", "open")))
            hurts.append(threading.Thread(target=stranger.write, args=(random.Random(chance.random()),)))
            hurts[-1].start()
        for process in processes:
            if chance.random() < 0.25:
                hurts.append(threading.Thread(target=process.hurt, args=(random.Random(chance.random()),)))
                hurts[-1].start()
        time.sleep(chance.uniform(0, 3))
    for thread in hurts:
        thread.join()
    for process in processes:
        process.waiter.join(ROUND_S)
        if process.ended_s is None:
            process.child.kill()
            raise SystemExit(f"a run of shard {process.shard}/{process.shards} does not end: see {process.words}")
    return processes, stranger


def check(wanted, found, process, stranger, prefix):
    """What is wrong with the logs of a process that ended with status 0."""
    for (kind, partition), records in wanted.items():
        if partition % process.shards != process.shard:
            continue
        late = (stranger is not None and (stranger.topic, stranger.partition) == (prefix + kind, partition)
                and stranger.seen_s is not None and stranger.seen_s > process.ended_s - 0.5)
        if records != found[kind, partition] and not late:
            return f"{kind}[{partition}]: {len(found[kind, partition])} committed records, {len(records)} expected"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", required=True)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--chance", type=int, default=1)
    parser.add_argument("--work", default=".")
    parser.add_argument("--brokers", default=os.environ.get("CDRGEN_TEST_BROKERS"))
    given, dataset = parser.parse_known_args()
    wanted = expected_logs(given.files)
    partitions = 1 + max(partition for _, partition in wanted)
    tally = Counter()
    for number in range(given.rounds):
        chance = random.Random(f"{given.chance}.{number}")
        prefix = f"rivals{given.chance}x{number}x{time.monotonic_ns()}."
        folder = Path(given.work) / f"round{number}"
        folder.mkdir()
        run = [os.environ["CDRGEN"], "run", "--quiet", *dataset, "-b", given.brokers, "--topic-prefix", prefix,
               "--transactions", "--create-topics"]
        processes, stranger = play(chance, given.brokers, run, prefix, partitions, folder)
        found = committed_logs(given.brokers, prefix, partitions)
        for process in processes:
            status = process.child.returncode
            tally["killed" if process.killed else f"status {status}"] += 1
            wrong = check(wanted, found, process, stranger, prefix) if status == 0 else None
            if wrong is not None:
                raise SystemExit(f"round {number}, {process.words}: status 0, and {wrong}")
        seen = stranger is not None and stranger.seen_s is not None
        after = subprocess.run([*run, "--resume"], stderr=subprocess.PIPE, check=False)
        found = committed_logs(given.brokers, prefix, partitions)
        if after.returncode == 0 and found != wanted:
            raise SystemExit(f"round {number}: --resume ended with status 0, and the topics are not the logs")
        if after.returncode != (2 if seen else 0):
            raise SystemExit(f"round {number}: --resume ended with status {after.returncode}: {after.stderr.decode()}")
        tally[f"resume {after.returncode}"] += 1
        tally[f"stranger {stranger.how if stranger else 'none'}"] += 1
        print(f"round {number}: {len(processes)} runs, statuses {[p.child.returncode for p in processes]}, "
              f"{stranger.how if stranger else 'no'} stranger, --resume {after.returncode}", flush=True)
    print(f"rivals: {given.rounds} rounds, chance {given.chance}, all true: " +
          ", ".join(f"{count} × {what}" for what, count in sorted(tally.items())))


if __name__ == "__main__":
    sys.exit(main())
