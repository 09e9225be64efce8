/* Topics: what is written under one name, be it in Kafka or in files.
 *
 * A topic holds the records of one type, or the rows of one table (dimension.h), in partitions.
 * struct cdr_topic says what is known of it, for writing and for reading: name, schemas,
 * encoder, keys and headers. A run has one struct cdr_topics of its records, and one of its tables.
 * Pipeline, sinks, verification and report point to them and keep no copies. The maker of a struct
 * cdr_topics owns all that it points to, and keeps it until none of them needs it any more; nothing
 * in it changes once a sink or source is open.
 *
 * Logs are numbered topic × partitions + partition. The topics of records come in the order of
 * CDR_TYPE_*, those of tables in that of CDR_DIMENSION_*.
 */
#ifndef CDR_ENCODE_TOPIC_H
#define CDR_ENCODE_TOPIC_H

#include "encode/change.h"
#include "encode/headers.h"

enum {
    CDR_TOPIC_NAME_SIZE = 256, /* with the NUL; Kafka takes up to 249 bytes */
    CDR_TOPICS_MAX = 8,        /* in one struct cdr_topics: room for lists of them */
};

/* What messages of a topic carry beside value and timestamp, where that is more than the owner's
 * MSISDN as their key. All zero: nothing. The names are the caller's. */
struct cdr_envelope {
    /* Of the keys, with their frames; NULL: the MSISDN as text. */
    const struct cdr_encoder *key;
    const struct cdr_encoder *headers; /* see encode/headers.h; NULL: none */
    const char *const *header_names;
    uint32_t header_count;
    bool fault_header; /* besides: the faults on purpose of those that have any (sink/sink.h) */
    /* Of one record, to make room for; 0 where there are none. */
    size_t key_bytes_max, header_bytes_max;
};

/* What the bytes of a topic's values or keys follow. Sinks compare it with an earlier run's. */
struct cdr_layout {
    char *schema;        /* an Avro schema's text; NULL: the built-in one, or of keys plain text */
    const char *name;    /* of the schema in messages, such as its file; NULL: of no name */
    const char *mapping; /* a text (docs/schemas.md), or NULL */
};

struct cdr_topic {
    char name[CDR_TOPIC_NAME_SIZE];
    /* It holds rows (dimension.h), not records: a row whose payload is empty is a tombstone, a
     * message without a value. */
    bool table;
    uint32_t rows;  /* of a table: CDR_DIMENSION_* */
    bool compacted; /* of a table: of each key, the last row is all that has to stay */
    /* Of a rehearsal (sink.h): it will be deleted and created again before the run begins, so what
     * it holds does not count. */
    bool left_out;
    const char *label; /* what options call it: "call", "subscriber" */
    const char *builtin_schema;
    /* Of the first version, and of the second one, whose schema is NULL unless the topic changes
     * (change.h). Ids are those in frames; 0 where the format has none. */
    struct cdr_layout layouts[CDR_VERSIONS];
    int32_t schema_ids[CDR_VERSIONS];
    /* Of verify, where it was told the ids: whether those of other types are compared, which are
     * what the fault wrong_schema writes. */
    bool compares_ids;
    struct cdr_encoder *encoder; /* of both */
    struct cdr_layout key_layout;
    int32_t key_schema_id; /* 0 where keys have none */
    struct cdr_encoder *key;
    struct cdr_headers headers;
    struct cdr_envelope envelope; /* of key and headers, where there are messages */
};

/* The schema of keys where none is given. */
extern const char cdr_key_schema_default[];

struct cdr_topics {
    uint32_t n;
    struct cdr_topic *items;
    bool fault_header;            /* of the envelopes that are made */
    int64_t change_ms;            /* event time of second versions; CDR_CHANGE_NEVER */
    char *mappings[CDR_VERSIONS]; /* that layouts share */
};

/* All zero, but for the built-in schemas of records. Errors: CDR_E_NOMEM. */
enum cdr_result cdr_topics_create(struct cdr_topics *topics, uint32_t n, struct cdr_error *error);
/* With all that they own: layouts, encoders, keys, headers, mappings. */
void cdr_topics_free(struct cdr_topics *topics);

/* How a version of a topic of records is encoded. framed: with the schema id before each datum. */
struct cdr_encoder_settings cdr_topic_encoding(const struct cdr_topics *topics, uint32_t type,
                                               unsigned version, const char *tz_name, bool framed);
/* The encoders of topics of records, from layouts and ids; where an id is 0, frames hold any.
 * Errors: CDR_E_CONFIG, CDR_E_NOMEM. */
enum cdr_result cdr_topics_create_encoders(struct cdr_topics *topics, const char *format,
                                           const char *tz_name, bool framed,
                                           struct cdr_error *error);
/* What messages have besides, made again if there: keys from layouts and ids, and the headers of
 * a list (NULL: none). Errors: CDR_E_CONFIG, CDR_E_NOMEM. */
enum cdr_result cdr_topics_create_envelopes(struct cdr_topics *topics, const char *headers,
                                            const char *tz_name, struct cdr_error *error);

/* The details (model/details.h) that value, key and headers of a topic read of records. */
unsigned cdr_topic_details(const struct cdr_topic *topic);

/* What decides the bytes of a topic's messages beside the dataset, as 32 digits: format, schemas,
 * mappings, keys, headers, and when the schema changes. Not the ids of schemas, which differ
 * between registries. Topics of one form, of one dataset, hold the same messages; those of another
 * form may do so, too. */
enum { CDR_FORM_SIZE = 33 };
void cdr_topic_form(const struct cdr_topics *topics, uint32_t i, char form[CDR_FORM_SIZE]);

/* Whether a mapping (docs/schemas.md) has rules for the records of a type. */
bool cdr_mapping_names(const char *mapping, uint32_t type);

static inline bool cdr_topic_changes(const struct cdr_topic *topic)
{
    return topic->layouts[1].schema != NULL;
}

/* The Avro schema of a version; NULL: there is no such version. */
static inline const char *cdr_topic_schema(const struct cdr_topic *topic, unsigned version)
{
    const char *given = topic->layouts[version].schema;
    return given != NULL || version > 0 ? given : topic->builtin_schema;
}

#endif
