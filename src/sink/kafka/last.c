/* The last records of logs. */
#include "sink/kafka/internal.h"

#include "kafka/reader.h"

#include <stdlib.h>
#include <string.h>

/* Of a log: the offsets of the last records seen, in a ring. */
struct ring {
    int64_t *offsets;
    uint64_t wanted; /* room */
    uint64_t seen;
};

struct search {
    struct ring *rings; /* of each range */
    int64_t *offsets;   /* all of theirs */
    uint64_t most;      /* that any of them wants */
};

static enum cdr_result see(void *context, const struct cdr_kafka_record *record,
                           struct cdr_error *error)
{
    (void)error;
    const struct search *search = context;
    struct ring *ring = &search->rings[record->range];
    ring->offsets[ring->seen++ % ring->wanted] = record->offset;
    return CDR_OK;
}

/* The logs that have records and did not yield enough of them in the last round get a range of step
 * offsets before their ends. False: there is none, or it had begun with the first offset. */
static bool widen(const struct search *search, struct cdr_kafka_range *ranges, size_t count,
                  int64_t step)
{
    bool any = false;
    for (size_t i = 0; i < count; i++)
        any |= search->rings[i].seen < search->rings[i].wanted && ranges[i].offset > 0;
    for (size_t i = 0; i < count && any; i++) {
        ranges[i].offset = ranges[i].end > step ? ranges[i].end - step : 0;
        search->rings[i].seen = 0;
    }
    return any;
}

/* Of logs without any of their records. */
static enum cdr_result ask_firsts(const struct cdr_kafka_sink *sink, int timeout_ms,
                                  struct cdr_kafka_last *last, struct cdr_error *error)
{
    struct cdr_kafka_client asker = {0};
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    for (uint32_t log = 0; log < sink->log_count; log++)
        if (sink->logs[log].start > 0 && last[log].count == 0)
            rd_kafka_topic_partition_list_add(list, cdr_kafka_topic_of(sink, log),
                                              (int32_t)(log % sink->setup.partitions));
    enum cdr_result result = list->cnt > 0 ? cdr_kafka_client_open(&asker, RD_KAFKA_CONSUMER,
                                                                   &sink->properties, NULL, error)
                                           : CDR_OK;
    if (result == CDR_OK)
        result = cdr_kafka_ask_offsets(&asker, list, RD_KAFKA_OFFSET_BEGINNING, timeout_ms, error);
    for (int i = 0; i < list->cnt && result == CDR_OK; i++)
        last[cdr_kafka_log_of(sink, &list->elems[i])].first = list->elems[i].offset;
    cdr_kafka_client_close(&asker);
    rd_kafka_topic_partition_list_destroy(list);
    return result;
}

/* Of this process's logs that hold records and of which some are wanted: their ranges, empty ones
 * at their ends, and rings. Returns how many. */
static size_t make_ranges(const struct cdr_kafka_sink *sink, const uint64_t *wanted,
                          struct cdr_kafka_range *ranges, uint32_t *logs, struct search *search)
{
    size_t count = 0;
    for (uint32_t log = 0; log < sink->log_count; log++) {
        const uint64_t start = sink->logs[log].start;
        const uint64_t most = start < wanted[log] ? start : wanted[log];
        if (most == 0)
            continue;
        const int64_t end = sink->logs[log].base + (int64_t)start;
        search->rings[count].wanted = most;
        search->most = most > search->most ? most : search->most;
        logs[count] = log;
        ranges[count++] = (struct cdr_kafka_range){.topic = cdr_kafka_topic_of(sink, log),
                                                   .partition = log % sink->setup.partitions,
                                                   .offset = end,
                                                   .end = end};
    }
    return count;
}

/* Memory for the rings' offsets: as much as is wanted, of all logs together. */
static enum cdr_result make_rings(struct search *search, size_t count, struct cdr_error *error)
{
    size_t all = 1;
    for (size_t i = 0; i < count; i++)
        all += search->rings[i].wanted;
    int64_t *at = search->offsets = calloc(all, sizeof *search->offsets);
    if (at == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for the last records of %zu logs", count);
    for (size_t i = 0; i < count; at += search->rings[i++].wanted)
        search->rings[i].offsets = at;
    return CDR_OK;
}

enum cdr_result cdr_kafka_find_last(const struct cdr_sink *base,
                                    const struct cdr_sink_settings *settings,
                                    const uint64_t *wanted, struct cdr_kafka_last *last,
                                    struct cdr_error *error)
{
    const struct cdr_kafka_sink *sink = (const struct cdr_kafka_sink *)base;
    struct cdr_kafka_range *ranges = calloc(sink->log_count, sizeof *ranges);
    uint32_t *logs = calloc(sink->log_count, sizeof *logs);
    struct search search = {.rings = calloc(sink->log_count, sizeof *search.rings)};
    size_t count = 0;
    enum cdr_result result = CDR_OK;
    memset(last, 0, sink->log_count * sizeof *last);
    if (ranges == NULL || logs == NULL || search.rings == NULL)
        result = cdr_fail(error, CDR_E_NOMEM, "no memory for the ends of %u logs", sink->log_count);
    else
        count = make_ranges(sink, wanted, ranges, logs, &search);
    if (result == CDR_OK)
        result = make_rings(&search, count, error);
    for (int64_t step = 4 * (int64_t)search.most;
         result == CDR_OK && widen(&search, ranges, count, step); step *= 16)
        result = cdr_kafka_read_back(&settings->kafka, true, ranges, count, see, &search, error);
    for (size_t i = 0; i < count && result == CDR_OK; i++) {
        const struct ring *ring = &search.rings[i];
        struct cdr_kafka_last *found = &last[logs[i]];
        /* Records before the dataset's first may have been read with them. */
        found->count = ring->seen < ring->wanted ? ring->seen : ring->wanted;
        found->offset =
            found->count > 0 ? ring->offsets[(ring->seen - found->count) % ring->wanted] : 0;
    }
    if (result == CDR_OK)
        result = ask_firsts(sink, (int)settings->kafka.timeout_ms, last, error);
    free(ranges);
    free(logs);
    free(search.offsets);
    free(search.rings);
    return result;
}

enum cdr_result cdr_kafka_firsts(const struct cdr_sink *base, int timeout_ms, int64_t *firsts,
                                 struct cdr_error *error)
{
    const struct cdr_kafka_sink *sink = (const struct cdr_kafka_sink *)base;
    struct cdr_kafka_client asker = {0};
    enum cdr_result result =
        cdr_kafka_client_open(&asker, RD_KAFKA_CONSUMER, &sink->properties, NULL, error);
    if (result == CDR_OK)
        result =
            cdr_kafka_offsets(&asker, sink, RD_KAFKA_OFFSET_BEGINNING, firsts, timeout_ms, error);
    cdr_kafka_client_close(&asker);
    return result;
}

static enum cdr_result count_one(void *context, const struct cdr_kafka_record *record,
                                 struct cdr_error *error)
{
    (void)error;
    ((uint64_t *)context)[record->range]++;
    return CDR_OK;
}

enum cdr_result cdr_kafka_count_left(const struct cdr_sink *base,
                                     const struct cdr_sink_settings *settings, const bool *wanted,
                                     const int64_t *firsts, uint64_t *counts,
                                     struct cdr_error *error)
{
    const struct cdr_kafka_sink *sink = (const struct cdr_kafka_sink *)base;
    struct cdr_kafka_range *ranges = calloc(sink->log_count, sizeof *ranges);
    uint64_t *found = calloc(sink->log_count, sizeof *found);
    size_t n = 0;
    enum cdr_result result = CDR_OK;
    if (ranges == NULL || found == NULL)
        result = cdr_fail(error, CDR_E_NOMEM, "no memory to count %u logs", sink->log_count);
    for (uint32_t log = 0; log < sink->log_count && result == CDR_OK; log++) {
        const int64_t end = sink->logs[log].base + (int64_t)sink->logs[log].start;
        if (wanted[log])
            ranges[n++] = (struct cdr_kafka_range){.topic = cdr_kafka_topic_of(sink, log),
                                                   .partition = log % sink->setup.partitions,
                                                   .offset = firsts[log] < end ? firsts[log] : end,
                                                   .end = end};
    }
    if (result == CDR_OK && n > 0)
        result = cdr_kafka_read_back(&settings->kafka, true, ranges, n, count_one, found, error);
    n = 0;
    for (uint32_t log = 0; log < sink->log_count && result == CDR_OK; log++)
        counts[log] = wanted[log] ? found[n++] : 0;
    free(ranges);
    free(found);
    return result;
}
