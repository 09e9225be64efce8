#!/usr/bin/env bash
# `cdrgen trace MSISDN` prints what the whole dataset has of that subscriber, in order, for the busiest, the laziest and some between.
set -euo pipefail
source "$SOURCE_DIR/tests/property/lib.sh"

for current in $(seeds 201-212); do
    dataset
    run --sink file --out "$WORK/out"
    for msisdn in $("$PYTHON" "$SOURCE_DIR/tests/property/check_logs.py" owners "$WORK/out" 8); do
        "$CDRGEN" trace "$msisdn" "${model[@]}" >"$WORK/trace" || die "trace $msisdn ${model[*]} ended with $?"
        "$PYTHON" "$SOURCE_DIR/tests/property/check_logs.py" owner "$WORK/out" "$msisdn" "$WORK/trace" || die "trace $msisdn ${model[*]}"
    done
    rm -rf "$WORK/out"
done

# Subscribers without a record have an empty trace, and the numbers are those of the table.
current=table
model=(--subs 40 --seed 9)
run --sink file --out "$WORK/out"
"$CDRGEN" subscribers "${model[@]}" | cmp - "$WORK/out/subscribers.csv" || die "the tables differ"
"$CDRGEN" cells "${model[@]}" | cmp - "$WORK/out/cells.csv" || die "the tables of cells differ"
while IFS=, read -r msisdn _; do
    [[ $msisdn != msisdn ]] || continue
    "$CDRGEN" trace "$msisdn" "${model[@]}" >"$WORK/trace" || die "trace $msisdn ended with $?"
    "$PYTHON" "$SOURCE_DIR/tests/property/check_logs.py" owner "$WORK/out" "$msisdn" "$WORK/trace" || die "trace $msisdn ${model[*]}"
done <"$WORK/out/subscribers.csv"
