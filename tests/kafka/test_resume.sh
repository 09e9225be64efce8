#!/usr/bin/env bash
# Runs that are killed at random moments and go on with --resume, with another number of workers, from another machine, per
# shard, behind what topics held before, in transactions: the topics end up byte-equal, offset by offset, to the file sink's
# logs. And what resume refuses. RESUME_SEED repeats a test's chances, RESUME_ROUNDS=5 says how often it kills.
source "$SOURCE_DIR/tests/kafka/lib.sh"
source "$SOURCE_DIR/tests/kafka/faults.sh"
need_cluster

rounds=${RESUME_ROUNDS:-5}
RESUME_SEED=${RESUME_SEED:-$SRANDOM}
RANDOM=$RESUME_SEED
echo "RESUME_SEED=$RESUME_SEED"

settings=(--subs 10000 --start 2025-01-01 --days 1)
"$CDRGEN" run --quiet "${settings[@]}" --sink file --out "$WORK/files" --summary "$WORK/files.json"
records=$(total_of "$WORK/files.json")

# resume PREFIX ARGUMENTS…
resume()
{
    local prefix=$1
    shift
    "$CDRGEN" run --quiet -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --create-topics --resume "${settings[@]}" "$@"
}

# equal PREFIX ARGUMENTS…: the topics hold what the files hold; arguments of read_topics.py compare. $types are the topics.
equal()
{
    local prefix=$1 type topics=()
    shift
    for type in ${types:-call sms data}; do
        topics+=("$prefix$type")
    done
    compare_topics "$WORK/files" "${topics[@]}" --files-topics cdr. "$@" >"$WORK/compared"
}

# ---- killed again and again ----

echo "killed $rounds times, in $records records"
prefix=$(fresh_prefix)
kill_rounds "$rounds" "$prefix" 9000 "${settings[@]}"
resume "$prefix" --summary "$WORK/resumed.json"
equal "$prefix"
"$PYTHON" - "$WORK/resumed.json" "$records" <<'PYTHON'
import json, sys
summary = json.load(open(sys.argv[1]))
assert summary["resumed_behind"] > 0 and summary["complete"], summary
assert summary["resumed_behind"] + summary["records"] == int(sys.argv[2]), summary
PYTHON

echo "nothing left to do"
before=$(admin offsets "${prefix}data")
resume "$prefix" --summary "$WORK/resumed.json"
expect_equal "$(total_of "$WORK/resumed.json")" 0 "records of a run with nothing to do"
expect_equal "$(admin offsets "${prefix}data")" "$before" "offsets after a run with nothing to do"

echo "refused"
expect_failure 2 "^cdrgen: ${prefix}call\[[0-5]\] is not empty \(end offset [0-9]+\): .*--resume" \
    "$CDRGEN" run --quiet -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" "${settings[@]}"
expect_failure 2 "${prefix}[a-z]+\[[0-5]\] has another record at offset [0-9]+ than record [0-9]+ .*: expected [0-9]+, found [0-9]+" \
    resume "$prefix" --seed 7 --force
expect_failure 2 "${prefix}[a-z]+\[[0-5]\] holds dataset [0-9a-f]{32}, and these settings give dataset [0-9a-f]{32}" \
    resume "$prefix" --seed 7
expect_equal "$(admin offsets "${prefix}data")" "$before" "offsets after a refusal"

echo "a topic created anew is filled again"
admin delete "${prefix}sms"
until [[ -z $(admin list "${prefix}sms") ]]; do sleep 0.2; done
resume "$prefix"
equal "$prefix"

echo "somebody else wrote behind"
echo foreign | kcat -b "$CDRGEN_TEST_BROKERS" -P -t "${prefix}sms" -p 2
expect_failure 2 "${prefix}sms\[2\] " resume "$prefix"

# ---- records that expired ----

echo "expired"
prefix=$(fresh_prefix)
kill_once "$prefix" 9000 +500 "${settings[@]}"
read -r _ _ end < <(admin offsets "${prefix}data" | sed -n 2p)
((end > 10)) || die "the run was killed before it wrote enough"
admin trim "${prefix}data" 1 "$end"
admin trim "${prefix}data" 4 5
expect_failure 2 "${prefix}data\[1\] ends at offset $end, where $end records .* no run of it committed that it ended there" resume "$prefix"
resume "$prefix" --force 2>"$WORK/stderr"
grep -q "warning: resume: nothing of ${prefix}data\[1\] could be compared.*with --force" "$WORK/stderr" || die "$(cat "$WORK/stderr")"
expect_equal "$(admin offsets "${prefix}data" | awk '$1 == 1 || $1 == 4 { printf "%s ", $2 }')" "$end 5 " "first offsets"
equal "$prefix" --expired

echo "expired, and nobody committed whose records they were"
foreign=$(fresh_prefix)
for type in call sms data; do
    admin create "$foreign$type" 6
    seq 50 | kcat -b "$CDRGEN_TEST_BROKERS" -P -t "$foreign$type" -p 1
    admin trim "$foreign$type" 1 50
done
expect_failure 2 "${foreign}[a-z]+\[1\] ends at offset 50, where 50 records .* none of them is left to compare .*--force" \
    resume "$foreign"
expect_equal "$(count_records "${foreign}data")" 0 "records written after a refusal"
resume "$foreign" --force 2>"$WORK/stderr"
grep -q 'warning: resume: nothing of .* could be compared.* 2 more partitions' "$WORK/stderr" || die "$(cat "$WORK/stderr")"

echo "expired after a run that ended in an orderly way, which committed where"
prefix=$(fresh_prefix)
longer=(--subs 1000 --start 2025-01-01)
"$CDRGEN" run --quiet -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --create-topics "${longer[@]}" --days 1
read -r _ _ end < <(admin offsets "${prefix}sms" | sed -n 4p)
admin trim "${prefix}sms" 3 "$end"
"$CDRGEN" run --quiet -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" "${longer[@]}" --days 2 --resume 2>"$WORK/stderr"
grep -q "warning: resume: nothing of ${prefix}sms\[3\] could be compared.*committed where it ended" "$WORK/stderr" || die "$(cat "$WORK/stderr")"
"$CDRGEN" verify --quiet -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" "${longer[@]}" --days 2
echo foreign | kcat -b "$CDRGEN_TEST_BROKERS" -P -t "${prefix}sms" -p 3
read -r _ _ end < <(admin offsets "${prefix}sms" | sed -n 4p)
admin trim "${prefix}sms" 3 "$end"
expect_failure 2 "${prefix}sms\[3\] ends at offset $end, .* none of them is left to compare" \
    "$CDRGEN" run --quiet -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" "${longer[@]}" --days 3 --resume

# ---- all that messages carry ----

echo "other headers"
small=(--subs 1000 --start 2025-01-01)
# carries OPTIONS|OPTIONS WORDS: what the first wrote, the second refuses to go on after. Both with themselves go on.
carries()
{
    local prefix words=$2 first second
    IFS='|' read -r first second <<<"$1"
    prefix=$(fresh_prefix)
    # shellcheck disable=SC2086
    "$CDRGEN" run --quiet -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --create-topics "${small[@]}" --days 1 $first
    # shellcheck disable=SC2086
    expect_failure 2 "$words" "$CDRGEN" run --quiet -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" "${small[@]}" --days 2 \
        --resume $second
    # shellcheck disable=SC2086
    "$CDRGEN" run --quiet -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" "${small[@]}" --days 2 --resume $first
}
carries "|--id-header" 'this run writes the headers cdrgen-id, and the topic.s record has none: pass the same --headers'
carries "--id-header|" 'this run writes the headers none, and the topic.s record has cdrgen-id'
carries "--headers direction,imsi|--headers imsi,direction" 'the headers imsi,direction, and the topic.s record has direction,imsi'
carries "--headers direction --id-header|--headers direction" 'the headers direction, and the topic.s record has direction,cdrgen-id'

echo "another time of the schema change, long before the end of the logs"
"$PYTHON" - "$SOURCE_DIR/schemas/cdr_sms.avsc" >"$WORK/next.avsc" <<'PYTHON'
import json, sys
schema = json.load(open(sys.argv[1]))
schema["fields"].append({"name": "owner_msisdn", "type": "string", "default": ""})
json.dump(schema, sys.stdout)
PYTHON
small+=(--next-schema sms="$WORK/next.avsc")
carries "--schema-change-at 2025-01-01T06:00|--schema-change-at 2025-01-01T09:00" 'sms\[[0-5]\] has another record at offset'

# ---- shards ----

echo "per shard"
prefix=$(fresh_prefix)
for shard in 0 1; do
    (
        RANDOM=$((RESUME_SEED + shard))
        kill_rounds 1 "$prefix" 6000 "${settings[@]}" --shard $shard/2 >"$WORK/shard$shard"
        resume "$prefix" --shard $shard/2
    ) &
    jobs+=($!)
done
for job in "${jobs[@]}"; do
    wait "$job" || die "a shard failed: $(cat "$WORK"/shard?)"
done
equal "$prefix"

# ---- behind what was there before ----

echo "appended"
prefix=$(fresh_prefix)
for type in call sms data; do
    admin create "$prefix$type" 6
    for partition in 0 1 2 3 4 5; do
        seq 3 | kcat -b "$CDRGEN_TEST_BROKERS" -P -t "$prefix$type" -p $partition
    done
done
expect_failure 2 "${prefix}[a-z]+\[[0-5]\] has another record at offset [0-9]+" resume "$prefix"
first=--append kill_once "$prefix" 9000 +500 "${settings[@]}"
resume "$prefix"
equal "$prefix" --base 3
admin delete "${prefix}call"
until [[ -z $(admin list "${prefix}call") ]]; do sleep 0.2; done
resume "$prefix" # with the topic, Kafka forgot where the dataset began in it
types="sms data" equal "$prefix" --base 3
types=call equal "$prefix"

# ---- in transactions ----

echo "in transactions"
prefix=$(fresh_prefix)
kill_rounds "$rounds" "$prefix" 9000 "${settings[@]}" --transactions --transaction-time 300ms --abort-share 0.3
resume "$prefix" --transactions --abort-share 0.3
equal "$prefix" --committed
