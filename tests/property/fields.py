#!/usr/bin/env python3
"""Numbers of records in their nodes: positions in the log without faults on purpose; with them copies have their record's
number, what is missing leaves a gap, and neither workers, pace, shards nor resuming change them. Calls, sessions and answers
agree in the records of both parties."""
import collections
import csv
import io
import os
import pathlib
import subprocess

from logs import ENVIRONMENT, PROGRAM, folder, read_logs, run, same, topics

FIELDS = (pathlib.Path(os.environ["SOURCE_DIR"]) / "tests" / "schemas" / "fields.txt").read_text().strip()
NAMES = FIELDS.split(",")
MODEL = f"--subs 700 --start 2025-03-29 --tz Europe/Amsterdam --seed 4 --partitions 4 --partial 10m --fields {FIELDS}"
FAULTS = "--fault duplicate=0.05,missing=0.05,swap=0.05,conflict=0.02,value=0.02 --duplicate-copies 3"


def cdrgen(*arguments):
    return subprocess.run([PROGRAM, *arguments], stdout=subprocess.PIPE, check=True, env=ENVIRONMENT, text=True).stdout


def check(good, what):
    if not good:
        raise SystemExit(f"FAILED: {what}")


def rows_of(data):
    return [dict(zip(NAMES, line.split(";"))) for line in data.decode().splitlines()]


def logs_of(flags):
    with folder() as out:
        run(f"{flags} --sink file --out {out}/o")
        cdrgen("verify", "--quiet", *flags.split(), "--out", f"{out}/o")
        return read_logs(f"{out}/o")


def check_numbers(clean):
    for (topic, partition), data in clean.items():
        rows = rows_of(data)
        check([int(row["local_sequence_number"]) for row in rows] == list(range(len(rows))), f"{topic}: numbers are positions")
        node = f"cdf-{topic.rpartition('.')[2]}-{partition}"
        check({row["node_id"] for row in rows} <= {node}, f"{topic}[{partition}]: nodes other than {node}")


def check_faults(clean, flags):
    """Whatever has a number is what the clean log has at that position."""
    faulty = logs_of(f"{flags} {FAULTS}")
    copies = gaps = 0
    for name, data in faulty.items():
        whole, rows = rows_of(clean[name]), rows_of(data)
        numbers = [int(row["local_sequence_number"]) for row in rows]
        for number, row in zip(numbers, rows):
            check(row["record_id"] == whole[number]["record_id"], f"{name}: number {number} is another record")
        copies += len(numbers) - len(set(numbers))
        gaps += len(set(range(len(whole))) - set(numbers))
    check(copies > 100 and gaps > 100, f"only {copies} copies and {gaps} gaps")
    base = topics(run(f"{flags} {FAULTS} --sink null --workers 1"))
    for more in ("--workers 3", "--speed 1000000"):
        same(base, topics(run(f"{flags} {FAULTS} --sink null {more}")), f"with faults, {more}")
    truth = list(csv.DictReader(io.StringIO(cdrgen("truth", "--sink", "null", *flags.split(), *FAULTS.split()))))
    check(len(truth) > 500, "the truth is short")


def check_resume():
    """Files of a day, and then of two; logs go on with the next number."""
    with folder() as out:
        run(f"{MODEL} --days 1 --sink file --out {out}/o --workers 1")
        run(f"{MODEL} --days 2 --sink file --out {out}/o --resume --workers 2")
        longer = read_logs(f"{out}/o")
    same(longer, logs_of(f"{MODEL} --days 2"), "files that were resumed")


def check_calls(clean):
    calls, sessions = collections.defaultdict(list), collections.defaultdict(list)
    for data in clean.values():
        for row in rows_of(data):
            if row["call_id"]:
                calls[row["call_id"]].append(row)
            if row["session_id"]:
                sessions[row["session_id"]].append(row)
    both = [legs for legs in calls.values() if len(legs) == 2]
    check(len(both) > 300 and max(map(len, calls.values())) == 2, "calls have two records at most")
    for legs in both:
        check({leg["direction"] for leg in legs} == {"MO", "MT"}, "one leg goes out, one comes in")
        check(len({(leg["msisdn_src"], leg["msisdn_dst"], leg["answer_ts_ms"] != "") for leg in legs}) == 1,
              f"legs differ: {legs}")
    for parts in sessions.values():
        numbers = sorted(int(part["record_sequence_number"] or 0) for part in parts)
        first = numbers[0]
        check(numbers == list(range(first, first + len(numbers))) and len({p["charging_id"] for p in parts}) == 1,
              f"parts {numbers}")
        check(first > 0 or len(parts) == 1, "a session that was not cut has one record")


def main():
    flags = f"{MODEL} --days 1"
    clean = logs_of(flags)
    check_numbers(clean)
    check_calls(clean)
    check_faults(clean, flags)
    check_resume()
    # MCC 001 of test networks keeps its zeros.
    with folder() as out:
        run(f"--subs 50 --days 1 --sink file --out {out}/o --mccmnc-pool 00101 --fields mccmnc,mcc,cell_global_id,imsi")
        lines = b"".join(read_logs(f"{out}/o").values()).decode().splitlines()
    check(len(lines) > 100, "few records")
    for line in lines:
        check(all(value.startswith("001") for value in line.split(";")), f"not of MCC 001: {line}")


main()
