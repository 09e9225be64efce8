/* The file sink. Each log is a row of parts (part.h) in a folder (folder.h); a manifest lists them;
 * a run may go on after what an earlier one left (resume.h).
 *
 * DESIGN: where a part ends depends on the log alone: at the first record with which the part's
 * records, newlines included, reach rotate_bytes, and before the first record of another day or of
 * another version of the schema, where that changes (encode/change.h). Slabs are split there. So
 * the files are the same bytes for any number of workers, any shard split, any pacing.
 *
 * Threads: a log belongs to the one thread that writes it at the moment, so logs have no locks.
 * Shared are the counters (atomic) and the first failure (base/failure.h). After a failure every
 * write fails with the same words: a full disk ends the run.
 *
 * Durable are the records of finished parts: synced and renamed. A flush therefore finishes all
 * open parts; more records of a log then start a new part. Names are synced per folder at a flush,
 * which is before the manifest lists them. At the end each part must be what it was when it was
 * finished, or was found; else the run fails. */
#include "base/clock.h"
#include "base/failure.h"
#include "base/files.h"
#include "encode/change.h"
#include "sink/direct.h"
#include "sink/file/check.h"
#include "sink/file/journal.h"
#include "sink/file/manifest.h"
#include "sink/file/resume.h"
#include "sink/sink_table.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Files that the rest of the process may have open beside the parts. */
#define OTHER_FILES 64u
#define NOTES_MAX 2u

struct file_log {
    uint32_t index;        /* the log's number */
    struct cdr_part *part; /* NULL until the log's first record */
    uint32_t version;      /* of part */
    bool open;
    bool started;           /* had a record */
    uint64_t first_record;  /* position of the log's first record */
    uint64_t next_position; /* that the next record must have */
    /* Of the open part: */
    struct cdr_manifest_part now;
    uint64_t raw_bytes; /* records with newlines: what rotation counts */
    /* Finished parts: */
    struct cdr_manifest_part *parts;
    uint32_t part_count, part_room;
    uint32_t synced_parts; /* whose names are on the disk */
};

struct file_sink {
    struct cdr_direct_sink direct;
    struct cdr_sink_setup setup;
    struct cdr_file_folder folder;
    char extension[32];
    enum cdr_compression compression;
    uint64_t rotate_bytes;
    /* Of each version of a topic's schema; the second one's encoder is NULL where parts of both
     * would begin alike, so that there is no need to tell them apart. */
    struct cdr_part_format *formats[CDR_VERSIONS]; /* per topic */
    struct cdr_manifest_topic *manifest_topics;
    int64_t change_ms; /* 0: no topic's parts change */
    struct cdr_file_journal journal;
    struct file_log *logs;
    struct cdr_part_scratch *scratches; /* one a worker */
    bool resumed;                       /* there was something to go on after */
    bool whole;                         /* and nothing is missing */
    struct cdr_error notes[NOTES_MAX];
    unsigned note_count;
    struct cdr_failure failure;
};

static uint32_t log_count(const struct file_sink *sink)
{
    return sink->setup.topics->n * sink->setup.partitions;
}

static void file_free(struct file_sink *sink)
{
    for (uint32_t log = 0; sink->logs != NULL && log < log_count(sink); log++) {
        cdr_part_destroy(sink->logs[log].part);
        free(sink->logs[log].parts);
    }
    for (unsigned worker = 0; sink->scratches != NULL && worker < sink->setup.workers; worker++)
        cdr_part_scratch_free(&sink->scratches[worker]);
    for (unsigned version = 0; version < CDR_VERSIONS; version++) {
        struct cdr_part_format *formats = sink->formats[version];
        for (unsigned topic = 0; formats != NULL && topic < sink->setup.topics->n; topic++)
            cdr_container_destroy(formats[topic].container);
        free(formats);
    }
    cdr_file_journal_close(&sink->journal);
    cdr_direct_free(&sink->direct);
    cdr_file_folder_unlock(&sink->folder, CDR_FILE_FOLDER_WRITTEN);
    cdr_failure_destroy(&sink->failure);
    free(sink->scratches);
    free(sink->manifest_topics);
    free(sink->logs);
    free(sink);
}

/* A file per log is open at once. */
static enum cdr_result allow_open_files(const struct file_sink *sink, struct cdr_error *error)
{
    const struct cdr_sink_setup *setup = &sink->setup;
    const uint64_t needed =
        setup->topics->n * (setup->partitions / setup->shard_count + 1) + OTHER_FILES;
    const uint64_t allowed = cdr_allow_open_files(needed);
    if (allowed == 0)
        return CDR_OK;
    return cdr_fail(
        error, CDR_E_CONFIG,
        "--partitions %u needs %llu open files and this process may have %llu: raise the limit "
        "(ulimit -n), or give fewer partitions or more shards",
        setup->partitions, (unsigned long long)needed, (unsigned long long)allowed);
}

static enum cdr_result set_up_format(struct file_sink *sink, unsigned topic, unsigned version,
                                     const struct cdr_encoder *encoder, struct cdr_error *error)
{
    const struct cdr_sink_setup *setup = &sink->setup;
    struct cdr_part_format *format = &sink->formats[version][topic];
    *format = (struct cdr_part_format){.compression = sink->compression, .encoder = encoder};
    if ((encoder->ops->traits & CDR_FORMAT_CONTAINER) == 0)
        return CDR_OK;
    return cdr_container_create(&format->container,
                                cdr_topic_schema(&setup->topics->items[topic], version), version,
                                sink->compression, setup->dataset_id, error);
}

static bool begins_alike(const struct cdr_encoder *a, const struct cdr_encoder *b)
{
    return (a->ops->traits & CDR_FORMAT_CONTAINER) == 0 &&
           strcmp(a->ops->file_header(a), b->ops->file_header(b)) == 0;
}

static enum cdr_result set_up_formats(struct file_sink *sink, struct cdr_error *error)
{
    const struct cdr_sink_setup *setup = &sink->setup;
    const struct cdr_topics *topics = setup->topics;
    const struct cdr_encoder_ops *ops = topics->items[0].encoder->ops;
    const bool container = (ops->traits & CDR_FORMAT_CONTAINER) != 0;
    enum cdr_result result = CDR_OK;
    snprintf(sink->extension, sizeof sink->extension, "%s%s", ops->file_extension,
             container ? "" : cdr_compression_suffix[sink->compression]);
    sink->manifest_topics = calloc(topics->n, sizeof *sink->manifest_topics);
    for (unsigned version = 0; version < CDR_VERSIONS; version++)
        sink->formats[version] = calloc(topics->n, sizeof *sink->formats[version]);
    if (sink->manifest_topics == NULL || sink->formats[0] == NULL || sink->formats[1] == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for %u topics", topics->n);
    for (unsigned topic = 0; topic < topics->n && result == CDR_OK; topic++) {
        const struct cdr_layout *layouts = topics->items[topic].layouts;
        struct cdr_manifest_topic *entry = &sink->manifest_topics[topic];
        const struct cdr_encoder *encoder = topics->items[topic].encoder,
                                 *first = cdr_change_version(encoder, 0),
                                 *next = cdr_change_version(encoder, 1);
        cdr_manifest_layout(entry->layouts[0], &layouts[0], 0);
        if (next != NULL)
            cdr_manifest_layout(entry->layouts[1], &layouts[1], cdr_change_ms(encoder));
        result = set_up_format(sink, topic, 0, first, error);
        if (result == CDR_OK && next != NULL && !begins_alike(first, next)) {
            result = set_up_format(sink, topic, 1, next, error);
            sink->change_ms = cdr_change_ms(encoder);
            entry->changes = true;
        }
    }
    return result;
}

static enum cdr_result set_up_memory(struct file_sink *sink, struct cdr_error *error)
{
    const struct cdr_sink_setup *setup = &sink->setup;
    sink->logs = calloc(log_count(sink), sizeof *sink->logs);
    sink->scratches = calloc(setup->workers, sizeof *sink->scratches);
    if (sink->logs == NULL || sink->scratches == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for the logs of %u partitions",
                        setup->partitions);
    for (uint32_t index = 0; index < log_count(sink); index++)
        sink->logs[index].index = index;
    return cdr_direct_open(&sink->direct, &cdr_file_sink_ops, setup, error);
}

static enum cdr_result set_up(struct file_sink *sink, const struct cdr_sink_settings *settings,
                              struct cdr_error *error)
{
    struct cdr_file_folder *folder = &sink->folder;
    const char *compress = settings->compress != NULL ? settings->compress : "none";
    if (settings->rotate_bytes == 0)
        return cdr_fail(error, CDR_E_CONFIG, "--rotate-bytes 0 is not allowed: at least 1");
    sink->rotate_bytes = settings->rotate_bytes;
    enum cdr_result result = cdr_compression_find(compress, &sink->compression, error);
    if (result == CDR_OK)
        result = cdr_file_folder_set_out(folder, settings->out, error);
    if (result == CDR_OK)
        result = set_up_formats(sink, error);
    if (result == CDR_OK)
        result = allow_open_files(sink, error);
    if (result == CDR_OK)
        result = set_up_memory(sink, error);
    folder->topics = sink->setup.topics;
    folder->extension = sink->extension;
    folder->dataset_id = sink->setup.dataset_id;
    folder->shard_index = sink->setup.shard_index;
    folder->shard_count = sink->setup.shard_count;
    if (result == CDR_OK && settings->resume && settings->overwrite)
        result = cdr_fail(error, CDR_E_CONFIG,
                          "--resume and --overwrite exclude each other: go on with what is there, "
                          "or replace it");
    return result;
}

/* Gives up the log's open part. */
static enum cdr_result fail_log(struct file_sink *sink, struct file_log *log, enum cdr_result code,
                                const struct cdr_error *cause, struct cdr_error *error)
{
    struct cdr_error whole;
    bool removed = log->part == NULL || cdr_part_discard(log->part);
    log->open = false;
    cdr_file_folder_remove_day(&sink->folder, log->index / sink->setup.partitions, log->now.day);
    cdr_fail(&whole, code, "%.800s; finished parts stay, this torn one %s; go on with --resume",
             cause->text, removed ? "was removed" : "could not be removed");
    cdr_failure_keep(&sink->failure, code, &whole);
    return cdr_failure_get(&sink->failure, error);
}

static enum cdr_result reserve_part(struct file_log *log, struct cdr_error *error)
{
    if (log->part_count < log->part_room)
        return CDR_OK;
    uint32_t room = log->part_room == 0 ? 4 : 2 * log->part_room;
    struct cdr_manifest_part *parts = realloc(log->parts, room * sizeof *parts);
    if (parts == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for the list of %u parts", room);
    log->parts = parts;
    log->part_room = room;
    return CDR_OK;
}

/* A part object is for one format: the next version takes another. */
static enum cdr_result prepare_part(struct file_sink *sink, struct file_log *log, uint32_t version,
                                    struct cdr_error *error)
{
    if (log->part != NULL && log->version == version)
        return CDR_OK;
    cdr_part_destroy(log->part);
    log->part = NULL;
    log->version = version;
    return cdr_part_create(&log->part, &sink->formats[version][log->index / sink->setup.partitions],
                           error);
}

static enum cdr_result open_part(struct file_sink *sink, struct file_log *log, int32_t day,
                                 uint32_t version, struct cdr_error *error)
{
    char path[CDR_FILE_PATH_MAX];
    unsigned topic = log->index / sink->setup.partitions;
    uint32_t partition = log->index % sink->setup.partitions;
    memset(&log->now, 0, sizeof log->now);
    log->now.day = day;
    log->now.version = version;
    log->raw_bytes = 0;
    enum cdr_result result = reserve_part(log, error);
    if (result == CDR_OK)
        result = prepare_part(sink, log, version, error);
    if (result != CDR_OK)
        return result;
    result = cdr_file_folder_is_ours(&sink->folder, error);
    if (result != CDR_OK)
        return result;
    cdr_file_part_path(path, &sink->folder, topic, day, partition, log->part_count, true);
    bool missing_folder = false;
    result = cdr_part_open(log->part, path, &missing_folder, error);
    /* The day's folder is made by the first log that needs it; another shard that clears an earlier
     * dataset away may remove it while it is empty. */
    for (unsigned attempt = 0; missing_folder && attempt < 8; attempt++) {
        result = cdr_file_folder_make_day(&sink->folder, topic, day, error);
        if (result != CDR_OK)
            return result;
        result = cdr_part_open(log->part, path, &missing_folder, error);
    }
    log->open = result == CDR_OK;
    return result;
}

static enum cdr_result finish_part(struct file_sink *sink, struct file_log *log, unsigned worker,
                                   struct cdr_error *error)
{
    char path[CDR_FILE_PATH_MAX];
    unsigned topic = log->index / sink->setup.partitions;
    cdr_file_part_path(path, &sink->folder, topic, log->now.day,
                       log->index % sink->setup.partitions, log->part_count, false);
    enum cdr_result result =
        cdr_part_finish(log->part, &sink->scratches[worker], path, &log->now.file, error);
    if (result != CDR_OK)
        return result;
    log->open = false;
    const struct cdr_file_find find = {.topic = topic,
                                       .partition = log->index % sink->setup.partitions,
                                       .number = log->part_count,
                                       .day = log->now.day};
    cdr_file_journal_add(&sink->journal, &find, &log->now.file);
    log->parts[log->part_count++] = log->now;
    cdr_counters_make_durable(sink->direct.counters, log->index, log->now.records);
    return CDR_OK;
}

/* One past the record of slab, from from on, with which the open part reaches rotate_bytes; end if
 * none does. */
static uint32_t part_end(const struct file_sink *sink, const struct file_log *log,
                         const struct cdr_slab *slab, uint32_t from, uint32_t end)
{
    uint64_t start = from == 0 ? 0 : slab->ends[from - 1];
    uint64_t missing = sink->rotate_bytes - log->raw_bytes;
    if (slab->ends[end - 1] - start < missing)
        return end;
    uint32_t below = from, reached = end - 1; /* the answer's record is in [below, reached] */
    while (below < reached) {
        uint32_t middle = below + (reached - below) / 2;
        if (slab->ends[middle] - start >= missing)
            reached = middle;
        else
            below = middle + 1;
    }
    return reached + 1;
}

/* As many records as the open part takes; opens and finishes parts where one is due. */
static enum cdr_result write_some(struct file_sink *sink, struct file_log *log, unsigned worker,
                                  const struct cdr_slab *slab, uint32_t end, uint32_t *taken,
                                  struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    uint32_t from = *taken, version = 0;
    if (sink->manifest_topics[log->index / sink->setup.partitions].changes) {
        version = slab->event_ms[from] >= sink->change_ms;
        end = from + cdr_change_run(slab->event_ms + from, end - from, sink->change_ms);
    }
    if (log->open && (log->now.day != slab->day || log->now.version != version))
        result = finish_part(sink, log, worker, error);
    if (result == CDR_OK && !log->open)
        result = open_part(sink, log, slab->day, version, error);
    if (result != CDR_OK)
        return result;
    uint32_t to = part_end(sink, log, slab, from, end);
    result = cdr_part_append(log->part, &sink->scratches[worker], slab, from, to, error);
    if (result != CDR_OK)
        return result;
    const struct cdr_encoder *encoder = cdr_sink_topic(&sink->setup, slab->log)->encoder;
    uint64_t bytes = cdr_payload_bytes(encoder, slab, from, to);
    cdr_counters_accept(sink->direct.counters, slab->log, to - from, bytes);
    log->now.records += to - from;
    log->now.bytes += bytes;
    log->raw_bytes += slab->ends[to - 1] - (from == 0 ? 0 : slab->ends[from - 1]);
    log->next_position += to - from;
    *taken = to;
    return log->raw_bytes >= sink->rotate_bytes ? finish_part(sink, log, worker, error) : CDR_OK;
}

static enum cdr_result file_write(struct cdr_sink *sink, unsigned worker, struct cdr_slab *slab,
                                  uint32_t end, uint32_t *taken, struct cdr_error *error)
{
    struct file_sink *file = (struct file_sink *)sink;
    struct file_log *log = &file->logs[slab->log];
    assert(*taken <= end && end <= slab->n && worker < file->setup.workers);
    assert(slab->log < log_count(file));
    enum cdr_result result = cdr_failure_get(&file->failure, error);
    if (result != CDR_OK)
        return result;
    if (!log->started && *taken < end) {
        log->started = true;
        log->first_record = slab->position + *taken;
        log->next_position = log->first_record;
    }
    assert(*taken == end || log->next_position == slab->position + *taken);
    while (*taken < end) {
        struct cdr_error cause = {0};
        result = write_some(file, log, worker, slab, end, taken, &cause);
        if (result != CDR_OK)
            return fail_log(file, log, result, &cause, error);
    }
    return CDR_OK;
}

static enum cdr_result file_poll(struct cdr_sink *sink, int timeout_ms, struct cdr_error *error)
{
    (void)timeout_ms;
    return cdr_failure_get(&((struct file_sink *)sink)->failure, error);
}

static int64_t monotonic_ms(void)
{
    return cdr_monotonic_ns() / 1000000;
}

static int compare_days(const void *a, const void *b)
{
    int32_t left = *(const int32_t *)a, right = *(const int32_t *)b;
    return left < right ? -1 : left > right;
}

/* Syncs the folders of a topic's days in which names are new. */
static enum cdr_result sync_days(struct file_sink *sink, unsigned topic, struct cdr_error *error)
{
    struct file_log *logs = &sink->logs[topic * sink->setup.partitions];
    size_t count = 0, used = 0;
    for (uint32_t i = 0; i < sink->setup.partitions; i++)
        count += logs[i].part_count - logs[i].synced_parts;
    if (count == 0)
        return CDR_OK;
    int32_t *days = malloc(count * sizeof *days);
    if (days == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for the days of %zu parts", count);
    for (uint32_t i = 0; i < sink->setup.partitions; i++)
        for (uint32_t part = logs[i].synced_parts; part < logs[i].part_count; part++)
            days[used++] = logs[i].parts[part].day;
    qsort(days, count, sizeof *days, compare_days);
    enum cdr_result result = CDR_OK;
    for (size_t i = 0; i < count && result == CDR_OK; i++)
        if (i == 0 || days[i] != days[i - 1])
            result = cdr_file_folder_sync_day(&sink->folder, topic, days[i], error);
    free(days);
    for (uint32_t i = 0; i < sink->setup.partitions && result == CDR_OK; i++)
        logs[i].synced_parts = logs[i].part_count;
    return result;
}

static enum cdr_result sync_folders(struct file_sink *sink, struct cdr_error *error)
{
    struct cdr_error cause = {0};
    enum cdr_result result = CDR_OK;
    for (unsigned topic = 0; topic < sink->setup.topics->n && result == CDR_OK; topic++)
        result = sync_days(sink, topic, &cause);
    if (result == CDR_OK)
        result = cdr_file_folder_sync(&sink->folder, &cause);
    if (result != CDR_OK)
        cdr_failure_keep(&sink->failure, result, &cause);
    return cdr_failure_get(&sink->failure, error);
}

/* Finishes open parts until none is left or the time is over; goes on to the next log after a
 * failure, so that as much as possible is kept. */
static enum cdr_result finish_parts(struct file_sink *sink, int64_t deadline_ms,
                                    struct cdr_error *error)
{
    enum cdr_result first = CDR_OK;
    for (uint32_t index = 0; index < log_count(sink); index++) {
        struct file_log *log = &sink->logs[index];
        struct cdr_error cause = {0};
        if (!log->open)
            continue;
        if (deadline_ms >= 0 && monotonic_ms() >= deadline_ms)
            return first != CDR_OK ? first : CDR_E_AGAIN;
        enum cdr_result result = finish_part(sink, log, 0, &cause);
        if (result != CDR_OK) {
            result = fail_log(sink, log, result, &cause, first == CDR_OK ? error : NULL);
            first = first != CDR_OK ? first : result;
        }
    }
    return first;
}

static enum cdr_result file_flush(struct cdr_sink *sink, int timeout_ms, struct cdr_error *error)
{
    struct file_sink *file = (struct file_sink *)sink;
    enum cdr_result result = cdr_failure_get(&file->failure, error);
    if (result == CDR_OK)
        result = finish_parts(file, timeout_ms < 0 ? -1 : monotonic_ms() + timeout_ms, error);
    return result == CDR_OK ? sync_folders(file, error) : result;
}

static void log_of_manifest(const void *context, uint32_t log, struct cdr_manifest_log *out)
{
    const struct file_log *from = &((const struct file_log *)context)[log];
    out->first_record = from->first_record;
    out->parts = from->parts;
    out->part_count = from->part_count;
}

static struct cdr_manifest manifest_of(const struct file_sink *sink, bool complete)
{
    struct cdr_manifest manifest = {
        .folder = &sink->folder,
        .format = sink->setup.topics->items[0].encoder->ops->name,
        .compress = cdr_compression_name[sink->compression],
        .rotate_bytes = sink->rotate_bytes,
        .partitions = sink->setup.partitions,
        .days = sink->setup.days,
        .complete = complete,
        .change_ms = sink->change_ms,
        .topics = sink->manifest_topics,
        .log = log_of_manifest,
        .context = sink->logs,
    };
    return manifest;
}

/* Remove everything: the run found nothing and wrote nothing. */
static void remove_all(struct file_sink *sink)
{
    char path[CDR_FILE_PATH_MAX];
    if (cdr_file_folder_is_ours(&sink->folder, NULL) != CDR_OK)
        return;
    cdr_file_manifest_path(path, &sink->folder, false);
    unlink(path);
    cdr_file_journal_remove(&sink->folder);
    cdr_file_folder_unlock(&sink->folder, CDR_FILE_FOLDER_EMPTY);
}

/* So that the folder says what it is before there is anything in it. Then other shards may look. */
static enum cdr_result write_first_manifest(struct file_sink *sink, struct cdr_error *error)
{
    const struct cdr_manifest manifest = manifest_of(sink, false);
    enum cdr_result result = cdr_manifest_write(&manifest, error);
    if (result != CDR_OK && !sink->resumed)
        remove_all(sink);
    if (result == CDR_OK) {
        cdr_file_journal_begin(&sink->journal, &sink->folder);
        cdr_file_lock_opened(&sink->folder.lock);
    }
    return result;
}

/* The lists become the logs'. */
static void take_in(struct file_sink *sink, struct cdr_resume *resume)
{
    for (uint32_t index = 0; index < resume->log_count; index++) {
        struct file_log *log = &sink->logs[index];
        log->parts = resume->logs[index].parts;
        log->part_count = resume->logs[index].count;
        log->part_room = log->part_count;
        resume->logs[index].parts = NULL;
        for (uint32_t part = 0; part < log->part_count; part++)
            log->next_position += log->parts[part].records;
        log->started = log->part_count > 0;
    }
    sink->resumed = resume->found;
    sink->whole = resume->whole;
}

static void write_notes(struct file_sink *sink, const struct cdr_resume *resume)
{
    struct cdr_error *note = sink->notes;
    const char *out = sink->folder.out;
    if (resume->damage.text[0] != '\0')
        cdr_fail(note++, CDR_OK, "%.800s; it and what follows it in its log is written again",
                 resume->damage.text);
    if (!resume->found)
        cdr_fail(note++, CDR_OK, "%.500s holds no dataset yet: beginning with the first record",
                 out);
    else if (resume->whole)
        cdr_fail(note++, CDR_OK,
                 "%.500s holds the whole dataset already, %" PRIu64 " parts with %" PRIu64
                 " records, all as the manifest says: nothing to do",
                 out, resume->parts, resume->records);
    else
        cdr_fail(note++, CDR_OK,
                 "going on in %.500s after %" PRIu64 " parts with %" PRIu64 " records (%" PRIu64
                 " as the manifest says, %" PRIu64 " read through); %" PRIu64
                 " that ended early and %" PRIu64 " torn ones are written again",
                 out, resume->parts, resume->records, resume->listed,
                 resume->parts - resume->listed, resume->again, resume->torn);
    sink->note_count = (unsigned)(note - sink->notes);
}

/* What is there: whether it is in the way, or, with --resume, what of it stays. Changes nothing. */
static enum cdr_result look(struct file_sink *sink, const struct cdr_sink_settings *settings,
                            bool glance, struct cdr_resume *resume, struct cdr_error *error)
{
    if (!settings->resume)
        return cdr_file_scan_check(&sink->folder, settings->overwrite, error);
    const struct cdr_manifest manifest = manifest_of(sink, false);
    const struct cdr_resume_request request = {.manifest = &manifest,
                                               .formats = sink->formats[0],
                                               .next_formats = sink->formats[1],
                                               .first_day = sink->setup.first_day,
                                               .workers = sink->setup.workers,
                                               .glance = glance};
    cdr_resume_free(resume);
    return cdr_resume_find(resume, &request, error);
}

/* Locks the folder, then looks. Where there is no lock file nobody is writing, and we look
 * before we make one, so that a run that is refused, or has nothing to do, changes nothing at
 * all. */
static enum cdr_result lock_and_look(struct file_sink *sink,
                                     const struct cdr_sink_settings *settings,
                                     struct cdr_resume *resume, struct cdr_error *error)
{
    char path[CDR_FILE_PATH_MAX];
    bool exists = false;
    struct cdr_file_folder *folder = &sink->folder;
    enum cdr_result result = cdr_file_folder_check(folder, &exists, error);
    if (result != CDR_OK)
        return result;
    if (exists && !cdr_file_folder_has_lock(folder)) {
        result = look(sink, settings, true, resume, error);
        /* Where a lock has come up meanwhile, what we saw may have been half done. */
        if ((result != CDR_OK || resume->whole) && !cdr_file_folder_has_lock(folder))
            return result;
    }
    result = cdr_file_folder_lock(folder, error);
    if (result != CDR_OK)
        return result;
    /* Other shards see whose the folder is already: they need not wait while we read the parts. */
    cdr_file_manifest_path(path, folder, false);
    if (settings->resume && access(path, F_OK) == 0)
        cdr_file_lock_opened(&folder->lock);
    return look(sink, settings, false, resume, error);
}

/* Goes on after what stays: so that at any moment the manifest on the disk lists only what is
 * there to stay, writes one that lists it, and only then removes what goes. */
static enum cdr_result resume_folder(struct file_sink *sink, struct cdr_resume *resume,
                                     struct cdr_error *error)
{
    write_notes(sink, resume);
    take_in(sink, resume);
    if (sink->whole)
        return CDR_OK;
    enum cdr_result result = cdr_file_folder_make(&sink->folder, error);
    if (result == CDR_OK)
        result = sync_folders(sink, error);
    if (result == CDR_OK)
        result = write_first_manifest(sink, error);
    return result == CDR_OK ? cdr_resume_remove(resume, &sink->folder, error) : result;
}

static enum cdr_result begin_folder(struct file_sink *sink, bool overwrite, struct cdr_error *error)
{
    enum cdr_result result = cdr_file_folder_make(&sink->folder, error);
    if (result == CDR_OK && overwrite)
        result = cdr_file_scan_remove(&sink->folder, error);
    return result == CDR_OK ? write_first_manifest(sink, error) : result;
}

static enum cdr_result open_folder(struct file_sink *sink, const struct cdr_sink_settings *settings,
                                   struct cdr_error *error)
{
    struct cdr_resume resume = {0};
    const struct cdr_manifest manifest = manifest_of(sink, false);
    cdr_manifest_written_as(sink->folder.written_as, &manifest);
    enum cdr_result result = lock_and_look(sink, settings, &resume, error);
    if (result == CDR_OK && settings->resume)
        result = resume_folder(sink, &resume, error);
    else if (result == CDR_OK)
        result = begin_folder(sink, settings->overwrite, error);
    if (result != CDR_OK && sink->folder.lock.fd >= 0)
        cdr_file_folder_unlock(&sink->folder, CDR_FILE_FOLDER_REFUSED);
    cdr_resume_free(&resume);
    return result;
}

static enum cdr_result file_open(struct cdr_sink **sink, const struct cdr_sink_settings *settings,
                                 const struct cdr_sink_setup *setup, struct cdr_error *error)
{
    struct file_sink *file = calloc(1, sizeof *file);
    if (file == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for the file sink");
    file->setup = *setup;
    file->folder.lock.fd = -1;
    file->journal.fd = -1;
    if (file->setup.workers == 0)
        file->setup.workers = 1;
    if (file->setup.shard_count == 0)
        file->setup.shard_count = 1;
    cdr_failure_init(&file->failure);
    enum cdr_result result = set_up(file, settings, error);
    if (result == CDR_OK)
        result = open_folder(file, settings, error);
    if (result != CDR_OK) {
        file_free(file);
        return result;
    }
    *sink = &file->direct.base;
    return CDR_OK;
}

static void file_starts(const struct cdr_sink *sink, uint64_t *starts)
{
    const struct file_sink *file = (const struct file_sink *)sink;
    for (uint32_t log = 0; log < log_count(file); log++)
        starts[log] = file->logs[log].next_position;
}

static bool file_holds_all(const struct cdr_sink *sink)
{
    return ((const struct file_sink *)sink)->whole;
}

static const char *file_note(const struct cdr_sink *sink, size_t i)
{
    const struct file_sink *file = (const struct file_sink *)sink;
    return i < file->note_count ? file->notes[i].text : NULL;
}

static bool has_parts(const struct file_sink *sink)
{
    for (uint32_t log = 0; log < log_count(sink); log++)
        if (sink->logs[log].part_count > 0)
            return true;
    return false;
}

/* The file holds what the run wrote to it, or found in it. What only looks changed, such as a file
 * that was given a second name, is read. */
static bool is_unchanged(const struct file_sink *sink, const char *path,
                         const struct cdr_part_result *file)
{
    struct cdr_part_checker *checker = NULL;
    struct cdr_part_result now = {0};
    if (cdr_part_is_sealed(&file->seal, path))
        return true;
    const bool read = cdr_part_checker_create(&checker, sink->formats[0], NULL) == CDR_OK &&
                      cdr_part_measure(checker, path, &now, NULL) == CDR_OK;
    cdr_part_checker_destroy(checker);
    return read && now.file_bytes == file->file_bytes &&
           memcmp(now.checksum, file->checksum, sizeof now.checksum) == 0;
}

/* Parts that other programs have changed since, and what follows them in their logs, leave the
 * lists: a resume writes them again. */
static enum cdr_result check_parts(struct file_sink *sink, struct cdr_error *error)
{
    char path[CDR_FILE_PATH_MAX], first[CDR_FILE_PATH_MAX];
    uint32_t changed = 0;
    for (uint32_t index = 0; index < log_count(sink); index++) {
        struct file_log *log = &sink->logs[index];
        for (uint32_t number = 0; number < log->part_count; number++) {
            cdr_file_part_path(path, &sink->folder, index / sink->setup.partitions,
                               log->parts[number].day, index % sink->setup.partitions, number,
                               false);
            if (is_unchanged(sink, path, &log->parts[number].file))
                continue;
            if (changed++ == 0)
                snprintf(first, sizeof first, "%s", path);
            log->part_count = number;
        }
    }
    if (changed == 0)
        return CDR_OK;
    return cdr_fail(error, CDR_E_IO,
                    "%.500s was changed or removed by another program after it was finished (%u "
                    "log%s such a part); --resume writes them and what follows them again",
                    first, changed, changed == 1 ? " has" : "s have");
}

static enum cdr_result file_close(struct cdr_sink *sink, bool complete, struct cdr_error *error)
{
    struct file_sink *file = (struct file_sink *)sink;
    if (finish_parts(file, -1, NULL) == CDR_OK && !file->whole)
        sync_folders(file, NULL);
    enum cdr_result result = cdr_failure_get(&file->failure, error);
    const bool holds = has_parts(file) || file->resumed;
    const enum cdr_result checked =
        file->whole ? CDR_OK : check_parts(file, result == CDR_OK ? error : NULL);
    result = result == CDR_OK ? checked : result;
    if ((complete && result == CDR_OK) || holds) {
        /* After a failure the manifest is worth a try, but the failure stays what is reported. */
        struct cdr_error *of_manifest = result == CDR_OK ? error : NULL;
        const struct cdr_manifest manifest = manifest_of(file, complete && result == CDR_OK);
        enum cdr_result written = file->whole ? CDR_OK : cdr_manifest_write(&manifest, of_manifest);
        if (written == CDR_OK) /* of a whole dataset, one may be left by a run that died then */
            cdr_file_journal_remove(&file->folder);
        result = result == CDR_OK ? written : result;
    } else {
        remove_all(file);
    }
    file_free(file);
    return result;
}

const struct cdr_sink_ops cdr_file_sink_ops = {
    .name = "file",
    .traits = CDR_SINK_FOLDER,
    .description = "writes parts and a manifest to a folder (--out)",
    .open = file_open,
    .starts = file_starts,
    .holds_all = file_holds_all,
    .note = file_note,
    .take_slab = cdr_direct_take_slab,
    .write = file_write,
    .give_slab = cdr_direct_give_slab,
    .poll = file_poll,
    .flush = file_flush,
    .progress = cdr_direct_progress,
    .close = file_close,
};
