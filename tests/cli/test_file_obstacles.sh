#!/bin/bash
# What lies in the way of files is seen before anything is removed; tables that are missing come back; paths are fit for a terminal.
set -euo pipefail
unset "${!CDRGEN_@}" 2> /dev/null || true
work=$(mktemp -d "${TMPDIR:-/tmp}/cdrgen-obstacles.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
model=(--subs 200 --start 2025-01-01 --days 2 --partitions 2)
fail() { echo "FAILED: $*" >&2; exit 1; }
state() { (cd out && find . ! -name .cdrgen.lock ! -path . -printf '%P %y %s %T@\n' | sort); }

# refused WORDS FLAG: by status 2 and one line, and nothing is changed.
refused()
{
    local words=$1 status=0 before
    shift
    before=$(state)
    "$CDRGEN" run --sink file "${model[@]}" --out out --quiet "$@" 2> err || status=$?
    [[ $status == 2 && $(wc -l < err) == 1 ]] || fail "$what, $*: status $status: $(cat err)"
    grep -q "$words" err || fail "$what, $*: $(cat err)"
    [[ $(state) == "$before" ]] || fail "$what, $*: the folder was changed: $(diff <(echo "$before") <(state))"
}

"$CDRGEN" run --sink file "${model[@]}" --out whole --quiet
day=cdr.sms/date=2025-01-02
part=$(cd whole && find cdr.sms -name 'part-*' | sort | tail -1)
for kind in file link FIFO; do
    what="a $kind in the place of a day's folder"
    rm -rf out && cp -r whole out && rm -r out/$day
    case $kind in
        file) echo mine > out/$day ;;
        link) ln -s nowhere out/$day ;;
        FIFO) mkfifo out/$day ;;
    esac
    refused "$day is a .* where a folder is needed" --overwrite
    refused "$day is a .* where a folder is needed" --resume
done
what="a folder in the place of a part"
rm -rf out && cp -r whole out && rm "out/$part" && mkdir "out/$part"
refused "$part is a folder where a file is needed" --overwrite
for table in cells.csv subscribers.csv; do
    what="a folder in the place of $table"
    rm -rf out && cp -r whole out && rm out/$table && mkdir out/$table
    refused "$table is a folder where a file is needed" --overwrite
    refused "$table is a folder where a file is needed" --resume
done
what="a folder in the place of the truth"
model+=(--fault duplicate=0.02)
"$CDRGEN" run --sink file "${model[@]}" --out true --truth-files --quiet
rm -rf out && cp -r true out && rm out/truth/truth.csv && mkdir out/truth/truth.csv
refused "truth/truth.csv is a folder where a file is needed" --overwrite --truth-files
refused "truth/truth.csv is a folder where a file is needed" --resume --truth-files
# A FIFO was taken for the table that belongs there.
for name in cells.csv truth/truth.csv; do
    rm -rf out && cp -r true out && rm out/$name && mkfifo out/$name
    status=0
    "$CDRGEN" verify "${model[@]}" --out out > stdout 2> err || status=$?
    [[ $status == 1 ]] || fail "a FIFO in the place of $name: verify: status $status: $(cat err)"
    "$CDRGEN" run --sink file "${model[@]}" --out out --resume --truth-files 2> err || fail "a FIFO in the place of $name: $(cat err)"
    cmp out/$name true/$name || fail "a FIFO stays in the place of $name"
done
rm -r true
model=("${model[@]::${#model[@]}-2}")
if [[ $(id -u) != 0 ]]; then
    what="a day's folder that cannot be written to"
    rm -rf out && cp -r whole out && chmod 500 out/$day
    refused "cannot write to folder .*$day" --overwrite
    chmod 700 out/$day
fi

# Tables that were removed.
for lost in cells.csv subscribers.csv "cells.csv subscribers.csv"; do
    rm -rf out && cp -r whole out
    for table in $lost; do rm out/"$table"; done
    "$CDRGEN" verify "${model[@]}" --out out > stdout 2> err || fail "without $lost: verify: $(cat err)"
    for table in $lost; do grep -q "^cdrgen: warning: out/$table is missing" err || fail "without $lost: verify said $(cat err)"; done
    "$CDRGEN" run --sink file "${model[@]}" --out out --resume 2> err || fail "without $lost: $(cat err)"
    for table in $lost; do grep -q "^cdrgen: out/$table was missing, and is written again$" err || fail "without $lost: $(cat err)"; done
    diff -r whole out || fail "without $lost: a resume does not bring them back"
done

# Whole parts that were exchanged after a run was killed. The journal tells.
"$CDRGEN" run --sink file "${model[@]}" --rotate-bytes 4K --out rotated --quiet
for way in exchanged copied; do
    rm -rf out
    "$CDRGEN" run --sink file "${model[@]}" --rotate-bytes 4K --out out --rate 4000 --quiet 2> err &
    pid=$!
    for _ in $(seq 200); do
        [[ $(find out/cdr.call -name 'part-0000-*' 2> /dev/null | wc -l) -lt 3 ]] || break
        sleep 0.05
    done
    kill -9 $pid
    wait $pid 2> /dev/null || true
    mapfile -t parts < <(find out/cdr.call -name 'part-0000-*' | sort -t- -k5)
    [[ ${#parts[@]} -ge 3 ]] || fail "$way: the run was killed too early"
    if [[ $way == exchanged ]]; then
        mv "${parts[0]}" aside && mv "${parts[1]}" "${parts[0]}" && mv aside "${parts[1]}"
    else
        cp "${parts[1]}" "${parts[0]}"
    fi
    "$CDRGEN" run --sink file "${model[@]}" --rotate-bytes 4K --out out --resume 2> err || fail "$way: $(cat err)"
    grep -q "it is not the file that the run before finished" err || fail "$way: $(cat err)"
    diff -r rotated out || fail "$way: another dataset than of a run that was not killed"
done

# Two topics whose folders are one, by a link: parts of the one took the place of the other's, with status 0. Where both have a
# part open at once, the second cannot be created; where the one is finished before, it is in the way.
few=(--subs 60 --cells 20 --partitions 1 --calls 0.1 --sms 0.1 --sessions 0 --workers 1)
in_the_way=0
for seed in {1..16}; do
    rm -rf out && mkdir -p out/cdr.call && ln -s cdr.call out/cdr.sms
    status=0
    "$CDRGEN" run --sink file "${few[@]}" --seed "$seed" --rotate-bytes 1k --out out --quiet 2> err || status=$?
    "$CDRGEN" run --sink null "${few[@]}" --seed "$seed" --quiet --summary counts 2> /dev/null
    ! grep -A 2 -E '"cdr\.(call|sms)"' counts | grep -q '"records": 0,' || continue # nothing can meet
    [[ $status == 1 ]] || fail "two topics, one folder: status $status: $(cat err)"
    if grep -q '/date=2025-01-01/part-0000-00000.\.csv is there already: another program wrote it, or the folders of two topics are one' err; then
        in_the_way=$((in_the_way + 1))
    else
        grep -q 'cannot create .*/\.part-0000-00000.\.csv\.tmp: File exists' err || fail "two topics, one folder: $(cat err)"
    fi
done
((in_the_way > 0)) || fail "two topics, one folder: no part was finished before the other's began: choose other seeds"

# A report with the name of a file of the dataset took its place. Summaries: test_bad_input.sh.
rm -rf out && cp -r whole out
for name in manifest.json "$part" subscribers.csv; do
    status=0
    "$CDRGEN" verify "${model[@]}" --out out/ --report "out/$name" > stdout 2> err || status=$?
    [[ $status == 2 ]] && grep -q "^cdrgen: --report: out/$name is the name of a file of the dataset in out" err ||
        fail "a report in the place of $name: status $status: $(cat err)"
    diff -r whole out || fail "a report took the place of $name"
done

# Nor by another name: a link to the folder, to a part, or the part's second name.
rm -rf out && cp -r whole out && ln -s out linked && ln -s "out/$part" soft.json && ln "out/$part" hard.json
for pair in "out soft.json" "out hard.json" "linked out/cells.csv" "out linked/$part" "linked linked/../out/manifest.json"; do
    read -r folder name <<< "$pair"
    for command in "verify --report" "run --overwrite --summary"; do
        status=0
        # shellcheck disable=SC2086
        "$CDRGEN" ${command% *} "${model[@]}" --out "$folder" "${command##* }" "$name" > stdout 2> err || status=$?
        [[ $status == 2 ]] && grep -q "^cdrgen: ${command##* }: $name is the name of a file of the dataset in $folder" err ||
            fail "$command $name in $folder: status $status: $(cat err)"
        diff -r whole out || fail "$command $name took the place of a file of $folder"
    done
done
"$CDRGEN" verify "${model[@]}" --out linked --report linked/report.json > stdout || fail "a report beside the parts is refused"
rm -r linked soft.json hard.json out/report.json

# Escapes in a path.
escape=$(printf '\033')
strange=$(printf 'a\033[2Jb\nc')
for command in "run" "run --resume" "run --overwrite" "run --overwrite --dry-run" "verify"; do
    # shellcheck disable=SC2086
    "$CDRGEN" $command "${model[@]}" --out "$strange" > stdout 2> err || fail "$command: $(cat -v err)"
    ! grep -q "$escape" stdout err || fail "$command: raw control characters: $(cat -v stdout err)"
done
echo passed
