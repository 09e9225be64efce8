#!/bin/bash
# A manifest of a run that was interrupted, in which somebody set "complete" to true: --resume said that there is nothing to do,
# and ended with status 0, though records were missing. It now has a checksum of what it says.
set -euo pipefail
unset "${!CDRGEN_@}" 2> /dev/null || true
work=$(mktemp -d "${TMPDIR:-/tmp}/cdrgen-manifest.XXXXXX")
trap 'rm -rf "$work"' EXIT
model=(--subs 1500 --start 2025-03-29 --seed 7 --quiet)

fail() { echo "FAILED: $*" >&2; exit 1; }

# resumed STATUS OUT TEXT: what a resume comes to, and says.
resumed()
{
    local status=0
    "$CDRGEN" run "${model[@]}" --days 2 --out "$2" --resume 2> "$work/err" || status=$?
    [ "$status" = "$1" ] || fail "$2: status $status, not $1: $(cat "$work/err")"
    [ -z "$3" ] || grep -Eq "$3" "$work/err" || fail "$2: does not say '$3': $(cat "$work/err")"
}

same() { diff -r "$work/whole" "$1" > "$work/diff" || fail "$1: $(head -5 "$work/diff")"; }

"$CDRGEN" run "${model[@]}" --days 2 --out "$work/whole" 2> /dev/null
resumed 0 "$work/whole" ''

# Of the first day alone, as one that is complete with the two days.
"$CDRGEN" run "${model[@]}" --out "$work/day" 2> /dev/null
for change in 's/"days": 1/"days": 2/' 's/"complete": true/"complete": false/' 's/"records": \([0-9]*\)1,/"records": \12,/' \
    '0,/"records": [0-9]*,$/s//"records": 5,/' '0,/"bytes": [0-9]*,$/s//"bytes": 7,/' '/^ *"bytes": [0-9]*,$/d'; do # of topics, partitions
    rm -rf "$work/changed"
    cp -r "$work/day" "$work/changed"
    sed -i "$change" "$work/changed/manifest.json"
    ! diff -q "$work/day/manifest.json" "$work/changed/manifest.json" > /dev/null || fail "$change changes nothing"
    resumed 2 "$work/changed" 'manifest.json (has another checksum|cannot be understood)'
done

# Of a run that was interrupted on the second day.
"$CDRGEN" run "${model[@]}" --days 2 --out "$work/cut" --speed 40000 2> /dev/null &
run=$!
for _ in $(seq 200); do
    ! ls "$work"/cut/*/date=2025-03-30 > /dev/null 2>&1 || break
    sleep 0.05
done
kill -INT $run
wait $run || true
grep -q '"complete": false' "$work/cut/manifest.json" || fail "the run was not cut"
cp -r "$work/cut" "$work/claims"
sed -i 's/"complete": false/"complete": true/' "$work/claims/manifest.json"
resumed 2 "$work/claims" 'manifest.json has another checksum than what it says of the dataset.*--overwrite'

# Without the checksum, as older ones are, none is believed to be complete: what is missing is found out, and written.
jq 'del(.checksum) | .complete = true' "$work/cut/manifest.json" > "$work/older"
cp "$work/older" "$work/cut/manifest.json"
resumed 0 "$work/cut" ''
same "$work/cut"

# Laid out anew, it says the same.
jq -S . "$work/whole/manifest.json" > "$work/laid-out"
cp -r "$work/whole" "$work/again"
cp "$work/laid-out" "$work/again/manifest.json"
resumed 0 "$work/again" ''
