#include "app/schema_files.h"
#include "app/say.h"

#include "base/moment.h"
#include "config/text_file.h"
#include "encode/json_text.h"
#include "encode/schema.h"
#include "encode/selection.h"

#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 1 << 20 };

static const char *const keys[CDR_TYPE_COUNT] = {"schema_call", "schema_sms", "schema_data"};

enum cdr_result cdr_mapping_load(char **text, const char *mapping, struct cdr_error *error)
{
    size_t len;
    if (mapping[strspn(mapping, " \t\r\n")] != '{')
        return cdr_text_file_read(mapping, FILE_MAX, text, &len, error);
    *text = strdup(mapping);
    return *text != NULL ? CDR_OK : cdr_fail(error, CDR_E_NOMEM, "out of memory");
}

static enum cdr_result select_fields(struct cdr_schema_files *files,
                                     const struct cdr_settings *settings, struct cdr_error *error)
{
    struct cdr_selection selection;
    struct cdr_error why = {{0}};
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
        if (settings->schemas[type] != NULL)
            return cdr_fail(error, CDR_E_CONFIG,
                            "%s: %s cannot be given together with fields, which say what the "
                            "records of all types hold",
                            keys[type], settings->schemas[type]);
    if (settings->mapping != NULL)
        return cdr_fail(
            error, CDR_E_CONFIG,
            "mapping: it cannot be given together with fields; write name=source there");
    enum cdr_result result = cdr_selection_make(&selection, settings->fields, &why);
    if (result != CDR_OK) {
        cdr_fail(error, result, "fields: %s", why.text);
        cdr_selection_free(&selection);
        return result;
    }
    memcpy(files->texts, selection.schemas, sizeof files->texts);
    files->mapping = selection.mapping;
    return CDR_OK;
}

/* The built-in schema by the mapping. JSON and CSV of a type that it does not name stay as they are
 * without it; the mapping is checked all the same. */
static enum cdr_result map_builtin(struct cdr_schema_files *files,
                                   const struct cdr_settings *settings, uint32_t type,
                                   struct cdr_error *error)
{
    if (!cdr_format_is(settings->format, CDR_FORMAT_FRAMED) &&
        !cdr_json_has(files->mapping, strlen(files->mapping), cdr_type_word[type]))
        return cdr_schema_compiles(settings, type, cdr_builtin_schema(type), NULL, files->mapping,
                                   error);
    files->texts[type] = strdup(cdr_builtin_schema(type));
    return files->texts[type] != NULL ? CDR_OK : cdr_fail(error, CDR_E_NOMEM, "out of memory");
}

static enum cdr_result load_schemas(char *texts[CDR_TYPE_COUNT], char *const paths[CDR_TYPE_COUNT],
                                    struct cdr_error *error)
{
    size_t len;
    enum cdr_result result = CDR_OK;
    for (uint32_t type = 0; result == CDR_OK && type < CDR_TYPE_COUNT; type++)
        if (paths[type] != NULL)
            result = cdr_text_file_read(paths[type], FILE_MAX, &texts[type], &len, error);
    return result;
}

static enum cdr_result load_first(struct cdr_schema_files *files,
                                  const struct cdr_settings *settings, struct cdr_error *error)
{
    if (settings->fields != NULL)
        return select_fields(files, settings, error);
    enum cdr_result result = load_schemas(files->texts, settings->schemas, error);
    if (settings->mapping == NULL)
        return result;
    if (result == CDR_OK)
        result = cdr_mapping_load(&files->mapping, settings->mapping, error);
    for (uint32_t type = 0; result == CDR_OK && type < CDR_TYPE_COUNT; type++)
        if (files->texts[type] == NULL)
            result = map_builtin(files, settings, type, error);
    return result;
}

enum cdr_result cdr_schema_files_load(struct cdr_schema_files *files,
                                      const struct cdr_settings *settings, struct cdr_error *error)
{
    *files = (struct cdr_schema_files){.change_ms = CDR_CHANGE_NEVER};
    enum cdr_result result = load_first(files, settings, error);
    if (result == CDR_OK)
        result = load_schemas(files->next_texts, settings->next_schemas, error);
    if (result == CDR_OK && settings->next_mapping != NULL)
        result = cdr_mapping_load(&files->next_mapping, settings->next_mapping, error);
    return result;
}

enum cdr_result cdr_schema_files_resolve(struct cdr_schema_files *files,
                                         const struct cdr_settings *settings,
                                         const struct cdr_model *model, struct cdr_error *error)
{
    struct cdr_moment moment;
    if (settings->schema_change_at == NULL)
        return CDR_OK;
    enum cdr_result result = cdr_parse_moment(settings->schema_change_at, &moment, error);
    if (result != CDR_OK)
        return result;
    files->change_ms =
        moment.kind == CDR_MOMENT_UTC ? moment.ms
        : moment.kind == CDR_MOMENT_LOCAL
            ? cdr_calendar_instant_ms(&model->calendar, moment.ms)
            : moment.ms + cdr_calendar_day_start_ms(&model->calendar, model->parameters.start_day);
    return CDR_OK;
}

struct cdr_encoder_settings cdr_schema_files_next(const struct cdr_schema_files *files,
                                                  const struct cdr_settings *settings,
                                                  const struct cdr_encoder_settings *encoder,
                                                  int32_t next_id)
{
    struct cdr_encoder_settings next = *encoder;
    next.schema_id = next_id;
    next.schema_text = files->next_texts[encoder->type];
    next.schema_name = settings->next_schemas[encoder->type];
    next.mapping_text = cdr_schema_files_next_mapping(files, settings);
    return next;
}

enum cdr_result cdr_schema_files_encoder(const struct cdr_schema_files *files,
                                         const struct cdr_settings *settings,
                                         const struct cdr_encoder_settings *encoder,
                                         int32_t next_id, struct cdr_encoder **created,
                                         struct cdr_error *error)
{
    const struct cdr_encoder_ops *ops = cdr_encoder_find(settings->format);
    struct cdr_encoder *before = NULL, *from_then_on = NULL;
    if (files->next_texts[encoder->type] == NULL)
        return ops->create(created, encoder, error);
    const struct cdr_encoder_settings next =
        cdr_schema_files_next(files, settings, encoder, next_id);
    enum cdr_result result = ops->create(&before, encoder, error);
    if (result == CDR_OK)
        result = ops->create(&from_then_on, &next, error);
    if (result == CDR_OK)
        return cdr_change_create(created, before, from_then_on, files->change_ms, error);
    cdr_encoder_destroy(before);
    return result;
}

enum cdr_result cdr_schema_compiles(const struct cdr_settings *settings, uint32_t type,
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

void cdr_schema_files_advise(const struct cdr_schema_files *files,
                             const struct cdr_settings *settings, const char *key_text,
                             cdr_advice_say say, void *context)
{
    struct advised advised = {say, context, NULL};
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        advised.file = settings->schemas[type];
        if (advised.file != NULL)
            cdr_schema_advise(files->texts[type], pass_on, &advised);
        advised.file = settings->next_schemas[type];
        if (advised.file != NULL)
            cdr_schema_advise(files->next_texts[type], pass_on, &advised);
    }
    advised.file = settings->key_schema;
    if (advised.file != NULL && key_text != NULL)
        cdr_schema_advise(key_text, pass_on, &advised);
}

static void print_warning(void *context, const char *file, const char *line)
{
    (void)context;
    cdr_say(stderr, "cdrgen: warning: %s: %s\n", file, line);
}

void cdr_schema_files_warn(const struct cdr_schema_files *files,
                           const struct cdr_settings *settings, const char *key_text)
{
    cdr_schema_files_advise(files, settings, key_text, print_warning, NULL);
}

void cdr_schema_files_free(struct cdr_schema_files *files)
{
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        free(files->texts[type]);
        free(files->next_texts[type]);
    }
    free(files->mapping);
    free(files->next_mapping);
}
