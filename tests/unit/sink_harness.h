/* What the tests of the sinks share: an encoder made by hand, slabs of its records, a folder of
 * their own.
 *
 * Record p of log l is a pure function of (l, p): a CSV line, a JSON line, or an Avro datum of the
 * schema below, of 20 to about 80 bytes, so that tests can say what any file must hold.
 */
#ifndef CDR_TESTS_SINK_HARNESS_H
#define CDR_TESTS_SINK_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash.h"
#include "sink/sink.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#define HARNESS_PARTITIONS 3u
#define HARNESS_RECORD_MAX 120u
#define HARNESS_FRAME 5u
#define HARNESS_DATASET "00112233445566778899aabbccddeeff"
#define HARNESS_HEADER "log;position;padding\n"
#define HARNESS_DAY 20089 /* 2025-01-01 */

/* With doc and logicalType, which must survive. */
static const char harness_schema[] = "{\"type\": \"record\", \"name\": \"line\", \"doc\": \"made "
                                     "by \\u0022hand\\u0022\", \"fields\": [\n"
                                     "  {\"name\": \"log\", \"type\": \"long\"},\n"
                                     "  {\"name\": \"position\", \"type\": {\"type\": \"long\", "
                                     "\"logicalType\": \"timestamp-millis\"}},\n"
                                     "  {\"name\": \"padding\", \"type\": \"string\"}]}";

static inline uint32_t harness_padding(char text[64], uint32_t log, uint64_t position)
{
    uint64_t draw = cdr_mix(position * 16 + log + 1);
    uint32_t length = 4 + (uint32_t)(draw % 50);
    for (uint32_t i = 0; i < length; i++)
        text[i] = (char)('a' + (draw >> (i % 50)) % 26);
    text[length] = '\0';
    return length;
}

static inline uint32_t harness_long(uint8_t *out, uint64_t value)
{
    uint32_t n = 0;
    for (value <<= 1; value >= 0x80; value >>= 7)
        out[n++] = (uint8_t)(value | 0x80);
    out[n++] = (uint8_t)value;
    return n;
}

/* Writes frame, payload and trailer; returns their length. */
static inline uint32_t harness_record(const struct cdr_encoder *encoder, uint8_t *out, uint32_t log,
                                      uint64_t position)
{
    char padding[64];
    uint32_t length = harness_padding(padding, log, position), n = encoder->frame_len;
    memset(out, 0xee, n);
    if (strcmp(encoder->ops->name, "avro") == 0) {
        n += harness_long(out + n, log);
        n += harness_long(out + n, position);
        n += harness_long(out + n, length);
        memcpy(out + n, padding, length);
        return n + length;
    }
    const char *format = strcmp(encoder->ops->name, "csv") == 0 ? "%" PRIu32 ";%" PRIu64 ";%s\n"
                                                                : "{\"log\":%" PRIu32
                                                                  ",\"position\":%" PRIu64
                                                                  ",\"padding\":\"%s\"}\n";
    return n +
           (uint32_t)snprintf((char *)out + n, HARNESS_RECORD_MAX, format, log, position, padding);
}

static inline size_t harness_encode(const struct cdr_encoder *encoder,
                                    const struct cdr_block *block, uint8_t *bytes, uint32_t *ends)
{
    (void)encoder;
    (void)block;
    (void)bytes;
    (void)ends;
    fail_msg("sinks do not encode");
    return 0;
}

static inline const char *harness_csv_header(const struct cdr_encoder *encoder)
{
    (void)encoder;
    return HARNESS_HEADER;
}

static inline const char *harness_no_header(const struct cdr_encoder *encoder)
{
    (void)encoder;
    return "";
}

static const struct cdr_encoder_ops harness_ops[] = {
    {.name = "csv",
     .file_extension = "csv",
     .encode = harness_encode,
     .file_header = harness_csv_header},
    {.name = "json",
     .file_extension = "json",
     .encode = harness_encode,
     .file_header = harness_no_header},
    {.name = "avro",
     .traits = CDR_FORMAT_FRAMED | CDR_FORMAT_CONTAINER | CDR_FORMAT_BINARY,
     .file_extension = "avro",
     .encode = harness_encode,
     .file_header = harness_no_header},
};

/* A sink under test with all that its set-up points to. */
struct harness {
    struct cdr_encoder encoder;
    struct cdr_topic items[CDR_TYPE_COUNT];
    struct cdr_topics topics;
    struct cdr_sink_setup setup;
    struct cdr_sink_settings settings;
    struct cdr_sink *sink;
    char folder[64]; /* of this test alone, removed at its end */
    char out[256];
    uint64_t next[CDR_TYPE_COUNT * HARNESS_PARTITIONS]; /* position of each log's next record */
};

static inline void harness_start(struct harness *harness, const char *format)
{
    memset(harness, 0, sizeof *harness);
    for (size_t i = 0; i < sizeof harness_ops / sizeof harness_ops[0]; i++)
        if (strcmp(harness_ops[i].name, format) == 0)
            harness->encoder.ops = &harness_ops[i];
    assert_non_null(harness->encoder.ops);
    harness->encoder.record_bytes_max = HARNESS_RECORD_MAX;
    harness->encoder.trailer_len = strcmp(format, "avro") == 0 ? 0 : 1;
    static const char *const names[CDR_TYPE_COUNT] = {"cdr.call", "cdr.sms", "cdr.data"};
    for (unsigned type = 0; type < CDR_TYPE_COUNT; type++) {
        struct cdr_topic *topic = &harness->items[type];
        snprintf(topic->name, sizeof topic->name, "%s", names[type]);
        topic->encoder = &harness->encoder;
        topic->builtin_schema = harness_schema;
    }
    harness->topics = (struct cdr_topics){.n = CDR_TYPE_COUNT, .items = harness->items};
    harness->setup.topics = &harness->topics;
    harness->setup.partitions = HARNESS_PARTITIONS;
    harness->setup.shard_count = 1;
    harness->setup.dataset_id = HARNESS_DATASET;
    harness->setup.workers = 2;
    harness->setup.slab_bytes = 1024 * HARNESS_RECORD_MAX;
    harness->setup.slab_records = 1024;
    /* Memory rather than a disk where there is a choice: each part is synced, and there are
     * thousands. */
    const char *base = getenv("TMPDIR");
    if (base == NULL)
        base = access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(harness->folder, sizeof harness->folder, "%.40s/cdrgen-XXXXXX", base);
    assert_non_null(mkdtemp(harness->folder));
    snprintf(harness->out, sizeof harness->out, "%s/out", harness->folder);
    harness->settings.out = harness->out;
    harness->settings.rotate_bytes = 1000000;
    harness->settings.compress = (char *)(uintptr_t) "none";
}

static inline void harness_join(char joined[1024], const char *path, const char *name)
{
    int length = snprintf(joined, 1024, "%s%s%s", path, path[0] != '\0' ? "/" : "", name);
    assert_in_range(length, 1, 1023);
}

static inline void harness_remove(const char *path)
{
    DIR *listing = opendir(path);
    if (listing == NULL) {
        unlink(path);
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(listing)) != NULL) {
        char inner[1024];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        harness_join(inner, path, entry->d_name);
        struct stat status;
        if (lstat(inner, &status) == 0 && S_ISDIR(status.st_mode))
            harness_remove(inner);
        else
            unlink(inner);
    }
    closedir(listing);
    rmdir(path);
}

static inline void harness_end(struct harness *harness)
{
    if (harness->sink != NULL)
        harness->sink->ops->close(harness->sink, false, NULL);
    harness_remove(harness->folder);
}

/* Positions of a run that goes on begin where the sink says that its logs do. */
static inline enum cdr_result harness_open(struct harness *harness, const char *sink,
                                           struct cdr_error *error)
{
    const struct cdr_sink_ops *ops = cdr_sink_find(sink);
    memset(harness->next, 0, sizeof harness->next);
    enum cdr_result result = ops->open(&harness->sink, &harness->settings, &harness->setup, error);
    if (result == CDR_OK && harness->settings.resume)
        ops->starts(harness->sink, harness->next);
    return result;
}

static inline void harness_must_open(struct harness *harness, const char *sink)
{
    struct cdr_error error = {{0}};
    if (harness_open(harness, sink, &error) != CDR_OK)
        fail_msg("open: %s", error.text);
}

static inline enum cdr_result harness_close(struct harness *harness, bool complete,
                                            struct cdr_error *error)
{
    enum cdr_result result = harness->sink->ops->close(harness->sink, complete, error);
    harness->sink = NULL;
    return result;
}

/* Fills a slab with the log's next records and writes it in steps of so many records. */
static inline enum cdr_result harness_write(struct harness *harness, unsigned worker, uint32_t log,
                                            int32_t day, uint32_t records, uint32_t step,
                                            struct cdr_error *error)
{
    const struct cdr_sink_ops *ops = harness->sink->ops;
    struct cdr_slab *slab = NULL;
    enum cdr_result result = ops->take_slab(harness->sink, worker, &slab, error);
    if (result != CDR_OK)
        return result;
    assert_true(records <= slab->records_max);
    uint32_t end = 0;
    for (uint32_t i = 0; i < records; i++) {
        assert_true(end + HARNESS_RECORD_MAX <= slab->bytes_max);
        end += harness_record(&harness->encoder, slab->bytes + end, log, harness->next[log] + i);
        slab->ends[i] = end;
    }
    slab->n = records;
    slab->log = log;
    slab->day = day;
    slab->position = harness->next[log];
    uint32_t taken = 0;
    while (taken < records && result == CDR_OK) {
        uint32_t until = records - taken < step ? records : taken + step;
        result = ops->write(harness->sink, worker, slab, until, &taken, error);
        if (result == CDR_OK)
            assert_int_equal(taken, until);
    }
    harness->next[log] += taken;
    ops->give_slab(harness->sink, worker, slab);
    return result;
}

static inline void harness_must_write(struct harness *harness, unsigned worker, uint32_t log,
                                      int32_t day, uint32_t records, uint32_t step)
{
    struct cdr_error error = {{0}};
    if (harness_write(harness, worker, log, day, records, step, &error) != CDR_OK)
        fail_msg("write: %s", error.text);
}

/* Writes what is missing of a log that has per_day records on each of some days, at most so many in
 * all. */
static inline enum cdr_result harness_fill(struct harness *harness, unsigned worker, uint32_t log,
                                           uint32_t per_day, int32_t days, uint64_t most,
                                           struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    uint64_t all = (uint64_t)per_day * (uint64_t)days, end = most < all ? most : all;
    while (harness->next[log] < end && result == CDR_OK) {
        uint64_t day = harness->next[log] / per_day, until = (day + 1) * per_day;
        uint64_t left = (until < end ? until : end) - harness->next[log];
        uint32_t records = left < 700 ? (uint32_t)left : 700;
        result =
            harness_write(harness, worker, log, HARNESS_DAY + (int32_t)day, records, 333, error);
    }
    return result;
}

static inline void harness_path(const struct harness *harness, char path[512], const char *name)
{
    snprintf(path, 512, "%s/%s", harness->out, name);
}

static inline bool harness_exists(const struct harness *harness, const char *name)
{
    char path[512];
    struct stat status;
    harness_path(harness, path, name);
    return lstat(path, &status) == 0;
}

/* A whole file, with a '\0' behind it; the caller frees it. NULL where there is none. */
static inline char *harness_read(const struct harness *harness, const char *name, size_t *n)
{
    char path[512];
    harness_path(harness, path, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    fseek(file, 0, SEEK_END);
    *n = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*n + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *n, file), *n);
    bytes[*n] = '\0';
    fclose(file);
    return bytes;
}

static inline void harness_make_file(const struct harness *harness, const char *name,
                                     const char *text)
{
    char path[512];
    harness_path(harness, path, name);
    for (char *slash = path + strlen(harness->folder) + 1; (slash = strchr(slash, '/')) != NULL;
         slash++) {
        *slash = '\0';
        mkdir(path, 0777);
        *slash = '/';
    }
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* Names of all files below out, sorted, one a line; the caller frees it. */
static inline int harness_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static inline void harness_collect(const char *path, const char *name, char **names, size_t *count)
{
    DIR *listing = opendir(path);
    if (listing == NULL)
        return;
    const struct dirent *entry;
    while ((entry = readdir(listing)) != NULL) {
        char inner[1024], inner_name[1024];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        harness_join(inner, path, entry->d_name);
        harness_join(inner_name, name, entry->d_name);
        struct stat status;
        assert_int_equal(lstat(inner, &status), 0);
        if (S_ISDIR(status.st_mode)) {
            harness_collect(inner, inner_name, names, count);
        } else {
            assert_true(*count < 4096);
            names[(*count)++] = strdup(inner_name);
        }
    }
    closedir(listing);
}

static inline char *harness_list(const struct harness *harness)
{
    static char *names[4096];
    size_t count = 0, length = 0;
    harness_collect(harness->out, "", names, &count);
    qsort(names, count, sizeof names[0], harness_compare);
    for (size_t i = 0; i < count; i++)
        length += strlen(names[i]) + 1;
    char *list = calloc(1, length + 1);
    assert_non_null(list);
    for (size_t i = 0; i < count; i++) {
        strcat(strcat(list, names[i]), "\n");
        free(names[i]);
    }
    return list;
}

/* What a decompressor makes of one whole gzip member, raw deflate data or zstd frame, with a '\0'
 * behind it; fails where there is anything behind its end. The caller frees it. */
enum harness_codec { HARNESS_GZIP, HARNESS_DEFLATE, HARNESS_ZSTD };

static inline uint8_t *harness_inflate(const uint8_t *bytes, size_t n, int window_bits,
                                       size_t *out_len)
{
    size_t room = 64 * n + 1000;
    uint8_t *out = malloc(room + 1);
    z_stream zlib;
    memset(&zlib, 0, sizeof zlib);
    assert_non_null(out);
    assert_int_equal(inflateInit2(&zlib, window_bits), Z_OK);
    zlib.next_in = (Bytef *)(uintptr_t)bytes;
    zlib.avail_in = (uInt)n;
    zlib.next_out = out;
    zlib.avail_out = (uInt)room;
    assert_int_equal(inflate(&zlib, Z_FINISH), Z_STREAM_END);
    assert_int_equal(zlib.avail_in, 0);
    *out_len = room - zlib.avail_out;
    inflateEnd(&zlib);
    out[*out_len] = '\0';
    return out;
}

static inline uint8_t *harness_decompress(enum harness_codec codec, const void *bytes, size_t n,
                                          size_t *out_len)
{
    if (codec != HARNESS_ZSTD)
        return harness_inflate(bytes, n, codec == HARNESS_GZIP ? 31 : -15, out_len);
    assert_int_equal(ZSTD_findFrameCompressedSize(bytes, n), n);
    size_t room = 64 * n + 1000;
    uint8_t *out = malloc(room + 1);
    assert_non_null(out);
    *out_len = ZSTD_decompress(out, room, bytes, n);
    assert_false(ZSTD_isError(*out_len));
    out[*out_len] = '\0';
    return out;
}

#endif
