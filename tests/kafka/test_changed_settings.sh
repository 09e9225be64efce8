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

# forget GROUP…: as Kafka does after offsets.retention.minutes.
forget()
{
    "$PYTHON" - "$CDRGEN_TEST_BROKERS" "$@" <<'PYTHON'
import sys
from confluent_kafka.admin import AdminClient
admin = AdminClient({"bootstrap.servers": sys.argv[1]})
for future in admin.delete_consumer_groups(sys.argv[2:], request_timeout=60).values():
    future.result(90)
PYTHON
}

echo '{"sms_segments": {"1": 0.85, "2": 0.13, "3": 0.0205}}' >"$WORK/sms_segments.json"
echo '{"apn_share": {"internet": 0.8, "ims": 0.1201, "mms": 0.0799}}' >"$WORK/apn_share.json"
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
! grep -q 'are compared, not only the last ones' "$WORK/stderr" || die "compared what is known: $(cat "$WORK/stderr")"
on verify --days 2 --quiet || die "verify of two days: $?"

# --- Kafka has forgotten: all is compared, which tells them apart; then it is known again ---
forget "cdrgen-$id" "cdrgen-end-$id"
for file in "${changes[@]}"; do
    expect_failure 2 'do not hold the beginning of dataset' on run --resume --days 3 --config "$file"
    grep -q 'are compared, not only the last ones' "$WORK/stderr" || die "does not say what it compares: $(cat "$WORK/stderr")"
done
on run --resume --days 3 2>"$WORK/stderr"
grep -Eq "nothing is committed that says that 6 partitions hold dataset $id: all of their [0-9,]+ records are compared" \
    "$WORK/stderr" || die "does not say what it compares: $(cat "$WORK/stderr")"
on run --resume --days 4 2>"$WORK/stderr"
! grep -q 'are compared, not only the last ones' "$WORK/stderr" || die "compared what is known: $(cat "$WORK/stderr")"
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
echo "changed settings: all as promised"
