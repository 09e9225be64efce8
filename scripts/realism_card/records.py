"""What records say of numbers, devices, access points, parts; and what is wrong in them."""

import numpy as np

from .card import Row, impossible
from .groups import share

TOPIC = "Records, identity, services"
LEGACY, CORE = {"GSM", "GERAN", "WCDMA", "UTRAN"}, {"LTE", "EUTRAN", "NR", "WLAN"}
# Where a record of this type can be from. mscVoiceRecord and the two of SMS are the names of rs_cdr_generator.
TECHNOLOGIES = {
    "CALL": {
        "mscVoiceRecord": LEGACY,
        "moCallRecord": LEGACY,
        "mtCallRecord": LEGACY,
        "roamingRecord": LEGACY,
        "incGatewayRecord": LEGACY | CORE,
        "outGatewayRecord": LEGACY | CORE,
        "transitCallRecord": LEGACY | CORE,
        "mMTelRecord": CORE,
        "sCSCFRecord": CORE,
        "mGCFRecord": CORE,
        "eCSCFRecord": CORE,
    },
    "SMS": {
        "moSMSRecord": LEGACY,
        "mtSMSRecord": LEGACY,
        "sgsnSMORecord": LEGACY | {"LTE", "EUTRAN"},
        "sgsnSMTRecord": LEGACY | {"LTE", "EUTRAN"},
        "chargingFunctionRecord": {"NR"},
        "iPSMGWRecord": CORE,
        "sCSMORecord": CORE,
        "sCSMTRecord": CORE,
    },
    "DATA": {
        "sgsnPDPRecord": LEGACY,
        "sGWRecord": CORE - {"WLAN"},
        "pGWRecord": LEGACY | CORE,
        "pgwRecord": LEGACY | CORE,
        "ePDGRecord": {"WLAN"},
        "chargingFunctionRecord": {"NR"},
    },
}
DIRECTION = {
    "moCallRecord": True,
    "mtCallRecord": False,
    "moSMSRecord": True,
    "mtSMSRecord": False,
    "sgsnSMORecord": True,
    "sgsnSMTRecord": False,
}
CAUSES = {
    "CALL": {
        "normalRelease",
        "abnormalRelease",
        "noAnswer",
        "busy",
        "failure",
        "rejected",
        "unreachable",
        "partialRecord",
        "partialRecordCallReestablishment",
        "unsuccessfulCallAttempt",
        "congestion",
    },
    "SMS": {"deliverySuccess", "deliveryFailure", "normalRelease", "abnormalRelease"},
    "DATA": {
        "normalRelease",
        "abnormalRelease",
        "volumeLimit",
        "timeLimit",
        "servingNodeChange",
        "maxChangeCond",
        "managementIntervention",
        "rATChange",
        "mSTimeZoneChange",
        "sGSNPLMNIDChange",
        "sGWChange",
        "aPNAMBRChange",
    },
}
MOBILE = "316"  # a Dutch mobile number: 11 digits


def total(data, wrong):
    return sum(kind.count for kind in data.kinds if wrong(kind))


def wrong_technology(event):
    """Of records whose type and cell are known."""

    def wrong(kind):
        allowed = TECHNOLOGIES[event].get(kind.record_type)
        technology = kind.technology or kind.cell_technology
        return kind.event == event and allowed is not None and technology is not None and technology not in allowed

    return wrong


def kind_rows(data):
    for event, name in (("CALL", "calls"), ("SMS", "messages"), ("DATA", "sessions")):
        yield impossible(
            f"record_type_{event.lower()}",
            f"{name} whose record type is of another technology",
            total(data, wrong_technology(event)),
        )
    yield impossible(
        "record_type_unknown",
        "record types that no switch writes for such an event",
        total(data, lambda kind: kind.record_type not in TECHNOLOGIES[kind.event]),
    )
    yield impossible(
        "record_type_direction",
        "record types of the other direction",
        total(data, lambda kind: DIRECTION.get(kind.record_type, kind.mo) != kind.mo),
    )
    yield impossible(
        "cause_unknown",
        "causes that such a record cannot have (partialRecord is of calls)",
        total(data, lambda kind: kind.cause not in CAUSES[kind.event]),
    )
    yield impossible(
        "sms_mt_sent",
        "incoming messages with the status SENT",
        total(data, lambda kind: kind.event == "SMS" and not kind.mo and kind.status == "SENT"),
    )
    yield impossible(
        "sms_status_cause",
        "messages whose status and cause differ",
        total(
            data,
            lambda kind: kind.event == "SMS"
            and (kind.status == "FAILED") != (kind.cause in ("deliveryFailure", "abnormalRelease")),
        ),
    )
    yield impossible(
        "mt_failure",
        "incoming calls that failed before they reached their switch",
        total(data, lambda kind: kind.event == "CALL" and not kind.mo and kind.cause in ("failure", "congestion")),
    )
    yield impossible(
        "technology_of_cell",
        "sessions on another technology than their cell's",
        total(
            data,
            lambda kind: None not in (kind.technology, kind.cell_technology)
            and kind.technology != kind.cell_technology,
        ),
    )
    known = data.cells is not None
    yield impossible(
        "cell_unknown",
        "records in cells that the table does not have",
        total(data, lambda kind: not kind.cell_is_placed) if known else None,
        "no cells.csv with positions",
    )


def one(data, sql):
    return data.con.execute(sql).fetchone()


LUHN = " + ".join(
    f"imei[{place}]::INT" if place % 2 else f"(imei[{place}]::INT * 2) // 10 + (imei[{place}]::INT * 2) % 10"
    for place in range(1, 16)
)


def identity_rows(data):
    (length,) = one(
        data,
        f"""SELECT count(*) FROM party WHERE (own OR starts_with(number, '{MOBILE}')) AND NOT
        CASE WHEN starts_with(number, '{MOBILE}') THEN regexp_full_match(number, '[0-9]{{11}}')
             ELSE regexp_full_match(number, '[1-9][0-9]{{7,14}}') END""",
    )
    yield impossible("msisdn_length", f"numbers of a wrong length ({MOBILE}…: 11 digits)", length)
    plmns, sims = one(
        data,
        """SELECT count(*) FILTER (p > 1), count(*) FILTER (s > 0) FROM (
        SELECT count(DISTINCT mccmnc) AS p, count(*) FILTER (NOT starts_with(imsi, mccmnc) OR length(imsi) != 15) AS s
        FROM identity GROUP BY number)""",
    )
    yield impossible("plmn_changes", "subscribers with more than one home network", plmns)
    yield impossible("imsi_plmn", "subscribers whose IMSI is not of 15 digits or not of their home network", sims)
    (luhn,) = one(
        data,
        f"""SELECT count(*) FROM (SELECT DISTINCT imei FROM identity)
        WHERE CASE WHEN regexp_full_match(imei, '[0-9]{{15}}') THEN ({LUHN}) % 10 != 0 ELSE true END""",
    )
    yield impossible("imei_check_digit", "IMEIs that are not 15 digits with a check digit", luhn)
    (shared,) = one(
        data,
        """SELECT count(*) FROM (
        SELECT imsi FROM identity GROUP BY imsi HAVING count(DISTINCT number) > 1)""",
    )
    yield impossible("imsi_shared", "IMSIs with more than one number", shared)


def twin_rows(data):
    calls, sms = (
        one(
            data,
            f"""SELECT count(*) FROM (SELECT 1 FROM numbered WHERE event_type = '{event}' AND other >= 0
        GROUP BY least(owner, other), greatest(owner, other), mo = (owner < other), start, stop
        HAVING count(DISTINCT mo) = 2)""",
        )[0]
        for event in ("CALL", "SMS")
    )
    yield impossible("legs_equal_calls", "calls whose two records agree to the millisecond", calls)
    yield impossible("legs_equal_sms", "messages whose two records agree to the millisecond", sms)
    (twice,) = one(
        data,
        """SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM numbered
        GROUP BY event_type, owner, other, mo, start, stop, cell, coalesce(up, 0), coalesce(down, 0), apn
        HAVING count(*) > 1)""",
    )
    yield impossible("records_twice", "records that are there again", twice)
    oneself, backwards, seconds = one(
        data,
        """SELECT count(*) FILTER (owner = other), count(*) FILTER (stop < start),
        count(*) FILTER (abs(seconds - (stop - start) / 1000.0) > 1.5) FROM numbered""",
    )
    yield impossible("self_calls", "calls and messages to oneself", oneself)
    yield impossible("backwards", "records that end before they start", backwards)
    yield impossible("duration_differs", "durations other than from start to end", seconds)


def device_rows(data):
    users, changed = one(
        data,
        """SELECT count(*), count(*) FILTER (n > 1)
        FROM (SELECT count(DISTINCT imei) AS n FROM identity GROUP BY number)""",
    )
    scale = data.days / 30
    yield Row(
        TOPIC,
        "imei_changes",
        f"users with another device within {data.days} days",
        "0.029 in 30 days [D]",
        share(changed, users) if users >= 100 else None,
        0.025 * scale,
        0.033 * scale,
        "{:.4f}",
    )
    tacs = data.con.execute(
        """SELECT count(*) FROM (SELECT number, arg_min(imei, since)[1:8] AS tac FROM identity GROUP BY number)
        GROUP BY tac ORDER BY 1 DESC"""
    ).fetchall()
    yield Row(
        TOPIC,
        "tac_top_10",
        "users with one of the ten commonest models",
        "about 0.3 [R]",
        share(sum(row[0] for row in tacs[:10]), users) if users >= 100 else None,
        0.25,
        0.35,
        "{:.3f}",
    )
    home = one(data, "SELECT max(n), sum(n) FROM (SELECT count(DISTINCT number) AS n FROM identity GROUP BY mccmnc)")
    yield Row(
        TOPIC,
        "plmn_top",
        "users of the commonest home network",
        "1, but for virtual operators [R]",
        share(home[0], home[1]),
        0.9,
        1,
        "{:.3f}",
    )


def number_rows(data):
    others, mobile = one(
        data,
        """WITH own AS (SELECT mode(number[1:3]) AS mobile FROM party WHERE own)
        SELECT count(*), count(*) FILTER (starts_with(p.number, own.mobile))
        FROM numbered n JOIN party p ON n.other = p.id, own
        WHERE n.event_type = 'CALL' AND n.mo AND NOT p.own""",
    )
    yield Row(
        TOPIC,
        "offnet_mobile",
        "of own calls to other networks, to mobile numbers of the country",
        "0.4 to 0.7; fixed, short, toll-free, abroad [R]",
        share(mobile, others),
        0.4,
        0.7,
        "{:.3f}",
    )
    received, short = one(
        data,
        """SELECT count(*), count(*) FILTER (length(p.number) <= 6)
        FROM numbered n JOIN party p ON n.other = p.id
        WHERE n.event_type = 'SMS' AND NOT n.mo AND NOT p.own""",
    )
    yield Row(
        TOPIC,
        "applications",
        "of messages from other networks, from short codes (applications)",
        "0.7 to 0.9 of all [R]",
        share(short, received),
        0.3,
        0.95,
        "{:.3f}",
    )
    circuit = {"mscVoiceRecord", "moCallRecord", "mtCallRecord"}
    calls = total(data, lambda kind: kind.event == "CALL")
    packet = total(data, lambda kind: kind.event == "CALL" and kind.record_type not in circuit)
    yield Row(
        TOPIC,
        "volte",
        "calls over LTE, NR, WLAN (VoLTE and the like)",
        "0.33 in 2015 [D], 0.7 to 0.9 [R]",
        share(packet, calls),
        0.5,
        0.95,
        "{:.3f}",
    )


def session_rows(data):
    sessions = data.sessions
    mms, ims, net = (
        sessions.apn == (data.apns.index(name) + 1 if name in data.apns else -1)
        for name in ("mms", "ims", "internet")
    )
    volume = sessions.up + sessions.down
    yield Row(
        TOPIC,
        "apn_mms",
        "sessions of the APN mms",
        "far below 0.01 [R]",
        share(np.count_nonzero(mms), sessions.n),
        0,
        0.01,
        "{:.4f}",
    )
    yield Row(
        TOPIC,
        "apn_mms_bytes",
        "bytes of a session of mms, mean",
        "below 600 kB [R]",
        float(volume[mms].mean()) if np.any(mms) else None,
        0,
        600e3,
        "{:,.0f}",
        "no such sessions",
    )
    yield Row(
        TOPIC,
        "apn_ims_bytes",
        "bytes of a session of ims, median",
        "some kB [R]",
        float(np.median(volume[ims])) if np.any(ims) else None,
        500,
        100e3,
        "{:,.0f}",
        "no such sessions",
    )
    yield Row(
        TOPIC,
        "parts",
        "sessions' records that are parts",
        "most of smartphones' [R]",
        share(np.count_nonzero(sessions.part), sessions.n),
        0.2,
        0.9,
        "{:.3f}",
    )
    longest = float((sessions.stop - sessions.start).max() / 3.6e6) if sessions.n else None
    yield Row(TOPIC, "longest_session", "longest session's record, h", "hours to days [R]", longest, 1, 240, "{:.1f}")
    for key, name, values in (
        ("seconds_atom", "commonest duration of sessions", (sessions.stop - sessions.start) // 1000),
        ("bytes_atom", "commonest downlink volume of sessions", sessions.down),
    ):
        top = np.unique(values, return_counts=True)[1].max() if sessions.n else 0
        yield Row(
            TOPIC,
            key,
            f"{name}, its share",
            "no value stands out [R]",
            share(top, sessions.n) if sessions.n >= 1000 else None,
            0,
            0.01,
            "{:.4f}",
        )
    (whole,) = one(
        data,
        """SELECT count(*) FILTER ((stop - start) % 1000 = 0) / count(*) FROM numbered
        WHERE event_type != 'DATA' OR NOT part""",
    )
    yield Row(
        TOPIC,
        "whole_seconds",
        "records that last whole seconds to the millisecond",
        "one in a thousand",
        whole,
        0,
        0.01,
        "{:.4f}",
    )


def rows(data):
    yield from device_rows(data)
    yield from number_rows(data)
    yield from session_rows(data)


def wrong_rows(data):
    yield from kind_rows(data)
    yield from identity_rows(data)
    yield from twin_rows(data)
