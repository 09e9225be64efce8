#!/usr/bin/env bash
# Kafka Streams itself computes windows over the records of a run, late ones among them: it drops those that
# `expect --late streams:` says, and no other; `judge` says so, and names the grace where it is told another. Each partition
# goes through a driver of Streams' own (tests/java/StreamsWindows.java).
set -euo pipefail
jars=${CDRGEN_TEST_STREAMS_JARS:-}
unset "${!CDRGEN_@}" 2>/dev/null || true
if [[ -z $jars ]]; then
    echo "SKIP: CDRGEN_TEST_STREAMS_JARS is not set (scripts/test sets it)"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export TMPDIR=$work

fail()
{
    echo "FAILED: $*" >&2
    exit 1
}

cat >calls.json <<'QUERY'
{"from": "call", "where": {"direction": "MO", "cause_for_record_closing": ["normalRelease", "abnormalRelease"]},
 "window": {"tumble": "5m"}, "by": "msisdn_src", "select": {"calls": "count", "seconds": "sum(duration_sec)"}}
QUERY

# verdict STATUS PATTERN ARGUMENTS…: what judge says of Streams' rows.
verdict()
{
    local wanted=$1 pattern=$2 status=0
    shift 2
    "$CDRGEN" judge ./calls.json "${settings[@]}" --in rows.csv "$@" >said 2>&1 || status=$?
    if ((status != wanted)) || ! grep -Eq -- "$pattern" said; then
        fail "judge $*: status $status, wanted $wanted and /$pattern/, not: $(cat said)"
    fi
}

for seed in 1 2; do
    settings=(--subs 1500 --days 2 --start 2025-03-29 --seed $seed --late-share 0.1 --late-max 20m --partitions 3)
    rm -rf out
    "$CDRGEN" run "${settings[@]}" --out out --quiet
    dropped=$(java -cp "$jars/*" "$SOURCE_DIR/tests/java/StreamsWindows.java" out 120000 rows.csv)
    late=$("$CDRGEN" expect ./calls.json "${settings[@]}" --late streams:2m |
        awk -F , 'NR > 1 { n += $8 } END { print n + 0 }')
    echo "seed $seed: Streams dropped $dropped records and has $(($(wc -l <rows.csv) - 1)) rows"
    ((dropped > 50)) || fail "Streams dropped only $dropped records: is there anything to be seen?"
    [[ $dropped == "$late" ]] || fail "Streams dropped $dropped records, not $late"
    verdict 0 '^right: ' --late streams:2m
    grep -Eq "of $dropped late records .*, ([0-9]+) rows lack some; \1 rows have all but those" said || fail "$(cat said)"
    verdict 1 'why: records more than 2m late were dropped; this explains ([0-9]+) of \1 rows'
    verdict 1 'why: records more than 2m late were dropped' --late streams:4m
    verdict 0 '^right: ' --late streams:1m # it may, but need not drop more
    java -cp "$jars/*" "$SOURCE_DIR/tests/java/StreamsWindows.java" out 1200000 rows.csv >dropped
    [[ $(cat dropped) == 0 ]] || fail "Streams dropped records although none is as late"
    verdict 0 '^right: '
done

cat >breaks.json <<'QUERY'
{"from": "call", "where": {"direction": "MO", "cause_for_record_closing": ["normalRelease", "abnormalRelease"]},
 "window": {"session": "30m"}, "by": "msisdn_src", "select": {"calls": "count", "seconds": "sum(duration_sec)"}}
QUERY
echo "sessions"
java -cp "$jars/*" "$SOURCE_DIR/tests/java/StreamsWindows.java" out 1200000 rows.csv 1800000 >dropped
[[ $(cat dropped) == 0 ]] || fail "Streams dropped records of sessions although none is as late"
"$CDRGEN" judge ./breaks.json "${settings[@]}" --in rows.csv >said 2>&1 || fail "sessions: $(cat said)"
dropped=$(java -cp "$jars/*" "$SOURCE_DIR/tests/java/StreamsWindows.java" out 0 rows.csv 60000)
sed -i 's/30m/1m/' breaks.json
"$CDRGEN" expect ./breaks.json "${settings[@]}" --late streams:0s >bounds.csv
late=$(awk -F , 'NR > 1 { n += $8 } END { print n + 0 }' bounds.csv)
echo "Streams dropped $dropped of $late records of sessions that may be left out"
((dropped > 20 && dropped <= late)) || fail "Streams dropped $dropped records of sessions; $late may be left out"
# What Streams has of each session lies between what must be there and all.
awk -F , 'FNR == 1 { next }
    FILENAME == "rows.csv" { n[$2]++; start[$2, n[$2]] = $1; calls[$2, n[$2]] = $3; next }
    { found = 0
      for (i = 1; i <= n[$3]; i++) if (start[$3, i] >= $1 && start[$3, i] <= $2 - 60000) found += calls[$3, i]
      all += found
      if (found < $6 || found > $4) { print "session " $0 ": found " found " calls"; exit 1 } }
    END { print all " calls in sessions" }' rows.csv bounds.csv >said || fail "$(cat said)"
