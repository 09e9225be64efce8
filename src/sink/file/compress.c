#include "sink/file/compress.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define GZIP_LEVEL 1
#define ZSTD_LEVEL 1
#define ZSTD_WINDOW_LOG 17

/* zlib's windowBits: 15 is a window of 32 KiB, + 16 a gzip wrapper, negative no wrapper at all. */
#define WINDOW_BITS_GZIP (15 + 16)
#define WINDOW_BITS_RAW (-15)
#define ZLIB_MEMORY_LEVEL 8
#define GZIP_SYSTEM_UNKNOWN 255

#define OUT_BYTES 32768u

const char *const cdr_compression_name[CDR_COMPRESSION_COUNT] = {"none", "gzip", "zstd"};
const char *const cdr_compression_suffix[CDR_COMPRESSION_COUNT] = {"", ".gz", ".zst"};

struct cdr_compress_stream {
    enum cdr_compression compression;
    z_stream zlib;
    gz_header header;
    ZSTD_CCtx *zstd;
    uint8_t out[OUT_BYTES];
};

struct cdr_block_compressor {
    enum cdr_compression compression;
    z_stream zlib;
    ZSTD_CCtx *zstd;
};

enum cdr_result cdr_compression_find(const char *name, enum cdr_compression *compression,
                                     struct cdr_error *error)
{
    for (int i = 0; i < CDR_COMPRESSION_COUNT; i++)
        if (strcmp(name, cdr_compression_name[i]) == 0) {
            *compression = (enum cdr_compression)i;
            return CDR_OK;
        }
    return cdr_fail(error, CDR_E_CONFIG, "--compress '%s' is unknown: give none, gzip or zstd",
                    name);
}

static enum cdr_result no_memory(struct cdr_error *error, enum cdr_compression compression)
{
    return cdr_fail(error, CDR_E_NOMEM, "no memory for compressing with %s",
                    cdr_compression_name[compression]);
}

static bool zlib_create(z_stream *zlib, int window_bits)
{
    return deflateInit2(zlib, GZIP_LEVEL, Z_DEFLATED, window_bits, ZLIB_MEMORY_LEVEL,
                        Z_DEFAULT_STRATEGY) == Z_OK;
}

static ZSTD_CCtx *zstd_create(void)
{
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    if (zstd == NULL)
        return NULL;
    bool set = !ZSTD_isError(ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL)) &&
               !ZSTD_isError(ZSTD_CCtx_setParameter(zstd, ZSTD_c_windowLog, ZSTD_WINDOW_LOG)) &&
               !ZSTD_isError(ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1));
    assert(set);
    (void)set;
    return zstd;
}

enum cdr_result cdr_compress_stream_create(struct cdr_compress_stream **stream,
                                           enum cdr_compression compression,
                                           struct cdr_error *error)
{
    assert(compression == CDR_COMPRESSION_GZIP || compression == CDR_COMPRESSION_ZSTD);
    struct cdr_compress_stream *made = calloc(1, sizeof *made);
    if (made == NULL)
        return no_memory(error, compression);
    made->compression = compression;
    bool created = false;
    if (compression == CDR_COMPRESSION_GZIP) {
        created = zlib_create(&made->zlib, WINDOW_BITS_GZIP);
    } else {
        made->zstd = zstd_create();
        created = made->zstd != NULL;
    }
    if (!created) {
        free(made);
        return no_memory(error, compression);
    }
    *stream = made;
    return CDR_OK;
}

void cdr_compress_stream_destroy(struct cdr_compress_stream *stream)
{
    if (stream == NULL)
        return;
    if (stream->compression == CDR_COMPRESSION_GZIP)
        deflateEnd(&stream->zlib);
    else
        ZSTD_freeCCtx(stream->zstd);
    free(stream);
}

void cdr_compress_stream_start(struct cdr_compress_stream *stream)
{
    if (stream->compression == CDR_COMPRESSION_ZSTD) {
        ZSTD_CCtx_reset(stream->zstd, ZSTD_reset_session_only);
        return;
    }
    deflateReset(&stream->zlib);
    memset(&stream->header, 0, sizeof stream->header);
    stream->header.os = GZIP_SYSTEM_UNKNOWN;
    int set = deflateSetHeader(&stream->zlib, &stream->header);
    assert(set == Z_OK);
    (void)set;
}

static enum cdr_result gzip_run(struct cdr_compress_stream *stream, const uint8_t *bytes, size_t n,
                                int mode, cdr_compress_emit *emit, void *context,
                                struct cdr_error *error)
{
    z_stream *zlib = &stream->zlib;
    assert(n <= UINT32_MAX);
    zlib->next_in = (Bytef *)(uintptr_t)bytes; /* zlib only reads it, but is older than const */
    zlib->avail_in = (uInt)n;
    do {
        zlib->next_out = stream->out;
        zlib->avail_out = OUT_BYTES;
        int status = deflate(zlib, mode);
        assert(status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR);
        (void)status;
        size_t made = OUT_BYTES - zlib->avail_out;
        enum cdr_result result = made > 0 ? emit(context, stream->out, made, error) : CDR_OK;
        if (result != CDR_OK)
            return result;
    } while (zlib->avail_out == 0);
    assert(zlib->avail_in == 0);
    return CDR_OK;
}

static enum cdr_result zstd_run(struct cdr_compress_stream *stream, const uint8_t *bytes, size_t n,
                                ZSTD_EndDirective mode, cdr_compress_emit *emit, void *context,
                                struct cdr_error *error)
{
    ZSTD_inBuffer in = {.src = bytes, .size = n, .pos = 0};
    size_t left = 0;
    do {
        ZSTD_outBuffer out = {.dst = stream->out, .size = OUT_BYTES, .pos = 0};
        left = ZSTD_compressStream2(stream->zstd, &out, &in, mode);
        if (ZSTD_isError(left))
            return no_memory(error, stream->compression); /* all else would be our mistake */
        enum cdr_result result = out.pos > 0 ? emit(context, stream->out, out.pos, error) : CDR_OK;
        if (result != CDR_OK)
            return result;
    } while (mode == ZSTD_e_end ? left > 0 : in.pos < in.size);
    return CDR_OK;
}

enum cdr_result cdr_compress_stream_append(struct cdr_compress_stream *stream, const uint8_t *bytes,
                                           size_t n, cdr_compress_emit *emit, void *context,
                                           struct cdr_error *error)
{
    if (n == 0)
        return CDR_OK;
    if (stream->compression == CDR_COMPRESSION_GZIP)
        return gzip_run(stream, bytes, n, Z_NO_FLUSH, emit, context, error);
    return zstd_run(stream, bytes, n, ZSTD_e_continue, emit, context, error);
}

enum cdr_result cdr_compress_stream_finish(struct cdr_compress_stream *stream,
                                           cdr_compress_emit *emit, void *context,
                                           struct cdr_error *error)
{
    if (stream->compression == CDR_COMPRESSION_GZIP)
        return gzip_run(stream, NULL, 0, Z_FINISH, emit, context, error);
    return zstd_run(stream, NULL, 0, ZSTD_e_end, emit, context, error);
}

/* zstd sizes its memory by the block at hand, and takes more at each longer one: so it gets the
 * longest first. */
static bool zstd_prepare(ZSTD_CCtx *zstd, size_t expected_max)
{
    size_t bound = ZSTD_compressBound(expected_max);
    uint8_t *memory = calloc(1, expected_max + bound);
    if (memory == NULL)
        return false;
    size_t length = ZSTD_compress2(zstd, memory + expected_max, bound, memory, expected_max);
    free(memory);
    return !ZSTD_isError(length);
}

enum cdr_result cdr_block_compressor_create(struct cdr_block_compressor **compressor,
                                            enum cdr_compression compression, size_t expected_max,
                                            struct cdr_error *error)
{
    assert(compression == CDR_COMPRESSION_GZIP || compression == CDR_COMPRESSION_ZSTD);
    struct cdr_block_compressor *made = calloc(1, sizeof *made);
    if (made == NULL)
        return no_memory(error, compression);
    made->compression = compression;
    bool created = false;
    if (compression == CDR_COMPRESSION_GZIP) {
        created = zlib_create(&made->zlib, WINDOW_BITS_RAW);
    } else {
        made->zstd = zstd_create();
        created = made->zstd != NULL && zstd_prepare(made->zstd, expected_max);
    }
    if (!created) {
        ZSTD_freeCCtx(made->zstd);
        free(made);
        return no_memory(error, compression);
    }
    *compressor = made;
    return CDR_OK;
}

void cdr_block_compressor_destroy(struct cdr_block_compressor *compressor)
{
    if (compressor == NULL)
        return;
    if (compressor->compression == CDR_COMPRESSION_GZIP)
        deflateEnd(&compressor->zlib);
    else
        ZSTD_freeCCtx(compressor->zstd);
    free(compressor);
}

size_t cdr_block_compressor_bound(struct cdr_block_compressor *compressor, size_t n)
{
    if (compressor->compression == CDR_COMPRESSION_GZIP)
        return deflateBound(&compressor->zlib, (uLong)n);
    return ZSTD_compressBound(n);
}

enum cdr_result cdr_block_compress(struct cdr_block_compressor *compressor, const uint8_t *bytes,
                                   size_t n, uint8_t *out, size_t *out_len, struct cdr_error *error)
{
    size_t bound = cdr_block_compressor_bound(compressor, n);
    if (compressor->compression == CDR_COMPRESSION_ZSTD) {
        *out_len = ZSTD_compress2(compressor->zstd, out, bound, bytes, n);
        return ZSTD_isError(*out_len) ? no_memory(error, compressor->compression) : CDR_OK;
    }
    z_stream *zlib = &compressor->zlib;
    assert(n <= UINT32_MAX && bound <= UINT32_MAX);
    deflateReset(zlib);
    zlib->next_in = (Bytef *)(uintptr_t)bytes;
    zlib->avail_in = (uInt)n;
    zlib->next_out = out;
    zlib->avail_out = (uInt)bound;
    int status = deflate(zlib, Z_FINISH);
    assert(status == Z_STREAM_END);
    (void)status;
    *out_len = bound - zlib->avail_out;
    return CDR_OK;
}
