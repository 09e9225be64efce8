#!/usr/bin/env bash
# cdrgen verify --by id: messages carry their records' ids, and what a pipeline makes of them is held against the dataset:
# reordered, in other partitions and with other values it is the same; lost, duplicated and foreign ones are counted.
source "$SOURCE_DIR/tests/kafka/lib.sh"
need_cluster

report=$WORK/report.json

# by_id STATUS ARGUMENTS…
by_id()
{
    local wanted=$1 status=0
    shift
    "$CDRGEN" verify --by id --subs 2000 -b "$CDRGEN_TEST_BROKERS" --report "$report" "$@" >"$WORK/words" 2>"$WORK/stderr" || status=$?
    ((status == wanted)) || die "verify --by id $*: status $status, not $wanted: $(cat "$WORK/words" "$WORK/stderr")"
}

counts()
{
    "$PYTHON" - "$report" <<'PYTHON'
import json, sys
report = json.load(open(sys.argv[1]))
print(*(report[name] for name in ("lost", "duplicated", "foreign", "without_id")))
PYTHON
}

for format in csv avro; do
    prefix=$(fresh_prefix)
    topics=${prefix}call,${prefix}sms,${prefix}data
    # Long sessions are cut, so that records share event and leg.
    flags=(--format "$format" --partial 5m --duration-max 3h)
    "$CDRGEN" run --quiet --subs 2000 -b "$CDRGEN_TEST_BROKERS" --create-topics --topic-prefix "$prefix" --id-header "${flags[@]}" 2>/dev/null
    # Headers change nothing for who compares by place.
    "$CDRGEN" verify --quiet --subs 2000 -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" "${flags[@]}" ||
        die "topics with ids are not the same by place"
    by_id 0 "${flags[@]}" --topic "$topics"
    expect_equal "$(counts)" "0 0 0 0" "differences of the input itself"
    by_id 0 "${flags[@]}" --topic "${prefix}sms" --types sms
    by_id 1 "${flags[@]}" --topic "${prefix}sms" --types sms,call
    grep -Eq '^cdrgen: different: [0-9,]+ lost$' "$WORK/stderr" || die "$(cat "$WORK/stderr")"
done

# Ids are unique, and the same from another run with other workers into other partitions' order of arrival.
other=$(fresh_prefix)
"$CDRGEN" run --quiet --subs 2000 -b "$CDRGEN_TEST_BROKERS" --create-topics --topic-prefix "$other" --id-header --workers 5 "${flags[@]}" 2>/dev/null
"$PYTHON" - "$CDRGEN_TEST_BROKERS" "$prefix" "$other" <<'PYTHON' || die "ids are not unique, or not the same twice"
import sys
from confluent_kafka import Consumer, TopicPartition


def ids(topic):
    consumer = Consumer({"bootstrap.servers": sys.argv[1], "group.id": "t", "enable.partition.eof": True, "enable.auto.commit": False})
    parts = list(consumer.list_topics(topic, timeout=30).topics[topic].partitions)
    consumer.assign([TopicPartition(topic, p, 0) for p in parts])
    found, left = {}, len(parts)
    while left:
        for message in consumer.consume(10000, 1):
            if message.error():
                left -= 1
                continue
            (name, value), = message.headers()
            assert name == "cdrgen-id" and len(value) == 16
            assert value not in found, value
            found[value] = (message.partition(), message.offset())
    consumer.close()
    return found


everything = {}
for topic in ("call", "sms", "data"):
    one, two = ids(sys.argv[2] + topic), ids(sys.argv[3] + topic)
    assert one == two and not everything.keys() & one.keys()
    everything.update(one)
assert len(everything) > 39000, len(everything)
PYTHON

# ---- what a pipeline makes of it -----------------------------------------------------------------------------------------

# transform TO LOST DOUBLED FOREIGN NAMELESS: all records in one topic of 4 partitions, shuffled, with other values; so many lost …
transform()
{
    "$PYTHON" - "$CDRGEN_TEST_BROKERS" "$prefix" "$@" <<'PYTHON'
import random, sys
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
brokers, prefix, target = sys.argv[1:4]
lost, duplicated, foreign, nameless = map(int, sys.argv[4:])
random.seed(7)
admin = AdminClient({"bootstrap.servers": brokers})
admin.create_topics([NewTopic(target, 4)])[target].result(30)
consumer = Consumer({"bootstrap.servers": brokers, "group.id": "t", "enable.partition.eof": True, "enable.auto.commit": False})
parts = [TopicPartition(prefix + t, p, 0) for t in ("call", "sms", "data") for p in range(6)]
consumer.assign(parts)
headers, left = [], len(parts)
while left:
    for message in consumer.consume(10000, 1):
        if message.error():
            left -= 1
        else:
            headers.append(message.headers())
consumer.close()
random.shuffle(headers)
headers = headers[lost:] + headers[-duplicated:] * bool(duplicated) + [[("cdrgen-id", b"%016x" % i)] for i in range(foreign)]
headers += [[("other", b"x")], None, [("cdrgen-id", b"no id")]][:nameless]
random.shuffle(headers)
producer = Producer({"bootstrap.servers": brokers, "enable.idempotence": True, "queue.buffering.max.messages": 1000000})
for number, header in enumerate(headers):
    producer.produce(target, b"row %d" % number, partition=random.randrange(4), headers=header)
    producer.poll(0)
assert producer.flush(60) == 0
PYTHON
}

output=$(fresh_prefix)out
transform "$output" 0 0 0 0
by_id 0 "${flags[@]}" --topic "$output"
grep -q '^same: ' "$WORK/words" || die "$(cat "$WORK/words")"

output=$(fresh_prefix)out
transform "$output" 3 2 4 3
by_id 1 "${flags[@]}" --topic "$output" --show 4
expect_equal "$(counts)" "3 2 7 3" "lost, duplicated, foreign, without id"
grep -q '^cdrgen: different: 3 lost, 2 duplicated, 7 foreign$' "$WORK/stderr" || die "$(cat "$WORK/stderr")"
expect_equal "$(grep -Ec '^  lost: id [0-9a-f]{16}, record [0-9]+ of .*\[[0-5]\], key [0-9]+$' "$WORK/words")" 3 "lost ones shown"
expect_equal "$(grep -Ec "^  duplicated: id [0-9a-f]{16}, $output\[[0-3]\] at offset [0-9]+\$" "$WORK/words")" 2 "duplicated ones shown"
expect_equal "$(grep -Ec "^  foreign: (no id|id 000000000000000[0-3]), $output" "$WORK/words")" 4 "foreign ones shown"
grep -q '3 of the foreign ones have no header cdrgen-id' "$WORK/words" || die "$(cat "$WORK/words")"

# ---- what cannot be seen -----------------------------------------------------------------------------------------------------

gone=$(fresh_prefix)out
transform "$gone" 0 0 0 0
admin trim "$gone" 1 100
by_id 2 "${flags[@]}" --topic "$gone"
grep -Eq "^cdrgen: cannot tell: 100 records were not found, and may be among those that $gone\[1\] deleted before its first offset, 100" "$WORK/stderr" || die "$(cat "$WORK/stderr")"
nameless=$(fresh_prefix)out
admin create "$nameless" 2
seq 20 | kcat -b "$CDRGEN_TEST_BROKERS" -P -t "$nameless"
by_id 2 "${flags[@]}" --topic "$nameless"
grep -q "cannot tell: none of the 20 messages has a header cdrgen-id" "$WORK/stderr" || die "$(cat "$WORK/stderr")"

# ---- could not tell --------------------------------------------------------------------------------------------------------

by_id 2 --topic nobody
grep -q 'topic nobody does not exist' "$WORK/stderr" || die "$(cat "$WORK/stderr")"
by_id 2
grep -q 'pass --topic NAME' "$WORK/stderr" || die "$(cat "$WORK/stderr")"
by_id 2 --topic "$output" --types call,fax
grep -q '"fax" is none of call, sms and data' "$WORK/stderr" || die "$(cat "$WORK/stderr")"
by_id 2 --topic "$output" --follow
by_id 2 --topic "$output" --sink file --out "$WORK"
expect_failure 2 'files of a spill keep no ids' "$CDRGEN" run -b "$CDRGEN_TEST_BROKERS" --id-header --spill "$WORK/spill"
