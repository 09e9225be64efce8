/* Another time of a schema change alters records that may lie far before the end of a log. So
 * before a run goes on, those around the change are compared, too: the first one from its time on
 * is found by the topics' timestamps, and its offset says which position it has; in topics with
 * transactions, by reading, and by the number of committed records up to the tail. */
#include "kafka/offsets.h"
#include "kafka/reader.h"
#include "model/model.h"
#include "verify/verify.h"

#include <stdlib.h>

enum { AROUND = 50 };

static rd_kafka_topic_partition_list_t *list_logs(const struct cdr_verify_tail_settings *settings,
                                                  uint32_t partitions)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    for (uint32_t log = 0; log < settings->topics->n * partitions; log++)
        if (log % partitions % settings->shard_count == settings->shard_index &&
            settings->ranges[log].to > 0)
            rd_kafka_topic_partition_list_add(list, settings->topics->items[log / partitions].name,
                                              (int32_t)(log % partitions));
    return list;
}

/* list->elems[].offset: the first of change_ms or later; negative: there is none. */
static enum cdr_result find_change(const struct cdr_verify_tail_settings *settings,
                                   int64_t change_ms, rd_kafka_topic_partition_list_t *list,
                                   struct cdr_error *error)
{
    struct cdr_kafka_properties properties = {0};
    struct cdr_kafka_warnings warnings = {0};
    struct cdr_kafka_client asker = {0};
    enum cdr_result result =
        cdr_kafka_properties_make(&properties, &settings->sink->kafka, &warnings, error);
    if (result == CDR_OK)
        result = cdr_kafka_client_open(&asker, RD_KAFKA_CONSUMER, &properties, NULL, error);
    if (result == CDR_OK)
        result = cdr_kafka_ask_offsets(&asker, list, change_ms,
                                       (int)settings->sink->kafka.timeout_ms, error);
    cdr_kafka_client_close(&asker);
    cdr_kafka_properties_free(&properties);
    free(warnings.texts);
    return result;
}

/* Around the change, by offsets. */
static enum cdr_result look_up_ranges(const struct cdr_verify_tail_settings *settings,
                                      uint32_t partitions, int64_t change_ms,
                                      struct cdr_verify_range *ranges, struct cdr_error *error)
{
    rd_kafka_topic_partition_list_t *list = list_logs(settings, partitions);
    enum cdr_result result = find_change(settings, change_ms, list, error);
    int i = 0;
    for (uint32_t log = 0; result == CDR_OK && log < settings->topics->n * partitions; log++) {
        const struct cdr_verify_range *end = &settings->ranges[log];
        if (log % partitions % settings->shard_count != settings->shard_index || end->to == 0)
            continue;
        const int64_t base = end->offset - (int64_t)end->from;
        const int64_t offset = list->elems[i++].offset;
        if (offset < base || offset - base >= (int64_t)end->to)
            continue;
        struct cdr_verify_range *range = &ranges[log];
        const uint64_t position = (uint64_t)(offset - base);
        range->from = position > AROUND ? position - AROUND : 0;
        range->to = position + AROUND < end->to ? position + AROUND : end->to;
        range->offset = base + (int64_t)range->from;
        range->proven = true;
    }
    rd_kafka_topic_partition_list_destroy(list);
    return result;
}

/* Of the committed records before the tail. */
struct between {
    int64_t recent[AROUND]; /* offsets of the last ones before the change, in a ring */
    uint64_t before, after; /* the change */
};

struct counting {
    const struct cdr_verify_tail_settings *settings;
    int64_t change_ms;
    struct between *between; /* per range */
};

static enum cdr_result count_one(void *context, const struct cdr_kafka_record *record,
                                 struct cdr_error *error)
{
    const struct counting *counting = context;
    struct between *between = &counting->between[record->range];
    const atomic_int *stop = counting->settings->stop;
    if (between->after > 0 || record->timestamp_ms >= counting->change_ms)
        between->after++;
    else
        between->recent[between->before++ % AROUND] = record->offset;
    if (between->after == 1 && between->before == 0)
        between->recent[0] = record->offset;
    return stop != NULL && atomic_load(stop) != 0
               ? cdr_fail(error, CDR_E_INTERRUPTED, "interrupted before anything was written")
               : CDR_OK;
}

/* end: the position of the first record that was not counted. */
static struct cdr_verify_range range_of(const struct between *between, uint64_t end)
{
    const uint64_t before = between->before < AROUND ? between->before : AROUND;
    const uint64_t after = between->after < AROUND ? between->after : AROUND;
    const uint64_t change = end - between->after;
    return (struct cdr_verify_range){
        .from = change - before,
        .to = change + after,
        .offset = between->recent[between->before < AROUND ? 0 : between->before % AROUND],
        .proven = true,
    };
}

/* The same with transactions, by reading all that is before the tail: control records have the time
 * of the commit, so the brokers cannot tell the first record of a time. */
static enum cdr_result count_ranges(const struct cdr_verify_tail_settings *settings,
                                    uint32_t partitions, int64_t change_ms,
                                    struct cdr_verify_range *ranges, struct cdr_error *error)
{
    const uint32_t logs = settings->topics->n * partitions;
    struct cdr_kafka_range *reads = calloc(logs, sizeof *reads);
    uint32_t *log_of = calloc(logs, sizeof *log_of);
    struct counting counting = {settings, change_ms, calloc(logs, sizeof *counting.between)};
    size_t count = 0;
    enum cdr_result result = CDR_OK;
    if (reads == NULL || log_of == NULL || counting.between == NULL)
        result = cdr_fail(error, CDR_E_NOMEM, "no memory for %u logs", logs);
    for (uint32_t log = 0; log < logs && result == CDR_OK; log++) {
        const struct cdr_verify_range *tail = &settings->ranges[log];
        if (log % partitions % settings->shard_count != settings->shard_index ||
            settings->topics->items[log / partitions].layouts[1].schema == NULL ||
            tail->from == 0 || tail->from == tail->to)
            continue;
        log_of[count] = log;
        reads[count++] =
            (struct cdr_kafka_range){.topic = settings->topics->items[log / partitions].name,
                                     .partition = log % partitions,
                                     .end = tail->offset};
    }
    if (result == CDR_OK && count > 0)
        result = cdr_kafka_read_back(&settings->sink->kafka, true, reads, count, count_one,
                                     &counting, error);
    for (size_t i = 0; i < count && result == CDR_OK; i++) {
        const struct between *between = &counting.between[i];
        const uint64_t end = settings->ranges[log_of[i]].from;
        if (between->after > 0 && between->before + between->after <= end)
            ranges[log_of[i]] = range_of(between, end);
    }
    free(reads);
    free(log_of);
    free(counting.between);
    return result;
}

enum cdr_result cdr_verify_change(const struct cdr_verify_tail_settings *settings,
                                  int64_t change_ms, struct cdr_error *error)
{
    const uint32_t partitions = settings->model->parameters.partitions;
    struct cdr_verify_tail_settings around = *settings;
    struct cdr_verify_range *ranges =
        calloc((size_t)settings->topics->n * partitions, sizeof *ranges);
    if (ranges == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for the logs of %u partitions", partitions);
    enum cdr_result result = settings->sink->transactions
                                 ? count_ranges(settings, partitions, change_ms, ranges, error)
                                 : look_up_ranges(settings, partitions, change_ms, ranges, error);
    around.ranges = ranges;
    around.blind = NULL;
    around.expired = NULL;
    if (result == CDR_OK)
        result = cdr_verify_tail(&around, error);
    free(ranges);
    return result;
}
