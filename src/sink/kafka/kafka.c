#include "sink/kafka/kafka.h"

#include "base/hash.h"
#include "sink/kafka/internal.h"
#include "sink/sink_table.h"

#include <assert.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdlib.h>
#include <string.h>

enum { DISCARD_MS = 5000, STANDSTILL_MS = 15000, UNDER_WAY_BYTES_MAX = 96 << 20 };
enum {
    QUIET_MAX_MS = 120000,
    HIDDEN_MS = 45000, /* replica.lag.time.max.ms is 30 s */
    RENEW_MS = 3600 * 1000,
    COMMIT_MS = 10000
};

/* librdkafka allocates a message a record in one thread and frees it in another. Left to itself,
 * glibc gives the memory back to the system whenever a batch was freed and faults it in again. */
static void keep_freed_memory(void)
{
#ifdef __GLIBC__
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_TOP_PAD, 16 << 20);
#endif
}

void cdr_kafka_close_producer(struct cdr_kafka_sink *sink)
{
    for (uint32_t i = 0; sink->topics != NULL && i < sink->setup.topics->n; i++) {
        struct cdr_kafka_topic *topic = &sink->topics[i];
        if (topic->handle != NULL)
            rd_kafka_topic_destroy(topic->handle);
        topic->handle = NULL;
    }
    cdr_kafka_client_close(&sink->client);
    sink->fatal[0] = '\0';
}

static void kafka_free(struct cdr_kafka_sink *sink)
{
    cdr_kafka_close_producer(sink);
    cdr_kafka_watch_stop(sink);
    /* Only now is nothing left that could read a slab. One that never was reported stays out of the
     * pool. */
    if (sink->pool != NULL && atomic_load(&sink->slabs_out) == 0)
        cdr_slab_pool_destroy(sink->pool);
    cdr_counters_destroy(sink->counters);
    cdr_kafka_properties_free(&sink->properties);
    free(sink->topics);
    free(sink->warnings.texts);
    free(sink->logs);
    pthread_cond_destroy(&sink->turn_over);
    pthread_rwlock_destroy(&sink->transactions.gate);
    pthread_mutex_destroy(&sink->lock);
    cdr_failure_destroy(&sink->failure);
    if (!sink->client.stuck)
        free(sink);
}

/* The slabs under way hold as many bytes as the queue may, up to what keeps any connection busy:
 * more would only be memory to fault in. Never fewer than a run needs to get on. */
static enum cdr_result make_memory(struct cdr_kafka_sink *sink, struct cdr_error *error)
{
    const struct cdr_sink_setup *setup = &sink->setup;
    sink->log_count = setup->topics->n * setup->partitions;
    sink->logs = calloc(sink->log_count, sizeof *sink->logs);
    sink->counters = cdr_counters_create(sink->log_count);
    if (sink->logs == NULL || sink->counters == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for %u logs", sink->log_count);
    for (uint32_t log = 0; log < sink->log_count; log++)
        sink->logs[log].false_offset = -1;
    struct cdr_slab_settings slabs = cdr_slab_settings_of(setup, 1);
    uint64_t bytes = sink->properties.queue_bytes;
    uint64_t wanted = (bytes < UNDER_WAY_BYTES_MAX ? bytes : UNDER_WAY_BYTES_MAX) / slabs.bytes_max;
    unsigned least = 2 * cdr_slabs_for_direct_sinks(setup);
    slabs.slabs_max = wanted < least ? least : (unsigned)wanted;
    return cdr_slab_pool_create(&sink->pool, &slabs, error);
}

static enum cdr_result kafka_new(struct cdr_kafka_sink **made, const struct cdr_sink_setup *setup,
                                 struct cdr_error *error)
{
    assert(setup->partitions > 0);
    struct cdr_kafka_sink *sink = calloc(1, sizeof *sink);
    if (sink == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for the Kafka sink");
    sink->base.ops = &cdr_kafka_sink_ops;
    sink->setup = *setup;
    pthread_mutex_init(&sink->lock, NULL);
    cdr_failure_init(&sink->failure);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&sink->turn_over, &attributes);
    pthread_rwlock_init(&sink->transactions.gate, NULL);
    pthread_condattr_destroy(&attributes);
    *made = sink;
    sink->topics = calloc(setup->topics->n, sizeof *sink->topics);
    if (sink->topics == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for %u topics", setup->topics->n);
    for (uint32_t i = 0; i < setup->topics->n; i++) {
        sink->topics[i].name = setup->topics->items[i].name;
        sink->topics[i].left_out = setup->topics->items[i].left_out;
    }
    return CDR_OK;
}

/* The watch's client asks: a producer's metadata requests would make the broker create topics, and
 * only a consumer can commit offsets. */
static enum cdr_result prepare_topics(struct cdr_kafka_sink *sink,
                                      const struct cdr_sink_settings *settings,
                                      struct cdr_error *error)
{
    char group[CDR_KAFKA_GROUP_MAX];
    cdr_kafka_group_of(CDR_GROUP_BASES, sink->setup.dataset_id, group);
    struct cdr_kafka_client *asker = &sink->watch.asker;
    enum cdr_result result =
        cdr_kafka_watch_open(sink, settings->append || settings->resume ? group : NULL, error);
    if (result == CDR_OK)
        result = cdr_kafka_connect(asker, (int)settings->kafka.timeout_ms, error);
    if (result == CDR_OK)
        result = cdr_kafka_topics_prepare(sink, asker, settings, error);
    return result;
}

static void listen_to_producer(rd_kafka_conf_t *conf)
{
    rd_kafka_conf_set_dr_msg_cb(conf, cdr_kafka_on_report);
    cdr_kafka_standstill_listen(conf);
}

enum cdr_result cdr_kafka_open_producer(struct cdr_kafka_sink *sink,
                                        const struct cdr_sink_settings *settings,
                                        struct cdr_error *error)
{
    char reason[256], bytes[32];
    size_t needed = 0;
    for (uint32_t i = 0; i < sink->setup.topics->n; i++) {
        const size_t most = cdr_kafka_record_max(&sink->setup, &sink->setup.topics->items[i]);
        needed = most > needed ? most : needed;
    }
    needed += CDR_BATCH_OVERHEAD_BYTES;
    if (sink->setup.fault_bytes > 0 && (int64_t)needed > sink->properties.batch_bytes &&
        !settings->kafka.force)
        return cdr_fail(error, CDR_E_STATE,
                        "the producer takes %lld bytes at most (message.max.bytes), and the "
                        "longest record needs %zu: pass -X message.max.bytes=%zu, or a smaller "
                        "--oversize-bytes",
                        (long long)sink->properties.batch_bytes, needed, needed);
    snprintf(bytes, sizeof bytes, "%lld", (long long)sink->properties.batch_bytes);
    if (rd_kafka_conf_set(sink->properties.conf, "message.max.bytes", bytes, reason,
                          sizeof reason) != RD_KAFKA_CONF_OK)
        return cdr_fail(error, CDR_E_STATE, "the topics' max.message.bytes is %s: %s", bytes,
                        reason);
    const struct cdr_kafka_role role = {
        .prepare = listen_to_producer, .on_fatal = cdr_kafka_on_fatal, .owner = sink};
    enum cdr_result result =
        cdr_kafka_client_open(&sink->client, RD_KAFKA_PRODUCER, &sink->properties, &role, error);
    for (uint32_t i = 0; i < sink->setup.topics->n && result == CDR_OK; i++) {
        struct cdr_kafka_topic *topic = &sink->topics[i];
        if (topic->left_out) /* asked about by a producer, it might be created */
            continue;
        topic->handle = rd_kafka_topic_new(sink->client.rk, topic->name, NULL);
        if (topic->handle == NULL)
            result = cdr_fail(error, CDR_E_KAFKA, "topic %s: %s", topic->name,
                              rd_kafka_err2str(rd_kafka_last_error()));
    }
    /* So that records go straight to their partitions' queues and a missing broker shows now. */
    if (result == CDR_OK)
        result = cdr_kafka_connect(&sink->client, (int)settings->kafka.timeout_ms, error);
    return result;
}

/* Of their names: the same dataset may be written to other topics at the same time. */
static uint32_t hash_of_topics(const struct cdr_kafka_sink *sink)
{
    uint64_t hash = 0;
    for (uint32_t i = 0; i < sink->setup.topics->n; i++)
        for (const char *at = sink->topics[i].name; *at != '\0'; at++)
            hash = cdr_mix(hash + (unsigned char)*at + CDR_PURPOSE(i + 1));
    return (uint32_t)(hash >> 32);
}

static enum cdr_result set_up_transactions(struct cdr_kafka_sink *sink,
                                           const struct cdr_sink_settings *settings,
                                           struct cdr_error *error)
{
    struct cdr_kafka_transactions *state = &sink->transactions;
    state->on = true;
    state->records_max = settings->transaction_records;
    state->interval_ms = settings->transaction_ms;
    state->abort_share = sink->setup.abort_share;
    cdr_kafka_group_of(CDR_GROUP_PROGRESS, sink->setup.dataset_id, state->group);
    const unsigned hash = hash_of_topics(sink);
    snprintf(state->door, sizeof state->door, "cdrgen-%s-%08x", sink->setup.dataset_id, hash);
    if (sink->setup.token != NULL)
        snprintf(state->token, sizeof state->token, "%s", sink->setup.token);
    else
        cdr_make_token(state->token);
    snprintf(state->id, sizeof state->id, "cdrgen-%s-%08x-%u-of-%u", sink->setup.dataset_id, hash,
             sink->setup.shard_index, sink->setup.shard_count);
    return cdr_kafka_transactions_prepare(sink, settings, error);
}

static void set_waits(struct cdr_kafka_sink *sink, const struct cdr_sink_settings *settings)
{
    sink->waits = (struct cdr_kafka_waits){.stall_ms = sink->properties.delivery_timeout_ms,
                                           .stall_name = "delivery.timeout.ms",
                                           .standstill_ms = STANDSTILL_MS,
                                           .quiet_ms = settings->resume_quiet_ms,
                                           .quiet_max_ms = QUIET_MAX_MS,
                                           .hidden_ms = HIDDEN_MS,
                                           .renew_ms = RENEW_MS,
                                           .commit_ms = COMMIT_MS};
    sink->transactions.renew_ms = cdr_kafka_clock_ms() + RENEW_MS;
    if (settings->spill != NULL) {
        sink->waits.stall_ms = settings->spill_after_ms;
        sink->waits.stall_name = "--spill-after";
    }
}

static enum cdr_result kafka_open(struct cdr_sink **opened,
                                  const struct cdr_sink_settings *settings,
                                  const struct cdr_sink_setup *setup, struct cdr_error *error)
{
    struct cdr_kafka_sink *sink = NULL;
    keep_freed_memory();
    enum cdr_result result = kafka_new(&sink, setup, error);
    if (result == CDR_OK)
        result =
            cdr_kafka_properties_make(&sink->properties, &settings->kafka, &sink->warnings, error);
    if (result == CDR_OK)
        set_waits(sink, settings);
    if (result == CDR_OK && settings->transactions)
        result = set_up_transactions(sink, settings, error);
    if (result == CDR_OK)
        result = make_memory(sink, error);
    if (result == CDR_OK && settings->doubted != NULL)
        cdr_kafka_doubt(&sink->base, settings->doubted);
    if (result == CDR_OK)
        result = prepare_topics(sink, settings, error);
    if (result == CDR_OK)
        result = sink->transactions.on ? cdr_kafka_transactions_open(sink, settings, error)
                                       : cdr_kafka_open_producer(sink, settings, error);
    if (result == CDR_OK && settings->rehearsal == CDR_REHEARSAL_NONE)
        result = cdr_kafka_watch_start(sink, settings, error);
    if (result != CDR_OK) {
        if (sink != NULL)
            kafka_free(sink);
        return result;
    }
    *opened = &sink->base;
    return CDR_OK;
}

static void kafka_starts(const struct cdr_sink *base, uint64_t *starts)
{
    const struct cdr_kafka_sink *sink = (const struct cdr_kafka_sink *)base;
    for (uint32_t log = 0; log < sink->log_count; log++)
        starts[log] = sink->logs[log].start;
}

void cdr_kafka_set_starts(struct cdr_sink *base, const uint64_t *starts)
{
    struct cdr_kafka_sink *sink = (struct cdr_kafka_sink *)base;
    for (uint32_t number = 0; number < sink->log_count; number++) {
        struct cdr_kafka_log *log = &sink->logs[number];
        if (!cdr_kafka_mine(&sink->setup, number % sink->setup.partitions) ||
            starts[number] >= log->start)
            continue;
        log->skipped += (int64_t)(log->start - starts[number]);
        log->base += (int64_t)(log->start - starts[number]);
        log->start = starts[number];
        atomic_store(&log->end, log->start);
    }
}

static void kafka_progress(const struct cdr_sink *sink, struct cdr_log_progress *progress)
{
    const struct cdr_kafka_sink *kafka = (const struct cdr_kafka_sink *)sink;
    cdr_counters_read(kafka->counters, progress);
    for (uint32_t log = 0; log < kafka->log_count; log++)
        progress[log].aborted =
            atomic_load_explicit(&kafka->logs[log].aborted, memory_order_relaxed);
}

static enum cdr_result kafka_close(struct cdr_sink *base, bool complete, struct cdr_error *error)
{
    struct cdr_kafka_sink *sink = (struct cdr_kafka_sink *)base;
    bool discard = cdr_kafka_under_way(sink) > 0;
    if (discard)
        cdr_kafka_discard(sink, DISCARD_MS);
    if (sink->transactions.on && !complete)
        cdr_kafka_transactions_retract(sink);
    if (sink->transactions.on)
        cdr_kafka_transactions_close(sink);
    enum cdr_result result = CDR_OK;
    if (complete)
        result = cdr_failure_get(&sink->failure, error);
    else if (cdr_failure_code(&sink->failure) == CDR_E_PRODUCER)
        result = cdr_kafka_watch_judge(sink, error);
    if (result == CDR_E_DIFFERENT || cdr_failure_code(&sink->failure) == CDR_E_DIFFERENT)
        cdr_kafka_take_back(sink);
    kafka_free(sink);
    return result;
}

static void kafka_bases(const struct cdr_sink *base, int64_t *bases)
{
    const struct cdr_kafka_sink *sink = (const struct cdr_kafka_sink *)base;
    for (uint32_t log = 0; log < sink->log_count; log++)
        bases[log] = cdr_kafka_begin_of(&sink->logs[log]);
}

static int64_t kafka_patience_ms(const struct cdr_sink *sink)
{
    const int64_t stall_ms = ((const struct cdr_kafka_sink *)sink)->waits.stall_ms;
    return stall_ms > 0 ? stall_ms : INT64_MAX / 2000000;
}

static const char *kafka_warning(const struct cdr_sink *sink, size_t i)
{
    const struct cdr_kafka_warnings *warnings = &((const struct cdr_kafka_sink *)sink)->warnings;
    return i < warnings->n ? warnings->texts[i] : NULL;
}

const struct cdr_sink_ops cdr_kafka_sink_ops = {
    .name = "kafka",
    .traits = CDR_SINK_MESSAGES | CDR_SINK_OFFSETS,
    .description = "publishes to one topic per record type, exactly once and in order",
    .open = kafka_open,
    .starts = kafka_starts,
    .warning = kafka_warning,
    .bases = kafka_bases,
    .remember_begin = cdr_kafka_remember_begin,
    .remember_end = cdr_kafka_remember_end,
    .patience_ms = kafka_patience_ms,
    .take_slab = cdr_kafka_take_slab,
    .write = cdr_kafka_write,
    .give_slab = cdr_kafka_give_slab,
    .poll = cdr_kafka_poll,
    .flush = cdr_kafka_flush,
    .progress = kafka_progress,
    .close = kafka_close,
};
