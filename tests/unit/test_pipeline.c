/* The pipeline into a sink that is as awkward as one may be: no room at random, parts of a batch
 * at a time, reports that come late from a thread of its own, failures in any call. Whatever it
 * does, every log is the same bytes, in order; a stop leaves a beginning of each; a failure ends
 * the run with its own words. ThreadSanitizer runs this. */
#include "pipeline/pipeline.h"

#include "base/clock.h"
#include "base/hash.h"
#include "encode/change.h"
#include "sink/slab.h"

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
#include <unistd.h>

#define LOGS_MAX 30u
#define HUNG_S 120u /* a run that takes so long hangs: the alarm ends the program */

/* ---- the awkward sink ---- */

struct kept { /* what a log has received: key, time and payload of every record */
    uint8_t *bytes;
    size_t len, capacity;
    uint64_t records;
    struct { /* of each record: where it ends, its time, and the schema id of its frame, if any */
        size_t end;
        int64_t event_ms;
        uint8_t id;
    } * places;
    atomic_int busy;
};

struct awkward_settings {
    bool moody;         /* AGAIN at random, and few records at a time */
    unsigned slabs_max; /* 0: plenty */
    uint64_t fails_at;  /* this call of that kind fails, and those after it; 0: none */
    bool fails_once;    /* those after it do not */
    enum { FAIL_TAKE, FAIL_WRITE, FAIL_POLL } fails;
    int64_t write_ns;     /* how long a write takes at least */
    uint64_t stuck_after; /* writes after which there is never room again; 0: never */
    uint64_t stop_after;  /* writes after which the stop flag goes up; 0: never */
};

struct awkward {
    struct cdr_sink base;
    struct awkward_settings settings;
    const struct cdr_topics *topics;
    uint32_t partitions;
    struct cdr_slab_pool *pool;
    struct kept logs[LOGS_MAX];
    uint64_t starts[LOGS_MAX]; /* where the run begins */
    atomic_ullong draws, takes, writes, polls, batches;
    atomic_int stop;
    /* the thread that reports: slabs given back come in here and go to the pool later */
    pthread_t reporter;
    pthread_mutex_t lock;
    struct cdr_slab *under_way;
    atomic_int over;
};

static uint64_t draw(struct awkward *sink)
{
    return cdr_mix(atomic_fetch_add(&sink->draws, 1) + 1);
}

static bool fails(struct awkward *sink, int kind, atomic_ullong *calls)
{
    uint64_t call = atomic_fetch_add(calls, 1) + 1;
    if ((int)sink->settings.fails != kind || sink->settings.fails_at == 0)
        return false;
    return sink->settings.fails_once ? call == sink->settings.fails_at
                                     : call >= sink->settings.fails_at;
}

static enum cdr_result awkward_take_slab(struct cdr_sink *base, unsigned worker,
                                         struct cdr_slab **slab, struct cdr_error *error)
{
    struct awkward *sink = (struct awkward *)base;
    if (fails(sink, FAIL_TAKE, &sink->takes)) {
        cdr_sleep_ns(sink->settings.write_ns / 2); /* the others begin meanwhile */
        return cdr_fail(error, CDR_E_IO, "no slab today");
    }
    /* The one before it in the log ends meanwhile. */
    if (sink->settings.fails_once && atomic_load(&sink->takes) > sink->settings.fails_at)
        cdr_sleep_ns(4 * sink->settings.write_ns);
    if (sink->settings.moody && draw(sink) % 4 == 0)
        return CDR_E_AGAIN;
    return cdr_slab_take(sink->pool, worker, slab, error);
}

static void keep(struct awkward *sink, struct kept *log, const struct cdr_slab *slab, uint32_t i)
{
    const struct cdr_encoder *encoder = sink->topics->items[slab->log / sink->partitions].encoder;
    uint32_t from = (i == 0 ? 0 : slab->ends[i - 1]) + encoder->frame_len;
    uint32_t len = slab->ends[i] - encoder->trailer_len - from;
    size_t room = len + 16 + 8 + 1;
    if (log->len + room > log->capacity) {
        log->capacity = 2 * log->capacity + 65536;
        log->bytes = realloc(log->bytes, log->capacity);
    }
    memcpy(log->bytes + log->len, slab->keys[i], slab->key_lens[i]);
    log->len += slab->key_lens[i];
    memcpy(log->bytes + log->len, &slab->event_ms[i], 8);
    log->len += 8;
    memcpy(log->bytes + log->len, slab->bytes + from, len);
    log->len += len;
    log->bytes[log->len++] = '\n';
    if (log->records % 4096 == 0)
        log->places = realloc(log->places, (log->records + 4096) * sizeof *log->places);
    log->places[log->records].end = log->len;
    log->places[log->records].event_ms = slab->event_ms[i];
    log->places[log->records].id = encoder->frame_len > 0 ? slab->bytes[from - 1] : 0;
    log->records++;
}

static enum cdr_result awkward_write(struct cdr_sink *base, unsigned worker, struct cdr_slab *slab,
                                     uint32_t end, uint32_t *taken, struct cdr_error *error)
{
    struct awkward *sink = (struct awkward *)base;
    struct kept *log = &sink->logs[slab->log];
    (void)worker;
    assert_int_equal(atomic_exchange(&log->busy, 1), 0);
    assert_int_equal(slab->position + *taken, sink->starts[slab->log] + log->records);
    cdr_sleep_ns(sink->settings.write_ns);
    uint32_t until = end;
    enum cdr_result result = CDR_OK;
    if (fails(sink, FAIL_WRITE, &sink->writes)) {
        until = *taken + (end - *taken) / 2;
        result = cdr_fail(error, CDR_E_IO, "the disk is on fire");
    } else if (sink->settings.moody && draw(sink) % 3 == 0) {
        until = *taken + (uint32_t)(draw(sink) % (end - *taken + 1));
        result = until < end ? CDR_E_AGAIN : CDR_OK;
    }
    if (sink->settings.stuck_after != 0 &&
        atomic_fetch_add(&sink->batches, 1) + 1 >= sink->settings.stuck_after) {
        until = *taken;
        result = CDR_E_AGAIN;
    }
    for (; *taken < until; ++*taken)
        keep(sink, log, slab, *taken);
    atomic_store(&log->busy, 0);
    if (sink->settings.stop_after != 0 &&
        atomic_fetch_add(&sink->batches, 1) + 1 >= sink->settings.stop_after)
        atomic_store(&sink->stop, 15);
    return result;
}

static void awkward_give_slab(struct cdr_sink *base, unsigned worker, struct cdr_slab *slab)
{
    struct awkward *sink = (struct awkward *)base;
    (void)worker;
    pthread_mutex_lock(&sink->lock);
    slab->next = sink->under_way;
    sink->under_way = slab;
    pthread_mutex_unlock(&sink->lock);
}

/* Returns slabs, newest first, a little later. */
static bool report_one(struct awkward *sink)
{
    pthread_mutex_lock(&sink->lock);
    struct cdr_slab *slab = sink->under_way;
    if (slab != NULL)
        sink->under_way = slab->next;
    pthread_mutex_unlock(&sink->lock);
    if (slab == NULL)
        return false;
    memset(slab->bytes, 0xdd,
           slab->bytes_max < 4096 ? slab->bytes_max : 4096); /* nobody may look at it any more */
    cdr_slab_give(sink->pool, slab);
    return true;
}

static void *report_main(void *argument)
{
    struct awkward *sink = argument;
    while (!atomic_load(&sink->over))
        if (!report_one(sink) || draw(sink) % 3 == 0)
            cdr_sleep_ns(50000);
    while (report_one(sink))
        ;
    return NULL;
}

static enum cdr_result awkward_poll(struct cdr_sink *base, int timeout_ms, struct cdr_error *error)
{
    struct awkward *sink = (struct awkward *)base;
    if (fails(sink, FAIL_POLL, &sink->polls))
        return cdr_fail(error, CDR_E_KAFKA, "the cluster is gone");
    if (timeout_ms > 0)
        cdr_sleep_ns(20000);
    return CDR_OK;
}

static enum cdr_result awkward_flush(struct cdr_sink *base, int timeout_ms, struct cdr_error *error)
{
    (void)base;
    (void)timeout_ms;
    (void)error;
    return CDR_OK;
}

static const struct cdr_sink_ops awkward_ops = {
    .name = "awkward",
    .take_slab = awkward_take_slab,
    .write = awkward_write,
    .give_slab = awkward_give_slab,
    .poll = awkward_poll,
    .flush = awkward_flush,
};

/* ---- a run ---- */

struct run {
    struct awkward sink;
    struct cdr_pipeline_settings settings;
    struct cdr_topics topics;
    struct cdr_pipeline *pipeline;
    struct cdr_error error;
    enum cdr_result result;
};

static struct cdr_model *make_busy_model(uint32_t subscribers, uint32_t days, uint32_t partitions,
                                         double sessions)
{
    static struct cdr_parameters p;
    struct cdr_model *model = NULL;
    struct cdr_error error = {{0}};
    cdr_parameters_default(&p);
    p.seed = 4711;
    p.subscribers = subscribers;
    p.start_day = cdr_day_of_date(2025, 3, 29);
    p.days = days;
    p.partitions = partitions;
    p.faults[CDR_FAULT_LATE] = 0.05;
    p.records_per_day[CDR_TYPE_DATA] = sessions;
    if (cdr_parameters_check(&p, &error) != CDR_OK ||
        cdr_model_create(&model, &p, &error) != CDR_OK)
        fail_msg("%s", error.text);
    return model;
}

static struct cdr_model *make_model(uint32_t subscribers, uint32_t days, uint32_t partitions)
{
    return make_busy_model(subscribers, days, partitions, 12);
}

/* One log of so many records an hour that several slices of it are in the workers' hands at
 * once. */
static struct cdr_model *make_crowded_model(void)
{
    return make_busy_model(2500, 1, 1, 80);
}

/* The records' event time from which on all types' records have another schema. */
static int64_t change_ms = CDR_CHANGE_NEVER;

static struct cdr_encoder *make_encoder(const struct cdr_model *model, const char *format,
                                        uint32_t type)
{
    static const char next_schema[] = "{\"type\": \"record\", \"name\": \"next\", \"fields\": ["
                                      "{\"name\": \"owner_msisdn\", \"type\": \"string\"},"
                                      "{\"name\": \"event_ts_ms\", \"type\": \"long\"}]}";
    struct cdr_encoder *encoder = NULL, *next = NULL;
    struct cdr_encoder_settings settings = {.type = type,
                                            .tz_name = model->parameters.tz_name,
                                            .framed = strcmp(format, "avro") == 0,
                                            .schema_id = 7};
    assert_int_equal(cdr_encoder_find(format)->create(&encoder, &settings, NULL), CDR_OK);
    if (change_ms == CDR_CHANGE_NEVER)
        return encoder;
    settings.schema_id = 8;
    settings.schema_text = next_schema;
    assert_int_equal(cdr_encoder_find(format)->create(&next, &settings, NULL), CDR_OK);
    assert_int_equal(cdr_change_create(&encoder, encoder, next, change_ms, NULL), CDR_OK);
    return encoder;
}

/* Small slabs, so that a task has several. */
static void start(struct run *run, const struct cdr_model *model, const char *format,
                  unsigned workers, const struct awkward_settings *how)
{
    struct awkward *sink = &run->sink;
    memset(run, 0, sizeof *run);
    sink->base.ops = &awkward_ops;
    sink->settings = *how;
    sink->partitions = model->parameters.partitions;
    assert_true(CDR_TYPE_COUNT * sink->partitions <= LOGS_MAX);
    struct cdr_sink_setup setup = {.partitions = sink->partitions,
                                   .shard_count = 1,
                                   .workers = workers,
                                   .slab_bytes = 100,
                                   .slab_records = 100,
                                   .fault_bytes = model->faults.grows_max};
    assert_int_equal(cdr_topics_create(&run->topics, CDR_TYPE_COUNT, &run->error), CDR_OK);
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
        run->topics.items[type].encoder = make_encoder(model, format, type);
    sink->topics = setup.topics = run->settings.topics = &run->topics;
    struct cdr_slab_settings slabs =
        cdr_slab_settings_of(&setup, how->slabs_max != 0 ? how->slabs_max : 200);
    assert_int_equal(cdr_slab_pool_create(&sink->pool, &slabs, &run->error), CDR_OK);
    pthread_mutex_init(&sink->lock, NULL);
    assert_int_equal(pthread_create(&sink->reporter, NULL, report_main, sink), 0);
    run->settings.model = model;
    run->settings.sink = &sink->base;
    run->settings.workers = workers;
    run->settings.shard_count = 1;
    run->settings.stop = &sink->stop;
    run->settings.drain_timeout_ms = 200;
}

static void go(struct run *run)
{
    alarm(HUNG_S);
    assert_int_equal(cdr_pipeline_create(&run->pipeline, &run->settings, &run->error), CDR_OK);
    run->result = cdr_pipeline_run(run->pipeline, &run->error);
    alarm(0);
    atomic_store(&run->sink.over, 1);
    pthread_join(run->sink.reporter, NULL);
    /* All slabs must have been given back, whatever happened. */
    assert_int_equal(cdr_slab_pool_idle(run->sink.pool), cdr_slab_pool_made(run->sink.pool));
}

static void end(struct run *run)
{
    for (uint32_t l = 0; l < LOGS_MAX; l++) {
        free(run->sink.logs[l].bytes);
        free(run->sink.logs[l].places);
    }
    cdr_topics_free(&run->topics);
    cdr_pipeline_destroy(run->pipeline);
    cdr_slab_pool_destroy(run->sink.pool);
    pthread_mutex_destroy(&run->sink.lock);
}

static void expect_ok(const struct run *run)
{
    if (run->result != CDR_OK)
        fail_msg("result %d: %s", run->result, run->error.text);
}

/* Each log begins as the reference's does, and the pipeline counted what the sink took. */
static uint64_t expect_beginnings(const struct run *run, const struct run *reference)
{
    uint64_t records = 0, bytes = 0;
    struct cdr_pipeline_status status;
    for (uint32_t l = 0; l < CDR_TYPE_COUNT * run->sink.partitions; l++) {
        const struct kept *got = &run->sink.logs[l], *wanted = &reference->sink.logs[l];
        const struct cdr_digest *digest = cdr_pipeline_digest(run->pipeline, l);
        assert_true(got->len <= wanted->len);
        if (got->len > 0)
            assert_memory_equal(got->bytes, wanted->bytes, got->len);
        assert_int_equal(digest->records, got->records);
        records += got->records;
        bytes += digest->bytes;
    }
    cdr_pipeline_status(run->pipeline, &status);
    assert_int_equal(status.records, records);
    assert_int_equal(status.bytes, bytes);
    return records;
}

static void expect_same(const struct run *run, const struct run *reference)
{
    expect_ok(run);
    expect_beginnings(run, reference);
    for (uint32_t l = 0; l < CDR_TYPE_COUNT * run->sink.partitions; l++) {
        const struct cdr_digest *got = cdr_pipeline_digest(run->pipeline, l);
        const struct cdr_digest *wanted = cdr_pipeline_digest(reference->pipeline, l);
        assert_int_equal(got->records, wanted->records);
        assert_int_equal(got->bytes, wanted->bytes);
        assert_int_equal(got->ordered, wanted->ordered);
        assert_int_equal(got->sum, wanted->sum);
    }
}

static const struct awkward_settings easy = {.moody = false};

static void run_reference(struct run *reference, const struct cdr_model *model, const char *format)
{
    start(reference, model, format, 1, &easy);
    go(reference);
    expect_ok(reference);
    assert_true(expect_beginnings(reference, reference) > 0);
}

/* ---- tests ---- */

static struct run *reference, *run;

static void test_same_logs_whatever_the_sink_does(void **state)
{
    (void)state;
    static const char *const formats[] = {"csv", "avro", "json"};
    static const unsigned workers[] = {1, 2, 3, 5, 8};
    struct cdr_model *model = make_model(400, 1, 3);
    for (size_t f = 0; f < 3; f++) {
        run_reference(reference, model, formats[f]);
        for (size_t w = 0; w < sizeof workers / sizeof *workers; w++) {
            const struct awkward_settings how = {.moody = true,
                                                 .slabs_max = workers[w] + (unsigned)f};
            start(run, model, formats[f], workers[w], &how);
            go(run);
            expect_same(run, reference);
            end(run);
        }
        end(reference);
    }
    cdr_model_destroy(model);
}

/* Workers wait for their turn in a log that others are still writing. */
static void test_same_logs_where_workers_queue_for_one(void **state)
{
    (void)state;
    struct cdr_model *model = make_crowded_model();
    run_reference(reference, model, "csv");
    for (unsigned i = 0; i < 4; i++) {
        const struct awkward_settings how = {.moody = i % 2 == 1};
        start(run, model, "csv", 2 + 2 * i, &how);
        go(run);
        expect_same(run, reference);
        end(run);
    }
    end(reference);
    cdr_model_destroy(model);
}

static void test_same_logs_when_paced(void **state)
{
    (void)state;
    static const struct cdr_pace paces[] = {
        {.kind = CDR_PACE_SPEED, .speed = 86400 * 2},
        {.kind = CDR_PACE_SPEED, .speed = 1e6},
        {.kind = CDR_PACE_RATE, .rate_per_s = 15000},
        {.kind = CDR_PACE_RATE, .rate_per_s = 1e9},
    };
    struct cdr_model *model = make_model(300, 2, 3);
    run_reference(reference, model, "csv");
    for (size_t i = 0; i < 8; i++) {
        const struct awkward_settings how = {.moody = i >= 4};
        start(run, model, "csv", 1 + (unsigned)i % 3, &how);
        run->settings.pace = paces[i % 4];
        go(run);
        expect_same(run, reference);
        end(run);
    }
    end(reference);
    cdr_model_destroy(model);
}

/* Of two runs without a change, one of each version, a log's records by their time. */
static uint64_t expect_versions(const struct kept *got, const struct kept *const versions[2])
{
    uint64_t alternations = 0;
    assert_int_equal(got->records, versions[0]->records);
    for (uint64_t i = 0; i < got->records; i++) {
        const unsigned version = got->places[i].event_ms >= change_ms;
        const struct kept *wanted = versions[version];
        const size_t from = i == 0 ? 0 : got->places[i - 1].end,
                     wanted_from = i == 0 ? 0 : wanted->places[i - 1].end,
                     len = wanted->places[i].end - wanted_from;
        assert_int_equal(got->places[i].end - from, len);
        assert_memory_equal(got->bytes + from, wanted->bytes + wanted_from, len);
        assert_int_equal(got->places[i].id, 7 + version);
        alternations += i > 0 && got->places[i].id != got->places[i - 1].id;
    }
    return alternations;
}

/* With late records both versions interleave for a while. Whatever the workers, the sink and the
 * pace, each record is of the version that its time says. */
static void test_schema_change(void **state)
{
    (void)state;
    struct cdr_model *model = make_model(400, 1, 3);
    const int64_t start_ms =
        cdr_calendar_day_start_ms(&model->calendar, model->parameters.start_day);
    struct run *first = calloc(1, sizeof *first), *next = calloc(1, sizeof *next);
    uint64_t alternations = 0;
    run_reference(first, model, "avro");
    change_ms = 0;
    run_reference(next, model, "avro");
    for (unsigned i = 0; i < 8; i++) {
        change_ms = start_ms + (9 + i) * INT64_C(3600000) + 12345;
        const struct awkward_settings how = {.moody = i % 2 == 1, .slabs_max = i % 3 == 0 ? 9 : 0};
        start(run, model, "avro", 1 + i % 5, &how);
        if (i >= 5)
            run->settings.pace = (struct cdr_pace){.kind = CDR_PACE_SPEED, .speed = 2e5};
        go(run);
        expect_ok(run);
        for (uint32_t l = 0; l < CDR_TYPE_COUNT * run->sink.partitions; l++)
            alternations +=
                expect_versions(&run->sink.logs[l],
                                (const struct kept *[]){&first->sink.logs[l], &next->sink.logs[l]});
        end(run);
    }
    if (alternations < 8 * 9 + 30)
        fail_msg("only %llu alternations", (unsigned long long)alternations);
    change_ms = CDR_CHANGE_NEVER;
    end(first);
    end(next);
    free(first);
    free(next);
    cdr_model_destroy(model);
}

/* Each log is the reference's from its start on; digests are of that, or of all of it. */
static void expect_ends(void)
{
    expect_ok(run);
    for (uint32_t l = 0; l < CDR_TYPE_COUNT * run->sink.partitions; l++) {
        const struct kept *got = &run->sink.logs[l], *wanted = &reference->sink.logs[l];
        const struct cdr_digest *digest = cdr_pipeline_digest(run->pipeline, l);
        const struct cdr_digest *whole = cdr_pipeline_digest(reference->pipeline, l);
        const uint64_t start = run->sink.starts[l];
        assert_int_equal(got->records, wanted->records - start);
        assert_int_equal(cdr_pipeline_position(run->pipeline, l), wanted->records);
        if (got->len > 0)
            assert_memory_equal(got->bytes, wanted->bytes + wanted->len - got->len, got->len);
        if (run->settings.digest_starts == NULL)
            assert_int_equal(digest->records, got->records);
        else
            assert_int_equal(digest->ordered, whole->ordered);
        if (start == 0 || run->settings.digest_starts != NULL)
            assert_int_equal(digest->sum, whole->sum);
    }
}

static void test_logs_that_begin_later(void **state)
{
    (void)state;
    static const uint64_t zeros[LOGS_MAX] = {0};
    struct cdr_model *model = make_model(400, 2, 3);
    run_reference(reference, model, "csv");
    for (unsigned i = 0; i < 12; i++) {
        const struct awkward_settings how = {.moody = i % 2 == 1};
        start(run, model, "csv", 1 + i % 4, &how);
        for (uint32_t l = 0; l < CDR_TYPE_COUNT * run->sink.partitions; l++) {
            const uint64_t records = reference->sink.logs[l].records;
            run->sink.starts[l] = i == 0             ? records
                                  : (i + l) % 5 == 0 ? 0
                                                     : cdr_mix(i * 100 + l + 1) % (records + 1);
        }
        run->settings.starts = run->sink.starts;
        if (i % 3 == 2)
            run->settings.digest_starts = zeros;
        if (i >= 8)
            run->settings.pace = i % 2 == 0
                                     ? (struct cdr_pace){.kind = CDR_PACE_SPEED, .speed = 1e6}
                                     : (struct cdr_pace){.kind = CDR_PACE_RATE, .rate_per_s = 1e6};
        go(run);
        expect_ends();
        end(run);
    }
    end(reference);
    cdr_model_destroy(model);
}

static void test_stop_leaves_beginnings(void **state)
{
    (void)state;
    struct cdr_model *model = make_model(500, 2, 3);
    run_reference(reference, model, "csv");
    uint64_t whole = expect_beginnings(reference, reference);
    for (unsigned i = 0; i < 18; i++) {
        const struct awkward_settings how = {.moody = i % 3 != 0, .stop_after = 1 + i * i};
        start(run, model, "csv", 1 + i % 4, &how);
        if (i % 2 == 1)
            run->settings.pace = (struct cdr_pace){.kind = CDR_PACE_SPEED, .speed = 86400};
        go(run);
        assert_int_equal(run->result, CDR_E_INTERRUPTED);
        assert_true(expect_beginnings(run, reference) < whole);
        end(run);
    }
    end(reference);
    cdr_model_destroy(model);
}

/* A sink that takes no more: without a stop the run waits, with one, here some time later, it gives
 * up after the time it was given. */
static void *stop_soon(void *argument)
{
    struct awkward *sink = argument;
    while (atomic_load(&sink->batches) < sink->settings.stuck_after)
        cdr_sleep_ns(1000000);
    cdr_sleep_ns(150000000);
    atomic_store(&sink->stop, 2);
    return NULL;
}

static void test_stop_while_the_sink_is_stuck(void **state)
{
    (void)state;
    struct cdr_model *model = make_model(500, 2, 3);
    run_reference(reference, model, "csv");
    for (unsigned i = 0; i < 6; i++) {
        const struct awkward_settings how = {.stuck_after = 20 * i + 1};
        pthread_t stopper;
        start(run, model, "csv", 1 + i % 3, &how);
        if (i >= 3)
            run->settings.pace = (struct cdr_pace){.kind = CDR_PACE_SPEED, .speed = 1e6};
        assert_int_equal(pthread_create(&stopper, NULL, stop_soon, &run->sink), 0);
        int64_t before_ns = cdr_monotonic_ns();
        go(run);
        int64_t took_ms = (cdr_monotonic_ns() - before_ns) / 1000000;
        pthread_join(stopper, NULL);
        assert_int_equal(run->result, CDR_E_INTERRUPTED);
        assert_non_null(strstr(run->error.text, "took no more records"));
        assert_in_range(took_ms, 300, 20000);
        expect_beginnings(run, reference);
        end(run);
    }
    end(reference);
    cdr_model_destroy(model);
}

/* Any worker may be the one that fails, whether it is its turn or not; all must leave. */
static void test_failures_end_the_run(void **state)
{
    (void)state;
    static const char *const words[] = {"no slab today", "the disk is on fire",
                                        "the cluster is gone"};
    static const enum cdr_result results[] = {CDR_E_IO, CDR_E_IO, CDR_E_KAFKA};
    struct cdr_model *model = make_model(400, 2, 2);
    run_reference(reference, model, "csv");
    for (unsigned i = 0; i < 90; i++) {
        struct awkward_settings how = {
            .moody = true, .fails_at = 1 + i * 7 % 45, .fails = i % 3, .slabs_max = 3 + i % 7};
        start(run, model, "csv", 1 + i / 3 % 6, &how);
        if (i % 7 == 6)
            run->settings.pace = (struct cdr_pace){.kind = CDR_PACE_SPEED, .speed = 1e6};
        go(run);
        assert_int_equal(run->result, results[i % 3]);
        assert_string_equal(run->error.text, words[i % 3]);
        expect_beginnings(run, reference);
        end(run);
    }
    end(reference);
    cdr_model_destroy(model);
}

/* One worker fails before its turn in a log, while those before and behind it go on or wait: all
 * must leave, with the words of the one that failed. */
static void test_failure_before_its_turn(void **state)
{
    (void)state;
    struct cdr_model *model = make_crowded_model();
    run_reference(reference, model, "csv");
    for (unsigned i = 0; i < 100; i++) {
        const struct awkward_settings how = {.fails_at = 1 + i,
                                             .fails = FAIL_TAKE,
                                             .fails_once = true,
                                             .write_ns = i % 3 == 0 ? 0 : 500000};
        start(run, model, "csv", i % 4 == 3 ? 3 : 16, &how);
        go(run);
        assert_int_equal(run->result, CDR_E_IO);
        assert_string_equal(run->error.text, "no slab today");
        expect_beginnings(run, reference);
        end(run);
    }
    end(reference);
    cdr_model_destroy(model);
}

/* How far behind the schedule: not at all where there is time, about as much as the sink's sleep
 * where it sleeps. */
/* ---- days ---- */

struct days {
    struct run *run;
    const struct cdr_model *model;
    uint32_t n, fails_at; /* days begun; the one that fails, from 1 on */
    uint64_t records[8];  /* that the sink had when each began */
    int64_t began_ns[8], started_ns;
};

static enum cdr_result day_begins(void *context, int32_t day, struct cdr_error *error)
{
    struct days *days = context;
    struct cdr_pipeline_status status;
    cdr_pipeline_status(days->run->pipeline, &status);
    assert_int_equal(day, days->model->parameters.start_day + (int32_t)days->n);
    if (days->n > 0)
        assert_int_equal(status.emission_ms,
                         cdr_calendar_day_start_ms(&days->model->calendar, day));
    days->began_ns[days->n] = cdr_monotonic_ns();
    days->records[days->n++] = status.records;
    if (days->n == days->fails_at)
        return cdr_fail(error, CDR_E_KAFKA, "the rows of day %u are lost", days->n);
    return CDR_OK;
}

/* Told of each day once, in order, when all records of the days before are handed over and none of
 * its own; with a schedule not before its midnight, though records are few. */
static void test_days_begin(void **state)
{
    (void)state;
    struct cdr_model *model = make_busy_model(60, 4, 3, 1);
    const double speed = 86400 * 4;
    uint64_t unpaced[8] = {0};
    for (unsigned i = 0; i < 4; i++) {
        struct days days = {.run = run, .model = model, .fails_at = i == 3 ? 3 : 0};
        const struct awkward_settings how = {.moody = i == 1};
        start(run, model, "csv", 1 + i, &how);
        run->settings.day_begin = day_begins;
        run->settings.day_context = &days;
        if (i == 2)
            run->settings.pace = (struct cdr_pace){.kind = CDR_PACE_SPEED, .speed = speed};
        days.started_ns = cdr_monotonic_ns();
        go(run);
        if (days.fails_at > 0) {
            assert_int_equal(run->result, CDR_E_KAFKA);
            assert_string_equal(run->error.text, "the rows of day 3 are lost");
            assert_int_equal(days.n, 3);
        } else {
            expect_ok(run);
            assert_int_equal(days.n, 4);
            assert_int_equal(days.records[0], 0);
            for (uint32_t d = 1; d < 4; d++)
                assert_true(days.records[d] > days.records[d - 1]);
        }
        if (i == 0)
            memcpy(unpaced, days.records, sizeof unpaced);
        if (days.fails_at == 0)
            assert_memory_equal(unpaced, days.records, sizeof unpaced);
        for (uint32_t d = 0; i == 2 && d < 4; d++) {
            double hours =
                (double)(cdr_calendar_day_start_ms(&model->calendar,
                                                   model->parameters.start_day + (int32_t)d) -
                         cdr_calendar_day_start_ms(&model->calendar, model->parameters.start_day)) /
                3600000;
            assert_true((double)(days.began_ns[d] - days.started_ns) >= hours * 3600e9 / speed);
        }
        end(run);
    }
    cdr_model_destroy(model);
}

static void test_behind_schedule(void **state)
{
    (void)state;
    struct cdr_model *model = make_model(50, 1, 2);
    struct cdr_pipeline_status status;
    start(run, model, "csv", 1, &easy);
    run->settings.pace = (struct cdr_pace){.kind = CDR_PACE_SPEED, .speed = 86400};
    int64_t before_ns = cdr_monotonic_ns();
    go(run);
    int64_t took_ms = (cdr_monotonic_ns() - before_ns) / 1000000;
    expect_ok(run);
    cdr_pipeline_status(run->pipeline, &status);
    assert_in_range(took_ms, 900, 5000);
    assert_in_range(status.behind_max_ns, 1, 2000000000);
    end(run);
    start(run, model, "csv", 1, &easy);
    run->settings.pace = (struct cdr_pace){.kind = CDR_PACE_SPEED, .speed = 1e6};
    go(run);
    expect_ok(run);
    int64_t most = 0;
    cdr_pipeline_status(run->pipeline, &status);
    most = status.behind_max_ns;
    assert_true(most >= status.behind_ns && status.behind_ns >= 0);
    end(run);
    cdr_model_destroy(model);
}

static int make_runs(void **state)
{
    (void)state;
    reference = malloc(sizeof *reference);
    run = malloc(sizeof *run);
    return reference == NULL || run == NULL;
}

static int free_runs(void **state)
{
    (void)state;
    free(reference);
    free(run);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_logs_whatever_the_sink_does),
        cmocka_unit_test(test_same_logs_when_paced),
        cmocka_unit_test(test_schema_change),
        cmocka_unit_test(test_logs_that_begin_later),
        cmocka_unit_test(test_stop_leaves_beginnings),
        cmocka_unit_test(test_stop_while_the_sink_is_stuck),
        cmocka_unit_test(test_failures_end_the_run),
        cmocka_unit_test(test_days_begin),
        cmocka_unit_test(test_behind_schedule),
        cmocka_unit_test(test_failure_before_its_turn),
        cmocka_unit_test(test_same_logs_where_workers_queue_for_one),
    };
    return cmocka_run_group_tests(tests, make_runs, free_runs);
}
