/* JSON: golden lines, and lines read back by a JSON library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "encode_checks.h"

static const char *const golden[CDR_TYPE_COUNT] = {
    "{\"event_type\":\"CALL\",\"msisdn_src\":\"316120000042\",\"msisdn_dst\":\"31620000007\","
    "\"direction\":\"MT\",\"start_ts_ms\":1735689600123,\"end_ts_ms\":1735689675456,"
    "\"tz_name\":\"Europe/Amsterdam\",\"tz_offset_min\":60,\"duration_sec\":75,"
    "\"mccmnc\":\"20408\",\"imsi\":\"204080000000042\",\"imei\":\"356938035643809\","
    "\"cell_id\":12345,\"record_type\":\"mscVoiceRecord\","
    "\"cause_for_record_closing\":\"normalRelease\"}\n",
    "{\"event_type\":\"SMS\",\"msisdn_src\":\"316120000042\",\"msisdn_dst\":\"31620000007\","
    "\"direction\":\"MT\",\"start_ts_ms\":1735689600123,\"end_ts_ms\":1735689675456,"
    "\"tz_name\":\"Europe/Amsterdam\",\"tz_offset_min\":60,\"duration_sec\":75,"
    "\"mccmnc\":\"20408\",\"imsi\":\"204080000000042\",\"imei\":\"356938035643809\","
    "\"cell_id\":12345,\"record_type\":\"sgsnSMTRecord\","
    "\"cause_for_record_closing\":\"deliverySuccess\",\"sms_segments\":2,"
    "\"sms_status\":\"DELIVERED\"}\n",
    "{\"event_type\":\"DATA\",\"msisdn_src\":\"316120000042\","
    "\"direction\":\"MO\",\"start_ts_ms\":1735689600123,\"end_ts_ms\":1735689675456,"
    "\"tz_name\":\"Europe/Amsterdam\",\"tz_offset_min\":60,\"duration_sec\":75,"
    "\"mccmnc\":\"20408\",\"imsi\":\"204080000000042\",\"imei\":\"356938035643809\","
    "\"cell_id\":12345,\"record_type\":\"pgwRecord\","
    "\"cause_for_record_closing\":\"normalRelease\",\"data_bytes_in\":1000,"
    "\"data_bytes_out\":1099511627776,\"data_duration_sec\":75,\"apn\":\"ims\",\"rat\":\"NR\"}\n",
};

static void test_golden_lines(void **state)
{
    (void)state;
    static struct cdr_block block;
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        struct cdr_encoder_settings settings = {.type = type, .tz_name = "Europe/Amsterdam"};
        check_golden_block(&block, type);
        struct encoded encoded = check_levels(cdr_json_ops, &settings, &block);
        assert_int_equal(encoded.ends[0], strlen(golden[type]));
        assert_memory_equal(encoded.bytes, golden[type], encoded.ends[0]);
        encoded_free(&encoded);
    }
}

static void expect_text(const json_t *object, const char *key, const char *value)
{
    const json_t *member = json_object_get(object, key);
    assert_true(json_is_string(member));
    assert_string_equal(json_string_value(member), value);
}

static void expect_number(const json_t *object, const char *key, int64_t value)
{
    const json_t *member = json_object_get(object, key);
    assert_true(json_is_integer(member));
    assert_int_equal(json_integer_value(member), value);
}

static void expect_record(const json_t *o, const struct cdr_block *block, uint32_t i,
                          const char *tz_name)
{
    char text[17];
    expect_text(o, "event_type", cdr_type_name[block->type]);
    expect_text(o, "msisdn_src",
                check_digits(text, block->msisdn_src, i, block->msisdn_src_len[i]));
    if (block->type != CDR_TYPE_DATA)
        expect_text(o, "msisdn_dst",
                    check_digits(text, block->msisdn_dst, i, block->msisdn_dst_len[i]));
    expect_text(o, "direction", cdr_direction_name[block->direction[i]]);
    expect_number(o, "start_ts_ms", block->start_ms[i]);
    expect_number(o, "end_ts_ms", block->end_ms[i]);
    expect_text(o, "tz_name", tz_name);
    expect_number(o, "tz_offset_min", block->tz_offset_min[i]);
    expect_number(o, "duration_sec", block->duration_s[i]);
    snprintf(text, sizeof text, "%u", block->mccmnc[i]);
    expect_text(o, "mccmnc", text);
    expect_text(o, "imsi", check_digits(text, block->imsi, i, 15));
    expect_text(o, "imei", check_digits(text, block->imei, i, 15));
    expect_number(o, "cell_id", block->cell_id[i]);
    expect_text(o, "record_type", cdr_record_type_name[block->record_type[i]]);
    expect_text(o, "cause_for_record_closing", cdr_cause_name[block->cause[i]]);
    if (block->type == CDR_TYPE_SMS) {
        expect_number(o, "sms_segments", block->sms_segments[i]);
        expect_text(o, "sms_status", cdr_sms_status_name[block->sms_status[i]]);
    }
    if (block->type == CDR_TYPE_DATA) {
        expect_number(o, "data_bytes_in", (int64_t)block->data_bytes_in[i]);
        expect_number(o, "data_bytes_out", (int64_t)block->data_bytes_out[i]);
        expect_number(o, "data_duration_sec", block->duration_s[i]);
        expect_text(o, "apn", cdr_apn_name[block->apn[i]]);
        expect_text(o, "rat", cdr_rat_name[block->rat[i]]);
    }
}

static void check_parsed(const struct cdr_block *block, const char *tz_name)
{
    static const size_t members[CDR_TYPE_COUNT] = {15, 17, 19};
    struct cdr_encoder_settings settings = {.type = block->type, .tz_name = tz_name};
    struct encoded encoded = check_levels(cdr_json_ops, &settings, block);
    for (uint32_t i = 0; i < block->n; i++) {
        size_t len;
        json_error_t error;
        const uint8_t *payload = encoded_payload(&encoded, i, &len);
        assert_int_equal(payload[len], '\n');
        json_t *object = json_loadb((const char *)payload, len, JSON_REJECT_DUPLICATES, &error);
        if (object == NULL)
            fail_msg("%.*s: %s", (int)len, (const char *)payload, error.text);
        assert_int_equal(json_object_size(object), members[block->type]);
        expect_record(object, block, i, tz_name);
        json_decref(object);
    }
    encoded_free(&encoded);
}

static void test_lines_parse_back(void **state)
{
    (void)state;
    check_blocks(check_parsed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_lines),
        cmocka_unit_test(test_lines_parse_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
