#!/usr/bin/env bash
# SIGINT, SIGTERM and SIGHUP leave the beginning of every log and say so; a second one ends at once; a schedule is kept; live runs.
set -euo pipefail
temporary=$(mktemp -d)
pids=()
trap 'kill -9 "${pids[@]}" 2>/dev/null || true; rm -rf "$temporary"' EXIT
cd "$temporary"
unset CDRGEN_BROKERS
fail()
{
    echo "$*" >&2
    exit 1
}
figure() { python3 -c 'import json,sys; s=json.load(open(sys.argv[1])); print(eval(sys.argv[2], {"s": s}))' "$@"; }
# parts FOLDER TOPIC PARTITION: the log of a partition
parts() { find "$1/$2" -name "part-000$3-*.csv" 2>/dev/null | sort | xargs -r cat 2>/dev/null | { grep -v '^event_type' || true; }; }

model=(--subs 2000 --start 2025-01-01 --days 2)
"$CDRGEN" run "${model[@]}" --out whole --quiet

for signal in INT TERM HUP; do
    # env: a shell's background processes ignore SIGINT, which env undoes
    env --default-signal=INT "$CDRGEN" run "${model[@]}" --out "cut$signal" --speed 20000 --summary "cut$signal.json" 2>"words$signal" &
    pid=$!
    pids+=($pid)
    sleep 1.5
    kill -"$signal" $pid
    status=0
    wait $pid || status=$?
    [ $status -eq 1 ] || fail "SIG$signal: status $status: $(cat "words$signal")"
    grep -q 'interrupted' "words$signal" || fail "SIG$signal: said $(cat "words$signal")"
    [ "$(figure "cut$signal.json" 's["complete"]')" = False ] || fail "SIG$signal: the summary says that it is complete"
    [ "$(figure "cut$signal.json" '0 < s["records"] == s["durable"]')" = True ] || fail "SIG$signal: accepted is not durable"
    [ -z "$(find "cut$signal" -name '*.tmp')" ] || fail "SIG$signal: temporary files stay"
    for topic in cdr.call cdr.sms cdr.data; do
        for partition in 0 1 2 3 4 5; do
            parts "cut$signal" "$topic" $partition >part
            cmp -n "$(stat -c %s part)" part <(parts whole "$topic" $partition) || fail "SIG$signal: $topic $partition is not the beginning of its log"
        done
    done
done

# nohup: a terminal that closes does not end the run.
nohup "$CDRGEN" run "${model[@]}" --sink null --speed 60000 --quiet --summary nohup.json </dev/null >nohup.out 2>&1 &
pid=$!
pids+=($pid)
sleep 0.5
kill -HUP $pid
wait $pid || fail "with SIGHUP ignored a run ended with $?: $(cat nohup.out)"
[ "$(figure nohup.json 's["complete"]')" = True ] || fail "with SIGHUP ignored a run was cut"

# A second signal ends at once: 128 + its number. The first waits for a broker that has stopped answering … or for the schedule.
"$CDRGEN" run "${model[@]}" --sink null --speed 1 --quiet &
pid=$!
pids+=($pid)
sleep 0.5
kill -TERM $pid
status=0
wait $pid || status=$?
[ $status -eq 1 ] || fail "a run that waits for its schedule ended with $status"

# The schedule: 2 days at 60,000 × are 2.88 s, whatever the number of records; 39,000 records at 20k/s about 1.95 s.
"$CDRGEN" run "${model[@]}" --sink null --speed 60000 --quiet --summary speed.json
[ "$(figure speed.json '2.8 < s["wall_s"] < 4 and s["behind_schedule_max_s"] < 1')" = True ] || fail "speed: $(cat speed.json)"
"$CDRGEN" run --subs 2000 --start 2025-01-01 --sink null --rate 20k/s --quiet --summary rate.json
[ "$(figure rate.json 'abs(s["wall_s"] - s["records"] / 20000) < 0.5 and s["behind_schedule_max_s"] < 1')" = True ] || fail "rate: $(cat rate.json)"
"$CDRGEN" run "${model[@]}" --sink null --quiet --summary null.json
[ "$(figure speed.json 's["topics"]')" = "$(figure null.json 's["topics"]')" ] || fail "a paced run has other records"

# Live: from yesterday to now, then on until it is stopped; its logs begin as those of a run of three days.
yesterday=$(TZ=Europe/Amsterdam date -d yesterday +%F)
"$CDRGEN" run --subs 3000 --start "$yesterday" --live --out live --quiet --summary live.json &
pid=$!
pids+=($pid)
sleep 3
now=$(date +%s)
kill -TERM $pid
wait $pid || fail "a live run that was stopped ended with $?"
[ "$(figure live.json 's["complete"] and s["behind_schedule_max_s"] < 1.5')" = True ] || fail "live: $(cat live.json)"
"$CDRGEN" run --subs 3000 --start "$yesterday" --days 3 --out batch --quiet
python3 - "$now" <<'PYTHON' || fail "live: the logs are not those of a batch run up to now"
import pathlib, sys
now_ms = int(sys.argv[1]) * 1000
def logs(folder):
    found = {}
    for part in sorted(pathlib.Path(folder).glob("*/date=*/part-*.csv"), key=lambda p: (p.parts[-3], p.name)):
        lines = part.read_text().splitlines()[1:]
        found.setdefault((part.parts[-3], part.name.split("-")[1]), []).extend(lines)
    return found
live, batch = logs("live"), logs("batch")
assert set(live) == set(batch)
for name, lines in live.items():
    assert batch[name][:len(lines)] == lines, name
    assert int(lines[-1].split(";")[5]) <= now_ms + 2000, name
    following = int(batch[name][len(lines)].split(";")[5])
    assert following >= now_ms - 2000, (name, following, now_ms)
PYTHON
echo "signals, schedules and live runs behave"
