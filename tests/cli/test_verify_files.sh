#!/usr/bin/env bash
# cdrgen verify on folders of files: clean ones in every format and compression, and damage of each kind.
set -euo pipefail
work=$(mktemp -d "${TMPDIR:-/tmp}/cdrgen-test.XXXXXX")
trap 'rm -rf "$work"' EXIT

die()
{
    echo "FAILED: $*" >&2
    exit 1
}

# verify STATUS ARGUMENTS…
verify()
{
    local wanted=$1 status=0
    shift
    "$CDRGEN" verify --subs 2000 --report "$work/report" "$@" >"$work/words" 2>"$work/stderr" || status=$?
    ((status == wanted)) || die "verify $*: status $status, not $wanted: $(cat "$work/words" "$work/stderr")"
}

says()
{
    grep -Eq -- "$1" "$work/words" "$work/stderr" || die "no '$1' in: $(cat "$work/words" "$work/stderr")"
}

# differences "1 lost": just these, in all.
differences()
{
    grep -q "^cdrgen: different: $1\$" "$work/stderr" || die "not just $1: $(cat "$work/words" "$work/stderr")"
}

# ---- clean -----------------------------------------------------------------------------------------------------------

for format in csv avro json; do
    for compress in none gzip zstd; do
        folder=$work/$format-$compress
        "$CDRGEN" run --quiet --subs 2000 --days 2 --sink file --out "$folder" --format "$format" --compress "$compress" --rotate-bytes 60k
        verify 0 --days 2 --format "$format" --out "$folder"
        says '^same: (7[89],[0-9]+) of \1 records compared; \1 found'
        verify 0 --days 2 --format "$format" --out "$folder" --shard 1/3 --workers 3
    done
done
grep -q '"result": "same"' "$work/report" || die "the report says: $(head -n 20 "$work/report")"
"$CDRGEN" verify --subs 2000 --days 2 --out "$work/csv-none" --report - 2>/dev/null | grep '"result": "same"' >/dev/null || die "no report on standard output"

# ---- another dataset, format, folder -----------------------------------------------------------------------------------

verify 2 --days 2 --out "$work/csv-none" --seed 43
says 'manifest\.json is of the dataset [0-9a-f]{32}, and these settings give [0-9a-f]{32}'
verify 2 --days 2 --out "$work/csv-none" --format avro
says 'manifest\.json is of a dataset in csv, and avro was asked for'
verify 2 --out "$work/nowhere"
says 'cannot read folder .*/nowhere: No such file'
mkdir "$work/empty"
verify 2 --out "$work/empty"
says 'holds no parts of cdr\.call, cdr\.sms and cdr\.data'
verify 2 --sink null
says 'null keeps nothing'
verify 2 --out "$work/csv-none" --follow
says 'only topics can be followed'
verify 1 --days 3 --out "$work/csv-none"
says 'ends early, at record'
verify 1 --days 1 --out "$work/csv-none"
says 'foreign; the folder holds records after the 1 day asked for: .*pass --days 2$'
# One odd record does not make a dataset of years.
rm -rf "$work/odd"
"$CDRGEN" run --quiet --subs 2000 --days 1 --sink file --out "$work/odd"
part=$(find "$work/odd/cdr.call" -name 'part-0003-*' | tail -1)
python3 - "$part" << 'PYTHON'
import pathlib, sys
part = pathlib.Path(sys.argv[1])
fields = part.read_text().splitlines()[-1].split(";")
later = ";".join(str(int(f) + 697 * 86400000) if f.isdigit() and len(f) == 13 and f.startswith("17") else f for f in fields)
part.write_text(part.read_text() + later + "\n")
PYTHON
verify 1 --days 1 --out "$work/odd"
says '1 foreign; the folder holds 1 after the 1 day asked for, too few to be a dataset.s of more days$'

# ---- a manifest that another program laid out anew ------------------------------------------------------------------------

cp -r "$work/csv-none" "$work/laid-out"
python3 - "$work/laid-out/manifest.json" <<'PYTHON'
import json, sys
manifest = json.load(open(sys.argv[1]))
reordered = {key: manifest[key] for key in ["topics"] + sorted(set(manifest) - {"topics"})}
json.dump(reordered, open(sys.argv[1], "w"), separators=(",", ":"))
PYTHON
verify 0 --days 2 --out "$work/laid-out"
verify 2 --days 2 --out "$work/laid-out" --seed 43
says 'manifest\.json is of the dataset [0-9a-f]{32}, and these settings give [0-9a-f]{32}'
verify 2 --days 2 --out "$work/laid-out" --format json
says 'manifest\.json is of a dataset in csv, and json was asked for'
status=0
"$CDRGEN" run --quiet --subs 2000 --days 2 --sink file --out "$work/laid-out" 2>"$work/stderr" || status=$?
((status == 2)) && grep -q 'already holds a dataset .*--resume' "$work/stderr" || die "run: $status: $(cat "$work/stderr")"
"$CDRGEN" run --quiet --subs 2000 --days 3 --rotate-bytes 60k --sink file --out "$work/laid-out" --resume
verify 0 --days 3 --out "$work/laid-out"
sed -i 's/"complete": true/"complete": /' "$work/laid-out/manifest.json"
verify 0 --days 3 --out "$work/laid-out"
says 'its manifest is damaged, and was not looked at'
rm -r "$work/laid-out"

# ---- output that cannot be written: status 2, since nothing differs ------------------------------------------------------

failed()
{
    local wanted=$1 status=0
    shift
    "$CDRGEN" verify --subs 2000 --days 2 --out "$work/csv-none" "$@" 2>"$work/stderr" || status=$?
    ((status == wanted)) || die "verify $*: status $status, not $wanted: $(cat "$work/stderr")"
}
failed 2 >/dev/full
grep -q 'cannot write to standard output' "$work/stderr" || die "$(cat "$work/stderr")"
failed 2 >&-
failed 2 --report - >/dev/full
failed 2 --report /dev/full >/dev/null
failed 1 --days 3 >/dev/full
failed 0 --quiet --report /dev/stdout >"$work/report"
grep -q '"result": "same"' "$work/report" || die "$(cat "$work/report")"

# A report says why nothing can be told, and is whole whatever happens.
echo old >"$work/report"
verify 2 --days 2 --out "$work/csv-none" --seed 43
grep -q '"result": "cannot tell"' "$work/report" || die "$(cat "$work/report")"
grep -q '"reason": ".*is of the dataset' "$work/report" || die "$(cat "$work/report")"
echo old >"$work/report"
chmod u-w "$work/report"
verify 2 --days 2 --out "$work/csv-none" --sink null
[[ $(cat "$work/report") == old ]] || die "a refused command line left $(cat "$work/report")"
chmod u+w "$work/report"
[[ $(find "$work" -maxdepth 1 -name 'report.*') == "" ]] || die "remains of a report: $(ls "$work")"

# ---- damage of lines -----------------------------------------------------------------------------------------------------

# damaged PROGRAM (sed, of one part) COUNTS PATTERN
damaged()
{
    local part
    rm -rf "$work/copy"
    cp -r "$work/csv-none" "$work/copy"
    part=$(find "$work/copy/cdr.sms/date=2025-01-01" -name 'part-0002-*' | sort | sed -n 2p)
    sed -i "$1" "$part"
    verify 1 --days 2 --out "$work/copy"
    differences "$2"
    says "$3"
}
damaged '30d' '1 lost' '^  lost: cdr\.sms\[2\], record [0-9]+$'
damaged '30p' '1 duplicated' '^  duplicated: cdr\.sms\[2\], found as record [0-9]+$'
damaged '30{h;d};31{G}' '1 reordered' '^  reordered: cdr\.sms\[2\], record [0-9]+, found as record [0-9]+$'
damaged '30s/Amsterdam/Rotterdam/' '1 altered' '^      tz_name: expected Europe/Amsterdam, found Europe/Rotterdam$'
damaged '30s/^SMS/CALL/' '1 altered' '^      event_type: expected SMS, found CALL$'
damaged '30i nonsense' '1 foreign' 'payload=nonsense$'
damaged '30s/$/;/' '1 altered' 'found'
damaged '40,59d' '20 lost' 'lost: cdr\.sms\[2\]'

# A record in the wrong partition's file.
rm -rf "$work/copy"
cp -r "$work/csv-none" "$work/copy"
from=$(find "$work/copy/cdr.data/date=2025-01-02" -name 'part-0000-*' | sort | head -n 1)
to=$(find "$work/copy/cdr.data/date=2025-01-02" -name 'part-0005-*' | sort | head -n 1)
sed -n 20p "$from" >"$work/record"
sed -i 20d "$from"
sed -i "9r $work/record" "$to"
verify 1 --days 2 --out "$work/copy"
differences '1 wrong partition'
says '^  wrong partition: cdr\.data\[5\], found as record [0-9]+, belongs in cdr\.data\[0\] as record [0-9]+$'

# ---- users' own schemas --------------------------------------------------------------------------------------------------

schemas=$SOURCE_DIR/tests/schemas
for call in "$schemas"/call_*.avsc; do
    own=(--days 2 --format avro --schema call="$call" --schema sms="$schemas/sms_nullable.avsc" --schema data="$schemas/data_flat.avsc")
    [[ ! -e ${call%.avsc}.map.json ]] || own+=(--mapping "${call%.avsc}.map.json")
    rm -rf "$work/own"
    "$CDRGEN" run --quiet --subs 300 --sink file --out "$work/own" "${own[@]}"
    status=0
    "$CDRGEN" verify --quiet --subs 300 --out "$work/own" "${own[@]}" 2>"$work/stderr" || status=$?
    ((status == 0)) || die "$call: status $status: $(cat "$work/stderr")"
done
# A part that is missing is told from one that is altered, here as well.
own=(--days 2 --format avro --schema call="$schemas/call_flat.avsc")
rm -rf "$work/own"
"$CDRGEN" run --quiet --subs 2000 --sink file --out "$work/own" --rotate-bytes 60k "${own[@]}"
rm "$(find "$work/own/cdr.call/date=2025-01-01" -name 'part-0003-000000*')"
verify 1 --out "$work/own" "${own[@]}"
[[ $(cat "$work/stderr") =~ ^cdrgen:\ different:\ [0-9,]+\ lost$ ]] || die "a missing part: $(cat "$work/stderr")"
verify 2 --days 2 --format avro --out "$work/own"
says 'its schema is not that of these settings, so that it cannot be compared; .*; nothing was compared until then$'
"$CDRGEN" verify --subs 2000 --days 2 --format avro --out "$work/own" > "$work/stdout" 2> /dev/null || true
grep -q '^cannot tell: 0 of 0' "$work/stdout" || die "another schema: $(cat "$work/stdout")"
! grep -q 'found: same' "$work/stdout" || die "another schema: $(cat "$work/stdout")"

# ---- damage of files -----------------------------------------------------------------------------------------------------

# A part that is missing is lost, one that stands there twice is duplicated.
for format in csv avro json; do
    rm -rf "$work/copy"
    cp -r "$work/$format-zstd" "$work/copy"
    part=$(find "$work/copy/cdr.call/date=2025-01-01" -name 'part-0003-000001*')
    rm "$part"
    verify 1 --days 2 --format "$format" --out "$work/copy"
    [[ $(cat "$work/stderr") =~ ^cdrgen:\ different:\ [0-9,]+\ lost$ ]] || die "a missing part: $(cat "$work/stderr")"
    cp "$work/$format-zstd/${part#"$work/copy/"}" "$part"
    cp "$part" "${part/000001/000002}"
    verify 1 --days 2 --format "$format" --out "$work/copy"
    says 'duplicated'
done

# Cut off, or with a flipped byte, compressed or not: never the same, and it says which file.
for kind in csv-none csv-gzip csv-zstd avro-none avro-gzip avro-zstd json-gzip; do
    for damage in cut flip; do
        rm -rf "$work/copy"
        cp -r "$work/$kind" "$work/copy"
        part=$(find "$work/copy/cdr.data/date=2025-01-01" -name 'part-0001-*' | sort | head -n 1)
        size=$(stat -c %s "$part")
        if [[ $damage == cut ]]; then
            truncate -s $((size * 2 / 3)) "$part"
        else
            at=$((size * 2 / 3))
            byte=$(od -An -tu1 -j "$at" -N 1 "$part")
            printf "\\x$(printf %02x $((byte ^ 1)))" | dd of="$part" bs=1 seek="$at" conv=notrunc status=none
        fi
        verify 1 --days 2 --format "${kind%-*}" --out "$work/copy"
    done
done

# A part of a partition that the dataset does not have holds records that nobody expects.
rm -rf "$work/copy"
cp -r "$work/csv-none" "$work/copy"
part=$(find "$work/copy/cdr.data/date=2025-01-01" -name 'part-0005-*' | sort | head -n 1)
cp "$part" "${part/part-0005/part-0006}"
verify 2 --days 2 --out "$work/copy"
says 'part-0006-[0-9]*\.csv is a part of partition 6, and these settings have 6 partitions: '

# A part without its header line: a reader that skips the first line would miss a record.
for how in removed emptied; do
    rm -rf "$work/copy"
    cp -r "$work/csv-none" "$work/copy"
    part=$(find "$work/copy/cdr.data/date=2025-01-01" -name 'part-0005-*' | sort | head -n 1)
    if [[ $how == removed ]]; then sed -i 1d "$part"; else : >"${part/-000000/-000099}"; fi
    verify 1 --days 2 --out "$work/copy"
    says 'part-0005-[0-9]*\.csv: it .*, without a header line'
done

# Parts in another day's folder, which readers take the date from, were called the same.
for format in csv avro; do
    for how in "all of day 2 in one that is none of the dataset" "all of day 2 in day 1"; do
        rm -rf "$work/copy"
        cp -r "$work/$format-none" "$work/copy"
        to=$work/copy/cdr.sms/date=2025-01-01
        [[ $how == *"day 1" ]] || to=$work/copy/cdr.sms/date=1999-01-01
        mkdir -p "$to"
        moved=("$work"/copy/cdr.sms/date=2025-01-02/part-0003-*)
        mv "${moved[@]}" "$to"
        verify 1 --days 2 --out "$work/copy" --format "$format"
        grep -Eq '^cdrgen: different: [0-9,]+ wrong day$' "$work/stderr" || die "$how: $(cat "$work/words" "$work/stderr")"
        says "day of the folder: expected 2025-01-02, found ${to##*date=}"
    done
done

# An unfinished dataset says so.
sed -i 's/"complete": true/"complete": false/' "$work/csv-none/manifest.json"
verify 0 --days 2 --out "$work/csv-none"
says 'its manifest says that the dataset is not complete'

# ---- memory: ten times the days take no more -------------------------------------------------------------------------------

peak()
{
    "$CDRGEN" run --quiet --subs 300 --days "$1" --sink file --out "$work/days-$1"
    "$CDRGEN" verify --subs 300 --days "$1" --out "$work/days-$1" --workers 2 --report - 2>/dev/null |
        sed -n 's/.*"peak_rss_bytes": \([0-9]*\).*/\1/p'
}
few=$(peak 2)
many=$(peak 40)
((many < few + few / 4 + 2000000)) || die "peak memory grows with the days: $few, $many"
