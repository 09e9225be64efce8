/* conflict: the record comes again and says something else: another duration, or of a session
 * another volume. */
#include "fault/kinds.h"

static void columns(struct cdr_fault_target *target)
{
    struct cdr_block *block = target->block;
    const uint32_t i = target->i;
    const uint32_t more =
        1 + cdr_below((uint32_t)cdr_fault_more(target->base, CDR_FAULT_CONFLICT), 60);
    if (cdr_type_has(block->type, CDR_HOLDS_VOLUMES)) {
        cdr_fault_say_number(target, "data_bytes_in", (int64_t)block->data_bytes_in[i],
                             (int64_t)block->data_bytes_in[i] + more);
        block->data_bytes_in[i] += more;
        return;
    }
    cdr_fault_say_number(target, "duration_sec", block->duration_s[i],
                         (int64_t)block->duration_s[i] + more);
    block->duration_s[i] += more;
}

const struct cdr_fault_ops cdr_fault_conflict = {.columns = columns};
