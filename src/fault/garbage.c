/* garbage: 1 to 16 bytes after the payload's end; in lines of text printable ones. */
#include "fault/kinds.h"

static void bytes(struct cdr_fault_target *target)
{
    uint32_t len;
    uint8_t *payload = cdr_fault_payload(target, &len);
    const bool text = cdr_fault_is_text(target);
    const uint32_t more = 1 + cdr_fault_below(target->base, CDR_FAULT_GARBAGE, 16);
    uint64_t random = cdr_fault_more(target->base, CDR_FAULT_GARBAGE);
    cdr_fault_say_length(target, len + more);
    cdr_fault_resize(target, len + more);
    for (uint32_t i = 0; i < more; i++, random = cdr_mix(random + i))
        payload[len + i] =
            text ? (uint8_t)('!' + cdr_below((uint32_t)random, '~' - '!')) : (uint8_t)random;
}

const struct cdr_fault_ops cdr_fault_garbage = {.bytes = bytes};
