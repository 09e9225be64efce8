/* JSON payloads, one object each. */
#include "verify/payload_format.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* The value of a member of an object as we write it, without its quotes. */
static struct cdr_span find_member(const char *text, size_t n, const char *name)
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
        return (struct cdr_span){.text = at, .len = (size_t)(stop - at)};
    }
    return (struct cdr_span){.text = NULL};
}

static bool json_scan(uint32_t type, const uint8_t *bytes, size_t n,
                      struct cdr_span spans[CDR_SPANS])
{
    static const char *const names[CDR_SPANS] = {
        "\"event_type\":", "\"msisdn_src\":",  "\"msisdn_dst\":",
        "\"direction\":",  "\"start_ts_ms\":", "\"end_ts_ms\":"};
    (void)type;
    for (unsigned i = 0; i < CDR_SPANS; i++) {
        spans[i] = find_member((const char *)bytes, n, names[i]);
        cdr_span_number(&spans[i]);
    }
    return true;
}

/* The first text of digits that is a value, and the first number that can be a time. */
static bool json_search(const struct cdr_payload_shape *shape, const uint8_t *bytes, size_t n,
                        struct cdr_searched *found)
{
    const char *text = (const char *)bytes, *end = text + n;
    (void)shape;
    for (const char *at = text; at < end;) {
        const char *start = at;
        if (*at == '"') {
            for (start = ++at; at < end && *at != '"'; at++)
                at += *at == '\\' && end - at > 1;
            bool value = end - at > 1 && at[1] != ':';
            if (value && found->key.text == NULL && cdr_span_is_digits(start, (size_t)(at - start)))
                found->key = (struct cdr_span){.text = start, .len = (size_t)(at - start)};
            at++;
            continue;
        }
        while (at < end && *at >= '0' && *at <= '9')
            at++;
        struct cdr_span span = {.text = start, .len = (size_t)(at - start)};
        if (at == start)
            at++;
        else if (found->time == CDR_NO_TIME && cdr_span_number(&span) &&
                 span.number >= CDR_TIME_MIN)
            found->time = span.number;
    }
    return true;
}

static bool json_decode(struct cdr_fields *fields, const struct cdr_payload_shape *shape,
                        const uint8_t *bytes, size_t n)
{
    (void)shape;
    json_t *object = json_loadb((const char *)bytes, n, JSON_ALLOW_NUL, NULL);
    const char *name;
    json_t *value;
    bool good = json_is_object(object);
    if (good)
        json_object_foreach(object, name, value)
        {
            struct cdr_field *field = cdr_fields_add(fields, name, strlen(name));
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

const struct cdr_payload_format cdr_payload_json = {
    .name = "json", .scan = json_scan, .search = json_search, .decode = json_decode};
