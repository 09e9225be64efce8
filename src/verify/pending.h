/* What a comparison remembers of records: the recent ones that were in their place, and those that
 * are lost or foreign until they come up elsewhere. Hashes only; equal hashes are equal records. */
#ifndef CDR_VERIFY_PENDING_H
#define CDR_VERIFY_PENDING_H

#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- recent records: the last ones in a ring; a table of them is only made when it is asked --- */

struct cdr_recent {
    uint64_t *ring;
    uint32_t mask, at;
    /* NULL until the first question. Eight slots to a bucket; the oldest of a bucket goes first, so
     * now and then one that is in the ring yet is forgotten. */
    uint64_t *slots;
    uint8_t *next; /* per bucket, which slot is replaced next */
};

/* size: a power of two of at least 64. */
enum cdr_result cdr_recent_create(struct cdr_recent *recent, uint32_t size,
                                  struct cdr_error *error);
void cdr_recent_free(struct cdr_recent *recent);
bool cdr_recent_has(struct cdr_recent *recent, uint64_t hash);

static inline void cdr_recent_put(struct cdr_recent *recent, uint64_t hash)
{
    uint32_t bucket = (uint32_t)hash & (recent->mask >> 3);
    recent->slots[bucket * 8 + (recent->next[bucket]++ & 7)] = hash;
}

static inline void cdr_recent_add(struct cdr_recent *recent, uint64_t hash)
{
    recent->ring[recent->at++ & recent->mask] = hash;
    if (recent->slots != NULL)
        cdr_recent_put(recent, hash);
}

/* --- records that are lost or foreign so far --- */

#define CDR_PENDING_NONE UINT32_MAX

struct cdr_pending_entry {
    uint64_t hash, key, body; /* of the record, its key, its payload and headers */
    int64_t event_ms;
    struct cdr_difference *kept; /* what is kept to be shown, or NULL */
    bool open;                   /* not recognised yet */
};

struct cdr_pending {
    struct cdr_pending_entry *entries; /* in the order of arrival */
    uint32_t n, capacity;
    uint32_t open; /* entries that are */
    uint32_t max;
    uint32_t *table; /* of entries' numbers + 1 by hash; 0: none */
    uint32_t table_size;
};

void cdr_pending_init(struct cdr_pending *pending, uint32_t max);
void cdr_pending_free(struct cdr_pending *pending);
/* Where there are max entries, the oldest quarter is forgotten. */
enum cdr_result cdr_pending_add(struct cdr_pending *pending, const struct cdr_pending_entry *entry,
                                struct cdr_error *error);
/* The number of an open entry with the hash, or CDR_PENDING_NONE. */
uint32_t cdr_pending_find(const struct cdr_pending *pending, uint64_t hash);
/* Closes an entry. */
void cdr_pending_close(struct cdr_pending *pending, uint32_t number);

#endif
