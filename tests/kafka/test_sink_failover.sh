#!/usr/bin/env bash
# The Kafka sink with three brokers of which one is killed under load, and with two gone for longer than the limit: every
# log is what was written, at its offsets, to the end or up to where it stops.
set -euo pipefail
source "$SOURCE_DIR/tests/kafka/lib.sh"

driver=$BUILD_DIR/tests/sink_driver
start_cluster --brokers 3

drive()
{
    "$driver" -b "$CDRGEN_TEST_BROKERS" --replication 3 --create-topics "$@"
}

cluster()
{
    "$SOURCE_DIR/scripts/kafka" "$@" --dir "$CLUSTER" >/dev/null
}

# check_prefixes PREFIX [COUNT]: each log holds the records 0 … n-1 and nothing else, where given n = COUNT. Prints their
# number.
check_prefixes()
{
    local type partition seen sum=0
    for type in call sms data; do
        for partition in 0 1 2; do
            seen=$(kcat -b "$CDRGEN_TEST_BROKERS" -C -q -e -t "$1$type" -p "$partition" -o 0 -f '%o %k %s\n' |
                awk -v topic="$1$type" -v partition="$partition" '
                    { if ($1 != n || $2 != "k" partition || $3 != topic || $4 != partition || $5 != n) bad = bad ? bad : $0
                      n++ }
                    END { if (bad) { print "wrong: " bad; exit 1 } print n + 0 }') || die "$1$type[$partition]: $seen"
            [[ -z ${2:-} || $seen == "$2" ]] || die "$1$type[$partition] holds $seen records, not $2"
            sum=$((sum + seen))
        done
    done
    echo "$sum"
}

# A broker dies while records flow, and comes back.
records=200000
drive --prefix killed. --records $records --filler 200 >"$WORK/out" 2>"$WORK/err" &
run=$!
until [[ -n $(admin list killed.data) && $(count_records killed.call 2>/dev/null) -gt 1000 ]]; do
    kill -0 $run 2>/dev/null || die "the run ended before a broker was killed: $(cat "$WORK/out" "$WORK/err")"
done
cluster kill 2
kill -0 $run 2>/dev/null || die "the run ended before the broker was dead"
sleep 3
cluster restart 2
wait $run || die "the run failed: $(cat "$WORK/err")"
expect_equal "$(cat "$WORK/out")" "accepted $((9 * records)) durable $((9 * records))"
check_prefixes killed. $records >/dev/null

# Two of three are gone for longer than the limit: with min.insync.replicas=2 nothing can be acknowledged.
coproc HELD { drive --prefix stalled. --records 20000 --hold -X delivery.timeout.ms=4000 2>"$WORK/err"; }
held=$HELD_PID
read -r line <&"${HELD[0]}"
expect_equal "$line" holding
cluster pause 2
cluster pause 3
echo go >&"${HELD[1]}"
status=0
wait $held || status=$?
expect_equal "$status" 1 "status of a run that could not go on"
grep -Eq '^AWAY: stalled.[a-z]*\[[0-2]\]: no record was acknowledged for 4000 ms \(delivery.timeout.ms\), [0-9]+ are under way' \
    "$WORK/err" || die "the limit is not told: $(cat "$WORK/err")"
cluster resume 2
cluster resume 3
sleep 8 # leaders are found again
sum=$(check_prefixes stalled.)
((sum >= 90000 && sum <= 180000)) || die "the logs hold $sum records together"
