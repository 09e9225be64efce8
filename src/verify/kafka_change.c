/* Another time of a schema change alters records that may lie far before the end of a log. So
 * before a run goes on, those around the change are compared, too: the first one from its time on
 * is found by the topics' timestamps. */
#include "model/model.h"
#include "verify/kafka_ends.h"
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
        cdr_kafka_properties_make(&properties, settings->sink, &warnings, error);
    if (result == CDR_OK)
        result = cdr_kafka_client_open(&asker, RD_KAFKA_CONSUMER, &properties, NULL, NULL, error);
    if (result == CDR_OK)
        result = cdr_kafka_ask_offsets(&asker, list, change_ms,
                                       (int)settings->sink->kafka_timeout_ms, error);
    cdr_kafka_client_close(&asker);
    cdr_kafka_properties_free(&properties);
    free(warnings.texts);
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
    around.ranges = ranges;
    around.blind = NULL;
    if (result == CDR_OK)
        result = cdr_verify_tail(&around, error);
    rd_kafka_topic_partition_list_destroy(list);
    free(ranges);
    return result;
}
