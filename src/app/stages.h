/* What became of each stage of a run's programme: closing words, summary, plan. */
#ifndef CDR_APP_STAGES_H
#define CDR_APP_STAGES_H

#include "app/run_state.h"
#include "base/json_writer.h"

#include <stdio.h>

/* How late records were, and a line a stage. Nothing where the run does not go by rank. */
void cdr_stages_print(const struct cdr_run *run, FILE *out);
/* What proves a run that has no last day and was not live. */
void cdr_stages_print_end(const struct cdr_run *run, FILE *out);
/* "schedule_start_ms" and "stages", a list. Nothing where the run has no programme. */
void cdr_stages_write(const struct cdr_run *run, struct cdr_json *json);
/* The lines of a plan that say where the run ends. */
void cdr_stages_plan(const struct cdr_run *run, FILE *out);

#endif
