"""Who calls whom: calls between subscribers whose records are here, from the callers' records."""

import numpy as np

from .card import Row
from .groups import same_as_previous, share, starts_of, sums

TOPIC = "Graph"
SAMPLE = 20000


def directed(data):
    """Ties among subscribers: caller, called, number of calls; sorted."""
    calls = data.calls
    ours = calls.mo & (calls.other >= 0) & (calls.other < data.owners) & (calls.other != calls.owner)
    tie, weight = np.unique(calls.owner[ours].astype(np.int64) << 32 | calls.other[ours], return_counts=True)
    return tie >> 32, tie & 0xFFFFFFFF, weight


def pairs(source, target, weight):
    """Undirected: smaller, larger, calls of the smaller, calls of the larger."""
    pair = np.minimum(source, target) << 32 | np.maximum(source, target)
    values, index = np.unique(pair, return_inverse=True)
    forth = np.bincount(index, weights=weight * (source < target), minlength=len(values))
    back = np.bincount(index, weights=weight * (source > target), minlength=len(values))
    return values >> 32, values & 0xFFFFFFFF, forth, back


class Neighbours:
    """Adjacency lists of undirected pairs."""

    def __init__(self, one, other, nodes):
        source, target = np.concatenate([one, other]), np.concatenate([other, one])
        order = np.lexsort((target, source))
        self.target = target[order]
        self.key = source[order] << 32 | self.target
        self.degree = np.bincount(source, minlength=nodes)
        self.begin = np.concatenate([[0], np.cumsum(self.degree)])

    def adjacent(self, one, other):
        key = one << 32 | other
        at = np.minimum(np.searchsorted(self.key, key), len(self.key) - 1)
        return self.key[at] == key

    def lists(self, nodes):
        """The lists of these nodes one after the other: position in nodes, neighbour."""
        length = self.degree[nodes]
        which = np.repeat(np.arange(len(nodes)), length)
        within = np.arange(len(which)) - np.repeat(np.cumsum(length) - length, length)
        return which, self.target[self.begin[nodes][which] + within]


def overlaps(near, one, other):
    """Of each pair, common neighbours / all other neighbours: n / (k − 1 + l − 1 − n)."""
    smaller = np.where(near.degree[one] <= near.degree[other], one, other)
    larger = np.where(smaller == one, other, one)
    which, neighbour = near.lists(smaller)
    common = np.bincount(which, weights=near.adjacent(larger[which], neighbour), minlength=len(one))
    return common, common / np.maximum(near.degree[one] + near.degree[other] - 2 - common, 1)


def clustering(near, one, other, common):
    """Mean over nodes with two neighbours or more: of their pairs of neighbours, those that know each other."""
    nodes = len(near.degree)
    closed = (
        np.bincount(one, weights=common, minlength=nodes) + np.bincount(other, weights=common, minlength=nodes)
    ) / 2
    degree = near.degree.astype(float)
    kept = degree >= 2
    return float((closed[kept] / (degree[kept] * (degree[kept] - 1) / 2)).mean()) if np.any(kept) else None


def pair_rows(data, tie):
    one, other, forth, back = pairs(*tie)
    mutual = (forth > 0) & (back > 0)
    calls = forth + back
    enough = len(one) >= 500
    yield Row(
        TOPIC,
        "mutual_pairs",
        "pairs that call both ways",
        "one-way and mutual both common [S D]",
        share(np.count_nonzero(mutual), len(one)) if enough else None,
        0.42,
        0.62,
        "{:.3f}",
    )
    many = calls >= 6
    lopsided = np.maximum(forth, back) > 0.75 * calls
    yield Row(
        TOPIC,
        "lopsided_pairs",
        "pairs of 6 calls or more: one side makes over 3/4",
        "common beyond chance [S D]",
        share(np.count_nonzero(many & lopsided), np.count_nonzero(many)) if enough else None,
        0.25,
        0.5,
        "{:.3f}",
    )
    if not enough:
        for key, name in (("clustering", "clustering"), ("overlap_weak", "overlap of neighbourhoods")):
            yield Row(TOPIC, key, name, "see docs/model.md", None)
        return
    near = Neighbours(one, other, data.owners)
    common, overlap = overlaps(near, one, other)
    yield Row(
        TOPIC,
        "clustering",
        "clustering, mean of users",
        "0.1 to 0.3 [R]",
        clustering(near, one, other, common),
        0.1,
        0.3,
        "{:.3f}",
    )
    order = np.argsort(calls, kind="stable")
    weak, strong = (float(overlap[part].mean()) for part in (order[: len(order) // 5], order[-len(order) // 5 :]))
    yield Row(
        TOPIC,
        "overlap_weak",
        "overlap of neighbourhoods, weakest fifth of ties",
        "0.05 [R]",
        weak,
        0.02,
        0.09,
        "{:.3f}",
    )
    yield Row(
        TOPIC,
        "overlap_strong",
        "overlap of neighbourhoods, strongest fifth",
        "0.15 to 0.2 [R]",
        strong,
        0.08,
        0.2,
        "{:.3f}",
    )
    yield Row(
        TOPIC, "overlap_rise", "strongest to weakest", "rises [R]", strong / weak if weak else None, 1.4, 5, "{:.2f}"
    )
    degree = np.bincount(np.concatenate([one[mutual], other[mutual]]), minlength=data.owners)
    yield Row(
        TOPIC,
        "mutual_degree_mean",
        "mutual contacts, mean",
        "3 at a market share of 20 % [S R]",
        float(degree.mean()),
        2,
        9,
        "{:.1f}",
    )
    yield Row(
        TOPIC,
        "mutual_degree_p99",
        "mutual contacts, p99",
        "heavy tail [S R]",
        float(np.percentile(degree, 99)),
        15,
        60,
        "{:.0f}",
    )


def degree_rows(data, tie):
    source, target, _ = tie
    callers = np.bincount(target, minlength=data.owners)
    called = np.bincount(source, minlength=data.owners)
    calls = data.calls
    made = calls.mo & (calls.other >= 0)
    known = np.unique(calls.other[made].astype(np.int64) << 32 | calls.owner[made])
    of_any = np.bincount((known >> 32).astype(np.int64), minlength=1)
    yield Row(
        TOPIC,
        "in_degree_p99",
        "callers of a subscriber, p99",
        "as heavy as the called [R]",
        float(np.percentile(callers, 99)),
        40,
        400,
        "{:.0f}",
    )
    yield Row(
        TOPIC,
        "in_degree_max",
        "callers of any number, most",
        "call centres: thousands [R]",
        float(of_any.max()) if len(known) else None,
        500,
        20000,
        "{:,.0f}",
    )
    yield Row(
        TOPIC,
        "out_degree_p50",
        "called subscribers, p50",
        "heavy tail [S R]",
        float(np.median(called)),
        4,
        15,
        "{:.0f}",
    )
    yield Row(
        TOPIC,
        "out_degree_p99",
        "called subscribers, p99",
        "heavy tail [S R]",
        float(np.percentile(called, 99)),
        25,
        80,
        "{:.0f}",
    )
    yield Row(
        TOPIC,
        "offnet_share",
        "own calls to other networks",
        "0.15 to 0.8, by market share [R]",
        share(np.count_nonzero(calls.other[made] >= data.owners), np.count_nonzero(made)),
        0.5,
        0.8,
        "{:.3f}",
    )


def ranked(owner, other):
    """Contacts of each owner by number of calls: owner, contact, calls, rank from 0."""
    tie, count = np.unique(owner.astype(np.int64) << 32 | other, return_counts=True)
    who = tie >> 32
    order = np.lexsort((-count, who))
    who, count = who[order], count[order]
    begin, length = starts_of(who)
    return who, (tie & 0xFFFFFFFF)[order], count, np.arange(len(who)) - np.repeat(begin, length)


def top_contacts(data, first, least=50):
    """Mean share of the first contacts in a user's own calls, of users with so many."""
    calls = data.calls
    made = calls.mo & (calls.other >= 0)
    who, _, count, rank = ranked(calls.owner[made], calls.other[made])
    whole = np.bincount(who, weights=count, minlength=data.owners)
    top = np.bincount(who, weights=count * (rank < first), minlength=data.owners)
    kept = whole >= least
    return float((top[kept] / whole[kept]).mean()) if np.any(kept) else None


def halves(data, least=10):
    """Own calls of both halves of the data, of users with so many in each."""
    calls = data.calls
    made = calls.mo & (calls.other >= 0)
    late = calls.start >= (data.first + data.last) // 2
    counts = [np.bincount(calls.owner[made & half], minlength=data.owners) for half in (~late, late)]
    kept = (counts[0] >= least) & (counts[1] >= least)
    return [
        ranked(calls.owner[rows], calls.other[rows])
        for rows in (made & half & kept[calls.owner] for half in (~late, late))
    ]


def persistence(data):
    """Mean Jaccard index of the top five contacts of both halves; share of users whose first contact stays."""
    if data.days < 14:
        return None, None
    one, two = halves(data)
    if len(one[0]) == 0:
        return None, None
    (first_ties, users), (second_ties, _) = (top_ties(half, 5) for half in (one, two))
    both = np.intersect1d(first_ties, second_ties)
    size = sum(np.bincount(ties >> 32, minlength=data.owners) for ties in (first_ties, second_ties))
    shared = np.bincount(both >> 32, minlength=data.owners)
    index = shared[users] / (size[users] - shared[users])
    same = len(np.intersect1d(top_ties(one, 1)[0], top_ties(two, 1)[0]))
    return float(index.mean()), share(same, len(users))


def top_ties(half, first):
    who, contact, _, rank = half
    return who[rank < first] << 32 | contact[rank < first], np.unique(who)


def signatures(data):
    """Mean Jensen–Shannon divergence of users' shares by rank: of both halves, and against the next user's."""
    if data.days < 14:
        return None, None
    one, two = (signature(half, data.owners) for half in halves(data))
    kept = np.flatnonzero((one.sum(axis=1) > 0) & (two.sum(axis=1) > 0))
    if len(kept) < 30:
        return None, None
    return float(divergence(one[kept], two[kept]).mean()), float(
        divergence(one[kept], np.roll(one[kept], 1, 0)).mean()
    )


def signature(half, owners):
    who, _, count, rank = half
    shares = np.zeros((owners, 20))
    kept = rank < 20
    shares[who[kept], rank[kept]] = count[kept]
    return shares / np.maximum(shares.sum(axis=1, keepdims=True), 1)


def divergence(one, other):
    def entropy(values):
        return -np.sum(np.where(values > 0, values * np.log2(np.maximum(values, 1e-12)), 0), axis=1)

    return entropy((one + other) / 2) - (entropy(one) + entropy(other)) / 2


def rows(data):
    tie = directed(data)
    yield from pair_rows(data, tie)
    yield from degree_rows(data, tie)
    yield Row(
        TOPIC,
        "top_1_contact",
        "calls to the first contact (50 own calls or more)",
        "0.20 to 0.25 [S R]",
        top_contacts(data, 1),
        0.17,
        0.30,
        "{:.3f}",
    )
    yield Row(
        TOPIC,
        "top_3_contacts",
        "calls to the first three",
        "0.40 to 0.50 [S R]",
        top_contacts(data, 3),
        0.37,
        0.55,
        "{:.3f}",
    )
    jaccard, same = persistence(data)
    yield Row(
        TOPIC,
        "half_jaccard",
        "first five of both halves: Jaccard index",
        "persistent [D]",
        jaccard,
        0.35,
        0.7,
        "{:.3f}",
    )
    yield Row(TOPIC, "half_same_first", "first contact stays", "persistent [D]", same, 0.4, 0.8, "{:.3f}")
    own, others = signatures(data)
    yield Row(
        TOPIC,
        "signature",
        "divergence of shares by rank: own halves to another user's",
        "clearly below 1 [D]",
        own / others if others else None,
        0,
        0.65,
        "{:.3f}",
    )
