#include "app/rows_schemas.h"

#include "config/text_file.h"
#include "registry/registry.h"

#include <stdlib.h>

static enum cdr_result add(struct cdr_rows_schemas *schemas, bool of_key, int32_t id,
                           const char *text, const char *name, struct cdr_error *error)
{
    struct cdr_error clause;
    struct cdr_rows_schema *grown =
        realloc(schemas->items, (schemas->n + 1) * sizeof *schemas->items);
    if (grown == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for schemas");
    schemas->items = grown;
    struct cdr_rows_schema *item = &schemas->items[schemas->n++];
    *item = (struct cdr_rows_schema){.of_key = of_key, .id = id};
    const enum cdr_result result = cdr_schema_parse_any(&item->schema, text, &clause);
    return result == CDR_OK ? CDR_OK : cdr_fail(error, result, "%s: %s", name, clause.text);
}

static const struct cdr_schema_node *find(void *context, bool of_key, int32_t id,
                                          struct cdr_error *error)
{
    const struct cdr_rows_schemas *schemas = context;
    for (size_t i = 0; i < schemas->n; i++)
        if (schemas->items[i].of_key == of_key && schemas->items[i].id == id)
            return schemas->items[i].schema.root;
    cdr_fail(error, CDR_E_CONFIG,
             "from-topic: a message has the schema %d, which is no version of the topic's subject",
             (int)id);
    return NULL;
}

#if CDR_KAFKA
static enum cdr_result load_subject(struct cdr_rows_schemas *schemas,
                                    const struct cdr_settings *settings, bool of_key,
                                    struct cdr_error *error)
{
    char subject[CDR_REGISTRY_SUBJECT_MAX];
    int32_t *versions = NULL;
    size_t count = 0;
    snprintf(subject, sizeof subject, "%.500s-%s", settings->judge_topic, of_key ? "key" : "value");
    enum cdr_result result =
        cdr_registry_versions(&settings->registry, subject, &versions, &count, error);
    for (size_t i = 0; result == CDR_OK && i < count; i++) {
        struct cdr_registry_schema schema;
        result = cdr_registry_version(&settings->registry, subject, versions[i], &schema, error);
        if (result != CDR_OK)
            break;
        result = add(schemas, of_key, schema.id, schema.whole, subject, error);
        cdr_registry_schema_free(&schema);
    }
    free(versions);
    return result;
}

static enum cdr_result load_registry(struct cdr_rows_schemas *schemas,
                                     const struct cdr_settings *settings, struct cdr_error *error)
{
    const enum cdr_result result = load_subject(schemas, settings, false, error);
    return result == CDR_OK ? load_subject(schemas, settings, true, error) : result;
}
#else
static enum cdr_result load_registry(struct cdr_rows_schemas *schemas,
                                     const struct cdr_settings *settings, struct cdr_error *error)
{
    (void)schemas;
    return cdr_fail(error, CDR_E_CONFIG, "from-topic %s: this build has no Kafka",
                    settings->judge_topic);
}
#endif

enum cdr_result cdr_rows_schemas_load(struct cdr_rows_schemas *schemas,
                                      const struct cdr_settings *settings, struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    char *text = NULL;
    size_t len;
    if (cdr_output_forms[settings->judge_as].values != CDR_VALUES_AVRO)
        return CDR_OK;
    schemas->found = (struct cdr_output_schemas){
        .framed = settings->judge_schema == NULL, .find = find, .context = schemas};
    if (settings->judge_schema != NULL) {
        result =
            cdr_text_file_read(settings->judge_schema, CDR_SCHEMA_TEXT_MAX, &text, &len, error);
        if (result == CDR_OK)
            result = add(schemas, false, 0, text, settings->judge_schema, error);
    } else if (settings->registry.urls == NULL) {
        result = cdr_fail(error, CDR_E_CONFIG,
                          "as: rows in Avro need their schema; pass --value-schema FILE for "
                          "messages without a frame, or --registry");
    } else {
        result = load_registry(schemas, settings, error);
    }
    free(text);
    return result;
}

void cdr_rows_schemas_free(struct cdr_rows_schemas *schemas)
{
    for (size_t i = 0; i < schemas->n; i++)
        cdr_schema_destroy(&schemas->items[i].schema);
    free(schemas->items);
}
