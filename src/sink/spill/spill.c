#include "sink/spill/spill.h"

#include "base/failure.h"
#include "base/files.h"
#include "sink/direct.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { OTHER_FILES = 64 };

/* By the thread that writes the log at the moment. */
struct spill_log {
    int fd; /* −1 = none */
    uint32_t number;
    uint64_t file_bytes; /* whole batches in the segment */
    uint64_t next;       /* position */
    uint64_t unsynced;   /* records */
};

struct spill_sink {
    struct cdr_direct_sink direct;
    struct cdr_sink_setup setup;
    struct cdr_spill_manifest manifest;
    char dir[CDR_SPILL_PATH_MAX];
    int dir_fd;
    uint64_t segment_bytes;
    struct spill_log *logs;
    struct cdr_spill_buffer *buffers; /* one a worker */
    struct cdr_failure failure;
};

/* --- segments --- */

static void path_of(const struct spill_sink *sink, uint32_t log, uint32_t number,
                    char path[CDR_SPILL_PATH_MAX])
{
    const uint32_t partitions = sink->manifest.partitions;
    bool fits = cdr_spill_path(path, sink->dir, sink->manifest.topics->items[log / partitions].name,
                               log % partitions, number);
    assert(fits); /* checked for the longest number once */
    (void)fits;
}

static enum cdr_result write_whole(int fd, const char *path, struct iovec *parts, int count,
                                   struct cdr_error *error)
{
    while (count > 0) {
        ssize_t written = writev(fd, parts, count);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            char reason[sizeof error->text];
            cdr_file_fail(error, CDR_E_IO, "write", path, errno);
            snprintf(reason, sizeof reason, "%s", error->text);
            return cdr_fail(error, CDR_E_IO,
                            "%.600s; what is spilled is whole: publish it with `cdrgen replay`, "
                            "then `cdrgen run --resume` makes the rest",
                            reason);
        }
        for (size_t left = (size_t)written; count > 0 && left > 0;) {
            size_t step = left < parts->iov_len ? left : parts->iov_len;
            parts->iov_base = (char *)parts->iov_base + step;
            parts->iov_len -= step;
            left -= step;
            if (parts->iov_len > 0)
                break;
            parts++;
            count--;
        }
    }
    return CDR_OK;
}

static enum cdr_result begin_segment(struct spill_sink *sink, uint32_t log,
                                     struct cdr_spill_buffer *buffer, struct cdr_error *error)
{
    struct spill_log *state = &sink->logs[log];
    const struct cdr_spill_manifest *manifest = &sink->manifest;
    const struct cdr_topic *topic = cdr_sink_topic(&sink->setup, log);
    struct cdr_spill_segment segment = {
        .partition = log % manifest->partitions,
        .base = manifest->logs[log].base,
        .first = state->next,
        .frame_len = manifest->frame_len,
        .trailer_len = manifest->trailer_len,
        .parts = cdr_spill_parts(&topic->envelope),
    };
    memcpy(segment.dataset_id, manifest->dataset_id, sizeof segment.dataset_id);
    memcpy(segment.format, manifest->format, sizeof segment.format);
    snprintf(segment.topic, sizeof segment.topic, "%.*s", CDR_SPILL_TOPIC_MAX, topic->name);
    char path[CDR_SPILL_PATH_MAX];
    path_of(sink, log, state->number, path);
    enum cdr_result result = cdr_spill_put_segment(buffer, &segment, error);
    if (result != CDR_OK)
        return result;
    state->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (state->fd < 0)
        return cdr_file_fail(error, CDR_E_IO, "create", path, errno);
    struct iovec part = {buffer->bytes, buffer->n};
    state->file_bytes = buffer->n;
    result = write_whole(state->fd, path, &part, 1, error);
    if (result != CDR_OK) { /* a segment without a whole header is none */
        unlink(path);
        close(state->fd);
        state->fd = -1;
    }
    return result;
}

static enum cdr_result sync_segment(struct spill_sink *sink, uint32_t log, struct cdr_error *error)
{
    struct spill_log *state = &sink->logs[log];
    char path[CDR_SPILL_PATH_MAX];
    int status = 0;
    if (state->fd < 0 || state->unsynced == 0)
        return CDR_OK;
    do
        status = fsync(state->fd);
    while (status != 0 && errno == EINTR);
    if (status != 0) {
        path_of(sink, log, state->number, path);
        return cdr_file_fail(error, CDR_E_IO, "sync", path, errno);
    }
    cdr_counters_make_durable(sink->direct.counters, log, state->unsynced);
    state->unsynced = 0;
    return CDR_OK;
}

static enum cdr_result end_segment(struct spill_sink *sink, uint32_t log, struct cdr_error *error)
{
    struct spill_log *state = &sink->logs[log];
    enum cdr_result result = sync_segment(sink, log, error);
    close(state->fd);
    state->fd = -1;
    state->number++;
    return result;
}

/* --- the sink's functions --- */

static enum cdr_result write_batch(struct spill_sink *sink, struct cdr_spill_buffer *buffer,
                                   const struct cdr_slab *slab, uint32_t from, uint32_t end,
                                   struct cdr_error *error)
{
    struct spill_log *state = &sink->logs[slab->log];
    const uint8_t *records;
    size_t record_bytes;
    enum cdr_result result = CDR_OK;
    if (state->fd < 0)
        result = begin_segment(sink, slab->log, buffer, error);
    if (result == CDR_OK)
        result = cdr_spill_put_batch(
            buffer, slab, cdr_spill_parts(&cdr_sink_topic(&sink->setup, slab->log)->envelope), from,
            end, &records, &record_bytes, error);
    if (result != CDR_OK)
        return result;
    char path[CDR_SPILL_PATH_MAX];
    path_of(sink, slab->log, state->number, path);
    struct iovec parts[] = {{buffer->bytes, buffer->n}, {(void *)(uintptr_t)records, record_bytes}};
    result = write_whole(state->fd, path, parts, 2, error);
    if (result != CDR_OK) {
        /* Where even that fails, reading finds the torn batch. */
        if (ftruncate(state->fd, (off_t)state->file_bytes) == 0)
            lseek(state->fd, (off_t)state->file_bytes, SEEK_SET);
        return result;
    }
    state->file_bytes += buffer->n + record_bytes;
    return CDR_OK;
}

static enum cdr_result spill_write(struct cdr_sink *base, unsigned worker, struct cdr_slab *slab,
                                   uint32_t end, uint32_t *taken, struct cdr_error *error)
{
    struct spill_sink *sink = (struct spill_sink *)base;
    struct spill_log *state = &sink->logs[slab->log];
    assert(*taken <= end && end <= slab->n);
    enum cdr_result result = cdr_failure_get(&sink->failure, error);
    if (result != CDR_OK || *taken == end)
        return result;
    assert(slab->position + *taken == state->next);
    result = write_batch(sink, &sink->buffers[worker], slab, *taken, end, error);
    if (result != CDR_OK)
        return cdr_failure_keep(&sink->failure, result, error);
    const struct cdr_encoder *encoder = cdr_sink_topic(&sink->setup, slab->log)->encoder;
    uint64_t records = end - *taken, bytes = cdr_payload_bytes(encoder, slab, *taken, end);
    cdr_counters_accept(sink->direct.counters, slab->log, records, bytes);
    sink->manifest.logs[slab->log].records += records;
    sink->manifest.logs[slab->log].bytes += bytes;
    state->next += records;
    state->unsynced += records;
    *taken = end;
    if (state->file_bytes > sink->segment_bytes)
        result = end_segment(sink, slab->log, error);
    return result == CDR_OK ? CDR_OK : cdr_failure_keep(&sink->failure, result, error);
}

static enum cdr_result spill_poll(struct cdr_sink *sink, int timeout_ms, struct cdr_error *error)
{
    (void)timeout_ms;
    return cdr_failure_get(&((struct spill_sink *)sink)->failure, error);
}

static enum cdr_result spill_flush(struct cdr_sink *base, int timeout_ms, struct cdr_error *error)
{
    (void)timeout_ms;
    struct spill_sink *sink = (struct spill_sink *)base;
    enum cdr_result result = cdr_failure_get(&sink->failure, error);
    for (uint32_t log = 0; result == CDR_OK && log < cdr_spill_logs(&sink->manifest); log++) {
        result = sync_segment(sink, log, error);
        if (result != CDR_OK)
            cdr_failure_keep(&sink->failure, result, error);
    }
    return result;
}

static void spill_free(struct spill_sink *sink)
{
    for (uint32_t log = 0; sink->logs != NULL && log < cdr_spill_logs(&sink->manifest); log++)
        if (sink->logs[log].fd >= 0)
            close(sink->logs[log].fd);
    for (unsigned worker = 0; sink->buffers != NULL && worker < sink->setup.workers; worker++)
        free(sink->buffers[worker].bytes);
    if (sink->dir_fd >= 0)
        close(sink->dir_fd);
    cdr_direct_free(&sink->direct);
    cdr_spill_manifest_free(&sink->manifest);
    cdr_failure_destroy(&sink->failure);
    free(sink->buffers);
    free(sink->logs);
    free(sink);
}

/* After a failure too, what could be synced is whole and is listed. */
static enum cdr_result spill_close(struct cdr_sink *base, bool complete, struct cdr_error *error)
{
    struct spill_sink *sink = (struct spill_sink *)base;
    enum cdr_result result = cdr_failure_get(&sink->failure, error);
    struct cdr_error later = {{0}};
    sink->manifest.closed = true;
    for (uint32_t log = 0; log < cdr_spill_logs(&sink->manifest); log++) {
        enum cdr_result synced = sync_segment(sink, log, &later);
        sink->manifest.closed &= synced == CDR_OK;
        if (result == CDR_OK && synced != CDR_OK)
            result = cdr_fail(error, synced, "%s", later.text);
    }
    sink->manifest.complete = complete && result == CDR_OK;
    enum cdr_result written =
        cdr_spill_manifest_write(&sink->manifest, sink->dir, sink->dir_fd, &later);
    if (result == CDR_OK && written != CDR_OK)
        result = cdr_fail(error, written, "%s", later.text);
    spill_free(sink);
    return result;
}

static const struct cdr_sink_ops spill_sink_ops = {
    .name = "spill",
    .description = "keeps records in files until they can be published",
    .take_slab = cdr_direct_take_slab,
    .write = spill_write,
    .give_slab = cdr_direct_give_slab,
    .poll = spill_poll,
    .flush = spill_flush,
    .progress = cdr_direct_progress,
    .close = spill_close,
};

/* --- opening --- */

static enum cdr_result allow_open_files(const struct spill_sink *sink, struct cdr_error *error)
{
    const struct cdr_spill_manifest *manifest = &sink->manifest;
    const uint64_t needed =
        manifest->topics->n * (manifest->partitions / manifest->shard_count + 1) + OTHER_FILES;
    const uint64_t allowed = cdr_allow_open_files(needed);
    if (allowed == 0)
        return CDR_OK;
    return cdr_fail(error, CDR_E_CONFIG,
                    "spilling %u partitions needs %llu open files and this process may have %llu: "
                    "raise the limit (ulimit -n)",
                    manifest->partitions, (unsigned long long)needed, (unsigned long long)allowed);
}

static enum cdr_result make_memory(struct spill_sink *sink, struct cdr_error *error)
{
    const struct cdr_sink_setup *setup = &sink->setup;
    uint32_t logs = cdr_spill_logs(&sink->manifest);
    sink->manifest.logs = calloc(logs, sizeof *sink->manifest.logs);
    sink->logs = calloc(logs, sizeof *sink->logs);
    sink->buffers = calloc(setup->workers, sizeof *sink->buffers);
    if (sink->manifest.logs == NULL || sink->logs == NULL || sink->buffers == NULL) {
        free(sink->logs);
        sink->logs = NULL;
        return cdr_fail(error, CDR_E_NOMEM, "no memory to spill %u logs", logs);
    }
    for (uint32_t log = 0; log < logs; log++)
        sink->logs[log].fd = -1;
    return cdr_direct_open(&sink->direct, &spill_sink_ops, setup, error);
}

static enum cdr_result set_up(struct spill_sink *sink, const struct cdr_spill_settings *settings,
                              struct cdr_error *error)
{
    const struct cdr_sink_setup *setup = &sink->setup;
    const struct cdr_encoder *encoder = setup->topics->items[0].encoder;
    struct cdr_spill_manifest *manifest = &sink->manifest;
    char path[CDR_SPILL_PATH_MAX];
    manifest->topics = setup->topics;
    manifest->partitions = setup->partitions;
    manifest->shard_index = setup->shard_index;
    manifest->shard_count = setup->shard_count > 0 ? setup->shard_count : 1;
    manifest->frame_len = encoder->frame_len;
    manifest->trailer_len = encoder->trailer_len;
    manifest->transactions = settings->transactions;
    manifest->put_settings = settings->put_settings;
    manifest->settings = settings->settings;
    snprintf(manifest->dataset_id, sizeof manifest->dataset_id, "%s", setup->dataset_id);
    snprintf(manifest->format, sizeof manifest->format, "%s", encoder->ops->name);
    for (uint32_t i = 0; i < setup->topics->n; i++)
        if (!cdr_spill_path(path, settings->dir, setup->topics->items[i].name, UINT32_MAX,
                            UINT32_MAX))
            return cdr_fail(error, CDR_E_CONFIG, "the path of the spill, %.60s…, is too long",
                            settings->dir);
    snprintf(sink->dir, sizeof sink->dir, "%s", settings->dir);
    sink->segment_bytes = settings->segment_bytes;
    enum cdr_result result = make_memory(sink, error);
    for (uint32_t log = 0; result == CDR_OK && log < cdr_spill_logs(manifest); log++) {
        manifest->logs[log].base = settings->bases[log];
        manifest->logs[log].first = sink->logs[log].next = settings->firsts[log];
    }
    return result == CDR_OK ? allow_open_files(sink, error) : result;
}

enum cdr_result cdr_spill_open(struct cdr_sink **opened, const struct cdr_spill_settings *settings,
                               const struct cdr_sink_setup *setup, struct cdr_error *error)
{
    struct spill_sink *sink = calloc(1, sizeof *sink);
    if (sink == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory to spill");
    sink->setup = *setup;
    sink->setup.workers = setup->workers > 0 ? setup->workers : 1;
    sink->dir_fd = -1;
    cdr_failure_init(&sink->failure);
    enum cdr_result result = set_up(sink, settings, error);
    if (result == CDR_OK)
        result = cdr_spill_check(settings->dir, error);
    if (result == CDR_OK)
        result = cdr_spill_lock(settings->dir, true, &sink->dir_fd, error);
    /* Another run may have spilled there, and ended, since. */
    if (result == CDR_OK)
        result = cdr_spill_check(settings->dir, error);
    /* Segments that a spill without its spill.json left are not ours to go on with. */
    if (result == CDR_OK)
        result = cdr_spill_manifest_write(&sink->manifest, sink->dir, sink->dir_fd, error);
    if (result != CDR_OK) {
        spill_free(sink);
        return result;
    }
    *opened = &sink->direct.base;
    return CDR_OK;
}
