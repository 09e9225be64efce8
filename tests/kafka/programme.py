#!/usr/bin/env python3
"""Reads topics while a run with a programme fills them, and compares when each record came with when it was due.

    programme.py BROKERS PREFIX PARTITIONS SUMMARY COMMAND…

COMMAND is the run; it creates no topics. SUMMARY is the file that it writes. The programme is an independent reading of the
words after --program in COMMAND. Records are numbered by (timestamp, log, offset), the logs in the order call, sms, data and
in it by partition; record i is due at the least t with N(t) >= i.
"""

import json
import math
import re
import subprocess
import sys
import time

from confluent_kafka import Consumer, KafkaError, TopicPartition

UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
FACTORS = {"": 1, "k": 1e3, "M": 1e6}


def rate(text):
    number, factor = re.fullmatch(r"([\d.]+)([kM]?)(?:/s)?", text).groups()
    return float(number) * FACTORS[factor]


def seconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(ms|s|m|h)", text).groups()
    return float(number) * UNITS[unit]


def stages(text):
    """(duration, the rate's integral from the stage's beginning) of each stage."""
    found = []
    for stage in filter(None, (s.strip() for s in text.split(";"))):
        kind, *words = [w for w in stage.split() if w != "for"]
        duration = seconds(words[-1])
        if kind == "ramp":
            low, high = map(rate, words[0].split(".."))
            found.append((duration, lambda t, a=low, b=high, d=duration: a * t + (b - a) * t * t / 2 / d))
        elif kind == "sine":
            low, high = map(rate, words[0].split(".."))
            period = seconds(words[2])
            found.append((duration, lambda t, a=low, b=high, p=period:
                          (a + b) / 2 * t - (b - a) / 2 * p / 2 / math.pi * math.sin(2 * math.pi * t / p)))
        else:
            level = rate(words[0]) if kind != "pause" else 0
            found.append((duration, lambda t, r=level: r * t))
    return found


def due_times(text):
    """When each record is due, in seconds, found by bisection."""
    times, before, start = [], 0.0, 0.0
    for duration, integral in stages(text):
        while len(times) <= before + integral(duration) - 1e-6:
            wanted = len(times) - before
            low, high = 0.0, duration
            if wanted <= 0:
                high = 0.0
            for _ in range(60):
                middle = (low + high) / 2
                low, high = (low, middle) if integral(middle) >= wanted else (middle, high)
            times.append(start + high)
        before += integral(duration)
        start += duration
    # What is due at the very end is no more of it.
    return times[:int(before + 1e-6)]


def main():
    brokers, prefix, partitions, summary = sys.argv[1:5]
    command = sys.argv[5:]
    logs = [(t, p) for t in ("call", "sms", "data") for p in range(int(partitions))]
    number = {(prefix + t, p): i for i, (t, p) in enumerate(logs)}
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "programme", "fetch.wait.max.ms": 5,
                         "enable.auto.commit": False, "enable.partition.eof": True})
    consumer.assign([TopicPartition(prefix + t, p, 0) for t, p in logs])
    # It is there, and waits.
    at_end = set()
    while len(at_end) < len(logs):
        for message in consumer.consume(100, timeout=1):
            at_end.add((message.topic(), message.partition()))
    run = subprocess.Popen(command)
    seen, last = [], None
    while last is None or time.time() < last + 3:
        messages = consumer.consume(1000, timeout=0.05)
        now = time.time()
        for message in messages:
            if message.error() is not None and message.error().code() == KafkaError._PARTITION_EOF:
                continue
            assert message.error() is None, message.error()
            seen.append((message.timestamp()[1], number[message.topic(), message.partition()], message.offset(), now))
        if run.poll() is not None and (last is None or messages):
            last = now
    assert run.returncode == 0, f"exit status {run.returncode}"
    text = command[command.index("--program") + 1]
    due = due_times(text)
    summary = json.load(open(summary))
    start = summary["schedule_start_ms"] / 1000
    seen.sort()
    assert len(seen) == len(due), f"{text}: {len(seen)} records came, {len(due)} were due"
    delays = sorted(came - start - wanted for (*_, came), wanted in zip(seen, due))
    assert delays[0] > -0.005, f"{text}: a record came {-delays[0] * 1e3:.1f} ms before it was due"
    # How late they come is the brokers' and the machine's affair; how late they were sent is the run's.
    middle = delays[len(delays) // 2]
    assert summary["send_delay_p50_s"] < 0.25, f"{text}: half of the records were sent {summary['send_delay_p50_s']} s late"
    print(f"{text}: {len(due)} records, {middle * 1e3:.1f} ms late (median), {delays[len(delays) * 99 // 100] * 1e3:.1f} ms (99 %)")


main()
