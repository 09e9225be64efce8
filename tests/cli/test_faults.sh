#!/usr/bin/env bash
# Faults on purpose in files: the lines are those of the dataset without them, but for what `cdrgen truth` says; presets; what
# a dry run expects; a resume after a kill.
set -euo pipefail
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
cd "$temporary"
unset CDRGEN_BROKERS

fail()
{
    echo "$*" >&2
    exit 1
}

dataset=(--subs 500 --start 2025-01-01 --days 1 --seed 21 --partitions 3)
faults=empty=0.03,truncate=0.03,garbage=0.03,bitflip=0.03,bad_text=0.03,oversize=0.03,value=0.03
faults+=,late_duplicate=0.03,duplicate=0.03,missing=0.03,swap=0.06,conflict=0.03
for format in csv json; do
    all=(--format "$format" --fault "$faults" --duplicate-copies 3 --oversize-bytes 5000)
    "$CDRGEN" run -q "${dataset[@]}" --format "$format" --out "clean.$format"
    "$CDRGEN" run -q "${dataset[@]}" "${all[@]}" --out "faulty.$format"
    "$CDRGEN" truth "${dataset[@]}" "${all[@]}" --out "faulty.$format" >truth.csv
    python3 "$SOURCE_DIR/tests/kafka/faults_on_purpose.py" --clean "clean.$format" --files "faulty.$format" --truth truth.csv \
        --minimum 100 >counts || fail "$format: $(head -20 counts)"
    # The truth beside the files is what `cdrgen truth` prints.
    "$CDRGEN" run -q "${dataset[@]}" "${all[@]}" --out "faulty.$format" --overwrite --truth-files --summary summary.json
    cmp truth.csv "faulty.$format/truth/truth.csv" || fail "another truth beside the files"
    [[ $(grep -c . truth.csv) == $(($(jq '[.topics[].faults[]] | add' summary.json) + 1)) ]] || fail "the summary counts other faults"
    "$CDRGEN" verify -q "${dataset[@]}" "${all[@]}" --out "faulty.$format" || fail "verify of $format does not expect the faults"

    # Killed, and resumed: the same files.
    "$CDRGEN" run -q "${dataset[@]}" "${all[@]}" --out resumed --rotate-bytes 20000 --rate 60k 2>/dev/null &
    pid=$!
    sleep 0.15
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    "$CDRGEN" run -q "${dataset[@]}" "${all[@]}" --out resumed --rotate-bytes 20000 --resume
    "$CDRGEN" run -q "${dataset[@]}" "${all[@]}" --out whole --rotate-bytes 20000
    diff -r resumed/cdr.data whole/cdr.data >/dev/null || fail "a resumed run has other files"
    rm -rf resumed whole
done

# Containers of Avro have faults that stay inside of a record.
"$CDRGEN" run -q "${dataset[@]}" --format avro --fault dirty --out avro
"$CDRGEN" verify -q "${dataset[@]}" --format avro --fault dirty --out avro || fail "verify of Avro"

for preset in poison dirty storm; do
    "$CDRGEN" run "${dataset[@]}" --sink null --fault "$preset" --dry-run >plan
    grep -q '^faults  *about [1-9]' plan || fail "$preset: $(cat plan)"
done
"$CDRGEN" run "${dataset[@]}" --sink null --fault dirty --fault duplicate=0 --fault null=0.5 --dry-run >plan
grep '^faults' plan | grep -q 'null' || fail "null is missing: $(cat plan)"
! grep '^faults' plan | grep -q 'duplicate' || fail "duplicate is still on: $(cat plan)"

# Late records are a kind like the others, and --late-share another way to ask for it.
late=("$CDRGEN" run -q "${dataset[@]}" --sink null --summary -)
"${late[@]}" --late-share 0.1 | jq '[.dataset_id, .topics]' >share
"${late[@]}" --fault late=0.1 | jq '[.dataset_id, .topics]' >kind
cmp share kind || fail "late: another dataset than that of --late-share"
jq -e '.[1] | map(.faults.late > 50 and .clean == .records) | all' kind >/dev/null || fail "late: $(cat kind)"
"$CDRGEN" config --fault late=0.25,aborted=0.5 >printed
grep -q '"late_share": 0.25' printed || fail "config: $(grep late printed)"
grep -q '"abort_share": 0.5' printed || fail "config: $(grep abort printed)"
grep -q '"faults": {}' printed || fail "config: $(grep '"faults"' printed)"

# As a config file has them, and as it is printed again.
echo '{"faults": {"swap": 0.25, "missing": 0.5}}' >config.json
"$CDRGEN" config --config config.json >printed
grep -q '"faults": {"missing": 0.5, "swap": 0.25}' printed || fail "config: $(grep '"faults"' printed)"
[[ $("$CDRGEN" truth "${dataset[@]}" | wc -l) == 1 ]] || fail "a truth without faults"
"$CDRGEN" truth "${dataset[@]}" --fault "$faults" --json | python3 -c 'import json, sys
for line in sys.stdin: json.loads(line)'

# The UUID of a record whose times are wrong is that of the record.
for kind in none value; do
    fault=()
    [[ $kind == none ]] || fault=(--fault "$kind=1")
    "$CDRGEN" run --quiet --subs 30 --format json --fields record_uuid,start_ts_ms --sink file --out "uuid.$kind" "${fault[@]}"
    cat "uuid.$kind"/cdr.*/*/part-* | jq -r .record_uuid >"uuids.$kind"
done
[[ -s uuids.none ]] || fail "there are no UUIDs"
cmp -s "uuids.none" "uuids.value" || fail "a record has another UUID where its times are wrong on purpose"
