#include "verify/search.h"

#include "base/hash.h"
#include "pipeline/digest.h"

#include <stdlib.h>

enum {
    WAIT_MS = 100,
    ROOM_FIRST = 256,
    ROOM_MIN = 1024,
    ROOM_MAX = 1 << 16, /* of a log */
    ROOM_ALL = 1 << 22, /* of all of them */
    LAST = 64,
    ROW = 5 /* times in a row are no coincidence */
};

struct kept {
    uint64_t hash; /* 0: nothing */
    int64_t offset;
};

struct table {
    struct kept *kept;
    size_t count, room;
    uint64_t thinning; /* what has none of these bits in its hash is kept */
};

struct log_search {
    uint64_t first;       /* hash of the dataset's first record, 0 = none is expected */
    int64_t found;        /* offset of it, −1 = not found */
    struct table records; /* by all that tells them apart */
    struct table times;   /* the same ones by their times */
    uint64_t row,
        row_max;        /* times of the dataset's records in a row that are in the log in order */
    int64_t row_offset; /* of the last one */
    struct kept last[LAST];
    uint64_t seen; /* records */
    bool gaps;     /* offsets without a record */
    struct cdr_source_extent extent;
    int64_t begin; /* of the dataset, as a record says that was found, −1 = none was */
};

struct cdr_search {
    struct log_search *logs;
    uint32_t count;
    size_t room_max;
    int64_t latest_ms;
};

enum cdr_result cdr_search_create(struct cdr_search **made, uint32_t logs, struct cdr_error *error)
{
    struct cdr_search *search = calloc(1, sizeof *search);
    *made = search;
    if (search != NULL)
        search->logs = calloc(logs, sizeof *search->logs);
    if (search == NULL || search->logs == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory to search %u logs", logs);
    search->count = logs;
    search->latest_ms = INT64_MIN;
    search->room_max = ROOM_MAX;
    while (search->room_max > ROOM_MIN && search->room_max > (size_t)ROOM_ALL / logs)
        search->room_max /= 2;
    for (uint32_t log = 0; log < logs; log++)
        search->logs[log].found = search->logs[log].begin = -1;
    return CDR_OK;
}

static void forget(struct log_search *log)
{
    free(log->records.kept);
    free(log->times.kept);
}

void cdr_search_destroy(struct cdr_search *search)
{
    if (search == NULL)
        return;
    for (uint32_t log = 0; search->logs != NULL && log < search->count; log++)
        forget(&search->logs[log]);
    free(search->logs);
    free(search);
}

static uint64_t hash_of(const struct cdr_record *record)
{
    const uint64_t hash = cdr_hash_record(record->payload, record->payload_len, record->key,
                                          record->key_len, record->event_ms);
    return hash != 0 ? hash : 1;
}

static uint64_t hash_of_time(const struct cdr_record *record)
{
    const uint64_t hash = cdr_mix((uint64_t)record->event_ms);
    return hash != 0 ? hash : 1;
}

void cdr_search_expect_first(struct cdr_search *search, uint32_t log,
                             const struct cdr_record *record)
{
    search->logs[log].first = hash_of(record);
}

bool cdr_search_has_first(const struct cdr_search *search, uint32_t log)
{
    return search->logs[log].first != 0;
}

/* --- what is kept --- */

/* The place of a hash, or the empty one where it belongs. */
static struct kept *place_of(struct kept *kept, size_t room, uint64_t hash)
{
    size_t at = (size_t)hash & (room - 1);
    while (kept[at].hash != 0 && kept[at].hash != hash)
        at = (at + 1) & (room - 1);
    return &kept[at];
}

/* Other bits of the hash than those of the place. */
static bool is_thinned(const struct table *table, uint64_t hash)
{
    return (hash >> 40 & table->thinning) != 0;
}

/* Twice the room; or, where that is too much, half of the records. */
static enum cdr_result make_room(const struct cdr_search *search, struct table *table,
                                 struct cdr_error *error)
{
    size_t room = table->room == 0 ? ROOM_FIRST : 2 * table->room;
    if (room > search->room_max) {
        room = table->room;
        table->thinning = 2 * table->thinning + 1;
    }
    struct kept *kept = calloc(room, sizeof *kept);
    if (kept == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for %zu records", room);
    table->count = 0;
    for (size_t i = 0; i < table->room; i++) {
        if (table->kept[i].hash == 0 || is_thinned(table, table->kept[i].hash))
            continue;
        *place_of(kept, room, table->kept[i].hash) = table->kept[i];
        table->count++;
    }
    free(table->kept);
    table->kept = kept;
    table->room = room;
    return CDR_OK;
}

static enum cdr_result keep(const struct cdr_search *search, struct table *table,
                            const struct kept *record, struct cdr_error *error)
{
    while (2 * (table->count + 1) > table->room)
        if (make_room(search, table, error) != CDR_OK)
            return CDR_E_NOMEM;
    struct kept *place = place_of(table->kept, table->room, record->hash);
    if (place->hash != 0)
        return CDR_OK;
    *place = *record;
    table->count++;
    return CDR_OK;
}

static enum cdr_result see(struct cdr_search *search, struct log_search *log, uint64_t hash,
                           const struct cdr_record *record, struct cdr_error *error)
{
    const struct kept kept = {hash, record->place};
    log->last[log->seen++ % LAST] = kept;
    if (record->event_ms > search->latest_ms)
        search->latest_ms = record->event_ms;
    const struct kept time = {hash_of_time(record), record->place};
    enum cdr_result result = CDR_OK;
    if (!is_thinned(&log->records, hash))
        result = keep(search, &log->records, &kept, error);
    if (result == CDR_OK && !is_thinned(&log->times, time.hash))
        result = keep(search, &log->times, &time, error);
    return result;
}

static enum cdr_result read_log(struct cdr_search *search, struct cdr_source *source,
                                uint32_t number, const atomic_int *stop, struct cdr_error *error)
{
    struct log_search *log = &search->logs[number];
    bool ended = false;
    log->extent = source->ops->extent(source, number);
    int64_t next = log->extent.first > log->extent.base ? log->extent.first : log->extent.base;
    while (!ended && log->found < 0) {
        struct cdr_record record;
        enum cdr_result result = source->ops->next(source, number, WAIT_MS, &record, &ended, error);
        if (stop != NULL && atomic_load(stop) != 0)
            return cdr_fail(error, CDR_E_INTERRUPTED, "interrupted");
        if (result == CDR_E_AGAIN && !ended)
            result = source->ops->poll(source, error);
        else if (result == CDR_OK) {
            const uint64_t hash = hash_of(&record);
            log->gaps |= record.place != next;
            next = record.place + 1;
            if (hash == log->first)
                log->found = record.place;
            else
                result = see(search, log, hash, &record, error);
        }
        if (result != CDR_OK && result != CDR_E_AGAIN)
            return result;
    }
    log->gaps |= log->found < 0 && next < log->extent.end;
    enum cdr_result result = CDR_OK;
    for (uint64_t i = 0; log->found < 0 && result == CDR_OK && i < LAST && i < log->seen; i++)
        result = keep(search, &log->records, &log->last[i], error);
    return result;
}

static enum cdr_result read_logs(struct cdr_search *search, struct cdr_source *source,
                                 const atomic_int *stop, struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    for (uint32_t log = 0; result == CDR_OK && log < search->count; log++)
        if (cdr_search_has_first(search, log))
            result = read_log(search, source, log, stop, error);
    return result;
}

enum cdr_result cdr_search_read(struct cdr_search *search, const struct cdr_sink_settings *sink,
                                const struct cdr_source_setup *setup, struct cdr_error *error)
{
    struct cdr_source *source = NULL;
    struct cdr_source_setup wanted = *setup;
    int64_t *offsets = calloc(search->count, sizeof *offsets);
    if (offsets == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for %u logs", search->count);
    for (uint32_t log = 0; log < search->count; log++)
        if (!cdr_search_has_first(search, log))
            offsets[log] = CDR_OFFSET_UNREAD;
        else if (setup->offsets != NULL)
            offsets[log] = setup->offsets[log];
    wanted.offsets = offsets;
    enum cdr_result result = cdr_kafka_source_open(&source, sink, &wanted, error);
    if (result == CDR_OK)
        result = read_logs(search, source, setup->stop, error);
    if (source != NULL)
        source->ops->close(source);
    free(offsets);
    return result;
}

/* --- what it says --- */

bool cdr_search_is_after(const struct cdr_search *search, uint32_t log)
{
    return search->logs[log].seen > 0;
}

bool cdr_search_needs_more(const struct cdr_search *search, uint32_t log)
{
    return search->logs[log].found < 0 && search->logs[log].records.count > 0;
}

/* The dataset in messages of another form has the same times, in the same order. */
static void expect_time(struct log_search *log, const struct cdr_record *record)
{
    const uint64_t hash = hash_of_time(record);
    if (log->times.count == 0 || is_thinned(&log->times, hash))
        return;
    const struct kept *kept = place_of(log->times.kept, log->times.room, hash);
    if (kept->hash == 0)
        log->row = 0;
    else if (log->row == 0 || kept->offset != log->row_offset)
        log->row = log->row > 0 && kept->offset > log->row_offset ? log->row + 1 : 1;
    log->row_offset = kept->offset;
    log->row_max = log->row > log->row_max ? log->row : log->row_max;
}

static bool is_alike(const struct log_search *log)
{
    return log->row_max >= ROW || (log->row_max > 1 && log->row_max == log->times.count);
}

bool cdr_search_expect(struct cdr_search *search, uint32_t number, uint64_t position,
                       const struct cdr_record *record)
{
    struct log_search *log = &search->logs[number];
    const uint64_t hash = hash_of(record);
    const struct kept *kept = place_of(log->records.kept, log->records.room, hash);
    expect_time(log, record);
    if (kept->hash != 0 && kept->offset >= (int64_t)position)
        log->begin = kept->offset - (int64_t)position;
    return log->begin >= 0;
}

int64_t cdr_search_latest_ms(const struct cdr_search *search)
{
    return search->latest_ms;
}

bool cdr_search_is_beheaded(const struct cdr_search *search, uint32_t log)
{
    return search->logs[log].found < 0 && search->logs[log].begin >= 0;
}

int64_t cdr_search_result(const struct cdr_search *search, uint32_t number)
{
    const struct log_search *log = &search->logs[number];
    if (log->found >= 0)
        return log->found;
    if (log->first == 0)
        return CDR_FIND_NOTHING;
    if (log->begin >= 0)
        return log->begin;
    if (is_alike(log))
        return CDR_FIND_ALIKE;
    if (log->extent.first > 0)
        return CDR_FIND_EXPIRED;
    return log->extent.open || (log->gaps && log->records.thinning != 0) ? CDR_FIND_UNSURE
                                                                         : CDR_FIND_ABSENT;
}
