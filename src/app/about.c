/* The commands that tell of the program and its settings. */
#include "app/app.h"
#include "app/metrics.h"
#include "app/version.h"

enum cdr_result cdr_command_config(const struct cdr_settings *settings, struct cdr_error *error)
{
    (void)error;
    cdr_settings_print(stdout, settings);
    return CDR_OK;
}

enum cdr_result cdr_command_reference(const struct cdr_settings *settings, struct cdr_error *error)
{
    (void)settings, (void)error;
    cdr_settings_reference(stdout);
    cdr_metrics_reference(stdout);
    return CDR_OK;
}

enum cdr_result cdr_command_help(const struct cdr_settings *settings, struct cdr_error *error)
{
    (void)error;
    cdr_settings_help(stdout, settings->help_about);
    return CDR_OK;
}

enum cdr_result cdr_command_version(const struct cdr_settings *settings, struct cdr_error *error)
{
    (void)settings, (void)error;
    cdr_print_version(stdout);
    return CDR_OK;
}
