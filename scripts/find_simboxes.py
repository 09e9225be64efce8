"""scripts/find-simboxes: rules that look for SIM boxes, and how well they do."""

import argparse
import json
import pathlib
import sys

import duckdb

# Of a subscriber on a day: calls it made, to how many numbers, calls it got, messages, sessions, cells, and how many SIMs its
# device has had; ever: calls it got, messages and sessions on all days. A subscriber is found where a rule holds on some day.
RULES = {
    "volume": "calls >= 100 AND numbers >= 0.9 * calls",
    "silence": "calls >= 30 AND ever = 0",
    "still": "incoming + messages = 0 AND cells = 1 AND calls + sessions >= 10",
    "device": "sims >= 2",
    "busy": "calls >= 15 AND numbers >= 0.7 * calls",
    "volume and silence": "calls >= 100 AND numbers >= 0.9 * calls AND ever = 0",
}
STRATEGIES = ("naive", "rotating", "mimic")

AGGREGATES = """
CREATE TABLE records AS
SELECT CASE direction WHEN 'MO' THEN msisdn_src ELSE msisdn_dst END AS owner,
       CASE direction WHEN 'MO' THEN msisdn_dst ELSE msisdn_src END AS other,
       (start_ts_ms + tz_offset_min * 60000) // 86400000 AS day, event_type, direction, imsi, imei, cell_id
FROM read_csv($files, delim = ';', header = true, union_by_name = true, types = {
    'msisdn_src': 'VARCHAR', 'msisdn_dst': 'VARCHAR', 'imsi': 'VARCHAR', 'imei': 'VARCHAR', 'event_type': 'VARCHAR',
    'direction': 'VARCHAR', 'start_ts_ms': 'BIGINT', 'tz_offset_min': 'BIGINT', 'cell_id': 'BIGINT'});
CREATE TABLE devices AS SELECT imei, count(DISTINCT imsi) AS sims FROM records GROUP BY imei;
CREATE TABLE days AS
SELECT owner, day, count(*) FILTER (event_type = 'CALL' AND direction = 'MO') AS calls,
       count(DISTINCT other) FILTER (event_type = 'CALL' AND direction = 'MO') AS numbers,
       count(*) FILTER (event_type = 'CALL' AND direction = 'MT') AS incoming,
       count(*) FILTER (event_type = 'SMS') AS messages, count(*) FILTER (event_type = 'DATA') AS sessions,
       count(DISTINCT cell_id) AS cells, max(sims) AS sims
FROM records JOIN devices USING (imei) GROUP BY owner, day;
CREATE TABLE totals AS SELECT owner, sum(incoming + messages + sessions) AS ever FROM days GROUP BY owner;
"""


class BadInput(Exception):
    """Said in one line."""


def load(folder, labels):
    files = [str(path) for path in sorted(pathlib.Path(folder).glob("**/*.csv")) if path.name.startswith("part-")]
    if not files:
        raise BadInput(f"{folder} has no part-*.csv; write it with cdrgen run --sink file --format csv")
    connection = duckdb.connect()
    first, *rest = [statement for statement in AGGREGATES.split(";\n") if statement.strip()]
    connection.execute(first, {"files": files})
    for statement in rest:
        connection.execute(statement)
    connection.execute(
        "CREATE TABLE labels AS SELECT DISTINCT msisdn, label, strategy FROM read_csv($file, header = true, delim = ',',"
        " all_varchar = true, nullstr = '-')",
        {"file": labels},
    )
    return connection


def score(connection, rule):
    """What a rule finds: by label, and by strategy of the SIM boxes."""
    found = connection.execute(
        f"SELECT coalesce(label, 'none'), coalesce(strategy, ''), count(*) FROM (SELECT DISTINCT owner FROM days JOIN totals USING (owner) WHERE {rule})"
        " LEFT JOIN labels ON owner = msisdn GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    present = dict(
        connection.execute(
            "SELECT strategy, count(*) FROM labels WHERE label = 'simbox' AND msisdn IN (SELECT owner FROM days) GROUP BY 1"
        ).fetchall()
    )
    right = {strategy: n for label, strategy, n in found if label == "simbox"}
    wrong = {}
    for label, _, n in found:
        if label != "simbox":
            wrong[label] = wrong.get(label, 0) + n
    all_found = sum(n for *_, n in found)
    return {
        "found": all_found,
        "precision": sum(right.values()) / all_found if all_found else None,
        "recall": {name: right.get(name, 0) / present[name] if present.get(name) else None for name in STRATEGIES},
        "wrong": wrong,
    }


def shown(share):
    return "-" if share is None else f"{share:.3f}"


def main():
    parser = argparse.ArgumentParser(prog="find-simboxes", description=__doc__)
    parser.add_argument("folder", metavar="FOLDER")
    parser.add_argument("labels", metavar="LABELS.csv")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    try:
        connection = load(options.folder, options.labels)
    except (BadInput, duckdb.Error) as problem:
        print(f"find-simboxes: {str(problem).splitlines()[0]}", file=sys.stderr)
        return 2
    scores = {name: score(connection, rule) for name, rule in RULES.items()}
    if options.json:
        print(json.dumps(scores, indent=2))
        return 0
    print("| rule | found | precision | recall: naive | rotating | mimic | found and no SIM box |\n|---|---|---|---|---|---|---|")
    for name, result in scores.items():
        wrong = ", ".join(f"{n} {label}" for label, n in sorted(result["wrong"].items(), key=lambda item: -item[1]))
        recalls = " | ".join(shown(result["recall"][strategy]) for strategy in STRATEGIES)
        print(f"| {name} | {result['found']} | {shown(result['precision'])} | {recalls} | {wrong} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
