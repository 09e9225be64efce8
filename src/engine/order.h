/* Order: sorts a task's keys. */
#ifndef CDR_ENGINE_ORDER_H
#define CDR_ENGINE_ORDER_H

#include "model/key.h"

#include <stddef.h>
#include <stdint.h>

/* Sorts n keys by the total order. All have an ms in [from_ms, from_ms + 2^bits). work has room for
 * n keys; the sorted keys end up in keys. One counting pass by the upper bits of the ms, about two
 * buckets a key, then insertion: O(n) for times as the model spreads them. buckets has room for
 * CDR_ORDER_BUCKETS + 1. */
#define CDR_ORDER_BUCKETS 8192u
void cdr_order_keys(struct cdr_key *keys, struct cdr_key *work, uint32_t n, uint32_t from_ms,
                    uint32_t bits, uint32_t *buckets);

#endif
