/* Transactions: what consumers with isolation.level=read_committed see comes in whole batches, and
 * how far each log is, is committed with the records that bring it there (progress.c). A run
 * that opens shuts an older one out (takeover.c).
 *
 * The sink counts control records and aborted records into the log's base, so delivery reports are
 * compared as without transactions. A record that is found at a later offset than it must be has
 * another producer's before it, or a control record that a broker wrote twice: a new producer
 * opens, looks which, and goes on or does not.
 *
 * The gate: writers hold it for reading while they produce; a commit or abort holds it for
 * writing. A commit becomes due by time or number of records; writers then answer CDR_E_AGAIN, and
 * the next thread that serves reports commits.
 *
 * Aborts on demand, to test consumers: the first records of a transaction are sent once more
 * before, in a transaction of their own that is aborted. */
#include "base/hash.h"
#include "kafka/aside.h"
#include "sink/kafka/internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SLICE_MS = 1000, ABORT_MS = 5000, AGAIN_MS = 50 };
/* Of transaction.timeout.ms: the least that librdkafka takes, the most that brokers do
 * (transaction.max.timeout.ms) unless told otherwise, and what a commit may take after the run's
 * patience with records. */
enum { TIMEOUT_MIN_MS = 1000, TIMEOUT_MAX_MS = 900000, TIMEOUT_MARGIN_MS = 30000 };

static int64_t patience_ms(const struct cdr_kafka_sink *sink)
{
    return sink->waits.stall_ms > 0 ? sink->waits.stall_ms : INT64_MAX / 2;
}

/* librdkafka would let a request take as long as a transaction, and a broker that is gone keep it
 * for as long. */
static enum cdr_result set_timeout(struct cdr_kafka_sink *sink,
                                   const struct cdr_sink_settings *settings,
                                   struct cdr_error *error)
{
    char text[32];
    const int64_t timeout_ms = sink->transactions.timeout_ms;
    const int64_t request_ms = cdr_kafka_property_number(&sink->properties, "socket.timeout.ms");
    snprintf(text, sizeof text, "%" PRId64, timeout_ms);
    enum cdr_result result =
        cdr_kafka_property_set(&sink->properties, "transaction.timeout.ms", text, error);
    if (result == CDR_OK &&
        (!cdr_kafka_is_given(&settings->kafka, "socket.timeout.ms") || request_ms > timeout_ms)) {
        snprintf(text, sizeof text, "%" PRId64, request_ms < timeout_ms ? request_ms : timeout_ms);
        result = cdr_kafka_property_set(&sink->properties, "socket.timeout.ms", text, error);
    }
    return result;
}

enum cdr_result cdr_kafka_transactions_prepare(struct cdr_kafka_sink *sink,
                                               const struct cdr_sink_settings *settings,
                                               struct cdr_error *error)
{
    struct cdr_kafka_properties *properties = &sink->properties;
    int64_t *timeout_ms = &sink->transactions.timeout_ms;
    *timeout_ms = sink->waits.stall_ms + settings->transaction_ms + TIMEOUT_MARGIN_MS;
    if (cdr_kafka_is_given(&settings->kafka, "transaction.timeout.ms"))
        *timeout_ms = cdr_kafka_property_number(properties, "transaction.timeout.ms");
    else if (sink->waits.stall_ms == 0 || *timeout_ms > TIMEOUT_MAX_MS)
        *timeout_ms = TIMEOUT_MAX_MS;
    if (settings->transaction_ms >= *timeout_ms)
        return cdr_fail(error, CDR_E_CONFIG,
                        "transaction_time: %u ms is not less than transaction.timeout.ms=%" PRId64
                        ", after which brokers abort a transaction",
                        settings->transaction_ms, *timeout_ms);
    enum cdr_result result =
        cdr_kafka_property_set(properties, "transactional.id", sink->transactions.id, error);
    if (result == CDR_OK)
        result = set_timeout(sink, settings, error);
    /* A batch that is refused aborts its transaction as a whole, so no gap is left. */
    if (result == CDR_OK)
        result = cdr_kafka_property_set(properties, "enable.gapless.guarantee", "false", error);
    return result;
}

bool cdr_kafka_transactions_shorten(struct cdr_kafka_sink *sink,
                                    const struct cdr_sink_settings *settings)
{
    const int64_t shorter_ms = sink->transactions.timeout_ms / 2;
    if (cdr_kafka_is_given(&settings->kafka, "transaction.timeout.ms") ||
        shorter_ms <= settings->transaction_ms || shorter_ms < TIMEOUT_MIN_MS)
        return false;
    sink->transactions.timeout_ms = shorter_ms;
    return set_timeout(sink, settings, NULL) == CDR_OK;
}

/* States of a coordinator or of the way to it, which pass. librdkafka flags most of them as
 * retriable, but not on every path. */
static bool is_passing(rd_kafka_resp_err_t code)
{
    switch (code) {
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS:
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
        return true;
    default:
        return false;
    }
}

static bool is_shut_out(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
           code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

static enum cdr_result lacking(const char *what, const char *operations, const char *of,
                               struct cdr_error *error)
{
    return cdr_fail(error, CDR_E_STATE,
                    "not authorised to %s: the user that the client logs in as lacks the "
                    "operation%s %s on %s",
                    what, strchr(operations, ' ') != NULL ? "s" : "", operations, of);
}

static enum cdr_result result_of(const struct cdr_kafka_sink *sink, const char *id,
                                 const char *what, rd_kafka_error_t *reason,
                                 struct cdr_error *error)
{
    const rd_kafka_resp_err_t code = rd_kafka_error_code(reason);
    const char *words = rd_kafka_error_string(reason);
    char of[CDR_KAFKA_ID_MAX + 30];
    if (rd_kafka_error_is_retriable(reason) ||
        (is_passing(code) && !rd_kafka_error_txn_requires_abort(reason) &&
         !rd_kafka_error_is_fatal(reason)))
        return CDR_E_AGAIN;
    if (is_shut_out(code))
        return cdr_fail(error, CDR_E_PRODUCER,
                        "the brokers shut the transactional id %s out: another run has taken "
                        "over, or a transaction was open for longer than transaction.timeout.ms; "
                        "what was committed stays",
                        id);
    if (code == RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT)
        return cdr_fail(error, CDR_E_CONFIG,
                        "the brokers refuse transaction.timeout.ms=%" PRId64
                        ": it is more than their transaction.max.timeout.ms; the least that a run "
                        "takes is more than --transaction-time",
                        sink->transactions.timeout_ms);
    if (code == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED) {
        snprintf(of, sizeof of, "the transactional id %s", id);
        return lacking(what, "Describe and Write", of, error);
    }
    if (code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED) {
        snprintf(of, sizeof of, "the group %s", sink->transactions.group);
        return lacking(what, "Read", of, error);
    }
    if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
        strstr(words, "Topic authorization failed") != NULL)
        return lacking(what, "Read", "the topics", error);
    /* The next open, or close, checks whether a topic was deleted. */
    const bool again = rd_kafka_error_txn_requires_abort(reason) || cdr_kafka_is_absence(code);
    return cdr_fail(error, again ? CDR_E_PRODUCER : CDR_E_KAFKA, "cannot %s: %s", what, words);
}

enum cdr_result cdr_kafka_transaction_result(const struct cdr_kafka_sink *sink, const char *id,
                                             const char *what, rd_kafka_error_t *reason,
                                             struct cdr_error *error)
{
    if (reason == NULL)
        return CDR_OK;
    enum cdr_result result = result_of(sink, id, what, reason, error);
    rd_kafka_error_destroy(reason);
    if (result == CDR_E_AGAIN)
        nanosleep(&(struct timespec){.tv_nsec = AGAIN_MS * 1000000}, NULL);
    return result;
}

/* As above, of the sink's own id: anything but CDR_E_AGAIN is the end of the sink. */
static enum cdr_result judge(struct cdr_kafka_sink *sink, const char *what,
                             rd_kafka_error_t *reason)
{
    struct cdr_error error = {0};
    enum cdr_result result =
        cdr_kafka_transaction_result(sink, sink->transactions.id, what, reason, &error);
    if (result == CDR_E_STATE && sink->transactions.opened)
        result = CDR_E_KAFKA;
    if (result != CDR_OK && result != CDR_E_AGAIN)
        cdr_kafka_fail(sink, result, "%s", error.text);
    return result;
}

/* The offset after the last record of the log, once the open transaction is committed. */
static int64_t after(const struct cdr_kafka_log *log)
{
    return log->touched ? log->base + (int64_t)atomic_load(&log->end) : log->after;
}

void cdr_kafka_begin_form(struct cdr_kafka_sink *sink)
{
    for (uint32_t log = 0; log < sink->log_count; log++) {
        sink->logs[log].form[0] = '\0';
        if (!sink->logs[log].doubted)
            cdr_topic_form(sink->setup.topics, log / sink->setup.partitions, sink->logs[log].form);
    }
}

static enum cdr_result send_positions(struct cdr_kafka_sink *sink, int64_t give_up_ms)
{
    rd_kafka_topic_partition_list_t *list = cdr_kafka_list_logs(sink);
    for (int i = 0; i < list->cnt; i++) {
        const uint32_t number = cdr_kafka_log_of(sink, &list->elems[i]);
        const struct cdr_kafka_log *log = &sink->logs[number];
        struct cdr_kafka_progress progress = {
            .position = atomic_load(&log->end), .begin = log->begin, .after = after(log)};
        memcpy(progress.id, sink->transactions.id, sizeof progress.id);
        memcpy(progress.token, sink->transactions.token, sizeof progress.token);
        if (!cdr_kafka_stamps(sink, number / sink->setup.partitions))
            memcpy(progress.form, log->form, sizeof progress.form);
        memcpy(progress.mark, log->mark, sizeof progress.mark);
        cdr_kafka_progress_sign(&list->elems[i], sink->setup.dataset_id, &progress);
    }
    rd_kafka_error_t *reason = cdr_kafka_send_offsets(&sink->client, list, sink->transactions.group,
                                                      sink->waits.commit_ms, give_up_ms);
    rd_kafka_topic_partition_list_destroy(list);
    return judge(sink, "commit the positions of the logs", reason);
}

/* --- begin, commit, abort: with the gate held for writing, or alone --- */

static enum cdr_result begin(struct cdr_kafka_sink *sink)
{
    enum cdr_result result =
        judge(sink, "begin a transaction", rd_kafka_begin_transaction(sink->client.rk));
    if (result != CDR_OK)
        return CDR_E_AGAIN;
    sink->transactions.begun = true;
    sink->transactions.begun_ms = cdr_kafka_clock_ms();
    sink->transactions.number++;
    return CDR_OK;
}

/* The control record of a commit or abort, in every partition that the transaction touched. */
static void count_markers(struct cdr_kafka_sink *sink)
{
    for (uint32_t log = 0; log < sink->log_count; log++)
        if (sink->logs[log].touched) {
            sink->logs[log].touched = false;
            sink->logs[log].base++;
        }
}

static bool failed(const struct cdr_kafka_sink *sink)
{
    return cdr_failure_code(&sink->failure) != CDR_OK;
}

/* Records without their positions are not committed. */
static void fail_undecided(struct cdr_kafka_sink *sink, bool sent)
{
    cdr_kafka_fail(sink, CDR_E_AWAY,
                   "a transaction could not be committed for %" PRId64
                   " ms (%s)%s%s%s; what was committed before stays, and --resume goes on "
                   "after it",
                   patience_ms(sink), sink->waits.stall_name,
                   sent ? "" : ": the coordinator of the group ",
                   sent ? "" : sink->transactions.group,
                   sent ? "" : " did not take the positions of the logs");
}

/* All reports are in. */
static void commit(struct cdr_kafka_sink *sink)
{
    const int64_t give_up_ms = cdr_kafka_clock_ms() + patience_ms(sink);
    enum cdr_result result;
    do
        result = send_positions(sink, give_up_ms);
    while (result == CDR_E_AGAIN && !failed(sink) && cdr_kafka_clock_ms() < give_up_ms);
    const bool sent = result == CDR_OK;
    while (sent) {
        result = judge(sink, "commit a transaction",
                       rd_kafka_commit_transaction(sink->client.rk, SLICE_MS * 10));
        if (result != CDR_E_AGAIN || cdr_kafka_clock_ms() >= give_up_ms)
            break;
    }
    if (result == CDR_E_AGAIN)
        fail_undecided(sink, sent);
    if (result != CDR_OK)
        return;
    for (uint32_t log = 0; log < sink->log_count; log++) {
        cdr_counters_make_durable(sink->counters, log, sink->logs[log].uncommitted);
        sink->logs[log].uncommitted = 0;
        sink->logs[log].committed = atomic_load(&sink->logs[log].end);
        sink->logs[log].after = after(&sink->logs[log]);
    }
    count_markers(sink);
    sink->transactions.begun = false;
    atomic_store(&sink->transactions.records, 0);
    atomic_store(&sink->transactions.due, false);
}

static bool wants_abort(const struct cdr_kafka_sink *sink)
{
    double draw = (double)(cdr_mix(sink->transactions.number + 1) >> 11) / 9007199254740992.0;
    return draw < sink->transactions.abort_share;
}

/* Sends records [from, end) of slab in a transaction that is aborted. */
static enum cdr_result send_and_abort(struct cdr_kafka_sink *sink, struct cdr_slab *slab,
                                      uint32_t from, uint32_t end, struct cdr_error *error)
{
    struct cdr_kafka_log *log = &sink->logs[slab->log];
    sink->transactions.aborting = true;
    uint32_t sent = 0;
    enum cdr_result result = cdr_kafka_send_extra(sink, slab, from, end, &sent, error);
    log->touched = sent > 0;
    sink->transactions.aborting = false;
    const int64_t give_up_ms = cdr_kafka_clock_ms() + patience_ms(sink);
    enum cdr_result ended;
    do
        ended = judge(sink, "abort a transaction",
                      rd_kafka_abort_transaction(sink->client.rk, SLICE_MS * 10));
    while (ended == CDR_E_AGAIN && cdr_kafka_clock_ms() < give_up_ms);
    if (ended == CDR_E_AGAIN)
        cdr_kafka_fail(sink, CDR_E_AWAY, "a transaction could not be aborted for %" PRId64 " ms",
                       patience_ms(sink));
    if (ended != CDR_OK)
        return CDR_E_AGAIN; /* and the next call says why */
    count_markers(sink);
    log->base += sent;
    log->aborted += sent;
    sink->transactions.begun = false;
    return result;
}

/* --- the sink's calls --- */

/* What stays is an offset of no meaning: to delete it could delete what another run has committed
 * meanwhile, whereas a transaction of this process's id fails then. */
void cdr_kafka_transactions_retract(struct cdr_kafka_sink *sink)
{
    rd_kafka_topic_partition_list_t *all = cdr_kafka_list_logs(sink);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(all->cnt);
    bool written = sink->client.rk == NULL || sink->transactions.begun;
    for (int i = 0; i < all->cnt; i++) {
        const struct cdr_kafka_log *log = &sink->logs[cdr_kafka_log_of(sink, &all->elems[i])];
        written |= atomic_load(&log->accepted) > 0;
        if (log->fresh)
            rd_kafka_topic_partition_list_add(list, all->elems[i].topic, all->elems[i].partition)
                ->offset = 0;
    }
    written |= sink->client.stuck;
    rd_kafka_error_t *reason = NULL;
    if (!written && list->cnt > 0) {
        reason = rd_kafka_begin_transaction(sink->client.rk);
        if (reason == NULL)
            reason =
                cdr_kafka_send_offsets(&sink->client, list, sink->transactions.group, ABORT_MS, 0);
        if (reason == NULL)
            reason = rd_kafka_commit_transaction(sink->client.rk, ABORT_MS);
    }
    if (reason != NULL) /* another run's claim by now, or one that a later run takes over */
        rd_kafka_error_destroy(reason);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_topic_partition_list_destroy(all);
}

enum cdr_result cdr_kafka_transactions_open(struct cdr_kafka_sink *sink,
                                            const struct cdr_sink_settings *settings,
                                            struct cdr_error *error)
{
    enum cdr_result result = cdr_kafka_take_over(sink, settings, error);
    if (result != CDR_OK) {
        cdr_kafka_transactions_retract(sink);
        return result;
    }
    if (settings->rehearsal != CDR_REHEARSAL_NONE)
        return CDR_OK;
    /* A topic may have been created again: positions of an earlier one must not outlive it. */
    if (begin(sink) == CDR_OK)
        commit(sink);
    sink->transactions.opened = true;
    result = cdr_failure_get(&sink->failure, error);
    if (result != CDR_E_PRODUCER || settings->reopened)
        return result;
    return cdr_fail(error, CDR_E_STATE, "%s; this run had not begun, and wrote nothing",
                    sink->failure.error.text);
}

enum cdr_result cdr_kafka_transactions_enter(struct cdr_kafka_sink *sink, struct cdr_slab *slab,
                                             uint32_t from, uint32_t end, struct cdr_error *error)
{
    struct cdr_kafka_transactions *state = &sink->transactions;
    if (atomic_load(&state->due) || pthread_rwlock_tryrdlock(&state->gate) != 0)
        return CDR_E_AGAIN;
    if (state->begun)
        return CDR_OK;
    pthread_rwlock_unlock(&state->gate);
    if (pthread_rwlock_trywrlock(&state->gate) != 0)
        return CDR_E_AGAIN;
    enum cdr_result result = CDR_OK;
    if (!state->begun && from < end) {
        result = begin(sink);
        if (result == CDR_OK && wants_abort(sink))
            result = send_and_abort(sink, slab, from, end, error);
        if (result == CDR_OK && !state->begun)
            result = begin(sink);
    }
    pthread_rwlock_unlock(&state->gate);
    return result == CDR_OK ? CDR_E_AGAIN : result; /* it comes again and finds the gate open */
}

/* A partition of which librdkafka took no record, its queue being full, gets no control record. */
void cdr_kafka_transactions_leave(struct cdr_kafka_sink *sink, uint32_t log, uint32_t records)
{
    struct cdr_kafka_transactions *state = &sink->transactions;
    sink->logs[log].touched |= records > 0;
    if (atomic_fetch_add(&state->records, records) + records >= state->records_max)
        atomic_store(&state->due, true);
    pthread_rwlock_unlock(&state->gate);
}

/* In a state of error, every call answers with what led to it. */
void cdr_kafka_transactions_explain(struct cdr_kafka_sink *sink)
{
    rd_kafka_error_t *reason = rd_kafka_begin_transaction(sink->client.rk);
    if (judge(sink, "go on with a transaction", reason) == CDR_E_AGAIN || !failed(sink))
        cdr_kafka_fail(sink, CDR_E_PRODUCER, "librdkafka gave a transaction up");
}

/* In a turn. */
void cdr_kafka_transactions_tick(struct cdr_kafka_sink *sink)
{
    struct cdr_kafka_transactions *state = &sink->transactions;
    if (failed(sink) || atomic_load(&state->broken) || pthread_rwlock_trywrlock(&state->gate) != 0)
        return;
    bool late = state->begun && atomic_load(&state->records) > 0 &&
                cdr_kafka_clock_ms() - state->begun_ms >= state->interval_ms;
    if (late || atomic_load(&state->due))
        atomic_store(&state->due, true);
    /* Reports of what is under way come first; then it is due still. */
    if (atomic_load(&state->due) && cdr_kafka_under_way(sink) == 0)
        commit(sink);
    pthread_rwlock_unlock(&state->gate);
}

enum cdr_result cdr_kafka_transactions_end(struct cdr_kafka_sink *sink)
{
    pthread_rwlock_wrlock(&sink->transactions.gate);
    if (sink->transactions.begun)
        commit(sink);
    pthread_rwlock_unlock(&sink->transactions.gate);
    return cdr_failure_code(&sink->failure);
}

void cdr_kafka_transactions_close(struct cdr_kafka_sink *sink)
{
    if (!sink->transactions.begun || sink->client.stuck)
        return;
    rd_kafka_error_t *reason = rd_kafka_abort_transaction(sink->client.rk, ABORT_MS);
    if (reason != NULL) /* the broker will, when transaction.timeout.ms is over */
        rd_kafka_error_destroy(reason);
    sink->transactions.begun = false;
}
