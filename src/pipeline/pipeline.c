#include "pipeline/pipeline.h"

#include "pipeline/internal.h"

#include "base/clock.h"
#include "fault/fault.h"
#include "model/materialise.h"
#include "pipeline/envelope.h"
#include "pipeline/room.h"
#include "sink/counters.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* Counts records [from, to) of a slab by what is wrong with them. */
static void count_faults(struct cdr_pipeline *pipeline, const struct cdr_slab *slab,
                         const uint64_t *hashes, uint32_t from, uint32_t to)
{
    if (pipeline->fault_counts == NULL)
        return;
    struct cdr_fault_counts *counts = &pipeline->fault_counts[slab->log];
    for (uint32_t i = from; i < to; i++)
        cdr_fault_count(counts, slab->marks[i] >> CDR_MARK_BITS, hashes[i]);
}

void cdr_pipeline_count_notes(struct cdr_pipeline *pipeline, unsigned worker, uint32_t log_number,
                              uint64_t position)
{
    if (pipeline->fault_counts == NULL)
        return;
    const struct cdr_fault_entries *entries = &pipeline->workers[worker].entries;
    for (uint32_t i = 0; i < entries->note_count; i++)
        if (position + entries->notes[i].at >= pipeline->log_states[log_number].digest_start)
            pipeline->fault_counts[log_number].kinds[entries->notes[i].kind]++;
}

/* ---- handing over ---- */

/* How many of the wanted records the run may still hand over; *last: none after these. */
static uint32_t allowance(struct cdr_pipeline *pipeline, uint32_t wanted, bool *last)
{
    const struct cdr_pace *pace = &pipeline->settings.pace;
    const uint64_t most = pipeline->settings.records_max;
    if (pace->kind == CDR_PACE_NONE && pace->limit_ns > 0 &&
        cdr_monotonic_ns() >= cdr_pace_end_ns(pace))
        return 0;
    if (most == 0)
        return wanted;
    const uint64_t before =
        atomic_fetch_add_explicit(&pipeline->claimed, wanted, memory_order_relaxed);
    *last = before + wanted >= most;
    return before >= most ? 0 : most - before < wanted ? (uint32_t)(most - before) : wanted;
}

/* Takes off the slab what the run may not hand over any more; *last: this is the end. */
static bool cut(struct cdr_pipeline *pipeline, struct cdr_slab *slab, uint32_t from)
{
    bool last = false;
    const uint32_t wanted = slab->n - from, n = allowance(pipeline, wanted, &last);
    slab->n = from + n;
    return last || n < wanted;
}

enum cdr_result cdr_pipeline_hand_over(struct cdr_pipeline *pipeline, unsigned worker,
                                       struct cdr_log_state *log, const struct cdr_encoder *encoder,
                                       struct cdr_slab *slab, const uint64_t *hashes,
                                       uint32_t *taken, struct cdr_error *error)
{
    uint32_t from = *taken;
    const bool last = cut(pipeline, slab, from);
    struct cdr_digest more = cdr_digest_of(hashes + from, slab->n - from,
                                           cdr_payload_bytes(encoder, slab, from, slab->n));
    if (from == 0)
        slab->position = log->position;
    enum cdr_result result =
        slab->n == from ? CDR_OK
                        : cdr_handover_write(&pipeline->handover, worker, slab, taken, error);
    if (*taken < slab->n)
        more = cdr_digest_of(hashes + from, *taken - from,
                             cdr_payload_bytes(encoder, slab, from, *taken));
    cdr_digest_join(&log->digest, &more);
    count_faults(pipeline, slab, hashes, from, *taken);
    log->position += more.records;
    atomic_fetch_add_explicit(&pipeline->records, more.records, memory_order_relaxed);
    atomic_fetch_add_explicit(&pipeline->bytes, more.bytes, memory_order_relaxed);
    return result == CDR_OK && last ? cdr_fail(error, CDR_E_REACHED, "the end was reached")
                                    : result;
}

bool cdr_pipeline_is_numbered(const struct cdr_pipeline *pipeline, uint32_t type)
{
    return (pipeline->details[type] & CDR_DETAIL_NUMBER) != 0;
}

static void fill_details(const struct cdr_pipeline *pipeline, unsigned worker,
                         const struct cdr_log_state *log, const struct cdr_slot *slots,
                         const struct cdr_key *keys, struct cdr_block *block)
{
    const uint32_t number = (uint32_t)(log - pipeline->log_states);
    struct cdr_details_source source = {
        .keys = keys,
        .slots = slots,
        .emission_slot_ms = slots[0].start_ms,
        .held_until_ms = pipeline->workers[worker].held_until_ms,
        .partition = number % pipeline->settings.model->parameters.partitions,
    };
    if (cdr_pipeline_is_numbered(pipeline, block->type))
        cdr_numbering_of(&log->numbering, keys, &source);
    cdr_details_fill(pipeline->settings.model, pipeline->details[block->type], &source, block);
}

void cdr_pipeline_encode(struct cdr_pipeline *pipeline, unsigned worker,
                         const struct cdr_log_state *log, const struct cdr_slot *slots,
                         uint32_t type, const struct cdr_key *keys, uint32_t n,
                         struct cdr_slab *slab)
{
    struct cdr_worker_state *state = &pipeline->workers[worker];
    struct cdr_block *block = &state->block;
    const struct cdr_model *model = pipeline->settings.model;
    const struct cdr_topic *topic = &pipeline->settings.topics->items[type];
    cdr_materialise(model, type, keys, n, slots[0].start_ms, slots, block);
    if (model->faults.on)
        cdr_fault_columns(model, pipeline->settings.topics, keys, block, NULL);
    if (pipeline->details[type] != 0)
        fill_details(pipeline, worker, log, slots, keys, block);
    const struct cdr_encoder *encoder = topic->encoder;
    const uint32_t first = slab->n, used = first == 0 ? 0 : slab->ends[first - 1];
    encoder->ops->encode(encoder, block, slab->bytes + used, slab->ends + first);
    for (uint32_t i = 0; i < n; i++)
        slab->ends[first + i] += used;
    cdr_slab_name(slab, block);
    for (uint32_t i = 0; slab->ids != NULL && i < n; i++)
        slab->ids[first + i] = cdr_key_id(&keys[i], type, block->slot[i]);
    cdr_envelope_encode(&topic->envelope, block, slab);
    if (model->faults.on)
        cdr_fault_bytes(model, pipeline->settings.topics, keys, block, slab, state->scratch, NULL);
    slab->n += n;
    cdr_hash_records(slab, first, encoder->frame_len, encoder->trailer_len, state->hashes.of);
}

uint32_t cdr_pipeline_room(const struct cdr_pipeline *pipeline, const struct cdr_slab *slab,
                           uint32_t type, const struct cdr_encoder *encoder,
                           const struct cdr_key *keys, uint32_t wanted)
{
    const struct cdr_envelope *envelope = &pipeline->settings.topics->items[type].envelope;
    size_t used = slab->n == 0 ? 0 : slab->ends[slab->n - 1];
    size_t by_bytes = (slab->bytes_max - used) / encoder->record_bytes_max;
    by_bytes = cdr_least(by_bytes, cdr_column_room(&slab->wire_keys, envelope->key, slab->n));
    by_bytes = cdr_least(by_bytes, cdr_column_room(&slab->headers, envelope->headers, slab->n));
    uint32_t by_count = slab->records_max - slab->n;
    uint32_t fits = by_bytes < by_count ? (uint32_t)by_bytes : by_count;
    fits = fits < CDR_BLOCK_RECORDS ? fits : CDR_BLOCK_RECORDS;
    fits = fits < wanted ? fits : wanted;
    if (!cdr_pipeline_faults_of(pipeline)->on)
        return fits;
    return cdr_room_for_faults(cdr_pipeline_faults_of(pipeline), encoder, keys, fits,
                               slab->bytes_max - used);
}

/* ---- passing over ---- */

/* Encodes and hashes keys[0 … n) of a log into its digest, and hands nothing over. */
static enum cdr_result hash_only(struct cdr_pipeline *pipeline, unsigned worker,
                                 struct cdr_log_state *log, uint32_t type,
                                 const struct cdr_slot *slots, const struct cdr_key *keys,
                                 uint32_t n, struct cdr_error *error)
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
        slab->log = (uint32_t)(log - pipeline->log_states); /* whose faults are counted */
        for (uint32_t block;
             (block = cdr_pipeline_room(pipeline, slab, type, encoder, keys + done, n - done)) > 0;
             done += block)
            cdr_pipeline_encode(pipeline, worker, log, slots, type, keys + done, block, slab);
        struct cdr_digest more = cdr_digest_of(pipeline->workers[worker].hashes.of, slab->n,
                                               cdr_payload_bytes(encoder, slab, 0, slab->n));
        cdr_digest_join(&log->digest, &more);
        count_faults(pipeline, slab, pipeline->workers[worker].hashes.of, 0, slab->n);
        atomic_fetch_add_explicit(&pipeline->records, more.records, memory_order_relaxed);
        atomic_fetch_add_explicit(&pipeline->bytes, more.bytes, memory_order_relaxed);
        slab->n = 0;
        sink->ops->give_slab(sink, worker, slab);
    }
    return result;
}

enum cdr_result cdr_pipeline_pass_over(struct cdr_pipeline *pipeline, unsigned worker,
                                       struct cdr_log_state *log, uint32_t type,
                                       const struct cdr_slot *slots, const struct cdr_key *keys,
                                       uint32_t n, uint32_t *passed, struct cdr_error *error)
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
static enum cdr_result wait_for_turn(struct cdr_log_state *log, uint64_t sequence,
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

void cdr_pipeline_begin_numbering(struct cdr_pipeline *pipeline, unsigned worker,
                                  struct cdr_log_state *log, const struct cdr_key *keys, uint32_t n)
{
    const struct cdr_fault_entries *entries = &pipeline->workers[worker].entries;
    const bool faulty = cdr_pipeline_faults_of(pipeline)->on;
    cdr_numbering_begin(&log->numbering, keys, faulty ? entries->of : NULL,
                        faulty ? entries->records : n);
}

/* Encodes a task slab by slab. A task has nearly always one slab, filled before its turn has to be
 * waited for. */
static enum cdr_result deliver(struct cdr_pipeline *pipeline, unsigned worker,
                               const struct cdr_task *task, struct cdr_log_state *log,
                               struct cdr_error *error)
{
    struct cdr_sink *sink = pipeline->settings.sink;
    const struct cdr_encoder *encoder = pipeline->settings.topics->items[task->type].encoder;
    enum cdr_result result = CDR_OK;
    uint32_t done = 0;
    const bool numbered = cdr_pipeline_is_numbered(pipeline, task->type);
    if (numbered || atomic_load_explicit(&log->passing, memory_order_acquire)) {
        result = wait_for_turn(log, task->sequence, error);
        if (result == CDR_OK && numbered)
            cdr_pipeline_begin_numbering(pipeline, worker, log, task->keys, task->n);
        if (result == CDR_OK)
            result = cdr_pipeline_pass_over(pipeline, worker, log, task->type, task->slots,
                                            task->keys, task->n, &done, error);
    }
    while (result == CDR_OK && done < task->n) {
        struct cdr_slab *slab = NULL;
        result = cdr_handover_take(&pipeline->handover, worker, &slab,
                                   &pipeline->workers[worker].hashes, error);
        if (result != CDR_OK)
            break;
        slab->log = task->log;
        slab->day = task->slot->day;
        for (uint32_t n; (n = cdr_pipeline_room(pipeline, slab, task->type, encoder,
                                                task->keys + done, task->n - done)) > 0;
             done += n)
            cdr_pipeline_encode(pipeline, worker, log, task->slots, task->type, task->keys + done,
                                n, slab);
        uint32_t taken = 0;
        result = wait_for_turn(log, task->sequence, error);
        if (result == CDR_OK)
            result = cdr_pipeline_hand_over(pipeline, worker, log, encoder, slab,
                                            pipeline->workers[worker].hashes.of, &taken, error);
        sink->ops->give_slab(sink, worker, slab);
    }
    if (result == CDR_OK)
        result = wait_for_turn(log, task->sequence, error);
    if (result == CDR_OK)
        cdr_pipeline_count_notes(pipeline, worker, task->log, log->position - task->n);
    return result;
}

enum cdr_result cdr_pipeline_run_task(void *state, unsigned worker, const struct cdr_task *task,
                                      struct cdr_error *error)
{
    struct cdr_pipeline *pipeline = state;
    struct cdr_log_state *log = &pipeline->log_states[task->log];
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

/* ---- faults on purpose ---- */

enum cdr_result cdr_pipeline_expand(struct cdr_pipeline *pipeline, unsigned worker,
                                    struct cdr_task *task, struct cdr_error *error)
{
    struct cdr_fault_entries *entries = &pipeline->workers[worker].entries;
    const struct cdr_fault_task faulty = {
        .type = task->type,
        .slots = task->slots,
        .keys = task->keys,
        .n = task->n,
        .held_until_ms = cdr_task_held_until_ms(task),
    };
    pipeline->workers[worker].held_until_ms = faulty.held_until_ms;
    if (!cdr_fault_expand(pipeline->settings.model, &faulty, entries))
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for the records of one slice of time");
    task->keys = entries->keys;
    task->n = entries->n;
    return CDR_OK;
}

/* A failure in place of a task stops the log as one within it does. */
enum cdr_result cdr_pipeline_run_faulty(void *state, unsigned worker, const struct cdr_task *task,
                                        struct cdr_error *error)
{
    struct cdr_pipeline *pipeline = state;
    struct cdr_task entries = *task;
    enum cdr_result result = cdr_pipeline_expand(pipeline, worker, &entries, error);
    if (result == CDR_OK)
        return cdr_pipeline_run_task(state, worker, &entries, error);
    result = cdr_failure_keep(&pipeline->failure, result, error);
    atomic_store_explicit(&pipeline->log_states[task->log].turn, UINT64_MAX, memory_order_release);
    return result;
}

/* ---- days ---- */

static enum cdr_result begin_slot(void *state, const struct cdr_slot *slot, struct cdr_error *error)
{
    struct cdr_pipeline *pipeline = state;
    if (slot->day == pipeline->day)
        return CDR_OK;
    enum cdr_result result = cdr_pipeline_wait_until_due(pipeline, slot->start_ms, error);
    if (result != CDR_OK || cdr_pipeline_stopped(pipeline))
        return result;
    pipeline->day = slot->day;
    return pipeline->settings.day_begin(pipeline->settings.day_context, slot->day, error);
}

/* ---- life ---- */

/* What faults need. */
static bool make_room_for_faults(struct cdr_pipeline *pipeline)
{
    const struct cdr_topics *topics = pipeline->settings.topics;
    size_t block_bytes = 0;
    if (!cdr_pipeline_faults_of(pipeline)->on)
        return true;
    for (uint32_t i = 0; i < topics->n; i++)
        if (topics->items[i].encoder->record_bytes_max > block_bytes)
            block_bytes = topics->items[i].encoder->record_bytes_max;
    pipeline->fault_counts = calloc(pipeline->logs, sizeof *pipeline->fault_counts);
    bool made = pipeline->fault_counts != NULL;
    for (unsigned w = 0; made && w < pipeline->settings.workers; w++) {
        pipeline->workers[w].scratch = malloc(CDR_BLOCK_RECORDS * block_bytes);
        made = pipeline->workers[w].scratch != NULL;
    }
    return made;
}

static bool make_room_for_ranks(struct cdr_pipeline *pipeline)
{
    return !cdr_pace_by_rank(&pipeline->settings.pace) ||
           cdr_merge_init(&pipeline->merge, pipeline->logs);
}

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
    for (uint32_t type = 0; type < settings->topics->n; type++)
        pipeline->details[type] = cdr_topic_details(&settings->topics->items[type]);
    pipeline->logs = settings->topics->n * settings->model->parameters.partitions;
    pipeline->log_states = aligned_alloc(64, pipeline->logs * sizeof *pipeline->log_states);
    pipeline->workers = aligned_alloc(64, settings->workers * sizeof *pipeline->workers);
    /* Each is made fit to be freed, whether the other is there or not. */
    if (pipeline->log_states != NULL)
        memset(pipeline->log_states, 0, pipeline->logs * sizeof *pipeline->log_states);
    for (uint32_t l = 0; pipeline->log_states != NULL && l < pipeline->logs; l++) {
        struct cdr_log_state *log = &pipeline->log_states[l];
        log->start = settings->starts != NULL ? settings->starts[l] : 0;
        log->digest_start =
            settings->digest_starts != NULL ? settings->digest_starts[l] : log->start;
        log->passing = log->start > 0;
    }
    for (unsigned w = 0; pipeline->workers != NULL && w < settings->workers; w++) {
        pipeline->workers[w].hashes = (struct cdr_hashes){0};
        pipeline->workers[w].entries = (struct cdr_fault_entries){0};
        pipeline->workers[w].held_until_ms = 0;
        pipeline->workers[w].scratch = NULL;
    }
    enum cdr_result result =
        pipeline->log_states != NULL && pipeline->workers != NULL &&
                make_room_for_faults(pipeline) && make_room_for_ranks(pipeline)
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
    const bool faulty = model->faults.on;
    struct cdr_consumer consumer = {.state = pipeline,
                                    .task =
                                        faulty ? cdr_pipeline_run_faulty : cdr_pipeline_run_task,
                                    .slot_end = end_slot};
    if (pace->kind != CDR_PACE_NONE) {
        consumer.task = faulty ? cdr_pipeline_keep_faulty : cdr_pipeline_keep_task;
        consumer.slice_end = cdr_pipeline_end_slice;
        consumer.slot_whole = cdr_pipeline_slot_is_past;
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
        struct cdr_log_state *log = &pipeline->log_states[l];
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

const struct cdr_fault_counts *cdr_pipeline_faults(const struct cdr_pipeline *pipeline,
                                                   uint32_t log)
{
    return pipeline->fault_counts == NULL ? NULL : &pipeline->fault_counts[log];
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
    cdr_merge_free(&pipeline->merge);
    cdr_engine_destroy(pipeline->engine);
    for (uint32_t l = 0; pipeline->log_states != NULL && l < pipeline->logs; l++) {
        free(pipeline->log_states[l].keys);
        cdr_numbering_free(&pipeline->log_states[l].numbering);
    }
    for (unsigned w = 0; pipeline->workers != NULL && w < pipeline->settings.workers; w++) {
        free(pipeline->workers[w].hashes.of);
        free(pipeline->workers[w].scratch);
        cdr_fault_entries_free(&pipeline->workers[w].entries);
    }
    free(pipeline->fault_counts);
    cdr_failure_destroy(&pipeline->failure);
    free(pipeline->log_states);
    free(pipeline->workers);
    free(pipeline);
}
