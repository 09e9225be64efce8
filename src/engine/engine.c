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
    struct cdr_chunk **held;  /* with outages: [(held ring) × logs + log] */
    struct cdr_events events;
    struct cdr_leg_keys legs;
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
    uint32_t whole_s;                  /* sessions longer than this are cut into parts */
    uint32_t ring;                     /* slots ahead that keys can carry to, + 1 */
    uint32_t held_ring;                /* the same, and those that wait for an outage's end */
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
    bool again;                    /* some records come once more, later */
    /* With outages. */
    bool holds;
    uint32_t first_frame; /* that is not over before the run's start */
    uint32_t *frames;     /* [i]: of the slot i after the current one */
    uint16_t *out;        /* [i × types + type]: elements that are out then */
    uint32_t held_slots;  /* whose records are to come before the slot's first slice */
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

/* Whether the element that writes the subscriber's records of a type is out, lag slots ahead. */
static bool is_out(const struct cdr_engine *engine, uint32_t type, uint32_t subscriber,
                   uint32_t lag)
{
    return (engine->out[lag * CDR_TYPE_COUNT + type] >>
                cdr_outage_element(&engine->model->faults, subscriber) &
            1) != 0;
}

static struct cdr_chunk **held_list(const struct worker *worker, uint64_t slot_number, uint32_t log)
{
    const struct cdr_engine *engine = worker->engine;
    return &worker->held[slot_number % engine->held_ring * engine->logs + log];
}

/* in_slot_ms: emission, from the start of the slot. key: as if that were 0. Returns whether it is
 * emitted in the run itself, if before its end. */
static inline bool put(struct worker *restrict worker, uint32_t log, uint32_t owner,
                       int64_t in_slot_ms, struct cdr_key key)
{
    struct cdr_engine *engine = worker->engine;
    const int64_t emission_ms = engine->slots[0].start_ms + in_slot_ms;
    struct cdr_chunk **list;
    uint32_t lag = 0;
    if (in_slot_ms < engine->slots[0].duration_ms) {
        list = &worker->now[log * engine->slices +
                            ((uint32_t)in_slot_ms >> (MS_BITS - engine->slice_bits))];
    } else {
        lag = 1;
        while (emission_ms >= engine->ahead_ms[lag + 1])
            lag++;
        in_slot_ms = emission_ms - engine->ahead_ms[lag];
        key = cdr_key_later(key, lag);
        list = &worker->later[(engine->slot_number + lag) % engine->ring * engine->logs + log];
    }
    const bool held =
        engine->holds && is_out(engine, log / engine->model->parameters.partitions, owner, lag);
    if (held)
        list = held_list(worker, engine->slot_number + lag, log);
    cdr_keylist_push(&worker->pool, list, cdr_key_at(key, (uint32_t)in_slot_ms));
    return emission_ms >= engine->start_ms || (held && engine->frames[lag] >= engine->first_frame);
}

static inline int owned(const struct cdr_engine *engine, uint32_t partition)
{
    return engine->settings.shard_count == 1 ||
           partition % engine->settings.shard_count == engine->settings.shard_index;
}

/* The late duplicate, where it has one, of a record that was just put and is in the run itself. */
static void put_again(struct worker *worker, uint32_t log, uint32_t owner, int64_t in_slot_ms,
                      struct cdr_key key)
{
    const struct cdr_engine *engine = worker->engine;
    const uint32_t type = log / engine->model->parameters.partitions;
    const uint64_t base =
        cdr_fault_base(&engine->model->faults, &key, type, cdr_key_start_slot(&key, engine->slots));
    if (!cdr_fault_comes_again(&engine->model->faults, base))
        return;
    key.high |= CDR_ENTRY_LATE_COPY;
    put(worker, log, owner, in_slot_ms + cdr_copy_delay_ms(engine->model, base), key);
}

/* A long session, cut into parts. */
static void plan_parts(struct worker *worker, uint32_t log, const struct cdr_events *events,
                       uint32_t i)
{
    const struct cdr_model *model = worker->engine->model;
    const struct cdr_legs legs = cdr_leg_records(model, events, i, 0);
    for (uint32_t part = 0; part < legs.parts; part++) {
        struct cdr_leg_record record = cdr_leg_record(model, &legs, part);
        const struct cdr_key key = cdr_key_make(
            0, events->origin[i], 0, events->index[i], 0, events->party[i], events->outcome[i],
            record.duration_s, cdr_session_part(part, legs.total_s));
        const bool inside = put(worker, log, events->origin[i], record.emission_ms, key);
        if (worker->engine->again && inside)
            put_again(worker, log, events->origin[i], record.emission_ms, key);
    }
}

static void plan_events(struct worker *worker)
{
    struct cdr_engine *engine = worker->engine;
    const struct cdr_events *events = &worker->events;
    const struct cdr_leg_keys *legs = &worker->legs;
    const uint32_t partitions = engine->model->parameters.partitions, whole_s = engine->whole_s;
    engine->model->loops->legs(engine->model, events, &worker->legs);
    for (uint32_t k = 0; k < legs->n; k++) {
        const uint32_t partition = engine->partition[legs->owner[k]];
        const uint32_t log = legs->type[k] * partitions + partition;
        if (!owned(engine, partition))
            continue;
        const bool in_parts = whole_s != UINT32_MAX && k < events->n &&
                              events->duration_s[k] > whole_s &&
                              cdr_type_has(legs->type[k], CDR_HOLDS_PARTS);
        if (in_parts) {
            plan_parts(worker, log, events, k);
            continue;
        }
        const struct cdr_key key = {legs->high[k], legs->low[k]};
        const bool inside = put(worker, log, legs->owner[k], legs->emission_ms[k], key);
        if (engine->again && inside)
            put_again(worker, log, legs->owner[k], legs->emission_ms[k], key);
    }
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

/* back: of what was held back, how many slots ago it would have come; 0: of a slice. */
static struct cdr_chunk **list_of(const struct worker *worker, uint32_t back, uint32_t slice,
                                  uint32_t log)
{
    const struct cdr_engine *engine = worker->engine;
    return back > 0 ? held_list(worker, engine->slot_number - back, log)
                    : &worker->now[(size_t)log * engine->slices + slice];
}

/* All workers' keys of one log and slice, in one array. */
static int gather(struct worker *worker, uint32_t back, uint32_t slice, uint32_t log, uint32_t *out)
{
    struct cdr_engine *engine = worker->engine;
    uint32_t n = 0;
    for (unsigned w = 0; w < engine->settings.workers; w++)
        for (const struct cdr_chunk *chunk = *list_of(&engine->workers[w], back, slice, log);
             chunk != NULL; chunk = chunk->next)
            n += (uint32_t)chunk->n;
    if (!reserve_keys(worker, n))
        return 0;
    uint32_t at = 0;
    for (unsigned w = 0; w < engine->settings.workers; w++) {
        struct cdr_chunk **list = list_of(&engine->workers[w], back, slice, log);
        struct cdr_chunk *chunk = *list;
        *list = NULL;
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

/* number: of the slot's slices, of which those that were held back come first. */
static enum cdr_result run_task(struct worker *worker, uint32_t number, uint32_t log)
{
    struct cdr_engine *engine = worker->engine;
    const uint32_t held = engine->held_slots;
    const uint32_t back = number < held ? held - number : 0;
    const uint32_t slice = number < held ? 0 : number - held;
    const uint32_t bits = back > 0 ? MS_BITS : MS_BITS - engine->slice_bits;
    uint32_t n;
    if (!gather(worker, back, slice, log, &n))
        return cdr_fail(&worker->error, CDR_E_NOMEM,
                        "out of memory for the records of one slice of time");
    cdr_order_keys(worker->keys, worker->sorted, n, slice << bits, bits, worker->buckets);
    struct cdr_task task = {
        .log = log,
        .type = log / engine->model->parameters.partitions,
        .slice = slice,
        .sequence = engine->sequence + number,
        .slots = engine->slots + back,
        .slot = engine->slots,
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

/* Which elements are out in the slot and in those that keys can carry to; and how many of the slots
 * before, of a frame that is over, held records back. */
static void look_at_outages(struct cdr_engine *engine, struct cdr_slot ahead)
{
    const struct cdr_faults *faults = &engine->model->faults;
    const struct cdr_slot *slots = engine->slots;
    for (uint32_t i = 0; i <= engine->ring; i++) {
        engine->frames[i] = cdr_outage_frame(faults, &ahead);
        for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
            engine->out[i * CDR_TYPE_COUNT + type] =
                (uint16_t)cdr_outage_elements(faults, type, engine->frames[i]);
        ahead = cdr_calendar_next(&engine->model->calendar, &ahead);
    }
    engine->held_slots = 0;
    for (uint32_t back = 1; back <= engine->slot_number && back < CDR_LAG_MAX; back++) {
        const uint32_t frame = cdr_outage_frame(faults, &slots[back]);
        if (frame == engine->frames[0] || frame != cdr_outage_frame(faults, &slots[1]))
            break;
        engine->held_slots = back;
    }
}

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
    if (engine->holds)
        look_at_outages(engine, *slot);
    cdr_counts_set(&engine->counts, engine->model, slot);
    engine->slot_slices = engine->held_slots +
                          (uint32_t)((slot->duration_ms - 1) >> (MS_BITS - engine->slice_bits)) + 1;
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
        const uint32_t held = engine->held_slots;
        enum cdr_result result = engine->consumer->slice_end(
            engine->consumer->state, &engine->slots[0],
            engine->slice_from < held ? CDR_SLICE_HELD : engine->slice_from - held,
            engine->slot_slices - held, &worker->error);
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

static void drop_list(struct worker *worker, struct cdr_chunk **list)
{
    struct cdr_chunk *chunk = *list;
    *list = NULL;
    while (chunk != NULL) {
        struct cdr_chunk *next = chunk->next;
        cdr_key_pool_give(&worker->pool, chunk);
        chunk = next;
    }
}

/* Slots before the run's start are planned for what they carry into it; their own lists are thrown
 * away. */
static void drop_slot(struct worker *worker)
{
    struct cdr_engine *engine = worker->engine;
    for (size_t list = 0; list < (size_t)engine->logs * engine->slices; list++)
        drop_list(worker, &worker->now[list]);
}

/* Likewise what would come with a slot before the start. Before plan, since the number of the slot
 * changes while others still drop what plan made. */
static void drop_held(struct worker *worker)
{
    struct cdr_engine *engine = worker->engine;
    for (uint32_t back = 1; back <= engine->held_slots; back++)
        for (uint32_t log = 0; log < engine->logs; log++)
            drop_list(worker, held_list(worker, engine->slot_number - back, log));
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
        if (!emitted)
            drop_held(worker);
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
    if (engine->holds)
        worker->held = calloc((size_t)engine->logs * engine->held_ring, sizeof *worker->held);
    return worker->now != NULL && worker->later != NULL && worker->buckets != NULL &&
           (worker->held != NULL || !engine->holds) && reserve_keys(worker, 1024);
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

static void prepare_outages(struct cdr_engine *engine)
{
    const struct cdr_model *model = engine->model;
    engine->holds = model->faults.below[CDR_FAULT_OUTAGE] > 0;
    if (!engine->holds)
        return;
    const struct cdr_slot before = cdr_calendar_slot_at(&model->calendar, engine->start_ms - 1);
    engine->first_frame = cdr_outage_frame(&model->faults, &before);
    engine->held_ring = engine->ring + slots_within(cdr_outage_max_ms(&model->parameters)) + 1;
    engine->frames = calloc(engine->ring + 1, sizeof *engine->frames);
    engine->out = calloc((size_t)(engine->ring + 1) * CDR_TYPE_COUNT, sizeof *engine->out);
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
    engine->again = model->faults.below[CDR_FAULT_LATE_DUPLICATE] > 0;
    engine->ring = slots_within(cdr_carry_max_ms(p)) + 1;
    engine->start_ms = cdr_calendar_day_start_ms(&model->calendar, p->start_day);
    prepare_outages(engine);
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
                   engine->ahead_ms != NULL &&
                   (!engine->holds || (engine->frames != NULL && engine->out != NULL));
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
        free(worker->held);
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
    free(engine->frames);
    free(engine->out);
    free(engine);
}
