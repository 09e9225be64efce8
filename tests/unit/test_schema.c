/* Users' own schemas: what is compiled from them must write what avro-c would. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#if CDR_KAFKA
#include <avro.h>
#endif
#include <dirent.h>
#include <jansson.h>

#include "encode/program.h"
#include "encode_checks.h"

#if CDR_KAFKA
static void check_strip(json_t *json)
{
    size_t i;
    json_t *item;
    const char *key;
    json_object_del(json, "default");
    json_array_foreach(json, i, item) check_strip(item);
    json_object_foreach(json, key, item) check_strip(item);
}
#endif

/* A space in front is another text, so the built-in schema is compiled, too. */
static void check_builtin(const struct cdr_block *block, const char *tz_name)
{
    char text[20000];
    struct cdr_encoder_settings settings = {
        .type = block->type, .tz_name = tz_name, .framed = true, .schema_id = 7};
    struct encoded expected = check_levels(cdr_avro_ops, &settings, block);
    snprintf(text, sizeof text, " %s", cdr_builtin_schema(block->type));
    settings.schema_text = text;
    struct encoded compiled = check_levels(cdr_program_ops, &settings, block);
    assert_int_equal(compiled.encoder->frame_len, 5);
    assert_memory_equal(compiled.ends, expected.ends, block->n * sizeof compiled.ends[0]);
    assert_memory_equal(compiled.bytes, expected.bytes, compiled.ends[block->n - 1]);
    encoded_free(&compiled);
    encoded_free(&expected);
}

static void test_the_builtin_schema_compiled(void **state)
{
    (void)state;
    check_blocks(check_builtin);
}

/* What the model draws: symbols that the type's records hold, offsets of time zones. */
static void make_usual(struct cdr_block *block, uint32_t type, uint32_t n, uint64_t seed)
{
    static const uint8_t causes[CDR_TYPE_COUNT][4] = {
        {CDR_CAUSE_NORMAL_RELEASE, CDR_CAUSE_NO_ANSWER, CDR_CAUSE_BUSY, CDR_CAUSE_ABNORMAL_RELEASE},
        {CDR_CAUSE_DELIVERY_SUCCESS, CDR_CAUSE_DELIVERY_FAILURE, CDR_CAUSE_DELIVERY_SUCCESS,
         CDR_CAUSE_DELIVERY_SUCCESS},
        {CDR_CAUSE_NORMAL_RELEASE, CDR_CAUSE_TIME_LIMIT, CDR_CAUSE_NORMAL_RELEASE,
         CDR_CAUSE_PARTIAL_RECORD},
    };
    static const uint8_t types[CDR_TYPE_COUNT][2] = {{CDR_RECORD_MSC_VOICE, CDR_RECORD_MMTEL},
                                                     {CDR_RECORD_SGSN_SMO, CDR_RECORD_SGSN_SMT},
                                                     {CDR_RECORD_SGSN_PDP, CDR_RECORD_PGW}};
    blocks_make(block, type, n, seed);
    for (uint32_t i = 0; i < n; i++) {
        block->cause[i] = causes[type][(seed + i) % 4];
        block->record_type[i] = types[type][i % 2];
        block->tz_offset_min[i] = (int32_t)(i * 15 % 1681) - 840;
        block->origin[i] = i * 7919;
        block->slot[i] = 1900000 + i / 3;
        block->index[i] = i % 5;
        block->leg[i] = i % 2;
        if (type == CDR_TYPE_DATA)
            block->direction[i] = CDR_DIRECTION_MO;
    }
}

static char *read_file(const char *path)
{
    FILE *in = fopen(path, "rb");
    if (in == NULL)
        return NULL;
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    size_t len = fread(text, 1, (1 << 20) - 1, in);
    assert_true(len > 0);
    fclose(in);
    return text;
}

#if CDR_KAFKA
/* avro-c reads each record to its last byte, and writes the same bytes from what it read. */
static void expect_avro_c_agrees(const char *name, const char *text, const struct encoded *encoded,
                                 uint32_t n)
{
    avro_schema_t schema;
    json_t *json = json_loads(text, JSON_ALLOW_NUL, NULL);
    assert_non_null(json);
    check_strip(json); /* avro-c refuses NUL characters in defaults, which it does not read */
    char *plain = json_dumps(json, 0);
    if (avro_schema_from_json_length(plain, strlen(plain), &schema) != 0)
        fail_msg("%s: %s", name, avro_strerror());
    avro_value_iface_t *class = avro_generic_class_from_schema(schema);
    avro_value_t record;
    assert_int_equal(avro_generic_value_new(class, &record), 0);
    static char bytes[1 << 16];
    for (uint32_t i = 0; i < n; i++) {
        size_t len;
        const uint8_t *payload = encoded_payload(encoded, i, &len);
        avro_reader_t reader = avro_reader_memory((const char *)payload, (int64_t)len);
        avro_writer_t writer = avro_writer_memory(bytes, sizeof bytes);
        avro_value_reset(&record);
        if (avro_value_read(reader, &record) != 0)
            fail_msg("%s: record %u: %s", name, i, avro_strerror());
        assert_int_equal(avro_value_write(writer, &record), 0);
        assert_int_equal(avro_writer_tell(writer), len);
        assert_memory_equal(bytes, payload, len);
        avro_reader_free(reader);
        avro_writer_free(writer);
    }
    avro_value_decref(&record);
    avro_value_iface_decref(class);
    avro_schema_decref(schema);
    free(plain);
    json_decref(json);
}
#endif

static void check_schema_file(const char *path, const char *name)
{
    static const char *const prefixes[CDR_TYPE_COUNT] = {"call_", "sms_", "data_"};
    static struct cdr_block block;
    char map_path[700];
    uint32_t type = 0;
    while (strncmp(name, prefixes[type], strlen(prefixes[type])) != 0)
        assert_true(++type < CDR_TYPE_COUNT);
    snprintf(map_path, sizeof map_path, "%.*s.map.json", (int)strlen(path) - 5, path);
    char *text = read_file(path), *mapping = read_file(map_path);
    assert_non_null(text);
    struct cdr_encoder_settings settings = {.type = type,
                                            .tz_name = "Europe/Amsterdam",
                                            .framed = true,
                                            .schema_id = 7,
                                            .schema_text = text,
                                            .schema_name = name,
                                            .mapping_text = mapping};
    for (uint64_t seed = 0; seed < CHECK_LENGTHS + 2; seed++) {
        uint32_t n = seed < 2 ? CDR_BLOCK_RECORDS : check_lengths[seed - 2];
        make_usual(&block, type, n, seed);
        struct encoded encoded = check_levels(cdr_program_ops, &settings, &block);
#if CDR_KAFKA
        expect_avro_c_agrees(name, text, &encoded, n);
#endif
        encoded_free(&encoded);
        encoded = check_levels(cdr_program_json_ops, &settings, &block);
        assert_int_equal(encoded.encoder->frame_len, 0);
        assert_int_equal(encoded.encoder->trailer_len, 1);
        encoded_free(&encoded);
        encoded = check_levels(cdr_program_csv_ops, &settings, &block);
        encoded_free(&encoded);
    }
    free(text);
    free(mapping);
}

static void test_schema_files(void **state)
{
    (void)state;
    const char *folder = CDR_SOURCE_DIR "/tests/schemas";
    int count = 0;
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char path[600];
        size_t len = strlen(entry->d_name);
        if (len < 5 || strcmp(entry->d_name + len - 5, ".avsc") != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        check_schema_file(path, entry->d_name);
        count++;
    }
    closedir(directory);
    assert_true(count >= 40);
}

/* Other names, the same bytes: the built-in loop writes them. Symbols in another order: not. */
static void test_the_builtin_loop_where_it_fits(void **state)
{
    (void)state;
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        char text[20000];
        struct cdr_encoder_settings settings = {
            .type = type, .tz_name = "UTC", .framed = true, .schema_id = 3, .schema_text = text};
        snprintf(text, sizeof text, "%s", cdr_builtin_schema(type));
        memcpy(strstr(text, "imsi"), "Imsi", 4);
        memcpy(strstr(text, "io.cdrgen"), "my.domain", 9);
        struct cdr_encoder *encoder = check_create(cdr_avro_ops, &settings);
        assert_ptr_equal(encoder->ops, &cdr_avro_ops[cdr_level_best()]);
        cdr_encoder_destroy(encoder);

        memcpy(strstr(text, "\"MO\", \"MT\""), "\"MT\", \"MO\"", 10);
        encoder = check_create(cdr_avro_ops, &settings);
        assert_ptr_equal(encoder->ops, &cdr_program_ops[cdr_level_best()]);
        cdr_encoder_destroy(encoder);
    }
}

#define RECORD(fields) "{\"type\":\"record\",\"name\":\"R\",\"fields\":[" fields "]}"
#define FIELD(name, type) "{\"name\":\"" name "\",\"type\":" type "}"
#define IMSI FIELD("imsi", "\"string\"")
#define PARTS                                                                                      \
    FIELD("p",                                                                                     \
          "{\"type\":\"record\",\"name\":\"P\",\"fields\":["                                       \
          "{\"name\":\"start_ts_ms\",\"type\":\"long\"},{\"name\":\"direction\",\"type\":"         \
          "\"string\"},{\"name\":\"z\",\"type\":{\"type\":\"record\",\"name\":\"Z\",\"fields\":"   \
          "[{\"name\":\"tz_name\",\"type\":\"bytes\"}]}}]}")

/* The only record of the block is these lines, and CSV has this header. */
static void expect_lines(const char *text, const char *mapping, const char *json,
                         const char *header, const char *csv)
{
    static struct cdr_block block;
    struct cdr_encoder_settings settings = {.type = CDR_TYPE_CALL,
                                            .tz_name = "Europe/Amsterdam",
                                            .framed = true,
                                            .schema_text = text,
                                            .mapping_text = mapping};
    make_usual(&block, CDR_TYPE_CALL, 1, 3);
    memcpy(block.imsi[0], "0204161234567890", 16);
    block.start_ms[0] = INT64_C(1735729137637);
    block.end_ms[0] = INT64_C(1735729138637);
    block.tz_offset_min[0] = -90;
    block.duration_s[0] = 0;
    block.direction[0] = CDR_DIRECTION_MT;
    struct encoded encoded = check_levels(cdr_program_json_ops, &settings, &block);
    encoded.bytes[encoded.ends[0]] = '\0';
    assert_string_equal((const char *)encoded.bytes, json);
    encoded_free(&encoded);
    encoded = check_levels(cdr_program_csv_ops, &settings, &block);
    encoded.bytes[encoded.ends[0]] = '\0';
    assert_string_equal(encoded.encoder->ops->file_header(encoded.encoder), header);
    assert_string_equal((const char *)encoded.bytes, csv);
    encoded_free(&encoded);
}

static void test_texts_of_sources(void **state)
{
    (void)state;
    expect_lines(
        RECORD(IMSI "," FIELD("duration_sec", "\"double\"") "," FIELD(
            "tz_offset_min", "[\"null\",\"int\"]") "," FIELD("is_mo", "\"boolean\"") "," PARTS),
        NULL,
        "{\"imsi\":\"204161234567890\",\"duration_sec\":0,\"tz_offset_min\":-90,\"is_mo\":false,"
        "\"p\":{\"start_ts_ms\":1735729137637,\"direction\":\"MT\",\"z\":{\"tz_name\":"
        "\"RXVyb3BlL0Ftc3RlcmRhbQ==\"}}}\n",
        "imsi;duration_sec;tz_offset_min;is_mo;p_start_ts_ms;p_direction;p_z_tz_name\n",
        "204161234567890;0;-90;false;1735729137637;MT;RXVyb3BlL0Ftc3RlcmRhbQ==\n");
    expect_lines(
        RECORD(FIELD("duration_sec", "\"string\"") "," FIELD(
            "tz_offset_min",
            "{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":9,"
            "\"scale\":2}") "," FIELD("start_ts_ms",
                                      "{\"type\":\"long\",\"logicalType\":"
                                      "\"timestamp-nanos\"}") "," FIELD("end_time", "\"string\"")),
        NULL,
        "{\"duration_sec\":\"0\",\"tz_offset_min\":-90.00,\"start_ts_ms\":1735729137637000000,"
        "\"end_time\":\"2025-01-01T10:58:58.637Z\"}\n",
        "duration_sec;tz_offset_min;start_ts_ms;end_time\n",
        "0;-90.00;1735729137637000000;2025-01-01T10:58:58.637Z\n");
    expect_lines(RECORD(FIELD("imsi", "\"bytes\"")), NULL, "{\"imsi\":\"MjA0MTYxMjM0NTY3ODkw\"}\n",
                 "imsi\n", "MjA0MTYxMjM0NTY3ODkw\n");
}

static void test_texts_of_constants(void **state)
{
    (void)state;
    static const struct {
        const char *type, *value, *json, *csv;
    } constants[] = {
        {"[\"null\",\"string\"]", "null", "null", "\"\""}, /* a line of nothing is no record */
        {"\"string\"", "\"\"", "\"\"", "\"\""},
        {"\"string\"", "\"a b\"", "\"a b\"", "a b"},
        {"\"string\"", "\"a;\\\"b\\\"\\\\\"", "\"a;\\\"b\\\"\\\\\"", "\"a;\"\"b\"\"\\\""},
        {"\"string\"", "\"\\u20ac\\t\"", "\"\u20ac\\u0009\"", "\u20ac\t"},
        {"\"boolean\"", "true", "true", "true"},
        {"\"long\"", "-9223372036854775808", "-9223372036854775808", "-9223372036854775808"},
        {"\"double\"", "0.1", "0.1", "0.1"},
        {"\"double\"", "3", "3", "3"},
        {"\"double\"", "1e300", "1e300", "1e300"},
        {"\"float\"", "0.1", "0.1", "0.1"},
        {"\"float\"", "16777216", "16777216", "16777216"},
        {"\"bytes\"", "\"\\u00ff\\u0000\"", "\"/wA=\"", "/wA="},
        {"\"bytes\"", "\"\"", "\"\"", "\"\""},
        {"{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":40,\"scale\":3}",
         "\"\\u00ff\"", "-0.001", "-0.001"},
        {"{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":40,\"scale\":0}",
         "\"\\u0001\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\"",
         "18446744073709551616", "18446744073709551616"},
        {"{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":4,\"scale\":1}", "\"\"",
         "0.0", "0.0"},
        {"{\"type\":\"fixed\",\"name\":\"F\",\"size\":16,\"logicalType\":\"uuid\"}",
         "\"0123456789abcdef\"", "\"30313233-3435-3637-3839-616263646566\"",
         "30313233-3435-3637-3839-616263646566"},
        {"{\"type\":\"array\",\"items\":[\"null\",\"string\"]}", "[\"x\",null]", "[\"x\",null]",
         "\"[\"\"x\"\",null]\""},
        {"{\"type\":\"array\",\"items\":\"int\"}", "[]", "[]", "[]"},
        {"{\"type\":\"map\",\"values\":\"int\"}", "{\"a;\\\"\":1}", "{\"a;\\\"\":1}",
         "\"{\"\"a;\\\"\"\"\":1}\""},
        {"{\"type\":\"array\",\"items\":\"string\"}", "[\"\\n\"]", "[\"\\u000a\"]",
         "\"[\"\"\\u000a\"\"]\""},
    };
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++) {
        char text[500], mapping[300], json[300], csv[300];
        snprintf(text, sizeof text, RECORD("{\"name\":\"c\",\"type\":%s}"), constants[i].type);
        snprintf(mapping, sizeof mapping, "{\"call\":{\"c\":{\"const\":%s}}}", constants[i].value);
        snprintf(json, sizeof json, "{\"c\":%s}\n", constants[i].json);
        snprintf(csv, sizeof csv, "%s\n", constants[i].csv);
        expect_lines(text, mapping, json, "c\n", csv);
    }
    /* A record has its columns, whatever fills it; symbols may become any value. */
    expect_lines(
        RECORD(FIELD(
            "a",
            "[\"null\",{\"type\":\"record\",\"name\":\"A\",\"fields\":["
            "{\"name\":\"x\",\"type\":\"int\"},"
            "{\"name\":\"y\",\"type\":[\"null\",\"string\"]}]}]") "," IMSI
                                                                  "," FIELD("leg",
                                                                            "{\"type\":\"array\","
                                                                            "\"items\":\"int\"}")),
        "{\"call\":{\"a\":{\"const\":{\"x\":1,\"y\":null}},\"leg\":{\"source\":\"direction\","
        "\"symbols\":{\"MO\":[],\"MT\":[1,2]}}}}",
        "{\"a\":{\"x\":1,\"y\":null},\"imsi\":\"204161234567890\",\"leg\":[1,2]}\n",
        "a_x;a_y;imsi;leg\n", "1;;204161234567890;[1,2]\n");
}

static void expect_refused_by(const struct cdr_encoder_ops *ops, uint32_t type, const char *text,
                              const char *mapping, const char *words)
{
    struct cdr_encoder *encoder = NULL;
    struct cdr_error error = {{0}};
    struct cdr_encoder_settings settings = {.type = type,
                                            .tz_name = "UTC",
                                            .schema_text = text,
                                            .schema_name = "my.avsc",
                                            .mapping_text = mapping};
    if (ops->create(&encoder, &settings, &error) != CDR_E_CONFIG)
        fail_msg("not refused: %.200s", text);
    assert_null(encoder);
    if (strstr(error.text, words) == NULL || strncmp(error.text, "my.avsc: ", 9) != 0 ||
        strchr(error.text, '\n') != NULL)
        fail_msg("\"%s\" lacks \"%s\"", error.text, words);
}

static void test_texts_that_cannot_be(void **state)
{
    (void)state;
    const char *break_text = "{\"name\":\"c\",\"type\":\"string\",\"default\":\"a\\nb\"}";
    char text[200];
    snprintf(text, sizeof text, RECORD("%s"), break_text);
    expect_refused_by(cdr_csv_ops, CDR_TYPE_CALL, text, NULL,
                      "the field c (string): its default does not suit it: it holds a text with a "
                      "line break or NUL, which CSV cannot");
    expect_lines(RECORD("{\"name\":\"c\",\"type\":\"string\"}"),
                 "{\"call\":{\"c\":{\"const\":\"a b\"}}}", "{\"c\":\"a b\"}\n", "c\n", "a b\n");
    expect_refused_by(
        cdr_csv_ops, CDR_TYPE_CALL,
        RECORD(FIELD("cell_id", "\"int\"") "," FIELD(
            "cell", "{\"type\":\"record\",\"name\":\"C\",\"fields\":[{\"name\":\"id\",\"type\":"
                    "\"int\"}]}")),
        NULL,
        "the field cell.id (int): its column in CSV has the name cell_id, as that of the field "
        "cell_id has");
    expect_refused_by(cdr_json_ops, CDR_TYPE_CALL, RECORD(FIELD("lac", "\"int\"")), NULL,
                      "the field lac (int): CALL records have nothing of this name");
}

static void expect_refused(uint32_t type, const char *text, const char *mapping, const char *words)
{
    expect_refused_by(cdr_avro_ops, type, text, mapping, words);
}

static void test_bad_schemas(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } bad[] = {
        {"", "it is not JSON"},
        {"record R { string imsi; }", "line 1, column 6: it is not JSON"},
        {RECORD(IMSI) "x", "it is not JSON"},
        {"{\"type\":\"record\",\"type\":\"record\"}", "duplicate object key"},
        {"12", "neither a string, an object nor an array"},
        {"null", "neither a string, an object nor an array"},
        {"\"string\"", "it is of type string; it must be a record"},
        {"[\"null\"," RECORD(IMSI) "]", "it is of type union; it must be a record"},
        {"{\"type\":\"record\",\"fields\":[]}", "a record of the schema has no name"},
        {"{\"type\":\"record\",\"name\":\"1a\",\"fields\":[]}", "a name that is not one: \"1a\""},
        {"{\"type\":\"record\",\"name\":\"R\"}", "the record R has no array of fields"},
        {RECORD(""), "the record R has no fields"},
        {RECORD("{\"type\":\"int\"}"), "a field of R has no name"},
        {RECORD("{\"name\":\"imsi\"}"), "R.imsi has no type"},
        {RECORD(IMSI "," IMSI), "R has two fields imsi"},
        {RECORD(FIELD("imsi", "\"strin\"")), "the type \"strin\" of R.imsi is not known"},
        {RECORD(FIELD("imsi", "[]")), "the union of R.imsi has 0 types"},
        {RECORD(FIELD("imsi", "[\"null\",[\"string\"]]")), "holds a union"},
        {RECORD(FIELD("imsi", "[\"string\",\"string\"]")), "holds string twice"},
        {RECORD(FIELD("imsi", "{\"type\":\"array\"}")), "the array of R.imsi has no \"items\""},
        {RECORD(FIELD("imsi", "{\"type\":\"fixed\",\"name\":\"F\",\"size\":0}")),
         "the size of the fixed F is not 1"},
        {RECORD(FIELD("direction", "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[]}")),
         "the enum E has no array of symbols"},
        {RECORD(
             FIELD("direction", "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"MO\",\"MO\"]}")),
         "the enum E has the symbol MO twice"},
        {RECORD(FIELD("direction", "{\"type\":\"enum\",\"name\":\"R\",\"symbols\":[\"MO\"]}")),
         "the name \"R\" is defined twice"},
        {RECORD(FIELD("direction", "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"MO\"]}")),
         "the field direction (enum E): the enum E lacks the symbol MT, which direction holds in "
         "CALL records"},
        {RECORD(FIELD("lac", "\"int\"")),
         "the field lac (int): CALL records have nothing of this name, and it has no default; map "
         "it to one of event_type, msisdn_src"},
        {RECORD(FIELD("sms_segments", "\"int\"")), "the field sms_segments (int): CALL records"},
        {RECORD(FIELD("imsi", "\"int\"")), "imsi has up to 15 digits, which are too many for int"},
        {RECORD(FIELD("direction", "\"int\"")), "direction is a symbol, which int cannot hold"},
        {RECORD(FIELD("start_ts_ms", "\"int\"")), "start_ts_ms has up to 13 digits"},
        {RECORD(FIELD("duration_sec", "{\"type\":\"bytes\",\"logicalType\":\"decimal\","
                                      "\"precision\":7,\"scale\":2}")),
         "duration_sec has up to 6 digits before the point, which are too many for decimal(7,2) as "
         "bytes; decimal(8,2) holds them"},
        {RECORD(FIELD("mccmnc", "{\"type\":\"fixed\",\"name\":\"F\",\"size\":6}")),
         "mccmnc is digits, which fixed of 6 bytes cannot hold"},
        {RECORD("{\"name\":\"lac\",\"type\":\"int\",\"default\":\"x\"}"),
         "the field lac (int): its default does not suit it"},
        {RECORD("{\"name\":\"lac\",\"type\":\"int\",\"default\":3000000000}"), "is no int"},
        {RECORD(FIELD("next", "\"R\"")), "the field next (record R): the record holds itself"},
        {RECORD(FIELD("list", "{\"type\":\"array\",\"items\":\"R\"}")), "the field list (array)"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_refused(CDR_TYPE_CALL, bad[i].text, NULL, bad[i].words);
}

/* A table of schemas that Avro for Java or fastavro refuse (their tests hold them to it): they are
 * refused here, before anything is written that nobody can read. */
static void test_what_readers_refuse_is_refused(void **state)
{
    (void)state;
    static char line[65536];
    unsigned count = 0;
    FILE *file = fopen(CDR_SOURCE_DIR "/tests/schemas/refused.jsonl", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        json_t *entry = json_loads(line, JSON_ALLOW_NUL, NULL);
        assert_non_null(entry);
        char *text = json_dumps(json_object_get(entry, "schema"), JSON_ENCODE_ANY);
        struct cdr_encoder *encoder = NULL;
        struct cdr_error error = {{0}};
        struct cdr_encoder_settings settings = {
            .type = CDR_TYPE_CALL, .tz_name = "UTC", .schema_text = text};
        if (cdr_avro_ops->create(&encoder, &settings, &error) != CDR_E_CONFIG)
            fail_msg("%s is not refused", json_string_value(json_object_get(entry, "name")));
        free(text);
        json_decref(entry);
        count++;
    }
    fclose(file);
    assert_true(count > 100);
}

static void test_bad_mappings(void **state)
{
    (void)state;
    static const struct {
        const char *mapping, *words;
    } bad[] = {
        {"", "the mapping: line 1: it is not JSON"},
        {"[]", "the mapping is not an object"},
        {"{\"voice\":{}}", "\"voice\" is not known; there are call, sms, data and key"},
        {"{\"call\":[]}", "call is not an object"},
        {"{\"call\":{\"imsy\":\"imsi\"}}", "the mapping names the field \"imsy\""},
        {"{\"call\":{\"imsi\":\"imsy\"}}", "CALL records have no source \"imsy\""},
        {"{\"call\":{\"imsi\":\"apn\"}}", "CALL records have no source \"apn\""},
        {"{\"call\":{\"imsi\":7}}", "its rule in the mapping is not a source"},
        {"{\"call\":{\"imsi\":{\"const\":7}}}", "the field imsi (string): \"7\" is no string"},
        {"{\"call\":{\"imsi\":{\"source\":\"direction\",\"symbols\":{\"XX\":\"a\"}}}}",
         "\"XX\", which the mapping names, is no symbol of the source direction"},
        {"{\"call\":{\"imsi\":{\"source\":\"direction\",\"symbols\":{\"MO\":1}}}}", "is no string"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_refused(CDR_TYPE_CALL, RECORD(IMSI), bad[i].mapping, bad[i].words);
}

/* n times head, middle, n times tail. */
static char *repeat(const char *head, const char *middle, const char *tail, size_t n)
{
    size_t head_len = strlen(head), tail_len = strlen(tail);
    char *text = malloc(n * (head_len + tail_len) + strlen(middle) + 1), *to = text;
    assert_non_null(text);
    for (size_t i = 0; i < n; i++, to += head_len)
        memcpy(to, head, head_len);
    to += sprintf(to, "%s", middle);
    for (size_t i = 0; i < n; i++, to += tail_len)
        memcpy(to, tail, tail_len);
    *to = '\0';
    return text;
}

static void test_hostile_schemas(void **state)
{
    (void)state;
    char *text = repeat("[", "", "]", 500000);
    expect_refused(CDR_TYPE_CALL, text, NULL, "it is not JSON");
    free(text);
    text = repeat("{\"type\":\"array\",\"items\":", "\"int\"", "}", 1000);
    expect_refused(CDR_TYPE_CALL, text, NULL, "nested more than 64 deep");
    free(text);
    text = repeat(" ", "", "          ", 1000000);
    expect_refused(CDR_TYPE_CALL, text, NULL, "it has 11000000 bytes, more than 1048576");
    free(text);
    char *fields = repeat("{\"name\":\"x\",\"type\":\"int\"},", "", "", 20001);
    fields[strlen(fields) - 1] = '\0';
    text = malloc(strlen(fields) + 100);
    sprintf(text, "{\"type\":\"record\",\"name\":\"R\",\"fields\":[%s]}", fields);
    expect_refused(CDR_TYPE_CALL, text, NULL, "it has more than 20000 types and fields");
    free(text);
    free(fields);

    /* Each record holds the next one twice: 2^30 fields. */
    char *bomb = malloc(10000), *to = bomb;
    to += sprintf(to, "{\"type\":\"record\",\"name\":\"R\",\"fields\":[");
    for (int i = 0; i < 30; i++)
        to += sprintf(
            to, "{\"name\":\"a\",\"type\":{\"type\":\"record\",\"name\":\"R%d\",\"fields\":[", i);
    to += sprintf(to, "{\"name\":\"x\",\"type\":\"int\",\"default\":1}");
    for (int i = 29; i >= 0; i--)
        to += sprintf(to, "]}},{\"name\":\"b\",\"type\":\"R%d\"}", i);
    sprintf(to, "]}");
    expect_refused(CDR_TYPE_CALL, bomb, NULL, "it has more than 200000 fields, one in another");
    free(bomb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_builtin_schema_compiled),
        cmocka_unit_test(test_schema_files),
        cmocka_unit_test(test_the_builtin_loop_where_it_fits),
        cmocka_unit_test(test_texts_of_sources),
        cmocka_unit_test(test_texts_of_constants),
        cmocka_unit_test(test_texts_that_cannot_be),
        cmocka_unit_test(test_bad_schemas),
        cmocka_unit_test(test_what_readers_refuse_is_refused),
        cmocka_unit_test(test_bad_mappings),
        cmocka_unit_test(test_hostile_schemas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
