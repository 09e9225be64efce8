"""Arithmetic on columns that are sorted by a group (an owner, a tie) and by time within it."""

import numpy as np


def span(*times):
    """More than any two of these moments are apart: groups that far from one another never touch."""
    filled = [values for values in times if len(values)]
    if not filled:
        return 1
    return int(max(values.max() for values in filled)) - int(min(values.min() for values in filled)) + 1


def on_one_axis(group, times, low, wide):
    """Moments of all groups on one ascending axis."""
    return group.astype(np.int64) * wide + (times - low)


def latest_so_far(group, start, stop):
    """For each row, the row of its group before it that ends last, and -1 for the first of a group."""
    n = len(group)
    if n == 0:
        return np.zeros(0, dtype=np.int64)
    low, wide = int(start.min()), span(start, stop)
    ends = on_one_axis(group, stop, low, wide)
    highest = np.maximum.accumulate(ends)
    holder = np.maximum.accumulate(np.where(ends == highest, np.arange(n), 0))
    before = np.concatenate([[-1], holder[:-1]])
    before[np.concatenate([[True], group[1:] != group[:-1]])] = -1
    return before


def same_as_previous(*columns):
    """True where a row and the one before it agree in all of these columns; the first row has none before it."""
    if len(columns[0]) == 0:
        return np.zeros(0, dtype=bool)
    same = np.ones(len(columns[0]), dtype=bool)
    same[0] = False
    for column in columns:
        same[1:] &= column[1:] == column[:-1]
    return same


def starts_of(group):
    """Where each group begins, and its length."""
    begin = np.flatnonzero(~same_as_previous(group))
    return begin, np.diff(np.append(begin, len(group)))


def sums(values, begin):
    return np.add.reduceat(values, begin) if len(begin) else np.zeros(0)


def share(part, whole):
    """None where there is nothing to take a share of."""
    return float(part) / float(whole) if whole else None
