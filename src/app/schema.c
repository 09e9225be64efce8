/* `cdrgen schema`: the schemas of the dataset's topics, here and in the registry. */
#include "app/app.h"

#include "app/schema_ids.h"
#include "encode/dimension.h"

#include <stdlib.h>
#include <string.h>

enum { ITEMS_MAX = 2 * (CDR_TYPE_COUNT + CDR_DIMENSION_TOPICS_MAX) };

/* A schema that a command is about: of the values or of the keys of a topic. */
struct item {
    struct cdr_schema_request request;
    const char *text; /* that a run would write by */
    const char *file; /* it is of, or what else gives it; NULL: nothing does */
    const char *next; /* that the type's records change to; NULL: they do not */
};

static bool is_named(const struct cdr_settings *settings, const char *name)
{
    return settings->argument_type != NULL && strcmp(settings->argument_type, name) == 0;
}

/* What gives a schema; the dimensions' rows and keys have one form. */
static const char *giver_of(const struct cdr_settings *settings,
                            const struct cdr_schema_request *request)
{
    const bool key = request->part == CDR_PART_KEYS;
    if (request->topic->table && request->topic->rows == CDR_DIMENSION_TRUTH)
        return key ? "the keys of the truth" : "the truth";
    if (request->topic->table)
        return key ? "the keys of dimensions" : "the rows of dimensions";
    if (key)
        return settings->key_schema;
    const char *file = request->topic->layouts[0].name;
    return file != NULL ? file : settings->fields != NULL ? "the fields" : NULL;
}

/* Whether a run has the topic. */
static bool has_topic(const struct cdr_settings *settings, const struct cdr_topic *topic)
{
    return !topic->table || (topic->rows == CDR_DIMENSION_TRUTH ? settings->truth_topic != NULL
                                                                : settings->dimensions);
}

/* What is asked for: without a TYPE, keys too, if they have a schema, and with dimensions those. */
static size_t list_items(const struct cdr_settings *settings, const struct cdr_topics *topics,
                         struct item *items)
{
    struct cdr_schema_request requests[CDR_SCHEMA_REQUESTS_MAX];
    const size_t n = cdr_schema_requests(topics, true, requests);
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        const struct cdr_topic *topic = requests[i].topic;
        const bool key = requests[i].part == CDR_PART_KEYS;
        const bool all = settings->argument_type == NULL && has_topic(settings, topic);
        const bool named = key ? is_named(settings, "key") && has_topic(settings, topic)
                               : is_named(settings, topic->label);
        if (requests[i].part != CDR_PART_NEXT && (all || named))
            items[count++] = (struct item){requests[i], cdr_request_text(&requests[i]),
                                           giver_of(settings, &requests[i]),
                                           key ? NULL : cdr_topic_schema(topic, 1)};
    }
    return count;
}

static void print_text(const char *text)
{
    size_t len = strlen(text);
    printf("%s%s", text, len > 0 && text[len - 1] == '\n' ? "" : "\n");
}

/* The schemas that a run would write, one after the other; that of the keys is one, and where one
 * changes, both are printed. */
static enum cdr_result print_own(const struct item *items, size_t count,
                                 const struct cdr_topic *first)
{
    for (size_t i = 0; i < count; i++) {
        if (items[i].request.part != CDR_PART_KEYS || items[i].request.topic == first)
            print_text(items[i].text);
        if (items[i].next != NULL)
            print_text(items[i].next);
    }
    return CDR_OK;
}

#if CDR_KAFKA

/* An item's subject, as an action gets it. */
typedef enum cdr_result (*subject_action)(const struct cdr_settings *settings,
                                          const struct item *item, const char *subject,
                                          struct cdr_error *error);

static enum cdr_result subject_of(const struct cdr_settings *settings, const struct item *item,
                                  char subject[CDR_REGISTRY_SUBJECT_MAX], struct cdr_error *error)
{
    return cdr_request_subject(&item->request, &settings->registry, subject, error);
}

static bool is_key(const struct item *item)
{
    return item->request.part == CDR_PART_KEYS;
}

/* Keys of several topics may share a subject, which is that of an item before then. */
static bool is_repeated(const struct cdr_settings *settings, const struct item *items, size_t i,
                        const char *subject)
{
    char before[CDR_REGISTRY_SUBJECT_MAX];
    for (size_t k = 0; is_key(&items[i]) && k < i; k++)
        if (is_key(&items[k]) && subject_of(settings, &items[k], before, NULL) == CDR_OK &&
            strcmp(before, subject) == 0)
            return true;
    return false;
}

/* One line a version; "-" where there is none. The schema is "same" where it is of the form that
 * is written, "next" where it is of that which is written later. */
static enum cdr_result list_subject(const struct cdr_settings *settings, const struct item *item,
                                    const char *subject, struct cdr_error *error)
{
    const struct cdr_registry_settings *registry = &settings->registry;
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
                   cdr_registry_same(item->text, schema.whole)                         ? "same"
                   : item->next != NULL && cdr_registry_same(item->next, schema.whole) ? "next"
                                                                                       : "another");
            cdr_registry_schema_free(&schema);
        }
    }
    free(versions);
    return result;
}

static enum cdr_result print_subject(const struct cdr_settings *settings, const struct item *item,
                                     const char *subject, struct cdr_error *error)
{
    char *latest = NULL, note[CDR_REGISTRY_NOTE_MAX];
    int32_t id = 0;
    (void)item;
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
static enum cdr_result check_latest(const struct cdr_settings *settings, const struct item *item,
                                    const char *subject, struct cdr_error *error)
{
    struct cdr_registry_schema schema;
    enum cdr_result result = cdr_registry_version(&settings->registry, subject, 0, &schema, error);
    if (result != CDR_OK)
        return result == CDR_E_STATE ? CDR_E_DIFFERENT : result;
    int32_t id = schema.id;
    bool fits = cdr_registry_same(item->text, schema.whole);
    if (!fits && item->file != NULL)
        result = cdr_fail(error, CDR_E_DIFFERENT,
                          "subject %s: the latest version, id %d, is not of the form of %s",
                          subject, (int)id, item->file);
    else if (!fits && cdr_schema_compiles(settings, item->request.type, is_key(item), schema.whole,
                                          subject, settings->mapping, error) != CDR_OK)
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

static enum cdr_result check_subject(const struct cdr_settings *settings, const struct item *item,
                                     const char *subject, struct cdr_error *error)
{
    int32_t id = -1, next_id = -1;
    if (settings->registry.use_latest)
        return check_latest(settings, item, subject, error);
    enum cdr_result result = check_one(settings, subject, item->text, "", &id, error);
    if (result != CDR_OK || item->next == NULL)
        return result;
    /* Where the first is still to come, the registry has nothing to compare the next one with. */
    if (id < 0) {
        printf("%s\tnext schema: turns out when the first one is registered\n", subject);
        return CDR_OK;
    }
    return check_one(settings, subject, item->next, "next ", &next_id, error);
}

/* All are gone through, so that a list of what is wrong is whole; error keeps the last of it. */
static enum cdr_result for_all(const struct cdr_settings *settings, const struct item *items,
                               size_t count, subject_action action, struct cdr_error *error)
{
    enum cdr_result last = CDR_OK;
    for (size_t i = 0; i < count; i++) {
        char subject[CDR_REGISTRY_SUBJECT_MAX];
        struct cdr_error why = {{0}};
        enum cdr_result result = subject_of(settings, &items[i], subject, &why);
        if (result == CDR_OK && is_repeated(settings, items, i, subject))
            continue;
        if (result == CDR_OK)
            result = action(settings, &items[i], subject, &why);
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
static enum cdr_result register_all(const struct cdr_settings *settings, const struct item *items,
                                    size_t item_count, struct cdr_error *error)
{
    char subjects[CDR_VERSIONS * ITEMS_MAX][CDR_REGISTRY_SUBJECT_MAX];
    struct cdr_registry_wish wishes[CDR_VERSIONS * ITEMS_MAX] = {{0}};
    size_t count = 0;
    enum cdr_result result = CDR_OK;
    for (size_t k = 0; result == CDR_OK && k < CDR_VERSIONS * item_count; k++) {
        const size_t i = k % item_count;
        const char *text = k < item_count ? items[i].text : items[i].next;
        if (text == NULL)
            continue;
        result = subject_of(settings, &items[i], subjects[count], error);
        if (result != CDR_OK || is_repeated(settings, items, i, subjects[count]))
            continue;
        wishes[count].subject = subjects[count];
        wishes[count++].schema_text = text;
    }
    /* What the cache has says nothing about a registry that does not answer. */
    struct cdr_registry_settings registry = settings->registry;
    registry.cache = NULL;
    if (result == CDR_OK)
        result = cdr_registry_find(&registry, wishes, count, error);
    struct cdr_schema_uses uses = {0};
    for (size_t i = 0; i < count; i++)
        cdr_schema_uses_add(&uses, wishes[i].id, wishes[i].schema_text, "the schema",
                            wishes[i].subject, NULL);
    if (result == CDR_OK)
        result = cdr_schema_uses_check(&uses, registry.urls, error);
    for (size_t i = 0; result == CDR_OK && i < count; i++)
        printf("%s\tid %d, %s\n", wishes[i].subject, (int)wishes[i].id,
               wishes[i].how == CDR_REGISTRY_REGISTERED ? "registered" : "was there");
    return result;
}

static enum cdr_result perform(const struct cdr_settings *settings, const struct item *items,
                               size_t count, struct cdr_error *error)
{
    const char *action = settings->argument_action;
    if (strcmp(action, "list") == 0) {
        printf("subject\tversion\tid\tschema\n");
        return for_all(settings, items, count, list_subject, error);
    }
    if (strcmp(action, "print") == 0)
        return for_all(settings, items, count, print_subject, error);
    if (strcmp(action, "check") == 0)
        return for_all(settings, items, count, check_subject, error);
    return register_all(settings, items, count, error);
}

#else

static enum cdr_result perform(const struct cdr_settings *settings, const struct item *items,
                               size_t count, struct cdr_error *error)
{
    (void)settings, (void)items, (void)count;
    return cdr_fail(error, CDR_E_CONFIG,
                    "registry: this cdrgen was built without Kafka and registry");
}

#endif

/* A schema that no run could write by, or that no reader could read, is not to be registered. */
static enum cdr_result check_given(const struct cdr_settings *settings, const struct item *item,
                                   struct cdr_error *error)
{
    const struct cdr_schema_request *request = &item->request;
    const struct cdr_topic *topic = request->topic;
    const struct cdr_layout *next = &topic->layouts[1];
    const bool key = request->part == CDR_PART_KEYS;
    const struct cdr_layout *layout = key ? &topic->key_layout : &topic->layouts[0];
    enum cdr_result result = CDR_OK;
    if (topic->table)
        return CDR_OK;
    if (layout->name != NULL)
        result = cdr_schema_compiles(settings, request->type, key, item->text, layout->name,
                                     layout->mapping, error);
    if (result == CDR_OK && item->next != NULL)
        result = cdr_schema_compiles(settings, request->type, false, item->next, next->name,
                                     next->mapping, error);
    return result;
}

/* Everything that may be asked for. */
static enum cdr_result load(const struct cdr_settings *settings, struct cdr_topics *topics,
                            struct cdr_topics *tables, struct cdr_error *error)
{
    enum cdr_result result = cdr_topics_name(topics, settings, error);
    if (result == CDR_OK)
        result = cdr_topics_load_schemas(topics, settings, error);
    if (result == CDR_OK)
        result = cdr_topics_load_keys(topics, settings, error);
    char truth[CDR_TOPIC_NAME_SIZE];
    snprintf(truth, sizeof truth, "%.240s%s", settings->topic_prefix,
             cdr_dimension_name[CDR_DIMENSION_TRUTH]);
    if (result == CDR_OK)
        result = cdr_dimension_topics(tables, settings->topic_prefix,
                                      settings->truth_topic != NULL ? settings->truth_topic : truth,
                                      cdr_has_avro_keys(topics), error);
    return result;
}

enum cdr_result cdr_command_schema(const struct cdr_settings *settings, struct cdr_error *error)
{
    char avro[] = "avro";
    struct cdr_settings own = *settings;
    struct cdr_topics topics = {0}, tables = {0};
    struct item items[ITEMS_MAX];
    size_t count = 0;
    own.format = avro;
    /* A command that names the keys' schema means one. */
    if (is_named(settings, "key") || settings->key_schema != NULL)
        own.key_format = avro;
    enum cdr_result result = load(&own, &topics, &tables, error);
    own.mapping = topics.mappings[0]; /* the text instead of a file's name */
    if (result == CDR_OK) {
        count = list_items(&own, &topics, items);
        count += list_items(&own, &tables, items + count);
    }
    for (size_t i = 0; result == CDR_OK && i < count; i++)
        result = check_given(&own, &items[i], error);
    if (result == CDR_OK)
        cdr_topics_warn(&topics);
    if (result == CDR_OK && strcmp(own.argument_action, "print") == 0 && own.registry.urls == NULL)
        result = print_own(items, count, &topics.items[0]);
    else if (result == CDR_OK)
        result = perform(&own, items, count, error);
    cdr_topics_free(&topics);
    cdr_topics_free(&tables);
    return result == CDR_E_KAFKA ? CDR_E_STATE : result;
}
