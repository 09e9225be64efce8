#include "sink/file/part.h"

#include "base/files.h"
#include "sink/file/folder.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* From this size on, a write of its own costs less than a copy and a share of a bigger write. */
#define DIRECT_BYTES 16384u
/* Before the staged bytes, for a block's head. */
#define HEAD_ROOM 32u

struct cdr_part {
    const struct cdr_part_format *format;
    char *path; /* NULL = no file is open */
    int fd;
    uint8_t *stage; /* HEAD_ROOM, then room for a chunk and one more record, then a sync marker */
    size_t staged;
    uint64_t staged_records;
    struct cdr_compress_stream *stream;
    XXH3_state_t *checksum;
    uint64_t file_bytes;
};

void cdr_part_scratch_free(struct cdr_part_scratch *scratch)
{
    cdr_block_compressor_destroy(scratch->compressor);
    free(scratch->block);
    memset(scratch, 0, sizeof *scratch);
}

enum cdr_result cdr_part_create(struct cdr_part **part, const struct cdr_part_format *format,
                                struct cdr_error *error)
{
    const char *out_of_memory = "no memory for the buffers of a part";
    assert(format->container != NULL || format->encoder->frame_len == 0);
    struct cdr_part *made = calloc(1, sizeof *made);
    if (made == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "%s", out_of_memory);
    made->format = format;
    made->fd = -1;
    made->stage = malloc(HEAD_ROOM + CDR_PART_CHUNK_BYTES + format->encoder->record_bytes_max +
                         CDR_CONTAINER_SYNC_BYTES);
    made->checksum = XXH3_createState();
    enum cdr_result result = CDR_OK;
    if (made->stage == NULL || made->checksum == NULL)
        result = cdr_fail(error, CDR_E_NOMEM, "%s", out_of_memory);
    if (result == CDR_OK && format->container == NULL &&
        format->compression != CDR_COMPRESSION_NONE)
        result = cdr_compress_stream_create(&made->stream, format->compression, error);
    if (result != CDR_OK) {
        cdr_part_destroy(made);
        return result;
    }
    *part = made;
    return CDR_OK;
}

void cdr_part_destroy(struct cdr_part *part)
{
    if (part == NULL)
        return;
    cdr_part_discard(part);
    cdr_compress_stream_destroy(part->stream);
    XXH3_freeState(part->checksum);
    free(part->stage);
    free(part);
}

static enum cdr_result emit(void *context, const uint8_t *bytes, size_t n, struct cdr_error *error)
{
    struct cdr_part *part = context;
    XXH3_128bits_update(part->checksum, bytes, n);
    part->file_bytes += n;
    while (n > 0) {
        ssize_t written = write(part->fd, bytes, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return cdr_file_fail(error, CDR_E_IO, "write", part->path, written == 0 ? EIO : errno);
        bytes += written;
        n -= (size_t)written;
    }
    return CDR_OK;
}

static uint8_t *stage_start(const struct cdr_part *part)
{
    return part->stage + HEAD_ROOM;
}

static void stage(struct cdr_part *part, const uint8_t *bytes, size_t n)
{
    memcpy(stage_start(part) + part->staged, bytes, n);
    part->staged += n;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static enum cdr_result flush_plain(struct cdr_part *part, struct cdr_error *error)
{
    size_t n = part->staged;
    part->staged = 0;
    return n == 0 ? CDR_OK : emit(part, stage_start(part), n, error);
}

static enum cdr_result append_plain(struct cdr_part *part, const uint8_t *bytes, size_t n,
                                    struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    if (n >= DIRECT_BYTES || part->staged + n > CDR_PART_CHUNK_BYTES)
        result = flush_plain(part, error);
    if (result != CDR_OK)
        return result;
    if (n >= DIRECT_BYTES)
        return emit(part, bytes, n, error);
    stage(part, bytes, n);
    return CDR_OK;
}

static enum cdr_result flush_chunk(struct cdr_part *part, struct cdr_error *error)
{
    size_t n = part->staged;
    part->staged = 0;
    return cdr_compress_stream_append(part->stream, stage_start(part), n, emit, part, error);
}

static enum cdr_result append_compressed(struct cdr_part *part, const uint8_t *bytes, size_t n,
                                         struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    while (n > 0 && result == CDR_OK) {
        if (part->staged == 0 && n >= CDR_PART_CHUNK_BYTES) {
            result = cdr_compress_stream_append(part->stream, bytes, CDR_PART_CHUNK_BYTES, emit,
                                                part, error);
            bytes += CDR_PART_CHUNK_BYTES;
            n -= CDR_PART_CHUNK_BYTES;
            continue;
        }
        size_t step = least(n, CDR_PART_CHUNK_BYTES - part->staged);
        stage(part, bytes, step);
        bytes += step;
        n -= step;
        if (part->staged == CDR_PART_CHUNK_BYTES)
            result = flush_chunk(part, error);
    }
    return result;
}

/* The scratch's compressor and room for the biggest block, made at a thread's first block. */
static enum cdr_result prepare_scratch(struct cdr_part_scratch *scratch,
                                       const struct cdr_part_format *format,
                                       struct cdr_error *error)
{
    size_t data_max = CDR_PART_CHUNK_BYTES + format->encoder->record_bytes_max;
    if (scratch->compressor == NULL) {
        enum cdr_result result =
            cdr_block_compressor_create(&scratch->compressor, format->compression, data_max, error);
        if (result != CDR_OK)
            return result;
    }
    size_t block_max = HEAD_ROOM + cdr_block_compressor_bound(scratch->compressor, data_max) +
                       CDR_CONTAINER_SYNC_BYTES;
    if (block_max > scratch->block_max) {
        free(scratch->block);
        scratch->block_max = 0;
        scratch->block = malloc(block_max);
        if (scratch->block == NULL)
            return cdr_fail(error, CDR_E_NOMEM, "no memory for a block of %zu bytes", block_max);
        scratch->block_max = block_max;
    }
    return CDR_OK;
}

/* Puts head and marker around the data, which has room on both sides, so that a block is one write.
 */
static enum cdr_result emit_block(struct cdr_part *part, uint8_t *data, size_t n,
                                  struct cdr_error *error)
{
    uint8_t head[CDR_CONTAINER_BLOCK_HEAD_MAX];
    size_t head_len = cdr_container_block_head(head, part->staged_records, n);
    memcpy(data - head_len, head, head_len);
    memcpy(data + n, part->format->container->sync, CDR_CONTAINER_SYNC_BYTES);
    return emit(part, data - head_len, head_len + n + CDR_CONTAINER_SYNC_BYTES, error);
}

static enum cdr_result flush_block(struct cdr_part *part, struct cdr_part_scratch *scratch,
                                   struct cdr_error *error)
{
    if (part->staged_records == 0)
        return CDR_OK;
    uint8_t *data = stage_start(part);
    size_t n = part->staged;
    enum cdr_result result = CDR_OK;
    if (part->format->compression != CDR_COMPRESSION_NONE) {
        result = prepare_scratch(scratch, part->format, error);
        if (result == CDR_OK)
            result = cdr_block_compress(scratch->compressor, data, n, scratch->block + HEAD_ROOM,
                                        &n, error);
        data = scratch->block + HEAD_ROOM;
    }
    if (result == CDR_OK)
        result = emit_block(part, data, n, error);
    part->staged = 0;
    part->staged_records = 0;
    return result;
}

/* Takes records from from on until the block is full; returns one past the last. Data without
 * anything around it is copied in one go. */
static uint32_t stage_records(struct cdr_part *part, const struct cdr_slab *slab, uint32_t from,
                              uint32_t to)
{
    const struct cdr_encoder *encoder = part->format->encoder;
    uint32_t around = encoder->frame_len + encoder->trailer_len;
    uint32_t start = from == 0 ? 0 : slab->ends[from - 1];
    size_t room = CDR_PART_CHUNK_BYTES - part->staged;
    uint32_t i = from;
    if (around == 0) {
        while (i < to - 1 && slab->ends[i] - start < room)
            i++;
        stage(part, slab->bytes + start, slab->ends[i] - start);
        part->staged_records += i + 1 - from;
        return i + 1;
    }
    for (; i < to && part->staged < CDR_PART_CHUNK_BYTES; i++) {
        stage(part, slab->bytes + start + encoder->frame_len, slab->ends[i] - start - around);
        start = slab->ends[i];
        part->staged_records++;
    }
    return i;
}

static enum cdr_result append_container(struct cdr_part *part, struct cdr_part_scratch *scratch,
                                        const struct cdr_slab *slab, uint32_t from, uint32_t to,
                                        struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    while (from < to && result == CDR_OK) {
        from = stage_records(part, slab, from, to);
        if (part->staged >= CDR_PART_CHUNK_BYTES)
            result = flush_block(part, scratch, error);
    }
    return result;
}

static enum cdr_result append_bytes(struct cdr_part *part, const uint8_t *bytes, size_t n,
                                    struct cdr_error *error)
{
    return part->stream != NULL ? append_compressed(part, bytes, n, error)
                                : append_plain(part, bytes, n, error);
}

static enum cdr_result append_header(struct cdr_part *part, struct cdr_error *error)
{
    if (part->format->container != NULL)
        return emit(part, part->format->container->header, part->format->container->header_len,
                    error);
    const char *text = part->format->encoder->ops->file_header(part->format->encoder);
    return append_bytes(part, (const uint8_t *)text, strlen(text), error);
}

enum cdr_result cdr_part_open(struct cdr_part *part, const char *path, bool *missing_folder,
                              struct cdr_error *error)
{
    assert(part->path == NULL);
    *missing_folder = false;
    part->path = strdup(path);
    if (part->path == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for the name of a part");
    do
        /* At its end, so that its size tells whether somebody else has cut it or written to it. */
        part->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    while (part->fd < 0 && errno == EINTR);
    if (part->fd < 0) {
        *missing_folder = errno == ENOENT;
        enum cdr_result result = cdr_file_fail(error, CDR_E_IO, "create", path, errno);
        free(part->path);
        part->path = NULL;
        return result;
    }
    part->file_bytes = 0;
    part->staged = 0;
    part->staged_records = 0;
    XXH3_128bits_reset(part->checksum);
    if (part->stream != NULL)
        cdr_compress_stream_start(part->stream);
    return append_header(part, error);
}

enum cdr_result cdr_part_append(struct cdr_part *part, struct cdr_part_scratch *scratch,
                                const struct cdr_slab *slab, uint32_t from, uint32_t to,
                                struct cdr_error *error)
{
    assert(part->path != NULL && from <= to && to <= slab->n);
    if (from == to)
        return CDR_OK;
    if (part->format->container != NULL)
        return append_container(part, scratch, slab, from, to, error);
    uint32_t start = from == 0 ? 0 : slab->ends[from - 1];
    return append_bytes(part, slab->bytes + start, slab->ends[to - 1] - start, error);
}

static enum cdr_result finish_bytes(struct cdr_part *part, struct cdr_part_scratch *scratch,
                                    struct cdr_error *error)
{
    if (part->format->container != NULL)
        return flush_block(part, scratch, error);
    if (part->stream == NULL)
        return flush_plain(part, error);
    enum cdr_result result = flush_chunk(part, error);
    return result == CDR_OK ? cdr_compress_stream_finish(part->stream, emit, part, error) : result;
}

static void take_seal(struct cdr_part_seal *seal, const struct stat *status)
{
    *seal = (struct cdr_part_seal){.device = status->st_dev,
                                   .inode = status->st_ino,
                                   .size = status->st_size,
                                   .modified = status->st_mtim,
                                   .changed = status->st_ctim};
}

bool cdr_part_seal(struct cdr_part_seal *seal, const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return false;
    take_seal(seal, &status);
    return true;
}

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool cdr_part_is_sealed(const struct cdr_part_seal *seal, const char *path)
{
    struct cdr_part_seal now;
    return cdr_part_seal(&now, path) && now.device == seal->device && now.inode == seal->inode &&
           now.size == seal->size && same_time(now.modified, seal->modified) &&
           same_time(now.changed, seal->changed);
}

/* Everything is written and synced: the file is at its path, and holds as much. */
static enum cdr_result check_written(const struct cdr_part *part, struct cdr_error *error)
{
    struct stat status;
    if (!cdr_is_at(part->fd, part->path))
        return cdr_fail(error, CDR_E_IO,
                        "%.500s was removed, moved or replaced while it was written", part->path);
    if (fstat(part->fd, &status) != 0)
        return cdr_file_fail(error, CDR_E_IO, "look at", part->path, errno);
    if ((uint64_t)status.st_size != part->file_bytes)
        return cdr_fail(error, CDR_E_IO,
                        "%.500s was changed while it was written: it has %lld bytes, and %llu "
                        "were written to it",
                        part->path, (long long)status.st_size,
                        (unsigned long long)part->file_bytes);
    return CDR_OK;
}

enum cdr_result cdr_part_finish(struct cdr_part *part, struct cdr_part_scratch *scratch,
                                const char *path, struct cdr_part_result *result,
                                struct cdr_error *error)
{
    assert(part->path != NULL);
    enum cdr_result outcome = finish_bytes(part, scratch, error);
    if (outcome != CDR_OK)
        return outcome;
    int status = 0;
    do
        status = fdatasync(part->fd);
    while (status != 0 && errno == EINTR);
    if (status != 0)
        return cdr_file_fail(error, CDR_E_IO, "sync", part->path, errno);
    outcome = check_written(part, error);
    if (outcome != CDR_OK)
        return outcome;
    /* Network file systems tell of a full disk only here. The descriptor is gone whatever close
     * says. */
    status = close(part->fd);
    part->fd = -1;
    if (status != 0 && errno != EINTR)
        return cdr_file_fail(error, CDR_E_IO, "close", part->path, errno);
    struct stat other;
    if (lstat(path, &other) == 0)
        return cdr_fail(error, CDR_E_IO,
                        "%.500s is there already: another program wrote it, or the folders of two "
                        "topics are one",
                        path);
    if (rename(part->path, path) != 0)
        return cdr_file_fail(error, CDR_E_IO, "rename", part->path, errno);
    cdr_part_seal(&result->seal, path); /* after the rename, which counts as a change */
    free(part->path);
    part->path = NULL;
    result->file_bytes = part->file_bytes;
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(part->checksum));
    memcpy(result->checksum, canonical.digest, CDR_PART_CHECKSUM_BYTES);
    return CDR_OK;
}

bool cdr_part_discard(struct cdr_part *part)
{
    if (part->path == NULL)
        return true;
    /* In the place of a folder that was moved away another run may write a file of this name. */
    bool other = part->fd >= 0 && !cdr_is_at(part->fd, part->path);
    if (part->fd >= 0)
        close(part->fd);
    part->fd = -1;
    bool removed = other || unlink(part->path) == 0 || errno == ENOENT;
    free(part->path);
    part->path = NULL;
    return removed;
}
