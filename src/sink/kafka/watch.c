/* The watch: do the topics stay what they were when the run began?
 *
 * A delivery report says where a record was stored, and not what happens to it there. While the run
 * writes, a user may give a topic more partitions, delete it, delete records, or change a setting
 * that deletes or changes them. So a thread looks at the topics every LOOK_MS with the questions of
 * the start (topics.c), and flush looks once more when everything was acknowledged:
 *
 * - Partitions: as many as the dataset has. Too few, or no topic, counts only if it is seen again
 *   after CONFIRM_MS: a broker that starts may not know of a topic yet.
 * - Settings: the topic guard finds nothing that --force did not accept at the start. What only
 *   keeps records out is left to the broker, which refuses them with its reason. The guard's clock
 *   stays at the start, so that a topic that was good enough then is good enough for weeks; but a
 *   retention that was made shorter is held against the time that it is.
 * - First offsets: no record of the run is deleted, but by a retention that was accepted.
 * - At the end, the first record of each topic is read back: a topic that was created again has
 *   another one, even if it is as long. (Only where the user may read the topic.)
 *
 * What nobody answers is no change: while the run writes it is asked again, and at the end until
 * the run's patience is over. The thread has a client of its own, so it keeps nobody waiting.
 *
 * Stamps. A report carries the broker's time for LogAppendTime, and librdkafka then says so by
 * another kind than CREATE_TIME (8 for want of RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME, up to 2.15). But
 * brokers answer a batch that they have already, sent again for want of an answer, with the latest
 * time of its records, whatever the topic's setting. So a row of reports with one stamp is fine if
 * that is the latest event time of its records, and else their times were replaced. */
#include "kafka/reader.h"
#include "sink/kafka/internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
    LOOK_MS = 2000,
    AGAIN_MS = 500, /* after a look that found partitions missing */
    CONFIRM_MS = 2000,
    ASK_MS = 2000,
    READ_MS = 5000,
    PATIENCE_MS = 10000, /* at least, with the last look */
    SHARE = 20           /* looks take up to one part in so many of the time */
};

#define STAMP_TYPE "message.timestamp.type"

/* --- stamps --- */

static void fail_stamped(struct cdr_kafka_sink *sink, uint32_t log, int64_t offset)
{
    cdr_kafka_fail(sink, CDR_E_DIFFERENT,
                   "%s[%u]: the record at offset %" PRId64
                   " was stored with the time of its arrival in place of its event time: the "
                   "topic was set to " STAMP_TYPE
                   "=LogAppendTime while the run wrote, so records from there on have wrong "
                   "timestamps; set it back to CreateTime",
                   cdr_kafka_topic_of(sink, log), log % sink->setup.partitions, offset);
}

static void end_row(struct cdr_kafka_sink *sink, struct cdr_kafka_log *log)
{
    log->stamped = false;
    sink->stamped_logs--;
    if (log->stamp_ms != log->stamped_event_ms)
        fail_stamped(sink, (uint32_t)(log - sink->logs), log->stamp_offset);
}

bool cdr_kafka_stamps(const struct cdr_kafka_sink *sink, unsigned type)
{
    return cdr_kafka_accepts(sink, type, STAMP_TYPE);
}

/* Whether --force went on with a topic that stamps. Where nobody could read its settings, one that
 * stamps the run's first record did so before. */
static bool may_stamp(struct cdr_kafka_sink *sink, unsigned type)
{
    const uint32_t partitions = sink->setup.partitions;
    if (cdr_kafka_stamps(sink, type))
        return true;
    if (!sink->topics[type].terms.unread || sink->run.durable > 1)
        return false;
    for (uint32_t log = type * partitions; log < (type + 1) * partitions; log++)
        if (atomic_load_explicit(&sink->logs[log].reported, memory_order_relaxed) > 0)
            return false;
    cdr_kafka_accept(sink, type, STAMP_TYPE);
    return true;
}

void cdr_kafka_on_stamp(struct cdr_kafka_sink *sink, int64_t stamp_ms, int64_t event_ms,
                        int64_t offset)
{
    struct cdr_kafka_log *log = sink->run.log;
    const uint32_t number = (uint32_t)(log - sink->logs);
    if (log->stamped && log->stamp_ms != stamp_ms)
        end_row(sink, log);
    if (stamp_ms < 0 || may_stamp(sink, number / sink->setup.partitions))
        return;
    if (!log->stamped) {
        log->stamped = true;
        log->stamp_ms = stamp_ms;
        log->stamp_offset = offset;
        log->stamped_event_ms = INT64_MIN;
        sink->stamped_logs++;
    }
    if (event_ms > log->stamped_event_ms)
        log->stamped_event_ms = event_ms;
    if (event_ms > stamp_ms)
        end_row(sink, log);
}

void cdr_kafka_end_stamps(struct cdr_kafka_sink *sink)
{
    for (uint32_t number = 0; sink->stamped_logs > 0 && number < sink->log_count; number++) {
        struct cdr_kafka_log *log = &sink->logs[number];
        if (log->stamped && atomic_load_explicit(&log->reported, memory_order_relaxed) ==
                                atomic_load_explicit(&log->accepted, memory_order_relaxed))
            end_row(sink, log);
    }
}

/* --- what changed, in words --- */

static enum cdr_result deleted(const char *topic, const char *reason, struct cdr_error *error)
{
    return cdr_fail(error, CDR_E_ENDED,
                    "topic %s was deleted while the run wrote%s: its records are gone with it; "
                    "--resume --create-topics fills it again and leaves the other topics alone",
                    topic, reason);
}

void cdr_kafka_on_deleted(struct cdr_kafka_sink *sink, uint32_t log, rd_kafka_resp_err_t code)
{
    struct cdr_error error = {0};
    char reason[96];
    snprintf(reason, sizeof reason, " (partition %u: %s)", log % sink->setup.partitions,
             rd_kafka_err2str(code));
    deleted(cdr_kafka_topic_of(sink, log), reason, &error);
    cdr_kafka_fail(sink, CDR_E_ENDED, "%s", error.text);
}

static enum cdr_result more_partitions(const struct cdr_kafka_sink *sink, const char *topic,
                                       uint32_t there, struct cdr_error *error)
{
    const uint32_t partitions = sink->setup.partitions;
    return cdr_fail(error, CDR_E_DIFFERENT,
                    "topic %s was given more partitions while the run wrote, and has %u now; the "
                    "dataset has %u. What is in them stays and `verify --partitions %u` still "
                    "compares it, but from now on records by key no longer join with those that "
                    "other producers spread over %u",
                    topic, there, partitions, partitions, there);
}

static enum cdr_result fewer_partitions(const struct cdr_kafka_sink *sink, const char *topic,
                                        uint32_t there, struct cdr_error *error)
{
    return cdr_fail(
        error, CDR_E_ENDED,
        "topic %s was deleted and created again while the run wrote, with %u partition%s "
        "in place of %u: its records are gone; delete it, then --resume --create-topics fills it "
        "again and leaves the other topics alone",
        topic, there, there == 1 ? "" : "s", sink->setup.partitions);
}

/* --- one look --- */

struct look {
    struct cdr_kafka_sink *sink;
    int64_t deadline_ms;
    int32_t broker; /* that answered last, −1 = none did */
    struct cdr_kafka_topic_state states[CDR_TOPICS_MAX];
};

static int left_ms(const struct look *look)
{
    int64_t left = look->deadline_ms - cdr_kafka_clock_ms();
    return left > 1 ? (int)left : 1;
}

static enum cdr_result check_partitions(struct look *look, unsigned type, struct cdr_error *error)
{
    struct cdr_kafka_sink *sink = look->sink;
    const struct cdr_kafka_topic_state *state = &look->states[type];
    const char *topic = sink->topics[type].name;
    int64_t *since_ms = &sink->topics[type].missing_since_ms;
    if (state->exists && state->partitions > sink->setup.partitions)
        return more_partitions(sink, topic, state->partitions, error);
    if (state->exists && state->partitions == sink->setup.partitions) {
        *since_ms = 0;
        return CDR_OK;
    }
    const int64_t now_ms = cdr_kafka_clock_ms();
    if (*since_ms == 0)
        *since_ms = now_ms;
    if (now_ms - *since_ms < CONFIRM_MS)
        return cdr_fail(error, CDR_E_AGAIN, "a broker says that topic %s has %u partitions", topic,
                        state->partitions);
    return state->partitions > 0 ? fewer_partitions(sink, topic, state->partitions, error)
                                 : deleted(topic, "", error);
}

static enum cdr_result look_at_topics(struct look *look, struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    for (unsigned type = 0; type < look->sink->setup.topics->n && result == CDR_OK; type++) {
        result = cdr_kafka_look_at(&look->sink->watch.asker, look->sink->topics[type].name,
                                   left_ms(look), &look->states[type], &look->broker, error);
        if (result == CDR_OK)
            result = check_partitions(look, type, error);
    }
    return result;
}

/* Whether records may have gone by now, because the topic keeps none for longer. */
static bool expires(const struct cdr_kafka_sink *sink, unsigned type, int64_t now_ms,
                    const struct cdr_kafka_configs *configs)
{
    int64_t retention_ms = cdr_topic_config_number(configs->items, configs->n, "retention.ms", -1);
    /* A topic that stamps counts from the record's arrival, in this run or in an earlier one. */
    int64_t age_ms = cdr_kafka_stamps(sink, type) ? INT64_MAX : now_ms - sink->setup.first_event_ms;
    return cdr_kafka_accepts(sink, type, "retention.ms") ||
           cdr_kafka_accepts(sink, type, "retention.bytes") ||
           (retention_ms >= 0 && age_ms >= retention_ms);
}

static int64_t wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static enum cdr_result check_settings(void *context, const struct cdr_kafka_configs *configs,
                                      struct cdr_error *error)
{
    struct look *look = context;
    struct cdr_kafka_sink *sink = look->sink;
    struct cdr_topic_finding findings[CDR_TOPIC_FINDINGS_MAX];
    unsigned type = 0;
    while (type < sink->setup.topics->n && strcmp(sink->topics[type].name, configs->topic) != 0)
        type++;
    /* A right that was taken away, or a broker that shows none, says nothing about the topic. */
    if (type == sink->setup.topics->n || cdr_kafka_is_denied(configs->code) ||
        configs->code == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE)
        return CDR_OK;
    if (configs->code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return cdr_fail(error, CDR_E_AGAIN, "cannot read the configuration of topic %s: %s",
                        configs->topic, rd_kafka_err2str(configs->code));
    const int64_t now_ms = wall_ms();
    int64_t retention_ms = cdr_topic_config_number(configs->items, configs->n, "retention.ms", -1);
    bool changed = retention_ms != sink->topics[type].terms.retention_ms;
    size_t found = cdr_kafka_guard(sink, type, look->states[type].replicas,
                                   changed ? now_ms : sink->setup.now_ms, configs, findings);
    for (size_t i = 0; i < found; i++) {
        if (findings[i].refuses || cdr_kafka_accepts(sink, type, findings[i].config))
            continue;
        const bool deletes = strncmp(findings[i].config, "retention.", 10) == 0;
        return cdr_fail(error, deletes ? CDR_E_ENDED : CDR_E_DIFFERENT,
                        "%s. This was set while the run wrote; `verify` shows what it has "
                        "done to the records until now%s",
                        findings[i].text,
                        deletes ? "; set it back, then --resume goes on after what is "
                                  "left (with --force where nothing is)"
                                : ", which stays when it is set back");
    }
    sink->topics[type].expires = expires(sink, type, now_ms, configs);
    return CDR_OK;
}

static enum cdr_result look_at_settings(struct look *look, struct cdr_error *error)
{
    const char *names[CDR_TOPICS_MAX];
    size_t n = 0;
    for (uint32_t i = 0; i < look->sink->setup.topics->n; i++) {
        struct cdr_kafka_topic *topic = &look->sink->topics[i];
        if (topic->terms.unread)
            topic->expires = true;
        else
            names[n++] = topic->name;
    }
    return cdr_kafka_describe_configs(&look->sink->watch.asker, names, n, look->broker,
                                      left_ms(look), check_settings, look, error);
}

static enum cdr_result look_at_firsts(struct look *look, struct cdr_error *error)
{
    struct cdr_kafka_sink *sink = look->sink;
    struct cdr_kafka_watch *watch = &sink->watch;
    enum cdr_result result = cdr_kafka_offsets(&watch->asker, sink, RD_KAFKA_OFFSET_BEGINNING,
                                               watch->firsts, left_ms(look), error);
    for (uint32_t log = 0; log < sink->log_count && result == CDR_OK; log++)
        if (watch->firsts[log] > watch->floors[log] &&
            !sink->topics[log / sink->setup.partitions].expires)
            result = cdr_fail(error, CDR_E_ENDED,
                              "%s[%u] begins at offset %" PRId64
                              " now: this dataset's records from offset %" PRId64
                              " on were deleted while the run wrote; `verify` and `repair` take "
                              "them for expired, and --resume goes on after what is left (with "
                              "--force where nothing is); to have them again, delete the topic, "
                              "then --resume --create-topics fills it",
                              cdr_kafka_topic_of(sink, log), log % sink->setup.partitions,
                              watch->firsts[log], watch->floors[log]);
    return result;
}

static bool has_changed(enum cdr_result result)
{
    return result == CDR_E_DIFFERENT || result == CDR_E_ENDED;
}

/* CDR_OK; CDR_E_DIFFERENT or CDR_E_ENDED where the topics have changed; or CDR_E_AGAIN where it
 * cannot be told now. With looking held. */
static enum cdr_result look_once(struct cdr_kafka_sink *sink, int timeout_ms,
                                 struct cdr_error *error)
{
    struct look look = {
        .sink = sink, .deadline_ms = cdr_kafka_clock_ms() + timeout_ms, .broker = -1};
    enum cdr_result result = look_at_topics(&look, error);
    if (result == CDR_OK)
        result = look_at_settings(&look, error);
    if (result == CDR_OK)
        result = look_at_firsts(&look, error);
    rd_kafka_poll(sink->watch.asker.rk, 0);
    return result == CDR_OK || has_changed(result) ? result : CDR_E_AGAIN;
}

/* --- the first record of each topic --- */

static uint64_t hash_of(const void *bytes, size_t length)
{
    return XXH3_64bits(bytes, length);
}

void cdr_kafka_watch_remember(struct cdr_kafka_sink *sink)
{
    const struct cdr_kafka_run *run = &sink->run;
    const struct cdr_topic *topic = cdr_sink_topic(&sink->setup, run->slab->log);
    struct cdr_kafka_witness *witness =
        &sink->topics[run->slab->log / sink->setup.partitions].witness;
    if (witness->known || run->durable == 0 || run->failed > 0 || run->log->unknown > 0 ||
        sink->transactions.aborting || topic->table)
        return;
    const struct cdr_slab *slab = run->slab;
    if (cdr_has_mark(slab, run->first, CDR_MARK_NO_VALUE | CDR_MARK_EMPTY))
        return; /* it says nothing; another will */
    const uint32_t start = run->first == 0 ? 0 : slab->ends[run->first - 1];
    *witness = (struct cdr_kafka_witness){
        .known = true,
        .log = slab->log,
        .offset = run->offset + run->first,
        .event_ms = slab->event_ms[run->first],
        .length = slab->ends[run->first] - start - topic->encoder->trailer_len,
    };
    witness->hash = hash_of(slab->bytes + start, witness->length);
}

struct reading {
    struct cdr_kafka_sink *sink;
    unsigned types[CDR_TOPICS_MAX]; /* of the ranges that are read */
    bool there[CDR_TOPICS_MAX];     /* per range */
};

static enum cdr_result judge_witness(void *context, const struct cdr_kafka_record *record,
                                     struct cdr_error *error)
{
    struct reading *reading = context;
    const struct cdr_kafka_sink *sink = reading->sink;
    const unsigned type = reading->types[record->range];
    const struct cdr_kafka_witness *witness = &sink->topics[type].witness;
    reading->there[record->range] = true;
    bool timed = record->timestamp_ms == witness->event_ms || cdr_kafka_stamps(sink, type);
    if (timed && record->value_len == witness->length &&
        hash_of(record->value, record->value_len) == witness->hash)
        return CDR_OK;
    return cdr_fail(error, CDR_E_DIFFERENT,
                    "%s[%u]: the record at offset %" PRId64
                    " is not the one that this run stored there: the topic was deleted and created "
                    "again while the run wrote, and another producer filled it",
                    sink->topics[type].name, witness->log % sink->setup.partitions,
                    witness->offset);
}

/* With a client for it alone: one that was told of a topic's absence may not end after reading it
 * (librdkafka 2.0.2). A record that has expired says nothing, nor one that may not be read. */
static enum cdr_result read_witnesses(struct cdr_kafka_sink *sink, struct cdr_error *error)
{
    struct reading reading = {.sink = sink};
    struct cdr_kafka_range ranges[CDR_TOPICS_MAX];
    size_t n = 0;
    for (unsigned type = 0; type < sink->setup.topics->n; type++) {
        const struct cdr_kafka_witness *witness = &sink->topics[type].witness;
        if (!witness->known || sink->watch.firsts[witness->log] > witness->offset)
            continue;
        reading.types[n] = type;
        ranges[n++] = (struct cdr_kafka_range){.topic = sink->topics[type].name,
                                               .partition = witness->log % sink->setup.partitions,
                                               .offset = witness->offset,
                                               .end = witness->offset + 1};
    }
    enum cdr_result result = n == 0
                                 ? CDR_OK
                                 : cdr_kafka_read_ranges(&sink->watch.properties, READ_MS, ranges,
                                                         n, judge_witness, &reading, error);
    for (size_t i = 0; i < n && result == CDR_OK; i++)
        if (!reading.there[i])
            result = cdr_fail(error, CDR_E_DIFFERENT,
                              "%s[%u]: the record at offset %" PRId64
                              " is gone: the topic was compacted, or created again, while the run "
                              "wrote",
                              ranges[i].topic, ranges[i].partition, ranges[i].offset);
    return result == CDR_E_STATE ? CDR_OK : result == CDR_E_KAFKA ? CDR_E_AGAIN : result;
}

/* --- the thread --- */

/* True when it is time to look; false when there is nothing to watch any more. */
static bool wait_for_look(struct cdr_kafka_watch *watch, int64_t pause_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += pause_ms / 1000;
    until.tv_nsec += (long)(pause_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_mutex_lock(&watch->lock);
    while (!watch->stop && pthread_cond_timedwait(&watch->woken, &watch->lock, &until) == 0)
        continue;
    bool go_on = !watch->stop;
    pthread_mutex_unlock(&watch->lock);
    return go_on;
}

static bool is_missing(const struct cdr_kafka_sink *sink)
{
    for (uint32_t i = 0; i < sink->setup.topics->n; i++)
        if (sink->topics[i].missing_since_ms != 0)
            return true;
    return false;
}

static void *watch_topics(void *opaque)
{
    struct cdr_kafka_sink *sink = opaque;
    struct cdr_kafka_watch *watch = &sink->watch;
    int64_t pause_ms = LOOK_MS;
    enum cdr_result result = CDR_OK;
    while (!has_changed(result) && wait_for_look(watch, pause_ms)) {
        struct cdr_error error = {0};
        pthread_mutex_lock(&watch->looking);
        const int64_t begun_ms = cdr_kafka_clock_ms();
        result = look_once(sink, ASK_MS, &error);
        if (!has_changed(result))
            cdr_kafka_vouch(sink);
        cdr_kafka_marks_renew(sink);
        pause_ms = (cdr_kafka_clock_ms() - begun_ms) * SHARE;
        pause_ms = is_missing(sink) ? AGAIN_MS : pause_ms < LOOK_MS ? LOOK_MS : pause_ms;
        pthread_mutex_unlock(&watch->looking);
        if (has_changed(result))
            cdr_kafka_fail(sink, result, "%s", error.text);
    }
    return NULL;
}

/* --- life --- */

enum cdr_result cdr_kafka_watch_open(struct cdr_kafka_sink *sink, const char *group,
                                     struct cdr_error *error)
{
    struct cdr_kafka_watch *watch = &sink->watch;
    watch->properties = sink->properties;
    watch->properties.conf = rd_kafka_conf_dup(sink->properties.conf);
    /* A witness is read whatever transaction of another producer's is open. */
    rd_kafka_conf_set(watch->properties.conf, "isolation.level", "read_uncommitted", NULL, 0);
    rd_kafka_conf_set(watch->properties.conf, "fetch.message.max.bytes", "1000", NULL, 0);
    const struct cdr_kafka_role role = {.group_id = group};
    return cdr_kafka_client_open(&watch->asker, RD_KAFKA_CONSUMER, &watch->properties, &role,
                                 error);
}

/* What is there already when a run resumes may have expired before. What a producer before this
 * one found was there when the run began. */
static enum cdr_result find_floors(struct cdr_kafka_sink *sink,
                                   const struct cdr_sink_settings *settings,
                                   struct cdr_error *error)
{
    struct cdr_kafka_watch *watch = &sink->watch;
    const bool resume = settings->resume;
    if (settings->reopened && settings->floors != NULL) {
        memcpy(watch->floors, settings->floors, sink->log_count * sizeof *watch->floors);
        return CDR_OK;
    }
    enum cdr_result result = resume
                                 ? cdr_kafka_offsets(&watch->asker, sink, RD_KAFKA_OFFSET_BEGINNING,
                                                     watch->floors, watch->timeout_ms, error)
                                 : CDR_OK;
    for (uint32_t log = 0; log < sink->log_count && result == CDR_OK; log++) {
        /* With transactions, where the dataset begins is not known. */
        int64_t begin = sink->transactions.on && resume ? 0 : sink->logs[log].base;
        watch->floors[log] = watch->floors[log] > begin ? watch->floors[log] : begin;
    }
    return result;
}

enum cdr_result cdr_kafka_watch_start(struct cdr_kafka_sink *sink,
                                      const struct cdr_sink_settings *settings,
                                      struct cdr_error *error)
{
    struct cdr_kafka_watch *watch = &sink->watch;
    watch->timeout_ms = (int)settings->kafka.timeout_ms;
    watch->floors = calloc(sink->log_count, sizeof *watch->floors);
    watch->firsts = calloc(sink->log_count, sizeof *watch->firsts);
    if (watch->floors == NULL || watch->firsts == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for the offsets of %u logs",
                        sink->log_count);
    enum cdr_result result = find_floors(sink, settings, error);
    if (result != CDR_OK)
        return result;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&watch->woken, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&watch->lock, NULL);
    pthread_mutex_init(&watch->looking, NULL);
    watch->started = pthread_create(&watch->thread, NULL, watch_topics, sink) == 0;
    if (watch->started)
        return CDR_OK;
    pthread_cond_destroy(&watch->woken);
    pthread_mutex_destroy(&watch->lock);
    pthread_mutex_destroy(&watch->looking);
    return cdr_fail(error, CDR_E_NOMEM, "no thread to watch the topics");
}

void cdr_kafka_floors(const struct cdr_sink *base, int64_t *floors)
{
    const struct cdr_kafka_sink *sink = (const struct cdr_kafka_sink *)base;
    for (uint32_t log = 0; log < sink->log_count; log++)
        floors[log] = sink->watch.floors != NULL ? sink->watch.floors[log] : 0;
}

void cdr_kafka_watch_stop(struct cdr_kafka_sink *sink)
{
    struct cdr_kafka_watch *watch = &sink->watch;
    if (watch->started) {
        pthread_mutex_lock(&watch->lock);
        watch->stop = true;
        pthread_cond_signal(&watch->woken);
        pthread_mutex_unlock(&watch->lock);
        pthread_join(watch->thread, NULL);
        pthread_cond_destroy(&watch->woken);
        pthread_mutex_destroy(&watch->lock);
        pthread_mutex_destroy(&watch->looking);
    }
    cdr_kafka_client_close(&watch->asker);
    if (watch->properties.conf != NULL)
        rd_kafka_conf_destroy(watch->properties.conf);
    free(watch->floors);
    free(watch->firsts);
}

enum cdr_result cdr_kafka_watch_judge(struct cdr_kafka_sink *sink, struct cdr_error *error)
{
    struct cdr_kafka_watch *watch = &sink->watch;
    const int64_t deadline_ms = cdr_kafka_clock_ms() + watch->timeout_ms;
    enum cdr_result result;
    do {
        pthread_mutex_lock(&watch->looking);
        result = look_once(sink, ASK_MS, error);
        if (result == CDR_OK)
            result = read_witnesses(sink, error);
        pthread_mutex_unlock(&watch->looking);
        if (result == CDR_E_AGAIN)
            nanosleep(&(struct timespec){.tv_nsec = 100 * 1000000}, NULL);
    } while (result == CDR_E_AGAIN && cdr_kafka_clock_ms() < deadline_ms);
    return has_changed(result) ? result : CDR_OK;
}

/* Brokers that do not answer get as long as with records. */
static int64_t patience_ms(const struct cdr_kafka_sink *sink)
{
    const int64_t stall_ms = sink->waits.stall_ms;
    return stall_ms == 0 ? INT64_MAX / 2 : stall_ms < PATIENCE_MS ? PATIENCE_MS : stall_ms;
}

enum cdr_result cdr_kafka_watch_settle(struct cdr_kafka_sink *sink, int timeout_ms)
{
    struct cdr_kafka_watch *watch = &sink->watch;
    struct cdr_error error = {0};
    pthread_mutex_lock(&watch->looking);
    if (watch->settle_ms == 0)
        watch->settle_ms = cdr_kafka_clock_ms();
    enum cdr_result result = look_once(sink, timeout_ms, &error);
    if (result == CDR_OK)
        result = read_witnesses(sink, &error);
    const int64_t waited_ms = cdr_kafka_clock_ms() - watch->settle_ms;
    if (result == CDR_OK)
        watch->settle_ms = 0;
    pthread_mutex_unlock(&watch->looking);
    if (result == CDR_E_AGAIN && waited_ms >= patience_ms(sink))
        cdr_kafka_fail(sink, result = CDR_E_KAFKA,
                       "every record was acknowledged, but nothing says whether the topics are "
                       "still what they were: %s; `verify` tells what is in them",
                       error.text);
    else if (result == CDR_E_AGAIN)
        nanosleep(&(struct timespec){.tv_nsec = 100 * 1000000}, NULL);
    else if (result != CDR_OK)
        cdr_kafka_fail(sink, result, "%s", error.text);
    return result;
}
