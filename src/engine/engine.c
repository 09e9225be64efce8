/* DESIGN: every worker runs the same loop over slots; barriers part the phases. Between two
 * barriers a worker writes only what is its own (its lists, its pool) and takes work by a shared
 * counter; while it "rests" between the two barriers of a single step, worker 0 alone prepares what
 * the next phase shares. Key lists are written by their owner in plan and emptied by the worker
 * that runs the task in the next phase: the barrier is the hand-over. */
#include "engine/engine.h"

#include "base/failure.h"
#include "base/thread.h"
#include "engine/keylist.h"
#include "engine/order.h"
#include "model/event.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PLAN_CHUNK 512u   /* subscribers a worker takes at once */
#define SLICE_KEYS 2048.0 /* wanted mean of keys in a task of the largest topic */
#define MS_BITS 22u
#define SLICE_BITS_MAX 12u

struct worker {
    struct cdr_engine *engine;
    unsigned number;
    struct cdr_key_pool pool;
    struct cdr_chunk **now;   /* [log × slices + slice] of the current slot */
    struct cdr_chunk **later; /* [(slot ring) × logs + log] */
    struct cdr_events events;
    struct cdr_key *keys, *sorted;
    uint32_t keys_capacity;
    uint32_t *buckets;
    struct cdr_error error;
};

struct cdr_engine {
    const struct cdr_model *model;
    struct cdr_engine_settings settings;
    const struct cdr_consumer *consumer;
    uint32_t logs, slice_bits, slices; /* slice = ms >> (MS_BITS − slice_bits) */
    uint32_t whole_s;                  /* sessions longer than this are cut in parts */
    uint32_t ring;                     /* slots ahead that keys can carry to, + 1 */
    uint16_t *partition;               /* of every subscriber */
    uint8_t *classes;                  /* activity class of every subscriber */
    uint32_t *own_logs;                /* logs of this shard, ascending */
    uint32_t own_count;
    struct cdr_counts counts;
    struct worker *workers;
    struct cdr_key_store store;
    pthread_barrier_t barrier;

    /* The current slot; written by worker 0 between barriers. */
    int64_t start_ms;
    struct cdr_slot *slots;        /* [lag] backwards from the current one */
    int64_t *ahead_ms;             /* [i]: start of the slot i after the current one */
    uint64_t slot_number;          /* since planning began */
    uint64_t sequence;             /* slices emitted before the slot */
    uint32_t slot_slices;          /* slices that the slot's length needs */
    uint32_t slice_from, slice_to; /* of the running task phase */
    bool by_slices;                /* all logs finish a slice before the next begins */
    int over;
    int cut; /* a stop left something undone; by worker 0 */

    atomic_uint next_chunk;
    atomic_uint next_task;
    struct cdr_failure failure;
    pthread_mutex_t gate_lock;
    pthread_cond_t gate_opened;
    int gate; /* 0 closed, 1 open, −1: not all threads could be started, leave */
};

uint32_t cdr_engine_slice_ms(const struct cdr_engine *engine)
{
    return 1u << (MS_BITS - engine->slice_bits);
}

static int stopping(struct cdr_engine *engine)
{
    return cdr_failure_code(&engine->failure) != CDR_OK ||
           (engine->settings.stop != NULL &&
            atomic_load_explicit(engine->settings.stop, memory_order_relaxed) != 0);
}

static void rest(struct cdr_engine *engine)
{
    if (engine->settings.workers > 1)
        pthread_barrier_wait(&engine->barrier);
}

/* ---- plan ---- */

/* in_slot_ms: emission, from the start of the slot. */
static inline void put(struct worker *restrict worker, uint32_t log, int64_t in_slot_ms,
                       uint32_t leg, const struct cdr_events *events, uint32_t i, uint32_t peer,
                       uint32_t duration_s)
{
    struct cdr_engine *engine = worker->engine;
    uint32_t lag = 0;
    struct cdr_chunk **list;
    if (in_slot_ms < engine->slots[0].duration_ms) {
        list = &worker->now[log * engine->slices +
                            ((uint32_t)in_slot_ms >> (MS_BITS - engine->slice_bits))];
    } else {
        const int64_t emission_ms = engine->slots[0].start_ms + in_slot_ms;
        for (lag = 1; emission_ms >= engine->ahead_ms[lag + 1];)
            lag++;
        in_slot_ms = emission_ms - engine->ahead_ms[lag];
        list = &worker->later[(engine->slot_number + lag) % engine->ring * engine->logs + log];
    }
    cdr_keylist_push(&worker->pool, list,
                     cdr_key_make((uint32_t)in_slot_ms, events->origin[i], lag, events->index[i],
                                  leg, events->party[i], events->outcome[i], duration_s, peer));
}

static inline int owned(const struct cdr_engine *engine, uint32_t partition)
{
    return engine->settings.shard_count == 1 ||
           partition % engine->settings.shard_count == engine->settings.shard_index;
}

/* A long session, cut in parts. */
static void plan_parts(struct worker *worker, uint32_t log, const struct cdr_events *events,
                       uint32_t i)
{
    const struct cdr_parameters *p = &worker->engine->model->parameters;
    const struct cdr_legs legs = cdr_leg_records(worker->engine->model, events, i, 0);
    for (uint32_t part = 0; part < legs.parts; part++) {
        struct cdr_leg_record record = cdr_leg_record(p, &legs, part);
        put(worker, log, record.emission_ms, 0, events, i, part, record.duration_s);
    }
}

/* Emission of one leg of every event, from the start of the slot. */
static void emission_column(const struct cdr_model *model, const struct cdr_events *events,
                            uint32_t leg, uint32_t *restrict emission_ms)
{
    const uint32_t after_ms = model->parameters.order == CDR_ORDER_END ? 1000 : 0;
    for (uint32_t i = 0; i < events->n; i++)
        emission_ms[i] = events->offset_ms[i] + after_ms * events->duration_s[i];
    if (model->late_below != 0)
        for (uint32_t i = 0; i < events->n; i++)
            emission_ms[i] += (uint32_t)cdr_delay_ms(model, events->base[i], leg);
}

static void plan_origins(struct worker *worker, const uint32_t *emission_ms)
{
    struct cdr_engine *engine = worker->engine;
    const struct cdr_events *events = &worker->events;
    const uint32_t partitions = engine->model->parameters.partitions, whole_s = engine->whole_s;
    for (uint32_t i = 0; i < events->n; i++) {
        uint32_t partition = engine->partition[events->origin[i]];
        if (!owned(engine, partition))
            continue;
        uint32_t log = events->type[i] * partitions + partition;
        if (events->duration_s[i] > whole_s && cdr_type_has(events->type[i], CDR_HOLDS_PARTS))
            plan_parts(worker, log, events, i);
        else
            put(worker, log, emission_ms[i], 0, events, i, events->peer[i], events->duration_s[i]);
    }
}

/* The called subscribers' legs of on-net events. */
static void plan_peers(struct worker *worker, const uint32_t *emission_ms)
{
    struct cdr_engine *engine = worker->engine;
    const struct cdr_events *events = &worker->events;
    const uint32_t partitions = engine->model->parameters.partitions;
    uint32_t onnet[CDR_EVENTS_BLOCK], n = 0;
    for (uint32_t i = 0; i < events->n; i++) {
        onnet[n] = i;
        n += events->party[i] == CDR_PARTY_ONNET;
    }
    for (uint32_t k = 0; k < n; k++) {
        const uint32_t i = onnet[k], partition = engine->partition[events->peer[i]];
        if (owned(engine, partition))
            put(worker, events->type[i] * partitions + partition, emission_ms[i], 1, events, i,
                events->peer[i], events->duration_s[i]);
    }
}

static void plan_events(struct worker *worker)
{
    const struct cdr_model *model = worker->engine->model;
    uint32_t emission_ms[CDR_EVENTS_BLOCK];
    emission_column(model, &worker->events, 0, emission_ms);
    plan_origins(worker, emission_ms);
    if (model->late_below != 0)
        emission_column(model, &worker->events, 1, emission_ms);
    plan_peers(worker, emission_ms);
}

static void plan(struct worker *worker)
{
    struct cdr_engine *engine = worker->engine;
    const uint32_t subscribers = engine->model->parameters.subscribers;
    while (!stopping(engine)) {
        uint64_t from = (uint64_t)atomic_fetch_add(&engine->next_chunk, 1) * PLAN_CHUNK;
        if (from >= subscribers)
            return;
        uint32_t end = subscribers - from < PLAN_CHUNK ? subscribers : (uint32_t)from + PLAN_CHUNK;
        struct cdr_expansion expansion = {.next = (uint32_t)from, .end = end};
        while (cdr_events_next(engine->model, &engine->counts, engine->classes, &expansion,
                               &worker->events))
            plan_events(worker);
        if (worker->pool.exhausted) {
            cdr_fail(&worker->error, CDR_E_NOMEM,
                     "out of memory for the records of one hour of %u subscribers", subscribers);
            cdr_failure_keep(&engine->failure, CDR_E_NOMEM, &worker->error);
            return;
        }
    }
}

/* Keys that earlier slots carried to this one move from the slot's list to the lists of its
 * slices. */
static void take_carried(struct worker *worker)
{
    struct cdr_engine *engine = worker->engine;
    struct cdr_chunk **lists = worker->later + (engine->slot_number % engine->ring) * engine->logs;
    for (uint32_t log = 0; log < engine->logs; log++) {
        struct cdr_chunk *chunk = lists[log];
        lists[log] = NULL;
        while (chunk != NULL) {
            struct cdr_chunk *next = chunk->next;
            for (uint32_t i = 0; i < chunk->n; i++) {
                uint32_t slice = cdr_key_ms(&chunk->keys[i]) >> (MS_BITS - engine->slice_bits);
                cdr_keylist_push(&worker->pool, &worker->now[log * engine->slices + slice],
                                 chunk->keys[i]);
            }
            cdr_key_pool_give(&worker->pool, chunk);
            chunk = next;
        }
    }
}

/* ---- order and deliver ---- */

static int reserve_keys(struct worker *worker, uint32_t n)
{
    if (n <= worker->keys_capacity)
        return 1;
    uint32_t capacity = n + n / 4 + 256;
    free(worker->keys);
    free(worker->sorted);
    worker->keys = malloc(capacity * sizeof *worker->keys);
    worker->sorted = malloc(capacity * sizeof *worker->sorted);
    worker->keys_capacity = worker->keys != NULL && worker->sorted != NULL ? capacity : 0;
    return worker->keys_capacity != 0;
}

/* All workers' keys of one log and slice, in one array. */
static int gather(struct worker *worker, size_t list, uint32_t *out)
{
    struct cdr_engine *engine = worker->engine;
    uint32_t n = 0;
    for (unsigned w = 0; w < engine->settings.workers; w++)
        for (const struct cdr_chunk *chunk = engine->workers[w].now[list]; chunk != NULL;
             chunk = chunk->next)
            n += (uint32_t)chunk->n;
    if (!reserve_keys(worker, n))
        return 0;
    uint32_t at = 0;
    for (unsigned w = 0; w < engine->settings.workers; w++) {
        struct cdr_chunk *chunk = engine->workers[w].now[list];
        engine->workers[w].now[list] = NULL;
        while (chunk != NULL) {
            struct cdr_chunk *next = chunk->next;
            memcpy(worker->keys + at, chunk->keys, chunk->n * sizeof *chunk->keys);
            at += (uint32_t)chunk->n;
            cdr_key_pool_give(&worker->pool, chunk);
            chunk = next;
        }
    }
    *out = n;
    return 1;
}

static enum cdr_result run_task(struct worker *worker, uint32_t slice, uint32_t log)
{
    struct cdr_engine *engine = worker->engine;
    const uint32_t bits = MS_BITS - engine->slice_bits;
    uint32_t n;
    if (!gather(worker, (size_t)log * engine->slices + slice, &n))
        return cdr_fail(&worker->error, CDR_E_NOMEM,
                        "out of memory for the records of one slice of time");
    cdr_order_keys(worker->keys, worker->sorted, n, slice << bits, bits, worker->buckets);
    struct cdr_task task = {
        .log = log,
        .type = log / engine->model->parameters.partitions,
        .slice = slice,
        .sequence = engine->sequence + slice,
        .slots = engine->slots,
        .keys = worker->keys,
        .n = n,
        .model = engine->model,
    };
    return engine->consumer->task(engine->consumer->state, worker->number, &task, &worker->error);
}

static void run_tasks(struct worker *worker)
{
    struct cdr_engine *engine = worker->engine;
    const uint32_t tasks = (engine->slice_to - engine->slice_from) * engine->own_count;
    while (!stopping(engine)) {
        uint32_t task = atomic_fetch_add(&engine->next_task, 1);
        if (task >= tasks)
            return;
        uint32_t slice = engine->slice_from + task / engine->own_count;
        enum cdr_result result =
            run_task(worker, slice, engine->own_logs[task % engine->own_count]);
        if (result != CDR_OK)
            cdr_failure_keep(&engine->failure, result, &worker->error);
    }
}

/* ---- the loop over slots ---- */

/* By worker 0 while the others rest. */
static void begin_slot(struct cdr_engine *engine, const struct cdr_slot *slot)
{
    memmove(engine->slots + 1, engine->slots, (CDR_LAG_MAX) * sizeof *engine->slots);
    engine->slots[0] = *slot;
    struct cdr_slot ahead = *slot;
    for (uint32_t i = 0; i <= engine->ring; i++) {
        engine->ahead_ms[i] = ahead.start_ms;
        ahead = cdr_calendar_next(&engine->model->calendar, &ahead);
    }
    cdr_counts_set(&engine->counts, engine->model, slot);
    engine->slot_slices = (uint32_t)((slot->duration_ms - 1) >> (MS_BITS - engine->slice_bits)) + 1;
    engine->slice_from = 0;
    const struct cdr_consumer *consumer = engine->consumer;
    engine->by_slices =
        engine->settings.slice_barrier &&
        (consumer->slot_whole == NULL || !consumer->slot_whole(consumer->state, slot));
    engine->slice_to = engine->by_slices ? 1 : engine->slot_slices;
    atomic_store(&engine->next_chunk, 0);
    atomic_store(&engine->next_task, 0);
}

static void call_slot(struct worker *worker,
                      enum cdr_result (*call)(void *, const struct cdr_slot *, struct cdr_error *))
{
    struct cdr_engine *engine = worker->engine;
    if (call == NULL || cdr_failure_code(&engine->failure) != CDR_OK)
        return;
    enum cdr_result result = call(engine->consumer->state, &engine->slots[0], &worker->error);
    if (result != CDR_OK)
        cdr_failure_keep(&engine->failure, result, &worker->error);
}

/* When all workers have left the tasks: those that nobody took were left because of a stop. */
static void note_cut(struct cdr_engine *engine)
{
    if (atomic_load(&engine->next_task) <
        (engine->slice_to - engine->slice_from) * engine->own_count)
        engine->cut = 1;
}

/* After each slice: the others wait for what the consumer does with it. */
static void end_slice(struct worker *worker)
{
    struct cdr_engine *engine = worker->engine;
    note_cut(engine);
    if (!engine->cut && cdr_failure_code(&engine->failure) == CDR_OK) {
        enum cdr_result result =
            engine->consumer->slice_end(engine->consumer->state, &engine->slots[0],
                                        engine->slice_from, engine->slot_slices, &worker->error);
        if (result != CDR_OK)
            cdr_failure_keep(&engine->failure, result, &worker->error);
    }
    engine->slice_from++;
    engine->slice_to++;
    atomic_store(&engine->next_task, 0);
}

static void emit_slot(struct worker *worker)
{
    struct cdr_engine *engine = worker->engine;
    if (!engine->by_slices) {
        run_tasks(worker);
        rest(engine);
        if (worker->number == 0)
            note_cut(engine);
        return;
    }
    for (uint32_t slice = 0; slice < engine->slot_slices; slice++) {
        run_tasks(worker);
        rest(engine);
        if (worker->number == 0)
            end_slice(worker);
        rest(engine);
    }
}

/* Slots before the run's start are planned for what they carry into it; their own lists are thrown
 * away. */
static void drop_slot(struct worker *worker)
{
    struct cdr_engine *engine = worker->engine;
    for (size_t list = 0; list < (size_t)engine->logs * engine->slices; list++) {
        struct cdr_chunk *chunk = worker->now[list];
        worker->now[list] = NULL;
        while (chunk != NULL) {
            struct cdr_chunk *next = chunk->next;
            cdr_key_pool_give(&worker->pool, chunk);
            chunk = next;
        }
    }
}

static void run_slots(struct worker *worker)
{
    struct cdr_engine *engine = worker->engine;
    struct cdr_slot slot = cdr_calendar_slot_at(
        &engine->model->calendar, engine->start_ms - cdr_carry_max_ms(&engine->model->parameters));
    while (slot.start_ms < engine->settings.end_ms) {
        int emitted = slot.start_ms >= engine->start_ms;
        if (worker->number == 0) {
            begin_slot(engine, &slot);
            if (emitted)
                call_slot(worker, engine->consumer->slot_begin);
            engine->over = stopping(engine);
            engine->cut |= engine->over;
        }
        cdr_key_pool_return(&worker->pool);
        rest(engine);
        if (engine->over)
            return;
        take_carried(worker);
        plan(worker);
        rest(engine);
        if (emitted)
            emit_slot(worker);
        else
            drop_slot(worker);
        if (worker->number == 0) {
            if (emitted) {
                call_slot(worker, engine->consumer->slot_end);
                engine->sequence += engine->slot_slices;
            }
            engine->slot_number++;
        }
        rest(engine);
        slot = cdr_calendar_next(&engine->model->calendar, &slot);
    }
}

static int wait_for_gate(struct cdr_engine *engine)
{
    pthread_mutex_lock(&engine->gate_lock);
    while (engine->gate == 0)
        pthread_cond_wait(&engine->gate_opened, &engine->gate_lock);
    int gate = engine->gate;
    pthread_mutex_unlock(&engine->gate_lock);
    return gate;
}

static void *worker_main(void *argument)
{
    struct worker *worker = argument;
    if (wait_for_gate(worker->engine) > 0)
        run_slots(worker);
    return NULL;
}

static void open_gate(struct cdr_engine *engine, int gate)
{
    pthread_mutex_lock(&engine->gate_lock);
    engine->gate = gate;
    pthread_cond_broadcast(&engine->gate_opened);
    pthread_mutex_unlock(&engine->gate_lock);
}

enum cdr_result cdr_engine_run(struct cdr_engine *engine, const struct cdr_consumer *consumer,
                               struct cdr_error *error)
{
    const unsigned workers = engine->settings.workers;
    engine->consumer = consumer;
    pthread_t *threads = calloc(workers, sizeof *threads);
    if (threads == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for %u workers", workers);
    unsigned started = 1;
    while (started < workers &&
           cdr_thread_start(&threads[started], worker_main, &engine->workers[started]) == 0)
        started++;
    open_gate(engine, started == workers ? 1 : -1);
    if (started == workers)
        run_slots(&engine->workers[0]);
    for (unsigned w = 1; w < started; w++)
        pthread_join(threads[w], NULL);
    free(threads);
    if (started < workers)
        return cdr_fail(error, CDR_E_NOMEM,
                        "workers: only %u of %u threads could be started; lower --workers", started,
                        workers);
    enum cdr_result result = cdr_failure_get(&engine->failure, error);
    return result == CDR_OK && engine->cut ? cdr_fail(error, CDR_E_INTERRUPTED, "interrupted")
                                           : result;
}

/* ---- creation ---- */

/* Slices of time so that a task of the largest topic has about SLICE_KEYS keys in a busy hour. */
static uint32_t choose_slice_bits(const struct cdr_model *model, uint32_t slices_min)
{
    const struct cdr_parameters *p = &model->parameters;
    double records = 0;
    for (int type = 0; type < CDR_TYPE_COUNT; type++)
        records = p->records_per_day[type] > records ? p->records_per_day[type] : records;
    double keys = records / 24 * p->subscribers / p->partitions;
    double wanted = keys / SLICE_KEYS;
    uint32_t bits = 0;
    while (bits < SLICE_BITS_MAX && ((1u << bits) < wanted || (1u << bits) < slices_min))
        bits++;
    return bits;
}

struct fill {
    struct cdr_engine *engine;
    uint32_t from, to;
};

static void *fill_subscribers(void *argument)
{
    struct fill *fill = argument;
    const struct cdr_model *model = fill->engine->model;
    for (uint32_t s = fill->from; s < fill->to; s++) {
        fill->engine->partition[s] = (uint16_t)cdr_partition_of(model, s);
        fill->engine->classes[s] = (uint8_t)cdr_activity_class(&model->traits, s);
    }
    return NULL;
}

/* In parallel; where a thread can't be started, its share is done here. */
static void fill_tables(struct cdr_engine *engine)
{
    const uint32_t subscribers = engine->model->parameters.subscribers;
    enum { SHARES_MAX = 64 };
    uint32_t shares = subscribers < 100000                    ? 1
                      : engine->settings.workers < SHARES_MAX ? engine->settings.workers
                                                              : SHARES_MAX;
    struct fill fills[SHARES_MAX];
    pthread_t threads[SHARES_MAX];
    int started[SHARES_MAX] = {0};
    for (uint32_t i = 0; i < shares; i++) {
        fills[i] = (struct fill){engine, (uint32_t)((uint64_t)subscribers * i / shares),
                                 (uint32_t)((uint64_t)subscribers * (i + 1) / shares)};
        started[i] =
            i + 1 < shares && cdr_thread_start(&threads[i], fill_subscribers, &fills[i]) == 0;
        if (!started[i])
            fill_subscribers(&fills[i]);
    }
    for (uint32_t i = 0; i < shares; i++)
        if (started[i])
            pthread_join(threads[i], NULL);
}

static int create_worker(struct cdr_engine *engine, unsigned number)
{
    struct worker *worker = &engine->workers[number];
    worker->engine = engine;
    worker->number = number;
    worker->pool.store = &engine->store;
    worker->now = calloc((size_t)engine->logs * engine->slices, sizeof *worker->now);
    worker->later = calloc((size_t)engine->logs * engine->ring, sizeof *worker->later);
    worker->buckets = calloc(CDR_ORDER_BUCKETS + 1, sizeof *worker->buckets);
    return worker->now != NULL && worker->later != NULL && worker->buckets != NULL &&
           reserve_keys(worker, 1024);
}

static void list_logs(struct cdr_engine *engine)
{
    const uint32_t partitions = engine->model->parameters.partitions;
    for (uint32_t log = 0; log < engine->logs; log++)
        if (owned(engine, log % partitions))
            engine->own_logs[engine->own_count++] = log;
}

/* Carries are counted in slots, of which a change of the UTC offset can make short ones: two more a
 * day. */
static uint32_t slots_within(int64_t carry_ms)
{
    return (uint32_t)(carry_ms / 3600000) + 2 + 2 * (uint32_t)(carry_ms / 86400000 + 1);
}

enum cdr_result cdr_engine_create(struct cdr_engine **out, const struct cdr_model *model,
                                  const struct cdr_engine_settings *settings,
                                  struct cdr_error *error)
{
    const struct cdr_parameters *p = &model->parameters;
    *out = NULL;
    struct cdr_engine *engine = calloc(1, sizeof *engine);
    if (engine == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for the engine");
    engine->model = model;
    engine->settings = *settings;
    engine->logs = CDR_TYPE_COUNT * p->partitions;
    engine->slice_bits = choose_slice_bits(model, settings->slices_min);
    engine->slices = 1u << engine->slice_bits;
    engine->whole_s = p->partial_s != 0 ? p->partial_s : UINT32_MAX;
    engine->ring = slots_within(cdr_carry_max_ms(p)) + 1;
    engine->start_ms = cdr_calendar_day_start_ms(&model->calendar, p->start_day);
    cdr_key_store_init(&engine->store);
    cdr_failure_init(&engine->failure);
    pthread_mutex_init(&engine->gate_lock, NULL);
    pthread_cond_init(&engine->gate_opened, NULL);
    pthread_barrier_init(&engine->barrier, NULL, settings->workers);
    engine->partition = calloc(p->subscribers, sizeof *engine->partition);
    engine->classes = calloc(p->subscribers, sizeof *engine->classes);
    engine->own_logs = calloc(engine->logs, sizeof *engine->own_logs);
    engine->workers = calloc(settings->workers, sizeof *engine->workers);
    engine->slots = calloc(CDR_LAG_MAX + 1, sizeof *engine->slots);
    engine->ahead_ms = calloc(engine->ring + 1, sizeof *engine->ahead_ms);
    enum cdr_result result = cdr_counts_create(&engine->counts, model, error);
    int complete = engine->partition != NULL && engine->classes != NULL &&
                   engine->own_logs != NULL && engine->workers != NULL && engine->slots != NULL &&
                   engine->ahead_ms != NULL;
    for (unsigned w = 0; complete && w < settings->workers; w++)
        complete = create_worker(engine, w);
    if (result == CDR_OK && !complete)
        result = cdr_fail(error, CDR_E_NOMEM, "out of memory for %u subscribers and %u workers",
                          p->subscribers, settings->workers);
    if (result != CDR_OK) {
        cdr_engine_destroy(engine);
        return result;
    }
    list_logs(engine);
    fill_tables(engine);
    *out = engine;
    return CDR_OK;
}

void cdr_engine_destroy(struct cdr_engine *engine)
{
    if (engine == NULL)
        return;
    for (unsigned w = 0; engine->workers != NULL && w < engine->settings.workers; w++) {
        struct worker *worker = &engine->workers[w];
        free(worker->now);
        free(worker->later);
        free(worker->keys);
        free(worker->sorted);
        free(worker->buckets);
    }
    cdr_key_store_free(&engine->store);
    cdr_counts_free(&engine->counts);
    pthread_barrier_destroy(&engine->barrier);
    pthread_cond_destroy(&engine->gate_opened);
    pthread_mutex_destroy(&engine->gate_lock);
    cdr_failure_destroy(&engine->failure);
    free(engine->workers);
    free(engine->partition);
    free(engine->classes);
    free(engine->own_logs);
    free(engine->slots);
    free(engine->ahead_ms);
    free(engine);
}
