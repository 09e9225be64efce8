#include "app/report_file.h"

#include "base/files.h"
#include "sink/file/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct target {
    char temporary[PATH_MAX]; /* "": path itself is written */
};

static bool is_stdout(const char *path)
{
    return strcmp(path, "-") == 0;
}

/* False, with errno set: path cannot have a neighbour. */
static bool choose(const char *path, struct target *target)
{
    struct stat status;
    target->temporary[0] = '\0';
    if (lstat(path, &status) == 0 && !S_ISREG(status.st_mode))
        return true; /* nor is a link replaced: /dev/stdout may lead to a file */
    int n =
        snprintf(target->temporary, sizeof target->temporary, "%s.%ld.tmp", path, (long)getpid());
    errno = ENAMETOOLONG;
    return n > 0 && (size_t)n < sizeof target->temporary;
}

static FILE *open_target(const char *path, struct target *target)
{
    if (is_stdout(path))
        return stdout;
    if (!choose(path, target))
        return NULL;
    return target->temporary[0] != '\0' ? fopen(target->temporary, "wx") : cdr_stream_named(path);
}

enum cdr_result cdr_report_check(const char *path, const char *out, struct cdr_error *error)
{
    struct target target;
    if (path == NULL || is_stdout(path))
        return CDR_OK;
    if (cdr_file_is_of_dataset(out, path))
        return cdr_fail(error, CDR_E_CONFIG,
                        "report: %.600s is the name of a file of the dataset in %.600s: choose "
                        "another one",
                        path, out);
    bool good = choose(path, &target);
    if (good && target.temporary[0] == '\0') {
        good = access(path, W_OK) == 0 || errno == ENOENT; /* a link to nothing yet */
    } else if (good) {
        FILE *file = fopen(target.temporary, "wx");
        good = file != NULL;
        if (good) {
            fclose(file);
            unlink(target.temporary);
        }
    }
    return good ? CDR_OK
                : cdr_fail(error, CDR_E_CONFIG, "report: cannot write %.600s: %s", path,
                           strerror(errno));
}

enum cdr_result cdr_report_write(const char *path,
                                 void (*put)(struct cdr_json *json, const void *context),
                                 const void *context, struct cdr_error *error)
{
    struct target target = {{0}};
    struct cdr_json json;
    FILE *out = open_target(path, &target);
    const bool beside = out != NULL && target.temporary[0] != '\0';
    bool good = out != NULL;
    int reason = errno;
    if (good) {
        cdr_json_start(&json, out);
        put(&json, context);
        good = cdr_json_finish(&json);
        reason = errno;
    }
    if (beside) {
        good = cdr_stream_rename(out, good, false, target.temporary, path);
        reason = errno;
    } else if (out != NULL && out != stdout && fclose(out) != 0 && good) {
        good = false;
        reason = errno;
    }
    return good ? CDR_OK
                : cdr_fail(error, CDR_E_STATE, "report: cannot write %.600s: %s",
                           is_stdout(path) ? "to standard output" : path, strerror(reason));
}

enum cdr_result cdr_report_printed(FILE *out, struct cdr_error *error)
{
    if (fflush(out) == 0 && !ferror(out))
        return CDR_OK;
    return cdr_fail(error, CDR_E_STATE, "cannot write to standard output: %s", strerror(errno));
}
