#!/bin/bash
# Avro for Java reads what cdrgen writes: the files of every schema of tests/schemas hold what the CSV files hold, and are
# the bytes that Java itself writes; byte ranges of files, as Spark reads them; files that end early; messages of a topic,
# by a reader's schema that renamed, widened, left out and added fields. See tests/java/ReadAvro.java.
set -euo pipefail
python=${CDRGEN_TEST_PYTHON:-} jars=${CDRGEN_TEST_AVRO_JARS:-}
unset "${!CDRGEN_@}" 2> /dev/null || true
if [[ -z $python || -z $jars ]]; then
    echo "SKIP: CDRGEN_TEST_PYTHON or CDRGEN_TEST_AVRO_JARS is not set (scripts/test sets them)"
    exit 77
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/cdrgen-java.XXXXXX")
host=
trap '[[ -z $host ]] || kill "$host" 2> /dev/null || true; rm -rf "$work"' EXIT

fail() { echo "FAILED: $*" >&2; exit 1; }

# Words of a task for Java, and of what is to be checked afterwards: arguments of tests/schemas/check.py.
task() { (IFS=$'\t' && echo "$*") >> "$work/tasks"; }
check() { (IFS=$'\t' && echo "$*") >> "$work/checks"; }

run()
{
    local out=$1
    shift
    "$CDRGEN" run --sink file --out "$out" --subs 120 --start 2025-03-30 --days 1 --seed 5 --partitions 2 --quiet \
        --tz Europe/Amsterdam "$@" > /dev/null
}

# records FOLDER TYPE SCHEMA CODEC: a task for each of its files; what Java reads goes to FOLDER.java.
records()
{
    local file out count=0
    while read -r file; do
        out=$1.java/${file#"$1/"}
        mkdir -p "${out%/*}"
        task records "$3" "$4" "$file" "${out%.avro}.jsonl"
        count=$((count + 1))
    done < <(find "$1/cdr.$2" -name '*.avro')
    ((count > 0)) || fail "$1 has no Avro files"
}

# ---- the files of every schema -------------------------------------------------------------------------------------
run "$work/csv" --format csv --fields "$(< "$SOURCE_DIR/tests/schemas/fields.txt")"
count=0
for schema in "$SOURCE_DIR"/tests/schemas/*.avsc "$SOURCE_DIR"/schemas/3gpp/*.avsc; do
    name=$(basename "$schema" .avsc)
    [[ $name != mmtel ]] || name=call_mmtel
    mapping=()
    [[ ! -e ${schema%.avsc}.map.json ]] || mapping=(--mapping "${schema%.avsc}.map.json")
    run "$work/$name" --format avro --schema "${name%%_*}=$schema" "${mapping[@]}"
    task schema "$schema"
    # One has a field with an alias that another field is called by: Java calls that ambiguous.
    [[ $name == call_dotted_name ]] || task readable "$schema"
    records "$work/$name" "${name%%_*}" "$schema" null
    check "$schema" "${name%%_*}" "$work/csv" "$work/$name" "$work/$name.java"
    count=$((count + 1))
done
((count >= 40)) || fail "only $count schemas"

# ---- the built-in schemas, and every codec ---------------------------------------------------------------------------
everything=$SOURCE_DIR/tests/schemas/call_everything.avsc
for codec in none:null gzip:deflate zstd:zstandard; do
    compress=${codec%:*}
    run "$work/$compress" --format avro --compress "$compress"
    for type in call sms data; do
        schema=$SOURCE_DIR/schemas/cdr_$type.avsc
        records "$work/$compress" "$type" "$schema" "${codec#*:}"
        check "$schema" "$type" "$work/csv" "$work/$compress" "$work/$compress.java"
    done
    run "$work/own-$compress" --format avro --compress "$compress" --schema call="$everything"
    records "$work/own-$compress" call "$everything" "${codec#*:}"
    check "$everything" call "$work/csv" "$work/own-$compress" "$work/own-$compress.java"

    # Files of several blocks.
    "$CDRGEN" run --sink file --out "$work/blocks-$compress" --subs 400 --start 2025-01-01 --days 1 --seed 3 --partitions 1 \
        --quiet --format avro --compress "$compress" > /dev/null
    while read -r file; do
        task splits "$file"
        task torn "$file"
    done < <(find "$work/blocks-$compress/cdr.data" -name '*.avro')
done
task refused "$SOURCE_DIR/tests/schemas/refused.jsonl"
for type in call sms data; do
    task schema "$SOURCE_DIR/schemas/cdr_$type.avsc"
    task readable "$SOURCE_DIR/schemas/cdr_$type.avsc"
done

# ---- messages of a topic -----------------------------------------------------------------------------------------------
cat > "$work/reader.avsc" << 'JSON'
{"type": "record", "name": "Usage", "namespace": "reader", "aliases": ["io.cdrgen.CdrData"], "fields": [
  {"name": "caller", "type": "string", "aliases": ["msisdn_src"]},
  {"name": "imsi", "type": "bytes"},
  {"name": "cell_id", "type": "long"},
  {"name": "tz_offset_min", "type": "double"},
  {"name": "end", "type": "double", "aliases": ["end_ts_ms"]},
  {"name": "data_bytes_in", "type": ["null", "float", "string"]},
  {"name": "plan", "type": "string", "default": "prepaid"},
  {"name": "tags", "type": {"type": "map", "values": "int"}, "default": {"a": 1}},
  {"name": "direction", "type": {"type": "enum", "name": "Way", "aliases": ["io.cdrgen.Direction"],
    "symbols": ["IN", "OTHER"], "default": "OTHER"}},
  {"name": "start_ts_ms", "type": {"type": "long", "logicalType": "timestamp-millis"}}]}
JSON

# messages: what a run into topics leaves there, in one file a partition, and the tasks to read it.
messages()
{
    local feed brokers partition
    mkfifo "$work/feed"
    : > "$work/brokers"
    "$BUILD_DIR/tests/mock_host" 2 cdr.call cdr.sms cdr.data < "$work/feed" >> "$work/brokers" 2> "$work/host.err" &
    host=$!
    exec {feed}> "$work/feed"
    for _ in $(seq 200); do
        brokers=$(head -n 1 "$work/brokers")
        [[ -z $brokers ]] || break
        sleep 0.05
    done
    "$CDRGEN" run -b "$brokers" --force --format avro --schema-id data=70000 --subs 120 --start 2025-03-30 --days 1 --seed 5 \
        --partitions 2 --quiet --tz Europe/Amsterdam 2> "$work/errors" || fail "a run into topics: $(cat "$work/errors")"
    for partition in 0 1; do
        kcat -b "$brokers" -X fetch.wait.max.ms=20 -C -q -e -t cdr.data -p $partition -o beginning -f '%R%s' \
            > "$work/messages-$partition"
        task datums 70000 "$SOURCE_DIR/schemas/cdr_data.avsc" "$work/reader.avsc" "$work/messages-$partition" \
            "$work/messages-$partition.jsonl"
    done
    exec {feed}>&-
    wait "$host"
    host=
}

if "$CDRGEN" --version | grep 'without Kafka' > /dev/null; then
    echo "messages are left out: this cdrgen has no Kafka"
else
    messages
fi

java -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -cp "$jars/*" \
    "$SOURCE_DIR/tests/java/ReadAvro.java" < "$work/tasks" || fail "Java does not read it"

# ---- what Java read ------------------------------------------------------------------------------------------------------
"$python" - "$SOURCE_DIR" "$work" << 'PYTHON'
import csv
import pathlib
import runpy
import struct
import sys

source, work = map(pathlib.Path, sys.argv[1:])
sys.path.append(str(source / "tests" / "java"))
import java_records  # noqa: E402

checks = (work / "checks").read_text().splitlines()
for line in checks:
    sys.argv[1:] = line.split("\t")
    runpy.run_path(str(source / "tests" / "schemas" / "check.py"))

compared = 0
messages = sorted(work.glob("messages-*.jsonl"))
for path in messages:
    partition, rows = int(path.stem[-1]), []
    for part in sorted((work / "csv" / "cdr.data").rglob(f"part-{partition:04}-*.csv")):
        with open(part, newline="", encoding="utf-8") as lines:
            rows += csv.DictReader(lines, delimiter=";")
    records = java_records.read(path)
    assert len(rows) == len(records), (partition, len(rows), len(records))
    for number, (row, record) in enumerate(zip(rows, records)):
        start = java_records.moment(int(row["start_ts_ms"]) * 1000, True)
        single = struct.unpack("f", struct.pack("f", int(row["data_bytes_in"])))[0]
        read = struct.unpack("f", struct.pack("f", record.pop("data_bytes_in")))[0]
        assert read == single, (partition, number, read, single)
        expected = {"caller": row["msisdn_src"], "imsi": row["imsi"].encode(), "cell_id": int(row["cell_id"]),
                    "tz_offset_min": float(row["tz_offset_min"]), "end": float(row["end_ts_ms"]), "plan": "prepaid",
                    "tags": {"a": 1}, "direction": "OTHER", "start_ts_ms": start}
        assert record == expected, (partition, number, record, expected)
        compared += 1
assert compared > 500 or not messages, compared
print(f"{len(checks)} datasets and {compared} messages, as Java reads them, are what the CSV files hold")
PYTHON
