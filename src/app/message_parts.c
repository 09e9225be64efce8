#include "app/message_parts.h"

#include "app/schema_files.h"
#include "config/text_file.h"

#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 1 << 20 };

const char cdr_key_schema_default[] = "\"string\"";

static enum cdr_result read_key_schema(char **text, const struct cdr_settings *settings,
                                       struct cdr_error *error)
{
    size_t len;
    if (settings->key_schema != NULL)
        return cdr_text_file_read(settings->key_schema, FILE_MAX, text, &len, error);
    *text = strdup(cdr_key_schema_default);
    return *text != NULL ? CDR_OK : cdr_fail(error, CDR_E_NOMEM, "out of memory");
}

enum cdr_result cdr_message_parts_load(struct cdr_message_parts *parts,
                                       const struct cdr_settings *settings, struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    memset(parts, 0, sizeof *parts);
    parts->avro_keys = cdr_format_is(settings->key_format, CDR_FORMAT_FRAMED);
    if (!parts->avro_keys && settings->key_schema != NULL)
        return cdr_fail(error, CDR_E_CONFIG,
                        "key_schema: %s is an Avro schema, but the keys are strings; pass "
                        "--key-format avro",
                        settings->key_schema);
    if (!parts->avro_keys)
        return CDR_OK;
    for (uint32_t type = 0; result == CDR_OK && type < CDR_TYPE_COUNT; type++)
        result = read_key_schema(&parts->key_texts[type], settings, error);
    if (result == CDR_OK && settings->mapping != NULL)
        result = cdr_mapping_load(&parts->mapping, settings->mapping, error);
    return result;
}

static struct cdr_encoder_settings key_settings(const struct cdr_settings *settings, uint32_t type,
                                                const char *text, const char *name,
                                                const char *mapping)
{
    return (struct cdr_encoder_settings){
        .type = type,
        .tz_name = settings->model.tz_name,
        .framed = true,
        .schema_text = text,
        .schema_name = name,
        .mapping_text = mapping,
        .key = true,
    };
}

enum cdr_result cdr_message_parts_compile(struct cdr_message_parts *parts,
                                          const struct cdr_settings *settings,
                                          struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    for (uint32_t type = 0; result == CDR_OK && type < CDR_TYPE_COUNT; type++) {
        cdr_encoder_destroy(parts->keys[type]);
        parts->keys[type] = NULL;
        cdr_headers_free(&parts->headers[type]);
        struct cdr_encoder_settings key = key_settings(settings, type, parts->key_texts[type],
                                                       settings->key_schema, parts->mapping);
        key.schema_id = parts->key_ids[type];
        if (parts->avro_keys)
            result = cdr_encoder_find("avro")->create(&parts->keys[type], &key, error);
        if (result == CDR_OK)
            result = cdr_headers_create(&parts->headers[type], settings->headers, type,
                                        settings->model.tz_name, error);
    }
    return result;
}

bool cdr_key_schemas_come_later(const struct cdr_settings *settings)
{
    return settings->registry.use_latest && settings->registry.urls != NULL &&
           settings->key_schema == NULL;
}

void cdr_message_parts_envelopes(const struct cdr_message_parts *parts,
                                 struct cdr_envelope envelopes[CDR_TYPE_COUNT])
{
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        const struct cdr_encoder *key = parts->keys[type];
        const struct cdr_headers *headers = &parts->headers[type];
        envelopes[type] = (struct cdr_envelope){
            .key = key,
            .headers = headers->encoder,
            .header_names = headers->names,
            .header_count = headers->count,
            .key_bytes_max = key != NULL ? key->record_bytes_max : 0,
            .header_bytes_max = headers->encoder != NULL ? headers->encoder->record_bytes_max : 0,
        };
    }
}

void cdr_message_parts_free(struct cdr_message_parts *parts)
{
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        cdr_encoder_destroy(parts->keys[type]);
        cdr_headers_free(&parts->headers[type]);
        free(parts->key_texts[type]);
    }
    free(parts->mapping);
    memset(parts, 0, sizeof *parts);
}

enum cdr_result cdr_key_schema_compiles(const struct cdr_settings *settings, uint32_t type,
                                        const char *text, const char *name, const char *mapping,
                                        struct cdr_error *error)
{
    struct cdr_encoder *encoder = NULL;
    struct cdr_encoder_settings key = key_settings(settings, type, text, name, mapping);
    enum cdr_result result = cdr_encoder_find("avro")->create(&encoder, &key, error);
    cdr_encoder_destroy(encoder);
    return result;
}
