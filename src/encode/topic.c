#include "encode/topic.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static_assert((int)CDR_TYPE_COUNT <= (int)CDR_TOPICS_MAX,
              "more types of records need a larger CDR_TOPICS_MAX");

const char cdr_key_schema_default[] = "\"string\"";

enum cdr_result cdr_topics_create(struct cdr_topics *topics, uint32_t n, struct cdr_error *error)
{
    assert(n <= CDR_TOPICS_MAX);
    *topics = (struct cdr_topics){
        .n = n, .items = calloc(n, sizeof *topics->items), .change_ms = CDR_CHANGE_NEVER};
    if (topics->items == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for %u topics", n);
    for (uint32_t i = 0; i < n; i++)
        topics->items[i].builtin_schema = cdr_builtin_schema(i);
    return CDR_OK;
}

void cdr_topics_free(struct cdr_topics *topics)
{
    for (uint32_t i = 0; topics->items != NULL && i < topics->n; i++) {
        struct cdr_topic *topic = &topics->items[i];
        cdr_encoder_destroy(topic->encoder);
        cdr_encoder_destroy(topic->key);
        cdr_headers_free(&topic->headers);
        free(topic->key_layout.schema);
        for (unsigned version = 0; version < CDR_VERSIONS; version++)
            free(topic->layouts[version].schema);
    }
    for (unsigned version = 0; version < CDR_VERSIONS; version++)
        free(topics->mappings[version]);
    free(topics->items);
    memset(topics, 0, sizeof *topics);
}

struct cdr_encoder_settings cdr_topic_encoding(const struct cdr_topics *topics, uint32_t type,
                                               unsigned version, const char *tz_name, bool framed)
{
    const struct cdr_topic *topic = &topics->items[type];
    const struct cdr_layout *layout = &topic->layouts[version];
    const int32_t id = topic->schema_ids[version];
    return (struct cdr_encoder_settings){
        .type = type,
        .tz_name = tz_name,
        .framed = framed,
        .schema_id = id != 0 ? id : 1,
        .schema_text = layout->schema,
        .schema_name = layout->name,
        .mapping_text = layout->mapping,
    };
}

static enum cdr_result create_encoder(struct cdr_topics *topics, uint32_t type,
                                      const struct cdr_encoder_ops *ops, const char *tz_name,
                                      bool framed, struct cdr_error *error)
{
    struct cdr_topic *topic = &topics->items[type];
    struct cdr_encoder *first = NULL, *next = NULL;
    struct cdr_encoder_settings encoding = cdr_topic_encoding(topics, type, 0, tz_name, framed);
    enum cdr_result result = ops->create(&first, &encoding, error);
    if (result != CDR_OK || !cdr_topic_changes(topic)) {
        topic->encoder = first;
        return result;
    }
    encoding = cdr_topic_encoding(topics, type, 1, tz_name, framed);
    result = ops->create(&next, &encoding, error);
    if (result == CDR_OK)
        return cdr_change_create(&topic->encoder, first, next, topics->change_ms, error);
    cdr_encoder_destroy(first);
    return result;
}

enum cdr_result cdr_topics_create_encoders(struct cdr_topics *topics, const char *format,
                                           const char *tz_name, bool framed,
                                           struct cdr_error *error)
{
    const struct cdr_encoder_ops *ops = cdr_encoder_find(format);
    enum cdr_result result = CDR_OK;
    for (uint32_t type = 0; result == CDR_OK && type < topics->n; type++)
        result = create_encoder(topics, type, ops, tz_name, framed, error);
    return result;
}

static enum cdr_result create_key(struct cdr_topic *topic, uint32_t type, const char *tz_name,
                                  struct cdr_error *error)
{
    const struct cdr_encoder_settings settings = {
        .type = type,
        .tz_name = tz_name,
        .framed = true,
        .schema_id = topic->key_schema_id,
        .schema_text = topic->key_layout.schema,
        .schema_name = topic->key_layout.name,
        .mapping_text = topic->key_layout.mapping,
        .key = true,
    };
    return cdr_encoder_find("avro")->create(&topic->key, &settings, error);
}

enum cdr_result cdr_topics_create_envelopes(struct cdr_topics *topics, const char *headers,
                                            const char *tz_name, struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    for (uint32_t type = 0; result == CDR_OK && type < topics->n; type++) {
        struct cdr_topic *topic = &topics->items[type];
        cdr_encoder_destroy(topic->key);
        topic->key = NULL;
        cdr_headers_free(&topic->headers);
        if (topic->key_layout.schema != NULL)
            result = create_key(topic, type, tz_name, error);
        if (result == CDR_OK)
            result = cdr_headers_create(&topic->headers, headers, type, tz_name, error);
        const struct cdr_encoder *of_headers = topic->headers.encoder;
        topic->envelope = (struct cdr_envelope){
            .key = topic->key,
            .headers = of_headers,
            .header_names = topic->headers.names,
            .header_count = topic->headers.count,
            .fault_header = topics->fault_header,
            .key_bytes_max = topic->key != NULL ? topic->key->record_bytes_max : 0,
            .header_bytes_max = of_headers != NULL ? of_headers->record_bytes_max : 0,
        };
    }
    return result;
}

unsigned cdr_topic_details(const struct cdr_topic *topic)
{
    const struct cdr_encoder *encoders[] = {topic->encoder, topic->envelope.key,
                                            topic->envelope.headers};
    unsigned details = 0;
    for (size_t i = 0; i < sizeof encoders / sizeof *encoders; i++)
        details |= encoders[i] != NULL ? encoders[i]->details : 0;
    return details;
}

/* With its terminator, and whether there is one. */
static void add_text(XXH3_state_t *state, const char *text)
{
    const char *there = text != NULL ? "+" : "-";
    XXH3_128bits_update(state, there, 1);
    if (text != NULL)
        XXH3_128bits_update(state, text, strlen(text) + 1);
}

static void add_layout(XXH3_state_t *state, const struct cdr_layout *layout)
{
    add_text(state, layout->schema);
    add_text(state, layout->mapping);
}

void cdr_topic_form(const struct cdr_topics *topics, uint32_t i, char form[CDR_FORM_SIZE])
{
    const struct cdr_topic *topic = &topics->items[i];
    XXH3_state_t state;
    char change[24];
    snprintf(change, sizeof change, "%" PRId64, topics->change_ms);
    XXH3_INITSTATE(&state);
    XXH3_128bits_reset(&state);
    add_text(&state, topic->encoder != NULL && topic->encoder->ops != NULL
                         ? topic->encoder->ops->name
                         : NULL);
    add_text(&state, topic->builtin_schema);
    for (unsigned version = 0; version < CDR_VERSIONS; version++)
        add_layout(&state, &topic->layouts[version]);
    add_text(&state, cdr_topic_changes(topic) ? change : NULL);
    add_layout(&state, &topic->key_layout);
    add_text(&state, topic->headers.list);
    if (topic->envelope.fault_header)
        add_text(&state, "faults");
    const XXH128_hash_t hash = XXH3_128bits_digest(&state);
    snprintf(form, CDR_FORM_SIZE, "%016" PRIx64 "%016" PRIx64, (uint64_t)hash.high64,
             (uint64_t)hash.low64);
}

bool cdr_mapping_names(const char *mapping, uint32_t type)
{
    json_t *rules = json_loads(mapping, JSON_ALLOW_NUL, NULL);
    bool named = json_object_get(rules, cdr_type_word[type]) != NULL;
    json_decref(rules);
    return named;
}
