/* Schema registry client (Confluent's REST API, over libcurl): the ids of schemas, found or got
 * once, before a run produces anything.
 *
 * Subjects are named by settings.subject_strategy, as Confluent's serializers name them. A schema
 * is looked up first; one that its subject lacks is checked against the latest version, and is only
 * registered once all the schemas of the run have passed, so that a run that is refused leaves
 * nothing behind. With use_latest nothing is registered: the latest version of the subject is
 * taken, if records written for the wanted schema are also of its form.
 *
 * With a cache, ids found are kept in a folder, a small JSON file for each registry (the text of
 * its URLs), subject and schema. It is used where the registry does not answer at all; never where
 * it answers something else, such as that it does not take the credentials.
 *
 * registry_http.h asks (URLs in turn, credentials, time-outs, retries), registry_schema.h knows
 * about schemas, registry_cache.h keeps ids. All calls block, and are safe in any thread.
 *
 * Errors of all: CDR_E_CONFIG where settings are wrong or the registry says no: the schema is
 * incompatible or invalid, the credentials or the subject are wrong, its certificate is not
 * trusted; CDR_E_KAFKA where it cannot be reached or fails. The text names URL, subject and what
 * the registry said.
 */
#ifndef CDR_REGISTRY_REGISTRY_H
#define CDR_REGISTRY_REGISTRY_H

#include "base/findings.h"
#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cdr_registry_settings {
    char
        *urls; /* one or more base URLs (a path is kept), separated by commas; NULL = no registry */
    char *subject_strategy; /* "topic": TOPIC-value, "record": the record's full name,
                               "topic-record": TOPIC-FULLNAME; NULL = "topic" */
    bool auto_register; /* register the schema where the subject lacks it, else only look it up */
    bool normalize;     /* ask it to look past order and spelling: normalize=true */
    bool use_latest;    /* the subject's latest version; nothing is registered */
    char *cache;        /* folder, made if it is missing; NULL = none */
    char *user_info;    /* user:password of basic authentication; never printed */
    char *bearer_token; /* never printed */
    /* PEM file of the authority that the server's certificate must descend from */
    char *ca_location;
    char *certificate_location, *key_location; /* PEM, for mTLS */
    uint32_t timeout_ms;                       /* of one attempt at one URL */
    uint32_t retries;                          /* further attempts: connection, time, 429, 5xx */
};

enum { CDR_REGISTRY_SUBJECT_MAX = 600, CDR_REGISTRY_NOTE_MAX = 1000 };

/* The subject of a topic's values. CDR_E_CONFIG: the strategy needs the schema's name, and it has
 * none. */
enum cdr_result cdr_registry_subject(const struct cdr_registry_settings *settings,
                                     const char *topic, const char *schema_text,
                                     char subject[CDR_REGISTRY_SUBJECT_MAX],
                                     struct cdr_error *error);

/* The subject of a topic's keys: TOPIC-key, or as that of values is. CDR_E_CONFIG as there; a
 * primitive type, such as "string", has no name, as Confluent's serializers see it. */
enum cdr_result cdr_registry_key_subject(const struct cdr_registry_settings *settings,
                                         const char *topic, const char *schema_text,
                                         char subject[CDR_REGISTRY_SUBJECT_MAX],
                                         struct cdr_error *error);

enum cdr_registry_how {
    CDR_REGISTRY_FOUND,      /* the subject had it */
    CDR_REGISTRY_REGISTERED, /* now it has it */
    CDR_REGISTRY_LATEST,     /* use_latest */
    CDR_REGISTRY_CACHED,     /* the registry does not answer */
};

/* What is wanted, and what came of it. */
struct cdr_registry_wish {
    const char *subject;
    const char *schema_text;
    int32_t id;
    enum cdr_registry_how how;
    /* Worth a line to the user, else "": the cache was used, or could not be written; the id is
     * another one than last time. */
    char note[CDR_REGISTRY_NOTE_MAX];
};

/* Finds (or registers) the ids of all; none is registered unless all of them can be. Of several
 * that one subject lacks, the second can be checked only once the first is there: all firsts are
 * registered, then the seconds are checked, and registered where all of them can be. */
enum cdr_result cdr_registry_find(const struct cdr_registry_settings *settings,
                                  struct cdr_registry_wish *wishes, size_t count,
                                  struct cdr_error *error);

/* Is the schema there, or compatible with the latest version (or the first)? Registers nothing.
 * CDR_E_DIFFERENT: it is not compatible; the text holds the registry's reason. *id is its id if it
 * is there, else −1. */
enum cdr_result cdr_registry_check(const struct cdr_registry_settings *settings,
                                   const char *subject, const char *schema_text, int32_t *id,
                                   struct cdr_error *error);

/* A schema that another one refers to. */
struct cdr_registry_reference {
    char *name;    /* full name of the type, as the schema uses it */
    char *subject; /* where its schema is, and which version */
    int32_t version;
    char *text;
};

struct cdr_registry_schema {
    int32_t id, version;
    char *text; /* as it was registered */
    /* All that it refers to, also through others. */
    struct cdr_registry_reference *references;
    size_t reference_count;
    char *whole; /* text with the references put in at their first use: it stands alone */
};

/* A version of the subject (0 = the latest), with what it refers to. CDR_E_STATE: the subject or
 * the version does not exist. The caller frees schema after CDR_OK. */
enum cdr_result cdr_registry_version(const struct cdr_registry_settings *settings,
                                     const char *subject, int32_t version,
                                     struct cdr_registry_schema *schema, struct cdr_error *error);

/* The latest version, its id and its text, which stands alone (*text is the caller's to free()).
 * Taken from the cache where the registry does not answer; then note says so, else it is "".
 * CDR_E_STATE: there is none. */
enum cdr_result cdr_registry_latest(const struct cdr_registry_settings *settings,
                                    const char *subject, int32_t *id, char **text,
                                    char note[CDR_REGISTRY_NOTE_MAX], struct cdr_error *error);

/* The versions of the subject, in their order; *versions is the caller's to free(). A subject that
 * does not exist has none. */
enum cdr_result cdr_registry_versions(const struct cdr_registry_settings *settings,
                                      const char *subject, int32_t **versions, size_t *count,
                                      struct cdr_error *error);

/* Are records that are written for ours also of the other's form? Their Parsing Canonical Forms and
 * logical types are the same: names, types, fields, symbols and their order; not documentation,
 * defaults and aliases. */
bool cdr_registry_same(const char *ours, const char *other);

void cdr_registry_schema_free(struct cdr_registry_schema *schema);

/* Would cdr_registry_find find or get an id? Registers nothing. Adds findings about the subject.
 * next: another schema will have been registered there before. */
void cdr_registry_examine(const struct cdr_registry_settings *settings, const char *subject,
                          const char *schema_text, bool next, struct cdr_findings *findings);

#endif
