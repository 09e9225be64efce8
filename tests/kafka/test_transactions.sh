# Transactions: who reads committed records sees exactly the log, whatever was aborted, killed or shut out; and what was aborted is
# there for who reads everything.
source "${SOURCE_DIR:?}/tests/kafka/lib.sh"
need_cluster

dataset=(--subs 8000 --start 2025-06-01 --days 1 --seed 3 --partitions 3)
"$CDRGEN" run "${dataset[@]}" --sink file --out "$WORK/files" --quiet
"$CDRGEN" run "${dataset[@]}" --sink null --quiet --summary "$WORK/expected.json"

# count_records TOPIC ISOLATION
count_records()
{
    kcat -b "$CDRGEN_TEST_BROKERS" -C -t "$1" -o beginning -e -q -X "isolation.level=$2" -f '%k\n' | wc -l
}

# same_logs PREFIX: committed records against the file sink's parts
same_logs()
{
    local type partition
    for type in call sms data; do
        for partition in 0 1 2; do
            kcat -b "$CDRGEN_TEST_BROKERS" -C -t "$1$type" -p "$partition" -o beginning -e -q -X isolation.level=read_committed \
                >"$WORK/found"
            cat "$WORK/files/cdr.$type/"date=*/part-000"$partition"-*.csv | grep -v '^event_type' >"$WORK/wanted"
            cmp -s "$WORK/found" "$WORK/wanted" || die "$1$type[$partition] is not the function's log for who reads committed records"
        done
    done
}

field()
{
    python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$1" "$2"
}

# --- a whole run, with aborts ---
prefix=$(fresh_prefix)
kafka=(-b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --transactions --transaction-records 10000 --quiet)
"$CDRGEN" run "${dataset[@]}" "${kafka[@]}" --create-topics --abort-share 0.5 --summary "$WORK/summary.json"
same_logs "$prefix"
aborted=$(field "$WORK/summary.json" aborted)
((aborted > 0)) || die "half of the transactions were to be preceded by an aborted one, and none was"
everything=0 committed=0
for type in call sms data; do
    everything=$((everything + $(count_records "$prefix$type" read_uncommitted)))
    committed=$((committed + $(count_records "$prefix$type" read_committed)))
done
((everything - committed == aborted)) || die "$((everything - committed)) records are not committed, and the summary says $aborted"
((committed == $(field "$WORK/expected.json" records))) || die "$committed records are committed"
python3 - "$WORK/expected.json" "$WORK/summary.json" <<'PYTHON' || die "the summary's digests are not the function's"
import json, sys
expected, found = (json.load(open(path)) for path in sys.argv[1:])
for topic, wanted in zip(sorted(expected["topics"]), sorted(found["topics"])):
    assert expected["topics"][topic]["digest"] == found["topics"][wanted]["digest"], topic
PYTHON
"$CDRGEN" verify "${dataset[@]}" -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --quiet || die "verify found a difference"

# --- killed at any moment, resumed with other workers ---
prefix=$(fresh_prefix)
kafka=(-b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --transactions --transaction-records 5000 --transaction-time 200ms --quiet)
RANDOM=7
for round in 1 2 3; do
    more=(--resume)
    ((round > 1)) || more=(--create-topics)
    "$CDRGEN" run "${dataset[@]}" "${kafka[@]}" "${more[@]}" --workers "$round" --rate 20k/s --abort-share 0.2 2>"$WORK/words" &
    run=$!
    # The first one has committed something, however slow the machine is.
    until ((round > 1)) || [[ -n $(kcat -b "$CDRGEN_TEST_BROKERS" -C -t "${prefix}data" -o beginning -c 1 -e -q -f x \
        -X isolation.level=read_committed 2>/dev/null) ]]; do
        kill -0 "$run" 2>/dev/null || die "round $round ended before it committed anything: $(cat "$WORK/words")"
    done
    sleep "0.$((RANDOM % 9))" && sleep 0.7
    kill -9 "$run" 2>/dev/null || die "round $round ended before it was killed: $(cat "$WORK/words")"
    wait "$run" 2>/dev/null || true
done
"$CDRGEN" run "${dataset[@]}" "${kafka[@]}" --resume --workers 3 --summary "$WORK/summary.json"
(($(field "$WORK/summary.json" resumed_behind) > 0)) || die "three runs were killed, and none had committed anything"
same_logs "$prefix"

# --- killed before anything was committed: what is in the topics was aborted ---
prefix=$(fresh_prefix)
kafka=(-b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --transactions --quiet)
"$CDRGEN" run "${dataset[@]}" "${kafka[@]}" --create-topics --transaction-time 5m --transaction-records 1G --rate 1k/s &
run=$!
stored=0
until ((stored > 1000)); do # no more than that: where records keep coming, there may be no end to be read
    sleep 0.2
    stored=$(kcat -b "$CDRGEN_TEST_BROKERS" -C -t "${prefix}data" -o beginning -c 1001 -e -q -X isolation.level=read_uncommitted \
        -f '%k\n' 2>/dev/null | wc -l) || stored=0
done
kill -9 "$run"
wait "$run" 2>/dev/null || true
(($(count_records "${prefix}data" read_committed) == 0)) || die "something was committed before its time"
"$CDRGEN" run "${dataset[@]}" "${kafka[@]}" --resume
same_logs "$prefix"

# --- a run that is still alive is shut out ---
prefix=$(fresh_prefix)
kafka=(-b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --transactions --transaction-time 200ms --quiet)
"$CDRGEN" run "${dataset[@]}" "${kafka[@]}" --create-topics --rate 20k/s 2>"$WORK/old" &
old=$!
sleep 2
"$CDRGEN" run "${dataset[@]}" "${kafka[@]}" --resume
status=0
wait "$old" || status=$?
[[ $status == 1 ]] || die "the run that was shut out ended with status $status: $(cat "$WORK/old")"
grep -q "has taken" "$WORK/old" || die "the run that was shut out does not say why: $(cat "$WORK/old")"
same_logs "$prefix"

# --- resume the other way round is refused ---
status=0
"$CDRGEN" run "${dataset[@]}" --days 2 -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --resume --quiet 2>"$WORK/words" || status=$?
[[ $status == 2 ]] || die "a topic with transactions was resumed without: status $status: $(cat "$WORK/words")"
echo "transactions: $committed records committed, $aborted aborted and not seen"
