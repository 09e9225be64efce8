#!/usr/bin/env bash
# What docs/fault-readers.md says that Python's readers do with broken messages is what they do.
set -euo pipefail
source "${SOURCE_DIR:?}/tests/kafka/lib.sh"
need_cluster registry

"$SOURCE_DIR/scripts/fault-readers" --program "$CDRGEN" --readers python >"$WORK/tables" 2>"$WORK/log" ||
    die "scripts/fault-readers: $(tail -n 20 "$WORK/log")"

# cells FILE: kind, messages and what Python's readers did, of each row of both tables.
cells()
{
    awk -F ' *[|] *' '
        /^[|] kind/ { for (i = 1; i <= NF; i++) if ($i ~ /Python/) column = i }
        /^[|] `/ { print $2, $3, $column }' "$1"
}
cells "$SOURCE_DIR/docs/fault-readers.md" >"$WORK/documented"
cells "$WORK/tables" >"$WORK/found"
(($(wc -l <"$WORK/found") == 20)) || die "not 20 kinds: $(cat "$WORK/found")"
diff "$WORK/documented" "$WORK/found" || die "docs/fault-readers.md says otherwise: scripts/fault-readers makes its tables again"
