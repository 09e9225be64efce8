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
refused "lac.avsc: the field lac (int): CALL records have nothing of this name" --schema-call "$work/lac.avsc"
refused "lac.avsc: the field lac (int)" --schema cdr.call="$work/lac.avsc"
refused "lac.avsc: the field lac (int)" --schema sms="$work/lac.avsc"
refused "neither call, sms or data" --schema cdr.calls="$work/lac.avsc"
refused "a schema must be given as call=FILE" --schema "$work/lac.avsc"
refused "none.avsc" --schema-call "$work/none.avsc"
echo '{"call": {"lac": "lac_id"}}' > "$work/bad.json"
refused "no source \"lac_id\"" --schema-call "$work/lac.avsc" --mapping "$work/bad.json"
status=0
run "$work/refused" --format csv --schema-call "$work/lac.avsc" 2> "$work/errors" || status=$?
((status == 2)) && grep -q "pass --format avro" "$work/errors" || fail "a schema with CSV: $(cat "$work/errors")"

# A mapping in a config file, and its schemas.
cat > "$work/config.json" << JSON
{"schemas": {"call": "$work/lac.avsc"}, "mapping": {"call": {"lac": {"const": 7}}}}
JSON
run "$work/config" --format avro --config "$work/config.json"
"$CDRGEN" config --config "$work/config.json" > "$work/printed.json"
run "$work/printed" --format avro --config "$work/printed.json"
diff -r "$work/config" "$work/printed" || fail "what cdrgen config printed writes other files"

if [[ -z $python ]]; then
    echo "CDRGEN_TEST_PYTHON is not set: files were not read with fastavro (scripts/test sets it)"
    exit 0
fi
run "$work/csv" --format csv
count=0
for schema in "$SOURCE_DIR"/tests/schemas/*.avsc; do
    name=$(basename "$schema" .avsc)
    mapping=()
    [[ ! -e ${schema%.avsc}.map.json ]] || mapping=(--mapping "${schema%.avsc}.map.json")
    run "$work/avro" --format avro "--schema-${name%%_*}" "$schema" "${mapping[@]}"
    "$python" "$SOURCE_DIR/tests/schemas/check.py" "$schema" "${name%%_*}" "$work/csv" "$work/avro" ||
        fail "$name"
    rm -rf "$work/avro"
    count=$((count + 1))
done
((count >= 40)) || fail "only $count schemas"
echo "$count schemas"
