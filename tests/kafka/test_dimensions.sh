#!/usr/bin/env bash
# Dimension topics: rows, updates and tombstones against what `cdrgen subscribers` lists day by day, in three formats; two
# shards; transactions; killed and resumed; the stream-table join; compaction; what verify finds and the guard refuses.
source "${SOURCE_DIR:?}/tests/kafka/lib.sh"

# Of the test's own: a cleaner that does not wait.
start_cluster --registry --property log.cleaner.backoff.ms=100 --property log.retention.check.interval.ms=1000

dims()
{
    (cd "$kafka_tests" && "$PYTHON" dimensions.py "$@")
}

days=(2025-03-28 2025-03-29 2025-03-30 2025-03-31 2025-04-01 2025-04-02)
model=(--subs 1500 --partitions 4 --cells 300 --leave-prob 0.02 --vacant-days 3 --sim-change-prob 0.02
    --imei-change-prob 0.02)
settings=("${model[@]}" --start "${days[0]}" --days "${#days[@]}")
mkdir "$WORK/tables"
"$CDRGEN" cells "${model[@]}" >"$WORK/tables/cells.csv"
for day in "${days[@]}"; do
    "$CDRGEN" subscribers "${model[@]}" --start "$day" >"$WORK/tables/day-$day.csv"
done

# run PREFIX ARGUMENTS…
run()
{
    local prefix=$1
    shift
    "$CDRGEN" run --quiet -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --create-topics --dimensions \
        "${settings[@]}" "$@"
}

# verify PREFIX ARGUMENTS…
verify()
{
    local prefix=$1
    shift
    "$CDRGEN" verify -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --dimensions "${settings[@]}" "$@"
}

for format in csv json avro; do
    echo "$format: rows, digests, join, verify"
    registry=() keys=() foreign=()
    if [[ $format == avro ]]; then # its keys as well
        registry=(--registry "$CDRGEN_TEST_REGISTRY") keys=(--key-format avro) foreign=(--keys avro)
    fi
    prefix=$(fresh_prefix)
    run "$prefix" --format $format "${registry[@]}" "${keys[@]}" --summary "$WORK/summary.json"
    expect_equal "$(admin config "${prefix}subscriber" cleanup.policy)" compact
    expect_equal "$(admin config "${prefix}cell" cleanup.policy)" compact
    expect_equal "$(admin config "${prefix}call" cleanup.policy)" delete
    dims check "$prefix" "$WORK/tables" --format $format "${registry[@]}" "${foreign[@]}" --summary "$WORK/summary.json"
    dims join "$prefix" --format $format "${registry[@]}" "${foreign[@]}"
    verify "$prefix" --format $format "${keys[@]}" >"$WORK/verified"
    grep -q "^same: " "$WORK/verified" || die "$(cat "$WORK/verified")"
    "$CDRGEN" run --quiet --sink null --dimensions --format $format "${settings[@]}" --workers 3 --summary "$WORK/null.json"
    "$PYTHON" - "$WORK/summary.json" "$WORK/null.json" "$prefix" <<'PYTHON'
import json, sys
kafka, null = (json.load(open(path))["topics"] for path in sys.argv[1:3])
for name in ("subscriber", "cell", "call"):
    assert kafka[sys.argv[3] + name]["digest"] == null["cdr." + name]["digest"], name
PYTHON
    [[ $format != csv ]] || csv=$prefix
done
run "$prefix" --format avro "${registry[@]}" "${keys[@]}" --resume # the tail has keys with frames
subjects=$("$CDRGEN" schema list --dimensions --key-format avro --topic-prefix "$prefix" --registry "$CDRGEN_TEST_REGISTRY")
grep -Eq "^${prefix}cell-value"$'\t[0-9]+\t[0-9]+\tsame$' <<<"$subjects" || die "$subjects"
grep -Eq "^${prefix}subscriber-key"$'\t[0-9]+\t[0-9]+\tsame$' <<<"$subjects" || die "$subjects"
"$CDRGEN" schema print subscriber | diff - "$SOURCE_DIR/schemas/cdr_subscriber.avsc"
"$CDRGEN" schema print cell --registry "$CDRGEN_TEST_REGISTRY" --topic-prefix "$prefix" >"$WORK/cell.avsc"
grep -q '"CdrCell"' "$WORK/cell.avsc" || die "$(cat "$WORK/cell.avsc")"

echo "long sessions in parts: the day of their start decides"
prefix=$(fresh_prefix)
run "$prefix" --format csv --partial 15m
dims join "$prefix"

echo "two shards, in transactions"
prefix=$(fresh_prefix)
shards=()
for shard in 0 1; do
    run "$prefix" --shard $shard/2 --transactions &
    shards+=($!)
done
for shard in "${shards[@]}"; do
    wait "$shard"
done
dims check "$prefix" "$WORK/tables"
verify "$prefix" >/dev/null

echo "killed three times, resumed"
prefix=$(fresh_prefix)
for round in 1 2 3; do
    resume=()
    ((round == 1)) || resume=(--resume)
    run "$prefix" --speed 100000 --workers 2 "${resume[@]}" &
    killed=$!
    sleep "$((1 + RANDOM % 2)).$((RANDOM % 10))"
    kill -KILL $killed 2>/dev/null || true
    wait $killed || true
done
# What the broker still had of the killed run's requests arrives after it: counted too early, the resume writes fewer.
before=none
until partly=$(dims found "${prefix}subscriber") && [[ $partly == "$before" ]]; do
    before=$partly
    sleep 3
done
run "$prefix" --resume --summary "$WORK/resumed.json"
dims check "$prefix" "$WORK/tables"
verify "$prefix" >/dev/null
"$PYTHON" - "$WORK/resumed.json" "${prefix}subscriber" "$partly" "$(dims found "${prefix}subscriber")" <<'PYTHON'
import json, sys
entry = json.load(open(sys.argv[1]))["topics"][sys.argv[2]]
partly, all_of_them = map(int, sys.argv[3:])
assert 0 < partly <= all_of_them and entry["records"] == all_of_them - partly, (entry["records"], sys.argv)
assert sum(p["first_record"] for p in entry["partitions"]) == partly
PYTHON

echo "behind what a topic held: --append, then --resume of a longer run"
prefix=$(fresh_prefix)
run "$prefix" --days 2
"$CDRGEN" run --quiet -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --dimensions --append "${settings[@]}" --days 3 --seed 77
"$CDRGEN" run --quiet -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --dimensions --resume "${settings[@]}" --seed 77
"$CDRGEN" verify -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --dimensions "${settings[@]}" --seed 77 >/dev/null

# behind CHANGE…: a day whose records come slowly; the change is made when they begin to come, so after the day's rows.
# The run's standard error is in $WORK/behind.
behind()
{
    local running status=0
    prefix=$(fresh_prefix)
    run "$prefix" --days 1 --rate 1500 2>"$WORK/behind" &
    running=$!
    admin await 1 "${prefix}data"
    "$@"
    kill -0 $running || die "the run was over before the change: $(cat "$WORK/behind")"
    wait $running || status=$?
    expect_equal "$status" 1 "the run's status"
    grep -q "'cdrgen repair' with the same flags" "$WORK/behind" || die "$(cat "$WORK/behind")"
}
alter_cell()
{
    dims alter "${prefix}cell" 1 30
}
bury_subscriber()
{
    dims bury "${prefix}subscriber" 31600000000
}

echo "a table was created again and differs in a row that was acknowledged: the run ended with 0"
behind alter_cell
grep -q "no longer as they were written: ${prefix}cell\[1\], record 30: value: expected" "$WORK/behind" ||
    die "$(cat "$WORK/behind")"
"$CDRGEN" repair --yes -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --dimensions "${settings[@]}" --days 1 >/dev/null 2>&1
verify "$prefix" --days 1 >/dev/null

echo "a foreign row came after those of the last day: the run ended with 0"
behind bury_subscriber
grep -Eq "${prefix}subscriber\[[0-3]\] ends at offset [0-9]+ and must end at" "$WORK/behind" || die "$(cat "$WORK/behind")"

echo "rows were deleted: --resume went on as if they were there"
prefix=$(fresh_prefix)
run "$prefix" --days 1
admin alter "${prefix}subscriber" cleanup.policy=compact,delete retention.ms=-1
admin trim "${prefix}subscriber" 2 5
admin alter "${prefix}subscriber" cleanup.policy=compact
expect_failure 2 "resume: rows of .* are missing, 5 in all: ${prefix}subscriber\[2\], record 0: lost.*'cdrgen repair'" \
    run "$prefix" --days 1 --resume
run "$prefix" --days 1 --resume --force
admin delete "${prefix}"{call,sms,data}
expect_failure 2 "resume: rows of .* are missing, 5 in all" run "$prefix" --days 1 --resume

echo "an aborted transaction's offsets were taken for rows: --resume left as many out"
prefix=$(fresh_prefix)
dims lose "${csv}cell" "${prefix}cell" 2 20 >/dev/null
expect_failure 2 "resume: rows of .* are missing, 2 in all: ${prefix}cell\[2\], record 20: lost" run "$prefix" --resume

echo "another producer's aborted records took offsets of rows: a resume was refused, or left rows out"
prefix=$(fresh_prefix) again=$(fresh_prefix)
for table in "$prefix"{subscriber,cell} "${again}cell"; do # all in one segment, which is not compacted
    admin create "$table" 4 cleanup.policy=compact segment.ms=9223372036854775807
done
run "$prefix" --days 2
dims abort "$prefix"{subscriber,cell}
verify "$prefix" --days 2 >/dev/null
run "$prefix" --days 3 --resume
dims abort "${prefix}subscriber"
run "$prefix" --resume
run "$prefix" --resume
verify "$prefix" >"$WORK/verified" || die "$(cat "$WORK/verified")"
dims check "$prefix" "$WORK/tables" --gaps
# In the middle of a day's rows, where a run was killed; the cells are not written at all.
dims abort "${again}cell"
dims copy "${csv}subscriber" "${again}subscriber" 380
dims abort "${again}subscriber"
run "$again" --resume
verify "$again" >"$WORK/verified" || die "$(cat "$WORK/verified")"
dims check "$again" "$WORK/tables" --gaps

echo "a tombstone at a control record's offset was taken for compacted: verify said the same"
prefix=$(fresh_prefix)
dims skip "${csv}subscriber" "${prefix}subscriber" >"$WORK/skipped"
words="lost, and an earlier one of its key is there: expected $(cat "$WORK/skipped"),"
expect_failure 2 "resume: rows of .* are missing, 2 in all: .*$words" run "$prefix" --resume
run "$prefix" --resume --force
expect_failure 1 "different" verify "$prefix"
grep -q "$words" "$WORK/stdout" || die "$(cat "$WORK/stdout")"

echo "refused"
expect_failure 2 "^cdrgen: ${csv}call\[[0-3]\] is not empty" run "$csv"
prefix=$(fresh_prefix)
admin create "${prefix}subscriber" 4 cleanup.policy=compact
dims bury "${prefix}subscriber" 31600000000
expect_failure 2 "^cdrgen: ${prefix}subscriber\[[0-3]\] is not empty \(end offset 1\)" run "$prefix"
expect_failure 2 "resume: .*${prefix}subscriber\[[0-3]\], record 0: (key|timestamp|value): expected [0-9]+, found" \
    run "$prefix" --resume
admin delete "${prefix}subscriber"
sleep 1
admin create "${prefix}cell" 4 cleanup.policy=delete
expect_failure 2 "topic ${prefix}cell: cleanup.policy=delete .*set it to compact, or go on with --force" run "$prefix"
expect_failure 1 "would fail" "$CDRGEN" doctor -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --dimensions \
    "${settings[@]}" --resume --create-topics
grep -q "^fail  topic ${prefix}cell: cleanup.policy=delete" "$WORK/stdout" || die "$(cat "$WORK/stdout")"
run "$prefix" --force 2>"$WORK/forced"
grep -q "^cdrgen: warning: topic ${prefix}cell: cleanup.policy=delete" "$WORK/forced" || die "$(cat "$WORK/forced")"
# Tables of another dataset that differ in few rows were taken for one's own where the topics of records held nothing.
other=(-b "$CDRGEN_TEST_BROKERS" --topic-prefix "$(fresh_prefix)" --subs 60 --partitions 1 --cells 3000 --dimensions --quiet)
"$CDRGEN" run "${other[@]}" --create-topics
admin delete "${other[3]}"{call,sms,data}
CDRGEN_DATA_NR_CELL_SHARE=0.2003 expect_failure 2 "resume: .*${other[3]}cell\[0\], record [0-9]+: value: expected" \
    "$CDRGEN" run "${other[@]}" --create-topics --resume
"$CDRGEN" run "${other[@]}" --create-topics --resume
expect_failure 2 "spill and dimensions" run "$(fresh_prefix)" --spill "$WORK/spill"
"$CDRGEN" run --sink file --out "$WORK/files" --dimensions "${settings[@]}" --days 1 2>"$WORK/stderr"
grep -q "subscribers.csv and cells.csv hold the first day's state" "$WORK/stderr" || die "$(cat "$WORK/stderr")"

echo "compacted: what is left is as it must be"
compaction=(cleanup.policy=compact segment.ms=1 min.cleanable.dirty.ratio=0.001 delete.retention.ms=0
    max.compaction.lag.ms=1 min.compaction.lag.ms=0)
prefix=$(fresh_prefix)
admin create "${prefix}subscriber" 4 "${compaction[@]}"
run "$prefix"
all=$(count_records "${prefix}subscriber")
end=$((SECONDS + 90))
left=$all
# The last segment of each partition, which is written to, is never compacted.
until ((left < all * 17 / 20)); do
    ((SECONDS < end)) || die "$left of $all records are left: nothing was compacted"
    sleep 1
    left=$(dims found "${prefix}subscriber")
done
echo "$left of $all records are left"
verify "$prefix" --report "$WORK/report.json" >"$WORK/verified" || die "$(cat "$WORK/verified")"
"$PYTHON" - "$WORK/report.json" "${prefix}subscriber" "$all" <<'PYTHON'
import json, sys
report = json.load(open(sys.argv[1]))
entry = report["dimensions"][sys.argv[2]]
assert report["result"] == "same" and entry["expected"] == int(sys.argv[3]), entry
assert entry["matched"] + entry["compacted"] == entry["expected"] and entry["compacted"] > 0, entry
PYTHON
run "$prefix" --resume # the check of the tail minds the gaps

echo "a key that compaction took for good"
key=$("$PYTHON" - "$WORK/tables" <<'PYTHON'
import csv, pathlib, sys
tables = [list(csv.DictReader(open(path))) for path in sorted(pathlib.Path(sys.argv[1]).glob("day-*.csv"))]
same = [rows[0]["msisdn"] for rows in zip(*tables) if all(row == rows[0] for row in rows) and rows[0]["imsi"]]
print(same[0])
PYTHON
)
for round in 1 2; do # the cleaner heeds no tombstone of the segment that is written to: the second begins another
    dims bury "${prefix}subscriber" "$key"
    sleep 0.2
done
end=$((SECONDS + 90))
until grep -Eq "1 lost, [12] foreign" "$WORK/verified"; do
    ((SECONDS < end)) || die "the lost key was not found: $(cat "$WORK/verified")"
    sleep 1
    ! verify "$prefix" >"$WORK/verified" 2>"$WORK/stderr" || die "the foreign tombstones were not found"
done
grep -q "^cdrgen: different: rows of ${prefix}subscriber: 1 lost" "$WORK/stderr" || die "$(cat "$WORK/stderr")"
grep -q "lost, and the last of its key: expected $key" "$WORK/verified" || die "$(cat "$WORK/verified")"

echo "a row was gone whose earlier one was there, which compaction never leaves: verify said the same, and --resume went on"
prefix=$(fresh_prefix)
run "$prefix"
for mode in tombstone middle; do
    admin delete "${prefix}subscriber"
    read -r partition record key < <(dims displace "${csv}subscriber" "${prefix}subscriber" $mode)
    words="${prefix}subscriber\[$partition\], record $record: lost, and an earlier one of its key is there: expected $key"
    expect_failure 1 "^cdrgen: different: rows of ${prefix}subscriber: 1 lost" verify "$prefix"
    grep -q "$words" "$WORK/stdout" || die "$mode: $(cat "$WORK/stdout")"
    expect_failure 2 "resume: rows of .* are missing, 1 in all: $words" run "$prefix" --resume
done

echo "lost, altered: found"
prefix=$(fresh_prefix)
for kind in call sms data; do
    "$PYTHON" "$kafka_tests/damage.py" none "$csv$kind" "$prefix$kind"
done
"$PYTHON" "$kafka_tests/damage.py" none "${csv}cell" "${prefix}cell" --record 0
lost=$(dims lose "${csv}subscriber" "${prefix}subscriber" 2 20)
echo "without the rows of $lost"
expect_failure 1 "^cdrgen: different: rows of ${prefix}subscriber: [12] lost" verify "$prefix"
admin delete "${prefix}subscriber" "${prefix}cell"
sleep 1
"$PYTHON" "$kafka_tests/damage.py" none "${csv}subscriber" "${prefix}subscriber" --record 0
"$PYTHON" "$kafka_tests/damage.py" flip "${csv}cell" "${prefix}cell" --record 30
expect_failure 1 "^cdrgen: different: rows of ${prefix}cell: 1 altered" verify "$prefix"
grep -Eq "${prefix}cell\[1\], record 30: value: expected [0-9]+;" "$WORK/stdout" || die "$(cat "$WORK/stdout")"
