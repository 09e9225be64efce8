/* How payloads of one format are looked into: for records out of files, which have neither key nor
 * timestamp, and for people. Each of CDR_FORMATS is a file that defines its row,
 * verify/payload_NAME.c.
 *
 * Bytes may be anybody's: no function reads outside of them, whatever they hold.
 */
#ifndef CDR_VERIFY_PAYLOAD_FORMAT_H
#define CDR_VERIFY_PAYLOAD_FORMAT_H

#include "verify/fields.h"

/* A field of a record, as it stands there. */
struct cdr_span {
    const char *text; /* NULL: absent, or no text */
    size_t len;
    bool is_number;
    int64_t number;
};

/* The first fields of the built-in schemas, in their order. */
enum {
    CDR_SPAN_EVENT_TYPE,
    CDR_SPAN_SOURCE,
    CDR_SPAN_DESTINATION,
    CDR_SPAN_DIRECTION, /* MO or MT */
    CDR_SPAN_START,
    CDR_SPAN_END,
    CDR_SPANS
};

/* What a schema of a user's own, where the names of fields say nothing, is searched for. */
struct cdr_searched {
    struct cdr_span key; /* the first text of digits */
    int64_t time;        /* the first number that can be a time; CDR_NO_TIME: none */
};

struct cdr_payload_format {
    const char *name; /* the encoder's */
    /* By the built-in schema. False: it is no such record; spans may be set in part. */
    bool (*scan)(uint32_t type, const uint8_t *bytes, size_t n, struct cdr_span spans[CDR_SPANS]);
    /* By another one. False: it is no such record. */
    bool (*search)(const struct cdr_payload_shape *shape, const uint8_t *bytes, size_t n,
                   struct cdr_searched *found);
    /* Adds every field. False: it is no such record; some may have been added. */
    bool (*decode)(struct cdr_fields *fields, const struct cdr_payload_shape *shape,
                   const uint8_t *bytes, size_t n);
};

#define CDR_PAYLOAD_FORMAT(name) extern const struct cdr_payload_format cdr_payload_##name;
CDR_FORMATS(CDR_PAYLOAD_FORMAT)
#undef CDR_PAYLOAD_FORMAT

/* Milliseconds, or, at the other end, nanoseconds, since 1970. */
#define CDR_TIME_MIN INT64_C(100000000000)

/* Digits that an MSISDN can have. */
static inline bool cdr_span_is_digits(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return len >= 8 && len <= 15;
}

/* Sets number from the text, where it is one of up to 18 digits. */
static inline bool cdr_span_number(struct cdr_span *span)
{
    int64_t sum = 0;
    if (span->text == NULL || span->len == 0 || span->len > 18)
        return false;
    for (size_t i = 0; i < span->len; i++) {
        if (span->text[i] < '0' || span->text[i] > '9')
            return false;
        sum = 10 * sum + (span->text[i] - '0');
    }
    span->number = sum;
    return span->is_number = true;
}

/* The next field, for its value to be set; NULL where there are too many, which are left out. */
struct cdr_field *cdr_fields_add(struct cdr_fields *fields, const char *name, size_t name_len);
/* The fields of an Avro datum by a schema's text; of one that is no record, one without a name. */
bool cdr_fields_decode_avro(struct cdr_fields *fields, const char *schema_text,
                            const uint8_t *bytes, size_t n);

#endif
