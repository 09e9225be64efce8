/* A row of a table as verify compares it: the bytes of its message, without their frames. */
#ifndef CDR_VERIFY_DIMENSION_ROW_H
#define CDR_VERIFY_DIMENSION_ROW_H

#include "pipeline/dimension_feed.h"
#include "verify/record.h"

struct cdr_dimension_row {
    uint8_t key[CDR_DIMENSION_WIRE_KEY_MAX], value[CDR_DIMENSION_BYTES_MAX];
    struct cdr_record record; /* of the bytes above; payload NULL: a tombstone */
};

void cdr_dimension_row_make(struct cdr_dimension_row *row, const struct cdr_model *model,
                            const struct cdr_topics *topics,
                            const struct cdr_dimension_record *record, uint64_t position);

#endif
