/* Where values come from, and what follows from it: the destination. */
#include "config/option.h"
#include "config/types.h"

#include <stdlib.h>
#include <string.h>

static struct cdr_origin *origin_of(const struct cdr_settings *settings,
                                    const struct cdr_option *option)
{
    return &settings->origins[option - cdr_options];
}

const struct cdr_origin *cdr_option_origin(const struct cdr_settings *settings,
                                           const struct cdr_option *option)
{
    return origin_of(settings, option);
}

/* Against the built-in default, as text: config files say 0.5 in many ways. */
static enum cdr_result is_default(const struct cdr_settings *settings,
                                  const struct cdr_option *option, bool *same,
                                  struct cdr_error *error)
{
    char text[1024] = "", initial[1024] = "";
    struct cdr_settings *defaults = calloc(1, sizeof *defaults);
    if (defaults == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    enum cdr_result result = cdr_settings_default(defaults, error);
    if (result == CDR_OK && cdr_type_ops[option->type].print != NULL) {
        bool given = cdr_option_text(option, settings, text, sizeof text);
        *same = given == cdr_option_text(option, defaults, initial, sizeof initial) &&
                strcmp(text, initial) == 0;
    }
    cdr_settings_free(defaults);
    free(defaults);
    return result;
}

enum cdr_result cdr_option_note(struct cdr_loading *loading, const struct cdr_option *option,
                                const char *where, struct cdr_error *error)
{
    struct cdr_origin *origin = origin_of(loading->settings, option);
    bool same = false;
    enum cdr_result result = CDR_OK;
    if (loading->layer == CDR_LAYER_DEFAULT || loading->layer < origin->layer)
        return CDR_OK;
    if (loading->layer == CDR_LAYER_CONFIG_FILE && option->key != NULL)
        result = is_default(loading->settings, option, &same, error);
    if (result != CDR_OK || same)
        return result;
    origin->layer = loading->layer;
    return cdr_replace_text(&origin->where, where, error);
}

static const struct cdr_origin *origin_of_key(const struct cdr_settings *settings, const char *key)
{
    return origin_of(settings, cdr_option_by_key(key));
}

const char *cdr_settings_where(const struct cdr_settings *settings, const char *key)
{
    return origin_of_key(settings, key)->where;
}

bool cdr_settings_by_flag(const struct cdr_settings *settings, const char *key)
{
    return origin_of_key(settings, key)->layer == CDR_LAYER_FLAG;
}

const char *cdr_settings_end(const struct cdr_settings *settings)
{
    return settings->program != NULL ? "program"
           : settings->for_s > 0     ? "for"
           : settings->records > 0   ? "records"
                                     : NULL;
}

bool cdr_settings_is_endless(const struct cdr_settings *settings)
{
    return settings->live || (cdr_settings_end(settings) != NULL &&
                              origin_of_key(settings, "days")->layer == CDR_LAYER_DEFAULT);
}

const char *cdr_settings_destination(const struct cdr_settings *settings, enum cdr_command command)
{
    const struct cdr_origin *sink = origin_of_key(settings, "sink");
    const bool brokers = settings->sink.kafka.brokers != NULL;
    const bool automatic = strcmp(settings->sink_name, CDR_SINK_AUTO) == 0;
    if (sink->layer == CDR_LAYER_FLAG ||
        (sink->layer != CDR_LAYER_DEFAULT && !cdr_settings_by_flag(settings, "brokers"))) {
        if (!automatic)
            return settings->sink_name;
        if (command == CDR_COMMAND_RUN)
            return brokers ? CDR_SINK_AUTO : "file";
    }
    if (command == CDR_COMMAND_VERIFY && cdr_settings_by_flag(settings, "out") &&
        !cdr_settings_by_flag(settings, "brokers"))
        return "file";
    return brokers ? "kafka" : "file";
}

void cdr_settings_say_where(const struct cdr_settings *settings, struct cdr_error *error)
{
    char key[64];
    size_t len = strcspn(error->text, ":");
    if (settings->origins == NULL || len >= sizeof key || error->text[len] != ':' ||
        error->text[len + 1] != ' ')
        return;
    memcpy(key, error->text, len);
    key[len] = '\0';
    const struct cdr_option *option = cdr_option_by_key(key);
    const char *where = option != NULL ? origin_of(settings, option)->where : NULL;
    if (where == NULL)
        return;
    const struct cdr_error clause = *error;
    cdr_fail(error, CDR_E_CONFIG, "%.300s%s", where, clause.text + len);
}
