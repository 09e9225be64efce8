/* The file sink's folder: what it refuses before it touches anything, what --overwrite removes,
 * shards side by side. */
#include "sink_harness.h"

#include "sink/file/lock.h"
#include "sink/file/scan.h"

#include <pthread.h>
#include <sys/resource.h>

/* Opening is refused with these words, and the folder is as it was. */
static void expect_refusal(struct harness *harness, enum cdr_result code, const char *words)
{
    struct cdr_error error = {{0}};
    char *before = harness_list(harness);
    enum cdr_result result = harness_open(harness, "file", &error);
    if (result != code || strstr(error.text, words) == NULL)
        fail_msg("result %d with '%s' instead of %d with '%s'", (int)result, error.text, (int)code,
                 words);
    assert_null(harness->sink);
    char *after = harness_list(harness);
    assert_string_equal(before, after);
    free(before);
    free(after);
}

static void bad_settings_are_refused(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness, "csv");
    struct cdr_sink_settings good = harness.settings;

    harness.settings.out = NULL;
    expect_refusal(&harness, CDR_E_CONFIG, "--out is empty");
    harness.settings.out = (char *)(uintptr_t) "";
    expect_refusal(&harness, CDR_E_CONFIG, "--out is empty");
    char long_path[5000];
    memset(long_path, 'x', sizeof long_path);
    long_path[sizeof long_path - 1] = '\0';
    harness.settings.out = long_path;
    expect_refusal(&harness, CDR_E_CONFIG, "--out is 4999 bytes long");
    harness.settings = good;
    harness.settings.rotate_bytes = 0;
    expect_refusal(&harness, CDR_E_CONFIG, "--rotate-bytes 0 is not allowed");
    harness.settings = good;
    harness.settings.compress = (char *)(uintptr_t) "bzip2";
    expect_refusal(&harness, CDR_E_CONFIG,
                   "--compress 'bzip2' is unknown: give none, gzip or zstd");
    assert_false(harness_exists(&harness, ""));
    harness_end(&harness);
}

static void topics_that_are_no_folders_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", ".", "..", "a/b", "../up", "tab\there", "caf\xc3\xa9"};
    struct harness harness;
    harness_start(&harness, "csv");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        snprintf(harness.items[1].name, sizeof harness.items[1].name, "%s", wrong[i]);
        expect_refusal(&harness, CDR_E_CONFIG, "cannot be a folder");
    }
    harness.items[1] = harness.items[0];
    expect_refusal(&harness, CDR_E_CONFIG, "topic 'cdr.call' is named twice");
    assert_false(harness_exists(&harness, ""));
    harness_end(&harness);
}

static void places_that_cannot_be_written_are_refused(void **state)
{
    (void)state;
    struct harness harness;
    char out[96];
    harness_start(&harness, "csv");
    strcpy(out, harness.out);
    harness_make_file(&harness, "plain", "x");

    snprintf(harness.out, sizeof harness.out, "%s/plain", out);
    expect_refusal(&harness, CDR_E_CONFIG, "/plain is a file where a folder is needed");
    snprintf(harness.out, sizeof harness.out, "%s/plain/below", out);
    expect_refusal(&harness, CDR_E_CONFIG, "/plain/below: Not a directory");
    snprintf(harness.out, sizeof harness.out, "%s/plain/deep/below", out);
    expect_refusal(&harness, CDR_E_CONFIG, "/plain/deep/below: Not a directory");
    /* A topic's place is taken by a file. */
    strcpy(harness.out, out);
    harness_make_file(&harness, "cdr.sms", "x");
    expect_refusal(&harness, CDR_E_CONFIG, "/cdr.sms is a file where a folder is needed");
    assert_false(harness_exists(&harness, "cdr.call"));

    /* Nobody can make a folder in /proc; and without root's powers not in a folder without the
     * right to. */
    strcpy(harness.out, "/proc/cdrgen-test/out");
    expect_refusal(&harness, CDR_E_CONFIG, "/proc");
    if (geteuid() != 0) {
        snprintf(harness.out, sizeof harness.out, "%s/closed", out);
        assert_int_equal(mkdir(harness.out, 0555), 0);
        expect_refusal(&harness, CDR_E_CONFIG, "cannot write to folder");
        strcat(harness.out, "/new");
        expect_refusal(&harness, CDR_E_CONFIG, "/closed: Permission denied");
    }
    harness_end(&harness);
}

static void too_few_open_files_are_refused(void **state)
{
    (void)state;
    struct harness harness;
    struct rlimit before, few;
    harness_start(&harness, "csv");
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = 100;
    harness.setup.partitions = 40; /* 3 × 41 + 64 = 187 */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    harness_must_open(&harness, "file");
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &few), 0);
    assert_int_equal(few.rlim_cur, 187);
    assert_int_equal(harness_close(&harness, false, NULL), CDR_OK);
    if (before.rlim_max != RLIM_INFINITY && before.rlim_max < 1u << 22) {
        harness.setup.partitions = 1u << 22;
        expect_refusal(&harness, CDR_E_CONFIG, "--partitions 4194304 needs 12582979 open files");
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    harness_end(&harness);
}

static const char our_manifest[] =
    "{\n  \"generator\": \"cdrgen 0.1.0\",\n  \"dataset_id\": \"" HARNESS_DATASET "\"\n}\n";
static const char other_manifest[] =
    "{\n  \"generator\": \"cdrgen 0.1.0\",\n  \"dataset_id\": \"ff\"\n}\n";

/* Whatever a run can leave behind; each alone is reason enough. */
static void datasets_and_remains_are_refused(void **state)
{
    (void)state;
    static const char *const ours[] = {
        "manifest.json",
        "manifest-shard-0-of-3.json",
        ".manifest.json.tmp",
        "cdr.call/date=2025-01-01/part-0000-000000.csv",
        "cdr.call/date=2025-01-01/.part-0000-000000.csv.tmp",
        "cdr.data/date=2025-01-01/part-4095-123456.json.gz",
        "another.prefix/date=1999-12-31/part-0000-1000000.avro",
        "another.prefix/date=1999-12-31/part-0000-000000.csv.zst",
    };
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        struct harness harness;
        harness_start(&harness, "csv");
        harness_make_file(&harness, "cells.csv", "cell_id,lat,lon,rat\n");
        harness_make_file(&harness, ours[i], our_manifest);
        expect_refusal(&harness, CDR_E_STATE, ours[i]);
        expect_refusal(&harness, CDR_E_STATE,
                       strncmp(ours[i], "manifest", 8) == 0
                           ? "choose another folder, go on with it with --resume, or replace it "
                             "with --overwrite"
                           : "choose another folder, or replace it with --overwrite");
        harness_end(&harness);
    }
}

static const char *const foreign[] = {
    "cdr.call/date=2025-01-01/part-0000-000000.csv.bak",
    "cdr.call/date=2025-01-01/part-000-000000.csv",
    "cdr.call/date=2025-01-01/part-0000-00000.csv",
    "cdr.call/date=2025-01-01/part-0000-000000.parquet",
    "cdr.call/date=2025-01-01/part-0000-000000.csv.tmp",
    "cdr.call/date=2025-01-01/.part-0000-000000.csv",
    "cdr.call/date=2025-01-01/notes.txt",
    "cdr.call/date=2025-1-1/part-0000-000000.csv",
    "cdr.call/part-0000-000000.csv",
    "part-0000-000000.csv",
    "manifest.json.old",
    "manifest-shard-x-of-3.json",
    "cells.csv",
    ".hidden/date=2025-01-01/part-0000-000000.csv",
};

static void make_foreign_files(const struct harness *harness)
{
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++)
        harness_make_file(harness, foreign[i], "somebody else's");
}

static void other_files_do_not_matter(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness, "csv");
    make_foreign_files(&harness);
    harness_must_open(&harness, "file");
    harness_must_write(&harness, 0, 0, HARNESS_DAY, 5, 5);
    assert_int_equal(harness_close(&harness, true, NULL), CDR_OK);
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++)
        assert_true(harness_exists(&harness, foreign[i]));
    assert_true(harness_exists(&harness, "cdr.call/date=2025-01-01/part-0000-000000.csv"));
    harness_end(&harness);
}

static void overwrite_removes_ours_and_nothing_else(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness, "csv");
    make_foreign_files(&harness);
    harness_make_file(&harness, "old.call/date=2024-01-01/part-0000-000000.json", "old");
    harness_make_file(&harness, "cdr.sms/date=2024-06-01/part-0007-000003.csv.zst", "old");
    harness_make_file(&harness, "cdr.sms/date=2024-06-01/.part-0007-000004.csv.zst.tmp", "old");
    harness_make_file(&harness, "manifest.json", our_manifest);
    harness_make_file(&harness, "manifest-shard-1-of-2.json", other_manifest);
    harness.settings.overwrite = true;
    harness_must_open(&harness, "file");
    harness_must_write(&harness, 0, 1, HARNESS_DAY, 5, 5);
    assert_int_equal(harness_close(&harness, true, NULL), CDR_OK);
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++)
        assert_true(harness_exists(&harness, foreign[i]));
    assert_false(harness_exists(&harness, "old.call"));
    assert_false(harness_exists(&harness, "cdr.sms/date=2024-06-01"));
    assert_true(harness_exists(&harness, "cdr.sms"));
    assert_false(harness_exists(&harness, "manifest-shard-1-of-2.json"));
    char *list = harness_list(&harness);
    unsigned files = 0;
    for (const char *at = list; *at != '\0'; at++)
        files += *at == '\n';
    assert_int_equal(files, sizeof foreign / sizeof foreign[0] + 2);
    free(list);
    harness_end(&harness);
}

static void another_programs_manifest_is_never_replaced(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness, "csv");
    harness_make_file(&harness, "manifest.json", "{\"name\": \"a web page\"}");
    harness_make_file(&harness, "cdr.sms/date=2024-06-01/part-0007-000003.csv", "old");
    expect_refusal(&harness, CDR_E_STATE, "manifest.json was not written by cdrgen");
    harness.settings.overwrite = true;
    expect_refusal(&harness, CDR_E_STATE, "manifest.json was not written by cdrgen");
    harness_end(&harness);
}

/* Two shards in one folder, open at the same time, give the parts of one run without shards. */
static void shards_share_a_folder(void **state)
{
    (void)state;
    struct harness whole, shards[2];
    harness_start(&whole, "csv");
    harness_must_open(&whole, "file");
    for (unsigned i = 0; i < 2; i++) {
        harness_start(&shards[i], "csv");
        shards[i].settings.out = shards[0].out;
        shards[i].setup.shard_count = 2;
        shards[i].setup.shard_index = i;
        harness_must_open(&shards[i], "file");
    }
    for (uint32_t log = 0; log < CDR_TYPE_COUNT * HARNESS_PARTITIONS; log++) {
        harness_must_write(&whole, 0, log, HARNESS_DAY, 500, 500);
        harness_must_write(&shards[log % HARNESS_PARTITIONS % 2], 0, log, HARNESS_DAY, 500, 500);
    }
    assert_int_equal(harness_close(&whole, true, NULL), CDR_OK);
    assert_int_equal(harness_close(&shards[0], true, NULL), CDR_OK);
    assert_int_equal(harness_close(&shards[1], true, NULL), CDR_OK);
    char *list = harness_list(&whole), *shard_list = harness_list(&shards[0]), *saved = NULL;
    for (char *name = strtok_r(list, "\n", &saved); name != NULL;
         name = strtok_r(NULL, "\n", &saved)) {
        size_t n = 0, shard_n = 0;
        if (strcmp(name, "manifest.json") == 0)
            continue;
        char *bytes = harness_read(&whole, name, &n),
             *shard_bytes = harness_read(&shards[0], name, &shard_n);
        assert_non_null(shard_bytes);
        assert_int_equal(n, shard_n);
        assert_memory_equal(bytes, shard_bytes, n);
        free(bytes);
        free(shard_bytes);
    }
    assert_non_null(strstr(shard_list, "manifest-shard-0-of-2.json\nmanifest-shard-1-of-2.json\n"));
    assert_null(strstr(shard_list, "manifest.json"));

    /* The same shard again is refused, and with overwrite replaces its own parts only. */
    expect_refusal(&shards[0], CDR_E_STATE, "manifest-shard-0-of-2.json");
    shards[0].settings.overwrite = true;
    harness_must_open(&shards[0], "file");
    size_t n = 0;
    char *manifest = harness_read(&shards[0], "manifest-shard-0-of-2.json", &n);
    assert_non_null(strstr(manifest, "\"complete\": false"));
    free(manifest);
    assert_true(harness_exists(&shards[0], "manifest-shard-1-of-2.json"));
    assert_false(harness_exists(&shards[0], "cdr.call/date=2025-01-01/part-0000-000000.csv"));
    assert_true(harness_exists(&shards[0], "cdr.call/date=2025-01-01/part-0001-000000.csv"));
    assert_int_equal(harness_close(&shards[0], true, NULL), CDR_OK);
    free(list);
    free(shard_list);
    for (unsigned i = 0; i < 2; i++)
        harness_end(&shards[i]);
    harness_end(&whole);
}

static void a_shard_does_not_mix_with_other_datasets(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness, "csv");
    harness.setup.shard_count = 3;
    harness.setup.shard_index = 1;
    harness_make_file(&harness, "manifest-shard-0-of-3.json", our_manifest);
    harness_must_open(&harness, "file");
    assert_int_equal(harness_close(&harness, false, NULL), CDR_OK);
    harness_make_file(&harness, "manifest-shard-0-of-3.json", other_manifest);
    expect_refusal(&harness, CDR_E_STATE,
                   "belongs to another dataset than this shard (" HARNESS_DATASET ")");
    harness_make_file(&harness, "manifest-shard-0-of-3.json", our_manifest);
    harness_make_file(&harness, "manifest-shard-0-of-2.json", our_manifest);
    expect_refusal(&harness, CDR_E_STATE, "manifest-shard-0-of-2.json");
    harness_end(&harness);
}

static void part_names_are_recognised(void **state)
{
    (void)state;
    struct cdr_part_name name;
    int32_t day = 0;
    assert_true(cdr_file_is_part("part-0012-000345.csv", &name));
    assert_int_equal(name.partition, 12);
    assert_int_equal(name.number, 345);
    assert_string_equal(name.extension, "csv");
    assert_false(name.temporary);
    assert_true(cdr_file_is_part(".part-10000-1000000.avro.tmp", &name));
    assert_int_equal(name.partition, 10000);
    assert_int_equal(name.number, 1000000);
    assert_true(name.temporary);
    assert_false(cdr_file_is_part("part-0012-000345.csv.gz.zst", &name));
    assert_false(cdr_file_is_part("part-99999999999-000345.csv", &name));
    assert_false(cdr_file_is_part("part-0012-000345.", &name));
    assert_false(cdr_file_is_part("", &name));
    assert_true(cdr_file_is_day("date=2025-01-01", &day));
    assert_int_equal(day, HARNESS_DAY);
    assert_true(cdr_file_is_day("date=2024-02-29", &day));
    assert_false(cdr_file_is_day("date=2025-02-29", &day));
    assert_false(cdr_file_is_day("date=2025-13-01", &day));
    assert_false(cdr_file_is_day("date=2025-1-01", &day));
}

#define ENDINGS 300u

/* One of two shards that end at the same moment. */
struct ending {
    struct cdr_file_lock lock;
    const char *path;
    pthread_barrier_t *together;
};

static void *end_shard(void *context)
{
    struct ending *ending = context;
    pthread_barrier_wait(ending->together);
    cdr_file_lock_drop(&ending->lock, ending->path, true);
    return NULL;
}

static void shards_that_end_together_leave_no_lock_file(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness, "csv");
    char path[300];
    snprintf(path, sizeof path, "%s", harness.settings.out);
    assert_int_equal(mkdir(path, 0777), 0);
    snprintf(path + strlen(path), sizeof path - strlen(path), "/" CDR_FILE_LOCK_NAME);
    pthread_barrier_t together;
    pthread_barrier_init(&together, NULL, 2);
    for (unsigned round = 0; round < ENDINGS; round++) {
        struct ending shards[2];
        pthread_t threads[2];
        for (uint32_t i = 0; i < 2; i++) {
            struct cdr_error error = {{0}};
            const struct cdr_file_lock_wish wish = {
                .path = path, .dataset = "it", .shard_index = i, .shard_count = 2};
            shards[i] = (struct ending){.path = path, .together = &together};
            if (cdr_file_lock_take(&shards[i].lock, &wish, &error) != CDR_OK)
                fail_msg("%s", error.text);
            cdr_file_lock_opened(&shards[i].lock);
        }
        for (int i = 0; i < 2; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, end_shard, &shards[i]), 0);
        for (int i = 0; i < 2; i++)
            pthread_join(threads[i], NULL);
        if (access(path, F_OK) == 0)
            fail_msg("round %u: a lock file was left", round);
    }
    pthread_barrier_destroy(&together);
    harness_end(&harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_settings_are_refused),
        cmocka_unit_test(topics_that_are_no_folders_are_refused),
        cmocka_unit_test(places_that_cannot_be_written_are_refused),
        cmocka_unit_test(too_few_open_files_are_refused),
        cmocka_unit_test(datasets_and_remains_are_refused),
        cmocka_unit_test(other_files_do_not_matter),
        cmocka_unit_test(overwrite_removes_ours_and_nothing_else),
        cmocka_unit_test(another_programs_manifest_is_never_replaced),
        cmocka_unit_test(shards_share_a_folder),
        cmocka_unit_test(a_shard_does_not_mix_with_other_datasets),
        cmocka_unit_test(part_names_are_recognised),
        cmocka_unit_test(shards_that_end_together_leave_no_lock_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
