/* Everything about topics that is not records: do they exist with as many partitions as asked,
 * would they keep what the run writes, where do their logs end. All questions are blocking and have
 * a deadline; existing topics are checked to the end before a missing one is created, so that a
 * refusal leaves nothing. */
#include "sink/kafka/internal.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct prepare {
    struct cdr_kafka_sink *sink;
    struct cdr_kafka_client *asker;
    const struct cdr_sink_settings *settings;
    int64_t deadline_ms;
    int32_t broker; /* the one that answered last, −1 = none did */
    struct cdr_kafka_topic_state states[CDR_TOPICS_MAX];
    struct cdr_topic_finding refusals[CDR_TOPICS_MAX * CDR_TOPIC_FINDINGS_MAX];
    size_t refusal_count;
    bool bases_known; /* resume found those that an --append committed */
};

/* Each step gets the whole time: many partitions take long, and what was done does not count. */
static void restart(struct prepare *prepare)
{
    prepare->deadline_ms = cdr_kafka_clock_ms() + prepare->settings->kafka.timeout_ms;
}

static int left_ms(const struct prepare *prepare)
{
    int64_t left = prepare->deadline_ms - cdr_kafka_clock_ms();
    return left > 1 ? (int)left : 1;
}

/* --- metadata --- */

static enum cdr_result look_at(struct prepare *prepare, unsigned type, struct cdr_error *error)
{
    return cdr_kafka_look_at(prepare->asker, prepare->sink->topics[type].name, left_ms(prepare),
                             &prepare->states[type], &prepare->broker, error);
}

void cdr_kafka_partitions_advice(uint32_t there, uint32_t asked, bool replays, char *text,
                                 size_t size)
{
    int used = replays ? snprintf(text, size,
                                  "the spill is of a dataset of %u, which goes into no topic of "
                                  "another number",
                                  asked)
                       : snprintf(text, size,
                                  "pass --partitions %u, which is another dataset than that of "
                                  "%u, or use another topic",
                                  there, asked);
    if (there > asked && (size_t)used < size)
        snprintf(text + used, size - (size_t)used,
                 "; where the topic holds the dataset of %u and was given more since, `cdrgen "
                 "verify --partitions %u` still compares it, but nothing can go on in it: delete "
                 "it, then `cdrgen run --resume --create-topics` fills it again",
                 asked, asked);
}

static enum cdr_result check_partitions(const struct prepare *prepare, unsigned type,
                                        struct cdr_error *error)
{
    uint32_t there = prepare->states[type].partitions, asked = prepare->sink->setup.partitions;
    if (there == asked)
        return CDR_OK;
    char advice[512];
    cdr_kafka_partitions_advice(there, asked, prepare->settings->replays, advice, sizeof advice);
    return cdr_fail(error, CDR_E_STATE, "topic %s has %u partition%s, and %u were asked for: %s",
                    prepare->sink->topics[type].name, there, there == 1 ? "" : "s", asked, advice);
}

/* --- creation --- */

static enum cdr_result wait_for_leaders(struct prepare *prepare, unsigned type,
                                        struct cdr_error *error)
{
    uint32_t leaders = 0;
    for (;;) {
        enum cdr_result result = look_at(prepare, type, error);
        if (result != CDR_OK)
            return result;
        const struct cdr_kafka_topic_state *state = &prepare->states[type];
        if (state->leaders > leaders)
            restart(prepare);
        leaders = state->leaders;
        if (state->exists && state->leaders > 0 && state->leaders == state->partitions)
            return CDR_OK;
        if (left_ms(prepare) <= 1)
            return cdr_fail(error, CDR_E_KAFKA,
                            "topic %s was created, but only %u of its %u partitions have a leader; "
                            "run again, and give the brokers more time with --kafka-timeout",
                            prepare->sink->topics[type].name, state->leaders,
                            prepare->sink->setup.partitions);
        usleep(50 * 1000);
    }
}

struct cdr_kafka_new_topic cdr_kafka_new_topic_of(const struct cdr_sink_settings *settings,
                                                  const struct cdr_topic *topic,
                                                  uint32_t partitions)
{
    return (struct cdr_kafka_new_topic){.name = topic->name,
                                        .partitions = partitions,
                                        .replication = settings->replication,
                                        .retention_ms = settings->retention_ms,
                                        .compacted = topic->compacted};
}

static enum cdr_result create_missing(struct prepare *prepare, struct cdr_error *error)
{
    const struct cdr_sink_setup *setup = &prepare->sink->setup;
    enum cdr_result result = CDR_OK;
    for (unsigned type = 0; type < setup->topics->n && result == CDR_OK; type++) {
        if (prepare->states[type].exists)
            continue;
        restart(prepare);
        const struct cdr_kafka_new_topic wanted = cdr_kafka_new_topic_of(
            prepare->settings, &setup->topics->items[type], setup->partitions);
        result = cdr_kafka_create_topic(prepare->asker, &wanted, false, left_ms(prepare), error);
        if (result == CDR_OK)
            result = wait_for_leaders(prepare, type, error);
        if (result == CDR_OK)
            result = check_partitions(prepare, type, error);
    }
    return result;
}

/* --- guard --- */

void cdr_kafka_accept(struct cdr_kafka_sink *sink, unsigned type, const char *config)
{
    struct cdr_kafka_terms *terms = &sink->topics[type].terms;
    if (!cdr_kafka_accepts(sink, type, config))
        terms->accepted[terms->accepted_count++] = config;
}

bool cdr_kafka_accepts(const struct cdr_kafka_sink *sink, unsigned type, const char *config)
{
    const struct cdr_kafka_terms *terms = &sink->topics[type].terms;
    for (size_t i = 0; i < terms->accepted_count; i++)
        if (strcmp(terms->accepted[i], config) == 0)
            return true;
    return false;
}

size_t cdr_kafka_record_max(const struct cdr_sink_setup *setup, const struct cdr_topic *topic)
{
    const size_t most = topic->encoder->record_bytes_max - topic->encoder->trailer_len;
    return most > setup->fault_bytes ? most : setup->fault_bytes;
}

size_t cdr_kafka_guard(const struct cdr_kafka_sink *sink, unsigned type, uint32_t replicas,
                       int64_t now_ms, const struct cdr_kafka_configs *configs,
                       struct cdr_topic_finding findings[CDR_TOPIC_FINDINGS_MAX])
{
    const struct cdr_topic *topic = &sink->setup.topics->items[type];
    struct cdr_topic_use use = {
        .topic = topic->name,
        .first_event_ms = sink->setup.first_event_ms,
        .last_event_ms = sink->setup.last_event_ms,
        .fault_ahead_ms = sink->setup.fault_ahead_ms,
        .now_ms = now_ms,
        .record_bytes_max = cdr_kafka_record_max(&sink->setup, topic),
        .replicas = replicas,
        .compacted = topic->compacted,
    };
    return cdr_topic_guard(&use, configs->items, configs->n, findings);
}

static enum cdr_result judge(struct prepare *prepare, unsigned type,
                             const struct cdr_kafka_configs *configs, struct cdr_error *error)
{
    struct cdr_kafka_sink *sink = prepare->sink;
    struct cdr_topic_finding findings[CDR_TOPIC_FINDINGS_MAX];
    size_t found = cdr_kafka_guard(sink, type, prepare->states[type].replicas, sink->setup.now_ms,
                                   configs, findings);
    for (size_t i = 0; i < found; i++) {
        if (!prepare->settings->kafka.force || !findings[i].forceable) {
            prepare->refusals[prepare->refusal_count++] = findings[i];
            continue;
        }
        cdr_kafka_accept(sink, type, findings[i].config);
        if (cdr_kafka_warn(&sink->warnings, findings[i].text, error) != CDR_OK)
            return CDR_E_NOMEM;
    }
    sink->topics[type].terms.unread = false;
    sink->topics[type].terms.retention_ms =
        cdr_topic_config_number(configs->items, configs->n, "retention.ms", -1);
    /* A batch that is larger than the topic takes would be refused as a whole. */
    const int64_t batch_max = cdr_topic_batch_max(configs->items, configs->n);
    if (batch_max < sink->properties.batch_bytes)
        sink->properties.batch_bytes = batch_max;
    return CDR_OK;
}

/* Nobody can say that a configuration suits which they may not read, or which the broker does not
 * show. */
static enum cdr_result unread(struct prepare *prepare, const char *name, rd_kafka_resp_err_t code,
                              const char *reason, struct cdr_error *error)
{
    if (!cdr_kafka_is_denied(code) && code != RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE)
        return cdr_kafka_request_failed(prepare->asker, code, "read the configuration of topic",
                                        name, "DescribeConfigs", reason, error);
    char text[512];
    snprintf(
        text, sizeof text, "%s topic %s, so nothing says whether it would keep the run's records%s",
        cdr_kafka_is_denied(code) ? "not authorised to read the configuration of"
                                  : "the brokers do not show the configuration of",
        name, cdr_kafka_is_denied(code) ? ": it takes the operation DescribeConfigs on it" : "");
    if (prepare->settings->kafka.force)
        return cdr_kafka_warn(&prepare->sink->warnings, text, error);
    return cdr_fail(error, CDR_E_STATE, "%s; --force goes on unchecked", text);
}

static unsigned type_of(const struct cdr_kafka_sink *sink, const char *name)
{
    unsigned type = 0;
    while (type < sink->setup.topics->n && strcmp(sink->topics[type].name, name) != 0)
        type++;
    return type;
}

static enum cdr_result judge_one(void *context, const struct cdr_kafka_configs *configs,
                                 struct cdr_error *error)
{
    struct prepare *prepare = context;
    unsigned type = type_of(prepare->sink, configs->topic);
    if (configs->code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return unread(prepare, configs->topic, configs->code, configs->reason, error);
    return type < prepare->sink->setup.topics->n ? judge(prepare, type, configs, error) : CDR_OK;
}

/* The first refusal in full, the others by name. */
static enum cdr_result refuse(const struct prepare *prepare, struct cdr_error *error)
{
    if (prepare->refusal_count == 0)
        return CDR_OK;
    char others[512] = "";
    size_t used = 0;
    bool forceable = prepare->refusals[0].forceable;
    for (size_t i = 1; i < prepare->refusal_count; i++) {
        forceable = forceable && prepare->refusals[i].forceable;
        if (used < sizeof others)
            used += (size_t)snprintf(others + used, sizeof others - used, "%s%s",
                                     i == 1 ? "; the same for " : ", ", prepare->refusals[i].what);
    }
    return cdr_fail(error, CDR_E_STATE, "%s%s%s", prepare->refusals[0].text,
                    forceable ? ", or go on with --force" : "", others);
}

static enum cdr_result guard(struct prepare *prepare, const bool which[CDR_TOPICS_MAX],
                             struct cdr_error *error)
{
    const char *names[CDR_TOPICS_MAX];
    size_t n = 0;
    for (unsigned type = 0; type < prepare->sink->setup.topics->n; type++) {
        if (!which[type])
            continue;
        names[n++] = prepare->sink->topics[type].name;
        prepare->sink->topics[type].terms.unread = true; /* until an answer comes */
    }
    enum cdr_result result = cdr_kafka_describe_configs(
        prepare->asker, names, n, prepare->broker, left_ms(prepare), judge_one, prepare, error);
    return result == CDR_OK ? refuse(prepare, error) : result;
}

/* Judges missing topics by the settings that they will be created with, so that none is created
 * that the guard then refuses. What the brokers' defaults add is judged afterwards. */
static enum cdr_result judge_wanted(struct prepare *prepare, const bool which[CDR_TOPICS_MAX],
                                    struct cdr_error *error)
{
    const struct cdr_kafka_sink *sink = prepare->sink;
    char retention[32];
    snprintf(retention, sizeof retention, "%" PRId64, prepare->settings->retention_ms);
    const struct cdr_topic_config items[] = {{"cleanup.policy", "delete"},
                                             {"retention.ms", retention}};
    const struct cdr_kafka_configs configs = {.items = items, .n = sizeof items / sizeof items[0]};
    for (unsigned type = 0; type < sink->setup.topics->n; type++) {
        struct cdr_topic_finding findings[CDR_TOPIC_FINDINGS_MAX];
        if (!which[type] || sink->setup.topics->items[type].compacted)
            continue;
        const size_t found = cdr_kafka_guard(sink, type, 0, sink->setup.now_ms, &configs, findings);
        for (size_t i = 0; i < found; i++)
            if (!prepare->settings->kafka.force || !findings[i].forceable)
                prepare->refusals[prepare->refusal_count++] = findings[i];
    }
    return refuse(prepare, error);
}

/* --- offsets --- */

uint32_t cdr_kafka_log_of(const struct cdr_kafka_sink *sink,
                          const rd_kafka_topic_partition_t *entry)
{
    return type_of(sink, entry->topic) * sink->setup.partitions + (uint32_t)entry->partition;
}

rd_kafka_topic_partition_list_t *cdr_kafka_list_logs(const struct cdr_kafka_sink *sink)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)sink->log_count);
    for (uint32_t log = 0; log < sink->log_count; log++) {
        uint32_t partition = log % sink->setup.partitions;
        if (!sink->topics[log / sink->setup.partitions].left_out &&
            cdr_kafka_mine(&sink->setup, partition))
            rd_kafka_topic_partition_list_add(list, cdr_kafka_topic_of(sink, log),
                                              (int32_t)partition);
    }
    return list;
}

enum cdr_result cdr_kafka_offsets(struct cdr_kafka_client *client,
                                  const struct cdr_kafka_sink *sink, int64_t which,
                                  int64_t *offsets, int timeout_ms, struct cdr_error *error)
{
    rd_kafka_topic_partition_list_t *list = cdr_kafka_list_logs(sink);
    enum cdr_result result = cdr_kafka_ask_offsets(client, list, which, timeout_ms, error);
    for (int i = 0; i < list->cnt && result == CDR_OK; i++)
        offsets[cdr_kafka_log_of(sink, &list->elems[i])] = list->elems[i].offset;
    rd_kafka_topic_partition_list_destroy(list);
    return result;
}

enum cdr_result cdr_kafka_end_offsets(struct cdr_kafka_client *client,
                                      const struct cdr_kafka_sink *sink, int64_t *ends,
                                      int timeout_ms, struct cdr_error *error)
{
    return cdr_kafka_offsets(client, sink, RD_KAFKA_OFFSET_END, ends, timeout_ms, error);
}

/* Of all logs that sink->topics names. With transactions it is takeover.c that waits. */
static enum cdr_result ask_ends(struct prepare *prepare, int64_t *ends, struct cdr_error *error)
{
    const struct cdr_sink_settings *settings = prepare->settings;
    const int timeout_ms = left_ms(prepare);
    const bool resume = settings->resume && !settings->transactions;
    enum cdr_result result =
        resume ? cdr_kafka_resume_ends(prepare->asker, prepare->sink, ends, timeout_ms, error)
               : cdr_kafka_end_offsets(prepare->asker, prepare->sink, ends, timeout_ms, error);
    if (result == CDR_OK && !settings->transactions && (resume || settings->append))
        result = cdr_kafka_check_decided(prepare->sink, ends, timeout_ms, error);
    restart(prepare); /* these waits have a patience of their own */
    return result;
}

/* Logs that hold something, of which nothing is committed. */
static bool choose_unknown(struct prepare *prepare, const bool which[CDR_TOPICS_MAX],
                           const int64_t *ends, const bool *positions, bool *wanted)
{
    const struct cdr_kafka_sink *sink = prepare->sink;
    bool any = false;
    for (uint32_t log = 0; log < sink->log_count; log++) {
        wanted[log] = which[log / sink->setup.partitions] &&
                      cdr_kafka_mine(&sink->setup, log % sink->setup.partitions) &&
                      !sink->logs[log].base_known && !positions[log] && ends[log] > 0;
        any |= wanted[log];
    }
    return any;
}

/* With --append, what nobody has committed is looked for in the topics: where the dataset is in
 * them, it must not be written once more. In other logs it begins now. */
static enum cdr_result find_unknown(struct prepare *prepare, const bool which[CDR_TOPICS_MAX],
                                    const int64_t *ends, bool *known, struct cdr_error *error)
{
    struct cdr_kafka_sink *sink = prepare->sink;
    const struct cdr_begin_finder *finder = prepare->settings->finder;
    bool *wanted = calloc(sink->log_count, sizeof *wanted);
    bool *positions = calloc(sink->log_count, sizeof *positions);
    int64_t *begins = malloc(sink->log_count * sizeof *begins);
    enum cdr_result result = CDR_OK;
    if (wanted == NULL || positions == NULL || begins == NULL)
        result =
            cdr_fail(error, CDR_E_NOMEM, "no memory for the offsets of %u logs", sink->log_count);
    for (uint32_t log = 0; result == CDR_OK && log < sink->log_count; log++)
        begins[log] = -1;
    if (result == CDR_OK && prepare->settings->transactions)
        *known |= cdr_kafka_known_positions(sink, positions);
    if (result == CDR_OK && choose_unknown(prepare, which, ends, positions, wanted) &&
        finder != NULL)
        result = finder->find(finder->context, wanted, *known, begins, error);
    restart(prepare);
    for (uint32_t log = 0; result == CDR_OK && log < sink->log_count; log++) {
        if (!wanted[log])
            continue;
        sink->logs[log].base = begins[log] >= 0 ? begins[log] : ends[log];
        *known |= begins[log] >= 0;
    }
    free(wanted);
    free(positions);
    free(begins);
    return result;
}

/* Sets bases that a run before has left. *known: of some logs they are. */
static enum cdr_result know_bases(struct prepare *prepare, const bool which[CDR_TOPICS_MAX],
                                  const int64_t *ends, bool *known, struct cdr_error *error)
{
    struct cdr_kafka_sink *sink = prepare->sink;
    const struct cdr_sink_settings *settings = prepare->settings;
    *known = settings->resume && settings->begins != NULL;
    for (uint32_t log = 0; *known && log < sink->log_count; log++)
        sink->logs[log].base = settings->begins[log];
    if (*known || !settings->resume || (settings->transactions && !settings->append))
        return CDR_OK;
    *known = cdr_kafka_resume_bases(prepare->asker, sink, left_ms(prepare));
    return settings->append ? find_unknown(prepare, which, ends, known, error) : CDR_OK;
}

/* With --resume --append, topics that hold nothing of this dataset may be those of a mistaken
 * setting: what they hold could not go on after it. */
static enum cdr_result begin_after(struct prepare *prepare, const int64_t *ends,
                                   struct cdr_error *error)
{
    struct cdr_kafka_sink *sink = prepare->sink;
    char other[CDR_KAFKA_DATASET_MAX], text[512];
    uint32_t log = 0;
    while (log < sink->log_count && ends[log] == 0)
        log++;
    if (log == sink->log_count)
        return CDR_OK;
    snprintf(text, sizeof text,
             "append: %.250s[%u] and the other topics hold nothing of dataset %s, so there is "
             "nothing to resume: it begins after what they hold",
             cdr_kafka_topic_of(sink, log), log % sink->setup.partitions, sink->setup.dataset_id);
    if (!prepare->settings->kafka.force && cdr_kafka_unfinished_dataset(sink, ends, other, &log))
        return cdr_fail(error, CDR_E_STATE,
                        "append: %s[%u] holds nothing of dataset %s, but the beginning of dataset "
                        "%s, of which no run has committed that it ended there: it could not go "
                        "on after other records. Pass its settings to --resume it, or --force to "
                        "write after it",
                        cdr_kafka_topic_of(sink, log), log % sink->setup.partitions,
                        sink->setup.dataset_id, other);
    return cdr_kafka_warn(&sink->warnings, text, error);
}

static enum cdr_result find_bases(struct prepare *prepare, const bool which[CDR_TOPICS_MAX],
                                  struct cdr_error *error)
{
    struct cdr_kafka_sink *sink = prepare->sink;
    const bool resume = prepare->settings->resume && !prepare->settings->transactions;
    for (unsigned type = 0; type < sink->setup.topics->n; type++)
        sink->topics[type].left_out = !which[type];
    int64_t *ends = calloc(sink->log_count, sizeof *ends);
    enum cdr_result result =
        ends == NULL
            ? cdr_fail(error, CDR_E_NOMEM, "no memory for the offsets of %u logs", sink->log_count)
            : ask_ends(prepare, ends, error);
    bool known = false;
    if (result == CDR_OK)
        result = know_bases(prepare, which, ends, &known, error);
    if (result == CDR_OK && prepare->settings->resume && prepare->settings->append && !known)
        result = begin_after(prepare, ends, error);
    prepare->bases_known |= known;
    for (unsigned type = 0; type < sink->setup.topics->n; type++)
        sink->topics[type].left_out = sink->setup.topics->items[type].left_out;
    for (uint32_t log = 0; log < sink->log_count && result == CDR_OK; log++) {
        if (!which[log / sink->setup.partitions])
            continue;
        if (resume && (known || !prepare->settings->append)) {
            result = cdr_kafka_resume_log(sink, log, ends[log], error);
            if (result == CDR_E_STATE && cdr_kafka_has_transactions(&sink->base))
                result = cdr_fail(error, CDR_E_STATE,
                                  "dataset %s was written with --transactions: resume it with "
                                  "--transactions",
                                  sink->setup.dataset_id);
            continue;
        }
        if (prepare->settings->resume && prepare->settings->transactions)
            continue; /* positions say more: see transactions.c */
        if (ends[log] > 0 && !prepare->settings->append)
            result =
                cdr_fail(error, CDR_E_STATE,
                         "%s[%u] is not empty (end offset %" PRId64 "): go on with what a run "
                         "of this dataset left with --resume, write after it with --append, or "
                         "delete the topic and create it again",
                         cdr_kafka_topic_of(sink, log), log % sink->setup.partitions, ends[log]);
        sink->logs[log].base = ends[log];
    }
    free(ends);
    return result;
}

static struct prepare *begin(struct cdr_kafka_sink *sink, struct cdr_kafka_client *asker,
                             const struct cdr_sink_settings *settings, struct cdr_error *error)
{
    struct prepare *prepare = calloc(1, sizeof *prepare);
    if (prepare == NULL) {
        cdr_fail(error, CDR_E_NOMEM, "no memory to look at the topics");
        return NULL;
    }
    prepare->sink = sink;
    prepare->asker = asker;
    prepare->settings = settings;
    prepare->broker = -1;
    restart(prepare);
    return prepare;
}

enum cdr_result cdr_kafka_topics_prepare(struct cdr_kafka_sink *sink,
                                         struct cdr_kafka_client *asker,
                                         const struct cdr_sink_settings *settings,
                                         struct cdr_error *error)
{
    struct prepare *prepare = begin(sink, asker, settings, error);
    if (prepare == NULL)
        return CDR_E_NOMEM;
    bool existing[CDR_TOPICS_MAX] = {false}, created[CDR_TOPICS_MAX] = {false}, any_created = false;
    bool kept[CDR_TOPICS_MAX] = {false}; /* of those that exist: what they hold counts */
    enum cdr_result result = CDR_OK;
    for (unsigned type = 0; type < sink->setup.topics->n && result == CDR_OK; type++) {
        result = look_at(prepare, type, error);
        existing[type] = prepare->states[type].exists;
        created[type] = !existing[type] && !sink->setup.topics->items[type].left_out;
        kept[type] = existing[type] && !sink->setup.topics->items[type].left_out;
        any_created |= created[type];
        if (result == CDR_OK && kept[type])
            result = check_partitions(prepare, type, error);
        else if (result == CDR_OK && created[type] && !settings->create_topics)
            result = cdr_fail(error, CDR_E_STATE,
                              "topic %s does not exist: create it, or pass --create-topics",
                              sink->topics[type].name);
    }
    restart(prepare);
    if (result == CDR_OK)
        result = guard(prepare, existing, error);
    restart(prepare);
    if (result == CDR_OK)
        result = find_bases(prepare, kept, error);
    if (result == CDR_OK && any_created)
        result = judge_wanted(prepare, created, error);
    if (result == CDR_OK && any_created)
        result = create_missing(prepare, error);
    restart(prepare);
    if (result == CDR_OK && any_created)
        result = guard(prepare, created, error);
    restart(prepare);
    if (result == CDR_OK && any_created)
        result = find_bases(prepare, created, error);
    if (result == CDR_OK && settings->append && !prepare->bases_known &&
        settings->rehearsal == CDR_REHEARSAL_NONE)
        result = cdr_kafka_commit_bases(asker, sink, "commit the base offsets of --append for",
                                        left_ms(prepare), error);
    free(prepare);
    return result;
}
