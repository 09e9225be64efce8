#!/usr/bin/env bash
# judge reads rows from topics, which a foreign producer wrote as jobs do: objects, keys and values of Kafka Streams' windowed
# aggregates, changelogs, transactions. Rows that are right are right, others are found; what cannot be told is status 2.
source "${SOURCE_DIR:?}/tests/kafka/lib.sh"
need_cluster registry

settings=(--subs 200 --days 1 --start 2025-01-01)
prefix=$(fresh_prefix)
"$CDRGEN" expect cell_load "${settings[@]}" >"$WORK/rows.csv"

# put NAME FORM ARGUMENTS…: the rows on standard input into a fresh topic
put()
{
    local topic=$prefix$1
    shift
    admin create "$topic" 3
    PYTHONHASHSEED=0 "$PYTHON" "$kafka_tests/judge_rows.py" "$topic" "$@"
}

# verdict STATUS PATTERN NAME ARGUMENTS…
verdict()
{
    local wanted=$1 pattern=$2 topic=$prefix$3 status=0
    shift 3
    "$CDRGEN" judge cell_load "${settings[@]}" -b "$CDRGEN_TEST_BROKERS" --from-topic "$topic" "$@" >"$WORK/said" 2>&1 || status=$?
    ((status == wanted)) || die "judge $topic $*: status $status, not $wanted: $(cat "$WORK/said")"
    grep -Eq -- "$pattern" "$WORK/said" || die "judge $topic $*: no /$pattern/ in $(cat "$WORK/said")"
}

echo "rows as objects, and a lost one"
put json json <"$WORK/rows.csv"
verdict 0 '^right: cell_load of [0-9]+ rows: [0-9]+ right, 0 wrong, 0 missing, 0 unexpected, 0 duplicated' json --as json
sed 7d "$WORK/rows.csv" | put lost json
verdict 1 'as if this record was lost: cdr.call' lost --as json
echo "Kafka Streams' keys and values"
for form in streams-json streams-text streams-long; do
    put $form $form <"$WORK/rows.csv"
    verdict 0 '^right:' $form --as streams
done
grep -q 'seconds is not there, so it is not compared' "$WORK/said" || die "$(cat "$WORK/said")"
echo "a changelog with tombstones: the last row of a key stands"
put changelog streams-json --twice <"$WORK/rows.csv"
verdict 0 '^right:' changelog --as streams --fold upsert
verdict 1 '^wrong: .* [1-9][0-9]* duplicated' changelog --as streams
echo "what other engines put out"
for form in streams-session avro spark risingwave flink-upsert debezium avro-upsert; do
    as=$form more=() twice=()
    case $form in
        spark) as=spark-append ;;
        risingwave | flink-upsert | debezium | avro-upsert) twice=(--twice) ;;
    esac
    [[ $form == avro* ]] && more=(--registry "$CDRGEN_TEST_REGISTRY")
    put $form $form "${twice[@]}" <"$WORK/rows.csv"
    verdict 0 '^right:' $form --as $as "${more[@]}"
    if ((${#twice[@]} > 0)); then
        verdict 1 '^wrong: .* [1-9][0-9]* duplicated' $form --as $as "${more[@]}" --fold append
    fi
done
verdict 2 'as: rows in Avro need their schema' avro --as avro
verdict 2 'avro\[[0-2]\], offset [0-9]+: ' avro --as json
verdict 2 'spark\[[0-2]\], offset [0-9]+: it does not begin with the id of a schema' spark --as avro --registry "$CDRGEN_TEST_REGISTRY"
put avro-plain avro-plain <"$WORK/rows.csv" >"$WORK/row.avsc"
verdict 0 '^right:' avro-plain --as avro --value-schema "$WORK/row.avsc"
verdict 2 'value-schema|cannot read' avro-plain --as avro --value-schema "$WORK/missing.avsc"
echo "ksqlDB's keys and names, and rows in parts"
put ksqldb streams-number --twice <"$WORK/rows.csv"
verdict 0 '^right:' ksqldb --as ksqldb
awk -F , -v OFS=, 'NR == 1 { print; next } $4 > 1 { print $1, $2, $3, 1, 7, 0; $4--; $5 -= 7 } 1' "$WORK/rows.csv" >"$WORK/parts.csv"
put parts json <"$WORK/parts.csv"
verdict 0 '^right:' parts --as json --fold sum
verdict 0 '^right:' parts --as clickhouse
verdict 1 '^wrong: .* [1-9][0-9]* duplicated' parts --as json
echo "rows of an aborted transaction are none"
put committed json --committed <"$WORK/rows.csv"
verdict 0 '^right:' committed --as json

echo "what cannot be told"
verdict 2 'topic .*nowhere does not exist' nowhere --as json
admin create "${prefix}empty" 3
verdict 2 'cannot tell: the output has no rows' empty --as json
verdict 2 'json\[[0-2]\], offset [0-9]+: the key is not one of a windowed aggregate' json --as streams
verdict 2 'streams-long\[[0-2]\], offset [0-9]+: ' streams-long --as json
verdict 2 'from-topic: messages are json, avro or an engine' json
verdict 2 'in and from-topic: the rows come from one of them' json --as json --in "$WORK/rows.csv"
admin trim "${prefix}json" 0 1
verdict 2 'cannot tell: the beginning of 1 partitions of .* was deleted' json --as json
expect_failure 2 'from-topic: no brokers are given' "$CDRGEN" judge cell_load "${settings[@]}" --from-topic t --as json
expect_failure 2 'as: streams is a form of messages' "$CDRGEN" judge cell_load "${settings[@]}" --as streams
