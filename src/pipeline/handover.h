/* Handing slabs over to a sink. A sink never waits (sink/sink.h); whoever feeds one waits here.
 *
 * After a stop, a call goes on waiting for patience_ms at most; then it fails with
 * CDR_E_INTERRUPTED and the words of interrupted. Other errors are the sink's.
 *
 * Nothing in the struct changes, so threads may share one.
 */
#ifndef CDR_PIPELINE_HANDOVER_H
#define CDR_PIPELINE_HANDOVER_H

#include "pipeline/digest.h"
#include "sink/sink.h"

#include <stdatomic.h>

struct cdr_handover {
    struct cdr_sink *sink;
    const atomic_int *stop; /* not 0: stop; NULL: no stop comes */
    uint32_t patience_ms;
    const char *interrupted;
    void (*tick)(void *context); /* now and then during a flush; or NULL */
    void *context;
};

/* Takes a slab as soon as there is one, with room for the hashes of its records; hashes may be
 * NULL. *slab is NULL after a failure. */
enum cdr_result cdr_handover_take(const struct cdr_handover *handover, unsigned worker,
                                  struct cdr_slab **slab, struct cdr_hashes *hashes,
                                  struct cdr_error *error);
/* Hands over records [*taken, slab->n). After a failure *taken says how far it came. */
enum cdr_result cdr_handover_write(const struct cdr_handover *handover, unsigned worker,
                                   struct cdr_slab *slab, uint32_t *taken, struct cdr_error *error);
/* Returns when all that was handed over is safe. */
enum cdr_result cdr_handover_flush(const struct cdr_handover *handover, struct cdr_error *error);

#endif
