#include "verify/file_parts.h"

#include "base/files.h"
#include "model/model.h"
#include "sink/file/manifest.h"
#include "sink/file/scan.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct finding {
    struct cdr_part_list *lists;
    const char *out;
    const struct cdr_source_setup *setup;
    uint32_t listed, other_formats, unfinished;
    int32_t day;           /* of the folder that is visited */
    char other_format[16]; /* of one of them */
    bool manifest, incomplete, damaged;
    struct cdr_error *error;
};

void cdr_free_parts(struct cdr_part_list *list)
{
    for (uint32_t i = 0; i < list->n; i++)
        free(list->parts[i].path);
    free(list->parts);
}

static bool join(char path[CDR_FILE_PATH_MAX], const char *folder, const char *name)
{
    int length = snprintf(path, CDR_FILE_PATH_MAX, "%s/%s", folder, name);
    return length > 0 && length < CDR_FILE_PATH_MAX;
}

/* Calls visit with the path and name of everything in a folder. A folder that is not there is
 * empty. */
static enum cdr_result visit_folder(struct finding *finding, const char *folder, uint32_t topic,
                                    enum cdr_result (*visit)(struct finding *, uint32_t topic,
                                                             const char *path, const char *name))
{
    char path[CDR_FILE_PATH_MAX];
    DIR *listing = opendir(folder);
    if (listing == NULL)
        return errno == ENOENT || errno == ENOTDIR
                   ? CDR_OK
                   : cdr_file_fail(finding->error, CDR_E_CONFIG, "read folder", folder, errno);
    enum cdr_result result = CDR_OK;
    while (result == CDR_OK) {
        errno = 0;
        const struct dirent *entry = readdir(listing);
        if (entry == NULL && errno != 0)
            result = cdr_file_fail(finding->error, CDR_E_CONFIG, "read folder", folder, errno);
        if (entry == NULL)
            break;
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            join(path, folder, entry->d_name))
            result = visit(finding, topic, path, entry->d_name);
    }
    closedir(listing);
    return result;
}

static const char *format_of(const struct finding *finding)
{
    return finding->setup->topics->items[0].encoder->ops->name;
}

static bool parse_extension(const char *extension, const char *format,
                            enum cdr_compression *compression)
{
    size_t len = strlen(format);
    if (strncmp(extension, format, len) != 0)
        return false;
    for (unsigned i = 0; i < CDR_COMPRESSION_COUNT; i++)
        if (strcmp(extension + len, cdr_compression_suffix[i]) == 0) {
            *compression = (enum cdr_compression)i;
            return true;
        }
    return false;
}

static enum cdr_result list_part(struct finding *finding, uint32_t log, uint32_t number,
                                 enum cdr_compression compression, const char *path)
{
    struct cdr_part_list *list = &finding->lists[log];
    if (list->n == list->capacity) {
        uint32_t capacity = list->capacity == 0 ? 8 : 2 * list->capacity;
        struct cdr_part_file *parts = realloc(list->parts, capacity * sizeof *parts);
        if (parts == NULL)
            return cdr_fail(finding->error, CDR_E_NOMEM, "no memory for %u parts", capacity);
        list->parts = parts;
        list->capacity = capacity;
    }
    char *copy = strdup(path);
    if (copy == NULL)
        return cdr_fail(finding->error, CDR_E_NOMEM, "no memory for a part's name");
    list->parts[list->n++] = (struct cdr_part_file){
        .path = copy, .number = number, .day = finding->day, .compression = compression};
    finding->listed++;
    return CDR_OK;
}

static enum cdr_result visit_part(struct finding *finding, uint32_t topic, const char *path,
                                  const char *name)
{
    const struct cdr_source_setup *setup = finding->setup;
    struct cdr_part_name part;
    enum cdr_compression compression;
    if (!cdr_file_is_any_part(name, &part))
        return CDR_OK;
    if (part.temporary) {
        finding->unfinished++;
        return CDR_OK;
    }
    if (!parse_extension(part.extension, setup->topics->items[topic].encoder->ops->file_extension,
                         &compression)) {
        finding->other_formats++;
        snprintf(finding->other_format, sizeof finding->other_format, "%s", part.extension);
        return CDR_OK;
    }
    if (part.partition >= setup->partitions)
        return cdr_fail(finding->error, CDR_E_STATE,
                        "%.500s is a part of partition %" PRIu32
                        ", and these settings have %" PRIu32
                        " partitions: give the --partitions of the dataset, or remove the part if "
                        "it is no part of it",
                        path, part.partition, setup->partitions);
    if (part.partition % setup->shard_count != setup->shard_index)
        return CDR_OK;
    return list_part(finding, topic * setup->partitions + part.partition, part.number, compression,
                     path);
}

static enum cdr_result visit_day(struct finding *finding, uint32_t topic, const char *path,
                                 const char *name)
{
    if (strncmp(name, "date=", 5) != 0)
        return CDR_OK;
    if (!cdr_file_is_day(name, &finding->day))
        finding->day = INT32_MIN;
    return visit_folder(finding, path, topic, visit_part);
}

static enum cdr_result visit_manifest(struct finding *finding, uint32_t topic, const char *path,
                                      const char *name)
{
    (void)topic;
    const size_t len = strlen(name);
    struct cdr_manifest_head head;
    if (strncmp(name, "manifest", 8) != 0 || len < 5 || strcmp(name + len - 5, ".json") != 0)
        return CDR_OK;
    enum cdr_result result = cdr_manifest_look(path, &head, finding->error);
    if (result != CDR_OK)
        return result == CDR_E_AGAIN ? CDR_E_CONFIG : result;
    if (!head.ours)
        return CDR_OK;
    finding->manifest = true;
    finding->damaged |= head.damaged;
    if (head.damaged)
        return CDR_OK;
    finding->incomplete |= !head.complete;
    if (strcmp(head.dataset_id, finding->setup->model->dataset_id) != 0)
        return cdr_fail(finding->error, CDR_E_STATE,
                        "%s is of the dataset %s, and these settings give %s: the seed, the number "
                        "of subscribers or partitions, the first day or another setting of the "
                        "model differs",
                        path, head.dataset_id, finding->setup->model->dataset_id);
    if (strcmp(head.format, format_of(finding)) != 0)
        return cdr_fail(finding->error, CDR_E_STATE,
                        "%s is of a dataset in %s, and %s was asked for (--format)", path,
                        head.format, format_of(finding));
    return CDR_OK;
}

static int by_number(const void *a, const void *b)
{
    const struct cdr_part_file *left = a, *right = b;
    if (left->number != right->number)
        return left->number < right->number ? -1 : 1;
    return strcmp(left->path, right->path);
}

static enum cdr_result check_found(const struct finding *finding)
{
    const struct cdr_topics *topics = finding->setup->topics;
    char names[CDR_TOPICS_MAX * (CDR_TOPIC_NAME_SIZE + 8)];
    size_t used = 0;
    if (finding->listed > 0 || finding->manifest)
        return CDR_OK;
    if (finding->other_formats > 0)
        return cdr_fail(finding->error, CDR_E_STATE,
                        "%s holds parts of the format %s, and %s was asked for (--format)",
                        finding->out, finding->other_format, format_of(finding));
    for (uint32_t i = 0; i < topics->n; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s",
                                 i == 0              ? ""
                                 : i + 1 < topics->n ? ", "
                                                     : " and ",
                                 topics->items[i].name);
    return cdr_fail(finding->error, CDR_E_STATE, "%s holds no parts of %s (--out, --topic-prefix)",
                    finding->out, names);
}

static enum cdr_result make_note(const struct finding *finding, char **note)
{
    char text[512];
    size_t used = 0;
    *note = NULL;
    text[0] = '\0';
    if (finding->incomplete)
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "; its manifest says that the dataset is not complete");
    if (finding->damaged)
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "; its manifest is damaged, and was not looked at");
    if (finding->unfinished > 0)
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "; %" PRIu32 " parts in it are unfinished and left out",
                                 finding->unfinished);
    if (finding->other_formats > 0)
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "; %" PRIu32 " parts in it have other formats and are left out",
                                 finding->other_formats);
    if (used == 0)
        return CDR_OK;
    *note = strdup(text + 2);
    return *note != NULL ? CDR_OK : cdr_fail(finding->error, CDR_E_NOMEM, "out of memory");
}

enum cdr_result cdr_find_parts(struct cdr_part_list *lists, const char *out,
                               const struct cdr_source_setup *setup, char **note,
                               struct cdr_error *error)
{
    struct finding finding = {.lists = lists, .out = out, .setup = setup, .error = error};
    char path[CDR_FILE_PATH_MAX];
    DIR *there = opendir(out);
    if (there == NULL)
        return cdr_fail(error, CDR_E_STATE, "cannot read folder %s: %s", out, strerror(errno));
    closedir(there);
    enum cdr_result result = visit_folder(&finding, out, 0, visit_manifest);
    for (uint32_t topic = 0; result == CDR_OK && topic < setup->topics->n; topic++)
        if (join(path, out, setup->topics->items[topic].name))
            result = visit_folder(&finding, path, topic, visit_day);
    if (result == CDR_OK)
        result = check_found(&finding);
    for (uint32_t log = 0; result == CDR_OK && log < setup->topics->n * setup->partitions; log++)
        if (lists[log].n > 0)
            qsort(lists[log].parts, lists[log].n, sizeof *lists[log].parts, by_number);
    if (result == CDR_OK)
        result = make_note(&finding, note);
    return result;
}
