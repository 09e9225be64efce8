#!/usr/bin/env bash
# judge: in an output of sixty thousand windows over 64 partitions, one record that is lost is named by topic, partition, offset and id,
# and a partition that was not read by its number.
set -euo pipefail
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
cd "$temporary"

fail()
{
    echo "FAILED: $*"
    exit 1
}

echo '{"from": "data", "window": {"tumble": "1m"}, "select": {"records": "count", "bytes": "sum(data_bytes_total)"}}' \
    >minutes.json
settings=(--subs 2000 --days 42 --start 2025-01-01 --partitions 64)
"$CDRGEN" expect minutes.json "${settings[@]}" >right.csv
(($(wc -l <right.csv) > 60000)) || fail "only $(wc -l <right.csv) windows"
"$CDRGEN" run "${settings[@]}" -q --out out --format csv --fields end_ts_ms,data_bytes_total,record_id

# judged PATTERN: the rows on standard input are wrong, and so
judged()
{
    local status=0
    "$CDRGEN" judge minutes.json "${settings[@]}" --show 3 >said 2>&1 || status=$?
    ((status == 1)) || fail "status $status: $(cat said)"
    grep -Eq -- "$1" said || fail "no /$1/ in $(cat said)"
}

# without: right.csv without the records on standard input
without()
{
    awk -F '[;,]' -v OFS=, -v CONVFMT=%.0f 'NR == FNR { start = $1 - $1 % 60000; n[start]++; s[start] += $2; next }
        $1 in n { $3 -= n[$1]; $4 -= s[$1] } FNR == 1 || $3 > 0' - right.csv
}

files=$(find out -path '*data*' -name 'part-0037-*' | sort)
log=$(for file in $files; do tail -n +2 "$file"; done)
offset=$(($(wc -l <<<"$log") / 2))
lost=$(sed -n "$((offset + 1))p" <<<"$log")
without <<<"$lost" | judged "as if this record was lost: cdr.data\[37\] offset $offset id ${lost##*;}\$"
without <<<"$log" | judged "why: partition 37 of the data topic was not read; this explains"
