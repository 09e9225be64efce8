#!/bin/bash
# A disk that runs full, and a file size limit, end a run with status 1, one line that names the file, the reason and
# what is safe, whole parts, and a manifest that claims no more than there is.
set -euo pipefail
unset "${!CDRGEN_@}" 2> /dev/null || true
work=$(mktemp -d "${TMPDIR:-/tmp}/cdrgen-disk.XXXXXX")
trap 'rm -rf "$work"' EXIT

fail() { echo "FAILED: $*" >&2; exit 1; }

# expect_torn OUT STATUS REASON: what must be left after the run whose words are in $work/err.
expect_torn()
{
    local out=$1 status=$2 reason=$3
    [[ $status == 1 ]] || fail "exit status $status instead of 1: $(cat "$work/err")"
    [[ $(wc -l < "$work/err") == 1 ]] || fail "not one line: $(cat "$work/err")"
    grep -q "cannot write $out/cdr\.[a-z]*/date=2025-01-01/\.part-[0-9]*-[0-9]*\.csv\.tmp: $reason; finished parts stay, this torn one was removed" \
        "$work/err" || fail "unclear words: $(cat "$work/err")"
    [[ -z $(find "$out" -name '*.tmp') ]] || fail "torn files are left: $(find "$out" -name '*.tmp')"
    # A disk that is full to the last byte may have no room for the manifest; what is there must be true.
    if [[ -e $out/manifest.json ]]; then
        grep -q '"complete": false' "$out/manifest.json" || fail "the manifest says that all is there"
        local listed found
        listed=$(grep -c '"path": ' "$out/manifest.json" || true)
        found=$(find "$out" -name 'part-*' | wc -l)
        [[ $listed == "$found" ]] || fail "$listed parts are listed and $found are there"
    fi
}

# run_into OUT: about 8 MB of parts of 100 kB, and one of 1 MB in the end.
run_into()
{
    "$CDRGEN" run --sink file --out "$1" --subs 2500 --start 2025-01-01 --days 1 --seed 8 --partitions 1 \
        --rotate-bytes "$2" --quiet > /dev/null 2> "$work/err"
}

# 1. A limit on file sizes: 700 kB are more than any table or rotated part, and less than a log.
status=0
(ulimit -f 700; run_into "$work/limit" 100000000) || status=$?
expect_torn "$work/limit" "$status" "File too large"

# 2. A disk of 3 MB, on which whole parts of 100 kB fit. In a mount namespace, so that nothing of it stays.
on_small_disk()
{
    mkdir -p "$work/disk"
    mount -t tmpfs -o size=3m tmpfs "$work/disk" || exit 77
    local status=0
    run_into "$work/disk/out" 100000 || status=$?
    expect_torn "$work/disk/out" "$status" "No space left on device"
    [[ $(find "$work/disk/out" -name 'part-*' | wc -l) -ge 10 ]] || fail "whole parts did not stay"
    [[ -e $work/disk/out/manifest.json ]] || fail "no manifest, though the torn part made room"

    # 3. The same folder, read-only: refused before anything is written.
    mount -o remount,bind,ro "$work/disk"
    status=0
    "$CDRGEN" run --sink file --out "$work/disk/out" --overwrite --subs 10 --quiet > /dev/null 2> "$work/err" || status=$?
    [[ $status == 2 ]] || fail "exit status $status instead of 2 on a read-only disk: $(cat "$work/err")"
    grep -q "$work/disk/out: Read-only file system" "$work/err" || fail "unclear words: $(cat "$work/err")"
}
export -f on_small_disk run_into expect_torn fail
export work
flags=(--mount)
[[ $(id -u) == 0 ]] || flags+=(--user --map-root-user)
if unshare "${flags[@]}" true 2> /dev/null; then
    status=0
    unshare "${flags[@]}" bash -euo pipefail -c on_small_disk || status=$?
    [[ $status == 0 || $status == 77 ]] || exit "$status"
else
    status=77
fi
[[ $status != 77 ]] || echo "may not mount a small disk here: only the file size limit was tried"
echo passed
