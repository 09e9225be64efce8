/* Progress: one line on standard error, rewritten twice a second, where that is a terminal. */
#ifndef CDR_APP_PROGRESS_H
#define CDR_APP_PROGRESS_H

#include "pipeline/pipeline.h"

#include <stdbool.h>

struct cdr_progress;

/* Starts the thread that draws; NULL where there is nothing to draw on or quiet is set. expected:
 * records of the whole run, 0 where it has no end. */
struct cdr_progress *cdr_progress_start(const struct cdr_pipeline *pipeline, double expected,
                                        bool quiet);
/* Stops drawing and wipes the line. NULL is accepted. */
void cdr_progress_stop(struct cdr_progress *progress);

/* Peak resident memory of the process and its CPU time. */
uint64_t cdr_peak_rss_bytes(void);
double cdr_cpu_s(void);
/* 1234567 as "1,234,567" into text. */
const char *cdr_with_commas(uint64_t value, char text[32]);

#endif
