#include "sink/file/resume.h"

#include "base/files.h"
#include "base/thread.h"
#include "model/calendar.h"
#include "sink/file/check.h"
#include "sink/file/journal.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REMEDY "put back the file as it was, or replace the dataset with --overwrite"

/* Logs are looked at by several threads, each log by one. */
struct search {
    const struct cdr_resume_request *request;
    const struct cdr_manifest_contents *listed;
    const struct cdr_file_finds *finds;    /* in order */
    const struct cdr_part_result *journal; /* of each */
    struct cdr_resume *resume;
    atomic_uint next_log;
    atomic_bool failed;
    pthread_mutex_t lock; /* for all below, and for resume's damage */
    uint32_t failed_log, damaged_log;
    enum cdr_result result;
    struct cdr_error error;
};

/* One log, as far as it has been looked at. */
struct inspection {
    struct search *search;
    struct cdr_part_checker *checker;
    uint32_t log;
    const struct cdr_manifest_part_list *listed;
    struct cdr_manifest_part *parts;
    uint32_t count, room;
    struct cdr_error damage; /* why the parts from count on do not stay, if that is not their end */
};

static uint32_t log_of(const struct cdr_manifest *manifest, const struct cdr_file_find *find)
{
    return find->topic * manifest->partitions + find->partition;
}

static void path_of(char path[CDR_FILE_PATH_MAX], const struct cdr_file_folder *folder,
                    const struct cdr_file_find *find)
{
    cdr_file_part_path(path, folder, find->topic, find->day, find->partition, find->number,
                       find->temporary);
}

/* What rotation counts: records with their frames and trailers. */
static uint64_t raw_bytes(const struct inspection *inspection, const struct cdr_manifest_part *part)
{
    const struct cdr_resume_request *request = inspection->search->request;
    const struct cdr_encoder *encoder =
        request->formats[inspection->log / request->manifest->partitions].encoder;
    return part->bytes + part->records * (encoder->frame_len + encoder->trailer_len);
}

static bool is_full(const struct inspection *inspection, const struct cdr_manifest_part *part)
{
    return raw_bytes(inspection, part) >= inspection->search->request->manifest->rotate_bytes;
}

/* The file of a listed part is as it is listed. */
static enum cdr_result check_listed(struct inspection *inspection, const char *path,
                                    const struct cdr_manifest_part *part, struct cdr_error *error)
{
    struct cdr_part_result file = {0};
    struct stat status;
    /* One of another size is not read: it may have any. */
    if (stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
        (uint64_t)status.st_size != part->file.file_bytes)
        file.file_bytes = (uint64_t)status.st_size;
    enum cdr_result result =
        file.file_bytes > 0 ? CDR_OK : cdr_part_measure(inspection->checker, path, &file, error);
    if (result != CDR_OK)
        return result;
    if (file.file_bytes != part->file.file_bytes)
        return cdr_fail(error, CDR_E_STATE,
                        "%.500s has %" PRIu64 " bytes and had %" PRIu64
                        " when the manifest was written: " REMEDY,
                        path, file.file_bytes, part->file.file_bytes);
    if (memcmp(file.checksum, part->file.checksum, sizeof file.checksum) != 0)
        return cdr_fail(error, CDR_E_STATE,
                        "%.500s has another checksum (XXH128) than in the manifest: " REMEDY, path);
    return CDR_OK;
}

/* Counts a part by the header that it begins with, and sets its version by it. */
static enum cdr_result count_version(struct inspection *inspection, const char *path,
                                     struct cdr_manifest_part *part,
                                     struct cdr_part_content *content, struct cdr_error *error)
{
    const struct cdr_resume_request *request = inspection->search->request;
    const uint32_t topic = inspection->log / request->manifest->partitions;
    struct cdr_error later = {{0}};
    enum cdr_result result =
        cdr_part_count(inspection->checker, &request->formats[topic], path, content, error);
    if (result != CDR_E_DIFFERENT || content->begun || request->next_formats == NULL ||
        request->next_formats[topic].encoder == NULL)
        return result;
    result =
        cdr_part_count(inspection->checker, &request->next_formats[topic], path, content, &later);
    if (result == CDR_OK || content->begun)
        part->version = 1;
    if (content->begun || (result != CDR_OK && result != CDR_E_DIFFERENT))
        *error = later; /* else what was said about the first version stands */
    return result;
}

static enum cdr_result not_as_finished(const char *path, struct cdr_error *error)
{
    return cdr_fail(error, CDR_E_DIFFERENT,
                    "%.500s: it is not the file that the run before finished under that name",
                    path);
}

/* Counts a part that the manifest does not list. CDR_E_DIFFERENT: it does not stay. */
static enum cdr_result count_unlisted(struct inspection *inspection, const char *path,
                                      const struct cdr_part_result *journal,
                                      struct cdr_manifest_part *part, struct cdr_error *error)
{
    const struct cdr_resume_request *request = inspection->search->request;
    const struct cdr_part_format *format =
        &request->formats[inspection->log / request->manifest->partitions];
    struct cdr_part_content content;
    struct stat status;
    /* One of another size is not read: it may have any. */
    if (stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
        (uint64_t)status.st_size != journal->file_bytes)
        return not_as_finished(path, error);
    enum cdr_result result = count_version(inspection, path, part, &content, error);
    if (result != CDR_OK)
        return result;
    if (memcmp(content.file.checksum, journal->checksum, sizeof journal->checksum) != 0)
        return not_as_finished(path, error);
    part->records = content.records;
    part->bytes = content.bytes;
    part->file = content.file;
    uint64_t rotate_bytes = request->manifest->rotate_bytes, raw = raw_bytes(inspection, part);
    if (raw > rotate_bytes && raw - rotate_bytes >= format->encoder->record_bytes_max)
        return cdr_fail(error, CDR_E_DIFFERENT, "%.500s: it is longer than --rotate-bytes allows",
                        path);
    return CDR_OK;
}

/* Whether the parts found so far can be followed by this one. */
static enum cdr_result check_order(const struct inspection *inspection, const char *path,
                                   const struct cdr_manifest_part *part, struct cdr_error *error)
{
    if (inspection->count == 0)
        return CDR_OK;
    const struct cdr_manifest_part *before = &inspection->parts[inspection->count - 1];
    if (part->day < before->day)
        return cdr_fail(error, CDR_E_DIFFERENT, "%.500s: the part before it is of a later day",
                        path);
    if (part->version < before->version)
        return cdr_fail(error, CDR_E_DIFFERENT,
                        "%.500s: the part before it follows the next schema already", path);
    if (part->day == before->day && part->version == before->version &&
        !is_full(inspection, before))
        return cdr_fail(error, CDR_E_DIFFERENT, "%.500s: the part before it has not its full size",
                        path);
    return CDR_OK;
}

static enum cdr_result keep(struct inspection *inspection, const struct cdr_manifest_part *part,
                            struct cdr_error *error)
{
    if (inspection->count == inspection->room) {
        uint32_t room = inspection->room == 0 ? 4 : 2 * inspection->room;
        struct cdr_manifest_part *parts = realloc(inspection->parts, room * sizeof *parts);
        if (parts == NULL)
            return cdr_fail(error, CDR_E_NOMEM, "no memory for the list of %u parts", room);
        inspection->parts = parts;
        inspection->room = room;
    }
    inspection->parts[inspection->count++] = *part;
    return CDR_OK;
}

/* The next part: stays, ends the log (CDR_E_DIFFERENT) or is an error. find is NULL where there is
 * none. */
static enum cdr_result inspect_part(struct inspection *inspection, const struct cdr_file_find *find,
                                    struct cdr_error *error)
{
    const struct cdr_manifest *manifest = inspection->search->request->manifest;
    uint32_t number = inspection->count;
    const struct cdr_manifest_part *listed =
        number < inspection->listed->count ? &inspection->listed->parts[number] : NULL;
    char path[CDR_FILE_PATH_MAX];
    struct cdr_manifest_part part = {0};
    if (listed != NULL) {
        cdr_file_part_path(path, manifest->folder, inspection->log / manifest->partitions,
                           listed->day, inspection->log % manifest->partitions, number, false);
        if (find == NULL || find->number != number || find->day != listed->day)
            return cdr_fail(error, CDR_E_STATE,
                            "%.500s is missing, and the manifest lists it: " REMEDY, path);
        part = *listed;
        cdr_part_seal(&part.file.seal, path);
        enum cdr_result result = check_listed(inspection, path, &part, error);
        return result == CDR_OK ? keep(inspection, &part, error) : result;
    }
    path_of(path, manifest->folder, find);
    part.day = find->day;
    if (find->number != number)
        return cdr_fail(error, CDR_E_DIFFERENT, "%.500s: a part before it is missing", path);
    const struct cdr_part_result *journal =
        &inspection->search->journal[find - inspection->search->finds->list];
    struct cdr_part_seal seal = {0};
    cdr_part_seal(&seal, path);
    enum cdr_result result = count_unlisted(inspection, path, journal, &part, error);
    part.file.seal = seal;
    if (result == CDR_OK)
        result = check_order(inspection, path, &part, error);
    return result == CDR_OK ? keep(inspection, &part, error) : result;
}

/* finds[0 … n) are the log's finished ones. */
static enum cdr_result inspect_log(struct inspection *inspection, const struct cdr_file_find *finds,
                                   size_t n, struct cdr_error *error)
{
    const struct cdr_manifest_contents *listed = inspection->search->listed;
    size_t i = 0;
    while (i < n || inspection->count < inspection->listed->count) {
        enum cdr_result result =
            inspect_part(inspection, i < n ? &finds[i] : NULL, &inspection->damage);
        if (result == CDR_E_DIFFERENT)
            break;
        if (result != CDR_OK) {
            *error = inspection->damage;
            return result;
        }
        i++;
        inspection->damage.text[0] = '\0';
    }
    /* The last one may have ended early, with the run that wrote it. */
    bool all_days = listed->complete && listed->days > 0 && n == inspection->listed->count;
    if (inspection->count > 0 && !all_days &&
        !is_full(inspection, &inspection->parts[inspection->count - 1]))
        inspection->count--;
    return CDR_OK;
}

/* The log's finished finds. */
static const struct cdr_file_find *finds_of(const struct search *search, uint32_t log, size_t *n)
{
    const struct cdr_file_finds *finds = search->finds;
    size_t low = 0, high = finds->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (log_of(search->request->manifest, &finds->list[middle]) < log)
            low = middle + 1;
        else
            high = middle;
    }
    *n = 0;
    while (low + *n < finds->count && !finds->list[low + *n].temporary &&
           log_of(search->request->manifest, &finds->list[low + *n]) == log)
        ++*n;
    return finds->list != NULL ? finds->list + low : NULL; /* where nothing was found */
}

/* Under the lock: of several, the first log's stays, whichever came first. */
static void note_failure(struct search *search, uint32_t log, enum cdr_result result,
                         const struct cdr_error *error)
{
    pthread_mutex_lock(&search->lock);
    if (search->result == CDR_OK || log < search->failed_log) {
        search->failed_log = log;
        search->result = result;
        search->error = *error;
    }
    pthread_mutex_unlock(&search->lock);
    atomic_store(&search->failed, true);
}

static void note_damage(struct search *search, const struct inspection *inspection)
{
    pthread_mutex_lock(&search->lock);
    if (search->resume->damage.text[0] == '\0' || inspection->log < search->damaged_log) {
        search->damaged_log = inspection->log;
        search->resume->damage = inspection->damage;
    }
    pthread_mutex_unlock(&search->lock);
}

static void *inspect_logs(void *argument)
{
    struct search *search = argument;
    struct cdr_resume *resume = search->resume;
    struct cdr_part_checker *checker = NULL;
    struct cdr_error error = {{0}};
    enum cdr_result result = cdr_part_checker_create(&checker, search->request->formats, &error);
    if (result != CDR_OK)
        note_failure(search, 0, result, &error);
    while (!atomic_load(&search->failed)) {
        uint32_t log = atomic_fetch_add(&search->next_log, 1);
        if (log >= resume->log_count)
            break;
        size_t n = 0;
        const struct cdr_file_find *finds = finds_of(search, log, &n);
        struct inspection inspection = {
            .search = search, .checker = checker, .log = log, .listed = &search->listed->logs[log]};
        result = inspect_log(&inspection, finds, n, &error);
        resume->logs[log].parts = inspection.parts;
        resume->logs[log].count = inspection.count;
        if (result != CDR_OK)
            note_failure(search, log, result, &error);
        else if (inspection.damage.text[0] != '\0')
            note_damage(search, &inspection);
    }
    cdr_part_checker_destroy(checker);
    return NULL;
}

static enum cdr_result inspect_all(struct search *search, struct cdr_error *error)
{
    unsigned workers = search->request->workers, started = 0;
    if (workers > search->resume->log_count)
        workers = search->resume->log_count;
    pthread_t *threads = calloc(workers, sizeof *threads);
    if (threads == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for %u threads", workers);
    pthread_mutex_init(&search->lock, NULL);
    /* This thread is one of them: fewer than wanted do as well. */
    while (started + 1 < workers && cdr_thread_start(&threads[started], inspect_logs, search) == 0)
        started++;
    inspect_logs(search);
    for (unsigned i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    pthread_mutex_destroy(&search->lock);
    free(threads);
    if (search->result != CDR_OK && error != NULL)
        *error = search->error;
    return search->result;
}

/* What is wrong with the finds together, whatever is in them. */
static enum cdr_result check_finds(const struct cdr_resume_request *request,
                                   const struct cdr_manifest_contents *listed,
                                   const struct cdr_file_finds *finds, struct cdr_error *error)
{
    const struct cdr_manifest *manifest = request->manifest;
    const struct cdr_file_folder *folder = manifest->folder;
    char path[CDR_FILE_PATH_MAX];
    for (size_t i = 0; i < finds->count; i++) {
        const struct cdr_file_find *find = &finds->list[i], *next = find + 1;
        path_of(path, folder, find);
        if (!listed->exists)
            return cdr_fail(error, CDR_E_STATE,
                            "--out %.500s holds %.500s and no manifest that says of which dataset: "
                            "--resume cannot go on with it; replace it with --overwrite, or choose "
                            "another folder",
                            folder->out, path);
        if (manifest->days > 0 && !find->temporary &&
            find->day >= request->first_day + (int64_t)manifest->days)
            return cdr_fail(error, CDR_E_STATE,
                            "%.500s is of a day after the last of --days %" PRIu32
                            ": --resume can add days, not take any away",
                            path, manifest->days);
        if (i + 1 < finds->count && find->topic == next->topic &&
            find->partition == next->partition && find->number == next->number &&
            !find->temporary && !next->temporary)
            return cdr_fail(error, CDR_E_STATE,
                            "%.500s: there is a part with this number in the folder of another "
                            "day, too: remove the wrong one, or replace the dataset with "
                            "--overwrite",
                            path);
    }
    return CDR_OK;
}

static bool may_be_whole(const struct cdr_resume_request *request,
                         const struct cdr_manifest_contents *listed)
{
    return listed->complete && listed->days > 0 && listed->days == request->manifest->days;
}

/* Takes from finds what does not stay. */
static void sort_out(struct cdr_resume *resume, const struct cdr_resume_request *request,
                     const struct cdr_manifest_contents *listed, struct cdr_file_finds *finds)
{
    size_t kept = 0;
    for (size_t i = 0; i < finds->count; i++) {
        struct cdr_file_find find = finds->list[i];
        if (!find.temporary && find.number < resume->logs[log_of(request->manifest, &find)].count)
            continue;
        finds->list[kept++] = find;
        resume->torn += find.temporary;
        resume->again += !find.temporary;
    }
    finds->count = kept;
    resume->leftovers = *finds;
    for (uint32_t log = 0; log < resume->log_count; log++) {
        const struct cdr_manifest_part_list *list = &resume->logs[log];
        resume->parts += list->count;
        resume->listed +=
            list->count < listed->logs[log].count ? list->count : listed->logs[log].count;
        for (uint32_t part = 0; part < list->count; part++)
            resume->records += list->parts[part].records;
    }
    resume->whole = may_be_whole(request, listed) && kept == 0;
}

static enum cdr_result search_folder(struct cdr_resume *resume,
                                     const struct cdr_resume_request *request,
                                     const struct cdr_manifest_contents *listed,
                                     struct cdr_file_finds *finds, struct cdr_error *error)
{
    if (finds->count > 0)
        qsort(finds->list, finds->count, sizeof finds->list[0], cdr_file_compare_finds);
    enum cdr_result result = check_finds(request, listed, finds, error);
    if (result != CDR_OK || !listed->exists || (request->glance && !may_be_whole(request, listed)))
        return result;
    resume->found = true;
    resume->log_count = listed->log_count;
    resume->logs = calloc(resume->log_count, sizeof *resume->logs);
    if (resume->logs == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for the parts of %u logs",
                        resume->log_count);
    struct cdr_part_result *journal = calloc(finds->count + 1, sizeof *journal);
    struct search search = {
        .request = request, .listed = listed, .finds = finds, .journal = journal, .resume = resume};
    result = journal == NULL
                 ? cdr_fail(error, CDR_E_NOMEM, "no memory for the list of %zu parts", finds->count)
                 : cdr_file_journal_read(request->manifest->folder, finds, journal, error);
    if (result == CDR_OK)
        result = inspect_all(&search, error);
    free(journal);
    if (result == CDR_OK)
        sort_out(resume, request, listed, finds);
    return result;
}

enum cdr_result cdr_resume_find(struct cdr_resume *resume, const struct cdr_resume_request *request,
                                struct cdr_error *error)
{
    const struct cdr_manifest *manifest = request->manifest;
    struct cdr_manifest_contents listed = {0};
    struct cdr_file_finds finds = {0};
    assert(request->workers > 0);
    enum cdr_result result = cdr_manifest_read(manifest, &listed, error);
    if (result == CDR_OK)
        result = cdr_file_scan_collect(manifest->folder, manifest->partitions, &finds, error);
    if (result == CDR_OK)
        result = search_folder(resume, request, &listed, &finds, error);
    if (resume->leftovers.list == NULL)
        free(finds.list);
    cdr_manifest_contents_free(&listed);
    if (result != CDR_OK)
        cdr_resume_free(resume);
    return result;
}

enum cdr_result cdr_resume_remove(const struct cdr_resume *resume,
                                  const struct cdr_file_folder *folder, struct cdr_error *error)
{
    char path[CDR_FILE_PATH_MAX];
    for (size_t i = resume->leftovers.count; i-- > 0;) {
        const struct cdr_file_find *find = &resume->leftovers.list[i];
        path_of(path, folder, find);
        if (unlink(path) != 0 && errno != ENOENT)
            return cdr_file_fail(error, CDR_E_IO, "remove", path, errno);
        cdr_file_folder_remove_day(folder, find->topic, find->day);
    }
    return CDR_OK;
}

void cdr_resume_free(struct cdr_resume *resume)
{
    for (uint32_t log = 0; resume->logs != NULL && log < resume->log_count; log++)
        free(resume->logs[log].parts);
    free(resume->logs);
    free(resume->leftovers.list);
    memset(resume, 0, sizeof *resume);
}
