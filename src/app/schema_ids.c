#include "app/schema_ids.h"

#include "app/dimensions.h"
#include "registry/registry.h"

#include <stdio.h>
#include <string.h>

void cdr_schema_uses_add(struct cdr_schema_uses *uses, int32_t id, const char *text,
                         const char *part, const char *topic, const char *option)
{
    if (id == 0 || text == NULL || uses->n == CDR_SCHEMA_USES_MAX)
        return;
    struct cdr_schema_use *use = &uses->items[uses->n++];
    *use = (struct cdr_schema_use){.id = id, .text = text};
    snprintf(use->what, sizeof use->what, "%s of %.200s%s%s%s", part, topic,
             option != NULL ? " (" : "", option != NULL ? option : "", option != NULL ? ")" : "");
}

enum cdr_result cdr_schema_uses_check(const struct cdr_schema_uses *uses, const char *from,
                                      struct cdr_error *error)
{
    for (size_t i = 0; i < uses->n; i++)
        for (size_t k = 0; k < i; k++) {
            const struct cdr_schema_use *a = &uses->items[k], *b = &uses->items[i];
            if (a->id != b->id || cdr_registry_same(a->text, b->text))
                continue;
            if (from != NULL)
                return cdr_fail(error, CDR_E_CONFIG,
                                "schema registry %.300s gives two different schemas the id %d: %s, "
                                "and %s; readers would take one for the other",
                                from, (int)a->id, a->what, b->what);
            return cdr_fail(error, CDR_E_CONFIG,
                            "two different schemas have the schema id %d: %s, and %s; readers "
                            "would take one for the other: give each its own id, or pass "
                            "--registry URL",
                            (int)a->id, a->what, b->what);
        }
    return CDR_OK;
}

void cdr_run_take_fixed_ids(struct cdr_run *run)
{
    const struct cdr_settings *settings = run->settings;
    const bool framed = cdr_run_is_framed(run);
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        const bool changes = run->schemas.next_texts[type] != NULL;
        run->schema_ids[type] = framed ? settings->schema_ids[type] : 0;
        run->next_schema_ids[type] = framed && changes ? settings->next_schema_ids[type] : 0;
        run->parts.key_ids[type] = run->parts.avro_keys ? settings->key_schema_id : 0;
    }
}

enum cdr_result cdr_run_check_schema_ids(const struct cdr_run *run, struct cdr_error *error)
{
    static const char *const options[CDR_TYPE_COUNT] = {"--schema-id-call", "--schema-id-sms",
                                                        "--schema-id-data"};
    static const char *const nexts[CDR_TYPE_COUNT] = {
        "--next-schema-id-call", "--next-schema-id-sms", "--next-schema-id-data"};
    const char *registry = run->settings->registry.urls;
    const bool fixed = registry == NULL || !cdr_run_has(run, CDR_SINK_OFFSETS);
    struct cdr_schema_uses uses = {0};
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
        cdr_schema_uses_add(&uses, run->schema_ids[type],
                            cdr_schema_files_text(&run->schemas, type), "the values",
                            run->topics[type], fixed ? options[type] : NULL);
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
        cdr_schema_uses_add(&uses, run->next_schema_ids[type], run->schemas.next_texts[type],
                            "the next values", run->topics[type], fixed ? nexts[type] : NULL);
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
        cdr_schema_uses_add(&uses, run->parts.key_ids[type], run->parts.key_texts[type], "the keys",
                            run->topics[type], fixed ? "--schema-id-key" : NULL);
    cdr_dimensions_list_schemas(run->dimensions, fixed, &uses);
    return cdr_schema_uses_check(&uses, fixed ? NULL : registry, error);
}
