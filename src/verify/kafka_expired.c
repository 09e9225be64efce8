#include "verify/kafka_expired.h"

#include "kafka/offsets.h"
#include "kafka/reader.h"
#include "sink/kafka/groups.h"

#include <stdlib.h>

enum { GROUP_MS = 5000 };

struct reading {
    const struct cdr_kafka_expired *logs;
    int64_t *found; /* of each: offset of the first record that was read, −1 = none */
    int64_t *times; /* and its time */
};

static rd_kafka_topic_partition_list_t *list_of(const struct cdr_kafka_expired *logs, size_t n)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n);
    for (size_t i = 0; i < n; i++)
        rd_kafka_topic_partition_list_add(list, logs[i].topic, (int32_t)logs[i].partition);
    return list;
}

/* offsets[i]: of the log's first record of any kind, since all have a time. */
static enum cdr_result ask_firsts(const struct cdr_kafka_properties *properties,
                                  const struct cdr_kafka_expired *logs, size_t n, int64_t *offsets,
                                  int timeout_ms, struct cdr_error *error)
{
    struct cdr_kafka_client asker = {0};
    rd_kafka_topic_partition_list_t *list = list_of(logs, n);
    enum cdr_result result =
        cdr_kafka_client_open(&asker, RD_KAFKA_CONSUMER, properties, NULL, error);
    if (result == CDR_OK)
        result = cdr_kafka_ask_offsets(&asker, list, 0, timeout_ms, error);
    for (size_t i = 0; i < n && result == CDR_OK; i++)
        offsets[i] = list->elems[i].offset;
    cdr_kafka_client_close(&asker);
    rd_kafka_topic_partition_list_destroy(list);
    return result;
}

static enum cdr_result see(void *context, const struct cdr_kafka_record *record,
                           struct cdr_error *error)
{
    (void)error;
    const struct reading *reading = context;
    if (reading->found[record->range] < 0) {
        reading->found[record->range] = record->offset;
        reading->times[record->range] = record->timestamp_ms;
    }
    return CDR_OK;
}

/* found[i]: the first record at the log's first two offsets; times[i]: its time. */
static enum cdr_result read_firsts(const struct cdr_kafka_properties *properties,
                                   const struct cdr_kafka_expired *logs, size_t n, int64_t *found,
                                   int64_t *times, int timeout_ms, struct cdr_error *error)
{
    struct reading reading = {.logs = logs, .found = found, .times = times};
    struct cdr_kafka_range *ranges = calloc(n, sizeof *ranges);
    if (ranges == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory to read %zu partitions", n);
    for (size_t i = 0; i < n; i++) {
        found[i] = -1;
        ranges[i] = (struct cdr_kafka_range){.topic = logs[i].topic,
                                             .partition = logs[i].partition,
                                             .offset = logs[i].first,
                                             .end = logs[i].first + 2};
    }
    enum cdr_result result =
        cdr_kafka_read_ranges(properties, timeout_ms, ranges, n, see, &reading, error);
    free(ranges);
    return result;
}

/* Brokers look for a time only in the first segment that reaches it. Until they delete the segments
 * before the one in which a log begins now, that is one of those, and nobody learns of the control
 * record at the log's first offset. It is the time of a commit or abort, usually later than the
 * events of the log, so it is asked for by a time that segments of earlier events do not reach. */
static enum cdr_result ask_again(const struct cdr_kafka_properties *properties,
                                 const struct cdr_kafka_expired *logs, size_t n, int64_t *offsets,
                                 const int64_t *found, const int64_t *times, int timeout_ms,
                                 struct cdr_error *error)
{
    struct cdr_kafka_client asker = {0};
    enum cdr_result result =
        cdr_kafka_client_open(&asker, RD_KAFKA_CONSUMER, properties, NULL, error);
    for (size_t i = 0; i < n && result == CDR_OK; i++) {
        if (offsets[i] == logs[i].first || found[i] != logs[i].first + 1 || times[i] < 0)
            continue;
        rd_kafka_topic_partition_list_t *list = list_of(&logs[i], 1);
        result = cdr_kafka_ask_offsets(&asker, list, times[i] + 1, timeout_ms, error);
        offsets[i] = list->elems[0].offset;
        rd_kafka_topic_partition_list_destroy(list);
    }
    cdr_kafka_client_close(&asker);
    return result;
}

/* What is committed to a group for the logs; false where nobody says. */
static bool ask_group(const struct cdr_kafka_properties *properties, const char *prefix,
                      const char *dataset_id, rd_kafka_topic_partition_list_t *list, int timeout_ms)
{
    struct cdr_kafka_client asker = {0};
    struct cdr_error ignored = {{0}};
    char group[CDR_KAFKA_GROUP_MAX];
    const struct cdr_kafka_role role = {.group_id = group};
    cdr_kafka_group_of(prefix, dataset_id, group);
    const bool answered =
        cdr_kafka_client_open(&asker, RD_KAFKA_CONSUMER, properties, &role, &ignored) == CDR_OK &&
        cdr_kafka_ask_committed(&asker, list, timeout_ms < GROUP_MS ? timeout_ms : GROUP_MS) ==
            RD_KAFKA_RESP_ERR_NO_ERROR;
    cdr_kafka_client_close(&asker);
    return answered;
}

/* A run without transactions committed offset and dataset when it ended. */
static void ask_ends(const struct cdr_kafka_properties *properties, const char *dataset_id,
                     struct cdr_kafka_expired *logs, size_t n, int timeout_ms)
{
    rd_kafka_topic_partition_list_t *list = list_of(logs, n);
    const bool answered = ask_group(properties, CDR_GROUP_ENDS, dataset_id, list, timeout_ms);
    for (size_t i = 0; i < n && answered; i++) {
        const rd_kafka_topic_partition_t *entry = &list->elems[i];
        if (!cdr_kafka_is_signed(entry, dataset_id, logs[i].form) || !logs[i].known)
            continue;
        logs[i].gone = logs[i].first - logs[i].base;
        if (entry->offset == logs[i].end)
            logs[i].records = entry->offset - logs[i].base;
    }
    rd_kafka_topic_partition_list_destroy(list);
}

/* One with transactions commits the number of records, and where they end; a control record comes
 * after that. It counts if it was committed for the topic that is there. */
static void ask_progress(const struct cdr_kafka_properties *properties, const char *dataset_id,
                         struct cdr_kafka_expired *logs, size_t n, int timeout_ms)
{
    rd_kafka_topic_partition_list_t *list = list_of(logs, n);
    rd_kafka_topic_partition_list_t *marks = list_of(logs, n);
    const bool answered = ask_group(properties, CDR_GROUP_PROGRESS, dataset_id, list, timeout_ms) &&
                          ask_group(properties, CDR_GROUP_MARKS, dataset_id, marks, timeout_ms);
    for (size_t i = 0; i < n && answered; i++) {
        struct cdr_kafka_progress progress;
        char mark[CDR_TOKEN_LEN + 1];
        cdr_kafka_mark_read(&marks->elems[i], dataset_id, mark);
        if (cdr_kafka_progress_read(&list->elems[i], dataset_id, &progress) &&
            strcmp(progress.form, logs[i].form) == 0 && cdr_kafka_is_marked(&progress, mark)) {
            if (logs[i].end == progress.after || logs[i].end == progress.after + 1)
                logs[i].records = (int64_t)progress.position;
            if (logs[i].first >= progress.after)
                logs[i].gone = (int64_t)progress.position;
        }
    }
    rd_kafka_topic_partition_list_destroy(marks);
    rd_kafka_topic_partition_list_destroy(list);
}

enum cdr_result cdr_kafka_explain_expired(const struct cdr_kafka_properties *properties,
                                          const char *dataset_id, struct cdr_kafka_expired *logs,
                                          size_t n, int timeout_ms, struct cdr_error *error)
{
    if (n == 0)
        return CDR_OK;
    int64_t *offsets = calloc(3 * n, sizeof *offsets), *found = offsets + n, *times = found + n;
    if (offsets == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for the offsets of %zu partitions", n);
    enum cdr_result result = ask_firsts(properties, logs, n, offsets, timeout_ms, error);
    if (result == CDR_OK)
        result = read_firsts(properties, logs, n, found, times, timeout_ms, error);
    if (result == CDR_OK)
        result = ask_again(properties, logs, n, offsets, found, times, timeout_ms, error);
    for (size_t i = 0; i < n && result == CDR_OK; i++) {
        const int64_t first = logs[i].first;
        logs[i].records = -1;
        logs[i].gone = 0;
        logs[i].doubtful = found[i] != first && (found[i] != first + 1 || offsets[i] != first);
    }
    if (result == CDR_OK) {
        ask_ends(properties, dataset_id, logs, n, timeout_ms);
        ask_progress(properties, dataset_id, logs, n, timeout_ms);
    }
    free(offsets);
    return result;
}
