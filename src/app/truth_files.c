#include "app/truth_files.h"

#include "app/faults.h"
#include "app/say.h"
#include "app/stop.h"
#include "app/truth_write.h"
#include "base/files.h"
#include "pipeline/truth.h"
#include "sink/file/scan.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_MAX_BYTES = 4096 };

static void folder_of(const struct cdr_settings *settings, char path[PATH_MAX_BYTES])
{
    snprintf(path, PATH_MAX_BYTES, "%s/" CDR_FILE_TRUTH_FOLDER, settings->sink.out);
}

static void name_of(const struct cdr_settings *settings, enum cdr_truth_format format,
                    char name[64])
{
    const char *extension = cdr_truth_format_name[format];
    if (settings->shard_count == 1)
        snprintf(name, 64, "truth.%s", extension);
    else
        snprintf(name, 64, "truth-shard-%u-of-%u.%s", settings->shard_index, settings->shard_count,
                 extension);
}

static struct cdr_beside beside(const struct cdr_run *run)
{
    return (struct cdr_beside){run->settings, run->model, &run->topics};
}

/* Whether a file of the truth is of another split than the run, or of the same shard: as of
 * manifests. */
static bool is_in_the_way(const struct cdr_run *run, const struct cdr_truth_name *name)
{
    return name->shard_count != run->settings->shard_count ||
           name->shard_index == run->settings->shard_index;
}

/* A run that does not write the truth would leave one beside its files that is of other days, or of
 * another dataset. */
static enum cdr_result check_left(const struct cdr_run *run, const char *folder,
                                  struct cdr_error *error)
{
    DIR *listing = opendir(folder);
    struct cdr_truth_name parsed;
    enum cdr_result result = CDR_OK;
    for (const struct dirent *entry;
         listing != NULL && result == CDR_OK && (entry = readdir(listing)) != NULL;)
        if (entry->d_name[0] != '.' && cdr_file_is_truth(entry->d_name, &parsed) &&
            is_in_the_way(run, &parsed))
            result = cdr_fail(error, CDR_E_CONFIG,
                              "%s/%.200s was written by a run with --truth-files: pass "
                              "--truth-files, so that it holds the truth of all days of this run, "
                              "or delete it",
                              folder, entry->d_name);
    if (listing != NULL)
        closedir(listing);
    return result;
}

/* What is there already is neither in the way of the folder nor of the file. */
enum cdr_result cdr_truth_files_check(const struct cdr_run *run, struct cdr_error *error)
{
    char folder[PATH_MAX_BYTES], name[64], path[PATH_MAX_BYTES + 80];
    struct stat status;
    if (!cdr_run_has(run, CDR_SINK_FOLDER))
        return CDR_OK;
    folder_of(run->settings, folder);
    if (!run->settings->truth_files)
        return run->settings->sink.overwrite ? CDR_OK : check_left(run, folder, error);
    if (cdr_settings_is_endless(run->settings))
        return cdr_fail(
            error, CDR_E_CONFIG,
            "truth_files: a run without a last day has a truth without an end; leave it "
            "out, and ask `cdrgen truth --days N` for that of so many days");
    if (stat(folder, &status) == 0 && !S_ISDIR(status.st_mode))
        return cdr_fail(error, CDR_E_CONFIG, "%s is %s where a folder is needed", folder,
                        S_ISREG(status.st_mode) ? "a file" : cdr_file_kind(status.st_mode));
    name_of(run->settings, cdr_truth_format_of(run->settings), name);
    if (snprintf(path, sizeof path, "%s/%s", folder, name) > 0 && lstat(path, &status) == 0 &&
        S_ISDIR(status.st_mode))
        return cdr_fail(error, CDR_E_CONFIG, "%s is a folder where a file is needed", path);
    return CDR_OK;
}

/* All but keep that are in the run's way. */
static void remove_others(const struct cdr_run *run, const char *folder, const char *keep)
{
    DIR *listing = opendir(folder);
    struct cdr_truth_name parsed;
    if (listing == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(listing)) != NULL;)
        if (cdr_file_is_truth(entry->d_name, &parsed) && is_in_the_way(run, &parsed) &&
            strcmp(entry->d_name, keep) != 0)
            unlinkat(dirfd(listing), entry->d_name, 0);
    closedir(listing);
    if (*keep == '\0')
        rmdir(folder); /* stays where others' files are in it */
}

static enum cdr_result write_rows(const struct cdr_beside *of, enum cdr_truth_format format,
                                  FILE *out, bool *written, struct cdr_error *error)
{
    const struct cdr_settings *settings = of->settings;
    struct cdr_truth_writer writer;
    const struct cdr_truth_settings rows = {
        .model = of->model,
        .topics = of->topics,
        .shard_index = settings->shard_index,
        .shard_count = settings->shard_count,
        .stop = cdr_stop_on_signals(),
        .visit = cdr_truth_writer_row,
        .context = &writer,
    };
    enum cdr_result result =
        cdr_truth_writer_start(&writer, out, format, of->model->dataset_id, error);
    if (result == CDR_OK)
        result = cdr_truth_visit(&rows, error);
    *written = result == CDR_OK && cdr_truth_writer_finish(&writer);
    const int reason = errno;
    cdr_truth_writer_free(&writer);
    errno = reason;
    return result == CDR_E_IO ? CDR_OK : result;
}

static enum cdr_result write_file(const struct cdr_run *run, const char *folder, const char *name,
                                  struct cdr_error *error)
{
    char path[PATH_MAX_BYTES + 80], temporary[PATH_MAX_BYTES + 80], words[CDR_REASON_MAX];
    const struct cdr_beside of = beside(run);
    bool written = false;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    snprintf(temporary, sizeof temporary, "%s/.%s.tmp", folder, name);
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return cdr_fail(error, CDR_E_IO, "%s: %s", folder, cdr_os_reason(errno, words));
    FILE *out = cdr_stream_temporary(temporary);
    if (out == NULL)
        return cdr_fail(error, CDR_E_IO, "%s: %s", temporary, cdr_os_reason(errno, words));
    enum cdr_result result =
        write_rows(&of, cdr_truth_format_of(run->settings), out, &written, error);
    if (cdr_stream_rename(out, written, false, temporary, path) || result != CDR_OK)
        return result;
    const int reason = errno;
    return cdr_fail(error, CDR_E_IO, "%s%s: %s", cdr_os_limit(reason), path,
                    cdr_os_reason(reason, words));
}

enum cdr_result cdr_truth_file_is_changed(const struct cdr_beside *of, enum cdr_truth_format format,
                                          char path[CDR_BESIDE_PATH_MAX], bool *changed,
                                          struct cdr_error *error)
{
    char folder[PATH_MAX_BYTES], name[64], words[CDR_REASON_MAX];
    struct stat status;
    bool written = false;
    *changed = false;
    folder_of(of->settings, folder);
    name_of(of->settings, format, name);
    snprintf(path, CDR_BESIDE_PATH_MAX, "%s/%s", folder, name);
    if (lstat(path, &status) != 0)
        return CDR_OK;
    *changed = stat(path, &status) != 0; /* a link to nothing is there, and is no truth */
    if (*changed)
        return CDR_OK;
    FILE *right = tmpfile();
    enum cdr_result result =
        right != NULL ? write_rows(of, format, right, &written, error) : CDR_OK;
    if (result == CDR_OK && written)
        *changed = cdr_stream_differs(right, path);
    const int reason = errno;
    if (right != NULL)
        fclose(right);
    if (result != CDR_OK || written)
        return result;
    return cdr_fail(error, CDR_E_IO, "cannot compare %.500s, for want of a temporary file: %s",
                    path, cdr_os_reason(reason, words));
}

/* Of the whole dataset, whose folder may hold what shards have written: one of these. */
static enum cdr_result judge_shard(const struct cdr_beside *of, const char *folder,
                                   const char *name, char path[CDR_BESIDE_PATH_MAX], bool *changed,
                                   struct cdr_error *error)
{
    struct cdr_truth_name parsed;
    if (name[0] == '.' || !cdr_file_is_truth(name, &parsed) || parsed.shard_count == 1)
        return CDR_OK;
    snprintf(path, CDR_BESIDE_PATH_MAX, "%s/%.99s", folder, name);
    *changed = parsed.shard_index >= parsed.shard_count;
    struct cdr_settings settings = *of->settings;
    settings.shard_index = parsed.shard_index;
    settings.shard_count = parsed.shard_count;
    const struct cdr_beside shard = {&settings, of->model, of->topics};
    enum cdr_result result = CDR_OK;
    for (unsigned format = 0; result == CDR_OK && !*changed && format < CDR_TRUTH_FORMATS;
         format++) {
        char own[64];
        name_of(&settings, format, own);
        if (strcmp(own, name) == 0)
            result = cdr_truth_file_is_changed(&shard, format, path, changed, error);
    }
    return result;
}

enum cdr_result cdr_truth_files_are_changed(const struct cdr_beside *of,
                                            char path[CDR_BESIDE_PATH_MAX], bool *changed,
                                            struct cdr_error *error)
{
    char folder[PATH_MAX_BYTES];
    enum cdr_result result = CDR_OK;
    *changed = false;
    for (unsigned format = 0; result == CDR_OK && !*changed && format < CDR_TRUTH_FORMATS; format++)
        result = cdr_truth_file_is_changed(of, format, path, changed, error);
    folder_of(of->settings, folder);
    DIR *listing = of->settings->shard_count == 1 ? opendir(folder) : NULL;
    for (const struct dirent *entry;
         listing != NULL && result == CDR_OK && !*changed && (entry = readdir(listing)) != NULL;)
        result = judge_shard(of, folder, entry->d_name, path, changed, error);
    if (listing != NULL)
        closedir(listing);
    return result;
}

/* Where the folder holds the whole dataset: whether its truth must be written, and why. */
static enum cdr_result judge_there(const struct cdr_run *run, const char **what,
                                   struct cdr_error *error)
{
    char path[CDR_BESIDE_PATH_MAX];
    const struct cdr_beside of = beside(run);
    bool changed = false;
    enum cdr_result result =
        cdr_truth_file_is_changed(&of, cdr_truth_format_of(run->settings), path, &changed, error);
    *what = access(path, F_OK) != 0 ? "missing" : changed ? "not the truth of this run" : NULL;
    return result;
}

enum cdr_result cdr_truth_files_write(const struct cdr_run *run, bool whole,
                                      struct cdr_error *error)
{
    char folder[PATH_MAX_BYTES], name[64] = "";
    const char *what = NULL;
    enum cdr_result result = CDR_OK;
    if (!cdr_run_has(run, CDR_SINK_FOLDER))
        return CDR_OK;
    folder_of(run->settings, folder);
    if (run->settings->truth_files) {
        name_of(run->settings, cdr_truth_format_of(run->settings), name);
        if (whole)
            result = judge_there(run, &what, error);
        if (result != CDR_OK || (whole && what == NULL))
            return result;
        result = write_file(run, folder, name, error);
        if (result == CDR_OK && whole && !run->settings->quiet)
            cdr_say(stderr, "cdrgen: %s/%s was %s, and is written again\n", folder, name, what);
    }
    if (result == CDR_OK && (run->settings->sink.overwrite || run->settings->truth_files))
        remove_others(run, folder, name);
    return result;
}
