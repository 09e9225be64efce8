"""Puts rows of an answer (CSV of `cdrgen expect`, on standard input) into a topic, as jobs do.

    judge_rows.py TOPIC FORM [--twice] [--committed]

FORM: json, a message a row with an object of all columns; streams-json, streams-text, streams-long, streams-number: as Kafka Streams'
windowed aggregates, the key being the field (text; the last one eight bytes) and the window's start as eight bytes, and the value an
object, the first column as text, or as eight bytes; streams-session, with the window's end before its start; avro, avro-plain,
avro-upsert: records, with the frame of a registry or without, and with keys; flink-upsert: objects as keys and values; debezium:
changes, of which each second one is in a payload; spark: a window as an object of texts; risingwave: times with microseconds.

--twice sends partial rows first, each with a count of 0, and of every tenth a tombstone between; so a changelog. --committed sends
wrong rows in a transaction that is aborted, and the right ones in one that is committed.
"""

import csv
import datetime
import json
import os
import struct
import sys
import urllib.request

from confluent_kafka import Producer

topic, form = sys.argv[1:3]
twice, committed = "--twice" in sys.argv, "--committed" in sys.argv
rows = list(csv.DictReader(sys.stdin))
columns = [name for name in rows[0] if name not in ("window_start", "window_end", "open")]
by, select = columns[0], columns[1:]
configuration = {"bootstrap.servers": os.environ["CDRGEN_TEST_BROKERS"]}
producer = Producer(configuration | ({"transactional.id": topic} if committed else {}))


def long_bytes(number):
    """As Avro has them."""
    folded, result = number << 1 if number >= 0 else (-number << 1) - 1, b""
    while folded >= 0x80:
        result, folded = result + bytes([folded & 0x7F | 0x80]), folded >> 7
    return result + bytes([folded])


def record_schema(name, fields):
    return json.dumps({"type": "record", "name": name, "fields": [{"name": each, "type": kind} for each, kind in fields]})


def register(subject, schema):
    request = urllib.request.Request(
        f"{os.environ['CDRGEN_TEST_REGISTRY']}/subjects/{subject}/versions",
        json.dumps({"schema": schema}).encode(), {"Content-Type": "application/vnd.schemaregistry.v1+json"},
    )  # fmt: skip
    return struct.pack(">bi", 0, json.load(urllib.request.urlopen(request))["id"])


KEY_FIELDS = [("windowStart", {"type": "long", "logicalType": "timestamp-micros"}), (by, "string")]
VALUE_FIELDS = [*KEY_FIELDS, *((name, ["null", "long"]) for name in select)]
frames = {"key": b"", "value": b""}
if form in ("avro", "avro-upsert"):
    frames = {what: register(f"{topic}-{what}", record_schema(f"Row{what}", fields))
              for what, fields in (("key", KEY_FIELDS), ("value", VALUE_FIELDS))}  # fmt: skip
if form == "avro-plain":
    print(record_schema("Row", VALUE_FIELDS))


def avro(row, values):
    text = row[by].encode()
    key = long_bytes(1000 * int(row["window_start"])) + long_bytes(len(text)) + text
    value = key + b"".join(b"\x02" + long_bytes(number) for number in values.values())
    return frames["key"] + key if form == "avro-upsert" else None, frames["value"] + value


def iso(milliseconds, end):
    return datetime.datetime.fromtimestamp(int(milliseconds) / 1000, datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S") + end


def streams(row, values):
    window = struct.pack(">q", int(row["window_start"]))
    if form == "streams-session":
        window = struct.pack(">q", int(row["window_end"])) + window
    key = (struct.pack(">q", int(row[by])) if form == "streams-number" else row[by].encode()) + window
    if form in ("streams-json", "streams-session"):
        return key, values
    if form == "streams-number":
        return key, {name.upper(): value for name, value in values.items()}
    return key, str(values[select[0]]) if form == "streams-text" else struct.pack(">q", values[select[0]])


def message(row, wrong):
    values = {name: 0 if wrong else int(row[name]) for name in select}
    whole = {"window_start": int(row["window_start"]), by: row[by], **values}
    if form.startswith("avro"):
        return avro(row, values)
    if form.startswith("streams"):
        return streams(row, values)
    if form == "flink-upsert":
        return json.dumps({"window_start": int(row["window_start"]), by: row[by]}).encode(), whole
    if form == "spark":
        return None, {"window": {"start": iso(row["window_start"], ".000Z").replace(" ", "T"),
                                 "end": iso(row["window_end"], ".000Z").replace(" ", "T")}, by: row[by], **values}  # fmt: skip
    if form == "risingwave":
        times = {"window_start": iso(row["window_start"], ".000000+00:00"), "window_end": iso(row["window_end"], ".000000 UTC")}
        return json.dumps({**times, by: row[by]}).encode(), {**times, by: row[by], **{name: str(value) for name, value in values.items()}}
    if form == "debezium":
        change = {"before": None, "after": whole, "op": "c"}
        return row[by].encode(), change if wrong else {"schema": {}, "payload": change}
    return row[by].encode(), whole


def tombstone(row):
    """What takes a row away that was wrong."""
    if form == "debezium":
        return row[by].encode(), json.dumps({"before": message(row, True)[1]["after"], "after": None, "op": "d"})
    return message(row, False)[0], None


def send(row, wrong=False):
    key, value = message(row, wrong)
    if isinstance(value, dict):
        value = json.dumps(value)
    producer.produce(topic, key=key, value=value, partition=hash(row[by]) % 3)


if committed:
    producer.init_transactions(60)
    producer.begin_transaction()
    for row in rows:
        send(row, wrong=True)
    producer.flush(60)
    producer.abort_transaction(60)
    producer.begin_transaction()
for number, row in enumerate(rows):
    if twice:
        send(row, wrong=True)
    if twice and number % 10 == 0:
        key, value = tombstone(row)
        producer.produce(topic, key=key, value=value, partition=hash(row[by]) % 3)
    send(row)
    producer.poll(0)
producer.flush(60)
if committed:
    producer.commit_transaction(60)
