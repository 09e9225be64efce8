#!/usr/bin/env bash
# expect --late: which records are late does not depend on how many workers there are, also where an hour of a log is several tasks,
# which workers have in hand at once.
set -euo pipefail
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT

answer()
{
    "$CDRGEN" expect cell_load --subs 20000 --days 1 --start 2025-01-01 --partitions 1 --late-share 0.1 --late-max 20m \
        --late streams:1m --workers "$1" >"$temporary/$2"
}

answer 1 one
for ((round = 1; round <= ${CDRGEN_TEST_ROUNDS:-5}; round++)); do
    answer 8 eight
    if ! cmp "$temporary/one" "$temporary/eight"; then
        echo "FAILED: round $round: the answer of eight workers is another"
        exit 1
    fi
done
