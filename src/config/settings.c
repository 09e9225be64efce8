/* Loading: defaults, config file, properties files, environment, flags, then what follows from all
 * of them.
 *
 * The command line is gone through three times: for help and the config file, for -F, and for the
 * values, which come last and so win.
 */
#include "config/settings.h"

#include "base/parse.h"
#include "base/shown.h"
#include "config/config_file.h"
#include "config/environment.h"
#include "config/flags.h"
#include "config/option.h"
#include "config/properties.h"
#include "config/rules.h"
#include "config/secret.h"
#include "config/types.h"
#include "model/calendar.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

extern char **environ;

struct scan {
    struct cdr_loading *loading;
    enum cdr_command *command;
    const char *config_path; /* of --config */
    const char *argument;    /* the one without a flag */
};

static enum cdr_result set_defaults(struct cdr_loading *loading, struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    cdr_parameters_default(&loading->settings->model);
    loading->layer = CDR_LAYER_DEFAULT;
    loading->settings->origins = calloc(cdr_option_count, sizeof *loading->settings->origins);
    if (loading->settings->origins == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    for (size_t i = 0; result == CDR_OK && i < cdr_option_count; i++)
        if (cdr_options[i].initial != NULL)
            result = cdr_option_set(loading, &cdr_options[i], "built-in default",
                                    cdr_options[i].initial, error);
    return result;
}

/* First pass: help and version end it all; --config is kept. */
static enum cdr_result scan_first(void *context, const struct cdr_option *option, const char *where,
                                  const char *text, struct cdr_error *error)
{
    struct scan *scan = context;
    if (option == NULL)
        return CDR_OK;
    if (option->type == CDR_OPTION_HELP) {
        scan->loading->settings->help_about = *scan->command;
        *scan->command = CDR_COMMAND_HELP;
        return CDR_E_AGAIN;
    }
    if (option->type == CDR_OPTION_VERSION) {
        *scan->command = CDR_COMMAND_VERSION;
        return CDR_E_AGAIN;
    }
    if (option->type == CDR_OPTION_CONFIG_FILE && scan->config_path != NULL)
        return cdr_fail(
            error, CDR_E_CONFIG,
            "%s is there twice: %.200s and %.200s; a run has one config file, and flags "
            "and variables go over it",
            where, scan->config_path, text);
    if (option->type == CDR_OPTION_CONFIG_FILE)
        scan->config_path = text;
    return CDR_OK;
}

/* Second pass: properties files. */
static enum cdr_result scan_files(void *context, const struct cdr_option *option, const char *where,
                                  const char *text, struct cdr_error *error)
{
    struct scan *scan = context;
    (void)where;
    if (option == NULL || option->type != CDR_OPTION_PROPERTIES_FILE)
        return CDR_OK;
    return cdr_properties_load(scan->loading, text, error);
}

/* Everybody on the machine may read the list of processes. */
static enum cdr_result warn_of_secret(struct cdr_loading *loading, const char *text,
                                      struct cdr_error *error)
{
    char name[128];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(text, "="), text);
    if (!cdr_secret_name(name))
        return CDR_OK;
    return cdr_loading_warn(loading, error,
                            "-X %s: others on this machine may have seen the value in the list of "
                            "processes; give it as %s_file=PATH, in a properties file or in the "
                            "environment",
                            name, name);
}

#define TYPES CDR_TYPE_WORDS(", ", ", ")

/* schema ACTION [TYPE] */
static enum cdr_result set_schema_argument(struct cdr_settings *settings, const char *text,
                                           struct cdr_error *error)
{
    static const char *const actions[] = {"list", "print", "register", "check", NULL};
    bool first = settings->argument_action == NULL;
    const char *const *names = first ? actions : cdr_topic_labels;
    char quoted[72];
    if (settings->argument_type != NULL)
        return cdr_fail(error, CDR_E_CONFIG, "%s: one argument too many; flags begin with --",
                        cdr_quote(text, quoted));
    for (size_t i = 0; names[i] != NULL; i++)
        if (strcmp(names[i], text) == 0)
            return cdr_replace_text(first ? &settings->argument_action : &settings->argument_type,
                                    text, error);
    return cdr_fail(error, CDR_E_CONFIG, "schema %s: %s is not %s", first ? "ACTION" : "TYPE",
                    cdr_quote(text, quoted),
                    first ? "something to do; allowed are list, print, register, check"
                          : "a type of records; allowed are " TYPES
                            ", key, subscriber, cell, truth");
}

static enum cdr_result set_msisdn(struct cdr_settings *settings, const char *text,
                                  struct cdr_error *error)
{
    char quoted[72];
    const char *digits = text + (*text == '+');
    size_t len = strlen(digits);
    if (len < 8 || len > 15 || cdr_parse_u64(digits, &settings->argument_msisdn, NULL) != CDR_OK)
        return cdr_fail(error, CDR_E_CONFIG, "%s is not an MSISDN (8 to 15 digits)",
                        cdr_quote(text, quoted));
    return CDR_OK;
}

static enum cdr_result set_argument(struct scan *scan, const char *text, struct cdr_error *error)
{
    struct cdr_settings *settings = scan->loading->settings;
    const enum cdr_argument kind = cdr_commands[*scan->command].argument;
    char quoted[72];
    if (kind == CDR_ARGUMENT_NONE || (kind != CDR_ARGUMENT_ACTION && scan->argument != NULL))
        return cdr_fail(error, CDR_E_CONFIG, "%s: one argument too many; flags begin with --",
                        cdr_quote(text, quoted));
    scan->argument = text;
    switch (kind) {
    case CDR_ARGUMENT_ACTION:
        return set_schema_argument(settings, text, error);
    case CDR_ARGUMENT_FOLDER:
        return cdr_replace_text(&settings->argument_dir, text, error);
    case CDR_ARGUMENT_QUERY:
        return cdr_replace_text(&settings->argument_query, text, error);
    default:
        return set_msisdn(settings, text, error);
    }
}

/* Third pass: values. */
static enum cdr_result scan_values(void *context, const struct cdr_option *option,
                                   const char *where, const char *text, struct cdr_error *error)
{
    struct scan *scan = context;
    if (option != NULL && option->type == CDR_OPTION_PROPERTIES_FILE)
        return cdr_option_note(scan->loading, option, where, error);
    if (option != NULL && option->type == CDR_OPTION_PROPERTY &&
        warn_of_secret(scan->loading, text, error) != CDR_OK)
        return CDR_E_NOMEM;
    if (option != NULL)
        return cdr_option_set(scan->loading, option, where, text, error);
    return set_argument(scan, text, error);
}

/* `cdrgen help run`. */
static enum cdr_result read_help(struct cdr_settings *settings, int argc, char **argv, int first,
                                 struct cdr_error *error)
{
    int next = 0;
    settings->help_about = CDR_COMMAND_HELP;
    if (argc <= first || argv[first][0] == '-')
        return CDR_OK;
    return cdr_command_find(argc - first + 1, argv + first - 1, &settings->help_about, &next,
                            error);
}

/* A path in the environment, or CDR_OK and nothing done where there is none. */
static enum cdr_result load_named_files(struct scan *scan, char *const *environment,
                                        struct cdr_error *error)
{
    struct cdr_loading *loading = scan->loading;
    const char *config = scan->config_path;
    const char *properties = cdr_environment_find(environment, "CDRGEN_PROPERTIES_FILE");
    enum cdr_result result = CDR_OK;
    if (config == NULL)
        config = cdr_environment_find(environment, "CDRGEN_CONFIG");
    loading->layer = CDR_LAYER_CONFIG_FILE;
    if (config != NULL)
        result = cdr_config_file_load(loading, config, error);
    loading->layer = CDR_LAYER_PROPERTIES_FILE;
    if (result == CDR_OK && properties != NULL)
        result = cdr_properties_load(loading, properties, error);
    loading->layer = CDR_LAYER_ENVIRONMENT;
    if (result == CDR_OK && properties != NULL)
        result = cdr_option_note(loading, cdr_option_by_key("properties_file"),
                                 "CDRGEN_PROPERTIES_FILE", error);
    loading->layer = CDR_LAYER_PROPERTIES_FILE;
    return result;
}

static enum cdr_result resolve_start(struct cdr_loading *loading, struct cdr_error *error)
{
    struct cdr_parameters *model = &loading->settings->model;
    struct cdr_error clause = {{0}};
    const struct cdr_option *option = cdr_option_by_key("start");
    int32_t today = 0;
    /* Also where the date is absolute: an unknown zone is found here, not while running. */
    enum cdr_result result =
        cdr_local_day(model->tz_name, loading->settings->now_ms, &today, &clause);
    if (result != CDR_OK)
        return cdr_fail(error, result, "%s", clause.text);
    if (!loading->start_is_relative)
        return CDR_OK;
    int64_t day = (int64_t)today + model->start_day;
    if (day < (int64_t)option->min)
        return cdr_fail(error, CDR_E_CONFIG, "start: %d days before today is before 1990-01-01",
                        (int)-model->start_day);
    if (day > (int64_t)option->max)
        return cdr_fail(error, CDR_E_CONFIG,
                        "start: %d days before today is after 2100-12-31, by this machine's clock",
                        (int)-model->start_day);
    model->start_day = (int32_t)day;
    return CDR_OK;
}

/* Printed settings have "[hidden]" for secrets. That is fine to print again, but nothing to connect
 * with. */
static enum cdr_result check_hidden(const struct cdr_settings *settings, struct cdr_error *error)
{
    static const char advice[] = "stands for a secret that printed settings leave out; give it in "
                                 "the environment or as a file";
    const char *user_info = settings->registry.user_info, *token = settings->registry.bearer_token;
    if (user_info != NULL && strcmp(user_info, CDR_HIDDEN) == 0)
        return cdr_fail(error, CDR_E_CONFIG, "registry_user_info: \"%s\" %s", CDR_HIDDEN, advice);
    if (token != NULL && strcmp(token, CDR_HIDDEN) == 0)
        return cdr_fail(error, CDR_E_CONFIG, "registry_token: \"%s\" %s", CDR_HIDDEN, advice);
    for (size_t i = 0; i < settings->sink.kafka.property_count; i++)
        if (strcmp(settings->sink.kafka.properties[i].value, CDR_HIDDEN) == 0)
            return cdr_fail(error, CDR_E_CONFIG, "%s: \"%s\" %s",
                            settings->sink.kafka.properties[i].source, CDR_HIDDEN, advice);
    return CDR_OK;
}

/* A change of schema needs to know what to and when. Registering and printing do not ask when. */
static enum cdr_result check_change(const struct cdr_settings *settings, enum cdr_command command,
                                    struct cdr_error *error)
{
    bool changes = false;
    for (size_t i = 0; i < CDR_LABEL_COUNT; i++)
        changes |= settings->topics[i].schemas[1] != NULL;
    if (!changes && settings->schema_change_at != NULL)
        return cdr_fail(error, CDR_E_CONFIG,
                        "schema_change_at: there is no schema to change to; pass "
                        "--next-schema NAME=FILE with it");
    if (!changes && settings->next_mapping != NULL)
        return cdr_fail(error, CDR_E_CONFIG,
                        "next_mapping: it is of the next schemas, and there is none; pass "
                        "--next-schema NAME=FILE with it");
    if (changes && settings->schema_change_at == NULL && command != CDR_COMMAND_SCHEMA)
        return cdr_fail(error, CDR_E_CONFIG,
                        "next_schema: it is not said from when on records follow it; pass "
                        "--schema-change-at TIME with it");
    if (changes && settings->registry.use_latest)
        return cdr_fail(error, CDR_E_CONFIG,
                        "next_schema and use_latest: the latest version is one, and a change of "
                        "schema needs two; give the first one as a file, too (--schema)");
    return CDR_OK;
}

static bool has_faults(const struct cdr_parameters *p)
{
    bool any = false;
    for (uint32_t kind = 0; kind < CDR_FAULT_COUNT; kind++)
        any |= p->faults[kind] > 0 && (cdr_fault_traits[kind] & CDR_FAULT_DELIVERY) == 0;
    return any;
}

/* What the topic of the truth goes with. */
static enum cdr_result check_truth(const struct cdr_settings *settings, enum cdr_command command,
                                   struct cdr_error *error)
{
    const char *topic = settings->truth_topic;
    if (topic == NULL)
        return CDR_OK;
    for (size_t i = 0; i < CDR_TYPE_COUNT + CDR_DIMENSION_COUNT; i++) {
        char name[CDR_TOPIC_NAME_SIZE];
        snprintf(name, sizeof name, "%.240s%s", settings->topic_prefix, cdr_topic_labels[i]);
        if (strcmp(name, topic) == 0)
            return cdr_fail(error, CDR_E_CONFIG,
                            "truth_topic: %s is the topic of other rows; choose another name",
                            name);
    }
    if (!has_faults(&settings->model) && command != CDR_COMMAND_SCHEMA &&
        command != CDR_COMMAND_CONFIG)
        return cdr_fail(error, CDR_E_CONFIG,
                        "truth_topic: nothing is wrong on purpose, so there is no truth to tell; "
                        "pass --fault NAME=SHARE with it, or leave it out");
    if (settings->sink.spill != NULL)
        return cdr_fail(error, CDR_E_CONFIG,
                        "spill and truth_topic: a spill keeps no rows of the truth; leave one of "
                        "them out");
    if (settings->key_schema != NULL)
        return cdr_fail(error, CDR_E_CONFIG,
                        "key_schema and truth_topic: the keys of the truth are strings "
                        "(--key-format avro, or text); leave one of them out");
    if (settings->follow && command == CDR_COMMAND_VERIFY)
        return cdr_fail(error, CDR_E_CONFIG,
                        "follow and truth_topic: the topic of the truth is compared as it is, not "
                        "followed; leave one of them out");
    return CDR_OK;
}

/* Only one of them can set the pace. */
static enum cdr_result check_pace(const struct cdr_settings *settings, struct cdr_error *error)
{
    const struct {
        const char *name;
        bool on;
    } paces[] = {
        {"speed", settings->speed > 0},
        {"rate", settings->rate_per_s > 0},
        {"program", settings->program != NULL},
    };
    const char *pace = NULL;
    for (size_t i = 0; i < sizeof paces / sizeof *paces; i++) {
        if (paces[i].on && pace != NULL)
            return cdr_fail(error, CDR_E_CONFIG, "%s and %s: only one of them can set the pace",
                            pace, paces[i].name);
        pace = paces[i].on ? paces[i].name : pace;
    }
    if (settings->live && pace != NULL)
        return cdr_fail(error, CDR_E_CONFIG,
                        "live and %s: real time is the pace; leave one of them out", pace);
    if (settings->sink.spill != NULL && !settings->live && cdr_settings_is_endless(settings))
        return cdr_fail(error, CDR_E_CONFIG,
                        "spill: a replay has to know how many days there are; pass --days N, too");
    return CDR_OK;
}

static enum cdr_result check_beginning(const struct cdr_settings *settings,
                                       enum cdr_command command, struct cdr_error *error)
{
    const char *with = settings->follow                                          ? "follow"
                       : settings->by != NULL && strcmp(settings->by, "id") == 0 ? "by"
                       : settings->truth_topic != NULL                           ? "truth_topic"
                                                                                 : NULL;
    if (!settings->beginning || command != CDR_COMMAND_VERIFY || with == NULL)
        return CDR_OK;
    return cdr_fail(error, CDR_E_CONFIG,
                    "beginning and %s: only records can be compared as far as they go, place by "
                    "place; leave one of them out",
                    with);
}

static enum cdr_result check_together(const struct cdr_settings *settings, enum cdr_command command,
                                      struct cdr_error *error)
{
    enum cdr_result result = check_pace(settings, error);
    if (result != CDR_OK)
        return result;
    if (settings->shard_count > settings->model.partitions)
        return cdr_fail(error, CDR_E_CONFIG,
                        "shard: %u/%u is out of range; with %u partitions there can be at most %u "
                        "shards",
                        settings->shard_index, settings->shard_count, settings->model.partitions,
                        settings->model.partitions);
    if (settings->sink.spill != NULL && settings->sink.id_header)
        return cdr_fail(error, CDR_E_CONFIG,
                        "spill and id_header: the files of a spill keep no ids; leave one of them "
                        "out");
    if (settings->sink.spill != NULL && settings->sink.fault_header)
        return cdr_fail(error, CDR_E_CONFIG,
                        "spill and fault_header: the files of a spill do not keep what a record's "
                        "fault is; leave one of them out");
    if (settings->sink.spill != NULL && settings->dimensions)
        return cdr_fail(error, CDR_E_CONFIG,
                        "spill and dimensions: a spill keeps no rows of subscribers and cells; "
                        "leave one of them out");
    if (settings->key_schema != NULL && settings->dimensions)
        return cdr_fail(error, CDR_E_CONFIG,
                        "key_schema and dimensions: the keys of subscribers and cells are strings "
                        "(--key-format avro, or text); leave one of them out");
    result = check_beginning(settings, command, error);
    if (result != CDR_OK)
        return result;
    if (settings->follow && settings->dimensions && command == CDR_COMMAND_VERIFY)
        return cdr_fail(error, CDR_E_CONFIG,
                        "follow and dimensions: the dimension topics are compared as they are, "
                        "not followed; leave one of them out");
    if ((settings->registry.certificate_location == NULL) !=
        (settings->registry.key_location == NULL))
        return cdr_fail(error, CDR_E_CONFIG,
                        "registry_certificate and registry_key: mutual TLS needs both");
    if (command == CDR_COMMAND_SCHEMA && strcmp(settings->argument_action, "register") == 0 &&
        (!settings->registry.auto_register || settings->registry.use_latest))
        return cdr_fail(error, CDR_E_CONFIG,
                        "schema register: --no-register and --use-latest forbid registering");
    result = check_change(settings, command, error);
    return result != CDR_OK || command == CDR_COMMAND_CONFIG ? result
                                                             : check_hidden(settings, error);
}

static enum cdr_result finish(struct scan *scan, struct cdr_error *error)
{
    struct cdr_settings *settings = scan->loading->settings;
    enum cdr_result result = CDR_OK;
    const struct cdr_command_row *row = &cdr_commands[*scan->command];
    if (*row->missing != '\0' && scan->argument == NULL)
        return cdr_fail(error, CDR_E_CONFIG, "%s %s: %s", row->name, row->argument_name,
                        row->missing);
    result = resolve_start(scan->loading, error);
    if (result == CDR_OK)
        result = check_together(settings, *scan->command, error);
    if (result == CDR_OK)
        result = check_truth(settings, *scan->command, error);
    if (result == CDR_OK)
        result = cdr_rules_check(settings, *scan->command, error);
    if (result == CDR_OK)
        result = cdr_parameters_check(&settings->model, error);
    return result;
}

enum cdr_result cdr_settings_load_from(struct cdr_settings *settings, enum cdr_command *command,
                                       int argc, char **argv, char *const *environment,
                                       int64_t now_ms, struct cdr_error *error)
{
    int first = 1;
    struct cdr_loading loading = {.settings = settings};
    struct scan scan = {.loading = &loading, .command = command};
    memset(settings, 0, sizeof *settings);
    settings->now_ms = now_ms;
    settings->help_about = CDR_COMMAND_HELP;
    enum cdr_result result = cdr_command_find(argc, argv, command, &first, error);
    if (result == CDR_OK && *command == CDR_COMMAND_HELP)
        return read_help(settings, argc, argv, first, error);
    if (result == CDR_OK)
        result = cdr_flags_visit(argc, argv, first, *command, scan_first, &scan, error);
    if (first == 1)
        settings->help_about = CDR_COMMAND_HELP; /* without a command, the overview */
    if (result != CDR_OK || (cdr_commands[*command].traits & CDR_COMMAND_BARE) != 0)
        return result;
    result = set_defaults(&loading, error);
    if (result == CDR_OK)
        result = load_named_files(&scan, environment, error);
    if (result == CDR_OK)
        result = cdr_flags_visit(argc, argv, first, *command, scan_files, &scan, error);
    loading.layer = CDR_LAYER_ENVIRONMENT;
    if (result == CDR_OK)
        result = cdr_environment_load(&loading, environment, error);
    loading.layer = CDR_LAYER_FLAG;
    if (result == CDR_OK)
        result = cdr_flags_visit(argc, argv, first, *command, scan_values, &scan, error);
    return result == CDR_OK ? finish(&scan, error) : result;
}

enum cdr_result cdr_settings_load(struct cdr_settings *settings, enum cdr_command *command,
                                  int argc, char **argv, struct cdr_error *error)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    return cdr_settings_load_from(settings, command, argc, argv, environ, now_ms, error);
}

enum cdr_result cdr_loading_warn(struct cdr_loading *loading, struct cdr_error *error,
                                 const char *format, ...)
{
    struct cdr_settings *settings = loading->settings;
    char(*grown)[512] =
        realloc(settings->warnings, (settings->warning_count + 1) * sizeof *settings->warnings);
    if (grown == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    settings->warnings = grown;
    char text[sizeof *grown];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    cdr_shown(grown[settings->warning_count++], sizeof *grown, text);
    return CDR_OK;
}

/* -X NAME=VALUE and -XNAME=VALUE; a value after other letters (-qX) is found by its name, too. */
void cdr_settings_hide_arguments(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *x = argv[i][0] == '-' && argv[i][1] != '-' ? strchr(argv[i], 'X') : NULL;
        char *equals = strchr(argv[i], '=');
        char name[128];
        if (equals == NULL)
            continue;
        const char *start = x != NULL && x < equals ? x + 1 : argv[i];
        snprintf(name, sizeof name, "%.*s", (int)(equals - start), start);
        if (cdr_secret_name(name))
            memset(equals + 1, '*', strlen(equals + 1));
    }
}

enum cdr_result cdr_settings_default(struct cdr_settings *settings, struct cdr_error *error)
{
    struct cdr_loading loading = {.settings = settings};
    memset(settings, 0, sizeof *settings);
    return set_defaults(&loading, error);
}

enum cdr_result cdr_settings_read_dataset(struct cdr_settings *settings, const char *name,
                                          const char *text, struct cdr_error *error)
{
    struct cdr_loading loading = {.settings = settings};
    memset(settings, 0, sizeof *settings);
    enum cdr_result result = set_defaults(&loading, error);
    loading.layer = CDR_LAYER_CONFIG_FILE;
    if (result == CDR_OK)
        result = cdr_config_text_load(&loading, name, text, strlen(text), error);
    return result == CDR_OK ? cdr_parameters_check(&settings->model, error) : result;
}

void cdr_settings_free(struct cdr_settings *settings)
{
    for (size_t i = 0; i < cdr_option_count; i++) {
        const struct cdr_type_ops *ops = &cdr_type_ops[cdr_options[i].type];
        if (ops->release != NULL)
            ops->release(cdr_option_field(settings, cdr_options[i].at));
    }
    free(settings->argument_dir);
    free(settings->argument_query);
    free(settings->argument_action);
    free(settings->argument_type);
    cdr_properties_free(&settings->sink.kafka);
    free(settings->warnings);
    for (size_t i = 0; settings->origins != NULL && i < cdr_option_count; i++)
        free(settings->origins[i].where);
    free(settings->origins);
    memset(settings, 0, sizeof *settings);
}
