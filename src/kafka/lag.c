#include "kafka/lag.h"

#include "base/clock.h"
#include "kafka/admin.h"
#include "kafka/client.h"
#include "kafka/metadata.h"
#include "kafka/offsets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cdr_lag {
    struct cdr_kafka_properties properties;
    struct cdr_kafka_warnings warnings;
    struct cdr_kafka_client asker, committed; /* committed: has the group's id */
    rd_kafka_topic_partition_list_t *list;    /* its order is that of partitions */
    struct cdr_lag_partition *partitions;
    struct cdr_lag_ends **ends;
    size_t n;
    char *group;
    int timeout_ms;
};

/* --- the ends in time --- */

void cdr_lag_ends_add(struct cdr_lag_ends *ends, int64_t ms, int64_t end)
{
    ends->last_ms = ms;
    if (ends->n > 0 && ends->end[(ends->n - 1) % CDR_LAG_ENDS] >= end) {
        ends->until_ms[(ends->n - 1) % CDR_LAG_ENDS] = ms;
        return;
    }
    ends->ms[ends->n % CDR_LAG_ENDS] = ends->until_ms[ends->n % CDR_LAG_ENDS] = ms;
    ends->end[ends->n % CDR_LAG_ENDS] = end;
    ends->n++;
}

double cdr_lag_ends_seconds(const struct cdr_lag_ends *ends, int64_t offset, bool *at_least)
{
    const uint64_t oldest = ends->n > CDR_LAG_ENDS ? ends->n - CDR_LAG_ENDS : 0;
    uint64_t low = oldest, high = ends->n;
    *at_least = false;
    /* The first sample whose end is beyond the offset. */
    while (low < high) {
        const uint64_t middle = (low + high) / 2;
        if (ends->end[middle % CDR_LAG_ENDS] > offset)
            high = middle;
        else
            low = middle + 1;
    }
    if (low == ends->n)
        return 0;
    const int64_t ms = ends->ms[low % CDR_LAG_ENDS], end = ends->end[low % CDR_LAG_ENDS];
    if (low == oldest) {
        *at_least = true;
        return (double)(ends->last_ms - ms) / 1e3;
    }
    const int64_t before_ms = ends->until_ms[(low - 1) % CDR_LAG_ENDS],
                  before = ends->end[(low - 1) % CDR_LAG_ENDS];
    const double came_ms = (double)before_ms + (double)(ms - before_ms) *
                                                   (double)(offset + 1 - before) /
                                                   (double)(end - before);
    return ((double)ends->last_ms - came_ms) / 1e3;
}

/* --- opening --- */

static enum cdr_result open_clients(struct cdr_lag *lag, const struct cdr_kafka_settings *settings,
                                    struct cdr_error *error)
{
    const struct cdr_kafka_role asker = {.property = "isolation.level", .value = "read_committed"};
    const struct cdr_kafka_role committed = {.group_id = lag->group};
    enum cdr_result result =
        cdr_kafka_properties_make(&lag->properties, settings, &lag->warnings, error);
    if (result == CDR_OK)
        result =
            cdr_kafka_client_open(&lag->asker, RD_KAFKA_CONSUMER, &lag->properties, &asker, error);
    if (result == CDR_OK)
        result = cdr_kafka_client_open(&lag->committed, RD_KAFKA_CONSUMER, &lag->properties,
                                       &committed, error);
    return result == CDR_OK ? cdr_kafka_connect(&lag->asker, lag->timeout_ms, error) : result;
}

static enum cdr_result list_topic(struct cdr_lag *lag, const char *topic, struct cdr_error *error)
{
    struct cdr_kafka_topic_state state;
    int32_t broker;
    enum cdr_result result =
        cdr_kafka_look_at(&lag->asker, topic, lag->timeout_ms, &state, &broker, error);
    if (result != CDR_OK)
        return result;
    if (!state.exists)
        return cdr_fail(error, CDR_E_STATE, "topic %s does not exist", topic);
    for (uint32_t p = 0; p < state.partitions; p++)
        rd_kafka_topic_partition_list_add(lag->list, topic, (int32_t)p);
    return CDR_OK;
}

static enum cdr_result make_partitions(struct cdr_lag *lag, struct cdr_error *error)
{
    lag->n = (size_t)lag->list->cnt;
    lag->partitions = calloc(lag->n + 1, sizeof *lag->partitions);
    lag->ends = calloc(lag->n + 1, sizeof *lag->ends);
    bool made = lag->partitions != NULL && lag->ends != NULL;
    for (size_t i = 0; made && i < lag->n; i++) {
        lag->partitions[i] = (struct cdr_lag_partition){
            .topic = lag->list->elems[i].topic,
            .partition = lag->list->elems[i].partition,
        };
        made = (lag->ends[i] = calloc(1, sizeof **lag->ends)) != NULL;
    }
    return made ? CDR_OK : cdr_fail(error, CDR_E_NOMEM, "no memory for %zu partitions", lag->n);
}

/* --- the group --- */

static uint64_t add_bytes(uint64_t hash, const void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ ((const unsigned char *)bytes)[i]) * UINT64_C(1099511628211);
    return hash;
}

/* In any order of the members. */
static uint64_t membership_of(const struct rd_kafka_group_info *info)
{
    uint64_t sum = 0;
    for (int i = 0; i < info->member_cnt; i++) {
        const struct rd_kafka_group_member_info *member = &info->members[i];
        const uint64_t id =
            add_bytes(UINT64_C(14695981039346656037), member->member_id, strlen(member->member_id));
        sum += add_bytes(id, member->member_assignment, (size_t)member->member_assignment_size);
    }
    return sum;
}

/* The brokers answer for a group that nobody knows as for one that is dead. */
static enum cdr_result read_group(const struct rd_kafka_group_list *answer, const char *group,
                                  struct cdr_lag_sample *sample, struct cdr_error *error)
{
    for (int i = 0; i < answer->group_cnt; i++) {
        const struct rd_kafka_group_info *info = &answer->groups[i];
        if (strcmp(info->group, group) != 0)
            continue;
        if (info->err != RD_KAFKA_RESP_ERR_NO_ERROR)
            return cdr_fail(error, CDR_E_KAFKA, "group %s: %s", group, rd_kafka_err2str(info->err));
        snprintf(sample->state, sizeof sample->state, "%s", info->state);
        sample->members = (uint32_t)info->member_cnt;
        sample->membership = membership_of(info);
        if (strcmp(info->state, "Dead") != 0)
            return CDR_OK;
    }
    return cdr_fail(error, CDR_E_STATE,
                    "group %s does not exist: no consumer is in it, and it has committed nothing",
                    group);
}

enum cdr_result cdr_lag_look_at_group(struct cdr_lag *lag, struct cdr_lag_sample *sample,
                                      struct cdr_error *error)
{
    const struct rd_kafka_group_list *answer = NULL;
    const rd_kafka_resp_err_t code =
        rd_kafka_list_groups(lag->asker.rk, lag->group, &answer, lag->timeout_ms);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return cdr_fail(error, CDR_E_KAFKA, "group %s: %s", lag->group, rd_kafka_err2str(code));
    enum cdr_result result = read_group(answer, lag->group, sample, error);
    rd_kafka_group_list_destroy(answer);
    return result;
}

enum cdr_result cdr_lag_open(struct cdr_lag **out, const struct cdr_kafka_settings *settings,
                             const char *group, const char *const *topics, size_t topic_count,
                             struct cdr_error *error)
{
    struct cdr_lag_sample sample;
    *out = NULL;
    struct cdr_lag *lag = calloc(1, sizeof *lag);
    if (lag == NULL || (lag->group = strdup(group)) == NULL) {
        free(lag);
        return cdr_fail(error, CDR_E_NOMEM, "no memory for the lag of a group");
    }
    lag->timeout_ms = (int)settings->timeout_ms;
    lag->list = rd_kafka_topic_partition_list_new(16);
    enum cdr_result result = open_clients(lag, settings, error);
    for (size_t i = 0; result == CDR_OK && i < topic_count; i++)
        result = list_topic(lag, topics[i], error);
    if (result == CDR_OK)
        result = make_partitions(lag, error);
    if (result == CDR_OK)
        result = cdr_lag_look_at_group(lag, &sample, error);
    if (result != CDR_OK) {
        cdr_lag_close(lag);
        return result;
    }
    *out = lag;
    return CDR_OK;
}

void cdr_lag_close(struct cdr_lag *lag)
{
    if (lag == NULL)
        return;
    cdr_kafka_client_close(&lag->asker);
    cdr_kafka_client_close(&lag->committed);
    for (size_t i = 0; lag->ends != NULL && i < lag->n; i++)
        free(lag->ends[i]);
    free(lag->ends);
    free(lag->partitions);
    rd_kafka_topic_partition_list_destroy(lag->list);
    cdr_kafka_properties_free(&lag->properties);
    free(lag->warnings.texts);
    free(lag->group);
    free(lag);
}

/* --- a sample --- */

static enum cdr_result ask_committed(struct cdr_lag *lag, struct cdr_error *error)
{
    const rd_kafka_resp_err_t code =
        cdr_kafka_ask_committed(&lag->committed, lag->list, lag->timeout_ms);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return cdr_fail(error, CDR_E_KAFKA, "what group %s has committed: %s", lag->group,
                        rd_kafka_err2str(code));
    for (size_t i = 0; i < lag->n; i++) {
        const rd_kafka_topic_partition_t *entry = &lag->list->elems[i];
        if (entry->err != RD_KAFKA_RESP_ERR_NO_ERROR)
            return cdr_fail(error, CDR_E_KAFKA, "what group %s has committed for %s[%d]: %s",
                            lag->group, entry->topic, (int)entry->partition,
                            rd_kafka_err2str(entry->err));
        lag->partitions[i].committed = entry->offset < 0 ? -1 : entry->offset;
    }
    return CDR_OK;
}

static void fill_partition(struct cdr_lag *lag, size_t i, int64_t wall_ms)
{
    struct cdr_lag_partition *partition = &lag->partitions[i];
    partition->end = lag->list->elems[i].offset;
    partition->records = 0;
    partition->seconds = 0;
    partition->at_least = false;
    cdr_lag_ends_add(lag->ends[i], wall_ms, partition->end);
    /* A group may have committed what was deleted with the topic since, or what an open transaction
     * of another consumer's view ends behind. */
    if (partition->committed < 0 || partition->committed >= partition->end)
        return;
    partition->records = (uint64_t)(partition->end - partition->committed);
    partition->seconds =
        cdr_lag_ends_seconds(lag->ends[i], partition->committed, &partition->at_least);
}

static void sum_up(const struct cdr_lag *lag, struct cdr_lag_sample *sample)
{
    for (size_t i = 0; i < lag->n; i++) {
        const struct cdr_lag_partition *partition = &lag->partitions[i];
        sample->end += partition->end;
        if (partition->committed < 0) {
            sample->uncommitted++;
            continue;
        }
        sample->committed += partition->committed;
        sample->records += partition->records;
        const bool longer = partition->seconds > sample->seconds ||
                            (partition->at_least && partition->seconds == sample->seconds);
        if (longer) {
            sample->seconds = partition->seconds;
            sample->at_least = partition->at_least;
            sample->worst = i;
        }
    }
}

enum cdr_result cdr_lag_take(struct cdr_lag *lag, struct cdr_lag_sample *sample,
                             struct cdr_error *error)
{
    *sample = (struct cdr_lag_sample){.partitions = lag->partitions, .n = lag->n};
    enum cdr_result result = cdr_lag_look_at_group(lag, sample, error);
    if (result == CDR_OK)
        result = ask_committed(lag, error);
    if (result == CDR_OK)
        result = cdr_kafka_ask_offsets(&lag->asker, lag->list, RD_KAFKA_OFFSET_END, lag->timeout_ms,
                                       error);
    if (result != CDR_OK)
        return result;
    sample->wall_ms = cdr_wall_ms();
    for (size_t i = 0; i < lag->n; i++)
        fill_partition(lag, i, sample->wall_ms);
    sum_up(lag, sample);
    return CDR_OK;
}
