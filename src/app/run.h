/* The start of a run, for commands that need one. */
#ifndef CDR_APP_RUN_H
#define CDR_APP_RUN_H

#include "config/settings.h"

struct cdr_steerer;

/* As cdr_command_run, except for the schedule (app/steerer.h). */
enum cdr_result cdr_run_steered(const struct cdr_settings *settings,
                                const struct cdr_steerer *steerer, struct cdr_error *error);

/* Whether a run into Kafka with these settings would begin once topics (so many names) have been
 * deleted and created again: all that a run does up to there, with settings->sink.rehearsal; a
 * registry may get schemas. Errors: as of cdr_command_run. Only where Kafka is built in. */
enum cdr_result cdr_run_rehearse(const struct cdr_settings *settings, const char *const *topics,
                                 size_t count, struct cdr_error *error);

#endif
