#!/usr/bin/env bash
# Outages and crowds in the records: nothing begins where there is no service, what goes on is cut, a crowd is at its place
# and does more there, and nothing impossible comes of it; wrong settings are one line.
set -euo pipefail
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
cd "$temporary"

refused()
{
    local pattern=$1 status=0
    printf '%s\n' "$2" >bad.json
    "$CDRGEN" run --config bad.json --sink null --subs 100 --days 1 >stdout 2>stderr || status=$?
    if ((status != 2)) || (($(wc -l <stderr) != 1)) || ! grep -qE -- "$pattern" stderr; then
        cat stdout stderr
        echo "$2: status $status, wanted one line like /$pattern/"
        exit 1
    fi
}

when="2025-01-01T10:00 2025-01-01T12:30"
refused 'outages\[0\]: it is not FROM TO LAT LON KM or FROM TO cell ID; allowed' "{\"outages\": [\"$when 52.37 4.9\"]}"
refused 'is not after' '{"outages": ["2025-01-01T10:00 2025-01-01T10:00 52.37 4.9 3"]}'
refused '"2025-01-01" is not a time like 2025-01-01T08:30' '{"outages": ["2025-01-01 2025-01-01T10:00 52.37 4.9 3"]}'
refused 'does not exist' '{"outages": ["2025-02-29T10:00 2025-03-01T10:00 52.37 4.9 3"]}'
refused 'has no time from 00:00 to 23:59' '{"outages": ["2025-01-01T24:00 2025-01-02T10:00 52.37 4.9 3"]}'
refused 'outages\[0\]: there is no cell 9; cells are 10000 to 11999' "{\"outages\": [\"$when cell 9\"]}"
refused 'outages\[0\]: no site is within 2 km of 2,2' "{\"outages\": [\"$when 2 2 2\"]}"
refused 'latitude "95" is not from -85 to 85' "{\"outages\": [\"$when 95 2 2\"]}"
refused 'it is not FROM TO LAT LON SHARE' "{\"crowds\": [\"$when 52.37 4.9\"]}"
refused 'share "3" is not from 0 to 1' "{\"crowds\": [\"$when 52.37 4.9 3\"]}"
refused '"foo=3" is not call=F, sms=F or data=F' "{\"crowds\": [\"$when 52.37 4.9 0.1 foo=3\"]}"
refused 'factor "20" is not from 0.0625 to 16' "{\"crowds\": [\"$when 52.37 4.9 0.1 sms=20\"]}"
refused 'must begin after 04:00 and end before 02:00' '{"crowds": ["2025-01-01T03:00 2025-01-01T10:00 52.37 4.9 0.1"]}'
refused 'is not within cell_radius_km of cell_center' "{\"crowds\": [\"$when 2 2 0.1\"]}"

cat >world.json <<'END'
{
  "outages": ["2025-01-01T10:00 2025-01-01T12:30 52.37 4.9 5"],
  "crowds": ["2025-01-01T14:00 2025-01-01T17:00 52.31 4.94 0.1 sms=2.5 data=3"]
}
END
"$CDRGEN" config --config world.json >shown.json
grep -q '"2025-01-01T14:00 2025-01-01T17:00 52.31 4.94 0.1 sms=2.5 data=3"' shown.json
"$CDRGEN" run -q --config shown.json --subs 20000 --days 1 --sink file --out world
"$CDRGEN" run -q --subs 20000 --days 1 --sink file --out plain
python3 -B "$SOURCE_DIR/tests/cli/world.py" plain world
