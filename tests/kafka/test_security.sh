#!/usr/bin/env bash
# Brokers that ask who it is: SCRAM and mutual TLS, with the librdkafka that cdrgen is built with and a newer one, with
# Java's client.properties, and what is said, within seconds, when something about it is wrong. Secrets are shown nowhere.
set -euo pipefail
source "$SOURCE_DIR/tests/kafka/lib.sh"
source "$SOURCE_DIR/tests/kafka/certificates.sh"

secret=wonderland-7341
plain_module=org.apache.kafka.common.security.plain.PlainLoginModule
scram_module=org.apache.kafka.common.security.scram.ScramLoginModule
oauth_module=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule

authority authority
authority stranger
certificate broker authority 2 IP:127.0.0.1
certificate expired authority 0 IP:127.0.0.1
certificate carol authority 2
certificate mallory stranger 2
echo $secret >"$WORK/password"
echo wrong-secret-99 >"$WORK/wrong"

# ---- brokers ----

# brokers VERSION STORE_OF_SSL: users alice (SCRAM, PLAIN, unsigned tokens) and carol (certificate), with rights.
brokers()
{
    cat >"$WORK/secure.properties" <<PROPERTIES
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
listener.name.sasl_ssl.plain.sasl.jaas.config=$plain_module required user_alice="$secret";
listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config=$scram_module required;
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=$scram_module required;
listener.name.sasl_ssl.oauthbearer.sasl.jaas.config=$oauth_module required unsecuredLoginStringClaim_sub="broker";
listener.name.ssl.ssl.client.auth=required
ssl.truststore.type=PEM
ssl.truststore.location=$WORK/authority.pem
ssl.keystore.type=PEM
ssl.keystore.location=$WORK/broker.store
listener.name.ssl.ssl.keystore.type=PEM
listener.name.ssl.ssl.keystore.location=$WORK/$2.store
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
PROPERTIES
    start_cluster --version "$1" --listener SASL_SSL --listener SSL --properties "$WORK/secure.properties" \
        --format "--add-scram=SCRAM-SHA-256=[name=alice,password=$secret]" \
        --format "--add-scram=SCRAM-SHA-512=[name=alice,password=$secret]"
    local user
    for user in User:alice User:CN=carol; do
        admin allow "$user" topic good. DESCRIBE DESCRIBE_CONFIGS CREATE WRITE
    done
    brokers_sasl=$CDRGEN_TEST_BROKERS_SASL_SSL brokers_ssl=$CDRGEN_TEST_BROKERS_SSL
}

# run PROGRAM PREFIX ARGUMENTS…
run()
{
    local program=$1 prefix=$2
    shift 2
    "$program" run --subs 100 --days 1 --partitions 2 --create-topics --topic-prefix "$prefix" --quiet "$@"
}

# Every way in writes the same topics anew; what is in them is counted.
works()
{
    local what=$1 count
    shift
    run "$@" 2>"$WORK/stderr" || die "$what: $(cat "$WORK/stderr")"
    count=$(count_records good.call)
    ((count > 0)) || die "$what: nothing was written"
    admin delete good.{call,sms,data}
    for type in call sms data; do
        while [[ -n $(admin list "good.$type") ]]; do sleep 0.1; done
    done
}

# refused WHAT TEXT ARGUMENTS…: one line that says TEXT, exit status 2, within seconds, and no topic.
refused()
{
    local what=$1 text=$2
    shift 2
    SECONDS=0
    expect_failure 2 "$text" run "$@" --kafka-timeout 60s
    ((SECONDS < 20)) || die "$what: refused after $SECONDS s"
    expect_equal "$(grep -c . "$WORK/stderr")" 1 "$what: lines of $(cat "$WORK/stderr")"
    ! grep -Eq "$secret|wrong-secret-99" "$WORK/stderr" || die "$what: shows a secret: $(cat "$WORK/stderr")"
    expect_equal "$(admin list good.)" "" "$what: topics"
}

newer=$(newer_cdrgen)
tls=(-X "ssl.ca.location=$WORK/authority.pem")
alice=(-X security.protocol=SASL_SSL "${tls[@]}" -X sasl.username=alice -X "sasl.password_file=$WORK/password")
carol=(-X security.protocol=SSL "${tls[@]}" -X "ssl.certificate.location=$WORK/carol.pem" -X "ssl.key.location=$WORK/carol.key")

# ---- Kafka 3.9: SCRAM works with any librdkafka ----

brokers 3.9.2 expired
for program in "$CDRGEN" "$newer"; do
    for mechanism in SCRAM-SHA-256 SCRAM-SHA-512; do
        works "$mechanism on Kafka 3.9" "$program" good. -b "$brokers_sasl" "${alice[@]}" -X sasl.mechanism=$mechanism
    done
done
refused "an expired certificate" 'certificate verify failed.*; the broker.s certificate has expired: renew it$' \
    "$CDRGEN" good. -b "$brokers_ssl" "${carol[@]}"
"$SOURCE_DIR/scripts/kafka" stop --dir "$CLUSTER"

# ---- Kafka 4 ----

brokers 4.3.1 broker
scram=("${alice[@]}" -X sasl.mechanism=SCRAM-SHA-256)
if "$CDRGEN" --version | grep -Eq 'librdkafka (0|1|2\.[0-5]|2\.6\.0)'; then
    refused "an old librdkafka" 'librdkafka before 2\.6\.1 cannot do SCRAM with Kafka 4 .*scripts/install-deps --librdkafka$' \
        "$CDRGEN" good. -b "$brokers_sasl" "${scram[@]}"
fi
"$newer" --version | grep -Eq 'librdkafka 2\.(6\.[1-9]|[7-9]|[1-9][0-9])' || die "not newer: $("$newer" --version)"
works "SCRAM on Kafka 4" "$newer" good. -b "$brokers_sasl" "${scram[@]}"
for program in "$CDRGEN" "$newer"; do
    works "PLAIN" "$program" good. -b "$brokers_sasl" "${alice[@]}" -X sasl.mechanism=PLAIN
    works "mutual TLS" "$program" good. -b "$brokers_ssl" "${carol[@]}"
    works "an unsigned token" "$program" good. -b "$brokers_sasl" -X security.protocol=SASL_SSL "${tls[@]}" \
        -X sasl.mechanism=OAUTHBEARER -X enable.sasl.oauthbearer.unsecure.jwt=true -X sasl.oauthbearer.config=principal=alice
done

# ---- Java's client.properties ----

# pem NAME FILE: a property of the PEM text, as Java's documents show it: lines that go on with '\'.
pem()
{
    echo "$1=\\"
    sed '$!s/$/ \\/' "$2"
}

openssl pkcs12 -export -in "$WORK/carol.pem" -inkey "$WORK/carol.key" -out "$WORK/carol.p12" -passout "pass:$secret"
cat >"$WORK/plain.properties" <<PROPERTIES
bootstrap.servers: $brokers_sasl
security.protocol: SASL_SSL
sasl.mechanism: PLAIN
sasl.jaas.config = $plain_module required \\
    username="alice" \\
    password="$secret";
ssl.truststore.type=PEM
ssl.truststore.location=$WORK/authority.pem
ssl.endpoint.identification.algorithm=
key.serializer=org.apache.kafka.common.serialization.StringSerializer
value.serializer=org.apache.kafka.common.serialization.ByteArraySerializer
acks=all
retries=2147483647
request.timeout.ms=30000
buffer.memory=33554432
PROPERTIES
{
    echo "security.protocol=SSL"
    pem ssl.truststore.certificates "$WORK/authority.pem"
    pem ssl.keystore.certificate.chain "$WORK/carol.pem"
    pem ssl.keystore.key "$WORK/carol.key"
} >"$WORK/pem.properties"
cat >"$WORK/pkcs12.properties" <<PROPERTIES
security.protocol=SSL
ssl.truststore.location=$WORK/authority.pem
ssl.keystore.location=$WORK/carol.p12
ssl.keystore.password=$secret
ssl.key.password=$secret
PROPERTIES
cat >"$WORK/token.properties" <<PROPERTIES
security.protocol=SASL_SSL
sasl.mechanism=OAUTHBEARER
sasl.jaas.config=$oauth_module required unsecuredLoginStringClaim_sub="alice";
ssl.truststore.location=$WORK/authority.pem
PROPERTIES
works "Java's PLAIN" "$CDRGEN" good. --sink kafka -F "$WORK/plain.properties"
works "Java's PEM texts" "$CDRGEN" good. -b "$brokers_ssl" -F "$WORK/pem.properties"
works "Java's PKCS#12 store" "$CDRGEN" good. -b "$brokers_ssl" -F "$WORK/pkcs12.properties"
works "Java's unsigned token" "$CDRGEN" good. -b "$brokers_sasl" -F "$WORK/token.properties"
(
    export CDRGEN_KAFKA_SECURITY_PROTOCOL=SASL_SSL CDRGEN_KAFKA_SASL_MECHANISM=SCRAM-SHA-512
    export CDRGEN_KAFKA_SASL_JAAS_CONFIG="$scram_module required username=alice password=\"$secret\";"
    works "a password in the environment" "$newer" good. -b "$brokers_sasl" "${tls[@]}"
)

# ---- what is wrong is said ----

plain=(-b "$brokers_sasl" "${alice[@]}" -X sasl.mechanism=PLAIN)
refused "a wrong password" 'Authentication failed: Invalid username or password$' "$CDRGEN" good. "${plain[@]}" \
    -X "sasl.password_file=$WORK/wrong"
refused "a wrong SCRAM password" 'Authentication failed' "$newer" good. -b "$brokers_sasl" "${scram[@]}" \
    -X "sasl.password_file=$WORK/wrong"
refused "an unknown authority" 'certificate verify failed.* is of an authority that is not in ssl.ca.location' \
    "$CDRGEN" good. "${plain[@]}" -X "ssl.ca.location=$WORK/stranger.pem"
refused "another host" 'certificate verify failed.*; the broker.s certificate is for another host name' \
    "$CDRGEN" good. "${plain[@]}" -b "localhost:${brokers_sasl##*:}"
refused "no client certificate" 'alert.*; the broker wants a certificate of the client: give ssl.certificate.location' \
    "$CDRGEN" good. -b "$brokers_ssl" -X security.protocol=SSL "${tls[@]}"
refused "a client certificate of somebody else" 'alert.*; the broker does not accept the client.s certificate' \
    "$CDRGEN" good. -b "$brokers_ssl" -X security.protocol=SSL "${tls[@]}" \
    -X "ssl.certificate.location=$WORK/mallory.pem" -X "ssl.key.location=$WORK/mallory.key"
refused "no TLS" 'the listener seems not to speak security.protocol=plaintext' "$CDRGEN" good. -b "$brokers_ssl"
refused "no SASL" 'the listener seems not to speak security.protocol=ssl' "$CDRGEN" good. -b "$brokers_sasl" \
    -X security.protocol=SSL "${tls[@]}"
refused "TLS where there is none" 'the listener seems not to speak security.protocol=ssl' "$CDRGEN" good. \
    -b "$CDRGEN_TEST_BROKERS" -X security.protocol=SSL
refused "no token" 'OAUTHBEARER: nothing says where tokens come from' "$CDRGEN" good. "${plain[@]}" -X sasl.mechanism=OAUTHBEARER
refused "no right" 'not authorised to describe topic other.call: .* lacks the operation Describe on it$' \
    "$CDRGEN" other. "${plain[@]}"

# Transactions take rights of their own, one after the other.
lacking=(other. "${plain[@]}" --transactions)
admin allow User:alice topic other. DESCRIBE DESCRIBE_CONFIGS CREATE WRITE
expect_failure 2 'lacks the operations Describe and Write on the transactional id cdrgen-[0-9a-f]*-[0-9a-f]{8}$' run "$CDRGEN" "${lacking[@]}"
admin allow User:alice transactional_id cdrgen- DESCRIBE WRITE
expect_failure 2 'lacks the operation Read on the group cdrgen-tx-[0-9a-f]*$' run "$CDRGEN" "${lacking[@]}"
admin allow User:alice group cdrgen- READ
expect_failure 2 'lacks the operation Read on the topics$' run "$CDRGEN" "${lacking[@]}"
admin allow User:alice topic other. READ
run "$CDRGEN" "${lacking[@]}"

# ---- secrets ----

# A run that fails and one that works, both with librdkafka's whole log; what would be done; settings.
cat >"$WORK/secret.properties" <<PROPERTIES
security.protocol=SASL_SSL
sasl.mechanism=SCRAM-SHA-256
sasl.jaas.config=$scram_module required username="alice" password="$secret";
ssl.truststore.location=$WORK/authority.pem
ssl.keystore.location=$WORK/carol.p12
ssl.keystore.password=$secret
PROPERTIES
for program in "$CDRGEN" "$newer"; do
    secrets=(--sink kafka -b "$brokers_sasl" -F "$WORK/secret.properties")
    run "$program" good. "${secrets[@]}" -X debug=all --summary "$WORK/summary" >"$WORK/said" 2>&1 || true
    grep -q 'SASL_SSL\|sasl_ssl' "$WORK/said" || die "librdkafka's log is missing"
    run "$program" good. "${secrets[@]}" --dry-run >>"$WORK/said" 2>&1
    "$program" config "${secrets[@]}" >>"$WORK/said"
    "$program" doctor "${secrets[@]}" --json >>"$WORK/said" 2>&1 || true
    ! grep -n -- "$secret" "$WORK/said" "$WORK/summary" 2>/dev/null || die "a secret is shown"
done
admin delete good.{call,sms,data} 2>/dev/null || true

# Values from files never stand in the list of processes, and those of -X for no longer than it takes to start.
CDRGEN_KAFKA_SSL_KEY_PASSWORD=$secret "$CDRGEN" run --subs 100 --days 1 --partitions 2 --create-topics --topic-prefix good. \
    --quiet --rate 1/s "${plain[@]}" -X "ssl.keystore.password=$secret" 2>"$WORK/stderr" &
pid=$!
for ((i = 0; i < 100; i++)); do
    [[ $(admin list good.) != *good.data* ]] || break
done
tr '\0' ' ' <"/proc/$pid/cmdline" >"$WORK/cmdline"
kill -TERM "$pid"
wait "$pid" || true
grep -q -- '--rate 1/s' "$WORK/cmdline" || die "not the command line: $(cat "$WORK/cmdline")"
! grep -q -- "$secret" "$WORK/cmdline" || die "a secret is in the list of processes: $(cat "$WORK/cmdline")"
grep -q 'warning: -X ssl.keystore.password: others on this machine may have seen' "$WORK/stderr" ||
    die "no warning: $(cat "$WORK/stderr")"
