#!/usr/bin/env bash
# cdrgen verify against real topics: clean ones are the same; of copies with one change each it names just that, and nothing else.
source "$SOURCE_DIR/tests/kafka/lib.sh"
need_cluster

report=$WORK/report.json

# verify STATUS ARGUMENTS…: must exit with it.
verify()
{
    local wanted=$1 status=0
    shift
    "$CDRGEN" verify --subs 3000 -b "$CDRGEN_TEST_BROKERS" --report "$report" "$@" >"$WORK/words" 2>"$WORK/stderr" || status=$?
    ((status == wanted)) || die "verify $*: status $status, not $wanted: $(cat "$WORK/words" "$WORK/stderr")"
}

# counts "lost 1 …": all kinds of differences that the report has, in its order; "" for none.
counts()
{
    "$PYTHON" - "$report" <<'PYTHON'
import json, sys
report = json.load(open(sys.argv[1]))
kinds = ["lost", "duplicated", "reordered", "altered", "foreign", "wrong_key", "wrong_timestamp", "wrong_partition", "expired"]
print(" ".join(f"{kind} {report[kind]}" for kind in kinds if report[kind]))
PYTHON
}

# shown: kind, topic, partition, place (expected position or found offset) of the first difference that the report shows.
shown()
{
    "$PYTHON" - "$report" <<'PYTHON'
import json, sys
first = json.load(open(sys.argv[1]))["differences"][0]
print(first["kind"], first["topic"].split(".")[-1], first["partition"], first.get("expected", {}).get("position", "-"), first.get("found", {}).get("offset", "-"))
PYTHON
}

write()
{
    "$CDRGEN" run --quiet --subs 3000 -b "$CDRGEN_TEST_BROKERS" --create-topics "$@" 2>/dev/null
}

damage()
{
    "$PYTHON" "$kafka_tests/damage.py" "$@"
}

# ---- clean topics ----------------------------------------------------------------------------------------------------

for format in csv avro json; do
    clean=$(fresh_prefix)
    write --format "$format" --topic-prefix "$clean"
    verify 0 --format "$format" --topic-prefix "$clean"
    expect_equal "$(counts)" "" "differences of a clean $format topic"
    grep -q '^same: 58,554 of 58,554 records compared; 58,554 found' "$WORK/words" || die "words: $(cat "$WORK/words")"
    verify 0 --format "$format" --topic-prefix "$clean" --workers 5
    for shard in 0 1 2 3; do
        verify 0 --format "$format" --topic-prefix "$clean" --shard "$shard/4"
    done
    verify 0 --format "$format" --topic-prefix "$clean" --isolation read_uncommitted
    # More days are expected than are there; the log ends early.
    verify 1 --format "$format" --topic-prefix "$clean" --days 2
    grep -q 'ends early, at record' "$WORK/words" || die "it does not say where the log ends: $(cat "$WORK/words")"
    declare "clean_$format=$clean"
done

# ---- one change each -------------------------------------------------------------------------------------------------

# changed FORMAT CHANGE COUNTS FIRST: a copy of the topics with the change in cdr.sms[1], record 500.
changed()
{
    local format=$1 change=$2 wanted=$3 first=$4 prefix topic from=clean_$1
    prefix=$(fresh_prefix)
    for topic in call data; do
        [[ -n ${copied[$format$topic]:-} ]] || damage none "${!from}$topic" "copy.${!from}$topic"
        copied[$format$topic]=1
    done
    damage "$change" "${!from}sms" "copy.${!from}sms"
    verify 1 --format "$format" --topic-prefix "copy.${!from}"
    expect_equal "$(counts)" "$wanted" "differences after $change in $format"
    expect_equal "$(shown)" "$first" "first difference after $change in $format"
    admin delete "copy.${!from}sms"
    sleep 0.5
}
declare -A copied

damage none "${clean_csv}sms" "copy.${clean_csv}sms"
for topic in call data; do
    damage none "$clean_csv$topic" "copy.$clean_csv$topic"
    copied[csv$topic]=1
done
verify 0 --topic-prefix "copy.$clean_csv"
admin delete "copy.${clean_csv}sms"
sleep 0.5

for format in csv avro; do
    changed $format remove "lost 1" "lost sms 1 500 -"
    changed $format repeat "duplicated 1" "duplicated sms 1 - 501"
    changed $format swap "reordered 1" "reordered sms 1 500 501"
    changed $format flip "altered 1" "altered sms 1 500 500"
    changed $format foreign "foreign 1" "foreign sms 1 - 500"
    changed $format key "wrong_key 1" "wrong_key sms 1 500 500"
    changed $format timestamp "wrong_timestamp 1" "wrong_timestamp sms 1 500 500"
    changed $format partition "wrong_partition 1" "wrong_partition sms 2 500 500"
done
changed json flip "altered 1" "altered sms 1 500 500"
changed csv flip-end "altered 1" "altered sms 1 500 500"
changed csv early "reordered 1" "reordered sms 1 500 200"
changed csv late-copy "duplicated 1" "duplicated sms 1 - 800"

# What a person sees of it, field by field.
damage timestamp "${clean_csv}sms" "copy.${clean_csv}sms" --partition 0 --record 7
verify 1 --topic-prefix "copy.$clean_csv"
grep -Eq '^  wrong timestamp: copy\..*\.sms\[0\], record 7, found at offset 7$' "$WORK/words" || die "$(cat "$WORK/words")"
grep -Eq '^      timestamp: expected [0-9]+ \(2024-12-31T.*Z\), found [0-9]+ \(' "$WORK/words" || die "$(cat "$WORK/words")"
grep -q '^cdrgen: different: 1 wrong timestamp$' "$WORK/stderr" || die "$(cat "$WORK/stderr")"

# ---- behind what was there: --append ------------------------------------------------------------------------------------

appended=$(fresh_prefix)
write --topic-prefix "$appended" --seed 7
write --topic-prefix "$appended" --append
verify 0 --topic-prefix "$appended"
# The first of the two has records of another dataset behind it.
verify 1 --topic-prefix "$appended" --seed 7
expect_equal "$(counts)" "foreign 58554" "differences of the first dataset in a topic of two"

# Kafka forgets where the dataset begins, here as after offsets.retention.minutes.
forget()
{
    "$PYTHON" - "$CDRGEN_TEST_BROKERS" "cdrgen-$1" "cdrgen-end-$1" <<'PYTHON'
import sys
from confluent_kafka.admin import AdminClient
admin = AdminClient({"bootstrap.servers": sys.argv[1]})
for future in admin.delete_consumer_groups(sys.argv[2:], request_timeout=60).values():
    future.result(90)
PYTHON
}
verify 0 --topic-prefix "$appended"
dataset=$("$PYTHON" -c 'import json, sys; print(json.load(open(sys.argv[1]))["dataset_id"])' "$report")
forget "$dataset"
verify 2 --topic-prefix "$appended"
grep -Eq "first record is at offset [0-9]+ of ${appended}call\[0\]: .*--append" "$WORK/stderr" || die "$(cat "$WORK/stderr")"
verify 0 --topic-prefix "$appended" --append
verify 2 --topic-prefix "$appended" --append --seed 9
write --topic-prefix "$appended" --days 2 --resume --append
verify 0 --topic-prefix "$appended" --days 2
forget "$dataset"
"$CDRGEN" run --quiet --subs 3000 --days 2 -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$appended" --append 2>"$WORK/stderr"
grep -Eq "warning: append: ${appended}[a-z]+\[[0-5]\] already holds this dataset, from offset [0-9]+ on, and it is written once more" "$WORK/stderr" ||
    die "it does not say that it writes the dataset once more: $(cat "$WORK/stderr")"

# ---- expired beginning ---------------------------------------------------------------------------------------------------

"$PYTHON" - "$CDRGEN_TEST_BROKERS" "${clean_json}call" <<'PYTHON'
import sys
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
admin = AdminClient({"bootstrap.servers": sys.argv[1]})
for future in admin.delete_records([TopicPartition(sys.argv[2], 0, 100), TopicPartition(sys.argv[2], 3, 1)]).values():
    future.result(30)
PYTHON
verify 0 --format json --topic-prefix "$clean_json"
expect_equal "$(counts)" "expired 101" "records of a topic whose beginning expired"
grep -q '101 more expired' "$WORK/words" || die "$(cat "$WORK/words")"
grep -q '^same: 58,453 of 58,554 records compared, 101 expired; ' "$WORK/words" || die "$(cat "$WORK/words")"

# Of a partition nothing is left: that is not the same as being right.
read -r _ _ end < <(admin offsets "${clean_json}sms" | sed -n 3p)
admin trim "${clean_json}sms" 2 "$end"
verify 2 --format json --topic-prefix "$clean_json"
grep -q "^cannot tell: " "$WORK/words" || die "$(cat "$WORK/words")"
grep -Eq "nothing is left to compare in ${clean_json}sms\[2\]: all [0-9,]+ records that belong there expired" "$WORK/stderr" || die "$(cat "$WORK/stderr")"
"$PYTHON" -c 'import json, sys; r = json.load(open(sys.argv[1])); assert r["result"] == "cannot tell" and "sms[2]" in r["reason"] and r["compared"] + r["expired"] == r["expected"] == 58554, r' "$report"
verify 2 --format json --topic-prefix "$clean_json" --allow-expired # another client wrote it, which committed nothing
verify 2 --format json --topic-prefix "$clean_json" --shard 2/3
verify 0 --format json --topic-prefix "$clean_json" --shard 1/3

# Others' records expired, as many as the dataset has: nothing says that its own were ever there.
few=(--subs 4 --seed 7 --days 40 --start 2025-01-01 --partitions 3 -b "$CDRGEN_TEST_BROKERS")
strangers=$(fresh_prefix) real=$(fresh_prefix)
"$CDRGEN" run --quiet "${few[@]}" --topic-prefix "$real" --create-topics
for topic in call sms data; do
    admin create "$strangers$topic" 3
    while read -r number _ end; do
        ((end == 0)) || seq "$end" | kcat -b "$CDRGEN_TEST_BROKERS" -P -t "$strangers$topic" -p "$number"
        ((end == 0)) || admin trim "$strangers$topic" "$number" "$end"
        ((end == 0)) || admin trim "$real$topic" "$number" "$end"
    done < <(admin offsets "$real$topic")
done
none='cannot tell: nothing is left to compare in .*and no run committed that it wrote all [0-9,]+ records that belong there'
expect_failure 2 "$none" "$CDRGEN" verify "${few[@]}" --topic-prefix "$strangers" --allow-expired
"$CDRGEN" verify "${few[@]}" --topic-prefix "$real" --allow-expired >"$WORK/words"
grep -q '^same: 0 of ' "$WORK/words" || die "$(cat "$WORK/words")"
# The partition does not end where the run ended.
echo x | kcat -b "$CDRGEN_TEST_BROKERS" -P -t "${real}data" -p 2
read -r _ _ end < <(admin offsets "${real}data" | sed -n 3p)
admin trim "${real}data" 2 "$end"
expect_failure 2 "$none" "$CDRGEN" verify "${few[@]}" --topic-prefix "$real" --allow-expired

# Others' records where the dataset has none, and more of them than its own: --append writes, and goes on.
for how in --append --transactions; do
    others=$(fresh_prefix)
    admin create "${others}call" 3
    admin create "${others}data" 3
    for place in "call 0" "data 1"; do
        read -r topic number <<<"$place"
        seq 50 | kcat -b "$CDRGEN_TEST_BROKERS" -P -t "$others$topic" -p "$number"
    done
    "$CDRGEN" run --quiet "${few[@]}" --days 2 --topic-prefix "$others" --create-topics --append "$how"
    "$CDRGEN" run --quiet "${few[@]}" --topic-prefix "$others" --resume "$how"
    "$CDRGEN" verify "${few[@]}" --topic-prefix "$others" >"$WORK/words" || die "$(cat "$WORK/words")"
done

# What compaction deleted right after the first offset did not expire: with transactions, offsets do not count records.
gap=$(fresh_prefix)
admin create "${gap}data" 3 internal.segment.bytes=10000 min.cleanable.dirty.ratio=0.01
"$CDRGEN" run --quiet "${few[@]}" --topic-prefix "$gap" --create-topics --transactions --transaction-time 100ms --rate 1000 \
    --abort-share 0.5 -X batch.num.messages=20 -X compression.codec=none
admin records "${gap}data" >"$WORK/before"
admin compact "${gap}data"
admin records "${gap}data" >"$WORK/after"
"$PYTHON" - "$WORK/before" "$WORK/after" >"$WORK/trims" <<'PYTHON'
import sys
before, after = ({}, {})
for path, logs in ((sys.argv[1], before), (sys.argv[2], after)):
    for line in open(path):
        partition, offset = line.split()[:2]
        logs.setdefault(int(partition), []).append(int(offset))
for partition, offsets in after.items():
    whole, rest = before[partition], 0
    while rest < len(offsets) and offsets[-1 - rest] == whole[-1 - rest]:
        rest += 1
    last = offsets[-rest - 1] if rest < len(offsets) else -1
    print(partition, max(last + 1, len(whole) - rest))
PYTHON
while read -r number offset; do
    admin trim "${gap}data" "$number" "$offset"
done <"$WORK/trims"
expect_failure 2 'cannot tell: no record is left at the first offset' "$CDRGEN" verify "${few[@]}" --topic-prefix "$gap"
expect_failure 2 'cannot tell: no record is left at the first offset' \
    "$CDRGEN" repair "${few[@]}" --topic-prefix "$gap" --dry-run --transactions
# The resume took all of it for expired, and ended with status 0.
expect_failure 2 'data\[[0-2]\] begins at offset [0-9]+, and the first record of the dataset that is left has offset [0-9]+: .* may be gone' \
    "$CDRGEN" run "${few[@]}" --topic-prefix "$gap" --resume --transactions

# ---- transactions --------------------------------------------------------------------------------------------------------

# The records of a clean topic in transactions, every other one of which is written and aborted first.
transactional=$(fresh_prefix)
for topic in call sms data; do
    "$PYTHON" - "$CDRGEN_TEST_BROKERS" "$kafka_tests" "$clean_csv$topic" "$transactional$topic" <<'PYTHON'
import sys
sys.path.insert(0, sys.argv[2])
import damage
from confluent_kafka import Producer
settings = {"bootstrap.servers": sys.argv[1]}
logs = damage.read(settings, sys.argv[3])
damage.write(settings, sys.argv[4], [[] for _ in logs])
producer = Producer({**settings, "transactional.id": sys.argv[4], "transaction.timeout.ms": 10000})
producer.init_transactions(30)
size = 700
for start in range(0, max(map(len, logs)), size):
    for aborted in (True, False) if start // size % 2 == 0 else (False,):
        producer.begin_transaction()
        for partition, log in enumerate(logs):
            for key, value, timestamp, _ in log[start:start + size]:
                producer.produce(sys.argv[4], value, key, partition, timestamp=timestamp)
        producer.flush(30)
        producer.abort_transaction(30) if aborted else producer.commit_transaction(30)
# One that stays open for a while: nobody who reads committed records sees it, or what comes after it.
producer.begin_transaction()
producer.produce(sys.argv[4], b"open", b"1", 0)
producer.flush(30)
PYTHON
done
verify 2 --topic-prefix "$transactional" --transaction-wait 0
grep -Eq "cannot tell: ${transactional}[a-z]+\[0\].* has an open transaction, which begins at offset [0-9]+ " "$WORK/stderr" || die "$(cat "$WORK/stderr")"
expect_equal "$(counts)" "" "differences before an open transaction"
verify 0 --topic-prefix "$transactional"
grep -q 'has an open transaction.*waiting up to 90 s for its end' "$WORK/stderr" || die "it does not say that it waits: $(cat "$WORK/stderr")"
expect_equal "$(counts)" "" "differences of committed records"
verify 1 --topic-prefix "$transactional" --isolation read_uncommitted
[[ $(counts) == *duplicated* ]] || die "aborted records are not seen with read_uncommitted: $(counts)"

# ---- following a live run ------------------------------------------------------------------------------------------------

live=$(fresh_prefix)
"$CDRGEN" run --quiet --subs 3000 -b "$CDRGEN_TEST_BROKERS" --create-topics --topic-prefix "$live" --rate 30k/s &
writer=$!
sleep 0.7
"$CDRGEN" verify --subs 3000 -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$live" --follow --report "$report" >"$WORK/words" 2>"$WORK/stderr" &
follower=$!
wait "$writer"
sleep 2
kill -INT "$follower"
status=0
wait "$follower" || status=$?
expect_equal "$status" 0 "status of a follower: $(cat "$WORK/stderr")"
grep -q '^same: ' "$WORK/words" || die "$(cat "$WORK/words")"
"$PYTHON" -c 'import json, sys; r = json.load(open(sys.argv[1])); assert r["matched"] > 58000 and r["result"] == "same", r' "$report" || die "it followed too little"

# Records that an open transaction keeps back are not lost: the last one of a log in a transaction that is not over.
half=$(fresh_prefix)
for topic in call sms data; do
    "$PYTHON" - "$CDRGEN_TEST_BROKERS" "$kafka_tests" "$clean_csv$topic" "$half$topic" <<'PYTHON'
import sys
sys.path.insert(0, sys.argv[2])
import damage
from confluent_kafka import Producer
settings = {"bootstrap.servers": sys.argv[1]}
logs = damage.read(settings, sys.argv[3])
last = logs[1].pop()
damage.write(settings, sys.argv[4], logs)
if sys.argv[4].endswith("data"):
    producer = Producer({**settings, "transactional.id": sys.argv[4], "transaction.timeout.ms": 60000})
    producer.init_transactions(30)
    producer.begin_transaction()
else:
    producer = Producer(settings)
producer.produce(sys.argv[4], last[1], last[0], 1, timestamp=last[2])
producer.flush(30)
PYTHON
done
verify 2 --topic-prefix "$half" --transaction-wait 1s
grep -q "cannot tell: ${half}data\[1\] has an open transaction.*: 1 records of the dataset may be in it" "$WORK/stderr" || die "$(cat "$WORK/stderr")"
expect_equal "$(counts)" "" "differences of a log whose last record is not committed yet"

# ---- more days than asked for --------------------------------------------------------------------------------------------

longer=$(fresh_prefix)
write --topic-prefix "$longer" --days 3
verify 1 --topic-prefix "$longer"
grep -q 'the topics hold records after the 1 day asked for: .*pass --days 3$' "$WORK/stderr" || die "$(cat "$WORK/stderr")"
verify 1 --topic-prefix "$longer" --days 3 --subs 2999
grep -q 'are what another dataset looks like, of another --subs' "$WORK/stderr" || die "$(cat "$WORK/stderr")"

# ---- could not tell ------------------------------------------------------------------------------------------------------

expect_failure 2 'topic nobody\.call does not exist' "$CDRGEN" verify -b "$CDRGEN_TEST_BROKERS" --topic-prefix nobody.
expect_failure 2 'has 6 partitions, and 7 were asked for' "$CDRGEN" verify -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$clean_csv" --partitions 7
expect_failure 2 'no Kafka broker of 127\.0\.0\.1:1 answered' "$CDRGEN" verify -b 127.0.0.1:1 --kafka-timeout 1s
expect_failure 2 'cannot write /nowhere/report' "$CDRGEN" verify -b "$CDRGEN_TEST_BROKERS" --report /nowhere/report
