#include "answer/answer.h"

#include "answer/close.h"
#include "answer/column.h"
#include "answer/join.h"
#include "engine/engine.h"
#include "fault/expand.h"
#include "fault/fault.h"
#include "model/details.h"
#include "model/materialise.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK CDR_BLOCK_RECORDS

struct worker {
    struct cdr_fault_entries entries;
    const struct cdr_task *task; /* in hand */
    const struct cdr_key *keys;  /* of the block */
    uint32_t left;               /* of the task's, those of the block included */
    uint64_t position;           /* of its first record in the log */
    struct cdr_block block;
    uint8_t counts[BLOCK];  /* 1: the record fulfils the conditions */
    int64_t reached[BLOCK]; /* by the log, with the record */
    int64_t time[BLOCK], by[CDR_QUERY_BY_MAX][BLOCK], value[CDR_QUERY_SELECT_MAX][BLOCK];
    int64_t day_start_ms, day_end_ms; /* of the day that was asked for last */
};

struct answer {
    const struct cdr_answer_settings *settings;
    struct worker *workers;           /* of all answers */
    struct cdr_answer_groups *groups; /* of each worker */
    int64_t *newest;                  /* per log, the greatest time; INT64_MIN: no record yet */
    int64_t *reached;                 /* the same for lateness */
};

/* A log's tasks are taken in order of time, but several workers may have some at once; so each
 * waits until the one before is done. */
struct log {
    atomic_ullong turn; /* sequence of the task that comes next; UINT64_MAX: it has failed */
    uint64_t position;  /* of the next entry */
};

struct answers {
    struct answer *items;
    uint32_t n;
    bool faults_in_columns; /* some answer counts records that have faults of columns */
    struct worker *workers;
    struct log *logs;
};

/* ---- a block ---- */

static bool fulfils(const struct cdr_query_condition *condition, int64_t value)
{
    if (value == CDR_ABSENT)
        return false;
    if (condition->range)
        return value >= condition->values[0] && value <= condition->values[1];
    for (uint32_t k = 0; k < condition->count; k++)
        if (value == condition->values[k])
            return true;
    return false;
}

/* Whether a pipeline lets an entry of a log through; one that handles faults lets none. */
static bool is_good(const struct cdr_answer_mistake *mistake, const struct cdr_key *key)
{
    const uint32_t entry = cdr_key_entry(key);
    const uint32_t copy = entry == CDR_ENTRY_LATE_COPY    ? CDR_FAULT_LATE_DUPLICATE
                          : (entry & CDR_ENTRY_COPY) != 0 ? CDR_FAULT_DUPLICATE
                                                          : CDR_FAULT_COUNT;
    const uint32_t payload = entry == CDR_ENTRY_LATE_COPY || (entry & CDR_ENTRY_FAULT) == 0
                                 ? CDR_FAULT_COUNT
                                 : cdr_fault_of_entry(entry & CDR_ENTRY_FAULT);
    return (copy == CDR_FAULT_COUNT || (mistake->counted >> copy & 1) != 0) &&
           (payload == CDR_FAULT_COUNT || (mistake->counted >> payload & 1) != 0);
}

/* Of records in conflict the second comes after the first and its copies. */
static void replace(const struct worker *worker, uint8_t *counts)
{
    const uint32_t conflict = cdr_fault_number[CDR_FAULT_CONFLICT];
    for (uint32_t i = 0; i < worker->block.n; i++) {
        uint32_t next = i + 1;
        while (next < worker->left && cdr_key_entry(&worker->keys[next]) == CDR_ENTRY_COPY)
            next++;
        if (cdr_key_entry(&worker->keys[i]) == conflict)
            counts[i] = 1;
        else if (next < worker->left && cdr_key_entry(&worker->keys[next]) == conflict)
            counts[i] = 0;
    }
}

static void read_values(const struct answer *answer, const struct cdr_field_source *field,
                        const struct cdr_block *block, int64_t *values)
{
    if (cdr_join_has(field))
        cdr_join_values(answer->settings->model, answer->settings->query->join, field, block,
                        values);
    else
        cdr_column_values(field, block, values);
}

static void filter(const struct answer *answer, struct worker *worker)
{
    const struct cdr_query *query = answer->settings->query;
    const struct cdr_answer_mistake *mistake = &answer->settings->mistake;
    const uint32_t n = worker->block.n;
    int64_t values[BLOCK];
    for (uint32_t i = 0; i < n; i++)
        worker->counts[i] = is_good(mistake, &worker->keys[i]);
    if (mistake->replaced)
        replace(worker, worker->counts);
    for (uint32_t i = 0; i < n && mistake->ended; i++)
        worker->counts[i] &= worker->block.event_ms[i] < mistake->ended_ms;
    for (uint32_t k = 0; k < query->where_count; k++) {
        read_values(answer, query->where[k].field, &worker->block, values);
        for (uint32_t i = 0; i < n; i++)
            worker->counts[i] &= fulfils(&query->where[k], values[i]);
    }
}

/* Of records that do not fulfil a column's own conditions, it adds nothing up. */
static void filter_column(const struct answer *answer, const struct cdr_query_column *column,
                          struct worker *worker, int64_t *to)
{
    const int64_t none = column->function == CDR_FUNCTION_COUNT ? 0 : CDR_ABSENT;
    int64_t values[BLOCK];
    for (uint32_t k = 0; k < column->where_count; k++) {
        read_values(answer, column->where[k].field, &worker->block, values);
        for (uint32_t i = 0; i < worker->block.n; i++)
            to[i] = fulfils(&column->where[k], values[i]) ? to[i] : none;
    }
}

static void read_columns(const struct answer *answer, struct worker *worker)
{
    const struct cdr_query *query = answer->settings->query;
    for (uint32_t k = 0; k < query->by_count; k++)
        read_values(answer, query->by[k], &worker->block, worker->by[k]);
    for (uint32_t k = 0; k < query->select_count; k++) {
        if (query->select[k].field != NULL)
            read_values(answer, query->select[k].field, &worker->block, worker->value[k]);
        for (uint32_t i = 0; i < worker->block.n && query->select[k].field == NULL; i++)
            worker->value[k][i] = 1;
        filter_column(answer, &query->select[k], worker, worker->value[k]);
    }
}

/* Tells of a record that counts in a window that is watched. */
static void bear_witness(const struct answer *answer, const struct worker *worker,
                         const int64_t *key, uint32_t i)
{
    const struct cdr_answer_settings *settings = answer->settings;
    const struct cdr_task *task = worker->task;
    struct cdr_witness witness = {
        .log = task->log,
        .position = worker->position + i,
        .id = cdr_key_id(&worker->keys[i], task->type,
                         cdr_key_start_slot(&worker->keys[i], task->slots)),
        .time_ms = worker->time[i],
    };
    int64_t *row = cdr_groups_find(settings->watched, key);
    if (row == NULL)
        return;
    for (uint32_t k = 0; k < settings->query->select_count; k++)
        witness.values[k] = worker->value[k][i] != CDR_ABSENT ? worker->value[k][i] : 0;
    settings->witness(settings->context, row, &witness);
}

/* Whether a record may be left out of the window that ends then. */
static bool is_late(const struct answer *answer, const struct worker *worker, int64_t end_ms,
                    uint32_t i)
{
    const struct cdr_lateness *lateness = &answer->settings->lateness;
    return lateness->on && answer->settings->query->window != CDR_WINDOW_NONE &&
           end_ms + lateness->allowed_ms - lateness->early_ms <= worker->reached[i];
}

/* Whether the settings ask for the row of a key. */
static bool is_wanted(const struct cdr_answer_settings *settings, const int64_t *key)
{
    int64_t named[CDR_QUERY_BY_MAX + 1] = {key[0] + settings->mistake.named_ms};
    if (settings->only == NULL)
        return true;
    memcpy(named + 1, key + 1, settings->query->by_count * sizeof *key);
    return cdr_groups_find(settings->only, named) != NULL;
}

static bool add_to_window(const struct answer *answer, const struct worker *worker,
                          struct cdr_answer_groups *groups, int64_t start_ms, uint32_t i)
{
    const struct cdr_query *query = answer->settings->query;
    int64_t key[CDR_QUERY_BY_MAX + 2] = {start_ms};
    bool is_new;
    for (uint32_t k = 0; k < query->by_count; k++)
        key[1 + k] = worker->by[k][i];
    if (answer->settings->watched != NULL) {
        bear_witness(answer, worker, key, i);
        return true;
    }
    if (!is_wanted(answer->settings, key))
        return true;
    int64_t *row = cdr_groups_at(&groups->main, key, &is_new);
    if (row == NULL)
        return false;
    const bool late =
        answer->settings->lateness.on &&
        is_late(answer, worker, cdr_window_end(answer->settings->model, query, start_ms), i);
    const uint32_t measures = answer->settings->lateness.on && !late ? CDR_MEASURES : 1;
    for (uint32_t measure = 0; measure < measures; measure++) {
        cdr_measure_add(query, row + cdr_measure_at(query, measure), worker->value, i);
        for (uint32_t k = 0; k < query->select_count; k++) {
            if (query->select[k].function != CDR_FUNCTION_DISTINCT ||
                worker->value[k][i] == CDR_ABSENT)
                continue;
            key[1 + query->by_count] = worker->value[k][i];
            if (cdr_groups_at(&groups->sets[measure][k], key, &is_new) == NULL)
                return false;
        }
    }
    return true;
}

/* What a record alone would be a session of decides whether it may be left out. */
static bool add_to_session(const struct answer *answer, const struct worker *worker,
                           struct cdr_answer_groups *groups, uint32_t i)
{
    const struct cdr_answer_settings *settings = answer->settings;
    const bool late = is_late(answer, worker, worker->time[i] + settings->query->size_ms, i);
    if (settings->watched != NULL || (late && settings->mistake.dropped))
        return true;
    struct cdr_session_record record = {
        .value = worker->value, .i = i, .time_ms = worker->time[i], .late = late};
    for (uint32_t k = 0; k < settings->query->by_count; k++)
        record.by[k] = worker->by[k][i];
    return cdr_sessions_add(&groups->sessions, settings, &record);
}

static int64_t day_start_ms(const struct cdr_model *model, struct worker *worker, int64_t at_ms)
{
    if (at_ms < worker->day_start_ms || at_ms >= worker->day_end_ms) {
        const int32_t day = cdr_calendar_slot_at(&model->calendar, at_ms).day;
        worker->day_start_ms = cdr_calendar_day_start_ms(&model->calendar, day);
        worker->day_end_ms = cdr_calendar_day_start_ms(&model->calendar, day + 1);
    }
    return worker->day_start_ms;
}

static bool add(const struct answer *answer, unsigned number, uint32_t i)
{
    const struct cdr_query *query = answer->settings->query;
    struct worker *worker = &answer->workers[number];
    struct cdr_answer_groups *groups = &answer->groups[number];
    const int64_t at_ms = worker->time[i];
    bool fits = true;
    if (query->window == CDR_WINDOW_NONE)
        return add_to_window(answer, worker, groups, 0, i);
    if (query->window == CDR_WINDOW_SESSION)
        return add_to_session(answer, worker, groups, i);
    if (query->window == CDR_WINDOW_DAY)
        return add_to_window(answer, worker, groups,
                             day_start_ms(answer->settings->model, worker, at_ms), i);
    for (int64_t start_ms = at_ms - at_ms % query->step_ms;
         fits && start_ms > at_ms - query->size_ms; start_ms -= query->step_ms)
        fits = add_to_window(answer, worker, groups, start_ms, i);
    return fits;
}

/* How far each record finds its log. */
static void read_reached(const struct answer *answer, struct worker *worker, int64_t *reached)
{
    const bool passing = answer->settings->lateness.passing;
    for (uint32_t i = 0; i < worker->block.n; i++) {
        if ((!passing || worker->counts[i] != 0) && worker->time[i] > *reached)
            *reached = worker->time[i];
        worker->reached[i] = *reached;
    }
}

static void fill_details(const struct answer *answer, struct worker *worker)
{
    const struct cdr_task *task = worker->task;
    const struct cdr_details_source source = {
        .keys = worker->keys,
        .slots = task->slots,
        .emission_slot_ms = task->slots[0].start_ms,
        .held_until_ms = cdr_task_held_until_ms(task),
        .partition = task->log % answer->settings->model->parameters.partitions,
    };
    if (answer->settings->query->details != 0)
        cdr_details_fill(answer->settings->model, answer->settings->query->details, &source,
                         &worker->block);
}

static bool add_block(const struct answer *answer, unsigned number, uint32_t log)
{
    int64_t *newest = &answer->newest[log];
    const struct cdr_query *query = answer->settings->query;
    struct worker *worker = &answer->workers[number];
    const struct cdr_block *block = &worker->block;
    bool fits = true;
    const struct cdr_answer_mistake *mistake = &answer->settings->mistake;
    memcpy(worker->time, query->by_start ? block->start_ms : block->end_ms,
           block->n * sizeof *worker->time);
    for (uint32_t i = 0; i < block->n; i++)
        worker->time[i] +=
            mistake->shift_ms + mistake->local * INT64_C(60000) * block->tz_offset_min[i];
    for (uint32_t i = 0; i < block->n; i++) { /* what has a fault may tell no time */
        if (cdr_key_entry(&worker->keys[i]) == 0 && worker->time[i] > *newest)
            *newest = worker->time[i];
        worker->time[i] = mistake->arrival ? *newest : worker->time[i];
    }
    fill_details(answer, worker);
    filter(answer, worker);
    if (answer->settings->lateness.on)
        read_reached(answer, worker, &answer->reached[log]);
    read_columns(answer, worker);
    for (uint32_t i = 0; i < block->n && fits; i++)
        if (worker->counts[i] != 0)
            fits = add(answer, number, i);
    return fits;
}

/* ---- tasks ---- */

static bool is_read(const struct answer *answer, uint32_t log)
{
    const struct cdr_answer_settings *settings = answer->settings;
    const uint32_t partitions = settings->model->parameters.partitions;
    return (settings->query->types >> (log / partitions) & 1) != 0 &&
           log % partitions % settings->shard_count == settings->shard_index &&
           !(settings->mistake.without && settings->mistake.without_log == log);
}

static bool is_read_by_some(const struct answers *answers, uint32_t log)
{
    bool some = false;
    for (uint32_t i = 0; i < answers->n; i++)
        some |= is_read(&answers->items[i], log);
    return some;
}

/* Of those faults that change columns whatever the form of the records is. */
static void apply_faults(const struct cdr_model *model, struct worker *worker)
{
    struct cdr_topic none[CDR_TYPE_COUNT] = {0};
    const struct cdr_topics topics = {.items = none, .n = CDR_TYPE_COUNT};
    struct cdr_key keys[BLOCK];
    memcpy(keys, worker->keys, worker->block.n * sizeof *keys);
    for (uint32_t i = 0; i < worker->block.n; i++) {
        const uint32_t fault = cdr_key_entry(&keys[i]) & CDR_ENTRY_FAULT;
        if (fault != cdr_fault_number[CDR_FAULT_CONFLICT] &&
            fault != cdr_fault_number[CDR_FAULT_CLOCK])
            keys[i].high &= ~UINT64_C(31);
    }
    cdr_fault_columns(model, &topics, keys, &worker->block, NULL);
}

static bool add_task(struct answers *answers, unsigned number, const struct cdr_task *task)
{
    const struct cdr_model *model = answers->items[0].settings->model;
    struct worker *worker = &answers->workers[number];
    const struct cdr_key *keys = task->keys;
    uint32_t n = task->n;
    bool fits = true;
    if (model->faults.on) {
        const struct cdr_fault_task faulty = {
            .type = task->type,
            .slots = task->slots,
            .keys = keys,
            .n = n,
            .held_until_ms = cdr_task_held_until_ms(task),
        };
        fits = cdr_fault_expand(model, &faulty, &worker->entries);
        keys = worker->entries.keys;
        n = worker->entries.n;
    }
    worker->task = task;
    for (uint32_t i = 0; i < n && fits; i += BLOCK) {
        worker->keys = keys + i;
        worker->left = n - i;
        worker->position = answers->logs[task->log].position + i;
        cdr_materialise(model, task->type, keys + i, n - i < BLOCK ? n - i : BLOCK,
                        task->slots[0].start_ms, task->slots, &worker->block);
        if (answers->faults_in_columns)
            apply_faults(model, worker);
        for (uint32_t k = 0; k < answers->n && fits; k++)
            if (is_read(&answers->items[k], task->log))
                fits = add_block(&answers->items[k], number, task->log);
    }
    answers->logs[task->log].position += n;
    return fits;
}

static enum cdr_result take_task(void *state, unsigned number, const struct cdr_task *task,
                                 struct cdr_error *error)
{
    struct answers *answers = state;
    struct log *log = &answers->logs[task->log];
    unsigned long long turn;
    if (!is_read_by_some(answers, task->log))
        return CDR_OK;
    while ((turn = atomic_load_explicit(&log->turn, memory_order_acquire)) != task->sequence) {
        if (turn == UINT64_MAX)
            return cdr_fail(error, CDR_E_INTERRUPTED, "interrupted");
        sched_yield();
    }
    const bool fits = add_task(answers, number, task);
    atomic_store_explicit(&log->turn, fits ? task->sequence + 1 : UINT64_MAX, memory_order_release);
    return fits ? CDR_OK : cdr_fail(error, CDR_E_NOMEM, "out of memory for the answer's windows");
}

/* ---- windows that end ---- */

/* The least of the logs' greatest times. with_empty: a log without records is behind everything. */
static int64_t least_newest(const struct answer *answer, bool with_empty)
{
    const uint32_t logs = CDR_TYPE_COUNT * answer->settings->model->parameters.partitions;
    int64_t least = INT64_MAX;
    for (uint32_t log = 0; log < logs; log++)
        if (is_read(answer, log) && (with_empty || answer->newest[log] != INT64_MIN) &&
            answer->newest[log] < least)
            least = answer->newest[log];
    return least;
}

/* Of a mistaken job's lateness nobody knows that it is there, so it opens no windows. */
static bool waits(const struct answer *answer)
{
    return answer->settings->lateness.on && !answer->settings->mistake.dropped;
}

/* Windows that end later are open: some log ends before them, or before what lateness allows after
 * them. with_empty: a log without records is behind everything. */
static int64_t open_from(const struct answer *answer, bool with_empty)
{
    const struct cdr_lateness *lateness = &answer->settings->lateness;
    const uint32_t logs = CDR_TYPE_COUNT * answer->settings->model->parameters.partitions;
    int64_t least = least_newest(answer, with_empty);
    for (uint32_t log = 0; log < logs && waits(answer); log++)
        if (is_read(answer, log) && (with_empty || answer->reached[log] != INT64_MIN) &&
            answer->reached[log] < least)
            least = answer->reached[log];
    return least == INT64_MIN || least == INT64_MAX || !waits(answer)
               ? least
               : least - lateness->allowed_ms + lateness->early_ms;
}

/* The last beginning of a window that has ended at a time, as cdr_answer_close wants it. */
static int64_t last_start(const struct answer *answer, int64_t time_ms)
{
    const struct cdr_calendar *calendar = &answer->settings->model->calendar;
    switch (answer->settings->query->window) {
    case CDR_WINDOW_SESSION: /* by their ends */
        return time_ms;
    case CDR_WINDOW_FIXED:
        return time_ms - answer->settings->query->size_ms;
    case CDR_WINDOW_DAY:
        return cdr_calendar_day_start_ms(calendar, cdr_calendar_slot_at(calendar, time_ms).day) - 1;
    default:
        return INT64_MIN;
    }
}

/* No record comes any more whose time lies before: what comes later was emitted later, and its time
 * lies before that by a delay, or by what an event takes from its start on. */
static int64_t reached_ms(const struct answer *answer, const struct cdr_slot *slot)
{
    const struct cdr_parameters *p = &answer->settings->model->parameters;
    const struct cdr_answer_mistake *mistake = &answer->settings->mistake;
    const int64_t end_ms = slot->start_ms + slot->duration_ms;
    const bool at_once = answer->settings->query->by_start == (p->order == CDR_ORDER_START);
    const bool again = mistake->counted != 0 && p->faults[CDR_FAULT_LATE_DUPLICATE] > 0;
    const int64_t late_ms = (p->faults[CDR_FAULT_LATE] > 0 ? p->late_max_s * INT64_C(1000) : 0) +
                            (again ? cdr_copy_delay_max_s(p) * INT64_C(1000) + 1 : 0) +
                            (p->faults[CDR_FAULT_OUTAGE] > 0 ? cdr_outage_max_ms(p) : 0);
    const bool shifted = mistake->local != 0 || mistake->shift_ms != 0 ||
                         (mistake->counted >> CDR_FAULT_CLOCK & 1) != 0;
    const int64_t shift_ms = shifted ? INT64_C(86400000) : 0; /* of no time zone that far */
    return end_ms - (at_once ? late_ms : cdr_carry_max_ms(p)) - shift_ms;
}

static enum cdr_result end_windows(struct answer *answer, const struct cdr_slot *slot,
                                   struct cdr_error *error)
{
    int64_t reached = reached_ms(answer, slot);
    const int64_t behind = open_from(answer, true);
    if (answer->settings->query->window == CDR_WINDOW_NONE || behind == INT64_MIN)
        return CDR_OK;
    reached = behind < reached ? behind : reached;
    return cdr_answer_close(answer->settings, answer->groups, last_start(answer, reached),
                            INT64_MAX, error);
}

static enum cdr_result end_slot(void *state, const struct cdr_slot *slot, struct cdr_error *error)
{
    struct answers *answers = state;
    enum cdr_result result = CDR_OK;
    for (uint32_t i = 0; i < answers->n && result == CDR_OK; i++)
        result = end_windows(&answers->items[i], slot, error);
    return result;
}

/* ---- the whole ---- */

static bool prepare_answer(struct answer *answer, const struct cdr_answer_settings *settings,
                           struct worker *workers)
{
    const uint32_t logs = CDR_TYPE_COUNT * settings->model->parameters.partitions;
    *answer = (struct answer){.settings = settings, .workers = workers};
    answer->groups = calloc(settings->workers, sizeof *answer->groups);
    answer->newest = malloc(logs * sizeof *answer->newest);
    answer->reached = malloc(logs * sizeof *answer->reached);
    if (answer->groups == NULL || answer->newest == NULL || answer->reached == NULL)
        return false;
    for (unsigned i = 0; i < settings->workers; i++)
        cdr_answer_groups_init(&answer->groups[i], settings);
    for (uint32_t log = 0; log < logs; log++)
        answer->newest[log] = answer->reached[log] = INT64_MIN;
    return true;
}

static enum cdr_result prepare(struct answers *answers, const struct cdr_answer_settings *settings,
                               uint32_t n, struct cdr_error *error)
{
    const uint32_t logs = CDR_TYPE_COUNT * settings->model->parameters.partitions;
    answers->workers = calloc(settings->workers, sizeof *answers->workers);
    answers->logs = calloc(logs, sizeof *answers->logs);
    answers->items = calloc(n, sizeof *answers->items);
    bool fits = answers->workers != NULL && answers->logs != NULL && answers->items != NULL;
    for (; fits && answers->n < n; answers->n++) {
        const struct cdr_answer_mistake *mistake = &settings[answers->n].mistake;
        answers->faults_in_columns |= mistake->counted != 0 || mistake->replaced;
        fits = prepare_answer(&answers->items[answers->n], &settings[answers->n], answers->workers);
    }
    return fits ? CDR_OK
                : cdr_fail(error, CDR_E_NOMEM, "out of memory for %u workers", settings->workers);
}

static enum cdr_result run(struct answers *answers, const struct cdr_answer_settings *settings,
                           struct cdr_error *error)
{
    const struct cdr_parameters *p = &settings->model->parameters;
    const struct cdr_engine_settings engine_settings = {
        .workers = settings->workers,
        .shard_index = settings->shard_index,
        .shard_count = settings->shard_count,
        .end_ms =
            cdr_calendar_day_start_ms(&settings->model->calendar, p->start_day + (int32_t)p->days),
        .stop = settings->stop,
    };
    const struct cdr_consumer consumer = {
        .state = answers, .task = take_task, .slot_end = end_slot};
    struct cdr_engine *engine = NULL;
    enum cdr_result result = cdr_engine_create(&engine, settings->model, &engine_settings, error);
    if (result == CDR_OK)
        result = cdr_engine_run(engine, &consumer, error);
    cdr_engine_destroy(engine);
    for (uint32_t i = 0; i < answers->n && result == CDR_OK; i++) {
        const struct answer *answer = &answers->items[i];
        result = cdr_answer_close(answer->settings, answer->groups, INT64_MAX,
                                  open_from(answer, false), error);
    }
    return result;
}

static void free_answer(struct answer *answer)
{
    for (unsigned i = 0; i < answer->settings->workers && answer->groups != NULL; i++)
        cdr_answer_groups_free(&answer->groups[i]);
    free(answer->groups);
    free(answer->newest);
    free(answer->reached);
}

enum cdr_result cdr_answer_several(const struct cdr_answer_settings *settings, uint32_t n,
                                   struct cdr_error *error)
{
    struct answers answers = {.n = 0};
    enum cdr_result result = prepare(&answers, settings, n, error);
    if (result == CDR_OK)
        result = run(&answers, settings, error);
    for (uint32_t i = 0; i < n && answers.items != NULL && answers.items[i].settings != NULL; i++)
        free_answer(&answers.items[i]);
    for (unsigned i = 0; i < settings->workers && answers.workers != NULL; i++)
        cdr_fault_entries_free(&answers.workers[i].entries);
    free(answers.workers);
    free(answers.logs);
    free(answers.items);
    return result;
}

enum cdr_result cdr_answer(const struct cdr_answer_settings *settings, struct cdr_error *error)
{
    return cdr_answer_several(settings, 1, error);
}
