/* The file sink with --resume: what it goes on behind, what it makes again, what it refuses. Kills
 * at every system call are in test_sink_file_faults.c. */
#include "sink_harness.h"

#include "sink/file/compress.h"
#include "sink/file/journal.h"

#include <fcntl.h>
#include <sys/wait.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define LOGS (CDR_TYPE_COUNT * HARNESS_PARTITIONS)
#define PER_DAY 1500u
#define PART_0 "cdr.call/date=2025-01-01/part-0000-000000."
#define PART_1 "cdr.call/date=2025-01-01/part-0000-000001."
#define PART_2 "cdr.call/date=2025-01-01/part-0000-000002."

static const char *const formats[][2] = {{"csv", "none"},  {"csv", "gzip"},  {"csv", "zstd"},
                                         {"json", "none"}, {"json", "gzip"}, {"json", "zstd"},
                                         {"avro", "none"}, {"avro", "gzip"}, {"avro", "zstd"}};
#define FORMATS (sizeof formats / sizeof formats[0])

static void start(struct harness *harness, const char *const format[2], uint32_t days)
{
    harness_start(harness, format[0]);
    harness->settings.compress = (char *)(uintptr_t)format[1];
    harness->settings.rotate_bytes = 30000;
    harness->setup.first_day = HARNESS_DAY;
    harness->setup.days = days;
}

static const char *const csv[2] = {"csv", "none"};

/* All logs of the shard, log l up to most × (l + 1) / 5 records. */
static void fill(struct harness *harness, uint64_t most)
{
    struct cdr_error error = {{0}};
    int32_t days = harness->setup.days == 0 ? 2 : (int32_t)harness->setup.days;
    for (uint32_t log = 0; log < LOGS; log++)
        if (log % HARNESS_PARTITIONS % harness->setup.shard_count == harness->setup.shard_index &&
            harness_fill(harness, log % 2, log, PER_DAY, days, most * (log + 1) / 5, &error) !=
                CDR_OK)
            fail_msg("write: %s", error.text);
}

static void must_close(struct harness *harness, bool complete)
{
    struct cdr_error error = {{0}};
    if (harness_close(harness, complete, &error) != CDR_OK)
        fail_msg("close: %s", error.text);
}

static void run_whole(struct harness *harness)
{
    harness_must_open(harness, "file");
    fill(harness, UINT32_MAX);
    must_close(harness, true);
}

/* A process that writes so much and is gone without a word. */
static void run_killed(struct harness *harness, uint64_t most)
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        harness_must_open(harness, "file");
        fill(harness, most);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void run_interrupted(struct harness *harness, uint64_t most)
{
    harness_must_open(harness, "file");
    fill(harness, most);
    must_close(harness, false);
}

static void run_resumed(struct harness *harness)
{
    harness->settings.resume = true;
    run_whole(harness);
}

/* The same names with the same bytes. */
static void expect_same(const struct harness *harness, const struct harness *expected)
{
    char *list = harness_list(harness), *expected_list = harness_list(expected), *saved = NULL;
    assert_string_equal(list, expected_list);
    for (char *name = strtok_r(list, "\n", &saved); name != NULL;
         name = strtok_r(NULL, "\n", &saved)) {
        size_t n = 0, expected_n = 0;
        char *bytes = harness_read(harness, name, &n);
        char *expected_bytes = harness_read(expected, name, &expected_n);
        if (n != expected_n || memcmp(bytes, expected_bytes, n) != 0)
            fail_msg("%s differs", name);
        free(bytes);
        free(expected_bytes);
    }
    free(list);
    free(expected_list);
}

/* Names, times and sizes. */
static uint64_t state_of(const struct harness *harness)
{
    char path[512];
    uint64_t state = 0;
    char *list = harness_list(harness), *saved = NULL;
    for (char *name = strtok_r(list, "\n", &saved); name != NULL;
         name = strtok_r(NULL, "\n", &saved)) {
        struct stat status;
        harness_path(harness, path, name);
        assert_int_equal(stat(path, &status), 0);
        state = cdr_mix(state ^ (uint64_t)status.st_ino) ^ (uint64_t)status.st_mtim.tv_nsec;
        state = cdr_mix(state ^ (uint64_t)status.st_size);
        for (const char *at = name; *at != '\0'; at++)
            state = cdr_mix(state ^ (uint64_t)*at);
    }
    free(list);
    return state;
}

/* Going on is refused with these words, and nothing is changed. */
static void expect_refusal(struct harness *harness, const char *words)
{
    struct cdr_error error = {{0}};
    uint64_t before = state_of(harness);
    harness->settings.resume = true;
    enum cdr_result result = harness_open(harness, "file", &error);
    if (result != CDR_E_STATE || strstr(error.text, words) == NULL)
        fail_msg("result %d with '%s' instead of '%s'", (int)result, error.text, words);
    assert_null(harness->sink);
    assert_true(before == state_of(harness));
}

static void killed_and_interrupted_runs_are_completed(void **state)
{
    (void)state;
    static const uint64_t amounts[] = {0, 100, 600, 1700, 2600};
    for (size_t f = 0; f < FORMATS; f++) {
        struct harness expected;
        start(&expected, formats[f], 2);
        run_whole(&expected);
        for (size_t a = 0; a < 2 * sizeof amounts / sizeof amounts[0]; a++) {
            struct harness harness;
            start(&harness, formats[f], 2);
            (a % 2 == 0 ? run_killed : run_interrupted)(&harness, amounts[a / 2]);
            run_resumed(&harness);
            expect_same(&harness, &expected);
            harness_end(&harness);
        }
        harness_end(&expected);
    }
}

/* Killed, gone on with, interrupted, gone on with, killed … */
static void resumes_are_resumed(void **state)
{
    (void)state;
    struct harness harness, expected;
    start(&expected, csv, 2);
    run_whole(&expected);
    start(&harness, csv, 2);
    run_killed(&harness, 300);
    harness.settings.resume = true;
    for (uint64_t most = 600; most < 3000; most += 300)
        (most % 600 == 0 ? run_interrupted : run_killed)(&harness, most);
    run_resumed(&harness);
    expect_same(&harness, &expected);
    harness_end(&harness);
    harness_end(&expected);
}

static void starts_are_behind_the_parts_that_stay(void **state)
{
    (void)state;
    struct harness harness;
    struct cdr_log_progress progress[LOGS];
    start(&harness, csv, 2);
    run_killed(&harness, 2600);
    harness.settings.resume = true;
    harness_must_open(&harness, "file");
    /* Log 4 wrote all of the first day and 1100 records of the second, in parts of about 550. */
    assert_in_range(harness.next[4], PER_DAY, 2600);
    assert_int_equal(harness.next[0] * 5 > 2600, false);
    assert_false(harness.sink->ops->holds_all(harness.sink));
    assert_non_null(strstr(harness.sink->ops->note(harness.sink, 0), "going on in "));
    assert_null(harness.sink->ops->note(harness.sink, 1));
    /* Progress is this run's own. */
    harness.sink->ops->progress(harness.sink, progress);
    assert_int_equal(progress[4].accepted, 0);
    assert_int_equal(progress[4].durable, 0);
    must_close(&harness, false);
    harness_end(&harness);
}

static void nothing_there_is_a_beginning(void **state)
{
    (void)state;
    struct harness harness, expected;
    start(&expected, csv, 2);
    run_whole(&expected);
    start(&harness, csv, 2);
    harness.settings.resume = true;
    harness_must_open(&harness, "file");
    assert_non_null(strstr(harness.sink->ops->note(harness.sink, 0), "holds no dataset yet"));
    must_close(&harness, false);
    assert_false(harness_exists(&harness, ""));
    run_resumed(&harness);
    expect_same(&harness, &expected);
    harness_end(&harness);
    harness_end(&expected);
}

static void a_complete_dataset_is_left_alone(void **state)
{
    (void)state;
    struct harness harness;
    start(&harness, csv, 2);
    run_whole(&harness);
    uint64_t before = state_of(&harness);
    harness.settings.resume = true;
    harness_must_open(&harness, "file");
    assert_true(harness.sink->ops->holds_all(harness.sink));
    assert_int_equal(harness.next[0], 2 * PER_DAY);
    assert_non_null(strstr(harness.sink->ops->note(harness.sink, 0), "nothing to do"));
    must_close(&harness, true);
    assert_true(before == state_of(&harness));
    harness_end(&harness);
}

/* Where days were complete, none of their parts is made again; where not, all the same. */
static void days_are_added(void **state)
{
    (void)state;
    struct harness expected;
    start(&expected, csv, 3);
    run_whole(&expected);
    for (unsigned complete = 0; complete < 2; complete++) {
        struct harness harness;
        start(&harness, csv, 2);
        (complete ? run_whole(&harness) : run_killed(&harness, 2000));
        harness.setup.days = 3;
        harness.settings.resume = true;
        harness_must_open(&harness, "file");
        assert_int_equal(harness.next[8] == 2 * PER_DAY, complete);
        must_close(&harness, false);
        run_killed(&harness, 3900);
        run_resumed(&harness);
        expect_same(&harness, &expected);
        harness.setup.days = 2;
        expect_refusal(&harness, "is of a dataset of 3 days, and --days is 2: --resume can add "
                                 "days, not take any away");
        harness_end(&harness);
    }
    harness_end(&expected);
}

/* A run without an end is complete wherever it is stopped, and its last parts are short. */
static void a_run_without_end_goes_on(void **state)
{
    (void)state;
    struct harness harness, expected;
    start(&expected, csv, 0);
    run_whole(&expected);
    start(&harness, csv, 0);
    harness_must_open(&harness, "file");
    fill(&harness, 2000);
    must_close(&harness, true);
    harness.settings.resume = true;
    harness_must_open(&harness, "file");
    assert_false(harness.sink->ops->holds_all(harness.sink));
    must_close(&harness, false);
    run_resumed(&harness);
    expect_same(&harness, &expected);
    harness.setup.days = 1;
    expect_refusal(&harness, "is of a day after the last of --days 1");
    harness.setup.days = 2;
    run_resumed(&harness);
    harness.setup.days = expected.setup.days = 2;
    expected.settings.overwrite = true;
    run_whole(&expected);
    expect_same(&harness, &expected);
    harness_end(&harness);
    harness_end(&expected);
}

static void other_settings_are_refused(void **state)
{
    (void)state;
    struct harness harness, json;
    start(&harness, csv, 2);
    run_killed(&harness, 600);
    struct cdr_sink_setup setup = harness.setup;
    struct cdr_sink_settings settings = harness.settings;
    harness.setup.dataset_id = "ffffffffffffffffffffffffffffffff";
    expect_refusal(&harness, "manifest.json is of a dataset with the dataset_id " HARNESS_DATASET
                             ", and this run's is ffffffffffffffffffffffffffffffff: ");
    harness.setup = setup;
    harness.setup.partitions = 2;
    expect_refusal(&harness, "with partitions 3, and this run's are 2");
    harness.setup = setup;
    snprintf(harness.items[1].name, sizeof harness.items[1].name, "other.sms");
    expect_refusal(&harness, "with the topic cdr.sms, and this run's are cdr.call");
    harness.setup = setup;
    harness.setup.shard_count = 2;
    expect_refusal(&harness, "manifest.json, which is none of the files of the run to go on with");
    harness.setup = setup;
    harness.settings.rotate_bytes = 30001;
    expect_refusal(&harness, "with rotate_bytes 30000, and this run's are 30001");
    harness.settings = settings;
    harness.settings.compress = (char *)(uintptr_t) "zstd";
    expect_refusal(&harness, "with the compress none, and this run's is zstd");
    harness.settings = settings;
    start(&json, (const char *const[]){"json", "none"}, 2);
    json.settings.out = harness.out;
    struct cdr_error error = {{0}};
    json.settings.resume = true;
    assert_int_equal(harness_open(&json, "file", &error), CDR_E_STATE);
    assert_non_null(strstr(error.text, "with the format csv, and this run's is json"));
    harness.settings.resume = harness.settings.overwrite = true;
    assert_int_equal(harness_open(&harness, "file", &error), CDR_E_CONFIG);
    assert_non_null(strstr(error.text, "--resume and --overwrite exclude each other"));
    harness_end(&json);
    harness_end(&harness);
}

static void change(const struct harness *harness, const char *name, size_t keep, long flip)
{
    char path[512];
    size_t n = 0;
    char *bytes = harness_read(harness, name, &n);
    assert_non_null(bytes);
    if (flip < 0)
        flip = (long)n + flip;
    bytes[flip] = (char)(bytes[flip] ^ 1);
    harness_path(harness, path, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fwrite(bytes, 1, keep < n ? keep : n, file);
    assert_int_equal(fclose(file), 0);
    free(bytes);
}

static void drop(const struct harness *harness, const char *name)
{
    char path[512];
    harness_path(harness, path, name);
    assert_int_equal(unlink(path), 0);
}

/* The parts of a run that was ended in order are in the manifest. */
static void changed_folders_are_refused(void **state)
{
    (void)state;
    struct harness harness;
    start(&harness, csv, 2);
    run_interrupted(&harness, 2600);
    size_t n = 0;
    char *part = harness_read(&harness, PART_0 "csv", &n);
    change(&harness, PART_0 "csv", SIZE_MAX, 5000);
    expect_refusal(&harness, PART_0 "csv has another checksum (XXH128) than in the manifest: put "
                                    "back the file as it was");
    change(&harness, PART_0 "csv", n - 1, 5000);
    expect_refusal(&harness, " when the manifest was written: put back");
    drop(&harness, PART_0 "csv");
    expect_refusal(&harness, PART_0 "csv is missing, and the manifest lists it: ");
    harness_make_file(&harness, PART_0 "csv", part);
    harness_make_file(&harness, "cdr.call/date=2025-01-01/part-0000-000009.csv.gz", "x");
    expect_refusal(&harness, "part-0000-000009.csv.gz, which is none of the files of the run");
    drop(&harness, "cdr.call/date=2025-01-01/part-0000-000009.csv.gz");
    harness_make_file(&harness, "cdr.call/date=2025-01-02/part-0000-000000.csv", part);
    expect_refusal(&harness, "there is a part with this number in the folder of another day");
    drop(&harness, "cdr.call/date=2025-01-02/part-0000-000000.csv");
    harness_make_file(&harness, "cdr.call/date=2025-01-05/part-0000-000009.csv", part);
    expect_refusal(&harness, "is of a day after the last of --days 2");
    drop(&harness, "cdr.call/date=2025-01-05/part-0000-000009.csv");
    char *manifest = harness_read(&harness, "manifest.json", &n);
    harness_make_file(&harness, "manifest.json", "{\"generator\": \"cdrgen 1\"}");
    expect_refusal(&harness, "manifest.json cannot be understood (complete): ");
    manifest[n / 2] = '\0';
    harness_make_file(&harness, "manifest.json", manifest);
    expect_refusal(&harness, "manifest.json cannot be understood (");
    harness_make_file(&harness, "manifest.json", "{\"name\": \"a web page\"}");
    expect_refusal(&harness, "manifest.json was not written by cdrgen");
    drop(&harness, "manifest.json");
    expect_refusal(&harness, "and no manifest that says of which dataset");
    free(manifest);
    free(part);
    harness_end(&harness);
}

/* After a loss of power, parts that were not yet listed may be damaged or missing: they are made
 * again, with what follows. */
static void damaged_parts_are_made_again(void **state)
{
    (void)state;
    for (size_t f = 0; f < FORMATS; f++) {
        struct harness expected;
        char name[3][128];
        start(&expected, formats[f], 2);
        expected.settings.rotate_bytes = 10000;
        run_whole(&expected);
        const char *suffix =
            strcmp(formats[f][0], "avro") == 0 || strcmp(formats[f][1], "none") == 0 ? ""
            : strcmp(formats[f][1], "gzip") == 0                                     ? ".gz"
                                                                                     : ".zst";
        for (unsigned i = 0; i < 3; i++)
            snprintf(name[i], sizeof name[i], "cdr.call/date=2025-01-01/part-0000-00000%u.%s%s", i,
                     formats[f][0], suffix);
        for (unsigned damage = 0; damage < 7; damage++) {
            struct harness harness;
            start(&harness, formats[f], 2);
            harness.settings.rotate_bytes = 10000;
            run_killed(&harness, 9000);
            bool text = strcmp(formats[f][1], "none") == 0 && strcmp(formats[f][0], "avro") != 0;
            size_t n = 0;
            free(harness_read(&harness, name[0], &n));
            if (damage == 0)
                drop(&harness, name[0]);
            else if (damage == 1)
                change(&harness, name[1], 0, 0);
            else if (damage == 2)
                change(&harness, name[1], n / 3, 0);
            else if (damage == 3)
                change(&harness, name[1], SIZE_MAX, -1); /* a newline, checksum or marker */
            else if (damage == 4)
                change(&harness, name[1], SIZE_MAX, text ? -1 : 1);
            else if (damage == 5)
                change(&harness, name[0], SIZE_MAX, text ? -1 : (long)n / 2);
            else
                change(&harness, name[2], n / 2, 0);
            harness.settings.resume = true;
            /* Neither plain data nor deflate's have checksums; docs say so. */
            bool unnoticed = damage == 5 && strcmp(formats[f][0], "avro") == 0 &&
                             strcmp(formats[f][1], "zstd") != 0;
            harness_must_open(&harness, "file");
            const char *note = harness.sink->ops->note(harness.sink, 0);
            if (!unnoticed &&
                strstr(note, "it and what follows it in its log is written again") == NULL)
                fail_msg("damage %u of %s %s: %s", damage, formats[f][0], formats[f][1], note);
            must_close(&harness, false);
            if (!unnoticed) {
                run_resumed(&harness);
                expect_same(&harness, &expected);
            }
            harness_end(&harness);
        }
        harness_end(&expected);
    }
}

/* The journal says of the part what it is. */
static void note(const struct harness *harness, const char *name, uint32_t number)
{
    char path[512];
    size_t n = 0;
    char *bytes = harness_read(harness, name, &n);
    struct cdr_part_result file = {.file_bytes = n};
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes, n));
    memcpy(file.checksum, canonical.digest, sizeof file.checksum);
    harness_path(harness, path, ".cdrgen.parts");
    struct cdr_file_journal journal = {.fd = open(path, O_WRONLY | O_APPEND)};
    assert_true(journal.fd >= 0);
    cdr_file_journal_add(&journal, &(struct cdr_file_find){.number = number, .day = HARNESS_DAY},
                         &file);
    cdr_file_journal_close(&journal);
    free(bytes);
}

/* Whole parts of the right size, in the place of others. */
static void parts_that_changed_places_are_made_again(void **state)
{
    (void)state;
    enum { EXCHANGED, COPIED, NO_JOURNAL, TORN_JOURNAL, WAYS };
    for (unsigned way = 0; way < WAYS; way++) {
        struct harness harness, expected;
        char one[512], two[512], aside[512], path[512];
        start(&expected, csv, 2);
        expected.settings.rotate_bytes = 10000;
        run_whole(&expected);
        start(&harness, csv, 2);
        harness.settings.rotate_bytes = 10000;
        run_killed(&harness, 9000);
        harness_path(&harness, one, PART_1 "csv");
        harness_path(&harness, two, PART_2 "csv");
        harness_path(&harness, aside, "aside");
        harness_path(&harness, path, ".cdrgen.parts");
        if (way == EXCHANGED) {
            assert_int_equal(rename(one, aside), 0);
            assert_int_equal(rename(two, one), 0);
            assert_int_equal(rename(aside, two), 0);
        } else if (way == COPIED) {
            assert_int_equal(unlink(two), 0);
            assert_int_equal(link(one, two), 0);
        } else if (way == NO_JOURNAL) {
            assert_int_equal(unlink(path), 0);
        } else {
            assert_int_equal(truncate(path, 100), 0);
        }
        harness.settings.resume = true;
        harness_must_open(&harness, "file");
        const char *said = harness.sink->ops->note(harness.sink, 0);
        if (strstr(said, "it is not the file that the run before finished under that name") == NULL)
            fail_msg("way %u: %s", way, said);
        must_close(&harness, false);
        run_resumed(&harness);
        expect_same(&harness, &expected);
        harness_end(&harness);
        harness_end(&expected);
    }
}

/* A record too many, or a part that ends before its time, would end up in the log. */
static void parts_of_wrong_lengths_are_made_again(void **state)
{
    (void)state;
    for (unsigned longer = 0; longer < 2; longer++) {
        struct harness harness, expected;
        char path[512];
        size_t n = 0, more = 0;
        start(&expected, csv, 2);
        expected.settings.rotate_bytes = 10000;
        run_whole(&expected);
        start(&harness, csv, 2);
        harness.settings.rotate_bytes = 10000;
        run_killed(&harness, 9000);
        char *part = harness_read(&harness, PART_1 "csv", &n);
        char *next = harness_read(&harness, PART_2 "csv", &more);
        harness_path(&harness, path, PART_1 "csv");
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        if (longer) {
            fwrite(part, 1, n, file);
            fputs(next + strlen(HARNESS_HEADER), file);
        } else {
            char *last = part + n - 1;
            *last = '\0';
            *(strrchr(part, '\n') + 1) = '\0';
            fputs(part, file);
        }
        assert_int_equal(fclose(file), 0);
        note(&harness, PART_1 "csv", 1);
        harness.settings.resume = true;
        harness_must_open(&harness, "file");
        assert_non_null(strstr(harness.sink->ops->note(harness.sink, 0),
                               longer ? "it is longer than --rotate-bytes allows"
                                      : "the part before it has not its full size"));
        must_close(&harness, false);
        run_resumed(&harness);
        expect_same(&harness, &expected);
        free(part);
        free(next);
        harness_end(&harness);
        harness_end(&expected);
    }
}

static void shards_resume_side_by_side(void **state)
{
    (void)state;
    struct harness whole, shards[2], expected;
    start(&expected, csv, 2);
    expected.setup.shard_count = 2;
    for (unsigned i = 0; i < 2; i++) {
        expected.setup.shard_index = i;
        run_whole(&expected);
        start(&shards[i], csv, 2);
        shards[i].settings.out = shards[0].out;
        shards[i].setup.shard_count = 2;
        shards[i].setup.shard_index = i;
        run_killed(&shards[i], 1500 + 600 * i);
        shards[i].settings.resume = true;
    }
    harness_must_open(&shards[1], "file");
    harness_must_open(&shards[0], "file");
    fill(&shards[0], UINT32_MAX);
    fill(&shards[1], UINT32_MAX);
    must_close(&shards[0], true);
    must_close(&shards[1], true);
    expect_same(&shards[0], &expected);
    /* Not as one, nor in three. */
    start(&whole, csv, 2);
    whole.settings.out = shards[0].out;
    whole.settings.resume = true;
    struct cdr_error error = {{0}};
    assert_int_equal(harness_open(&whole, "file", &error), CDR_E_STATE);
    assert_non_null(strstr(error.text, "-of-2.json, which is none of the files"));
    harness_end(&whole);
    for (unsigned i = 0; i < 2; i++)
        harness_end(&shards[i]);
    harness_end(&expected);
}

/* Two writers of one folder would spoil it. */
static void a_folder_in_use_is_refused(void **state)
{
    (void)state;
    static const char words[] = "manifest.json: wait for its end, or stop it";
    struct harness first, second;
    start(&first, csv, 2);
    start(&second, csv, 2);
    second.settings.out = first.out;
    harness_must_open(&first, "file");
    fill(&first, 600);
    expect_refusal(&second, words);
    struct cdr_error error = {{0}};
    second.settings.resume = false;
    second.settings.overwrite = true;
    assert_int_equal(harness_open(&second, "file", &error), CDR_E_STATE);
    assert_non_null(strstr(error.text, words));
    must_close(&first, false);
    second.settings.overwrite = false;
    second.settings.resume = true;
    harness_must_open(&second, "file");
    expect_refusal(&first, words);
    must_close(&second, false);
    harness_end(&second);
    harness_end(&first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_and_interrupted_runs_are_completed),
        cmocka_unit_test(resumes_are_resumed),
        cmocka_unit_test(starts_are_behind_the_parts_that_stay),
        cmocka_unit_test(nothing_there_is_a_beginning),
        cmocka_unit_test(a_complete_dataset_is_left_alone),
        cmocka_unit_test(days_are_added),
        cmocka_unit_test(a_run_without_end_goes_on),
        cmocka_unit_test(other_settings_are_refused),
        cmocka_unit_test(changed_folders_are_refused),
        cmocka_unit_test(damaged_parts_are_made_again),
        cmocka_unit_test(parts_that_changed_places_are_made_again),
        cmocka_unit_test(parts_of_wrong_lengths_are_made_again),
        cmocka_unit_test(shards_resume_side_by_side),
        cmocka_unit_test(a_folder_in_use_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
