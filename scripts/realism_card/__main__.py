"""scripts/realism-card: measures a folder of call records against real networks."""
import argparse
import sys

from . import card, checks, timing
from .folder import BadInput
from .reader import load


def arguments():
    parser = argparse.ArgumentParser(prog="realism-card", description=__doc__)
    parser.add_argument("folder", metavar="FOLDER")
    parser.add_argument("--cells", metavar="FILE", help="table with cell_id, lat, lon and rat [FOLDER/cells.csv]")
    parser.add_argument("--site-radius", metavar="KM", type=float, default=5.0,
                        help="how far from its site a cell serves [5]")
    parser.add_argument("--markdown", action="store_true", help="print tables of Markdown")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args()


def main():
    wanted = arguments()
    try:
        data = load(wanted.folder, wanted.cells)
    except BadInput as error:
        print(f"realism-card: {error}", file=sys.stderr)
        return 2
    try:
        rows = list(timing.rows(data)) + list(checks.rows(data, wanted.site_radius))
    finally:
        data.close()
    about = {"folder": wanted.folder, "records": data.everything.n, "subscribers": data.owners, "days": data.days}
    if wanted.json:
        print(card.as_json(rows, about))
    else:
        print(card.as_markdown(rows) if wanted.markdown else card.as_text(rows))
        found = card.tally(rows)
        print(f"\n{about['records']:,} records of {about['subscribers']:,} subscribers in {about['days']} days: "
              f"{found['pass']} PASS, {found['fail']} FAIL, {found['not_told']} not told")
    return 0 if all(row.verdict == card.PASS for row in rows) else 1


sys.exit(main())
