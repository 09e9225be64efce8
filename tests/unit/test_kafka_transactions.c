/* Transactions where real brokers cannot be told to fail: on librdkafka's mock cluster, which writes
 * no control records, so that only the first commit of a log can be looked at. What is stored and
 * seen by consumers: tests/kafka/test_transactions*.sh. */
#include "kafka_harness.h"

enum {
    API_INIT_PRODUCER_ID = 22,
    API_ADD_PARTITIONS = 24,
    API_ADD_OFFSETS = 25,
    API_END_TXN = 26,
    API_TXN_OFFSET_COMMIT = 28,
    RECORDS = 10,
    PATIENCE_S = 30
};

static void start(struct harness *harness)
{
    harness_start(harness);
    harness->settings.transactions = true;
    harness->settings.transaction_records = RECORDS;
    harness->settings.transaction_ms = 1000;
}

static void fail_next(struct harness *harness, int16_t api, size_t times, rd_kafka_resp_err_t code)
{
    rd_kafka_resp_err_t codes[64];
    assert_true(times <= 64);
    for (size_t i = 0; i < times; i++)
        codes[i] = code;
    rd_kafka_mock_push_request_errors_array(harness->cluster, api, times, codes);
}

/* Serves until log 0 has so many durable records, or the sink fails. */
static enum cdr_result wait_for(struct harness *harness, uint64_t durable)
{
    enum cdr_result result = CDR_OK;
    const int64_t end_ms = cdr_kafka_clock_ms() + PATIENCE_S * 1000;
    while ((result == CDR_OK || result == CDR_E_AGAIN) &&
           harness_progress(harness, 0).durable < durable && cdr_kafka_clock_ms() < end_ms)
        result = harness->sink->ops->poll(harness->sink, 50, &harness->error);
    return result;
}

static int64_t timeout_of(const struct harness *harness)
{
    return ((const struct cdr_kafka_sink *)harness->sink)->transactions.timeout_ms;
}

/* ---- what is committed of a log ---- */

#define DATASET "0123456789abcdef0123456789abcdef"
#define TOKEN "fedcba9876543210fedcba9876543210"
#define FORM "00112233445566778899aabbccddeeff"
#define MARK "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
#define LINE_2 "cdrgen-tx 2 " DATASET " 5 1205 cdrgen-" DATASET "-1-of-3 " TOKEN " " FORM
#define LINE "cdrgen-tx 3 " DATASET " 5 1205 cdrgen-" DATASET "-1-of-3 " TOKEN " " FORM " " MARK

static bool reads(int64_t offset, const char *metadata, size_t size,
                  struct cdr_kafka_progress *progress)
{
    rd_kafka_topic_partition_t entry = {
        .offset = offset, .metadata = (void *)(uintptr_t)metadata, .metadata_size = size};
    return cdr_kafka_progress_read(&entry, DATASET, progress);
}

static void progress_reads_as_it_was_signed(void **state)
{
    (void)state;
    struct cdr_kafka_progress progress = {1200,  5,    1205, "cdrgen-" DATASET "-1-of-3",
                                          TOKEN, FORM, MARK},
                              read;
    rd_kafka_topic_partition_t entry = {0};
    cdr_kafka_progress_sign(&entry, DATASET, &progress);
    assert_int_equal(entry.offset, 1200);
    assert_int_equal(entry.metadata_size, strlen(LINE));
    assert_memory_equal(entry.metadata, LINE, strlen(LINE));
    assert_true(cdr_kafka_progress_read(&entry, DATASET, &read));
    assert_int_equal(read.position, 1200);
    assert_int_equal(read.begin, 5);
    assert_int_equal(read.after, 1205);
    assert_string_equal(read.id, progress.id);
    assert_string_equal(read.token, progress.token);
    assert_string_equal(read.form, progress.form);
    assert_true(cdr_kafka_is_marked(&read, MARK));
    assert_false(cdr_kafka_is_marked(&read, TOKEN));
    free(entry.metadata);
}

static void progress_without_a_mark_vouches_for_no_topic(void **state)
{
    (void)state;
    struct cdr_kafka_progress read;
    assert_true(reads(1200, LINE_2, strlen(LINE_2), &read));
    assert_int_equal(read.position, 1200);
    assert_false(cdr_kafka_is_marked(&read, ""));
    assert_false(cdr_kafka_is_marked(&read, MARK));
    struct cdr_kafka_progress unmarked = read;
    rd_kafka_topic_partition_t entry = {0};
    cdr_kafka_progress_sign(&entry, DATASET, &unmarked);
    assert_true(cdr_kafka_progress_read(&entry, DATASET, &read));
    assert_false(cdr_kafka_is_marked(&read, ""));
    assert_false(cdr_kafka_is_marked(&read, MARK));
    free(entry.metadata);
}

static void a_mark_reads_as_it_was_signed(void **state)
{
    (void)state;
    char mark[CDR_TOKEN_LEN + 1];
    rd_kafka_topic_partition_t entry = {0};
    cdr_kafka_sign(&entry, DATASET, MARK, 0);
    cdr_kafka_mark_read(&entry, DATASET, mark);
    assert_string_equal(mark, MARK);
    cdr_kafka_mark_read(&entry, TOKEN, mark); /* another dataset's */
    assert_string_equal(mark, "");
    entry.metadata_size--;
    cdr_kafka_mark_read(&entry, DATASET, mark);
    assert_string_equal(mark, "");
    free(entry.metadata);
}

static void other_metadata_is_none_of_ours(void **state)
{
    (void)state;
    static const char *const others[] = {
        "",
        DATASET,
        "cdrgen-tx 1 " DATASET " 5 1205 cdrgen-" DATASET "-1-of-3 " TOKEN " " FORM,
        "cdrgen-tx 2 " DATASET " 5 1205 cdrgen-" DATASET "-1-of-3 " TOKEN,
        LINE_2 " ",
        LINE_2 " " MARK,
        "cdrgen-tx 3 " DATASET " 5 1205 cdrgen-" DATASET "-1-of-3 " TOKEN " " FORM,
        "cdrgen-tx 3 " DATASET " 5 1205 cdrgen-" DATASET "-1-of-3 " TOKEN " " FORM " short",
        LINE " ",
        LINE "0",
        "cdrgen-tx 2 " DATASET " 5 1205 cdrgen-" DATASET "-1-of-3 " TOKEN " short",
        "cdrgen-tx 2 " DATASET " 5  1205 cdrgen-" DATASET "-1-of-3 " TOKEN " " FORM,
        "cdrgen-tx 2 " DATASET " 5 01205 cdrgen-" DATASET "-1-of-3 " TOKEN " " FORM,
        "cdrgen-tx 2 " DATASET " 1206 1205 cdrgen-" DATASET "-1-of-3 " TOKEN " " FORM,
        "cdrgen-tx 2 " DATASET " -5 1205 cdrgen-" DATASET "-1-of-3 " TOKEN " " FORM,
        "cdrgen-tx 2 " DATASET " 5 99999999999999999999 cdrgen-" DATASET "-1-of-3 " TOKEN " " FORM,
        "cdrgen-tx 2 " DATASET " 5 1205 orders-service " TOKEN
        " " FORM, /* nobody's id to shut out */
        "cdrgen-tx 2 0123456789abcdef0123456789abcdee 5 1205 cdrgen-" DATASET "-1-of-3 " TOKEN
        " " FORM,
        "cdrgen-tx 2 " DATASET " 5 1205 cdrgen-" DATASET "-1-of-3 short " FORM,
    };
    struct cdr_kafka_progress progress;
    assert_true(reads(0, LINE, strlen(LINE), &progress));
    assert_false(reads(-1001, LINE, strlen(LINE), &progress));
    assert_false(reads(0, LINE, strlen(LINE) - 1, &progress));
    assert_false(reads(0, LINE "\0", strlen(LINE) + 1, &progress));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (reads(0, others[i], strlen(others[i]), &progress))
            fail_msg("\"%s\" is taken for progress", others[i]);
}

/* ---- opening ---- */

static void a_timeout_that_brokers_refuse_is_shortened(void **state)
{
    (void)state;
    struct harness harness;
    start(&harness);
    fail_next(&harness, API_INIT_PRODUCER_ID, 2, RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT);
    harness_must_open(&harness);
    assert_int_equal(timeout_of(&harness), (300000 + 1000 + 30000) / 4);
    assert_int_equal(harness_close(&harness, false), CDR_OK);
    harness_end(&harness);
}

static void a_timeout_of_the_users_that_brokers_refuse_is_an_error(void **state)
{
    (void)state;
    struct harness harness;
    start(&harness);
    harness_property(&harness, "transaction.timeout.ms", "50000");
    fail_next(&harness, API_INIT_PRODUCER_ID, 1, RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT);
    assert_int_equal(
        cdr_kafka_sink_ops.open(&harness.sink, &harness.settings, &harness.setup, &harness.error),
        CDR_E_CONFIG);
    harness_assert_says(&harness, "the brokers refuse transaction.timeout.ms=50000");
    harness_end(&harness);
}

static void a_transaction_longer_than_its_timeout_is_an_error(void **state)
{
    (void)state;
    struct harness harness;
    start(&harness);
    harness_property(&harness, "transaction.timeout.ms", "1000");
    assert_int_equal(
        cdr_kafka_sink_ops.open(&harness.sink, &harness.settings, &harness.setup, &harness.error),
        CDR_E_CONFIG);
    harness_assert_says(&harness, "1000 ms is not less than transaction.timeout.ms=1000");
    harness_end(&harness);
}

static void an_opening_that_is_shut_out_begins_again(void **state)
{
    (void)state;
    struct harness harness;
    start(&harness);
    fail_next(&harness, API_INIT_PRODUCER_ID, 2, RD_KAFKA_RESP_ERR_PRODUCER_FENCED);
    harness_must_open(&harness);
    harness_must_write(&harness, 0, RECORDS);
    assert_int_equal(wait_for(&harness, RECORDS), CDR_OK);
    assert_int_equal(harness_progress(&harness, 0).durable, RECORDS);
    assert_int_equal(harness_close(&harness, false), CDR_OK);
    harness_end(&harness);
}

/* ---- commits ---- */

static void coordinators_that_cannot_answer_yet_are_asked_again(void **state)
{
    (void)state;
    static const struct {
        int16_t api;
        rd_kafka_resp_err_t code;
    } cases[] = {
        {API_TXN_OFFSET_COMMIT, RD_KAFKA_RESP_ERR_NOT_COORDINATOR},
        {API_ADD_OFFSETS, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE},
        {API_END_TXN, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct harness harness;
        start(&harness);
        harness_must_open(&harness);
        fail_next(&harness, cases[i].api, 12, cases[i].code); /* librdkafka gives up before */
        harness_must_write(&harness, 0, RECORDS);
        if (wait_for(&harness, RECORDS) != CDR_OK)
            fail_msg("request %d, %s: %s", cases[i].api, rd_kafka_err2name(cases[i].code),
                     harness.error.text);
        assert_int_equal(harness_progress(&harness, 0).durable, RECORDS);
        assert_int_equal(harness_close(&harness, false), CDR_OK);
        harness_end(&harness);
    }
}

static void what_broke_a_transaction_is_named(void **state)
{
    (void)state;
    struct harness harness;
    start(&harness);
    harness_must_open(&harness);
    fail_next(&harness, API_ADD_PARTITIONS, 1, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    harness_write(&harness, 0, 0, RECORDS, &harness.error);
    assert_int_equal(wait_for(&harness, RECORDS), CDR_E_KAFKA);
    harness_assert_says(&harness, "not authorised");
    assert_null(strstr(harness.error.text, "Purged"));
    assert_int_equal(harness_progress(&harness, 0).durable, 0);
    harness_close(&harness, false);
    harness_end(&harness);
}

static void a_producer_that_was_shut_out_gives_way_to_a_new_one(void **state)
{
    (void)state;
    struct harness harness;
    start(&harness);
    harness_must_open(&harness);
    fail_next(&harness, API_END_TXN, 1, RD_KAFKA_RESP_ERR_PRODUCER_FENCED);
    harness_must_write(&harness, 0, RECORDS);
    assert_int_equal(wait_for(&harness, RECORDS), CDR_E_PRODUCER);
    harness_assert_says(&harness,
                        "another run has taken over, or a transaction was open for longer");
    harness_close(&harness, false);
    harness_end(&harness);
}

static struct cdr_kafka_sink *sink_of(const struct harness *harness)
{
    return (struct cdr_kafka_sink *)harness->sink;
}

/* Two brokers; the second one is the coordinator of the group, and nothing else. */
static void start_with_coordinator(struct harness *harness)
{
    harness_start_brokers(harness, 2);
    harness->settings.transactions = true;
    harness->settings.transaction_records = RECORDS;
    harness->settings.transaction_ms = 1000;
    for (int partition = 0; partition < HARNESS_PARTITIONS; partition++)
        rd_kafka_mock_partition_set_leader(harness->cluster, "t.call", partition, 1);
    harness_property(harness, "delivery.timeout.ms", "1000");
    harness_must_open(harness);
    sink_of(harness)->waits.commit_ms = 500;
    rd_kafka_mock_coordinator_set(harness->cluster, "transaction",
                                  sink_of(harness)->transactions.id, 1);
    rd_kafka_mock_coordinator_set(harness->cluster, "group", sink_of(harness)->transactions.group,
                                  2);
    rd_kafka_mock_broker_set_down(harness->cluster, 2);
}

/* The call ignores its timeout, and the run stood still for ever. */
static void a_run_does_not_stand_still_while_the_groups_coordinator_is_away(void **state)
{
    (void)state;
    struct harness harness;
    start_with_coordinator(&harness);
    const int64_t begun_ms = cdr_kafka_clock_ms();
    harness_must_write(&harness, 0, RECORDS);
    assert_int_equal(wait_for(&harness, RECORDS), CDR_E_AWAY);
    harness_assert_says(&harness, "could not be committed for 1000 ms (delivery.timeout.ms): the "
                                  "coordinator of the group cdrgen-tx-");
    assert_int_equal(harness_progress(&harness, 0).durable, 0);
    harness_close(&harness, false);
    assert_true(cdr_kafka_clock_ms() - begun_ms < PATIENCE_S * 1000);
    /* Another run goes on once the coordinator is back, and the first one cannot come between. */
    rd_kafka_mock_broker_set_up(harness.cluster, 2);
    rd_kafka_mock_topic_create(harness.cluster, "t.again", HARNESS_PARTITIONS, 1);
    snprintf(harness.topic.name, sizeof harness.topic.name,
             "t.again"); /* the mock shows records that nobody committed */
    harness.positions[0] = 0;
    harness_must_open(&harness);
    harness_must_write(&harness, 0, RECORDS);
    assert_int_equal(wait_for(&harness, RECORDS), CDR_OK);
    assert_int_equal(harness_close(&harness, false), CDR_OK);
    harness_end(&harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(progress_reads_as_it_was_signed),
        cmocka_unit_test(progress_without_a_mark_vouches_for_no_topic),
        cmocka_unit_test(a_mark_reads_as_it_was_signed),
        cmocka_unit_test(other_metadata_is_none_of_ours),
        cmocka_unit_test(a_timeout_that_brokers_refuse_is_shortened),
        cmocka_unit_test(a_timeout_of_the_users_that_brokers_refuse_is_an_error),
        cmocka_unit_test(a_transaction_longer_than_its_timeout_is_an_error),
        cmocka_unit_test(an_opening_that_is_shut_out_begins_again),
        cmocka_unit_test(coordinators_that_cannot_answer_yet_are_asked_again),
        cmocka_unit_test(what_broke_a_transaction_is_named),
        cmocka_unit_test(a_producer_that_was_shut_out_gives_way_to_a_new_one),
        cmocka_unit_test(a_run_does_not_stand_still_while_the_groups_coordinator_is_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
