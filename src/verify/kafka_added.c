/* Partitions that a topic was given beyond those of the dataset. No record belongs in them, so they
 * are only counted: one after the other, from the first message to what was the end when it was
 * asked for. */
#include "verify/kafka_added.h"

#include "kafka/offsets.h"
#include "kafka/reader.h"

enum { ASK_TIMES = 3 };

static enum cdr_result ask_extent(struct cdr_kafka_client *client, struct cdr_kafka_range *range,
                                  int timeout_ms, struct cdr_error *error)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *entry =
        rd_kafka_topic_partition_list_add(list, range->topic, (int32_t)range->partition);
    enum cdr_result result =
        cdr_kafka_ask_offsets(client, list, RD_KAFKA_OFFSET_BEGINNING, timeout_ms, error);
    range->offset = entry->offset;
    if (result == CDR_OK)
        result = cdr_kafka_ask_offsets(client, list, RD_KAFKA_OFFSET_END, timeout_ms, error);
    range->end = entry->offset;
    rd_kafka_topic_partition_list_destroy(list);
    return result;
}

static enum cdr_result count(void *context, const struct cdr_kafka_record *record,
                             struct cdr_error *error)
{
    (void)record, (void)error;
    ++*(uint64_t *)context;
    return CDR_OK;
}

enum cdr_result cdr_kafka_count_added(struct cdr_kafka_client *client,
                                      const struct cdr_kafka_settings *settings, bool committed,
                                      const char *topic, uint32_t partition, uint64_t *records,
                                      struct cdr_error *error)
{
    struct cdr_kafka_range range = {.topic = topic, .partition = partition};
    *records = 0;
    enum cdr_result result =
        ask_extent(client, &range, ASK_TIMES * (int)settings->timeout_ms, error);
    return result == CDR_OK && range.offset < range.end
               ? cdr_kafka_read_back(settings, committed, &range, 1, count, records, error)
               : result;
}
