/* What a subject holds: versions, schemas, and what they refer to. */
#include "registry/cache.h"
#include "registry/internal.h"
#include "registry/schema.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REFERENCES_MAX = 256 };

void cdr_registry_schema_free(struct cdr_registry_schema *schema)
{
    for (size_t i = 0; i < schema->reference_count; i++) {
        free(schema->references[i].name);
        free(schema->references[i].subject);
        free(schema->references[i].text);
    }
    free(schema->references);
    free(schema->text);
    free(schema->whole);
    *schema = (struct cdr_registry_schema){0};
}

/* The answer of /subjects/S/versions/V; the caller calls json_decref() on *object. */
static enum cdr_result ask_version(const struct cdr_registry_settings *settings,
                                   const char *subject, int32_t version, json_t **object,
                                   struct cdr_error *error)
{
    char behind[32] = "/versions/latest";
    struct cdr_registry_answer answer = {0};
    if (version > 0)
        snprintf(behind, sizeof behind, "/versions/%d", (int)version);
    enum cdr_result result =
        cdr_registry_ask_about(settings, subject, "/subjects/", behind, NULL, NULL, &answer, error);
    if (result == CDR_OK) {
        json_t *found = answer.json;
        int64_t id = cdr_registry_number(found, "id"),
                number = cdr_registry_number(found, "version");
        if (id < 0 || id > INT32_MAX || number < 0 || number > INT32_MAX ||
            cdr_registry_string(found, "schema") == NULL)
            result = cdr_fail(error, CDR_E_CONFIG,
                              "schema registry %s, subject %s: its answer holds no schema with id "
                              "and version, so there is no schema registry at this URL",
                              answer.url, subject);
        else
            *object = json_incref(found);
    }
    cdr_registry_answer_free(&answer);
    return result;
}

static bool is_known(const struct cdr_registry_schema *schema, const char *subject, int64_t version)
{
    for (size_t i = 0; i < schema->reference_count; i++)
        if (schema->references[i].version == version &&
            strcmp(schema->references[i].subject, subject) == 0)
            return true;
    return false;
}

static enum cdr_result add_references(const struct cdr_registry_settings *settings,
                                      const char *subject, const json_t *object,
                                      struct cdr_registry_schema *schema, struct cdr_error *error);

static enum cdr_result add_reference(const struct cdr_registry_settings *settings,
                                     const char *subject, const json_t *entry,
                                     struct cdr_registry_schema *schema, struct cdr_error *error)
{
    const char *name = json_string_value(json_object_get(entry, "name"));
    const char *where = json_string_value(json_object_get(entry, "subject"));
    int64_t version = cdr_registry_number(entry, "version");
    json_t *object = NULL;
    if (name == NULL || where == NULL || version < 1 || version > INT32_MAX)
        return cdr_fail(error, CDR_E_CONFIG,
                        "schema registry, subject %s: a reference has no name, subject or version",
                        subject);
    if (is_known(schema, where, version))
        return CDR_OK;
    if (schema->reference_count == REFERENCES_MAX)
        return cdr_fail(error, CDR_E_CONFIG,
                        "schema registry, subject %s: the schema refers to more than %d others",
                        subject, REFERENCES_MAX);
    enum cdr_result result = ask_version(settings, where, (int32_t)version, &object, error);
    if (result == CDR_E_STATE) /* the subject is there, what it needs is not */
        result = CDR_E_CONFIG;
    if (result != CDR_OK)
        return result;
    struct cdr_registry_reference *grown =
        realloc(schema->references, (schema->reference_count + 1) * sizeof *schema->references);
    if (grown == NULL) {
        json_decref(object);
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    }
    schema->references = grown;
    struct cdr_registry_reference *made = &grown[schema->reference_count++];
    *made = (struct cdr_registry_reference){strdup(name), strdup(where), (int32_t)version,
                                            strdup(cdr_registry_string(object, "schema"))};
    result = made->name == NULL || made->subject == NULL || made->text == NULL
                 ? cdr_fail(error, CDR_E_NOMEM, "out of memory")
                 : add_references(settings, where, object, schema, error);
    json_decref(object);
    return result;
}

static enum cdr_result add_references(const struct cdr_registry_settings *settings,
                                      const char *subject, const json_t *object,
                                      struct cdr_registry_schema *schema, struct cdr_error *error)
{
    const json_t *list = json_object_get(object, "references");
    enum cdr_result result = CDR_OK;
    for (size_t i = 0; result == CDR_OK && i < json_array_size(list); i++)
        result = add_reference(settings, subject, json_array_get(list, i), schema, error);
    return result;
}

static enum cdr_result read_version(const struct cdr_registry_settings *settings,
                                    const char *subject, int32_t version,
                                    struct cdr_registry_schema *schema, struct cdr_error *error)
{
    json_t *object = NULL;
    *schema = (struct cdr_registry_schema){0};
    enum cdr_result result = ask_version(settings, subject, version, &object, error);
    if (result != CDR_OK)
        return result;
    schema->id = (int32_t)cdr_registry_number(object, "id");
    schema->version = (int32_t)cdr_registry_number(object, "version");
    schema->text = strdup(cdr_registry_string(object, "schema"));
    const char *type = cdr_registry_string(object, "schemaType");
    if (schema->text == NULL)
        result = cdr_fail(error, CDR_E_NOMEM, "out of memory");
    else if (type != NULL && strcmp(type, "AVRO") != 0)
        result = cdr_fail(error, CDR_E_CONFIG,
                          "schema registry, subject %s: version %d is a schema of %s, not of Avro",
                          subject, (int)schema->version, type);
    /* It is printed as it is, and terminals do not bear everything that is no JSON. */
    json_t *json = result == CDR_OK ? json_loads(schema->text, JSON_DECODE_ANY, NULL) : NULL;
    if (result == CDR_OK && json == NULL)
        result = cdr_fail(error, CDR_E_CONFIG,
                          "schema registry, subject %s: version %d: it is no Avro schema", subject,
                          (int)schema->version);
    json_decref(json);
    if (result == CDR_OK)
        result = add_references(settings, subject, object, schema, error);
    if (result == CDR_OK) {
        schema->whole =
            cdr_registry_inline(schema->text, schema->references, schema->reference_count);
        if (schema->whole == NULL)
            result = cdr_fail(error, CDR_E_CONFIG,
                              "schema registry, subject %s: version %d cannot be put together with "
                              "the %zu schemas that it refers to",
                              subject, (int)schema->version, schema->reference_count);
    }
    json_decref(object);
    if (result != CDR_OK)
        cdr_registry_schema_free(schema);
    return result;
}

/* "subject=…", escaped: ids may depend on the subject's context. NULL: no memory. */
static char *subject_query(const char *subject)
{
    return cdr_registry_path("subject=", subject, "");
}

enum cdr_result cdr_registry_confirm(const struct cdr_registry_settings *settings,
                                     const char *subject, int32_t id, const char *wanted,
                                     char *note, struct cdr_error *error)
{
    char path[48], words[300];
    struct cdr_registry_answer answer = {0};
    struct cdr_error why = {{0}};
    char *query = subject_query(subject);
    if (query == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    snprintf(path, sizeof path, "/schemas/ids/%d", (int)id);
    struct cdr_registry_request request = {
        .settings = settings, .subject = subject, .path = path, .query = query};
    enum cdr_result result = cdr_registry_ask(&request, &answer, &why);
    const char *text = result == CDR_OK ? cdr_registry_string(answer.json, "schema") : NULL;
    if (result == CDR_E_KAFKA)
        result = cdr_fail(error, result, "%s", why.text);
    else if (text == NULL && note != NULL)
        snprintf(
            note, CDR_REGISTRY_NOTE_MAX,
            "subject %s: whether the id %d stands for the schema is not known, and readers may "
            "not find it: %.600s",
            subject, (int)id,
            result != CDR_OK ? why.text : "the registry's answer holds no schema");
    if (result == CDR_E_CONFIG || result == CDR_E_STATE)
        result = CDR_OK;
    if (text != NULL && !cdr_registry_same_form(wanted, text, words, sizeof words))
        result = cdr_fail(error, CDR_E_CONFIG,
                          "schema registry %s, subject %s: it says that the schema has the id %d, "
                          "and gives another schema by that id: %s",
                          answer.url, subject, (int)id, words);
    free(query);
    cdr_registry_answer_free(&answer);
    return result;
}

enum cdr_result cdr_registry_version(const struct cdr_registry_settings *settings,
                                     const char *subject, int32_t version,
                                     struct cdr_registry_schema *schema, struct cdr_error *error)
{
    enum cdr_result result = cdr_registry_settings_check(settings, error);
    if (result != CDR_OK)
        return result;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    result = read_version(settings, subject, version, schema, error);
    curl_global_cleanup();
    return result;
}

enum cdr_result cdr_registry_latest(const struct cdr_registry_settings *settings,
                                    const char *subject, int32_t *id, char **text,
                                    char note[CDR_REGISTRY_NOTE_MAX], struct cdr_error *error)
{
    struct cdr_error why = {{0}};
    struct cdr_registry_schema schema = {0};
    struct cdr_registry_cached cached = {0};
    enum cdr_result result = cdr_registry_version(settings, subject, 0, &schema, &why);
    note[0] = '\0';
    curl_global_init(CURL_GLOBAL_DEFAULT);
    if (result == CDR_OK)
        result = cdr_registry_confirm(settings, subject, schema.id, schema.text, note, &why);
    curl_global_cleanup();
    if (result == CDR_OK) {
        /* A cache that cannot be written is no reason to stop here; a run says so. */
        cdr_registry_cache_write(settings, subject, NULL, schema.id, schema.whole, NULL);
        *id = schema.id;
        *text = schema.whole;
        schema.whole = NULL;
    } else if (result == CDR_E_KAFKA && cdr_registry_cache_read(settings, subject, NULL, &cached)) {
        *id = cached.id;
        *text = cached.schema;
        cdr_registry_note_cached(note, subject, &cached, why.text);
        result = CDR_OK;
    }
    cdr_registry_schema_free(&schema);
    return result == CDR_OK ? result : cdr_fail(error, result, "%s", why.text);
}

enum cdr_result cdr_registry_versions(const struct cdr_registry_settings *settings,
                                      const char *subject, int32_t **versions, size_t *count,
                                      struct cdr_error *error)
{
    struct cdr_registry_answer answer = {0};
    *versions = NULL;
    *count = 0;
    enum cdr_result result = cdr_registry_settings_check(settings, error);
    if (result != CDR_OK)
        return result;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    result = cdr_registry_ask_about(settings, subject, "/subjects/", "/versions", NULL, NULL,
                                    &answer, error);
    const json_t *list = result == CDR_OK ? answer.json : NULL;
    size_t n = json_array_size(list);
    if (result == CDR_E_STATE)
        result = CDR_OK;
    else if (result == CDR_OK && !json_is_array(list))
        result = cdr_fail(error, CDR_E_CONFIG,
                          "schema registry %s, subject %s: its answer is no list of versions, so "
                          "there is no schema registry at this URL",
                          answer.url, subject);
    else if (result == CDR_OK && n > 0 && (*versions = malloc(n * sizeof **versions)) == NULL)
        result = cdr_fail(error, CDR_E_NOMEM, "out of memory");
    for (size_t i = 0; *versions != NULL && i < n; i++)
        (*versions)[(*count)++] = (int32_t)json_integer_value(json_array_get(list, i));
    cdr_registry_answer_free(&answer);
    curl_global_cleanup();
    return result;
}
