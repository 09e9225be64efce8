#include "kafka/admin.h"

#include "kafka/trouble.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum cdr_result cdr_kafka_admin_begin(struct cdr_kafka_admin *call, struct cdr_kafka_client *asker,
                                      rd_kafka_admin_op_t op, int timeout_ms,
                                      struct cdr_error *error)
{
    char reason[256] = "";
    call->options = rd_kafka_AdminOptions_new(asker->rk, op);
    call->queue = rd_kafka_queue_new(asker->rk);
    if (rd_kafka_AdminOptions_set_request_timeout(call->options, timeout_ms, reason,
                                                  sizeof reason) != 0)
        return cdr_fail(error, CDR_E_CONFIG, "time-out of %d ms for admin requests: %s", timeout_ms,
                        reason);
    return CDR_OK;
}

void cdr_kafka_admin_end(struct cdr_kafka_admin *call, rd_kafka_event_t *event)
{
    if (event != NULL)
        rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(call->queue);
    rd_kafka_AdminOptions_destroy(call->options);
}

rd_kafka_event_t *cdr_kafka_admin_wait(const struct cdr_kafka_admin *call, int timeout_ms)
{
    return rd_kafka_queue_poll(call->queue, timeout_ms + 1000);
}

rd_kafka_resp_err_t cdr_kafka_admin_code(rd_kafka_event_t *event)
{
    return event != NULL ? rd_kafka_event_error(event) : RD_KAFKA_RESP_ERR__TIMED_OUT;
}

/* --- configuration --- */

enum { CONFIGS_MAX = 128 };

static enum cdr_result show_configs(rd_kafka_event_t *event, cdr_kafka_config_visitor visit,
                                    void *context, struct cdr_error *error)
{
    size_t n;
    const rd_kafka_ConfigResource_t **resources =
        rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &n);
    enum cdr_result result = CDR_OK;
    for (size_t i = 0; i < n && result == CDR_OK; i++) {
        size_t count;
        const rd_kafka_ConfigEntry_t **entries =
            rd_kafka_ConfigResource_configs(resources[i], &count);
        struct cdr_topic_config configs[CONFIGS_MAX];
        struct cdr_kafka_configs answer = {
            .topic = rd_kafka_ConfigResource_name(resources[i]),
            .code = rd_kafka_ConfigResource_error(resources[i]),
            .reason = rd_kafka_ConfigResource_error_string(resources[i]),
            .items = configs,
        };
        for (; answer.n < count && answer.n < CONFIGS_MAX; answer.n++)
            configs[answer.n] =
                (struct cdr_topic_config){rd_kafka_ConfigEntry_name(entries[answer.n]),
                                          rd_kafka_ConfigEntry_value(entries[answer.n])};
        result = visit(context, &answer, error);
    }
    return result;
}

enum cdr_result cdr_kafka_describe_configs(struct cdr_kafka_client *asker,
                                           const char *const *topics, size_t n, int32_t broker,
                                           int timeout_ms, cdr_kafka_config_visitor visit,
                                           void *context, struct cdr_error *error)
{
    struct cdr_kafka_admin call;
    rd_kafka_event_t *event = NULL;
    if (n == 0)
        return CDR_OK;
    rd_kafka_ConfigResource_t **resources = calloc(n, sizeof(void *));
    if (resources == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory to ask for the settings of %zu topics", n);
    for (size_t i = 0; i < n; i++)
        resources[i] = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topics[i]);
    enum cdr_result result =
        cdr_kafka_admin_begin(&call, asker, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout_ms, error);
    if (result == CDR_OK) {
        /* Any broker knows; the default, the controller, may be hidden behind the brokers. */
        if (broker >= 0)
            rd_kafka_AdminOptions_set_broker(call.options, broker, NULL, 0);
        rd_kafka_DescribeConfigs(asker->rk, resources, n, call.options, call.queue);
        event = cdr_kafka_admin_wait(&call, timeout_ms);
        struct cdr_kafka_configs failure = {
            .topic = topics[0],
            .code = cdr_kafka_admin_code(event),
            .reason = event != NULL ? rd_kafka_event_error_string(event) : NULL,
        };
        result = failure.code == RD_KAFKA_RESP_ERR_NO_ERROR
                     ? show_configs(event, visit, context, error)
                     : visit(context, &failure, error);
    }
    cdr_kafka_admin_end(&call, event);
    rd_kafka_ConfigResource_destroy_array(resources, n);
    free(resources);
    return result;
}

/* --- creation --- */

struct creation {
    struct cdr_kafka_client *asker;
    const struct cdr_kafka_new_topic *topic;
    bool validate_only;
    int timeout_ms;
};

/* Names that a broker does not know make it refuse the topic, and which it knows depends on its
 * version. */
static const char *const timestamp_limits[][2] = {
    {"message.timestamp.before.max.ms", "message.timestamp.after.max.ms"}, /* 3.6 and later */
    {"message.timestamp.difference.max.ms", NULL},                         /* before 4.0 */
    {NULL, NULL}, /* brokers that are not Kafka */
};
enum { LIMIT_SETS = sizeof timestamp_limits / sizeof timestamp_limits[0] };

static enum cdr_result new_topic(const struct cdr_kafka_new_topic *wanted, unsigned limit_set,
                                 rd_kafka_NewTopic_t **topic, struct cdr_error *error)
{
    char reason[256] = "", retention[32];
    *topic = rd_kafka_NewTopic_new(wanted->name, (int)wanted->partitions,
                                   wanted->replication > 0 ? (int)wanted->replication : -1, reason,
                                   sizeof reason);
    if (*topic == NULL)
        return cdr_fail(error, CDR_E_CONFIG, "cannot create topic %s: %s", wanted->name, reason);
    snprintf(retention, sizeof retention, "%" PRId64, wanted->retention_ms);
    if (wanted->compacted) {
        rd_kafka_NewTopic_set_config(*topic, "cleanup.policy", "compact");
    } else {
        rd_kafka_NewTopic_set_config(*topic, "cleanup.policy", "delete");
        rd_kafka_NewTopic_set_config(*topic, "retention.ms", retention);
        rd_kafka_NewTopic_set_config(*topic, "retention.bytes", "-1");
    }
    rd_kafka_NewTopic_set_config(*topic, "message.timestamp.type", "CreateTime");
    for (size_t i = 0; i < 2 && timestamp_limits[limit_set][i] != NULL; i++)
        rd_kafka_NewTopic_set_config(*topic, timestamp_limits[limit_set][i], "9223372036854775807");
    return CDR_OK;
}

static enum cdr_result creation_failed(const struct creation *creation, rd_kafka_resp_err_t code,
                                       const char *reason, struct cdr_error *error)
{
    const char *name = creation->topic->name;
    if (code == RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR && creation->topic->replication > 0)
        return cdr_fail(error, CDR_E_CONFIG, "cannot create topic %s with --replication %u: %s",
                        name, creation->topic->replication, reason);
    if (cdr_kafka_is_denied(code))
        return cdr_fail(error, CDR_E_STATE,
                        "not authorised to create topic %s: it takes the operation Create on the "
                        "topic or the cluster",
                        name);
    return cdr_kafka_request_failed(creation->asker, code, "create topic", name, "Create", reason,
                                    error);
}

/* *again: the broker did not like the configuration. A topic that another process (another shard)
 * made meanwhile is as good as ours. */
static enum cdr_result create_one(const struct creation *creation, unsigned limit_set, bool *again,
                                  struct cdr_error *error)
{
    rd_kafka_NewTopic_t *topic = NULL;
    enum cdr_result result = new_topic(creation->topic, limit_set, &topic, error);
    if (result != CDR_OK)
        return result;
    struct cdr_kafka_admin call;
    rd_kafka_event_t *event = NULL;
    char reason_text[256] = "";
    result = cdr_kafka_admin_begin(&call, creation->asker, RD_KAFKA_ADMIN_OP_CREATETOPICS,
                                   creation->timeout_ms, error);
    if (result == CDR_OK && creation->validate_only &&
        rd_kafka_AdminOptions_set_validate_only(call.options, 1, reason_text, sizeof reason_text) !=
            0)
        result = cdr_fail(error, CDR_E_CONFIG, "%s", reason_text);
    if (result == CDR_OK) {
        rd_kafka_CreateTopics(creation->asker->rk, &topic, 1, call.options, call.queue);
        event = cdr_kafka_admin_wait(&call, creation->timeout_ms);
        rd_kafka_resp_err_t code = cdr_kafka_admin_code(event);
        const char *reason = event != NULL ? rd_kafka_event_error_string(event) : NULL;
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
            size_t n;
            const rd_kafka_topic_result_t **results =
                rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &n);
            assert(n == 1);
            code = rd_kafka_topic_result_error(results[0]);
            reason = rd_kafka_topic_result_error_string(results[0]);
        }
        *again = code == RD_KAFKA_RESP_ERR_INVALID_CONFIG && limit_set + 1 < LIMIT_SETS;
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS &&
            !*again)
            result = creation_failed(creation, code, reason, error);
    }
    cdr_kafka_admin_end(&call, event);
    rd_kafka_NewTopic_destroy(topic);
    return result;
}

enum cdr_result cdr_kafka_create_topic(struct cdr_kafka_client *asker,
                                       const struct cdr_kafka_new_topic *topic, bool validate_only,
                                       int timeout_ms, struct cdr_error *error)
{
    const struct creation creation = {asker, topic, validate_only, timeout_ms};
    bool again = true;
    enum cdr_result result = CDR_OK;
    for (unsigned limit_set = 0; result == CDR_OK && again; limit_set++)
        result = create_one(&creation, limit_set, &again, error);
    return result;
}
