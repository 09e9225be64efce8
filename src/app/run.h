/* The start of a run, for commands that need one. */
#ifndef CDR_APP_RUN_H
#define CDR_APP_RUN_H

#include "config/settings.h"

/* Whether a run into Kafka with these settings would begin, as far as that can be told without
 * looking at what the topics hold: settings, schemas (which a registry may get), the settings of
 * topics that exist. Errors: as of cdr_command_run. Only where Kafka is built in. */
enum cdr_result cdr_run_rehearse(const struct cdr_settings *settings, struct cdr_error *error);

#endif
