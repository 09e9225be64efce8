/* Constants as text: what constant.c made of a default or a mapping, in Avro's binary form, becomes
 * JSON or a cell of CSV.
 *
 * JSON is what Kafka Connect's JSON converter and ksqlDB read: a union is its value or null; bytes
 * and fixed are base64 in a string, a fixed of logical type uuid the UUID's text; a decimal is a
 * number with all digits of its scale; an enum is its symbol. float and double have the fewest
 * digits that are read as the same number.
 * A cell of CSV (RFC 4180, separated by ;) has the same values without the quotes, null as nothing,
 * the empty text as "", and arrays, maps and records as JSON.
 */
#ifndef CDR_SCHEMA_TEXT_VALUE_H
#define CDR_SCHEMA_TEXT_VALUE_H

#include "schema/constant.h"

/* What a program writes. */
enum cdr_form {
    CDR_FORM_AVRO,
    CDR_FORM_JSON,
    CDR_FORM_CSV,
};

/* Puts the value of the node that begins at *at and moves *at after it. The bytes must be whole.
 * Errors: CDR_E_CONFIG with a clause where the text grows too long, or cannot be in CSV;
 * CDR_E_NOMEM. */
enum cdr_result cdr_text_value_put(struct cdr_bytes *to, enum cdr_form form,
                                   const struct cdr_schema_node *node, const uint8_t **at,
                                   struct cdr_error *error);

/* Base64 of n bytes with its padding, 4 × ceil(n / 3) characters; returns their number. */
uint32_t cdr_base64(uint8_t *to, const uint8_t *from, uint32_t n);

#endif
