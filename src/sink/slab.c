#include "sink/slab.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_LINE 64u
/* Readable and writable after the last byte: encoders and vector loads may run over by as much. */
#define OVERRUN_BYTES 64u

/* Idle slabs of one worker, linked by next. */
struct idle_list {
    pthread_mutex_t lock;
    struct cdr_slab *first;
    char padding[CACHE_LINE * 2 - sizeof(pthread_mutex_t) - sizeof(struct cdr_slab *)];
};

struct cdr_slab_pool {
    struct cdr_slab_settings settings;
    atomic_uint made;
    struct idle_list *lists; /* one a worker */
};

/* The whole allocation starts with this. */
struct owned_slab {
    struct cdr_slab slab;
    unsigned home; /* the worker that took it last */
};
_Static_assert(offsetof(struct owned_slab, slab) == 0, "a slab's address is its allocation's");

/* Of a column whose longest value has so many bytes: no more than the records get, unless a block
 * needs it. */
static size_t column_bytes(const struct cdr_slab_settings *settings, size_t value_bytes_max)
{
    size_t all = settings->records_max * value_bytes_max;
    size_t least = CDR_BLOCK_RECORDS * value_bytes_max;
    size_t most = settings->bytes_max > least ? settings->bytes_max : least;
    return all < most ? all : most;
}

struct cdr_slab_settings cdr_slab_settings_of(const struct cdr_sink_setup *setup,
                                              unsigned slabs_max)
{
    size_t record_bytes_max = 0, key_bytes_max = 0, header_bytes_max = 0;
    for (uint32_t i = 0; i < setup->topics->n; i++) {
        const struct cdr_topic *topic = &setup->topics->items[i];
        const struct cdr_envelope *envelope = &topic->envelope;
        if (topic->encoder->record_bytes_max > record_bytes_max)
            record_bytes_max = topic->encoder->record_bytes_max;
        if (envelope->key_bytes_max > key_bytes_max)
            key_bytes_max = envelope->key_bytes_max;
        if (envelope->header_bytes_max > header_bytes_max)
            header_bytes_max = envelope->header_bytes_max;
    }
    size_t bytes_min = CDR_BLOCK_RECORDS * record_bytes_max + setup->fault_bytes;
    struct cdr_slab_settings settings = {
        .bytes_max = setup->slab_bytes > bytes_min ? setup->slab_bytes : bytes_min,
        .records_max =
            setup->slab_records > CDR_BLOCK_RECORDS ? setup->slab_records : CDR_BLOCK_RECORDS,
        .workers = setup->workers > 0 ? setup->workers : 1,
        .slabs_max = slabs_max > 0 ? slabs_max : 1,
        .ids = setup->ids,
        .marks = setup->fault_bytes > 0,
    };
    settings.wire_key_bytes_max = column_bytes(&settings, key_bytes_max);
    settings.header_bytes_max = column_bytes(&settings, header_bytes_max);
    return settings;
}

unsigned cdr_slabs_for_direct_sinks(const struct cdr_sink_setup *setup)
{
    unsigned shards = setup->shard_count > 0 ? setup->shard_count : 1;
    return setup->topics->n * (setup->partitions / shards + 1) +
           4 * (setup->workers > 0 ? setup->workers : 1);
}

static size_t round_up(size_t size)
{
    return (size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
}

/* What a column takes of a slab's memory. */
static size_t column_room(const struct cdr_slab_settings *settings, size_t bytes_max)
{
    return bytes_max == 0 ? 0
                          : round_up(settings->records_max * sizeof(uint32_t)) +
                                round_up(bytes_max + OVERRUN_BYTES);
}

static void place_column(struct cdr_slab_column *column, const struct cdr_slab_settings *settings,
                         size_t bytes_max, char *memory)
{
    if (bytes_max == 0)
        return;
    column->ends = (uint32_t *)(void *)memory;
    column->bytes = (uint8_t *)memory + round_up(settings->records_max * sizeof(uint32_t));
    column->bytes_max = bytes_max;
}

/* The big part comes last: a slab that is rarely full then touches few pages. */
static struct cdr_slab *slab_create(const struct cdr_slab_settings *settings)
{
    size_t records = settings->records_max;
    size_t ends_at = round_up(sizeof(struct owned_slab));
    size_t event_at = ends_at + round_up(records * sizeof(uint32_t));
    size_t keys_at = event_at + round_up(records * sizeof(int64_t));
    size_t key_lens_at = keys_at + round_up(records * sizeof(char[16]));
    size_t ids_at = key_lens_at + round_up(records);
    size_t marks_at = ids_at + (settings->ids ? round_up(records * sizeof(uint64_t)) : 0);
    size_t wire_keys_at = marks_at + (settings->marks ? round_up(records) : 0);
    size_t headers_at = wire_keys_at + column_room(settings, settings->wire_key_bytes_max);
    size_t bytes_at = headers_at + column_room(settings, settings->header_bytes_max);
    char *memory =
        aligned_alloc(CACHE_LINE, round_up(bytes_at + settings->bytes_max + OVERRUN_BYTES));
    if (memory == NULL)
        return NULL;
    struct cdr_slab *slab = (struct cdr_slab *)(void *)memory;
    memset(memory, 0, ends_at);
    slab->ends = (uint32_t *)(void *)(memory + ends_at);
    slab->event_ms = (int64_t *)(void *)(memory + event_at);
    slab->keys = (char(*)[16])(void *)(memory + keys_at);
    slab->key_lens = (uint8_t *)(memory + key_lens_at);
    slab->ids = settings->ids ? (uint64_t *)(void *)(memory + ids_at) : NULL;
    slab->marks = settings->marks ? (uint8_t *)(memory + marks_at) : NULL;
    place_column(&slab->wire_keys, settings, settings->wire_key_bytes_max, memory + wire_keys_at);
    place_column(&slab->headers, settings, settings->header_bytes_max, memory + headers_at);
    slab->bytes = (uint8_t *)(memory + bytes_at);
    slab->bytes_max = settings->bytes_max;
    slab->records_max = settings->records_max;
    return slab;
}

enum cdr_result cdr_slab_pool_create(struct cdr_slab_pool **pool,
                                     const struct cdr_slab_settings *settings,
                                     struct cdr_error *error)
{
    assert(settings->workers > 0 && settings->slabs_max > 0);
    assert(settings->bytes_max > 0 && settings->records_max > 0);
    *pool = NULL;
    struct cdr_slab_pool *made = calloc(1, sizeof *made);
    if (made == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for the pool of slabs");
    made->settings = *settings;
    made->lists = aligned_alloc(CACHE_LINE, round_up(settings->workers * sizeof *made->lists));
    if (made->lists == NULL) {
        free(made);
        return cdr_fail(error, CDR_E_NOMEM, "no memory for the slab lists of %u workers",
                        settings->workers);
    }
    for (unsigned worker = 0; worker < settings->workers; worker++) {
        made->lists[worker].first = NULL;
        pthread_mutex_init(&made->lists[worker].lock, NULL);
    }
    *pool = made;
    return CDR_OK;
}

void cdr_slab_pool_destroy(struct cdr_slab_pool *pool)
{
    if (pool == NULL)
        return;
    assert(cdr_slab_pool_idle(pool) == cdr_slab_pool_made(pool));
    for (unsigned worker = 0; worker < pool->settings.workers; worker++) {
        struct cdr_slab *slab = pool->lists[worker].first;
        while (slab != NULL) {
            struct cdr_slab *next = slab->next;
            free(slab);
            slab = next;
        }
        pthread_mutex_destroy(&pool->lists[worker].lock);
    }
    free(pool->lists);
    free(pool);
}

static struct cdr_slab *pop(struct idle_list *list)
{
    pthread_mutex_lock(&list->lock);
    struct cdr_slab *slab = list->first;
    if (slab != NULL)
        list->first = slab->next;
    pthread_mutex_unlock(&list->lock);
    return slab;
}

/* Counts one more slab as made unless that many exist already. */
static bool reserve(struct cdr_slab_pool *pool)
{
    unsigned made = atomic_load_explicit(&pool->made, memory_order_relaxed);
    while (made < pool->settings.slabs_max)
        if (atomic_compare_exchange_weak_explicit(&pool->made, &made, made + 1,
                                                  memory_order_relaxed, memory_order_relaxed))
            return true;
    return false;
}

enum cdr_result cdr_slab_take(struct cdr_slab_pool *pool, unsigned worker, struct cdr_slab **slab,
                              struct cdr_error *error)
{
    unsigned workers = pool->settings.workers;
    assert(worker < workers);
    struct cdr_slab *taken = pop(&pool->lists[worker]);
    if (taken == NULL && reserve(pool)) {
        taken = slab_create(&pool->settings);
        if (taken == NULL) {
            atomic_fetch_sub_explicit(&pool->made, 1, memory_order_relaxed);
            return cdr_fail(error, CDR_E_NOMEM, "no memory for a slab of %zu bytes and %u records",
                            pool->settings.bytes_max, pool->settings.records_max);
        }
    }
    for (unsigned step = 1; taken == NULL && step < workers; step++)
        taken = pop(&pool->lists[(worker + step) % workers]);
    if (taken == NULL)
        return CDR_E_AGAIN;
    ((struct owned_slab *)taken)->home = worker;
    taken->n = 0;
    taken->log = 0;
    taken->position = 0;
    taken->day = 0;
    taken->next = NULL;
    memset(taken->sink_private, 0, sizeof taken->sink_private);
    *slab = taken;
    return CDR_OK;
}

void cdr_slab_give(struct cdr_slab_pool *pool, struct cdr_slab *slab)
{
    struct idle_list *list = &pool->lists[((struct owned_slab *)slab)->home];
    pthread_mutex_lock(&list->lock);
    slab->next = list->first;
    list->first = slab;
    pthread_mutex_unlock(&list->lock);
}

unsigned cdr_slab_pool_made(const struct cdr_slab_pool *pool)
{
    return atomic_load_explicit(&pool->made, memory_order_relaxed);
}

unsigned cdr_slab_pool_idle(struct cdr_slab_pool *pool)
{
    unsigned idle = 0;
    for (unsigned worker = 0; worker < pool->settings.workers; worker++) {
        struct idle_list *list = &pool->lists[worker];
        pthread_mutex_lock(&list->lock);
        for (const struct cdr_slab *slab = list->first; slab != NULL; slab = slab->next)
            idle++;
        pthread_mutex_unlock(&list->lock);
    }
    return idle;
}
