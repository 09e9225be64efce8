/* What a search for a capacity says: a table that grows, or JSON lines; closing words; the report.
 * */
#ifndef CDR_APP_LOADTEST_REPORT_H
#define CDR_APP_LOADTEST_REPORT_H

#include "app/loadtest_state.h"

/* A line a step, on standard output; none of them with --quiet. */
void cdr_loadtest_say_begin(const struct cdr_loadtest *test);
void cdr_loadtest_say_sample(const struct cdr_loadtest *test, double rate_per_s);
void cdr_loadtest_say_warm_up(const struct cdr_loadtest *test);
void cdr_loadtest_say_backlog(const struct cdr_loadtest *test);
void cdr_loadtest_say_trial(const struct cdr_loadtest *test,
                            const struct cdr_loadtest_trial *trial);
/* The capacity in a sentence, or as an object. */
void cdr_loadtest_say_end(const struct cdr_loadtest *test);
/* "at least 1,234 records/s, …" into text. */
const char *cdr_loadtest_words(const struct cdr_loadtest *test, char *text, size_t text_max);
/* settings->report, where one is asked for. */
enum cdr_result cdr_loadtest_write(const struct cdr_loadtest *test, struct cdr_error *error);

#endif
