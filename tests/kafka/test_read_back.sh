#!/usr/bin/env bash
# Two million records, in CSV and in Avro through a registry, into real topics; read back by foreign clients and equal,
# offset by offset, to what the file sink writes. RECORDS_SCALE=0.1 makes it a tenth of that.
source "$SOURCE_DIR/tests/kafka/lib.sh"
need_cluster registry

subscribers=$(awk -v scale="${RECORDS_SCALE:-1}" 'BEGIN { printf "%d", 105000 * scale }')

# The topics hold what the files hold, and both what the summary says.
round_trip()
{
    local format=$1 prefix
    prefix=$(fresh_prefix)
    local run=("$CDRGEN" run --quiet --subs "$subscribers" --start 2025-01-01 --days 1 --format "$format"
        --topic-prefix "$prefix")
    local topics=("${prefix}call" "${prefix}sms" "${prefix}data")
    "${run[@]}" --sink file --out "$WORK/$format" --summary "$WORK/files.json"
    local registry=()
    [[ $format != avro ]] || registry=(--registry "$CDRGEN_TEST_REGISTRY")
    "${run[@]}" --brokers "$CDRGEN_TEST_BROKERS" "${registry[@]}" --create-topics \
        --summary "$WORK/kafka.json"
    compare_topics "$WORK/$format"
    kafka_digests --files "$WORK/$format" --summary "$WORK/files.json" >/dev/null
    kafka_digests --format "$format" --summary "$WORK/kafka.json" "${topics[@]}" >/dev/null

    # kcat and Kafka's own tools read it too.
    local topic=${topics[1]} records seen
    records=$(count_records "$topic")
    seen=$(kcat -b "$CDRGEN_TEST_BROKERS" -C -q -e -t "$topic" -f '%k %T %S\n' | awk 'NF == 3 && $3 > 0' | wc -l)
    expect_equal "$seen" "$records" "records that kcat reads"
    seen=$("$SOURCE_DIR/scripts/kafka" tool GetOffsetShell --bootstrap-server "$CDRGEN_TEST_BROKERS" --topic "$topic" |
        awk -F : '{ n += $3 } END { print n }')
    expect_equal "$seen" "$records" "records by Kafka's GetOffsetShell"
    "$SOURCE_DIR/scripts/kafka" tool consumer.ConsoleConsumer --bootstrap-server "$CDRGEN_TEST_BROKERS" \
        --topic "$topic" --partition 0 --offset 0 --max-messages 3 >"$WORK/console" 2>/dev/null
    if [[ $format == csv ]]; then
        expect_equal "$(cat "$WORK/console")" "$(sed -n 2,4p "$(find "$WORK/csv/$topic" -name 'part-0000-*' | sort | head -n 1)")" \
            "what Kafka's console consumer shows"
    fi
    rm -r "${WORK:?}/$format"
    admin delete "${topics[@]}"
}

round_trip csv
round_trip avro
