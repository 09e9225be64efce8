#!/usr/bin/env bash
# Runs with an end of their own: a programme sends what its integral says, stage by stage, --records ends after so many and
# --for after so long; all with exit status 0, and what they leave is the beginning of every log. What cannot be is one line.
set -euo pipefail
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
cd "$temporary"
unset CDRGEN_BROKERS

fail()
{
    echo "$*" >&2
    exit 1
}

# refused WORDS ARGUMENTS…: exit status 2 and one line that has the words.
refused()
{
    local words=$1 status=0
    shift
    "$CDRGEN" "$@" >output 2>&1 || status=$?
    [[ $status == 2 && $(wc -l <output) == 1 ]] && grep -qF -- "$words" output || fail "$*: status $status: $(cat output)"
}

rows()
{
    find "$1" -name 'part-*' -exec tail -q -n +2 {} + | wc -l
}

dataset=(--subs 2000 --seed 5 --partitions 3)

# ---- a programme ----

"$CDRGEN" run "${dataset[@]}" --out programme -q --summary programme.json \
    --program 'ramp 0..10k 1s; hold 10k 500ms; pause 300ms; sine 2k..8k every 500ms for 1s; burst 40k/s for 100ms;'
python3 - programme.json <<'END_OF_PYTHON'
import json, math, sys

summary = json.load(open(sys.argv[1]))
wanted = [("ramp", 5000), ("hold", 5000), ("pause", 0), ("sine", 5000), ("burst", 4000)]
stages = summary["stages"]
assert [(s["stage"], s["planned"]) for s in stages] == wanted, stages
assert all(s["sent"] == s["planned"] for s in stages), stages
assert summary["records"] == 19000, summary["records"]
assert 2.9 <= summary["wall_s"] < 60, summary["wall_s"]
assert 0 < summary["send_delay_p50_s"] <= summary["send_delay_p99_s"] <= summary["send_delay_p999_s"], summary
END_OF_PYTHON
[[ $(rows programme) == 19000 ]] || fail "a programme of 19,000 records left $(rows programme)"
"$CDRGEN" verify "${dataset[@]}" --days 3 --beginning --out programme >verified || fail "$(cat verified)"
grep -q '^same: 19,000 of 19,000' verified || fail "$(cat verified)"

# ---- a number, and a time ----

for workers in 1 2; do
    "$CDRGEN" run "${dataset[@]}" --workers $workers --out number -q --records 77.777k --overwrite
    [[ $(rows number) == 77777 ]] || fail "--records 77777 with $workers workers left $(rows number)"
    "$CDRGEN" verify "${dataset[@]}" --days 9 --beginning --out number >verified || fail "$(cat verified)"
done
"$CDRGEN" run "${dataset[@]}" --sink null --for 400ms 2>&1 | grep -qE ' in 0\.[4-9]| in [1-9]' || fail "--for 400ms"
"$CDRGEN" run "${dataset[@]}" --sink null --rate 1000 --even --for 700ms 2>&1 | grep -q '^700 records' || fail "an even rate"
"$CDRGEN" run "${dataset[@]}" --sink null --rate 1000 --records 500 2>&1 | grep -q '^500 records' || fail "a rate and a number"

# The whole dataset comes first where it is smaller.
"$CDRGEN" run "${dataset[@]}" --days 1 --out whole -q --records 10M
"$CDRGEN" verify "${dataset[@]}" --out whole | grep -q '^same: ' || fail "--days 1 is not whole"

# A signal is an end as good as any other where there is no last day.
"$CDRGEN" run "${dataset[@]}" --out stopped -q --program 'hold 2k 10m' &
process=$!
for _ in $(seq 300); do
    [[ -e stopped/manifest.json || $(find stopped -name 'part-*' 2>/dev/null | wc -l) -gt 0 ]] && break
    sleep 0.1
done
sleep 0.5
kill -TERM "$process"
wait "$process" || fail "a programme that was stopped ends with status $?"
"$CDRGEN" verify "${dataset[@]}" --days 3 --beginning --out stopped | grep -q '^same: ' || fail "a stopped one differs"

# ---- --beginning sees what is wrong ----

file=$(find number -name 'part-*' | sort | sed -n 2p)
sed -i '5s/;[^;]*$/;changed/' "$file"
status=0
"$CDRGEN" verify "${dataset[@]}" --days 9 --beginning --out number >verified 2>&1 || status=$?
[[ $status == 1 ]] || fail "a changed record: status $status: $(cat verified)"
sed -i 5d "$file"
status=0
"$CDRGEN" verify "${dataset[@]}" --days 9 --beginning --out number >verified 2>&1 || status=$?
[[ $status == 1 ]] && grep -q '1 lost' verified || fail "a lost record: status $status: $(cat verified)"

# ---- what cannot be ----

refused 'is no stage; did you mean hold?' run --sink null --program 'hodl 5k 1m'
refused "an example is 'ramp 0..50k 2m'" run --sink null --program 'hold 5k 1m; ramp 5k 1m'
refused 'rate and program: only one of them' run --sink null --rate 5 --program 'hold 5 1s'
refused 'live and program: real time is the pace' run --sink null --live --program 'hold 5 1s'
refused 'without --rate' run --sink null --even
refused '--records: "-1" is not a whole number' run --sink null --records -1
refused '--for: "soon"' run --sink null --for soon
refused 'leave out resume or records' run "${dataset[@]}" --out number --resume --records 5
refused 'beginning and follow' verify "${dataset[@]}" --beginning --follow -b localhost:1
refused 'beginning and by' verify "${dataset[@]}" --beginning --by id -b localhost:1
refused 'a replay has to know how many days' run "${dataset[@]}" -b localhost:1 --spill spilled --records 5
