"""Rows of the card: a quantity, what is real, what is here, the range, a verdict."""

import json
import math
from dataclasses import dataclass

PASS, FAIL, UNTOLD = "PASS", "FAIL", "not told"


@dataclass
class Row:
    topic: str
    key: str  # for programs
    name: str
    real: str
    value: object  # None: the data cannot tell
    low: float = -math.inf
    high: float = math.inf
    form: str = "{:.3g}"
    why: str = ""  # of a value that is None

    @property
    def verdict(self):
        if self.value is None or math.isnan(self.value):
            return UNTOLD
        return PASS if self.low <= self.value <= self.high else FAIL

    @property
    def shown(self):
        return f"- ({self.why or 'too few records'})" if self.verdict == UNTOLD else self.form.format(self.value)

    @property
    def range(self):
        low, high = (self.form.format(value) for value in (self.low, self.high))
        if self.low == self.high:
            return low
        if math.isinf(self.low):
            return f"≤ {high}"
        return f"≥ {low}" if math.isinf(self.high) else f"{low} to {high}"


IMPOSSIBLE = "Impossible or incorrect"


def impossible(key, name, count, why=""):
    """A count that must be 0."""
    return Row(IMPOSSIBLE, key, name, "0", count, 0, 0, "{:,.0f}", why)


def lines_of(rows):
    """Cells of a table, with a headline for each topic."""
    topic = None
    for row in rows:
        if row.topic != topic:
            topic = row.topic
            yield (topic,)
        yield (row.name, row.real, row.shown, row.range, row.verdict)


HEAD = ("quantity", "real networks", "here", "range", "verdict")


def as_text(rows):
    lines = [HEAD] + list(lines_of(rows))
    wide = [max(len(line[k]) for line in lines if len(line) > 1) for k in range(len(HEAD))]
    shown = []
    for line in lines:
        if len(line) == 1:
            shown += ["", line[0]]
        else:
            shown.append("  ".join(cell.ljust(wide[k]) for k, cell in enumerate(line)).rstrip())
    return "\n".join(shown)


def as_markdown(rows):
    shown = []
    for line in lines_of(rows):
        if len(line) == 1:
            shown += ["", f"### {line[0]}", "", "| " + " | ".join(HEAD) + " |", "|---|---|---|---|---|"]
        else:
            cells = list(line)
            cells[4] = f"**{cells[4]}**" if cells[4] == FAIL else cells[4]
            shown.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(shown).strip()


def as_json(rows, about):
    def number(value):
        return None if value is None or math.isinf(value) or math.isnan(value) else float(value)

    listed = [
        {
            "topic": row.topic,
            "key": row.key,
            "quantity": row.name,
            "real": row.real,
            "here": number(row.value),
            "low": number(row.low),
            "high": number(row.high),
            "verdict": row.verdict,
            **({"why": row.why} if row.verdict == UNTOLD and row.why else {}),
        }
        for row in rows
    ]
    return json.dumps({**about, "rows": listed, **tally(rows)}, indent=1, ensure_ascii=False)


def tally(rows):
    return {
        "pass": sum(row.verdict == PASS for row in rows),
        "fail": sum(row.verdict == FAIL for row in rows),
        "not_told": sum(row.verdict == UNTOLD for row in rows),
    }
