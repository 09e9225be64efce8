/* The file sink when the system fails: every call in turn, short writes, interrupts, a full disk,
 * no memory.
 */
#include "sink_harness.h"

#include "sink_faults.h"

#include <jansson.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#define CALL_1 1u
#define DATA_0 (2 * HARNESS_PARTITIONS)

static unsigned open_descriptors(void)
{
    unsigned count = 0;
    DIR *listing = opendir("/proc/self/fd");
    assert_non_null(listing);
    while (readdir(listing) != NULL)
        count++;
    closedir(listing);
    return count;
}

/* A small run with rotation and two days on two logs. The first result that is not CDR_OK stops it.
 */
static enum cdr_result run(struct harness *harness, bool *opened, struct cdr_error *error)
{
    enum cdr_result result = harness_open(harness, "file", error);
    *opened = result == CDR_OK;
    if (!*opened)
        return result;
    for (unsigned round = 1; round <= 6 && result == CDR_OK; round++) {
        result = harness_fill(harness, 0, CALL_1, 2700, 2, round * 900, error);
        if (result == CDR_OK)
            result = harness_fill(harness, 0, DATA_0, 600, 2, round * 200, error);
    }
    if (result == CDR_OK)
        result = harness->sink->ops->flush(harness->sink, -1, error);
    struct cdr_error of_close = {{0}};
    enum cdr_result closed = harness_close(harness, result == CDR_OK, &of_close);
    if (result != CDR_OK) {
        /* It says again what went wrong first. */
        assert_int_equal(closed, result);
        assert_string_equal(of_close.text, error->text);
    } else if (closed != CDR_OK) {
        *error = of_close;
    }
    return result != CDR_OK ? result : closed;
}

static void check_part(const struct harness *harness, const json_t *part)
{
    size_t n = 0;
    XXH128_canonical_t canonical;
    char text[33];
    char *bytes = harness_read(harness, json_string_value(json_object_get(part, "path")), &n);
    assert_non_null(bytes);
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes, n));
    for (unsigned i = 0; i < 16; i++)
        snprintf(text + 2 * i, 3, "%02x", (unsigned)canonical.digest[i]);
    assert_string_equal(json_string_value(json_object_get(part, "xxh128")), text);
    free(bytes);
}

enum remains {
    COMPLETE,
    INCOMPLETE,
    UNSYNCED, /* complete or not: only the manifest's name may not have reached the disk */
};

/* Nothing torn is left; the manifest, if there is one, is true, lists every part, or none if it is
 * still the one from the start, and knows whether it is all. */
static void check_remains(const struct harness *harness, enum remains remains)
{
    char path[512];
    unsigned parts = 0, listed = 0;
    char *list = harness_list(harness);
    assert_null(strstr(list, ".tmp"));
    for (const char *at = list; (at = strstr(at, "/part-")) != NULL; at++)
        parts++;
    free(list);
    harness_path(harness, path, "manifest.json");
    json_t *manifest = json_load_file(path, 0, NULL);
    if (manifest == NULL) {
        assert_int_not_equal(remains, COMPLETE);
        return;
    }
    bool complete = json_is_true(json_object_get(manifest, "complete"));
    assert_true(remains == UNSYNCED || complete == (remains == COMPLETE));
    const char *topic_name;
    json_t *topic, *partition, *part;
    size_t i, j;
    json_object_foreach(json_object_get(manifest, "topics"), topic_name, topic)
        json_array_foreach(json_object_get(topic, "partitions"), i, partition)
            json_array_foreach(json_object_get(partition, "parts"), j, part)
    {
        check_part(harness, part);
        listed++;
    }
    assert_true(listed == parts || (listed == 0 && !complete));
    json_decref(manifest);
}

static void start_with_rotation(struct harness *harness, const char *format, const char *compress)
{
    harness_start(harness, format);
    harness->settings.compress = (char *)(uintptr_t)compress;
    harness->settings.rotate_bytes = 50000;
    harness->setup.first_day = HARNESS_DAY;
    harness->setup.days = 2;
    harness->setup.workers = 1; /* so that calls come in the same order each time */
}

/* A run that goes on with what there is gives the manifest, and so all files, of a run to which
 * nothing happened. */
static void check_resume(struct harness *harness, const char *expected)
{
    struct cdr_error error = {{0}};
    bool opened = false;
    size_t n = 0;
    harness->settings.resume = true;
    if (run(harness, &opened, &error) != CDR_OK)
        fail_msg("%s", error.text);
    check_remains(harness, COMPLETE);
    char *manifest = harness_read(harness, "manifest.json", &n);
    assert_string_equal(manifest, expected);
    free(manifest);
}

static char *expected_manifest(const char *const format[2])
{
    struct harness harness;
    struct cdr_error error = {{0}};
    bool opened = false;
    size_t n = 0;
    start_with_rotation(&harness, format[0], format[1]);
    if (run(&harness, &opened, &error) != CDR_OK)
        fail_msg("%s", error.text);
    char *manifest = harness_read(&harness, "manifest.json", &n);
    harness_end(&harness);
    return manifest;
}

/* One run with a failing call. Returns how many calls it made; *failed tells whether it noticed. */
static unsigned run_with_failure(const char *const format[2], const char *expected, unsigned at,
                                 bool on, bool *failed)
{
    struct harness harness;
    struct cdr_error error = {{0}};
    bool opened = false;
    start_with_rotation(&harness, format[0], format[1]);
    unsigned before = open_descriptors();
    fault.armed = true;
    fault.fails_at = at;
    fault.fails_on = on;
    fault.os_error = EIO;
    enum cdr_result result = run(&harness, &opened, &error);
    unsigned calls = fault.calls;
    disarm();
    assert_int_equal(open_descriptors(), before);
    *failed = result != CDR_OK;
    if (*failed) {
        assert_true(result == CDR_E_IO || (!opened && result == CDR_E_CONFIG));
        assert_non_null(strstr(error.text, harness.folder));
        assert_non_null(strstr(error.text, "Input/output error"));
    }
    check_remains(&harness, !*failed                                 ? COMPLETE
                            : strstr(error.text, " folder ") != NULL ? UNSYNCED
                                                                     : INCOMPLETE);
    check_resume(&harness, expected);
    harness_end(&harness);
    return calls;
}

static unsigned parts_of(const char *manifest)
{
    unsigned parts = 0;
    for (const char *at = manifest; (at = strstr(at, "/part-")) != NULL; at++)
        parts++;
    return parts;
}

static void every_system_call_fails_in_turn(void **state)
{
    (void)state;
    static const char *const formats[][2] = {{"csv", "none"}, {"csv", "zstd"}, {"avro", "gzip"}};
    for (size_t f = 0; f < 3; f++) {
        bool failed = false;
        char *expected = expected_manifest(formats[f]);
        unsigned calls = run_with_failure(formats[f], expected, 0, false, &failed), unnoticed = 0;
        assert_false(failed);
        assert_true(calls > 50);
        for (unsigned at = 1; at <= calls; at++) {
            (void)run_with_failure(formats[f], expected, at, true, &failed);
            (void)run_with_failure(formats[f], expected, at, false, &failed);
            unnoticed += !failed;
        }
        /* Closing a folder that was synced may fail without harm: two days, topics and out with its
         * parents, once more for each manifest; and the folder of a topic or day whose making fails
         * is made again. And the journal: opened, written to for each part, closed. */
        print_message("%u of %u failures made no difference\n", unnoticed, calls);
        assert_true(unnoticed <= 28 + parts_of(expected));
        free(expected);
    }
}

/* A process that runs and ends before the call number at of its system calls. False: it made fewer.
 */
static bool crash(struct harness *harness, unsigned at)
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct cdr_error error = {{0}};
        bool opened = false;
        fault.armed = true;
        fault.crashes = true;
        fault.fails_at = at;
        _exit(run(harness, &opened, &error) == CDR_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_true(WEXITSTATUS(status) == CRASHED || WEXITSTATUS(status) == 0);
    return WEXITSTATUS(status) == CRASHED;
}

/* Whatever the call before which a run is killed, it can be gone on with. */
static void a_killed_run_is_resumed(void **state)
{
    (void)state;
    static const char *const formats[][2] = {{"csv", "none"}, {"json", "zstd"}, {"avro", "gzip"}};
    for (size_t f = 0; f < 3; f++) {
        char *expected = expected_manifest(formats[f]);
        bool crashed = true;
        for (unsigned at = 1; crashed; at++) {
            struct harness harness;
            start_with_rotation(&harness, formats[f][0], formats[f][1]);
            crashed = crash(&harness, at);
            check_resume(&harness, expected);
            harness_end(&harness);
            assert_true(crashed || at > 100);
        }
        free(expected);
    }
}

/* And so can the run that goes on with it. */
static void a_killed_resume_is_resumed(void **state)
{
    (void)state;
    static const char *const formats[][2] = {{"csv", "gzip"}, {"avro", "none"}};
    for (size_t f = 0; f < 2; f++) {
        char *expected = expected_manifest(formats[f]);
        for (unsigned first = 20; first < 140; first += 31) {
            bool crashed = true;
            for (unsigned at = 1; crashed; at++) {
                struct harness harness;
                start_with_rotation(&harness, formats[f][0], formats[f][1]);
                (void)crash(&harness, first);
                harness.settings.resume = true;
                crashed = crash(&harness, at);
                check_resume(&harness, expected);
                harness_end(&harness);
            }
        }
        free(expected);
    }
}

/* A call that fails while a run goes on ends it in words, and another can go on. */
static void a_failed_resume_is_resumed(void **state)
{
    (void)state;
    static const char *const format[2] = {"csv", "none"};
    char *expected = expected_manifest(format);
    for (unsigned first = 20; first < 140; first += 37) {
        bool reached = true;
        unsigned at = 0;
        while (reached) {
            struct harness harness;
            struct cdr_error error = {{0}};
            bool opened = false;
            start_with_rotation(&harness, format[0], format[1]);
            (void)crash(&harness, first);
            harness.settings.resume = true;
            unsigned before = open_descriptors();
            fault.armed = true;
            fault.fails_at = ++at;
            fault.os_error = ENOSPC;
            enum cdr_result result = run(&harness, &opened, &error);
            reached = fault.calls >= at;
            disarm();
            assert_int_equal(open_descriptors(), before);
            assert_true(result == CDR_OK || strstr(error.text, "No space left on device") != NULL);
            check_resume(&harness, expected);
            harness_end(&harness);
        }
        assert_true(at > 20);
    }
    free(expected);
}

static void a_full_disk_says_what_is_safe(void **state)
{
    (void)state;
    struct harness harness;
    struct cdr_error error = {{0}}, again = {{0}};
    char expected[512];
    start_with_rotation(&harness, "csv", "none");
    harness_must_open(&harness, "file");
    harness_must_write(&harness, 0, CALL_1, HARNESS_DAY, 1000, 1000);
    harness_must_write(&harness, 0, DATA_0, HARNESS_DAY, 1000, 1000);
    fault.armed = true;
    fault.kind = CALL_WRITE;
    fault.fails_at = 1;
    fault.os_error = ENOSPC;
    enum cdr_result result = CDR_OK;
    for (unsigned i = 0; i < 10 && result == CDR_OK; i++)
        result = harness_write(&harness, 0, CALL_1, HARNESS_DAY, 1000, 1000, &error);
    assert_int_equal(result, CDR_E_IO);
    disarm();
    struct cdr_log_progress progress[CDR_TYPE_COUNT * HARNESS_PARTITIONS];
    harness.sink->ops->progress(harness.sink, progress);
    assert_true(progress[CALL_1].durable < progress[CALL_1].accepted);
    snprintf(expected, sizeof expected,
             "cannot write %s/cdr.call/date=2025-01-01/.part-0001-000000.csv.tmp: No space left on "
             "device; "
             "finished parts stay, this torn one was removed; go on with --resume",
             harness.out);
    assert_string_equal(error.text, expected);
    /* Everybody hears the same, on every log. */
    assert_int_equal(harness_write(&harness, 0, DATA_0, HARNESS_DAY, 1, 1, &again), CDR_E_IO);
    assert_string_equal(again.text, expected);
    assert_int_equal(harness.sink->ops->poll(harness.sink, 0, NULL), CDR_E_IO);
    assert_int_equal(harness.sink->ops->flush(harness.sink, 0, NULL), CDR_E_IO);
    assert_int_equal(harness_close(&harness, true, NULL), CDR_E_IO);
    /* The other log's part was finished, and the manifest claims no more than that. */
    assert_true(harness_exists(&harness, "cdr.data/date=2025-01-01/part-0000-000000.csv"));
    check_remains(&harness, INCOMPLETE);
    harness_end(&harness);
}

static char *files_of_run(struct harness *harness, size_t *n)
{
    struct cdr_error error = {{0}};
    bool opened = false;
    if (run(harness, &opened, &error) != CDR_OK)
        fail_msg("%s", error.text);
    disarm();
    check_remains(harness, COMPLETE);
    return harness_read(harness, "manifest.json", n);
}

/* The manifest has every file's checksum, so equal manifests are equal files. */
static void short_and_interrupted_writes_change_nothing(void **state)
{
    (void)state;
    static const char *const formats[][2] = {{"csv", "none"}, {"json", "gzip"}, {"avro", "none"}};
    for (size_t f = 0; f < 3; f++) {
        struct harness harness;
        size_t n = 0, expected_n = 0;
        start_with_rotation(&harness, formats[f][0], formats[f][1]);
        char *expected = files_of_run(&harness, &expected_n);
        harness_end(&harness);
        for (size_t write_max = 1; write_max < 100000; write_max *= 37) {
            start_with_rotation(&harness, formats[f][0], formats[f][1]);
            fault.armed = true;
            fault.write_max = write_max;
            fault.interrupts = true;
            char *manifest = files_of_run(&harness, &n);
            assert_int_equal(n, expected_n);
            assert_memory_equal(manifest, expected, n);
            free(manifest);
            harness_end(&harness);
        }
        free(expected);
    }
}

/* The system's own limit of a file's size, met in the middle of a write. */
static void a_limit_of_file_size_is_reported(void **state)
{
    (void)state;
    struct harness harness;
    struct cdr_error error = {{0}};
    struct rlimit before, small;
    bool opened = false;
    start_with_rotation(&harness, "csv", "none");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 45000;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum cdr_result result = run(&harness, &opened, &error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    assert_int_equal(result, CDR_E_IO);
    assert_non_null(
        strstr(error.text, ".tmp: File too large; finished parts stay, this torn one was removed"));
    check_remains(&harness, INCOMPLETE);
    harness_end(&harness);
}

static void a_manifest_that_cannot_be_written_is_an_error(void **state)
{
    (void)state;
    struct harness harness;
    struct cdr_error error = {{0}};
    start_with_rotation(&harness, "csv", "none");
    harness_must_open(&harness, "file");
    harness_must_write(&harness, 0, CALL_1, HARNESS_DAY, 10, 10);
    harness_make_file(&harness, ".manifest.json.tmp/in/the/way", "x");
    assert_int_equal(harness_close(&harness, true, &error), CDR_E_IO);
    assert_non_null(strstr(error.text, "/.manifest.json.tmp: Is a directory"));
    size_t n = 0;
    char *manifest = harness_read(&harness, "manifest.json", &n);
    assert_non_null(strstr(manifest, "\"complete\": false"));
    free(manifest);
    assert_true(harness_exists(&harness, "cdr.call/date=2025-01-01/part-0001-000000.csv"));
    harness_end(&harness);
}

#define TEST_SKIPPED 77

/* In a mount namespace of its own, so that the mount ends with the process. */
static int run_on_small_disk(const struct harness *parent)
{
    const int new_mounts = 0x00020000; /* CLONE_NEWNS, which needs _GNU_SOURCE */
    struct harness harness = *parent;
    struct cdr_error error = {{0}};
    bool opened = false;
    for (unsigned type = 0; type < CDR_TYPE_COUNT; type++)
        harness.items[type].encoder = &harness.encoder;
    harness.topics.items = harness.items;
    harness.setup.topics = &harness.topics;
    harness.settings.out = harness.out;
    if (syscall(SYS_unshare, new_mounts) != 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", harness.folder, "tmpfs", 0, "size=96k") != 0)
        return TEST_SKIPPED;
    enum cdr_result result = run(&harness, &opened, &error);
    bool told = strstr(error.text, ".tmp: No space left on device; finished parts stay") != NULL;
    if (result != CDR_E_IO || !opened || !told)
        return 1;
    check_remains(&harness, INCOMPLETE);
    /* With more room it goes on. */
    if (mount("tmpfs", harness.folder, "tmpfs", MS_REMOUNT, "size=4m") != 0)
        return 4;
    harness.settings.resume = true;
    if (run(&harness, &opened, &error) != CDR_OK)
        return 5;
    check_remains(&harness, COMPLETE);
    /* And a folder that turned read-only is refused before anything is written. */
    harness.settings.resume = false;
    if (mount("tmpfs", harness.folder, NULL, MS_REMOUNT | MS_RDONLY, NULL) != 0)
        return 2;
    harness.settings.overwrite = true;
    result = harness_open(&harness, "file", &error);
    return result == CDR_E_CONFIG && strstr(error.text, "Read-only file system") != NULL ? 0 : 3;
}

static void a_small_disk_runs_full(void **state)
{
    (void)state;
    struct harness harness;
    int status = 0;
    start_with_rotation(&harness, "csv", "none");
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(run_on_small_disk(&harness));
    assert_int_equal(waitpid(child, &status, 0), child);
    harness_end(&harness);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == TEST_SKIPPED) {
        print_message("may not mount a small disk here: the file size limit stands for it\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_system_call_fails_in_turn),
        cmocka_unit_test(a_killed_run_is_resumed),
        cmocka_unit_test(a_killed_resume_is_resumed),
        cmocka_unit_test(a_failed_resume_is_resumed),
        cmocka_unit_test(a_full_disk_says_what_is_safe),
        cmocka_unit_test(short_and_interrupted_writes_change_nothing),
        cmocka_unit_test(a_limit_of_file_size_is_reported),
        cmocka_unit_test(a_manifest_that_cannot_be_written_is_an_error),
        cmocka_unit_test(a_small_disk_runs_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
