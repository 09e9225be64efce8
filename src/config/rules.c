#include "config/rules.h"

#include "base/parse.h"
#include "config/properties.h"
#include "config/types.h"

#include <string.h>

static const void *field_of(const struct cdr_settings *settings, const struct cdr_option *option)
{
    return (const char *)settings + option->at;
}

/* "--no-transactions" and "--key-format string" ask for nothing that is not there anyway. */
static bool asks(const struct cdr_settings *settings, const struct cdr_option *option)
{
    if (option->type == CDR_OPTION_BOOLEAN)
        return *(const bool *)field_of(settings, option) != (strcmp(option->initial, "true") == 0);
    if (option->type == CDR_OPTION_CHOICE)
        return strcmp(*(char *const *)field_of(settings, option), option->initial) != 0;
    return true;
}

static bool by_flag(const struct cdr_settings *settings, const struct cdr_option *option)
{
    return cdr_option_origin(settings, option)->layer == CDR_LAYER_FLAG;
}

/* "--sink file", "CDRGEN_SINK=file"; "" where nobody chose. */
static void chosen_by(const struct cdr_settings *settings, char *text, size_t text_max)
{
    const char *where = cdr_settings_where(settings, "sink");
    text[0] = '\0';
    if (where == NULL)
        return;
    snprintf(text, text_max, "%.200s%s%s", where, strncmp(where, "--", 2) == 0 ? " " : "=",
             settings->sink_name);
}

static enum cdr_result refuse_kafka(const struct cdr_settings *settings,
                                    const struct cdr_option *option, struct cdr_error *error)
{
    const char *where = cdr_option_origin(settings, option)->where;
    char sink[300];
    chosen_by(settings, sink, sizeof sink);
    if (settings->sink.kafka.brokers == NULL && strcmp(settings->sink_name, CDR_SINK_AUTO) == 0)
        return cdr_fail(error, CDR_E_CONFIG,
                        "%.300s: it is for Kafka, and no brokers are given; pass -b HOST:PORT with "
                        "it, or %s",
                        where, by_flag(settings, option) ? "leave it out" : "--sink file");
    return cdr_fail(error, CDR_E_CONFIG,
                    "%.300s: it is for Kafka, and %s means files; leave one of them out", where,
                    sink[0] != '\0' ? sink : "--out");
}

static enum cdr_result refuse_files(const struct cdr_settings *settings,
                                    const struct cdr_option *option, struct cdr_error *error)
{
    const char *brokers = cdr_settings_where(settings, "brokers");
    char sink[300];
    chosen_by(settings, sink, sizeof sink);
    return cdr_fail(error, CDR_E_CONFIG,
                    "%.300s: it is for files, and %.200s means Kafka; leave it out, or pass --sink "
                    "file",
                    cdr_option_origin(settings, option)->where, brokers != NULL ? brokers : sink);
}

static enum cdr_result refuse_either(const struct cdr_settings *settings,
                                     const struct cdr_option *option, struct cdr_error *error)
{
    char sink[300];
    chosen_by(settings, sink, sizeof sink);
    return cdr_fail(error, CDR_E_CONFIG, "%.300s: it is for %s, not for %.200s; leave it out",
                    cdr_option_origin(settings, option)->where,
                    option->only == CDR_FOR_KAFKA ? "Kafka" : "files", sink);
}

static enum cdr_result check_destination(const struct cdr_settings *settings,
                                         enum cdr_command command, struct cdr_error *error)
{
    const char *name = cdr_settings_destination(settings, command);
    const bool files = cdr_sink_is(name, CDR_SINK_FOLDER),
               kafka = cdr_sink_is(name, CDR_SINK_OFFSETS),
               lines = cdr_sink_is(name, CDR_SINK_LINES);
    const bool by_nobody =
        cdr_settings_where(settings, "sink") == NULL && cdr_settings_where(settings, "out") == NULL;
    if (command != CDR_COMMAND_RUN && command != CDR_COMMAND_VERIFY)
        return CDR_OK;
    for (size_t i = 0; i < cdr_option_count; i++) {
        const struct cdr_option *option = &cdr_options[i];
        if (option->only == CDR_FOR_ANY || !cdr_command_takes(command, option) ||
            cdr_option_origin(settings, option)->where == NULL || !asks(settings, option))
            continue;
        if (files && option->only == CDR_FOR_KAFKA && (by_flag(settings, option) || by_nobody))
            return refuse_kafka(settings, option, error);
        if (kafka && option->only == CDR_FOR_FILES && by_flag(settings, option))
            return refuse_files(settings, option, error);
        if (lines && by_flag(settings, option))
            return refuse_either(settings, option, error);
    }
    return lines && settings->summary != NULL && strcmp(settings->summary, "-") == 0
               ? cdr_fail(error, CDR_E_CONFIG,
                          "summary: standard output is where the records go (--sink %s); name a "
                          "file",
                          name)
               : CDR_OK;
}

/* Whether the setting that needs names is on; of FILES, whether the topic's is given. */
static bool is_on(const struct cdr_settings *settings, const struct cdr_option *needed,
                  const char *choice, size_t topic)
{
    const void *field = field_of(settings, needed);
    switch (needed->type) {
    case CDR_OPTION_BOOLEAN:
        return *(const bool *)field;
    case CDR_OPTION_DECIMAL:
        return *(const double *)field > 0;
    case CDR_OPTION_CHOICE:
        return choice != NULL && strcmp(*(char *const *)field, choice) == 0;
    case CDR_OPTION_FILES:
        return *(char *const *)cdr_topic_field(field, topic) != NULL;
    case CDR_OPTION_FAULTS:
        for (size_t i = 0; i < needed->count; i++)
            if ((choice == NULL || strcmp(needed->names[i], choice) == 0) &&
                ((const double *)field)[i] > 0)
                return true;
        return false;
    default:
        return *(char *const *)field != NULL;
    }
}

static enum cdr_result check_need(const struct cdr_settings *settings, enum cdr_command command,
                                  const struct cdr_option *option, size_t name,
                                  struct cdr_error *error)
{
    char key[64], what[72] = "it";
    const char *needs = option->names_need != NULL ? option->names_need[name] : option->needs;
    const char *equals = strchr(needs, '=');
    snprintf(key, sizeof key, "%.*s", (int)strcspn(needs, "="), needs);
    const struct cdr_option *needed = cdr_option_by_key(key);
    const char *value = equals != NULL                       ? equals + 1
                        : needed->type == CDR_OPTION_BOOLEAN ? ""
                                                             : needed->value;
    const bool resumes = command == CDR_COMMAND_REPAIR && strcmp(key, "resume") == 0;
    if (!cdr_command_takes(command, needed) || resumes ||
        is_on(settings, needed, equals != NULL ? equals + 1 : NULL, name))
        return CDR_OK;
    if (option->type == CDR_OPTION_IDS)
        cdr_quote(option->names[name], what);
    return cdr_fail(error, CDR_E_CONFIG,
                    "%.300s: %s has no effect without --%s%s%s; pass that, too, or leave this out",
                    cdr_option_origin(settings, option)->where, what, needed->flag,
                    *value != '\0' ? " " : "", value);
}

static enum cdr_result check_needs(const struct cdr_settings *settings, enum cdr_command command,
                                   struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    for (size_t i = 0; result == CDR_OK && i < cdr_option_count; i++) {
        const struct cdr_option *option = &cdr_options[i];
        const struct cdr_origin *origin = cdr_option_origin(settings, option);
        if ((option->needs == NULL && option->names_need == NULL) ||
            !cdr_command_takes(command, option) || origin->layer < CDR_LAYER_ENVIRONMENT ||
            !asks(settings, option))
            continue;
        const unsigned names = option->type == CDR_OPTION_IDS ? origin->names : 1;
        for (size_t n = 0; result == CDR_OK && names >> n != 0; n++)
            if ((names >> n & 1) != 0)
                result = check_need(settings, command, option, n, error);
    }
    return result;
}

/* A registry that nobody asks, because nothing is in Avro. In the environment it may be for other
 * runs, but then this one says what format it wants. */
static enum cdr_result check_registry(const struct cdr_settings *settings, enum cdr_command command,
                                      struct cdr_error *error)
{
    const bool asked = cdr_format_is(settings->format, CDR_FORMAT_FRAMED) ||
                       cdr_format_is(settings->key_format, CDR_FORMAT_FRAMED);
    const char *name = cdr_settings_destination(settings, command);
    if ((command != CDR_COMMAND_RUN && command != CDR_COMMAND_DOCTOR) || asked ||
        settings->registry.urls == NULL ||
        (strcmp(name, CDR_SINK_AUTO) != 0 && !cdr_sink_is(name, CDR_SINK_OFFSETS)))
        return CDR_OK;
    if (!cdr_settings_by_flag(settings, "registry") &&
        cdr_settings_where(settings, "format") != NULL)
        return CDR_OK;
    const char *where = cdr_settings_where(settings, "registry");
    return cdr_fail(error, CDR_E_CONFIG,
                    "%.300s: nothing of this run is in Avro, so no registry is asked; pass "
                    "--format avro (or --key-format avro) with it%s",
                    where,
                    cdr_settings_by_flag(settings, "registry") ? ", or leave it out"
                                                               : ", or --format csv");
}

static enum cdr_result check_ids(const struct cdr_settings *settings, enum cdr_command command,
                                 struct cdr_error *error)
{
    for (size_t i = 0; settings->registry.urls != NULL && i < cdr_option_count; i++) {
        const struct cdr_option *option = &cdr_options[i];
        if (option->type == CDR_OPTION_IDS && cdr_command_takes(command, option) &&
            by_flag(settings, option))
            return cdr_fail(error, CDR_E_CONFIG,
                            "%.300s: the registry gives the ids (%.300s); leave one of them out",
                            cdr_option_origin(settings, option)->where,
                            cdr_settings_where(settings, "registry"));
    }
    return CDR_OK;
}

static enum cdr_result check_live(const struct cdr_settings *settings, struct cdr_error *error)
{
    const struct cdr_origin *days = cdr_option_origin(settings, cdr_option_by_key("days"));
    if (!settings->live || days->layer < CDR_LAYER_ENVIRONMENT)
        return CDR_OK;
    return cdr_fail(error, CDR_E_CONFIG,
                    "%.300s: a live run (%.200s) has no last day; leave one of them out",
                    days->where, cdr_settings_where(settings, "live"));
}

enum cdr_result cdr_rules_check(const struct cdr_settings *settings, enum cdr_command command,
                                struct cdr_error *error)
{
    enum cdr_result result = cdr_properties_check(settings, command, error);
    if (result != CDR_OK || command == CDR_COMMAND_CONFIG)
        return result;
    result = check_destination(settings, command, error);
    if (result == CDR_OK)
        result = check_needs(settings, command, error);
    if (result == CDR_OK)
        result = check_registry(settings, command, error);
    if (result == CDR_OK)
        result = check_ids(settings, command, error);
    if (result == CDR_OK && command == CDR_COMMAND_RUN)
        result = check_live(settings, error);
    return result;
}
