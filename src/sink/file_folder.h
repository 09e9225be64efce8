/* The folder that the file sink writes: names, checks before a run, and removal of an earlier
 * dataset.
 *
 *     OUT/TOPIC/date=YYYY-MM-DD/part-PPPP-NNNNNN.csv      a finished part (.gz, .zst when
 * compressed) OUT/TOPIC/date=YYYY-MM-DD/.part-PPPP-NNNNNN.csv.tmp the same while it is written
 *     OUT/manifest.json                                   what is there; manifest-shard-I-of-N.json
 *     OUT/.manifest.json.tmp                              the same while it is written
 * PPPP is the partition, NNNNNN counts from 0 within (topic, partition) over the whole run; both
 * have more digits where they need them.
 *
 * Several shards of one dataset may write one folder at the same time: each looks only at its own
 * partitions and manifest, and at manifests that cannot belong to the same dataset.
 */
#ifndef CDR_SINK_FILE_FOLDER_H
#define CDR_SINK_FILE_FOLDER_H

#include "sink/sink.h"

#include <limits.h>

/* Longest path that we build; longer ones are refused before anything is written. */
#define CDR_FILE_PATH_MAX 4096

/* Whoever writes a dataset holds a lock (flock) on its manifest, so that another process that would
 * go on with it, or replace it, at the same time is refused. Locks end with their process. */
struct cdr_file_folder {
    char out[CDR_FILE_PATH_MAX]; /* without slashes at its end */
    const char *topics[CDR_TYPE_COUNT];
    const char *extension; /* with the compression's: "csv.zst" */
    const char *dataset_id;
    uint32_t shard_index, shard_count;
    int lock_fd; /* of our manifest, −1 = none; the caller closes it */
    /* Set by prepare: what it made. */
    unsigned created_depth; /* folders of out's path, from its end */
    bool created_topics[CDR_TYPE_COUNT];
};

/* Formats "cannot VERB PATH: REASON" and returns code. */
enum cdr_result cdr_file_fail(struct cdr_error *error, enum cdr_result code, const char *verb,
                              const char *path, int os_error);

/* The path of a part, or of its temporary file. */
void cdr_file_part_path(char path[CDR_FILE_PATH_MAX], const struct cdr_file_folder *folder,
                        unsigned topic, int32_t day, uint32_t partition, uint32_t number,
                        bool temporary);
/* The part's path from out on, as manifests have it. */
void cdr_file_part_name(char name[CDR_FILE_PATH_MAX], const struct cdr_file_folder *folder,
                        unsigned topic, int32_t day, uint32_t partition, uint32_t number);
void cdr_file_manifest_path(char path[CDR_FILE_PATH_MAX], const struct cdr_file_folder *folder,
                            bool temporary);

/* Takes over the path, NULL or empty being an error: CDR_E_CONFIG. */
enum cdr_result cdr_file_folder_set_out(struct cdr_file_folder *folder, const char *out,
                                        struct cdr_error *error);

/* Checks that out can hold the dataset, removes what overwrite allows to, and makes out and the
 * topics' folders. CDR_E_CONFIG: out is no folder, cannot be written or its path is too long, or a
 * topic cannot be a folder; CDR_E_STATE: it holds a dataset, or remains of one, and overwrite is
 * false, or of another program. In both cases nothing was changed. CDR_E_IO: something could not be
 * removed or made. */
enum cdr_result cdr_file_folder_prepare(struct cdr_file_folder *folder, bool overwrite,
                                        struct cdr_error *error);
/* The first and the last half of prepare, for runs that go on: check, and whether out exists; make
 * what is missing. Errors as above. */
enum cdr_result cdr_file_folder_check(const struct cdr_file_folder *folder, bool *exists,
                                      struct cdr_error *error);
enum cdr_result cdr_file_folder_make(struct cdr_file_folder *folder, struct cdr_error *error);
/* Locks the manifest that is there, if one is. CDR_E_STATE: another process has. Systems that
 * cannot lock do without. */
enum cdr_result cdr_file_folder_lock(struct cdr_file_folder *folder, struct cdr_error *error);
void cdr_file_folder_unlock(struct cdr_file_folder *folder);
/* Removes the folders that prepare made, where they are empty. */
void cdr_file_folder_remove_empty(const struct cdr_file_folder *folder);

/* Makes the folder of a topic's day. Any thread; that it exists already is fine. */
enum cdr_result cdr_file_folder_make_day(const struct cdr_file_folder *folder, unsigned topic,
                                         int32_t day, struct cdr_error *error);
/* Removes it where it is empty. */
void cdr_file_folder_remove_day(const struct cdr_file_folder *folder, unsigned topic, int32_t day);
/* Waits until the disk has the names in a topic's day; then those in the topics and in out and its
 * parent. */
enum cdr_result cdr_file_folder_sync_day(const struct cdr_file_folder *folder, unsigned topic,
                                         int32_t day, struct cdr_error *error);
enum cdr_result cdr_file_folder_sync(const struct cdr_file_folder *folder, struct cdr_error *error);

#endif
