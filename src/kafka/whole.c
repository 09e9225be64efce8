#include "kafka/whole.h"

#include "kafka/client.h"
#include "kafka/metadata.h"
#include "kafka/offsets.h"

#include <stdlib.h>

struct asking {
    struct cdr_kafka_properties properties;
    struct cdr_kafka_warnings warnings;
    struct cdr_kafka_client client; /* that sees committed records only */
    struct cdr_kafka_client asker;  /* that sees all */
    rd_kafka_topic_partition_list_t *list;
    struct cdr_kafka_range *ranges;
};

static enum cdr_result open_clients(struct asking *asking,
                                    const struct cdr_kafka_settings *settings,
                                    struct cdr_error *error)
{
    const struct cdr_kafka_role committed = {.property = "isolation.level",
                                             .value = "read_committed"};
    const struct cdr_kafka_role all = {.property = "isolation.level", .value = "read_uncommitted"};
    enum cdr_result result =
        cdr_kafka_properties_make(&asking->properties, settings, &asking->warnings, error);
    if (result == CDR_OK)
        result = cdr_kafka_client_open(&asking->client, RD_KAFKA_CONSUMER, &asking->properties,
                                       &committed, error);
    if (result == CDR_OK)
        result = cdr_kafka_client_open(&asking->asker, RD_KAFKA_CONSUMER, &asking->properties, &all,
                                       error);
    return result == CDR_OK ? cdr_kafka_connect(&asking->client, (int)settings->timeout_ms, error)
                            : result;
}

static enum cdr_result list_partitions(struct asking *asking, const char *topic, int timeout_ms,
                                       struct cdr_kafka_whole *whole, struct cdr_error *error)
{
    struct cdr_kafka_topic_state state;
    int32_t broker;
    enum cdr_result result =
        cdr_kafka_look_at(&asking->client, topic, timeout_ms, &state, &broker, error);
    if (result != CDR_OK)
        return result;
    if (!state.exists)
        return cdr_fail(error, CDR_E_STATE, "topic %s does not exist", topic);
    whole->partitions = state.partitions;
    asking->list = rd_kafka_topic_partition_list_new((int)state.partitions);
    asking->ranges = calloc(state.partitions, sizeof *asking->ranges);
    if (asking->ranges == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for %u partitions", state.partitions);
    for (uint32_t i = 0; i < state.partitions; i++) {
        asking->ranges[i] = (struct cdr_kafka_range){.topic = topic, .partition = i};
        rd_kafka_topic_partition_list_add(asking->list, topic, (int32_t)i);
    }
    return CDR_OK;
}

static enum cdr_result find_ends(struct asking *asking, int timeout_ms, uint32_t wait_ms,
                                 struct cdr_kafka_whole *whole, struct cdr_error *error)
{
    const struct cdr_kafka_patience patience = {.timeout_ms = timeout_ms, .wait_ms = wait_ms};
    const rd_kafka_topic_partition_t *elems = asking->list->elems;
    enum cdr_result result = cdr_kafka_ask_offsets(&asking->asker, asking->list,
                                                   RD_KAFKA_OFFSET_BEGINNING, timeout_ms, error);
    for (uint32_t i = 0; result == CDR_OK && i < whole->partitions; i++) {
        asking->ranges[i].offset = elems[i].offset;
        whole->deleted += elems[i].offset > 0;
    }
    if (result == CDR_OK)
        result = cdr_kafka_ask_offsets(&asking->asker, asking->list, RD_KAFKA_OFFSET_END,
                                       timeout_ms, error);
    for (uint32_t i = 0; result == CDR_OK && i < whole->partitions; i++)
        asking->ranges[i].end = elems[i].offset;
    if (result == CDR_OK)
        result = cdr_kafka_stable_ends(&asking->client, asking->list, &patience, error);
    for (uint32_t i = 0; result == CDR_OK && i < whole->partitions; i++) {
        whole->open += elems[i].offset < asking->ranges[i].end;
        asking->ranges[i].end = elems[i].offset;
    }
    return result;
}

/* Those that hold something, first. */
static size_t pack(struct cdr_kafka_range *ranges, uint32_t n)
{
    size_t kept = 0;
    for (uint32_t i = 0; i < n; i++)
        if (ranges[i].offset < ranges[i].end)
            ranges[kept++] = ranges[i];
    return kept;
}

struct visit {
    cdr_kafka_visitor visit;
    void *context;
    const struct cdr_kafka_range *ranges;
};

static enum cdr_result with_partition(void *context, const struct cdr_kafka_record *record,
                                      struct cdr_error *error)
{
    const struct visit *visit = context;
    struct cdr_kafka_record known = *record;
    known.range = visit->ranges[record->range].partition;
    return visit->visit(visit->context, &known, error);
}

enum cdr_result cdr_kafka_read_topic(const struct cdr_kafka_settings *settings, const char *topic,
                                     uint32_t wait_ms, cdr_kafka_visitor visit, void *context,
                                     struct cdr_kafka_whole *whole, struct cdr_error *error)
{
    const int timeout_ms = (int)settings->timeout_ms;
    struct asking asking = {.list = NULL};
    *whole = (struct cdr_kafka_whole){.partitions = 0};
    enum cdr_result result = open_clients(&asking, settings, error);
    if (result == CDR_OK)
        result = list_partitions(&asking, topic, timeout_ms, whole, error);
    if (result == CDR_OK)
        result = find_ends(&asking, timeout_ms, wait_ms, whole, error);
    cdr_kafka_client_close(&asking.asker);
    cdr_kafka_client_close(&asking.client);
    const size_t count = result == CDR_OK ? pack(asking.ranges, whole->partitions) : 0;
    struct visit visiting = {.visit = visit, .context = context, .ranges = asking.ranges};
    if (count > 0)
        result = cdr_kafka_read_back(settings, true, asking.ranges, count, with_partition,
                                     &visiting, error);
    if (asking.list != NULL)
        rd_kafka_topic_partition_list_destroy(asking.list);
    free(asking.ranges);
    cdr_kafka_properties_free(&asking.properties);
    free(asking.warnings.texts);
    return result;
}
