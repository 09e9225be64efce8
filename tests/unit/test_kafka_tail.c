/* The check that a resume makes, on librdkafka's mock cluster: a real run is written to it, then
 * ranges of its topics are checked, clean and with one record of somebody else's. */
#include "kafka_harness.h"
#include "model/model.h"
#include "verify/verify.h"

enum { LOGS = CDR_TYPE_COUNT * HARNESS_PARTITIONS };

struct fixture {
    struct harness harness; /* the cluster, and a foreign producer */
    struct cdr_model *model;
    struct cdr_topics topics;
    struct cdr_verify_range ranges[LOGS];
    uint64_t counts[LOGS];
};

static const char *const names[CDR_TYPE_COUNT] = {"t.call", "t.sms", "t.data"};

/* Writes the dataset, as a run does. */
static void write_all(struct fixture *fixture)
{
    struct harness *harness = &fixture->harness;
    struct cdr_sink_setup setup = {.topics = &fixture->topics,
                                   .partitions = HARNESS_PARTITIONS,
                                   .shard_count = 1,
                                   .dataset_id = fixture->model->dataset_id,
                                   .workers = 2,
                                   .slab_bytes = 1 << 16,
                                   .slab_records = 512};
    struct cdr_pipeline_settings settings = {.model = fixture->model,
                                             .topics = &fixture->topics,
                                             .workers = 2,
                                             .shard_count = 1,
                                             .drain_timeout_ms = 1000};
    struct cdr_pipeline *pipeline;
    harness->setup = setup;
    harness_must_open(harness);
    settings.sink = harness->sink;
    assert_int_equal(cdr_pipeline_create(&pipeline, &settings, &harness->error), CDR_OK);
    if (cdr_pipeline_run(pipeline, &harness->error) != CDR_OK)
        fail_msg("run: %s", harness->error.text);
    harness_must_flush(harness);
    for (uint32_t log = 0; log < LOGS; log++)
        fixture->counts[log] = cdr_pipeline_position(pipeline, log);
    cdr_pipeline_destroy(pipeline);
    assert_int_equal(harness_close(harness, true), CDR_OK);
}

static void begin(struct fixture *fixture, const char *format)
{
    struct cdr_error error = {{0}};
    struct cdr_parameters parameters;
    memset(fixture, 0, sizeof *fixture);
    harness_start(&fixture->harness);
    rd_kafka_mock_topic_create(fixture->harness.cluster, "t.sms", HARNESS_PARTITIONS, 1);
    rd_kafka_mock_topic_create(fixture->harness.cluster, "t.data", HARNESS_PARTITIONS, 1);
    cdr_parameters_default(&parameters);
    parameters.subscribers = 150;
    parameters.days = 2;
    parameters.partitions = HARNESS_PARTITIONS;
    assert_int_equal(cdr_model_create(&fixture->model, &parameters, &error), CDR_OK);
    assert_int_equal(cdr_topics_create(&fixture->topics, CDR_TYPE_COUNT, &error), CDR_OK);
    for (unsigned type = 0; type < CDR_TYPE_COUNT; type++) {
        struct cdr_topic *topic = &fixture->topics.items[type];
        snprintf(topic->name, sizeof topic->name, "%s", names[type]);
        topic->schema_ids[0] = 7;
    }
    assert_int_equal(cdr_topics_create_encoders(&fixture->topics, format, parameters.tz_name,
                                                strcmp(format, "avro") == 0, &error),
                     CDR_OK);
    write_all(fixture);
}

static void end(struct fixture *fixture)
{
    cdr_topics_free(&fixture->topics);
    cdr_model_destroy(fixture->model);
    harness_end(&fixture->harness);
}

/* The last n records of each log, at most. */
static void set_ranges(struct fixture *fixture, uint64_t n)
{
    for (uint32_t log = 0; log < LOGS; log++) {
        uint64_t to = fixture->counts[log], from = to > n ? to - n : 0;
        fixture->ranges[log] =
            (struct cdr_verify_range){.from = from, .to = to, .offset = (int64_t)from};
    }
}

static enum cdr_result check(struct fixture *fixture, uint32_t shard_index, uint32_t shard_count)
{
    struct cdr_verify_tail_settings settings = {.model = fixture->model,
                                                .topics = &fixture->topics,
                                                .sink = &fixture->harness.settings,
                                                .workers = 3,
                                                .shard_index = shard_index,
                                                .shard_count = shard_count,
                                                .ranges = fixture->ranges};
    fixture->harness.error.text[0] = '\0';
    return cdr_verify_tail(&settings, &fixture->harness.error);
}

static void must_be_same(struct fixture *fixture, uint32_t shard_index, uint32_t shard_count)
{
    if (check(fixture, shard_index, shard_count) != CDR_OK)
        fail_msg("%s", fixture->harness.error.text);
}

static void test_clean(void **state)
{
    static const char *const formats[] = {"csv", "avro", "json"};
    static const uint64_t tails[] = {0, 1, 10, 1000000};
    (void)state;
    for (unsigned f = 0; f < 3; f++) {
        struct fixture fixture;
        begin(&fixture, formats[f]);
        for (unsigned i = 0; i < 4; i++) {
            set_ranges(&fixture, tails[i]);
            must_be_same(&fixture, 0, 1);
            must_be_same(&fixture, 1, 3);
        }
        end(&fixture);
    }
}

/* One record that is not the function's, at the end of t.call[2]. */
static void test_foreign(void **state)
{
    struct fixture fixture;
    (void)state;
    begin(&fixture, "csv");
    harness_foreign_write(&fixture.harness, 2, 1);
    fixture.counts[2]++;
    set_ranges(&fixture, 5);
    assert_int_equal(check(&fixture, 0, 1), CDR_E_DIFFERENT);
    /* It lies behind all that the dataset has. */
    harness_assert_says(&fixture.harness, "t.call[2] must hold ");
    /* Taken for the record before the last: the first that differs is named, with its fields. */
    fixture.counts[2] -= 1;
    set_ranges(&fixture, 3);
    fixture.ranges[2].offset++;
    assert_int_equal(check(&fixture, 0, 1), CDR_E_DIFFERENT);
    harness_assert_says(&fixture.harness, "t.call[2] has another record at offset ");
    harness_assert_says(&fixture.harness, fixture.model->dataset_id);
    harness_assert_says(&fixture.harness, "end_ts_ms: expected 17");
    /* Nobody else's shard. */
    must_be_same(&fixture, 1, 4);
    end(&fixture);
}

static void test_ends_before(void **state)
{
    struct fixture fixture;
    (void)state;
    begin(&fixture, "csv");
    set_ranges(&fixture, 2);
    fixture.ranges[5].offset++;
    fixture.ranges[5].from++;
    must_be_same(&fixture, 0, 1);
    fixture.ranges[5].offset++;
    assert_int_equal(check(&fixture, 0, 1), CDR_E_DIFFERENT);
    harness_assert_says(&fixture.harness, "t.sms[1] ends before record ");
    end(&fixture);
}

static void test_another_seed(void **state)
{
    struct fixture fixture;
    struct cdr_error error = {{0}};
    (void)state;
    begin(&fixture, "avro");
    struct cdr_parameters parameters = fixture.model->parameters;
    parameters.seed++;
    cdr_model_destroy(fixture.model);
    assert_int_equal(cdr_model_create(&fixture.model, &parameters, &error), CDR_OK);
    set_ranges(&fixture, 3);
    assert_int_equal(check(&fixture, 0, 1), CDR_E_DIFFERENT);
    end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clean),
        cmocka_unit_test(test_foreign),
        cmocka_unit_test(test_ends_before),
        cmocka_unit_test(test_another_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
