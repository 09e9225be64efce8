#!/usr/bin/env bash
# Records a second and CPU a record into a real broker, in alternation: cdrgen, a plain producer, librdkafka's own benchmark.
#
#   bench/end_to_end.sh [ROUNDS [SUBSCRIBERS]]     (5 rounds, 100000 subscribers: 2 million records each)
#
# Needs a built build/release with bench_kafka_produce and a broker in CDRGEN_TEST_BROKERS (scripts/kafka start). All use the same
# librdkafka, the same properties and the same bytes a record. rdkafka_performance is built here from the distribution's
# example, with a shim for the few private macros it uses; it sends constant bytes without key and timestamp.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
rounds=${1:-5}
subscribers=${2:-100000}
: "${CDRGEN_TEST_BROKERS:?start a broker: eval \"\$(scripts/kafka env)\"}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
properties=(-X acks=all -X enable.idempotence=true -X linger.ms=50 -X compression.codec=none
    -X queue.buffering.max.messages=1000000 -X queue.buffering.max.kbytes=262144 -X batch.num.messages=10000 -X batch.size=1000000)

build_performance()
{
    mkdir -p "$work/examples" "$work/src"
    cp /usr/share/doc/librdkafka-dev/examples/rdkafka_performance.c "$work/examples/"
    : >"$work/src/rd.h"
    cat >"$work/examples/rd.h" <<'SHIM'
#pragma once
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <sys/time.h>
#include <unistd.h>
#include <stdlib.h>
#define RD_MAX(a, b) ((a) > (b) ? (a) : (b))
#define RD_MIN(a, b) ((a) < (b) ? (a) : (b))
#define rd_snprintf snprintf
typedef int64_t rd_ts_t;
static inline rd_ts_t rd_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * (rd_ts_t)1000000 + now.tv_nsec / 1000;
}
SHIM
    : >"$work/examples/rdtime.h"
    cc -O2 -w -D_GNU_SOURCE -I/usr/include/librdkafka -I"$work/examples" -o "$work/performance" \
        "$work/examples/rdkafka_performance.c" -lrdkafka -lpthread -lm
}

# name, records, command…: one line of figures
measure()
{
    local name=$1 records=$2
    shift 2
    local TIMEFORMAT='%R %U %S'
    local times
    times=$({ time "$@" >"$work/out" 2>&1 || { cat "$work/out" >&2; exit 1; }; } 2>&1) || { echo "$times" >&2; return 1; }
    awk -v name="$name" -v records="$records" '{printf "%-12s %9d records  %7.0f k/s  %.3f us of CPU a record\n", name, records,
        records / $1 / 1000, ($2 + $3) / records * 1e6}' <<<"$times" | tee -a "$work/figures"
}

build_performance
summary=$("$top/build/release/cdrgen" run --subs "$subscribers" --sink null --quiet --summary -)
records=$(python3 -c 'import json,sys; s=json.load(sys.stdin); print(s["records"])' <<<"$summary")
bytes=$(python3 -c 'import json,sys; s=json.load(sys.stdin); print(round(s["bytes"]/s["records"]))' <<<"$summary")
echo "$records records of $bytes bytes, 18 partitions"
for round in $(seq "$rounds"); do
    prefix="bench$$-$round."
    measure cdrgen "$records" "$top/build/release/cdrgen" run --subs "$subscribers" -b "$CDRGEN_TEST_BROKERS" --create-topics \
        --topic-prefix "${prefix}c." --quiet "${properties[@]}"
    measure plain "$records" "$top/build/release/bench/bench_kafka_produce" plain -b "$CDRGEN_TEST_BROKERS" -t "${prefix}p" -p 18 \
        -n "$records" -s "$bytes" -c "${properties[@]}"
    # Its topic is made by our own bench, with one record, since it creates none.
    "$top/build/release/bench/bench_kafka_produce" plain -b "$CDRGEN_TEST_BROKERS" -t "${prefix}r" -p 18 -n 1 -s "$bytes" >/dev/null
    measure performance "$records" "$work/performance" -P -t "${prefix}r" -b "$CDRGEN_TEST_BROKERS" -s "$bytes" -c "$records" \
        -a -1 "${properties[@]}" -q
done
python3 - "$work/figures" <<'PYTHON'
import statistics, sys
rates, cpu = {}, {}
for line in open(sys.argv[1]):
    words = line.split()
    rates.setdefault(words[0], []).append(float(words[3]))
    cpu.setdefault(words[0], []).append(float(words[5]))
for name in rates:
    print(f"{name:12} median {statistics.median(rates[name]):7.0f} k/s  {statistics.median(cpu[name]):.3f} us")
for other in ("plain", "performance"):
    ratios = [a / b for a, b in zip(rates["cdrgen"], rates[other])]
    print(f"cdrgen / {other}: rate median {statistics.median(ratios):.2f} (min {min(ratios):.2f}, max {max(ratios):.2f}), "
          f"CPU {statistics.median(a / b for a, b in zip(cpu['cdrgen'], cpu[other])):.2f}")
PYTHON
