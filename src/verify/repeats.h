/* When does a key come for the second time? A set of the keys that came before, for one log.
 *
 * What that is for: compaction keeps the last record of each key of a log's beginning. So as long
 * as the two first records that share a key are both there, it has deleted no record of the log:
 * had it looked at both, the first of them would be gone; and before the second one, no key was
 * there twice, so nothing was to be deleted.
 *
 * Keys are told apart by 64 bits of a hash. Memory: 16 to 32 bytes a key; a log repeats a key soon,
 * after about as many records as the square root of its subscribers' number. Of one thread at a
 * time. */
#ifndef CDR_VERIFY_REPEATS_H
#define CDR_VERIFY_REPEATS_H

#include "base/result.h"
#include "verify/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cdr_repeats { /* zero-initialise */
    uint64_t *hashes;
    size_t count, room;
};

/* *again: the record's key is one that came before. A record without a key is one that has the key
 * of all others without. CDR_E_NOMEM. */
enum cdr_result cdr_repeats_add(struct cdr_repeats *repeats, const struct cdr_record *record,
                                bool *again, struct cdr_error *error);
void cdr_repeats_free(struct cdr_repeats *repeats);

#endif
