#!/bin/bash
# FIFOs, sockets, devices and folders where cdrgen's files should lie never keep it waiting: one line, exit status 2. What the
# user names may be a pipe: it is read to its end.
set -euo pipefail
unset "${!CDRGEN_@}" 2> /dev/null || true
work=$(mktemp -d "${TMPDIR:-/tmp}/cdrgen-hostile.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
model=(--subs 20 --start 2025-01-01 --days 1)

fail() { echo "FAILED: $*" >&2; exit 1; }

# put KIND PATH: something that is no file.
put()
{
    rm -rf "$2"
    case $1 in
        FIFO) mkfifo "$2" ;;
        socket) python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$2" ;;
        folder) mkdir "$2" ;;
        device) ln -s /dev/zero "$2" ;;
    esac
}

# refused REGEX COMMAND...: within ten seconds.
refused()
{
    local text=$1 status=0
    shift
    timeout 10 "$CDRGEN" "$@" > stdout 2> err || status=$?
    [[ $status == 2 ]] || fail "$what: $*: exit status $status instead of 2: $(cat err)"
    [[ $(wc -l < err) == 1 ]] || fail "$what: $*: not one line: $(cat err)"
    grep -Eq "$text" err || fail "$what: $*: unclear words: $(cat err)"
}

"$CDRGEN" run --sink file "${model[@]}" --quiet --out whole
part=$(cd whole && find cdr.call -name 'part-*' | sort | head -1)
for kind in FIFO socket folder device; do
    for name in manifest.json "$part"; do
        what="$kind for $name"
        rm -rf out && cp -r whole out
        put $kind "out/$name"
        words="$name(: Is a directory| is a ($kind|device) where a file is needed)"
        refused "$words" verify "${model[@]}" --quiet --out out
        refused "$words" run --sink file "${model[@]}" --quiet --out out --resume
        [[ $name != manifest.json ]] || refused "$words" run --sink file "${model[@]}" --quiet --out out
        [[ $name != manifest.json ]] || refused "$words" run --sink file "${model[@]}" --quiet --out out --overwrite
    done
    # Temporary names: what an earlier run may have left there is replaced, whatever it is; a folder is an error in words.
    for name in .manifest.json.tmp .cells.csv.0-of-1.tmp .cdrgen.lock; do
        what="$kind for $name"
        rm -rf out && cp -r whole out
        put $kind "out/$name"
        [[ $name != *lock ]] || words=".cdrgen.lock(: | is a )"
        if [[ $name == *lock ]]; then
            refused "$words" run --sink file "${model[@]}" --quiet --out out --days 2 --resume
        else
            status=0
            timeout 10 "$CDRGEN" run --sink file "${model[@]}" --quiet --out out --days 2 --resume 2> err || status=$?
            [[ $status == 0 || $kind == folder ]] || fail "$what: exit status $status: $(cat err)"
            [[ $status == 0 || $(wc -l < err) == 1 ]] || fail "$what: $(cat err)"
            [[ $status != 124 ]] || fail "$what: it waits"
            [[ ! -s /dev/zero ]] || fail "$what: wrote through a link"
        fi
    done
    # A spill.
    what="$kind for spill.json"
    rm -rf spill && mkdir spill
    put $kind spill/spill.json
    if "$CDRGEN" version | grep -qi librdkafka; then
        refused "spill.json(: Is a directory| is a ($kind|device) where a file is needed)" replay spill -b localhost:1
    fi
done

# Files that the user names. A folder, a socket and a device without end are refused.
for kind in socket folder device; do
    put $kind named
    what="$kind for a named file"
    words="named(: Is a directory| is a socket where a file is needed| has more than)"
    refused "$words" config --config named
    refused "$words" run --sink null "${model[@]}" --quiet --schema call=named --format avro
    refused "$words" run --sink null "${model[@]}" --quiet --mapping named --schema call="$SOURCE_DIR/schemas/cdr_call.avsc" --format avro
done

# A pipe is read to its end, whenever its writer comes and however slow it is.
expect_seed() { grep -Eq '"seed": "?77"?' stdout || fail "$what: $(cat stdout err)"; }
what="process substitution"
"$CDRGEN" config --config <(sleep 0.5; echo '{"seed":'; sleep 0.5; echo ' 77}') > stdout 2> err || fail "$what: $(cat err)"
expect_seed
what="/dev/stdin"
(sleep 0.5; echo '{"seed": 77}') | "$CDRGEN" config --config /dev/stdin > stdout 2> err || fail "$what: $(cat err)"
expect_seed
what="a file as standard input"
echo '{"seed": 77}' > seed.json
"$CDRGEN" config --config /dev/stdin < seed.json > stdout 2> err || fail "$what: $(cat err)"
expect_seed
what="a FIFO whose writer comes later"
rm -rf named && mkfifo named
(sleep 1; echo '{"seed": 77}' > named) &
"$CDRGEN" config --config named > stdout 2> err || fail "$what: $(cat err)"
expect_seed
wait
what="an empty pipe"
status=0
timeout 10 "$CDRGEN" config --config <(true) > stdout 2> err || status=$?
[[ $status == 2 && $(wc -l < err) == 1 ]] || fail "$what: $status: $(cat err)"

# Nobody writes to it: an interrupt ends the wait, and so does time.
what="a FIFO without a writer"
env --default-signal=INT "$CDRGEN" config --config named > stdout 2> err &
pid=$!
sleep 0.5
kill -INT $pid
status=0
wait $pid || status=$?
[[ $status == 130 ]] || fail "$what: an interrupt left $status: $(cat err)"
status=0
timeout 60 "$CDRGEN" config --config named > stdout 2> err || status=$?
[[ $status == 2 ]] || fail "$what: exit status $status: $(cat err)"
grep -q "named is a FIFO, and nobody has opened it for writing in 3 s$" err || fail "$what: $(cat err)"

# Reports go into pipes, too.
what="a report into a pipe"
"$CDRGEN" run --sink null "${model[@]}" --quiet --summary >(cat > summary) 2> err || fail "$what: $(cat err)"
"$CDRGEN" verify "${model[@]}" --quiet --out whole --report >(cat > report) > stdout 2> err || fail "$what: $(cat err)"
for file in summary report; do
    for _ in $(seq 100); do
        if python3 -m json.tool "$file" > /dev/null 2>&1; then break; fi
        sleep 0.05
    done
    python3 -m json.tool "$file" > /dev/null || fail "$what: $file: $(head -c 100 "$file")"
done
echo passed
