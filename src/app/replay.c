/* replay: what a run has spilled goes into the topics.
 *
 * Each log's end in its topic says what is there already: a batch of the run's that landed after
 * all, or what an earlier replay published before it was killed. The last of those records are read
 * back and compared; then the rest is handed over, and the topic must end where the spill does. So
 * a replay can be run as often as it takes.
 */
#include "app/app.h"

#include "app/notes.h"
#include "app/progress.h"
#include "app/say.h"
#include "app/stop.h"
#include "base/clock.h"
#include "base/token.h"
#include "encode/encoder.h"
#include "kafka/reader.h"
#include "pipeline/handover.h"
#include "sink/kafka/kafka.h"
#include "sink/spill/spill.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if CDR_KAFKA

enum {
    COMPARED_MAX = 1000, /* records of each log */
    SLAB_BYTES = 256 << 10,
    SLAB_RECORDS = 4096,
    DRAIN_TIMEOUT_MS = 30000
};

struct replay {
    const struct cdr_settings *settings;
    struct cdr_sink_settings destination;
    struct cdr_spill *spill;
    const struct cdr_spill_manifest *manifest;
    struct cdr_sink *sink;
    char token[CDR_TOKEN_LEN + 1]; /* of this process, for the sink */
    uint32_t logs;
    uint64_t *starts; /* per log: what its topic lacks first */
    struct cdr_log_progress *progress;
    const atomic_int *stop;
    uint64_t records, there, published; /* spilled; of them in the topics before; and by us */
    int64_t told_ns;                    /* progress was shown */
};

static const char *topic_of(const struct replay *replay, uint32_t log)
{
    return replay->manifest->topics->items[log / replay->manifest->partitions].name;
}

/* --- beginning --- */

static enum cdr_result open_spill(struct replay *replay, struct cdr_error *error)
{
    enum cdr_result result =
        cdr_spill_read_open(&replay->spill, replay->settings->argument_dir, error);
    if (result != CDR_OK)
        return result == CDR_E_IO ? CDR_E_STATE : result; /* nothing was published */
    replay->manifest = cdr_spill_manifest_of(replay->spill);
    replay->logs = cdr_spill_logs(replay->manifest);
    replay->starts = calloc(replay->logs, sizeof *replay->starts);
    replay->progress = calloc(replay->logs, sizeof *replay->progress);
    if (replay->starts == NULL || replay->progress == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    for (uint32_t log = 0; log < replay->logs; log++)
        replay->records += replay->manifest->logs[log].records;
    char records[32];
    if (!replay->settings->quiet)
        cdr_say(stderr, "cdrgen: %s holds %s records of dataset %s%s\n",
                replay->settings->argument_dir, cdr_with_commas(replay->records, records),
                replay->manifest->dataset_id,
                replay->manifest->published ? ", published before" : "");
    const uint64_t torn = cdr_spill_torn_bytes(replay->spill);
    if (!replay->manifest->closed && torn > 0)
        fprintf(stderr,
                "cdrgen: warning: the run that spilled did not end in an orderly way; its last "
                "%" PRIu64 " bytes are torn and left out\n",
                torn);
    else if (!replay->manifest->closed)
        fputs("cdrgen: warning: the run that spilled did not end in an orderly way; its files end "
              "with whole records\n",
              stderr);
    return CDR_OK;
}

/* The sink asks encoders for what is around a record; the records are encoded already. */
static enum cdr_result create_encoders(struct replay *replay, struct cdr_error *error)
{
    const struct cdr_spill_manifest *manifest = replay->manifest;
    if (cdr_encoder_find(manifest->format) == NULL)
        return cdr_fail(error, CDR_E_STATE, "%s: format \"%s\" is not one of this cdrgen",
                        replay->settings->argument_dir, manifest->format);
    struct cdr_topics topics = manifest->found;
    enum cdr_result result = cdr_topics_create_encoders(&topics, manifest->format, "UTC",
                                                        manifest->frame_len > 0, error);
    for (uint32_t i = 0; result == CDR_OK && i < topics.n; i++)
        if (topics.items[i].encoder->frame_len != manifest->frame_len ||
            topics.items[i].encoder->trailer_len != manifest->trailer_len)
            return cdr_fail(error, CDR_E_STATE,
                            "%s: its records have other frames than those of this cdrgen",
                            replay->settings->argument_dir);
    return result;
}

/* Opens the topics; brokers that do not answer are waited for. */
static enum cdr_result open_topics(struct replay *replay, struct cdr_error *error)
{
    const struct cdr_spill_manifest *manifest = replay->manifest;
    struct cdr_sink_setup setup = {
        .topics = manifest->topics,
        .partitions = manifest->partitions,
        .shard_index = manifest->shard_index,
        .shard_count = manifest->shard_count,
        .dataset_id = manifest->dataset_id,
        .first_event_ms = manifest->first_event_ms,
        .last_event_ms = manifest->last_event_ms,
        .now_ms = cdr_wall_ms(),
        .workers = 1,
        .slab_bytes = SLAB_BYTES,
        .slab_records = SLAB_RECORDS,
        .token = replay->token,
    };
    int64_t give_up_ns = cdr_monotonic_ns() + replay->settings->replay_wait_ms * INT64_C(1000000);
    bool told = replay->settings->quiet;
    enum cdr_result result;
    while ((result = cdr_kafka_sink_ops.open(&replay->sink, &replay->destination, &setup, error)) ==
               CDR_E_KAFKA &&
           atomic_load(replay->stop) == 0 && cdr_monotonic_ns() < give_up_ns) {
        if (!told)
            fprintf(stderr, "cdrgen: waiting: %s\n", error->text);
        told = true;
        cdr_sleep_ns(200000000);
    }
    const bool reopened = replay->destination.reopened; /* then records may have been published */
    if (result != CDR_OK && cdr_stop_check(error) != CDR_OK)
        return CDR_E_INTERRUPTED;
    if (result == CDR_E_KAFKA && !reopened)
        return CDR_E_STATE;
    if (result == CDR_E_STATE && reopened)
        return CDR_E_ENDED;
    if (result != CDR_OK)
        return result;
    cdr_say_notes(replay->sink, replay->settings->quiet);
    cdr_kafka_sink_ops.starts(replay->sink, replay->starts);
    return CDR_OK;
}

/* --- what the topics hold already --- */

static enum cdr_result check_log(struct replay *replay, uint32_t log, int64_t base,
                                 struct cdr_error *error)
{
    const struct cdr_spill_log *entry = &replay->manifest->logs[log];
    const uint32_t partition = log % replay->manifest->partitions;
    uint64_t start = replay->starts[log], end = entry->first + entry->records;
    if (base != entry->base && !replay->manifest->transactions)
        return cdr_fail(error, CDR_E_STATE,
                        "%s[%" PRIu32 "]: the run's records began at offset %" PRId64
                        ", and what is known of the topic says %" PRId64
                        ": the topic was created again, or the group cdrgen-%s is gone",
                        topic_of(replay, log), partition, entry->base, base,
                        replay->manifest->dataset_id);
    if (start < entry->first)
        return cdr_fail(error, CDR_E_STATE,
                        "%s[%" PRIu32 "] ends after %" PRIu64
                        " records of the dataset, and the spill begins after %" PRIu64
                        ": the topic has lost records that were acknowledged; nothing was "
                        "published, and `cdrgen run --resume` makes all of them again",
                        topic_of(replay, log), partition, start, entry->first);
    replay->there += start < end ? start - entry->first : entry->records;
    cdr_spill_seek(replay->spill, log, start < end ? start : end);
    return CDR_OK;
}

static enum cdr_result check_logs(struct replay *replay, struct cdr_error *error)
{
    int64_t *bases = calloc(replay->logs, sizeof *bases);
    if (bases == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    replay->sink->ops->bases(replay->sink, bases);
    enum cdr_result result = CDR_OK;
    replay->there = 0;
    for (uint32_t log = 0; result == CDR_OK && log < replay->logs; log++)
        if (cdr_spill_mine(replay->manifest, log))
            result = check_log(replay, log, bases[log], error);
    free(bases);
    return result;
}

/* Records that must be in the topics: of each log that has any, the last. */
struct comparison {
    const struct replay *replay;
    struct cdr_kafka_range *ranges;
    uint32_t *logs;           /* of each range */
    struct cdr_slab **copies; /* of each range: its records */
    size_t count;
};

static enum cdr_result compare(void *context, const struct cdr_kafka_record *record,
                               struct cdr_error *error)
{
    const struct comparison *comparison = context;
    const struct cdr_kafka_range *range = &comparison->ranges[record->range];
    const struct cdr_slab *copy = comparison->copies[record->range];
    const struct cdr_spill_manifest *manifest = comparison->replay->manifest;
    const uint32_t i = (uint32_t)(record->offset - range->offset);
    const uint32_t from = i == 0 ? 0 : copy->ends[i - 1];
    const size_t length = copy->ends[i] - from - manifest->trailer_len;
    const void *key = copy->keys[i];
    size_t key_len = copy->key_lens[i];
    if (manifest->topics->items[copy->log / manifest->partitions].envelope.key_bytes_max > 0) {
        const uint32_t start = cdr_column_start(&copy->wire_keys, i);
        key = copy->wire_keys.bytes + start;
        key_len = copy->wire_keys.ends[i] - start;
    }
    if (record->value_len == length && memcmp(record->value, copy->bytes + from, length) == 0 &&
        record->key_len == key_len && memcmp(record->key, key, key_len) == 0 &&
        record->timestamp_ms == copy->event_ms[i])
        return CDR_OK;
    return cdr_fail(error, CDR_E_DIFFERENT,
                    "%s[%" PRIu32 "]: the record at offset %" PRId64
                    " is not this dataset's: another producer writes to the topic; nothing was "
                    "published",
                    range->topic, range->partition, record->offset);
}

/* The slabs are of the sink's pool, one a range. */
static enum cdr_result prepare_comparison(struct replay *replay, struct comparison *comparison,
                                          struct cdr_error *error)
{
    for (uint32_t log = 0; log < replay->logs; log++) {
        const struct cdr_spill_log *entry = &replay->manifest->logs[log];
        uint64_t end = entry->first + entry->records;
        end = replay->starts[log] < end ? replay->starts[log] : end;
        if (!cdr_spill_mine(replay->manifest, log) || end <= entry->first)
            continue;
        uint64_t from = end - entry->first > COMPARED_MAX ? end - COMPARED_MAX : entry->first;
        struct cdr_slab *copy = NULL;
        enum cdr_result result = replay->sink->ops->take_slab(replay->sink, 0, &copy, error);
        if (result == CDR_E_AGAIN)
            return CDR_OK; /* more logs than memory: those will do */
        if (result != CDR_OK)
            return result;
        size_t i = comparison->count++;
        comparison->copies[i] = copy;
        cdr_spill_seek(replay->spill, log, from);
        result = cdr_spill_fill(replay->spill, log, copy, error);
        if (result != CDR_OK)
            return result;
        if (from + copy->n < end)
            end = from + copy->n;
        comparison->ranges[i] = (struct cdr_kafka_range){
            .topic = topic_of(replay, log),
            .partition = log % replay->manifest->partitions,
            .offset = entry->base + (int64_t)from,
            .end = entry->base + (int64_t)end,
        };
    }
    return CDR_OK;
}

/* Positions of transactional records are not their offsets: those are not compared; their progress
 * was committed with them. */
static enum cdr_result compare_there(struct replay *replay, struct cdr_error *error)
{
    if (replay->manifest->transactions || replay->there == 0)
        return CDR_OK;
    struct comparison comparison = {
        .replay = replay,
        .ranges = calloc(replay->logs, sizeof *comparison.ranges),
        .copies = calloc(replay->logs, sizeof *comparison.copies),
    };
    enum cdr_result result = comparison.ranges == NULL || comparison.copies == NULL
                                 ? cdr_fail(error, CDR_E_NOMEM, "out of memory")
                                 : prepare_comparison(replay, &comparison, error);
    if (result == CDR_OK)
        result = cdr_kafka_read_back(&replay->destination.kafka, false, comparison.ranges,
                                     comparison.count, compare, &comparison, error);
    for (size_t i = 0; i < comparison.count; i++)
        replay->sink->ops->give_slab(replay->sink, 0, comparison.copies[i]);
    free(comparison.ranges);
    free(comparison.copies);
    return result;
}

/* --- publishing --- */

static void show_progress(void *context)
{
    struct replay *replay = context;
    char done[32], all[32];
    if (replay->settings->quiet || !isatty(STDERR_FILENO) ||
        cdr_monotonic_ns() - replay->told_ns < 500000000)
        return;
    replay->told_ns = cdr_monotonic_ns();
    fprintf(stderr, "\r%s of %s records\033[K",
            cdr_with_commas(replay->there + replay->published, done),
            cdr_with_commas(replay->records, all));
}

/* One slab of a log. *n records; 0 at its end. */
static enum cdr_result publish_some(struct replay *replay, const struct cdr_handover *handover,
                                    uint32_t log, uint32_t *n, struct cdr_error *error)
{
    struct cdr_slab *slab = NULL;
    uint32_t taken = 0;
    enum cdr_result result = cdr_handover_take(handover, 0, &slab, NULL, error);
    if (result != CDR_OK)
        return result;
    result = cdr_spill_fill(replay->spill, log, slab, error);
    if (result == CDR_OK && slab->n > 0)
        result = cdr_handover_write(handover, 0, slab, &taken, error);
    *n = taken;
    replay->published += taken;
    replay->sink->ops->give_slab(replay->sink, 0, slab);
    return result;
}

/* A slab of each log in turn, so that consumers see them advance together. */
static enum cdr_result publish_all(struct replay *replay, const struct cdr_handover *handover,
                                   struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    for (bool more = true; result == CDR_OK && more;) {
        more = false;
        for (uint32_t log = 0; result == CDR_OK && log < replay->logs; log++) {
            uint32_t n = 0;
            if (!cdr_spill_mine(replay->manifest, log))
                continue;
            result = publish_some(replay, handover, log, &n, error);
            more |= n > 0;
            if (result == CDR_OK && atomic_load(replay->stop) != 0)
                result = cdr_fail(error, CDR_E_INTERRUPTED, "%s", handover->interrupted);
        }
        show_progress(replay);
    }
    return result;
}

static uint64_t durable(const struct replay *replay)
{
    uint64_t sum = 0;
    for (uint32_t log = 0; log < replay->logs; log++)
        sum += replay->progress[log].durable;
    return sum;
}

/* With one producer, from its opening to its close. */
static enum cdr_result publish(struct replay *replay, struct cdr_error *error)
{
    enum cdr_result result = open_topics(replay, error);
    if (result != CDR_OK)
        return result;
    struct cdr_error later = {{0}};
    bool complete = false;
    replay->published = 0;
    memset(replay->progress, 0, replay->logs * sizeof *replay->progress);
    result = check_logs(replay, error);
    if (result == CDR_OK)
        result = compare_there(replay, error);
    if (result == CDR_OK)
        result = check_logs(replay, error); /* cursors back to where publishing begins */
    if (result == CDR_OK)
        result = cdr_stop_began(error);
    else if (cdr_stop_check(error) != CDR_OK)
        result = CDR_E_INTERRUPTED;
    if (result == CDR_OK) {
        struct cdr_handover handover = {
            .sink = replay->sink,
            .stop = replay->stop,
            .interrupted = "interrupted before the end; run the same replay again to publish the "
                           "rest",
            .tick = show_progress,
            .context = replay,
        };
        result = publish_all(replay, &handover, error);
        /* Everything that was taken gets its delivery report, after an interruption too. */
        handover.patience_ms = DRAIN_TIMEOUT_MS;
        enum cdr_result flushed = result == CDR_OK || result == CDR_E_INTERRUPTED
                                      ? cdr_handover_flush(&handover, &later)
                                      : CDR_OK;
        replay->sink->ops->progress(replay->sink, replay->progress);
        if (result == CDR_OK && flushed != CDR_OK)
            result = cdr_fail(error, flushed, "%s", later.text);
        if (result == CDR_OK && durable(replay) != replay->published)
            result = cdr_fail(error, CDR_E_DIFFERENT,
                              "%" PRIu64 " records were handed over but %" PRIu64 " are safe",
                              replay->published, durable(replay));
        complete = result == CDR_OK;
        if (!replay->settings->quiet && isatty(STDERR_FILENO))
            fputs("\r\033[K", stderr);
    }
    enum cdr_result closed = replay->sink->ops->close(replay->sink, complete, &later);
    replay->sink = NULL;
    if ((result == CDR_OK && closed != CDR_OK) ||
        (result == CDR_E_PRODUCER && (closed == CDR_E_DIFFERENT || closed == CDR_E_ENDED)))
        result = cdr_fail(error, closed, "%s", later.text);
    return result;
}

static enum cdr_result publish_on(struct replay *replay, struct cdr_error *error)
{
    enum cdr_result result;
    while ((result = publish(replay, error)) == CDR_E_PRODUCER && durable(replay) > 0) {
        fprintf(stderr, "cdrgen: warning: %s; going on with a new producer\n", error->text);
        replay->destination.reopened = true;
        replay->destination.committed = true;
    }
    if (result == CDR_E_AWAY || result == CDR_E_KAFKA || result == CDR_E_PRODUCER) {
        struct cdr_error why = *error;
        cdr_fail(error, result, "%.900s; run the same replay again to publish the rest", why.text);
    }
    return result;
}

static enum cdr_result finish(struct replay *replay, struct cdr_error *error)
{
    char published[32], there[32];
    struct cdr_error why = {{0}};
    const char *dir = replay->settings->argument_dir;
    const bool remove = replay->settings->replay_remove;
    enum cdr_result result = remove ? cdr_spill_remove(replay->spill, &why)
                                    : cdr_spill_set_published(replay->spill, &why);
    if (result != CDR_OK)
        cdr_fail(error, result, "%.500s; everything is published: %s %.300s", why.text,
                 remove ? "remove" : "remove, or replay again to mark it as published,", dir);
    if (!replay->settings->quiet)
        fprintf(
            stderr, "%s records published, %s were in the topics; every log ends where it must\n",
            cdr_with_commas(replay->published, published), cdr_with_commas(replay->there, there));
    if (!replay->manifest->complete && !replay->settings->quiet)
        fprintf(stderr, "  the run that spilled did not finish: `cdrgen run --resume` with "
                        "its settings goes on from here\n");
    return result;
}

enum cdr_result cdr_command_replay(const struct cdr_settings *settings, struct cdr_error *error)
{
    struct replay replay = {
        .settings = settings, .destination = settings->sink, .stop = cdr_stop_on_signals()};
    cdr_stop_opening(
        "interrupted before anything was published; run the same replay again to publish it",
        CDR_EXIT_FAILED);
    enum cdr_result result = open_spill(&replay, error);
    if (result == CDR_OK) {
        /* As --resume: the topics say what they lack. */
        replay.destination.resume = replay.destination.replays = true;
        cdr_make_token(replay.token);
        replay.destination.append = replay.destination.create_topics = false;
        replay.destination.transactions = replay.manifest->transactions;
        replay.destination.abort_share = 0;
        replay.destination.spill = NULL;
        result = create_encoders(&replay, error);
    }
    if (result == CDR_OK)
        result = cdr_stop_check(error);
    if (result == CDR_OK)
        result = publish_on(&replay, error);
    if (result == CDR_OK)
        result = finish(&replay, error);
    if (replay.spill != NULL)
        cdr_spill_read_close(replay.spill);
    free(replay.starts);
    free(replay.progress);
    return result;
}

#else

enum cdr_result cdr_command_replay(const struct cdr_settings *settings, struct cdr_error *error)
{
    (void)settings;
    return cdr_fail(error, CDR_E_CONFIG, "replay: this cdrgen was built without Kafka");
}

#endif
