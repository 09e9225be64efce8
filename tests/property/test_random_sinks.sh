#!/usr/bin/env bash
# Files, the null sink and, where a broker is given, Kafka hold the same logs; digests of the files' bytes are computed anew by other
# software, from the definition in docs/data-format.md.
set -euo pipefail
source "$SOURCE_DIR/tests/property/lib.sh"

for current in $(seeds 101-110); do
    dataset
    format=$(pick format csv avro json)
    run --sink null --format "$format" --workers 1 --summary "$WORK/null"
    run --out "$WORK/out" --sink file --format "$format" --workers 3 --compress "$(pick compress none gzip zstd)" \
        --rotate-bytes "$(pick rotate 1k 20k 100M)" --summary "$WORK/file"
    same_logs "$WORK/null" "$WORK/file"
    [[ $(jq .durable "$WORK/file") == $(jq .records "$WORK/file") ]] || die "not all records are durable"
    "$PYTHON" "$SOURCE_DIR/tests/kafka/read_topics.py" digests --files "$WORK/out" --summary "$WORK/file" \
        --order "$(pick order end end start)" --jobs 1 cdr.call cdr.sms cdr.data >"$WORK/digests" ||
        die "the files' digests are others: ${model[*]}"
    rm -rf "$WORK/out"
done

# Two shards into one folder make the whole.
current=shards
model=(--subs 500 --partitions 5 --tz Asia/Kolkata)
run --sink null --summary "$WORK/null"
for i in 0 1; do
    run --out "$WORK/out" --sink file --shard $i/2 --summary "$WORK/shard-$i"
done
same_logs "$WORK/null" "$WORK/shard-0" "$WORK/shard-1"
"$PYTHON" "$SOURCE_DIR/tests/kafka/read_topics.py" digests --files "$WORK/out" --summary "$WORK/shard-0" --summary "$WORK/shard-1" \
    --jobs 1 >"$WORK/digests" || die "the shards' files do not make the whole"

if [[ -z $TEST_BROKERS ]] || "$CDRGEN" --version | grep -q 'without Kafka'; then
    echo "Kafka is left out: CDRGEN_TEST_BROKERS is not set, or this cdrgen has no Kafka"
    exit 0
fi
for current in $(seeds 101-104); do
    dataset
    format=$(pick format csv avro json)
    prefix=t$(date +%s%N)$RANDOM.
    run --sink null --format "$format" --topic-prefix "$prefix" --workers 1 --summary "$WORK/null"
    run -b "$TEST_BROKERS" --create-topics --force --format "$format" --topic-prefix "$prefix" --workers 3 --summary "$WORK/kafka"
    same_logs "$WORK/null" "$WORK/kafka"
    "$PYTHON" "$SOURCE_DIR/tests/kafka/read_topics.py" digests --brokers "$TEST_BROKERS" --format "$format" \
        --summary "$WORK/kafka" --jobs 1 "$prefix"{call,sms,data} >"$WORK/digests" || die "the topics' digests are others: ${model[*]}"
done
