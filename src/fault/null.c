/* null: a message without a value, as a tombstone is. */
#include "fault/kinds.h"

static void bytes(struct cdr_fault_target *target)
{
    cdr_fault_say_length(target, 0);
    cdr_fault_resize(target, 0);
    target->slab->marks[target->record] |= CDR_MARK_NO_VALUE;
}

const struct cdr_fault_ops cdr_fault_null = {.bytes = bytes};
