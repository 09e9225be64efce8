"""Where: distances, places, cells and technologies of subscribers, load of sites."""

import numpy as np

from .card import Row
from .groups import same_as_previous, share, starts_of, sums
from .impossible import distances
from .volume import top_share

TOPIC = "Space"
HOUR_MS = 3_600_000
MINUTE_MS = 60_000
GRID_KM = 3.0
NO_CELLS = "no cells.csv with positions"


def gyration(data):
    """Radius of gyration of each subscriber with 20 records or more, km."""
    rows, cells = data.everything, data.cells
    begin, length = starts_of(rows.owner)
    x, y = cells.x[rows.cell], cells.y[rows.cell]
    squares = sums(x * x + y * y, begin) / length - (sums(x, begin) / length) ** 2 - (sums(y, begin) / length) ** 2
    return np.sqrt(np.maximum(squares[length >= 20], 0))


def grid_cells(data):
    """Squares of 3 km, one for each record."""
    cells = data.cells
    x, y = (np.floor((values - values.min()) / GRID_KM).astype(np.int64) for values in (cells.x, cells.y))
    return (x * (y.max() + 1) + y)[data.everything.cell]


def new_places(data):
    """Exponent of S(t), the number of squares visited until t, from the first day to the last."""
    if data.days < 7:
        return None
    rows = data.everything
    order = np.lexsort((rows.start, grid_cells(data), rows.owner))
    squares = grid_cells(data)[order]
    first = ~same_as_previous(rows.owner[order], squares)
    hours = np.sort(rows.start[order][first] - data.first) / HOUR_MS
    times = np.geomspace(24, data.days * 24, 20)
    visited = np.searchsorted(hours, times) / data.owners
    return float(np.polyfit(np.log(times), np.log(visited), 1)[0])


def rank_exponent(data):
    """Of f_k ~ k^-a: the mean share of a subscriber's k-th place, ranks 1 to 15, of those with 100 records or more."""
    rows = data.everything
    places = grid_cells(data)
    pair = rows.owner.astype(np.int64) * (int(places.max()) + 1) + places
    values, counts = np.unique(pair, return_counts=True)
    owner = values // (int(places.max()) + 1)
    order = np.lexsort((-counts, owner))
    owner, counts = owner[order], counts[order]
    begin, length = starts_of(owner)
    whole = np.repeat(sums(counts, begin), length)
    rank = np.arange(len(owner)) - np.repeat(begin, length)
    kept = (whole >= 100) & (rank < 15)
    if not np.any(kept):
        return None
    mean = np.bincount(rank[kept], weights=counts[kept] / whole[kept])
    mean = mean[mean > 0]
    return -float(np.polyfit(np.log(np.arange(1, len(mean) + 1)), np.log(mean), 1)[0]) if len(mean) >= 5 else None


def hourly_moves(data):
    """Moves of more than 5 km from one hour to the next, a day of a subscriber that is seen in all hours.

    The last record of an hour and the first of the next, if there are both: share of moves, summed over the 24 hours.
    """
    rows = data.everything
    follows = np.flatnonzero(same_as_previous(rows.owner))
    hour = (rows.start + rows.shift) // HOUR_MS
    follows = follows[hour[follows] - hour[follows - 1] == 1]
    of_day = hour[follows] % 24
    far = distances(data, rows.cell[follows], rows.cell[follows - 1]) > 5
    seen, moved = (np.bincount(of_day, weights=values, minlength=24) for values in (np.ones(len(far)), far))
    return float((moved / np.maximum(seen, 1)).sum()) if seen.min() >= 30 else None


def night_moves(data):
    """Of records between 0 and 4 h within 1.5 h of the one before, those more than 10 km away."""
    rows = data.everything
    follows = np.flatnonzero(same_as_previous(rows.owner))
    night = (rows.start + rows.shift) // HOUR_MS % 24 < 4
    follows = follows[
        night[follows] & night[follows - 1] & (rows.start[follows] - rows.start[follows - 1] <= 1.5 * HOUR_MS)
    ]
    far = distances(data, rows.cell[follows], rows.cell[follows - 1]) > 10
    return share(np.count_nonzero(far), len(follows))


def changes_in_a_minute(data):
    """Of records within a minute of the one before: shares with another cell, and with another technology."""
    rows = data.everything
    follows = np.flatnonzero(same_as_previous(rows.owner))
    follows = follows[rows.start[follows] - rows.start[follows - 1] <= MINUTE_MS]
    known = follows[(rows.rat[follows] > 0) & (rows.rat[follows - 1] > 0)]
    return (
        share(np.count_nonzero(rows.cell[follows] != rows.cell[follows - 1]), len(follows)),
        share(np.count_nonzero(rows.rat[known] != rows.rat[known - 1]), len(known)),
    )


def day_night(data, least=500):
    """Of sites with so many records: those of 9–17 h to those of 22–6 h, as a multiple of the network's."""
    rows, sites = data.everything, data.cells.sites
    site = data.cells.site[rows.cell]
    hour = (rows.start + rows.shift) // HOUR_MS % 24
    by_day = np.bincount(site[(hour >= 9) & (hour < 17)], minlength=sites)
    by_night = np.bincount(site[(hour >= 22) | (hour < 6)], minlength=sites)
    network = by_day.sum() / max(by_night.sum(), 1)
    kept = np.bincount(site, minlength=sites) >= least
    return by_day[kept] / np.maximum(by_night[kept], 1) / network if np.any(kept) and network > 0 else np.zeros(0)


def without_nr(data):
    """Of subscribers with 20 sessions or more, those that never use NR."""
    if "NR" not in data.rats:
        return 1.0 if data.sessions.n else None
    sessions = data.sessions
    used = np.bincount(sessions.owner, minlength=data.owners)
    new = np.bincount(sessions.owner, weights=sessions.rat == data.rats.index("NR") + 1, minlength=data.owners)
    return share(np.count_nonzero((used >= 20) & (new == 0)), np.count_nonzero(used >= 20))


def placed_rows(data):
    radii = gyration(data)
    for percent, real, low, high in (
        (50, "heavy tail, truncated power law [S R]", 1, 4),
        (90, "the same", 5, 20),
        (99, "the same", 15, 45),
    ):
        yield Row(
            TOPIC,
            f"gyration_{percent}",
            f"radius of gyration, p{percent}, km",
            real,
            float(np.percentile(radii, percent)) if len(radii) >= 100 else None,
            low,
            high,
            "{:.1f}",
        )
    yield Row(
        TOPIC,
        "new_places",
        "S(t) ~ t^µ, places on a grid of 3 km: µ",
        "0.6 [S R]",
        new_places(data),
        0.5,
        0.7,
        "{:.2f}",
    )
    yield Row(
        TOPIC, "rank_exponent", "visits by rank ~ k^-a: a", "1.2 [S R]", rank_exponent(data), 0.9, 2.0, "{:.2f}"
    )
    yield Row(
        TOPIC,
        "hourly_moves",
        "moves > 5 km from one hour to the next, a user and day",
        "about 1 [R]",
        hourly_moves(data),
        0.3,
        1.5,
        "{:.2f}",
    )
    yield Row(
        TOPIC,
        "night_moves",
        "moves > 10 km within 1.5 h between 0 and 4 h, of pairs of records",
        "hardly any [R]",
        night_moves(data),
        0,
        0.002,
        "{:.4f}",
    )
    ratios = day_night(data)
    low, high = np.percentile(ratios, (1, 99)) if len(ratios) >= 50 else (None, None)
    yield Row(
        TOPIC, "day_night_p1", "day to night of sites, against the network's: p1", "0.1 [R]", low, 0, 0.25, "{:.2f}"
    )
    yield Row(TOPIC, "day_night_p99", "the same: p99", "10 [R]", high, 4, 50, "{:.2f}")


UNPLACED = (
    ("gyration_50", "radius of gyration, quantiles"),
    ("new_places", "S(t), new places"),
    ("rank_exponent", "visits by rank"),
    ("hourly_moves", "moves > 5 km from one hour to the next"),
    ("night_moves", "moves at night"),
    ("day_night_p1", "day to night of sites"),
)


def load_rows(data):
    """By site where cells have positions, else by cell."""
    rows = data.everything
    place = data.cells.site if data.cells else np.arange(int(rows.cell.max()) + 1)
    load = np.bincount(place[rows.cell], minlength=len(np.unique(place))).astype(float)
    enough = load.sum() >= 50 * len(load)
    for percent, real, low, high in ((10, "0.37 [C]", 0.30, 0.45), (20, "0.57 [C]", 0.52, 0.62)):
        yield Row(
            TOPIC,
            f"sites_top_{percent}",
            f"records of the top {percent} % of sites",
            real,
            top_share(load, percent / 100) if enough else None,
            low,
            high,
            "{:.3f}",
        )
    yield Row(
        TOPIC,
        "sites_log_sd",
        "deviation of the logarithm of a site's load",
        "1.2 [C]",
        float(np.log(load[load > 0]).std()) if enough else None,
        1.05,
        1.35,
        "{:.2f}",
    )


def rows(data):
    if data.cells is None:
        for key, name in UNPLACED:
            yield Row(TOPIC, key, name, "see docs/model.md", None, why=NO_CELLS)
    else:
        yield from placed_rows(data)
    cell, technology = changes_in_a_minute(data)
    yield Row(
        TOPIC, "cell_change_60s", "records within a minute: in another cell", "0.1 to 0.3 [R]", cell, 0, 0.2, "{:.3f}"
    )
    yield Row(
        TOPIC,
        "technology_change_60s",
        "records within a minute: on another technology",
        "0.05 to 0.2 [R]",
        technology,
        0,
        0.05,
        "{:.3f}",
    )
    yield Row(
        TOPIC,
        "without_nr",
        "users whose sessions are never on NR",
        "0.2 to 0.7: the device decides [R]",
        without_nr(data),
        0.1,
        0.9,
        "{:.2f}",
    )
    yield from load_rows(data)
