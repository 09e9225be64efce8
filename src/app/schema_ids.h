/* Schema ids: which schemas of topics need one, and where it comes from: a registry, or the
 * settings. And whether the ids of one run are distinct: a reader finds a schema by its id, so two
 * different schemas with one id make records that are read wrongly, or not at all. The same schema
 * (names, types and logical types; not documentation and defaults) may have its id in several
 * topics. */
#ifndef CDR_APP_SCHEMA_IDS_H
#define CDR_APP_SCHEMA_IDS_H

#include "app/topics.h"
#if CDR_KAFKA
#include "registry/registry.h"
#endif

/* A schema whose id the run needs: of the values or the keys of a topic. */
enum cdr_schema_part { CDR_PART_VALUES, CDR_PART_NEXT, CDR_PART_KEYS };

struct cdr_schema_request {
    struct cdr_topic *topic;
    uint32_t type; /* number of the topic */
    enum cdr_schema_part part;
};

enum { CDR_SCHEMA_REQUESTS_MAX = (CDR_VERSIONS + 1) * CDR_TOPICS_MAX };

/* Of all topics: first versions, then next ones, so that a subject that has neither gets them in
 * the order in which they come up; then keys. values: whether values have ids. */
size_t cdr_schema_requests(const struct cdr_topics *topics, bool values,
                           struct cdr_schema_request requests[CDR_SCHEMA_REQUESTS_MAX]);
const char *cdr_request_text(const struct cdr_schema_request *request);
#if CDR_KAFKA
enum cdr_result cdr_request_subject(const struct cdr_schema_request *request,
                                    const struct cdr_registry_settings *registry,
                                    char subject[CDR_REGISTRY_SUBJECT_MAX],
                                    struct cdr_error *error);
/* Whether the user gave the schema, so that --use-latest does not concern it. */
bool cdr_request_is_given(const struct cdr_schema_request *request,
                          const struct cdr_settings *settings);
#endif

/* Sets the ids to those that the settings fix, 0 where the format has none. */
void cdr_topics_fix_ids(struct cdr_topics *topics, const struct cdr_settings *settings,
                        bool values);
/* Whether all that need an id in Kafka have a fixed one: else CDR_E_CONFIG. say: names them to the
 * user. */
enum cdr_result cdr_topics_check_fixed_ids(const struct cdr_topics *topics, bool values, bool say,
                                           struct cdr_error *error);
/* Sets the ids of topics in Kafka: those of the registry where one is given, else those that are
 * fixed. With --use-latest the schemas become the registry's, where tables must have their own.
 * Errors: CDR_E_CONFIG, CDR_E_STATE, CDR_E_KAFKA, CDR_E_NOMEM. */
enum cdr_result cdr_topics_find_ids(struct cdr_topics *topics, const struct cdr_settings *settings,
                                    bool values, struct cdr_error *error);

struct cdr_schema_use {
    int32_t id;
    const char *text;
    char what[300]; /* "the values of cdr.call (--schema-id call)" */
};

struct cdr_schema_uses {
    size_t n;
    struct cdr_schema_use items[2 * CDR_SCHEMA_REQUESTS_MAX];
};

/* topic: whose values or keys they are. option: the flag that sets the id, NULL where a registry
 * gave it. */
void cdr_schema_uses_add(struct cdr_schema_uses *uses, int32_t id, const char *text,
                         const char *part, const char *topic, const char *option);
/* Those of topics. fixed: the settings fix their ids. */
void cdr_schema_uses_list(struct cdr_schema_uses *uses, const struct cdr_topics *topics,
                          bool fixed);

/* CDR_E_CONFIG names the first two that differ and have the same id. from: the registry that gave
 * the ids, NULL where settings fix them. */
enum cdr_result cdr_schema_uses_check(const struct cdr_schema_uses *uses, const char *from,
                                      struct cdr_error *error);

#endif
