/* The wait before a resume, on librdkafka's mock cluster. Brokers that stand still are the business
 * of tests/kafka/test_faults.sh. */
#include "kafka_harness.h"

#include <unistd.h>

static int64_t wait_ms(struct harness *harness, enum cdr_result expected)
{
    struct cdr_kafka_sink *sink = (struct cdr_kafka_sink *)harness->sink;
    struct cdr_kafka_client asker = {0};
    int64_t ends[CDR_TYPE_COUNT * HARNESS_PARTITIONS] = {0};
    assert_int_equal(
        cdr_kafka_client_open(&asker, RD_KAFKA_CONSUMER, &sink->properties, NULL, &harness->error),
        CDR_OK);
    assert_int_equal(cdr_kafka_connect(&asker, 30000, &harness->error), CDR_OK);
    const int64_t begun_ms = cdr_kafka_clock_ms();
    enum cdr_result result = cdr_kafka_resume_ends(&asker, sink, ends, 10000, &harness->error);
    const int64_t waited_ms = cdr_kafka_clock_ms() - begun_ms;
    cdr_kafka_client_close(&asker);
    if (result != expected)
        fail_msg("result %d: %s", (int)result, harness->error.text);
    return waited_ms;
}

static void the_wait_is_as_long_as_asked(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness);
    harness.settings.resume_quiet_ms = 1000;
    harness_must_open(&harness);
    assert_in_range(wait_ms(&harness, CDR_OK), 1000, 60000);
    assert_int_equal(harness_close(&harness, true), CDR_OK);
    harness_end(&harness);
}

static void slow_brokers_make_it_longer(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness);
    harness.settings.resume_quiet_ms = 100;
    harness_must_open(&harness);
    rd_kafka_mock_broker_set_rtt(harness.cluster, HARNESS_BROKER, 400);
    assert_in_range(wait_ms(&harness, CDR_OK), 4 * 400, 60000);
    rd_kafka_mock_broker_set_rtt(harness.cluster, HARNESS_BROKER, 0);
    assert_int_equal(harness_close(&harness, true), CDR_OK);
    harness_end(&harness);
}

static void *write_later(void *context)
{
    usleep(600 * 1000);
    harness_foreign_write(context, 2, 3);
    return NULL;
}

static void records_that_arrive_make_it_begin_again(void **state)
{
    (void)state;
    struct harness harness;
    pthread_t writer;
    harness_start(&harness);
    harness.settings.resume_quiet_ms = 1500;
    harness_must_open(&harness);
    assert_int_equal(pthread_create(&writer, NULL, write_later, &harness), 0);
    assert_in_range(wait_ms(&harness, CDR_OK), 600 + 1500, 60000);
    pthread_join(writer, NULL);
    harness_close(&harness, false);
    harness_end(&harness);
}

static void a_signal_ends_it(void **state)
{
    (void)state;
    struct harness harness;
    static const atomic_int stop = 15;
    harness_start(&harness);
    harness.settings.resume_quiet_ms = 600000;
    harness.setup.stop = &stop;
    harness_must_open(&harness);
    assert_in_range(wait_ms(&harness, CDR_E_INTERRUPTED), 0, 60000);
    harness_assert_says(&harness, "interrupted while waiting");
    assert_int_equal(harness_close(&harness, true), CDR_OK);
    harness_end(&harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_wait_is_as_long_as_asked),
        cmocka_unit_test(slow_brokers_make_it_longer),
        cmocka_unit_test(records_that_arrive_make_it_begin_again),
        cmocka_unit_test(a_signal_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
