/* oversize: as many bytes as oversize_bytes says. Lines have spaces at their end, Avro zeros. */
#include "fault/kinds.h"

#include <string.h>

static void bytes(struct cdr_fault_target *target)
{
    uint32_t len;
    uint8_t *payload = cdr_fault_payload(target, &len);
    const uint32_t wanted = target->model->parameters.oversize_bytes;
    if (len >= wanted)
        return;
    cdr_fault_say_length(target, wanted);
    cdr_fault_resize(target, wanted);
    memset(payload + len, cdr_fault_is_text(target) ? ' ' : 0, wanted - len);
}

const struct cdr_fault_ops cdr_fault_oversize = {.bytes = bytes};
