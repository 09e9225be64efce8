#!/usr/bin/env bash
# The Kafka sink with a real broker: what it creates, what it refuses and in which words, and that what it says is safe is
# there, read by kcat. Runs of sink_driver, whose records say where they belong.
set -euo pipefail
source "$SOURCE_DIR/tests/kafka/lib.sh"
need_cluster

driver=$BUILD_DIR/tests/sink_driver
prefix=$(fresh_prefix)

# drive PREFIX ARGUMENTS…: a run into PREFIXcall, PREFIXsms, PREFIXdata of three partitions each.
drive()
{
    local to=$1
    shift
    "$driver" -b "$CDRGEN_TEST_BROKERS" --prefix "$to" "$@"
}

# create PREFIX CONFIG=VALUE…: the three topics, with these settings of PREFIXsms only.
create()
{
    local to=$1
    shift
    admin create "${to}call" 3 message.timestamp.after.max.ms=9223372036854775807
    admin create "${to}sms" 3 "$@"
    admin create "${to}data" 3 message.timestamp.after.max.ms=9223372036854775807
}

# check_log TOPIC PARTITION FROM TO BASE: records FROM … TO-1 are at the offsets from BASE on, each with its key and a
# timestamp one more than the one before, and nothing is behind them.
check_log()
{
    kcat -b "$CDRGEN_TEST_BROKERS" -C -q -e -t "$1" -p "$2" -o "$5" -f '%o %k %T %s\n' |
        awk -v topic="$1" -v partition="$2" -v from="$3" -v to="$4" -v base="$5" '
            { k = from + n++
              if ($1 != base + k - from || $2 != "k" partition || $4 != topic || $5 != partition || $6 != k ||
                  (n > 1 && $3 != last + 1) || length($7) != 100) { print "at offset " $1 ": " $0; exit 1 }
              last = $3 }
            END { if (n != to - from) { print n + 0 " records, not " to - from; exit 1 } }' ||
        die "$1[$2] is not what was written"
}

check_all()
{
    local to=$1 type partition
    shift
    for type in call sms data; do
        for partition in 0 1 2; do
            check_log "$to$type" "$partition" "$@"
        done
    done
}

# ---- topics ----

# Asking for a topic does not make it, although the broker makes topics that are asked for by default.
expect_failure 1 "^STATE: topic ${prefix}a.call does not exist: create it, or pass --create-topics" drive "${prefix}a."
expect_failure 1 'does not exist' drive "${prefix}a."
expect_equal "$(admin list "${prefix}a.")" "" "topics after a refusal"

expect_equal "$(drive "${prefix}a." --create-topics)" "accepted 90000 durable 90000"
check_all "${prefix}a." 0 10000 0
expect_equal "$(admin config "${prefix}a.call" retention.ms)" -1
expect_equal "$(admin config "${prefix}a.call" retention.bytes)" -1
expect_equal "$(admin config "${prefix}a.call" message.timestamp.type)" CreateTime
expect_equal "$(admin config "${prefix}a.call" cleanup.policy)" delete
expect_equal "$(admin config "${prefix}a.call" message.timestamp.after.max.ms)" 9223372036854775807

# Records of the past and of the future fit into a topic that we create.
far=$((1000 * 3600 * 24 * 365))
now=$(($(date +%s) * 1000))
drive "${prefix}b." --create-topics --records 100 --first-ms $((now - 20 * far)) --last-ms $((now + far)) >/dev/null
check_all "${prefix}b." 0 100 0
drive "${prefix}c." --create-topics --records 10 --retention 3600000000 >/dev/null
expect_equal "$(admin config "${prefix}c.sms" retention.ms)" 3600000000
# What would be refused once it is there is not created: it kept the next run out.
expect_failure 1 "^STATE: topic ${prefix}short.call: retention.ms=1000 .*deletes the run's records.*; the same for ${prefix}short.sms" \
    drive "${prefix}short." --create-topics --records 10 --retention 1000
expect_equal "$(admin list "${prefix}short.")" "" "topics after a retention that is refused"

expect_failure 1 "^STATE: topic ${prefix}a.call has 3 partitions, and 5 were asked for: pass --partitions 3" \
    drive "${prefix}a." --partitions 5
expect_failure 1 "^CONFIG: cannot create topic ${prefix}d.call with --replication 7: .*1 broker" \
    drive "${prefix}d." --create-topics --replication 7

# Nothing is created where another topic is refused.
admin create "${prefix}e.data" 4
expect_failure 1 "topic ${prefix}e.data has 4 partitions" drive "${prefix}e." --create-topics
expect_equal "$(admin list "${prefix}e.")" "${prefix}e.data" "topics after a refusal"

# ---- logs that are not empty ----

expect_failure 1 "^STATE: ${prefix}a.call\[0\] is not empty \(end offset 10000\): go on with what a run of this dataset left with --resume, write after it with --append" \
    drive "${prefix}a."
expect_equal "$(drive "${prefix}a." --append --records 500)" "accepted 4500 durable 4500"
check_all "${prefix}a." 0 500 10000
group=cdrgen-00112233445566778899aabbccddeeff
committed=$("$SOURCE_DIR/scripts/kafka" tool consumer.group.ConsumerGroupCommand --bootstrap-server "$CDRGEN_TEST_BROKERS" \
    --describe --offsets --group $group 2>/dev/null | awk -v topic="${prefix}a.data" '$2 == topic && $3 == 0 { print $4, $5 }')
expect_equal "$committed" "10000 10500" "what is committed"

# A log whose records were all deleted has had records.
admin create "${prefix}f.call" 3
admin create "${prefix}f.sms" 3
admin create "${prefix}f.data" 3
echo once | kcat -b "$CDRGEN_TEST_BROKERS" -P -t "${prefix}f.sms" -p 1
cat >"$WORK/delete.json" <<JSON
{"version": 1, "partitions": [{"topic": "${prefix}f.sms", "partition": 1, "offset": 1}]}
JSON
"$SOURCE_DIR/scripts/kafka" tool DeleteRecordsCommand --bootstrap-server "$CDRGEN_TEST_BROKERS" \
    --offset-json-file "$WORK/delete.json" >/dev/null 2>&1
expect_failure 1 "${prefix}f.sms\[1\] is not empty \(end offset 1\)" drive "${prefix}f."

# ---- shards ----

drive "${prefix}g." --create-topics --shard 0/2 >"$WORK/shard0" &
drive "${prefix}g." --create-topics --shard 1/2 >"$WORK/shard1"
wait $!
expect_equal "$(cat "$WORK/shard0") $(cat "$WORK/shard1")" "accepted 60000 durable 60000 accepted 30000 durable 30000"
check_all "${prefix}g." 0 10000 0

# ---- the topic guard ----

# guard NAME CONFIG=VALUE TEXT ARGUMENTS…: refused for the setting of one topic, and possible with --force.
guard()
{
    local name=$1 config=$2 text=$3
    shift 3
    create "$prefix$name." "$config"
    expect_failure 1 "^STATE: topic $prefix$name.sms: $config( \([^)]*\))? $text.*, or go on with --force$" drive "$prefix$name." "$@"
    drive "$prefix$name." --force --records 10 "$@" >/dev/null 2>"$WORK/warning" || true
    grep -q "^warning: topic $prefix$name.sms: $config " "$WORK/warning" || die "no warning: $(cat "$WORK/warning")"
    admin delete "$prefix$name."{call,sms,data}
}
guard h retention.ms=3600000 'deletes the run.s records of .*set it to -1 or above'
guard i retention.bytes=1000000 'deletes the oldest records'
guard j cleanup.policy=compact 'keeps only the last record of each key'
guard k message.timestamp.type=LogAppendTime 'replaces the records. event times'
guard l message.timestamp.before.max.ms=60000 'rejects the run.s first records'
guard m message.timestamp.after.max.ms=3600000 'rejects records from the future' --last-ms $((now + far))
guard n max.message.bytes=3000 'is less than the longest record needs'

create "${prefix}o." min.insync.replicas=2
expect_failure 1 'min.insync.replicas=2 .*can never be met by its 1 replica,.*lower it$' drive "${prefix}o." --force
create "${prefix}p." retention.ms=1000 retention.bytes=1000
expect_failure 1 "retention.ms=1000 .*; the same for ${prefix}p.sms: retention.bytes=1000$" drive "${prefix}p."

# Batches shrink to what a topic takes.
create "${prefix}q." max.message.bytes=5000
expect_equal "$(drive "${prefix}q." -X compression.codec=none)" "accepted 90000 durable 90000"
check_all "${prefix}q." 0 10000 0
create "${prefix}segment." internal.segment.bytes=5000
expect_equal "$(drive "${prefix}segment." -X compression.codec=none)" "accepted 90000 durable 90000"
check_all "${prefix}segment." 0 10000 0

# A record that is rejected all the same ends the run, and the log has no gap.
create "${prefix}r." message.timestamp.before.max.ms=60000
expect_failure 1 "^KAFKA: ${prefix}r.sms\[[0-2]\]: the record at offset 0 was not delivered.*" \
    drive "${prefix}r." --force
expect_equal "$(count_records "${prefix}r.sms")" 0 "records behind a rejected one"

# ---- other writers, and topics that go ----

# hold PREFIX ARGUMENTS…: a run that waits half-way, as coproc HELD, until release.
hold()
{
    local to=$1
    shift
    coproc HELD { drive "$to" --hold "$@" 2>"$WORK/held"; }
    held_pid=$HELD_PID
    read -r line <&"${HELD[0]}"
    [[ $line == holding ]] || die "the run did not come half-way: $(cat "$WORK/held")"
}
release()
{
    local status=0
    echo go >&"${HELD[1]}"
    wait "$held_pid" || status=$?
    expect_equal "$status" 1 "status of a run that was disturbed"
}

hold "${prefix}s." --create-topics --records 20
echo foreign | kcat -b "$CDRGEN_TEST_BROKERS" -P -t "${prefix}s.data" -p 2
release
grep -Eq "^DIFFERENT: ${prefix}s.data\[2\]: a record that belongs at offset 10 was stored at 11: another producer" "$WORK/held" ||
    die "a foreign record is not noticed: $(cat "$WORK/held")"

hold "${prefix}t." --create-topics --records 20 -X delivery.timeout.ms=3000
admin delete "${prefix}t.sms"
release
grep -Eq "^(KAFKA|DIFFERENT|ENDED): .*${prefix}t.sms" "$WORK/held" ||
    die "a deleted topic is not noticed: $(cat "$WORK/held")"

# ---- the cluster ----

expect_failure 1 '^KAFKA: no Kafka broker of 127.0.0.1:9 answered within 1.*Connection refused' \
    "$driver" -b 127.0.0.1:9 --prefix "$prefix" --timeout 1000
"$driver" -b "$CDRGEN_TEST_BROKERS" --probe 5000 2>/dev/null
expect_failure 1 'Connection refused' "$driver" -b 127.0.0.1:9 --probe 500

for topic in $(admin list "$prefix"); do
    topics+=("$topic")
done
admin delete "${topics[@]}"
