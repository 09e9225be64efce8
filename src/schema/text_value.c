#include "schema/text_value.h"

#include "base/bytes.h"
#include "schema/varint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum cdr_result put_json(struct cdr_bytes *to, const struct cdr_schema_node *node,
                                const uint8_t **at, struct cdr_error *error);

static enum cdr_result put(struct cdr_bytes *to, const char *text, struct cdr_error *error)
{
    return cdr_bytes_put(to, text, strlen(text), error);
}

uint32_t cdr_base64(uint8_t *to, const uint8_t *from, uint32_t n)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t len = 0;
    for (uint32_t i = 0; i < n; i += 3) {
        uint32_t bits = (uint32_t)from[i] << 16 | (i + 1 < n ? (uint32_t)from[i + 1] << 8 : 0) |
                        (i + 2 < n ? from[i + 2] : 0u);
        to[len++] = (uint8_t)alphabet[bits >> 18];
        to[len++] = (uint8_t)alphabet[bits >> 12 & 63];
        to[len++] = (uint8_t)(i + 1 < n ? alphabet[bits >> 6 & 63] : '=');
        to[len++] = (uint8_t)(i + 2 < n ? alphabet[bits & 63] : '=');
    }
    return len;
}

/* --- texts --- */

static enum cdr_result put_quoted(struct cdr_bytes *to, const uint8_t *text, size_t len,
                                  struct cdr_error *error)
{
    enum cdr_result result = put(to, "\"", error);
    for (size_t i = 0; result == CDR_OK && i < len; i++) {
        char escape[8] = {(char)text[i]};
        if (text[i] < 0x20)
            snprintf(escape, sizeof escape, "\\u%04x", (unsigned)text[i]);
        else if (text[i] == '"' || text[i] == '\\')
            snprintf(escape, sizeof escape, "\\%c", text[i]);
        result = put(to, escape, error);
    }
    return result == CDR_OK ? put(to, "\"", error) : result;
}

/* Readers of files and of topics take a line as a record. */
static enum cdr_result put_cell(struct cdr_bytes *to, const uint8_t *text, size_t len,
                                struct cdr_error *error)
{
    bool quotes = len == 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n' || text[i] == '\r' || text[i] == '\0')
            return cdr_fail(error, CDR_E_CONFIG,
                            "it holds a text with a line break or NUL, which CSV cannot");
        quotes = quotes || text[i] == ';' || text[i] == '"';
    }
    if (!quotes)
        return cdr_bytes_put(to, text, len, error);
    enum cdr_result result = put(to, "\"", error);
    for (size_t i = 0; result == CDR_OK && i < len; i++)
        result = cdr_bytes_put(to, text[i] == '"' ? (const uint8_t *)"\"\"" : &text[i],
                               text[i] == '"' ? 2 : 1, error);
    return result == CDR_OK ? put(to, "\"", error) : result;
}

/* The bytes of a string, bytes or fixed. */
static const uint8_t *take_bytes(const struct cdr_schema_node *node, const uint8_t **at,
                                 size_t *len)
{
    *len = node->kind == CDR_AVRO_FIXED ? node->size : (size_t)cdr_own_varint(at);
    const uint8_t *bytes = *at;
    *at += *len;
    return bytes;
}

/* --- numbers --- */

/* What a float and a double have in common: the fewest digits that are read as the same. */
static enum cdr_result put_real(struct cdr_bytes *to, double number, bool single,
                                struct cdr_error *error)
{
    json_t *value = json_real(number);
    char *text = NULL;
    bool same = false;
    for (size_t digits = 1; value != NULL && !same && digits <= 17; digits++) {
        free(text);
        text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(digits));
        json_t *again = text != NULL ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
        double read = json_number_value(again);
        /* A greatest float may be rounded up beyond floats. */
        same =
            again != NULL &&
            (single ? (read < 3.4028236e38 && read > -3.4028236e38 && (float)read == (float)number)
                    : read == number);
        json_decref(again);
    }
    json_decref(value);
    size_t len = text != NULL ? strlen(text) : 0;
    if (len > 2 && strcmp(text + len - 2, ".0") == 0)
        text[len - 2] = '\0'; /* as sources' whole numbers are put */
    enum cdr_result result = text != NULL && same
                                 ? put(to, text, error)
                                 : cdr_fail(error, CDR_E_NOMEM, "no memory for a constant");
    free(text);
    return result;
}

static enum cdr_result put_number(struct cdr_bytes *to, const struct cdr_schema_node *node,
                                  const uint8_t **at, struct cdr_error *error)
{
    char text[32];
    if (node->kind == CDR_AVRO_FLOAT) {
        uint32_t bits = cdr_load_le32(*at);
        float number;
        memcpy(&number, &bits, sizeof number);
        *at += 4;
        return put_real(to, (double)number, true, error);
    }
    if (node->kind == CDR_AVRO_DOUBLE) {
        uint64_t bits = cdr_load_le64(*at);
        double number;
        memcpy(&number, &bits, sizeof number);
        *at += 8;
        return put_real(to, number, false, error);
    }
    snprintf(text, sizeof text, "%lld", (long long)cdr_own_varint(at));
    return put(to, text, error);
}

/* The digits of a big-endian number in two's complement, of any length, by long division. */
static char *decimal_digits(const uint8_t *bytes, size_t len, bool *negative)
{
    size_t room = len * 5 / 2 + 3, count = 0;
    uint8_t *rest = malloc(len + 1);
    char *digits = calloc(1, room);
    *negative = len > 0 && bytes[0] >= 0x80;
    unsigned carry = *negative;
    if (rest != NULL)
        for (size_t i = len; i-- > 0;) {
            unsigned byte = (*negative ? (uint8_t)~bytes[i] : bytes[i]) + carry;
            rest[i] = (uint8_t)byte;
            carry = byte >> 8;
        }
    for (size_t first = 0; rest != NULL && digits != NULL && first < len;) {
        unsigned remainder = 0;
        for (size_t i = first; i < len; i++) {
            unsigned part = remainder << 8 | rest[i];
            rest[i] = (uint8_t)(part / 10);
            remainder = part % 10;
        }
        digits[count++] = (char)('0' + remainder);
        while (first < len && rest[first] == 0)
            first++;
    }
    bool whole = rest != NULL;
    free(rest);
    if (whole && digits != NULL)
        return digits; /* the last digit first */
    free(digits);
    return NULL;
}

static enum cdr_result put_decimal(struct cdr_bytes *to, const struct cdr_schema_node *node,
                                   const uint8_t *bytes, size_t len, struct cdr_error *error)
{
    bool negative;
    char *digits = decimal_digits(bytes, len, &negative);
    if (digits == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for a constant");
    size_t count = strlen(digits);
    enum cdr_result result = negative ? put(to, "-", error) : CDR_OK;
    for (size_t place = count > node->scale ? count : node->scale + 1;
         result == CDR_OK && place-- > 0;) {
        result = cdr_bytes_put(to, place < count ? &digits[place] : "0", 1, error);
        if (result == CDR_OK && place == node->scale && place > 0)
            result = put(to, ".", error);
    }
    free(digits);
    return result;
}

/* --- bytes --- */

static enum cdr_result put_base64(struct cdr_bytes *to, const uint8_t *bytes, size_t len,
                                  struct cdr_error *error)
{
    uint8_t text[4];
    enum cdr_result result = CDR_OK;
    for (size_t i = 0; result == CDR_OK && i < len; i += 3) {
        uint32_t part = (uint32_t)(len - i < 3 ? len - i : 3);
        result = cdr_bytes_put(to, text, cdr_base64(text, bytes + i, part), error);
    }
    return result;
}

static enum cdr_result put_uuid(struct cdr_bytes *to, const uint8_t bytes[16],
                                struct cdr_error *error)
{
    char text[40];
    size_t len = 0;
    for (uint32_t i = 0; i < 16; i++)
        len +=
            (size_t)snprintf(text + len, sizeof text - len, "%s%02x",
                             i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", (unsigned)bytes[i]);
    return cdr_bytes_put(to, text, len, error);
}

/* Without quotes: nothing in it needs more of them. */
static enum cdr_result put_binary(struct cdr_bytes *to, const struct cdr_schema_node *node,
                                  const uint8_t *bytes, size_t len, struct cdr_error *error)
{
    if (node->logical == CDR_LOGICAL_UUID)
        return put_uuid(to, bytes, error);
    return put_base64(to, bytes, len, error);
}

/* --- JSON --- */

static enum cdr_result put_bytes(struct cdr_bytes *to, const struct cdr_schema_node *node,
                                 const uint8_t **at, struct cdr_error *error)
{
    size_t len;
    const uint8_t *bytes = take_bytes(node, at, &len);
    if (node->kind == CDR_AVRO_STRING)
        return put_quoted(to, bytes, len, error);
    if (node->logical == CDR_LOGICAL_DECIMAL)
        return put_decimal(to, node, bytes, len, error);
    enum cdr_result result = put(to, "\"", error);
    if (result == CDR_OK)
        result = put_binary(to, node, bytes, len, error);
    return result == CDR_OK ? put(to, "\"", error) : result;
}

static enum cdr_result put_items(struct cdr_bytes *to, const struct cdr_schema_node *node,
                                 const uint8_t **at, struct cdr_error *error)
{
    static const struct cdr_schema_node key = {.kind = CDR_AVRO_STRING};
    bool map = node->kind == CDR_AVRO_MAP;
    int64_t count = cdr_own_varint(at);
    enum cdr_result result = put(to, map ? "{" : "[", error);
    for (int64_t i = 0; result == CDR_OK && i < count; i++) {
        if (i > 0)
            result = put(to, ",", error);
        if (result == CDR_OK && map)
            result = put_bytes(to, &key, at, error);
        if (result == CDR_OK && map)
            result = put(to, ":", error);
        if (result == CDR_OK)
            result = put_json(to, node->members[0], at, error);
    }
    if (count > 0)
        cdr_own_varint(at); /* the block of none that ends it */
    return result == CDR_OK ? put(to, map ? "}" : "]", error) : result;
}

static enum cdr_result put_fields(struct cdr_bytes *to, const struct cdr_schema_node *node,
                                  const uint8_t **at, struct cdr_error *error)
{
    enum cdr_result result = put(to, "{", error);
    for (size_t i = 0; result == CDR_OK && i < node->count; i++) {
        result = put(to, i > 0 ? ",\"" : "\"", error); /* names need no escapes */
        if (result == CDR_OK)
            result = put(to, node->fields[i].name, error);
        if (result == CDR_OK)
            result = put(to, "\":", error);
        if (result == CDR_OK)
            result = put_json(to, node->fields[i].type, at, error);
    }
    return result == CDR_OK ? put(to, "}", error) : result;
}

static const char *take_symbol(const struct cdr_schema_node *node, const uint8_t **at)
{
    return json_string_value(json_array_get(node->symbols, (size_t)cdr_own_varint(at)));
}

static enum cdr_result put_json(struct cdr_bytes *to, const struct cdr_schema_node *node,
                                const uint8_t **at, struct cdr_error *error)
{
    const char *symbol;
    switch (node->kind) {
    case CDR_AVRO_NULL:
        return put(to, "null", error);
    case CDR_AVRO_BOOLEAN:
        return put(to, *(*at)++ != 0 ? "true" : "false", error);
    case CDR_AVRO_INT:
    case CDR_AVRO_LONG:
    case CDR_AVRO_FLOAT:
    case CDR_AVRO_DOUBLE:
        return put_number(to, node, at, error);
    case CDR_AVRO_BYTES:
    case CDR_AVRO_STRING:
    case CDR_AVRO_FIXED:
        return put_bytes(to, node, at, error);
    case CDR_AVRO_ENUM:
        symbol = take_symbol(node, at);
        return put_quoted(to, (const uint8_t *)symbol, strlen(symbol), error);
    case CDR_AVRO_RECORD:
        return put_fields(to, node, at, error);
    case CDR_AVRO_ARRAY:
    case CDR_AVRO_MAP:
        return put_items(to, node, at, error);
    default:
        return put_json(to, node->members[cdr_own_varint(at)], at, error);
    }
}

/* --- CSV --- */

static enum cdr_result put_json_cell(struct cdr_bytes *to, const struct cdr_schema_node *node,
                                     const uint8_t **at, struct cdr_error *error)
{
    struct cdr_bytes json = {0};
    enum cdr_result result = put_json(&json, node, at, error);
    if (result == CDR_OK)
        result = put_cell(to, json.data, json.len, error);
    free(json.data);
    return result;
}

static enum cdr_result put_csv(struct cdr_bytes *to, const struct cdr_schema_node *node,
                               const uint8_t **at, struct cdr_error *error)
{
    const uint8_t *bytes;
    size_t len;
    switch (node->kind) {
    case CDR_AVRO_NULL:
        return CDR_OK;
    case CDR_AVRO_STRING:
        bytes = take_bytes(node, at, &len);
        return put_cell(to, bytes, len, error);
    case CDR_AVRO_BYTES:
    case CDR_AVRO_FIXED:
        if (node->logical == CDR_LOGICAL_DECIMAL)
            return put_bytes(to, node, at, error);
        bytes = take_bytes(node, at, &len);
        return len > 0 ? put_binary(to, node, bytes, len, error) : put(to, "\"\"", error);
    case CDR_AVRO_ENUM:
        return put(to, take_symbol(node, at), error);
    case CDR_AVRO_RECORD:
    case CDR_AVRO_ARRAY:
    case CDR_AVRO_MAP:
        return put_json_cell(to, node, at, error);
    case CDR_AVRO_UNION:
        return put_csv(to, node->members[cdr_own_varint(at)], at, error);
    default:
        return put_json(to, node, at, error);
    }
}

enum cdr_result cdr_text_value_put(struct cdr_bytes *to, enum cdr_form form,
                                   const struct cdr_schema_node *node, const uint8_t **at,
                                   struct cdr_error *error)
{
    return form == CDR_FORM_CSV ? put_csv(to, node, at, error) : put_json(to, node, at, error);
}
