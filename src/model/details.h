/* Details of records: what users' schemas, --fields and headers can ask for beside the fields of
 * data-format.md. Like records they follow from keys and model alone, but for the number in the
 * log, which the caller counts.
 *
 * Who encodes asks an encoder once which details it reads, and fills those alone: without any, a
 * record costs what it did.
 *
 * A call rings and is then talked on. Both parties' records tell of one answer: the called party's
 * switch sees it 20 to 200 ms before the calling party's, or, where whole seconds would not add up,
 * up to a second earlier still. In each record start and answer are as many whole seconds apart as
 * it rings, answer and end as many as are charged, and both together are the record's duration.
 */
#ifndef CDR_MODEL_DETAILS_H
#define CDR_MODEL_DETAILS_H

#include "model/key.h"
#include "model/model.h"
#include "model/record.h"

/* Groups of details, as bits. */
enum cdr_detail {
    CDR_DETAIL_KEY = 1u << 0,    /* id, emission_ms, outcome, part */
    CDR_DETAIL_ANSWER = 1u << 1, /* ring_s, charge_s, answer_ms; outcome */
    CDR_DETAIL_CELL = 1u << 2,   /* cell_global */
    CDR_DETAIL_NUMBER = 1u << 3, /* number */
    CDR_DETAIL_NODE = 1u << 4,   /* partition */
};

/* What a block was materialised from, and where its records lie. */
struct cdr_details_source {
    const struct cdr_key *keys;
    const struct cdr_slot *slots;
    int64_t emission_slot_ms;
    int64_t held_until_ms; /* by an outage: when they are emitted instead; 0: as their keys say */
    uint32_t partition;
    uint64_t first; /* number of record 0 in its log, or of that which numbers count from */
    const uint32_t *numbers; /* record i has first + numbers[i]; NULL: first + i */
};

/* Fills the wanted details of a block that is materialised. Where faults have changed columns, call
 * this afterwards: answers follow the record's start, charged seconds its duration. */
void cdr_details_fill(const struct cdr_model *model, unsigned wanted,
                      const struct cdr_details_source *source, struct cdr_block *block);

/* The name of an event, the same for all of its records: both legs of a call, all parts of a
 * session. No record's id (key.h) is that of an event by more than chance. */
static inline uint64_t cdr_event_id(uint32_t origin, uint32_t slot, uint32_t index, uint32_t type)
{
    uint64_t event = (uint64_t)origin | (uint64_t)index << 30 | (uint64_t)type << 42;
    return cdr_mix(cdr_mix(event) ^ ((uint64_t)slot << 32 | UINT32_MAX));
}

#endif
