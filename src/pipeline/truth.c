#include "pipeline/truth.h"

#include "base/thread.h"
#include "engine/engine.h"
#include "fault/expand.h"
#include "model/details.h"
#include "model/materialise.h"
#include "sink/slab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct truth {
    const struct cdr_truth_settings *settings;
    const struct cdr_model *model;
    struct cdr_slab_pool *pool;
    struct cdr_slab *slab; /* of one record at a time */
    uint8_t *scratch, *right;
    struct cdr_block *block;
    struct cdr_fault_entries entries;
    uint64_t *positions; /* per log: of the next entry */
    uint64_t *numbers;   /* per log: of the next record, as it would be without faults */
};

static enum cdr_result visit(const struct truth *truth, struct cdr_truth_row *row,
                             struct cdr_error *error)
{
    const struct cdr_truth_settings *settings = truth->settings;
    const uint32_t partitions = truth->model->parameters.partitions;
    row->topic = settings->topics->items[row->log / partitions].name;
    row->partition = row->log % partitions;
    return settings->visit(settings->context, row, error);
}

/* The record in hand, with the details that its encoder reads, as bytes in the slab. */
static void encode(struct truth *truth, const struct cdr_task *task, uint32_t entry)
{
    const struct cdr_topic *topic = &truth->settings->topics->items[task->type];
    const struct cdr_details_source source = {
        .keys = &truth->entries.keys[entry],
        .slots = task->slots,
        .emission_slot_ms = task->slots[0].start_ms,
        .held_until_ms = cdr_task_held_until_ms(task),
        .partition = task->log % truth->model->parameters.partitions,
        .first = truth->numbers[task->log] + truth->entries.of[entry],
    };
    cdr_details_fill(truth->model, cdr_topic_details(topic), &source, truth->block);
    topic->encoder->ops->encode(topic->encoder, truth->block, truth->slab->bytes,
                                truth->slab->ends);
}

/* The bytes in the slab, to compare with others. */
static uint32_t keep_right(struct truth *truth)
{
    memcpy(truth->right, truth->slab->bytes, truth->slab->ends[0]);
    return truth->slab->ends[0];
}

static bool is_right(const struct truth *truth, uint32_t right_len)
{
    return truth->slab->ends[0] == right_len &&
           memcmp(truth->right, truth->slab->bytes, right_len) == 0;
}

/* Times that changed places are said of the end, or where records do not have it, of the start. */
static void say_start(struct truth *truth, const struct cdr_task *task, uint32_t entry,
                      int64_t start_ms, uint32_t right_len, struct cdr_fault_words *words)
{
    const struct cdr_fault_words of_end = *words;
    int64_t *at = truth->block->start_ms, wrong_ms = *at;
    *at = start_ms;
    encode(truth, task, entry);
    if (is_right(truth, right_len)) {
        snprintf(words->field, sizeof words->field, "start_ts_ms");
        memcpy(words->expected, of_end.found, sizeof words->expected);
        memcpy(words->found, of_end.expected, sizeof words->found);
    }
    *at = wrong_ms;
    encode(truth, task, entry);
}

/* Makes the record as a run does, for what its fault says. Of a value that the records of this
 * schema do not have, nothing is said. */
static void explain(struct truth *truth, const struct cdr_task *task, uint32_t entry,
                    struct cdr_fault_words *words)
{
    const struct cdr_key *key = &truth->entries.keys[entry];
    const struct cdr_topics *topics = truth->settings->topics;
    struct cdr_slab *slab = truth->slab;
    struct cdr_block *block = truth->block;
    const uint32_t kind = cdr_fault_of_entry(cdr_key_entry(key));
    const bool of_value = kind == CDR_FAULT_VALUE || kind == CDR_FAULT_CONFLICT;
    uint32_t right_len = 0;
    slab->n = 0;
    cdr_materialise(truth->model, task->type, key, 1, task->slots[0].start_ms, task->slots, block);
    const int64_t start_ms = block->start_ms[0];
    if (of_value) {
        encode(truth, task, entry);
        right_len = keep_right(truth);
    }
    cdr_fault_columns(truth->model, topics, key, block, words);
    encode(truth, task, entry);
    if (of_value && strcmp(words->field, "end_ts_ms") == 0)
        say_start(truth, task, entry, start_ms, right_len, words);
    cdr_slab_name(slab, block);
    cdr_fault_bytes(truth->model, topics, key, block, slab, truth->scratch, words);
    if (of_value && is_right(truth, right_len))
        *words = (struct cdr_fault_words){.field = ""};
}

/* What the entries do not say: at is that of the next entry. */
static enum cdr_result visit_notes(struct truth *truth, const struct cdr_task *task, uint32_t at,
                                   uint64_t position, uint32_t *next, struct cdr_error *error)
{
    const struct cdr_fault_words words = {.field = ""};
    const struct cdr_fault_entries *entries = &truth->entries;
    enum cdr_result result = CDR_OK;
    for (; result == CDR_OK && *next < entries->note_count && entries->notes[*next].at == at;
         ++*next) {
        const struct cdr_fault_note *note = &entries->notes[*next];
        const bool pair = note->other != note->at;
        struct cdr_truth_row row = {
            .log = task->log,
            .offset = position + note->at,
            .id = cdr_key_id(&note->key, task->type, cdr_key_start_slot(&note->key, task->slots)),
            .fault = cdr_fault_name[note->kind],
            .of_offset = pair ? (int64_t)(position + note->other) : -1,
            .delay_ms = note->delay_ms,
            .words = &words};
        result = visit(truth, &row, error);
    }
    return result;
}

static enum cdr_result visit_entry(struct truth *truth, const struct cdr_task *task, uint32_t i,
                                   uint64_t position, uint64_t *of, struct cdr_error *error)
{
    const struct cdr_key *key = &truth->entries.keys[i];
    const uint32_t entry = cdr_key_entry(key), fault = entry & CDR_ENTRY_FAULT;
    const bool copy = (entry & CDR_ENTRY_COPY) != 0;
    const bool conflicts = fault == cdr_fault_number[CDR_FAULT_CONFLICT];
    struct cdr_fault_words words = {.field = ""};
    struct cdr_truth_row row = {
        .log = task->log, .offset = position + i, .of_offset = -1, .words = &words};
    enum cdr_result result = CDR_OK;
    if (!copy && !conflicts)
        *of = position + i;
    const uint32_t start_slot = cdr_key_start_slot(key, task->slots);
    if (entry == 0)
        return CDR_OK;
    row.id = cdr_key_id(key, task->type, start_slot);
    if (entry == CDR_ENTRY_LATE_COPY) {
        row.fault = cdr_fault_name[CDR_FAULT_LATE_DUPLICATE];
        row.delay_ms = cdr_copy_delay_ms(
            truth->model, cdr_fault_base(&truth->model->faults, key, task->type, start_slot));
        return visit(truth, &row, error);
    }
    if (fault != 0) {
        row.fault = cdr_fault_name[cdr_fault_of_entry(entry)];
        row.of_offset = conflicts ? (int64_t)*of : -1;
        explain(truth, task, i, &words);
        result = visit(truth, &row, error);
    }
    if (result == CDR_OK && copy) {
        words = (struct cdr_fault_words){.field = ""};
        row.fault = cdr_fault_name[CDR_FAULT_DUPLICATE];
        row.of_offset = (int64_t)*of;
        result = visit(truth, &row, error);
    }
    return result;
}

static enum cdr_result visit_task(void *state, unsigned worker, const struct cdr_task *task,
                                  struct cdr_error *error)
{
    struct truth *truth = state;
    (void)worker;
    if (truth->settings->wanted != NULL && !truth->settings->wanted[task->log])
        return CDR_OK;
    const struct cdr_fault_task faulty = {
        .type = task->type,
        .slots = task->slots,
        .keys = task->keys,
        .n = task->n,
        .held_until_ms = cdr_task_held_until_ms(task),
    };
    if (!cdr_fault_expand(truth->model, &faulty, &truth->entries))
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for the records of one slice of time");
    const uint64_t position = truth->positions[task->log];
    uint64_t of = position;
    uint32_t next_note = 0;
    enum cdr_result result = CDR_OK;
    for (uint32_t i = 0; result == CDR_OK && i < truth->entries.n; i++) {
        result = visit_notes(truth, task, i, position, &next_note, error);
        if (result == CDR_OK)
            result = visit_entry(truth, task, i, position, &of, error);
    }
    if (result == CDR_OK)
        result = visit_notes(truth, task, truth->entries.n, position, &next_note, error);
    truth->positions[task->log] += truth->entries.n;
    truth->numbers[task->log] += truth->entries.records;
    return result;
}

static enum cdr_result make_memory(struct truth *truth, struct cdr_error *error)
{
    const struct cdr_topics *topics = truth->settings->topics;
    const struct cdr_sink_setup setup = {
        .topics = topics, .workers = 1, .fault_bytes = truth->model->faults.grows_max + 1};
    struct cdr_slab_settings slabs = cdr_slab_settings_of(&setup, 1);
    enum cdr_result result = cdr_slab_pool_create(&truth->pool, &slabs, error);
    if (result == CDR_OK)
        result = cdr_slab_take(truth->pool, 0, &truth->slab, error);
    if (result != CDR_OK)
        return result;
    truth->scratch = malloc(truth->slab->bytes_max);
    truth->right = malloc(truth->slab->bytes_max);
    truth->block = malloc(sizeof *truth->block);
    const size_t logs = topics->n * truth->model->parameters.partitions;
    truth->positions = calloc(logs, sizeof *truth->positions);
    truth->numbers = calloc(logs, sizeof *truth->numbers);
    return truth->scratch != NULL && truth->right != NULL && truth->block != NULL &&
                   truth->positions != NULL && truth->numbers != NULL
               ? CDR_OK
               : cdr_fail(error, CDR_E_NOMEM, "out of memory");
}

static void release(struct truth *truth)
{
    if (truth->slab != NULL)
        cdr_slab_give(truth->pool, truth->slab);
    cdr_slab_pool_destroy(truth->pool);
    cdr_fault_entries_free(&truth->entries);
    free(truth->scratch);
    free(truth->right);
    free(truth->block);
    free(truth->positions);
    free(truth->numbers);
}

/* slot_begin, with state: what the engine tells; NULL: nobody. */
static enum cdr_result run(struct truth *truth, int64_t end_ms,
                           enum cdr_result (*slot_begin)(void *state, const struct cdr_slot *slot,
                                                         struct cdr_error *error),
                           struct cdr_error *error)
{
    const struct cdr_truth_settings *settings = truth->settings;
    const struct cdr_engine_settings engine_settings = {
        .workers = 1,
        .shard_index = settings->shard_index,
        .shard_count = settings->shard_count,
        .end_ms = end_ms,
        .stop = settings->stop,
    };
    const struct cdr_consumer consumer = {
        .state = truth, .task = visit_task, .slot_begin = slot_begin};
    struct cdr_engine *engine = NULL;
    enum cdr_result result = make_memory(truth, error);
    if (result == CDR_OK)
        result = cdr_engine_create(&engine, truth->model, &engine_settings, error);
    if (result == CDR_OK)
        result = cdr_engine_run(engine, &consumer, error);
    cdr_engine_destroy(engine);
    release(truth);
    return result;
}

enum cdr_result cdr_truth_visit(const struct cdr_truth_settings *settings, struct cdr_error *error)
{
    const struct cdr_model *model = settings->model;
    const struct cdr_parameters *p = &model->parameters;
    struct truth truth = {.settings = settings, .model = model};
    return model->faults.on
               ? run(&truth,
                     cdr_calendar_day_start_ms(&model->calendar, p->start_day + (int32_t)p->days),
                     NULL, error)
               : CDR_OK;
}

/* ---- a day at a time ---- */

struct cdr_truth_feed {
    struct truth truth; /* first: the engine's consumer */
    struct cdr_truth_settings settings;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Under the lock: */
    int32_t wanted; /* days up to this one may be visited */
    int32_t done;   /* all up to this one are */
    bool quit, ended;
    enum cdr_result result; /* once it has ended */
    struct cdr_error error;
};

/* All slots before this one are done. */
static enum cdr_result wait_for_day(void *state, const struct cdr_slot *slot,
                                    struct cdr_error *error)
{
    struct cdr_truth_feed *feed = state;
    pthread_mutex_lock(&feed->lock);
    if (slot->day > feed->wanted) {
        feed->done = slot->day - 1;
        pthread_cond_broadcast(&feed->changed);
    }
    while (slot->day > feed->wanted && !feed->quit)
        pthread_cond_wait(&feed->changed, &feed->lock);
    const bool quit = feed->quit;
    pthread_mutex_unlock(&feed->lock);
    return quit ? cdr_fail(error, CDR_E_INTERRUPTED, "interrupted") : CDR_OK;
}

static void *run_feed(void *argument)
{
    struct cdr_truth_feed *feed = argument;
    struct cdr_error error = {0};
    const enum cdr_result result = run(&feed->truth, INT64_MAX, wait_for_day, &error);
    pthread_mutex_lock(&feed->lock);
    feed->result = result;
    feed->error = error;
    feed->ended = true;
    pthread_cond_broadcast(&feed->changed);
    pthread_mutex_unlock(&feed->lock);
    return NULL;
}

enum cdr_result cdr_truth_feed_create(struct cdr_truth_feed **made,
                                      const struct cdr_truth_settings *settings,
                                      struct cdr_error *error)
{
    struct cdr_truth_feed *feed = *made = calloc(1, sizeof *feed);
    if (feed == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    feed->settings = *settings;
    feed->truth = (struct truth){.settings = &feed->settings, .model = settings->model};
    feed->wanted = feed->done = INT32_MIN;
    pthread_mutex_init(&feed->lock, NULL);
    pthread_cond_init(&feed->changed, NULL);
    return CDR_OK;
}

enum cdr_result cdr_truth_feed_day(struct cdr_truth_feed *feed, int32_t day,
                                   struct cdr_error *error)
{
    if (!feed->truth.model->faults.on)
        return CDR_OK;
    pthread_mutex_lock(&feed->lock);
    feed->wanted = day;
    pthread_cond_broadcast(&feed->changed);
    if (!feed->started)
        feed->started = cdr_thread_start(&feed->thread, run_feed, feed) == 0;
    while (feed->started && !feed->ended && feed->done < day)
        pthread_cond_wait(&feed->changed, &feed->lock);
    enum cdr_result result = CDR_OK;
    if (!feed->started) {
        result = cdr_fail(error, CDR_E_NOMEM, "no thread can be started for the truth");
    } else if (feed->ended) {
        result = feed->result;
        *error = feed->error;
    }
    pthread_mutex_unlock(&feed->lock);
    return result;
}

void cdr_truth_feed_destroy(struct cdr_truth_feed *feed)
{
    if (feed == NULL)
        return;
    pthread_mutex_lock(&feed->lock);
    feed->quit = true;
    pthread_cond_broadcast(&feed->changed);
    pthread_mutex_unlock(&feed->lock);
    if (feed->started)
        pthread_join(feed->thread, NULL);
    pthread_mutex_destroy(&feed->lock);
    pthread_cond_destroy(&feed->changed);
    free(feed);
}
