#include "app/schema_files.h"

#include "config/text_file.h"
#include "encode/json_text.h"
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
    static const char *const sections[CDR_TYPE_COUNT] = {"call", "sms", "data"};
    if (strcmp(settings->format, "avro") != 0 &&
        !cdr_json_has(files->mapping, strlen(files->mapping), sections[type]))
        return cdr_schema_compiles(settings, type, cdr_builtin_schema(type), NULL, files->mapping,
                                   error);
    files->texts[type] = strdup(cdr_builtin_schema(type));
    return files->texts[type] != NULL ? CDR_OK : cdr_fail(error, CDR_E_NOMEM, "out of memory");
}

enum cdr_result cdr_schema_files_load(struct cdr_schema_files *files,
                                      const struct cdr_settings *settings, struct cdr_error *error)
{
    size_t len;
    enum cdr_result result = CDR_OK;
    *files = (struct cdr_schema_files){{NULL}, NULL};
    if (settings->fields != NULL)
        return select_fields(files, settings, error);
    for (uint32_t type = 0; result == CDR_OK && type < CDR_TYPE_COUNT; type++)
        if (settings->schemas[type] != NULL)
            result = cdr_text_file_read(settings->schemas[type], FILE_MAX, &files->texts[type],
                                        &len, error);
    if (settings->mapping == NULL)
        return result;
    if (result == CDR_OK)
        result = cdr_mapping_load(&files->mapping, settings->mapping, error);
    for (uint32_t type = 0; result == CDR_OK && type < CDR_TYPE_COUNT; type++)
        if (files->texts[type] == NULL)
            result = map_builtin(files, settings, type, error);
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
