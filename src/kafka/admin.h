/* Topics' settings, and the creation of topics. */
#ifndef CDR_KAFKA_ADMIN_H
#define CDR_KAFKA_ADMIN_H

#include "kafka/client.h"

/* One entry of a topic's configuration; NULL values are ignored. */
struct cdr_topic_config {
    const char *name, *value;
};

/* A topic's settings, or why they cannot be read: code, and reason, which may be NULL. */
struct cdr_kafka_configs {
    const char *topic;
    rd_kafka_resp_err_t code;
    const char *reason;
    const struct cdr_topic_config *items;
    size_t n;
};

typedef enum cdr_result (*cdr_kafka_config_visitor)(void *context,
                                                    const struct cdr_kafka_configs *configs,
                                                    struct cdr_error *error);

/* Calls visit for each topic, or for the first one where the whole request failed. broker: the one
 * to ask, −1 = the controller. */
enum cdr_result cdr_kafka_describe_configs(struct cdr_kafka_client *asker,
                                           const char *const *topics, size_t n, int32_t broker,
                                           int timeout_ms, cdr_kafka_config_visitor visit,
                                           void *context, struct cdr_error *error);

/* With validate_only asks whether that would work. One that another process made meanwhile is as
 * good as ours. */
enum cdr_result cdr_kafka_create_topic(struct cdr_kafka_client *asker,
                                       const struct cdr_kafka_new_topic *topic, bool validate_only,
                                       int timeout_ms, struct cdr_error *error);

/* One admin request: begin, the request itself with options and queue, wait (NULL: time-out), end
 * (also after a begin that failed). */
struct cdr_kafka_admin {
    rd_kafka_AdminOptions_t *options;
    rd_kafka_queue_t *queue;
};

enum cdr_result cdr_kafka_admin_begin(struct cdr_kafka_admin *call, struct cdr_kafka_client *asker,
                                      rd_kafka_admin_op_t op, int timeout_ms,
                                      struct cdr_error *error);
rd_kafka_event_t *cdr_kafka_admin_wait(const struct cdr_kafka_admin *call, int timeout_ms);
rd_kafka_resp_err_t cdr_kafka_admin_code(rd_kafka_event_t *event);
void cdr_kafka_admin_end(struct cdr_kafka_admin *call, rd_kafka_event_t *event);

#endif
