/* What some rows of an answer would be without the records of one log, for all logs at once: each
 * log's part of each row is added up, and the parts of the others are joined.
 *
 * Memory: a number for each row, log and column. Not of a top, whose rows depend on others; columns
 * of distinct are not compared.
 */
#ifndef CDR_ANSWER_WITHOUT_LOG_H
#define CDR_ANSWER_WITHOUT_LOG_H

#include "answer/judge.h"

struct cdr_without_log {
    const struct cdr_judge_settings *settings;
    const struct cdr_groups *rows; /* the keys */
    int64_t *parts;                /* per log and row: the columns, and the number of records */
    uint32_t width;
};

/* Generates the dataset. Free also after an error. Errors: as cdr_answer. */
enum cdr_result cdr_without_log_add_up(struct cdr_without_log *without,
                                       const struct cdr_judge_settings *settings,
                                       const struct cdr_groups *rows, struct cdr_error *error);
/* How many of the rows were found to be others than they are without the log. */
uint64_t cdr_without_log_faults(const struct cdr_without_log *without, uint32_t log);
void cdr_without_log_free(struct cdr_without_log *without);

#endif
