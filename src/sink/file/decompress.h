/* Decompression of what compress.h makes: streams (gzip members, zstd frames) in pieces, and blocks
 * of Avro container files. One thread at a time uses an object. */
#ifndef CDR_SINK_FILE_DECOMPRESS_H
#define CDR_SINK_FILE_DECOMPRESS_H

#include "sink/file/compress.h"

#include <stdbool.h>

struct cdr_decompress_stream;

/* Not for CDR_COMPRESSION_NONE. Errors: CDR_E_NOMEM. */
enum cdr_result cdr_decompress_stream_create(struct cdr_decompress_stream **stream,
                                             enum cdr_compression compression,
                                             struct cdr_error *error);
void cdr_decompress_stream_destroy(struct cdr_decompress_stream *stream);
/* The next bytes begin a file. */
void cdr_decompress_stream_start(struct cdr_decompress_stream *stream);
/* Decompresses from [*used, n) of bytes, advancing *used, to out, which has room for out_max; *made
 * is set. A caller that gets neither further input used nor output made must give more input.
 * Members (frames) that follow one another are one stream. Errors: CDR_E_DIFFERENT, a clause that
 * says what is damaged; CDR_E_NOMEM. */
enum cdr_result cdr_decompress_stream_next(struct cdr_decompress_stream *stream,
                                           const uint8_t *bytes, size_t n, size_t *used,
                                           uint8_t *out, size_t out_max, size_t *made,
                                           struct cdr_error *error);
/* Whether the input so far is whole: at the end of a member. */
bool cdr_decompress_stream_whole(const struct cdr_decompress_stream *stream);

/* A block: raw deflate data for gzip, one zstd frame for zstd. *out is a buffer of *out_room bytes
 * that grows as needed (to be freed by the caller), *made is set. Blocks above bytes_max are taken
 * for damaged. Errors as above. */
enum cdr_result cdr_decompress_block(enum cdr_compression compression, const uint8_t *bytes,
                                     size_t n, uint8_t **out, size_t *out_room, size_t bytes_max,
                                     size_t *made, struct cdr_error *error);

#endif
