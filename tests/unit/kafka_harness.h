/* A Kafka sink on librdkafka's mock cluster: one broker or more, one topic of HARNESS_PARTITIONS
 * partitions. The mock can be told to fail; what real brokers store is the business of tests/kafka.
 */
#ifndef CDR_TESTS_KAFKA_HARNESS_H
#define CDR_TESTS_KAFKA_HARNESS_H

#include "sink/kafka/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <librdkafka/rdkafka_mock.h>

enum { HARNESS_PARTITIONS = 4, HARNESS_RECORD_MAX = 64, HARNESS_BROKER = 1 };
enum { API_PRODUCE = 0 };

struct harness {
    rd_kafka_t *rk; /* owns the cluster, and is the foreign producer */
    rd_kafka_mock_cluster_t *cluster;
    struct cdr_sink_settings settings;
    struct cdr_property properties[8];
    struct cdr_encoder encoder;
    struct cdr_topic topic;
    struct cdr_topics topics;
    struct cdr_sink_setup setup;
    struct cdr_sink *sink;
    struct cdr_error error;
    uint64_t positions[HARNESS_PARTITIONS];
};

static inline void harness_start_brokers(struct harness *harness, int brokers_count)
{
    memset(harness, 0, sizeof *harness);
    char reason[256];
    harness->rk = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), reason, sizeof reason);
    assert_non_null(harness->rk);
    harness->cluster = rd_kafka_mock_cluster_new(harness->rk, brokers_count);
    assert_non_null(harness->cluster);
    const char *brokers = rd_kafka_mock_cluster_bootstraps(harness->cluster);
    assert_int_equal(rd_kafka_brokers_add(harness->rk, brokers), brokers_count);
    rd_kafka_mock_topic_create(harness->cluster, "t.call", HARNESS_PARTITIONS, 1);
    harness->encoder = (struct cdr_encoder){
        .record_bytes_max = HARNESS_RECORD_MAX, .frame_len = 5, .trailer_len = 1};
    harness->settings =
        (struct cdr_sink_settings){.kafka = {.brokers = (char *)(uintptr_t)brokers,
                                             .properties = harness->properties,
                                             .force = true, /* the mock shows no configs */
                                             .timeout_ms = 10000}};
    harness->topic = (struct cdr_topic){.name = "t.call", .encoder = &harness->encoder};
    harness->topics = (struct cdr_topics){.n = 1, .items = &harness->topic};
    harness->setup = (struct cdr_sink_setup){.topics = &harness->topics,
                                             .partitions = HARNESS_PARTITIONS,
                                             .shard_count = 1,
                                             .dataset_id = "0123456789abcdef0123456789abcdef",
                                             .workers = 2,
                                             .slab_bytes = 256 * HARNESS_RECORD_MAX,
                                             .slab_records = 256};
}

static inline void harness_start(struct harness *harness)
{
    harness_start_brokers(harness, 1);
}

static inline void harness_property(struct harness *harness, const char *name, const char *value)
{
    harness->properties[harness->settings.kafka.property_count++] = (struct cdr_property){
        (char *)(uintptr_t)name, (char *)(uintptr_t)value, (char *)(uintptr_t) "-X"};
}

static inline void harness_must_open(struct harness *harness)
{
    enum cdr_result result = cdr_kafka_sink_ops.open(&harness->sink, &harness->settings,
                                                     &harness->setup, &harness->error);
    if (result != CDR_OK)
        fail_msg("open: %s", harness->error.text);
}

/* A slab with the next n records of a log: frame, "partition position", newline. */
static inline struct cdr_slab *harness_fill(struct harness *harness, unsigned worker, uint32_t log,
                                            uint32_t n)
{
    struct cdr_slab *slab = NULL;
    struct cdr_error error = {0};
    while (harness->sink->ops->take_slab(harness->sink, worker, &slab, &error) == CDR_E_AGAIN)
        if (harness->sink->ops->poll(harness->sink, 100, &error) != CDR_OK)
            return NULL;
    uint32_t at = 0;
    slab->log = log;
    slab->position = harness->positions[log];
    slab->n = n;
    for (uint32_t i = 0; i < n; i++) {
        at += (uint32_t)snprintf((char *)slab->bytes + at, HARNESS_RECORD_MAX, "frame%u %llu\n",
                                 log, (unsigned long long)(slab->position + i));
        slab->ends[i] = at;
        slab->event_ms[i] = 1735689600000 + (int64_t)i;
        slab->key_lens[i] = 11;
        memcpy(slab->keys[i], "31612345678", 11);
    }
    return slab;
}

/* Writes the next n records of a log. */
static inline enum cdr_result harness_write(struct harness *harness, unsigned worker, uint32_t log,
                                            uint32_t n, struct cdr_error *error)
{
    struct cdr_slab *slab = harness_fill(harness, worker, log, n);
    if (slab == NULL)
        return harness->sink->ops->poll(harness->sink, 0, error);
    uint32_t taken = 0;
    enum cdr_result result;
    while ((result = harness->sink->ops->write(harness->sink, worker, slab, n, &taken, error)) ==
           CDR_E_AGAIN)
        if ((result = harness->sink->ops->poll(harness->sink, 100, error)) != CDR_OK)
            break;
    harness->positions[log] += taken;
    harness->sink->ops->give_slab(harness->sink, worker, slab);
    return result;
}

static inline void harness_must_write(struct harness *harness, uint32_t log, uint32_t n)
{
    enum cdr_result result = harness_write(harness, 0, log, n, &harness->error);
    if (result != CDR_OK)
        fail_msg("write: %s", harness->error.text);
}

static inline enum cdr_result harness_flush(struct harness *harness)
{
    enum cdr_result result;
    while ((result = harness->sink->ops->flush(harness->sink, 200, &harness->error)) == CDR_E_AGAIN)
        continue;
    return result;
}

static inline void harness_must_flush(struct harness *harness)
{
    if (harness_flush(harness) != CDR_OK)
        fail_msg("flush: %s", harness->error.text);
}

static inline void harness_assert_says(const struct harness *harness, const char *text)
{
    if (strstr(harness->error.text, text) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", harness->error.text, text);
}

static inline struct cdr_log_progress harness_progress(const struct harness *harness, uint32_t log)
{
    struct cdr_log_progress progress[CDR_TYPE_COUNT * HARNESS_PARTITIONS];
    harness->sink->ops->progress(harness->sink, progress);
    return progress[log];
}

static inline enum cdr_result harness_close(struct harness *harness, bool complete)
{
    return harness->sink->ops->close(harness->sink, complete, &harness->error);
}

/* Somebody else writes to a partition, and it is stored when this returns. */
static inline void harness_foreign_write(struct harness *harness, int partition, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(rd_kafka_producev(harness->rk, RD_KAFKA_V_TOPIC("t.call"),
                                           RD_KAFKA_V_PARTITION(partition),
                                           RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                           RD_KAFKA_V_VALUE((void *)"x", 1), RD_KAFKA_V_END),
                         RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_int_equal(rd_kafka_flush(harness->rk, 10000), RD_KAFKA_RESP_ERR_NO_ERROR);
}

static inline void harness_end(struct harness *harness)
{
    rd_kafka_mock_cluster_destroy(harness->cluster);
    rd_kafka_destroy(harness->rk);
}

#endif
