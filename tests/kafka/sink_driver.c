/* Drives the Kafka sink alone, with records that say where they belong: for tests with real
 * brokers.
 *
 * Record k of topic T, partition p has the key "k<p>", the value "T p k" with a filler, and the
 * timestamp first + k. Results go to stdout as one line "accepted A durable D", errors to stderr as
 * "RESULT: text" with exit status 1, warnings as "warning: text". --hold waits for a line on stdin
 * after half of the records.
 */
#include "sink/kafka/kafka.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RECORD_BYTES_MAX = 4096, PROPERTIES_MAX = 64 };

struct drive {
    struct cdr_sink_settings settings;
    struct cdr_sink_setup setup;
    struct cdr_property properties[PROPERTIES_MAX];
    struct cdr_encoder encoder;
    struct cdr_topic items[CDR_TYPE_COUNT];
    struct cdr_topics topics;
    struct cdr_sink *sink;
    uint64_t records, from; /* of each log */
    uint32_t filler;
    bool hold;
    int probe_ms;
    atomic_int result;
    struct cdr_error error;
    pthread_mutex_t lock;
};

static const char *name_of(enum cdr_result result)
{
    static const char *const names[] = {"OK",        "AGAIN", "NOMEM",    "CONFIG",
                                        "IO",        "KAFKA", "STATE",    "INTERRUPTED",
                                        "DIFFERENT", "AWAY",  "PRODUCER", "ENDED"};
    return names[-result];
}

static void keep(struct drive *drive, enum cdr_result result, const struct cdr_error *error)
{
    pthread_mutex_lock(&drive->lock);
    if (atomic_load(&drive->result) == CDR_OK) {
        drive->error = *error;
        atomic_store(&drive->result, (int)result);
    }
    pthread_mutex_unlock(&drive->lock);
}

static void fill(struct drive *drive, struct cdr_slab *slab, uint32_t log, uint64_t position,
                 uint64_t end)
{
    uint32_t at = 0, partition = log % drive->setup.partitions;
    slab->log = log;
    slab->position = position;
    slab->n = 0;
    while (position + slab->n < end && slab->n < slab->records_max &&
           at + RECORD_BYTES_MAX <= slab->bytes_max) {
        char *text = (char *)slab->bytes + at;
        uint32_t i = slab->n++;
        uint64_t k = position + i;
        int len = snprintf(text, RECORD_BYTES_MAX, "%s %u %" PRIu64 " ",
                           cdr_sink_topic(&drive->setup, log)->name, partition, k);
        memset(text + len, 'x', drive->filler);
        text[(uint32_t)len + drive->filler] = '\n';
        at += (uint32_t)len + drive->filler + 1;
        slab->ends[i] = at;
        slab->event_ms[i] = drive->setup.first_event_ms + (int64_t)k;
        slab->key_lens[i] = (uint8_t)snprintf(slab->keys[i], 16, "k%u", partition);
    }
}

/* CDR_OK when a slab of the log is gone, from *position on. */
static enum cdr_result send(struct drive *drive, unsigned worker, uint32_t log, uint64_t *position,
                            uint64_t end, struct cdr_error *error)
{
    const struct cdr_sink_ops *ops = drive->sink->ops;
    struct cdr_slab *slab = NULL;
    enum cdr_result result;
    while ((result = ops->take_slab(drive->sink, worker, &slab, error)) == CDR_E_AGAIN)
        if ((result = ops->poll(drive->sink, 100, error)) != CDR_OK)
            return result;
    if (result != CDR_OK)
        return result;
    fill(drive, slab, log, *position, end);
    uint32_t taken = 0;
    while ((result = ops->write(drive->sink, worker, slab, slab->n, &taken, error)) == CDR_E_AGAIN)
        if ((result = ops->poll(drive->sink, 100, error)) != CDR_OK)
            break;
    *position += taken;
    ops->give_slab(drive->sink, worker, slab);
    return result;
}

struct worker {
    struct drive *drive;
    unsigned number;
    uint64_t from, to;
    pthread_t thread;
};

static void *work(void *opaque)
{
    struct worker *worker = opaque;
    struct drive *drive = worker->drive;
    struct cdr_error error = {0};
    uint32_t logs = drive->topics.n * drive->setup.partitions;
    uint64_t step = 1000;
    for (uint64_t at = worker->from; at < worker->to; at += step)
        for (uint32_t log = worker->number; log < logs; log += drive->setup.workers) {
            uint32_t partition = log % drive->setup.partitions;
            uint64_t position = at, end = at + step < worker->to ? at + step : worker->to;
            if (partition % drive->setup.shard_count != drive->setup.shard_index)
                continue;
            while (position < end) {
                enum cdr_result result = send(drive, worker->number, log, &position, end, &error);
                if (result != CDR_OK) {
                    keep(drive, result, &error);
                    return NULL;
                }
            }
        }
    return NULL;
}

static void run_workers(struct drive *drive, uint64_t from, uint64_t to)
{
    struct worker *workers = calloc(drive->setup.workers, sizeof *workers);
    for (unsigned i = 0; i < drive->setup.workers; i++) {
        workers[i] = (struct worker){drive, i, from, to, 0};
        pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    }
    for (unsigned i = 0; i < drive->setup.workers; i++)
        pthread_join(workers[i].thread, NULL);
    free(workers);
}

static enum cdr_result flush(struct drive *drive, struct cdr_error *error)
{
    enum cdr_result result;
    while ((result = drive->sink->ops->flush(drive->sink, 300, error)) == CDR_E_AGAIN)
        continue;
    return result;
}

static void report(const struct drive *drive)
{
    uint32_t logs = drive->topics.n * drive->setup.partitions;
    struct cdr_log_progress *progress = calloc(logs, sizeof *progress), sum = {0};
    drive->sink->ops->progress(drive->sink, progress);
    for (uint32_t log = 0; log < logs; log++) {
        sum.accepted += progress[log].accepted;
        sum.durable += progress[log].durable;
    }
    printf("accepted %" PRIu64 " durable %" PRIu64 "\n", sum.accepted, sum.durable);
    free(progress);
}

static int drive_all(struct drive *drive)
{
    enum cdr_result result =
        cdr_kafka_sink_ops.open(&drive->sink, &drive->settings, &drive->setup, &drive->error);
    if (result != CDR_OK) {
        fprintf(stderr, "%s: %s\n", name_of(result), drive->error.text);
        return 1;
    }
    const char *line;
    for (size_t i = 0; (line = drive->sink->ops->warning(drive->sink, i)) != NULL; i++)
        fprintf(stderr, "warning: %s\n", line);
    run_workers(drive, drive->from, drive->from + drive->records / 2);
    if (drive->hold) {
        struct cdr_error error = {0};
        result = flush(drive, &error);
        if (result != CDR_OK)
            keep(drive, result, &error);
        printf("holding\n");
        fflush(stdout);
        getchar();
    }
    if (atomic_load(&drive->result) == CDR_OK)
        run_workers(drive, drive->from + drive->records / 2, drive->from + drive->records);
    struct cdr_error error = {0};
    if (atomic_load(&drive->result) == CDR_OK && (result = flush(drive, &error)) != CDR_OK)
        keep(drive, result, &error);
    report(drive);
    result = (enum cdr_result)atomic_load(&drive->result);
    enum cdr_result closed = drive->sink->ops->close(drive->sink, result == CDR_OK, &error);
    if (result == CDR_OK && closed != CDR_OK)
        keep(drive, closed, &error);
    if (atomic_load(&drive->result) == CDR_OK)
        return 0;
    fprintf(stderr, "%s: %s\n", name_of((enum cdr_result)atomic_load(&drive->result)),
            drive->error.text);
    return 1;
}

static void give_property(struct drive *drive, char *text)
{
    char *equals = strchr(text, '=');
    if (equals == NULL || drive->settings.kafka.property_count == PROPERTIES_MAX) {
        fprintf(stderr, "-X %s: it takes NAME=VALUE\n", text);
        exit(2);
    }
    *equals = '\0';
    drive->properties[drive->settings.kafka.property_count++] =
        (struct cdr_property){text, equals + 1, "-X"};
}

/* One option and its argument; false where there is no such option. */
static bool option(struct drive *drive, const char *name, char *value)
{
    if (strcmp(name, "-b") == 0)
        drive->settings.kafka.brokers = value;
    else if (strcmp(name, "-X") == 0)
        give_property(drive, value);
    else if (strcmp(name, "--prefix") == 0)
        for (unsigned type = 0; type < CDR_TYPE_COUNT; type++) {
            static const char *const types[] = {"call", "sms", "data"};
            struct cdr_topic *topic = &drive->items[type];
            snprintf(topic->name, sizeof topic->name, "%s%s", value, types[type]);
            topic->encoder = &drive->encoder;
        }
    else if (strcmp(name, "--partitions") == 0)
        drive->setup.partitions = (uint32_t)strtoul(value, NULL, 10);
    else if (strcmp(name, "--replication") == 0)
        drive->settings.replication = (uint32_t)strtoul(value, NULL, 10);
    else if (strcmp(name, "--retention") == 0)
        drive->settings.retention_ms = strtoll(value, NULL, 10);
    else if (strcmp(name, "--timeout") == 0)
        drive->settings.kafka.timeout_ms = (uint32_t)strtoul(value, NULL, 10);
    else if (strcmp(name, "--shard") == 0)
        sscanf(value, "%u/%u", &drive->setup.shard_index, &drive->setup.shard_count);
    else if (strcmp(name, "--workers") == 0)
        drive->setup.workers = (unsigned)strtoul(value, NULL, 10);
    else if (strcmp(name, "--records") == 0)
        drive->records = strtoull(value, NULL, 10);
    else if (strcmp(name, "--from") == 0)
        drive->from = strtoull(value, NULL, 10);
    else if (strcmp(name, "--filler") == 0)
        drive->filler = (uint32_t)strtoul(value, NULL, 10);
    else if (strcmp(name, "--first-ms") == 0)
        drive->setup.first_event_ms = strtoll(value, NULL, 10);
    else if (strcmp(name, "--last-ms") == 0)
        drive->setup.last_event_ms = strtoll(value, NULL, 10);
    else if (strcmp(name, "--probe") == 0)
        drive->probe_ms = atoi(value);
    else
        return false;
    return true;
}

static bool flag(struct drive *drive, const char *name)
{
    if (strcmp(name, "--create-topics") == 0)
        drive->settings.create_topics = true;
    else if (strcmp(name, "--append") == 0)
        drive->settings.append = true;
    else if (strcmp(name, "--force") == 0)
        drive->settings.kafka.force = true;
    else if (strcmp(name, "--hold") == 0)
        drive->hold = true;
    else
        return false;
    return true;
}

int main(int argc, char **argv)
{
    static struct drive drive = {
        .settings = {.retention_ms = -1, .kafka.timeout_ms = 15000},
        .setup = {.partitions = 3,
                  .shard_count = 1,
                  .dataset_id = "00112233445566778899aabbccddeeff",
                  .workers = 2,
                  .slab_bytes = 64 * 1024,
                  .slab_records = 512},
        .encoder = {.record_bytes_max = RECORD_BYTES_MAX, .trailer_len = 1},
        .records = 10000,
        .filler = 100,
        .lock = PTHREAD_MUTEX_INITIALIZER,
    };
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    drive.setup.now_ms = (int64_t)now.tv_sec * 1000;
    drive.setup.first_event_ms = drive.setup.now_ms - 3600 * 1000;
    drive.setup.last_event_ms = drive.setup.now_ms;
    drive.settings.kafka.properties = drive.properties;
    drive.topics = (struct cdr_topics){.n = CDR_TYPE_COUNT, .items = drive.items};
    drive.setup.topics = &drive.topics;
    for (int i = 1; i < argc; i++) {
        if (flag(&drive, argv[i]))
            continue;
        if (i + 1 >= argc || !option(&drive, argv[i], argv[i + 1])) {
            fprintf(stderr, "%s: no such option, or no argument\n", argv[i]);
            return 2;
        }
        i++;
    }
    if (drive.probe_ms > 0) {
        enum cdr_result result =
            cdr_kafka_probe(&drive.settings.kafka, drive.probe_ms, &drive.error);
        fprintf(stderr, "%s: %s\n", name_of(result), drive.error.text);
        return result == CDR_OK ? 0 : 1;
    }
    return drive_all(&drive);
}
