"""Pipelines that are right are never called wrong, whatever the dataset and the query; and one altered row is never right.

    correct_pipelines.py CDRGEN ROUNDS SEED    each round has a dataset with settings drawn by SEED + round, and five queries

The pipeline is that of pipeline.py. A round that fails says its seed, flags and query.
"""

import json
import pathlib
import random
import subprocess
import sys
import tempfile

import pipeline

CHANGES = {  # zones, and days around which their clocks change
    "Europe/Amsterdam": ["2025-03-29", "2025-10-25"], "Australia/Lord_Howe": ["2025-04-05", "2025-10-04"],
    "America/Havana": ["2025-03-08", "2025-11-01"], "America/St_Johns": ["2025-03-08", "2025-11-01"],
    "Asia/Beirut": ["2025-03-29"], "America/Santiago": ["2025-04-05", "2025-09-06"], "Pacific/Apia": ["2011-12-28"],
    "Pacific/Chatham": ["2025-04-05"], "Asia/Kathmandu": ["2025-01-01"], "UTC": ["1990-01-01", "2038-01-18"],
}  # fmt: skip
FIELDS = ["direction", "cell_id", "msisdn_src", "owner_msisdn", "mccmnc", "imsi", "imei", "cause_for_record_closing", "record_type",
          "event_type", "duration_sec", "tz_offset_min"]  # fmt: skip
OF_TYPE = {"call": ["msisdn_dst", "other_msisdn"], "sms": ["msisdn_dst", "sms_segments", "sms_status"],
           "data": ["apn", "rat", "data_bytes_in", "data_bytes_total"]}  # fmt: skip
NUMBERS = {"cell_id", "duration_sec", "tz_offset_min", "sms_segments", "data_bytes_in", "data_bytes_total"}
WINDOWS = ["none", "day", "day", {"tumble": "5m"}, {"tumble": "1h"}, {"tumble": "7m"}, {"hop": ["10m", "2m"]}, {"hop": ["6h", "30m"]}]
FAULTS = ["duplicate", "late_duplicate", "conflict", "missing", "swap", "empty", "oversize"]


def settings(draw):
    zone = draw.choice(list(CHANGES))
    partitions = draw.choice([1, 2, 5, 24])
    flags = ["--subs", draw.choice(["40", "80", "200"]), "--days", draw.choice(["1", "2", "3"]), "--start",
             draw.choice(CHANGES[zone]), "--tz", zone, "--seed", str(draw.randrange(10**6)), "--partitions", str(partitions)]  # fmt: skip
    late = draw.random() < 0.5
    if late:
        flags += ["--late-share", draw.choice(["0.02", "0.2"]), "--late-max", draw.choice(["20m", "2h"])]
    faults = draw.sample(FAULTS, draw.randrange(1, 4)) if draw.random() < 0.5 else []
    for fault in faults:
        flags += ["--fault", f"{fault}={draw.choice(['0.02', '0.1'])}"]
    if "oversize" in faults:
        flags += ["--oversize-bytes", "2000"]
    for chance, more in ((0.3, ["--order", "start"]), (0.25, ["--partial", draw.choice(["5m", "10m"]), "--duration-max", "1d"]),
                         (0.2, ["--config", str(pathlib.Path(__file__).parent / "../../config/classic.json")]),
                         (0.2, ["--behaviour", "fraud"])):  # fmt: skip
        if draw.random() < chance:
            flags += more
    if partitions > 1 and draw.random() < 0.2:
        flags += ["--shard", draw.choice(["0/2", "1/2"])]
    return zone, late, flags


def random_query(draw):
    types = draw.sample(list(OF_TYPE), draw.choice([1, 1, 1, 2, 3]))
    fields = FIELDS + (OF_TYPE[types[0]] if len(types) == 1 else [])
    select = {}
    for number in range(draw.randrange(1, 5)):
        function = draw.choice(["count", "sum", "min", "max", "distinct"])
        field = draw.choice([each for each in fields if function == "distinct" or each in NUMBERS])
        select[f"column_{number}"] = function if function == "count" else f"{function}({field})"
    query = {"from": types, "time": draw.choice(["end", "start"]), "window": draw.choice(WINDOWS),
             "by": draw.sample(fields, draw.randrange(4)), "select": select}  # fmt: skip
    where = {}
    if draw.random() < 0.4:
        where["duration_sec"] = draw.choice([{"from": 2}, {"to": 60}, {"from": 1, "to": 90}])
    if "data" not in types and draw.random() < 0.4:
        where["direction"] = draw.choice(["MO", "MT"])
    if where:
        query["where"] = where
    if draw.random() < 0.25:
        query["top"] = {"rows": draw.choice([1, 3, 20]), "of": draw.choice(list(select))}
    return query


def judge(path, flags, output):
    done = subprocess.run([CDRGEN, "judge", path, *flags, "--json"], capture_output=True, text=True, input=pipeline.text(*output))
    return done.returncode, done.stdout + done.stderr


def altered(draw, query, output):
    """The rows with one more in a count; None where there is none, or any of several rows may be there."""
    header, rows = output
    counts = [name for name, function in query["select"].items() if function == "count"]
    if not counts or "top" in query:
        return None
    at = draw.randrange(len(rows))
    row = list(rows[at])
    row[header.index(counts[0])] += draw.choice([1, 1 << 40])
    return header, [*rows[:at], row, *rows[at + 1:]]


def check(draw, number, zone, late, flags, folder, work):
    query = random_query(draw)
    path = f"{work}/query.json"
    pathlib.Path(path).write_text(json.dumps(query))
    rule, allowed = [], None
    if late and "top" not in query and query["window"] != "none" and draw.random() < 0.7:
        allowed = draw.choice([0, 60000, 600000])
        rule = ["--late", f"streams:{allowed // 1000}s"]
    output = pipeline.rows(folder, query, zone, late=allowed, draw=draw)
    said = judge(path, [*flags, *rule], output)
    where = f"seed {number}: {' '.join(flags + rule)}: {json.dumps(query)}"
    if said[0] != (0 if output[1] else 2):
        sys.exit(f"FAILED: rows that are right: status {said[0]}: {said[1][:1500]}\n{where}")
    if not output[1]:
        return 0
    other = altered(draw, query, output)
    # With a rule, a row may have more than this pipeline's: late records that another engine lets in.
    if other is not None and not rule and judge(path, flags, other)[0] != 1:
        sys.exit(f"FAILED: a row with one record more is not wrong\n{where}")
    return len(output[1])


def main():
    for number in range(int(sys.argv[3]), int(sys.argv[3]) + int(sys.argv[2])):
        draw = random.Random(number)
        zone, late, flags = settings(draw)
        with tempfile.TemporaryDirectory() as work:
            done = subprocess.run([CDRGEN, "run", *flags, "-q", "--out", f"{work}/out", "--format", "csv"], capture_output=True, text=True)
            if done.returncode != 0:
                sys.exit(f"FAILED: seed {number}: run {' '.join(flags)}: {done.stderr}")
            rows = [check(draw, number, zone, late, flags, f"{work}/out", work) for _ in range(5)]
        print(f"seed {number}: {rows} rows are right: {' '.join(flags)}", flush=True)


CDRGEN = sys.argv[1]
main()
