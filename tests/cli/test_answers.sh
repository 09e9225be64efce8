#!/usr/bin/env bash
# expect: the answers to queries are those of DuckDB over the files, with late records and faults; the same for any number
# of workers; wrong queries are one line and status 2. judge: DuckDB's rows are right; mistakes on purpose are found and named.
set -euo pipefail
cache=${CDRGEN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cdrgen}
python=$cache/realism-card/bin/python
if ! cmp -s "$SOURCE_DIR/scripts/realism_card/requirements.txt" "$cache/realism-card/requirements.txt"; then
    echo "no Python environment in $cache/realism-card; scripts/install-deps --realism-card makes it"
    exit 77
fi
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
export TMPDIR=$temporary
cd "$temporary"

fail()
{
    echo "FAILED: $*"
    exit 1
}

# referee ARGUMENTS…: see answers.py
referee()
{
    "$python" -B "$SOURCE_DIR/tests/cli/answers.py" "$CDRGEN" "$@"
}

echo "DuckDB: built-in queries, on days of 23 and 24 hours"
mapfile -t queries < <("$CDRGEN" expect | cut -d ' ' -f 1)
plain=(activity cell_load daily_top fanout hot_cells outcomes usage) detailed=(legs sessions unique) own=(enriched late)
[[ ${queries[*]} == "$(printf '%s\n' "${plain[@]}" "${detailed[@]}" "${own[@]}" | sort | xargs)" ]] || fail "queries: ${queries[*]}"
referee "${plain[@]}" -- --subs 300 --days 2 --start 2025-03-29 --seed 8
echo "DuckDB: queries by id, late records, joins with the table of subscribers"
referee --details "${detailed[@]}" -- --subs 200 --days 2 --start 2025-03-29 --seed 4 --partial 30m --late-share 0.1 \
    --fault duplicate=0.03 --fault missing=0.05
referee --details --late-query -- --subs 200 --days 2 --start 2025-03-29 --seed 4 --late-share 0.1
referee --enriched -- --subs 300 --days 4 --start 2025-03-28 --seed 4 --late-share 0.1 --leave-prob 0.05 --imei-change-prob 0.1
echo "DuckDB: fields beside the 22, conditions on columns and rows, ten seeds"
for seed in 1 2 3 4 5 6 7 8 9 10; do
    referee --details --random 2 $seed -- --subs 120 --days 1 --start 2025-03-30 --seed $seed --partial 30m --late-share 0.1 \
        --behaviour fraud --fault duplicate=0.03 --fault missing=0.05
done
echo "DuckDB: random queries, late records, faults, sessions in parts"
referee --random 10 71 -- --subs 200 --days 2 --start 2025-10-25 --seed 9 --late-share 0.1
referee --random 8 72 -- --subs 200 --days 1 --start 2025-01-01 --fault duplicate=0.05 --fault missing=0.05 \
    --fault empty=0.05 --fault swap=0.1 --order start
referee --random 6 73 -- --subs 200 --days 1 --start 2025-01-01 --partial 10m --tz America/New_York --partitions 13

echo "DuckDB: sessions without a gap, late records, faults, ten seeds"
for seed in 1 2 3 4 5 6 7 8 9 10; do
    referee --sessions 2 $seed -- --subs 150 --days 1 --start 2025-03-30 --seed $seed --late-share 0.1 --late-max 20m --partial 30m \
        --fault duplicate=0.05 --fault missing=0.05 --fault empty=0.05 --workers $((seed % 4 + 1))
done
referee --late-sessions -- --subs 400 --days 2 --start 2025-01-01 --late-share 0.1 --late-max 20m

echo "judge: mistakes are named, and records that are lost or counted twice"
referee --late -- --subs 400 --days 2 --start 2025-03-29 --late-share 0.1 --late-max 20m
referee --one-record -- --subs 300 --days 2 --start 2025-01-01
referee --mistakes -- --subs 400 --days 2 --start 2025-01-01 --fault duplicate=0.05

echo "judge: lost, altered, foreign and doubled rows; other forms of the same rows"
settings=(--subs 300 --days 1 --start 2025-01-01)
"$CDRGEN" expect cell_load "${settings[@]}" >right.csv

# verdict STATUS PATTERN ARGUMENTS…: of the rows on standard input
verdict()
{
    local wanted=$1 pattern=$2 status=0
    shift 2
    "$CDRGEN" judge cell_load "${settings[@]}" "$@" >stdout 2>stderr || status=$?
    sed 's/^/stdout:/' stdout >both
    sed 's/^/stderr:/' stderr >>both
    if ((status != wanted)) || ! grep -Eq -- "$pattern" both; then
        fail "judge $*: status $status, wanted $wanted and /$pattern/, not: $(cat both)"
    fi
}

verdict 0 'stdout:right: .* 0 wrong, 0 missing' --in right.csv
verdict 0 'stdout:right:' < <(tail -n +2 right.csv | shuf --random-source=right.csv | cat <(head -1 right.csv) -)
verdict 0 'stdout:right:' < <(tr ',' ';' <right.csv | sed '1s/window_start/WindowStart/; 1s/cell_id/CELL_ID/')
verdict 0 'stdout:right:' < <(cut -d , -f 2- right.csv) # the window's end tells its start
verdict 0 'stdout:right:' < <(awk -F , -v OFS=, 'NR > 1 { $1 = $1 "000"; $2 = ""; $5 = $5 ".0" } 1' right.csv | cut -d , -f 1,3-)
verdict 0 'stdout:right:' < <(awk -F , 'NR == 1 { print "start,cell_id,calls"; next }
    { print strftime("%Y-%m-%dT%H:%M:%SZ", $1 / 1000, 1) "," $3 "," $4 }' right.csv)
grep -q 'seconds is not there, so it is not compared' stdout || fail "a column that is not compared is not named"
verdict 0 'stdout:right:' --as json < <("$CDRGEN" expect cell_load "${settings[@]}" --json)
verdict 0 'stdout:right:' --as json < <("$CDRGEN" expect cell_load "${settings[@]}" --json |
    sed 's/"window_start":\([0-9]*\),"window_end":\([0-9]*\)/"window":{"start":\1,"end":\2}/')
verdict 1 'stdout:    as if this record was lost: cdr.call\[[0-5]\] offset [0-9]+ id [0-9a-f]{16}' < <(sed 7d right.csv)
verdict 1 'stdout:  wrong: .*, found calls 1 seconds 7777$' < <(sed '7s/,[0-9]*,[0-9]*,0$/,1,7777,0/' right.csv)
verdict 1 'stdout:  unexpected: .* 99999: found calls 1' < <(sed '7s/^\([0-9]*,[0-9]*\),.*/&\n\1,99999,1,1,0/' right.csv)
verdict 1 'stdout:wrong: .* 0 wrong, 0 missing, 0 unexpected, 1 duplicated' < <(sed 7p right.csv)
verdict 0 'stdout:right:' --fold upsert < <(sed '7s/.*/&\n&/; 7s/,[0-9]*,0\n/,1,0\n/' right.csv)
verdict 2 'stderr:cdrgen: cannot tell: the output has no rows' --in /dev/null
verdict 2 'stderr:.*line 1: no column is called cell_id' < <(cut -d , -f 1,4 right.csv)
verdict 2 'stderr:.*line 1: no column is called window_start or window_end' < <(cut -d , -f 3,4 right.csv)
verdict 2 'stderr:.*line 1: no column is called as one of the query.s, such as calls' < <(cut -d , -f 1,3 right.csv)
verdict 2 'stderr:.*line 1: two columns are called "cell-ID"' < <(sed '1s/calls/cell-ID/' right.csv)
verdict 2 'stderr:.*line 1: no column is called cell_id; there are "window_start", .*"msisdn_src"' < <(
    "$CDRGEN" expect usage "${settings[@]}" --quiet 2>/dev/null)
verdict 2 'stderr:cdrgen: cannot tell: no row is of a window and key of the answer' < <(
    "$CDRGEN" expect cell_load --subs 300 --start 2025-03-01 --quiet)
verdict 2 'stderr:.*line 7: it does not have as many columns' < <(sed '7s/,0$//' right.csv)
verdict 2 'stderr:.*line 7, calls: "x" is not a whole number' < <(sed '7s/,[0-9]*,\([0-9]*\),0$/,x,\1,0/' right.csv)
verdict 2 'stderr:.*line 1: ' --as json --in right.csv
verdict 2 'stderr:cdrgen: late: "flnk:1m" is not a rule; allowed are streams:TIME and flink:TIME' --late flnk:1m
verdict 2 'stderr:cdrgen: late: .* is not a duration|stderr:cdrgen: late: ' --late streams:soon
verdict 2 'stderr:cdrgen: .*live: a run with it has no end, and so no answer' --live
verdict 2 'stderr:cdrgen: in: cannot read missing.csv' --in missing.csv
verdict 2 'stderr:cdrgen: \. cannot be read' --in .
if "$CDRGEN" --version | grep -q rdkafka; then
    verdict 2 'stderr:cdrgen: no Kafka broker' --from-topic rows --as json -b 127.0.0.1:1 --kafka-timeout 1s
fi
verdict 2 'stderr:cdrgen: --as: .*csv, json, avro, streams, .* or clickhouse' --as xml
for as in debezium spark-append risingwave clickhouse; do
    verdict 2 'stderr:.*line 1: ' --as $as --in right.csv
done
verdict 2 'stderr:cdrgen: as: ksqldb is a form of messages' --as ksqldb --in right.csv
"$CDRGEN" expect cell_load "${settings[@]}" --json >right.json
verdict 0 'stdout:right:' --as risingwave < <(sed 's/"window_start":\([0-9]*\)000,/"window_start":"\1000000",/; p' right.json)
verdict 0 'stdout:right:' --as debezium < <(sed 's/.*/{"before":null,"after":&}/' right.json)
verdict 1 'stdout:wrong: .* 1 missing' --as debezium < <(sed 's/.*/{"before":null,"after":&}/; 7p; 7s/{"before":null,"after":\(.*\)}$/{"before":\1,"after":null}/' right.json)
verdict 0 'stdout:right:' --as clickhouse < <(sed 's/:\([0-9]*\)\([,}]\)/:"\1"\2/g' right.json)

echo "judge: what is not compared is not right"
verdict 2 'stderr:.*line 7, window_end: the window that begins at window_start has another' < <(awk -F , -v OFS=, -v CONVFMT=%.0f 'NR == 7 { $2++ } 1' right.csv)
verdict 0 'stdout:right:' < <(awk -F , -v OFS=, -v CONVFMT=%.0f 'NR > 1 { $2-- } 1' right.csv) # the window's last millisecond
verdict 2 'stderr:cdrgen: cannot tell: no row has a column of the query.s, such as calls' --as json < <(
    "$CDRGEN" expect cell_load "${settings[@]}" --json | sed 's/,"calls".*/}/')
verdict 2 'stderr:.*line 2, seconds: the rows before do not have it' --as json < <(
    "$CDRGEN" expect cell_load "${settings[@]}" --json | sed '1s/,"seconds":[0-9]*//')
verdict 1 'stdout:  calls of the wrong rows is 18446744073709551615 too many and ' < <(
    sed '2,4s/,[0-9]*,\([0-9]*\),0$/,9223372036854775807,\1,0/' right.csv)
verdict 2 'stderr:.*window_start: "\+1h" is not a time; a number since 1970 is one' < <(sed '7s/^[0-9]*/+1h/' right.csv)

"$CDRGEN" expect daily_top "${settings[@]}" >daily.csv
awk -F , -v OFS=, 'NR > 1 { $1 = strftime("%Y-%m-%d", $1 / 1000 + 3600, 1); $2 = "" } 1' daily.csv |
    "$CDRGEN" judge daily_top "${settings[@]}" >stdout || fail "days given as dates: $(cat stdout)"

# day_ends FLAGS…: days given by their ends are right, also behind one that the zone left out; other ends are not
day_ends()
{
    "$CDRGEN" expect daily_top "$@" | cut -d , -f 2,4- | sed '1!s/,/000,/' >ends.csv
    "$CDRGEN" judge daily_top "$@" --in ends.csv >stdout || fail "days given by their ends, $*: $(cat stdout)"
    for by_ms in 1 3600000 -3600000; do
        awk -F , -v OFS=, -v CONVFMT=%.0f "NR == 2 { \$1 += 1000 * $by_ms } 1" ends.csv |
            "$CDRGEN" judge daily_top "$@" >stdout 2>&1 || continue
        fail "a day's end is $by_ms ms off, $*: $(cat stdout)"
    done
}
day_ends --subs 50 --days 3 --start 2011-12-28 --tz Pacific/Apia
day_ends --subs 50 --days 2 --start 2025-03-29
day_ends --subs 50 --days 2 --start 2025-10-26

echo "judge: what closes windows that are open"
awk -F , '$6 == 0' right.csv | cat <(head -1 right.csv) - | cut -d , -f 1-5 >closed.csv
verdict 0 'stdout:  the open ones end once each partition has records of 2025-01-0[12]T[0-9:]+Z or later: --days 2 has them' --in closed.csv
last=$(grep -o '2025-01-0[0-9T:]*Z' stdout)
verdict 0 'stdout:right: .*; 0 still open' --in right.csv
"$CDRGEN" expect cell_load "${settings[@]}" 2>&1 >/dev/null | grep -q "rows are still open; they end .* of $last or later: --days 2 " ||
    fail "expect does not say until $last"
# A job that waits for late records has not put out what ended a moment ago.
for rule in streams flink; do
    "$CDRGEN" expect cell_load "${settings[@]}" --late $rule:1h --quiet >waits.csv
    awk -F , '$9 == 0' waits.csv | cat <(head -1 waits.csv) - | cut -d , -f 1-5 >put_out.csv
    (($(wc -l <put_out.csv) < $(wc -l <closed.csv))) || fail "an hour of waiting for late records opens no window"
    verdict 0 "stdout:right: .* [1-9][0-9]* still open" --in put_out.csv --late $rule:1h
    verdict 1 'stdout:wrong: .* [1-9][0-9]* missing' --in put_out.csv
done
"$CDRGEN" expect cell_load --subs 300 --days 2 --start 2025-01-01 >longer.csv
(($(awk -F , -v last="$(date -u -d "$last" +%s)" 'NR > 1 && $2 <= last * 1000 { open += $6 } END { print open + 0 }' longer.csv) == 0)) ||
    fail "windows up to $last are open with a day more"

echo "judge: in a row that may lack records, no value that some of them cannot give"
echo '{"from": "data", "window": "day", "by": "rat", "select": {"n": "count", "offset": "sum(tz_offset_min)",
    "least": "min(duration_sec)"}}' >offsets.json
west=(--subs 100 --days 1 --start 2025-01-01 --tz America/New_York)
"$CDRGEN" expect offsets.json "${west[@]}" >offsets.csv
grep -q ',1$' offsets.csv || fail "no window is open"
# open_rows STATUS AWK: of offsets.csv, changed by AWK, whose windows are open
open_rows()
{
    local status=0
    awk -F , -v OFS=, "NR > 1 { $2 } 1" offsets.csv | "$CDRGEN" judge offsets.json "${west[@]}" >stdout 2>&1 || status=$?
    ((status == $1)) || fail "open rows, $2: status $status, wanted $1: $(cat stdout)"
}
open_rows 0 '$4--; $5 += 300; $6++'
open_rows 1 '$4 = -1'
open_rows 1 '$4++'
open_rows 1 '$5 -= 300'
open_rows 1 '$5 = 300'
open_rows 1 '$6--'
# One call too many in the only window, which is open: all mistakes that count more would "explain" it.
echo '{"from": "call", "where": {"duration_sec": {"from": 2}}, "window": "day", "select": {"calls": "count"}}' >open.json
"$CDRGEN" expect open.json "${west[@]}" | awk -F , -v OFS=, -v CONVFMT=%.0f 'NR > 1 { $3++ } 1' |
    "$CDRGEN" judge open.json "${west[@]}" >stdout 2>&1 && fail "one call too many is right"
grep -q '  why:' stdout && fail "one call too many is explained: $(cat stdout)"
late=("${settings[@]}" --late-share 0.1 --late-max 20m --late streams:0s)
"$CDRGEN" expect cell_load "${late[@]}" >late.csv
all_late=$(awk -F , '$4 == $8 { print NR; exit }' late.csv)
[[ -n $all_late ]] || fail "no row has late records only"
for change in '$5 = 7777777' '$4 = 77' '$5 = -1'; do
    awk -F , -v OFS=, "NR == $all_late { $change } 1" late.csv | cut -d , -f 1-5 |
        "$CDRGEN" judge cell_load "${late[@]}" >stdout 2>&1 && fail "a row of late records only, $change: $(cat stdout)"
done
cut -d , -f 1-5 late.csv | "$CDRGEN" judge cell_load "${late[@]}" >stdout 2>&1 || fail "with all late records: $(cat stdout)"

echo "any number of workers, all shards together"
settings=(--subs 500 --days 2 --start 2025-01-01 --late-share 0.05 --fault storm)
for query in fanout hot_cells daily_top activity; do
    "$CDRGEN" expect $query "${settings[@]}" --workers 1 >one.csv
    "$CDRGEN" expect $query "${settings[@]}" --workers 5 >five.csv
    cmp one.csv five.csv || fail "$query differs with five workers"
done
for shard in 0 1 2; do
    "$CDRGEN" expect cell_load "${settings[@]}" --shard $shard/3 | tail -n +2
done | awk -F , '{ calls[$1 "," $3] += $4; seconds[$1 "," $3] += $5 }
    END { for (key in calls) print key "," calls[key] "," seconds[key] }' | sort >shards.csv
"$CDRGEN" expect cell_load "${settings[@]}" | tail -n +2 | cut -d , -f 1,3,4,5 | sort >whole.csv
cmp shards.csv whole.csv || fail "the shards' sums are not those of the whole"

# refused PATTERN QUERY…: status 2, one line that matches, nothing on standard output
refused()
{
    local pattern=$1 status=0
    shift
    "$CDRGEN" expect "$@" --subs 10 --days 1 >stdout 2>stderr || status=$?
    if ((status != 2)) || [[ -s stdout || $(wc -l <stderr) -ne 1 ]] || ! grep -Eq -- "$pattern" stderr; then
        fail "expect $*: status $status, wanted one line like /$pattern/, not: $(cat stderr)"
    fi
}

# wrong PATTERN JSON: a query of that text is refused
wrong()
{
    echo "$2" >wrong.json
    refused "^cdrgen: query wrong\.json$1" wrong.json
}

echo "judge: session windows"
settings=(--subs 200 --days 1 --start 2025-01-01)
"$CDRGEN" expect activity "${settings[@]}" >sessions.csv
"$CDRGEN" judge activity "${settings[@]}" --in sessions.csv >stdout || fail "sessions: $(cat stdout)"
sed '7s/,[0-9]*,[0-9]*,0$/,9,9,0/; 8d' sessions.csv | "$CDRGEN" judge activity "${settings[@]}" >stdout 2>&1 && fail "wrong sessions are right"
grep -q '^wrong: .* 1 wrong, 1 missing, 0 unexpected' stdout || fail "wrong sessions: $(cat stdout)"
status=0
"$CDRGEN" judge activity "${settings[@]}" --late flink:1m --in sessions.csv >stdout 2>stderr || status=$?
((status == 2)) && grep -q '^cdrgen: late: query activity has session windows' stderr || fail "sessions with --late: status $status, $(cat stderr)"

echo "judge: values that are not there"
echo '{"from": "call", "by": "q850_cause", "select": {"n": "count", "first": "min(answer_ts_ms)"}}' >absent.json
"$CDRGEN" expect absent.json "${settings[@]}" >absent.csv
"$CDRGEN" expect absent.json "${settings[@]}" --json >absent.jsonl
grep -q '^0,0,17,[0-9]*,,0$' absent.csv && grep -q '"q850_cause":17,"n":[0-9]*,"first":null,' absent.jsonl || fail "busy calls: $(cat absent.csv absent.jsonl)"
"$CDRGEN" judge absent.json "${settings[@]}" --in absent.csv >stdout || fail "absent values: $(cat stdout)"
"$CDRGEN" judge absent.json "${settings[@]}" --as json --in absent.jsonl >stdout || fail "null values: $(cat stdout)"
sed 's/^\(0,0,17,[0-9]*,\),/\15,/' absent.csv | "$CDRGEN" judge absent.json "${settings[@]}" >stdout 2>&1 && fail "a value for none is right"
grep -q ' q850_cause 17: expected n [0-9]* first none, found n [0-9]* first 5$' stdout || fail "a value for none: $(cat stdout)"

echo "refused"
refused '"cell_lod" is not a query; did you mean cell_load\?' cell_lod
refused "cannot read missing\.json" missing.json
refused 'late: query hot_cells has a top' hot_cells --late flink:1m
refused "sql: .*duckdb" cell_load --sql flnk
refused 'query late asks which records are late; say by which rule with --late' late
refused 'sql: query late asks which records are late' late --late flink:1m --sql duckdb
refused 'sql: query enriched joins the table of subscribers' enriched --sql duckdb
refused 'live: a run with it has no end, and so no answer' cell_load --live
refused 'rows: avro is another form than --json' cell_load --rows avro --json
refused "rows: .*csv, json or avro" cell_load --rows xml
refused "one argument too many" cell_load usage
wrong ':1:[0-9]+: ' '{"from": }'
wrong ': a query is one JSON object' '[]'
wrong ', slect: a query has no such key; did you mean select\?' '{"from": "call", "slect": {}}'
wrong ', from: a list of types of records is needed: call, sms, data' '{"select": {"n": "count"}}'
wrong ', from: "cals" is not a type of records; allowed are call, sms, data' '{"from": ["cals"], "select": {"n": "count"}}'
wrong ', by: "cell" is not a field of all these records; did you mean cell_id\?' '{"from": "call", "by": "cell", "select": {"n": "count"}}'
wrong ', by: "apn" is not a field of all these records' '{"from": ["call", "data"], "by": "apn", "select": {"n": "count"}}'
wrong ', by: record_uuid cannot be used in a query; docs/answers.md' '{"from": "call", "by": "record_uuid", "select": {"n": "count"}}'
wrong ', by: "session_id" is not a field of all these records' '{"from": "call", "by": "session_id", "select": {"n": "count"}}'
wrong ', where.call_id: "12" is not a text of 16 hexadecimal digits' '{"from": "call", "where": {"call_id": "12"}, "select": {"n": "count"}}'
wrong ', where.node_id: "cdf-cal-1" is no node' '{"from": "call", "where": {"node_id": "cdf-cal-1"}, "select": {"n": "count"}}'
wrong ', where.label: "simbx" is not one of its values' '{"from": "call", "where": {"label": "simbx"}, "select": {"n": "count"}}'
wrong ', where.subscriber_tac: subscriber_tac is of the table of subscribers' '{"from": "call", "where": {"subscriber_tac": "1"}, "select": {"n": "count"}}'
wrong ', join: allowed is ' '{"from": "call", "join": {"subscriber": "now"}, "select": {"n": "count"}}'
wrong ', by: "subscriber_tca" is not a field of all these records; did you mean subscriber_tac\?' '{"from": "call", "join": {"subscriber": "end"}, "by": "subscriber_tca", "select": {"n": "count"}}'
wrong ', select.n: an object has an of and a where' '{"from": "call", "select": {"n": {"of": "count"}}}'
wrong ', select.n.where.direction: "MQ" is not one of its values' '{"from": "call", "select": {"n": {"of": "count", "where": {"direction": "MQ"}}}}'
wrong ', select.n.where.imsi: there can be 2 conditions' '{"from": "call", "select": {"n": {"of": "count", "where": {"direction": "MO", "cell_id": 1, "imsi": "1"}}}}'
wrong ', having.m: it is neither a column of select nor late' '{"from": "call", "select": {"n": "count"}, "having": {"m": 1}}'
wrong ', having.n: a whole number is needed' '{"from": "call", "select": {"n": "count"}, "having": {"n": "1"}}'
wrong ', having.n: the range is empty' '{"from": "call", "select": {"n": "count"}, "having": {"n": {"from": 2, "to": 1}}}'
wrong ', by: start_time cannot be used in a query; docs/answers.md' '{"from": "call", "by": "start_time", "select": {"n": "count"}}'
wrong ', by: there can be 4 fields' '{"from": "call", "by": ["mcc", "mnc", "imsi", "imei", "cell_id"], "select": {"n": "count"}}'
wrong ', where.direction: "MQ" is not one of its values: MO, MT' '{"from": "call", "where": {"direction": "MQ"}, "select": {"n": "count"}}'
wrong ', where.direction: direction has no order' '{"from": "call", "where": {"direction": {"from": "MO"}}, "select": {"n": "count"}}'
wrong ', where.cell_id: .*"x" is not a whole number' '{"from": "call", "where": {"cell_id": "x"}, "select": {"n": "count"}}'
wrong ', where.cell_id: the range is empty' '{"from": "call", "where": {"cell_id": {"from": 2, "to": 1}}, "select": {"n": "count"}}'
wrong ', where.cell_id: 1 to 16 values' '{"from": "call", "where": {"cell_id": []}, "select": {"n": "count"}}'
wrong ', time: allowed are end and start' '{"from": "call", "time": "now", "select": {"n": "count"}}'
wrong ', window: allowed are ' '{"from": "call", "window": {"sessions": "5m"}, "select": {"n": "count"}}'
wrong ', window: 0s is out of range; allowed is 1s to 31d' '{"from": "call", "window": {"session": "0s"}, "select": {"n": "count"}}'
wrong ', top: sessions have no rank' '{"from": "call", "window": {"session": "5m"}, "select": {"n": "count"}, "top": {"rows": 1, "of": "n"}}'
wrong ', window: 0s is out of range; allowed is 1s to 31d' '{"from": "call", "window": {"tumble": "0s"}, "select": {"n": "count"}}'
wrong ', window: .*whole steps' '{"from": "call", "window": {"hop": ["10m", "3m"]}, "select": {"n": "count"}}'
wrong ', select: an object of at least one column' '{"from": "call"}'
wrong ', select.n: allowed are count, sum' '{"from": "call", "select": {"n": "avg(duration_sec)"}}'
wrong ', select.n: direction is a symbol; sum needs a number' '{"from": "call", "select": {"n": "sum(direction)"}}'
wrong ', select.cell_id: a column.s name' '{"from": "call", "by": "cell_id", "select": {"cell_id": "count"}}'
wrong ', by: cell_id is there twice' '{"from": "call", "by": ["cell_id", "imsi", "cell_id"], "select": {"n": "count"}}'
wrong ', select.cellId: a column.s name' '{"from": "call", "by": "cell_id", "select": {"cellId": "count"}}'
wrong ', select.N_: a column.s name' '{"from": "call", "select": {"n": "count", "N_": "count"}}'
wrong ', top.rows: 0 is out of range' '{"from": "call", "select": {"n": "count"}, "top": {"rows": 0, "of": "n"}}'
wrong ', top.of: "m" is not a column of select' '{"from": "call", "select": {"n": "count"}, "top": {"rows": 1, "of": "m"}}'
echo "expect is as it should be"
