/* What a transaction commits of each log, in the group cdrgen-tx-<dataset id>: the log's position
 * as the offset, and as metadata one line of text,
 *
 *     cdrgen-tx 1 DATASET AFTER ID TOKEN
 *
 * with the dataset's id, the offset after the log's last committed record, the transactional id
 * that wrote the line, and the token of the process that did. Positions, not offsets of records,
 * since each commit and abort puts a control record into every partition that the transaction
 * touched, and aborted records keep their offsets. */
#include "sink/kafka_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 320, GROUP_MS = 5000 };

static int write_line(char line[LINE_MAX_BYTES], const char *dataset_id,
                      const struct cdr_kafka_progress *progress)
{
    return snprintf(line, LINE_MAX_BYTES, "cdrgen-tx 1 %s %" PRId64 " %s %s", dataset_id,
                    progress->after, progress->id, progress->token);
}

void cdr_kafka_progress_sign(rd_kafka_topic_partition_t *entry, const char *dataset_id,
                             const struct cdr_kafka_progress *progress)
{
    char line[LINE_MAX_BYTES];
    int length = write_line(line, dataset_id, progress);
    entry->offset = (int64_t)progress->position;
    entry->metadata = strdup(line); /* freed with the list */
    entry->metadata_size = entry->metadata != NULL ? (size_t)length : 0;
}

/* A line counts only if it is exactly the one that its values would be written as. */
bool cdr_kafka_progress_read(const rd_kafka_topic_partition_t *entry, const char *dataset_id,
                             struct cdr_kafka_progress *progress)
{
    char line[LINE_MAX_BYTES], again[LINE_MAX_BYTES], dataset[40], beginning[64];
    if (entry->err != RD_KAFKA_RESP_ERR_NO_ERROR || entry->offset < 0 ||
        entry->metadata_size == 0 || entry->metadata_size >= sizeof line)
        return false;
    memcpy(line, entry->metadata, entry->metadata_size);
    line[entry->metadata_size] = '\0';
    if (sscanf(line, "cdrgen-tx 1 %39s %" SCNd64 " %95s %32s", dataset, &progress->after,
               progress->id, progress->token) != 4)
        return false;
    progress->position = (uint64_t)entry->offset;
    snprintf(beginning, sizeof beginning, "cdrgen-%s-", dataset_id);
    int length = write_line(again, dataset_id, progress);
    return progress->after >= 0 && strncmp(progress->id, beginning, strlen(beginning)) == 0 &&
           strlen(progress->token) == CDR_TOKEN_LEN && (size_t)length == entry->metadata_size &&
           memcmp(line, again, (size_t)length) == 0;
}

/* A client that may not find the group's coordinator tries again for ever, and says why only to
 * those that poll for messages. */
static rd_kafka_resp_err_t why_silent(struct cdr_kafka_client *asker)
{
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__TIMED_OUT;
    rd_kafka_message_t *message;
    while ((message = rd_kafka_consumer_poll(asker->rk, 0)) != NULL) {
        if (cdr_kafka_is_denied(message->err))
            code = message->err;
        rd_kafka_message_destroy(message);
    }
    return code;
}

rd_kafka_resp_err_t cdr_kafka_progress_ask(struct cdr_kafka_client *asker,
                                           const struct cdr_kafka_sink *sink, int timeout_ms,
                                           struct cdr_kafka_progress *progress, bool *known)
{
    rd_kafka_topic_partition_list_t *list = cdr_kafka_list_logs(sink);
    rd_kafka_resp_err_t code = list->cnt > 0 ? rd_kafka_committed(asker->rk, list, timeout_ms)
                                             : RD_KAFKA_RESP_ERR_NO_ERROR;
    if (code == RD_KAFKA_RESP_ERR__TIMED_OUT)
        code = why_silent(asker);
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

void cdr_kafka_progress_group(const struct cdr_kafka_sink *sink, char group[CDR_KAFKA_GROUP_MAX])
{
    snprintf(group, CDR_KAFKA_GROUP_MAX, "cdrgen-tx-%s", sink->setup.dataset_id);
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

/* Whether a log's last stable offset is behind a control record, which every transaction leaves.
 * The asker goes by stable offsets: a transaction that is open hides what ended before it. */
static bool ends_with_control(const struct cdr_kafka_sink *sink, struct cdr_kafka_client *asker)
{
    const uint32_t logs = sink->log_count;
    struct cdr_kafka_range *ranges = calloc(logs, sizeof *ranges);
    int64_t *firsts = calloc(logs, sizeof *firsts), *ends = calloc(logs, sizeof *ends);
    struct seen seen = {calloc(logs, sizeof *seen.any)};
    size_t count = 0;
    bool control = false;
    bool good = ranges != NULL && firsts != NULL && ends != NULL && seen.any != NULL &&
                cdr_kafka_offsets(asker, sink, RD_KAFKA_OFFSET_BEGINNING, firsts, GROUP_MS, NULL) ==
                    CDR_OK &&
                cdr_kafka_end_offsets(asker, sink, ends, GROUP_MS, NULL) == CDR_OK;
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
    free(ranges);
    free(firsts);
    free(ends);
    free(seen.any);
    return control;
}

bool cdr_kafka_has_transactions(const struct cdr_sink *base)
{
    const struct cdr_kafka_sink *sink = (const struct cdr_kafka_sink *)base;
    struct cdr_kafka_progress *progress = calloc(sink->log_count, sizeof *progress);
    bool *known = calloc(sink->log_count, sizeof *known);
    struct cdr_kafka_client asker = {0};
    char group[CDR_KAFKA_GROUP_MAX];
    bool any = false;
    cdr_kafka_progress_group(sink, group);
    if (progress != NULL && known != NULL &&
        cdr_kafka_open_stable(&asker, sink, group, NULL) == CDR_OK &&
        cdr_kafka_progress_ask(&asker, sink, GROUP_MS, progress, known) ==
            RD_KAFKA_RESP_ERR_NO_ERROR)
        for (uint32_t log = 0; log < sink->log_count; log++)
            any |= known[log];
    if (!any && asker.rk != NULL)
        any = ends_with_control(sink, &asker);
    cdr_kafka_client_close(&asker);
    free(progress);
    free(known);
    return any;
}
