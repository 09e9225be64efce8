/* Where a dataset begins in the tables, found by reading them (search.h). Tables are compacted, and
 * of their first rows nothing may be left. */
#include "verify/dimension_row.h"
#include "verify/dimensions.h"
#include "verify/search.h"
#include "verify/source.h"

#include <stdlib.h>
#include <string.h>

struct find {
    const struct cdr_dimension_check_settings *settings;
    struct cdr_search *search;
    uint32_t partitions, logs;
    bool *wanted;        /* per log: not decided yet, in this pass */
    uint32_t open;       /* logs that are */
    uint64_t *positions; /* per log, of the next row */
    bool firsts;         /* the pass is the first one */
};

/* A visit of the feed. CDR_E_AGAIN ends it. */
static enum cdr_result visit(void *context, const struct cdr_dimension_record *record,
                             struct cdr_error *error)
{
    (void)error;
    struct find *find = context;
    const struct cdr_dimension_check_settings *settings = find->settings;
    const uint32_t log = cdr_dimension_log(settings->model, record);
    const uint64_t position = find->positions[log]++;
    struct cdr_dimension_row row;
    if (!find->firsts && record->time_ms > cdr_search_latest_ms(find->search))
        return CDR_E_AGAIN;
    if (!find->wanted[log])
        return CDR_OK;
    cdr_dimension_row_make(&row, settings->model, settings->topics, record, position);
    if (find->firsts)
        cdr_search_expect_first(find->search, log, &row.record);
    else if (!cdr_search_expect(find->search, log, position, &row.record))
        return CDR_OK;
    find->wanted[log] = false;
    return --find->open == 0 ? CDR_E_AGAIN : CDR_OK;
}

static enum cdr_result feed(struct find *find, struct cdr_error *error)
{
    const struct cdr_dimension_check_settings *settings = find->settings;
    const struct cdr_dimension_feed_settings feed_settings = {
        .model = settings->model,
        .topics = settings->topics,
        .records = settings->records,
        .shard_index = settings->shard_index,
        .shard_count = settings->shard_count,
        .visit = visit,
        .context = find,
    };
    const int32_t start_day = settings->model->parameters.start_day;
    struct cdr_dimension_feed *feed = NULL;
    find->open = 0;
    for (uint32_t log = 0; log < find->logs; log++)
        find->open += find->wanted[log];
    memset(find->positions, 0, find->logs * sizeof *find->positions);
    enum cdr_result result = cdr_dimension_feed_create(&feed, &feed_settings, error);
    for (uint32_t day = 0; result == CDR_OK && find->open > 0 && day < settings->days; day++) {
        if (settings->stop != NULL && atomic_load(settings->stop) != 0)
            result = cdr_fail(error, CDR_E_INTERRUPTED, "interrupted");
        else
            result = cdr_dimension_feed_day(feed, start_day + (int32_t)day, error);
    }
    cdr_dimension_feed_destroy(feed);
    return result == CDR_E_AGAIN ? CDR_OK : result;
}

static enum cdr_result read_logs(struct find *find, struct cdr_error *error)
{
    const struct cdr_dimension_check_settings *settings = find->settings;
    const struct cdr_source_setup setup = {
        .model = settings->model,
        .topics = settings->topics,
        .partitions = find->partitions,
        .shard_index = settings->shard_index,
        .shard_count = settings->shard_count,
        .may_miss = true,
        .stop = settings->stop,
    };
    return cdr_search_read(find->search, settings->sink, &setup, error);
}

static enum cdr_result search(struct find *find, const bool *wanted, int64_t *begins,
                              struct cdr_error *error)
{
    memcpy(find->wanted, wanted, find->logs * sizeof *wanted);
    find->firsts = true;
    enum cdr_result result = feed(find, error);
    if (result == CDR_OK)
        result = read_logs(find, error);
    find->firsts = false;
    for (uint32_t log = 0; log < find->logs; log++)
        find->wanted[log] = cdr_search_needs_more(find->search, log);
    if (result == CDR_OK)
        result = feed(find, error);
    for (uint32_t log = 0; result == CDR_OK && log < find->logs; log++)
        if (wanted[log])
            begins[log] = cdr_search_result(find->search, log);
    return result;
}

enum cdr_result cdr_dimension_find(const struct cdr_dimension_check_settings *settings,
                                   const bool *wanted, int64_t *begins, struct cdr_error *error)
{
    struct find find = {.settings = settings, .partitions = settings->model->parameters.partitions};
    find.logs = settings->topics->n * find.partitions;
    find.wanted = calloc(find.logs, sizeof *find.wanted);
    find.positions = calloc(find.logs, sizeof *find.positions);
    enum cdr_result result =
        find.wanted != NULL && find.positions != NULL
            ? cdr_search_create(&find.search, find.logs, error)
            : cdr_fail(error, CDR_E_NOMEM, "out of memory for %u logs", find.logs);
    if (result == CDR_OK)
        result = search(&find, wanted, begins, error);
    cdr_search_destroy(find.search);
    free(find.wanted);
    free(find.positions);
    return result;
}
