/* Records joined with the table of subscribers (docs/dimensions.md): fields of the row that the
 * record's owner has on a local day, which is that of the record's start, of its end, or the last
 * one of the dataset. Absent where there is no row: before the first day, and of who has left.
 */
#ifndef CDR_ANSWER_JOIN_H
#define CDR_ANSWER_JOIN_H

#include "answer/query.h"
#include "model/model.h"
#include "model/record.h"

extern const char *const cdr_join_name[CDR_JOIN_N]; /* "none" "start" "end" "latest" */

/* A field of the row, "subscriber_tac"; NULL: there is none of that name. */
const struct cdr_field_source *cdr_join_find(const char *name);
/* The name of such a field, from 0 on; NULL: there are no more. */
const char *cdr_join_field(size_t i);

/* Whether a query's field is one of these. */
bool cdr_join_has(const struct cdr_field_source *field);
/* The block's n values, as answer/column.h has them. */
void cdr_join_values(const struct cdr_model *model, enum cdr_join join,
                     const struct cdr_field_source *field, const struct cdr_block *block,
                     int64_t *values);

#endif
