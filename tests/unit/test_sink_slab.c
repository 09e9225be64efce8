/* The pool of slabs: layout, reuse, the bound, and many threads at once. */
#include "sink_harness.h"

#include "sink/slab.h"

#include <pthread.h>

static struct cdr_slab_pool *make_pool(unsigned workers, unsigned slabs_max)
{
    const struct cdr_slab_settings settings = {
        .bytes_max = 10000, .records_max = 333, .workers = workers, .slabs_max = slabs_max};
    struct cdr_slab_pool *pool = NULL;
    assert_int_equal(cdr_slab_pool_create(&pool, &settings, NULL), CDR_OK);
    return pool;
}

static struct cdr_slab *must_take(struct cdr_slab_pool *pool, unsigned worker)
{
    struct cdr_slab *slab = NULL;
    assert_int_equal(cdr_slab_take(pool, worker, &slab, NULL), CDR_OK);
    assert_non_null(slab);
    return slab;
}

static bool on_cache_line(const void *memory)
{
    return (uintptr_t)memory % 64 == 0;
}

static void parts_are_aligned_and_apart(void **state)
{
    (void)state;
    struct cdr_slab_pool *pool = make_pool(1, 1);
    struct cdr_slab *slab = must_take(pool, 0);
    assert_true(on_cache_line(slab) && on_cache_line(slab->bytes) && on_cache_line(slab->ends));
    assert_true(on_cache_line(slab->event_ms) && on_cache_line(slab->keys) &&
                on_cache_line(slab->key_lens));
    assert_int_equal(slab->bytes_max, 10000);
    assert_int_equal(slab->records_max, 333);
    /* Each part full of its own byte: none reaches into another (and the sanitizer sees the ends).
     */
    memset(slab->bytes, 1, slab->bytes_max);
    memset(slab->ends, 2, 333 * sizeof slab->ends[0]);
    memset(slab->event_ms, 3, 333 * sizeof slab->event_ms[0]);
    memset(slab->keys, 4, 333 * sizeof slab->keys[0]);
    memset(slab->key_lens, 5, 333);
    for (size_t i = 0; i < slab->bytes_max; i++)
        assert_int_equal(slab->bytes[i], 1);
    for (size_t i = 0; i < 333; i++) {
        assert_int_equal(slab->ends[i], 0x02020202);
        assert_int_equal(slab->event_ms[i], INT64_C(0x0303030303030303));
        assert_int_equal(slab->keys[i][15], 4);
        assert_int_equal(slab->key_lens[i], 5);
    }
    cdr_slab_give(pool, slab);
    cdr_slab_pool_destroy(pool);
}

static void a_taken_slab_is_empty(void **state)
{
    (void)state;
    struct cdr_slab_pool *pool = make_pool(1, 1);
    struct cdr_slab *slab = must_take(pool, 0);
    slab->n = 7;
    slab->log = 8;
    slab->position = 9;
    slab->day = 10;
    slab->sink_private[3] = 11;
    slab->next = slab;
    cdr_slab_give(pool, slab);
    assert_ptr_equal(must_take(pool, 0), slab);
    assert_int_equal(slab->n, 0);
    assert_int_equal(slab->log, 0);
    assert_int_equal(slab->position, 0);
    assert_int_equal(slab->day, 0);
    assert_int_equal(slab->sink_private[3], 0);
    assert_null(slab->next);
    cdr_slab_give(pool, slab);
    cdr_slab_pool_destroy(pool);
}

static void last_given_is_first_taken_by_its_own_worker(void **state)
{
    (void)state;
    struct cdr_slab_pool *pool = make_pool(2, 8);
    struct cdr_slab *a = must_take(pool, 0), *b = must_take(pool, 0), *c = must_take(pool, 1);
    assert_int_equal(cdr_slab_pool_made(pool), 3);
    cdr_slab_give(pool, a);
    cdr_slab_give(pool, c);
    cdr_slab_give(pool, b);
    assert_int_equal(cdr_slab_pool_idle(pool), 3);
    assert_ptr_equal(must_take(pool, 1), c);
    assert_ptr_equal(must_take(pool, 0), b);
    assert_ptr_equal(must_take(pool, 0), a);
    assert_int_equal(cdr_slab_pool_made(pool), 3);
    cdr_slab_give(pool, a);
    cdr_slab_give(pool, b);
    cdr_slab_give(pool, c);
    cdr_slab_pool_destroy(pool);
}

static void more_than_the_maximum_is_again(void **state)
{
    (void)state;
    struct cdr_slab_pool *pool = make_pool(3, 2);
    struct cdr_slab *a = must_take(pool, 0), *b = must_take(pool, 1), *none = NULL;
    assert_int_equal(cdr_slab_take(pool, 0, &none, NULL), CDR_E_AGAIN);
    assert_int_equal(cdr_slab_take(pool, 2, &none, NULL), CDR_E_AGAIN);
    assert_null(none);
    assert_int_equal(cdr_slab_pool_made(pool), 2);
    cdr_slab_give(pool, b);
    /* Worker 2 may make none, and takes the idle one of worker 1, to whom it then no longer
     * belongs. */
    assert_ptr_equal(must_take(pool, 2), b);
    cdr_slab_give(pool, b);
    assert_ptr_equal(must_take(pool, 2), b);
    cdr_slab_give(pool, a);
    cdr_slab_give(pool, b);
    cdr_slab_pool_destroy(pool);
    cdr_slab_pool_destroy(NULL);
}

static void settings_leave_room_for_a_block(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness, "csv");
    harness.setup.slab_bytes = 1;
    harness.setup.slab_records = 1;
    struct cdr_slab_settings small = cdr_slab_settings_of(&harness.setup, 0);
    assert_int_equal(small.bytes_max, CDR_BLOCK_RECORDS * HARNESS_RECORD_MAX);
    assert_int_equal(small.records_max, CDR_BLOCK_RECORDS);
    assert_int_equal(small.slabs_max, 1);
    harness.setup.slab_bytes = 1 << 20;
    harness.setup.slab_records = 5000;
    struct cdr_slab_settings big = cdr_slab_settings_of(&harness.setup, 9);
    assert_int_equal(big.bytes_max, 1 << 20);
    assert_int_equal(big.records_max, 5000);
    assert_int_equal(big.slabs_max, 9);
    assert_int_equal(big.wire_key_bytes_max, 0);
    assert_int_equal(big.header_bytes_max, 0);
    /* Columns: all that the records could need, but no more than the records themselves get, unless
     * a block needs it. */
    harness.items[1].envelope.key_bytes_max = 20;
    harness.items[2].envelope.header_bytes_max = 30000;
    big = cdr_slab_settings_of(&harness.setup, 9);
    assert_int_equal(big.wire_key_bytes_max, 20 * 5000);
    assert_int_equal(big.header_bytes_max, CDR_BLOCK_RECORDS * 30000);
    harness.items[1].envelope.key_bytes_max = 1000;
    assert_int_equal(cdr_slab_settings_of(&harness.setup, 9).wire_key_bytes_max, 1 << 20);
    /* A paced run may hold a slab of every log, and each worker some more. */
    assert_true(cdr_slabs_for_direct_sinks(&harness.setup) >=
                CDR_TYPE_COUNT * HARNESS_PARTITIONS + 2);
    harness_end(&harness);
}

/* Each thread takes slabs, marks them, and hands them to its neighbour, who checks and gives them
 * back. */
struct ring {
    struct cdr_slab_pool *pool;
    pthread_mutex_t lock;
    struct cdr_slab *handed[4];
    unsigned finished;
};
struct member {
    struct ring *ring;
    unsigned worker;
    uint64_t again;
};

static struct cdr_slab *swap_handed(struct ring *ring, unsigned of, struct cdr_slab *slab)
{
    pthread_mutex_lock(&ring->lock);
    struct cdr_slab *before = ring->handed[of];
    ring->handed[of] = slab;
    pthread_mutex_unlock(&ring->lock);
    return before;
}

static void *run_member(void *argument)
{
    struct member *member = argument;
    struct ring *ring = member->ring;
    for (unsigned round = 0; round < 20000; round++) {
        struct cdr_slab *slab = NULL;
        enum cdr_result result = cdr_slab_take(ring->pool, member->worker, &slab, NULL);
        if (result == CDR_E_AGAIN) {
            member->again++;
        } else {
            if (result != CDR_OK || slab->n != 0)
                abort();
            slab->n = member->worker + 1;
            slab->bytes[0] = (uint8_t)round;
            slab = swap_handed(ring, (member->worker + 1) % 4, slab);
            if (slab != NULL)
                cdr_slab_give(ring->pool, slab);
        }
        slab = swap_handed(ring, member->worker, NULL);
        if (slab != NULL && slab->n != (member->worker + 3) % 4 + 1)
            abort();
        if (slab != NULL)
            cdr_slab_give(ring->pool, slab);
    }
    return NULL;
}

static void many_threads_share_few_slabs(void **state)
{
    (void)state;
    struct ring ring = {.pool = make_pool(4, 5), .lock = PTHREAD_MUTEX_INITIALIZER};
    struct member members[4];
    pthread_t threads[4];
    for (unsigned i = 0; i < 4; i++) {
        members[i] = (struct member){.ring = &ring, .worker = i};
        assert_int_equal(pthread_create(&threads[i], NULL, run_member, &members[i]), 0);
    }
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (unsigned i = 0; i < 4; i++)
        if (ring.handed[i] != NULL)
            cdr_slab_give(ring.pool, ring.handed[i]);
    assert_in_range(cdr_slab_pool_made(ring.pool), 1, 5);
    assert_int_equal(cdr_slab_pool_idle(ring.pool), cdr_slab_pool_made(ring.pool));
    cdr_slab_pool_destroy(ring.pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_aligned_and_apart),
        cmocka_unit_test(a_taken_slab_is_empty),
        cmocka_unit_test(last_given_is_first_taken_by_its_own_worker),
        cmocka_unit_test(more_than_the_maximum_is_again),
        cmocka_unit_test(settings_leave_room_for_a_block),
        cmocka_unit_test(many_threads_share_few_slabs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
