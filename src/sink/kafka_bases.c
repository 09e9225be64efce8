/* Where the dataset begins in each log: its offset and the dataset's id, in the group
 * cdrgen-<dataset id>. With --append the offsets of a log alone don't say it; and of a log whose
 * records all expired, nothing else says that they were this dataset's. Kafka deletes what is
 * committed for a topic with the topic. */
#include "sink/kafka_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REMEMBER_MS = 3000 };

static int left_ms(int64_t deadline_ms)
{
    const int64_t left = deadline_ms - cdr_kafka_clock_ms();
    return left > 1 ? (int)left : 1;
}

static rd_kafka_topic_partition_list_t *base_offsets(const struct cdr_kafka_sink *sink)
{
    rd_kafka_topic_partition_list_t *list = cdr_kafka_list_logs(sink);
    for (int i = 0; i < list->cnt; i++)
        cdr_kafka_sign(sink, &list->elems[i],
                       sink->logs[cdr_kafka_log_of(sink, &list->elems[i])].base);
    return list;
}

/* The answer to the commit; or the error that keeps the client from finding the group's
 * coordinator, which it would try again for ever and tells only to who polls for messages. */
static rd_kafka_event_t *wait_for_commit(struct cdr_kafka_client *asker, rd_kafka_queue_t *queue,
                                         int64_t deadline_ms, rd_kafka_resp_err_t *code)
{
    rd_kafka_event_t *event = NULL;
    *code = RD_KAFKA_RESP_ERR__TIMED_OUT;
    while (event == NULL && !cdr_kafka_is_denied(*code) && left_ms(deadline_ms) > 1) {
        event = rd_kafka_queue_poll(queue, left_ms(deadline_ms) < 100 ? left_ms(deadline_ms) : 100);
        rd_kafka_message_t *message = rd_kafka_consumer_poll(asker->rk, 0);
        if (message != NULL) {
            *code = message->err;
            rd_kafka_message_destroy(message);
        }
    }
    if (event != NULL)
        *code = rd_kafka_event_error(event);
    return event;
}

enum cdr_result cdr_kafka_commit_bases(struct cdr_kafka_client *asker,
                                       const struct cdr_kafka_sink *sink, const char *what,
                                       int timeout_ms, struct cdr_error *error)
{
    char subject[300];
    const int64_t deadline_ms = cdr_kafka_clock_ms() + timeout_ms;
    snprintf(subject, sizeof subject, "group cdrgen-%s", sink->setup.dataset_id);
    rd_kafka_topic_partition_list_t *list = base_offsets(sink);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(asker->rk);
    rd_kafka_event_t *event = NULL;
    rd_kafka_resp_err_t code = rd_kafka_commit_queue(asker->rk, list, queue, NULL, NULL);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        event = wait_for_commit(asker, queue, deadline_ms, &code);
    const rd_kafka_topic_partition_list_t *committed =
        event != NULL ? rd_kafka_event_topic_partition_list(event) : NULL;
    /* The event's own code is that of one of its partitions. */
    for (int i = 0; committed != NULL && i < committed->cnt; i++)
        if (committed->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            code = committed->elems[i].err;
            if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
                snprintf(subject, sizeof subject, "topic %s", committed->elems[i].topic);
            break;
        }
    enum cdr_result result = CDR_OK;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        result = cdr_kafka_request_failed(asker, code, what, subject, "Read", NULL, error);
    if (event != NULL)
        rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_topic_partition_list_destroy(list);
    return result;
}

void cdr_kafka_remember(const struct cdr_sink *base)
{
    const struct cdr_kafka_sink *sink = (const struct cdr_kafka_sink *)base;
    char group[64];
    struct cdr_kafka_client asker = {0};
    struct cdr_error ignored = {{0}};
    if (sink->transactions.on)
        return; /* positions are committed with the records */
    snprintf(group, sizeof group, "cdrgen-%s", sink->setup.dataset_id);
    if (cdr_kafka_client_open(&asker, RD_KAFKA_CONSUMER, &sink->properties, NULL, group,
                              &ignored) == CDR_OK)
        cdr_kafka_commit_bases(&asker, sink, "commit where the dataset begins for", REMEMBER_MS,
                               &ignored);
    cdr_kafka_client_close(&asker);
}

bool cdr_kafka_base_is_known(const struct cdr_sink *base, uint32_t log)
{
    const struct cdr_kafka_sink *sink = (const struct cdr_kafka_sink *)base;
    return sink->transactions.on || sink->logs[log].base_known;
}
