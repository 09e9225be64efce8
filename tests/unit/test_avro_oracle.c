/* Our Avro against avro-c: its generic reader must find every field that the block holds, and its
 * writer must make the same bytes from what it read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <avro.h>

#include "encode_checks.h"

static avro_value_t field(avro_value_t *record, const char *name)
{
    avro_value_t value = {NULL, NULL};
    if (avro_value_get_by_name(record, name, &value, NULL) != 0)
        fail_msg("no field %s", name);
    return value;
}

/* The value in a nullable field, which must be there. */
static avro_value_t present(avro_value_t *record, const char *name)
{
    avro_value_t nullable = field(record, name), value = {NULL, NULL};
    int branch = -1;
    assert_int_equal(avro_value_get_discriminant(&nullable, &branch), 0);
    assert_int_equal(branch, 1);
    assert_int_equal(avro_value_get_current_branch(&nullable, &value), 0);
    return value;
}

static void expect_text(avro_value_t value, const char *expected)
{
    const char *text = NULL;
    size_t size = 0;
    assert_int_equal(avro_value_get_string(&value, &text, &size), 0);
    assert_int_equal(size, strlen(expected) + 1);
    assert_string_equal(text, expected);
}

static void expect_long(avro_value_t value, int64_t expected)
{
    int64_t number = -1;
    assert_int_equal(avro_value_get_long(&value, &number), 0);
    assert_int_equal(number, expected);
}

static void expect_int(avro_value_t value, int64_t expected)
{
    int32_t number = -1;
    assert_int_equal(avro_value_get_int(&value, &number), 0);
    assert_int_equal(number, expected);
}

/* By name, so that neither our constants nor the schema's order are taken for granted. */
static void expect_symbol(avro_value_t value, const char *expected)
{
    int symbol = -1;
    assert_int_equal(avro_value_get_enum(&value, &symbol), 0);
    const char *name = avro_schema_enum_get(avro_value_get_schema(&value), symbol);
    assert_non_null(name);
    assert_string_equal(name, expected);
}

static void expect_record(avro_value_t *r, const struct cdr_block *block, uint32_t i,
                          const char *tz_name)
{
    char text[17];
    expect_symbol(field(r, "event_type"), cdr_type_name[block->type]);
    expect_text(field(r, "msisdn_src"),
                check_digits(text, block->msisdn_src, i, block->msisdn_src_len[i]));
    if (block->type == CDR_TYPE_DATA) {
        avro_value_t nullable = field(r, "msisdn_dst");
        int branch = -1;
        assert_int_equal(avro_value_get_discriminant(&nullable, &branch), 0);
        assert_int_equal(branch, 0);
    } else {
        expect_text(field(r, "msisdn_dst"),
                    check_digits(text, block->msisdn_dst, i, block->msisdn_dst_len[i]));
    }
    expect_symbol(field(r, "direction"), cdr_direction_name[block->direction[i]]);
    expect_long(field(r, "start_ts_ms"), block->start_ms[i]);
    expect_long(field(r, "end_ts_ms"), block->end_ms[i]);
    expect_text(field(r, "tz_name"), tz_name);
    expect_int(field(r, "tz_offset_min"), block->tz_offset_min[i]);
    expect_int(field(r, "duration_sec"), block->duration_s[i]);
    snprintf(text, sizeof text, "%u", block->mccmnc[i]);
    expect_text(field(r, "mccmnc"), text);
    expect_text(field(r, "imsi"), check_digits(text, block->imsi, i, 15));
    expect_text(field(r, "imei"), check_digits(text, block->imei, i, 15));
    expect_int(field(r, "cell_id"), block->cell_id[i]);
    expect_symbol(field(r, "record_type"), cdr_record_type_name[block->record_type[i]]);
    expect_symbol(field(r, "cause_for_record_closing"), cdr_cause_name[block->cause[i]]);
    if (block->type == CDR_TYPE_SMS) {
        expect_int(present(r, "sms_segments"), block->sms_segments[i]);
        expect_symbol(present(r, "sms_status"), cdr_sms_status_name[block->sms_status[i]]);
    }
    if (block->type == CDR_TYPE_DATA) {
        expect_long(present(r, "data_bytes_in"), (int64_t)block->data_bytes_in[i]);
        expect_long(present(r, "data_bytes_out"), (int64_t)block->data_bytes_out[i]);
        expect_int(present(r, "data_duration_sec"), block->duration_s[i]);
        expect_symbol(present(r, "apn"), cdr_apn_name[block->apn[i]]);
        expect_symbol(present(r, "rat"), cdr_rat_name[block->rat[i]]);
    }
}

/* Writes the value with avro-c. */
static void expect_same_bytes(avro_value_t *record, const uint8_t *payload, size_t len)
{
    char bytes[1024] = {0};
    avro_writer_t writer = avro_writer_memory(bytes, sizeof bytes);
    assert_int_equal(avro_value_write(writer, record), 0);
    assert_int_equal(avro_writer_tell(writer), len);
    assert_memory_equal(bytes, payload, len);
    avro_writer_free(writer);
}

static void check_with_avro_c(const struct cdr_block *block, const char *tz_name)
{
    static const size_t field_counts[CDR_TYPE_COUNT] = {15, 17, 20};
    struct cdr_encoder_settings settings = {
        .type = block->type, .tz_name = tz_name, .framed = true, .schema_id = 7};
    struct encoded encoded = check_levels(cdr_avro_ops, &settings, block);
    const char *text = cdr_builtin_schema(block->type);
    avro_schema_t schema;
    if (avro_schema_from_json_length(text, strlen(text), &schema) != 0)
        fail_msg("schema: %s", avro_strerror());
    avro_value_iface_t *class = avro_generic_class_from_schema(schema);
    avro_value_t record;
    size_t count = 0;
    assert_int_equal(avro_generic_value_new(class, &record), 0);
    assert_int_equal(avro_value_get_size(&record, &count), 0);
    assert_int_equal(count, field_counts[block->type]);

    for (uint32_t i = 0; i < block->n; i++) {
        size_t len;
        const uint8_t *payload = encoded_payload(&encoded, i, &len);
        avro_reader_t reader = avro_reader_memory((const char *)payload, (int64_t)len);
        avro_value_reset(&record);
        if (avro_value_read(reader, &record) != 0)
            fail_msg("record %u: %s", i, avro_strerror());
        expect_record(&record, block, i, tz_name);
        expect_same_bytes(&record, payload, len); /* also: nothing was left unread */
        avro_reader_free(reader);
    }
    avro_value_decref(&record);
    avro_value_iface_decref(class);
    avro_schema_decref(schema);
    encoded_free(&encoded);
}

static void test_avro_c_reads_and_writes_the_same(void **state)
{
    (void)state;
    check_blocks(check_with_avro_c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_avro_c_reads_and_writes_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
