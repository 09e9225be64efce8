#!/usr/bin/env bash
# Memory does not grow with the days, and a million subscribers need less than 100 MB.
set -euo pipefail
for variable in "${!CDRGEN_@}"; do
    unset "$variable"
done

fail()
{
    echo "FAILED: $*" >&2
    exit 1
}

if nm "$CDRGEN" 2>/dev/null | grep -q '__[at]san_init'; then
    echo "a sanitizer's memory is not ours: skipped"
    exit 0
fi

# peak FLAGS…: bytes
peak()
{
    "$CDRGEN" run --sink null --workers 2 --quiet --summary - "$@" | jq .peak_rss_bytes
}

one=$(peak --subs 100k --days 1)
many=$(peak --subs 100k --days 8)
awk -v one="$one" -v many="$many" 'BEGIN { exit !(many < 1.05 * one + 1e6) }' || fail "1 day: $one bytes, 8 days: $many"
million=$(peak --subs 1M --days 1)
((million < 100000000)) || fail "a million subscribers: $million bytes"
paced=$(peak --subs 100k --days 1 --speed 1000000)
((paced < 100000000)) || fail "paced: $paced bytes"
echo "1 day: $one, 8 days: $many, a million subscribers: $million, paced: $paced bytes"
