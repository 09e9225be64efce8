/* System calls that fail, are cut short or end the process, for tests of what writes files.
 *
 * The program defines write, fdatasync, fsync, close, rename, unlink, mkdir and open itself: the
 * linker takes them for the sink before the library's. In armed stretches they count, and do what
 * they are told to.
 */
#ifndef CDR_TESTS_SINK_FAULTS_H
#define CDR_TESTS_SINK_FAULTS_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CRASHED 99 /* exit status */

enum call {
    ANY_CALL,
    CALL_WRITE,
    CALL_SYNC,
    CALL_CLOSE,
    CALL_RENAME,
    CALL_UNLINK,
    CALL_MKDIR,
    CALL_OPEN
};

static struct {
    bool armed;
    unsigned calls;    /* so far, of the kind that fails */
    unsigned fails_at; /* 0 = never */
    bool fails_on;     /* all later ones of the kind fail, too */
    bool crashes;      /* the process ends before that call, as if killed */
    enum call kind;    /* ANY_CALL = of all kinds */
    int os_error;
    size_t write_max; /* 0 = no limit */
    bool interrupts;  /* every other write and sync is interrupted */
    unsigned turn;
} fault;

static bool fails(enum call kind)
{
    if (!fault.armed || (fault.kind != ANY_CALL && fault.kind != kind))
        return false;
    /* A torn file that cannot be removed is a case of its own. */
    if (kind == CALL_UNLINK && fault.kind == ANY_CALL && !fault.crashes)
        return false;
    fault.calls++;
    bool now = fault.fails_at != 0 &&
               (fault.calls == fault.fails_at || (fault.fails_on && fault.calls > fault.fails_at));
    if (now && fault.crashes)
        _exit(CRASHED);
    if (now)
        errno = fault.os_error;
    return now;
}

static bool interrupted(void)
{
    if (!fault.armed || !fault.interrupts || fault.turn++ % 2 != 0)
        return false;
    errno = EINTR;
    return true;
}

ssize_t write(int fd, const void *bytes, size_t n)
{
    if (interrupted() || fails(CALL_WRITE))
        return -1;
    if (fault.armed && fault.write_max != 0 && n > fault.write_max)
        n = fault.write_max;
    return syscall(SYS_write, fd, bytes, n);
}

int fdatasync(int fd)
{
    return interrupted() || fails(CALL_SYNC) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
    return interrupted() || fails(CALL_SYNC) ? -1 : (int)syscall(SYS_fsync, fd);
}

/* As the kernel does it: the descriptor is closed whatever it reports. */
int close(int fd)
{
    bool failing = fails(CALL_CLOSE);
    int status = (int)syscall(SYS_close, fd);
    if (failing)
        errno = fault.os_error;
    return failing ? -1 : status;
}

int rename(const char *from, const char *to)
{
    return fails(CALL_RENAME) ? -1 : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int unlink(const char *path)
{
    return fails(CALL_UNLINK) ? -1 : (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int mkdir(const char *path, mode_t mode)
{
    return fails(CALL_MKDIR) ? -1 : (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    unsigned mode = (flags & O_CREAT) != 0 ? va_arg(arguments, unsigned) : 0;
    va_end(arguments);
    return fails(CALL_OPEN) ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

static void disarm(void)
{
    memset(&fault, 0, sizeof fault);
}

#endif
