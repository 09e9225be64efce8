/* The null sink: counts what it is given. It exists to measure everything before it and to take a
 * digest. */
#include "sink/direct.h"
#include "sink/sink_table.h"

#include <assert.h>
#include <stdlib.h>

struct null_sink {
    struct cdr_direct_sink direct;
    struct cdr_sink_setup setup;
};

static void null_free(struct null_sink *sink)
{
    cdr_direct_free(&sink->direct);
    free(sink);
}

static enum cdr_result null_open(struct cdr_sink **sink, const struct cdr_sink_settings *settings,
                                 const struct cdr_sink_setup *setup, struct cdr_error *error)
{
    (void)settings;
    struct null_sink *null = calloc(1, sizeof *null);
    if (null == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for the null sink");
    null->setup = *setup;
    enum cdr_result result = cdr_direct_open(&null->direct, &cdr_null_sink_ops, setup, error);
    if (result != CDR_OK) {
        null_free(null);
        return result;
    }
    *sink = &null->direct.base;
    return CDR_OK;
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
    cdr_counters_accept(null->direct.counters, slab->log, records,
                        cdr_payload_bytes(encoder, slab, *taken, end));
    cdr_counters_make_durable(null->direct.counters, slab->log, records);
    *taken = end;
    return CDR_OK;
}

static enum cdr_result null_poll(struct cdr_sink *sink, int timeout_ms, struct cdr_error *error)
{
    (void)sink;
    (void)timeout_ms;
    (void)error;
    return CDR_OK;
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
    .take_slab = cdr_direct_take_slab,
    .write = null_write,
    .give_slab = cdr_direct_give_slab,
    .poll = null_poll,
    .flush = null_poll,
    .progress = cdr_direct_progress,
    .close = null_close,
};
