/* What an earlier run left in the output folder: recognised by our own names only, and removed on
 * request.
 *
 * A part is OUT/anything/date=YYYY-MM-DD/part-PPPP-NNNNNN.EXT (or its temporary name) where EXT is
 * that of an encoder, perhaps with .gz or .zst. A manifest has our name and says inside that cdrgen
 * wrote it. Other files are never touched, nor do they matter.
 */
#ifndef CDR_SINK_FILE_SCAN_H
#define CDR_SINK_FILE_SCAN_H

#include "sink/file/folder.h"

/* What a part's name says. */
struct cdr_part_name {
    uint32_t partition, number;
    bool temporary;
    const char *extension; /* in the name; a temporary one's has ".tmp" after it */
};
bool cdr_file_is_part(const char *name, struct cdr_part_name *parsed);
/* The same whatever its extension is. */
bool cdr_file_is_any_part(const char *name, struct cdr_part_name *parsed);
/* Whether name is that of a day's folder, of a day that there is; sets it. */
bool cdr_file_is_day(const char *name, int32_t *day);

/* The folder of the truth about faults, and what a file's name in it says: truth.csv, or of a shard
 * truth-shard-0-of-2.csv. */
#define CDR_FILE_TRUTH_FOLDER "truth"
struct cdr_truth_name {
    uint32_t shard_index, shard_count; /* 0/1 without shards */
};
bool cdr_file_is_truth(const char *name, struct cdr_truth_name *parsed);

/* Whether a file of a dataset may have that name, whatever its folder is. */
bool cdr_file_is_our_name(const char *name);
/* Whether path lies in the folder out and has a name of ours, as it is spelt or where links lead,
 * or is another name of such a file: what is written there would take the place of a file of a
 * dataset. */
bool cdr_file_is_of_dataset(const char *out, const char *path);

/* CDR_E_STATE, naming the first find, where the folder holds what the run would mix with or write
 * over and overwrite is false, or a manifest.json of another program. CDR_E_CONFIG: a folder cannot
 * be read; or something is in the place of a day's folder, or, with overwrite, cannot be removed: a
 * folder in the place of a part, or a day's folder that cannot be written to. */
enum cdr_result cdr_file_scan_check(const struct cdr_file_folder *folder, bool overwrite,
                                    struct cdr_error *error);
/* Removes what check found: manifests first, then parts, then folders of days that are empty.
 * Errors: CDR_E_IO. */
enum cdr_result cdr_file_scan_remove(const struct cdr_file_folder *folder, struct cdr_error *error);

/* A part of this shard, finished or torn. */
struct cdr_file_find {
    uint32_t topic, partition, number;
    int32_t day;
    bool temporary;
};
/* For qsort: by log, then finished ones by number and day, then torn ones. */
int cdr_file_compare_finds(const void *a, const void *b);
/* Zero-initialise; the caller frees list. */
struct cdr_file_finds {
    struct cdr_file_find *list;
    size_t count, room;
};

/* The parts of this shard that a run may go on after, in no order. CDR_E_STATE, naming it, where
 * there is one of ours that is none of this run's: of another topic, partition or format, or of a
 * dataset that was split in another way. CDR_E_CONFIG: a folder cannot be read. CDR_E_NOMEM. */
enum cdr_result cdr_file_scan_collect(const struct cdr_file_folder *folder, uint32_t partitions,
                                      struct cdr_file_finds *finds, struct cdr_error *error);

#endif
