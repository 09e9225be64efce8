#include "schema/emit.h"

#include <stdlib.h>
#include <string.h>

enum { DAY_MS = 86400000 };

static enum cdr_result add_op(struct cdr_emitter *emitter, const struct cdr_op *op,
                              struct cdr_error *error)
{
    uint32_t count = emitter->op_count;
    if (count >= CDR_PROGRAM_OPS_MAX)
        return cdr_fail(error, CDR_E_CONFIG, "the record has more than %d values",
                        CDR_PROGRAM_OPS_MAX);
    if ((count & (count - 1)) == 0) {
        struct cdr_op *ops = realloc(emitter->ops, (count == 0 ? 1 : 2 * count) * sizeof *ops);
        if (ops == NULL)
            return cdr_fail(error, CDR_E_NOMEM, "no memory for a schema's program");
        emitter->ops = ops;
    }
    emitter->ops[count] = *op;
    emitter->ops[count].offset = emitter->offset;
    emitter->op_count = count + 1;
    return CDR_OK;
}

static enum cdr_result add_length(struct cdr_emitter *emitter, size_t len, struct cdr_error *error)
{
    emitter->bytes_max += len;
    if (emitter->bytes_max <= CDR_PROGRAM_RECORD_MAX)
        return CDR_OK;
    return cdr_fail(error, CDR_E_CONFIG, "a record takes more than %d bytes",
                    CDR_PROGRAM_RECORD_MAX);
}

enum cdr_result cdr_emit_pending(struct cdr_emitter *emitter, struct cdr_error *error)
{
    static const uint8_t zeros[32] = {0};
    struct cdr_bytes *pending = &emitter->pending;
    uint32_t len = (uint32_t)pending->len;
    if (len == 0)
        return CDR_OK;
    struct cdr_op op = {
        .kind = len <= 16   ? CDR_OP_CONSTANT16
                : len <= 32 ? CDR_OP_CONSTANT32
                            : CDR_OP_CONSTANT,
        .len = len,
        .at = (uint32_t)emitter->data.len,
    };
    enum cdr_result result = add_length(emitter, len, error);
    if (result == CDR_OK)
        result = cdr_bytes_put(&emitter->data, pending->data, len, error);
    if (result == CDR_OK)
        result = cdr_bytes_put(&emitter->data, zeros, sizeof zeros, error);
    if (result == CDR_OK)
        result = add_op(emitter, &op, error);
    emitter->offset += len;
    pending->len = 0;
    return result;
}

/* What op puts, or nothing of it. */
static uint32_t make_optional(const struct cdr_emitter *emitter, struct cdr_op *op,
                              uint32_t len_max)
{
    const uint32_t whole = op->len != 0 ? op->len : len_max;
    op->inner = op->kind;
    op->kind = CDR_OP_OPTIONAL;
    op->len = 0;
    op->absent_len = emitter->absent_len;
    memcpy(op->absent, emitter->absent, sizeof op->absent);
    return whole + 8; /* a length, a quote, what stands for nothing */
}

enum cdr_result cdr_emit_op(struct cdr_emitter *emitter, struct cdr_op *op, uint32_t len_max,
                            struct cdr_error *error)
{
    struct cdr_bytes *pending = &emitter->pending;
    enum cdr_result result = CDR_OK;
    if (emitter->optional)
        len_max = make_optional(emitter, op, len_max);
    if (pending->len > sizeof op->prefix)
        result = cdr_emit_pending(emitter, error);
    if (pending->len > 0)
        memcpy(op->prefix, pending->data, pending->len);
    op->prefix_len = (uint32_t)pending->len;
    pending->len = 0;
    if (result == CDR_OK)
        result = add_op(emitter, op, error);
    if (result == CDR_OK)
        result = add_length(emitter, op->prefix_len + (op->len != 0 ? op->len : len_max), error);
    emitter->offset = op->len != 0 ? emitter->offset + op->prefix_len + op->len : 0;
    return result;
}

static enum cdr_result unfit(struct cdr_error *error, const struct cdr_schema_node *node,
                             const struct cdr_field_source *source)
{
    char text[160];
    return cdr_fail(error, CDR_E_CONFIG, "%s is %s, which %s cannot hold", source->name,
                    cdr_source_describe(source), cdr_schema_describe(node, text));
}

/* --- numbers --- */

static uint32_t number_digits(const struct cdr_field_source *source)
{
    static const uint32_t of_texts[] = {
        [CDR_COLUMN_MCCMNC] = 6, [CDR_COLUMN_MNC] = 3, [CDR_COLUMN_UUID] = 0};
    if (source->kind == CDR_SOURCE_DIGITS && source->digits == 0)
        return of_texts[source->column] != 0 ? of_texts[source->column] : 15;
    return source->kind == CDR_SOURCE_CLOCK ? 13 : source->digits;
}

static bool is_time(const struct cdr_field_source *source)
{
    return source->kind == CDR_SOURCE_TIME || source->kind == CDR_SOURCE_LOCAL ||
           source->kind == CDR_SOURCE_CLOCK;
}

static enum cdr_column local_column(enum cdr_column column)
{
    switch (column) {
    case CDR_COLUMN_START:
        return CDR_COLUMN_START_LOCAL;
    case CDR_COLUMN_END:
        return CDR_COLUMN_END_LOCAL;
    case CDR_COLUMN_EVENT:
        return CDR_COLUMN_EVENT_LOCAL;
    case CDR_COLUMN_ANSWER:
        return CDR_COLUMN_ANSWER_LOCAL;
    case CDR_COLUMN_EMISSION:
        return CDR_COLUMN_EMISSION_LOCAL;
    default:
        return column;
    }
}

static bool is_local(enum cdr_column column)
{
    return column == CDR_COLUMN_START_LOCAL || column == CDR_COLUMN_END_LOCAL ||
           column == CDR_COLUMN_EVENT_LOCAL || column == CDR_COLUMN_ANSWER_LOCAL ||
           column == CDR_COLUMN_EMISSION_LOCAL;
}

/* What the logical type makes of milliseconds; false where it wants something else. */
static bool convert_time(struct cdr_op *op, enum cdr_avro_logical logical)
{
    switch (logical) {
    case CDR_LOGICAL_DATE:
        op->divisor = DAY_MS;
        return true;
    case CDR_LOGICAL_TIME_MICROS:
        op->factor = 1000;
        op->modulus = DAY_MS;
        return true;
    case CDR_LOGICAL_TIME_MILLIS:
        op->modulus = DAY_MS;
        return true;
    case CDR_LOGICAL_LOCAL_TIMESTAMP_MILLIS:
    case CDR_LOGICAL_LOCAL_TIMESTAMP_MICROS:
    case CDR_LOGICAL_LOCAL_TIMESTAMP_NANOS:
        op->column = local_column(op->column);
        op->factor = logical == CDR_LOGICAL_LOCAL_TIMESTAMP_MILLIS   ? 1
                     : logical == CDR_LOGICAL_LOCAL_TIMESTAMP_MICROS ? 1000
                                                                     : 1000000;
        return true;
    case CDR_LOGICAL_TIMESTAMP_MICROS:
        op->factor = 1000;
        return true;
    case CDR_LOGICAL_TIMESTAMP_NANOS:
        op->factor = 1000000;
        return true;
    default:
        return logical == CDR_LOGICAL_NONE || logical == CDR_LOGICAL_TIMESTAMP_MILLIS ||
               logical == CDR_LOGICAL_DECIMAL;
    }
}

/* What the number stays below once it is reduced; 0 where it may have a sign or be of any size. */
static uint64_t number_limit(const struct cdr_op *op, const struct cdr_field_source *source)
{
    uint64_t limit = 1;
    uint32_t digits = number_digits(source);
    /* The local clock may be ahead of what blocks hold at most. */
    if (is_local(op->column))
        digits++;
    if (source->is_signed || digits > 17)
        return 0;
    for (uint32_t i = 0; i < digits; i++)
        limit *= 10;
    if (op->modulus != 0)
        limit = (uint64_t)op->modulus;
    limit = (limit - 1) / (uint64_t)op->divisor + 1;
    return limit > UINT64_MAX / (uint64_t)op->factor ? 0 : limit * (uint64_t)op->factor;
}

static bool is_plain_u32(const struct cdr_op *op)
{
    bool small = op->column == CDR_COLUMN_CELL || op->column == CDR_COLUMN_DURATION ||
                 op->column == CDR_COLUMN_SEGMENTS;
    return small && op->modulus == 0 && op->divisor == 1 && op->factor == 1;
}

static enum cdr_result emit_integer(struct cdr_emitter *emitter, struct cdr_op *op,
                                    const struct cdr_schema_node *node,
                                    const struct cdr_field_source *source, struct cdr_error *error)
{
    char text[160];
    bool reduced = op->modulus != 0 || op->divisor != 1;
    if (node->kind == CDR_AVRO_INT && !reduced && number_digits(source) > 9)
        return cdr_fail(error, CDR_E_CONFIG,
                        "%s has up to %u digits, which are too many for %s; a long holds them",
                        source->name, number_digits(source), cdr_schema_describe(node, text));
    if (emitter->form != CDR_FORM_AVRO)
        return cdr_emit_number_text(emitter, op, node, number_limit(op, source), error);
    op->kind = is_plain_u32(op)        ? CDR_OP_VARINT32
               : op->factor == 1000000 ? CDR_OP_VARINT_WIDE
                                       : CDR_OP_VARINT;
    return cdr_emit_op(emitter, op, op->kind == CDR_OP_VARINT_WIDE ? 10 : 8, error);
}

/* Digits that a source can really have; a duration has 17 bits in a record's key. */
static uint32_t real_digits(const struct cdr_field_source *source)
{
    return source->column == CDR_COLUMN_DURATION      ? 6
           : source->column == CDR_COLUMN_DURATION_MS ? 9
                                                      : number_digits(source);
}

static enum cdr_result emit_decimal(struct cdr_emitter *emitter, struct cdr_op *op,
                                    const struct cdr_schema_node *node,
                                    const struct cdr_field_source *source, struct cdr_error *error)
{
    char text[160];
    const uint32_t digits = real_digits(source), all = digits + node->scale;
    if (all > 18)
        return cdr_fail(error, CDR_E_CONFIG,
                        "%s has up to %u digits before the point, which are too many for %s (18 in "
                        "all are possible)",
                        source->name, digits, cdr_schema_describe(node, text));
    if (all > node->precision)
        return cdr_fail(error, CDR_E_CONFIG,
                        "%s has up to %u digits before the point, which are too many for %s; "
                        "decimal(%u,%u) holds them",
                        source->name, digits, cdr_schema_describe(node, text), all, node->scale);
    if (emitter->form != CDR_FORM_AVRO)
        return cdr_emit_number_text(emitter, op, node, number_limit(op, source), error);
    for (uint32_t i = 0; i < node->scale; i++)
        op->factor *= 10;
    op->kind = node->kind == CDR_AVRO_FIXED ? CDR_OP_DECIMAL_FIXED : CDR_OP_DECIMAL_BYTES;
    op->len = node->kind == CDR_AVRO_FIXED ? node->size : 0;
    return cdr_emit_op(emitter, op, 10, error);
}

static enum cdr_result emit_number(struct cdr_emitter *emitter, const struct cdr_schema_node *node,
                                   const struct cdr_field_source *source, struct cdr_error *error)
{
    struct cdr_op op = {.column = source->column, .divisor = 1, .factor = 1};
    bool fits = is_time(source)
                    ? convert_time(&op, node->logical)
                    : node->logical == CDR_LOGICAL_NONE || node->logical == CDR_LOGICAL_DECIMAL;
    if (!fits)
        return unfit(error, node, source);
    switch (node->kind) {
    case CDR_AVRO_INT:
    case CDR_AVRO_LONG:
        return emit_integer(emitter, &op, node, source, error);
    case CDR_AVRO_FLOAT:
    case CDR_AVRO_DOUBLE:
        if (emitter->form != CDR_FORM_AVRO)
            return cdr_emit_number_text(emitter, &op, node, number_limit(&op, source), error);
        op.kind = node->kind == CDR_AVRO_FLOAT ? CDR_OP_FLOAT : CDR_OP_DOUBLE;
        op.len = node->kind == CDR_AVRO_FLOAT ? 4 : 8;
        return cdr_emit_op(emitter, &op, 0, error);
    case CDR_AVRO_STRING:
        if (emitter->form != CDR_FORM_AVRO)
            return cdr_emit_number_text(emitter, &op, node, number_limit(&op, source), error);
        op.kind = CDR_OP_NUMBER_TEXT;
        return cdr_emit_op(emitter, &op, 1 + 20, error);
    default:
        if (node->logical == CDR_LOGICAL_DECIMAL)
            return emit_decimal(emitter, &op, node, source, error);
        return unfit(error, node, source);
    }
}

/* --- texts --- */

static enum cdr_result emit_text(struct cdr_emitter *emitter, const struct cdr_schema_node *node,
                                 const struct cdr_field_source *source, struct cdr_error *error)
{
    struct cdr_op op = {.column = source->column, .divisor = 1, .factor = 1, .len = source->digits};
    op.kind = source->kind == CDR_SOURCE_CLOCK  ? CDR_OP_CLOCK
              : source->kind == CDR_SOURCE_UUID ? CDR_OP_UUID_TEXT
              : source->digits == 0             ? CDR_OP_DIGITS
                                                : CDR_OP_DIGITS_FIXED;
    if (emitter->optional && node->kind != CDR_AVRO_STRING)
        return unfit(error, node, source);
    if (node->kind == CDR_AVRO_FIXED) {
        if (source->kind == CDR_SOURCE_UUID && node->size == 16) {
            op.kind = CDR_OP_UUID_BYTES;
            op.len = 16;
        } else if (node->size != op.len || node->logical != CDR_LOGICAL_NONE) {
            return unfit(error, node, source);
        }
        return emitter->form != CDR_FORM_AVRO ? cdr_emit_string_text(emitter, &op, node, error)
                                              : cdr_emit_op(emitter, &op, 0, error);
    }
    if ((node->kind != CDR_AVRO_STRING && node->kind != CDR_AVRO_BYTES) ||
        (node->logical == CDR_LOGICAL_UUID && source->kind != CDR_SOURCE_UUID) ||
        node->logical == CDR_LOGICAL_DECIMAL)
        return unfit(error, node, source);
    enum cdr_result result = CDR_OK;
    if (emitter->form != CDR_FORM_AVRO)
        return cdr_emit_string_text(emitter, &op, node, error);
    op.clock_length = emitter->optional;
    if (op.len != 0 && !emitter->optional)
        result = cdr_bytes_put_long(&emitter->pending, op.len, error);
    return result == CDR_OK ? cdr_emit_op(emitter, &op, 16, error) : result;
}

static enum cdr_result emit_zone(struct cdr_emitter *emitter, const struct cdr_schema_node *node,
                                 const struct cdr_field_source *source, struct cdr_error *error)
{
    size_t len = strlen(emitter->tz_name);
    struct cdr_bytes name = {0};
    enum cdr_result result;
    if (node->logical != CDR_LOGICAL_NONE)
        return unfit(error, node, source);
    if (node->kind == CDR_AVRO_FIXED && node->size == len)
        result = cdr_bytes_put(&name, emitter->tz_name, len, error);
    else if (node->kind == CDR_AVRO_STRING || node->kind == CDR_AVRO_BYTES)
        result = cdr_bytes_put_text(&name, emitter->tz_name, len, error);
    else
        return unfit(error, node, source);
    if (result == CDR_OK)
        result = cdr_emit_convert(emitter, &name, node, error);
    if (result == CDR_OK)
        result = cdr_bytes_put(&emitter->pending, name.data, name.len, error);
    free(name.data);
    return result;
}

/* --- symbols --- */

/* Exact, else by cdr_name_same; −1: not there. */
static int64_t find_symbol(const struct cdr_schema_node *node, const char *name)
{
    size_t count = json_array_size(node->symbols);
    for (size_t i = 0; i < count; i++)
        if (strcmp(json_string_value(json_array_get(node->symbols, i)), name) == 0)
            return (int64_t)i;
    for (size_t i = 0; i < count; i++)
        if (cdr_name_same(json_string_value(json_array_get(node->symbols, i)), name))
            return (int64_t)i;
    return -1;
}

static enum cdr_result put_symbol(struct cdr_bytes *entry, const struct cdr_schema_node *node,
                                  const struct cdr_value *value, uint32_t type, uint32_t i,
                                  struct cdr_error *error)
{
    const struct cdr_field_source *source = value->source;
    const char *name = source->names[i];
    const json_t *given = json_object_get(value->symbols, name);
    if (given != NULL)
        return cdr_constant_put(entry, node, given, error);
    if (node->kind == CDR_AVRO_BOOLEAN && source->kind == CDR_SOURCE_BOOLEAN)
        return cdr_bytes_put(entry, name[0] == 't' ? "\1" : "", 1, error);
    if ((node->kind == CDR_AVRO_STRING || node->kind == CDR_AVRO_BYTES) &&
        node->logical == CDR_LOGICAL_NONE)
        return cdr_bytes_put_text(entry, name, strlen(name), error);
    if (node->kind != CDR_AVRO_ENUM)
        return unfit(error, node, source);
    int64_t symbol = find_symbol(node, name);
    if (symbol < 0)
        return cdr_fail(error, CDR_E_CONFIG,
                        "the enum %s lacks the symbol %s, which %s holds in %s records",
                        node->full_name, name, source->name, cdr_type_name[type]);
    return cdr_bytes_put_long(entry, symbol, error);
}

/* A symbol that the type's records never hold may be missing: it is put as the first that they do.
 */
static enum cdr_result make_entries(struct cdr_emitter *emitter, const struct cdr_schema_node *node,
                                    const struct cdr_value *value,
                                    struct cdr_bytes entries[CDR_SOURCE_SYMBOLS_MAX],
                                    struct cdr_error *error)
{
    uint32_t some = CDR_SOURCE_SYMBOLS_MAX;
    for (uint32_t i = 0; i < value->source->count; i++) {
        if (!cdr_source_occurs(value->source, emitter->type, i))
            continue;
        enum cdr_result result = put_symbol(&entries[i], node, value, emitter->type, i, error);
        if (result != CDR_OK)
            return result;
        some = some < i ? some : i;
    }
    for (uint32_t i = 0; i < CDR_SOURCE_SYMBOLS_MAX; i++) {
        bool known = i < value->source->count &&
                     !cdr_source_occurs(value->source, emitter->type, i) &&
                     put_symbol(&entries[i], node, value, emitter->type, i, NULL) == CDR_OK;
        if (i < value->source->count && cdr_source_occurs(value->source, emitter->type, i))
            known = true;
        if (!known) {
            entries[i].len = 0;
            enum cdr_result result =
                cdr_bytes_put(&entries[i], entries[some].data, entries[some].len, error);
            if (result != CDR_OK)
                return result;
        }
    }
    return CDR_OK;
}

static enum cdr_result put_table(struct cdr_emitter *emitter, struct cdr_op *op,
                                 const struct cdr_bytes entries[CDR_SOURCE_SYMBOLS_MAX],
                                 struct cdr_error *error)
{
    static const uint8_t zeros[16] = {0};
    uint32_t lens[CDR_SOURCE_SYMBOLS_MAX];
    /* Aligned, so that lengths are read as they are. */
    enum cdr_result result =
        cdr_bytes_put(&emitter->data, zeros, (16 - emitter->data.len % 16) % 16, error);
    op->at = (uint32_t)emitter->data.len;
    for (uint32_t i = 0; i < CDR_SOURCE_SYMBOLS_MAX; i++)
        lens[i] = (uint32_t)entries[i].len;
    if (result == CDR_OK)
        result = cdr_bytes_put(&emitter->data, lens, sizeof lens, error);
    for (uint32_t i = 0; result == CDR_OK && i < CDR_SOURCE_SYMBOLS_MAX; i++) {
        result = cdr_bytes_put(&emitter->data, entries[i].data, entries[i].len, error);
        for (size_t gap = op->stride - entries[i].len; result == CDR_OK && gap > 0;) {
            size_t part = gap < sizeof zeros ? gap : sizeof zeros;
            result = cdr_bytes_put(&emitter->data, zeros, part, error);
            gap -= part;
        }
    }
    return result;
}

static enum cdr_result emit_table(struct cdr_emitter *emitter,
                                  const struct cdr_field_source *source,
                                  const struct cdr_bytes entries[CDR_SOURCE_SYMBOLS_MAX],
                                  struct cdr_error *error)
{
    struct cdr_op op = {.column = source->column, .divisor = 1, .factor = 1};
    size_t longest = 0;
    bool same = true;
    for (uint32_t i = 0; i < CDR_SOURCE_SYMBOLS_MAX; i++) {
        longest = longest > entries[i].len ? longest : entries[i].len;
        same = same && entries[i].len == entries[0].len;
    }
    op.kind = longest > 16          ? CDR_OP_TABLE
              : same && longest > 0 ? CDR_OP_TABLE_FIXED
                                    : CDR_OP_TABLE16;
    op.len = op.kind == CDR_OP_TABLE_FIXED ? (uint32_t)longest : 0;
    op.stride = (uint32_t)(longest > 16 ? longest : 16);
    enum cdr_result result = put_table(emitter, &op, entries, error);
    return result == CDR_OK ? cdr_emit_op(emitter, &op, (uint32_t)longest, error) : result;
}

static enum cdr_result emit_symbol(struct cdr_emitter *emitter, const struct cdr_schema_node *node,
                                   const struct cdr_value *value, struct cdr_error *error)
{
    struct cdr_bytes entries[CDR_SOURCE_SYMBOLS_MAX] = {{0}};
    enum cdr_result result = make_entries(emitter, node, value, entries, error);
    for (uint32_t i = 0; result == CDR_OK && i < CDR_SOURCE_SYMBOLS_MAX; i++)
        result = cdr_emit_convert(emitter, &entries[i], node, error);
    if (result == CDR_OK && value->source->column == CDR_COLUMN_TYPE)
        result = cdr_bytes_put(&emitter->pending, entries[emitter->type].data,
                               entries[emitter->type].len, error);
    else if (result == CDR_OK)
        result = emit_table(emitter, value->source, entries, error);
    for (uint32_t i = 0; i < CDR_SOURCE_SYMBOLS_MAX; i++)
        free(entries[i].data);
    return result;
}

/* --- all --- */

static bool is_numeric(const struct cdr_schema_node *node)
{
    return (node->kind >= CDR_AVRO_INT && node->kind <= CDR_AVRO_DOUBLE) ||
           node->logical == CDR_LOGICAL_DECIMAL;
}

/* Whether a symbol goes into a number that 3GPP has for it. */
static bool is_coded(const struct cdr_schema_node *node, const struct cdr_value *value)
{
    return value->source->number != NULL && value->symbols == NULL &&
           (node->kind == CDR_AVRO_INT || node->kind == CDR_AVRO_LONG);
}

static enum cdr_result emit_plain(struct cdr_emitter *emitter, const struct cdr_schema_node *node,
                                  const struct cdr_value *value, struct cdr_error *error)
{
    const struct cdr_field_source *source = value->source;
    if (is_coded(node, value))
        return emit_number(emitter, node, cdr_source_find(source->number, emitter->type), error);
    switch (source->kind) {
    case CDR_SOURCE_SYMBOL:
    case CDR_SOURCE_BOOLEAN:
        return emit_symbol(emitter, node, value, error);
    case CDR_SOURCE_ZONE:
        return emit_zone(emitter, node, source, error);
    case CDR_SOURCE_UUID:
    case CDR_SOURCE_TEXT:
        return emit_text(emitter, node, source, error);
    case CDR_SOURCE_DIGITS:
    case CDR_SOURCE_CLOCK:
        return is_numeric(node) ? emit_number(emitter, node, source, error)
                                : emit_text(emitter, node, source, error);
    default:
        return emit_number(emitter, node, source, error);
    }
}

/* A type of the source's own kind, as against a text of it. */
static bool is_natural(const struct cdr_schema_node *node, const struct cdr_field_source *source)
{
    switch (source->kind) {
    case CDR_SOURCE_NUMBER:
    case CDR_SOURCE_TIME:
    case CDR_SOURCE_LOCAL:
        return is_numeric(node);
    case CDR_SOURCE_SYMBOL:
        return node->kind == CDR_AVRO_ENUM;
    case CDR_SOURCE_BOOLEAN:
        return node->kind == CDR_AVRO_BOOLEAN;
    default:
        return !is_numeric(node);
    }
}

/* 0 comes first: a type of the source's own kind, then one that has its text, then one that has a
 * number for it. */
static int branch_rank(const struct cdr_schema_node *branch, const struct cdr_value *value)
{
    return is_coded(branch, value) ? 2 : is_natural(branch, value->source) ? 0 : 1;
}

static enum cdr_result emit_union(struct cdr_emitter *emitter, const struct cdr_schema_node *node,
                                  const struct cdr_value *value, struct cdr_error *error)
{
    size_t pending = emitter->pending.len;
    struct cdr_error why = {{0}};
    for (int rank = 0; rank < 3; rank++)
        for (size_t i = 0; i < node->count; i++) {
            const struct cdr_schema_node *branch = node->members[i];
            if (branch->kind == CDR_AVRO_NULL || branch_rank(branch, value) != rank)
                continue;
            enum cdr_result result = cdr_emit_branch(emitter, i, error);
            if (result == CDR_OK)
                result = emit_plain(emitter, branch, value, why.text[0] == '\0' ? &why : NULL);
            if (result != CDR_E_CONFIG)
                return result;
            emitter->pending.len = pending;
        }
    return cdr_fail(error, CDR_E_CONFIG, "%s", why.text[0] != '\0' ? why.text : "it is null alone");
}

static bool is_decimal(const struct cdr_schema_node *node)
{
    bool decimal = node->logical == CDR_LOGICAL_DECIMAL;
    for (size_t i = 0; node->kind == CDR_AVRO_UNION && i < node->count; i++)
        decimal = decimal || node->members[i]->logical == CDR_LOGICAL_DECIMAL;
    return decimal;
}

/* What stands for the source where a record has none: null, or where only a text is allowed an
 * empty one. */
static enum cdr_result begin_optional(struct cdr_emitter *emitter,
                                      const struct cdr_schema_node *node,
                                      const struct cdr_field_source *source,
                                      struct cdr_error *error)
{
    size_t null = 0;
    const size_t count = node->kind == CDR_AVRO_UNION ? node->count : 0;
    while (null < count && node->members[null]->kind != CDR_AVRO_NULL)
        null++;
    if ((null == count && node->kind != CDR_AVRO_STRING) || is_decimal(node) || null > 63)
        return cdr_fail(error, CDR_E_CONFIG,
                        "%s is absent in some %s records; only a union with null or a string can "
                        "hold that, and no decimal",
                        source->name, cdr_type_name[emitter->type]);
    const char *text = null == count ? "\"\"" : emitter->form == CDR_FORM_JSON ? "null" : "";
    emitter->absent_len = (uint32_t)strlen(text);
    memcpy(emitter->absent, text, strlen(text));
    if (emitter->form == CDR_FORM_AVRO) {
        emitter->absent_len = 1;
        emitter->absent[0] = (uint8_t)(null < count ? null << 1 : 0);
    }
    /* What stands before the value stays where the value goes. */
    return cdr_emit_pending(emitter, error);
}

enum cdr_result cdr_emit_value(struct cdr_emitter *emitter, const struct cdr_schema_node *node,
                               const struct cdr_value *value, struct cdr_error *error)
{
    enum cdr_result result = cdr_emit_column(emitter, error);
    if (result == CDR_OK && value->source->optional)
        result = begin_optional(emitter, node, value->source, error);
    if (result != CDR_OK)
        return result;
    emitter->optional = value->source->optional;
    result = node->kind == CDR_AVRO_UNION ? emit_union(emitter, node, value, error)
                                          : emit_plain(emitter, node, value, error);
    emitter->optional = false;
    return result;
}

void cdr_emitter_free(struct cdr_emitter *emitter)
{
    free(emitter->pending.data);
    free(emitter->data.data);
    free(emitter->header.data);
    json_decref(emitter->columns);
    free(emitter->ops);
}
