#include "model/event.h"

#include "base/math.h"

#include <math.h>
#include <stdlib.h>

#define HOUR_SIGMA 0.9 /* of the logarithm of an hour's rate of calls and messages */
#define HOUR_NODES 7
#define MIXED_MEAN_MAX 16.0 /* above, hours are alike: a count has 11 bits */

/* Gauss and Hermite: nodes and weights of the standard normal. */
static const double hour_nodes[HOUR_NODES] = {
    -3.750439717725742, -2.366759410734541, -1.154405394739968, 0,
    1.154405394739968,  2.366759410734541,  3.750439717725742};
static const double hour_weights[HOUR_NODES] = {
    0.000548268855972, 0.030757123967586, 0.240123178605013, 0.457142857142857,
    0.240123178605013, 0.030757123967586, 0.000548268855972};

static double table_mean(uint32_t table)
{
    static const double quarters[4] = {1, 1.189207115002721, 1.414213562373095, 1.681792830507429};
    double mean = quarters[table % 4] / 65536;
    for (uint32_t i = 0; i < table / 4; i++)
        mean *= 2;
    return table == 0 ? 0 : mean;
}

struct mixture {
    double mean[HOUR_NODES], weight[HOUR_NODES];
    uint32_t count, entries;
};

/* Entries enough for the CDF to reach 1 − 2^−32. */
static uint32_t entries_for(double mean)
{
    return (uint32_t)(mean + 8 * sqrt(mean)) + 24;
}

static struct mixture mixture_of(double mean, double sigma)
{
    struct mixture mixture = {.count = 1};
    double sum = 0, largest = mean;
    mixture.mean[0] = mean;
    mixture.weight[0] = 1;
    if (sigma > 0 && mean <= MIXED_MEAN_MAX) {
        mixture.count = HOUR_NODES;
        for (uint32_t i = 0; i < HOUR_NODES; i++) {
            mixture.mean[i] = mean * cdr_exp(sigma * hour_nodes[i]);
            mixture.weight[i] = hour_weights[i];
            sum += mixture.mean[i] * hour_weights[i];
        }
        for (uint32_t i = 0; i < HOUR_NODES && sum > 0; i++)
            mixture.mean[i] *= mean / sum; /* exactly */
        largest = mixture.mean[HOUR_NODES - 1];
    }
    mixture.entries = entries_for(largest);
    return mixture;
}

/* The CDF of one mean in 1/2^32, its last entry 2^32 − 1, and where to start looking in it. */
static void set_table(uint32_t *thresholds, uint16_t *guide, const struct mixture *mixture)
{
    double probability[HOUR_NODES], below = 0;
    for (uint32_t i = 0; i < mixture->count; i++)
        probability[i] = mixture->weight[i] * cdr_exp(-mixture->mean[i]);
    for (uint32_t k = 0; k < mixture->entries; k++) {
        for (uint32_t i = 0; i < mixture->count; i++) {
            below += probability[i];
            probability[i] *= mixture->mean[i] / (k + 1);
        }
        double scaled = below * 4294967296.0;
        thresholds[k] = scaled >= 4294967295.0 ? UINT32_MAX : (uint32_t)scaled;
    }
    thresholds[mixture->entries - 1] = UINT32_MAX;
    for (uint32_t g = 0, k = 0; g < CDR_COUNT_GUIDE; g++) {
        while (thresholds[k] < g * (UINT32_MAX / CDR_COUNT_GUIDE + 1))
            k++;
        guide[g] = (uint16_t)k;
    }
}

static bool create_tables(struct cdr_count_tables *tables, double sigma)
{
    uint32_t entries = 0;
    for (uint32_t i = 0; i < CDR_COUNT_MEANS; i++) {
        tables->start[i] = entries;
        entries += mixture_of(table_mean(i), sigma).entries;
    }
    tables->thresholds = calloc(entries, sizeof *tables->thresholds);
    if (tables->thresholds == NULL)
        return false;
    for (uint32_t i = 0; i < CDR_COUNT_MEANS; i++) {
        struct mixture mixture = mixture_of(table_mean(i), sigma);
        set_table(tables->thresholds + tables->start[i], tables->guide[i], &mixture);
        tables->none[i] = tables->thresholds[tables->start[i]];
    }
    return true;
}

/* bounds[t]: where table t ends and the next begins. */
static void set_bounds(double *bounds)
{
    double high = table_mean(1);
    for (uint32_t table = 0; table < CDR_COUNT_MEANS; table++) {
        bounds[table] = high;
        high = table % 4 == 2 ? table_mean(table + 2) : high * 1.189207115002721;
    }
}

enum cdr_result cdr_counts_create(struct cdr_counts *counts, const struct cdr_model *model,
                                  struct cdr_error *error)
{
    *counts = (struct cdr_counts){0};
    set_bounds(counts->bounds);
    counts->near = calloc(CDR_NEAR_MAX, sizeof *counts->near);
    counts->older = calloc(CDR_NEAR_MAX, sizeof *counts->older);
    if (counts->near == NULL || counts->older == NULL || !create_tables(&counts->tables[0], 0) ||
        !create_tables(&counts->tables[1], HOUR_SIGMA * model->parameters.trains)) {
        cdr_counts_free(counts);
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for the tables of counts");
    }
    return CDR_OK;
}

void cdr_counts_free(struct cdr_counts *counts)
{
    free(counts->near);
    free(counts->older);
    free(counts->tables[0].thresholds);
    free(counts->tables[1].thresholds);
    *counts = (struct cdr_counts){0};
}

/* The table below a mean and the share of draws that take the next one, so that the mean is
 * exact. */
static uint32_t cell_of(const double *bounds, double mean)
{
    uint32_t table = 0;
    for (uint32_t step = 64; step != 0; step /= 2) /* how many bounds are at most the mean */
        if (table + step <= CDR_COUNT_MEANS - 2 && mean >= bounds[table + step - 1])
            table += step;
    double low = table == 0 ? 0 : bounds[table - 1], high = bounds[table];
    double share = (mean - low) / (high - low);
    uint32_t of_65536 = (uint32_t)(share * 65536 + 0.5);
    return table << 17 | (of_65536 < 65536 ? of_65536 : 65536);
}

/* Weights of the hour before, the hour, and the hour after are joined by straight lines: density
 * (left + …) at the edges, and what is left in the middle. */
static void set_moments(const struct cdr_model *model, const struct cdr_slot *slot, uint32_t type,
                        uint32_t *moments)
{
    const int32_t hour = (int32_t)slot->hour;
    double here = cdr_hour_weight(model, slot->day, hour, type), most = 1.9 * here;
    double left = (cdr_hour_weight(model, slot->day, hour - 1, type) + here) / 2,
           right = (cdr_hour_weight(model, slot->day, hour + 1, type) + here) / 2;
    left = left < most ? left : most;
    right = right < most ? right : most;
    double middle = 2 * here - (left + right) / 2;
    double area[2] = {(left + middle) / 4, (middle + right) / 4}, sum = area[0] + area[1];
    for (uint32_t i = 0; i <= CDR_MOMENTS; i++) {
        double wanted = sum * i / CDR_MOMENTS;
        int half = wanted > area[0];
        double from = half ? middle : left, to = half ? right : middle;
        double rest = half ? wanted - area[0] : wanted;
        /* from x + (to − from) x² = rest, x in 0 … 1/2 */
        double slope = to - from, root = sqrt(fmax(0, from * from + 4 * slope * rest));
        double x = from + root > 0 ? 2 * rest / (from + root) : 0.5 * i / CDR_MOMENTS;
        double at = (half ? 0.5 : 0) + x;
        moments[i] = (uint32_t)((double)slot->duration_ms * (at < 1 ? at : 1));
    }
    moments[0] = 0;
    moments[CDR_MOMENTS] = (uint32_t)slot->duration_ms;
}

/* Of 2^(s / 4), where s is the number of ones of 32 bits, less 16. */
static double mean_of_days(void)
{
    double one = (1 + table_mean(1) / (1.0 / 65536)) / 2, mean = 1.0 / 16;
    for (int i = 0; i < 32; i++)
        mean *= one;
    return mean;
}

static void set_near(struct cdr_near_slot *near, const struct cdr_model *model,
                     const double *bounds, const struct cdr_slot *slot)
{
    near->name = slot->name;
    near->crowd = cdr_world_crowd_at(&model->world, slot->start_ms);
    near->day = slot->day;
    near->hour = slot->hour;
    near->length_ms = slot->duration_ms;
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        double rate = cdr_slot_rate(model, slot, type);
        if (model->parameters.trains > 0)
            rate /= mean_of_days();
        for (uint32_t class = 0; class < CDR_ACTIVITY_CLASSES; class ++)
            near->cells[type][class] = cell_of(bounds, rate * model->traits.activity[class]);
        set_moments(model, slot, type, near->moments[type]);
    }
}

/* What was set for the slot before is taken over: most of it stays near. */
static const struct cdr_near_slot *known(const struct cdr_counts *counts, uint32_t count,
                                         uint32_t name)
{
    for (uint32_t i = 0; i < count; i++)
        if (counts->older[i].name == name)
            return &counts->older[i];
    return NULL;
}

/* All slots whose events can reach into this one, and those that its own can reach. */
void cdr_counts_set(struct cdr_counts *counts, const struct cdr_model *model,
                    const struct cdr_slot *slot)
{
    const int64_t reach_ms = model->parameters.duration_max_s * INT64_C(1000) + 5000;
    const int64_t end_ms = slot->start_ms + slot->duration_ms;
    const uint32_t older_count = counts->near_count;
    struct cdr_near_slot *older = counts->near;
    struct cdr_slot at = cdr_calendar_slot_at(&model->calendar, slot->start_ms - reach_ms);
    counts->near = counts->older;
    counts->older = older;
    counts->slot = *slot;
    counts->days_differ = model->parameters.trains > 0;
    counts->near_count = 0;
    for (; at.start_ms < end_ms + reach_ms && counts->near_count < CDR_NEAR_MAX;
         at = cdr_calendar_next(&model->calendar, &at)) {
        struct cdr_near_slot *near = &counts->near[counts->near_count];
        const struct cdr_near_slot *same = known(counts, older_count, at.name);
        if (at.name == slot->name)
            counts->here = counts->near_count;
        if (same != NULL)
            *near = *same;
        else
            set_near(near, model, counts->bounds, &at);
        near->from_ms = at.start_ms - slot->start_ms;
        counts->near_count++;
    }
}

void cdr_events_keep(struct cdr_events *events, const uint8_t *marks)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < events->n; i++) {
        events->origin[n] = events->origin[i];
        events->index[n] = events->index[i];
        events->base[n] = events->base[i];
        events->link[n] = events->link[i];
        events->offset_ms[n] = events->offset_ms[i];
        events->duration_s[n] = events->duration_s[i];
        events->peer[n] = events->peer[i];
        events->type[n] = events->type[i];
        events->party[n] = events->party[i];
        events->outcome[n] = events->outcome[i];
        n += marks[i] != 0;
    }
    events->n = n;
}

static bool takes_place(const struct cdr_model *model, const struct cdr_events *events, uint32_t i,
                        int32_t day)
{
    const struct cdr_tenures *tenures = &model->identities.tenures;
    const uint32_t origin = events->origin[i], peer = events->peer[i];
    bool onnet =
        events->party[i] == CDR_PARTY_ONNET || cdr_is_reply(events->type[i], events->party[i]) != 0;
    return cdr_tenure(tenures, origin, (uint32_t)day).present &&
           (!onnet || cdr_tenure(tenures, peer, (uint32_t)day).present) &&
           cdr_role_keeps(model, origin, day, events->base[i]) &&
           (!onnet || cdr_role_reached(model, peer, day));
}

void cdr_events_drop_absent(const struct cdr_model *model, const struct cdr_slot *slot,
                            struct cdr_events *events)
{
    uint8_t marks[CDR_EVENTS_BLOCK];
    for (uint32_t i = 0; i < events->n; i++)
        marks[i] = takes_place(model, events, i, slot->day);
    cdr_events_keep(events, marks);
}

void cdr_events_keep_rat(const struct cdr_model *model, const struct cdr_slot *slot,
                         struct cdr_events *events)
{
    const uint32_t partial_s = model->parameters.partial_s;
    const struct cdr_plan_time plan = cdr_plan_time(&model->calendar, slot);
    for (uint32_t i = 0; i < events->n; i++) {
        const uint32_t origin = events->origin[i], at_s = events->offset_ms[i] / 1000;
        if (!cdr_type_has(events->type[i], CDR_HOLDS_PARTS) || events->duration_s[i] <= partial_s)
            continue;
        const struct cdr_role role = cdr_role_on(model, origin, slot->day);
        if (cdr_role_has(&role, CDR_BEHAVIOUR_STAYS))
            continue;
        const uint32_t rat = cdr_world_rat(model, origin, plan, at_s);
        for (uint32_t s = partial_s; s < events->duration_s[i]; s += partial_s)
            if (cdr_world_rat(model, origin, plan, at_s + s) != rat)
                events->duration_s[i] = s;
    }
}

/* When an outage cuts what two parties began: the second one where there is one. */
static int64_t cut_ms(const struct cdr_model *model, const struct cdr_events *events, uint32_t i,
                      int64_t first_ms, int64_t second_ms, bool two)
{
    int64_t cut = cdr_world_cut_ms(model, cdr_leg_owner(events, i, 0), first_ms), other = INT64_MAX;
    if (two)
        other = cdr_world_cut_ms(model, cdr_leg_owner(events, i, 1), second_ms);
    return other < cut ? other : cut;
}

/* A part of a session that would begin where there is no service is not: the session ends. */
static void end_parts(const struct cdr_model *model, struct cdr_events *events, uint32_t i,
                      int64_t began_ms)
{
    const uint32_t partial_s = model->parameters.partial_s;
    for (uint32_t s = partial_s; partial_s != 0 && s < events->duration_s[i]; s += partial_s)
        if (!cdr_world_serves(model, events->origin[i], began_ms + INT64_C(1000) * s)) {
            events->duration_s[i] = s;
            events->outcome[i] |= CDR_SESSION_CUT;
        }
}

/* False: it does not take place. */
static bool disturb(const struct cdr_model *model, struct cdr_events *events, uint32_t i,
                    int64_t began_ms)
{
    const uint32_t type = events->type[i];
    const bool two = cdr_has_called_leg(type, events->party[i], events->outcome[i]) != 0;
    int64_t reached_ms = began_ms;
    if (!cdr_world_serves(model, cdr_leg_owner(events, i, 0), began_ms))
        return false;
    if (two)
        reached_ms += cdr_called_leg(model, type, events->outcome[i], events->base[i],
                                     events->link[i], events->duration_s[i])
                          .after_ms;
    if (two && !cdr_world_serves(model, cdr_leg_owner(events, i, 1), reached_ms)) {
        events->outcome[i] = type == CDR_TYPE_CALL ? CDR_CALL_FAILED : CDR_SMS_REFUSED;
        if (type == CDR_TYPE_CALL && events->duration_s[i] > 5)
            events->duration_s[i] = 1 + cdr_below((uint32_t)events->base[i], 5);
        return true;
    }
    const bool answered = type == CDR_TYPE_CALL && events->outcome[i] == CDR_CALL_ANSWERED;
    if (!answered && type != CDR_TYPE_DATA)
        return true;
    const int64_t ends_ms = began_ms + INT64_C(1000) * (events->duration_s[i] + 1);
    if (cdr_world_is_disturbed(&model->world, began_ms, ends_ms)) {
        const int64_t cut = cut_ms(model, events, i, began_ms, reached_ms, two);
        uint32_t left_s = cut < ends_ms ? (uint32_t)((cut - began_ms) / 1000) : UINT32_MAX;
        if (left_s < events->duration_s[i]) {
            const uint32_t call = left_s < 3 ? CDR_CALL_FAILED : CDR_CALL_CUT;
            events->duration_s[i] = left_s > 1 ? left_s : 1;
            events->outcome[i] = answered ? call : events->outcome[i] | CDR_SESSION_CUT;
        }
    }
    if (type == CDR_TYPE_DATA)
        end_parts(model, events, i, began_ms);
    return true;
}

void cdr_events_disturb(const struct cdr_model *model, const struct cdr_slot *slot,
                        struct cdr_events *events)
{
    const int64_t last_ms = slot->start_ms + slot->duration_ms +
                            INT64_C(1000) * (2 * CDR_TRAIN_SPAN_S + CDR_SMS_DELAY_MAX_S +
                                             2 * model->parameters.duration_max_s);
    uint8_t marks[CDR_EVENTS_BLOCK];
    if (!cdr_world_is_disturbed(&model->world, slot->start_ms, last_ms))
        return;
    for (uint32_t i = 0; i < events->n; i++)
        marks[i] = disturb(model, events, i, slot->start_ms + events->offset_ms[i]);
    cdr_events_keep(events, marks);
}
