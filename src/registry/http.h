/* One question to the schema registry, over libcurl: all the base URLs in turn, credentials, TLS,
 * time-outs, and further attempts with growing waits between them.
 *
 * An attempt asks each URL once, in their order, until one has something final to say. What may
 * pass (no connection, no answer in time, 429, 5xx) is asked again up to settings.retries times,
 * after 0.2 s, 0.4 s, … or what Retry-After says, at most 5 s. Every other 4xx, a certificate that
 * is not trusted and a file that is missing are final at once.
 *
 * Inside of the registry client only. Blocks. Safe in any thread once curl_global_init ran.
 */
#ifndef CDR_REGISTRY_HTTP_H
#define CDR_REGISTRY_HTTP_H

#include "registry/registry.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct cdr_registry_request {
    const struct cdr_registry_settings *settings;
    const char *subject; /* what it is about, for errors */
    const char *path;    /* below the base URL, "/subjects/x"; escaped */
    const char *query;   /* "verbose=true", or NULL */
    const char *body;    /* JSON to POST; NULL: GET */
};

struct cdr_registry_answer {
    char *text; /* with a NUL at its end; NULL where it is empty */
    size_t len, room;
    json_t *json;  /* of the text; NULL where it is no JSON */
    char *url;     /* base URL that answered, without credentials */
    bool too_long; /* the answer was not read to its end */
};

/* CDR_OK: 2xx. CDR_E_STATE: the registry knows neither subject nor version nor schema.
 * CDR_E_KAFKA: no URL answered, or only with 429 or 5xx. CDR_E_CONFIG: asking again would not help.
 * The error names URL and subject, and holds what the registry said. The answer is to be freed
 * whatever the result. */
enum cdr_result cdr_registry_ask(const struct cdr_registry_request *request,
                                 struct cdr_registry_answer *answer, struct cdr_error *error);

void cdr_registry_answer_free(struct cdr_registry_answer *answer);

/* The whole number that an object holds under key; −1 where it holds none. */
int64_t cdr_registry_number(const json_t *object, const char *key);
/* The string; NULL where it holds none. */
const char *cdr_registry_string(const json_t *object, const char *key);

/* before, the subject escaped for a URL, behind. malloc()ed; NULL: no memory. */
char *cdr_registry_path(const char *before, const char *subject, const char *behind);

#endif
