#include "sink/registry.h"

#include "encode/json_text.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    ANSWER_BYTES_MAX = 1 << 20,
    BACKOFF_FIRST_MS = 200,
    BACKOFF_MAX_MS = 5000,
    CODE_SUBJECT_UNKNOWN = 40401, /* the registry's own error_code */
    CODE_VERSION_UNKNOWN = 40402,
    CODE_SCHEMA_UNKNOWN = 40403,
};

static const char media_type[] = "application/vnd.schemaregistry.v1+json";

struct answer {
    char *text; /* with a NUL behind */
    size_t len;
};

/* What is asked of every URL in turn. */
struct request {
    const struct cdr_registry_settings *settings;
    const char *subject;
    const char *body;
    enum { LOOK_UP, REGISTER, CHECK } what; /* CHECK: compatible with the latest version? */
    char *reasons;                          /* CHECK: the registry's, why it is not */
    size_t reasons_max;
};

/* How one attempt ended. */
enum outcome {
    FOUND,
    ABSENT,    /* the registry knows neither subject nor schema */
    DIFFERENT, /* CHECK: not compatible */
    TRY_AGAIN, /* no connection, 429 or 5xx; error says which */
    REFUSED,   /* asking again would not help; error says why */
};

static size_t collect(char *bytes, size_t size, size_t n, void *opaque)
{
    struct answer *answer = opaque;
    size_t more = size * n;
    if (answer->len + more > ANSWER_BYTES_MAX)
        return 0;
    char *text = realloc(answer->text, answer->len + more + 1);
    if (text == NULL)
        return 0;
    memcpy(text + answer->len, bytes, more);
    answer->text = text;
    answer->len += more;
    text[answer->len] = '\0';
    return more;
}

/* base's path + /subjects/SUBJECT and the like. *shown is base without credentials. Both are curl's
 * to free. */
static bool make_url(const struct request *request, const char *base, char **url, char **shown)
{
    bool made = false;
    char *path = NULL, *joined = NULL, *subject = curl_easy_escape(NULL, request->subject, 0);
    CURLU *parts = curl_url();
    if (subject == NULL || parts == NULL ||
        curl_url_set(parts, CURLUPART_URL, base, 0) != CURLUE_OK ||
        curl_url_get(parts, CURLUPART_PATH, &path, 0) != CURLUE_OK)
        goto cleanup;
    size_t path_len = strlen(path);
    while (path_len > 0 && path[path_len - 1] == '/')
        path_len--;
    size_t size = path_len + strlen(subject) + 64;
    joined = malloc(size);
    if (joined == NULL)
        goto cleanup;
    snprintf(joined, size, "%.*s%s/subjects/%s%s", (int)path_len, path,
             request->what == CHECK ? "/compatibility" : "", subject,
             request->what == CHECK      ? "/versions/latest"
             : request->what == REGISTER ? "/versions"
                                         : "");
    made = curl_url_set(parts, CURLUPART_PATH, joined, 0) == CURLUE_OK &&
           (request->what != CHECK ||
            curl_url_set(parts, CURLUPART_QUERY, "verbose=true", 0) == CURLUE_OK) &&
           curl_url_get(parts, CURLUPART_URL, url, 0) == CURLUE_OK;
    path[path_len] = '\0';
    made = made && curl_url_set(parts, CURLUPART_PATH, path_len > 0 ? path : "/", 0) == CURLUE_OK &&
           curl_url_set(parts, CURLUPART_USER, NULL, 0) == CURLUE_OK &&
           curl_url_set(parts, CURLUPART_PASSWORD, NULL, 0) == CURLUE_OK &&
           curl_url_set(parts, CURLUPART_QUERY, NULL, 0) == CURLUE_OK &&
           curl_url_get(parts, CURLUPART_URL, shown, 0) == CURLUE_OK;
cleanup:
    free(joined);
    curl_free(path);
    curl_free(subject);
    curl_url_cleanup(parts);
    return made;
}

static void set_security(CURL *curl, const struct cdr_registry_settings *settings)
{
    if (settings->user_info != NULL) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
        curl_easy_setopt(curl, CURLOPT_USERPWD, settings->user_info);
    } else if (settings->bearer_token != NULL) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
        curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, settings->bearer_token);
    }
    if (settings->ca_location != NULL)
        curl_easy_setopt(curl, CURLOPT_CAINFO, settings->ca_location);
    if (settings->certificate_location != NULL)
        curl_easy_setopt(curl, CURLOPT_SSLCERT, settings->certificate_location);
    if (settings->key_location != NULL)
        curl_easy_setopt(curl, CURLOPT_SSLKEY, settings->key_location);
}

static const char *reason_of(long status, int64_t code)
{
    switch (status) {
    case 401:
        return "the registry does not accept the credentials";
    case 403:
        return "the credentials do not allow this";
    case 404:
        return code >= CODE_SUBJECT_UNKNOWN && code < CODE_SUBJECT_UNKNOWN + 99
                   ? "the registry does not know it"
                   : "there is no schema registry at this URL";
    case 409:
        return "the schema is not compatible with the versions that the subject has";
    case 422:
        return "the registry finds the schema invalid";
    case 429:
        return "the registry is asked too often";
    default:
        return status >= 500 ? "the registry failed" : "the registry refused";
    }
}

/* The registry's own words: its message, or the first line of whatever it answered. */
static void add_message(const struct answer *answer, char *text, size_t size)
{
    char *message =
        answer->text != NULL ? cdr_json_find_string(answer->text, answer->len, "message") : NULL;
    const char *words = message != NULL ? message : answer->text != NULL ? answer->text : "";
    int len = (int)strcspn(words, "\r\n");
    snprintf(text, size, "%s%.*s", len > 0 ? ": " : "", len > 500 ? 500 : len, words);
    free(message);
}

/* {"is_compatible": false, "messages": […]} */
static enum outcome judge_check(const struct request *request, const struct answer *answer)
{
    const char *text = answer->text != NULL ? answer->text : "";
    int compatible = cdr_json_find_boolean(text, answer->len, "is_compatible");
    if (compatible != 0)
        return compatible == 1 ? FOUND : REFUSED;
    char *messages = cdr_json_find_strings(text, answer->len, "messages");
    snprintf(request->reasons, request->reasons_max, "%s", messages != NULL ? messages : "");
    free(messages);
    return DIFFERENT;
}

static enum outcome judge(const struct request *request, const char *shown, long status,
                          const struct answer *answer, int32_t *id, struct cdr_error *error)
{
    int64_t number = 0;
    const char *text = answer->text != NULL ? answer->text : "";
    if (status >= 200 && status < 300 && request->what == CHECK) {
        enum outcome outcome = judge_check(request, answer);
        if (outcome == REFUSED)
            cdr_fail(error, CDR_E_CONFIG,
                     "schema registry %s, subject %s: its answer does not say whether the schema "
                     "is compatible",
                     shown, request->subject);
        return outcome;
    }
    if (status >= 200 && status < 300) {
        if (cdr_json_find_integer(text, answer->len, "id", &number) && number >= 0 &&
            number <= INT32_MAX) {
            *id = (int32_t)number;
            return FOUND;
        }
        cdr_fail(error, CDR_E_CONFIG,
                 "schema registry %s, subject %s: its answer holds no schema id, so there is no "
                 "schema registry at this URL",
                 shown, request->subject);
        return REFUSED;
    }
    cdr_json_find_integer(text, answer->len, "error_code", &number);
    char message[512];
    add_message(answer, message, sizeof message);
    cdr_fail(error, CDR_E_CONFIG, "schema registry %s, subject %s: %s (status %ld)%s", shown,
             request->subject, reason_of(status, number), status, message);
    if (status == 404 && request->what != REGISTER &&
        (number == CODE_SUBJECT_UNKNOWN || number == CODE_VERSION_UNKNOWN ||
         number == CODE_SCHEMA_UNKNOWN))
        return ABSENT;
    return status == 429 || status >= 500 ? TRY_AGAIN : REFUSED;
}

/* Wrong files and certificates stay wrong; everything else may be a registry that is just starting.
 */
static bool is_lasting(CURLcode code)
{
    return code == CURLE_SSL_CERTPROBLEM || code == CURLE_SSL_CACERT_BADFILE ||
           code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_URL_MALFORMAT ||
           code == CURLE_UNSUPPORTED_PROTOCOL;
}

static enum outcome perform(const struct request *request, const char *url, const char *shown,
                            int32_t *id, long *wait_s, struct cdr_error *error)
{
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = NULL;
    char header[96], reason[CURL_ERROR_SIZE] = "";
    struct answer answer = {0};
    enum outcome outcome = REFUSED;
    if (curl == NULL) {
        cdr_fail(error, CDR_E_NOMEM, "no memory for a request to the schema registry");
        return REFUSED;
    }
    snprintf(header, sizeof header, "Content-Type: %s", media_type);
    headers = curl_slist_append(headers, header);
    snprintf(header, sizeof header, "Accept: %s, application/json", media_type);
    headers = curl_slist_append(headers, header);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)request->settings->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "cdrgen/" CDR_VERSION);
    set_security(curl, request->settings);
    CURLcode code = curl_easy_perform(curl);
    if (code == CURLE_OK) {
        long status = 0;
        curl_off_t retry_after = 0;
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after);
        *wait_s = (long)retry_after;
        outcome = judge(request, shown, status, &answer, id, error);
    } else {
        long cause = 0;
        curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &cause);
        cdr_fail(error, CDR_E_KAFKA, "schema registry %s, subject %s: %s%s%s", shown,
                 request->subject, reason[0] != '\0' ? reason : curl_easy_strerror(code),
                 cause != 0 ? ": " : "", cause != 0 ? strerror((int)cause) : "");
        outcome = is_lasting(code) ? REFUSED : TRY_AGAIN;
    }
    free(answer.text);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return outcome;
}

/* base is not NUL-terminated. */
static enum outcome ask_one(const struct request *request, const char *base, size_t base_len,
                            int32_t *id, long *wait_s, struct cdr_error *error)
{
    char *copy = strndup(base, base_len), *url = NULL, *shown = NULL;
    enum outcome outcome = REFUSED;
    if (copy != NULL && make_url(request, copy, &url, &shown))
        outcome = perform(request, url, shown, id, wait_s, error);
    else /* the text is not quoted: it may hold a password */
        cdr_fail(error, CDR_E_CONFIG,
                 "the schema registry's URL is not one: it must look like "
                 "http://HOST:PORT or https://HOST:PORT/PATH");
    curl_free(shown);
    curl_free(url);
    free(copy);
    return outcome;
}

/* Each of the URLs once, until one has something final to say. */
static enum outcome ask_all(const struct request *request, int32_t *id, long *wait_s,
                            struct cdr_error *error)
{
    enum outcome outcome = TRY_AGAIN;
    const char *at = request->settings->urls;
    while (*at != '\0' && outcome == TRY_AGAIN) {
        at += strspn(at, ", ");
        size_t len = strcspn(at, ", ");
        if (len > 0)
            outcome = ask_one(request, at, len, id, wait_s, error);
        at += len;
    }
    return outcome;
}

static void sleep_ms(long ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static enum outcome ask(const struct request *request, int32_t *id, struct cdr_error *error)
{
    long backoff_ms = BACKOFF_FIRST_MS;
    for (uint32_t attempt = 0;; attempt++) {
        long wait_s = 0;
        enum outcome outcome = ask_all(request, id, &wait_s, error);
        if (outcome != TRY_AGAIN || attempt >= request->settings->retries)
            return outcome;
        long wait_ms = wait_s * 1000 > backoff_ms ? wait_s * 1000 : backoff_ms;
        sleep_ms(wait_ms < BACKOFF_MAX_MS ? wait_ms : BACKOFF_MAX_MS);
        backoff_ms *= 2;
    }
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

/* Settings and schema as they must be, and the body that carries the schema. */
static enum cdr_result make_body(const struct cdr_registry_settings *settings, const char *subject,
                                 const char *schema_text, char **body, struct cdr_error *error)
{
    if (settings->urls == NULL || settings->urls[strspn(settings->urls, ", ")] == '\0')
        return cdr_fail(error, CDR_E_CONFIG,
                        "no schema registry is given: pass --registry URL[,URL]");
    if (check_files(settings, error) != CDR_OK)
        return CDR_E_CONFIG;
    *body = cdr_json_object_of("schema", schema_text);
    if (*body == NULL)
        return cdr_fail(error, CDR_E_CONFIG, "subject %s: the schema is not UTF-8", subject);
    return CDR_OK;
}

enum cdr_result cdr_registry_schema_id(const struct cdr_registry_settings *settings,
                                       const char *subject, const char *schema_text, int32_t *id,
                                       struct cdr_error *error)
{
    char *body = NULL;
    enum cdr_result result = make_body(settings, subject, schema_text, &body, error);
    if (result != CDR_OK)
        return result;
    struct cdr_error reason = {0};
    struct request request = {.settings = settings, .subject = subject, .body = body};
    curl_global_init(CURL_GLOBAL_DEFAULT);
    enum outcome outcome = ask(&request, id, &reason);
    if (outcome == ABSENT && settings->auto_register) {
        request.what = REGISTER;
        outcome = ask(&request, id, &reason);
    }
    curl_global_cleanup();
    free(body);
    if (outcome == FOUND)
        return CDR_OK;
    return cdr_fail(error, outcome == TRY_AGAIN ? CDR_E_KAFKA : CDR_E_CONFIG, "%s%s", reason.text,
                    outcome == ABSENT ? "; register it, or let the run do so" : "");
}

/* The subject lacks the schema. */
static void examine_absent(struct request *request, struct cdr_findings *findings,
                           const char *named)
{
    struct cdr_error reason = {{0}};
    char messages[400] = "";
    int32_t id = 0;
    if (!request->settings->auto_register) {
        cdr_findings_add(findings, CDR_FINDING_FAIL, named,
                         "register it, or leave --no-auto-register out",
                         "the registry does not know the schema");
        return;
    }
    request->what = CHECK;
    request->reasons = messages;
    request->reasons_max = sizeof messages;
    switch (ask(request, &id, &reason)) {
    case FOUND:
        cdr_findings_add(findings, CDR_FINDING_OK, named, NULL,
                         "the schema is compatible with the latest version and would be "
                         "registered");
        break;
    case ABSENT:
        cdr_findings_add(findings, CDR_FINDING_OK, named, NULL,
                         "is new; the schema would be registered");
        break;
    case DIFFERENT:
        cdr_findings_add(findings, CDR_FINDING_FAIL, named,
                         "use another --topic-prefix, or set the subject's compatibility",
                         "the schema is not compatible with the latest version%s%s",
                         messages[0] != '\0' ? ": " : "", messages);
        break;
    default:
        cdr_findings_add_sentence(findings, CDR_FINDING_FAIL, named, reason.text);
        break;
    }
}

void cdr_registry_examine(const struct cdr_registry_settings *settings, const char *subject,
                          const char *schema_text, struct cdr_findings *findings)
{
    char named[280], *body = NULL;
    struct cdr_error reason = {{0}};
    int32_t id = 0;
    snprintf(named, sizeof named, "subject %s", subject);
    if (make_body(settings, subject, schema_text, &body, &reason) != CDR_OK) {
        cdr_findings_add_sentence(findings, CDR_FINDING_FAIL, named, reason.text);
        return;
    }
    struct request request = {.settings = settings, .subject = subject, .body = body};
    curl_global_init(CURL_GLOBAL_DEFAULT);
    enum outcome outcome = ask(&request, &id, &reason);
    if (outcome == FOUND)
        cdr_findings_add(findings, CDR_FINDING_OK, named, NULL, "the schema is registered, id %d",
                         (int)id);
    else if (outcome == ABSENT)
        examine_absent(&request, findings, named);
    else
        cdr_findings_add_sentence(findings, CDR_FINDING_FAIL, named, reason.text);
    curl_global_cleanup();
    free(body);
}
