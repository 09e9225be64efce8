/* The topics of the records, made from the settings: their names, the schemas and mappings of files
 * or of --fields, the keys' schemas; advice about schemas; and whether one can be written by.
 *
 * Keys of the topics share a schema, unless --use-latest finds another for each. Schema ids are
 * another matter (schema_ids.h); what follows from all of it is in encode/topic.h.
 */
#ifndef CDR_APP_TOPICS_H
#define CDR_APP_TOPICS_H

#include "config/settings.h"
#include "encode/topic.h"
#include "model/model.h"

/* One topic of each CDR_TYPE_*, with its name and the files of its schemas. Free also after an
 * error. CDR_E_NOMEM. */
enum cdr_result cdr_topics_name(struct cdr_topics *topics, const struct cdr_settings *settings,
                                struct cdr_error *error);
/* Reads what the settings name for values, and for keys, which is not for files. Errors:
 * CDR_E_CONFIG names the file or the setting, or says what is wrong with the fields;
 * CDR_E_NOMEM. */
enum cdr_result cdr_topics_load_schemas(struct cdr_topics *topics,
                                        const struct cdr_settings *settings,
                                        struct cdr_error *error);
enum cdr_result cdr_topics_load_keys(struct cdr_topics *topics, const struct cdr_settings *settings,
                                     struct cdr_error *error);
/* Sets change_ms from what the settings say and the model's days and zone. */
enum cdr_result cdr_topics_resolve_change(struct cdr_topics *topics,
                                          const struct cdr_settings *settings,
                                          const struct cdr_model *model, struct cdr_error *error);

/* What readers would ignore or refuse in schemas that the user gave, line by line. Before a
 * registry's latest versions come beside them. */
typedef void (*cdr_advice_say)(void *context, const char *file, const char *line);
void cdr_topics_advise(const struct cdr_topics *topics, cdr_advice_say say, void *context);
/* The same as warnings on standard error. */
void cdr_topics_warn(const struct cdr_topics *topics);

/* Whether the user says what the type's records hold. */
static inline bool cdr_schema_is_given(const struct cdr_settings *settings,
                                       const struct cdr_topic *topic)
{
    return cdr_settings_topic(settings, topic->label)->schemas[0] != NULL ||
           settings->fields != NULL;
}

static inline bool cdr_has_avro_keys(const struct cdr_topics *topics)
{
    return topics->items[0].key_layout.schema != NULL;
}

/* Whether the keys' schemas are only known once the registry has told the latest versions. */
bool cdr_key_schemas_come_later(const struct cdr_settings *settings);

/* Can a type's records, or the keys of its messages, be written by this schema? name stands for it
 * in the error; mapping is a text, or NULL. */
enum cdr_result cdr_schema_compiles(const struct cdr_settings *settings, uint32_t type, bool key,
                                    const char *text, const char *name, const char *mapping,
                                    struct cdr_error *error);

#endif
