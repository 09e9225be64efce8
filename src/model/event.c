#include "model/event.h"

#include "base/math.h"
#include "model/streams.h"

#include <math.h>
#include <stdlib.h>

#define CLASS_TABLES (CDR_BURST_STATES * CDR_ACTIVITY_CLASSES)
#define IDLE_FACTOR 0.3

/* Entries enough for the CDF of a Poisson variable to reach 1 − 2^−32. */
static uint32_t entries_for(double mean)
{
    return (uint32_t)(mean + 8 * sqrt(mean)) + 24;
}

static double burst_factor(const struct cdr_parameters *p, uint32_t state)
{
    if (p->burst_share <= 0)
        return 1;
    return state == 0 ? IDLE_FACTOR : (1 - IDLE_FACTOR * (1 - p->burst_share)) / p->burst_share;
}

static double class_mean(const struct cdr_model *model, double rate, uint32_t table)
{
    return rate * model->traits.activity[table % CDR_ACTIVITY_CLASSES] *
           burst_factor(&model->parameters, table / CDR_ACTIVITY_CLASSES);
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

enum cdr_result cdr_counts_create(struct cdr_counts *counts, const struct cdr_model *model, struct cdr_error *error)
{
    *counts = (struct cdr_counts){0};
    double rate = largest_rate(model);
    for (uint32_t table = 0; table < CLASS_TABLES; table++)
        counts->capacity += entries_for(class_mean(model, rate, table));
    counts->thresholds = calloc(counts->capacity, sizeof *counts->thresholds);
    if (counts->thresholds == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for the tables of counts");
    counts->burst_below = (uint32_t)(model->parameters.burst_share * 65536 + 0.5);
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

void cdr_counts_set(struct cdr_counts *counts, const struct cdr_model *model, const struct cdr_slot *slot)
{
    double rate = cdr_slot_rate(model, slot);
    uint32_t tables = counts->burst_below != 0 ? CLASS_TABLES : CDR_ACTIVITY_CLASSES;
    uint32_t start = 0;
    counts->slot = *slot;
    for (uint32_t table = 0; table < tables; table++) {
        counts->start[table] = start;
        start += set_class(counts->thresholds + start, counts->guide[table], class_mean(model, rate, table));
    }
}

static uint64_t slot_draw(const struct cdr_model *model, const struct cdr_counts *counts, uint32_t subscriber)
{
    return cdr_mix(cdr_event_name(subscriber, counts->slot.name, 0) ^ model->count_stream);
}

static bool bursts(const struct cdr_counts *counts, uint64_t draw)
{
    return (draw & 0xffff) < counts->burst_below;
}

static uint32_t count_events(const struct cdr_counts *counts, uint64_t draw, uint32_t activity_class)
{
    uint32_t table = activity_class + (bursts(counts, draw) ? CDR_ACTIVITY_CLASSES : 0);
    const uint32_t *thresholds = counts->thresholds + counts->start[table];
    uint32_t random = (uint32_t)(draw >> 32);
    uint32_t count = counts->guide[table][random / (UINT32_MAX / CDR_COUNT_GUIDE + 1)];
    while (random > thresholds[count])
        count++;
    return count;
}

static void expand(const struct cdr_model *model, const struct cdr_counts *counts, const uint8_t *classes,
                   struct cdr_expansion *expansion, struct cdr_events *events)
{
    uint32_t n = 0;
    struct cdr_expansion at = *expansion;
    for (;;) {
        while (at.remaining > 0 && n < CDR_EVENTS_BLOCK) {
            events->origin[n] = at.next - 1;
            events->index[n] = at.index++;
            at.remaining--;
            n++;
        }
        if (n == CDR_EVENTS_BLOCK || at.next == at.end)
            break;
        uint32_t activity_class = classes != NULL ? classes[at.next] : cdr_activity_class(&model->traits, at.next);
        at.remaining = count_events(counts, slot_draw(model, counts, at.next), activity_class);
        at.index = 0;
        at.next++;
    }
    events->n = n;
    *expansion = at;
}

/* In a slot that bursts, everything happens within a quarter of it. */
static void squeeze_bursts(const struct cdr_model *model, const struct cdr_counts *counts, struct cdr_events *events)
{
    uint32_t duration_ms = (uint32_t)counts->slot.duration_ms;
    for (uint32_t i = 0; i < events->n; i++) {
        uint64_t draw = slot_draw(model, counts, events->origin[i]);
        if (!bursts(counts, draw))
            continue;
        uint32_t from = cdr_below((uint32_t)(cdr_draw(draw, CDR_PURPOSE(1)) >> 32), duration_ms - duration_ms / 4);
        events->offset_ms[i] = from + events->offset_ms[i] / 4;
    }
}

static void draw_times_and_kinds(const struct cdr_model *model, const struct cdr_counts *counts,
                                 struct cdr_events *events, uint32_t *kinds)
{
    const uint32_t slot = counts->slot.name, duration_ms = (uint32_t)counts->slot.duration_ms;
    const uint32_t n = events->n;
    for (uint32_t i = 0; i < n; i++)
        events->base[i] = cdr_event_base(model, cdr_event_name(events->origin[i], slot, events->index[i]));
    for (uint32_t i = 0; i < n; i++) {
        uint64_t random = cdr_draw(events->base[i], CDR_DRAW_TIME);
        events->offset_ms[i] = cdr_below((uint32_t)random, duration_ms);
        kinds[i] = cdr_threshold_outcome(model->kind_below, CDR_EVENT_KINDS, (uint32_t)(random >> 32));
    }
}

static uint32_t call_duration_s(const struct cdr_model *model, uint32_t disposition, uint64_t duration, uint64_t ring)
{
    static const uint32_t least[CDR_CALL_DISPOSITION_COUNT] = {2, 5, 2, 1, 1};
    static const uint32_t span[CDR_CALL_DISPOSITION_COUNT] = {24, 26, 9, 5, 5};
    uint32_t seconds = least[disposition] + cdr_below((uint32_t)ring, span[disposition]);
    uint32_t talk = (cdr_quantile(&model->call_duration, (uint32_t)duration) + CDR_DURATION_SCALE / 2) / CDR_DURATION_SCALE;
    seconds += disposition == CDR_CALL_ANSWERED ? talk : 0;
    return seconds < model->parameters.duration_max_s ? seconds : model->parameters.duration_max_s;
}

static void draw_outcomes(const struct cdr_model *model, struct cdr_events *events, const uint32_t *kinds)
{
    for (uint32_t i = 0; i < events->n; i++) {
        uint64_t duration = cdr_draw(events->base[i], CDR_DRAW_DURATION);
        uint32_t outcome = (uint32_t)(duration >> 32);
        uint64_t ring = cdr_draw(events->base[i], CDR_DRAW_RING);
        uint32_t incoming = kinds[i] & 1;
        if (kinds[i] == CDR_EVENT_DATA) {
            uint32_t rat = cdr_threshold_outcome(model->rat_below, CDR_RAT_COUNT, outcome);
            events->type[i] = CDR_TYPE_DATA;
            events->outcome[i] = (uint8_t)rat;
            events->duration_s[i] = cdr_normal_duration_s(model, rat, (uint32_t)duration);
            events->party[i] = CDR_PARTY_NONE;
            events->peer[i] = 0;
            continue;
        }
        uint32_t type = kinds[i] / 2;
        uint32_t offnet = (uint32_t)(ring >> 32) < model->offnet_below[type];
        events->type[i] = (uint8_t)type;
        events->party[i] = incoming ? CDR_PARTY_INCOMING : offnet ? CDR_PARTY_OFFNET : CDR_PARTY_ONNET;
        if (type == CDR_TYPE_CALL) {
            uint32_t disposition = cdr_threshold_outcome(model->disposition_below, CDR_CALL_DISPOSITION_COUNT, outcome);
            events->outcome[i] = (uint8_t)disposition;
            events->duration_s[i] = call_duration_s(model, disposition, duration, ring);
        } else {
            events->outcome[i] = (uint8_t)cdr_threshold_outcome(model->status_below, CDR_SMS_STATUS_COUNT, outcome);
            events->duration_s[i] = 1 + cdr_below((uint32_t)duration, 5);
        }
    }
}

static void choose_peer(const struct cdr_model *model, const uint8_t *classes, struct cdr_events *events, uint32_t i)
{
    const uint32_t origin = events->origin[i];
    uint64_t rank_traits = cdr_rank_traits(&model->contacts, origin);
    uint32_t activity_class = classes != NULL ? classes[origin] : cdr_activity_class(&model->traits, origin);
    uint32_t degree_class = model->traits.degree_class[activity_class][(rank_traits >> 56) & 15];
    uint32_t rank = 0;
    for (uint64_t attempt = 0; attempt < CDR_CONTACT_DRAWS; attempt++) {
        uint64_t random = cdr_draw(events->base[i], CDR_DRAW_CONTACT + attempt);
        rank = cdr_contact_rank(&model->contacts, rank_traits, degree_class, (uint32_t)(random >> 32));
        if (events->party[i] != CDR_PARTY_ONNET)
            break;
        uint32_t peer = cdr_contact(&model->contacts, origin, cdr_rank_slot(rank_traits, rank));
        if (peer != CDR_CONTACT_NONE) {
            events->peer[i] = peer;
            return;
        }
    }
    if (events->party[i] == CDR_PARTY_ONNET)
        events->party[i] = CDR_PARTY_OFFNET;
    events->peer[i] = rank;
}

bool cdr_events_next(const struct cdr_model *model, const struct cdr_counts *counts, const uint8_t *classes,
                     struct cdr_expansion *expansion, struct cdr_events *events)
{
    uint32_t kinds[CDR_EVENTS_BLOCK];
    expand(model, counts, classes, expansion, events);
    if (events->n == 0)
        return false;
    draw_times_and_kinds(model, counts, events, kinds);
    if (counts->burst_below != 0)
        squeeze_bursts(model, counts, events);
    draw_outcomes(model, events, kinds);
    for (uint32_t i = 0; i < events->n; i++)
        if (events->party[i] != CDR_PARTY_NONE)
            choose_peer(model, classes, events, i);
    return true;
}
