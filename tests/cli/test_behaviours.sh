#!/usr/bin/env bash
# Behaviours with a label: what `cdrgen labels` prints, the source `label`, settings; and that simple rules on the records find
# naive SIM boxes, but not those that live as subscribers do. Nothing impossible is in the records.
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

dataset=(--subs 4000 --start 2025-03-03 --days 5 --seed 31)
behaviours=simbox_naive=0.01,simbox_rotating=0.01,simbox_mimic=0.01,irsf=0.02,wangiri=0.05
behaviours+=,telemarketer=0.005,call_centre=0.005,meter=0.05,a2p=0.001,sim_swap=0.05,churner=0.1
on=("${dataset[@]}" --behaviour "$behaviours" --leave-prob 0.002)

# Without behaviours there is no label, and the dataset is the one that it was.
[[ $("$CDRGEN" labels "${dataset[@]}") == msisdn,label,strategy,campaign,from,to ]] || fail "a label without behaviours"
[[ -z $("$CDRGEN" labels "${dataset[@]}" --json) ]] || fail "a label without behaviours"
off=$("$CDRGEN" run "${dataset[@]}" --sink null --behaviour irsf=0.5 --behaviour irsf=0 2>/dev/null)
none=$("$CDRGEN" run "${dataset[@]}" --sink null 2>/dev/null)
[[ $(grep -o 'digest.*' <<<"$off") == "$(grep -o 'digest.*' <<<"$none")" ]] || fail "other records at shares of 0"

# CSV and JSON say the same; more days only add rows, or days to them; every behaviour is there.
"$CDRGEN" labels "${on[@]}" >labels.csv
"$CDRGEN" labels "${on[@]}" --json >labels.json
python3 - <<'PYTHON'
import csv, json
rows = [{k: v for k, v in row.items() if v} for row in csv.DictReader(open("labels.csv"))]
assert rows == [json.loads(line) for line in open("labels.json")], "CSV and JSON differ"
assert {row["label"] for row in rows} == {"simbox", "irsf", "wangiri", "telemarketer", "call_centre", "meter", "a2p",
                                          "sim_swap", "churner"}, "a behaviour is missing"
assert {row.get("strategy") for row in rows if row["label"] == "simbox"} == {"naive", "rotating", "mimic"}
for row in rows:
    assert ("from" in row) == ("to" in row) == (row["label"] not in ("telemarketer", "call_centre", "meter", "a2p")), row
    assert "from" not in row or row["from"] <= row["to"] and row["from"] <= "2025-03-07" and row["to"] >= "2025-03-03", row
PYTHON
"$CDRGEN" labels "${on[@]}" --days 9 >longer.csv
[[ -z $(comm -23 <(sort labels.csv) <(sort longer.csv)) ]] || fail "more days take labels away"

# As a config file has them, and presets.
echo '{"behaviours": {"meter": 0.25, "irsf": 0.5}}' >config.json
"$CDRGEN" config --config config.json >printed
grep -q '"behaviours": {"irsf": 0.5, "meter": 0.25}' printed || fail "config: $(grep behaviours printed)"
"$CDRGEN" config --behaviour fraud,machines --behaviour meter=0 >printed
grep -q '"behaviours": {"simbox_naive": 0.0005' printed || fail "preset: $(grep behaviours printed)"
! grep -q meter printed || fail "meter is still on"

# The label of records.
"$CDRGEN" run -q "${on[@]}" --out plain
"$CDRGEN" run -q "${on[@]}" --days 2 --format json --fields owner_msisdn,direction,start_time_local,label --out labelled
python3 - <<'PYTHON'
import csv, json, pathlib
times = {}
for row in csv.DictReader(open("labels.csv")):
    name = row["label"] + ("_" + row["strategy"] if row["strategy"] else "")
    times.setdefault(row["msisdn"], []).append((name, row["from"] or "0", row["to"] or "9"))
seen = set()
for path in pathlib.Path("labelled").glob("**/part-*.json*"):
    for line in open(path):
        record = json.loads(line)
        if record["label"] == "none":
            continue
        seen.add(record["label"])
        if record["direction"] == "MT":
            continue
        # A session or a call may begin just after the hour that its event belongs to.
        day = record["start_time_local"][:10]
        mine = [name for name, first, last in times.get(record["owner_msisdn"], ()) if first <= day <= last]
        late = record["start_time_local"][11:13] == "00"
        assert record["label"] in mine or late, (record, mine)
assert len(seen) == 11, seen
PYTHON

# Parts add up, whoever they are of: verify computes the files again.
"$CDRGEN" verify -q "${on[@]}" --out plain || fail "verify"

cache=${CDRGEN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cdrgen}
if ! cmp -s "$SOURCE_DIR/scripts/realism_card/requirements.txt" "$cache/realism-card/requirements.txt"; then
    echo "no Python environment in $cache/realism-card; scripts/install-deps --realism-card makes it"
    exit 77
fi
"$SOURCE_DIR/scripts/realism-card" plain --json >card.json || [[ $? == 1 ]] || fail "realism-card"
"$SOURCE_DIR/scripts/find-simboxes" plain labels.csv --json >found.json
python3 - <<'PYTHON'
import json
rows = [row for row in json.load(open("card.json"))["rows"] if "mpossible" in row["topic"]]
assert len(rows) >= 30, len(rows)
bad = [row for row in rows if row["verdict"] == "FAIL"]
assert not bad, bad
found = json.load(open("found.json"))
best, volume, still = found["volume and silence"], found["volume"], found["still"]
assert best["recall"]["naive"] >= 0.95 and best["precision"] >= 0.95, best
assert best["recall"]["mimic"] <= 0.1, best
assert volume["wrong"].get("telemarketer", 0) > 0 and volume["precision"] < 0.95, volume
assert still["wrong"].get("meter", 0) > 10, still
PYTHON
status=0
"$SOURCE_DIR/scripts/find-simboxes" labelled labels.csv 2>message || status=$?
[[ $status == 2 && $(wc -l <message) == 1 ]] || fail "find-simboxes of JSON: $status, $(cat message)"
echo "behaviours are as labelled"
