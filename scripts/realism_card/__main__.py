"""scripts/realism-card: measures a folder of call records against real networks."""

import argparse
import math
import sys

from . import card, checks, durations, graph, hours, records, space, timing, volume
from .folder import BadInput
from .reader import load

ABOUT = """
Measures a folder of files of call records, cdrgen's or anybody's with its 22 fields, against what is known of real
networks, and counts what cannot be. CSV with a header line, JSON lines and Avro containers are read.
"""
MEANING = """
Each row is a quantity, what real networks have, what is here, the range in which it should lie, and PASS, FAIL or
"not told" where the data cannot tell. The ranges are meant for 20,000 subscribers and 30 days.

The letters behind a real figure: M measured; C read in source code, ASN.1 or published data; D read on a page;
S from studies of call records; R recalled and not looked up again.

Exit status: 0 if every row is PASS, 1 if one is not, 2 if the input is wrong.
"""


def positive(text):
    value = float(text)
    if not 0 <= value < math.inf:
        raise ValueError
    return value


class Parser(argparse.ArgumentParser):
    """Wrong arguments are one line."""

    def error(self, message):
        raise BadInput(f"{message}; --help says what there is")


def arguments():
    parser = Parser(
        prog="realism-card", description=ABOUT, epilog=MEANING, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", metavar="FOLDER")
    parser.add_argument("--cells", metavar="FILE", help="table with cell_id, lat, lon and rat [FOLDER/cells.csv]")
    parser.add_argument(
        "--site-radius",
        metavar="KM",
        type=positive,
        default=5.0,
        help="how far from its site a cell serves, from 0 [5]",
    )
    parser.add_argument("--plots", metavar="FOLDER", help="write pictures into this folder")
    parser.add_argument("--memory", metavar="SIZE", default="3GB", help="what DuckDB may take while it reads [3GB]")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="print tables of Markdown")
    form.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args()


def all_rows(data, radius_km):
    for part in (volume, timing, hours, durations, graph, space, records):
        yield from part.rows(data)
    yield from checks.rows(data, radius_km)


def show(rows, wanted, data):
    about = {"folder": wanted.folder, "records": data.everything.n, "subscribers": data.owners, "days": data.days}
    if wanted.json:
        print(card.as_json(rows, about))
        return
    found = card.tally(rows)
    print(card.as_markdown(rows) if wanted.markdown else card.as_text(rows))
    print(
        f"\n{about['records']:,} records of {about['subscribers']:,} subscribers in {about['days']} days: "
        f"{found['pass']} PASS, {found['fail']} FAIL, {found['not_told']} not told"
    )


def measure(wanted):
    data = load(wanted.folder, wanted.cells, wanted.memory)
    try:
        rows = list(all_rows(data, wanted.site_radius))
        if wanted.plots:
            from . import plots

            plots.write(data, wanted.plots)
        show(rows, wanted, data)
    finally:
        data.close()
    return 0 if all(row.verdict == card.PASS for row in rows) else 1


def main():
    try:
        return measure(arguments())
    except BadInput as error:
        print(f"realism-card: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"realism-card: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1


sys.exit(main())
