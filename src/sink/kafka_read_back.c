/* Records of topics, read back by offset. Without a group: nothing is committed, and no right is
 * needed but to read the topics. */
#include "sink/kafka_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { POLL_MS = 200, TOPICS_MAX = CDR_TOPICS_MAX };

struct reading {
    struct cdr_kafka_client client;
    const struct cdr_kafka_range *ranges;
    size_t count, left; /* ranges; those that are not at their end yet */
    bool *done;
    rd_kafka_queue_t *queue;
    rd_kafka_topic_t *handles[TOPICS_MAX];
    const char *names[TOPICS_MAX];
};

static rd_kafka_topic_t *handle_of(struct reading *reading, const char *topic)
{
    for (size_t i = 0; i < TOPICS_MAX; i++) {
        if (reading->names[i] == NULL) {
            reading->names[i] = topic;
            reading->handles[i] = rd_kafka_topic_new(reading->client.rk, topic, NULL);
        }
        if (strcmp(reading->names[i], topic) == 0)
            return reading->handles[i];
    }
    return NULL;
}

static size_t range_of(const struct reading *reading, const rd_kafka_message_t *message)
{
    const char *topic = rd_kafka_topic_name(message->rkt);
    for (size_t i = 0; i < reading->count; i++)
        if ((int32_t)reading->ranges[i].partition == message->partition &&
            strcmp(reading->ranges[i].topic, topic) == 0)
            return i;
    return reading->count;
}

static void finish(struct reading *reading, size_t i)
{
    reading->left -= !reading->done[i];
    reading->done[i] = true;
}

static enum cdr_result take(struct reading *reading, const rd_kafka_message_t *message,
                            cdr_kafka_visitor visit, void *context, struct cdr_error *error)
{
    size_t i = message->rkt != NULL ? range_of(reading, message) : reading->count;
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF && i < reading->count)
        finish(reading, i);
    if (message->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
        return cdr_fail(error, CDR_E_STATE,
                        "not authorised to read topic %s: the client's user lacks the operation "
                        "Read on it",
                        i < reading->count ? reading->ranges[i].topic : "");
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR || i == reading->count || reading->done[i])
        return CDR_OK;
    const struct cdr_kafka_range *range = &reading->ranges[i];
    enum cdr_result result = CDR_OK;
    if (message->offset < range->end) {
        struct cdr_kafka_record record = {
            .range = i,
            .offset = message->offset,
            .timestamp_ms = rd_kafka_message_timestamp(message, NULL),
            .key = message->key,
            .value = message->payload,
            .key_len = message->key_len,
            .value_len = message->len,
        };
        result = visit(context, &record, error);
    }
    if (message->offset + 1 >= range->end)
        finish(reading, i);
    return result;
}

static enum cdr_result start(struct reading *reading, struct cdr_error *error)
{
    reading->queue = rd_kafka_queue_new(reading->client.rk);
    for (size_t i = 0; i < reading->count; i++) {
        const struct cdr_kafka_range *range = &reading->ranges[i];
        rd_kafka_topic_t *handle = handle_of(reading, range->topic);
        if (handle == NULL || rd_kafka_consume_start_queue(handle, (int32_t)range->partition,
                                                           range->offset, reading->queue) != 0)
            return cdr_fail(error, CDR_E_KAFKA, "cannot read %s[%" PRIu32 "]: %s", range->topic,
                            range->partition, rd_kafka_err2str(rd_kafka_last_error()));
    }
    return CDR_OK;
}

static void stop(struct reading *reading)
{
    for (size_t i = 0; i < reading->count && reading->queue != NULL; i++) {
        rd_kafka_topic_t *handle = handle_of(reading, reading->ranges[i].topic);
        if (handle != NULL)
            rd_kafka_consume_stop(handle, (int32_t)reading->ranges[i].partition);
    }
    if (reading->queue != NULL)
        rd_kafka_queue_destroy(reading->queue);
    for (size_t i = 0; i < TOPICS_MAX; i++)
        if (reading->handles[i] != NULL)
            rd_kafka_topic_destroy(reading->handles[i]);
    cdr_kafka_client_close(&reading->client);
    free(reading->done);
}

static enum cdr_result read_all(struct reading *reading, int timeout_ms, cdr_kafka_visitor visit,
                                void *context, struct cdr_error *error)
{
    enum cdr_result result = start(reading, error);
    int64_t heard_ms = cdr_kafka_clock_ms();
    while (result == CDR_OK && reading->left > 0) {
        rd_kafka_message_t *message = rd_kafka_consume_queue(reading->queue, POLL_MS);
        rd_kafka_poll(reading->client.rk, 0);
        if (message != NULL) {
            if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR ||
                message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
                heard_ms = cdr_kafka_clock_ms();
            result = take(reading, message, visit, context, error);
            rd_kafka_message_destroy(message);
        }
        if (result == CDR_OK && cdr_kafka_clock_ms() - heard_ms > timeout_ms) {
            char trouble[400];
            cdr_kafka_trouble(&reading->client, trouble, sizeof trouble);
            result = cdr_fail(error, CDR_E_KAFKA,
                              "cannot read back what the topics hold: nothing "
                              "came for %d ms%s%s",
                              timeout_ms, trouble[0] != '\0' ? ", and the last trouble was " : "",
                              trouble);
        }
    }
    return result;
}

enum cdr_result cdr_kafka_read_ranges(const struct cdr_kafka_properties *properties, int timeout_ms,
                                      const struct cdr_kafka_range *ranges, size_t count,
                                      cdr_kafka_visitor visit, void *context,
                                      struct cdr_error *error)
{
    struct reading reading = {.ranges = ranges, .count = count, .left = count};
    reading.done = calloc(count > 0 ? count : 1, sizeof *reading.done);
    if (reading.done == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory to read %zu partitions back", count);
    /* What has expired is not there to be read; the end of a log is told. */
    rd_kafka_conf_set(properties->conf, "auto.offset.reset", "earliest", NULL, 0);
    rd_kafka_conf_set(properties->conf, "enable.partition.eof", "true", NULL, 0);
    enum cdr_result result =
        cdr_kafka_client_open(&reading.client, RD_KAFKA_CONSUMER, properties, NULL, NULL, error);
    if (result == CDR_OK)
        result = read_all(&reading, timeout_ms, visit, context, error);
    stop(&reading);
    return result;
}

enum cdr_result cdr_kafka_read_back(const struct cdr_sink_settings *settings, bool committed,
                                    const struct cdr_kafka_range *ranges, size_t count,
                                    cdr_kafka_visitor visit, void *context, struct cdr_error *error)
{
    struct cdr_kafka_properties properties = {0};
    struct cdr_kafka_warnings warnings = {0};
    enum cdr_result result = cdr_kafka_properties_make(&properties, settings, &warnings, error);
    if (result == CDR_OK)
        rd_kafka_conf_set(properties.conf, "isolation.level",
                          committed ? "read_committed" : "read_uncommitted", NULL, 0);
    if (result == CDR_OK)
        result = cdr_kafka_read_ranges(&properties, (int)settings->kafka_timeout_ms, ranges, count,
                                       visit, context, error);
    cdr_kafka_properties_free(&properties);
    free(warnings.texts);
    return result;
}

/* --- the last records of logs --- */

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
    enum cdr_result result = CDR_OK;
    for (uint32_t log = 0; result == CDR_OK && log < sink->log_count; log++) {
        const char *topic = cdr_kafka_topic_of(sink, log);
        const uint32_t partition = log % sink->setup.partitions;
        int64_t end;
        if (sink->logs[log].start == 0 || last[log].count > 0)
            continue;
        if (asker.rk == NULL)
            result = cdr_kafka_client_open(&asker, RD_KAFKA_CONSUMER, &sink->properties, NULL, NULL,
                                           error);
        rd_kafka_resp_err_t code =
            result == CDR_OK ? rd_kafka_query_watermark_offsets(asker.rk, topic, (int32_t)partition,
                                                                &last[log].first, &end, timeout_ms)
                             : RD_KAFKA_RESP_ERR_NO_ERROR;
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
            result = cdr_fail(error, CDR_E_KAFKA, "cannot ask where %s[%" PRIu32 "] begins: %s",
                              topic, partition, rd_kafka_err2str(code));
    }
    cdr_kafka_client_close(&asker);
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
        result = cdr_kafka_read_back(settings, true, ranges, count, see, &search, error);
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
        result = ask_firsts(sink, (int)settings->kafka_timeout_ms, last, error);
    free(ranges);
    free(logs);
    free(offsets);
    free(search.rings);
    return result;
}
