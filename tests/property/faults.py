"""Faults on purpose are a function: the same logs and the same truth for any workers, shards and sinks; a longer run begins
with the same; kinds do not depend on one another; those hit at a small share are among those hit at a greater one."""

import csv
import io
import json
import os
import subprocess
import tempfile
from collections import defaultdict

CDRGEN = os.environ["CDRGEN"]
MODEL = "--subs 500 --start 2025-03-29 --days 1 --seed 5 --partitions 4 --late-share 0.02".split()
# Those that topics and files can have.
PAYLOAD = ["empty", "truncate", "garbage", "bitflip", "bad_text", "oversize", "value"]
KINDS = ["duplicate", "missing", "swap", "conflict", "late_duplicate"] + PAYLOAD
ALL = KINDS + ["outage"]
SIZE = ["--oversize-bytes", "3000"]
SHARE = 0.04


def run(*arguments):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CDRGEN_")}
    return subprocess.run([CDRGEN, *arguments], check=True, stdout=subprocess.PIPE, env=environment, text=True).stdout


def summary(*arguments):
    return json.loads(run("run", "--quiet", "--summary", "-", *arguments))


def logs(report):
    return {(name, log["partition"]): (log["records"], log["digest"], log["sum"])
            for name, topic in report["topics"].items() for log in topic["partitions"]}


def truth(*arguments):
    return list(csv.DictReader(io.StringIO(run("truth", "--sink", "null", *arguments))))


def key(row):
    return row["topic"], int(row["partition"]), int(row["offset"]), row["fault"], tuple(sorted(row.items()))


def ids(rows, kind):
    """Of records with a fault of the kind; a copy of one that is faulty is not counted again."""
    return {(row["topic"], row["id"]) for row in rows if row["fault"] == kind}


def flags(*kinds, share=SHARE):
    return ["--fault", ",".join(f"{kind}={share}" for kind in kinds)] + (SIZE if "oversize" in kinds else [])


def check(good, what):
    if not good:
        raise SystemExit(f"FAILED: {what}")


def same_however_made(folder):
    faults = flags(*ALL) + ["--duplicate-copies", "3"]
    base = summary(*MODEL, *faults, "--sink", "null", "--workers", "1")
    for workers in "2", "3", "5":
        other = summary(*MODEL, *faults, "--sink", "null", "--workers", workers)
        check(other["topics"] == base["topics"], f"other records, or counts of faults, with {workers} workers")
    parts = [summary(*MODEL, *faults, "--sink", "null", "--shard", f"{i}/3") for i in range(3)]
    joined = {}
    for part in parts:
        joined.update(logs(part))
    check(joined == logs(base), "other records with shards")
    for name, topic in base["topics"].items():
        for kind in topic["faults"]:
            check(sum(part["topics"][name]["faults"][kind] for part in parts) == topic["faults"][kind],
                  f"{name}: shards count other {kind}")
        check(sum(part["topics"][name]["clean"] for part in parts) == topic["clean"], f"{name}: clean of shards")
        sums = sum(int(part["topics"][name]["clean_sum"], 16) for part in parts) % 2**64
        check(sums == int(topic["clean_sum"], 16), f"{name}: clean sum of shards")
    files = summary(*MODEL, *faults, "--sink", "file", "--out", f"{folder}/files", "--workers", "2")
    check(logs(files) == logs(base), "other records in files")
    run("verify", "--quiet", *MODEL, *faults, "--out", f"{folder}/files")
    whole = truth(*MODEL, *faults)
    shards = [row for i in range(3) for row in truth(*MODEL, *faults, "--shard", f"{i}/3")]
    check(sorted(map(key, whole)) == sorted(map(key, shards)), "another truth with shards")
    check(sum(sum(topic["faults"].values()) for topic in base["topics"].values())
          == len(whole),
          "the summary counts other faults than the truth has")
    topic = [summary(*MODEL, *faults, "--sink", "null", "--truth-topic", "truth", "--workers", workers)["topics"]["truth"]
             for workers in ("1", "3")]
    check(topic[0] == topic[1] and topic[0]["records"] == len(whole), "the topic of the truth has other rows")
    parts = [summary(*MODEL, *faults, "--sink", "null", "--truth-topic", "truth", "--shard", f"{i}/3")["topics"]["truth"]
             for i in range(3)]
    rows = {row["partition"]: row["digest"] for part in parts for row in part["partitions"]}
    check(rows == {row["partition"]: row["digest"] for row in topic[0]["partitions"]}, "shards have another topic of the truth")
    return base, whole


def clean_sum(base):
    """The good records of a dataset are those of the one without faults, but for those that have one."""
    clean = summary(*MODEL, "--sink", "null")
    for name, topic in clean["topics"].items():
        faulty = summary(*MODEL, "--sink", "null", *flags("duplicate"))["topics"][name]
        check(faulty["clean"] == topic["records"], f"{name}: duplicates change the number of good records")
        check(faulty["clean_sum"] == topic["sum"], f"{name}: duplicates change the sum of the good records")
        check(base["topics"][name]["clean"] < topic["records"], f"{name}: nothing is wrong")
    check(base["dataset_id"] != clean["dataset_id"], "the dataset id does not know of the faults")
    check(clean["dataset_id"] == summary(*MODEL, "--sink", "null", "--fault", "truncate=0")["dataset_id"],
          "a share of 0 changes the dataset id")


def late():
    """As many as there should be, none later than it may be; what is late comes after records that it would precede."""
    share, most = "0.1", 1800
    model = [share if before == "--late-share" else word for before, word in zip([""] + MODEL, MODEL)]
    model += ["--late-max", f"{most}s"]
    rows = truth(*model)
    records = summary(*model, "--sink", "null")["records"]
    check(all(row["fault"] == "late" and 0 < int(row["delay_ms"]) <= 1000 * most for row in rows), "late: other rows")
    check(abs(len(rows) / records - 0.1) < 0.01, f"late: {len(rows)} of {records}")
    lines = run("run", "--quiet", "--sink", "stdout", "--format", "csv", "--fields", "end_ts_ms", "--workers", "1", *model,
                "--partitions", "1", "--calls", "0", "--sms", "0").split()
    delays = {int(row["offset"]): int(row["delay_ms"])
              for row in truth(*model, "--partitions", "1", "--calls", "0", "--sms", "0") if row["topic"] == "cdr.data"}
    emitted = [int(line) + delays.get(offset, 0) for offset, line in enumerate(lines)]
    check(len(emitted) > 1000 and delays and emitted == sorted(emitted), "late: times and delays are not those of the log")


def late_duplicates():
    """As late as they should be in the mean, none later than it may be, each after its record."""
    mean = 300
    rows = truth(*MODEL, "--fault", "late_duplicate=0.2", "--duplicate-delay", f"{mean}s")
    delays = [int(row["delay_ms"]) for row in rows if row["fault"] == "late_duplicate"]
    check(len(delays) > 1000 and 0 < min(delays) and max(delays) <= 10000 * mean + 1, "late duplicates: other delays")
    check(abs(sum(delays) / len(delays) / 1000 / mean - 1) < 0.1, f"late duplicates: a mean of {sum(delays) / len(delays)} ms")
    faults = ["--fault", "late_duplicate=0.2", "--duplicate-delay", f"{mean}s", "--partitions", "1", "--late-share", "0",
              "--workers", "1"]
    lines = run("run", "--quiet", "--sink", "stdout", "--format", "csv", *MODEL, *faults, "--calls", "0", "--sms", "0").splitlines()
    ends = {int(row["offset"]): int(row["delay_ms"])
            for row in truth(*MODEL, *faults, "--calls", "0", "--sms", "0") if row["topic"] == "cdr.data"}
    seen, emitted = set(), []
    for offset, line in enumerate(lines):
        check((line in seen) == (offset in ends), f"late duplicates: line {offset} is a copy, or is none")
        seen.add(line)
        emitted.append(int(line.split(";")[5]) + ends.get(offset, 0))
    check(ends and emitted == sorted(emitted), "late duplicates: times and delays are not those of the log")


def outages():
    """Records that are held back come when their frame is over, all at once and in order; a subscriber's records of a type
    are held back in a frame, or none is; those of a longer frame wait longer."""
    for hours in 1, 3:
        faults = ["--fault", "outage=0.2", "--outage-hours", str(hours)]
        alone = ["--partitions", "2", "--late-share", "0.1", "--calls", "0", "--sms", "0"]
        rows = truth(*MODEL, *alone, *faults)
        held = {(int(row["partition"]), int(row["offset"])): int(row["delay_ms"]) for row in rows if row["fault"] == "outage"}
        late = {(int(row["partition"]), int(row["offset"])): int(row["delay_ms"]) for row in rows if row["fault"] == "late"}
        records, frames, before = [0, 0], defaultdict(set), {}
        for line in run("run", "--quiet", "--sink", "stdout", "--format", "csv", "--workers", "3", *MODEL, *alone, *faults,
                        "--fields", "owner_msisdn,end_ts_ms,emission_ts_ms,node_id,local_sequence_number").split():
            owner, end, emission, node, number = line.split(";")
            partition = int(node.split("-")[-1])
            place, records[partition] = (partition, records[partition]), records[partition] + 1
            would = int(end) + late.get(place, 0)
            check(int(number) == place[1], f"outages: record {place} has number {number}")
            check(int(emission) == would + held.get(place, 0), f"outages: {place} is emitted at {emission}")
            check(before.get(partition, 0) <= int(emission), f"outages: {place} is out of order")
            before[partition] = int(emission)
            frames[owner, would // (hours * 3600000)].add(place in held)
            if place in held:
                check(0 < held[place] <= hours * 3600000, f"outages: {place} waits for {held[place]} ms")
                check(int(emission) % (hours * 3600000) == 0, f"outages: {place} comes at {emission}")
        check(all(len(one) == 1 for one in frames.values()), "outages: some records of a frame are held back, others are not")
        share = len(held) / sum(records)
        check(0.1 < share < 0.3, f"outages: {share} of the records are held back")


def prefix(whole):
    faults = flags(*ALL) + ["--duplicate-copies", "3"]
    ends = defaultdict(int)
    model = ["2" if before == "--days" else word for before, word in zip([""] + MODEL, MODEL)]
    longer = list(map(key, truth(*model, *faults)))
    for row in whole:
        ends[row["topic"], row["partition"]] = int(row["offset"])
    check(set(map(key, whole)) <= set(longer), "a longer run does not begin with the same faults")


def independent():
    alone = {kind: truth(*MODEL, *flags(kind)) for kind in ALL}
    small = ids(truth(*MODEL, *flags("outage", share=SHARE / 2)), "outage")
    check(small and small < ids(alone["outage"], "outage"), "outage: those at half the share are not among those at the whole")
    mixed = ids(truth(*MODEL, *flags("outage", "missing", *PAYLOAD)), "outage")
    check(mixed == ids(alone["outage"], "outage") - ids(alone["missing"], "missing"), "outage: other kinds move it")
    together = truth(*MODEL, *flags(*KINDS))
    for kind in KINDS:
        small = ids(truth(*MODEL, *flags(kind, share=SHARE / 2)), kind)
        check(small and small < ids(alone[kind], kind), f"{kind}: those at half the share are not among those at the whole")
        mixed, own = ids(together, kind), ids(alone[kind], kind)
        gone = ids(together, "missing")
        if kind in ("conflict", "late_duplicate"):
            check(mixed == own - gone - {row for other in PAYLOAD for row in ids(together, other)}, f"{kind}: moved")
        elif kind == "swap":
            check(mixed < own, f"{kind}: there are others where some are missing")
        elif kind not in PAYLOAD:
            check(mixed == own - (gone if kind != "missing" else set()), f"{kind}: other kinds move it")
        else:
            taken = {row for other in PAYLOAD[:PAYLOAD.index(kind)] for row in ids(together, other)}
            check(mixed == own - taken - gone, f"{kind}: other kinds than those before it take its records")


def main():
    with tempfile.TemporaryDirectory() as folder:
        base, whole = same_however_made(folder)
        clean_sum(base)
        prefix(whole)
        independent()
        late()
        late_duplicates()
        outages()


if __name__ == "__main__":
    main()
