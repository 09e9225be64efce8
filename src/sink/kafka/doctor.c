#include "sink/kafka/doctor.h"

#include "kafka/reach.h"
#include "sink/kafka/internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { PRODUCER_WAIT_MS = 5000, UNREACHED_ASK_MS = 1500 };

#define FAIL CDR_FINDING_FAIL
#define WARN CDR_FINDING_WARN
#define OK CDR_FINDING_OK

struct doctor {
    const struct cdr_sink_settings *settings;
    const struct cdr_sink_setup *setup;
    const struct cdr_kafka_properties *properties;
    struct cdr_findings *findings;
    struct cdr_kafka_client asker;
    int timeout_ms;
    int32_t broker; /* that answered last, −1 = none did */
    int brokers;
    bool version_known;
    bool unreached; /* the bootstrap servers answer, and no broker's own address does */
};

/* A client that has no list of brokers yet asks the bootstrap servers; where no other address is
 * reached, each question takes such a client. */
static enum cdr_result ask_anew(struct doctor *doctor, struct cdr_error *error)
{
    cdr_kafka_client_close(&doctor->asker);
    return cdr_kafka_client_open(&doctor->asker, RD_KAFKA_CONSUMER, doctor->properties, NULL,
                                 error);
}

/* --- client and brokers --- */

/* What the library's release notes say that bears on a run. */
static void examine_library(struct doctor *doctor)
{
    static const char subject[] = "client library";
    const int version = rd_kafka_version();
    const char *const name = rd_kafka_version_str();
    static const char newer[] = "build with a newer one: scripts/install-deps --librdkafka";
    if (version < 0x020300ff)
        cdr_findings_add(doctor->findings, WARN, subject, newer,
                         "librdkafka %s: before 2.3.0 a producer may stop for good (\"sequence "
                         "desynchronization\") when a broker goes away; a run then starts a new "
                         "one after what is there",
                         name);
    else if (version < 0x020500ff)
        cdr_findings_add(doctor->findings, WARN, subject, newer,
                         "librdkafka %s: from 2.2.0 to 2.4.0 a large batch that is sent again may "
                         "fail (\"Unable to reconstruct MessageSet\")",
                         name);
    else
        cdr_findings_add(doctor->findings, OK, subject, NULL, "librdkafka %s", name);
    if (doctor->properties->scram && version < 0x020601ff)
        cdr_findings_add(doctor->findings, WARN, subject, newer,
                         "librdkafka %s logs in with SCRAM to these brokers, and could not to "
                         "Kafka 4",
                         name);
}

static void tell_unreached(struct doctor *doctor, const struct cdr_kafka_unreached *unreached,
                           size_t n)
{
    for (size_t i = 0; i < n; i++)
        cdr_findings_add(doctor->findings, FAIL, "brokers",
                         "start it, or set its advertised.listeners to an address that this "
                         "machine reaches",
                         "%s", unreached[i].text);
}

static void examine_brokers(struct doctor *doctor)
{
    if (doctor->unreached) {
        cdr_findings_add(doctor->findings, OK, "brokers", NULL, "%s answers",
                         doctor->properties->brokers);
        tell_unreached(doctor, doctor->asker.unreached_brokers, doctor->asker.unreached_count);
        return;
    }
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t code =
        rd_kafka_metadata(doctor->asker.rk, 0, NULL, &metadata, doctor->timeout_ms);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        cdr_findings_add(doctor->findings, FAIL, "brokers", NULL, "no answer about the cluster: %s",
                         rd_kafka_err2str(code));
        return;
    }
    doctor->brokers = metadata->broker_cnt;
    doctor->broker = metadata->orig_broker_id;
    cdr_findings_add(doctor->findings, OK, "brokers", NULL, "%s answers; %d broker%s in all",
                     doctor->properties->brokers, metadata->broker_cnt,
                     metadata->broker_cnt == 1 ? "" : "s");
    struct cdr_kafka_unreached unreached[CDR_KAFKA_UNREACHED_MAX];
    size_t n =
        cdr_kafka_unreached(&doctor->asker, metadata, false, unreached, CDR_KAFKA_UNREACHED_MAX);
    tell_unreached(doctor, unreached, n);
    rd_kafka_metadata_destroy(metadata);
}

/* Brokers do not tell their version, but a topic has the settings that its version knows. */
static void guess_version(struct doctor *doctor, const struct cdr_topic_config *configs,
                          size_t count)
{
    bool after = false, difference = false;
    for (size_t i = 0; i < count; i++) {
        after |= strcmp(configs[i].name, "message.timestamp.after.max.ms") == 0;
        difference |= strcmp(configs[i].name, "message.timestamp.difference.max.ms") == 0;
    }
    if (doctor->version_known || (!after && !difference))
        return;
    doctor->version_known = true;
    cdr_findings_add(doctor->findings, OK, "brokers", NULL,
                     "by their topics' settings, they are Kafka %s",
                     after && !difference ? "4.0 or later"
                     : after              ? "3.6 to 3.9"
                                          : "older than 3.6");
}

/* --- topics --- */

struct topic {
    const struct cdr_topic *topic;
    const char *name;
    char subject[270];
    struct cdr_kafka_topic_state state;
};

static void examine_missing(struct doctor *doctor, const struct topic *topic)
{
    struct cdr_error error = {{0}};
    const struct cdr_kafka_new_topic wanted =
        cdr_kafka_new_topic_of(doctor->settings, topic->topic, doctor->setup->partitions);
    if (!doctor->settings->create_topics) {
        cdr_findings_add(doctor->findings, FAIL, topic->subject,
                         "create it, or pass --create-topics", "does not exist");
        return;
    }
    if (doctor->unreached)
        return;
    enum cdr_result result =
        cdr_kafka_create_topic(&doctor->asker, &wanted, true, doctor->timeout_ms, &error);
    if (result == CDR_OK)
        cdr_findings_add(doctor->findings, OK, topic->subject, NULL,
                         "does not exist and would be created");
    else
        cdr_findings_add_sentence(doctor->findings, FAIL, topic->subject, error.text);
}

static void examine_partitions(struct doctor *doctor, const struct topic *topic)
{
    const struct cdr_kafka_topic_state *state = &topic->state;
    const uint32_t asked = doctor->setup->partitions;
    char mend[512];
    bool good = true;
    if (state->partitions != asked) {
        cdr_kafka_partitions_advice(state->partitions, asked, false, mend, sizeof mend);
        cdr_findings_add(doctor->findings, FAIL, topic->subject, mend,
                         "has %u partition%s, and %u were asked for", state->partitions,
                         state->partitions == 1 ? "" : "s", asked);
        good = false;
    }
    if (state->leaders < state->partitions) {
        cdr_findings_add(
            doctor->findings, FAIL, topic->subject, "start the brokers that hold their replicas",
            "%u of %u partitions have no leader, the first of them is %d",
            state->partitions - state->leaders, state->partitions, (int)state->leaderless);
        good = false;
    }
    if (state->in_sync < state->replicas) {
        cdr_findings_add(doctor->findings, WARN, topic->subject,
                         "start the brokers that are down, or wait until they have caught up",
                         "only %u of %u replicas of partition %d are in sync", state->in_sync,
                         state->replicas, (int)state->in_sync_least);
        good = false;
    }
    if (state->replicas == 1 && doctor->brokers > 1)
        cdr_findings_add(doctor->findings, WARN, topic->subject,
                         "give the topic more replicas (--replication where it is created)",
                         "has one replica: a broker that is lost takes its records along");
    if (good)
        cdr_findings_add(doctor->findings, OK, topic->subject, NULL,
                         "%u partition%s, each with a leader and %u replica%s in sync",
                         state->partitions, state->partitions == 1 ? "" : "s", state->replicas,
                         state->replicas == 1 ? "" : "s");
}

static const char *value_of(const struct cdr_topic_config *configs, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (configs[i].value != NULL && strcmp(configs[i].name, name) == 0)
            return configs[i].value;
    return "";
}

/* What the guard leaves to the user, since a run does work. */
static void examine_safety(struct doctor *doctor, const struct topic *topic,
                           const struct cdr_topic_config *configs, size_t count)
{
    int64_t least = cdr_topic_config_number(configs, count, "min.insync.replicas", 1);
    if (topic->state.in_sync < least && topic->state.replicas >= least)
        cdr_findings_add(doctor->findings, FAIL, topic->subject,
                         "start the brokers that are down, or wait until they have caught up",
                         "min.insync.replicas=%" PRId64 " is more than the %u replica%s that "
                         "partition %d has in sync, so records are refused",
                         least, topic->state.in_sync, topic->state.in_sync == 1 ? "" : "s",
                         (int)topic->state.in_sync_least);
    if (least < 2 && topic->state.replicas > 1)
        cdr_findings_add(doctor->findings, WARN, topic->subject, "set it to 2",
                         "min.insync.replicas=%" PRId64 ": a record counts as safe that only one "
                         "broker may hold",
                         least);
    if (strcmp(value_of(configs, count, "unclean.leader.election.enable"), "true") == 0)
        cdr_findings_add(doctor->findings, WARN, topic->subject, "set it to false",
                         "unclean.leader.election.enable=true can lose acknowledged records");
    int64_t batch = cdr_topic_config_number(configs, count, "max.message.bytes", INT64_MAX);
    if (batch < doctor->properties->batch_bytes)
        cdr_findings_add(doctor->findings, OK, topic->subject, NULL,
                         "max.message.bytes=%" PRId64 ": batches are made no larger", batch);
}

static void examine_config(struct doctor *doctor, const struct topic *topic,
                           const struct cdr_topic_config *configs, size_t n)
{
    const struct cdr_sink_setup *setup = doctor->setup;
    guess_version(doctor, configs, n);
    const size_t record_bytes_max = cdr_kafka_record_max(setup, topic->topic);
    struct cdr_topic_use use = {
        .topic = topic->name,
        .first_event_ms = setup->first_event_ms,
        .last_event_ms = setup->last_event_ms,
        .fault_ahead_ms = setup->fault_ahead_ms,
        .now_ms = setup->now_ms,
        .record_bytes_max = record_bytes_max,
        .replicas = topic->state.replicas,
        .compacted = topic->topic->compacted,
    };
    struct cdr_topic_finding found[CDR_TOPIC_FINDINGS_MAX];
    size_t found_count = cdr_topic_guard(&use, configs, n, found);
    size_t skip = strlen("topic ") + strlen(topic->name) + strlen(": ");
    for (size_t i = 0; i < found_count; i++)
        cdr_findings_add_sentence(
            doctor->findings, found[i].forceable && doctor->settings->kafka.force ? WARN : FAIL,
            topic->subject, found[i].text + (strlen(found[i].text) > skip ? skip : 0));
    if ((int64_t)record_bytes_max + CDR_BATCH_OVERHEAD_BYTES > doctor->properties->batch_bytes)
        cdr_findings_add(doctor->findings, FAIL, topic->subject,
                         "pass -X message.max.bytes=BYTES, or a smaller --oversize-bytes",
                         "the producer takes %" PRId64 " bytes at most (message.max.bytes), and "
                         "the longest record needs %zu",
                         doctor->properties->batch_bytes,
                         record_bytes_max + CDR_BATCH_OVERHEAD_BYTES);
    if (found_count == 0)
        cdr_findings_add(doctor->findings, OK, topic->subject, NULL,
                         "its configuration keeps the run's records as they are");
    examine_safety(doctor, topic, configs, n);
}

static void config_unread(struct doctor *doctor, const struct topic *topic,
                          rd_kafka_resp_err_t code, const char *reason)
{
    const enum cdr_finding_level level = doctor->settings->kafka.force ? WARN : FAIL;
    if (cdr_kafka_is_denied(code))
        cdr_findings_add(doctor->findings, level, topic->subject,
                         "grant DescribeConfigs on the topic, or pass --force",
                         "the user lacks the operation DescribeConfigs on it, so nothing says "
                         "whether it would keep the run's records");
    else
        cdr_findings_add(doctor->findings, level, topic->subject,
                         code == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE ? "pass --force" : NULL,
                         "its configuration cannot be read: %s",
                         reason != NULL ? reason : rd_kafka_err2str(code));
}

struct config_question {
    struct doctor *doctor;
    const struct topic *topic;
};

static enum cdr_result hear_config(void *context, const struct cdr_kafka_configs *configs,
                                   struct cdr_error *error)
{
    (void)error;
    const struct config_question *question = context;
    if (configs->code == RD_KAFKA_RESP_ERR_NO_ERROR)
        examine_config(question->doctor, question->topic, configs->items, configs->n);
    else
        config_unread(question->doctor, question->topic, configs->code, configs->reason);
    return CDR_OK;
}

static void ask_config(struct doctor *doctor, const struct topic *topic)
{
    struct cdr_error error = {{0}};
    struct config_question question = {doctor, topic};
    cdr_kafka_describe_configs(&doctor->asker, &topic->name, 1, doctor->broker, doctor->timeout_ms,
                               hear_config, &question, &error);
}

/* What stands in the partitions of this process; those without a leader have no end to ask for. */
static void examine_ends(struct doctor *doctor, const struct topic *topic)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)topic->state.partitions);
    for (uint32_t p = 0; p < topic->state.partitions; p++)
        if (cdr_kafka_mine(doctor->setup, p))
            rd_kafka_topic_partition_list_add(list, topic->name, (int32_t)p);
    const rd_kafka_topic_partition_t *where;
    rd_kafka_resp_err_t code = cdr_kafka_query_offsets(&doctor->asker, list, RD_KAFKA_OFFSET_END,
                                                       doctor->timeout_ms, &where);
    int filled = 0, first = -1;
    for (int i = 0; i < list->cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
        filled += list->elems[i].offset > 0;
        if (first < 0 && list->elems[i].offset > 0)
            first = i;
    }
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        cdr_findings_add(doctor->findings, FAIL, topic->subject, NULL,
                         "nothing says where its partitions end: %s", rd_kafka_err2str(code));
    else if (filled == 0)
        cdr_findings_add(doctor->findings, OK, topic->subject, NULL, "is empty");
    else if (doctor->settings->append || doctor->settings->resume)
        cdr_findings_add(doctor->findings, OK, topic->subject, NULL,
                         "%d of its partitions hold records, which %s goes on after", filled,
                         doctor->settings->append ? "--append" : "--resume");
    else
        cdr_findings_add(doctor->findings, FAIL, topic->subject,
                         "pass --resume after a run of this dataset, --append after anything "
                         "else, or create the topic again",
                         "is not empty: %d of its partitions hold records (partition %d ends at "
                         "%" PRId64 ")",
                         filled, (int)list->elems[first].partition, list->elems[first].offset);
    rd_kafka_topic_partition_list_destroy(list);
}

static void examine_topic(struct doctor *doctor, unsigned type)
{
    struct cdr_error error = {{0}};
    struct topic topic = {.topic = &doctor->setup->topics->items[type]};
    topic.name = topic.topic->name;
    snprintf(topic.subject, sizeof topic.subject, "topic %s", topic.name);
    enum cdr_result result = doctor->unreached ? ask_anew(doctor, &error) : CDR_OK;
    if (result == CDR_OK)
        result = cdr_kafka_look_at(&doctor->asker, topic.name, doctor->timeout_ms, &topic.state,
                                   &doctor->broker, &error);
    if (result == CDR_E_STATE)
        cdr_findings_add(doctor->findings, FAIL, topic.subject, "grant Describe on the topic",
                         "the user lacks the operation Describe on it");
    else if (result != CDR_OK && !doctor->unreached) /* else the reason is known */
        cdr_findings_add_sentence(doctor->findings, FAIL, topic.subject, error.text);
    if (result != CDR_OK)
        return;
    if (!topic.state.exists) {
        examine_missing(doctor, &topic);
        return;
    }
    examine_partitions(doctor, &topic);
    if (doctor->unreached)
        return;
    ask_config(doctor, &topic);
    if (topic.state.leaders == topic.state.partitions)
        examine_ends(doctor, &topic);
}

/* --- rights --- */

/* Opaque of a producer's callbacks: the client comes first. */
struct producer {
    struct cdr_kafka_client client;
    atomic_bool assigned;
};

static int on_statistics(rd_kafka_t *rk, char *json, size_t len, void *opaque)
{
    struct producer *producer = opaque;
    const char *state = strstr(json, "\"idemp_state\"");
    (void)rk, (void)len;
    if (state != NULL) {
        const char *value = state + strlen("\"idemp_state\"");
        value += strspn(value, ": \"");
        if (strncmp(value, "Assigned", 8) == 0)
            atomic_store(&producer->assigned, true);
    }
    return 0;
}

static void hear_statistics(rd_kafka_conf_t *conf)
{
    rd_kafka_conf_set(conf, "statistics.interval.ms", "100", NULL, 0);
    rd_kafka_conf_set_stats_cb(conf, on_statistics);
}

static void tell_producer(struct doctor *doctor, struct producer *producer)
{
    static const char subject[] = "right to write";
    char text[400];
    rd_kafka_resp_err_t code = rd_kafka_fatal_error(producer->client.rk, text, sizeof text);
    if (cdr_kafka_is_denied(code))
        cdr_findings_add(doctor->findings, FAIL, subject,
                         "grant Write on the topics, or IdempotentWrite on the cluster",
                         "the brokers give no producer id");
    else if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        cdr_findings_add(doctor->findings, FAIL, subject, NULL,
                         "the brokers give no producer id: %s", text);
    else if (atomic_load(&producer->assigned))
        cdr_findings_add(doctor->findings, OK, subject, NULL, "the brokers give a producer id");
    else
        cdr_findings_add(doctor->findings, WARN, subject, "look at the brokers' logs",
                         "the brokers gave no producer id within %d s", PRODUCER_WAIT_MS / 1000);
}

/* Brokers forget a producer by the age of its records, not of its last request
 * (docs/exactly-once.md). A day is Kafka's default. */
static void examine_ages(struct doctor *doctor)
{
    const int64_t day_ms = 86400000;
    const int64_t age_ms = doctor->setup->now_ms - doctor->setup->first_event_ms;
    if (age_ms > day_ms && !doctor->settings->transactions)
        cdr_findings_add(
            doctor->findings, WARN, "age of records",
            "pass --transactions, or raise the brokers' producer.id.expiration.ms",
            "event times begin %lld days ago: brokers that restart during the run, all "
            "replicas at once, may store a batch twice (which the run would notice)",
            (long long)(age_ms / day_ms));
}

/* An idempotent producer asks for its id on its own, which takes the right to write somewhere. */
static void examine_producer(struct doctor *doctor)
{
    struct producer producer = {.assigned = false};
    const struct cdr_kafka_role role = {.prepare = hear_statistics};
    struct cdr_error error = {{0}};
    if (cdr_kafka_client_open(&producer.client, RD_KAFKA_PRODUCER, doctor->properties, &role,
                              &error) != CDR_OK) {
        cdr_findings_add(doctor->findings, FAIL, "client", NULL, "%s", error.text);
        return;
    }
    int64_t end_ms = cdr_kafka_clock_ms() + PRODUCER_WAIT_MS;
    while (!atomic_load(&producer.assigned) && cdr_kafka_clock_ms() < end_ms &&
           rd_kafka_fatal_error(producer.client.rk, NULL, 0) == RD_KAFKA_RESP_ERR_NO_ERROR)
        rd_kafka_poll(producer.client.rk, 50);
    tell_producer(doctor, &producer);
    cdr_kafka_client_close(&producer.client);
}

#if RD_KAFKA_VERSION >= 0x020300ff

static void judge_rights(struct doctor *doctor, const rd_kafka_TopicDescription_t *topic)
{
    char subject[270];
    size_t count = 0;
    const rd_kafka_error_t *failure = rd_kafka_TopicDescription_error(topic);
    if (failure != NULL && rd_kafka_error_code(failure) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return; /* missing, or not to be described: said already */
    snprintf(subject, sizeof subject, "topic %s", rd_kafka_TopicDescription_name(topic));
    const rd_kafka_AclOperation_t *operations =
        rd_kafka_TopicDescription_authorized_operations(topic, &count);
    bool may_write = false;
    for (size_t i = 0; i < count; i++)
        may_write |= operations[i] == RD_KAFKA_ACL_OPERATION_WRITE ||
                     operations[i] == RD_KAFKA_ACL_OPERATION_ALL;
    if (may_write)
        cdr_findings_add(doctor->findings, OK, subject, NULL, "the user may write to it");
    else if (count > 0)
        cdr_findings_add(doctor->findings, FAIL, subject, "grant Write on the topic",
                         "the user lacks the operation Write on it");
    else
        cdr_findings_add(doctor->findings, WARN, subject, NULL,
                         "the brokers do not say whether the user may write to it");
}

static size_t name_topics(const struct cdr_sink_setup *setup, const char **names)
{
    size_t n = 0;
    while (setup != NULL && n < setup->topics->n) {
        names[n] = setup->topics->items[n].name;
        n++;
    }
    return n;
}

static void examine_rights(struct doctor *doctor, const struct cdr_sink_setup *tables)
{
    struct cdr_error error = {{0}};
    struct cdr_kafka_admin call;
    rd_kafka_event_t *event = NULL;
    const char *names[2 * CDR_TOPICS_MAX];
    size_t n = name_topics(doctor->setup, names);
    n += name_topics(tables, names + n);
    rd_kafka_TopicCollection_t *topics = rd_kafka_TopicCollection_of_topic_names(names, n);
    if (cdr_kafka_admin_begin(&call, &doctor->asker, RD_KAFKA_ADMIN_OP_DESCRIBETOPICS,
                              doctor->timeout_ms, &error) == CDR_OK) {
        rd_kafka_error_t *unset =
            rd_kafka_AdminOptions_set_include_authorized_operations(call.options, 1);
        if (unset != NULL)
            rd_kafka_error_destroy(unset);
        rd_kafka_DescribeTopics(doctor->asker.rk, topics, call.options, call.queue);
        event = cdr_kafka_admin_wait(&call, doctor->timeout_ms);
        if (cdr_kafka_admin_code(event) == RD_KAFKA_RESP_ERR_NO_ERROR) {
            const rd_kafka_TopicDescription_t **found = rd_kafka_DescribeTopics_result_topics(
                rd_kafka_event_DescribeTopics_result(event), &n);
            for (size_t i = 0; i < n; i++)
                judge_rights(doctor, found[i]);
        } else {
            cdr_findings_add(doctor->findings, WARN, "right to write", NULL,
                             "the brokers do not say what the user may do: %s",
                             rd_kafka_err2str(cdr_kafka_admin_code(event)));
        }
    }
    cdr_kafka_admin_end(&call, event);
    rd_kafka_TopicCollection_destroy(topics);
}

#else

/* Brokers without an authorizer say so to a client that asks for rules. */
static void examine_rights(struct doctor *doctor, const struct cdr_sink_setup *tables)
{
    (void)tables;
    struct cdr_error error = {{0}};
    struct cdr_kafka_admin call;
    rd_kafka_event_t *event = NULL;
    char reason[256] = "";
    rd_kafka_AclBindingFilter_t *filter = rd_kafka_AclBindingFilter_new(
        RD_KAFKA_RESOURCE_TOPIC, doctor->setup->topics->items[0].name,
        RD_KAFKA_RESOURCE_PATTERN_MATCH, NULL, NULL, RD_KAFKA_ACL_OPERATION_WRITE,
        RD_KAFKA_ACL_PERMISSION_TYPE_ANY, reason, sizeof reason);
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__FAIL;
    if (cdr_kafka_admin_begin(&call, &doctor->asker, RD_KAFKA_ADMIN_OP_DESCRIBEACLS,
                              doctor->timeout_ms, &error) == CDR_OK &&
        filter != NULL) {
        rd_kafka_DescribeAcls(doctor->asker.rk, filter, call.options, call.queue);
        event = cdr_kafka_admin_wait(&call, doctor->timeout_ms);
        code = cdr_kafka_admin_code(event);
    }
    if (code == RD_KAFKA_RESP_ERR_SECURITY_DISABLED)
        cdr_findings_add(doctor->findings, OK, "right to write", NULL,
                         "the brokers have no authorizer: everybody may write");
    else
        cdr_findings_add(doctor->findings, WARN, "right to write",
                         "build with librdkafka 2.3.0 or newer, or try a run into a topic beside",
                         "librdkafka %s cannot ask whether the user may write to each topic",
                         rd_kafka_version_str());
    cdr_kafka_admin_end(&call, event);
    if (filter != NULL)
        rd_kafka_AclBinding_destroy(filter);
}

#endif

/* --- all of it --- */

static bool is_idempotent(const struct cdr_kafka_properties *properties)
{
    char value[16] = "";
    size_t size = sizeof value;
    return rd_kafka_conf_get(properties->conf, "enable.idempotence", value, &size) ==
               RD_KAFKA_CONF_OK &&
           strcmp(value, "true") == 0;
}

static void examine_topics(struct doctor *doctor)
{
    for (unsigned type = 0; type < doctor->setup->topics->n; type++)
        examine_topic(doctor, type);
}

static void examine_all(struct doctor *doctor, const struct cdr_sink_setup *tables)
{
    const struct cdr_sink_setup *records = doctor->setup;
    examine_library(doctor);
    examine_brokers(doctor);
    examine_topics(doctor);
    if (tables != NULL) {
        doctor->setup = tables;
        examine_topics(doctor);
        doctor->setup = records;
    }
    if (!doctor->unreached && is_idempotent(doctor->properties))
        examine_producer(doctor);
    examine_ages(doctor);
    if (!doctor->unreached)
        examine_rights(doctor, tables);
    if (doctor->settings->transactions)
        cdr_findings_add(doctor->findings, WARN, "transactions", NULL,
                         "the rights on the transactional id are not asked for, since asking would "
                         "shut out a run that is under way");
}

enum cdr_result cdr_kafka_examine(const struct cdr_sink_settings *settings,
                                  const struct cdr_sink_setup *setup,
                                  const struct cdr_sink_setup *tables,
                                  struct cdr_findings *findings, struct cdr_error *error)
{
    struct cdr_kafka_properties properties;
    struct cdr_kafka_warnings warnings = {0};
    struct doctor doctor = {
        .settings = settings,
        .setup = setup,
        .properties = &properties,
        .findings = findings,
        .timeout_ms = (int)settings->kafka.timeout_ms,
        .broker = -1,
    };
    enum cdr_result result =
        cdr_kafka_properties_make(&properties, &settings->kafka, &warnings, error);
    if (result == CDR_OK)
        result = cdr_kafka_client_open(&doctor.asker, RD_KAFKA_CONSUMER, &properties, NULL, error);
    if (result == CDR_OK)
        result = cdr_kafka_connect(&doctor.asker, doctor.timeout_ms, error);
    if (result == CDR_E_KAFKA && doctor.asker.unreached) {
        doctor.unreached = true;
        doctor.timeout_ms = UNREACHED_ASK_MS;
        result = CDR_OK;
    } else if (result == CDR_E_KAFKA) {
        cdr_findings_add_sentence(findings, FAIL, "brokers", error->text);
    }
    if (result == CDR_OK) {
        for (size_t i = 0; i < warnings.n; i++)
            cdr_findings_add(findings, WARN, "settings", NULL, "%s", warnings.texts[i]);
        examine_all(&doctor, tables);
        if (findings->failure != CDR_OK)
            result = cdr_fail(error, findings->failure, "no memory for the findings");
    }
    cdr_kafka_client_close(&doctor.asker);
    cdr_kafka_properties_free(&properties);
    free(warnings.texts);
    return result;
}
