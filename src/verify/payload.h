/* Payloads as far as a comparison needs to look into them: where an Avro datum ends, and, for
 * records out of files, which have neither key nor timestamp, what these would be.
 *
 * A cdr_payloads says what payloads are like. Immutable once open; serves all threads.
 */
#ifndef CDR_VERIFY_PAYLOAD_H
#define CDR_VERIFY_PAYLOAD_H

#include "encode/encoder.h"
#include "encode/schema.h"
#include "verify/record.h"

struct cdr_payloads {
    const char *format; /* csv avro json */
    enum cdr_order order;
    const struct cdr_encoder *encoders[CDR_TYPE_COUNT];
    const char *schema_texts[CDR_TYPE_COUNT];
    bool own[CDR_TYPE_COUNT]; /* the schema is not the built-in one */
    /* What messages have besides; set by who opened, where they do. */
    struct cdr_envelope envelopes[CDR_TYPE_COUNT];
    const char *key_texts[CDR_TYPE_COUNT];     /* schemas of keys; borrowed */
    struct cdr_schema schemas[CDR_TYPE_COUNT]; /* where it is not */
};

/* Encoders and texts are borrowed; schema_texts NULL, or one of them: built-in. Close also after an
 * error. Errors: CDR_E_CONFIG, CDR_E_NOMEM. */
enum cdr_result cdr_payloads_open(struct cdr_payloads *payloads,
                                  const struct cdr_encoder *const encoders[CDR_TYPE_COUNT],
                                  enum cdr_order order,
                                  const char *const schema_texts[CDR_TYPE_COUNT],
                                  struct cdr_error *error);
void cdr_payloads_close(struct cdr_payloads *payloads);

/* Bytes of the Avro datum of a type (CDR_TYPE_*) that starts at bytes; 0 where there is none in n
 * bytes. */
size_t cdr_avro_datum_len(const struct cdr_payloads *payloads, uint32_t type, const uint8_t *bytes,
                          size_t n);

/* Sets key (to key_text) and event_ms of a record from its payload; what cannot be found stays as
 * it was. Of users' own schemas, where the names of fields say nothing: the first text of digits
 * and the first number that can be a time. */
void cdr_payload_guess(const struct cdr_payloads *payloads, uint32_t type,
                       struct cdr_record *record, char key_text[16]);

#endif
