#!/usr/bin/env bash
# expect publishes an answer to a topic: judge finds it right there, its keys decide the partitions as Kafka's default partitioner does;
# a topic that holds something is refused. As Avro, a foreign reader finds the same rows.
source "${SOURCE_DIR:?}/tests/kafka/lib.sh"
need_cluster

settings=(--subs 200 --days 1 --start 2025-01-01)
prefix=$(fresh_prefix)

for query in cell_load activity legs hot_cells; do
    echo "$query in a topic"
    "$CDRGEN" expect $query "${settings[@]}" --json -b "$CDRGEN_TEST_BROKERS" --to-topic "$prefix$query" --create-topics --partitions 3
    "$CDRGEN" judge $query "${settings[@]}" --partitions 3 -b "$CDRGEN_TEST_BROKERS" --from-topic "$prefix$query" --as json >"$WORK/said" ||
        die "$query: $(cat "$WORK/said")"
    grep -q '^right: .* 0 missing, 0 unexpected, 0 duplicated' "$WORK/said" || die "$query: $(cat "$WORK/said")"
done

echo "keys, timestamps, partitions"
"$CDRGEN" expect cell_load "${settings[@]}" --partitions 3 >"$WORK/rows.csv"
"$PYTHON" - "$prefix" "$WORK/rows.csv" <<'PYTHON'
import csv
import json
import os
import sys

from confluent_kafka import Consumer, TopicPartition

topic = sys.argv[1] + "cell_load"
consumer = Consumer({"bootstrap.servers": os.environ["CDRGEN_TEST_BROKERS"], "group.id": topic, "enable.partition.eof": True})


def murmur2(data):
    length, h = len(data), 0x9747B28C ^ len(data)
    for i in range(0, length - length % 4, 4):
        k = int.from_bytes(data[i:i + 4], "little") * 0x5BD1E995 & 0xFFFFFFFF
        h = h * 0x5BD1E995 & 0xFFFFFFFF ^ (k ^ k >> 24) * 0x5BD1E995 & 0xFFFFFFFF
    if length % 4:
        h = (h ^ int.from_bytes(data[length - length % 4:], "little")) * 0x5BD1E995 & 0xFFFFFFFF
    h = (h ^ h >> 13) * 0x5BD1E995 & 0xFFFFFFFF
    return (h ^ h >> 15) & 0x7FFFFFFF


consumer.assign([TopicPartition(topic, partition, 0) for partition in range(3)])
rows, ended = [], 0
while ended < 3:
    message = consumer.poll(10)
    assert message is not None, "no message in ten seconds"
    if message.error() is not None:
        ended += 1
        continue
    row = json.loads(message.value())
    assert message.key().decode() == f"{row['window_start']},{row['cell_id']}", message.key()
    assert message.timestamp()[1] == row["window_end"], message.timestamp()
    assert message.partition() == murmur2(message.key()) % 3, (message.key(), message.partition())
    rows.append([str(value) for value in row.values()])
wanted = list(csv.reader(open(sys.argv[2])))[1:]
assert sorted(rows) == sorted(wanted), (len(rows), len(wanted))
PYTHON

echo "Avro"
"$CDRGEN" expect legs "${settings[@]}" --rows avro >"$WORK/legs.avro"
"$CDRGEN" expect legs "${settings[@]}" >"$WORK/legs.csv"
"$CDRGEN" expect cell_load "${settings[@]}" --rows avro --late streams:0s --late-share 0.1 >"$WORK/late.avro"
"$CDRGEN" expect cell_load "${settings[@]}" --late streams:0s --late-share 0.1 >"$WORK/late.csv"
echo '{"from": "call", "by": ["answer_ts_ms", "is_mo"], "select": {"least": "min(answer_ts_ms)", "n": "count"}}' >"$WORK/absent.json"
"$CDRGEN" expect "$WORK/absent.json" "${settings[@]}" --rows avro >"$WORK/absent.avro"
"$CDRGEN" expect "$WORK/absent.json" "${settings[@]}" >"$WORK/absent.csv"
for name in legs late absent; do
    "$PYTHON" - "$WORK/$name" <<'PYTHON'
import csv
import datetime
import sys

import fastavro


def text(value):
    if isinstance(value, datetime.datetime):
        return str(round((value - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) / datetime.timedelta(milliseconds=1)))
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


with open(sys.argv[1] + ".avro", "rb") as file:
    found = [{name: text(value) for name, value in row.items()} for row in fastavro.reader(file)]
wanted = list(csv.DictReader(open(sys.argv[1] + ".csv")))
assert found == wanted and len(found) > 50, (found[:2], wanted[:2], len(found), len(wanted))
PYTHON
done

echo "refused"
refused()
{
    local pattern=$1
    shift
    expect_failure 2 "$pattern" "$CDRGEN" expect cell_load "${settings[@]}" "$@"
}
refused 'cell_load\[[0-2]\] is not empty' --to-topic "${prefix}cell_load" -b "$CDRGEN_TEST_BROKERS" --partitions 3
refused 'to-topic .*: no brokers are given' --to-topic t
refused 'rows: avro goes to standard output only' --to-topic t --rows avro -b "$CDRGEN_TEST_BROKERS"
refused 'resume: an answer is published from its beginning' --to-topic t --resume -b "$CDRGEN_TEST_BROKERS"
refused 'to-topic: SQL is printed, not published' --to-topic t --sql duckdb -b "$CDRGEN_TEST_BROKERS"
