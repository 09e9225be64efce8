/* Records out, delivery reports in.
 *
 * Out: a slab's records go to one explicit partition with rd_kafka_produceva() and are not copied;
 * the slab's opaque is the slab itself. slab->sink_private[0] counts its users: the caller
 * (1) and each record under way.
 *
 * In: one thread at a time serves librdkafka's queue (take_turn), so reports need no lock of their
 * own, and those of a log come in the order of the log. slab->sink_private[1] is the record that
 * the next report of the slab should be about; the payload's address says whether it is.
 *
 * Offsets: each report's must be base + position. An idempotent producer that retries a batch which
 * the broker has already forgotten to have seen gets "duplicate" as an answer, a success without an
 * offset; librdkafka then reports that batch with -1, 0, 1, 2 and so on: it counts on from the
 * answer's -1 (or from -1001 where there was none). So after a negative offset, offsets that count
 * on from it are unknown too (false_offset). They can never equal the expected one: record k of a
 * batch gets at most k - 1, and its place in the log is at least k.
 */
#include "encode/headers.h"
#include "model/fault.h"
#include "sink/kafka/internal.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PENDING = 0, NEXT = 1 }; /* of sink_private */

enum { ENDS_PATIENCE_MS = 10000, STALL_CHECK_MS = 500, NOT_WAITING = 0 /* of quiet_since_ms */ };

static struct cdr_kafka_sink *kafka_of(struct cdr_sink *sink)
{
    return (struct cdr_kafka_sink *)sink;
}

/* --- failures --- */

void cdr_kafka_fail(struct cdr_kafka_sink *sink, enum cdr_result code, const char *format, ...)
{
    struct cdr_error error;
    va_list arguments;
    va_start(arguments, format);
    cdr_vfail(&error, code, format, arguments);
    va_end(arguments);
    cdr_failure_keep(&sink->failure, code, &error);
}

/* What the reason means, where that is not what it says. */
static const char *meaning(rd_kafka_resp_err_t code)
{
    if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
        return "; the client's user lacks the operation Write on the topic";
    if (code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED)
        return "; the client's user lacks the operation Write on the topics, or IdempotentWrite on "
               "the cluster";
    return "";
}

/* These errors come from the broker's state for this producer id; a new producer recovers. With
 * transactions, another run or the broker may also have shut this one out: the next one learns
 * which. */
static enum cdr_result result_of(rd_kafka_resp_err_t code)
{
    switch (code) {
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
    case RD_KAFKA_RESP_ERR_INVALID_TXN_STATE:
    case RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER:
    case RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER:
    case RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
    case RD_KAFKA_RESP_ERR__INCONSISTENT:
        return CDR_E_PRODUCER;
    default:
        return CDR_E_KAFKA;
    }
}

/* --- slabs --- */

static void release(struct cdr_kafka_sink *sink, struct cdr_slab *slab, uint64_t shares)
{
    if (__atomic_sub_fetch(&slab->sink_private[PENDING], shares, __ATOMIC_ACQ_REL) > 0)
        return;
    cdr_slab_give(sink->pool, slab);
    atomic_fetch_sub_explicit(&sink->slabs_out, 1, memory_order_relaxed);
}

enum cdr_result cdr_kafka_take_slab(struct cdr_sink *base, unsigned worker, struct cdr_slab **slab,
                                    struct cdr_error *error)
{
    struct cdr_kafka_sink *sink = kafka_of(base);
    enum cdr_result result = cdr_slab_take(sink->pool, worker, slab, error);
    if (result == CDR_OK) {
        (*slab)->sink_private[PENDING] = 1;
        atomic_fetch_add_explicit(&sink->slabs_out, 1, memory_order_relaxed);
    }
    return result;
}

void cdr_kafka_give_slab(struct cdr_sink *base, unsigned worker, struct cdr_slab *slab)
{
    (void)worker;
    release(kafka_of(base), slab, 1);
}

static uint32_t start_of(const struct cdr_slab *slab, uint32_t record)
{
    return record == 0 ? 0 : slab->ends[record - 1];
}

/* --- reports --- */

static void end_run(struct cdr_kafka_sink *sink)
{
    struct cdr_kafka_run *run = &sink->run;
    if (run->slab == NULL)
        return;
    struct cdr_slab *slab = run->slab;
    slab->sink_private[NEXT] = run->index;
    if (!sink->transactions.on)
        cdr_counters_make_durable(sink->counters, slab->log, run->durable);
    else if (!sink->transactions.aborting)
        run->log->uncommitted += run->durable; /* until the commit */
    uint64_t reported = atomic_load_explicit(&run->log->reported, memory_order_relaxed);
    atomic_store_explicit(&run->log->reported, reported + run->durable + run->failed,
                          memory_order_relaxed);
    if (run->failed == 0 && run->log->unknown == 0 && !run->log->stamped &&
        cdr_failure_code(&sink->failure) == CDR_OK)
        atomic_store_explicit(&run->log->good, slab->position + run->index, memory_order_release);
    cdr_kafka_watch_remember(sink);
    run->slab = NULL;
    release(sink, slab, run->durable + run->failed);
}

static void start_run(struct cdr_kafka_sink *sink, struct cdr_slab *slab)
{
    end_run(sink);
    struct cdr_kafka_log *log = &sink->logs[slab->log];
    sink->run = (struct cdr_kafka_run){
        .slab = slab,
        .log = log,
        .offset = log->base + (int64_t)slab->position,
        .index = (uint32_t)slab->sink_private[NEXT],
    };
}

/* The record whose payload starts there, where reports do not come in order. */
static uint32_t find_record(const struct cdr_slab *slab, const uint8_t *payload)
{
    uint32_t start = (uint32_t)(payload - slab->bytes);
    uint32_t low = 0, high = slab->n - 1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (slab->ends[middle] <= start)
            low = middle + 1;
        else
            high = middle;
    }
    assert(start_of(slab, low) == start);
    return low;
}

static bool is_tombstone(const struct cdr_kafka_sink *sink, const struct cdr_slab *slab,
                         uint32_t record)
{
    const struct cdr_topic *topic = cdr_sink_topic(&sink->setup, slab->log);
    if (cdr_has_mark(slab, record, CDR_MARK_NO_VALUE))
        return true;
    return topic->table && slab->ends[record] - start_of(slab, record) ==
                               topic->encoder->frame_len + topic->encoder->trailer_len;
}

/* The next one from record on: without a payload, nothing says which it is, but the order. Where
 * that does not hold (after a failure), it may be another, which then changes no more than the
 * words. */
static uint32_t find_tombstone(const struct cdr_kafka_sink *sink, const struct cdr_slab *slab,
                               uint32_t record)
{
    while (record < slab->n && !is_tombstone(sink, slab, record))
        record++;
    return record < slab->n ? record : slab->n - 1;
}

static void on_lost(struct cdr_kafka_sink *sink, const rd_kafka_message_t *message,
                    int64_t expected)
{
    bool consequence = message->err == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
                       message->err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT ||
                       message->err == RD_KAFKA_RESP_ERR__FATAL;
    if (consequence && sink->transactions.on)
        atomic_store(&sink->transactions.broken, true);
    if (consequence && (sink->transactions.on || sink->fatal[0] != '\0'))
        return;
    uint32_t log = sink->run.slab->log;
    if (cdr_kafka_is_absence(message->err)) {
        cdr_kafka_on_deleted(sink, log, message->err);
        return;
    }
    bool maybe = rd_kafka_message_status(message) != RD_KAFKA_MSG_STATUS_NOT_PERSISTED;
    char safe[80] = "the records before it are safe";
    if (sink->transactions.on)
        snprintf(safe, sizeof safe, "the first %" PRIu64 " records of the log are committed",
                 sink->logs[log].committed);
    cdr_kafka_fail(sink, result_of(message->err),
                   "%s[%u]: the record at offset %" PRId64 " was not delivered%s: %s%s; %s",
                   cdr_kafka_topic_of(sink, log), log % sink->setup.partitions, expected,
                   maybe ? " for certain" : "", rd_kafka_err2str(message->err),
                   meaning(message->err), safe);
}

static void on_other_offset(struct cdr_kafka_sink *sink, int64_t expected, int64_t found)
{
    struct cdr_kafka_log *log = sink->run.log;
    if (found < 0 || found == log->false_offset) {
        log->false_offset = found + 1;
        log->unknown++;
        return;
    }
    uint32_t number = sink->run.slab->log;
    /* A broker that restarts may write a commit's control record twice. What was committed says
     * where the logs are, whichever producer wrote between. */
    if (sink->transactions.on && found > expected) {
        cdr_kafka_fail(sink, CDR_E_PRODUCER,
                       "%s[%u]: a record that belongs at offset %" PRId64 " was stored at %" PRId64
                       ": a control record came twice, or another producer writes to the partition",
                       cdr_kafka_topic_of(sink, number), number % sink->setup.partitions, expected,
                       found);
        return;
    }
    /* Where one is too low, what is before it is not known either. */
    char rest[80] = "";
    if (found > expected)
        snprintf(rest, sizeof rest,
                 "; the first %" PRId64 " records of the log are where they belong",
                 expected - log->base - (int64_t)log->unknown);
    cdr_kafka_fail(
        sink, CDR_E_DIFFERENT,
        "%s[%u]: a record that belongs at offset %" PRId64 " was stored at %" PRId64 ": %s%s",
        cdr_kafka_topic_of(sink, number), number % sink->setup.partitions, expected, found,
        found > expected ? "another producer writes to the partition, or records came twice"
                         : "records were lost, or the topic was deleted and created again",
        rest);
}

void cdr_kafka_on_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    struct cdr_kafka_sink *sink = ((struct cdr_kafka_client *)opaque)->owner;
    struct cdr_kafka_run *run = &sink->run;
    struct cdr_slab *slab = message->_private;
    if (slab != run->slab)
        start_run(sink, slab);
    uint32_t record = run->index;
    if (__builtin_expect(message->payload == NULL, 0))
        record = find_tombstone(sink, slab, record);
    else if (__builtin_expect(
                 record >= slab->n || message->payload != slab->bytes + start_of(slab, record), 0))
        record = find_record(slab, message->payload);
    run->index = record + 1;
    int64_t expected = run->offset + record;
    if (__builtin_expect(message->err != RD_KAFKA_RESP_ERR_NO_ERROR, 0)) {
        run->failed++;
        on_lost(sink, message, expected);
        return;
    }
    if (run->durable++ == 0)
        run->first = record;
    rd_kafka_timestamp_type_t kind;
    int64_t stamp_ms = rd_kafka_message_timestamp(message, &kind);
    if (__builtin_expect(kind != RD_KAFKA_TIMESTAMP_CREATE_TIME || run->log->stamped, 0))
        cdr_kafka_on_stamp(sink, kind == RD_KAFKA_TIMESTAMP_CREATE_TIME ? -1 : stamp_ms,
                           slab->event_ms[record], expected);
    if (__builtin_expect(message->offset != expected, 0)) {
        on_other_offset(sink, expected, message->offset);
        return;
    }
    run->log->unknown = 0;
    run->log->false_offset = -1;
}

/* --- turns --- */

/* One thread serves; another waits up to wait_ms for its turn to end, and gets no turn itself. */
static bool take_turn(struct cdr_kafka_sink *sink, int wait_ms)
{
    pthread_mutex_lock(&sink->lock);
    bool mine = !sink->serving;
    if (mine) {
        sink->serving = true;
    } else if (wait_ms > 0) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += wait_ms / 1000;
        until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_nsec -= 1000000000;
            until.tv_sec++;
        }
        uint64_t turn = sink->turns;
        while (sink->turns == turn &&
               pthread_cond_timedwait(&sink->turn_over, &sink->lock, &until) == 0)
            continue;
    }
    pthread_mutex_unlock(&sink->lock);
    return mine;
}

/* A log that has records under way but none reported for stall_ms. */
static void check_stall(struct cdr_kafka_sink *sink)
{
    int64_t now_ms = cdr_kafka_clock_ms();
    if (now_ms - sink->stall_check_ms < STALL_CHECK_MS)
        return;
    sink->stall_check_ms = now_ms;
    for (uint32_t log = 0; log < sink->log_count; log++) {
        struct cdr_kafka_log *state = &sink->logs[log];
        uint64_t reported = atomic_load_explicit(&state->reported, memory_order_relaxed);
        uint64_t waiting = atomic_load_explicit(&state->accepted, memory_order_relaxed) - reported;
        if (waiting == 0) {
            state->quiet_since_ms = NOT_WAITING;
        } else if (state->quiet_since_ms == NOT_WAITING || reported != state->reported_before) {
            state->reported_before = reported;
            state->quiet_since_ms = now_ms;
        } else if (sink->waits.stall_ms > 0 &&
                   now_ms - state->quiet_since_ms >= sink->waits.stall_ms) {
            char trouble[400];
            cdr_kafka_trouble(&sink->client, trouble, sizeof trouble);
            cdr_kafka_fail(sink, CDR_E_AWAY,
                           "%s[%u]: no record was acknowledged for %" PRId64 " ms (%s), %" PRIu64
                           " are under way%s%s; the first %" PRIu64 " records of the log are %s",
                           cdr_kafka_topic_of(sink, log), log % sink->setup.partitions,
                           sink->waits.stall_ms, sink->waits.stall_name, waiting,
                           trouble[0] != '\0' ? ", and the last trouble was " : "", trouble,
                           sink->transactions.on ? state->committed : state->start + reported,
                           sink->transactions.on ? "committed" : "safe");
        }
    }
}

uint64_t cdr_kafka_under_way(const struct cdr_kafka_sink *sink)
{
    uint64_t sum = 0;
    for (uint32_t log = 0; log < sink->log_count; log++)
        sum += atomic_load_explicit(&sink->logs[log].accepted, memory_order_relaxed) -
               atomic_load_explicit(&sink->logs[log].reported, memory_order_relaxed);
    return sum;
}

void cdr_kafka_on_fatal(void *owner, rd_kafka_resp_err_t code, const char *reason)
{
    struct cdr_kafka_sink *sink = owner;
    if (sink->fatal[0] != '\0')
        return;
    snprintf(sink->fatal, sizeof sink->fatal, "%s", reason);
    sink->fatal_code = code;
}

/* The report of the record that made librdkafka stop says more, and comes right after. */
static void settle_fatal(struct cdr_kafka_sink *sink)
{
    if (sink->fatal[0] == '\0')
        return;
    for (int i = 0; i < 10 && cdr_failure_code(&sink->failure) == CDR_OK; i++)
        rd_kafka_poll(sink->client.rk, 20);
    cdr_kafka_fail(sink, result_of(sink->fatal_code), "the Kafka client cannot go on: %s%s",
                   sink->fatal, meaning(sink->fatal_code));
}

/* A transaction that cannot be committed any more gives up all its records. The report of the
 * record that caused it may come after others', or never: then librdkafka has the reason. */
static void settle_broken(struct cdr_kafka_sink *sink)
{
    if (!atomic_load(&sink->transactions.broken))
        return;
    for (int i = 0; i < 10 && cdr_failure_code(&sink->failure) == CDR_OK; i++)
        rd_kafka_poll(sink->client.rk, 20);
    if (cdr_failure_code(&sink->failure) == CDR_OK)
        cdr_kafka_transactions_explain(sink);
}

static void end_turn(struct cdr_kafka_sink *sink)
{
    settle_fatal(sink);
    settle_broken(sink);
    end_run(sink);
    cdr_kafka_end_stamps(sink);
    check_stall(sink);
    cdr_kafka_standstill_tick(sink);
    if (sink->transactions.on) {
        if (atomic_load(&sink->transactions.due)) { /* without waiting for batches to fill */
            rd_kafka_flush(sink->client.rk, 100);
            end_run(sink);
        }
        cdr_kafka_transactions_tick(sink);
    }
    pthread_mutex_lock(&sink->lock);
    sink->serving = false;
    sink->turns++;
    pthread_cond_broadcast(&sink->turn_over);
    pthread_mutex_unlock(&sink->lock);
}

enum cdr_result cdr_kafka_poll(struct cdr_sink *base, int timeout_ms, struct cdr_error *error)
{
    struct cdr_kafka_sink *sink = kafka_of(base);
    if (take_turn(sink, timeout_ms)) {
        rd_kafka_poll(sink->client.rk, timeout_ms);
        end_turn(sink);
    }
    return cdr_failure_get(&sink->failure, error);
}

/* --- writing --- */

static enum cdr_result refused(struct cdr_kafka_sink *sink, const struct cdr_slab *slab,
                               uint32_t record, rd_kafka_error_t *reason, struct cdr_error *error)
{
    rd_kafka_resp_err_t code = rd_kafka_error_code(reason);
    /* Why librdkafka stopped is for its callbacks to say: poll hears it. */
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL ||
        rd_kafka_fatal_error(sink->client.rk, NULL, 0) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        rd_kafka_error_destroy(reason);
        return CDR_E_AGAIN;
    }
    if (sink->transactions.on && code == RD_KAFKA_RESP_ERR__STATE) {
        atomic_store(&sink->transactions.broken, true);
        rd_kafka_error_destroy(reason);
        return CDR_E_AGAIN;
    }
    if (cdr_kafka_is_absence(code))
        cdr_kafka_on_deleted(sink, slab->log, code);
    else
        cdr_kafka_fail(sink, CDR_E_KAFKA,
                       "%s[%u]: record %" PRIu64 " of %u bytes was refused: %s%s",
                       cdr_kafka_topic_of(sink, slab->log), slab->log % sink->setup.partitions,
                       slab->position + record, slab->ends[record] - start_of(slab, record),
                       rd_kafka_error_string(reason), meaning(code));
    rd_kafka_error_destroy(reason);
    return cdr_failure_get(&sink->failure, error);
}

/* Of a message, in the order in which librdkafka is told. Headers may follow. */
enum { VALUE, KEY, TIMESTAMP, TOPIC, PARTITION, OPAQUE, FLAGS, FIELDS, HEADERS = FIELDS };

/* What all records of a slab have in common. */
static void set_fields(const struct cdr_kafka_sink *sink, struct cdr_slab *slab,
                       rd_kafka_vu_t fields[FIELDS])
{
    fields[VALUE].vtype = RD_KAFKA_VTYPE_VALUE;
    fields[KEY].vtype = RD_KAFKA_VTYPE_KEY;
    fields[TIMESTAMP].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
    fields[TOPIC].vtype = RD_KAFKA_VTYPE_RKT;
    fields[TOPIC].u.rkt = sink->topics[slab->log / sink->setup.partitions].handle;
    fields[PARTITION].vtype = RD_KAFKA_VTYPE_PARTITION;
    fields[PARTITION].u.i32 = (int32_t)(slab->log % sink->setup.partitions);
    fields[OPAQUE].vtype = RD_KAFKA_VTYPE_OPAQUE;
    fields[OPAQUE].u.ptr = slab;
    fields[FLAGS].vtype = RD_KAFKA_VTYPE_MSGFLAGS; /* neither copied nor freed */
    fields[FLAGS].u.i = 0;
}

static inline void set_value(const struct cdr_kafka_sink *sink, const struct cdr_slab *slab,
                             uint32_t record, uint32_t start, uint32_t trailer_len,
                             rd_kafka_vu_t *field)
{
    const bool tombstone = is_tombstone(sink, slab, record);
    field->u.mem.ptr = tombstone ? NULL : slab->bytes + start;
    field->u.mem.size = tombstone || cdr_has_mark(slab, record, CDR_MARK_EMPTY)
                            ? 0
                            : slab->ends[record] - start - trailer_len;
}

static enum cdr_result produce_plain(struct cdr_kafka_sink *sink, struct cdr_slab *slab,
                                     uint32_t *next, uint32_t end, uint32_t trailer_len,
                                     struct cdr_error *error)
{
    rd_kafka_vu_t fields[FIELDS];
    set_fields(sink, slab, fields);
    uint32_t start = start_of(slab, *next);
    for (; *next < end; (*next)++) {
        uint32_t record = *next;
        set_value(sink, slab, record, start, trailer_len, &fields[VALUE]);
        fields[KEY].u.mem.ptr =
            cdr_has_mark(slab, record, CDR_MARK_NO_KEY) ? NULL : slab->keys[record];
        fields[KEY].u.mem.size = slab->key_lens[record];
        fields[TIMESTAMP].u.i64 = slab->event_ms[record];
        rd_kafka_error_t *reason = rd_kafka_produceva(sink->client.rk, fields, FIELDS);
        if (__builtin_expect(reason != NULL, 0))
            return refused(sink, slab, record, reason, error);
        start = slab->ends[record];
    }
    return CDR_OK;
}

/* Key and headers of a record; how many fields it has then. The headers are the caller's until the
 * record is taken: those that librdkafka makes itself it frees twice when the partition is gone
 * (2.0.2). */
static size_t set_envelope(const struct cdr_envelope *envelope, const struct cdr_slab *slab,
                           uint32_t record, rd_kafka_vu_t *fields)
{
    fields[KEY].u.mem.ptr = slab->keys[record];
    fields[KEY].u.mem.size = slab->key_lens[record];
    if (envelope->key_bytes_max > 0) {
        uint32_t from = cdr_column_start(&slab->wire_keys, record);
        fields[KEY].u.mem.ptr = slab->wire_keys.bytes + from;
        fields[KEY].u.mem.size = slab->wire_keys.ends[record] - from;
    }
    if (cdr_has_mark(slab, record, CDR_MARK_NO_KEY)) {
        fields[KEY].u.mem.ptr = NULL;
        fields[KEY].u.mem.size = 0;
    }
    const uint32_t fault =
        envelope->fault_header && slab->marks != NULL ? slab->marks[record] >> CDR_MARK_BITS : 0;
    if (envelope->header_count == 0 && slab->ids == NULL && fault == 0)
        return FIELDS;
    rd_kafka_headers_t *headers = rd_kafka_headers_new(envelope->header_count + 2);
    const uint8_t *at = NULL;
    if (envelope->header_count > 0)
        at = slab->headers.bytes + cdr_column_start(&slab->headers, record);
    for (uint32_t i = 0; i < envelope->header_count; i++) {
        uint32_t size = cdr_header_take(&at);
        rd_kafka_header_add(headers, envelope->header_names[i], -1, at, (ssize_t)size);
        at += size;
    }
    if (slab->ids != NULL) {
        char id[CDR_ID_TEXT_LEN];
        cdr_id_text(slab->ids[record], id);
        rd_kafka_header_add(headers, CDR_ID_HEADER, -1, id, CDR_ID_TEXT_LEN);
    }
    if (fault != 0) {
        char text[CDR_FAULT_TEXT_MAX];
        cdr_fault_entry_text(fault, text);
        rd_kafka_header_add(headers, CDR_FAULT_HEADER, -1, text, -1);
    }
    fields[HEADERS].vtype = RD_KAFKA_VTYPE_HEADERS;
    fields[HEADERS].u.headers = headers;
    return FIELDS + 1;
}

/* With keys of a schema, or headers. */
static enum cdr_result produce_enveloped(struct cdr_kafka_sink *sink, struct cdr_slab *slab,
                                         uint32_t *next, uint32_t end, uint32_t trailer_len,
                                         struct cdr_error *error)
{
    const struct cdr_envelope *envelope = &cdr_sink_topic(&sink->setup, slab->log)->envelope;
    rd_kafka_vu_t fields[FIELDS + 1];
    set_fields(sink, slab, fields);
    uint32_t start = start_of(slab, *next);
    for (; *next < end; (*next)++) {
        uint32_t record = *next;
        size_t count = set_envelope(envelope, slab, record, fields);
        set_value(sink, slab, record, start, trailer_len, &fields[VALUE]);
        fields[TIMESTAMP].u.i64 = slab->event_ms[record];
        rd_kafka_error_t *reason = rd_kafka_produceva(sink->client.rk, fields, count);
        if (__builtin_expect(reason != NULL, 0)) {
            if (count > FIELDS)
                rd_kafka_headers_destroy(fields[HEADERS].u.headers);
            return refused(sink, slab, record, reason, error);
        }
        start = slab->ends[record];
    }
    return CDR_OK;
}

static enum cdr_result produce(struct cdr_kafka_sink *sink, struct cdr_slab *slab, uint32_t *next,
                               uint32_t end, struct cdr_error *error)
{
    const struct cdr_topic *topic = cdr_sink_topic(&sink->setup, slab->log);
    const struct cdr_envelope *envelope = &topic->envelope;
    const uint32_t trailer_len = topic->encoder->trailer_len;
    const bool plain = envelope->key_bytes_max == 0 && envelope->header_count == 0 &&
                       !envelope->fault_header && slab->ids == NULL;
    return plain ? produce_plain(sink, slab, next, end, trailer_len, error)
                 : produce_enveloped(sink, slab, next, end, trailer_len, error);
}

/* sign −1 takes an acceptance back: the counters wrap as they should. */
static void count_accepted(struct cdr_kafka_sink *sink, const struct cdr_slab *slab, uint32_t from,
                           uint32_t to, int sign)
{
    const struct cdr_encoder *encoder = cdr_sink_topic(&sink->setup, slab->log)->encoder;
    uint64_t records = to - from, bytes = cdr_payload_bytes(encoder, slab, from, to);
    _Atomic uint64_t *accepted = &sink->logs[slab->log].accepted;
    uint64_t before =
        atomic_load_explicit(accepted, memory_order_relaxed); /* a log has one writer */
    atomic_store_explicit(accepted, sign > 0 ? before + records : before - records,
                          memory_order_relaxed);
    cdr_counters_accept(sink->counters, slab->log, sign > 0 ? records : 0 - records,
                        sign > 0 ? bytes : 0 - bytes);
}

enum cdr_result cdr_kafka_write(struct cdr_sink *base, unsigned worker, struct cdr_slab *slab,
                                uint32_t end, uint32_t *taken, struct cdr_error *error)
{
    (void)worker;
    struct cdr_kafka_sink *sink = kafka_of(base);
    assert(*taken <= end && end <= slab->n && slab->log < sink->log_count);
    enum cdr_result result = cdr_failure_get(&sink->failure, error);
    if (result != CDR_OK)
        return result;
    /* Reports are cheapest to serve where the records were just made: in this thread, while their
     * memory is warm. */
    if (take_turn(sink, 0)) {
        rd_kafka_poll(sink->client.rk, 0);
        end_turn(sink);
    }
    if (sink->transactions.on) {
        result = cdr_kafka_transactions_enter(sink, slab, *taken, end, error);
        if (result != CDR_OK)
            return result;
    }
    uint32_t first = *taken;
    /* Counted before the first can be reported; corrected where not all are taken. */
    __atomic_fetch_add(&slab->sink_private[PENDING], end - first, __ATOMIC_RELAXED);
    count_accepted(sink, slab, first, end, 1);
    result = produce(sink, slab, taken, end, error);
    if (*taken < end) {
        count_accepted(sink, slab, *taken, end, -1);
        release(sink, slab, end - *taken);
    }
    atomic_store_explicit(&sink->logs[slab->log].end, slab->position + *taken,
                          memory_order_relaxed);
    if (sink->transactions.on)
        cdr_kafka_transactions_leave(sink, slab->log, *taken - first);
    return result;
}

/* --- the end --- */

/* The proof: every log ends where it must. It also settles records whose offset is unknown. *early:
 * an end is too low, which a new leader that does not know yet what its predecessor acknowledged
 * may mend. */
static enum cdr_result check_ends(struct cdr_kafka_sink *sink, int timeout_ms, bool *early,
                                  struct cdr_error *error)
{
    *early = false;
    int64_t *ends = calloc(sink->log_count, sizeof *ends);
    if (ends == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for the offsets of %u logs",
                        sink->log_count);
    enum cdr_result result = cdr_kafka_end_offsets(&sink->client, sink, ends, timeout_ms, error);
    *early = result == CDR_E_KAFKA;
    for (uint32_t log = 0; log < sink->log_count && result == CDR_OK; log++) {
        if (!cdr_kafka_mine(&sink->setup, log % sink->setup.partitions))
            continue;
        int64_t expected = sink->logs[log].base + (int64_t)atomic_load(&sink->logs[log].end);
        *early = ends[log] < expected;
        /* More than expected with transactions: see on_other_offset. */
        if (ends[log] != expected)
            result = cdr_fail(
                error, sink->transactions.on && !*early ? CDR_E_PRODUCER : CDR_E_DIFFERENT,
                "%s[%u] ends at offset %" PRId64 " and must end at %" PRId64 ": %s",
                cdr_kafka_topic_of(sink, log), log % sink->setup.partitions, ends[log], expected,
                *early ? "records that were acknowledged are lost, or the topic was deleted and "
                         "created "
                         "again"
                       : "another producer writes to it, or records came twice");
    }
    free(ends);
    return result;
}

/* CDR_OK when everything accepted has been reported. In slices, so that a stall is noticed in time.
 */
static enum cdr_result drain(struct cdr_kafka_sink *sink, int64_t deadline_ms,
                             struct cdr_error *error)
{
    for (;;) {
        int64_t left_ms = deadline_ms - cdr_kafka_clock_ms();
        int slice_ms = left_ms <= 0 ? 0 : left_ms > 500 ? 500 : (int)left_ms;
        if (take_turn(sink, slice_ms)) {
            rd_kafka_flush(sink->client.rk, slice_ms);
            end_turn(sink);
        }
        enum cdr_result result = cdr_failure_get(&sink->failure, error);
        if (result != CDR_OK || cdr_kafka_under_way(sink) == 0)
            return result;
        if (left_ms <= 0)
            return CDR_E_AGAIN;
    }
}

/* Brokers that do not answer get as long as with records; an end that is too low, only as long as a
 * new leader may not know yet what its predecessor acknowledged. */
static int64_t ends_patience_ms(const struct cdr_kafka_sink *sink, enum cdr_result result)
{
    int64_t stall_ms = sink->waits.stall_ms > 0 ? sink->waits.stall_ms : INT64_MAX / 2;
    return result != CDR_E_KAFKA || stall_ms < ENDS_PATIENCE_MS ? ENDS_PATIENCE_MS : stall_ms;
}

enum cdr_result cdr_kafka_flush(struct cdr_sink *base, int timeout_ms, struct cdr_error *error)
{
    struct cdr_kafka_sink *sink = kafka_of(base);
    int64_t deadline_ms = cdr_kafka_clock_ms() + timeout_ms;
    enum cdr_result result = drain(sink, deadline_ms, error);
    if (result == CDR_OK && sink->transactions.on && cdr_kafka_transactions_end(sink) != CDR_OK)
        result = cdr_failure_get(&sink->failure, error);
    if (result != CDR_OK)
        return result;
    if (sink->ends_asked_ms == 0)
        sink->ends_asked_ms = cdr_kafka_clock_ms();
    for (;;) {
        int64_t now_ms = cdr_kafka_clock_ms();
        struct cdr_error difference = {0};
        bool early;
        result = check_ends(sink, deadline_ms - now_ms > 1000 ? (int)(deadline_ms - now_ms) : 1000,
                            &early, &difference);
        if (result == CDR_OK)
            break;
        if (!early || now_ms - sink->ends_asked_ms >= ends_patience_ms(sink, result)) {
            cdr_kafka_fail(sink, result, "%s", difference.text);
            return cdr_failure_get(&sink->failure, error);
        }
        if (now_ms >= deadline_ms)
            return CDR_E_AGAIN;
        nanosleep(&(struct timespec){.tv_nsec = 100 * 1000000}, NULL);
    }
    int64_t left_ms = deadline_ms - cdr_kafka_clock_ms();
    result = cdr_kafka_watch_settle(sink, left_ms > 1000 ? (int)left_ms : 1000);
    if (result != CDR_OK)
        return result == CDR_E_AGAIN ? result : cdr_failure_get(&sink->failure, error);
    sink->ends_asked_ms = 0;
    return CDR_OK;
}

enum cdr_result cdr_kafka_send_extra(struct cdr_kafka_sink *sink, struct cdr_slab *slab,
                                     uint32_t from, uint32_t end, uint32_t *sent,
                                     struct cdr_error *error)
{
    _Atomic uint64_t *accepted = &sink->logs[slab->log].accepted;
    uint32_t next = from;
    __atomic_fetch_add(&slab->sink_private[PENDING], end - from, __ATOMIC_RELAXED);
    atomic_fetch_add(accepted, end - from);
    enum cdr_result result = produce(sink, slab, &next, end, error);
    *sent = next - from;
    if (next < end) {
        atomic_fetch_sub(accepted, end - next);
        release(sink, slab, end - next);
    }
    do {
        enum cdr_result drained = drain(sink, cdr_kafka_clock_ms() + 1000, error);
        result = drained == CDR_OK || drained == CDR_E_AGAIN ? result : drained;
    } while (cdr_kafka_under_way(sink) > 0 && cdr_failure_get(&sink->failure, NULL) == CDR_OK);
    slab->sink_private[NEXT] = from;
    return result == CDR_E_AGAIN ? CDR_OK : result; /* some of them will do */
}

void cdr_kafka_discard(struct cdr_kafka_sink *sink, int timeout_ms)
{
    cdr_kafka_fail(sink, CDR_E_KAFKA,
                   "the sink was closed while %" PRIu64 " records were under way",
                   cdr_kafka_under_way(sink));
    rd_kafka_purge(sink->client.rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    int64_t deadline_ms = cdr_kafka_clock_ms() + timeout_ms;
    while (cdr_kafka_under_way(sink) > 0 && cdr_kafka_clock_ms() < deadline_ms)
        if (take_turn(sink, 100)) {
            rd_kafka_poll(sink->client.rk, 100);
            end_turn(sink);
        }
}
