/* Faults on purpose: which record has which, as a pure function of its name.
 *
 * The log of a dataset with faults is a sequence of entries: (record, fault, number of the copy).
 * Whether a record has a fault of a kind, and what exactly, are draws of a stream of their own, one
 * purpose a kind. So the kinds do not depend on one another, and the records that have a fault at a
 * share of 1 % are among those that have it at 2 %.
 *
 * A record has at most one fault of the payload: the first in the table's order of those that it
 * drew. So switching one kind on takes records from those after it, and gives none to any. What
 * changes the sequence of entries (copies, what is missing) combines with it.
 *
 * Outages are of network elements, not of records. Of each type there are 16 elements, and one of
 * them serves a subscriber. Their time is cut into frames of outage_hours; whether an element is
 * out in a frame is a draw of its own. What it would emit then comes when the next frame begins:
 * before all else, in the order in which it would have come.
 *
 * src/fault changes columns and bytes; here is what the engine needs, too.
 */
#ifndef CDR_MODEL_FAULT_H
#define CDR_MODEL_FAULT_H

#include "base/hash.h"
#include "model/calendar.h"
#include "model/key.h"
#include "model/parameters.h"
#include "model/tables.h"

#include <stdbool.h>

struct cdr_faults {
    bool on; /* some share is above 0 */
    uint64_t stream;
    uint32_t below[CDR_FAULT_COUNT]; /* thresholds of the shares */
    uint32_t payload_count;          /* kinds of the payload whose share is above 0 */
    uint8_t payload[CDR_FAULT_COUNT];
    uint32_t copies_max;     /* of a record that is duplicated */
    uint32_t frame_quarters; /* quarter hours of a frame of outages */
    uint32_t grows_max;      /* bytes by which a record is longer at most */
};

void cdr_faults_init(struct cdr_faults *faults, const struct cdr_parameters *parameters);

/* How many entries of a kind come with a record, in the mean; of what is missing, how many do not
 * come. */
double cdr_faults_expected(const struct cdr_parameters *parameters, enum cdr_fault kind);

/* Checks shares, and the numbers that belong to kinds. CDR_E_CONFIG. */
enum cdr_result cdr_faults_check(const struct cdr_parameters *parameters, struct cdr_error *error);

/* The bits of a key that say what kind of entry it is: the number of a fault of the payload, and
 * whether it is a copy. 0: a record as it should be. */
#define CDR_ENTRY_COPY 16u
#define CDR_ENTRY_FAULT 15u
/* All of them: a late duplicate. A record that conflicts, which has number 15, is never copied. */
#define CDR_ENTRY_LATE_COPY 31u

static inline uint32_t cdr_key_entry(const struct cdr_key *key)
{
    return (uint32_t)key->high & 31u;
}

/* The kind of the fault that an entry's payload has, or of a late duplicate that; CDR_FAULT_COUNT:
 * none. */
uint32_t cdr_fault_of_entry(uint32_t entry);
/* What is wrong with an entry, in words: "truncate", "duplicate", or "truncate,duplicate" of the
 * copy of a record that is cut off; "" of one as it should be. */
#define CDR_FAULT_TEXT_MAX 40
void cdr_fault_entry_text(uint32_t entry, char text[CDR_FAULT_TEXT_MAX]);
/* Numbers of kinds: those of the draws. */
extern const uint8_t cdr_fault_number[CDR_FAULT_COUNT];

/* What a record's draws come from. */
static inline uint64_t cdr_fault_base(const struct cdr_faults *faults, const struct cdr_key *key,
                                      uint32_t type, uint32_t start_slot)
{
    return cdr_mix(cdr_key_id(key, type, start_slot) ^ faults->stream);
}

/* Low: whether; high: how. */
static inline uint64_t cdr_fault_draw(uint64_t base, enum cdr_fault kind)
{
    return cdr_draw(base, CDR_PURPOSE(cdr_fault_number[kind]));
}

static inline bool cdr_fault_drawn(const struct cdr_faults *faults, uint64_t base,
                                   enum cdr_fault kind)
{
    return cdr_is_below((uint32_t)cdr_fault_draw(base, kind), faults->below[kind]);
}

/* 64 bits more of a kind. */
static inline uint64_t cdr_fault_more(uint64_t base, enum cdr_fault kind)
{
    return cdr_draw(base, CDR_PURPOSE(64 + cdr_fault_number[kind]));
}

/* Number of the fault that a record's payload has; 0: none. */
uint32_t cdr_fault_of_payload(const struct cdr_faults *faults, uint64_t base);

/* Whether a record comes once more, later. Only one that comes, and is good. */
static inline bool cdr_fault_comes_again(const struct cdr_faults *faults, uint64_t base)
{
    return cdr_fault_drawn(faults, base, CDR_FAULT_LATE_DUPLICATE) &&
           !(faults->below[CDR_FAULT_MISSING] > 0 &&
             cdr_fault_drawn(faults, base, CDR_FAULT_MISSING)) &&
           cdr_fault_of_payload(faults, base) == 0;
}

/* Uniform in [0, n), from the bits that say how. */
static inline uint32_t cdr_fault_below(uint64_t base, enum cdr_fault kind, uint32_t n)
{
    return cdr_below((uint32_t)(cdr_fault_draw(base, kind) >> 32), n);
}

/* Network elements of a type. */
#define CDR_ELEMENTS 16u

static inline uint32_t cdr_outage_element(const struct cdr_faults *faults, uint32_t subscriber)
{
    return (uint32_t)(cdr_mix(cdr_mix(subscriber) ^ faults->stream) >> 60);
}

/* The frame that a slot's records belong to. */
static inline uint32_t cdr_outage_frame(const struct cdr_faults *faults,
                                        const struct cdr_slot *slot)
{
    return slot->name / faults->frame_quarters;
}

/* The elements of a type that are out in a frame: a bit each. */
uint32_t cdr_outage_elements(const struct cdr_faults *faults, uint32_t type, uint32_t frame);

/* Until when an outage holds back what a subscriber's element would emit in a slot; 0: it does
 * not. */
int64_t cdr_outage_until_ms(const struct cdr_faults *faults, const struct cdr_calendar *calendar,
                            uint32_t type, uint32_t subscriber, const struct cdr_slot *slot);

/* By how much a clock that is wrong is ahead, or behind. */
#define CDR_FAULT_CLOCK_MS INT64_C(3600000)

/* Schema ids from here on are those of unknown_schema: registries count from 1 on. */
#define CDR_SCHEMA_ID_UNKNOWN UINT32_C(0x7f000000)

/* Number of the slot that a key's event started in: as in cdr_key_id. */
static inline uint32_t cdr_key_start_slot(const struct cdr_key *key, const struct cdr_slot *slots)
{
    return (uint32_t)(slots[cdr_key_lag(key)].start_ms / 900000);
}

#endif
