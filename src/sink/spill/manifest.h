/* DIR/spill.json: what a spill holds and what it takes to publish it, whichever brokers it goes to.
 *
 * A JSON object: cdrgen (version), dataset_id, format, frame_len, trailer_len, partitions,
 * shard_index, shard_count, transactions (how the run published, and a run that goes on must do
 * the same), closed, complete, published, change_ms (event time of the change of schema, where
 * there is one), settings (an object that makes the dataset again; its owner knows what is in it),
 * topics, one to CDR_TOPICS_MAX. Of each topic: its name; schema, mapping and schema_id of its
 * values, next_schema and so on of those after the change, key_schema and so on of its keys, as far
 * as there are any; where messages have keys of a schema or headers, key_bytes_max,
 * header_bytes_max (of the longest) and headers (names); its partitions with base (offset of
 * position 0), first_record (position of the first that was spilled), records and bytes (payloads).
 *
 * Dataset and schemas are there because a topic must hold the log's beginning before the spill may
 * follow it, and only the function of them says what that is.
 *
 * It is there before the first record, so that what a run that died has spilled can be published;
 * then closed is false, and records and bytes say nothing: the files show how far they go. closed:
 * the run ended in an orderly way, and each log has exactly as many records. complete: the run went
 * to its end, so that the logs are whole once this is published. published: it has been, all of it.
 *
 * It is written to a temporary name, synced, renamed, and its name synced.
 */
#ifndef CDR_SINK_SPILL_MANIFEST_H
#define CDR_SINK_SPILL_MANIFEST_H

#include "base/json_writer.h"
#include "encode/headers.h"
#include "sink/spill/file.h"

struct cdr_spill_log {
    int64_t base;
    uint64_t first;
    uint64_t records, bytes;
};

struct cdr_spill_manifest {
    char dataset_id[33];
    char format[9];
    const struct cdr_topics *topics;
    uint32_t frame_len, trailer_len;
    uint32_t partitions, shard_index, shard_count;
    bool transactions;
    bool closed, complete, published;
    /* Of a manifest to be written: puts the members of "settings". */
    void (*put_settings)(struct cdr_json *json, const void *settings);
    const void *settings;
    /* Of a manifest that was read, and owned by it: names, layouts, ids and envelopes without
     * encoders, which the reader may create. */
    struct cdr_topics found;
    void *texts;                /* the whole object, which names and mappings point into */
    struct cdr_spill_log *logs; /* of all partitions; owned */
};

static inline uint32_t cdr_spill_logs(const struct cdr_spill_manifest *manifest)
{
    return manifest->topics->n * manifest->partitions;
}

static inline bool cdr_spill_mine(const struct cdr_spill_manifest *manifest, uint32_t log)
{
    return log % manifest->partitions % manifest->shard_count == manifest->shard_index;
}

/* The folder, made where it is missing, for this process alone; the caller closes *fd. CDR_E_STATE:
 * another process uses it. CDR_E_IO, also where the file system has no locks. */
enum cdr_result cdr_spill_lock(const char *dir, bool make, int *fd, struct cdr_error *error);
/* Whether a run may spill into dir, which need not be there: CDR_E_CONFIG it cannot be written,
 * CDR_E_STATE it holds a spill. Changes nothing. */
enum cdr_result cdr_spill_check(const char *dir, struct cdr_error *error);

/* Errors: CDR_E_IO. */
enum cdr_result cdr_spill_manifest_write(const struct cdr_spill_manifest *manifest, const char *dir,
                                         int dir_fd, struct cdr_error *error);
/* Notes that all of it was published, which takes no room on the disk. CDR_E_IO. */
enum cdr_result cdr_spill_manifest_mark(struct cdr_spill_manifest *manifest, const char *dir,
                                        int dir_fd, struct cdr_error *error);
/* CDR_E_CONFIG: dir holds no spill; CDR_E_STATE: its spill.json is not one that this version
 * reads; CDR_E_IO; CDR_E_NOMEM. To be freed after CDR_OK. */
enum cdr_result cdr_spill_manifest_read(struct cdr_spill_manifest *manifest, const char *dir,
                                        struct cdr_error *error);
/* The settings of one that was read, as JSON, to be freed; NULL: no memory. */
char *cdr_spill_manifest_settings(const struct cdr_spill_manifest *manifest);
void cdr_spill_manifest_free(struct cdr_spill_manifest *manifest);
/* Removes DIR/spill.json, after which there is no spill. CDR_E_IO. */
enum cdr_result cdr_spill_manifest_remove(const char *dir, struct cdr_error *error);

#endif
