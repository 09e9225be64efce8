#include "schema/constant.h"

#include "base/bytes.h"
#include "base/parse.h"
#include "schema/varint.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static enum cdr_result put_value(struct cdr_bytes *to, const struct cdr_schema_node *node,
                                 const json_t *value, int depth, struct cdr_error *error);

enum cdr_result cdr_bytes_put(struct cdr_bytes *to, const void *bytes, size_t len,
                              struct cdr_error *error)
{
    if (len > CDR_CONSTANT_MAX || to->len + len > CDR_CONSTANT_MAX)
        return cdr_fail(error, CDR_E_CONFIG, "its constants take more than %d bytes",
                        CDR_CONSTANT_MAX);
    if (to->len + len > to->room) {
        size_t room = 2 * (to->len + len) + 64;
        uint8_t *data = realloc(to->data, room);
        if (data == NULL)
            return cdr_fail(error, CDR_E_NOMEM, "no memory for a schema's constants");
        to->data = data;
        to->room = room;
    }
    if (len > 0)
        memcpy(to->data + to->len, bytes, len);
    to->len += len;
    return CDR_OK;
}

enum cdr_result cdr_bytes_put_long(struct cdr_bytes *to, int64_t value, struct cdr_error *error)
{
    uint8_t bytes[CDR_VARINT_BYTES_MAX];
    return cdr_bytes_put(to, bytes, (size_t)(cdr_put_varint(bytes, value) - bytes), error);
}

enum cdr_result cdr_bytes_put_text(struct cdr_bytes *to, const char *text, size_t len,
                                   struct cdr_error *error)
{
    enum cdr_result result = cdr_bytes_put_long(to, (int64_t)len, error);
    return result == CDR_OK ? cdr_bytes_put(to, text, len, error) : result;
}

static enum cdr_result no_such(const struct cdr_schema_node *node, const json_t *value,
                               struct cdr_error *error)
{
    char type[160], quoted[72], *dumped = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    cdr_fail(error, CDR_E_CONFIG, "%s is no %s",
             cdr_quote(dumped != NULL ? dumped : "the value", quoted),
             cdr_schema_describe(node, type));
    free(dumped);
    return CDR_E_CONFIG;
}

/* JSON has no numbers for these, so Avro takes their names. */
static bool is_special(const json_t *value)
{
    const char *text = json_string_value(value);
    return text != NULL && (strcmp(text, "NaN") == 0 || strcmp(text, "Infinity") == 0 ||
                            strcmp(text, "-Infinity") == 0);
}

static enum cdr_result put_number(struct cdr_bytes *to, const struct cdr_schema_node *node,
                                  const json_t *value, struct cdr_error *error)
{
    json_int_t integer = json_integer_value(value);
    double number = json_number_value(value);
    uint8_t bytes[8];
    if (node->kind == CDR_AVRO_INT || node->kind == CDR_AVRO_LONG) {
        if (!json_is_integer(value) ||
            (node->kind == CDR_AVRO_INT && (integer < INT32_MIN || integer > INT32_MAX)))
            return no_such(node, value, error);
        return cdr_bytes_put_long(to, integer, error);
    }
    if (is_special(value))
        number = strtod(json_string_value(value), NULL);
    else if (!json_is_number(value))
        return no_such(node, value, error);
    if (node->kind == CDR_AVRO_FLOAT) {
        float single = (float)number;
        uint32_t bits;
        if (!isfinite(single) && !is_special(value))
            return no_such(node, value, error);
        memcpy(&bits, &single, 4);
        cdr_store_le32(bytes, bits);
        return cdr_bytes_put(to, bytes, 4, error);
    }
    uint64_t bits;
    memcpy(&bits, &number, 8);
    cdr_store_le64(bytes, bits);
    return cdr_bytes_put(to, bytes, 8, error);
}

/* Characters up to U+00FF, which UTF-8 has in one byte, or two that begin with 0xc2 or 0xc3. */
static enum cdr_result put_bytes(struct cdr_bytes *to, const struct cdr_schema_node *node,
                                 const json_t *value, struct cdr_error *error)
{
    const char *text = json_string_value(value);
    size_t len = json_string_length(value), count = 0;
    char *bytes = text != NULL ? malloc(len + 1) : NULL;
    if (bytes == NULL)
        return text == NULL ? no_such(node, value, error)
                            : cdr_fail(error, CDR_E_NOMEM, "no memory for a schema's constants");
    enum cdr_result result = CDR_OK;
    for (size_t i = 0; i < len && result == CDR_OK; i++) {
        uint8_t byte = (uint8_t)text[i];
        if (byte >= 0x80) {
            if (byte > 0xc3)
                result = no_such(node, value, error);
            else
                byte = (uint8_t)((byte & 3) << 6 | ((uint8_t)text[++i] & 0x3f));
        }
        bytes[count++] = (char)byte;
    }
    if (result == CDR_OK && node->kind == CDR_AVRO_FIXED)
        result = count == node->size ? cdr_bytes_put(to, bytes, count, error)
                                     : no_such(node, value, error);
    else if (result == CDR_OK)
        result = cdr_bytes_put_text(to, bytes, count, error);
    free(bytes);
    return result;
}

static enum cdr_result put_symbol(struct cdr_bytes *to, const struct cdr_schema_node *node,
                                  const json_t *value, struct cdr_error *error)
{
    for (size_t i = 0; json_is_string(value) && i < json_array_size(node->symbols); i++)
        if (json_equal(json_array_get(node->symbols, i), value))
            return cdr_bytes_put_long(to, (int64_t)i, error);
    return no_such(node, value, error);
}

static enum cdr_result put_record(struct cdr_bytes *to, const struct cdr_schema_node *node,
                                  const json_t *value, int depth, struct cdr_error *error)
{
    enum cdr_result result = json_is_object(value) ? CDR_OK : no_such(node, value, error);
    for (size_t i = 0; result == CDR_OK && i < node->count; i++) {
        const struct cdr_schema_field *field = &node->fields[i];
        const json_t *member = json_object_get(value, field->name);
        if (member == NULL)
            member = field->default_value;
        if (member == NULL)
            return cdr_fail(error, CDR_E_CONFIG, "it lacks %s of %s", field->name, node->full_name);
        result = put_value(to, field->type, member, depth, error);
    }
    return result;
}

static enum cdr_result put_array(struct cdr_bytes *to, const struct cdr_schema_node *node,
                                 const json_t *value, int depth, struct cdr_error *error)
{
    if (!json_is_array(value))
        return no_such(node, value, error);
    size_t count = json_array_size(value);
    enum cdr_result result = count > 0 ? cdr_bytes_put_long(to, (int64_t)count, error) : CDR_OK;
    for (size_t i = 0; result == CDR_OK && i < count; i++)
        result = put_value(to, node->members[0], json_array_get(value, i), depth, error);
    return result == CDR_OK ? cdr_bytes_put_long(to, 0, error) : result;
}

static enum cdr_result put_map(struct cdr_bytes *to, const struct cdr_schema_node *node,
                               const json_t *value, int depth, struct cdr_error *error)
{
    if (!json_is_object(value))
        return no_such(node, value, error);
    size_t count = json_object_size(value);
    enum cdr_result result = count > 0 ? cdr_bytes_put_long(to, (int64_t)count, error) : CDR_OK;
    json_t *object = (json_t *)(uintptr_t)value; /* iterators take it without const */
    for (void *i = json_object_iter(object); result == CDR_OK && i != NULL;
         i = json_object_iter_next(object, i)) {
        const char *key = json_object_iter_key(i);
        result = cdr_bytes_put_text(to, key, strlen(key), error);
        if (result == CDR_OK)
            result = put_value(to, node->members[0], json_object_iter_value(i), depth, error);
    }
    return result == CDR_OK ? cdr_bytes_put_long(to, 0, error) : result;
}

static enum cdr_result put_union(struct cdr_bytes *to, const struct cdr_schema_node *node,
                                 const json_t *value, int depth, struct cdr_error *error)
{
    size_t start = to->len;
    for (size_t i = 0; i < node->count; i++) {
        enum cdr_result result = cdr_bytes_put_long(to, (int64_t)i, error);
        if (result == CDR_OK)
            result = put_value(to, node->members[i], value, depth, node->count == 1 ? error : NULL);
        if (result != CDR_E_CONFIG || node->count == 1)
            return result;
        to->len = start;
    }
    return no_such(node, value, error);
}

static enum cdr_result put_value(struct cdr_bytes *to, const struct cdr_schema_node *node,
                                 const json_t *value, int depth, struct cdr_error *error)
{
    if (depth >= CDR_SCHEMA_DEPTH_MAX)
        return cdr_fail(error, CDR_E_CONFIG, "it is nested more than %d deep",
                        CDR_SCHEMA_DEPTH_MAX);
    if (++to->values > CDR_CONSTANT_VALUES_MAX)
        return cdr_fail(error, CDR_E_CONFIG, "its constants are more than %d values",
                        CDR_CONSTANT_VALUES_MAX);
    switch (node->kind) {
    case CDR_AVRO_NULL:
        return json_is_null(value) ? CDR_OK : no_such(node, value, error);
    case CDR_AVRO_BOOLEAN:
        return json_is_boolean(value) ? cdr_bytes_put(to, json_is_true(value) ? "\1" : "", 1, error)
                                      : no_such(node, value, error);
    case CDR_AVRO_INT:
    case CDR_AVRO_LONG:
    case CDR_AVRO_FLOAT:
    case CDR_AVRO_DOUBLE:
        return put_number(to, node, value, error);
    case CDR_AVRO_STRING:
        return json_is_string(value) ? cdr_bytes_put_text(to, json_string_value(value),
                                                          json_string_length(value), error)
                                     : no_such(node, value, error);
    case CDR_AVRO_BYTES:
    case CDR_AVRO_FIXED:
        return put_bytes(to, node, value, error);
    case CDR_AVRO_ENUM:
        return put_symbol(to, node, value, error);
    case CDR_AVRO_RECORD:
        return put_record(to, node, value, depth + 1, error);
    case CDR_AVRO_ARRAY:
        return put_array(to, node, value, depth + 1, error);
    case CDR_AVRO_MAP:
        return put_map(to, node, value, depth + 1, error);
    default:
        return put_union(to, node, value, depth + 1, error);
    }
}

enum cdr_result cdr_constant_put(struct cdr_bytes *to, const struct cdr_schema_node *node,
                                 const json_t *value, struct cdr_error *error)
{
    return put_value(to, node, value, 0, error);
}
