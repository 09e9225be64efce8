#include "verify/repeats.h"

#include "pipeline/digest.h"

#include <stdlib.h>

enum { ROOM_FIRST = 32 };

/* The place of a hash, or the empty one where it belongs. */
static size_t place_of(const uint64_t *hashes, size_t room, uint64_t hash)
{
    size_t at = (size_t)hash & (room - 1);
    while (hashes[at] != 0 && hashes[at] != hash)
        at = (at + 1) & (room - 1);
    return at;
}

static enum cdr_result grow(struct cdr_repeats *repeats, struct cdr_error *error)
{
    const size_t room = repeats->room == 0 ? ROOM_FIRST : 2 * repeats->room;
    uint64_t *hashes = calloc(room, sizeof *hashes);
    if (hashes == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for %zu keys", repeats->count);
    for (size_t i = 0; i < repeats->room; i++)
        if (repeats->hashes[i] != 0)
            hashes[place_of(hashes, room, repeats->hashes[i])] = repeats->hashes[i];
    free(repeats->hashes);
    repeats->hashes = hashes;
    repeats->room = room;
    return CDR_OK;
}

enum cdr_result cdr_repeats_add(struct cdr_repeats *repeats, const struct cdr_record *record,
                                bool *again, struct cdr_error *error)
{
    uint64_t hash = cdr_hash_record(record->key, record->key_len, NULL, 0, 0);
    hash += hash == 0; /* which is an empty place */
    if (2 * repeats->count >= repeats->room && grow(repeats, error) != CDR_OK)
        return CDR_E_NOMEM;
    uint64_t *place = &repeats->hashes[place_of(repeats->hashes, repeats->room, hash)];
    *again = *place == hash;
    repeats->count += !*again;
    *place = hash;
    return CDR_OK;
}

void cdr_repeats_free(struct cdr_repeats *repeats)
{
    free(repeats->hashes);
    *repeats = (struct cdr_repeats){0};
}
