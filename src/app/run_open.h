/* The destination of a run: opened at its start, and again for each new producer. */
#ifndef CDR_APP_RUN_OPEN_H
#define CDR_APP_RUN_OPEN_H

#include "app/run_state.h"

/* Opens run->sink_ops as run->sink and sets starts. resume: as with --resume, given or not. */
enum cdr_result cdr_run_open_sink(struct cdr_run *run, bool resume, struct cdr_error *error);

#endif
