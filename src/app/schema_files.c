#include "app/schema_files.h"

#include "base/moment.h"
#include "config/text_file.h"

#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 1 << 20 };

static enum cdr_result load_schema(const struct cdr_settings *settings, const char *key,
                                   const char *path, char **text, struct cdr_error *error)
{
    size_t len;
    if (path == NULL)
        return CDR_OK;
    if (strcmp(settings->format, "avro") != 0)
        return cdr_fail(error, CDR_E_CONFIG,
                        "%s: %s is an Avro schema, but the format is %s; pass --format avro", key,
                        path, settings->format);
    return cdr_text_file_read(path, FILE_MAX, text, &len, error);
}

static enum cdr_result load_mapping(const char *mapping, char **text, struct cdr_error *error)
{
    size_t len;
    if (mapping == NULL)
        return CDR_OK;
    if (mapping[strspn(mapping, " \t\r\n")] != '{')
        return cdr_text_file_read(mapping, FILE_MAX, text, &len, error);
    *text = strdup(mapping);
    return *text != NULL ? CDR_OK : cdr_fail(error, CDR_E_NOMEM, "out of memory");
}

enum cdr_result cdr_schema_files_load(struct cdr_schema_files *files,
                                      const struct cdr_settings *settings, struct cdr_error *error)
{
    static const char *const keys[CDR_VERSIONS][CDR_TYPE_COUNT] = {
        {"schema_call", "schema_sms", "schema_data"},
        {"next_schema_call", "next_schema_sms", "next_schema_data"}};
    bool avro = strcmp(settings->format, "avro") == 0;
    enum cdr_result result = CDR_OK;
    *files = (struct cdr_schema_files){.change_ms = CDR_CHANGE_NEVER};
    for (uint32_t type = 0; result == CDR_OK && type < CDR_TYPE_COUNT; type++) {
        result = load_schema(settings, keys[0][type], settings->schemas[type], &files->texts[type],
                             error);
        if (result == CDR_OK)
            result = load_schema(settings, keys[1][type], settings->next_schemas[type],
                                 &files->next_texts[type], error);
    }
    if (result == CDR_OK && avro)
        result = load_mapping(settings->mapping, &files->mapping, error);
    if (result == CDR_OK && avro)
        result = load_mapping(settings->next_mapping, &files->next_mapping, error);
    for (uint32_t type = 0; result == CDR_OK && type < CDR_TYPE_COUNT; type++)
        if (files->mapping != NULL && files->texts[type] == NULL &&
            (files->texts[type] = strdup(cdr_builtin_schema(type))) == NULL)
            result = cdr_fail(error, CDR_E_NOMEM, "out of memory");
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
    next.mapping_text = files->next_mapping != NULL ? files->next_mapping : files->mapping;
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

void cdr_schema_files_free(struct cdr_schema_files *files)
{
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        free(files->texts[type]);
        free(files->next_texts[type]);
    }
    free(files->mapping);
    free(files->next_mapping);
}
