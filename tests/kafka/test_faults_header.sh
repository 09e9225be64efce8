#!/usr/bin/env bash
# --fault-header: each faulty message names its fault, as `cdrgen truth` does, and no other has the header; verify compares it;
# a resume goes on with it, and refuses another; without it nothing is there.
set -euo pipefail
source "${SOURCE_DIR:?}/tests/kafka/lib.sh"
need_cluster

dataset=(--subs 300 --start 2025-01-01 --days 1 --seed 21 --partitions 2 --late-share 0.02)
faults=(--fault "truncate=0.03,null=0.02,null_key=0.02,empty=0.02,conflict=0.03,duplicate=0.2,missing=0.02,swap=0.05"
    --duplicate-copies 2)

# to PREFIX ARGUMENTS…
to()
{
    local prefix=$1
    shift
    "$CDRGEN" run --quiet "${dataset[@]}" --brokers "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --create-topics "${faults[@]}" "$@"
}

# compare PREFIX ARGUMENTS…: verify's exit status.
compare()
{
    local prefix=$1 status=0
    shift
    "$CDRGEN" verify "${dataset[@]}" --brokers "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" "${faults[@]}" "$@" \
        >"$WORK/verified" 2>&1 || status=$?
    echo "$status"
}

# count PREFIX [--without]: messages with the header, after each was compared with the truth.
count()
{
    local prefix=$1
    shift
    "$CDRGEN" truth "${dataset[@]}" --brokers "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" "${faults[@]}" >"$WORK/truth.csv"
    "$PYTHON" "$SOURCE_DIR/tests/kafka/fault_header.py" --brokers "$CDRGEN_TEST_BROKERS" --prefix "$prefix" --truth "$WORK/truth.csv" "$@"
}

# ---- with it, beside other headers and alone ----

for more in "" "--headers direction,cell=cell_id --id-header"; do
    named=$(fresh_prefix)
    headers=()
    [[ $more != *--headers* ]] || headers=(--headers direction,cell=cell_id)
    # shellcheck disable=SC2086
    to "$named" --fault-header $more
    n=$(count "$named")
    ((n > 500)) || die "too few headers to say something: $n"
    expect_equal "$(compare "$named" --fault-header "${headers[@]}")" 0 "verify with the header ($more): $(cat "$WORK/verified")"
    expect_equal "$(compare "$named" "${headers[@]}")" 0 "verify that does not ask for it ($more)"
done

# ---- a good message with the header and no value: verify said the same ----

other=$(fresh_prefix)
good=$("$CDRGEN" truth "${dataset[@]}" --topic-prefix "$named" "${faults[@]}" --topic call --partition 0 -b "$CDRGEN_TEST_BROKERS" |
    awk -F , 'NR > 1 { faulty[$3] } END { for (offset = 5; offset in faulty; offset++) ; print offset }')
for kind in sms data; do
    "$PYTHON" "$kafka_tests/damage.py" none "$named$kind" "$other$kind"
done
"$PYTHON" "$kafka_tests/damage.py" null-header "${named}call" "${other}call" --partition 0 --record "$good"
expect_equal "$(compare "$other" --fault-header "${headers[@]}")" 1 "verify of a header without a value: $(cat "$WORK/verified")"
grep -q "1 altered" "$WORK/verified" || die "$(cat "$WORK/verified")"

# ---- without it ----

plain=$(fresh_prefix)
to "$plain"
expect_equal "$(count "$plain" --without)" 0 "headers of a run without --fault-header"
expect_equal "$(compare "$plain" --fault-header)" 1 "verify of a header that is not there"
grep -q 'header.cdrgen-fault' "$WORK/verified" || die "verify does not say what is missing: $(cat "$WORK/verified")"

# ---- a run that is killed, and goes on ----

killed=$(fresh_prefix)
for round in 1 2 3; do
    resume=()
    ((round == 1)) || resume=(--resume)
    to "$killed" --fault-header "${resume[@]}" --rate 6000 2>/dev/null &
    pid=$!
    sleep 0.6
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
done
status=0
to "$killed" --resume 2>"$WORK/refused" || status=$?
expect_equal "$status" 2 "exit status of a resume without the header: $(cat "$WORK/refused")"
grep -q -- '--fault-header' "$WORK/refused" || die "a resume without the header does not say so: $(cat "$WORK/refused")"
to "$killed" --fault-header --resume
expect_equal "$(count "$killed")" "$n" "headers after kills"
expect_equal "$(compare "$killed" --fault-header)" 0 "verify after kills"

# ---- what cannot be ----

# refused WORDS ARGUMENTS…
refused()
{
    local words=$1 status=0
    shift
    "$CDRGEN" run "${dataset[@]}" "$@" >"$WORK/refused" 2>&1 || status=$?
    [[ $status == 2 && $(wc -l <"$WORK/refused") == 1 ]] && grep -qF -- "$words" "$WORK/refused" ||
        die "$*: status $status: $(cat "$WORK/refused")"
}
refused '--fault-header: it has no effect without --fault' --late-share 0 -b "$CDRGEN_TEST_BROKERS" --fault-header
refused 'spill and fault_header' -b "$CDRGEN_TEST_BROKERS" "${faults[@]}" --fault-header --spill "$WORK/spill"
refused '--fault-header: it is for Kafka' --fault duplicate=0.1 --fault-header --out "$WORK/out"
