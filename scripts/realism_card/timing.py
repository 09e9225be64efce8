"""When: burstiness, trains, replies, redials."""

import numpy as np

from .card import Row
from .groups import same_as_previous, share, starts_of, sums
from .reader import ANSWERED, BUSY, DROPPED, FAILED, NO_ANSWER, pick

TOPIC = "Time"
TRAIN_MS = 600_000


def burstiness(group, times, least):
    """B = (σ − μ) / (σ + μ) of the intervals of each group with so many events, and memory M of its intervals."""
    begin, length = starts_of(group)
    keep = np.repeat(length >= least, length)
    group, times = group[keep], times[keep]
    if len(group) == 0:
        return np.zeros(0), np.zeros(0)
    inside = same_as_previous(group)
    gaps = np.diff(times, prepend=times[0]).astype(float)[inside]
    owner = group[inside]
    begin, length = starts_of(owner)
    mean = sums(gaps, begin) / length
    deviation = np.sqrt(np.maximum(sums(gaps * gaps, begin) / length - mean * mean, 0))
    return (deviation - mean) / np.maximum(deviation + mean, 1e-9), memory(gaps, owner)


def memory(gaps, owner):
    """Correlation of an interval with the next, by group."""
    pairs = same_as_previous(owner)
    one, other, group = gaps[np.flatnonzero(pairs) - 1], gaps[pairs], owner[pairs]
    begin, length = starts_of(group)
    mean_one, mean_other = sums(one, begin) / length, sums(other, begin) / length
    covariance = sums(one * other, begin) / length - mean_one * mean_other
    spread = np.sqrt(
        np.maximum(sums(one * one, begin) / length - mean_one**2, 0)
        * np.maximum(sums(other * other, begin) / length - mean_other**2, 0)
    )
    return covariance[spread > 0] / spread[spread > 0]


def average(values):
    return float(np.mean(values)) if len(values) else None


def deseasoned(table, times):
    """Moments on a clock that runs with the network's rate in its hours of the week."""
    hour = 3_600_000
    local = times + table.shift
    if len(local) == 0:
        return local
    of_week = (local // hour) % 168
    rate = np.bincount(of_week, minlength=168).astype(float)
    # Hours of the week come about as often as each other in whole weeks; otherwise by how often they came.
    seen = np.bincount(np.arange(local.min() // hour, local.max() // hour + 1) % 168, minlength=168)
    rate = rate / np.maximum(seen, 1)
    rate /= rate.mean()
    first = int(local.min() // hour)
    hours = int(local.max() // hour) - first + 2
    at = np.concatenate([[0.0], np.cumsum(rate[(first + np.arange(hours)) % 168])])
    index = local // hour - first
    return (at[index] + rate[of_week] * (local % hour) / hour) * hour


def ties(table, owners):
    """Rows that stand for events of a pair once: own attempts, and what comes from outside. Sorted by pair and time.

    Gives pair, start, whether the smaller number began it, and the row.
    """
    once = (table.other >= 0) & (table.mo | (table.other >= owners))
    rows = np.flatnonzero(once)
    sender = np.where(table.mo, table.owner, table.other)[rows].astype(np.int64)
    receiver = np.where(table.mo, table.other, table.owner)[rows].astype(np.int64)
    pair = np.minimum(sender, receiver) << 32 | np.maximum(sender, receiver)
    order = np.lexsort((table.start[rows], pair))
    return pair[order], table.start[rows][order], (sender < receiver)[order], rows[order]


def train_sizes(group, times):
    """Lengths of runs of events whose gaps are at most ten minutes."""
    goes_on = same_as_previous(group)
    goes_on[1:] &= np.diff(times) <= TRAIN_MS
    begin = np.flatnonzero(~goes_on)
    return np.diff(np.append(begin, len(group)))


def same_party(table):
    """Of calls within ten minutes of the owner's one before: how many are with the same party."""
    near = same_as_previous(table.owner)
    near[1:] &= np.diff(table.start) <= TRAIN_MS
    return share(np.count_nonzero(near & same_as_previous(table.owner, table.other)), np.count_nonzero(near))


def replies(table, owners, within_ms):
    """Of events of a pair within this time of the one before: how many go the other way."""
    pair, times, way, _ = ties(table, owners)
    near = same_as_previous(pair)
    near[1:] &= np.diff(times) <= within_ms
    turned = near.copy()
    turned[1:] &= way[1:] != way[:-1]
    return share(np.count_nonzero(turned), np.count_nonzero(near))


def redials(calls):
    """How much likelier the same party is called again in ten minutes after no answer, BUSY or failure."""
    own = np.flatnonzero(calls.mo)
    order = own[np.lexsort((calls.start[own], calls.other[own], calls.owner[own]))]
    owner, other, start, outcome = (
        values[order] for values in (calls.owner, calls.other, calls.start, calls.outcome)
    )
    again = np.zeros(len(order), dtype=bool)
    again[:-1] = same_as_previous(owner, other)[1:] & (np.diff(start) <= TRAIN_MS)
    lost = np.isin(outcome, (NO_ANSWER, BUSY, FAILED))
    through = np.isin(outcome, (ANSWERED, DROPPED))
    after_lost = share(np.count_nonzero(again & lost), np.count_nonzero(lost))
    after_answered = share(np.count_nonzero(again & through), np.count_nonzero(through))
    return after_lost / after_answered if after_lost is not None and after_answered else None


def rows(data):
    calls = data.calls
    own = pick(calls, calls.mo)
    of_users, memories = burstiness(own.owner, own.start, 50)
    plain, _ = burstiness(own.owner, deseasoned(own, own.start), 50)
    pair, times, _, _ = ties(calls, data.owners)
    of_ties, _ = burstiness(pair, times, 20)
    sizes = train_sizes(own.owner, own.start)
    yield Row(
        TOPIC,
        "b_users",
        "B of users (50 own calls or more), mean",
        "about 0.2 [S, R]",
        average(of_users),
        0.17,
        0.23,
        "{:.3f}",
    )
    yield Row(
        TOPIC,
        "b_users_deseasoned",
        "the same without the hours of the week",
        "hardly less [D]",
        average(plain),
        0.14,
        0.23,
        "{:.3f}",
    )
    yield Row(TOPIC, "memory", "memory M of users, mean", "0 to 0.2 [R]", average(memories), 0.05, 0.15, "{:.3f}")
    yield Row(
        TOPIC,
        "b_ties",
        "B of ties (20 calls or more), mean",
        "at least the users' [D]",
        average(of_ties),
        0.12,
        0.4,
        "{:.3f}",
    )
    for least, real, low, high in (
        (2, ".070", 0.08, 0.15),
        (3, ".016", 0.01, 0.06),
        (5, ".0028", 0.001, 0.02),
        (10, ".0003", 0.0001, 0.006),
    ):
        yield Row(
            TOPIC,
            f"trains_{least}",
            f"trains of calls (gaps ≤ 600 s): P(E ≥ {least})",
            f"{real} [S R]",
            share(np.count_nonzero(sizes >= least), len(sizes)),
            low,
            high,
            "{:.5f}",
        )
    yield Row(
        TOPIC,
        "same_party_600s",
        "next call within 600 s is with the same party",
        "≥ 0.5 [D, R]",
        same_party(own),
        0.5,
        1,
        "{:.3f}",
    )
    yield Row(
        TOPIC,
        "sms_reply_60s",
        "SMS: next of the pair within 60 s is the reply",
        "> 0.5 [D]",
        replies(data.sms, data.owners, 60_000),
        0.58,
        0.68,
        "{:.3f}",
    )
    yield Row(
        TOPIC,
        "call_reply_600s",
        "calls: next of the pair within 600 s goes back",
        "0.25 [R]",
        replies(calls, data.owners, TRAIN_MS),
        0.20,
        0.30,
        "{:.3f}",
    )
    yield Row(
        TOPIC,
        "redial_ratio",
        "redial in 10 min: after no answer, BUSY, failure against after answer",
        "5 to 20 times [R]",
        redials(calls),
        5,
        20,
        "{:.2f}",
    )
