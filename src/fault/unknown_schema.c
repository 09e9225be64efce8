/* unknown_schema: the id of a schema that the registry does not have: they count from 1 on. */
#include "fault/kinds.h"

static void bytes(struct cdr_fault_target *target)
{
    cdr_fault_set_schema_id(target,
                            CDR_SCHEMA_ID_UNKNOWN +
                                cdr_fault_below(target->base, CDR_FAULT_UNKNOWN_SCHEMA, 1u << 24));
}

const struct cdr_fault_ops cdr_fault_unknown_schema = {.bytes = bytes};
