/* One part of one log: records become a file, under a temporary name until it is finished.
 *
 * Bytes reach the file in one of three ways:
 *
 * - Plain CSV and JSON go as they are: big ranges of a slab by write(2) without a copy, small ones
 *   gathered.
 * - Compressed CSV and JSON go in chunks of CDR_PART_CHUNK_BYTES through a stream.
 * - Avro goes in blocks, which end at the first record that fills CDR_PART_CHUNK_BYTES.
 *
 * Chunks and blocks are counted from the part's start, so the file depends on its records alone,
 * not on how they were cut into slabs. Short writes are continued and interrupted ones repeated.
 *
 * A part object serves one log, from one thread at a time, file after file: its buffers are made
 * once. Errors of the disk are CDR_E_IO and name the file and the system's reason; after one,
 * discard.
 */
#ifndef CDR_SINK_FILE_PART_H
#define CDR_SINK_FILE_PART_H

#include "sink/file/compress.h"
#include "sink/file/container.h"
#include "sink/sink.h"

#include <sys/stat.h>
#include <time.h>

#define CDR_PART_CHUNK_BYTES 65536u
#define CDR_PART_CHECKSUM_BYTES 16

/* How the files of one topic are written; must outlive its parts. */
struct cdr_part_format {
    enum cdr_compression compression;
    struct cdr_container *container;   /* Avro; else NULL */
    const struct cdr_encoder *encoder; /* of the records; frames are left out of containers */
};

/* What one thread needs besides: for compressed blocks of containers. Zero-initialise; one a
 * worker. */
struct cdr_part_scratch {
    struct cdr_block_compressor *compressor;
    uint8_t *block;
    size_t block_max;
};
void cdr_part_scratch_free(struct cdr_part_scratch *scratch);

/* What the system says of a file: where it still says the same, nobody has written to it, moved or
 * replaced it. Times of some file systems tell no two changes apart within some milliseconds. */
struct cdr_part_seal {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified, changed;
};

/* Of a finished file. */
struct cdr_part_result {
    uint64_t file_bytes;
    struct cdr_part_seal seal; /* all 0 where nobody looked */
    uint8_t
        checksum[CDR_PART_CHECKSUM_BYTES]; /* XXH3, 128 bits, canonical: what xxh128sum prints */
};

struct cdr_part;

/* Errors: CDR_E_NOMEM. */
enum cdr_result cdr_part_create(struct cdr_part **part, const struct cdr_part_format *format,
                                struct cdr_error *error);
/* Discards what is open. */
void cdr_part_destroy(struct cdr_part *part);

/* Creates the file path, which must not exist, with its header. *missing_folder tells that its
 * folder is not there (then CDR_E_IO, and the caller may make it and try again). */
enum cdr_result cdr_part_open(struct cdr_part *part, const char *path, bool *missing_folder,
                              struct cdr_error *error);
/* Records [from, to) of slab. */
enum cdr_result cdr_part_append(struct cdr_part *part, struct cdr_part_scratch *scratch,
                                const struct cdr_slab *slab, uint32_t from, uint32_t to,
                                struct cdr_error *error);
/* Writes the rest, waits until the disk has all of it, renames the file to path. CDR_E_IO also
 * where somebody else has made the file shorter or longer meanwhile. */
enum cdr_result cdr_part_finish(struct cdr_part *part, struct cdr_part_scratch *scratch,
                                const char *path, struct cdr_part_result *result,
                                struct cdr_error *error);
/* False: there is no file of that name. */
bool cdr_part_seal(struct cdr_part_seal *seal, const char *path);
bool cdr_part_is_sealed(const struct cdr_part_seal *seal, const char *path);
/* Closes and removes the file. False where it could not be removed. Nothing to do where none is
 * open. */
bool cdr_part_discard(struct cdr_part *part);

#endif
