/* The answer to a query: what a pipeline that computes it over the dataset's topics must put out.
 * Nothing is read: records come from the engine, as columns, before they are encoded.
 *
 * The answer is complete: every record counts in its window, however late it comes. What an engine
 * that drops late records must have counted at least is told besides, for a rule of its kind: a
 * record is late where its window's end and the allowance lie at or before the greatest time that
 * its log has reached. Of a dataset with faults on purpose it is that of a pipeline that handles
 * them as `verify --clean` expects it: copies and conflicting records count once, records whose
 * payload has a fault not at all, missing ones neither.
 *
 * Rows come out window by window, as soon as no record can come that lies in the window, and no log
 * is behind its end; so memory follows the windows that are open, not the dataset's length.
 */
#ifndef CDR_ANSWER_ANSWER_H
#define CDR_ANSWER_ANSWER_H

#include "answer/groups.h"
#include "answer/query.h"
#include "model/model.h"

#include <stdatomic.h>

/* When a record may be left out. */
struct cdr_lateness {
    bool on;
    int64_t allowed_ms;
    int64_t early_ms; /* by which the engine is stricter */
    bool passing;     /* only records that fulfil the conditions advance a log's time */
};

struct cdr_answer_row {
    int64_t start_ms, end_ms;             /* of the window; 0 and 0 of all times */
    int64_t by[CDR_QUERY_BY_MAX];         /* as answer/column.h has them */
    int64_t values[CDR_QUERY_SELECT_MAX]; /* of the columns of select */
    int64_t must[CDR_QUERY_SELECT_MAX];   /* with lateness: the same without late records */
    uint64_t late;                        /* late records: 0 without lateness */
    uint64_t records;                     /* with lateness: all that count */
    /* With top: 1 and the number of rows of the window with more; rows of one rank are tied. Those
     * that tie with the last one are there, too. */
    uint64_t rank;
    /* Some log of the query's types, of those that have records, ends before the window does, with
     * lateness also before what is allowed after it: who puts out final results only need not have
     * put it out. */
    bool open;
};

/* A record that counts in a window. */
struct cdr_witness {
    uint32_t log;
    uint64_t position, id; /* in the log, and as in the header cdrgen-id */
    int64_t time_ms;
    int64_t values[CDR_QUERY_SELECT_MAX]; /* what it adds; of count 1 */
};

/* What a job does wrong, for answers that are wrong on purpose (answer/mistake.h); all 0: nothing.
 */
struct cdr_answer_mistake {
    int32_t local;    /* times are those of the local clock (1), or as much before UTC (−1) */
    int64_t shift_ms; /* times are so much later, by less than a day */
    int64_t named_ms; /* and windows have the name of one that begins so much later */
    bool arrival;     /* a record's time is the greatest one of its log so far */
    bool dropped;     /* late records are not there: values are those of must */
    bool narrow;      /* sums are of 32 bits */
    bool repeated;    /* some records count twice; nobody knows which */
    uint32_t counted; /* kinds of faults whose entries count, a bit of each; not CDR_FAULT_VALUE */
    bool replaced;    /* of records in conflict, the last one counts */
    bool without;     /* one log is not read: */
    uint32_t without_log;
    bool ended; /* records of this event time or later are not read: */
    int64_t ended_ms;
};

struct cdr_answer_settings {
    const struct cdr_model *model;
    const struct cdr_query *query;
    unsigned workers;
    uint32_t shard_index, shard_count;
    struct cdr_lateness lateness; /* not with top */
    /* Called by one thread at a time, by window, then by the query's by; with top, by rank before
     * that; sessions by their ends. Anything but CDR_OK ends it. */
    enum cdr_result (*row)(void *context, const struct cdr_answer_row *row,
                           struct cdr_error *error);
    void *context;
    const atomic_int *stop; /* not 0: CDR_E_INTERRUPTED; or NULL */
    /* Unless NULL, nothing is added up: each record that counts in a window that is a key here is
     * told of, with the key's row; in the order of each log, by the workers' threads. Not of
     * sessions: which one a record belongs to is known when it has ended. */
    const struct cdr_groups *watched;
    void (*witness)(void *context, int64_t *row, const struct cdr_witness *witness);
    /* Unless NULL, rows of other keys are left out; with the query's top, rows of windows that are
     * not there, and then keys are the window's start alone. */
    const struct cdr_groups *only;
    struct cdr_answer_mistake mistake;
};

/* The same, n times, of one model and for the same workers and shards, while records are generated
 * once. */
enum cdr_result cdr_answer_several(const struct cdr_answer_settings *settings, uint32_t n,
                                   struct cdr_error *error);

enum cdr_result cdr_answer(const struct cdr_answer_settings *settings, struct cdr_error *error);

#endif
