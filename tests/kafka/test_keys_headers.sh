#!/usr/bin/env bash
# Keys in Avro and headers: foreign clients read them with stock settings and find what the file sink wrote; verify finds
# what is changed; resume, transactions, spill and replay keep them; a second run registers nothing.
set -euo pipefail
source "${SOURCE_DIR:?}/tests/kafka/lib.sh"
source "$SOURCE_DIR/tests/kafka/faults.sh"
need_cluster registry

registry=$CDRGEN_TEST_REGISTRY
dataset=(--subs 600 --start 2025-01-01 --days 1 --seed 21 --partitions 3)
headers=direction,radio=rat,cell_id,start_ts_ms,sms_status,tz_offset_min,trace=record_uuid,msisdn_dst,mccmnc
parts=(--key-format avro --headers "$headers")
"$CDRGEN" run --quiet "${dataset[@]}" --sink file --out "$WORK/files" --summary "$WORK/files.json"
records=$(jq .records "$WORK/files.json")
digests=$(jq -c '.topics[] | [.records, .digest]' "$WORK/files.json")

# run PREFIX ARGUMENTS…
run()
{
    local to=$1
    shift
    "$CDRGEN" run --quiet "${dataset[@]}" --brokers "$CDRGEN_TEST_BROKERS" --topic-prefix "$to" --create-topics "$@"
}

verify()
{
    local of=$1
    shift
    "$CDRGEN" verify "${dataset[@]}" --brokers "$CDRGEN_TEST_BROKERS" --topic-prefix "$of" "$@"
}

# check PREFIX ARGUMENTS…: of keys_headers.py.
check()
{
    local of=$1
    shift
    expect_equal "$("$PYTHON" "$SOURCE_DIR/tests/kafka/keys_headers.py" --files "$WORK/files" --prefix "$of" "$@")" \
        "$records" "records that were checked"
}

versions_of()
{
    curl -fsS "$registry/subjects/$1/versions"
}

# ---- with a registry ----

a=$(fresh_prefix)
run "$a" "${parts[@]}" --id-header --registry "$registry" --format avro --summary "$WORK/a.json"
check "$a" --keys avro --headers "$headers" --ids
verify "$a" "${parts[@]}" --format avro >/dev/null
expect_equal "$(jq -c '[.topics[].headers | length]' "$WORK/a.json")" "[7,8,7]" "headers in the summary"
for type in call sms data; do
    expect_equal "$(versions_of "$a$type-key")" "[1]" "versions of the keys' schema"
    expect_equal "$(jq ".topics[\"$a$type\"].key_schema_id" "$WORK/a.json")" \
        "$(curl -fsS "$registry/subjects/$a$type-key/versions/1" | jq .id)" "id of the keys' schema"
done

# A second run, of other values' format, registers nothing; digests are those of files, whatever the keys are.
b=$a; run "$b" "${parts[@]}" --registry "$registry" --no-register --format avro --append
expect_equal "$(versions_of "${a}data-key")" "[1]" "versions after a second run"
b=$(fresh_prefix)
run "$b" --key-format avro --registry "$registry" --summary "$WORK/b.json"
check "$b" --keys avro
expect_equal "$(jq -c '.topics[] | [.records, .digest]' "$WORK/b.json")" "$digests" "digests"
expect_equal "$(curl -s -o /dev/null -w '%{http_code}' "$registry/subjects/${b}call-value/versions")" 404 \
    "subject of values in CSV"

# kcat prints them.
c=$(fresh_prefix)
run "$c" --headers "direction,radio=rat,cell_id"
check "$c" --headers "direction,radio=rat,cell_id"
for partition in 0 1 2; do
    kcat -b "$CDRGEN_TEST_BROKERS" -C -q -e -o beginning -t "${c}data" -p "$partition" -f '%h\n' >"$WORK/kcat"
    cat "$WORK"/files/cdr.data/date=*/part-000$partition-*.csv | awk -F ';' '
        $1 == "event_type" { for (i = 1; i <= NF; i++) at[$i] = i; next }
        { print "direction=" $at["direction"] ",radio=" $at["rat"] ",cell_id=" $at["cell_id"] }' >"$WORK/fields"
    cmp "$WORK/kcat" "$WORK/fields"
done

# ---- verify ----

damaged=$(fresh_prefix)
d=$(fresh_prefix)
run "$d" "${parts[@]}"
# damage CHANGE: a copy of the topics in which one record of the calls is changed. Sets $damaged, its prefix.
damage()
{
    local type
    damaged=$(fresh_prefix)
    "$PYTHON" "$SOURCE_DIR/tests/kafka/damage.py" "$1" "${d}call" "${damaged}call" --record 50
    for type in sms data; do
        "$PYTHON" "$SOURCE_DIR/tests/kafka/damage.py" none "$d$type" "$damaged$type"
    done
}
# differs CHANGE COUNTS LINE: what verify says.
differs()
{
    damage "$1"
    expect_failure 1 "different: $2\$" verify "$damaged" "${parts[@]}"
    grep -Eq -- "$3" "$WORK/stdout" || die "no '$3' of $1: $(cat "$WORK/stdout")"
    grep -Eq "${damaged}call\[1\], record 50, found at offset 50" "$WORK/stdout" || die "another place: $(cat "$WORK/stdout")"
}
differs header "1 altered" '^      header\.direction: expected M[OT], found M[NU]$'
differs no-header "1 altered" '^      header\.direction: expected M[OT], found none$'
differs two-headers "1 altered" '^      header\.direction: expected M[OT], found there twice$'
differs key "1 wrong key" '^      key: expected [0-9]+, found [0-9]+$'
damage key-frame
verify "$damaged" "${parts[@]}" >/dev/null # ids differ between registries
verify "$d" --key-format avro >/dev/null   # who asks for no headers gets none looked at
expect_failure 1 'different: [0-9,]+ wrong key; no record is the same' verify "$d"
damage no-header
expect_failure 1 '1 altered' verify "$damaged" "${parts[@]}" --report "$WORK/report.json"
expect_equal "$(jq -r '.differences[0].found.headers.direction' "$WORK/report.json")" none "header in the report"

# ---- a key that is a record ----

cat >"$WORK/key.avsc" <<'AVSC'
{"type": "record", "name": "CallKey", "namespace": "test.keys", "fields": [
  {"name": "msisdn", "type": "string"},
  {"name": "kind", "type": "string"},
  {"name": "imsi", "type": ["null", "long"]}]}
AVSC
r=$(fresh_prefix)
echo '{"key": {"kind": "event_type"}}' >"$WORK/mapping.json"
record=(--key-format avro --key-schema "$WORK/key.avsc" --mapping "$WORK/mapping.json")
run "$r" "${record[@]}" --registry "$registry" --subject-strategy topic-record --format avro
check "$r" --keys msisdn
expect_equal "$(versions_of "${r}call-test.keys.CallKey")" "[1]" "versions of a record's subject"
verify "$r" "${record[@]}" --format avro >/dev/null
run "$r" "${record[@]}" --resume --registry "$registry" --subject-strategy topic-record --format avro
"$PYTHON" "$SOURCE_DIR/tests/kafka/damage.py" key "${r}call" "${damaged}record.call" --record 50
for type in sms data; do "$PYTHON" "$SOURCE_DIR/tests/kafka/damage.py" none "$r$type" "${damaged}record.$type"; done
expect_failure 1 '1 wrong key' verify "${damaged}record." "${record[@]}" --format avro
grep -Eq '^      key\.imsi: expected [0-9]+, found -?[0-9]+$' "$WORK/stdout" || die "not the field: $(cat "$WORK/stdout")"

# By the records' names, all topics share a subject; the default has no name.
e=$(fresh_prefix)
expect_failure 2 '--subject-strategy: "record" needs a schema that has a name, and that of the keys of topic .*--key-schema' \
    run "$e" --key-format avro --registry "$registry" --subject-strategy record
sed "s/CallKey/K${e%.}/" "$WORK/key.avsc" >"$WORK/shared.avsc"
run "$e" --key-format avro --key-schema "$WORK/shared.avsc" --mapping "$WORK/mapping.json" --registry "$registry" \
    --subject-strategy record
expect_equal "$(versions_of "test.keys.K${e%.}")" "[1]" "versions of the shared subject"

# The latest version of each subject; what cannot be filled is refused before anything is there.
f=$(fresh_prefix)
publish()
{
    jq -n --rawfile schema "$2" '{schema: $schema}' |
        curl -fsS -X POST -H 'Content-Type: application/vnd.schemaregistry.v1+json' "$registry/subjects/$1/versions" -d @- \
            >/dev/null
}
for type in call sms data; do publish "$f$type-key" "$WORK/key.avsc"; done
run "$f" --key-format avro --use-latest --mapping "$WORK/mapping.json" --registry "$registry"
check "$f" --keys msisdn
verify "$f" "${record[@]}" >/dev/null
expect_failure 2 "the schema of CALL keys: the field kind \(string\): CALL records have nothing of this name" \
    run "$f" --key-format avro --use-latest --registry "$registry"
echo '"int"' >"$WORK/int.avsc"
expect_failure 2 "$WORK/int.avsc: owner_msisdn has up to 15 digits, which are too many for int" \
    run "$(fresh_prefix)" --key-format avro --key-schema "$WORK/int.avsc" --registry "$registry"
# What its registry would refuse, too: nothing is registered then, not even schemas of values.
g=$(fresh_prefix)
echo '"long"' >"$WORK/long.avsc"
publish "${g}data-key" "$WORK/long.avsc"
expect_failure 2 "subject ${g}data-key: the schema is not compatible" \
    run "$g" --key-format avro --format avro --registry "$registry"
expect_equal "$(curl -s -o /dev/null -w '%{http_code}' "$registry/subjects/${g}call-value/versions")" 404 "subject after a refusal"

# ---- doctor and schema ----

"$CDRGEN" doctor "${dataset[@]}" --brokers "$CDRGEN_TEST_BROKERS" --topic-prefix "$g" --create-topics --key-format avro \
    --registry "$registry" >"$WORK/doctor" 2>"$WORK/stderr" && die "the doctor finds nothing: $(cat "$WORK/doctor")"
grep -q "^fail  subject ${g}data-key: the schema is not compatible" "$WORK/doctor" || die "$(cat "$WORK/doctor")"
grep -q "^ok    subject ${g}call-key: is new" "$WORK/doctor" || die "$(cat "$WORK/doctor")"
h=$(fresh_prefix)
schema()
{
    "$CDRGEN" schema "$@" --topic-prefix "$h"
}
expect_equal "$(schema print key)" '"string"' "the keys' schema"
expect_equal "$(schema print --key-format avro | tail -n 1)" '"string"' "the last of the schemas"
expect_equal "$(schema check key --registry "$registry")" \
    "$(printf "$h%s-key\tcompatible\n" call sms data)" "check before the registration"
schema register key --registry "$registry" | grep -q "^${h}sms-key.id [0-9]*, registered$" || die "nothing is registered"
schema register key --registry "$registry" | grep -q "^${h}sms-key.id [0-9]*, was there$" || die "registered twice"
schema list --key-format avro --registry "$registry" | grep -q "^${h}data-key.1.[0-9]*.same$" || die "it is not listed"
expect_equal "$(schema print key --registry "$registry" | sort -u)" '"string"' "the registered schema"

# ---- killed runs, transactions ----

k=$(fresh_prefix)
kill_rounds 2 "$k" 4000 "${dataset[@]}" "${parts[@]}" >"$WORK/rounds"
run "$k" --resume "${parts[@]}"
check "$k" --keys avro --headers "$headers" --frame
verify "$k" "${parts[@]}" >/dev/null
# Without the keys that are there, or with other headers, it does not go on.
expect_failure 2 'has another record at offset .*: key: expected [0-9]+, found .x00.x00.x00.x00.x06' run "$k" --resume --headers "$headers"
expect_failure 2 "this run writes the headers .*, and the topic's record has direction" \
    run "$k" --resume --key-format avro --headers rat
t=$(fresh_prefix)
kill_rounds 2 "$t" 4000 "${dataset[@]}" "${parts[@]}" --transactions --transaction-time 100ms --abort-share 0.3 >"$WORK/rounds"
run "$t" --resume "${parts[@]}" --transactions
check "$t" --keys avro --headers "$headers" --frame --committed
verify "$t" "${parts[@]}" >/dev/null

# ---- spill and replay ----

start_cluster
export CDRGEN_TEST_BROKERS
large=(--subs 12000 --start 2025-01-01 --days 1 --seed 11 --partitions 3)
"$CDRGEN" run "${large[@]}" --brokers "$CDRGEN_TEST_BROKERS" --create-topics --rate 25k/s "${parts[@]}" --format avro \
    --spill "$WORK/spill" --spill-after 3s --summary "$WORK/spill.json" 2>"$WORK/run.err" &
job=$!
until [[ -n $(admin list cdr.data) && $(count_records cdr.call 2>/dev/null) -ge 2000 ]]; do
    kill -0 $job 2>/dev/null || die "the run ended early: $(cat "$WORK/run.err")"
    sleep 0.1
done
cluster pause 1
wait $job || die "the run failed: $(cat "$WORK/run.err")"
cluster resume 1
(($(jq .spilled.records "$WORK/spill.json") > 10000)) || die "little was spilled: $(cat "$WORK/run.err")"
expect_equal "$(jq -c '[.topics[].headers | length]' "$WORK/spill/spill.json")" "[7,8,7]" "headers of the spill"
"$CDRGEN" replay "$WORK/spill" --quiet --brokers "$CDRGEN_TEST_BROKERS"
"$CDRGEN" verify "${large[@]}" --brokers "$CDRGEN_TEST_BROKERS" "${parts[@]}" --format avro >/dev/null
"$CDRGEN" run --quiet "${large[@]}" --sink file --out "$WORK/large"
records=$(jq .records "$WORK/spill.json")
expect_equal "$("$PYTHON" "$SOURCE_DIR/tests/kafka/keys_headers.py" --files "$WORK/large" --prefix cdr. --keys avro \
    --headers "$headers" --frame)" "$records" "records after the replay"
