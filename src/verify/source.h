/* Sources: where the found records come from, log by log, in the order of the log.
 *
 * next may be called by any number of threads at once, but never by two for the same log.
 */
#ifndef CDR_VERIFY_SOURCE_H
#define CDR_VERIFY_SOURCE_H

#include "model/model.h"
#include "sink/sink.h"
#include "verify/payload.h"

#include <stdatomic.h>

#define CDR_OFFSET_UNREAD (-1) /* the log is not read: it is over at once */

struct cdr_source_setup {
    const struct cdr_model *model;
    const struct cdr_payloads *payloads;
    /* Borrowed until the source is closed. Frames of encoders and keys are as long as those of the
     * records that are found; Kafka: the headers of envelopes are read. */
    const struct cdr_topics *topics;
    uint32_t partitions;
    uint32_t shard_index, shard_count;
    bool read_uncommitted; /* Kafka: records of open and aborted transactions too */
    bool follow;           /* there is no end */
    bool header_names;     /* Kafka: those of all headers that messages have */
    bool more_partitions;  /* Kafka: topics may have more than those; see added */
    bool may_miss;         /* Kafka: a topic that does not exist is an empty one */
    bool few_records;      /* Kafka: little is read of each log; nothing is fetched ahead */
    bool explain_expired;  /* Kafka: find out what extents say of records that are gone */
    /* Kafka: where each log is read from, or CDR_OFFSET_UNREAD; NULL: from where the dataset begins
     * in it. */
    const int64_t *offsets;
    uint32_t open_wait_ms;         /* Kafka: how long to wait for open transactions to end */
    void (*say)(const char *text); /* that opening takes its time, and why; or NULL */
    const atomic_int *stop;        /* or NULL */
};

/* What is known of a log before it is read. */
struct cdr_source_extent {
    int64_t base;  /* where the dataset begins: offset, or 0 */
    int64_t first; /* what can be read begins here; above base where the beginning expired */
    int64_t end;   /* and ends here; −1: not known before */
    bool known;    /* base was committed by a run of the dataset, not taken for 0 */
    bool open;     /* a transaction that is open begins at end, and there is more beyond it */
    /* With read_uncommitted: a transaction that is open begins here, before end, or −1. */
    int64_t undecided;
    /* With setup.explain_expired, where first is above base (kafka_expired.h): not all that is
     * missing before the first record that is left need have expired; how many records a run of
     * the dataset committed that the log holds up to its end, −1 = not known; and that lay before
     * first, at least. */
    bool doubtful;
    int64_t records, gone;
};

/* A partition that a topic has beyond those that were asked for. */
struct cdr_added_partition {
    uint32_t type, partition;
    uint64_t records; /* in it, none of which belong there */
};

struct cdr_source_ops;
struct cdr_source {
    const struct cdr_source_ops *ops;
};

struct cdr_source_ops {
    /* The next record of a log: CDR_OK, its memory lasts until the next call for that log.
     * CDR_E_AGAIN: *ended says whether the log is over, or there is none yet, after waiting for up
     * to wait_ms. Errors: CDR_E_KAFKA, CDR_E_IO, CDR_E_DIFFERENT for a damaged file,
     * CDR_E_NOMEM. */
    enum cdr_result (*next)(struct cdr_source *source, uint32_t log, int wait_ms,
                            struct cdr_record *record, bool *ended, struct cdr_error *error);
    /* Serves callbacks; reports failures of the background. */
    enum cdr_result (*poll)(struct cdr_source *source, struct cdr_error *error);
    struct cdr_source_extent (*extent)(const struct cdr_source *source, uint32_t log);
    /* With setup.more_partitions, once the logs have been read: the partitions that were added, in
     * order, and what they hold now; the source's memory. NULL: there are none. Blocks. */
    enum cdr_result (*added)(struct cdr_source *source, const struct cdr_added_partition **added,
                             size_t *n, struct cdr_error *error);
    void (*close)(struct cdr_source *source);
};

/* Brokers and properties are those of the Kafka sink, whose settings are borrowed. Topics must
 * exist with as many partitions as asked, or with more or not at all where setup says so: else
 * CDR_E_STATE. Errors: CDR_E_KAFKA, CDR_E_CONFIG. */
enum cdr_result cdr_kafka_source_open(struct cdr_source **source,
                                      const struct cdr_sink_settings *settings,
                                      const struct cdr_source_setup *setup,
                                      struct cdr_error *error);
/* The parts in settings->out, as the file sink writes them. A manifest in it must be of the same
 * dataset: else CDR_E_STATE. *note, to be freed, is what the reader should know (an incomplete
 * dataset), or NULL. */
enum cdr_result cdr_file_source_open(struct cdr_source **source,
                                     const struct cdr_sink_settings *settings,
                                     const struct cdr_source_setup *setup, char **note,
                                     struct cdr_error *error);

#endif
