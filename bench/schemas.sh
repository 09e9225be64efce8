#!/usr/bin/env bash
# What a schema of one's own costs: whole runs into the null sink, one worker, in alternation. The own schemas have the
# built-in ones' fields in another order, so that a compiled program encodes them.
#
#   bench/schemas.sh [ROUNDS [SUBSCRIBERS]]
#     ROUNDS       of each, 5 if not given
#     SUBSCRIBERS  of a day, 100000 if not given: 2 M records
#
# Prints ns of CPU a record, the median of the rounds, and the ratio. $CDRGEN is the program, build/release/cdrgen if not
# set.
set -euo pipefail

source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cdrgen=${CDRGEN:-$source_dir/build/release/cdrgen}
rounds=${1:-5}
subscribers=${2:-100000}
work=$(mktemp -d "${TMPDIR:-/tmp}/cdrgen-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT

for type in call sms data; do
    python3 - "$source_dir/schemas/cdr_$type.avsc" >"$work/$type.avsc" <<'PYTHON'
import json
import sys

schema = json.load(open(sys.argv[1], encoding="utf-8"))
schema["fields"].append(schema["fields"].pop(0))
print(json.dumps(schema))
PYTHON
done

# run NAME [arguments]: adds the run's ns of CPU a record to NAME's list.
run()
{
    local name=$1
    shift
    "$cdrgen" run --sink null --format avro --workers 1 --subs "$subscribers" --start 2025-01-01 --days 1 --quiet \
        --summary "$work/summary.json" "$@"
    python3 -c 'import json, sys
s = json.load(open(sys.argv[1], encoding="utf-8"))
print("%.1f" % (s["cpu_s"] / s["records"] * 1e9))' "$work/summary.json" >>"$work/$name"
}

median()
{
    sort -n "$1" | sed -n "$(((rounds + 1) / 2))p"
}

for ((round = 0; round < rounds; round++)); do
    run built-in
    run own --schema call="$work/call.avsc" --schema sms="$work/sms.avsc" --schema data="$work/data.avsc"
done
python3 -c 'import sys
built_in, own = map(float, sys.argv[1:])
print(f"built-in {built_in:.1f} ns of CPU a record, own {own:.1f}: {own / built_in:.2f} times as much")' \
    "$(median "$work/built-in")" "$(median "$work/own")"
