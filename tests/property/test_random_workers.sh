#!/usr/bin/env bash
# Every log is the same for 1, 2, 3, 5 and 8 workers, for any split in shards, at any pace; topics' digests add up over shards.
set -euo pipefail
source "$SOURCE_DIR/tests/property/lib.sh"

# add_up WHOLE SHARD…: topics' counts, digests and sums of the shards make those of the whole, modulo 2^64.
add_up()
{
    "$PYTHON" - "$@" <<'PYTHON' || die "shards do not add up: ${model[*]}"
import json, sys
whole, *shards = (json.load(open(path))["topics"] for path in sys.argv[1:])
for topic, wanted in whole.items():
    for name in ("records", "bytes"):
        assert sum(shard[topic][name] for shard in shards) == wanted[name], (topic, name)
    for name in ("digest", "sum"):
        assert sum(int(shard[topic][name], 16) for shard in shards) % 2**64 == int(wanted[name], 16), (topic, name)
PYTHON
}

for current in $(seeds "$([[ ${SANITIZER:-} == thread ]] && echo 1-5 || echo 1-16)"); do
    dataset
    format=$(pick format csv avro json)
    run --sink null --format "$format" --workers 1 --summary "$WORK/whole"
    for workers in 2 3 5 8; do
        run --sink null --format "$format" --workers $workers --summary "$WORK/workers"
        same_logs "$WORK/whole" "$WORK/workers"
    done
    for shards in 2 3; do
        ((shards <= P)) || continue
        parts=()
        for ((i = 0; i < shards; i++)); do
            run --sink null --format "$format" --workers $((i + 1)) --shard $i/$shards --summary "$WORK/shard-$i"
            parts+=("$WORK/shard-$i")
        done
        same_logs "$WORK/whole" "${parts[@]}"
        add_up "$WORK/whole" "${parts[@]}"
    done
    run --sink null --format "$format" --workers 3 --speed 1000000 --summary "$WORK/paced"
    same_logs "$WORK/whole" "$WORK/paced"
    run --sink null --format "$format" --workers 2 --rate 1G/s --summary "$WORK/paced"
    same_logs "$WORK/whole" "$WORK/paced"
done

# Many slices an hour, several chunks of subscribers, all workers busy.
current=large
model=(--seed 3 --subs 20000 --start 2025-03-30 --partitions 1 --late-share 0.02 --partial 10m)
run --sink null --workers 1 --summary "$WORK/whole"
for workers in 2 8; do
    run --sink null --workers $workers --summary "$WORK/workers"
    same_logs "$WORK/whole" "$WORK/workers"
done

# Another seed, order, number of partitions or subscribers, and it is another dataset.
current=different
model=(--subs 300)
run --sink null --summary "$WORK/whole"
for flag in "--seed 43" "--subs 301" "--partitions 5" "--order start" "--tz Europe/London" "--late-share 0.01" \
    "--start 2025-01-02" "--cells 1500" "--calls 3.6" "--partial 5m" "--leave-prob 0.001"; do
    # shellcheck disable=SC2086
    run --sink null $flag --summary "$WORK/other"
    [[ $(jq .dataset_id "$WORK/whole") != "$(jq .dataset_id "$WORK/other")" ]] || die "$flag keeps the dataset id"
    [[ $(jq .topics "$WORK/whole") != "$(jq .topics "$WORK/other")" ]] || die "$flag keeps the records"
done
run --sink null --days 2 --summary "$WORK/other"
[[ $(jq .dataset_id "$WORK/whole") == "$(jq .dataset_id "$WORK/other")" ]] || die "--days changes the dataset id"
