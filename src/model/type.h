/* The types of records: a row each. Whatever lists types is made from the rows: numbers, names,
 * topics, built-in schemas, options with their defaults, and what a type's records hold.
 *
 * A new type is a row at the end, schemas/cdr_WORD.avsc, and its model: how many of its events
 * there are, when, and how they end and last in event_loop.h, finish_WORD in materialise_loop.h.
 */
#ifndef CDR_MODEL_TYPE_H
#define CDR_MODEL_TYPE_H

#include <stdbool.h>
#include <stdint.h>

/* X of every row, with AND between them and LAST before the last one. Its arguments:
 *   TYPE       event_type, and CDR_TYPE_TYPE
 *   word       of topics, options, schemas and sections of mappings
 *   Record     full name's last part where --fields makes the schema
 *   said       the word in a sentence
 *   parties    TWO: a subscriber with another party, and where that is a subscriber, too, each has
 *              a record. ONE: the subscriber alone
 *   holds      of enum cdr_holds: what its records hold besides
 *   records    bits 1 << CDR_RECORD_*: what record_type can be
 *   causes     bits 1 << CDR_CAUSE_*: what cause_for_record_closing can be
 *   mean       default of the records a subscriber and day
 *   key, flag  of the setting of that mean
 *   counted    what it counts
 *   id, next   default ids of its schema and its next schema, none of which another one has
 */
/* clang-format off */
#define CDR_TYPES_JOINED(X, AND, LAST)                                                             \
    X(CALL, call, Call, "call", TWO, CDR_HOLDS_ANSWER,                              \
      1u << CDR_RECORD_MSC_VOICE | 1u << CDR_RECORD_MMTEL,                                         \
      1u << CDR_CAUSE_NORMAL_RELEASE | 1u << CDR_CAUSE_NO_ANSWER | 1u << CDR_CAUSE_BUSY |          \
          1u << CDR_CAUSE_FAILURE | 1u << CDR_CAUSE_ABNORMAL_RELEASE,                              \
      3.5, "avg_calls_per_user", "calls", "call records", 1, 7)                                    \
    AND                                                                                            \
    X(SMS, sms, Sms, "SMS", TWO, CDR_HOLDS_SEGMENTS | CDR_HOLDS_STATUS,                            \
      1u << CDR_RECORD_SGSN_SMO | 1u << CDR_RECORD_SGSN_SMT | 1u << CDR_RECORD_CHF,                \
      1u << CDR_CAUSE_DELIVERY_SUCCESS | 1u << CDR_CAUSE_DELIVERY_FAILURE,                         \
      5.2, "avg_sms_per_user", "sms", "SMS records", 2, 8)                                         \
    LAST                                                                                           \
    X(DATA, data, Data, "data", ONE, CDR_HOLDS_VOLUMES | CDR_HOLDS_ACCESS | CDR_HOLDS_PARTS,       \
      1u << CDR_RECORD_SGSN_PDP | 1u << CDR_RECORD_PGW | 1u << CDR_RECORD_CHF,                     \
      1u << CDR_CAUSE_NORMAL_RELEASE | 1u << CDR_CAUSE_PARTIAL_RECORD |                            \
          1u << CDR_CAUSE_TIME_LIMIT | 1u << CDR_CAUSE_ABNORMAL_RELEASE,                           \
      12.0, "avg_data_sessions_per_user", "sessions", "data sessions", 3, 9)
/* clang-format on */
#define CDR_TYPES(X) CDR_TYPES_JOINED(X, , )

#define CDR_TYPE_NUMBER(TYPE, ...) CDR_TYPE_##TYPE,
enum { CDR_TYPES(CDR_TYPE_NUMBER) CDR_TYPE_COUNT };
#undef CDR_TYPE_NUMBER

/* Which of a block's columns a type has that others have not, and what follows from them. */
enum cdr_holds {
    CDR_HOLDS_OTHER = 1u << 0,    /* msisdn_dst, of two parties; direction can be MT */
    CDR_HOLDS_SEGMENTS = 1u << 1, /* sms_segments */
    CDR_HOLDS_STATUS = 1u << 2,   /* sms_status */
    CDR_HOLDS_VOLUMES = 1u << 3,  /* data_bytes_in, data_bytes_out, data_duration_sec */
    CDR_HOLDS_ACCESS = 1u << 4,   /* apn and rat; events have the best rat of the device */
    CDR_HOLDS_PARTS = 1u << 5,    /* long events are cut into partial records */
    CDR_HOLDS_ANSWER = 1u << 6,   /* they ring, and are answered or not */
};
enum { CDR_PARTIES_ONE = 0, CDR_PARTIES_TWO = CDR_HOLDS_OTHER };

/* Bits of enum cdr_holds. A comparison, and no table, where the type or the bits are constant. */
#define CDR_TYPE_HOLDS(TYPE, word, Record, said, parties, holds, ...)                              \
    (type == CDR_TYPE_##TYPE ? CDR_PARTIES_##parties | (holds) : 0u)
static inline unsigned cdr_type_holds(uint32_t type)
{
    return CDR_TYPES_JOINED(CDR_TYPE_HOLDS, |, |);
}
#undef CDR_TYPE_HOLDS

/* For loops over events, where the bits are constant and the type is not. */
#define CDR_TYPE_HAS(TYPE, word, Record, said, parties, holds, ...)                                \
    (type == CDR_TYPE_##TYPE && ((CDR_PARTIES_##parties | (holds)) & bit) != 0)
static inline bool cdr_type_has(uint32_t type, enum cdr_holds bit)
{
    return CDR_TYPES_JOINED(CDR_TYPE_HAS, ||, ||);
}
#undef CDR_TYPE_HAS

/* By CDR_TYPE_*. */
extern const char *const cdr_type_name[CDR_TYPE_COUNT];   /* CALL SMS DATA */
extern const char *const cdr_type_word[CDR_TYPE_COUNT];   /* call sms data */
extern const char *const cdr_type_record[CDR_TYPE_COUNT]; /* Call Sms Data */

/* Their words in a text that is constant: CDR_TYPE_WORDS(", ", " and "). */
#define CDR_TYPE_WORD(TYPE, word, ...) #word
#define CDR_TYPE_WORDS(AND, LAST) CDR_TYPES_JOINED(CDR_TYPE_WORD, AND, LAST)

#endif
