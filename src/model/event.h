/* Events: what subscribers do in a slot, as a pure function of (subscriber, slot, index).
 *
 * How many is Poisson with the slot's rate × the subscriber's activity, sampled from tables a class that are built once a
 * slot. With burst_share, a subscriber's slot is idle (0.3 of the rate) or bursts (the rest of the rate, within a quarter
 * of the slot), a two-state mixture as in Jiang et al. 2016.
 */
#ifndef CDR_MODEL_EVENT_H
#define CDR_MODEL_EVENT_H

#include "model/model.h"

#include <stdbool.h>

#define CDR_EVENTS_BLOCK 1024u
#define CDR_COUNT_GUIDE 64u
#define CDR_BURST_STATES 2u
/* Largest mean of events of one subscriber in one slot that the tables can hold. */
#define CDR_EVENTS_PER_SLOT_MEAN_MAX 500.0

/* Counts of one slot. */
struct cdr_counts {
    struct cdr_slot slot;
    uint32_t *thresholds;      /* CDFs in 1/2^32, one class behind another */
    uint32_t capacity;
    uint32_t start[CDR_BURST_STATES * CDR_ACTIVITY_CLASSES];
    uint16_t guide[CDR_BURST_STATES * CDR_ACTIVITY_CLASSES][CDR_COUNT_GUIDE];
    uint32_t burst_below;      /* 16 bits: share of slots that burst */
};

/* Makes room for the largest rate of the model; tables are built by cdr_counts_set. */
enum cdr_result cdr_counts_create(struct cdr_counts *counts, const struct cdr_model *model, struct cdr_error *error);
void cdr_counts_free(struct cdr_counts *counts);
/* Builds the tables of a slot. O(classes × mean). */
void cdr_counts_set(struct cdr_counts *counts, const struct cdr_model *model, const struct cdr_slot *slot);

/* Up to CDR_EVENTS_BLOCK events as columns. */
struct cdr_events {
    uint32_t n;
    uint32_t origin[CDR_EVENTS_BLOCK];
    uint32_t index[CDR_EVENTS_BLOCK];
    uint64_t base[CDR_EVENTS_BLOCK];       /* of the event's draws */
    uint32_t offset_ms[CDR_EVENTS_BLOCK];  /* start, from the start of the slot */
    uint32_t duration_s[CDR_EVENTS_BLOCK];
    uint32_t peer[CDR_EVENTS_BLOCK];
    uint8_t type[CDR_EVENTS_BLOCK];        /* CDR_TYPE_* */
    uint8_t party[CDR_EVENTS_BLOCK];       /* CDR_PARTY_* */
    uint8_t outcome[CDR_EVENTS_BLOCK];     /* disposition, SMS status or technology */
};

/* Where an expansion of subscribers [next, end) stands. */
struct cdr_expansion {
    uint32_t next, end;
    uint32_t index, remaining; /* of subscriber next − 1 */
};

/* Fills events with the next block; false when there was none left. classes: activity class of every subscriber, or NULL
 * (then they are computed). */
bool cdr_events_next(const struct cdr_model *model, const struct cdr_counts *counts, const uint8_t *classes,
                     struct cdr_expansion *expansion, struct cdr_events *events);

/* Draws of an event that several stages need. */
#define CDR_DRAW_TIME CDR_PURPOSE(1)     /* low: moment in the slot; high: kind */
#define CDR_DRAW_DURATION CDR_PURPOSE(2) /* low: duration; high: outcome */
#define CDR_DRAW_RING CDR_PURPOSE(3)     /* low: ring time; high: off-net */
#define CDR_DRAW_CONTACT CDR_PURPOSE(4)  /* +i for the i-th draw: low: rank */
#define CDR_DRAW_VOLUME CDR_PURPOSE(8)   /* low: volume; high: ratio */
#define CDR_DRAW_DETAIL CDR_PURPOSE(9)   /* low: apn or segments; high: record type */
#define CDR_DRAW_DELAY CDR_PURPOSE(10)   /* leg 0; 11: leg 1. low: whether, high: how long */
#define CDR_DRAW_CELL CDR_PURPOSE(12)    /* leg 0; 13: leg 1. low: neighbour; high: technology */

static inline uint64_t cdr_event_base(const struct cdr_model *model, uint64_t event_name)
{
    return cdr_mix(event_name ^ model->event_stream);
}

static inline uint32_t cdr_normal_duration_s(const struct cdr_model *model, uint32_t rat, uint32_t random)
{
    const struct cdr_data_table *data = &model->data[rat];
    int64_t z = (int64_t)cdr_quantile(&model->normal, random) - CDR_NORMAL_ZERO;
    int64_t seconds = (data->duration_mean + ((data->duration_sd * z) >> 16) + CDR_DURATION_SCALE / 2) >> 4;
    int64_t least = (int64_t)model->parameters.duration_min_s, most = model->parameters.duration_max_s;
    seconds = seconds < least ? least : seconds;
    return (uint32_t)(seconds > most ? most : seconds);
}

/* How much later than its event time a record is emitted. */
static inline int64_t cdr_delay_ms(const struct cdr_model *model, uint64_t base, uint32_t leg)
{
    uint64_t random = cdr_draw(base, CDR_PURPOSE(10 + leg));
    uint32_t sixteenths = cdr_quantile(&model->delay, (uint32_t)(random >> 32));
    return (uint32_t)random < model->late_below ? (int64_t)sixteenths * 125 / 2 : 0;
}

/* A partial record: session seconds [from, from + duration). */
static inline uint32_t cdr_part_count(uint32_t partial_s, uint32_t duration_s)
{
    return partial_s == 0 || duration_s <= partial_s ? 1 : (duration_s + partial_s - 1) / partial_s;
}

#endif
