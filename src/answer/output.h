/* What a job put out: its rows, read from CSV or JSON lines or from messages, and folded into one
 * table by window and by fields.
 *
 * Columns are found by their names; upper and lower case, '_' and '-' are the same, and what else
 * there is is passed over. A window is its start, its end, or both (JSON: also an object window
 * with start and end); where both are there, they must be those of one window. Times are
 * milliseconds, microseconds or seconds since 1970, told apart by their size, or texts such as
 * 2025-01-01T00:00:00Z, whose clock is UTC's where they name none.
 */
#ifndef CDR_ANSWER_OUTPUT_H
#define CDR_ANSWER_OUTPUT_H

#include "answer/groups.h"
#include "answer/query.h"
#include "model/model.h"
#include "schema/schema.h"

#include <stdio.h>

/* Forms of rows: how values and keys are read, and what several rows of one window and key are. */
enum cdr_output_form {
    CDR_OUTPUT_CSV,
    CDR_OUTPUT_JSON,
    CDR_OUTPUT_AVRO,
    CDR_OUTPUT_STREAMS,
    CDR_OUTPUT_STREAMS_SESSION,
    CDR_OUTPUT_KSQLDB,
    CDR_OUTPUT_FLINK_APPEND,
    CDR_OUTPUT_FLINK_UPSERT,
    CDR_OUTPUT_AVRO_UPSERT,
    CDR_OUTPUT_DEBEZIUM,
    CDR_OUTPUT_SPARK_APPEND,
    CDR_OUTPUT_SPARK_UPDATE,
    CDR_OUTPUT_RISINGWAVE,
    CDR_OUTPUT_CLICKHOUSE,
    CDR_OUTPUT_FORMS,
};

enum cdr_output_values {
    CDR_VALUES_CSV,    /* lines with a header line */
    CDR_VALUES_JSON,   /* an object a line or message */
    CDR_VALUES_AVRO,   /* a record */
    CDR_VALUES_NUMBER, /* an object, or a number for the first column, as text or in 8 bytes */
};

enum cdr_output_keys {
    CDR_KEYS_IGNORED,
    CDR_KEYS_ROW,    /* columns, as values are; without a value the row is taken away */
    CDR_KEYS_WINDOW, /* the by fields (one: its text or number; an object) and the window's start */
    CDR_KEYS_SESSION, /* the same with the window's end and start */
};

enum cdr_fold {
    CDR_FOLD_OF_FORM,
    CDR_FOLD_APPEND, /* a row is final: a second one of its key is a duplicate */
    CDR_FOLD_UPSERT, /* the last row of a key stands; a message without a value takes it away */
    CDR_FOLD_SUM,    /* rows of a key are parts of it */
};

struct cdr_output_form_row {
    const char *name;
    enum cdr_output_values values;
    enum cdr_output_keys keys;
    bool
        changes; /* values are changes: an object with before, after and op, or payload with them */
    enum cdr_fold fold;
};

extern const struct cdr_output_form_row cdr_output_forms[CDR_OUTPUT_FORMS];

static inline bool cdr_output_is_of_lines(enum cdr_output_form form)
{
    return cdr_output_forms[form].values == CDR_VALUES_CSV ||
           cdr_output_forms[form].values == CDR_VALUES_JSON;
}

static inline bool cdr_output_is_of_messages(enum cdr_output_form form)
{
    return cdr_output_forms[form].values != CDR_VALUES_CSV;
}

/* Where Avro's schemas come from. */
struct cdr_output_schemas {
    bool framed; /* a zero byte and the schema's id come first */
    /* The schema of an id, 0 without frames; NULL with the error set. */
    const struct cdr_schema_node *(*find)(void *context, bool of_key, int32_t id,
                                          struct cdr_error *error);
    void *context;
};

/* A name that a member of the last row had, and which cell that is; used: one more than its length,
 * 0 = none. */
struct cdr_output_name {
    char text[40];
    size_t used;
    unsigned cell;
};
enum { CDR_OUTPUT_NAMES = 16 };

/* Rows are the window's start, the by fields, the columns of select, whether the row was taken
 * away, and how often the judge met it. */
struct cdr_output {
    const struct cdr_query *query;
    struct cdr_groups groups;
    bool begun;                     /* a row with values was there */
    bool has[CDR_QUERY_SELECT_MAX]; /* the columns that there are: those of the first such row */
    uint64_t rows;
    uint64_t duplicated; /* with append: rows of a key that was there */
    struct cdr_output_name names[CDR_OUTPUT_NAMES];
};

/* Reads to the end. Zero-initialise; free also after an error. name is what messages call the
 * stream. Errors: CDR_E_CONFIG with the line, the column, the value and what is wrong; CDR_E_NOMEM,
 * CDR_E_IO. */
enum cdr_result cdr_output_read(struct cdr_output *found, const struct cdr_query *query,
                                const struct cdr_model *model, FILE *file, const char *name,
                                enum cdr_output_form form, enum cdr_fold fold,
                                struct cdr_error *error);

struct cdr_output_message {
    const char *place;       /* what messages call it */
    const char *key, *value; /* NULL: there is none */
    size_t key_len, value_len;
};

/* Takes one message of a topic; output is zero-initialised before the first. schemas: of Avro, else
 * NULL. Errors: as above. */
enum cdr_result cdr_output_take(struct cdr_output *output, const struct cdr_query *query,
                                const struct cdr_model *model,
                                const struct cdr_output_message *message, enum cdr_output_form form,
                                enum cdr_fold fold, const struct cdr_output_schemas *schemas,
                                struct cdr_error *error);
void cdr_output_free(struct cdr_output *found);

/* Of a row, the number of its meetings. */
static inline int64_t *cdr_output_met(const struct cdr_output *found, int64_t *row)
{
    return row + found->groups.width - 1;
}

static inline bool cdr_output_is_gone(const struct cdr_output *found, const int64_t *row)
{
    return row[found->groups.width - 2] != 0;
}

#endif
