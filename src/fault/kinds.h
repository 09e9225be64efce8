/* What the files of the kinds share, and the list of them. */
#ifndef CDR_FAULT_KINDS_H
#define CDR_FAULT_KINDS_H

#include "fault/fault.h"

#include <stdio.h>

/* X(ID, name): a file for each. */
#define CDR_FAULT_FILES(X)                                                                         \
    X(NO_VALUE, null)                                                                              \
    X(EMPTY, empty)                                                                                \
    X(TRUNCATE, truncate)                                                                          \
    X(GARBAGE, garbage)                                                                            \
    X(BITFLIP, bitflip)                                                                            \
    X(MAGIC, magic)                                                                                \
    X(UNKNOWN_SCHEMA, unknown_schema)                                                              \
    X(WRONG_SCHEMA, wrong_schema)                                                                  \
    X(BAD_TEXT, bad_text)                                                                          \
    X(OVERSIZE, oversize)                                                                          \
    X(NULL_KEY, null_key)                                                                          \
    X(WRONG_KEY, wrong_key)                                                                        \
    X(CLOCK, clock)                                                                                \
    X(VALUE, value)                                                                                \
    X(CONFLICT, conflict)

#define CDR_FAULT_FILE(ID, name) extern const struct cdr_fault_ops cdr_fault_##name;
CDR_FAULT_FILES(CDR_FAULT_FILE)
#undef CDR_FAULT_FILE

/* Says what the fault was, where somebody asks. */
void cdr_fault_say(const struct cdr_fault_target *target, const char *field, const char *expected,
                   const char *found);
void cdr_fault_say_number(const struct cdr_fault_target *target, const char *field,
                          int64_t expected, int64_t found);
void cdr_fault_say_key(const struct cdr_fault_target *target, const char *found);
/* Of the payload: it will have so many bytes. */
void cdr_fault_say_length(const struct cdr_fault_target *target, uint32_t len);

/* Records are lines of text. */
bool cdr_fault_is_text(const struct cdr_fault_target *target);
/* The first byte of a framed record: the magic byte, with the schema's id after it. */
uint8_t *cdr_fault_frame(const struct cdr_fault_target *target);
void cdr_fault_set_schema_id(const struct cdr_fault_target *target, uint32_t id);

#endif
