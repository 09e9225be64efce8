#!/usr/bin/env python3
"""Reads topics with faults on purpose, the same dataset's topics without any, and what cdrgen truth says of them.

    faults_on_purpose.py --brokers B --clean PREFIX --faulty PREFIX --truth FILE [--format F] [--minimum N]

Walks each partition of both by offset. A message that the truth says nothing of must be the next clean one: key,
timestamp and value. One that it has a row for must have that fault, and nothing else that is wrong. --minimum: each kind
that the truth names must be there as often at least.

--files DIR: instead of the faulty topics, the parts of the file sink (lines); --clean is then a folder, too.

Exit status 0: the topics hold what the truth says, and nothing else.
"""

import argparse
import csv
import glob
import json
import math
import os
import sys
from collections import Counter, defaultdict


class Message:
    def __init__(self, key, time, value):
        self.key, self.time, self.value = key, time, value

    def __eq__(self, other):
        return (self.key, self.time, self.value) == (other.key, other.time, other.value)

    def __repr__(self):
        return f"key {self.key!r}, time {self.time}, value {self.value!r}"


def read_partition(brokers, topic, partition):
    from confluent_kafka import Consumer, TopicPartition
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "none", "enable.partition.eof": True,
                         "enable.auto.commit": False, "auto.offset.reset": "earliest"})
    low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=30)
    consumer.assign([TopicPartition(topic, partition, low)])
    messages = {}
    while len(messages) < high - low:
        batch = consumer.consume(5000, 10)
        if not batch:
            break
        for message in batch:
            if not message.error():
                messages[message.offset()] = Message(message.key(), message.timestamp()[1], message.value())
        if batch[-1].error():
            break
    consumer.close()
    return messages


def read_topics(brokers, prefix):
    from confluent_kafka import Consumer
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "none"})
    topics = consumer.list_topics(timeout=30).topics
    consumer.close()
    return {(name[len(prefix):], partition): read_partition(brokers, name, partition)
            for name, topic in topics.items() if name.startswith(prefix) for partition in topic.partitions}


def read_files(folder):
    """Lines of the file sink's parts: topic/date=D/part-PARTITION-NUMBER."""
    logs = defaultdict(dict)
    for path in sorted(glob.glob(f"{folder}/*/*/part-*")):
        with open(path, "rb") as file:
            lines = file.read().split(b"\n")[:-1]
        log = logs[(os.path.relpath(path, folder).split(os.sep)[0].split(".")[-1], int(os.path.basename(path).split("-")[1]))]
        for line in lines[path.endswith(".csv"):]:
            log[len(log)] = Message(None, None, line)
    return logs


def frame(value):
    return 5 if value[:1] == b"\0" else 0


def same_envelope(found, clean):
    return (found.key, found.time) == (clean.key, clean.time)


def payload_only(check):
    """A check of values: key and time are as they should be."""
    return lambda found, clean, row: same_envelope(found, clean) and check(found.value, clean.value, row)


def truncated(found, clean, row):
    start = frame(clean)
    return (len(found) == start + int(row["found"]) and len(clean) == start + int(row["expected"])
            and 0 < int(row["found"]) < int(row["expected"]) and clean.startswith(found))


def lengthened(found, clean, row):
    return found.startswith(clean) and len(found) == frame(clean) + int(row["found"])


def oversize(found, clean, row):
    return lengthened(found, clean, row) and set(found[len(clean):]) <= {0, 32} and len(found) >= 5000


def flipped(found, clean, row):
    at = frame(clean) + int(row["field"].split()[1])
    return (clean[:at] + bytes([int(row["found"])]) + clean[at + 1:] == found and clean[at] == int(row["expected"])
            and bin(int(row["found"]) ^ int(row["expected"])).count("1") == 1)


def other_magic(found, clean, row):
    return found[0] == int(row["found"]) != 0 and clean[0] == 0 and found[1:] == bytes(4) + clean[5:]


def other_id(found, clean, row):
    there = int.from_bytes(found[1:5], "big")
    return there == int(row["found"]) != int.from_bytes(clean[1:5], "big") and found[0] == 0 and found[5:] == clean[5:]


def unknown_id(found, clean, row):
    return other_id(found, clean, row) and int(row["found"]) >= 0x7f000000


def bad_text(found, clean, row):
    what = row["found"]
    if what in ("a column too few", "a column too many", "an open quote", "CRLF"):
        return {"a column too few": found == clean.rsplit(b";", 1)[0], "a column too many": found == clean + b";0",
                "an open quote": found == b'"' + clean, "CRLF": found == clean + b"\r"}[what]
    try:
        good = json.loads(clean)
        members = json.loads(found, object_pairs_hook=list)
    except UnicodeDecodeError:
        return what == "invalid UTF-8" and found.replace(b"\xff", b"", 1) == clean
    except json.JSONDecodeError:
        return what == "a comma before the end" and found == clean[:-1] + b",}"
    differing = [(name, value) for name, value in members if value != good[name]]
    if what == "a key twice":
        return not differing and len(members) == len(good) + 1
    return (len(differing) == 1 and len(members) == len(good)
            and (math.isnan(differing[0][1]) if what == "NaN" else differing[0][1] == str(good[differing[0][0]])))


def other_key(found, clean, row):
    return (found.key.decode() == row["found"] != row["expected"] == clean.key.decode()
            and (found.time, found.value) == (clean.time, clean.value))


def no_key(found, clean, row):
    return found.key is None and row["expected"] == clean.key.decode() and (found.time, found.value) == (clean.time, clean.value)


def clock(found, clean, row):
    shift = found.time - clean.time
    if (found.key, found.time, clean.time) != (clean.key, int(row["found"]), int(row["expected"])):
        return False
    if abs(shift) != 3600000:
        return found.value == clean.value and found.time in (1, clean.time // 1000)
    return found.value != clean.value


def fields(value):
    """Of text; Avro is compared as bytes only."""
    if value[:1] == b"{":
        return json.loads(value)
    names = HEADER.split(";")
    return dict(zip(names, value.decode().split(";"))) if value[4:5].isalpha() and b";" in value else None


HEADER = ("event_type;msisdn_src;msisdn_dst;direction;start_ts_ms;end_ts_ms;tz_name;tz_offset_min;duration_sec;mccmnc;imsi;imei;"
          "cell_id;record_type;cause_for_record_closing;sms_segments;sms_status;data_bytes_in;data_bytes_out;"
          "data_duration_sec;apn;rat")


def other_value(found, clean, row):
    if found == clean:
        return False
    good, there = fields(clean), fields(found)
    if good is None or there is None:
        return True
    changed = {name for name in good if good[name] != there[name]}
    partners = {"end_ts_ms": {"start_ts_ms", "end_ts_ms"}, "duration_sec": {"duration_sec", "data_duration_sec"}}
    return (row["field"] in changed <= partners.get(row["field"], {row["field"]})
            and (str(good[row["field"]]), str(there[row["field"]])) == (row["expected"], row["found"]))


CHECKS = {
    "null": lambda found, clean, row: found.value is None and same_envelope(found, clean),
    "empty": payload_only(lambda found, clean, row: found == b""),
    "truncate": payload_only(truncated), "garbage": payload_only(lengthened), "bitflip": payload_only(flipped),
    "magic": payload_only(other_magic), "unknown_schema": payload_only(unknown_id), "wrong_schema": payload_only(other_id),
    "bad_text": payload_only(bad_text), "oversize": payload_only(oversize), "null_key": no_key, "wrong_key": other_key,
    "clock": clock, "value": payload_only(other_value),
}
CONFLICT = payload_only(other_value)


def check_extra(faulty, found, here):
    """Whether a copy, or a record that conflicts with the one before, is what it should be; None: it is neither."""
    if "late_duplicate" in here:
        return any(found == faulty[offset] for offset in range(int(here["late_duplicate"]["offset"])))
    if "duplicate" in here:
        return found == faulty[int(here["duplicate"]["of_offset"])]
    if "conflict" in here:
        return CONFLICT(found, faulty[int(here["conflict"]["of_offset"])], here["conflict"])
    return None


def arrange(clean, position, here):
    """Where the next clean record is, after those that are missing; two that changed places are put so."""
    for row in here:
        position += row["fault"] == "missing"
    if any(row["fault"] == "swap" for row in here):
        clean[position], clean[position + 1] = clean[position + 1], clean[position]
    return position


def hold_back(where, faulty, clean, rows):
    """The clean records in the order that outages leave, found by key and time: an element's records come when it is back,
    before all others. What the end of the run does not hold any more is left out."""
    held = {offset: int(row["delay_ms"]) for offset, here in rows.items() for row in here if row["fault"] == "outage"}
    if not held:
        return clean
    there = Counter((message.key, message.time) for message in faulty.values())
    waiting = defaultdict(list)
    for place, message in enumerate(clean):
        waiting[(message.key, message.time)].append((place, message))
    late, first = [], min(message.time for message in clean)
    for offset in sorted(held):
        if faulty[offset].time < first:  # it would have come before the run's start
            late.append((faulty[offset].time + held[offset], faulty[offset].time, -1, faulty[offset]))
            continue
        if not waiting[(faulty[offset].key, faulty[offset].time)]:
            sys.exit(f"{where} offset {offset}: held back, but no record: {faulty[offset]}")
        late.append((faulty[offset].time + held[offset], faulty[offset].time,
                     *waiting[(faulty[offset].key, faulty[offset].time)].pop(0)))
    late.sort(key=lambda one: one[:3])
    taken = {id(one[-1]) for one in late}
    last = max(message.time for message in clean)
    order = []
    for message in clean:
        while late and late[0][0] <= message.time:
            order.append(late.pop(0)[-1])
        if id(message) not in taken and not (message.time > last - 3600000 and (message.key, message.time) not in there):
            order.append(message)
    return order + [one[-1] for one in late]


def check_log(where, faulty, clean, rows, counts):
    """The number of differences, each printed."""
    wrong, position = 0, 0
    clean = hold_back(where, faulty, [clean[offset] for offset in sorted(clean)], rows)
    for offset in range(len(faulty)):
        if offset not in faulty:
            print(f"{where}: offset {offset} is missing")
            return wrong + 1
        found = faulty[offset]
        counts.update(row["fault"] for row in rows.get(offset, []))
        here = {row["fault"]: row for row in rows.get(offset, [])}
        position = arrange(clean, position, rows.get(offset, []))
        extra = check_extra(faulty, found, here)
        if extra is not None:
            if not extra:
                print(f"{where} offset {offset}: {list(here)} of another record: {found}")
            wrong += not extra
            continue
        if position == len(clean):
            print(f"{where} offset {offset}: one more: {found}")
            return wrong + 1
        expected, kinds = clean[position], [kind for kind in here if kind in CHECKS]
        position += 1
        if not (CHECKS[kinds[0]](found, expected, here[kinds[0]]) if kinds else found == expected):
            print(f"{where} offset {offset}: {here or 'good'}: found {found}, expected {expected}")
            wrong += 1
    end = rows.get(len(faulty), [])
    counts.update(row["fault"] for row in end)
    position = arrange(clean, position, end)
    if position != len(clean):
        print(f"{where}: {position} of {len(clean)} good records")
        wrong += 1
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("brokers", "clean", "faulty", "truth", "files"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--minimum", type=int, default=1)
    arguments = parser.parse_args()
    rows = defaultdict(lambda: defaultdict(list))
    kinds = Counter()
    with open(arguments.truth) as file:
        for row in csv.DictReader(file):
            rows[(row["topic"].split(".")[-1], int(row["partition"]))][int(row["offset"])].append(row)
            kinds[row["fault"]] += 1
    if arguments.files:
        clean, faulty = read_files(arguments.clean), read_files(arguments.files)
    else:
        clean, faulty = (read_topics(arguments.brokers, prefix) for prefix in (arguments.clean, arguments.faulty))
    if not faulty or set(clean) != set(faulty):
        sys.exit(f"logs differ: {sorted(clean)}, {sorted(faulty)}")
    counts, wrong = Counter(), 0
    for log in sorted(faulty):
        wrong += check_log(f"{log[0]}[{log[1]}]", faulty[log], clean[log], rows[log], counts)
    if counts != kinds:
        print(f"the truth has {dict(kinds)}, the topics have {dict(counts)}")
        wrong += 1
    few = {kind: number for kind, number in kinds.items() if number < arguments.minimum}
    if few or not kinds:
        print(f"too few to say something: {few or 'none at all'}")
        wrong += 1
    if wrong > 10:
        print(f"{wrong} differences")
    print(" ".join(f"{kind}={number}" for kind, number in sorted(counts.items())))
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
