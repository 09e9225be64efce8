/* The wait before a resume: nothing of the program that died may arrive any more.
 *
 * A batch that a program sent before it died may still be in a socket's buffer, in a broker's
 * queue, or in the leader's log, where nobody sees it before the replicas in sync have it as well.
 * Where the logs end is therefore asked until the ends stand still, and for how long they must do
 * so depends on what the brokers show:
 *
 * - Every broker that leads one of the logs or holds a replica in sync is asked something, again
 *   and again. One that does not answer promptly may hold back such a batch, so the quiet time
 *   begins again when it answers, or is no longer in sync.
 * - The quiet time is LATENCY_TIMES the longest that any broker took to answer. A broker that is
 *   short of processors is slow with batches as with answers; and what a connection delays it sends
 *   again after pauses that double, so that what waited for T arrives within another T. It is never
 *   longer than request.timeout.ms, after which the program that died would have given up its
 *   request itself, and never shorter than --resume-quiet.
 * - A replica that this client never hears from but that stays in sync for longer than
 *   replica.lag.time.max.ms is well, only not to be reached from here: the wait does without it.
 */
#include "sink/kafka/internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHECK_MS = 250,
    PROMPT_MS = 1000,
    LATENCY_TIMES = 4,
    SILENT_MS = 30000, /* with leaders that do not say where the logs end */
    PROBE_MS = 10000,
    SLICE_MS = 1000, /* of a question that blocks: at first, and at most */
    SLICE_MAX_MS = 8000
};

struct watched {
    int32_t id;
    bool leads, in_sync;     /* of one of the logs; as of the last look */
    bool answered;           /* once, since it is watched */
    bool hidden;             /* never answers, and is well */
    bool asked;              /* a probe is under way */
    int64_t silent_since_ms; /* the first probe that has no answer yet, 0 = all have */
};

struct quiet {
    struct cdr_kafka_client *asker;
    const struct cdr_kafka_sink *sink;
    rd_kafka_queue_t *answers;
    struct watched *brokers;
    size_t count;
    int32_t *leaders; /* per log */
    int64_t *before;  /* the ends of the check before */
    unsigned checks;  /* that found ends */
    bool looked;      /* leaders are */
    int64_t begun_ms, since_ms, worst_ms;
    int64_t ends_asked_ms; /* the first question for the ends without an answer, 0 = none */
    int timeout_ms, slice_ms;
    char why[256]; /* why the quiet time began again last */
};

static int64_t quiet_ms(const struct quiet *quiet)
{
    const int64_t request_timeout_ms = quiet->sink->properties.request_timeout_ms;
    const int64_t least_ms = quiet->sink->waits.quiet_ms;
    int64_t ms = LATENCY_TIMES * quiet->worst_ms;
    if (ms > request_timeout_ms)
        ms = request_timeout_ms;
    return ms > least_ms ? ms : least_ms;
}

static void begin_again(struct quiet *quiet, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void begin_again(struct quiet *quiet, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(quiet->why, sizeof quiet->why, format, arguments);
    va_end(arguments);
    quiet->since_ms = cdr_kafka_clock_ms();
}

static void measure(struct quiet *quiet, int64_t latency_ms)
{
    if (latency_ms > quiet->worst_ms)
        quiet->worst_ms = latency_ms;
}

/* --- the brokers that are watched --- */

static struct watched *watch(struct quiet *quiet, int32_t id)
{
    for (size_t i = 0; i < quiet->count; i++)
        if (quiet->brokers[i].id == id)
            return &quiet->brokers[i];
    struct watched *more = realloc(quiet->brokers, (quiet->count + 1) * sizeof *more);
    if (more == NULL)
        return NULL;
    quiet->brokers = more;
    more[quiet->count] = (struct watched){.id = id};
    return &more[quiet->count++];
}

static bool note_broker(struct quiet *quiet, int32_t id, bool leads)
{
    if (id < 0)
        return true;
    struct watched *broker = watch(quiet, id);
    if (broker == NULL)
        return false;
    broker->leads |= leads;
    broker->in_sync = true;
    return true;
}

static bool note_partition(struct quiet *quiet, uint32_t log,
                           const rd_kafka_metadata_partition_t *partition)
{
    bool noted = note_broker(quiet, partition->leader, true);
    for (int i = 0; i < partition->isr_cnt && noted; i++)
        noted = note_broker(quiet, partition->isrs[i], false);
    if (quiet->looked && quiet->leaders[log] != partition->leader)
        begin_again(quiet, "the leader of %s[%u] changed", cdr_kafka_topic_of(quiet->sink, log),
                    log % quiet->sink->setup.partitions);
    quiet->leaders[log] = partition->leader;
    return noted;
}

/* Which brokers have to do with the logs of a topic. */
static bool look_at_topic(struct quiet *quiet, unsigned type)
{
    const struct cdr_sink_setup *setup = &quiet->sink->setup;
    rd_kafka_resp_err_t code;
    const struct rd_kafka_metadata *metadata = cdr_kafka_ask_metadata(
        quiet->asker, quiet->sink->topics[type].name, quiet->slice_ms, &code);
    if (metadata == NULL)
        return false;
    bool good = true;
    const rd_kafka_metadata_topic_t *topic = &metadata->topics[0];
    for (int i = 0; i < topic->partition_cnt && good; i++) {
        uint32_t partition = (uint32_t)topic->partitions[i].id;
        if (partition < setup->partitions && cdr_kafka_mine(setup, partition))
            good =
                note_partition(quiet, type * setup->partitions + partition, &topic->partitions[i]);
    }
    rd_kafka_metadata_destroy(metadata);
    return good;
}

/* False where nobody says; then it stays as it was. */
static bool look(struct quiet *quiet)
{
    struct watched *before = malloc(quiet->count * sizeof *before + 1);
    if (before == NULL)
        return false;
    const size_t count = quiet->count;
    if (count > 0)
        memcpy(before, quiet->brokers, count * sizeof *before);
    for (size_t i = 0; i < count; i++)
        quiet->brokers[i].leads = quiet->brokers[i].in_sync = false;
    bool good = true;
    for (unsigned type = 0; type < quiet->sink->setup.topics->n && good; type++)
        good = quiet->sink->topics[type].left_out || look_at_topic(quiet, type);
    for (size_t i = 0; i < count && !good; i++) {
        quiet->brokers[i].leads |= before[i].leads;
        quiet->brokers[i].in_sync |= before[i].in_sync;
    }
    quiet->looked |= good;
    free(before);
    return good;
}

/* --- do they answer --- */

/* Any question will do, and so does a refusal. */
static enum cdr_result ask(struct quiet *quiet, struct watched *broker, const char *topic,
                           struct cdr_error *error)
{
    struct cdr_kafka_admin call;
    enum cdr_result result = cdr_kafka_admin_begin(
        &call, quiet->asker, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, PROBE_MS, error);
    if (result == CDR_OK) {
        rd_kafka_ConfigResource_t *resource =
            rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
        rd_kafka_AdminOptions_set_broker(call.options, broker->id, NULL, 0);
        rd_kafka_AdminOptions_set_opaque(call.options, (void *)(intptr_t)broker->id);
        rd_kafka_DescribeConfigs(quiet->asker->rk, &resource, 1, call.options, quiet->answers);
        rd_kafka_ConfigResource_destroy(resource);
        broker->asked = true;
        if (broker->silent_since_ms == 0)
            broker->silent_since_ms = cdr_kafka_clock_ms();
    }
    cdr_kafka_admin_end(&call, NULL);
    return result;
}

static const char *some_topic(const struct cdr_kafka_sink *sink)
{
    for (uint32_t i = 0; i < sink->setup.topics->n; i++)
        if (!sink->topics[i].left_out)
            return sink->topics[i].name;
    return NULL;
}

static enum cdr_result ask_all(struct quiet *quiet, struct cdr_error *error)
{
    const char *topic = some_topic(quiet->sink);
    enum cdr_result result = CDR_OK;
    for (size_t i = 0; i < quiet->count && result == CDR_OK; i++)
        if (quiet->brokers[i].in_sync && !quiet->brokers[i].asked)
            result = ask(quiet, &quiet->brokers[i], topic, error);
    return result;
}

/* The broker's codes are answers, librdkafka's own are none, but for what the broker said it cannot
 * do. */
static bool is_answer(rd_kafka_resp_err_t code)
{
    return code >= RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE;
}

static void hear(struct quiet *quiet, rd_kafka_event_t *event)
{
    const int32_t id = (int32_t)(intptr_t)rd_kafka_event_opaque(event);
    for (size_t i = 0; i < quiet->count; i++) {
        struct watched *broker = &quiet->brokers[i];
        if (broker->id != id)
            continue;
        broker->asked = false;
        if (!is_answer(rd_kafka_event_error(event)) || broker->silent_since_ms == 0)
            continue;
        int64_t latency_ms = cdr_kafka_clock_ms() - broker->silent_since_ms;
        if (broker->answered || latency_ms > PROMPT_MS) /* else it includes the connecting */
            measure(quiet, latency_ms);
        broker->answered = true;
        broker->hidden = false;
        broker->silent_since_ms = 0;
    }
}

static void hear_all(struct quiet *quiet)
{
    const int64_t until_ms = cdr_kafka_clock_ms() + CHECK_MS;
    for (;;) {
        int64_t left_ms = until_ms - cdr_kafka_clock_ms();
        rd_kafka_event_t *event =
            rd_kafka_queue_poll(quiet->answers, left_ms > 0 ? (int)left_ms : 0);
        if (event == NULL && left_ms <= 0)
            return;
        if (event == NULL)
            continue;
        hear(quiet, event);
        rd_kafka_event_destroy(event);
    }
}

/* Whether each broker that counts has answered what it was asked last. */
static bool judge_brokers(struct quiet *quiet)
{
    const int64_t now_ms = cdr_kafka_clock_ms();
    bool all = true;
    for (size_t i = 0; i < quiet->count; i++) {
        struct watched *broker = &quiet->brokers[i];
        int64_t silent_ms = broker->silent_since_ms == 0 ? 0 : now_ms - broker->silent_since_ms;
        if (!broker->in_sync) { /* any more: it holds nothing back */
            if (silent_ms > PROMPT_MS)
                measure(quiet, silent_ms);
            broker->silent_since_ms = 0;
            broker->answered = broker->hidden = false;
            continue;
        }
        broker->hidden |=
            !broker->leads && !broker->answered && silent_ms > quiet->sink->waits.hidden_ms;
        if (broker->hidden)
            continue;
        all = all && silent_ms == 0 && broker->answered;
        if (silent_ms > PROMPT_MS)
            begin_again(quiet, "broker %" PRId32 ", which %s, does not answer", broker->id,
                        broker->leads ? "leads partitions of the topics"
                                      : "holds replicas of the topics that are in sync");
    }
    return all;
}

/* --- where the logs end --- */

static enum cdr_result ask_ends(struct quiet *quiet, int64_t *ends, struct cdr_error *error)
{
    const size_t size = quiet->sink->log_count * sizeof *ends;
    const int64_t patience_ms = quiet->timeout_ms > SILENT_MS ? quiet->timeout_ms : SILENT_MS;
    if (quiet->ends_asked_ms == 0)
        quiet->ends_asked_ms = cdr_kafka_clock_ms();
    enum cdr_result result =
        cdr_kafka_end_offsets(quiet->asker, quiet->sink, ends, quiet->slice_ms, error);
    const int64_t waited_ms = cdr_kafka_clock_ms() - quiet->ends_asked_ms;
    if (result == CDR_E_KAFKA && waited_ms < patience_ms) {
        begin_again(quiet, "%.250s", error->text);
        if (quiet->slice_ms < SLICE_MAX_MS)
            quiet->slice_ms *= 2;
        return CDR_E_AGAIN;
    }
    if (result != CDR_OK)
        return result;
    quiet->ends_asked_ms = 0;
    if (quiet->checks > 0 || waited_ms > PROMPT_MS)
        measure(quiet, waited_ms);
    if (quiet->checks++ > 0 && memcmp(quiet->before, ends, size) != 0)
        begin_again(quiet, "the topics still grow: end the program that writes to them");
    memcpy(quiet->before, ends, size);
    return CDR_OK;
}

/* CDR_OK: the ends are the last; CDR_E_AGAIN: not yet. */
static enum cdr_result check(struct quiet *quiet, int64_t *ends, struct cdr_error *error)
{
    const struct cdr_kafka_waits *waits = &quiet->sink->waits;
    const bool looked = look(quiet);
    enum cdr_result asked = ask_all(quiet, error);
    if (asked != CDR_OK)
        return asked;
    enum cdr_result result = ask_ends(quiet, ends, error);
    if (result != CDR_OK && result != CDR_E_AGAIN)
        return result;
    hear_all(quiet);
    const bool answered = judge_brokers(quiet);
    const int64_t now_ms = cdr_kafka_clock_ms();
    if (result == CDR_OK && looked && answered && quiet->checks > 1 &&
        now_ms - quiet->since_ms >= quiet_ms(quiet))
        return CDR_OK;
    const atomic_int *stop = quiet->sink->setup.stop;
    if (stop != NULL && atomic_load(stop) != 0)
        return cdr_fail(error, CDR_E_INTERRUPTED,
                        "interrupted while waiting for the topics' ends to stand still; go on with "
                        "--resume");
    if (now_ms - quiet->begun_ms > waits->quiet_max_ms + waits->quiet_ms)
        return cdr_fail(error, CDR_E_STATE,
                        "after %" PRId64 " s, records of the run before may still be on their way: "
                        "%s; nothing was written: run again once that is over",
                        (now_ms - quiet->begun_ms) / 1000,
                        quiet->why[0] != '\0' ? quiet->why : "the brokers answer too slowly");
    return CDR_E_AGAIN;
}

enum cdr_result cdr_kafka_resume_ends(struct cdr_kafka_client *asker,
                                      const struct cdr_kafka_sink *sink, int64_t *ends,
                                      int timeout_ms, struct cdr_error *error)
{
    struct quiet quiet = {
        .asker = asker,
        .sink = sink,
        .leaders = malloc(sink->log_count * sizeof *quiet.leaders),
        .before = malloc(sink->log_count * sizeof *quiet.before),
        .begun_ms = cdr_kafka_clock_ms(),
        .since_ms = cdr_kafka_clock_ms(),
        .timeout_ms = timeout_ms,
        .slice_ms = SLICE_MS,
    };
    enum cdr_result result = some_topic(sink) != NULL ? CDR_E_AGAIN : CDR_OK;
    if (quiet.leaders == NULL || quiet.before == NULL)
        result =
            cdr_fail(error, CDR_E_NOMEM, "no memory for the offsets of %u logs", sink->log_count);
    else
        quiet.answers = rd_kafka_queue_new(asker->rk);
    while (result == CDR_E_AGAIN)
        result = check(&quiet, ends, error);
    if (quiet.answers != NULL)
        rd_kafka_queue_destroy(quiet.answers);
    free(quiet.leaders);
    free(quiet.before);
    free(quiet.brokers);
    return result;
}
