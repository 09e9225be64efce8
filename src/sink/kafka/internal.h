/* Shared by the files of the Kafka sink. What is not about logs is in src/kafka.
 *
 * topics.c        topics, partitions, guard, offsets: everything before and after the records
 * groups.c        what is committed to the groups of a dataset, as others read it
 * bases.c         where a dataset begins, committed to a group
 * others.c        which other datasets have begun in the topics
 * resume.c        where a run goes on that another began
 * quiet.c         waits until nothing of the run before can arrive any more
 * decided.c       whether the ends of logs are those of decided transactions
 * transactions.c  whole batches, and progress committed with them
 * standstill.c    notices a producer that sends to the wrong broker
 * progress.c      what is committed of each log, and by whom
 * marks.c         whether that was committed for the topic that is there now
 * takeover.c      how a run that writes transactions shuts others out and finds where to go on
 * delivery.c      records out, delivery reports in
 * watch.c         whether the topics stay what they are while the run writes
 * last.c          the last records of logs, read back
 * doctor.c        all that would go wrong, without a run
 * kafka.c         the sink's life
 */
#ifndef CDR_SINK_KAFKA_INTERNAL_H
#define CDR_SINK_KAFKA_INTERNAL_H

#include "base/failure.h"
#include "kafka/admin.h"
#include "kafka/client.h"
#include "kafka/metadata.h"
#include "kafka/offsets.h"
#include "kafka/trouble.h"
#include "sink/counters.h"
#include "sink/kafka/groups.h"
#include "sink/kafka/kafka.h"
#include "sink/kafka/topic_guard.h"
#include "sink/slab.h"

#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdatomic.h>

/* What to do about a topic that has another number of partitions than asked for. */
void cdr_kafka_partitions_advice(uint32_t there, uint32_t asked, bool replays, char *text,
                                 size_t size);

/* --- the sink --- */

struct cdr_kafka_log {
    int64_t base;         /* offset of position 0, were all others after it; constant once open */
    int64_t skipped;      /* of a table: offsets before start that are none of its rows'; the
                             dataset begins so much before base */
    bool base_known;      /* by what an earlier run committed; with transactions, the position is */
    uint64_t start;       /* position of the run's first record; constant too */
    _Atomic uint64_t end; /* one past the last position accepted */
    _Atomic uint64_t accepted; /* records accepted */
    /* What is committed of who writes it, see bases.c; under the watch's lock once it runs. */
    bool vouched;      /* it says so of the records before word */
    uint64_t word;     /* a position */
    int64_t worded_ms; /* when that was committed */
    bool doubted;      /* see cdr_kafka_doubt */
    /* Only while serving: */
    uint64_t unknown;          /* reported as durable without an offset and not settled yet */
    int64_t false_offset;      /* see delivery.c */
    _Atomic uint64_t reported; /* delivery reports, good or bad */
    /* Position after the last record whose report, and those of all before it, were looked at
     * while nothing had failed: it is where it must be, with its own time. */
    _Atomic uint64_t good;
    uint64_t reported_before; /* at the last stall check */
    int64_t quiet_since_ms;   /* the check that first saw records wait in vain, 0 = none does */
    int32_t used_broker;      /* that librdkafka sends to, once standstill.known; −1 = none */
    /* Reports in a row that carry the same time of a broker's; see cdr_kafka_on_stamp. */
    bool stamped;
    int64_t stamp_ms, stamp_offset; /* that time; offset of the first of them */
    int64_t stamped_event_ms;       /* latest event time of their records */
    /* With transactions: */
    int64_t begin;                /* as that of progress */
    char mark[CDR_TOKEN_LEN + 1]; /* goes with what is committed; see marks.c */
    char form[CDR_FORM_SIZE];     /* of what is committed; of this run's messages once it begins */
    int64_t after;        /* offset after the last committed record, or a later one without any */
    bool fresh;           /* nothing was known of it before this process claimed it */
    bool touched;         /* has records in the open one; by the log's writer, or behind the gate */
    uint64_t uncommitted; /* reported in the open one; while serving */
    uint64_t committed;   /* position of the first record that no transaction has committed */
    _Atomic uint64_t aborted; /* records that were sent to be aborted */
};

/* What a topic was when the run began. */
struct cdr_kafka_terms {
    /* Settings that --force went on with. */
    const char *accepted[CDR_TOPIC_FINDINGS_MAX];
    size_t accepted_count;
    bool unread;          /* its settings cannot be read, and --force went on */
    int64_t retention_ms; /* −1 = for ever */
};

/* The first record of the run in a topic, as it was stored. */
struct cdr_kafka_witness {
    bool known;
    uint32_t log;
    int64_t offset, event_ms;
    size_t length;
    uint64_t hash; /* of its value */
};

/* A topic of the sink. */
struct cdr_kafka_topic {
    const char *name;
    bool left_out; /* of questions, for now: it may not exist; or of a rehearsal */
    rd_kafka_topic_t *handle;
    struct cdr_kafka_terms terms;
    struct cdr_kafka_witness witness; /* of the thread that serves */
    /* With watch.looking held: */
    bool expires;             /* its retention, as it was, explains what is gone */
    int64_t missing_since_ms; /* when a look first missed partitions, 0 = none */
};

/* See watch.c. */
struct cdr_kafka_watch {
    struct cdr_kafka_client asker;          /* a consumer, which asks from the start to the end */
    struct cdr_kafka_properties properties; /* of it; borrowed but for conf */
    int timeout_ms;                         /* of the last look */
    pthread_t thread;
    bool started;
    pthread_mutex_t looking; /* of what follows */
    int64_t *floors;         /* per log: from here on, nothing may be deleted */
    int64_t *firsts;         /* per log: what the last look found */
    int64_t settle_ms;       /* when the last look was tried first, 0 = not yet */
    pthread_mutex_t lock;    /* of stop */
    pthread_cond_t woken;
    bool stop;
};

/* How long the sink waits for what, in ms. */
struct cdr_kafka_waits {
    int64_t stall_ms; /* delivery.timeout.ms, 0 = for ever; or --spill-after */
    const char *stall_name;
    int64_t standstill_ms; /* of a log, before its leader is looked for */
    int64_t quiet_ms;      /* --resume-quiet */
    int64_t quiet_max_ms;  /* for a quiet time, before a resume is refused */
    int64_t hidden_ms;     /* of a replica in sync that never answers, before it counts as well */
    int64_t renew_ms;      /* between commits of the same marks */
    int commit_ms;         /* of one question for positions to be committed */
};

/* See transactions.c. */
struct cdr_kafka_transactions {
    bool on;
    int64_t timeout_ms; /* transaction.timeout.ms */
    char id[CDR_KAFKA_ID_MAX], door[CDR_KAFKA_ID_MAX], group[CDR_KAFKA_GROUP_MAX];
    char token[CDR_TOKEN_LEN + 1]; /* of this process */
    bool opened;                   /* records may have been written */
    int64_t renew_ms;              /* when marks are to be committed again; of the watch */
    uint64_t records_max;          /* a commit is due at so many records */
    int64_t interval_ms;           /* or so long after the first */
    double abort_share;
    pthread_rwlock_t gate;
    atomic_bool due;
    atomic_bool broken;       /* the open transaction cannot be committed; poll learns why */
    _Atomic uint64_t records; /* of the open transaction */
    /* Behind the gate: */
    bool begun, aborting;
    int64_t begun_ms;
    uint64_t number; /* transactions begun so far */
};

/* See standstill.c; only while serving. */
struct cdr_kafka_standstill {
    bool wanted, known; /* which broker each log's records are sent to */
    bool suspected;     /* at the last look: log's leader is another one */
    uint32_t log;
    int32_t leader;
    int64_t next_ms; /* not to look before */
};

/* A row of delivery reports of one slab, gathered so that shared counters are touched once a row.
 */
struct cdr_kafka_run {
    struct cdr_slab *slab; /* NULL = none */
    struct cdr_kafka_log *log;
    int64_t offset; /* expected of record 0 of the slab */
    uint32_t first; /* the first record that is durable */
    uint32_t index; /* record expected next */
    uint32_t durable, failed;
};

struct cdr_kafka_sink {
    struct cdr_sink base;
    struct cdr_sink_setup setup;
    struct cdr_kafka_topic *topics; /* of the set-up */
    struct cdr_kafka_properties properties;
    struct cdr_kafka_warnings warnings;
    struct cdr_kafka_waits waits;
    struct cdr_kafka_transactions transactions;
    struct cdr_kafka_watch watch;
    struct cdr_kafka_client client; /* the producer */
    uint32_t log_count;
    struct cdr_kafka_log *logs;
    struct cdr_counters *counters;
    struct cdr_slab_pool *pool;
    _Atomic uint64_t slabs_out; /* taken from the pool and not given back to it */

    pthread_mutex_t lock; /* of serving, turns */
    pthread_cond_t turn_over;
    bool serving; /* a thread is inside rd_kafka_poll or rd_kafka_flush */
    uint64_t turns;
    struct cdr_failure failure;

    /* Why librdkafka stopped, "" = it did not; while serving. */
    char fatal[400];
    rd_kafka_resp_err_t fatal_code;
    struct cdr_kafka_run run; /* of the thread that serves */
    uint32_t stamped_logs;    /* logs that are stamped; of the thread that serves */
    int64_t stall_check_ms;
    struct cdr_kafka_standstill standstill;
    int64_t ends_asked_ms; /* when flush asked first where the logs end, 0 = not yet */
};

/* Is partition one of this process? */
static inline bool cdr_kafka_mine(const struct cdr_sink_setup *setup, uint32_t partition)
{
    return setup->shard_count <= 1 || partition % setup->shard_count == setup->shard_index;
}

/* The offset of the dataset's first record, without transactions. */
static inline int64_t cdr_kafka_begin_of(const struct cdr_kafka_log *log)
{
    return log->base - log->skipped;
}

static inline const char *cdr_kafka_topic_of(const struct cdr_kafka_sink *sink, uint32_t log)
{
    return sink->topics[log / sink->setup.partitions].name;
}

/* Topics exist with the right partitions, suit, and are empty (or their ends become the bases):
 * asked through asker, a consumer. May lower properties.batch_bytes. */
enum cdr_result cdr_kafka_topics_prepare(struct cdr_kafka_sink *sink,
                                         struct cdr_kafka_client *asker,
                                         const struct cdr_sink_settings *settings,
                                         struct cdr_error *error);
/* What --force went on with; it stays accepted while the run writes. */
void cdr_kafka_accept(struct cdr_kafka_sink *sink, unsigned type, const char *config);
bool cdr_kafka_accepts(const struct cdr_kafka_sink *sink, unsigned type, const char *config);
/* It went on with a topic that replaces the records' times by those of their arrival. */
bool cdr_kafka_stamps(const struct cdr_kafka_sink *sink, unsigned type);
/* The longest record of a topic, with what faults on purpose make of it: frame and payload. */
size_t cdr_kafka_record_max(const struct cdr_sink_setup *setup, const struct cdr_topic *topic);
/* The topic guard's findings about a topic of the run. */
size_t cdr_kafka_guard(const struct cdr_kafka_sink *sink, unsigned type, uint32_t replicas,
                       int64_t now_ms, const struct cdr_kafka_configs *configs,
                       struct cdr_topic_finding findings[CDR_TOPIC_FINDINGS_MAX]);

/* As the settings have a topic created. */
struct cdr_kafka_new_topic cdr_kafka_new_topic_of(const struct cdr_sink_settings *settings,
                                                  const struct cdr_topic *topic,
                                                  uint32_t partitions);

/* offsets[log] of this process's logs, the first ones (RD_KAFKA_OFFSET_BEGINNING) or the ends;
 * others are left alone. CDR_E_KAFKA. */
enum cdr_result cdr_kafka_offsets(struct cdr_kafka_client *client,
                                  const struct cdr_kafka_sink *sink, int64_t which,
                                  int64_t *offsets, int timeout_ms, struct cdr_error *error);
enum cdr_result cdr_kafka_end_offsets(struct cdr_kafka_client *client,
                                      const struct cdr_kafka_sink *sink, int64_t *ends,
                                      int timeout_ms, struct cdr_error *error);

/* The partitions of this process's logs, without offsets; and the log of such an entry. */
rd_kafka_topic_partition_list_t *cdr_kafka_list_logs(const struct cdr_kafka_sink *sink);
uint32_t cdr_kafka_log_of(const struct cdr_kafka_sink *sink,
                          const rd_kafka_topic_partition_t *entry);

/* For resume: the ends once they stand still, since a batch of the process that died may be landing
 * yet; see quiet.c. timeout_ms is for a question that nobody answers. CDR_E_STATE where they
 * do not stand still, CDR_E_INTERRUPTED once setup.stop is set. */
enum cdr_result cdr_kafka_resume_ends(struct cdr_kafka_client *asker,
                                      const struct cdr_kafka_sink *sink, int64_t *ends,
                                      int timeout_ms, struct cdr_error *error);
/* A consumer whose end offsets are the last stable ones: it counts no record of an open
 * transaction. */
enum cdr_result cdr_kafka_open_stable(struct cdr_kafka_client *client,
                                      const struct cdr_kafka_sink *sink, struct cdr_error *error);
/* No end lies beyond an open transaction's first record: ends[log] of this process's logs stay what
 * they are, or become later ones where it waited, up to timeout_ms. CDR_E_STATE: a transaction is
 * open, and the error says what ends it. CDR_E_INTERRUPTED, CDR_E_KAFKA. */
enum cdr_result cdr_kafka_check_decided(const struct cdr_kafka_sink *sink, int64_t *ends,
                                        int timeout_ms, struct cdr_error *error);
/* logs[].base of this process's logs: what an earlier run committed, else 0. True where some were
 * committed. A user without the right to read the group is taken to have used no --append. */
bool cdr_kafka_resume_bases(struct cdr_kafka_client *asker, struct cdr_kafka_sink *sink,
                            int timeout_ms);
/* Another dataset's runs were the last to begin in *log, before ends[*log], and none committed that
 * it ended there. False also where nobody says. Blocks for some seconds at most. */
bool cdr_kafka_unfinished_dataset(const struct cdr_kafka_sink *sink, const int64_t *ends,
                                  char id[CDR_KAFKA_DATASET_MAX], uint32_t *log);
/* Commits logs[].base of this process's logs to asker's group, that of the dataset. what: for the
 * error. CDR_E_STATE where a right is missing, else CDR_E_KAFKA. */
enum cdr_result cdr_kafka_commit_bases(struct cdr_kafka_client *asker,
                                       const struct cdr_kafka_sink *sink, const char *what,
                                       int timeout_ms, struct cdr_error *error);
/* logs[log].start and .end from its base. CDR_E_STATE: the log ends before its base. */
enum cdr_result cdr_kafka_resume_log(struct cdr_kafka_sink *sink, uint32_t log, int64_t end,
                                     struct cdr_error *error);

/* The watch. open: the client that asks; group may be NULL. start: once the bases are known. stop:
 * also what was never opened. */
enum cdr_result cdr_kafka_watch_open(struct cdr_kafka_sink *sink, const char *group,
                                     struct cdr_error *error);
enum cdr_result cdr_kafka_watch_start(struct cdr_kafka_sink *sink,
                                      const struct cdr_sink_settings *settings,
                                      struct cdr_error *error);
void cdr_kafka_watch_stop(struct cdr_kafka_sink *sink);
/* The last look, when everything was acknowledged. CDR_E_AGAIN: nobody answered yet. Else the sink
 * has failed. */
enum cdr_result cdr_kafka_watch_settle(struct cdr_kafka_sink *sink, int timeout_ms);
/* A look before a new producer goes on, which knows nothing of what this one saw. CDR_E_DIFFERENT
 * or CDR_E_ENDED, or CDR_OK, also where nobody answers. */
enum cdr_result cdr_kafka_watch_judge(struct cdr_kafka_sink *sink, struct cdr_error *error);
/* While serving: keeps the run's first record in mind. */
void cdr_kafka_watch_remember(struct cdr_kafka_sink *sink);
/* While serving: a report without an error carries another time than its record's, or the one
 * before did. stamp_ms is −1 where it does not. */
void cdr_kafka_on_stamp(struct cdr_kafka_sink *sink, int64_t stamp_ms, int64_t event_ms,
                        int64_t offset);
/* While serving, between reports: judges logs whose records have all been reported. */
void cdr_kafka_end_stamps(struct cdr_kafka_sink *sink);
/* Fails the sink: librdkafka says that a partition is not there any more. */
void cdr_kafka_on_deleted(struct cdr_kafka_sink *sink, uint32_t log, rd_kafka_resp_err_t code);

/* Records accepted and not reported yet. */
uint64_t cdr_kafka_under_way(const struct cdr_kafka_sink *sink);
/* librdkafka will send nothing more. */
void cdr_kafka_on_fatal(void *sink, rd_kafka_resp_err_t code, const char *reason);

/* The producer and its topics' handles. */
enum cdr_result cdr_kafka_open_producer(struct cdr_kafka_sink *sink,
                                        const struct cdr_sink_settings *settings,
                                        struct cdr_error *error);
void cdr_kafka_close_producer(struct cdr_kafka_sink *sink);

/* progress[log] and known[log] of this process's logs. asker is a consumer of the group; with
 * isolation.level=read_committed, it waits until no transaction holds an undecided commit. */
rd_kafka_resp_err_t cdr_kafka_progress_ask(struct cdr_kafka_client *asker,
                                           const struct cdr_kafka_sink *sink, int timeout_ms,
                                           struct cdr_kafka_progress *progress, bool *known);
/* known[log] of this process's logs: transactions of this dataset are committed to it. True where
 * some are; false also where the group cannot be read. Blocks for some seconds at most. */
bool cdr_kafka_known_positions(const struct cdr_kafka_sink *sink, bool *known);
/* Sets mark of this process's logs: what their topics have, "" = none, or no answer. */
rd_kafka_resp_err_t cdr_kafka_marks_ask(struct cdr_kafka_sink *sink, int timeout_ms);
/* Gives those without a mark a new one, and signs it for all: to be committed, to *group. */
rd_kafka_topic_partition_list_t *cdr_kafka_marks_sign(struct cdr_kafka_sink *sink,
                                                      char group[CDR_KAFKA_GROUP_MAX]);
/* Now and then: commits marks that are still there again, before Kafka forgets them. Blocks for
 * some seconds at most. */
void cdr_kafka_marks_renew(struct cdr_kafka_sink *sink);
/* Commits the list to a group of the dataset, and frees it. False: the user may not, or nobody
 * answers for some seconds. */
bool cdr_kafka_remember(const struct cdr_kafka_sink *sink, const char *group,
                        rd_kafka_topic_partition_list_t *list);
/* Opens the producer, as the only one that may write transactions to this process's logs, and finds
 * where they go on. A rehearsal leaves no claim, or makes none (sink.h). Errors: CDR_E_STATE; where
 * settings->reopened, CDR_E_ENDED (another run has taken over, or another producer's transaction is
 * open) or CDR_E_DIFFERENT (another producer's records are there, or ours are not); CDR_E_KAFKA;
 * CDR_E_CONFIG. */
enum cdr_result cdr_kafka_take_over(struct cdr_kafka_sink *sink,
                                    const struct cdr_sink_settings *settings,
                                    struct cdr_error *error);

/* The properties of a producer of transactions: they may be open for as long as the run has
 * patience. CDR_E_CONFIG where one would be committed later than transaction.timeout.ms. */
enum cdr_result cdr_kafka_transactions_prepare(struct cdr_kafka_sink *sink,
                                               const struct cdr_sink_settings *settings,
                                               struct cdr_error *error);
/* Brokers refused transaction.timeout.ms: a shorter one, unless the user gave it, or transactions
 * would not fit. */
bool cdr_kafka_transactions_shorten(struct cdr_kafka_sink *sink,
                                    const struct cdr_sink_settings *settings);
/* From now on, what is committed of each log has the form of this run's messages. */
void cdr_kafka_begin_form(struct cdr_kafka_sink *sink);

/* Transactions; only where they are on. open: takes over, and commits where the logs are. */
enum cdr_result cdr_kafka_transactions_open(struct cdr_kafka_sink *sink,
                                            const struct cdr_sink_settings *settings,
                                            struct cdr_error *error);
/* What a call of transactions under an id came to. Takes reason over. CDR_E_AGAIN: the same call
 * may be made again. CDR_E_PRODUCER: the id was shut out, or only a new producer goes on.
 * CDR_E_CONFIG: the brokers refuse transaction.timeout.ms. CDR_E_STATE: a right is missing. */
enum cdr_result cdr_kafka_transaction_result(const struct cdr_kafka_sink *sink, const char *id,
                                             const char *what, rd_kafka_error_t *reason,
                                             struct cdr_error *error);
/* Before records [from, end) of slab are produced; CDR_OK must be followed by leave, with the
 * number that was. CDR_E_AGAIN while a commit is due. */
enum cdr_result cdr_kafka_transactions_enter(struct cdr_kafka_sink *sink, struct cdr_slab *slab,
                                             uint32_t from, uint32_t end, struct cdr_error *error);
void cdr_kafka_transactions_leave(struct cdr_kafka_sink *sink, uint32_t log, uint32_t records);
/* Fails the sink with the reason for which librdkafka gave the open transaction up. */
void cdr_kafka_transactions_explain(struct cdr_kafka_sink *sink);
/* In a turn: commits where it is due. */
void cdr_kafka_transactions_tick(struct cdr_kafka_sink *sink);
/* Commits what is open; everything was reported. */
enum cdr_result cdr_kafka_transactions_end(struct cdr_kafka_sink *sink);
/* Takes this process's claims of logs back of which nothing was known before, where it has written
 * no record. */
void cdr_kafka_transactions_retract(struct cdr_kafka_sink *sink);
/* Aborts what is open. */
void cdr_kafka_transactions_close(struct cdr_kafka_sink *sink);
/* Sends records that do not count, and waits for their reports. *sent of them are in the log. */
enum cdr_result cdr_kafka_send_extra(struct cdr_kafka_sink *sink, struct cdr_slab *slab,
                                     uint32_t from, uint32_t end, uint32_t *sent,
                                     struct cdr_error *error);

/* Makes a producer's librdkafka say now and then which brokers it sends to. */
void cdr_kafka_standstill_listen(rd_kafka_conf_t *conf);
/* In a turn: fails with CDR_E_PRODUCER where a log stands still since its records go to a broker
 * that does not lead the partition. Asks other clients only then, for a few seconds at most. */
void cdr_kafka_standstill_tick(struct cdr_kafka_sink *sink);

/* Delivery; the contracts are those of sink.h. */
void cdr_kafka_on_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque);
/* The slots of that name of the sink (sink.h). */
void cdr_kafka_remember_begin(struct cdr_sink *base);
/* Commits that this run is the one that writes the logs, and up to where it has seen good reports.
 * Blocks for some seconds at most. The caller holds the watch's lock. */
void cdr_kafka_vouch(struct cdr_kafka_sink *sink);
/* With transactions: commits again which dataset begins in the logs that are chosen. */
void cdr_kafka_words_renew(struct cdr_kafka_sink *sink, const bool *chosen);
/* Nobody has said anything of the logs, once the run has found that one is not what it must be. */
void cdr_kafka_take_back(struct cdr_kafka_sink *sink);
void cdr_kafka_remember_end(struct cdr_sink *base);

enum cdr_result cdr_kafka_take_slab(struct cdr_sink *sink, unsigned worker, struct cdr_slab **slab,
                                    struct cdr_error *error);
enum cdr_result cdr_kafka_write(struct cdr_sink *sink, unsigned worker, struct cdr_slab *slab,
                                uint32_t end, uint32_t *taken, struct cdr_error *error);
void cdr_kafka_give_slab(struct cdr_sink *sink, unsigned worker, struct cdr_slab *slab);
enum cdr_result cdr_kafka_poll(struct cdr_sink *sink, int timeout_ms, struct cdr_error *error);
enum cdr_result cdr_kafka_flush(struct cdr_sink *sink, int timeout_ms, struct cdr_error *error);
/* Gives up on what is queued; afterwards librdkafka holds no slab but those it will not report on.
 */
void cdr_kafka_discard(struct cdr_kafka_sink *sink, int timeout_ms);

/* The first failure of the run wins; later ones are its consequences. */
void cdr_kafka_fail(struct cdr_kafka_sink *sink, enum cdr_result code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
