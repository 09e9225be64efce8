/* `cdrgen schema`: the schemas of the dataset's topics, here and in the registry. */
#include "app/app.h"

#include "app/run_state.h"
#include "app/schema_files.h"
#include "encode/avro.h"

#include <stdlib.h>
#include <string.h>

static const char *const type_names[CDR_TYPE_COUNT] = {"call", "sms", "data"};

static bool is_wanted(const struct cdr_settings *settings, uint32_t type)
{
    return settings->argument_type == NULL ||
           strcmp(settings->argument_type, type_names[type]) == 0;
}

static void print_text(const char *text)
{
    size_t len = strlen(text);
    printf("%s%s", text, len > 0 && text[len - 1] == '\n' ? "" : "\n");
}

/* The schemas that a run would write, one after the other; where one changes, both. */
static enum cdr_result print_own(const struct cdr_settings *settings,
                                 const struct cdr_schema_files *schemas)
{
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        if (!is_wanted(settings, type))
            continue;
        print_text(cdr_schema_files_text(schemas, type));
        if (schemas->next_texts[type] != NULL)
            print_text(schemas->next_texts[type]);
    }
    return CDR_OK;
}

#if CDR_KAFKA

/* A type's subject, as an action gets it. next: the schema that the type's records change to, or
 * NULL. */
typedef enum cdr_result (*subject_action)(const struct cdr_settings *settings, uint32_t type,
                                          const char *subject, const char *text, const char *next,
                                          struct cdr_error *error);

static enum cdr_result subject_of(const struct cdr_settings *settings, uint32_t type,
                                  const char *text, char subject[CDR_REGISTRY_SUBJECT_MAX],
                                  struct cdr_error *error)
{
    char topic[270];
    snprintf(topic, sizeof topic, "%s%s", settings->topic_prefix, type_names[type]);
    return cdr_registry_subject(&settings->registry, topic, text, subject, error);
}

/* One line a version; "-" where there is none. The schema is "same" where it is of the form that
 * is written, "next" where it is of that which is written later. */
static enum cdr_result list_subject(const struct cdr_settings *settings, uint32_t type,
                                    const char *subject, const char *text, const char *next,
                                    struct cdr_error *error)
{
    const struct cdr_registry_settings *registry = &settings->registry;
    (void)type;
    int32_t *versions = NULL;
    size_t count = 0;
    enum cdr_result result = cdr_registry_versions(registry, subject, &versions, &count, error);
    if (result == CDR_OK && count == 0)
        printf("%s\t-\t-\t-\n", subject);
    for (size_t i = 0; result == CDR_OK && i < count; i++) {
        struct cdr_registry_schema schema;
        result = cdr_registry_version(registry, subject, versions[i], &schema, error);
        if (result == CDR_E_STATE) { /* deleted since */
            result = CDR_OK;
        } else if (result == CDR_OK) {
            printf("%s\t%d\t%d\t%s\n", subject, (int)schema.version, (int)schema.id,
                   cdr_registry_same(text, schema.whole)                   ? "same"
                   : next != NULL && cdr_registry_same(next, schema.whole) ? "next"
                                                                           : "another");
            cdr_registry_schema_free(&schema);
        }
    }
    free(versions);
    return result;
}

static enum cdr_result print_subject(const struct cdr_settings *settings, uint32_t type,
                                     const char *subject, const char *text, const char *next,
                                     struct cdr_error *error)
{
    char *latest = NULL, note[CDR_REGISTRY_NOTE_MAX];
    int32_t id = 0;
    (void)type, (void)text, (void)next;
    enum cdr_result result =
        cdr_registry_latest(&settings->registry, subject, &id, &latest, note, error);
    if (result == CDR_OK && note[0] != '\0')
        fprintf(stderr, "cdrgen: warning: %s\n", note);
    if (result == CDR_OK)
        print_text(latest);
    free(latest);
    return result == CDR_E_STATE ? CDR_E_DIFFERENT : result;
}

/* Without a file, the run writes by the latest version; with one, both must have the same form. */
static enum cdr_result check_latest(const struct cdr_settings *settings, uint32_t type,
                                    const char *subject, const char *text, struct cdr_error *error)
{
    struct cdr_registry_schema schema;
    enum cdr_result result = cdr_registry_version(&settings->registry, subject, 0, &schema, error);
    if (result != CDR_OK)
        return result == CDR_E_STATE ? CDR_E_DIFFERENT : result;
    int32_t id = schema.id;
    bool fits = cdr_registry_same(text, schema.whole);
    if (!fits && settings->schemas[type] != NULL)
        result = cdr_fail(error, CDR_E_DIFFERENT,
                          "subject %s: the latest version, id %d, is not of the form of %s",
                          subject, (int)id, settings->schemas[type]);
    else if (!fits && cdr_schema_compiles(settings, type, schema.whole, subject, settings->mapping,
                                          error) != CDR_OK)
        result = CDR_E_DIFFERENT;
    cdr_registry_schema_free(&schema);
    if (result == CDR_OK)
        printf("%s\tlatest version can be written, id %d\n", subject, (int)id);
    return result;
}

/* name: what the line says the schema is, or "". */
static enum cdr_result check_one(const struct cdr_settings *settings, const char *subject,
                                 const char *text, const char *name, int32_t *id,
                                 struct cdr_error *error)
{
    enum cdr_result result = cdr_registry_check(&settings->registry, subject, text, id, error);
    if (result != CDR_OK)
        return result;
    if (*id < 0 && !settings->registry.auto_register)
        return cdr_fail(error, CDR_E_DIFFERENT,
                        "subject %s: the %sschema is compatible, and not registered; a run with "
                        "--no-register would be refused",
                        subject, name);
    if (*id >= 0)
        printf("%s\t%sregistered, id %d\n", subject, name, (int)*id);
    else
        printf("%s\t%scompatible\n", subject, name);
    return CDR_OK;
}

static enum cdr_result check_subject(const struct cdr_settings *settings, uint32_t type,
                                     const char *subject, const char *text, const char *next,
                                     struct cdr_error *error)
{
    int32_t id = -1, next_id = -1;
    if (settings->registry.use_latest)
        return check_latest(settings, type, subject, text, error);
    enum cdr_result result = check_one(settings, subject, text, "", &id, error);
    if (result != CDR_OK || next == NULL)
        return result;
    /* Where the first is still to come, the registry has nothing to compare the next one with. */
    if (id < 0) {
        printf("%s\tnext schema: turns out when the first one is registered\n", subject);
        return CDR_OK;
    }
    return check_one(settings, subject, next, "next ", &next_id, error);
}

/* All are gone through, so that a list of what is wrong is whole; error keeps the last of it. */
static enum cdr_result for_all(const struct cdr_settings *settings,
                               const struct cdr_schema_files *schemas, subject_action action,
                               struct cdr_error *error)
{
    enum cdr_result last = CDR_OK;
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        const char *text = cdr_schema_files_text(schemas, type);
        char subject[CDR_REGISTRY_SUBJECT_MAX];
        struct cdr_error why = {{0}};
        if (!is_wanted(settings, type))
            continue;
        enum cdr_result result = subject_of(settings, type, text, subject, &why);
        if (result == CDR_OK)
            result = action(settings, type, subject, text, schemas->next_texts[type], &why);
        if (result == CDR_OK)
            continue;
        if (last != CDR_OK)
            fprintf(stderr, "cdrgen: %s\n", error->text);
        last = cdr_fail(error, result, "%s", why.text);
        if (result != CDR_E_DIFFERENT)
            break; /* the next subject would fare no better */
    }
    return last;
}

/* First schemas before next ones. */
static enum cdr_result register_all(const struct cdr_settings *settings,
                                    const struct cdr_schema_files *schemas, struct cdr_error *error)
{
    char subjects[CDR_VERSIONS * CDR_TYPE_COUNT][CDR_REGISTRY_SUBJECT_MAX];
    struct cdr_registry_wish wishes[CDR_VERSIONS * CDR_TYPE_COUNT] = {{0}};
    size_t count = 0;
    enum cdr_result result = CDR_OK;
    for (uint32_t i = 0; result == CDR_OK && i < CDR_VERSIONS * CDR_TYPE_COUNT; i++) {
        const uint32_t type = i % CDR_TYPE_COUNT;
        const char *text =
            i == type ? cdr_schema_files_text(schemas, type) : schemas->next_texts[type];
        if (!is_wanted(settings, type) || text == NULL)
            continue;
        result = subject_of(settings, type, text, subjects[count], error);
        wishes[count].subject = subjects[count];
        wishes[count++].schema_text = text;
    }
    /* What the cache has says nothing about a registry that does not answer. */
    struct cdr_registry_settings registry = settings->registry;
    registry.cache = NULL;
    if (result == CDR_OK)
        result = cdr_registry_find(&registry, wishes, count, error);
    for (size_t i = 0; result == CDR_OK && i < count; i++)
        printf("%s\tid %d, %s\n", wishes[i].subject, (int)wishes[i].id,
               wishes[i].how == CDR_REGISTRY_REGISTERED ? "registered" : "was there");
    return result;
}

static enum cdr_result perform(const struct cdr_settings *settings,
                               const struct cdr_schema_files *schemas, struct cdr_error *error)
{
    const char *action = settings->argument_action;
    if (strcmp(action, "list") == 0) {
        printf("subject\tversion\tid\tschema\n");
        return for_all(settings, schemas, list_subject, error);
    }
    if (strcmp(action, "print") == 0)
        return for_all(settings, schemas, print_subject, error);
    if (strcmp(action, "check") == 0)
        return for_all(settings, schemas, check_subject, error);
    return register_all(settings, schemas, error);
}

#else

static enum cdr_result perform(const struct cdr_settings *settings,
                               const struct cdr_schema_files *schemas, struct cdr_error *error)
{
    (void)settings, (void)schemas;
    return cdr_fail(error, CDR_E_CONFIG,
                    "schema: this cdrgen was built without Kafka and registry");
}

#endif

enum cdr_result cdr_command_schema(const struct cdr_settings *settings, struct cdr_error *error)
{
    char avro[] = "avro";
    struct cdr_settings own = *settings;
    struct cdr_schema_files schemas;
    own.format = avro;
    enum cdr_result result = cdr_schema_files_load(&schemas, &own, error);
    own.mapping = schemas.mapping; /* the text instead of a file's name */
    if (result == CDR_OK && strcmp(own.argument_action, "print") == 0 && own.registry.urls == NULL)
        result = print_own(&own, &schemas);
    else if (result == CDR_OK)
        result = perform(&own, &schemas, error);
    cdr_schema_files_free(&schemas);
    return result == CDR_E_KAFKA ? CDR_E_STATE : result;
}
