#include "verify/pending.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { CAPACITY_FIRST = 64 };

enum cdr_result cdr_recent_create(struct cdr_recent *recent, uint32_t size, struct cdr_error *error)
{
    assert(size >= 64 && (size & (size - 1)) == 0);
    recent->mask = size - 1;
    recent->ring = calloc(size, sizeof *recent->ring);
    if (recent->ring == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for the hashes of %u records", size);
    return CDR_OK;
}

void cdr_recent_free(struct cdr_recent *recent)
{
    free(recent->ring);
    free(recent->slots);
}

static uint32_t home_of(const struct cdr_recent *recent, uint64_t hash)
{
    return (uint32_t)(hash >> 32) & (2 * recent->mask + 1);
}

static void put_recent(struct cdr_recent *recent, uint32_t place)
{
    const uint32_t slot_mask = 2 * recent->mask + 1;
    uint32_t at = home_of(recent, recent->ring[place]);
    while (recent->slots[at] != 0)
        at = (at + 1) & slot_mask;
    recent->slots[at] = place + 1;
}

/* Slots after the hole that this leaves move up, unless they are at home. */
static void take_out(struct cdr_recent *recent, uint32_t place)
{
    const uint32_t slot_mask = 2 * recent->mask + 1;
    uint32_t hole = home_of(recent, recent->ring[place]);
    while (recent->slots[hole] != place + 1)
        hole = (hole + 1) & slot_mask;
    for (uint32_t at = (hole + 1) & slot_mask; recent->slots[at] != 0; at = (at + 1) & slot_mask) {
        const uint32_t home = home_of(recent, recent->ring[recent->slots[at] - 1]);
        if (((at - home) & slot_mask) < ((at - hole) & slot_mask))
            continue;
        recent->slots[hole] = recent->slots[at];
        hole = at;
    }
    recent->slots[hole] = 0;
}

/* A hash of 0 is a free place of the ring. Without memory there is no table, and the ring is
 * searched. */
static void make_table(struct cdr_recent *recent)
{
    const uint32_t size = recent->mask + 1;
    recent->slots = calloc(2 * (size_t)size, sizeof *recent->slots);
    for (uint32_t place = 0; recent->slots != NULL && place < size; place++)
        if (recent->ring[place] != 0)
            put_recent(recent, place);
}

void cdr_recent_replace(struct cdr_recent *recent, uint64_t hash)
{
    const uint32_t place = recent->at++ & recent->mask;
    if (recent->ring[place] != 0)
        take_out(recent, place);
    recent->ring[place] = hash;
    if (hash != 0)
        put_recent(recent, place);
}

bool cdr_recent_has(struct cdr_recent *recent, uint64_t hash)
{
    const uint32_t slot_mask = 2 * recent->mask + 1;
    if (recent->slots == NULL)
        make_table(recent);
    if (recent->slots == NULL) {
        for (uint32_t i = 0; i <= recent->mask; i++)
            if (recent->ring[i] == hash)
                return true;
        return false;
    }
    for (uint32_t at = home_of(recent, hash); recent->slots[at] != 0; at = (at + 1) & slot_mask)
        if (recent->ring[recent->slots[at] - 1] == hash)
            return true;
    return false;
}

void cdr_pending_init(struct cdr_pending *pending, uint32_t max)
{
    memset(pending, 0, sizeof *pending);
    pending->max = max;
}

void cdr_pending_free(struct cdr_pending *pending)
{
    free(pending->entries);
    free(pending->table);
}

static void put(struct cdr_pending *pending, uint32_t number)
{
    uint32_t mask = pending->table_size - 1;
    uint32_t at = (uint32_t)(pending->entries[number].hash >> 32) & mask;
    while (pending->table[at] != 0)
        at = (at + 1) & mask;
    pending->table[at] = number + 1;
}

/* Leaves out the first `forget` entries and those that are closed. */
static void rebuild(struct cdr_pending *pending, uint32_t forget)
{
    uint32_t kept = 0;
    memset(pending->table, 0, pending->table_size * sizeof *pending->table);
    for (uint32_t i = forget; i < pending->n; i++)
        if (pending->entries[i].open)
            pending->entries[kept++] = pending->entries[i];
    pending->n = pending->open = kept;
    for (uint32_t i = 0; i < kept; i++)
        put(pending, i);
}

static enum cdr_result grow(struct cdr_pending *pending, struct cdr_error *error)
{
    uint32_t capacity = pending->capacity == 0 ? CAPACITY_FIRST : 2 * pending->capacity;
    capacity = capacity < pending->max ? capacity : pending->max;
    struct cdr_pending_entry *entries =
        realloc(pending->entries, capacity * sizeof *pending->entries);
    if (entries != NULL)
        pending->entries = entries;
    uint32_t table_size = CAPACITY_FIRST;
    while (table_size < 2 * capacity)
        table_size *= 2;
    uint32_t *table = malloc(table_size * sizeof *table);
    if (entries == NULL || table == NULL) {
        free(table);
        return cdr_fail(error, CDR_E_NOMEM, "no memory for %u differences", capacity);
    }
    free(pending->table);
    pending->table = table;
    pending->table_size = table_size;
    pending->capacity = capacity;
    rebuild(pending, 0);
    return CDR_OK;
}

enum cdr_result cdr_pending_add(struct cdr_pending *pending, const struct cdr_pending_entry *entry,
                                struct cdr_error *error)
{
    if (pending->n == pending->capacity && pending->capacity == pending->max)
        rebuild(pending, pending->open > pending->max / 4 * 3 ? pending->max / 4 : 0);
    if (pending->n == pending->capacity) {
        enum cdr_result result = grow(pending, error);
        if (result != CDR_OK)
            return result;
    }
    pending->entries[pending->n] = *entry;
    pending->entries[pending->n].open = true;
    put(pending, pending->n++);
    pending->open++;
    return CDR_OK;
}

uint32_t cdr_pending_find(const struct cdr_pending *pending, uint64_t hash)
{
    if (pending->open == 0)
        return CDR_PENDING_NONE;
    uint32_t mask = pending->table_size - 1;
    for (uint32_t at = (uint32_t)(hash >> 32) & mask; pending->table[at] != 0;
         at = (at + 1) & mask) {
        const struct cdr_pending_entry *entry = &pending->entries[pending->table[at] - 1];
        if (entry->open && entry->hash == hash)
            return pending->table[at] - 1;
    }
    return CDR_PENDING_NONE;
}

void cdr_pending_close(struct cdr_pending *pending, uint32_t number)
{
    assert(pending->entries[number].open);
    pending->entries[number].open = false;
    pending->entries[number].kept = NULL;
    pending->open--;
}
