/* Application: subcommands over the layers below. The only place that prints and that turns results
 * into exit statuses. */
#ifndef CDR_APP_APP_H
#define CDR_APP_APP_H

#include "base/result.h"
#include "config/settings.h"
#include "model/model.h"

#include <stdio.h>

/* Exit statuses. */
enum {
    CDR_EXIT_OK = 0,
    CDR_EXIT_FAILED = 1, /* ran, but not to a good end: what is there is said */
    CDR_EXIT_USAGE =
        2, /* could not run: wrong input or a destination in the wrong state; nothing was written */
};

int cdr_exit_status(enum cdr_result result);

/* Each prints its own results, to stdout or files; errors are left to the caller. */
enum cdr_result cdr_command_run(const struct cdr_settings *settings, struct cdr_error *error);
enum cdr_result cdr_command_subscribers(const struct cdr_settings *settings,
                                        struct cdr_error *error);
enum cdr_result cdr_command_cells(const struct cdr_settings *settings, struct cdr_error *error);
enum cdr_result cdr_command_sample(const struct cdr_settings *settings, struct cdr_error *error);
enum cdr_result cdr_command_replay(const struct cdr_settings *settings, struct cdr_error *error);
/* CDR_E_DIFFERENT: what is there is not what must be; CDR_E_STATE or CDR_E_CONFIG: could not be
 * told. */
enum cdr_result cdr_command_verify(const struct cdr_settings *settings, struct cdr_error *error);
enum cdr_result cdr_command_trace(const struct cdr_settings *settings, struct cdr_error *error);
enum cdr_result cdr_command_doctor(const struct cdr_settings *settings, struct cdr_error *error);
/* Schemas and their subjects. CDR_E_DIFFERENT: a schema is not compatible, or not there;
 * CDR_E_STATE or CDR_E_CONFIG: could not be told or done. */
enum cdr_result cdr_command_schema(const struct cdr_settings *settings, struct cdr_error *error);

/* The dimension tables as CSV with commas. False, errno set, where a write failed. */
int cdr_write_cells(FILE *out, const struct cdr_model *model);
int cdr_write_subscribers(FILE *out, const struct cdr_model *model);

#endif
