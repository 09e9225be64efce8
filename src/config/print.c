/* `cdrgen config`: the settings as a config file. */
#include "config/option.h"
#include "config/types.h"

#include <stdlib.h>
#include <string.h>

/* Keys with dots are nested objects: closes those of the last key that the next one has not, opens
 * the new ones. Returns the last part of key. */
static const char *move_to(struct cdr_json *json, const char *last, const char *key)
{
    size_t shared = 0;
    for (size_t i = 0; last[i] != '\0' && last[i] == key[i]; i++)
        if (key[i] == '.')
            shared = i + 1;
    for (const char *dot = strchr(last + shared, '.'); dot != NULL; dot = strchr(dot + 1, '.'))
        cdr_json_object_end(json);
    const char *part = key + shared;
    for (const char *dot = strchr(part, '.'); dot != NULL; dot = strchr(part, '.')) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)(dot - part), part);
        cdr_json_object(json, name);
        part = dot + 1;
    }
    return part;
}

bool cdr_option_text(const struct cdr_option *option, const struct cdr_settings *settings,
                     char *text, size_t text_max)
{
    char *line = NULL;
    size_t len = 0;
    struct cdr_json json;
    if (option->key == NULL || cdr_type_ops[option->type].print == NULL)
        return false;
    FILE *stream = open_memstream(&line, &len);
    if (stream == NULL)
        return false;
    cdr_json_start(&json, stream);
    cdr_json_array_inline(&json, NULL);
    cdr_option_print(option, settings, &json, NULL);
    cdr_json_array_end(&json);
    bool good = cdr_json_finish(&json);
    good = fclose(stream) == 0 && good && len >= 3;
    if (good) /* between the brackets; a newline follows them */
        snprintf(text, text_max, "%.*s", (int)len - 3, line + 1);
    free(line);
    return good && strcmp(text, "null") != 0;
}

/* Those that `wanted` names, of the settings that a config file takes. */
static void put_settings(struct cdr_json *json, const struct cdr_settings *settings,
                         bool (*wanted)(const struct cdr_option *option))
{
    const char *last = "";
    for (size_t i = 0; i < cdr_option_count; i++) {
        const struct cdr_option *option = &cdr_options[i];
        if (option->key == NULL || option->unlisted || cdr_type_ops[option->type].print == NULL ||
            !wanted(option))
            continue;
        cdr_option_print(option, settings, json, move_to(json, last, option->key));
        last = option->key;
    }
    move_to(json, last, "");
}

static bool any(const struct cdr_option *option)
{
    (void)option;
    return true;
}

static bool is_of_dataset(const struct cdr_option *option)
{
    const struct cdr_settings *none = NULL;
    return option->at < sizeof none->model || option->at == offsetof(struct cdr_settings, live) ||
           option->at == offsetof(struct cdr_settings, headers);
}

void cdr_settings_print(FILE *out, const struct cdr_settings *settings)
{
    struct cdr_json json;
    cdr_json_start(&json, out);
    cdr_json_object(&json, NULL);
    put_settings(&json, settings, any);
    cdr_json_object_end(&json);
    cdr_json_finish(&json);
}

void cdr_settings_put_dataset(struct cdr_json *json, const struct cdr_settings *settings)
{
    _Static_assert(offsetof(struct cdr_settings, model) == 0, "what lies in the model comes first");
    put_settings(json, settings, is_of_dataset);
}
