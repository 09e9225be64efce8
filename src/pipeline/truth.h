/* The truth about faults on purpose: which entry of which log has which, computed as a run computes
 * its records; nothing is read. One worker, so that the rows come in an order that depends on
 * nothing else: by slice of time, then by log, then by offset.
 *
 * Records that come late have rows as well, though they are no entries of another kind.
 *
 * Offsets are positions in the log: those of a topic that holds the dataset alone, from offset 0
 * on, without transactions.
 */
#ifndef CDR_PIPELINE_TRUTH_H
#define CDR_PIPELINE_TRUTH_H

#include "fault/truth_row.h"

#include <stdatomic.h>

struct cdr_truth_settings {
    const struct cdr_model *model;
    const struct cdr_topics *topics; /* of records, with their encoders; borrowed */
    uint32_t shard_index, shard_count;
    const bool *wanted;     /* per log: whether its rows are; NULL: those of all */
    const atomic_int *stop; /* not 0: CDR_E_INTERRUPTED; NULL: never */
    /* Anything but CDR_OK ends it with that result. The row is the visitor's during the call. */
    enum cdr_result (*visit)(void *context, const struct cdr_truth_row *row,
                             struct cdr_error *error);
    void *context;
};

/* All rows, from the first day's start to the end of the last. Blocks. Errors: CDR_E_NOMEM, those
 * of visit. */
enum cdr_result cdr_truth_visit(const struct cdr_truth_settings *settings, struct cdr_error *error);

/* The same a local day at a time, for callers that go through the days themselves. It has a thread
 * of its own, which works while a day is asked for, and visits from there. */
struct cdr_truth_feed;

/* Errors: CDR_E_NOMEM. */
enum cdr_result cdr_truth_feed_create(struct cdr_truth_feed **feed,
                                      const struct cdr_truth_settings *settings,
                                      struct cdr_error *error);
/* Visits the rows of a day; days in order, from the run's first on, past its last if wanted. Not
 * CDR_OK: the feed is good for nothing more but to be destroyed. */
enum cdr_result cdr_truth_feed_day(struct cdr_truth_feed *feed, int32_t day,
                                   struct cdr_error *error);
void cdr_truth_feed_destroy(struct cdr_truth_feed *feed);

#endif
