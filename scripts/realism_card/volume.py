"""How much: minutes, messages, bytes; how they are spread over users and sessions."""

import numpy as np

from .card import Row
from .groups import same_as_previous, share, sums
from .reader import ANSWERED, DROPPED

TOPIC = "Volume and heterogeneity"


def per_owner(table, owners, values=None):
    return np.bincount(table.owner, weights=values, minlength=owners).astype(float)


def top_share(values, part):
    """What the largest of them hold of the whole."""
    if len(values) == 0 or values.sum() <= 0:
        return None
    largest = max(1, round(len(values) * part))
    return float(np.partition(values, len(values) - largest)[-largest:].sum() / values.sum())


def correlation(one, other):
    """Of the logarithms, where both are above 0."""
    both = (one > 0) & (other > 0)
    if np.count_nonzero(both) < 30:
        return None
    return float(np.corrcoef(np.log(one[both]), np.log(other[both]))[0, 1])


def whole_sessions(sessions):
    """Bytes and seconds of sessions with their parts put together: one that was closed goes on where it ends."""
    if sessions.n == 0:
        return np.zeros(0), np.zeros(0)
    order = np.lexsort((sessions.start, sessions.apn, sessions.owner))
    start, stop, part = sessions.start[order], sessions.stop[order], sessions.part[order]
    goes_on = same_as_previous(sessions.owner[order], sessions.apn[order])
    goes_on[1:] &= part[:-1] & (np.abs(start[1:] - stop[:-1]) <= 1000)
    begin = np.flatnonzero(~goes_on)
    return (
        sums((sessions.up + sessions.down)[order].astype(float), begin),
        sums((stop - start).astype(float), begin) / 1000,
    )


def session_rows(data):
    volume, seconds = whole_sessions(data.sessions)
    logs = np.log10(volume[volume > 0])
    enough = len(logs) >= 1000
    yield Row(
        TOPIC,
        "session_log_mean",
        "bytes of a session: mean of log10",
        "5.66 [C]",
        float(logs.mean()) if enough else None,
        5.4,
        5.9,
        "{:.2f}",
    )
    yield Row(
        TOPIC,
        "session_log_sd",
        "bytes of a session: deviation of log10",
        "1.07 [C]",
        float(logs.std()) if enough else None,
        1.03,
        1.13,
        "{:.3f}",
    )
    for percent, real, low, high in ((1, "0.65 [C]", 0.52, 0.72), (10, "0.92 [C]", 0.88, 0.94)):
        yield Row(
            TOPIC,
            f"session_top_{percent}",
            f"bytes in the top {percent} % of sessions",
            real,
            top_share(volume, percent / 100) if enough else None,
            low,
            high,
            "{:.3f}",
        )
    yield Row(
        TOPIC,
        "session_volume_duration",
        "bytes and seconds of a session: correlation of logarithms",
        "bytes grow as a power of the time, 0.1 to 1.9 [C]",
        correlation(volume, seconds),
        0.2,
        0.95,
        "{:.3f}",
    )
    sent, received = (float(values.sum()) for values in (data.sessions.up, data.sessions.down))
    yield Row(
        TOPIC,
        "uplink_share",
        "uplink share of bytes",
        "about 0.12 [R]",
        share(sent, sent + received),
        0.06,
        0.2,
        "{:.3f}",
    )


def rows(data):
    calls, sms, owners = data.calls, data.sms, data.owners
    talked = calls.mo & np.isin(calls.outcome, (ANSWERED, DROPPED))
    days = owners * data.days
    volume = per_owner(data.sessions, owners, (data.sessions.up + data.sessions.down).astype(float))
    made, written = per_owner(calls, owners, calls.mo), per_owner(sms, owners, sms.mo)
    some = owners >= 100 and volume.sum() > 0
    yield Row(
        TOPIC,
        "minutes_out",
        "outgoing minutes a user and day",
        "4.4 to 5.7 [D]",
        share(calls.seconds[talked].sum() / 60, days),
        2,
        6,
        "{:.2f}",
    )
    yield Row(
        TOPIC,
        "sms_out",
        "messages sent a user and day (2012's mix)",
        "0.25 to 0.32 today [D], 2 to 5 in 2012 [R]",
        share(np.count_nonzero(sms.mo), days),
        2,
        5,
        "{:.2f}",
    )
    yield Row(
        TOPIC,
        "gigabytes",
        "data, GB a user and 30 days",
        "9 to 11 [D]",
        share(volume.sum() / 1e9 * 30, days),
        7,
        13,
        "{:.2f}",
    )
    yield Row(
        TOPIC,
        "users_median_mean",
        "data of users: median / mean",
        "0.24 [D]",
        float(np.median(volume) / volume.mean()) if some else None,
        0.21,
        0.27,
        "{:.3f}",
    )
    for percent, real, low, high in ((5, "0.50 [D]", 0.46, 0.54), (10, "0.64 (σ 1.68) to 0.8 [D]", 0.60, 0.70)):
        yield Row(
            TOPIC,
            f"users_top_{percent}",
            f"bytes of the top {percent} % of users",
            real,
            top_share(volume, percent / 100) if some else None,
            low,
            high,
            "{:.3f}",
        )
    yield from session_rows(data)
    yield Row(
        TOPIC,
        "callers_top_10",
        "own calls of the top 10 % of users",
        "double Pareto lognormal [S D]",
        top_share(made, 0.1) if owners >= 100 else None,
        0.28,
        0.45,
        "{:.3f}",
    )
    yield Row(
        TOPIC,
        "calls_sms",
        "own calls and messages of users: correlation of logarithms",
        "loose [D]",
        correlation(made, written),
        0,
        0.85,
        "{:.3f}",
    )
    yield Row(
        TOPIC,
        "calls_bytes",
        "own calls and bytes of users: correlation of logarithms",
        "loose [D]",
        correlation(made, volume),
        0.2,
        0.4,
        "{:.3f}",
    )
