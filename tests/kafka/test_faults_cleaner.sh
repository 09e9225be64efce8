#!/usr/bin/env bash
# verify --clean and --dead-letters: a pipeline that cleans well is found to do so, and three that do not are told by kind.
set -euo pipefail
source "${SOURCE_DIR:?}/tests/kafka/lib.sh"
need_cluster

dataset=(--subs 300 --start 2025-01-01 --days 1 --seed 21 --partitions 2 --format json
    --fault truncate=0.02,null=0.01,empty=0.01,garbage=0.02,duplicate=0.03,late_duplicate=0.04,missing=0.02,swap=0.05,conflict=0.02
    --duplicate-copies 2)
in=$(fresh_prefix)
"$CDRGEN" run --quiet "${dataset[@]}" --id-header --brokers "$CDRGEN_TEST_BROKERS" --topic-prefix "$in" --create-topics \
    --summary "$WORK/summary.json"

# clean NAME ARGUMENTS…: through cleaner.py into topics of that name.
clean()
{
    local name=$1
    shift
    admin create "$in$name-output" 2 >/dev/null
    admin create "$in$name-dead" 1 >/dev/null
    "$PYTHON" "$SOURCE_DIR/tests/kafka/cleaner.py" --brokers "$CDRGEN_TEST_BROKERS" --prefix "$in" --output "$in$name-output" \
        --dead-letters "$in$name-dead" "$@"
}

# judge NAME ARGUMENTS…
judge()
{
    local name=$1
    shift
    "$CDRGEN" verify "${dataset[@]}" --brokers "$CDRGEN_TEST_BROKERS" --by id --topic "$in$name-output" --clean "$@" \
        --report "$WORK/report.json"
}

clean good
judge good --dead-letters "$in"good-dead >"$WORK/words" || die "a good cleaner: $(cat "$WORK/words")"
expect_equal "$(jq .kinds.good.passed "$WORK/report.json")" "$(jq '[.topics[].clean] | add' "$WORK/summary.json")" "good records"
for kind in truncate null empty garbage; do
    expect_equal "$(jq -c ".kinds.$kind | [.passed, .lost, .duplicated]" "$WORK/report.json")" "[0,0,0]" "$kind"
    expect_equal "$(jq ".kinds.$kind.dead_lettered > 0" "$WORK/report.json")" true "dead letters of $kind"
done
judge good >/dev/null # without dead letters, those are gone

clean silent --mutant silent
expect_failure 1 'different: .*truncate: 0 passed, 0 dead-lettered, [1-9][0-9]* lost' judge silent --dead-letters "$in"silent-dead
expect_equal "$(jq .kinds.good.right "$WORK/report.json")" true "good records of a silent cleaner"

clean strict --mutant strict
expect_failure 1 'different: good: [0-9]+ passed, [1-9][0-9]* dead-lettered, 0 lost' judge strict --dead-letters "$in"strict-dead
expect_equal "$(jq .kinds.truncate.right "$WORK/report.json")" true "bad records of a strict cleaner"

clean greedy --mutant greedy
expect_failure 1 'different: good: [0-9]+ passed, 0 dead-lettered, [1-9][0-9]* lost' judge greedy --dead-letters "$in"greedy-dead

# The input itself is the output of a pipeline that does nothing.
topics=${in}call,${in}sms,${in}data
expect_failure 1 'duplicate: [1-9][0-9]* passed.*conflict: [1-9][0-9]* passed.*truncate: [1-9][0-9]* passed' \
    "$CDRGEN" verify "${dataset[@]}" --brokers "$CDRGEN_TEST_BROKERS" --by id --topic "$topics" --clean --report "$WORK/report.json"
expect_equal "$(jq '[.kinds.duplicate.passed, .kinds.late_duplicate.passed, .kinds.conflict.passed] | map(. > 0) | all' "$WORK/report.json")" true "copies"
expect_equal "$(jq -c '[.kinds.good.lost, .kinds.good.duplicated, .foreign, .kinds.duplicate.lost, .kinds.late_duplicate.lost]' \
    "$WORK/report.json")" "[0,0,0,0,0]" "what passed"
