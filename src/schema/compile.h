/* The compiler of users' schemas: from an Avro schema, and a mapping, to a program. */
#ifndef CDR_SCHEMA_COMPILE_H
#define CDR_SCHEMA_COMPILE_H

#include "base/result.h"
#include "schema/program.h"
#include "schema/text_value.h"

struct cdr_compile_settings {
    enum cdr_form form;
    uint32_t type;        /* CDR_TYPE_* */
    const char *tz_name;  /* the tz_name field */
    const uint8_t *frame; /* bytes that every record begins with, NULL: none */
    size_t frame_len;
    const char *schema_text;
    const char *schema_name;  /* for messages, such as its file; NULL: of no name */
    const char *mapping_text; /* what fields are filled from; NULL: by their names alone */
    bool key;                 /* the schema is that of message keys, which need be no record */
};

/* Errors: CDR_E_CONFIG names the schema, the field, its type and the sources there are;
 * CDR_E_NOMEM. */
enum cdr_result cdr_compile(struct cdr_program *program,
                            const struct cdr_compile_settings *settings, struct cdr_error *error);

#endif
