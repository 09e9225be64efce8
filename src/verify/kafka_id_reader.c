#include "verify/kafka_id_reader.h"

#include "base/clock.h"
#include "base/thread.h"
#include "kafka/metadata.h"
#include "kafka/offsets.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 1000, WAIT_MS = 100, STALLS = 3, NAMELESS_MAX = 1000, PARTITIONS_MAX = 65536 };

struct id_partition {
    uint32_t topic;
    int32_t partition;
    int64_t first, end, high; /* high: of uncommitted records too */
    bool started, ended;
};

struct cdr_id_reader {
    struct cdr_id_reader_settings settings;
    struct cdr_kafka_properties properties;
    struct cdr_kafka_warnings warnings;
    struct cdr_kafka_client client;
    rd_kafka_topic_t **topics;
    struct id_partition *partitions;
    uint32_t partition_count, open;
    uint32_t *firsts; /* per topic, its first in partitions */
    rd_kafka_queue_t *queue;
    rd_kafka_message_t *batch[BATCH];
    pthread_t thread;
    bool running;
    atomic_ullong count;
    atomic_bool over;
    uint64_t without_id;
    uint64_t places[NAMELESS_MAX];
    enum cdr_result result;
    struct cdr_error error;
};

/* ---- opening ---- */

static enum cdr_result make_properties(struct cdr_id_reader *reader, struct cdr_error *error)
{
    enum cdr_result result = cdr_kafka_properties_make(
        &reader->properties, &reader->settings.sink->kafka, &reader->warnings, error);
    if (result != CDR_OK)
        return result;
    rd_kafka_conf_t *conf = reader->properties.conf;
    rd_kafka_conf_set(conf, "isolation.level",
                      reader->settings.read_uncommitted ? "read_uncommitted" : "read_committed",
                      NULL, 0);
    rd_kafka_conf_set(conf, "enable.partition.eof", "true", NULL, 0);
    rd_kafka_conf_set(conf, "enable.auto.offset.store", "false", NULL, 0);
    rd_kafka_conf_set(conf, "auto.commit.enable", "false", NULL, 0);
    rd_kafka_conf_set(conf, "auto.offset.reset", "error", NULL, 0);
    return CDR_OK;
}

static enum cdr_result add_partitions(struct cdr_id_reader *reader, uint32_t topic, uint32_t n,
                                      struct cdr_error *error)
{
    const uint32_t before = reader->partition_count;
    struct id_partition *larger =
        realloc(reader->partitions, (before + n) * sizeof *reader->partitions);
    if (larger == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for %u partitions", before + n);
    reader->partitions = larger;
    reader->firsts[topic] = before;
    for (uint32_t i = 0; i < n; i++)
        larger[before + i] = (struct id_partition){.topic = topic, .partition = (int32_t)i};
    reader->partition_count += n;
    return CDR_OK;
}

static enum cdr_result look_at(struct cdr_id_reader *reader, uint32_t topic,
                               struct cdr_error *error)
{
    const char *name = reader->settings.topics[topic];
    const int timeout_ms = (int)reader->settings.sink->kafka.timeout_ms;
    reader->topics[topic] = rd_kafka_topic_new(reader->client.rk, name, NULL);
    if (reader->topics[topic] == NULL)
        return cdr_fail(error, CDR_E_CONFIG, "\"%s\" cannot be a topic: %s", name,
                        rd_kafka_err2str(rd_kafka_last_error()));
    struct cdr_kafka_topic_state state;
    int32_t broker;
    enum cdr_result result =
        cdr_kafka_look_at(&reader->client, name, timeout_ms, &state, &broker, error);
    if (result != CDR_OK)
        return result;
    if (!state.exists)
        return cdr_fail(error, CDR_E_STATE, "topic %s does not exist", name);
    if (state.partitions > PARTITIONS_MAX)
        return cdr_fail(error, CDR_E_STATE, "topic %s has %u partitions, at most %d are counted",
                        name, state.partitions, PARTITIONS_MAX);
    return add_partitions(reader, topic, state.partitions, error);
}

/* Of all partitions, where they begin and where committed records end. */
static enum cdr_result find_ends(struct cdr_id_reader *reader, struct cdr_error *error)
{
    const struct cdr_id_reader_settings *settings = &reader->settings;
    const struct cdr_kafka_patience patience = {
        .timeout_ms = (int)settings->sink->kafka.timeout_ms,
        .wait_ms = settings->open_wait_ms,
        .stop = settings->stop,
        .say = settings->say,
    };
    struct cdr_kafka_client asker = {0};
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)reader->partition_count);
    for (uint32_t i = 0; i < reader->partition_count; i++)
        rd_kafka_topic_partition_list_add(list, settings->topics[reader->partitions[i].topic],
                                          reader->partitions[i].partition);
    const struct cdr_kafka_role role = {.property = "isolation.level", .value = "read_uncommitted"};
    enum cdr_result result =
        cdr_kafka_client_open(&asker, RD_KAFKA_CONSUMER, &reader->properties, &role, error);
    if (result == CDR_OK)
        result =
            cdr_kafka_ask_offsets(&asker, list, RD_KAFKA_OFFSET_END, patience.timeout_ms, error);
    for (uint32_t i = 0; result == CDR_OK && i < reader->partition_count; i++)
        reader->partitions[i].high = list->elems[i].offset;
    if (result == CDR_OK && !settings->read_uncommitted)
        result = cdr_kafka_stable_ends(&reader->client, list, &patience, error);
    for (uint32_t i = 0; result == CDR_OK && i < reader->partition_count; i++)
        reader->partitions[i].end = list->elems[i].offset;
    if (result == CDR_OK)
        result = cdr_kafka_ask_offsets(&asker, list, RD_KAFKA_OFFSET_BEGINNING, patience.timeout_ms,
                                       error);
    for (uint32_t i = 0; result == CDR_OK && i < reader->partition_count; i++)
        reader->partitions[i].first = list->elems[i].offset;
    cdr_kafka_client_close(&asker);
    rd_kafka_topic_partition_list_destroy(list);
    return result;
}

static enum cdr_result start_reading(struct cdr_id_reader *reader, struct cdr_error *error)
{
    reader->queue = rd_kafka_queue_new(reader->client.rk);
    for (uint32_t i = 0; i < reader->partition_count; i++) {
        struct id_partition *partition = &reader->partitions[i];
        partition->ended = partition->first >= partition->end;
        if (partition->ended)
            continue;
        if (rd_kafka_consume_start_queue(reader->topics[partition->topic], partition->partition,
                                         partition->first, reader->queue) != 0)
            return cdr_fail(error, CDR_E_KAFKA, "cannot read %s[%d]: %s",
                            reader->settings.topics[partition->topic], (int)partition->partition,
                            rd_kafka_err2str(rd_kafka_last_error()));
        partition->started = true;
        reader->open++;
    }
    return CDR_OK;
}

/* ---- reading ---- */

static bool parse_id(const char *text, size_t len, uint64_t *id)
{
    uint64_t value = 0;
    if (len != CDR_ID_TEXT_LEN)
        return false;
    for (size_t i = 0; i < len; i++) {
        const char c = text[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                                                : 16;
        if (digit == 16)
            return false;
        value = value << 4 | digit;
    }
    *id = value;
    return true;
}

/* The message's id, if it carries one. */
static bool id_of(const rd_kafka_message_t *message, uint64_t *id)
{
    rd_kafka_headers_t *headers = NULL;
    const void *text = NULL;
    size_t len = 0;
    return rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR &&
           rd_kafka_header_get_last(headers, CDR_ID_HEADER, &text, &len) ==
               RD_KAFKA_RESP_ERR_NO_ERROR &&
           text != NULL && parse_id(text, len, id);
}

static struct id_partition *partition_of(struct cdr_id_reader *reader,
                                         const rd_kafka_message_t *message)
{
    uint32_t topic = 0;
    while (reader->topics[topic] != message->rkt &&
           strcmp(rd_kafka_topic_name(message->rkt), reader->settings.topics[topic]) != 0)
        topic++;
    return &reader->partitions[reader->firsts[topic] + (uint32_t)message->partition];
}

static void end_partition(struct cdr_id_reader *reader, struct id_partition *partition)
{
    reader->open -= !partition->ended;
    partition->ended = true;
}

static enum cdr_result take_event(struct cdr_id_reader *reader, struct id_partition *partition,
                                  const rd_kafka_message_t *message)
{
    switch (message->err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        if (message->offset >= partition->end)
            end_partition(reader, partition);
        return CDR_OK;
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
        return CDR_OK; /* librdkafka tries again; a stall ends it */
    default:
        return cdr_fail(&reader->error, CDR_E_KAFKA, "reading %s[%d]: %s",
                        rd_kafka_topic_name(message->rkt), (int)message->partition,
                        rd_kafka_message_errstr(message));
    }
}

static enum cdr_result take(struct cdr_id_reader *reader, const rd_kafka_message_t *message)
{
    if (message->rkt == NULL)
        return CDR_OK;
    struct id_partition *partition = partition_of(reader, message);
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return take_event(reader, partition, message);
    if (message->offset >= partition->end) {
        end_partition(reader, partition);
        return CDR_OK;
    }
    const uint64_t place =
        CDR_PLACE(partition->topic, (uint64_t)message->partition, message->offset);
    uint64_t id;
    enum cdr_result result = CDR_OK;
    if (id_of(message, &id)) {
        result = cdr_balance_find(reader->settings.balance, id, place, &reader->error);
    } else {
        if (reader->without_id < NAMELESS_MAX)
            reader->places[reader->without_id] = place;
        reader->without_id++;
    }
    atomic_fetch_add_explicit(&reader->count, 1, memory_order_relaxed);
    if (message->offset + 1 >= partition->end)
        end_partition(reader, partition);
    return result;
}

static enum cdr_result read_all(struct cdr_id_reader *reader)
{
    const int64_t stall_ns = STALLS * reader->settings.sink->kafka.timeout_ms * INT64_C(1000000);
    int64_t heard_ns = cdr_monotonic_ns();
    enum cdr_result result = CDR_OK;
    while (result == CDR_OK && reader->open > 0) {
        ssize_t n = rd_kafka_consume_batch_queue(reader->queue, 0, reader->batch, BATCH);
        if (n == 0)
            n = rd_kafka_consume_batch_queue(reader->queue, WAIT_MS, reader->batch, 1);
        for (ssize_t i = 0; i < n; i++) {
            if (result == CDR_OK)
                result = take(reader, reader->batch[i]);
            rd_kafka_message_destroy(reader->batch[i]);
        }
        rd_kafka_poll(reader->client.rk, 0);
        if (n > 0)
            heard_ns = cdr_monotonic_ns();
        else if (cdr_monotonic_ns() - heard_ns > stall_ns)
            result = cdr_fail(&reader->error, CDR_E_KAFKA,
                              "no messages came for %" PRId64 " s, and %u partitions are not read "
                              "to their ends",
                              stall_ns / 1000000000, reader->open);
        if (result == CDR_OK && reader->settings.stop != NULL &&
            atomic_load(reader->settings.stop) != 0)
            result = cdr_fail(&reader->error, CDR_E_INTERRUPTED, "interrupted");
    }
    return result;
}

static void *reader_main(void *argument)
{
    struct cdr_id_reader *reader = argument;
    reader->result = read_all(reader);
    atomic_store(&reader->over, true);
    return NULL;
}

/* ---- interface ---- */

enum cdr_result cdr_id_reader_start(struct cdr_id_reader **made,
                                    const struct cdr_id_reader_settings *settings,
                                    struct cdr_error *error)
{
    *made = NULL;
    struct cdr_id_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory to read ids");
    reader->settings = *settings;
    reader->topics = calloc(settings->topic_count, sizeof(void *));
    reader->firsts = calloc(settings->topic_count, sizeof *reader->firsts);
    enum cdr_result result =
        reader->topics != NULL && reader->firsts != NULL
            ? make_properties(reader, error)
            : cdr_fail(error, CDR_E_NOMEM, "no memory for %u topics", settings->topic_count);
    if (result == CDR_OK)
        result = cdr_kafka_client_open(&reader->client, RD_KAFKA_CONSUMER, &reader->properties,
                                       NULL, error);
    if (result == CDR_OK)
        result = cdr_kafka_connect(&reader->client, (int)settings->sink->kafka.timeout_ms, error);
    for (uint32_t topic = 0; result == CDR_OK && topic < settings->topic_count; topic++)
        result = look_at(reader, topic, error);
    if (result == CDR_OK)
        result = find_ends(reader, error);
    if (result == CDR_OK)
        result = start_reading(reader, error);
    if (result == CDR_OK && cdr_thread_start(&reader->thread, reader_main, reader) != 0)
        result = cdr_fail(error, CDR_E_NOMEM, "cannot start the thread that reads");
    reader->running = result == CDR_OK;
    if (result != CDR_OK) {
        cdr_id_reader_destroy(reader);
        return result;
    }
    *made = reader;
    return CDR_OK;
}

void cdr_id_reader_gaps(const struct cdr_id_reader *reader, struct cdr_id_gap *deleted,
                        struct cdr_id_gap *open)
{
    *deleted = *open = (struct cdr_id_gap){0};
    for (uint32_t i = reader->partition_count; i-- > 0;) {
        const struct id_partition *partition = &reader->partitions[i];
        if (partition->first > 0)
            *deleted = (struct cdr_id_gap){deleted->partitions + 1, partition->topic,
                                           (uint32_t)partition->partition, partition->first};
        if (partition->end < partition->high)
            *open = (struct cdr_id_gap){open->partitions + 1, partition->topic,
                                        (uint32_t)partition->partition, partition->end};
    }
}

uint64_t cdr_id_reader_count(const struct cdr_id_reader *reader)
{
    return atomic_load_explicit(&reader->count, memory_order_relaxed);
}

bool cdr_id_reader_over(const struct cdr_id_reader *reader)
{
    return atomic_load(&reader->over);
}

enum cdr_result cdr_id_reader_join(struct cdr_id_reader *reader, uint64_t *without_id,
                                   uint64_t *places, uint32_t max, struct cdr_error *error)
{
    if (reader->running)
        pthread_join(reader->thread, NULL);
    reader->running = false;
    *without_id = reader->without_id;
    for (uint32_t i = 0; i < max && i < reader->without_id && i < NAMELESS_MAX; i++)
        places[i] = reader->places[i];
    if (reader->result != CDR_OK)
        *error = reader->error;
    return reader->result;
}

void cdr_id_reader_destroy(struct cdr_id_reader *reader)
{
    if (reader == NULL)
        return;
    for (uint32_t i = 0; i < reader->partition_count; i++)
        if (reader->partitions[i].started)
            rd_kafka_consume_stop(reader->topics[reader->partitions[i].topic],
                                  reader->partitions[i].partition);
    if (reader->queue != NULL) {
        cdr_kafka_drain(reader->queue);
        rd_kafka_queue_destroy(reader->queue);
    }
    for (uint32_t topic = 0; reader->topics != NULL && topic < reader->settings.topic_count;
         topic++)
        if (reader->topics[topic] != NULL)
            rd_kafka_topic_destroy(reader->topics[topic]);
    cdr_kafka_client_close(&reader->client);
    cdr_kafka_properties_free(&reader->properties);
    free(reader->warnings.texts);
    free(reader->topics);
    free(reader->firsts);
    free(reader->partitions);
    free(reader);
}
