"""Mutants of the pipeline of pipeline.py: each makes a well-known mistake, and `cdrgen judge` must find and name it.

    mutants.py CDRGEN [DOCUMENT]    prints a line for each; the table's rows must stand in DOCUMENT

Before that, the pipeline without a mistake must be right for each of the queries.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import pipeline

QUERIES = pathlib.Path(__file__).parent / "../../queries"
HOPPING = {"from": "data", "window": {"hop": ["10m", "2m"]}, "by": "cell_id", "select": {"n": "count"}}
DAYS = {"from": "call", "window": "day", "by": "cell_id", "select": {"calls": "count", "seconds": "sum(duration_sec)"}}
SECONDS = {"from": "data", "window": {"tumble": "1s"}, "by": "cell_id", "select": {"n": "count"}}
BYTES = {"from": "data", "window": {"tumble": "6h"}, "by": "rat", "select": {"bytes": "sum(data_bytes_total)"}}

PLAIN = ["--subs", "400", "--days", "2", "--start", "2025-03-29"]
THREE_DAYS = ["--subs", "400", "--days", "3", "--start", "2025-03-29"]
LATE = [*PLAIN, "--late-share", "0.1", "--late-max", "20m"]
# In one log, so that others come between a record and its late copy.
FORGOTTEN = ["--subs", "1500", "--days", "1", "--start", "2025-03-28", "--partitions", "1", "--fault", "late_duplicate=0.05",
             "--fault", "duplicate=0.05"]  # fmt: skip
COPIES = [*PLAIN, "--fault", "duplicate=0.05", "--fault", "conflict=0.05", "--fault", "late_duplicate=0.05"]
LONG = [*PLAIN, "--fault", "oversize=0.03", "--oversize-bytes", "2000"]
# Files know nothing of transactions: the pipeline makes them.
ABORTED = [*PLAIN, "--transactions"]
CHANGED = [*PLAIN, "--next-schema", f"call={pathlib.Path(__file__).parent.resolve()}/../../schemas/cdr_call.avsc",
           "--schema-change-at", "2025-03-30T05:00:00Z"]  # fmt: skip
# What it does wrong; the query; the flags of the dataset; what the pipeline is told; the name of the mistake, and its words.
MUTANTS = (
    ("takes the start of a call for its time", "cell_load", PLAIN, {"time": "start"}, "other_time",
     "the start of a record was taken for its time"),
    ("counts failed attempts", "cell_load", PLAIN, {"without": ["cause_for_record_closing"]}, "condition_left_out",
     "the condition on cause_for_record_closing was left out"),
    ("counts both legs of calls", "cell_load", PLAIN, {"without": ["direction"]}, "condition_left_out",
     "the condition on direction was left out"),
    ("has no conditions", "cell_load", PLAIN, {"without": ["direction", "cause_for_record_closing"]}, "conditions_left_out",
     "all conditions were left out"),
    ("has windows by local clocks", "usage", PLAIN, {"offsets": 1}, "local_time",
     "windows are those of the local clock, not of UTC"),
    ("takes UTC for local time", "usage", PLAIN, {"offsets": -1}, "local_time",
     "times were taken for local ones and turned into UTC again"),
    ("has days of UTC", DAYS, PLAIN, {"days_of_ms": 0}, "days_of_utc", "days are those of UTC, not local ones"),
    ("adds 24 hours to a midnight", DAYS, THREE_DAYS, {"days_of_ms": 3600000}, "days_of_24_hours",
     "days are of 24 hours: where the clock is changed, they begin at another hour"),
    ("has windows (start, end]", SECONDS, PLAIN, {"less": 1}, "end_inclusive", "windows hold their end, not their start"),
    ("puts out a window's end as its start", "cell_load", PLAIN, {"named_by_end": True}, "named_by_end",
     "the end of a window was put out as its start"),
    ("has windows that do not overlap", HOPPING, PLAIN, {"window": {"tumble": "2m"}}, "hop_as_tumble",
     "windows are as long as the step between them"),
    ("drops late records, as Kafka Streams does", "cell_load", LATE, {"late": 120000}, "late_dropped",
     "records more than 2m late were dropped"),
    ("drops late records, as Flink does", "cell_load", LATE, {"late": -1, "all_advance": True},
     "late_dropped", "records more than 0m late were dropped, by a watermark of all records"),
    ("counts late records when they come", "cell_load", LATE, {"arrival": True}, "time_of_arrival",
     "late records were counted in the window that was open when they came"),
    ("does not deduplicate", "cell_load", COPIES, {"duplicates": True}, "copies_counted",
     "records that are there twice were counted twice"),
    ("forgets what it has seen", "cell_load", FORGOTTEN, {"forgets_ms": 1}, "copies_counted",
     "records that come again later were counted again: those that were seen are forgotten"),
    ("deduplicates by the whole record", "cell_load", COPIES, {"conflicts": True}, "copies_counted",
     "records in conflict were counted each"),
    ("counts whatever comes", "cell_load", COPIES, {"duplicates": True, "conflicts": True}, "copies_counted",
     "records that are there twice and those in conflict were counted each"),
    ("takes the last of records in conflict", "cell_load", COPIES, {"replaces": True}, "conflict_replaces",
     "of records in conflict, the later one was counted"),
    ("reads lines that are padded", "cell_load", LONG, {"forgiving": True}, "faulty_counted",
     "records with the fault oversize were counted"),
    ("reads what transactions aborted", "cell_load", ABORTED, {"aborted_every": 5}, "aborted_counted",
     "some records were counted twice, as by a job that reads records of aborted transactions"),
    ("reads records of the first schema only", "cell_load", CHANGED, {"until": 1743310800000}, "second_schema_left_out",
     "records of the schemas that follow the change were not read"),
    ("does not read a topic", "hot_cells", PLAIN, {"types_left": ["sms"]}, "type_left_out", "the records of sms were left out"),
    ("does not read a partition", "usage", PLAIN, {"logs_left": [("data", 3)]}, "partition_left_out",
     "partition 3 of the data topic was not read"),
    ("counts what is there, not what differs", "fanout", PLAIN, {"repeats": True}, "repeats_counted",
     "a value that is there several times was counted each time"),
    ("adds up in 32 bits", BYTES, PLAIN, {"bits": 32}, "sums_of_32_bits", "sums are of 32 bits, and overflow"),
)  # fmt: skip


def fail(words):
    sys.exit(f"FAILED: {words[:6000]}")


class Datasets:
    """Folders of runs, a run for each set of flags."""

    def __init__(self, work):
        self.work, self.folders = work, {}

    def folder(self, flags):
        # CSV is the same by both schemas.
        flags = [flag for flag in flags if flag not in CHANGED[len(PLAIN):] and flag not in ABORTED[len(PLAIN):]]
        name = " ".join(flags)
        if name not in self.folders:
            self.folders[name] = f"{self.work}/{len(self.folders)}"
            subprocess.run([CDRGEN, "run", *flags, "-q", "--out", self.folders[name], "--format", "csv"], check=True)
        return self.folders[name]


def judge(path, flags, output):
    """Without the windows' ends: a job that puts out others than the query's cannot be judged."""
    header, rows = output
    output = [header[0], *header[2:]], [[row[0], *row[2:]] for row in rows]
    done = subprocess.run([CDRGEN, "judge", path, *flags, "--json"], capture_output=True, text=True, input=pipeline.text(*output))
    if done.returncode not in (0, 1) or not done.stdout:
        fail(f"judge {path}: status {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


def check(datasets, work, mutant):
    what, query, flags, told, name, words = mutant
    path = query
    told = dict(told)
    if isinstance(query, str):
        query = json.loads((QUERIES / f"{query}.json").read_text())
    if "window" in told and "hop" not in query["window"]:  # the query's, for right and wrong alike
        query = {**query, "window": told.pop("window")}
    if not isinstance(path, str) or query != json.loads((QUERIES / f"{path}.json").read_text()):
        path = f"{work}/query.json"
        pathlib.Path(path).write_text(json.dumps(query))
    folder = datasets.folder(flags)
    right = judge(path, flags, pipeline.rows(folder, query))
    if right["result"] != "right":
        fail(f"{what}: without the mistake: {right}")
    wrong = judge(path, flags, pipeline.rows(folder, {**query, "window": told.pop("window", query["window"])}, **told))
    faults = wrong["wrong"] + wrong["missing"] + wrong["unexpected"]
    print(f"{what}: {wrong['explained']} of {faults} rows by {name}: {wrong['why']}")
    if wrong["result"] != "wrong" or wrong["mistake"] != name or wrong["why"] != words:
        fail(f"{what}: not {name}, {words}: {wrong}")
    return f"| {what} | `{name}` | {words} |"


def main():
    with tempfile.TemporaryDirectory() as work:
        datasets = Datasets(work)
        table = [check(datasets, work, mutant) for mutant in MUTANTS]
    if len(sys.argv) > 2:
        document = pathlib.Path(sys.argv[2]).read_text().splitlines()
        missing = [row for row in table if row not in document]
        if missing:
            fail(f"{sys.argv[2]} does not have these rows:\n" + "\n".join(missing))


CDRGEN = sys.argv[1]
main()
