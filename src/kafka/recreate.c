/* Deleting is not done when the answer comes: brokers learn of it one by one, and a topic that is
 * created too early is the old one to some of them. So each step waits until it shows.
 */
#include "kafka/recreate.h"

#include "kafka/admin.h"
#include "kafka/metadata.h"
#include "kafka/offsets.h"
#include "kafka/trouble.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LEAST_PATIENCE_MS = 30000, AGAIN_MS = 200 };

struct recreation {
    struct cdr_kafka_properties properties;
    struct cdr_kafka_warnings warnings;
    struct cdr_kafka_client asker;
    const char *name;
    struct cdr_kafka_topic_state state;
    int32_t broker;
    rd_kafka_NewTopic_t *topic; /* as it was; NULL: its settings cannot be read */
    int64_t deadline_ms;
};

static int left_ms(const struct recreation *it)
{
    int64_t left = it->deadline_ms - cdr_kafka_clock_ms();
    return left > 1 ? (int)left : 1;
}

static enum cdr_result begin(struct recreation *it, const struct cdr_kafka_settings *settings,
                             const char *name, struct cdr_error *error)
{
    const int timeout_ms = (int)settings->timeout_ms;
    *it = (struct recreation){.name = name, .broker = -1};
    enum cdr_result result =
        cdr_kafka_properties_make(&it->properties, settings, &it->warnings, error);
    if (result == CDR_OK)
        result = cdr_kafka_client_open(&it->asker, RD_KAFKA_CONSUMER, &it->properties, NULL, error);
    if (result == CDR_OK)
        result = cdr_kafka_connect(&it->asker, timeout_ms, error);
    it->deadline_ms =
        cdr_kafka_clock_ms() + (timeout_ms > LEAST_PATIENCE_MS ? timeout_ms : LEAST_PATIENCE_MS);
    return result;
}

static void end(struct recreation *it)
{
    if (it->topic != NULL)
        rd_kafka_NewTopic_destroy(it->topic);
    cdr_kafka_client_close(&it->asker);
    cdr_kafka_properties_free(&it->properties);
    free(it->warnings.texts);
}

static enum cdr_result look(struct recreation *it, struct cdr_error *error)
{
    return cdr_kafka_look_at(&it->asker, it->name, left_ms(it), &it->state, &it->broker, error);
}

/* What was set for the topic itself, not what it has from the brokers. */
static void copy_settings(struct recreation *it, rd_kafka_event_t *event)
{
    size_t n, count;
    char reason[256];
    const rd_kafka_ConfigResource_t **resources =
        rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &n);
    if (n != 1 || rd_kafka_ConfigResource_error(resources[0]) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    it->topic = rd_kafka_NewTopic_new(it->name, (int)it->state.partitions, (int)it->state.replicas,
                                      reason, sizeof reason);
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resources[0], &count);
    for (size_t i = 0; i < count && it->topic != NULL; i++)
        if (rd_kafka_ConfigEntry_source(entries[i]) ==
                RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG &&
            rd_kafka_ConfigEntry_value(entries[i]) != NULL)
            rd_kafka_NewTopic_set_config(it->topic, rd_kafka_ConfigEntry_name(entries[i]),
                                         rd_kafka_ConfigEntry_value(entries[i]));
}

static enum cdr_result read_settings(struct recreation *it, struct cdr_error *error)
{
    struct cdr_kafka_admin call;
    rd_kafka_event_t *event = NULL;
    enum cdr_result result = cdr_kafka_admin_begin(
        &call, &it->asker, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, left_ms(it), error);
    if (result == CDR_OK) {
        rd_kafka_ConfigResource_t *resource =
            rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, it->name);
        rd_kafka_AdminOptions_set_broker(call.options, it->broker, NULL, 0);
        rd_kafka_DescribeConfigs(it->asker.rk, &resource, 1, call.options, call.queue);
        event = cdr_kafka_admin_wait(&call, left_ms(it));
        rd_kafka_ConfigResource_destroy(resource);
        if (cdr_kafka_admin_code(event) == RD_KAFKA_RESP_ERR_NO_ERROR)
            copy_settings(it, event);
    }
    cdr_kafka_admin_end(&call, event);
    return result;
}

/* The code of the one topic that a request was about. */
static rd_kafka_resp_err_t code_of(rd_kafka_event_t *event, const rd_kafka_topic_result_t **results,
                                   size_t n, const char **reason)
{
    rd_kafka_resp_err_t code = cdr_kafka_admin_code(event);
    *reason = event != NULL ? rd_kafka_event_error_string(event) : NULL;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR && n == 1) {
        code = rd_kafka_topic_result_error(results[0]);
        *reason = rd_kafka_topic_result_error_string(results[0]);
    }
    return code;
}

static enum cdr_result delete_topic(struct recreation *it, struct cdr_error *error)
{
    struct cdr_kafka_admin call;
    rd_kafka_event_t *event = NULL;
    enum cdr_result result = cdr_kafka_admin_begin(
        &call, &it->asker, RD_KAFKA_ADMIN_OP_DELETETOPICS, left_ms(it), error);
    if (result == CDR_OK) {
        rd_kafka_DeleteTopic_t *topic = rd_kafka_DeleteTopic_new(it->name);
        const rd_kafka_topic_result_t **results = NULL;
        const char *reason;
        size_t n = 0;
        rd_kafka_DeleteTopics(it->asker.rk, &topic, 1, call.options, call.queue);
        event = cdr_kafka_admin_wait(&call, left_ms(it));
        if (event != NULL && rd_kafka_event_DeleteTopics_result(event) != NULL)
            results =
                rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &n);
        rd_kafka_resp_err_t code = code_of(event, results, n, &reason);
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
            result = cdr_kafka_request_failed(&it->asker, code, "delete topic", it->name, "Delete",
                                              reason, error);
        rd_kafka_DeleteTopic_destroy(topic);
    }
    cdr_kafka_admin_end(&call, event);
    while (result == CDR_OK && (result = look(it, error)) == CDR_OK && it->state.exists) {
        if (left_ms(it) <= 1)
            return cdr_fail(error, CDR_E_KAFKA,
                            "topic %s: the brokers took its deletion and still list it", it->name);
        usleep(AGAIN_MS * 1000);
    }
    return result;
}

/* One that is there already is the old one, whose deletion has not come through everywhere. */
static enum cdr_result create(struct recreation *it, bool validate_only, bool *again,
                              struct cdr_error *error)
{
    struct cdr_kafka_admin call;
    rd_kafka_event_t *event = NULL;
    *again = false;
    enum cdr_result result = cdr_kafka_admin_begin(
        &call, &it->asker, RD_KAFKA_ADMIN_OP_CREATETOPICS, left_ms(it), error);
    if (result == CDR_OK) {
        const rd_kafka_topic_result_t **results = NULL;
        const char *reason;
        size_t n = 0;
        if (validate_only)
            rd_kafka_AdminOptions_set_validate_only(call.options, 1, NULL, 0);
        rd_kafka_CreateTopics(it->asker.rk, &it->topic, 1, call.options, call.queue);
        event = cdr_kafka_admin_wait(&call, left_ms(it));
        if (event != NULL && rd_kafka_event_CreateTopics_result(event) != NULL)
            results =
                rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &n);
        rd_kafka_resp_err_t code = code_of(event, results, n, &reason);
        *again = code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS && left_ms(it) > 1;
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR && !*again)
            result = cdr_kafka_request_failed(&it->asker, code, "create topic", it->name, "Create",
                                              reason, error);
    }
    cdr_kafka_admin_end(&call, event);
    return result;
}

static bool ends_are_0(struct recreation *it)
{
    const rd_kafka_topic_partition_t *where;
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)it->state.partitions);
    rd_kafka_topic_partition_list_add_range(list, it->name, 0, (int32_t)it->state.partitions - 1);
    bool good = cdr_kafka_query_offsets(&it->asker, list, RD_KAFKA_OFFSET_END, left_ms(it),
                                        &where) == RD_KAFKA_RESP_ERR_NO_ERROR;
    for (int i = 0; i < list->cnt; i++)
        good &= list->elems[i].offset == 0;
    rd_kafka_topic_partition_list_destroy(list);
    return good;
}

/* Until each partition has a leader that knows it to be empty. */
static enum cdr_result wait_until_empty(struct recreation *it, struct cdr_error *error)
{
    for (;;) {
        enum cdr_result result = look(it, error);
        bool empty = result == CDR_OK && it->state.exists && it->state.partitions > 0 &&
                     it->state.leaders == it->state.partitions;
        if (empty)
            empty = ends_are_0(it);
        if (result != CDR_OK || empty)
            return result;
        if (left_ms(it) <= 1)
            return cdr_fail(error, CDR_E_KAFKA,
                            "topic %s was created, but not all of its partitions are ready",
                            it->name);
        usleep(AGAIN_MS * 1000);
    }
}

static enum cdr_result create_anyhow(struct recreation *it,
                                     const struct cdr_kafka_new_topic *wanted,
                                     struct cdr_error *error)
{
    bool again = true;
    enum cdr_result result = CDR_OK;
    if (it->topic == NULL)
        result = cdr_kafka_create_topic(&it->asker, wanted, false, left_ms(it), error);
    while (result == CDR_OK && it->topic != NULL && again) {
        result = create(it, false, &again, error);
        if (again)
            usleep(AGAIN_MS * 1000);
    }
    return result == CDR_OK ? wait_until_empty(it, error) : result;
}

/* The brokers look at the rights before they say that the topic is there already. */
enum cdr_result cdr_kafka_may_recreate(const struct cdr_kafka_settings *settings, const char *name,
                                       struct cdr_error *error)
{
    struct recreation it;
    bool there;
    enum cdr_result result = begin(&it, settings, name, error);
    if (result == CDR_OK)
        result = look(&it, error);
    if (result == CDR_OK)
        result = read_settings(&it, error);
    if (result == CDR_OK && it.topic != NULL)
        result = create(&it, true, &there, error);
    end(&it);
    return result;
}

enum cdr_result cdr_kafka_recreate(const struct cdr_kafka_settings *settings,
                                   const struct cdr_kafka_new_topic *topic, struct cdr_error *error)
{
    struct recreation it;
    struct cdr_error why = {0};
    enum cdr_result result = begin(&it, settings, topic->name, error);
    if (result == CDR_OK)
        result = look(&it, error);
    it.state.partitions = topic->partitions;
    if (result == CDR_OK)
        result = read_settings(&it, error);
    if (result == CDR_OK)
        result = delete_topic(&it, error);
    if (result == CDR_OK && create_anyhow(&it, topic, &why) != CDR_OK)
        result = cdr_fail(error, CDR_E_KAFKA,
                          "topic %s was deleted and could not be created again: %.600s; once that "
                          "is fixed, repair creates it",
                          it.name, why.text);
    end(&it);
    return result;
}

enum cdr_result cdr_kafka_create(const struct cdr_kafka_settings *settings,
                                 const struct cdr_kafka_new_topic *topic, struct cdr_error *error)
{
    struct recreation it;
    enum cdr_result result = begin(&it, settings, topic->name, error);
    if (result == CDR_OK)
        result = create_anyhow(&it, topic, error);
    end(&it);
    return result;
}

enum cdr_result cdr_kafka_exists(const struct cdr_kafka_settings *settings, const char *name,
                                 bool *exists, struct cdr_error *error)
{
    struct recreation it;
    enum cdr_result result = begin(&it, settings, name, error);
    if (result == CDR_OK)
        result = look(&it, error);
    *exists = it.state.exists;
    end(&it);
    return result;
}
