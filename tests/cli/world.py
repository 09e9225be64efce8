"""What an outage and a crowd leave in the records of one folder, and not in those of another: test_world.sh."""
import csv
import glob
import math
import sys

TEN = 1735722000000  # 10:00 in Amsterdam
OUTAGE = (TEN, TEN + 9_000_000)
CROWD = (TEN + 4 * 3_600_000, TEN + 7 * 3_600_000)
TYPES = ("CALL", "SMS", "DATA")


def km(a, b):
    return math.hypot(a[0] - b[0], (a[1] - b[1]) * math.cos(math.radians(a[0]))) * 111.195


def cells_of(folder):
    with open(f"{folder}/cells.csv", newline="") as file:
        return {row["cell_id"]: (float(row["lat"]), float(row["lon"])) for row in csv.DictReader(file)}


def records_of(folder):
    for name in glob.glob(f"{folder}/cdr.*/*/*.csv"):
        with open(name, newline="") as file:
            for row in csv.DictReader(file, delimiter=";"):
                row["start"], row["end"] = int(row["start_ts_ms"]), int(row["end_ts_ms"])
                yield row


def count(folder):
    cells = cells_of(folder)
    down = {cell for cell, at in cells.items() if km((52.37, 4.9), at) <= 5}
    place = cells[min(cells, key=lambda cell: km((52.31, 4.94), cells[cell]))]
    found = {"down": 0, "over": 0, "cut": 0, "place": dict.fromkeys(TYPES, 0), "away": 0, "all": 0}
    for row in records_of(folder):
        kind, cell, start = row["event_type"], row["cell_id"], row["start"]
        within = OUTAGE[0] <= start < OUTAGE[1]
        found["all"] += 1
        found["down"] += cell in down and within
        found["away"] += cell not in down and within
        # An end has milliseconds of its own after the second in which it was cut; a ring is not cut.
        goes_on = cell in down and start < OUTAGE[0] and row["end"] >= OUTAGE[0] + 3000
        found["over"] += goes_on and kind != "SMS" and row["cause_for_record_closing"] == "normalRelease"
        found["cut"] += abs(row["end"] - OUTAGE[0]) < 3000 and row["cause_for_record_closing"] == "abnormalRelease"
        found["place"][kind] += cells[cell] == place and CROWD[0] <= start < CROWD[1]
    return found


def main():
    plain, world = count(sys.argv[1]), count(sys.argv[2])
    print("plain", plain)
    print("world", world)
    assert plain["down"] > 2000 and world["down"] == 0
    assert plain["over"] > 30 and world["over"] == 0
    assert plain["cut"] < 3 and world["cut"] > 30
    assert 0.9 * plain["away"] < world["away"] <= 1.02 * plain["away"]
    factors = {kind: world["place"][kind] / plain["place"][kind] for kind in TYPES}
    print("at the crowd's place", factors)
    # The same people everywhere: calls grow as the people there, messages 2.4 and sessions 2.8 times as much of theirs.
    people = factors["CALL"] - 1
    assert people > 0.5
    assert 0.6 * 2.38 < (factors["SMS"] - 1) / people < 1.7 * 2.38
    assert 0.6 * 2.83 < (factors["DATA"] - 1) / people < 1.7 * 2.83


main()
