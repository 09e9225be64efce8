/* judge: the Avro schemas of a job's rows, from a file or from all versions of a topic's subjects
 * in the registry. */
#ifndef CDR_APP_ROWS_SCHEMAS_H
#define CDR_APP_ROWS_SCHEMAS_H

#include "answer/output.h"
#include "config/settings.h"

struct cdr_rows_schema {
    bool of_key;
    int32_t id;
    struct cdr_schema schema;
};

struct cdr_rows_schemas {
    struct cdr_rows_schema *items;
    size_t n;
    struct cdr_output_schemas found; /* of these; valid while the struct stays at its place */
};

/* Zero-initialise; free also after an error. Errors: CDR_E_CONFIG, what the registry answers. */
enum cdr_result cdr_rows_schemas_load(struct cdr_rows_schemas *schemas,
                                      const struct cdr_settings *settings, struct cdr_error *error);
void cdr_rows_schemas_free(struct cdr_rows_schemas *schemas);

#endif
