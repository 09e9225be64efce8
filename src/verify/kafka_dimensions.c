#include "verify/dimensions.h"

#include "verify/source.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 100 };

struct log_state {
    uint64_t position;       /* of the function's next record */
    struct cdr_record found; /* the next that is there, if have */
    bool have, ended;
};

struct check {
    const struct cdr_dimension_check_settings *settings;
    struct cdr_dimension_report *report;
    struct cdr_source *source;
    uint32_t partitions, logs;
    uint32_t open;    /* logs with more to come that must be there */
    uint32_t *last;   /* per subscriber: position of its last record that must be there */
    int64_t *offsets; /* of ranges */
    struct log_state *log_states;
    bool learning; /* the first pass, which finds last */
};

static bool is_mine(const struct check *check, uint32_t log)
{
    return log % check->partitions % check->settings->shard_count == check->settings->shard_index &&
           !check->settings->topics->items[log / check->partitions].left_out;
}

/* How many records of the log there must be, of those that the function has. */
static uint64_t end_of(const struct check *check, uint32_t log)
{
    return check->settings->ranges != NULL ? check->settings->ranges[log].to : UINT64_MAX;
}

/* --- words --- */

static void text_of(char *text, size_t size, const uint8_t *bytes, size_t len)
{
    size_t used = 0;
    text[0] = '\0';
    if (bytes == NULL)
        snprintf(text, size, "none");
    for (size_t i = 0; bytes != NULL && i < len && used + 5 < size; i++)
        used += (size_t)snprintf(text + used, size - used,
                                 bytes[i] >= ' ' && bytes[i] < 127 ? "%c" : "\\x%02x", bytes[i]);
}

static void say(struct check *check, uint32_t log, uint64_t position, const char *what,
                const char *expected, const char *found)
{
    struct cdr_dimension_report *report = check->report;
    if (report->lines >= check->settings->show || report->lines >= CDR_DIMENSION_LINES_MAX)
        return;
    snprintf(report->line[report->lines++], sizeof report->line[0],
             "%s[%u], record %" PRIu64 ": %s: expected %.170s, found %.170s",
             check->settings->topics->items[log / check->partitions].name, log % check->partitions,
             position, what, expected, found);
}

/* --- comparing --- */

static int64_t position_of(const struct check *check, uint32_t log, const struct cdr_record *found)
{
    struct cdr_source_extent extent = check->source->ops->extent(check->source, log);
    return found->place - extent.base;
}

static enum cdr_result peek(struct check *check, uint32_t log, struct cdr_error *error)
{
    struct log_state *state = &check->log_states[log];
    while (!state->have && !state->ended) {
        if (check->settings->stop != NULL && atomic_load(check->settings->stop) != 0)
            return cdr_fail(error, CDR_E_INTERRUPTED, "interrupted");
        enum cdr_result result = check->source->ops->next(check->source, log, WAIT_MS,
                                                          &state->found, &state->ended, error);
        if (result == CDR_OK)
            state->have = true;
        else if (result != CDR_E_AGAIN)
            return result;
        else if (!state->ended && (result = check->source->ops->poll(check->source, error)))
            return result;
    }
    return CDR_OK;
}

static bool is_key(const struct check *check, const struct cdr_record *found,
                   const struct cdr_dimension_record *record)
{
    uint8_t wire[CDR_DIMENSION_WIRE_KEY_MAX];
    const struct cdr_encoder *encoder = check->settings->topics->items[record->dimension].key;
    const uint8_t *key = (const uint8_t *)record->key;
    uint32_t len = record->key_len;
    if (encoder != NULL) { /* found without its frame */
        len = cdr_dimension_wire_key(encoder, record->key, len, wire) - encoder->frame_len;
        key = wire + encoder->frame_len;
    }
    return found->key != NULL && found->key_len == len && memcmp(found->key, key, len) == 0;
}

static void compare(struct check *check, uint32_t log, const struct cdr_dimension_record *record,
                    uint64_t position)
{
    struct cdr_dimension_counts *counts = &check->report->counts[log];
    const struct cdr_encoder *encoder = check->settings->topics->items[record->dimension].encoder;
    const struct cdr_record *found = &check->log_states[log].found;
    const bool tombstone = record->kind == CDR_DIMENSION_TOMBSTONE;
    uint8_t bytes[CDR_DIMENSION_RECORD_MAX];
    size_t len = tombstone ? 0
                           : cdr_dimension_encode(encoder, check->settings->model, record->index,
                                                  record->day, bytes) -
                                 encoder->frame_len - encoder->trailer_len;
    const uint8_t *value = tombstone ? NULL : bytes + encoder->frame_len;
    char expected[400], other[400];
    if (!is_key(check, found, record)) {
        counts->wrong_key++;
        text_of(other, sizeof other, found->key, found->key_len);
        say(check, log, position, "key", record->key, other);
    } else if (found->event_ms != record->time_ms) {
        counts->wrong_timestamp++;
        snprintf(expected, sizeof expected, "%" PRId64, record->time_ms);
        snprintf(other, sizeof other, "%" PRId64, found->event_ms);
        say(check, log, position, "timestamp", expected, other);
    } else if ((found->payload == NULL) != tombstone ||
               (!tombstone &&
                (found->payload_len != len || memcmp(found->payload, value, len) != 0))) {
        counts->altered++;
        text_of(expected, sizeof expected, value, len);
        text_of(other, sizeof other, found->payload, found->payload_len);
        say(check, log, position, "value", expected, other);
    } else {
        counts->matched++;
    }
}

static void miss(struct check *check, uint32_t log, const struct cdr_dimension_record *record,
                 uint64_t position)
{
    struct cdr_dimension_counts *counts = &check->report->counts[log];
    struct cdr_source_extent extent = check->source->ops->extent(check->source, log);
    const bool within = (int64_t)position < extent.end - extent.base;
    const bool replaced =
        record->dimension == CDR_DIMENSION_SUBSCRIBER && check->last[record->index] > position;
    if (check->settings->spares_lost)
        return;
    if (within && (replaced || record->kind == CDR_DIMENSION_TOMBSTONE)) {
        counts->compacted++;
        return;
    }
    /* No transaction writes rows: one that is open before a row that was counted is another's. */
    if (!within && extent.open && check->settings->ranges == NULL) {
        counts->unread++;
        return;
    }
    counts->lost++;
    say(check, log, position, "lost, and the last of its key", record->key, "none");
}

static enum cdr_result check_record(struct check *check, uint32_t log,
                                    const struct cdr_dimension_record *record, uint64_t position,
                                    struct cdr_error *error)
{
    struct log_state *state = &check->log_states[log];
    enum cdr_result result = peek(check, log, error);
    if (result != CDR_OK)
        return result;
    check->report->counts[log].expected++;
    if (!state->have || position_of(check, log, &state->found) > (int64_t)position) {
        miss(check, log, record, position);
        return CDR_OK;
    }
    check->report->counts[log].found++;
    compare(check, log, record, position);
    state->have = false;
    return CDR_OK;
}

/* A visit of the feed. CDR_E_AGAIN ends it: nothing is left of any log that must be there. */
static enum cdr_result visit(void *context, const struct cdr_dimension_record *record,
                             struct cdr_error *error)
{
    struct check *check = context;
    const uint32_t log = cdr_dimension_log(check->settings->model, record);
    if (!is_mine(check, log))
        return CDR_OK;
    const uint64_t position = check->log_states[log].position++, end = end_of(check, log);
    enum cdr_result result = CDR_OK;
    if (position >= end)
        return CDR_OK;
    if (!check->learning)
        result = check_record(check, log, record, position, error);
    else if (record->dimension == CDR_DIMENSION_SUBSCRIBER)
        check->last[record->index] = (uint32_t)position;
    if (result == CDR_OK && position + 1 == end && --check->open == 0)
        return CDR_E_AGAIN;
    return result;
}

static enum cdr_result feed(struct check *check, bool learning, struct cdr_error *error)
{
    const int32_t start_day = check->settings->model->parameters.start_day;
    enum cdr_result result = CDR_OK;
    check->learning = learning;
    check->open = 0;
    for (uint32_t log = 0; log < check->logs; log++) {
        check->log_states[log].position = 0;
        check->open += is_mine(check, log) && end_of(check, log) > 0;
    }
    if (check->open == 0)
        return CDR_OK;
    for (uint32_t day = 0; result == CDR_OK && day < check->settings->days; day++) {
        if (check->settings->stop != NULL && atomic_load(check->settings->stop) != 0)
            return cdr_fail(error, CDR_E_INTERRUPTED, "interrupted");
        result = cdr_dimension_day(check->settings->model, start_day + (int32_t)day, visit, check,
                                   error);
    }
    return result == CDR_E_AGAIN ? CDR_OK : result;
}

/* What follows the last record that must be there. */
static enum cdr_result check_rest(struct check *check, struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    for (uint32_t log = 0; result == CDR_OK && log < check->logs; log++) {
        struct log_state *state = &check->log_states[log];
        char key[100];
        if (!is_mine(check, log))
            continue;
        while ((result = peek(check, log, error)) == CDR_OK && state->have) {
            check->report->counts[log].found++;
            check->report->counts[log].foreign++;
            text_of(key, sizeof key, state->found.key, state->found.key_len);
            say(check, log, (uint64_t)position_of(check, log, &state->found), "not of the dataset",
                "the end", key);
            state->have = false;
        }
    }
    return result;
}

/* --- the course --- */

static enum cdr_result open_source(struct check *check, struct cdr_error *error)
{
    const struct cdr_dimension_check_settings *settings = check->settings;
    struct cdr_source_setup setup = {
        .model = settings->model,
        .topics = settings->topics,
        .partitions = check->partitions,
        .shard_index = settings->shard_index,
        .shard_count = settings->shard_count,
        .open_wait_ms = settings->open_wait_ms,
        .more_partitions = settings->ranges == NULL,
        .stop = settings->stop,
    };
    for (uint32_t log = 0; settings->ranges != NULL && log < check->logs; log++)
        check->offsets[log] = settings->ranges[log].offset;
    setup.offsets = settings->ranges != NULL ? check->offsets : NULL;
    return cdr_kafka_source_open(&check->source, settings->sink, &setup, error);
}

static enum cdr_result count_added(struct check *check, struct cdr_error *error)
{
    const struct cdr_added_partition *added;
    size_t n;
    enum cdr_result result = check->source->ops->added(check->source, &added, &n, error);
    for (size_t i = 0; result == CDR_OK && i < n; i++) {
        check->report->added_partitions[added[i].type]++;
        check->report->added[added[i].type].found += added[i].records;
        check->report->added[added[i].type].foreign += added[i].records;
    }
    return result;
}

static enum cdr_result run(struct check *check, struct cdr_error *error)
{
    const bool whole = check->settings->ranges == NULL;
    enum cdr_result result = open_source(check, error);
    if (result == CDR_OK)
        result = feed(check, true, error);
    if (result == CDR_OK)
        result = feed(check, false, error);
    if (result == CDR_OK)
        result = check_rest(check, error);
    if (result == CDR_OK && whole)
        result = count_added(check, error);
    return result;
}

enum cdr_result cdr_dimension_check(const struct cdr_dimension_check_settings *settings,
                                    struct cdr_dimension_report *report, struct cdr_error *error)
{
    const struct cdr_parameters *p = &settings->model->parameters;
    struct check check = {.settings = settings,
                          .report = report,
                          .partitions = p->partitions,
                          .logs = CDR_DIMENSION_COUNT * p->partitions};
    report->lines = 0;
    report->counts = calloc(check.logs, sizeof *report->counts);
    check.log_states = calloc(check.logs, sizeof *check.log_states);
    check.last = calloc(p->subscribers, sizeof *check.last);
    check.offsets = calloc(check.logs, sizeof *check.offsets);
    enum cdr_result result =
        report->counts != NULL && check.log_states != NULL && check.last != NULL &&
                check.offsets != NULL
            ? run(&check, error)
            : cdr_fail(error, CDR_E_NOMEM, "out of memory for %u subscribers", p->subscribers);
    if (check.source != NULL)
        check.source->ops->close(check.source);
    free(check.log_states);
    free(check.last);
    free(check.offsets);
    return result;
}
