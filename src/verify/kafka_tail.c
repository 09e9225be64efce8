/* The check before a run goes on: the last records of the topics must be the function's. The
 * pipeline generates just those, into a sink that compares one by one and allows no difference. */
#include "encode/headers.h"
#include "model/model.h"
#include "sink/direct.h"
#include "verify/fields.h"
#include "verify/repeats.h"
#include "verify/source.h"
#include "verify/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 5, ID_BYTES = 1 + CDR_ID_TEXT_LEN };
#define SLAB_BYTES (256u << 10)
#define SLAB_RECORDS 4096u

/* What a message of a type must be like: the run's envelope, and the id after it. */
struct wire {
    const char *names[CDR_HEADERS_MAX + 1]; /* of all headers: with the id's */
    char *text;                             /* the names, with commas between them */
};

/* The beginning of a log. */
struct head {
    struct cdr_repeats keys;
    /* With transactions, where first records expired: the first one that is left, and whether
     * nothing says yet which of the dataset's it is. */
    struct cdr_record first;
    uint8_t *bytes; /* of first */
    bool sought, read;
    /* The record that is not there after first, unless first is a later one that is the same; and
     * where another one is found, −1 = none is. */
    bool missed;
    int64_t gone, other;
};

struct tail {
    struct cdr_direct_sink sink; /* that the pipeline writes to */
    const struct cdr_verify_tail_settings *settings;
    struct cdr_topics found_topics; /* those of the settings, with the id's header */
    struct wire *wires;             /* of each of them */
    uint32_t log_count, partitions;
    struct cdr_verify_range *ranges; /* what is left of them */
    uint64_t *starts;
    int64_t *offsets;
    struct cdr_source *source;
    struct cdr_payloads payloads;
    atomic_uint open;   /* logs with a range that is not compared to its end */
    uint32_t blind;     /* logs with a range of which nothing is left */
    struct head *heads; /* of each log; or NULL */
    atomic_int stop;
};

static bool is_mine(const struct tail *tail, uint32_t log)
{
    return log % tail->partitions % tail->settings->shard_count == tail->settings->shard_index;
}

/* ---- words ---- */

/* Appends "name: expected X, found Y" where they differ. */
static void add_pair(char *text, size_t size, size_t *used, const char *name, const char *expected,
                     const char *found)
{
    if (strcmp(expected, found) == 0 || *used >= size)
        return;
    *used += (size_t)snprintf(text + *used, size - *used, "%s%s: expected %.60s, found %.60s",
                              *used > 0 ? "; " : "", name, expected, found);
}

static void add_pairs(char *text, size_t size, size_t *used, const struct cdr_fields *expected,
                      const struct cdr_fields *found)
{
    for (uint32_t i = 0; i < found->n; i++) {
        const char *value = cdr_fields_find(expected, found->items[i].name);
        add_pair(text, size, used, found->items[i].name, value != NULL ? value : "none",
                 found->items[i].value);
    }
    for (uint32_t i = 0; i < expected->n; i++)
        if (cdr_fields_find(found, expected->items[i].name) == NULL)
            add_pair(text, size, used, expected->items[i].name, expected->items[i].value, "none");
}

static void describe(char *text, size_t size, const struct cdr_payloads *payloads, uint32_t type,
                     const struct cdr_record *expected, const struct cdr_record *found)
{
    struct cdr_fields left, right;
    char texts[2][160];
    size_t used = 0;
    text[0] = '\0';
    cdr_fields_key(&left, payloads, type, expected);
    cdr_fields_key(&right, payloads, type, found);
    add_pairs(text, size, &used, &left, &right);
    cdr_fields_headers(&left, payloads, type, expected);
    cdr_fields_headers(&right, payloads, type, found);
    add_pairs(text, size, &used, &left, &right);
    snprintf(texts[0], sizeof texts[0], "%" PRId64, expected->event_ms);
    snprintf(texts[1], sizeof texts[1], "%" PRId64, found->event_ms);
    add_pair(text, size, &used, "timestamp", texts[0], texts[1]);
    cdr_fields_decode(&left, payloads, type, expected);
    cdr_fields_decode(&right, payloads, type, found);
    add_pairs(text, size, &used, &left, &right);
}

static const char *or_none(const char *names)
{
    return names[0] != '\0' ? names : "none";
}

/* Those of the type; and of a record with a fault, where headers name it, the one that does. */
static bool same_names(const struct tail *tail, uint32_t type, const struct cdr_record *expected,
                       const struct cdr_record *found)
{
    const char *text = tail->wires[type].text, *names = found->header_names;
    const size_t len = strlen(text);
    if (expected->fault == 0)
        return strcmp(text, names) == 0;
    return strncmp(text, names, len) == 0 && (len == 0 || names[len] == ',') &&
           strcmp(names + len + (len > 0), CDR_FAULT_HEADER) == 0;
}

static enum cdr_result differs(const struct tail *tail, uint32_t log,
                               const struct cdr_record *expected, const struct cdr_record *found,
                               struct cdr_error *error)
{
    const uint32_t type = log / tail->partitions;
    const char *expected_names = tail->wires[type].text;
    const bool same = same_names(tail, type, expected, found);
    char text[700], names[420] = "";
    describe(text, sizeof text, &tail->payloads, type, expected, found);
    if (!same)
        snprintf(
            names, sizeof names,
            "this run writes the headers %.120s%s, and the topic's record has %.120s: pass the "
            "same --headers, --id-header and --fault-header, or write to other topics",
            expected->fault != 0 ? expected_names : or_none(expected_names),
            expected->fault == 0        ? ""
            : expected_names[0] == '\0' ? CDR_FAULT_HEADER
                                        : "," CDR_FAULT_HEADER,
            or_none(found->header_names));
    return cdr_fail(error, CDR_E_DIFFERENT,
                    "%.200s[%u] has another record at offset %" PRId64 " than record %" PRId64
                    " of the dataset %s: %.*s%s%s",
                    tail->settings->topics->items[type].name, log % tail->partitions, found->place,
                    expected->place, tail->settings->model->dataset_id, same ? 700 : 160, text,
                    same || text[0] == '\0' ? "" : "; ", names);
}

/* ---- the sink ---- */

static bool same_bytes(const uint8_t *a, uint32_t a_len, const uint8_t *b, uint32_t b_len)
{
    return (a == NULL) == (b == NULL) && a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0);
}

static bool same_headers(const struct tail *tail, uint32_t type, const struct cdr_record *expected,
                         const struct cdr_record *found)
{
    return same_names(tail, type, expected, found) && expected->fault == found->fault &&
           (expected->headers_len == 0 || same_bytes(found->headers, found->headers_len,
                                                     expected->headers, expected->headers_len));
}

static bool same_record(const struct cdr_record *expected, const struct cdr_record *found)
{
    return found->event_ms == expected->event_ms &&
           same_bytes(found->key, found->key_len, expected->key, expected->key_len) &&
           same_bytes(found->payload, found->payload_len, expected->payload, expected->payload_len);
}

static enum cdr_result ends_early(const struct tail *tail, uint32_t log, int64_t place,
                                  struct cdr_error *error)
{
    return cdr_fail(error, CDR_E_DIFFERENT,
                    "%s[%u] ends before record %" PRId64 " of the dataset %s, which must be there",
                    tail->settings->topics->items[log / tail->partitions].name,
                    log % tail->partitions, place, tail->settings->model->dataset_id);
}

/* The next record of the log is the expected one, or CDR_E_AGAIN. */
static enum cdr_result compare_next(struct tail *tail, uint32_t log,
                                    const struct cdr_record *expected, struct cdr_error *error)
{
    struct cdr_record found;
    bool ended = false;
    enum cdr_result result =
        tail->source->ops->next(tail->source, log, WAIT_MS, &found, &ended, error);
    if (result == CDR_E_AGAIN && ended)
        return ends_early(tail, log, expected->place, error);
    if (result != CDR_OK)
        return result;
    if (same_headers(tail, log / tail->partitions, expected, &found) &&
        same_record(expected, &found))
        return CDR_OK;
    return differs(tail, log, expected, &found, error);
}

static enum cdr_result is_gone(const struct tail *tail, uint32_t log, int64_t place, int64_t other,
                               struct cdr_error *error)
{
    return cdr_fail(
        error, CDR_E_DIFFERENT,
        "%s[%u]: record %" PRId64
        " of the dataset is gone, and another one is found at offset %" PRId64
        ": the topic was compacted (cleanup.policy), if only for a moment, created again and "
        "filled by another producer, or records were altered",
        tail->settings->topics->items[log / tail->partitions].name, log % tail->partitions, place,
        other);
}

/* The source lends a record until it is asked for the next one. */
static enum cdr_result keep_first(struct head *head, struct cdr_error *error)
{
    struct cdr_record *first = &head->first;
    head->bytes = malloc((size_t)first->key_len + first->payload_len + 1);
    if (head->bytes == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    if (first->key != NULL)
        first->key = memcpy(head->bytes, first->key, first->key_len);
    if (first->payload != NULL)
        first->payload = memcpy(head->bytes + first->key_len, first->payload, first->payload_len);
    head->read = true;
    return CDR_OK;
}

/* Between the log's first offset and its first record is a gap that no control record explains. */
static enum cdr_result may_be_gone(const struct tail *tail, uint32_t log, int64_t begin,
                                   int64_t first, struct cdr_error *error)
{
    return cdr_fail(
        error, CDR_E_DIFFERENT,
        "%s[%u] begins at offset %" PRId64
        ", and the first record of the dataset that is left has offset %" PRId64
        ": the topic was compacted (cleanup.policy), if only for a moment, and what lies "
        "between may be gone",
        tail->settings->topics->items[log / tail->partitions].name, log % tail->partitions, begin,
        first);
}

/* Passes over what expired, up to the first record that is left. One that is none of the dataset's
 * is left to others. */
static enum cdr_result seek_first(struct tail *tail, uint32_t log,
                                  const struct cdr_record *expected, struct cdr_error *error)
{
    struct head *head = &tail->heads[log];
    bool ended = false;
    if (!head->read) {
        enum cdr_result result =
            tail->source->ops->next(tail->source, log, WAIT_MS, &head->first, &ended, error);
        if (result == CDR_E_AGAIN && ended) {
            tail->ranges[log].to = tail->ranges[log].from + 1;
            return CDR_OK;
        }
        if (result == CDR_OK)
            result = keep_first(head, error);
        if (result != CDR_OK)
            return result;
    }
    head->sought = !same_record(expected, &head->first);
    const struct cdr_source_extent extent = tail->source->ops->extent(tail->source, log);
    if (!head->sought && extent.doubtful)
        return may_be_gone(tail, log, extent.first, head->first.place, error);
    return head->sought ? CDR_OK : cdr_repeats_add(&head->keys, expected, &ended, error);
}

/* Records without what tells their subscribers apart may be the same. Where the first one that is
 * left is there twice, nothing says which of the two it is. */
static enum cdr_result seek_twin(struct tail *tail, uint32_t log, const struct cdr_record *expected,
                                 struct cdr_error *error)
{
    const struct head *head = &tail->heads[log];
    struct cdr_verify_range *range = &tail->ranges[log];
    const bool twin = head->read && same_record(expected, &head->first);
    if (!twin && head->read && range->from + 1 < range->to)
        return CDR_OK;
    range->to = range->from + 1;
    if (twin)
        return CDR_OK;
    return head->other < 0 ? ends_early(tail, log, head->gone, error)
                           : is_gone(tail, log, head->gone, head->other, error);
}

/* At a log's beginning: the next record is the expected one; its range ends once a key comes
 * again. */
static enum cdr_result head_next(struct tail *tail, uint32_t log, const struct cdr_record *expected,
                                 struct cdr_error *error)
{
    struct head *head = &tail->heads[log];
    struct cdr_verify_range *range = &tail->ranges[log];
    struct cdr_record found;
    bool ended = false, again = false;
    if (head->sought)
        return seek_first(tail, log, expected, error);
    if (head->missed)
        return seek_twin(tail, log, expected, error);
    enum cdr_result result =
        tail->source->ops->next(tail->source, log, WAIT_MS, &found, &ended, error);
    if (result != CDR_OK && !(result == CDR_E_AGAIN && ended))
        return result;
    if (result != CDR_OK || !same_record(expected, &found)) {
        head->missed = true;
        head->gone = expected->place;
        head->other = result == CDR_OK ? found.place : -1;
        return seek_twin(tail, log, expected, error);
    }
    result = cdr_repeats_add(&head->keys, expected, &again, error);
    if (result == CDR_OK && again)
        range->to = range->from + 1;
    return result;
}

/* Record i of a slab with all of its headers: those of the list, then the id. bytes has room. */
static struct cdr_record expected_message(const struct tail *tail, const struct cdr_slab *slab,
                                          uint32_t i, uint8_t *bytes)
{
    const uint32_t type = slab->log / tail->partitions;
    struct cdr_record record = cdr_slab_message(slab, i, &tail->settings->topics->items[type]);
    if (slab->ids == NULL)
        return record;
    char id[CDR_ID_TEXT_LEN + 1];
    cdr_id_text(slab->ids[i], id);
    if (record.headers_len > 0)
        memcpy(bytes, record.headers, record.headers_len);
    record.headers = bytes;
    bytes[record.headers_len++] = 2 * CDR_ID_TEXT_LEN; /* a length as Avro writes it */
    memcpy(bytes + record.headers_len, id, CDR_ID_TEXT_LEN);
    record.headers_len += CDR_ID_TEXT_LEN;
    return record;
}

static enum cdr_result tail_write(struct cdr_sink *sink, unsigned worker, struct cdr_slab *slab,
                                  uint32_t end, uint32_t *taken, struct cdr_error *error)
{
    (void)worker;
    struct tail *tail = (struct tail *)sink;
    struct cdr_verify_range *range = &tail->ranges[slab->log];
    const size_t room =
        tail->settings->topics->items[slab->log / tail->partitions].envelope.header_bytes_max +
        ID_BYTES;
    uint8_t *bytes = slab->ids != NULL ? malloc(room) : NULL;
    enum cdr_result result =
        slab->ids != NULL && bytes == NULL ? cdr_fail(error, CDR_E_NOMEM, "out of memory") : CDR_OK;
    for (; result == CDR_OK && *taken < end && range->from < range->to; ++*taken) {
        const struct cdr_record expected = expected_message(tail, slab, *taken, bytes);
        result = tail->heads != NULL ? head_next(tail, slab->log, &expected, error)
                                     : compare_next(tail, slab->log, &expected, error);
        if (result != CDR_OK)
            break;
        if (++range->from == range->to && atomic_fetch_sub(&tail->open, 1) == 1)
            atomic_store(&tail->stop, 1);
    }
    free(bytes);
    if (result == CDR_OK)
        *taken = end;
    return result;
}

static enum cdr_result tail_poll(struct cdr_sink *sink, int timeout_ms, struct cdr_error *error)
{
    (void)timeout_ms; /* a caller that had to wait has waited in write */
    struct tail *tail = (struct tail *)sink;
    if (tail->settings->stop != NULL && atomic_load(tail->settings->stop) != 0)
        atomic_store(&tail->stop, 1);
    return tail->source->ops->poll(tail->source, error);
}

static const struct cdr_sink_ops tail_sink_ops = {
    .name = "tail",
    .description = "compares the end",
    .take_slab = cdr_direct_take_slab,
    .write = tail_write,
    .give_slab = cdr_direct_give_slab,
    .poll = tail_poll,
};

/* ---- life ---- */

static enum cdr_result make_wire(struct tail *tail, uint32_t type, struct cdr_error *error)
{
    struct wire *wire = &tail->wires[type];
    struct cdr_envelope *envelope = &tail->found_topics.items[type].envelope;
    size_t size = 1;
    for (uint32_t i = 0; i < envelope->header_count; i++)
        wire->names[i] = envelope->header_names[i];
    if (tail->settings->ids)
        wire->names[envelope->header_count++] = CDR_ID_HEADER;
    envelope->header_names = wire->names;
    for (uint32_t i = 0; i < envelope->header_count; i++)
        size += strlen(wire->names[i]) + 1;
    char *at = wire->text = malloc(size);
    if (at == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    *at = '\0';
    for (uint32_t i = 0; i < envelope->header_count; i++) {
        if (i > 0)
            *at++ = ',';
        at = stpcpy(at, wire->names[i]);
    }
    return CDR_OK;
}

static enum cdr_result make_wires(struct tail *tail, struct cdr_error *error)
{
    const struct cdr_topics *topics = tail->settings->topics;
    struct cdr_topic *items = calloc(topics->n, sizeof *items);
    tail->wires = calloc(topics->n, sizeof *tail->wires);
    tail->found_topics = (struct cdr_topics){.n = topics->n, .items = items};
    if (items == NULL || tail->wires == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    memcpy(items, topics->items, topics->n * sizeof *items);
    enum cdr_result result = CDR_OK;
    for (uint32_t type = 0; result == CDR_OK && type < topics->n; type++)
        result = make_wire(tail, type, error);
    return result;
}

static enum cdr_result make_memory(struct tail *tail, struct cdr_error *error)
{
    const struct cdr_verify_tail_settings *settings = tail->settings;
    tail->ranges = calloc(tail->log_count, sizeof *tail->ranges);
    tail->starts = calloc(tail->log_count, sizeof *tail->starts);
    tail->offsets = calloc(tail->log_count, sizeof *tail->offsets);
    if (tail->ranges == NULL || tail->starts == NULL || tail->offsets == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for %u logs", tail->log_count);
    for (uint32_t log = 0; log < tail->log_count; log++) {
        const struct cdr_verify_range *range = &settings->ranges[log];
        const bool any = is_mine(tail, log) && range->from < range->to;
        if (any)
            tail->ranges[log] = *range;
        tail->offsets[log] = any ? range->offset : CDR_OFFSET_UNREAD;
    }
    const struct cdr_sink_setup setup = {
        .topics = settings->topics,
        .partitions = tail->partitions,
        .shard_index = settings->shard_index,
        .shard_count = settings->shard_count,
        .workers = settings->workers,
        .slab_bytes = SLAB_BYTES,
        .slab_records = SLAB_RECORDS,
        .fault_bytes = settings->model->faults.grows_max,
        .ids = settings->ids,
    };
    return cdr_direct_open(&tail->sink, &tail_sink_ops, &setup, error);
}

static enum cdr_result open_source(struct tail *tail, struct cdr_error *error)
{
    const struct cdr_verify_tail_settings *settings = tail->settings;
    struct cdr_source_setup setup = {
        .model = settings->model,
        .topics = &tail->found_topics,
        .payloads = &tail->payloads,
        .partitions = tail->partitions,
        .shard_index = settings->shard_index,
        .shard_count = settings->shard_count,
        .header_names = true,
        .few_records = tail->heads != NULL,
        .explain_expired = tail->heads != NULL && settings->sink->transactions,
        .offsets = tail->offsets,
        .stop = settings->stop,
    };
    return cdr_kafka_source_open(&tail->source, settings->sink, &setup, error);
}

/* A range of which nothing is left to compare. Only the first is put into words. */
static enum cdr_result pass_blind(struct tail *tail, uint32_t log, struct cdr_error *error)
{
    const struct cdr_verify_tail_settings *settings = tail->settings;
    const struct cdr_verify_range *range = &settings->ranges[log];
    const char *topic = settings->topics->items[log / tail->partitions].name;
    const uint32_t partition = log % tail->partitions;
    if (!range->proven && !settings->force)
        return cdr_fail(error, CDR_E_STATE,
                        "%s[%u] ends at offset %" PRId64 ", where %" PRIu64
                        " records of this dataset would end, but none of them is left to compare "
                        "(they expired or were deleted), and no run of it committed that it ended "
                        "there; --force goes on after them",
                        topic, partition, range->offset + (int64_t)(range->to - range->from),
                        range->to);
    if (tail->blind++ == 0 && settings->blind != NULL)
        snprintf(settings->blind, CDR_VERIFY_BLIND_MAX,
                 "nothing of %s[%u] could be compared: all records before offset %" PRId64
                 " expired or were deleted",
                 topic, partition, range->offset + (int64_t)(range->to - range->from));
    return CDR_OK;
}

/* Of a log's beginning, how many of its records are not to be compared: what expired. With
 * transactions, that is only known to be no fewer than these: control records and aborted ones lie
 * between those that are left. */
static uint64_t count_expired(const struct tail *tail, uint32_t log,
                              const struct cdr_source_extent *extent)
{
    const struct cdr_verify_range *range = &tail->ranges[log];
    const uint64_t records = range->to - range->from;
    uint64_t expired =
        extent->first > range->offset ? (uint64_t)(extent->first - range->offset) : 0;
    if (tail->heads != NULL && tail->settings->sink->transactions && extent->first > extent->base) {
        const uint64_t left =
            extent->end > extent->first ? (uint64_t)(extent->end - extent->first) : 0;
        expired = left < records ? records - left : 0;
        expired = left == 0 ? records : expired;
        tail->heads[log].sought = true;
    }
    return expired < records ? expired : records;
}

/* Leaves out what expired meanwhile, and says where the pipeline begins. */
static enum cdr_result set_starts(struct tail *tail, struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    for (uint32_t log = 0; log < tail->log_count; log++) {
        struct cdr_verify_range *range = &tail->ranges[log];
        tail->starts[log] = UINT64_MAX;
        if (range->from == range->to)
            continue;
        struct cdr_source_extent extent = tail->source->ops->extent(tail->source, log);
        const uint64_t expired = count_expired(tail, log, &extent);
        if (tail->heads != NULL && expired == range->to - range->from) {
            range->from = range->to;
            continue;
        }
        if (tail->settings->expired != NULL)
            tail->settings->expired[log] = expired;
        if (expired == range->to - range->from) {
            range->from = range->to;
            if (result == CDR_OK)
                result = pass_blind(tail, log, error);
            continue;
        }
        range->from += expired;
        tail->starts[log] = range->from;
        atomic_fetch_add(&tail->open, 1);
    }
    if (tail->blind > 1 && tail->settings->blind != NULL) {
        char *text = tail->settings->blind;
        const size_t used = strlen(text);
        snprintf(text + used, CDR_VERIFY_BLIND_MAX - used, " (and of %u more partitions)",
                 tail->blind - 1);
    }
    return result;
}

static enum cdr_result generate(struct tail *tail, struct cdr_error *error)
{
    const struct cdr_verify_tail_settings *settings = tail->settings;
    struct cdr_pipeline *pipeline;
    struct cdr_pipeline_settings wanted = {
        .model = settings->model,
        .topics = settings->topics,
        .sink = &tail->sink.base,
        .workers = settings->workers,
        .shard_index = settings->shard_index,
        .shard_count = settings->shard_count,
        .endless = settings->endless,
        .starts = tail->starts,
        .stop = &tail->stop,
    };
    enum cdr_result result = cdr_pipeline_create(&pipeline, &wanted, error);
    if (result == CDR_OK)
        result = cdr_pipeline_run(pipeline, error);
    for (uint32_t log = 0; result == CDR_OK && log < tail->log_count; log++)
        if (tail->ranges[log].from < tail->ranges[log].to)
            result = cdr_fail(
                error, CDR_E_DIFFERENT,
                "%s[%u] must hold %" PRIu64 " records of this dataset, and the dataset has %" PRIu64
                ": it was generated with more days, or another producer writes to it",
                settings->topics->items[log / tail->partitions].name, log % tail->partitions,
                tail->ranges[log].to, cdr_pipeline_position(pipeline, log));
    cdr_pipeline_destroy(pipeline);
    return result == CDR_E_INTERRUPTED && atomic_load(&tail->open) == 0 ? CDR_OK : result;
}

static enum cdr_result check(const struct cdr_verify_tail_settings *settings, struct head *heads,
                             struct cdr_error *error)
{
    struct tail tail = {.settings = settings, .heads = heads};
    if (settings->blind != NULL)
        settings->blind[0] = '\0';
    tail.partitions = settings->model->parameters.partitions;
    tail.log_count = settings->topics->n * tail.partitions;
    enum cdr_result result = make_wires(&tail, error);
    if (result == CDR_OK)
        result = cdr_payloads_open(&tail.payloads, &tail.found_topics,
                                   settings->model->parameters.order, error);
    if (result == CDR_OK)
        result = make_memory(&tail, error);
    bool any = false;
    for (uint32_t log = 0; result == CDR_OK && log < tail.log_count; log++)
        any |= tail.ranges[log].from < tail.ranges[log].to;
    if (result == CDR_OK && any)
        result = open_source(&tail, error);
    if (result == CDR_OK && any)
        result = set_starts(&tail, error);
    if (result == CDR_OK && atomic_load(&tail.open) > 0)
        result = generate(&tail, error);
    if (tail.source != NULL)
        tail.source->ops->close(tail.source);
    cdr_payloads_close(&tail.payloads);
    cdr_direct_free(&tail.sink);
    for (uint32_t type = 0; tail.wires != NULL && type < settings->topics->n; type++)
        free(tail.wires[type].text);
    free(tail.wires);
    free(tail.found_topics.items);
    free(tail.ranges);
    free(tail.starts);
    free(tail.offsets);
    return result;
}

enum cdr_result cdr_verify_tail(const struct cdr_verify_tail_settings *settings,
                                struct cdr_error *error)
{
    return check(settings, NULL, error);
}

enum cdr_result cdr_verify_head(const struct cdr_verify_tail_settings *settings,
                                struct cdr_error *error)
{
    const uint32_t logs = settings->topics->n * settings->model->parameters.partitions;
    struct head *heads = calloc(logs, sizeof *heads);
    if (heads == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for %u logs", logs);
    enum cdr_result result = check(settings, heads, error);
    for (uint32_t log = 0; log < logs; log++) {
        cdr_repeats_free(&heads[log].keys);
        free(heads[log].bytes);
    }
    free(heads);
    return result;
}
