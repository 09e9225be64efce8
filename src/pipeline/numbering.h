/* The numbers of a log's records, counted from its first one on: what local_sequence_number holds.
 *
 * A number is a record's: copies and what conflicts have that of their record, what is missing on
 * purpose leaves a gap. Counting is for the worker that has the log's turn.
 */
#ifndef CDR_PIPELINE_NUMBERING_H
#define CDR_PIPELINE_NUMBERING_H

#include "model/details.h"

#include <stdlib.h>
#include <string.h>

struct cdr_numbering {
    uint64_t first;             /* number of the first record of the task in hand */
    uint32_t records;           /* of that task */
    const struct cdr_key *keys; /* of its entries */
    const uint32_t *of;         /* by entry: which record of the task; NULL: one after the other */
    uint32_t *kept;             /* a copy of them that outlives the task */
    uint32_t capacity;
};

/* Goes on to the next task. */
static inline void cdr_numbering_begin(struct cdr_numbering *numbering, const struct cdr_key *keys,
                                       const uint32_t *of, uint32_t records)
{
    numbering->first += numbering->records;
    numbering->records = records;
    numbering->keys = keys;
    numbering->of = of;
}

/* Copies what the task in hand does not keep for later. False: no memory. */
static inline bool cdr_numbering_keep(struct cdr_numbering *numbering, uint32_t n)
{
    if (numbering->of == NULL || n == 0)
        return true;
    if (n > numbering->capacity) {
        free(numbering->kept);
        numbering->capacity = n + n / 2 + 64;
        numbering->kept = malloc(numbering->capacity * sizeof *numbering->kept);
        if (numbering->kept == NULL) {
            numbering->capacity = 0;
            return false;
        }
    }
    memcpy(numbering->kept, numbering->of, n * sizeof *numbering->kept);
    numbering->of = numbering->kept;
    return true;
}

/* Of the keys from one of the task's on. */
static inline void cdr_numbering_of(const struct cdr_numbering *numbering,
                                    const struct cdr_key *keys, struct cdr_details_source *source)
{
    const size_t at = (size_t)(keys - numbering->keys);
    source->first = numbering->of != NULL ? numbering->first : numbering->first + at;
    source->numbers = numbering->of != NULL ? numbering->of + at : NULL;
}

static inline void cdr_numbering_free(struct cdr_numbering *numbering)
{
    free(numbering->kept);
}

#endif
