#include "engine/keylist.h"

#include <stdlib.h>

/* Few chunks at first, so that small runs stay small, then more at a time. */
#define BLOCK_CHUNKS_FIRST 16u
#define BLOCK_CHUNKS_MAX 512u

void cdr_key_store_init(struct cdr_key_store *store)
{
    *store = (struct cdr_key_store){0};
    pthread_mutex_init(&store->lock, NULL);
}

void cdr_key_store_free(struct cdr_key_store *store)
{
    for (size_t i = 0; i < store->block_count; i++)
        free(store->blocks[i]);
    free(store->blocks);
    pthread_mutex_destroy(&store->lock);
    *store = (struct cdr_key_store){0};
}

/* With the lock held. */
static void grow(struct cdr_key_store *store)
{
    if (store->block_count == store->block_capacity) {
        size_t capacity = store->block_capacity == 0 ? 16 : 2 * store->block_capacity;
        void **blocks = realloc(store->blocks, capacity * sizeof *blocks);
        if (blocks == NULL)
            return;
        store->blocks = blocks;
        store->block_capacity = capacity;
    }
    size_t count = BLOCK_CHUNKS_FIRST << (store->block_count / 4 < 5 ? store->block_count / 4 : 5);
    count = count > BLOCK_CHUNKS_MAX ? BLOCK_CHUNKS_MAX : count;
    struct cdr_chunk *block = malloc(count * sizeof *block);
    if (block == NULL)
        return;
    store->blocks[store->block_count++] = block;
    for (size_t i = count; i-- > 0;) {
        block[i].next = store->free;
        store->free = &block[i];
    }
}

void cdr_key_pool_refill(struct cdr_key_pool *pool)
{
    struct cdr_key_store *store = pool->store;
    pthread_mutex_lock(&store->lock);
    if (store->free == NULL)
        grow(store);
    for (uint32_t i = 0; i < CDR_POOL_REFILL && store->free != NULL; i++) {
        struct cdr_chunk *chunk = store->free;
        store->free = chunk->next;
        cdr_key_pool_give(pool, chunk);
    }
    pthread_mutex_unlock(&store->lock);
    if (pool->free == NULL)
        pool->exhausted = 1;
}

void cdr_key_pool_return(struct cdr_key_pool *pool)
{
    if (pool->free == NULL)
        return;
    pthread_mutex_lock(&pool->store->lock);
    pool->last->next = pool->store->free;
    pool->store->free = pool->free;
    pthread_mutex_unlock(&pool->store->lock);
    pool->free = pool->last = NULL;
}
