/* --late: which records an engine may leave out of its windows. */
#ifndef CDR_APP_LATENESS_H
#define CDR_APP_LATENESS_H

#include "answer/answer.h"
#include "config/settings.h"

/* Errors: CDR_E_CONFIG. */
enum cdr_result cdr_lateness_of(const struct cdr_settings *settings, const struct cdr_query *query,
                                struct cdr_lateness *lateness, struct cdr_error *error);

#endif
