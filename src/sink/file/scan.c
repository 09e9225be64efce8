#include "sink/file/scan.h"

#include "base/files.h"
#include "model/calendar.h"
#include "sink/file/manifest.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Manifests and parts are looked for in the same way, whatever for. */
enum purpose {
    REFUSE,  /* report the first */
    ALLOW,   /* they are fine, other programs' manifests are not */
    REMOVE,  /* remove all */
    COLLECT, /* list this run's own, report any other */
};

struct scan {
    const struct cdr_file_folder *folder;
    enum purpose purpose;
    uint32_t partitions;          /* COLLECT */
    struct cdr_file_finds *finds; /* COLLECT */
    struct cdr_error *error;
};

/* A day's folder. */
struct day_folder {
    unsigned topic; /* topics->n: none of this run's */
    bool real;      /* there is such a day */
    int32_t day;
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

bool cdr_file_is_any_part(const char *name, struct cdr_part_name *parsed)
{
    parsed->temporary = take_text(&name, ".");
    if (!take_text(&name, "part-") || !take_number(&name, 4, &parsed->partition) ||
        !take_text(&name, "-") || !take_number(&name, 6, &parsed->number) || !take_text(&name, "."))
        return false;
    parsed->extension = name;
    return true;
}

bool cdr_file_is_part(const char *name, struct cdr_part_name *parsed)
{
    if (!cdr_file_is_any_part(name, parsed))
        return false;
    const char *rest = parsed->extension;
    return take_extension(&rest) && (!parsed->temporary || take_text(&rest, ".tmp")) &&
           *rest == '\0';
}

/* Whether name looks like that of a day's folder. */
static bool take_date(const char *name, struct cdr_date *date)
{
    uint32_t year = 0;
    bool taken = strlen(name) == strlen("date=2025-01-01") && take_text(&name, "date=") &&
                 strspn(name, "0123456789") == 4 && take_number(&name, 4, &year) &&
                 take_text(&name, "-") && take_number(&name, 2, &date->month) &&
                 take_text(&name, "-") && take_number(&name, 2, &date->day_of_month) &&
                 *name == '\0';
    date->year = (int32_t)year;
    return taken;
}

bool cdr_file_is_day(const char *name, int32_t *day)
{
    struct cdr_date date = {0};
    if (!take_date(name, &date) || date.month < 1 || date.month > 12 || date.day_of_month < 1 ||
        date.day_of_month > 31)
        return false;
    *day = cdr_day_of_date(date.year, date.month, date.day_of_month);
    return cdr_date_of_day(*day).day_of_month == date.day_of_month;
}

struct manifest_name {
    bool temporary;
    uint32_t shard_index, shard_count; /* 0/1 without shards */
};

/* Takes "-shard-I-of-N" off *name, if it is there. */
static bool take_shard(const char **name, struct manifest_name *parsed)
{
    parsed->shard_index = 0;
    parsed->shard_count = 1;
    return !take_text(name, "-shard-") ||
           (take_number(name, 1, &parsed->shard_index) && take_text(name, "-of-") &&
            take_number(name, 1, &parsed->shard_count));
}

static bool is_journal(const char *name, struct manifest_name *parsed)
{
    return take_text(&name, ".cdrgen") && take_shard(&name, parsed) && take_text(&name, ".parts") &&
           *name == '\0';
}

static bool is_manifest(const char *name, struct manifest_name *parsed)
{
    parsed->temporary = take_text(&name, ".");
    if (!take_text(&name, "manifest") || !take_shard(&name, parsed))
        return false;
    return take_text(&name, ".json") && (!parsed->temporary || take_text(&name, ".tmp")) &&
           *name == '\0';
}

bool cdr_file_is_truth(const char *name, struct cdr_truth_name *parsed)
{
    struct manifest_name shard;
    const bool temporary = take_text(&name, ".");
    if (!take_text(&name, "truth") || !take_shard(&name, &shard) || !take_text(&name, ".") ||
        !take_extension(&name))
        return false;
    *parsed = (struct cdr_truth_name){shard.shard_index, shard.shard_count};
    return (!temporary || take_text(&name, ".tmp")) && *name == '\0';
}

bool cdr_file_is_our_name(const char *name)
{
    static const char *const names[] = {CDR_FILE_LOCK_NAME, "cells.csv", "subscribers.csv"};
    struct manifest_name manifest;
    struct cdr_part_name part;
    struct cdr_truth_name truth;
    bool ours = is_journal(name, &manifest) || is_manifest(name, &manifest) ||
                cdr_file_is_any_part(name, &part) || cdr_file_is_truth(name, &truth);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        ours |= strcmp(name, names[i]) == 0;
    return ours;
}

static bool join(char path[CDR_FILE_PATH_MAX], const char *folder, const char *name)
{
    int length = snprintf(path, CDR_FILE_PATH_MAX, "%s/%s", folder, name);
    return length > 0 && length < CDR_FILE_PATH_MAX;
}

/* Something of ours at path, other than what COLLECT lists: reports or removes it. */
static enum cdr_result found(const struct scan *scan, const char *path, const char *what)
{
    const char *out = scan->folder->out;
    struct stat status;
    if (scan->purpose == ALLOW && lstat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return cdr_fail(scan->error, CDR_E_CONFIG, "%s is a folder where a file is needed", path);
    if (scan->purpose == REMOVE && unlink(path) != 0 && errno != ENOENT)
        return cdr_file_fail(scan->error, CDR_E_IO, "remove", path, errno);
    if (scan->purpose == REMOVE || scan->purpose == ALLOW)
        return CDR_OK;
    if (scan->purpose == COLLECT)
        return cdr_fail(scan->error, CDR_E_STATE,
                        "--out %s holds %s, which is none of the files of the run to go on with: "
                        "give --resume the settings that the dataset was made with (topics, "
                        "format, partitions, shard), or replace it with --overwrite",
                        out, path);
    return cdr_fail(scan->error, CDR_E_STATE,
                    "--out %s already holds %s (%s): choose another folder, %sor replace it with "
                    "--overwrite",
                    out, what, path,
                    strstr(what, "dataset") != NULL ? "go on with it with --resume, " : "");
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
    bool in_the_way = is_in_the_way(folder, name);
    if (scan->purpose == COLLECT && name->shard_count == folder->shard_count)
        in_the_way = false; /* it is read elsewhere */
    if (name->temporary)
        return in_the_way ? found(scan, path, "the remains of an unfinished run") : CDR_OK;
    struct cdr_manifest_head head;
    enum cdr_result result = cdr_manifest_look(path, &head, scan->error);
    if (result != CDR_OK)
        return result == CDR_E_AGAIN ? CDR_OK : result;
    if (!head.ours)
        return cdr_fail(scan->error, CDR_E_STATE,
                        "%s was not written by cdrgen and would be replaced: choose another --out",
                        path);
    if (in_the_way)
        return found(scan, path,
                     head.complete || head.damaged ? "a dataset" : "an unfinished dataset");
    const bool same = strcmp(head.dataset_id, folder->dataset_id) == 0;
    const bool alike = head.format[0] == '\0' || strcmp(head.written_as, folder->written_as) == 0;
    if ((same && alike) || scan->purpose == REMOVE)
        return CDR_OK;
    if (same)
        return cdr_fail(scan->error, CDR_E_STATE,
                        "%s has another format, compression, schema, mapping or list of fields "
                        "than this shard: give all shards the same settings, or choose another "
                        "--out",
                        path);
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

static enum cdr_result list_find(const struct scan *scan, const struct cdr_file_find *find)
{
    struct cdr_file_finds *finds = scan->finds;
    if (finds->count == finds->room) {
        size_t room = finds->room == 0 ? 64 : 2 * finds->room;
        struct cdr_file_find *list = realloc(finds->list, room * sizeof *list);
        if (list == NULL)
            return cdr_fail(scan->error, CDR_E_NOMEM, "no memory for a list of %zu parts", room);
        finds->list = list;
        finds->room = room;
    }
    finds->list[finds->count++] = *find;
    return CDR_OK;
}

static enum cdr_result visit_part(const struct scan *scan, const struct day_folder *day,
                                  const char *path, const struct cdr_part_name *name)
{
    const char *extension = scan->folder->extension;
    size_t length = strlen(extension);
    bool own = day->topic < scan->folder->topics->n && day->real &&
               name->partition < scan->partitions &&
               strncmp(name->extension, extension, length) == 0 &&
               strcmp(name->extension + length, name->temporary ? ".tmp" : "") == 0;
    if (scan->purpose != COLLECT || !own)
        return found(scan, path, "the remains of an unfinished run");
    const struct cdr_file_find find = {.topic = day->topic,
                                       .partition = name->partition,
                                       .number = name->number,
                                       .day = day->day,
                                       .temporary = name->temporary};
    return list_find(scan, &find);
}

/* What is in the place of a day's folder of ours, so that there can be none. */
static enum cdr_result check_day(const struct scan *scan, const struct day_folder *day,
                                 const char *path)
{
    struct stat status;
    if (scan->purpose == REMOVE || day->topic >= scan->folder->topics->n || !day->real ||
        lstat(path, &status) != 0)
        return CDR_OK;
    return cdr_fail(scan->error, CDR_E_CONFIG, "%s is %s where a folder is needed", path,
                    S_ISREG(status.st_mode)   ? "a file"
                    : S_ISLNK(status.st_mode) ? "a link to no folder"
                                              : cdr_file_kind(status.st_mode));
}

static enum cdr_result scan_day(const struct scan *scan, const struct day_folder *day,
                                const char *path)
{
    const struct cdr_file_folder *folder = scan->folder;
    char part[CDR_FILE_PATH_MAX];
    DIR *listing = opendir(path);
    if (listing == NULL)
        return errno == ENOTDIR || errno == ENOENT
                   ? check_day(scan, day, path)
                   : cdr_file_fail(scan->error, CDR_E_CONFIG, "read folder", path, errno);
    enum cdr_result result = CDR_OK;
    const char *name = NULL;
    if (scan->purpose == ALLOW && day->topic < folder->topics->n && access(path, W_OK | X_OK) != 0)
        result = cdr_file_fail(scan->error, CDR_E_CONFIG, "write to folder", path, errno);
    while (result == CDR_OK && (name = next_name(scan, listing, path, &result)) != NULL) {
        struct cdr_part_name parsed;
        if (cdr_file_is_part(name, &parsed) &&
            parsed.partition % folder->shard_count == folder->shard_index && join(part, path, name))
            result = visit_part(scan, day, part, &parsed);
    }
    closedir(listing);
    if (scan->purpose == REMOVE && result == CDR_OK)
        rmdir(path); /* fails where others' files, or other shards' parts, are in it: it stays */
    return result;
}

/* topics->n where it is none of the run's. */
static unsigned own_topic(const struct cdr_file_folder *folder, const char *name)
{
    unsigned topic = 0;
    while (topic < folder->topics->n && strcmp(folder->topics->items[topic].name, name) != 0)
        topic++;
    return topic;
}

/* Any folder in out may be a topic of an earlier run under another prefix. */
static enum cdr_result scan_topic(const struct scan *scan, const char *topic)
{
    char path[CDR_FILE_PATH_MAX], inner[CDR_FILE_PATH_MAX];
    struct day_folder day = {.topic = own_topic(scan->folder, topic)};
    if (!join(path, scan->folder->out, topic))
        return CDR_OK;
    DIR *listing = opendir(path);
    /* A file, or a folder of another program; our own topics were checked before. */
    if (listing == NULL &&
        (errno == ENOTDIR || errno == ENOENT || errno == EACCES || errno == ELOOP))
        return CDR_OK;
    if (listing == NULL)
        return cdr_file_fail(scan->error, CDR_E_CONFIG, "read folder", path, errno);
    enum cdr_result result = CDR_OK;
    const char *name = NULL;
    bool has_days = false;
    while (result == CDR_OK && (name = next_name(scan, listing, path, &result)) != NULL) {
        struct cdr_date date;
        if (!take_date(name, &date) || !join(inner, path, name))
            continue;
        has_days = true;
        day.real = cdr_file_is_day(name, &day.day);
        result = scan_day(scan, &day, inner);
    }
    closedir(listing);
    if (scan->purpose == REMOVE && has_days && result == CDR_OK &&
        day.topic == scan->folder->topics->n)
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
        else if (scan->purpose == REMOVE && is_journal(name, &parsed) &&
                 is_in_the_way(scan->folder, &parsed) && join(path, out, name))
            result = found(scan, path, "a journal");
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
    const struct scan scan = {
        .folder = folder, .purpose = overwrite ? ALLOW : REFUSE, .error = error};
    return scan_all(&scan);
}

enum cdr_result cdr_file_scan_remove(const struct cdr_file_folder *folder, struct cdr_error *error)
{
    const struct scan scan = {.folder = folder, .purpose = REMOVE, .error = error};
    return scan_all(&scan);
}

enum cdr_result cdr_file_scan_collect(const struct cdr_file_folder *folder, uint32_t partitions,
                                      struct cdr_file_finds *finds, struct cdr_error *error)
{
    const struct scan scan = {.folder = folder,
                              .purpose = COLLECT,
                              .partitions = partitions,
                              .finds = finds,
                              .error = error};
    return scan_all(&scan);
}

int cdr_file_compare_finds(const void *a, const void *b)
{
    const struct cdr_file_find *left = a, *right = b;
    if (left->topic != right->topic)
        return left->topic < right->topic ? -1 : 1;
    if (left->partition != right->partition)
        return left->partition < right->partition ? -1 : 1;
    if (left->temporary != right->temporary)
        return left->temporary ? 1 : -1;
    if (left->number != right->number)
        return left->number < right->number ? -1 : 1;
    return left->day < right->day ? -1 : left->day > right->day;
}
