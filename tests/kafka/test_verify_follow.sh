#!/usr/bin/env bash
# verify --follow says "same" only of what it has seen: records of others, copies and altered last records that come while it
# follows are differences; so is a topic that changes under it. What the dataset has not written yet is not lost.
source "$SOURCE_DIR/tests/kafka/lib.sh"
need_cluster

dataset=(--subs 60 --partitions 2 -b "$CDRGEN_TEST_BROKERS")

# follow STATUS PATTERN COMMAND…: a follower that is stopped after the command must exit with the status and print the pattern.
follow()
{
    local wanted=$1 pattern=$2 status=0 follower
    shift 2
    "$CDRGEN" verify "${dataset[@]}" --topic-prefix "$prefix" --follow >"$WORK/words" 2>&1 &
    follower=$!
    sleep 2
    "$@"
    sleep 2
    kill -INT "$follower"
    wait "$follower" || status=$?
    expect_equal "$status" "$wanted" "status of a follower during $*: $(cat "$WORK/words")"
    grep -Eq "$pattern" "$WORK/words" || die "$* gave no $pattern: $(cat "$WORK/words")"
}

fill()
{
    prefix=$(fresh_prefix)
    "$CDRGEN" run "${dataset[@]}" --topic-prefix "$prefix" --create-topics --quiet
}

# put TOPIC PARTITION: records of somebody else.
put()
{
    seq 40 | kcat -b "$CDRGEN_TEST_BROKERS" -P -t "$prefix$1" -p "$2"
}

fill
follow 0 '^same: ' true
for type in call sms data; do
    fill
    follow 1 'cdrgen: different: 40 foreign$' put $type 1
done
follow 1 'cdrgen: different: 40 foreign$' true
fill
follow 1 'cdrgen: different: 1 duplicated$' "$PYTHON" "$kafka_tests/admin.py" --brokers "$CDRGEN_TEST_BROKERS" copy "${prefix}sms" 0 3
fill
follow 2 "topic ${prefix}data does not exist" "$PYTHON" "$kafka_tests/admin.py" --brokers "$CDRGEN_TEST_BROKERS" delete "${prefix}data"
fill
follow 2 "(${prefix}data.* was deleted and created again|Offset out of range)" "$PYTHON" "$kafka_tests/admin.py" --brokers "$CDRGEN_TEST_BROKERS" recreate "${prefix}data" 2
more_partitions()
{
    "$PYTHON" "$kafka_tests/admin.py" --brokers "$CDRGEN_TEST_BROKERS" grow "${prefix}data" 3
    put data 2
}
fill
follow 1 '^different: ' more_partitions
echo "verify --follow: all that came was judged"
