#!/usr/bin/env bash
# The jobs in examples/ through real brokers, and what judge says of them: the demonstration's three jobs in Python, of which one is
# right and the others are told why not, and a job in Kafka Streams, whose changelog of windowed keys is right.
source "${SOURCE_DIR:?}/tests/kafka/lib.sh"
need_cluster

prefix=$(fresh_prefix)
jars=${CDRGEN_TEST_STREAMS_JARS:-${CDRGEN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cdrgen}/java-streams}
"$SOURCE_DIR/scripts/demo" --judge -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --program "$CDRGEN" >"$WORK/said"
grep -E '^right:|^wrong:|why:' "$WORK/said" >"$WORK/verdicts"
cat "$WORK/verdicts"
[[ $(cut -d ' ' -f 1 "$WORK/verdicts" | tr '\n' ' ') == 'right: wrong:  wrong:  ' ]] || die "$(cat "$WORK/said")"
grep -q 'why: the condition on cause_for_record_closing was left out' "$WORK/verdicts" || die "the second job's mistake is not told"
grep -q 'why: records that are there twice were counted twice' "$WORK/verdicts" || die "the third job's mistake is not told"

if ! compgen -G "$jars/kafka-streams-*.jar" >/dev/null || [[ -z ${CLASSPATH:-} ]]; then
    echo "no Kafka Streams in $jars: its job is not run"
    exit 0
fi
settings=(--subs 500 --days 1 --start 2025-01-01 --late-share 0.1 --late-max 20m)
streams=$(fresh_prefix)
"$CDRGEN" run --quiet "${settings[@]}" --format json -b "$CDRGEN_TEST_BROKERS" --create-topics --topic-prefix "$streams"
admin create "${streams}out" 3
java "-Djava.io.tmpdir=$WORK" -cp "$jars/*:$CLASSPATH" "$SOURCE_DIR/examples/SubscriberLoad.java" \
    "$CDRGEN_TEST_BROKERS" "${streams}call" "${streams}out" >"$WORK/java" 2>&1 || die "Kafka Streams: $(tail -n 20 "$WORK/java")"
for as in ksqldb "streams --fold upsert"; do
    # shellcheck disable=SC2086
    "$CDRGEN" judge "$SOURCE_DIR/examples/subscriber_load.json" "${settings[@]}" -b "$CDRGEN_TEST_BROKERS" \
        --from-topic "${streams}out" --as $as || die "Kafka Streams' rows are not right as $as"
done
