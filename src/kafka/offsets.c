#include "kafka/offsets.h"

#include "kafka/metadata.h"
#include "kafka/reach.h"
#include "kafka/trouble.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PASSING_MS = 50, LOOK_MS = 250 };

/* Errors of a moment: a partition that was just created, or whose leader just changed. */
static bool is_passing(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION ||
           code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE ||
           code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
           code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
           code == RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE ||
           code == RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH ||
           code == RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH || code == RD_KAFKA_RESP_ERR__TRANSPORT;
}

rd_kafka_resp_err_t cdr_kafka_query_offsets(const struct cdr_kafka_client *asker,
                                            rd_kafka_topic_partition_list_t *list, int64_t which,
                                            int timeout_ms,
                                            const rd_kafka_topic_partition_t **where)
{
    *where = NULL;
    if (list->cnt == 0)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    for (int i = 0; i < list->cnt; i++)
        list->elems[i].offset = which;
    rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(asker->rk, list, timeout_ms);
    for (int i = 0; i < list->cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
        code = list->elems[i].err;
        *where = &list->elems[i];
    }
    return code;
}

/* The question as a whole. */
static enum cdr_result ask_failed(struct cdr_kafka_client *asker, rd_kafka_resp_err_t code,
                                  const char *name, int timeout_ms, struct cdr_error *error)
{
    char unreached[500] = "";
    const bool late = code == RD_KAFKA_RESP_ERR__TIMED_OUT;
    if (late || code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__RESOLVE)
        cdr_kafka_name_unreached(asker, unreached, sizeof unreached);
    if (late && unreached[0] == '\0')
        snprintf(unreached, sizeof unreached,
                 "; the brokers seem busy (%g s were not enough): give them more time with "
                 "--kafka-timeout",
                 timeout_ms / 1000.0);
    return cdr_fail(error, CDR_E_KAFKA, "cannot ask %s for the %s offsets of the topics: %s%s",
                    asker->properties->brokers, name, rd_kafka_err2str(code), unreached);
}

enum cdr_result cdr_kafka_ask_offsets(struct cdr_kafka_client *asker,
                                      rd_kafka_topic_partition_list_t *list, int64_t which,
                                      int timeout_ms, struct cdr_error *error)
{
    const char *const name = which == RD_KAFKA_OFFSET_END ? "end" : "first";
    const int64_t deadline_ms = cdr_kafka_clock_ms() + timeout_ms;
    const rd_kafka_topic_partition_t *where;
    rd_kafka_resp_err_t code;
    for (;;) {
        const int64_t left_ms = deadline_ms - cdr_kafka_clock_ms();
        code = cdr_kafka_query_offsets(asker, list, which, left_ms > 1 ? (int)left_ms : 1, &where);
        if (!is_passing(code) || cdr_kafka_clock_ms() >= deadline_ms)
            break;
        usleep(PASSING_MS * 1000);
    }
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return CDR_OK;
    if (cdr_kafka_is_denied(code))
        return cdr_kafka_request_failed(asker, code, "ask for the offsets of",
                                        where != NULL ? where->topic : "the topics", "Describe",
                                        NULL, error);
    if (where == NULL)
        return ask_failed(asker, code, name, timeout_ms, error);
    return cdr_fail(error, CDR_E_KAFKA, "cannot ask for the %s offset of %s[%d]: %s%s", name,
                    where->topic, (int)where->partition, rd_kafka_err2str(code),
                    cdr_kafka_is_absence(code) ? " (it was deleted)" : "");
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

rd_kafka_resp_err_t cdr_kafka_ask_committed(struct cdr_kafka_client *asker,
                                            rd_kafka_topic_partition_list_t *list, int timeout_ms)
{
    if (list->cnt == 0)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_resp_err_t code = rd_kafka_committed(asker->rk, list, timeout_ms);
    return code == RD_KAFKA_RESP_ERR__TIMED_OUT ? why_silent(asker) : code;
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

enum cdr_result cdr_kafka_stable_ends(struct cdr_kafka_client *asker,
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
