/* The null sink: counts what it is given. It exists to measure everything before it and to take a
 * digest. */
#include "sink/counters.h"
#include "sink/sink_table.h"
#include "sink/slab.h"

#include <assert.h>
#include <stdlib.h>

struct null_sink {
    struct cdr_sink base;
    struct cdr_sink_setup setup;
    struct cdr_slab_pool *pool;
    struct cdr_counters *counters;
};

static void null_free(struct null_sink *sink)
{
    cdr_slab_pool_destroy(sink->pool);
    cdr_counters_destroy(sink->counters);
    free(sink);
}

static enum cdr_result null_open(struct cdr_sink **sink, const struct cdr_sink_settings *settings,
                                 const struct cdr_sink_setup *setup, struct cdr_error *error)
{
    (void)settings;
    struct null_sink *null = calloc(1, sizeof *null);
    if (null == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for the null sink");
    null->base.ops = &cdr_null_sink_ops;
    null->setup = *setup;
    null->counters = cdr_counters_create(setup->topics->n * setup->partitions);
    struct cdr_slab_settings slabs = cdr_slab_settings_of(setup, cdr_slabs_for_direct_sinks(setup));
    enum cdr_result result = CDR_OK;
    if (null->counters == NULL)
        result = cdr_fail(error, CDR_E_NOMEM, "no memory for the counts of %u partitions",
                          setup->partitions);
    if (result == CDR_OK)
        result = cdr_slab_pool_create(&null->pool, &slabs, error);
    if (result != CDR_OK) {
        null_free(null);
        return result;
    }
    *sink = &null->base;
    return CDR_OK;
}

static enum cdr_result null_take_slab(struct cdr_sink *sink, unsigned worker,
                                      struct cdr_slab **slab, struct cdr_error *error)
{
    return cdr_slab_take(((struct null_sink *)sink)->pool, worker, slab, error);
}

static enum cdr_result null_write(struct cdr_sink *sink, unsigned worker, struct cdr_slab *slab,
                                  uint32_t end, uint32_t *taken, struct cdr_error *error)
{
    (void)worker;
    (void)error;
    struct null_sink *null = (struct null_sink *)sink;
    assert(*taken <= end && end <= slab->n);
    const struct cdr_encoder *encoder = cdr_sink_topic(&null->setup, slab->log)->encoder;
    uint32_t records = end - *taken;
    cdr_counters_accept(null->counters, slab->log, records,
                        cdr_payload_bytes(encoder, slab, *taken, end));
    cdr_counters_make_durable(null->counters, slab->log, records);
    *taken = end;
    return CDR_OK;
}

static void null_give_slab(struct cdr_sink *sink, unsigned worker, struct cdr_slab *slab)
{
    (void)worker;
    cdr_slab_give(((struct null_sink *)sink)->pool, slab);
}

static enum cdr_result null_poll(struct cdr_sink *sink, int timeout_ms, struct cdr_error *error)
{
    (void)sink;
    (void)timeout_ms;
    (void)error;
    return CDR_OK;
}

static void null_progress(const struct cdr_sink *sink, struct cdr_log_progress *progress)
{
    cdr_counters_read(((const struct null_sink *)sink)->counters, progress);
}

static enum cdr_result null_close(struct cdr_sink *sink, bool complete, struct cdr_error *error)
{
    (void)complete;
    (void)error;
    null_free((struct null_sink *)sink);
    return CDR_OK;
}

const struct cdr_sink_ops cdr_null_sink_ops = {
    .name = "null",
    .traits = CDR_SINK_MESSAGES,
    .description = "encodes and counts, keeps nothing",
    .open = null_open,
    .take_slab = null_take_slab,
    .write = null_write,
    .give_slab = null_give_slab,
    .poll = null_poll,
    .flush = null_poll,
    .progress = null_progress,
    .close = null_close,
};
