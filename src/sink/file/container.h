/* Avro object container files (Avro specification 1.11, "Object Container Files"), written by us.
 *
 * A file is a header and blocks:
 *
 * - The header is "Obj" 0x01, a map of metadata (avro.schema, avro.codec), and 16 bytes of sync
 *   marker.
 * - A block is the count of its records and their size in bytes (zigzag varints), the records' data
 *   compressed by the codec, and the sync marker again.
 *
 * avro.schema is the schema's text exactly as it was given, with docs, aliases, defaults and
 * logical types. The sync marker is the dataset id, so that a file is the same bytes each time it
 * is made. Nothing depends on the CPU's byte order: an Avro varint is a row of bytes.
 *
 * A container is immutable once created and serves any number of threads.
 */
#ifndef CDR_SINK_FILE_CONTAINER_H
#define CDR_SINK_FILE_CONTAINER_H

#include "sink/file/compress.h"

#define CDR_CONTAINER_SYNC_BYTES 16
#define CDR_CONTAINER_BLOCK_HEAD_MAX 20 /* two varints of up to ten bytes */

struct cdr_container {
    uint8_t sync[CDR_CONTAINER_SYNC_BYTES];
    size_t header_len;
    uint8_t header[]; /* what a file starts with */
};

/* dataset_id: 32 hex digits. version: of the schema, where it changes in the course of the dataset
 * (encode/change.h): the second one's files say so in their metadata, as cdrgen.schema_version, so
 * that they begin differently even where both schemas have the same text. gzip becomes the codec
 * deflate, zstd becomes zstandard. Errors: CDR_E_CONFIG where the id is something else,
 * CDR_E_NOMEM. */
enum cdr_result cdr_container_create(struct cdr_container **container, const char *schema_text,
                                     unsigned version, enum cdr_compression compression,
                                     const char *dataset_id, struct cdr_error *error);
void cdr_container_destroy(struct cdr_container *container);

/* Writes the head of a block whose data is size bytes; returns its length. */
size_t cdr_container_block_head(uint8_t head[CDR_CONTAINER_BLOCK_HEAD_MAX], uint64_t records,
                                uint64_t size);

#endif
