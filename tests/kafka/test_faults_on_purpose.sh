#!/usr/bin/env bash
# Faults on purpose: a foreign client finds in the topics what `cdrgen truth` says, by offset, and nothing else that differs
# from the dataset without them. Verify expects them; a run that was killed goes on, also between a record and its copy.
set -euo pipefail
source "${SOURCE_DIR:?}/tests/kafka/lib.sh"
need_cluster

dataset=(--subs 400 --start 2025-01-01 --days 1 --seed 21 --partitions 3)

# to PREFIX ARGUMENTS…
to()
{
    local prefix=$1
    shift
    "$CDRGEN" run --quiet "${dataset[@]}" --brokers "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --create-topics "$@"
}

# truth PREFIX ARGUMENTS…
truth()
{
    local prefix=$1
    shift
    "$CDRGEN" truth "${dataset[@]}" --brokers "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" "$@"
}

# check CLEAN FAULTY TRUTH
check()
{
    "$PYTHON" "$SOURCE_DIR/tests/kafka/faults_on_purpose.py" --brokers "$CDRGEN_TEST_BROKERS" --clean "$1" --faulty "$2" \
        --truth "$3" --minimum 10
}

# ---- each kind alone and all together, in each format ----

sequence="duplicate missing swap conflict late_duplicate"
payload="null empty truncate garbage bitflip oversize null_key wrong_key clock value"
declare -A kinds=([csv]="$sequence $payload bad_text" [json]="$sequence $payload bad_text"
    [avro]="$sequence $payload magic unknown_schema wrong_schema")

# with FORMAT CLEAN FAULTS…: checks a topic with these faults.
with()
{
    local format=$1 clean=$2 faulty
    shift 2
    faulty=$(fresh_prefix)
    to "$faulty" --format "$format" "${ids[@]}" "$@" --summary "$WORK/summary.json"
    truth "$faulty" --format "$format" "${ids[@]}" "$@" >"$WORK/truth.csv"
    check "$clean" "$faulty" "$WORK/truth.csv" >"$WORK/counts" || die "$format $*: $(head -20 "$WORK/counts")"
    expect_equal "$(jq -r '[.topics[].faults | to_entries[]] | group_by(.key) | map("\(.[0].key)=\(map(.value) | add)") | join(" ")' \
        "$WORK/summary.json")" "$(cat "$WORK/counts")" "faults in the summary of $format $*"
    "$CDRGEN" verify "${dataset[@]}" --brokers "$CDRGEN_TEST_BROKERS" --topic-prefix "$faulty" --format "$format" "$@" \
        >"$WORK/verified" || die "verify does not expect the faults of $format $*: $(cat "$WORK/verified")"
    status=0
    "$CDRGEN" verify "${dataset[@]}" --brokers "$CDRGEN_TEST_BROKERS" --topic-prefix "$faulty" --format "$format" \
        >"$WORK/verified" 2>&1 || status=$?
    # The ids of schemas are none of the dataset's.
    [[ $* == *_schema=* && $* != *,* ]] || expect_equal "$status" 1 "verify of $format $* without the faults"
}

for format in csv json avro; do
    ids=()
    [[ $format != avro ]] || ids=(--schema-id call=1,sms=2,data=3)
    clean=$(fresh_prefix)
    to "$clean" --format "$format" "${ids[@]}" --summary "$WORK/clean.json"
    every=
    for kind in ${kinds[$format]}; do
        every+=${every:+,}$kind=0.03
        more=()
        [[ $kind != oversize ]] || more=(--oversize-bytes 5000)
        # All together; alone those that change the sequence, and those of one format.
        [[ ($format == csv || $format == avro) && " $payload bad_text " != *" $kind "* ]] || continue
        [[ $format == csv || " $sequence " != *" $kind "* ]] || continue
        with "$format" "$clean" --fault "$kind=0.05" "${more[@]}"
    done
    with "$format" "$clean" --fault "$every" --duplicate-copies 3 --oversize-bytes 5000
done
status=0
"$CDRGEN" verify --quiet "${dataset[@]}" --brokers "$CDRGEN_TEST_BROKERS" --topic-prefix "$clean" --format avro \
    --fault unknown_schema=0.05 2>/dev/null || status=$?
expect_equal "$status" 1 "verify of other schema ids than it expects"

# Outages change the order of a log: with kinds that leave key and time as they are, by which it is made again.
outages=(--fault outage=0.2,duplicate=0.05,swap=0.05)
ids=()
clean=$(fresh_prefix)
to "$clean" --format csv
with csv "$clean" "${outages[@]}"
[[ $(sed 's/ /\n/g' "$WORK/counts" | grep outage=) != outage=0 ]] || die "no outages"

all=(--fault "truncate=0.02,null=0.01,empty=0.01,null_key=0.01,duplicate=0.03,late_duplicate=0.03,missing=0.02,swap=0.05,conflict=0.02"
    --duplicate-copies 3)
# A run that is killed also goes on between records that an outage held back.
held=("${all[@]}" --fault outage=0.2 --outage-hours 2)

# ---- transactions, and a run that is killed ----

again=$(fresh_prefix)
to "$again" "${all[@]}" --transactions --transaction-records 100 --summary "$WORK/transactions.json"
"$CDRGEN" verify "${dataset[@]}" --brokers "$CDRGEN_TEST_BROKERS" --topic-prefix "$again" "${all[@]}" >/dev/null
expect_equal "$(jq -c '[.topics[].digest]' "$WORK/transactions.json")" \
    "$("$CDRGEN" run --quiet "${dataset[@]}" "${all[@]}" --sink null --summary - | jq -c '[.topics[].digest]')" "digests"

clean=$(fresh_prefix)
to "$clean"
killed=$(fresh_prefix)
for round in 1 2 3 4; do
    resume=()
    ((round == 1)) || resume=(--resume)
    to "$killed" "${all[@]}" "${resume[@]}" --rate 8000 2>/dev/null &
    pid=$!
    sleep 0.6
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
done
to "$killed" "${all[@]}" --resume
# Each record has its copy right after it: where a topic ends with an odd number, the run died between the two.
twice=$(fresh_prefix)
between=0
for round in 1 2 3 4 5 6; do
    resume=()
    ((round == 1)) || resume=(--resume)
    to "$twice" --fault duplicate=1 "${resume[@]}" --rate 6000 -X linger.ms=0 -X batch.num.messages=3 2>/dev/null &
    pid=$!
    sleep 0.6
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    for type in call sms data; do
        [[ -z $(admin list "${twice}$type") ]] || between=$((between + $(count_records "${twice}$type") % 2))
    done
done
((between > 0)) || die "no run died between a record and its copy"
to "$twice" --fault duplicate=1 --resume
"$CDRGEN" verify "${dataset[@]}" --brokers "$CDRGEN_TEST_BROKERS" --topic-prefix "$twice" --fault duplicate=1 >"$WORK/verified" ||
    die "killed between a record and its copy: $(cat "$WORK/verified")"

held_killed=$(fresh_prefix)
for round in 1 2 3; do
    resume=()
    ((round == 1)) || resume=(--resume)
    to "$held_killed" "${held[@]}" "${resume[@]}" --rate 8000 2>/dev/null &
    pid=$!
    sleep 0.6
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
done
to "$held_killed" "${held[@]}" --resume
"$CDRGEN" verify "${dataset[@]}" --brokers "$CDRGEN_TEST_BROKERS" --topic-prefix "$held_killed" "${held[@]}" >"$WORK/verified" ||
    die "killed in outages: $(cat "$WORK/verified")"
truth "$killed" "${all[@]}" >"$WORK/truth.csv"
check "$clean" "$killed" "$WORK/truth.csv" >/dev/null
