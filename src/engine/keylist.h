/* Lists of keys in chunks: each worker fills its own; the one that runs a task empties them.
 *
 * Chunks come from one store, by way of a small pool of each worker's: a pool takes several at a
 * time and gives all it has back once a slot, so the store is locked once in thousands of keys, and
 * what is in existence follows from the busiest slot, not from how much of it each worker happened
 * to do.
 */
#ifndef CDR_ENGINE_KEYLIST_H
#define CDR_ENGINE_KEYLIST_H

#include "base/result.h"
#include "model/key.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#define CDR_CHUNK_KEYS 127u
#define CDR_POOL_REFILL 16u /* chunks that a pool takes at once */

struct cdr_chunk {
    struct cdr_chunk *next; /* filled before this one */
    uint64_t n;
    struct cdr_key keys[CDR_CHUNK_KEYS];
};

struct cdr_key_store {
    pthread_mutex_t lock;
    struct cdr_chunk *free;
    void **blocks; /* what was allocated */
    size_t block_count, block_capacity;
};

/* A worker's. Zero but for store. */
struct cdr_key_pool {
    struct cdr_key_store *store;
    struct cdr_chunk *free, *last; /* last: of the free ones, where there are any */
    int exhausted;                 /* an allocation failed: keys were lost, the run must stop */
};

void cdr_key_store_init(struct cdr_key_store *store);
/* Frees all chunks, wherever they are. */
void cdr_key_store_free(struct cdr_key_store *store);

/* Takes chunks from the store, which allocates where it has none; sets exhausted where it can't. */
void cdr_key_pool_refill(struct cdr_key_pool *pool);
/* Gives all free chunks back to the store. */
void cdr_key_pool_return(struct cdr_key_pool *pool);

static inline void cdr_key_pool_give(struct cdr_key_pool *pool, struct cdr_chunk *chunk)
{
    chunk->next = pool->free;
    if (pool->free == NULL)
        pool->last = chunk;
    pool->free = chunk;
}

static inline void cdr_keylist_push(struct cdr_key_pool *pool, struct cdr_chunk **list,
                                    struct cdr_key key)
{
    struct cdr_chunk *chunk = *list;
    if (chunk == NULL || chunk->n == CDR_CHUNK_KEYS) {
        if (pool->free == NULL)
            cdr_key_pool_refill(pool);
        struct cdr_chunk *fresh = pool->free;
        if (fresh == NULL)
            return;
        pool->free = fresh->next;
        fresh->next = chunk;
        fresh->n = 0;
        *list = chunk = fresh;
    }
    chunk->keys[chunk->n++] = key;
}

#endif
