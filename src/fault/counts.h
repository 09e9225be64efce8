/* Entries of a log, counted by what is wrong with them. */
#ifndef CDR_FAULT_COUNTS_H
#define CDR_FAULT_COUNTS_H

#include "model/fault.h"

struct cdr_fault_counts {
    uint64_t kinds[CDR_FAULT_COUNT];
    /* What a perfect cleaner lets through: each good record once. The sum is that of their hashes,
     * as a digest has it. */
    uint64_t clean, clean_sum;
};

static inline void cdr_fault_count(struct cdr_fault_counts *counts, uint32_t entry, uint64_t hash)
{
    if (entry == 0) {
        counts->clean++;
        counts->clean_sum += hash;
        return;
    }
    if (entry == CDR_ENTRY_LATE_COPY) {
        counts->kinds[CDR_FAULT_LATE_DUPLICATE]++;
        return;
    }
    if ((entry & CDR_ENTRY_FAULT) != 0)
        counts->kinds[cdr_fault_of_entry(entry)]++;
    if ((entry & CDR_ENTRY_COPY) != 0)
        counts->kinds[CDR_FAULT_DUPLICATE]++;
}

static inline void cdr_fault_counts_add(struct cdr_fault_counts *sum,
                                        const struct cdr_fault_counts *more)
{
    for (uint32_t kind = 0; kind < CDR_FAULT_COUNT; kind++)
        sum->kinds[kind] += more->kinds[kind];
    sum->clean += more->clean;
    sum->clean_sum += more->clean_sum;
}

#endif
