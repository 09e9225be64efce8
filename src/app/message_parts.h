/* What messages carry beside value and timestamp: keys by a schema, and headers. Keys of the topics
 * share a schema, unless --use-latest finds another for each. */
#ifndef CDR_APP_MESSAGE_PARTS_H
#define CDR_APP_MESSAGE_PARTS_H

#include "config/settings.h"
#include "encode/headers.h"

struct cdr_message_parts {
    bool avro_keys;
    char *key_texts[CDR_TYPE_COUNT]; /* schemas; NULL where keys are plain text */
    char *mapping;                   /* text, or NULL */
    int32_t key_ids[CDR_TYPE_COUNT]; /* 0 where they have none */
    struct cdr_encoder *keys[CDR_TYPE_COUNT];
    struct cdr_headers headers[CDR_TYPE_COUNT];
};

/* The schema of keys where none is given. */
extern const char cdr_key_schema_default[];

/* Reads what the settings name; free also after an error. Errors: CDR_E_CONFIG names the file or
 * the setting; CDR_E_NOMEM. */
enum cdr_result cdr_message_parts_load(struct cdr_message_parts *parts,
                                       const struct cdr_settings *settings,
                                       struct cdr_error *error);
/* Makes the encoders, anew where they are there: keys with the ids as they are. Errors:
 * CDR_E_CONFIG, CDR_E_NOMEM. */
enum cdr_result cdr_message_parts_compile(struct cdr_message_parts *parts,
                                          const struct cdr_settings *settings,
                                          struct cdr_error *error);
/* Whether the keys' schemas are only known once the registry has told the latest versions. */
bool cdr_key_schemas_come_later(const struct cdr_settings *settings);
/* Of compiled parts, which must outlive them. */
void cdr_message_parts_envelopes(const struct cdr_message_parts *parts,
                                 struct cdr_envelope envelopes[CDR_TYPE_COUNT]);
void cdr_message_parts_free(struct cdr_message_parts *parts);

/* Can the keys of a type's messages be written by this schema? name stands for it in the error;
 * mapping is a text, or NULL. */
enum cdr_result cdr_key_schema_compiles(const struct cdr_settings *settings, uint32_t type,
                                        const char *text, const char *name, const char *mapping,
                                        struct cdr_error *error);

#endif
