#!/usr/bin/env bash
# cdrgen doctor: topics that are wrong on purpose, brokers that are down, rights that are missing, schemas that do not fit:
# each is found, all in one go, and nothing is written. A run agrees with what the doctor says.
set -euo pipefail
source "$SOURCE_DIR/tests/kafka/lib.sh"

# doctor STATUS ARGUMENTS…: its findings into $WORK/findings.
doctor()
{
    local wanted=$1 status=0
    shift
    "${PROGRAM:-$CDRGEN}" doctor --subs 100 --days 1 --partitions 3 "$@" >"$WORK/findings" 2>"$WORK/stderr" || status=$?
    ((status == wanted)) || die "status $status, not $wanted, of doctor $*: $(cat "$WORK/findings" "$WORK/stderr")"
}

# found LEVEL TEXT: a line of the findings.
found()
{
    grep -Eq -- "^$1 +$2" "$WORK/findings" || die "no '$1 $2' among: $(cat "$WORK/findings")"
}

not_found()
{
    ! grep -Eq -- "^$1 +$2" "$WORK/findings" || die "'$1 $2' is among: $(cat "$WORK/findings")"
}

good=(message.timestamp.after.max.ms=9223372036854775807 min.insync.replicas=2)
newer=$(newer_cdrgen)

# ---- three brokers, topics of all kinds ----

start_cluster --brokers 3 --registry
brokers=(-b "$CDRGEN_TEST_BROKERS" --kafka-timeout 30s)

doctor 0 "${brokers[@]}" --create-topics --topic-prefix new.
found ok 'topic new.call: does not exist and would be created$'
found ok 'right to write: the brokers give a producer id$'
expect_equal "$(admin list new.)" "" "topics that the doctor made"
doctor 1 "${brokers[@]}" --create-topics --topic-prefix new. --replication 7
found fail 'topic new.sms: cannot create topic new.sms with --replication 7'
doctor 1 "${brokers[@]}" --topic-prefix new.
found fail 'topic new.data: does not exist; create it, or pass --create-topics$'
grep -q '^cdrgen: a run would fail: 3 problems to fix$' "$WORK/stderr" || die "closing words: $(cat "$WORK/stderr")"

for type in call sms data; do
    admin create "good.$type" 3 "${good[@]}"
done
doctor 0 "${brokers[@]}" --topic-prefix good.
not_found fail .
found ok 'brokers: by their topics. settings, they are Kafka 4.0 or later$'
found ok 'topic good.call: 3 partitions, each with a leader and 3 replicas in sync$'
found ok 'topic good.sms: its configuration keeps the run.s records as they are$'
found ok 'topic good.data: is empty$'
PROGRAM=$newer doctor 0 "${brokers[@]}" --topic-prefix good.
found ok 'topic good.call: the user may write to it$'
found ok 'client library: librdkafka 2.'
"$CDRGEN" run --subs 100 --days 1 --partitions 3 "${brokers[@]}" --topic-prefix good. --quiet
doctor 1 "${brokers[@]}" --topic-prefix good.
found fail 'topic good.sms: is not empty: [1-3] of its partitions hold records .*; pass --resume after a run of this dataset'
doctor 0 "${brokers[@]}" --topic-prefix good. --append
found ok 'topic good.sms: [1-3] of its partitions hold records, which --append goes on after$'

# Everything at once.
admin create bad.call 5 "${good[@]}" retention.ms=3600000 retention.bytes=1000000 cleanup.policy=compact,delete
admin create bad.sms 3 message.timestamp.type=LogAppendTime max.message.bytes=200 min.insync.replicas=1 \
    unclean.leader.election.enable=true
admin create bad.data 3 message.timestamp.before.max.ms=60000 min.insync.replicas=4
doctor 1 "${brokers[@]}" --topic-prefix bad.
found fail 'topic bad.call: has 5 partitions, and 3 were asked for; pass --partitions 5, which is another dataset than that of 3, or use another topic'
found fail 'topic bad.call: retention.ms=3600000 .* deletes the run.s records .*; set it to -1 or above'
found fail 'topic bad.call: retention.bytes=1000000 deletes the oldest .*; set it to -1$'
found fail 'topic bad.call: cleanup.policy=compact,delete keeps only the last record of each key; set it to delete$'
found fail 'topic bad.sms: message.timestamp.type=LogAppendTime replaces .*; set it to CreateTime$'
found fail 'topic bad.sms: max.message.bytes=200 is less than the longest record needs'
found warn 'topic bad.sms: min.insync.replicas=1: a record counts as safe that only one broker may hold; set it to 2$'
found warn 'topic bad.sms: unclean.leader.election.enable=true can lose acknowledged records; set it to false$'
found fail 'topic bad.data: message.timestamp.before.max.ms=60000 .*rejects the run.s first records'
found fail 'topic bad.data: min.insync.replicas=4 can never be met by its 3 replicas'
# What --force goes on with is no failure, the rest is.
doctor 1 "${brokers[@]}" --topic-prefix bad. --force
found warn 'topic bad.call: retention.ms=3600000'
found fail 'topic bad.data: min.insync.replicas=4'
# Records from the future.
admin create live.call 3 min.insync.replicas=2
doctor 1 "${brokers[@]}" --topic-prefix live. --start 2036-01-01
found fail 'topic live.call: message.timestamp.after.max.ms=3600000 .*rejects records from the future'

doctor 1 "${brokers[@]}" --topic-prefix bad. --json
"$PYTHON" - "$WORK/findings" <<'PYTHON' || die "not the JSON that it should be: $(cat "$WORK/findings")"
import json, sys
report = json.load(open(sys.argv[1]))
findings = report["findings"]
for level in "ok", "warn", "fail":
    assert report[level] == sum(f["level"] == level for f in findings)
assert report["fail"] == 8 and sum(report[level] for level in ("ok", "warn", "fail")) == len(findings)
assert any(f["subject"] == "topic bad.call" and f["level"] == "fail" and "retention.bytes" in f["what"] and
           f["fix"] == "set it to -1" for f in findings)
PYTHON

# ---- the registry ----

registry=(--format avro --registry "$CDRGEN_TEST_REGISTRY")
doctor 0 "${brokers[@]}" --create-topics --topic-prefix new. "${registry[@]}"
found ok 'subject new.call-value: is new; the schema would be registered$'
expect_equal "$(curl -s "$CDRGEN_TEST_REGISTRY/subjects" | jq -r '.[]' | grep '^new\.' || true)" "" "subjects that the doctor made"
doctor 1 "${brokers[@]}" --create-topics --topic-prefix new. "${registry[@]}" --no-auto-register
found fail 'subject new.call-value: the registry does not know the schema; register it'
# put SUBJECT FILE: the registry keeps every byte of a schema.
put()
{
    jq -n --rawfile schema "$2" '{schema: $schema}' |
        curl -sf -o /dev/null -H 'Content-Type: application/vnd.schemaregistry.v1+json' -d @- \
            "$CDRGEN_TEST_REGISTRY/subjects/$1/versions"
}
echo '{"type": "record", "name": "Other", "fields": [{"name": "x", "type": "string"}]}' >"$WORK/other.avsc"
jq '.fields |= .[:-1]' "$SOURCE_DIR/schemas/cdr_data.avsc" >"$WORK/fewer.avsc"
put new.call-value "$SOURCE_DIR/schemas/cdr_call.avsc"
put new.sms-value "$WORK/other.avsc"
put new.data-value "$WORK/fewer.avsc"
doctor 1 "${brokers[@]}" --create-topics --topic-prefix new. "${registry[@]}"
found ok 'subject new.call-value: the schema is registered, id [0-9]+$'
found fail 'subject new.sms-value: the schema is not compatible with the latest version'
found ok 'subject new.data-value: the schema is compatible with the latest version and would be registered$'
"$CDRGEN" run --subs 100 --days 1 --partitions 3 "${brokers[@]}" --create-topics --topic-prefix new. "${registry[@]}" --quiet \
    2>"$WORK/stderr" && die "a run registered what does not fit"
grep -q 'new.sms-value.*not compatible' "$WORK/stderr" || die "a run says: $(cat "$WORK/stderr")"
doctor 1 "${brokers[@]}" --create-topics --topic-prefix new. --format avro --registry http://127.0.0.1:9 --registry-retries 0
found fail 'subject new.call-value: schema registry http://127.0.0.1:9/.*Connection refused'
doctor 0 "${brokers[@]}" --create-topics --topic-prefix new. --format avro
found warn 'schema registry: none is given'

# ---- brokers that are down ----

admin create few.call 3 min.insync.replicas=3 message.timestamp.after.max.ms=9223372036854775807
"$SOURCE_DIR/scripts/kafka" tool --dir "$CLUSTER" TopicCommand --bootstrap-server "$CDRGEN_TEST_BROKERS" --create \
    --topic one.call --replica-assignment 3,3,3 >/dev/null
"$SOURCE_DIR/scripts/kafka" kill --dir "$CLUSTER" 3
for ((i = 0; i < 150; i++)); do
    doctor 1 "${brokers[@]}" --topic-prefix one.
    ! grep -q 'partitions have no leader' "$WORK/findings" || break
    sleep 0.2
done
found fail 'topic one.call: 3 of 3 partitions have no leader, the first of them is 0; start the brokers that hold'
found warn 'topic one.call: has one replica: a broker that is lost takes its records along'
doctor 1 "${brokers[@]}" --topic-prefix few.
found warn 'topic few.call: only 2 of 3 replicas of partition [0-2] are in sync; start the brokers'
found fail 'topic few.call: min.insync.replicas=3 is more than the 2 replicas that partition [0-2] has in sync'
"$SOURCE_DIR/scripts/kafka" stop --dir "$CLUSTER"

# ---- rights ----

cat >"$WORK/secure.properties" <<PROPERTIES
sasl.enabled.mechanisms=PLAIN
listener.name.sasl_plaintext.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="alice-secret";
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
PROPERTIES
echo alice-secret >"$WORK/password"
start_cluster --listener SASL_PLAINTEXT --properties "$WORK/secure.properties"
alice=(-b "$CDRGEN_TEST_BROKERS_SASL_PLAINTEXT" -X security.protocol=SASL_PLAINTEXT -X sasl.mechanism=PLAIN
    -X sasl.username=alice -X "sasl.password_file=$WORK/password" --topic-prefix a.)
for type in call sms data; do
    admin create "a.$type" 3 message.timestamp.after.max.ms=9223372036854775807
done
doctor 1 "${alice[@]}"
found fail 'topic a.call: the user lacks the operation Describe on it; grant Describe on the topic$'
found fail 'topic a.data: the user lacks the operation Describe on it'
found fail 'right to write: the brokers give no producer id; grant Write on the topics, or IdempotentWrite on the cluster$'
admin allow User:alice topic a. DESCRIBE
doctor 1 "${alice[@]}"
found fail 'topic a.sms: the user lacks the operation DescribeConfigs on it, .*; grant DescribeConfigs on the topic, or pass --force$'
admin allow User:alice topic a. DESCRIBE_CONFIGS
admin allow User:alice topic a.call WRITE
PROGRAM=$newer doctor 1 "${alice[@]}"
found ok 'topic a.call: the user may write to it$'
found fail 'topic a.sms: the user lacks the operation Write on it; grant Write on the topic$'
admin allow User:alice topic a. WRITE
PROGRAM=$newer doctor 0 "${alice[@]}"
found ok 'topic a.data: the user may write to it$'
doctor 0 "${alice[@]}"
found ok 'right to write: the brokers give a producer id$'
doctor 1 "${alice[@]}" --topic-prefix b. --create-topics
found fail 'topic b.call: '
"$CDRGEN" run --subs 100 --days 1 --partitions 3 "${alice[@]}" --quiet
((count=$(count_records a.call), count > 0)) || die "a run that the doctor finds well wrote nothing"

# ---- it cannot look ----

doctor 2 -b 127.0.0.1:9 --kafka-timeout 1s
grep -Eq '^cdrgen: no Kafka broker of 127.0.0.1:9 answered.*Connection refused' "$WORK/stderr" || die "$(cat "$WORK/stderr")"
found fail 'brokers: no Kafka broker of 127.0.0.1:9 answered.*Connection refused'
# What it waits for is said while it waits, but for --quiet; the JSON is whole.
doctor 2 -b 127.0.0.1:9 --kafka-timeout 2s --json
grep -q '^cdrgen: waiting for a broker at 127.0.0.1:9: Connection refused (up to 2 s, --kafka-timeout)$' "$WORK/stderr" ||
    die "$(cat "$WORK/stderr")"
expect_equal "$(jq -c '[.fail, .findings[0].subject]' "$WORK/findings")" '[1,"brokers"]' "JSON of brokers that do not answer"
doctor 2 -b 127.0.0.1:9 --kafka-timeout 2s --json --quiet
expect_equal "$(wc -l <"$WORK/stderr")" 1 "lines of a quiet doctor"
doctor 2 "${alice[@]}" -X linger.ms=soon
grep -q 'linger.ms=soon' "$WORK/stderr" || die "$(cat "$WORK/stderr")"
doctor 2
grep -q 'no Kafka brokers are given' "$WORK/stderr" || die "$(cat "$WORK/stderr")"
