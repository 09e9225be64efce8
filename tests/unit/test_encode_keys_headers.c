/* Keys by a schema, and headers: what they are filled from, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "encode/headers.h"
#include "encode/program.h"
#include "encode_blocks.h"

#include <stdio.h>
#include <stdlib.h>

enum { RECORDS = 200, BYTES = 400000 };

static uint8_t bytes[BYTES], csv_bytes[BYTES];
static uint32_t ends[CDR_BLOCK_RECORDS], csv_ends[CDR_BLOCK_RECORDS];
static struct cdr_block block;

static void encode(const struct cdr_encoder *encoder, uint8_t *to, uint32_t *to_ends)
{
    assert_true(RECORDS * encoder->record_bytes_max <= BYTES);
    encoder->ops->encode(encoder, &block, to, to_ends);
}

/* ---- headers ---- */

/* The fields of the CSV, by its own header line. */
static void list_fields(char *list, size_t size, const struct cdr_encoder *csv)
{
    snprintf(list, size, "%s", csv->ops->file_header(csv));
    for (char *c = list; *c != '\0'; c++)
        *c = *c == ';' ? ',' : *c == '\n' ? '\0' : *c;
}

static void check_row(const struct cdr_headers *headers, const char *names, uint32_t i)
{
    const uint8_t *at = bytes + (i == 0 ? 0 : ends[i - 1]);
    char row[1000];
    const uint32_t from = i == 0 ? 0 : csv_ends[i - 1];
    snprintf(row, sizeof row, "%.*s", (int)(csv_ends[i] - 1 - from), (char *)csv_bytes + from);
    uint32_t h = 0;
    for (char *rest = row, *value; (value = strsep(&rest, ";")) != NULL;) {
        const size_t name_len = strcspn(names, ",");
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)name_len, names);
        names += name_len + (names[name_len] != '\0');
        if (cdr_source_find(name, block.type) == NULL) {
            assert_string_equal(value, "");
            continue;
        }
        assert_string_equal(headers->names[h++], name);
        uint32_t len = cdr_header_take(&at);
        assert_int_equal(len, strlen(value));
        assert_memory_equal(at, value, len);
        at += len;
    }
    assert_int_equal(h, headers->count);
    assert_ptr_equal(at, bytes + ends[i]);
}

static void test_headers_are_what_the_csv_writes(void **state)
{
    (void)state;
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
        for (uint64_t seed = 0; seed < 20; seed++) {
            struct cdr_encoder_settings settings = {.type = type, .tz_name = "Europe/Amsterdam"};
            struct cdr_encoder *csv = NULL;
            struct cdr_headers headers;
            char list[1000];
            blocks_make(&block, type, RECORDS, seed);
            assert_int_equal(cdr_encoder_find("csv")->create(&csv, &settings, NULL), CDR_OK);
            list_fields(list, sizeof list, csv);
            assert_int_equal(cdr_headers_create(&headers, list, type, settings.tz_name, NULL),
                             CDR_OK);
            encode(csv, csv_bytes, csv_ends);
            encode(headers.encoder, bytes, ends);
            for (uint32_t i = 0; i < RECORDS; i++)
                check_row(&headers, list, i);
            cdr_headers_free(&headers);
            cdr_encoder_destroy(csv);
        }
}

static void test_lists(void **state)
{
    (void)state;
    struct cdr_headers headers;
    assert_int_equal(
        cdr_headers_create(&headers, " radio = rat ,apn, direction", CDR_TYPE_DATA, "UTC", NULL),
        CDR_E_CONFIG); /* "radio " is no name */
    cdr_headers_free(&headers);
    const char list[] = " radio=rat ,apn,\tdirection";
    assert_int_equal(cdr_headers_create(&headers, list, CDR_TYPE_DATA, "UTC", NULL), CDR_OK);
    assert_int_equal(headers.count, 3);
    assert_string_equal(headers.names[0], "radio");
    assert_string_equal(headers.names[1], "apn");
    assert_string_equal(headers.names[2], "direction");
    assert_int_equal(headers.encoder->frame_len, 0);
    cdr_headers_free(&headers);
    assert_int_equal(cdr_headers_create(&headers, list, CDR_TYPE_CALL, "UTC", NULL), CDR_OK);
    assert_int_equal(headers.count, 1);
    cdr_headers_free(&headers);
    /* A type that has none of them, and no list at all. */
    assert_int_equal(cdr_headers_create(&headers, "apn", CDR_TYPE_SMS, "UTC", NULL), CDR_OK);
    assert_int_equal(headers.count, 0);
    assert_null(headers.encoder);
    cdr_headers_free(&headers);
    assert_int_equal(cdr_headers_create(&headers, NULL, CDR_TYPE_SMS, "UTC", NULL), CDR_OK);
    assert_null(headers.encoder);
    cdr_headers_free(&headers);
}

static void test_lists_that_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *list, *words;
    } cases[] = {
        {"", "a header's name has 1 to 127 bytes"},
        {"rat,,apn", "a header's name has 1 to 127 bytes"},
        {"=rat", "a header's name has 1 to 127 bytes"},
        {"rat,rats", "no records have a field \"rats\""},
        {"x=", "no records have a field \"\""},
        {"x=y=rat", "no records have a field \"y=rat\""},
        {"rat,apn,rat", "the header \"rat\" is there twice"},
        {"apn=rat,apn", "the header \"apn\" is there twice"},
        {"cdrgen-id=record_uuid", "names that begin with cdrgen- are cdrgen's"},
        {"a b=rat", "has a space or worse in it"},
        {"a\x7f=rat", "has a space or worse in it"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cdr_error error = {{0}};
        assert_int_equal(cdr_headers_check(cases[i].list, &error), CDR_E_CONFIG);
        if (strstr(error.text, cases[i].words) == NULL)
            fail_msg("%s: %s", cases[i].list, error.text);
    }
    char many[600] = "";
    for (uint32_t i = 0; i <= CDR_HEADERS_MAX; i++)
        snprintf(many + strlen(many), sizeof many - strlen(many), "%sh%u=rat", i > 0 ? "," : "", i);
    struct cdr_error error = {{0}};
    assert_int_equal(cdr_headers_check(many, &error), CDR_E_CONFIG);
    assert_string_equal(error.text, "there are more than 32 headers");
    *strrchr(many, ',') = '\0';
    assert_int_equal(cdr_headers_check(many, &error), CDR_OK);
}

/* ---- keys ---- */

static enum cdr_result make_key(struct cdr_encoder **encoder, uint32_t type, const char *schema,
                                const char *mapping, struct cdr_error *error)
{
    struct cdr_encoder_settings settings = {
        .type = type,
        .tz_name = "UTC",
        .framed = true,
        .schema_id = 0x01020304,
        .schema_text = schema,
        .mapping_text = mapping,
        .key = true,
    };
    *encoder = NULL;
    return cdr_encoder_find("avro")->create(encoder, &settings, error);
}

static const char *owner_of(uint32_t i, uint32_t *len)
{
    bool mt = block.direction[i] == CDR_DIRECTION_MT;
    *len = mt ? block.msisdn_dst_len[i] : block.msisdn_src_len[i];
    return (mt ? block.msisdn_dst[i] : block.msisdn_src[i]) + 16 - *len;
}

/* Behind the frame: the owner as a string, then what `behind` says. */
static void check_keys(const char *schema, const char *mapping, const char *behind)
{
    static const uint8_t frame[5] = {0, 1, 2, 3, 4};
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        struct cdr_encoder *encoder;
        struct cdr_error error = {{0}};
        if (make_key(&encoder, type, schema, mapping, &error) != CDR_OK)
            fail_msg("%s", error.text);
        assert_int_equal(encoder->frame_len, 5);
        blocks_make(&block, type, RECORDS, 7);
        encode(encoder, bytes, ends);
        for (uint32_t i = 0; i < RECORDS; i++) {
            const uint8_t *at = bytes + (i == 0 ? 0 : ends[i - 1]);
            uint32_t len;
            const char *owner = owner_of(i, &len);
            assert_memory_equal(at, frame, sizeof frame);
            assert_int_equal(at[5], 2 * len);
            assert_memory_equal(at + 6, owner, len);
            const size_t behind_len = strlen(behind);
            assert_memory_equal(at + 6 + len, behind, behind_len);
            assert_ptr_equal(at + 6 + len + behind_len, bytes + ends[i]);
        }
        cdr_encoder_destroy(encoder);
    }
}

static void test_keys_hold_the_owner(void **state)
{
    (void)state;
    check_keys("\"string\"", NULL, "");
    check_keys("{\"type\": \"string\", \"avro.java.string\": \"String\"}", NULL, "");
    check_keys("\"bytes\"", NULL, "");
    check_keys("{\"type\":\"record\",\"name\":\"CallKey\",\"fields\":["
               "{\"name\":\"msisdn\",\"type\":\"string\"}]}",
               NULL, "");
    check_keys("{\"type\":\"record\",\"name\":\"K\",\"fields\":["
               "{\"name\":\"id\",\"type\":\"string\"},{\"name\":\"v\",\"type\":\"string\"}]}",
               "{\"call\":{\"nobody\":\"rat\"},\"key\":{\"id\":\"owner_msisdn\",\"v\":{\"const\":"
               "\"x\"}}}",
               "\2x");
}

static void test_a_long_is_the_number(void **state)
{
    (void)state;
    struct cdr_encoder *encoder;
    assert_int_equal(make_key(&encoder, CDR_TYPE_CALL, "[\"null\", \"long\"]", NULL, NULL), CDR_OK);
    blocks_make(&block, CDR_TYPE_CALL, RECORDS, 3);
    encode(encoder, bytes, ends);
    for (uint32_t i = 0; i < RECORDS; i++) {
        const uint8_t *at = bytes + (i == 0 ? 0 : ends[i - 1]) + 5;
        uint32_t len;
        const char *owner = owner_of(i, &len);
        uint64_t expected = 0, found = 0;
        for (uint32_t k = 0; k < len; k++)
            expected = 10 * expected + (uint64_t)(owner[k] - '0');
        assert_int_equal(*at++, 2); /* the branch */
        for (unsigned shift = 0; at < bytes + ends[i]; shift += 7)
            found |= (uint64_t)(*at++ & 0x7f) << shift;
        assert_true(found == expected << 1);
    }
    cdr_encoder_destroy(encoder);
}

static void test_keys_that_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *schema, *mapping, *words;
    } cases[] = {
        {"\"int\"", NULL, "owner_msisdn has up to 15 digits, which are too many for int"},
        {"\"boolean\"", NULL, "owner_msisdn is digits, which boolean cannot hold"},
        {"\"strin\"", NULL, "the type \"strin\" of the schema is not known"},
        {"string", NULL, "line 1, column 6: it is not JSON"},
        {"{\"type\":\"array\",\"items\":\"string\"}", NULL, "array cannot hold"},
        {"{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"]}", NULL, "enum E cannot hold"},
        {"{\"type\":\"record\",\"name\":\"K\",\"fields\":[]}", NULL, "the record K has no fields"},
        {"{\"type\":\"record\",\"name\":\"K\",\"fields\":[{\"name\":\"k\",\"type\":\"string\"}]}",
         NULL, "the field k (string): CALL records have nothing of this name"},
        {"{\"type\":\"record\",\"name\":\"K\",\"fields\":[{\"name\":\"k\",\"type\":\"string\"}]}",
         "{\"call\":{\"k\":\"owner_msisdn\"}}", "the field k (string): CALL records have nothing"},
        {"\"string\"", "{\"key\":{\"k\":\"rat\"}}", "the mapping names the field \"k\""},
        {"\"string\"", "{\"keys\":{}}", "\"keys\" is not known; there are call, sms, data and key"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cdr_error error = {{0}};
        struct cdr_encoder *encoder;
        assert_int_equal(
            make_key(&encoder, CDR_TYPE_CALL, cases[i].schema, cases[i].mapping, &error),
            CDR_E_CONFIG);
        if (strstr(error.text, cases[i].words) == NULL)
            fail_msg("%s: %s", cases[i].schema, error.text);
        assert_memory_equal(error.text, "the schema of CALL keys: ", 25);
    }
}

/* Values stay records, and msisdn is no name of theirs. */
static void test_values_are_as_before(void **state)
{
    (void)state;
    struct cdr_encoder_settings settings = {.tz_name = "UTC", .schema_text = "\"string\""};
    struct cdr_encoder *encoder = NULL;
    struct cdr_error error = {{0}};
    assert_int_equal(cdr_encoder_find("avro")->create(&encoder, &settings, &error), CDR_E_CONFIG);
    assert_non_null(strstr(error.text, "it is of type string; it must be a record"));
    settings.schema_text = "{\"type\":\"record\",\"name\":\"R\",\"fields\":["
                           "{\"name\":\"msisdn\",\"type\":\"string\"}]}";
    assert_int_equal(cdr_encoder_find("avro")->create(&encoder, &settings, &error), CDR_E_CONFIG);
    assert_non_null(strstr(error.text, "CALL records have nothing of this name"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers_are_what_the_csv_writes),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_lists_that_are_refused),
        cmocka_unit_test(test_keys_hold_the_owner),
        cmocka_unit_test(test_a_long_is_the_number),
        cmocka_unit_test(test_keys_that_are_refused),
        cmocka_unit_test(test_values_are_as_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
