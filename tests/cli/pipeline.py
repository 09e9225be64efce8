"""A pipeline that computes queries over the files of a run, as plainly as can be; and with mistakes, if so told.

    rows(FOLDER, QUERY, ZONE, LATE=None, **MISTAKES)    the header and the rows that it puts out

QUERY is the object of a query's file. The pipeline reads the logs one partition after the other, each in its order. It passes over
what is no record (a line with a wrong number of columns, or with spaces behind it), and over a record that was there before: one of
the same parties, place and start, with a duration of its own or not. LATE, in milliseconds: a record is dropped whose window's end
and that much lie at or before the greatest time so far in its partition, of records that fulfil the conditions.
"""

import csv
import datetime
import pathlib
import zoneinfo

DAY_MS = 86400000
UNITS = {"s": 1000, "m": 60000, "h": 3600000, "d": DAY_MS}
SENT = {"CALL": ("msisdn_src", "msisdn_dst"), "SMS": ("msisdn_src", "msisdn_dst"), "DATA": ("msisdn_src", "msisdn_src")}


def milliseconds(text):
    return int(text[:-1]) * UNITS[text[-1]]


def listed(value):
    return [value] if isinstance(value, str) else value


def field(record, name):
    """A field's value; those that files do not have follow from those that they do."""
    if name in ("owner_msisdn", "other_msisdn"):
        return record["msisdn_dst" if (record["direction"] == "MT") == (name == "owner_msisdn") else "msisdn_src"]
    if name == "data_bytes_total":
        return int(record["data_bytes_in"]) + int(record["data_bytes_out"])
    return record[name]


def number(record, name):
    return int(field(record, name))


def fulfils(record, where):
    for name, wanted in where.items():
        if isinstance(wanted, dict):
            if not wanted.get("from", -(1 << 63)) <= number(record, name) <= wanted.get("to", 1 << 63):
                return False
        elif record[name] not in [str(each) for each in (wanted if isinstance(wanted, list) else [wanted])]:
            return False
    return True


class Windows:
    """Beginnings and ends of the windows that a time lies in."""

    def __init__(self, window, zone, days_of_ms=None):
        self.window, self.zone, self.days_of_ms, self.days = window, zoneinfo.ZoneInfo(zone), days_of_ms, {}
        if isinstance(window, dict):
            sizes = window.get("hop") or [window["tumble"]] * 2
            self.size, self.step = map(milliseconds, sizes)

    def midnight(self, date):
        """The first instant of a local day: none of a date has to be midnight, where the clock is changed."""
        at = int(datetime.datetime(date.year, date.month, date.day, tzinfo=datetime.timezone.utc).timestamp())
        low, high = at - 15 * 3600, at + 30 * 3600
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self.date(middle) >= date else (middle + 1, high)
        return low * 1000

    def date(self, seconds):
        return datetime.datetime.fromtimestamp(seconds, self.zone).date()

    def day(self, time):
        """Asked once for each quarter of an hour."""
        if time // 900000 not in self.days:
            date = self.date(time / 1000)
            self.days[time // 900000] = (self.midnight(date), self.midnight(date + datetime.timedelta(1)))
        return self.days[time // 900000]

    def of(self, time):
        if self.window == "none":
            return [(0, 0)]
        if self.days_of_ms is not None:  # of 24 hours each
            start = (time + self.days_of_ms) // DAY_MS * DAY_MS - self.days_of_ms
            return [(start, start + DAY_MS)]
        if self.window == "day":
            return [self.day(time)]
        first = time // self.step * self.step
        return [(first - back, first - back + self.size) for back in range(0, self.size, self.step)]


def records(folder, types, skip=(), **mistakes):
    """(log, record), a log after the other."""
    for kind in types:
        paths = sorted(pathlib.Path(folder, f"cdr.{kind}").rglob("part-*"), key=lambda path: (path.name[:9], str(path)))
        for path in paths:
            log = (kind, int(path.name.split("-")[1]))
            if log in skip:
                continue
            with path.open(encoding="utf-8", errors="replace", newline="") as file:
                names = file.readline().rstrip("\n").split(";")
                for line in file:
                    values = line.rstrip("\n").split(";")
                    if values[-1] != values[-1].rstrip(" ") and mistakes.get("forgiving"):
                        values[-1] = values[-1].rstrip(" ")
                    if len(values) == len(names) and values[-1] == values[-1].strip(" "):
                        yield log, dict(zip(names, values))


def cleaned(all_records, duplicates=False, forgets_ms=None, conflicts=False, replaces=False, **_):
    """Without records that were there before."""
    seen, last = {}, {}
    kept = []
    for log, record in all_records:
        # Two legs of a call within a partition, and two calls, differ in one of these.
        name = tuple(record[each] for each in ("event_type", "direction", "msisdn_src", "start_ts_ms", "imsi")) + (log,)
        whole = tuple(record.values())
        last[log] = max(last.get(log, 0), int(record["end_ts_ms"]))
        before = seen.get(name)
        if before is not None:
            at, other, then = before
            same = whole == other
            forgotten = forgets_ms is not None and last[log] - then > forgets_ms
            if not same and replaces:
                kept[at] = (log, record)
            if not ((same and (duplicates or forgotten)) or (not same and conflicts)):
                continue
        else:
            seen[name] = (len(kept), whole, last[log])
        kept.append((log, record))
    return kept


def repeated(all_records, every, length=40):
    """Each transaction of so many records of a log; one in so many is there twice, as if it had been aborted before."""
    transactions, counts = {}, {}
    for log, record in all_records:
        number = counts[log] = counts.get(log, -1) + 1
        transactions.setdefault((log, number // length), []).append((log, record))
    for (_, number), transaction in transactions.items():
        yield from transaction * (2 if number % every == 0 else 1)


def aggregate(function, group, repeats=False, bits=None, **_):
    if function == "count":
        return len(group)
    kind, name = function[:-1].split("(")
    if kind == "distinct":
        return len(group) if repeats else len({field(record, name) for record in group})
    values = [number(record, name) for record in group]
    total = {"sum": sum, "min": min, "max": max}[kind](values)
    return (total + (1 << bits - 1)) % (1 << bits) - (1 << bits - 1) if kind == "sum" and bits else total


def groups(folder, query, zone, late=None, **mistakes):
    """The records of each window and key."""
    windows = Windows(query.get("window", "none"), zone, mistakes.get("days_of_ms"))
    time_field = f"{mistakes.get('time') or query.get('time', 'end')}_ts_ms"
    where = {key: value for key, value in query.get("where", {}).items() if key not in mistakes.get("without", ())}
    types = [kind for kind in listed(query["from"]) if kind not in mistakes.get("types_left", ())]
    found, reached = {}, {}
    read = cleaned(records(folder, types, mistakes.get("logs_left", ()), **mistakes), **mistakes)
    for log, record in repeated(read, mistakes["aborted_every"]) if "aborted_every" in mistakes else read:
        time = int(record[time_field]) + mistakes.get("offsets", 0) * 60000 * int(record["tz_offset_min"]) - mistakes.get("less", 0)
        if int(record["end_ts_ms"]) >= mistakes.get("until", 1 << 63):
            continue
        counts = fulfils(record, where)
        if counts or mistakes.get("all_advance") or mistakes.get("arrival"):
            reached[log] = max(reached.get(log, 0), time)
        if not counts:
            continue
        if mistakes.get("arrival"):
            time = reached[log]
        for start, end in windows.of(time):
            if late is not None and end + late <= reached[log]:
                continue
            key = (start, end, *(field(record, name) for name in listed(query.get("by", []))))
            found.setdefault(key, []).append(record)
    return found


def rows(folder, query, zone="Europe/Amsterdam", late=None, named_by_end=False, draw=None, **mistakes):
    by, select = listed(query.get("by", [])), query["select"]
    result = []
    for key, group in groups(folder, query, zone, late, **mistakes).items():
        values = [aggregate(function, group, **mistakes) for function in select.values()]
        start, end = (key[1], key[1] + key[1] - key[0]) if named_by_end else key[:2]
        result.append((start, end, *key[2:], *values))
    if "top" in query:
        result = first_ones(result, query, 2 + len(by) + list(select).index(query["top"]["of"]), draw)
    return ["window_start", "window_end", *by, *select], sorted(result, key=str)


def first_ones(result, query, column, draw):
    """The first rows of each window; of those that tie with the last one, any."""
    windows, kept = {}, []
    for row in result:
        windows.setdefault(row[0], []).append(row)
    for window in windows.values():
        if draw is not None:
            draw.shuffle(window)
        window.sort(key=lambda row: -row[column])
        kept += window[:query["top"]["rows"]]
    return kept


def text(header, all_rows):
    return "\n".join(",".join(map(str, row)) for row in [header, *all_rows]) + "\n"
