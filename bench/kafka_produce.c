/* What it costs to hand records to Kafka, two ways. bench/kafka_sink.sh runs it in alternation with a
 * third.
 *
 *     kafka_produce sink|plain -b BROKERS -t TOPIC [-p PARTITIONS] [-n RECORDS] [-s BYTES] [-k
 * SLAB_RECORDS]
 *                   [-w WORKERS] [-c] [-X NAME=VALUE]…
 *
 * sink   our Kafka sink, fed with slabs that are filled once and written again and again
 * plain  what a usual program does: rd_kafka_produceva() with key and timestamp, payload copied,
 * the partition left to murmur2_random, reports counted by a polling thread of its own
 *
 * The topic is created. Keys are numbers of 11 digits, a different one each record. Payloads are
 * one repeated byte, with -c text with the entropy of our CSV. Prints one line: records, seconds
 * until the last is acknowledged, records a second, CPU microseconds a record (all threads).
 */
#include "sink/kafka/kafka.h"

#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { PROPERTIES_MAX = 64, SLABS_SEEN_MAX = 16384, TEXT_BYTES = 1 << 20 };

struct bench {
    struct cdr_sink_settings settings;
    struct cdr_topic topic;
    struct cdr_sink_setup setup;
    struct cdr_property properties[PROPERTIES_MAX];
    uint64_t records;
    uint32_t size;
    bool csv;
    char *text; /* TEXT_BYTES + size of payload to cut from */
    struct cdr_sink *sink;
    atomic_ulong acknowledged;
};

static void check(enum cdr_result result, const struct cdr_error *error)
{
    if (result == CDR_OK || result == CDR_E_AGAIN)
        return;
    fprintf(stderr, "kafka_produce: %s\n", error->text);
    exit(1);
}

static double seconds(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* About as compressible as our CSV: digits that differ between fixed words. */
static void make_text(struct bench *bench)
{
    size_t size = TEXT_BYTES + bench->size + 64;
    bench->text = malloc(size);
    memset(bench->text, 'x', size);
    uint64_t state = 1;
    for (size_t at = 0; bench->csv && at + 160 < size;) {
        uint64_t n[3];
        for (int i = 0; i < 3; i++)
            n[i] = state = state * 6364136223846793005u + 1442695040888963407u;
        at += (size_t)snprintf(bench->text + at, 160,
                               "MO,316%08u,316%08u,20408%010u,35%013u,%u,17356%08u,mscVoiceRecord,"
                               "20408,%05u,normalRelease,,,Europe/Amsterdam,60,\n",
                               (unsigned)(n[0] >> 40), (unsigned)(n[1] >> 40),
                               (unsigned)(n[0] >> 36) % 1000000000, (unsigned)(n[1] >> 36),
                               (unsigned)(n[2] >> 55), (unsigned)(n[2] >> 38),
                               (unsigned)(n[2] >> 50) % 90000);
    }
}

static const char *payload(const struct bench *bench, uint64_t k)
{
    return bench->text + k * 151 % TEXT_BYTES;
}

/* --- sink --- */

static void fill(const struct bench *bench, struct cdr_slab *slab)
{
    uint32_t most = (uint32_t)(slab->bytes_max / bench->size);
    slab->n = slab->records_max < most ? slab->records_max : most;
    for (uint32_t i = 0; i < slab->n; i++) {
        memcpy(slab->bytes + (size_t)i * bench->size, payload(bench, i), bench->size);
        slab->ends[i] = (i + 1) * bench->size;
        slab->event_ms[i] = bench->setup.now_ms + i;
        slab->key_lens[i] = 11;
        snprintf(slab->keys[i], 16, "316%08u", i);
    }
}

struct worker {
    struct bench *bench;
    unsigned number;
    pthread_t thread;
    struct cdr_slab *seen[SLABS_SEEN_MAX];
};

static void make_ready(struct worker *worker, struct cdr_slab *slab)
{
    size_t at = ((uintptr_t)slab >> 6) * 0x9E3779B97F4A7C15u % SLABS_SEEN_MAX;
    while (worker->seen[at] != NULL && worker->seen[at] != slab)
        at = (at + 1) % SLABS_SEEN_MAX;
    uint32_t most = (uint32_t)(slab->bytes_max / worker->bench->size);
    if (worker->seen[at] == NULL)
        fill(worker->bench, slab);
    worker->seen[at] = slab;
    slab->n = slab->records_max < most ? slab->records_max : most;
}

static void *work(void *opaque)
{
    struct worker *worker = opaque;
    struct bench *bench = worker->bench;
    const struct cdr_sink_ops *ops = bench->sink->ops;
    struct cdr_error error = {0};
    uint32_t partitions = bench->setup.partitions, workers = bench->setup.workers;
    uint64_t *positions = calloc(partitions, sizeof *positions);
    uint64_t left = bench->records / workers;
    for (uint32_t log = worker->number; left > 0; log = (log + workers) % partitions) {
        struct cdr_slab *slab;
        while (ops->take_slab(bench->sink, worker->number, &slab, &error) == CDR_E_AGAIN)
            check(ops->poll(bench->sink, 100, &error), &error);
        make_ready(worker, slab);
        if (slab->n > left)
            slab->n = (uint32_t)left;
        slab->log = log;
        slab->position = positions[log];
        uint32_t taken = 0;
        enum cdr_result result;
        while ((result = ops->write(bench->sink, worker->number, slab, slab->n, &taken, &error)) !=
               CDR_OK) {
            check(result, &error);
            check(ops->poll(bench->sink, 100, &error), &error);
        }
        positions[log] += slab->n;
        left -= slab->n;
        ops->give_slab(bench->sink, worker->number, slab);
    }
    free(positions);
    return NULL;
}

static void run_sink(struct bench *bench)
{
    static struct worker workers[16];
    struct cdr_error error = {0};
    for (unsigned i = 0; i < bench->setup.workers; i++) {
        workers[i].bench = bench;
        workers[i].number = i;
        pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    }
    for (unsigned i = 0; i < bench->setup.workers; i++)
        pthread_join(workers[i].thread, NULL);
    enum cdr_result result;
    while ((result = bench->sink->ops->flush(bench->sink, 1000, &error)) != CDR_OK)
        check(result, &error);
}

/* --- plain --- */

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        fprintf(stderr, "kafka_produce: %s\n", rd_kafka_err2str(message->err));
        exit(1);
    }
    atomic_fetch_add_explicit(&((struct bench *)opaque)->acknowledged, 1, memory_order_relaxed);
}

static rd_kafka_t *plain_client(struct bench *bench)
{
    char reason[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", bench->settings.kafka.brokers, NULL, 0);
    rd_kafka_conf_set(conf, "partitioner", "murmur2_random", NULL, 0);
    for (size_t i = 0; i < bench->settings.kafka.property_count; i++)
        if (rd_kafka_conf_set(conf, bench->properties[i].name, bench->properties[i].value, reason,
                              sizeof reason) != RD_KAFKA_CONF_OK) {
            fprintf(stderr, "kafka_produce: %s\n", reason);
            exit(1);
        }
    rd_kafka_conf_set_opaque(conf, bench);
    rd_kafka_conf_set_dr_msg_cb(conf, on_report);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
    if (rk == NULL) {
        fprintf(stderr, "kafka_produce: %s\n", reason);
        exit(1);
    }
    return rk;
}

struct poller {
    rd_kafka_t *rk;
    struct bench *bench;
};

static void *poll_reports(void *opaque)
{
    struct poller *poller = opaque;
    while (atomic_load(&poller->bench->acknowledged) < poller->bench->records)
        rd_kafka_poll(poller->rk, 100);
    return NULL;
}

static void run_plain(struct bench *bench, rd_kafka_t *rk)
{
    rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, bench->topic.name, NULL);
    struct poller poller = {rk, bench};
    pthread_t thread;
    pthread_create(&thread, NULL, poll_reports, &poller);
    for (uint64_t k = 0; k < bench->records; k++) {
        char key[16];
        uint64_t number = 31600000000u + k * 7919 % 100000000;
        for (int i = 10; i >= 0; i--, number /= 10)
            key[i] = (char)('0' + number % 10);
        rd_kafka_vu_t fields[] = {
            {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = topic},
            {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
            {.vtype = RD_KAFKA_VTYPE_VALUE,
             .u.mem = {(void *)(uintptr_t)payload(bench, k), bench->size}},
            {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {key, 11}},
            {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = bench->setup.now_ms + (int64_t)k},
        };
        rd_kafka_error_t *error;
        while ((error = rd_kafka_produceva(rk, fields, sizeof fields / sizeof fields[0])) != NULL) {
            if (rd_kafka_error_code(error) != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
                fprintf(stderr, "kafka_produce: %s\n", rd_kafka_error_string(error));
                exit(1);
            }
            rd_kafka_error_destroy(error);
            usleep(1000);
        }
    }
    rd_kafka_flush(rk, 1); /* what is left need not linger */
    pthread_join(thread, NULL);
    rd_kafka_topic_destroy(topic);
}

/* --- both --- */

static void options(struct bench *bench, int argc, char **argv)
{
    int letter;
    while ((letter = getopt(argc, argv, "b:t:p:n:s:k:w:cX:")) != -1) {
        char *equals = letter == 'X' ? strchr(optarg, '=') : NULL;
        switch (letter) {
        case 'b':
            bench->settings.kafka.brokers = optarg;
            break;
        case 't':
            snprintf(bench->topic.name, sizeof bench->topic.name, "%s", optarg);
            break;
        case 'p':
            bench->setup.partitions = (uint32_t)atoi(optarg);
            break;
        case 'n':
            bench->records = strtoull(optarg, NULL, 10);
            break;
        case 's':
            bench->size = (uint32_t)atoi(optarg);
            break;
        case 'k':
            bench->setup.slab_records = (uint32_t)atoi(optarg);
            break;
        case 'w':
            bench->setup.workers = (unsigned)atoi(optarg);
            break;
        case 'c':
            bench->csv = true;
            break;
        case 'X':
            if (equals != NULL && bench->settings.kafka.property_count < PROPERTIES_MAX) {
                *equals = '\0';
                bench->properties[bench->settings.kafka.property_count++] =
                    (struct cdr_property){optarg, equals + 1, "-X"};
                break;
            } /* fall through */
        default:
            exit(2);
        }
    }
    bench->setup.slab_bytes = (size_t)bench->setup.slab_records * bench->size;
    bench->records -= bench->records % bench->setup.workers;
}

int main(int argc, char **argv)
{
    static struct bench bench = {
        .settings = {.create_topics = true, .retention_ms = -1, .kafka.timeout_ms = 30000},
        .setup = {.partitions = 6,
                  .shard_count = 1,
                  .dataset_id = "00000000000000000000000000000000",
                  .workers = 1,
                  .slab_records = 1024},
        .records = 1000000,
        .size = 157,
    };
    static struct cdr_encoder encoder;
    struct cdr_error error = {0};
    if (argc < 2)
        return 2;
    bench.setup.now_ms = (int64_t)time(NULL) * 1000;
    bench.setup.first_event_ms = bench.setup.last_event_ms = bench.setup.now_ms;
    bench.settings.kafka.properties = bench.properties;
    options(&bench, argc - 1, argv + 1);
    encoder.record_bytes_max = bench.size;
    bench.topic.encoder = &encoder;
    const struct cdr_topics topics = {.n = 1, .items = &bench.topic};
    bench.setup.topics = &topics;
    make_text(&bench);
    check(cdr_kafka_sink_ops.open(&bench.sink, &bench.settings, &bench.setup, &error), &error);
    bool plain = strcmp(argv[1], "plain") == 0;
    rd_kafka_t *rk = NULL;
    if (plain) {
        check(bench.sink->ops->close(bench.sink, false, &error), &error);
        rk = plain_client(&bench);
        const struct rd_kafka_metadata *metadata;
        if (rd_kafka_metadata(rk, 1, NULL, &metadata, 30000) == RD_KAFKA_RESP_ERR_NO_ERROR)
            rd_kafka_metadata_destroy(metadata);
    }
    usleep(300 * 1000); /* the brokers are done with the new topic */
    double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    if (plain)
        run_plain(&bench, rk);
    else
        run_sink(&bench);
    wall = seconds(CLOCK_MONOTONIC) - wall;
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%s records %" PRIu64 " s %.3f records/s %.0f cpu_us %.3f peak_mb %ld\n", argv[1],
           bench.records, wall, (double)bench.records / wall, cpu * 1e6 / (double)bench.records,
           usage.ru_maxrss / 1024);
    if (plain)
        rd_kafka_destroy(rk);
    else
        check(bench.sink->ops->close(bench.sink, true, &error), &error);
    free(bench.text);
    return 0;
}
