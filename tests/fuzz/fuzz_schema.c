/* Random schemas, compiled: what they write, avro-c must read to the last byte and write again as it
 * was, and the fields of known names must hold the record's values. As JSON, jansson must read the
 * same values; as CSV, each line must have a cell for each column, with them. Every other text is then damaged
 * at random: it is refused in one line, or holds the same.
 *
 *   fuzz_schema SECONDS [SEED]
 *
 * A failure prints the seed that repeats it (with 0 seconds: that one case) and the text. */
#include <avro.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "encode/program.h"
#include "schema/schema.h"
#include "tests/unit/encode_blocks.h"

struct text {
    char bytes[1 << 16];
    size_t len;
    uint64_t state;
    uint32_t type;
    int names; /* of types given so far */
};

static uint64_t case_seed;

static uint64_t below(struct text *text, uint64_t limit)
{
    return blocks_random(&text->state) % limit;
}

__attribute__((format(printf, 2, 3))) static void put(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t room = sizeof text->bytes - text->len;
    int len = vsnprintf(text->bytes + text->len, room, format, arguments);
    va_end(arguments);
    text->len += (size_t)len < room ? (size_t)len : room - 1;
}

static void fail(const struct text *text, const char *what, const char *more)
{
    fprintf(stderr, "seed %llu: %s %s\n%.*s\n", (unsigned long long)case_seed, what, more,
            (int)text->len, text->bytes);
    exit(1);
}

/* --- schemas --- */

static void put_type(struct text *text, int depth);

static void put_default(struct text *text)
{
    static const char *const values[] = {"null",
                                         "0",
                                         "1.5",
                                         "\"\"",
                                         "\"a\\u00ff\\u0000\"",
                                         "true",
                                         "[]",
                                         "{}",
                                         "-2147483648",
                                         "9223372036854775807",
                                         "[1]",
                                         "{\"a\":1}",
                                         "\"MO\"",
                                         "1e300",
                                         "{\"f0\":null}",
                                         "\"a;\\\"b\\\\\"",
                                         "\"\\n\\u20ac\"",
                                         "0.1",
                                         "-3.4028234663852886e38"};
    put(text, ",\"default\":%s", values[below(text, sizeof values / sizeof *values)]);
}

static void put_enum(struct text *text);
static void put_logical(struct text *text);

/* A type that the source mostly fits. */
static void put_fitting(struct text *text, const struct cdr_field_source *source)
{
    static const char *const numbers[] = {"long", "double", "float", "string"};
    bool nullable = below(text, 3) == 0, last = below(text, 2) == 0;
    put(text, nullable ? last ? "[" : "[\"null\"," : "");
    if (source->kind == CDR_SOURCE_SYMBOL && below(text, 2) == 0)
        put_enum(text);
    else if (source->kind == CDR_SOURCE_TIME && below(text, 2) == 0)
        put_logical(text);
    else if (source->kind <= CDR_SOURCE_LOCAL)
        put(text, "\"%s\"", numbers[below(text, 4)]);
    else
        put(text, below(text, 4) == 0 ? "\"bytes\"" : "\"string\"");
    put(text, nullable ? last ? ",\"null\"]" : "]" : "");
}

static void put_field(struct text *text, int i, int depth)
{
    const struct cdr_field_source *source = &cdr_sources[below(text, cdr_source_count)];
    bool own = below(text, 4) == 0, fitting = below(text, 25) != 0;
    if (own || !cdr_source_has(source, text->type)) {
        put(text, "{\"name\":\"f%d\",\"type\":%s", i, fitting ? "[\"null\"," : "");
        put_type(text, depth);
        put(text, fitting ? "]" : "");
    } else {
        put(text, "{\"name\":\"%s%s\",\"type\":", source->name, below(text, 40) ? "" : "_x");
        if (fitting)
            put_fitting(text, source);
        else
            put_type(text, depth);
    }
    if (below(text, 12) == 0)
        put_default(text);
    if (below(text, 12) == 0)
        put(text, ",\"aliases\":[\"%s\"]", cdr_sources[below(text, cdr_source_count)].name);
    put(text, "}");
}

static void put_record(struct text *text, int depth)
{
    int count = 1 + (int)below(text, depth == 0 ? 12 : 4);
    put(text, "{\"type\":\"record\",\"name\":\"T%d\",\"fields\":[", text->names++);
    for (int i = 0; i < count; i++) {
        if (i > 0)
            put(text, ",");
        put_field(text, i, depth + 1);
    }
    put(text, "]}");
}

static void put_enum(struct text *text)
{
    static const char *const symbols =
        "\"MO\",\"MT\",\"CALL\",\"SMS\",\"DATA\",\"MSC_VOICE_RECORD\",\"normalRelease\","
        "\"noAnswer\","
        "\"busy\",\"failure\",\"deliverySuccess\",\"deliveryFailure\",\"partialRecord\",\"LTE\","
        "\"abnormalRelease\",\"timeLimit\","
        "\"sgsnSMORecord\",\"sgsnSMTRecord\",\"sgsnPDPRecord\",\"pgwRecord\",\"SENT\",\"FAILED\","
        "\"DELIVERED\",\"internet\",\"ims\",\"mms\",\"WCDMA\",\"NR\"";
    put(text, "{\"type\":\"enum\",\"name\":\"T%d\",\"symbols\":[", text->names++);
    for (uint64_t i = below(text, 4) * below(text, 40); i > 0; i--)
        put(text, "\"S%d\",", (int)i);
    put(text, "%s]}", symbols);
}

static void put_logical(struct text *text)
{
    static const char *const types[] = {
        "{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}",
        "{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}",
        "{\"type\":\"long\",\"logicalType\":\"timestamp-nanos\"}",
        "{\"type\":\"long\",\"logicalType\":\"local-timestamp-micros\"}",
        "{\"type\":\"int\",\"logicalType\":\"date\"}",
        "{\"type\":\"int\",\"logicalType\":\"time-millis\"}",
        "{\"type\":\"long\",\"logicalType\":\"time-micros\"}",
        "{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":18,\"scale\":1}",
        "{\"type\":\"string\",\"logicalType\":\"uuid\"}",
        "{\"type\":\"string\",\"logicalType\":\"decimal\"}",
    };
    if (below(text, 6) == 0)
        put(text,
            "{\"type\":\"fixed\",\"name\":\"T%d\",\"size\":%d,\"logicalType\":\"decimal\","
            "\"precision\":%d}",
            text->names++, 8 + (int)below(text, 12), 16 + (int)below(text, 4));
    else
        put(text, "%s", types[below(text, sizeof types / sizeof *types)]);
}

static void put_union(struct text *text, int depth)
{
    static const char *const others[] = {"int", "long", "float", "double", "string", "bytes"};
    bool first = below(text, 2) == 0;
    put(text, first ? "[\"null\"," : "[");
    if (below(text, 3) == 0)
        put(text, "\"%s\",\"boolean\"", others[below(text, 6)]);
    else
        put_type(text, depth + 1);
    put(text, first ? "]" : ",\"null\"]");
}

static void put_type(struct text *text, int depth)
{
    static const char *const primitives[] = {"null", "boolean", "int",   "long",   "string",
                                             "long", "string",  "float", "double", "bytes"};
    switch (below(text, depth > 4 ? 4 : 12)) {
    case 4:
    case 5:
        put_union(text, depth);
        break;
    case 6:
        put_record(text, depth);
        break;
    case 7:
        put_enum(text);
        break;
    case 8:
        put_logical(text);
        break;
    case 9:
        put(text, below(text, 2) == 0 ? "{\"type\":\"array\",\"items\":"
                                      : "{\"type\":\"map\",\"values\":");
        put_type(text, depth + 1);
        put(text, "}");
        break;
    case 10:
        put(text, "{\"type\":\"fixed\",\"name\":\"T%d\",\"size\":%d}", text->names++,
            1 + (int)below(text, 20));
        break;
    case 11:
        if (text->names > 1) {
            put(text, "\"T%d\"", (int)below(text, (uint64_t)text->names));
            break;
        }
        /* fall through */
    default:
        put(text, "\"%s\"", primitives[below(text, 10)]);
        break;
    }
}

static void damage(struct text *text)
{
    for (uint64_t i = 1 + below(text, 3); i > 0; i--) {
        size_t at = below(text, text->len), len = 1 + below(text, 12), to = below(text, text->len);
        switch (below(text, 3)) {
        case 0:
            text->bytes[at] = (char)(1 + below(text, 255));
            break;
        case 1: /* cut */
            len = at + len > text->len ? text->len - at : len;
            memmove(text->bytes + at, text->bytes + at + len, text->len - at - len);
            text->len -= len;
            break;
        default: /* copy elsewhere */
            len = (at > to ? at : to) + len > text->len ? 1 : len;
            memmove(text->bytes + to, text->bytes + at, len);
            break;
        }
        if (text->len == 0)
            break;
    }
    text->bytes[text->len] = '\0';
}

/* --- what they write --- */

static void make_block(struct cdr_block *block, struct text *text)
{
    static const uint8_t causes[CDR_TYPE_COUNT][2] = {
        {CDR_CAUSE_NORMAL_RELEASE, CDR_CAUSE_BUSY},
        {CDR_CAUSE_DELIVERY_SUCCESS, CDR_CAUSE_DELIVERY_FAILURE},
        {CDR_CAUSE_NORMAL_RELEASE, CDR_CAUSE_PARTIAL_RECORD}};
    static const uint8_t types[CDR_TYPE_COUNT] = {CDR_RECORD_MSC_VOICE, CDR_RECORD_SGSN_SMO,
                                                  CDR_RECORD_PGW};
    blocks_make(block, text->type, 1 + (uint32_t)below(text, 80), below(text, 1000));
    for (uint32_t i = 0; i < block->n; i++) {
        block->cause[i] = causes[text->type][i % 2];
        block->record_type[i] = types[text->type];
        block->tz_offset_min[i] = (int32_t)(i * 15 % 1681) - 840;
        if (text->type == CDR_TYPE_DATA)
            block->direction[i] = CDR_DIRECTION_MO;
    }
}

/* The number or text that a field of this name must hold, where it is plain. */
static void expect_plain(const struct text *text, avro_value_t *record, const struct cdr_block *b,
                         uint32_t i, const json_t *field)
{
    const char *name = json_string_value(json_object_get(field, "name"));
    const char *type = json_string_value(json_object_get(field, "type"));
    avro_value_t value;
    int64_t number = -1, expected;
    if (type == NULL || avro_value_get_by_name(record, name, &value, NULL) != 0)
        return;
    if (strcmp(type, "long") == 0) {
        if (strcmp(name, "start_ts_ms") == 0)
            expected = b->start_ms[i];
        else if (strcmp(name, "duration_ms") == 0)
            expected = (int64_t)b->duration_s[i] * 1000;
        else if (strcmp(name, "tz_offset_min") == 0)
            expected = b->tz_offset_min[i];
        else if (strcmp(name, "data_bytes_total") == 0 && b->type == CDR_TYPE_DATA)
            expected = (int64_t)(b->data_bytes_in[i] + b->data_bytes_out[i]);
        else
            return;
        if (avro_value_get_long(&value, &number) != 0 || number != expected)
            fail(text, "another number in", name);
    } else if (strcmp(type, "string") == 0 && strcmp(name, "imsi") == 0) {
        const char *digits = NULL;
        size_t size = 0;
        if (avro_value_get_string(&value, &digits, &size) != 0 || size != 16 ||
            memcmp(digits, b->imsi[i] + 1, 15) != 0)
            fail(text, "another text in", name);
    }
}

static avro_schema_t read_schema(const struct text *text, json_t *json)
{
    avro_schema_t schema = NULL;
    char *plain = json_dumps(json, JSON_COMPACT);
    if (plain == NULL || avro_schema_from_json_length(plain, strlen(plain), &schema) != 0)
        fail(text, "avro-c refuses what was compiled:", avro_strerror());
    free(plain);
    return schema;
}

/* Defaults may hold what avro-c's JSON reader refuses, and it does not look at them. */
static void strip(json_t *json)
{
    size_t i;
    json_t *item;
    const char *key;
    json_object_del(json, "default");
    json_object_del(json, "doc");
    json_object_del(json, "aliases");
    json_array_foreach(json, i, item) strip(item);
    json_object_foreach(json, key, item) strip(item);
}

static void expect_agreement(const struct text *text, const struct cdr_block *block,
                             const uint8_t *bytes, const uint32_t *ends)
{
    static char again[CDR_PROGRAM_RECORD_MAX + 64];
    json_t *json = json_loads(text->bytes, JSON_ALLOW_NUL, NULL), *field;
    strip(json);
    avro_schema_t schema = read_schema(text, json);
    avro_value_iface_t *class = avro_generic_class_from_schema(schema);
    avro_value_t record;
    if (class == NULL || avro_generic_value_new(class, &record) != 0)
        fail(text, "avro-c makes no value:", avro_strerror());
    for (uint32_t i = 0, start = 0; i < block->n; start = ends[i++]) {
        size_t len = ends[i] - start, k;
        avro_reader_t reader = avro_reader_memory((const char *)bytes + start, (int64_t)len);
        avro_writer_t writer = avro_writer_memory(again, sizeof again);
        avro_value_reset(&record);
        if (avro_value_read(reader, &record) != 0)
            fail(text, "avro-c cannot read a record:", avro_strerror());
        if (avro_value_write(writer, &record) != 0 || avro_writer_tell(writer) != (int64_t)len ||
            memcmp(again, bytes + start, len) != 0)
            fail(text, "avro-c writes other bytes", "");
        json_array_foreach(json_object_get(json, "fields"), k, field)
            expect_plain(text, &record, block, i, field);
        avro_reader_free(reader);
        avro_writer_free(writer);
    }
    avro_value_decref(&record);
    avro_value_iface_decref(class);
    avro_schema_decref(schema);
    json_decref(json);
}

/* --- as text --- */

/* What a line of CSV has left, at NULL: nothing; some: whether there is CSV. */
struct cells {
    const char *at, *end;
    bool some;
    size_t taken;
};

static char *take_cell(const struct text *text, struct cells *cells)
{
    static char cell[CDR_PROGRAM_RECORD_MAX + 1];
    size_t len = 0;
    const char *at = cells->at;
    if (at == NULL)
        fail(text, "CSV has too few cells", "");
    cells->taken++;
    if (*at == '"') {
        for (at++; *at != '"' || at[1] == '"'; at++) {
            at += *at == '"';
            if (at >= cells->end)
                fail(text, "CSV has a quote without its end", "");
            cell[len++] = *at;
        }
        at++;
    } else {
        while (at < cells->end && *at != ';') {
            if (*at == '"')
                fail(text, "CSV has a quote in a plain cell", "");
            cell[len++] = *at++;
        }
    }
    if (at < cells->end && *at != ';')
        fail(text, "CSV has something behind a quoted cell", "");
    cells->at = at < cells->end ? at + 1 : NULL;
    cell[len] = '\0';
    return cell;
}

static size_t plain_bytes(const char *base64, uint8_t *to)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0;
    int held = 0;
    size_t len = 0;
    for (; *base64 != '\0' && *base64 != '='; base64++) {
        const char *found = strchr(alphabet, *base64);
        if (found == NULL)
            return SIZE_MAX;
        bits = bits << 6 | (uint32_t)(found - alphabet);
        held += 6;
        if (held >= 8)
            to[len++] = (uint8_t)(bits >> (held -= 8));
    }
    return len;
}

static bool same_bytes(const struct cdr_schema_node *node, const uint8_t *bytes, size_t len,
                       const json_t *found)
{
    static uint8_t plain[CDR_PROGRAM_RECORD_MAX];
    if (node->logical == CDR_LOGICAL_DECIMAL) {
        long double number = 0;
        for (size_t i = 0; i < len; i++)
            number = number * 256 + (i == 0 ? (int8_t)bytes[0] : bytes[i]);
        for (uint32_t i = 0; i < node->scale; i++)
            number /= 10;
        long double distance = number - (long double)json_number_value(found);
        long double size = number < 0 ? -number : number;
        return json_is_number(found) && distance <= size * 1e-9L && -distance <= size * 1e-9L;
    }
    if (!json_is_string(found))
        return false;
    if (node->kind == CDR_AVRO_STRING)
        return json_string_length(found) == len &&
               memcmp(json_string_value(found), bytes, len) == 0;
    if (node->logical == CDR_LOGICAL_UUID)
        return json_string_length(found) == 36;
    return json_string_length(found) == (len + 2) / 3 * 4 &&
           plain_bytes(json_string_value(found), plain) == len && memcmp(plain, bytes, len) == 0;
}

static bool same_scalar(const struct cdr_schema_node *node, avro_value_t *value,
                        const json_t *found)
{
    int truth = 0, symbol = 0;
    int32_t small = 0;
    int64_t large = 0;
    float single = 0;
    double number = 0;
    const void *bytes = NULL;
    const char *string = NULL;
    size_t len = 0;
    switch (node->kind) {
    case CDR_AVRO_NULL:
        return json_is_null(found);
    case CDR_AVRO_BOOLEAN:
        return avro_value_get_boolean(value, &truth) == 0 && json_is_boolean(found) &&
               json_is_true(found) == (truth != 0);
    case CDR_AVRO_INT:
        return avro_value_get_int(value, &small) == 0 && json_is_integer(found) &&
               json_integer_value(found) == small;
    case CDR_AVRO_LONG:
        return avro_value_get_long(value, &large) == 0 && json_is_integer(found) &&
               json_integer_value(found) == large;
    case CDR_AVRO_FLOAT:
        avro_value_get_float(value, &single);
        return json_is_number(found) &&
               (json_is_integer(found) ? (float)json_integer_value(found)
                                       : (float)json_real_value(found)) == single;
    case CDR_AVRO_DOUBLE:
        avro_value_get_double(value, &number);
        return json_is_number(found) && json_number_value(found) == number;
    case CDR_AVRO_ENUM:
        avro_value_get_enum(value, &symbol);
        return json_equal(json_array_get(node->symbols, (size_t)symbol), found);
    case CDR_AVRO_FIXED:
        return avro_value_get_fixed(value, &bytes, &len) == 0 &&
               same_bytes(node, bytes, len, found);
    case CDR_AVRO_BYTES:
        return avro_value_get_bytes(value, &bytes, &len) == 0 &&
               same_bytes(node, bytes, len, found);
    default:
        return avro_value_get_string(value, &string, &len) == 0 &&
               same_bytes(node, (const uint8_t *)string, len - 1, found);
    }
}

/* A cell holds what JSON does. */
static void expect_cell(const struct text *text, const json_t *found, struct cells *cells)
{
    const char *cell = take_cell(text, cells);
    bool same = json_is_null(found)     ? *cell == '\0'
                : json_is_string(found) ? strcmp(cell, json_string_value(found)) == 0
                                        : false;
    if (!same && !json_is_null(found) && !json_is_string(found)) {
        json_t *parsed = json_loads(cell, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        same = json_equal(parsed, found);
        json_decref(parsed);
    }
    if (!same)
        fail(text, "CSV holds another value:", cell);
}

static void expect_json(const struct text *text, const struct cdr_schema_node *node,
                        avro_value_t *value, const json_t *found, struct cells *cells);

static void expect_items(const struct text *text, const struct cdr_schema_node *node,
                         avro_value_t *value, const json_t *found)
{
    bool array = node->kind == CDR_AVRO_ARRAY;
    size_t count = 0;
    if (avro_value_get_size(value, &count) != 0 ||
        count != (array ? json_array_size(found) : json_object_size(found)) ||
        !(array ? json_is_array(found) : json_is_object(found)))
        fail(text, "JSON has another number of items", "");
    for (size_t i = 0; i < count; i++) {
        avro_value_t item;
        const char *key = NULL;
        avro_value_get_by_index(value, i, &item, &key);
        expect_json(text, node->members[0], &item,
                    array ? json_array_get(found, i) : json_object_get(found, key), NULL);
    }
}

static void expect_json(const struct text *text, const struct cdr_schema_node *node,
                        avro_value_t *value, const json_t *found, struct cells *cells)
{
    int branch = 0;
    avro_value_t inner = *value;
    while (node->kind == CDR_AVRO_UNION) {
        avro_value_t outer = inner;
        if (avro_value_get_discriminant(&outer, &branch) != 0 ||
            avro_value_get_current_branch(&outer, &inner) != 0)
            fail(text, "a union of no branch", "");
        node = node->members[branch];
    }
    if (node->kind == CDR_AVRO_RECORD) {
        if (!json_is_object(found) || json_object_size(found) != node->count)
            fail(text, "JSON has other fields in", node->full_name);
        for (size_t i = 0; i < node->count; i++) {
            avro_value_t field;
            const json_t *member = json_object_get(found, node->fields[i].name);
            avro_value_get_by_index(&inner, i, &field, NULL);
            if (member == NULL)
                fail(text, "JSON lacks", node->fields[i].name);
            expect_json(text, node->fields[i].type, &field, member, cells);
        }
        return;
    }
    if (node->kind == CDR_AVRO_ARRAY || node->kind == CDR_AVRO_MAP) {
        expect_items(text, node, &inner, found);
    } else if (!same_scalar(node, &inner, found)) {
        char *dumped = json_dumps(found, JSON_ENCODE_ANY);
        fail(text, "JSON has another value:", dumped);
    }
    if (cells != NULL)
        expect_cell(text, found, cells);
}

/* Lines of a text format, or NULL where it is refused. */
static char *encode_text(const struct text *text, const struct cdr_encoder_ops *ops,
                         const struct cdr_block *block, uint32_t *ends, size_t *columns)
{
    struct cdr_encoder *encoder = NULL;
    struct cdr_error error = {{0}};
    struct cdr_encoder_settings settings = {
        .type = text->type, .tz_name = "Europe/Amsterdam", .schema_text = text->bytes};
    enum cdr_result result = ops->create(&encoder, &settings, &error);
    if (result != CDR_OK) {
        bool csv = strcmp(ops->name, "csv") == 0;
        const char *const why[] = {"more than 32704 bytes",    "more than 4096 values",
                                   "constants take more than", "as that of the field",
                                   "with a line break or NUL", "the record has no columns"};
        bool known = false;
        for (size_t i = 0; i < (csv ? sizeof why / sizeof *why : 3); i++)
            known |= strstr(error.text, why[i]) != NULL;
        if (result != CDR_E_CONFIG || !known || strchr(error.text, '\n') != NULL)
            fail(text, "text is refused, though Avro is not:", error.text);
        return NULL;
    }
    *columns = 1;
    for (const char *c = encoder->ops->file_header(encoder); *c != '\0'; c++)
        *columns += *c == ';';
    uint8_t *bytes = malloc(block->n * encoder->record_bytes_max);
    if (bytes == NULL)
        exit(1);
    encoder->ops->encode(encoder, block, bytes, ends);
    cdr_encoder_destroy(encoder);
    return (char *)bytes;
}

static void expect_texts(const struct text *text, const struct cdr_block *block,
                         const uint8_t *bytes, const uint32_t *ends)
{
    uint32_t json_ends[CDR_BLOCK_RECORDS], csv_ends[CDR_BLOCK_RECORDS];
    size_t columns = 0;
    struct cdr_schema tree;
    char *json = encode_text(text, cdr_json_ops, block, json_ends, &columns);
    char *csv = encode_text(text, cdr_csv_ops, block, csv_ends, &columns);
    json_t *stripped = json_loads(text->bytes, JSON_ALLOW_NUL, NULL);
    strip(stripped);
    avro_schema_t schema = read_schema(text, stripped);
    avro_value_iface_t *class = avro_generic_class_from_schema(schema);
    avro_value_t record;
    if (cdr_schema_parse(&tree, text->bytes, NULL) != CDR_OK ||
        avro_generic_value_new(class, &record) != 0)
        fail(text, "no value", "");
    for (uint32_t i = 0; json != NULL && i < block->n; i++) {
        uint32_t start = i > 0 ? ends[i - 1] : 0, from = i > 0 ? json_ends[i - 1] : 0;
        struct cells cells = {NULL, NULL, csv != NULL, 0};
        json_t *found = json_loadb(json + from, json_ends[i] - from,
                                   JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, NULL);
        if (found == NULL || json[json_ends[i] - 1] != '\n' ||
            memchr(json + from, '\n', json_ends[i] - from - 1) != NULL)
            fail(text, "not a line of JSON", "");
        if (csv != NULL) {
            cells.at = csv + (i > 0 ? csv_ends[i - 1] : 0);
            cells.end = csv + csv_ends[i] - 1;
            if (*cells.end != '\n' || memchr(cells.at, '\n', (size_t)(cells.end - cells.at)))
                fail(text, "not a line of CSV", "");
        }
        avro_reader_t reader =
            avro_reader_memory((const char *)bytes + start, (int64_t)(ends[i] - start));
        avro_value_reset(&record);
        if (avro_value_read(reader, &record) != 0)
            fail(text, "avro-c cannot read a record:", avro_strerror());
        expect_json(text, tree.root, &record, found, cells.some ? &cells : NULL);
        if (cells.some && (cells.at != NULL || cells.taken != columns))
            fail(text, "CSV has another number of cells", "");
        avro_reader_free(reader);
        json_decref(found);
    }
    avro_value_decref(&record);
    avro_value_iface_decref(class);
    avro_schema_decref(schema);
    cdr_schema_destroy(&tree);
    json_decref(stripped);
    free(json);
    free(csv);
}

/* Returns whether the schema was compiled. */
static bool try_text(struct text *text)
{
    static struct cdr_block block;
    struct cdr_encoder *encoder = NULL;
    struct cdr_error error = {{0}};
    struct cdr_encoder_settings settings = {
        .type = text->type, .tz_name = "Europe/Amsterdam", .schema_text = text->bytes};
    enum cdr_result result = cdr_avro_ops->create(&encoder, &settings, &error);
    if (result != CDR_OK) {
        if (result != CDR_E_CONFIG || error.text[0] == '\0' || strchr(error.text, '\n') != NULL)
            fail(text, "not refused in one line:", error.text);
        return false;
    }
    uint32_t ends[CDR_BLOCK_RECORDS];
    make_block(&block, text);
    uint8_t *bytes = malloc(block.n * encoder->record_bytes_max);
    if (bytes == NULL)
        exit(1);
    encoder->ops->encode(encoder, &block, bytes, ends);
    expect_agreement(text, &block, bytes, ends);
    expect_texts(text, &block, bytes, ends);
    free(bytes);
    cdr_encoder_destroy(encoder);
    return true;
}

int main(int argc, char **argv)
{
    static struct text text;
    double seconds = argc > 1 ? atof(argv[1]) : 30;
    uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1, cases = 0, compiled = 0,
             damaged = 0;
    struct timespec begin, now;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    do {
        case_seed = first + cases++;
        text.len = 0;
        text.names = 0;
        text.state = case_seed;
        text.type = (uint32_t)below(&text, CDR_TYPE_COUNT);
        put_record(&text, 0);
        compiled += try_text(&text);
        if (below(&text, 2) == 0) {
            damage(&text);
            damaged += try_text(&text);
        }
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((double)(now.tv_sec - begin.tv_sec) + (double)(now.tv_nsec - begin.tv_nsec) / 1e9 <
             seconds);
    printf("%llu schemas, of which %llu were compiled, and %llu more after damage\n",
           (unsigned long long)cases, (unsigned long long)compiled, (unsigned long long)damaged);
    return seconds > 0 && compiled < cases / 20 ? 1 : 0;
}
