/* What messages have beside their values, where that is more than the owner's number as the key:
 * keys and headers of a block's records, as columns of a slab that does not count the block yet. */
#ifndef CDR_PIPELINE_ENVELOPE_H
#define CDR_PIPELINE_ENVELOPE_H

#include "encode/topic.h"
#include "model/record.h"
#include "sink/slab.h"

static inline void cdr_column_encode(const struct cdr_encoder *encoder,
                                     const struct cdr_block *block, uint32_t first,
                                     struct cdr_slab_column *column)
{
    const uint32_t used = cdr_column_start(column, first);
    encoder->ops->encode(encoder, block, column->bytes + used, column->ends + first);
    for (uint32_t i = 0; i < block->n; i++)
        column->ends[first + i] += used;
}

/* Of types that have no headers where others do, the column stays as it is: nobody reads it. */
static inline void cdr_envelope_encode(const struct cdr_envelope *envelope,
                                       const struct cdr_block *block, struct cdr_slab *slab)
{
    if (envelope->key != NULL)
        cdr_column_encode(envelope->key, block, slab->n, &slab->wire_keys);
    if (envelope->headers != NULL)
        cdr_column_encode(envelope->headers, block, slab->n, &slab->headers);
}

#endif
