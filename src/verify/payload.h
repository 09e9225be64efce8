/* Payloads as far as a comparison needs to look into them: where an Avro datum ends, and, for
 * records out of files, which have neither key nor timestamp, what these would be. */
#ifndef CDR_VERIFY_PAYLOAD_H
#define CDR_VERIFY_PAYLOAD_H

#include "model/parameters.h"
#include "verify/record.h"

/* Bytes of the datum of the built-in schema of a type (CDR_TYPE_*) that starts at bytes; 0 where
 * there is none in n bytes. */
size_t cdr_avro_datum_len(uint32_t type, const uint8_t *bytes, size_t n);

/* Sets key (to key_text) and event_ms of a record from its payload; what cannot be found stays as
 * it was. format: csv, avro, json. */
void cdr_payload_guess(const char *format, uint32_t type, enum cdr_order order,
                       struct cdr_record *record, char key_text[16]);

#endif
