/* From the ordered keys of a log to its entries: what is doubled, missing, swapped, and which fault
 * each has.
 *
 * A record that is missing has no entries, copies neither. Two neighbours change places where the
 * first drew so, and its number is less than those of both neighbours that it has: so nobody moves
 * twice, and whether a pair does depends on no share. Records in another slice of time are no
 * neighbours. A conflicting entry follows a record whose payload is as it should be. A late
 * duplicate is a key already, which plan has made, and what an outage holds back is a task of its
 * own (engine/engine.c).
 */
#ifndef CDR_FAULT_EXPAND_H
#define CDR_FAULT_EXPAND_H

#include "model/model.h"

/* What entries do not say themselves. */
struct cdr_fault_note {
    enum cdr_fault kind; /* missing, swap, outage, late */
    uint32_t at;         /* the entry that comes instead, or the first of two that changed places,
                            or the one that is late or was held back */
    uint32_t other;      /* swap: the second of them */
    int64_t delay_ms;    /* outage, late: for how long */
    struct cdr_key key;  /* of the record that is missing, or that comes later than it should */
};

/* Keys of a task, as the engine gives it (struct cdr_task). */
struct cdr_fault_task {
    uint32_t type;
    const struct cdr_slot *slots;
    const struct cdr_key *keys;
    uint32_t n;
    int64_t held_until_ms; /* by an outage; 0: they come when they should */
};

/* Room that is reused; all zero at first. */
struct cdr_fault_entries {
    struct cdr_key *keys;
    uint32_t *of; /* of each entry: which of the task's records it is of; of a late duplicate, the
                     record before it */
    uint32_t n, capacity;
    uint32_t records;             /* of the task */
    struct cdr_fault_note *notes; /* ascending by at */
    uint32_t note_count, note_capacity;
    /* Of the records of the task in hand. */
    struct cdr_key *order;
    uint32_t *numbers;
    uint64_t *bases;
    uint32_t order_capacity;
};

/* Sets the entries of a task's keys. False: no memory. */
bool cdr_fault_expand(const struct cdr_model *model, const struct cdr_fault_task *task,
                      struct cdr_fault_entries *entries);
void cdr_fault_entries_free(struct cdr_fault_entries *entries);

#endif
