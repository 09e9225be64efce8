#include "model/tenure.h"

#include "model/streams.h"

void cdr_tenures_init(struct cdr_tenures *tenures, const struct cdr_parameters *p, uint32_t days)
{
    *tenures = (struct cdr_tenures){.on = p->leave_prob > 0};
    if (!tenures->on)
        return;
    tenures->stay = (uint64_t)(CDR_DAY_PARTS / p->leave_prob + 0.5);
    tenures->vacant = (uint64_t)p->vacant_days * CDR_DAY_PARTS;
    tenures->stream = cdr_stream(p->seed, CDR_STREAM_TENURE);
    /* The phase begins up to a period in, and the customer after the last one counts too. */
    uint64_t periods = (uint64_t)days * CDR_DAY_PARTS / (tenures->stay + tenures->vacant);
    tenures->count = (uint32_t)periods + 3;
}

double cdr_present_share(const struct cdr_parameters *p)
{
    return p->leave_prob > 0 ? 1 / (1 + p->leave_prob * p->vacant_days) : 1;
}
