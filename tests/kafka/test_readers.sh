#!/usr/bin/env bash
# The readers that other tests trust: what is equal is found equal, and each kind of fault is found and named.
source "$SOURCE_DIR/tests/kafka/lib.sh"
need_cluster registry

schema=$SOURCE_DIR/schemas/cdr_call.avsc
prefix=$(fresh_prefix)
sample()
{
    "$PYTHON" "$SOURCE_DIR/tests/kafka/write_sample.py" "$@"
}
sample files "$WORK/csv" "${prefix}call"
sample files "$WORK/avro" "${prefix}call" --format avro --schema "$schema"

# Equal in CSV, in Avro, and Avro against the files' CSV; the digests of topic and files are the same.
sample topic "${prefix}call"
compare_topics "$WORK/csv"
kafka_digests "${prefix}call" >"$WORK/kafka.json"
kafka_digests --files "$WORK/csv" >"$WORK/files.json"
cmp "$WORK/kafka.json" "$WORK/files.json"
avro=${prefix}avro.call
sample topic "$avro" --format avro --schema "$schema"
compare_topics "$WORK/avro" --files-topics "$prefix" "$avro"
compare_topics "$WORK/csv" --files-topics "$prefix" --format avro "$avro"

# fault NAME TEXT: what the comparison must say of record 100 of partition 0.
fault()
{
    sample topic "$prefix$1.call" --fault "$1" --at 100
    expect_failure 1 "call.[0-9]. offset $2" \
        compare_topics "$WORK/csv" --files-topics "$prefix" "$prefix$1.call"
}
fault lose '100: (key|timestamp|value)'
fault double '101: (key|timestamp|value)'
fault swap '100: (key|timestamp|value)'
fault alter '100: value'
fault key "100: key b'31610000000', not"
fault time '100: timestamp 1[0-9]*, not'
fault partition '100: (key|timestamp|value)'
expect_equal "$(count_records "${prefix}lose.call")" 2999 "a lost record is counted"

# The same in Avro names the field.
sample topic "${prefix}altered.call" --format avro --schema "$schema" --fault alter
expect_failure 1 "offset 100: imsi is '" \
    compare_topics "$WORK/avro" --files-topics "$prefix" "${prefix}altered.call"

# A summary as a run gives it, whole and by shards; one with another digest; one that leaves a partition out.
"$PYTHON" - "$WORK/kafka.json" "$WORK/summary" <<'PYTHON'
import json, sys
def save(name, topics):
    json.dump({"topics": topics}, open(f"{sys.argv[2]}.{name}", "w"))
topics = json.load(open(sys.argv[1]))
(topic, entry), = topics.items()
for number, log in enumerate(entry["partitions"]):
    log["partition"] = number
save("whole", topics)
entry["partitions"][1]["digest"] = "0123456789abcdef"
save("wrong", topics)
del entry["partitions"][1:]
save("first", topics)
PYTHON
kafka_digests --summary "$WORK/summary.whole" "${prefix}call" >/dev/null
expect_failure 1 'call.1.: digest is' kafka_digests --summary "$WORK/summary.wrong" "${prefix}call"
expect_failure 1 'call: records is' kafka_digests --summary "$WORK/summary.first" "${prefix}call"
sed -i '$d' "$(find "$WORK/csv" -name 'part-0002-*' | sort | tail -n 1)"
expect_failure 1 'call.2. offset [0-9]*: the files hold no such record' compare_topics "$WORK/csv"
