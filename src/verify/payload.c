#include "verify/payload.h"

#include <string.h>

/* Types of the fields of the schemas in schemas/, in order: v int, long or enum, s string; in upper
 * case in a union behind null. */
static const char *const layouts[CDR_TYPE_COUNT] = {
    [CDR_TYPE_CALL] = "vssvvvsvvsssvvv",
    [CDR_TYPE_SMS] = "vssvvvsvvsssvvvVV",
    [CDR_TYPE_DATA] = "vsSvvvsvvsssvvvVVVVV",
};

enum {
    FIELD_SOURCE = 1,
    FIELD_DESTINATION = 2,
    FIELD_DIRECTION = 3,
    FIELD_START = 4,
    FIELD_END = 5
};
enum { FIELDS = 6 }; /* that are looked at: the first */

struct span {
    const char *text; /* NULL: absent */
    size_t len;
    int64_t number; /* Avro */
};

/* False: it does not end within n bytes. */
static bool take_varint(const uint8_t **at, const uint8_t *end, int64_t *value)
{
    uint64_t bits = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (*at == end)
            return false;
        uint8_t byte = *(*at)++;
        bits |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *value = (int64_t)(bits >> 1) ^ -(int64_t)(bits & 1);
            return true;
        }
    }
    return false;
}

static bool take_field(char kind, const uint8_t **at, const uint8_t *end, struct span *span)
{
    int64_t branch = 1;
    span->text = NULL;
    if (kind == 'V' || kind == 'S') {
        if (!take_varint(at, end, &branch) || branch < 0 || branch > 1)
            return false;
        if (branch == 0)
            return true;
    }
    if (!take_varint(at, end, &span->number))
        return false;
    if (kind == 'v' || kind == 'V')
        return true;
    if (span->number < 0 || span->number > end - *at)
        return false;
    span->text = (const char *)*at;
    span->len = (size_t)span->number;
    *at += span->len;
    return true;
}

static size_t scan_avro(uint32_t type, const uint8_t *bytes, size_t n, struct span spans[FIELDS])
{
    const uint8_t *at = bytes, *end = bytes + n;
    struct span ignored;
    for (unsigned i = 0; layouts[type][i] != '\0'; i++)
        if (!take_field(layouts[type][i], &at, end, i < FIELDS ? &spans[i] : &ignored))
            return 0;
    return (size_t)(at - bytes);
}

size_t cdr_avro_datum_len(uint32_t type, const uint8_t *bytes, size_t n)
{
    struct span spans[FIELDS];
    return scan_avro(type, bytes, n, spans);
}

static void scan_csv(const char *text, size_t n, struct span spans[FIELDS])
{
    const char *end = text + n;
    for (unsigned i = 0; i < FIELDS && text <= end; i++) {
        const char *stop = memchr(text, ';', (size_t)(end - text));
        if (stop == NULL)
            stop = end;
        spans[i] = (struct span){.text = text, .len = (size_t)(stop - text)};
        text = stop + 1;
    }
}

/* The value of a member of an object as we write it, without its quotes. */
static struct span find_member(const char *text, size_t n, const char *name)
{
    size_t name_len = strlen(name);
    const char *end = text + n;
    for (const char *at = text; (size_t)(end - at) > name_len; at++) {
        if (*at != *name || memcmp(at, name, name_len) != 0)
            continue;
        at += name_len;
        at += at < end && *at == '"';
        const char *stop = at;
        while (stop < end && *stop != '"' && *stop != ',' && *stop != '}')
            stop++;
        return (struct span){.text = at, .len = (size_t)(stop - at)};
    }
    return (struct span){.text = NULL};
}

static void scan_json(const char *text, size_t n, struct span spans[FIELDS])
{
    static const char *const names[FIELDS] = {
        "\"event_type\":", "\"msisdn_src\":",  "\"msisdn_dst\":",
        "\"direction\":",  "\"start_ts_ms\":", "\"end_ts_ms\":"};
    for (unsigned i = 0; i < FIELDS; i++)
        spans[i] = find_member(text, n, names[i]);
}

static bool take_number(const struct span *span, int64_t *value)
{
    int64_t sum = 0;
    if (span->text == NULL || span->len == 0 || span->len > 18)
        return false;
    for (size_t i = 0; i < span->len; i++) {
        if (span->text[i] < '0' || span->text[i] > '9')
            return false;
        sum = 10 * sum + (span->text[i] - '0');
    }
    *value = sum;
    return true;
}

void cdr_payload_guess(const char *format, uint32_t type, enum cdr_order order,
                       struct cdr_record *record, char key_text[16])
{
    struct span spans[FIELDS] = {{0}};
    const char *text = (const char *)record->payload;
    const unsigned time = order == CDR_ORDER_START ? FIELD_START : FIELD_END;
    bool mt = false;
    if (record->payload == NULL)
        return;
    if (strcmp(format, "avro") == 0) {
        if (scan_avro(type, record->payload, record->payload_len, spans) == 0)
            return;
        record->event_ms = spans[time].number;
        mt = spans[FIELD_DIRECTION].number == 1;
    } else {
        if (strcmp(format, "csv") == 0)
            scan_csv(text, record->payload_len, spans);
        else
            scan_json(text, record->payload_len, spans);
        take_number(&spans[time], &record->event_ms);
        mt = spans[FIELD_DIRECTION].len == 2 && memcmp(spans[FIELD_DIRECTION].text, "MT", 2) == 0;
    }
    const struct span *owner = &spans[mt ? FIELD_DESTINATION : FIELD_SOURCE];
    if (owner->text == NULL || owner->len == 0 || owner->len > 16)
        return;
    memcpy(key_text, owner->text, owner->len);
    record->key = (const uint8_t *)key_text;
    record->key_len = (uint32_t)owner->len;
}
