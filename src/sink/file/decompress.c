#include "sink/file/decompress.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum { GZIP_WINDOW = 15 + 16, RAW_WINDOW = -15 };

struct cdr_decompress_stream {
    enum cdr_compression compression;
    z_stream gzip;
    ZSTD_DCtx *zstd;
    bool whole;
};

static enum cdr_result damaged(const char *reason, struct cdr_error *error)
{
    return cdr_fail(error, CDR_E_DIFFERENT, "its compressed data is damaged (%s)",
                    reason != NULL ? reason : "not what it claims to be");
}

static enum cdr_result zstd_failed(size_t code, struct cdr_error *error)
{
    if (ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for decompression");
    return damaged(ZSTD_getErrorName(code), error);
}

enum cdr_result cdr_decompress_stream_create(struct cdr_decompress_stream **made,
                                             enum cdr_compression compression,
                                             struct cdr_error *error)
{
    assert(compression != CDR_COMPRESSION_NONE);
    struct cdr_decompress_stream *stream = calloc(1, sizeof *stream);
    bool good = stream != NULL;
    if (good)
        stream->compression = compression;
    if (good && compression == CDR_COMPRESSION_GZIP)
        good = inflateInit2(&stream->gzip, GZIP_WINDOW) == Z_OK;
    else if (good)
        good = (stream->zstd = ZSTD_createDCtx()) != NULL;
    if (!good) {
        free(stream);
        return cdr_fail(error, CDR_E_NOMEM, "no memory for decompression");
    }
    *made = stream;
    return CDR_OK;
}

void cdr_decompress_stream_destroy(struct cdr_decompress_stream *stream)
{
    if (stream == NULL)
        return;
    if (stream->compression == CDR_COMPRESSION_GZIP)
        inflateEnd(&stream->gzip);
    ZSTD_freeDCtx(stream->zstd);
    free(stream);
}

void cdr_decompress_stream_start(struct cdr_decompress_stream *stream)
{
    stream->whole = false;
    if (stream->compression == CDR_COMPRESSION_GZIP)
        inflateReset(&stream->gzip);
    else
        ZSTD_DCtx_reset(stream->zstd, ZSTD_reset_session_only);
}

static enum cdr_result next_gzip(struct cdr_decompress_stream *stream, const uint8_t *bytes,
                                 size_t n, size_t *used, uint8_t *out, size_t out_max, size_t *made,
                                 struct cdr_error *error)
{
    z_stream *gzip = &stream->gzip;
    if (stream->whole && *used < n)
        cdr_decompress_stream_start(stream);
    /* zlib's interface is not const, it does not write. */
    gzip->next_in = (Bytef *)(uintptr_t)(bytes + *used);
    gzip->avail_in = (uInt)(n - *used);
    gzip->next_out = out;
    gzip->avail_out = (uInt)out_max;
    int code = stream->whole ? Z_STREAM_END : inflate(gzip, Z_NO_FLUSH);
    *used = n - gzip->avail_in;
    *made = out_max - gzip->avail_out;
    if (code == Z_MEM_ERROR)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for decompression");
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
        return damaged(gzip->msg, error);
    stream->whole = code == Z_STREAM_END;
    return CDR_OK;
}

enum cdr_result cdr_decompress_stream_next(struct cdr_decompress_stream *stream,
                                           const uint8_t *bytes, size_t n, size_t *used,
                                           uint8_t *out, size_t out_max, size_t *made,
                                           struct cdr_error *error)
{
    if (stream->compression == CDR_COMPRESSION_GZIP)
        return next_gzip(stream, bytes, n, used, out, out_max, made, error);
    ZSTD_inBuffer in = {bytes, n, *used};
    ZSTD_outBuffer to = {out, out_max, 0};
    size_t code = ZSTD_decompressStream(stream->zstd, &to, &in);
    if (in.pos > *used || to.pos > 0)
        stream->whole = code == 0;
    *used = in.pos;
    *made = to.pos;
    return ZSTD_isError(code) ? zstd_failed(code, error) : CDR_OK;
}

bool cdr_decompress_stream_whole(const struct cdr_decompress_stream *stream)
{
    return stream->whole;
}

/* Doubles the buffer, or makes it. */
static enum cdr_result grow(uint8_t **out, size_t *room, size_t bytes_max, struct cdr_error *error)
{
    size_t wanted = *room == 0 ? 1u << 16 : 2 * *room;
    if (*room >= bytes_max)
        return damaged("a block that is too long", error);
    uint8_t *larger = realloc(*out, wanted);
    if (larger == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for a block of %zu bytes", wanted);
    *out = larger;
    *room = wanted;
    return CDR_OK;
}

static enum cdr_result inflate_block(const uint8_t *bytes, size_t n, uint8_t **out, size_t *room,
                                     size_t bytes_max, size_t *made, struct cdr_error *error)
{
    z_stream raw = {.next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)n};
    if (inflateInit2(&raw, RAW_WINDOW) != Z_OK)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for decompression");
    enum cdr_result result = CDR_OK;
    int code = Z_OK;
    *made = 0;
    while (result == CDR_OK && code != Z_STREAM_END) {
        if (*made == *room)
            result = grow(out, room, bytes_max, error);
        if (result != CDR_OK)
            break;
        raw.next_out = *out + *made;
        raw.avail_out = (uInt)(*room - *made);
        code = inflate(&raw, Z_NO_FLUSH);
        *made = *room - raw.avail_out;
        if (code == Z_MEM_ERROR)
            result = cdr_fail(error, CDR_E_NOMEM, "no memory for decompression");
        else if (code != Z_OK && code != Z_STREAM_END && (code != Z_BUF_ERROR || raw.avail_out > 0))
            result = damaged(raw.msg, error);
    }
    if (result == CDR_OK && raw.avail_in > 0)
        result = damaged("bytes after a block's end", error);
    inflateEnd(&raw);
    return result;
}

enum cdr_result cdr_decompress_block(enum cdr_compression compression, const uint8_t *bytes,
                                     size_t n, uint8_t **out, size_t *out_room, size_t bytes_max,
                                     size_t *made, struct cdr_error *error)
{
    if (compression == CDR_COMPRESSION_GZIP)
        return inflate_block(bytes, n, out, out_room, bytes_max, made, error);
    unsigned long long size = ZSTD_getFrameContentSize(bytes, n);
    if (size == ZSTD_CONTENTSIZE_ERROR)
        return damaged("no zstd frame", error);
    /* Frames from other writers may not say their size. */
    enum cdr_result result = CDR_OK;
    while (result == CDR_OK && *out_room == 0)
        result = grow(out, out_room, bytes_max, error);
    while (result == CDR_OK && size != ZSTD_CONTENTSIZE_UNKNOWN && *out_room < size)
        result = grow(out, out_room, bytes_max, error);
    while (result == CDR_OK) {
        size_t code = ZSTD_decompress(*out, *out_room, bytes, n);
        if (!ZSTD_isError(code)) {
            *made = code;
            return CDR_OK;
        }
        if (ZSTD_getErrorCode(code) != ZSTD_error_dstSize_tooSmall)
            return zstd_failed(code, error);
        result = grow(out, out_room, bytes_max, error);
    }
    return result;
}
