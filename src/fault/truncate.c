/* truncate: the payload ends too early; its first byte is always there. */
#include "fault/kinds.h"

static void bytes(struct cdr_fault_target *target)
{
    uint32_t len;
    cdr_fault_payload(target, &len);
    if (len < 2)
        return;
    const uint32_t left = 1 + cdr_fault_below(target->base, CDR_FAULT_TRUNCATE, len - 1);
    cdr_fault_say_length(target, left);
    cdr_fault_resize(target, left);
}

const struct cdr_fault_ops cdr_fault_truncate = {.bytes = bytes};
