#include "pipeline/pipeline.h"

#include "base/clock.h"
#include "base/failure.h"
#include "model/materialise.h"
#include "pipeline/handover.h"
#include "sink/counters.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define TICK_NS INT64_C(5000000) /* paced: the longest time between looks at the schedule */

struct log_state {
    _Alignas(64) atomic_ullong turn; /* sequence of the slice whose records come next */
    atomic_bool passing; /* position has not reached start: nobody encodes before its turn */
    /* By the worker that has the turn: */
    uint64_t position; /* of the log's next record */
    uint64_t start;    /* position of the first that is handed over */
    uint64_t digest_start;
    struct cdr_digest digest;
    /* paced */
    struct cdr_key *keys;
    uint32_t n, capacity, next;
    struct cdr_slab *slab;
    uint32_t taken; /* of the slab's records, by the sink */
};

struct worker_state {
    _Alignas(64) struct cdr_block block;
    struct cdr_hashes hashes; /* of the slab in hand */
};

struct cdr_pipeline {
    struct cdr_pipeline_settings settings;
    struct cdr_handover handover;
    struct cdr_engine *engine;
    uint32_t logs;
    struct log_state *log_states;
    struct worker_state *workers;
    bool scheduled; /* paced: the current slot and all that follow go by the schedule */
    bool begun;     /* paced: the schedule has begun */
    int32_t day;    /* that day_begin was told last */
    atomic_ullong records, bytes;
    atomic_llong emission_ms, behind_ns, behind_max_ns;
    struct cdr_failure failure;
};

static int stopped(const struct cdr_pipeline *pipeline)
{
    return pipeline->settings.stop != NULL &&
           atomic_load_explicit(pipeline->settings.stop, memory_order_relaxed) != 0;
}

/* ---- handing over ---- */

/* Hands over the slab from *taken on and counts what was taken. hashes[i] are those of record i. */
static enum cdr_result hand_over(struct cdr_pipeline *pipeline, unsigned worker,
                                 struct log_state *log, const struct cdr_encoder *encoder,
                                 struct cdr_slab *slab, const uint64_t *hashes, uint32_t *taken,
                                 struct cdr_error *error)
{
    uint32_t from = *taken;
    struct cdr_digest more = cdr_digest_of(hashes + from, slab->n - from,
                                           cdr_payload_bytes(encoder, slab, from, slab->n));
    if (from == 0)
        slab->position = log->position;
    enum cdr_result result = cdr_handover_write(&pipeline->handover, worker, slab, taken, error);
    if (*taken < slab->n)
        more = cdr_digest_of(hashes + from, *taken - from,
                             cdr_payload_bytes(encoder, slab, from, *taken));
    cdr_digest_join(&log->digest, &more);
    log->position += more.records;
    atomic_fetch_add_explicit(&pipeline->records, more.records, memory_order_relaxed);
    atomic_fetch_add_explicit(&pipeline->bytes, more.bytes, memory_order_relaxed);
    return result;
}

static void encode_column(const struct cdr_encoder *encoder, const struct cdr_block *block,
                          uint32_t first, struct cdr_slab_column *column)
{
    const uint32_t used = cdr_column_start(column, first);
    encoder->ops->encode(encoder, block, column->bytes + used, column->ends + first);
    for (uint32_t i = 0; i < block->n; i++)
        column->ends[first + i] += used;
}

/* Of types that have no headers where others do, the column stays as it is: nobody reads it. */
static void encode_envelope(const struct cdr_envelope *envelope, const struct cdr_block *block,
                            struct cdr_slab *slab)
{
    if (envelope->key != NULL)
        encode_column(envelope->key, block, slab->n, &slab->wire_keys);
    if (envelope->headers != NULL)
        encode_column(envelope->headers, block, slab->n, &slab->headers);
}

/* Materialises and encodes n ≤ CDR_BLOCK_RECORDS keys after what the slab holds. */
static void encode_block(struct cdr_pipeline *pipeline, unsigned worker,
                         const struct cdr_slot *slots, uint32_t type, const struct cdr_key *keys,
                         uint32_t n, struct cdr_slab *slab)
{
    struct worker_state *state = &pipeline->workers[worker];
    const struct cdr_encoder *encoder = pipeline->settings.topics->items[type].encoder;
    struct cdr_block *block = &state->block;
    cdr_materialise(pipeline->settings.model, type, keys, n, slots[0].start_ms, slots, block);
    const uint32_t first = slab->n, used = first == 0 ? 0 : slab->ends[first - 1];
    encoder->ops->encode(encoder, block, slab->bytes + used, slab->ends + first);
    for (uint32_t i = 0; i < n; i++)
        slab->ends[first + i] += used;
    memcpy(slab->event_ms + first, block->event_ms, n * sizeof *slab->event_ms);
    for (uint32_t i = 0; i < n; i++) {
        int mt = block->direction[i] == CDR_DIRECTION_MT;
        uint8_t len = mt ? block->msisdn_dst_len[i] : block->msisdn_src_len[i];
        const char *text = (mt ? block->msisdn_dst[i] : block->msisdn_src[i]) + 16 - len;
        memcpy(slab->keys[first + i], text, 16);
        slab->key_lens[first + i] = len;
    }
    for (uint32_t i = 0; slab->ids != NULL && i < n; i++)
        slab->ids[first + i] = cdr_key_id(&keys[i], type, block->slot[i]);
    encode_envelope(&pipeline->settings.topics->items[type].envelope, block, slab);
    slab->n += n;
    cdr_hash_records(slab, first, encoder->frame_len, encoder->trailer_len, state->hashes.of);
}

/* How many more values surely fit into a column. */
static size_t column_room(const struct cdr_slab_column *column, const struct cdr_encoder *encoder,
                          uint32_t n)
{
    return encoder == NULL
               ? SIZE_MAX
               : (column->bytes_max - cdr_column_start(column, n)) / encoder->record_bytes_max;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many of wanted records of a type surely fit. */
static uint32_t room(const struct cdr_pipeline *pipeline, const struct cdr_slab *slab,
                     uint32_t type, const struct cdr_encoder *encoder, uint32_t wanted)
{
    const struct cdr_envelope *envelope = &pipeline->settings.topics->items[type].envelope;
    size_t used = slab->n == 0 ? 0 : slab->ends[slab->n - 1];
    size_t by_bytes = (slab->bytes_max - used) / encoder->record_bytes_max;
    by_bytes = least(by_bytes, column_room(&slab->wire_keys, envelope->key, slab->n));
    by_bytes = least(by_bytes, column_room(&slab->headers, envelope->headers, slab->n));
    uint32_t by_count = slab->records_max - slab->n;
    uint32_t fits = by_bytes < by_count ? (uint32_t)by_bytes : by_count;
    fits = fits < CDR_BLOCK_RECORDS ? fits : CDR_BLOCK_RECORDS;
    return fits < wanted ? fits : wanted;
}

/* ---- passing over ---- */

/* Encodes and hashes keys[0 … n) of a log into its digest, and hands nothing over. */
static enum cdr_result hash_only(struct cdr_pipeline *pipeline, unsigned worker,
                                 struct log_state *log, uint32_t type, const struct cdr_slot *slots,
                                 const struct cdr_key *keys, uint32_t n, struct cdr_error *error)
{
    struct cdr_sink *sink = pipeline->settings.sink;
    const struct cdr_encoder *encoder = pipeline->settings.topics->items[type].encoder;
    enum cdr_result result = CDR_OK;
    for (uint32_t done = 0; result == CDR_OK && done < n;) {
        struct cdr_slab *slab = NULL;
        result = cdr_handover_take(&pipeline->handover, worker, &slab,
                                   &pipeline->workers[worker].hashes, error);
        if (result != CDR_OK)
            return result;
        for (uint32_t block; (block = room(pipeline, slab, type, encoder, n - done)) > 0;
             done += block)
            encode_block(pipeline, worker, slots, type, keys + done, block, slab);
        struct cdr_digest more = cdr_digest_of(pipeline->workers[worker].hashes.of, slab->n,
                                               cdr_payload_bytes(encoder, slab, 0, slab->n));
        cdr_digest_join(&log->digest, &more);
        atomic_fetch_add_explicit(&pipeline->records, more.records, memory_order_relaxed);
        atomic_fetch_add_explicit(&pipeline->bytes, more.bytes, memory_order_relaxed);
        slab->n = 0;
        sink->ops->give_slab(sink, worker, slab);
    }
    return result;
}

/* With the log's turn: how many of the n keys at its position are not to be handed over; *passed
 * of them, that is. */
static enum cdr_result pass_over(struct cdr_pipeline *pipeline, unsigned worker,
                                 struct log_state *log, uint32_t type, const struct cdr_slot *slots,
                                 const struct cdr_key *keys, uint32_t n, uint32_t *passed,
                                 struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    uint64_t left = log->position < log->start ? log->start - log->position : 0;
    *passed = 0;
    if (left == 0)
        return CDR_OK;
    *passed = left < n ? (uint32_t)left : n;
    if (log->position + *passed > log->digest_start) {
        uint32_t unhashed =
            log->digest_start > log->position ? (uint32_t)(log->digest_start - log->position) : 0;
        result = hash_only(pipeline, worker, log, type, slots, keys + unhashed, *passed - unhashed,
                           error);
    }
    log->position += *passed;
    if (log->position == log->start)
        atomic_store_explicit(&log->passing, false, memory_order_release);
    return result;
}

/* ---- unpaced ---- */

/* Earlier slices of the log are in other workers' hands and about to be done; where not, the run
 * has failed. */
static enum cdr_result wait_for_turn(struct log_state *log, uint64_t sequence,
                                     struct cdr_error *error)
{
    for (unsigned spins = 0; atomic_load_explicit(&log->turn, memory_order_acquire) != sequence;
         spins++) {
        if (atomic_load_explicit(&log->turn, memory_order_relaxed) == UINT64_MAX)
            return cdr_fail(error, CDR_E_INTERRUPTED, "interrupted");
        if (spins < 64)
            sched_yield();
        else
            cdr_sleep_ns(50000);
    }
    return CDR_OK;
}

/* Encodes a task slab by slab. A task has nearly always one slab, filled before its turn has to be
 * waited for. */
static enum cdr_result deliver(struct cdr_pipeline *pipeline, unsigned worker,
                               const struct cdr_task *task, struct log_state *log,
                               struct cdr_error *error)
{
    struct cdr_sink *sink = pipeline->settings.sink;
    const struct cdr_encoder *encoder = pipeline->settings.topics->items[task->type].encoder;
    enum cdr_result result = CDR_OK;
    uint32_t done = 0;
    if (atomic_load_explicit(&log->passing, memory_order_acquire)) {
        result = wait_for_turn(log, task->sequence, error);
        if (result == CDR_OK)
            result = pass_over(pipeline, worker, log, task->type, task->slots, task->keys, task->n,
                               &done, error);
    }
    while (result == CDR_OK && done < task->n) {
        struct cdr_slab *slab = NULL;
        result = cdr_handover_take(&pipeline->handover, worker, &slab,
                                   &pipeline->workers[worker].hashes, error);
        if (result != CDR_OK)
            break;
        slab->log = task->log;
        slab->day = task->slots[0].day;
        for (uint32_t n; (n = room(pipeline, slab, task->type, encoder, task->n - done)) > 0;
             done += n)
            encode_block(pipeline, worker, task->slots, task->type, task->keys + done, n, slab);
        uint32_t taken = 0;
        result = wait_for_turn(log, task->sequence, error);
        if (result == CDR_OK)
            result = hand_over(pipeline, worker, log, encoder, slab,
                               pipeline->workers[worker].hashes.of, &taken, error);
        sink->ops->give_slab(sink, worker, slab);
    }
    if (result == CDR_OK)
        result = wait_for_turn(log, task->sequence, error);
    return result;
}

static enum cdr_result run_task(void *state, unsigned worker, const struct cdr_task *task,
                                struct cdr_error *error)
{
    struct cdr_pipeline *pipeline = state;
    struct log_state *log = &pipeline->log_states[task->log];
    enum cdr_result result = deliver(pipeline, worker, task, log, error);
    unsigned long long turn = task->sequence;
    if (result == CDR_OK) {
        /* Unless a later slice has failed before its turn came: then it stays so. */
        atomic_compare_exchange_strong_explicit(&log->turn, &turn, turn + 1, memory_order_release,
                                                memory_order_relaxed);
        return CDR_OK;
    }
    /* After a failure no turn comes any more: a worker that waits must leave. The first to fail
     * says why the run ended; those that waited for it say the same. */
    result = cdr_failure_keep(&pipeline->failure, result, error);
    atomic_store_explicit(&log->turn, UINT64_MAX, memory_order_release);
    return result;
}

static enum cdr_result end_slot(void *state, const struct cdr_slot *slot, struct cdr_error *error)
{
    struct cdr_pipeline *pipeline = state;
    atomic_store_explicit(&pipeline->emission_ms, slot->start_ms + slot->duration_ms,
                          memory_order_relaxed);
    return pipeline->settings.sink->ops->poll(pipeline->settings.sink, 0, error);
}

/* ---- paced ---- */

/* Live: what lies wholly in the past is delivered as fast as possible, by all workers, until the
 * first slot that does not. */
static bool slot_is_past(void *state, const struct cdr_slot *slot)
{
    struct cdr_pipeline *pipeline = state;
    if (pipeline->settings.pace.kind != CDR_PACE_LIVE ||
        slot->start_ms + slot->duration_ms > cdr_wall_ms())
        pipeline->scheduled = true;
    return !pipeline->scheduled;
}

static enum cdr_result keep_task(void *state, unsigned worker, const struct cdr_task *task,
                                 struct cdr_error *error)
{
    struct cdr_pipeline *pipeline = state;
    struct log_state *log = &pipeline->log_states[task->log];
    if (!pipeline->scheduled)
        return run_task(state, worker, task, error);
    if (task->n > log->capacity) {
        free(log->keys);
        log->capacity = task->n + task->n / 2 + 64;
        log->keys = malloc(log->capacity * sizeof *log->keys);
        if (log->keys == NULL) {
            log->capacity = 0;
            return cdr_fail(error, CDR_E_NOMEM,
                            "out of memory for the records of one slice of time");
        }
    }
    if (task->n > 0)
        memcpy(log->keys, task->keys, task->n * sizeof *log->keys);
    log->n = task->n;
    log->next = 0;
    return pass_over(pipeline, worker, log, task->type, task->slots, task->keys, task->n,
                     &log->next, error);
}

/* Hands over the records of a log that are due, appending to the log's slab until it is full. */
static enum cdr_result release(struct cdr_pipeline *pipeline, uint32_t log_number,
                               const struct cdr_slot *slots, uint32_t due_end,
                               struct cdr_error *error)
{
    struct cdr_sink *sink = pipeline->settings.sink;
    struct log_state *log = &pipeline->log_states[log_number];
    const uint32_t type = log_number / pipeline->settings.model->parameters.partitions;
    const struct cdr_encoder *encoder = pipeline->settings.topics->items[type].encoder;
    enum cdr_result result = CDR_OK;
    while (result == CDR_OK && log->next < due_end) {
        if (log->slab == NULL) {
            result = cdr_handover_take(&pipeline->handover, 0, &log->slab,
                                       &pipeline->workers[0].hashes, error);
            if (result != CDR_OK)
                return result;
            log->slab->log = log_number;
            log->slab->day = slots[0].day;
            log->taken = 0;
        }
        uint32_t n = log->slab->day == slots[0].day
                         ? room(pipeline, log->slab, type, encoder, due_end - log->next)
                         : 0;
        if (n > 0) {
            encode_block(pipeline, 0, slots, type, log->keys + log->next, n, log->slab);
            log->next += n;
            result = hand_over(pipeline, 0, log, encoder, log->slab, pipeline->workers[0].hashes.of,
                               &log->taken, error);
        }
        if (n == 0 || result != CDR_OK) {
            sink->ops->give_slab(sink, 0, log->slab);
            log->slab = NULL;
        }
    }
    return result;
}

static void note_behind(struct cdr_pipeline *pipeline, int64_t behind_ns)
{
    behind_ns = behind_ns < 0 ? 0 : behind_ns;
    atomic_store_explicit(&pipeline->behind_ns, behind_ns, memory_order_relaxed);
    if (behind_ns > atomic_load_explicit(&pipeline->behind_max_ns, memory_order_relaxed))
        atomic_store_explicit(&pipeline->behind_max_ns, behind_ns, memory_order_relaxed);
}

/* One look at the schedule: every log's records that are due. Returns the emission time of the next
 * that is not, or INT64_MAX. *oldest_ms: the emission time of the first record handed over,
 * INT64_MAX for none. */
static enum cdr_result release_due(struct cdr_pipeline *pipeline, const struct cdr_slot *slots,
                                   int64_t due_ms, int64_t *next_ms, int64_t *oldest_ms,
                                   struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    *next_ms = *oldest_ms = INT64_MAX;
    for (uint32_t l = 0; result == CDR_OK && l < pipeline->logs; l++) {
        struct log_state *log = &pipeline->log_states[l];
        uint32_t end = log->next;
        while (end < log->n && slots[0].start_ms + cdr_key_ms(&log->keys[end]) < due_ms)
            end++;
        if (end > log->next) {
            int64_t first_ms = slots[0].start_ms + cdr_key_ms(&log->keys[log->next]);
            *oldest_ms = first_ms < *oldest_ms ? first_ms : *oldest_ms;
            result = release(pipeline, l, slots, end, error);
        }
        if (result == CDR_OK && log->next < log->n) {
            int64_t waiting_ms = slots[0].start_ms + cdr_key_ms(&log->keys[log->next]);
            *next_ms = waiting_ms < *next_ms ? waiting_ms : *next_ms;
        }
    }
    return result;
}

static bool passed_any(const struct cdr_pipeline *pipeline)
{
    for (uint32_t l = 0; l < pipeline->logs; l++)
        if (pipeline->log_states[l].start > 0)
            return true;
    return false;
}

static enum cdr_result end_slice(void *state, const struct cdr_slot *slots, uint32_t slice,
                                 uint32_t slice_count, struct cdr_error *error)
{
    struct cdr_pipeline *pipeline = state;
    const int64_t span_ms = cdr_engine_slice_ms(pipeline->engine);
    const int64_t from_ms = slots[0].start_ms + slice * span_ms;
    const int64_t left_ms = slots[0].duration_ms - slice * span_ms;
    uint64_t records = 0;
    (void)slice_count;
    for (uint32_t l = 0; l < pipeline->logs; l++)
        records += pipeline->log_states[l].n - pipeline->log_states[l].next;
    /* What was passed over took no time. */
    if (!pipeline->begun && records > 0) {
        pipeline->begun = true;
        if (from_ms > pipeline->settings.pace.emission_start_ms && passed_any(pipeline)) {
            pipeline->settings.pace.start_ns = cdr_monotonic_ns();
            pipeline->settings.pace.emission_start_ms = from_ms;
        }
    }
    struct cdr_pace_line line = cdr_pace_slice(&pipeline->settings.pace, from_ms,
                                               left_ms < span_ms ? left_ms : span_ms, records);
    enum cdr_result result = CDR_OK;
    for (int64_t next_ms = from_ms;
         result == CDR_OK && next_ms != INT64_MAX && !stopped(pipeline);) {
        int64_t now_ns = cdr_monotonic_ns(), oldest_ms;
        result = release_due(pipeline, slots, cdr_pace_due_ms(&line, now_ns), &next_ms, &oldest_ms,
                             error);
        /* Live records of the past are not late: they were due before the run began. */
        if (oldest_ms != INT64_MAX &&
            cdr_pace_due_ns(&line, oldest_ms) >= pipeline->settings.pace.start_ns)
            note_behind(pipeline, cdr_monotonic_ns() - cdr_pace_due_ns(&line, oldest_ms));
        atomic_store_explicit(&pipeline->emission_ms, cdr_pace_due_ms(&line, now_ns),
                              memory_order_relaxed);
        if (result == CDR_OK)
            result = pipeline->settings.sink->ops->poll(pipeline->settings.sink, 0, error);
        if (result == CDR_OK && next_ms != INT64_MAX) {
            int64_t wait_ns = cdr_pace_due_ns(&line, next_ms) - cdr_monotonic_ns();
            if (wait_ns > 0)
                cdr_sleep_ns(wait_ns < TICK_NS ? wait_ns + 1000 : TICK_NS);
        }
    }
    for (uint32_t l = 0; result == CDR_OK && l < pipeline->logs; l++)
        if (pipeline->log_states[l].next < pipeline->log_states[l].n)
            return cdr_fail(error, CDR_E_INTERRUPTED, "interrupted");
    atomic_store_explicit(&pipeline->emission_ms, from_ms + line.span_ms, memory_order_relaxed);
    return result;
}

/* ---- days ---- */

/* Until the schedule reaches emission_ms, which the last record of the day before may be long
 * before. A rate knows no such time, nor does a schedule that is still to begin. */
static enum cdr_result wait_until_due(struct cdr_pipeline *pipeline, int64_t emission_ms,
                                      struct cdr_error *error)
{
    struct cdr_pace *pace = &pipeline->settings.pace;
    enum cdr_result result = CDR_OK;
    if (pace->kind != CDR_PACE_LIVE && (pace->kind != CDR_PACE_SPEED || !pipeline->begun))
        return CDR_OK;
    struct cdr_pace_line line = cdr_pace_slice(pace, emission_ms, 1, 0);
    while (result == CDR_OK && !stopped(pipeline)) {
        int64_t wait_ns = cdr_pace_due_ns(&line, emission_ms) - cdr_monotonic_ns();
        if (wait_ns <= 0)
            break;
        result = pipeline->settings.sink->ops->poll(pipeline->settings.sink, 0, error);
        cdr_sleep_ns(wait_ns < TICK_NS ? wait_ns + 1000 : TICK_NS);
    }
    return result;
}

static enum cdr_result begin_slot(void *state, const struct cdr_slot *slot, struct cdr_error *error)
{
    struct cdr_pipeline *pipeline = state;
    if (slot->day == pipeline->day)
        return CDR_OK;
    enum cdr_result result = wait_until_due(pipeline, slot->start_ms, error);
    if (result != CDR_OK || stopped(pipeline))
        return result;
    pipeline->day = slot->day;
    return pipeline->settings.day_begin(pipeline->settings.day_context, slot->day, error);
}

/* ---- life ---- */

static enum cdr_result create_engine(struct cdr_pipeline *pipeline, struct cdr_error *error)
{
    const struct cdr_pipeline_settings *s = &pipeline->settings;
    const struct cdr_parameters *p = &s->model->parameters;
    const int paced = s->pace.kind != CDR_PACE_NONE;
    const int64_t endless_ms = s->until_ms != 0 ? s->until_ms : INT64_MAX;
    struct cdr_engine_settings settings = {
        .workers = s->workers,
        .shard_index = s->shard_index,
        .shard_count = s->shard_count,
        .slice_barrier = paced,
        .end_ms = s->endless ? endless_ms
                             : cdr_calendar_day_start_ms(&s->model->calendar,
                                                         p->start_day + (int32_t)p->days),
        .stop = s->stop,
    };
    return cdr_engine_create(&pipeline->engine, s->model, &settings, error);
}

enum cdr_result cdr_pipeline_create(struct cdr_pipeline **out,
                                    const struct cdr_pipeline_settings *settings,
                                    struct cdr_error *error)
{
    *out = NULL;
    struct cdr_pipeline *pipeline = calloc(1, sizeof *pipeline);
    if (pipeline == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for the pipeline");
    cdr_failure_init(&pipeline->failure);
    pipeline->settings = *settings;
    pipeline->handover = (struct cdr_handover){
        .sink = settings->sink,
        .stop = settings->stop,
        .patience_ms = settings->drain_timeout_ms,
        .interrupted = "interrupted while the destination took no more records",
    };
    pipeline->logs = settings->topics->n * settings->model->parameters.partitions;
    pipeline->log_states = aligned_alloc(64, pipeline->logs * sizeof *pipeline->log_states);
    pipeline->workers = aligned_alloc(64, settings->workers * sizeof *pipeline->workers);
    /* Each is made fit to be freed, whether the other is there or not. */
    if (pipeline->log_states != NULL)
        memset(pipeline->log_states, 0, pipeline->logs * sizeof *pipeline->log_states);
    for (uint32_t l = 0; pipeline->log_states != NULL && l < pipeline->logs; l++) {
        struct log_state *log = &pipeline->log_states[l];
        log->start = settings->starts != NULL ? settings->starts[l] : 0;
        log->digest_start =
            settings->digest_starts != NULL ? settings->digest_starts[l] : log->start;
        log->passing = log->start > 0;
    }
    for (unsigned w = 0; pipeline->workers != NULL && w < settings->workers; w++)
        pipeline->workers[w].hashes = (struct cdr_hashes){0};
    enum cdr_result result =
        pipeline->log_states != NULL && pipeline->workers != NULL
            ? create_engine(pipeline, error)
            : cdr_fail(error, CDR_E_NOMEM, "out of memory for %u logs and %u workers",
                       pipeline->logs, settings->workers);
    if (result != CDR_OK) {
        cdr_pipeline_destroy(pipeline);
        return result;
    }
    *out = pipeline;
    return CDR_OK;
}

enum cdr_result cdr_pipeline_run(struct cdr_pipeline *pipeline, struct cdr_error *error)
{
    const struct cdr_model *model = pipeline->settings.model;
    struct cdr_pace *pace = &pipeline->settings.pace;
    struct cdr_consumer consumer = {.state = pipeline, .task = run_task, .slot_end = end_slot};
    if (pace->kind != CDR_PACE_NONE) {
        consumer.task = keep_task;
        consumer.slice_end = end_slice;
        consumer.slot_whole = slot_is_past;
    }
    pipeline->day = INT32_MIN;
    if (pipeline->settings.day_begin != NULL)
        consumer.slot_begin = begin_slot;
    pace->wall_to_monotonic_ns = cdr_monotonic_ns() - cdr_wall_ms() * 1000000;
    pipeline->begun = pace->start_ns != 0;
    if (!pipeline->begun) {
        pace->start_ns = cdr_monotonic_ns();
        pace->emission_start_ms =
            cdr_calendar_day_start_ms(&model->calendar, model->parameters.start_day);
    }
    enum cdr_result result = cdr_engine_run(pipeline->engine, &consumer, error);
    for (uint32_t l = 0; l < pipeline->logs; l++) {
        struct log_state *log = &pipeline->log_states[l];
        if (log->slab != NULL)
            pipeline->settings.sink->ops->give_slab(pipeline->settings.sink, 0, log->slab);
        log->slab = NULL;
    }
    return result;
}

void cdr_pipeline_status(const struct cdr_pipeline *pipeline, struct cdr_pipeline_status *status)
{
    *status = (struct cdr_pipeline_status){
        .records = atomic_load_explicit(&pipeline->records, memory_order_relaxed),
        .bytes = atomic_load_explicit(&pipeline->bytes, memory_order_relaxed),
        .emission_ms = atomic_load_explicit(&pipeline->emission_ms, memory_order_relaxed),
        .behind_ns = atomic_load_explicit(&pipeline->behind_ns, memory_order_relaxed),
        .behind_max_ns = atomic_load_explicit(&pipeline->behind_max_ns, memory_order_relaxed),
    };
}

const struct cdr_digest *cdr_pipeline_digest(const struct cdr_pipeline *pipeline, uint32_t log)
{
    return &pipeline->log_states[log].digest;
}

uint64_t cdr_pipeline_position(const struct cdr_pipeline *pipeline, uint32_t log)
{
    return pipeline->log_states[log].position;
}

struct cdr_pace cdr_pipeline_pace(const struct cdr_pipeline *pipeline)
{
    struct cdr_pace pace = pipeline->settings.pace;
    if (!pipeline->begun)
        pace.start_ns = 0;
    return pace;
}

void cdr_pipeline_destroy(struct cdr_pipeline *pipeline)
{
    if (pipeline == NULL)
        return;
    cdr_engine_destroy(pipeline->engine);
    for (uint32_t l = 0; pipeline->log_states != NULL && l < pipeline->logs; l++)
        free(pipeline->log_states[l].keys);
    for (unsigned w = 0; pipeline->workers != NULL && w < pipeline->settings.workers; w++)
        free(pipeline->workers[w].hashes.of);
    cdr_failure_destroy(&pipeline->failure);
    free(pipeline->log_states);
    free(pipeline->workers);
    free(pipeline);
}
