/* Memory of whole runs: no allocation once the first hours have been, into the null sink and
 * into files; and every allocation that fails is a clear error, never a crash or a hang.
 *
 * This program defines malloc and its kin over glibc's inner ones; where a sanitizer has put its
 * own there, it can't count and says so.
 */
#include "pipeline/pipeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__has_feature)
#define HAS_SANITIZER (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER 1
#else
#define HAS_SANITIZER 0
#endif

#if defined(__GLIBC__) && !HAS_SANITIZER

static struct {
    atomic_ullong calls;
    atomic_ullong fails_from, fails_to; /* of calls; 0: none */
} memory;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static bool fails(void)
{
    uint64_t call = atomic_fetch_add(&memory.calls, 1) + 1;
    uint64_t from = atomic_load(&memory.fails_from), to = atomic_load(&memory.fails_to);
    if (from == 0 || call < from || call > to)
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t number, size_t size)
{
    return fails() ? NULL : __libc_calloc(number, size);
}

void *realloc(void *old, size_t size)
{
    return fails() ? NULL : __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    *out = fails() ? NULL : __libc_memalign(alignment, size);
    return *out == NULL ? ENOMEM : 0;
}

/* ---- a sink around a real one, that looks at the count when a slot ends ---- */

#define SLOTS_MAX 100u

struct watch {
    struct cdr_sink base;
    struct cdr_sink *inner;
    unsigned slots;
    uint64_t calls[SLOTS_MAX]; /* allocations until the end of the slot */
};

static enum cdr_result watch_take_slab(struct cdr_sink *sink, unsigned worker,
                                       struct cdr_slab **slab, struct cdr_error *error)
{
    struct cdr_sink *inner = ((struct watch *)sink)->inner;
    return inner->ops->take_slab(inner, worker, slab, error);
}

static enum cdr_result watch_write(struct cdr_sink *sink, unsigned worker, struct cdr_slab *slab,
                                   uint32_t end, uint32_t *taken, struct cdr_error *error)
{
    struct cdr_sink *inner = ((struct watch *)sink)->inner;
    return inner->ops->write(inner, worker, slab, end, taken, error);
}

static void watch_give_slab(struct cdr_sink *sink, unsigned worker, struct cdr_slab *slab)
{
    struct cdr_sink *inner = ((struct watch *)sink)->inner;
    inner->ops->give_slab(inner, worker, slab);
}

/* The pipeline polls with no time at the end of each slot. */
static enum cdr_result watch_poll(struct cdr_sink *sink, int timeout_ms, struct cdr_error *error)
{
    struct watch *watch = (struct watch *)sink;
    enum cdr_result result = watch->inner->ops->poll(watch->inner, timeout_ms, error);
    if (timeout_ms == 0 && watch->slots < SLOTS_MAX)
        watch->calls[watch->slots++] = atomic_load(&memory.calls);
    return result;
}

static const struct cdr_sink_ops watch_ops = {
    .name = "watch",
    .take_slab = watch_take_slab,
    .write = watch_write,
    .give_slab = watch_give_slab,
    .poll = watch_poll,
};

/* ---- runs ---- */

struct run {
    struct watch watch;
    struct cdr_topics topics;
    struct cdr_model *model;
    struct cdr_pipeline *pipeline;
    char folder[32];
    uint64_t records;
};

/* Every hour alike, so that "steady" has a meaning. */
static enum cdr_result make_model(struct run *run, uint32_t subscribers, uint32_t days,
                                  struct cdr_error *error)
{
    static struct cdr_parameters p;
    cdr_parameters_default(&p);
    p.subscribers = subscribers;
    p.days = days;
    p.start_day = cdr_day_of_date(2025, 1, 6);
    for (int type = 0; type < CDR_TYPE_COUNT; type++)
        for (int hour = 0; hour < 24; hour++)
            p.diurnal_weekday[type][hour] = p.diurnal_weekend[type][hour] = 1;
    p.faults[CDR_FAULT_LATE] = 0.02;
    p.partial_s = 900;
    p.partitions = 4;
    enum cdr_result result = cdr_parameters_check(&p, error);
    return result == CDR_OK ? cdr_model_create(&run->model, &p, error) : result;
}

static enum cdr_result open_sink(struct run *run, const char *sink, const char *format,
                                 const char *compress, unsigned workers, struct cdr_error *error)
{
    static const char *const names[] = {"cdr.call", "cdr.sms", "cdr.data"};
    struct cdr_sink_setup setup = {.topics = &run->topics,
                                   .partitions = 4,
                                   .shard_count = 1,
                                   .dataset_id = run->model->dataset_id,
                                   .workers = workers,
                                   .slab_bytes = 1 << 18,
                                   .slab_records = 1024,
                                   .fault_bytes = run->model->faults.grows_max};
    struct cdr_sink_settings settings = {
        .out = run->folder, .rotate_bytes = 1000000000, .compress = (char *)(uintptr_t)compress};
    enum cdr_result result = cdr_topics_create(&run->topics, CDR_TYPE_COUNT, error);
    for (uint32_t type = 0; result == CDR_OK && type < CDR_TYPE_COUNT; type++)
        snprintf(run->topics.items[type].name, CDR_TOPIC_NAME_SIZE, "%s", names[type]);
    if (result == CDR_OK)
        result = cdr_topics_create_encoders(&run->topics, format, run->model->parameters.tz_name,
                                            false, error);
    if (result != CDR_OK)
        return result;
    run->watch.base.ops = &watch_ops;
    return cdr_sink_find(sink)->open(&run->watch.inner, &settings, &setup, error);
}

static enum cdr_result go(struct run *run, const char *sink, const char *format,
                          const char *compress, unsigned workers, uint32_t subscribers,
                          uint32_t days, struct cdr_error *error)
{
    enum cdr_result result = make_model(run, subscribers, days, error);
    if (result == CDR_OK)
        result = open_sink(run, sink, format, compress, workers, error);
    if (result != CDR_OK)
        return result;
    struct cdr_pipeline_settings settings = {.model = run->model,
                                             .topics = &run->topics,
                                             .sink = &run->watch.base,
                                             .workers = workers,
                                             .shard_count = 1};
    result = cdr_pipeline_create(&run->pipeline, &settings, error);
    if (result == CDR_OK)
        result = cdr_pipeline_run(run->pipeline, error);
    if (result == CDR_OK) {
        struct cdr_pipeline_status status;
        cdr_pipeline_status(run->pipeline, &status);
        run->records = status.records;
    }
    return result;
}

static void end(struct run *run)
{
    cdr_pipeline_destroy(run->pipeline);
    if (run->watch.inner != NULL)
        run->watch.inner->ops->close(run->watch.inner, false, NULL);
    cdr_topics_free(&run->topics);
    cdr_model_destroy(run->model);
    if (run->folder[0] != '\0') {
        char command[64];
        snprintf(command, sizeof command, "rm -rf %s", run->folder);
        assert_int_equal(system(command), 0);
    }
    memset(run, 0, sizeof *run);
}

static void make_folder(struct run *run)
{
    snprintf(run->folder, sizeof run->folder, "/tmp/cdrgen-XXXXXX");
    assert_non_null(mkdtemp(run->folder));
}

/* ---- tests ---- */

static void expect_steady(const char *sink, const char *format, const char *compress,
                          unsigned workers, uint32_t days, unsigned from_slot, uint64_t most)
{
    static struct run run;
    struct cdr_error error = {{0}};
    if (strcmp(sink, "file") == 0)
        make_folder(&run);
    if (go(&run, sink, format, compress, workers, 4000, days, &error) != CDR_OK)
        fail_msg("%s", error.text);
    assert_int_equal(run.watch.slots, 24 * days);
    assert_true(run.records > 70000 * days);
    uint64_t calls = run.watch.calls[24 * days - 1] - run.watch.calls[from_slot - 1];
    if (calls > most)
        fail_msg("%s into %s with %u workers: %" PRIu64 " allocations after slot %u", format, sink,
                 workers, calls, from_slot);
    end(&run);
}

/* Hours differ by chance, so that a list may once more be longer in the first of them. */
static void test_no_allocation_in_the_steady_state(void **state)
{
    (void)state;
    expect_steady("null", "csv", "none", 1, 3, 12, 0);
    expect_steady("null", "json", "none", 1, 1, 12, 0);
    expect_steady("null", "avro", "none", 1, 1, 12, 0);
    expect_steady("file", "csv", "none", 1, 1, 12, 0);
    expect_steady("file", "csv", "zstd", 1, 1, 12,
                  0); /* the library takes its memory when a part is first written to */
    expect_steady("file", "avro", "gzip", 1, 1, 12, 0);
}

/* Which worker plans how much is up to chance, so a list may once be longer than ever before;
 * but never one allocation a thousand records. */
static void test_hardly_any_with_more_workers(void **state)
{
    (void)state;
    expect_steady("null", "csv", "none", 3, 3, 12, 60);
    expect_steady("file", "csv", "none", 3, 1, 12, 60);
}

static void test_failing_allocations(void **state)
{
    (void)state;
    static struct run run;
    struct cdr_error error = {{0}};
    atomic_store(&memory.calls, 0);
    assert_int_equal(go(&run, "null", "csv", "none", 2, 300, 1, &error), CDR_OK);
    end(&run);
    uint64_t calls = atomic_load(&memory.calls), failed = 0;
    for (uint64_t at = 1; at <= calls; at += at < 400 ? 1 : 37) {
        memset(&error, 0, sizeof error);
        atomic_store(&memory.calls, 0);
        atomic_store(&memory.fails_to, UINT64_MAX);
        atomic_store(&memory.fails_from, at);
        enum cdr_result result = go(&run, "null", "csv", "none", 2, 300, 1, &error);
        atomic_store(&memory.fails_from, 0);
        if (result == CDR_OK) /* fewer allocations this time */
            assert_true(at > calls / 2);
        else if (result != CDR_E_NOMEM && result != CDR_E_CONFIG)
            fail_msg("allocation %" PRIu64 ": result %d: %s", at, result, error.text);
        else
            assert_true(error.text[0] != '\0');
        failed += result != CDR_OK;
        end(&run);
    }
    assert_true(failed > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_allocation_in_the_steady_state),
        cmocka_unit_test(test_hardly_any_with_more_workers),
        cmocka_unit_test(test_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
    puts("allocations can't be counted under a sanitizer: skipped");
    return 0;
}

#endif
