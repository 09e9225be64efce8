#include "answer/avro_row.h"

#include "schema/varint.h"

#include <string.h>

enum { DEPTH_MAX = 64, STEPS_MAX = 1000000 };

struct walk {
    const uint8_t *at, *end;
    unsigned depth, steps;
};

static json_t *take(struct walk *walk, const struct cdr_schema_node *node);

static bool take_bytes(struct walk *walk, int64_t len, const uint8_t **bytes)
{
    if (len < 0 || len > walk->end - walk->at)
        return false;
    *bytes = walk->at;
    walk->at += len;
    return true;
}

static json_t *take_number(struct walk *walk)
{
    int64_t value;
    return cdr_take_varint(&walk->at, walk->end, &value) ? json_integer(value) : NULL;
}

static json_t *take_text(struct walk *walk)
{
    const uint8_t *bytes;
    int64_t len;
    if (!cdr_take_varint(&walk->at, walk->end, &len) || !take_bytes(walk, len, &bytes))
        return NULL;
    return json_stringn((const char *)bytes, (size_t)len);
}

/* Big-endian and signed, in units of 10^-scale. */
static json_t *decimal_of(const uint8_t *bytes, size_t len, uint32_t scale)
{
    int64_t value = len > 0 && bytes[0] >= 0x80 ? -1 : 0;
    double decimal;
    for (size_t i = 0; i < len; i++)
        value = (int64_t)((uint64_t)value << 8 | bytes[i]);
    decimal = (double)value;
    for (uint32_t i = 0; i < scale; i++)
        decimal /= 10;
    return scale == 0 ? json_integer(value) : json_real(decimal);
}

static json_t *take_fixed(struct walk *walk, const struct cdr_schema_node *node)
{
    const uint8_t *bytes;
    int64_t len = node->size;
    if ((node->kind == CDR_AVRO_BYTES && !cdr_take_varint(&walk->at, walk->end, &len)) ||
        !take_bytes(walk, len, &bytes))
        return NULL;
    return node->logical == CDR_LOGICAL_DECIMAL && len <= 8
               ? decimal_of(bytes, (size_t)len, node->scale)
               : json_null();
}

static json_t *take_real(struct walk *walk, size_t len)
{
    const uint8_t *bytes;
    float single;
    double value;
    if (!take_bytes(walk, (int64_t)len, &bytes))
        return NULL;
    if (len == sizeof value) {
        const uint64_t bits = cdr_load_le64(bytes);
        memcpy(&value, &bits, sizeof value);
        return json_real(value);
    }
    const uint32_t bits = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                          (uint32_t)bytes[3] << 24;
    memcpy(&single, &bits, sizeof single);
    return json_real((double)single);
}

static json_t *take_enum(struct walk *walk, const struct cdr_schema_node *node)
{
    int64_t at;
    if (!cdr_take_varint(&walk->at, walk->end, &at) || at < 0 ||
        (uint64_t)at >= cdr_schema_symbols(node))
        return NULL;
    return json_incref(json_array_get(node->symbols, (size_t)at));
}

static json_t *take_record(struct walk *walk, const struct cdr_schema_node *node)
{
    json_t *object = json_object();
    for (size_t i = 0; i < node->count && object != NULL; i++)
        if (json_object_set_new(object, node->fields[i].name, take(walk, node->fields[i].type)) !=
            0) {
            json_decref(object);
            return NULL;
        }
    return object;
}

/* Their items say nothing of a row, but have to be passed over. */
static bool pass_items(struct walk *walk, const struct cdr_schema_node *node)
{
    int64_t count, bytes;
    for (;;) {
        if (!cdr_take_varint(&walk->at, walk->end, &count) || count == INT64_MIN ||
            (count < 0 && !cdr_take_varint(&walk->at, walk->end, &bytes)))
            return false;
        if (count == 0)
            return true;
        for (int64_t i = count < 0 ? -count : count; i > 0; i--) {
            json_t *key = node->kind == CDR_AVRO_MAP ? take_text(walk) : json_null();
            json_t *item = key != NULL ? take(walk, node->members[0]) : NULL;
            json_decref(key);
            json_decref(item);
            if (item == NULL)
                return false;
        }
    }
}

static json_t *take_kind(struct walk *walk, const struct cdr_schema_node *node)
{
    const uint8_t *byte;
    int64_t branch;
    switch (node->kind) {
    case CDR_AVRO_NULL:
        return json_null();
    case CDR_AVRO_BOOLEAN:
        return take_bytes(walk, 1, &byte) && *byte <= 1 ? json_boolean(*byte) : NULL;
    case CDR_AVRO_INT:
    case CDR_AVRO_LONG:
        return take_number(walk);
    case CDR_AVRO_FLOAT:
        return take_real(walk, sizeof(float));
    case CDR_AVRO_DOUBLE:
        return take_real(walk, sizeof(double));
    case CDR_AVRO_STRING:
        return take_text(walk);
    case CDR_AVRO_BYTES:
    case CDR_AVRO_FIXED:
        return take_fixed(walk, node);
    case CDR_AVRO_ENUM:
        return take_enum(walk, node);
    case CDR_AVRO_RECORD:
        return take_record(walk, node);
    case CDR_AVRO_UNION:
        return cdr_take_varint(&walk->at, walk->end, &branch) && branch >= 0 &&
                       (uint64_t)branch < node->count
                   ? take(walk, node->members[branch])
                   : NULL;
    default:
        return pass_items(walk, node) ? json_null() : NULL;
    }
}

static json_t *take(struct walk *walk, const struct cdr_schema_node *node)
{
    if (walk->depth == DEPTH_MAX || walk->steps++ == STEPS_MAX)
        return NULL;
    walk->depth++;
    json_t *value = take_kind(walk, node);
    walk->depth--;
    return value;
}

json_t *cdr_avro_row(const struct cdr_schema_node *schema, const void *bytes, size_t len)
{
    struct walk walk = {.at = bytes, .end = (const uint8_t *)bytes + len};
    json_t *value = take(&walk, schema);
    if (value != NULL && walk.at != walk.end) {
        json_decref(value);
        return NULL;
    }
    return value;
}
