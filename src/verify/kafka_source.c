/* Kafka as a source. Each log has a queue of its own in librdkafka, which fetches all of them ahead
 * within a bound of bytes; the comparison of a log takes its messages in batches. No consumer group
 * reads: it takes only the right to read the topics. (The group cdrgen-<dataset id> is only asked
 * for where an --append began.) */
#include "base/bytes.h"
#include "base/clock.h"
#include "kafka/metadata.h"
#include "kafka/offsets.h"
#include "kafka/trouble.h"
#include "model/model.h"
#include "schema/varint.h"
#include "sink/kafka/groups.h"
#include "verify/kafka_added.h"
#include "verify/kafka_expired.h"
#include "verify/source.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BATCH = 256, GROUP_MS = 5000, STALLS = 3 };
/* Fetched ahead, over all logs. More is memory to fault in: 128 MiB took half as much CPU again. */
#define QUEUE_BYTES (UINT64_C(48) << 20)
/* Before version 2.2, a librdkafka whose queues are all full looks at them again only after a
 * second, unless its broker thread is woken by a request: one whose answer does not matter. */
#define WAKE_BYTES (QUEUE_BYTES / 12)
enum { WAKE_VERSION_END = 0x020200ff, WAKE_MS = 1 };

struct kafka_log {
    rd_kafka_topic_t *topic;
    struct cdr_source_extent extent;
    int64_t next; /* lowest offset not yet yielded */
    rd_kafka_message_t **batch;
    uint32_t n, at;              /* messages in it; taken of them */
    rd_kafka_message_t *yielded; /* the caller looks at it */
    uint8_t *headers;            /* of that */
    size_t headers_room;
    char *names; /* of all of its headers */
    size_t names_room;
    bool started, ended;
};

struct kafka_source {
    struct cdr_source base;
    struct cdr_source_setup setup;
    const struct cdr_kafka_settings *kafka; /* the caller's */
    struct cdr_kafka_properties properties;
    struct cdr_kafka_warnings warnings;
    struct cdr_kafka_client client;
    struct source_topic {
        rd_kafka_topic_t *handle;
        uint32_t partitions; /* that it has */
        bool missing;
    } * topics;
    struct cdr_added_partition *added;
    uint32_t log_count;
    struct kafka_log *logs;
    int64_t stall_ns;
    atomic_llong heard_ns; /* when messages came last */
    atomic_ullong taken;   /* bytes of messages since the broker threads were woken */
};

static bool is_left_out(const struct kafka_source *source, uint32_t type)
{
    return source->setup.topics->items[type].left_out || source->topics[type].missing;
}

static bool is_mine(const struct kafka_source *source, uint32_t log)
{
    return log % source->setup.partitions % source->setup.shard_count ==
               source->setup.shard_index &&
           !is_left_out(source, log / source->setup.partitions);
}

static const char *name_of(const struct kafka_source *source, uint32_t log)
{
    return source->setup.topics->items[log / source->setup.partitions].name;
}

static uint32_t partition_of(const struct kafka_source *source, uint32_t log)
{
    return log % source->setup.partitions;
}

/* ---- settings ---- */

/* The user's own values stay. Names that this librdkafka does not know yet are left out. */
static void set(struct kafka_source *source, const struct cdr_kafka_settings *settings,
                const char *name, const char *value)
{
    if (!cdr_kafka_is_given(settings, name))
        rd_kafka_conf_set(source->properties.conf, name, value, NULL, 0);
}

static enum cdr_result make_properties(struct kafka_source *source,
                                       const struct cdr_kafka_settings *settings,
                                       struct cdr_error *error)
{
    enum cdr_result result =
        cdr_kafka_properties_make(&source->properties, settings, &source->warnings, error);
    if (result != CDR_OK)
        return result;
    char kbytes[32];
    uint64_t share = QUEUE_BYTES / source->log_count >> 10;
    snprintf(kbytes, sizeof kbytes, "%" PRIu64, share > 1024 ? share : 1024);
    set(source, settings, "queued.max.messages.kbytes", kbytes);
    /* A response to a question about logs that are at their end keeps others waiting. */
    set(source, settings, "fetch.wait.max.ms", "20");
    set(source, settings, "fetch.queue.backoff.ms", "10");
    if (source->setup.few_records) {
        /* A response holds a batch at least, whatever its size. One without any record that is
         * wanted, as compaction and trimming leave batches, costs half a second or so: librdkafka
         * takes it for a record that is cut off, waits, and asks for twice as much. */
        rd_kafka_conf_set(source->properties.conf, "queued.min.messages", "1", NULL, 0);
        rd_kafka_conf_set(source->properties.conf, "fetch.message.max.bytes", "65536", NULL, 0);
    }
    rd_kafka_conf_t *conf = source->properties.conf;
    rd_kafka_conf_set(conf, "enable.partition.eof", "true", NULL, 0);
    rd_kafka_conf_set(conf, "enable.auto.offset.store", "false", NULL, 0);
    rd_kafka_conf_set(conf, "auto.commit.enable", "false", NULL, 0);
    rd_kafka_conf_set(conf, "auto.offset.reset", "error", NULL, 0);
    return CDR_OK;
}

/* ---- what is there ---- */

static enum cdr_result check_topic(struct kafka_source *source, struct cdr_kafka_client *asker,
                                   unsigned type, int timeout_ms, struct cdr_error *error)
{
    const char *name = source->setup.topics->items[type].name;
    const uint32_t asked = source->setup.partitions;
    source->topics[type].partitions = asked;
    if (is_left_out(source, type))
        return CDR_OK;
    struct cdr_kafka_topic_state state;
    int32_t broker;
    enum cdr_result result = cdr_kafka_look_at(asker, name, timeout_ms, &state, &broker, error);
    if (result != CDR_OK)
        return result;
    source->topics[type].missing = !state.exists && source->setup.may_miss;
    if (source->topics[type].missing)
        return CDR_OK;
    if (!state.exists)
        return cdr_fail(error, CDR_E_STATE, "topic %s does not exist", name);
    const uint32_t there = state.partitions;
    source->topics[type].partitions = there;
    if (there < asked || (there > asked && !source->setup.more_partitions))
        return cdr_fail(error, CDR_E_STATE,
                        "topic %s has %u partition%s, and %u were asked for: the dataset depends "
                        "on their number (--partitions)",
                        name, there, there == 1 ? "" : "s", asked);
    return CDR_OK;
}

static rd_kafka_topic_partition_list_t *list_logs(const struct kafka_source *source)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)source->log_count);
    for (uint32_t log = 0; log < source->log_count; log++)
        if (is_mine(source, log))
            rd_kafka_topic_partition_list_add(list, name_of(source, log),
                                              (int32_t)partition_of(source, log));
    return list;
}

/* Where an --append began. Without the right to read the group, none is taken to have been used. */
static void ask_bases(const struct kafka_source *source, struct cdr_kafka_client *asker,
                      rd_kafka_topic_partition_list_t *list, int timeout_ms)
{
    const char *id = source->setup.model->dataset_id;
    rd_kafka_resp_err_t code =
        cdr_kafka_ask_committed(asker, list, timeout_ms < GROUP_MS ? timeout_ms : GROUP_MS);
    for (int i = 0; i < list->cnt; i++) {
        rd_kafka_topic_partition_t *entry = &list->elems[i];
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR || !cdr_kafka_is_signed(entry, id, NULL)) {
            entry->offset = 0;
            entry->metadata_size = 0; /* not known */
        }
    }
}

/* From the high watermarks to where reading ends. */
static enum cdr_result find_ends(struct kafka_source *source, rd_kafka_topic_partition_list_t *end,
                                 int timeout_ms, struct cdr_error *error)
{
    const struct cdr_kafka_patience patience = {
        .timeout_ms = timeout_ms,
        .wait_ms = source->setup.follow ? 0 : source->setup.open_wait_ms,
        .stop = source->setup.stop,
        .say = source->setup.say,
    };
    return source->setup.read_uncommitted
               ? CDR_OK
               : cdr_kafka_stable_ends(&source->client, end, &patience, error);
}

static enum cdr_result find_extents(struct kafka_source *source, struct cdr_kafka_client *asker,
                                    int timeout_ms, struct cdr_error *error)
{
    rd_kafka_topic_partition_list_t *first = list_logs(source), *end = list_logs(source),
                                    *base = list_logs(source);
    int64_t *high = calloc((size_t)end->cnt + 1, sizeof *high);
    enum cdr_result result =
        high != NULL ? cdr_kafka_ask_offsets(asker, end, RD_KAFKA_OFFSET_END, timeout_ms, error)
                     : cdr_fail(error, CDR_E_NOMEM, "no memory for %d offsets", end->cnt);
    for (int log = 0; result == CDR_OK && log < end->cnt; log++)
        high[log] = end->elems[log].offset;
    if (result == CDR_OK)
        result = find_ends(source, end, timeout_ms, error);
    if (result == CDR_OK)
        result = cdr_kafka_ask_offsets(asker, first, RD_KAFKA_OFFSET_BEGINNING, timeout_ms, error);
    if (result == CDR_OK && source->setup.offsets == NULL)
        ask_bases(source, asker, base, timeout_ms);
    uint32_t i = 0;
    for (uint32_t log = 0; result == CDR_OK && log < source->log_count; log++) {
        if (!is_mine(source, log))
            continue;
        struct cdr_source_extent *extent = &source->logs[log].extent;
        extent->base =
            source->setup.offsets != NULL ? source->setup.offsets[log] : base->elems[i].offset;
        extent->first = first->elems[i].offset;
        extent->end = end->elems[i].offset;
        extent->known = source->setup.offsets == NULL && base->elems[i].metadata_size > 0;
        extent->open = extent->end < high[i++];
        extent->undecided = -1;
        extent->records = -1;
        if (extent->base == CDR_OFFSET_UNREAD)
            extent->base = extent->end;
        if (extent->end < extent->base)
            result =
                cdr_fail(error, CDR_E_STATE,
                         "%s[%u] ends at offset %" PRId64 ", before the offset %" PRId64
                         " %s: the topic was deleted and created again, or lost records",
                         name_of(source, log), partition_of(source, log), extent->end, extent->base,
                         source->setup.offsets != NULL ? "at which the comparison begins"
                                                       : "at which this dataset begins in it");
    }
    rd_kafka_topic_partition_list_destroy(first);
    rd_kafka_topic_partition_list_destroy(end);
    rd_kafka_topic_partition_list_destroy(base);
    free(high);
    return result;
}

/* With read_uncommitted, records of open transactions are compared though they may not stay. */
static enum cdr_result find_undecided(struct kafka_source *source, int timeout_ms,
                                      struct cdr_error *error)
{
    struct cdr_kafka_client reader = {0};
    const struct cdr_kafka_role role = {.property = "isolation.level", .value = "read_committed"};
    rd_kafka_topic_partition_list_t *stable = list_logs(source);
    enum cdr_result result =
        cdr_kafka_client_open(&reader, RD_KAFKA_CONSUMER, &source->properties, &role, error);
    if (result == CDR_OK)
        result = cdr_kafka_ask_offsets(&reader, stable, RD_KAFKA_OFFSET_END, timeout_ms, error);
    uint32_t i = 0;
    for (uint32_t log = 0; result == CDR_OK && log < source->log_count; log++) {
        if (!is_mine(source, log))
            continue;
        struct cdr_source_extent *extent = &source->logs[log].extent;
        const int64_t offset = stable->elems[i++].offset;
        extent->undecided = offset < extent->end ? offset : -1;
    }
    cdr_kafka_client_close(&reader);
    rd_kafka_topic_partition_list_destroy(stable);
    return result;
}

static enum cdr_result explain_expired(struct kafka_source *source, int timeout_ms,
                                       struct cdr_error *error)
{
    struct cdr_kafka_expired *logs = calloc(source->log_count, sizeof *logs);
    size_t n = 0, i = 0;
    if (logs == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for %u logs", source->log_count);
    for (uint32_t log = 0; log < source->log_count; log++) {
        const struct cdr_source_extent *extent = &source->logs[log].extent;
        if (!is_mine(source, log) || extent->first <= extent->base)
            continue;
        logs[n] = (struct cdr_kafka_expired){.topic = name_of(source, log),
                                             .partition = partition_of(source, log),
                                             .base = extent->base,
                                             .first = extent->first,
                                             .end = extent->end,
                                             .known = extent->known};
        cdr_topic_form(source->setup.topics, log / source->setup.partitions, logs[n++].form);
    }
    enum cdr_result result = cdr_kafka_explain_expired(
        &source->properties, source->setup.model->dataset_id, logs, n, timeout_ms, error);
    for (uint32_t log = 0; result == CDR_OK && log < source->log_count; log++) {
        struct cdr_source_extent *extent = &source->logs[log].extent;
        if (!is_mine(source, log) || extent->first <= extent->base)
            continue;
        extent->doubtful = logs[i].doubtful;
        extent->gone = logs[i].gone;
        extent->records = logs[i++].records;
    }
    free(logs);
    return result;
}

static enum cdr_result ask(struct kafka_source *source, const struct cdr_sink_settings *settings,
                           struct cdr_error *error)
{
    char group[CDR_KAFKA_GROUP_MAX];
    cdr_kafka_group_of(CDR_GROUP_BASES, source->setup.model->dataset_id, group);
    const int timeout_ms = (int)settings->kafka.timeout_ms;
    struct cdr_kafka_client asker = {0};
    /* The client that asks sees high watermarks, the one that reads last stable offsets. */
    const struct cdr_kafka_role reads = {.property = "isolation.level",
                                         .value = source->setup.read_uncommitted
                                                      ? "read_uncommitted"
                                                      : "read_committed"},
                                asks = {.group_id = source->setup.offsets == NULL ? group : NULL};
    enum cdr_result result = cdr_kafka_client_open(&source->client, RD_KAFKA_CONSUMER,
                                                   &source->properties, &reads, error);
    if (result == CDR_OK)
        result =
            cdr_kafka_client_open(&asker, RD_KAFKA_CONSUMER, &source->properties, &asks, error);
    if (result == CDR_OK)
        result = cdr_kafka_connect(&asker, timeout_ms, error);
    for (unsigned type = 0; result == CDR_OK && type < source->setup.topics->n; type++)
        result = check_topic(source, &asker, type, timeout_ms, error);
    if (result == CDR_OK)
        result = find_extents(source, &asker, timeout_ms, error);
    if (result == CDR_OK && source->setup.read_uncommitted && !source->setup.follow)
        result = find_undecided(source, timeout_ms, error);
    if (result == CDR_OK && source->setup.explain_expired)
        result = explain_expired(source, timeout_ms, error);
    cdr_kafka_client_close(&asker);
    return result;
}

/* ---- reading ---- */

static enum cdr_result start_log(struct kafka_source *source, uint32_t number,
                                 struct cdr_error *error)
{
    struct kafka_log *log = &source->logs[number];
    const struct cdr_source_extent *extent = &log->extent;
    log->topic = source->topics[number / source->setup.partitions].handle;
    log->next = extent->first > extent->base ? extent->first : extent->base;
    log->ended = !source->setup.follow && log->next >= extent->end;
    if (log->ended)
        return CDR_OK;
    log->batch = malloc(BATCH * sizeof *log->batch);
    if (log->batch == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for messages of %u logs", source->log_count);
    if (rd_kafka_consume_start(log->topic, (int32_t)partition_of(source, number), log->next) != 0)
        return cdr_fail(error, CDR_E_KAFKA, "cannot read %s[%u]: %s", name_of(source, number),
                        partition_of(source, number), rd_kafka_err2str(rd_kafka_last_error()));
    log->started = true;
    return CDR_OK;
}

static enum cdr_result start(struct kafka_source *source, struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    for (unsigned type = 0; result == CDR_OK && type < source->setup.topics->n; type++) {
        const char *name = source->setup.topics->items[type].name;
        source->topics[type].handle = rd_kafka_topic_new(source->client.rk, name, NULL);
        if (source->topics[type].handle == NULL)
            result = cdr_fail(error, CDR_E_KAFKA, "topic %s: %s", name,
                              rd_kafka_err2str(rd_kafka_last_error()));
    }
    for (uint32_t log = 0; result == CDR_OK && log < source->log_count; log++)
        if (is_mine(source, log))
            result = start_log(source, log, error);
    atomic_store(&source->heard_ns, cdr_monotonic_ns());
    return result;
}

static enum cdr_result check_stall(struct kafka_source *source, uint32_t log,
                                   struct cdr_error *error)
{
    char text[400];
    if (source->setup.follow ||
        cdr_monotonic_ns() - atomic_load(&source->heard_ns) < source->stall_ns)
        return CDR_E_AGAIN;
    cdr_kafka_trouble(&source->client, text, sizeof text);
    return cdr_fail(error, CDR_E_KAFKA,
                    "no messages came for %" PRId64 " s, and %s[%u] was read up to offset %" PRId64
                    " of %" PRId64 "%s%s",
                    source->stall_ns / 1000000000, name_of(source, log), partition_of(source, log),
                    source->logs[log].next, source->logs[log].extent.end,
                    text[0] != '\0' ? "; the last trouble was " : "", text);
}

/* After each batch of a log; an empty one says that a caller waits. */
static void wake(struct kafka_source *source, uint32_t number)
{
    const struct kafka_log *log = &source->logs[number];
    uint64_t bytes = log->n > 0 ? 0 : WAKE_BYTES;
    int64_t first, end;
    if (rd_kafka_version() >= WAKE_VERSION_END || (log->n == 0 && source->setup.follow))
        return;
    for (uint32_t i = 0; i < log->n; i++)
        bytes += log->batch[i]->len;
    if (atomic_fetch_add_explicit(&source->taken, bytes, memory_order_relaxed) + bytes < WAKE_BYTES)
        return;
    atomic_store_explicit(&source->taken, 0, memory_order_relaxed);
    rd_kafka_query_watermark_offsets(source->client.rk, name_of(source, number),
                                     (int32_t)partition_of(source, number), &first, &end, WAKE_MS);
}

/* A batch, or one message after waiting. CDR_E_AGAIN: nothing came. */
static enum cdr_result fetch(struct kafka_source *source, uint32_t number, int wait_ms,
                             struct cdr_error *error)
{
    struct kafka_log *log = &source->logs[number];
    const int32_t partition = (int32_t)partition_of(source, number);
    ssize_t n = rd_kafka_consume_batch(log->topic, partition, 0, log->batch, BATCH);
    if (n == 0 && wait_ms > 0)
        n = rd_kafka_consume_batch(log->topic, partition, wait_ms, log->batch, 1);
    if (n < 0)
        return cdr_fail(error, CDR_E_KAFKA, "cannot read %s[%d]: %s", name_of(source, number),
                        partition, rd_kafka_err2str(rd_kafka_last_error()));
    log->at = 0;
    log->n = (uint32_t)n;
    wake(source, number);
    if (n == 0)
        return check_stall(source, number, error);
    atomic_store_explicit(&source->heard_ns, cdr_monotonic_ns(), memory_order_relaxed);
    return CDR_OK;
}

/* An event that is no record. */
static enum cdr_result take_event(struct kafka_source *source, uint32_t number,
                                  const rd_kafka_message_t *message, struct cdr_error *error)
{
    struct kafka_log *log = &source->logs[number];
    switch (message->err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        log->next = message->offset;
        log->ended = !source->setup.follow && message->offset >= log->extent.end;
        return CDR_OK;
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
        return CDR_OK; /* librdkafka tries again; check_stall ends it */
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        return cdr_kafka_request_failed(&source->client, message->err, "read topic",
                                        name_of(source, number), "Read", NULL, error);
    default:
        return cdr_fail(error, CDR_E_KAFKA, "reading %s[%u] at offset %" PRId64 ": %s",
                        name_of(source, number), partition_of(source, number), log->next,
                        rd_kafka_message_errstr(message));
    }
}

/* What does not begin with a frame is no datum; it will not be equal to one. */
static void pass_frame(const struct kafka_source *source, const uint8_t **bytes, size_t *len,
                       uint32_t frame)
{
    frame = cdr_frame_len(*bytes, *len, frame,
                          source->setup.model->faults.below[CDR_FAULT_UNKNOWN_SCHEMA] > 0);
    *len -= frame;
    if (frame > 0)
        *bytes += frame;
}

/* Whether a value begins with the schema id of another topic's records, and that is compared. */
static bool has_id_of_other(const struct kafka_source *source, const struct cdr_topic *topic,
                            const uint8_t *value, size_t len)
{
    const struct cdr_topics *topics = source->setup.topics;
    uint32_t id;
    if (!topic->compares_ids || value == NULL || len < topic->encoder->frame_len || value[0] != 0)
        return false;
    memcpy(&id, value + 1, sizeof id);
    id = cdr_be32(id);
    for (uint32_t i = 0; i < topics->n; i++)
        if (&topics->items[i] != topic && (uint32_t)topics->items[i].schema_ids[0] == id)
            return true;
    return false;
}

/* The value of the header of a name: its length, or one of CDR_HEADER_… (record.h). One without a
 * value is there all the same. */
static int64_t find_header(const rd_kafka_headers_t *headers, const char *name, const void **value)
{
    size_t size, other_size;
    const void *other;
    if (headers == NULL || rd_kafka_header_get(headers, 0, name, value, &size) != 0)
        return CDR_HEADER_MISSING;
    if (rd_kafka_header_get(headers, 1, name, &other, &other_size) == 0)
        return CDR_HEADER_DUPLICATED;
    return *value == NULL ? CDR_HEADER_NULL : (int64_t)size;
}

/* Puts the headers that were asked for into the log's buffer, as record.h has them. */
static enum cdr_result read_headers(const struct kafka_source *source, uint32_t number,
                                    const rd_kafka_message_t *message, struct cdr_record *record,
                                    struct cdr_error *error)
{
    struct kafka_log *log = &source->logs[number];
    const struct cdr_envelope *envelope =
        &source->setup.topics->items[number / source->setup.partitions].envelope;
    rd_kafka_headers_t *headers = NULL;
    if (envelope->header_count == 0)
        return CDR_OK;
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        headers = NULL;
    size_t used = 0;
    for (uint32_t i = 0; i < envelope->header_count; i++) {
        const void *value = NULL;
        int64_t len = find_header(headers, envelope->header_names[i], &value);
        size_t needed = used + CDR_VARINT_BYTES_MAX + (len > 0 ? (size_t)len : 0);
        if (needed > log->headers_room) {
            uint8_t *grown = realloc(log->headers, 2 * needed);
            if (grown == NULL)
                return cdr_fail(error, CDR_E_NOMEM, "no memory for %zu bytes of headers", needed);
            log->headers = grown;
            log->headers_room = 2 * needed;
        }
        used = (size_t)(cdr_put_varint(log->headers + used, len) - log->headers);
        if (len > 0) {
            memcpy(log->headers + used, value, (size_t)len);
            used += (size_t)len;
        }
    }
    record->headers = log->headers;
    record->headers_len = (uint32_t)used;
    return CDR_OK;
}

/* What the header cdrgen-fault says. */
static uint8_t read_fault(const rd_kafka_message_t *message)
{
    rd_kafka_headers_t *headers = NULL;
    const void *value = NULL;
    char text[CDR_FAULT_TEXT_MAX];
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    const int64_t len = find_header(headers, CDR_FAULT_HEADER, &value);
    if (len == CDR_HEADER_MISSING)
        return 0;
    for (uint32_t entry = 1; len > 0 && entry <= (CDR_ENTRY_COPY | CDR_ENTRY_FAULT); entry++) {
        cdr_fault_entry_text(entry, text);
        if (strlen(text) == (size_t)len && memcmp(text, value, (size_t)len) == 0)
            return (uint8_t)entry;
    }
    return CDR_FAULT_UNREADABLE;
}

static enum cdr_result read_names(struct kafka_log *log, const rd_kafka_message_t *message,
                                  struct cdr_record *record, struct cdr_error *error)
{
    rd_kafka_headers_t *headers = NULL;
    const char *name = NULL;
    const void *value;
    size_t len, used = 0, count = 0;
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        headers = NULL;
    while (headers != NULL && rd_kafka_header_get_all(headers, count, &name, &value, &len) ==
                                  RD_KAFKA_RESP_ERR_NO_ERROR) {
        used += strlen(name) + 1;
        count++;
    }
    if (used + 1 > log->names_room) {
        char *grown = realloc(log->names, used + 1);
        if (grown == NULL)
            return cdr_fail(error, CDR_E_NOMEM, "no memory for %zu bytes of headers", used);
        log->names = grown;
        log->names_room = used + 1;
    }
    char *at = log->names;
    for (size_t i = 0; i < count; i++) {
        rd_kafka_header_get_all(headers, i, &name, &value, &len);
        if (i > 0)
            *at++ = ',';
        at = stpcpy(at, name);
    }
    *at = '\0';
    record->header_names = log->names;
    return CDR_OK;
}

static enum cdr_result show(const struct kafka_source *source, uint32_t number,
                            const rd_kafka_message_t *message, struct cdr_record *record,
                            struct cdr_error *error)
{
    const struct cdr_topic *topic = &source->setup.topics->items[number / source->setup.partitions];
    const struct cdr_encoder *key_encoder = topic->envelope.key;
    const uint8_t *value = message->payload, *key = message->key;
    size_t len = message->len, key_len = message->key_len;
    if (!has_id_of_other(source, topic, value, len))
        pass_frame(source, &value, &len, topic->encoder->frame_len);
    pass_frame(source, &key, &key_len, key_encoder != NULL ? key_encoder->frame_len : 0);
    rd_kafka_timestamp_type_t kind;
    int64_t ms = rd_kafka_message_timestamp(message, &kind);
    *record = (struct cdr_record){
        .payload = value,
        .payload_len = (uint32_t)len,
        .key = key,
        .key_len = (uint32_t)key_len,
        .event_ms = kind == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? CDR_NO_TIME : ms,
        .place = message->offset,
    };
    if (topic->envelope.fault_header)
        record->fault = read_fault(message);
    enum cdr_result result = read_headers(source, number, message, record, error);
    return result == CDR_OK && source->setup.header_names
               ? read_names(&source->logs[number], message, record, error)
               : result;
}

static enum cdr_result kafka_next(struct cdr_source *base, uint32_t number, int wait_ms,
                                  struct cdr_record *record, bool *ended, struct cdr_error *error)
{
    struct kafka_source *source = (struct kafka_source *)base;
    struct kafka_log *log = &source->logs[number];
    if (log->yielded != NULL)
        rd_kafka_message_destroy(log->yielded);
    log->yielded = NULL;
    if (source->topics[number / source->setup.partitions].missing)
        log->ended = true;
    while (!log->ended) {
        enum cdr_result result = log->at == log->n ? fetch(source, number, wait_ms, error) : CDR_OK;
        if (result != CDR_OK) {
            *ended = false;
            return result;
        }
        rd_kafka_message_t *message = log->batch[log->at++];
        if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            result = take_event(source, number, message, error);
            rd_kafka_message_destroy(message);
            if (result != CDR_OK)
                return result;
            continue;
        }
        if (!source->setup.follow && message->offset >= log->extent.end) {
            rd_kafka_message_destroy(message);
            log->ended = true;
            break;
        }
        log->yielded = message;
        log->next = message->offset + 1;
        log->ended = !source->setup.follow && log->next >= log->extent.end;
        return show(source, number, message, record, error);
    }
    *ended = true;
    return CDR_E_AGAIN;
}

static enum cdr_result kafka_poll(struct cdr_source *base, struct cdr_error *error)
{
    (void)error;
    rd_kafka_poll(((struct kafka_source *)base)->client.rk, 0);
    return CDR_OK;
}

static struct cdr_source_extent kafka_extent(const struct cdr_source *base, uint32_t log)
{
    return ((const struct kafka_source *)base)->logs[log].extent;
}

/* Following: whether the topics are still those that were opened. Sets how many partitions they
 * have now. */
static enum cdr_result check_followed(struct kafka_source *source, struct cdr_error *error)
{
    const int timeout_ms = (int)source->kafka->timeout_ms;
    rd_kafka_topic_partition_list_t *end = list_logs(source);
    enum cdr_result result = CDR_OK;
    for (unsigned type = 0; result == CDR_OK && type < source->setup.topics->n; type++)
        result = check_topic(source, &source->client, type, timeout_ms, error);
    if (result == CDR_OK)
        result =
            cdr_kafka_ask_offsets(&source->client, end, RD_KAFKA_OFFSET_END, timeout_ms, error);
    uint32_t i = 0;
    for (uint32_t log = 0; result == CDR_OK && log < source->log_count; log++) {
        if (!is_mine(source, log))
            continue;
        const int64_t offset = end->elems[i++].offset;
        if (offset < source->logs[log].next)
            result = cdr_fail(error, CDR_E_STATE,
                              "%s[%u] was read up to offset %" PRId64 " and ends at %" PRId64
                              " now: the topic was deleted and created again, or lost records",
                              name_of(source, log), partition_of(source, log),
                              source->logs[log].next, offset);
    }
    rd_kafka_topic_partition_list_destroy(end);
    return result;
}

static enum cdr_result kafka_added(struct cdr_source *base,
                                   const struct cdr_added_partition **added, size_t *n,
                                   struct cdr_error *error)
{
    struct kafka_source *source = (struct kafka_source *)base;
    const struct cdr_source_setup *setup = &source->setup;
    size_t count = 0;
    enum cdr_result result = setup->follow ? check_followed(source, error) : CDR_OK;
    *n = 0;
    if (result != CDR_OK)
        return result;
    for (unsigned type = 0; type < setup->topics->n; type++)
        count += source->topics[type].partitions - setup->partitions;
    free(source->added);
    source->added = calloc(count + 1, sizeof *source->added);
    if (source->added == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for %zu partitions", count);
    *added = source->added;
    for (unsigned type = 0; type < setup->topics->n; type++)
        for (uint32_t p = setup->partitions; p < source->topics[type].partitions; p++) {
            struct cdr_added_partition *entry = &source->added[*n];
            if (p % setup->shard_count != setup->shard_index)
                continue;
            *entry = (struct cdr_added_partition){.type = type, .partition = p};
            result =
                cdr_kafka_count_added(&source->client, source->kafka, !setup->read_uncommitted,
                                      setup->topics->items[type].name, p, &entry->records, error);
            if (result != CDR_OK)
                return result;
            ++*n;
        }
    return CDR_OK;
}

static void kafka_close(struct cdr_source *base)
{
    struct kafka_source *source = (struct kafka_source *)base;
    for (uint32_t number = 0; source->logs != NULL && number < source->log_count; number++) {
        struct kafka_log *log = &source->logs[number];
        if (log->yielded != NULL)
            rd_kafka_message_destroy(log->yielded);
        while (log->at < log->n)
            rd_kafka_message_destroy(log->batch[log->at++]);
        if (log->started)
            rd_kafka_consume_stop(log->topic, (int32_t)partition_of(source, number));
        free(log->batch);
        free(log->headers);
        free(log->names);
    }
    for (unsigned type = 0; source->topics != NULL && type < source->setup.topics->n; type++)
        if (source->topics[type].handle != NULL)
            rd_kafka_topic_destroy(source->topics[type].handle);
    cdr_kafka_client_close(&source->client);
    cdr_kafka_properties_free(&source->properties);
    free(source->warnings.texts);
    free(source->added);
    free(source->topics);
    free(source->logs);
    free(source);
}

static const struct cdr_source_ops kafka_source_ops = {
    .next = kafka_next,
    .poll = kafka_poll,
    .extent = kafka_extent,
    .added = kafka_added,
    .close = kafka_close,
};

enum cdr_result cdr_kafka_source_open(struct cdr_source **opened,
                                      const struct cdr_sink_settings *settings,
                                      const struct cdr_source_setup *setup, struct cdr_error *error)
{
    struct kafka_source *source = calloc(1, sizeof *source);
    if (source == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for the Kafka source");
    source->base.ops = &kafka_source_ops;
    source->setup = *setup;
    source->log_count = setup->topics->n * setup->partitions;
    source->logs = calloc(source->log_count, sizeof *source->logs);
    source->kafka = &settings->kafka;
    source->stall_ns = STALLS * settings->kafka.timeout_ms * INT64_C(1000000);
    source->topics = calloc(setup->topics->n, sizeof *source->topics);
    const bool good = source->logs != NULL && source->topics != NULL;
    enum cdr_result result =
        good ? make_properties(source, &settings->kafka, error)
             : cdr_fail(error, CDR_E_NOMEM, "no memory for %u logs", source->log_count);
    if (result == CDR_OK)
        result = ask(source, settings, error);
    if (result == CDR_OK)
        result = start(source, error);
    if (result != CDR_OK) {
        kafka_close(&source->base);
        return result;
    }
    *opened = &source->base;
    return CDR_OK;
}
