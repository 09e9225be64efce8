"""Files of records into DuckDB, and from there into columns of numpy, sorted by owner and time.

The database is a temporary file, so that memory holds columns that are asked for and no text.
"""

import csv
import re
import shutil
import tempfile
from dataclasses import dataclass, field
from types import SimpleNamespace

import duckdb
import numpy as np

from .folder import FIELDS, BadInput, find_files, forms_of

NUMBERS = {
    "start_ts_ms": "BIGINT",
    "end_ts_ms": "BIGINT",
    "tz_offset_min": "INTEGER",
    "duration_sec": "INTEGER",
    "cell_id": "BIGINT",
    "sms_segments": "INTEGER",
    "data_bytes_in": "BIGINT",
    "data_bytes_out": "BIGINT",
    "data_duration_sec": "INTEGER",
}
# What must stand in every record.
NEEDED = (
    "event_type",
    "msisdn_src",
    "direction",
    "start_ts_ms",
    "end_ts_ms",
    "tz_offset_min",
    "duration_sec",
    "mccmnc",
    "imsi",
    "imei",
    "cell_id",
    "record_type",
    "cause_for_record_closing",
)

# A call's outcome, from the cause: what is told apart here.
ANSWERED, DROPPED, BUSY, NO_ANSWER, FAILED, OTHER = range(6)
OUTCOME_SQL = f"""CASE cause
    WHEN 'normalRelease' THEN {ANSWERED} WHEN 'normalCallClearing' THEN {ANSWERED} WHEN 'partialRecord' THEN {ANSWERED}
    WHEN 'abnormalRelease' THEN {DROPPED} WHEN 'busy' THEN {BUSY} WHEN 'userBusy' THEN {BUSY}
    WHEN 'noAnswer' THEN {NO_ANSWER} WHEN 'failure' THEN {FAILED} WHEN 'congestion' THEN {FAILED} ELSE {OTHER} END"""
PARTIAL_CAUSES = ("partialRecord", "timeLimit", "volumeLimit")
COLUMNS = {
    "CALL": "other, mo, start, stop, shift, seconds, cell, outcome",
    "SMS": "other, mo, start, stop, shift, cell",
    "DATA": "start, stop, shift, seconds, cell, up, down, apn, rat, part",
}


@dataclass(frozen=True)
class Kind:
    """So many records that agree in these fields; technology is that of the record, cell_technology of its cell."""

    event: str
    mo: bool
    record_type: str
    cause: str
    status: str
    technology: str
    cell_technology: str
    cell_is_placed: bool
    count: int


@dataclass
class Data:
    """Everything that the statistics are made of. Tables are sorted by owner, then by start."""

    con: object
    calls: object = None
    sms: object = None
    sessions: object = None
    everything: object = None  # owner, start, shift, cell, rat, event of all records
    kinds: list = field(default_factory=list)  # of Kind
    owners: int = 0  # parties 0 … owners − 1 have records of their own
    parties: int = 0
    first: int = 0  # start of the first record and end of the last, ms
    last: int = 0
    first_end: int = 0  # of the record that ends first
    days: float = 0.0
    cells: object = None  # ids, x, y (km), site; None where positions are not known
    apns: tuple = ()
    rats: tuple = ()
    work: str = ""

    def close(self):
        self.con.close()
        shutil.rmtree(self.work, ignore_errors=True)


def pick(table, rows):
    """Some rows of a table."""
    return type(table)(
        **{name: values[rows] for name, values in vars(table).items() if name != "n"},
        n=int(np.count_nonzero(rows)) if rows.dtype == bool else len(rows),
    )


def quoted(text):
    return "'" + str(text).replace("'", "''") + "'"


def source_sql(form, paths, work):
    """A table function that reads these files."""
    files = "[" + ", ".join(map(quoted, paths)) + "]"
    if form.kind == "avro":
        return source_sql(*avro_as_csv(paths, work), work)
    types = {name: NUMBERS.get(name, "VARCHAR") for name in (form.columns or FIELDS)}
    columns = "{" + ", ".join(f"{quoted(name)}: '{kind}'" for name, kind in types.items()) + "}"
    if form.kind == "json":
        return f"read_json({files}, format = 'newline_delimited', columns = {columns})"
    return (
        f"read_csv({files}, delim = {quoted(form.delimiter)}, quote = '\"', header = true, nullstr = '', "
        f"auto_detect = false, columns = {columns})"
    )


def avro_as_csv(paths, work):
    """DuckDB reads Avro with an extension only; so containers are written as CSV first."""
    import fastavro
    from .folder import Form

    made = []
    for number, path in enumerate(paths):
        target = f"{work}/avro-{number}.csv"
        with open(path, "rb") as source, open(target, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter=";")
            writer.writerow(FIELDS)
            try:
                for record in fastavro.reader(source):
                    writer.writerow([avro_text(record.get(name)) for name in FIELDS])
            except (ValueError, EOFError, OSError, KeyError) as error:
                raise BadInput(f"{path}: not an Avro container of records: {error}") from error
        made.append(target)
    return Form("csv", ";", FIELDS), made


def avro_text(value):
    """Timestamps come as datetimes, in UTC."""
    if hasattr(value, "timestamp"):
        return round(value.timestamp() * 1000)
    return "" if value is None else value


def short(error):
    """DuckDB's message of many lines as one: what, and where if it says so."""
    text = str(error)
    said = [line.strip() for line in text.splitlines() if line.strip()]
    where = re.search(r"file ?= ?(\S+)", text) or re.search(r'[Ff]ile:? "?([^"\s]+)', text)
    line = re.search(r"Line: (\d+)", text)
    reason = next((part for part in said if "onvert" in part or "xpected" in part), said[0])
    place = (where.group(1) + ": " if where else "") + (f"line {line.group(1)}: " if line else "")
    return place + reason


def load(folder, cells_file=None, memory="3GB"):
    """All of it; the caller closes what it gets."""
    work = tempfile.mkdtemp(prefix="realism-card.")
    con = duckdb.connect(f"{work}/records.duckdb")
    data = Data(con=con, work=work)
    try:
        con.execute(f"SET memory_limit = '{memory}'")
        con.execute(f"SET temp_directory = {quoted(work)}")
        con.execute("SET preserve_insertion_order = false")
        con.execute("SET enable_progress_bar = false")
        read_records(con, folder, work)
        read_cells(data, folder, cells_file)
        number_parties(data)
        fetch_columns(data)
    except BaseException:
        data.close()
        raise
    return data


def read_records(con, folder, work):
    con.execute("CREATE TYPE event AS ENUM ('CALL', 'SMS', 'DATA')")
    con.execute("CREATE TYPE way AS ENUM ('MO', 'MT')")
    made = False
    for form, paths in forms_of(find_files(folder)).items():
        select = f"""SELECT event_type::event AS event_type, direction::way = 'MO' AS mo,
            CASE WHEN direction = 'MO' THEN msisdn_src ELSE msisdn_dst END AS owner_number,
            CASE WHEN direction = 'MO' THEN msisdn_dst ELSE msisdn_src END AS other_number,
            start_ts_ms AS start, end_ts_ms AS stop, tz_offset_min * 60000 AS shift, duration_sec AS seconds,
            mccmnc, imsi, imei, cell_id, record_type, cause_for_record_closing AS cause, sms_status AS status,
            data_bytes_in AS up, data_bytes_out AS down, apn, rat
            FROM {source_sql(form, paths, work)}"""
        try:
            con.execute(("INSERT INTO record " if made else "CREATE TABLE record AS ") + select)
        except duckdb.Error as error:
            raise BadInput(short(error)) from error
        made = True
    if not made or con.execute("SELECT count(*) FROM record").fetchone()[0] == 0:
        raise BadInput(f"{folder}: no records; its files hold none")
    check_needed(con, folder)


def check_needed(con, folder):
    names = {
        "msisdn_src": "owner_number",
        "direction": "mo",
        "start_ts_ms": "start",
        "end_ts_ms": "stop",
        "tz_offset_min": "shift",
        "duration_sec": "seconds",
        "cause_for_record_closing": "cause",
    }
    counts = ", ".join(f"count(*) - count({names.get(name, name)})" for name in NEEDED)
    for name, lacking in zip(NEEDED, con.execute(f"SELECT {counts} FROM record").fetchone()):
        if lacking:
            raise BadInput(f"{folder}: {name} is empty in {lacking} records; every record must have one")


def read_cells(data, folder, cells_file):
    """cells.csv of the folder, or another table with cell_id, lat and lon; without one there are no positions."""
    import pathlib

    path = pathlib.Path(cells_file or pathlib.Path(folder) / "cells.csv")
    con = data.con
    con.execute("CREATE TABLE cell (cell_id BIGINT, lat DOUBLE, lon DOUBLE, rat VARCHAR)")
    if not path.is_file():
        if cells_file:
            raise BadInput(f"{cells_file}: no such file; a table with cell_id, lat and lon is needed")
    else:
        try:
            names = con.sql(f"SELECT * FROM read_csv({quoted(path)}, header = true, all_varchar = true)").columns
            missing = [name for name in ("cell_id", "lat", "lon") if name not in names]
            if missing:
                raise BadInput(
                    f"{path}: the first line does not name {missing[0]}; "
                    f"cell_id, lat and lon are needed, rat is welcome"
                )
            rat = "rat" if "rat" in names else "NULL"
            con.execute(
                f"INSERT INTO cell SELECT cell_id::BIGINT, lat::DOUBLE, lon::DOUBLE, {rat} "
                f"FROM read_csv({quoted(path)}, header = true, all_varchar = true)"
            )
        except duckdb.Error as error:
            raise BadInput(f"{path}: {short(error)}") from error
    known = con.execute("SELECT count(*) FROM cell").fetchone()[0] > 0
    learn_cells(con)
    if known:
        place_cells(data)


def learn_cells(con):
    """A number for every cell; where no table says a cell's technology, its sessions do."""
    con.execute("""CREATE TABLE known_cell AS
        WITH used AS (SELECT DISTINCT cell_id FROM record),
             seen AS (SELECT cell_id, mode(rat) AS rat FROM record WHERE rat IS NOT NULL GROUP BY cell_id)
        SELECT row_number() OVER (ORDER BY coalesce(c.cell_id, u.cell_id)) - 1 AS id,
               coalesce(c.cell_id, u.cell_id) AS cell_id, c.lat, c.lon, coalesce(c.rat, s.rat) AS rat
        FROM used u FULL JOIN cell c ON u.cell_id = c.cell_id LEFT JOIN seen s ON s.cell_id = u.cell_id""")


def place_cells(data):
    """Positions in km on a plane that touches the earth in the middle of the cells; cells of one mast are one site."""
    found = data.con.execute("SELECT lat, lon FROM known_cell ORDER BY id").fetchnumpy()
    lat, lon = (np.ma.filled(np.ma.asarray(found[name], dtype=float), np.nan) for name in ("lat", "lon"))
    middle = np.radians(np.nanmean(lat))
    x = np.radians(lon - np.nanmean(lon)) * np.cos(middle) * 6371.0
    y = np.radians(lat - np.nanmean(lat)) * 6371.0
    _, site = np.unique(np.round(np.column_stack([lat, lon]), 5), axis=0, return_inverse=True)
    data.cells = SimpleNamespace(x=x, y=y, site=site.ravel().astype(np.int32), sites=int(site.max()) + 1)


def number_parties(data):
    """Numbers become integers, those that have records of their own first."""
    con = data.con
    con.execute("""CREATE TABLE party AS
        SELECT row_number() OVER (ORDER BY own DESC, number) - 1 AS id, number, own FROM (
            SELECT number, bool_or(own) AS own FROM (
                SELECT DISTINCT owner_number AS number, true AS own FROM record UNION ALL
                SELECT DISTINCT other_number, false FROM record WHERE other_number IS NOT NULL) GROUP BY number)""")
    con.execute(f"""CREATE TABLE numbered AS
        SELECT r.event_type, p.id::INTEGER AS owner, coalesce(q.id, -1)::INTEGER AS other, r.mo,
               r.start, r.stop, r.shift, r.seconds, c.id::INTEGER AS cell, ({OUTCOME_SQL})::TINYINT AS outcome,
               r.up, r.down, r.apn,
               coalesce(r.rat, c.rat) AS rat, r.cause IN {PARTIAL_CAUSES} AS part
        FROM record r JOIN party p ON r.owner_number = p.number LEFT JOIN party q ON r.other_number = q.number
             JOIN known_cell c ON r.cell_id = c.cell_id""")
    data.parties, data.owners = con.execute("SELECT count(*), count(*) FILTER (own) FROM party").fetchone()
    data.first, data.first_end, data.last = con.execute(
        "SELECT min(start), min(stop), max(stop) FROM numbered"
    ).fetchone()
    data.days = max(1, round((data.last - data.first) / 86400000))
    data.apns = tuple(
        row[0] for row in con.execute("SELECT DISTINCT apn FROM numbered WHERE apn IS NOT NULL ORDER BY 1").fetchall()
    )
    data.rats = tuple(
        row[0] for row in con.execute("SELECT DISTINCT rat FROM numbered WHERE rat IS NOT NULL ORDER BY 1").fetchall()
    )
    found = con.execute(
        """SELECT r.event_type::VARCHAR, r.mo, r.record_type, r.cause, r.status, r.rat, c.rat, c.lat IS NOT NULL,
            count(*) FROM record r JOIN known_cell c ON r.cell_id = c.cell_id GROUP BY ALL"""
    ).fetchall()
    data.kinds = [Kind(*row) for row in found]
    con.execute("""CREATE TABLE identity AS
        SELECT owner_number AS number, mccmnc, imsi, imei, min(start) AS since FROM record GROUP BY ALL""")


def fetch_columns(data):
    apn = "list_position(" + text_list(data.apns) + ", apn)"
    rat = "list_position(" + text_list(data.rats) + ", rat)"
    numbers = {
        "apn": f"coalesce({apn}, 0)::TINYINT AS apn",
        "rat": f"coalesce({rat}, 0)::TINYINT AS rat",
        "event": "enum_code(event_type)::TINYINT AS event",
        "up": "coalesce(up, 0) AS up",
        "down": "coalesce(down, 0) AS down",
    }

    def table(columns, where):
        wanted = ", ".join(numbers.get(name, name) for name in columns.split(", "))
        found = data.con.execute(f"""SELECT owner, {wanted} FROM numbered WHERE {where}
                                     ORDER BY owner, start, stop""").fetchnumpy()
        return SimpleNamespace(**{name: np.asarray(values) for name, values in found.items()}, n=len(found["owner"]))

    data.calls = table(COLUMNS["CALL"], "event_type = 'CALL'")
    data.sms = table(COLUMNS["SMS"], "event_type = 'SMS'")
    data.sessions = table(COLUMNS["DATA"], "event_type = 'DATA'")
    data.everything = table("start, shift, cell, rat, event", "true")


def text_list(texts):
    return "[" + ", ".join(map(quoted, texts)) + "]::VARCHAR[]"
