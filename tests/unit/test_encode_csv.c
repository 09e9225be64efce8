/* CSV: golden lines, lines parsed back, and what every encoder promises about memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "encode_checks.h"

#include "base/shown.h"

#include <inttypes.h>

enum { FIELDS = 22 };

static const char *const golden[CDR_TYPE_COUNT] = {
    "CALL;316120000042;31620000007;MT;1735689600123;1735689675456;Europe/Amsterdam;60;75;20408;"
    "204080000000042;356938035643809;12345;mscVoiceRecord;normalRelease;;;;;;;\n",
    "SMS;316120000042;31620000007;MT;1735689600123;1735689675456;Europe/Amsterdam;60;75;20408;"
    "204080000000042;356938035643809;12345;sgsnSMTRecord;deliverySuccess;2;DELIVERED;;;;;\n",
    "DATA;316120000042;;MO;1735689600123;1735689675456;Europe/Amsterdam;60;75;20408;"
    "204080000000042;356938035643809;12345;pgwRecord;normalRelease;;;1000;1099511627776;75;ims;"
    "NR\n",
};

static void test_golden_lines(void **state)
{
    (void)state;
    static struct cdr_block block;
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        struct cdr_encoder_settings settings = {.type = type, .tz_name = "Europe/Amsterdam"};
        check_golden_block(&block, type);
        struct encoded encoded = check_levels(cdr_csv_ops, &settings, &block);
        assert_int_equal(encoded.ends[0], strlen(golden[type]));
        assert_memory_equal(encoded.bytes, golden[type], encoded.ends[0]);
        encoded_free(&encoded);
    }
}

/* Cuts a line into its fields, in place. */
static void split(char *line, char *fields[FIELDS])
{
    unsigned count = 0;
    fields[count++] = line;
    for (; *line != '\0'; line++)
        if (*line == ';') {
            *line = '\0';
            assert_true(count < FIELDS);
            fields[count++] = line + 1;
        }
    assert_int_equal(count, FIELDS);
}

static void expect_number(const char *field, int64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRId64, value);
    assert_string_equal(field, text);
}

static void expect_common(char *const f[FIELDS], const struct cdr_block *block, uint32_t i,
                          const char *tz_name)
{
    char text[17];
    assert_string_equal(f[0], cdr_type_name[block->type]);
    assert_string_equal(f[1], check_digits(text, block->msisdn_src, i, block->msisdn_src_len[i]));
    assert_string_equal(f[2], check_digits(text, block->msisdn_dst, i, block->msisdn_dst_len[i]));
    assert_string_equal(f[3], cdr_direction_name[block->direction[i]]);
    expect_number(f[4], block->start_ms[i]);
    expect_number(f[5], block->end_ms[i]);
    assert_string_equal(f[6], tz_name);
    expect_number(f[7], block->tz_offset_min[i]);
    expect_number(f[8], block->duration_s[i]);
    expect_number(f[9], block->mccmnc[i]);
    assert_string_equal(f[10], check_digits(text, block->imsi, i, 15));
    assert_string_equal(f[11], check_digits(text, block->imei, i, 15));
    expect_number(f[12], block->cell_id[i]);
    assert_string_equal(f[13], cdr_record_type_name[block->record_type[i]]);
    assert_string_equal(f[14], cdr_cause_name[block->cause[i]]);
}

static void expect_own(char *const f[FIELDS], const struct cdr_block *block, uint32_t i)
{
    if (block->type == CDR_TYPE_SMS) {
        expect_number(f[15], block->sms_segments[i]);
        assert_string_equal(f[16], cdr_sms_status_name[block->sms_status[i]]);
    } else {
        assert_string_equal(f[15], "");
        assert_string_equal(f[16], "");
    }
    if (block->type == CDR_TYPE_DATA) {
        expect_number(f[17], (int64_t)block->data_bytes_in[i]);
        expect_number(f[18], (int64_t)block->data_bytes_out[i]);
        expect_number(f[19], block->duration_s[i]);
        assert_string_equal(f[20], cdr_apn_name[block->apn[i]]);
        assert_string_equal(f[21], cdr_rat_name[block->rat[i]]);
    } else {
        for (unsigned field = 17; field < FIELDS; field++)
            assert_string_equal(f[field], "");
    }
}

static void check_parsed(const struct cdr_block *block, const char *tz_name)
{
    struct cdr_encoder_settings settings = {.type = block->type, .tz_name = tz_name};
    struct encoded encoded = check_levels(cdr_csv_ops, &settings, block);
    for (uint32_t i = 0; i < block->n; i++) {
        size_t len;
        char line[600], *fields[FIELDS];
        const uint8_t *payload = encoded_payload(&encoded, i, &len);
        assert_int_equal(payload[len], '\n');
        assert_true(len < sizeof line);
        memcpy(line, payload, len);
        line[len] = '\0';
        split(line, fields);
        expect_common(fields, block, i, tz_name);
        expect_own(fields, block, i);
    }
    encoded_free(&encoded);
}

static void test_lines_parse_back(void **state)
{
    (void)state;
    check_blocks(check_parsed);
}

/* Values as a run has them: timestamps of a step lie together, here around a change of their upper
 * digits and of their length, while the offset changes from record to record. */
static void test_timestamps_around_a_span(void **state)
{
    (void)state;
    static const int64_t around[] = {INT64_C(1735700000000), INT64_C(1000000000000),
                                     INT64_C(999900000000), INT64_C(1735600000000)};
    static struct cdr_block block;
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
        for (unsigned a = 0; a < sizeof around / sizeof around[0]; a++)
            for (int64_t distance = -256; distance <= 0; distance += 32) {
                blocks_make(&block, type, CDR_BLOCK_RECORDS, 77);
                for (uint32_t i = 0; i < block.n; i++) {
                    block.end_ms[i] = around[a] + distance + i;
                    block.start_ms[i] = block.end_ms[i] - (i % 3) * 1000;
                    block.tz_offset_min[i] = i % 5 == 0 ? -210 : 60;
                }
                check_parsed(&block, "America/St_Johns");
            }
}

static void test_header_names_the_fields(void **state)
{
    (void)state;
    struct cdr_encoder_settings settings = {.type = CDR_TYPE_CALL, .tz_name = "UTC"};
    const struct cdr_encoder_ops *ops = cdr_encoder_find("csv");
    assert_non_null(ops);
    struct cdr_encoder *encoder = check_create(ops, &settings);
    assert_int_equal(encoder->frame_len, 0);
    assert_int_equal(encoder->trailer_len, 1);
    assert_string_equal(ops->file_extension, "csv");
    assert_string_equal(
        ops->file_header(encoder),
        "event_type;msisdn_src;msisdn_dst;direction;start_ts_ms;end_ts_ms;tz_name;tz_offset_min;"
        "duration_sec;mccmnc;imsi;imei;cell_id;record_type;cause_for_record_closing;sms_segments;"
        "sms_status;data_bytes_in;data_bytes_out;data_duration_sec;apn;rat\n");
    cdr_encoder_destroy(encoder);
    cdr_encoder_destroy(NULL);
}

/* The contract shows the golden lines. */
static void test_documented_lines(void **state)
{
    (void)state;
    char text[65536];
    FILE *file = fopen(CDR_SOURCE_DIR "/docs/data-format.md", "r");
    assert_non_null(file);
    size_t len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[len] = '\0';
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
        if (strstr(text, golden[type]) == NULL)
            fail_msg("docs/data-format.md does not show %s", golden[type]);
}

static void test_empty_block(void **state)
{
    (void)state;
    static struct cdr_block block;
    struct cdr_encoder_settings settings = {.type = CDR_TYPE_CALL, .tz_name = "UTC"};
    const struct cdr_encoder_ops *tables[] = {cdr_csv_ops, cdr_avro_ops, cdr_json_ops};
    for (unsigned format = 0; format < 3; format++) {
        struct cdr_encoder *encoder = check_create(tables[format], &settings);
        assert_int_equal(encoder->ops->encode(encoder, &block, NULL, NULL), 0);
        cdr_encoder_destroy(encoder);
    }
}

static void test_zone_names(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "Europe;Amsterdam",
        "Europe/\"X\"",
        "a b",
        "Z\n",
        "A234567890123456789012345678901234567890123456789012345678901234"};
    for (const struct cdr_encoder_ops *const *ops = cdr_encoders; *ops != NULL; ops++)
        for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
            struct cdr_encoder_settings settings = {.type = CDR_TYPE_DATA, .tz_name = bad[i]};
            struct cdr_encoder *encoder = NULL;
            struct cdr_error error = {{0}};
            assert_int_equal((*ops)->create(&encoder, &settings, &error), CDR_E_CONFIG);
            assert_null(encoder);
            assert_non_null(strstr(error.text, "time zone"));
            char shown[80];
            cdr_shown(shown, sizeof shown, bad[i]);
            assert_non_null(strstr(error.text, shown));
        }
}

static void test_table(void **state)
{
    (void)state;
    assert_ptr_equal(cdr_encoder_find("csv"), &cdr_csv_ops[CDR_LEVEL_BASE]);
    assert_ptr_equal(cdr_encoder_find("avro"), &cdr_avro_ops[CDR_LEVEL_BASE]);
    assert_ptr_equal(cdr_encoder_find("json"), &cdr_json_ops[CDR_LEVEL_BASE]);
    assert_null(cdr_encoder_find("xml"));
    assert_null(cdr_encoder_find("cs"));
    assert_true(cdr_level_runs(cdr_level_best()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_lines),
        cmocka_unit_test(test_lines_parse_back),
        cmocka_unit_test(test_timestamps_around_a_span),
        cmocka_unit_test(test_header_names_the_fields),
        cmocka_unit_test(test_documented_lines),
        cmocka_unit_test(test_empty_block),
        cmocka_unit_test(test_zone_names),
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
