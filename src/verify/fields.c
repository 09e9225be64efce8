#include "verify/payload_format.h"

#include "encode/headers.h"

#include <stdio.h>
#include <string.h>

void cdr_bytes_text(char *text, size_t size, const uint8_t *bytes, size_t n)
{
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        if (used + 8 > size) {
            memcpy(text + used, "...", 3);
            used += 3;
            break;
        }
        if (bytes[i] >= 0x20 && bytes[i] < 0x7f && bytes[i] != '\\')
            text[used++] = (char)bytes[i];
        else
            used += (size_t)snprintf(text + used, 5, "\\x%02x", bytes[i]);
    }
    text[used] = '\0';
}

struct cdr_field *cdr_fields_add(struct cdr_fields *fields, const char *name, size_t name_len)
{
    if (fields->n == CDR_FIELDS_MAX)
        return NULL;
    struct cdr_field *field = &fields->items[fields->n++];
    cdr_bytes_text(field->name, sizeof field->name, (const uint8_t *)name, name_len);
    field->value[0] = '\0';
    return field;
}

static bool decode(struct cdr_fields *fields, const struct cdr_payloads *payloads, uint32_t type,
                   unsigned version, const struct cdr_record *record)
{
    const struct cdr_payload_shape *shape = &payloads->items[type].shapes[version];
    fields->n = 0;
    fields->version = version;
    return shape->encoder != NULL &&
           payloads->format->decode(fields, shape, record->payload, record->payload_len);
}

bool cdr_fields_decode(struct cdr_fields *fields, const struct cdr_payloads *payloads,
                       uint32_t type, const struct cdr_record *record)
{
    const unsigned version = cdr_payload_version(payloads, type, record);
    fields->n = 0;
    fields->version = version;
    if (record->payload == NULL) {
        struct cdr_field *field = cdr_fields_add(fields, "payload", 7);
        snprintf(field->value, sizeof field->value, "(none)");
        return false;
    }
    if (decode(fields, payloads, type, version, record) ||
        decode(fields, payloads, type, 1 - version, record))
        return true;
    fields->n = 0;
    fields->version = version;
    struct cdr_field *field = cdr_fields_add(fields, "payload", 7);
    cdr_bytes_text(field->value, sizeof field->value, record->payload, record->payload_len);
    return false;
}

static void prefix(struct cdr_field *field, const char *word)
{
    char name[sizeof field->name];
    snprintf(name, sizeof name, "%s%s%.40s", word, field->name[0] != '\0' ? "." : "", field->name);
    memcpy(field->name, name, sizeof name);
}

void cdr_fields_key(struct cdr_fields *fields, const struct cdr_payloads *payloads, uint32_t type,
                    const struct cdr_record *record)
{
    const char *schema = payloads->topics->items[type].key_layout.schema;
    fields->n = 0;
    if (schema != NULL && record->key != NULL &&
        cdr_fields_decode_avro(fields, schema, record->key, record->key_len)) {
        for (uint32_t i = 0; i < fields->n; i++)
            prefix(&fields->items[i], "key");
        return;
    }
    fields->n = 0;
    struct cdr_field *field = cdr_fields_add(fields, "key", 3);
    if (record->key != NULL)
        cdr_bytes_text(field->value, sizeof field->value, record->key, record->key_len);
    else
        snprintf(field->value, sizeof field->value, "none");
}

void cdr_fields_headers(struct cdr_fields *fields, const struct cdr_payloads *payloads,
                        uint32_t type, const struct cdr_record *record)
{
    const struct cdr_envelope *envelope = &payloads->topics->items[type].envelope;
    const uint8_t *at = record->headers;
    fields->n = 0;
    for (uint32_t i = 0; at != NULL && i < envelope->header_count; i++) {
        const char *name = envelope->header_names[i];
        const bool absent = (*at & 1) != 0;
        const bool missing = *at == 1; /* the length −1 */
        struct cdr_field *field = cdr_fields_add(fields, name, strlen(name));
        uint32_t len = cdr_header_take(&at);
        if (field != NULL && absent)
            snprintf(field->value, sizeof field->value, missing ? "none" : "there twice");
        else if (field != NULL)
            cdr_bytes_text(field->value, sizeof field->value, at, len);
        if (field != NULL)
            prefix(field, "header");
        at += absent ? 0 : len;
    }
    if (record->fault == 0)
        return;
    struct cdr_field *field = cdr_fields_add(fields, CDR_FAULT_HEADER, strlen(CDR_FAULT_HEADER));
    char text[CDR_FAULT_TEXT_MAX] = "no fault, or there twice";
    if (record->fault != CDR_FAULT_UNREADABLE)
        cdr_fault_entry_text(record->fault, text);
    if (field != NULL) {
        snprintf(field->value, sizeof field->value, "%s", text);
        prefix(field, "header");
    }
}

const char *cdr_fields_find(const struct cdr_fields *fields, const char *name)
{
    for (uint32_t i = 0; i < fields->n; i++)
        if (strcmp(fields->items[i].name, name) == 0)
            return fields->items[i].value;
    return NULL;
}
