#!/bin/bash
# Runs of the file sink that are killed, interrupted or run into a full disk, and are gone on with by --resume, leave the
# folder of a run to which nothing happened, byte for byte, manifest included.
set -euo pipefail
seed=${CDRGEN_TEST_SEEDS:-$((10#$(date +%N) % 30000))}
unset "${!CDRGEN_@}" 2> /dev/null || true
# Memory rather than a disk where there is a choice: each part is synced, and there are thousands.
work=$(mktemp -d "${TMPDIR:-$([[ -w /dev/shm ]] && echo /dev/shm || echo /tmp)}/cdrgen-resume.XXXXXX")
trap 'rm -rf "$work"' EXIT
RANDOM=$seed
model=(--subs 1500 --start 2025-03-29 --days 2 --seed 7)

fail() { echo "FAILED (CDRGEN_TEST_SEEDS=$seed tries the same moments): $*" >&2; exit 1; }

run() { "$CDRGEN" run --sink file "${model[@]}" "$@" 2> "$work/err"; }

good() { run "$@" || fail "run $*: $(cat "$work/err")"; }

# same EXPECTED OUT WHAT
same() { diff -r "$1" "$2" > "$work/diff" || fail "$3: $(head -5 "$work/diff")"; }

# killed MS FLAGS…: after so many milliseconds. Sets ended where the run was faster.
killed()
{
    local ms=$1 pid status=0
    shift
    "$CDRGEN" run --sink file "${model[@]}" --quiet "$@" 2> "$work/err" &
    pid=$!
    sleep "$(printf '%d.%03d' $((ms / 1000)) $((ms % 1000)))"
    kill -KILL $pid 2> /dev/null || true
    wait $pid 2> /dev/null || status=$?
    ended=
    case $status in
        0) ended=yes ;;
        137) ;;
        *) fail "run $* ended with $status: $(cat "$work/err")" ;;
    esac
}

# 1. kill -9 at random moments, again and again, with other numbers of workers.
kills=0 mid=0
for format in "csv none" "csv zstd" "json gzip" "avro none" "avro gzip" "avro zstd"; do
    flags=(--format "${format% *}" --compress "${format#* }" --rotate-bytes $((RANDOM % 90000 + 10000)))
    before=$(date +%s%N)
    good "${flags[@]}" --out "$work/whole" --quiet
    took=$((($(date +%s%N) - before) / 1000000))
    for round in 1 2 3; do
        killed $((RANDOM % (took + 1))) "${flags[@]}" --out "$work/out" --workers $((RANDOM % 4 + 1))
        while [[ -z $ended ]]; do
            kills=$((kills + 1))
            [[ -z $(find "$work/out" -name 'part-*' 2> /dev/null | head -1) ]] || mid=$((mid + 1))
            ((RANDOM % 3 > 0)) || break
            killed $((RANDOM % (took + 1))) "${flags[@]}" --out "$work/out" --workers $((RANDOM % 4 + 1)) --resume
        done
        good "${flags[@]}" --out "$work/out" --workers $((RANDOM % 4 + 1)) --resume
        same "$work/whole" "$work/out" "$format, round $round"
        rm -rf "$work/out"
    done
    rm -rf "$work/whole"
done
((mid > 0)) || fail "none of $kills kills met a run that had finished a part"

# 2. An orderly interrupt; what it leaves is refused without --resume, and says how to go on.
flags=(--rotate-bytes 50000)
good "${flags[@]}" --out "$work/whole" --quiet
"$CDRGEN" run --sink file "${model[@]}" "${flags[@]}" --speed 200000 --quiet --out "$work/out" 2> "$work/err" &
pid=$!
for _ in $(seq 100); do
    [[ -z $(find "$work/out" -name '.part-*' 2> /dev/null | head -1) ]] || break
    sleep 0.05
done
kill -INT $pid
status=0
wait $pid || status=$?
[[ $status == 1 ]] || fail "an interrupted run ended with $status: $(cat "$work/err")"
grep -q "go on with --resume" "$work/err" || fail "no word of --resume: $(cat "$work/err")"
status=0
run "${flags[@]}" --out "$work/out" --quiet || status=$?
[[ $status == 2 ]] || fail "exit status $status instead of 2"
grep -q "holds an unfinished dataset .*go on with it with --resume, or replace it with --overwrite" "$work/err" ||
    fail "unclear words: $(cat "$work/err")"
good "${flags[@]}" --out "$work/out" --resume
grep -q "^cdrgen: going on in $work/out after [0-9]* parts" "$work/err" || fail "unclear words: $(cat "$work/err")"
same "$work/whole" "$work/out" "after an interrupt"

# 3. A complete dataset: nothing to do. With more days it grows; other settings are refused.
find "$work/out" -printf '%P %s %i %T@\n' | sort > "$work/before"
good "${flags[@]}" --out "$work/out" --resume
grep -q "holds the whole dataset already, .*: nothing to do$" "$work/err" || fail "unclear words: $(cat "$work/err")"
find "$work/out" -printf '%P %s %i %T@\n' | sort | diff "$work/before" - || fail "a complete folder was changed"
# A run that was killed after its manifest left the list of its parts there.
: > "$work/out/.cdrgen.parts"
good "${flags[@]}" --out "$work/out" --resume
same "$work/whole" "$work/out" "after a kill in the last step"
find "$work/out" -printf '%P %s %i %T@\n' | sort > "$work/before"
for wrong in "--seed 8" "--format json" "--compress gzip" "--rotate-bytes 60000" "--partitions 5" "--topic-prefix x." \
    "--days 1" "--shard 0/2"; do
    status=0
    # shellcheck disable=SC2086
    run "${flags[@]}" --out "$work/out" --resume --quiet $wrong || status=$?
    [[ $status == 2 && $(wc -l < "$work/err") == 1 ]] || fail "$wrong: exit status $status: $(cat "$work/err")"
done
find "$work/out" -printf '%P %s %i %T@\n' | sort | diff "$work/before" - || fail "a refused run changed the folder"
good "${flags[@]}" --out "$work/long" --days 3 --quiet
good "${flags[@]}" --out "$work/out" --days 3 --quiet --resume
same "$work/long" "$work/out" "a day more"

# What records are written by is of the dataset as well: other fields, schemas, mappings and changes of them are refused, whatever
# the format shows of them, and nothing is touched; with its own settings the run goes on.
python3 - "$SOURCE_DIR/schemas/cdr_call.avsc" "$work" << 'PYTHON'
import json, sys
schema = json.load(open(sys.argv[1]))
for count in 9, 10:
    json.dump(dict(schema, fields=schema["fields"][:count]), open(f"{sys.argv[2]}/{count}.avsc", "w"))
PYTHON
at="--schema-change-at 2025-03-30T00:00"
next="--next-schema call=$work/9.avsc"
while IFS='|' read -r own other; do
    rm -rf "$work/own"
    # shellcheck disable=SC2086
    env --default-signal=INT "$CDRGEN" run --sink file "${model[@]}" --rotate-bytes 20000 --quiet --speed 200000 --out "$work/own" $own \
        2> "$work/err" &
    pid=$!
    for _ in $(seq 100); do
        [[ -z $(find "$work/own" -name 'part-*' 2> /dev/null | head -1) ]] || break
        sleep 0.05
    done
    kill -INT $pid
    wait $pid && fail "$own: ended before it was interrupted"
    find "$work/own" -printf '%P %s %i %T@\n' | sort > "$work/before"
    status=0
    # shellcheck disable=SC2086
    run --rotate-bytes 20000 --quiet --out "$work/own" --resume $other || status=$?
    [[ $status == 2 && $(wc -l < "$work/err") == 1 ]] || fail "$own, resumed with $other: exit status $status: $(cat "$work/err")"
    find "$work/own" -printf '%P %s %i %T@\n' | sort | diff "$work/before" - || fail "$own, refused with $other: the folder was changed"
    # shellcheck disable=SC2086
    good --rotate-bytes 20000 --quiet --out "$work/own" --resume $own
done << PAIRS
--fields a=msisdn_src,b=imsi|--fields a=msisdn_src,c=imsi
--format json --fields a=msisdn_src,b=imsi|--format json --fields a=msisdn_src,b=imei
|--fields a=msisdn_src
--format avro|--format avro --schema call=$work/9.avsc
--format json --schema call=$work/9.avsc|--format json --schema call=$work/10.avsc
--format json --schema call=$work/9.avsc|--format json
--format json $next $at|--format json
--format json|--format json $next $at
--format json $next $at|--format json $next --schema-change-at 2025-03-30T01:00
--format avro $next $at|--format avro --next-schema call=$work/10.avsc $at
PAIRS

# 4. Shards, each killed and resumed alone, in one folder.
for shard in 0 1 2; do
    good "${flags[@]}" --out "$work/shards" --shard $shard/3 --quiet
    killed $((RANDOM % (took + 1))) "${flags[@]}" --out "$work/three" --shard $shard/3
done
for shard in 2 1 0; do good "${flags[@]}" --out "$work/three" --shard $shard/3 --quiet --resume; done
same "$work/shards" "$work/three" "shards"

# 5. A folder given to a run that writes no files is not passed over in silence.
"$CDRGEN" run --sink null --subs 10 --days 1 --quiet --out "$work/unused" 2> "$work/err" || fail "$(cat "$work/err")"
grep -q "^cdrgen: warning: out: $work/unused is not used" "$work/err" || fail "no warning: $(cat "$work/err")"
[[ ! -e $work/unused ]] || fail "$work/unused was made"

# 6. A small disk that runs full, then has more room. In a mount namespace, so that nothing of it stays.
on_small_disk()
{
    mkdir -p "$work/disk"
    mount -t tmpfs -o size=3m tmpfs "$work/disk" || exit 77
    local format
    for format in "csv none" "avro zstd" "json gzip"; do
        flags=(--format "${format% *}" --compress "${format#* }" --rotate-bytes 100k --days 3 --subs 3000)
        "$CDRGEN" run --sink file "${model[@]}" "${flags[@]}" --quiet --out "$work/room"
        dd if=/dev/zero of="$work/disk/ballast" bs=64k count=28 status=none
        local status=0
        "$CDRGEN" run --sink file "${model[@]}" "${flags[@]}" --quiet --out "$work/disk/out" 2> "$work/err" || status=$?
        [[ $status == 1 ]] || fail "$format: exit status $status instead of 1 on a full disk: $(cat "$work/err")"
        [[ $(wc -l < "$work/err") == 1 ]] || fail "not one line: $(cat "$work/err")"
        grep -q "No space left on device; finished parts stay, this torn one was removed; go on with --resume$" "$work/err" ||
            fail "unclear words: $(cat "$work/err")"
        grep -q '"complete": false' "$work/disk/out/manifest.json" || fail "the manifest says that all is there"
        # Still full: refused or failed in words, and nothing is lost.
        status=0
        "$CDRGEN" run --sink file "${model[@]}" "${flags[@]}" --quiet --out "$work/disk/out" --resume 2> "$work/err" || status=$?
        [[ $status != 0 && $(wc -l < "$work/err") == 1 ]] || fail "still full: exit status $status: $(cat "$work/err")"
        grep -q "No space left on device" "$work/err" || fail "unclear words: $(cat "$work/err")"
        rm "$work/disk/ballast"
        mount -o remount,size=64m "$work/disk"
        "$CDRGEN" run --sink file "${model[@]}" "${flags[@]}" --quiet --out "$work/disk/out" --resume 2> "$work/err" ||
            fail "with more room: $(cat "$work/err")"
        diff -r "$work/room" "$work/disk/out" > "$work/diff" || fail "$format, full disk: $(head -5 "$work/diff")"
        rm -rf "$work/room" "$work/disk/out"
        mount -o remount,size=3m "$work/disk"
    done
}
export -f on_small_disk fail
export work seed CDRGEN
export model_text="${model[*]}"
unshare_flags=(--mount)
[[ $(id -u) == 0 ]] || unshare_flags+=(--user --map-root-user)
status=77
if unshare "${unshare_flags[@]}" true 2> /dev/null; then
    status=0
    # shellcheck disable=SC2016
    unshare "${unshare_flags[@]}" bash -euo pipefail -c 'read -ra model <<< "$model_text"; on_small_disk' || status=$?
    [[ $status == 0 || $status == 77 ]] || exit "$status"
fi
[[ $status != 77 ]] || echo "may not mount a small disk here: the full disk was left out"
echo "passed: $kills kills, $mid of them after finished parts"
