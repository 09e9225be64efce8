#!/usr/bin/env bash
# Subjects by each strategy, cdrgen schema against a real registry, and a reader of Confluent's with its stock settings.
set -euo pipefail
source "$SOURCE_DIR/tests/kafka/lib.sh"
need_cluster registry

prefix=$(fresh_prefix)
registry=$CDRGEN_TEST_REGISTRY
types=(call sms data)

# schema ACTION [TYPE] FLAGS…
schema()
{
    "$CDRGEN" schema "$@" --registry "$registry"
}

# deserialize TOPIC FILE: every record of it by the stock AvroDeserializer, equal to the lines of JSON that FILE holds.
deserialize()
{
    "$PYTHON" - "$CDRGEN_TEST_BROKERS" "$registry" "$1" "$2" <<'PYTHON'
import datetime, json, sys, warnings
from confluent_kafka import DeserializingConsumer, TopicPartition
with warnings.catch_warnings(record=True):  # of what the registry client brings along, about its own future
    from confluent_kafka.schema_registry import SchemaRegistryClient
    from confluent_kafka.schema_registry.avro import AvroDeserializer

brokers, registry, topic, path = sys.argv[1:]
consumer = DeserializingConsumer({
    "bootstrap.servers": brokers, "group.id": "test", "auto.offset.reset": "earliest", "enable.partition.eof": False,
    "value.deserializer": AvroDeserializer(SchemaRegistryClient({"url": registry}))})
partitions = consumer.list_topics(topic, 10).topics[topic].partitions
ends = {p: consumer.get_watermark_offsets(TopicPartition(topic, p), 10)[1] for p in partitions}
consumer.assign([TopicPartition(topic, p, 0) for p in partitions])
left, found = sum(ends.values()), []
while left > 0:
    message = consumer.poll(20)
    assert message is not None, f"{left} records do not come"
    left -= 1
    found.append(message.value())

def plain(value):
    if isinstance(value, datetime.datetime):
        return round(value.timestamp() * 1000)
    return value

found = sorted(json.dumps({k: plain(v) for k, v in record.items() if v is not None}, sort_keys=True) for record in found)
with open(path, encoding="utf-8") as file:
    wanted = sorted(json.dumps({k: v for k, v in json.loads(line).items() if v is not None}, sort_keys=True) for line in file)
assert found, f"{topic} is empty"
for ours, theirs in zip(wanted, found):
    assert ours == theirs, f"{topic}: {theirs}, not {ours}"
assert len(wanted) == len(found), f"{topic}: {len(found)} records, not {len(wanted)}"
PYTHON
}

# Nothing is there yet; what a run would write fits.
expect_equal "$(schema list --topic-prefix "$prefix")" \
    "$(printf 'subject\tversion\tid\tschema\n'; printf "$prefix%s-value\t-\t-\t-\n" "${types[@]}")" "a list of nothing"
expect_equal "$(schema check --topic-prefix "$prefix")" "$(printf "$prefix%s-value\tcompatible\n" "${types[@]}")" "check"
expect_failure 1 'the schema is compatible, and not registered' schema check call --topic-prefix "$prefix" --no-register
expect_failure 1 'the registry does not know it' schema check --topic-prefix "$prefix" --use-latest
expect_failure 1 'the registry does not know it' schema print --topic-prefix "$prefix"
expect_equal "$(grep -c "$prefix" "$WORK/stderr")" 3 "subjects that are missing"

# Registered once, and the same again; a run finds them.
schema register sms --topic-prefix "$prefix" | grep -Eq "^${prefix}sms-value	id [0-9]+, registered$" || die "not registered"
expect_equal "$(schema register --topic-prefix "$prefix" | sed 's/id [0-9]*/id N/')" \
    "$(printf "$prefix%s-value\tid N, %s\n" call registered sms 'was there' data registered)" "register"
expect_equal "$(schema list --topic-prefix "$prefix" | cut -f 1,2,4 | tail -n +2)" \
    "$(printf "$prefix%s-value\t1\tsame\n" "${types[@]}")" "list"
schema check --topic-prefix "$prefix" --no-register >"$WORK/checked"
expect_equal "$(grep -c 'registered, id' "$WORK/checked")" 3 "subjects that are registered"
expect_equal "$(schema check --topic-prefix "$prefix" --use-latest | grep -c 'latest version can be written')" 3 "latest versions"
for type in "${types[@]}"; do
    schema print "$type" --topic-prefix "$prefix" | cmp - <("$CDRGEN" schema print "$type")
    cmp "$SOURCE_DIR/schemas/cdr_$type.avsc" <("$CDRGEN" schema print "$type")
done
expect_equal "$("$CDRGEN" schema print | jq -r .name | tr '\n' ' ')" "CdrCall CdrSms CdrData " "what is built in"

# One that does not fit.
curl -fsS -X POST -H 'Content-Type: application/vnd.schemaregistry.v1+json' "$registry/subjects/${prefix}x.data-value/versions" \
    -d '{"schema": "{\"type\": \"record\", \"name\": \"other\", \"fields\": [{\"name\": \"x\", \"type\": \"string\"}]}"}' \
    >/dev/null
expect_failure 1 "subject ${prefix}x.data-value: the schema is not compatible with the latest version" \
    schema check --topic-prefix "${prefix}x."
expect_failure 2 "subject ${prefix}x.data-value: the schema is not compatible with the latest version" \
    schema register --topic-prefix "${prefix}x."
expect_equal "$(schema list --topic-prefix "${prefix}x." | cut -f 2,4 | tr '\t\n' '  ')" "version schema - - - - 1 another " "after a refusal"

# What cannot be done.
expect_failure 2 'Connection refused' "$CDRGEN" schema list --registry http://127.0.0.1:9 --registry-retries 0
expect_failure 2 'no schema registry is given' "$CDRGEN" schema check
expect_failure 2 'schema ACTION: an action is missing' "$CDRGEN" schema
expect_failure 2 'schema ACTION: "lists" is not something to do; allowed are list, print, register, check' schema lists
expect_failure 2 'schema TYPE: "mms" is not a type of records; allowed are call, sms, data' schema list mms
expect_failure 2 'one argument too many' schema list sms sms
expect_failure 2 'forbid registering' schema register --no-register

# Each strategy's subjects, and a reader that knows nothing of them.
run=("$CDRGEN" run --quiet --subs 50 --start 2025-01-01 --days 2)
"${run[@]}" --sink file --format json --out "$WORK/json"
for type in "${types[@]}"; do
    find "$WORK/json/cdr.$type" -name '*.json*' -exec cat {} + >"$WORK/$type.json"
done
# subject STRATEGY TYPE
subject()
{
    case $1 in
        topic) echo "$prefix$1.$2-value" ;;
        topic-record) echo "$prefix$1.$2-io.cdrgen.Cdr${2^}" ;;
        record) echo "io.cdrgen.Cdr${2^}" ;;
    esac
}
for strategy in topic topic-record record; do
    "${run[@]}" --sink kafka --format avro --brokers "$CDRGEN_TEST_BROKERS" --create-topics --topic-prefix "$prefix$strategy." \
        --registry "$registry" --subject-strategy "$strategy"
    for type in "${types[@]}"; do
        name=$(subject "$strategy" "$type")
        curl -fsS "$registry/subjects/$name/versions" >/dev/null || die "no subject $name"
        deserialize "$prefix$strategy.$type" "$WORK/$type.json"
    done
done
for topic in $(admin list "$prefix"); do
    admin delete "$topic"
done
