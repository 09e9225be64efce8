#include "engine/keylist.h"

#include <stdlib.h>

/* Few chunks at first, so that small runs stay small, then more at a time. */
#define BLOCK_CHUNKS_FIRST 16u
#define BLOCK_CHUNKS_MAX 512u

struct cdr_chunk *cdr_key_pool_grow(struct cdr_key_pool *pool)
{
    if (pool->block_count == pool->block_capacity) {
        size_t capacity = pool->block_capacity == 0 ? 16 : 2 * pool->block_capacity;
        void **blocks = realloc(pool->blocks, capacity * sizeof *blocks);
        if (blocks == NULL) {
            pool->exhausted = 1;
            return NULL;
        }
        pool->blocks = blocks;
        pool->block_capacity = capacity;
    }
    size_t count = BLOCK_CHUNKS_FIRST << (pool->block_count / 4 < 5 ? pool->block_count / 4 : 5);
    count = count > BLOCK_CHUNKS_MAX ? BLOCK_CHUNKS_MAX : count;
    struct cdr_chunk *block = malloc(count * sizeof *block);
    if (block == NULL) {
        pool->exhausted = 1;
        return NULL;
    }
    pool->blocks[pool->block_count++] = block;
    for (size_t i = count; i-- > 0;) {
        block[i].owner = pool->owner;
        block[i].next = pool->free;
        pool->free = &block[i];
    }
    return pool->free;
}

void cdr_key_pool_free(struct cdr_key_pool *pool)
{
    for (size_t i = 0; i < pool->block_count; i++)
        free(pool->blocks[i]);
    free(pool->blocks);
    *pool = (struct cdr_key_pool){0};
}
