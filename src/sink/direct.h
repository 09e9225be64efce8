/* What sinks that give slabs back at once have in common: a pool of slabs, and counts of each log.
 *
 * Such a sink's struct begins with a struct cdr_direct_sink, and its ops have the functions below.
 * One that keeps nothing leaves the counts as they are.
 */
#ifndef CDR_SINK_DIRECT_H
#define CDR_SINK_DIRECT_H

#include "sink/counters.h"
#include "sink/slab.h"

struct cdr_direct_sink {
    struct cdr_sink base;
    struct cdr_slab_pool *pool;
    struct cdr_counters *counters;
};

/* Zero-initialise; free also after an error. Errors: CDR_E_NOMEM. */
enum cdr_result cdr_direct_open(struct cdr_direct_sink *sink, const struct cdr_sink_ops *ops,
                                const struct cdr_sink_setup *setup, struct cdr_error *error);
void cdr_direct_free(struct cdr_direct_sink *sink);

enum cdr_result cdr_direct_take_slab(struct cdr_sink *sink, unsigned worker, struct cdr_slab **slab,
                                     struct cdr_error *error);
void cdr_direct_give_slab(struct cdr_sink *sink, unsigned worker, struct cdr_slab *slab);
void cdr_direct_progress(const struct cdr_sink *sink, struct cdr_log_progress *progress);

#endif
