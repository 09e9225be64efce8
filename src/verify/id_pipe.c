#include "verify/id_pipe.h"

#include "base/clock.h"

#include <stdlib.h>

#define SLAB_BYTES (256u << 10)
#define SLAB_RECORDS 4096u

/* Only ids are compared: keys and headers need not be encoded. */
static enum cdr_result leave_envelopes_out(struct cdr_id_pipe *pipe, struct cdr_error *error)
{
    const struct cdr_topics *topics = pipe->settings->dataset;
    pipe->plain =
        (struct cdr_topics){.n = topics->n, .items = calloc(topics->n, sizeof *topics->items)};
    if (pipe->plain.items == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for %u topics", topics->n);
    for (uint32_t i = 0; i < topics->n; i++)
        pipe->plain.items[i].encoder = topics->items[i].encoder;
    return CDR_OK;
}

enum cdr_result cdr_id_pipe_open(struct cdr_id_pipe *pipe, const struct cdr_sink_ops *ops,
                                 const struct cdr_verify_ids_settings *settings,
                                 struct cdr_error *error)
{
    pipe->settings = settings;
    const enum cdr_result result = leave_envelopes_out(pipe, error);
    const struct cdr_sink_setup setup = {
        .topics = &pipe->plain,
        .partitions = settings->model->parameters.partitions,
        .shard_index = settings->shard_index,
        .shard_count = settings->shard_count,
        .workers = settings->workers,
        .slab_bytes = SLAB_BYTES,
        .slab_records = SLAB_RECORDS,
        .fault_bytes = settings->model->faults.grows_max,
        .ids = true,
    };
    return result == CDR_OK ? cdr_direct_open(&pipe->sink, ops, &setup, error) : result;
}

void cdr_id_pipe_close(struct cdr_id_pipe *pipe)
{
    if (pipe->sink.pool != NULL)
        cdr_direct_free(&pipe->sink);
    free(pipe->plain.items);
}

enum cdr_result cdr_id_pipe_run(struct cdr_id_pipe *pipe, struct cdr_error *error)
{
    const struct cdr_verify_ids_settings *settings = pipe->settings;
    struct cdr_pipeline *pipeline;
    const struct cdr_pipeline_settings wanted = {
        .model = settings->model,
        .topics = &pipe->plain,
        .sink = &pipe->sink.base,
        .workers = settings->workers,
        .shard_index = settings->shard_index,
        .shard_count = settings->shard_count,
        .stop = settings->stop,
    };
    enum cdr_result result = cdr_pipeline_create(&pipeline, &wanted, error);
    if (result == CDR_OK)
        result = cdr_pipeline_run(pipeline, error);
    cdr_pipeline_destroy(pipeline);
    return result;
}

uint32_t cdr_id_pipe_type(const struct cdr_id_pipe *pipe, uint32_t log)
{
    return log / pipe->settings->model->parameters.partitions;
}

bool cdr_id_pipe_wants(const struct cdr_id_pipe *pipe, uint32_t log)
{
    return (pipe->settings->types >> cdr_id_pipe_type(pipe, log) & 1) != 0;
}

enum cdr_result cdr_id_pipe_poll(struct cdr_sink *sink, int timeout_ms, struct cdr_error *error)
{
    (void)sink, (void)error;
    if (timeout_ms > 0)
        cdr_sleep_ns(1000000);
    return CDR_OK;
}
