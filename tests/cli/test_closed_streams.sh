#!/usr/bin/env bash
# Standard streams that are closed, full or read no further: messages that cannot be written change nothing, results that cannot be
# written are status 1 and a line.
set -euo pipefail
unset "${!CDRGEN_@}" 2> /dev/null || true
work=$(mktemp -d "${TMPDIR:-/tmp}/cdrgen-closed.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
exec 3>&2 # for fail, wherever standard error goes
fail() { echo "FAILED: $*" >&3; exit 1; }
model=(--subs 2000 --start 2025-01-01 --days 2)
"$CDRGEN" run "${model[@]}" --out whole --quiet

same() { diff -r -x manifest.json whole "$1" > /dev/null || fail "$2: other files"; }

# status NUMBER WHAT COMMAND...
status()
{
    local wanted=$1 what=$2 status=0
    shift 2
    "$@" || status=$?
    [[ $status == "$wanted" ]] || fail "$what: status $status instead of $wanted"
}
run_to() { "$CDRGEN" run "${model[@]}" --out "$@"; }

status 0 "standard error closed" run_to a 2>&-
same a "standard error closed"
status 0 "all three closed" run_to b <&- >&- 2>&-
same b "all three closed"
status 0 "standard error full" run_to c 2> /dev/full
same c "standard error full"
{ code=0; run_to d || code=$?; echo $code > code; } 2>&1 | head -c 1 > /dev/null
[[ $(cat code) == 0 ]] || fail "a reader of messages that goes away: status $(cat code)"
same d "a reader of messages that goes away"
# What fails fails with its own status.
status 2 "standard error closed, a folder that holds a dataset" run_to a 2>&-

for command in config reference version help cells "subscribers --subs 300000" "sample --subs 2000"; do
    # shellcheck disable=SC2086
    status 1 "$command to a closed standard output" "$CDRGEN" $command >&- 2> err
    grep -q "^cdrgen: .*standard output: " err || fail "$command to a closed standard output: $(cat err)"
    # shellcheck disable=SC2086
    status 1 "$command to a full device" "$CDRGEN" $command > /dev/full 2> err
    grep -q "^cdrgen: .*standard output: " err || fail "$command to a full device: $(cat err)"
done
# Large enough not to fit into the pipe.
{ code=0; "$CDRGEN" subscribers --subs 300000 2> err || code=$?; echo $code > code; } | head -1 > /dev/null
[[ $(cat code) == 1 ]] || fail "a reader of results that goes away: status $(cat code)"
grep -q "^cdrgen: standard output: Broken pipe$" err || fail "a reader of results that goes away: $(cat err)"
echo passed
