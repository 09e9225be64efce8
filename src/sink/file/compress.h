/* Compression behind one small interface; the only files that include zlib and zstd are compress.c
 * and decompress.c.
 *
 * A stream turns the bytes of a file, given in pieces, into one gzip member or one zstd frame. A
 * block compressor turns one block of an Avro container file into raw deflate data or a zstd frame.
 * Levels are low (gzip 1, zstd 1 with a window of 128 KiB): on CDRs the higher ones cost several
 * times the CPU for a tenth less space. One thread compresses; neither time, name nor system is
 * stored. So the same pieces give the same bytes with the same version of the library; and since
 * zlib does not promise that other pieces of the same data do, callers cut them at fixed positions.
 *
 * A stream needs about 300 KiB (gzip) or 1 MiB (zstd), once, and is reused from file to file.
 * Nothing here is thread-safe; use each object from one thread at a time.
 */
#ifndef CDR_SINK_FILE_COMPRESS_H
#define CDR_SINK_FILE_COMPRESS_H

#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cdr_compression {
    CDR_COMPRESSION_NONE = 0,
    CDR_COMPRESSION_GZIP = 1,
    CDR_COMPRESSION_ZSTD = 2,
    CDR_COMPRESSION_COUNT = 3,
};

extern const char *const cdr_compression_name[CDR_COMPRESSION_COUNT]; /* none gzip zstd */
extern const char
    *const cdr_compression_suffix[CDR_COMPRESSION_COUNT]; /* of file names: "" .gz .zst */

/* By name. Errors: CDR_E_CONFIG. */
enum cdr_result cdr_compression_find(const char *name, enum cdr_compression *compression,
                                     struct cdr_error *error);

/* Takes compressed bytes; its result is passed on. */
typedef enum cdr_result cdr_compress_emit(void *context, const uint8_t *bytes, size_t n,
                                          struct cdr_error *error);

struct cdr_compress_stream;

/* Not for CDR_COMPRESSION_NONE. Errors: CDR_E_NOMEM. */
enum cdr_result cdr_compress_stream_create(struct cdr_compress_stream **stream,
                                           enum cdr_compression compression,
                                           struct cdr_error *error);
void cdr_compress_stream_destroy(struct cdr_compress_stream *stream);

/* Forgets what went before: the next bytes begin a file. */
void cdr_compress_stream_start(struct cdr_compress_stream *stream);
/* Errors: emit's, CDR_E_NOMEM. */
enum cdr_result cdr_compress_stream_append(struct cdr_compress_stream *stream, const uint8_t *bytes,
                                           size_t n, cdr_compress_emit *emit, void *context,
                                           struct cdr_error *error);
/* Emits what the stream still holds and the end mark. */
enum cdr_result cdr_compress_stream_finish(struct cdr_compress_stream *stream,
                                           cdr_compress_emit *emit, void *context,
                                           struct cdr_error *error);

struct cdr_block_compressor;

/* Not for CDR_COMPRESSION_NONE. All memory is taken here if no block is longer than expected_max
 * bytes. Errors: CDR_E_NOMEM. */
enum cdr_result cdr_block_compressor_create(struct cdr_block_compressor **compressor,
                                            enum cdr_compression compression, size_t expected_max,
                                            struct cdr_error *error);
void cdr_block_compressor_destroy(struct cdr_block_compressor *compressor);
/* Room that n bytes need at worst. */
size_t cdr_block_compressor_bound(struct cdr_block_compressor *compressor, size_t n);
/* Compresses n bytes to out, which has room for the bound of n; out_len is set. Errors:
 * CDR_E_NOMEM. */
enum cdr_result cdr_block_compress(struct cdr_block_compressor *compressor, const uint8_t *bytes,
                                   size_t n, uint8_t *out, size_t *out_len,
                                   struct cdr_error *error);

#endif
