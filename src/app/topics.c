#include "app/topics.h"

#include "app/say.h"
#include "base/moment.h"
#include "config/text_file.h"
#include "encode/selection.h"
#include "schema/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 1 << 20 };

enum cdr_result cdr_topics_name(struct cdr_topics *topics, const struct cdr_settings *settings,
                                struct cdr_error *error)
{
    enum cdr_result result = cdr_topics_create(topics, CDR_TYPE_COUNT, error);
    topics->fault_header = settings->sink.fault_header;
    for (uint32_t type = 0; result == CDR_OK && type < CDR_TYPE_COUNT; type++) {
        struct cdr_topic *topic = &topics->items[type];
        topic->label = cdr_type_word[type];
        snprintf(topic->name, sizeof topic->name, "%s%s", settings->topic_prefix, topic->label);
        for (unsigned version = 0; version < CDR_VERSIONS; version++)
            topic->layouts[version].name =
                cdr_settings_topic(settings, topic->label)->schemas[version];
    }
    return result;
}

/* The text of a mapping, which is a file's name or the JSON itself. */
static enum cdr_result load_mapping(char **text, const char *mapping, struct cdr_error *error)
{
    size_t len;
    if (mapping[strspn(mapping, " \t\r\n")] != '{')
        return cdr_text_file_read(mapping, FILE_MAX, text, &len, error);
    *text = strdup(mapping);
    return *text != NULL ? CDR_OK : cdr_fail(error, CDR_E_NOMEM, "out of memory");
}

static enum cdr_result select_fields(struct cdr_topics *topics, const struct cdr_settings *settings,
                                     struct cdr_error *error)
{
    struct cdr_error why = {{0}};
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
        if (topics->items[type].layouts[0].name != NULL)
            return cdr_fail(error, CDR_E_CONFIG,
                            "schema: %s cannot be given together with fields, which say what the "
                            "records of all types hold",
                            topics->items[type].layouts[0].name);
    if (settings->mapping != NULL)
        return cdr_fail(
            error, CDR_E_CONFIG,
            "mapping: it cannot be given together with fields; write name=source there");
    enum cdr_result result = cdr_selection_make(topics, settings->fields, &why);
    return result == CDR_OK ? CDR_OK : cdr_fail(error, result, "fields: %s", why.text);
}

/* The built-in schema by the mapping. JSON and CSV of a type that it does not name stay as they are
 * without it; the mapping is checked all the same. */
static enum cdr_result map_builtin(struct cdr_topics *topics, const struct cdr_settings *settings,
                                   uint32_t type, struct cdr_error *error)
{
    const char *mapping = topics->mappings[0];
    if (!cdr_format_is(settings->format, CDR_FORMAT_FRAMED) && !cdr_mapping_names(mapping, type))
        return cdr_schema_compiles(settings, type, false, cdr_builtin_schema(type), NULL, mapping,
                                   error);
    char **text = &topics->items[type].layouts[0].schema;
    *text = strdup(cdr_builtin_schema(type));
    return *text != NULL ? CDR_OK : cdr_fail(error, CDR_E_NOMEM, "out of memory");
}

static enum cdr_result load_version(struct cdr_topics *topics, unsigned version,
                                    struct cdr_error *error)
{
    size_t len;
    enum cdr_result result = CDR_OK;
    for (uint32_t type = 0; result == CDR_OK && type < CDR_TYPE_COUNT; type++) {
        struct cdr_layout *layout = &topics->items[type].layouts[version];
        if (layout->name != NULL)
            result = cdr_text_file_read(layout->name, FILE_MAX, &layout->schema, &len, error);
    }
    return result;
}

static enum cdr_result load_first(struct cdr_topics *topics, const struct cdr_settings *settings,
                                  struct cdr_error *error)
{
    if (settings->fields != NULL)
        return select_fields(topics, settings, error);
    enum cdr_result result = load_version(topics, 0, error);
    if (settings->mapping == NULL)
        return result;
    if (result == CDR_OK)
        result = load_mapping(&topics->mappings[0], settings->mapping, error);
    for (uint32_t type = 0; result == CDR_OK && type < CDR_TYPE_COUNT; type++)
        if (topics->items[type].layouts[0].schema == NULL)
            result = map_builtin(topics, settings, type, error);
    return result;
}

enum cdr_result cdr_topics_load_schemas(struct cdr_topics *topics,
                                        const struct cdr_settings *settings,
                                        struct cdr_error *error)
{
    enum cdr_result result = load_first(topics, settings, error);
    if (result == CDR_OK)
        result = load_version(topics, 1, error);
    if (result == CDR_OK && settings->next_mapping != NULL)
        result = load_mapping(&topics->mappings[1], settings->next_mapping, error);
    /* The rules of --fields are of its own schemas. */
    const char *next = topics->mappings[1] != NULL || settings->fields != NULL
                           ? topics->mappings[1]
                           : topics->mappings[0];
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        topics->items[type].layouts[0].mapping = topics->mappings[0];
        topics->items[type].layouts[1].mapping = next;
    }
    return result;
}

enum cdr_result cdr_topics_load_keys(struct cdr_topics *topics, const struct cdr_settings *settings,
                                     struct cdr_error *error)
{
    const bool avro = cdr_format_is(settings->key_format, CDR_FORMAT_FRAMED);
    enum cdr_result result = CDR_OK;
    size_t len;
    if (!avro && settings->key_schema != NULL)
        return cdr_fail(error, CDR_E_CONFIG,
                        "key_schema: %s is an Avro schema, but the keys are strings; pass "
                        "--key-format avro",
                        settings->key_schema);
    for (uint32_t type = 0; avro && result == CDR_OK && type < CDR_TYPE_COUNT; type++) {
        struct cdr_layout *layout = &topics->items[type].key_layout;
        layout->name = settings->key_schema;
        layout->mapping = settings->mapping != NULL ? topics->mappings[0] : NULL;
        if (settings->key_schema != NULL)
            result =
                cdr_text_file_read(settings->key_schema, FILE_MAX, &layout->schema, &len, error);
        else if ((layout->schema = strdup(cdr_key_schema_default)) == NULL)
            result = cdr_fail(error, CDR_E_NOMEM, "out of memory");
    }
    return result;
}

bool cdr_key_schemas_come_later(const struct cdr_settings *settings)
{
    return settings->registry.use_latest && settings->registry.urls != NULL &&
           settings->key_schema == NULL;
}

enum cdr_result cdr_topics_resolve_change(struct cdr_topics *topics,
                                          const struct cdr_settings *settings,
                                          const struct cdr_model *model, struct cdr_error *error)
{
    struct cdr_moment moment;
    if (settings->schema_change_at == NULL)
        return CDR_OK;
    enum cdr_result result = cdr_parse_moment(settings->schema_change_at, &moment, error);
    if (result != CDR_OK)
        return result;
    topics->change_ms =
        moment.kind == CDR_MOMENT_UTC ? moment.ms
        : moment.kind == CDR_MOMENT_LOCAL
            ? cdr_calendar_instant_ms(&model->calendar, moment.ms)
            : moment.ms + cdr_calendar_day_start_ms(&model->calendar, model->parameters.start_day);
    return CDR_OK;
}

enum cdr_result cdr_schema_compiles(const struct cdr_settings *settings, uint32_t type, bool key,
                                    const char *text, const char *name, const char *mapping,
                                    struct cdr_error *error)
{
    struct cdr_encoder *encoder = NULL;
    struct cdr_encoder_settings trial = {
        .type = type,
        .tz_name = settings->model.tz_name,
        .framed = true,
        .schema_id = 1,
        .schema_text = text,
        .schema_name = name,
        .mapping_text = mapping,
        .key = key,
    };
    enum cdr_result result = cdr_encoder_find("avro")->create(&encoder, &trial, error);
    cdr_encoder_destroy(encoder);
    return result;
}

struct advised {
    cdr_advice_say say;
    void *context;
    const char *file;
};

static void pass_on(void *context, const char *line)
{
    const struct advised *advised = context;
    advised->say(advised->context, advised->file, line);
}

static void advise(const struct cdr_layout *layout, cdr_advice_say say, void *context)
{
    struct advised advised = {say, context, layout->name};
    if (layout->name != NULL)
        cdr_schema_advise(layout->schema, pass_on, &advised);
}

void cdr_topics_advise(const struct cdr_topics *topics, cdr_advice_say say, void *context)
{
    for (uint32_t type = 0; type < topics->n; type++)
        for (unsigned version = 0; version < CDR_VERSIONS; version++)
            advise(&topics->items[type].layouts[version], say, context);
    advise(&topics->items[0].key_layout, say, context);
}

static void print_warning(void *context, const char *file, const char *line)
{
    (void)context;
    cdr_say(stderr, "cdrgen: warning: %s: %s\n", file, line);
}

void cdr_topics_warn(const struct cdr_topics *topics)
{
    cdr_topics_advise(topics, print_warning, NULL);
}
