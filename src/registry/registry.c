/* Ids of schemas: look up, check, register. */
#include "registry/registry.h"

#include "base/shown.h"
#include "registry/cache.h"
#include "registry/internal.h"
#include "registry/schema.h"

#include <curl/curl.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_AGAIN = 5, LOOK_AGAIN_MS = 200 }; /* for what somebody else registers at the moment */

static const char another_subject[] =
    "use another --topic-prefix, or set the subject's compatibility";

static enum cdr_result find_subject(const struct cdr_registry_settings *settings, bool key,
                                    const char *topic, const char *schema_text, char *subject,
                                    struct cdr_error *error)
{
    const char *strategy = settings->subject_strategy;
    if (strategy == NULL || strcmp(strategy, "topic") == 0) {
        snprintf(subject, CDR_REGISTRY_SUBJECT_MAX, "%s-%s", topic, key ? "key" : "value");
        return CDR_OK;
    }
    char *name = cdr_registry_full_name(schema_text);
    if (name == NULL)
        return cdr_fail(error, CDR_E_CONFIG,
                        "subject_strategy: \"%s\" needs a schema that has a name, and that of %s "
                        "topic %s has none%s",
                        strategy, key ? "the keys of" : "the values of", topic,
                        key ? "; give keys that are a record with --key-schema FILE" : "");
    bool with_topic = strcmp(strategy, "topic-record") == 0;
    int len = snprintf(subject, CDR_REGISTRY_SUBJECT_MAX, "%s%s%s", with_topic ? topic : "",
                       with_topic ? "-" : "", name);
    free(name);
    if (len >= CDR_REGISTRY_SUBJECT_MAX)
        return cdr_fail(error, CDR_E_CONFIG, "the schema of topic %s has too long a name", topic);
    return CDR_OK;
}

enum cdr_result cdr_registry_subject(const struct cdr_registry_settings *settings,
                                     const char *topic, const char *schema_text,
                                     char subject[CDR_REGISTRY_SUBJECT_MAX],
                                     struct cdr_error *error)
{
    return find_subject(settings, false, topic, schema_text, subject, error);
}

enum cdr_result cdr_registry_key_subject(const struct cdr_registry_settings *settings,
                                         const char *topic, const char *schema_text,
                                         char subject[CDR_REGISTRY_SUBJECT_MAX],
                                         struct cdr_error *error)
{
    return find_subject(settings, true, topic, schema_text, subject, error);
}

/* curl would only find out after it has a connection. */
static enum cdr_result check_files(const struct cdr_registry_settings *settings,
                                   struct cdr_error *error)
{
    const char *const files[] = {settings->ca_location, settings->certificate_location,
                                 settings->key_location};
    static const char *const names[] = {"authority's certificate", "certificate", "key"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (files[i] != NULL && access(files[i], R_OK) != 0)
            return cdr_fail(error, CDR_E_CONFIG, "the file of the schema registry's %s, %s: %s",
                            names[i], files[i], strerror(errno));
    return CDR_OK;
}

enum cdr_result cdr_registry_settings_check(const struct cdr_registry_settings *settings,
                                            struct cdr_error *error)
{
    if (settings->urls == NULL || settings->urls[strspn(settings->urls, ", ")] == '\0')
        return cdr_fail(error, CDR_E_CONFIG,
                        "no schema registry is given: pass --registry URL[,URL]");
    if (check_files(settings, error) != CDR_OK)
        return CDR_E_CONFIG;
    return cdr_registry_cache_open(settings, error);
}

enum cdr_result cdr_registry_ask_about(const struct cdr_registry_settings *settings,
                                       const char *subject, const char *before, const char *behind,
                                       const char *query, const char *body,
                                       struct cdr_registry_answer *answer, struct cdr_error *error)
{
    struct cdr_registry_request request = {
        .settings = settings, .subject = subject, .query = query, .body = body};
    char *path = cdr_registry_path(before, subject, behind);
    if (path == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    request.path = path;
    enum cdr_result result = cdr_registry_ask(&request, answer, error);
    free(path);
    return result;
}

/* The schema, to BEFORE + subject + BEHIND. */
static enum cdr_result post(const struct cdr_registry_settings *settings, const char *subject,
                            const char *before, const char *behind, const char *query,
                            const char *schema_text, struct cdr_registry_answer *answer,
                            struct cdr_error *error)
{
    json_t *object = json_pack("{s:s}", "schema", schema_text);
    char *body = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    if (body == NULL)
        return cdr_fail(error, CDR_E_CONFIG, "subject %s: the schema is not UTF-8", subject);
    enum cdr_result result =
        cdr_registry_ask_about(settings, subject, before, behind, query, body, answer, error);
    free(body);
    return result;
}

/* A registry that answers with another schema than the one asked about has no id for ours. */
static enum cdr_result judge_answer(const struct cdr_registry_answer *answer, const char *subject,
                                    const char *schema_text, struct cdr_error *error)
{
    char words[300];
    enum cdr_result result = CDR_OK;
    const char *text = cdr_registry_string(answer->json, "schema");
    if (text != NULL && !cdr_registry_same_form(schema_text, text, words, sizeof words))
        result = cdr_fail(error, CDR_E_CONFIG,
                          "schema registry %s, subject %s: it answers with another schema than the "
                          "one that it was asked about: %s",
                          answer->url, subject, words);
    return result;
}

/* Looks up, or registers where behind is "/versions", and confirms the id. CDR_E_STATE: it is not
 * there. note as that of cdr_registry_confirm. */
static enum cdr_result ask_id(const struct cdr_registry_settings *settings, const char *subject,
                              const char *behind, const char *schema_text, int32_t *id, char *note,
                              struct cdr_error *error)
{
    struct cdr_registry_answer answer = {0};
    enum cdr_result result =
        post(settings, subject, "/subjects/", behind, settings->normalize ? "normalize=true" : NULL,
             schema_text, &answer, error);
    const int64_t number = cdr_registry_number(answer.json, "id");
    if (result == CDR_OK && (number < 0 || number > INT32_MAX))
        result = cdr_fail(error, CDR_E_CONFIG,
                          "schema registry %s, subject %s: its answer holds no schema id, so there "
                          "is no schema registry at this URL",
                          answer.url, subject);
    if (result == CDR_OK)
        result = judge_answer(&answer, subject, schema_text, error);
    if (result == CDR_OK)
        result = cdr_registry_confirm(settings, subject, (int32_t)number, schema_text, note, error);
    if (result == CDR_OK)
        *id = (int32_t)number;
    cdr_registry_answer_free(&answer);
    return result;
}

/* {"messages": […]} or {"reason": "…"}, in one line. */
static void put_reasons(const struct cdr_registry_answer *answer, char *text, size_t size)
{
    const json_t *messages = json_object_get(answer->json, "messages");
    const char *reason = cdr_registry_string(answer->json, "reason");
    size_t out = (size_t)snprintf(text, size, "%s", reason != NULL ? reason : "");
    for (size_t i = 0; out < size && i < json_array_size(messages); i++) {
        const char *message = json_string_value(json_array_get(messages, i));
        out += (size_t)snprintf(text + out, size - out, "%s%s", out > 0 ? ", " : "",
                                message != NULL ? message : "");
    }
    for (char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
}

/* CDR_OK: compatible, or the first version. CDR_E_DIFFERENT: not; reasons says why. */
static enum cdr_result ask_compatible(const struct cdr_registry_settings *settings,
                                      const char *subject, const char *schema_text, bool *is_new,
                                      char *reasons, size_t reasons_max, struct cdr_error *error)
{
    struct cdr_registry_answer answer = {0};
    enum cdr_result result =
        post(settings, subject, "/compatibility/subjects/", "/versions/latest",
             settings->normalize ? "verbose=true&normalize=true" : "verbose=true", schema_text,
             &answer, error);
    *is_new = result == CDR_E_STATE;
    if (*is_new)
        result = CDR_OK;
    else if (result == CDR_OK) {
        const json_t *compatible = json_object_get(answer.json, "is_compatible");
        if (json_is_false(compatible)) {
            put_reasons(&answer, reasons, reasons_max);
            result = cdr_fail(error, CDR_E_DIFFERENT,
                              "schema registry %s, subject %s: the schema is not compatible with "
                              "the latest version%s%s",
                              answer.url, subject, reasons[0] != '\0' ? ": " : "", reasons);
        } else if (!json_is_true(compatible)) {
            result = cdr_fail(error, CDR_E_CONFIG,
                              "schema registry %s, subject %s: its answer does not say whether the "
                              "schema is compatible",
                              answer.url, subject);
        }
    }
    cdr_registry_answer_free(&answer);
    return result;
}

/* State of one cdr_registry_find. */
struct search {
    const struct cdr_registry_settings *settings;
    bool away; /* the registry did not answer, and that takes long to find out */
    struct cdr_error why;
};

/* The text that is kept with an id; NULL for the latest version, whatever it is. */
static const char *cache_key(const struct search *search, const struct cdr_registry_wish *wish)
{
    return search->settings->use_latest ? NULL : wish->schema_text;
}

static void note_of(struct cdr_registry_wish *wish, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds to the note. */
static void note_of(struct cdr_registry_wish *wish, const char *format, ...)
{
    char text[CDR_REGISTRY_NOTE_MAX];
    va_list arguments;
    size_t used = strlen(wish->note);
    if (used > 0 && used + 3 < sizeof wish->note)
        used += (size_t)snprintf(wish->note + used, sizeof wish->note - used, "; ");
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    cdr_shown(wish->note + used, sizeof wish->note - used, text);
}

/* Keeps what was found, and says if it was another id before. */
static void remember(const struct search *search, struct cdr_registry_wish *wish,
                     const char *schema)
{
    struct cdr_registry_cached before = {0};
    struct cdr_error why = {{0}};
    const char *key = cache_key(search, wish);
    if (cdr_registry_cache_read(search->settings, wish->subject, key, &before)) {
        /* The latest version has another id whenever there is a later one. */
        if (before.id != wish->id && !search->settings->use_latest)
            note_of(wish,
                    "subject %s: the registry gives the schema the id %d, and gave it %d before "
                    "(%s); records of earlier runs have the old id, which readers may not find",
                    wish->subject, (int)wish->id, (int)before.id, before.saved);
        cdr_registry_cached_free(&before);
    }
    if (cdr_registry_cache_write(search->settings, wish->subject, key, wish->id, schema, &why) !=
        CDR_OK)
        note_of(wish, "subject %s: the id is not kept in the cache: %.600s", wish->subject,
                why.text);
}

static enum cdr_result judge_latest(struct cdr_registry_wish *wish, const char *named,
                                    const char *text, struct cdr_error *error)
{
    char words[300];
    if (cdr_registry_same_form(wish->schema_text, text, words, sizeof words))
        return CDR_OK;
    return cdr_fail(
        error, CDR_E_CONFIG,
        "subject %s: %s is not of the form that the records have: %s; leave out --use-latest, "
        "or register a schema of that form",
        wish->subject, named, words);
}

static enum cdr_result find_cached(const struct search *search, struct cdr_registry_wish *wish,
                                   struct cdr_error *error)
{
    struct cdr_registry_cached cached = {0};
    if (search->settings->cache == NULL)
        return cdr_fail(error, CDR_E_KAFKA, "%s", search->why.text);
    if (!cdr_registry_cache_read(search->settings, wish->subject, cache_key(search, wish), &cached))
        return cdr_fail(error, CDR_E_KAFKA, "%.700s; the cache %.200s has nothing for it",
                        search->why.text, search->settings->cache);
    enum cdr_result result = CDR_OK;
    if (search->settings->use_latest)
        result = judge_latest(wish, "the latest version in the cache", cached.schema, error);
    wish->id = cached.id;
    wish->how = CDR_REGISTRY_CACHED;
    cdr_registry_note_cached(wish->note, wish->subject, &cached, search->why.text);
    cdr_registry_cached_free(&cached);
    return result;
}

static enum cdr_result find_latest(const struct search *search, struct cdr_registry_wish *wish,
                                   struct cdr_error *error)
{
    struct cdr_registry_schema schema = {0};
    char named[80];
    enum cdr_result result =
        cdr_registry_version(search->settings, wish->subject, 0, &schema, error);
    if (result == CDR_E_STATE) {
        struct cdr_error why = *error;
        return cdr_fail(error, CDR_E_CONFIG,
                        "%.800s; register a schema there, or leave --use-latest out", why.text);
    }
    if (result != CDR_OK)
        return result;
    snprintf(named, sizeof named, "the latest version, %d with id %d,", (int)schema.version,
             (int)schema.id);
    result = judge_latest(wish, named, schema.whole, error);
    if (result == CDR_OK)
        result = cdr_registry_confirm(search->settings, wish->subject, schema.id, schema.text,
                                      wish->note, error);
    wish->id = schema.id;
    wish->how = CDR_REGISTRY_LATEST;
    if (result == CDR_OK)
        remember(search, wish, schema.whole);
    cdr_registry_schema_free(&schema);
    return result;
}

/* CDR_E_STATE: it must be registered. */
static enum cdr_result find_one(struct search *search, struct cdr_registry_wish *wish,
                                struct cdr_error *error)
{
    const struct cdr_registry_settings *settings = search->settings;
    struct cdr_error why = {{0}};
    enum cdr_result result;
    if (search->away)
        return find_cached(search, wish, error);
    if (settings->use_latest)
        result = find_latest(search, wish, &why);
    else
        result =
            ask_id(settings, wish->subject, "", wish->schema_text, &wish->id, wish->note, &why);
    if (result == CDR_E_KAFKA) {
        search->away = true;
        search->why = why;
        return find_cached(search, wish, error);
    }
    if (result == CDR_E_STATE && !settings->auto_register)
        return cdr_fail(error, CDR_E_CONFIG, "%.800s; register it, or let the run do so", why.text);
    if (result == CDR_OK && !settings->use_latest)
        remember(search, wish, wish->schema_text);
    return result != CDR_OK ? cdr_fail(error, result, "%s", why.text) : result;
}

/* Whether an earlier wish will be registered under the same subject: then this one's turn comes
 * after it, since the registry compares only with what is there. */
static bool comes_second(const struct cdr_registry_wish *wishes, size_t i)
{
    for (size_t before = 0; before < i; before++)
        if (wishes[before].how == CDR_REGISTRY_REGISTERED &&
            strcmp(wishes[before].subject, wishes[i].subject) == 0)
            return true;
    return false;
}

static enum cdr_result check_absent(const struct search *search,
                                    const struct cdr_registry_wish *wish, bool second,
                                    struct cdr_error *error)
{
    char reasons[500] = "";
    bool is_new;
    struct cdr_error why = {{0}};
    enum cdr_result result = ask_compatible(search->settings, wish->subject, wish->schema_text,
                                            &is_new, reasons, sizeof reasons, &why);
    if (result == CDR_E_DIFFERENT)
        return cdr_fail(error, CDR_E_CONFIG, "%.800s%s; %s", why.text,
                        second ? " (that is the run's first schema, registered now)" : "",
                        another_subject);
    return result != CDR_OK ? cdr_fail(error, result, "%s", why.text) : CDR_OK;
}

/* Those whose turn it is are all checked before the first of them is registered; seconds[i] says
 * whose turn is the second. */
/* Where another program registers the schema at the same moment, another shard say, a registry may
 * refuse the second one, and have it a moment later. */
static enum cdr_result register_one(const struct search *search, struct cdr_registry_wish *wish,
                                    struct cdr_error *error)
{
    struct cdr_error ignored;
    enum cdr_result result = ask_id(search->settings, wish->subject, "/versions", wish->schema_text,
                                    &wish->id, wish->note, error);
    for (int i = 0; result == CDR_E_CONFIG && i < LOOK_AGAIN; i++) {
        if (ask_id(search->settings, wish->subject, "", wish->schema_text, &wish->id, wish->note,
                   &ignored) == CDR_OK)
            return CDR_OK;
        nanosleep(&(struct timespec){.tv_nsec = LOOK_AGAIN_MS * 1000000}, NULL);
    }
    return result;
}

static enum cdr_result register_turn(struct search *search, struct cdr_registry_wish *wishes,
                                     const bool *seconds, size_t count, bool second,
                                     struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    for (size_t i = 0; result == CDR_OK && i < count; i++)
        if (wishes[i].how == CDR_REGISTRY_REGISTERED && seconds[i] == second)
            result = check_absent(search, &wishes[i], second, error);
    for (size_t i = 0; result == CDR_OK && i < count; i++) {
        if (wishes[i].how != CDR_REGISTRY_REGISTERED || seconds[i] != second)
            continue;
        result = register_one(search, &wishes[i], error);
        if (result == CDR_OK)
            remember(search, &wishes[i], wishes[i].schema_text);
    }
    return result == CDR_E_STATE ? CDR_E_CONFIG : result;
}

static enum cdr_result find_all(struct search *search, struct cdr_registry_wish *wishes,
                                size_t count, struct cdr_error *error)
{
    bool *seconds = calloc(count > 0 ? count : 1, sizeof *seconds);
    enum cdr_result result =
        seconds != NULL ? CDR_OK
                        : cdr_fail(error, CDR_E_NOMEM, "no memory for %zu subjects", count);
    for (size_t i = 0; result == CDR_OK && i < count; i++) {
        wishes[i].id = -1;
        wishes[i].how = CDR_REGISTRY_FOUND;
        wishes[i].note[0] = '\0';
        result = find_one(search, &wishes[i], error);
        if (result == CDR_E_STATE) {
            wishes[i].how = CDR_REGISTRY_REGISTERED;
            seconds[i] = comes_second(wishes, i);
            result = CDR_OK;
        }
    }
    if (result == CDR_OK)
        result = register_turn(search, wishes, seconds, count, false, error);
    if (result == CDR_OK)
        result = register_turn(search, wishes, seconds, count, true, error);
    free(seconds);
    return result;
}

enum cdr_result cdr_registry_find(const struct cdr_registry_settings *settings,
                                  struct cdr_registry_wish *wishes, size_t count,
                                  struct cdr_error *error)
{
    struct search search = {.settings = settings};
    enum cdr_result result = cdr_registry_settings_check(settings, error);
    if (result != CDR_OK)
        return result;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    result = find_all(&search, wishes, count, error);
    curl_global_cleanup();
    return result;
}

enum cdr_result cdr_registry_check(const struct cdr_registry_settings *settings,
                                   const char *subject, const char *schema_text, int32_t *id,
                                   struct cdr_error *error)
{
    char reasons[500] = "";
    bool is_new = false;
    enum cdr_result result = cdr_registry_settings_check(settings, error);
    *id = -1;
    if (result != CDR_OK)
        return result;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    result = ask_id(settings, subject, "", schema_text, id, NULL, error);
    if (result == CDR_E_STATE)
        result =
            ask_compatible(settings, subject, schema_text, &is_new, reasons, sizeof reasons, error);
    curl_global_cleanup();
    return result;
}

/* The subject lacks the schema. */
static void examine_absent(const struct cdr_registry_settings *settings, const char *subject,
                           const char *schema_text, bool next, const char *named,
                           struct cdr_findings *findings)
{
    struct cdr_error why = {{0}};
    char reasons[400] = "";
    bool is_new = false;
    if (!settings->auto_register) {
        cdr_findings_add(findings, CDR_FINDING_FAIL, named,
                         "register it, or leave --no-register out",
                         "the registry does not know the schema");
        return;
    }
    enum cdr_result result =
        ask_compatible(settings, subject, schema_text, &is_new, reasons, sizeof reasons, &why);
    if (result == CDR_OK)
        cdr_findings_add(findings, CDR_FINDING_OK, named, NULL, "%s",
                         is_new && next ? "is new; whether the next schema is compatible turns out "
                                          "when the first one is registered"
                         : is_new       ? "is new; the schema would be registered"
                                  : "the schema is compatible with the latest version and would be "
                                    "registered");
    else if (result == CDR_E_DIFFERENT)
        cdr_findings_add(findings, CDR_FINDING_FAIL, named, another_subject,
                         "the schema is not compatible with the latest version%s%s",
                         reasons[0] != '\0' ? ": " : "", reasons);
    else
        cdr_findings_add_sentence(findings, CDR_FINDING_FAIL, named, why.text);
}

void cdr_registry_examine(const struct cdr_registry_settings *settings, const char *subject,
                          const char *schema_text, bool next, struct cdr_findings *findings)
{
    char named[280];
    struct search search = {.settings = settings};
    struct cdr_registry_wish wish = {.subject = subject, .schema_text = schema_text};
    struct cdr_error why = {{0}};
    snprintf(named, sizeof named, "subject %.240s%s", subject, next ? ", next schema" : "");
    if (cdr_registry_settings_check(settings, &why) != CDR_OK) {
        cdr_findings_add_sentence(findings, CDR_FINDING_FAIL, named, why.text);
        return;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    struct cdr_registry_settings asking = *settings;
    asking.auto_register = true; /* so that a schema that is missing is told from a refusal */
    search.settings = &asking;
    enum cdr_result result = find_one(&search, &wish, &why);
    if (result == CDR_OK && wish.how == CDR_REGISTRY_CACHED)
        cdr_findings_add_sentence(findings, CDR_FINDING_WARN, named, wish.note);
    else if (result == CDR_OK)
        cdr_findings_add(findings, CDR_FINDING_OK, named, NULL, "%s, id %d",
                         settings->use_latest ? "the latest version is of the form that is written"
                                              : "the schema is registered",
                         (int)wish.id);
    else if (result == CDR_E_STATE)
        examine_absent(settings, subject, schema_text, next, named, findings);
    else
        cdr_findings_add_sentence(findings, CDR_FINDING_FAIL, named, why.text);
    curl_global_cleanup();
}
