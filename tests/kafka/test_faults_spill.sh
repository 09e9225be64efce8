#!/usr/bin/env bash
# Faults on purpose through a spill: messages without a value, without a key, or of no bytes are what they were meant to be
# after a replay as well, also where the run is killed while it spills, and the replay while it publishes. With a broker of its
# own, that is frozen for a while.
set -euo pipefail
source "$SOURCE_DIR/tests/kafka/lib.sh"

start_cluster
export CDRGEN_TEST_BROKERS

dataset=(--subs 3000 --start 2025-01-01 --days 1 --seed 11 --partitions 2)
faults=(--fault null=0.02,empty=0.02,null_key=0.02,wrong_key=0.02,truncate=0.02,duplicate=0.02,missing=0.02,swap=0.05)
"$CDRGEN" run --quiet "${dataset[@]}" --brokers "$CDRGEN_TEST_BROKERS" --create-topics --topic-prefix clean.
"$CDRGEN" run --quiet "${dataset[@]}" "${faults[@]}" --brokers "$CDRGEN_TEST_BROKERS" --create-topics --topic-prefix faulty. \
    --rate 10k/s --spill "$WORK/spill" --spill-after 3s 2>"$WORK/err" &
run=$!
until [[ -n $(admin list faulty.data) && $(count_records faulty.data 2>/dev/null) -ge 2000 ]]; do
    kill -0 $run 2>/dev/null || die "the run ended early: $(cat "$WORK/err")"
    sleep 0.1
done
"$SOURCE_DIR/scripts/kafka" pause 1 --dir "$CLUSTER" >/dev/null
wait $run || die "the run that spilled failed: $(cat "$WORK/err")"
"$SOURCE_DIR/scripts/kafka" resume 1 --dir "$CLUSTER" >/dev/null
[[ -e $WORK/spill/spill.json ]] || die "nothing was spilled"
sleep 5 # what the broker still has of the run's requests arrives
"$CDRGEN" replay "$WORK/spill" --brokers "$CDRGEN_TEST_BROKERS" 2>"$WORK/err" || die "replay: $(cat "$WORK/err")"

"$CDRGEN" verify --quiet "${dataset[@]}" "${faults[@]}" --brokers "$CDRGEN_TEST_BROKERS" --topic-prefix faulty. ||
    die "the topics do not hold the faults"
"$CDRGEN" truth "${dataset[@]}" "${faults[@]}" --brokers "$CDRGEN_TEST_BROKERS" --topic-prefix faulty. >"$WORK/truth.csv"
"$PYTHON" "$SOURCE_DIR/tests/kafka/faults_on_purpose.py" --brokers "$CDRGEN_TEST_BROKERS" --clean clean. --faulty faulty. \
    --truth "$WORK/truth.csv" --minimum 100 >"$WORK/counts" || die "$(head -20 "$WORK/counts")"

# ---- killed while it spills, and while it is replayed; with outages, whose records wait beyond both -------------------

faults+=(--fault outage=0.2,late_duplicate=0.05 --outage-hours 2)
"$CDRGEN" run --quiet "${dataset[@]}" "${faults[@]}" --brokers "$CDRGEN_TEST_BROKERS" --create-topics --topic-prefix killed. \
    --rate 8k/s --spill "$WORK/killed" --spill-after 3s 2>"$WORK/err" &
run=$!
until [[ -n $(admin list killed.data) && $(count_records killed.data 2>/dev/null) -ge 2000 ]]; do
    kill -0 $run 2>/dev/null || die "the run ended early: $(cat "$WORK/err")"
    sleep 0.1
done
"$SOURCE_DIR/scripts/kafka" pause 1 --dir "$CLUSTER" >/dev/null
until [[ -n $(find "$WORK/killed" -name 'killed.data-*' -size +60k 2>/dev/null) ]]; do
    kill -0 $run 2>/dev/null || die "the run ended before it spilled: $(cat "$WORK/err")"
    sleep 0.1
done
kill -0 $run 2>/dev/null || die "the run ended before it was killed: $(cat "$WORK/err")"
kill -KILL $run
wait $run 2>/dev/null || true
"$SOURCE_DIR/scripts/kafka" resume 1 --dir "$CLUSTER" >/dev/null
sleep 5
before=$(count_records killed.data)
"$CDRGEN" replay "$WORK/killed" --brokers "$CDRGEN_TEST_BROKERS" -X batch.num.messages=2 -X linger.ms=0 -X max.in.flight=1 \
    -X queue.buffering.max.kbytes=100 2>"$WORK/err" &
replay=$!
until (($(count_records killed.data) > before)); do
    kill -0 $replay 2>/dev/null || die "the replay ended before it was killed: $(cat "$WORK/err")"
    sleep 0.05
done
kill -KILL $replay
wait $replay 2>/dev/null || true
[[ $(jq .published "$WORK/killed/spill.json") == false ]] || die "the replay was killed too late to prove anything"
"$CDRGEN" replay "$WORK/killed" --brokers "$CDRGEN_TEST_BROKERS" 2>"$WORK/err" || die "replay: $(cat "$WORK/err")"
"$CDRGEN" run --quiet "${dataset[@]}" "${faults[@]}" --brokers "$CDRGEN_TEST_BROKERS" --topic-prefix killed. --resume
"$CDRGEN" verify --quiet "${dataset[@]}" "${faults[@]}" --brokers "$CDRGEN_TEST_BROKERS" --topic-prefix killed. ||
    die "the topics of the run that was killed do not hold the faults"
