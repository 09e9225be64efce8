#!/usr/bin/env bash
# Records a second and CPU a record of `cdrgen verify`, against a bare librdkafka consumer of the same topics, in alternation.
#
#   bench/verify.sh [ROUNDS [SUBSCRIBERS [FORMAT]]]     (7 rounds, 250000 subscribers: 5 million records, csv)
#
# Needs a built build/release with bench_kafka_consume ($BUILD_DIR for another folder), and a broker in CDRGEN_TEST_BROKERS (scripts/kafka
# start and env). Topics are written once, uncompressed (PROPERTY=compression.codec=lz4 for another way), and read from the broker's page cache. Times are whole
# processes; time that the host of a virtual machine stole is taken off.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${BUILD_DIR:-$top/build/release}
rounds=${1:-7} subscribers=${2:-250000} format=${3:-csv}
: "${CDRGEN_TEST_BROKERS:?start a broker: eval \"\$(scripts/kafka env)\"}"
python=${CDRGEN_TEST_PYTHON:-$HOME/.cache/cdrgen/python/bin/python}
work=$(mktemp -d)
prefix=bench$(date +%s).

end_of_bench()
{
    "$python" "$top/tests/kafka/admin.py" delete "${prefix}call" "${prefix}sms" "${prefix}data" 2>"$work/delete" || cat "$work/delete" >&2
    rm -rf "$work"
}
trap end_of_bench EXIT

# Of all processors, in ticks: all, and what the host took away.
ticks()
{
    awk '/^cpu / {print $2 + $3 + $4 + $5 + $6 + $7 + $8 + $9, $9}' /proc/stat
}

# name, records, command...
measure()
{
    local name=$1 records=$2
    shift 2
    local TIMEFORMAT='%R %U %S' times before after
    before=$(ticks)
    times=$({ time "$@" >"$work/out" 2>&1 || { cat "$work/out" >&2; exit 1; }; } 2>&1) || { echo "$times" >&2; return 1; }
    after=$(ticks)
    awk -v name="$name" -v records="$records" '{stolen = ($7 - $5) / ($6 - $4)
        printf "%-8s %9d records  %7.0f k/s  %.3f us of CPU a record, %.1f %% of the time stolen\n", name, records,
            records / $1 / (1 - stolen) / 1000, ($2 + $3) / records * 1e6, stolen * 100}' <<<"$times $before $after" | tee -a "$work/figures"
}

"$build/cdrgen" run --quiet --subs "$subscribers" --format "$format" -b "$CDRGEN_TEST_BROKERS" --create-topics --topic-prefix "$prefix" \
    -X "${PROPERTY:-compression.codec=none}" --summary "$work/summary" 2>/dev/null
records=$(python3 -c 'import json,sys; print(json.load(sys.stdin)["records"])' <"$work/summary")
run_verify()
{
    measure verify "$records" "$build/cdrgen" verify --quiet --subs "$subscribers" --format "$format" -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix"
}
run_bare()
{
    measure bare "$records" "$build/bench/bench_kafka_consume" "$CDRGEN_TEST_BROKERS" "${prefix}call" "${prefix}sms" "${prefix}data"
}

# A first round is thrown away; then the order turns round by round.
for round in $(seq 0 "$rounds"); do
    if ((round % 2 == 0)); then
        run_verify
        run_bare
    else
        run_bare
        run_verify
    fi
    ((round > 0)) || : >"$work/figures"
done
echo "medians:"
for name in verify bare; do
    awk -v name="$name" '$1 == name {print $4, $6}' "$work/figures" | sort -n |
        awk -v name="$name" '{rate[NR] = $1; cpu[NR] = $2} END {m = int((NR + 1) / 2); printf "%-8s %7.0f k/s  %.3f us\n", name, rate[m], cpu[m]}'
done
