#include "app/app.h"
#include "app/process.h"
#include "app/stop.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int exit_status(enum cdr_result result)
{
    if (result == CDR_OK)
        return CDR_EXIT_OK;
    return result == CDR_E_CONFIG || result == CDR_E_STATE ? CDR_EXIT_USAGE : CDR_EXIT_FAILED;
}

struct job {
    enum cdr_command command;
    const struct cdr_settings *settings;
    struct cdr_error *error;
};

static enum cdr_result dispatch(void *context)
{
#define CALL(id, name, ...) [CDR_COMMAND_##id] = cdr_command_##name,
    static enum cdr_result (*const calls[CDR_COMMAND_COUNT])(
        const struct cdr_settings *, struct cdr_error *) = {CDR_COMMANDS(CALL)};
#undef CALL
    const struct job *job = context;
    return calls[job->command](job->settings, job->error);
}

static void say(const char *line)
{
    fprintf(stderr, "cdrgen: %s\n", line);
}

int main(int argc, char **argv)
{
    struct cdr_settings settings = {0};
    struct cdr_error error = {0};
    enum cdr_command command = CDR_COMMAND_HELP;
    cdr_process_prepare();
    enum cdr_result result = cdr_settings_load(&settings, &command, argc, argv, &error);
    cdr_settings_hide_arguments(argc, argv);
    settings.sink.kafka.say = settings.quiet ? NULL : say;
    for (size_t i = 0; i < settings.warning_count; i++)
        fprintf(stderr, "cdrgen: warning: %s\n", settings.warnings[i]);
    if (result == CDR_OK)
        result = cdr_process_call(dispatch, &(struct job){command, &settings, &error}, &error);
    if (result == CDR_OK && (fflush(stdout) != 0 || ferror(stdout)))
        result = cdr_fail(&error, CDR_E_IO, "standard output: %s", strerror(errno));
    (void)cdr_stop_began(NULL); /* this is the one line, however the command ended */
    if (result != CDR_OK)
        cdr_settings_say_where(&settings, &error);
    cdr_settings_free(&settings);
    if (result != CDR_OK)
        fprintf(stderr, "cdrgen: %s\n", error.text);
    return exit_status(result);
}
