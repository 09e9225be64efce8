/* Whether positions were committed for the topic that is there now.
 *
 * Kafka deletes with a topic what groups committed for it. But each transaction commits the
 * positions of all logs, so that a run under whose eyes a topic is deleted and created again puts
 * them back, and where the new topic is as long as the old one, only its records would tell. These
 * may be deleted as well.
 *
 * So each partition has a mark, in a group of its own: a random name that a run commits where there
 * is none, before it looks for positions, and that no run ever changes. Each position is committed
 * with the mark that was there then. A position whose mark is not the partition's is none: another
 * topic is there, or Kafka has forgotten the mark. Then the records are counted and compared, as
 * where positions are gone.
 *
 * Kafka forgets what was committed offsets.retention.minutes ago: runs commit the mark again when
 * they open, and while they write. With it goes the word that this dataset begins in the log
 * (bases.c). */
#include "sink/kafka/internal.h"

#include <stdlib.h>
#include <string.h>

enum { RENEW_ASK_MS = 3000 };

static rd_kafka_resp_err_t ask(const struct cdr_kafka_sink *sink,
                               rd_kafka_topic_partition_list_t *list, int timeout_ms)
{
    struct cdr_kafka_client asker = {0};
    struct cdr_error ignored = {{0}};
    char group[CDR_KAFKA_GROUP_MAX];
    const struct cdr_kafka_role role = {
        .group_id = group, .property = "isolation.level", .value = "read_committed"};
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__FAIL;
    cdr_kafka_group_of(CDR_GROUP_MARKS, sink->setup.dataset_id, group);
    if (cdr_kafka_client_open(&asker, RD_KAFKA_CONSUMER, &sink->properties, &role, &ignored) ==
        CDR_OK)
        code = cdr_kafka_ask_committed(&asker, list, timeout_ms);
    for (int i = 0; i < list->cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
        code = list->elems[i].err;
    cdr_kafka_client_close(&asker);
    return code;
}

rd_kafka_resp_err_t cdr_kafka_marks_ask(struct cdr_kafka_sink *sink, int timeout_ms)
{
    rd_kafka_topic_partition_list_t *list = cdr_kafka_list_logs(sink);
    const rd_kafka_resp_err_t code = ask(sink, list, timeout_ms);
    for (int i = 0; i < list->cnt; i++) {
        char *mark = sink->logs[cdr_kafka_log_of(sink, &list->elems[i])].mark;
        mark[0] = '\0';
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
            cdr_kafka_mark_read(&list->elems[i], sink->setup.dataset_id, mark);
    }
    rd_kafka_topic_partition_list_destroy(list);
    return code;
}

rd_kafka_topic_partition_list_t *cdr_kafka_marks_sign(struct cdr_kafka_sink *sink,
                                                      char group[CDR_KAFKA_GROUP_MAX])
{
    rd_kafka_topic_partition_list_t *list = cdr_kafka_list_logs(sink);
    cdr_kafka_group_of(CDR_GROUP_MARKS, sink->setup.dataset_id, group);
    for (int i = 0; i < list->cnt; i++) {
        char *mark = sink->logs[cdr_kafka_log_of(sink, &list->elems[i])].mark;
        if (mark[0] == '\0')
            cdr_make_token(mark);
        cdr_kafka_sign(&list->elems[i], sink->setup.dataset_id, mark, 0);
    }
    return list;
}

void cdr_kafka_marks_renew(struct cdr_kafka_sink *sink)
{
    struct cdr_kafka_transactions *state = &sink->transactions;
    char group[CDR_KAFKA_GROUP_MAX], mark[CDR_TOKEN_LEN + 1];
    if (!state->on || cdr_kafka_clock_ms() < state->renew_ms)
        return;
    state->renew_ms = cdr_kafka_clock_ms() + sink->waits.renew_ms;
    rd_kafka_topic_partition_list_t *there = cdr_kafka_list_logs(sink);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(there->cnt);
    bool *same = calloc(sink->log_count, sizeof *same);
    const bool answered =
        same != NULL && ask(sink, there, RENEW_ASK_MS) == RD_KAFKA_RESP_ERR_NO_ERROR;
    for (int i = 0; i < there->cnt && answered; i++) {
        const rd_kafka_topic_partition_t *entry = &there->elems[i];
        const uint32_t log = cdr_kafka_log_of(sink, entry);
        cdr_kafka_mark_read(entry, sink->setup.dataset_id, mark);
        same[log] = mark[0] != '\0' && strcmp(mark, sink->logs[log].mark) == 0;
        if (same[log])
            cdr_kafka_sign(rd_kafka_topic_partition_list_add(list, entry->topic, entry->partition),
                           sink->setup.dataset_id, mark, 0);
    }
    rd_kafka_topic_partition_list_destroy(there);
    if (list->cnt > 0)
        cdr_kafka_words_renew(sink, same);
    free(same);
    cdr_kafka_group_of(CDR_GROUP_MARKS, sink->setup.dataset_id, group);
    if (list->cnt > 0)
        cdr_kafka_remember(sink, group, list);
    else
        rd_kafka_topic_partition_list_destroy(list);
}
