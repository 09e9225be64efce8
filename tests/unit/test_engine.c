/* The engine with a consumer that records: every log is what the definition says, done the slow
 * way, for any number of workers and shards, however finely slots are cut; a stop leaves a
 * beginning of every log; failures get out. */
#include "engine/engine.h"

#include "model/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what a log holds ---- */

struct entry {
    int64_t emission_ms, start_slot_ms;
    struct cdr_key key;
};

struct log {
    struct entry *entries;
    size_t count, capacity;
};

static void append(struct log *log, const struct entry *entry)
{
    if (log->count == log->capacity) {
        log->capacity = log->capacity == 0 ? 64 : 2 * log->capacity;
        log->entries = realloc(log->entries, log->capacity * sizeof *log->entries);
        assert_non_null(log->entries);
    }
    log->entries[log->count++] = *entry;
}

/* The order as design and documents tell it: emission time, origin, start slot, index, leg. */
static int compare_entries(const void *a, const void *b)
{
    const struct entry *left = a, *right = b;
    const int64_t names[][2] = {
        {left->emission_ms, right->emission_ms},
        {cdr_key_origin(&left->key), cdr_key_origin(&right->key)},
        {left->start_slot_ms, right->start_slot_ms},
        {cdr_key_index(&left->key), cdr_key_index(&right->key)},
        {cdr_key_leg(&left->key), cdr_key_leg(&right->key)},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i][0] != names[i][1])
            return names[i][0] < names[i][1] ? -1 : 1;
    return 0;
}

/* ---- the slow way: every subscriber alone, every slot from long before the start ---- */

static void expect_leg(const struct cdr_model *model, struct log *logs, const struct cdr_slot *slot,
                       const struct cdr_events *events, uint32_t i, uint32_t leg)
{
    const struct cdr_parameters *p = &model->parameters;
    const int64_t start_ms = cdr_calendar_day_start_ms(&model->calendar, p->start_day);
    const int64_t end_ms =
        cdr_calendar_day_start_ms(&model->calendar, p->start_day + (int32_t)p->days);
    uint32_t owner = cdr_leg_owner(events, i, leg);
    struct log *log = &logs[events->type[i] * p->partitions + cdr_partition_of(model, owner)];
    struct cdr_legs legs = cdr_leg_records(model, events, i, leg);
    for (uint32_t part = 0; part < legs.parts; part++) {
        struct cdr_leg_record record = cdr_leg_record(model, &legs, part);
        int64_t emission_ms = slot->start_ms + record.emission_ms;
        if (emission_ms < start_ms || emission_ms >= end_ms)
            continue;
        struct cdr_slot at = *slot;
        uint32_t lag = 0;
        for (; emission_ms >= at.start_ms + at.duration_ms; lag++)
            at = cdr_calendar_next(&model->calendar, &at);
        struct entry entry = {
            .emission_ms = emission_ms,
            .start_slot_ms = slot->start_ms,
            .key = cdr_key_make(
                (uint32_t)(emission_ms - at.start_ms), events->origin[i], lag, events->index[i],
                leg, events->party[i], events->outcome[i], record.duration_s,
                events->type[i] == CDR_TYPE_DATA ? cdr_session_part(part, legs.total_s)
                                                 : events->peer[i]),
        };
        append(log, &entry);
    }
}

static struct log *expect_logs(const struct cdr_model *model)
{
    const struct cdr_parameters *p = &model->parameters;
    struct log *logs = calloc(CDR_TYPE_COUNT * p->partitions, sizeof *logs);
    struct cdr_events *events = malloc(sizeof *events);
    struct cdr_counts counts;
    struct cdr_error error = {{0}};
    assert_int_equal(cdr_counts_create(&counts, model, &error), CDR_OK);
    /* Four days: more than the longest event and the longest delay. */
    struct cdr_slot slot = cdr_calendar_slot_at(
        &model->calendar,
        cdr_calendar_day_start_ms(&model->calendar, p->start_day) - 4 * INT64_C(86400000));
    const int64_t end_ms =
        cdr_calendar_day_start_ms(&model->calendar, p->start_day + (int32_t)p->days);
    for (; slot.start_ms < end_ms; slot = cdr_calendar_next(&model->calendar, &slot)) {
        cdr_counts_set(&counts, model, &slot);
        for (uint32_t s = 0; s < p->subscribers; s++) {
            struct cdr_expansion expansion = {.next = s, .end = s + 1};
            while (cdr_events_next(model, &counts, NULL, &expansion, events))
                for (uint32_t i = 0; i < events->n; i++) {
                    expect_leg(model, logs, &slot, events, i, 0);
                    if (cdr_has_called_leg(events->type[i], events->party[i], events->outcome[i]))
                        expect_leg(model, logs, &slot, events, i, 1);
                }
        }
    }
    cdr_counts_free(&counts);
    free(events);
    for (uint32_t l = 0; l < CDR_TYPE_COUNT * p->partitions; l++)
        if (logs[l].count > 0)
            qsort(logs[l].entries, logs[l].count, sizeof *logs[l].entries, compare_entries);
    return logs;
}

static void free_logs(const struct cdr_model *model, struct log *logs)
{
    for (uint32_t l = 0; l < CDR_TYPE_COUNT * model->parameters.partitions; l++)
        free(logs[l].entries);
    free(logs);
}

/* ---- the recorder ---- */

struct batch {
    uint64_t sequence;
    struct log records;
};

struct recorder {
    const struct cdr_model *model;
    pthread_mutex_t lock;
    struct log *logs; /* in the order of sequences, made by finish() */
    struct batch **batches;
    size_t *batch_counts, *batch_capacities;
    unsigned tasks, slots_begun, slots_ended, slices_ended, workers;
    unsigned stop_after, fail_after; /* tasks; 0: never */
    atomic_int stop;
    uint32_t slice_ms;
    bool barrier, inside;
};

static enum cdr_result record_task(void *state, unsigned worker, const struct cdr_task *task,
                                   struct cdr_error *error)
{
    struct recorder *recorder = state;
    pthread_mutex_lock(&recorder->lock);
    assert_true(worker < recorder->workers);
    assert_true(recorder->inside);
    assert_int_equal(task->type, task->log / recorder->model->parameters.partitions);
    assert_ptr_equal(task->model, recorder->model);
    if (recorder->barrier)
        assert_int_equal(task->sequence, recorder->slices_ended);
    size_t at = recorder->batch_counts[task->log];
    if (at == recorder->batch_capacities[task->log]) {
        size_t capacity = at == 0 ? 64 : 2 * at;
        recorder->batches[task->log] =
            realloc(recorder->batches[task->log], capacity * sizeof **recorder->batches);
        assert_non_null(recorder->batches[task->log]);
        recorder->batch_capacities[task->log] = capacity;
    }
    struct batch *batch = &recorder->batches[task->log][recorder->batch_counts[task->log]++];
    *batch = (struct batch){.sequence = task->sequence};
    for (uint32_t i = 0; i < task->n; i++) {
        const struct cdr_key *key = &task->keys[i];
        assert_true(i == 0 || cdr_key_before(&task->keys[i - 1], key));
        assert_in_range(cdr_key_ms(key), task->slice * recorder->slice_ms,
                        (task->slice + 1) * recorder->slice_ms - 1);
        struct entry entry = {.emission_ms = task->slots[0].start_ms + cdr_key_ms(key),
                              .start_slot_ms = task->slots[cdr_key_lag(key)].start_ms,
                              .key = *key};
        append(&batch->records, &entry);
    }
    unsigned tasks = ++recorder->tasks;
    if (tasks == recorder->stop_after)
        atomic_store(&recorder->stop, 1); /* under the lock: others have at most one task in hand */
    pthread_mutex_unlock(&recorder->lock);
    if (recorder->fail_after != 0 && tasks >= recorder->fail_after)
        return cdr_fail(error, CDR_E_IO, "task %u failed", tasks);
    return CDR_OK;
}

static enum cdr_result record_slot_begin(void *state, const struct cdr_slot *slot,
                                         struct cdr_error *error)
{
    struct recorder *recorder = state;
    (void)slot;
    (void)error;
    recorder->inside = true;
    recorder->slots_begun++;
    return CDR_OK;
}

static enum cdr_result record_slice_end(void *state, const struct cdr_slot *slot, uint32_t slice,
                                        uint32_t slice_count, struct cdr_error *error)
{
    struct recorder *recorder = state;
    (void)slot;
    (void)error;
    assert_true(slice < slice_count);
    recorder->slices_ended++;
    return CDR_OK;
}

static enum cdr_result record_slot_end(void *state, const struct cdr_slot *slot,
                                       struct cdr_error *error)
{
    struct recorder *recorder = state;
    (void)slot;
    (void)error;
    recorder->inside = false;
    recorder->slots_ended++;
    return CDR_OK;
}

static int compare_batches(const void *a, const void *b)
{
    const struct batch *left = a, *right = b;
    return left->sequence < right->sequence ? -1 : left->sequence > right->sequence;
}

/* Every log's slices from the first on, none left out, none twice. */
static void finish(struct recorder *recorder)
{
    for (uint32_t l = 0; l < CDR_TYPE_COUNT * recorder->model->parameters.partitions; l++) {
        const size_t count = recorder->batch_counts[l];
        if (count > 0)
            qsort(recorder->batches[l], count, sizeof **recorder->batches, compare_batches);
        for (size_t b = 0; b < count; b++) {
            struct log *records = &recorder->batches[l][b].records;
            assert_int_equal(recorder->batches[l][b].sequence, b);
            for (size_t i = 0; i < records->count; i++)
                append(&recorder->logs[l], &records->entries[i]);
            free(records->entries);
        }
        free(recorder->batches[l]);
    }
    free(recorder->batches);
    free(recorder->batch_counts);
    free(recorder->batch_capacities);
}

/* Runs the engine and records; settings->end_ms 0: the model's days. */
static enum cdr_result record(struct recorder *recorder, const struct cdr_model *model,
                              struct cdr_engine_settings settings, struct cdr_error *error)
{
    const struct cdr_parameters *p = &model->parameters;
    const uint32_t logs = CDR_TYPE_COUNT * p->partitions;
    struct cdr_engine *engine;
    recorder->model = model;
    pthread_mutex_init(&recorder->lock, NULL);
    recorder->logs = calloc(logs, sizeof *recorder->logs);
    recorder->batches = calloc(logs, sizeof *recorder->batches);
    recorder->batch_counts = calloc(logs, sizeof *recorder->batch_counts);
    recorder->batch_capacities = calloc(logs, sizeof *recorder->batch_capacities);
    recorder->workers = settings.workers;
    recorder->barrier = settings.slice_barrier;
    settings.shard_count = settings.shard_count == 0 ? 1 : settings.shard_count;
    settings.stop = &recorder->stop;
    if (settings.end_ms == 0)
        settings.end_ms =
            cdr_calendar_day_start_ms(&model->calendar, p->start_day + (int32_t)p->days);
    enum cdr_result result = cdr_engine_create(&engine, model, &settings, error);
    if (result != CDR_OK)
        fail_msg("%s", error->text);
    recorder->slice_ms = cdr_engine_slice_ms(engine);
    assert_true((uint64_t)recorder->slice_ms * settings.slices_min <= 1u << 22 ||
                settings.slices_min > 4096);
    struct cdr_consumer consumer = {
        .state = recorder,
        .task = record_task,
        .slot_begin = record_slot_begin,
        .slice_end = settings.slice_barrier ? record_slice_end : NULL,
        .slot_end = record_slot_end,
    };
    result = cdr_engine_run(engine, &consumer, error);
    cdr_engine_destroy(engine);
    pthread_mutex_destroy(&recorder->lock);
    finish(recorder);
    return result;
}

static void expect_same(const struct cdr_model *model, const struct log *got,
                        const struct log *wanted, uint32_t shard_index, uint32_t shard_count,
                        const char *what)
{
    const uint32_t partitions = model->parameters.partitions;
    for (uint32_t l = 0; l < CDR_TYPE_COUNT * partitions; l++) {
        size_t count = l % partitions % shard_count == shard_index ? wanted[l].count : 0;
        if (got[l].count != count)
            fail_msg("%s, seed %" PRIu64 ": log %u has %zu records, not %zu", what,
                     model->parameters.seed, l, got[l].count, count);
        for (size_t i = 0; i < count; i++)
            if (memcmp(&got[l].entries[i], &wanted[l].entries[i], sizeof *wanted[l].entries) != 0)
                fail_msg("%s, seed %" PRIu64 ": record %zu of log %u differs", what,
                         model->parameters.seed, i, l);
    }
}

/* ---- datasets ---- */

static int32_t day(int year, unsigned month, unsigned of_month)
{
    return cdr_day_of_date(year, month, of_month);
}

static struct cdr_model *make_model(uint64_t seed, void (*adapt)(struct cdr_parameters *))
{
    static struct cdr_parameters p;
    struct cdr_model *model = NULL;
    struct cdr_error error = {{0}};
    cdr_parameters_default(&p);
    p.seed = seed;
    p.subscribers = 150;
    p.start_day = day(2025, 1, 1);
    p.days = 2;
    p.partitions = 3;
    if (adapt != NULL)
        adapt(&p);
    if (cdr_parameters_check(&p, &error) != CDR_OK ||
        cdr_model_create(&model, &p, &error) != CDR_OK)
        fail_msg("%s", error.text);
    return model;
}

static void long_and_late(struct cdr_parameters *p)
{
    p->duration_max_s = 86400;
    p->call_duration_p50_s = 4000;
    p->call_duration_p90_s = 40000;
    p->data[CDR_RAT_LTE].duration_mean_s = 30000;
    p->data[CDR_RAT_LTE].duration_sd_s = 20000;
    p->faults[CDR_FAULT_LATE] = 0.3;
    p->late_mean_s = 20000;
    p->late_max_s = 86400;
    p->partial_s = 900;
    p->subscribers = 60;
}

static void by_start_with_parts(struct cdr_parameters *p)
{
    long_and_late(p);
    p->order = CDR_ORDER_START;
    p->partitions = 1;
}

static void clock_change(struct cdr_parameters *p)
{
    strcpy(p->tz_name, "Australia/Lord_Howe");
    p->start_day = day(2025, 4, 5); /* back by half an hour on the 6th */
    p->partitions = 7;
    p->trains = 0.5;
}

static void clock_jump_with_carries(struct cdr_parameters *p)
{
    long_and_late(p);
    p->start_day = day(2025, 3, 29);
    p->days = 3;
}

static void lonely(struct cdr_parameters *p)
{
    p->subscribers = 1;
    p->partitions = 2;
}

/* Enough for several blocks of events, several chunks of subscribers and several chunks of keys
 * a list. */
static void crowded(struct cdr_parameters *p)
{
    p->subscribers = 2000;
    p->days = 1;
    p->partitions = 2;
    p->records_per_day[CDR_TYPE_SMS] = 40;
}

static void (*const datasets[])(struct cdr_parameters *) = {
    NULL,   long_and_late, by_start_with_parts, clock_change, clock_jump_with_carries,
    lonely, crowded,
};

static void test_logs_are_the_definition(void **state)
{
    (void)state;
    static const struct cdr_engine_settings ways[] = {
        {.workers = 1},
        {.workers = 2},
        {.workers = 3, .slices_min = 7},
        {.workers = 5, .slices_min = 64, .slice_barrier = true},
        {.workers = 8, .slices_min = 3, .slice_barrier = true},
        {.workers = 2, .slices_min = 4096},
    };
    for (size_t d = 0; d < sizeof datasets / sizeof *datasets; d++) {
        struct cdr_model *model = make_model(1000 + d, datasets[d]);
        struct log *wanted = expect_logs(model);
        for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
            struct recorder recorder = {.tasks = 0};
            struct cdr_error error = {{0}};
            char what[80];
            snprintf(what, sizeof what, "dataset %zu with %u workers and %u slices", d,
                     ways[w].workers, ways[w].slices_min);
            assert_int_equal(record(&recorder, model, ways[w], &error), CDR_OK);
            expect_same(model, recorder.logs, wanted, 0, 1, what);
            assert_int_equal(recorder.slots_begun, recorder.slots_ended);
            free_logs(model, recorder.logs);
        }
        free_logs(model, wanted);
        cdr_model_destroy(model);
    }
}

static void test_shards(void **state)
{
    (void)state;
    struct cdr_model *model = make_model(5, clock_change);
    struct log *wanted = expect_logs(model);
    for (uint32_t count = 2; count <= 7; count += count == 3 ? 4 : 1)
        for (uint32_t index = 0; index < count; index++) {
            struct recorder recorder = {.tasks = 0};
            struct cdr_error error = {{0}};
            const struct cdr_engine_settings settings = {
                .workers = 2, .shard_index = index, .shard_count = count};
            assert_int_equal(record(&recorder, model, settings, &error), CDR_OK);
            expect_same(model, recorder.logs, wanted, index, count, "shard");
            free_logs(model, recorder.logs);
        }
    free_logs(model, wanted);
    cdr_model_destroy(model);
}

static void by_start(struct cdr_parameters *p)
{
    p->order = CDR_ORDER_START;
}

/* The datasets above would prove little if none of this were in them. */
static void test_carries_are_there(void **state)
{
    (void)state;
    struct cdr_model *model = make_model(1001, long_and_late);
    struct log *logs = expect_logs(model);
    const int64_t start_ms =
        cdr_calendar_day_start_ms(&model->calendar, model->parameters.start_day);
    size_t before = 0, lags[CDR_LAG_MAX + 1] = {0};
    for (uint32_t l = 0; l < CDR_TYPE_COUNT * model->parameters.partitions; l++)
        for (size_t i = 0; i < logs[l].count; i++) {
            before += logs[l].entries[i].start_slot_ms < start_ms;
            lags[cdr_key_lag(&logs[l].entries[i].key)]++;
        }
    assert_true(before > 50);
    assert_true(lags[0] > 0 && lags[1] > 0 && lags[10] > 0 && lags[26] > 0);
    free_logs(model, logs);
    cdr_model_destroy(model);
    /* By start and without delays only members of trains and deliveries of messages carry. */
    model = make_model(1, by_start);
    logs = expect_logs(model);
    for (uint32_t l = 0; l < CDR_TYPE_COUNT * model->parameters.partitions; l++)
        for (size_t i = 0; i < logs[l].count; i++)
            assert_true(cdr_key_lag(&logs[l].entries[i].key) <=
                        (l / model->parameters.partitions == CDR_TYPE_DATA ? 0u : 3u));
    free_logs(model, logs);
    cdr_model_destroy(model);
}

/* Slots count from the start of the first day to the end of the last: 23 hours and 24. */
static void spring(struct cdr_parameters *p)
{
    p->start_day = day(2025, 3, 30);
    p->subscribers = 3;
}

static void test_slots_of_the_days(void **state)
{
    (void)state;
    struct cdr_model *model = make_model(3, spring);
    struct recorder recorder = {.tasks = 0};
    struct cdr_error error = {{0}};
    const struct cdr_engine_settings settings = {
        .workers = 2, .slices_min = 4, .slice_barrier = true};
    assert_int_equal(record(&recorder, model, settings, &error), CDR_OK);
    assert_int_equal(recorder.slots_begun, 47);
    assert_int_equal(recorder.slots_ended, 47);
    assert_int_equal(recorder.slices_ended, 47 * 4);
    assert_int_equal(recorder.tasks, 47 * 4 * 9);
    free_logs(model, recorder.logs);
    cdr_model_destroy(model);
}

static void test_stop_leaves_beginnings(void **state)
{
    (void)state;
    static const unsigned worker_counts[] = {1, 2, 5};
    struct cdr_model *model = make_model(77, long_and_late);
    struct log *wanted = expect_logs(model);
    for (unsigned round = 0; round < 24; round++) {
        struct recorder recorder = {.stop_after = 1 + round * round * 3};
        struct cdr_error error = {{0}};
        const struct cdr_engine_settings settings = {
            .workers = worker_counts[round % 3], .slices_min = 8, .slice_barrier = round % 2 == 1};
        assert_int_equal(record(&recorder, model, settings, &error), CDR_E_INTERRUPTED);
        assert_in_range(recorder.tasks, recorder.stop_after,
                        recorder.stop_after + settings.workers);
        for (uint32_t l = 0; l < 9; l++) {
            assert_true(recorder.logs[l].count <= wanted[l].count);
            for (size_t i = 0; i < recorder.logs[l].count; i++)
                assert_memory_equal(&recorder.logs[l].entries[i], &wanted[l].entries[i],
                                    sizeof *wanted[l].entries);
        }
        free_logs(model, recorder.logs);
    }
    free_logs(model, wanted);
    cdr_model_destroy(model);
}

static void test_stopped_before_the_start(void **state)
{
    (void)state;
    struct cdr_model *model = make_model(8, NULL);
    struct recorder recorder = {.stop = 1};
    struct cdr_error error = {{0}};
    assert_int_equal(record(&recorder, model, (struct cdr_engine_settings){.workers = 3}, &error),
                     CDR_E_INTERRUPTED);
    assert_int_equal(recorder.tasks, 0);
    free_logs(model, recorder.logs);
    cdr_model_destroy(model);
}

/* A stop that comes when the last task has been done interrupts nothing. */
static void test_stop_at_the_very_end(void **state)
{
    (void)state;
    struct cdr_model *model = make_model(8, NULL);
    for (int barrier = 0; barrier < 2; barrier++) {
        struct recorder count = {.tasks = 0}, recorder = {.tasks = 0};
        struct cdr_error error = {{0}};
        const struct cdr_engine_settings settings = {.workers = 1, .slice_barrier = barrier};
        assert_int_equal(record(&count, model, settings, &error), CDR_OK);
        recorder.stop_after = count.tasks;
        assert_int_equal(record(&recorder, model, settings, &error), CDR_OK);
        expect_same(model, recorder.logs, count.logs, 0, 1, "stopped at the end");
        free_logs(model, recorder.logs);
        free_logs(model, count.logs);
    }
    cdr_model_destroy(model);
}

static void test_failures_get_out(void **state)
{
    (void)state;
    struct cdr_model *model = make_model(9, NULL);
    for (unsigned workers = 1; workers <= 4; workers++)
        for (unsigned after = 1; after < 100; after += 13) {
            struct recorder recorder = {.fail_after = after};
            struct cdr_error error = {{0}};
            const struct cdr_engine_settings settings = {
                .workers = workers, .slices_min = 4, .slice_barrier = after % 2 == 1};
            assert_int_equal(record(&recorder, model, settings, &error), CDR_E_IO);
            assert_non_null(strstr(error.text, "failed"));
            assert_in_range(recorder.tasks, after, after + workers);
            free_logs(model, recorder.logs);
        }
    cdr_model_destroy(model);
}

/* The vectors that Kafka's own tests of Utils.murmur2 have. */
static void test_murmur2_is_kafkas(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int32_t hash;
    } vectors[] = {
        {"21", -973932308},
        {"foobar", -790332482},
        {"a-little-bit-long-string", -985981536},
        {"a-little-bit-longer-string", -1486304829},
        {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
        {"abc", 479470107},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        assert_int_equal((int32_t)cdr_murmur2((const uint8_t *)vectors[i].text,
                                              (uint32_t)strlen(vectors[i].text)),
                         vectors[i].hash);
}

static void many_partitions(struct cdr_parameters *p)
{
    p->subscribers = 1000000;
    p->partitions = 4096;
}

/* The partition is that of the digits, and all are used alike. */
static void test_partitions(void **state)
{
    (void)state;
    struct cdr_model *model = make_model(4, many_partitions);
    static unsigned counts[4096];
    for (uint32_t s = 0; s < 200000; s++) {
        char digits[24];
        snprintf(digits, sizeof digits, "%" PRIu64, cdr_msisdn(&model->identities, s).value);
        uint32_t hash = cdr_murmur2((const uint8_t *)digits, (uint32_t)strlen(digits)) & 0x7fffffff;
        assert_int_equal(cdr_partition_of(model, s), hash % 4096);
        counts[hash % 4096]++;
    }
    double chi_square = 0, mean = 200000.0 / 4096;
    for (unsigned i = 0; i < 4096; i++)
        chi_square += (counts[i] - mean) * (counts[i] - mean) / mean;
    /* 4095 degrees of freedom: mean 4095, standard deviation 90. */
    assert_true(chi_square > 4095 - 500 && chi_square < 4095 + 500);
    cdr_model_destroy(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_logs_are_the_definition),
        cmocka_unit_test(test_shards),
        cmocka_unit_test(test_carries_are_there),
        cmocka_unit_test(test_slots_of_the_days),
        cmocka_unit_test(test_stop_leaves_beginnings),
        cmocka_unit_test(test_stopped_before_the_start),
        cmocka_unit_test(test_stop_at_the_very_end),
        cmocka_unit_test(test_failures_get_out),
        cmocka_unit_test(test_murmur2_is_kafkas),
        cmocka_unit_test(test_partitions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
