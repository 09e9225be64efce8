/* The Kafka sink when brokers fail, on librdkafka's mock cluster: what is retried, what ends the
 * run, and what is said. */
#include "kafka_harness.h"

#include <pthread.h>

static void everything_written_is_durable_in_order(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness);
    harness_must_open(&harness);
    for (int round = 0; round < 20; round++)
        for (uint32_t log = 0; log < HARNESS_PARTITIONS; log++)
            harness_must_write(&harness, log, 1 + (uint32_t)(round * 13) % 256);
    harness_must_flush(&harness);
    for (uint32_t log = 0; log < HARNESS_PARTITIONS; log++) {
        struct cdr_log_progress progress = harness_progress(&harness, log);
        assert_int_equal(progress.accepted, harness.positions[log]);
        assert_int_equal(progress.durable, harness.positions[log]);
        uint64_t bytes = 0;
        char text[32];
        for (uint64_t k = 0; k < harness.positions[log]; k++)
            bytes += (uint64_t)snprintf(text, sizeof text, "%u %llu", log, (unsigned long long)k);
        assert_int_equal(progress.bytes, bytes);
    }
    assert_int_equal(harness_close(&harness, true), CDR_OK);
    harness_end(&harness);
}

/* Frame and payload are sent, the trailer is not; the key and timestamp are the record's. */
static void records_arrive_as_they_are(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness);
    harness_must_open(&harness);
    harness_must_write(&harness, 2, 3);
    harness_must_flush(&harness);
    char reason[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", harness.settings.kafka.brokers, NULL, 0);
    rd_kafka_conf_set(conf, "group.id", "reader", NULL, 0);
    rd_kafka_t *reader = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof reason);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "t.call", 2)->offset = 0;
    assert_int_equal(rd_kafka_assign(reader, list), RD_KAFKA_RESP_ERR_NO_ERROR);
    for (int k = 0; k < 3; k++) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(reader, 10000);
        assert_non_null(message);
        assert_int_equal(message->err, RD_KAFKA_RESP_ERR_NO_ERROR);
        char expected[32];
        snprintf(expected, sizeof expected, "frame2 %d", k);
        assert_int_equal(message->len, strlen(expected));
        assert_memory_equal(message->payload, expected, strlen(expected));
        assert_int_equal(message->key_len, 11);
        assert_memory_equal(message->key, "31612345678", 11);
        rd_kafka_timestamp_type_t type;
        assert_int_equal(rd_kafka_message_timestamp(message, &type), 1735689600000 + k);
        assert_int_equal(type, RD_KAFKA_TIMESTAMP_CREATE_TIME);
        assert_int_equal(message->offset, k);
        rd_kafka_message_destroy(message);
    }
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(reader);
    assert_int_equal(harness_close(&harness, true), CDR_OK);
    harness_end(&harness);
}

struct writer {
    struct harness *harness;
    unsigned worker;
    pthread_t thread;
};

static void *write_logs(void *opaque)
{
    struct writer *writer = opaque;
    struct cdr_error error = {0};
    for (int round = 0; round < 50; round++)
        for (uint32_t log = writer->worker; log < HARNESS_PARTITIONS; log += 2)
            if (harness_write(writer->harness, writer->worker, log, 200, &error) != CDR_OK)
                return "failed";
    return NULL;
}

/* More than librdkafka's queue holds, from two threads that both poll. */
static void threads_share_the_callbacks(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness);
    harness_property(&harness, "queue.buffering.max.messages", "1000");
    harness_property(&harness, "linger.ms", "1");
    harness_must_open(&harness);
    struct writer writers[2] = {{&harness, 0, 0}, {&harness, 1, 0}};
    for (int i = 0; i < 2; i++)
        pthread_create(&writers[i].thread, NULL, write_logs, &writers[i]);
    for (int i = 0; i < 2; i++) {
        void *failed;
        pthread_join(writers[i].thread, &failed);
        assert_null(failed);
    }
    harness_must_flush(&harness);
    for (uint32_t log = 0; log < HARNESS_PARTITIONS; log++)
        assert_int_equal(harness_progress(&harness, log).durable, 10000);
    assert_int_equal(harness_close(&harness, true), CDR_OK);
    harness_end(&harness);
}

static void a_full_queue_takes_a_part(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness);
    harness_property(&harness, "queue.buffering.max.messages", "100");
    harness_property(&harness, "linger.ms", "10000");
    harness_must_open(&harness);
    struct cdr_slab *slab = harness_fill(&harness, 0, 1, 250);
    uint32_t taken = 0;
    assert_int_equal(harness.sink->ops->write(harness.sink, 0, slab, 250, &taken, &harness.error),
                     CDR_E_AGAIN);
    assert_int_equal(taken, 100);
    assert_int_equal(harness_progress(&harness, 1).accepted, 100);
    while (taken < 250) {
        if (harness.sink->ops->flush(harness.sink, 1000, &harness.error) != CDR_OK)
            fail_msg("flush: %s", harness.error.text);
        assert_int_equal(harness_progress(&harness, 1).durable, taken);
        harness.sink->ops->write(harness.sink, 0, slab, 250, &taken, &harness.error);
    }
    harness.sink->ops->give_slab(harness.sink, 0, slab);
    harness_must_flush(&harness);
    assert_int_equal(harness_progress(&harness, 1).accepted, 250);
    assert_int_equal(harness_progress(&harness, 1).durable, 250);
    assert_int_equal(harness_close(&harness, true), CDR_OK);
    harness_end(&harness);
}

/* Slabs under way are bounded, and come back. */
static void memory_is_bounded(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness);
    harness_property(&harness, "queue.buffering.max.kbytes", "1");
    harness_property(&harness, "delivery.timeout.ms", "0");
    harness_must_open(&harness);
    rd_kafka_mock_broker_set_down(harness.cluster, HARNESS_BROKER);
    unsigned taken = 0;
    struct cdr_slab *slabs[256];
    while (taken < 256 &&
           harness.sink->ops->take_slab(harness.sink, 0, &slabs[taken], &harness.error) == CDR_OK)
        taken++;
    assert_in_range(taken, 2, 255);
    while (taken > 0)
        harness.sink->ops->give_slab(harness.sink, 0, slabs[--taken]);
    assert_int_equal(harness_close(&harness, true), CDR_OK);
    harness_end(&harness);
}

static void passing_errors_are_retried(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness);
    harness_property(&harness, "retry.backoff.ms", "20");
    harness_must_open(&harness);
    rd_kafka_mock_push_request_errors(
        harness.cluster, API_PRODUCE, 5, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
        RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
        RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
        RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS);
    harness_must_write(&harness, 0, 256);
    harness_must_write(&harness, 1, 256);
    harness_must_flush(&harness);
    assert_int_equal(harness_progress(&harness, 0).durable, 256);
    assert_int_equal(harness_progress(&harness, 1).durable, 256);
    assert_int_equal(harness_close(&harness, true), CDR_OK);
    harness_end(&harness);
}

static void an_outage_is_waited_out(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness);
    harness_must_open(&harness);
    harness_must_write(&harness, 0, 100);
    harness_must_flush(&harness);
    rd_kafka_mock_broker_set_down(harness.cluster, HARNESS_BROKER);
    harness_must_write(&harness, 0, 200);
    harness_must_write(&harness, 3, 50);
    assert_int_equal(harness.sink->ops->flush(harness.sink, 1500, &harness.error), CDR_E_AGAIN);
    assert_int_equal(harness_progress(&harness, 0).durable, 100);
    rd_kafka_mock_broker_set_up(harness.cluster, HARNESS_BROKER);
    harness_must_flush(&harness);
    assert_int_equal(harness_progress(&harness, 0).durable, 300);
    assert_int_equal(harness_progress(&harness, 3).durable, 50);
    assert_int_equal(harness_close(&harness, true), CDR_OK);
    harness_end(&harness);
}

static void an_outage_that_lasts_ends_the_run(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness);
    harness_property(&harness, "delivery.timeout.ms", "2000");
    harness_must_open(&harness);
    harness_must_write(&harness, 0, 100);
    harness_must_flush(&harness);
    rd_kafka_mock_broker_set_down(harness.cluster, HARNESS_BROKER);
    harness_must_write(&harness, 0, 20);
    assert_int_equal(harness_flush(&harness), CDR_E_AWAY);
    harness_assert_says(&harness, "t.call[0]: no record was acknowledged for 2000 ms "
                                  "(delivery.timeout.ms), 20 are under way");
    harness_assert_says(&harness, "the first 100 records of the log are safe");
    /* Everybody hears of it, and nothing more is taken. */
    struct cdr_error error = {0};
    assert_int_equal(harness.sink->ops->poll(harness.sink, 0, &error), CDR_E_AWAY);
    assert_string_equal(error.text, harness.error.text);
    assert_int_equal(harness_write(&harness, 0, 0, 1, &error), CDR_E_AWAY);
    assert_int_equal(harness_close(&harness, true), CDR_E_AWAY);
    harness_end(&harness);
}

/* A run that was stopped closes without waiting for brokers that are not there. */
static void closing_discards_what_is_under_way(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness);
    harness_must_open(&harness);
    rd_kafka_mock_broker_set_down(harness.cluster, HARNESS_BROKER);
    for (uint32_t log = 0; log < HARNESS_PARTITIONS; log++)
        harness_must_write(&harness, log, 256);
    int64_t start_ms = cdr_kafka_clock_ms();
    assert_int_equal(harness_close(&harness, false), CDR_OK);
    assert_in_range(cdr_kafka_clock_ms() - start_ms, 0, 9000);
    harness_end(&harness);
}

static void refused_batch(rd_kafka_resp_err_t code, const char *expected)
{
    struct harness harness;
    harness_start(&harness);
    harness_must_open(&harness);
    harness_must_write(&harness, 1, 30);
    harness_must_flush(&harness);
    rd_kafka_mock_push_request_errors(harness.cluster, API_PRODUCE, 1, code);
    harness_must_write(&harness, 1, 10);
    assert_int_equal(harness_flush(&harness), CDR_E_KAFKA);
    harness_assert_says(&harness, expected);
    /* The producer is at its end: no record follows the gap. */
    struct cdr_error error = {0};
    assert_int_equal(harness_write(&harness, 0, 1, 10, &error), CDR_E_KAFKA);
    assert_int_equal(harness_progress(&harness, 1).durable, 30);
    assert_int_equal(harness_close(&harness, false), CDR_OK);
    harness_end(&harness);
}

static void a_refused_batch_ends_the_run(void **state)
{
    (void)state;
    refused_batch(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, "Message size too large");
    refused_batch(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "operation Write");
    refused_batch(RD_KAFKA_RESP_ERR_INVALID_RECORD, "t.call[1]");
}

static void a_foreign_writer_is_noticed_by_the_next_report(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness);
    harness_must_open(&harness);
    harness_must_write(&harness, 3, 10);
    harness_must_flush(&harness);
    harness_foreign_write(&harness, 3, 2);
    harness_must_write(&harness, 3, 10);
    assert_int_equal(harness_flush(&harness), CDR_E_DIFFERENT);
    harness_assert_says(&harness, "t.call[3]: a record that belongs at offset 10 was stored at 12: "
                                  "another producer writes to the partition");
    harness_assert_says(&harness, "; the first 10 records of the log are where they belong");
    assert_int_equal(harness_close(&harness, true), CDR_E_DIFFERENT);
    harness_end(&harness);
}

static void a_foreign_writer_is_noticed_by_the_last_offset(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness);
    harness_must_open(&harness);
    harness_must_write(&harness, 3, 10);
    harness_must_flush(&harness);
    harness_foreign_write(&harness, 2, 1);
    assert_int_equal(harness_flush(&harness), CDR_E_DIFFERENT);
    harness_assert_says(&harness, "t.call[2] ends at offset 1 and must end at 0: another producer");
    assert_int_equal(harness_close(&harness, false), CDR_OK);
    harness_end(&harness);
}

/* A broker that says "I have these already" and does not: no offset with the report, so the next
 * one tells. */
static void a_loss_behind_a_report_without_offset_is_noticed(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness);
    harness_must_open(&harness);
    harness_must_write(&harness, 0, 10);
    harness_must_flush(&harness);
    rd_kafka_mock_push_request_errors(harness.cluster, API_PRODUCE, 1,
                                      RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER);
    harness_must_write(&harness, 0, 5);
    while (harness_progress(&harness, 0).durable < 15)
        assert_int_equal(harness.sink->ops->poll(harness.sink, 100, &harness.error), CDR_OK);
    harness_must_write(&harness, 0, 10);
    assert_int_equal(harness_flush(&harness), CDR_E_DIFFERENT);
    harness_assert_says(&harness, "belongs at offset 15 was stored at 10: records were lost");
    assert_int_equal(harness_close(&harness, false), CDR_OK);
    harness_end(&harness);
}

/* The same where the records are there after all (put there by somebody else, for want of a broker
 * that forgets what it answered). */
static void a_report_without_offset_is_settled_by_the_next(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness);
    harness_must_open(&harness);
    harness_must_write(&harness, 0, 10);
    harness_must_flush(&harness);
    rd_kafka_mock_push_request_errors(harness.cluster, API_PRODUCE, 1,
                                      RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER);
    harness_must_write(&harness, 0, 200);
    while (harness_progress(&harness, 0).durable < 210)
        assert_int_equal(harness.sink->ops->poll(harness.sink, 100, &harness.error), CDR_OK);
    harness_foreign_write(&harness, 0, 200);
    harness_must_write(&harness, 0, 10);
    harness_must_flush(&harness);
    assert_int_equal(harness_close(&harness, true), CDR_OK);
    harness_end(&harness);
}

static void a_loss_of_the_last_batch_is_noticed(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness);
    harness_must_open(&harness);
    rd_kafka_mock_push_request_errors(harness.cluster, API_PRODUCE, 1,
                                      RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER);
    harness_must_write(&harness, 0, 5);
    assert_int_equal(harness_flush(&harness), CDR_E_DIFFERENT);
    harness_assert_says(&harness, "t.call[0] ends at offset 0 and must end at 5: records that were "
                                  "acknowledged are lost");
    assert_int_equal(harness_close(&harness, false), CDR_OK);
    harness_end(&harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_written_is_durable_in_order),
        cmocka_unit_test(records_arrive_as_they_are),
        cmocka_unit_test(threads_share_the_callbacks),
        cmocka_unit_test(a_full_queue_takes_a_part),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(passing_errors_are_retried),
        cmocka_unit_test(an_outage_is_waited_out),
        cmocka_unit_test(an_outage_that_lasts_ends_the_run),
        cmocka_unit_test(closing_discards_what_is_under_way),
        cmocka_unit_test(a_refused_batch_ends_the_run),
        cmocka_unit_test(a_foreign_writer_is_noticed_by_the_next_report),
        cmocka_unit_test(a_foreign_writer_is_noticed_by_the_last_offset),
        cmocka_unit_test(a_loss_behind_a_report_without_offset_is_noticed),
        cmocka_unit_test(a_report_without_offset_is_settled_by_the_next),
        cmocka_unit_test(a_loss_of_the_last_batch_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
