/* The file sink: what its files hold, where they end, and that neither slabs nor threads can be
 * seen in them. */
#include "sink_harness.h"

#include <jansson.h>
#include <pthread.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#define CALL_0 0u /* log numbers: topic × partitions + partition */
#define SMS_2 (1 * HARNESS_PARTITIONS + 2)
#define DATA_1 (2 * HARNESS_PARTITIONS + 1)

static const char *const formats[] = {"csv", "json", "avro"};
static const char *const compressions[] = {"none", "gzip", "zstd"};

/* The text of records [from, to) as they lie in a slab. */
static char *records_text(const struct harness *harness, uint32_t log, uint64_t from, uint64_t to,
                          size_t *n)
{
    char *text = malloc((to - from) * HARNESS_RECORD_MAX + 1);
    assert_non_null(text);
    *n = 0;
    for (uint64_t position = from; position < to; position++)
        *n += harness_record(&harness->encoder, (uint8_t *)text + *n, log, position);
    text[*n] = '\0';
    return text;
}

/* One past the last record of a part that starts at from and may not go past to. */
static uint64_t expected_part_end(const struct harness *harness, uint32_t log, uint64_t from,
                                  uint64_t to)
{
    uint8_t record[HARNESS_RECORD_MAX];
    uint64_t bytes = 0;
    while (from < to && bytes < harness->settings.rotate_bytes)
        bytes += harness_record(&harness->encoder, record, log, from++);
    return from;
}

static void expect_plain_part(const struct harness *harness, const char *name, uint32_t log,
                              uint64_t from, uint64_t to)
{
    size_t n = 0, expected_n = 0, header = strlen(HARNESS_HEADER);
    char *bytes = harness_read(harness, name, &n);
    if (bytes == NULL)
        fail_msg("%s is missing", name);
    char *expected = records_text(harness, log, from, to, &expected_n);
    assert_int_equal(n, header + expected_n);
    assert_memory_equal(bytes, HARNESS_HEADER, header);
    assert_memory_equal(bytes + header, expected, expected_n);
    free(expected);
    free(bytes);
}

static void parts_end_at_the_record_that_passes_the_limit(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness, "csv");
    harness.settings.rotate_bytes = 5000;
    harness_must_open(&harness, "file");
    for (unsigned i = 0; i < 7; i++)
        harness_must_write(&harness, 0, CALL_0, HARNESS_DAY, 301, 301);
    harness_must_write(&harness, 1, DATA_1, HARNESS_DAY, 10, 10);
    assert_int_equal(harness_close(&harness, true, NULL), CDR_OK);

    uint64_t from = 0, total = 7 * 301;
    unsigned parts = 0;
    for (; from < total; parts++) {
        char name[128];
        uint64_t to = expected_part_end(&harness, CALL_0, from, total);
        snprintf(name, sizeof name, "cdr.call/date=2025-01-01/part-0000-%06u.csv", parts);
        expect_plain_part(&harness, name, CALL_0, from, to);
        from = to;
    }
    assert_true(parts > 10);
    expect_plain_part(&harness, "cdr.data/date=2025-01-01/part-0001-000000.csv", DATA_1, 0, 10);
    char *list = harness_list(&harness);
    unsigned files = 0;
    for (const char *at = list; *at != '\0'; at++)
        files += *at == '\n';
    assert_int_equal(files, parts + 2); /* and the manifest */
    free(list);
    harness_end(&harness);
}

static void a_limit_of_one_byte_gives_a_part_a_record(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness, "csv");
    harness.settings.rotate_bytes = 1;
    harness_must_open(&harness, "file");
    harness_must_write(&harness, 0, CALL_0, HARNESS_DAY, 3, 3);
    assert_int_equal(harness_close(&harness, true, NULL), CDR_OK);
    expect_plain_part(&harness, "cdr.call/date=2025-01-01/part-0000-000000.csv", CALL_0, 0, 1);
    expect_plain_part(&harness, "cdr.call/date=2025-01-01/part-0000-000001.csv", CALL_0, 1, 2);
    expect_plain_part(&harness, "cdr.call/date=2025-01-01/part-0000-000002.csv", CALL_0, 2, 3);
    assert_false(harness_exists(&harness, "cdr.call/date=2025-01-01/part-0000-000003.csv"));
    harness_end(&harness);
}

static void the_greatest_limit_never_ends_a_part(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness, "csv");
    harness.settings.rotate_bytes = UINT64_MAX;
    harness_must_open(&harness, "file");
    for (unsigned i = 0; i < 3; i++)
        harness_must_write(&harness, 0, CALL_0, HARNESS_DAY, 1000, 999);
    assert_int_equal(harness_close(&harness, true, NULL), CDR_OK);
    expect_plain_part(&harness, "cdr.call/date=2025-01-01/part-0000-000000.csv", CALL_0, 0, 3000);
    harness_end(&harness);
}

/* Numbers count over days; the log goes on where it was. */
static void a_new_day_starts_a_part_in_its_folder(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness, "csv");
    harness_must_open(&harness, "file");
    harness_must_write(&harness, 0, SMS_2, HARNESS_DAY - 1, 100, 100);
    harness_must_write(&harness, 0, SMS_2, HARNESS_DAY, 200, 50);
    harness_must_write(&harness, 1, SMS_2, HARNESS_DAY, 1, 1);
    harness_must_write(&harness, 0, SMS_2, HARNESS_DAY + 58, 5, 5);
    assert_int_equal(harness_close(&harness, true, NULL), CDR_OK);
    expect_plain_part(&harness, "cdr.sms/date=2024-12-31/part-0002-000000.csv", SMS_2, 0, 100);
    expect_plain_part(&harness, "cdr.sms/date=2025-01-01/part-0002-000001.csv", SMS_2, 100, 301);
    expect_plain_part(&harness, "cdr.sms/date=2025-02-28/part-0002-000002.csv", SMS_2, 301, 306);
    harness_end(&harness);
}

/* Names and bytes of everything below out. */
static XXH128_hash_t folder_hash(const struct harness *harness)
{
    XXH3_state_t *hash = XXH3_createState();
    char *list = harness_list(harness), *saved = NULL;
    XXH3_128bits_reset(hash);
    for (char *name = strtok_r(list, "\n", &saved); name != NULL;
         name = strtok_r(NULL, "\n", &saved)) {
        size_t n = 0;
        char *bytes = harness_read(harness, name, &n);
        assert_non_null(bytes);
        XXH3_128bits_update(hash, name, strlen(name) + 1);
        XXH3_128bits_update(hash, bytes, n);
        free(bytes);
    }
    XXH128_hash_t result = XXH3_128bits_digest(hash);
    XXH3_freeState(hash);
    free(list);
    return result;
}

/* Writes the same logs, cut into slabs of one size and handed over in steps. */
static XXH128_hash_t hash_of_cut(const char *format, const char *compress, uint32_t slab,
                                 uint32_t step)
{
    static const uint32_t logs[] = {CALL_0, SMS_2, DATA_1};
    static const uint32_t records_of_day[] = {4001, 0, 3333, 1};
    struct harness harness;
    harness_start(&harness, format);
    harness.settings.compress = (char *)(uintptr_t)compress;
    harness.settings.rotate_bytes = 100000;
    harness_must_open(&harness, "file");
    for (uint32_t day = 0; day < 4; day++)
        for (size_t i = 0; i < 3; i++)
            for (uint32_t left = records_of_day[day]; left > 0;) {
                uint32_t records = left < slab ? left : slab;
                harness_must_write(&harness, left % 2, logs[i], HARNESS_DAY + (int32_t)day, records,
                                   step);
                left -= records;
            }
    assert_int_equal(harness_close(&harness, true, NULL), CDR_OK);
    XXH128_hash_t hash = folder_hash(&harness);
    harness_end(&harness);
    return hash;
}

static void files_do_not_depend_on_slabs(void **state)
{
    (void)state;
    static const uint32_t cuts[][2] = {{1024, 1024}, {1, 1}, {100, 7}, {1000, 999}, {313, 313}};
    for (size_t f = 0; f < 3; f++)
        for (size_t c = 0; c < 3; c++) {
            XXH128_hash_t first = hash_of_cut(formats[f], compressions[c], cuts[0][0], cuts[0][1]);
            for (size_t i = 1; i < sizeof cuts / sizeof cuts[0]; i++) {
                XXH128_hash_t other =
                    hash_of_cut(formats[f], compressions[c], cuts[i][0], cuts[i][1]);
                if (!XXH128_isEqual(first, other))
                    fail_msg("%s, %s: slabs of %u in steps of %u give other files", formats[f],
                             compressions[c], cuts[i][0], cuts[i][1]);
            }
        }
}

static void compressed_parts_read_back_as_the_plain_ones(void **state)
{
    (void)state;
    for (size_t f = 0; f < 2; f++)
        for (size_t c = 1; c < 3; c++) {
            struct harness harness;
            char name[128];
            size_t n = 0, text_n = 0, expected_n = 0;
            harness_start(&harness, formats[f]);
            harness.settings.compress = (char *)(uintptr_t)compressions[c];
            harness_must_open(&harness, "file");
            for (unsigned i = 0; i < 9; i++)
                harness_must_write(&harness, 0, CALL_0, HARNESS_DAY, 1000, 1000);
            assert_int_equal(harness_close(&harness, true, NULL), CDR_OK);
            snprintf(name, sizeof name, "cdr.call/date=2025-01-01/part-0000-000000.%s.%s",
                     formats[f], c == 1 ? "gz" : "zst");
            char *bytes = harness_read(&harness, name, &n);
            assert_non_null(bytes);
            uint8_t *text =
                harness_decompress(c == 1 ? HARNESS_GZIP : HARNESS_ZSTD, bytes, n, &text_n);
            size_t header = f == 0 ? strlen(HARNESS_HEADER) : 0;
            char *expected = records_text(&harness, CALL_0, 0, 9000, &expected_n);
            assert_int_equal(text_n, header + expected_n);
            assert_memory_equal(text, HARNESS_HEADER, header);
            assert_memory_equal(text + header, expected, expected_n);
            free(expected);
            free(text);
            free(bytes);
            harness_end(&harness);
        }
}

/* An Avro file taken apart by the specification, with none of the sink's code. */
struct reader {
    const uint8_t *next, *end;
};

static uint64_t read_long(struct reader *reader)
{
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        assert_true(reader->next < reader->end && shift < 64);
        uint8_t byte = *reader->next++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            break;
    }
    assert_int_equal(value & 1, 0);
    return value >> 1;
}

static void expect_text(struct reader *reader, const char *expected)
{
    uint64_t length = read_long(reader);
    assert_int_equal(length, strlen(expected));
    assert_true(length <= (uint64_t)(reader->end - reader->next));
    assert_memory_equal(reader->next, expected, length);
    reader->next += length;
}

/* Checks head and markers; returns all blocks' data in a row. */
static uint8_t *read_container(const char *bytes, size_t n, const char *codec, uint64_t *records,
                               size_t *data_n)
{
    struct reader reader = {(const uint8_t *)bytes, (const uint8_t *)bytes + n};
    uint8_t *data = malloc(64 * n);
    *records = 0;
    *data_n = 0;
    assert_memory_equal(bytes, "Obj\x01", 4);
    reader.next += 4;
    assert_int_equal(read_long(&reader), 2);
    expect_text(&reader, "avro.schema");
    expect_text(&reader, harness_schema);
    expect_text(&reader, "avro.codec");
    expect_text(&reader, codec);
    assert_int_equal(read_long(&reader), 0);
    const uint8_t *sync = reader.next;
    reader.next += 16;
    while (reader.next < reader.end) {
        uint64_t count = read_long(&reader), size = read_long(&reader);
        size_t block_n = size;
        uint8_t *block = NULL;
        assert_true(size + 16 <= (uint64_t)(reader.end - reader.next));
        if (strcmp(codec, "null") != 0)
            block =
                harness_decompress(strcmp(codec, "deflate") == 0 ? HARNESS_DEFLATE : HARNESS_ZSTD,
                                   reader.next, size, &block_n);
        memcpy(data + *data_n, block != NULL ? block : reader.next, block_n);
        reader.next += size;
        assert_memory_equal(reader.next, sync, 16);
        reader.next += 16;
        /* All blocks but the last are as full as can be. */
        if (reader.next < reader.end)
            assert_in_range(block_n, 65536, 65536 + HARNESS_RECORD_MAX);
        assert_true(count > 0);
        *records += count;
        *data_n += block_n;
        free(block);
    }
    return data;
}

static void avro_parts_are_object_container_files(void **state)
{
    (void)state;
    static const char *const codecs[] = {"null", "deflate", "zstandard"};
    for (size_t c = 0; c < 3; c++) {
        struct harness harness;
        size_t n = 0, data_n = 0, expected_n = 0;
        uint64_t records = 0;
        harness_start(&harness, "avro");
        harness.settings.compress = (char *)(uintptr_t)compressions[c];
        harness_must_open(&harness, "file");
        for (unsigned i = 0; i < 9; i++)
            harness_must_write(&harness, 0, CALL_0, HARNESS_DAY, 1000, 600);
        assert_int_equal(harness_close(&harness, true, NULL), CDR_OK);
        char *bytes = harness_read(&harness, "cdr.call/date=2025-01-01/part-0000-000000.avro", &n);
        assert_non_null(bytes);
        uint8_t *data = read_container(bytes, n, codecs[c], &records, &data_n);
        char *expected = records_text(&harness, CALL_0, 0, 9000, &expected_n);
        assert_int_equal(records, 9000);
        assert_int_equal(data_n, expected_n);
        assert_memory_equal(data, expected, expected_n);
        free(expected);
        free(data);
        free(bytes);
        harness_end(&harness);
    }
}

static void frames_are_left_out_of_avro_files(void **state)
{
    (void)state;
    struct harness harness;
    size_t n[2] = {0};
    char *bytes[2];
    for (unsigned framed = 0; framed < 2; framed++) {
        harness_start(&harness, "avro");
        harness.encoder.frame_len = framed != 0 ? HARNESS_FRAME : 0;
        harness.encoder.record_bytes_max += harness.encoder.frame_len;
        harness_must_open(&harness, "file");
        for (unsigned i = 0; i < 5; i++)
            harness_must_write(&harness, 0, CALL_0, HARNESS_DAY, 800, 333);
        assert_int_equal(harness_close(&harness, true, NULL), CDR_OK);
        bytes[framed] =
            harness_read(&harness, "cdr.call/date=2025-01-01/part-0000-000000.avro", &n[framed]);
        assert_non_null(bytes[framed]);
        harness_end(&harness);
    }
    assert_int_equal(n[0], n[1]);
    assert_memory_equal(bytes[0], bytes[1], n[0]);
    free(bytes[0]);
    free(bytes[1]);
}

static void progress_tells_accepted_from_durable(void **state)
{
    (void)state;
    struct harness harness;
    struct cdr_log_progress progress[CDR_TYPE_COUNT * HARNESS_PARTITIONS];
    size_t n = 0;
    harness_start(&harness, "csv");
    harness.settings.rotate_bytes = 5000;
    harness_must_open(&harness, "file");
    harness_must_write(&harness, 0, DATA_1, HARNESS_DAY, 500, 500);
    harness.sink->ops->progress(harness.sink, progress);
    uint64_t durable = 0;
    for (uint64_t to; (to = expected_part_end(&harness, DATA_1, durable, 501)) < 501;)
        durable = to;
    assert_true(durable > 0);
    assert_int_equal(progress[DATA_1].accepted, 500);
    assert_int_equal(progress[DATA_1].durable, durable);
    free(records_text(&harness, DATA_1, 0, 500, &n));
    assert_int_equal(progress[DATA_1].bytes, n - 500);
    assert_int_equal(progress[CALL_0].accepted, 0);

    assert_int_equal(harness.sink->ops->flush(harness.sink, 1000, NULL), CDR_OK);
    harness.sink->ops->progress(harness.sink, progress);
    assert_int_equal(progress[DATA_1].durable, 500);
    /* More after a flush goes into a new part. */
    harness_must_write(&harness, 0, DATA_1, HARNESS_DAY, 2, 2);
    assert_int_equal(harness.sink->ops->flush(harness.sink, -1, NULL), CDR_OK);
    harness.sink->ops->progress(harness.sink, progress);
    assert_int_equal(progress[DATA_1].durable, 502);
    assert_int_equal(harness_close(&harness, true, NULL), CDR_OK);
    harness_end(&harness);
}

static void a_flush_without_time_asks_for_more(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness, "csv");
    harness_must_open(&harness, "file");
    harness_must_write(&harness, 0, CALL_0, HARNESS_DAY, 2, 2);
    assert_int_equal(harness.sink->ops->flush(harness.sink, 0, NULL), CDR_E_AGAIN);
    assert_int_equal(harness.sink->ops->flush(harness.sink, 10000, NULL), CDR_OK);
    assert_int_equal(harness.sink->ops->flush(harness.sink, 0, NULL), CDR_OK);
    assert_int_equal(harness_close(&harness, true, NULL), CDR_OK);
    harness_end(&harness);
}

static json_t *read_manifest(const struct harness *harness, const char *name)
{
    char path[512];
    json_error_t error;
    harness_path(harness, path, name);
    json_t *manifest = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (manifest == NULL)
        fail_msg("%s: %s", path, error.text);
    return manifest;
}

static uint64_t integer_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    assert_true(json_is_integer(value));
    return (uint64_t)json_integer_value(value);
}

/* The part's file is what the manifest says. Returns its records. */
static uint64_t check_manifest_part(const struct harness *harness, const json_t *part,
                                    uint64_t position)
{
    size_t n = 0;
    XXH128_canonical_t canonical;
    char text[33];
    char *bytes = harness_read(harness, json_string_value(json_object_get(part, "path")), &n);
    assert_non_null(bytes);
    assert_int_equal(integer_of(part, "file_bytes"), n);
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes, n));
    for (unsigned i = 0; i < 16; i++)
        snprintf(text + 2 * i, 3, "%02x", (unsigned)canonical.digest[i]);
    assert_string_equal(json_string_value(json_object_get(part, "xxh128")), text);
    assert_int_equal(integer_of(part, "first_record"), position);
    free(bytes);
    return integer_of(part, "records");
}

static void the_manifest_says_what_is_there(void **state)
{
    (void)state;
    struct harness harness;
    size_t text_n = 0;
    harness_start(&harness, "csv");
    harness.settings.compress = (char *)(uintptr_t) "zstd";
    harness.settings.rotate_bytes = 20000;
    harness_must_open(&harness, "file");
    harness.next[SMS_2] = 1000; /* a log need not start at its beginning */
    harness_must_write(&harness, 0, SMS_2, HARNESS_DAY, 1000, 1000);
    harness_must_write(&harness, 0, SMS_2, HARNESS_DAY + 1, 1000, 1000);
    assert_int_equal(harness_close(&harness, true, NULL), CDR_OK);

    json_t *manifest = read_manifest(&harness, "manifest.json");
    assert_string_equal(json_string_value(json_object_get(manifest, "dataset_id")),
                        HARNESS_DATASET);
    assert_string_equal(json_string_value(json_object_get(manifest, "format")), "csv");
    assert_string_equal(json_string_value(json_object_get(manifest, "compress")), "zstd");
    assert_int_equal(integer_of(manifest, "rotate_bytes"), 20000);
    assert_int_equal(integer_of(manifest, "partitions"), HARNESS_PARTITIONS);
    assert_true(json_is_true(json_object_get(manifest, "complete")));
    assert_true(json_is_null(json_object_get(manifest, "shard")));
    json_t *topics = json_object_get(manifest, "topics");
    assert_int_equal(json_object_size(topics), 3);
    assert_int_equal(integer_of(json_object_get(topics, "cdr.call"), "records"), 0);
    json_t *topic = json_object_get(topics, "cdr.sms");
    free(records_text(&harness, SMS_2, 1000, 3000, &text_n));
    assert_int_equal(integer_of(topic, "records"), 2000);
    assert_int_equal(integer_of(topic, "bytes"), text_n - 2000);
    json_t *partitions = json_object_get(topic, "partitions");
    assert_int_equal(json_array_size(partitions), HARNESS_PARTITIONS);
    json_t *partition = json_array_get(partitions, 2);
    assert_int_equal(integer_of(partition, "partition"), 2);
    assert_int_equal(integer_of(partition, "records"), 2000);
    uint64_t position = 1000;
    size_t i;
    json_t *part;
    json_array_foreach(json_object_get(partition, "parts"), i, part) position +=
        check_manifest_part(&harness, part, position);
    assert_int_equal(position, 3000);
    assert_true(i >= 4);
    json_decref(manifest);
    harness_end(&harness);
}

static void an_interrupted_run_leaves_whole_parts_and_says_so(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness, "csv");
    harness_must_open(&harness, "file");
    harness_must_write(&harness, 0, CALL_0, HARNESS_DAY, 20, 20);
    assert_int_equal(harness_close(&harness, false, NULL), CDR_OK);
    expect_plain_part(&harness, "cdr.call/date=2025-01-01/part-0000-000000.csv", CALL_0, 0, 20);
    json_t *manifest = read_manifest(&harness, "manifest.json");
    assert_true(json_is_false(json_object_get(manifest, "complete")));
    assert_int_equal(
        integer_of(json_object_get(json_object_get(manifest, "topics"), "cdr.call"), "records"),
        20);
    json_decref(manifest);
    char *list = harness_list(&harness);
    assert_string_equal(list, "cdr.call/date=2025-01-01/part-0000-000000.csv\nmanifest.json\n");
    free(list);
    harness_end(&harness);
}

static void a_run_that_wrote_nothing_leaves_nothing(void **state)
{
    (void)state;
    struct harness harness;
    harness_start(&harness, "csv");
    snprintf(harness.out, sizeof harness.out, "%s/a//b/c/", harness.folder);
    harness_must_open(&harness, "file");
    assert_true(harness_exists(&harness, "cdr.call"));
    assert_int_equal(harness_close(&harness, false, NULL), CDR_OK);
    struct stat status;
    snprintf(harness.out, sizeof harness.out, "%s/a", harness.folder);
    assert_int_equal(stat(harness.out, &status), -1);
    assert_int_equal(stat(harness.folder, &status), 0);
    harness_end(&harness);
}

/* Two threads, each with logs of its own, on the same topic and day. */
struct writer {
    struct harness *harness;
    unsigned worker;
};

static void *write_logs(void *argument)
{
    const struct writer *writer = argument;
    for (unsigned round = 0; round < 60; round++)
        for (uint32_t log = writer->worker; log < CDR_TYPE_COUNT * HARNESS_PARTITIONS; log += 2) {
            struct cdr_error error;
            int32_t day = HARNESS_DAY + (int32_t)(round / 20);
            if (harness_write(writer->harness, writer->worker, log, day, 100, 100, &error) !=
                CDR_OK)
                return (void *)(uintptr_t)1;
        }
    return NULL;
}

static XXH128_hash_t hash_of_threads(const char *format, const char *compress, bool threads)
{
    struct harness harness;
    pthread_t ids[2];
    void *failed[2] = {NULL, NULL};
    harness_start(&harness, format);
    harness.settings.compress = (char *)(uintptr_t)compress;
    harness.settings.rotate_bytes = 30000;
    harness_must_open(&harness, "file");
    struct writer writers[2] = {{&harness, 0}, {&harness, 1}};
    for (unsigned i = 0; i < 2; i++) {
        if (threads)
            assert_int_equal(pthread_create(&ids[i], NULL, write_logs, &writers[i]), 0);
        else
            failed[i] = write_logs(&writers[i]);
    }
    struct cdr_log_progress progress[CDR_TYPE_COUNT * HARNESS_PARTITIONS];
    for (unsigned look = 0; look < 100; look++) {
        harness.sink->ops->progress(harness.sink, progress);
        for (uint32_t log = 0; log < CDR_TYPE_COUNT * HARNESS_PARTITIONS; log++)
            assert_true(progress[log].durable <= progress[log].accepted);
    }
    for (unsigned i = 0; i < 2 && threads; i++)
        assert_int_equal(pthread_join(ids[i], &failed[i]), 0);
    assert_null(failed[0]);
    assert_null(failed[1]);
    assert_int_equal(harness_close(&harness, true, NULL), CDR_OK);
    XXH128_hash_t hash = folder_hash(&harness);
    harness_end(&harness);
    return hash;
}

static void threads_write_what_one_writes(void **state)
{
    (void)state;
    for (size_t f = 0; f < 3; f++)
        for (size_t c = 0; c < 3; c++)
            assert_true(XXH128_isEqual(hash_of_threads(formats[f], compressions[c], false),
                                       hash_of_threads(formats[f], compressions[c], true)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_end_at_the_record_that_passes_the_limit),
        cmocka_unit_test(a_limit_of_one_byte_gives_a_part_a_record),
        cmocka_unit_test(the_greatest_limit_never_ends_a_part),
        cmocka_unit_test(a_new_day_starts_a_part_in_its_folder),
        cmocka_unit_test(files_do_not_depend_on_slabs),
        cmocka_unit_test(compressed_parts_read_back_as_the_plain_ones),
        cmocka_unit_test(avro_parts_are_object_container_files),
        cmocka_unit_test(frames_are_left_out_of_avro_files),
        cmocka_unit_test(progress_tells_accepted_from_durable),
        cmocka_unit_test(a_flush_without_time_asks_for_more),
        cmocka_unit_test(the_manifest_says_what_is_there),
        cmocka_unit_test(an_interrupted_run_leaves_whole_parts_and_says_so),
        cmocka_unit_test(a_run_that_wrote_nothing_leaves_nothing),
        cmocka_unit_test(threads_write_what_one_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
