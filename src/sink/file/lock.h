/* Which processes may write the dataset in a folder: one process for all of it, or one for each
 * shard.
 *
 * The lock is held from before the folder is looked at until the run ends. It is on
 * OUT/.cdrgen.lock, an empty file that the last of them removes; a run that is killed leaves it,
 * and that does no harm. Locks are open file description locks on its bytes; the kernel drops
 * them with the process, however it ends. They hold between hosts where the file system has
 * locks between hosts (NFS has).
 *
 *     byte 0                 held while a process opens the dataset: locks, looks, writes its first
 *                            manifest. So shards that start together see each other's manifests,
 *                            and one of another dataset is refused.
 *     byte COUNTS + N        shared by the shards of a dataset that is split into N
 *     byte SHARDS + I        shard I
 *
 * A run without shards is shard 0 of 1. So runs of different counts exclude each other, as do
 * two of the same shard, and different shards of one count run side by side.
 *
 * A folder may be removed or moved away while a run writes it, and another run begin at the same
 * path. Each then holds a lock of its own, so a run asks before each new file whether the lock at
 * the path is still the one that it holds.
 */
#ifndef CDR_SINK_FILE_LOCK_H
#define CDR_SINK_FILE_LOCK_H

#include "base/result.h"

#include <stdbool.h>
#include <stdint.h>

#define CDR_FILE_LOCK_NAME ".cdrgen.lock"

struct cdr_file_lock {
    int fd;       /* −1: not held */
    bool created; /* the file, by us */
};

struct cdr_file_lock_wish {
    const char *path;    /* of the lock file */
    const char *dataset; /* what errors call it: the path of its manifest */
    uint32_t shard_index, shard_count;
};

/* Takes the lock at wish's path, in a folder that is there. CDR_E_AGAIN: the folder has gone.
 * CDR_E_STATE: another process holds it, or the file system has no locks. CDR_E_CONFIG: path
 * cannot be opened, or is no regular file. Waits while another shard opens the dataset. */
enum cdr_result cdr_file_lock_take(struct cdr_file_lock *lock,
                                   const struct cdr_file_lock_wish *wish, struct cdr_error *error);
/* Lets other shards open the dataset. */
void cdr_file_lock_opened(const struct cdr_file_lock *lock);
/* CDR_E_IO: what is at path is no longer the file that we hold. */
enum cdr_result cdr_file_lock_check(const struct cdr_file_lock *lock, const char *path,
                                    struct cdr_error *error);
/* remove: the file as well, if nobody else holds it. */
void cdr_file_lock_drop(struct cdr_file_lock *lock, const char *path, bool remove);

#endif
