/* Sources: what a field of a user's schema can be filled from. The 22 fields of the CSV, and values
 * derived from them; docs/schemas.md lists them for users.
 */
#ifndef CDR_SCHEMA_SOURCE_H
#define CDR_SCHEMA_SOURCE_H

#include "model/record.h"

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
    CDR_COLUMN_UUID,
};

/* Of symbols: at most so many, a power of two above every enumeration of the model's. */
enum { CDR_SOURCE_SYMBOLS_MAX = 8 };

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
};

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
/* "text of digits", "number": for messages. */
const char *cdr_source_describe(const struct cdr_field_source *source);
/* All names of the type's sources, separated by ", ", cut to room. */
void cdr_source_list(uint32_t type, char *text, size_t text_max);

#endif
