/* Random schemas, compiled: what they write, avro-c must read to the last byte and write again as it
 * was, and the fields of known names must hold the record's values. Every other text is then damaged
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
    static const char *const values[] = {
        "null", "0",         "1.5",    "\"\"",        "\"a\\u00ff\\u0000\"",
        "true", "[]",        "{}",     "-2147483648", "9223372036854775807",
        "[1]",  "{\"a\":1}", "\"MO\"", "1e300",       "{\"f0\":null}"};
    put(text, ",\"default\":%s", values[below(text, sizeof values / sizeof *values)]);
}

static void put_enum(struct text *text);
static void put_logical(struct text *text);

/* A type that the source mostly fits. */
static void put_fitting(struct text *text, const struct cdr_source *source)
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
    const struct cdr_source *source = &cdr_sources[below(text, cdr_source_count)];
    bool own = below(text, 4) == 0, fitting = below(text, 25) != 0;
    if (own || (source->types >> text->type & 1) == 0) {
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
