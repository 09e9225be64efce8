/* Where a dataset begins in topics, found by reading them (search.h): the pipeline generates its
 * records into a sink that only looks at them. */
#include "base/clock.h"
#include "model/model.h"
#include "sink/direct.h"
#include "verify/search.h"
#include "verify/source.h"
#include "verify/verify.h"

#include <stdlib.h>

/* A record is emitted at most a day later than its time says (late_max_s). */
#define LATE_MS (INT64_C(2) * 86400 * 1000)
#define SLAB_BYTES (256u << 10)
#define SLAB_RECORDS 4096u

struct find {
    struct cdr_direct_sink sink; /* that the pipeline writes to */
    const struct cdr_verify_tail_settings *settings;
    struct cdr_search *search;
    uint32_t log_count, partitions;
    uint64_t *starts;
    bool *wanted;     /* per log: not decided yet, in this pass */
    bool firsts;      /* the pass is the first one */
    atomic_uint open; /* logs that are wanted */
    atomic_int stop;
};

static bool is_wanted(const struct find *find, uint32_t log)
{
    const struct cdr_verify_tail_settings *settings = find->settings;
    return log % find->partitions % settings->shard_count == settings->shard_index &&
           settings->ranges[log].from < settings->ranges[log].to;
}

static bool look_at(struct find *find, uint32_t log, const struct cdr_record *record)
{
    if (!find->firsts)
        return cdr_search_expect(find->search, log, (uint64_t)record->place, record);
    cdr_search_expect_first(find->search, log, record);
    return true;
}

static enum cdr_result find_write(struct cdr_sink *sink, unsigned worker, struct cdr_slab *slab,
                                  uint32_t end, uint32_t *taken, struct cdr_error *error)
{
    (void)worker, (void)error;
    struct find *find = (struct find *)sink;
    const struct cdr_topic *topic = &find->settings->topics->items[slab->log / find->partitions];
    for (uint32_t i = *taken; find->wanted[slab->log] && i < end; i++) {
        const struct cdr_record record = cdr_slab_message(slab, i, topic);
        find->wanted[slab->log] = !look_at(find, slab->log, &record);
        if (!find->wanted[slab->log] && atomic_fetch_sub(&find->open, 1) == 1)
            atomic_store(&find->stop, 1);
        if (!find->firsts && record.event_ms - LATE_MS > cdr_search_latest_ms(find->search))
            atomic_store(&find->stop, 1);
    }
    *taken = end;
    return CDR_OK;
}

static enum cdr_result find_poll(struct cdr_sink *sink, int timeout_ms, struct cdr_error *error)
{
    (void)timeout_ms, (void)error;
    struct find *find = (struct find *)sink;
    if (find->settings->stop != NULL && atomic_load(find->settings->stop) != 0)
        atomic_store(&find->stop, 1);
    return CDR_OK;
}

static const struct cdr_sink_ops find_sink_ops = {
    .name = "find",
    .description = "looks at records",
    .take_slab = cdr_direct_take_slab,
    .write = find_write,
    .give_slab = cdr_direct_give_slab,
    .poll = find_poll,
};

static bool is_interrupted(const struct find *find)
{
    return find->settings->stop != NULL && atomic_load(find->settings->stop) != 0;
}

/* A pass over the dataset, for the logs that are wanted. */
static enum cdr_result generate(struct find *find, struct cdr_error *error)
{
    const struct cdr_verify_tail_settings *settings = find->settings;
    struct cdr_pipeline *pipeline;
    uint32_t open = 0;
    for (uint32_t log = 0; log < find->log_count; log++) {
        find->starts[log] = find->wanted[log] ? 0 : UINT64_MAX;
        open += find->wanted[log];
    }
    if (open == 0)
        return CDR_OK;
    atomic_store(&find->open, open);
    atomic_store(&find->stop, 0);
    struct cdr_pipeline_settings wanted = {
        .model = settings->model,
        .topics = settings->topics,
        .sink = &find->sink.base,
        .workers = settings->workers,
        .shard_index = settings->shard_index,
        .shard_count = settings->shard_count,
        .endless = settings->endless,
        .until_ms = cdr_wall_ms() + LATE_MS, /* no live run has got further */
        .starts = find->starts,
        .stop = &find->stop,
    };
    enum cdr_result result = cdr_pipeline_create(&pipeline, &wanted, error);
    if (result == CDR_OK)
        result = cdr_pipeline_run(pipeline, error);
    cdr_pipeline_destroy(pipeline);
    return result == CDR_E_INTERRUPTED && !is_interrupted(find) ? CDR_OK : result;
}

static enum cdr_result read_logs(struct find *find, struct cdr_error *error)
{
    const struct cdr_verify_tail_settings *settings = find->settings;
    int64_t *offsets = calloc(find->log_count, sizeof *offsets);
    if (offsets == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for %u logs", find->log_count);
    for (uint32_t log = 0; log < find->log_count; log++)
        offsets[log] = settings->ranges[log].offset;
    const struct cdr_source_setup setup = {
        .model = settings->model,
        .topics = settings->topics,
        .partitions = find->partitions,
        .shard_index = settings->shard_index,
        .shard_count = settings->shard_count,
        .may_miss = true,
        .offsets = offsets,
        .stop = settings->stop,
    };
    enum cdr_result result = cdr_search_read(find->search, settings->sink, &setup, error);
    free(offsets);
    return result;
}

static enum cdr_result make_memory(struct find *find, struct cdr_error *error)
{
    const struct cdr_verify_tail_settings *settings = find->settings;
    const struct cdr_sink_setup setup = {
        .topics = settings->topics,
        .partitions = find->partitions,
        .shard_index = settings->shard_index,
        .shard_count = settings->shard_count,
        .workers = settings->workers,
        .slab_bytes = SLAB_BYTES,
        .slab_records = SLAB_RECORDS,
        .fault_bytes = settings->model->faults.grows_max,
    };
    find->starts = calloc(find->log_count, sizeof *find->starts);
    find->wanted = calloc(find->log_count, sizeof *find->wanted);
    if (find->starts == NULL || find->wanted == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for %u logs", find->log_count);
    enum cdr_result result = cdr_search_create(&find->search, find->log_count, error);
    return result == CDR_OK ? cdr_direct_open(&find->sink, &find_sink_ops, &setup, error) : result;
}

static enum cdr_result search(struct find *find, bool deep, struct cdr_error *error)
{
    bool any = false;
    for (uint32_t log = 0; log < find->log_count; log++)
        any |= find->wanted[log] = is_wanted(find, log);
    if (!any)
        return CDR_OK;
    find->firsts = true;
    enum cdr_result result = generate(find, error);
    if (result == CDR_OK)
        result = read_logs(find, error);
    find->firsts = false;
    for (uint32_t log = 0; log < find->log_count; log++)
        find->wanted[log] = deep && cdr_search_needs_more(find->search, log);
    return result == CDR_OK ? generate(find, error) : result;
}

enum cdr_result cdr_verify_find(const struct cdr_verify_tail_settings *settings, bool deep,
                                int64_t *begins, struct cdr_begin_found *found,
                                struct cdr_error *error)
{
    struct find find = {.settings = settings, .partitions = settings->model->parameters.partitions};
    find.log_count = settings->topics->n * find.partitions;
    enum cdr_result result = make_memory(&find, error);
    if (result == CDR_OK)
        result = search(&find, deep, error);
    for (uint32_t log = 0; result == CDR_OK && log < find.log_count; log++) {
        begins[log] = cdr_search_result(find.search, log);
        if (found != NULL)
            found[log] = (struct cdr_begin_found){cdr_search_is_after(find.search, log),
                                                  cdr_search_is_beheaded(find.search, log)};
    }
    cdr_search_destroy(find.search);
    cdr_direct_free(&find.sink);
    free(find.starts);
    free(find.wanted);
    return result;
}
