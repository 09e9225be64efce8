"""Referee of `cdrgen expect`: DuckDB, from the SQL that `--sql duckdb` prints, over the files of a run.

    answers.py CDRGEN QUERY… -- FLAGS…      each query over one folder; FLAGS say what is in it
    answers.py CDRGEN --random N SEED -- FLAGS…  N random queries instead
    answers.py CDRGEN --details …  the records have fields beside the 22; of random queries more is asked, too
    answers.py CDRGEN --enriched -- FLAGS…  joins with the table of subscribers
    answers.py CDRGEN --details --late-query -- FLAGS…  which records are late
    answers.py CDRGEN --sessions N SEED -- FLAGS…  the same with session windows
    answers.py CDRGEN --late-sessions -- FLAGS…  what late records of sessions may be left out
    answers.py CDRGEN --mistakes -- FLAGS…  mistakes are made on purpose, and `judge` must name each
    answers.py CDRGEN --late -- FLAGS…  what may be left out of late records, and what `judge` makes of it
    answers.py CDRGEN --one-record -- FLAGS…  `judge` must name a record that is lost, or counted twice

A query's rows must be those of DuckDB, every column but `open`, which is checked against the greatest times in the files.
Of records that are there twice DuckDB takes one, and none of empty lines: so that the flags may ask for such faults.
"""

import csv
import datetime
import io
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import duckdb

TYPES = ("call", "sms", "data")
USUAL = ("event_type", "msisdn_src", "msisdn_dst", "direction", "start_ts_ms", "end_ts_ms", "tz_name", "tz_offset_min",
         "duration_sec", "mccmnc", "imsi", "imei", "cell_id", "record_type", "cause_for_record_closing", "sms_segments",
         "sms_status", "data_bytes_in", "data_bytes_out", "data_duration_sec", "apn", "rat")  # fmt: skip
COUNTED = ("start_ts_ms", "end_ts_ms", "tz_offset_min", "duration_sec", "cell_id", "sms_segments", "data_bytes_in",
           "data_bytes_out", "data_duration_sec")  # fmt: skip


def fail(text):
    sys.exit(f"FAILED: {text[:2000]}")


def cdrgen(*arguments):
    done = subprocess.run([CDRGEN, *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        fail(f"{' '.join(arguments)}: status {done.returncode}: {done.stderr}")
    return done.stdout


def rows_of(text):
    reader = csv.reader(io.StringIO(text))
    header = next(reader)
    return header, [tuple(row) for row in reader]


def text_of(value):
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def newest(folder, types, time):
    """The least of the logs' greatest times: a window that ends later is open."""
    column = f"{time}_ts_ms"
    files = ", ".join(f"'{folder}/cdr.{kind}/**/*.csv'" for kind in types)
    return duckdb.sql(
        f"""SELECT min(last) FROM (SELECT max(CAST({column} AS BIGINT)) AS last FROM
        read_csv([{files}], delim = ';', header = true, all_varchar = true, filename = true, hive_partitioning = false)
        GROUP BY event_type, regexp_extract(filename, 'part-([0-9]+)', 1))"""
    ).fetchall()[0][0]


def sql_of(query, folder, flags, everything=False):
    """The query as DuckDB's SQL, which takes one of lines that are there twice; everything: it may name any of the 22 fields."""
    sql = cdrgen("expect", query, *flags, "--sql", "duckdb", "--out", folder)
    casts = ", ".join(f"CAST({name} AS BIGINT) AS {name}" for name in COUNTED)
    wanted = f"SELECT * REPLACE ({casts})" if everything else r"SELECT \1"
    changed = re.sub(r"SELECT (.*)\n  FROM (read_csv\(.*\))\n", wanted + r"\n  FROM (SELECT DISTINCT * FROM \2)\n", sql, count=1)
    if changed == sql:
        fail(f"{query}: no files are read in {sql}")
    return changed


def check(query, folder, flags):
    header, found = rows_of(cdrgen("expect", query, *flags))
    connection = duckdb.connect()
    answer = connection.sql(sql_of(query, folder, flags))
    if header != [*answer.columns, "open"]:
        fail(f"{query}: columns {header}, not {answer.columns}")
    wanted = sorted(tuple(map(text_of, row)) for row in answer.fetchall())
    check_order(query, found)
    without_open = sorted(row[:-1] for row in found)
    if wanted != without_open:
        differing = sorted(set(wanted) ^ set(without_open))
        fail(f"{query}: {len(found)} rows, {len(wanted)} by DuckDB, {len(differing)} differ: {differing[:6]}")
    check_open(query, folder, found)
    in_json = [json.loads(line) for line in cdrgen("expect", query, *flags, "--json").splitlines()]
    if [tuple(map(text_of, row.values())) for row in in_json] != found or any(list(row) != header for row in in_json):
        fail(f"{query}: --json has other rows")
    judge_right(query, answer.columns, wanted, flags)
    return len(found), sum(row[-1] == "1" for row in found)


def about(query):
    path = pathlib.Path(query)
    return json.loads((path if path.exists() else pathlib.Path(__file__).parent / f"../../queries/{query}.json").read_text())


def check_order(query, found):
    """Windows come in order; sessions by their ends."""
    ends = isinstance(about(query).get("window"), dict) and "session" in about(query)["window"]
    times = [int(row[1 if ends else 0]) for row in found]
    if times != sorted(times):
        fail(f"{query}: windows do not come in order")


def judge(query, columns, rows, flags):
    """Status, and the report, of rows that somebody put out."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([columns, *rows])
    done = subprocess.run([CDRGEN, "judge", query, *flags, "--json"], capture_output=True, text=True, input=text.getvalue())
    if done.returncode not in (0, 1, 2) or not done.stdout:
        fail(f"judge {query}: status {done.returncode}: {done.stderr}")
    return done.returncode, json.loads(done.stdout)


def judge_right(query, columns, rows, flags):
    status, report = judge(query, columns, rows, flags)
    if status != (0 if rows else 2) or report["result"] != ("right" if rows else "cannot tell"):
        fail(f"{query}: DuckDB's rows are judged: status {status}, {report}")


# What is done wrong: a query, what of its SQL is replaced by what, and the words of the judge.
MISTAKES = (
    ("cell_load", "end_ts_ms // ", "start_ts_ms // ", "the start of a record was taken for its time"),
    ("fanout", "start_ts_ms // ", "end_ts_ms // ", "the end of a record was taken for its time"),
    ("cell_load", "cause_for_record_closing IN", "'normalRelease' IN", "the condition on cause_for_record_closing was left out"),
    ("cell_load", "direction IN", "'MO' IN", "the condition on direction was left out"),
    ("cell_load", "WHERE direction", "WHERE true OR direction", "all conditions were left out"),
    ("usage", "end_ts_ms // ", "(end_ts_ms + 60000 * tz_offset_min) // ", "windows are those of the local clock, not of UTC"),
    ("usage", "end_ts_ms // ", "(end_ts_ms - 60000 * tz_offset_min) // ", "times were taken for local ones and turned into UTC again"),
    ("daily_top", "'Europe/Amsterdam'", "'UTC'", "days are those of UTC, not local ones"),
    ("outcomes", "SELECT DISTINCT * FROM", "SELECT * FROM", "records that are there twice were counted twice"),
    ("hot_cells", ", 'FOLDER/cdr.sms/**/*.csv*'", "", "the records of sms were left out"),
    ("usage", "**/*.csv*", "**/part-000[0-24-9]-*.csv*", "partition 3 of the data topic was not read"),
)  # fmt: skip
# Windows (start, end] are told where a record ends at one's edge, which is rare: those of a second have one in a thousand.
SECONDS = {"from": "data", "window": {"tumble": "1s"}, "by": "cell_id", "select": {"n": "count"}}


def check_mistakes(folder, work, flags):
    seconds = f"{work}/seconds.json"
    pathlib.Path(seconds).write_text(json.dumps(SECONDS))
    edges = ((seconds, "end_ts_ms // ", "(end_ts_ms - 1) // ", "windows hold their end, not their start"),)
    for query, old, new, words in MISTAKES + edges:
        sql = sql_of(query, folder, flags, everything=True)
        old, new = old.replace("FOLDER", folder), new.replace("FOLDER", folder)
        if old not in sql:
            fail(f"{query}: there is no {old} in {sql}")
        answer = duckdb.connect().sql(sql.replace(old, new))
        status, report = judge(query, answer.columns, answer.fetchall(), flags)
        print(f"{query}, {words}: {report['why']}, {report['explained']} of "
              f"{report['wrong'] + report['missing'] + report['unexpected']}")  # fmt: skip
        if status != 1 or report["why"] != words:
            fail(f"{query}: {words}, but status {status}, {report}")


def check_open(query, folder, found):
    what = about(query)
    types = [what["from"]] if isinstance(what["from"], str) else what["from"]
    last = newest(folder, types, what.get("time", "end"))
    for row in found:
        windowed = what.get("window", "none") != "none"
        if (row[-1] == "1") != (windowed and int(row[1]) > last):
            fail(f"{query}: {row} is open or not, but the logs end at {last}")


HOPPING = {"from": "data", "window": {"hop": ["10m", "1m"]}, "by": "cell_id",
           "select": {"sessions": "count", "bytes": "sum(data_bytes_total)"}}  # fmt: skip


def check_one_record(folder, work, flags):
    """A record is lost before the job, or comes twice: it is named by its place in its log."""
    query = f"{work}/hopping.json"
    pathlib.Path(query).write_text(json.dumps(HOPPING))
    parts = sorted(pathlib.Path(folder, "cdr.data").glob("*/part-0002-*.csv"))
    before = len(parts[0].read_text().splitlines()) - 1
    lines = parts[1].read_text().splitlines(keepends=True)
    at = len(lines) // 2
    for what, changed in (("lost", lines[:at] + lines[at + 1:]), ("counted_twice", lines[:at] + lines[at:at + 1] + lines[at:])):
        parts[1].write_text("".join(changed))
        answer = duckdb.connect().sql(cdrgen("expect", query, *flags, "--sql", "duckdb", "--out", folder))
        rows = answer.fetchall()
        status, report = judge(query, answer.columns, rows, [*flags, "--show", "1000"])
        named = {(each["topic"], each["partition"], each["offset"])
                 for each in (finding.get(what) for finding in report["findings"]) if each}  # fmt: skip
        print(f"one record of {len(rows)} rows {what}: {len(report['findings'])} rows are not right, {named}")
        if status != 1 or len(report["findings"]) != 10 or named != {("cdr.data", 2, before + at - 1)}:
            fail(f"{what}: status {status}, {named}, not offset {before + at - 1}: {report}")
    parts[1].write_text("".join(lines))


def late_rows(folder, allowed_ms):
    """Of cell_load: what a job has that drops a record once its window's end and the allowance have passed by the records of
    its partition that fulfil the conditions, in the order of the log."""
    rows = {}
    for partition in sorted({path.name.split("-")[1] for path in pathlib.Path(folder, "cdr.call").glob("*/part-*")}):
        reached = 0
        for path in sorted(pathlib.Path(folder, "cdr.call").glob(f"*/part-{partition}-*.csv")):
            for record in csv.DictReader(path.open(), delimiter=";"):
                if record["direction"] != "MO" or record["cause_for_record_closing"] not in ("normalRelease", "abnormalRelease"):
                    continue
                time = int(record["end_ts_ms"])
                reached = max(reached, time)
                start = time - time % 300000
                if start + 300000 + allowed_ms > reached:
                    row = rows.setdefault((start, start + 300000, record["cell_id"]), [0, 0])
                    row[0] += 1
                    row[1] += int(record["duration_sec"])
    return rows


def check_late(folder, flags):
    header, found = rows_of(cdrgen("expect", "cell_load", *flags, "--late", "streams:2m"))
    names = ["window_start", "window_end", "cell_id", "calls", "seconds", "calls_must", "seconds_must", "late", "open"]
    wanted = late_rows(folder, 120000)
    must = {(int(row[0]), int(row[1]), row[2]): [int(row[5]), int(row[6])] for row in found if int(row[5]) > 0}
    late = sum(int(row[7]) for row in found)
    complete = sum(int(row[3]) for row in found)
    if header != names or must != wanted or late != complete - sum(row[0] for row in must.values()) or late < 20:
        fail(f"late records: {header}, {len(must)} rows, not {len(wanted)}; {late} late, {set(must) ^ set(wanted)}")
    dropping = [(*key, *values) for key, values in sorted(wanted.items())]
    some = [list(row) for row in dropping]  # a watermark that lags lets some late records in
    for name, arguments, status, why in (
        ("with the rule", ["--late", "streams:2m"], 0, None),
        ("with a stricter rule", ["--late", "flink:1m"], 0, None),
        ("without a rule", [], 1, "records more than 2m late were dropped"),
        ("with a rule that allows for more", ["--late", "streams:1h"], 1, "records more than 2m late were dropped"),
    ):
        said, report = judge("cell_load", header[:5], dropping, [*flags, *arguments])
        print(f"{late} late records dropped, judged {name}: {report['result']}, {report['why']}")
        if said != status or report["why"] != why:
            fail(f"{name}: status {said}, {report}")
    for row in found:
        if int(row[7]) > 0 and int(row[5]) > 0:
            some.append([int(row[0]), int(row[1]), row[2], int(row[3]), int(row[4])])
    said, report = judge("cell_load", header[:5], some, [*flags, "--late", "streams:2m", "--fold", "upsert"])
    if said != 0:
        fail(f"some late records let in: status {said}, {report}")


BREAKS = {"from": "data", "window": {"session": "10m"}, "by": "cell_id",
          "select": {"sessions": "count", "bytes": "sum(data_bytes_total)", "users": "distinct(msisdn_src)"}}  # fmt: skip


def check_late_sessions(folder, work, flags):
    """Of each session, what its records give that are not late by their own time, their gap and what is allowed."""
    query, gap_ms, allowed_ms = f"{work}/breaks.json", 600000, 120000
    pathlib.Path(query).write_text(json.dumps(BREAKS))
    on_time = {}
    for partition in sorted({path.name.split("-")[1] for path in pathlib.Path(folder, "cdr.data").glob("*/part-*")}):
        reached = 0
        for path in sorted(pathlib.Path(folder, "cdr.data").glob(f"*/part-{partition}-*.csv")):
            for record in csv.DictReader(path.open(), delimiter=";"):
                time = int(record["end_ts_ms"])
                reached = max(reached, time)
                if time + gap_ms + allowed_ms > reached:
                    on_time.setdefault(record["cell_id"], []).append(
                        (time, int(record["data_bytes_in"]) + int(record["data_bytes_out"]), record["msisdn_src"]))
    header, found = rows_of(cdrgen("expect", query, *flags, "--late", "streams:2m"))
    late = 0
    for row in found:
        values = dict(zip(header, row))
        records = [each for each in on_time.get(values["cell_id"], [])
                   if int(values["window_start"]) <= each[0] <= int(values["window_end"]) - gap_ms]
        late += int(values["late"])
        wanted = (len(records), sum(each[1] for each in records), len({each[2] for each in records}))
        named = tuple(int(values[name]) for name in ("sessions_must", "bytes_must", "users_must"))
        if named != wanted or int(values["sessions"]) - wanted[0] != int(values["late"]):
            fail(f"late records of sessions: {values}, not {wanted}")
    print(f"sessions: {late} records of {len(found)} may be left out")
    if late < 20 or sum(map(len, on_time.values())) + late != sum(int(row[3]) for row in found):
        fail(f"{late} late records, {sum(map(len, on_time.values()))} others")


def check_late_query(folder, flags):
    """Each record that comes when its window of five minutes and what is allowed have passed in its log."""
    header, found = rows_of(cdrgen("expect", "late", *flags, "--late", "streams:2m"))
    wanted = set()
    for kind in TYPES:
        for partition in sorted({path.name.split("-")[1] for path in pathlib.Path(folder, f"cdr.{kind}").glob("*/part-*")}):
            reached = 0
            for path in sorted(pathlib.Path(folder, f"cdr.{kind}").glob(f"*/part-{partition}-*.csv")):
                for record in csv.DictReader(path.open(), delimiter=";"):
                    time = int(record["end_ts_ms"])
                    reached = max(reached, time)
                    if time - time % 300000 + 420000 <= reached:
                        wanted.add((time - time % 300000, record["record_id"]))
    print(f"late: {len(found)} records")
    if {(int(row[0]), row[2]) for row in found} != wanted or len(wanted) < 20:
        fail(f"late: {len(found)} records, not {len(wanted)}")


def check_enriched(folder, work, flags):
    """DuckDB joins with the tables of subscribers of each day, as of three times."""
    first, days = flags[flags.index("--start") + 1], int(flags[flags.index("--days") + 1])
    connection = duckdb.connect()
    connection.sql("CREATE TABLE subscriber (day INTEGER, msisdn VARCHAR, imsi VARCHAR, imei VARCHAR, mccmnc VARCHAR, "
                   "home_cell_id VARCHAR, contacts VARCHAR)")  # fmt: skip
    for day in range(days):
        start = (datetime.date.fromisoformat(first) + datetime.timedelta(days=day)).isoformat()
        table = cdrgen("subscribers", *[start if flag == first else flag for flag in flags])
        for row in csv.DictReader(io.StringIO(table)):
            if row["imsi"]:
                connection.execute("INSERT INTO subscriber VALUES (?, ?, ?, ?, ?, ?, ?)", [day, *(row[name] for name in (
                    "msisdn", "imsi", "imei", "mccmnc", "home_cell_id", "contacts"))])  # fmt: skip
    local = f"date_diff('day', DATE '{first}', CAST(timezone('Europe/Amsterdam', make_timestamptz(CAST(%s AS BIGINT) * 1000)) AS DATE))"
    for join, day in (("start", local % "start_ts_ms"), ("end", local % "end_ts_ms"), ("latest", str(days - 1))):
        for names in (("imei", "home_cell_id"), ("tac", "mccmnc"), ("imsi", "contacts")):
            query = f"{work}/enriched.json"
            pathlib.Path(query).write_text(json.dumps({
                "from": ["call", "sms", "data"], "join": {"subscriber": join}, "by": [f"subscriber_{name}" for name in names],
                "where": {"subscriber_contacts": {"from": 2}} if join == "end" else {},
                "select": {"n": "count", "seconds": "sum(duration_sec)", "homes": "distinct(subscriber_home_cell_id)"}}))  # fmt: skip
            columns = ", ".join("substr(imei, 1, 8)" if name == "tac" else name for name in names).replace("imei", "s.imei")
            columns = columns.replace("imsi", "s.imsi").replace("mccmnc", "s.mccmnc")
            wanted = connection.sql(f"""
                SELECT 0, 0, {columns}, count(*), sum(CAST(duration_sec AS BIGINT)), count(DISTINCT home_cell_id), 0
                FROM (SELECT DISTINCT *, CASE direction WHEN 'MT' THEN msisdn_dst ELSE msisdn_src END AS owner FROM
                    read_csv('{folder}/cdr.*/**/*.csv', delim = ';', header = true, nullstr = '', all_varchar = true)) r
                LEFT JOIN subscriber s ON s.msisdn = r.owner AND s.day = {day}
                WHERE {"CAST(contacts AS BIGINT) >= 2" if join == "end" else "true"}
                GROUP BY 1, 2, 3, 4""").fetchall()
            found = rows_of(cdrgen("expect", query, *flags))[1]
            print(f"joined as of {join} by {' and '.join(names)}: {len(found)} rows, {sum(row[2] == '' for row in found)} without a row")
            if sorted(tuple(map(text_of, row)) for row in wanted) != sorted(found) or len(found) < 2:
                fail(f"joined as of {join} by {names}: {found[:3]}, not {sorted(wanted, key=str)[:3]}")


FIELDS = {  # of all types; then of each
    "all": ["direction", "cell_id", "msisdn_src", "owner_msisdn", "mccmnc", "mcc", "mnc", "imsi", "imei_tac",
            "cause_for_record_closing", "record_type", "event_type", "duration_sec", "start_ts_sec", "is_mo", "tz_offset_min"],
    "call": ["msisdn_dst", "other_msisdn", "is_mt", "duration_ms"],
    "sms": ["sms_segments", "sms_status", "msisdn_dst"],
    "data": ["apn", "rat", "data_bytes_in", "data_bytes_out", "data_bytes_total", "data_duration_sec"],
}  # fmt: skip
MORE = {  # with --fields
    "all": ["label", "record_id", "record_type_number", "cause_number", "role_of_node", "rat_type", "cell_global_id", "imeisv",
            "node_id", "emission_ts_ms", "delay_ms"],
    "call": ["call_id", "answer_ts_ms", "ring_sec", "charge_sec", "call_duration", "q850_cause", "ims_cause"],
    "sms": ["message_id", "sms_result"],
    "data": ["session_id", "charging_id", "record_sequence_number", "rating_group", "qci"],
}  # fmt: skip
MORE_NUMBERS = {"record_type_number", "cause_number", "role_of_node", "rat_type", "emission_ts_ms", "delay_ms", "answer_ts_ms",
                "ring_sec", "charge_sec", "call_duration", "q850_cause", "ims_cause", "sms_result", "charging_id",
                "record_sequence_number", "rating_group", "qci"}  # fmt: skip
NUMBERS = {"cell_id", "duration_sec", "start_ts_sec", "tz_offset_min", "duration_ms", "sms_segments", "data_bytes_in",
           "data_bytes_out", "data_bytes_total", "data_duration_sec"}  # fmt: skip
WINDOWS = ["none", "day", {"session": "30m"}, {"session": "7m"}, {"session": "6h"}, {"tumble": "5m"}, {"tumble": "1h"}, {"tumble": "7m"}, {"hop": ["10m", "1m"]}, {"hop": ["1h", "20m"]}]
VALUES = {"direction": ["MO", "MT"], "is_mo": [True, False], "apn": ["internet", "ims", "mms"], "rat": ["LTE", "NR"],
          "sms_status": ["DELIVERED", "FAILED"], "cause_for_record_closing": ["normalRelease", "noAnswer"],
          "rat_type": [1, 6, 51], "q850_cause": [16, 17, 19], "sms_result": [27, 38], "node_id": ["cdf-call-0", "cdf-sms-3", "cdf-data-1"]}  # fmt: skip


def random_query(draw, sessions, more):
    types = draw.sample(TYPES, draw.choice([1, 1, 1, 2, 3]))
    fields = FIELDS["all"] + (FIELDS[types[0]] if len(types) == 1 else [])
    numbers = NUMBERS | MORE_NUMBERS if more else NUMBERS
    if more:
        fields = draw.sample(fields, 3) + MORE["all"] + (MORE[types[0]] if len(types) == 1 else [])
    by = draw.sample(fields, draw.randrange(4))
    select = {}
    for number in range(draw.randrange(1, 5)):
        function = draw.choice(["count", "sum", "min", "max", "distinct"])
        field = draw.choice([each for each in fields if function == "distinct" or each in numbers] or ["cell_id"])
        select[f"column_{number}"] = function if function == "count" else f"{function}({field})"
        if more and draw.random() < 0.4:
            select[f"column_{number}"] = {"of": select[f"column_{number}"], "where": {"duration_sec": {"from": draw.randrange(2, 90)}}}
    query = {"from": types, "time": draw.choice(["end", "start"]), "window": draw.choice(WINDOWS), "by": by, "select": select}
    if sessions:
        query["window"] = {"session": draw.choice(["1s", "90s", "10m", "1h", "12h"])}
    where = {}
    known = [each for each in VALUES if each in fields]
    for field in draw.sample(known, min(draw.randrange(3) if len(types) == 1 else 1, len(known))):
        where[field] = draw.sample(VALUES[field], draw.randrange(1, len(VALUES[field])))
    if "data" in types:  # which is always outgoing, and always ends so
        for field in ("direction", "is_mo", "cause_for_record_closing"):
            where.pop(field, None)
    if draw.random() < 0.3:
        where["duration_sec"] = draw.choice([{"from": 5}, {"to": 60}, {"from": 2, "to": 90}])
    if where:
        query["where"] = where
    if more and draw.random() < 0.4:
        query["having"] = {draw.choice(list(select)): draw.choice([{"from": 2}, {"to": 50}, 1])}
    if draw.random() < 0.3 and "session" not in query["window"]:
        query["top"] = {"rows": draw.randrange(1, 20), "of": draw.choice(list(select))}
    return query


def main():
    arguments, flags = sys.argv[2:], []
    if "--" in arguments:
        at = arguments.index("--")
        arguments, flags = arguments[:at], arguments[at + 1:]
    with tempfile.TemporaryDirectory() as work:
        folder = f"{work}/out"
        if arguments[0] == "--details":
            arguments = arguments[1:]
            flags += ["--fields", ",".join(list(USUAL) + [field for fields in MORE.values() for field in fields])]
        cdrgen("run", *flags, "-q", "--out", folder, "--format", "csv")
        if arguments[0] == "--mistakes":
            return check_mistakes(folder, work, flags)
        if arguments[0] == "--late":
            return check_late(folder, flags)
        if arguments[0] == "--one-record":
            return check_one_record(folder, work, flags)
        if arguments[0] == "--late-sessions":
            return check_late_sessions(folder, work, flags)
        if arguments[0] == "--late-query":
            return check_late_query(folder, flags)
        if arguments[0] == "--enriched":
            return check_enriched(folder, work, flags)
        if arguments[0] in ("--random", "--sessions"):
            sessions, more = arguments[0] == "--sessions", "--fields" in flags
            draw, number = random.Random(int(arguments[2])), int(arguments[1])
            arguments = []
            for i in range(number):
                arguments.append(f"{work}/query-{i}.json")
                pathlib.Path(arguments[-1]).write_text(json.dumps(random_query(draw, sessions, more)))
        for query in arguments:
            try:
                rows, still_open = check(query, folder, flags)
            except SystemExit:
                if pathlib.Path(query).exists():
                    print(pathlib.Path(query).read_text())
                raise
            print(f"{pathlib.Path(query).stem}: {rows} rows, {still_open} of which are open")


CDRGEN = sys.argv[1]
main()
