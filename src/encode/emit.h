/* The compiler's back end: constants and sources become operations of a program. compile.c is its
 * front end. Inside of src/encode only.
 */
#ifndef CDR_ENCODE_EMIT_H
#define CDR_ENCODE_EMIT_H

#include "encode/constant.h"
#include "encode/program.h"

struct cdr_emitter {
    uint32_t type;
    const char *tz_name;
    struct cdr_bytes pending; /* constants that no operation has yet */
    struct cdr_bytes data;    /* the program's */
    struct cdr_op *ops;
    uint32_t op_count;
    uint32_t offset;  /* behind the cursor */
    size_t bytes_max; /* of a record, without pending */
};

/* A value that a rule or a field's name asks for. */
struct cdr_value {
    const struct cdr_source *source;
    const json_t *symbols; /* object: what to put for the source's symbols, or NULL */
};

/* Puts the value as a node's. Errors: CDR_E_CONFIG with a clause where the two do not fit; nothing
 * was put then. */
enum cdr_result cdr_emit_value(struct cdr_emitter *emitter, const struct cdr_schema_node *node,
                               const struct cdr_value *value, struct cdr_error *error);
/* Turns what is pending into operations. Errors: CDR_E_CONFIG where the record gets too long. */
enum cdr_result cdr_emit_pending(struct cdr_emitter *emitter, struct cdr_error *error);
void cdr_emitter_free(struct cdr_emitter *emitter);

#endif
