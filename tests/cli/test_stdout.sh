#!/usr/bin/env bash
# --sink stdout: the lines are those of the files, each log's in order, and whole; what cannot be there is refused.
set -euo pipefail

work=$(mktemp -d "${TMPDIR:-/tmp}/cdrgen-test.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
unset CDRGEN_CONFIG
dataset=(--subs 3000 --start 2025-01-01 --days 1 --quiet)

fail()
{
    echo "FAILED: $*" >&2
    exit 1
}

# refused PATTERN ARGUMENTS…: status 2, one line that matches, nothing on standard output.
refused()
{
    local pattern=$1 status=0
    shift
    "$CDRGEN" run --sink stdout "${dataset[@]}" "$@" >out 2>err || status=$?
    ((status == 2)) || fail "$*: status $status: $(cat err)"
    [[ ! -s out && $(wc -l <err) -eq 1 ]] && grep -Eq "$pattern" err || fail "$*: $(cat err)"
}

for format in csv json; do
    "$CDRGEN" run --sink file --out "$format" --format "$format" "${dataset[@]}"
    for workers in 1 3; do
        "$CDRGEN" run --sink stdout --format "$format" --workers "$workers" --summary summary.json "${dataset[@]}" >lines 2>err ||
            fail "$format: $(cat err)"
        [[ ! -s err ]] || fail "$format: $(cat err)"
        python3 - "$format" lines <<'PYTHON'
import glob, sys

folder, lines = sys.argv[1:]
logs, log_of = {}, {}
for path in sorted(glob.glob(f"{folder}/cdr.*/*/part-*")):
    log = (path.split("/")[1], path.rsplit("-", 2)[1])
    for line in open(path):
        if not line.startswith("event_type;"):
            logs.setdefault(log, []).append(line)
            log_of.setdefault(line, set()).add(log)
expected = sum(map(len, logs.values()))
for log in logs.values():
    log.reverse()
found = 0
for line in open(lines):
    at = [log for log in log_of.get(line, ()) if logs[log] and logs[log][-1] == line]
    if not at:
        sys.exit(f"not there, or out of order: {line!r}")
    logs[at[0]].pop()
    found += 1
if found != expected:
    sys.exit(f"{found} lines of {expected}")
PYTHON
        (($(jq .records summary.json) == $(wc -l <lines))) || fail "$format: the summary counts other records"
    done
done

refused '^cdrgen: --format: avro has no lines' --format avro
refused '^cdrgen: --summary: standard output is where the records go' --summary -
refused '^cdrgen: --out: it is for files, not for --sink stdout' --out elsewhere
refused '^cdrgen: --create-topics: it is for Kafka, not for --sink stdout' --create-topics
refused '^cdrgen: --dimensions: only records go to standard output' --dimensions
refused '^cdrgen: --resume: standard output keeps nothing' --resume

# A reader that goes away, and a disk that is full.
status=0
"$CDRGEN" run --sink stdout "${dataset[@]}" 2>err | head -1 >first || status=${PIPESTATUS[0]}
((status == 1)) && grep -q '^cdrgen: standard output: Broken pipe' err || fail "head: status $status: $(cat err)"
status=0
"$CDRGEN" run --sink stdout "${dataset[@]}" >/dev/full 2>err || status=$?
((status == 1)) && grep -q '^cdrgen: standard output: No space left' err || fail "full: status $status: $(cat err)"
