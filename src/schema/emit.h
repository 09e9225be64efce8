/* The compiler's back end: constants and sources become operations of a program. compile.c is its
 * front end. Inside of src/schema only.
 */
#ifndef CDR_SCHEMA_EMIT_H
#define CDR_SCHEMA_EMIT_H

#include "schema/constant.h"
#include "schema/program.h"
#include "schema/text_value.h"

struct cdr_emitter {
    enum cdr_form form;
    uint32_t type;
    const char *tz_name;
    const char *path;         /* of the field that is being filled, borrowed */
    struct cdr_bytes header;  /* CSV: the columns' names */
    json_t *columns;          /* CSV: name → path */
    struct cdr_bytes pending; /* constants that no operation has yet */
    struct cdr_bytes data;    /* the program's */
    struct cdr_op *ops;
    uint32_t op_count;
    uint32_t offset;  /* after the cursor */
    size_t bytes_max; /* of a record, without pending */
    /* The value that is being put may be absent: these bytes stand for it then. */
    bool optional;
    uint8_t absent[4];
    uint32_t absent_len;
};

/* A value that a rule or a field's name asks for. */
struct cdr_value {
    const struct cdr_field_source *source;
    const json_t *symbols; /* object: what to put for the source's symbols, or NULL */
};

/* Puts the value as a node's. Errors: CDR_E_CONFIG with a clause where the two do not fit; of Avro,
 * nothing was put then. */
enum cdr_result cdr_emit_value(struct cdr_emitter *emitter, const struct cdr_schema_node *node,
                               const struct cdr_value *value, struct cdr_error *error);
/* Puts a constant, JSON as the specification has defaults. */
enum cdr_result cdr_emit_constant(struct cdr_emitter *emitter, const struct cdr_schema_node *node,
                                  const json_t *value, struct cdr_error *error);
/* Puts the null of a null, or of the union that has it as a branch. */
enum cdr_result cdr_emit_null(struct cdr_emitter *emitter, const struct cdr_schema_node *node,
                              struct cdr_error *error);
/* What stands around the fields of a record, and before each. */
enum cdr_result cdr_emit_record_begin(struct cdr_emitter *emitter, struct cdr_error *error);
enum cdr_result cdr_emit_record_end(struct cdr_emitter *emitter, struct cdr_error *error);
enum cdr_result cdr_emit_field(struct cdr_emitter *emitter, const char *name, bool first,
                               struct cdr_error *error);
/* Which branch of a union comes. */
enum cdr_result cdr_emit_branch(struct cdr_emitter *emitter, size_t branch,
                                struct cdr_error *error);
/* The end of a text, its newline. */
enum cdr_result cdr_emit_end(struct cdr_emitter *emitter, struct cdr_error *error);
/* Turns what is pending into operations. Errors: CDR_E_CONFIG where the record gets too long. */
enum cdr_result cdr_emit_pending(struct cdr_emitter *emitter, struct cdr_error *error);
void cdr_emitter_free(struct cdr_emitter *emitter);

/* --- between emit.c and emit_text.c --- */

/* Adds an operation after what is pending. len_max: of a value whose length varies (op->len is 0).
 */
enum cdr_result cdr_emit_op(struct cdr_emitter *emitter, struct cdr_op *op, uint32_t len_max,
                            struct cdr_error *error);
/* CSV: begins the column of the emitter's path. */
enum cdr_result cdr_emit_column(struct cdr_emitter *emitter, struct cdr_error *error);
/* A number below limit in decimal digits, in quotes where the node is a text, with the decimal's
 * zeros after the point. */
enum cdr_result cdr_emit_number_text(struct cdr_emitter *emitter, struct cdr_op *op,
                                     const struct cdr_schema_node *node, uint64_t limit,
                                     struct cdr_error *error);
/* What op puts of a text in Avro, as text; base64 where the node is of bytes. */
enum cdr_result cdr_emit_string_text(struct cdr_emitter *emitter, struct cdr_op *op,
                                     const struct cdr_schema_node *node, struct cdr_error *error);
/* Turns a constant in Avro's form into the emitter's. */
enum cdr_result cdr_emit_convert(const struct cdr_emitter *emitter, struct cdr_bytes *value,
                                 const struct cdr_schema_node *node, struct cdr_error *error);

#endif
