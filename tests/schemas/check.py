"""check.py SCHEMA.avsc TYPE CSV_FOLDER AVRO_FOLDER [JAVA_FOLDER]: what fastavro reads must be what the CSV holds; given
JAVA_FOLDER, what Java reads, as tests/java/ReadAvro.java printed it there.

Resolves the schema by itself: what each field must be is worked out here from the schema's JSON, the mapping beside
it (SCHEMA.map.json) and the CSV's row, by the rules of docs/schemas.md.
"""
import csv
import datetime
import decimal
import json
import pathlib
import re
import sys
import uuid

import fastavro

here = pathlib.Path(__file__).resolve().parent
sys.path += [str(here), str(here.parent / "java")]  # whoever runs it, from wherever
import java_records  # noqa: E402
from avro_types import collect, lookup, named  # noqa: E402

schema_path, kind, csv_folder, avro_folder = sys.argv[1:5]
java_folder = sys.argv[5] if len(sys.argv) > 5 else None
text = pathlib.Path(schema_path).read_text(encoding="utf-8")
map_path = pathlib.Path(schema_path.replace(".avsc", ".map.json"))
rules = json.loads(map_path.read_text(encoding="utf-8")).get(kind, {}) if map_path.exists() else {}
EPOCH = datetime.datetime(1970, 1, 1)
lacking, seen_uuids = object(), set()
# 3GPP's number of a symbol, and what some records of a type lack.
CODED = {"record_type": "record_type_number", "cause_for_record_closing": "cause_number", "rat": "rat_type"}
OPTIONAL = {"answer_ts_ms": "CALL", "answer_time": "CALL", "sms_result": "SMS", "record_sequence_number": "DATA"}


def clock(ms, utc):
    return (EPOCH + datetime.timedelta(milliseconds=ms)).isoformat(timespec="milliseconds") + ("Z" if utc else "")


def sources_of(row):
    """Name → (value, kind)."""
    numbers = {"tz_offset_min", "duration_sec", "cell_id", "sms_segments", "data_bytes_in", "data_bytes_out",
               "data_duration_sec", "ring_sec", "charge_sec", "call_duration", "q850_cause", "record_type_number",
               "cause_number", "ims_cause", "role_of_node", "rat_type", "sms_result", "charging_id",
               "record_sequence_number", "rating_group", "qci", "local_sequence_number", "delay_ms"}
    s = {}
    for name, value in row.items():
        if value == "":
            if OPTIONAL.get(name) == row["event_type"]:
                s[name] = (None, "absent")
            continue
        if name in numbers:
            s[name] = (int(value), "number")
        elif name in ("start_ts_ms", "end_ts_ms", "answer_ts_ms", "emission_ts_ms"):
            s[name] = (int(value), "utc")
        elif name == "answer_time":
            s[name] = (int(row["answer_ts_ms"]), "clock-utc")
            assert value == clock(s[name][0], True), value
        elif name in ("msisdn_src", "msisdn_dst", "imsi", "imei", "imeisv", "mccmnc"):
            s[name] = (value, "digits")
        else:
            s[name] = (value, "text")
    mo, shift = row["direction"] == "MO", int(row["tz_offset_min"]) * 60000
    start, end = int(row["start_ts_ms"]), int(row["end_ts_ms"])
    s["owner_msisdn"] = (row["msisdn_src"] if mo else row["msisdn_dst"], "digits")
    if row["msisdn_dst"]:
        s["other_msisdn"] = (row["msisdn_dst"] if mo else row["msisdn_src"], "digits")
    s["mcc"], s["mnc"] = (row["mccmnc"][:3], "digits"), (row["mccmnc"][3:], "digits")
    s["imei_tac"] = (row["imei"][:8], "digits")
    s["event_ts_ms"] = (end, "utc")
    s["start_local_ms"], s["end_local_ms"] = (start + shift, "local"), (end + shift, "local")
    s["start_ts_sec"], s["end_ts_sec"] = (start // 1000, "number"), (end // 1000, "number")
    s["start_time"], s["end_time"] = (start, "clock-utc"), (end, "clock-utc")
    s["start_time_local"], s["end_time_local"] = (start + shift, "clock-local"), (end + shift, "clock-local")
    s["duration_ms"] = (int(row["duration_sec"]) * 1000, "number")
    if row["data_bytes_in"]:
        s["data_bytes_total"] = (int(row["data_bytes_in"]) + int(row["data_bytes_out"]), "number")
    s["is_mo"], s["is_mt"] = (mo, "boolean"), (not mo, "boolean")
    s["record_uuid"] = (None, "uuid")
    s["_shift"] = (shift, "")
    return s


def fold(name):
    return re.sub("[_-]", "", name).lower()


def find(sources, name):
    if name.startswith("_"):
        return None
    if name in sources:
        return name
    for other in sources:
        if not other.startswith("_") and fold(other) == fold(name):
            return other
    return None


def same(actual, expected):
    if isinstance(expected, float):
        return actual == expected or abs(actual - expected) <= abs(expected) * 1e-7
    return actual == expected and type(actual) is type(expected)


def of_time(t, ms, shift, local):
    wall = EPOCH + datetime.timedelta(milliseconds=ms)
    logical = t.get("logicalType")
    if logical in ("timestamp-millis", "timestamp-micros"):
        return wall.replace(tzinfo=datetime.timezone.utc)
    if logical in ("local-timestamp-millis", "local-timestamp-micros"):
        return wall + datetime.timedelta(milliseconds=0 if local else shift)
    if logical == "date":
        return wall.date()
    if logical in ("time-millis", "time-micros"):
        return wall.time()
    return None


def is_numeric(t):
    return t["type"] in ("int", "long", "float", "double") or t.get("logicalType") == "decimal"


def convert(t, name, sources, symbols):
    """What a field of the plain type t must hold; lacking where it cannot hold the source."""
    value, form = sources[name]
    base = t["type"]
    if symbols and str(value) in symbols:
        return symbols[str(value)]
    if form == "uuid":
        return "uuid" if base in ("string", "fixed") else lacking
    if form in ("utc", "local", "clock-utc", "clock-local"):
        if is_numeric(t):
            timed = of_time(t, value, sources["_shift"][0], form.endswith("local"))
            if timed is not None:
                return timed
        elif form.startswith("clock"):
            return clock(value, form == "clock-utc")
    if t.get("logicalType") == "decimal":
        return decimal.Decimal(int(value))
    if form == "boolean":
        return {"boolean": value, "string": str(value).lower()}.get(base, lacking)
    if base in ("int", "long") and name in CODED and not symbols:
        return sources[CODED[name]][0]
    if base in ("int", "long"):
        return int(value) if form != "text" and (base == "long" or int(value) < 1 << 31) else lacking
    if base in ("float", "double"):
        return float(value) if form != "text" else lacking
    if base == "string":
        return str(value)
    if base == "bytes":
        return str(value).encode()
    if base == "fixed":
        return str(value).encode() if len(str(value)) == t["size"] else lacking
    if base == "enum":
        if value in t["symbols"]:
            return value
        return next((s for s in t["symbols"] if fold(s) == fold(value)), lacking)
    return lacking


def constant(t, space, value):
    if isinstance(t, list):
        for branch in t:
            result = constant(branch, space, value)
            if result is not lacking:
                return result
        return lacking
    t, space = lookup(t, space)
    base = t["type"]
    if base == "null":
        return None if value is None else lacking
    if base == "record":
        if not isinstance(value, dict):
            return lacking
        return {f["name"]: constant(f["type"], space, value.get(f["name"], f.get("default"))) for f in t["fields"]}
    if base == "array":
        return [constant(t["items"], space, item) for item in value] if isinstance(value, list) else lacking
    if base == "map":
        return {k: constant(t["values"], space, v) for k, v in value.items()} if isinstance(value, dict) else lacking
    if base in ("bytes", "fixed"):
        if not isinstance(value, str):
            return lacking
        raw = value.encode("latin-1")
        if t.get("logicalType") == "decimal":
            return decimal.Decimal(int.from_bytes(raw, "big", signed=True)).scaleb(-t.get("scale", 0))
        return raw
    kinds = {"boolean": bool, "int": int, "long": int, "float": (int, float), "double": (int, float), "string": str,
             "enum": str}
    if not isinstance(value, kinds[base]) or (isinstance(value, bool) and base != "boolean"):
        return lacking
    return float(value) if base in ("float", "double") else value


def branches(t):
    return t if isinstance(t, list) else [t]


def natural(t, form):
    if form in ("number", "utc", "local"):
        return is_numeric(t)
    if form == "boolean":
        return t["type"] == "boolean"
    if form == "text":
        return t["type"] == "enum"
    return not is_numeric(t)


def from_source(field_type, space, name, sources, symbols=None):
    plain = [lookup(b, space)[0] for b in branches(field_type)]
    plain = [t for t in plain if t["type"] not in ("null", "record", "array", "map")]
    if sources[name][1] == "absent":
        return None if any(lookup(b, space)[0]["type"] == "null" for b in branches(field_type)) else ""
    if sources[name][1] == "text" and name == "tz_name":
        ordered = plain
    else:
        ordered = sorted(plain, key=lambda t: 2 if name in CODED and not symbols and t["type"] in ("int", "long")
                         else not natural(t, sources[name][1]))
    for t in ordered:
        value = convert(t, name, sources, symbols)
        if value is not lacking:
            return value
    raise SystemExit(f"{schema_path}: {name} fits nowhere in {field_type}")


def source_for(field, space, path, sources):
    if all(lookup(b, space)[0]["type"] in ("null", "record", "array", "map") for b in branches(field["type"])):
        return None
    for name in [field["name"], *field.get("aliases", [])]:
        if find(sources, name):
            return find(sources, name)
    for parts in (2, 3):
        if len(path) > 1 and find(sources, "_".join(path[-parts:]).lstrip("_")):
            return find(sources, "_".join(path[-parts:]))
    return None


def worth(t, space, path, sources, around):
    """The record among the branches in which any field has a source."""
    for b in branches(t):
        definition, inside = lookup(b, space)
        if definition["type"] != "record" or id(definition) in around:
            continue
        if any(p.startswith(".".join(path) + ".") for p in rules):
            return definition, inside
        for f in definition["fields"]:
            below = path + [f["name"]]
            if source_for(f, inside, below, sources) or worth(f["type"], inside, below, sources,
                                                              around | {id(definition)}):
                return definition, inside
    return None


def expect_field(field, space, path, sources, around):
    rule, t = rules.get(".".join(path)), field["type"]
    if isinstance(rule, dict) and "const" in rule:
        return constant(t, space, rule["const"])
    if rule is not None:
        name, symbols = (rule, None) if isinstance(rule, str) else (rule["source"], rule["symbols"])
        return from_source(t, space, name, sources, symbols)
    name = source_for(field, space, path, sources)
    if name:
        return from_source(t, space, name, sources)
    record = worth(t, space, path, sources, around)
    if record:
        return expect(*record, path, sources, around)
    if "default" in field:
        return constant(t, space, field["default"])
    if any(lookup(b, space)[0].get("logicalType") == "uuid" for b in branches(t)):
        return "uuid"
    return None


def expect(definition, space, path, sources, around):
    around = around | {id(definition)}
    return {f["name"]: expect_field(f, space, path + [f["name"]], sources, around) for f in definition["fields"]}


def check(actual, expected, where, uuids):
    if isinstance(expected, dict) and isinstance(actual, dict):
        if actual.keys() != expected.keys():
            raise SystemExit(f"{where}: the fields {list(actual)}, not {list(expected)}")
        for key in expected:
            check(actual[key], expected[key], f"{where}.{key}", uuids)
    elif expected == "uuid":
        value = actual if isinstance(actual, uuid.UUID) else uuid.UUID(
            bytes=actual) if isinstance(actual, bytes) else uuid.UUID(actual)
        if value.version not in (8, None) or str(value)[14] != "8" or value.variant != uuid.RFC_4122:
            raise SystemExit(f"{where}: {value} is not a UUID of version 8")
        uuids.add(value)
    elif not same(actual, expected):
        raise SystemExit(f"{where}: {actual!r}, not {expected!r}")


schema = json.loads(text)
named.clear()  # of another schema that this process has checked
collect(schema, "")
top = lookup(schema, "")
compared = 0
for path in sorted(pathlib.Path(avro_folder, f"cdr.{kind}").rglob("*.avro")):
    rows_path = pathlib.Path(csv_folder, path.relative_to(avro_folder)).with_suffix(".csv")
    with open(path, "rb") as avro_file, open(rows_path, newline="", encoding="utf-8") as csv_file:
        reader = fastavro.reader(avro_file)
        if reader.metadata["avro.schema"] != text:
            raise SystemExit(f"{path}: the schema is not the text that was given")
        rows = list(csv.DictReader(csv_file, delimiter=";"))
        records = list(reader) if java_folder is None else java_records.read(
            pathlib.Path(java_folder, path.relative_to(avro_folder)).with_suffix(".jsonl"))
    if len(rows) != len(records):
        raise SystemExit(f"{path}: {len(records)} records, not {len(rows)}")
    for number, (row, record) in enumerate(zip(rows, records)):
        sources, uuids = sources_of(row), set()
        check(record, expect(*top, [], sources, frozenset()), f"{path.name}: record {number}", uuids)
        if len(uuids) > 1 or uuids & seen_uuids:
            raise SystemExit(f"{path}: record {number}: its UUIDs differ, or another record has it")
        seen_uuids |= uuids
        compared += 1
if compared < 100:
    raise SystemExit(f"{schema_path}: only {compared} records were compared")
