/* magic: the first byte, which says that a schema id follows, is another, and the id is 0: bytes
 * that are the same whatever ids a registry gives. */
#include "fault/kinds.h"

#include <string.h>

static void bytes(struct cdr_fault_target *target)
{
    uint8_t *magic = cdr_fault_frame(target);
    const uint8_t other = (uint8_t)(1 + cdr_fault_below(target->base, CDR_FAULT_MAGIC, 255));
    cdr_fault_say_number(target, "magic byte", *magic, other);
    *magic = other;
    memset(magic + 1, 0, 4);
}

const struct cdr_fault_ops cdr_fault_magic = {.bytes = bytes};
