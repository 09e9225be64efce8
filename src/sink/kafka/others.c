/* Which datasets have begun in the topics, as runs have committed it (bases.c): each to a
 * group of its own, so the groups of the cluster are asked. It takes the right to describe them;
 * a user that lacks it, or hears nothing for a while, learns of none. */
#include "sink/kafka/internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_MS = 10000, ID_LEN = 32 };

/* What a run of a dataset committed. */
struct begun {
    char id[ID_LEN + 1];
    uint32_t log;
    int64_t offset;
    bool end; /* it ended there; else it begins there */
};

struct others {
    const struct cdr_kafka_sink *sink;
    struct cdr_kafka_client asker;
    int64_t deadline_ms;
    char (*ids)[ID_LEN + 1];
    size_t id_count;
    struct begun *found;
    size_t found_count;
};

static int left_ms(const struct others *others)
{
    const int64_t left = others->deadline_ms - cdr_kafka_clock_ms();
    return left > 1 ? (int)left : 1;
}

/* "cdrgen-" and a dataset id. */
static bool is_group(const char *name)
{
    const char *id = name + sizeof CDR_GROUP_BASES - 1;
    if (strncmp(name, CDR_GROUP_BASES, sizeof CDR_GROUP_BASES - 1) != 0 || strlen(id) != ID_LEN)
        return false;
    for (int i = 0; i < ID_LEN; i++)
        if (!isxdigit((unsigned char)id[i]))
            return false;
    return true;
}

static void take_group(struct others *others, const char *name)
{
    if (!is_group(name) ||
        strcmp(name + sizeof CDR_GROUP_BASES - 1, others->sink->setup.dataset_id) == 0)
        return;
    char(*more)[ID_LEN + 1] = realloc(others->ids, (others->id_count + 1) * sizeof *more);
    if (more == NULL)
        return;
    others->ids = more;
    memcpy(more[others->id_count++], name + sizeof CDR_GROUP_BASES - 1, ID_LEN + 1);
}

static void list_groups(struct others *others)
{
    struct cdr_kafka_admin call;
    struct cdr_error ignored = {{0}};
    rd_kafka_event_t *event = NULL;
    if (cdr_kafka_admin_begin(&call, &others->asker, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPS,
                              left_ms(others), &ignored) == CDR_OK) {
        rd_kafka_ListConsumerGroups(others->asker.rk, call.options, call.queue);
        event = cdr_kafka_admin_wait(&call, left_ms(others));
    }
    const rd_kafka_ListConsumerGroups_result_t *result =
        event != NULL ? rd_kafka_event_ListConsumerGroups_result(event) : NULL;
    size_t n = 0;
    const rd_kafka_ConsumerGroupListing_t **groups =
        result != NULL ? rd_kafka_ListConsumerGroups_result_valid(result, &n) : NULL;
    for (size_t i = 0; i < n; i++)
        take_group(others, rd_kafka_ConsumerGroupListing_group_id(groups[i]));
    cdr_kafka_admin_end(&call, event);
}

/* An answer about one group; end: of the logs' ends. */
static void take_answer(struct others *others, const rd_kafka_group_result_t *answer, bool end)
{
    const char *id =
        rd_kafka_group_result_name(answer) + strlen(end ? CDR_GROUP_ENDS : CDR_GROUP_BASES);
    const rd_kafka_topic_partition_list_t *list = rd_kafka_group_result_partitions(answer);
    for (int i = 0; list != NULL && i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *entry = &list->elems[i];
        if (!cdr_kafka_is_signed(entry, id, NULL))
            continue;
        struct begun *more = realloc(others->found, (others->found_count + 1) * sizeof *more);
        if (more == NULL)
            return;
        others->found = more;
        struct begun *found = &more[others->found_count++];
        *found = (struct begun){
            .log = cdr_kafka_log_of(others->sink, entry), .offset = entry->offset, .end = end};
        snprintf(found->id, sizeof found->id, "%s", id);
    }
}

static bool ask_one(struct others *others, const struct cdr_kafka_admin *call, const char *prefix,
                    const char *id, const rd_kafka_topic_partition_list_t *logs)
{
    char group[CDR_KAFKA_GROUP_MAX];
    cdr_kafka_group_of(prefix, id, group);
    rd_kafka_ListConsumerGroupOffsets_t *question =
        rd_kafka_ListConsumerGroupOffsets_new(group, logs);
    rd_kafka_ListConsumerGroupOffsets(others->asker.rk, &question, 1, call->options, call->queue);
    rd_kafka_ListConsumerGroupOffsets_destroy(question);
    return true;
}

/* Of all datasets at once: where they begin, and where they ended. False: some did not answer. */
static bool ask_groups(struct others *others)
{
    struct cdr_kafka_admin call;
    struct cdr_error ignored = {{0}};
    rd_kafka_topic_partition_list_t *logs = cdr_kafka_list_logs(others->sink);
    size_t left = 0;
    if (cdr_kafka_admin_begin(&call, &others->asker, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS,
                              left_ms(others), &ignored) == CDR_OK)
        for (size_t i = 0; i < others->id_count; i++) {
            left += ask_one(others, &call, CDR_GROUP_BASES, others->ids[i], logs);
            left += ask_one(others, &call, CDR_GROUP_ENDS, others->ids[i], logs);
        }
    rd_kafka_event_t *event = NULL;
    while (left > 0 && (event = cdr_kafka_admin_wait(&call, left_ms(others))) != NULL) {
        const rd_kafka_ListConsumerGroupOffsets_result_t *result =
            rd_kafka_event_ListConsumerGroupOffsets_result(event);
        size_t n = 0;
        const rd_kafka_group_result_t **answers =
            result != NULL ? rd_kafka_ListConsumerGroupOffsets_result_groups(result, &n) : NULL;
        if (n == 1 && rd_kafka_group_result_error(answers[0]) == NULL)
            take_answer(others, answers[0],
                        strncmp(rd_kafka_group_result_name(answers[0]), CDR_GROUP_ENDS,
                                sizeof CDR_GROUP_ENDS - 1) == 0);
        rd_kafka_event_destroy(event);
        left--;
    }
    cdr_kafka_admin_end(&call, NULL);
    rd_kafka_topic_partition_list_destroy(logs);
    return left == 0;
}

/* False: nobody says, or not all. */
static bool ask(struct others *others, const struct cdr_kafka_sink *sink)
{
    struct cdr_error ignored = {{0}};
    *others = (struct others){.sink = sink, .deadline_ms = cdr_kafka_clock_ms() + LIST_MS};
    if (cdr_kafka_client_open(&others->asker, RD_KAFKA_CONSUMER, &sink->properties, NULL,
                              &ignored) != CDR_OK)
        return false;
    list_groups(others);
    return ask_groups(others);
}

static void forget(struct others *others)
{
    cdr_kafka_client_close(&others->asker);
    free(others->ids);
    free(others->found);
}

/* The dataset that began last in the log, of those that any record of may be there. */
static const struct begun *last_begun(const struct others *others, uint32_t log, int64_t end)
{
    const struct begun *last = NULL;
    for (size_t i = 0; i < others->found_count; i++) {
        const struct begun *begun = &others->found[i];
        if (!begun->end && begun->log == log && begun->offset < end &&
            (last == NULL || begun->offset > last->offset))
            last = begun;
    }
    return last;
}

/* Whether a run of the dataset committed that it ended where the log ends. */
static bool has_ended(const struct others *others, const char *id, uint32_t log, int64_t end)
{
    for (size_t i = 0; i < others->found_count; i++) {
        const struct begun *found = &others->found[i];
        if (found->end && found->log == log && found->offset == end && strcmp(found->id, id) == 0)
            return true;
    }
    return false;
}

bool cdr_kafka_unfinished_dataset(const struct cdr_kafka_sink *sink, const int64_t *ends,
                                  char id[CDR_KAFKA_DATASET_MAX], uint32_t *log)
{
    struct others others;
    bool any = false;
    const bool all = ask(&others, sink);
    for (uint32_t i = 0; all && i < sink->log_count && !any; i++) {
        const struct begun *last = last_begun(&others, i, ends[i]);
        any = last != NULL && !has_ended(&others, last->id, i, ends[i]);
        if (any) {
            snprintf(id, CDR_KAFKA_DATASET_MAX, "%s", last->id);
            *log = i;
        }
    }
    forget(&others);
    return any;
}
