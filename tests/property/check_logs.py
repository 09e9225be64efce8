#!/usr/bin/env python3
"""What must be true of the logs that the file sink wrote as CSV. Nothing here shares code with cdrgen.

    check_logs.py prefix SHORT LONG [same]
                                  each log of SHORT is the beginning of the same log of LONG, byte by byte, and LONG has more
                                  (with "same": has not)
    check_logs.py order OUT FIRST_MIDNIGHT_MS LATE_MAX_MS start|end
                                  records come in the order of their emission; some began before the first midnight
    check_logs.py owner OUT MSISDN TRACE
                                  TRACE, what `cdrgen trace MSISDN` printed, is the dataset's records of that subscriber, in order
    check_logs.py owners OUT N          N numbers of owners, the busiest and the laziest among them
"""

import collections
import pathlib
import sys

TYPES = ("cdr.call", "cdr.sms", "cdr.data")


def logs(out):
    """{(topic, partition): bytes of its records, one a line, in order}, of plain CSV parts."""
    found = {}
    for topic in TYPES:
        for part in sorted(pathlib.Path(out, topic).glob("date=*/part-*.csv"), key=lambda path: path.name):
            header, _, records = part.read_bytes().partition(b"\n")
            assert header.startswith(b"event_type;"), part
            found.setdefault((topic, part.name[5:9]), []).append(records)
    return {name: b"".join(parts) for name, parts in found.items()}


def prefix(short, long, same=None):
    shorter, longer = logs(short), logs(long)
    assert shorter, f"no logs in {short}"
    for name, records in shorter.items():
        assert longer.get(name, b"").startswith(records), f"{name} is not the beginning of its log in the longer run"
    more = sum(map(len, longer.values())) > sum(map(len, shorter.values()))
    assert more == (same is None), f"the longer run has {'' if more else 'no '}more records"


def owner_of(fields):
    return fields[1] if fields[3] == b"MO" else fields[2]


def order(out, first_midnight, late_max, by_start):
    early = records = late = 0
    for name, text in logs(out).items():
        latest = 0
        for number, line in enumerate(text.splitlines()):
            fields = line.split(b";")
            start, end = int(fields[4]), int(fields[5])
            event = start if by_start else end
            assert start <= end, (name, number)
            # Its delay is at most late_max, so it was emitted no later than that; and all before it were emitted before it.
            assert event + late_max >= latest, f"record {number} of {name} comes too late"
            assert event + late_max >= first_midnight, f"record {number} of {name} was emitted before the run"
            latest = max(latest, event)
            records += 1
            early += start < first_midnight
            late += event < latest
    assert records > 0
    assert bool(late) == bool(late_max) or records < 500, f"{late} of {records} records are late"
    print(early, records)


def owner(out, msisdn, trace):
    wanted = collections.defaultdict(list)
    for (topic, _), text in logs(out).items():
        for line in text.splitlines():
            if owner_of(line.split(b";")) == msisdn.encode():
                wanted[topic].append(line)
    header, *lines = pathlib.Path(trace).read_bytes().splitlines()
    assert header.startswith(b"event_type;")
    got = collections.defaultdict(list)
    for line in lines:
        got[f"cdr.{line.split(b';')[0].decode().lower()}"].append(line)
    for topic in TYPES:
        assert got[topic] == wanted[topic], (
            f"{topic} of {msisdn}: {len(got[topic])} records traced, {len(wanted[topic])} in the dataset; "
            f"only traced: {(set(got[topic]) - set(wanted[topic]))}; only there: {(set(wanted[topic]) - set(got[topic]))}"
        )


def owners(out, count):
    counts = collections.Counter(owner_of(line.split(b";")) for text in logs(out).values() for line in text.splitlines())
    ranked = [msisdn.decode() for msisdn, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    step = max(1, len(ranked) // count)
    print("\n".join(dict.fromkeys(ranked[::step] + ranked[-1:])))


def main(command, *arguments):
    if command == "prefix":
        prefix(*arguments)
    elif command == "order":
        out, first_midnight, late_max, by_start = arguments
        order(out, int(first_midnight), int(late_max), by_start == "start")
    elif command == "owner":
        owner(*arguments)
    elif command == "owners":
        owners(arguments[0], int(arguments[1]))
    else:
        sys.exit(__doc__)


try:
    main(*sys.argv[1:])
except AssertionError as failure:
    sys.exit(f"check_logs.py: {failure}")
