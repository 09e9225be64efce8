/* The kinds of faults: a row each. Names, options, messages, documents and the calls of
 * src/fault/NAME.c follow from the rows.
 *
 * X(ID, name, number, traits, what it is). The number names the kind in draws and entries: it is
 * never reused or changed. Faults of the payload have 1 … 14; of those that a record drew, the
 * first row wins.
 */
#ifndef CDR_MODEL_FAULT_TABLE_H
#define CDR_MODEL_FAULT_TABLE_H

enum cdr_fault_trait {
    CDR_FAULT_PAYLOAD = 1u << 0,  /* of a record's columns, bytes or key: number 1 … 14 */
    CDR_FAULT_MESSAGES = 1u << 1, /* only messages can have it: not lines, not files */
    CDR_FAULT_TEARS = 1u << 2,    /* no container of Avro data can have it */
    CDR_FAULT_FRAMED = 1u << 3,   /* only values that begin with the id of their schema */
    CDR_FAULT_LINES = 1u << 4,    /* only formats that are text */
    CDR_FAULT_KEYS = 1u << 5,     /* only keys that are text */
    CDR_FAULT_EXTRA = 1u << 6,    /* an entry more, with a payload of its own: number 15 */
    CDR_FAULT_DELIVERY = 1u << 7, /* of transactions: the dataset does not know of it */
};

#define CDR_FAULTS(X)                                                                              \
    X(NO_VALUE, null, 1, CDR_FAULT_PAYLOAD | CDR_FAULT_MESSAGES, "a message without a value")      \
    X(EMPTY, empty, 3, CDR_FAULT_PAYLOAD | CDR_FAULT_TEARS, "a value of no bytes")                 \
    X(TRUNCATE, truncate, 2, CDR_FAULT_PAYLOAD | CDR_FAULT_TEARS,                                  \
      "a payload that is cut off somewhere")                                                       \
    X(GARBAGE, garbage, 4, CDR_FAULT_PAYLOAD | CDR_FAULT_TEARS, "1 to 16 bytes after the payload") \
    X(BITFLIP, bitflip, 5, CDR_FAULT_PAYLOAD | CDR_FAULT_TEARS, "one bit of the payload changed")  \
    X(MAGIC, magic, 6, CDR_FAULT_PAYLOAD | CDR_FAULT_FRAMED,                                       \
      "another first byte than 0, and the schema id 0")                                            \
    X(UNKNOWN_SCHEMA, unknown_schema, 7, CDR_FAULT_PAYLOAD | CDR_FAULT_FRAMED,                     \
      "a schema id that the registry does not have, from 2130706432 on")                           \
    X(WRONG_SCHEMA, wrong_schema, 8, CDR_FAULT_PAYLOAD | CDR_FAULT_FRAMED,                         \
      "the schema id of another type's records")                                                   \
    X(BAD_TEXT, bad_text, 9, CDR_FAULT_PAYLOAD | CDR_FAULT_LINES,                                  \
      "CSV: a column too few or too many, an open quote, CRLF; JSON: NaN, a number as text, a "    \
      "key twice, a comma before the end, invalid UTF-8")                                          \
    X(OVERSIZE, oversize, 10, CDR_FAULT_PAYLOAD | CDR_FAULT_TEARS,                                 \
      "a payload padded to oversize_bytes: lines with spaces, Avro with zeros")                    \
    X(NULL_KEY, null_key, 11, CDR_FAULT_PAYLOAD | CDR_FAULT_MESSAGES,                              \
      "a message without a key, in the owner's partition")                                         \
    X(WRONG_KEY, wrong_key, 12, CDR_FAULT_PAYLOAD | CDR_FAULT_MESSAGES | CDR_FAULT_KEYS,           \
      "the other party's number as the key, or of sessions the IMSI; in the owner's partition")    \
    X(CLOCK, clock, 13, CDR_FAULT_PAYLOAD | CDR_FAULT_MESSAGES,                                    \
      "times an hour ahead or behind; or a message timestamp in seconds, or 1 ms after 1970")      \
    X(VALUE, value, 14, CDR_FAULT_PAYLOAD,                                                         \
      "the end before the start, a duration that is not end less start, an IMEI with a wrong "     \
      "check digit, or a cell (99999) that is not in the catalogue; in text also a negative "      \
      "duration, a direction MX, or in CSV a plus before the duration")                            \
    X(CONFLICT, conflict, 15, CDR_FAULT_EXTRA,                                                     \
      "the record again, right after itself, with another duration or volume")                     \
    X(DUPLICATE, duplicate, 16, 0, "the same record once more, right after itself")                \
    X(MISSING, missing, 17, 0, "a record that does not come")                                      \
    X(SWAP, swap, 18, 0, "a record that changed places with the next one")                         \
    X(LATE_DUPLICATE, late_duplicate, 19, 0,                                                       \
      "a good record once more, after others: after duplicate_delay in the mean")                  \
    X(OUTAGE, outage, 20, 0,                                                                       \
      "the records of one of 16 network elements of a type, held back for outage_hours, then all " \
      "at once")                                                                                   \
    X(LATE, late, 21, 0, "a record that comes late, after late_mean in the mean")                  \
    X(ABORTED, aborted, 22, CDR_FAULT_MESSAGES | CDR_FAULT_DELIVERY,                               \
      "of transactions: the records are first sent in another one, which is aborted")

#define CDR_FAULT_ID(ID, ...) CDR_FAULT_##ID,
enum cdr_fault { CDR_FAULTS(CDR_FAULT_ID) CDR_FAULT_COUNT };
#undef CDR_FAULT_ID

extern const char *const cdr_fault_name[CDR_FAULT_COUNT + 1]; /* ended by NULL */
extern const unsigned cdr_fault_traits[CDR_FAULT_COUNT];
extern const char *const cdr_fault_help[CDR_FAULT_COUNT];

#endif
