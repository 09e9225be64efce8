/* Whether a path leads to a file of a dataset, whatever name it goes by. */
#include "sink/file/scan.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH = 3 }; /* out, a topic, a day */

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool is_spelt(const char *out, const char *path)
{
    size_t length = strlen(out);
    while (length > 1 && out[length - 1] == '/')
        length--;
    return strncmp(path, out, length) == 0 && path[length] == '/' &&
           cdr_file_is_our_name(strrchr(path, '/') + 1);
}

/* Where links lead. A file that is not there yet has the name that it is given. */
static bool resolve(const char *path, char real[PATH_MAX])
{
    char folder[PATH_MAX];
    if (realpath(path, real) != NULL)
        return true;
    const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;
    int length = snprintf(folder, sizeof folder, "%.*s/.",
                          slash == NULL ? 1 : (int)(slash - path) + 1, slash == NULL ? "." : path);
    if (errno != ENOENT || length < 0 || (size_t)length >= sizeof folder ||
        realpath(folder, real) == NULL)
        return false;
    const size_t used = strlen(real);
    length = snprintf(real + used, PATH_MAX - used, "/%s", name);
    return length > 0 && (size_t)length < PATH_MAX - used;
}

/* Whether the folder is one of those that path, without links, lies in. */
static bool is_inside(const struct stat *folder, const char *path)
{
    char parent[PATH_MAX];
    struct stat status;
    snprintf(parent, sizeof parent, "%s", path);
    for (char *slash; (slash = strrchr(parent, '/')) != NULL && slash != parent;) {
        *slash = '\0';
        if (stat(parent, &status) == 0 && is_same(&status, folder))
            return true;
    }
    return false;
}

/* Whether a file of ours in the folder, or below it, is the same file. */
static bool holds(const char *folder, const struct stat *file, int depth)
{
    char path[PATH_MAX];
    struct stat status;
    bool found = false;
    DIR *listing = opendir(folder);
    for (const struct dirent *entry;
         listing != NULL && !found && (entry = readdir(listing)) != NULL;) {
        int length = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 || length < 0 ||
            (size_t)length >= sizeof path || stat(path, &status) != 0)
            continue;
        if (S_ISDIR(status.st_mode))
            found = depth > 1 && holds(path, file, depth - 1);
        else
            found = is_same(&status, file) && cdr_file_is_our_name(entry->d_name);
    }
    if (listing != NULL)
        closedir(listing);
    return found;
}

bool cdr_file_is_of_dataset(const char *out, const char *path)
{
    char real[PATH_MAX];
    struct stat folder, file;
    if (is_spelt(out, path))
        return true;
    if (stat(out, &folder) != 0)
        return false;
    if (resolve(path, real) && cdr_file_is_our_name(strrchr(real, '/') + 1) &&
        is_inside(&folder, real))
        return true;
    return stat(path, &file) == 0 && S_ISREG(file.st_mode) && file.st_nlink > 1 &&
           holds(out, &file, DEPTH);
}
