/* The null sink counts records and payload bytes, and nothing else happens. */
#include "sink_harness.h"

static void counts_records_and_payload_bytes(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness, "csv");
    harness.encoder.frame_len = HARNESS_FRAME;
    harness_must_open(&harness, "null");
    harness_must_write(&harness, 0, 0, HARNESS_DAY, 100, 100);
    harness_must_write(&harness, 1, 0, HARNESS_DAY, 50, 7);
    harness_must_write(&harness, 1, 8, HARNESS_DAY, 0, 1);
    harness_must_write(&harness, 1, 7, HARNESS_DAY, 1, 1);

    struct cdr_log_progress progress[CDR_TYPE_COUNT * HARNESS_PARTITIONS];
    memset(progress, 0xff, sizeof progress);
    harness.sink->ops->progress(harness.sink, progress);
    uint64_t expected = 0;
    uint8_t record[HARNESS_RECORD_MAX + HARNESS_FRAME];
    for (uint64_t position = 0; position < 150; position++)
        expected += harness_record(&harness.encoder, record, 0, position) - HARNESS_FRAME - 1;
    assert_int_equal(progress[0].accepted, 150);
    assert_int_equal(progress[0].durable, 150);
    assert_int_equal(progress[0].bytes, expected);
    assert_int_equal(progress[7].accepted, 1);
    assert_int_equal(progress[8].accepted, 0);
    assert_int_equal(progress[8].bytes, 0);
    assert_int_equal(harness.sink->ops->poll(harness.sink, 0, NULL), CDR_OK);
    assert_int_equal(harness.sink->ops->flush(harness.sink, 0, NULL), CDR_OK);
    assert_int_equal(harness_close(&harness, true, NULL), CDR_OK);
    assert_false(harness_exists(&harness, ""));
    harness_end(&harness);
}

static void the_table_has_every_sink_once(void **state)
{
    (void)state;
    assert_string_equal(cdr_sink_find("null")->name, "null");
    assert_string_equal(cdr_sink_find("file")->name, "file");
    assert_null(cdr_sink_find("nul"));
    assert_null(cdr_sink_find(""));
#if CDR_KAFKA
    assert_string_equal(cdr_sink_find("kafka")->name, "kafka");
#else
    assert_null(cdr_sink_find("kafka"));
#endif
    for (size_t i = 0; cdr_sinks[i] != NULL; i++)
        assert_ptr_equal(cdr_sink_find(cdr_sinks[i]->name), cdr_sinks[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_records_and_payload_bytes),
        cmocka_unit_test(the_table_has_every_sink_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
