/* Payloads field by field, for people: CSV by its columns, JSON by jansson, Avro by avro-c and the
 * schema. */
#ifndef CDR_VERIFY_FIELDS_H
#define CDR_VERIFY_FIELDS_H

#include "verify/payload.h"

#define CDR_FIELDS_MAX 32

struct cdr_field {
    char name[48];
    char value[160]; /* longer ones are cut, with "..." */
};

struct cdr_fields {
    unsigned version; /* whose schema the payload was read by (encode/change.h) */
    uint32_t n;
    struct cdr_field items[CDR_FIELDS_MAX];
};

/* A record is read by the schema that it should have, and, where it cannot be, by the other
 * version's. False where its payload is not a record of the format and type: then the one field
 * "payload" has it as text, what is not printable as \xNN. */
bool cdr_fields_decode(struct cdr_fields *fields, const struct cdr_payloads *payloads,
                       uint32_t type, const struct cdr_record *record);
/* The record's key: a field "key", or one for each of its schema's ("key.msisdn"). */
void cdr_fields_key(struct cdr_fields *fields, const struct cdr_payloads *payloads, uint32_t type,
                    const struct cdr_record *record);
/* Its headers ("header.rat"), those that were asked for. */
void cdr_fields_headers(struct cdr_fields *fields, const struct cdr_payloads *payloads,
                        uint32_t type, const struct cdr_record *record);
/* The value of a field, or NULL. */
const char *cdr_fields_find(const struct cdr_fields *fields, const char *name);

/* Bytes as text: printable ones as they are, others as \xNN; cut with "...". */
void cdr_bytes_text(char *text, size_t size, const uint8_t *bytes, size_t n);

#endif
