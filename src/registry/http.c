#include "registry/http.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    ANSWER_BYTES_MAX = 16 << 20,
    BACKOFF_FIRST_MS = 200,
    BACKOFF_MAX_MS = 5000,
    CODE_SUBJECT_UNKNOWN = 40401, /* the registry's own error_code */
    CODE_VERSION_UNKNOWN = 40402,
    CODE_SCHEMA_UNKNOWN = 40403,
    CODE_NOT_PERMITTED = 42205,
};

/* How one attempt ended. */
enum outcome {
    GOOD,
    ABSENT,
    AWAY,
    REFUSED,
};

static const char media_type[] = "application/vnd.schemaregistry.v1+json";

static size_t collect(char *bytes, size_t size, size_t n, void *opaque)
{
    struct cdr_registry_answer *answer = opaque;
    size_t more = size * n;
    if (answer->len + more > ANSWER_BYTES_MAX) {
        answer->too_long = true;
        return 0;
    }
    if (answer->len + more >= answer->room) {
        const size_t room = 2 * (answer->len + more) + 1024;
        char *text = realloc(answer->text, room);
        if (text == NULL)
            return 0;
        answer->text = text;
        answer->room = room;
    }
    memcpy(answer->text + answer->len, bytes, more);
    answer->len += more;
    answer->text[answer->len] = '\0';
    return more;
}

void cdr_registry_answer_free(struct cdr_registry_answer *answer)
{
    free(answer->text);
    free(answer->url);
    json_decref(answer->json);
    *answer = (struct cdr_registry_answer){0};
}

int64_t cdr_registry_number(const json_t *object, const char *key)
{
    const json_t *number = json_object_get(object, key);
    return json_is_integer(number) ? json_integer_value(number) : -1;
}

const char *cdr_registry_string(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

char *cdr_registry_path(const char *before, const char *subject, const char *behind)
{
    char *escaped = curl_easy_escape(NULL, subject, 0);
    if (escaped == NULL)
        return NULL;
    size_t size = strlen(before) + strlen(escaped) + strlen(behind) + 1;
    char *path = malloc(size);
    if (path != NULL)
        snprintf(path, size, "%s%s%s", before, escaped, behind);
    curl_free(escaped);
    return path;
}

/* base's path and the request's after it. *shown is base without credentials. Both are curl's to
 * free. */
static bool make_url(const struct cdr_registry_request *request, const char *base, char **url,
                     char **shown)
{
    bool made = false;
    char *path = NULL, *joined = NULL;
    CURLU *parts = curl_url();
    if (parts == NULL || curl_url_set(parts, CURLUPART_URL, base, 0) != CURLUE_OK ||
        curl_url_get(parts, CURLUPART_PATH, &path, 0) != CURLUE_OK)
        goto cleanup;
    size_t path_len = strlen(path);
    while (path_len > 0 && path[path_len - 1] == '/')
        path_len--;
    size_t size = path_len + strlen(request->path) + 1;
    joined = malloc(size);
    if (joined == NULL)
        goto cleanup;
    snprintf(joined, size, "%.*s%s", (int)path_len, path, request->path);
    made = curl_url_set(parts, CURLUPART_PATH, joined, 0) == CURLUE_OK &&
           curl_url_set(parts, CURLUPART_QUERY, request->query, 0) == CURLUE_OK &&
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

/* A registry, or a subject of it, may take no new schemas; only its words say why. */
static const char *mode_of(long status, int64_t code, const char *message)
{
    char words[512] = "";
    if (code != CODE_NOT_PERMITTED && status != 403)
        return NULL;
    for (size_t i = 0; i < sizeof words - 1 && message[i] != '\0'; i++)
        words[i] = (char)tolower((unsigned char)message[i]);
    if (strstr(words, "read-only") != NULL || strstr(words, "readonly") != NULL ||
        strstr(words, "read only") != NULL)
        return "the registry is read-only for this subject, so no schema can be registered";
    if (strstr(words, "import mode") != NULL)
        return "the registry is in IMPORT mode for this subject, in which schemas cannot be "
               "registered without an id";
    return code == CODE_NOT_PERMITTED ? "the registry does not permit this" : NULL;
}

static const char *reason_of(long status, int64_t code, const char *message)
{
    const char *mode = mode_of(status, code, message);
    if (mode != NULL)
        return mode;
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
static void add_message(const struct cdr_registry_answer *answer, char *text, size_t size)
{
    const char *message = cdr_registry_string(answer->json, "message");
    const char *words = message != NULL ? message : answer->text != NULL ? answer->text : "";
    int len = (int)strcspn(words, "\r\n");
    snprintf(text, size, "%s%.*s", len > 0 ? ": " : "", len > 500 ? 500 : len, words);
}

static enum outcome judge(const struct cdr_registry_request *request, const char *shown,
                          long status, const struct cdr_registry_answer *answer,
                          struct cdr_error *error)
{
    const int64_t code = cdr_registry_number(answer->json, "error_code");
    char message[512];
    if (status >= 200 && status < 300)
        return GOOD;
    add_message(answer, message, sizeof message);
    cdr_fail(error, CDR_E_CONFIG, "schema registry %s, subject %s: %s (status %ld)%s", shown,
             request->subject, reason_of(status, code, message), status, message);
    if (status == 404 && (code == CODE_SUBJECT_UNKNOWN || code == CODE_VERSION_UNKNOWN ||
                          code == CODE_SCHEMA_UNKNOWN))
        return ABSENT;
    return status == 429 || status >= 500 ? AWAY : REFUSED;
}

/* What TLS 1.3 says of our certificate comes only with the first answer that is read. */
static bool wants_certificate(const char *reason)
{
    return strstr(reason, "alert certificate required") != NULL ||
           strstr(reason, "alert bad certificate") != NULL ||
           strstr(reason, "alert unknown ca") != NULL ||
           strstr(reason, "alert handshake failure") != NULL;
}

/* curl takes headers of a limited size, and says so in several ways. */
static bool is_header_too_long(CURLcode code, const char *reason)
{
    return code == CURLE_OUT_OF_MEMORY || code == (CURLcode)100 /* CURLE_TOO_LARGE */ ||
           strstr(reason, "Too large response headers") != NULL;
}

/* Wrong files and certificates stay wrong; everything else may be a registry that is just starting.
 */
static bool is_lasting(CURLcode code, const char *reason)
{
    return code == CURLE_SSL_CERTPROBLEM || code == CURLE_SSL_CACERT_BADFILE ||
           code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_URL_MALFORMAT ||
           code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_WRITE_ERROR ||
           is_header_too_long(code, reason) || wants_certificate(reason);
}

static enum outcome no_answer(const struct cdr_registry_request *request, const char *shown,
                              CURL *curl, CURLcode code, const char *reason, bool too_long,
                              struct cdr_error *error)
{
    const char *words = reason[0] != '\0' ? reason : curl_easy_strerror(code);
    char text[700] = "";
    long cause = 0;
    curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &cause);
    if (too_long)
        snprintf(text, sizeof text, "its answer is longer than the limit of %d MiB",
                 ANSWER_BYTES_MAX >> 20);
    else if (is_header_too_long(code, reason))
        snprintf(text, sizeof text, "the header of its answer is longer than curl's limit: %s",
                 words);
    else if (code == CURLE_OPERATION_TIMEDOUT)
        snprintf(text, sizeof text,
                 "timed out: no answer within %g s (--registry-timeout sets the time)",
                 request->settings->timeout_ms / 1000.0);
    else if (code == CURLE_PEER_FAILED_VERIFICATION)
        snprintf(text, sizeof text, "its certificate is not trusted: %s%s", words,
                 strstr(words, "issuer") != NULL || strstr(words, "self") != NULL
                     ? "; name the PEM file of its authority with --registry-ca"
                     : "");
    else if (wants_certificate(reason))
        snprintf(text, sizeof text,
                 "it wants a certificate of ours from an authority that it knows: %s; give "
                 "--registry-certificate and --registry-key",
                 words);
    else
        snprintf(text, sizeof text, "%s%s%s", words, cause != 0 ? ": " : "",
                 cause != 0 ? strerror((int)cause) : "");
    cdr_fail(error, CDR_E_KAFKA, "schema registry %s, subject %s: %s", shown, request->subject,
             text);
    return is_lasting(code, reason) ? REFUSED : AWAY;
}

static struct curl_slist *make_headers(void)
{
    char header[96];
    snprintf(header, sizeof header, "Content-Type: %s", media_type);
    struct curl_slist *headers = curl_slist_append(NULL, header);
    snprintf(header, sizeof header, "Accept: %s, application/json", media_type);
    return curl_slist_append(headers, header);
}

static enum outcome perform(const struct cdr_registry_request *request, const char *url,
                            const char *shown, struct cdr_registry_answer *answer, long *wait_s,
                            struct cdr_error *error)
{
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = make_headers();
    char reason[CURL_ERROR_SIZE] = "";
    enum outcome outcome = REFUSED;
    cdr_registry_answer_free(answer);
    answer->url = strdup(shown);
    if (curl == NULL || headers == NULL || answer->url == NULL) {
        cdr_fail(error, CDR_E_NOMEM, "no memory for a request to the schema registry");
        goto cleanup;
    }
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)request->settings->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    if (request->body != NULL)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "cdrgen/" CDR_VERSION);
    set_security(curl, request->settings);
    CURLcode code = curl_easy_perform(curl);
    if (code == CURLE_OK) {
        long status = 0;
        curl_off_t retry_after = 0;
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after);
        *wait_s = (long)retry_after;
        if (answer->text != NULL)
            answer->json = json_loadb(answer->text, answer->len, 0, NULL);
        outcome = judge(request, shown, status, answer, error);
    } else {
        outcome = no_answer(request, shown, curl, code, reason, answer->too_long, error);
    }
cleanup:
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return outcome;
}

/* base is not NUL-terminated. */
static enum outcome ask_one(const struct cdr_registry_request *request, const char *base,
                            size_t base_len, struct cdr_registry_answer *answer, long *wait_s,
                            struct cdr_error *error)
{
    char *copy = strndup(base, base_len), *url = NULL, *shown = NULL;
    enum outcome outcome = REFUSED;
    if (copy != NULL && make_url(request, copy, &url, &shown))
        outcome = perform(request, url, shown, answer, wait_s, error);
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
static enum outcome ask_all(const struct cdr_registry_request *request,
                            struct cdr_registry_answer *answer, long *wait_s,
                            struct cdr_error *error)
{
    enum outcome outcome = AWAY;
    const char *at = request->settings->urls;
    while (*at != '\0' && outcome == AWAY) {
        at += strspn(at, ", ");
        size_t len = strcspn(at, ", ");
        if (len > 0)
            outcome = ask_one(request, at, len, answer, wait_s, error);
        at += len;
    }
    return outcome;
}

static void sleep_ms(long ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static long wait_of(long wait_s, long backoff_ms)
{
    if (wait_s > BACKOFF_MAX_MS / 1000)
        return BACKOFF_MAX_MS;
    return wait_s * 1000 > backoff_ms ? wait_s * 1000 : backoff_ms;
}

enum cdr_result cdr_registry_ask(const struct cdr_registry_request *request,
                                 struct cdr_registry_answer *answer, struct cdr_error *error)
{
    static const enum cdr_result results[] = {
        [GOOD] = CDR_OK, [ABSENT] = CDR_E_STATE, [AWAY] = CDR_E_KAFKA, [REFUSED] = CDR_E_CONFIG};
    long backoff_ms = BACKOFF_FIRST_MS;
    struct cdr_error reason = {{0}};
    for (uint32_t attempt = 0;; attempt++) {
        long wait_s = 0;
        enum outcome outcome = ask_all(request, answer, &wait_s, &reason);
        if (outcome == GOOD)
            return CDR_OK;
        if (outcome == AWAY && attempt == request->settings->retries && attempt > 0)
            return cdr_fail(error, CDR_E_KAFKA, "%.900s (asked %u times)", reason.text,
                            attempt + 1);
        if (outcome != AWAY || attempt >= request->settings->retries)
            return cdr_fail(error, results[outcome], "%s", reason.text);
        sleep_ms(wait_of(wait_s, backoff_ms));
        backoff_ms = backoff_ms * 2 < BACKOFF_MAX_MS ? backoff_ms * 2 : BACKOFF_MAX_MS;
    }
}
