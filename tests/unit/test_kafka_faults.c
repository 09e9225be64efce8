/* The Kafka sink under every kind of fault that librdkafka's mock cluster can be told to show:
 * errors that pass, errors that don't, answers that come late or never, connections that break.
 *
 * Each case ends in one of two ways. Either it passes, and every record is in its log once and in
 * order; or the sink fails in words that are checked, each log holds a prefix of what was written,
 * and a second sink that resumes completes it exactly. What is stored is read back by a consumer of
 * its own.
 *
 * The mock appends whatever it does not refuse: it neither drops repeats nor minds gaps in
 * sequences. So faults that real brokers make harmless are also seen at their worst here, and the
 * proof by offsets must find them.
 */
#include "kafka_harness.h"

enum { API_LIST_OFFSETS = 2, API_OFFSET_FETCH = 9, API_INIT_PRODUCER_ID = 22 };
enum { BATCH = 40, PATIENCE_MS = 20000 };

/* --- reading back --- */

static rd_kafka_t *reader_of(const struct harness *harness)
{
    char reason[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", harness->settings.kafka.brokers, NULL, 0);
    rd_kafka_conf_set(conf, "group.id", "reader", NULL, 0);
    rd_kafka_conf_set(conf, "enable.partition.eof", "true", NULL, 0);
    rd_kafka_t *reader = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof reason);
    assert_non_null(reader);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(HARNESS_PARTITIONS);
    for (int partition = 0; partition < HARNESS_PARTITIONS; partition++)
        rd_kafka_topic_partition_list_add(list, "t.call", partition)->offset = 0;
    assert_int_equal(rd_kafka_assign(reader, list), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_topic_partition_list_destroy(list);
    return reader;
}

/* counts[log] records are there, and they are the first ones of the log, in order. */
static void assert_prefixes(const struct harness *harness, uint64_t *counts)
{
    rd_kafka_t *reader = reader_of(harness);
    memset(counts, 0, HARNESS_PARTITIONS * sizeof *counts);
    const int64_t deadline_ms = cdr_kafka_clock_ms() + PATIENCE_MS;
    for (int ends = 0; ends < HARNESS_PARTITIONS;) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(reader, 500);
        if (cdr_kafka_clock_ms() > deadline_ms)
            fail_msg("the logs were not read within %d ms", PATIENCE_MS);
        if (message == NULL)
            continue;
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            ends++;
        } else if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            uint64_t k = counts[message->partition]++;
            char expected[HARNESS_RECORD_MAX];
            int len = snprintf(expected, sizeof expected, "frame%d %llu", (int)message->partition,
                               (unsigned long long)k);
            if (message->offset != (int64_t)k || message->len != (size_t)len ||
                memcmp(message->payload, expected, message->len) != 0)
                fail_msg("offset %lld of log %d holds \"%.*s\", not \"%s\"",
                         (long long)message->offset, (int)message->partition, (int)message->len,
                         (const char *)message->payload, expected);
        }
        rd_kafka_message_destroy(message);
    }
    rd_kafka_destroy(reader);
}

/* Everything that was written is there, once and in order. */
static void assert_exact(const struct harness *harness)
{
    uint64_t counts[HARNESS_PARTITIONS];
    assert_prefixes(harness, counts);
    for (uint32_t log = 0; log < HARNESS_PARTITIONS; log++)
        assert_int_equal(counts[log], harness->positions[log]);
}

/* --- courses --- */

/* The second half of a failure: what is there is a prefix, and a new sink finds it and goes on. */
static void resume(struct harness *harness)
{
    uint64_t counts[HARNESS_PARTITIONS], starts[CDR_TYPE_COUNT * HARNESS_PARTITIONS];
    harness_close(harness, false);
    assert_prefixes(harness, counts);
    harness->settings.resume = true;
    harness->error = (struct cdr_error){0};
    harness_must_open(harness);
    harness->sink->ops->starts(harness->sink, starts);
    for (uint32_t log = 0; log < HARNESS_PARTITIONS; log++) {
        assert_int_equal(starts[log], counts[log]);
        assert_in_range(counts[log], 0, harness->positions[log]);
        harness->positions[log] = starts[log];
    }
}

/* Quick retries, so that a case takes a moment only. */
static void start_quick(struct harness *harness)
{
    harness_start(harness);
    harness_property(harness, "retry.backoff.ms", "20");
    harness_property(harness, "topic.metadata.refresh.fast.interval.ms", "50");
    harness_property(harness, "reconnect.backoff.ms", "20");
    harness_property(harness, "reconnect.backoff.max.ms", "50");
    harness_property(harness, "linger.ms", "5");
}

static void end_exact(struct harness *harness)
{
    assert_int_equal(harness_close(harness, true), CDR_OK);
    assert_exact(harness);
    harness_end(harness);
}

static void push(struct harness *harness, int16_t api, rd_kafka_resp_err_t code, unsigned times)
{
    rd_kafka_resp_err_t codes[16];
    assert_in_range(times, 1, 16);
    for (unsigned i = 0; i < times; i++)
        codes[i] = code;
    rd_kafka_mock_push_request_errors_array(harness->cluster, api, times, codes);
}

/* The next answer to a produce request: after rtt_ms. */
static void push_late(struct harness *harness, rd_kafka_resp_err_t code, int rtt_ms)
{
    rd_kafka_mock_broker_push_request_error_rtts(harness->cluster, HARNESS_BROKER, API_PRODUCE, 1,
                                                 code, rtt_ms);
}

/* --- errors that pass --- */

static const rd_kafka_resp_err_t passing[] = {
    RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
    RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
    RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE,
    RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE,
    RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
    RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
    RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
    RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
    RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
    RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
    RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
    RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
    RD_KAFKA_RESP_ERR__TRANSPORT, /* the connection breaks; the last of them */
};

enum { PASSING = sizeof passing / sizeof passing[0] };

/* Once, and three times in a row. */
static void each_passing_error_leaves_no_trace(void **state)
{
    (void)state;
    struct harness harness;
    start_quick(&harness);
    harness_must_open(&harness);
    for (unsigned i = 0; i < 2 * PASSING; i++) {
        uint32_t log = i % HARNESS_PARTITIONS;
        push(&harness, API_PRODUCE, passing[i / 2], i % 2 == 0 ? 1 : 3);
        harness_must_write(&harness, log, BATCH);
        if (harness_flush(&harness) != CDR_OK)
            fail_msg("%s: %s", rd_kafka_err2name(passing[i / 2]), harness.error.text);
        assert_int_equal(harness_progress(&harness, log).durable, harness.positions[log]);
    }
    end_exact(&harness);
}

/* One of each, in all logs at once; but for the broken connection, which takes along the answers to
 * other logs' batches that are stored. */
static void passing_errors_may_come_in_a_row(void **state)
{
    (void)state;
    struct harness harness;
    start_quick(&harness);
    harness_must_open(&harness);
    rd_kafka_mock_push_request_errors_array(harness.cluster, API_PRODUCE, PASSING - 1, passing);
    for (uint32_t log = 0; log < HARNESS_PARTITIONS; log++)
        harness_must_write(&harness, log, BATCH);
    harness_must_flush(&harness);
    end_exact(&harness);
}

/* Before the first record: brokers that cannot name the producer yet. */
static void a_producer_waits_for_its_name(void **state)
{
    (void)state;
    static const rd_kafka_resp_err_t codes[] = {
        RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
        RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
        RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
        RD_KAFKA_RESP_ERR__TRANSPORT,
    };
    struct harness harness;
    start_quick(&harness);
    rd_kafka_mock_push_request_errors_array(harness.cluster, API_INIT_PRODUCER_ID,
                                            sizeof codes / sizeof codes[0], codes);
    harness_must_open(&harness);
    harness_must_write(&harness, 2, BATCH);
    harness_must_flush(&harness);
    end_exact(&harness);
}

/* A broker that restarts may not know the topic for a moment. */
static void a_topic_may_be_unknown_for_a_moment(void **state)
{
    (void)state;
    struct harness harness;
    start_quick(&harness);
    harness_must_open(&harness);
    harness_must_write(&harness, 0, BATCH);
    harness_must_flush(&harness);
    rd_kafka_mock_topic_set_error(harness.cluster, "t.call",
                                  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    push(&harness, API_PRODUCE, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, 2);
    harness_must_write(&harness, 0, BATCH);
    harness_must_write(&harness, 1, BATCH);
    harness.sink->ops->flush(harness.sink, 700, &harness.error);
    rd_kafka_mock_topic_set_error(harness.cluster, "t.call", RD_KAFKA_RESP_ERR_NO_ERROR);
    harness_must_flush(&harness);
    end_exact(&harness);
}

/* The last question, where the logs end, meets the same troubles. */
static void asking_for_the_ends_is_patient(void **state)
{
    (void)state;
    static const rd_kafka_resp_err_t codes[] = {
        RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
        RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
        RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
        RD_KAFKA_RESP_ERR__TRANSPORT,
    };
    struct harness harness;
    start_quick(&harness);
    harness_must_open(&harness);
    harness_must_write(&harness, 1, BATCH);
    rd_kafka_mock_push_request_errors_array(harness.cluster, API_LIST_OFFSETS,
                                            sizeof codes / sizeof codes[0], codes);
    harness_must_flush(&harness);
    end_exact(&harness);
}

/* --- errors that don't pass --- */

/* A batch of log 1 meets code; in what the sink says stands text. The logs are completed. */
static void must_fail(struct harness *harness, rd_kafka_resp_err_t code, enum cdr_result expected,
                      const char *text)
{
    char where[64], safe[64];
    snprintf(where, sizeof where, "t.call[1]: the record at offset %llu was not delivered",
             (unsigned long long)harness->positions[1]);
    snprintf(safe, sizeof safe, "; the records before it are safe");
    push(harness, API_PRODUCE, code, 1);
    harness_must_write(harness, 1, BATCH);
    enum cdr_result result = harness_flush(harness);
    if (result != expected)
        fail_msg("%s: %d, not %d: %s", rd_kafka_err2name(code), result, expected,
                 harness->error.text);
    harness_assert_says(harness, where);
    harness_assert_says(harness, text);
    harness_assert_says(harness, safe);
    /* The producer is at its end, and everybody hears why. */
    struct cdr_error error = {0};
    assert_int_equal(harness_write(harness, 0, 2, 1, &error), expected);
    assert_string_equal(error.text, harness->error.text);
    resume(harness);
    for (uint32_t log = 0; log < HARNESS_PARTITIONS; log++)
        harness_must_write(harness, log, BATCH);
    harness_must_flush(harness);
}

static void each_refusal_ends_the_run_and_resume_is_exact(void **state)
{
    (void)state;
    static const struct {
        rd_kafka_resp_err_t code;
        const char *text;
    } refusals[] = {
        {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, "Broker: Message size too large"},
        {RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, "Broker: Message batch larger than"},
        {RD_KAFKA_RESP_ERR_INVALID_RECORD, "Broker: Broker failed to validate record"},
        {RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP, "Broker: Invalid timestamp"},
        {RD_KAFKA_RESP_ERR_POLICY_VIOLATION, "Broker: Policy violation"},
        {RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION, "Broker: Broker disconnected"},
        {RD_KAFKA_RESP_ERR_UNKNOWN, "Unknown broker error"},
        {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "lacks the operation Write on the topic"},
        {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, "or IdempotentWrite on the cluster"},
    };
    struct harness harness;
    start_quick(&harness);
    harness_must_open(&harness);
    for (unsigned i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        must_fail(&harness, refusals[i].code, CDR_E_KAFKA, refusals[i].text);
    end_exact(&harness);
}

/* The broker's memory of the producer is at odds with it: a new producer can go on. */
static void each_end_of_a_producer_lets_a_new_one_go_on(void **state)
{
    (void)state;
    static const struct {
        rd_kafka_resp_err_t code;
        const char *text;
    } ends[] = {
        {RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "out of order sequence number"},
        {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, "with an old epoch"},
        {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING, "not currently assigned"},
    };
    struct harness harness;
    start_quick(&harness);
    harness_must_open(&harness);
    for (unsigned i = 0; i < sizeof ends / sizeof ends[0]; i++)
        must_fail(&harness, ends[i].code, CDR_E_PRODUCER, ends[i].text);
    /* Of a producer that the broker forgot, librdkafka knows: what was never sent before may be
     * sent again under a new epoch … */
    push(&harness, API_PRODUCE, RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID, 1);
    harness_must_write(&harness, 1, BATCH);
    harness_must_flush(&harness);
    /* … and what was sent before may not. */
    push(&harness, API_PRODUCE, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, 1);
    must_fail(&harness, RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID, CDR_E_PRODUCER,
              "nknown Producer Id");
    end_exact(&harness);
}

static void who_may_not_write_at_all_is_told_so(void **state)
{
    (void)state;
    struct harness harness;
    start_quick(&harness);
    push(&harness, API_INIT_PRODUCER_ID, RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, 1);
    harness_must_open(&harness);
    struct cdr_error error = {0};
    if (harness_write(&harness, 0, 1, BATCH, &error) == CDR_OK)
        assert_int_equal(harness_flush(&harness), CDR_E_KAFKA);
    else
        harness.error = error;
    harness_assert_says(&harness, "or IdempotentWrite on the cluster");
    resume(&harness);
    harness_must_write(&harness, 1, BATCH);
    harness_must_flush(&harness);
    end_exact(&harness);
}

/* --- several batches under way --- */

/* An idempotent librdkafka has several batches of a partition under way only while they hold less
 * than five records together, so these hold one. codes[] are the answers to three of log 3. */
static void send_three_batches(struct harness *harness, const rd_kafka_resp_err_t codes[3])
{
    harness_property(harness, "batch.num.messages", "1");
    harness_must_open(harness);
    harness_must_write(harness, 3, 10);
    harness_must_flush(harness);
    for (int i = 0; i < 3; i++)
        push_late(harness, codes[i], 300);
    harness_must_write(harness, 3, 3);
}

/* Real brokers refuse what is sent behind a refused batch; all of it is sent again. */
static void batches_behind_a_refused_one_are_sent_again(void **state)
{
    (void)state;
    static const rd_kafka_resp_err_t codes[] = {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
                                                RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
                                                RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER};
    struct harness harness;
    start_quick(&harness);
    send_three_batches(&harness, codes);
    harness_must_flush(&harness);
    end_exact(&harness);
}

/* A broker that does not mind the gap, and stores the second batch before the first: no log is
 * taken for whole. */
static void a_log_out_of_order_is_noticed(void **state)
{
    (void)state;
    static const rd_kafka_resp_err_t codes[] = {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
                                                RD_KAFKA_RESP_ERR_NO_ERROR,
                                                RD_KAFKA_RESP_ERR_NO_ERROR};
    struct harness harness;
    start_quick(&harness);
    send_three_batches(&harness, codes);
    assert_int_equal(harness_flush(&harness), CDR_E_DIFFERENT);
    harness_assert_says(&harness, "t.call[3]: a record that belongs at offset 11 was stored at 10");
    assert_null(strstr(harness.error.text, "where they belong")); /* record 10 is not */
    assert_int_not_equal(harness_close(&harness, true), CDR_OK);
    harness_end(&harness);
}

/* --- answers that come late --- */

static void a_slow_cluster_is_waited_for(void **state)
{
    (void)state;
    struct harness harness;
    start_quick(&harness);
    harness_property(&harness, "batch.num.messages", "40");
    harness_must_open(&harness);
    rd_kafka_mock_broker_set_rtt(harness.cluster, HARNESS_BROKER, 400);
    for (int round = 0; round < 5; round++)
        for (uint32_t log = 0; log < HARNESS_PARTITIONS; log++)
            harness_must_write(&harness, log, 2 * BATCH);
    harness_must_flush(&harness);
    rd_kafka_mock_broker_set_rtt(harness.cluster, HARNESS_BROKER, 0);
    end_exact(&harness);
}

/* Past the request's time, and nothing was stored. */
static void an_answer_that_never_comes_is_asked_for_again(void **state)
{
    (void)state;
    struct harness harness;
    start_quick(&harness);
    harness_property(&harness, "socket.timeout.ms", "1000");
    harness_must_open(&harness);
    harness_must_write(&harness, 0, BATCH);
    harness_must_flush(&harness);
    push_late(&harness, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, 3000);
    harness_must_write(&harness, 0, BATCH);
    harness_must_flush(&harness);
    end_exact(&harness);
}

/* Past the request's time, and the batch was stored: the mock stores it again. (A broker that knows
 * the producer does not, but one that has forgotten it would.) */
static void a_batch_that_comes_twice_is_noticed(void **state)
{
    (void)state;
    struct harness harness;
    start_quick(&harness);
    harness_property(&harness, "socket.timeout.ms", "1000");
    harness_must_open(&harness);
    harness_must_write(&harness, 0, BATCH);
    harness_must_flush(&harness);
    push_late(&harness, RD_KAFKA_RESP_ERR_NO_ERROR, 3000);
    harness_must_write(&harness, 0, BATCH);
    assert_int_equal(harness_flush(&harness), CDR_E_DIFFERENT);
    harness_assert_says(&harness,
                        "t.call[0]: a record that belongs at offset 40 was stored at 80: "
                        "another producer writes to the partition, or records came twice");
    harness_assert_says(&harness, "; the first 40 records of the log are where they belong");
    assert_int_equal(harness_close(&harness, true), CDR_E_DIFFERENT);
    harness_end(&harness);
}

/* Errors that would pass, and don't within delivery.timeout.ms. */
static void patience_ends_and_resume_is_exact(void **state)
{
    (void)state;
    struct harness harness;
    start_quick(&harness);
    harness_property(&harness, "delivery.timeout.ms", "1500");
    harness_must_open(&harness);
    harness_must_write(&harness, 2, BATCH);
    harness_must_flush(&harness);
    rd_kafka_mock_broker_set_down(harness.cluster, HARNESS_BROKER);
    harness_must_write(&harness, 2, BATCH);
    assert_int_equal(harness_flush(&harness), CDR_E_AWAY);
    harness_assert_says(&harness, "t.call[2]: no record was acknowledged for 1500 ms "
                                  "(delivery.timeout.ms), 40 are under way");
    harness_assert_says(&harness, "the first 40 records of the log are safe");
    assert_int_equal(harness_close(&harness, false), CDR_OK);
    rd_kafka_mock_broker_set_up(harness.cluster, HARNESS_BROKER);
    harness.settings.resume = true;
    harness_must_open(&harness);
    resume(&harness);
    assert_int_equal(harness.positions[2], BATCH);
    harness_must_write(&harness, 2, 2 * BATCH);
    harness_must_flush(&harness);
    end_exact(&harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_passing_error_leaves_no_trace),
        cmocka_unit_test(passing_errors_may_come_in_a_row),
        cmocka_unit_test(a_producer_waits_for_its_name),
        cmocka_unit_test(a_topic_may_be_unknown_for_a_moment),
        cmocka_unit_test(asking_for_the_ends_is_patient),
        cmocka_unit_test(each_refusal_ends_the_run_and_resume_is_exact),
        cmocka_unit_test(each_end_of_a_producer_lets_a_new_one_go_on),
        cmocka_unit_test(who_may_not_write_at_all_is_told_so),
        cmocka_unit_test(batches_behind_a_refused_one_are_sent_again),
        cmocka_unit_test(a_log_out_of_order_is_noticed),
        cmocka_unit_test(a_slow_cluster_is_waited_for),
        cmocka_unit_test(an_answer_that_never_comes_is_asked_for_again),
        cmocka_unit_test(a_batch_that_comes_twice_is_noticed),
        cmocka_unit_test(patience_ends_and_resume_is_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
