#include "sink/file_scan.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MANIFEST_START_BYTES 1024

/* Manifests and parts are looked for in the same way whether to report the first or to remove all.
 */
struct scan {
    const struct cdr_file_folder *folder;
    bool remove;
    bool overwrite; /* while checking: finds are fine, other programs' manifests are not */
    struct cdr_error *error;
};

/* Takes text off *name if it starts with it. */
static bool take_text(const char **name, const char *text)
{
    size_t length = strlen(text);
    if (strncmp(*name, text, length) != 0)
        return false;
    *name += length;
    return true;
}

/* Takes a number of at least digits_min digits off *name. */
static bool take_number(const char **name, size_t digits_min, uint32_t *value)
{
    size_t digits = strspn(*name, "0123456789");
    if (digits < digits_min || digits > 9)
        return false;
    *value = (uint32_t)strtoul(*name, NULL, 10);
    *name += digits;
    return true;
}

static bool take_extension(const char **name)
{
    bool taken = false;
    for (size_t i = 0; cdr_encoders[i] != NULL && !taken; i++)
        taken = take_text(name, cdr_encoders[i]->file_extension);
    if (taken && !take_text(name, ".gz"))
        (void)take_text(name, ".zst");
    return taken;
}

bool cdr_file_is_part(const char *name, uint32_t *partition, bool *temporary)
{
    uint32_t number = 0;
    *temporary = take_text(&name, ".");
    return take_text(&name, "part-") && take_number(&name, 4, partition) && take_text(&name, "-") &&
           take_number(&name, 6, &number) && take_text(&name, ".") && take_extension(&name) &&
           (!*temporary || take_text(&name, ".tmp")) && *name == '\0';
}

static bool is_day(const char *name)
{
    uint32_t ignored = 0;
    return strlen(name) == strlen("date=2025-01-01") && take_text(&name, "date=") &&
           strspn(name, "0123456789") == 4 && take_number(&name, 4, &ignored) &&
           take_text(&name, "-") && take_number(&name, 2, &ignored) && take_text(&name, "-") &&
           take_number(&name, 2, &ignored) && *name == '\0';
}

struct manifest_name {
    bool temporary;
    uint32_t shard_index, shard_count; /* 0/1 without shards */
};

static bool is_manifest(const char *name, struct manifest_name *parsed)
{
    parsed->temporary = take_text(&name, ".");
    parsed->shard_index = 0;
    parsed->shard_count = 1;
    if (!take_text(&name, "manifest"))
        return false;
    if (take_text(&name, "-shard-") &&
        !(take_number(&name, 1, &parsed->shard_index) && take_text(&name, "-of-") &&
          take_number(&name, 1, &parsed->shard_count)))
        return false;
    return take_text(&name, ".json") && (!parsed->temporary || take_text(&name, ".tmp")) &&
           *name == '\0';
}

static bool join(char path[CDR_FILE_PATH_MAX], const char *folder, const char *name)
{
    int length = snprintf(path, CDR_FILE_PATH_MAX, "%s/%s", folder, name);
    return length > 0 && length < CDR_FILE_PATH_MAX;
}

/* Something of ours at path: reports or removes it. */
static enum cdr_result found(const struct scan *scan, const char *path, bool is_whole)
{
    if (scan->remove) {
        if (unlink(path) != 0 && errno != ENOENT)
            return cdr_file_fail(scan->error, CDR_E_IO, "remove", path, errno);
        return CDR_OK;
    }
    if (scan->overwrite)
        return CDR_OK;
    return cdr_fail(
        scan->error, CDR_E_STATE,
        "--out %s already holds %s (%s): choose another folder, or replace it with --overwrite",
        scan->folder->out, is_whole ? "a dataset" : "the remains of an unfinished run", path);
}

/* The value of a text member near the manifest's start, as we write it. */
static bool member_is(const char *text, const char *key, const char *value_start, bool *present)
{
    char pattern[64];
    snprintf(pattern, sizeof pattern, "\"%s\": \"", key);
    const char *at = strstr(text, pattern);
    *present = at != NULL;
    return at != NULL && strncmp(at + strlen(pattern), value_start, strlen(value_start)) == 0;
}

/* Whether a manifest of that name is in the run's way, whatever it says. */
static bool is_in_the_way(const struct cdr_file_folder *folder, const struct manifest_name *name)
{
    bool other_split = name->shard_count != folder->shard_count;
    return other_split || name->shard_index == folder->shard_index;
}

static enum cdr_result visit_manifest(const struct scan *scan, const char *path,
                                      const struct manifest_name *name)
{
    const struct cdr_file_folder *folder = scan->folder;
    if (name->temporary)
        return is_in_the_way(folder, name) ? found(scan, path, false) : CDR_OK;
    char start[MANIFEST_START_BYTES + 1];
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return errno == ENOENT ? CDR_OK
                               : cdr_file_fail(scan->error, CDR_E_CONFIG, "read", path, errno);
    size_t n = fread(start, 1, MANIFEST_START_BYTES, file);
    fclose(file);
    start[n] = '\0';
    bool present = false;
    if (!member_is(start, "generator", "cdrgen", &present))
        return cdr_fail(scan->error, CDR_E_STATE,
                        "%s was not written by cdrgen and would be replaced: choose another --out",
                        path);
    if (is_in_the_way(folder, name))
        return found(scan, path, true);
    bool same = member_is(start, "dataset_id", folder->dataset_id, &present);
    if (same || scan->overwrite || scan->remove)
        return CDR_OK;
    return cdr_fail(scan->error, CDR_E_STATE,
                    "%s belongs to another dataset than this shard (%s): give all shards the same "
                    "settings, or choose another --out",
                    path, folder->dataset_id);
}

/* The next name but "." and ".."; NULL at the end, with *result set where it cannot be read. */
static const char *next_name(const struct scan *scan, DIR *listing, const char *path,
                             enum cdr_result *result)
{
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(listing);
        if (entry == NULL) {
            if (errno != 0)
                *result = cdr_file_fail(scan->error, CDR_E_CONFIG, "read folder", path, errno);
            return NULL;
        }
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            return entry->d_name;
    }
}

static enum cdr_result scan_day(const struct scan *scan, const char *path)
{
    const struct cdr_file_folder *folder = scan->folder;
    char part[CDR_FILE_PATH_MAX];
    DIR *listing = opendir(path);
    if (listing == NULL)
        return errno == ENOTDIR || errno == ENOENT
                   ? CDR_OK
                   : cdr_file_fail(scan->error, CDR_E_CONFIG, "read folder", path, errno);
    enum cdr_result result = CDR_OK;
    const char *name = NULL;
    while (result == CDR_OK && (name = next_name(scan, listing, path, &result)) != NULL) {
        uint32_t partition = 0;
        bool temporary = false;
        if (cdr_file_is_part(name, &partition, &temporary) &&
            partition % folder->shard_count == folder->shard_index && join(part, path, name))
            result = found(scan, part, false);
    }
    closedir(listing);
    if (scan->remove && result == CDR_OK)
        rmdir(path); /* fails where others' files, or other shards' parts, are in it: it stays */
    return result;
}

static bool is_own_topic(const struct cdr_file_folder *folder, const char *name)
{
    for (unsigned topic = 0; topic < CDR_TYPE_COUNT; topic++)
        if (strcmp(folder->topics[topic], name) == 0)
            return true;
    return false;
}

/* Any folder in out may be a topic of an earlier run under another prefix. */
static enum cdr_result scan_topic(const struct scan *scan, const char *topic)
{
    char path[CDR_FILE_PATH_MAX], day[CDR_FILE_PATH_MAX];
    if (!join(path, scan->folder->out, topic))
        return CDR_OK;
    DIR *listing = opendir(path);
    /* A file, or a folder of somebody else's; our own topics were checked before. */
    if (listing == NULL &&
        (errno == ENOTDIR || errno == ENOENT || errno == EACCES || errno == ELOOP))
        return CDR_OK;
    if (listing == NULL)
        return cdr_file_fail(scan->error, CDR_E_CONFIG, "read folder", path, errno);
    enum cdr_result result = CDR_OK;
    const char *name = NULL;
    bool has_days = false;
    while (result == CDR_OK && (name = next_name(scan, listing, path, &result)) != NULL)
        if (is_day(name) && join(day, path, name)) {
            has_days = true;
            result = scan_day(scan, day);
        }
    closedir(listing);
    if (scan->remove && has_days && result == CDR_OK && !is_own_topic(scan->folder, topic))
        rmdir(path);
    return result;
}

/* One pass over out for manifests or for parts. */
static enum cdr_result scan_out(const struct scan *scan, bool manifests)
{
    char path[CDR_FILE_PATH_MAX];
    const char *out = scan->folder->out;
    DIR *listing = opendir(out);
    if (listing == NULL)
        return cdr_file_fail(scan->error, CDR_E_CONFIG, "read folder", out, errno);
    enum cdr_result result = CDR_OK;
    const char *name = NULL;
    while (result == CDR_OK && (name = next_name(scan, listing, out, &result)) != NULL) {
        struct manifest_name parsed;
        if (!manifests && name[0] != '.')
            result = scan_topic(scan, name);
        else if (manifests && is_manifest(name, &parsed) && join(path, out, name))
            result = visit_manifest(scan, path, &parsed);
    }
    closedir(listing);
    return result;
}

static enum cdr_result scan_all(const struct scan *scan)
{
    enum cdr_result result = scan_out(scan, true);
    return result == CDR_OK ? scan_out(scan, false) : result;
}

enum cdr_result cdr_file_scan_check(const struct cdr_file_folder *folder, bool overwrite,
                                    struct cdr_error *error)
{
    const struct scan scan = {.folder = folder, .overwrite = overwrite, .error = error};
    return scan_all(&scan);
}

enum cdr_result cdr_file_scan_remove(const struct cdr_file_folder *folder, struct cdr_error *error)
{
    const struct scan scan = {.folder = folder, .remove = true, .overwrite = true, .error = error};
    return scan_all(&scan);
}
