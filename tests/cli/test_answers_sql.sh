#!/usr/bin/env bash
# expect --sql: the text of each dialect is that of tests/cli/sql/. DuckDB runs its own in test_answers.sh, Spark and Flink theirs in
# scripts/judge-sql; ksqlDB and RisingWave run nowhere. After a change that is meant, the argument --renew writes the texts again.
set -euo pipefail
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
settings=(--subs 200 --days 2 --start 2025-03-29)

fail()
{
    echo "FAILED: $*"
    exit 1
}

for dialect in duckdb flink ksqldb risingwave spark; do
    for query in $("$CDRGEN" expect | cut -d ' ' -f 1); do
        echo "-- $query"
        late=()
        [[ $query != activity || $dialect == [ds]* ]] || late=(--late streams:10m)
        "$CDRGEN" expect "$query" "${settings[@]}" --sql $dialect --out folder "${late[@]}" 2>"$temporary/stderr" || {
            [[ $(wc -l <"$temporary/stderr") == 1 ]] || fail "$dialect, $query: $(cat "$temporary/stderr")"
            sed 's/^cdrgen: /-- /' "$temporary/stderr"
        }
        echo
    done >"$temporary/$dialect.sql"
    if [[ ${1:-} == --renew ]]; then
        cp "$temporary/$dialect.sql" "$SOURCE_DIR/tests/cli/sql/"
    else
        diff "$SOURCE_DIR/tests/cli/sql/$dialect.sql" "$temporary/$dialect.sql" || fail "$dialect has another text"
    fi
done
echo "the SQL is as it should be"
