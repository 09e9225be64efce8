#!/usr/bin/env bash
# How fast records get into a real broker: our sink, a plain producer and librdkafka's own performance tool, in alternation,
# with the same properties and record size, on a broker of its own on this machine.
#
#   bench/kafka_sink.sh [-n RECORDS] [-s BYTES] [-r ROUNDS] [-p PARTITIONS] [-z none|lz4|zstd] [-B BUILD] [-C]
#     -n   records a run (3000000)          -s   bytes of payload (157, our CSV)
#     -r   rounds of all three (7)          -p   partitions of the one topic (6)
#     -z   compression (none)               -B   build folder (build/release)
#     -C   payload as compressible as CSV for the first two (the tool can only repeat bytes)
#
# sink   bench_kafka_produce sink: slabs that are ready, so only the sink is measured, not generation and encoding
# plain  bench_kafka_produce plain: key and timestamp to rd_kafka_produceva, copied, partition by murmur2_random
# tool   rdkafka_performance: one buffer again and again, neither key nor timestamp. It is built here from the example
#        of librdkafka-dev, with stand-ins for the private headers that it includes.
#
# Prints each run, then medians. Goals: sink at least 1.5 x plain and 0.9 x tool. A first round is thrown away: brokers are
# slow until their code is compiled. Rates depend on what else runs here, CPU a record hardly does.
set -euo pipefail

source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
records=3000000 size=157 rounds=7 partitions=6 codec=none build=$source_dir/build/release payload=()
while getopts n:s:r:p:z:B:C option; do
    case $option in
        n) records=$OPTARG ;;
        s) size=$OPTARG ;;
        r) rounds=$OPTARG ;;
        p) partitions=$OPTARG ;;
        z) codec=$OPTARG ;;
        B) build=$OPTARG ;;
        C) payload=(-c) ;;
        *) exit 2 ;;
    esac
done
produce=$build/bench/bench_kafka_produce
example=/usr/share/doc/librdkafka-dev/examples/rdkafka_performance.c
[[ -x $produce ]] || { echo "bench/kafka_sink.sh: $produce is missing; build it, or give -B" >&2 && exit 2; }
[[ -r $example ]] || { echo "bench/kafka_sink.sh: $example is missing; install librdkafka-dev" >&2 && exit 2; }

work=$(mktemp -d "${TMPDIR:-/tmp}/cdrgen-bench.XXXXXX")
trap '"$source_dir/scripts/kafka" stop --dir "$work/cluster" >/dev/null; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

build_tool()
{
    mkdir -p "$work/src" "$work/examples"
    cp "$example" "$work/examples/"
    printf '#include <librdkafka/rdkafka.h>\n' >"$work/src/rdkafka.h"
    cat >"$work/src/rd.h" <<'C'
#ifndef STAND_IN_RD_H
#define STAND_IN_RD_H
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
typedef int64_t rd_ts_t;
#define RD_UNUSED __attribute__((unused))
#define RD_MAX(a, b) ((a) > (b) ? (a) : (b))
#define RD_MIN(a, b) ((a) < (b) ? (a) : (b))
#define rd_snprintf snprintf
#endif
C
    cat >"$work/src/rdtime.h" <<'C'
#include "rd.h"
static inline rd_ts_t rd_clock(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (rd_ts_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}
C
    "${CC:-cc}" -O2 -w -D_GNU_SOURCE -I"$work/src" -o "$work/tool" "$work/examples/rdkafka_performance.c" -lrdkafka -lpthread -lm
}

# What matters of the sink's defaults, said to all three. The queue is the tool's and the plain producer's only bound.
properties=(-X linger.ms=50 -X "compression.codec=$codec" -X enable.idempotence=true -X acks=all -X batch.num.messages=10000
    -X batch.size=1000000 -X queue.buffering.max.messages=1000000 -X socket.nagle.disable=true)

topics=0
fresh_topic()
{
    topic=bench$((topics++))
}

# The disk would fill: a topic goes when its run is over.
drop_topic()
{
    "$source_dir/scripts/kafka" tool --dir "$work/cluster" TopicCommand --bootstrap-server "$brokers" --delete --topic "$topic" \
        >/dev/null 2>&1
}

# "NAME records/s cpu_us" of one run.
run_ours()
{
    fresh_topic
    "$produce" "$1" -b "$brokers" -t "$topic" -p "$partitions" -n "$records" -s "$size" "${payload[@]}" "${properties[@]}" |
        awk '{ print $1, $7, $9 }'
    drop_topic
}
run_tool()
{
    fresh_topic
    "$produce" sink -b "$brokers" -t "$topic" -p "$partitions" -n 0 >/dev/null # makes the topic
    local TIMEFORMAT='%U %S'
    { time "$work/tool" -P -q -b "$brokers" -t "$topic" -c "$records" -s "$size" "${properties[@]}" >"$work/out" 2>&1; } 2>"$work/time"
    local rate
    rate=$(sed -n 's/.* in [0-9]*ms: \([0-9]*\) msgs\/s.*/\1/p' "$work/out" | tail -n 1)
    [[ -n $rate ]] || { cat "$work/out" >&2 && exit 1; }
    awk -v rate="$rate" -v n="$records" '{ printf "tool %d %.3f\n", rate, ($1 + $2) * 1e6 / n }' "$work/time"
    drop_topic
}

build_tool
"$source_dir/scripts/kafka" start --dir "$work/cluster" --property log.retention.check.interval.ms=5000 \
    --property file.delete.delay.ms=1000 >/dev/null
brokers=$(eval "$("$source_dir/scripts/kafka" env --dir "$work/cluster")" && echo "$CDRGEN_TEST_BROKERS")
for ((round = 0; round <= rounds; round++)); do
    {
        run_ours sink
        run_ours plain
        run_tool
    } | { if ((round > 0)); then tee -a "$work/results"; else sed 's/^/(warming up) /'; fi; }
done

echo "medians of $rounds rounds, $records records of $size bytes, $partitions partitions, compression $codec:"
median()
{
    awk -v name="$1" -v column="$2" '$1 == name { print $column }' "$work/results" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
for name in sink plain tool; do
    printf '%-6s %9d records/s  %6.3f us of CPU a record\n' "$name" "$(median $name 2)" "$(median $name 3)"
done
awk -v sink="$(median sink 2)" -v plain="$(median plain 2)" -v tool="$(median tool 2)" -v sink_cpu="$(median sink 3)" \
    -v plain_cpu="$(median plain 3)" -v tool_cpu="$(median tool 3)" 'BEGIN {
    printf "rate: sink / plain %.2f (goal 1.50), sink / tool %.2f (goal 0.90)\n", sink / plain, sink / tool
    printf "CPU:  plain / sink %.2f, tool / sink %.2f\n", plain_cpu / sink_cpu, tool_cpu / sink_cpu }'
