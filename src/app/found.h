/* Records that were looked for: what sample, trace and the counting of their numbers share. */
#ifndef CDR_APP_FOUND_H
#define CDR_APP_FOUND_H

#include "model/calendar.h"
#include "model/key.h"

#include <stddef.h>

/* A record to print: its key, in the slot of its emission. */
struct cdr_found {
    int64_t emission_slot_ms;
    int64_t emission_ms;   /* as it would be without outages */
    int64_t held_until_ms; /* by one; 0: by none */
    uint32_t type;
    struct cdr_slot start_slot;
    struct cdr_key key;
    uint64_t number; /* in its log; set where the records are printed with it */
};

struct cdr_found_list {
    struct cdr_found *items;
    size_t count, capacity;
};

#endif
