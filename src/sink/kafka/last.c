/* The last records of logs. */
#include "sink/kafka/internal.h"

#include "kafka/reader.h"

#include <stdlib.h>
#include <string.h>

/* Of a log: the offsets of the last records seen, in a ring. */
struct ring {
    int64_t *offsets;
    uint64_t seen;
};

struct search {
    struct ring *rings; /* of each range */
    uint32_t wanted;
};

static enum cdr_result see(void *context, const struct cdr_kafka_record *record,
                           struct cdr_error *error)
{
    (void)error;
    const struct search *search = context;
    struct ring *ring = &search->rings[record->range];
    ring->offsets[ring->seen++ % search->wanted] = record->offset;
    return CDR_OK;
}

/* The logs that have records and did not yield enough of them in the last round get a range of step
 * offsets before their ends. False: there is none, or it had begun with the first offset. */
static bool widen(const struct cdr_kafka_sink *sink, const struct search *search,
                  struct cdr_kafka_range *ranges, size_t count, uint32_t *logs, int64_t step)
{
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        const struct cdr_kafka_log *log = &sink->logs[logs[i]];
        const uint64_t wanted = log->start < search->wanted ? log->start : search->wanted;
        any |= search->rings[i].seen < wanted && ranges[i].offset > 0;
    }
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

enum cdr_result cdr_kafka_find_last(const struct cdr_sink *base,
                                    const struct cdr_sink_settings *settings, uint32_t wanted,
                                    struct cdr_kafka_last *last, struct cdr_error *error)
{
    const struct cdr_kafka_sink *sink = (const struct cdr_kafka_sink *)base;
    struct cdr_kafka_range *ranges = calloc(sink->log_count, sizeof *ranges);
    uint32_t *logs = calloc(sink->log_count, sizeof *logs);
    int64_t *offsets = calloc((size_t)sink->log_count * wanted, sizeof *offsets);
    struct search search = {calloc(sink->log_count, sizeof *search.rings), wanted};
    size_t count = 0;
    enum cdr_result result = CDR_OK;
    memset(last, 0, sink->log_count * sizeof *last);
    if (ranges == NULL || logs == NULL || offsets == NULL || search.rings == NULL)
        result = cdr_fail(error, CDR_E_NOMEM, "no memory for the ends of %u logs", sink->log_count);
    for (uint32_t log = 0; log < sink->log_count && result == CDR_OK; log++) {
        if (sink->logs[log].start == 0)
            continue;
        const int64_t end = sink->logs[log].base + (int64_t)sink->logs[log].start;
        search.rings[count].offsets = offsets + (size_t)log * wanted;
        logs[count] = log;
        ranges[count++] = (struct cdr_kafka_range){.topic = cdr_kafka_topic_of(sink, log),
                                                   .partition = log % sink->setup.partitions,
                                                   .offset = end,
                                                   .end = end};
    }
    for (int64_t step = 4 * (int64_t)wanted;
         result == CDR_OK && widen(sink, &search, ranges, count, logs, step); step *= 16)
        result = cdr_kafka_read_back(&settings->kafka, true, ranges, count, see, &search, error);
    for (size_t i = 0; i < count && result == CDR_OK; i++) {
        const struct ring *ring = &search.rings[i];
        struct cdr_kafka_last *found = &last[logs[i]];
        /* Records before the dataset's first may have been read with them. */
        const uint64_t most =
            sink->logs[logs[i]].start < wanted ? sink->logs[logs[i]].start : wanted;
        found->count = ring->seen < most ? ring->seen : most;
        found->offset = found->count > 0 ? ring->offsets[(ring->seen - found->count) % wanted] : 0;
    }
    if (result == CDR_OK)
        result = ask_firsts(sink, (int)settings->kafka.timeout_ms, last, error);
    free(ranges);
    free(logs);
    free(offsets);
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
