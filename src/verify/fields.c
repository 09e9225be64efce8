#include "verify/fields.h"

#include "encode/headers.h"
#include "verify/cell.h"

#include <inttypes.h>
#include <jansson.h>
#if CDR_KAFKA
#include <avro.h>
#endif

#include <stdio.h>
#include <stdlib.h>
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

/* The next field, for its name and value to be set; NULL where there are too many, which are left
 * out. */
static struct cdr_field *add(struct cdr_fields *fields, const char *name, size_t name_len)
{
    if (fields->n == CDR_FIELDS_MAX)
        return NULL;
    struct cdr_field *field = &fields->items[fields->n++];
    cdr_bytes_text(field->name, sizeof field->name, (const uint8_t *)name, name_len);
    field->value[0] = '\0';
    return field;
}

static void set_cell(struct cdr_field *field, const struct cdr_cell *cell)
{
    char plain[sizeof field->value + 8];
    size_t len = 0;
    if (!cell->quoted) {
        cdr_bytes_text(field->value, sizeof field->value, (const uint8_t *)cell->text, cell->len);
        return;
    }
    for (size_t i = 0; i < cell->len && len < sizeof plain; i++) {
        plain[len++] = cell->text[i];
        i += cell->text[i] == '"';
    }
    cdr_bytes_text(field->value, sizeof field->value, (const uint8_t *)plain, len);
}

/* Names are those of the header line. False: it has more or fewer fields. */
static bool decode_csv(struct cdr_fields *fields, const struct cdr_encoder *encoder,
                       const char *text, size_t n)
{
    const char *name = encoder->ops->file_header(encoder), *end = text + n;
    for (;;) {
        size_t name_len = strcspn(name, ";\n");
        struct cdr_cell cell = cdr_cell_take(&text, end);
        struct cdr_field *field = add(fields, name, name_len);
        if (field != NULL)
            set_cell(field, &cell);
        name += name_len;
        if (*name != ';' || text == NULL)
            return *name != ';' && text == NULL;
        name++;
    }
}

static bool decode_json(struct cdr_fields *fields, const char *text, size_t n)
{
    json_t *object = json_loadb(text, n, JSON_ALLOW_NUL, NULL);
    const char *name;
    json_t *value;
    bool good = json_is_object(object);
    if (good)
        json_object_foreach(object, name, value)
        {
            struct cdr_field *field = add(fields, name, strlen(name));
            if (field == NULL)
                break;
            if (json_is_string(value)) {
                cdr_bytes_text(field->value, sizeof field->value,
                               (const uint8_t *)json_string_value(value),
                               json_string_length(value));
            } else {
                char *dumped = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
                if (dumped != NULL)
                    cdr_bytes_text(field->value, sizeof field->value, (const uint8_t *)dumped,
                                   strlen(dumped));
                free(dumped);
            }
        }
    json_decref(object);
    return good;
}

#if CDR_KAFKA
/* What has no shorter form: records, arrays, decimals, floats. */
static void avro_json(const avro_value_t *value, char *text, size_t size)
{
    char *json = NULL;
    snprintf(text, size, "?");
    if (avro_value_to_json(value, 1, &json) == 0)
        cdr_bytes_text(text, size, (const uint8_t *)json, strlen(json));
    free(json);
}

static void avro_text(const avro_value_t *value, char *text, size_t size)
{
    const char *string = NULL;
    size_t length = 0;
    int32_t small = 0;
    int64_t large = 0;
    int symbol = 0;
    avro_value_t branch;
    switch (avro_value_get_type(value)) {
    case AVRO_STRING:
        avro_value_get_string(value, &string, &length);
        cdr_bytes_text(text, size, (const uint8_t *)string, length > 0 ? length - 1 : 0);
        break;
    case AVRO_INT32:
        avro_value_get_int(value, &small);
        snprintf(text, size, "%" PRId32, small);
        break;
    case AVRO_INT64:
        avro_value_get_long(value, &large);
        snprintf(text, size, "%" PRId64, large);
        break;
    case AVRO_ENUM:
        avro_value_get_enum(value, &symbol);
        string = avro_schema_enum_get(avro_value_get_schema(value), symbol);
        snprintf(text, size, "%s", string != NULL ? string : "?");
        break;
    case AVRO_UNION:
        if (avro_value_get_current_branch(value, &branch) == 0)
            avro_text(&branch, text, size);
        break;
    case AVRO_NULL:
        snprintf(text, size, "null");
        break;
    default:
        avro_json(value, text, size);
    }
}

/* avro-c believes lengths and symbols, so they are looked at first. */
static bool fits(const char *schema_text, const uint8_t *payload, size_t n)
{
    struct cdr_schema schema;
    bool good = cdr_schema_parse_any(&schema, schema_text, NULL) == CDR_OK &&
                cdr_avro_fits(&schema, payload, n);
    cdr_schema_destroy(&schema);
    return good;
}

static bool decode_avro(struct cdr_fields *fields, const char *schema_text, const uint8_t *payload,
                        size_t n)
{
    avro_schema_t schema = NULL;
    if (!fits(schema_text, payload, n) ||
        avro_schema_from_json_length(schema_text, strlen(schema_text), &schema) != 0)
        return false;
    avro_value_iface_t *interface = avro_generic_class_from_schema(schema);
    avro_reader_t reader = avro_reader_memory((const char *)payload, (int64_t)n);
    avro_value_t record;
    size_t count = 0;
    bool good = avro_generic_value_new(interface, &record) == 0;
    if (good) {
        char more;
        const bool plain = avro_value_get_type(&record) != AVRO_RECORD;
        good = avro_value_read(reader, &record) == 0 && avro_read(reader, &more, 1) != 0 &&
               (plain || avro_value_get_size(&record, &count) == 0);
        struct cdr_field *whole = good && plain ? add(fields, "", 0) : NULL;
        if (whole != NULL)
            avro_text(&record, whole->value, sizeof whole->value);
        for (size_t i = 0; good && i < count; i++) {
            const char *name = NULL;
            avro_value_t value;
            good = avro_value_get_by_index(&record, i, &value, &name) == 0;
            struct cdr_field *field = good ? add(fields, name, strlen(name)) : NULL;
            if (field != NULL)
                avro_text(&value, field->value, sizeof field->value);
        }
        avro_value_decref(&record);
    }
    avro_reader_free(reader);
    avro_value_iface_decref(interface);
    avro_schema_decref(schema);
    return good;
}
#else
static bool decode_avro(struct cdr_fields *fields, const char *schema_text, const uint8_t *payload,
                        size_t n)
{
    (void)fields, (void)schema_text, (void)payload, (void)n;
    return false;
}
#endif

static bool decode(struct cdr_fields *fields, const struct cdr_payloads *payloads, uint32_t type,
                   unsigned version, const struct cdr_record *record)
{
    const char *text = (const char *)record->payload;
    fields->n = 0;
    fields->version = version;
    if (strcmp(payloads->format, "csv") == 0)
        return decode_csv(fields, payloads->encoders[version][type], text, record->payload_len);
    if (strcmp(payloads->format, "json") == 0)
        return decode_json(fields, text, record->payload_len);
    return decode_avro(fields, payloads->schema_texts[version][type], record->payload,
                       record->payload_len);
}

bool cdr_fields_decode(struct cdr_fields *fields, const struct cdr_payloads *payloads,
                       uint32_t type, const struct cdr_record *record)
{
    const unsigned version = cdr_payload_version(payloads, type, record);
    fields->n = 0;
    fields->version = version;
    if (record->payload == NULL) {
        struct cdr_field *field = add(fields, "payload", 7);
        snprintf(field->value, sizeof field->value, "(none)");
        return false;
    }
    if (decode(fields, payloads, type, version, record) ||
        (payloads->encoders[1 - version][type] != NULL &&
         decode(fields, payloads, type, 1 - version, record)))
        return true;
    fields->n = 0;
    fields->version = version;
    struct cdr_field *field = add(fields, "payload", 7);
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
    const char *schema = payloads->key_texts[type];
    fields->n = 0;
    if (schema != NULL && record->key != NULL &&
        decode_avro(fields, schema, record->key, record->key_len)) {
        for (uint32_t i = 0; i < fields->n; i++)
            prefix(&fields->items[i], "key");
        return;
    }
    fields->n = 0;
    struct cdr_field *field = add(fields, "key", 3);
    if (record->key != NULL)
        cdr_bytes_text(field->value, sizeof field->value, record->key, record->key_len);
    else
        snprintf(field->value, sizeof field->value, "none");
}

void cdr_fields_headers(struct cdr_fields *fields, const struct cdr_payloads *payloads,
                        uint32_t type, const struct cdr_record *record)
{
    const struct cdr_envelope *envelope = &payloads->envelopes[type];
    const uint8_t *at = record->headers;
    fields->n = 0;
    for (uint32_t i = 0; at != NULL && i < envelope->header_count; i++) {
        const char *name = envelope->header_names[i];
        const bool absent = (*at & 1) != 0;
        const bool missing = *at == 1; /* the length −1 */
        struct cdr_field *field = add(fields, name, strlen(name));
        uint32_t len = cdr_header_take(&at);
        if (field != NULL && absent)
            snprintf(field->value, sizeof field->value, missing ? "none" : "there twice");
        else if (field != NULL)
            cdr_bytes_text(field->value, sizeof field->value, at, len);
        if (field != NULL)
            prefix(field, "header");
        at += absent ? 0 : len;
    }
}

const char *cdr_fields_find(const struct cdr_fields *fields, const char *name)
{
    for (uint32_t i = 0; i < fields->n; i++)
        if (strcmp(fields->items[i].name, name) == 0)
            return fields->items[i].value;
    return NULL;
}
