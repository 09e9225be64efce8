#!/usr/bin/env bash
# A topic that changes while a run writes to it: the run ends with status 1 and says what to do, and verify still reads what
# is there. Each change is made once records of the run are in the topics, and in the middle of a run that has days to write, so
# that it may wait for the brokers as long as it must.
set -euo pipefail
source "$SOURCE_DIR/tests/kafka/lib.sh"
need_cluster

dataset=(--subs 600 --start today --partitions 3 -b "$CDRGEN_TEST_BROKERS" --kafka-timeout 60s)
prefix=$(fresh_prefix)
seed=0

# begin NAME ARGUMENTS…: a run into topics of NAME, in the background. Each of another dataset, since the transactional id is
# the dataset's.
begin()
{
    local name=$1
    shift
    [[ -n ${seeds[$name]:-} ]] || seeds[$name]=$((++seed))
    "$CDRGEN" run -q "${dataset[@]}" --seed "${seeds[$name]}" --topic-prefix "$prefix$name." --create-topics \
        --rate "${rate:-150}" "$@" 2>"$WORK/$name" &
    runs[$name]=$!
}

# ends NAME TEXT: its run ends with status 1 and says TEXT, once and without calling lost records safe.
ends()
{
    local status=0
    wait "${runs[$1]}" || status=$?
    expect_equal "$status" 1 "status of $1, which says: $(cat "$WORK/$1")"
    grep -Eq -- "$2" "$WORK/$1" || die "$1 does not say '$2' but: $(cat "$WORK/$1")"
    ! grep -q 'are safe' "$WORK/$1" || die "$1 calls records safe: $(cat "$WORK/$1")"
}

declare -A seeds runs words=(
    [parts]="topic $prefix[a-z.]*call was given more partitions while the run wrote, and has 5 now; the dataset has 3\..*\`verify --partitions 3\`.*no longer join"
    [stamps]="(call\[[0-2]\]: the record at offset [0-9]+ was stored with the time of its arrival|call: message.timestamp.type=LogAppendTime replaces).*while the run wrote"
    [trim]="call\[1\] begins at offset 7 now: this dataset's records from offset 0 on were deleted while the run wrote; .*--resume goes on after what is left"
    [gone]="topic $prefix[a-z.]*call was deleted while the run wrote.*: its records are gone with it; --resume --create-topics fills it again"
    [again]="topic $prefix[a-z.]*call was deleted while the run wrote|the topic was deleted and created|created (anew|again)"
    [refilled]="call\[[0-2]\]: the record at offset [0-9]+ is not the one that this run stored there: the topic was deleted and created again"
    [refilled.tx]="the topic was deleted and created|created (anew|again)|begins in it"
    [retention]="call: retention.ms=60000 .*deletes the run's records.*set while the run wrote"
    [policy]="call: cleanup.policy=compact keeps only the last record.*set while the run wrote"
    [blip]="call\[[0-2]\]: (record [0-9]+ of the dataset is gone, and another one is found|the record at offset [0-9]+ is gone).*the topic was compacted"
)

# changes_of TOPIC: what admin does to it.
changes_of()
{
    case $1 in
    *.parts.*) echo + grow "$1" 5 ;;
    *.stamps.*) echo + alter "$1" message.timestamp.type=LogAppendTime ;;
    *.trim.*) echo + trim "$1" 1 7 ;;
    *.gone.*) echo + delete "$1" ;;
    *.again.* | *.refilled.*) echo + recreate "$1" 3 "$2" ;;
    *.retention.*) echo + alter "$1" retention.ms=60000 ;;
    *.policy.*) echo + alter "$1" cleanup.policy=compact ;;
    esac
}

# The topic is compacted while the run stands still and cannot see that it is set to be. The broker needs a while.
for name in blip blip.tx; do # small segments: the one that is written is not compacted
    admin create "$prefix$name.call" 3 internal.segment.bytes=4000 min.cleanable.dirty.ratio=0.01 \
        message.timestamp.after.max.ms=9223372036854775807
done
rate=600 begin blip --days 30 --id-header -X batch.num.messages=10
rate=600 begin blip.tx --days 30 --transactions --transaction-time 300ms --id-header -X batch.num.messages=10
admin await 90 "$prefix"blip.call "$prefix"blip.tx.call
kill -STOP "${runs[blip]}" "${runs[blip.tx]}"
admin compact "$prefix"blip.call + compact "$prefix"blip.tx.call &
compaction=$!

# eight runs at once; one that is refilled stands still meanwhile, and is interrupted: it looks at what it wrote, too
for group in "parts stamps trim gone" "again refilled retention policy"; do
    topics=() now=()
    for name in $group; do
        begin "$name" --days 30 --id-header
        begin "$name.tx" --days 30 --transactions --transaction-time 500ms --id-header
        topics+=("$prefix$name.call" "$prefix$name.tx.call")
    done
    admin await 10 "${topics[@]}"
    [[ $group != *refilled* ]] || kill -STOP "${runs[refilled]}" "${runs[refilled.tx]}"
    for topic in "${topics[@]}"; do
        [[ $topic == *.refilled.* ]] && how=fill || how=
        read -ra change <<<"$(changes_of "$topic" "$how")"
        now+=("${change[@]}")
    done
    admin "${now[@]:1}"
    if [[ $group == *refilled* ]]; then
        kill -CONT "${runs[refilled]}" "${runs[refilled.tx]}"
        kill -INT "${runs[refilled]}" "${runs[refilled.tx]}"
    fi
    for name in $group; do
        ends "$name" "${words[$name]}"
        ends "$name.tx" "${words[$name.tx]:-${words[$name]}}"
    done
done

# ---- what a run advises is what helps: repair takes records that are gone for expired, so it is no way to get them back ----

# again NAME ARGUMENTS…: the run of NAME, which must come to its end.
again()
{
    local name=$1 transactions=()
    shift
    [[ $name != *.tx ]] || transactions=(--transactions)
    "$CDRGEN" run -q "${dataset[@]}" --seed "${seeds[$name]}" --topic-prefix "$prefix$name." --resume --id-header "${transactions[@]}" \
        "$@" 2>"$WORK/$name.again" || die "$name does not go on: $(cat "$WORK/$name.again")"
}

for name in trim gone retention; do
    for kind in "$name" "$name.tx"; do
        ! grep -q "'cdrgen repair'" "$WORK/$kind" || die "$kind points to repair: $(cat "$WORK/$kind")"
        [[ $name != retention ]] || admin alter "$prefix$kind.call" retention.ms=-1
        again "$kind" --create-topics --force
    done
done
admin delete "${prefix}trim.call"
again trim --create-topics
expect_equal "$(admin offsets "${prefix}trim.call" | awk '{ n += $2 } END { print n }')" 0 "records that are missing again"
"$CDRGEN" verify -q "${dataset[@]}" --seed "${seeds[trim]}" --topic-prefix "${prefix}trim." >"$WORK/words" 2>&1 || die "$(cat "$WORK/words")"

wait $compaction || die "no compaction"
kill -CONT "${runs[blip]}" "${runs[blip.tx]}"
kill -INT "${runs[blip]}" "${runs[blip.tx]}" # at its end it looks
ends blip "${words[blip]}"
ends blip.tx "${words[blip]}"
for name in blip blip.tx; do
    [[ $name == blip ]] && how=() || how=(--transactions)
    expect_failure 2 'resume: the topics do not hold (all of )?the beginning of dataset' "$CDRGEN" run -q "${dataset[@]}" \
        --seed "${seeds[$name]}" --topic-prefix "$prefix$name." --resume --id-header "${how[@]}"
done

# ---- a topic that was given more partitions ----

topics=(-b "$CDRGEN_TEST_BROKERS" --kafka-timeout 60s --topic-prefix "$prefix"whole.)
whole=(--subs 200 --start today)
"$CDRGEN" run -q "${whole[@]}" --partitions 3 "${topics[@]}" --create-topics
admin grow "${prefix}whole.call" 5 + grow "${prefix}whole.data" 4
"$CDRGEN" verify "${whole[@]}" --partitions 3 "${topics[@]}" --report "$WORK/report" >"$WORK/words" || die "$(cat "$WORK/words")"
grep -q '^same: ' "$WORK/words" || die "empty partitions that were added are a difference: $(cat "$WORK/words")"
grep -q '2 partitions more than the dataset has, added to the topic: empty' "$WORK/words" || die "$(cat "$WORK/words")"
expect_equal "$(jq -c '[.result, [.topics[].partitions | length]]' "$WORK/report")" '["same",[5,3,4]]'
printf 'one\ntwo\n' | kcat -b "$CDRGEN_TEST_BROKERS" -P -t "${prefix}whole.call" -p 4
expect_failure 1 '^cdrgen: different: 2 (foreign|unexpected)$' \
    "$CDRGEN" verify "${whole[@]}" --partitions 3 "${topics[@]}" --report "$WORK/report"
grep -Eq '^    \[4\] 2 (foreign|unexpected)$' "$WORK/stdout" || die "$(cat "$WORK/stdout")"
expect_equal "$(jq -c '[.found == .matched + 2, [.topics[].partitions[] | select(.added).found]]' "$WORK/report")" \
    '[true,[0,2,0]]' "added partitions in the report"

both='pass --partitions 5, which is another dataset than that of 3, or .*`cdrgen verify --partitions 3` still compares it'
expect_failure 2 "${prefix}whole.call has 5 partitions, and 3 were asked for: $both" \
    "$CDRGEN" run "${whole[@]}" --partitions 3 "${topics[@]}" --resume
expect_failure 2 "${prefix}whole.call has 5 partitions, and 3 were asked for: $both" \
    "$CDRGEN" run "${whole[@]}" --partitions 3 "${topics[@]}"
expect_failure 2 "has 3 partitions, and 4 were asked for" "$CDRGEN" verify "${whole[@]}" --partitions 4 "${topics[@]}"

# Repair gives such a topic the dataset's number again, and leaves the others alone.
"$CDRGEN" repair -q --yes "${whole[@]}" --partitions 3 "${topics[@]}" >"$WORK/repair" 2>&1 || die "$(cat "$WORK/repair")"
grep -q "${prefix}whole.call holds .*it has 5 partitions and the dataset 3" "$WORK/repair" || die "$(cat "$WORK/repair")"
! grep -q "${prefix}whole.sms" "$WORK/repair" || die "$(cat "$WORK/repair")"
expect_equal "$(admin partitions "${prefix}whole.call") $(admin partitions "${prefix}whole.data")" "3 3" "partitions"

# ---- what --force accepted at the start stays accepted ----

future=message.timestamp.after.max.ms=9223372036854775807
admin create "${prefix}forced.call" 3 message.timestamp.type=LogAppendTime + \
    create "${prefix}forced.sms" 3 cleanup.policy=compact "$future" + \
    create "${prefix}forced.data" 3 retention.ms=1000 "$future"
"$CDRGEN" run -q "${whole[@]}" --partitions 3 -b "$CDRGEN_TEST_BROKERS" --topic-prefix "${prefix}forced." --force \
    2>"$WORK/forced" || die "a run with --force ends: $(cat "$WORK/forced")"

# ---- a log that was whole when a run in transactions resumed, filled by another producer while the run writes other topics ----

rate=0 begin stays --transactions
wait "${runs[stays]}" || die "a run in transactions: $(cat "$WORK/stays")"
admin delete "${prefix}stays.sms"
rate=40 begin stays --transactions --resume
admin await 10 "${prefix}stays.sms"
admin recreate "${prefix}stays.data" 3 fill
group=cdrgen-tx-$("$CDRGEN" run "${dataset[@]}" --seed "${seeds[stays]}" --dry-run --sink null | grep -Eo '[0-9a-f]{32}' | head -n 1)
until admin committed "$group" "${prefix}stays.data" | grep -q cdrgen-tx; do # the run has put its positions back
    kill -0 "${runs[stays]}" || die "it ended before it committed again: $(cat "$WORK/stays")"
    sleep 0.1
done
kill -INT "${runs[stays]}" # which looks at the topics, too
ends stays "data\[[0-2]\]: record 0 of the dataset is gone, and another one is found at offset 0|data was deleted while the run wrote|data.*created again"

# ---- and is emptied then: the positions were committed for the topic that is gone ----

admin offsets "${prefix}stays.data" >"$WORK/offsets"
mapfile -t now < <(awk -v topic="${prefix}stays.data" '{ print "+\ntrim\n" topic "\n" $1 "\n" $3 }' "$WORK/offsets")
admin "${now[@]:1}"
expect_failure 2 "stays.data\[[0-2]\]: nothing that is committed says how many records of this dataset the topic holds that is there now .*delete the topic" \
    "$CDRGEN" run -q "${dataset[@]}" --seed "${seeds[stays]}" --topic-prefix "${prefix}stays." --transactions --resume
admin delete "${prefix}stays.data"
"$CDRGEN" run -q "${dataset[@]}" --seed "${seeds[stays]}" --topic-prefix "${prefix}stays." --transactions --resume --create-topics
"$CDRGEN" verify -q "${dataset[@]}" --seed "${seeds[stays]}" --topic-prefix "${prefix}stays." >"$WORK/words" 2>&1 || die "$(cat "$WORK/words")"

# ---- compacted for a moment between two runs in transactions, once the first records had expired: the resume said 0 ----

short=(--subs 600 --partitions 1 -b "$CDRGEN_TEST_BROKERS" --topic-prefix "${prefix}short." --transactions)
options=(1 retention.ms=-1 segment.ms=3600000 min.cleanable.dirty.ratio=0.001) # segments of an hour of event time each
admin create "${prefix}short.call" "${options[@]}" + create "${prefix}short.sms" "${options[@]}" + \
    create "${prefix}short.data" "${options[@]}"
"$CDRGEN" run -q "${short[@]}" --transaction-time 100ms --rate 4k
now=() # the last ones are not compacted
for topic in call sms data; do
    now+=(+ alter "${prefix}short.$topic" segment.ms=604800000)
done
admin "${now[@]:1}"
"$CDRGEN" run -q "${short[@]}" --resume --days 2
admin trim "${prefix}short.call" 0 50 + trim "${prefix}short.sms" 0 50 + trim "${prefix}short.data" 0 50
"$CDRGEN" run -q "${short[@]}" --resume --days 2
admin compact "${prefix}short.sms"
for days in 2 3; do
    expect_failure 2 "short.sms\[0\]: record [0-9]+ of the dataset is gone, and another one is found .*the topic was compacted" \
        "$CDRGEN" run -q "${short[@]}" --resume --days "$days"
done

# ---- the first record that is left is there twice, as neither key nor message names the subscriber: it was refused ----

echo '{"type": "record", "name": "Key", "fields": [{"name": "mnc", "type": "string"}]}' >"$WORK/key.avsc"
twice=(--subs 600 --sms 30 --partitions 1 --fields event_type --key-format avro --key-schema "$WORK/key.avsc"
    -b "$CDRGEN_TEST_BROKERS" --topic-prefix "${prefix}twice." --transactions)
"$CDRGEN" run -q "${twice[@]}" --create-topics
admin trim "${prefix}twice.sms" 0 "$(admin records "${prefix}twice.sms" | sed -n '2s/.* //p')"
"$CDRGEN" run -q "${twice[@]}" --resume || die "the second of two records that are the same is taken for the first"

# ---- records that were deleted while the run opened a new producer: the run said 0 ----

begin between --days 30 --transactions --transaction-time 300ms --partitions 1
admin await 60 "${prefix}between.data"
group=cdrgen-tx-$("$CDRGEN" run "${dataset[@]}" --seed "${seeds[between]}" --partitions 1 --dry-run --sink null |
    grep -Eo '[0-9a-f]{32}' | head -n 1)
id=$(admin committed "$group" "${prefix}between.data" | grep -Eom 1 'cdrgen-[0-9a-f]{32}-[0-9a-f]{8}-0-of-1')
"$PYTHON" - "$CDRGEN_TEST_BROKERS" "$id" <<'PYTHON' # the run is shut out, by nobody who goes on
import sys
from confluent_kafka import Producer
Producer({"bootstrap.servers": sys.argv[1], "transactional.id": sys.argv[2]}).init_transactions(60)
PYTHON
sleep 2 # the run has closed its producer, and opens the next one
admin trim "${prefix}between.data" 0 40
ends between "between.data\[0\] begins at offset 40 now: this dataset's records from offset 0 on were deleted while the run wrote"

mapfile -t left < <(admin list "$prefix")
admin delete "${left[@]}"
