#!/usr/bin/env bash
# The Kafka sink where brokers ask who it is: passwords, certificates, and every right that it may lack, one after the other.
set -euo pipefail
source "$SOURCE_DIR/tests/kafka/lib.sh"

driver=$BUILD_DIR/tests/sink_driver

# ---- a broker with users, rights and a certificate of an authority of its own ----

openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout "$WORK/ca.key" -out "$WORK/ca.pem" 2>/dev/null
openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout "$WORK/broker.key" -out "$WORK/broker.csr" 2>/dev/null
openssl x509 -req -in "$WORK/broker.csr" -CA "$WORK/ca.pem" -CAkey "$WORK/ca.key" -CAcreateserial -days 2 \
    -extfile <(echo subjectAltName=DNS:localhost,IP:127.0.0.1) -out "$WORK/broker.pem" 2>/dev/null
openssl pkcs8 -topk8 -nocrypt -in "$WORK/broker.key" -out "$WORK/broker.pk8"
cat "$WORK/broker.pk8" "$WORK/broker.pem" "$WORK/ca.pem" >"$WORK/broker.store"
cat >"$WORK/secure.properties" <<PROPERTIES
sasl.enabled.mechanisms=PLAIN
listener.name.sasl_plaintext.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="alice-secret";
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
ssl.keystore.type=PEM
ssl.keystore.location=$WORK/broker.store
PROPERTIES
start_cluster --listener SASL_PLAINTEXT --listener SSL --properties "$WORK/secure.properties"

# drive PREFIX ARGUMENTS…: a run as alice.
drive()
{
    local to=$1
    shift
    "$driver" -b "$CDRGEN_TEST_BROKERS_SASL_PLAINTEXT" --prefix "$to" --records 100 -X security.protocol=sasl_plaintext \
        -X sasl.mechanisms=PLAIN -X sasl.username=alice -X "sasl.password=${PASSWORD:-alice-secret}" "$@"
}

# allow OPERATION RESOURCE…: of topics, the cluster or groups, as AclCommand has them.
allow()
{
    local operation=$1
    shift
    "$SOURCE_DIR/scripts/kafka" tool --dir "$CLUSTER" AclCommand --bootstrap-server "$CDRGEN_TEST_BROKERS" --add \
        --allow-principal User:alice --operation "$operation" --resource-pattern-type prefixed "$@" >/dev/null
}

# ---- who one is ----

SECONDS=0
PASSWORD=wrong expect_failure 1 '^KAFKA: no Kafka broker of 127.0.0.1:[0-9]+ answered .*[Aa]uthentication failed' drive a.
((SECONDS < 10)) || die "a wrong password is asked for again for $SECONDS s"
! grep -q wrong "$WORK/stderr" || die "a password is shown: $(cat "$WORK/stderr")"

tls=("$driver" -b "$CDRGEN_TEST_BROKERS_SSL" --prefix tls. --create-topics --records 100 -X security.protocol=ssl)
SECONDS=0
expect_failure 1 '^KAFKA: no Kafka broker .*certificate verify failed' "${tls[@]}"
((SECONDS < 10)) || die "an unknown authority is tried again for $SECONDS s"
expect_failure 1 '^CONFIG: -X: property ssl.ca.location=/nowhere.pem: No such file' "${tls[@]}" -X ssl.ca.location=/nowhere.pem
# The broker is a super user's, as its SSL listener takes everybody for ANONYMOUS.
expect_equal "$("${tls[@]}" -X "ssl.ca.location=$WORK/ca.pem")" "accepted 900 durable 900" "a run with TLS"

# ---- what one may ----

for type in call sms data; do
    admin create "a.$type" 3
done
expect_failure 1 '^STATE: not authorised to describe topic a.call: .* lacks the operation Describe on it' drive a.
allow Describe --topic a.
expect_failure 1 '^STATE: not authorised to read the configuration of topic a.[a-z]*, .*the operation DescribeConfigs on it; --force' \
    drive a.
allow DescribeConfigs --topic a.
expect_failure 1 '^KAFKA: .*lacks the operation Write on the topics, or IdempotentWrite on the cluster' drive a.
expect_equal "$(count_records a.call)" 0 "records without the right to write"

# With the right to write to some topics only, the others' first batches are refused.
allow Write --topic a.call
expect_failure 1 '^KAFKA: a.(sms|data)\[[0-2]\]: the record at offset 0 was not delivered.*the operation Write on the topic;' \
    drive a.
for type in call sms data; do
    admin delete "a.$type"
    admin create "a.$type" 3
done
allow Write --topic a.
expect_equal "$(drive a.)" "accepted 900 durable 900" "a run with all rights"

allow Describe --topic b.
allow DescribeConfigs --topic b.
allow Write --topic b.
expect_failure 1 '^STATE: not authorised to create topic b.call: it takes the operation Create on the topic or the cluster' \
    drive b. --create-topics
allow Create --topic b.
expect_equal "$(drive b. --create-topics)" "accepted 900 durable 900" "a run that may create"

expect_failure 1 '^STATE: not authorised to commit the base offsets of --append for group cdrgen-[0-9a-f]*: .*the operation Read on it' \
    drive b. --append
expect_equal "$(count_records b.data)" 300 "records behind a base that is not committed"
allow Read --group cdrgen-
expect_failure 1 '^STATE: not authorised to commit the base offsets of --append for topic b.*the operation Read on it' \
    drive b. --append
allow Read --topic b.
expect_equal "$(drive b. --append)" "accepted 900 durable 900" "a run that may commit"
