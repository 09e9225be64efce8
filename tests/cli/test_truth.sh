#!/usr/bin/env bash
# The truth about faults: its formats have the same rows; topics and partitions choose among them; beside files it is whole,
# of each shard, and gone with the dataset that it was about; what cannot be is one line.
set -euo pipefail
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
cd "$temporary"
unset CDRGEN_BROKERS

fail()
{
    echo "$*" >&2
    exit 1
}

# refused WORDS ARGUMENTS…: exit status 2 and one line that has the words.
refused()
{
    local words=$1 status=0
    shift
    "$CDRGEN" "$@" >output 2>&1 || status=$?
    [[ $status == 2 && $(wc -l <output) == 1 ]] && grep -qF -- "$words" output || fail "$*: status $status: $(cat output)"
}

dataset=(--subs 300 --start 2025-01-01 --days 1 --seed 21 --partitions 4 --late-share 0.02)
dataset+=(--fault "duplicate=0.03,missing=0.02,swap=0.05,conflict=0.02,value=0.03")
"$CDRGEN" truth "${dataset[@]}" --sink null >all.csv

# ---- rows that are wanted ----

awk -F, 'NR == 1 || ($1 == "cdr.call" && ($2 == 1 || $2 == 3))' all.csv >some.csv
(($(wc -l <some.csv) > 10)) || fail "too few rows to say something"
"$CDRGEN" truth "${dataset[@]}" --sink null --topic call --partition 1,3 | cmp - some.csv || fail "other rows of a topic"
"$CDRGEN" truth "${dataset[@]}" --sink null --topic cdr.sms,cdr.call,data | cmp - all.csv || fail "other rows of all topics"
"$CDRGEN" truth "${dataset[@]}" --sink null --topic x.data --topic-prefix x. | tail -n +2 | sed 's/^x/cdr/' |
    cmp - <(grep '^cdr.data' all.csv) || fail "other rows under another prefix"
refused 'cdr.cal" (did you mean cdr.call?)' truth "${dataset[@]}" --topic cdr.cal
refused '--partition: "4" is none of the topics'"'"' partitions, 0 to 3' truth "${dataset[@]}" --partition 0,4
refused 'not a flag of run; did you mean --partitions?' run "${dataset[@]}" --partition 4
refused '--partition: "one"' truth "${dataset[@]}" --partition one
refused '--topic: it has no effect without --by id' verify "${dataset[@]}" -b localhost:1 --topic cdr.call
refused '"xml"' truth "${dataset[@]}" --truth-format xml
refused 'avro is another format than --json' truth "${dataset[@]}" --truth-format avro --json

# A fault of a field that the records lack changes nothing, and the truth names no field; times that changed places are
# those of the field that is there.
value=("$CDRGEN" truth --subs 200 --start 2025-01-01 --seed 21 --sink null --format csv --fault value=0.2,conflict=0.2)
expect_fields()
{
    local wanted=$1
    shift
    [[ $("${value[@]}" "$@" | tail -n +2 | cut -d, -f8 | sort -u | paste -sd' ') == "$wanted" ]] ||
        fail "the truth of $*: fields $("${value[@]}" "$@" | cut -d, -f8 | sort | uniq -c)"
}
expect_fields ' cell_id imei' --fields cell_id,imei
expect_fields ' start_ts_ms' --fields start_ts_ms
expect_fields ' end_ts_ms' --fields msisdn_src,end_ts_ms
expect_fields ' data_bytes_in duration_sec' --fields duration_sec,data_bytes_in --topic data
[[ $("${value[@]}" --fields start_ts_ms | grep -c ',,,$') -gt 100 ]] || fail "no fault leaves records as they are"
"${value[@]}" --fields start_ts_ms >start.csv
"${value[@]}" --fields start_ts_ms,end_ts_ms >end.csv
cmp <(grep ',start_ts_ms,' start.csv | awk -F, '{print $4, $9, $10}') <(grep ',end_ts_ms,' end.csv | awk -F, '{print $4, $10, $9}') ||
    fail "times that changed places are said in two ways"

# ---- formats ----

"$CDRGEN" truth "${dataset[@]}" --sink null --json >all.json
"$CDRGEN" truth "${dataset[@]}" --sink null --truth-format json | cmp - all.json || fail "two kinds of JSON"
"$CDRGEN" truth "${dataset[@]}" --sink null --truth-format avro >all.avro
"${CDRGEN_TEST_PYTHON:-python3}" - <<'PYTHON'
import csv
import json

with open("all.csv") as file:
    rows = list(csv.DictReader(file))


def text(row):
    return {name: "" if row.get(name) is None else str(row[name]) for name in rows[0]}


with open("all.json") as file:
    assert [text(json.loads(line)) for line in file] == rows, "JSON has other rows than CSV"
try:
    import fastavro
except ImportError:
    pass
else:
    with open("all.avro", "rb") as file:
        assert [text(row) for row in fastavro.reader(file)] == rows, "Avro has other rows than CSV"
PYTHON

# ---- beside files ----

for shard in 0 1; do
    "$CDRGEN" run -q "${dataset[@]}" --out shards --shard $shard/2 --truth-files --truth-format json
    "$CDRGEN" truth "${dataset[@]}" --out shards --shard $shard/2 --json | cmp - "shards/truth/truth-shard-$shard-of-2.json" ||
        fail "another truth beside shard $shard"
done
"$CDRGEN" verify -q "${dataset[@]}" --out shards || fail "verify of files with a truth"
# A change in what one shard wrote was not seen by verify of the whole.
cp -r shards/truth first
echo '{}' >>shards/truth/truth-shard-0-of-2.json
for stray in "" truth-shard-7-of-2.json; do
    [[ -z $stray ]] || cp first/truth-shard-0-of-2.json "shards/truth/$stray"
    status=0
    "$CDRGEN" verify -q "${dataset[@]}" --out shards 2>output || status=$?
    [[ $status == 1 ]] || fail "verify of a changed truth of a shard: status $status: $(cat output)"
    grep -q "shards/truth/${stray:-truth-shard-0-of-2.json} is not what" output || fail "changed truth: $(cat output)"
    rm -r shards/truth && cp -r first shards/truth
done
rm shards/truth/truth-shard-0-of-2.json
ln -s nowhere shards/truth/truth-shard-0-of-2.json # was taken for none
status=0
"$CDRGEN" verify -q "${dataset[@]}" --out shards --shard 0/2 2>output || status=$?
[[ $status == 1 ]] || fail "verify of a link to nothing in the place of a truth: status $status: $(cat output)"
rm -r shards/truth && cp -r first shards/truth
rm -r first
refused 'is the name of a file of the dataset' run "${dataset[@]}" --out shards --overwrite \
    --summary shards/truth/truth-shard-0-of-2.json

# A run that goes on writes it again, and makes no other.
rm shards/truth/truth-shard-1-of-2.json
"$CDRGEN" run -q "${dataset[@]}" --out shards --shard 1/2 --truth-files --truth-format json --resume
[[ $(ls shards/truth) == $'truth-shard-0-of-2.json\ntruth-shard-1-of-2.json' ]] || fail "resumed: $(ls shards/truth)"

# A dataset that grew without --truth-files kept the truth of its first days for ever, and one that was changed stayed so.
"$CDRGEN" run -q "${dataset[@]}" --out grown --truth-files
refused 'grown/truth/truth.csv was written by a run with --truth-files: pass --truth-files' \
    run "${dataset[@]}" --days 2 --out grown --resume
refused 'grown/truth/truth.csv was written by a run with --truth-files' run "${dataset[@]}" --out grown --resume
mv grown/truth first
"$CDRGEN" run -q "${dataset[@]}" --days 2 --out grown --resume
mv first grown/truth
"$CDRGEN" truth "${dataset[@]}" --days 2 --sink null >longer.csv
differs()
{
    local status=0
    "$CDRGEN" verify -q "${dataset[@]}" --days 2 --out grown 2>output || status=$?
    [[ $status == 1 ]] && grep -qF "grown/$1 is not what a run of this dataset writes" output || fail "verify of $1: $status: $(cat output)"
}
for what in truth/truth.csv cells.csv subscribers.csv; do
    for how in shorter other empty; do
        case $how in
            shorter) [[ $what == truth* ]] && cp all.csv "grown/$what" || sed -i '$d' "grown/$what" ;;
            other) sed -i '2s/[0-9]/x/' "grown/$what" ;;
            empty) : >"grown/$what" ;;
        esac
        differs "$what"
        "$CDRGEN" run "${dataset[@]}" --days 2 --out grown --resume --truth-files 2>output >/dev/null
        grep -q "grown/$what was not .*, and is written again" output || fail "$what, $how: $(cat output)"
        "$CDRGEN" verify -q "${dataset[@]}" --days 2 --out grown || fail "verify after $what was written again"
    done
done
cmp longer.csv grown/truth/truth.csv || fail "another truth once a day was added"
"$CDRGEN" subscribers "${dataset[@]}" | cmp - grown/subscribers.csv || fail "other subscribers"

# Nor is the truth of another dataset left beside the files of a run that has none.
mkdir left && cp -r grown/truth left
refused 'left/truth/truth.csv was written by a run with --truth-files' run --subs 10 --days 1 --out left

# What another dataset leaves is not taken for this one's; what is not ours stays.
echo mine >shards/truth/notes
"$CDRGEN" run -q "${dataset[@]}" --out shards --overwrite --truth-files
[[ $(ls shards/truth) == $'notes\ntruth.csv' ]] || fail "overwritten: $(ls shards/truth)"
cmp all.csv shards/truth/truth.csv || fail "another truth beside the files"
"$CDRGEN" run -q --subs 10 --days 1 --out shards --overwrite
[[ $(ls shards/truth) == notes ]] || fail "overwritten without a truth: $(ls shards/truth)"
rm shards/truth/notes
"$CDRGEN" run -q "${dataset[@]}" --out shards --overwrite --truth-files
"$CDRGEN" run -q --subs 10 --days 1 --out shards --overwrite
[[ ! -e shards/truth ]] || fail "an empty folder is left"

mkdir obstacle && echo mine >obstacle/truth
refused 'obstacle/truth is a file where a folder is needed' run "${dataset[@]}" --out obstacle --truth-files
[[ $(ls obstacle) == truth ]] || fail "a refused run wrote something: $(ls obstacle)"
refused '--truth-files: it is for files, and -b means Kafka' run "${dataset[@]}" -b localhost:1 --truth-files
refused '--truth-files: a run without a last day has a truth without an end' run --subs 10 --live --out obstacle2 --truth-files
