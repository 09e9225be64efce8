/* Values of fields as whole numbers, a column at a time: what conditions compare, rows are grouped
 * by and aggregates add up.
 *
 * A symbol is its number in the source's names; false and true are those of the names as well. A
 * text of digits is its number with its length above it, so that 010 and 10 differ, and shorter
 * texts come first. A text of hexadecimal digits is made in the same way; one of 16 of them is the
 * number alone. Times and
 * numbers are what they are, and CDR_ABSENT where a record has none.
 */
#ifndef CDR_ANSWER_COLUMN_H
#define CDR_ANSWER_COLUMN_H

#include "base/result.h"
#include "model/record.h"
#include "schema/source.h"

#include <stdbool.h>

/* Whether the source's values can be such numbers; where not, it is a text of another kind. */
bool cdr_column_can(const struct cdr_field_source *source);
/* Whether they can be added and compared as numbers. */
bool cdr_column_counts(const struct cdr_field_source *source);

/* The block's n values. The block's type must have the source, and the block what
 * cdr_column_details says of its column. */
void cdr_column_values(const struct cdr_field_source *source, const struct cdr_block *block,
                       int64_t *values);

/* A value as it is printed; an absent one is "". */
#define CDR_COLUMN_TEXT_MAX 24
void cdr_column_text(const struct cdr_field_source *source, int64_t value,
                     char text[CDR_COLUMN_TEXT_MAX]);
/* Whether it is printed without quotes in JSON. */
bool cdr_column_is_number(const struct cdr_field_source *source);

/* The value of a text; of "" an absent one, where there may be one. CDR_E_CONFIG with a clause:
 * what is wrong with it, and what is allowed. */
enum cdr_result cdr_column_parse(const struct cdr_field_source *source, const char *text,
                                 int64_t *value, struct cdr_error *error);

#endif
