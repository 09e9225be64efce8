/* A run whose brokers stay away goes on in files. */
#ifndef CDR_APP_SPILL_RUN_H
#define CDR_APP_SPILL_RUN_H

#include "app/run_state.h"

/* Whether a run that ended with result goes on in files. */
bool cdr_run_may_spill(const struct cdr_run *run, enum cdr_result result);
/* Closes what was open, and opens the spill as run->sink, from each log's first record that is not
 * safe. *error: why the run goes on there; after a failure, both. */
enum cdr_result cdr_run_spill(struct cdr_run *run, struct cdr_error *error);

#endif
