/* Where the dataset begins in each log, committed since with --append the offsets of a log alone
 * don't say it; where it ends after a run that ended in an orderly way: of a log whose records all
 * expired, nothing else says that they were this dataset's; and who was the last to begin to write:
 * a resume of the same dataset in the same form need not compare all that is there. With
 * transactions, how far each log is and in which form is committed with the records (progress.c);
 * where the dataset begins and that it is the last to do so is committed as without, since nobody
 * else reads the positions of a dataset that he does not know. */
#include "sink/kafka/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A word is renewed after so many records, or so long. */
enum { REMEMBER_MS = 3000, WORD_RECORDS = 10000, WORD_MS = 60000 };

static int left_ms(int64_t deadline_ms)
{
    const int64_t left = deadline_ms - cdr_kafka_clock_ms();
    return left > 1 ? (int)left : 1;
}

/* The offset of the dataset's first record, once the sink is open. */
static int64_t begin_of(const struct cdr_kafka_sink *sink, uint32_t log)
{
    return sink->transactions.on ? sink->logs[log].begin : cdr_kafka_begin_of(&sink->logs[log]);
}

/* opened: positions were found, before that the bases are what is known. */
static rd_kafka_topic_partition_list_t *base_offsets(const struct cdr_kafka_sink *sink, bool opened)
{
    rd_kafka_topic_partition_list_t *list = cdr_kafka_list_logs(sink);
    for (int i = 0; i < list->cnt; i++) {
        const uint32_t log = cdr_kafka_log_of(sink, &list->elems[i]);
        cdr_kafka_sign(&list->elems[i], sink->setup.dataset_id, NULL,
                       opened ? begin_of(sink, log) : cdr_kafka_begin_of(&sink->logs[log]));
    }
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
    rd_kafka_topic_partition_list_t *list = base_offsets(sink, false);
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

/* As far as a log's word goes, or that there is none. */
static void say(const struct cdr_kafka_sink *sink, rd_kafka_topic_partition_t *entry,
                uint32_t number)
{
    const struct cdr_kafka_log *log = &sink->logs[number];
    struct cdr_kafka_word word = {.begin = begin_of(sink, number), .up_to = log->word};
    snprintf(word.dataset, sizeof word.dataset, "%s", sink->setup.dataset_id);
    if (log->vouched)
        cdr_topic_form(sink->setup.topics, number / sink->setup.partitions, word.form);
    else
        snprintf(word.form, sizeof word.form, "%s", cdr_kafka_no_form);
    cdr_kafka_word_sign(entry, &word);
}

/* Commits the words of the logs that are chosen; NULL: of all. */
static void commit_words(struct cdr_kafka_sink *sink, const bool *chosen)
{
    rd_kafka_topic_partition_list_t *list = cdr_kafka_list_logs(sink);
    for (int i = list->cnt; i-- > 0;) {
        const uint32_t log = cdr_kafka_log_of(sink, &list->elems[i]);
        if (chosen == NULL || chosen[log])
            say(sink, &list->elems[i], log);
        else
            rd_kafka_topic_partition_list_del_by_idx(list, i);
    }
    if (list->cnt > 0)
        cdr_kafka_remember(sink, CDR_GROUP_WRITER, list);
    else
        rd_kafka_topic_partition_list_destroy(list);
}

/* Nobody vouches for records whose times a topic replaces, though --force went on. */
static bool is_doubted(const struct cdr_kafka_sink *sink, uint32_t log)
{
    return sink->logs[log].doubted || cdr_kafka_stamps(sink, log / sink->setup.partitions);
}

static bool has_failed(struct cdr_kafka_sink *sink)
{
    return cdr_failure_get(&sink->failure, NULL) != CDR_OK;
}

/* Whether the log's word has to be committed. What an earlier run said of it is no longer true if
 * a record came back with the time of its arrival; and a resume should not have to compare very
 * many records, or very old ones, that were acknowledged since. */
static bool renew_word(struct cdr_kafka_sink *sink, uint32_t number, int64_t now_ms)
{
    struct cdr_kafka_log *log = &sink->logs[number];
    const uint64_t good = atomic_load_explicit(&log->good, memory_order_acquire);
    if (is_doubted(sink, number)) {
        const bool was = log->vouched;
        log->vouched = false;
        return was;
    }
    if (atomic_load(&log->reported) == 0 || good <= log->word ||
        (log->vouched && good - log->word < WORD_RECORDS && now_ms - log->worded_ms < WORD_MS))
        return false;
    log->vouched = true;
    log->word = good;
    log->worded_ms = now_ms;
    return true;
}

void cdr_kafka_vouch(struct cdr_kafka_sink *sink)
{
    if (sink->transactions.on || has_failed(sink))
        return;
    bool *chosen = calloc(sink->log_count, sizeof *chosen);
    const int64_t now_ms = cdr_kafka_clock_ms();
    for (uint32_t log = 0; chosen != NULL && log < sink->log_count; log++)
        chosen[log] = renew_word(sink, log, now_ms);
    if (chosen != NULL)
        commit_words(sink, chosen);
    free(chosen);
}

void cdr_kafka_take_back(struct cdr_kafka_sink *sink)
{
    if (sink->transactions.on || !sink->watch.started)
        return;
    bool *all = calloc(sink->log_count, sizeof *all);
    pthread_mutex_lock(&sink->watch.looking);
    for (uint32_t log = 0; all != NULL && log < sink->log_count; log++) {
        all[log] = true;
        sink->logs[log].vouched = false;
    }
    if (all != NULL)
        commit_words(sink, all);
    pthread_mutex_unlock(&sink->watch.looking);
    free(all);
}

void cdr_kafka_doubt(struct cdr_sink *base, const bool *doubted)
{
    struct cdr_kafka_sink *sink = (struct cdr_kafka_sink *)base;
    for (uint32_t log = 0; log < sink->log_count; log++)
        sink->logs[log].doubted = doubted[log];
}

/* Takes over what an earlier run said of the log, as far as it still holds. True: this run has to
 * say it again, because there is nothing, or because the log is shorter now. */
static bool take_word(struct cdr_kafka_sink *sink, uint32_t number,
                      const struct cdr_kafka_writer *writer)
{
    struct cdr_kafka_log *log = &sink->logs[number];
    log->vouched = writer->same && !is_doubted(sink, number);
    log->word = !log->vouched ? 0 : writer->up_to < log->start ? writer->up_to : log->start;
    return !log->vouched || log->word < writer->up_to;
}

/* Where the user may not, or no coordinator answers within a few seconds, runs go without. That a
 * run begins says nothing of who writes: two may begin, or one may have died before its first
 * record. It only takes away what another one said. */
void cdr_kafka_remember_begin(struct cdr_sink *base)
{
    struct cdr_kafka_sink *sink = (struct cdr_kafka_sink *)base;
    struct cdr_kafka_writer *writers = calloc(sink->log_count, sizeof *writers);
    bool *chosen = calloc(sink->log_count, sizeof *chosen);
    char group[CDR_KAFKA_GROUP_MAX];
    cdr_kafka_group_of(CDR_GROUP_BASES, sink->setup.dataset_id, group);
    if (sink->transactions.on) {
        cdr_kafka_begin_form(sink);
        if (cdr_kafka_remember(sink, group, base_offsets(sink, true)))
            commit_words(sink, NULL);
    } else if (cdr_kafka_remember(sink, group, base_offsets(sink, true)) && writers != NULL &&
               chosen != NULL) {
        pthread_mutex_lock(&sink->watch.looking);
        cdr_kafka_last_writers(base, writers);
        for (uint32_t log = 0; log < sink->log_count; log++)
            chosen[log] = take_word(sink, log, &writers[log]);
        commit_words(sink, chosen);
        pthread_mutex_unlock(&sink->watch.looking);
    }
    free(writers);
    free(chosen);
}

void cdr_kafka_words_renew(struct cdr_kafka_sink *sink, const bool *chosen)
{
    commit_words(sink, chosen);
}

static bool take_writer(const struct cdr_kafka_sink *sink, const rd_kafka_topic_partition_t *entry,
                        uint32_t log, struct cdr_kafka_writer *writer)
{
    struct cdr_kafka_word word;
    char form[CDR_FORM_SIZE];
    if (!cdr_kafka_word_read(entry, &word))
        return false;
    cdr_topic_form(sink->setup.topics, log / sink->setup.partitions, form);
    memcpy(writer->dataset, word.dataset, sizeof writer->dataset);
    writer->offset = word.begin;
    if (sink->transactions.on) /* the form is committed with the positions */
        return true;
    const bool there = word.begin == cdr_kafka_begin_of(&sink->logs[log]);
    writer->same =
        there && strcmp(word.dataset, sink->setup.dataset_id) == 0 && strcmp(word.form, form) == 0;
    writer->other = there && !writer->same && strcmp(word.form, cdr_kafka_no_form) != 0;
    writer->up_to = writer->same ? word.up_to : 0;
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
    for (uint32_t log = 0; log < sink->log_count && sink->transactions.on; log++) {
        writers[log].same = is_in_form(sink, log);
        writers[log].up_to = writers[log].same ? UINT64_MAX : 0;
    }
    if (open_asker(sink, CDR_GROUP_WRITER, &asker) != CDR_OK)
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

/* With transactions, offsets do not say how many records there are: the end tells other datasets
 * alone that this one has one. */
static rd_kafka_topic_partition_list_t *end_offsets(const struct cdr_kafka_sink *sink)
{
    rd_kafka_topic_partition_list_t *list = cdr_kafka_list_logs(sink);
    for (int i = list->cnt; i-- > 0;) {
        const uint32_t log = cdr_kafka_log_of(sink, &list->elems[i]);
        const int64_t end = sink->logs[log].base + (int64_t)atomic_load(&sink->logs[log].end);
        if (sink->transactions.on)
            cdr_kafka_sign(&list->elems[i], sink->setup.dataset_id, cdr_kafka_no_form, end);
        else if (is_doubted(sink, log))
            rd_kafka_topic_partition_list_del_by_idx(list, i);
        else
            sign(sink, &list->elems[i], end);
    }
    return list;
}

void cdr_kafka_remember_end(struct cdr_sink *base)
{
    struct cdr_kafka_sink *sink = (struct cdr_kafka_sink *)base;
    char group[CDR_KAFKA_GROUP_MAX];
    cdr_kafka_group_of(CDR_GROUP_ENDS, sink->setup.dataset_id, group);
    if (sink->transactions.on) {
        cdr_kafka_remember(sink, group, end_offsets(sink));
        return;
    }
    rd_kafka_topic_partition_list_t *list = end_offsets(sink);
    bool *chosen = calloc(sink->log_count, sizeof *chosen);
    if (cdr_kafka_remember(sink, group, list) && chosen != NULL) {
        pthread_mutex_lock(&sink->watch.looking);
        for (uint32_t number = 0; number < sink->log_count; number++) {
            struct cdr_kafka_log *log = &sink->logs[number];
            chosen[number] = !is_doubted(sink, number) && log->end > 0 &&
                             (!log->vouched || log->word != log->end);
            log->vouched |= chosen[number];
            log->word = chosen[number] ? (uint64_t)log->end : log->word;
        }
        commit_words(sink, chosen);
        pthread_mutex_unlock(&sink->watch.looking);
    }
    free(chosen);
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
