#!/usr/bin/env bash
# Config files: the printed one is read back, the shipped ones run, layers go over each other,
# secrets stay hidden.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
unset "${!CDRGEN_@}" 2>/dev/null || true

fail()
{
    echo "FAIL: $*" >&2
    exit 1
}

# value NAME ARGUMENTS...: that line of `cdrgen config`.
value()
{
    local name=$1
    shift
    "$CDRGEN" config "$@" | sed -n "s/^ *\"$name\": \(.*[^,]\),\{0,1\}\$/\1/p"
}

"$CDRGEN" config >defaults.json
cmp -s defaults.json "$SOURCE_DIR/config/default.json" || fail 'config/default.json is stale'

"$CDRGEN" config --subs 77 --start today --days 2 --tz Asia/Kathmandu --seed 18446744073709551615 \
    --late-share 0.1 --cell-center 1.5,-2.25 -X linger.ms=7 -b localhost:1 --calls 0.1 >first.json
"$CDRGEN" config --config first.json >second.json
cmp -s first.json second.json || fail "not read back: $(diff first.json second.json)"

for config in "$SOURCE_DIR"/config/*.json; do
    name=$(basename "$config")
    "$CDRGEN" config --config "$config" >once.json || fail "$name is refused"
    "$CDRGEN" config --config once.json >twice.json
    cmp -s once.json twice.json || fail "$name changes when it is printed and read"
    "$CDRGEN" run --config "$config" --subs 300 --sink null --quiet --summary "$name.summary" ||
        fail "$name does not run"
    grep -q '"records": [1-9]' "$name.summary" || fail "$name gives no records"
    grep -q "config/$name" "$SOURCE_DIR/docs/configuration.md" || fail "$name is not documented"
done

echo '{"days": 2, "seed": 2, "workers": 2}' >layers.json
[ "$(value days --config layers.json)" = 2 ] || fail 'the file does not go over the default'
[ "$(CDRGEN_DAYS=3 value days --config layers.json)" = 3 ] ||
    fail 'no variable over the file'
[ "$(CDRGEN_DAYS=3 value days --config layers.json --days 4)" = 4 ] || fail 'a flag does not win'
[ "$(CDRGEN_CONFIG=layers.json value workers)" = 2 ] || fail 'CDRGEN_CONFIG is not read'
[ "$(CDRGEN_DAYS='' value days)" = 1 ] || fail 'an empty variable is a value'

printf '{\n  "days": 2,\n  "partition": 3\n}\n' >unknown.json
got=0
"$CDRGEN" run --config unknown.json --out must-not-exist 2>stderr || got=$?
[ "$got" -eq 2 ] || fail "an unknown key ended with $got"
grep -qF 'unknown.json:3: partition is not a setting; did you mean "partitions"?' stderr ||
    fail "unknown key: $(cat stderr)"
[ ! -e must-not-exist ] || fail 'something was written'

secret=hunter2
printf '%s\n' "me:$secret" >user
printf 'sasl.jaas.config=a.PlainLoginModule required username="me" password="%s";\n' $secret >java
CDRGEN_KAFKA_SSL_KEY_PASSWORD=$secret CDRGEN_REGISTRY_TOKEN=$secret "$CDRGEN" config -F java \
    --registry-user-info-file user -X sasl.oauthbearer.client.secret=$secret >secrets.json
! grep -q $secret secrets.json || fail 'a secret is shown'
[ "$(grep -c '\[hidden\]' secrets.json)" -eq 5 ] || fail "not five hidden: $(cat secrets.json)"
got=0
"$CDRGEN" run --config secrets.json --sink null 2>stderr || got=$?
[ "$got" -eq 2 ] || fail '"[hidden]" was taken for a secret'
grep -q 'stands for a secret' stderr || fail "hidden: $(cat stderr)"
echo ok
