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

# Codes that begin with 0, the test network 001-01 above all, in a variable, a flag and a file, in every format.
echo '{"mccmnc_pool": ["00101"]}' >pool.json
for codes in 00101 001010 000101 310004; do
    for format in csv json; do
        CDRGEN_MCCMNC_POOL=$codes "$CDRGEN" sample -c 20 --subs 500 --format $format >sampled
        [ "$(grep -Eo "[;\"]$codes[;\"](,\"imsi\":\")?$codes[0-9]{$((15 - ${#codes}))}[;\"]" sampled | wc -l)" -eq 20 ] ||
            fail "$codes in $format: $(head -2 sampled)"
    done
    "$CDRGEN" sample -c 20 --subs 500 --mccmnc-pool $codes --fields mccmnc,mcc,mnc,imsi >sampled
    [ "$(grep -Ec "^$codes;${codes:0:3};${codes:3};$codes[0-9]*$" sampled)" -eq 20 ] || fail "$codes in fields: $(head -2 sampled)"
    [ "$("$CDRGEN" subscribers --subs 9 --mccmnc-pool $codes | grep -Ec ",$codes[0-9]*,[0-9]*,$codes,")" -eq 9 ] ||
        fail "$codes in the table of subscribers"
    "$CDRGEN" config --mccmnc-pool $codes >first.json
    "$CDRGEN" config --config first.json | cmp -s - first.json || fail "$codes is not read back"
done
"$CDRGEN" sample --config pool.json -c 1 --format json | grep -q '"mccmnc":"00101","imsi":"00101' || fail '00101 in a file'
[ "$("$CDRGEN" run --mccmnc-pool 00101 --dry-run | head -1)" != "$("$CDRGEN" run --mccmnc-pool 000101 --dry-run | head -1)" ] ||
    fail '00101 and 000101 are one dataset'

# A config file through a pipe.
[ "$(echo '{"days": 7}' | value days --config -)" = 7 ] || fail '--config - does not read standard input'

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
