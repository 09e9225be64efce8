/* Where the dataset begins in topics that held other records before, when Kafka has forgotten it.
 */
#include "app/verify_dimensions.h"

#include "app/stop.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Of the logs whose base is not known; or of all, where their first records are. */
static enum cdr_result find(const struct cdr_verification *run, bool all, int64_t *begins,
                            struct cdr_begin_found *found, struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    const uint32_t logs = run->topics.n * settings->model.partitions;
    struct cdr_verify_range *ranges = calloc(logs, sizeof *ranges);
    if (ranges == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for %u logs", logs);
    struct cdr_verify_tail_settings tail = {
        .model = run->model,
        .topics = &run->topics,
        .sink = &settings->sink,
        .workers = run->workers,
        .shard_index = settings->shard_index,
        .shard_count = settings->shard_count,
        .ranges = ranges,
        .stop = cdr_stop_on_signals(),
    };
    for (uint32_t log = 0; log < logs; log++)
        ranges[log].to = all || !run->source->ops->extent(run->source, log).known;
    enum cdr_result result = cdr_verify_find(&tail, !all, begins, found, error);
    free(ranges);
    return result;
}

static int64_t *make_offsets(const struct cdr_verification *run, struct cdr_error *error)
{
    const uint32_t logs = run->topics.n * run->settings->model.partitions;
    int64_t *offsets = calloc(logs, sizeof *offsets);
    if (offsets == NULL)
        cdr_fail(error, CDR_E_NOMEM, "out of memory for %u logs", logs);
    return offsets;
}

bool cdr_verification_knows_bases(const struct cdr_verification *run)
{
    const struct cdr_settings *settings = run->settings;
    const uint32_t partitions = settings->model.partitions;
    for (uint32_t log = 0; log < run->topics.n * partitions; log++) {
        const struct cdr_source_extent extent = run->source->ops->extent(run->source, log);
        if (log % partitions % settings->shard_count == settings->shard_index && !extent.known &&
            extent.end > 0)
            return false;
    }
    return true;
}

/* Logs that the dataset has no record in, or none any more, are not read. */
enum cdr_result cdr_verification_find_bases(struct cdr_verification *run, struct cdr_error *error)
{
    const uint32_t partitions = run->settings->model.partitions;
    run->offsets = make_offsets(run, error);
    if (run->offsets == NULL)
        return CDR_E_NOMEM;
    enum cdr_result result = find(run, false, run->offsets, NULL, error);
    bool any = false;
    for (uint32_t log = 0; result == CDR_OK && log < run->topics.n * partitions; log++) {
        const struct cdr_source_extent extent = run->source->ops->extent(run->source, log);
        int64_t *offset = &run->offsets[log];
        if (extent.known)
            *offset = extent.base;
        any |= *offset >= 0;
        if (*offset == CDR_FIND_EXPIRED || *offset == CDR_FIND_UNSURE)
            result = cdr_fail(error, CDR_E_STATE,
                              "append: %s[%u] does not hold the first record of this dataset, and "
                              "%s: where the dataset begins cannot be told",
                              run->topics.items[log / partitions].name, log % partitions,
                              *offset == CDR_FIND_EXPIRED
                                  ? "its beginning was deleted"
                                  : "it holds too much that was compacted, or that an open "
                                    "transaction hides, to find another one");
        if (*offset < 0)
            *offset = CDR_OFFSET_UNREAD;
    }
    if (result == CDR_OK && !any)
        result =
            cdr_fail(error, CDR_E_STATE, "append: no partition holds a record of this dataset (%s)",
                     run->model->dataset_id);
    return result;
}

/* Sets behind, and whether some log begins with the dataset. */
static enum cdr_result find_behind(struct cdr_verification *run, bool *at_base,
                                   struct cdr_error *error)
{
    const uint32_t logs = run->topics.n * run->settings->model.partitions;
    int64_t *begins = make_offsets(run, error);
    struct cdr_begin_found *found = calloc(logs, sizeof *found);
    enum cdr_result result = begins != NULL && found != NULL ? CDR_OK : CDR_E_NOMEM;
    if (result == CDR_OK)
        result = find(run, true, begins, found, error);
    for (uint32_t log = 0; result == CDR_OK && log < logs; log++) {
        *at_base |= begins[log] >= 0 && !found[log].after;
        if (!found[log].after || run->source->ops->extent(run->source, log).known)
            begins[log] = -1;
    }
    free(found);
    if (result == CDR_OK)
        run->behind = begins;
    else
        free(begins);
    return result;
}

/* Whether a log differs that is not behind, or a table does. */
static bool differs_elsewhere(const struct cdr_verification *run)
{
    char text[300];
    for (uint32_t log = 0; log < run->topics.n * run->settings->model.partitions; log++) {
        const struct cdr_compare_counts *counts = cdr_verify_counts(run->verify, log);
        if (counts != NULL && run->behind[log] < 0 && cdr_is_different(counts))
            return true;
    }
    return cdr_verification_dimensions_differ(run, text, sizeof text);
}

bool cdr_verification_is_behind(struct cdr_verification *run, char *text, size_t size)
{
    const uint32_t partitions = run->settings->model.partitions;
    struct cdr_error ignored = {{0}};
    bool at_base = false;
    uint32_t first = UINT32_MAX;
    if (find_behind(run, &at_base, &ignored) != CDR_OK)
        return false;
    for (uint32_t log = run->topics.n * partitions; log-- > 0;)
        first = run->behind[log] >= 0 ? log : first;
    if (first == UINT32_MAX || (at_base && differs_elsewhere(run)))
        return false;
    snprintf(text, size,
             "cannot tell: %s begin with other records than this dataset's, whose first record is "
             "at offset %" PRId64
             " of %.200s[%u]: if a run with --append wrote it there, Kafka has forgotten it (the "
             "group cdrgen-%s); pass --append to compare from there on",
             at_base ? "some topics" : "the topics", run->behind[first],
             run->topics.items[first / partitions].name, first % partitions,
             run->model->dataset_id);
    return true;
}
