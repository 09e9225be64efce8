/* Opening files safely, whatever lies at their path.
 *
 * A folder may hold a FIFO, a socket, a device or a folder where a file is expected. Opening a FIFO
 * blocks until a program writes to it, and a device may do anything; so files that cdrgen itself
 * lays down (manifests, parts, spills, temporary files) are opened by these functions, which never
 * wait and accept regular files only.
 *
 * Files that the user names (config, properties, schemas) may be FIFOs on purpose: `--config
 * <(jq …)` and `--config /dev/stdin` read one. cdr_read_named reads these too: to the end,
 * however long the writer takes, but a FIFO that nobody has opened for writing only for
 * CDR_FIFO_WAIT_S. Signals end the wait as they end the program.
 */
#ifndef CDR_BASE_FILES_H
#define CDR_BASE_FILES_H

#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#define CDR_REASON_MAX 128
#define CDR_FIFO_WAIT_S 3

/* strerror's words for an error number. */
const char *cdr_os_reason(int os_error, char reason[CDR_REASON_MAX]);
/* What to say before them: which limit EFBIG means, else "". */
const char *cdr_os_limit(int os_error);

/* What a file that is no regular one is, with its article: "a FIFO". */
const char *cdr_file_kind(mode_t mode);

/* Opens a regular file for reading. CDR_E_AGAIN: there is none (ENOENT, ENOTDIR; the error's text
 * is set as well). Otherwise code: "cannot read PATH: REASON", or "PATH is a FIFO where a file is
 * needed". */
enum cdr_result cdr_open_regular(int *fd, const char *path, enum cdr_result code,
                                 struct cdr_error *error);
/* The same as a stream. */
enum cdr_result cdr_stream_regular(FILE **file, const char *path, enum cdr_result code,
                                   struct cdr_error *error);

/* The same of a file that has at most bytes_max: what is read into memory as a whole. */
enum cdr_result cdr_stream_bounded(FILE **file, const char *path, uint64_t bytes_max,
                                   enum cdr_result code, struct cdr_error *error);

/* Creates a temporary file that is renamed later, in place of whatever an earlier process left
 * under that name. Links are not followed. −1 and errno. */
int cdr_create_temporary(const char *path);
/* The same as a stream; NULL and errno. */
FILE *cdr_stream_temporary(const char *path);

/* Closes a temporary file and gives it its name, synced before where sync says so. written: all of
 * it was written; if not, errno says why. Without success the file is removed: false and errno. */
bool cdr_stream_rename(FILE *file, bool written, bool sync, const char *temporary,
                       const char *path);

/* Whether what is at path is no regular file, or is one that can be read and has other bytes than
 * the stream, from its start on. */
bool cdr_stream_differs(FILE *stream, const char *path);

/* Raises the process's limit of open files to what is needed. Returns 0, or how many it may have
 * where those are too few. */
uint64_t cdr_allow_open_files(uint64_t needed);

/* Fails with code and "cannot VERB PATH: REASON". */
enum cdr_result cdr_file_fail(struct cdr_error *error, enum cdr_result code, const char *verb,
                              const char *path, int os_error);

/* Whether the open file is what the path names. */
int cdr_is_at(int fd, const char *path);

/* Reads all of a file that the user names, at most len_max bytes, into memory of malloc with a NUL
 * after it. CDR_E_CONFIG: it cannot be read, is longer, is a folder or a socket, or is a FIFO that
 * nobody writes to. CDR_E_NOMEM. */
enum cdr_result cdr_read_named(const char *path, size_t len_max, char **bytes, size_t *len,
                               struct cdr_error *error);

/* Opens a file that the user names for writing, from its start; a FIFO once a program reads it, for
 * which it waits for at most CDR_FIFO_WAIT_S. NULL and errno (ENXIO: nobody does). */
FILE *cdr_stream_named(const char *path);

#endif
