/* A partition whose records librdkafka sends to the wrong broker.
 *
 * A leader that moves there and back within a moment can leave librdkafka's producer at the broker
 * that led the partition in between, for ever: each batch is refused, each refusal makes it ask for
 * the leader, and the answer changes nothing, as it says what librdkafka believes already (known
 * issues in docs/exactly-once.md). A new producer finds the leader.
 *
 * That a log stands still proves nothing: brokers may be slow, throttled, or short of replicas in
 * sync, and then a new producer would wait as well. So cdrgen asks librdkafka which broker it sends
 * the log's records to (only its statistics say that). With a separate client it asks the brokers
 * for the partition's leader, and that leader whether it answers. Only if these are two brokers,
 * twice in a row, it gives the producer up.
 */
#include "sink/kafka/internal.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

enum { ANSWER_MS = 2000, NO_BROKER = -1 };

static const char interval_ms[] = "5000";

static bool stands_still(const struct cdr_kafka_sink *sink, uint32_t log, int64_t now_ms)
{
    int64_t since_ms = sink->logs[log].quiet_since_ms;
    return since_ms != 0 && now_ms - since_ms >= sink->waits.standstill_ms;
}

/* The broker that librdkafka has delegated a partition to, by its statistics. */
static int32_t used_broker(const json_t *statistics, const char *topic, uint32_t partition)
{
    char number[16];
    snprintf(number, sizeof number, "%" PRIu32, partition);
    const json_t *topics = json_object_get(statistics, "topics");
    const json_t *partitions = json_object_get(json_object_get(topics, topic), "partitions");
    const json_t *broker = json_object_get(json_object_get(partitions, number), "broker");
    return json_is_integer(broker) ? (int32_t)json_integer_value(broker) : NO_BROKER;
}

static int on_statistics(rd_kafka_t *rk, char *json, size_t len, void *opaque)
{
    (void)rk;
    struct cdr_kafka_sink *sink = ((struct cdr_kafka_client *)opaque)->owner;
    struct cdr_kafka_standstill *state = &sink->standstill;
    if (!state->wanted)
        return 0;
    json_t *statistics = json_loadb(json, len, 0, NULL);
    if (statistics == NULL)
        return 0;
    for (uint32_t log = 0; log < sink->log_count; log++)
        sink->logs[log].used_broker =
            used_broker(statistics, cdr_kafka_topic_of(sink, log), log % sink->setup.partitions);
    json_decref(statistics);
    state->wanted = false;
    state->known = true;
    return 0; /* librdkafka frees json */
}

void cdr_kafka_standstill_listen(rd_kafka_conf_t *conf)
{
    char interval[32] = "0";
    size_t size = sizeof interval;
    if (rd_kafka_conf_get(conf, "statistics.interval.ms", interval, &size) == RD_KAFKA_CONF_OK &&
        interval[0] == '0')
        rd_kafka_conf_set(conf, "statistics.interval.ms", interval_ms, NULL, 0);
    rd_kafka_conf_set_stats_cb(conf, on_statistics);
}

/* A leader that is not the broker in use, and that answers; NO_BROKER where there is none. */
static int32_t other_leader(struct cdr_kafka_client *asker, const struct cdr_kafka_sink *sink,
                            uint32_t log)
{
    const char *topic = cdr_kafka_topic_of(sink, log);
    const int32_t partition = (int32_t)(log % sink->setup.partitions);
    int32_t leader = NO_BROKER;
    rd_kafka_resp_err_t code;
    const struct rd_kafka_metadata *metadata =
        cdr_kafka_ask_metadata(asker, topic, ANSWER_MS, &code);
    if (metadata == NULL)
        return NO_BROKER;
    const rd_kafka_metadata_topic_t *found = &metadata->topics[0];
    for (int i = 0; i < found->partition_cnt; i++)
        if (found->partitions[i].id == partition)
            leader = found->partitions[i].leader;
    rd_kafka_metadata_destroy(metadata);
    if (leader == sink->logs[log].used_broker || leader < 0)
        return NO_BROKER;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    const rd_kafka_topic_partition_t *where;
    rd_kafka_topic_partition_list_add(list, topic, partition);
    code = cdr_kafka_query_offsets(asker, list, RD_KAFKA_OFFSET_END, ANSWER_MS, &where);
    rd_kafka_topic_partition_list_destroy(list);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ? leader : NO_BROKER;
}

/* The first log that stands still and whose leader is another broker than the one in use. */
static uint32_t find_astray(const struct cdr_kafka_sink *sink, int64_t now_ms, int32_t *leader)
{
    struct cdr_kafka_client asker = {0};
    struct cdr_error error = {0};
    uint32_t astray = sink->log_count;
    if (cdr_kafka_client_open(&asker, RD_KAFKA_CONSUMER, &sink->properties, NULL, &error) != CDR_OK)
        return astray;
    for (uint32_t log = 0; log < sink->log_count && astray == sink->log_count; log++) {
        if (!stands_still(sink, log, now_ms))
            continue;
        *leader = other_leader(&asker, sink, log);
        if (*leader != NO_BROKER)
            astray = log;
        else if (cdr_kafka_clock_ms() - now_ms > 2 * ANSWER_MS)
            break; /* the brokers have other troubles */
    }
    cdr_kafka_client_close(&asker);
    return astray;
}

static void give_up(struct cdr_kafka_sink *sink, uint32_t log, int64_t now_ms, int32_t leader)
{
    const struct cdr_kafka_log *state = &sink->logs[log];
    char used[32] = "no broker";
    if (state->used_broker != NO_BROKER)
        snprintf(used, sizeof used, "broker %" PRId32, state->used_broker);
    cdr_kafka_fail(sink, CDR_E_PRODUCER,
                   "%s[%u]: no record was acknowledged for %" PRId64
                   " s, because librdkafka sends them to %s while broker %" PRId32
                   " leads the partition",
                   cdr_kafka_topic_of(sink, log), log % sink->setup.partitions,
                   (now_ms - state->quiet_since_ms) / 1000, used, leader);
}

void cdr_kafka_standstill_tick(struct cdr_kafka_sink *sink)
{
    struct cdr_kafka_standstill *state = &sink->standstill;
    const int64_t now_ms = cdr_kafka_clock_ms();
    if (now_ms < state->next_ms || cdr_failure_code(&sink->failure) != CDR_OK)
        return;
    bool any = false;
    for (uint32_t log = 0; log < sink->log_count && !any; log++)
        any = stands_still(sink, log, now_ms);
    if (!any) {
        *state = (struct cdr_kafka_standstill){.next_ms = now_ms + 1000};
        return;
    }
    if (!state->known) {
        state->wanted = true;
        return;
    }
    state->known = false;
    int32_t leader = NO_BROKER;
    uint32_t log = find_astray(sink, now_ms, &leader);
    bool found = log < sink->log_count;
    if (found && state->suspected && log == state->log && leader == state->leader) {
        give_up(sink, log, cdr_kafka_clock_ms(), leader);
        return;
    }
    state->suspected = found;
    state->log = log;
    state->leader = leader;
    state->next_ms = cdr_kafka_clock_ms() + sink->waits.standstill_ms / (found ? 3 : 1);
}
