#!/usr/bin/env python3
"""Prints the digests of the golden configurations, as a program says them: one line a topic.

usage: digests.py [--small] PROGRAM [EMULATOR…]

A line is: configuration, topic, records, bytes, digest, sum; and one with the dataset id. tests/golden/digests.txt holds what every
build on every CPU must print. It is only made anew (scripts/update-golden) together with CDR_DATA_MODEL_VERSION.
--small leaves out the configurations that take long under an emulator.
"""
import json
import pathlib
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
FIELDS = (SOURCE / "tests" / "schemas" / "fields.txt").read_text().strip()

CONFIGURATIONS = [
    # name, small, flags
    ("plain", True, "--subs 500 --start 2025-01-01 --days 1"),
    ("predecessor", False, "--subs 10000 --start 2025-01-01 --days 1"),
    ("avro", True, "--subs 300 --start 2025-03-29 --days 2 --format avro"),
    ("json", True, "--subs 200 --start 2025-10-26 --days 1 --format json --partitions 3"),
    ("india", True, "--subs 300 --start 2024-02-28 --days 2 --tz Asia/Kolkata --partitions 1 --seed 7"),
    ("lord-howe", True, "--subs 200 --start 2025-04-05 --days 2 --tz Australia/Lord_Howe --partitions 5"),
    ("order-start", True, "--subs 300 --start 2025-06-01 --days 1 --order start --tz America/New_York"),
    ("switches", True, "--subs 300 --start 2025-12-31 --days 2 --late-share 0.1 --partial 120s --trains 0.5"
     " --tz UTC --partitions 12 --seed 18446744073709551615"),
    ("prefixes", True, "--subs 400 --start 2025-07-01 --days 1 --prefixes 3161,4479,3162 --mo-share-call 0.7"
     " --mo-share-sms 0.3 --interconnect-share 0.4 --cells 3 --cell-center=-33.9,151.2 --imei-change-prob 1"),
    ("leaving", True, "--subs 500 --start 2025-10-25 --days 3 --leave-prob 0.05 --vacant-days 7"),
    ("fields", True, f"--subs 300 --start 2025-03-29 --days 1 --late-share 0.1 --partial 10m --fields {FIELDS}"),
    ("3gpp", True, f"--subs 300 --start 2025-03-29 --days 1 --partial 10m --format avro --schema call={SOURCE}/schemas/3gpp/call.avsc"
     f" --schema sms={SOURCE}/schemas/3gpp/sms.avsc --schema data={SOURCE}/schemas/3gpp/data.avsc"),
    ("faults", True, "--subs 300 --start 2025-03-29 --days 1 --format json --fault dirty --fault poison --fault"
     " late_duplicate=0.02,outage=0.05"),
    ("many", False, "--subs 30000 --start 2025-05-05 --days 2 --partitions 24 --tz Europe/London"),
]


def main():
    arguments = sys.argv[1:]
    small = arguments[:1] == ["--small"]
    program = arguments[1 if small else 0:]
    command = program[1:] + program[:1]
    for name, is_small, flags in CONFIGURATIONS:
        if small and not is_small:
            continue
        run = subprocess.run(command + ["run", "--sink", "null", "--quiet", "--summary", "-"] + flags.split(),
                             stdout=subprocess.PIPE, check=False)
        if run.returncode != 0:
            sys.exit(f"{name}: {' '.join(command)} {flags} ended with {run.returncode}")
        summary = json.loads(run.stdout)
        print(name, "dataset", summary["dataset_id"])
        for topic, figures in summary["topics"].items():
            print(name, topic, figures["records"], figures["bytes"], figures["digest"], figures["sum"])


main()
