#include "model/event.h"

#include "base/math.h"

#include <math.h>
#include <stdlib.h>

#define CLASS_TABLES (CDR_BURST_STATES * CDR_ACTIVITY_CLASSES)
#define IDLE_FACTOR 0.3

/* Entries enough for the CDF of a Poisson variable to reach 1 − 2^−32. */
static uint32_t entries_for(double mean)
{
    return (uint32_t)(mean + 8 * sqrt(mean)) + 24;
}

static uint32_t burst_threshold(const struct cdr_parameters *p)
{
    return (uint32_t)(p->burst_share * 65536 + 0.5);
}

double cdr_burst_factor(const struct cdr_parameters *p, uint32_t state)
{
    double share = burst_threshold(p) / 65536.0; /* as drawn, so that the mean is exact */
    if (share <= 0)
        return 1;
    return state == 0 ? IDLE_FACTOR : (1 - IDLE_FACTOR * (1 - share)) / share;
}

static double class_mean(const struct cdr_model *model, double rate, uint32_t table)
{
    return rate * model->traits.activity[table % CDR_ACTIVITY_CLASSES] *
           cdr_burst_factor(&model->parameters, table / CDR_ACTIVITY_CLASSES);
}

static double largest_rate(const struct cdr_model *model)
{
    const struct cdr_parameters *p = &model->parameters;
    double hour = 0, month = 0, special = 1;
    for (int i = 0; i < 48; i++)
        hour = fmax(hour, model->hour_share[i / 24][i % 24]);
    for (int i = 0; i < 12; i++)
        month = fmax(month, p->seasonality[i]);
    for (uint32_t i = 0; i < p->special_day_count; i++)
        special = fmax(special, p->special_days[i].multiplier);
    return model->events_per_day * hour * month * special;
}

enum cdr_result cdr_counts_create(struct cdr_counts *counts, const struct cdr_model *model,
                                  struct cdr_error *error)
{
    *counts = (struct cdr_counts){0};
    double rate = largest_rate(model);
    for (uint32_t table = 0; table < CLASS_TABLES; table++)
        counts->capacity += entries_for(class_mean(model, rate, table));
    counts->thresholds = calloc(counts->capacity, sizeof *counts->thresholds);
    if (counts->thresholds == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for the tables of counts");
    counts->burst_below = burst_threshold(&model->parameters);
    return CDR_OK;
}

void cdr_counts_free(struct cdr_counts *counts)
{
    free(counts->thresholds);
    counts->thresholds = NULL;
}

/* The CDF of one class in 1/2^32, its last entry 2^32 − 1, and where to start looking in it. */
static uint32_t set_class(uint32_t *thresholds, uint16_t *guide, double mean)
{
    uint32_t entries = entries_for(mean);
    double probability = cdr_exp(-mean), below = probability;
    for (uint32_t k = 0; k < entries; k++) {
        double scaled = below * 4294967296.0;
        thresholds[k] = scaled >= 4294967295.0 ? UINT32_MAX : (uint32_t)scaled;
        probability *= mean / (k + 1);
        below += probability;
    }
    thresholds[entries - 1] = UINT32_MAX;
    for (uint32_t g = 0, k = 0; g < CDR_COUNT_GUIDE; g++) {
        while (thresholds[k] < g * (UINT32_MAX / CDR_COUNT_GUIDE + 1))
            k++;
        guide[g] = (uint16_t)k;
    }
    return entries;
}

void cdr_counts_set(struct cdr_counts *counts, const struct cdr_model *model,
                    const struct cdr_slot *slot)
{
    double rate = cdr_slot_rate(model, slot);
    uint32_t tables = counts->burst_below != 0 ? CLASS_TABLES : CDR_ACTIVITY_CLASSES;
    uint32_t start = 0;
    counts->slot = *slot;
    for (uint32_t table = 0; table < tables; table++) {
        counts->start[table] = start;
        start += set_class(counts->thresholds + start, counts->guide[table],
                           class_mean(model, rate, table));
    }
}

static bool takes_place(const struct cdr_tenures *tenures, const struct cdr_events *events,
                        uint32_t i, uint32_t day)
{
    return cdr_tenure_on(tenures, events->origin[i], day).present &&
           (events->party[i] != CDR_PARTY_ONNET ||
            cdr_tenure_on(tenures, events->peer[i], day).present);
}

void cdr_events_drop_absent(const struct cdr_model *model, const struct cdr_slot *slot,
                            struct cdr_events *events)
{
    const uint32_t day = (uint32_t)slot->day;
    uint32_t n = 0;
    for (uint32_t i = 0; i < events->n; i++) {
        if (!takes_place(&model->identities.tenures, events, i, day))
            continue;
        events->origin[n] = events->origin[i];
        events->index[n] = events->index[i];
        events->base[n] = events->base[i];
        events->offset_ms[n] = events->offset_ms[i];
        events->duration_s[n] = events->duration_s[i];
        events->peer[n] = events->peer[i];
        events->type[n] = events->type[i];
        events->party[n] = events->party[i];
        events->outcome[n] = events->outcome[i];
        n++;
    }
    events->n = n;
}
