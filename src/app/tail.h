/* Before a run goes on after what topics hold: are the last records there the function's? The end
 * offsets alone would be believed for any topic. */
#ifndef CDR_APP_TAIL_H
#define CDR_APP_TAIL_H

#include "app/run_state.h"
#include "verify/verify.h"

/* With --resume into Kafka: are the last records there those of the function? CDR_E_STATE names the
 * first that is not. Nothing was written yet. Sets run->doubted, and tells the sink. */
enum cdr_result cdr_run_check_tail(struct cdr_run *run, struct cdr_error *error);
/* A new producer goes on mid-run: what has come to the logs since their first safe[log] records
 * were durable must be the next ones. It may be what the old producer sent and heard nothing of, or
 * another one's. CDR_E_DIFFERENT names the first record that is not; else as of cdr_verify_tail. */
enum cdr_result cdr_run_check_arrived(const struct cdr_run *run, const uint64_t *safe,
                                      struct cdr_error *error);
/* At the end of a run into Kafka: has a compaction that nobody saw deleted records? CDR_E_DIFFERENT
 * names the first that is gone, CDR_E_KAFKA: nobody answered. */
enum cdr_result cdr_run_check_heads(const struct cdr_run *run, struct cdr_error *error);
/* What a check of the topics needs to know of the run; ranges are the caller's. */
void cdr_run_tail_settings(const struct cdr_run *run, struct cdr_verify_tail_settings *tail);

#endif
