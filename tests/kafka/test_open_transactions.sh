#!/usr/bin/env bash
# A run without --transactions ended with status 0 on records of an open transaction, which the brokers aborted afterwards:
# they counted as there. No run, verify or repair takes them for records that stay, and there is a way out that works.
set -euo pipefail
source "$SOURCE_DIR/tests/kafka/lib.sh"
need_cluster

dataset=(--subs 1500 --start 2025-06-01 --days 1 --seed 3 --partitions 2)
"$CDRGEN" run "${dataset[@]}" --sink file --out "$WORK/files" --quiet

# on COMMAND ARGUMENTS…: with the topics of $prefix.
on()
{
    local command=$1
    shift
    "$CDRGEN" "$command" "${dataset[@]}" -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --quiet "$@"
}

same_logs()
{
    compare_topics "$WORK/files" "$prefix"{call,sms,data} --files-topics cdr. "$@" >"$WORK/compared"
}

# killed ARGUMENTS…: a run with --transactions that dies in its first one, with records in it.
killed()
{
    "$CDRGEN" run "${dataset[@]}" -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --quiet --create-topics \
        --transactions --transaction-time 40s --rate 2k/s "$@" 2>"$WORK/killed" &
    local pid=$! records=0
    until ((records > ${already:-0})); do
        records=$(kcat -b "$CDRGEN_TEST_BROKERS" -C -t "${prefix}data" -o beginning -c $((${already:-0} + 20)) -e -q -f x \
            -X isolation.level=read_uncommitted 2>/dev/null | wc -c) || records=0
        kill -0 $pid 2>/dev/null || die "the run ended before it was killed: $(cat "$WORK/killed")"
        sleep 0.05
    done
    kill -9 $pid
    wait $pid 2>/dev/null || true
}

# hold WHAT TOPICS…: a transaction of another producer (open_transaction.py) that is open until $WORK/held is removed.
hold()
{
    "$PYTHON" "$SOURCE_DIR/tests/kafka/open_transaction.py" "$CDRGEN_TEST_BROKERS" "$WORK/held" "$@" &
    holder=$!
    until [[ -e $WORK/held ]]; do
        kill -0 $holder || die "the other producer ended"
        sleep 0.05
    done
}

# --- neither goes on after them, and nothing is written ---
prefix=$(fresh_prefix)
killed
before=$(count_records "${prefix}data")
expect_failure 2 'has an open transaction of a run of this dataset, from offset 0 .*--resume --transactions' on run --resume
expect_failure 2 'has an open transaction of a run of this dataset, from offset 0 .*--resume --transactions' on run --append
expect_equal "$(count_records "${prefix}data")" "$before" "records after refused runs"

# --- nor after other records, which the dead run was to append to: it is not another producer's ---
first=$prefix
prefix=$(fresh_prefix)
on run --subs 4 --seed 8 --create-topics
already=$(count_records "${prefix}data")
killed --append
already=0
ours='has an open transaction of a run of this dataset, from offset [0-9]+ .*--resume --transactions'
for how in "--resume --append" "--append" "--resume"; do
    expect_failure 2 "$ours" on run $how
done
on run --resume --append --transactions
on verify --append || die "verify of what was appended after a run that died in its first transaction: $?"
prefix=$first

# --- once they are aborted, they are not there either; --resume --transactions, which was named, works ---
on run --resume --transactions
same_logs --committed
on verify || die "verify finds a difference"
expect_failure 2 'was written with --transactions: resume it with --transactions' on run --resume

# --- another producer's: neither a resume nor an append passes by; verify of all that is stored cannot tell ---
prefix=$(fresh_prefix)
on run --create-topics
hold one "${prefix}data"
expect_failure 2 'data\[0\] has an open transaction, from offset [0-9]+ .*end that producer' \
    on run --resume --kafka-timeout 2s
expect_failure 2 'data\[0\] has an open transaction, from offset [0-9]+ .*end that producer' \
    on run --seed 4 --append --kafka-timeout 2s

# --- one that ends while a run waits: the run goes on after its control record ---
on run --seed 4 --append 2>"$WORK/appended" &
appended=$!
sleep 2.5
rm "$WORK/held"
wait $holder
wait $appended || die "the append ended with a failure: $(cat "$WORK/appended")"
on verify --seed 4 || die "verify finds a difference in what was appended"

# --- the whole dataset in a transaction that is open: it is the same now, and may be gone in a moment ---
from=$(fresh_prefix)
prefix=$from
on run --create-topics
prefix=$(fresh_prefix)
for type in call sms data; do
    admin create "$prefix$type" 2 retention.ms=-1
done
hold copy "$from" "$prefix"
expect_failure 2 'cannot tell: .*call\[0\] has an open transaction.*may abort it' on verify --isolation read_uncommitted
expect_failure 2 'has an open transaction.*may abort it' on repair --yes
rm "$WORK/held"
wait $holder

# --- aborted records are not there either, and the repair that the refusal names is a way out ---
prefix=$(fresh_prefix)
killed
expect_failure 2 'open transaction' on run --resume
id=$(grep -Eo 'dataset [0-9a-f]{32}' "$WORK/stderr" | cut -d ' ' -f 2)
open=$(java org.apache.kafka.tools.TransactionsCommand --bootstrap-server "$CDRGEN_TEST_BROKERS" list 2>/dev/null |
    awk -v id="cdrgen-$id-" 'index($1, id) == 1 && $1 ~ /-of-/ && $4 == "Ongoing" { print $1 }')
"$PYTHON" - "$CDRGEN_TEST_BROKERS" "$open" <<'PYTHON'
# Opens the dead run's transactional id, and those of runs into other topics, which aborts their transactions.
import sys
from confluent_kafka import Producer
brokers, ids = sys.argv[1:]
for transactional_id in ids.split():
    Producer({"bootstrap.servers": brokers, "transactional.id": transactional_id}).init_transactions(30)
PYTHON
expect_failure 2 'resume it with --transactions, or .*cdrgen repair --transactions' on run --resume
on repair --transactions --yes >/dev/null
same_logs --committed
echo "open transactions: all as promised"
