#!/usr/bin/env bash
# A broker that stays away in the middle of a run: the run ends well with its records in files, and replay brings them into
# the topics, each once and in order, killed or not; foreign clients find the logs equal to the file sink's, offset by
# offset. What replay must refuse, it refuses. With a broker of its own, that is frozen and killed, and compacts soon.
source "$SOURCE_DIR/tests/kafka/lib.sh"

start_cluster --property log.cleaner.backoff.ms=100
export CDRGEN_TEST_BROKERS

cluster()
{
    "$SOURCE_DIR/scripts/kafka" "$@" --dir "$CLUSTER" >/dev/null
}

dataset=(--subs 12000 --start 2025-01-01 --days 1 --seed 11 --partitions 3)
"$CDRGEN" run --quiet "${dataset[@]}" --sink file --out "$WORK/files" --summary "$WORK/files.json"
records=$(jq .records "$WORK/files.json")
topics=(cdr.call cdr.sms cdr.data)

# spill_run PREFIX COUNT FLAGS…: starts a paced run into topics of that prefix and waits until COUNT records of calls are
# there. Sets RUN, its process, and SPILL, its folder.
spill_run()
{
    local prefix=$1 count=$2
    shift 2
    SPILL=$WORK/spill-$prefix
    "$CDRGEN" run "${dataset[@]}" --topic-prefix "$prefix" --brokers "$CDRGEN_TEST_BROKERS" --create-topics --rate "${rate:-25k/s}" \
        --spill "$SPILL" --spill-after 3s --summary "$WORK/$prefix.json" "$@" 2>"$WORK/run.err" &
    RUN=$!
    until [[ -n $(admin list "${prefix}data") && $(count_records "${prefix}call" 2>/dev/null) -ge $count ]]; do
        kill -0 $RUN 2>/dev/null || die "the run ended early: $(cat "$WORK/run.err")"
        sleep 0.1
    done
}

in_topics()
{
    local type n sum=0
    for type in call sms data; do
        n=$(count_records "$1$type") || return 1
        sum=$((sum + n))
    done
    echo "$sum"
}

# stand_still PREFIX: returns once no record has come for three seconds.
stand_still()
{
    local before=none now
    until now=$(in_topics "$1" 2>/dev/null) && [[ $now == "$before" ]]; do
        before=$now
        sleep 3
    done
}

replay()
{
    "$CDRGEN" replay "$@" --brokers "$CDRGEN_TEST_BROKERS"
}

wait_for_end()
{
    local status=0
    wait "$RUN" || status=$?
    expect_equal "$status" "$1" "status of the run that says $(cat "$WORK/run.err")"
}

# What the summary says of the spilled run: digests of the whole logs, and how much is in files.
check_summary()
{
    local spilled
    expect_equal "$(jq -c '.topics[] | [.records, .digest]' "$1")" \
        "$(jq -c '.topics[] | [.records, .digest]' "$WORK/files.json")" "digests of the run that spilled"
    spilled=$(jq .spilled.records "$1")
    ((spilled > 10000 && spilled < records)) || die "$spilled records are said to be spilled, of $records"
    expect_equal "$(jq '[.topics[].partitions[].spilled] | add' "$1")" "$spilled" "sum of the partitions"
    expect_equal "$(jq -c '[.complete, .records, .durable]' "$1")" "[true,$records,$records]"
    expect_equal "$(jq '[.topics[].partitions[].records] | add' "$SPILL/spill.json")" "$spilled" "spill.json"
    grep -q "cdrgen: [0-9,]* records are in $SPILL .*cdrgen replay $SPILL" "$WORK/run.err" ||
        die "it does not say where the records are: $(cat "$WORK/run.err")"
}

# ---- a frozen broker, and a replay that is killed -------------------------------------------------------------------
spill_run cdr. 2000
cluster pause 1
wait_for_end 0
grep -q 'warning: cdr\.[a-z]*\[[0-2]\]: no record was acknowledged for 3000 ms (--spill-after)' "$WORK/run.err" ||
    die "it does not say why: $(cat "$WORK/run.err")"
check_summary "$WORK/cdr..json"
expect_equal "$(jq -r .spilled.dir "$WORK/cdr..json")" "$SPILL"

# Nobody answers: replay waits as long as it was told.
expect_failure 2 "no Kafka broker of .* answered" replay "$SPILL" --wait 2s --kafka-timeout 1s
cluster resume 1
stand_still cdr.
here=$(in_topics cdr.)
((here < records)) || die "all records are in the topics already"

# Tiny batches, one at a time, so that it is killed in the middle.
for _ in 1 2 3; do
    "$CDRGEN" replay "$SPILL" --brokers "$CDRGEN_TEST_BROKERS" -X batch.num.messages=2 -X linger.ms=0 \
        -X max.in.flight=1 -X queue.buffering.max.kbytes=100 2>"$WORK/err" &
    job=$!
    until (($(in_topics cdr.) > here)); do
        kill -0 $job 2>/dev/null || die "the replay ended before it was killed: $(cat "$WORK/err")"
        sleep 0.05
    done
    kill -KILL $job
    wait $job 2>/dev/null || true
    here=$(in_topics cdr.)
    ((here < records)) || die "the replay was killed too late to prove anything"
done
expect_equal "$(jq .published "$SPILL/spill.json")" false

# Another process is at work: a lock that dies with its holder.
flock "$SPILL" sleep 3 &
lock=$!
sleep 0.5
expect_failure 2 "$SPILL is in use" replay "$SPILL"
wait $lock
replay "$SPILL" 2>"$WORK/err" || die "replay failed: $(cat "$WORK/err")"
grep -q 'records published, [1-9][0-9,]* were in the topics; every log ends where it must' "$WORK/err" ||
    die "replay says: $(cat "$WORK/err")"
compare_topics "$WORK/files"
kafka_digests --summary "$WORK/cdr..json" "${topics[@]}" >/dev/null
expect_equal "$(jq .published "$SPILL/spill.json")" true

# Once more: nothing is left to do. A run does not spill over it. Then it may go.
replay "$SPILL" 2>"$WORK/err"
grep -q '^0 records published' "$WORK/err" || die "a second replay says: $(cat "$WORK/err")"
expect_failure 2 "--spill $SPILL holds a spill" "$CDRGEN" run "${dataset[@]}" --brokers "$CDRGEN_TEST_BROKERS" \
    --spill "$SPILL" --resume
replay "$SPILL" --remove --quiet 2>"$WORK/err"
expect_equal "$(cat "$WORK/err")" "" "words of a quiet replay"
[[ ! -e $SPILL ]] || die "the spill was not removed: $(ls -a "$SPILL")"
compare_topics "$WORK/files"
expect_failure 2 "$SPILL holds no spill" replay "$SPILL"

# ---- a broker that dies, and a run that dies while it spills ----------------------------------------------------------
rate=8k/s spill_run dies. 2000 # so slow that it still runs when it is killed
cluster kill 1
until [[ -e $SPILL/spill.json ]]; do
    kill -0 $RUN 2>/dev/null || die "the run ended before it spilled: $(cat "$WORK/run.err")"
    sleep 0.1
done
sleep 1
kill -KILL $RUN
wait $RUN 2>/dev/null || true
expect_equal "$(jq -c '[.closed, .complete]' "$SPILL/spill.json")" "[false,false]"
# A machine's death may leave half a batch.
segment=$(find "$SPILL" -name 'dies.data-0001-*' | sort | tail -n 1)
[[ -n $segment ]] || die "nothing was spilled: $(ls "$SPILL")"
truncate -s -11 "$segment"
replay "$SPILL" --wait 2m 2>"$WORK/err" & # waits for the broker
job=$!
sleep 2
kill -0 $job 2>/dev/null || die "replay did not wait for the broker: $(cat "$WORK/err")"
cluster restart 1
wait $job || die "replay failed: $(cat "$WORK/err")"
grep -Eq 'did not end in an orderly way; its last [1-9][0-9]* bytes are torn' "$WORK/err" || die "it says: $(cat "$WORK/err")"
grep -q 'cdrgen run --resume' "$WORK/err" || die "it does not say how to go on: $(cat "$WORK/err")"
"$CDRGEN" run "${dataset[@]}" --quiet --topic-prefix dies. --brokers "$CDRGEN_TEST_BROKERS" --resume
compare_topics "$WORK/files" --files-topics cdr. dies.call dies.sms dies.data

# ---- what replay refuses ----------------------------------------------------------------------------------------------
spill_run refused. 2000
cluster pause 1
wait_for_end 0
cluster resume 1
first=$(jq '.topics[0].partitions[1].first_record' "$SPILL/spill.json")

# A byte of a file is another one.
segment=$SPILL/refused.sms-0002-000000.spill
cp "$segment" "$WORK/kept"
stand_still refused. # what was under way when the broker was paused arrives once it runs again
printf '\377' | dd of="$segment" bs=1 seek=5000 conv=notrunc status=none
here=$(in_topics refused.)
expect_failure 2 "$segment: records of refused.sms\[2\] are missing or altered from byte [0-9]+ on" replay "$SPILL"
expect_equal "$(in_topics refused.)" "$here" "records after a refusal"
cp "$WORK/kept" "$segment"

# What says which dataset it is, is gone or says another one.
cp "$SPILL/spill.json" "$WORK/kept"
jq 'del(.settings)' "$WORK/kept" >"$SPILL/spill.json"
expect_failure 2 'spill.json: "settings" is missing .*another version of cdrgen wrote it' replay "$SPILL"
jq '.settings.seed = 12' "$WORK/kept" >"$SPILL/spill.json"
expect_failure 2 "with its settings, this cdrgen makes dataset [0-9a-f]+, and its records are of dataset" replay "$SPILL"
cp "$WORK/kept" "$SPILL/spill.json"

# Somebody else's record is where one of ours belongs.
end=$(admin offsets refused.call | awk '$1 == 1 { print $3 }')
echo foreign | kcat -b "$CDRGEN_TEST_BROKERS" -P -t refused.call -p 1 -k 316
expect_failure 2 "^cdrgen: replay: .*refused.call\[1\] has another record at offset $end than record $end of the dataset" replay "$SPILL"

# The topics were made anew: records in between are lost.
admin delete refused.call refused.sms refused.data
until [[ -z $(admin list refused.) ]]; do sleep 0.2; done
expect_failure 2 "topic refused.call does not exist" replay "$SPILL"
for type in call sms data; do admin create "refused.$type" 3; done
expect_failure 2 "refused.call\[[0-2]\] ends after 0 records of the dataset, and the spill begins after [1-9]" replay "$SPILL"
((first > 0)) || die "the spill began at the log's first record"
"$CDRGEN" run "${dataset[@]}" --quiet --topic-prefix refused. --brokers "$CDRGEN_TEST_BROKERS" --resume
replay "$SPILL" --remove 2>"$WORK/err"
grep -q '^0 records published' "$WORK/err" || die "after the resume, replay says: $(cat "$WORK/err")"
compare_topics "$WORK/files" --files-topics cdr. refused.call refused.sms refused.data

# ---- behind other records, framed, in transactions ---------------------------------------------------------------------
# checksums PREFIX [FIRST]: of each partition's records from FIRST on, as consumers of committed records see them.
checksums()
{
    local type partition
    for type in call sms data; do
        for partition in 0 1 2; do
            kcat -b "$CDRGEN_TEST_BROKERS" -X isolation.level=read_committed -C -q -e -t "$1$type" -p "$partition" \
                -o "$(awk -v key="$type$partition" '$1 == key { n = $2 } END { print n + 0 }' "${2:-/dev/null}")" \
                -f '%k %T %S %s' | md5sum
        done
    done
}

"$CDRGEN" run "${dataset[@]}" --quiet --topic-prefix framed. --brokers "$CDRGEN_TEST_BROKERS" --create-topics \
    --format avro 2>/dev/null
"$CDRGEN" run --quiet --subs 300 --partitions 3 --topic-prefix behind. --brokers "$CDRGEN_TEST_BROKERS" --create-topics
for type in call sms data; do
    admin offsets "behind.$type" | awk -v type="$type" '{ print type $1, $3 }'
done >"$WORK/bases"
spill_run behind. 3000 --append --format avro
cluster pause 1
wait_for_end 0
cluster resume 1
base=$(awk '$1 == "sms2" { print $2 }' "$WORK/bases")
expect_equal "$(jq '.topics[1].partitions[2].base' "$SPILL/spill.json")" "$base" "base of behind.sms[2]"
replay "$SPILL" --quiet
expect_equal "$(checksums behind. "$WORK/bases")" "$(checksums framed.)" "records behind others"

spill_run whole. 2000 --transactions --transaction-time 300ms --format avro
cluster pause 1
wait_for_end 0
cluster resume 1
replay "$SPILL" --quiet
expect_equal "$(checksums whole.)" "$(checksums framed.)" "committed records"

# ---- topics that end where the spill begins, and hold something else before it -----------------------------------------
dataset=(--subs 5000 --start 2025-01-01 --days 1 --seed 12 --partitions 3)
rate=500 # none is at its end before those with transactions have lost patience
runs=()
for name in refilled refilled.tx compacted compacted.tx; do # small segments: the one that is written is not compacted
    in_transactions=()
    [[ $name != *.tx ]] || in_transactions=(--transactions --transaction-time 300ms)
    admin create "$name.data" 3 internal.segment.bytes=4000 min.cleanable.dirty.ratio=0.01 \
        message.timestamp.after.max.ms=9223372036854775807
    spill_run "$name." 100 -X batch.num.messages=10 ${in_transactions[@]+"${in_transactions[@]}"}
    runs+=("$RUN")
done
cluster pause 1
until [[ $(find "$WORK" -path '*/spill-*ed.*/spill.json' | wc -l) == 4 ]]; do
    for RUN in "${runs[@]}"; do
        kill -0 "$RUN" || die "a run ended before all had spilled: $(cat "$WORK/run.err")"
    done
    sleep 0.1
done
sleep 5
kill -INT "${runs[@]}"
for RUN in "${runs[@]}"; do
    wait_for_end 1
done
cluster resume 1

# Created again, and filled by another producer.
for name in refilled refilled.tx; do
    SPILL=$WORK/spill-$name.
    readarray -t firsts < <(jq '.topics[2].partitions[].first_record' "$SPILL/spill.json")
    committed=()
    [[ $name != *.tx ]] || committed=(committed)
    admin recreate "$name.data" 3 fill "${firsts[@]}" ${committed[@]+"${committed[@]}"}
    expect_failure 2 "$name.data\[[0-2]\] has another record at offset 0 than record 0 of the dataset" replay "$SPILL"
done

# Compacted while the replay stands still and cannot see that the topic is set to be; then before a replay.
for name in compacted compacted.tx; do
    SPILL=$WORK/spill-$name.
    stand_still "$name."
    here=$(in_topics "$name.")
    "$CDRGEN" replay "$SPILL" --brokers "$CDRGEN_TEST_BROKERS" -X batch.num.messages=2 -X linger.ms=0 \
        -X max.in.flight=1 -X queue.buffering.max.kbytes=100 2>"$WORK/err" &
    job=$!
    until (($(in_topics "$name.") > here)); do
        if ! kill -0 $job 2>/dev/null; then
            # A transaction that was open when the only broker was frozen may hang there (docs/exactly-once.md).
            grep "an open transaction of another producer holds $name\." "$WORK/err" && continue 2
            die "the replay ended before its topic was compacted: $(cat "$WORK/err")"
        fi
        sleep 0.05
    done
    kill -STOP $job
    admin compact "$name.data"
    kill -CONT $job
    status=0
    wait $job || status=$?
    expect_equal "$status" 1 "status of a replay into $name.data, which says: $(cat "$WORK/err")"
    grep -q "$name.data\[[0-2]\]: .* gone.*the topic was compacted" "$WORK/err" ||
        die "replay does not say that $name.data was compacted: $(cat "$WORK/err")"
    expect_equal "$(jq .published "$SPILL/spill.json")" false
    expect_failure 2 "the topics do not hold .*beginning of dataset [0-9a-f]+: $name.data\[[0-2]\]" replay "$SPILL"
done
