/* Lists of keys in chunks: each worker fills its own, whoever runs a task empties them.
 *
 * A chunk goes back to the pool of the worker that made it, by way of a return list that only the emptying worker writes and
 * that the owner takes over between phases: no locks, and no pool grows for ever.
 */
#ifndef CDR_ENGINE_KEYLIST_H
#define CDR_ENGINE_KEYLIST_H

#include "base/result.h"
#include "model/key.h"

#include <stddef.h>
#include <stdint.h>

#define CDR_CHUNK_KEYS 126u

struct cdr_chunk {
    struct cdr_chunk *next; /* filled before this one */
    uint32_t n;
    uint32_t owner;
    struct cdr_key keys[CDR_CHUNK_KEYS];
};

struct cdr_key_pool {
    struct cdr_chunk *free;
    void **blocks; /* what was allocated */
    size_t block_count, block_capacity;
    uint32_t owner;
    int exhausted; /* an allocation failed: keys were lost, the run must stop */
};

struct cdr_chunk_chain {
    struct cdr_chunk *first, *last;
};

void cdr_key_pool_free(struct cdr_key_pool *pool);
/* A chunk of a new block; NULL and pool->exhausted where memory is. */
struct cdr_chunk *cdr_key_pool_grow(struct cdr_key_pool *pool);

static inline void cdr_keylist_push(struct cdr_key_pool *pool, struct cdr_chunk **list, struct cdr_key key)
{
    struct cdr_chunk *chunk = *list;
    if (chunk == NULL || chunk->n == CDR_CHUNK_KEYS) {
        struct cdr_chunk *fresh = pool->free;
        if (fresh == NULL && (fresh = cdr_key_pool_grow(pool)) == NULL)
            return;
        pool->free = fresh->next;
        fresh->next = chunk;
        fresh->n = 0;
        *list = chunk = fresh;
    }
    chunk->keys[chunk->n++] = key;
}

static inline void cdr_chain_push(struct cdr_chunk_chain *chain, struct cdr_chunk *chunk)
{
    chunk->next = chain->first;
    if (chain->first == NULL)
        chain->last = chunk;
    chain->first = chunk;
}

#endif
