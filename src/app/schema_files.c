#include "app/schema_files.h"

#include "config/text_file.h"

#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 1 << 20 };

enum cdr_result cdr_mapping_load(char **text, const char *mapping, struct cdr_error *error)
{
    size_t len;
    if (mapping[strspn(mapping, " \t\r\n")] != '{')
        return cdr_text_file_read(mapping, FILE_MAX, text, &len, error);
    *text = strdup(mapping);
    return *text != NULL ? CDR_OK : cdr_fail(error, CDR_E_NOMEM, "out of memory");
}

enum cdr_result cdr_schema_files_load(struct cdr_schema_files *files,
                                      const struct cdr_settings *settings, struct cdr_error *error)
{
    static const char *const keys[CDR_TYPE_COUNT] = {"schema_call", "schema_sms", "schema_data"};
    size_t len;
    bool avro = strcmp(settings->format, "avro") == 0;
    enum cdr_result result = CDR_OK;
    *files = (struct cdr_schema_files){{NULL}, NULL};
    for (uint32_t type = 0; result == CDR_OK && type < CDR_TYPE_COUNT; type++) {
        if (settings->schemas[type] == NULL)
            continue;
        if (!avro)
            return cdr_fail(error, CDR_E_CONFIG,
                            "%s: %s is an Avro schema, but the format is %s; pass --format avro",
                            keys[type], settings->schemas[type], settings->format);
        result =
            cdr_text_file_read(settings->schemas[type], FILE_MAX, &files->texts[type], &len, error);
    }
    if (settings->mapping == NULL || !avro)
        return result;
    if (result == CDR_OK)
        result = cdr_mapping_load(&files->mapping, settings->mapping, error);
    for (uint32_t type = 0; result == CDR_OK && type < CDR_TYPE_COUNT; type++)
        if (files->texts[type] == NULL &&
            (files->texts[type] = strdup(cdr_builtin_schema(type))) == NULL)
            result = cdr_fail(error, CDR_E_NOMEM, "out of memory");
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
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
        free(files->texts[type]);
    free(files->mapping);
}
