/* Transactions: what consumers with isolation.level=read_committed see comes in whole batches, and
 * how far each log is, is committed with the records that bring it there.
 *
 * The transactional id is cdrgen-<dataset id>-<shard>: a run that opens it shuts an older one out.
 * Progress is in the group cdrgen-tx-<dataset id>: per partition, the position of the log's next
 * record as the offset, and the dataset's id as metadata. Positions, not offsets of records, since
 * each commit and abort puts a control record into every partition that the transaction touched,
 * and aborted records keep their offsets. The sink counts both into the log's base, so delivery
 * reports are compared as without transactions.
 *
 * The gate: writers hold it for reading while they produce; who commits or aborts holds it for
 * writing. A commit becomes due by time or number of records; writers then answer CDR_E_AGAIN, and
 * the next thread that serves reports commits.
 *
 * Aborts on demand, to test consumers: the first records of a transaction are sent once more
 * before, in a transaction of their own that is aborted. */
#include "base/hash.h"
#include "sink/kafka_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SLICE_MS = 1000, ABORT_MS = 5000, ASK_MS = 30000, AGAIN_MS = 50 };

static int64_t patience_ms(const struct cdr_kafka_sink *sink)
{
    return sink->properties.stall_ms > 0 ? sink->properties.stall_ms : INT64_MAX / 2;
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

/* Takes reason over. CDR_E_AGAIN: the same call may be made again. */
static enum cdr_result judge(struct cdr_kafka_sink *sink, const char *what,
                             rd_kafka_error_t *reason)
{
    if (reason == NULL)
        return CDR_OK;
    enum cdr_result result = CDR_E_KAFKA;
    const rd_kafka_resp_err_t code = rd_kafka_error_code(reason);
    if (rd_kafka_error_is_retriable(reason) ||
        (is_passing(code) && !rd_kafka_error_txn_requires_abort(reason) &&
         !rd_kafka_error_is_fatal(reason))) {
        result = CDR_E_AGAIN;
        nanosleep(&(struct timespec){.tv_nsec = AGAIN_MS * 1000000}, NULL);
    } else if (code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
               code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH) {
        cdr_kafka_fail(sink, CDR_E_KAFKA,
                       "another run of this dataset and shard has taken the transactional id %s "
                       "over; what was committed stays",
                       sink->transactions.id);
    } else if (code == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED) {
        cdr_kafka_fail(sink, CDR_E_STATE,
                       "not authorised to %s: the user that the client logs in as lacks the "
                       "operations Describe and Write on the transactional id %s",
                       what, sink->transactions.id);
    } else if (code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED) {
        cdr_kafka_fail(sink, CDR_E_STATE,
                       "not authorised to %s: the user that the client logs in as lacks the "
                       "operation Read on the group %s",
                       what, sink->transactions.group);
    } else if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
               strstr(rd_kafka_error_string(reason), "Topic authorization failed") != NULL) {
        cdr_kafka_fail(sink, CDR_E_STATE,
                       "not authorised to %s: the user that the client logs in as lacks the "
                       "operation Read on the topics",
                       what);
    } else {
        bool anew = rd_kafka_error_txn_requires_abort(reason);
        cdr_kafka_fail(sink, anew ? CDR_E_PRODUCER : CDR_E_KAFKA, "cannot %s: %s", what,
                       rd_kafka_error_string(reason));
    }
    rd_kafka_error_destroy(reason);
    return result;
}

/* --- positions --- */

static enum cdr_result send_positions(struct cdr_kafka_sink *sink, int timeout_ms)
{
    rd_kafka_topic_partition_list_t *list = cdr_kafka_list_logs(sink);
    for (int i = 0; i < list->cnt; i++)
        cdr_kafka_sign(sink, &list->elems[i],
                       (int64_t)sink->logs[cdr_kafka_log_of(sink, &list->elems[i])].end);
    rd_kafka_consumer_group_metadata_t *group =
        rd_kafka_consumer_group_metadata_new(sink->transactions.group);
    rd_kafka_error_t *reason =
        rd_kafka_send_offsets_to_transaction(sink->client.rk, list, group, timeout_ms);
    rd_kafka_consumer_group_metadata_destroy(group);
    rd_kafka_topic_partition_list_destroy(list);
    return judge(sink, "commit the positions of the logs", reason);
}

/* Positions of a log without one, and of another dataset's, are 0 and not known. */
static enum cdr_result read_positions(struct cdr_kafka_sink *sink, struct cdr_kafka_client *asker,
                                      struct cdr_error *error)
{
    rd_kafka_topic_partition_list_t *list = cdr_kafka_list_logs(sink);
    rd_kafka_resp_err_t code =
        list->cnt > 0 ? rd_kafka_committed(asker->rk, list, ASK_MS) : RD_KAFKA_RESP_ERR_NO_ERROR;
    enum cdr_result result = CDR_OK;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        result = cdr_fail(error, CDR_E_KAFKA, "cannot read the positions in the group %s: %s",
                          sink->transactions.group, rd_kafka_err2str(code));
    for (int i = 0; i < list->cnt && result == CDR_OK; i++) {
        const rd_kafka_topic_partition_t *entry = &list->elems[i];
        struct cdr_kafka_log *log = &sink->logs[cdr_kafka_log_of(sink, entry)];
        log->known = cdr_kafka_is_ours(sink, entry);
        log->start = log->known ? (uint64_t)entry->offset : 0;
    }
    rd_kafka_topic_partition_list_destroy(list);
    return result;
}

/* What lies behind a position, even behind 0, was aborted. */
static enum cdr_result set_bases(struct cdr_kafka_sink *sink, const int64_t *ends,
                                 struct cdr_error *error)
{
    for (uint32_t log = 0; log < sink->log_count; log++) {
        struct cdr_kafka_log *state = &sink->logs[log];
        if (cdr_kafka_topic_of(sink, log) == NULL ||
            !cdr_kafka_mine(&sink->setup, log % sink->setup.partitions))
            continue;
        if (ends[log] < (int64_t)state->start || (ends[log] > 0 && !state->known))
            return cdr_fail(error, CDR_E_STATE,
                            "%s[%u] ends at offset %" PRId64 ", and %" PRIu64
                            " records of this dataset were committed to it with --transactions: "
                            "it was not written by such a run alone, or was created anew",
                            cdr_kafka_topic_of(sink, log), log % sink->setup.partitions, ends[log],
                            state->start);
        state->base = ends[log] - (int64_t)state->start;
        atomic_store(&state->end, state->start);
    }
    return CDR_OK;
}

/* The producer that shut the old one out is open: nothing lands any more but its abort marker. */
static enum cdr_result find_positions(struct cdr_kafka_sink *sink, struct cdr_error *error)
{
    struct cdr_kafka_client asker = {0};
    int64_t *ends = calloc(sink->log_count, sizeof *ends);
    if (ends == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for the offsets of %u logs",
                        sink->log_count);
    enum cdr_result result = cdr_kafka_client_open(&asker, RD_KAFKA_CONSUMER, &sink->properties,
                                                   NULL, sink->transactions.group, error);
    if (result == CDR_OK)
        result = read_positions(sink, &asker, error);
    if (result == CDR_OK)
        result = cdr_kafka_resume_ends(&asker, sink, ends, ASK_MS, error);
    if (result == CDR_OK)
        result = set_bases(sink, ends, error);
    cdr_kafka_client_close(&asker);
    free(ends);
    return result;
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
    return atomic_load_explicit(&sink->failed, memory_order_acquire);
}

/* All reports are in. */
static void commit(struct cdr_kafka_sink *sink)
{
    const int64_t give_up_ms = cdr_kafka_clock_ms() + patience_ms(sink);
    enum cdr_result result;
    do
        result = send_positions(sink, SLICE_MS * 10);
    while (result == CDR_E_AGAIN && !failed(sink) && cdr_kafka_clock_ms() < give_up_ms);
    while (result == CDR_OK || result == CDR_E_AGAIN) {
        result = judge(sink, "commit a transaction",
                       rd_kafka_commit_transaction(sink->client.rk, SLICE_MS * 10));
        if (result != CDR_E_AGAIN || cdr_kafka_clock_ms() >= give_up_ms)
            break;
    }
    if (result == CDR_E_AGAIN)
        cdr_kafka_fail(sink, CDR_E_AWAY,
                       "a transaction could not be committed for %" PRId64
                       " ms (delivery.timeout.ms); what was committed before stays",
                       patience_ms(sink));
    if (result != CDR_OK)
        return;
    for (uint32_t log = 0; log < sink->log_count; log++) {
        cdr_counters_make_durable(sink->counters, log, sink->logs[log].uncommitted);
        sink->logs[log].uncommitted = 0;
        sink->logs[log].committed = atomic_load(&sink->logs[log].end);
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

enum cdr_result cdr_kafka_transactions_open(struct cdr_kafka_sink *sink, bool resume,
                                            struct cdr_error *error)
{
    enum cdr_result result;
    const int64_t give_up_ms = cdr_kafka_clock_ms() + ASK_MS;
    do
        result = judge(sink, "open transactions",
                       rd_kafka_init_transactions(sink->client.rk, SLICE_MS * 5));
    while (result == CDR_E_AGAIN && cdr_kafka_clock_ms() < give_up_ms);
    if (result == CDR_E_AGAIN)
        return cdr_fail(error, CDR_E_KAFKA, "no broker opened the transactional id %s within %d s",
                        sink->transactions.id, ASK_MS / 1000);
    if (result == CDR_OK && resume)
        result = find_positions(sink, error);
    if (result != CDR_OK && !failed(sink))
        return result;
    /* A topic may have been created anew: positions of an earlier one must not outlive it. And a
     * run that ends before its first commit must leave some. */
    if (result == CDR_OK && begin(sink) == CDR_OK)
        commit(sink);
    if (failed(sink))
        return cdr_fail(error, sink->failure_code, "%s", sink->failure.text);
    return CDR_OK;
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
    return failed(sink) ? sink->failure_code : CDR_OK;
}

void cdr_kafka_transactions_close(struct cdr_kafka_sink *sink)
{
    if (!sink->transactions.begun)
        return;
    rd_kafka_error_t *reason = rd_kafka_abort_transaction(sink->client.rk, ABORT_MS);
    if (reason != NULL) /* the broker will, when transaction.timeout.ms is over */
        rd_kafka_error_destroy(reason);
    sink->transactions.begun = false;
}
