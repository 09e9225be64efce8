#!/usr/bin/env bash
# The log of D days is the beginning of the log of D + 1 days, over clock changes and whatever is switched on; records come in the
# order of their emission; events that began before the start are there.
set -euo pipefail
source "$SOURCE_DIR/tests/property/lib.sh"

# check ORDER LATE_MAX_MS: the properties of $model for one, two and three days.
check()
{
    local order=$1 late_max_ms=$2 days zone date same=
    for days in 1 2 3; do
        rm -rf "${WORK:?}/$days"
        run --sink file --days $days --out "$WORK/$days" --workers $days --rotate-bytes "$(pick rotate 5k 100M)" --order "$order"
    done
    [[ ${model[3]} != 2011-12-28 ]] || same=yes # Samoa had no 30 December in 2011
    "$PYTHON" "$SOURCE_DIR/tests/property/check_logs.py" prefix "$WORK/1" "$WORK/2" || die "2 days do not begin as 1: ${model[*]}"
    "$PYTHON" "$SOURCE_DIR/tests/property/check_logs.py" prefix "$WORK/2" "$WORK/3" ${same:+same} || die "3 days do not begin as 2: ${model[*]}"
    zone=${model[1]} date=${model[3]}
    midnight=$("$PYTHON" -c 'import datetime, sys, zoneinfo
zone = zoneinfo.ZoneInfo(sys.argv[1])
print(int(datetime.datetime.fromisoformat(sys.argv[2]).replace(tzinfo=zone).timestamp() * 1000))' "$zone" "$date")
    early=$("$PYTHON" "$SOURCE_DIR/tests/property/check_logs.py" order "$WORK/3" "$midnight" "$late_max_ms" "$order") ||
        die "the order is wrong: ${model[*]} --order $order"
    if [[ $order == end ]]; then
        ((${early% *} > 0)) || die "no event began before the start: ${model[*]}"
    fi
}

starts=(Europe/Amsterdam=2025-03-29 Europe/Amsterdam=2025-10-25 Asia/Kolkata=2025-01-01 Australia/Lord_Howe=2025-04-05
    Australia/Lord_Howe=2025-10-04 America/St_Johns=2025-03-08 America/St_Johns=2025-11-01 Pacific/Apia=2011-12-28 UTC=2024-02-28)
for item in "${starts[@]}"; do
    current=$item
    model=(--tz "${item%=*}" --start "${item#*=}" --subs 250 --partitions 3)
    check end 0
    model+=(--late-share 0.3 --late-max 3h --late-mean 1h --trains 0.5 --partial 5m)
    check "$(pick order end end start)" 10800000
done
current=plain
model=(--tz Europe/Amsterdam --start 2025-03-29 --subs 250 --partitions 1 --seed 5)
check start 0
model+=(--partial 5m --duration-max 1d)
check start 0
check end 0
