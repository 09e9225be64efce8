/* Payloads as far as a comparison needs to look into them: where an Avro datum ends, and, for
 * records out of files, which have neither key nor timestamp, what these would be.
 *
 * A cdr_payloads says what payloads are like. Immutable once open; serves all threads.
 */
#ifndef CDR_VERIFY_PAYLOAD_H
#define CDR_VERIFY_PAYLOAD_H

#include "encode/topic.h"
#include "schema/schema.h"
#include "verify/record.h"

struct cdr_payload_format; /* verify/payload_format.h */

/* What the payloads of one type and version look like. */
struct cdr_payload_shape {
    uint32_t type;
    const struct cdr_encoder *encoder; /* NULL: there is no such version */
    const char *schema_text;           /* of Avro */
    bool own; /* payloads are searched by their schema: it is not one that a loop writes */
    struct cdr_schema schema; /* where it is not */
};

struct cdr_payloads {
    const struct cdr_payload_format *format;
    enum cdr_order order;
    const struct cdr_topics *topics; /* of records; borrowed */
    struct cdr_payload_topic {
        int64_t change_ms; /* CDR_CHANGE_NEVER: there is one version */
        struct cdr_payload_shape shapes[CDR_VERSIONS];
    } * items; /* of each of them */
};

/* Close also after an error. Errors: CDR_E_CONFIG, CDR_E_NOMEM. */
enum cdr_result cdr_payloads_open(struct cdr_payloads *payloads, const struct cdr_topics *topics,
                                  enum cdr_order order, struct cdr_error *error);
void cdr_payloads_close(struct cdr_payloads *payloads);

/* The version that a record should have. */
static inline unsigned cdr_payload_version(const struct cdr_payloads *payloads, uint32_t type,
                                           const struct cdr_record *record)
{
    return record->file_version > 0 ? record->file_version - 1
                                    : record->event_ms >= payloads->items[type].change_ms;
}

/* Bytes of the Avro datum of a type (CDR_TYPE_*) and version that starts at bytes; 0 where there is
 * none in n bytes. */
size_t cdr_avro_datum_len(const struct cdr_payloads *payloads, uint32_t type, unsigned version,
                          const uint8_t *bytes, size_t n);

/* Sets key (to key_text) and event_ms of a record from its payload; what cannot be found stays as
 * it was. Of users' own schemas, where the names of fields say nothing: the first text of digits
 * and the first number that can be a time. */
void cdr_payload_guess(const struct cdr_payloads *payloads, uint32_t type,
                       struct cdr_record *record, char key_text[16]);

#endif
