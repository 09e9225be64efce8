#!/usr/bin/env bash
# The time at which a programme means a record to be sent follows from the record's place alone: a consumer that reads along
# works it out by itself for random programmes, and no record comes before it. PROGRAMMES: how many.
# A run that ended by --records goes on with --resume, in transactions too, and --beginning proves what is there.
set -euo pipefail
source "$SOURCE_DIR/tests/kafka/lib.sh"
need_cluster

dataset=(--subs 20000 --seed 9 --partitions 2 -b "$CDRGEN_TEST_BROKERS")

"$PYTHON" - "${PROGRAMMES:-4}" >"$WORK/programmes" <<'END'
import random, sys

random.seed(20)
for _ in range(int(sys.argv[1])):
    stages = []
    for _ in range(random.randint(2, 4)):
        low, high = sorted(random.randint(0, 8000) for _ in range(2))
        time = f"{random.randint(100, 700)}ms"
        stages.append(random.choice([f"ramp {low}..{high} {time}", f"ramp {high}..{low} for {time}", f"hold {high} {time}",
                                     f"sine {low}..{high} every {random.randint(50, 400)}ms for {time}", f"pause {time}"]))
    print(";".join([*stages, "hold 1k 200ms"]))
END
number=0
while IFS= read -r program; do
    prefix=$(fresh_prefix)
    for topic in call sms data; do
        admin create "$prefix$topic" 2 retention.ms=-1
    done
    "$PYTHON" "$kafka_tests/programme.py" "$CDRGEN_TEST_BROKERS" "$prefix" 2 "$WORK/summary" \
        "$CDRGEN" run "${dataset[@]}" --topic-prefix "$prefix" -q --summary "$WORK/summary" --program "$program" </dev/null ||
        die "$program"
    "$CDRGEN" verify "${dataset[@]}" --topic-prefix "$prefix" --beginning --days 3 >"$WORK/verified" || die "$(cat "$WORK/verified")"
    number=$((number + 1))
done <"$WORK/programmes"
((number == ${PROGRAMMES:-4})) || die "$number programmes were run"

# ---- an end, and going on ----

for transactions in "" --transactions; do
    prefix=$(fresh_prefix)
    run=("$CDRGEN" run "${dataset[@]}" --topic-prefix "$prefix" --create-topics -q ${transactions:+"$transactions"})
    "${run[@]}" --records 20000
    "${run[@]}" --resume --records 15000 --rate 100k
    "${run[@]}" --resume --for 300ms --rate 20k --even
    sum=0
    for topic in call sms data; do
        sum=$((sum + $(admin records "$prefix$topic" | wc -l)))
    done
    expect_equal "$sum" 41000 "records after three runs with ends $transactions"
    "$CDRGEN" verify "${dataset[@]}" --topic-prefix "$prefix" --beginning --days 3 >"$WORK/verified" || die "$(cat "$WORK/verified")"
    grep -q '^same: 41,000 of 41,000' "$WORK/verified" || die "$(cat "$WORK/verified")"
    admin copy "${prefix}sms" 1 5
    status=0
    "$CDRGEN" verify "${dataset[@]}" --topic-prefix "$prefix" --beginning --days 3 >"$WORK/verified" 2>&1 || status=$?
    expect_equal "$status" 1 "a copy at the end of a beginning"
done

# ---- nothing is not a beginning ----

prefix=$(fresh_prefix)
for topic in call sms data; do
    admin create "$prefix$topic" 2 retention.ms=-1
done
expect_failure 2 'cannot tell: there is no record to compare' \
    "$CDRGEN" verify "${dataset[@]}" --topic-prefix "$prefix" --beginning
