/* replay: what a run has spilled goes into the topics.
 *
 * Each log's end in its topic says what is there already: a batch of the run's that landed after
 * all, or what an earlier replay published before it was killed. What is there must be the log's
 * beginning, which is looked at as for `run --resume`: spill.json has what it takes to make the
 * dataset again. Then the rest is handed over, and the topic must end where the spill does. So a
 * replay can be run as often as it takes.
 */
#include "app/app.h"

#include "app/process.h"
#include "app/progress.h"
#include "app/run_open.h"
#include "app/say.h"
#include "app/stop.h"
#include "app/tail.h"
#include "base/clock.h"
#include "encode/encoder.h"
#include "pipeline/handover.h"
#include "sink/kafka/kafka.h"
#include "sink/spill/spill.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if CDR_KAFKA

enum { DRAIN_TIMEOUT_MS = 30000 };

struct replay {
    const struct cdr_settings *settings;
    struct cdr_spill *spill;
    const struct cdr_spill_manifest *manifest;
    struct cdr_settings dataset; /* of the run that spilled */
    struct cdr_settings both;    /* brokers of this process, the rest of that run; owns nothing */
    /* The run that goes on, as far as looking at topics takes one. */
    struct cdr_run run;
    uint32_t logs;
    const atomic_int *stop;
    bool reopened;                      /* by a new producer: records may have been published */
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

static enum cdr_result read_dataset(struct replay *replay, struct cdr_error *error)
{
    char name[300];
    snprintf(name, sizeof name, "%.200s/spill.json, settings", replay->settings->argument_dir);
    char *text = cdr_spill_manifest_settings(replay->manifest);
    if (text == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    enum cdr_result result = cdr_settings_read_dataset(&replay->dataset, name, text, error);
    free(text);
    return result;
}

/* As --resume, the topics say what they lack. */
static void set_settings(struct replay *replay)
{
    const struct cdr_spill_manifest *manifest = replay->manifest;
    struct cdr_settings *both = &replay->both;
    *both = *replay->settings;
    both->model = replay->dataset.model;
    both->live = replay->dataset.live;
    both->program = NULL;
    both->for_s = 0;
    both->records = 0;
    both->headers = replay->dataset.headers;
    both->shard_index = manifest->shard_index;
    both->shard_count = manifest->shard_count;
    both->dimensions = false;
    both->truth_topic = NULL;
    both->sink.fault_header = false;
    both->sink.resume = both->sink.replays = true;
    both->sink.append = both->sink.create_topics = both->sink.id_header = false;
    both->sink.transactions = manifest->transactions;
    both->model.faults[CDR_FAULT_ABORTED] = 0;
    both->sink.spill = NULL;
}

static enum cdr_result create_model(struct replay *replay, struct cdr_error *error)
{
    enum cdr_result result = cdr_model_create(&replay->run.model, &replay->both.model, error);
    if (result == CDR_OK &&
        (strcmp(replay->run.model->dataset_id, replay->manifest->dataset_id) != 0 ||
         replay->both.model.partitions != replay->manifest->partitions))
        return cdr_fail(error, CDR_E_STATE,
                        "%s: with its settings, this cdrgen makes dataset %s, and its records are "
                        "of dataset %s: publish it with the cdrgen that wrote it",
                        replay->settings->argument_dir, replay->run.model->dataset_id,
                        replay->manifest->dataset_id);
    if (result == CDR_OK && replay->manifest->topics->n != CDR_TYPE_COUNT)
        return cdr_fail(error, CDR_E_STATE,
                        "%s: it has %" PRIu32 " topics, and its dataset has %d: it was altered; "
                        "`cdrgen run --resume` makes the records again",
                        replay->settings->argument_dir, replay->manifest->topics->n,
                        CDR_TYPE_COUNT);
    return result;
}

static enum cdr_result create_encoders(struct replay *replay, struct cdr_error *error)
{
    const struct cdr_spill_manifest *manifest = replay->manifest;
    struct cdr_topics *topics = &replay->run.topics;
    const char *tz_name = replay->both.model.tz_name;
    uint32_t parts[CDR_TOPICS_MAX];
    if (cdr_encoder_find(manifest->format) == NULL)
        return cdr_fail(error, CDR_E_STATE, "%s: format \"%s\" is not one of this cdrgen",
                        replay->settings->argument_dir, manifest->format);
    *topics = manifest->found;
    for (uint32_t i = 0; i < topics->n; i++)
        parts[i] = cdr_spill_parts(&topics->items[i].envelope);
    enum cdr_result result =
        cdr_topics_create_envelopes(topics, replay->both.headers, tz_name, error);
    if (result == CDR_OK)
        result = cdr_topics_create_encoders(topics, manifest->format, tz_name,
                                            manifest->frame_len > 0, error);
    for (uint32_t i = 0; result == CDR_OK && i < topics->n; i++)
        if (topics->items[i].encoder->frame_len != manifest->frame_len ||
            topics->items[i].encoder->trailer_len != manifest->trailer_len ||
            cdr_spill_parts(&topics->items[i].envelope) != parts[i])
            return cdr_fail(error, CDR_E_STATE,
                            "%s: its records have other frames than those of this cdrgen",
                            replay->settings->argument_dir);
    return result;
}

static enum cdr_result prepare_run(struct replay *replay, struct cdr_error *error)
{
    struct cdr_run *run = &replay->run;
    enum cdr_result result = read_dataset(replay, error);
    if (result != CDR_OK)
        return result;
    set_settings(replay);
    run->settings = &replay->both;
    run->workers = cdr_process_workers(replay->settings->workers);
    run->sink_ops = &cdr_kafka_sink_ops;
    cdr_make_token(run->token);
    run->starts = calloc(replay->logs, sizeof *run->starts);
    run->bases = calloc(replay->logs, sizeof *run->bases);
    run->progress = calloc(replay->logs, sizeof *run->progress);
    if (run->starts == NULL || run->bases == NULL || run->progress == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    result = create_model(replay, error);
    return result == CDR_OK ? create_encoders(replay, error) : result;
}

/* Opens the topics; brokers that do not answer are waited for. */
static enum cdr_result open_topics(struct replay *replay, struct cdr_error *error)
{
    int64_t give_up_ns = cdr_monotonic_ns() + replay->settings->replay_wait_ms * INT64_C(1000000);
    bool told = replay->settings->quiet;
    enum cdr_result result;
    while ((result = cdr_run_open_sink(&replay->run, replay->reopened, error)) == CDR_E_KAFKA &&
           atomic_load(replay->stop) == 0 && cdr_monotonic_ns() < give_up_ns) {
        if (!told)
            fprintf(stderr, "cdrgen: waiting: %s\n", error->text);
        told = true;
        cdr_sleep_ns(200000000);
    }
    if (result != CDR_OK && cdr_stop_check(error) != CDR_OK)
        return CDR_E_INTERRUPTED;
    if (result == CDR_E_KAFKA && !replay->reopened)
        return CDR_E_STATE;
    return result == CDR_E_STATE && replay->reopened ? CDR_E_ENDED : result;
}

/* --- what the topics hold already --- */

static enum cdr_result check_log(struct replay *replay, uint32_t log, struct cdr_error *error)
{
    const struct cdr_spill_log *entry = &replay->manifest->logs[log];
    const uint32_t partition = log % replay->manifest->partitions;
    const uint64_t start = replay->run.starts[log], end = entry->first + entry->records;
    const int64_t base = replay->run.bases[log];
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
    enum cdr_result result = CDR_OK;
    replay->there = 0;
    for (uint32_t log = 0; result == CDR_OK && log < replay->logs; log++)
        if (cdr_spill_mine(replay->manifest, log))
            result = check_log(replay, log, error);
    return result;
}

/* Nothing was published by this producer. */
static enum cdr_result check_there(struct replay *replay, struct cdr_error *error)
{
    enum cdr_result result = check_logs(replay, error);
    if (result == CDR_OK)
        result = cdr_run_check_tail(&replay->run, error);
    if (result == CDR_E_KAFKA && !replay->reopened)
        return CDR_E_STATE;
    return result == CDR_E_STATE && replay->reopened ? CDR_E_DIFFERENT : result;
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
    replay->run.sink->ops->give_slab(replay->run.sink, 0, slab);
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
        sum += replay->run.progress[log].durable;
    return sum;
}

/* From where the topics end to where the spill does. */
static enum cdr_result publish_rest(struct replay *replay, struct cdr_error *error)
{
    struct cdr_error later = {{0}};
    struct cdr_handover handover = {
        .sink = replay->run.sink,
        .stop = replay->stop,
        .interrupted = "interrupted before the end; run the same replay again to publish the rest",
        .tick = show_progress,
        .context = replay,
    };
    enum cdr_result result = publish_all(replay, &handover, error);
    /* Everything that was taken gets its delivery report, after an interruption too. */
    handover.patience_ms = DRAIN_TIMEOUT_MS;
    enum cdr_result flushed = result == CDR_OK || result == CDR_E_INTERRUPTED
                                  ? cdr_handover_flush(&handover, &later)
                                  : CDR_OK;
    replay->run.sink->ops->progress(replay->run.sink, replay->run.progress);
    if (result == CDR_OK && flushed != CDR_OK)
        result = cdr_fail(error, flushed, "%s", later.text);
    if (result == CDR_OK && durable(replay) != replay->published)
        result = cdr_fail(error, CDR_E_DIFFERENT,
                          "%" PRIu64 " records were handed over but %" PRIu64 " are safe",
                          replay->published, durable(replay));
    if (result == CDR_OK)
        result = cdr_run_check_heads(&replay->run, error);
    if (!replay->settings->quiet && isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
    return result;
}

/* With one producer, from its opening to its close. */
static enum cdr_result publish(struct replay *replay, struct cdr_error *error)
{
    enum cdr_result result = open_topics(replay, error);
    if (result != CDR_OK)
        return result;
    struct cdr_error later = {{0}};
    replay->published = 0;
    memset(replay->run.progress, 0, replay->logs * sizeof *replay->run.progress);
    result = check_there(replay, error);
    if (result == CDR_OK)
        result = cdr_stop_began(error);
    else if (cdr_stop_check(error) != CDR_OK)
        result = CDR_E_INTERRUPTED;
    if (result == CDR_OK)
        result = publish_rest(replay, error);
    enum cdr_result closed =
        replay->run.sink->ops->close(replay->run.sink, result == CDR_OK, &later);
    replay->run.sink = NULL;
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
        replay->reopened = true;
        replay->run.committed = true;
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

static void release(struct replay *replay)
{
    if (replay->spill != NULL)
        cdr_spill_read_close(replay->spill);
    cdr_model_destroy(replay->run.model);
    free(replay->run.starts);
    free(replay->run.bases);
    free(replay->run.progress);
    free(replay->run.doubted);
    cdr_settings_free(&replay->dataset);
}

enum cdr_result cdr_command_replay(const struct cdr_settings *settings, struct cdr_error *error)
{
    struct replay replay = {.settings = settings, .stop = cdr_stop_on_signals()};
    cdr_stop_opening(
        "interrupted before anything was published; run the same replay again to publish it",
        CDR_EXIT_FAILED);
    enum cdr_result result = open_spill(&replay, error);
    if (result == CDR_OK)
        result = prepare_run(&replay, error);
    if (result == CDR_OK)
        result = cdr_stop_check(error);
    if (result == CDR_OK)
        result = publish_on(&replay, error);
    if (result == CDR_OK)
        result = finish(&replay, error);
    release(&replay);
    return result;
}

#else

enum cdr_result cdr_command_replay(const struct cdr_settings *settings, struct cdr_error *error)
{
    (void)settings;
    return cdr_fail(error, CDR_E_CONFIG, "replay: this cdrgen was built without Kafka");
}

#endif
