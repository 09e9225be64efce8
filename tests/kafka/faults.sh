# Faults of real brokers, for test_faults.sh, test_resume.sh and scripts/soak: source it behind lib.sh. The brokers are the
# three of $CLUSTER, which start_cluster made.
#
# A fault is a function that is given the number of the strike, 0 …, and how long it may take is its own; when it returns,
# the cluster is whole or on its way to it. Chance is bash's RANDOM: who sets it first can have the same strikes again.

cluster()
{
    "$SOURCE_DIR/scripts/kafka" "$@" --dir "$CLUSTER" >/dev/null
}

# ---- faults ----

# One broker after the other is killed, and started again.
fault_kill()
{
    local broker=$(($1 % 3 + 1))
    cluster kill $broker
    sleep 0.5
    cluster restart $broker
}

# One broker after the other stands still, past the session with its controller and the requests' time (see frozen_client).
fault_freeze()
{
    local broker=$(($1 % 3 + 1))
    cluster pause $broker
    sleep "${FREEZE_S:-6}"
    cluster resume $broker
    sleep 2
}

# Properties of a client for which FREEZE_S is long.
frozen_client=(-X socket.timeout.ms=3000 -X request.timeout.ms=2000)

# Every partition gets another of its replicas as leader: the replicas' order is turned by one, then the first one elected.
fault_election()
{
    local topics=("${fault_prefix}call" "${fault_prefix}sms" "${fault_prefix}data")
    "$PYTHON" - "$1" "${topics[@]}" >"$WORK/assignment.json" <<'PYTHON'
import json, os, sys
from confluent_kafka.admin import AdminClient
client = AdminClient({"bootstrap.servers": os.environ["CDRGEN_TEST_BROKERS"]})
known = client.list_topics(timeout=30).topics
turn = int(sys.argv[1]) + 1
partitions = [{"topic": topic, "partition": number, "replicas": [1 + (number + turn + i) % 3 for i in range(3)]}
              for topic in sys.argv[2:] for number in known[topic].partitions]
json.dump({"version": 1, "partitions": partitions}, sys.stdout)
PYTHON
    "$SOURCE_DIR/scripts/kafka" tool --dir "$CLUSTER" reassign.ReassignPartitionsCommand \
        --bootstrap-server "$CDRGEN_TEST_BROKERS" --reassignment-json-file "$WORK/assignment.json" --execute >/dev/null
    admin elect "${topics[@]}"
    sleep 1
}

# All brokers at once: by turns killed, and ended in an orderly way.
fault_restart_all()
{
    local broker jobs=() job
    if (($1 % 2 == 0)); then
        for broker in 1 2 3; do
            cluster kill $broker
        done
        sleep 1
    fi
    for broker in 1 2 3; do # together: alone, none finds the others that it needs to be ready
        cluster restart $broker &
        jobs+=($!)
    done
    for job in "${jobs[@]}"; do
        wait "$job"
    done
    sleep "${RESTART_PAUSE_S:-2}" # for records to flow before the next
}

# ---- runs ----

# until_answering: each of the brokers answers, and knows all three.
until_answering()
{
    local address end=$((SECONDS + 120))
    for address in ${CDRGEN_TEST_BROKERS//,/ }; do
        until (($(kcat -b "$address" -X socket.timeout.ms=2000 -L -m 2 2>/dev/null | grep -c '^  broker [0-9]') == 3)); do
            ((SECONDS < end)) || die "the broker at $address does not answer, or knows fewer than three: $(broker_states)"
            sleep 0.5
        done
    done
}

# broker_states: one line of which brokers run.
broker_states()
{
    "$SOURCE_DIR/scripts/kafka" status --dir "$CLUSTER" | tail -n +2 | paste -sd ';' || true
}

# until_whole PREFIX: every broker answers, and every replica of the topics is in sync.
until_whole()
{
    local end=$((SECONDS + 120))
    until_answering
    until admin replicas "$1"{call,sms,data} 2>/dev/null | awk '$3 < 0 || $5 < $4 { bad = 1 } END { exit NR == 0 || bad }'; do
        ((SECONDS < end)) || die "replicas are not in sync: $(admin replicas "$1"{call,sms,data})"
        sleep 0.5
    done
}

# records_in TOPIC: 0 where there is no topic.
records_in()
{
    count_records "$1" 2>/dev/null || true
}

# until_flowing PREFIX PID: records are in the topics, of the run that goes on.
until_flowing()
{
    local end=$((SECONDS + 60))
    until (($(records_in "$1data") > 0)); do
        kill -0 "$2" 2>/dev/null || die "the run ended before a fault came: $(cat "$WORK/run.err")"
        ((SECONDS < end)) || die "no record came within a minute"
    done
}

# run_under FAULT STRIKES PREFIX OUT ARGUMENTS…: runs cdrgen with the arguments, strikes as often as STRIKES, or until the
# run ends if it is 0, and compares the topics with OUT. Sets strikes, how often, and producers, how many were needed.
run_under()
{
    local fault=$1 wanted=$2 out=$4 run status=0
    fault_prefix=$3
    shift 4
    "$CDRGEN" run --quiet -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$fault_prefix" --create-topics --replication 3 \
        --summary "$WORK/run.json" "$@" 2>"$WORK/run.err" &
    run=$!
    until_flowing "$fault_prefix" $run
    strikes=0
    while kill -0 $run 2>/dev/null && ((wanted == 0 || strikes < wanted)); do
        "$fault" $strikes
        strikes=$((strikes + 1))
    done
    ((strikes >= wanted)) || die "the run ended after $strikes strikes of $fault, not $wanted"
    wait $run || status=$?
    ((status == 0)) || die "the run under $fault ended with $status: $(cat "$WORK/run.err"); brokers: $(broker_states)"
    producers=$((1 + $(grep -c 'going on with a new producer' "$WORK/run.err" || true)))
    until_whole "$fault_prefix"
    local how=()
    [[ " $* " != *" --transactions "* ]] || how=(--committed)
    compare_topics "$out" "$fault_prefix"{call,sms,data} --files-topics cdr. "${how[@]}" >"$WORK/compared"
}

# total_of SUMMARY: records of all topics.
total_of()
{
    "$PYTHON" -c 'import json, sys; print(sum(t["records"] for t in json.load(open(sys.argv[1]))["topics"].values()))' "$1"
}

# ---- runs that are killed ----

# kill_once PREFIX RATE WHEN ARGUMENTS…: a run that goes on behind what is there, with some number of workers, from a folder
# and a home that no run had before, and is killed: so many milliseconds after its start, or, with a + before them, after its
# first records were seen in the topics. $first replaces --resume where it is set.
kill_once()
{
    local prefix=$1 rate=$2 when=$3 workers=$((RANDOM % 7 + 1)) machine run status=0 before
    shift 3
    machine=$(mktemp -d "$WORK/machine.XXXXXX")
    before=$(records_in "${prefix}data")
    cd "$machine" || return
    HOME=$machine "$CDRGEN" run --quiet -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --create-topics \
        "${first:---resume}" --workers $workers --rate "$rate" "$@" 2>"$machine/err" &
    run=$!
    cd "$SOURCE_DIR" || return
    if [[ $when == +* ]]; then
        while kill -0 $run 2>/dev/null && (($(records_in "${prefix}data") <= before)); do
            continue
        done
    fi
    sleep "$(printf '%d.%03d' $((${when#+} / 1000)) $((${when#+} % 1000)))"
    kill -KILL $run 2>/dev/null || true
    wait $run 2>/dev/null || status=$?
    ((status == 137)) || die "the run ended with $status before it was killed: $(cat "$machine/err")"
    [[ ! -s $machine/err ]] || die "the run says: $(cat "$machine/err")"
    echo "  killed $when ms after its $([[ $when == +* ]] && echo "first records" || echo start), $workers worker(s)"
}

# kill_rounds ROUNDS PREFIX RATE ARGUMENTS…: kill_once again and again, at random moments: one in four while the run may
# still be opening.
kill_rounds()
{
    local wanted=$1 prefix=$2 rate=$3 round when
    shift 3
    for ((round = 0; round < wanted; round++)); do
        when=$((RANDOM % 1500))
        ((round % 4 == 1)) || when=+$when
        kill_once "$prefix" "$rate" $when "$@"
    done
}

# ---- runs that are killed while brokers stand still ----

# Brokers named in $frozen go on.
thaw()
{
    local broker
    for broker in $frozen; do
        cluster resume "$broker"
    done
}

# kill_frozen PREFIX OUT RATE BROKERS WAKE_MS ARGUMENTS…: a run is killed with batches on their way to brokers that stand
# still, which wake so many milliseconds later; --resume starts at once. The topics must then equal OUT. Sets resumed_ms,
# how long the second run took, and words, what it said; returns its status, or 9 where the topics differ.
kill_frozen()
{
    local prefix=$1 out=$2 rate=$3 wake=$5 run thawing before broker status=0 began
    frozen=$4
    shift 5
    "$CDRGEN" run --quiet -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --create-topics --rate "$rate" "$@" \
        2>"$WORK/frozen.err" &
    run=$!
    until_flowing "$prefix" $run
    before=$(records_in "${prefix}data")
    while kill -0 $run 2>/dev/null && (($(records_in "${prefix}data") <= before)); do
        continue
    done
    for broker in $frozen; do
        cluster pause "$broker"
    done
    sleep 0.$((RANDOM % 3 + 1)) # for batches to be sent that are not stored yet
    kill -KILL $run 2>/dev/null || true
    wait $run 2>/dev/null || status=$?
    if ((status != 137)); then
        thaw
        die "the run ended with $status before it was killed: $(cat "$WORK/frozen.err")"
    fi
    (
        sleep "$(printf '%d.%03d' $((wake / 1000)) $((wake % 1000)))"
        thaw
    ) &
    thawing=$!
    status=0
    began=$(date +%s%3N)
    "$CDRGEN" run --quiet -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --create-topics --resume "$@" \
        2>"$WORK/frozen.err" || status=$?
    resumed_ms=$(($(date +%s%3N) - began))
    words=$(cat "$WORK/frozen.err")
    wait $thawing
    ((status == 0)) || return "$status"
    compare_topics "$out" "$prefix"{call,sms,data} --files-topics cdr. >"$WORK/compared" 2>&1 ||
        { words=$(tail -n 3 "$WORK/compared") && return 9; }
}
