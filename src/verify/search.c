#include "verify/search.h"

#include "pipeline/digest.h"

#include <stdlib.h>

enum {
    WAIT_MS = 100,
    ROOM_FIRST = 256,
    ROOM_MIN = 1024,
    ROOM_MAX = 1 << 16, /* of a log */
    ROOM_ALL = 1 << 22, /* of all of them */
    LAST = 64
};

struct kept {
    uint64_t hash; /* 0: nothing */
    int64_t offset;
};

struct log_search {
    uint64_t first; /* hash of the dataset's first record, 0 = none is expected */
    int64_t found;  /* offset of it, −1 = not found */
    struct kept *kept;
    size_t count, room;
    uint64_t thinning; /* records are kept whose hash has none of these bits */
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

void cdr_search_destroy(struct cdr_search *search)
{
    if (search == NULL)
        return;
    for (uint32_t log = 0; search->logs != NULL && log < search->count; log++)
        free(search->logs[log].kept);
    free(search->logs);
    free(search);
}

static uint64_t hash_of(const struct cdr_record *record)
{
    const uint64_t hash = cdr_hash_record(record->payload, record->payload_len, record->key,
                                          record->key_len, record->event_ms);
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
static bool is_thinned(const struct log_search *log, uint64_t hash)
{
    return (hash >> 40 & log->thinning) != 0;
}

/* Twice the room; or, where that is too much, half of the records. */
static enum cdr_result make_room(const struct cdr_search *search, struct log_search *log,
                                 struct cdr_error *error)
{
    size_t room = log->room == 0 ? ROOM_FIRST : 2 * log->room;
    if (room > search->room_max) {
        room = log->room;
        log->thinning = 2 * log->thinning + 1;
    }
    struct kept *kept = calloc(room, sizeof *kept);
    if (kept == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for %zu records", room);
    log->count = 0;
    for (size_t i = 0; i < log->room; i++) {
        if (log->kept[i].hash == 0 || is_thinned(log, log->kept[i].hash))
            continue;
        *place_of(kept, room, log->kept[i].hash) = log->kept[i];
        log->count++;
    }
    free(log->kept);
    log->kept = kept;
    log->room = room;
    return CDR_OK;
}

static enum cdr_result keep(const struct cdr_search *search, struct log_search *log,
                            const struct kept *record, struct cdr_error *error)
{
    while (2 * (log->count + 1) > log->room)
        if (make_room(search, log, error) != CDR_OK)
            return CDR_E_NOMEM;
    struct kept *place = place_of(log->kept, log->room, record->hash);
    if (place->hash != 0)
        return CDR_OK;
    *place = *record;
    log->count++;
    return CDR_OK;
}

static enum cdr_result see(struct cdr_search *search, struct log_search *log, uint64_t hash,
                           const struct cdr_record *record, struct cdr_error *error)
{
    const struct kept kept = {hash, record->place};
    log->last[log->seen++ % LAST] = kept;
    if (record->event_ms > search->latest_ms)
        search->latest_ms = record->event_ms;
    return is_thinned(log, hash) ? CDR_OK : keep(search, log, &kept, error);
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
        result = keep(search, log, &log->last[i], error);
    return result;
}

enum cdr_result cdr_search_read(struct cdr_search *search, struct cdr_source *source,
                                const atomic_int *stop, struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    for (uint32_t log = 0; result == CDR_OK && log < search->count; log++)
        if (cdr_search_has_first(search, log))
            result = read_log(search, source, log, stop, error);
    return result;
}

/* --- what it says --- */

bool cdr_search_is_after(const struct cdr_search *search, uint32_t log)
{
    return search->logs[log].seen > 0;
}

bool cdr_search_needs_more(const struct cdr_search *search, uint32_t log)
{
    return search->logs[log].found < 0 && search->logs[log].count > 0;
}

bool cdr_search_expect(struct cdr_search *search, uint32_t number, uint64_t position,
                       const struct cdr_record *record)
{
    struct log_search *log = &search->logs[number];
    const uint64_t hash = hash_of(record);
    const struct kept *kept = place_of(log->kept, log->room, hash);
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
    if (log->extent.first > 0)
        return CDR_FIND_EXPIRED;
    return log->extent.open || (log->gaps && log->thinning != 0) ? CDR_FIND_UNSURE
                                                                 : CDR_FIND_ABSENT;
}
