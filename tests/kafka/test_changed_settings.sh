#!/usr/bin/env bash
# A resume with a model that differs little was taken for the same dataset, since the last hundred records of each log were
# alike: the topics then verified with neither setting.
set -euo pipefail
source "$SOURCE_DIR/tests/kafka/lib.sh"
need_cluster

dataset=(--subs 1500 --start 2025-06-01 --days 1 --seed 3 --partitions 2)

# on COMMAND ARGUMENTS…: with the topics of $prefix.
on()
{
    local command=$1
    shift
    "$CDRGEN" "$command" "${dataset[@]}" -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" "$@"
}

# forget GROUP…: as Kafka does after offsets.retention.minutes; and who wrote last.
forget()
{
    admin forget "$@"
    admin sign cdrgen-writer "" "$prefix"{call,sms,data}
}

# known: the last run compared no more than it had to; it said so to $WORK/stderr.
known()
{
    ! grep -q 'are compared, not only the last ones' "$WORK/stderr" || die "compared what is known: $(cat "$WORK/stderr")"
}

echo '{"sms_segments": {"1": 0.85, "2": 0.13, "3": 0.0205}}' >"$WORK/sms_segments.json"
echo '{"apn_share": {"internet": 0.959, "ims": 0.041, "mms": 0}}' >"$WORK/apn_share.json"
changes=()
for file in "$WORK"/*.json; do
    "$CDRGEN" run "${dataset[@]}" --config "$file" --dry-run --quiet >"$WORK/plan" 2>"$WORK/stderr" ||
        die "$file: $(cat "$WORK/stderr")"
    changes+=("$file")
done

prefix=$(fresh_prefix)
on run --create-topics 2>"$WORK/stderr"
id=$(grep -Eo 'dataset [0-9a-f]{32}' "$WORK/stderr" | cut -d ' ' -f 2)

# --- the dataset that is there is known: refused, and named ---
for file in "${changes[@]}"; do
    expect_failure 2 "holds dataset $id, and these settings give dataset [0-9a-f]{32}: .*--force" \
        on run --resume --days 2 --config "$file"
done

# --- a longer run of the dataset is the same one, and costs no comparison ---
on run --resume --days 2 2>"$WORK/stderr"
known
on verify --days 2 --quiet || die "verify of two days: $?"

# --- Kafka has forgotten: all is compared, which tells them apart; then it is known again ---
forget "cdrgen-$id" "cdrgen-end-$id"
for file in "${changes[@]}"; do
    expect_failure 2 'do not hold the beginning of dataset' on run --resume --days 3 --config "$file"
    grep -q 'are compared, not only the last ones' "$WORK/stderr" || die "does not say what it compares: $(cat "$WORK/stderr")"
done
on run --resume --days 3 2>"$WORK/stderr"
grep -Eq "nothing is committed that says that 6 partitions hold dataset $id in messages of this form: all of their [0-9,]+ records are compared" \
    "$WORK/stderr" || die "does not say what it compares: $(cat "$WORK/stderr")"
on run --resume --days 4 2>"$WORK/stderr"
known
on verify --days 4 --quiet || die "verify of four days: $?"

# --- in transactions whose group is gone, the records are counted, and then compared from the first on ---
prefix=$(fresh_prefix)
on run --create-topics --transactions --quiet
forget "cdrgen-tx-$id"
for file in "${changes[@]}"; do
    expect_failure 2 'do not hold the beginning of dataset' on run --resume --transactions --days 2 --config "$file"
done
on run --resume --transactions --days 2 --quiet
on verify --days 2 --quiet || die "verify of transactions: $?"
# --- another mapping, of which no record among the last tells; keys; a change of schema that is left out ---
rare='{"call_dispositions":{"ANSWERED":0.9,"NO ANSWER":0.06,"BUSY":0.037,"FAILED":0.003}}'
cause='"cause_for_record_closing":{"source":"cause_for_record_closing","symbols":{"failure":"%s"}}'
for symbol in failure UNKNOWN; do
    printf "{\"call\":{$cause}}" "$symbol" >"$WORK/values-$symbol.map"
    printf "{\"key\":{$cause}}" "$symbol" >"$WORK/keys-$symbol.map"
done
echo "$rare" >"$WORK/rare.conf"
"$CDRGEN" schema print call >"$WORK/first.avsc"
sed 's/"fields": \[/&{"name": "owner_msisdn", "type": "string", "default": ""},/' "$WORK/first.avsc" >"$WORK/second.avsc"
sed -n '/"name": "cause_for_record_closing"/,/}/p' "$WORK/first.avsc" | grep -q enum || die "the schema has another form"
"$PYTHON" - "$WORK" <<'PYTHON'
import json, pathlib, sys
work = pathlib.Path(sys.argv[1])
fields = json.loads((work / "first.avsc").read_text())["fields"]
cause = [field for field in fields if field["name"] == "cause_for_record_closing"]
key = {"type": "record", "name": "Key", "fields": [{"name": "msisdn", "type": "string"}, *cause]}
(work / "key.avsc").write_text(json.dumps(key))
PYTHON
# A seed with which no log of calls has a failure among its last records, of the first day or of the second.
for seed in {3..60}; do
    dataset=(--subs 1500 --start 2025-06-01 --days 1 --seed "$seed" --partitions 2 --config "$WORK/rare.conf")
    "$CDRGEN" run "${dataset[@]}" --days 2 --sink file --out "$WORK/out-$seed" --quiet
    for day in 01 02; do
        for part in 0000 0001; do
            tail -q -n 150 "$WORK/out-$seed/cdr.call/date=2025-06-$day/part-$part-"*.csv
        done
    done >"$WORK/last"
    grep -q ';failure;' "$WORK/last" || break
done
! grep -q ';failure;' "$WORK/last" || die "no seed without a failure among the last records"
for how in "" --transactions; do
    prefix=$(fresh_prefix)
    on run --create-topics --quiet --format json --mapping "$WORK/values-failure.map" $how
    expect_failure 2 'has another record at offset [0-9]+ .*expected UNKNOWN, found failure' \
        on run --resume --format json --mapping "$WORK/values-UNKNOWN.map" $how
    on run --resume --days 2 --format json --mapping "$WORK/values-failure.map" $how 2>"$WORK/stderr"
    known

    # A resume with --force was trusted by the next one, which went on after records of the other form.
    prefix=$(fresh_prefix)
    on run --create-topics --quiet --format json --mapping "$WORK/values-failure.map" $how
    on run --resume --force --days 2 --quiet --format json --mapping "$WORK/values-UNKNOWN.map" $how
    expect_failure 2 'has another record at offset [0-9]+ .*expected UNKNOWN, found failure' \
        on run --resume --days 3 --format json --mapping "$WORK/values-UNKNOWN.map" $how
    # One of what somebody vouches for is trusted as before.
    prefix=$(fresh_prefix)
    on run --create-topics --quiet --format json --mapping "$WORK/values-failure.map" $how
    on run --resume --force --days 2 --quiet --format json --mapping "$WORK/values-failure.map" $how
    on run --resume --days 3 --format json --mapping "$WORK/values-failure.map" $how 2>"$WORK/stderr"
    known

    prefix=$(fresh_prefix)
    keys=(--key-format avro --key-schema "$WORK/key.avsc" --schema-id key=9)
    on run --create-topics --quiet "${keys[@]}" --mapping "$WORK/keys-failure.map" $how
    expect_failure 2 'do not hold the beginning of dataset' on run --resume "${keys[@]}" --mapping "$WORK/keys-UNKNOWN.map" $how

    prefix=$(fresh_prefix)
    on run --create-topics --quiet --format json --next-schema call="$WORK/second.avsc" --schema-change-at +8h $how
    expect_failure 2 'call\[[01]\] has another record at offset 0 than record 0 ' \
        on run --resume --format json --schema call="$WORK/second.avsc" $how
done

# --- a run that stopped before its first record, and another one that wrote then: the first goes on with the other's ---
prefix=$(fresh_prefix)
dataset=(--subs 300 --start 2025-06-01 --days 1 --seed 9 --partitions 2)
status=0
timeout -s TERM 3 "$CDRGEN" run "${dataset[@]}" -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --create-topics --quiet \
    --speed 0.1 --config "${changes[0]}" 2>"$WORK/stderr" || status=$?
expect_equal "$status" 124 "the status of a run that is ended before its first record: $(cat "$WORK/stderr")"
on run --quiet
# As where the other run began a moment later, or this one had no right to the group.
id=$("$CDRGEN" run "${dataset[@]}" --config "${changes[0]}" --sink null --dry-run --quiet 2>&1 | grep -Eo '\b[0-9a-f]{32}\b' | head -n 1)
admin sign cdrgen-writer "$id 00000000000000000000000000000000" "$prefix"{call,sms,data}
expect_failure 2 'do not hold the beginning of dataset' on run --resume --config "${changes[0]}"
on run --resume 2>"$WORK/stderr"
grep -q 'are compared, not only the last ones' "$WORK/stderr" || die "took what another one said for its own: $(cat "$WORK/stderr")"
on run --resume --days 2 2>"$WORK/stderr"
known
echo "changed settings: all as promised"
