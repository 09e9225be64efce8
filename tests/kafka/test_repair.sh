#!/usr/bin/env bash
# Topics that are not the dataset's logs are deleted and filled again with one command; the others are left alone, and
# nothing is changed that was not confirmed.
source "$SOURCE_DIR/tests/kafka/lib.sh"
need_cluster

settings=(--subs 600 --start 2025-01-01 --days 2 --partitions 3)
"$CDRGEN" run --quiet "${settings[@]}" --sink file --out "$WORK/files"

fill()
{
    "$CDRGEN" run --quiet -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" "${settings[@]}" "$@"
}

# repair ARGUMENTS…: its words go to $WORK/words.
repair()
{
    "$CDRGEN" repair --quiet -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" "${settings[@]}" "$@" </dev/null \
        >"$WORK/words" 2>"$WORK/repair.err"
}

says()
{
    grep -Eq -- "$1" "$WORK/words" || die "no '$1' from repair; it says: $(cat "$WORK/words" "$WORK/repair.err")"
}

spoil()
{
    echo "not a record" | kcat -b "$CDRGEN_TEST_BROKERS" -P -t "$prefix$1" -p "$2"
}

# Of topics with transactions, whose control records take offsets, too.
same()
{
    "$CDRGEN" verify -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" "${settings[@]}" >"$WORK/verified" 2>&1 ||
        die "verify: $?: $(cat "$WORK/verified")"
}

# refuses WORDS ARGUMENTS…: a dry run and a repair end with status 2 and say WORDS, and no topic is changed.
refuses()
{
    local words=$1 before how type
    shift
    before=$(for type in call sms data; do admin offsets "$prefix$type"; done)
    for how in --dry-run --yes; do
        status=0
        repair "$how" "$@" || status=$?
        expect_equal $status 2 "status of repair $how $*: $(cat "$WORK/words" "$WORK/repair.err")"
        grep -Eq "$words.*nothing was changed" "$WORK/repair.err" || die "no '$words': $(cat "$WORK/repair.err")"
        expect_equal "$(for type in call sms data; do admin offsets "$prefix$type"; done)" "$before" \
            "offsets after repair $how $*"
    done
}

# forget GROUP: one that was just used may not be deleted yet.
forget()
{
    local try
    for try in {1..50}; do
        ! admin forget "$1" 2>/dev/null || return 0
        sleep 0.2
    done
    die "group $1 is not deleted after $try tries"
}

equal()
{
    compare_topics "$WORK/files" "$prefix"{call,sms,data} --files-topics cdr. >"$WORK/compared"
}

# Takes as long as all others together, so it goes on beside them.
echo "a topic is not emptied while another has an open transaction: begun"
undecided=$(fresh_prefix)
prefix=$undecided
fill --create-topics --transactions
spoil sms 1
undecided_before=$(admin offsets "${prefix}sms")
"$PYTHON" "$kafka_tests/open_transaction.py" "$CDRGEN_TEST_BROKERS" "$WORK/held" one "${prefix}data" &
holder=$!
until [[ -e $WORK/held ]]; do
    kill -0 $holder || die "the other producer ended"
    sleep 0.05
done
"$CDRGEN" repair --quiet --yes -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" "${settings[@]}" --transactions \
    -X delivery.timeout.ms=4000 >"$WORK/undecided" 2>&1 </dev/null &
undecided_run=$!

echo "nothing to repair"
first=$(fresh_prefix)
prefix=$first
admin create "${prefix}call" 3 retention.ms=-1 message.timestamp.before.max.ms=9223372036854775807
admin create "${prefix}sms" 3 retention.ms=-1 message.timestamp.before.max.ms=9223372036854775807 max.message.bytes=1500000
fill --create-topics
repair || die "repair of whole topics: $?: $(cat "$WORK/repair.err")"
says '^nothing to repair'

echo "not confirmed"
spoil sms 1
before=$(admin offsets "${prefix}sms")
status=0
repair || status=$?
expect_equal $status 2 "status of a repair that was not confirmed"
grep -q -- '--yes' "$WORK/repair.err" || die "no word of --yes: $(cat "$WORK/repair.err")"
says "^${prefix}sms holds [0-9,]+ records and is not its log \(1 .*\): it is deleted, created and filled"
! grep -q "^${prefix}\(call\|data\) " "$WORK/words" || die "topics that are whole are named: $(cat "$WORK/words")"
expect_equal "$(admin offsets "${prefix}sms")" "$before" "offsets after a repair that was not confirmed"
status=0
repair --dry-run || status=$?
expect_equal $status 1 "status of repair --dry-run"
expect_equal "$(admin offsets "${prefix}sms")" "$before" "offsets after repair --dry-run"

echo "one topic is refilled, with the settings that it had"
spoil call 0
admin trim "${prefix}data" 0 1 # expired records are no difference, and stay expired only in a topic that is left alone
repair --yes --resume-quiet 300ms --transaction-wait 5s || die "repair: $?: $(cat "$WORK/words" "$WORK/repair.err")"
says '^repaired: the topics hold exactly the log'
expect_equal "$(admin config "${prefix}sms" max.message.bytes)" 1500000 "a setting of the topic that was refilled"
expect_equal "$(admin config "${prefix}sms" retention.ms)" -1 "its retention"
expect_equal "$(admin offsets "${prefix}data" | awk '$1 == 0 { print $2 }')" 1 "first offset of the topic that was left alone"
compare_topics "$WORK/files" "$prefix"{call,sms,data} --files-topics cdr. --expired >"$WORK/compared"

# abort TOPIC: another producer's record that is aborted.
abort()
{
    "$PYTHON" - "$1" <<'PYTHON'
import os, sys
from confluent_kafka import Producer
producer = Producer({"bootstrap.servers": os.environ["CDRGEN_TEST_BROKERS"], "transactional.id": sys.argv[1]})
producer.init_transactions(60)
producer.begin_transaction()
producer.produce(sys.argv[1], partition=1, value=b"not a record")
producer.flush(60)
producer.abort_transaction(60)
PYTHON
}

echo "another producer's aborted record after a whole log was called foreign, and the dataset one of --transactions"
prefix=$(fresh_prefix)
fill --create-topics
abort "${prefix}data"
same
repair --yes || die "repair of a whole log with an aborted record after it: $?: $(cat "$WORK/words" "$WORK/repair.err")"
says '^nothing to repair'
expect_failure 2 'a transaction has ended in the topics, and what it leaves takes offsets' fill --resume
# Where the topics do need a repair, no record could follow in that one either.
spoil sms 1
repair --yes || die "repair of another topic: $?: $(cat "$WORK/words" "$WORK/repair.err")"
says "^${prefix}sms holds [0-9,]+ records and is not its log \(1 "
says "^${prefix}data holds [0-9,]+ records and is not its log \(nothing that consumers of committed records see, but"
equal
fill --resume --days 3 || die "a day more after that repair: $?"

# Nobody sees an aborted record, but it has the offset that one of ours must have.
echo "a record that another producer aborted"
prefix=$(fresh_prefix)
fill --create-topics --rate 4k &
run=$!
until (($(count_records "${prefix}data" 2>/dev/null || true) > 0)); do sleep 0.1; done
kill -KILL $run
wait $run 2>/dev/null || true
abort "${prefix}data"
repair --yes || die "repair of a log with an aborted record: $?: $(cat "$WORK/words" "$WORK/repair.err")"
says "^${prefix}data holds [0-9,]+ records and is not its log"
equal
prefix=$first

echo "a topic that is missing is created, one that ends early is completed"
admin delete "${prefix}sms"
until [[ -z $(admin list "${prefix}sms") ]]; do sleep 0.2; done
repair --yes || die "repair of a missing topic: $?: $(cat "$WORK/words" "$WORK/repair.err")"
says "^${prefix}sms does not exist"
compare_topics "$WORK/files" "$prefix"{call,sms,data} --files-topics cdr. --expired >"$WORK/compared"

echo "a topic that is missing is not created where another one cannot be mended"
whole=$prefix
prefix=$(fresh_prefix)
fill --create-topics --transactions
dataset=$("$CDRGEN" run "${settings[@]}" --dry-run --sink null | grep -Eom 1 '[0-9a-f]{32}')
admin offsets "${prefix}sms" >"$WORK/offsets"
mapfile -t trims < <(awk -v topic="${prefix}sms" '{ print "+\ntrim\n" topic "\n" $1 "\n" $3 }' "$WORK/offsets")
admin "${trims[@]:1}" + delete "${prefix}call"
for group in "cdrgen-tx-$dataset" "cdrgen-tx-topic-$dataset"; do
    forget "$group"
done
for how in --dry-run --yes; do
    status=0
    repair $how --transactions || status=$?
    expect_equal $status 2 "status of repair $how of what cannot be counted: $(cat "$WORK/words" "$WORK/repair.err")"
    grep -q "${prefix}sms\[[0-2]\]: nothing that is committed says .*nothing was changed" "$WORK/repair.err" ||
        die "repair $how: $(cat "$WORK/repair.err")"
    expect_equal "$(admin list "$prefix" | tr '\n' ' ')" "${prefix}data ${prefix}sms " "topics after repair $how"
done

echo "a run that is refused before anything is deleted or written: status 2, as nothing was changed"
prefix=$(fresh_prefix)
for type in call sms data; do
    admin create "$prefix$type" 3 retention.ms=3600000
done
status=0
repair --yes || status=$?
expect_equal $status 2 "status of a repair that the topics' retention keeps from adding anything"
grep -q 'retention.ms=3600000' "$WORK/repair.err" || die "no word of the retention: $(cat "$WORK/repair.err")"
prefix=$whole

echo "a topic whose own settings refuse what it is refilled with is not deleted"
prefix=$(fresh_prefix)
fill --create-topics
for setting in message.timestamp.type=LogAppendTime message.timestamp.before.max.ms=1000 max.message.bytes=100 \
    internal.segment.bytes=100; do
    spoil data 2
    admin alter "${prefix}data" "$setting"
    before=$(admin offsets "${prefix}data")
    for how in --dry-run --yes; do
        status=0
        repair $how || status=$?
        expect_equal $status 2 "status of repair $how with $setting: $(cat "$WORK/repair.err")"
        grep -q "data: ${setting%=*}=.*nothing was changed" "$WORK/repair.err" || die "$how, $setting: $(cat "$WORK/repair.err")"
        expect_equal "$(admin offsets "${prefix}data")" "$before" "offsets after repair $how with $setting"
    done
    admin alter "${prefix}data" message.timestamp.type=CreateTime max.message.bytes=1000000 \
        internal.segment.bytes=100000000 message.timestamp.before.max.ms=9223372036854775807
done
repair --yes || die "repair once the settings suit: $?: $(cat "$WORK/words" "$WORK/repair.err")"
equal
prefix=$whole

echo "a topic is not emptied when the others were written without --transactions, and the repair has it"
prefix=$(fresh_prefix)
fill --create-topics
spoil sms 1
refuses 'call\[0\] holds [0-9]+ records that .* did not commit.* repair it without' --transactions
repair --yes || die "repair as the run was: $?: $(cat "$WORK/words" "$WORK/repair.err")"
equal

echo "a topic is not emptied when the others were written with --transactions, and the repair lacks it"
plain=$prefix
prefix=$(fresh_prefix)
fill --create-topics --transactions
spoil sms 1
refuses 'was written with --transactions: resume it with --transactions'
repair --yes --transactions || die "repair as the run was: $?: $(cat "$WORK/words" "$WORK/repair.err")"
same

echo "a topic is not emptied when others were written with and without --transactions; the one in the way is named"
admin delete "${prefix}call"
admin create "${prefix}call" 3 retention.ms=-1 message.timestamp.before.max.ms=9223372036854775807
"$PYTHON" - "${plain}call" "${prefix}call" <<'PYTHON'
import os, sys
from confluent_kafka import Consumer, Producer, TopicPartition
brokers = {"bootstrap.servers": os.environ["CDRGEN_TEST_BROKERS"]}
reader, writer = Consumer(brokers | {"group.id": "copy"}), Producer(brokers)
for partition in range(3):
    place = TopicPartition(sys.argv[1], partition, 0)
    end = reader.get_watermark_offsets(place)[1]
    reader.assign([place])
    for _ in range(end):
        record = reader.poll(30)
        writer.produce(sys.argv[2], record.value(), record.key(), partition, timestamp=record.timestamp()[1])
reader.close()
assert writer.flush(60) == 0
PYTHON
spoil sms 1
refuses 'was written with --transactions'
refuses 'call\[0\] holds [0-9]+ records that .* did not commit.* delete this topic' --transactions
admin delete "${prefix}call"
repair --yes --transactions || die "repair without the topic in the way: $?: $(cat "$WORK/words" "$WORK/repair.err")"
same

echo "a topic is not emptied when the records of another can no longer be counted"
id=$("$CDRGEN" run "${settings[@]}" --dry-run --sink null | grep -Eo '[0-9a-f]{32}' | head -n 1)
spoil sms 1
admin trim "${prefix}data" 0 3
forget "cdrgen-tx-$id"
refuses 'data\[0\]: nothing that is committed says how many records .* cannot be counted' --transactions
! admin committed "cdrgen-tx-$id" "${prefix}call" | grep cdrgen-tx || die "a rehearsal left its claim"
admin delete "${prefix}data"
repair --yes --transactions || die "repair of what can be counted: $?: $(cat "$WORK/words" "$WORK/repair.err")"
says "^${prefix}sms holds"
same

echo "a topic is not emptied when nothing is left of another that says how far it was filled"
prefix=$(fresh_prefix)
fill --create-topics
spoil sms 1
while read -r partition _ end; do
    admin trim "${prefix}data" "$partition" "$end"
done < <(admin offsets "${prefix}data")
forget "cdrgen-end-$id"
refuses 'data\[0\] ends at offset .*, but none of them is left to compare'
prefix=$whole

echo "a whole log in a topic that was given more partitions: nothing to repair, and a resume refused it for good"
prefix=$(fresh_prefix)
fill --create-topics
admin grow "${prefix}data" 4
repair --yes || die "repair of a topic that was given more partitions: $?: $(cat "$WORK/words" "$WORK/repair.err")"
says "^${prefix}data holds [0-9,]+ records and is not its log \(it has 4 partitions and the dataset 3\)"
fill --resume || die "resume after that repair: $?"
equal

echo "a whole log that another producer's transaction wrote: a repair of more days was refused, and advised to repair"
prefix=$(fresh_prefix)
fill --create-topics
"$PYTHON" - "${prefix}sms" <<'PYTHON'
import os, subprocess, sys
sys.path.insert(0, os.environ["SOURCE_DIR"] + "/tests/kafka")
from damage import read
from confluent_kafka import Producer
settings = {"bootstrap.servers": os.environ["CDRGEN_TEST_BROKERS"]}
logs = read(settings, sys.argv[1])
subprocess.run([sys.executable, os.environ["SOURCE_DIR"] + "/tests/kafka/admin.py", "recreate", sys.argv[1], "3"], check=True)
producer = Producer(settings | {"transactional.id": "mirror-" + sys.argv[1]})
producer.init_transactions(60)
producer.begin_transaction()
for partition, log in enumerate(logs):
    for key, value, timestamp, headers in log:
        producer.produce(sys.argv[1], key=key, value=value, timestamp=timestamp, partition=partition)
producer.commit_transaction(60)
PYTHON
same
status=0
repair --dry-run --days 3 || status=$?
expect_equal $status 1 "status of a dry run of that repair: $(cat "$WORK/words" "$WORK/repair.err")"
repair --yes --days 3 || die "repair of more days: $?: $(cat "$WORK/words" "$WORK/repair.err")"
says "^${prefix}sms holds [0-9,]+ records and is not its log \(nothing that consumers of committed records see, but"
fill --resume --days 3 || die "resume after that repair: $?"

echo "records of the log that its transactions did not commit: every command named another one"
prefix=$(fresh_prefix)
fill --create-topics
"$PYTHON" - "${prefix}call" >"$WORK/call" <<'PYTHON'
import os, pickle, sys
sys.path.insert(0, os.environ["SOURCE_DIR"] + "/tests/kafka")
from damage import read
sys.stdout.buffer.write(pickle.dumps(read({"bootstrap.servers": os.environ["CDRGEN_TEST_BROKERS"]}, sys.argv[1])))
PYTHON
prefix=$(fresh_prefix)
fill --create-topics --transactions --transaction-time 200ms --records 3k
"$PYTHON" - "${prefix}call" "$WORK/call" <<'PYTHON'
import os, pathlib, pickle, sys
sys.path.insert(0, os.environ["SOURCE_DIR"] + "/tests/kafka")
from damage import read
from confluent_kafka import Producer
settings = {"bootstrap.servers": os.environ["CDRGEN_TEST_BROKERS"]}
there = len(read(settings, sys.argv[1])[0])
producer = Producer(settings)
for key, value, timestamp, headers in pickle.loads(pathlib.Path(sys.argv[2]).read_bytes())[0][there:there + 50]:
    producer.produce(sys.argv[1], key=key, value=value, timestamp=timestamp, partition=0)
assert producer.flush(60) == 0
PYTHON
expect_failure 2 'call\[0\] holds 50 records that .* did not commit' fill --resume --transactions
expect_failure 2 'fill them again with `cdrgen repair --transactions`' fill --resume
repair --yes --transactions || die "repair of what is not committed: $?: $(cat "$WORK/words" "$WORK/repair.err")"
says "^${prefix}call holds [0-9,]+ records and is not its log \(this dataset's transactions did not commit"
fill --resume --transactions || die "resume after that repair: $?"
same

echo "a repair that breaks off names what is empty"
prefix=$(fresh_prefix)
fill --create-topics
admin delete "${prefix}data"
admin alter "${prefix}call" retention.ms=3600000
status=0
repair --yes || status=$?
expect_equal $status 2 "status of a repair that is refused before it creates a topic: $(cat "$WORK/repair.err")"
grep -q "retention.ms=3600000.*; nothing was changed" "$WORK/repair.err" || die "it says: $(cat "$WORK/repair.err")"
expect_equal "$(admin list "$prefix" | tr '\n' ' ')" "${prefix}call ${prefix}sms " "topics after a repair that was refused"
admin alter "${prefix}call" retention.ms=-1
spoil sms 1
repair --yes --rate 2k &
run=$!
until grep -q "^${prefix}sms holds" "$WORK/words" && (($(count_records "${prefix}data" 2>/dev/null || true) > 0)); do
    sleep 0.1
done
admin alter "${prefix}sms" cleanup.policy=compact
status=0
wait $run || status=$?
expect_equal $status 1 "status of a repair whose topic changes while it fills it: $(cat "$WORK/repair.err")"
grep -q "; not filled to the end: ${prefix}sms, ${prefix}data; .*the same repair again" "$WORK/repair.err" ||
    die "no word of what is not filled: $(cat "$WORK/repair.err")"
prefix=$whole

echo "another dataset's topics are not touched"
before=$(admin offsets "${prefix}call")
status=0
repair --yes --seed 77 || status=$?
expect_equal $status 2 "status of a repair with other settings"
expect_equal "$(admin offsets "${prefix}call")" "$before" "offsets after a repair with other settings"

echo "records from before the dataset are named"
prefix=$(fresh_prefix)
for type in call sms data; do
    admin create "$prefix$type" 3 retention.ms=-1 message.timestamp.before.max.ms=9223372036854775807
    seq 4 | kcat -b "$CDRGEN_TEST_BROKERS" -P -t "$prefix$type" -p 1
done
fill --append
spoil data 1
status=0
repair || status=$?
expect_equal $status 2 "status without --yes"
says 'WARNING: 4 of these records were there before this dataset'
repair --yes || die "repair of appended topics: $?: $(cat "$WORK/words" "$WORK/repair.err")"
expect_equal "$(count_records "${prefix}call")" "$((4 + $(find "$WORK/files/cdr.call" -name '*.csv' -exec cat {} + | grep -vc '^event_type')))" \
    "records of a topic that was left alone"

echo "rows from before the dataset are named, and stay with --append"
prefix=$(fresh_prefix)
tables=(--dimensions --truth-topic "${prefix}truth" --fault duplicate=0.05)
for seed in 77 78; do
    "$CDRGEN" run --quiet --subs 60 --partitions 2 --seed $seed -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --create-topics \
        --append "${tables[@]}" 2>/dev/null
done
echo spoilt | kcat -b "$CDRGEN_TEST_BROKERS" -P -k key0 -t "${prefix}subscriber" -p 0
echo spoilt | kcat -b "$CDRGEN_TEST_BROKERS" -P -k key0 -t "${prefix}truth" -p 0
before=$(admin offsets "${prefix}subscriber")
status=0
"$CDRGEN" repair --subs 60 --partitions 2 --seed 78 -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" "${tables[@]}" --append --yes \
    >"$WORK/words" 2>"$WORK/repair.err" || status=$?
expect_equal $status 2 "status of a repair that would delete rows of others: $(cat "$WORK/words" "$WORK/repair.err")"
says '^  WARNING: 60 of these rows were there before this dataset'
says '^  WARNING: [0-9]* of these rows were there before this dataset .--append.; they are deleted with it$'
expect_equal "$(admin offsets "${prefix}subscriber")" "$before" "offsets after a repair that was refused"

echo "a topic that was never appended to, and holds another producer's records: with --append, the log was written after them"
prefix=$(fresh_prefix)
fill --create-topics
admin recreate "${prefix}data" 3 fill 5 5 5
status=0
repair --append --yes || status=$?
expect_equal $status 2 "status of a repair of what cannot be told"
grep -q "${prefix}data holds records, .* whether it began after them (--append) cannot be told; nothing was changed: .*--force" \
    "$WORK/repair.err" || die "does not say what cannot be told: $(cat "$WORK/repair.err")"
expect_equal "$(count_records "${prefix}data")" 15 "records after a repair that was refused"
repair --yes || die "repair without --append: $?: $(cat "$WORK/repair.err")"

echo "a topic is not emptied while another has an open transaction: ended"
status=0
wait $undecided_run || status=$?
expect_equal $status 2 "status of a repair with an open transaction in another topic: $(cat "$WORK/undecided")"
grep -q "sms holds .* is not its log" "$WORK/undecided" || die "no word of sms: $(cat "$WORK/undecided")"
grep -q 'an open transaction of another producer holds .*data\[0\].*nothing was changed' "$WORK/undecided" ||
    die "no word of the transaction: $(cat "$WORK/undecided")"
expect_equal "$(admin offsets "${undecided}sms")" "$undecided_before" "offsets after that repair"
rm "$WORK/held"
wait $holder
prefix=$undecided
repair --yes --transactions || die "repair after the transaction: $?: $(cat "$WORK/words" "$WORK/repair.err")"
same

echo "tables of subscribers and cells"
prefix=$(fresh_prefix)
settings+=(--dimensions)
fill --create-topics
echo "not a row" | kcat -b "$CDRGEN_TEST_BROKERS" -P -t "${prefix}cell" -p 0 -k nobody
repair --yes || die "repair of a table: $?: $(cat "$WORK/words" "$WORK/repair.err")"
says "^${prefix}cell holds [0-9,]+ rows"
expect_equal "$(admin config "${prefix}cell" cleanup.policy)" compact "policy of a table that was refilled"
equal
