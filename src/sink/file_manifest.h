/* The manifest: what a run of the file sink left in its folder.
 *
 * A JSON object: dataset_id, generator, format, compress, rotate_bytes, partitions, complete (false
 * after an interrupted or failed run: what is listed is whole and each log is a prefix of the
 * complete one), shard (index and count, null without), topics. A topic has records, bytes and
 * partitions; a partition (those of this shard) has partition, records, bytes and parts; a part has
 * path (from the folder on), first_record (its position in the log), records, bytes, file_bytes and
 * xxh128. bytes are those of the records' payloads, without header lines, newlines, frames and
 * compression, as in the run's summary; file_bytes and xxh128 are of the file as it lies there:
 * `xxh128sum PATH` prints the same. Nothing in it depends on the clock: the same run gives the same
 * bytes.
 *
 * It is written to a temporary name, synced, renamed, and its name synced: a manifest is whole or
 * not there.
 */
#ifndef CDR_SINK_FILE_MANIFEST_H
#define CDR_SINK_FILE_MANIFEST_H

#include "sink/file_folder.h"
#include "sink/file_part.h"

/* A finished part. Its number is its index among the parts of its log. */
struct cdr_manifest_part {
    int32_t day;
    uint64_t records, bytes;
    struct cdr_part_result file;
};

struct cdr_manifest_log {
    uint64_t first_record;
    const struct cdr_manifest_part *parts;
    uint32_t part_count;
};

struct cdr_manifest {
    const struct cdr_file_folder *folder;
    const char *format, *compress;
    uint64_t rotate_bytes;
    uint32_t partitions;
    bool complete;
    /* A log of the sink, by its number; shared memory of the caller. */
    void (*log)(const void *context, uint32_t log, struct cdr_manifest_log *out);
    const void *context;
};

/* Errors: CDR_E_IO; then there is no manifest. */
enum cdr_result cdr_manifest_write(const struct cdr_manifest *manifest, struct cdr_error *error);

#endif
