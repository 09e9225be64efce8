/* Headers of messages: chosen fields of the record as texts, as CSV writes them.
 *
 * A list such as "direction,rat,trace=record_uuid" names sources (source.h), each by its own name
 * or renamed. It is compiled as a schema of strings is, so the headers of a record are the bytes of
 * such a datum: for each header its length, as Avro writes lengths, and its text. A source that
 * records of a type lack is left out of that type's.
 */
#ifndef CDR_ENCODE_HEADERS_H
#define CDR_ENCODE_HEADERS_H

#include "encode/encoder.h"
#include "schema/varint.h"

enum {
    CDR_HEADERS_MAX = 32,
    CDR_HEADER_NAME_MAX = 127, /* bytes */
};

struct cdr_headers {
    struct cdr_encoder *encoder; /* NULL: the type has none of them */
    uint32_t count;
    const char *names[CDR_HEADERS_MAX]; /* in texts, in the order of the list */
    char *texts;
    char *list; /* as given; NULL: none */
};

/* Whether the list can be read: names are known, none is there twice. Errors: CDR_E_CONFIG with a
 * clause. */
enum cdr_result cdr_headers_check(const char *list, struct cdr_error *error);
/* Of the records of a type; list NULL: none. Free also after an error. Errors: those of check,
 * CDR_E_NOMEM. */
enum cdr_result cdr_headers_create(struct cdr_headers *headers, const char *list, uint32_t type,
                                   const char *tz_name, struct cdr_error *error);
void cdr_headers_free(struct cdr_headers *headers);

/* The length of the header that begins at *at, which moves to its text. The bytes must be the
 * encoder's. */
static inline uint32_t cdr_header_take(const uint8_t **at)
{
    return (uint32_t)cdr_own_varint(at);
}

#endif
