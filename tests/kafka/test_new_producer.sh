# A producer that the broker no longer knows cannot go on: the run does, with a new one, and leaves exactly the log. What no new
# producer mends ends the run with words that say what is safe. A mock cluster gives the answers that a real broker gives when it
# likes.
source "${SOURCE_DIR:?}/tests/kafka/lib.sh"

dataset=(--subs 5000 --start 2025-03-01 --days 1 --seed 9 --partitions 3 --format csv)
# The mock does not check sequence numbers, so no second batch may be under way when the first is refused.
kafka=(-X max.in.flight=1 -X linger.ms=5 --force --quiet)

"$CDRGEN" run "${dataset[@]}" --sink file --out "$WORK/files" --quiet
"$CDRGEN" run "${dataset[@]}" --sink null --quiet --summary "$WORK/expected.json"

start_host()
{
    coproc HOST { "$BUILD_DIR/tests/mock_host" 3 "$@" 2>"$WORK/host.err"; }
    host_pid=$HOST_PID
    read -r brokers <&"${HOST[0]}"
}
stop_host()
{
    eval "exec ${HOST[1]}>&-"
    wait "$host_pid"
}
tell()
{
    local answer
    echo "$*" >&"${HOST[1]}"
    read -r answer <&"${HOST[0]}"
    [[ $answer == done ]] || die "the mock cluster did not take \"$*\": $answer"
}

same_logs()
{
    local type partition
    for type in call sms data; do
        for partition in 0 1 2; do
            kcat -b "$brokers" -X fetch.wait.max.ms=20 -C -t "cdr.$type" -p "$partition" -o beginning -e -q >"$WORK/found" 2>"$WORK/kcat.err"
            cat "$WORK/files/cdr.$type/"date=*/part-000"$partition"-*.csv | grep -v '^event_type' >"$WORK/wanted"
            cmp -s "$WORK/found" "$WORK/wanted" || die "$1: cdr.$type[$partition] is not the function's log"
        done
    done
}

# run_with COMMAND...: the mock is told each command half a second after the one before, while the run goes on. Sets status.
run_with()
{
    local command
    "$CDRGEN" run "${dataset[@]}" "${kafka[@]}" -b "$brokers" --rate 40k/s --summary "$WORK/summary.json" 2>"$WORK/words" &
    local run=$!
    for command in "$@"; do
        sleep 0.5
        tell "$command"
    done
    status=0
    wait "$run" || status=$?
}

# 45: out of order sequence number, 59: unknown producer id, 47: invalid producer epoch
for error in 45 59; do
    start_host cdr.call cdr.sms cdr.data
    run_with "produce $error" "produce $error"
    [[ $status == 0 ]] || die "error $error: status $status: $(cat "$WORK/words")"
    same_logs "error $error"
    python3 - "$WORK/expected.json" "$WORK/summary.json" <<'PYTHON' || die "error $error: the summary is wrong"
import json, sys
expected, found = (json.load(open(path)) for path in sys.argv[1:])
assert found["complete"] and found["durable"] == found["records"] == expected["records"], found
for topic, wanted in expected["topics"].items():
    assert found["topics"][topic]["digest"] == wanted["digest"], (topic, found["topics"][topic], wanted)
print("producers replaced:", found.get("producers_replaced", 0))
PYTHON
    if [[ $error == 45 ]]; then
        grep -q "going on with a new producer" "$WORK/words" || die "error $error: no word of it: $(cat "$WORK/words")"
    fi
    stop_host
done

# What another producer writes while the run waits for its new one is not taken for records that the old one sent.
start_host cdr.call cdr.sms cdr.data
"$CDRGEN" run "${dataset[@]}" "${kafka[@]}" -b "$brokers" --rate 40k/s 2>"$WORK/words" &
run=$!
sleep 1
tell "produce 45"
for type in call sms data; do
    for partition in 0 1 2; do
        echo "a record of somebody else" | kcat -b "$brokers" -P -t "cdr.$type" -p "$partition" -k key 2>"$WORK/kcat.err"
    done
done
status=0
wait "$run" || status=$?
[[ $status == 1 ]] || die "records of another producer before the new one: status $status: $(cat "$WORK/words")"
grep -q "has another record at offset" "$WORK/words" || die "records of another producer before the new one: $(cat "$WORK/words")"
stop_host

# 87: invalid record: a new producer would hear the same
start_host cdr.call cdr.sms cdr.data
run_with "produce 87"
[[ $status == 1 ]] || die "invalid record: status $status"
grep -q "records before it are safe" "$WORK/words" || die "invalid record: $(cat "$WORK/words")"
# ... and what is there is the beginning of each log: a resume completes it.
"$CDRGEN" run "${dataset[@]}" "${kafka[@]}" -b "$brokers" --resume --workers 1 2>"$WORK/words" || die "resume: $(cat "$WORK/words")"
same_logs "resume behind an invalid record"
stop_host

# Answers that come late are nobody's business. (A broker that is away is for real ones: the mock keeps repeated batches.)
start_host cdr.call cdr.sms cdr.data
run_with "delay 200" "delay 0"
[[ $status == 0 ]] || die "delay: status $status: $(cat "$WORK/words")"
same_logs "delay"
stop_host
echo "new producers leave exactly the log"
