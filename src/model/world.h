/* What happens in the world: outages of sites and crowds at a place, as parameters have them. Pure
 * functions of (subscriber, time), so everybody can tell them of anybody.
 *
 * Outage. From one instant to another the sites in a circle, or the site of a cell, serve nobody.
 * What a subscriber would begin there does not take place, and what reaches it there fails: a call
 * has the caller's record alone, a message is refused. Answered calls and sessions that began there
 * before and go on are cut when the outage begins: their cause is abnormalRelease. A subscriber
 * that is elsewhere has service.
 *
 * Crowd. A share of those who live near enough spends the time at one place: they arrive in the
 * three quarters of an hour before its beginning and leave in the half hour after its end, by the
 * ways of day_plan.h, and are at home for the rest of that day. Meanwhile they call, write and are
 * online by a factor more (or less), whose logarithm is rounded to a quarter of a doubling; it
 * holds for hours that begin in the crowd's time.
 *
 * Immutable once created: serves any number of threads.
 */
#ifndef CDR_MODEL_WORLD_H
#define CDR_MODEL_WORLD_H

#include "base/result.h"
#include "model/day_plan.h"
#include "model/parameters.h"

#include <stdbool.h>
#include <stdint.h>

struct cdr_model;

struct cdr_world_outage {
    int64_t from_ms, to_ms; /* epoch */
    uint8_t *down;          /* by site */
};

struct cdr_world_crowd {
    int64_t from_ms, to_ms;         /* epoch */
    uint32_t day, begins_s, ends_s; /* of the plan */
    uint32_t place, share_below;    /* position; threshold */
    int32_t more[CDR_TYPE_COUNT];   /* quarters of a doubling */
};

struct cdr_world {
    struct cdr_world_outage outages[CDR_OUTAGES_MAX];
    struct cdr_world_crowd crowds[CDR_CROWDS_MAX];
    uint32_t outage_count, crowd_count;
    uint64_t stream;
};

/* The model's calendar, towns, cells, devices and day plans are there. CDR_E_CONFIG: an outage that
 * no site is in, a crowd that no plan's day (04:00 to 04:00) holds; CDR_E_NOMEM. */
enum cdr_result cdr_world_create(struct cdr_world *world, const struct cdr_model *model,
                                 struct cdr_error *error);
void cdr_world_free(struct cdr_world *world);

/* The technology that serves the subscriber some seconds after a time of the plan. */
uint32_t cdr_world_rat(const struct cdr_model *model, uint32_t subscriber,
                       struct cdr_plan_time time, uint32_t after_s);
/* Whether the subscriber has service at an instant (epoch). */
bool cdr_world_serves(const struct cdr_model *model, uint32_t subscriber, int64_t at_ms);
/* When what the subscriber began at an instant is cut by an outage: INT64_MAX if never. */
int64_t cdr_world_cut_ms(const struct cdr_model *model, uint32_t subscriber, int64_t began_ms);
/* Whether any outage matters between two instants. */
bool cdr_world_is_disturbed(const struct cdr_world *world, int64_t from_ms, int64_t to_ms);

/* The crowd of an hour that begins at an instant: its number, or crowd_count. */
uint32_t cdr_world_crowd_at(const struct cdr_world *world, int64_t at_ms);
/* Whether the subscriber is part of a crowd; fills in its way there. */
struct cdr_attendance {
    uint32_t home, leave, travel, back; /* positions; seconds of the plan's day: back home */
};
bool cdr_world_attends(const struct cdr_model *model, uint32_t crowd, uint32_t subscriber,
                       struct cdr_attendance *attendance);
/* Where it is because of a crowd: leaves the position as it is if there is none. */
uint32_t cdr_world_position(const struct cdr_model *model, uint32_t subscriber, uint32_t day,
                            uint32_t second, uint32_t position);

#endif
