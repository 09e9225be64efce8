/* Room for records in a slab. */
#ifndef CDR_PIPELINE_ROOM_H
#define CDR_PIPELINE_ROOM_H

#include "encode/encoder.h"
#include "model/fault.h"
#include "sink/slab.h"

/* How many more values surely fit into a column. */
static inline size_t cdr_column_room(const struct cdr_slab_column *column,
                                     const struct cdr_encoder *encoder, uint32_t n)
{
    return encoder == NULL
               ? SIZE_MAX
               : (column->bytes_max - cdr_column_start(column, n)) / encoder->record_bytes_max;
}

static inline size_t cdr_least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many of the first n keys fit into so many bytes, if each that has a fault grows. */
static inline uint32_t cdr_room_for_faults(const struct cdr_faults *faults,
                                           const struct cdr_encoder *encoder,
                                           const struct cdr_key *keys, uint32_t n, size_t bytes)
{
    uint32_t fits = 0;
    for (size_t needed = 0; fits < n; fits++) {
        needed += encoder->record_bytes_max;
        needed += (cdr_key_entry(&keys[fits]) & CDR_ENTRY_FAULT) != 0 ? faults->grows_max : 0;
        if (needed > bytes)
            break;
    }
    return fits;
}

#endif
