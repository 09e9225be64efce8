#include "model/day_plan.h"

#include "base/math.h"
#include "model/streams.h"

#include <stdlib.h>

#define PI 3.14159265358979323846
#define DISTANCE_STEPS 8192
#define DISTANCE_MAX_KM 150.0 /* there and back within a day */
#define TRAVEL_MAX_S 14400.0
#define WORKERS 0.67
#define PRESENT 0.85
#define EVENINGS 0.9 /* mean outings in the evening of a working day; more than one is one */
#define OUTINGS 1.9  /* mean outings of another day; more than two are two */
#define MORNING_H 4
#define DAY_MS INT64_C(86400000)

static double displacement_density(double km)
{
    return cdr_pow(km + 2.0, -1.75) * cdr_exp(-km / 400);
}

struct displacement {
    const double *cumulative;
    double step_km, km;
};

/* In positions. */
static double displacement_quantile(const void *state, double p)
{
    const struct displacement *d = state;
    double wanted = p * d->cumulative[DISTANCE_STEPS];
    int low = 0, high = DISTANCE_STEPS;
    while (high - low > 1) {
        int middle = (low + high) / 2;
        if (d->cumulative[middle] <= wanted)
            low = middle;
        else
            high = middle;
    }
    double part = (wanted - d->cumulative[low]) / (d->cumulative[high] - d->cumulative[low]);
    return (low + part) * d->step_km / d->km;
}

static enum cdr_result init_distances(struct cdr_day_plans *plans, double radius_km, double km,
                                      struct cdr_error *error)
{
    double *cumulative = calloc(DISTANCE_STEPS + 1, sizeof *cumulative);
    if (cumulative == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for the table of distances");
    double most_km = 2 * radius_km < DISTANCE_MAX_KM ? 2 * radius_km : DISTANCE_MAX_KM;
    struct displacement d = {cumulative, most_km / DISTANCE_STEPS, km};
    for (int i = 0; i < DISTANCE_STEPS; i++)
        cumulative[i + 1] = cumulative[i] + displacement_density((i + 0.5) * d.step_km);
    for (uint32_t i = 0; i < CDR_DISTANCES; i++)
        plans->distance[i] = (uint32_t)(displacement_quantile(&d, (i + 0.5) / CDR_DISTANCES) + 0.5);
    free(cumulative);
    return CDR_OK;
}

static void init_travel(struct cdr_day_plans *plans, double km)
{
    for (uint32_t step = 0; step < CDR_TRAVEL_STEPS; step++) {
        double d = (step * 32 + 16) * km;
        double seconds = 480 + 3600 * d / (18 + 52 * d / (d + 12));
        uint32_t whole = (uint32_t)(seconds < TRAVEL_MAX_S ? seconds : TRAVEL_MAX_S);
        plans->travel[step] = (((1u << 26) + whole - 1) / whole) << 14 | whole;
        plans->travel_max_s = whole;
    }
}

static void init_times(struct cdr_day_plans *plans)
{
    plans->works_below = (uint32_t)(WORKERS * 256);
    plans->present_below = (uint32_t)(PRESENT * 256);
    double none = cdr_exp(-OUTINGS);
    plans->evening_below = (uint32_t)((1 - cdr_exp(-EVENINGS)) * 256 + 0.5);
    plans->none_below = (uint32_t)(none * 256 + 0.5);
    plans->one_below = (uint32_t)((none + none * OUTINGS) * 256 + 0.5);
}

enum cdr_result cdr_day_plans_create(struct cdr_day_plans *plans, const struct cdr_parameters *p,
                                     struct cdr_error *error)
{
    const double km = p->cell_radius_km / (CDR_POSITION_SIDE / 2.0 - 1);
    plans->stream = cdr_stream(p->seed, CDR_STREAM_DAY);
    plans->holidays = p->holidays;
    plans->holiday_count = p->holiday_count;
    init_times(plans);
    init_travel(plans, km);
    for (uint32_t i = 0; i < CDR_DIRECTIONS; i++) {
        double angle = (i + 0.5) * (2 * PI / CDR_DIRECTIONS) - PI;
        double other = angle < -PI / 2 ? angle + 3 * PI / 2 : angle - PI / 2;
        plans->direction[i] = (uint32_t)(4096 + 4096 * cdr_cos(angle) + 0.5) << 16 |
                              (uint32_t)(4096 + 4096 * cdr_cos(other) + 0.5);
    }
    return init_distances(plans, p->cell_radius_km, km, error);
}

/* The day is that of 04:00 at or before the slot's beginning. */
static int32_t plan_day(const struct cdr_slot *slot)
{
    return slot->day - (slot->hour < MORNING_H);
}

struct cdr_plan_time cdr_plan_time(const struct cdr_calendar *calendar, const struct cdr_slot *slot)
{
    int32_t day = plan_day(slot);
    int64_t morning_ms = day * DAY_MS + MORNING_H * INT64_C(3600000);
    int64_t about_ms = morning_ms - slot->offset_min * INT64_C(60000);
    int64_t offset_ms = cdr_calendar_slot_at(calendar, about_ms).offset_min * INT64_C(60000);
    int64_t second = (slot->start_ms + offset_ms - morning_ms) / 1000;
    return (struct cdr_plan_time){(uint32_t)day, second < 0 ? 0 : (uint32_t)second};
}

struct cdr_plan_time cdr_plan_time_before(const struct cdr_calendar *calendar,
                                          const struct cdr_slot *slot, const struct cdr_slot *later,
                                          struct cdr_plan_time later_time)
{
    int64_t earlier_s = (later->start_ms - slot->start_ms) / 1000;
    if ((uint32_t)plan_day(slot) != later_time.day || earlier_s > later_time.second)
        return cdr_plan_time(calendar, slot);
    later_time.second -= (uint32_t)earlier_s;
    return later_time;
}

uint32_t cdr_position_of(const struct cdr_day_plans *plans, const struct cdr_towns *towns,
                         uint32_t subscriber, uint32_t day, uint32_t second)
{
    const uint64_t traits = cdr_place_traits(towns, subscriber);
    const uint64_t base = cdr_day_base(plans, subscriber, day);
    const uint64_t when = cdr_draw(base, CDR_DAY_OUTINGS), where = cdr_draw(base, CDR_DAY_PLACES);
    const uint32_t home = cdr_home(towns, subscriber, traits);
    struct cdr_outings o =
        cdr_outings(plans, (uint32_t)traits, (uint32_t)when, (uint32_t)(when >> 32),
                    cdr_is_working_day(day) & (cdr_rests(plans, day) ^ 1));
    uint32_t which[2] = {o.works != 0 ? 1 : cdr_visited_place((uint32_t)where),
                         cdr_visited_place((uint32_t)(where >> 32))};
    uint32_t at[2], step[2];
    for (int i = 0; i < 2; i++) {
        uint64_t random = cdr_place_random(traits, which[i]);
        at[i] = cdr_place_at(plans, towns, (uint32_t)traits, home, (uint32_t)random,
                             (uint32_t)(random >> 32),
                             which[i] == 1 ? CDR_WORK_PULLED : CDR_VISIT_PULLED);
        step[i] = cdr_travel_step(home, at[i]);
    }
    struct cdr_outing first = cdr_first_outing(&o, plans->travel[step[0]] & CDR_TRAVEL_SECONDS);
    struct cdr_outing second_one =
        cdr_second_outing(&o, plans->travel[step[1]] & CDR_TRAVEL_SECONDS, first.home);
    if (second_one.leave < second)
        return cdr_on_the_way(home, at[1],
                              cdr_way_gone(&second_one, plans->travel[step[1]] >> 14, second));
    return cdr_on_the_way(home, at[0], cdr_way_gone(&first, plans->travel[step[0]] >> 14, second));
}
