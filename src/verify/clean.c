#include "verify/clean.h"

bool cdr_fates_are_right(const struct cdr_fates *fates, uint32_t kind, bool dead)
{
    if (kind == CDR_FATES_GOOD)
        return fates->lost == 0 && fates->dead_lettered == 0 && fates->duplicated == 0;
    if ((cdr_fault_traits[kind] & CDR_FAULT_PAYLOAD) == 0)
        return fates->passed == 0;
    return fates->passed == 0 && fates->duplicated == 0 && (!dead || fates->lost == 0);
}
