"""Pictures beside the card: what numbers cannot say."""

import pathlib

import matplotlib
import numpy as np

from . import graph, hours, timing, volume
from .groups import same_as_previous
from .reader import ANSWERED, DROPPED, pick

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402  (the backend comes first)


def tail(axes, values, label):
    """Share of values that are at least so large."""
    values = np.sort(values[values > 0])
    if len(values):
        at = np.unique(np.linspace(0, len(values) - 1, 2000).astype(int))
        axes.loglog(values[at], 1 - at / len(values), label=label)


def intervals(data, axes):
    own = pick(data.calls, data.calls.mo)
    gaps = np.diff(own.start)[same_as_previous(own.owner)[1:]] / 1000.0
    bounds = np.geomspace(1, 1e6, 80)
    counts, _ = np.histogram(gaps, bounds)
    middle = np.sqrt(bounds[1:] * bounds[:-1])
    kept = counts > 0
    axes.loglog(middle[kept], counts[kept] / np.diff(bounds)[kept] / max(len(gaps), 1), label="here")
    if np.any(kept):
        level = np.interp(600, middle[kept], counts[kept] / np.diff(bounds)[kept] / len(gaps))
        axes.loglog(middle, level * (middle / 600) ** -0.9, "--", label="$\\tau^{-0.9}$")
    axes.set(title="Intervals between own calls", xlabel="s", ylabel="density")
    axes.legend()


def trains(data, axes):
    own = pick(data.calls, data.calls.mo)
    sizes = timing.train_sizes(own.owner, own.start)
    least = np.arange(1, 31)
    share = np.array([np.count_nonzero(sizes >= k) for k in least]) / max(len(sizes), 1)
    axes.loglog(least[share > 0], share[share > 0], "o-", label="here")
    axes.loglog(least, least**-4.1, "--", label="$E^{-4.1}$, mass")
    axes.set(title="Trains of calls (600 s)", xlabel="E", ylabel="P(at least E)")
    axes.legend()


def curves(data, axes):
    for name, called in hours.TABLES:
        table = getattr(data, name)
        minutes = (table.start + table.shift) % hours.DAY_MS // 600_000
        counts = np.bincount(minutes, minlength=144)
        axes.plot(np.arange(144) / 6, counts / max(counts.mean(), 1e-9), drawstyle="steps-post", label=called)
    axes.set(title="Rate by local time", xlabel="h", ylabel="multiple of the mean", ylim=(0, None))
    axes.legend()


def volumes(data, axes):
    bytes_, _ = volume.whole_sessions(data.sessions)
    tail(axes, bytes_, "sessions")
    tail(
        axes,
        volume.per_owner(data.sessions, data.owners, (data.sessions.up + data.sessions.down).astype(float)),
        "users",
    )
    axes.set(title="Bytes", xlabel="bytes", ylabel="share with at least")
    axes.legend()


def lengths(data, axes):
    talks = data.calls.seconds[data.calls.mo & np.isin(data.calls.outcome, (ANSWERED, DROPPED))]
    tail(axes, talks, "here")
    axes.set(title="Answered calls", xlabel="s", ylabel="share with at least")


def degrees(data, axes):
    source, target, _ = graph.directed(data)
    tail(axes, np.bincount(source, minlength=data.owners), "called")
    tail(axes, np.bincount(target, minlength=data.owners), "callers")
    axes.set(title="Contacts of subscribers", xlabel="number", ylabel="share with at least")
    axes.legend()


def sites(data, axes):
    place = data.cells.site if data.cells else np.arange(int(data.everything.cell.max()) + 1)
    load = np.sort(np.bincount(place[data.everything.cell]))[::-1]
    axes.plot(np.arange(1, len(load) + 1) / len(load), np.cumsum(load) / load.sum())
    axes.plot([0.1, 0.2], [0.37, 0.57], "o", label="real")
    axes.set(title="Load of sites", xlabel="share of sites", ylabel="share of records")
    axes.legend()


def radii(data, axes):
    from .space import gyration

    if data.cells is not None:
        tail(axes, gyration(data), "here")
    axes.set(title="Radius of gyration", xlabel="km", ylabel="share with at least")


PICTURES = {
    "intervals": intervals,
    "trains": trains,
    "curves": curves,
    "volumes": volumes,
    "durations": lengths,
    "degrees": degrees,
    "sites": sites,
    "gyration": radii,
}


def write(data, folder):
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    for name, draw in PICTURES.items():
        figure, axes = pyplot.subplots(figsize=(6, 4.5), layout="constrained")
        draw(data, axes)
        figure.savefig(pathlib.Path(folder) / f"{name}.png", dpi=110)
        pyplot.close(figure)
