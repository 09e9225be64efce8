#include "sink/compress.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

/* As in compress.c. */
#define WINDOW_BITS_GZIP (15 + 16)
#define WINDOW_BITS_RAW (-15)

#define OUT_BYTES 65536u

struct cdr_decompressor {
    enum cdr_compression compression;
    z_stream zlib;
    ZSTD_DCtx *zstd;
    bool ended;
    uint8_t out[OUT_BYTES];
};

static enum cdr_result no_memory(struct cdr_error *error, enum cdr_compression compression)
{
    return cdr_fail(error, CDR_E_NOMEM, "no memory for reading what %s compressed",
                    cdr_compression_name[compression]);
}

enum cdr_result cdr_decompressor_create(struct cdr_decompressor **decompressor,
                                        enum cdr_compression compression, bool block,
                                        struct cdr_error *error)
{
    assert(compression == CDR_COMPRESSION_GZIP || compression == CDR_COMPRESSION_ZSTD);
    struct cdr_decompressor *made = calloc(1, sizeof *made);
    if (made == NULL)
        return no_memory(error, compression);
    made->compression = compression;
    bool created = false;
    if (compression == CDR_COMPRESSION_GZIP) {
        created = inflateInit2(&made->zlib, block ? WINDOW_BITS_RAW : WINDOW_BITS_GZIP) == Z_OK;
    } else {
        made->zstd = ZSTD_createDCtx();
        created = made->zstd != NULL;
    }
    if (!created) {
        free(made);
        return no_memory(error, compression);
    }
    *decompressor = made;
    return CDR_OK;
}

void cdr_decompressor_destroy(struct cdr_decompressor *decompressor)
{
    if (decompressor == NULL)
        return;
    if (decompressor->compression == CDR_COMPRESSION_GZIP)
        inflateEnd(&decompressor->zlib);
    else
        ZSTD_freeDCtx(decompressor->zstd);
    free(decompressor);
}

void cdr_decompressor_start(struct cdr_decompressor *decompressor)
{
    decompressor->ended = false;
    if (decompressor->compression == CDR_COMPRESSION_GZIP)
        inflateReset(&decompressor->zlib);
    else
        ZSTD_DCtx_reset(decompressor->zstd, ZSTD_reset_session_only);
}

/* One step: takes from *bytes, fills out. */
static enum cdr_result inflate_step(struct cdr_decompressor *decompressor, const uint8_t **bytes,
                                    size_t *n, size_t *made, struct cdr_error *error)
{
    z_stream *zlib = &decompressor->zlib;
    assert(*n <= UINT32_MAX);
    zlib->next_in = (Bytef *)(uintptr_t)*bytes;
    zlib->avail_in = (uInt)*n;
    zlib->next_out = decompressor->out;
    zlib->avail_out = OUT_BYTES;
    int status = inflate(zlib, Z_NO_FLUSH);
    if (status == Z_MEM_ERROR)
        return no_memory(error, decompressor->compression);
    /* Z_BUF_ERROR: all that was there is taken, and nothing came of it. */
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
        return cdr_fail(error, CDR_E_DIFFERENT, "its compressed data are damaged (%s)",
                        zlib->msg != NULL ? zlib->msg : "zlib cannot say why");
    decompressor->ended = status == Z_STREAM_END;
    *bytes = zlib->next_in;
    *n = zlib->avail_in;
    *made = OUT_BYTES - zlib->avail_out;
    return CDR_OK;
}

static enum cdr_result zstd_step(struct cdr_decompressor *decompressor, const uint8_t **bytes,
                                 size_t *n, size_t *made, struct cdr_error *error)
{
    ZSTD_inBuffer in = {.src = *bytes, .size = *n, .pos = 0};
    ZSTD_outBuffer out = {.dst = decompressor->out, .size = OUT_BYTES, .pos = 0};
    size_t left = ZSTD_decompressStream(decompressor->zstd, &out, &in);
    if (ZSTD_isError(left) && ZSTD_getErrorCode(left) == ZSTD_error_memory_allocation)
        return no_memory(error, decompressor->compression);
    if (ZSTD_isError(left))
        return cdr_fail(error, CDR_E_DIFFERENT, "its compressed data are damaged (%s)",
                        ZSTD_getErrorName(left));
    decompressor->ended = left == 0;
    *bytes += in.pos;
    *n -= in.pos;
    *made = out.pos;
    return CDR_OK;
}

enum cdr_result cdr_decompress(struct cdr_decompressor *decompressor, const uint8_t *bytes,
                               size_t n, cdr_compress_emit *emit, void *context,
                               struct cdr_error *error)
{
    size_t made = 0;
    /* A full buffer may mean that there is more to come of what was taken already. */
    while (n > 0 || (made == OUT_BYTES && !decompressor->ended)) {
        if (decompressor->ended)
            return cdr_fail(error, CDR_E_DIFFERENT, "something follows the end of its data");
        enum cdr_result result = decompressor->compression == CDR_COMPRESSION_GZIP
                                     ? inflate_step(decompressor, &bytes, &n, &made, error)
                                     : zstd_step(decompressor, &bytes, &n, &made, error);
        if (result == CDR_OK && made > 0)
            result = emit(context, decompressor->out, made, error);
        if (result != CDR_OK)
            return result;
    }
    return CDR_OK;
}

bool cdr_decompressor_ended(const struct cdr_decompressor *decompressor)
{
    return decompressor->ended;
}
