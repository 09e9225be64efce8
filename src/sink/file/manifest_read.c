#include "sink/file/manifest.h"

#include "base/files.h"
#include "encode/change.h"
#include "sink/file/scan.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What to do about a manifest that does not go with the run. */
#define REMEDY "give --resume the settings that the dataset was made with, or another --out"

struct reading {
    const struct cdr_manifest *expected;
    char path[CDR_FILE_PATH_MAX];
    struct cdr_error *error;
};

static enum cdr_result not_ours(const struct reading *reading, const char *what)
{
    return cdr_fail(reading->error, CDR_E_STATE,
                    "%.500s cannot be understood (%.200s): replace the dataset with --overwrite, "
                    "or choose another --out",
                    reading->path, what);
}

/* A member that is an integer from 0 on. */
static bool take_count(const json_t *object, const char *key, uint64_t *value)
{
    const json_t *member = json_object_get(object, key);
    if (!json_is_integer(member) || json_integer_value(member) < 0)
        return false;
    *value = (uint64_t)json_integer_value(member);
    return true;
}

static enum cdr_result check_text(const struct reading *reading, const json_t *root,
                                  const char *key, const char *wanted)
{
    const char *value = json_string_value(json_object_get(root, key));
    if (value == NULL)
        return not_ours(reading, key);
    if (strcmp(value, wanted) == 0)
        return CDR_OK;
    return cdr_fail(reading->error, CDR_E_STATE,
                    "%.500s is of a dataset with the %s %.100s, and this run's is %s: " REMEDY,
                    reading->path, key, value, wanted);
}

static enum cdr_result check_count(const struct reading *reading, const json_t *root,
                                   const char *key, uint64_t wanted)
{
    uint64_t value = 0;
    if (!take_count(root, key, &value))
        return not_ours(reading, key);
    if (value == wanted)
        return CDR_OK;
    return cdr_fail(reading->error, CDR_E_STATE,
                    "%.500s is of a dataset with %s %" PRIu64 ", and this run's are %" PRIu64
                    ": " REMEDY,
                    reading->path, key, value, wanted);
}

static enum cdr_result check_shard(const struct reading *reading, const json_t *root)
{
    const struct cdr_file_folder *folder = reading->expected->folder;
    const json_t *shard = json_object_get(root, "shard");
    uint64_t index = 0, count = 1;
    if (!json_is_null(shard) &&
        (!take_count(shard, "index", &index) || !take_count(shard, "count", &count)))
        return not_ours(reading, "shard");
    if (index == folder->shard_index && count == folder->shard_count)
        return CDR_OK;
    return cdr_fail(reading->error, CDR_E_STATE,
                    "%.500s is of shard %" PRIu64 "/%" PRIu64 ", and this run of %" PRIu32
                    "/%" PRIu32 ": " REMEDY,
                    reading->path, index, count, folder->shard_index, folder->shard_count);
}

/* Fewer days cannot be made of more; and more follow what is there. */
static enum cdr_result check_days(const struct reading *reading, const json_t *root, uint32_t *days)
{
    uint64_t value = 0;
    uint32_t wanted = reading->expected->days;
    const json_t *member = json_object_get(root, "days");
    *days = 0;
    if (member == NULL || json_is_null(member))
        return CDR_OK;
    if (!take_count(root, "days", &value) || value == 0 || value > UINT32_MAX)
        return not_ours(reading, "days");
    *days = (uint32_t)value;
    if (wanted == 0 || value <= wanted)
        return CDR_OK;
    return cdr_fail(reading->error, CDR_E_STATE,
                    "%.500s is of a dataset of %" PRIu64 " days, and --days is %" PRIu32
                    ": --resume can add days, not take any away",
                    reading->path, value, wanted);
}

/* What was written before the change, and what after it, must go on so. */
static enum cdr_result check_change(const struct reading *reading, const json_t *root)
{
    const int64_t wanted = reading->expected->change_ms;
    const json_t *member = json_object_get(root, "schema_change_ms");
    const int64_t value = json_integer_value(member); /* 0 where there is none */
    if (member != NULL && (!json_is_integer(member) || value == 0))
        return not_ours(reading, "schema_change_ms");
    if (value == wanted)
        return CDR_OK;
    if (value == 0 || wanted == 0)
        return cdr_fail(reading->error, CDR_E_STATE,
                        "%.500s is of a dataset %s, and this run has %s: " REMEDY, reading->path,
                        value == 0 ? "whose schemas do not change" : "whose schemas change",
                        value == 0 ? "--schema-change-at" : "no --schema-change-at");
    return cdr_fail(reading->error, CDR_E_STATE,
                    "%.500s is of a dataset whose schemas change at %" PRId64
                    " ms since 1970, and this run's at %" PRId64 ": " REMEDY,
                    reading->path, value, wanted);
}

/* What a topic's records follow; next: from the change on. */
static enum cdr_result check_layout(const struct reading *reading, const json_t *topic,
                                    unsigned number, unsigned next)
{
    static const char *const keys[] = {"layout", "next_layout"};
    const json_t *member = json_object_get(topic, keys[next]);
    const char *value = json_string_value(member),
               *wanted = reading->expected->topics[number].layouts[next];
    if (member != NULL && value == NULL)
        return not_ours(reading, keys[next]);
    if (strcmp(value != NULL ? value : "", wanted) == 0)
        return CDR_OK;
    return cdr_fail(reading->error, CDR_E_STATE,
                    "%.500s: %.250s was written by another %s than this run's (%s): " REMEDY,
                    reading->path, reading->expected->folder->topics->items[number].name,
                    next != 0 ? "next schema, mapping or time of the change"
                              : "schema, mapping or list of fields",
                    next != 0 ? "--next-schema, --next-mapping, --schema-change-at"
                              : "--schema, --mapping, --fields");
}

static enum cdr_result check_layouts(const struct reading *reading, const json_t *topics)
{
    const struct cdr_file_folder *folder = reading->expected->folder;
    enum cdr_result result = CDR_OK;
    for (unsigned topic = 0; topic < folder->topics->n; topic++)
        for (unsigned next = 0; next < 2 && result == CDR_OK; next++)
            result = check_layout(
                reading, json_object_get(topics, folder->topics->items[topic].name), topic, next);
    return result;
}

static enum cdr_result check_topics(const struct reading *reading, const json_t *topics)
{
    const struct cdr_file_folder *folder = reading->expected->folder;
    json_t *topic = NULL;
    const char *name = NULL;
    if (!json_is_object(topics) || json_object_size(topics) != folder->topics->n)
        return not_ours(reading, "topics");
    /* jansson's iterators take what they do not change without const. */
    json_object_foreach((json_t *)(uintptr_t)topics, name, topic)
    {
        unsigned i = 0;
        while (i < folder->topics->n && strcmp(folder->topics->items[i].name, name) != 0)
            i++;
        if (i == folder->topics->n)
            return cdr_fail(reading->error, CDR_E_STATE,
                            "%.500s is of a dataset with the topic %.250s, and this run's are "
                            "%.100s, …: " REMEDY,
                            reading->path, name, folder->topics->items[0].name);
    }
    return CDR_OK;
}

static enum cdr_result check_settings(const struct reading *reading, const json_t *root,
                                      struct cdr_manifest_contents *contents)
{
    const struct cdr_manifest *expected = reading->expected;
    const char *generator = json_string_value(json_object_get(root, "generator"));
    if (generator == NULL || strncmp(generator, "cdrgen ", 7) != 0)
        return cdr_fail(reading->error, CDR_E_STATE,
                        "%.500s was not written by cdrgen: choose another --out", reading->path);
    if (!json_is_boolean(json_object_get(root, "complete")))
        return not_ours(reading, "complete");
    contents->complete = json_is_true(json_object_get(root, "complete"));
    enum cdr_result result = check_count(reading, root, "partitions", expected->partitions);
    if (result == CDR_OK)
        result = check_text(reading, root, "dataset_id", expected->folder->dataset_id);
    if (result == CDR_OK)
        result = check_text(reading, root, "format", expected->format);
    if (result == CDR_OK)
        result = check_text(reading, root, "compress", expected->compress);
    if (result == CDR_OK)
        result = check_count(reading, root, "rotate_bytes", expected->rotate_bytes);
    if (result == CDR_OK)
        result = check_shard(reading, root);
    if (result == CDR_OK)
        result = check_topics(reading, json_object_get(root, "topics"));
    if (result == CDR_OK)
        result = check_change(reading, root);
    if (result == CDR_OK)
        result = check_layouts(reading, json_object_get(root, "topics"));
    return result == CDR_OK ? check_days(reading, root, &contents->days) : result;
}

static bool take_checksum(const char *text, uint8_t checksum[CDR_PART_CHECKSUM_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    if (text == NULL || strlen(text) != 2 * CDR_PART_CHECKSUM_BYTES)
        return false;
    for (size_t i = 0; i < 2 * CDR_PART_CHECKSUM_BYTES; i++) {
        const char *digit = strchr(digits, text[i]);
        if (digit == NULL)
            return false;
        checksum[i / 2] = (uint8_t)(checksum[i / 2] << 4 | (digit - digits));
    }
    return true;
}

/* The day of "TOPIC/date=YYYY-MM-DD/part-…". */
static bool take_day(const char *path, int32_t *day)
{
    char name[16];
    const char *start = strchr(path, '/');
    const char *end = start == NULL ? NULL : strchr(start + 1, '/');
    if (end == NULL || (size_t)(end - start) > sizeof name)
        return false;
    size_t length = (size_t)(end - start) - 1;
    memcpy(name, start + 1, length);
    name[length] = '\0';
    return cdr_file_is_day(name, day);
}

/* Part number of a log, whose records before it are counted by *position. */
static bool take_part(const struct reading *reading, const json_t *json, uint32_t log,
                      uint32_t number, uint64_t *position, struct cdr_manifest_part *part)
{
    const struct cdr_manifest *expected = reading->expected;
    char name[CDR_FILE_PATH_MAX];
    const char *path = json_string_value(json_object_get(json, "path"));
    uint64_t first_record = 0, version = 1;
    const bool changes = expected->topics[log / expected->partitions].changes;
    if (path == NULL || !take_day(path, &part->day) ||
        !take_count(json, "first_record", &first_record) || first_record != *position ||
        !take_count(json, "records", &part->records) || part->records == 0 ||
        !take_count(json, "bytes", &part->bytes) ||
        !take_count(json, "file_bytes", &part->file.file_bytes) ||
        !take_checksum(json_string_value(json_object_get(json, "xxh128")), part->file.checksum) ||
        (changes && !take_count(json, "schema_version", &version)) || version < 1 ||
        version > CDR_VERSIONS)
        return false;
    part->version = (uint32_t)version - 1;
    *position += part->records;
    cdr_file_part_name(name, expected->folder, log / expected->partitions, part->day,
                       log % expected->partitions, number);
    return strcmp(name, path) == 0;
}

struct sum {
    uint64_t records, bytes;
};

/* What json says of all its parts is what they add up to. */
static bool adds_up(const json_t *json, const struct sum *sum)
{
    uint64_t records = 0, bytes = 0;
    return take_count(json, "records", &records) && take_count(json, "bytes", &bytes) &&
           records == sum->records && bytes == sum->bytes;
}

static enum cdr_result take_log(const struct reading *reading, const json_t *json, uint32_t log,
                                struct cdr_manifest_part_list *list, struct sum *topic)
{
    struct sum sum = {0};
    const json_t *parts = json_object_get(json, "parts");
    size_t count = json_array_size(parts);
    uint64_t partition = 0, position = 0;
    if (!json_is_array(parts) || count >= UINT32_MAX ||
        !take_count(json, "partition", &partition) ||
        partition != log % reading->expected->partitions)
        return not_ours(reading, "partitions");
    list->parts = calloc(count > 0 ? count : 1, sizeof *list->parts);
    if (list->parts == NULL)
        return cdr_fail(reading->error, CDR_E_NOMEM, "no memory for the list of %zu parts", count);
    for (; list->count < count; list->count++) {
        const json_t *part = json_array_get(parts, list->count);
        if (!take_part(reading, part, log, list->count, &position, &list->parts[list->count])) {
            char what[320];
            snprintf(
                what, sizeof what, "part %" PRIu32 " of %.200s, partition %" PRIu64, list->count,
                reading->expected->folder->topics->items[log / reading->expected->partitions].name,
                partition);
            return not_ours(reading, what);
        }
        sum.records += list->parts[list->count].records;
        sum.bytes += list->parts[list->count].bytes;
    }
    topic->records += sum.records;
    topic->bytes += sum.bytes;
    return adds_up(json, &sum) ? CDR_OK
                               : not_ours(reading, "a count that its parts do not add up to");
}

static enum cdr_result take_logs(const struct reading *reading, const json_t *root,
                                 struct cdr_manifest_contents *contents)
{
    const struct cdr_manifest *expected = reading->expected;
    const struct cdr_file_folder *folder = expected->folder;
    contents->log_count = folder->topics->n * expected->partitions;
    contents->logs = calloc(contents->log_count, sizeof *contents->logs);
    if (contents->logs == NULL)
        return cdr_fail(reading->error, CDR_E_NOMEM, "no memory for the logs of %u partitions",
                        expected->partitions);
    for (unsigned topic = 0; topic < folder->topics->n; topic++) {
        const json_t *json =
            json_object_get(json_object_get(root, "topics"), folder->topics->items[topic].name);
        const json_t *partitions = json_object_get(json, "partitions");
        struct sum sum = {0};
        size_t i = 0;
        for (uint32_t partition = folder->shard_index; partition < expected->partitions;
             partition += folder->shard_count, i++) {
            uint32_t log = topic * expected->partitions + partition;
            enum cdr_result result =
                take_log(reading, json_array_get(partitions, i), log, &contents->logs[log], &sum);
            if (result != CDR_OK)
                return result;
        }
        if (json_array_size(partitions) != i)
            return not_ours(reading, "partitions");
        if (!adds_up(json, &sum))
            return not_ours(reading, "a count that its partitions do not add up to");
    }
    return CDR_OK;
}

static void log_of(const void *context, uint32_t log, struct cdr_manifest_log *out)
{
    const struct cdr_manifest_part_list *list =
        &((const struct cdr_manifest_part_list *)context)[log];
    *out = (struct cdr_manifest_log){.parts = list->parts, .part_count = list->count};
}

/* It says what a run wrote. Before there were checksums, manifests had none: their parts are looked
 * at, and that there are no others is found out by going on. */
static enum cdr_result check_seal(const struct reading *reading, const json_t *root,
                                  struct cdr_manifest_contents *contents)
{
    struct cdr_manifest found = *reading->expected;
    const char *seal = json_string_value(json_object_get(root, "checksum"));
    char wanted[CDR_MANIFEST_SEAL_MAX];
    if (seal == NULL) {
        contents->complete = false;
        return CDR_OK;
    }
    found.complete = contents->complete;
    found.days = contents->days;
    found.log = log_of;
    found.context = contents->logs;
    cdr_manifest_seal(wanted, &found);
    if (strcmp(seal, wanted) == 0)
        return CDR_OK;
    return cdr_fail(reading->error, CDR_E_STATE,
                    "%.500s has another checksum than what it says of the dataset, so it was "
                    "changed since a run wrote it: put back the file as it was, or replace the "
                    "dataset with --overwrite",
                    reading->path);
}

enum cdr_result cdr_manifest_read(const struct cdr_manifest *expected,
                                  struct cdr_manifest_contents *contents, struct cdr_error *error)
{
    struct reading reading = {.expected = expected, .error = error};
    json_error_t where;
    cdr_file_manifest_path(reading.path, expected->folder, false);
    FILE *file = NULL;
    enum cdr_result result =
        cdr_stream_bounded(&file, reading.path, CDR_MANIFEST_BYTES_MAX, CDR_E_STATE, error);
    if (result != CDR_OK)
        return result == CDR_E_AGAIN ? CDR_OK : result;
    json_t *root = json_loadf(file, JSON_REJECT_DUPLICATES, &where);
    bool unreadable = ferror(file) != 0;
    int os_error = errno;
    fclose(file);
    if (root == NULL && unreadable)
        return cdr_file_fail(error, CDR_E_IO, "read", reading.path, os_error);
    if (root == NULL && json_error_code(&where) == json_error_out_of_memory)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for reading %.500s", reading.path);
    if (root == NULL)
        return not_ours(&reading, where.text);
    contents->exists = true;
    result = check_settings(&reading, root, contents);
    if (result == CDR_OK)
        result = take_logs(&reading, root, contents);
    if (result == CDR_OK)
        result = check_seal(&reading, root, contents);
    json_decref(root);
    return result;
}

void cdr_manifest_contents_free(struct cdr_manifest_contents *contents)
{
    for (uint32_t log = 0; contents->logs != NULL && log < contents->log_count; log++)
        free(contents->logs[log].parts);
    free(contents->logs);
    memset(contents, 0, sizeof *contents);
}
