/* Spills: what is written is read back, whatever is torn off is found, whatever is altered is
 * refused, and nothing is written where something else is. */
#include "sink_harness.h"

#include "sink/slab.h"
#include "sink/spill/spill.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#define LOGS (CDR_TYPE_COUNT * HARNESS_PARTITIONS)

static const uint64_t firsts[LOGS] = {0, 17, 5000000000, 3, 0, 0, 1, 2, 99};
static const int64_t bases[LOGS] = {0, 0, 12, 7000000000, 0, 0, 5, 5, 5};

static int64_t event_ms_of(uint32_t log, uint64_t position)
{
    return INT64_C(1735686000000) + (int64_t)(position * 13 % 86400000) + log;
}

static uint8_t key_of(char key[16], uint32_t log, uint64_t position)
{
    char text[40];
    int length =
        snprintf(text, sizeof text, "3161%" PRIu32 "%09" PRIu64, log, position % 1000000000);
    uint8_t used = (uint8_t)(length - (int)(position % 5));
    used = used > 16 ? 16 : used;
    memset(key, 0, 16);
    memcpy(key, text, used);
    return used;
}

/* Wire keys of 5 to 11 bytes, headers of 0 to 6. */
static uint32_t value_of(uint8_t value[16], uint32_t least, uint32_t log, uint64_t position)
{
    uint32_t len = least + (uint32_t)((position * 7 + log) % 7);
    for (uint32_t i = 0; i < len; i++)
        value[i] = (uint8_t)(position * 31 + log * 3 + i + least);
    return len;
}

enum { WIRE_KEY_LEAST = 5, HEADERS_LEAST = 0 };

/* Topics with wire keys, with both, with headers. */
static const char *const header_names[] = {"direction", "rat"};
static const struct cdr_envelope envelopes[CDR_TYPE_COUNT] = {
    {.key_bytes_max = 11},
    {.key_bytes_max = 11, .header_bytes_max = 6, .header_count = 2, .header_names = header_names},
    {.header_bytes_max = 6, .header_count = 1, .header_names = header_names},
};

static bool has_wire_keys(const struct cdr_sink_setup *setup, uint32_t log)
{
    return cdr_sink_topic(setup, log)->envelope.key_bytes_max > 0;
}

static bool has_headers(const struct cdr_sink_setup *setup, uint32_t log)
{
    return cdr_sink_topic(setup, log)->envelope.header_count > 0;
}

static void put_value(struct cdr_slab_column *column, uint32_t i, uint32_t least, uint32_t log,
                      uint64_t position)
{
    uint8_t value[16];
    uint32_t start = cdr_column_start(column, i), len = value_of(value, least, log, position);
    assert_true(start + len <= column->bytes_max);
    memcpy(column->bytes + start, value, len);
    column->ends[i] = start + len;
}

static void check_value(const struct cdr_slab_column *column, uint32_t i, uint32_t least,
                        uint32_t log, uint64_t position)
{
    uint8_t value[16];
    uint32_t start = cdr_column_start(column, i), len = value_of(value, least, log, position);
    assert_int_equal(column->ends[i] - start, len);
    assert_memory_equal(column->bytes + start, value, len);
}

struct spilling {
    struct harness harness;
    struct cdr_spill_settings settings;
};

static void put_settings(struct cdr_json *json, const void *settings)
{
    cdr_json_text(json, "subs", settings);
}

static void start(struct spilling *spilling, const char *format)
{
    harness_start(&spilling->harness, format);
    spilling->settings = (struct cdr_spill_settings){
        .dir = spilling->harness.out,
        .segment_bytes = 1000000,
        .firsts = firsts,
        .bases = bases,
        .put_settings = put_settings,
        .settings = "many",
    };
}

static enum cdr_result try_open(struct spilling *spilling, struct cdr_error *error)
{
    struct harness *harness = &spilling->harness;
    memcpy(harness->next, firsts, sizeof firsts);
    return cdr_spill_open(&harness->sink, &spilling->settings, &harness->setup, error);
}

static void must_open(struct spilling *spilling)
{
    struct cdr_error error = {{0}};
    if (try_open(spilling, &error) != CDR_OK)
        fail_msg("open: %s", error.text);
    assert_string_equal(spilling->harness.sink->ops->name, "spill");
}

static void fill(const struct harness *harness, struct cdr_slab *slab, uint32_t log,
                 uint64_t position, uint32_t records)
{
    uint32_t end = 0;
    for (uint32_t i = 0; i < records; i++) {
        end += harness_record(&harness->encoder, slab->bytes + end, log, position + i);
        slab->ends[i] = end;
        slab->event_ms[i] = event_ms_of(log, position + i);
        slab->key_lens[i] = key_of(slab->keys[i], log, position + i);
        if (has_wire_keys(&harness->setup, log))
            put_value(&slab->wire_keys, i, WIRE_KEY_LEAST, log, position + i);
        if (has_headers(&harness->setup, log))
            put_value(&slab->headers, i, HEADERS_LEAST, log, position + i);
    }
    slab->n = records;
    slab->log = log;
    slab->position = position;
}

static enum cdr_result spill_some(struct spilling *spilling, unsigned worker, uint32_t log,
                                  uint32_t records, uint32_t step, struct cdr_error *error)
{
    struct harness *harness = &spilling->harness;
    const struct cdr_sink_ops *ops = harness->sink->ops;
    struct cdr_slab *slab = NULL;
    enum cdr_result result = ops->take_slab(harness->sink, worker, &slab, error);
    assert_int_equal(result, CDR_OK);
    fill(harness, slab, log, harness->next[log], records);
    uint32_t taken = 0;
    while (taken < records && result == CDR_OK)
        result = ops->write(harness->sink, worker, slab,
                            records - taken < step ? records : taken + step, &taken, error);
    harness->next[log] += taken;
    ops->give_slab(harness->sink, worker, slab);
    return result;
}

static void must_spill(struct spilling *spilling, uint32_t log, uint32_t records, uint32_t step)
{
    struct cdr_error error = {{0}};
    if (spill_some(spilling, log % 2, log, records, step, &error) != CDR_OK)
        fail_msg("write: %s", error.text);
}

static struct cdr_spill *must_read(const struct spilling *spilling)
{
    struct cdr_error error = {{0}};
    struct cdr_spill *spill = NULL;
    if (cdr_spill_read_open(&spill, spilling->harness.out, &error) != CDR_OK)
        fail_msg("read: %s", error.text);
    return spill;
}

static struct cdr_slab_pool *make_pool(const struct spilling *spilling, uint32_t records_max)
{
    struct cdr_slab_pool *pool = NULL;
    struct cdr_slab_settings settings = cdr_slab_settings_of(&spilling->harness.setup, 2);
    settings.records_max = records_max;
    assert_int_equal(cdr_slab_pool_create(&pool, &settings, NULL), CDR_OK);
    return pool;
}

static void check_record(const struct spilling *spilling, const struct cdr_slab *slab, uint32_t i)
{
    uint8_t record[HARNESS_RECORD_MAX + HARNESS_FRAME];
    char key[16];
    uint64_t position = slab->position + i;
    uint32_t length = harness_record(&spilling->harness.encoder, record, slab->log, position);
    uint32_t from = i == 0 ? 0 : slab->ends[i - 1];
    assert_int_equal(slab->ends[i] - from, length);
    assert_memory_equal(slab->bytes + from, record, length);
    assert_int_equal(slab->key_lens[i], key_of(key, slab->log, position));
    assert_memory_equal(slab->keys[i], key, sizeof key);
    assert_int_equal(slab->event_ms[i], event_ms_of(slab->log, position));
    if (has_wire_keys(&spilling->harness.setup, slab->log))
        check_value(&slab->wire_keys, i, WIRE_KEY_LEAST, slab->log, position);
    if (has_headers(&spilling->harness.setup, slab->log))
        check_value(&slab->headers, i, HEADERS_LEAST, slab->log, position);
}

/* Reads a slab of each log in turn, as replay does, and looks at every record. */
static void check_records(const struct spilling *spilling, struct cdr_spill *spill,
                          const uint64_t *ends, uint32_t records_max)
{
    struct cdr_slab_pool *pool = make_pool(spilling, records_max);
    uint64_t next[LOGS];
    struct cdr_slab *slab = NULL;
    memcpy(next, firsts, sizeof next);
    assert_int_equal(cdr_slab_take(pool, 0, &slab, NULL), CDR_OK);
    for (bool more = true; more;) {
        more = false;
        for (uint32_t log = 0; log < LOGS; log++) {
            struct cdr_error error = {{0}};
            if (cdr_spill_fill(spill, log, slab, &error) != CDR_OK)
                fail_msg("fill: %s", error.text);
            assert_int_equal(slab->log, log);
            assert_int_equal(slab->position, next[log]);
            for (uint32_t i = 0; i < slab->n; i++)
                check_record(spilling, slab, i);
            next[log] += slab->n;
            more |= slab->n > 0;
        }
    }
    assert_memory_equal(next, ends, sizeof next);
    cdr_slab_give(pool, slab);
    cdr_slab_pool_destroy(pool);
}

static void envelop(struct spilling *spilling)
{
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
        spilling->harness.items[type].envelope = envelopes[type];
}

static void round_trip(const char *format, uint32_t frame_len, uint64_t segment_bytes,
                       bool enveloped)
{
    struct spilling spilling;
    start(&spilling, format);
    if (enveloped)
        envelop(&spilling);
    spilling.harness.encoder.frame_len = frame_len;
    spilling.settings.segment_bytes = segment_bytes;
    spilling.settings.transactions = frame_len > 0;
    must_open(&spilling);
    for (uint32_t round = 0; round < 5; round++)
        for (uint32_t log = 0; log < LOGS; log++)
            if (log != 4) /* has none */
                must_spill(&spilling, log, 1 + log * 37 + round * 100, 1 + log * 13);
    struct cdr_log_progress progress[LOGS];
    spilling.harness.sink->ops->progress(spilling.harness.sink, progress);
    assert_int_equal(progress[3].accepted, spilling.harness.next[3] - firsts[3]);
    assert_true(progress[3].durable <= progress[3].accepted);
    assert_int_equal(spilling.harness.sink->ops->flush(spilling.harness.sink, 0, NULL), CDR_OK);
    spilling.harness.sink->ops->progress(spilling.harness.sink, progress);
    for (uint32_t log = 0; log < LOGS; log++)
        assert_int_equal(progress[log].durable, spilling.harness.next[log] - firsts[log]);
    assert_int_equal(harness_close(&spilling.harness, true, NULL), CDR_OK);

    struct cdr_spill *spill = must_read(&spilling);
    const struct cdr_spill_manifest *manifest = cdr_spill_manifest_of(spill);
    assert_string_equal(manifest->dataset_id, HARNESS_DATASET);
    assert_string_equal(manifest->format, format);
    assert_string_equal(manifest->topics->items[1].name, "cdr.sms");
    assert_int_equal(manifest->partitions, HARNESS_PARTITIONS);
    assert_int_equal(manifest->frame_len, frame_len);
    assert_int_equal(manifest->trailer_len, spilling.harness.encoder.trailer_len);
    char *settings = cdr_spill_manifest_settings(manifest);
    assert_string_equal(settings, "{\n  \"subs\": \"many\"\n}");
    free(settings);
    assert_true(manifest->closed && manifest->complete && !manifest->published);
    assert_int_equal(manifest->transactions, frame_len > 0);
    for (uint32_t log = 0; log < LOGS; log++) {
        assert_int_equal(manifest->logs[log].base, bases[log]);
        assert_int_equal(manifest->logs[log].first, firsts[log]);
        assert_int_equal(manifest->logs[log].records, progress[log].accepted);
        assert_int_equal(manifest->logs[log].bytes, progress[log].bytes);
    }
    if (enveloped) {
        assert_int_equal(manifest->topics->items[1].envelope.key_bytes_max, 11);
        assert_int_equal(manifest->topics->items[0].envelope.header_count, 0);
        assert_int_equal(manifest->topics->items[1].envelope.header_count, 2);
        assert_string_equal(manifest->topics->items[1].envelope.header_names[1], "rat");
    }
    check_records(&spilling, spill, spilling.harness.next, 1024);
    for (uint32_t log = 0; log < LOGS; log++)
        cdr_spill_seek(spill, log, firsts[log]);
    check_records(&spilling, spill, spilling.harness.next, 7);
    assert_int_equal(cdr_spill_set_published(spill, NULL), CDR_OK);
    cdr_spill_read_close(spill);
    spill = must_read(&spilling);
    assert_true(cdr_spill_manifest_of(spill)->published);
    assert_int_equal(cdr_spill_remove(spill, NULL), CDR_OK);
    cdr_spill_read_close(spill);
    assert_false(harness_exists(&spilling.harness, ""));
    harness_end(&spilling.harness);
}

static void what_is_spilled_is_read_back(void **state)
{
    (void)state;
    round_trip("csv", 0, 1000000, false);
    round_trip("json", 0, 1, false);
    round_trip("avro", HARNESS_FRAME, 5000, false);
}

static void keys_and_headers_are_read_back(void **state)
{
    (void)state;
    round_trip("csv", 0, 1000000, true);
    round_trip("avro", HARNESS_FRAME, 1, true);
}

/* What was spilled before there were any must be the same bytes and readable for ever. */
static void plain_segments_are_of_version_1(void **state)
{
    (void)state;
    for (uint32_t enveloped = 0; enveloped < 2; enveloped++) {
        struct spilling spilling;
        size_t n = 0;
        start(&spilling, "csv");
        if (enveloped != 0)
            envelop(&spilling);
        must_open(&spilling);
        must_spill(&spilling, 1, 1, 1);
        assert_int_equal(harness_close(&spilling.harness, true, NULL), CDR_OK);
        char *bytes = harness_read(&spilling.harness, "cdr.call-0001-000000.spill", &n);
        assert_int_equal(bytes[8], 1 + enveloped);
        assert_int_equal(bytes[12], 88 + 8 + 8 + 4 * enveloped);
        free(bytes);
        harness_end(&spilling.harness);
    }
}

static void a_seek_goes_to_any_record(void **state)
{
    (void)state;
    struct spilling spilling;
    start(&spilling, "csv");
    spilling.settings.segment_bytes = 3000;
    must_open(&spilling);
    must_spill(&spilling, 2, 300, 7);
    assert_int_equal(harness_close(&spilling.harness, false, NULL), CDR_OK);
    struct cdr_spill *spill = must_read(&spilling);
    assert_false(cdr_spill_manifest_of(spill)->complete);
    assert_true(cdr_spill_manifest_of(spill)->closed);
    struct cdr_slab_pool *pool = make_pool(&spilling, 5);
    struct cdr_slab *slab = NULL;
    assert_int_equal(cdr_slab_take(pool, 0, &slab, NULL), CDR_OK);
    for (uint32_t step = 0; step <= 300; step++) {
        uint32_t at = step * 89 % 301;
        cdr_spill_seek(spill, 2, firsts[2] + at);
        assert_int_equal(cdr_spill_fill(spill, 2, slab, NULL), CDR_OK);
        assert_int_equal(slab->n, at > 295 ? 300 - at : 5);
        assert_int_equal(slab->position, firsts[2] + at);
        for (uint32_t i = 0; i < slab->n; i++)
            check_record(&spilling, slab, i);
    }
    cdr_slab_give(pool, slab);
    cdr_slab_pool_destroy(pool);
    cdr_spill_read_close(spill);
    harness_end(&spilling.harness);
}

/* --- torn and altered files --- */

#define SEGMENT "cdr.call-0001-000000.spill"

/* A spill of one log (1) in one segment, of batches of 1, 2, 3, … records; with the spill.json of a
 * run that died, or of one that ended. ends[b]: bytes of the file up to batch b. */
static char *make_segment(struct spilling *spilling, bool died, uint32_t batches, size_t *ends,
                          size_t *n)
{
    start(spilling, "csv");
    must_open(spilling);
    size_t manifest_bytes = 0;
    char *manifest = harness_read(&spilling->harness, "spill.json", &manifest_bytes);
    assert_non_null(manifest);
    assert_non_null(strstr(manifest, "\"closed\": false"));
    for (uint32_t batch = 0; batch < batches; batch++) {
        must_spill(spilling, 1, batch + 1, UINT16_MAX);
        free(harness_read(&spilling->harness, SEGMENT, &ends[batch]));
    }
    assert_int_equal(harness_close(&spilling->harness, true, NULL), CDR_OK);
    if (died)
        harness_make_file(&spilling->harness, "spill.json", manifest);
    free(manifest);
    char *bytes = harness_read(&spilling->harness, SEGMENT, n);
    assert_int_equal(*n, ends[batches - 1]);
    return bytes;
}

static void put_segment(const struct spilling *spilling, const char *bytes, size_t n)
{
    char path[512];
    harness_path(&spilling->harness, path, SEGMENT);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, n), n);
    close(fd);
}

static void a_torn_tail_is_cut_wherever_it_is_torn(void **state)
{
    (void)state;
    enum { BATCHES = 4 };
    struct spilling spilling;
    size_t ends[BATCHES], n = 0;
    char *bytes = make_segment(&spilling, true, BATCHES, ends, &n);
    for (size_t length = 0; length <= n; length++) {
        put_segment(&spilling, bytes, length);
        struct cdr_spill *spill = must_read(&spilling);
        uint64_t whole[LOGS], records = 0;
        size_t whole_bytes = 0;
        for (uint32_t batch = 0; batch < BATCHES && ends[batch] <= length; batch++) {
            records += batch + 1;
            whole_bytes = ends[batch];
        }
        memcpy(whole, firsts, sizeof whole);
        whole[1] += records;
        assert_int_equal(cdr_spill_manifest_of(spill)->logs[1].records, records);
        check_records(&spilling, spill, whole, 1024);
        /* A whole header and nothing behind it is not torn. */
        size_t header = 0;
        memcpy(&header, bytes + 12, 4);
        if (whole_bytes == 0 && length >= header)
            whole_bytes = header;
        assert_int_equal(cdr_spill_torn_bytes(spill), length - whole_bytes);
        cdr_spill_read_close(spill);
    }
    free(bytes);
    harness_end(&spilling.harness);
}

static void a_tail_of_zeros_or_noise_is_cut(void **state)
{
    (void)state;
    size_t ends[3], n = 0;
    struct spilling spilling;
    char *bytes = make_segment(&spilling, true, 3, ends, &n);
    char *longer = calloc(1, n + 4096);
    assert_non_null(longer);
    for (int noise = 0; noise < 3; noise++) {
        memcpy(longer, bytes, n);
        for (size_t i = 0; i < 4096; i++)
            longer[n + i] = noise == 0 ? '\0' : (char)cdr_mix(i + (size_t)noise * 5000);
        if (noise == 2) /* another batch's header */
            memcpy(longer + n, bytes + ends[0], 32);
        put_segment(&spilling, longer, n + 4096);
        struct cdr_spill *spill = must_read(&spilling);
        assert_int_equal(cdr_spill_manifest_of(spill)->logs[1].records, 6);
        assert_int_equal(cdr_spill_torn_bytes(spill), 4096);
        cdr_spill_read_close(spill);
    }
    free(longer);
    free(bytes);
    harness_end(&spilling.harness);
}

static void expect_damaged(const struct spilling *spilling, const char *what)
{
    struct cdr_error error = {{0}};
    struct cdr_spill *spill = NULL;
    enum cdr_result result = cdr_spill_read_open(&spill, spilling->harness.out, &error);
    if (result != CDR_E_STATE)
        fail_msg("%s: %d, not refused", what, (int)result);
    assert_non_null(strstr(error.text, ".spill"));
}

static void every_flipped_bit_is_found(void **state)
{
    (void)state;
    size_t ends[3], n = 0;
    struct spilling spilling;
    char *bytes = make_segment(&spilling, false, 3, ends, &n);
    for (size_t bit = 0; bit < 8 * n; bit++) {
        char where[40];
        snprintf(where, sizeof where, "bit %zu", bit);
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
        put_segment(&spilling, bytes, n);
        expect_damaged(&spilling, where);
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
    }
    put_segment(&spilling, bytes, n);
    cdr_spill_read_close(must_read(&spilling));
    free(bytes);
    harness_end(&spilling.harness);
}

static void a_flipped_bit_of_a_run_that_died_never_gives_wrong_records(void **state)
{
    (void)state;
    size_t ends[3], n = 0;
    struct spilling spilling;
    char *bytes = make_segment(&spilling, true, 3, ends, &n);
    for (size_t at = ends[0]; at < n; at++) {
        uint64_t whole[LOGS];
        memcpy(whole, firsts, sizeof whole);
        whole[1] += at < ends[1] ? 1 : 3;
        bytes[at] = (char)(bytes[at] ^ 4);
        put_segment(&spilling, bytes, n);
        struct cdr_spill *spill = must_read(&spilling);
        check_records(&spilling, spill, whole, 1024);
        cdr_spill_read_close(spill);
        bytes[at] = (char)(bytes[at] ^ 4);
    }
    free(bytes);
    harness_end(&spilling.harness);
}

static void move(const struct spilling *spilling, const char *from, const char *to)
{
    char old_path[512], new_path[512];
    harness_path(&spilling->harness, old_path, from);
    harness_path(&spilling->harness, new_path, to);
    assert_int_equal(rename(old_path, new_path), 0);
}

static void segments_that_are_missing_or_not_in_their_place_are_found(void **state)
{
    (void)state;
    struct spilling spilling;
    start(&spilling, "csv");
    spilling.settings.segment_bytes = 1000;
    must_open(&spilling);
    size_t n = 0;
    char *died = harness_read(&spilling.harness, "spill.json", &n);
    must_spill(&spilling, 0, 200, 10);
    must_spill(&spilling, 4, 200, 10);
    assert_int_equal(harness_close(&spilling.harness, true, NULL), CDR_OK);
    char *ended = harness_read(&spilling.harness, "spill.json", &n);
    assert_true(harness_exists(&spilling.harness, "cdr.call-0000-000003.spill"));
    for (int how = 0; how < 2; how++) {
        harness_make_file(&spilling.harness, "spill.json", how == 0 ? ended : died);
        move(&spilling, "cdr.call-0000-000001.spill", "kept");
        if (how == 0)
            expect_damaged(&spilling, "a segment is missing");
        move(&spilling, "cdr.call-0000-000002.spill", "cdr.call-0000-000001.spill");
        expect_damaged(&spilling, "a segment in another's place");
        move(&spilling, "cdr.call-0000-000001.spill", "cdr.call-0000-000002.spill");
        move(&spilling, "kept", "cdr.call-0000-000001.spill");
        move(&spilling, "cdr.call-0000-000000.spill", "kept");
        move(&spilling, "cdr.sms-0001-000000.spill", "cdr.call-0000-000000.spill");
        expect_damaged(&spilling, "another log's segment");
        move(&spilling, "cdr.call-0000-000000.spill", "cdr.sms-0001-000000.spill");
        move(&spilling, "kept", "cdr.call-0000-000000.spill");
        cdr_spill_read_close(must_read(&spilling));
    }
    /* Only a last segment can be torn. */
    char path[512];
    harness_path(&spilling.harness, path, "cdr.call-0000-000001.spill");
    assert_int_equal(truncate(path, 700), 0);
    expect_damaged(&spilling, "a segment torn before the last one");
    free(died);
    free(ended);
    harness_end(&spilling.harness);
}

/* --- large records --- */

static void large_records_come_back_in_as_many_slabs_as_they_take(void **state)
{
    (void)state;
    enum { RECORD = 900000, RECORDS = 7 };
    struct spilling spilling;
    start(&spilling, "avro");
    spilling.harness.setup.slab_bytes = 8 << 20;
    must_open(&spilling);
    struct harness *harness = &spilling.harness;
    struct cdr_slab *slab = NULL;
    assert_int_equal(harness->sink->ops->take_slab(harness->sink, 0, &slab, NULL), CDR_OK);
    for (uint32_t i = 0; i < RECORDS; i++) {
        memset(slab->bytes + i * RECORD, 'a' + (int)i, RECORD);
        slab->ends[i] = (i + 1) * RECORD;
        slab->event_ms[i] = i;
        slab->key_lens[i] = key_of(slab->keys[i], 0, i);
    }
    slab->n = RECORDS;
    uint32_t taken = 0;
    assert_int_equal(harness->sink->ops->write(harness->sink, 0, slab, RECORDS, &taken, NULL),
                     CDR_OK);
    harness->sink->ops->give_slab(harness->sink, 0, slab);
    assert_int_equal(harness_close(harness, true, NULL), CDR_OK);

    struct cdr_spill *spill = must_read(&spilling);
    struct cdr_slab_pool *pool = NULL;
    struct cdr_slab_settings slabs = {
        .bytes_max = 2 * RECORD + 5, .records_max = 100, .workers = 1, .slabs_max = 1};
    assert_int_equal(cdr_slab_pool_create(&pool, &slabs, NULL), CDR_OK);
    assert_int_equal(cdr_slab_take(pool, 0, &slab, NULL), CDR_OK);
    for (uint32_t next = 0; next < RECORDS; next += 2) {
        assert_int_equal(cdr_spill_fill(spill, 0, slab, NULL), CDR_OK);
        assert_int_equal(slab->position, next);
        assert_int_equal(slab->n, next + 1 < RECORDS ? 2 : 1);
        for (uint32_t i = 0; i < slab->n; i++)
            for (uint32_t at = 0; at < RECORD; at += 4999)
                assert_int_equal(slab->bytes[i * RECORD + at], 'a' + (int)(next + i));
    }
    cdr_slab_give(pool, slab);
    cdr_slab_pool_destroy(pool);
    slabs.bytes_max = RECORD - 1;
    assert_int_equal(cdr_slab_pool_create(&pool, &slabs, NULL), CDR_OK);
    assert_int_equal(cdr_slab_take(pool, 0, &slab, NULL), CDR_OK);
    cdr_spill_seek(spill, 0, 0);
    assert_int_equal(cdr_spill_fill(spill, 0, slab, NULL), CDR_E_STATE);
    cdr_slab_give(pool, slab);
    cdr_slab_pool_destroy(pool);
    cdr_spill_read_close(spill);
    harness_end(&spilling.harness);
}

/* --- refusals and failures --- */

static void expect_refused(struct spilling *spilling, enum cdr_result wanted, const char *text)
{
    struct cdr_error error = {{0}};
    assert_int_equal(try_open(spilling, &error), wanted);
    if (strstr(error.text, text) == NULL)
        fail_msg("no '%s' in: %s", text, error.text);
}

static void a_folder_holds_one_spill(void **state)
{
    (void)state;
    struct spilling spilling, other;
    start(&spilling, "csv");
    must_open(&spilling);
    must_spill(&spilling, 0, 10, 10);
    other = spilling;
    expect_refused(&other, CDR_E_STATE, "holds a spill");
    struct cdr_error error = {{0}};
    struct cdr_spill *spill = NULL;
    assert_int_equal(cdr_spill_read_open(&spill, spilling.harness.out, &error), CDR_E_STATE);
    assert_non_null(strstr(error.text, "is in use"));
    assert_int_equal(harness_close(&spilling.harness, true, NULL), CDR_OK);
    expect_refused(&other, CDR_E_STATE, "cdrgen replay");
    spill = must_read(&spilling);
    struct cdr_spill *second = NULL;
    assert_int_equal(cdr_spill_read_open(&second, spilling.harness.out, &error), CDR_E_STATE);
    cdr_spill_read_close(spill);
    move(&spilling, "spill.json", "kept");
    expect_refused(&other, CDR_E_STATE, "remains of a spill");
    assert_int_equal(cdr_spill_read_open(&spill, spilling.harness.out, &error), CDR_E_CONFIG);
    assert_non_null(strstr(error.text, "holds no spill"));
    harness_end(&spilling.harness);
}

/* A full disk has no room for another spill.json: the word in it is turned where it stands. */
static void a_spill_is_marked_without_room_on_the_disk(void **state)
{
    (void)state;
    struct spilling spilling;
    struct cdr_error error = {{0}};
    char path[512];
    start(&spilling, "csv");
    must_open(&spilling);
    must_spill(&spilling, 0, 10, 10);
    assert_int_equal(harness_close(&spilling.harness, true, NULL), CDR_OK);
    harness_path(&spilling.harness, path, ".spill.json.tmp");
    assert_int_equal(mkdir(path, 0777), 0); /* whoever would write it anew fails */
    for (unsigned time = 0; time < 2; time++) {
        struct cdr_spill *spill = must_read(&spilling);
        assert_int_equal(cdr_spill_manifest_of(spill)->published, time > 0);
        assert_int_equal(cdr_spill_set_published(spill, &error), CDR_OK);
        cdr_spill_read_close(spill);
    }
    struct cdr_spill *spill = must_read(&spilling);
    assert_true(cdr_spill_manifest_of(spill)->published);
    assert_int_equal(cdr_spill_manifest_of(spill)->logs[0].records, 10);
    cdr_spill_read_close(spill);
    /* A file that a program has written in another form is written anew. */
    harness_path(&spilling.harness, path, "spill.json");
    char command[1200];
    snprintf(command, sizeof command, "sed -i 's/\"published\": true */\"published\":  false/' %s",
             path);
    assert_int_equal(system(command), 0);
    spill = must_read(&spilling);
    assert_int_equal(cdr_spill_set_published(spill, &error), CDR_E_IO);
    cdr_spill_read_close(spill);
    harness_path(&spilling.harness, path, ".spill.json.tmp");
    assert_int_equal(rmdir(path), 0);
    spill = must_read(&spilling);
    assert_int_equal(cdr_spill_set_published(spill, &error), CDR_OK);
    cdr_spill_read_close(spill);
    spill = must_read(&spilling);
    assert_true(cdr_spill_manifest_of(spill)->published);
    cdr_spill_read_close(spill);
    harness_end(&spilling.harness);
}

static void paths_that_cannot_be_are_refused(void **state)
{
    (void)state;
    struct spilling spilling;
    char path[512], path_long[5000];
    start(&spilling, "csv");
    harness_make_file(&spilling.harness, "file", "text");
    harness_path(&spilling.harness, path, "file");
    spilling.settings.dir = path;
    expect_refused(&spilling, CDR_E_CONFIG, "a folder is needed");
    harness_path(&spilling.harness, path, "file/below");
    expect_refused(&spilling, CDR_E_CONFIG, "Not a directory");
    memset(path_long, 'a', sizeof path_long);
    path_long[sizeof path_long - 1] = '\0';
    spilling.settings.dir = path_long;
    expect_refused(&spilling, CDR_E_CONFIG, "too long");
    harness_path(&spilling.harness, path, "new/deep//down/");
    spilling.settings.dir = path;
    assert_int_equal(cdr_spill_check(path, NULL), CDR_OK);
    assert_false(harness_exists(&spilling.harness, "new"));
    must_open(&spilling);
    assert_true(harness_exists(&spilling.harness, "new/deep/down/spill.json"));
    harness_end(&spilling.harness);
}

static void a_spill_of_another_number_of_topics_is_read(void **state)
{
    (void)state;
    struct spilling spilling;
    start(&spilling, "csv");
    spilling.harness.topics.n = 2;
    must_open(&spilling);
    must_spill(&spilling, 0, 10, 10);
    assert_int_equal(harness_close(&spilling.harness, true, NULL), CDR_OK);
    struct cdr_spill *spill = must_read(&spilling);
    const struct cdr_spill_manifest *manifest = cdr_spill_manifest_of(spill);
    assert_int_equal(manifest->topics->n, 2);
    assert_string_equal(manifest->topics->items[1].name, "cdr.sms");
    assert_int_equal(manifest->logs[0].records, 10);
    cdr_spill_read_close(spill);
    harness_end(&spilling.harness);
}

static void a_spill_json_that_is_none_is_refused(void **state)
{
    (void)state;
    struct spilling spilling;
    start(&spilling, "csv");
    must_open(&spilling);
    must_spill(&spilling, 0, 10, 10);
    assert_int_equal(harness_close(&spilling.harness, true, NULL), CDR_OK);
    size_t n = 0;
    char *good = harness_read(&spilling.harness, "spill.json", &n);
    static const char *const changes[][2] = {
        {"\"partitions\": 3,", "\"partitions\": 0,"},
        {"\"partitions\": 3,", "\"partitions\": 4,"},
        {"\"partitions\": 3,", "\"partitions\": 99999,"},
        {"\"shard_count\": 1", "\"shard_count\": 4"},
        {"\"dataset_id\": \"0", "\"dataset_id\": \""},
        {"\"partition\": 0", "\"partition\": 9"},
        {"\"first_record\": 0", "\"first_record\": \"0\""},
        {"\"closed\": true", "\"closed\": 1234"},
        {"\"records\": 10", "\"records\": -1"},
        {"cdr.sms", "12345678901234567890123456789012345678901234567890123456789012345678901234567"
                    "89012345678901234567890123456789012345678901234567890123456789012345678901234"
                    "56789012345678901234567890123456789012345678901234567890123456789012345678901"
                    "23456789012345678901234567890"},
        {"\"topics\"", "\"topic\""},
        {"{", "["},
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        char *bad = calloc(1, n + 400);
        const char *at = strstr(good, changes[i][0]);
        if (at == NULL)
            fail_msg("no %s in %s", changes[i][0], good);
        snprintf(bad, n + 400, "%.*s%s%s", (int)(at - good), good, changes[i][1],
                 at + strlen(changes[i][0]));
        harness_make_file(&spilling.harness, "spill.json", bad);
        struct cdr_error error = {{0}};
        struct cdr_spill *spill = NULL;
        if (cdr_spill_read_open(&spill, spilling.harness.out, &error) != CDR_E_STATE)
            fail_msg("%s was accepted", changes[i][1]);
        free(bad);
    }
    harness_make_file(&spilling.harness, "spill.json", good);
    cdr_spill_read_close(must_read(&spilling));
    free(good);
    harness_end(&spilling.harness);
}

/* As a full disk does, a limit on file sizes fails a write in the middle of a batch. */
static void a_write_that_fails_leaves_whole_records(void **state)
{
    (void)state;
    struct spilling spilling;
    struct rlimit before;
    start(&spilling, "csv");
    must_open(&spilling);
    must_spill(&spilling, 0, 100, 100);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit limit = {.rlim_cur = 20000, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    struct cdr_error error = {{0}};
    enum cdr_result result = CDR_OK;
    for (int i = 0; i < 100 && result == CDR_OK; i++)
        result = spill_some(&spilling, 0, 0, 50, 50, &error);
    assert_int_equal(result, CDR_E_IO);
    assert_non_null(strstr(error.text, "cdr.call-0000-000000.spill: File too large"));
    assert_non_null(strstr(error.text, "cdrgen replay"));
    /* Others hear of it. */
    assert_int_equal(spill_some(&spilling, 1, 5, 10, 10, &error), CDR_E_IO);
    assert_int_equal(spilling.harness.sink->ops->poll(spilling.harness.sink, 0, &error), CDR_E_IO);
    assert_int_equal(spilling.harness.sink->ops->flush(spilling.harness.sink, 0, &error), CDR_E_IO);
    assert_int_equal(harness_close(&spilling.harness, false, &error), CDR_E_IO);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    struct cdr_spill *spill = must_read(&spilling);
    assert_true(cdr_spill_manifest_of(spill)->closed);
    assert_false(cdr_spill_manifest_of(spill)->complete);
    assert_true(cdr_spill_manifest_of(spill)->logs[0].records >= 100);
    check_records(&spilling, spill, spilling.harness.next, 1024);
    cdr_spill_read_close(spill);
    harness_end(&spilling.harness);
}

static void a_shard_spills_its_own_partitions(void **state)
{
    (void)state;
    struct spilling spilling;
    start(&spilling, "csv");
    spilling.harness.setup.shard_index = 1;
    spilling.harness.setup.shard_count = 2;
    must_open(&spilling);
    must_spill(&spilling, 1, 20, 3);
    must_spill(&spilling, 4, 20, 3);
    assert_int_equal(harness_close(&spilling.harness, true, NULL), CDR_OK);
    struct cdr_spill *spill = must_read(&spilling);
    const struct cdr_spill_manifest *manifest = cdr_spill_manifest_of(spill);
    assert_int_equal(manifest->shard_index, 1);
    assert_int_equal(manifest->shard_count, 2);
    assert_int_equal(manifest->logs[1].records, 20);
    assert_int_equal(manifest->logs[4].records, 20);
    assert_int_equal(manifest->logs[0].records, 0);
    assert_true(cdr_spill_mine(manifest, 7));
    assert_false(cdr_spill_mine(manifest, 8));
    cdr_spill_read_close(spill);
    harness_end(&spilling.harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_spilled_is_read_back),
        cmocka_unit_test(keys_and_headers_are_read_back),
        cmocka_unit_test(plain_segments_are_of_version_1),
        cmocka_unit_test(a_seek_goes_to_any_record),
        cmocka_unit_test(a_torn_tail_is_cut_wherever_it_is_torn),
        cmocka_unit_test(a_tail_of_zeros_or_noise_is_cut),
        cmocka_unit_test(every_flipped_bit_is_found),
        cmocka_unit_test(a_flipped_bit_of_a_run_that_died_never_gives_wrong_records),
        cmocka_unit_test(segments_that_are_missing_or_not_in_their_place_are_found),
        cmocka_unit_test(large_records_come_back_in_as_many_slabs_as_they_take),
        cmocka_unit_test(a_folder_holds_one_spill),
        cmocka_unit_test(a_spill_is_marked_without_room_on_the_disk),
        cmocka_unit_test(paths_that_cannot_be_are_refused),
        cmocka_unit_test(a_spill_of_another_number_of_topics_is_read),
        cmocka_unit_test(a_spill_json_that_is_none_is_refused),
        cmocka_unit_test(a_write_that_fails_leaves_whole_records),
        cmocka_unit_test(a_shard_spills_its_own_partitions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
