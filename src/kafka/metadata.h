/* What the brokers say of a topic, which is not created by asking. */
#ifndef CDR_KAFKA_METADATA_H
#define CDR_KAFKA_METADATA_H

#include "kafka/client.h"

/* librdkafka's answer about one topic, to be destroyed by the caller; NULL where code is not 0,
 * which is that of the question. The topic has a code of its own. */
const struct rd_kafka_metadata *cdr_kafka_ask_metadata(const struct cdr_kafka_client *asker,
                                                       const char *name, int timeout_ms,
                                                       rd_kafka_resp_err_t *code);

struct cdr_kafka_topic_state {
    bool exists;
    uint32_t partitions, leaders; /* leaders: partitions that have one */
    uint32_t replicas, in_sync;   /* fewest of any partition */
    int32_t leaderless;           /* the first partition without a leader, −1 = none */
    int32_t in_sync_least;        /* the first partition with the fewest in sync */
};

/* *broker becomes the one that answered. CDR_E_CONFIG: no topic can have that name; CDR_E_STATE,
 * CDR_E_KAFKA as cdr_kafka_request_failed. */
enum cdr_result cdr_kafka_look_at(struct cdr_kafka_client *asker, const char *name, int timeout_ms,
                                  struct cdr_kafka_topic_state *state, int32_t *broker,
                                  struct cdr_error *error);

/* Whether an error says that a topic or a partition does not exist. */
bool cdr_kafka_is_absence(rd_kafka_resp_err_t code);

#endif
