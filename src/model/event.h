/* Events: what subscribers do in a slot, as a pure function of (subscriber, slot, index).
 *
 * How many is Poisson with the slot's rate × the subscriber's activity, sampled from tables a class
 * that are built once a slot. With burst_share, a subscriber's slot is idle (0.3 of the rate) or
 * bursts (the rest of the rate, within a quarter of the slot), a two-state mixture as in Jiang et
 * al. 2016.
 */
#ifndef CDR_MODEL_EVENT_H
#define CDR_MODEL_EVENT_H

#include "model/loops.h"
#include "model/model.h"

#include <stdbool.h>

#define CDR_EVENTS_BLOCK 1024u
#define CDR_COUNT_GUIDE 64u
#define CDR_BURST_STATES 2u
/* Largest mean of events of one subscriber in one slot: e^−700 is still a number, and 912 events
 * have 11 bits. */
#define CDR_EVENTS_PER_SLOT_MEAN_MAX 700.0

/* Counts of one slot. */
struct cdr_counts {
    struct cdr_slot slot;
    uint32_t *thresholds; /* CDFs in 1/2^32, one class after another */
    uint32_t capacity;
    uint32_t start[CDR_BURST_STATES * CDR_ACTIVITY_CLASSES];
    uint16_t guide[CDR_BURST_STATES * CDR_ACTIVITY_CLASSES][CDR_COUNT_GUIDE];
    uint32_t burst_below; /* 16 bits: share of slots that burst */
};

/* Multiplier of the rate in a slot that is idle (state 0) or bursts (1); 1 where bursts are off. */
double cdr_burst_factor(const struct cdr_parameters *parameters, uint32_t state);

/* Makes room for the largest rate of the model; tables are built by cdr_counts_set. */
enum cdr_result cdr_counts_create(struct cdr_counts *counts, const struct cdr_model *model,
                                  struct cdr_error *error);
void cdr_counts_free(struct cdr_counts *counts);
/* Builds the tables of a slot. O(classes × mean). */
void cdr_counts_set(struct cdr_counts *counts, const struct cdr_model *model,
                    const struct cdr_slot *slot);

/* Up to CDR_EVENTS_BLOCK events as columns, all in lanes of 32 or 64 bits. */
struct cdr_events {
    uint32_t n;
    uint32_t origin[CDR_EVENTS_BLOCK];
    uint32_t index[CDR_EVENTS_BLOCK];
    uint64_t base[CDR_EVENTS_BLOCK];      /* of the event's draws */
    uint32_t offset_ms[CDR_EVENTS_BLOCK]; /* start, from the start of the slot */
    uint32_t duration_s[CDR_EVENTS_BLOCK];
    uint32_t peer[CDR_EVENTS_BLOCK];
    uint32_t type[CDR_EVENTS_BLOCK];    /* CDR_TYPE_* */
    uint32_t party[CDR_EVENTS_BLOCK];   /* CDR_PARTY_* */
    uint32_t outcome[CDR_EVENTS_BLOCK]; /* as the type has it: disposition, status, technology */
};

/* Where an expansion of subscribers [next, end) stands. */
struct cdr_expansion {
    uint32_t next, end;
    uint32_t index, remaining; /* of subscriber next − 1 */
};

/* The hot loop at each level of the instruction set, and the best one for this CPU in
 * model->loops. */
typedef bool cdr_events_loop(const struct cdr_model *model, const struct cdr_counts *counts,
                             const uint8_t *classes, struct cdr_expansion *expansion,
                             struct cdr_events *events);
cdr_events_loop cdr_events_next_base, cdr_events_next_v3, cdr_events_next_v4;

/* Takes out the events that do not take place, where subscribers leave: whose origin's number is
 * vacant on the slot's local day, and those on-net with a peer whose number is. */
void cdr_events_drop_absent(const struct cdr_model *model, const struct cdr_slot *slot,
                            struct cdr_events *events);

/* Fills events with the next block; false when there was none left. Where subscribers leave, a
 * block can be empty (n = 0) and others follow, and indices have gaps. classes: activity class of
 * every subscriber, or NULL (then they are computed). */
static inline bool cdr_events_next(const struct cdr_model *model, const struct cdr_counts *counts,
                                   const uint8_t *classes, struct cdr_expansion *expansion,
                                   struct cdr_events *events)
{
    if (!model->loops->events_next(model, counts, classes, expansion, events))
        return false;
    if (model->identities.tenures.on)
        cdr_events_drop_absent(model, &counts->slot, events);
    return true;
}

/* Draws of an event that several stages need. */
#define CDR_DRAW_TIME CDR_PURPOSE(1)     /* low: moment in the slot; high: kind */
#define CDR_DRAW_DURATION CDR_PURPOSE(2) /* low: duration; high: outcome */
#define CDR_DRAW_RING CDR_PURPOSE(3)     /* low: ring time; high: off-net */
#define CDR_DRAW_CONTACT CDR_PURPOSE(4)  /* +i for the i-th draw: low: rank */
#define CDR_DRAW_VOLUME CDR_PURPOSE(8)   /* low: volume; high: ratio */
#define CDR_DRAW_DETAIL CDR_PURPOSE(9)   /* low: apn or segments; high: record type */
#define CDR_DRAW_DELAY CDR_PURPOSE(10)   /* leg 0; 11: leg 1. low: whether, high: how long */
#define CDR_DRAW_CELL CDR_PURPOSE(12)    /* leg 0; 13: leg 1. low: neighbour; high: technology */

static inline uint32_t cdr_normal_duration_s(const struct cdr_model *model, uint32_t rat,
                                             uint32_t random)
{
    const struct cdr_data_columns *data = &model->data_columns;
    const int64_t least = model->duration_min_s, most = model->duration_max_s;
    int64_t z = (int64_t)cdr_quantile(model->normal, random) - CDR_NORMAL_ZERO;
    int64_t seconds = (data->duration_mean[rat] + ((data->duration_sd[rat] * z) >> 16) +
                       CDR_DURATION_SCALE / 2) >>
                      4;
    seconds = seconds < least ? least : seconds;
    return (uint32_t)(seconds > most ? most : seconds);
}

/* How much later than its event time a record is emitted. */
static inline int64_t cdr_delay_ms(const struct cdr_model *model, uint64_t base, uint32_t leg)
{
    uint64_t random = cdr_draw(base, CDR_PURPOSE(10 + leg));
    uint32_t sixteenths = cdr_quantile(model->delay, (uint32_t)(random >> 32));
    return cdr_is_below((uint32_t)random, model->late_below) ? (int64_t)sixteenths * 125 / 2 : 0;
}

static inline uint32_t cdr_part_count(uint32_t partial_s, uint32_t duration_s)
{
    return partial_s == 0 || duration_s <= partial_s ? 1 : (duration_s + partial_s - 1) / partial_s;
}

/* The records of one leg of an event: one, or where a long session is cut in parts, several. */
struct cdr_legs {
    int64_t start_ms; /* from the start of the slot, with the delay */
    uint32_t total_s, parts;
};

struct cdr_leg_record {
    int64_t emission_ms; /* from the start of the slot */
    uint32_t duration_s;
};

static inline struct cdr_legs cdr_leg_records(const struct cdr_model *model,
                                              const struct cdr_events *events, uint32_t i,
                                              uint32_t leg)
{
    int64_t delay_ms = model->late_below != 0 ? cdr_delay_ms(model, events->base[i], leg) : 0;
    uint32_t parts = cdr_type_has(events->type[i], CDR_HOLDS_PARTS)
                         ? cdr_part_count(model->parameters.partial_s, events->duration_s[i])
                         : 1;
    struct cdr_legs legs = {events->offset_ms[i] + delay_ms, events->duration_s[i], parts};
    return legs;
}

/* Part k lasts from k × partial_s on; its event time is its end or its start. */
static inline struct cdr_leg_record cdr_leg_record(const struct cdr_parameters *p,
                                                   const struct cdr_legs *legs, uint32_t part)
{
    uint32_t from_s = part * p->partial_s;
    uint32_t duration_s = part + 1 < legs->parts ? p->partial_s : legs->total_s - from_s;
    int64_t at_s = p->order == CDR_ORDER_END ? (int64_t)from_s + duration_s : from_s;
    struct cdr_leg_record record = {legs->start_ms + 1000 * at_s, duration_s};
    return record;
}

#endif
