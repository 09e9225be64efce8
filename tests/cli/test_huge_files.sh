#!/bin/bash
# Files of any size in the place of cdrgen's: read no further than such a file can be, in memory that does not grow with them, and
# refused in one line.
set -euo pipefail
unset "${!CDRGEN_@}" 2> /dev/null || true
work=$(mktemp -d "${TMPDIR:-/tmp}/cdrgen-huge.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
model=(--subs 300 --start 2025-01-01 --days 1 --partitions 2 --workers 2)
fail() { echo "FAILED: $*" >&2; exit 1; }

# limited STATUS REGEX COMMAND...: in 1 GB of address space, within 20 seconds.
limited()
{
    local wanted=$1 text=$2 status=0
    shift 2
    (ulimit -v 1000000; exec timeout 20 "$CDRGEN" "$@") > stdout 2> err || status=$?
    [[ $status == "$wanted" ]] || fail "$what: $*: exit status $status instead of $wanted: $(tail -3 err)"
    [[ $(wc -l < err) == 1 ]] || fail "$what: $*: not one line: $(cat err)"
    grep -Eq "$text" err || fail "$what: $*: unclear words: $(cat err)"
}

# Zeros that compress to next to nothing.
zeros() { head -c 300M /dev/zero; }

for format in csv json avro; do
    for compress in none gzip zstd; do
        what="$format, $compress"
        settings=("${model[@]}" --format $format --compress $compress --quiet --out out)
        rm -rf out whole
        "$CDRGEN" run --sink file "${model[@]}" --format $format --compress $compress --quiet --out whole
        part=$(cd whole && find cdr.call -name 'part-*' | sort | head -1)
        for kind in sparse bomb; do
            rm -rf out && cp -r whole out
            case $kind-$compress in
                sparse-*) truncate -s 16G "out/$part" ;;
                bomb-gzip) zeros | gzip -1 > "out/$part" ;;
                bomb-zstd) zeros | zstd -q -1 > "out/$part" ;;
                *) continue ;;
            esac
            # The part's own bytes are still there: what follows them is not.
            limited 1 "(too long|damaged|cut off|no whole)" verify "${model[@]}" --format $format --quiet --out out
            limited 2 "$part has [0-9]+ bytes and had" run --sink file "${settings[@]}" --resume
            : > "out/$part"
            [[ $kind == bomb ]] || truncate -s 16G "out/$part"
            limited 1 "" verify "${model[@]}" --format $format --quiet --out out
        done
    done
done

"$CDRGEN" run --sink file "${model[@]}" --quiet --out whole --overwrite
for name in manifest.json spill.json; do
    what="a huge $name"
    rm -rf out && cp -r whole out
    for fill in zeros spaces; do
        [[ $fill == zeros ]] || head -c 4096 /dev/zero | tr '\0' ' ' > out/$name
        truncate -s 16G out/$name
        if [[ $name == manifest.json ]]; then
            words="manifest.json has 17179869184 bytes, and at most"
            limited 2 "$words" run --sink file "${model[@]}" --quiet --out out --resume
            limited 2 "$words" run --sink file "${model[@]}" --quiet --out out
            limited 2 "$words" run --sink file "${model[@]}" --quiet --out out --overwrite
            limited 2 "$words" verify "${model[@]}" --quiet --out out
        elif "$CDRGEN" version | grep -qi librdkafka; then
            limited 2 "spill.json has 17179869184 bytes, and at most" replay out -b localhost:1
        fi
    done
done
for flag in "--config " "--properties-file " "--mapping " "--schema call="; do
    what="a huge file for ${flag}FILE"
    truncate -s 16G huge
    limited 2 "huge has more than" run --sink null "${model[@]}" --quiet --schema call="$SOURCE_DIR/schemas/cdr_call.avsc" --format avro ${flag}huge
done
echo passed
