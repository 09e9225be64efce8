#include "sink/counters.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

struct counter {
    _Atomic uint64_t accepted, durable, bytes;
};

struct cdr_counters {
    uint32_t logs;
    struct counter of[];
};

struct cdr_counters *cdr_counters_create(uint32_t logs)
{
    struct cdr_counters *counters = calloc(1, sizeof *counters + logs * sizeof counters->of[0]);
    if (counters != NULL)
        counters->logs = logs;
    return counters;
}

void cdr_counters_destroy(struct cdr_counters *counters)
{
    free(counters);
}

/* A load and a store rather than an add: there is only one writer, and a locked add costs more. */
static void add_alone(_Atomic uint64_t *counter, uint64_t more)
{
    uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + more, memory_order_relaxed);
}

void cdr_counters_accept(struct cdr_counters *counters, uint32_t log, uint64_t records,
                         uint64_t bytes)
{
    assert(log < counters->logs);
    add_alone(&counters->of[log].accepted, records);
    add_alone(&counters->of[log].bytes, bytes);
}

void cdr_counters_make_durable(struct cdr_counters *counters, uint32_t log, uint64_t records)
{
    assert(log < counters->logs);
    atomic_fetch_add_explicit(&counters->of[log].durable, records, memory_order_release);
}

void cdr_counters_read(const struct cdr_counters *counters, struct cdr_log_progress *progress)
{
    for (uint32_t log = 0; log < counters->logs; log++) {
        const struct counter *counter = &counters->of[log];
        /* durable first: a release that it synchronises with came after its records were accepted.
         */
        progress[log].durable = atomic_load_explicit(&counter->durable, memory_order_acquire);
        progress[log].accepted = atomic_load_explicit(&counter->accepted, memory_order_relaxed);
        progress[log].bytes = atomic_load_explicit(&counter->bytes, memory_order_relaxed);
    }
}

uint64_t cdr_payload_bytes(const struct cdr_encoder *encoder, const struct cdr_slab *slab,
                           uint32_t from, uint32_t to)
{
    if (from == to)
        return 0;
    uint64_t start = from == 0 ? 0 : slab->ends[from - 1];
    uint64_t around = (uint64_t)(to - from) * (encoder->frame_len + encoder->trailer_len);
    return slab->ends[to - 1] - start - around;
}
