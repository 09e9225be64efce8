/* Constants of a schema, such as defaults: JSON, as the specification has defaults (Avro 1.11,
 * "Complex Types"), becomes Avro's binary form.
 *
 * bytes and fixed are strings whose characters U+0000 … U+00FF are the bytes. In a union the first
 * branch that takes the value gets it. A record's members that are left out take their defaults.
 */
#ifndef CDR_SCHEMA_CONSTANT_H
#define CDR_SCHEMA_CONSTANT_H

#include "schema/schema.h"

/* Bytes that grow up to CDR_CONSTANT_MAX; zero-initialise, free() data. */
struct cdr_bytes {
    uint8_t *data;
    size_t len, room;
    uint32_t values; /* put so far: bounds schemas whose defaults multiply */
};

enum { CDR_CONSTANT_MAX = 1 << 20, CDR_CONSTANT_VALUES_MAX = 1 << 16 };

/* Errors: CDR_E_CONFIG with a clause ("\"a\" is no int"), CDR_E_NOMEM. */
enum cdr_result cdr_constant_put(struct cdr_bytes *to, const struct cdr_schema_node *node,
                                 const json_t *value, struct cdr_error *error);
enum cdr_result cdr_bytes_put(struct cdr_bytes *to, const void *bytes, size_t len,
                              struct cdr_error *error);
enum cdr_result cdr_bytes_put_long(struct cdr_bytes *to, int64_t value, struct cdr_error *error);
/* With its length in front. */
enum cdr_result cdr_bytes_put_text(struct cdr_bytes *to, const char *text, size_t len,
                                   struct cdr_error *error);

#endif
