"""What cannot be, counted: each of these counts must be 0. Each function takes the data and gives counts."""

import numpy as np

from .groups import latest_so_far, on_one_axis, same_as_previous, span
from .reader import ANSWERED, BUSY, DROPPED, NO_ANSWER, pick

SPEED_KMH = 150.0
# The clocks of two switches, and the time until the called party's own switch knows.
SLACK_MS = 5000


def engaging(calls):
    """Calls that keep their owner's phone: own attempts, answered calls, and ringing that nobody answers."""
    return calls.mo | np.isin(calls.outcome, (ANSWERED, DROPPED, NO_ANSWER))


def overlapping_calls(data):
    """Calls of a subscriber that begin during another one, by the directions of the two.

    An incoming call that is not answered may meet a line that is in use. That is what BUSY says.
    """
    calls = pick(data.calls, engaging(data.calls))
    before = latest_so_far(calls.owner, calls.start, calls.stop)
    answered = np.isin(calls.outcome, (ANSWERED, DROPPED))
    during = (before >= 0) & (calls.start < calls.stop[before]) & (calls.mo | answered)
    first, second = calls.mo[before], calls.mo
    names = ("MT", "MO")
    counts = {
        f"{names[a]}-{names[b]}": int(np.count_nonzero(during & (first == a) & (second == b)))
        for a in (1, 0)
        for b in (1, 0)
    }
    counts["same pair"] = int(np.count_nonzero(during & (calls.other == calls.other[before])))
    return counts


def in_a_call(calls, party, since, until):
    """For each (party, since, until): whether one of these calls of the party lasts at some moment of it."""
    if calls.n == 0 or len(party) == 0:
        return np.zeros(len(party), dtype=bool)
    low = min(int(calls.start.min()), int(since.min()))
    wide = span(calls.start, calls.stop, since, until) + 1
    begins = on_one_axis(calls.owner, calls.start, low, wide)
    ends = np.maximum.accumulate(on_one_axis(calls.owner, calls.stop, low, wide))
    last = np.searchsorted(begins, on_one_axis(party, until, low, wide), side="right") - 1
    found = np.maximum(last, 0)
    return (last >= 0) & (calls.owner[found] == party) & (ends[found] >= on_one_axis(party, since, low, wide))


def busy_without_cause(data):
    """BUSY though no record says that the called party, a subscriber of ours, is in a call at that moment.

    Near the ends of the data the other call's record may be missing: what begins before the first record ends, or
    where the longest call would end after the last record, is not looked at.
    """
    calls = data.calls
    if calls.n == 0:
        return {"MT": 0, "MO": 0, "looked at": 0}
    longest = int((calls.stop - calls.start).max())
    inside = (calls.start >= data.first_end) & (calls.start <= data.last - longest)
    busy = pick(calls, (calls.outcome == BUSY) & inside)
    called = np.where(busy.mo, busy.other, busy.owner)
    ours = (called >= 0) & (called < data.owners)
    cause = in_a_call(pick(calls, engaging(calls)), called, busy.start - SLACK_MS, busy.stop + SLACK_MS)
    lacking = ours & ~cause
    return {
        "MT": int(np.count_nonzero(lacking & ~busy.mo)),
        "MO": int(np.count_nonzero(lacking & busy.mo)),
        "looked at": int(np.count_nonzero(ours)),
    }


def overlapping_sessions(data):
    """Sessions that begin during another one of the same subscriber and access point."""
    sessions = data.sessions
    group = sessions.owner.astype(np.int64) * 128 + sessions.apn
    order = np.lexsort((sessions.stop, sessions.start, group))
    group, start, stop = group[order], sessions.start[order], sessions.stop[order]
    before = latest_so_far(group, start, stop)
    return {"same APN": int(np.count_nonzero((before >= 0) & (start < stop[before])))}


def distances(data, one, other):
    cells = data.cells
    return np.hypot(cells.x[one] - cells.x[other], cells.y[one] - cells.y[other])


def teleports(data, radius_km):
    """Records of a subscriber whose cells lie too far apart for the time between their starts.

    A site serves what lies within a radius around it, so two of them are taken off the distance.
    """
    if data.cells is None:
        return None
    rows = data.everything
    follows = np.flatnonzero(same_as_previous(rows.owner))
    apart = distances(data, rows.cell[follows], rows.cell[follows - 1]) - 2 * radius_km
    hours = (rows.start[follows] - rows.start[follows - 1]) / 3.6e6
    return {"teleports": int(np.count_nonzero((apart > 0) & (apart > SPEED_KMH * hours)))}


def at_one_moment(data, moment_ms=100):
    """Records of a subscriber that begin within a tenth of a second at two sites, or on two technologies.

    The latter of one kind of record only: a phone on LTE may make its calls on WCDMA.
    """
    rows = data.everything
    follows = np.flatnonzero(same_as_previous(rows.owner))
    follows = follows[rows.start[follows] - rows.start[follows - 1] <= moment_ms]
    one, other = rows.cell[follows], rows.cell[follows - 1]
    known = (rows.rat[follows] > 0) & (rows.rat[follows - 1] > 0) & (rows.event[follows] == rows.event[follows - 1])
    counts = {"technologies": int(np.count_nonzero(known & (rows.rat[follows] != rows.rat[follows - 1])))}
    places = data.cells.site if data.cells is not None else np.arange(int(rows.cell.max()) + 1 if rows.n else 0)
    counts["sites"] = int(np.count_nonzero(places[one] != places[other]))
    return counts
