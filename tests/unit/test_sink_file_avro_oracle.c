/* Avro files of the file sink, read by avro-c's own file reader. (It has no zstandard; fastavro
 * reads that in tests/cli/test_avro_files.sh.) */
#include "sink_harness.h"

#include <avro.h>

#define RECORDS 7000u

static void get_long(const avro_value_t *record, size_t index, int64_t *value)
{
    avro_value_t field;
    assert_int_equal(avro_value_get_by_index(record, index, &field, NULL), 0);
    assert_int_equal(avro_value_get_long(&field, value), 0);
}

static void check_record(const avro_value_t *record, uint32_t log, uint64_t position)
{
    avro_value_t field;
    const char *text = NULL;
    size_t size = 0;
    int64_t read_log = -1, read_position = -1;
    char padding[64];
    get_long(record, 0, &read_log);
    get_long(record, 1, &read_position);
    assert_int_equal(avro_value_get_by_index(record, 2, &field, NULL), 0);
    assert_int_equal(avro_value_get_string(&field, &text, &size), 0);
    harness_padding(padding, log, position);
    assert_int_equal(read_log, log);
    assert_int_equal(read_position, position);
    assert_string_equal(text, padding);
}

static void read_with_avro_c(const char *compress)
{
    struct harness harness;
    char path[512];
    avro_file_reader_t reader;
    avro_value_t record;
    harness_start(&harness, "avro");
    harness.settings.compress = (char *)(uintptr_t)compress;
    harness_must_open(&harness, "file");
    for (unsigned i = 0; i < RECORDS / 1000; i++)
        harness_must_write(&harness, 0, 4, HARNESS_DAY, 1000, 777);
    assert_int_equal(harness_close(&harness, true, NULL), CDR_OK);
    harness_path(&harness, path, "cdr.sms/date=2025-01-01/part-0001-000000.avro");
    if (avro_file_reader(path, &reader) != 0)
        fail_msg("%s", avro_strerror());
    avro_schema_t schema = avro_file_reader_get_writer_schema(reader);
    avro_value_iface_t *class = avro_generic_class_from_schema(schema);
    assert_int_equal(avro_generic_value_new(class, &record), 0);
    uint64_t position = 0;
    int status = 0;
    while ((status = avro_file_reader_read_value(reader, &record)) == 0)
        check_record(&record, 4, position++);
    assert_int_equal(status, EOF);
    assert_int_equal(position, RECORDS);
    avro_value_decref(&record);
    avro_value_iface_decref(class);
    avro_schema_decref(schema);
    avro_file_reader_close(reader);
    harness_end(&harness);
}

static void null_codec_reads_back(void **state)
{
    (void)state;
    read_with_avro_c("none");
}

static void deflate_codec_reads_back(void **state)
{
    (void)state;
    read_with_avro_c("gzip");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_codec_reads_back),
        cmocka_unit_test(deflate_codec_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
