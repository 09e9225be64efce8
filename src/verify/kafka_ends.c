#include "verify/kafka_ends.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PASSING_MS = 50, LOOK_MS = 250 };

enum cdr_result cdr_kafka_ask_failed(const char *brokers, rd_kafka_resp_err_t code,
                                     const char *what, const char *subject, const char *operation,
                                     struct cdr_error *error)
{
    if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
        code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
        return cdr_fail(error, CDR_E_STATE,
                        "not authorised to %s %s: the user that the client logs in as lacks the "
                        "operation %s on it",
                        what, subject, operation);
    return cdr_fail(error, CDR_E_KAFKA, "cannot %s %s at %s: %s", what, subject, brokers,
                    rd_kafka_err2str(code));
}

/* Errors of a moment: a leader that just changed. */
static bool is_passing(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION ||
           code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE ||
           code == RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE || code == RD_KAFKA_RESP_ERR__TRANSPORT;
}

enum cdr_result cdr_kafka_ask_offsets(const struct cdr_kafka_client *asker,
                                      rd_kafka_topic_partition_list_t *list, int64_t which,
                                      int timeout_ms, struct cdr_error *error)
{
    int64_t deadline_ms = cdr_kafka_clock_ms() + timeout_ms;
    for (;;) {
        for (int i = 0; i < list->cnt; i++)
            list->elems[i].offset = which;
        int64_t left = deadline_ms - cdr_kafka_clock_ms();
        rd_kafka_resp_err_t code =
            list->cnt > 0 ? rd_kafka_offsets_for_times(asker->rk, list, left > 1 ? (int)left : 1)
                          : RD_KAFKA_RESP_ERR_NO_ERROR;
        const char *topic = "the topics";
        for (int i = 0; i < list->cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
            code = list->elems[i].err;
            topic = list->elems[i].topic;
        }
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
            return CDR_OK;
        if (!is_passing(code) || left <= 1)
            return cdr_kafka_ask_failed(asker->properties->brokers, code, "ask for the offsets of",
                                        topic, "Describe", error);
        usleep(PASSING_MS * 1000);
    }
}

/* The first log that is not read up to its high watermark; NULL: there is none. */
static const rd_kafka_topic_partition_t *find_open(const rd_kafka_topic_partition_list_t *list,
                                                   const int64_t *high)
{
    for (int i = 0; i < list->cnt; i++)
        if (list->elems[i].offset < high[i])
            return &list->elems[i];
    return NULL;
}

static void say(const struct cdr_kafka_patience *patience, const rd_kafka_topic_partition_t *open)
{
    char text[400];
    if (patience->say == NULL || patience->wait_ms == 0)
        return;
    snprintf(text, sizeof text,
             "%.250s[%d] has an open transaction, which begins at offset %" PRId64
             ": waiting up to %u s for its end",
             open->topic, (int)open->partition, open->offset, (patience->wait_ms + 999) / 1000);
    patience->say(text);
}

enum cdr_result cdr_kafka_stable_ends(const struct cdr_kafka_client *asker,
                                      rd_kafka_topic_partition_list_t *list,
                                      const struct cdr_kafka_patience *patience,
                                      struct cdr_error *error)
{
    const int64_t deadline_ms = cdr_kafka_clock_ms() + patience->wait_ms;
    int64_t *high = calloc((size_t)list->cnt + 1, sizeof *high);
    if (high == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for the offsets of %d logs", list->cnt);
    for (int i = 0; i < list->cnt; i++)
        high[i] = list->elems[i].offset;
    for (bool said = false;; said = true) {
        enum cdr_result result =
            cdr_kafka_ask_offsets(asker, list, RD_KAFKA_OFFSET_END, patience->timeout_ms, error);
        const rd_kafka_topic_partition_t *open = result == CDR_OK ? find_open(list, high) : NULL;
        if (open != NULL && !said)
            say(patience, open);
        if (open == NULL || cdr_kafka_clock_ms() >= deadline_ms ||
            (patience->stop != NULL && atomic_load(patience->stop) != 0)) {
            free(high);
            return result;
        }
        usleep(LOOK_MS * 1000);
    }
}
