#!/usr/bin/env bash
# Wrong input of every kind: exit status 2, one line on standard error that names what is wrong, and nothing written.
set -euo pipefail
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
cd "$temporary"
unset CDRGEN_BROKERS
failures=0

# refused PATTERN ARGUMENTS…: the one line must match the extended regular expression
refused()
{
    local pattern=$1 status=0
    shift
    "$CDRGEN" "$@" >stdout 2>stderr || status=$?
    local lines
    lines=$(wc -l <stderr)
    if [ "$status" -ne 2 ] || [ "$lines" -ne 1 ] || ! grep -qE -- "$pattern" stderr || [ -s stdout ] || [ -e out ]; then
        echo "cdrgen $*: status $status, $lines lines, wanted /$pattern/:"
        cat stderr
        failures=$((failures + 1))
        rm -rf out
    fi
}

run=(run --out out --subs 100)
echo '{"type": "record", "name": "call", "fields": [{"name": "colour", "type": "string"}]}' >colour.avsc
refused 'colour' "${run[@]}" --format avro --schema-call colour.avsc --dry-run
refused 'no Kafka broker of 127.0.0.1:9 answered' doctor --id-header -b 127.0.0.1:9 --kafka-timeout 1s
refused '--subs.*"many"' run --out out --subs many
refused '--subs.*0' run --out out --subs 0
refused 'suscribers|--subs|unknown' run --out out --sub-scribers 10
refused '2025-02-30' "${run[@]}" --start 2025-02-30
refused '--start.*soon' "${run[@]}" --start soon
refused 'days' "${run[@]}" --days 0
refused 'tz.*Europe/Atlantis' "${run[@]}" --tz Europe/Atlantis
refused 'subs: 10000001 subscribers are too many for 1 prefix' run --out out --subs 10000001 --prefixes 31612
refused 'prefixes.*31612.*twice' "${run[@]}" --prefixes 31612,31612
refused 'prefixes.*12' "${run[@]}" --prefixes 12
refused 'offnet_prefixes.*31610' "${run[@]}" --prefixes 31610
refused 'shard' "${run[@]}" --shard 3/3
refused 'shard' "${run[@]}" --shard 0/7 --partitions 6
refused 'partitions' "${run[@]}" --partitions 5000
refused 'format.*xml' "${run[@]}" --format xml
refused 'sink.*printer' "${run[@]}" --sink printer
refused 'compress.*rar' "${run[@]}" --compress rar
refused 'rate' "${run[@]}" --rate fast
refused 'speed.*rate|rate.*speed' "${run[@]}" --speed 2 --rate 10
refused 'mo_share|mo-share' "${run[@]}" --mo-share-call 1.5
refused 'cell' "${run[@]}" --cell-center 91,0
refused 'cells' "${run[@]}" --cells 2
refused 'busiest hour' "${run[@]}" --calls 1000 --sms 1000 --sessions 1000
refused 'no such|does not exist|No such' "${run[@]}" --config missing.json
refused 'summary' "${run[@]}" --summary missing/summary.json
refused 'trace.*31999999999' trace 31999999999 --subs 100
refused 'sink|broker' "${run[@]}" --sink kafka

printf '{\n  "subs": 100,\n  "dayz": 3\n}\n' >config.json
refused 'config.json:3.*dayz.*days' "${run[@]}" --config config.json
printf '{\n  "days": "three"\n}\n' >config.json
refused 'config.json:2.*days' "${run[@]}" --config config.json
printf '{\n  "days": 3,\n}\n' >config.json
refused 'config.json:3' "${run[@]}" --config config.json
printf '{"diurnal_weekday": [1, 2, 3]}' >config.json
refused 'config.json:1.*diurnal_weekday.*24' "${run[@]}" --config config.json
printf '{"call_dispositions": {"ANSWERED": -1}}' >config.json
refused 'call_dispositions' "${run[@]}" --config config.json

touch file
refused 'file' run --subs 100 --out file
refused 'file/below' run --subs 100 --out file/below
"$CDRGEN" run --subs 10 --out twice --quiet
before=$(find twice -type f | xargs cat | cksum)
refused 'twice' run --subs 10 --out twice
[ "$before" = "$(find twice -type f | xargs cat | cksum)" ] || {
    echo "a refused run changed a dataset"
    failures=$((failures + 1))
}

# A broker that is not there: named, with what happened. Nothing listens on port 1.
if "$CDRGEN" --version | grep -q librdkafka; then
    refused '127.0.0.1:1.*[Rr]efused' "${run[@]}" -b 127.0.0.1:1
    refused 'enable.gizmo' "${run[@]}" -b 127.0.0.1:1 -X enable.gizmo=1
    refused 'linger.ms' "${run[@]}" -b 127.0.0.1:1 -X linger.ms=soon
    refused '127.0.0.1:1' "${run[@]}" -b 127.0.0.1:1 --format avro --registry http://127.0.0.1:1
fi
[ "$failures" -eq 0 ] || {
    echo "$failures refusals are not as they should be"
    exit 1
}
echo "all refused in one line"
