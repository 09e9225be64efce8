/* Faults of a record's payload: what each kind does to the columns, the bytes, the key.
 *
 * A kind is a row in model/fault_table.h and in kinds.h, and a file of its own here, which defines
 * cdr_fault_NAME. Both of its functions work on one record and may be NULL:
 *
 *   columns   before the block is encoded: may change columns within what encoders take
 *             (encode/encoder.h), never the owner's number.
 *   bytes     the record is the last that the slab holds: may make it shorter, or longer by what
 *             cdr_faults.grows_max says, and change its key and timestamp. The frame stays at its
 *             place, and the trailer of a line behind it.
 *
 * What changes the sequence of entries is in expand.h.
 */
#ifndef CDR_FAULT_FAULT_H
#define CDR_FAULT_FAULT_H

#include "encode/topic.h"
#include "model/fault.h"
#include "model/model.h"
#include "model/record.h"
#include "sink/sink.h"

/* What was changed, for the truth: the name of a field, or of what has none; the value that should
 * be there and the one that is. */
struct cdr_fault_words {
    char field[24], expected[40], found[40];
};

/* One record that a fault befalls. */
struct cdr_fault_target {
    const struct cdr_model *model;
    const struct cdr_topics *topics;
    const struct cdr_topic *topic; /* of the record */
    uint64_t base;                 /* of its draws */
    struct cdr_block *block;
    uint32_t i; /* in the block */
    struct cdr_slab *slab;
    uint32_t record; /* in the slab, its last */
    struct cdr_fault_words *words;
};

struct cdr_fault_ops {
    void (*columns)(struct cdr_fault_target *target);
    void (*bytes)(struct cdr_fault_target *target);
};

/* NULL of those that are no faults of the payload. */
extern const struct cdr_fault_ops *const cdr_fault_ops[CDR_FAULT_COUNT];

/* The payload of the target's record, without frame and trailer; and how to make it another length.
 */
static inline uint8_t *cdr_fault_payload(const struct cdr_fault_target *target, uint32_t *len)
{
    const struct cdr_slab *slab = target->slab;
    const struct cdr_encoder *encoder = target->topic->encoder;
    const uint32_t start =
        (target->record == 0 ? 0 : slab->ends[target->record - 1]) + encoder->frame_len;
    *len = slab->ends[target->record] - encoder->trailer_len - start;
    return slab->bytes + start;
}

/* Bytes that come in between are the caller's to write. */
void cdr_fault_resize(const struct cdr_fault_target *target, uint32_t len);

/* keys: those of the block's records. */
void cdr_fault_columns(const struct cdr_model *model, const struct cdr_topics *topics,
                       const struct cdr_key *keys, struct cdr_block *block,
                       struct cdr_fault_words *words);
/* The block's records are encoded in the slab from slab->n on, which does not count them yet, with
 * keys and timestamps. Sets their marks, and gives those that need it their faults. scratch:
 * room for the block's bytes. */
void cdr_fault_bytes(const struct cdr_model *model, const struct cdr_topics *topics,
                     const struct cdr_key *keys, struct cdr_block *block, struct cdr_slab *slab,
                     uint8_t *scratch, struct cdr_fault_words *words);

#endif
