/* What a run counts and measures: a row for each figure. The summary, the closing words and the
 * tables of figures in docs/configuration.md are made from the rows. A new figure is a row in
 * metrics.c.
 */
#ifndef CDR_APP_METRICS_H
#define CDR_APP_METRICS_H

#include "app/run_state.h"
#include "base/json_writer.h"

/* Of each log, in the summary's order. */
enum cdr_log_metric {
    CDR_LOG_FIRST_RECORD,
    CDR_LOG_RECORDS,
    CDR_LOG_BYTES,
    CDR_LOG_DURABLE,
    CDR_LOG_ABORTED,
    CDR_LOG_SPILLED,
    CDR_LOG_METRICS,
};

/* Whether records have a time at which they are due. */
bool cdr_run_is_paced(const struct cdr_run *run);

/* Of all logs of this process. */
uint64_t cdr_run_figure(const struct cdr_run *run, enum cdr_log_metric metric);

/* The figures of one log, and those of the run, each where it applies to the run. */
void cdr_write_log_figures(struct cdr_json *json, const struct cdr_run *run, uint32_t log);
void cdr_write_run_figures(struct cdr_json *json, const struct cdr_run *run);

/* The tables of figures, in Markdown. */
void cdr_metrics_reference(FILE *out);

#endif
