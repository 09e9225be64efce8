/* The manifest: what a run of the file sink left in its folder.
 *
 * A JSON object: dataset_id, generator, format, compress, rotate_bytes, partitions, complete (false
 * while the run goes on and after an interrupted or failed one: what is listed is whole and each
 * log is a prefix of the complete one), days (null of a live run, which has no end), shard (index
 * and count, null without), schema_change_ms where the schema of a topic changes, topics. A topic
 * has layout and next_layout where schema, mapping or fields are the user's (checksums of them),
 * records, bytes and partitions; a partition (those of this shard) has partition, records,
 * bytes and parts; a part has path (from the folder on), first_record (its position in the log),
 * records, bytes, file_bytes and xxh128; of topics whose schema changes also schema_version, 1 or
 * 2. bytes are those of the records' payloads, without header lines, newlines, frames and
 * compression, as in the run's summary; file_bytes and xxh128 are of the file as it lies there:
 * `xxh128sum PATH` prints the same. checksum is of what the manifest says: whether it is complete,
 * its days, and all of its parts. One without is not believed to be complete. Nothing in it depends
 * on the clock: the same run gives the same bytes.
 *
 * One is written before the first part, so that a folder says what it is whatever happens to the
 * run, and another at the end. It is written to a temporary name, synced, renamed, and its name
 * synced: a manifest is whole, the former one's or not there.
 */
#ifndef CDR_SINK_FILE_MANIFEST_H
#define CDR_SINK_FILE_MANIFEST_H

#include "sink/file/folder.h"
#include "sink/file/part.h"

/* A finished part. Its number is its index among the parts of its log. */
struct cdr_manifest_part {
    int32_t day;
    uint32_t version; /* of its topic's schema (encode/change.h) */
    uint64_t records, bytes;
    struct cdr_part_result file;
};

struct cdr_manifest_log {
    uint64_t first_record;
    const struct cdr_manifest_part *parts;
    uint32_t part_count;
};

/* A checksum of schema and mapping, as hex digits. */
#define CDR_MANIFEST_LAYOUT_MAX 33
/* A longer one is not read: it is about 200 bytes a part. */
#define CDR_MANIFEST_BYTES_MAX (UINT64_C(1) << 30)

struct cdr_manifest_topic {
    bool changes; /* it has parts of two versions */
    /* What records follow, first and after the change: "" where it is built in, or does not
     * change. */
    char layouts[CDR_VERSIONS][CDR_MANIFEST_LAYOUT_MAX];
};

struct cdr_manifest {
    const struct cdr_file_folder *folder;
    const char *format, *compress;
    uint64_t rotate_bytes;
    uint32_t partitions;
    uint32_t days; /* 0: no end */
    bool complete;
    /* Event time from which on parts are of the second version, of topics that change; 0: none
     * does. */
    int64_t change_ms;
    const struct cdr_manifest_topic *topics; /* as many as the folder has */
    /* A log of the sink, by its number; shared memory of the caller. */
    void (*log)(const void *context, uint32_t log, struct cdr_manifest_log *out);
    const void *context;
};

/* Of the layout of records from from_ms on (0: from the start). */
void cdr_manifest_layout(char text[CDR_MANIFEST_LAYOUT_MAX], const struct cdr_layout *layout,
                         int64_t from_ms);

/* All that shards of one dataset have in common besides its id, in one text. */
void cdr_manifest_written_as(char text[CDR_WRITTEN_AS_MAX], const struct cdr_manifest *manifest);

/* The checksum of a manifest. */
#define CDR_MANIFEST_SEAL_MAX 33
void cdr_manifest_seal(char text[CDR_MANIFEST_SEAL_MAX], const struct cdr_manifest *manifest);

/* With the folder's lock held. Errors: CDR_E_IO; then the former manifest is there, or none, or the
 * new one where only its name could not be synced. */
enum cdr_result cdr_manifest_write(const struct cdr_manifest *manifest, struct cdr_error *error);

/* What a manifest says of itself, however its JSON is laid out. */
struct cdr_manifest_head {
    bool ours;    /* cdrgen wrote it */
    bool damaged; /* it is no JSON; then nothing else is known */
    bool complete;
    char dataset_id[64], format[16]; /* "": not said */
    char written_as[CDR_WRITTEN_AS_MAX];
};

/* CDR_E_AGAIN: there is none. CDR_E_CONFIG: it cannot be read. CDR_E_NOMEM. */
enum cdr_result cdr_manifest_look(const char *path, struct cdr_manifest_head *head,
                                  struct cdr_error *error);

/* What the manifest in the folder says. Zero-initialise. */
struct cdr_manifest_contents {
    bool exists, complete;
    uint32_t days; /* 0: no end, or not said */
    uint32_t log_count;
    struct cdr_manifest_part_list {
        struct cdr_manifest_part *parts;
        uint32_t count;
    } * logs; /* by number; those of other shards are empty */
};

/* Reads it and compares it with the run that goes on with the dataset. CDR_E_STATE: it is of
 * another dataset, or made with other settings, both values being named; or it is no manifest of
 * ours, or is not as it was written. CDR_E_IO, CDR_E_NOMEM. */
enum cdr_result cdr_manifest_read(const struct cdr_manifest *expected,
                                  struct cdr_manifest_contents *contents, struct cdr_error *error);
void cdr_manifest_contents_free(struct cdr_manifest_contents *contents);

#endif
