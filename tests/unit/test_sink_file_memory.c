/* The file sink and memory: every allocation fails in turn, and none is made per record.
 *
 * This program defines malloc and its kin over glibc's inner ones, so that it can count them and
 * let them fail; where a sanitizer has put its own there, it can do neither and says so.
 */
#include "sink_harness.h"

#ifdef __has_feature
#define HAS_SANITIZER (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER 1
#else
#define HAS_SANITIZER 0
#endif

#if defined(__GLIBC__) && !HAS_SANITIZER
#define COUNTS_MEMORY 1
#else
#define COUNTS_MEMORY 0
#endif

#if COUNTS_MEMORY
static struct {
    bool armed;
    unsigned calls, fails_at;
    long live; /* allocated and not freed while armed */
} memory;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *old);

static bool fails(void)
{
    bool now = memory.armed && ++memory.calls == memory.fails_at;
    if (now)
        errno = ENOMEM;
    return now;
}

static void *count(void *made)
{
    if (memory.armed && made != NULL)
        memory.live++;
    return made;
}

void *malloc(size_t size)
{
    return fails() ? NULL : count(__libc_malloc(size));
}

void *calloc(size_t number, size_t size)
{
    return fails() ? NULL : count(__libc_calloc(number, size));
}

void *realloc(void *old, size_t size)
{
    if (fails())
        return NULL;
    return old == NULL ? count(__libc_malloc(size)) : __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : count(__libc_memalign(alignment, size));
}

void free(void *old)
{
    if (memory.armed && old != NULL)
        memory.live--;
    __libc_free(old);
}

static const char *const formats[][2] = {{"csv", "none"},  {"csv", "gzip"},  {"csv", "zstd"},
                                         {"avro", "none"}, {"avro", "gzip"}, {"avro", "zstd"}};

static enum cdr_result run(struct harness *harness, struct cdr_error *error)
{
    enum cdr_result result = harness_open(harness, "file", error);
    if (result != CDR_OK)
        return result;
    for (unsigned i = 0; i < 12 && result == CDR_OK; i++)
        result = harness_write(harness, i % 2, i % 3, HARNESS_DAY + (int32_t)i, 1000, 1000, error);
    if (result == CDR_OK)
        result = harness->sink->ops->flush(harness->sink, -1, error);
    enum cdr_result closed =
        harness_close(harness, result == CDR_OK, result == CDR_OK ? error : NULL);
    return result != CDR_OK ? result : closed;
}

static void every_allocation_fails_in_turn(void **state)
{
    (void)state;
    for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++) {
        unsigned calls = 0, unnoticed = 0;
        for (unsigned at = 0; at <= calls; at++) {
            struct harness harness;
            struct cdr_error error = {{0}};
            harness_start(&harness, formats[f][0]);
            harness.settings.compress = (char *)(uintptr_t)formats[f][1];
            memset(&memory, 0, sizeof memory);
            memory.armed = true;
            memory.fails_at = at;
            enum cdr_result result = run(&harness, &error);
            memory.armed = false;
            assert_int_equal(memory.live, 0);
            if (at == 0) {
                calls = memory.calls;
                assert_int_equal(result, CDR_OK);
                assert_true(calls > 20);
            } else if (result == CDR_OK) {
                /* stdio does without the buffer of the two manifests' streams. */
                assert_true(++unnoticed <= 2);
                assert_true(harness_exists(&harness, "manifest.json"));
            } else {
                assert_true(strlen(error.text) > 20);
            }
            char *list = harness_list(&harness);
            assert_null(strstr(list, ".tmp"));
            free(list);
            harness_end(&harness);
        }
    }
}

/* A folder as a killed run leaves it: finished parts, a manifest that does not list them. */
static void leave_parts(struct harness *harness)
{
    harness->settings.rotate_bytes = 20000;
    harness_must_open(harness, "file");
    for (unsigned i = 0; i < 4; i++)
        harness_must_write(harness, 0, i % 2, HARNESS_DAY, 1000, 1000);
    size_t n = 0;
    char *manifest = harness_read(harness, "manifest.json", &n);
    assert_int_equal(harness_close(harness, false, NULL), CDR_OK);
    harness_make_file(harness, "manifest.json", manifest);
    free(manifest);
}

/* Parsing the manifest and reading parts. */
static void every_allocation_of_a_resume_fails_in_turn(void **state)
{
    (void)state;
    for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++) {
        unsigned calls = 0, unnoticed = 0;
        for (unsigned at = 0; at <= calls; at++) {
            struct harness harness;
            struct cdr_error error = {{0}};
            harness_start(&harness, formats[f][0]);
            harness.settings.compress = (char *)(uintptr_t)formats[f][1];
            harness.setup.workers = 1; /* the counts have no lock */
            leave_parts(&harness);
            char *before = harness_list(&harness);
            harness.settings.resume = true;
            memset(&memory, 0, sizeof memory);
            memory.armed = true;
            memory.fails_at = at;
            enum cdr_result result = harness_open(&harness, "file", &error);
            memory.armed = false;
            if (at == 0)
                calls = memory.calls;
            if (result == CDR_OK) {
                unnoticed += at > 0;
                assert_int_equal(harness_close(&harness, false, NULL), CDR_OK);
            } else {
                char *after = harness_list(&harness);
                assert_true(at > 0);
                assert_int_equal(memory.live, 0);
                assert_true(strlen(error.text) > 20);
                assert_string_equal(before, after);
                free(after);
            }
            free(before);
            harness_end(&harness);
        }
        assert_true(calls > 40);
        /* stdio does without the buffers of its streams: those of parts, and of the manifest, which
         * is looked at before it is read. */
        assert_true(unnoticed <= 5);
    }
}

/* Inside a part, whatever the format. */
static void no_allocation_in_the_steady_state(void **state)
{
    (void)state;
    for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++) {
        struct harness harness;
        harness_start(&harness, formats[f][0]);
        harness.settings.compress = (char *)(uintptr_t)formats[f][1];
        harness.settings.rotate_bytes = 1 << 30;
        harness_must_open(&harness, "file");
        for (unsigned i = 0; i < 200; i++) {
            if (i == 10) { /* the first blocks are made by then */
                memset(&memory, 0, sizeof memory);
                memory.armed = true;
            }
            harness_must_write(&harness, 0, 0, HARNESS_DAY, 1000, 300);
        }
        memory.armed = false;
        assert_int_equal(memory.calls, 0);
        assert_int_equal(harness_close(&harness, true, NULL), CDR_OK);
        harness_end(&harness);
    }
}
#else
static void every_allocation_fails_in_turn(void **state)
{
    (void)state;
    print_message(
        "a sanitizer or another C library owns malloc here: the dev build runs this test\n");
    skip();
}

static void every_allocation_of_a_resume_fails_in_turn(void **state)
{
    every_allocation_fails_in_turn(state);
}

static void no_allocation_in_the_steady_state(void **state)
{
    every_allocation_fails_in_turn(state);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_fails_in_turn),
        cmocka_unit_test(every_allocation_of_a_resume_fails_in_turn),
        cmocka_unit_test(no_allocation_in_the_steady_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
