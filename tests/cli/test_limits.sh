#!/bin/bash
# Limits of the shell: small stacks, sizes of files, numbers of threads and of open files. A run works, or says in one line which
# limit is in its way; one that was cut is completed by --resume.
set -euo pipefail
unset "${!CDRGEN_@}" 2> /dev/null || true
work=$(mktemp -d "${TMPDIR:-/tmp}/cdrgen-limits.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
model=(--subs 2000 --start 2025-01-01 --days 1)

fail() { echo "FAILED: $*" >&2; exit 1; }

sanitized=$(grep -c '__asan_init\|__tsan_init' "$CDRGEN" || true)

# A stack of 64 KB is less than one frame of the loops that make records; 1 MB is what some systems give.
"$CDRGEN" run --sink file "${model[@]}" --quiet --out whole
if [[ $sanitized == 0 ]]; then
    for kilobytes in 64 128 1024; do
        for how in -S -H; do
            status=0
            (
                ulimit $how -s $kilobytes 2> /dev/null
                ulimit -S -s $kilobytes
                "$CDRGEN" run --sink file "${model[@]}" --workers 3 --quiet --out stack
            ) 2> err || status=$?
            [[ $status == 0 ]] || fail "ulimit $how -s $kilobytes: exit status $status: $(cat err)"
            diff -r whole stack > diff || fail "ulimit $how -s $kilobytes: $(head -3 diff)"
            rm -rf stack
        done
    done
    # Not enough memory for the threads that were asked for.
    status=0
    (ulimit -v 60000 && "$CDRGEN" run --sink null "${model[@]}" --workers 32 --quiet) 2> err || status=$?
    [[ $status == 1 && $(wc -l < err) == 1 ]] || fail "no room for threads: exit status $status: $(cat err)"
    grep -Eq "workers: only [0-9]+ of 32 threads could be started; lower --workers|no memory|out of memory" err ||
        fail "unclear words: $(cat err)"
fi

# The largest file is cut short by SIGXFSZ, unless that is ignored.
status=0
(ulimit -f 300 && "$CDRGEN" run --sink file "${model[@]}" --quiet --out out) 2> err || status=$?
[[ $status == 1 && $(wc -l < err) == 1 ]] || fail "ulimit -f: exit status $status: $(cat err)"
grep -q "file size limit (ulimit -f, or the disk.s): cannot write .*: File too large; finished parts stay, .*; go on with --resume$" err ||
    fail "unclear words: $(cat err)"
"$CDRGEN" run --sink file "${model[@]}" --quiet --out out --resume 2> err || fail "resume: $(cat err)"
diff -r whole out > diff || fail "resumed after ulimit -f: $(head -3 diff)"
rm -rf out
for blocks in 0 1 20 100; do
    status=0
    (ulimit -f $blocks && "$CDRGEN" run --sink file "${model[@]}" --quiet --out out) 2> err || status=$?
    [[ $status == 1 || $status == 2 ]] || fail "ulimit -f $blocks: exit status $status: $(cat err)"
    "$CDRGEN" run --sink file "${model[@]}" --quiet --out out --resume 2> err || fail "after ulimit -f $blocks: $(cat err)"
    diff -r whole out > diff || fail "resumed after ulimit -f $blocks: $(head -3 diff)"
    rm -rf out
done
status=0
bash -c 'ulimit -f 8; exec "$0" subscribers --subs 5000 > table' "$CDRGEN" 2> err || status=$?
# With no room for the message either, the status has to do.
[[ $status == 1 ]] || fail "a table over the limit: exit status $status"

# Open files.
status=0
(ulimit -n 40 && "$CDRGEN" run --sink file "${model[@]}" --partitions 30 --quiet --out out) 2> err || status=$?
[[ $status == 2 && $(wc -l < err) == 1 ]] || fail "ulimit -n: exit status $status: $(cat err)"
grep -q "needs 157 open files and this process may have 40: raise the limit (ulimit -n)" err || fail "unclear words: $(cat err)"
[[ ! -e out ]] || fail "a refused run made its folder"
echo passed
