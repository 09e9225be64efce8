/* A row of an answer as bytes: a line of CSV, a JSON object, or a datum of Avro; and what names its
 * columns. docs/answers.md says which columns there are.
 */
#ifndef CDR_ANSWER_ROW_H
#define CDR_ANSWER_ROW_H

#include "answer/answer.h"

enum cdr_row_format { CDR_ROW_CSV, CDR_ROW_JSON, CDR_ROW_AVRO, CDR_ROW_FORMATS };

/* No row is longer, no key, no line of names, and no schema. */
enum { CDR_ROW_MAX = 4096, CDR_ROW_KEY_MAX = 256, CDR_ROW_SCHEMA_MAX = 8192 };

/* Of CSV, without the end of the line. Returns the length. */
size_t cdr_row_names(const struct cdr_query *query, bool late, char text[CDR_ROW_MAX]);
/* Returns the length, at most CDR_ROW_MAX. late: with the columns of lateness. */
size_t cdr_row_encode(enum cdr_row_format format, const struct cdr_query *query, bool late,
                      const struct cdr_answer_row *row, uint8_t bytes[CDR_ROW_MAX]);
/* The schema of Avro: a record io.cdrgen.Answer. */
void cdr_row_schema(const struct cdr_query *query, bool late, char text[CDR_ROW_SCHEMA_MAX]);
/* What names the row in a topic: the window's start, of sessions also the end, then the fields of
 * by, with commas between. Returns the length. */
size_t cdr_row_key(const struct cdr_query *query, const struct cdr_answer_row *row,
                   char text[CDR_ROW_KEY_MAX]);

#endif
