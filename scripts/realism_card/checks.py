"""Rows of what must not be."""

from . import impossible as count, records
from .card import IMPOSSIBLE, Row, impossible

NO_CELLS = "no cells.csv with positions"
# Two calls from others that reach somebody at once are call waiting: of all calls so many at most.
WAITING = 0.005


def rows(data, radius_km):
    calls = count.overlapping_calls(data)
    for kind in ("MO-MO", "MO-MT", "MT-MO"):
        yield impossible(
            f"overlap_{kind.lower().replace('-', '_')}",
            f"calls that begin during another of the same subscriber, {kind}",
            calls[kind],
        )
    yield Row(
        IMPOSSIBLE,
        "overlap_mt_mt",
        "the same, MT-MT: call waiting",
        f"{WAITING} of calls at most [R]",
        calls["MT-MT"],
        0,
        WAITING * data.calls.n,
        "{:,.0f}",
    )
    yield impossible("overlap_pair", "calls of a pair that begin during a call of the same two", calls["same pair"])
    busy = count.busy_without_cause(data)
    for way in ("MT", "MO"):
        yield impossible(
            f"busy_without_cause_{way.lower()}", f"{way} BUSY while the called subscriber is in no call", busy[way]
        )
    yield impossible(
        "overlap_sessions",
        "sessions that begin during another of the same subscriber and APN",
        count.overlapping_sessions(data)["same APN"],
    )
    moment = count.at_one_moment(data)
    yield impossible("moment_sites", "records within 0.1 s at two sites", moment["sites"])
    yield impossible(
        "moment_technologies", "records of a kind within 0.1 s on two technologies", moment["technologies"]
    )
    yield impossible(
        "teleports",
        f"faster than {count.SPEED_KMH:.0f} km/h, less twice {radius_km:g} km",
        (count.teleports(data, radius_km) or {}).get("teleports"),
        why=NO_CELLS,
    )
    yield from records.wrong_rows(data)
