#!/bin/bash
# Avro files of every codec hold, field by field, what the CSV files of the same run hold: read with fastavro. And all
# files of a run are the same bytes for any number of workers, and what their checksums say.
set -euo pipefail
python=${CDRGEN_TEST_PYTHON:-}
unset "${!CDRGEN_@}" 2> /dev/null || true
work=$(mktemp -d "${TMPDIR:-/tmp}/cdrgen-avro.XXXXXX")
trap 'rm -rf "$work"' EXIT

fail() { echo "FAILED: $*" >&2; exit 1; }

run()
{
    local out=$1
    shift
    "$CDRGEN" run --sink file --out "$out" --subs 700 --start 2025-01-01 --days 2 --seed 3 --partitions 2 \
        --rotate-bytes 150000 --quiet "$@" > /dev/null
}

run "$work/csv" --format csv
for compress in none gzip zstd; do
    run "$work/$compress" --format avro --compress "$compress" --workers 1
    run "$work/again" --format avro --compress "$compress" --workers 3
    diff -r "$work/$compress" "$work/again" || fail "three workers wrote other files than one ($compress)"
    rm -r "$work/again"
done

if [[ -z $python ]]; then
    echo "CDRGEN_TEST_PYTHON is not set: files were not read with fastavro nor their checksums checked (scripts/test sets it)"
    exit 0
fi
"$python" - "$SOURCE_DIR" "$work" <<'PYTHON'
import csv
import datetime
import json
import pathlib
import sys

import fastavro
import xxhash

source, work = map(pathlib.Path, sys.argv[1:])
codecs = {"none": "null", "gzip": "deflate", "zstd": "zstandard"}
epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def text(value):
    if value is None:
        return ""
    if isinstance(value, datetime.datetime):
        return str((value - epoch) // datetime.timedelta(milliseconds=1))
    return str(value)


def parts(out, topic, partition):
    manifest = json.loads((out / "manifest.json").read_text())
    listed = manifest["topics"][topic]["partitions"][partition]["parts"]
    for part in listed:
        content = (out / part["path"]).read_bytes()
        assert len(content) == part["file_bytes"], part
        assert xxhash.xxh128(content).hexdigest() == part["xxh128"], part
    return [out / part["path"] for part in listed]


checked = 0
for topic in ("cdr.call", "cdr.sms", "cdr.data"):
    schema_file = source / "schemas" / (topic.replace(".", "_") + ".avsc")
    for partition in range(2):
        rows = []
        for path in parts(work / "csv", topic, partition):
            with open(path, newline="") as lines:
                rows += csv.DictReader(lines, delimiter=";")
        for compress, codec in codecs.items():
            position = 0
            for path in parts(work / compress, topic, partition):
                with open(path, "rb") as file:
                    reader = fastavro.reader(file)
                    assert reader.codec == codec, (path, reader.codec)
                    assert json.loads(reader.metadata["avro.schema"]) == json.loads(schema_file.read_text()), path
                    for record in reader:
                        row = rows[position]
                        for name, value in record.items():
                            assert text(value) == row[name], (path, position, name, value, row)
                        assert all(value == "" for name, value in row.items() if name not in record), row
                        position += 1
            assert position == len(rows), (topic, partition, compress, position, len(rows))
            checked += position
assert checked > 3 * 20000, checked
print(f"fastavro read {checked} records, all equal to the CSV")
PYTHON
