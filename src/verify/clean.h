/* Verify a cleaner: what became of the dataset's entries in the topics of a pipeline that should
 * let each good record through once and sends bad ones to topics of dead letters. Messages have the
 * header cdrgen-id of its input's.
 *
 * Both kinds of topics are read to their ends; then the dataset is generated once and each entry
 * looked up. Memory: 24 bytes and more for each id that was read.
 */
#ifndef CDR_VERIFY_CLEAN_H
#define CDR_VERIFY_CLEAN_H

#include "model/fault.h"
#include "verify/ids.h"

/* Entries of one kind. A copy, or a record that conflicts with the one before it, is gone as it
 * should be where it is lost. */
struct cdr_fates {
    uint64_t entries;
    uint64_t passed;        /* in the output */
    uint64_t dead_lettered; /* not there, but among the dead letters */
    uint64_t lost;          /* neither */
    uint64_t duplicated;    /* messages more than there were entries of the record */
};

enum { CDR_FATES_GOOD = CDR_FAULT_COUNT, CDR_FATES };

struct cdr_clean_result {
    struct cdr_fates fates[CDR_FATES]; /* of each fault, and of good records */
    uint64_t found, dead_letters;      /* messages */
    uint64_t foreign;    /* with an id that nothing in the dataset has, or without one; in both */
    uint64_t without_id; /* of those */
    struct cdr_id_gap deleted, open; /* of the output, else of the dead letters */
};

struct cdr_clean_settings {
    const struct cdr_verify_ids_settings *ids; /* topics: the output */
    const char *const *dead_letters;
    uint32_t dead_letter_count;
};

/* Blocks. Errors as cdr_verify_ids. Only where Kafka is built in. */
enum cdr_result cdr_verify_clean(const struct cdr_clean_settings *settings,
                                 struct cdr_clean_result *result, struct cdr_error *error);

/* Whether a kind came out as a perfect cleaner has it; dead: there are topics of dead letters. */
bool cdr_fates_are_right(const struct cdr_fates *fates, uint32_t kind, bool dead);

#endif
