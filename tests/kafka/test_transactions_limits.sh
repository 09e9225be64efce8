#!/usr/bin/env bash
# Transactions at their limits: a queue that is often full, a batch that is refused, coordinators and brokers that keep a
# transaction waiting. Whatever the run says of it must be so.
set -euo pipefail
source "$SOURCE_DIR/tests/kafka/lib.sh"
need_cluster

dataset=(--subs 3000 --start 2025-06-01 --days 1 --seed 5 --partitions 3)
"$CDRGEN" run "${dataset[@]}" --sink file --out "$WORK/files" --quiet

# run PREFIX ARGUMENTS…
run()
{
    local prefix=$1
    shift
    "$CDRGEN" run "${dataset[@]}" -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --transactions --quiet "$@"
}

# become PREFIX ARGUMENTS…: the same in place of this shell, so that a signal reaches it.
become()
{
    local prefix=$1
    shift
    exec "$CDRGEN" run "${dataset[@]}" -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --transactions --quiet "$@"
}

# same_logs PREFIX: the committed records are the file sink's.
same_logs()
{
    compare_topics "$WORK/files" "$1"{call,sms,data} --files-topics cdr. --committed >"$WORK/compared"
}

# --- a full queue: a partition that a transaction came to, and none of whose records was taken, gets no control record ---
prefix=$(fresh_prefix)
run "$prefix" --create-topics --transaction-records 4000 --abort-share 0.4 -X queue.buffering.max.messages=3000 -X linger.ms=2
same_logs "$prefix"
prefix=$(fresh_prefix)
small=("$CDRGEN" run --subs 60 --start 2025-06-01 --days 1 --seed 5 --partitions 2 --quiet)
"${small[@]}" -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --create-topics --transactions --transaction-records 50 \
    --abort-share 0.4 -X queue.buffering.max.messages=1 -X linger.ms=0
"${small[@]}" --sink file --out "$WORK/small"
compare_topics "$WORK/small" "$prefix"{call,sms,data} --files-topics cdr. --committed >"$WORK/compared"

# --- a refused batch: the others of its transaction are given up with it, and it is the one that is named ---
prefix=$(fresh_prefix)
run "$prefix" --create-topics --transaction-time 200ms --rate 12k/s 2>"$WORK/words" &
run=$!
until here=$(count_records "${prefix}sms" 2>/dev/null) && ((here > 500)); do
    kill -0 $run 2>/dev/null || die "the run ended too early: $(cat "$WORK/words")"
done
admin set "${prefix}sms" max.message.bytes=150
status=0
wait $run || status=$?
expect_equal "$status" 1 "the status of a run whose batch is refused"
grep -Eq "sms\[[0-2]\]: the record at offset [0-9]+ was not delivered: .*too large; the first [0-9]+ records of the log are committed" \
    "$WORK/words" || die "the refused batch is not what the run names: $(cat "$WORK/words")"
admin set "${prefix}sms" max.message.bytes=1000000
run "$prefix" --resume
same_logs "$prefix"

# --- a process that stands still for longer than its transaction may be open: it goes on, as nobody else has taken over ---
prefix=$(fresh_prefix)
become "$prefix" --create-topics --transaction-time 200ms --rate 8k/s -X transaction.timeout.ms=2000 2>"$WORK/words" &
run=$!
until here=$(count_records "${prefix}sms" 2>/dev/null) && ((here > 500)); do
    kill -0 $run 2>/dev/null || die "the run ended too early: $(cat "$WORK/words")"
done
kill -STOP $run
sleep 14 # brokers look for such transactions every 10 s
kill -CONT $run
wait $run || die "the run that stood still ended with status $?: $(cat "$WORK/words")"
grep -q 'going on with a new producer' "$WORK/words" || die "the brokers did not end the transaction: $(cat "$WORK/words")"
same_logs "$prefix"
expect_failure 2 '5000 ms is not less than transaction.timeout.ms=2000' \
    run "$(fresh_prefix)" --create-topics --transaction-time 5s -X transaction.timeout.ms=2000
echo "limits of transactions: all equal"
