/* Materialise: keys become records, a block at a time. A pure function of the model and the key. */
#ifndef CDR_MODEL_MATERIALISE_H
#define CDR_MODEL_MATERIALISE_H

#include "model/key.h"
#include "model/loops.h"
#include "model/model.h"
#include "model/record.h"

/* The hot loop at each level of the instruction set. */
typedef void cdr_materialise_loop(const struct cdr_model *model, uint32_t type,
                                  const struct cdr_key *keys, uint32_t n, int64_t emission_slot_ms,
                                  const struct cdr_slot *slots, struct cdr_block *block);
cdr_materialise_loop cdr_materialise_base, cdr_materialise_v3, cdr_materialise_v4;

/* Fills block with n ≤ CDR_BLOCK_RECORDS records of one type, whose emission slot starts at
 * emission_slot_ms. slots[lag] is the slot lag before it, for every lag that the keys have. No
 * allocation. */
static inline void cdr_materialise(const struct cdr_model *model, uint32_t type,
                                   const struct cdr_key *keys, uint32_t n, int64_t emission_slot_ms,
                                   const struct cdr_slot *slots, struct cdr_block *block)
{
    model->loops->materialise(model, type, keys, n, emission_slot_ms, slots, block);
}

#endif
