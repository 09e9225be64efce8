#!/usr/bin/env bash
# What lag says of a group is what Kafka's own tool says, partition by partition, with and without transactions; it is never
# negative while records come and go; its seconds are those since the next record came; and what is not there is one line.
set -euo pipefail
source "$SOURCE_DIR/tests/kafka/lib.sh"
need_cluster

dataset=(--subs 2000 --seed 4 --partitions 3 -b "$CDRGEN_TEST_BROKERS")

for transactions in "" --transactions; do
    prefix=$(fresh_prefix) group=group$RANDOM$RANDOM
    "$CDRGEN" run "${dataset[@]}" --topic-prefix "$prefix" --create-topics -q --days 1 ${transactions:+"$transactions"}
    "$PYTHON" "$kafka_tests/consume.py" "$CDRGEN_TEST_BROKERS" "$group" 7000 "$prefix"{call,data}
    "$CDRGEN" lag -b "$CDRGEN_TEST_BROKERS" --group "$group" --topic "${prefix}call,${prefix}data" --json --every 10s --for 1s >"$WORK/ours"
    "$PYTHON" - "$WORK/ours" >"$WORK/ours.txt" <<'END'
import json, sys

sample = json.loads(open(sys.argv[1]).readline())
known = [p for p in sample["partitions"] if p["committed"] is not None]
assert sum(p["records"] for p in known) == sample["records"] > 0, sample
assert sample["uncommitted"] == len(sample["partitions"]) - len(known), sample
for p in sample["partitions"]:
    print(p["topic"], p["partition"], *([p["committed"], p["end"], p["records"]] if p["committed"] is not None else ["-", p["end"], "-"]))
END
    "$SOURCE_DIR/scripts/kafka" tool consumer.group.ConsumerGroupCommand --bootstrap-server "$CDRGEN_TEST_BROKERS" \
        --describe --group "$group" 2>"$WORK/tool.err" | awk -v group="$group" '$1 == group { print $2, $3, $4, $5, $6 }' >"$WORK/theirs.txt"
    [[ -s $WORK/theirs.txt ]] || die "Kafka's tool says nothing of the group: $(cat "$WORK/tool.err")"
    # The tool leaves out what nobody has committed for.
    grep -v -- ' - ' "$WORK/ours.txt" | sort >"$WORK/ours.sorted"
    grep -v -- ' - ' "$WORK/theirs.txt" | sort | diff - "$WORK/ours.sorted" || die "another lag than Kafka's tool $transactions"
done

# ---- while records come and go ----

prefix=$(fresh_prefix) group=group$RANDOM$RANDOM
"$CDRGEN" run "${dataset[@]}" --topic-prefix "$prefix" --create-topics -q --records 6000
"$PYTHON" "$kafka_tests/consume.py" "$CDRGEN_TEST_BROKERS" "$group" 6000 "$prefix"{call,sms,data}
"$CDRGEN" lag -b "$CDRGEN_TEST_BROKERS" --group "$group" --topic-prefix "$prefix" --json --every 100ms >"$WORK/samples" &
watching=$!
until [[ -s $WORK/samples ]]; do
    kill -0 "$watching" || die "lag ended"
    sleep 0.1
done
"$CDRGEN" run "${dataset[@]}" --topic-prefix "$prefix" --resume -q --program 'hold 1500 2s'
written=$(date +%s%3N)
"$PYTHON" "$kafka_tests/consume.py" "$CDRGEN_TEST_BROKERS" "$group" 1500 "$prefix"{call,sms,data}
sleep 2
last=$(date +%s%3N)
kill -INT "$watching"
wait "$watching" || die "lag that was stopped ends with status $?"
"$PYTHON" - "$WORK/samples" "$written" "$last" <<'END'
import json, sys

samples = [json.loads(line) for line in open(sys.argv[1])]
written, last = (int(text) for text in sys.argv[2:])
assert len(samples) > 10, len(samples)
assert samples[0]["records"] == 0 and samples[-1]["records"] == 1500, (samples[0], samples[-1])
assert all(p["records"] >= 0 and p["seconds"] >= 0 for s in samples for p in s["partitions"] if p["committed"] is not None)
# The next record of each partition came before the run ended, and not more than the run's length before that.
end = samples[-1]
waited = (end["time_ms"] - written) / 1000
assert waited <= end["seconds"] + 0.2, (waited, end["seconds"])
assert end["seconds"] <= (end["time_ms"] - samples[0]["time_ms"]) / 1000, end
assert not end["at_least"], end
END

# ---- what is not there ----

expect_failure 2 'group nobody-\S+ does not exist' "$CDRGEN" lag -b "$CDRGEN_TEST_BROKERS" --group "nobody-$prefix" --topic-prefix "$prefix"
expect_failure 2 'topic no-such does not exist' "$CDRGEN" lag -b "$CDRGEN_TEST_BROKERS" --group "$group" --topic no-such
expect_failure 2 'pass --group NAME' "$CDRGEN" lag -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix"
expect_failure 2 'no Kafka brokers are given' env -u CDRGEN_BROKERS "$CDRGEN" lag --group "$group"
expect_failure 2 '127.0.0.1:1' "$CDRGEN" lag --group "$group" -b 127.0.0.1:1 --kafka-timeout 2s
expect_failure 2 'allowed is 10ms to' "$CDRGEN" lag --group "$group" -b 127.0.0.1:1 --every 0
