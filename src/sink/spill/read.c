/* Reading a spill back: each log has a cursor of its own, and one file and one batch are in hand at
 * a time. */
#include "sink/spill/spill.h"

#include "base/bytes.h"
#include "base/files.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NO_LOG UINT32_MAX

/* Where a log's next batch is. */
struct cursor {
    uint32_t number;   /* of the segment */
    uint64_t offset;   /* in it; 0 = its header comes first */
    uint64_t position; /* of the batch's first record */
    uint64_t wanted;   /* the record to be given next; at least position */
};

struct cdr_spill {
    struct cdr_spill_manifest manifest;
    char dir[CDR_SPILL_PATH_MAX];
    int dir_fd;
    struct cursor *cursors; /* per log */
    uint64_t torn_bytes;
    /* The file in hand. */
    uint32_t file_log, file_number;
    int fd; /* −1 = none */
    char path[CDR_SPILL_PATH_MAX];
    /* The batch in hand: that of batch_log's cursor; NO_LOG = none. */
    uint32_t batch_log;
    uint64_t batch_end; /* offset after it */
    struct cdr_spill_batch batch;
    struct cdr_spill_buffer buffer;
};

static const struct cdr_topic *topic_of(const struct cdr_spill *spill, uint32_t log)
{
    return &spill->manifest.topics->items[log / spill->manifest.partitions];
}

static void close_file(struct cdr_spill *spill)
{
    if (spill->fd >= 0)
        close(spill->fd);
    spill->fd = -1;
}

/* CDR_E_AGAIN: there is no such file. */
static enum cdr_result open_file(struct cdr_spill *spill, uint32_t log, uint32_t number,
                                 struct cdr_error *error)
{
    if (spill->fd >= 0 && spill->file_log == log && spill->file_number == number)
        return CDR_OK;
    close_file(spill);
    if (!cdr_spill_path(spill->path, spill->dir, topic_of(spill, log)->name,
                        log % spill->manifest.partitions, number))
        return cdr_fail(error, CDR_E_CONFIG, "the path of the spill, %.60s…, is too long",
                        spill->dir);
    enum cdr_result result = cdr_open_regular(&spill->fd, spill->path, CDR_E_IO, error);
    if (result != CDR_OK)
        return result;
    spill->file_log = log;
    spill->file_number = number;
    return CDR_OK;
}

/* CDR_E_AGAIN: it has no whole header. */
static enum cdr_result begin_segment(struct cdr_spill *spill, uint32_t log, struct cdr_error *error)
{
    struct cursor *cursor = &spill->cursors[log];
    const struct cdr_spill_manifest *manifest = &spill->manifest;
    struct cdr_spill_segment segment;
    enum cdr_result result =
        cdr_spill_get_segment(spill->fd, spill->path, &segment, &cursor->offset, error);
    if (result != CDR_OK)
        return result;
    if (strcmp(segment.dataset_id, manifest->dataset_id) != 0 ||
        strcmp(segment.topic, topic_of(spill, log)->name) != 0 ||
        strcmp(segment.format, manifest->format) != 0 ||
        segment.partition != log % manifest->partitions ||
        segment.parts != cdr_spill_parts(&topic_of(spill, log)->envelope) ||
        segment.base != manifest->logs[log].base || segment.frame_len != manifest->frame_len ||
        segment.trailer_len != manifest->trailer_len)
        return cdr_fail(error, CDR_E_STATE, "%s does not belong to the spill.json beside it",
                        spill->path);
    if (segment.first != cursor->position)
        return cdr_fail(error, CDR_E_STATE,
                        "%s begins with record %" PRIu64 ", and the one before it ends with record "
                        "%" PRIu64,
                        spill->path, segment.first, cursor->position);
    return CDR_OK;
}

/* Takes the batch at the log's cursor in hand. CDR_E_AGAIN: there is none; *torn where the file
 * goes on with something that is none. */
static enum cdr_result next_batch(struct cdr_spill *spill, uint32_t log, bool *torn,
                                  struct cdr_error *error)
{
    struct cursor *cursor = &spill->cursors[log];
    spill->batch_log = NO_LOG;
    for (;;) {
        *torn = false;
        enum cdr_result result = open_file(spill, log, cursor->number, error);
        if (result != CDR_OK)
            return result;
        *torn = true;
        if (cursor->offset == 0)
            result = begin_segment(spill, log, error);
        spill->batch_end = cursor->offset;
        spill->batch.parts = cdr_spill_parts(&topic_of(spill, log)->envelope);
        if (result == CDR_OK)
            result = cdr_spill_get_batch(spill->fd, spill->path, &spill->buffer, &spill->batch,
                                         &spill->batch_end, torn, error);
        if (result == CDR_E_AGAIN && !*torn) {
            cursor->number++;
            cursor->offset = 0;
            continue;
        }
        if (result != CDR_OK)
            return result;
        if (spill->batch.position != cursor->position)
            return cdr_fail(error, CDR_E_STATE,
                            "%s: a batch begins with record %" PRIu64 " where record %" PRIu64
                            " is due",
                            spill->path, spill->batch.position, cursor->position);
        spill->batch_log = log;
        return CDR_OK;
    }
}

static void end_batch(struct cdr_spill *spill, struct cursor *cursor)
{
    cursor->position = spill->batch.position + spill->batch.n;
    cursor->offset = spill->batch_end;
    spill->batch_log = NO_LOG;
}

static void rewind_log(struct cdr_spill *spill, uint32_t log)
{
    uint64_t first = spill->manifest.logs[log].first;
    spill->cursors[log] = (struct cursor){.position = first, .wanted = first};
    if (spill->batch_log == log)
        spill->batch_log = NO_LOG;
}

/* --- the first reading --- */

static enum cdr_result damaged(const struct cdr_spill *spill, uint32_t log, struct cdr_error *error)
{
    const struct cdr_spill_log *entry = &spill->manifest.logs[log];
    const struct cursor *cursor = &spill->cursors[log];
    return cdr_fail(error, CDR_E_STATE,
                    "%s: records of %s[%" PRIu32 "] are missing or altered from byte %" PRIu64
                    " on, the first %" PRIu64 " that were spilled are whole; nothing is published "
                    "of a damaged spill, and `cdrgen run --resume` makes its records again",
                    spill->path, topic_of(spill, log)->name, log % spill->manifest.partitions,
                    cursor->offset, cursor->position - entry->first);
}

/* What follows the last whole batch. Only the last segment may end so: those before it were
 * synced. */
static enum cdr_result cut_torn(struct cdr_spill *spill, uint32_t log, struct cdr_error *error)
{
    struct cursor *cursor = &spill->cursors[log];
    struct stat status;
    if (fstat(spill->fd, &status) != 0)
        return cdr_file_fail(error, CDR_E_IO, "read", spill->path, errno);
    char torn_path[CDR_SPILL_PATH_MAX];
    memcpy(torn_path, spill->path, sizeof torn_path);
    enum cdr_result result = open_file(spill, log, cursor->number + 1, error);
    memcpy(spill->path, torn_path, sizeof torn_path);
    close_file(spill);
    if (result == CDR_OK)
        return damaged(spill, log, error);
    if (result != CDR_E_AGAIN)
        return result;
    spill->torn_bytes += (uint64_t)status.st_size - cursor->offset;
    return CDR_OK;
}

static uint64_t payload_bytes(const struct cdr_spill *spill)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < spill->batch.n; i++)
        sum += cdr_load_le32(spill->batch.lengths + 4 * (size_t)i);
    return sum -
           (uint64_t)spill->batch.n * (spill->manifest.frame_len + spill->manifest.trailer_len);
}

static enum cdr_result scan_log(struct cdr_spill *spill, uint32_t log, struct cdr_error *error)
{
    struct cdr_spill_log *entry = &spill->manifest.logs[log];
    struct cursor *cursor = &spill->cursors[log];
    const bool closed = spill->manifest.closed;
    uint64_t bytes = 0, whole_records = closed ? entry->records : UINT64_MAX;
    enum cdr_result result = CDR_OK;
    bool torn = false;
    rewind_log(spill, log);
    while (cursor->position - entry->first < whole_records) {
        result = next_batch(spill, log, &torn, error);
        if (result != CDR_OK)
            break;
        bytes += payload_bytes(spill);
        end_batch(spill, cursor);
    }
    if (result == CDR_OK || result == CDR_E_AGAIN) {
        result = CDR_OK;
        if (closed && cursor->position - entry->first != entry->records)
            result = damaged(spill, log, error);
        else if (!closed && torn)
            result = cut_torn(spill, log, error);
    }
    if (result != CDR_OK)
        return result;
    entry->records = cursor->position - entry->first;
    entry->bytes = bytes;
    rewind_log(spill, log);
    return CDR_OK;
}

enum cdr_result cdr_spill_read_open(struct cdr_spill **opened, const char *dir,
                                    struct cdr_error *error)
{
    struct cdr_spill *spill = calloc(1, sizeof *spill);
    if (spill == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory to read a spill");
    spill->fd = spill->dir_fd = -1;
    spill->batch_log = NO_LOG;
    snprintf(spill->dir, sizeof spill->dir, "%s", dir);
    /* A folder that may not be there yet must not be asked for a lock. */
    enum cdr_result result = cdr_spill_manifest_read(&spill->manifest, dir, error);
    if (result == CDR_OK) {
        cdr_spill_manifest_free(&spill->manifest);
        result = cdr_spill_lock(dir, false, &spill->dir_fd, error);
    }
    if (result == CDR_OK)
        result = cdr_spill_manifest_read(&spill->manifest, dir, error);
    if (result == CDR_OK) {
        spill->cursors = calloc(cdr_spill_logs(&spill->manifest), sizeof *spill->cursors);
        if (spill->cursors == NULL)
            result = cdr_fail(error, CDR_E_NOMEM, "no memory to read a spill");
    }
    for (uint32_t log = 0; result == CDR_OK && log < cdr_spill_logs(&spill->manifest); log++)
        if (cdr_spill_mine(&spill->manifest, log))
            result = scan_log(spill, log, error);
    if (result != CDR_OK) {
        cdr_spill_read_close(spill);
        return result;
    }
    *opened = spill;
    return CDR_OK;
}

const struct cdr_spill_manifest *cdr_spill_manifest_of(const struct cdr_spill *spill)
{
    return &spill->manifest;
}

uint64_t cdr_spill_torn_bytes(const struct cdr_spill *spill)
{
    return spill->torn_bytes;
}

void cdr_spill_read_close(struct cdr_spill *spill)
{
    close_file(spill);
    if (spill->dir_fd >= 0)
        close(spill->dir_fd);
    cdr_spill_manifest_free(&spill->manifest);
    free(spill->buffer.bytes);
    free(spill->cursors);
    free(spill);
}

/* --- giving records --- */

void cdr_spill_seek(struct cdr_spill *spill, uint32_t log, uint64_t position)
{
    struct cursor *cursor = &spill->cursors[log];
    assert(position >= spill->manifest.logs[log].first);
    if (position < cursor->position)
        rewind_log(spill, log);
    cursor->wanted = position;
}

/* Where the value of the record in hand is in a column of the batch. */
struct value {
    const uint8_t *bytes;
    uint32_t len;
};

static bool value_fits(const struct value *value, const struct cdr_slab_column *column, uint32_t n)
{
    return value->bytes == NULL ||
           (column->bytes != NULL && value->len <= column->bytes_max - cdr_column_start(column, n));
}

static void copy_value(const struct value *value, struct cdr_slab_column *column, uint32_t n)
{
    if (value->bytes == NULL)
        return;
    uint32_t start = cdr_column_start(column, n);
    memcpy(column->bytes + start, value->bytes, value->len);
    column->ends[n] = start + value->len;
}

/* Copies records of the batch in hand from the wanted one on, as many as fit. */
static void copy_records(struct cdr_spill *spill, struct cursor *cursor, uint64_t end,
                         struct cdr_slab *slab)
{
    const struct cdr_spill_batch *batch = &spill->batch;
    const char *key = batch->keys;
    const uint8_t *record = batch->records;
    uint32_t used = slab->n == 0 ? 0 : slab->ends[slab->n - 1];
    struct cdr_slab_column *columns[CDR_SPILL_COLUMNS] = {&slab->wire_keys, &slab->headers};
    struct value values[CDR_SPILL_COLUMNS];
    for (uint32_t k = 0; k < CDR_SPILL_COLUMNS; k++)
        values[k] = (struct value){batch->columns[k], 0};
    for (uint32_t i = 0; i < batch->n; i++) {
        for (uint32_t k = 0; k < CDR_SPILL_COLUMNS; k++) {
            if (values[k].bytes == NULL)
                continue;
            values[k].bytes += values[k].len;
            values[k].len = cdr_load_le32(batch->column_lens[k] + 4 * (size_t)i);
        }
        uint32_t length = cdr_load_le32(batch->lengths + 4 * (size_t)i);
        uint64_t position = batch->position + i;
        if (position == end || slab->n == slab->records_max)
            return;
        if (position == cursor->wanted) {
            if (length > slab->bytes_max - used || !value_fits(&values[0], columns[0], slab->n) ||
                !value_fits(&values[1], columns[1], slab->n))
                return;
            copy_value(&values[0], columns[0], slab->n);
            copy_value(&values[1], columns[1], slab->n);
            memcpy(slab->bytes + used, record, length);
            used += length;
            slab->ends[slab->n] = used;
            slab->event_ms[slab->n] = (int64_t)cdr_load_le64(batch->event_ms + 8 * (size_t)i);
            memset(slab->keys[slab->n], 0, sizeof slab->keys[0]);
            memcpy(slab->keys[slab->n], key, cdr_spill_key_len(batch, i));
            if (slab->marks != NULL)
                slab->marks[slab->n] = batch->key_lens[i] >> CDR_SPILL_MARKS_AT;
            slab->key_lens[slab->n++] = cdr_spill_key_len(batch, i);
            cursor->wanted++;
        }
        key += cdr_spill_key_len(batch, i);
        record += length;
    }
}

enum cdr_result cdr_spill_fill(struct cdr_spill *spill, uint32_t log, struct cdr_slab *slab,
                               struct cdr_error *error)
{
    struct cursor *cursor = &spill->cursors[log];
    const struct cdr_spill_log *entry = &spill->manifest.logs[log];
    const uint64_t end = entry->first + entry->records;
    slab->n = 0;
    slab->log = log;
    slab->position = cursor->wanted;
    while (cursor->wanted < end) {
        bool torn = false;
        enum cdr_result result = CDR_OK;
        if (spill->batch_log != log)
            result = next_batch(spill, log, &torn, error);
        if (result == CDR_E_AGAIN)
            return cdr_fail(error, CDR_E_STATE, "%s was changed while it was read", spill->path);
        if (result != CDR_OK)
            return result;
        uint64_t batch_end = spill->batch.position + spill->batch.n;
        if (cursor->wanted < batch_end) {
            copy_records(spill, cursor, end, slab);
            if (slab->n == 0)
                return cdr_fail(error, CDR_E_STATE,
                                "%s: record %" PRIu64 " is larger than any record of this cdrgen",
                                spill->path, cursor->wanted);
            if (cursor->wanted < batch_end)
                return CDR_OK; /* full; the batch stays in hand */
        }
        end_batch(spill, cursor);
    }
    return CDR_OK;
}

/* --- afterwards --- */

enum cdr_result cdr_spill_set_published(struct cdr_spill *spill, struct cdr_error *error)
{
    return cdr_spill_manifest_mark(&spill->manifest, spill->dir, spill->dir_fd, error);
}

/* spill.json first: what is left then is no spill, and no run spills to where segments lie. */
enum cdr_result cdr_spill_remove(struct cdr_spill *spill, struct cdr_error *error)
{
    enum cdr_result result = cdr_spill_manifest_remove(spill->dir, error);
    close_file(spill);
    for (uint32_t log = 0; result == CDR_OK && log < cdr_spill_logs(&spill->manifest); log++)
        for (uint32_t number = 0; cdr_spill_mine(&spill->manifest, log); number++) {
            char path[CDR_SPILL_PATH_MAX];
            if (!cdr_spill_path(path, spill->dir, topic_of(spill, log)->name,
                                log % spill->manifest.partitions, number))
                break;
            if (unlink(path) == 0)
                continue;
            if (errno != ENOENT)
                return cdr_file_fail(error, CDR_E_IO, "remove", path, errno);
            break;
        }
    if (result == CDR_OK)
        rmdir(spill->dir);
    return result;
}
