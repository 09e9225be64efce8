#include "sink/direct.h"

enum cdr_result cdr_direct_open(struct cdr_direct_sink *sink, const struct cdr_sink_ops *ops,
                                const struct cdr_sink_setup *setup, struct cdr_error *error)
{
    sink->base.ops = ops;
    sink->counters = cdr_counters_create(setup->topics->n * setup->partitions);
    if (sink->counters == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for the counts of %u partitions",
                        setup->partitions);
    struct cdr_slab_settings slabs = cdr_slab_settings_of(setup, cdr_slabs_for_direct_sinks(setup));
    return cdr_slab_pool_create(&sink->pool, &slabs, error);
}

void cdr_direct_free(struct cdr_direct_sink *sink)
{
    cdr_slab_pool_destroy(sink->pool);
    cdr_counters_destroy(sink->counters);
}

enum cdr_result cdr_direct_take_slab(struct cdr_sink *sink, unsigned worker, struct cdr_slab **slab,
                                     struct cdr_error *error)
{
    return cdr_slab_take(((struct cdr_direct_sink *)sink)->pool, worker, slab, error);
}

void cdr_direct_give_slab(struct cdr_sink *sink, unsigned worker, struct cdr_slab *slab)
{
    (void)worker;
    cdr_slab_give(((struct cdr_direct_sink *)sink)->pool, slab);
}

void cdr_direct_progress(const struct cdr_sink *sink, struct cdr_log_progress *progress)
{
    cdr_counters_read(((const struct cdr_direct_sink *)sink)->counters, progress);
}
