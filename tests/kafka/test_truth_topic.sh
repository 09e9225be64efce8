#!/usr/bin/env bash
# --truth-topic: a foreign client finds in the topic the rows of `cdrgen truth`, in each format; verify compares them; runs that
# are killed, in shards, in transactions, and beside tables write the same; repair fills it again.
set -euo pipefail
source "${SOURCE_DIR:?}/tests/kafka/lib.sh"
need_cluster registry

dataset=(--subs 300 --start 2025-01-01 --days 2 --seed 21 --partitions 3 --late-share 0.02)
dataset+=(--fault "truncate=0.02,null=0.02,conflict=0.02,duplicate=0.03,missing=0.02,swap=0.05" --duplicate-copies 2)

# to PREFIX ARGUMENTS…
to()
{
    local prefix=$1
    shift
    "$CDRGEN" run --quiet "${dataset[@]}" --brokers "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --create-topics \
        --truth-topic "${prefix}truth" "$@"
}

# verify PREFIX ARGUMENTS…: its exit status.
verify()
{
    local prefix=$1 status=0
    shift
    "$CDRGEN" verify "${dataset[@]}" --brokers "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --truth-topic "${prefix}truth" "$@" \
        >"$WORK/verified" 2>&1 || status=$?
    echo "$status"
}

# check PREFIX FORMAT ARGUMENTS…: the number of rows, once the topic has those of the truth.
check()
{
    local prefix=$1 format=$2
    shift 2
    "$CDRGEN" truth "${dataset[@]}" --brokers "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --format "$format" >"$WORK/truth.csv"
    "$PYTHON" "$SOURCE_DIR/tests/kafka/truth_topic.py" --brokers "$CDRGEN_TEST_BROKERS" --topic "${prefix}truth" \
        --truth "$WORK/truth.csv" --format "$format" "$@"
}

# ---- formats ----

json=$(fresh_prefix)
to "$json" --format json --summary "$WORK/summary.json"
rows=$(check "$json" json)
((rows > 1000)) || die "too few rows to say something: $rows"
expect_equal "$(jq ".topics.\"${json}truth\".records" "$WORK/summary.json")" "$rows" "rows in the summary"
expect_equal "$(verify "$json" --format json)" 0 "verify of JSON: $(cat "$WORK/verified")"

avro=$(fresh_prefix)
to "$avro" --format avro --registry "$CDRGEN_TEST_REGISTRY" --key-format avro --dimensions
expect_equal "$(check "$avro" avro --schema "$SOURCE_DIR/schemas/cdr_truth.avsc" --avro-keys)" "$rows" "rows in Avro"
expect_equal "$(verify "$avro" --format avro --key-format avro --dimensions)" 0 "verify of Avro: $(cat "$WORK/verified")"
curl -sf "$CDRGEN_TEST_REGISTRY/subjects/${avro}truth-value/versions/latest" | jq -er .schema | grep -q CdrTruth ||
    die "the registry has no schema of the truth"

# Ids of schemas are in the rows: verify is told those of the run.
ids=(--format avro --fault unknown_schema=0.05,wrong_schema=0.05 --schema-id call=101,sms=102,data=103)
schemas=$(fresh_prefix)
to "$schemas" "${ids[@]}"
expect_equal "$(verify "$schemas" "${ids[@]}")" 0 "verify of the truth about schema ids: $(cat "$WORK/verified")"
expect_equal "$(verify "$schemas" "${ids[@]:0:4}")" 1 "verify of other schema ids in the truth"

# So are those that wrong_schema writes, where verify knows them.
for others in 102:0 104:1; do
    status=0
    "$CDRGEN" verify "${dataset[@]}" --brokers "$CDRGEN_TEST_BROKERS" --topic-prefix "$schemas" "${ids[@]:0:4}" \
        --schema-id "call=101,sms=${others%:*},data=103" >"$WORK/verified" 2>&1 || status=$?
    expect_equal "$status" "${others#*:}" "verify of the ids of wrong_schema, sms=${others%:*}: $(cat "$WORK/verified")"
done

# ---- shards, transactions ----

shards=$(fresh_prefix)
to "$shards" --shard 0/2 --transactions --transaction-records 500
to "$shards" --shard 1/2 --transactions --transaction-records 500
expect_equal "$(check "$shards" csv)" "$rows" "rows of shards"
expect_equal "$(verify "$shards")" 0 "verify of shards: $(cat "$WORK/verified")"

# ---- a run that is killed, and goes on; one more day ----

killed=$(fresh_prefix)
for round in 1 2 3; do
    resume=()
    ((round == 1)) || resume=(--resume)
    to "$killed" "${resume[@]}" --rate 6000 2>/dev/null &
    pid=$!
    sleep 0.8
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
done
to "$killed" --resume
expect_equal "$(check "$killed" csv)" "$rows" "rows after kills"
expect_equal "$(verify "$killed")" 0 "verify after kills: $(cat "$WORK/verified")"
to "$killed" --resume --days 3
dataset+=(--days 3)
longer=$(check "$killed" csv)
((longer > rows)) || die "a third day has no rows: $longer"
expect_equal "$(verify "$killed")" 0 "verify of a third day: $(cat "$WORK/verified")"

# ---- what differs is found, and mended ----

"$PYTHON" - "$CDRGEN_TEST_BROKERS" "${killed}truth" <<'PYTHON'
import sys
from confluent_kafka import Producer
producer = Producer({"bootstrap.servers": sys.argv[1]})
producer.produce(sys.argv[2], b"another", b"key", 0)
producer.flush()
PYTHON
expect_equal "$(verify "$killed")" 1 "verify of a foreign row"
grep -q "rows of ${killed}truth: 1 foreign" "$WORK/verified" || die "verify does not name it: $(cat "$WORK/verified")"
status=0
to "$killed" --resume 2>"$WORK/refused" || status=$?
((status != 0)) || die "a resume after a foreign row"
"$CDRGEN" repair --yes "${dataset[@]}" --brokers "$CDRGEN_TEST_BROKERS" --topic-prefix "$killed" --create-topics \
    --truth-topic "${killed}truth" >"$WORK/repaired" 2>&1 || die "repair: $(cat "$WORK/repaired")"
expect_equal "$(check "$killed" csv)" "$longer" "rows after a repair"
expect_equal "$(verify "$killed")" 0 "verify after a repair: $(cat "$WORK/verified")"
policy=$(admin config "${killed}truth" cleanup.policy)
[[ $policy == *delete* ]] || die "the truth is compacted: $policy"

# ---- rows with a header of somebody else's passed a resume ----

headers=$(fresh_prefix)
to "$headers"
admin create "${headers}copy" 3 retention.ms=-1 message.timestamp.before.max.ms=9223372036854775807
"$PYTHON" - "$CDRGEN_TEST_BROKERS" "$headers" <<'PYTHON'
import sys
from confluent_kafka import Consumer, Producer, TopicPartition
brokers, prefix = sys.argv[1:]
topic = prefix + "truth"
reader = Consumer({"bootstrap.servers": brokers, "group.id": "copy"})
rows = []
for partition in range(3):
    place = TopicPartition(topic, partition, 0)
    end = reader.get_watermark_offsets(place)[1]
    reader.assign([place])
    rows += [reader.poll(30) for _ in range(end)]
producer = Producer({"bootstrap.servers": brokers})
for row in rows:
    producer.produce(prefix + "copy", row.value(), row.key(), row.partition(), timestamp=row.timestamp()[1],
                     headers=[("trace", b"1")] if row.offset() == 7 else [])
reader.close()
assert producer.flush(60) == 0
PYTHON
copied=(--truth-topic "${headers}copy")
expect_equal "$(verify "$headers" "${copied[@]}")" 1 "verify of rows with a header"
grep -q 'headers: expected none, found trace' "$WORK/verified" || die "verify does not name it: $(cat "$WORK/verified")"
expect_failure 2 'headers: expected none, found trace' to "$headers" --resume "${copied[@]}"

# ---- doctor, schema, what cannot be ----

"$CDRGEN" doctor "${dataset[@]}" --brokers "$CDRGEN_TEST_BROKERS" --topic-prefix "$json" --truth-topic "${json}truth" --format avro \
    --registry "$CDRGEN_TEST_REGISTRY" --append >"$WORK/doctor" || die "doctor: $(cat "$WORK/doctor")"
grep -q "${json}truth" "$WORK/doctor" || die "doctor does not look at it: $(cat "$WORK/doctor")"
"$CDRGEN" schema print truth | cmp - "$SOURCE_DIR/schemas/cdr_truth.avsc" || die "another schema is printed"

# refused WORDS ARGUMENTS…
refused()
{
    local words=$1 status=0
    shift
    "$CDRGEN" run "$@" >"$WORK/refused" 2>&1 || status=$?
    [[ $status == 2 && $(wc -l <"$WORK/refused") == 1 ]] && grep -qF -- "$words" "$WORK/refused" ||
        die "$*: status $status: $(cat "$WORK/refused")"
}
kafka=(-b "$CDRGEN_TEST_BROKERS")
refused 'nothing is wrong on purpose' "${kafka[@]}" --truth-topic truth
refused '--truth-topic: cdr.call is the topic of other rows' "${kafka[@]}" --fault null=0.1 --truth-topic cdr.call
refused 'holds what a topic'"'"'s name cannot' "${kafka[@]}" --fault null=0.1 --truth-topic 'a b'
refused 'spill and truth_topic' "${kafka[@]}" --fault null=0.1 --truth-topic truth --spill "$WORK/spill"
refused '--truth-topic: it is for Kafka' --fault empty=0.1 --truth-topic truth --out "$WORK/out"
