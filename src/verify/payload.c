#include "verify/payload_format.h"

#include <stdlib.h>
#include <string.h>

#define ROW(name) &cdr_payload_##name,
static const struct cdr_payload_format *const formats[] = {CDR_FORMATS(ROW) NULL};
#undef ROW

static const struct cdr_payload_format *find_format(const char *name)
{
    for (size_t i = 0; formats[i] != NULL; i++)
        if (strcmp(formats[i]->name, name) == 0)
            return formats[i];
    return NULL;
}

static enum cdr_result open_version(struct cdr_payload_shape *shape, const struct cdr_topic *topic,
                                    unsigned version, struct cdr_error *error)
{
    shape->encoder = cdr_change_version(topic->encoder, version);
    if (shape->encoder == NULL)
        return CDR_OK;
    shape->schema_text = cdr_topic_schema(topic, version);
    shape->own =
        !cdr_type_has_loop(shape->type) || strcmp(shape->schema_text, topic->builtin_schema) != 0;
    return shape->own ? cdr_schema_parse(&shape->schema, shape->schema_text, error) : CDR_OK;
}

enum cdr_result cdr_payloads_open(struct cdr_payloads *payloads, const struct cdr_topics *topics,
                                  enum cdr_order order, struct cdr_error *error)
{
    const char *name = topics->items[0].encoder->ops->name;
    *payloads = (struct cdr_payloads){
        .format = find_format(name),
        .order = order,
        .topics = topics,
        .items = calloc(topics->n, sizeof *payloads->items),
    };
    if (payloads->items == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for %u topics", topics->n);
    if (payloads->format == NULL)
        return cdr_fail(error, CDR_E_CONFIG, "format: %s cannot be compared", name);
    enum cdr_result result = CDR_OK;
    for (uint32_t type = 0; result == CDR_OK && type < topics->n; type++) {
        const struct cdr_topic *topic = &topics->items[type];
        payloads->items[type].change_ms = cdr_change_ms(topic->encoder);
        for (unsigned version = 0; result == CDR_OK && version < CDR_VERSIONS; version++) {
            struct cdr_payload_shape *shape = &payloads->items[type].shapes[version];
            shape->type = type;
            result = open_version(shape, topic, version, error);
        }
    }
    return result;
}

void cdr_payloads_close(struct cdr_payloads *payloads)
{
    for (uint32_t type = 0; payloads->items != NULL && type < payloads->topics->n; type++)
        for (unsigned version = 0; version < CDR_VERSIONS; version++)
            if (payloads->items[type].shapes[version].own)
                cdr_schema_destroy(&payloads->items[type].shapes[version].schema);
    free(payloads->items);
    payloads->items = NULL;
}

static void set_key(struct cdr_record *record, const struct cdr_span *owner, char key_text[16])
{
    if (owner->text == NULL || owner->len == 0 || owner->len > 16)
        return;
    memcpy(key_text, owner->text, owner->len);
    record->key = (const uint8_t *)key_text;
    record->key_len = (uint32_t)owner->len;
}

void cdr_payload_guess(const struct cdr_payloads *payloads, uint32_t type,
                       struct cdr_record *record, char key_text[16])
{
    struct cdr_span spans[CDR_SPANS] = {{0}};
    struct cdr_searched found = {.time = CDR_NO_TIME};
    if (record->payload == NULL)
        return;
    const unsigned version = cdr_payload_version(payloads, type, record);
    const struct cdr_payload_shape *shape = &payloads->items[type].shapes[version];
    if (shape->own) {
        if (payloads->format->search(shape, record->payload, record->payload_len, &found)) {
            record->event_ms = found.time;
            set_key(record, &found.key, key_text);
        }
        return;
    }
    if (!payloads->format->scan(type, record->payload, record->payload_len, spans))
        return;
    const struct cdr_span
        *direction = &spans[CDR_SPAN_DIRECTION],
        *time = &spans[payloads->order == CDR_ORDER_START ? CDR_SPAN_START : CDR_SPAN_END];
    const bool mt = direction->len == 2 && memcmp(direction->text, "MT", 2) == 0;
    if (time->is_number)
        record->event_ms = time->number;
    set_key(record, &spans[mt ? CDR_SPAN_DESTINATION : CDR_SPAN_SOURCE], key_text);
}
