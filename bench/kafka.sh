#!/usr/bin/env bash
# Records a second and CPU a record into a real broker, in alternation: cdrgen, a plain producer, librdkafka's own benchmark.
#
#   bench/kafka.sh [ROUNDS [SUBSCRIBERS]]     (7 rounds, 500000 subscribers: 10 million records each)
#
# Needs a built build/release with bench_kafka_produce, and from scripts/kafka start and env a broker in CDRGEN_TEST_BROKERS and a
# Python with confluent_kafka in CDRGEN_TEST_PYTHON. Topics are made before a run and deleted behind it; keep the broker's folder
# in memory (--dir /dev/shm/...) where the disk is not what you measure. All use the same librdkafka, properties and bytes a record. rdkafka_performance is built here from the distribution's
# example, with a shim for the few private macros it uses; it sends constant bytes without key and timestamp.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
rounds=${1:-7}
subscribers=${2:-500000}
: "${CDRGEN_TEST_BROKERS:?start a broker: eval \"\$(scripts/kafka env)\"}"
python=${CDRGEN_TEST_PYTHON:-$HOME/.cache/cdrgen/python/bin/python}
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

# create|delete TOPIC:PARTITIONS...
topics()
{
    "$python" - "$CDRGEN_TEST_BROKERS" "$@" <<'PYTHON'
import sys, time
from confluent_kafka.admin import AdminClient, NewTopic
admin = AdminClient({"bootstrap.servers": sys.argv[1]})
config = {"retention.ms": "-1", "file.delete.delay.ms": "500", "message.timestamp.after.max.ms": str(2**63 - 1)}
topics = [t.split(":") for t in sys.argv[3:]]
if sys.argv[2] == "create":
    made = admin.create_topics([NewTopic(n, int(p), 1, config=config) for n, p in topics])
else:
    made = admin.delete_topics([n for n, _ in topics])
for future in made.values():
    future.result()
time.sleep(0.7)  # the broker has opened, or deleted, the files
PYTHON
}

# Of all processors, in ticks: all, and what the host of a virtual machine took away.
ticks()
{
    awk '/^cpu / {print $2 + $3 + $4 + $5 + $6 + $7 + $8 + $9, $9}' /proc/stat
}

# name, records, topics, command...: one line of figures. Time that the host stole is taken off.
measure()
{
    local name=$1 records=$2 topics=$3
    shift 3
    local TIMEFORMAT='%R %U %S'
    local times before after
    # shellcheck disable=SC2086 # a list
    topics create $topics
    before=$(ticks)
    times=$({ time "$@" >"$work/out" 2>&1 || { cat "$work/out" >&2; exit 1; }; } 2>&1) || { echo "$times" >&2; return 1; }
    after=$(ticks)
    # shellcheck disable=SC2086
    topics delete $topics
    awk -v name="$name" -v records="$records" '{stolen = ($7 - $5) / ($6 - $4)
        printf "%-12s %9d records  %7.0f k/s  %.3f us of CPU a record, %.1f %% of the time stolen\n", name, records,
            records / $1 / (1 - stolen) / 1000, ($2 + $3) / records * 1e6, stolen * 100}' <<<"$times $before $after" | tee -a "$work/figures"
}

build_performance
summary=$("$top/build/release/cdrgen" run --subs "$subscribers" --sink null --quiet --summary -)
records=$(python3 -c 'import json,sys; s=json.load(sys.stdin); print(s["records"])' <<<"$summary")
bytes=$(python3 -c 'import json,sys; s=json.load(sys.stdin); print(round(s["bytes"]/s["records"]))' <<<"$summary")
echo "$records records of $bytes bytes, 18 partitions"
run_cdrgen()
{
    measure cdrgen "$records" "$1call:6 $1sms:6 $1data:6" "$top/build/release/cdrgen" run --subs "$subscribers" \
        -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$1" --quiet "${properties[@]}"
}
run_plain()
{
    measure plain "$records" "$1p:18" "$top/build/release/bench/bench_kafka_produce" plain -b "$CDRGEN_TEST_BROKERS" -t "$1p" -p 18 \
        -n "$records" -s "$bytes" -c "${properties[@]}"
}
run_performance()
{
    measure performance "$records" "$1r:18" "$work/performance" -P -t "$1r" -b "$CDRGEN_TEST_BROKERS" -s "$bytes" -c "$records" \
        -a -1 "${properties[@]}" -q
}

# A first round is thrown away: brokers are slow until their code is compiled. Then the order turns round by round.
for round in $(seq 0 "$rounds"); do
    names=(cdrgen plain performance)
    [[ $((round % 2)) == 0 ]] || names=(performance plain cdrgen)
    for name in "${names[@]}"; do "run_$name" "bench$$-$round-"; done
    [[ $round != 0 ]] || : >"$work/figures"
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
    print(f"cdrgen / {other}: medians' ratio {statistics.median(rates['cdrgen']) / statistics.median(rates[other]):.2f}")
    print(f"cdrgen / {other}: rate median {statistics.median(ratios):.2f} (min {min(ratios):.2f}, max {max(ratios):.2f}), "
          f"CPU {statistics.median(a / b for a, b in zip(cpu['cdrgen'], cpu[other])):.2f}")
PYTHON
