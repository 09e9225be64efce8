#!/usr/bin/env bash
# A signal before the first record: one line, the documented status, within about a second, whatever the command waits for.
set -euo pipefail
unset "${!CDRGEN_@}" 2> /dev/null || true
work=$(mktemp -d "${TMPDIR:-/tmp}/cdrgen-opening.XXXXXX")
pids=()
trap 'kill -9 "${pids[@]}" 2> /dev/null || true; rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAILED: $*" >&2; exit 1; }
now_ms() { echo $(($(date +%s%N) / 1000000)); }

# A server that takes connections and says nothing.
python3 -u - > port << 'PYTHON' &
import socket, time
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen(64)
print(server.getsockname()[1])
kept = []
while True:
    kept.append(server.accept())
PYTHON
pids+=($!)
disown
for _ in $(seq 100); do [[ ! -s port ]] || break; sleep 0.05; done
port=$(cat port)

# interrupted SIGNAL STATUS WORDS COMMAND...
interrupted()
{
    local signal=$1 wanted=$2 words=$3 status=0 pid since
    shift 3
    env --default-signal=INT "$CDRGEN" "$@" > out 2> err < /dev/null &
    pid=$!
    pids+=($pid)
    sleep 0.7
    kill -0 $pid 2> /dev/null || fail "$*: it ended before the signal: $(cat err)"
    since=$(now_ms)
    kill -"$signal" $pid
    wait $pid || status=$?
    [[ $status == "$wanted" ]] || fail "$*: SIG$signal: status $status instead of $wanted: $(cat err)"
    (($(now_ms) - since < 2500)) || fail "$*: SIG$signal: it took $(($(now_ms) - since)) ms"
    [[ $(grep -c 'interrupted' err) == 1 ]] || fail "$*: SIG$signal: not one line of it: $(cat err)"
    grep -q "^cdrgen: .*$words" err || fail "$*: SIG$signal: said $(cat err)"
}

kafka=no
if "$CDRGEN" version | grep -qi librdkafka; then kafka=yes; fi
if [[ $kafka == yes ]]; then
    for signal in INT TERM HUP; do
        interrupted $signal 1 "before the run began to write" run -b "127.0.0.1:$port" --subs 100 --kafka-timeout 30s
    done
    interrupted TERM 1 "before the run began to write" run -b "127.0.0.1:$port" --subs 100 --kafka-timeout 30s --resume
    interrupted TERM 1 "before the run began to write" run -b 127.0.0.1:1 --format avro --subs 100 \
        --registry "http://127.0.0.1:$port" --registry-timeout 30s
    interrupted TERM 1 "before anything was changed" repair -b "127.0.0.1:$port" --subs 100 --yes --kafka-timeout 30s
    interrupted TERM 2 "before anything was compared" verify -b "127.0.0.1:$port" --subs 100 --kafka-timeout 30s
fi

# Files: at whatever moment of a resume, which first reads what is there.
"$CDRGEN" run --subs 30000 --start 2025-01-01 --days 3 --out files --quiet
# Before the handlers are set, the program is not begun yet.
begun()
{
    local name caught
    read -r name caught < <(awk '/^(Name|SigCgt):/ { printf "%s ", $2 }' "/proc/$1/status" 2> /dev/null || true) || true
    [[ -z $caught ]] || { [[ $name == cdrgen* ]] && (((0x$caught & 0x4000) != 0)); }
}
for moment in 0 0.01 0.03 0.08; do
    "$CDRGEN" run --subs 30000 --start 2025-01-01 --days 4 --out files --resume > out 2> err &
    pid=$!
    pids+=($pid)
    until begun $pid; do sleep 0.002; done
    sleep $moment
    kill -TERM $pid 2> /dev/null || true
    status=0
    wait $pid || status=$?
    [[ $status == 0 || $status == 1 ]] || fail "files: after $moment s: status $status: $(cat err)"
    [[ $status == 0 ]] || grep -q '^cdrgen: interrupted' err || fail "files: after $moment s: $(cat err)"
done
"$CDRGEN" run --subs 30000 --start 2025-01-01 --days 4 --out files --resume --quiet || fail "files: no resume after it"
"$CDRGEN" verify --subs 30000 --start 2025-01-01 --days 4 --out files --quiet || fail "files: not the same after it"

# A second signal ends it at once.
if [[ $kafka == yes ]]; then
    "$CDRGEN" run -b "127.0.0.1:$port" --subs 100 --kafka-timeout 30s > out 2> err &
    pid=$!
    pids+=($pid)
    sleep 0.5
    kill -TERM $pid
    sleep 0.1
    kill -TERM $pid 2> /dev/null || true
    status=0
    wait $pid || status=$?
    [[ $status == 143 || $status == 1 ]] || fail "a second signal: status $status: $(cat err)"
fi
echo passed
