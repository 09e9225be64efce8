#!/usr/bin/env bash
# Subscribers that leave: the table of a day shows whose number is vacant, the records agree with it, nobody's SIM or device is had
# by another, and a number changes hands within a run. What is read here are files and tables only.
set -euo pipefail
: "${CDRGEN:?}"
work=$(mktemp -d "${TMPDIR:-/tmp}/cdrgen-leaving.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
for variable in "${!CDRGEN_@}"; do
    unset "$variable"
done

fail()
{
    echo "FAILED: $*" >&2
    exit 1
}

# Twelve days; devices and SIMs change only with the customer. Every day's table, and the records of all.
model=(--subs 400 --tz UTC --leave-prob 0.1 --vacant-days 3 --imei-change-prob 0 --sim-change-prob 0)
"$CDRGEN" run "${model[@]}" --start 2025-01-01 --days 12 --sink file --out out --quiet
"$CDRGEN" subscribers "${model[@]}" --start 2025-01-01 >table
cmp table out/subscribers.csv || fail "subscribers and subscribers.csv differ"
for day in 01 02 03 04 05 06 07 08 09 10 11 12; do
    "$CDRGEN" subscribers "${model[@]}" --start "2025-01-$day" >"table-$day"
    grep -qvE '^(msisdn,.*|[0-9]{11},[0-9]{15},[0-9]{15},[0-9]{5},[0-9]{5},[0-9]+|[0-9]{11},,,,[0-9]{5},[0-9]+)$' "table-$day" &&
        fail "a line of another form: $(grep -vE '^[0-9,]*$' "table-$day" | tail -1)"
    vacant=$(grep -c ',,,,' "table-$day")
    ((vacant > 50 && vacant < 140)) || fail "$vacant of 400 numbers are vacant on day $day, not 92"
done

# The records against the tables: field 2 or 3 is the owner's number, 5 the start in ms.
cat out/cdr.*/date=*/part-*.csv | grep -v '^event_type' >records
(($(wc -l <records) > 20000)) || fail "only $(wc -l <records) records"
names=$(sed -n 1p out/cdr.call/date=2025-01-01/part-0000-000000.csv)
awk -F'[;,]' -v names="$names" '
    BEGIN { n = split(names, name, ";"); for (i = 1; i <= n; i++) column[name[i]] = i }
    FNR == 1 { file++ }
    file <= 12 { if ($1 != "msisdn") { known[$1]; imsi[file, $1] = $2; imei[file, $1] = $3 } next }
    {
        day = int(($column["start_ts_ms"] / 1000 - 1735689600) / 86400) + 1
        # What follows on an event in the night before has the identities of the day before: replies, later deliveries.
        night = ($column["start_ts_ms"] / 1000) % 86400 < 10800
        if ($column["start_ts_ms"] < 1735689600000) next
        source = $column["msisdn_src"]; destination = $column["msisdn_dst"]
        owner = $column["direction"] == "MO" ? source : destination
        other = $column["direction"] == "MO" ? destination : source
        if (night && day > 1 && imsi[day, owner] != $column["imsi"] && imsi[day - 1, owner] == $column["imsi"]) day--
        if (imsi[day, owner] == "") { print "of a vacant number: " $0; exit 1 }
        if (imsi[day, owner] != $column["imsi"] || imei[day, owner] != $column["imei"]) { print "identity: " $0; exit 1 }
        if (other in known && imsi[day, other] == "" && !(night && imsi[day - 1, other] != "")) { print "with a vacant number: " $0; exit 1 }
        onnet += other in known
        had = $column["imsi"]
        if (had in whose && whose[had] != owner) { print "SIM of two: " $0; exit 1 }
        whose[had] = owner
        if (!((owner, had) in seen)) { seen[owner, had]; customers[owner]++ }
    }
    END {
        for (owner in customers) again += customers[owner] > 1
        if (onnet < 1000 || again < 100) { print onnet " records on-net, " again " numbers changed hands"; exit 1 }
    }' table-* records >said || fail "$(head -3 said)"

# What is refused.
for flags in "--leave-prob 0.2" "--leave-prob 1e-7" "--leave-prob -1" "--vacant-days 0" "--vacant-days 366" "--vacant-days 1.5"; do
    status=0
    # shellcheck disable=SC2086
    "$CDRGEN" run $flags --sink null >stdout 2>stderr || status=$?
    [[ $status == 2 && $(wc -l <stderr) == 1 ]] || fail "$flags: status $status, $(cat stderr)"
    grep -qE 'leave[_-]prob|vacant[_-]days' stderr || fail "$flags: $(cat stderr)"
done
