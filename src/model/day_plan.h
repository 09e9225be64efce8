/* Day plans: where a subscriber goes on a day, and where it is at a second of it.
 *
 * A plan's day lasts from 04:00 to 04:00. It begins and ends at home, and in between are at most
 * two outings, each to one place and back. Two of three subscribers work: on a working day they
 * leave at about 7:54 and set off home at about 17:00, five days of six. Else they go out as other
 * people do: to no, one or two places, for half an hour to some hours; those who worked, three
 * evenings in five. Places other than work are drawn for each outing, by Zipf's law with exponent 1
 * over 2,047 places of the subscriber's own (Song 2010). Distances from home follow (r + 2
 * km)^-1.75 exp(-r / 400 km) (González 2008), within what a day allows. How far they lie is in part
 * the subscriber's own, so that some stay near and some travel.
 *
 * Going to a place at distance d takes 8 minutes + d / (18 + 52 d / (d + 12 km)) hours, on a
 * straight line at one speed. Everything is a function of (subscriber, day): nothing is stored, and
 * one plan ends where the next begins, so nobody ever jumps.
 *
 * Times are seconds since 04:00 of the plan's day, by the offset of local time that is in force
 * then; so they have no gap when clocks change. Outings lie between 05:00 and 02:00.
 *
 * Immutable once created: serves any number of threads.
 */
#ifndef CDR_MODEL_DAY_PLAN_H
#define CDR_MODEL_DAY_PLAN_H

#include "base/hash.h"
#include "model/calendar.h"
#include "model/parameters.h"
#include "model/tables.h"
#include "model/towns.h"

#include <stdint.h>

#define CDR_VISITED_OCTAVES 11u /* 2^11 − 1 places */
#define CDR_DISTANCES 4096u
#define CDR_DIRECTIONS 1024u
#define CDR_TRAVEL_STEPS 2048u /* of distances, in 32 positions each */
#define CDR_TRAVEL_SECONDS 0x3fffu
#define CDR_PLAN_DAY_S 86400u
#define CDR_LAST_HOME_S 79200u /* 02:00 */

struct cdr_day_plans {
    uint64_t stream;
    const int32_t *holidays; /* of the parameters, ascending: nobody works */
    uint32_t holiday_count;
    uint32_t works_below, present_below;           /* of 8 bits */
    uint32_t evening_below, none_below, one_below; /* of 8 bits: outings */
    uint32_t travel_max_s;
    uint32_t distance[CDR_DISTANCES];   /* quantiles of that from home, in positions */
    uint32_t direction[CDR_DIRECTIONS]; /* east << 16 | north, × 4096, from -1 on */
    uint32_t travel[CDR_TRAVEL_STEPS];  /* 2^26 / seconds << 14 | seconds */
};

/* Keeps a pointer to the parameters' holidays. */
enum cdr_result cdr_day_plans_create(struct cdr_day_plans *plans,
                                     const struct cdr_parameters *parameters,
                                     struct cdr_error *error);

/* The plan's day of the beginning of a slot, and the seconds since 04:00. */
struct cdr_plan_time {
    uint32_t day, second;
};
struct cdr_plan_time cdr_plan_time(const struct cdr_calendar *calendar,
                                   const struct cdr_slot *slot);
/* The same for a slot before one whose plan's day may be the same: without a search then. */
struct cdr_plan_time cdr_plan_time_before(const struct cdr_calendar *calendar,
                                          const struct cdr_slot *slot, const struct cdr_slot *later,
                                          struct cdr_plan_time later_time);

static inline uint64_t cdr_day_base(const struct cdr_day_plans *plans, uint32_t subscriber,
                                    uint32_t day)
{
    return cdr_mix(((uint64_t)subscriber << 32 | day) ^ plans->stream);
}
#define CDR_DAY_OUTINGS CDR_PURPOSE(1) /* which outings, when: eight times 8 bits */
#define CDR_DAY_PLACES CDR_PURPOSE(2)  /* low: of the first; high: of the second */
/* 32 bits for a quarter hour of the day. */
static inline uint32_t cdr_quarter_random(uint32_t base_high, uint32_t second)
{
    return cdr_mix32(base_high + second / 900 * 0x9e3779b9u);
}

/* Days since 1970 to whether it is a day of the working week: from Monday to Friday. */
static inline uint32_t cdr_is_working_day(uint32_t day)
{
    return (day + 3) % 7 < 5;
}

static inline uint32_t cdr_rests(const struct cdr_day_plans *plans, uint32_t day)
{
    return cdr_is_holiday(plans->holidays, plans->holiday_count, (int32_t)day);
}

/* yes where the condition is 1, no where it is 0. Compilers make a branch of several conditional
 * expressions with the same condition, and then no vectors of the loop. */
static inline uint32_t cdr_either(uint32_t condition, uint32_t yes, uint32_t no)
{
    return no ^ ((no ^ yes) & (0 - condition));
}

/* 1 where a < b, else 0, for numbers below 2^31. */
static inline uint32_t cdr_less(uint32_t a, uint32_t b)
{
    return (a - b) >> 31;
}

/* Seconds between -most and most from 8 random bits: the sum of two numbers of four bits, with a
 * standard deviation of 0.43 most. */
static inline int32_t cdr_spread(uint32_t random, int32_t most)
{
    int32_t sum = (int32_t)((random & 15) + ((random >> 4) & 15)) - 15;
    return sum * most / 16;
}

/* How long somebody stays at a place, from 8 random bits: 24 minutes and, most often, less than an
 * hour more; 96 minutes on average, 4 hours at most. */
static inline uint32_t cdr_stay(uint32_t random)
{
    return 1440 + random * random / 5;
}

/* Outings of a day, in seconds; those of the second one before the first is known. */
struct cdr_outings {
    uint32_t works, first, second;   /* 0 or 1; works: the first is to work */
    uint32_t first_leave, work_back; /* work_back: when it sets off home from work */
    uint32_t second_leave, first_stay, second_stay;
};

static inline struct cdr_outings cdr_outings(const struct cdr_day_plans *plans, uint32_t traits,
                                             uint32_t low, uint32_t high, uint32_t working_day)
{
    const uint32_t presence = low & 0xff, often = low >> 24;
    const uint32_t first_at = high & 0xff, second_at = (high >> 8) & 0xff;
    uint32_t works = cdr_less(traits & 0xff, plans->works_below) & working_day &
                     cdr_less(presence, plans->present_below);
    uint32_t evening = cdr_less(often, plans->evening_below);
    uint32_t some = cdr_less(often, plans->none_below) ^ 1,
             two = cdr_less(often, plans->one_below) ^ 1;
    int32_t leaves = 14040 + cdr_spread(traits >> 8, 3000) + cdr_spread(low >> 8, 1250);
    int32_t back = 46800 + cdr_spread(traits >> 16, 3500) + cdr_spread(low >> 16, 2000);
    leaves = leaves < 3600 ? 3600 : leaves;
    leaves = leaves > 25200 ? 25200 : leaves;
    back = back < 36000 ? 36000 : back;
    back = back > 57600 ? 57600 : back;
    uint32_t out_first = 18000 + first_at * 66;
    uint32_t alone = 19800 + second_at * 148, after = 37800 + second_at * 90;
    uint32_t late = 51300 + second_at * 39, free_day = cdr_either(two, after, alone);
    struct cdr_outings o;
    o.works = works;
    o.first = works | two;
    o.second = cdr_either(works, evening, some);
    o.first_leave = cdr_either(works, (uint32_t)leaves, out_first);
    o.work_back = (uint32_t)back;
    o.second_leave = cdr_either(works, late, free_day);
    o.first_stay = cdr_stay((high >> 16) & 0xff);
    o.second_stay = cdr_stay(high >> 24);
    return o;
}

/* Whether it is surely at home: before the first outing, or so long after the last that it is
 * back. */
static inline uint32_t cdr_is_home(const struct cdr_day_plans *plans, const struct cdr_outings *o,
                                   uint32_t second)
{
    uint32_t travel = plans->travel_max_s;
    uint32_t stays_until =
        cdr_either(o->works, o->work_back + 3600, o->first_leave + o->first_stay);
    uint32_t back_by = stays_until + 2 * travel;
    uint32_t on_first = o->first & cdr_less(second, back_by) & ~cdr_less(second, o->first_leave);
    uint32_t on_second = o->second & ~cdr_less(second, o->second_leave);
    uint32_t awake = cdr_less(second, CDR_LAST_HOME_S) & (on_first | on_second);
    return awake ^ 1;
}

/* The place that an outing goes to: 2 … of cdr_place_random. Eleven octaves are equally likely, and
 * all the places of an octave, so the k-th place has a probability of about 1/k. */
static inline uint32_t cdr_visited_place(uint32_t random)
{
    uint64_t product = (uint64_t)random * CDR_VISITED_OCTAVES;
    uint32_t octave = (uint32_t)(product >> 32), within = (uint32_t)product >> 16;
    return 1 + (1u << octave) + ((within << octave) >> 16);
}

/* Where a place is, from the subscriber's traits and home and the bits of cdr_place_random. A sum
 * modulo 2^32 of a uniform variable and any other is uniform: distances have the same law for all
 * subscribers. */
static inline uint32_t cdr_place_at(const struct cdr_day_plans *plans,
                                    const struct cdr_towns *towns, uint32_t traits, uint32_t home,
                                    uint32_t low, uint32_t high, uint32_t pulled_below)
{
    int32_t distance = (int32_t)plans->distance[(traits + (low >> 2)) >> 20];
    uint32_t direction = plans->direction[high >> 22], pulled = cdr_less(high & 0xff, pulled_below);
    int32_t east = (int32_t)(direction >> 16) - 4096, north = (int32_t)(direction & 0xffff) - 4096;
    int32_t x = (int32_t)cdr_position_x(home) + ((distance * east) >> 12);
    int32_t y = (int32_t)cdr_position_y(home) + ((distance * north) >> 12);
    return cdr_pulled(towns, x, y, pulled);
}

/* The step of the tables of travel: the distance, by an approximation that is at most 8 % too
 * long. */
static inline uint32_t cdr_travel_step(uint32_t from, uint32_t to)
{
    int32_t dx = (int32_t)cdr_position_x(to) - (int32_t)cdr_position_x(from);
    int32_t dy = (int32_t)cdr_position_y(to) - (int32_t)cdr_position_y(from);
    uint32_t east = (uint32_t)(dx < 0 ? -dx : dx), north = (uint32_t)(dy < 0 ? -dy : dy);
    uint32_t longer = east > north ? east : north, shorter = east > north ? north : east;
    uint32_t step = (longer + shorter * 3 / 8) >> 5;
    return step < CDR_TRAVEL_STEPS ? step : CDR_TRAVEL_STEPS - 1;
}

/* When an outing is where: on the way for travel seconds from leave on, and again until home. */
struct cdr_outing {
    uint32_t leave, travel, home; /* home ≤ leave: it does not take place */
};

static inline struct cdr_outing cdr_first_outing(const struct cdr_outings *o, uint32_t travel)
{
    uint32_t at = o->first_leave + travel;
    uint32_t back = o->work_back > at + 3600 ? o->work_back : at + 3600;
    back = cdr_either(o->works, back, at + o->first_stay);
    struct cdr_outing outing = {o->first_leave, travel, back + travel};
    outing.home = (o->first & (outing.home <= CDR_LAST_HOME_S)) != 0 ? outing.home : 0;
    return outing;
}
static inline struct cdr_outing cdr_second_outing(const struct cdr_outings *o, uint32_t travel,
                                                  uint32_t first_home)
{
    uint32_t leave = first_home + 600 > o->second_leave ? first_home + 600 : o->second_leave;
    struct cdr_outing outing = {leave, travel, leave + 2 * travel + o->second_stay};
    outing.home = (o->second & (outing.home <= CDR_LAST_HOME_S)) != 0 ? outing.home : 0;
    return outing;
}

/* How far from home, in 2^-15 of the way to the place. */
static inline int32_t cdr_way_gone(const struct cdr_outing *outing, uint32_t per_second,
                                   uint32_t second)
{
    int32_t out = (int32_t)second - (int32_t)outing->leave;
    int32_t back = (int32_t)outing->home - (int32_t)second;
    int32_t gone = out < back ? out : back, travel = (int32_t)outing->travel;
    gone = gone < 0 ? 0 : gone > travel ? travel : gone;
    uint32_t part = ((uint32_t)gone * per_second) >> 11;
    return part < 32768 ? (int32_t)part : 32768;
}

/* Between home and the place of the outing that is under way. */
static inline uint32_t cdr_on_the_way(uint32_t home, uint32_t place, int32_t gone)
{
    int32_t x = (int32_t)cdr_position_x(home), y = (int32_t)cdr_position_y(home);
    int32_t east = ((int32_t)cdr_position_x(place) - x) * gone;
    int32_t north = ((int32_t)cdr_position_y(place) - y) * gone;
    return cdr_position((uint32_t)(x + (east >> 15)), (uint32_t)(y + (north >> 15)));
}

/* Shares of places that are pulled to a centre (towns.h), of 256. */
#define CDR_WORK_PULLED 230u
#define CDR_VISIT_PULLED 150u

/* Where a subscriber is, one at a time: as materialise computes it for columns. */
uint32_t cdr_position_of(const struct cdr_day_plans *plans, const struct cdr_towns *towns,
                         uint32_t subscriber, uint32_t day, uint32_t second);

#endif
