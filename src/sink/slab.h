/* A pool of slabs: the memory that workers encode into and sinks read from. Every sink embeds one.
 *
 * A slab is one allocation whose parts (bytes, ends, event_ms, keys, key_lens) each start on their
 * own cache line. Slabs are made on demand up to slabs_max, so a generous maximum costs
 * nothing until that many are under way at once; then take answers CDR_E_AGAIN, which is what
 * bounds a run's memory. The first touch of fresh memory costs as much as encoding a record into
 * it, so slabs are reused, last in first out, per worker: a slab returns to the worker that took it
 * last, whichever gives it back. A worker that has none and may make none takes an idle one of
 * another worker.
 *
 * Thread-safe. Each worker's list has its own lock on its own cache line: in the steady state no
 * other thread wants it, and it is taken twice per slab, which is thousands of records.
 */
#ifndef CDR_SINK_SLAB_H
#define CDR_SINK_SLAB_H

#include "sink/sink.h"

struct cdr_slab_settings {
    size_t bytes_max;     /* of each slab */
    uint32_t records_max; /* of each slab */
    bool ids;             /* with room for ids */
    bool marks;           /* with room for marks */
    /* Of the columns of each slab; 0: without. */
    size_t wire_key_bytes_max, header_bytes_max;
    unsigned workers;   /* worker numbers are below this */
    unsigned slabs_max; /* in existence at once, at least 1 */
};

/* What the set-up asks for, raised where needed so that a whole block (CDR_BLOCK_RECORDS) of the
 * longest records of any of its encoders, keys and headers fits into an empty slab. */
struct cdr_slab_settings cdr_slab_settings_of(const struct cdr_sink_setup *setup,
                                              unsigned slabs_max);

/* A maximum for sinks that give slabs back at once, so that only the caller holds any: one for each
 * log of this process (a paced run may hold that many, partly written) and a few for each worker.
 */
unsigned cdr_slabs_for_direct_sinks(const struct cdr_sink_setup *setup);

struct cdr_slab_pool;

/* Makes no slab yet. Errors: CDR_E_NOMEM. */
enum cdr_result cdr_slab_pool_create(struct cdr_slab_pool **pool,
                                     const struct cdr_slab_settings *settings,
                                     struct cdr_error *error);
/* Frees all slabs; all must have been given back. NULL is accepted. */
void cdr_slab_pool_destroy(struct cdr_slab_pool *pool);

/* A slab with n, position, log, day, next and sink_private zeroed; the rest is as it was left.
 * CDR_E_AGAIN where slabs_max are under way, CDR_E_NOMEM. */
enum cdr_result cdr_slab_take(struct cdr_slab_pool *pool, unsigned worker, struct cdr_slab **slab,
                              struct cdr_error *error);
/* From any thread. */
void cdr_slab_give(struct cdr_slab_pool *pool, struct cdr_slab *slab);

/* Slabs that exist and slabs that are idle, for tests and reports; exact when nobody takes or
 * gives. */
unsigned cdr_slab_pool_made(const struct cdr_slab_pool *pool);
unsigned cdr_slab_pool_idle(struct cdr_slab_pool *pool);

#endif
