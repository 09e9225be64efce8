#!/bin/bash
# Another program removes, changes or cuts parts while a run writes: the run said 0. It ends with status 1 now, and --resume makes
# the folder that of a run to which nothing happened. A second name for a part is no change.
set -euo pipefail
unset "${!CDRGEN_@}" 2> /dev/null || true
work=$(mktemp -d "${TMPDIR:-/tmp}/cdrgen-changed.XXXXXX")
run=
trap '[[ -z $run ]] || kill -KILL $run 2> /dev/null || true; rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAILED: $*" >&2; exit 1; }
model=(--subs 100 --partitions 1 --days 2)
first=cdr.data/date=2025-01-01/part-0000-000000.csv

# begin FLAGS…: a run into the folder out, paced, until the second part of the first day is there, or is begun.
begin()
{
    rm -rf out
    "$CDRGEN" run --sink file "${model[@]}" --out out --quiet "$@" 2> err &
    run=$!
    until [[ -s out/$wanted ]]; do
        kill -0 $run || fail "$what: the run ended too early: $(cat err)"
        sleep 0.01
    done
}

# ends STATUS WORDS: so the run must end; then --resume completes the folder.
ends()
{
    local status=0
    wait $run || status=$?
    run=
    [[ $status == "$1" ]] || fail "$what: status $status: $(cat err)"
    [[ -z $2 ]] || grep -q "$2" err || fail "$what: the run says: $(cat err)"
    [[ $status == 0 ]] || grep -q '"complete": false' out/manifest.json || fail "$what: the manifest says that all is there"
    "$CDRGEN" run --sink file "${model[@]}" --out out --quiet --resume "${parts[@]}" 2> err || fail "$what: resume: $(cat err)"
    diff -r whole out > differences || fail "$what: $(head -3 differences)"
}

parts=(--rotate-bytes 20k)
wanted=cdr.data/date=2025-01-01/part-0000-000001.csv
"$CDRGEN" run --sink file "${model[@]}" --out whole --quiet "${parts[@]}"
what="a part that was removed"
begin "${parts[@]}" --rate 2k
rm out/$first
ends 1 "$first was changed or removed by another program after it was finished (1 log has such a part); --resume"
what="a part that was written to"
begin "${parts[@]}" --rate 2k
echo x >> out/$first
ends 1 "$first was changed or removed by another program after it was finished"
what="a part that was changed in place, and has its time again"
begin "${parts[@]}" --rate 2k
touch -r out/$first time
printf x | dd of=out/$first bs=1 seek=500 conv=notrunc status=none
touch -r time out/$first
ends 1 "$first was changed or removed by another program after it was finished"
what="a part that was given a second name"
begin "${parts[@]}" --rate 2k
ln out/$first second
ends 0 ""

parts=()
wanted=cdr.data/date=2025-01-01/.part-0000-000000.csv.tmp
rm -r whole
"$CDRGEN" run --sink file "${model[@]}" --out whole --quiet
what="an unfinished part that was cut"
begin --rate 2k
true > out/$wanted
ends 1 "$wanted was changed while it was written: it has [0-9]* bytes, and [0-9]* were written to it"
