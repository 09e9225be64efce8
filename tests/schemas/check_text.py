"""check_text.py SCHEMA.avsc TYPE AVRO_FOLDER JSON_FOLDER CSV_FOLDER: the JSON and CSV that a run writes by a schema
hold what fastavro reads from the Avro files of the same run, by the rules of docs/schemas.md.
"""
import base64
import csv
import decimal
import json
import pathlib
import re
import struct
import sys
import uuid

import fastavro
import fastavro.read
from avro_types import collect, lookup

schema_path, kind, avro_folder, json_folder, csv_folder = sys.argv[1:]
schema = json.loads(pathlib.Path(schema_path).read_text(encoding="utf-8"))
fastavro.read.LOGICAL_READERS.clear()  # so that values are what the schema's types physically hold
csv.field_size_limit(1 << 20)
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")


class Number(str):
    """A number as it is written."""


class Text(str):
    """A string."""


def single(number):
    return struct.unpack("<f", struct.pack("<f", float(number)))[0]


def scalar(t, value):
    """The text of a value that is neither a container nor null; None where it is not of the type. Of floats: the
    value itself."""
    base, logical = t["type"], t.get("logicalType")
    if base == "boolean":
        return ("true" if value else "false") if isinstance(value, bool) else None
    if base in ("int", "long"):
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else None
    if base in ("float", "double"):
        return value if isinstance(value, float) else None
    if base == "string" or base == "enum":
        return value if isinstance(value, str) and (base == "string" or value in t["symbols"]) else None
    if not isinstance(value, bytes) or (base == "fixed" and len(value) != t["size"]):
        return None
    if logical == "decimal":
        with decimal.localcontext(decimal.Context(prec=400)):
            number = decimal.Decimal(int.from_bytes(value, "big", signed=True)).scaleb(-t.get("scale", 0))
            return f"{number:f}"
    if logical == "uuid" and base == "fixed":
        return str(uuid.UUID(bytes=value))
    return base64.b64encode(value).decode()


def is_text(t):
    return t["type"] in ("string", "enum") or (t["type"] in ("bytes", "fixed") and t.get("logicalType") != "decimal")


def same_json(t, space, value, found):
    if isinstance(t, list):
        return any(same_json(branch, space, value, found) for branch in t)
    t, space = lookup(t, space)
    if isinstance(t, list):
        return same_json(t, space, value, found)
    base = t["type"]
    if base == "null":
        return value is None and found is None
    if base == "record":
        return (isinstance(value, dict) and isinstance(found, dict) and
                list(found) == [f["name"] for f in t["fields"]] and value.keys() == found.keys() and
                all(same_json(f["type"], space, value[f["name"]], found[f["name"]]) for f in t["fields"]))
    if base == "map":
        return (isinstance(value, dict) and isinstance(found, dict) and list(value) == list(found) and
                all(same_json(t["values"], space, v, found[k]) for k, v in value.items()))
    if base == "array":
        return (isinstance(value, list) and isinstance(found, list) and len(value) == len(found) and
                all(same_json(t["items"], space, v, w) for v, w in zip(value, found)))
    expected = scalar(t, value)
    if expected is None:
        return False
    if base in ("float", "double"):
        if not isinstance(found, Number):
            return False
        return (single(found) if base == "float" else float(found)) == expected
    if base == "boolean":
        return found is (expected == "true")
    return isinstance(found, Text if is_text(t) else Number) and str(found) == expected


def texts(value):
    """Strings become Text, so that numbers, which are read as str, are told from them."""
    if isinstance(value, dict):
        return {key: texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [texts(item) for item in value]
    return Text(value) if isinstance(value, str) and not isinstance(value, Number) else value


def pairs(items):
    if len({key for key, _ in items}) != len(items):
        raise SystemExit(f"{schema_path}: an object has a key twice")
    return dict(items)


def read_json(text):
    return texts(json.loads(text, object_pairs_hook=pairs, parse_int=Number, parse_float=Number))


def columns(t, space, value, path):
    """(name, type, namespace, value) of each column."""
    if isinstance(t, list):
        for branch in t:
            definition, inside = lookup(branch, space)
            if definition["type"] == "record" and isinstance(value, dict) and \
                    value.keys() == {f["name"] for f in definition["fields"]}:
                return columns(branch, space, value, path)
    else:
        definition, inside = lookup(t, space)
        if not isinstance(definition, list) and definition["type"] == "record":
            return [column for f in definition["fields"]
                    for column in columns(f["type"], inside, value[f["name"]], path + [f["name"]])]
    return [("_".join(path), t, space, value)]


def same_cell(t, space, value, found):
    if isinstance(t, list):
        return any(same_cell(branch, space, value, found) for branch in t)
    t, space = lookup(t, space)
    if isinstance(t, list):
        return same_cell(t, space, value, found)
    if t["type"] == "null":
        return value is None and found == ""
    if t["type"] in ("record", "map", "array"):
        return found != "" and same_json(t, space, value, read_json(found))
    expected = scalar(t, value)
    if expected is None:
        return False
    if t["type"] in ("float", "double"):
        if not NUMBER.fullmatch(found):
            return False
        return (single(found) if t["type"] == "float" else float(found)) == expected
    return found == expected


collect(schema, "")
compared = 0
for path in sorted(pathlib.Path(avro_folder, f"cdr.{kind}").rglob("*.avro")):
    json_path = pathlib.Path(json_folder, path.relative_to(avro_folder)).with_suffix(".json")
    csv_path = pathlib.Path(csv_folder, path.relative_to(avro_folder)).with_suffix(".csv")
    with open(path, "rb") as avro_file:
        records = list(fastavro.reader(avro_file))
    lines = json_path.read_text(encoding="utf-8").split("\n")
    with open(csv_path, newline="", encoding="utf-8") as csv_file:
        rows = list(csv.reader(csv_file, delimiter=";", strict=True))
    if lines.pop() != "" or len(lines) != len(records) or len(rows) != len(records) + 1:
        raise SystemExit(f"{path}: {len(records)} records, {len(lines)} of JSON, {len(rows) - 1} of CSV")
    for i, record in enumerate(records):
        if not same_json(schema, "", record, read_json(lines[i])):
            raise SystemExit(f"{json_path}: record {i}: {lines[i]}, not {record}")
        cells = columns(schema, "", record, [])
        if rows[0] != [name for name, *_ in cells] or len(rows[i + 1]) != len(cells):
            raise SystemExit(f"{csv_path}: record {i}: the columns {rows[0]}, not {[c[0] for c in cells]}")
        for (name, t, space, value), cell in zip(cells, rows[i + 1]):
            if not same_cell(t, space, value, cell):
                raise SystemExit(f"{csv_path}: record {i}: {name} is {cell!r}, not {value!r}")
        compared += 1
if compared < 100:
    raise SystemExit(f"{schema_path}: only {compared} records were compared")
