#!/bin/bash
# Every schema of tests/schemas: the Avro files that a run writes by it hold, as fastavro reads them, what the CSV
# files of the same dataset hold, and carry the schema as it was given. And what cannot be is refused in one line.
set -euo pipefail
python=${CDRGEN_TEST_PYTHON:-}
unset "${!CDRGEN_@}" 2> /dev/null || true
work=$(mktemp -d "${TMPDIR:-/tmp}/cdrgen-schemas.XXXXXX")
trap 'rm -rf "$work"' EXIT

fail() { echo "FAILED: $*" >&2; exit 1; }

run()
{
    local out=$1
    shift
    "$CDRGEN" run --sink file --out "$out" --subs 120 --start 2025-03-30 --days 1 --seed 5 --partitions 2 --quiet \
        --tz Europe/Amsterdam "$@" > /dev/null
}

# refused WORDS ARGUMENTS: exit status 2, one line with the words, nothing written.
refused()
{
    local words=$1 status=0
    shift
    rm -rf "$work/refused"
    run "$work/refused" --format avro "$@" 2> "$work/errors" || status=$?
    ((status == 2)) || fail "$*: exit status $status: $(cat "$work/errors")"
    (($(wc -l < "$work/errors") == 1)) || fail "$*: not one line: $(cat "$work/errors")"
    grep -qF -- "$words" "$work/errors" || fail "$*: no \"$words\" in: $(cat "$work/errors")"
    [[ ! -e $work/refused ]] || fail "$*: something was written"
}

echo '{"type":"record","name":"C","fields":[{"name":"lac","type":"int"}]}' > "$work/lac.avsc"
refused "lac.avsc: the field lac (int): CALL records have nothing of this name" --schema call="$work/lac.avsc"
refused "lac.avsc: the field lac (int)" --schema cdr.call="$work/lac.avsc"
refused "lac.avsc: the field lac (int)" --schema sms="$work/lac.avsc"
refused '"calls" is not known; did you mean "call"?; allowed is call, sms or data' --schema cdr.calls="$work/lac.avsc"
refused "items must be given as NAME=FILE" --schema "$work/lac.avsc"
refused "none.avsc" --schema call="$work/none.avsc"
echo '{"call": {"lac": "lac_id"}}' > "$work/bad.json"
refused "no source \"lac_id\"" --schema call="$work/lac.avsc" --mapping "$work/bad.json"
for format in csv json; do
    refused "lac.avsc: the field lac (int): CALL records have nothing of this name" --format "$format" \
        --schema call="$work/lac.avsc"
    refused '"voice" is not known' --format "$format" --mapping <(echo '{"voice": {}}')
done

# Fixed ids: those that nobody sets are distinct, and two different schemas never share one.
ids()
{
    "$CDRGEN" run --sink null --subs 20 --days 1 --quiet --format avro --key-format avro --dimensions \
        --next-schema "call=$work/next.avsc" --next-schema "sms=$work/next_sms.avsc" --schema-change-at +1h "$@"
}
sed 's/"name": "CdrCall"/"name": "CdrCall2"/' "$SOURCE_DIR/schemas/cdr_call.avsc" > "$work/next.avsc"
sed 's/"name": "CdrSms"/"name": "CdrSms2"/' "$SOURCE_DIR/schemas/cdr_sms.avsc" > "$work/next_sms.avsc"
ids || fail "the ids that are used where none is set"
[[ $("$CDRGEN" config | grep 'schema_id"' | grep -o '[0-9]*' | sort -n | uniq -d) == "" ]] ||
    fail "default ids are equal"
# one_id WORDS ARGUMENTS: refused, also by a dry run.
one_id()
{
    local words=$1 status mode
    shift
    for mode in "" --dry-run; do
        status=0
        ids $mode "$@" > /dev/null 2> "$work/errors" || status=$?
        ((status == 2)) || fail "$mode $*: exit status $status: $(cat "$work/errors")"
        grep -qF -- "$words" "$work/errors" || fail "$*: no \"$words\" in: $(cat "$work/errors")"
    done
}
one_id "two different schemas have the schema id 2: the values of cdr.call (--schema-id call), and the values of cdr.sms (--schema-id sms)" \
    --schema-id call=2
one_id "the values of cdr.data (--schema-id data), and the next values of cdr.call (--next-schema-id call)" --next-schema-id call=3
one_id "the next values of cdr.sms (--next-schema-id sms), and the keys of cdr.call (--schema-id key)" --schema-id key=8
one_id "the values of cdr.sms (--schema-id sms), and the values of cdr.cell (--schema-id cell)" --schema-id cell=2
# The same schema in other words may share one.
sed 's/"doc": "/"doc": "the same: /' "$SOURCE_DIR/schemas/cdr_call.avsc" > "$work/next.avsc"
ids --next-schema-id call=1 || fail "one schema, one id"

# A list of fields: the same in all formats, null where a type lacks it.
refused 'fields: there is no source "imsy"; did you mean imsi?' --fields imsi,imsy
refused 'fields: there is no source "qqqqqq"; there are event_type, msisdn_src' --fields imsi,qqqqqq
refused 'fields: "1st" is no name of a field' --fields 1st=imsi
refused 'fields: there are two fields "imsi"' --fields "imsi, imsi=imei"
refused 'fields: there is no source ""' --fields imsi,
refused "lac.avsc cannot be given together with fields" --fields imsi --schema sms="$work/lac.avsc"
refused "mapping: it cannot be given together with fields" --fields imsi --mapping "$work/bad.json"
fields="event_type,msisdn_src, number=imsi,start_time,duration_sec,apn,sms_segments,is_mo"
run "$work/fields" --format csv --fields "$fields"
for kind in call sms data; do
    header=$(find "$work/fields/cdr.$kind" -name "*.csv" -exec head -qn 1 {} + | sort -u)
    [[ $header == "event_type;msisdn_src;number;start_time;duration_sec;apn;sms_segments;is_mo" ]] ||
        fail "the columns of $kind are $header"
done
line='^SMS;[0-9]{4,15};[0-9]{15};20[-0-9T:.]+Z;[0-9]+;;[0-9]+;(true|false)$'
files=$(find "$work/fields/cdr.sms" -name "*.csv")
(($(sed -s 1d $files | grep -cvE "$line") == 0)) || fail "SMS: $(sed -s 1d $files | grep -vEm1 "$line")"
"$CDRGEN" sample --subs 50 --count 4 --format json --fields "$fields" |
    grep -qE '^\{"event_type":"[A-Z]+","msisdn_src":"[0-9]+","number":"[0-9]{15}","start_time":"' ||
    fail "sample does not show the fields"
"$CDRGEN" verify --sink file --out "$work/fields" --subs 120 --start 2025-03-30 --days 1 --seed 5 --partitions 2 \
    --quiet --tz Europe/Amsterdam --format csv --fields "$fields" > /dev/null || fail "verify finds its own files different"

# What the page lists is there, and the test's list has all of what came with answers and numbers of 3GPP.
documented=$(sed -n '/^## Sources/,/^## Types/s/^| `\([a-z0-9_]*\)` .*/\1/p' "$SOURCE_DIR/docs/schemas.md")
"$CDRGEN" run --sink null --subs 20 --days 1 --quiet --fields "${documented//$'\n'/,}" || fail "docs/schemas.md lists other sources"
for name in $(sed -n '/^call_id$/,$p' <<< "$documented"); do
    grep -qE "(^|,)$name(,|\$)" "$SOURCE_DIR/tests/schemas/fields.txt" || fail "$name is not among tests/schemas/fields.txt"
    grep -q "\`$name\`" "$SOURCE_DIR/docs/data-format.md" || fail "$name is not in docs/data-format.md"
done

# A mapping in a config file, and its schemas.
cat > "$work/config.json" << JSON
{"schema": {"call": "$work/lac.avsc"}, "mapping": {"call": {"lac": {"const": 7}}}}
JSON
run "$work/config" --format avro --config "$work/config.json"
"$CDRGEN" config --config "$work/config.json" > "$work/printed.json"
run "$work/printed" --format avro --config "$work/printed.json"
diff -r "$work/config" "$work/printed" || fail "what cdrgen config printed writes other files"

# What Avro takes, and readers ignore or do not all take, is said.
cat > "$work/odd.avsc" << 'JSON'
{"type": "record", "name": "Call", "fields": [
  {"name": "imsi", "type": "string"},
  {"name": "start_ts_ms", "type": "long", "logicalType": "timestamp-micros"},
  {"name": "x", "type": ["null", "int"], "default": 5},
  {"name": "y", "type": {"type": "bytes", "logicalType": "decimal", "precision": 2, "scale": 3}, "default": ""},
  {"name": "z", "type": "string", "default": "", "aliases": ["imsi"]}]}
JSON
run "$work/odd" --format avro --schema call="$work/odd.avsc" 2> "$work/errors"
for words in "the field Call.start_ts_ms: its logicalType timestamp-micros stands beside its type, where readers ignore it; put it inside" \
    "the field x: its default is not of the first type of its union; readers before Avro 1.12 refuse that" \
    "the field Call.y: its logicalType decimal does not suit its type bytes with this precision and scale, so it is ignored" \
    "the field Call.z: another field has its alias imsi, too; readers may refuse that"; do
    grep -qF "cdrgen: warning: $work/odd.avsc: $words" "$work/errors" || fail "no \"$words\" in: $(cat "$work/errors")"
done
(($(wc -l < "$work/errors") == 4)) || fail "not four lines: $(cat "$work/errors")"
# A schema that no reader takes is refused by schema, too.
echo '{"type":"record","name":"Call","fields":[{"name":"direction","type":{"type":"enum","name":"E","symbols":["MO","MT"],"default":"X"}}]}' > "$work/enum.avsc"
refused "enum.avsc: the default of the enum E is none of its symbols" --schema call="$work/enum.avsc"
for action in print check; do
    status=0
    "$CDRGEN" schema $action call --schema call="$work/enum.avsc" --registry http://127.0.0.1:9 --registry-retries 0 \
        > "$work/said" 2> "$work/errors" || status=$?
    ((status == 2)) && grep -qF "enum.avsc: the default of the enum E" "$work/errors" ||
        fail "schema $action: status $status: $(cat "$work/errors")"
done

if [[ -z $python ]]; then
    echo "CDRGEN_TEST_PYTHON is not set: files were not read with fastavro (scripts/test sets it)"
    exit 0
fi
"$python" - "$SOURCE_DIR/tests/schemas/refused.jsonl" << 'PYTHON' || fail "the table of schemas that readers refuse"
import fastavro, json, sys
for line in open(sys.argv[1]):
    entry = json.loads(line)
    try:
        fastavro.parse_schema(entry["schema"])
    except Exception:
        continue
    assert "fastavro" not in entry["refused_by"], entry["name"]
PYTHON
run "$work/csv" --format csv --fields "$(< "$SOURCE_DIR/tests/schemas/fields.txt")"
for format in avro json csv; do
    run "$work/fields-$format" --format "$format" --fields "$fields"
done
for kind in call sms data; do
    "$CDRGEN" schema print "$kind" --fields "$fields" > "$work/fields.avsc"
    "$python" "$SOURCE_DIR/tests/schemas/check_text.py" "$work/fields.avsc" "$kind" "$work/fields-avro" \
        "$work/fields-json" "$work/fields-csv" || fail "the fields of $kind"
done
count=0
for schema in "$SOURCE_DIR"/tests/schemas/*.avsc "$SOURCE_DIR"/schemas/3gpp/*.avsc; do
    name=$(basename "$schema" .avsc)
    [[ $name != mmtel ]] || name=call_mmtel
    mapping=()
    [[ ! -e ${schema%.avsc}.map.json ]] || mapping=(--mapping "${schema%.avsc}.map.json")
    run "$work/avro" --format avro --schema "${name%%_*}=$schema" "${mapping[@]}"
    "$python" "$SOURCE_DIR/tests/schemas/check.py" "$schema" "${name%%_*}" "$work/csv" "$work/avro" ||
        fail "$name"
    for format in json csv; do
        run "$work/text-$format" --format "$format" --schema "${name%%_*}=$schema" "${mapping[@]}"
    done
    "$python" "$SOURCE_DIR/tests/schemas/check_text.py" "$schema" "${name%%_*}" "$work/avro" "$work/text-json" \
        "$work/text-csv" || fail "$name as text"
    rm -rf "$work/avro" "$work/text-json" "$work/text-csv"
    count=$((count + 1))
done
((count >= 40)) || fail "only $count schemas"
echo "$count schemas"
