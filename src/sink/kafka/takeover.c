/* How a process becomes the one that writes a dataset's logs in transactions, and where it goes on.
 *
 * Ownership. A log's owner is named by its progress (progress.c): a transactional id, and the
 * token of the process that last took over. The transactional ids of runs are
 * cdrgen-<dataset id>-<hash of the topics' names>-<shard>-of-<shards>, so the broker alone lets a
 * run shut out only one that has the same number of shards. A run that opens passes a door: one
 * transactional id for all runs of the dataset into these topics, without shard and shards:
 *
 *   1. initialise the door's id, which shuts out any run in the doorway
 *   2. read which ids own our logs, and initialise each: that process is shut out, and its open
 *      transaction has ended when this returns. Again, until a stable answer names nobody else
 *   3. initialise our own id
 *   4. commit, in a transaction of the door, that we own our logs; positions stay as they are
 *
 * If the door was taken meanwhile, step 4 fails, and all of it begins again after a random pause.
 *
 * Why two processes that share a log never both commit records to it: both committed ownership, in
 * transactions of one transactional id, say A before B. B's step 1 came after A's step 4: otherwise
 * one of the two steps 4 had failed. The broker answers step 1 only when the door's last
 * transaction is complete, so B reads in step 2 that A owns the log, or a later process that has
 * shut A out before, and initialises that id. From then on the broker takes neither records nor
 * commits of A. B produces its first record only after its step 4. So at any time only the process
 * that passed last can commit to the log. Initialising an id too often, as one does that was
 * suspended between 1 and 4, ends a transaction but never lets two go on: the one that was shut out
 * opens again, finds its token in the progress, and goes on; or finds another's, and ends (1a: it
 * looks before it shuts anybody out).
 *
 * Positions. When all others are shut out, no open transaction may hold the ends of the logs back.
 * From the offset after the last committed record on there must then be no record that a consumer
 * of committed records sees: whatever is there was written by another producer. Control records and
 * aborted records may be there, in any number. So a control record that a broker wrote twice is
 * told from a record of another producer.
 *
 * Positions that are gone. Kafka deletes what a group committed when nobody has used it for long
 * (offsets.retention.minutes), and people delete groups. Of a log without progress, the committed
 * records from its beginning on are counted; the run compares the last of them with the function.
 * A log that has no control record in between was written without transactions. The same where
 * nothing says that what is committed was committed for the topic that is there (marks.c).
 *
 * A rehearsal passes the door like a run and aborts the transaction of step 4, so that it leaves no
 * claim, however it ends. */
#include "base/hash.h"
#include "kafka/aside.h"
#include "kafka/reader.h"
#include "sink/kafka/internal.h"
#include "sink/kafka/open_transaction.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ASK_MS = 60000,
    SOON_MS = 2000,
    INIT_SLICE_MS = 5000,
    OPEN_MS = 120000,
    PAUSE_MS = 200,      /* the first pause is up to this long, */
    PAUSE_MAX_MS = 8000, /* later ones twice as long each, up to this */
    HELD_CHECK_MS = 200,
    SHORT_MS = 3000,
    WATCH_MS = 4000,
    WATCH_CHECK_MS = 200,
    HELD_MS = 90000 /* longer than brokers let a transaction of usual settings be open */
};

struct opening {
    struct cdr_kafka_sink *sink;
    const struct cdr_sink_settings *settings;
    struct cdr_kafka_client asker;  /* of the group; sees all that is stored */
    struct cdr_kafka_client reader; /* sees what is committed */
    struct cdr_kafka_client *door;
    struct cdr_kafka_progress *progress; /* per log */
    bool *known;                         /* per log: progress is this dataset's */
    char (*shut)[CDR_KAFKA_ID_MAX];      /* ids that were shut out, */
    uint32_t shut_count;                 /* so many, in a ring of as many as there are logs */
    int64_t *ends, *stable;              /* per log */
    bool *counted;                       /* per log: its position comes of counting */
    bool marks;                          /* the user may use their group */
};

static bool is_mine(const struct opening *opening, uint32_t log)
{
    const struct cdr_kafka_sink *sink = opening->sink;
    return cdr_kafka_mine(&sink->setup, log % sink->setup.partitions);
}

/* What is wrong with the topics: found at the start, or by a run that has written. */
static enum cdr_result wrong(const struct opening *opening)
{
    return opening->settings->reopened ? CDR_E_DIFFERENT : CDR_E_STATE;
}

/* What keeps the run from going on, though the topics are right. */
static enum cdr_result refused(const struct opening *opening)
{
    return opening->settings->reopened ? CDR_E_ENDED : CDR_E_STATE;
}

/* --- clients --- */

/* A client like the sink's but for one property. */
static enum cdr_result open_with(struct opening *opening, struct cdr_kafka_client *client,
                                 rd_kafka_type_t type, const char *name, const char *value,
                                 struct cdr_error *error)
{
    const struct cdr_kafka_role role = {
        .group_id = opening->sink->transactions.group, .property = name, .value = value};
    return cdr_kafka_client_open(client, type, &opening->sink->properties, &role, error);
}

/* Shuts out the process that holds the id, and waits until its transaction has ended. */
static enum cdr_result initialise(struct opening *opening, rd_kafka_t *rk, const char *id,
                                  struct cdr_error *error)
{
    const int64_t give_up_ms = cdr_kafka_clock_ms() + ASK_MS;
    enum cdr_result result;
    do
        result = cdr_kafka_transaction_result(opening->sink, id, "open transactions",
                                              rd_kafka_init_transactions(rk, INIT_SLICE_MS), error);
    while (result == CDR_E_AGAIN && cdr_kafka_clock_ms() < give_up_ms);
    if (result == CDR_E_AGAIN)
        return cdr_fail(error, CDR_E_KAFKA, "no broker opened the transactional id %s within %d s",
                        id, ASK_MS / 1000);
    return result;
}

static enum cdr_result shut_out(struct opening *opening, const char *id, struct cdr_error *error)
{
    struct cdr_kafka_client client = {0};
    enum cdr_result result =
        open_with(opening, &client, RD_KAFKA_PRODUCER, "transactional.id", id, error);
    if (result == CDR_OK)
        result = initialise(opening, client.rk, id, error);
    cdr_kafka_client_close(&client);
    return result;
}

/* --- through the door --- */

/* *stable: no transaction holds a commit of progress that is not decided. */
static enum cdr_result read_progress(struct opening *opening, bool *stable, struct cdr_error *error)
{
    struct cdr_kafka_sink *sink = opening->sink;
    rd_kafka_resp_err_t code =
        cdr_kafka_progress_ask(&opening->reader, sink, SOON_MS, opening->progress, opening->known);
    *stable = code == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (code == RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT || code == RD_KAFKA_RESP_ERR__TIMED_OUT)
        code = cdr_kafka_progress_ask(&opening->asker, sink, ASK_MS, opening->progress,
                                      opening->known);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return CDR_OK;
    if (code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
        return cdr_fail(error, CDR_E_STATE,
                        "not authorised to read the positions of the logs: the user that the "
                        "client logs in as lacks the operation Read on the group %s",
                        sink->transactions.group);
    return cdr_fail(error, CDR_E_KAFKA, "cannot read the positions in the group %s: %s",
                    sink->transactions.group, rd_kafka_err2str(code));
}

/* A process that was shut out does not shut out the one that took over. */
static enum cdr_result check_still_ours(const struct opening *opening, struct cdr_error *error)
{
    const struct cdr_kafka_sink *sink = opening->sink;
    for (uint32_t log = 0; log < sink->log_count && opening->settings->reopened; log++)
        if (opening->known[log] &&
            strcmp(opening->progress[log].token, sink->transactions.token) != 0)
            return cdr_fail(error, refused(opening),
                            "another run of this dataset has taken over %s[%u] (transactional id "
                            "%s); %s",
                            cdr_kafka_topic_of(sink, log), log % sink->setup.partitions,
                            opening->progress[log].id,
                            opening->settings->committed
                                ? "what this one committed stays"
                                : "nothing of this run was committed, and the other one goes on");
    return CDR_OK;
}

/* The process that shuts this one out takes a moment to say so. One that opened at once would shut
 * it out of the door, and the two would go on like that. */
static enum cdr_result watch(struct opening *opening, struct cdr_error *error)
{
    const int64_t end_ms = cdr_kafka_clock_ms() + WATCH_MS;
    enum cdr_result result = CDR_OK;
    while (result == CDR_OK && opening->settings->reopened && cdr_kafka_clock_ms() < end_ms) {
        rd_kafka_resp_err_t code = cdr_kafka_progress_ask(&opening->asker, opening->sink, SOON_MS,
                                                          opening->progress, opening->known);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
            result = check_still_ours(opening, error);
        usleep(WATCH_CHECK_MS * 1000);
    }
    return result;
}

static bool is_shut_out(const struct opening *opening, const char *id)
{
    for (uint32_t i = 0; i < opening->shut_count && i < opening->sink->log_count; i++)
        if (strcmp(opening->shut[i], id) == 0)
            return true;
    return false;
}

/* With a client of the id, or one that is made for it. */
static enum cdr_result shut_out_once(struct opening *opening, const char *id, rd_kafka_t *rk,
                                     bool *any, struct cdr_error *error)
{
    if (is_shut_out(opening, id))
        return CDR_OK;
    *any = true;
    enum cdr_result result =
        rk != NULL ? initialise(opening, rk, id, error) : shut_out(opening, id, error);
    snprintf(opening->shut[opening->shut_count++ % opening->sink->log_count], CDR_KAFKA_ID_MAX,
             "%s", id);
    return result;
}

/* Until a stable answer names no owner that is not shut out. */
static enum cdr_result shut_out_owners(struct opening *opening, struct cdr_error *error)
{
    struct cdr_kafka_sink *sink = opening->sink;
    const int64_t give_up_ms = cdr_kafka_clock_ms() + ASK_MS;
    opening->shut_count = 0;
    for (;;) {
        bool stable, any = false;
        enum cdr_result result = read_progress(opening, &stable, error);
        if (result == CDR_OK)
            result = check_still_ours(opening, error);
        for (uint32_t log = 0; log < sink->log_count && result == CDR_OK; log++)
            if (opening->known[log] &&
                strcmp(opening->progress[log].id, sink->transactions.id) != 0)
                result = shut_out_once(opening, opening->progress[log].id, NULL, &any, error);
        if (result == CDR_OK)
            result = shut_out_once(opening, sink->transactions.id, sink->client.rk, &any, error);
        if (result != CDR_OK || (stable && !any))
            return result;
        if (cdr_kafka_clock_ms() >= give_up_ms)
            return cdr_fail(error, CDR_E_KAFKA,
                            "the positions in the group %s are not decided after %d s",
                            sink->transactions.group, ASK_MS / 1000);
    }
}

/* A log without progress keeps being one that holds nothing of ours. What is there is not compared
 * yet, so its form stays what it was. */
static rd_kafka_topic_partition_list_t *claims(const struct opening *opening)
{
    struct cdr_kafka_sink *sink = opening->sink;
    rd_kafka_topic_partition_list_t *list = cdr_kafka_list_logs(sink);
    for (int i = 0; i < list->cnt; i++) {
        const uint32_t log = cdr_kafka_log_of(sink, &list->elems[i]);
        struct cdr_kafka_progress progress = {.begin = sink->logs[log].base,
                                              .after = sink->logs[log].base};
        sink->logs[log].fresh =
            !opening->known[log] && opening->settings->rehearsal == CDR_REHEARSAL_NONE;
        if (opening->known[log])
            progress = opening->progress[log];
        snprintf(progress.id, sizeof progress.id, "%s", sink->transactions.id);
        snprintf(progress.token, sizeof progress.token, "%s", sink->transactions.token);
        cdr_kafka_progress_sign(&list->elems[i], sink->setup.dataset_id, &progress);
    }
    return list;
}

/* With the door's transaction, commits what the list says to a group. */
static enum cdr_result send_offsets(struct opening *opening,
                                    const rd_kafka_topic_partition_list_t *list, const char *name,
                                    int64_t give_up_ms, struct cdr_error *error)
{
    const struct cdr_kafka_sink *sink = opening->sink;
    enum cdr_result result;
    do
        result = cdr_kafka_transaction_result(
            sink, sink->transactions.door, "commit the ownership of the logs",
            cdr_kafka_send_offsets(opening->door, list, name, INIT_SLICE_MS, give_up_ms), error);
    while (result == CDR_E_AGAIN && cdr_kafka_clock_ms() < give_up_ms);
    return result;
}

static enum cdr_result send_claims(struct opening *opening, int64_t give_up_ms,
                                   struct cdr_error *error)
{
    char group[CDR_KAFKA_GROUP_MAX];
    rd_kafka_topic_partition_list_t *list = claims(opening);
    enum cdr_result result =
        send_offsets(opening, list, opening->sink->transactions.group, give_up_ms, error);
    rd_kafka_topic_partition_list_destroy(list);
    if (result != CDR_OK || !opening->marks)
        return result;
    list = cdr_kafka_marks_sign(opening->sink, group);
    result = send_offsets(opening, list, group, give_up_ms, error);
    rd_kafka_topic_partition_list_destroy(list);
    return result;
}

static enum cdr_result claim(struct opening *opening, struct cdr_error *error)
{
    struct cdr_kafka_sink *sink = opening->sink;
    rd_kafka_t *rk = opening->door->rk;
    const char *id = sink->transactions.door;
    const bool rehearses = opening->settings->rehearsal != CDR_REHEARSAL_NONE;
    const int64_t give_up_ms = cdr_kafka_clock_ms() + ASK_MS;
    enum cdr_result result = cdr_kafka_transaction_result(sink, id, "begin a transaction",
                                                          rd_kafka_begin_transaction(rk), error);
    if (result == CDR_OK)
        result = send_claims(opening, give_up_ms, error);
    bool again = result == CDR_OK;
    while (again) {
        result =
            cdr_kafka_transaction_result(sink, id, "commit the ownership of the logs",
                                         rehearses ? rd_kafka_abort_transaction(rk, INIT_SLICE_MS)
                                                   : rd_kafka_commit_transaction(rk, INIT_SLICE_MS),
                                         error);
        again = result == CDR_E_AGAIN && cdr_kafka_clock_ms() < give_up_ms;
    }
    if (result == CDR_E_AGAIN)
        return cdr_fail(error, CDR_E_KAFKA,
                        "no broker committed the ownership of the logs within %d s (transactional "
                        "id %s)",
                        ASK_MS / 1000, id);
    return result;
}

static enum cdr_result find_marks(struct opening *opening, struct cdr_error *error)
{
    const rd_kafka_resp_err_t code = cdr_kafka_marks_ask(opening->sink, ASK_MS);
    if ((opening->marks = code == RD_KAFKA_RESP_ERR_NO_ERROR) || cdr_kafka_is_denied(code))
        return CDR_OK;
    return cdr_fail(error, CDR_E_KAFKA,
                    "cannot read the marks in the group " CDR_GROUP_MARKS "%s: %s",
                    opening->sink->setup.dataset_id, rd_kafka_err2str(code));
}

/* What is committed of the log was committed for the topic that is there. */
static bool is_marked(const struct opening *opening, uint32_t log)
{
    return opening->known[log] &&
           cdr_kafka_is_marked(&opening->progress[log], opening->sink->logs[log].mark);
}

/* Where an --append began is committed, and nothing else says it of a log without progress. With
 * --append, or where this process has opened before, it is known by now. */
static void find_bases(struct opening *opening)
{
    const struct cdr_sink_settings *settings = opening->settings;
    bool unknown = false;
    for (uint32_t log = 0; log < opening->sink->log_count; log++)
        unknown |= is_mine(opening, log) && !is_marked(opening, log);
    if (unknown && settings->resume && !settings->append && settings->begins == NULL)
        cdr_kafka_resume_bases(&opening->sink->watch.asker, opening->sink, ASK_MS);
}

/* CDR_E_PRODUCER: another run came through the door meanwhile. */
static enum cdr_result pass(struct opening *opening, struct cdr_error *error)
{
    struct cdr_kafka_sink *sink = opening->sink;
    opening->door = calloc(1, sizeof *opening->door);
    if (opening->door == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for a producer");
    enum cdr_result result = cdr_kafka_open_producer(sink, opening->settings, error);
    if (result == CDR_OK)
        result = open_with(opening, opening->door, RD_KAFKA_PRODUCER, "transactional.id",
                           sink->transactions.door, error);
    if (result == CDR_OK)
        result = initialise(opening, opening->door->rk, sink->transactions.door, error);
    if (result == CDR_OK)
        result = shut_out_owners(opening, error);
    if (result == CDR_OK)
        result = find_marks(opening, error);
    if (result == CDR_OK) {
        find_bases(opening);
        result = claim(opening, error);
    }
    cdr_kafka_client_close(opening->door);
    if (!opening->door->stuck)
        free(opening->door);
    if (result != CDR_OK)
        cdr_kafka_close_producer(sink);
    return result;
}

/* A topic that does not exist keeps every commit from coming through. Brokers that start, or were
 * just asked to create it, may not know it for a moment. */
static enum cdr_result check_topics(struct opening *opening, int64_t missing_since_ms[],
                                    struct cdr_error *error)
{
    const struct cdr_kafka_sink *sink = opening->sink;
    for (unsigned type = 0; type < sink->setup.topics->n; type++) {
        struct cdr_kafka_topic_state state;
        struct cdr_error ignored;
        int32_t broker = -1;
        if (cdr_kafka_look_at(&opening->asker, sink->topics[type].name, SOON_MS, &state, &broker,
                              &ignored) != CDR_OK)
            continue;
        const int64_t now_ms = cdr_kafka_clock_ms();
        if (state.exists)
            missing_since_ms[type] = 0;
        else if (missing_since_ms[type] == 0)
            missing_since_ms[type] = now_ms;
        else if (now_ms - missing_since_ms[type] >= SOON_MS)
            return cdr_fail(error, refused(opening),
                            "topic %s was deleted while the run opened its logs: --resume "
                            "--create-topics fills it again and leaves the other topics alone",
                            sink->topics[type].name);
    }
    return CDR_OK;
}

static enum cdr_result take_over(struct opening *opening, struct cdr_error *error)
{
    int64_t missing_since_ms[CDR_TOPICS_MAX] = {0};
    const int64_t give_up_ms = cdr_kafka_clock_ms() + OPEN_MS;
    uint32_t pause_ms = PAUSE_MS;
    enum cdr_result watched = watch(opening, error);
    if (watched != CDR_OK)
        return watched;
    for (;;) {
        enum cdr_result result = pass(opening, error);
        if (result == CDR_E_CONFIG &&
            cdr_kafka_transactions_shorten(opening->sink, opening->settings))
            continue;
        if (result == CDR_E_PRODUCER && check_topics(opening, missing_since_ms, error) != CDR_OK)
            return refused(opening);
        if (result != CDR_E_PRODUCER)
            return result;
        if (cdr_kafka_clock_ms() >= give_up_ms)
            return cdr_fail(error, refused(opening),
                            "other runs of this dataset keep opening its logs, for %d s by now "
                            "(transactional id %s)",
                            OPEN_MS / 1000, opening->sink->transactions.door);
        const uint64_t chance = cdr_mix(strtoull(opening->sink->transactions.token + 16, NULL, 16) +
                                        (uint64_t)cdr_kafka_clock_ms());
        usleep((PAUSE_MS + (useconds_t)(chance % pause_ms)) * 1000);
        pause_ms = pause_ms < PAUSE_MAX_MS ? 2 * pause_ms : PAUSE_MAX_MS;
    }
}

/* Instead of taking over: what is committed, and by whom. */
static enum cdr_result look(struct opening *opening, struct cdr_error *error)
{
    bool stable;
    enum cdr_result result = read_progress(opening, &stable, error);
    if (result == CDR_OK)
        result = find_marks(opening, error);
    if (result == CDR_OK)
        find_bases(opening);
    return result;
}

/* --- positions --- */

static enum cdr_result fail_held(const struct opening *opening, uint32_t log,
                                 struct cdr_error *error)
{
    const struct cdr_kafka_sink *sink = opening->sink;
    return cdr_fail(error, refused(opening),
                    "an open transaction of another producer holds %s[%u] at offset %" PRId64
                    ", and nobody sees committed records after it: end that producer and its "
                    "transaction, then resume; " CDR_OPEN_TRANSACTION_ADVICE,
                    cdr_kafka_topic_of(sink, log), log % sink->setup.partitions,
                    opening->stable[log], cdr_kafka_topic_of(sink, log),
                    log % sink->setup.partitions, opening->stable[log]);
}

/* Waits until nothing holds the ends back. No run of the dataset can write any more: its control
 * records were stored in every replica in sync before it was shut out. A new leader may take a
 * moment to know an end. */
static enum cdr_result settle(struct opening *opening, struct cdr_error *error)
{
    const struct cdr_kafka_sink *sink = opening->sink;
    int64_t patience_ms = sink->waits.stall_ms;
    if (patience_ms == 0 || patience_ms > HELD_MS)
        patience_ms = HELD_MS;
    const int64_t begun_ms = cdr_kafka_clock_ms(), give_up_ms = begun_ms + patience_ms;
    for (;;) {
        enum cdr_result result =
            cdr_kafka_end_offsets(&opening->asker, sink, opening->ends, ASK_MS, error);
        if (result == CDR_OK)
            result = cdr_kafka_end_offsets(&opening->reader, sink, opening->stable, ASK_MS, error);
        if (result != CDR_OK)
            return result;
        uint32_t held = 0;
        const bool early = cdr_kafka_clock_ms() < begun_ms + SHORT_MS;
        while (held < sink->log_count &&
               (!is_mine(opening, held) ||
                (opening->stable[held] == opening->ends[held] &&
                 !(early && opening->ends[held] < opening->progress[held].after))))
            held++;
        if (held == sink->log_count)
            return CDR_OK;
        if (cdr_kafka_clock_ms() >= give_up_ms)
            return opening->stable[held] < opening->ends[held]
                       ? fail_held(opening, held, error)
                       : cdr_fail(error, wrong(opening),
                                  "%s[%u] keeps growing: end the program that writes to it, then "
                                  "resume",
                                  cdr_kafka_topic_of(sink, held), held % sink->setup.partitions);
        usleep(HELD_CHECK_MS * 1000);
    }
}

struct strangers {
    uint64_t count;
    int64_t first;
};

static enum cdr_result count_stranger(void *context, const struct cdr_kafka_record *record,
                                      struct cdr_error *error)
{
    (void)error;
    struct strangers *strangers = (struct strangers *)context + record->range;
    if (strangers->count++ == 0)
        strangers->first = record->offset;
    return CDR_OK;
}

static enum cdr_result fail_strangers(const struct opening *opening, uint32_t log,
                                      const struct strangers *strangers, struct cdr_error *error)
{
    const struct cdr_kafka_sink *sink = opening->sink;
    const struct cdr_kafka_progress *progress = &opening->progress[log];
    char advice[200] = "another producer writes to it";
    if (!opening->known[log] && opening->settings->rehearsal != CDR_REHEARSAL_NONE)
        snprintf(advice, sizeof advice,
                 "where this dataset was written without --transactions, repair it without; else "
                 "delete this topic, which repair then creates and fills");
    else if (!opening->known[log] && opening->settings->resume)
        snprintf(advice, sizeof advice,
                 "this dataset was written without --transactions, then resume it without; or "
                 "another producer wrote to it");
    else if (!opening->known[log])
        snprintf(advice, sizeof advice, "another run or producer has begun to write to it");
    else if (opening->ends[log] < progress->after)
        snprintf(advice, sizeof advice,
                 "it ends at offset %" PRId64 ", and they committed up to %" PRId64
                 ": it lost records, or was deleted and created again",
                 opening->ends[log], progress->after);
    return cdr_fail(error, wrong(opening),
                    "%s[%u] holds %" PRIu64 " record%s that this dataset's transactions did not "
                    "commit, the first at offset %" PRId64 ": %s; the first %" PRIu64
                    " records of the log are committed",
                    cdr_kafka_topic_of(sink, log), log % sink->setup.partitions, strangers->count,
                    strangers->count == 1 ? "" : "s", strangers->first, advice, progress->position);
}

/* Positions of a topic that may be gone count as forgotten. A run that goes on with a new producer
 * keeps its own: it looks at its topics at the end, and vouches for nothing that it commits. */
static void distrust(struct opening *opening)
{
    for (uint32_t log = 0; log < opening->sink->log_count; log++) {
        struct cdr_kafka_log *state = &opening->sink->logs[log];
        struct cdr_kafka_progress *progress = &opening->progress[log];
        if (!is_mine(opening, log) || !opening->known[log] || is_marked(opening, log) ||
            opening->settings->kafka.force)
            continue;
        if (opening->settings->reopened) {
            state->mark[0] = '\0';
            continue;
        }
        if (!state->base_known && opening->ends[log] >= progress->begin)
            state->base = progress->begin;
        opening->known[log] = false;
        *progress = (struct cdr_kafka_progress){.begin = state->base, .after = state->base};
    }
}

/* Nothing says how many records the log holds, but there may be some. */
static bool is_to_be_counted(const struct opening *opening, uint32_t log)
{
    const struct cdr_kafka_progress *progress = &opening->progress[log];
    const bool shortened = opening->ends[log] < progress->after && !opening->settings->reopened;
    return opening->settings->resume && is_mine(opening, log) &&
           opening->ends[log] > opening->sink->logs[log].base &&
           (!opening->known[log] || shortened);
}

static enum cdr_result fail_uncounted(const struct opening *opening, uint32_t log, int64_t first,
                                      struct cdr_error *error)
{
    const struct cdr_kafka_sink *sink = opening->sink;
    return cdr_fail(error, refused(opening),
                    "%s[%u]: nothing that is committed says how many records of this dataset the "
                    "topic holds that is there now (the group %s), and they cannot be counted, "
                    "since those before offset %" PRId64
                    " are gone: if it is this dataset's, delete the topic, then --resume "
                    "--create-topics fills it again; else pass the settings of the run that wrote "
                    "to it",
                    cdr_kafka_topic_of(sink, log), log % sink->setup.partitions,
                    sink->transactions.group, first);
}

static enum cdr_result say_counted(struct opening *opening, const struct strangers *strangers,
                                   const uint32_t *logs, size_t count, struct cdr_error *error)
{
    struct cdr_kafka_sink *sink = opening->sink;
    char text[512];
    uint64_t records = 0;
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (!opening->counted[logs[i]])
            continue;
        records += strangers[i].count;
        n++;
    }
    if (n == 0)
        return CDR_OK;
    snprintf(text, sizeof text,
             "%snothing that is committed says how many records of this dataset %zu partition%s "
             "hold%s (the group %s); they were counted: %" PRIu64,
             opening->settings->replays ? "" : "resume: ", n, n == 1 ? "" : "s", n == 1 ? "s" : "",
             sink->transactions.group, records);
    return cdr_kafka_warn(&sink->warnings, text, error);
}

static enum cdr_result count_ranges(struct opening *opening, const uint32_t *logs,
                                    struct cdr_kafka_range *ranges, struct strangers *counts,
                                    size_t count, struct cdr_error *error)
{
    struct cdr_kafka_sink *sink = opening->sink;
    int64_t *firsts = opening->stable; /* equal to the ends by now, and set again below */
    enum cdr_result result =
        cdr_kafka_offsets(&opening->asker, sink, RD_KAFKA_OFFSET_BEGINNING, firsts, ASK_MS, error);
    for (size_t i = 0; i < count && result == CDR_OK; i++) {
        const uint32_t log = logs[i];
        if (firsts[log] > sink->logs[log].base)
            result = fail_uncounted(opening, log, firsts[log], error);
        ranges[i] = (struct cdr_kafka_range){.topic = cdr_kafka_topic_of(sink, log),
                                             .partition = log % sink->setup.partitions,
                                             .offset = sink->logs[log].base,
                                             .end = opening->ends[log]};
    }
    memcpy(opening->stable, opening->ends, sink->log_count * sizeof *opening->ends);
    if (result == CDR_OK)
        result = cdr_kafka_read_back(&opening->settings->kafka, true, ranges, count, count_stranger,
                                     counts, error);
    for (size_t i = 0; i < count && result == CDR_OK; i++) {
        const uint32_t log = logs[i];
        if ((int64_t)counts[i].count == opening->ends[log] - ranges[i].offset)
            continue; /* no control record: for look_for_strangers */
        opening->counted[log] = true;
        opening->progress[log].position = counts[i].count;
        opening->progress[log].after = opening->ends[log];
    }
    return result == CDR_OK ? say_counted(opening, counts, logs, count, error) : result;
}

/* Sets positions and counted. */
static enum cdr_result count_forgotten(struct opening *opening, struct cdr_error *error)
{
    struct cdr_kafka_sink *sink = opening->sink;
    struct cdr_kafka_range *ranges = calloc(sink->log_count, sizeof *ranges);
    struct strangers *counts = calloc(sink->log_count, sizeof *counts);
    uint32_t *logs = calloc(sink->log_count, sizeof *logs);
    size_t count = 0;
    enum cdr_result result = CDR_OK;
    if (ranges == NULL || counts == NULL || logs == NULL)
        result = cdr_fail(error, CDR_E_NOMEM, "no memory to count %u logs", sink->log_count);
    for (uint32_t log = 0; log < sink->log_count && result == CDR_OK; log++)
        if (is_to_be_counted(opening, log))
            logs[count++] = log;
    if (result == CDR_OK && count > 0)
        result = count_ranges(opening, logs, ranges, counts, count, error);
    free(ranges);
    free(counts);
    free(logs);
    return result;
}

/* After the last committed record of each log, no record may be that consumers see. */
static enum cdr_result look_for_strangers(const struct opening *opening, struct cdr_error *error)
{
    const struct cdr_kafka_sink *sink = opening->sink;
    struct cdr_kafka_range *ranges = calloc(sink->log_count, sizeof *ranges);
    struct strangers *strangers = calloc(sink->log_count, sizeof *strangers);
    uint32_t *logs = calloc(sink->log_count, sizeof *logs);
    size_t count = 0;
    enum cdr_result result = CDR_OK;
    if (ranges == NULL || strangers == NULL || logs == NULL)
        result = cdr_fail(error, CDR_E_NOMEM, "no memory for the ends of %u logs", sink->log_count);
    for (uint32_t log = 0; log < sink->log_count && result == CDR_OK; log++) {
        const int64_t after = opening->progress[log].after, end = opening->ends[log];
        if (!is_mine(opening, log) || end == after || opening->counted[log])
            continue;
        logs[count] = log;
        ranges[count++] =
            (struct cdr_kafka_range){.topic = cdr_kafka_topic_of(sink, log),
                                     .partition = log % sink->setup.partitions,
                                     .offset = end > after ? after : 0, /* it was made again */
                                     .end = end};
    }
    if (result == CDR_OK && count > 0)
        result = cdr_kafka_read_back(&opening->settings->kafka, true, ranges, count, count_stranger,
                                     strangers, error);
    for (size_t i = 0; i < count && result == CDR_OK; i++)
        if (strangers[i].count > 0)
            result = fail_strangers(opening, logs[i], &strangers[i], error);
    /* Without progress, the dataset may be one without transactions. */
    for (size_t i = 0; i < count && opening->settings->unfit != NULL; i++)
        if (strangers[i].count > 0 && opening->known[logs[i]])
            opening->settings->unfit[logs[i] / sink->setup.partitions] = true;
    free(ranges);
    free(strangers);
    free(logs);
    return result;
}

/* A topic that was deleted and created again is filled from the beginning; not by a run that had
 * begun to fill it. */
static enum cdr_result set_positions(struct opening *opening, struct cdr_error *error)
{
    struct cdr_kafka_sink *sink = opening->sink;
    for (uint32_t log = 0; log < sink->log_count; log++) {
        struct cdr_kafka_log *state = &sink->logs[log];
        struct cdr_kafka_progress *progress = &opening->progress[log];
        if (!is_mine(opening, log))
            continue;
        if (opening->ends[log] < progress->after && opening->settings->reopened)
            return cdr_fail(error, CDR_E_DIFFERENT,
                            "%s[%u] ends at offset %" PRId64
                            ", and records were committed up to %" PRId64
                            ": they are lost, or the topic was deleted and created again",
                            cdr_kafka_topic_of(sink, log), log % sink->setup.partitions,
                            opening->ends[log], progress->after);
        if (opening->ends[log] < progress->after) {
            progress->position = 0;
            progress->begin = state->base;
        }
        state->start = progress->position;
        state->committed = state->start;
        state->begin = progress->begin;
        state->base_known = !opening->counted[log];
        memcpy(state->form, progress->form, sizeof state->form);
        state->base = opening->ends[log] - (int64_t)state->start;
        state->after = opening->ends[log];
        atomic_store(&state->end, state->start);
    }
    if (opening->settings->reopened)
        cdr_kafka_begin_form(sink);
    return CDR_OK;
}

static enum cdr_result find_positions(struct opening *opening, struct cdr_error *error)
{
    const struct cdr_kafka_sink *sink = opening->sink;
    for (uint32_t log = 0; log < sink->log_count; log++) {
        opening->known[log] &= opening->settings->resume;
        if (!opening->known[log])
            opening->progress[log] = (struct cdr_kafka_progress){.begin = sink->logs[log].base,
                                                                 .after = sink->logs[log].base};
    }
    enum cdr_result result = settle(opening, error);
    if (result == CDR_OK) {
        distrust(opening);
        result = count_forgotten(opening, error);
    }
    if (result == CDR_OK)
        result = look_for_strangers(opening, error);
    return result == CDR_OK ? set_positions(opening, error) : result;
}

enum cdr_result cdr_kafka_take_over(struct cdr_kafka_sink *sink,
                                    const struct cdr_sink_settings *settings,
                                    struct cdr_error *error)
{
    const uint32_t count = sink->log_count;
    struct opening opening = {
        .sink = sink,
        .settings = settings,
        .progress = calloc(count, sizeof *opening.progress),
        .known = calloc(count, sizeof *opening.known),
        .shut = calloc(count, sizeof *opening.shut),
        .ends = calloc(count, sizeof *opening.ends),
        .stable = calloc(count, sizeof *opening.stable),
        .counted = calloc(count, sizeof *opening.counted),
    };
    enum cdr_result result = CDR_OK;
    if (opening.progress == NULL || opening.known == NULL || opening.shut == NULL ||
        opening.ends == NULL || opening.stable == NULL || opening.counted == NULL)
        result = cdr_fail(error, CDR_E_NOMEM, "no memory for the offsets of %u logs", count);
    if (result == CDR_OK)
        result = open_with(&opening, &opening.asker, RD_KAFKA_CONSUMER, "isolation.level",
                           "read_uncommitted", error);
    if (result == CDR_OK)
        result = open_with(&opening, &opening.reader, RD_KAFKA_CONSUMER, "isolation.level",
                           "read_committed", error);
    if (result == CDR_OK)
        result = settings->rehearsal == CDR_REHEARSAL_QUESTIONS ? look(&opening, error)
                                                                : take_over(&opening, error);
    if (result == CDR_OK)
        result = find_positions(&opening, error);
    cdr_kafka_client_close(&opening.asker);
    cdr_kafka_client_close(&opening.reader);
    free(opening.progress);
    free(opening.known);
    free(opening.shut);
    free(opening.ends);
    free(opening.stable);
    free(opening.counted);
    return result;
}
