/* The model's hot loops, one table a level of the instruction set; all give the same records. */
#ifndef CDR_MODEL_LOOPS_H
#define CDR_MODEL_LOOPS_H

#include "base/level.h"

#include <stdbool.h>
#include <stdint.h>

struct cdr_model;
struct cdr_counts;
struct cdr_expansion;
struct cdr_events;
struct cdr_leg_keys;
struct cdr_key;
struct cdr_slot;
struct cdr_block;

struct cdr_loops {
    bool (*events_next)(const struct cdr_model *model, const struct cdr_counts *counts,
                        const uint8_t *classes, struct cdr_expansion *expansion,
                        struct cdr_events *events);
    void (*legs)(const struct cdr_model *model, const struct cdr_events *events,
                 struct cdr_leg_keys *legs);
    void (*materialise)(const struct cdr_model *model, uint32_t type, const struct cdr_key *keys,
                        uint32_t n, int64_t emission_slot_ms, const struct cdr_slot *slots,
                        struct cdr_block *block);
};

/* level must be one that this CPU runs. */
const struct cdr_loops *cdr_loops_of(enum cdr_level level);

#endif
