/* Sources: what a field of a user's schema can be filled from. The 22 fields of the CSV, values
 * derived from them, and what else is known of a record; docs/schemas.md lists them for users.
 */
#ifndef CDR_SCHEMA_SOURCE_H
#define CDR_SCHEMA_SOURCE_H

#include "model/details.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cdr_source_kind {
    CDR_SOURCE_DIGITS,  /* text of decimal digits */
    CDR_SOURCE_NUMBER,  /* whole number */
    CDR_SOURCE_TIME,    /* milliseconds since 1970 UTC */
    CDR_SOURCE_LOCAL,   /* the same of the local wall clock */
    CDR_SOURCE_SYMBOL,  /* one of a few names */
    CDR_SOURCE_BOOLEAN, /* a symbol, false or true */
    CDR_SOURCE_ZONE,    /* the zone's name, the same in all records */
    CDR_SOURCE_CLOCK,   /* text of a time, 2025-01-01T00:00:00.000 and a Z where it is UTC */
    CDR_SOURCE_UUID,
    CDR_SOURCE_TEXT, /* at most 15 characters of ASCII, or always 16 */
};

/* Where the value of a record comes from. */
enum cdr_column {
    CDR_COLUMN_NONE,
    CDR_COLUMN_SRC,
    CDR_COLUMN_DST,
    CDR_COLUMN_OWNER,
    CDR_COLUMN_OTHER,
    CDR_COLUMN_MCCMNC,
    CDR_COLUMN_MCC,
    CDR_COLUMN_MNC,
    CDR_COLUMN_IMSI,
    CDR_COLUMN_IMEI,
    CDR_COLUMN_TAC,
    CDR_COLUMN_START,
    CDR_COLUMN_END,
    CDR_COLUMN_EVENT,
    CDR_COLUMN_START_LOCAL,
    CDR_COLUMN_END_LOCAL,
    CDR_COLUMN_EVENT_LOCAL,
    CDR_COLUMN_START_S,
    CDR_COLUMN_END_S,
    CDR_COLUMN_OFFSET,
    CDR_COLUMN_DURATION,
    CDR_COLUMN_DURATION_MS,
    CDR_COLUMN_CELL,
    CDR_COLUMN_SEGMENTS,
    CDR_COLUMN_BYTES_IN,
    CDR_COLUMN_BYTES_OUT,
    CDR_COLUMN_BYTES_TOTAL,
    CDR_COLUMN_TYPE,
    CDR_COLUMN_DIRECTION,
    CDR_COLUMN_RECORD_TYPE,
    CDR_COLUMN_CAUSE,
    CDR_COLUMN_SMS_STATUS,
    CDR_COLUMN_APN,
    CDR_COLUMN_RAT,
    CDR_COLUMN_LABEL,
    CDR_COLUMN_UUID,
    /* What a record's details tell (model/details.h), and what follows from other columns. */
    CDR_COLUMN_EVENT_ID,
    CDR_COLUMN_RECORD_ID,
    CDR_COLUMN_ANSWER,
    CDR_COLUMN_ANSWER_LOCAL,
    CDR_COLUMN_RING,
    CDR_COLUMN_CHARGE,
    CDR_COLUMN_CALL_DURATION,
    CDR_COLUMN_Q850,
    CDR_COLUMN_RECORD_TYPE_NUMBER,
    CDR_COLUMN_CAUSE_NUMBER,
    CDR_COLUMN_IMS_CAUSE,
    CDR_COLUMN_ROLE,
    CDR_COLUMN_RAT_NUMBER,
    CDR_COLUMN_SMS_RESULT,
    CDR_COLUMN_CHARGING_ID,
    CDR_COLUMN_PART,
    CDR_COLUMN_RATING_GROUP,
    CDR_COLUMN_QCI,
    CDR_COLUMN_CELL_GLOBAL,
    CDR_COLUMN_IMEISV,
    CDR_COLUMN_NODE,
    CDR_COLUMN_LOCAL_NUMBER,
    CDR_COLUMN_EMISSION,
    CDR_COLUMN_EMISSION_LOCAL,
    CDR_COLUMN_DELAY,
};

/* Of symbols: at most so many, a power of two above every enumeration of the model's. */
enum { CDR_SOURCE_SYMBOLS_MAX = 16 };

struct cdr_field_source {
    const char *name;
    enum cdr_source_kind kind;
    enum cdr_column column;
    unsigned needs;           /* of enum cdr_holds: what records must hold to have it */
    uint32_t digits;          /* of numbers: at most; of texts: exactly, 0 where it varies */
    bool is_signed;           /* of numbers */
    const char *const *names; /* of symbols */
    uint32_t count;
    const char *meaning;
    bool optional;      /* of numbers and times: some records have none (CDR_ABSENT) */
    const char *number; /* of symbols: the source of 3GPP's number of the symbol, or NULL */
};

/* What stands for a number that a record does not have. */
#define CDR_ABSENT INT64_MIN

extern const struct cdr_field_source cdr_sources[];
extern const size_t cdr_source_count;

static inline bool cdr_source_has(const struct cdr_field_source *source, uint32_t type)
{
    return (source->needs & ~cdr_type_holds(type)) == 0;
}

/* By exact name, else by cdr_name_same; NULL where records of the type have no such source. */
const struct cdr_field_source *cdr_source_find(const char *name, uint32_t type);
/* Whether records of the type can hold symbol i of the source. */
bool cdr_source_occurs(const struct cdr_field_source *source, uint32_t type, uint32_t i);
/* Whether two names differ in case, '_' and '-' only: msisdnSrc and msisdn_src. */
bool cdr_name_same(const char *a, const char *b);
/* What blocks must be filled with (enum cdr_detail) to have the column. */
unsigned cdr_column_details(enum cdr_column column);
/* "text of digits", "number": for messages. */
const char *cdr_source_describe(const struct cdr_field_source *source);
/* The name of a source of the type that is nearest to another name, NULL where none is near. Type
 * CDR_TYPE_COUNT: of all sources. */
const char *cdr_source_near(const char *name, uint32_t type);
/* All names of the type's sources, or of all, separated by ", "; as many as there is room for. */
void cdr_source_list(uint32_t type, char *text, size_t text_max);

#endif
