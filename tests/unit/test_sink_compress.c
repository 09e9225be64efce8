/* Compression: what comes out reads back with the libraries' own decoders, and is the same bytes
 * each time. */
#include "sink_harness.h"

#include "sink/file/compress.h"

#define TEXT_BYTES 1000000u
#define CHUNK 65536u

struct sink_bytes {
    uint8_t *bytes;
    size_t n, room;
    unsigned fail_after; /* emits that succeed before one fails; 0 = all do */
    unsigned emits;
};

static enum cdr_result collect(void *context, const uint8_t *bytes, size_t n,
                               struct cdr_error *error)
{
    struct sink_bytes *to = context;
    to->emits++;
    if (to->fail_after != 0 && to->emits > to->fail_after)
        return cdr_fail(error, CDR_E_IO, "the test's disk is full");
    assert_true(to->n + n <= to->room);
    memcpy(to->bytes + to->n, bytes, n);
    to->n += n;
    return CDR_OK;
}

static char *make_text(void)
{
    struct harness harness;
    harness_start(&harness, "csv");
    char *text = malloc(TEXT_BYTES + HARNESS_RECORD_MAX);
    size_t n = 0;
    for (uint64_t position = 0; n < TEXT_BYTES; position++)
        n += harness_record(&harness.encoder, (uint8_t *)text + n, 1, position);
    harness_end(&harness);
    return text;
}

static void stream_text(struct cdr_compress_stream *stream, const char *text, size_t n,
                        struct sink_bytes *to)
{
    cdr_compress_stream_start(stream);
    for (size_t from = 0; from < n; from += CHUNK) {
        size_t step = n - from < CHUNK ? n - from : CHUNK;
        assert_int_equal(cdr_compress_stream_append(stream, (const uint8_t *)text + from, step,
                                                    collect, to, NULL),
                         CDR_OK);
    }
    assert_int_equal(cdr_compress_stream_finish(stream, collect, to, NULL), CDR_OK);
}

static void streams_read_back(void **state)
{
    (void)state;
    char *text = make_text();
    static const size_t sizes[] = {TEXT_BYTES, 0, 1, CHUNK, CHUNK + 1, 3 * CHUNK};
    for (int kind = CDR_COMPRESSION_GZIP; kind <= CDR_COMPRESSION_ZSTD; kind++) {
        struct cdr_compress_stream *stream = NULL;
        assert_int_equal(cdr_compress_stream_create(&stream, (enum cdr_compression)kind, NULL),
                         CDR_OK);
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            struct sink_bytes packed = {.bytes = malloc(TEXT_BYTES), .room = TEXT_BYTES};
            stream_text(stream, text, sizes[i], &packed);
            size_t n = 0;
            uint8_t *back =
                harness_decompress(kind == CDR_COMPRESSION_GZIP ? HARNESS_GZIP : HARNESS_ZSTD,
                                   packed.bytes, packed.n, &n);
            assert_int_equal(n, sizes[i]);
            assert_memory_equal(back, text, n);
            if (i == 0)
                assert_true(packed.n < TEXT_BYTES / 2);
            free(back);
            free(packed.bytes);
        }
        cdr_compress_stream_destroy(stream);
    }
    free(text);
}

/* A reused stream, and one that was given up in the middle of a file, write what a fresh one
 * writes. */
static void a_reused_stream_writes_the_same_bytes(void **state)
{
    (void)state;
    char *text = make_text();
    for (int kind = CDR_COMPRESSION_GZIP; kind <= CDR_COMPRESSION_ZSTD; kind++) {
        struct sink_bytes packed[3];
        struct cdr_compress_stream *stream = NULL;
        assert_int_equal(cdr_compress_stream_create(&stream, (enum cdr_compression)kind, NULL),
                         CDR_OK);
        for (unsigned i = 0; i < 3; i++) {
            packed[i] = (struct sink_bytes){.bytes = malloc(TEXT_BYTES), .room = TEXT_BYTES};
            if (i == 2) {
                cdr_compress_stream_start(stream);
                cdr_compress_stream_append(stream, (const uint8_t *)text, 777, collect, &packed[i],
                                           NULL);
                packed[i].n = 0;
            }
            stream_text(stream, text, TEXT_BYTES, &packed[i]);
            assert_int_equal(packed[i].n, packed[0].n);
            assert_memory_equal(packed[i].bytes, packed[0].bytes, packed[0].n);
        }
        for (unsigned i = 0; i < 3; i++)
            free(packed[i].bytes);
        cdr_compress_stream_destroy(stream);
    }
    free(text);
}

static void gzip_header_holds_no_time_name_or_system(void **state)
{
    (void)state;
    uint8_t bytes[100];
    struct sink_bytes packed = {.bytes = bytes, .room = sizeof bytes};
    struct cdr_compress_stream *stream = NULL;
    assert_int_equal(cdr_compress_stream_create(&stream, CDR_COMPRESSION_GZIP, NULL), CDR_OK);
    stream_text(stream, "x", 1, &packed);
    /* magic, deflate, no flags, time 0, fastest, system unknown */
    static const uint8_t header[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255};
    assert_memory_equal(bytes, header, sizeof header);
    cdr_compress_stream_destroy(stream);
}

static void a_failing_emit_is_passed_on(void **state)
{
    (void)state;
    uint64_t draw = 1;
    uint8_t *noise = malloc(TEXT_BYTES);
    for (size_t i = 0; i < TEXT_BYTES; i++)
        noise[i] = (uint8_t)(draw = cdr_mix(draw));
    for (int kind = CDR_COMPRESSION_GZIP; kind <= CDR_COMPRESSION_ZSTD; kind++) {
        struct cdr_error error = {{0}};
        struct sink_bytes packed = {
            .bytes = malloc(TEXT_BYTES), .room = TEXT_BYTES, .fail_after = 2};
        struct cdr_compress_stream *stream = NULL;
        assert_int_equal(cdr_compress_stream_create(&stream, (enum cdr_compression)kind, NULL),
                         CDR_OK);
        cdr_compress_stream_start(stream);
        assert_int_equal(
            cdr_compress_stream_append(stream, noise, TEXT_BYTES, collect, &packed, &error),
            CDR_E_IO);
        assert_string_equal(error.text, "the test's disk is full");
        cdr_compress_stream_destroy(stream);
        free(packed.bytes);
    }
    free(noise);
}

static void blocks_read_back(void **state)
{
    (void)state;
    char *text = make_text();
    static const size_t sizes[] = {0, 1, 100, CHUNK, TEXT_BYTES};
    for (int kind = CDR_COMPRESSION_GZIP; kind <= CDR_COMPRESSION_ZSTD; kind++) {
        struct cdr_block_compressor *compressor = NULL;
        assert_int_equal(
            cdr_block_compressor_create(&compressor, (enum cdr_compression)kind, CHUNK, NULL),
            CDR_OK);
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            size_t bound = cdr_block_compressor_bound(compressor, sizes[i]), lengths[2] = {0},
                   n = 0;
            uint8_t *packed[2] = {malloc(bound), malloc(bound)};
            for (unsigned time = 0; time < 2; time++)
                assert_int_equal(cdr_block_compress(compressor, (const uint8_t *)text, sizes[i],
                                                    packed[time], &lengths[time], NULL),
                                 CDR_OK);
            assert_true(lengths[0] <= bound);
            assert_int_equal(lengths[0], lengths[1]);
            assert_memory_equal(packed[0], packed[1], lengths[0]);
            uint8_t *back =
                harness_decompress(kind == CDR_COMPRESSION_GZIP ? HARNESS_DEFLATE : HARNESS_ZSTD,
                                   packed[0], lengths[0], &n);
            assert_int_equal(n, sizes[i]);
            assert_memory_equal(back, text, n);
            free(back);
            free(packed[0]);
            free(packed[1]);
        }
        cdr_block_compressor_destroy(compressor);
    }
    free(text);
    cdr_block_compressor_destroy(NULL);
    cdr_compress_stream_destroy(NULL);
}

static void names_are_found(void **state)
{
    (void)state;
    enum cdr_compression found = CDR_COMPRESSION_COUNT;
    struct cdr_error error = {{0}};
    assert_int_equal(cdr_compression_find("none", &found, &error), CDR_OK);
    assert_int_equal(found, CDR_COMPRESSION_NONE);
    assert_int_equal(cdr_compression_find("gzip", &found, &error), CDR_OK);
    assert_int_equal(found, CDR_COMPRESSION_GZIP);
    assert_int_equal(cdr_compression_find("zstd", &found, &error), CDR_OK);
    assert_int_equal(found, CDR_COMPRESSION_ZSTD);
    assert_int_equal(cdr_compression_find("lz4", &found, &error), CDR_E_CONFIG);
    assert_string_equal(error.text, "--compress 'lz4' is unknown: give none, gzip or zstd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_read_back),
        cmocka_unit_test(a_reused_stream_writes_the_same_bytes),
        cmocka_unit_test(gzip_header_holds_no_time_name_or_system),
        cmocka_unit_test(a_failing_emit_is_passed_on),
        cmocka_unit_test(blocks_read_back),
        cmocka_unit_test(names_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
