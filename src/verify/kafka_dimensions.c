#include "verify/dimensions.h"

#include "verify/dimension_row.h"
#include "verify/search.h"
#include "verify/source.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 100, AGAIN_MAX = 2 };

struct log_state {
    uint64_t position;       /* of the function's next record */
    int64_t shift;           /* offsets so far that are none of the function's records */
    bool any;                /* was found that is */
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
    bool *earlier;    /* per subscriber: a record of its key was found */
    int64_t *offsets; /* where logs are read from, unless from where runs committed it */
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

/* Where the log ends, and of a record that was found, by its offset: the record may be an earlier
 * one, but none that comes later. */
static int64_t latest_of(const struct check *check, uint32_t log, int64_t offset)
{
    struct cdr_source_extent extent = check->source->ops->extent(check->source, log);
    return offset - extent.base - check->log_states[log].shift;
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

static bool same_bytes(const uint8_t *a, uint32_t a_len, const uint8_t *b, uint32_t b_len)
{
    return a_len == b_len && (a == NULL) == (b == NULL) && (a == NULL || memcmp(a, b, a_len) == 0);
}

static bool is_found(const struct check *check, uint32_t log,
                     const struct cdr_dimension_record *record, uint64_t position)
{
    const struct cdr_record *found = &check->log_states[log].found;
    struct cdr_dimension_row row;
    if (found->event_ms != record->time_ms)
        return false;
    cdr_dimension_row_make(&row, check->settings->model, check->settings->topics, record, position);
    return same_bytes(found->key, found->key_len, row.record.key, row.record.key_len) &&
           same_bytes(found->payload, found->payload_len, row.record.payload,
                      row.record.payload_len);
}

static void compare(struct check *check, uint32_t log, const struct cdr_dimension_record *record,
                    uint64_t position)
{
    struct cdr_dimension_counts *counts = &check->report->counts[log];
    const struct cdr_record *found = &check->log_states[log].found;
    struct cdr_dimension_row row;
    char expected[400], other[400];
    cdr_dimension_row_make(&row, check->settings->model, check->settings->topics, record, position);
    if (!same_bytes(found->key, found->key_len, row.record.key, row.record.key_len)) {
        counts->wrong_key++;
        text_of(other, sizeof other, found->key, found->key_len);
        say(check, log, position, "key", record->key, other);
    } else if (found->event_ms != record->time_ms) {
        counts->wrong_timestamp++;
        snprintf(expected, sizeof expected, "%" PRId64, record->time_ms);
        snprintf(other, sizeof other, "%" PRId64, found->event_ms);
        say(check, log, position, "timestamp", expected, other);
    } else if (!same_bytes(found->payload, found->payload_len, row.record.payload,
                           row.record.payload_len)) {
        counts->altered++;
        text_of(expected, sizeof expected, row.record.payload, row.record.payload_len);
        text_of(other, sizeof other, found->payload, found->payload_len);
        say(check, log, position, "value", expected, other);
    } else if (found->header_names[0] != '\0') { /* rows have none */
        counts->altered++;
        say(check, log, position, "headers", "none", found->header_names);
    } else {
        counts->matched++;
    }
}

static void miss(struct check *check, uint32_t log, const struct cdr_dimension_record *record,
                 uint64_t position)
{
    struct cdr_dimension_counts *counts = &check->report->counts[log];
    struct cdr_source_extent extent = check->source->ops->extent(check->source, log);
    const bool within = (int64_t)position < latest_of(check, log, extent.end);
    const bool subscriber = cdr_dimension_is_subscriber(record);
    const bool replaced = subscriber && check->last[record->index] > position;
    const bool earlier = within && subscriber && check->earlier[record->index];
    if (check->settings->spares_lost)
        return;
    if (within && !earlier && (replaced || record->kind == CDR_DIMENSION_TOMBSTONE)) {
        counts->compacted++;
        return;
    }
    /* No transaction writes rows: one that is open before a row that was counted is another's. */
    if (!within && extent.open && check->settings->ranges == NULL) {
        counts->unread++;
        return;
    }
    counts->lost++;
    say(check, log, position,
        earlier                               ? "lost, and an earlier one of its key is there"
        : record->kind == CDR_DIMENSION_FAULT ? "lost"
                                              : "lost, and the last of its key",
        record->key, "none");
    check->report->doubtful |= earlier;
}

/* Where a log that may hold fewer records has ended: those that were deleted from its beginning
 * were there. */
static bool is_past(const struct check *check, uint32_t log, uint64_t position)
{
    const struct log_state *state = &check->log_states[log];
    const struct cdr_source_extent extent = check->source->ops->extent(check->source, log);
    return check->settings->may_end && !state->have &&
           (state->any || (int64_t)position >= extent.first - extent.base);
}

static enum cdr_result check_record(struct check *check, uint32_t log,
                                    const struct cdr_dimension_record *record, uint64_t position,
                                    struct cdr_error *error)
{
    struct log_state *state = &check->log_states[log];
    enum cdr_result result = peek(check, log, error);
    if (result != CDR_OK)
        return result;
    if (is_past(check, log, position))
        return CDR_OK;
    struct cdr_dimension_counts *counts = &check->report->counts[log];
    const int64_t later =
        state->have ? latest_of(check, log, state->found.place) - (int64_t)position : 0;
    counts->expected++;
    if (!state->any)
        counts->rows = position + 1; /* unless another record comes first */
    if (!state->have || (later > 0 && !is_found(check, log, record, position))) {
        miss(check, log, record, position);
        return CDR_OK;
    }
    state->shift += later;
    state->any = true;
    counts->rows = position + 1;
    counts->found++;
    if (cdr_dimension_is_subscriber(record))
        check->earlier[record->index] = true;
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
    else if (cdr_dimension_is_subscriber(record))
        check->last[record->index] = (uint32_t)position;
    if (result == CDR_OK && position + 1 == end && --check->open == 0)
        return CDR_E_AGAIN;
    return result;
}

/* The first pass learns what compaction may leave, of which the truth has nothing. */
static enum cdr_result feed(struct check *check, bool learning, struct cdr_error *error)
{
    const struct cdr_dimension_check_settings *settings = check->settings;
    const struct cdr_dimension_feed_settings feed_settings = {
        .model = settings->model,
        .topics = settings->topics,
        .records = learning ? NULL : settings->records,
        .shard_index = settings->shard_index,
        .shard_count = settings->shard_count,
        .visit = visit,
        .context = check,
    };
    const int32_t start_day = settings->model->parameters.start_day;
    struct cdr_dimension_feed *feed = NULL;
    check->learning = learning;
    check->open = 0;
    for (uint32_t log = 0; log < check->logs; log++) {
        check->log_states[log].position = 0;
        check->open += is_mine(check, log) && end_of(check, log) > 0;
    }
    if (check->open == 0)
        return CDR_OK;
    enum cdr_result result = cdr_dimension_feed_create(&feed, &feed_settings, error);
    for (uint32_t day = 0; result == CDR_OK && day < settings->days; day++) {
        if (settings->stop != NULL && atomic_load(settings->stop) != 0)
            result = cdr_fail(error, CDR_E_INTERRUPTED, "interrupted");
        else
            result = cdr_dimension_feed_day(feed, start_day + (int32_t)day, error);
    }
    cdr_dimension_feed_destroy(feed);
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
            say(check, log, (uint64_t)latest_of(check, log, state->found.place),
                "not of the dataset", "the end", key);
            state->have = false;
        }
    }
    return result;
}

/* --- the course --- */

static enum cdr_result open_source(struct check *check, bool at_offsets, struct cdr_error *error)
{
    const struct cdr_dimension_check_settings *settings = check->settings;
    struct cdr_source_setup setup = {
        .model = settings->model,
        .topics = settings->topics,
        .partitions = check->partitions,
        .shard_index = settings->shard_index,
        .shard_count = settings->shard_count,
        .open_wait_ms = settings->open_wait_ms,
        .header_names = true,
        .more_partitions = settings->ranges == NULL,
        .offsets = at_offsets ? check->offsets : NULL,
        .stop = settings->stop,
    };
    return cdr_kafka_source_open(&check->source, settings->sink, &setup, error);
}

/* Where nothing of the dataset is in a log, all of it is lost, and nothing of the log is read. */
static enum cdr_result take_begin(struct check *check, uint32_t log, int64_t begin,
                                  struct cdr_error *error)
{
    check->offsets[log] = begin < 0 ? CDR_OFFSET_UNREAD : begin;
    if (begin != CDR_FIND_EXPIRED && begin != CDR_FIND_UNSURE)
        return CDR_OK;
    return cdr_fail(
        error, CDR_E_STATE,
        "append: %s[%u] holds no row of this dataset%s: where the dataset begins "
        "cannot be told",
        check->settings->topics->items[log / check->partitions].name, log % check->partitions,
        begin == CDR_FIND_EXPIRED ? ", and its beginning was deleted"
                                  : " that could be found, and not all of it could be looked at");
}

/* Opens the source again where the dataset begins in each log, if nobody knows it of some. */
static enum cdr_result find_begins(struct check *check, struct cdr_error *error)
{
    bool *wanted = calloc(check->logs, sizeof *wanted), any = false;
    int64_t *begins = calloc(check->logs, sizeof *begins);
    enum cdr_result result = CDR_OK;
    if (wanted == NULL || begins == NULL)
        result = cdr_fail(error, CDR_E_NOMEM, "out of memory for %u logs", check->logs);
    for (uint32_t log = 0; result == CDR_OK && log < check->logs; log++) {
        const struct cdr_source_extent extent = check->source->ops->extent(check->source, log);
        wanted[log] = is_mine(check, log) && !extent.known && extent.end > 0;
        any |= wanted[log];
        check->offsets[log] = extent.base;
    }
    if (result == CDR_OK && any)
        result = cdr_dimension_find(check->settings, wanted, begins, error);
    for (uint32_t log = 0; result == CDR_OK && log < check->logs; log++)
        if (wanted[log])
            result = take_begin(check, log, begins[log], error);
    free(wanted);
    free(begins);
    if (result != CDR_OK || !any)
        return result;
    check->source->ops->close(check->source);
    check->source = NULL;
    return open_source(check, true, error);
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

static void count_before(struct check *check)
{
    for (uint32_t log = 0; log < check->logs; log++) {
        const struct cdr_source_extent extent = check->source->ops->extent(check->source, log);
        if (is_mine(check, log) && extent.base > extent.first)
            check->report->before[log / check->partitions] +=
                (uint64_t)(extent.base - extent.first);
    }
}

static enum cdr_result run(struct check *check, struct cdr_error *error)
{
    const bool whole = check->settings->ranges == NULL;
    for (uint32_t log = 0; !whole && log < check->logs; log++)
        check->offsets[log] = check->settings->ranges[log].offset;
    enum cdr_result result = open_source(check, !whole, error);
    if (result == CDR_OK && whole && check->settings->finds)
        result = find_begins(check, error);
    if (result == CDR_OK && whole)
        count_before(check);
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

static enum cdr_result check_once(const struct cdr_dimension_check_settings *settings,
                                  struct cdr_dimension_report *report, struct cdr_error *error)
{
    const struct cdr_parameters *p = &settings->model->parameters;
    struct check check = {.settings = settings,
                          .report = report,
                          .partitions = p->partitions,
                          .logs = settings->topics->n * p->partitions};
    *report = (struct cdr_dimension_report){0};
    report->counts = calloc(check.logs, sizeof *report->counts);
    check.log_states = calloc(check.logs, sizeof *check.log_states);
    check.last = calloc(p->subscribers, sizeof *check.last);
    check.earlier = calloc(p->subscribers, sizeof *check.earlier);
    check.offsets = calloc(check.logs, sizeof *check.offsets);
    enum cdr_result result =
        report->counts != NULL && check.log_states != NULL && check.last != NULL &&
                check.earlier != NULL && check.offsets != NULL
            ? run(&check, error)
            : cdr_fail(error, CDR_E_NOMEM, "out of memory for %u subscribers", p->subscribers);
    if (check.source != NULL)
        check.source->ops->close(check.source);
    free(check.log_states);
    free(check.last);
    free(check.earlier);
    free(check.offsets);
    return result;
}

/* Rows may be compacted between those that are read: then the earlier one is gone when it is read
 * again. */
enum cdr_result cdr_dimension_check(const struct cdr_dimension_check_settings *settings,
                                    struct cdr_dimension_report *report, struct cdr_error *error)
{
    enum cdr_result result = check_once(settings, report, error);
    for (int i = 0; result == CDR_OK && report->doubtful && i < AGAIN_MAX; i++) {
        free(report->counts);
        result = check_once(settings, report, error);
    }
    return result;
}
