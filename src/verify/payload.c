#include "verify/payload_format.h"

#include <string.h>

static const struct cdr_payload_format *const formats[] = {&cdr_payload_csv, &cdr_payload_json,
                                                           &cdr_payload_avro, NULL};

static const struct cdr_payload_format *find_format(const char *name)
{
    for (size_t i = 0; formats[i] != NULL; i++)
        if (strcmp(formats[i]->name, name) == 0)
            return formats[i];
    return NULL;
}

static enum cdr_result open_version(struct cdr_payloads *payloads, unsigned version, uint32_t type,
                                    const struct cdr_encoder *encoder, const char *text,
                                    struct cdr_error *error)
{
    const char *builtin = cdr_builtin_schema(type);
    struct cdr_payload_shape *shape = &payloads->shapes[version][type];
    shape->type = type;
    shape->encoder = encoder;
    shape->schema_text = text != NULL ? text : builtin;
    shape->own = text != NULL && strcmp(text, builtin) != 0;
    return shape->own ? cdr_schema_parse(&shape->schema, text, error) : CDR_OK;
}

enum cdr_result cdr_payloads_open(struct cdr_payloads *payloads,
                                  const struct cdr_payloads_settings *settings,
                                  struct cdr_error *error)
{
    memset(payloads, 0, sizeof *payloads);
    const char *name = settings->encoders[0]->ops->name;
    payloads->format = find_format(name);
    if (payloads->format == NULL)
        return cdr_fail(error, CDR_E_CONFIG, "format: %s cannot be compared", name);
    payloads->order = settings->order;
    enum cdr_result result = CDR_OK;
    for (uint32_t type = 0; result == CDR_OK && type < CDR_TYPE_COUNT; type++) {
        const struct cdr_encoder *encoder = settings->encoders[type],
                                 *next = cdr_change_version(encoder, 1);
        payloads->change_ms[type] = cdr_change_ms(encoder);
        result = open_version(payloads, 0, type, cdr_change_version(encoder, 0),
                              settings->schemas[type], error);
        if (result == CDR_OK && next != NULL)
            result = open_version(payloads, 1, type, next, settings->next_schemas[type], error);
    }
    return result;
}

void cdr_payloads_close(struct cdr_payloads *payloads)
{
    for (unsigned version = 0; version < CDR_VERSIONS; version++)
        for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
            if (payloads->shapes[version][type].own)
                cdr_schema_destroy(&payloads->shapes[version][type].schema);
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
    struct cdr_found found = {.time = CDR_NO_TIME};
    if (record->payload == NULL)
        return;
    const unsigned version = cdr_payload_version(payloads, type, record);
    const struct cdr_payload_shape *shape = &payloads->shapes[version][type];
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
