/* Sinks: where logs go. One interface for Kafka, files and null.
 *
 * A log is one (topic, partition), numbered as encode/topic.h says. Any number of threads may write
 * at once, but never two to the same log, and a log's batches come in order. Sinks never wait for
 * room: write answers CDR_E_AGAIN, the caller polls and tries again; waiting, pacing and shutting
 * down live in src/pipeline.
 *
 * "Accepted" is what write has taken; "durable" is what is safe: acknowledged by all in-sync
 * replicas, or written to its file. They must be equal at the end of a run.
 *
 * A new sink is one file that defines its ops and one line in sink_table.h.
 */
#ifndef CDR_SINK_SINK_H
#define CDR_SINK_SINK_H

#include "base/result.h"
#include "encode/topic.h"
#include "kafka/settings.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes of each record, one after the other. */
struct cdr_slab_column {
    uint8_t *bytes; /* bytes_max of them; NULL without the column */
    uint32_t *ends; /* records_max: offset one past record i's */
    size_t bytes_max;
};

static inline uint32_t cdr_column_start(const struct cdr_slab_column *column, uint32_t record)
{
    return record == 0 ? 0 : column->ends[record - 1];
}

/* Of a record's message: no value, no key, or a value of no bytes at all, without a frame. */
enum {
    CDR_MARK_NO_VALUE = 1,
    CDR_MARK_NO_KEY = 2,
    CDR_MARK_EMPTY = 4,
    CDR_MARK_ALL = 7,
    CDR_MARK_BITS = 3
};

/* Consecutive encoded records of one log. The memory belongs to the sink (see take_slab). */
struct cdr_slab {
    uint8_t *bytes;    /* bytes_max of them */
    uint32_t *ends;    /* records_max: offset one past record i with its trailer */
    int64_t *event_ms; /* records_max: message timestamps */
    char (*keys)[16];  /* records_max: the owner's MSISDN, left-aligned */
    uint8_t *key_lens; /* records_max */
    /* Of the message, where it is not that: see struct cdr_envelope. */
    struct cdr_slab_column wire_keys, headers;
    uint64_t *ids; /* records_max: cdr_key_id of each, or NULL without ids */
    /* records_max: what is wrong with each on purpose (CDR_MARK_*), or NULL where nothing is; above
     * CDR_MARK_BITS whatever the pipeline needs. */
    uint8_t *marks;
    size_t bytes_max;
    uint32_t records_max;

    uint32_t n; /* records in it */
    uint32_t log;
    uint64_t position;        /* of its first record in the log */
    int32_t day;              /* local day of emission of all of them, days since 1970-01-01 */
    struct cdr_slab *next;    /* for its owner of the moment */
    uint64_t sink_private[4]; /* the sink's, while it owns the slab */
};

/* Keys and timestamps of a block's records, from the slab's end on. */
static inline void cdr_slab_name(struct cdr_slab *slab, const struct cdr_block *block)
{
    memcpy(slab->event_ms + slab->n, block->event_ms, block->n * sizeof *slab->event_ms);
    for (uint32_t i = 0; i < block->n; i++) {
        int mt = block->direction[i] == CDR_DIRECTION_MT;
        uint8_t len = mt ? block->msisdn_dst_len[i] : block->msisdn_src_len[i];
        const char *text = (mt ? block->msisdn_dst[i] : block->msisdn_src[i]) + 16 - len;
        memcpy(slab->keys[slab->n + i], text, 16);
        slab->key_lens[slab->n + i] = len;
    }
}

static inline bool cdr_has_mark(const struct cdr_slab *slab, uint32_t record, unsigned mark)
{
    return slab->marks != NULL && (slab->marks[record] & mark) != 0;
}

struct cdr_sink_setup {
    const struct cdr_topics *topics; /* borrowed, until the sink is closed */
    uint32_t partitions;
    uint32_t shard_index,
        shard_count;        /* this process writes partitions p with p mod count = index */
    const char *dataset_id; /* 32 hex digits */
    int32_t first_day;      /* local day of emission, days since 1970-01-01 */
    uint32_t days;          /* of the run, from first_day on; 0: no end */
    int64_t first_event_ms,
        last_event_ms; /* span of event times of the run, for the topic guard; last < 0: no end */
    int64_t now_ms;    /* wall clock at the start */
    unsigned workers;
    size_t slab_bytes; /* wanted size of slabs */
    uint32_t slab_records;
    bool ids;           /* slabs carry the records' ids */
    double abort_share; /* of transactions: preceded by one that is aborted, to test consumers */
    /* Where records have faults on purpose: bytes by which one can be longer than its encoder says;
     * slabs then have marks. 0: they have none. */
    uint32_t fault_bytes;
    /* Above 0: some messages have timestamps of the beginning of 1970, and some that are as much
     * later than they should be. */
    int64_t fault_ahead_ms;
    /* Unless NULL: open stops waiting, with CDR_E_INTERRUPTED, once it is not 0. */
    const atomic_int *stop;
    /* Names the process for as long as it lives (base/token.h), whatever it opens; NULL: the sink
     * makes one. */
    const char *token;
};

static inline const struct cdr_topic *cdr_sink_topic(const struct cdr_sink_setup *setup,
                                                     uint32_t log)
{
    return &setup->topics->items[log / setup->partitions];
}

struct cdr_log_progress {
    uint64_t accepted; /* records taken by write */
    uint64_t durable;  /* records that are safe */
    uint64_t bytes;    /* payload bytes of accepted records: without frame and trailer */
    uint64_t aborted;  /* records sent besides, in transactions meant to be aborted */
};

/* The header in which a message carries its record's id, as 16 lower-case hex digits. */
#define CDR_ID_HEADER "cdrgen-id"
#define CDR_ID_TEXT_LEN 16
/* The header in which a message with a fault on purpose names it, as cdr_fault_entry_text does. */
#define CDR_FAULT_HEADER "cdrgen-fault"

static inline void cdr_id_text(uint64_t id, char text[CDR_ID_TEXT_LEN])
{
    for (unsigned i = 0; i < CDR_ID_TEXT_LEN; i++)
        text[i] = "0123456789abcdef"[id >> (60 - 4 * i) & 15];
}

struct cdr_sink_ops;
struct cdr_sink {
    const struct cdr_sink_ops *ops;
};

/* Whether open is only to find out whether a run would begin. Nothing is created or committed, and
 * nothing is written. Of topics that are left out (topic.h), only the settings count, where they
 * exist. */
enum cdr_rehearsal {
    CDR_REHEARSAL_NONE,      /* a run begins */
    CDR_REHEARSAL_QUESTIONS, /* with transactions: nobody is shut out either, so what that takes is
                                not tried */
    CDR_REHEARSAL_WHOLE      /* all that open does, taken back */
};

/* Finds by reading where a dataset begins. begins[log] of those that are wanted: the offset of its
 * first record, negative: the log holds none of its records. known: of other logs it is. Blocks.
 * CDR_E_STATE: it cannot be told. */
struct cdr_begin_finder {
    enum cdr_result (*find)(void *context, const bool *wanted, bool known, int64_t *begins,
                            struct cdr_error *error);
    void *context;
};

/* Every setting that a sink may need; strings are owned by the code that filled it (src/config),
 * NULL = not given. */
struct cdr_sink_settings {
    /* file */
    char *out; /* folder */
    /* a part ends at the first record that passes this many uncompressed bytes */
    uint64_t rotate_bytes;
    char *compress; /* none gzip zstd */
    bool overwrite; /* replace a dataset in out instead of refusing */
    bool resume;    /* go on after what the destination holds of the same dataset */
    bool reopened;  /* with resume: by the process that has written to it already */
    bool committed; /* with reopened: some of its records are durable */
    /* kafka */
    struct cdr_kafka_settings kafka;
    enum cdr_rehearsal rehearsal;
    /* In a rehearsal of a repair: set for topics in which no record can follow, because of what
     * another producer's transactions left or what transactions did not commit, so that only to
     * fill them again helps; of each topic, borrowed; or NULL. */
    bool *unfit;
    /* Kafka, of a comparison: a topic of records that does not exist holds none. */
    bool may_miss;
    bool create_topics;
    uint32_t replication; /* of topics that we create; 0 = the broker's default */
    int64_t retention_ms; /* of topics that we create; −1 = keep for ever */
    bool id_header;       /* each message carries its record's id in the header cdrgen-id */
    bool fault_header;    /* each message with a fault names it in the header cdrgen-fault */
    bool append;          /* write after what a topic already holds */
    /* With reopened: the offset of the dataset's first record in each log, as the first opening
     * knew it; whatever is committed has been deleted meanwhile, it stays. Borrowed. */
    const int64_t *begins;
    /* With reopened: the first offset of each log that the first opening found, so that what is
     * deleted between two producers is missed, too. Borrowed. */
    const int64_t *floors;
    /* With reopened: logs of which what was there before the run was not compared, or NULL. */
    const bool *doubted;
    /* With append and resume: looks for it in the logs that are wanted, of which no run has
     * committed it; or NULL: they hold nothing of the dataset. */
    const struct cdr_begin_finder *finder;
    bool replays;      /* the records were made before: no setting changes what they are */
    bool transactions; /* commit in whole batches, with the progress */
    uint32_t transaction_records;
    uint32_t transaction_ms;
    uint32_t resume_quiet_ms; /* the topics' ends stand still at least this long before a resume */
    /* Folder where the run goes on when the brokers stay away (spill/spill.h), NULL = it does not:
     * then spill_after_ms is how long nothing may be acknowledged, instead of delivery.timeout.ms.
     */
    char *spill;
    uint32_t spill_after_ms;
};

/* What a sink is, for code that treats sinks differently without naming them. */
enum cdr_sink_trait {
    CDR_SINK_MESSAGES = 1u << 0, /* records become messages: keys, headers, framed values */
    CDR_SINK_OFFSETS = 1u << 1, /* brokers keep them in topics: what an earlier run left is found by
                                    its offsets, and schema ids come from a registry */
    CDR_SINK_FOLDER = 1u << 2,  /* they go to files in settings.out, tables beside them */
    CDR_SINK_LINES = 1u << 3,   /* they go to standard output, where nothing else may go */
};

struct cdr_sink_ops {
    const char *name; /* value of --sink */
    const char *description;
    unsigned traits; /* of enum cdr_sink_trait */

    /* Checks and prepares the destination. CDR_E_CONFIG or CDR_E_STATE: nothing was written. */
    enum cdr_result (*open)(struct cdr_sink **sink, const struct cdr_sink_settings *settings,
                            const struct cdr_sink_setup *setup, struct cdr_error *error);
    /* starts[log]: the position of the first record that each log lacks, so that the run begins
     * there; 0 without settings->resume. NULL: always 0. */
    void (*starts)(const struct cdr_sink *sink, uint64_t *starts);
    /* After open with settings->resume: the destination holds everything already, so that there is
     * nothing to write. NULL: not known. */
    bool (*holds_all)(const struct cdr_sink *sink);
    /* What open found or did that the user should know: line i, or NULL after the last one;
     * the sink's memory. NULL: nothing. */
    const char *(*note)(const struct cdr_sink *sink, size_t i);
    /* The same for what settings->kafka.force overrode; the user always sees it. */
    const char *(*warning)(const struct cdr_sink *sink, size_t i);
    /* bases[log]: the offset of the log's position 0, of the logs of this process. NULL: there are
     * no offsets. */
    void (*bases)(const struct cdr_sink *sink, int64_t *bases);
    /* After open, when the run is sure to begin; and once all records that were accepted are
     * durable and none follows: the sink remembers where the dataset begins and ends, for a later
     * resume and verify. Best effort. NULL: it need not. */
    void (*remember_begin)(struct cdr_sink *sink);
    void (*remember_end)(struct cdr_sink *sink);
    /* How long nothing may be acknowledged before the sink gives up, in ms. NULL: no such time. */
    int64_t (*patience_ms)(const struct cdr_sink *sink);
    /* An empty slab, or CDR_E_AGAIN where too many are under way: poll and try again.
     * Thread-safe. */
    enum cdr_result (*take_slab)(struct cdr_sink *sink, unsigned worker, struct cdr_slab **slab,
                                 struct cdr_error *error);
    /* Takes records [*taken, end) of slab, in order, and advances *taken by as many as it took, on
     * failure too. CDR_OK when all are taken, CDR_E_AGAIN when there is no room now. Paced runs
     * hand over part of a slab at a time. */
    enum cdr_result (*write)(struct cdr_sink *sink, unsigned worker, struct cdr_slab *slab,
                             uint32_t end, uint32_t *taken, struct cdr_error *error);
    /* Gives a slab back once all of it was taken (or never will be); the sink reuses it when it
     * can. */
    void (*give_slab)(struct cdr_sink *sink, unsigned worker, struct cdr_slab *slab);
    /* Serves callbacks for up to timeout_ms; reports a failure that happened in the background.
     * Thread-safe. */
    enum cdr_result (*poll)(struct cdr_sink *sink, int timeout_ms, struct cdr_error *error);
    /* Waits until everything accepted is durable, up to timeout_ms: CDR_OK, CDR_E_AGAIN (more time
     * needed) or a failure. One thread, when no write is under way. */
    enum cdr_result (*flush)(struct cdr_sink *sink, int timeout_ms, struct cdr_error *error);
    /* progress[log], any thread, at any time. */
    void (*progress)(const struct cdr_sink *sink, struct cdr_log_progress *progress);
    /* Completes the destination (renames files, writes the manifest) and frees the sink. complete
     * is false after an interrupt or a failure: what is whole stays, and a manifest says that it is
     * incomplete. Returns the first failure of the sink again, if there was one. If that was
     * CDR_E_PRODUCER, CDR_E_DIFFERENT or CDR_E_ENDED, the destination is no longer what this sink
     * wrote to, and another one must not go on. All slabs must have been given back. */
    enum cdr_result (*close)(struct cdr_sink *sink, bool complete, struct cdr_error *error);
};

/* NULL where this build has no sink of that name. */
const struct cdr_sink_ops *cdr_sink_find(const char *name);
/* Whether there is a sink of that name and it has the trait. */
bool cdr_sink_is(const char *name, enum cdr_sink_trait trait);
extern const struct cdr_sink_ops *const cdr_sinks[]; /* ended by NULL */

#endif
