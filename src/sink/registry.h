/* Schema registry client (Confluent's REST API, over libcurl): ids of schemas, once at the start of
 * a run.
 *
 * `cdrgen doctor` asks whether that would work.
 *
 * Subjects follow TopicNameStrategy: TOPIC-value. All calls block for at most settings.timeout_ms
 * an attempt and try again up to settings.retries times on connection errors, 429 and 5xx.
 */
#ifndef CDR_SINK_REGISTRY_H
#define CDR_SINK_REGISTRY_H

#include "base/result.h"
#include "sink/findings.h"

#include <stdbool.h>
#include <stdint.h>

struct cdr_registry_settings {
    char
        *urls; /* one or more base URLs (a path is kept), separated by commas; NULL = no registry */
    bool auto_register; /* register the schema where the subject lacks it, else only look it up */
    char *user_info;    /* user:password of basic authentication; never printed */
    char *bearer_token; /* never printed */
    /* PEM file of the authority that the server's certificate must descend from */
    char *ca_location;
    char *certificate_location, *key_location; /* PEM, for mTLS */
    uint32_t timeout_ms;
    uint32_t retries;
};

/* Finds (or registers) the id of schema_text under the subject. Errors: CDR_E_CONFIG where the
 * registry says that the schema is incompatible or invalid, or the credentials or subject are
 * wrong; CDR_E_KAFKA where it cannot be reached. The text names URL, subject and what the registry
 * said. */
enum cdr_result cdr_registry_schema_id(const struct cdr_registry_settings *settings,
                                       const char *subject, const char *schema_text, int32_t *id,
                                       struct cdr_error *error);

/* Would cdr_registry_schema_id find or get an id? Registers nothing: where the subject lacks the
 * schema, asks whether it is compatible with the latest version. Adds findings about the subject.
 */
void cdr_registry_examine(const struct cdr_registry_settings *settings, const char *subject,
                          const char *schema_text, struct cdr_findings *findings);

#endif
