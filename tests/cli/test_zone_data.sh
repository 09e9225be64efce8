#!/usr/bin/env bash
# Zone data that differ only before the first midnight gave two datasets one id, since records may begin before it.
set -euo pipefail

WORK=$(mktemp -d "${TMPDIR:-/tmp}/cdrgen-test.XXXXXX")
trap 'rm -rf "$WORK"' EXIT
unset CDRGEN_CONFIG

die()
{
    echo "FAILED: $*" >&2
    exit 1
}

# zone NAME LINES…: its data, in a folder of that name.
zone()
{
    printf '%s\n' "${@:2}" >"$WORK/$1.zone"
    "$(PATH=$PATH:/usr/sbin command -v zic)" -b fat -d "$WORK/$1" "$WORK/$1.zone"
}

# id_of NAME: the dataset's, by that zone's data.
id_of()
{
    TZDIR=$WORK/$1 "$CDRGEN" run --subs 100 --start 2025-06-02 --sink null --dry-run --quiet 2>&1 | grep -Eo '\b[0-9a-f]{32}\b' | head -n 1
}

zone plain 'Zone Europe/Amsterdam 2:00 - CES'
zone midnight 'Zone Europe/Amsterdam 1:00 - CET 2025 Jun 1 23:00' '2:00 - CES'
zone days-ago 'Zone Europe/Amsterdam 1:00 - CET 2025 May 30' '2:00 - CES'
zone long-ago 'Zone Europe/Amsterdam 1:00 - CET 2025 May 1' '2:00 - CES'
plain=$(id_of plain)
[[ -n $plain ]] || die "no id"
[[ $(id_of midnight) != "$plain" ]] || die "an offset that changed at the first midnight has no part in the id"
[[ $(id_of days-ago) != "$plain" ]] || die "an offset that changed days before has no part in the id"
[[ $(id_of long-ago) == "$plain" ]] || die "an offset that changed a month before has a part in the id"
echo "zone data: all as promised"
