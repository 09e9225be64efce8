/* What the Kafka sink asks of the cluster before the first record, on librdkafka's mock cluster.
 * Guard, creation and rights need real brokers: tests/kafka/test_sink.sh. */
#include "kafka_harness.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

static void assert_open_fails(struct harness *harness, enum cdr_result expected, const char *text)
{
    harness->error.text[0] = '\0';
    assert_int_equal(cdr_kafka_sink_ops.open(&harness->sink, &harness->settings, &harness->setup,
                                             &harness->error),
                     expected);
    harness_assert_says(harness, text);
}

static void another_number_of_partitions_is_refused(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness);
    harness.setup.partitions = 6;
    assert_open_fails(&harness, CDR_E_STATE,
                      "topic t.call has 4 partitions, and 6 were asked for: pass --partitions 4");
    harness_end(&harness);
}

static void an_unreadable_configuration_needs_force(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness);
    harness.settings.kafka.force = false;
    assert_open_fails(&harness, CDR_E_STATE,
                      "the brokers do not show the configuration of topic t.call");
    harness_assert_says(&harness, "--force goes on unchecked");
    harness.settings.kafka.force = true;
    harness_must_open(&harness);
    assert_non_null(
        strstr(harness.sink->ops->warning(harness.sink, 0), "do not show the configuration"));
    assert_null(harness.sink->ops->warning(harness.sink, 1));
    assert_int_equal(harness_close(&harness, true), CDR_OK);
    harness_end(&harness);
}

static void a_log_that_is_not_empty_is_refused(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness);
    harness_foreign_write(&harness, 2, 3);
    assert_open_fails(&harness, CDR_E_STATE,
                      "t.call[2] is not empty (end offset 3): go on with what a run "
                      "of this dataset left with --resume, write after it with --append, or "
                      "delete the topic and create it again");
    harness_end(&harness);
}

static void other_shards_logs_do_not_matter(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness);
    harness_foreign_write(&harness, 2, 3);
    harness.setup.shard_count = 2;
    harness.setup.shard_index = 1;
    harness_must_open(&harness);
    harness_must_write(&harness, 1, 10);
    harness_foreign_write(&harness, 0, 1);
    harness_must_flush(&harness);
    assert_int_equal(harness_close(&harness, true), CDR_OK);
    harness.setup.shard_index = 0;
    assert_open_fails(&harness, CDR_E_STATE, "t.call[0] is not empty");
    harness_end(&harness);
}

/* Offsets go on from what is there, and where they started is kept in the dataset's group. */
static void append_goes_on_and_commits_the_bases(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness);
    harness_foreign_write(&harness, 2, 3);
    harness.settings.append = true;
    harness_must_open(&harness);
    for (uint32_t log = 0; log < HARNESS_PARTITIONS; log++)
        harness_must_write(&harness, log, 10);
    harness_must_flush(&harness);
    assert_int_equal(harness_progress(&harness, 2).durable, 10);
    assert_int_equal(harness_close(&harness, true), CDR_OK);

    char reason[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", harness.settings.kafka.brokers, NULL, 0);
    rd_kafka_conf_set(conf, "group.id", "cdrgen-0123456789abcdef0123456789abcdef", NULL, 0);
    rd_kafka_t *reader = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof reason);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(HARNESS_PARTITIONS);
    rd_kafka_topic_partition_list_add_range(list, "t.call", 0, HARNESS_PARTITIONS - 1);
    assert_int_equal(rd_kafka_committed(reader, list, 10000), RD_KAFKA_RESP_ERR_NO_ERROR);
    for (int i = 0; i < HARNESS_PARTITIONS; i++) {
        assert_int_equal(list->elems[i].offset, list->elems[i].partition == 2 ? 3 : 0);
        assert_int_equal(list->elems[i].metadata_size, 32);
        assert_memory_equal(list->elems[i].metadata, harness.setup.dataset_id, 32);
    }
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(reader);
    harness_end(&harness);
}

static void impossible_topic_names_are_told(void **state)
{
    (void)state;
    struct harness harness;
    struct cdr_kafka_topic_state state_there;
    int32_t broker = -1;
    char name[600] = "";
    harness_start(&harness);
    harness_must_open(&harness);
    memset(name, 'x', sizeof name - 1);
    struct cdr_kafka_client *asker = &((struct cdr_kafka_sink *)harness.sink)->watch.asker;
    assert_int_equal(cdr_kafka_look_at(asker, name, 5000, &state_there, &broker, &harness.error),
                     CDR_E_CONFIG);
    assert_non_null(strstr(harness.error.text, "cannot be a topic"));
    assert_int_equal(harness_close(&harness, false), CDR_OK);
    harness_end(&harness);
}

static void probe_says_whether_brokers_answer(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness);
    assert_int_equal(cdr_kafka_probe(&harness.settings.kafka, 5000, &harness.error), CDR_OK);
    harness_end(&harness);
}

/* A port that nobody listens on: bound here, so that nobody can begin to. */
static void nobody_listens(void **state)
{
    (void)state;
    int holder = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    assert_int_equal(bind(holder, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(holder, (struct sockaddr *)&address, &len), 0);
    char brokers[32], expected[128];
    snprintf(brokers, sizeof brokers, "127.0.0.1:%u", ntohs(address.sin_port));
    struct cdr_kafka_settings settings = {.brokers = brokers};
    struct cdr_error error = {0};
    int64_t start_ms = cdr_kafka_clock_ms();
    assert_int_equal(cdr_kafka_probe(&settings, 1000, &error), CDR_E_KAFKA);
    assert_in_range(cdr_kafka_clock_ms() - start_ms, 900, 5000);
    snprintf(expected, sizeof expected, "no Kafka broker of %s answered within 1.", brokers);
    assert_memory_equal(error.text, expected, strlen(expected));
    assert_non_null(strstr(error.text, "Connection refused"));
    close(holder);
}

static void probe_needs_brokers(void **state)
{
    (void)state;
    struct cdr_kafka_settings settings = {.brokers = NULL};
    struct cdr_error error = {0};
    assert_int_equal(cdr_kafka_probe(&settings, 1000, &error), CDR_E_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_number_of_partitions_is_refused),
        cmocka_unit_test(an_unreadable_configuration_needs_force),
        cmocka_unit_test(a_log_that_is_not_empty_is_refused),
        cmocka_unit_test(other_shards_logs_do_not_matter),
        cmocka_unit_test(append_goes_on_and_commits_the_bases),
        cmocka_unit_test(impossible_topic_names_are_told),
        cmocka_unit_test(probe_says_whether_brokers_answer),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(probe_needs_brokers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
