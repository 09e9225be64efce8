#!/usr/bin/env bash
# Runs into three brokers, replication 3, min.insync.replicas 2, while brokers are killed and restarted, leaders elected,
# brokers frozen, all restarted; and runs killed while a broker is frozen, which --resume completes: nothing is lost, duplicated
# or reordered, by a foreign client's reading of every offset.
source "$SOURCE_DIR/tests/kafka/lib.sh"
source "$SOURCE_DIR/tests/kafka/faults.sh"

start_cluster --brokers 3

# Brokers measure a producer's age by its records' times: of old ones a broker that restarts knows no producer any more
# (docs/exactly-once.md).
today=$(date +%F)

# dataset NAME SUBSCRIBERS: what must be there, from the file sink. Sets records.
dataset()
{
    settings=(--subs "$2" --start "$today" --days 1)
    "$CDRGEN" run --quiet "${settings[@]}" --sink file --out "$WORK/$1" --summary "$WORK/$1.json"
    records=$(total_of "$WORK/$1.json")
}

# under NAME DATASET FAULT STRIKES ARGUMENTS…
under()
{
    local name=$1 out=$WORK/$2 fault=$3 wanted=$4
    shift 4
    run_under "$fault" "$wanted" "$name." "$out" "${settings[@]}" "$@"
    expect_equal "$(total_of "$WORK/run.json")" "$records" "records in the summary"
    echo "$name: $records records, $strikes strikes, $producers producer(s), $SECONDS s since the start"
}

# A broker is killed and restarted every few seconds during a million records.
dataset million 51000
((records >= 1000000)) || die "$records are no million"
under killed million fault_kill 0 --rate 25000
# Where a broker takes as long to come back as the run does to its end, a slower run has time for more.
((strikes >= 2)) || under killed-slower million fault_kill 0 --rate 8000
((strikes >= 2)) || die "only $strikes brokers were killed"

dataset small 10000
under elected small fault_election 2 --rate 7000
under frozen small fault_freeze 2 --rate 12000 "${frozen_client[@]}"
under restarted small fault_restart_all 1 --rate 12000

# A run is killed while a broker stands still that holds replicas of what it sent last: nobody sees that it is in the logs
# before the broker wakes, so --resume must wait for it.
dataset tiny 3000
for wake in 2500 3500; do
    kill_frozen "killed-frozen-$wake." "$WORK/tiny" 6000 $((RANDOM % 3 + 1)) $wake "${settings[@]}" --replication 3 ||
        die "resumed beside a broker that stood still: status $?: $words"
    echo "killed-frozen: equal, the broker woke after $wake ms, --resume took $resumed_ms ms"
done
