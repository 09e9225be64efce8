#!/usr/bin/env bash
# Schema ids from a real registry: registered, looked up, refused, and where no registry is.
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

# id_of SUBJECT: of the latest version, as the registry tells it.
id_of()
{
    curl -fsS "$registry/subjects/$1/versions/latest" | "$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)["id"])'
}

# id_in TOPIC: of the first record of the topic: a zero byte, then four bytes of id.
id_in()
{
    read_log "$1" | "$PYTHON" -c 'import sys
value = bytes.fromhex(sys.stdin.readline().split()[4])
assert value[0] == 0
print(int.from_bytes(value[1:5], "big"))'
}

# Looked up only, nothing is known, and nothing gets registered or created.
expect_failure 2 "schema registry $registry, subject ${prefix}a.call-value: the registry does not know it" \
    run "${prefix}a." --registry "$registry" --no-auto-register
expect_equal "$(admin list "${prefix}a.")" "" "topics after a refusal"

# Registered where unknown, under the topic's name; a second run finds the same ids. A dead registry is passed over.
run "${prefix}a." --registry "http://127.0.0.1:9,$registry/"
for type in call sms data; do
    expect_equal "$(id_in "${prefix}a.$type")" "$(id_of "${prefix}a.$type-value")" "id in ${prefix}a.$type"
done
before=$(curl -fsS "$registry/subjects/${prefix}a.call-value/versions")
run "${prefix}a." --registry "$registry" --no-auto-register --append
expect_equal "$(curl -fsS "$registry/subjects/${prefix}a.call-value/versions")" "$before" "versions after a look-up"

# Shards that begin at once register the same schemas: one that the registry refuses for that takes the other's id.
for round in 1 2 3; do
    shards=()
    for shard in 0 1 2 3; do
        run "${prefix}s$round." --registry "$registry" --shard $shard/4 2>"$WORK/shard$shard" &
        shards+=($!)
    done
    for shard in 0 1 2 3; do
        wait "${shards[$shard]}" || die "shard $shard of round $round: $(cat "$WORK/shard$shard")"
    done
done

# A subject that holds another schema.
curl -fsS -X POST -H 'Content-Type: application/vnd.schemaregistry.v1+json' "$registry/subjects/${prefix}b.sms-value/versions" \
    -d '{"schema": "{\"type\": \"record\", \"name\": \"other\", \"fields\": [{\"name\": \"x\", \"type\": \"string\"}]}"}' \
    >/dev/null
expect_failure 2 "subject ${prefix}b.sms-value: the schema is not compatible with the latest version: .*" \
    run "${prefix}b." --registry "$registry"
expect_equal "$(admin list "${prefix}b.")" "" "topics after a refusal"

# Not a registry, and none at all.
expect_failure 2 'there is no schema registry at this URL' run "${prefix}c." --registry "${registry%/apis/*}/nowhere"
expect_failure 2 'schema registry http://127.0.0.1:9/, subject .*: Connection refused' \
    run "${prefix}c." --registry http://127.0.0.1:9
for topic in $(admin list "$prefix"); do
    admin delete "$topic"
done
