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

/* Two brokers, of which the first leads all partitions, and the second follows and is then gone,
 * though the first says that it is in sync. */
static struct cdr_kafka_waits *start_with_silent_follower(struct harness *harness)
{
    harness_start_brokers(harness, 2);
    snprintf(harness->topic.name, sizeof harness->topic.name, "t.two");
    rd_kafka_mock_topic_create(harness->cluster, "t.two", HARNESS_PARTITIONS, 2);
    for (int partition = 0; partition < HARNESS_PARTITIONS; partition++)
        rd_kafka_mock_partition_set_leader(harness->cluster, "t.two", partition, HARNESS_BROKER);
    harness->settings.resume_quiet_ms = 300;
    harness_must_open(harness);
    rd_kafka_mock_broker_set_down(harness->cluster, HARNESS_BROKER + 1);
    return &((struct cdr_kafka_sink *)harness->sink)->waits;
}

static void a_follower_that_never_answers_counts_as_well_after_a_while(void **state)
{
    (void)state;
    struct harness harness;
    struct cdr_kafka_waits *waits = start_with_silent_follower(&harness);
    assert_int_equal(waits->hidden_ms, 45000);
    waits->hidden_ms = 2500;
    assert_in_range(wait_ms(&harness, CDR_OK), 2500, 30000);
    assert_int_equal(harness_close(&harness, false), CDR_OK);
    harness_end(&harness);
}

static void a_leader_that_never_answers_does_not(void **state)
{
    (void)state;
    struct harness harness;
    struct cdr_kafka_waits *waits = start_with_silent_follower(&harness);
    rd_kafka_mock_partition_set_leader(harness.cluster, "t.two", 1, HARNESS_BROKER + 1);
    waits->hidden_ms = 1000;
    waits->quiet_max_ms = 5000;
    assert_in_range(wait_ms(&harness, CDR_E_STATE), 5000, 45000);
    assert_int_equal(harness_close(&harness, false), CDR_OK);
    harness_end(&harness);
}

static void without_a_quiet_time_it_is_refused(void **state)
{
    (void)state;
    struct harness harness;
    struct cdr_kafka_waits *waits = start_with_silent_follower(&harness);
    assert_int_equal(waits->quiet_max_ms, 120000);
    waits->quiet_max_ms = 3000;
    assert_in_range(wait_ms(&harness, CDR_E_STATE), 3000, 30000);
    harness_assert_says(&harness, "records of the run before may still be on their way: broker 2, "
                                  "which holds replicas of the topics that are in sync, does not "
                                  "answer; nothing was written");
    assert_int_equal(harness_close(&harness, false), CDR_OK);
    harness_end(&harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_wait_is_as_long_as_asked),
        cmocka_unit_test(slow_brokers_make_it_longer),
        cmocka_unit_test(records_that_arrive_make_it_begin_again),
        cmocka_unit_test(a_signal_ends_it),
        cmocka_unit_test(a_follower_that_never_answers_counts_as_well_after_a_while),
        cmocka_unit_test(a_leader_that_never_answers_does_not),
        cmocka_unit_test(without_a_quiet_time_it_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
