#define _GNU_SOURCE /* F_OFD_SETLK, which POSIX has since 2024 */

#include "sink/file/lock.h"

#include "base/clock.h"
#include "base/files.h"
#include "model/parameters.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GATE 0
#define COUNTS 0
#define COUNTS_MAX ((off_t)CDR_PARTITIONS_MAX)
#define SHARDS (COUNTS + COUNTS_MAX + 1)
#define GATE_WAIT_S 60
#define REMOVE_WAIT_NS INT64_C(1000000000)
/* Others may remove and make the file while we try. */
#define ATTEMPTS_MAX 100

static struct flock range(short type, off_t from, off_t n)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = from, .l_len = n};
}

/* 0, or errno; EAGAIN where another process has it. */
static int set(int fd, short type, off_t from, off_t n)
{
    struct flock wanted = range(type, from, n);
    while (fcntl(fd, F_OFD_SETLK, &wanted) != 0) {
        if (errno == EACCES)
            return EAGAIN;
        if (errno != EINTR)
            return errno;
    }
    return 0;
}

/* Whether others hold some of n bytes; *at is the first such byte. errno where that is unknown. */
static int held(int fd, off_t from, off_t n, bool *others, off_t *at)
{
    struct flock wanted = range(F_WRLCK, from, n);
    *others = false;
    if (n == 0)
        return 0;
    if (fcntl(fd, F_OFD_GETLK, &wanted) != 0)
        return errno;
    *others = wanted.l_type != F_UNLCK;
    *at = wanted.l_start;
    return 0;
}

static enum cdr_result no_locks(const char *path, int os_error, struct cdr_error *error)
{
    char reason[128];
    snprintf(reason, sizeof reason, "%s", strerror(os_error));
    return cdr_fail(error, CDR_E_IO,
                    "cannot lock %.500s: %s; without locks two runs could write one folder: give "
                    "--out a file system that has them",
                    path, reason);
}

/* CDR_E_STATE where a run that excludes ours is at work. */
static enum cdr_result refuse_others(int fd, const struct cdr_file_lock_wish *wish,
                                     struct cdr_error *error)
{
    const uint32_t count = wish->shard_count;
    bool others = false;
    off_t at = 0;
    int os_error = held(fd, COUNTS + 1, (off_t)count - 1, &others, &at);
    if (os_error == 0 && !others)
        os_error = held(fd, COUNTS + (off_t)count + 1, COUNTS_MAX - (off_t)count, &others, &at);
    if (os_error == 0 && others && at - COUNTS > 1)
        return cdr_fail(error, CDR_E_STATE,
                        "another process is writing one of %lld shards beside %.500s: wait for its "
                        "end, or stop it",
                        (long long)(at - COUNTS), wish->dataset);
    if (os_error == 0 && !others)
        os_error = held(fd, SHARDS + (off_t)wish->shard_index, 1, &others, &at);
    if (os_error != 0)
        return no_locks(wish->path, os_error, error);
    if (!others)
        return CDR_OK;
    return cdr_fail(
        error, CDR_E_STATE,
        "another process is writing the dataset of %.500s: wait for its end, or stop it",
        wish->dataset);
}

static enum cdr_result take_ranges(int fd, const struct cdr_file_lock_wish *wish,
                                   struct cdr_error *error)
{
    const int64_t give_up_ns = cdr_monotonic_ns() + GATE_WAIT_S * INT64_C(1000000000);
    int os_error = 0;
    for (;;) {
        enum cdr_result result = refuse_others(fd, wish, error);
        if (result != CDR_OK)
            return result;
        os_error = set(fd, F_WRLCK, GATE, 1);
        if (os_error != EAGAIN)
            break;
        if (cdr_monotonic_ns() > give_up_ns)
            return cdr_fail(error, CDR_E_STATE,
                            "another process has been opening the dataset of %.500s for %d s: try "
                            "again when it has",
                            wish->dataset, GATE_WAIT_S);
        cdr_sleep_ns(5000000);
    }
    if (os_error != 0)
        return no_locks(wish->path, os_error, error);
    /* The process that held the gate may have taken what excludes us. */
    enum cdr_result result = refuse_others(fd, wish, error);
    if (result != CDR_OK)
        return result;
    os_error = set(fd, F_RDLCK, COUNTS + (off_t)wish->shard_count, 1);
    if (os_error == 0)
        os_error = set(fd, F_WRLCK, SHARDS + (off_t)wish->shard_index, 1);
    return os_error == 0 ? CDR_OK : no_locks(wish->path, os_error, error);
}

/* errno: ENOENT where the folder has gone. EEXIST: another process made it meanwhile. */
static int open_lock(const char *path, int *fd, bool *created)
{
    const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    *created = false;
    *fd = open(path, flags);
    if (*fd < 0 && errno == ENOENT) {
        *fd = open(path, flags | O_CREAT | O_EXCL, 0666);
        *created = *fd >= 0;
    }
    return *fd >= 0 ? 0 : errno;
}

enum cdr_result cdr_file_lock_take(struct cdr_file_lock *lock,
                                   const struct cdr_file_lock_wish *wish, struct cdr_error *error)
{
    const char *path = wish->path;
    lock->fd = -1;
    for (unsigned attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        struct stat status;
        int fd = -1;
        int os_error = open_lock(path, &fd, &lock->created);
        if (os_error == EEXIST || os_error == EINTR)
            continue;
        if (os_error == ENOENT)
            return CDR_E_AGAIN;
        if (os_error != 0)
            return cdr_fail(error, CDR_E_CONFIG, "cannot open %.500s: %s", path,
                            strerror(os_error));
        if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
            close(fd);
            return cdr_fail(error, CDR_E_CONFIG, "%.500s is %s where a file is needed", path,
                            cdr_file_kind(status.st_mode));
        }
        lock->fd = fd;
        enum cdr_result result = take_ranges(fd, wish, error);
        /* The process that made the file may have failed and removed it while we waited. */
        if (result == CDR_OK && cdr_is_at(fd, path))
            return CDR_OK;
        /* Where there are no locks, nobody else has one either. */
        if (result == CDR_E_IO && lock->created)
            unlink(path);
        cdr_file_lock_drop(lock, path, false);
        if (result != CDR_OK)
            return result == CDR_E_IO ? CDR_E_STATE : result;
    }
    return cdr_fail(error, CDR_E_STATE, "cannot lock %.500s: it is removed again and again", path);
}

void cdr_file_lock_opened(const struct cdr_file_lock *lock)
{
    if (lock->fd >= 0)
        (void)set(lock->fd, F_UNLCK, GATE, 1);
}

enum cdr_result cdr_file_lock_check(const struct cdr_file_lock *lock, const char *path,
                                    struct cdr_error *error)
{
    if (lock->fd < 0 || cdr_is_at(lock->fd, path))
        return CDR_OK;
    return cdr_fail(
        error, CDR_E_IO,
        "%.500s is no longer the one that this run holds: the folder was removed, moved "
        "or replaced while the run wrote to it",
        path);
}

/* With the gate in hand nobody can take the lock without finding out that the file has gone. Shards
 * that end together find the gate held by one another for a moment; who holds it for longer opens
 * the dataset, and is the one to remove the file. Our own ranges go first, or the last two would
 * each see the other's. */
static bool nobody_else(int fd)
{
    const int64_t give_up_ns = cdr_monotonic_ns() + REMOVE_WAIT_NS;
    struct flock all = range(F_WRLCK, 0, 0);
    int os_error = set(fd, F_UNLCK, COUNTS + 1, 0);
    while (os_error == 0 && (os_error = set(fd, F_WRLCK, GATE, 1)) == EAGAIN &&
           cdr_monotonic_ns() < give_up_ns) {
        cdr_sleep_ns(1000000);
        os_error = 0;
    }
    return os_error == 0 && fcntl(fd, F_OFD_GETLK, &all) == 0 && all.l_type == F_UNLCK;
}

void cdr_file_lock_drop(struct cdr_file_lock *lock, const char *path, bool remove)
{
    if (lock->fd < 0)
        return;
    if (remove && nobody_else(lock->fd) && cdr_is_at(lock->fd, path))
        unlink(path);
    close(lock->fd);
    lock->fd = -1;
}
