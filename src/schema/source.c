#include "schema/source.h"

#include "base/suggest.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum {
    ALL = 0,
    OTHER = CDR_HOLDS_OTHER,
    SEGMENTS = CDR_HOLDS_SEGMENTS,
    STATUS = CDR_HOLDS_STATUS,
    VOLUMES = CDR_HOLDS_VOLUMES,
    ACCESS = CDR_HOLDS_ACCESS,
    PARTS = CDR_HOLDS_PARTS,
    ANSWER = CDR_HOLDS_ANSWER,
};

static_assert((int)CDR_TYPE_COUNT <= (int)CDR_SOURCE_SYMBOLS_MAX &&
                  (int)CDR_CAUSE_COUNT <= (int)CDR_SOURCE_SYMBOLS_MAX,
              "more types or causes of records need a larger CDR_SOURCE_SYMBOLS_MAX");

static const char *const false_true[] = {"false", "true"};
static const char *const true_false[] = {"true", "false"};

#define BEHAVIOUR(ID, name, ...) #name,
static const char *const behaviours[] = {"none", CDR_BEHAVIOURS(BEHAVIOUR)};
static_assert((int)CDR_BEHAVIOUR_END <= (int)CDR_SOURCE_SYMBOLS_MAX,
              "more behaviours need a larger CDR_SOURCE_SYMBOLS_MAX");

#define NAME(TYPE, ...) #TYPE
#define NAMES(array) .names = array, .count = sizeof(array) / sizeof *(array)

const struct cdr_field_source cdr_sources[] = {
    {"event_type", CDR_SOURCE_SYMBOL, CDR_COLUMN_TYPE, ALL, NAMES(cdr_type_name),
     .meaning = CDR_TYPES_JOINED(NAME, ", ", " or ")},
    {"msisdn_src", CDR_SOURCE_DIGITS, CDR_COLUMN_SRC, ALL, 0,
     .meaning = "MSISDN of the calling or sending party; DATA: the subscriber"},
    {"msisdn_dst", CDR_SOURCE_DIGITS, CDR_COLUMN_DST, OTHER, 0,
     .meaning = "MSISDN of the called or receiving party"},
    {"direction", CDR_SOURCE_SYMBOL, CDR_COLUMN_DIRECTION, ALL, NAMES(cdr_direction_name),
     .meaning = "MO: the owner is msisdn_src; MT: msisdn_dst"},
    {"start_ts_ms", CDR_SOURCE_TIME, CDR_COLUMN_START, ALL, 13, .meaning = "start"},
    {"end_ts_ms", CDR_SOURCE_TIME, CDR_COLUMN_END, ALL, 13, .meaning = "end"},
    {"tz_name", CDR_SOURCE_ZONE, CDR_COLUMN_NONE, ALL, .meaning = "IANA time zone"},
    {"tz_offset_min", CDR_SOURCE_NUMBER, CDR_COLUMN_OFFSET, ALL, 4, true,
     .meaning = "offset of local time from UTC in minutes"},
    {"duration_sec", CDR_SOURCE_NUMBER, CDR_COLUMN_DURATION, ALL, 8, .meaning = "whole seconds"},
    {"mccmnc", CDR_SOURCE_DIGITS, CDR_COLUMN_MCCMNC, ALL, 0, .meaning = "home network"},
    {"imsi", CDR_SOURCE_DIGITS, CDR_COLUMN_IMSI, ALL, 15, .meaning = "of the owner's SIM"},
    {"imei", CDR_SOURCE_DIGITS, CDR_COLUMN_IMEI, ALL, 15, .meaning = "of the owner's device"},
    {"cell_id", CDR_SOURCE_NUMBER, CDR_COLUMN_CELL, ALL, 5, .meaning = "cell at the start"},
    {"record_type", CDR_SOURCE_SYMBOL, CDR_COLUMN_RECORD_TYPE, ALL, NAMES(cdr_record_type_name),
     .meaning = "mscVoiceRecord and the like", .number = "record_type_number"},
    {"cause_for_record_closing", CDR_SOURCE_SYMBOL, CDR_COLUMN_CAUSE, ALL, NAMES(cdr_cause_name),
     .meaning = "normalRelease and the like", .number = "cause_number"},
    {"sms_segments", CDR_SOURCE_NUMBER, CDR_COLUMN_SEGMENTS, SEGMENTS, 3, .meaning = "segments"},
    {"sms_status", CDR_SOURCE_SYMBOL, CDR_COLUMN_SMS_STATUS, STATUS, NAMES(cdr_sms_status_name),
     .meaning = "SENT, DELIVERED, FAILED"},
    {"data_bytes_in", CDR_SOURCE_NUMBER, CDR_COLUMN_BYTES_IN, VOLUMES, 16,
     .meaning = "uplink bytes"},
    {"data_bytes_out", CDR_SOURCE_NUMBER, CDR_COLUMN_BYTES_OUT, VOLUMES, 16,
     .meaning = "downlink bytes"},
    {"data_duration_sec", CDR_SOURCE_NUMBER, CDR_COLUMN_DURATION, VOLUMES, 8,
     .meaning = "as duration_sec"},
    {"apn", CDR_SOURCE_SYMBOL, CDR_COLUMN_APN, ACCESS, NAMES(cdr_apn_name),
     .meaning = "internet, ims, mms"},
    {"rat", CDR_SOURCE_SYMBOL, CDR_COLUMN_RAT, ACCESS, NAMES(cdr_rat_name),
     .meaning = "WCDMA, LTE, NR", .number = "rat_type"},

    {"owner_msisdn", CDR_SOURCE_DIGITS, CDR_COLUMN_OWNER, ALL, 0,
     .meaning = "MSISDN of the record's owner, the key in Kafka"},
    {"other_msisdn", CDR_SOURCE_DIGITS, CDR_COLUMN_OTHER, OTHER, 0,
     .meaning = "MSISDN of the other party"},
    {"mcc", CDR_SOURCE_DIGITS, CDR_COLUMN_MCC, ALL, 3, .meaning = "mobile country code"},
    {"mnc", CDR_SOURCE_DIGITS, CDR_COLUMN_MNC, ALL, 0,
     .meaning = "mobile network code, 2 or 3 digits"},
    {"imei_tac", CDR_SOURCE_DIGITS, CDR_COLUMN_TAC, ALL, 8,
     .meaning = "model of the device: the IMEI's first 8 digits"},
    {"event_ts_ms", CDR_SOURCE_TIME, CDR_COLUMN_EVENT, ALL, 13,
     .meaning = "Kafka's timestamp: the end, or with --order start the start"},
    {"start_local_ms", CDR_SOURCE_LOCAL, CDR_COLUMN_START_LOCAL, ALL, 13,
     .meaning = "start on the local clock"},
    {"end_local_ms", CDR_SOURCE_LOCAL, CDR_COLUMN_END_LOCAL, ALL, 13,
     .meaning = "end on the local clock, by the offset at the start"},
    {"start_ts_sec", CDR_SOURCE_NUMBER, CDR_COLUMN_START_S, ALL, 10,
     .meaning = "start in whole seconds since 1970"},
    {"end_ts_sec", CDR_SOURCE_NUMBER, CDR_COLUMN_END_S, ALL, 10,
     .meaning = "end in whole seconds since 1970"},
    {"start_time", CDR_SOURCE_CLOCK, CDR_COLUMN_START, ALL, 24,
     .meaning = "start as 2025-01-01T00:00:00.000Z; in a number, start_ts_ms"},
    {"end_time", CDR_SOURCE_CLOCK, CDR_COLUMN_END, ALL, 24, .meaning = "end in the same form"},
    {"start_time_local", CDR_SOURCE_CLOCK, CDR_COLUMN_START_LOCAL, ALL, 23,
     .meaning = "start on the local clock, as 2025-01-01T01:00:00.000"},
    {"end_time_local", CDR_SOURCE_CLOCK, CDR_COLUMN_END_LOCAL, ALL, 23,
     .meaning = "end in the same form"},
    {"duration_ms", CDR_SOURCE_NUMBER, CDR_COLUMN_DURATION_MS, ALL, 11,
     .meaning = "duration_sec in milliseconds"},
    {"data_bytes_total", CDR_SOURCE_NUMBER, CDR_COLUMN_BYTES_TOTAL, VOLUMES, 17,
     .meaning = "uplink and downlink bytes together"},
    {"is_mo", CDR_SOURCE_BOOLEAN, CDR_COLUMN_DIRECTION, ALL, NAMES(true_false),
     .meaning = "whether direction is MO"},
    {"is_mt", CDR_SOURCE_BOOLEAN, CDR_COLUMN_DIRECTION, ALL, NAMES(false_true),
     .meaning = "whether direction is MT"},
    {"label", CDR_SOURCE_SYMBOL, CDR_COLUMN_LABEL, ALL, NAMES(behaviours),
     .meaning = "the behaviour that the record is due to, as simbox_naive; else none"},
    {"record_uuid", CDR_SOURCE_UUID, CDR_COLUMN_UUID, ALL, 36,
     .meaning = "a UUID (version 8) that is always the same for the same record"},

    {"call_id", CDR_SOURCE_TEXT, CDR_COLUMN_EVENT_ID, ANSWER, 16,
     .meaning = "16 hexadecimal digits, the same in both records of a call"},
    {"message_id", CDR_SOURCE_TEXT, CDR_COLUMN_EVENT_ID, STATUS, 16,
     .meaning = "16 hexadecimal digits, the same in both records of a message"},
    {"session_id", CDR_SOURCE_TEXT, CDR_COLUMN_EVENT_ID, PARTS, 16,
     .meaning = "16 hexadecimal digits, the same in all parts of a session"},
    {"record_id", CDR_SOURCE_TEXT, CDR_COLUMN_RECORD_ID, ALL, 16,
     .meaning = "16 hexadecimal digits: the record's id, as in the header cdrgen-id"},
    {"answer_ts_ms", CDR_SOURCE_TIME, CDR_COLUMN_ANSWER, ANSWER, 13, .optional = true,
     .meaning = "answer; absent where nobody answered"},
    {"answer_time", CDR_SOURCE_CLOCK, CDR_COLUMN_ANSWER, ANSWER, 24, .optional = true,
     .meaning = "answer as 2025-01-01T00:00:00.000Z; absent where nobody answered"},
    {"ring_sec", CDR_SOURCE_NUMBER, CDR_COLUMN_RING, ANSWER, 6,
     .meaning = "seconds of ringing: until the answer, or where nobody answered all; 0 of busy "
                "lines and failures"},
    {"charge_sec", CDR_SOURCE_NUMBER, CDR_COLUMN_CHARGE, ANSWER, 8,
     .meaning = "chargeable seconds, from the answer on; 0 where nobody answered"},
    {"call_duration", CDR_SOURCE_NUMBER, CDR_COLUMN_CALL_DURATION, ANSWER, 8,
     .meaning = "3GPP's CallDuration: charge_sec, or where nobody answered duration_sec"},
    {"q850_cause", CDR_SOURCE_NUMBER, CDR_COLUMN_Q850, ANSWER, 3,
     .meaning = "cause of the release by Q.850: 16, 17, 19, 21, 27, 31, 34, 41"},
    {"record_type_number", CDR_SOURCE_NUMBER, CDR_COLUMN_RECORD_TYPE_NUMBER, ALL, 3,
     .meaning = "3GPP's RecordType: 0, 1, 83; 21, 22, 200; 18, 85"},
    {"cause_number", CDR_SOURCE_NUMBER, CDR_COLUMN_CAUSE_NUMBER, ALL, 3,
     .meaning = "3GPP's CauseForTerm (CALL: 0, 3, 4) or CauseForRecClosing (0, 4, 17)"},
    {"ims_cause", CDR_SOURCE_NUMBER, CDR_COLUMN_IMS_CAUSE, ANSWER, 1,
     .meaning = "3GPP's CauseForRecordClosing of IMS records: 0 ended well, 1 not delivered"},
    {"role_of_node", CDR_SOURCE_NUMBER, CDR_COLUMN_ROLE, ALL, 1,
     .meaning = "3GPP's Role-of-Node: 0 originating (MO), 1 terminating (MT)"},
    {"rat_type", CDR_SOURCE_NUMBER, CDR_COLUMN_RAT_NUMBER, ALL, 3,
     .meaning = "3GPP's RATType of the cell: 1 UTRAN, 6 EUTRAN, 51 NR"},
    {"sms_result", CDR_SOURCE_NUMBER, CDR_COLUMN_SMS_RESULT, STATUS, 3, .optional = true,
     .meaning = "RP-Cause of a message that failed: 38 MO, 27 MT; else absent"},
    {"charging_id", CDR_SOURCE_NUMBER, CDR_COLUMN_CHARGING_ID, PARTS, 10,
     .meaning = "3GPP's ChargingID: 32 bits, the same in all parts of a session"},
    {"record_sequence_number", CDR_SOURCE_NUMBER, CDR_COLUMN_PART, PARTS, 5, .optional = true,
     .meaning = "number of the part, from 1 on; absent where the session was not cut"},
    {"rating_group", CDR_SOURCE_NUMBER, CDR_COLUMN_RATING_GROUP, ACCESS, 4,
     .meaning = "100 internet, 200 ims, 300 mms"},
    {"qci", CDR_SOURCE_NUMBER, CDR_COLUMN_QCI, ACCESS, 2,
     .meaning = "QCI, on NR the 5QI: 9 internet, 5 ims, 8 mms"},
    {"cell_global_id", CDR_SOURCE_TEXT, CDR_COLUMN_CELL_GLOBAL, ALL, 0,
     .meaning = "first mccmnc and hexadecimal digits: "
                "LAC and CI (WCDMA, 8), ECI (LTE, 7), NCI (NR, 9)"},
    {"imeisv", CDR_SOURCE_DIGITS, CDR_COLUMN_IMEISV, ALL, 16,
     .meaning = "IMEI without check digit, and two digits of the software's version"},
    {"node_id", CDR_SOURCE_TEXT, CDR_COLUMN_NODE, ALL, 0,
     .meaning = "node that wrote the record: cdf-call-3 is that of partition 3"},
    {"local_sequence_number", CDR_SOURCE_NUMBER, CDR_COLUMN_LOCAL_NUMBER, ALL, 10,
     .meaning = "number of the record in its node, from 0 on: its position in the log"},
    {"emission_ts_ms", CDR_SOURCE_TIME, CDR_COLUMN_EMISSION, ALL, 13,
     .meaning = "when the record is emitted: event_ts_ms and the delay"},
    {"delay_ms", CDR_SOURCE_NUMBER, CDR_COLUMN_DELAY, ALL, 9,
     .meaning = "how much later than its event time the record is emitted; 0 of most"},
};
const size_t cdr_source_count = sizeof cdr_sources / sizeof *cdr_sources;

unsigned cdr_column_details(enum cdr_column column)
{
    switch (column) {
    case CDR_COLUMN_RECORD_ID:
    case CDR_COLUMN_Q850:
    case CDR_COLUMN_PART:
    case CDR_COLUMN_EMISSION:
    case CDR_COLUMN_EMISSION_LOCAL:
    case CDR_COLUMN_DELAY:
        return CDR_DETAIL_KEY;
    case CDR_COLUMN_ANSWER:
    case CDR_COLUMN_ANSWER_LOCAL:
    case CDR_COLUMN_RING:
    case CDR_COLUMN_CHARGE:
    case CDR_COLUMN_CALL_DURATION:
        return CDR_DETAIL_ANSWER;
    case CDR_COLUMN_CELL_GLOBAL:
        return CDR_DETAIL_CELL;
    case CDR_COLUMN_LOCAL_NUMBER:
        return CDR_DETAIL_NUMBER;
    case CDR_COLUMN_NODE:
        return CDR_DETAIL_NODE;
    default:
        return 0;
    }
}

static char next_folded(const char **text)
{
    while (**text == '_' || **text == '-')
        (*text)++;
    char c = **text;
    if (c != '\0')
        (*text)++;
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool cdr_name_same(const char *a, const char *b)
{
    char left, right;
    do {
        left = next_folded(&a);
        right = next_folded(&b);
    } while (left == right && left != '\0');
    return left == right;
}

const struct cdr_field_source *cdr_source_find(const char *name, uint32_t type)
{
    for (size_t i = 0; i < cdr_source_count; i++)
        if (strcmp(cdr_sources[i].name, name) == 0)
            return cdr_source_has(&cdr_sources[i], type) ? &cdr_sources[i] : NULL;
    for (size_t i = 0; i < cdr_source_count; i++)
        if (cdr_name_same(cdr_sources[i].name, name) && cdr_source_has(&cdr_sources[i], type))
            return &cdr_sources[i];
    return NULL;
}

#define RECORD_TYPES(TYPE, word, Record, said, parties, holds, records, ...) records,
#define CAUSES(TYPE, word, Record, said, parties, holds, records, causes, ...) causes,

bool cdr_source_occurs(const struct cdr_field_source *source, uint32_t type, uint32_t i)
{
    static const unsigned record_types[CDR_TYPE_COUNT] = {CDR_TYPES(RECORD_TYPES)};
    static const unsigned causes[CDR_TYPE_COUNT] = {CDR_TYPES(CAUSES)};
    switch (source->column) {
    case CDR_COLUMN_TYPE:
        return i == type;
    case CDR_COLUMN_RECORD_TYPE:
        return (record_types[type] >> i & 1) != 0;
    case CDR_COLUMN_CAUSE:
        return (causes[type] >> i & 1) != 0;
    case CDR_COLUMN_DIRECTION:
        return cdr_type_has(type, CDR_HOLDS_OTHER) || i == CDR_DIRECTION_MO;
    default:
        return i < source->count;
    }
}

const char *cdr_source_describe(const struct cdr_field_source *source)
{
    switch (source->kind) {
    case CDR_SOURCE_DIGITS:
        return "digits";
    case CDR_SOURCE_NUMBER:
        return "a number";
    case CDR_SOURCE_TIME:
    case CDR_SOURCE_LOCAL:
        return "a time in milliseconds";
    case CDR_SOURCE_BOOLEAN:
        return "true or false";
    case CDR_SOURCE_SYMBOL:
        return "a symbol";
    case CDR_SOURCE_UUID:
        return "a UUID";
    default:
        return "a text";
    }
}

static bool is_of(const struct cdr_field_source *source, uint32_t type)
{
    return type == CDR_TYPE_COUNT || cdr_source_has(source, type);
}

const char *cdr_source_near(const char *name, uint32_t type)
{
    struct cdr_suggestion near = {.given = name};
    for (size_t i = 0; i < cdr_source_count; i++)
        if (is_of(&cdr_sources[i], type))
            cdr_suggest(&near, cdr_sources[i].name);
    return near.best;
}

void cdr_source_list(uint32_t type, char *text, size_t text_max)
{
    static const char more[] = " and others that docs/schemas.md lists";
    size_t len = 0;
    text[0] = '\0';
    for (size_t i = 0; i < cdr_source_count; i++) {
        const char *name = cdr_sources[i].name;
        if (!is_of(&cdr_sources[i], type))
            continue;
        if (len + strlen(name) + 2 + sizeof more > text_max) {
            snprintf(text + len, text_max - len, "%s", more);
            return;
        }
        len += (size_t)snprintf(text + len, text_max - len, "%s%s", len == 0 ? "" : ", ", name);
    }
}
