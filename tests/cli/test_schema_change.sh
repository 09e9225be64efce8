#!/bin/bash
# A schema that changes in mid-run, in files: each part is of one version, cut where the event times say, the same bytes
# for any number of workers and however often the run was killed; verify tells a record of the wrong version.
set -euo pipefail
python=${CDRGEN_TEST_PYTHON:-}
unset "${!CDRGEN_@}" 2> /dev/null || true
work=$(mktemp -d "${TMPDIR:-$([[ -w /dev/shm ]] && echo /dev/shm || echo /tmp)}/cdrgen-change.XXXXXX")
trap 'rm -rf "$work"' EXIT

fail() { echo "FAILED: $*" >&2; exit 1; }

# refused TEXT COMMAND…: exit status 2, one line that says TEXT, and no folder.
refused()
{
    local text=$1 status=0
    shift
    "$@" > "$work/said" 2> "$work/err" || status=$?
    [[ $status == 2 ]] || fail "status $status, not 2, of: $*: $(cat "$work/err")"
    [[ $(wc -l < "$work/err") == 1 ]] || fail "more than one line of: $*: $(cat "$work/err")"
    grep -Eq -- "$text" "$work/err" || fail "no '$text' from: $*: $(cat "$work/err")"
    [[ ! -e $work/none ]] || fail "a folder of: $*"
}

# extend TYPE FIELD…: the built-in schema with these fields (JSON) at its end.
extend()
{
    local schema
    schema=$(< "$SOURCE_DIR/schemas/cdr_$1.avsc")
    shift
    echo "${schema%]*}, $(IFS=,; echo "$*")]}"
}

owner='{"name": "owner_msisdn", "type": ["null", "string"], "default": null}'
release='{"name": "release", "type": "string", "default": "1"}'
extend call "$owner" "$release" > "$work/call.avsc"
extend data "$owner" > "$work/data.avsc"
echo '{"call": {"release": {"const": "2"}}}' > "$work/next.map.json"
at=2025-03-30T10:15:30
model=(--subs 700 --start 2025-03-29 --days 2 --seed 3 --partitions 2)
to_avro=(--format avro)
next=(--next-schema cdr.call="$work/call.avsc" --next-schema data="$work/data.avsc" --next-mapping "$work/next.map.json")
change=("${next[@]}" --schema-change-at "$at")
flags=(--sink file "${model[@]}" "${to_avro[@]}" "${change[@]}")

run() { "$CDRGEN" run "$@" 2> "$work/err" || fail "run $*: $(cat "$work/err")"; }

# 1. The same files for any number of workers and any way to say when; the digests of no files at all.
run "${flags[@]}" --rotate-bytes 60000 --out "$work/one" --quiet --workers 1 --summary "$work/one.json"
run "${flags[@]}" --rotate-bytes 60000 --out "$work/three" --quiet --workers 3
diff -r "$work/one" "$work/three" || fail "three workers wrote other files than one"
for same in +33h15m30s 2025-03-30T08:15:30Z 2025-03-30T04:15:30.000-0400 "2025-03-30 10:15:30"; do
    [[ $same != +* ]] || same=+$((33 * 3600 + 930))s
    run "${flags[@]}" --schema-change-at "$same" --rotate-bytes 60000 --out "$work/again" --quiet
    diff -r "$work/one" "$work/again" || fail "$same is another time than $at"
    rm -rf "$work/again"
done
run "${flags[@]}" --sink null --quiet --summary "$work/null.json"
run --sink file "${model[@]}" "${to_avro[@]}" --rotate-bytes 60000 --out "$work/first" --quiet --summary "$work/first.json"
digest() { tr -d ' \n' < "$1" | grep -o "\"$2\":{\"type\":\"[A-Z]*\",\"records\":[0-9]*,\"bytes\":[0-9]*,\"digest\":\"[0-9a-f]*\""; }
for topic in cdr.call cdr.sms cdr.data; do
    [[ $(digest "$work/one.json" $topic) == "$(digest "$work/null.json" $topic)" ]] || fail "$topic: files have another digest than none"
done
[[ $(digest "$work/one.json" cdr.sms) == "$(digest "$work/first.json" cdr.sms)" ]] || fail "cdr.sms changed"
[[ $(digest "$work/one.json" cdr.call) != "$(digest "$work/first.json" cdr.call)" ]] || fail "cdr.call did not change"
grep -q '"schema_change_ms": 1743322530000' "$work/one.json" || fail "no schema_change_ms in the summary"
! grep -q schema_change_ms "$work/first.json" "$work/first/manifest.json" || fail "a change where there is none"
# What lies before the change is what a run without it writes.
same=0
while read -r part; do
    cmp -s "$work/first/$part" "$work/one/$part" || fail "$part differs before the change"
    same=$((same + 1))
done < <(cd "$work/first" && find . -path '*=2025-03-29/*')
((same > 10)) || fail "$same parts"

# 2. A killed run goes on; at many moments, so that some lie on either side of the change.
whole=$work/one
killed=0
for round in $(seq 14); do
    rm -rf "$work/out"
    "$CDRGEN" run "${flags[@]}" --rotate-bytes 60000 --speed 130000 --out "$work/out" --quiet 2> "$work/err" &
    pid=$!
    sleep "0.$((30 + RANDOM % 70))"
    ((round % 4 > 0)) || sleep 0.$((10 + RANDOM % 40))
    kill -KILL $pid 2> /dev/null || true
    status=0
    wait $pid 2> /dev/null || status=$?
    ((status != 137)) || killed=$((killed + 1))
    run "${flags[@]}" --rotate-bytes 60000 --out "$work/out" --resume --quiet
    diff -r "$whole" "$work/out" > "$work/diff" || fail "resumed in round $round: $(head -5 "$work/diff")"
done
((killed > 5)) || fail "only $killed of 14 runs were killed"
# Exactly at the change: the manifest of the run's beginning, and no part of the new version, or one.
for keep in 0 1 2; do
    rm -rf "$work/out"
    cp -r "$whole" "$work/out"
    "$CDRGEN" run "${flags[@]}" --rotate-bytes 60000 --out "$work/begun" --speed 1 --quiet 2> /dev/null &
    pid=$!
    for _ in $(seq 100); do
        [[ ! -e $work/begun/manifest.json ]] || break
        sleep 0.05
    done
    cp "$work/begun/manifest.json" "$work/out/manifest.json"
    kill -KILL $pid && wait $pid 2> /dev/null || true
    rm -rf "$work/begun"
    while read -r first; do
        number=$((10#$first + keep))
        find "$work/out/cdr.call" -name 'part-0001-*' |
            while read -r part; do
                name=${part##*-}
                ((10#${name%%.*} < number)) || rm "$part"
            done
    done < <(tr -d '\n' < "$whole/manifest.json" | grep -o '"path": "cdr.call/[^}]*"schema_version": 2' | grep -o 'part-0001-[0-9]*' | head -1 | sed 's/.*-//')
    run "${flags[@]}" --rotate-bytes 60000 --out "$work/out" --resume
    ((keep < 2)) || grep -q ' read through' "$work/err" || fail "nothing was read through: $(cat "$work/err")"
    diff -r "$whole" "$work/out" > "$work/diff" || fail "resumed with $keep new parts: $(head -5 "$work/diff")"
done
# Of the same schemas at another time, or of none, nobody goes on.
refused 'is of a dataset whose schemas change at 1743322530000 ms since 1970, and this run.s at 1743322530001' \
    "$CDRGEN" run "${flags[@]}" --rotate-bytes 60000 --schema-change-at $at.001 --out "$whole" --resume
refused 'is of a dataset whose schemas change, and this run has no --schema-change-at' \
    "$CDRGEN" run --sink file "${model[@]}" "${to_avro[@]}" --rotate-bytes 60000 --out "$whole" --resume
refused 'is of a dataset whose schemas do not change, and this run has --schema-change-at' \
    "$CDRGEN" run "${flags[@]}" --rotate-bytes 60000 --out "$work/first" --resume
diff -r "$whole" "$work/three" || fail "a refusal changed something"
# A day more, on which nothing changes any more, is what a run of three days writes.
run "${flags[@]}" --rotate-bytes 60000 --days 3 --out "$work/out" --resume --quiet
run "${flags[@]}" --rotate-bytes 60000 --days 3 --out "$work/longer" --quiet
diff -r "$work/longer" "$work/out" || fail "a day more"

# 3. verify: the same; and the records of one millisecond, written a millisecond too long by the first schema.
verify() { "$CDRGEN" verify "${model[@]}" "${to_avro[@]}" --sink file "$@" > "$work/said" 2> "$work/err"; }
verify "${change[@]}" --out "$whole" || fail "not the same: $(cat "$work/said" "$work/err")"
grep -q '^same: ' "$work/said" || fail "$(cat "$work/said")"
run --sink file "${model[@]}" --format csv --out "$work/csv" --quiet
moment=$(cat "$work"/csv/cdr.call/*/*.csv | cut -d ';' -f 6 | grep -v end | sort -n | awk '$1 > 1743322530000' | sed -n 40p)
wrong=$(cat "$work"/csv/cdr.call/*/*.csv | cut -d ';' -f 6 | grep -c "^$moment\$")
iso() { date -u -d "@$(($1 / 1000))" "+%Y-%m-%dT%H:%M:%S.$(printf %03d $(($1 % 1000)))Z"; }
run "${flags[@]}" --next-schema data="$SOURCE_DIR/schemas/cdr_data.avsc" --schema-change-at "$(iso $((moment + 1)))" --out "$work/late" --quiet
status=0
verify "${change[@]}" --next-schema data="$SOURCE_DIR/schemas/cdr_data.avsc" --schema-change-at "$(iso "$moment")" --out "$work/late" || status=$?
[[ $status == 1 ]] || fail "verify: status $status: $(cat "$work/said" "$work/err")"
grep -q "^cdrgen: different: $wrong altered\$" "$work/err" || fail "not $wrong altered: $(cat "$work/err")"
grep -q '^      schema: expected the next one, found the first one$' "$work/said" || fail "$(cat "$work/said")"
grep -Eq '^      owner_msisdn: expected [0-9]+, found \(none\)$' "$work/said" || fail "$(cat "$work/said")"
[[ $(grep -c '^      [a-z_]*: expected' "$work/said") == $((3 * wrong)) ]] || fail "more than schema, owner_msisdn and release: $(cat "$work/said")"

# 4. JSON and CSV do not follow schemas; what cannot be is one line.
none=(run --sink file --out "$work/none" "${model[@]}")
refused '--next-schema: it is not said from when on records follow it; pass --schema-change-at TIME' "$CDRGEN" "${none[@]}" "${to_avro[@]}" "${next[@]}"
refused '^cdrgen: --schema-change-at: there is no schema to change to' "$CDRGEN" "${none[@]}" "${to_avro[@]}" --schema-change-at $at
refused '^cdrgen: --next-mapping: it is of the next schemas, and there is none' "$CDRGEN" "${none[@]}" "${to_avro[@]}" --next-mapping "$work/next.map.json"
refused 'next_schema and use_latest: the latest version is one' "$CDRGEN" "${none[@]}" "${to_avro[@]}" "${change[@]}" --use-latest
refused '--schema-change-at: "tomorrow" is not a time' "$CDRGEN" "${none[@]}" "${to_avro[@]}" "${next[@]}" --schema-change-at tomorrow
refused 'schema_change_at and late_share: a file has one schema' "$CDRGEN" "${none[@]}" "${to_avro[@]}" "${change[@]}" --late-share 0.1
refused 'no/such.avsc' "$CDRGEN" "${none[@]}" "${to_avro[@]}" --next-schema sms=no/such.avsc --schema-change-at $at
echo '{"type": "record", "name": "x", "fields": [{"name": "nobody", "type": "int"}]}' > "$work/bad.avsc"
refused "bad.avsc: .*nobody" "$CDRGEN" "${none[@]}" "${to_avro[@]}" --next-schema sms="$work/bad.avsc" --schema-change-at $at
refused "bad.avsc: .*nobody" "$CDRGEN" "${none[@]}" "${to_avro[@]}" --next-schema sms="$work/bad.avsc" --schema-change-at $at --dry-run
refused "bad.avsc: .*nobody" "$CDRGEN" verify "${model[@]}" --sink file --out "$whole" "${to_avro[@]}" --next-schema sms="$work/bad.avsc" --schema-change-at $at

# 5. What is said: the plan, the schemas, a time out of the run's days; and a config file, which gives the same.
run "${flags[@]}" --dry-run > "$work/said"
grep -q "^schema       from event time 2025-03-30T08:15:30.000Z on, cdr.call follows $work/call.avsc, cdr.data follows $work/data.avsc\$" "$work/said" ||
    fail "$(cat "$work/said")"
"$CDRGEN" schema print call "${next[@]}" | cmp - <(cat "$SOURCE_DIR/schemas/cdr_call.avsc" "$work/call.avsc") || fail "schema print"
run "${flags[@]}" --schema-change-at 2025-03-31 --sink null --quiet
grep -q 'warning: schema_change_at: 2025-03-31 is after the run.s last day (--days 2)' "$work/err" || fail "$(cat "$work/err")"
run "${flags[@]}" --schema-change-at +0 --sink null --quiet --summary "$work/second.json"
grep -q 'warning: schema_change_at: +0 is not after the run.s start' "$work/err" || fail "$(cat "$work/err")"
cat > "$work/config.json" <<JSON
{"next_schema": {"cdr.call": "$work/call.avsc", "data": "$work/data.avsc"}, "format": "avro",
 "next_mapping": {"call": {"release": {"const": "2"}}}, "schema_change_at": "$at", "partitions": 2}
JSON
run --config "$work/config.json" --sink null "${model[@]}" --quiet --summary "$work/config.out"
[[ $(digest "$work/one.json" cdr.call) == "$(digest "$work/config.out" cdr.call)" ]] || fail "a config file gives other records"
"$CDRGEN" config --config "$work/config.json" > "$work/printed.json"
run --config "$work/printed.json" --sink null "${model[@]}" --quiet --summary "$work/config.out"
[[ $(digest "$work/one.json" cdr.call) == "$(digest "$work/config.out" cdr.call)" ]] || fail "a printed config gives other records"

# 6. fastavro reads every part: the schema is the version's, times lie where they must, new fields hold what they should.
if [[ -z $python ]]; then
    echo "CDRGEN_TEST_PYTHON is not set: files were not read with fastavro (scripts/test sets it)"
    exit 0
fi
for compress in gzip zstd; do
    run "${flags[@]}" --compress $compress --out "$work/$compress" --quiet
    verify "${change[@]}" --out "$work/$compress" || fail "$compress: not the same: $(cat "$work/said" "$work/err")"
done
"$python" - "$SOURCE_DIR" "$work" <<'PYTHON'
import csv
import datetime
import json
import pathlib
import sys

import fastavro

source, work = map(pathlib.Path, sys.argv[1:])
change_ms = 1743322530000
epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def ms(value):
    return (value - epoch) // datetime.timedelta(milliseconds=1)


def schema(topic, version):
    name = topic.rpartition(".")[2]
    own = work / f"{name}.avsc"
    return json.loads((own if version == 2 else source / "schemas" / f"cdr_{name}.avsc").read_text())


for out in ("one", "gzip", "zstd"):
    manifest = json.loads((work / out / "manifest.json").read_text())
    assert manifest["schema_change_ms"] == change_ms
    for topic, contents in manifest["topics"].items():
        counts = [0, 0]
        for partition in contents["partitions"]:
            rows = []
            for path in sorted((work / "csv" / topic).glob(f"*/part-{partition['partition']:04}-*")):
                with open(path, newline="") as lines:
                    rows += csv.DictReader(lines, delimiter=";")
            position = 0
            for part in partition["parts"]:
                assert ("schema_version" in part) == (topic != "cdr.sms"), part
                version = part.get("schema_version", 1)
                with open(work / out / part["path"], "rb") as file:
                    reader = fastavro.reader(file)
                    assert json.loads(reader.metadata["avro.schema"]) == schema(topic, version), part
                    assert reader.metadata.get("cdrgen.schema_version") == (None if version == 1 else "2")
                    for record in reader:
                        row = rows[position]
                        end = ms(record["end_ts_ms"])
                        assert end == int(row["end_ts_ms"]) and record["imsi"] == row["imsi"], (part, position)
                        assert topic == "cdr.sms" or (end >= change_ms) == (version == 2), (part, position)
                        owner = row["msisdn_src" if row["direction"] == "MO" else "msisdn_dst"]
                        assert record.get("owner_msisdn", owner) == owner, (part, position)
                        assert ("owner_msisdn" in record) == (version == 2)
                        assert record.get("release") == ("2" if version == 2 and topic == "cdr.call" else None)
                        counts[version - 1] += 1
                        position += 1
                # The next version's schema reads the first one's records, as its defaults say.
                if topic != "cdr.sms" and version == 1:
                    with open(work / out / part["path"], "rb") as file:
                        for record in fastavro.reader(file, schema(topic, 2)):
                            assert record["owner_msisdn"] is None and record.get("release", "1") == "1"
            assert position == len(rows) == partition["records"], (topic, position, len(rows))
        assert counts[0] > 1000 and (counts[1] > 1000) == (topic != "cdr.sms"), (topic, counts)
PYTHON

# In CSV, from a list of fields to a schema of one's own, which has none of the list's rules: each header line once a log.
cat > "$work/short.avsc" << 'SCHEMA'
{"type": "record", "name": "Short", "fields": [{"name": "msisdn_src", "type": "string"}, {"name": "duration_sec", "type": "int"}]}
SCHEMA
fields=("${model[@]}" --format csv --fields msisdn_src,imei --next-schema call="$work/short.avsc" --schema-change-at "$at")
run --sink file --out "$work/fields" "${fields[@]}" --quiet
for p in 0000 0001; do
    heads=$(for part in "$work"/fields/cdr.call/*/part-$p-*; do head -n 1 "$part"; done | uniq | tr '\n' ' ')
    [[ $heads == 'msisdn_src;imei msisdn_src;duration_sec ' ]] || fail "headers of partition $p: $heads"
done
"$CDRGEN" verify --out "$work/fields" "${fields[@]}" > "$work/said" || fail "verify of fields: $(cat "$work/said")"
echo "schema changes in files: passed ($killed of 14 runs were killed)"
