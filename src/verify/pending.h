/* What a comparison remembers of records: the recent ones that were in their place, and those that
 * are lost or foreign until they come up elsewhere. Hashes only; equal hashes are equal records. */
#ifndef CDR_VERIFY_PENDING_H
#define CDR_VERIFY_PENDING_H

#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- recent records: just the last ones, in a ring; a table of them is only made when it is asked
 * --- */

struct cdr_recent {
    uint64_t *ring;
    uint32_t mask, at;
    /* NULL until the first question. Of places in the ring + 1, by their hashes, twice as many as
     * the ring has; 0: free. */
    uint32_t *slots;
};

/* size: a power of two of at least 64. */
enum cdr_result cdr_recent_create(struct cdr_recent *recent, uint32_t size,
                                  struct cdr_error *error);
void cdr_recent_free(struct cdr_recent *recent);
bool cdr_recent_has(struct cdr_recent *recent, uint64_t hash);

/* Adds where there is a table. */
void cdr_recent_replace(struct cdr_recent *recent, uint64_t hash);

static inline void cdr_recent_add(struct cdr_recent *recent, uint64_t hash)
{
    if (recent->slots != NULL)
        cdr_recent_replace(recent, hash);
    else
        recent->ring[recent->at++ & recent->mask] = hash;
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
