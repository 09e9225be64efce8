/* The dimension topics against the function: what compaction may have left of them must be there,
 * and nothing else.
 *
 * The function's records are looked for in their order: key, timestamp, value or none. What lies
 * between them may take offsets without being seen: control records, and records that another
 * producer aborted. So a record may be found at a later offset than its own, and those after it
 * then are as well. Another record at the offset of one is compared with it, and differs.
 *
 * One that is not found is as it should be if the log must hold a later one of its key, or if it is
 * a tombstone and the log goes on after it, and no earlier one of its key is there: compaction
 * removes both. Any other is lost.
 *
 * Kafka's cleaner leaves no earlier record of a key where it has removed a later one. It goes
 * through the log from its beginning, and of each key it removes all records before the last one
 * that it knows; it replaces segments in the order of the log, so that one that breaks off has
 * cleaned a beginning. A tombstone goes in a later pass than the records before it. Two things look
 * otherwise: a log that is cleaned while it is read, which is why such a log is read again; and a
 * replica that fell behind, and went on to copy after its leader had been cleaned: until its own
 * cleaner has come by, it has rows that the leader has not, and so have its consumers once it
 * leads.
 *
 * The truth is not compacted: each of its rows must be there.
 *
 * Memory: 5 bytes a subscriber. Two passes over the days.
 */
#ifndef CDR_VERIFY_DIMENSIONS_H
#define CDR_VERIFY_DIMENSIONS_H

#include "pipeline/dimension_feed.h"
#include "sink/sink.h"

#include <stdatomic.h>

struct cdr_dimension_counts {
    uint64_t expected; /* that the function has */
    uint64_t found;
    uint64_t matched;
    uint64_t compacted; /* not there, and rightly so */
    uint64_t lost, wrong_key, wrong_timestamp, altered;
    uint64_t foreign; /* found after the last that there can be */
    uint64_t unread;  /* not there, but a transaction that is open may hold it back */
    uint64_t rows;    /* of the function's, up to the last that is there */
};

#define CDR_DIMENSION_LINES_MAX 32
#define CDR_DIMENSION_LINE_MAX 768

struct cdr_dimension_check_settings {
    const struct cdr_model *model;
    const struct cdr_topics *topics;      /* of rows */
    const struct cdr_topics *records;     /* with encoders, for the truth */
    const struct cdr_sink_settings *sink; /* brokers and properties */
    uint32_t shard_index, shard_count;
    /* The logs hold the first of their records, up to these, and no other. NULL: all of them, from
     * where the dataset begins in the topics. */
    const struct cdr_dimension_range *ranges; /* per log */
    bool may_end;                             /* with ranges: the logs may hold fewer */
    bool spares_lost;                         /* lost records are no difference */
    bool finds; /* without ranges: where no run committed where the dataset begins, look for it */
    uint32_t days;         /* from the first of the run on */
    uint32_t show;         /* differences that are described */
    uint32_t open_wait_ms; /* for open transactions to end */
    const atomic_int *stop;
};

struct cdr_dimension_range {
    uint64_t to;    /* how many records */
    int64_t offset; /* of the first */
};

struct cdr_dimension_report {
    struct cdr_dimension_counts *counts; /* per log; to be freed */
    /* Partitions that a topic has beyond the dataset's; found and foreign in them. */
    uint32_t added_partitions[CDR_DIMENSION_TOPICS_MAX];
    struct cdr_dimension_counts added[CDR_DIMENSION_TOPICS_MAX];
    /* Rows that a topic held before the dataset began in it. */
    uint64_t before[CDR_DIMENSION_TOPICS_MAX];
    bool doubtful; /* a record is lost, and an earlier one of its key is there */
    uint32_t lines;
    char line[CDR_DIMENSION_LINES_MAX][CDR_DIMENSION_LINE_MAX]; /* differences in words */
};

/* Where the dataset begins in logs of which nobody knows it: those that are wanted. begins[log]: of
 * those, an offset or one of CDR_FIND_* (search.h). All rows of the logs are read, and those of the
 * dataset are made up to the latest of them. Errors as of cdr_dimension_check. */
enum cdr_result cdr_dimension_find(const struct cdr_dimension_check_settings *settings,
                                   const bool *wanted, int64_t *begins, struct cdr_error *error);
/* CDR_OK: compared to the end, whatever was found. Errors: CDR_E_STATE and CDR_E_KAFKA where the
 * topics cannot be read; CDR_E_INTERRUPTED; CDR_E_NOMEM. */
enum cdr_result cdr_dimension_check(const struct cdr_dimension_check_settings *settings,
                                    struct cdr_dimension_report *report, struct cdr_error *error);

static inline bool cdr_dimension_differs(const struct cdr_dimension_counts *counts)
{
    return counts->lost + counts->wrong_key + counts->wrong_timestamp + counts->altered +
               counts->foreign >
           0;
}

#endif
