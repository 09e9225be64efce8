/* Avro: golden bytes, the frame, and the schemas against the model's names. test_avro_oracle.c
 * reads the records back with another implementation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "encode_checks.h"

/* Worked out by hand from the specification: a length or a symbol is a zigzag int, 0x1e is 15. */
#define ZONE                                                                                       \
    "\x20"                                                                                         \
    "Europe/Amsterdam"                                                                             \
    "\x78" /* 16, 60 minutes */
#define TIMES                                                                                      \
    "\xf6\xf1\xcb\xf2\x83\x65"                                                                     \
    "\x80\x8b\xd5\xf2\x83\x65" /* 1735689600123, 1735689675456 */
#define OWNER                                                                                      \
    "\x96\x01"                                                                                     \
    "\x0a"                                                                                         \
    "20408"                                                                                        \
    "\x1e"                                                                                         \
    "204080000000042"                                                                              \
    "\x1e"                                                                                         \
    "356938035643809"                                                                              \
    "\xf2\xc0\x01"
static const char call[] = "\x00\x18"
                           "316120000042"
                           "\x16"
                           "31620000007"
                           "\x02" TIMES ZONE OWNER "\x00\x00";
static const char sms[] = "\x02\x18"
                          "316120000042"
                          "\x16"
                          "31620000007"
                          "\x02" TIMES ZONE OWNER "\x04\x08"
                          "\x02\x04"
                          "\x02\x02";
static const char data[] = "\x04\x18"
                           "316120000042"
                           "\x00"
                           "\x00" TIMES ZONE OWNER "\x08\x00"
                           "\x02\xd0\x0f"
                           "\x02\x80\x80\x80\x80\x80\x40"
                           "\x02\x96\x01"
                           "\x02\x02"
                           "\x02\x04";
static const struct {
    const char *bytes;
    size_t len;
} golden[CDR_TYPE_COUNT] = {
    {call, sizeof call - 1}, {sms, sizeof sms - 1}, {data, sizeof data - 1}};

static void test_golden_data(void **state)
{
    (void)state;
    static struct cdr_block block;
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        struct cdr_encoder_settings settings = {.type = type, .tz_name = "Europe/Amsterdam"};
        check_golden_block(&block, type);
        struct encoded encoded = check_levels(cdr_avro_ops, &settings, &block);
        assert_int_equal(encoded.ends[0], golden[type].len);
        assert_memory_equal(encoded.bytes, golden[type].bytes, golden[type].len);
        assert_int_equal(encoded.encoder->frame_len, 0);
        assert_int_equal(encoded.encoder->trailer_len, 0);
        assert_string_equal(encoded.encoder->ops->file_header(encoded.encoder), "");
        encoded_free(&encoded);
    }
}

/* A framed record is the frame and then the same bytes, whatever the block. */
static void check_framed(const struct cdr_block *block, const char *tz_name)
{
    static const uint8_t frame[] = {0x00, 0xfe, 0xdc, 0xba, 0x98};
    struct cdr_encoder_settings plain = {.type = block->type, .tz_name = tz_name};
    struct cdr_encoder_settings framed = plain;
    framed.framed = true;
    framed.schema_id = -0x01234568;
    struct encoded without = check_levels(cdr_avro_ops, &plain, block);
    struct encoded with = check_levels(cdr_avro_ops, &framed, block);
    assert_int_equal(with.encoder->frame_len, sizeof frame);
    for (uint32_t i = 0; i < block->n; i++) {
        size_t len, expected_len;
        const uint8_t *payload = encoded_payload(&with, i, &len);
        const uint8_t *expected = encoded_payload(&without, i, &expected_len);
        assert_int_equal(len, expected_len);
        assert_memory_equal(payload, expected, len);
        assert_memory_equal(payload - sizeof frame, frame, sizeof frame);
    }
    encoded_free(&without);
    encoded_free(&with);
}

static void test_frames(void **state)
{
    (void)state;
    check_blocks(check_framed);
}

static void test_a_schema_that_cannot_be_filled(void **state)
{
    (void)state;
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        char *copy = strdup(cdr_builtin_schema(type));
        struct cdr_encoder_settings settings = {
            .type = type, .tz_name = "UTC", .schema_text = copy};
        cdr_encoder_destroy(check_create(cdr_avro_ops, &settings));

        struct cdr_encoder *encoder = NULL;
        struct cdr_error error = {{0}};
        settings.schema_text = "{\"type\":\"record\",\"name\":\"Other\",\"fields\":[]}";
        assert_int_equal(cdr_avro_ops->create(&encoder, &settings, &error), CDR_E_CONFIG);
        assert_null(encoder);
        assert_non_null(strstr(error.text, cdr_type_name[type]));
        free(copy);
    }
    assert_null(cdr_builtin_schema(CDR_TYPE_COUNT));
}

static const char *member_text(const json_t *object, const char *key)
{
    const json_t *member = json_object_get(object, key);
    assert_true(json_is_string(member));
    return json_string_value(member);
}

/* Symbols in the order of our constants, then the one that stands for those of later versions. */
static void expect_enum(const json_t *type, const char *const *names, size_t count)
{
    const json_t *symbols = json_object_get(type, "symbols");
    assert_string_equal(member_text(type, "type"), "enum");
    assert_true(strlen(member_text(type, "doc")) > 10);
    assert_int_equal(json_array_size(symbols), count + 1);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(json_string_value(json_array_get(symbols, i)), names[i]);
    assert_string_equal(json_string_value(json_array_get(symbols, count)), "UNKNOWN");
    assert_string_equal(member_text(type, "default"), "UNKNOWN");
}

static void expect_field_type(const char *name, const json_t *type)
{
    static const struct {
        const char *field;
        const char *const *names;
        size_t count;
    } enums[] = {
        {"event_type", cdr_type_name, CDR_TYPE_COUNT},
        {"direction", cdr_direction_name, 2},
        {"record_type", cdr_record_type_name, CDR_RECORD_TYPE_COUNT},
        {"cause_for_record_closing", cdr_cause_name, CDR_CAUSE_COUNT},
        {"sms_status", cdr_sms_status_name, CDR_SMS_STATUS_COUNT},
        {"apn", cdr_apn_name, CDR_APN_COUNT},
        {"rat", cdr_rat_name, CDR_RAT_COUNT},
    };
    for (size_t i = 0; i < sizeof enums / sizeof enums[0]; i++)
        if (strcmp(enums[i].field, name) == 0)
            expect_enum(type, enums[i].names, enums[i].count);
    if (strcmp(name, "start_ts_ms") == 0 || strcmp(name, "end_ts_ms") == 0) {
        assert_string_equal(member_text(type, "type"), "long");
        assert_string_equal(member_text(type, "logicalType"), "timestamp-millis");
    }
}

/* The field's name must be the next of the CSV header that applies to the type. */
static void test_schemas_follow_the_csv_fields(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *const fields[8];
    } own[CDR_TYPE_COUNT] = {
        {"CdrCall", {NULL}},
        {"CdrSms", {"sms_segments", "sms_status", NULL}},
        {"CdrData", {"data_bytes_in", "data_bytes_out", "data_duration_sec", "apn", "rat", NULL}},
    };
    static const char *const common[] = {
        "event_type", "msisdn_src", "msisdn_dst",    "direction",    "start_ts_ms",
        "end_ts_ms",  "tz_name",    "tz_offset_min", "duration_sec", "mccmnc",
        "imsi",       "imei",       "cell_id",       "record_type",  "cause_for_record_closing"};
    enum { COMMON = sizeof common / sizeof common[0] };
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        json_error_t error;
        json_t *schema = json_loads(cdr_builtin_schema(type), JSON_REJECT_DUPLICATES, &error);
        assert_non_null(schema);
        assert_string_equal(member_text(schema, "name"), own[type].name);
        assert_string_equal(member_text(schema, "namespace"), "io.cdrgen");
        const json_t *fields = json_object_get(schema, "fields");
        size_t count = json_array_size(fields);
        for (size_t i = 0; i < count; i++) {
            const json_t *field = json_array_get(fields, i),
                         *field_type = json_object_get(field, "type");
            const char *expected = i < COMMON ? common[i] : own[type].fields[i - COMMON];
            assert_non_null(expected);
            assert_string_equal(member_text(field, "name"), expected);
            assert_true(strlen(member_text(field, "doc")) > 10);
            if (json_is_array(field_type)) { /* nullable, with null as the default */
                assert_int_equal(json_array_size(field_type), 2);
                assert_string_equal(json_string_value(json_array_get(field_type, 0)), "null");
                assert_true(json_is_null(json_object_get(field, "default")));
                field_type = json_array_get(field_type, 1);
            } else {
                assert_true(i < COMMON);
            }
            expect_field_type(expected, field_type);
        }
        assert_true(count >= COMMON && own[type].fields[count - COMMON] == NULL);
        json_decref(schema);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_data),
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_a_schema_that_cannot_be_filled),
        cmocka_unit_test(test_schemas_follow_the_csv_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
