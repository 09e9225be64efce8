/* Paced runs: what is due by the schedule, every few milliseconds, by one thread. */
#include "pipeline/internal.h"

#include "base/clock.h"
#include "pipeline/steering.h"

#include <stdlib.h>
#include <string.h>

#define TICK_NS INT64_C(5000000) /* the longest time between looks at the schedule */

/* Live: what lies wholly in the past is delivered as fast as possible, by all workers, until the
 * first slot that does not. */
bool cdr_pipeline_slot_is_past(void *state, const struct cdr_slot *slot)
{
    struct cdr_pipeline *pipeline = state;
    if (pipeline->settings.pace.kind != CDR_PACE_LIVE ||
        slot->start_ms + slot->duration_ms > cdr_wall_ms())
        pipeline->scheduled = true;
    return !pipeline->scheduled;
}

enum cdr_result cdr_pipeline_keep_task(void *state, unsigned worker, const struct cdr_task *task,
                                       struct cdr_error *error)
{
    struct cdr_pipeline *pipeline = state;
    struct cdr_log_state *log = &pipeline->log_states[task->log];
    if (!pipeline->scheduled)
        return cdr_pipeline_run_task(state, worker, task, error);
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
    log->slots = task->slots;
    log->held_until_ms = cdr_task_held_until_ms(task);
    log->n = task->n;
    log->next = 0;
    if (cdr_pipeline_is_numbered(pipeline, task->type)) {
        cdr_pipeline_begin_numbering(pipeline, worker, log, log->keys, task->n);
        if (!cdr_numbering_keep(&log->numbering, task->n))
            return cdr_fail(error, CDR_E_NOMEM, "out of memory for the numbers of records");
    }
    return cdr_pipeline_pass_over(pipeline, worker, log, task->type, task->slots, log->keys,
                                  task->n, &log->next, error);
}

/* When record i of those that a log keeps is emitted. */
static int64_t emission_of(const struct cdr_log_state *log, uint32_t i)
{
    return log->held_until_ms != 0 ? log->held_until_ms
                                   : log->slots[0].start_ms + cdr_key_ms(&log->keys[i]);
}

/* Hands over the records of a log that are due on a day, appending to the log's slab until it is
 * full. */
static enum cdr_result release(struct cdr_pipeline *pipeline, uint32_t log_number, int32_t day,
                               uint32_t due_end, struct cdr_error *error)
{
    struct cdr_sink *sink = pipeline->settings.sink;
    struct cdr_log_state *log = &pipeline->log_states[log_number];
    const uint32_t type = log_number / pipeline->settings.model->parameters.partitions;
    const struct cdr_encoder *encoder = pipeline->settings.topics->items[type].encoder;
    enum cdr_result result = CDR_OK;
    pipeline->workers[0].held_until_ms = log->held_until_ms;
    while (result == CDR_OK && log->next < due_end) {
        if (log->slab == NULL) {
            result = cdr_handover_take(&pipeline->handover, 0, &log->slab,
                                       &pipeline->workers[0].hashes, error);
            if (result != CDR_OK)
                return result;
            log->slab->log = log_number;
            log->slab->day = day;
            log->taken = 0;
        }
        uint32_t n = log->slab->day == day
                         ? cdr_pipeline_room(pipeline, log->slab, type, encoder,
                                             log->keys + log->next, due_end - log->next)
                         : 0;
        if (n > 0) {
            cdr_pipeline_encode(pipeline, 0, log, log->slots, type, log->keys + log->next, n,
                                log->slab);
            log->next += n;
            result = cdr_pipeline_hand_over(pipeline, 0, log, encoder, log->slab,
                                            pipeline->workers[0].hashes.of, &log->taken, error);
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

/* One look at the schedule: every log's records that are due, *n of them. *next_ms: the emission
 * time of the next that is not, or INT64_MAX. *oldest_ms: that of the first record handed over,
 * INT64_MAX for none. */
static enum cdr_result release_due(struct cdr_pipeline *pipeline, int32_t day, int64_t due_ms,
                                   int64_t *next_ms, int64_t *oldest_ms, uint64_t *n,
                                   struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    *next_ms = *oldest_ms = INT64_MAX;
    *n = 0;
    for (uint32_t l = 0; result == CDR_OK && l < pipeline->logs; l++) {
        struct cdr_log_state *log = &pipeline->log_states[l];
        uint32_t end = log->next;
        while (end < log->n && emission_of(log, end) < due_ms)
            end++;
        if (end > log->next) {
            int64_t first_ms = emission_of(log, log->next);
            *oldest_ms = first_ms < *oldest_ms ? first_ms : *oldest_ms;
            *n += end - log->next;
            result = release(pipeline, l, day, end, error);
        }
        if (result == CDR_OK && log->next < log->n) {
            int64_t waiting_ms = emission_of(log, log->next);
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

/* What was passed over took no time: the schedule begins with the first slice that has records. */
static void begin_schedule(struct cdr_pipeline *pipeline, int64_t from_ms)
{
    struct cdr_pace *pace = &pipeline->settings.pace;
    pipeline->begun = true;
    if (from_ms > pace->emission_start_ms && passed_any(pipeline)) {
        pace->start_ns = cdr_monotonic_ns();
        pace->emission_start_ms = from_ms;
    }
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Until due_ns, or for a tick. */
static void wait_a_while(int64_t due_ns)
{
    const int64_t wait_ns = due_ns - cdr_monotonic_ns();
    if (wait_ns > 0)
        cdr_sleep_ns(wait_ns < TICK_NS ? wait_ns + 1000 : TICK_NS);
}

static enum cdr_result poll_sink(struct cdr_pipeline *pipeline, struct cdr_error *error)
{
    return pipeline->settings.sink->ops->poll(pipeline->settings.sink, 0, error);
}

static enum cdr_result schedule_ended(struct cdr_error *error)
{
    return cdr_fail(error, CDR_E_REACHED, "the schedule has ended");
}

/* ---- by time ---- */

/* Live records of the past are not late: they were due before the run began. */
static void note_by_time(struct cdr_pipeline *pipeline, const struct cdr_pace_line *line,
                         int64_t oldest_ms, int64_t now_ns, uint64_t n)
{
    const int64_t oldest_ns = cdr_pace_due_ns(line, oldest_ms), done_ns = cdr_monotonic_ns();
    if (oldest_ns < pipeline->settings.pace.start_ns)
        return;
    note_behind(pipeline, done_ns - oldest_ns);
    if (pipeline->settings.sent == NULL)
        return;
    cdr_sent_add(pipeline->settings.sent, oldest_ns, now_ns, done_ns, n);
}

static enum cdr_result run_by_time(struct cdr_pipeline *pipeline, const struct cdr_slot *slots,
                                   const struct cdr_pace_line *line, struct cdr_error *error)
{
    const int64_t end_ns = cdr_pace_end_ns(&pipeline->settings.pace);
    enum cdr_result result = CDR_OK;
    for (int64_t next_ms = line->from_ms;
         result == CDR_OK && next_ms != INT64_MAX && !cdr_pipeline_stopped(pipeline);) {
        const int64_t now_ns = earlier(cdr_monotonic_ns(), end_ns);
        int64_t oldest_ms;
        uint64_t n;
        result = release_due(pipeline, slots[0].day, cdr_pace_due_ms(line, now_ns), &next_ms,
                             &oldest_ms, &n, error);
        if (oldest_ms != INT64_MAX)
            note_by_time(pipeline, line, oldest_ms, now_ns, n);
        atomic_store_explicit(&pipeline->emission_ms, cdr_pace_due_ms(line, now_ns),
                              memory_order_relaxed);
        if (result == CDR_OK)
            result = poll_sink(pipeline, error);
        if (result == CDR_OK && now_ns == end_ns)
            return schedule_ended(error);
        if (result == CDR_OK && next_ms != INT64_MAX)
            wait_a_while(earlier(cdr_pace_due_ns(line, next_ms), end_ns));
    }
    return result;
}

/* ---- by rank ---- */

/* When record i of a log is emitted, after the slot's beginning. */
static uint32_t ms_in_slot(const struct cdr_log_state *log, uint32_t i,
                           const struct cdr_slot *slots)
{
    const int64_t ms = emission_of(log, i) - slots[0].start_ms;
    return ms > 0 ? (uint32_t)ms : 0;
}

static void begin_merge(struct cdr_pipeline *pipeline, const struct cdr_slot *slots)
{
    pipeline->merge.n = 0;
    for (uint32_t l = 0; l < pipeline->logs; l++) {
        struct cdr_log_state *log = &pipeline->log_states[l];
        log->due = log->next;
        if (log->next < log->n)
            cdr_merge_push(&pipeline->merge, ms_in_slot(log, log->next, slots), l);
    }
}

/* The next n records in the order of ranks, of which there are so many. */
static enum cdr_result release_ranks(struct cdr_pipeline *pipeline, const struct cdr_slot *slots,
                                     uint64_t n, struct cdr_error *error)
{
    struct cdr_merge *merge = &pipeline->merge;
    enum cdr_result result = CDR_OK;
    for (; n > 0; n--) {
        struct cdr_log_state *log = &pipeline->log_states[cdr_merge_log(merge)];
        if (++log->due < log->n)
            cdr_merge_advance(merge, ms_in_slot(log, log->due, slots));
        else
            cdr_merge_pop(merge);
    }
    for (uint32_t l = 0; result == CDR_OK && l < pipeline->logs; l++)
        result = release(pipeline, l, slots[0].day, pipeline->log_states[l].due, error);
    return result;
}

static void note_by_rank(struct cdr_pipeline *pipeline, uint64_t rank, uint64_t n)
{
    const struct cdr_pace *pace = &pipeline->settings.pace;
    const int64_t done_ns = cdr_monotonic_ns();
    note_behind(pipeline, done_ns - cdr_pace_rank_ns(pace, rank));
    if (pipeline->settings.sent != NULL)
        cdr_sent_add_ranks(pipeline->settings.sent, pace, rank, n, done_ns);
}

static enum cdr_result run_by_rank(struct cdr_pipeline *pipeline, const struct cdr_slot *slots,
                                   uint64_t records, struct cdr_error *error)
{
    struct cdr_pace *pace = &pipeline->settings.pace;
    const int64_t end_ns = cdr_pace_end_ns(pace);
    uint64_t rank = (uint64_t)pace->records_before;
    const uint64_t end = rank + records;
    enum cdr_result result = CDR_OK;
    begin_merge(pipeline, slots);
    while (result == CDR_OK && rank < end && !cdr_pipeline_stopped(pipeline)) {
        const int64_t now_ns = earlier(cdr_monotonic_ns(), end_ns);
        if (pace->steering != NULL &&
            !cdr_steering_step(pace->steering, pace->start_ns, now_ns, rank))
            return schedule_ended(error);
        uint64_t due = cdr_pace_due_count(pace, now_ns);
        due = due < end ? due : end;
        atomic_store_explicit(&pipeline->emission_ms,
                              slots[0].start_ms + cdr_merge_ms(&pipeline->merge),
                              memory_order_relaxed);
        if (due > rank) {
            result = release_ranks(pipeline, slots, due - rank, error);
            note_by_rank(pipeline, rank, due - rank);
            rank = due;
        }
        if (result == CDR_OK)
            result = poll_sink(pipeline, error);
        if (result == CDR_OK && now_ns == end_ns)
            return schedule_ended(error);
        if (result == CDR_OK && rank < end)
            wait_a_while(earlier(cdr_pace_rank_ns(pace, rank), end_ns));
    }
    pace->records_before = (double)rank;
    return result;
}

enum cdr_result cdr_pipeline_end_slice(void *state, const struct cdr_slot *slots, uint32_t slice,
                                       uint32_t slice_count, struct cdr_error *error)
{
    struct cdr_pipeline *pipeline = state;
    struct cdr_pace *pace = &pipeline->settings.pace;
    const bool held = slice == CDR_SLICE_HELD; /* all at once, at the slot's beginning */
    const int64_t span_ms = held ? 1 : cdr_engine_slice_ms(pipeline->engine),
                  from_ms = slots[0].start_ms + (held ? 0 : slice * span_ms),
                  left_ms = slots[0].start_ms + slots[0].duration_ms - from_ms;
    uint64_t records = 0;
    (void)slice_count;
    for (uint32_t l = 0; l < pipeline->logs; l++)
        records += pipeline->log_states[l].n - pipeline->log_states[l].next;
    if (!pipeline->begun && records > 0)
        begin_schedule(pipeline, from_ms);
    enum cdr_result result;
    if (cdr_pace_by_rank(pace)) {
        result = run_by_rank(pipeline, slots, records, error);
    } else {
        const struct cdr_pace_line line =
            cdr_pace_slice(pace, from_ms, earlier(left_ms, span_ms), records);
        result = run_by_time(pipeline, slots, &line, error);
    }
    for (uint32_t l = 0; result == CDR_OK && l < pipeline->logs; l++)
        if (pipeline->log_states[l].next < pipeline->log_states[l].n)
            return cdr_fail(error, CDR_E_INTERRUPTED, "interrupted");
    if (result == CDR_OK)
        atomic_store_explicit(&pipeline->emission_ms, from_ms + earlier(left_ms, span_ms),
                              memory_order_relaxed);
    return result;
}

/* ---- faults on purpose ---- */

enum cdr_result cdr_pipeline_keep_faulty(void *state, unsigned worker, const struct cdr_task *task,
                                         struct cdr_error *error)
{
    struct cdr_pipeline *pipeline = state;
    struct cdr_task entries = *task;
    if (!pipeline->scheduled)
        return cdr_pipeline_run_faulty(state, worker, task, error);
    enum cdr_result result = cdr_pipeline_expand(pipeline, worker, &entries, error);
    if (result != CDR_OK)
        return result;
    cdr_pipeline_count_notes(pipeline, worker, task->log, pipeline->log_states[task->log].position);
    return cdr_pipeline_keep_task(state, worker, &entries, error);
}

/* ---- days ---- */

/* Until the schedule reaches emission_ms, which the last record of the day before may be long
 * before. A rate knows no such time, nor does a schedule that is still to begin. */
enum cdr_result cdr_pipeline_wait_until_due(struct cdr_pipeline *pipeline, int64_t emission_ms,
                                            struct cdr_error *error)
{
    struct cdr_pace *pace = &pipeline->settings.pace;
    enum cdr_result result = CDR_OK;
    if (pace->kind != CDR_PACE_LIVE && (pace->kind != CDR_PACE_SPEED || !pipeline->begun))
        return CDR_OK;
    const struct cdr_pace_line line = cdr_pace_slice(pace, emission_ms, 1, 0);
    const int64_t due_ns = cdr_pace_due_ns(&line, emission_ms), end_ns = cdr_pace_end_ns(pace);
    while (result == CDR_OK && !cdr_pipeline_stopped(pipeline) && cdr_monotonic_ns() < due_ns) {
        if (cdr_monotonic_ns() >= end_ns)
            return schedule_ended(error);
        result = poll_sink(pipeline, error);
        wait_a_while(earlier(due_ns, end_ns));
    }
    return result;
}
