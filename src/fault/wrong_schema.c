/* wrong_schema: the id of the schema of another type's records. */
#include "fault/kinds.h"

static void bytes(struct cdr_fault_target *target)
{
    const struct cdr_topics *topics = target->topics;
    const uint32_t step =
        1 + cdr_fault_below(target->base, CDR_FAULT_WRONG_SCHEMA, CDR_TYPE_COUNT - 1);
    const uint32_t other = (target->block->type + step) % CDR_TYPE_COUNT;
    cdr_fault_set_schema_id(target, (uint32_t)topics->items[other].schema_ids[0]);
}

const struct cdr_fault_ops cdr_fault_wrong_schema = {.bytes = bytes};
