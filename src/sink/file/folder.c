#include "sink/file/folder.h"

#include "base/files.h"
#include "model/calendar.h"
#include "sink/file/scan.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* After out and the topic: "/date=YYYY-MM-DD/.part-PPPPPPPPPP-NNNNNNNNNN.avro.zst.tmp". */
#define NAME_ROOM 80
/* Others may remove and make folders while we try. */
#define ATTEMPTS_MAX 100
/* Kafka's limit of a topic's name, and what it may consist of. */
#define TOPIC_LENGTH_MAX 249
#define TOPIC_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

/* Paths are checked for their length once, by check_names. */
static void format_path(char path[CDR_FILE_PATH_MAX], const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void format_path(char path[CDR_FILE_PATH_MAX], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(path, CDR_FILE_PATH_MAX, format, arguments);
    va_end(arguments);
    assert(length > 0 && length < CDR_FILE_PATH_MAX);
    (void)length;
}

static void topic_path(char path[CDR_FILE_PATH_MAX], const struct cdr_file_folder *folder,
                       unsigned topic)
{
    format_path(path, "%s/%s", folder->out, folder->topics->items[topic].name);
}

static void day_path(char path[CDR_FILE_PATH_MAX], const struct cdr_file_folder *folder,
                     unsigned topic, int32_t day)
{
    struct cdr_date date = cdr_date_of_day(day);
    format_path(path, "%s/%s/date=%04" PRId32 "-%02" PRIu32 "-%02" PRIu32, folder->out,
                folder->topics->items[topic].name, date.year, date.month, date.day_of_month);
}

void cdr_file_part_path(char path[CDR_FILE_PATH_MAX], const struct cdr_file_folder *folder,
                        unsigned topic, int32_t day, uint32_t partition, uint32_t number,
                        bool temporary)
{
    char name[NAME_ROOM];
    day_path(path, folder, topic, day);
    size_t length = strlen(path);
    snprintf(name, sizeof name, "/%spart-%04" PRIu32 "-%06" PRIu32 ".%s%s", temporary ? "." : "",
             partition, number, folder->extension, temporary ? ".tmp" : "");
    assert(length + strlen(name) < CDR_FILE_PATH_MAX);
    memcpy(path + length, name, strlen(name) + 1);
}

void cdr_file_part_name(char name[CDR_FILE_PATH_MAX], const struct cdr_file_folder *folder,
                        unsigned topic, int32_t day, uint32_t partition, uint32_t number)
{
    cdr_file_part_path(name, folder, topic, day, partition, number, false);
    size_t before = strlen(folder->out) + 1;
    memmove(name, name + before, strlen(name + before) + 1);
}

void cdr_file_manifest_path(char path[CDR_FILE_PATH_MAX], const struct cdr_file_folder *folder,
                            bool temporary)
{
    const char *before = temporary ? "." : "", *after = temporary ? ".tmp" : "";
    if (folder->shard_count > 1)
        format_path(path, "%s/%smanifest-shard-%" PRIu32 "-of-%" PRIu32 ".json%s", folder->out,
                    before, folder->shard_index, folder->shard_count, after);
    else
        format_path(path, "%s/%smanifest.json%s", folder->out, before, after);
}

void cdr_file_journal_path(char path[CDR_FILE_PATH_MAX], const struct cdr_file_folder *folder)
{
    if (folder->shard_count > 1)
        format_path(path, "%s/.cdrgen-shard-%" PRIu32 "-of-%" PRIu32 ".parts", folder->out,
                    folder->shard_index, folder->shard_count);
    else
        format_path(path, "%s/.cdrgen.parts", folder->out);
}

enum cdr_result cdr_file_folder_set_out(struct cdr_file_folder *folder, const char *out,
                                        struct cdr_error *error)
{
    size_t length = out == NULL ? 0 : strlen(out);
    if (length == 0)
        return cdr_fail(error, CDR_E_CONFIG, "--out is empty: give the folder for the files");
    while (length > 1 && out[length - 1] == '/')
        length--;
    if (length + TOPIC_LENGTH_MAX + NAME_ROOM >= CDR_FILE_PATH_MAX)
        return cdr_fail(error, CDR_E_CONFIG, "--out is %zu bytes long: at most %d are allowed",
                        length, CDR_FILE_PATH_MAX - TOPIC_LENGTH_MAX - NAME_ROOM - 1);
    memcpy(folder->out, out, length);
    folder->out[length] = '\0';
    return CDR_OK;
}

static enum cdr_result check_topics(const struct cdr_file_folder *folder, struct cdr_error *error)
{
    for (unsigned topic = 0; topic < folder->topics->n; topic++) {
        const char *name = folder->topics->items[topic].name;
        size_t length = strlen(name);
        if (length == 0 || length > TOPIC_LENGTH_MAX || strspn(name, TOPIC_CHARACTERS) != length ||
            strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            return cdr_fail(error, CDR_E_CONFIG,
                            "topic '%s' cannot be a folder: a topic has 1 to %d letters, digits, "
                            "'.', '_' and '-'",
                            name, TOPIC_LENGTH_MAX);
        for (unsigned other = 0; other < topic; other++)
            if (strcmp(name, folder->topics->items[other].name) == 0)
                return cdr_fail(error, CDR_E_CONFIG,
                                "topic '%s' is named twice: each record type needs its own", name);
    }
    return CDR_OK;
}

/* Cuts path's last component off; what is left of "out" is "." and of "/out" is "/". */
static void cut_last(char path[CDR_FILE_PATH_MAX])
{
    char *slash = strrchr(path, '/');
    if (slash == NULL) {
        memcpy(path, ".", 2);
        return;
    }
    while (slash > path && slash[-1] == '/')
        slash--;
    slash[slash == path ? 1 : 0] = '\0';
}

/* Whether path is a folder that we can make files in. *exists is false where nothing is there. */
static enum cdr_result check_folder(const char *path, bool *exists, struct cdr_error *error)
{
    struct stat status;
    *exists = true;
    if (stat(path, &status) != 0) {
        *exists = errno != ENOENT;
        if (!*exists)
            return CDR_OK;
        return cdr_file_fail(error, CDR_E_CONFIG, "use folder", path, errno);
    }
    if (!S_ISDIR(status.st_mode))
        return cdr_fail(error, CDR_E_CONFIG,
                        "%s is a file where a folder is needed: give --out another path", path);
    if (access(path, R_OK | W_OK | X_OK) != 0)
        return cdr_file_fail(error, CDR_E_CONFIG, "write to folder", path, errno);
    return CDR_OK;
}

static enum cdr_result check_places(const struct cdr_file_folder *folder, bool *out_exists,
                                    struct cdr_error *error)
{
    char path[CDR_FILE_PATH_MAX];
    memcpy(path, folder->out, strlen(folder->out) + 1);
    enum cdr_result result = check_folder(path, out_exists, error);
    bool exists = *out_exists;
    while (result == CDR_OK && !exists) {
        cut_last(path);
        result = check_folder(path, &exists, error);
    }
    for (unsigned topic = 0; topic < folder->topics->n && *out_exists && result == CDR_OK;
         topic++) {
        topic_path(path, folder, topic);
        result = check_folder(path, &exists, error);
    }
    return result;
}

/* Makes what is missing of path, from its start on; *made is how many folders that are. Returns
 * errno or 0. */
static int make_folders(const char *path, unsigned *made)
{
    char above[CDR_FILE_PATH_MAX];
    size_t length = strlen(path);
    *made = 0;
    for (size_t i = 1; i <= length; i++) {
        if ((path[i] != '/' && path[i] != '\0') || path[i - 1] == '/')
            continue;
        memcpy(above, path, i);
        above[i] = '\0';
        if (mkdir(above, 0777) == 0)
            ++*made;
        else if (errno != EEXIST)
            return errno;
    }
    return 0;
}

enum cdr_result cdr_file_folder_make(struct cdr_file_folder *folder, struct cdr_error *error)
{
    char path[CDR_FILE_PATH_MAX];
    for (unsigned topic = 0; topic < folder->topics->n; topic++) {
        topic_path(path, folder, topic);
        const bool created = mkdir(path, 0777) == 0;
        folder->created_topics |= (uint32_t)created << topic;
        if (!created && errno != EEXIST)
            return cdr_file_fail(error, CDR_E_CONFIG, "make folder", path, errno);
    }
    return CDR_OK;
}

enum cdr_result cdr_file_folder_check(const struct cdr_file_folder *folder, bool *exists,
                                      struct cdr_error *error)
{
    enum cdr_result result = check_topics(folder, error);
    return result == CDR_OK ? check_places(folder, exists, error) : result;
}

static void lock_path(char path[CDR_FILE_PATH_MAX], const struct cdr_file_folder *folder)
{
    format_path(path, "%s/" CDR_FILE_LOCK_NAME, folder->out);
}

bool cdr_file_folder_has_lock(const struct cdr_file_folder *folder)
{
    char path[CDR_FILE_PATH_MAX];
    struct stat status;
    lock_path(path, folder);
    return lstat(path, &status) == 0;
}

/* Removes out and what is above it as far as we made it, where they are empty. */
static void remove_made(const struct cdr_file_folder *folder)
{
    char path[CDR_FILE_PATH_MAX];
    memcpy(path, folder->out, strlen(folder->out) + 1);
    for (unsigned depth = 0; depth < folder->created_depth; depth++) {
        if (rmdir(path) != 0)
            return;
        cut_last(path);
    }
}

enum cdr_result cdr_file_folder_lock(struct cdr_file_folder *folder, struct cdr_error *error)
{
    char path[CDR_FILE_PATH_MAX], manifest[CDR_FILE_PATH_MAX];
    enum cdr_result result = CDR_E_AGAIN;
    const struct cdr_file_lock_wish wish = {.path = path,
                                            .dataset = manifest,
                                            .shard_index = folder->shard_index,
                                            .shard_count = folder->shard_count};
    lock_path(path, folder);
    cdr_file_manifest_path(manifest, folder, false);
    /* A run that comes to nothing may remove the folder that we have just found or made. */
    for (unsigned attempt = 0; result == CDR_E_AGAIN && attempt < ATTEMPTS_MAX; attempt++) {
        int os_error = make_folders(folder->out, &folder->created_depth);
        if (os_error == ENOENT)
            continue;
        if (os_error != 0)
            result = cdr_file_fail(error, CDR_E_CONFIG, "make folder", folder->out, os_error);
        else
            result = cdr_file_lock_take(&folder->lock, &wish, error);
    }
    if (result == CDR_E_AGAIN)
        result = cdr_file_fail(error, CDR_E_CONFIG, "make folder", folder->out, ENOENT);
    if (result != CDR_OK)
        remove_made(folder);
    return result;
}

enum cdr_result cdr_file_folder_is_ours(const struct cdr_file_folder *folder,
                                        struct cdr_error *error)
{
    char path[CDR_FILE_PATH_MAX];
    lock_path(path, folder);
    return cdr_file_lock_check(&folder->lock, path, error);
}

void cdr_file_folder_unlock(struct cdr_file_folder *folder, enum cdr_file_folder_end end)
{
    char path[CDR_FILE_PATH_MAX];
    for (unsigned topic = 0; end != CDR_FILE_FOLDER_WRITTEN && topic < folder->topics->n; topic++) {
        topic_path(path, folder, topic);
        if ((folder->created_topics >> topic & 1) != 0)
            rmdir(path);
    }
    lock_path(path, folder);
    cdr_file_lock_drop(&folder->lock, path, end != CDR_FILE_FOLDER_REFUSED || folder->lock.created);
    if (end != CDR_FILE_FOLDER_WRITTEN)
        remove_made(folder);
}

enum cdr_result cdr_file_folder_make_day(const struct cdr_file_folder *folder, unsigned topic,
                                         int32_t day, struct cdr_error *error)
{
    char path[CDR_FILE_PATH_MAX];
    unsigned made = 0;
    day_path(path, folder, topic, day);
    int os_error = make_folders(path, &made);
    if (os_error != 0)
        return cdr_file_fail(error, CDR_E_IO, "make folder", path, os_error);
    return CDR_OK;
}

void cdr_file_folder_remove_day(const struct cdr_file_folder *folder, unsigned topic, int32_t day)
{
    char path[CDR_FILE_PATH_MAX];
    day_path(path, folder, topic, day);
    rmdir(path);
}

static enum cdr_result sync_folder(const char *path, struct cdr_error *error)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return cdr_file_fail(error, CDR_E_IO, "open folder", path, errno);
    int status = 0;
    do
        status = fsync(fd);
    while (status != 0 && errno == EINTR);
    int os_error = status == 0 ? 0 : errno;
    close(fd);
    /* Some file systems have nothing to sync in a folder and say so. */
    if (os_error == 0 || os_error == EINVAL || os_error == ENOTSUP)
        return CDR_OK;
    return cdr_file_fail(error, CDR_E_IO, "sync folder", path, os_error);
}

enum cdr_result cdr_file_folder_sync_day(const struct cdr_file_folder *folder, unsigned topic,
                                         int32_t day, struct cdr_error *error)
{
    char path[CDR_FILE_PATH_MAX];
    day_path(path, folder, topic, day);
    return sync_folder(path, error);
}

enum cdr_result cdr_file_folder_sync(const struct cdr_file_folder *folder, struct cdr_error *error)
{
    char path[CDR_FILE_PATH_MAX];
    enum cdr_result result = CDR_OK;
    for (unsigned topic = 0; topic < folder->topics->n && result == CDR_OK; topic++) {
        topic_path(path, folder, topic);
        result = sync_folder(path, error);
    }
    memcpy(path, folder->out, strlen(folder->out) + 1);
    for (unsigned depth = 0; depth <= folder->created_depth && result == CDR_OK; depth++) {
        result = sync_folder(path, error);
        cut_last(path);
    }
    return result;
}
