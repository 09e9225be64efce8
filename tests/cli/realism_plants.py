#!/usr/bin/env python3
"""Folders of a few records in which one impossible thing is planted: realism-card must count it once, and nothing else.

realism_plants.py SOURCE_DIR FOLDER
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(sys.argv[1]) / "scripts"))
from realism_card import checks, reader  # noqa: E402
from realism_card.folder import FIELDS  # noqa: E402

DAY = 1_735_689_600_000  # midnight UTC
HOUR = 3_600_000
A, B, C, STRANGER = "31612000001", "31612000002", "31612000003", "31655000009"
# Two masts 30 km apart; each has a cell of every technology.
CELLS = {
    10001: (52.0, 5.0, "WCDMA"),
    10002: (52.0, 5.0, "LTE"),
    10003: (52.0, 5.0, "NR"),
    10011: (52.27, 5.0, "WCDMA"),
    10012: (52.27, 5.0, "LTE"),
}
IDENTITY = {
    number: ("20408", f"20408000000000{number[-1]}", imei)
    for number, imei in ((A, "356938035643809"), (B, "356938035643817"), (C, "356938035643825"))
}


def record(kind, source, target, way, second, seconds, **other):
    """A record as it should be, `second` seconds after 10 h; what is given instead replaces its fields."""
    owner = source if way == "MO" else target
    start = DAY + 10 * HOUR + round(second * 1000)
    plmn, imsi, imei = IDENTITY[owner]
    fields = dict.fromkeys(FIELDS, "")
    fields.update(
        event_type=kind,
        msisdn_src=source,
        msisdn_dst=target,
        direction=way,
        start_ts_ms=start,
        end_ts_ms=start + round(seconds * 1000) + 7,
        tz_name="Europe/Amsterdam",
        tz_offset_min=60,
        duration_sec=int(seconds),
        mccmnc=plmn,
        imsi=imsi,
        imei=imei,
        cell_id=10001,
    )
    fields.update(other)
    return fields


def call(source, target, way, second, seconds, cause="normalRelease", **other):
    return record(
        "CALL",
        source,
        target,
        way,
        second,
        seconds,
        record_type="mscVoiceRecord",
        cause_for_record_closing=cause,
        **other,
    )


def sms(source, target, way, second, **other):
    status = {"MO": "SENT", "MT": "DELIVERED"}[way]
    return record(
        "SMS",
        source,
        target,
        way,
        second,
        2,
        **{
            "record_type": f"sgsnS{way}Record",
            "cause_for_record_closing": "deliverySuccess",
            "sms_segments": 1,
            "sms_status": status,
            **other,
        },
    )


def session(owner, second, seconds, **other):
    return record(
        "DATA",
        owner,
        "",
        "MO",
        second,
        seconds,
        **{
            "record_type": "pgwRecord",
            "cause_for_record_closing": "normalRelease",
            "data_bytes_in": 5000,
            "data_bytes_out": 100000 + int(second),
            "data_duration_sec": int(seconds),
            "apn": "internet",
            "rat": "LTE",
            "cell_id": 10002,
            **other,
        },
    )


def honest():
    """Each of three subscribers calls, sends, uses data; a line that is in use is BUSY; nothing is wrong."""
    records = []
    for hour, (one, other) in enumerate(((A, B), (B, C), (C, A), (A, B), (B, A))):
        at = hour * 3600
        records += [
            call(one, other, "MO", at, 60),
            call(one, other, "MT", at + 2, 59),
            sms(one, other, "MO", at + 200),
            sms(one, other, "MT", at + 203.4),
            session(one, at + 300, 400),
            session(other, at + 310, 500),
        ]
    third = C
    records += [
        call(A, B, "MO", 20000, 60),
        call(A, B, "MT", 20002, 59),
        call(third, B, "MO", 20020, 5, "busy"),
        call(third, B, "MT", 20022, 3, "busy"),
    ]
    # The last of the day, so that the others are not near the end of the data.
    return records + [session(A, 40000, 100), session(B, 40000, 100), session(C, 40000, 100)]


BAD_IMEI, NEW_SIM, OTHER_PLMN = "356938035643808", "204080000000004", "20416"
PLANTS = {
    "overlap_mo_mo": [call(A, STRANGER, "MO", 30000, 60), call(A, C, "MO", 30030, 60)],
    "overlap_mo_mt": [call(A, STRANGER, "MO", 30000, 60), call(C, A, "MT", 30030, 60)],
    "overlap_mt_mo": [call(STRANGER, A, "MT", 30000, 60), call(A, C, "MO", 30030, 60)],
    "overlap_mt_mt": [call(STRANGER, A, "MT", 30000, 60), call(C, A, "MT", 30030, 60)],
    "overlap_pair": [call(A, B, "MO", 30000, 60), call(A, B, "MO", 30030, 60)],
    "busy_without_cause_mt": [call(STRANGER, A, "MT", 30000, 4, "busy")],
    "busy_without_cause_mo": [call(C, A, "MO", 30000, 4, "busy")],
    "overlap_sessions": [session(A, 30000, 500), session(A, 30400, 50)],
    "moment_sites": [session(A, 30000, 5), sms(A, C, "MO", 30000.05, cell_id=10012)],
    "moment_technologies": [session(A, 30000, 5), session(A, 30000.05, 5, apn="ims", cell_id=10003, rat="NR")],
    "teleports": [session(A, 30000, 5), session(A, 30300, 5, cell_id=10012), session(A, 33000, 5, cell_id=10012)],
    "record_type_call": [call(A, C, "MO", 30000, 60, cell_id=10002)],
    "record_type_sms": [sms(A, C, "MO", 30000, cell_id=10003)],
    "record_type_data": [session(A, 30000, 50, record_type="sgsnPDPRecord")],
    "record_type_unknown": [session(A, 30000, 50, record_type="mscVoiceRecord")],
    "record_type_direction": [sms(A, C, "MO", 30000, record_type="sgsnSMTRecord")],
    "cause_unknown": [session(A, 30000, 50, cause_for_record_closing="partialRecord")],
    "sms_mt_sent": [sms(C, A, "MT", 30000, sms_status="SENT")],
    "sms_status_cause": [sms(A, C, "MO", 30000, sms_status="FAILED")],
    "mt_failure": [call(STRANGER, A, "MT", 30000, 3, "failure")],
    "technology_of_cell": [session(A, 30000, 50, rat="NR")],
    "cell_unknown": [sms(A, C, "MO", 30000, cell_id=10099)],
    "msisdn_length": [call(A, "316550000091", "MO", 30000, 60)],
    "plmn_changes": [sms(A, C, "MO", 30000, mccmnc=OTHER_PLMN, imsi=OTHER_PLMN + NEW_SIM[5:])],
    "imsi_plmn": [sms(A, C, "MO", 30000, imsi=OTHER_PLMN + NEW_SIM[5:])],
    "imei_check_digit": [sms(A, C, "MO", 30000, imei=BAD_IMEI)],
    "imsi_shared": [sms(A, C, "MO", 30000, imsi=IDENTITY[B][1])],
    "legs_equal_calls": [call(A, B, "MO", 30000, 60), call(A, B, "MT", 30000, 60)],
    "legs_equal_sms": [sms(A, B, "MO", 30000), sms(A, B, "MT", 30000)],
    "records_twice": [sms(A, C, "MO", 30000), sms(A, C, "MO", 30000)],
    "self_calls": [sms(A, A, "MO", 30000)],
    "backwards": [sms(A, C, "MO", 30000, end_ts_ms=DAY + 10 * HOUR + 30000 * 1000 - 400, duration_sec=0)],
    "duration_differs": [call(A, C, "MO", 30000, 60, duration_sec=50)],
}
# What one planted thing cannot be without.
TOO = {"overlap_pair": {"overlap_mo_mo"}, "moment_sites": {"teleports"}}
# Near misses: all is as it may be.
HARMLESS = {
    "a call begins when another has ended": [call(A, C, "MO", 30000, 60), call(A, C, "MO", 30060.007, 60)],
    "a line in use is not answered": [call(A, STRANGER, "MO", 30000, 60), call(C, A, "MT", 30020, 20, "noAnswer")],
    "access points of their own": [session(A, 30000, 500), session(A, 30400, 50, apn="ims")],
    "a drive at 100 km/h": [session(A, 30000, 5), session(A, 30800, 5, cell_id=10012)],
    "a call on WCDMA of a phone on LTE": [session(A, 30000, 50), call(A, C, "MO", 30000.05, 60)],
    "a new device and a new SIM": [sms(A, C, "MO", 30000, imsi=NEW_SIM, imei="490154203237518")],
    "short, foreign and free numbers": [
        call(A, number, "MO", 30000 + 100 * k, 60)
        for k, number in enumerate(("112", "1233", "4915112345678", "318001234"))
    ],
    "a dropped call": [call(A, C, "MO", 30000, 60, "abnormalRelease")],
    "a part that ends by time": [
        session(A, 30000, 50, cause_for_record_closing="timeLimit"),
        session(A, 30050.007, 50),
    ],
    "BUSY with a far party": [call(A, STRANGER, "MO", 30000, 4, "busy")],
    "a busy line near the end of the data": [call(STRANGER, A, "MT", 40105, 4, "busy")],
}


def write(folder, records, cells=CELLS):
    folder.mkdir(parents=True)
    with open(folder / "part.csv", "w", encoding="utf-8") as file:
        file.write(";".join(FIELDS) + "\n")
        for fields in records:
            file.write(";".join(str(fields[name]) for name in FIELDS) + "\n")
    if cells:
        with open(folder / "cells.csv", "w", encoding="utf-8") as file:
            file.write("cell_id,lat,lon,rat\n")
            for cell, (lat, lon, rat) in cells.items():
                file.write(f"{cell},{lat},{lon},{rat}\n")
    return folder


def counts(folder):
    data = reader.load(folder)
    try:
        return {row.key: row.value for row in checks.rows(data, 5.0)}
    finally:
        data.close()


def check(name, found, wanted, faults):
    for key, value in found.items():
        if value != wanted.get(key, 0):
            faults.append(f"{name}: {key} is {value}, should be {wanted.get(key, 0)}")


def main():
    top = pathlib.Path(sys.argv[2])
    faults = []
    found = counts(write(top / "honest", honest()))
    check("honest", found, {}, faults)
    for missing in sorted(set(found) - set(PLANTS)):
        faults.append(f"{missing}: a count that no folder here plants")
    for key, records in PLANTS.items():
        wanted = dict.fromkeys({key} | TOO.get(key, set()), 1)
        check(f"planted {key}", counts(write(top / key, honest() + records)), wanted, faults)
        if len(set(wanted) & set(found)) != len(wanted):
            faults.append(f"{key}: the card has no such count")
    for number, (name, records) in enumerate(HARMLESS.items()):
        check(name, counts(write(top / f"harmless-{number}", honest() + records)), {}, faults)
    print("\n".join(faults) or f"{len(PLANTS)} plants, each found once")
    return 1 if faults else 0


sys.exit(main())
