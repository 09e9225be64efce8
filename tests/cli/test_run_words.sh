#!/usr/bin/env bash
# What a run says and leaves: the predecessor's command, quiet and dry runs, summaries, progress on terminals and nowhere else, two
# signals, little memory.
set -euo pipefail
work=$(mktemp -d "${TMPDIR:-/tmp}/cdrgen-words.XXXXXX")
pids=()
trap 'kill -9 "${pids[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
for variable in "${!CDRGEN_@}"; do
    unset "$variable"
done

fail()
{
    echo "FAILED: $*" >&2
    exit 1
}

# The predecessor's command as it stands: 10,000 × 20.7 × 0.95 records.
"$CDRGEN" --subs 10000 --start 2025-01-01 --days 1 --out profile_test >stdout 2>stderr || fail "the predecessor's command: $(cat stderr)"
[[ ! -s stdout ]] || fail "it wrote to stdout: $(head -3 stdout)"
grep -q 'writing files to profile_test, because no brokers are configured' stderr || fail "it does not say where to: $(cat stderr)"
grep -q $'\r' stderr && fail "progress where there is no terminal"
records=$(find profile_test -name 'part-*.csv' -exec grep -hvc '^event_type;' {} + | awk '{ n += $1 } END { print n }')
((records >= 194684 && records <= 198616)) || fail "$records records, not 196650 ± 1 %"
awk -v records="$records" '/ records in / { gsub(",", ""); if ($1 == records) said = 1 } END { exit !said }' stderr ||
    fail "the closing words count otherwise: $(cat stderr)"
for file in cells.csv subscribers.csv manifest.json cdr.call cdr.sms cdr.data; do
    [[ -e profile_test/$file ]] || fail "no profile_test/$file"
done
[[ $(wc -l <profile_test/cells.csv) == 2001 && $(wc -l <profile_test/subscribers.csv) == 10001 ]] || fail "the tables have other sizes"

# Quiet is quiet; a summary on stdout is JSON and nothing else; one into the folder that the run makes is there.
"$CDRGEN" run --subs 50 --sink null --quiet >stdout 2>stderr
[[ ! -s stdout && ! -s stderr ]] || fail "--quiet said: $(cat stdout stderr)"
"$CDRGEN" run --subs 50 --sink null --summary - 2>stderr | jq -e '.records > 0 and .complete and .durable == .records' >stdout ||
    fail "--summary -: $(cat stdout)"
[[ -s stderr ]] || fail "no closing words beside --summary -"
"$CDRGEN" run --subs 50 --out new --summary new/summary.json --quiet || fail "--summary into the run's own folder"
jq -e .complete new/summary.json >stdout || fail "new/summary.json: $(cat new/summary.json)"
mkdir folder
for path in folder missing/summary.json /dev/full; do
    status=0
    "$CDRGEN" run --subs 50 --out unwritten --summary "$path" --quiet 2>stderr || status=$?
    wanted=2
    [[ $path != /dev/full ]] || wanted=1 # it can be written to until it is
    ((status == wanted)) || fail "--summary $path: status $status"
    grep -q "summary: $path" stderr || fail "--summary $path: $(cat stderr)"
    [[ $path == /dev/full || ! -e unwritten ]] || fail "--summary $path: something was written"
done
rm -rf unwritten

# A dry run tells the plan and leaves nothing.
"$CDRGEN" run --subs 5000 --days 3 --dry-run --out dry >stdout 2>stderr || fail "--dry-run: $(cat stderr)"
[[ ! -e dry && ! -s stderr ]] || fail "--dry-run wrote something"
grep -q 'nothing was written' stdout || fail "--dry-run: $(cat stdout)"
planned=$(sed -n 's/^records *about \(.*\)/\1/p' stdout | tr -d ,)
real=$("$CDRGEN" run --subs 5000 --days 3 --sink null --quiet --summary - | jq .records)
awk -v a="$planned" -v b="$real" 'BEGIN { exit !(a > 0.97 * b && a < 1.03 * b) }' || fail "planned $planned, were $real"
status=0
"$CDRGEN" run --dry-run --out dry --shard 5/9 >stdout 2>stderr || status=$?
((status == 2)) || fail "--dry-run of what can't be: status $status"

# A live run says what it has to catch up with, before it does.
"$CDRGEN" run --subs 100 --live --start -10d --dry-run >stdout
grep -Eq '^backlog +about [0-9,]+ records of 1[01]\.[0-9] days until now' stdout || fail "no backlog: $(cat stdout)"
"$CDRGEN" run --subs 100 --live --start -10d --sink null 2>stderr &
pid=$!
pids+=($pid)
for ((i = 0; i < 300; i++)); do
    if grep -q 'cdrgen: live: about .* then real time' stderr; then break; fi
    sleep 0.1
done
kill $pid
wait $pid || fail "a live run that was stopped: status $?: $(cat stderr)"
grep -q 'cdrgen: live: about .* records of 1[01]\.[0-9] days until now' stderr || fail "no word of the backlog: $(cat stderr)"

# Progress where stderr is a terminal; not with --quiet; the line is wiped at the end.
command -v script >/dev/null || fail "script is missing: the package bsdutils has it"
model="--subs 2000 --start 2025-01-01 --sink null --speed 43200"
script -qec "$CDRGEN run $model" terminal >/dev/null
grep -q $'\r[0-9,]* records, [0-9,]*/s, [0-9]* %' terminal || fail "no progress on a terminal: $(cat -v terminal)"
grep -q $'s left\x1b\[K' terminal || fail "no time left: $(cat -v terminal)"
grep -q $'\r\x1b\[K[0-9,]* records in ' terminal || fail "the progress line stays: $(cat -v terminal)"
script -qec "$CDRGEN run $model --quiet" terminal >/dev/null
grep -q 'records' terminal && fail "--quiet on a terminal: $(cat -v terminal)"

# Two signals at once: it leaves at the second, with its number.
env --default-signal=INT,TERM "$CDRGEN" run --subs 2000 --sink null --speed 1 2>stderr &
pid=$!
pids+=($pid)
sleep 1
kill -STOP $pid
kill -INT $pid
kill -TERM $pid
kill -CONT $pid
status=0
wait $pid || status=$?
((status == 130 || status == 143)) || fail "two signals: status $status: $(cat stderr)"

# Where memory is short: one line, no crash. (Sanitizers need more address space than that.)
if (ulimit -v 60000 && "$CDRGEN" --version >/dev/null 2>&1); then
    status=0
    (ulimit -v 120000 && "$CDRGEN" run --subs 40M --prefixes 3161,3162,3166,3167 --sink null --workers 2 --quiet 2>stderr) || status=$?
    ((status == 1)) || fail "too little memory: status $status: $(cat stderr)"
    [[ $(wc -l <stderr) == 1 ]] && grep -q 'out of memory for 40000000 subscribers' stderr || fail "too little memory: $(cat stderr)"
fi
echo "runs say what they should"
