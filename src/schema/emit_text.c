/* Programs that write JSON and CSV. Punctuation, names and constants are pending bytes like Avro's
 * lengths and branches; only what differs from record to record is an operation. */
#include "schema/emit.h"

#include "base/digits.h"
#include "schema/varint.h"

#include <stdlib.h>
#include <string.h>

static enum cdr_result put(struct cdr_bytes *to, const char *text, struct cdr_error *error)
{
    return cdr_bytes_put(to, text, strlen(text), error);
}

/* --- around values --- */

enum cdr_result cdr_emit_record_begin(struct cdr_emitter *emitter, struct cdr_error *error)
{
    return emitter->form == CDR_FORM_JSON ? put(&emitter->pending, "{", error) : CDR_OK;
}

enum cdr_result cdr_emit_record_end(struct cdr_emitter *emitter, struct cdr_error *error)
{
    return emitter->form == CDR_FORM_JSON ? put(&emitter->pending, "}", error) : CDR_OK;
}

/* Names are letters, digits and '_': nothing to escape. */
enum cdr_result cdr_emit_field(struct cdr_emitter *emitter, const char *name, bool first,
                               struct cdr_error *error)
{
    if (emitter->form != CDR_FORM_JSON)
        return CDR_OK;
    enum cdr_result result = put(&emitter->pending, first ? "\"" : ",\"", error);
    if (result == CDR_OK)
        result = put(&emitter->pending, name, error);
    return result == CDR_OK ? put(&emitter->pending, "\":", error) : result;
}

enum cdr_result cdr_emit_branch(struct cdr_emitter *emitter, size_t branch, struct cdr_error *error)
{
    return emitter->form == CDR_FORM_AVRO
               ? cdr_bytes_put_long(&emitter->pending, (int64_t)branch, error)
               : CDR_OK;
}

enum cdr_result cdr_emit_column(struct cdr_emitter *emitter, struct cdr_error *error)
{
    if (emitter->form != CDR_FORM_CSV)
        return CDR_OK;
    char *name = strdup(emitter->path);
    if (emitter->columns == NULL)
        emitter->columns = json_object();
    if (name == NULL || emitter->columns == NULL) {
        free(name);
        return cdr_fail(error, CDR_E_NOMEM, "no memory for a CSV header");
    }
    for (char *dot = name; (dot = strchr(dot, '.')) != NULL;)
        *dot = '_';
    enum cdr_result result = CDR_OK;
    const char *other = json_string_value(json_object_get(emitter->columns, name));
    if (other != NULL)
        result = cdr_fail(error, CDR_E_CONFIG,
                          "its column in CSV has the name %.200s, as that of the field %.300s has",
                          name, other);
    else if (json_object_set_new(emitter->columns, name, json_string(emitter->path)) != 0)
        result = cdr_fail(error, CDR_E_NOMEM, "no memory for a CSV header");
    if (result == CDR_OK && emitter->header.len > 0) {
        result = put(&emitter->header, ";", error);
        if (result == CDR_OK)
            result = put(&emitter->pending, ";", error);
    }
    if (result == CDR_OK)
        result = put(&emitter->header, name, error);
    free(name);
    return result;
}

enum cdr_result cdr_emit_end(struct cdr_emitter *emitter, struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    if (emitter->form == CDR_FORM_AVRO)
        return CDR_OK;
    if (emitter->form == CDR_FORM_CSV && emitter->header.len == 0)
        return cdr_fail(error, CDR_E_CONFIG, "the record has no columns");
    if (emitter->form == CDR_FORM_CSV)
        result = cdr_bytes_put(&emitter->header, "\n", 2, error);
    /* A line of nothing would be no record. */
    if (result == CDR_OK && emitter->op_count == 0 && emitter->pending.len == 0)
        result = put(&emitter->pending, "\"\"", error);
    return result == CDR_OK ? put(&emitter->pending, "\n", error) : result;
}

/* --- constants --- */

enum cdr_result cdr_emit_null(struct cdr_emitter *emitter, const struct cdr_schema_node *node,
                              struct cdr_error *error)
{
    if (emitter->form == CDR_FORM_CSV)
        return cdr_emit_column(emitter, error);
    if (emitter->form == CDR_FORM_JSON)
        return put(&emitter->pending, "null", error);
    for (size_t i = 0; i < node->count; i++)
        if (node->members[i]->kind == CDR_AVRO_NULL)
            return cdr_bytes_put_long(&emitter->pending, (int64_t)i, error);
    return CDR_OK;
}

enum cdr_result cdr_emit_convert(const struct cdr_emitter *emitter, struct cdr_bytes *value,
                                 const struct cdr_schema_node *node, struct cdr_error *error)
{
    struct cdr_bytes text = {0};
    const uint8_t *at = value->data;
    if (emitter->form == CDR_FORM_AVRO)
        return CDR_OK;
    enum cdr_result result = cdr_text_value_put(&text, emitter->form, node, &at, error);
    free(value->data);
    *value = text;
    return result;
}

/* The columns of a constant: a record has one for each of its fields. */
static enum cdr_result put_columns(struct cdr_emitter *emitter, const struct cdr_schema_node *node,
                                   const uint8_t **at, struct cdr_error *error)
{
    while (node->kind == CDR_AVRO_UNION)
        node = node->members[cdr_own_varint(at)];
    if (node->kind != CDR_AVRO_RECORD) {
        enum cdr_result result = cdr_emit_column(emitter, error);
        return result == CDR_OK
                   ? cdr_text_value_put(&emitter->pending, CDR_FORM_CSV, node, at, error)
                   : result;
    }
    const char *path = emitter->path;
    enum cdr_result result = CDR_OK;
    for (size_t i = 0; result == CDR_OK && i < node->count; i++) {
        size_t room = strlen(path) + 1 + strlen(node->fields[i].name) + 1;
        char *inner = malloc(room);
        if (inner == NULL)
            return cdr_fail(error, CDR_E_NOMEM, "no memory for a CSV header");
        memcpy(inner, path, strlen(path));
        inner[strlen(path)] = '.';
        memcpy(inner + strlen(path) + 1, node->fields[i].name, strlen(node->fields[i].name) + 1);
        emitter->path = inner;
        result = put_columns(emitter, node->fields[i].type, at, error);
        emitter->path = path;
        free(inner);
    }
    return result;
}

enum cdr_result cdr_emit_constant(struct cdr_emitter *emitter, const struct cdr_schema_node *node,
                                  const json_t *value, struct cdr_error *error)
{
    struct cdr_bytes bytes = {0};
    if (emitter->form == CDR_FORM_AVRO)
        return cdr_constant_put(&emitter->pending, node, value, error);
    enum cdr_result result = cdr_constant_put(&bytes, node, value, error);
    const uint8_t *at = bytes.data;
    if (result == CDR_OK && emitter->form == CDR_FORM_JSON)
        result = cdr_text_value_put(&emitter->pending, CDR_FORM_JSON, node, &at, error);
    else if (result == CDR_OK)
        result = put_columns(emitter, node, &at, error);
    free(bytes.data);
    return result;
}

/* --- sources --- */

static enum cdr_result put_quote(struct cdr_emitter *emitter, struct cdr_error *error)
{
    return emitter->form == CDR_FORM_JSON ? put(&emitter->pending, "\"", error) : CDR_OK;
}

/* After an operation. One that may put nothing puts the quote itself. */
static enum cdr_result put_last_quote(struct cdr_emitter *emitter, struct cdr_error *error)
{
    if (!emitter->optional)
        return put_quote(emitter, error);
    emitter->ops[emitter->op_count - 1].quote_after = emitter->form == CDR_FORM_JSON;
    return CDR_OK;
}

enum cdr_result cdr_emit_number_text(struct cdr_emitter *emitter, struct cdr_op *op,
                                     const struct cdr_schema_node *node, uint64_t limit,
                                     struct cdr_error *error)
{
    bool text = node->kind == CDR_AVRO_STRING;
    op->kind = limit == 0                    ? CDR_OP_TEXT
               : limit <= CDR_DIGITS8_LIMIT  ? CDR_OP_TEXT8
               : limit <= CDR_DIGITS16_LIMIT ? CDR_OP_TEXT16
                                             : CDR_OP_TEXT;
    enum cdr_result result = text ? put_quote(emitter, error) : CDR_OK;
    if (result == CDR_OK)
        result = cdr_emit_op(emitter, op, 20, error);
    if (result == CDR_OK && text)
        result = put_last_quote(emitter, error);
    for (uint32_t i = 0;
         result == CDR_OK && node->logical == CDR_LOGICAL_DECIMAL && i < node->scale; i++)
        result = put(&emitter->pending, i == 0 ? ".0" : "0", error);
    return result;
}

enum cdr_result cdr_emit_string_text(struct cdr_emitter *emitter, struct cdr_op *op,
                                     const struct cdr_schema_node *node, struct cdr_error *error)
{
    if (node->logical == CDR_LOGICAL_UUID) {
        op->kind = CDR_OP_UUID_TEXT;
        op->len = 36;
    } else if (node->kind != CDR_AVRO_STRING) {
        op->stride = op->len;
        op->len = (op->len + 2) / 3 * 4;
        op->kind = op->kind == CDR_OP_CLOCK ? CDR_OP_BASE64_CLOCK
                   : op->kind == CDR_OP_UUID_TEXT || op->kind == CDR_OP_UUID_BYTES
                       ? CDR_OP_BASE64_UUID
                       : CDR_OP_BASE64_DIGITS;
    } else if (op->kind == CDR_OP_DIGITS) {
        op->kind = CDR_OP_TEXT_DIGITS;
    }
    enum cdr_result result = put_quote(emitter, error);
    if (result == CDR_OK)
        result = cdr_emit_op(emitter, op, 24, error);
    return result == CDR_OK ? put_last_quote(emitter, error) : result;
}
