#!/usr/bin/env bash
# A schema that changes in mid-run, against a real broker and registry: each message has the schema id that its timestamp
# says, both versions are under one subject in their order, readers of Confluent's with stock settings read all, an
# incompatible next version stops the run before anything is produced, and a run that is killed goes on across the change.
set -euo pipefail
source "${SOURCE_DIR:?}/tests/kafka/lib.sh"
need_cluster registry

registry=$CDRGEN_TEST_REGISTRY
prefix=$(fresh_prefix)
at=2025-01-01T15:20:00Z change_ms=1735744800000
# extend FIELD…: the built-in schema of calls with these fields (JSON) at its end.
extend()
{
    local schema
    schema=$(<"$SOURCE_DIR/schemas/cdr_call.avsc")
    echo "${schema%]*}, $(IFS=,; echo "$*")]}"
}
extend '{"name": "owner_msisdn", "type": ["null", "string"], "default": null}' >"$WORK/call.avsc"
extend '{"name": "owner_msisdn", "type": "string"}' >"$WORK/incompatible.avsc"
model=(--subs 1500 --start 2025-01-01 --days 1 --late-share 0.2 --late-max 2h --partitions 3)
change=(--format avro --next-schema call="$WORK/call.avsc" --schema-change-at "$at")
kafka=(-b "$CDRGEN_TEST_BROKERS")

# run PREFIX FLAGS…
run()
{
    local topics=$1
    shift
    "$CDRGEN" run --quiet "${model[@]}" "${kafka[@]}" --create-topics --registry "$registry" --topic-prefix "$topics" "$@"
}

versions()
{
    "$CDRGEN" schema list call --registry "$registry" --topic-prefix "$1" "${@:2}" | tail -n +2 | cut -f 2,4 | tr '\t\n' '  '
}

# ---- the registry -------------------------------------------------------------------------------------------------------

# An incompatible next version: on a fresh subject the first one is there by then, and nothing else; then not even that.
bad=(--format avro --next-schema call="$WORK/incompatible.avsc" --schema-change-at "$at")
expect_failure 2 "subject ${prefix}call-value: the schema is not compatible with the latest version.*that is the run's first schema, registered now" \
    run "$prefix" "${bad[@]}"
expect_equal "$(wc -l <"$WORK/stderr")" 1 "lines of a refusal"
expect_equal "$(admin list "$prefix" | wc -l)" 0 "topics of a run that was refused"
expect_equal "$(versions "$prefix")" "1 same " "versions after a refusal"
expect_failure 2 "subject ${prefix}call-value: the schema is not compatible with the latest version" run "$prefix" "${bad[@]}"
grep -q 'registered now' "$WORK/stderr" && die "it was there before: $(cat "$WORK/stderr")"
expect_equal "$(admin list "$prefix" | wc -l)" 0 "topics of a run that was refused again"
expect_failure 2 'the schema is not compatible' "$CDRGEN" schema register --registry "$registry" --topic-prefix "$prefix" call \
    --next-schema call="$WORK/incompatible.avsc"
expect_failure 1 'the schema is not compatible' "$CDRGEN" schema check --registry "$registry" --topic-prefix "$prefix" call \
    --next-schema call="$WORK/incompatible.avsc"
expect_failure 1 'a run would fail: 1 problem' "$CDRGEN" doctor "${model[@]}" "${kafka[@]}" --registry "$registry" --topic-prefix "$prefix" \
    "${bad[@]}" --create-topics
grep -q "^fail  subject ${prefix}call-value, next schema: the schema is not compatible" "$WORK/stdout" || die "$(cat "$WORK/stdout")"

# --no-register finds both, or says which is missing.
expect_failure 2 "subject ${prefix}call-value: .*the registry does not know the schema|subject ${prefix}call-value: .*register it" \
    run "$prefix" "${change[@]}" --no-register
expect_equal "$(admin list "$prefix" | wc -l)" 0 "topics of a run without its next schema"
expect_equal "$("$CDRGEN" schema check call --registry "$registry" --topic-prefix "${prefix}new." --next-schema call="$WORK/call.avsc" | cut -f 2 | tr '\n' ';')" \
    "compatible;next schema: turns out when the first one is registered;" "check of a fresh subject"
"$CDRGEN" doctor "${model[@]}" "${kafka[@]}" --registry "$registry" --topic-prefix "${prefix}new." "${change[@]}" --create-topics >"$WORK/stdout"
grep -q "^ok    subject ${prefix}new.call-value, next schema: is new; whether the next schema is compatible turns out" "$WORK/stdout" ||
    die "$(cat "$WORK/stdout")"

# ---- a run --------------------------------------------------------------------------------------------------------------

run "$prefix" "${change[@]}" --registry-cache "$WORK/cache" --summary "$WORK/summary.json"
expect_equal "$(versions "$prefix" --next-schema call="$WORK/call.avsc")" "1 same 2 next " "versions"
expect_equal "$(find "$WORK/cache" -name '*.json' | wc -l)" 4 "ids in the cache"
"$CDRGEN" schema check call --registry "$registry" --topic-prefix "$prefix" --next-schema call="$WORK/call.avsc" --no-register >"$WORK/stdout"
expect_equal "$(cut -f 2 "$WORK/stdout" | sed 's/[0-9][0-9]*/N/' | tr '\n' ';')" "registered, id N;next registered, id N;" "check"
# Again, and without leave to register: nothing new.
for more in "" --no-register; do
    run "${prefix%.}-again$more." --sink null "${change[@]}" >/dev/null 2>&1 || die "a null run"
    admin delete "${prefix}call" && admin delete "${prefix}sms" && admin delete "${prefix}data"
    run "$prefix" "${change[@]}" $more --summary "$WORK/again.json"
    expect_equal "$(versions "$prefix" --next-schema call="$WORK/call.avsc")" "1 same 2 next " "versions after another run $more"
    for field in schema_id next_schema_id schema_change_ms digest; do
        expect_equal "$(jq -c "[.. | .$field? // empty]" "$WORK/again.json")" "$(jq -c "[.. | .$field? // empty]" "$WORK/summary.json")" "$field"
    done
done
expect_equal "$(jq .schema_change_ms "$WORK/summary.json")" "$change_ms" "the time in the summary"
expect_equal "$(jq ".topics[\"${prefix}sms\"].next_schema_id" "$WORK/summary.json")" null "a next id of sms"

# Every record by the stock AvroDeserializer, and by one whose reader's schema is the next one.
"$PYTHON" - "$CDRGEN_TEST_BROKERS" "$registry" "$prefix" "$change_ms" "$WORK/summary.json" "$WORK/call.avsc" <<'PYTHON' || die "readers"
import json, sys, warnings
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.serialization import MessageField, SerializationContext
with warnings.catch_warnings(record=True):
    from confluent_kafka.schema_registry import SchemaRegistryClient
    from confluent_kafka.schema_registry.avro import AvroDeserializer

brokers, registry, prefix, change_ms, summary, next_schema = sys.argv[1:]
change_ms = int(change_ms)
client = SchemaRegistryClient({"url": registry})
stock = AvroDeserializer(client)
latest = AvroDeserializer(client, open(next_schema).read())
topics = json.load(open(summary))["topics"]
for name in ("call", "sms", "data"):
    topic = prefix + name
    ids = [topics[topic]["schema_id"], topics[topic].get("next_schema_id")]
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "t", "enable.partition.eof": True, "enable.auto.commit": False})
    parts = list(consumer.list_topics(topic, timeout=30).topics[topic].partitions)
    consumer.assign([TopicPartition(topic, p, 0) for p in parts])
    counts, alternations, left = [0, 0], 0, len(parts)
    before = {}
    while left:
        for message in consumer.consume(10000, 1):
            if message.error():
                left -= 1
                continue
            version = int(message.timestamp()[1] >= change_ms) if name == "call" else 0
            found = int.from_bytes(message.value()[1:5], "big")
            assert message.value()[0] == 0 and found == ids[version], (topic, message.offset(), found, ids)
            context = SerializationContext(topic, MessageField.VALUE)
            record = stock(message.value(), context)
            assert round(record["end_ts_ms"].timestamp() * 1000) == message.timestamp()[1]
            assert ("owner_msisdn" in record) == (version == 1)
            if version == 1:
                assert record["owner_msisdn"].encode() == message.key()
            if name == "call":
                resolved = latest(message.value(), context)
                assert resolved["owner_msisdn"] == record.get("owner_msisdn") and resolved["imsi"] == record["imsi"]
            counts[version] += 1
            alternations += before.get(message.partition(), version) != version
            before[message.partition()] = version
    consumer.close()
    assert sum(counts) == topics[topic]["records"], counts
    if name == "call":
        # Late records: the first version comes up again behind the second one.
        assert min(counts) > 500 and alternations > 10, (counts, alternations)
        subject = topic + "-value"
        wanted = [client.get_version(subject, v).schema_id for v in client.get_versions(subject)]
        assert wanted == ids, (wanted, ids)
PYTHON

verify()
{
    "$CDRGEN" verify "${model[@]}" "${kafka[@]}" --topic-prefix "$@" >"$WORK/said" 2>"$WORK/stderr"
}
verify "$prefix" "${change[@]}" || die "not the same: $(cat "$WORK/said" "$WORK/stderr")"

# A change that comes too late by as much as one record: verify tells it, field by field.
"$CDRGEN" run --quiet --sink file --format csv "${model[@]}" --out "$WORK/csv"
moment=$(cat "$WORK"/csv/cdr.call/*/*.csv | cut -d ';' -f 6 | grep -v end | sort -n | awk -v t=$change_ms '$1 > t' | sed -n 40p)
wrong=$(cat "$WORK"/csv/cdr.call/*/*.csv | cut -d ';' -f 6 | grep -c "^$moment\$")
iso() { date -u -d "@$(($1 / 1000))" "+%Y-%m-%dT%H:%M:%S.$(printf %03d $(($1 % 1000)))Z"; }
late=$(fresh_prefix)
run "$late" "${change[@]}" --schema-change-at "$(iso $((moment + 1)))"
verify "$late" "${change[@]}" --schema-change-at "$(iso "$moment")" && die "a version-1 record behind the change was not found"
grep -q "^cdrgen: different: $wrong altered\$" "$WORK/stderr" || die "not $wrong altered: $(cat "$WORK/stderr")"
grep -q '^      schema: expected the next one, found the first one$' "$WORK/said" || die "$(cat "$WORK/said")"
grep -Eq '^      owner_msisdn: expected [0-9]+, found \(none\)$' "$WORK/said" || die "$(cat "$WORK/said")"
expect_equal "$(grep -c '^      [a-z_]*: expected' "$WORK/said")" $((2 * wrong)) "fields that differ"

# By id: the same, and lost records of either version are shown by their schema.
byid=$(fresh_prefix)
early=("${change[@]}" --schema-change-at 2025-01-01T06:00:00Z)
run "$byid" "${early[@]}" --id-header
verify "$byid" "${early[@]}" --by id --topic "${byid}call,${byid}sms,${byid}data" || die "by id: $(cat "$WORK/said" "$WORK/stderr")"
verify "$byid" "${early[@]}" --by id --topic "${byid}sms" --types call,sms --show 1000 && die "a topic that is missing is not missed"
"$PYTHON" - "$WORK/said" 1735711200000 <<'PYTHON' || die "lost ones are not shown by their schema"
import re, sys
lost, counts = [line for line in open(sys.argv[1]) if "end_ts_ms=" in line], [0, 0]
for line in lost:
    version = int(re.search(r"end_ts_ms=(\d+)", line)[1]) >= int(sys.argv[2])
    assert ("owner_msisdn=" in line) == version, line
    counts[version] += 1
assert len(lost) == 1000 and min(counts) > 20, counts
PYTHON

# ---- kill -9 and --resume across the change ------------------------------------------------------------------------------

first=$(cat "$WORK"/csv/cdr.call/*/*.csv | cut -d ';' -f 6 | grep -v end | awk -v t=$change_ms '$1 < t' | wc -l)
killed=0
for moment in 0.8 2.0 3.2 behind; do
    again=$(fresh_prefix)
    "$CDRGEN" run --quiet "${model[@]}" "${kafka[@]}" --create-topics --registry "$registry" --topic-prefix "$again" "${change[@]}" \
        --speed 21600 2>/dev/null &
    pid=$!
    if [[ $moment == behind ]]; then
        there=0
        while ((there < first + 600)) && kill -0 $pid 2>/dev/null; do
            there=$(count_records "${again}call" 2>/dev/null) || there=0
        done
    else
        sleep $moment
    fi
    kill -KILL $pid 2>/dev/null || true
    status=0
    wait $pid 2>/dev/null || status=$?
    ((status != 137)) || killed=$((killed + 1))
    # Nobody goes on with a change at another time than what is there shows.
    if [[ $moment == behind ]]; then
        expect_failure 2 'the topics do not hold the beginning of dataset' run "$again" "${change[@]}" --schema-change-at 2025-01-01T23:00:00Z --resume
        grep -q 'owner_msisdn' "$WORK/stderr" || die "the difference is not shown: $(cat "$WORK/stderr")"
    fi
    run "$again" "${change[@]}" --resume --summary "$WORK/resumed.json"
    verify "$again" "${change[@]}" || die "resumed ($moment): $(cat "$WORK/said" "$WORK/stderr")"
done
((killed >= 3)) || die "only $killed of 4 runs were killed"

# The same in transactions, stopped in an orderly way.
again=$(fresh_prefix)
"$CDRGEN" run --quiet "${model[@]}" "${kafka[@]}" --create-topics --registry "$registry" --topic-prefix "$again" "${change[@]}" \
    --speed 28800 --transactions --transaction-time 200ms 2>"$WORK/stderr" &
pid=$!
sleep 3.3
kill -KILL $pid 2>/dev/null || true
wait $pid 2>/dev/null || true
run "$again" "${change[@]}" --transactions --resume
verify "$again" "${change[@]}" || die "resumed in transactions: $(cat "$WORK/said" "$WORK/stderr")"
# Nor does anybody with transactions go on with a change at another time, though it is far before the logs' ends, or to
# another schema.
for other in 2025-01-01T10:00:00Z 2025-01-01T17:00:00Z; do
    expect_failure 2 'the topics do not hold the beginning of dataset' \
        run "$again" "${change[@]}" --schema-change-at "$other" --transactions --resume
    grep -q 'owner_msisdn' "$WORK/stderr" || die "the difference is not shown: $(cat "$WORK/stderr")"
done
extend '{"name": "owner_msisdn", "type": ["null", "string"], "default": null}' \
    '{"name": "owner_imsi", "type": ["null", "string"], "default": null}' >"$WORK/other.avsc"
expect_failure 2 'the topics do not hold the beginning of dataset' \
    run "$again" "${change[@]}" --next-schema call="$WORK/other.avsc" --transactions --resume
run "$again" "${change[@]}" --transactions --resume

# Without a registry: fixed ids.
fixed=$(fresh_prefix)
"$CDRGEN" run "${model[@]}" "${kafka[@]}" --create-topics --topic-prefix "$fixed" "${change[@]}" --next-schema-id call=77 >"$WORK/said" 2>&1
grep -q "${fixed}call gets the schema id 1 (--schema-id call), then 77 (--next-schema-id call)" "$WORK/said" || die "$(cat "$WORK/said")"
expect_equal "$(read_log "${fixed}call" | awk -v t=$change_ms '{ print ($3 >= t), substr($5, 1, 10) }' | sort -u | tr '\n' ';')" \
    "0 0000000001;1 000000004d;" "ids by time"
verify "$fixed" "${change[@]}" || die "with fixed ids: $(cat "$WORK/said" "$WORK/stderr")"
for option in "--schema-id sms" "--next-schema-id call" "--schema-id key"; do
    expect_failure 2 "avro in Kafka needs schema ids; give --registry URL, or a fixed one with $option=ID" \
        "$CDRGEN" run "${model[@]}" "${kafka[@]}" --topic-prefix "$fixed" "${change[@]}" --key-format avro $option=0
done

for of_run in "$prefix" "$late" "$byid" "$again" "$fixed"; do
    for topic in $(admin list "$of_run"); do
        admin delete "$topic"
    done
done

# ---- a broker that goes away before the change ---------------------------------------------------------------------------

start_cluster
kafka=(-b "$CDRGEN_TEST_BROKERS")
"$CDRGEN" run --quiet "${model[@]}" "${kafka[@]}" --create-topics "${change[@]}" --next-schema-id call=77 --speed 14400 \
    --spill "$WORK/spill" --spill-after 3s 2>"$WORK/stderr" &
pid=$!
until [[ -n $(admin list cdr.data) && $(count_records cdr.call 2>/dev/null) -ge 300 ]]; do
    kill -0 $pid 2>/dev/null || die "the run ended early: $(cat "$WORK/stderr")"
done
"$SOURCE_DIR/scripts/kafka" pause 1 --dir "$CLUSTER" >/dev/null
wait $pid || die "a run with a spill failed: $(cat "$WORK/stderr")"
grep -q 'records are in .*/spill and not in the topics' "$WORK/stderr" || die "nothing was spilled: $(cat "$WORK/stderr")"
"$SOURCE_DIR/scripts/kafka" resume 1 --dir "$CLUSTER" >/dev/null
until there=$(count_records cdr.call 2>/dev/null); do
    sleep 0.2
done
((there < first)) || die "the broker went away too late"
"$CDRGEN" replay "$WORK/spill" --quiet "${kafka[@]}" 2>"$WORK/stderr" || die "replay: $(cat "$WORK/stderr")"
verify cdr. "${change[@]}" || die "replayed: $(cat "$WORK/said" "$WORK/stderr")"
expect_equal "$(read_log cdr.call | awk -v t=$change_ms '{ print ($3 >= t), substr($5, 1, 10) }' | sort -u | tr '\n' ';')" \
    "0 0000000001;1 000000004d;" "ids by time behind a replay"
