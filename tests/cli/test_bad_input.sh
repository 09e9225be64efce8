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
refused 'colour' "${run[@]}" --format avro --schema call=colour.avsc --dry-run
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
refused 'offnet_prefixes.*3163' "${run[@]}" --prefixes 3163
refused 'offnet_prefixes.*3163.*31630' "${run[@]}" --prefixes 31630
refused 'shard' "${run[@]}" --shard 3/3
refused 'shard' "${run[@]}" --shard 0/7 --partitions 6
refused 'partitions' "${run[@]}" --partitions 5000
refused 'behaviour.*"simbox_naife" is not known; did you mean "simbox_naive"' "${run[@]}" --behaviour simbox_naife=0.1
refused 'behaviour.*"frauds" is not known; did you mean "fraud"' "${run[@]}" --behaviour frauds
refused 'behaviour.*"dirty" is not known' "${run[@]}" --behaviour dirty
refused 'fault.*"machines" is not known' "${run[@]}" --fault machines
refused 'behaviour.*"1.1" is out of range' "${run[@]}" --behaviour meter=1.1
refused 'behaviour.*"-0.1" is out of range' labels --behaviour meter=-0.1
refused 'behaviour.*needs a share' labels --behaviour meter
refused 'behaviour.*add up to 1.2' labels --behaviour meter=0.6,irsf=0.6
refused 'behaviour.*churner: .*leave_prob is 0' "${run[@]}" --behaviour churner=0.5
refused 'behaviours.*"sim_swop" is not known; did you mean "sim_swap"' labels --config <(echo '{"behaviours": {"sim_swop": 0.1}}')
refused 'fault.*trunkate.*did you mean "truncate"' "${run[@]}" --fault trunkate=0.1
refused 'fault.*"1.1" is out of range' "${run[@]}" --fault truncate=1.1
refused 'fault.*"-0.1" is out of range' "${run[@]}" --fault truncate=-0.1
refused 'fault.*needs a share' "${run[@]}" --fault truncate
refused 'fault.*add up to 1.2' "${run[@]}" --sink null --fault truncate=0.6,null=0.6
refused 'fault.*null: only a message' "${run[@]}" --fault null=0.1
refused 'fault.*truncate.*tear' "${run[@]}" --format avro --fault truncate=0.1
refused 'fault.*null: only a message' truth --fault null=0.1
refused 'fault.*null: only a message' verify --out . --fault null=0.1
refused 'fault.*"dirtz" is not known; did you mean "dirty"' "${run[@]}" --fault dirtz
refused 'fault.*magic: only Avro in Kafka' "${run[@]}" --format avro --fault magic=0.1
refused 'fault.*unknown_schema: only Avro in Kafka' "${run[@]}" --sink null --fault unknown_schema=0.1
refused 'fault.*bad_text: it is a fault of text' "${run[@]}" --format avro --fault bad_text=0.1
refused 'fault.*wrong_key: only keys of text' "${run[@]}" --sink null --format avro --key-format avro --fault wrong_key=0.1
refused 'oversize-bytes' "${run[@]}" --fault oversize=0.1 --oversize-bytes 100
refused 'clean.*no effect without --by id' verify -b localhost:1 --clean
refused 'dead-letters.*no effect without --clean' verify -b localhost:1 --by id --topic a --dead-letters b
refused 'dead_letters.*"a,,b"|dead-letters.*"a,,b"' verify -b localhost:1 --by id --topic a --clean --dead-letters a,,b
refused 'dead-letters: cdr.sms is the topic of the dataset' verify -b localhost:1 --by id --topic a --clean --dead-letters b,cdr.sms
refused 'topic: a is there twice' verify -b localhost:1 --by id --topic a,b,a
refused 'topic: a is there twice' lag -b localhost:1 --group g --topic a,a
refused 'dead-letters: cdr.truth is the topic of the truth' verify -b localhost:1 --by id --topic a --clean \
    --fault null=0.1 --truth-topic cdr.truth --dead-letters cdr.truth
refused 'dead-letters: a is the topic of the output' verify -b localhost:1 --by id --topic a --clean --dead-letters a
refused 'outage-hours.*no effect without --fault outage' "${run[@]}" --outage-hours 2
refused 'outage-hours.*"13"' "${run[@]}" --fault outage=0.1 --outage-hours 13
refused 'schema_change_at and outages' "${run[@]}" --format avro --fault outage=0.1 --schema-change-at +12h \
    --next-schema call="$SOURCE_DIR/schemas/cdr_call.avsc"
refused 'fault: aborted: only a message in Kafka' "${run[@]}" --fault aborted=0.1
refused 'fault: aborted: only transactions' run -b localhost:1 --fault aborted=0.1
refused 'duplicate-copies.*no effect without --fault duplicate' "${run[@]}" --duplicate-copies 2
refused 'duplicate-copies' "${run[@]}" --fault duplicate=0.1 --duplicate-copies 4
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
for name in manifest.json manifest-shard-0-of-2.json .cdrgen.parts cells.csv cdr.call/date=2025-01-01/part-0000-000000.csv; do
    refused 'summary: out/.* is the name of a file of the dataset in out: ' "${run[@]}" --summary "out/$name"
done
refused 'trace.*31999999999' trace 31999999999 --subs 100
refused 'sink|broker' "${run[@]}" --sink kafka

printf '{\n  "subs": 100,\n  "dayz": 3\n}\n' >config.json
refused 'config.json:3.*dayz.*days' "${run[@]}" --config config.json
printf '{\n  "days": "three"\n}\n' >config.json
refused 'config.json:2.*days' "${run[@]}" --config config.json
printf '{\n  "days": 3,\n}\n' >config.json
refused 'config.json:3' "${run[@]}" --config config.json
printf '{"diurnal_weekday": {"call": [1, 2, 3]}}' >config.json
refused 'config.json:1.*diurnal_weekday.*24' "${run[@]}" --config config.json
printf '{"call_dispositions": {"ANSWERED": -1}}' >config.json
refused 'call_dispositions' "${run[@]}" --config config.json

touch file
refused 'file' run --subs 100 --out file
refused 'file/below' run --subs 100 --out file/below
"$CDRGEN" run --subs 10 --out twice --quiet
before=$(find twice -type f -exec cat {} + | cksum)
refused 'twice' run --subs 10 --out twice
[ "$before" = "$(find twice -type f -exec cat {} + | cksum)" ] || {
    echo "a refused run changed a dataset"
    failures=$((failures + 1))
}

# What would be ignored is refused, and names itself.
refused '--create-topics: it is for Kafka, and no brokers' run --create-topics
for flag in --transactions --append --id-header --force '--headers rat' '--key-format avro' '--spill s' '-X linger.ms=5' \
    '--registry http://h:1' '--kafka-timeout 1s' '--spill-after 5s' '--schema-id call=7' '--replication 3'; do
    refused "^cdrgen: ${flag%% *}: it is for Kafka, and no brokers are given" run $flag
    refused "^cdrgen: ${flag%% *}: it is for Kafka, and --sink file means files" run --sink file $flag
done
refused '^cdrgen: -b: it is for Kafka, and --sink file' run --sink file -b h:1
for flag in '--out out' '--compress gzip' --overwrite '--rotate-bytes 5k'; do
    refused "^cdrgen: ${flag%% *}: it is for files, and -b means Kafka" run -b 127.0.0.1:1 $flag
done
CDRGEN_BROKERS=127.0.0.1:1 refused '^cdrgen: --out: it is for files, and CDRGEN_BROKERS means Kafka' run --out out -q
CDRGEN_TRANSACTIONS=true refused '^cdrgen: CDRGEN_TRANSACTIONS: it is for Kafka, and no brokers' run
echo '{"create_topics": true}' >config.json
refused '^cdrgen: config.json:1: create_topics: it is for Kafka.*; pass -b HOST:PORT with it, or --sink file' run --config config.json
refused '^cdrgen: --late-mean: it has no effect without --late-share SHARE' "${run[@]}" --late-mean 5m
refused '^cdrgen: --vacant-days: it has no effect without --leave-prob' "${run[@]}" --vacant-days 5
refused '^cdrgen: --abort-share: it has no effect without --transactions' run -b h:1 --abort-share 0.1
CDRGEN_SPILL_AFTER=5s refused '^cdrgen: CDRGEN_SPILL_AFTER: it has no effect without --spill' run -b h:1
refused '^cdrgen: --retention-ms: it has no effect without --create-topics' run -b h:1 --retention-ms 7d
refused '^cdrgen: --topic: it has no effect without --by id' verify -b h:1 --topic x
refused '^cdrgen: --registry: nothing of this run is in Avro' run -b h:1 --registry http://h:1
CDRGEN_REGISTRY=http://h:1 refused '^cdrgen: CDRGEN_REGISTRY: nothing of this run is in Avro' run -b h:1
refused '^cdrgen: --schema-id: the registry gives the ids' run -b h:1 --format avro --registry http://h:1 --schema-id sms=3
refused '^cdrgen: --schema-id: "key" has no effect without --key-format avro;' run -b h:1 --format avro --schema-id sms=3 --schema-id key=7
refused '^cdrgen: --schema-id: "cell" has no effect without --dimensions;' run -b h:1 --format avro --schema-id sms=3,cell=7
CDRGEN_NEXT_SCHEMA_ID=sms=3 refused '^cdrgen: CDRGEN_NEXT_SCHEMA_ID: "sms" has no effect without --next-schema NAME=FILE;' run -b h:1 \
    --format avro --next-schema call=x --schema-change-at +1h
refused '^cdrgen: --days: a live run .--live. has no last day' "${run[@]}" --live --days 3
refused '^cdrgen: --out: .*--sink kafka means Kafka' run --sink kafka --out out

# Words that help.
printf 'subs: 5\ndays: 2\n' >y.yaml
refused '^cdrgen: y.yaml:1: this is no JSON .it looks like YAML.; a config file is one JSON object' run --config y.yaml
echo '{"mccmnc_pool": [00101]}' >config.json
refused 'config.json:1:18: a number of JSON does not begin with 0; write it as a string' run --config config.json
refused '^cdrgen: --tz: "Europe/Amsterdm".*did you mean Europe/Amsterdam\?' "${run[@]}" --tz Europe/Amsterdm
refused '^cdrgen: --fields: there is no source "msisdn_scr"; did you mean msisdn_src\?' "${run[@]}" --fields msisdn_scr
refused '^cdrgen: --fields: there is no source "anser_ts_ms"; did you mean answer_ts_ms\?' "${run[@]}" --fields anser_ts_ms
refused '^cdrgen: --headers: no records have a field "ringsecs"; did you mean ring_sec\?' "${run[@]}" --headers ringsecs
echo '{"type": "record", "name": "C", "fields": [{"name": "charge_secs", "type": "int"}]}' >misspelt.avsc
refused 'the field charge_secs \(int\): CALL records have nothing of this name \(did you mean charge_sec\?\)' \
    "${run[@]}" --schema call=misspelt.avsc
echo '{"call": {"charge_secs": "charge_seconds"}}' >misspelt.json
refused 'no source "charge_seconds", which the mapping names; did you mean charge_sec\?' \
    "${run[@]}" --schema call=misspelt.avsc --mapping misspelt.json
echo '{"type": "record", "name": "C", "fields": [{"name": "answer_ts_ms", "type": "long"}]}' >absent.avsc
refused 'answer_ts_ms is absent in some CALL records; only a union with null or a string can hold that' \
    "${run[@]}" --schema call=absent.avsc
refused '^cdrgen: --late-share: "5%" is not a number; write 0.05' "${run[@]}" --late-share 5%
refused '^cdrgen: --out: "-" is no folder' run --out -
refused '^cdrgen: -b: "http://h:9092" does not begin as brokers do; allowed are host:port and PLAINTEXT://' run -b http://h:9092
refused '^cdrgen: -b: "kafka://h:1" does not' run -b h:1,kafka://h:1
CDRGEN_SPECIAL_DAYS=2025-02-30=1 refused 'CDRGEN_SPECIAL_DAYS: "2025-02-30" does not exist: February 2025 has 28 days; allowed is dates' run
refused '^cdrgen: verify: nothing says what to compare; write cdrgen verify --out FOLDER' verify
refused '^cdrgen: --by: only messages' verify --by id --out x
CDRGEN_TZ=x refused '^cdrgen: CDRGEN_TZ: "x" is no time zone' run
printf '{\n "subs": 5,\n "tz": "x"}' >config.json
refused '^cdrgen: config.json:3: tz: "x" is no time zone' run --config config.json

# Variables that are no setting.
for pair in BOOTSTRAP_SERVER=BROKERS SUBSCRIBER=SUBSCRIBERS REGISTRY_URL=REGISTRY SCHEMA_REGISTRY_URL=REGISTRY OUTPUT=OUT \
    TIMEZONE=TZ COMPRESSION=COMPRESS PARTITION=PARTITIONS PROPERTY_FILE=PROPERTIES_FILE; do
    export "CDRGEN_${pair%=*}=x"
    refused "^cdrgen: CDRGEN_${pair%=*} is not a setting; did you mean CDRGEN_${pair#*=}\\?$" run
    unset "CDRGEN_${pair%=*}"
done
CDRGEN_QWERTY=1 refused '^cdrgen: CDRGEN_QWERTY is not a setting; docs/configuration.md' run
CDRGEN_KAFKA=1 refused '^cdrgen: CDRGEN_KAFKA is not a setting' run
program=$CDRGEN
CDRGEN_TEST_X=1 CDRGEN_CACHE=x CDRGEN_BUILD_DIR=x CDRGEN_PORT_80_TCP=x CDRGEN_KAFKA_SERVICE_HOST=x CDRGEN_METRICS_PORT=x \
    CDRGEN_EMPTY='' CDRGEN=x "$program" run --sink null --subs 10 --quiet || {
    echo "variables of others are in the way"
    failures=$((failures + 1))
}

# Flags of other programs.
refused '^cdrgen: -v is not a flag; did you mean -V' run -v
refused '^cdrgen: -n is not a flag; did you mean --dry-run' run -n
refused '^cdrgen: --verbose is not a flag: .*--quiet' run --verbose
refused '^cdrgen: --output is not a flag; did you mean --out' run --output x
refused '^cdrgen: --config is there twice: a.json and b.json' run --config a.json --config b.json

# Properties are looked at wherever the records go.
if "$CDRGEN" --version | grep -q librdkafka; then
    echo 'bootstrap.server=h:1' >near.properties
    refused 'near.properties:1: "bootstrap.server" is not.*; did you mean bootstrap.servers\?' "${run[@]}" -F near.properties
    refused '"foo.bar" is not a property' run -X foo.bar=1 --sink null
    refused '"lingerms" is not a property.*did you mean linger.ms\?' run -X lingerms=5 --dry-run
    CDRGEN_KAFKA_BROKERS=h:1 refused 'CDRGEN_KAFKA_BROKERS: .*did you mean bootstrap.servers\?' "${run[@]}"
    CDRGEN_KAFKA_LINGERMS=5 refused 'CDRGEN_KAFKA_LINGERMS: .*did you mean linger.ms\?' run --dry-run
    refused 'property linger.ms=abc: allowed is 0 to 900000' run -b h:1 -X linger.ms=abc --dry-run
    refused 'property compression.codec=brotli: allowed is none, gzip' run -b h:1 -X compression.codec=brotli
    refused 'sasl.mechanism.*PLAN: allowed is GSSAPI, PLAIN' run -b h:1 -X sasl.mechanism=PLAN
    refused 'property security.protocol=SASL_SLL: allowed is plaintext, ssl' run -b h:1 -X security.protocol=SASL_SLL
    # Brokers that are configured and away are no reason to write files.
    CDRGEN_BROKERS=127.0.0.1:1 refused 'no Kafka broker of 127.0.0.1:1 answered' run -q --kafka-timeout 1s
    echo '{"brokers": "127.0.0.1:1", "sink": "auto", "out": "out"}' >config.json
    refused 'no Kafka broker of 127.0.0.1:1 answered' run --config config.json -q --kafka-timeout 1s
    echo 'bootstrap.servers=127.0.0.1:1' >away.properties
    refused 'no Kafka broker of 127.0.0.1:1 answered' run -F away.properties -q --kafka-timeout 1s
    CDRGEN_PROPERTIES_FILE=away.properties refused 'no Kafka broker of 127.0.0.1:1 answered' run -q --kafka-timeout 1s
    # Unless it was asked for; and then a quiet run says so, too.
    CDRGEN_BROKERS=127.0.0.1:1 "$CDRGEN" run --sink auto -q --subs 10 --out instead 2>stderr || {
        echo "--sink auto did not fall back: $(cat stderr)"
        failures=$((failures + 1))
    }
    grep -q '^cdrgen: warning: writing files to instead instead of to Kafka, because no Kafka broker' stderr &&
        [ -e instead/manifest.json ] || {
        echo "--sink auto: $(cat stderr)"
        failures=$((failures + 1))
    }
fi

# A broker that is not there: named, with what happened. Nothing listens on port 1.
if "$CDRGEN" --version | grep -q librdkafka; then
    refused '127.0.0.1:1.*[Rr]efused' run -q --subs 100 -b 127.0.0.1:1
    refused 'enable.gizmo' run --subs 100 -b 127.0.0.1:1 -X enable.gizmo=1
    refused 'linger.ms' run --subs 100 -b 127.0.0.1:1 -X linger.ms=soon
    refused '127.0.0.1:1' run -q --subs 100 -b 127.0.0.1:1 --format avro --registry http://127.0.0.1:1
fi
[ "$failures" -eq 0 ] || {
    echo "$failures refusals are not as they should be"
    exit 1
}
echo "all refused in one line"
