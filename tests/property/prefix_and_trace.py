#!/usr/bin/env python3
"""The log of D days is a prefix of the log of D + 1 days; logs are in order of emission; trace finds a subscriber's records."""
import os
import pathlib
import subprocess

from logs import ENVIRONMENT, PROGRAM, folder, read_logs, run

WORLD = pathlib.Path(__file__).parent / "world.json"  # special days, outages, crowds

ALL_FIELDS = (pathlib.Path(os.environ["SOURCE_DIR"]) / "tests" / "schemas" / "fields.txt").read_text().strip()
CONFIGURATIONS = [
    "--subs 400 --start 2025-03-29 --tz Europe/Amsterdam",
    "--subs 400 --start 2025-10-25 --tz Europe/Amsterdam --seed 2",
    "--subs 300 --start 2025-01-01 --tz Asia/Kolkata --partitions 2",
    "--subs 300 --start 2025-04-05 --tz Australia/Lord_Howe --order start",
    "--subs 300 --start 2025-03-08 --tz America/St_Johns --late-share 0.2 --late-max 12h",
    "--subs 300 --start 2011-12-28 --tz Pacific/Apia --partial 90s",
    "--subs 400 --start 2025-10-25 --tz Europe/Amsterdam --leave-prob 0.1 --vacant-days 1",
    "--subs 300 --start 2024-02-28 --tz UTC --trains 0.4 --partitions 13",
    f"--config {WORLD} --subs 400 --start 2025-03-29",
    f"--config {WORLD} --subs 400 --start 2025-03-29 --partial 5m --leave-prob 0.1 --vacant-days 1",
    f"--subs 300 --start 2025-03-29 --tz Europe/Amsterdam --partial 10m --late-share 0.1 --fields {ALL_FIELDS}",
    "--subs 300 --start 2025-03-29 --tz Europe/Amsterdam --behaviour simbox_naive=0.1,simbox_mimic=0.1,irsf=0.2,wangiri=0.3 "
    "--partial 60s",
    "--subs 300 --start 2025-04-04 --tz Australia/Lord_Howe --leave-prob 0.05 --vacant-days 2 --behaviour "
    "simbox_rotating=0.1,telemarketer=0.1,call_centre=0.1,meter=0.1,a2p=0.02,sim_swap=0.2,churner=0.3",
]


def lines(data):
    return [line.split(b";") for line in data.splitlines()]


def check_prefix(flags):
    logs = []
    for days in (1, 2, 3):
        with folder() as out:
            run(f"{flags} --days {days} --sink file --out {out}/o --workers {days}")
            logs.append(read_logs(f"{out}/o"))
    for days in (1, 2):
        for name, longer in logs[days].items():
            shorter = logs[days - 1].get(name, b"")
            if not longer.startswith(shorter):
                raise SystemExit(f"{flags}: log {name} of {days} days is no prefix of that of {days + 1} days")
            if days == 1 and not len(shorter) < len(longer):
                raise SystemExit(f"{flags}: log {name} of 2 days is not longer than that of 1 day")
    return logs[2]


def check_order(flags, logs):
    if "late" in flags:
        return
    field = 4 if "--order start" in flags else 5
    for name, data in logs.items():
        times = [int(record[field]) for record in lines(data)]
        if times != sorted(times):
            raise SystemExit(f"{flags}: log {name} is not in the order of its event times")


def owner(record):
    return record[1] if record[3] == b"MO" else record[2]


def check_trace(flags, logs):
    records = {}
    for data in logs.values():
        for line in data.splitlines():
            records.setdefault(owner(line.split(b";")), []).append(line)
    chosen = sorted(records, key=lambda number: (len(records[number]), number))
    for number in (chosen[0], chosen[len(chosen) // 2], chosen[-1]):
        command = [PROGRAM, "trace", number.decode(), "--days", "3", "--format", "csv"] + flags.split()
        out = subprocess.run(command, stdout=subprocess.PIPE, env=ENVIRONMENT, check=True).stdout
        traced = out.splitlines()[1:]
        if sorted(traced) != sorted(records[number]):
            raise SystemExit(f"{flags}: trace {number.decode()} has {len(traced)} records, the logs {len(records[number])}")


def main():
    carried = 0
    for flags in CONFIGURATIONS:
        logs = check_prefix(flags)
        check_order(flags, logs)
        check_trace(flags, logs)
        first = [lines(data)[0] for data in logs.values() if data]
        midnight = min(int(record[5]) for record in first)
        carried += sum(int(record[4]) < midnight for data in logs.values() for record in lines(data)[:50])
        print("holds:", flags)
    if carried == 0:
        raise SystemExit("no record of an event that began before the first midnight was found")


main()
