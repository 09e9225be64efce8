#!/usr/bin/env bash
# realism-card: each impossible thing that is planted is counted once; wrong input is one line and status 2.
set -euo pipefail
cache=${CDRGEN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cdrgen}
python=$cache/realism-card/bin/python
card=$SOURCE_DIR/scripts/realism-card
if ! cmp -s "$SOURCE_DIR/scripts/realism_card/requirements.txt" "$cache/realism-card/requirements.txt"; then
    echo "no Python environment in $cache/realism-card; scripts/install-deps --realism-card makes it"
    exit 77
fi
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
export TMPDIR=$temporary/work
mkdir "$TMPDIR"
cd "$temporary"

"$python" -B "$SOURCE_DIR/tests/cli/realism_plants.py" "$SOURCE_DIR" "$temporary/plants"

fail()
{
    echo "$*"
    exit 1
}

# refused PATTERN ARGUMENTS…: status 2, one line that matches, nothing on standard output
refused()
{
    local pattern=$1 status=0
    shift
    "$card" "$@" >stdout 2>stderr || status=$?
    if ((status != 2)) || (($(wc -l <stderr) != 1)) || ! grep -qE -- "$pattern" stderr || [[ -s stdout ]]; then
        cat stdout stderr
        fail "realism-card $*: status $status, wanted one line like /$pattern/"
    fi
}

mkdir empty
refused 'empty: no records' empty
refused 'missing: not a folder' missing
head -n 1 plants/honest/part.csv >empty/part.csv
refused 'empty: no records' empty
mkdir other
echo 'a;b;c' >other/part.csv
refused 'other/part.csv: the first line does not name event_type' other
sed '2s/;MO;[0-9]*;/;MO;soon;/' plants/honest/part.csv >other/part.csv
refused 'part.csv.*soon' other
refused 'site-radius.*far' --site-radius far plants/honest
refused 'missing.csv: no such file' --cells missing.csv plants/honest
printf 'cell_id,rat\n10001,LTE\n' >other/cells.csv
refused 'other/cells.csv: the first line does not name lat' --cells other/cells.csv plants/honest

# What cdrgen writes is read in every form, and gives the same card.
for form in csv json avro; do
    "$CDRGEN" run --sink file --out "$form" --subs 300 --days 2 --seed 5 --format "$form" --quiet
    status=0
    "$card" "$form" --json >"$form.json" || status=$?
    ((status == 1)) || fail "status $status of a card with failures"
    sed -i '/"folder"/d' "$form.json"
    cmp csv.json "$form.json"
done
grep -q '"key": "overlap_mo_mo"' csv.json || fail "the card has no impossible counts"

# Without positions, other separators, compressed: what can be told stays the same.
mkdir bare
sed 's/;/,/g' plants/honest/part.csv | gzip >bare/any-name.csv.gz
"$card" bare --markdown --plots pictures >bare.md && fail "status 0 of a card with rows that are not told"
grep -qx '| faster than 150 km/h, less twice 5 km | 0 | - (no cells.csv with positions) | 0 | not told |' bare.md
grep -qx '| calls that begin during another of the same subscriber, MO-MO | 0 | 0 | 0 | PASS |' bare.md
(($(find pictures -name '*.png' -size +4k | wc -l) == 8)) || fail "pictures are missing: $(ls pictures)"
[[ -z $(ls "$TMPDIR") ]] || fail "files are left in $TMPDIR"
echo "realism-card is as it should be"
