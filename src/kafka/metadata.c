#include "kafka/metadata.h"

#include "kafka/trouble.h"

#include <assert.h>

const struct rd_kafka_metadata *cdr_kafka_ask_metadata(const struct cdr_kafka_client *asker,
                                                       const char *name, int timeout_ms,
                                                       rd_kafka_resp_err_t *code)
{
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_topic_t *handle = rd_kafka_topic_new(asker->rk, name, NULL);
    if (handle == NULL) {
        *code = rd_kafka_last_error();
        return NULL;
    }
    *code = rd_kafka_metadata(asker->rk, 0, handle, &metadata, timeout_ms);
    rd_kafka_topic_destroy(handle);
    if (*code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return NULL;
    assert(metadata->topic_cnt == 1);
    return metadata;
}

static void read_state(struct cdr_kafka_topic_state *state, const rd_kafka_metadata_topic_t *topic)
{
    *state = (struct cdr_kafka_topic_state){.exists = true,
                                            .partitions = (uint32_t)topic->partition_cnt,
                                            .leaderless = -1,
                                            .in_sync_least = -1};
    for (int i = 0; i < topic->partition_cnt; i++) {
        const rd_kafka_metadata_partition_t *partition = &topic->partitions[i];
        state->leaders += partition->leader >= 0;
        if (partition->leader < 0 && state->leaderless < 0)
            state->leaderless = partition->id;
        if (i == 0 || (uint32_t)partition->replica_cnt < state->replicas)
            state->replicas = (uint32_t)partition->replica_cnt;
        if (i == 0 || (uint32_t)partition->isr_cnt < state->in_sync) {
            state->in_sync = (uint32_t)partition->isr_cnt;
            state->in_sync_least = partition->id;
        }
    }
}

enum cdr_result cdr_kafka_look_at(struct cdr_kafka_client *asker, const char *name, int timeout_ms,
                                  struct cdr_kafka_topic_state *state, int32_t *broker,
                                  struct cdr_error *error)
{
    rd_kafka_resp_err_t code;
    const struct rd_kafka_metadata *metadata =
        cdr_kafka_ask_metadata(asker, name, timeout_ms, &code);
    if (code == RD_KAFKA_RESP_ERR__INVALID_ARG)
        return cdr_fail(error, CDR_E_CONFIG, "\"%s\" cannot be a topic: %s", name,
                        rd_kafka_err2str(code));
    if (metadata == NULL)
        return cdr_kafka_request_failed(asker, code, "describe topic", name, "Describe", NULL,
                                        error);
    code = metadata->topics[0].err;
    *broker = metadata->orig_broker_id;
    *state = (struct cdr_kafka_topic_state){.exists = false};
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE)
        read_state(state, &metadata->topics[0]);
    rd_kafka_metadata_destroy(metadata);
    switch (code) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        return CDR_OK;
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
        return cdr_fail(error, CDR_E_CONFIG,
                        "\"%s\" cannot be a topic: letters, digits, '.', '_' and '-', at most "
                        "249 of them",
                        name);
    default:
        return cdr_kafka_request_failed(asker, code, "describe topic", name, "Describe", NULL,
                                        error);
    }
}

bool cdr_kafka_is_absence(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
           code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
           code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
}
