/* Materialise: keys become records, a block at a time. A pure function of the model and the key. */
#ifndef CDR_MODEL_MATERIALISE_H
#define CDR_MODEL_MATERIALISE_H

#include "model/key.h"
#include "model/model.h"
#include "model/record.h"

/* Fills block with n ≤ CDR_BLOCK_RECORDS records of one type, whose emission slot starts at emission_slot_ms. slots[lag] is
 * the slot lag before it, for every lag that the keys have. About 20 to 100 ns a record; no allocation. */
void cdr_materialise(const struct cdr_model *model, uint32_t type, const struct cdr_key *keys, uint32_t n,
                     int64_t emission_slot_ms, const struct cdr_slot *slots, struct cdr_block *block);

#endif
