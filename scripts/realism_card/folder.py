"""Which files of a folder hold records, and in what form."""

import csv
import gzip
import io
import pathlib
from dataclasses import dataclass

FIELDS = (
    "event_type",
    "msisdn_src",
    "msisdn_dst",
    "direction",
    "start_ts_ms",
    "end_ts_ms",
    "tz_name",
    "tz_offset_min",
    "duration_sec",
    "mccmnc",
    "imsi",
    "imei",
    "cell_id",
    "record_type",
    "cause_for_record_closing",
    "sms_segments",
    "sms_status",
    "data_bytes_in",
    "data_bytes_out",
    "data_duration_sec",
    "apn",
    "rat",
)
ENDINGS = (".csv", ".csv.gz", ".csv.zst", ".json", ".json.gz", ".json.zst", ".avro")
TABLES = ("cells.csv", "subscribers.csv", "truth.csv")


class BadInput(Exception):
    """One sentence that names what is wrong and what is allowed."""


@dataclass(frozen=True)
class Form:
    """How a file is to be read; files of one form are read together."""

    kind: str
    delimiter: str = ""
    columns: tuple = ()


def find_files(folder):
    """The files of records below the folder. Names that begin with a dot are of parts still being written."""
    top = pathlib.Path(folder)
    if not top.is_dir():
        raise BadInput(f"{folder}: not a folder; a folder of CSV, JSON or Avro files is needed")
    found = []
    for path in sorted(top.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(top).parts)
        if path.name.endswith(ENDINGS) and path.name not in TABLES and not hidden and path.is_file():
            found.append(path)
    found = [path for path in found if not path.name.startswith("manifest")]
    if not found:
        raise BadInput(f"{folder}: no records; files that end with {', '.join(ENDINGS)} are looked for")
    return found


def first_line(path):
    if path.name.endswith(".gz"):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            return file.readline()
    if path.name.endswith(".zst"):
        return zstd_first_line(path)
    with open(path, encoding="utf-8") as file:
        return file.readline()


def zstd_first_line(path):
    """DuckDB can read zstd, Python 3.11 cannot: the line is taken as a table of one column."""
    import duckdb

    found = (
        duckdb.connect()
        .execute(
            "SELECT * FROM read_csv($path, columns = {'line': 'VARCHAR'}, delim = '\\x01', header = false, quote = '', "
            "auto_detect = false, compression = 'zstd') LIMIT 1",
            {"path": str(path)},
        )
        .fetchone()
    )
    return found[0] if found else ""


def csv_form(path):
    """None of a file without a line."""
    try:
        line = first_line(path)
    except (UnicodeDecodeError, OSError, EOFError) as error:
        raise BadInput(f"{path}: cannot be read as text: {error}") from error
    line = line.removeprefix("\ufeff")
    if not line.strip():
        return None
    for delimiter in ";,\t|":
        columns = tuple(next(csv.reader(io.StringIO(line), delimiter=delimiter)))
        if "event_type" in columns:
            break
    missing = [field for field in FIELDS if field not in columns]
    if missing:
        raise BadInput(
            f"{path}: the first line does not name {missing[0]}; "
            f"it must name the 22 fields, parted by ; , | or a tab"
        )
    return Form("csv", delimiter, columns)


def forms_of(paths):
    """Files by their form."""
    forms = {}
    for path in paths:
        if path.name.endswith(".avro"):
            form = Form("avro")
        elif ".json" in path.name:
            form = Form("json")
        else:
            form = csv_form(path)
        if form is not None:
            forms.setdefault(form, []).append(str(path))
    return forms
