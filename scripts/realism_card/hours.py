"""Curves of the day and the week, and how days of a user differ."""

import numpy as np

from .card import Row
from .groups import same_as_previous, share
from .timing import TRAIN_MS

TOPIC = "Curves"
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
TABLES = (("calls", "calls"), ("sms", "messages"), ("sessions", "sessions"))


def local_times(table):
    return table.start + table.shift


def edges(tables, least=2000):
    """Rate in the ten minutes after each full hour to that before it, where both have so many records."""
    bins = np.zeros(144)
    for table in tables:
        bins += np.bincount(local_times(table) % DAY_MS // TRAIN_MS, minlength=144)
    after, before = bins[0::6], np.roll(bins, 1)[0::6]
    kept = (after >= least) & (before >= least)
    return after[kept] / before[kept]


def of_week(table):
    return np.bincount(local_times(table) // HOUR_MS % 168, minlength=168).astype(float)


def of_weekday(table):
    """By hour, Monday to Friday. Day 0 of the epoch was a Thursday."""
    local = local_times(table)
    weekday = (local // DAY_MS + 3) % 7 < 5
    return np.bincount(local[weekday] % DAY_MS // HOUR_MS, minlength=24).astype(float)


def resemblance(one, other):
    return float(np.corrcoef(one, other)[0, 1]) if min(one.sum(), other.sum()) >= 20_000 else None


def floor(table):
    curve = of_weekday(table)
    return float(curve.min() / curve.max()) if curve.sum() >= 20_000 else None


def day_to_day(data):
    """σ of the logarithm of a user's rate over weekdays, from the variance of trains beyond Poisson's."""
    calls = data.calls
    own = np.flatnonzero(calls.mo)
    near = same_as_previous(calls.owner[own])
    near[1:] &= np.diff(calls.start[own]) <= TRAIN_MS
    own = own[~near]
    day = local_times(calls)[own] // DAY_MS
    whole = np.arange((data.first // DAY_MS) + 1, data.last // DAY_MS)
    weekdays = whole[(whole + 3) % 7 < 5]
    if len(weekdays) < 8 or len(own) == 0:
        return None
    at = np.searchsorted(weekdays, day)
    kept = (at < len(weekdays)) & (weekdays[np.minimum(at, len(weekdays) - 1)] == day)
    counts = np.bincount(
        calls.owner[own][kept].astype(np.int64) * len(weekdays) + at[kept], minlength=data.owners * len(weekdays)
    ).reshape(data.owners, len(weekdays))
    mean, variance = counts.mean(axis=1), counts.var(axis=1, ddof=1)
    squares = (mean**2 - variance / len(weekdays)).sum()
    beyond = (variance - mean).sum() / squares if squares > 0 else 0
    return float(np.sqrt(max(0.0, np.log1p(max(beyond, 0)))))


def sundays(data, least=20_000):
    """Calls of a Sunday to those of a day from Monday to Friday, of whole days."""
    if data.calls.n < least:
        return None
    day = local_times(data.calls) // DAY_MS
    whole = np.arange(data.first // DAY_MS + 1, data.last // DAY_MS)
    counts = np.array([np.count_nonzero(day == each) for each in whole])
    weekday = (whole + 3) % 7
    if np.count_nonzero(weekday == 6) == 0 or np.count_nonzero(weekday < 5) < 4:
        return None
    return float(counts[weekday == 6].mean() / counts[weekday < 5].mean())


def rows(data):
    tables = {name: getattr(data, name) for name, _ in TABLES}
    for name, called, chosen in [("records", "all records", tables.values())] + [
        (name, called, [tables[name]]) for name, called in TABLES
    ]:
        ratios = edges(chosen)
        low, high = (float(ratios.min()), float(ratios.max())) if len(ratios) >= 12 else (None, None)
        yield Row(
            TOPIC,
            f"edge_low_{name}",
            f"full hours, {called}: 10 min after / before, least",
            "0.9 to 1.1 [R]",
            low,
            0.85,
            1.25,
            "{:.2f}",
        )
        yield Row(TOPIC, f"edge_high_{name}", "the same, most", "0.9 to 1.1 [R]", high, 0.85, 1.25, "{:.2f}")
    week = {name: of_week(table) for name, table in tables.items()}
    yield Row(
        TOPIC,
        "curve_calls_sessions",
        "curves of the week, calls and sessions: correlation",
        "differ [R]",
        resemblance(week["calls"], week["sessions"]),
        0.6,
        0.85,
        "{:.3f}",
    )
    yield Row(
        TOPIC,
        "curve_calls_sms",
        "calls and messages: correlation",
        "differ less [R]",
        resemblance(week["calls"], week["sms"]),
        0.89,
        0.99,
        "{:.3f}",
    )
    for name, called, low, high in (
        ("calls", "calls", 0, 0.068),
        ("sms", "messages", 0, 0.09),
        ("sessions", "sessions", 0.14, 0.24),
    ):
        yield Row(
            TOPIC,
            f"floor_{name}",
            f"quietest hour of a weekday to its busiest, {called}",
            "low; of sessions high [R]",
            floor(tables[name]),
            low,
            high,
            "{:.3f}",
        )
    yield Row(
        TOPIC,
        "sundays",
        "calls of a Sunday to those of a working day",
        "0.6 to 0.75 [R]",
        sundays(data),
        0.55,
        0.8,
        "{:.2f}",
    )
    yield Row(
        TOPIC,
        "day_to_day",
        "a user's days: σ of the logarithm of the rate",
        "0.5 to 0.8 [R]",
        day_to_day(data),
        0.4,
        1.0,
        "{:.2f}",
    )
