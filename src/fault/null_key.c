/* null_key: a message without a key, in the partition of the owner's. */
#include "fault/kinds.h"

static void bytes(struct cdr_fault_target *target)
{
    struct cdr_slab *slab = target->slab;
    cdr_fault_say_key(target, "");
    slab->key_lens[target->record] = 0;
    slab->marks[target->record] |= CDR_MARK_NO_KEY;
}

const struct cdr_fault_ops cdr_fault_null_key = {.bytes = bytes};
