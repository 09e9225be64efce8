"""How long calls last, and how they end."""

import numpy as np

from .card import Row
from .groups import same_as_previous, share, starts_of, sums
from .reader import ANSWERED, BUSY, DROPPED, pick

TOPIC = "Calls"
HOUR_MS = 3_600_000


def own_scale(talks):
    """Variance of users' mean logarithms beyond chance, to that within users with 10 calls or more."""
    begin, length = starts_of(talks.owner)
    kept = np.repeat(length >= 10, length)
    owner, logs = talks.owner[kept], np.log(np.maximum(talks.seconds[kept], 1))
    begin, length = starts_of(owner)
    if len(begin) < 30:
        return None
    mean = sums(logs, begin) / length
    within = (sums(logs * logs, begin) - length * mean**2).sum() / (len(logs) - len(begin))
    usual = (len(logs) - (length**2).sum() / len(logs)) / (len(begin) - 1)
    between = ((length * (mean - logs.mean()) ** 2).sum() / (len(begin) - 1) - within) / usual
    return float(between / within)


def loglogistic(seconds):
    """Shape by the quartiles, and the distance of Kolmogorov and Smirnov from that law."""
    if len(seconds) < 1000:
        return None, None
    low, middle, high = np.percentile(seconds, (25, 50, 75))
    shape = np.log(9) / np.log(high / low)
    values, counts = np.unique(seconds, return_counts=True)
    here = np.cumsum(counts) / len(seconds)
    law = 1 / (1 + ((values + 0.5) / middle) ** -shape)
    return float(shape), float(np.abs(here - law).max())


def evening(talks):
    hour = (talks.start + talks.shift) // HOUR_MS % 24
    late, work = talks.seconds[(hour >= 20) & (hour < 22)], talks.seconds[(hour >= 9) & (hour < 17)]
    return float(np.median(late) / np.median(work)) if min(len(late), len(work)) >= 500 else None


def families(data, least=100):
    """Of users with so many intervals between calls, the share for which the Weibull law has the best AIC of four."""
    own = data.calls
    follows = same_as_previous(own.owner)
    gaps = np.maximum(np.diff(own.start, prepend=own.start[:1]), 1)[follows] / 1000.0
    owner = own.owner[follows]
    begin, length = starts_of(owner)
    kept = np.repeat(length >= least, length)
    owner, gaps = owner[kept], gaps[kept]
    begin, length = starts_of(owner)
    if len(begin) < 30:
        return None
    logs, number = np.log(gaps), np.arange(len(begin)).repeat(length)
    mean_log = sums(logs, begin) / length
    exponential = 2 + 2 * length * (1 + np.log(sums(gaps, begin) / length))
    spread = sums((logs - mean_log[number]) ** 2, begin) / length
    lognormal = 4 + length * (np.log(2 * np.pi * spread) + 1) + 2 * length * mean_log
    least_gap = np.minimum.reduceat(gaps, begin)
    tail = 1 / np.maximum(mean_log - np.log(least_gap), 1e-9)
    pareto = 4 - 2 * length * (np.log(tail) + tail * np.log(least_gap) - (tail + 1) * mean_log)
    weibull = 4 - 2 * weibull_likelihood(logs, number, begin, length, mean_log)
    return float(np.mean((weibull < exponential) & (weibull < lognormal) & (weibull < pareto)))


def weibull_likelihood(logs, number, begin, length, mean_log):
    """Newton's method for every user's shape at once; the largest logarithm is taken off, so that powers stay small."""
    top = np.maximum.reduceat(logs, begin)
    relative = logs - top[number]
    shape = np.ones(len(begin))
    for _ in range(25):
        powers = np.exp(shape[number] * relative)
        zero, one, two = (sums(powers * relative**k, begin) for k in range(3))
        value = one / zero - 1 / shape - (mean_log - top)
        shape = np.clip(shape - value / (two / zero - (one / zero) ** 2 + 1 / shape**2), shape / 2, shape * 2)
    scale = np.log(sums(np.exp(shape[number] * relative), begin) / length)
    return length * (np.log(shape) - scale - 1 - shape * top + (shape - 1) * mean_log)


def gap_slope(data):
    """Exponent of the density of intervals from one minute to two hours."""
    own = pick(data.calls, data.calls.mo)
    gaps = np.diff(own.start)[same_as_previous(own.owner)[1:]] / 1000.0
    bounds = np.geomspace(60, 7200, 13)
    counts, _ = np.histogram(gaps, bounds)
    if counts.min() < 50:
        return None
    return float(np.polyfit(np.log(np.sqrt(bounds[1:] * bounds[:-1])), np.log(counts / np.diff(bounds)), 1)[0])


def rows(data):
    own = pick(data.calls, data.calls.mo)
    through = np.isin(own.outcome, (ANSWERED, DROPPED))
    talks = pick(own, through)
    enough = talks.n >= 1000
    for key, name, real, part, low, high, form in (
        ("duration_mean", "duration of answered calls, mean, s", "120 to 180 [R]", talks.seconds, 120, 180, "{:.0f}"),
        (
            "duration_10min",
            "of answered calls, over 10 min",
            "0.03 to 0.06 [R]",
            talks.seconds > 600,
            0.025,
            0.06,
            "{:.4f}",
        ),
        ("duration_1h", "over 1 h", "0.001 to 0.003 [R]", talks.seconds > 3600, 0.001, 0.004, "{:.5f}"),
        ("duration_10s", "10 s at most", "0.05 to 0.12 [R]", talks.seconds <= 10, 0.05, 0.12, "{:.4f}"),
    ):
        yield Row(TOPIC, key, name, real, float(part.mean()) if enough else None, low, high, form)
    shape, distance = loglogistic(talks.seconds)
    yield Row(
        TOPIC, "duration_shape", "log-logistic law of durations: shape", "TLAC [S/D]", shape, 1.2, 1.75, "{:.2f}"
    )
    yield Row(
        TOPIC,
        "duration_distance",
        "distance from it (Kolmogorov, Smirnov)",
        "TLAC fits 96 % of users [S/D]",
        distance,
        0,
        0.05,
        "{:.3f}",
    )
    yield Row(
        TOPIC,
        "duration_own",
        "users' own scale: variance between users to that within",
        "yes [D]",
        own_scale(talks),
        0.05,
        0.5,
        "{:.4f}",
    )
    yield Row(
        TOPIC,
        "duration_evening",
        "median of 20–22 h to that of 9–17 h",
        "longer in the evening [R]",
        evening(talks),
        1.2,
        2.2,
        "{:.2f}",
    )
    yield Row(
        TOPIC,
        "answered",
        "calls that are answered",
        "0.4 to 0.6 [D], 0.6 to 0.75 [R]",
        share(talks.n, own.n),
        0.66,
        0.70,
        "{:.3f}",
    )
    yield Row(
        TOPIC,
        "dropped",
        "of answered calls, dropped",
        "0.005 to 0.01 [R]",
        share(np.count_nonzero(own.outcome == DROPPED), talks.n),
        0.005,
        0.007,
        "{:.4f}",
    )
    yield Row(
        TOPIC,
        "busy",
        "calls that find a line in use",
        "0.005 to 0.02 [R]",
        share(np.count_nonzero(own.outcome == BUSY), own.n),
        0.001,
        0.02,
        "{:.4f}",
    )
    yield Row(
        TOPIC,
        "weibull",
        "intervals of users: Weibull is the best of four laws",
        "0.73 [D]",
        families(data),
        0.55,
        1,
        "{:.3f}",
    )
    yield Row(
        TOPIC,
        "gap_slope",
        "density of intervals from 1 min to 2 h: exponent",
        "-0.9 [S R]",
        gap_slope(data),
        -1.3,
        -0.4,
        "{:.2f}",
    )
