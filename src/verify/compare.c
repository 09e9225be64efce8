#include "verify/compare.h"

#include "base/hash.h"
#include "pipeline/digest.h"
#include "verify/pending.h"
#include "verify/window.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The first look is short, since most differences are; what it does not explain is looked at with
 * eight times as many records. */
enum { LOOK_FIRST = 32, LOOK_GROWTH = 8 };
enum { NEAR = 32 }; /* how far apart altered records are from their place in a gap */
enum {
    RECENT = 16
}; /* lost or foreign records that one at another place may be an altered copy of */
enum {
    SPARE = 64
}; /* kept beyond `show`, since lost and foreign records may be recognised later */

const char *const cdr_difference_name[CDR_DIFFERENCE_KINDS] = {
    "lost",      "duplicated",      "reordered",       "altered",  "foreign",
    "wrong_key", "wrong_timestamp", "wrong_partition", "wrong_day"};
const char *const cdr_difference_word[CDR_DIFFERENCE_KINDS] = {
    "lost",      "duplicated",      "reordered",       "altered",  "foreign",
    "wrong key", "wrong timestamp", "wrong partition", "wrong day"};

enum {
    ROW = 16
}; /* so many records may be the same in all that is compared, where a log was trimmed */

struct kept_list {
    struct cdr_difference **items;
    size_t n, capacity;
};

struct cdr_compare {
    struct cdr_compare_settings settings;
    struct cdr_compare_counts counts;
    struct cdr_recent recent;
    struct cdr_window expected, found;
    uint32_t look;       /* how many records the next look needs of each */
    bool ended;          /* the source has no more */
    bool expected_ended; /* finish was called */
    bool begun;          /* some record was there */
    bool stopped;        /* what was expected and is not there may still come */
    /* Hashes of the first records that are there, until one is missing or not expected. */
    uint64_t row[ROW];
    uint32_t row_n;
    bool row_over; /* it is, or there are too many */
    struct cdr_pending lost, foreign;
    struct kept_list kept[CDR_DIFFERENCE_KINDS];
};

enum cdr_result cdr_compare_create(struct cdr_compare **made,
                                   const struct cdr_compare_settings *settings,
                                   struct cdr_error *error)
{
    *made = NULL;
    struct cdr_compare *compare = calloc(1, sizeof *compare);
    if (compare == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for a comparison");
    compare->settings = *settings;
    compare->counts.ends_early = UINT64_MAX;
    compare->counts.latest_ms = INT64_MIN;
    compare->look = LOOK_FIRST;
    cdr_pending_init(&compare->lost, CDR_COMPARE_PENDING);
    cdr_pending_init(&compare->foreign, CDR_COMPARE_PENDING);
    enum cdr_result result = cdr_recent_create(&compare->recent, settings->recent, error);
    if (result != CDR_OK) {
        cdr_compare_destroy(compare);
        return result;
    }
    *made = compare;
    return CDR_OK;
}

void cdr_compare_destroy(struct cdr_compare *compare)
{
    if (compare == NULL)
        return;
    for (unsigned kind = 0; kind < CDR_DIFFERENCE_KINDS; kind++) {
        for (size_t i = 0; i < compare->kept[kind].n; i++)
            free(compare->kept[kind].items[i]);
        free(compare->kept[kind].items);
    }
    cdr_window_free(&compare->expected);
    cdr_window_free(&compare->found);
    cdr_pending_free(&compare->lost);
    cdr_pending_free(&compare->foreign);
    cdr_recent_free(&compare->recent);
    free(compare);
}

/* ---- what is kept to be shown ---- */

/* Copies a record to *at and moves it on. */
static struct cdr_record copy_record(const struct cdr_record *record, uint8_t **at)
{
    struct cdr_record copy = *record;
    if (record->payload != NULL) {
        memcpy(*at, record->payload, record->payload_len);
        copy.payload = *at;
    }
    *at += record->payload_len;
    if (record->key != NULL) {
        memcpy(*at, record->key, record->key_len);
        copy.key = *at;
    }
    *at += record->key_len;
    if (record->headers != NULL) {
        memcpy(*at, record->headers, record->headers_len);
        copy.headers = *at;
    }
    *at += record->headers_len;
    return copy;
}

static size_t size_of(const struct cdr_record *record)
{
    return record == NULL ? 0 : (size_t)record->payload_len + record->key_len + record->headers_len;
}

/* NULL where enough of the kind are kept, or there is no memory: then it is only counted. */
static struct cdr_difference *make_difference(const struct cdr_compare *compare,
                                              enum cdr_difference_kind kind,
                                              const struct cdr_record *expected,
                                              const struct cdr_record *found)
{
    struct cdr_difference *made = malloc(sizeof *made + size_of(expected) + size_of(found));
    if (made == NULL)
        return NULL;
    uint8_t *at = (uint8_t *)(made + 1);
    *made = (struct cdr_difference){.kind = kind,
                                    .log = compare->settings.log,
                                    .home = compare->settings.log,
                                    .has_expected = expected != NULL,
                                    .has_found = found != NULL};
    if (expected != NULL)
        made->expected = copy_record(expected, &at);
    if (found != NULL)
        made->found = copy_record(found, &at);
    return made;
}

static struct cdr_difference *keep(struct cdr_compare *compare, enum cdr_difference_kind kind,
                                   const struct cdr_record *expected,
                                   const struct cdr_record *found)
{
    struct kept_list *list = &compare->kept[kind];
    bool may_change = kind == CDR_DIFFERENCE_LOST || kind == CDR_DIFFERENCE_FOREIGN;
    if (compare->settings.show == 0 || list->n >= compare->settings.show + (may_change ? SPARE : 0))
        return NULL;
    if (list->n == list->capacity) {
        size_t capacity = list->capacity == 0 ? 8 : 2 * list->capacity;
        struct cdr_difference **items = realloc(list->items, capacity * sizeof(void *));
        if (items == NULL)
            return NULL;
        list->items = items;
        list->capacity = capacity;
    }
    struct cdr_difference *made = make_difference(compare, kind, expected, found);
    if (made != NULL)
        list->items[list->n++] = made;
    return made;
}

/* Forgets a kept lost or foreign record that was recognised. */
static void forget(struct cdr_compare *compare, struct cdr_difference *kept)
{
    if (kept == NULL)
        return;
    struct kept_list *list = &compare->kept[kept->kind];
    for (size_t i = 0; i < list->n; i++)
        if (list->items[i] == kept) {
            memmove(&list->items[i], &list->items[i + 1], (list->n - i - 1) * sizeof(void *));
            list->n--;
            break;
        }
    free(kept);
}

static void note(struct cdr_compare *compare, enum cdr_difference_kind kind,
                 const struct cdr_record *expected, const struct cdr_record *found)
{
    compare->counts.kinds[kind]++;
    keep(compare, kind, expected, found);
}

/* ---- single records ---- */

static bool same_bytes(const uint8_t *a, uint32_t a_len, const uint8_t *b, uint32_t b_len)
{
    return a_len == b_len && (a == NULL) == (b == NULL) && (a_len == 0 || memcmp(a, b, a_len) == 0);
}

static bool same_record(const struct cdr_compare *compare, const struct cdr_record *expected,
                        const struct cdr_record *found)
{
    return same_bytes(expected->payload, expected->payload_len, found->payload,
                      found->payload_len) &&
           (!compare->settings.has_keys ||
            (expected->event_ms == found->event_ms && expected->fault == found->fault &&
             same_bytes(expected->key, expected->key_len, found->key, found->key_len) &&
             same_bytes(expected->headers, expected->headers_len, found->headers,
                        found->headers_len)));
}

static uint64_t identity(const struct cdr_compare *compare, const struct cdr_record *record)
{
    return compare->settings.has_keys
               ? cdr_record_hash(record)
               : cdr_hash_record(record->payload, record->payload_len, NULL, 0, 0);
}

/* A record that is in its place. One that was found before as well, too early, is there twice. */
static void match(struct cdr_compare *compare, const struct cdr_record *expected,
                  const struct cdr_record *found, uint64_t hash)
{
    if (compare->settings.has_keys || expected->day == found->day)
        compare->counts.matched++;
    else
        note(compare, CDR_DIFFERENCE_WRONG_DAY, expected, found);
    compare->begun = true;
    compare->row_over |= compare->row_n == ROW;
    if (!compare->row_over)
        compare->row[compare->row_n++] = hash;
    cdr_recent_add(&compare->recent, hash);
    uint32_t early = cdr_pending_find(&compare->foreign, hash);
    if (early == CDR_PENDING_NONE)
        return;
    struct cdr_difference *kept = compare->foreign.entries[early].kept;
    compare->counts.kinds[CDR_DIFFERENCE_FOREIGN]--;
    note(compare, CDR_DIFFERENCE_DUPLICATED, NULL, kept != NULL ? &kept->found : NULL);
    forget(compare, kept);
    cdr_pending_close(&compare->foreign, early);
}

/* Whether found can be what became of expected. The kind, or CDR_DIFFERENCE_KINDS: it is not. */
static enum cdr_difference_kind became(bool same_key, bool same_time, bool same_body)
{
    if (same_body)
        return same_key ? CDR_DIFFERENCE_WRONG_TIMESTAMP : CDR_DIFFERENCE_WRONG_KEY;
    return same_key && same_time ? CDR_DIFFERENCE_ALTERED : CDR_DIFFERENCE_KINDS;
}

/* At least three quarters are the same from the start and from the end on. */
static bool alike(const struct cdr_record *a, const struct cdr_record *b)
{
    if (a->payload == NULL || b->payload == NULL)
        return false;
    uint32_t least = a->payload_len < b->payload_len ? a->payload_len : b->payload_len;
    uint32_t most = a->payload_len + b->payload_len - least;
    uint32_t start = 0, end = 0;
    while (start < least && a->payload[start] == b->payload[start])
        start++;
    while (end < least - start &&
           a->payload[a->payload_len - 1 - end] == b->payload[b->payload_len - 1 - end])
        end++;
    return start + end >= most - most / 4;
}

static enum cdr_difference_kind pair_kind(const struct cdr_compare *compare,
                                          const struct cdr_item *expected,
                                          const struct cdr_item *found)
{
    enum cdr_difference_kind kind =
        became(expected->key == found->key, expected->record.event_ms == found->record.event_ms,
               expected->body == found->body);
    if (kind == CDR_DIFFERENCE_KINDS && !compare->settings.has_keys &&
        alike(&expected->record, &found->record))
        kind = CDR_DIFFERENCE_ALTERED;
    return kind;
}

/* ---- a gap: what lies before the place at which both sides meet again ---- */

/* The last few lost (or foreign) records may be what an unexpected (or missing) one was made of,
 * where it moved as well. Identical ones are found by their hash, however long ago. */
static uint32_t find_changed(const struct cdr_pending *pending, const struct cdr_item *item,
                             enum cdr_difference_kind *kind)
{
    for (uint32_t i = pending->n; i > 0 && i + RECENT > pending->n; i--) {
        const struct cdr_pending_entry *entry = &pending->entries[i - 1];
        if (!entry->open)
            continue;
        *kind = became(entry->key == item->key, entry->event_ms == item->record.event_ms,
                       entry->body == item->body);
        if (*kind != CDR_DIFFERENCE_KINDS)
            return i - 1;
    }
    return CDR_PENDING_NONE;
}

/* A lost record is there after all (item is it), or a foreign one was expected after all. */
static void recognise(struct cdr_compare *compare, struct cdr_pending *pending, uint32_t number,
                      enum cdr_difference_kind kind, const struct cdr_item *item)
{
    const bool was_lost = pending == &compare->lost;
    struct cdr_difference *kept = pending->entries[number].kept;
    compare->counts.kinds[was_lost ? CDR_DIFFERENCE_LOST : CDR_DIFFERENCE_FOREIGN]--;
    const struct cdr_record *expected = was_lost ? NULL : &item->record;
    const struct cdr_record *found = was_lost ? &item->record : NULL;
    if (kept != NULL && was_lost)
        expected = &kept->expected;
    else if (kept != NULL)
        found = &kept->found;
    note(compare, kind, expected, found);
    forget(compare, kept);
    cdr_recent_add(&compare->recent, was_lost ? pending->entries[number].hash : item->hash);
    cdr_pending_close(pending, number);
}

static bool recognise_pending(struct cdr_compare *compare, struct cdr_pending *pending,
                              const struct cdr_item *item)
{
    enum cdr_difference_kind kind = CDR_DIFFERENCE_REORDERED;
    uint32_t number = cdr_pending_find(pending, item->hash);
    if (number != CDR_PENDING_NONE)
        recognise(compare, pending, number, kind, item);
    return number != CDR_PENDING_NONE;
}

static bool recognise_changed(struct cdr_compare *compare, struct cdr_pending *pending,
                              const struct cdr_item *item)
{
    enum cdr_difference_kind kind;
    uint32_t number = find_changed(pending, item, &kind);
    if (number != CDR_PENDING_NONE)
        recognise(compare, pending, number, kind, item);
    return number != CDR_PENDING_NONE;
}

/* Pairs what is left of a gap's found records with missing ones that they were made of. */
static void pair_changed(struct cdr_compare *compare, uint32_t expected_n, uint32_t found_n)
{
    int64_t drift = 0;
    for (uint32_t f = 0; f < found_n; f++) {
        struct cdr_item *found = cdr_window_at(&compare->found, f);
        int64_t middle = (int64_t)f + drift;
        int64_t from = middle > NEAR ? middle - NEAR : 0;
        for (int64_t e = from; !found->judged && e < expected_n && e <= middle + NEAR; e++) {
            struct cdr_item *expected = cdr_window_at(&compare->expected, (uint32_t)e);
            if (expected->judged)
                continue;
            enum cdr_difference_kind kind = pair_kind(compare, expected, found);
            if (kind == CDR_DIFFERENCE_KINDS)
                continue;
            note(compare, kind, &expected->record, &found->record);
            cdr_recent_add(&compare->recent, expected->hash);
            expected->judged = found->judged = compare->begun = true;
            drift = e - (int64_t)f;
        }
    }
}

static enum cdr_result add_pending(struct cdr_compare *compare, enum cdr_difference_kind kind,
                                   const struct cdr_item *item, struct cdr_error *error)
{
    const bool lost = kind == CDR_DIFFERENCE_LOST;
    compare->counts.kinds[kind]++;
    struct cdr_pending_entry entry = {
        .hash = item->hash,
        .key = item->key,
        .event_ms = item->record.event_ms,
        .body = item->body,
        .kept = keep(compare, kind, lost ? &item->record : NULL, lost ? NULL : &item->record),
    };
    if (!lost && item->record.event_ms >= compare->settings.horizon_ms) {
        compare->counts.later++;
        if (item->record.event_ms > compare->counts.latest_ms)
            compare->counts.latest_ms = item->record.event_ms;
    }
    return cdr_pending_add(lost ? &compare->lost : &compare->foreign, &entry, error);
}

static bool is_expired(const struct cdr_compare *compare)
{
    return !compare->begun && compare->counts.expired < compare->settings.expired_max;
}

/* The first expected_n expected records are missing after the first row of those that are there.
 * Records may be the same in all that is compared. Where the row is the same as the last ones of
 * row and missing together, it is those that are there, and as many expired before them. */
static bool slides(const struct cdr_compare *compare, uint32_t expected_n)
{
    if (compare->row_over || compare->row_n == 0 ||
        compare->counts.expired + expected_n > compare->settings.expired_max)
        return false;
    for (uint32_t i = 0; i < compare->row_n; i++) {
        const uint32_t place = expected_n + i;
        const uint64_t hash = place < compare->row_n
                                  ? compare->row[place]
                                  : cdr_window_at(&compare->expected, place - compare->row_n)->hash;
        if (hash != compare->row[i])
            return false;
    }
    return true;
}

/* Judges the first expected_n expected records as missing and the first found_n found ones as
 * unexpected, and drops them. */
static enum cdr_result judge(struct cdr_compare *compare, uint32_t expected_n, uint32_t found_n,
                             struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    if (found_n == 0 && slides(compare, expected_n)) {
        compare->counts.expired += expected_n;
        cdr_window_drop(&compare->expected, expected_n);
        compare->row_over = true;
        return CDR_OK;
    }
    compare->row_over |= compare->row_n > 0 || found_n > 0;
    for (uint32_t f = 0; f < found_n; f++) {
        struct cdr_item *item = cdr_window_at(&compare->found, f);
        item->judged = recognise_pending(compare, &compare->lost, item);
        if (!item->judged && cdr_recent_has(&compare->recent, item->hash)) {
            note(compare, CDR_DIFFERENCE_DUPLICATED, NULL, &item->record);
            item->judged = true;
        }
    }
    for (uint32_t e = 0; e < expected_n; e++) {
        struct cdr_item *item = cdr_window_at(&compare->expected, e);
        item->judged = recognise_pending(compare, &compare->foreign, item);
    }
    pair_changed(compare, expected_n, found_n);
    for (uint32_t e = 0; result == CDR_OK && e < expected_n; e++) {
        struct cdr_item *item = cdr_window_at(&compare->expected, e);
        if (item->judged || recognise_changed(compare, &compare->foreign, item))
            continue;
        if (is_expired(compare))
            compare->counts.expired++;
        else if (compare->ended && compare->settings.open_end)
            compare->counts.unread++;
        else if (compare->stopped)
            compare->counts.expected--;
        else
            result = add_pending(compare, CDR_DIFFERENCE_LOST, item, error);
    }
    for (uint32_t f = 0; result == CDR_OK && f < found_n; f++) {
        struct cdr_item *item = cdr_window_at(&compare->found, f);
        if (!item->judged && !recognise_changed(compare, &compare->lost, item))
            result = add_pending(compare, CDR_DIFFERENCE_FOREIGN, item, error);
    }
    cdr_window_drop(&compare->expected, expected_n);
    cdr_window_drop(&compare->found, found_n);
    return result;
}

/* ---- windows ---- */

static enum cdr_result push(struct cdr_compare *compare, struct cdr_window *window,
                            const struct cdr_record *record, struct cdr_error *error)
{
    if (compare->settings.has_keys)
        return cdr_window_push(window, record, true, error);
    /* The expected record's own key and time are not used, so that both sides are guessed alike. */
    char key_text[16];
    struct cdr_record guessed = *record;
    guessed.key = NULL;
    guessed.key_len = 0;
    guessed.event_ms = CDR_NO_TIME;
    if (compare->settings.guess != NULL)
        compare->settings.guess(compare->settings.context, &guessed, key_text);
    return cdr_window_push(window, &guessed, false, error);
}

static enum cdr_result next(struct cdr_compare *compare, struct cdr_record *record,
                            struct cdr_error *error)
{
    if (compare->ended)
        return CDR_E_AGAIN;
    enum cdr_result result =
        compare->settings.next(compare->settings.context, record, &compare->ended, error);
    compare->counts.found += result == CDR_OK;
    return result;
}

/* Fills the found window up to n. CDR_E_AGAIN: there are not so many, now or ever. */
static enum cdr_result fill(struct cdr_compare *compare, uint32_t n, struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    struct cdr_record record;
    while (result == CDR_OK && compare->found.n < n) {
        result = next(compare, &record, error);
        if (result == CDR_OK)
            result = push(compare, &compare->found, &record, error);
    }
    return result;
}

static void drop_equal(struct cdr_compare *compare)
{
    while (compare->expected.n > 0 && compare->found.n > 0) {
        const struct cdr_item *expected = cdr_window_at(&compare->expected, 0);
        const struct cdr_item *found = cdr_window_at(&compare->found, 0);
        if (expected->hash != found->hash)
            return;
        match(compare, &expected->record, &found->record, expected->hash);
        cdr_window_drop(&compare->expected, 1);
        cdr_window_drop(&compare->found, 1);
    }
}

/* Whether the windows' beginnings look like the same records, changed. */
static bool any_changed(const struct cdr_compare *compare)
{
    for (uint32_t f = 0; f < compare->found.n && f < NEAR; f++)
        for (uint32_t e = 0; e < compare->expected.n && e < 2 * NEAR; e++)
            if (pair_kind(compare, cdr_window_at(&compare->expected, e),
                          cdr_window_at(&compare->found, f)) != CDR_DIFFERENCE_KINDS)
                return true;
    return false;
}

/* Windows with nothing in common. Logs go by time: found records that are later than all expected
 * ones say that those are missing. Otherwise, unless they are the same stretch of the log with its
 * records changed, the found ones are unexpected, and the expected ones may come after them. */
static enum cdr_result judge_apart(struct cdr_compare *compare, struct cdr_error *error)
{
    const uint32_t expected_n = compare->expected.n, found_n = compare->found.n;
    int64_t latest = INT64_MIN;
    for (uint32_t i = 0; i < expected_n; i++) {
        int64_t ms = cdr_window_at(&compare->expected, i)->record.event_ms;
        latest = ms > latest ? ms : latest;
    }
    uint32_t behind = 0;
    for (uint32_t i = 0; i < found_n; i++)
        behind += cdr_window_at(&compare->found, i)->record.event_ms > latest;
    if (2 * behind > found_n)
        return judge(compare, expected_n, 0, error);
    return judge(compare, any_changed(compare) ? expected_n / 2 + 1 : 0, found_n / 2 + 1, error);
}

/* The expected records' end or the found ones': nothing is left to meet. */
static enum cdr_result judge_rest(struct cdr_compare *compare, struct cdr_error *error)
{
    if (compare->found.n == 0 && compare->expected.n > 0 &&
        compare->counts.ends_early == UINT64_MAX && !compare->settings.open_end &&
        !slides(compare, compare->expected.n))
        compare->counts.ends_early = (uint64_t)cdr_window_at(&compare->expected, 0)->record.place;
    return judge(compare, compare->expected.n, compare->found.n, error);
}

/* One look at two heads that differ. CDR_E_AGAIN: more records are needed on either side. */
static enum cdr_result look(struct cdr_compare *compare, struct cdr_error *error)
{
    enum cdr_result result = fill(compare, compare->look, error);
    if (result != CDR_OK && (result != CDR_E_AGAIN || !compare->ended))
        return result;
    if (compare->expected.n < compare->look && !compare->expected_ended)
        return CDR_E_AGAIN;
    const bool all = compare->look == CDR_COMPARE_WINDOW ||
                     (compare->ended && compare->expected_ended &&
                      compare->expected.n <= compare->look && compare->found.n <= compare->look);
    uint32_t i, j;
    bool meets = cdr_window_meet(&compare->expected, &compare->found, compare->look, &i, &j);
    /* Farther records might be nearer to each other. */
    if (!all && (!meets || i + j >= compare->look)) {
        uint32_t more = compare->look * LOOK_GROWTH;
        compare->look = more < CDR_COMPARE_WINDOW ? more : CDR_COMPARE_WINDOW;
        return CDR_OK;
    }
    compare->look = LOOK_FIRST;
    if (meets)
        return judge(compare, i, j, error);
    if (compare->ended && compare->expected_ended)
        return judge_rest(compare, error);
    return judge_apart(compare, error);
}

/* Judges as much as can be judged. CDR_E_AGAIN: found records are needed that are not there yet. */
static enum cdr_result resolve(struct cdr_compare *compare, struct cdr_error *error)
{
    for (;;) {
        drop_equal(compare);
        if (compare->expected.n == 0 && compare->found.n == 0)
            return CDR_OK;
        if (compare->expected.n == 0 && !compare->expected_ended)
            return CDR_OK;
        if (compare->found.n == 0 && compare->expected.n > 0) {
            enum cdr_result result = fill(compare, 1, error);
            if (result == CDR_OK)
                continue;
            if (result != CDR_E_AGAIN || !compare->ended)
                return result;
            if (compare->settings.beginning) {
                compare->counts.expected -= compare->expected.n;
                cdr_window_drop(&compare->expected, compare->expected.n);
                return CDR_OK;
            }
        }
        const bool one_sided = compare->expected.n == 0 || compare->found.n == 0;
        enum cdr_result result = one_sided ? judge_rest(compare, error) : look(compare, error);
        if (result == CDR_E_AGAIN && compare->expected.n < compare->look &&
            !compare->expected_ended)
            return CDR_OK;
        if (result != CDR_OK)
            return result;
    }
}

/* ---- interface ---- */

static enum cdr_result begin_windows(struct cdr_compare *compare, const struct cdr_record *expected,
                                     const struct cdr_record *found, struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    if (found != NULL)
        result = push(compare, &compare->found, found, error);
    if (result == CDR_OK)
        result = push(compare, &compare->expected, expected, error);
    if (result != CDR_OK)
        return result;
    compare->counts.expected++;
    result = resolve(compare, error);
    return result == CDR_E_AGAIN ? CDR_OK : result;
}

enum cdr_result cdr_compare_expect(struct cdr_compare *compare, const struct cdr_record *expected,
                                   struct cdr_error *error)
{
    if (compare->expected.n == CDR_COMPARE_WINDOW) {
        enum cdr_result result = resolve(compare, error);
        if (result != CDR_OK)
            return result;
    }
    if (compare->expected.n > 0 || compare->found.n > 0)
        return begin_windows(compare, expected, NULL, error);
    struct cdr_record found;
    enum cdr_result result = next(compare, &found, error);
    if (result == CDR_E_AGAIN && compare->ended)
        return begin_windows(compare, expected, NULL, error);
    if (result != CDR_OK)
        return result;
    if (!same_record(compare, expected, &found))
        return begin_windows(compare, expected, &found, error);
    compare->counts.expected++;
    match(compare, expected, &found, identity(compare, expected));
    return CDR_OK;
}

enum cdr_result cdr_compare_finish(struct cdr_compare *compare, struct cdr_error *error)
{
    compare->expected_ended = true;
    for (;;) {
        enum cdr_result result = resolve(compare, error);
        if (result != CDR_OK)
            return result;
        assert(compare->expected.n == 0 && compare->found.n == 0);
        result = fill(compare, 1, error);
        if (result != CDR_OK)
            return result == CDR_E_AGAIN && compare->ended ? CDR_OK : result;
    }
}

/* The heads differ, and none of the found records is one that comes next. So these are judged, and
 * the expected ones may still come. */
static enum cdr_result judge_stopped(struct cdr_compare *compare, struct cdr_error *error)
{
    const uint32_t expected_n = compare->expected.n, found_n = compare->found.n;
    const bool may_be_expired = !compare->begun && compare->settings.expired_max > 0;
    if (expected_n == 0 || found_n == 0 || may_be_expired)
        return CDR_OK;
    compare->stopped = true;
    return judge(compare, expected_n, found_n, error);
}

enum cdr_result cdr_compare_stop(struct cdr_compare *compare, bool judges_found,
                                 struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    for (;;) {
        uint32_t i, j;
        drop_equal(compare);
        if (result != CDR_OK || compare->expected.n == 0 || compare->found.n == 0 ||
            !cdr_window_meet(&compare->expected, &compare->found, CDR_COMPARE_WINDOW, &i, &j))
            break;
        result = judge(compare, i, j, error);
    }
    if (result == CDR_OK && judges_found)
        result = judge_stopped(compare, error);
    compare->counts.expected -= compare->expected.n;
    compare->counts.found -= compare->found.n;
    cdr_window_drop(&compare->expected, compare->expected.n);
    cdr_window_drop(&compare->found, compare->found.n);
    return result;
}

bool cdr_compare_is_over(const struct cdr_compare *compare)
{
    return compare->settings.beginning && compare->ended && compare->found.n == 0 &&
           compare->expected.n == 0;
}

bool cdr_compare_is_starved(const struct cdr_compare *compare)
{
    return compare->expected.n > 0 && compare->found.n == 0;
}

/* ---- over all logs ---- */

struct missing {
    uint64_t hash;
    uint32_t compare, entry;
};

static int by_hash(const void *a, const void *b)
{
    const struct missing *left = a, *right = b;
    return left->hash < right->hash ? -1 : left->hash > right->hash;
}

/* The first that has the hash and is still open, or NULL. */
static const struct missing *find_missing(const struct missing *all, size_t n, uint64_t hash,
                                          struct cdr_compare *const *compares)
{
    size_t from = 0, to = n;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (all[middle].hash < hash)
            from = middle + 1;
        else
            to = middle;
    }
    for (; from < n && all[from].hash == hash; from++)
        if (compares[all[from].compare]->lost.entries[all[from].entry].open)
            return &all[from];
    return NULL;
}

/* The found record is in here's log, its place is in home's. */
static void misplaced(struct cdr_compare *here, uint32_t foreign, struct cdr_compare *home,
                      uint32_t lost)
{
    struct cdr_difference *found = here->foreign.entries[foreign].kept;
    struct cdr_difference *expected = home->lost.entries[lost].kept;
    struct cdr_difference *kept =
        keep(here, CDR_DIFFERENCE_WRONG_PARTITION, expected != NULL ? &expected->expected : NULL,
             found != NULL ? &found->found : NULL);
    if (kept != NULL)
        kept->home = home->settings.log;
    here->counts.kinds[CDR_DIFFERENCE_WRONG_PARTITION]++;
    here->counts.kinds[CDR_DIFFERENCE_FOREIGN]--;
    home->counts.kinds[CDR_DIFFERENCE_LOST]--;
    home->counts.elsewhere++;
    forget(here, found);
    forget(home, expected);
    cdr_pending_close(&here->foreign, foreign);
    cdr_pending_close(&home->lost, lost);
}

enum cdr_result cdr_compare_cross(struct cdr_compare *const *compares, uint32_t n,
                                  struct cdr_error *error)
{
    size_t count = 0, filled = 0;
    for (uint32_t c = 0; c < n; c++)
        count += compares[c] != NULL ? compares[c]->lost.open : 0;
    if (count == 0)
        return CDR_OK;
    struct missing *all = malloc(count * sizeof *all);
    if (all == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for %zu lost records", count);
    for (uint32_t c = 0; c < n; c++)
        for (uint32_t i = 0; compares[c] != NULL && i < compares[c]->lost.n; i++)
            if (compares[c]->lost.entries[i].open)
                all[filled++] = (struct missing){compares[c]->lost.entries[i].hash, c, i};
    qsort(all, filled, sizeof *all, by_hash);
    for (uint32_t c = 0; c < n; c++)
        for (uint32_t i = 0; compares[c] != NULL && i < compares[c]->foreign.n; i++) {
            const struct cdr_pending_entry *entry = &compares[c]->foreign.entries[i];
            if (!entry->open)
                continue;
            const struct missing *missing = find_missing(all, filled, entry->hash, compares);
            if (missing != NULL)
                misplaced(compares[c], i, compares[missing->compare], missing->entry);
        }
    free(all);
    return CDR_OK;
}

const struct cdr_compare_counts *cdr_compare_counts(const struct cdr_compare *compare)
{
    return &compare->counts;
}

size_t cdr_compare_differences(const struct cdr_compare *compare, enum cdr_difference_kind kind,
                               const struct cdr_difference *const **differences)
{
    const struct kept_list *list = &compare->kept[kind];
    *differences = (const struct cdr_difference *const *)list->items;
    return list->n < compare->settings.show ? list->n : compare->settings.show;
}
