#include "app/schema_ids.h"

#include "encode/dimension.h"
#include "registry/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- what needs one --- */

size_t cdr_schema_requests(const struct cdr_topics *topics, bool values,
                           struct cdr_schema_request requests[CDR_SCHEMA_REQUESTS_MAX])
{
    size_t count = 0;
    for (enum cdr_schema_part part = CDR_PART_VALUES; part <= CDR_PART_KEYS; part++)
        for (uint32_t i = 0; i < topics->n; i++) {
            struct cdr_schema_request request = {&topics->items[i], i, part};
            if (part == CDR_PART_KEYS ? request.topic->key_layout.schema != NULL
                                      : values && cdr_request_text(&request) != NULL)
                requests[count++] = request;
        }
    return count;
}

const char *cdr_request_text(const struct cdr_schema_request *request)
{
    return request->part == CDR_PART_KEYS ? request->topic->key_layout.schema
                                          : cdr_topic_schema(request->topic, request->part);
}

static int32_t *id_of(const struct cdr_schema_request *request)
{
    return request->part == CDR_PART_KEYS ? &request->topic->key_schema_id
                                          : &request->topic->schema_ids[request->part];
}

/* "--next-schema-id call": the option that fixes its id. */
static const char *option_of(const struct cdr_schema_request *request, char option[48])
{
    snprintf(option, 48, "--%sschema-id %s", request->part == CDR_PART_NEXT ? "next-" : "",
             request->part == CDR_PART_KEYS ? "key" : request->topic->label);
    return option;
}

/* --- the registry --- */

#if CDR_KAFKA

enum cdr_result cdr_request_subject(const struct cdr_schema_request *request,
                                    const struct cdr_registry_settings *registry,
                                    char subject[CDR_REGISTRY_SUBJECT_MAX], struct cdr_error *error)
{
    const char *topic = request->topic->name, *text = cdr_request_text(request);
    return request->part == CDR_PART_KEYS
               ? cdr_registry_key_subject(registry, topic, text, subject, error)
               : cdr_registry_subject(registry, topic, text, subject, error);
}

bool cdr_request_is_given(const struct cdr_schema_request *request,
                          const struct cdr_settings *settings)
{
    if (request->topic->table)
        return false;
    return request->part == CDR_PART_KEYS
               ? settings->key_schema != NULL
               : request->part == CDR_PART_NEXT || cdr_schema_is_given(settings, request->topic);
}

/* The rows and keys of a table have one form: the latest version has to be of it. */
static enum cdr_result check_table(const struct cdr_schema_request *request, const char *subject,
                                   const char *latest, struct cdr_error *error)
{
    if (cdr_registry_same(cdr_request_text(request), latest))
        return CDR_OK;
    const bool truth = request->topic->rows == CDR_DIMENSION_TRUTH;
    const char *option = truth ? "--truth-topic" : "--dimensions";
    return cdr_fail(error, CDR_E_CONFIG,
                    "subject %s: the latest version is not of the form that %s writes (`cdrgen "
                    "schema print %s%s`); leave one of --use-latest and %s out",
                    subject, option, request->part == CDR_PART_KEYS ? "key" : request->topic->label,
                    truth ? "" : " --dimensions", option);
}

/* The latest version instead of the schema that is built in, which stays if it has the same form:
 * it is written faster. */
static enum cdr_result take_latest(const struct cdr_schema_request *request,
                                   const struct cdr_registry_settings *registry,
                                   const char *subject, struct cdr_error *error)
{
    struct cdr_topic *topic = request->topic;
    const bool key = request->part == CDR_PART_KEYS;
    struct cdr_layout *layout = key ? &topic->key_layout : &topic->layouts[0];
    char *text = NULL, note[CDR_REGISTRY_NOTE_MAX];
    struct cdr_error why = {{0}};
    enum cdr_result result =
        cdr_registry_latest(registry, subject, id_of(request), &text, note, &why);
    if (result == CDR_E_STATE && !topic->table)
        return cdr_fail(error, CDR_E_CONFIG,
                        "%.800s; register a schema there, or leave --use-latest out", why.text);
    if (result == CDR_E_STATE)
        result = CDR_E_CONFIG;
    if (result != CDR_OK)
        return cdr_fail(error, result, "%s", why.text);
    if (note[0] != '\0')
        fprintf(stderr, "cdrgen: warning: %s\n", note);
    if (topic->table)
        result = check_table(request, subject, text, error);
    const char *usual = key ? cdr_key_schema_default : topic->builtin_schema;
    if (topic->table || ((key || layout->mapping == NULL) && cdr_registry_same(usual, text))) {
        free(text);
        return result;
    }
    free(layout->schema);
    layout->schema = text;
    if (!key && layout->name == NULL)
        layout->name = topic->name;
    return CDR_OK;
}

/* Topics whose keys share a subject share the wish. */
static struct cdr_registry_wish *make_wish(struct cdr_registry_wish *wishes, size_t *count,
                                           const char *subject, const char *text)
{
    for (size_t i = 0; i < *count; i++)
        if (strcmp(wishes[i].subject, subject) == 0 && strcmp(wishes[i].schema_text, text) == 0)
            return &wishes[i];
    wishes[*count].subject = subject;
    wishes[*count].schema_text = text;
    return &wishes[(*count)++];
}

static enum cdr_result ask_registry(struct cdr_topics *topics, const struct cdr_settings *settings,
                                    bool values, struct cdr_error *error)
{
    const struct cdr_registry_settings *registry = &settings->registry;
    struct cdr_schema_request requests[CDR_SCHEMA_REQUESTS_MAX];
    char subjects[CDR_SCHEMA_REQUESTS_MAX][CDR_REGISTRY_SUBJECT_MAX];
    struct cdr_registry_wish wishes[CDR_SCHEMA_REQUESTS_MAX] = {{0}},
                             *of[CDR_SCHEMA_REQUESTS_MAX] = {NULL};
    const size_t n = cdr_schema_requests(topics, values, requests);
    size_t count = 0;
    enum cdr_result result = CDR_OK;
    for (size_t i = 0; result == CDR_OK && i < n; i++) {
        result = cdr_request_subject(&requests[i], registry, subjects[i], error);
        if (result != CDR_OK)
            break;
        if (registry->use_latest && !cdr_request_is_given(&requests[i], settings))
            result = take_latest(&requests[i], registry, subjects[i], error);
        else
            of[i] = make_wish(wishes, &count, subjects[i], cdr_request_text(&requests[i]));
    }
    if (result == CDR_OK && count > 0)
        result = cdr_registry_find(registry, wishes, count, error);
    for (size_t i = 0; result == CDR_OK && i < n; i++)
        if (of[i] != NULL)
            *id_of(&requests[i]) = of[i]->id;
    for (size_t i = 0; result == CDR_OK && i < count; i++)
        if (wishes[i].note[0] != '\0')
            fprintf(stderr, "cdrgen: warning: %s\n", wishes[i].note);
    return result;
}

#endif

/* --- fixed ones --- */

void cdr_topics_fix_ids(struct cdr_topics *topics, const struct cdr_settings *settings, bool values)
{
    for (uint32_t i = 0; i < topics->n; i++) {
        struct cdr_topic *topic = &topics->items[i];
        for (unsigned version = 0; version < CDR_VERSIONS; version++)
            topic->schema_ids[version] =
                values && cdr_topic_schema(topic, version) != NULL
                    ? cdr_settings_topic(settings, topic->label)->schema_ids[version]
                    : 0;
        topic->key_schema_id = topic->key_layout.schema != NULL
                                   ? cdr_settings_topic(settings, "key")->schema_ids[0]
                                   : 0;
    }
}

static void say_id(const struct cdr_topic *topic)
{
    fprintf(stderr, "cdrgen: no registry is given: %s gets the schema id %d (--schema-id %s)",
            topic->name, topic->schema_ids[0], topic->label);
    if (cdr_topic_changes(topic))
        fprintf(stderr, ", then %d (--next-schema-id %s)", topic->schema_ids[1], topic->label);
    fputc('\n', stderr);
}

enum cdr_result cdr_topics_check_fixed_ids(const struct cdr_topics *topics, bool values, bool say,
                                           struct cdr_error *error)
{
    struct cdr_schema_request requests[CDR_SCHEMA_REQUESTS_MAX];
    const size_t n = cdr_schema_requests(topics, values, requests);
    for (size_t i = 0; i < n; i++) {
        const struct cdr_topic *topic = requests[i].topic;
        const bool key = requests[i].part == CDR_PART_KEYS;
        const int32_t id = *id_of(&requests[i]);
        char option[48];
        if (id == 0)
            return cdr_fail(error, CDR_E_CONFIG,
                            "%s: avro in Kafka needs schema ids; give --registry URL, or a fixed "
                            "one with %s=ID",
                            topic->table && topic->rows == CDR_DIMENSION_TRUTH ? "truth_topic"
                            : topic->table                                     ? "dimensions"
                            : key                                              ? "key_format"
                                                                               : "format",
                            option_of(&requests[i], option));
        if (say && requests[i].part == CDR_PART_VALUES)
            say_id(topic);
        else if (say && key && !topic->table && requests[i].type == 0)
            fprintf(stderr, "cdrgen: no registry is given: keys get the schema id %d (%s)\n", id,
                    option_of(&requests[i], option));
    }
    return CDR_OK;
}

enum cdr_result cdr_topics_find_ids(struct cdr_topics *topics, const struct cdr_settings *settings,
                                    bool values, struct cdr_error *error)
{
#if CDR_KAFKA
    if (settings->registry.urls != NULL)
        return ask_registry(topics, settings, values, error);
#endif
    cdr_topics_fix_ids(topics, settings, values);
    return cdr_topics_check_fixed_ids(topics, values, !settings->quiet, error);
}

/* --- are they distinct --- */

void cdr_schema_uses_add(struct cdr_schema_uses *uses, int32_t id, const char *text,
                         const char *part, const char *topic, const char *option)
{
    if (id == 0 || text == NULL || uses->n == sizeof uses->items / sizeof uses->items[0])
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

void cdr_schema_uses_list(struct cdr_schema_uses *uses, const struct cdr_topics *topics, bool fixed)
{
    static const char *const parts[] = {[CDR_PART_VALUES] = "the values",
                                        [CDR_PART_NEXT] = "the next values",
                                        [CDR_PART_KEYS] = "the keys"};
    struct cdr_schema_request requests[CDR_SCHEMA_REQUESTS_MAX];
    const size_t n = cdr_schema_requests(topics, true, requests);
    for (size_t i = 0; i < n; i++) {
        const struct cdr_schema_request *request = &requests[i];
        char option[48];
        cdr_schema_uses_add(uses, *id_of(request), cdr_request_text(request), parts[request->part],
                            request->topic->name, fixed ? option_of(request, option) : NULL);
    }
}
