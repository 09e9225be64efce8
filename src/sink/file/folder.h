/* The folder that the file sink writes: names, checks before a run, and removal of an earlier
 * dataset.
 *
 *     OUT/TOPIC/date=YYYY-MM-DD/part-PPPP-NNNNNN.csv  a finished part
 *     OUT/manifest.json                               what is there
 *     OUT/.cdrgen.lock                                the lock of its writer (lock.h)
 *
 *     OUT/.cdrgen.parts                               while a run writes: journal.h
 *
 * While a part or manifest is written, its name begins with '.' and ends with ".tmp". Compressed
 * parts end with .gz or .zst. The manifest of a shard is manifest-shard-I-of-N.json. PPPP is the
 * partition, NNNNNN counts from 0 within (topic, partition) over the whole run; both have more
 * digits where they need them.
 *
 * Several shards of one dataset may write one folder at the same time: each looks only at its own
 * partitions and manifest, and at manifests that cannot belong to the same dataset.
 */
#ifndef CDR_SINK_FILE_FOLDER_H
#define CDR_SINK_FILE_FOLDER_H

#include "sink/file/lock.h"
#include "sink/sink.h"

#include <limits.h>

/* Longest path that we build; longer ones are refused before anything is written. */
#define CDR_FILE_PATH_MAX 4096

#define CDR_WRITTEN_AS_MAX 256

struct cdr_file_folder {
    char out[CDR_FILE_PATH_MAX]; /* without slashes at its end */
    const struct cdr_topics *topics;
    const char *extension; /* with the compression's: "csv.zst" */
    const char *dataset_id;
    char written_as[CDR_WRITTEN_AS_MAX]; /* as in manifests: format, compression, layouts */
    uint32_t shard_index, shard_count;
    struct cdr_file_lock lock;
    /* What we made. */
    unsigned created_depth;  /* folders of out's path, from its end */
    uint32_t created_topics; /* a bit of each */
};

/* The path of a part, or of its temporary file. */
void cdr_file_part_path(char path[CDR_FILE_PATH_MAX], const struct cdr_file_folder *folder,
                        unsigned topic, int32_t day, uint32_t partition, uint32_t number,
                        bool temporary);
/* The part's path from out on, as manifests have it. */
void cdr_file_part_name(char name[CDR_FILE_PATH_MAX], const struct cdr_file_folder *folder,
                        unsigned topic, int32_t day, uint32_t partition, uint32_t number);
void cdr_file_manifest_path(char path[CDR_FILE_PATH_MAX], const struct cdr_file_folder *folder,
                            bool temporary);
void cdr_file_journal_path(char path[CDR_FILE_PATH_MAX], const struct cdr_file_folder *folder);

/* Takes over the path, NULL or empty being an error: CDR_E_CONFIG. */
enum cdr_result cdr_file_folder_set_out(struct cdr_file_folder *folder, const char *out,
                                        struct cdr_error *error);

/* Checks that out, or what is above it where it is missing, and the topics in it are folders
 * that can be written; *exists is whether out is there. CDR_E_CONFIG. Changes nothing. */
enum cdr_result cdr_file_folder_check(const struct cdr_file_folder *folder, bool *exists,
                                      struct cdr_error *error);
/* Whether there is a lock file, so that taking the lock changes nothing. */
bool cdr_file_folder_has_lock(const struct cdr_file_folder *folder);
/* Makes out where it is missing and takes its lock, which other shards of the dataset wait for
 * until cdr_file_lock_opened. CDR_E_STATE: another process has it, or there are no locks;
 * CDR_E_CONFIG. A failure leaves nothing. */
enum cdr_result cdr_file_folder_lock(struct cdr_file_folder *folder, struct cdr_error *error);
/* CDR_E_IO: the folder is no longer the one that we locked. */
enum cdr_result cdr_file_folder_is_ours(const struct cdr_file_folder *folder,
                                        struct cdr_error *error);
/* How the folder is left: as the run has written it; without what it made, where that is empty; or
 * also with the lock file that it found. */
enum cdr_file_folder_end {
    CDR_FILE_FOLDER_WRITTEN,
    CDR_FILE_FOLDER_EMPTY,
    CDR_FILE_FOLDER_REFUSED
};
void cdr_file_folder_unlock(struct cdr_file_folder *folder, enum cdr_file_folder_end end);
/* Makes the topics' folders. CDR_E_CONFIG. */
enum cdr_result cdr_file_folder_make(struct cdr_file_folder *folder, struct cdr_error *error);

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
