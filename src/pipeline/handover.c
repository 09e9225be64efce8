#include "pipeline/handover.h"

#include "base/clock.h"

enum { POLL_MS = 5, FLUSH_MS = 200 };

/* Whether a call that waits still may. *give_up_ns starts as 0. */
static enum cdr_result go_on(const struct cdr_handover *handover, int64_t *give_up_ns,
                             struct cdr_error *error)
{
    if (handover->stop == NULL || atomic_load(handover->stop) == 0)
        return CDR_OK;
    if (*give_up_ns == 0)
        *give_up_ns = cdr_monotonic_ns() + handover->patience_ms * INT64_C(1000000);
    if (cdr_monotonic_ns() < *give_up_ns)
        return CDR_OK;
    return cdr_fail(error, CDR_E_INTERRUPTED, "%s", handover->interrupted);
}

static enum cdr_result wait_for_room(const struct cdr_handover *handover, int64_t *give_up_ns,
                                     struct cdr_error *error)
{
    enum cdr_result result = handover->sink->ops->poll(handover->sink, POLL_MS, error);
    return result == CDR_OK || result == CDR_E_AGAIN ? go_on(handover, give_up_ns, error) : result;
}

enum cdr_result cdr_handover_take(const struct cdr_handover *handover, unsigned worker,
                                  struct cdr_slab **slab, struct cdr_hashes *hashes,
                                  struct cdr_error *error)
{
    struct cdr_sink *sink = handover->sink;
    int64_t give_up_ns = 0;
    enum cdr_result result;
    *slab = NULL;
    while ((result = sink->ops->take_slab(sink, worker, slab, error)) == CDR_E_AGAIN) {
        result = wait_for_room(handover, &give_up_ns, error);
        if (result != CDR_OK)
            break;
    }
    if (result == CDR_OK && hashes != NULL && !cdr_hashes_reserve(hashes, (*slab)->records_max)) {
        sink->ops->give_slab(sink, worker, *slab);
        result = cdr_fail(error, CDR_E_NOMEM, "out of memory for hashes of records");
    }
    if (result != CDR_OK)
        *slab = NULL;
    return result;
}

enum cdr_result cdr_handover_write(const struct cdr_handover *handover, unsigned worker,
                                   struct cdr_slab *slab, uint32_t *taken, struct cdr_error *error)
{
    struct cdr_sink *sink = handover->sink;
    int64_t give_up_ns = 0;
    enum cdr_result result;
    while ((result = sink->ops->write(sink, worker, slab, slab->n, taken, error)) == CDR_E_AGAIN) {
        result = wait_for_room(handover, &give_up_ns, error);
        if (result != CDR_OK)
            break;
    }
    return result;
}

enum cdr_result cdr_handover_flush(const struct cdr_handover *handover, struct cdr_error *error)
{
    struct cdr_sink *sink = handover->sink;
    int64_t give_up_ns = 0;
    enum cdr_result result;
    while ((result = sink->ops->flush(sink, FLUSH_MS, error)) == CDR_E_AGAIN) {
        if (handover->tick != NULL)
            handover->tick(handover->context);
        result = go_on(handover, &give_up_ns, error);
        if (result != CDR_OK)
            break;
    }
    return result;
}
