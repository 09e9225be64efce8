/* Partitions that a topic was given beyond those of the dataset. No record belongs in them, so they
 * are only counted: one after the other, from the first message to what was the end when it was
 * asked for. */
#include "verify/kafka_added.h"

#include "kafka/offsets.h"
#include "kafka/trouble.h"

#include <stdio.h>

enum { BATCH = 256, WAIT_MS = 200, ASK_TIMES = 3 };

static enum cdr_result ask_extent(struct cdr_kafka_client *client, const char *topic,
                                  int32_t partition, int timeout_ms, int64_t *first, int64_t *end,
                                  struct cdr_error *error)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *entry = rd_kafka_topic_partition_list_add(list, topic, partition);
    enum cdr_result result =
        cdr_kafka_ask_offsets(client, list, RD_KAFKA_OFFSET_BEGINNING, timeout_ms, error);
    *first = entry->offset;
    if (result == CDR_OK)
        result = cdr_kafka_ask_offsets(client, list, RD_KAFKA_OFFSET_END, timeout_ms, error);
    *end = entry->offset;
    rd_kafka_topic_partition_list_destroy(list);
    return result;
}

/* Messages of a batch that are records. *ended: the log's end is among them. */
static uint64_t count(rd_kafka_message_t **batch, ssize_t n, int64_t end, bool *ended,
                      rd_kafka_resp_err_t *code)
{
    uint64_t records = 0;
    for (ssize_t i = 0; i < n; i++) {
        const rd_kafka_message_t *message = batch[i];
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
            *ended = true;
        else if (message->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
            *code = message->err;
        else if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            records += message->offset < end;
            *ended |= message->offset + 1 >= end;
        }
        rd_kafka_message_destroy(batch[i]);
    }
    return records;
}

enum cdr_result cdr_kafka_count_added(struct cdr_kafka_client *client, rd_kafka_topic_t *topic,
                                      int32_t partition, int timeout_ms, uint64_t *records,
                                      struct cdr_error *error)
{
    rd_kafka_message_t *batch[BATCH];
    int64_t first = 0, end = 0;
    bool ended = false;
    *records = 0;
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    enum cdr_result result = ask_extent(client, rd_kafka_topic_name(topic), partition,
                                        ASK_TIMES * timeout_ms, &first, &end, error);
    if (result != CDR_OK)
        return result;
    if (first < end) {
        if (rd_kafka_consume_start(topic, partition, first) != 0)
            return cdr_fail(error, CDR_E_KAFKA, "cannot read %s[%d]: %s",
                            rd_kafka_topic_name(topic), (int)partition,
                            rd_kafka_err2str(rd_kafka_last_error()));
        int64_t heard_ms = cdr_kafka_clock_ms();
        while (!ended && code == RD_KAFKA_RESP_ERR_NO_ERROR) {
            ssize_t n = rd_kafka_consume_batch(topic, partition, WAIT_MS, batch, BATCH);
            rd_kafka_poll(client->rk, 0);
            if (n > 0) {
                *records += count(batch, n, end, &ended, &code);
                heard_ms = cdr_kafka_clock_ms();
            } else if (cdr_kafka_clock_ms() - heard_ms > timeout_ms) {
                code = RD_KAFKA_RESP_ERR__TIMED_OUT;
            }
        }
        rd_kafka_consume_stop(topic, partition);
    }
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return CDR_OK;
    char subject[300];
    snprintf(subject, sizeof subject, "%s[%d]", rd_kafka_topic_name(topic), (int)partition);
    return cdr_kafka_request_failed(client, code, "read", subject, "Read", NULL, error);
}
