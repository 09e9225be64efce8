#!/usr/bin/env python3
"""A dataset is the same for any number of workers, any split in shards and any sink."""
import json
import os
import pathlib

from logs import folder, run, same, topics

# ThreadSanitizer makes all ten times slower, and looks for races: they need threads, not every size and form.
RACES_ONLY = os.environ.get("SANITIZER") == "thread"
WORLD = pathlib.Path(__file__).parent / "world.json"  # special days, outages, crowds

ALL_FIELDS = (pathlib.Path(os.environ["SOURCE_DIR"]) / "tests" / "schemas" / "fields.txt").read_text().strip()
CONFIGURATIONS = [
    "--subs 1 --days 3",
    "--subs 77 --days 2 --partitions 1 --seed 3",
    "--subs 3000 --days 2 --seed 11 --start 2025-03-29",
    "--subs 1500 --days 1 --seed 5 --late-share 0.2 --late-max 6h --partial 60s --trains 0.5 --order start",
    "--subs 2500 --days 3 --seed 13 --leave-prob 0.05 --vacant-days 2 --late-share 0.1",
    "--subs 2000 --days 2 --seed 19 --behaviour fraud,machines,irsf=0.1,sim_swap=0.1,churner=0.3 --leave-prob 0.01",
    f"--subs {20000 if RACES_ONLY else 60000} --days 1 --partitions 3 --seed 9",
    f"--config {WORLD} --subs 2000 --start 2025-03-29 --days 2",
    f"--subs 900 --days 2 --seed 21 --late-share 0.2 --partial 10m --fields {ALL_FIELDS}",
]


# The schema of calls and sessions changes in mid-run; late records, which are of the schema of their time, go to no files.
CHANGES = [
    ("--subs 1200 --days 2 --seed 13 --start 2025-03-29 --schema-change-at 2025-03-30T01:59:59.999", True),
    ("--subs 900 --days 1 --seed 17 --late-share 0.3 --late-max 5h --order start --schema-change-at +13h", False),
]


def next_schemas(out):
    """Flags that name schemas with one field more than the built-in ones."""
    flags = "--format avro"
    for name in ("call", "data"):
        schema = json.loads((pathlib.Path(os.environ["SOURCE_DIR"]) / "schemas" / f"cdr_{name}.avsc").read_text())
        schema["fields"].append({"name": "record_uuid", "type": "string", "default": ""})
        path = pathlib.Path(out) / f"{name}.avsc"
        path.write_text(json.dumps(schema))
        flags += f" --next-schema {name}={path}"
    return flags


def with_workers(flags, wanted):
    for workers in (2, 8) if RACES_ONLY else (1, 2, 3, 5, 8):
        found = topics(run(f"{flags} --sink null --workers {workers}"))
        same(wanted, found, f"{flags} --workers {workers}")


def with_shards(flags, wanted):
    count = 3
    if "--partitions 1 " in flags:
        return
    shards = [topics(run(f"{flags} --sink null --workers 2 --shard {i}/{count}")) for i in range(count)]
    for topic, whole in wanted.items():
        partitions, digest, total, records = {}, 0, 0, 0
        for i, shard in enumerate(shards):
            for p, figures in shard[topic]["partitions"].items():
                if p % count != i:
                    raise SystemExit(f"{flags}: shard {i} has partition {p}")
                partitions[p] = figures
            digest += int(shard[topic]["digest"], 16)
            total += int(shard[topic]["sum"], 16)
            records += shard[topic]["records"]
        same(whole["partitions"], partitions, f"{flags} {topic}: partitions of the shards")
        same((whole["digest"], whole["sum"], whole["records"]),
             (f"{digest % 2**64:016x}", f"{total % 2**64:016x}", records), f"{flags} {topic}: sums over the shards")


def with_sinks(flags, wanted):
    for compress in ("zstd",) if RACES_ONLY else ("none", "gzip", "zstd"):
        with folder() as out:
            same(wanted, topics(run(f"{flags} --sink file --out {out}/o --compress {compress} --rotate-bytes 100k")),
                 f"{flags} in files, {compress}")
    same(wanted, topics(run(f"{flags} --sink null --speed 1000000")), f"{flags} paced")
    brokers = os.environ.get("CDRGEN_TEST_BROKERS")
    if brokers:
        prefix = f"property{os.getpid()}-{abs(hash(flags))}."
        same(wanted, topics(run(f"{flags} -b {brokers} --create-topics --topic-prefix {prefix}")), f"{flags} in Kafka")


def with_formats(flags):
    """The same records whatever the format: counts are equal, Avro to files has the digests of Avro to Kafka."""
    for form in ("csv", "avro", "json"):
        null = topics(run(f"{flags} --sink null --format {form}"))
        with folder() as out:
            same(null, topics(run(f"{flags} --sink file --out {out}/o --format {form}")), f"{flags} {form}")


def main():
    for flags in CONFIGURATIONS:
        wanted = topics(run(f"{flags} --sink null --workers 4"))
        if not any(t["records"] for t in wanted.values()):
            raise SystemExit(f"{flags}: no records")
        with_workers(flags, wanted)
        with_shards(flags, wanted)
        if "0000 " not in flags:
            with_sinks(flags, wanted)
            if not RACES_ONLY:
                with_formats(flags)
        print("same:", flags)
    with folder() as out:
        for flags, into_files in CHANGES:
            changed = f"{flags} {next_schemas(out)}"
            wanted = topics(run(f"{changed} --sink null --workers 4"))
            first = topics(run(f"{flags.rpartition(' --schema-change-at')[0]} --format avro --sink null"))
            if wanted["sms"] != first["sms"] or wanted["call"]["digest"] == first["call"]["digest"]:
                raise SystemExit(f"{flags}: another topic changed than was to")
            with_workers(changed, wanted)
            with_shards(changed, wanted)
            same(wanted, topics(run(f"{changed} --sink null --speed 1000000")), f"{flags} paced")
            if into_files:
                with_sinks(changed, wanted)
            print("same:", flags)


main()
