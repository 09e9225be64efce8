/* empty: a value of no bytes at all, which is not the same as no value. */
#include "fault/kinds.h"

static void bytes(struct cdr_fault_target *target)
{
    cdr_fault_say_length(target, 0);
    cdr_fault_resize(target, 0);
    target->slab->marks[target->record] |= CDR_MARK_EMPTY;
}

const struct cdr_fault_ops cdr_fault_empty = {.bytes = bytes};
