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

# Escapes in a path.
escape=$(printf '\033')
strange=$(printf 'a\033[2Jb\nc')
for command in "run" "run --resume" "run --overwrite" "run --overwrite --dry-run" "verify"; do
    # shellcheck disable=SC2086
    "$CDRGEN" $command "${model[@]}" --out "$strange" > stdout 2> err || fail "$command: $(cat -v err)"
    ! grep -q "$escape" stdout err || fail "$command: raw control characters: $(cat -v stdout err)"
done
echo passed
