/* What the readers of a job's rows share: a row as cells of text, and where it comes from. */
#ifndef CDR_ANSWER_INTERNAL_H
#define CDR_ANSWER_INTERNAL_H

#include "answer/output.h"

#include <jansson.h>

enum { CDR_OUTPUT_COLUMNS_MAX = 256 };

/* The cells that a row can have; the texts of those that are not there are NULL. */
enum {
    CDR_CELL_START,
    CDR_CELL_END,
    CDR_CELL_BY,
    CDR_CELL_SELECT = CDR_CELL_BY + CDR_QUERY_BY_MAX
};
enum { CDR_OUTPUT_CELLS = CDR_CELL_SELECT + CDR_QUERY_SELECT_MAX };

struct cdr_output_input {
    struct cdr_output *found;
    const struct cdr_model *model;
    const char *name;
    enum cdr_output_form form;
    enum cdr_fold fold;
    size_t line_number; /* 0: not of lines */
    bool gone;          /* the row is taken away */
    struct cdr_error *error;
    /* CSV: of each column, which cell it is; CDR_OUTPUT_CELLS: none. */
    unsigned cell_of[CDR_OUTPUT_COLUMNS_MAX];
    unsigned columns;
    char separator;
};

/* Fails with the place, the column ("": none) and what is wrong. */
enum cdr_result cdr_output_fault(const struct cdr_output_input *input, const char *column,
                                 const char *clause);

enum cdr_result cdr_output_no_json(const struct cdr_output_input *input,
                                   const json_error_t *problem);

void cdr_output_begin(struct cdr_output *output, const struct cdr_query *query);

/* Folds a row into the table. */
enum cdr_result cdr_output_add_row(const struct cdr_output_input *input, const char *const *cells);

/* The cell of a column's name; CDR_OUTPUT_CELLS: it is none. */
unsigned cdr_output_find_cell(const struct cdr_output_input *input, const char *name);
/* Whether a cell may say that there is no value: an empty one, or JSON's null. */
bool cdr_output_may_lack(const struct cdr_output_input *input, unsigned cell);

enum { CDR_OUTPUT_FLAT_MAX = 4096 };
/* Sets the cells of a plain object; they lie in copy. False: it is none, or not plain, and some
 * cells may be set. */
bool cdr_output_flat(const struct cdr_output_input *input, const char *bytes, size_t len,
                     char copy[CDR_OUTPUT_FLAT_MAX], const char **cells);

/* The members of an object that are cells; numbers has room for the texts of those that are none.
 */
void cdr_output_fill_cells(const struct cdr_output_input *input, json_t *object, const char **cells,
                           char (*numbers)[32]);
const char *cdr_output_text_of(const json_t *value, char number[32]);

/* A value of the input's form, in its envelope where it has one; key: cells that are known. */
enum cdr_result cdr_output_take_value(struct cdr_output_input *input, json_t *value,
                                      const char *const *key);

#endif
