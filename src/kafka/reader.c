#include "kafka/reader.h"

#include "kafka/client.h"
#include "kafka/trouble.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { POLL_MS = 200 };

struct reading {
    struct cdr_kafka_client client;
    const struct cdr_kafka_range *ranges;
    size_t count, left;         /* ranges; those that are not at their end yet */
    bool *done;                 /* per range */
    rd_kafka_topic_t **handles; /* per range, of its topic */
    rd_kafka_queue_t *queue;
};

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
        reading->handles[i] = rd_kafka_topic_new(reading->client.rk, range->topic, NULL);
        if (reading->handles[i] == NULL ||
            rd_kafka_consume_start_queue(reading->handles[i], (int32_t)range->partition,
                                         range->offset, reading->queue) != 0)
            return cdr_fail(error, CDR_E_KAFKA, "cannot read %s[%" PRIu32 "]: %s", range->topic,
                            range->partition, rd_kafka_err2str(rd_kafka_last_error()));
    }
    return CDR_OK;
}

static void stop(struct reading *reading)
{
    for (size_t i = 0; i < reading->count; i++)
        if (reading->handles[i] != NULL)
            rd_kafka_consume_stop(reading->handles[i], (int32_t)reading->ranges[i].partition);
    if (reading->queue != NULL) {
        cdr_kafka_drain(reading->queue);
        rd_kafka_queue_destroy(reading->queue);
    }
    for (size_t i = 0; i < reading->count; i++)
        if (reading->handles[i] != NULL)
            rd_kafka_topic_destroy(reading->handles[i]);
    cdr_kafka_client_close(&reading->client);
    free(reading->done);
    free(reading->handles);
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

/* What has expired is not there to be read; the end of a log is told. */
static void prepare(rd_kafka_conf_t *conf)
{
    rd_kafka_conf_set(conf, "auto.offset.reset", "earliest", NULL, 0);
    rd_kafka_conf_set(conf, "enable.partition.eof", "true", NULL, 0);
}

enum cdr_result cdr_kafka_read_ranges(const struct cdr_kafka_properties *properties, int timeout_ms,
                                      const struct cdr_kafka_range *ranges, size_t count,
                                      cdr_kafka_visitor visit, void *context,
                                      struct cdr_error *error)
{
    struct reading reading = {.ranges = ranges, .count = count, .left = count};
    reading.done = calloc(count + 1, sizeof *reading.done);
    reading.handles = calloc(count + 1, sizeof(void *));
    const struct cdr_kafka_role role = {.prepare = prepare};
    enum cdr_result result =
        reading.done != NULL && reading.handles != NULL
            ? cdr_kafka_client_open(&reading.client, RD_KAFKA_CONSUMER, properties, &role, error)
            : cdr_fail(error, CDR_E_NOMEM, "no memory to read %zu partitions back", count);
    if (result != CDR_OK)
        reading.count = 0;
    else
        result = read_all(&reading, timeout_ms, visit, context, error);
    stop(&reading);
    return result;
}

enum cdr_result cdr_kafka_read_back(const struct cdr_kafka_settings *settings, bool committed,
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
        result = cdr_kafka_read_ranges(&properties, (int)settings->timeout_ms, ranges, count, visit,
                                       context, error);
    cdr_kafka_properties_free(&properties);
    free(warnings.texts);
    return result;
}
