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
    CDR_EXIT_FAILED = 1, /* began and failed: the message says what is there */
    CDR_EXIT_USAGE =
        2, /* could not run: wrong input or a destination in the wrong state; nothing was written */
};

/* cdr_command_run and the other commands (config/commands.h). Each prints its own results, to
 * standard output or files; errors are left to the caller. CDR_E_DIFFERENT: what is there is not
 * what must be; CDR_E_STATE or CDR_E_CONFIG: nothing could be told or done. */
#define CDR_COMMAND_CALL(id, name, ...)                                                            \
    enum cdr_result cdr_command_##name(const struct cdr_settings *settings,                        \
                                       struct cdr_error *error);
CDR_COMMANDS(CDR_COMMAND_CALL)
#undef CDR_COMMAND_CALL

/* The dimension tables as CSV with commas. False, errno set, where a write failed. */
int cdr_write_cells(FILE *out, const struct cdr_model *model);
int cdr_write_subscribers(FILE *out, const struct cdr_model *model);

#endif
