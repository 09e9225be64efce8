#!/usr/bin/env bash
# A dataset that was written after another one: where it begins stays known, whoever goes on with it, and what lies before it
# is neither compared nor deleted.
set -euo pipefail
source "$SOURCE_DIR/tests/kafka/lib.sh"
need_cluster

dataset=(--subs 800 --start 2025-06-01 --days 1 --seed 3 --partitions 2)
other=(--subs 60 --start 2025-06-01 --days 1 --seed 9 --partitions 2)

# on COMMAND ARGUMENTS…: with the topics of $prefix.
on()
{
    local command=$1
    shift
    "$CDRGEN" "$command" "${dataset[@]}" -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --quiet "$@"
}

# topics ARGUMENTS…: new ones, which hold the other dataset.
topics()
{
    prefix=$(fresh_prefix)
    "$CDRGEN" run "${other[@]}" -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --quiet --create-topics "$@"
}

same()
{
    on verify || die "verify after $1: status $?"
    on verify --append || die "verify --append after $1: status $?"
    "$CDRGEN" verify "${other[@]}" -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --quiet >/dev/null 2>"$WORK/stderr" || true
    grep -Eq 'different: [0-9,]+ foreign(;|$)' "$WORK/stderr" || die "the other dataset after $1: $(cat "$WORK/stderr")"
}

# --- resumed in transactions: the base was overwritten with 0, verify found the other dataset foreign, and a repair deleted
# it. With fewer than a hundred records in a log, the resume compared the other dataset's with the function ---
for subs in 800 60; do
    dataset[1]=$subs
    topics
    on run --append --transactions
    same "--append --transactions of $subs"
    on run --resume --append --transactions
    same "--resume --append --transactions of $subs"
    on run --resume --transactions --days 2
    on verify --days 2
    on repair --days 2 --transactions --yes >"$WORK/words" || die "repair: $?"
    grep -q '^nothing to repair' "$WORK/words" || die "the repair of what is right: $(cat "$WORK/words")"
done
dataset[1]=800

# --- begun with --resume --append: there is nothing to go on with, so it begins where the topics end ---
topics
on run --resume --append --transactions 2>"$WORK/stderr"
same "a first run with --resume --append --transactions"

# --- a repair that would delete the other dataset ---
topics
on run --append
echo stray | kcat -b "$CDRGEN_TEST_BROKERS" -P -t "${prefix}sms" -p 1
before=$(count_records "${prefix}sms")
expect_failure 2 'sms would have to be deleted, and with it [0-9]+ records that were there before this dataset' \
    on repair --append --yes
expect_failure 2 'not confirmed' on repair </dev/null
grep -Eq 'WARNING: [0-9]+ of these records were there before this dataset' "$WORK/stdout" ||
    die "the plan does not say what goes with the topic: $(cat "$WORK/stdout")"
expect_equal "$(count_records "${prefix}sms")" "$before" "records after refused repairs"

# --- Kafka has forgotten where it begins: a repair does not take the other dataset for damage ---
topics
on run --append
id=$(on verify --report - | grep -Eo '"dataset_id": *"[0-9a-f]{32}"' | grep -Eo '[0-9a-f]{32}')
"$PYTHON" - "$CDRGEN_TEST_BROKERS" "cdrgen-$id" <<'PYTHON'
import sys
from confluent_kafka.admin import AdminClient
brokers, group = sys.argv[1:]
admin = AdminClient({"bootstrap.servers": brokers})
admin.delete_consumer_groups([group], request_timeout=60)[group].result(90)
PYTHON
expect_failure 2 'cannot tell: the topics begin with other records .* pass --append' on repair --yes
on repair --append --yes >"$WORK/words" || die "repair --append: $?"

# --- the same where only some topics held other records: the repair deleted them without a word ---
prefix=$(fresh_prefix)
admin create "${prefix}call" 2 retention.ms=-1 message.timestamp.after.max.ms=9223372036854775807
seq 4 | kcat -b "$CDRGEN_TEST_BROKERS" -P -t "${prefix}call" -p 1
on run --append --create-topics
admin forget "cdrgen-$id"
expect_failure 2 'cannot tell: some topics begin with other records .*call\[1\].* pass --append' on repair --yes
expect_equal "$(admin offsets "${prefix}call" | awk '$1 == 1 { print $2 }')" 0 "first offset after a repair that cannot tell"
on repair --append --yes >"$WORK/words" || die "repair --append: $?"
grep -q '^nothing to repair' "$WORK/words" || die "the repair of what is right: $(cat "$WORK/words")"
echo stray | kcat -b "$CDRGEN_TEST_BROKERS" -P -t "${prefix}sms" -p 1
expect_failure 2 'call would have to be deleted, and with it 4 records that come before .*nothing was changed: pass --append .*--force' \
    on repair --yes
before=$(count_records "${prefix}call")
expect_failure 1 'need a repair' on repair --force --dry-run
grep -q 'WARNING: 4 of these records come before' "$WORK/stdout" || die "no warning with --force: $(cat "$WORK/stdout")"
on repair --force --yes >"$WORK/words" || die "repair --force: $?"
expect_equal "$(count_records "${prefix}call")" "$((before - 4))" "records after a repair that was forced"
on verify || die "verify after a repair that was forced: $?"

# --- a dataset that was stopped was written once more without a warning, in transactions ---
for how in "" --transactions; do
    topics
    on run --append $how
    on run --append $how 2>"$WORK/stderr"
    grep -q 'warning: append: .* already holds this dataset, from offset [0-9]* on, and it is written once more' "$WORK/stderr" ||
        die "no warning ($how): $(cat "$WORK/stderr")"
done

# --- only one shard has begun: its bases are known, and the other's logs hold nothing of the dataset yet ---
topics
on run --append --shard 0/2
expect_failure 1 'different: [0-9,]+ lost$' on verify --append
on run --resume --append 2>"$WORK/stderr"
grep -Eq 'append: .*\[1\] \(and [0-9]+ more partitions\) holds records, and not the first one of this dataset, .* after them' \
    "$WORK/stderr" || die "no word of logs that the dataset begins in later: $(cat "$WORK/stderr")"
same "a shard, then --resume --append of all"

# --- --resume --append of other settings: they were appended to a dataset that had not ended, which could not go on then ---
prefix=$(fresh_prefix)
"$CDRGEN" run "${dataset[@]}" -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --quiet --create-topics --rate 500/s &
pid=$!
until [[ -n $(kcat -b "$CDRGEN_TEST_BROKERS" -C -t "${prefix}data" -o beginning -c 20 -e -q -f x 2>/dev/null) ]]; do
    kill -0 $pid || die "the run ended before it was killed"
    sleep 0.05
done
kill -9 $pid
wait $pid || true
expect_failure 2 'holds nothing of dataset [0-9a-f]{32}, but the beginning of dataset [0-9a-f]{32}, .* --force' \
    on run --seed 4 --resume --append
expect_failure 2 'holds nothing of dataset .*, but the beginning of dataset' on run --seed 4 --resume --append --transactions
on run --resume --append
on verify || die "the dataset that had not ended: verify: $?"
on run --seed 4 --resume --append 2>"$WORK/stderr"
grep -q 'warning: append: .* hold nothing of dataset .*: it begins after what they hold' "$WORK/stderr" ||
    die "no warning that there is nothing to resume: $(cat "$WORK/stderr")"
on verify --seed 4 || die "what was appended: verify: $?"
echo "append: all as promised"
