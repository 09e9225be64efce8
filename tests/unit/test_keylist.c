/* Lists of keys in chunks: what goes in comes out, chunks go back to their pool, and no pool grows in a steady state. */
#include "engine/keylist.h"

#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static struct cdr_key key_of(uint64_t number)
{
    return (struct cdr_key){.high = cdr_mix(number), .low = number};
}

static uint32_t chunks_in(const struct cdr_chunk *list)
{
    uint32_t n = 0;
    for (; list != NULL; list = list->next)
        n++;
    return n;
}

/* Chunks come newest first, keys within a chunk oldest first. */
static void test_push_keeps_keys(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {1, CDR_CHUNK_KEYS - 1, CDR_CHUNK_KEYS, CDR_CHUNK_KEYS + 1, 5000};
    struct cdr_key_pool pool = {.owner = 3};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        struct cdr_chunk *list = NULL;
        for (uint32_t i = 0; i < sizes[s]; i++)
            cdr_keylist_push(&pool, &list, key_of(i));
        uint32_t chunks = chunks_in(list), end = sizes[s];
        assert_int_equal(chunks, (sizes[s] + CDR_CHUNK_KEYS - 1) / CDR_CHUNK_KEYS);
        for (struct cdr_chunk *chunk = list; chunk != NULL; chunk = chunk->next) {
            assert_int_equal(chunk->owner, 3);
            assert_in_range(chunk->n, 1, CDR_CHUNK_KEYS);
            end -= chunk->n;
            for (uint32_t i = 0; i < chunk->n; i++) {
                struct cdr_key wanted = key_of(end + i);
                assert_memory_equal(&chunk->keys[i], &wanted, sizeof wanted);
            }
        }
        assert_int_equal(end, 0);
    }
    assert_int_equal(pool.exhausted, 0);
    cdr_key_pool_free(&pool);
}

static void recycle(struct cdr_key_pool *pool, struct cdr_chunk *list)
{
    struct cdr_chunk_chain chain = {0};
    while (list != NULL) {
        struct cdr_chunk *next = list->next;
        cdr_chain_push(&chain, list);
        list = next;
    }
    if (chain.first == NULL)
        return;
    chain.last->next = pool->free;
    pool->free = chain.first;
}

/* As many slots as a run of weeks has: once the largest slot has been, no more blocks are taken. */
static void test_pool_does_not_grow(void **state)
{
    (void)state;
    enum { LISTS = 12, SLOTS = 500 };
    struct cdr_key_pool pool = {0};
    size_t blocks = 0;
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        struct cdr_chunk *lists[LISTS] = {NULL};
        uint32_t keys = slot == 0 ? 20000 : (uint32_t)(cdr_mix(slot) % 19000);
        for (uint32_t i = 0; i < keys; i++)
            cdr_keylist_push(&pool, &lists[slot == 0 ? i % LISTS : cdr_mix(i + slot) % LISTS], key_of(i));
        for (uint32_t l = 0; l < LISTS; l++)
            recycle(&pool, lists[l]);
        if (slot == 1)
            blocks = pool.block_count;
        if (slot > 1)
            assert_int_equal(pool.block_count, blocks);
    }
    assert_true(blocks > 1);
    cdr_key_pool_free(&pool);
    assert_null(pool.free);
    assert_null(pool.blocks);
}

/* A chain keeps its last chunk, so that it can be put in front of a free list at once. */
static void test_chain(void **state)
{
    (void)state;
    struct cdr_chunk a = {.n = 1}, b = {.n = 2}, c = {.n = 3};
    struct cdr_chunk_chain chain = {0};
    cdr_chain_push(&chain, &a);
    assert_ptr_equal(chain.last, &a);
    cdr_chain_push(&chain, &b);
    cdr_chain_push(&chain, &c);
    assert_ptr_equal(chain.first, &c);
    assert_ptr_equal(chain.last, &a);
    assert_ptr_equal(c.next, &b);
    assert_ptr_equal(b.next, &a);
    assert_null(a.next);
}

/* Every chunk of every block comes back as free exactly once. */
static void test_grow_hands_out_each_chunk_once(void **state)
{
    (void)state;
    struct cdr_key_pool pool = {.owner = 1};
    struct cdr_chunk *all = NULL;
    uint32_t taken = 0;
    for (uint32_t i = 0; i < 6000; i++) {
        if (pool.free == NULL)
            assert_non_null(cdr_key_pool_grow(&pool));
        struct cdr_chunk *chunk = pool.free;
        pool.free = chunk->next;
        chunk->n = 0;
        chunk->next = all;
        all = chunk;
        taken++;
    }
    for (struct cdr_chunk *chunk = all; chunk != NULL; chunk = chunk->next) {
        assert_int_equal(chunk->n, 0);
        chunk->n = 1;
    }
    assert_int_equal(chunks_in(all), taken);
    cdr_key_pool_free(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_push_keeps_keys),
        cmocka_unit_test(test_pool_does_not_grow),
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_grow_hands_out_each_chunk_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
