#!/usr/bin/env bash
# loadtest finds what a consumer of known capacity sustains; a limit of the brokers is none of the consumer's; a signal ends it
# with what is known; and what makes no sense is one line before anything is written.
set -euo pipefail
source "$SOURCE_DIR/tests/kafka/lib.sh"
need_cluster

consumers=()
end_of_consumers()
{
    local consumer
    for consumer in "${consumers[@]}"; do
        kill "$consumer" 2>/dev/null || true
    done
    end_of_test
}
trap end_of_consumers EXIT

# begin_group ARGUMENTS…: topics of three partitions, and a group that reads them; sets prefix, group and flags.
begin_group()
{
    local type ready
    prefix=$(fresh_prefix) group=group$RANDOM$RANDOM
    for type in call sms data; do
        admin create "$prefix$type" 3
    done
    ready=$WORK/$group.out
    "$PYTHON" "$SOURCE_DIR/examples/consumer/limited_consumer.py" -b "$CDRGEN_TEST_BROKERS" --group "$group" \
        --topics "^${prefix//./\\.}" "$@" >"$ready" 2>&1 &
    consumers+=($!)
    until grep -q ready "$ready"; do
        kill -0 "${consumers[-1]}" || die "the consumer ended: $(cat "$ready")"
        sleep 0.1
    done
    flags=(-b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --group "$group" --partitions 3 --subs 2000 --quick --width 25%)
}

# ---- what makes no sense ----

begin_group --rate 2000
expect_failure 2 'group nobody-\S+ does not exist' "$CDRGEN" loadtest "${flags[@]}" --group "nobody-$group"
expect_failure 2 'pass --group NAME' "$CDRGEN" loadtest -b "$CDRGEN_TEST_BROKERS"
expect_failure 2 'no Kafka brokers are given' env -u CDRGEN_BROKERS "$CDRGEN" loadtest --group "$group"
expect_failure 2 '--rate: loadtest decides itself' "$CDRGEN" loadtest "${flags[@]}" --rate 5k
expect_failure 2 "--assert: \"more\" is no assertion" "$CDRGEN" loadtest "${flags[@]}" --assert more
expect_failure 2 '--width: "0.9" is not between 1% and 50%' "$CDRGEN" loadtest "${flags[@]}" --width 0.9
expect_failure 2 'no-such.* does not exist' "$CDRGEN" loadtest "${flags[@]}" --topic-prefix no-such.
"$PYTHON" "$kafka_tests/consume.py" "$CDRGEN_TEST_BROKERS" "left-$group" 0 "${prefix}call"
"$PYTHON" - "$CDRGEN_TEST_BROKERS" "left-$group" "${prefix}call" <<'END'
import sys
from confluent_kafka import Consumer, TopicPartition
consumer = Consumer({"bootstrap.servers": sys.argv[1], "group.id": sys.argv[2]})
consumer.commit(offsets=[TopicPartition(sys.argv[3], 0, 0)], asynchronous=False)
END
expect_failure 2 'has no members; start the consumer first' "$CDRGEN" loadtest "${flags[@]}" --group "left-$group"
expect_equal "$(count_records "${prefix}call")" 0 "something was written"

# ---- a signal ----

"$CDRGEN" loadtest "${flags[@]}" --json --report "$WORK/cut.json" >"$WORK/cut.lines" 2>"$WORK/cut.err" &
cut=$!
until grep -q '"backlog"' "$WORK/cut.lines"; do
    kill -0 "$cut" || die "loadtest ended: $(cat "$WORK/cut.err")"
    sleep 0.1
done
kill -INT "$cut"
status=0
wait "$cut" || status=$?
expect_equal "$status" 1 "status of a search that was stopped"
grep -q '^cdrgen: interrupted; so far: no rate is known' "$WORK/cut.err" || die "it says: $(cat "$WORK/cut.err")"

# ---- brokers that are slower than the consumer, while the next part goes on ----

first_flags=("${flags[@]}") first_prefix=$prefix
begin_group --rate 1000000
"$SOURCE_DIR/scripts/kafka" tool kafka.admin.ConfigCommand --bootstrap-server "$CDRGEN_TEST_BROKERS" --alter \
    --entity-type clients --entity-name "slow-$group" --add-config producer_byte_rate=200000 >"$WORK/quota" 2>&1 ||
    die "no quota: $(cat "$WORK/quota")"
"$CDRGEN" loadtest "${flags[@]}" -X "client.id=slow-$group" --report "$WORK/slow.json" >"$WORK/slow.txt" 2>"$WORK/slow.err" &
slow=$!

# ---- a known capacity, going on after what is there ----

status=0
"$CDRGEN" loadtest "${first_flags[@]}" --resume --report "$WORK/found.json" --assert 'capacity>20k' >"$WORK/found.txt" 2>"$WORK/found.err" || status=$?
expect_equal "$status" 1 "status where the assertion does not hold; it says: $(cat "$WORK/found.err")"
grep -q 'assert: capacity>20k does not hold' "$WORK/found.err" || die "it says: $(cat "$WORK/found.err")"
"$PYTHON" - "$WORK/cut.json" "$WORK/found.json" <<'END' || die "$(cat "$WORK/found.txt")"
import json, sys

cut, found = (json.load(open(path)) for path in sys.argv[1:])
assert not cut["finished"] and cut["capacity"] == {"low": None, "high": None, "at_least": False}, cut
assert found["finished"] and found["limit"] == "consumer", found
capacity = found["capacity"]
# Half as much at least and half as much again: other tests take time from the consumer. scripts/soak-load is the exact one.
assert 1000 < capacity["low"] <= 2200 and 1500 < capacity["high"] < 3000 and not capacity["at_least"], capacity
END
# No record was sent twice: the topics are beginnings of the dataset's logs.
"$CDRGEN" verify -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$first_prefix" --partitions 3 --subs 2000 --days 30 --beginning -q ||
    die "the topics do not hold the dataset"

# ---- what was found of the slow brokers ----

wait "$slow" || die "status $?: $(cat "$WORK/slow.err" "$WORK/slow.txt")"
grep -q 'at least .*; cdrgen or the brokers are the limit$' "$WORK/slow.txt" || die "it says: $(cat "$WORK/slow.txt")"
"$PYTHON" - "$WORK/slow.json" <<'END'
import json, sys

slow = json.load(open(sys.argv[1]))
capacity = slow["capacity"]
assert capacity["at_least"] and capacity["high"] is None and slow["limit"] == "cdrgen or brokers", slow
END
