#!/usr/bin/env bash
# A real registry on its bad days, behind a proxy that adds TLS, passwords, delays and failures: what is said, and that
# nothing is produced, created or registered; and what helps, further URLs and a cache.
set -euo pipefail
source "$SOURCE_DIR/tests/kafka/lib.sh"
need_cluster registry

prefix=$(fresh_prefix)
registry=$CDRGEN_TEST_REGISTRY

# run PREFIX ARGUMENTS…: a few records in Avro.
run()
{
    local to=$1
    shift
    "$CDRGEN" run --quiet --subs 20 --start 2025-01-01 --days 1 --format avro --sink kafka \
        --brokers "$CDRGEN_TEST_BROKERS" --create-topics --topic-prefix "$to" "$@"
}

# proxy ARGUMENTS…: starts one, sets URL; it ends with the test, which holds its standard input, or by stop_proxy.
proxies=0 feed=
proxy()
{
    proxies=$((proxies + 1))
    local log=$WORK/proxy-$proxies
    mkfifo "$log.in"
    "$PYTHON" "$SOURCE_DIR/tests/kafka/registry_proxy.py" "$registry" "$@" <"$log.in" >"$log" &
    proxy_pid=$!
    exec {feed}>"$log.in"
    for _ in $(seq 200); do
        URL=$(head -n 1 "$log")
        [[ -z $URL ]] || return 0
        sleep 0.05
    done
    die "the proxy does not start"
}

# The last one.
stop_proxy()
{
    exec {feed}>&-
    wait "$proxy_pid"
}

# requests: that the last proxy got.
requests()
{
    tail -n +2 "$WORK/proxy-$proxies" | wc -l
}

# untouched PREFIX: neither topics nor subjects begin with it.
untouched()
{
    expect_equal "$(admin list "$1")" "" "topics of $1"
    expect_equal "$(curl -fsS "$registry/subjects" | grep -oF "\"$1" || true)" "" "subjects of $1"
}

# id_in TOPIC: of the last record of partition 0: a zero byte, then four bytes of id.
id_in()
{
    read_log "$1" 0 | tail -n 1 | "$PYTHON" -c 'import sys
print(int.from_bytes(bytes.fromhex(sys.stdin.readline().split()[4])[1:5], "big"))'
}

# id_of SUBJECT: of the latest version, as the registry tells it.
id_of()
{
    curl -fsS "$registry/subjects/$1/versions/latest" | "$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)["id"])'
}

# register SUBJECT SCHEMA [REFERENCES]
register()
{
    "$PYTHON" -c 'import json, sys
print(json.dumps({"schema": sys.argv[1], "references": json.loads(sys.argv[2])}))' "$2" "${3:-[]}" |
        curl -fsS -X POST -H 'Content-Type: application/vnd.schemaregistry.v1+json' -d @- \
            "$registry/subjects/$1/versions" >/dev/null
}

# A password that is wrong, that is right, and one in a token.
proxy --user alice:hunter2
echo "alice:wrong" >"$WORK/wrong"
echo "alice:hunter2" >"$WORK/right"
expect_failure 2 "schema registry $URL/, subject ${prefix}a.call-value: the registry does not accept the credentials \(status 401\): Unauthorized" \
    run "${prefix}a." --registry "$URL" --registry-user-info-file "$WORK/wrong"
[[ $(wc -l <"$WORK/stderr") == 1 ]] || die "not one line: $(cat "$WORK/stderr")"
! grep -q wrong "$WORK/stderr" || die "the password is shown"
expect_equal "$(requests)" 1 "a wrong password is not tried again"
untouched "${prefix}a."
run "${prefix}a." --registry "$URL" --registry-user-info-file "$WORK/right"
proxy --bearer tok3n
expect_failure 2 'does not accept the credentials' run "${prefix}b." --registry "$URL"
CDRGEN_REGISTRY_TOKEN=tok3n run "${prefix}b." --registry "$URL"

# Slow: the time is named, and how often it was asked. Fast enough: all is well.
proxy --delay 2
expect_failure 2 "schema registry $URL/, subject ${prefix}c.call-value: timed out: no answer within 0.3 s \(--registry-timeout sets the time\) \(asked 2 times\)" \
    run "${prefix}c." --registry "$URL" --registry-timeout 300ms --registry-retries 1
expect_equal "$(requests)" 2 "requests to a slow registry"
untouched "${prefix}c."
proxy --delay 0.3
run "${prefix}c." --registry "$URL" --registry-timeout 5s

# One id for different schemas: noticed by what the registry gives for the id, or because two schemas of the run have it.
proxy --one-id 7
expect_failure 2 "schema registry $URL/, subject ${prefix}one.sms-value: it says that the schema has the id 7, and gives another schema by that id: its name is io.cdrgen.CdrCall, not io.cdrgen.CdrSms" \
    run "${prefix}one." --registry "$URL"
proxy --one-id 7 --tell-nothing
expect_failure 2 "schema registry $URL gives two different schemas the id 7: the values of ${prefix}one.call, and the values of ${prefix}one.sms; readers would take one for the other" \
    run "${prefix}one." --registry "$URL"
grep -q "warning: subject ${prefix}one.call-value: whether the id 7 stands for the schema is not known" "$WORK/stderr" || die "$(cat "$WORK/stderr")"
expect_equal "$(admin list "${prefix}one.")" "" "topics of a run whose schemas have one id"

# A registry that takes no schemas says so, and its words cannot write to a terminal.
proxy --answer '422:{"error_code": 42205, "message": "Subject is in read-only mode \\u001b[31m"}'
expect_failure 2 'the registry is read-only for this subject, so no schema can be registered \(status 422\): Subject is in read-only mode \\x1b\[31m$' \
    run "${prefix}ro." --registry "$URL"
proxy --answer '400:\x1b]0;title\x07\x1b[2Jgone'
expect_failure 2 '\(status 400\): \\x1b\]0;title\\x07\\x1b\[2Jgone$' run "${prefix}ro." --registry "$URL"
expect_equal "$(admin list "${prefix}ro.")" "" "topics of a run whose registry refuses"

# Busy: asked again, as often as is allowed.
proxy --fail 2
run "${prefix}d." --registry "$URL" --registry-retries 2
proxy --fail 5
expect_failure 2 'the registry failed \(status 503\): starting \(asked 3 times\)' \
    run "${prefix}e." --registry "$URL" --registry-retries 2
expect_equal "$(requests)" 3 "requests to a busy registry"

# TLS: an authority that is not known, one that is; a server that wants a certificate of ours.
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout "$WORK/ca.key" -out "$WORK/ca.pem" 2>"$WORK/openssl"
for who in registry client; do
    openssl req -newkey rsa:2048 -nodes -subj "/CN=$who" -keyout "$WORK/$who.key" -out "$WORK/$who.csr" 2>"$WORK/openssl"
    openssl x509 -req -in "$WORK/$who.csr" -CA "$WORK/ca.pem" -CAkey "$WORK/ca.key" -CAcreateserial -days 2 \
        -extfile <(echo "subjectAltName=IP:127.0.0.1") -out "$WORK/$who.pem" 2>"$WORK/openssl"
done
proxy --certificate "$WORK/registry.pem" --key "$WORK/registry.key"
expect_failure 2 "schema registry $URL/, subject ${prefix}f.call-value: its certificate is not trusted: .*issuer certificate; name the PEM file of its authority with --registry-ca" \
    run "${prefix}f." --registry "$URL" --registry-retries 50
expect_failure 2 "registry's authority's certificate, $WORK/nowhere.pem: No such file" \
    run "${prefix}f." --registry "$URL" --registry-ca "$WORK/nowhere.pem"
untouched "${prefix}f."
run "${prefix}f." --registry "$URL" --registry-ca "$WORK/ca.pem"
expect_failure 2 "its certificate is not trusted: .*localhost" \
    run "${prefix}g." --registry "${URL/127.0.0.1/localhost}" --registry-ca "$WORK/ca.pem"
proxy --certificate "$WORK/registry.pem" --key "$WORK/registry.key" --client-authority "$WORK/ca.pem"
expect_failure 2 'it wants a certificate of ours from an authority that it knows: .*; give --registry-certificate and --registry-key' \
    run "${prefix}g." --registry "$URL" --registry-ca "$WORK/ca.pem" --registry-retries 50
untouched "${prefix}g."
run "${prefix}g." --registry "$URL" --registry-ca "$WORK/ca.pem" --registry-certificate "$WORK/client.pem" \
    --registry-key "$WORK/client.key"

# Subjects that do not exist, where nothing may be registered.
expect_failure 2 "subject ${prefix}h.call-value: the registry does not know it \(status 404\): .*; register it, or let the run do so" \
    run "${prefix}h." --registry "$registry" --no-register
expect_failure 2 "subject ${prefix}h.call-value: the registry does not know it \(status 404\): .*; register a schema there, or leave --use-latest out" \
    run "${prefix}h." --registry "$registry" --use-latest
untouched "${prefix}h."

# The latest version: with other words in it; another schema; in pieces that refer to each other.
"$PYTHON" - "$SOURCE_DIR/schemas" "$WORK" <<'PYTHON'
import json, sys
for name in ("call", "sms", "data"):
    schema = json.load(open(f"{sys.argv[1]}/cdr_{name}.avsc"))
    schema["doc"] = "the same in other words"
    json.dump(schema, open(f"{sys.argv[2]}/{name}.same", "w"))
    kind = schema["fields"][0]["type"]
    assert kind["name"] == "EventType"
    json.dump({**kind, "namespace": "io.cdrgen"}, open(f"{sys.argv[2]}/{name}.kind", "w"))
    schema["fields"][0]["type"] = "EventType"
    json.dump(schema, open(f"{sys.argv[2]}/{name}.rest", "w"))
    schema["fields"][0]["type"] = "string"
    json.dump(schema, open(f"{sys.argv[2]}/{name}.other", "w"))
PYTHON
for type in call sms data; do
    register "${prefix}i.$type-value" "$(cat "$WORK/$type.same")"
    register "${prefix}kind.$type" "$(cat "$WORK/$type.kind")"
    register "${prefix}j.$type-value" "$(cat "$WORK/$type.rest")" \
        "[{\"name\": \"io.cdrgen.EventType\", \"subject\": \"${prefix}kind.$type\", \"version\": 1}]"
    register "${prefix}k.$type-value" "$(cat "$WORK/$type.other")"
done
for name in i j; do
    run "$prefix$name." --registry "$registry" --use-latest
    expect_equal "$(id_in "$prefix$name.call")" "$(id_of "$prefix$name.call-value")" "id of the latest version of $name"
    expect_equal "$(curl -fsS "$registry/subjects/$prefix$name.call-value/versions")" "[1]" "versions with --use-latest"
done
# A schema of another form is compiled, and records are written by it; if its fields cannot be filled, one is named.
run "${prefix}k." --registry "$registry" --use-latest
expect_equal "$(id_in "${prefix}k.call")" "$(id_of "${prefix}k.call-value")" "id of the latest version of k"
"$PYTHON" - "$WORK/call.other" "$(read_log "${prefix}k.call" | head -n 1 | cut -d ' ' -f 5)" <<'PYTHON'
import fastavro, io, json, sys
value = bytes.fromhex(sys.argv[2])
schema = fastavro.parse_schema(json.load(open(sys.argv[1])))
stream = io.BytesIO(value[5:])
assert fastavro.schemaless_reader(stream, schema)["event_type"] == "CALL"
assert stream.read() == b"", "more than one record"
PYTHON
for type in call sms data; do
    register "${prefix}p.$type-value" '{"type": "record", "name": "n", "fields": [{"name": "shoe_size", "type": "int"}]}'
done
expect_failure 2 'shoe_size' run "${prefix}p." --registry "$registry" --use-latest
[[ $(wc -l <"$WORK/stderr") == 1 ]] || die "not one line: $(cat "$WORK/stderr")"
expect_failure 1 'shoe_size' "$CDRGEN" schema check call --topic-prefix "${prefix}p." --registry "$registry" --use-latest
expect_failure 1 'a run would fail: 3 problems to fix' "$CDRGEN" doctor --brokers "$CDRGEN_TEST_BROKERS" --create-topics --format avro \
    --topic-prefix "${prefix}p." --registry "$registry" --use-latest
expect_equal "$(grep -c "^fail  subject ${prefix}p.*shoe_size" "$WORK/stdout")" 3 "what the doctor finds"
expect_equal "$(admin list "${prefix}p.")" "" "topics after a refusal"
run "${prefix}p." --registry "$registry" --use-latest --mapping \
    '{"call": {"shoe_size": {"const": 43}}, "sms": {"shoe_size": {"const": 43}}, "data": {"shoe_size": {"const": 43}}}'
expect_equal "$(read_log "${prefix}p.sms" | cut -d ' ' -f 5 | cut -c 11- | sort -u)" 56 "43 in Avro, alone in each value"
expect_failure 2 "subject ${prefix}k.call-value: the latest version, 1 with id [0-9]+, is not of the form that the records have: field \"event_type\" has another type" \
    run "${prefix}k." --append --registry "$registry" --use-latest --schema call="$SOURCE_DIR/schemas/cdr_call.avsc"

# Incompatible in one of three: nothing is registered for the others either. One line.
register "${prefix}l.data-value" "$(cat "$WORK/data.other")"
expect_failure 2 "schema registry $registry, subject ${prefix}l.data-value: the schema is not compatible with the latest version: .*ENUM not compatible with writer type: STRING.*; use another --topic-prefix" \
    run "${prefix}l." --registry "$registry"
[[ $(wc -l <"$WORK/stderr") == 1 ]] || die "not one line: $(cat "$WORK/stderr")"
expect_equal "$(admin list "${prefix}l.")" "" "topics after a refusal"
expect_equal "$(curl -fsS "$registry/subjects" | grep -oF "\"${prefix}l.call" || true)" "" "subjects after a refusal"

# Several URLs: dead, busy, good.
proxy --fail 1000
run "${prefix}m." --registry "http://127.0.0.1:9,$URL,$registry" --registry-retries 0

# The cache: filled while the registry answers, used when it does not, and said. Not used against its word.
proxy
known=$URL
run "${prefix}n." --registry "$known" --registry-cache "$WORK/cache" 2>"$WORK/stderr"
expect_equal "$(cat "$WORK/stderr")" "" "words of a run that fills the cache"
expect_equal "$(find "$WORK/cache" -name '*.json' | wc -l)" 3 "files in the cache"
stop_proxy
run "${prefix}o." --registry "$known" --registry-retries 0 --registry-cache "$WORK/cache" 2>"$WORK/stderr" &&
    die "an id for a topic that the cache does not know"
grep -q "subject ${prefix}o.call-value: .*Connection refused; the cache $WORK/cache has nothing for it" "$WORK/stderr" ||
    die "$(cat "$WORK/stderr")"
untouched "${prefix}o."
run "${prefix}n." --append --registry "$known" --registry-retries 0 --registry-cache "$WORK/cache" 2>"$WORK/stderr"
id=$(id_of "${prefix}n.sms-value")
grep -Eq "warning: subject ${prefix}n.sms-value: id $id from the cache, as of 20[-0-9T:]*Z, because of schema registry $known/, subject ${prefix}n.call-value: .*Connection refused" \
    "$WORK/stderr" || die "$(cat "$WORK/stderr")"
expect_equal "$(id_in "${prefix}n.sms")" "$id" "id from the cache"
proxy --port "${known##*:}" --user alice:hunter2
expect_failure 2 'does not accept the credentials' \
    run "${prefix}n." --append --registry "$known" --registry-cache "$WORK/cache"
stop_proxy

# The subject was made anew, and the schema has another id: the new one is written, and that it changed is said.
proxy --port "${known##*:}" --shift-ids 1000
run "${prefix}n." --append --registry "$known" --registry-cache "$WORK/cache" 2>"$WORK/stderr"
grep -q "warning: subject ${prefix}n.sms-value: the registry gives the schema the id $((id + 1000)), and gave it $id before" "$WORK/stderr" ||
    die "$(cat "$WORK/stderr")"
expect_equal "$(id_in "${prefix}n.sms")" "$((id + 1000))" "the new id"
run "${prefix}n." --append --registry "$known" --registry-cache "$WORK/cache" 2>"$WORK/stderr"
# The topics hold the dataset already, and --append says so; of ids there is nothing to say.
expect_equal "$(grep -v ' already holds this dataset, ' "$WORK/stderr" || true)" "" "words when nothing changed"

# A folder that cannot be one.
expect_failure 2 "--registry-cache: $WORK/stderr/x: Not a directory" \
    run "${prefix}n." --append --registry "$known" --registry-cache "$WORK/stderr/x"
expect_failure 2 "--registry-cache: $WORK/ca.pem: is not a folder" \
    run "${prefix}n." --append --registry "$known" --registry-cache "$WORK/ca.pem"
for topic in $(admin list "$prefix"); do
    admin delete "$topic"
done
