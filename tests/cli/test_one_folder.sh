#!/bin/bash
# Two runs that start at once in one folder: one of them writes the dataset, whole; the other is refused before it has changed
# anything, or comes after it. CDRGEN_TEST_ROUNDS sets how often each pair is tried (2).
set -euo pipefail
rounds=${CDRGEN_TEST_ROUNDS:-2}
unset "${!CDRGEN_@}" 2> /dev/null || true
work=$(mktemp -d "${TMPDIR:-$([[ -w /dev/shm ]] && echo /dev/shm || echo /tmp)}/cdrgen-one-folder.XXXXXX")
trap 'rm -rf "$work"' EXIT
out=$work/out
model=(--subs 120 --start 2025-03-29 --days 1)

fail() { echo "FAILED: $*" >&2; exit 1; }

run() { "$CDRGEN" run --sink file "${model[@]}" --rotate-bytes 3000 --quiet --out "$out" "$@"; }

# pair FLAGS... / FLAGS...: starts both; sets first and second to their exit statuses.
pair()
{
    local a=()
    while [[ $1 != / ]]; do a+=("$1"); shift; done
    shift
    run "${a[@]}" 2> "$work/first" & local one=$!
    run "$@" 2> "$work/second" & local two=$!
    first=0 second=0
    wait $one || first=$?
    wait $two || second=$?
}

verify() { "$CDRGEN" verify "${model[@]}" --quiet --out "$out" "$@" > "$work/verify" 2>&1; }

# The dataset is whole, and nothing else lies there.
whole()
{
    verify "$@" || fail "$what: $(head -3 "$work/verify")"
    [[ ! -e $out/.cdrgen.lock ]] || fail "$what: a lock file was left"
    ! grep -l '"complete": false' "$out"/manifest*.json || fail "$what: a manifest says that records are missing"
    [[ -z $(find "$out" -name '*.tmp') ]] || fail "$what: torn files: $(find "$out" -name '*.tmp' | head -3)"
}

# one_writes FLAGS... / FLAGS...: either may win; or both, one after the other, where both may. Sets winner to 1 or 2.
one_writes()
{
    what="$* (round $round)"
    pair "$@"
    local words
    words="$first: $(cat "$work/first"), $second: $(cat "$work/second")"
    case $first$second in
        00) winner=2 both=$((both + 1)) ;;
        02) winner=1 ;;
        20) winner=2 ;;
        *) fail "$what: ended with $words" ;;
    esac
    for loser in $first:$work/first $second:$work/second; do
        [[ ${loser%%:*} == 0 || $(wc -l < "${loser#*:}") == 1 ]] || fail "$what: not one line: $words"
        [[ ${loser%%:*} == 0 ]] || cat "${loser#*:}" >> "$work/words"
    done
}

tried=0 both=0
for ((round = 1; round <= rounds; round++)); do
    for pair in "|" "--resume|--resume" "|--resume" "--overwrite|--overwrite" "--overwrite|--resume" "--shard 0/2|--shard 0/2" \
        "--shard 1/2 --resume|--shard 1/2 --resume" "|--shard 0/2" "--resume|--shard 1/2 --resume" "--shard 0/2|--shard 0/3" \
        "--shard 1/3 --overwrite|--shard 0/2 --overwrite"; do
        rm -rf "$out"
        # shellcheck disable=SC2086
        one_writes ${pair%|*} / ${pair#*|}
        [[ $winner == 1 ]] && flags=${pair%|*} || flags=${pair#*|}
        if [[ $flags =~ shard\ ([0-9])/([0-9]) ]]; then # the other shards make it whole
            [[ $flags == *overwrite* ]] && how=--overwrite || how=--resume
            for ((other = 0; other < BASH_REMATCH[2]; other++)); do
                ((other == BASH_REMATCH[1])) || run --shard "$other/${BASH_REMATCH[2]}" $how 2> "$work/err" ||
                    fail "$what, then shard $other: $(cat "$work/err")"
            done
        fi
        whole
        tried=$((tried + 1))
    done

    # A dataset is there already: replaced, or gone on with.
    for pair in "--overwrite|--overwrite" "--overwrite|--resume" "--resume|--resume" "|--overwrite"; do
        rm -rf "$out"
        run
        # shellcheck disable=SC2086
        one_writes ${pair%|*} / ${pair#*|}
        whole
        tried=$((tried + 1))
    done

    # Another seed: exactly one of the two datasets, and none of the other's parts.
    rm -rf "$out"
    one_writes --seed 1 / --seed 2 --resume
    [[ $first$second != 00 ]] || fail "$what: both ended well"
    whole --seed $winner
    rm -rf "$out"
    run --seed 3
    one_writes --seed 1 --overwrite / --seed 2 --overwrite
    [[ $first$second != 00 ]] || winner=$(verify --seed 2 && echo 2 || echo 1)
    whole --seed $winner

    # Shards of one dataset work side by side; one of another dataset is refused.
    rm -rf "$out"
    for flags in "" --overwrite; do
        what="shards side by side $flags (round $round)"
        # shellcheck disable=SC2086
        pair --shard 0/2 $flags / --shard 1/2 $flags
        [[ $first$second == 00 ]] || fail "$what: $first: $(cat "$work/first"), $second: $(cat "$work/second")"
        whole
    done
    for flags in "" --resume --overwrite; do
        rm -rf "$out"
        # shellcheck disable=SC2086
        one_writes --seed 1 --shard 0/2 $flags / --seed 2 --shard 1/2 $flags
        [[ $first$second != 00 ]] || fail "$what: shards of two datasets in one folder"
        run --seed $winner --shard $((2 - winner))/2 2> "$work/err" || fail "$what, then the other: $(cat "$work/err")"
        whole --seed $winner
    done
done

# Shards of one dataset are written alike.
for other in "--format json" "--compress gzip" "--fields a=msisdn_src"; do
    rm -rf "$out"
    run --shard 0/2
    for how in "" --resume; do
        status=0
        # shellcheck disable=SC2086
        run --shard 1/2 $other $how 2> "$work/err" || status=$?
        [[ $status == 2 ]] || fail "a shard with $other $how beside one without: exit status $status: $(cat "$work/err")"
        grep -q "has another format, compression, schema, mapping or list of fields than this shard" "$work/err" ||
            fail "unclear words: $(cat "$work/err")"
    done
    run --shard 1/2 --resume
    what="$other, then without" && whole
done

# What the loser says, and that it changes nothing: a run that waits for its schedule is at work.
rm -rf "$out"
run --speed 3600 --rotate-bytes 1GB 2> "$work/first" &
pid=$!
for _ in $(seq 200); do
    [[ ! -e $out/subscribers.csv ]] || break
    kill -0 $pid 2> /dev/null || fail "a paced run ended: $(cat "$work/first")"
    sleep 0.05
done
list() { find "$out" ! -name '.part-*' -type f -printf '%P %i %T@\n' | sort; }
for flags in "" --resume --overwrite "--shard 0/2 --resume" "--format json --overwrite" "--days 2 --resume"; do
    before=$(list) status=0
    # shellcheck disable=SC2086
    run $flags 2> "$work/second" || status=$?
    [[ $status == 2 ]] || fail "a second run ($flags) ended with $status: $(cat "$work/second")"
    grep -q "another process is writing the dataset of $out/manifest.*json: wait for its end, or stop it$" "$work/second" ||
        fail "unclear words ($flags): $(cat "$work/second")"
    [[ $(list) == "$before" ]] || fail "a refused run ($flags) changed the folder"
done

# The folder is moved away under a run, and another begins at its path: the first one ends, and touches nothing there.
mv "$out" "$work/moved"
run 2> "$work/err" || fail "a run in the place of a folder that was moved: $(cat "$work/err")"
kill -TERM $pid 2> /dev/null || true
wait $pid && fail "a run whose folder was moved ended well"
what="moved away" && whole
[[ -f $out/manifest.json ]] || fail "the manifest is gone"

# A file system without locks: an error, not two writers.
if strace -f -e trace=fcntl true 2> /dev/null; then
    rm -rf "$out" status=0
    status=0
    strace -f -o /dev/null -e trace=fcntl -e inject=fcntl:error=ENOLCK "$CDRGEN" run --sink file "${model[@]}" --quiet --out "$out" \
        2> "$work/err" || status=$?
    [[ $status == 2 ]] || fail "without locks: exit status $status: $(cat "$work/err")"
    grep -q "cannot lock $out/.cdrgen.lock: No locks available; " "$work/err" || fail "unclear words: $(cat "$work/err")"
    [[ ! -e $out ]] || fail "without locks: $out was made"
fi
echo "passed: $tried pairs, of which $both had both runs end well, one after the other"
