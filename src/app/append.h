/* Before an --append: is this dataset in the topics already? Kafka forgets where it begins there
 * (offsets.retention.minutes), so its records are looked for. */
#ifndef CDR_APP_APPEND_H
#define CDR_APP_APPEND_H

#include "app/run_state.h"

/* With --append into Kafka and without --resume: says where the dataset is there already, so that
 * the run writes it once more. Errors: as of reading. */
enum cdr_result cdr_run_warn_appended(struct cdr_run *run, struct cdr_error *error);
/* A cdr_begin_finder (sink.h) of the records' logs; context is the run. */
enum cdr_result cdr_run_find_begins(void *run, const bool *wanted, bool known, int64_t *begins,
                                    struct cdr_error *error);
/* What search.h says of logs of the topics, as an answer of a finder: says on standard error which
 * of them the dataset begins in after what is there. */
enum cdr_result cdr_run_judge_begins(const struct cdr_run *run, const struct cdr_topics *topics,
                                     const bool *wanted, bool known, const int64_t *begins,
                                     struct cdr_error *error);

#endif
