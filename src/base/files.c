#include "base/files.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

const char *cdr_os_reason(int os_error, char reason[CDR_REASON_MAX])
{
    if (strerror_r(os_error, reason, CDR_REASON_MAX) != 0)
        snprintf(reason, CDR_REASON_MAX, "error %d", os_error);
    return reason;
}

const char *cdr_os_limit(int os_error)
{
    return os_error == EFBIG ? "file size limit (ulimit -f, or the disk's): " : "";
}

const char *cdr_file_kind(mode_t mode)
{
    return S_ISDIR(mode)    ? "a folder"
           : S_ISFIFO(mode) ? "a FIFO"
           : S_ISSOCK(mode) ? "a socket"
           : S_ISCHR(mode)  ? "a device"
           : S_ISBLK(mode)  ? "a device"
                            : "no regular file";
}

static enum cdr_result cannot_read(struct cdr_error *error, enum cdr_result code, const char *path,
                                   int os_error)
{
    char reason[CDR_REASON_MAX];
    struct stat status;
    /* A socket cannot be opened at all; say what it is rather than ENXIO. */
    if (os_error == ENXIO && stat(path, &status) == 0 && !S_ISREG(status.st_mode))
        return cdr_fail(error, code, "%.500s is %s where a file is needed", path,
                        cdr_file_kind(status.st_mode));
    return cdr_fail(error, code, "cannot read %.500s: %s", path, cdr_os_reason(os_error, reason));
}

/* Without waiting for a program at the other end. */
static int open_now(const char *path)
{
    int fd;
    do
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    while (fd < 0 && errno == EINTR);
    return fd;
}

enum cdr_result cdr_open_regular(int *fd, const char *path, enum cdr_result code,
                                 struct cdr_error *error)
{
    struct stat status;
    int os_error = 0;
    *fd = open_now(path);
    if (*fd < 0) {
        os_error = errno;
        cannot_read(error, code, path, os_error);
        return os_error == ENOENT || os_error == ENOTDIR ? CDR_E_AGAIN : code;
    }
    if (fstat(*fd, &status) != 0)
        os_error = errno;
    if (os_error == 0 && S_ISREG(status.st_mode))
        return CDR_OK;
    close(*fd);
    *fd = -1;
    if (os_error == 0 && S_ISDIR(status.st_mode))
        os_error = EISDIR;
    if (os_error != 0)
        return cannot_read(error, code, path, os_error);
    return cdr_fail(error, code, "%.500s is %s where a file is needed", path,
                    cdr_file_kind(status.st_mode));
}

enum cdr_result cdr_stream_regular(FILE **file, const char *path, enum cdr_result code,
                                   struct cdr_error *error)
{
    int fd = -1;
    *file = NULL;
    enum cdr_result result = cdr_open_regular(&fd, path, code, error);
    if (result != CDR_OK)
        return result;
    *file = fdopen(fd, "r");
    if (*file != NULL)
        return CDR_OK;
    close(fd);
    return cdr_fail(error, CDR_E_NOMEM, "no memory to read %.500s", path);
}

enum cdr_result cdr_stream_bounded(FILE **file, const char *path, uint64_t bytes_max,
                                   enum cdr_result code, struct cdr_error *error)
{
    struct stat status;
    enum cdr_result result = cdr_stream_regular(file, path, code, error);
    if (result != CDR_OK || fstat(fileno(*file), &status) != 0 ||
        (uint64_t)status.st_size <= bytes_max)
        return result;
    fclose(*file);
    *file = NULL;
    return cdr_fail(error, code, "%.500s has %lld bytes, and at most %llu can be right", path,
                    (long long)status.st_size, (unsigned long long)bytes_max);
}

bool cdr_stream_differs(FILE *stream, const char *path)
{
    char one[8192], other[8192];
    struct cdr_error ignored = {{0}};
    FILE *there = NULL;
    struct stat status;
    size_t n, m;
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
        return true;
    if (cdr_stream_regular(&there, path, CDR_E_IO, &ignored) != CDR_OK)
        return false;
    rewind(stream);
    do {
        n = fread(one, 1, sizeof one, stream);
        m = fread(other, 1, sizeof other, there);
    } while (n == m && n > 0 && memcmp(one, other, n) == 0);
    const bool differs = !ferror(there) && (n != m || n > 0);
    fclose(there);
    return differs;
}

int cdr_create_temporary(const char *path)
{
    if (unlink(path) != 0 && errno != ENOENT)
        return -1;
    int fd;
    do
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    while (fd < 0 && errno == EINTR);
    return fd;
}

FILE *cdr_stream_temporary(const char *path)
{
    int fd = cdr_create_temporary(path);
    if (fd < 0)
        return NULL;
    FILE *file = fdopen(fd, "w");
    if (file == NULL) {
        close(fd);
        unlink(path);
        errno = ENOMEM;
    }
    return file;
}

bool cdr_stream_rename(FILE *file, bool written, bool sync, const char *temporary, const char *path)
{
    int os_error = errno;
    while (written && sync && fsync(fileno(file)) != 0) {
        os_error = errno;
        written = os_error == EINTR;
    }
    if (fclose(file) != 0 && written) {
        os_error = errno;
        written = false;
    }
    if (written && rename(temporary, path) != 0) {
        os_error = errno;
        written = false;
    }
    if (!written)
        unlink(temporary);
    errno = os_error;
    return written;
}

uint64_t cdr_allow_open_files(uint64_t needed)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
        limit.rlim_cur >= needed)
        return 0;
    const rlim_t soft = limit.rlim_cur;
    const bool enough = limit.rlim_max == RLIM_INFINITY || limit.rlim_max >= needed;
    limit.rlim_cur = needed;
    if (enough && setrlimit(RLIMIT_NOFILE, &limit) == 0)
        return 0;
    return enough ? soft : limit.rlim_max;
}

enum cdr_result cdr_file_fail(struct cdr_error *error, enum cdr_result code, const char *verb,
                              const char *path, int os_error)
{
    char reason[CDR_REASON_MAX];
    return cdr_fail(error, code, "%scannot %s %s: %s", cdr_os_limit(os_error), verb, path,
                    cdr_os_reason(os_error, reason));
}

int cdr_is_at(int fd, const char *path)
{
    struct stat open_file, named;
    return fstat(fd, &open_file) == 0 && stat(path, &named) == 0 &&
           open_file.st_dev == named.st_dev && open_file.st_ino == named.st_ino;
}

/* --- files that the user names --- */

/* The next bytes, waited for. A FIFO that has had no writer yet reads as ended, without POLLHUP. */
static ssize_t read_waiting(int fd, bool waits, char *to, size_t n)
{
    for (;;) {
        ssize_t got = read(fd, to, n);
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (got > 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
            return got;
        if (got < 0) {
            if (poll(&ready, 1, -1) < 0 && errno != EINTR)
                return -1;
            waits = false; /* a program has it open for writing */
            continue;
        }
        if (!waits)
            return 0;
        int polled = poll(&ready, 1, CDR_FIFO_WAIT_S * 1000);
        if (polled == 0) {
            got = read(fd, to, n);
            if (got != 0)
                continue;
            errno = EPIPE; /* nobody at the other end */
            return -1;
        }
        if (polled > 0 && (ready.revents & POLLIN) == 0)
            return 0;
    }
}

static enum cdr_result read_all(int fd, const char *path, size_t len_max, bool fifo, char **bytes,
                                size_t *len, struct cdr_error *error)
{
    size_t room = 4096, used = 0;
    char *text = malloc(room + 1);
    while (text != NULL) {
        ssize_t got = read_waiting(fd, fifo && used == 0, text + used, room - used);
        if (got < 0) {
            int os_error = errno;
            free(text);
            if (fifo && os_error == EPIPE)
                return cdr_fail(error, CDR_E_CONFIG,
                                "%.500s is a FIFO, and nobody has opened it for writing in %d s",
                                path, CDR_FIFO_WAIT_S);
            return cannot_read(error, CDR_E_CONFIG, path, os_error);
        }
        used += (size_t)got;
        if (used > len_max) {
            free(text);
            return cdr_fail(error, CDR_E_CONFIG, "%.500s has more than the %zu bytes allowed", path,
                            len_max);
        }
        if (got == 0)
            break;
        if (used == room) {
            char *grown = realloc(text, 2 * room + 1);
            if (grown == NULL)
                free(text);
            text = grown;
            room *= 2;
        }
    }
    if (text == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    text[used] = '\0';
    *bytes = text;
    *len = used;
    return CDR_OK;
}

enum cdr_result cdr_read_named(const char *path, size_t len_max, char **bytes, size_t *len,
                               struct cdr_error *error)
{
    struct stat status;
    *bytes = NULL;
    *len = 0;
    int fd = open_now(path);
    if (fd < 0)
        return cannot_read(error, CDR_E_CONFIG, path, errno);
    int os_error = fstat(fd, &status) != 0   ? errno
                   : S_ISDIR(status.st_mode) ? EISDIR
                   : S_ISBLK(status.st_mode) ? ENOTSUP
                                             : 0;
    if (os_error != 0) {
        close(fd);
        return cannot_read(error, CDR_E_CONFIG, path, os_error);
    }
    enum cdr_result result =
        read_all(fd, path, len_max, S_ISFIFO(status.st_mode), bytes, len, error);
    close(fd);
    return result;
}

FILE *cdr_stream_named(const char *path)
{
    const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    const int64_t give_up_ns = cdr_monotonic_ns() + CDR_FIFO_WAIT_S * INT64_C(1000000000);
    int fd;
    while ((fd = open(path, flags, 0666)) < 0 &&
           (errno == EINTR || (errno == ENXIO && cdr_monotonic_ns() < give_up_ns)))
        cdr_sleep_ns(20000000);
    if (fd < 0)
        return NULL;
    int status = fcntl(fd, F_GETFL);
    FILE *file =
        status >= 0 && fcntl(fd, F_SETFL, status & ~O_NONBLOCK) == 0 ? fdopen(fd, "w") : NULL;
    if (file == NULL)
        close(fd);
    return file;
}
