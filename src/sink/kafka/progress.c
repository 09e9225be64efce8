/* How far the transactions of a dataset are, as they committed it (groups.h). */
#include "sink/kafka/internal.h"

#include "kafka/reader.h"

#include <stdlib.h>
#include <string.h>

enum { GROUP_MS = 5000 };

rd_kafka_resp_err_t cdr_kafka_progress_ask(struct cdr_kafka_client *asker,
                                           const struct cdr_kafka_sink *sink, int timeout_ms,
                                           struct cdr_kafka_progress *progress, bool *known)
{
    rd_kafka_topic_partition_list_t *list = cdr_kafka_list_logs(sink);
    rd_kafka_resp_err_t code = cdr_kafka_ask_committed(asker, list, timeout_ms);
    for (int i = 0; i < list->cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
        const rd_kafka_topic_partition_t *entry = &list->elems[i];
        const uint32_t log = cdr_kafka_log_of(sink, entry);
        known[log] = cdr_kafka_progress_read(entry, sink->setup.dataset_id, &progress[log]);
        if (entry->err != RD_KAFKA_RESP_ERR_NO_ERROR)
            code = entry->err;
    }
    rd_kafka_topic_partition_list_destroy(list);
    return code;
}

struct seen {
    bool *any; /* per range */
};

static enum cdr_result see(void *context, const struct cdr_kafka_record *record,
                           struct cdr_error *error)
{
    (void)error;
    ((struct seen *)context)->any[record->range] = true;
    return CDR_OK;
}

static void mark_topics(const struct cdr_kafka_sink *sink, const struct cdr_kafka_range *ranges,
                        const struct seen *seen, size_t count, bool *topics)
{
    bool plain = false;
    for (size_t i = 0; i < count; i++)
        plain |= seen->any[i];
    for (size_t i = 0; i < count && plain; i++)
        for (unsigned type = 0; type < sink->setup.topics->n; type++)
            topics[type] |= !seen->any[i] && strcmp(ranges[i].topic, sink->topics[type].name) == 0;
}

/* The asker goes by stable offsets: a transaction that is open hides what ended before it. */
bool cdr_kafka_ends_with_control(const struct cdr_sink *base, bool *topics)
{
    const struct cdr_kafka_sink *sink = (const struct cdr_kafka_sink *)base;
    struct cdr_kafka_client asker = {0};
    const uint32_t logs = sink->log_count;
    struct cdr_kafka_range *ranges = calloc(logs, sizeof *ranges);
    int64_t *firsts = calloc(logs, sizeof *firsts), *ends = calloc(logs, sizeof *ends);
    struct seen seen = {calloc(logs, sizeof *seen.any)};
    size_t count = 0;
    bool control = false;
    bool good = ranges != NULL && firsts != NULL && ends != NULL && seen.any != NULL &&
                cdr_kafka_open_stable(&asker, sink, NULL) == CDR_OK &&
                cdr_kafka_offsets(&asker, sink, RD_KAFKA_OFFSET_BEGINNING, firsts, GROUP_MS,
                                  NULL) == CDR_OK &&
                cdr_kafka_end_offsets(&asker, sink, ends, GROUP_MS, NULL) == CDR_OK;
    for (uint32_t log = 0; log < logs && good; log++)
        if (ends[log] > firsts[log])
            ranges[count++] = (struct cdr_kafka_range){.topic = cdr_kafka_topic_of(sink, log),
                                                       .partition = log % sink->setup.partitions,
                                                       .offset = ends[log] - 1,
                                                       .end = ends[log]};
    good = good && count > 0 &&
           cdr_kafka_read_ranges(&sink->watch.properties, GROUP_MS, ranges, count, see, &seen,
                                 NULL) == CDR_OK;
    for (size_t i = 0; i < count && good; i++)
        control |= !seen.any[i];
    if (good && control && topics != NULL)
        mark_topics(sink, ranges, &seen, count, topics);
    cdr_kafka_client_close(&asker);
    free(ranges);
    free(firsts);
    free(ends);
    free(seen.any);
    return control;
}

bool cdr_kafka_known_positions(const struct cdr_kafka_sink *sink, bool *known)
{
    struct cdr_kafka_progress *progress = calloc(sink->log_count, sizeof *progress);
    struct cdr_kafka_client asker = {0};
    char group[CDR_KAFKA_GROUP_MAX];
    const struct cdr_kafka_role role = {.group_id = group};
    bool any = false;
    cdr_kafka_group_of(CDR_GROUP_PROGRESS, sink->setup.dataset_id, group);
    memset(known, 0, sink->log_count * sizeof *known);
    if (progress != NULL &&
        cdr_kafka_client_open(&asker, RD_KAFKA_CONSUMER, &sink->properties, &role, NULL) ==
            CDR_OK &&
        cdr_kafka_progress_ask(&asker, sink, GROUP_MS, progress, known) ==
            RD_KAFKA_RESP_ERR_NO_ERROR)
        for (uint32_t log = 0; log < sink->log_count; log++)
            any |= known[log];
    cdr_kafka_client_close(&asker);
    free(progress);
    return any;
}

bool cdr_kafka_has_transactions(const struct cdr_sink *base)
{
    const struct cdr_kafka_sink *sink = (const struct cdr_kafka_sink *)base;
    bool *known = calloc(sink->log_count, sizeof *known);
    const bool any = known != NULL && cdr_kafka_known_positions(sink, known);
    free(known);
    return any;
}
