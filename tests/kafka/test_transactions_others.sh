#!/usr/bin/env bash
# Transactions and everybody else: runs of the same dataset in any number of shards, and other producers. A run that ends with
# status 0 has written exactly the log, for consumers of committed records; another one says so, and never shares a log.
set -euo pipefail
source "$SOURCE_DIR/tests/kafka/lib.sh"
need_cluster

dataset=(--subs 1200 --start 2025-06-01 --days 1 --seed 5 --partitions 4)
"$CDRGEN" run "${dataset[@]}" --sink file --out "$WORK/files" --quiet

# run ARGUMENTS…: with the topics of $prefix.
run()
{
    "$CDRGEN" run "${dataset[@]}" -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --transactions --quiet "$@"
}

# become ARGUMENTS…: the same in place of this shell, so that a signal reaches it.
become()
{
    exec "$CDRGEN" run "${dataset[@]}" -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --transactions --quiet "$@"
}

# start NAME ARGUMENTS…: the same beside the test; its words go to $WORK/NAME. Returns when records are committed.
start()
{
    local name=$1
    shift
    become "$@" 2>"$WORK/$name" &
    pid=$!
    until [[ -n $(kcat -b "$CDRGEN_TEST_BROKERS" -C -t "${prefix}data" -o beginning -c 1 -e -q -f x \
        -X isolation.level=read_committed 2>/dev/null) ]]; do
        kill -0 $pid 2>/dev/null || die "$name ended before it committed anything: $(cat "$WORK/$name")"
    done
}

# ended PID STATUS NAME WORDS: it must end so, and have said that.
ended()
{
    local status=0
    wait "$1" || status=$?
    expect_equal "$status" "$2" "the status of $3, which says: $(cat "$WORK/$3")"
    [[ -z $4 ]] || grep -Eq -- "$4" "$WORK/$3" || die "$3 does not say '$4': $(cat "$WORK/$3")"
}

# same_logs: the committed records of $prefix are the file sink's.
same_logs()
{
    compare_topics "$WORK/files" "$prefix"{call,sms,data} --files-topics cdr. --committed >"$WORK/compared"
}

# produce TOPIC PARTITION HOW: another producer's record: plain, or in a transaction that is committed, aborted, or held open
# for 12 s (then in the background, $holder; it returns when the record is there).
produce()
{
    "$PYTHON" - "$CDRGEN_TEST_BROKERS" "$1" "$2" "$3" "$WORK/held" <<'PYTHON' &
import pathlib, sys, time
from confluent_kafka import Producer
brokers, topic, partition, how, held = sys.argv[1:]
settings = {"bootstrap.servers": brokers} | ({} if how == "plain" else {"transactional.id": "another-" + topic})
producer = Producer(settings)
if how != "plain":
    producer.init_transactions(30)
    producer.begin_transaction()
producer.produce(topic, partition=int(partition), value=b"another's")
assert producer.flush(30) == 0
if how == "held":
    pathlib.Path(held).write_text("")
    time.sleep(12)
if how in ("aborted", "held"):
    producer.abort_transaction(30)
elif how == "committed":
    producer.commit_transaction(30)
PYTHON
    holder=$!
    if [[ $3 == held ]]; then
        until [[ -e $WORK/held ]]; do sleep 0.05; done
        rm "$WORK/held"
    else
        wait $holder
    fi
}

# --- one process, and two shards that take over: it is shut out, whatever their number ---
prefix=$(fresh_prefix)
start one --create-topics --rate 1500/s --transaction-time 300ms
one=$pid
run --resume --shard 0/2 2>"$WORK/shard0" &
zero=$!
run --resume --shard 1/2 2>"$WORK/shard1"
ended $zero 0 shard0 ''
ended $one 1 one 'another run of this dataset has taken over'
! grep -q repair "$WORK/one" || die "a run that was taken over advises to delete topics: $(cat "$WORK/one")"
same_logs

# --- one that is taken over before it has committed anything says so ---
prefix=$(fresh_prefix)
become --create-topics --rate 200/s --transaction-time 60s 2>"$WORK/early" &
early=$!
until [[ -n $(kcat -b "$CDRGEN_TEST_BROKERS" -C -t "${prefix}data" -o beginning -c 1 -e -q -f x \
    -X isolation.level=read_uncommitted 2>/dev/null) ]]; do
    kill -0 $early 2>/dev/null || die "it ended: $(cat "$WORK/early")"
done
run --resume
ended $early 1 early 'has taken over .*nothing of this run was committed, and the other one goes on'
! grep -Eq 'repair|stays' "$WORK/early" || die "a run that committed nothing speaks of its records: $(cat "$WORK/early")"
same_logs

# --- and back: one process takes over from shards ---
prefix=$(fresh_prefix)
run --create-topics --shard 1/3 --rate 400/s --transaction-time 300ms 2>"$WORK/shard1" &
shard1=$!
start shard0 --create-topics --shard 0/3 --rate 400/s --transaction-time 300ms
shard0=$pid
run --create-topics --shard 2/3 --rate 400/s --transaction-time 300ms 2>"$WORK/shard2" &
shard2=$!
until (($(count_records "${prefix}call") > 100)); do sleep 0.1; done
run --resume
for shard in 0 1 2; do
    name=shard$shard
    status=0
    wait "${!name}" || status=$?
    # One that opens last is not shut out by the run, but shuts it out; here all have begun.
    expect_equal "$status" 1 "the status of $name, which says: $(cat "$WORK/$name")"
done
same_logs

# --- a run that was killed with a transaction open, resumed by shards: they end it ---
prefix=$(fresh_prefix)
start one --create-topics --rate 2k/s --transaction-time 300ms
kill -9 $pid
wait $pid || true
run --resume --shard 0/2 &
zero=$!
run --resume --shard 1/2
wait $zero
same_logs
"$CDRGEN" verify "${dataset[@]}" -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --quiet || die "verify finds a difference"

# --- another producer's record, in the middle and in a transaction of its own ---
for how in plain committed; do
    prefix=$(fresh_prefix)
    start one --create-topics --rate 2k/s --transaction-time 300ms
    produce "${prefix}data" 1 $how
    ended $pid 1 one 'data\[1\] holds 1 record that .* did not commit, the first at offset [0-9]+: another producer'
    expect_failure 2 'did not commit, the first at offset' run --resume
done

# --- one that was aborted leaves nothing that consumers see, and the run goes on ---
prefix=$(fresh_prefix)
start one --create-topics --rate 5k/s --transaction-time 300ms
produce "${prefix}data" 1 aborted
ended $pid 0 one 'going on with a new producer'
same_logs

# --- one in a transaction that stays open holds the committed records back: neither a run nor --resume passes by ---
prefix=$(fresh_prefix)
start one --create-topics --rate 2k/s --transaction-time 300ms -X delivery.timeout.ms=3000
produce "${prefix}data" 1 held
ended $pid 1 one 'an open transaction of another producer holds .*data\[1\] at offset'
expect_failure 2 'an open transaction of another producer holds .*data\[1\] at offset' \
    run --resume -X delivery.timeout.ms=3000
wait $holder
run --resume
same_logs

# --- one whose producer died ends with the command that the message names ---
prefix=$(fresh_prefix)
run --create-topics
"$PYTHON" - "$CDRGEN_TEST_BROKERS" "${prefix}data" <<'PYTHON'
import os, sys
from confluent_kafka import Producer
producer = Producer({"bootstrap.servers": sys.argv[1], "transactional.id": "dead-" + sys.argv[2], "transaction.timeout.ms": 900000})
producer.init_transactions(30)
producer.begin_transaction()
producer.produce(sys.argv[2], partition=1, value=b"another's")
assert producer.flush(30) == 0
os._exit(0)
PYTHON
expect_failure 2 'did not end within 1 s .*kafka-transactions.sh' "$CDRGEN" verify "${dataset[@]}" \
    -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --quiet --transaction-wait 1s
expect_failure 2 'kafka-transactions.sh' run --resume -X delivery.timeout.ms=3000
read -r -a abort < <(grep -Eo 'abort --topic [^`]*' "$WORK/stderr")
"$SOURCE_DIR/scripts/kafka" tool TransactionsCommand \
    --bootstrap-server "$CDRGEN_TEST_BROKERS" "${abort[@]}" >"$WORK/abort" 2>&1 || die "${abort[*]}: $(cat "$WORK/abort")"
run --resume
same_logs

# --- after the last record ---
produce "${prefix}sms" 0 plain
expect_failure 2 'sms\[0\] holds 1 record that' run --resume

# --- resume compares what is there ---
prefix=$(fresh_prefix)
start one --create-topics --rate 2k/s --transaction-time 300ms
kill -9 $pid
wait $pid || true
expect_failure 2 'do not hold the beginning of dataset' run --resume --format json
expect_failure 2 'do not hold the beginning of dataset' run --resume --key-format avro --schema-id key=7
expect_failure 2 'was written with --transactions: resume it with --transactions' \
    "$CDRGEN" run "${dataset[@]}" -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --quiet --resume
run --resume
same_logs

# --- a topic that was deleted while a killed run's transaction was open is filled again ---
prefix=$(fresh_prefix)
start one --create-topics --rate 2k/s --transaction-time 300ms
kill -9 $pid
wait $pid || true
admin delete "${prefix}data"
run --resume --create-topics
same_logs

# --- the same just before it was killed: its transaction was called another producer's, and waited for in vain ---
for _ in 1 2 3; do
    prefix=$(fresh_prefix)
    small=(--subs 200 --partitions 2 --seed $RANDOM)
    become "${small[@]}" --create-topics --rate 600/s --transaction-records 30 --transaction-time 1s 2>"$WORK/one" &
    pid=$!
    until (($(count_records "${prefix}data" 2>/dev/null || true) > 400)); do
        kill -0 $pid || die "the run ended: $(cat "$WORK/one")"
    done
    "$PYTHON" "$kafka_tests/admin.py" delete "${prefix}data"
    kill -9 $pid
    wait $pid || true
    run "${small[@]}" --resume --create-topics -X delivery.timeout.ms=9000 2>"$WORK/deleted" ||
        die "resume after a topic was deleted: $(cat "$WORK/deleted")"
done

# --- records are deleted up to the end, where the killed run's transaction is aborted then: called compacted ---
prefix=$(fresh_prefix)
trimmed=(--subs 200 --partitions 2 --seed 8)
become "${trimmed[@]}" --create-topics --rate 1k/s --transaction-records 100 2>"$WORK/one" &
pid=$!
until (($(count_records "${prefix}data" 2>/dev/null || true) > 800)); do
    kill -0 $pid || die "the run ended: $(cat "$WORK/one")"
done
kill -9 $pid
wait $pid || true
for type in call sms data; do
    while read -r partition _ end; do
        admin trim "$prefix$type" "$partition" "$end"
    done < <(admin offsets "$prefix$type")
done
for again in first second; do
    run "${trimmed[@]}" --resume 2>"$WORK/trimmed" || die "the $again resume behind what was deleted: $(cat "$WORK/trimmed")"
done
"$CDRGEN" verify "${dataset[@]}" "${trimmed[@]}" -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --quiet --allow-expired ||
    die "verify behind what was deleted: $?"

# --- a dataset without transactions is not resumed with them, and a resume that was refused leaves nothing ---
plainly()
{
    "$CDRGEN" run "${dataset[@]}" -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --quiet "$@"
}
group=cdrgen-tx-$("$CDRGEN" run "${dataset[@]}" --dry-run --sink null | grep -Eo '[0-9a-f]{32}' | head -n 1)
prefix=$(fresh_prefix)
plainly --create-topics --days 1
for _ in 1 2; do
    expect_failure 2 'was written without --transactions, then resume it without' run --resume
    ! admin committed "$group" "${prefix}data" | grep cdrgen-tx || die "a resume that was refused left its claim"
    plainly --resume
done

# --- the group with the positions goes in mid-run, and another producer writes before the run sees it: not counted as the run's ---
prefix=$(fresh_prefix)
start forgotten --create-topics --rate 1k/s --transaction-time 3s
until admin forget "$group" 2>/dev/null; do
    kill -0 $pid 2>/dev/null || die "the run ended too early: $(cat "$WORK/forgotten")"
done
produce "${prefix}data" 1 plain
ended $pid 1 forgotten "data\[1\] has another record at offset|did not commit"
expect_failure 2 "has another record at offset|did not commit" run --resume

# --- the group with the positions is gone: --resume with --transactions counts the records; without, it says so ---
for how in whole beginning; do
    prefix=$(fresh_prefix)
    if [[ $how == whole ]]; then
        run --create-topics --transaction-time 300ms --abort-share 0.2
    else
        start one --create-topics --rate 4k/s --transaction-time 1s
        sleep 0.6 # until every log ends with records of a transaction that is open
        kill -9 $pid
        wait $pid || true
    fi
    for _ in {1..50}; do # one that was just used by a process that was killed may not be deleted yet
        admin forget "$group" 2>/dev/null && break
        sleep 0.2
    done
    # Nothing but the group tells whose transactions they were: where a log is full, its control record is named.
    expect_failure 2 'resume it with --(resume --)?transactions' plainly --resume
    expect_failure 2 'do not hold the beginning of dataset' run --resume --format json
    ! admin committed "$group" "${prefix}data" | grep cdrgen-tx || die "a resume that was refused left its claim"
    if [[ $how == whole ]]; then
        expect_failure 2 'resume it with --transactions' plainly --resume
    fi
    run --resume 2>"$WORK/counted" || die "$how: $(cat "$WORK/counted")"
    grep -Eq 'nothing that is committed says how many records of this dataset [0-9]+ partitions hold .*they were counted: [0-9]+' \
        "$WORK/counted" || die "no word of counting: $(cat "$WORK/counted")"
    same_logs
done
# Repair goes the same way.
admin forget "$group"
"$PYTHON" "$kafka_tests/admin.py" delete "${prefix}sms"
"$CDRGEN" repair "${dataset[@]}" -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --transactions --quiet --yes >"$WORK/repair" 2>&1 ||
    die "repair: $(cat "$WORK/repair")"
same_logs
# What was deleted cannot be counted, and the way out is said.
admin forget "$group"
admin trim "${prefix}sms" 0 3
expect_failure 2 'cannot be counted.*delete the topic, then --resume --create-topics fills it again' run --resume
admin delete "${prefix}sms"
run --resume --create-topics 2>"$WORK/counted" || die "$(cat "$WORK/counted")"
same_logs
echo "transactions and others: all as promised"
