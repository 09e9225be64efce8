#include "sink/file/manifest.h"

#include "base/bytes.h"
#include "base/files.h"
#include "base/json_writer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static void write_part(struct cdr_json *json, const struct cdr_manifest *manifest, uint32_t log,
                       const struct cdr_manifest_log *parts, uint32_t number, uint64_t first_record)
{
    char name[CDR_FILE_PATH_MAX];
    const struct cdr_manifest_part *part = &parts->parts[number];
    cdr_file_part_name(name, manifest->folder, log / manifest->partitions, part->day,
                       log % manifest->partitions, number);
    cdr_json_object_inline(json, NULL);
    cdr_json_text(json, "path", name);
    cdr_json_u64(json, "first_record", first_record);
    cdr_json_u64(json, "records", part->records);
    cdr_json_u64(json, "bytes", part->bytes);
    cdr_json_u64(json, "file_bytes", part->file.file_bytes);
    cdr_json_hex(json, "xxh128", part->file.checksum, sizeof part->file.checksum);
    if (manifest->topics[log / manifest->partitions].changes)
        cdr_json_u64(json, "schema_version", part->version + 1);
    cdr_json_object_end(json);
}

static void write_log(struct cdr_json *json, const struct cdr_manifest *manifest, uint32_t log)
{
    struct cdr_manifest_log parts;
    uint64_t records = 0, bytes = 0;
    manifest->log(manifest->context, log, &parts);
    for (uint32_t i = 0; i < parts.part_count; i++) {
        records += parts.parts[i].records;
        bytes += parts.parts[i].bytes;
    }
    cdr_json_object(json, NULL);
    cdr_json_u64(json, "partition", log % manifest->partitions);
    cdr_json_u64(json, "records", records);
    cdr_json_u64(json, "bytes", bytes);
    cdr_json_array(json, "parts");
    uint64_t first_record = parts.first_record;
    for (uint32_t number = 0; number < parts.part_count; number++) {
        write_part(json, manifest, log, &parts, number, first_record);
        first_record += parts.parts[number].records;
    }
    cdr_json_array_end(json);
    cdr_json_object_end(json);
}

void cdr_manifest_layout(char text[CDR_MANIFEST_LAYOUT_MAX], const struct cdr_layout *layout,
                         int64_t from_ms)
{
    uint8_t from[8];
    text[0] = '\0';
    if (layout->schema == NULL && layout->mapping == NULL)
        return;
    cdr_store_le64(from, (uint64_t)from_ms);
    const uint64_t seed = XXH3_64bits(from, sizeof from);
    for (unsigned half = 0; half < 2; half++) {
        uint64_t sum = seed + half;
        if (layout->schema != NULL)
            sum = XXH3_64bits_withSeed(layout->schema, strlen(layout->schema), sum);
        if (layout->mapping != NULL)
            sum = XXH3_64bits_withSeed(layout->mapping, strlen(layout->mapping), ~sum);
        snprintf(text + 16 * half, 17, "%016" PRIx64, sum);
    }
}

void cdr_manifest_written_as(char text[CDR_WRITTEN_AS_MAX], const struct cdr_manifest *manifest)
{
    size_t n =
        (size_t)snprintf(text, CDR_WRITTEN_AS_MAX, "%s %s", manifest->format, manifest->compress);
    for (unsigned topic = 0; topic < manifest->folder->topics->n && n < CDR_WRITTEN_AS_MAX; topic++)
        n += (size_t)snprintf(text + n, CDR_WRITTEN_AS_MAX - n, " %s/%s",
                              manifest->topics[topic].layouts[0],
                              manifest->topics[topic].layouts[1]);
}

static void write_topic(struct cdr_json *json, const struct cdr_manifest *manifest, unsigned topic)
{
    const struct cdr_file_folder *folder = manifest->folder;
    uint64_t records = 0, bytes = 0;
    for (uint32_t partition = folder->shard_index; partition < manifest->partitions;
         partition += folder->shard_count) {
        struct cdr_manifest_log parts;
        manifest->log(manifest->context, topic * manifest->partitions + partition, &parts);
        for (uint32_t i = 0; i < parts.part_count; i++) {
            records += parts.parts[i].records;
            bytes += parts.parts[i].bytes;
        }
    }
    cdr_json_object(json, folder->topics->items[topic].name);
    if (manifest->topics[topic].layouts[0][0] != '\0')
        cdr_json_text(json, "layout", manifest->topics[topic].layouts[0]);
    if (manifest->topics[topic].layouts[1][0] != '\0')
        cdr_json_text(json, "next_layout", manifest->topics[topic].layouts[1]);
    cdr_json_u64(json, "records", records);
    cdr_json_u64(json, "bytes", bytes);
    cdr_json_array(json, "partitions");
    for (uint32_t partition = folder->shard_index; partition < manifest->partitions;
         partition += folder->shard_count)
        write_log(json, manifest, topic * manifest->partitions + partition);
    cdr_json_array_end(json);
    cdr_json_object_end(json);
}

/* generator and dataset_id stay near the start: scan.c looks for them there. */
static void write_all(struct cdr_json *json, const struct cdr_manifest *manifest)
{
    const struct cdr_file_folder *folder = manifest->folder;
    char seal[CDR_MANIFEST_SEAL_MAX];
    cdr_json_object(json, NULL);
    cdr_json_text(json, "generator", "cdrgen " CDR_VERSION);
    cdr_json_text(json, "dataset_id", folder->dataset_id);
    cdr_json_bool(json, "complete", manifest->complete);
    cdr_json_text(json, "format", manifest->format);
    cdr_json_text(json, "compress", manifest->compress);
    cdr_json_u64(json, "rotate_bytes", manifest->rotate_bytes);
    cdr_json_u64(json, "partitions", manifest->partitions);
    if (manifest->days > 0)
        cdr_json_u64(json, "days", manifest->days);
    else
        cdr_json_null(json, "days");
    if (folder->shard_count > 1) {
        cdr_json_object_inline(json, "shard");
        cdr_json_u64(json, "index", folder->shard_index);
        cdr_json_u64(json, "count", folder->shard_count);
        cdr_json_object_end(json);
    } else {
        cdr_json_null(json, "shard");
    }
    if (manifest->change_ms != 0)
        cdr_json_i64(json, "schema_change_ms", manifest->change_ms);
    cdr_json_object(json, "topics");
    for (unsigned topic = 0; topic < folder->topics->n; topic++)
        write_topic(json, manifest, topic);
    cdr_json_object_end(json);
    cdr_manifest_seal(seal, manifest);
    cdr_json_text(json, "checksum", seal);
    cdr_json_object_end(json);
}

enum cdr_result cdr_manifest_write(const struct cdr_manifest *manifest, struct cdr_error *error)
{
    const struct cdr_file_folder *folder = manifest->folder;
    char temporary[CDR_FILE_PATH_MAX], path[CDR_FILE_PATH_MAX];
    cdr_file_manifest_path(temporary, folder, true);
    cdr_file_manifest_path(path, folder, false);
    enum cdr_result ours = cdr_file_folder_is_ours(folder, error);
    if (ours != CDR_OK)
        return ours;
    FILE *out = cdr_stream_temporary(temporary);
    if (out == NULL)
        return cdr_file_fail(error, CDR_E_IO, "create", temporary, errno);
    struct cdr_json json;
    cdr_json_start(&json, out);
    write_all(&json, manifest);
    if (!cdr_stream_rename(out, cdr_json_finish(&json), true, temporary, path))
        return cdr_file_fail(error, CDR_E_IO, "write", path, errno);
    return cdr_file_folder_sync(folder, error);
}
