/* Lists of keys in chunks: what goes in comes out, chunks go back to their pool, and no pool
 * grows in a steady state. */
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
    static const uint32_t sizes[] = {1, CDR_CHUNK_KEYS - 1, CDR_CHUNK_KEYS, CDR_CHUNK_KEYS + 1,
                                     5000};
    struct cdr_key_store store;
    cdr_key_store_init(&store);
    struct cdr_key_pool pool = {.store = &store};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        struct cdr_chunk *list = NULL;
        for (uint32_t i = 0; i < sizes[s]; i++)
            cdr_keylist_push(&pool, &list, key_of(i));
        uint32_t chunks = chunks_in(list), end = sizes[s];
        assert_int_equal(chunks, (sizes[s] + CDR_CHUNK_KEYS - 1) / CDR_CHUNK_KEYS);
        for (struct cdr_chunk *chunk = list; chunk != NULL; chunk = chunk->next) {
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
    cdr_key_store_free(&store);
}

static void recycle(struct cdr_key_pool *pool, struct cdr_chunk *list)
{
    while (list != NULL) {
        struct cdr_chunk *next = list->next;
        cdr_key_pool_give(pool, list);
        list = next;
    }
}

/* As many slots as a run of weeks has, shared unevenly by two workers, emptied by whoever: once
 * the largest slot has been, no more blocks are taken. */
static void test_store_does_not_grow(void **state)
{
    (void)state;
    enum { LISTS = 12, SLOTS = 500, KEYS = 20000 };
    struct cdr_key_store store;
    cdr_key_store_init(&store);
    struct cdr_key_pool pools[2] = {{.store = &store}, {.store = &store}};
    size_t blocks = 0;
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        struct cdr_chunk *lists[2][LISTS] = {{NULL}};
        uint32_t keys = slot == 0 ? KEYS : (uint32_t)(cdr_mix(slot) % (KEYS - 4000));
        uint64_t share =
            slot == 0 ? 50 : cdr_mix(slot + 1) % 101; /* percent done by the first worker */
        for (uint32_t i = 0; i < keys; i++) {
            uint64_t random = cdr_mix(i + ((uint64_t)slot << 32));
            int worker = random % 100 >= share;
            cdr_keylist_push(&pools[worker], &lists[worker][(random >> 32) % LISTS], key_of(i));
        }
        for (uint32_t l = 0; l < LISTS; l++) {
            recycle(&pools[cdr_mix(slot + l) & 1], lists[0][l]);
            recycle(&pools[cdr_mix(slot + l) >> 1 & 1], lists[1][l]);
        }
        cdr_key_pool_return(&pools[0]);
        cdr_key_pool_return(&pools[1]);
        assert_null(pools[0].free);
        blocks = slot == 0 ? store.block_count : blocks;
        assert_int_equal(store.block_count, blocks);
    }
    assert_true(blocks > 1);
    cdr_key_store_free(&store);
    assert_null(store.blocks);
}

/* Every chunk that there is comes back to the store exactly once. */
static void test_chunks_are_kept(void **state)
{
    (void)state;
    struct cdr_key_store store;
    cdr_key_store_init(&store);
    struct cdr_key_pool pool = {.store = &store};
    struct cdr_chunk *list = NULL;
    for (uint32_t i = 0; i < 300000; i++)
        cdr_keylist_push(&pool, &list, key_of(i));
    uint32_t used = chunks_in(list), spare = chunks_in(pool.free) + chunks_in(store.free);
    assert_int_equal(used, (300000 + CDR_CHUNK_KEYS - 1) / CDR_CHUNK_KEYS);
    recycle(&pool, list);
    cdr_key_pool_return(&pool);
    assert_int_equal(chunks_in(store.free), used + spare);
    cdr_key_store_free(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_push_keeps_keys),
        cmocka_unit_test(test_store_does_not_grow),
        cmocka_unit_test(test_chunks_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
