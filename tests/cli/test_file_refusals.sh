#!/bin/bash
# What the file sink refuses: exit status 2, one clear line, nothing written; and what --overwrite replaces.
set -euo pipefail
unset "${!CDRGEN_@}" 2> /dev/null || true
work=$(mktemp -d "${TMPDIR:-/tmp}/cdrgen-refuse.XXXXXX")
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
out=$work/out

fail() { echo "FAILED: $*" >&2; exit 1; }

run() { "$CDRGEN" run --sink file --subs 20 --start 2025-01-01 --days 1 --quiet "$@" > /dev/null 2> "$work/err"; }

# refused TEXT FLAGS...: TEXT is an extended regular expression.
refused()
{
    local text=$1 status=0 before after
    shift
    before=$(find "$work" -mindepth 1 ! -name err -printf '%P %s %y %T@\n' | sort)
    run "$@" || status=$?
    after=$(find "$work" -mindepth 1 ! -name err -printf '%P %s %y %T@\n' | sort)
    [[ $status == 2 ]] || fail "$*: exit status $status instead of 2: $(cat "$work/err")"
    [[ $(wc -l < "$work/err") == 1 ]] || fail "$*: not one line: $(cat "$work/err")"
    grep -Eq "$text" "$work/err" || fail "$*: unclear words: $(cat "$work/err")"
    [[ $before == "$after" ]] || fail "$*: something was written"
}

echo x > "$work/plain"
refused "$work/plain is a file where a folder is needed" --out "$work/plain"
refused "$work/plain/below: Not a directory" --out "$work/plain/below"
refused "bzip2.*none.*gzip.*zstd" --out "$out" --compress bzip2
refused "rotate.bytes" --out "$out" --rotate-bytes 0
refused "/proc" --out /proc/cdrgen-test
mkdir "$work/topic"
echo x > "$work/topic/cdr.sms"
refused "$work/topic/cdr.sms is a file where a folder is needed" --out "$work/topic"
if [[ $(id -u) != 0 ]]; then
    mkdir -m 0555 "$work/closed"
    refused "$work/closed: Permission denied" --out "$work/closed"
    refused "$work/closed: Permission denied" --out "$work/closed/out"
fi

run --out "$out" || fail "a good run: $(cat "$work/err")"
grep -q '"complete": true' "$out/manifest.json" || fail "the manifest does not say that all is there"
refused "$out already holds a dataset \($out/manifest.json\): .*--overwrite" --out "$out"
refused "$out already holds a dataset" --out "$out" --shard 0/2
rm "$out/manifest.json"
refused "$out already holds the remains of an unfinished run" --out "$out"

echo mine > "$out/notes.txt"
echo mine > "$out/cdr.call/date=2025-01-01/part-0000-000000.csv.bak"
run --out "$out" --overwrite --seed 99 --start 2025-02-03 --compress gzip || fail "--overwrite: $(cat "$work/err")"
[[ $(cat "$out/notes.txt" "$out/cdr.call/date=2025-01-01/part-0000-000000.csv.bak") == $'mine\nmine' ]] ||
    fail "--overwrite touched other files"
[[ -z $(find "$out" -name 'part-*.csv') ]] || fail "--overwrite left parts of the earlier dataset"
[[ ! -e $out/cdr.data/date=2025-01-01 ]] || fail "--overwrite left an empty folder"
[[ -n $(find "$out/cdr.data/date=2025-02-03" -name 'part-*.csv.gz') ]] || fail "--overwrite wrote nothing"

# A shard of another dataset leaves those that are there alone, with --overwrite as well.
for shard in 0 1; do run --out "$work/shards" --shard $shard/2 || fail "shard $shard: $(cat "$work/err")"; done
refused "manifest-shard-0-of-2.json belongs to another dataset than this shard" --out "$work/shards" --shard 1/2 --seed 9 --overwrite
run --out "$work/shards" --shard 1/2 --overwrite || fail "the same shard once more: $(cat "$work/err")"
run --out "$work/shards" --seed 9 --overwrite || fail "a whole dataset in the place of shards: $(cat "$work/err")"

echo '{"name": "somebody else"}' > "$out/manifest.json"
refused "$out/manifest.json was not written by cdrgen" --out "$out"
refused "$out/manifest.json was not written by cdrgen" --out "$out" --overwrite
echo passed
