/* bitflip: one bit of the payload is the other one. A line stays one line. */
#include "fault/kinds.h"

static void bytes(struct cdr_fault_target *target)
{
    uint32_t len;
    uint8_t *payload = cdr_fault_payload(target, &len);
    const uint64_t random = cdr_fault_more(target->base, CDR_FAULT_BITFLIP);
    if (len == 0)
        return;
    uint8_t *byte = payload + cdr_below((uint32_t)random, len), before = *byte;
    *byte ^= (uint8_t)(1u << (random >> 61));
    if (*byte == '\n')
        *byte = before ^ 1;
    char field[24];
    snprintf(field, sizeof field, "byte %u", (unsigned)(byte - payload));
    cdr_fault_say_number(target, field, before, *byte);
}

const struct cdr_fault_ops cdr_fault_bitflip = {.bytes = bytes};
