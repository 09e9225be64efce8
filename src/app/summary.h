/* What a run says of itself: its plan, its closing words, its JSON summary. */
#ifndef CDR_APP_SUMMARY_H
#define CDR_APP_SUMMARY_H

#include "app/run_state.h"

/* Whether the summary can be written, before anything else is. Errors: CDR_E_CONFIG. */
enum cdr_result cdr_check_summary(const struct cdr_settings *settings, struct cdr_error *error);
/* Writes the JSON summary to settings->summary ("-": standard output). */
enum cdr_result cdr_write_summary(const struct cdr_run *run, struct cdr_error *error);
/* The closing words for a person, on standard error. */
void cdr_print_closing(const struct cdr_run *run);
/* How many records are in files and how they get into the topics, on standard error. */
void cdr_print_spilled(const struct cdr_run *run);
/* What a live run has to catch up with, in words; false where its first day has not begun. */
bool cdr_backlog_text(const struct cdr_run *run, char *text, size_t text_max);
/* --dry-run: what would be done. */
void cdr_print_plan(const struct cdr_run *run);

#endif
