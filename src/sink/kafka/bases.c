/* Where the dataset begins in each log, committed since with --append the offsets of a log alone
 * don't say it; where it ends after a run that ended in an orderly way: of a log whose records all
 * expired, nothing else says that they were this dataset's; and who was the last to begin to write:
 * a resume of the same dataset in the same form need not compare all that is there. With
 * transactions, all of that is committed with the records (progress.c). */
#include "sink/kafka/internal.h"

#include <ctype.h>
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
        cdr_kafka_sign(&list->elems[i], sink->setup.dataset_id, NULL,
                       cdr_kafka_begin_of(&sink->logs[cdr_kafka_log_of(sink, &list->elems[i])]));
    return list;
}

/* The answer to the commit; or the error that keeps the client from finding the group's
 * coordinator, which it would try again for ever and tells only a caller that polls. */
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

static enum cdr_result commit(struct cdr_kafka_client *asker,
                              const rd_kafka_topic_partition_list_t *list, const char *what,
                              const char *group, int timeout_ms, struct cdr_error *error)
{
    char subject[300];
    const int64_t deadline_ms = cdr_kafka_clock_ms() + timeout_ms;
    snprintf(subject, sizeof subject, "group %s", group);
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
    return result;
}

enum cdr_result cdr_kafka_commit_bases(struct cdr_kafka_client *asker,
                                       const struct cdr_kafka_sink *sink, const char *what,
                                       int timeout_ms, struct cdr_error *error)
{
    char group[CDR_KAFKA_GROUP_MAX];
    cdr_kafka_group_of(CDR_GROUP_BASES, sink->setup.dataset_id, group);
    rd_kafka_topic_partition_list_t *list = base_offsets(sink);
    enum cdr_result result = commit(asker, list, what, group, timeout_ms, error);
    rd_kafka_topic_partition_list_destroy(list);
    return result;
}

static enum cdr_result open_asker(const struct cdr_kafka_sink *sink, const char *group,
                                  struct cdr_kafka_client *asker)
{
    const struct cdr_kafka_role role = {.group_id = group};
    struct cdr_error ignored = {{0}};
    return cdr_kafka_client_open(asker, RD_KAFKA_CONSUMER, &sink->properties, &role, &ignored);
}

/* A client that may not use its group would wait long with a commit when it is closed; with a
 * question it does not. */
static bool may_use_group(const struct cdr_kafka_sink *sink, struct cdr_kafka_client *asker)
{
    rd_kafka_topic_partition_list_t *list = cdr_kafka_list_logs(sink);
    const bool may = list->cnt > 0 && cdr_kafka_ask_committed(asker, list, REMEMBER_MS) ==
                                          RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_topic_partition_list_destroy(list);
    return may;
}

bool cdr_kafka_remember(const struct cdr_kafka_sink *sink, const char *group,
                        rd_kafka_topic_partition_list_t *list)
{
    struct cdr_kafka_client asker = {0};
    struct cdr_error ignored = {{0}};
    const bool done = open_asker(sink, group, &asker) == CDR_OK && may_use_group(sink, &asker) &&
                      commit(&asker, list, "", "", REMEMBER_MS, &ignored) == CDR_OK;
    cdr_kafka_client_close(&asker);
    rd_kafka_topic_partition_list_destroy(list);
    return done;
}

/* Whoever reads it takes all of the log for this dataset's in this form, also what is gone by then.
 */
static void sign(const struct cdr_kafka_sink *sink, rd_kafka_topic_partition_t *entry,
                 int64_t offset)
{
    const uint32_t log = cdr_kafka_log_of(sink, entry);
    char form[CDR_FORM_SIZE];
    cdr_topic_form(sink->setup.topics, log / sink->setup.partitions, form);
    cdr_kafka_sign(entry, sink->setup.dataset_id, form, offset);
}

/* Of each log whose writer is in the state: where the dataset begins, its id, and the form of its
 * messages; or, where that is not sure, the form of none. */
static void commit_writer(struct cdr_kafka_sink *sink, int state, bool sure)
{
    rd_kafka_topic_partition_list_t *list = cdr_kafka_list_logs(sink);
    for (int i = list->cnt; i-- > 0;) {
        rd_kafka_topic_partition_t *entry = &list->elems[i];
        struct cdr_kafka_log *log = &sink->logs[cdr_kafka_log_of(sink, entry)];
        if ((int)log->writer != state) {
            rd_kafka_topic_partition_list_del_by_idx(list, i);
            continue;
        }
        if (sure)
            sign(sink, entry, cdr_kafka_begin_of(log));
        else
            cdr_kafka_sign(entry, sink->setup.dataset_id, cdr_kafka_no_form,
                           cdr_kafka_begin_of(log));
        log->writer = sure ? CDR_KAFKA_SURE : log->writer;
    }
    if (list->cnt > 0)
        cdr_kafka_remember(sink, CDR_GROUP_WRITER, list);
    else
        rd_kafka_topic_partition_list_destroy(list);
}

static bool has_failed(struct cdr_kafka_sink *sink)
{
    return cdr_failure_get(&sink->failure, NULL) != CDR_OK;
}

/* A failed report is counted before the failure is known, but not two looks before. */
void cdr_kafka_vouch(struct cdr_kafka_sink *sink)
{
    if (sink->transactions.on || has_failed(sink))
        return;
    commit_writer(sink, CDR_KAFKA_SEEN, true);
    for (uint32_t log = 0; log < sink->log_count; log++)
        if (sink->logs[log].writer == CDR_KAFKA_UNSURE && !sink->logs[log].doubted &&
            atomic_load(&sink->logs[log].reported) > 0)
            sink->logs[log].writer = CDR_KAFKA_SEEN;
}

void cdr_kafka_doubt(struct cdr_sink *base, const bool *doubted)
{
    struct cdr_kafka_sink *sink = (struct cdr_kafka_sink *)base;
    for (uint32_t log = 0; log < sink->log_count; log++)
        sink->logs[log].doubted = doubted[log];
}

/* Where the user may not, or no coordinator answers within a few seconds, runs go without. That a
 * run begins says nothing of who writes: two may begin, or one may have died before its first
 * record. It only takes away what another one said. */
void cdr_kafka_remember_begin(struct cdr_sink *base)
{
    struct cdr_kafka_sink *sink = (struct cdr_kafka_sink *)base;
    struct cdr_kafka_writer *writers = calloc(sink->log_count, sizeof *writers);
    char group[CDR_KAFKA_GROUP_MAX];
    cdr_kafka_group_of(CDR_GROUP_BASES, sink->setup.dataset_id, group);
    if (sink->transactions.on) {
        cdr_kafka_begin_form(sink);
    } else if (cdr_kafka_remember(sink, group, base_offsets(sink)) && writers != NULL) {
        pthread_mutex_lock(&sink->watch.looking);
        cdr_kafka_last_writers(base, writers);
        for (uint32_t log = 0; log < sink->log_count; log++)
            if (writers[log].same && !sink->logs[log].doubted)
                sink->logs[log].writer = CDR_KAFKA_SURE;
        commit_writer(sink, CDR_KAFKA_UNSURE, false);
        pthread_mutex_unlock(&sink->watch.looking);
    }
    free(writers);
}

static bool take_writer(const struct cdr_kafka_sink *sink, const rd_kafka_topic_partition_t *entry,
                        uint32_t log, struct cdr_kafka_writer *writer)
{
    const size_t id_len = CDR_KAFKA_DATASET_MAX - 1;
    char form[CDR_FORM_SIZE];
    if (entry->err != RD_KAFKA_RESP_ERR_NO_ERROR || entry->offset < 0 ||
        entry->metadata_size != id_len + CDR_FORM_SIZE)
        return false;
    for (size_t i = 0; i < id_len; i++)
        if (!isxdigit(((const unsigned char *)entry->metadata)[i]))
            return false;
    cdr_topic_form(sink->setup.topics, log / sink->setup.partitions, form);
    memcpy(writer->dataset, entry->metadata, id_len);
    writer->offset = entry->offset;
    const bool there = writer->offset == cdr_kafka_begin_of(&sink->logs[log]);
    writer->same = there && cdr_kafka_is_signed(entry, sink->setup.dataset_id, form);
    writer->other =
        there && !writer->same && !cdr_kafka_is_signed(entry, writer->dataset, cdr_kafka_no_form);
    return true;
}

static bool is_in_form(const struct cdr_kafka_sink *sink, uint32_t log)
{
    char form[CDR_FORM_SIZE];
    cdr_topic_form(sink->setup.topics, log / sink->setup.partitions, form);
    return strcmp(sink->logs[log].form, form) == 0;
}

static bool is_in_other_form(const struct cdr_kafka_sink *sink, uint32_t log)
{
    const char *form = sink->logs[log].form;
    return form[0] != '\0' && strcmp(form, cdr_kafka_no_form) != 0 && !is_in_form(sink, log);
}

void cdr_kafka_last_writers(const struct cdr_sink *base, struct cdr_kafka_writer *writers)
{
    const struct cdr_kafka_sink *sink = (const struct cdr_kafka_sink *)base;
    struct cdr_kafka_client asker = {0};
    memset(writers, 0, sink->log_count * sizeof *writers);
    for (uint32_t log = 0; log < sink->log_count && sink->transactions.on; log++)
        writers[log].same = is_in_form(sink, log);
    if (sink->transactions.on || open_asker(sink, CDR_GROUP_WRITER, &asker) != CDR_OK)
        return;
    rd_kafka_topic_partition_list_t *list = cdr_kafka_list_logs(sink);
    const bool answered =
        cdr_kafka_ask_committed(&asker, list, REMEMBER_MS) == RD_KAFKA_RESP_ERR_NO_ERROR;
    for (int i = 0; answered && i < list->cnt; i++) {
        const uint32_t log = cdr_kafka_log_of(sink, &list->elems[i]);
        writers[log].known = take_writer(sink, &list->elems[i], log, &writers[log]);
    }
    rd_kafka_topic_partition_list_destroy(list);
    cdr_kafka_client_close(&asker);
}

void cdr_kafka_remember_end(struct cdr_sink *base)
{
    struct cdr_kafka_sink *sink = (struct cdr_kafka_sink *)base;
    char group[CDR_KAFKA_GROUP_MAX];
    if (sink->transactions.on)
        return;
    cdr_kafka_group_of(CDR_GROUP_ENDS, sink->setup.dataset_id, group);
    rd_kafka_topic_partition_list_t *list = cdr_kafka_list_logs(sink);
    for (int i = list->cnt; i-- > 0;) {
        const struct cdr_kafka_log *log = &sink->logs[cdr_kafka_log_of(sink, &list->elems[i])];
        if (log->doubted)
            rd_kafka_topic_partition_list_del_by_idx(list, i);
        else
            sign(sink, &list->elems[i], log->base + (int64_t)log->end);
    }
    if (!cdr_kafka_remember(sink, group, list))
        return;
    pthread_mutex_lock(&sink->watch.looking);
    for (uint32_t log = 0; log < sink->log_count; log++)
        if (sink->logs[log].writer == CDR_KAFKA_UNSURE && !sink->logs[log].doubted &&
            sink->logs[log].end > 0)
            sink->logs[log].writer = CDR_KAFKA_SEEN;
    commit_writer(sink, CDR_KAFKA_SEEN, true);
    pthread_mutex_unlock(&sink->watch.looking);
}

void cdr_kafka_known_ends(const struct cdr_sink *base, bool *known, bool *other)
{
    const struct cdr_kafka_sink *sink = (const struct cdr_kafka_sink *)base;
    struct cdr_kafka_client asker = {0};
    char group[CDR_KAFKA_GROUP_MAX];
    cdr_kafka_group_of(CDR_GROUP_ENDS, sink->setup.dataset_id, group);
    for (uint32_t log = 0; log < sink->log_count; log++) {
        known[log] = sink->transactions.on && is_in_form(sink, log);
        other[log] = sink->transactions.on && is_in_other_form(sink, log);
    }
    if (sink->transactions.on || open_asker(sink, group, &asker) != CDR_OK)
        return;
    rd_kafka_topic_partition_list_t *list = cdr_kafka_list_logs(sink);
    const bool answered =
        cdr_kafka_ask_committed(&asker, list, REMEMBER_MS) == RD_KAFKA_RESP_ERR_NO_ERROR;
    for (int i = 0; answered && i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *entry = &list->elems[i];
        const uint32_t log = cdr_kafka_log_of(sink, entry);
        const int64_t begin = sink->logs[log].base, end = begin + (int64_t)sink->logs[log].start;
        const char *id = sink->setup.dataset_id;
        char form[CDR_FORM_SIZE];
        cdr_topic_form(sink->setup.topics, log / sink->setup.partitions, form);
        const bool same = cdr_kafka_is_signed(entry, id, form);
        known[log] = same && entry->offset == end;
        other[log] = !same && cdr_kafka_is_signed(entry, id, NULL) &&
                     !cdr_kafka_is_signed(entry, id, cdr_kafka_no_form) && entry->offset > begin &&
                     entry->offset <= end;
    }
    rd_kafka_topic_partition_list_destroy(list);
    cdr_kafka_client_close(&asker);
}
