/* Where the owners of a block's records are, and the cells that serve them there: loops of
 * materialise, for the level of the source that includes this (materialise_loop.h). First of all
 * records; then, as columns of their own, of those that may be away from home. */
#include "model/day_plan.h"
#include "model/device.h"
#include "model/materialise.h"

#define BLOCK CDR_BLOCK_RECORDS

/* The records' owners in time. */
struct whereabouts {
    uint32_t n;
    const uint32_t *owner;
    uint32_t day[BLOCK], second[BLOCK]; /* of the plan */
    uint64_t traits[BLOCK], base[BLOCK];
    uint32_t position[BLOCK]; /* home at first */
    uint32_t best[BLOCK];     /* of the device */
};

/* Those that may be away. */
struct away {
    uint32_t n;
    uint32_t record[BLOCK], second[BLOCK], home[BLOCK], working_day[BLOCK];
    uint64_t traits[BLOCK], base[BLOCK], outings[BLOCK];
};

static void homes_column(const struct cdr_towns *restrict towns, struct whereabouts *restrict w)
{
    uint64_t random[BLOCK];
    uint32_t together[BLOCK], low[BLOCK], high[BLOCK], own[BLOCK], position[BLOCK];
    for (uint32_t i = 0; i < w->n; i++)
        w->traits[i] = cdr_place_traits(towns, w->owner[i]);
    for (uint32_t i = 0; i < w->n; i++)
        random[i] = cdr_place_random(w->traits[i], 0);
    for (uint32_t i = 0; i < w->n; i++)
        together[i] = cdr_community(towns->coordinates, w->owner[i]);
    for (uint32_t i = 0; i < w->n; i++) {
        low[i] = (uint32_t)random[i];
        high[i] = (uint32_t)(random[i] >> 32);
        own[i] = (uint32_t)(w->traits[i] >> 32);
    }
    for (uint32_t i = 0; i < w->n; i++)
        position[i] = cdr_home_of(towns, together[i], own[i], low[i], high[i]);
    memcpy(w->position, position, w->n * sizeof *position);
}

/* Plans the outings and keeps those that may be on one. */
static void find_away(const struct cdr_day_plans *restrict plans,
                      const struct whereabouts *restrict w, struct away *restrict a)
{
    uint64_t draw[BLOCK];
    uint32_t low[BLOCK], high[BLOCK], traits[BLOCK], working_day[BLOCK], home[BLOCK], second[BLOCK];
    uint32_t n = 0;
    for (uint32_t i = 0; i < w->n; i++)
        draw[i] = cdr_draw(w->base[i], CDR_DAY_OUTINGS);
    for (uint32_t i = 0; i < w->n; i++) {
        low[i] = (uint32_t)draw[i];
        high[i] = (uint32_t)(draw[i] >> 32);
        traits[i] = (uint32_t)w->traits[i];
    }
    for (uint32_t i = 0; i < w->n; i++)
        working_day[i] = cdr_is_working_day(w->day[i]);
    for (uint32_t i = 0; plans->holiday_count != 0 && i < w->n; i++)
        working_day[i] &= cdr_rests(plans, w->day[i]) ^ 1;
    for (uint32_t i = 0; i < w->n; i++)
        second[i] = w->second[i];
    for (uint32_t i = 0; i < w->n; i++) {
        struct cdr_outings o = cdr_outings(plans, traits[i], low[i], high[i], working_day[i]);
        home[i] = cdr_is_home(plans, &o, second[i]);
    }
    for (uint32_t i = 0; i < w->n; i++) {
        a->record[n] = i;
        a->second[n] = w->second[i];
        a->home[n] = w->position[i];
        a->working_day[n] = working_day[i];
        a->traits[n] = w->traits[i];
        a->base[n] = w->base[i];
        a->outings[n] = draw[i];
        n += home[i] ^ 1;
    }
    a->n = n;
}

/* Outings of those who may be away, a column each; those of struct cdr_outings. */
struct outing_columns {
    uint32_t works[BLOCK], first[BLOCK], second[BLOCK], first_leave[BLOCK], work_back[BLOCK];
    uint32_t second_leave[BLOCK], first_stay[BLOCK], second_stay[BLOCK];
};

static inline struct cdr_outings outings_at(const struct outing_columns *columns, uint32_t i)
{
    struct cdr_outings outings = {
        columns->works[i],       columns->first[i],       columns->second[i],
        columns->first_leave[i], columns->work_back[i],   columns->second_leave[i],
        columns->first_stay[i],  columns->second_stay[i],
    };
    return outings;
}

static void plan_columns(const struct cdr_day_plans *restrict plans, const struct away *restrict a,
                         struct outing_columns *restrict columns)
{
    uint32_t low[BLOCK], high[BLOCK], traits[BLOCK];
    for (uint32_t i = 0; i < a->n; i++) {
        low[i] = (uint32_t)a->outings[i];
        high[i] = (uint32_t)(a->outings[i] >> 32);
        traits[i] = (uint32_t)a->traits[i];
    }
    for (uint32_t i = 0; i < a->n; i++) {
        struct cdr_outings o = cdr_outings(plans, traits[i], low[i], high[i], a->working_day[i]);
        columns->works[i] = o.works;
        columns->first[i] = o.first;
        columns->second[i] = o.second;
        columns->first_leave[i] = o.first_leave;
        columns->work_back[i] = o.work_back;
        columns->second_leave[i] = o.second_leave;
        columns->first_stay[i] = o.first_stay;
        columns->second_stay[i] = o.second_stay;
    }
}

/* Where an outing goes to, and what it takes to go there. */
struct goals {
    uint32_t which[BLOCK], at[BLOCK], travel[BLOCK], per_second[BLOCK];
};

static void places_column(const struct cdr_day_plans *restrict plans,
                          const struct cdr_towns *restrict towns, const uint64_t *restrict traits,
                          const uint32_t *restrict home, uint32_t n, struct goals *restrict goals)
{
    uint64_t random[BLOCK];
    uint32_t low[BLOCK], high[BLOCK], own[BLOCK], step[BLOCK];
    for (uint32_t i = 0; i < n; i++)
        random[i] = cdr_place_random(traits[i], goals->which[i]);
    for (uint32_t i = 0; i < n; i++) {
        low[i] = (uint32_t)random[i];
        high[i] = (uint32_t)(random[i] >> 32);
        own[i] = (uint32_t)traits[i];
    }
    for (uint32_t i = 0; i < n; i++)
        goals->at[i] = cdr_place_at(plans, towns, own[i], home[i], low[i], high[i],
                                    goals->which[i] == 1 ? CDR_WORK_PULLED : CDR_VISIT_PULLED);
    for (uint32_t i = 0; i < n; i++)
        step[i] = cdr_travel_step(home[i], goals->at[i]);
    for (uint32_t i = 0; i < n; i++)
        step[i] = plans->travel[step[i]];
    for (uint32_t i = 0; i < n; i++) {
        goals->travel[i] = step[i] & CDR_TRAVEL_SECONDS;
        goals->per_second[i] = step[i] >> 14;
    }
}

/* Those who may have set off for the second place. */
struct later {
    uint32_t away[BLOCK], home[BLOCK];
    uint64_t traits[BLOCK];
    struct goals goals;
};

/* Gives the positions on the first outing, or at home. */
static void follow_first(const struct cdr_day_plans *restrict plans,
                         const struct cdr_towns *restrict towns, const struct away *restrict a,
                         const struct outing_columns *restrict columns,
                         const uint32_t *restrict visited, uint32_t *restrict position,
                         uint32_t *restrict home)
{
    struct goals goals;
    for (uint32_t i = 0; i < a->n; i++)
        goals.which[i] = cdr_either(columns->works[i], 1, visited[i]);
    places_column(plans, towns, a->traits, a->home, a->n, &goals);
    for (uint32_t i = 0; i < a->n; i++) {
        struct cdr_outings outings = outings_at(columns, i);
        struct cdr_outing first = cdr_first_outing(&outings, goals.travel[i]);
        home[i] = first.home;
        position[i] = cdr_on_the_way(a->home[i], goals.at[i],
                                     cdr_way_gone(&first, goals.per_second[i], a->second[i]));
    }
}

static void follow_second(const struct cdr_day_plans *restrict plans,
                          const struct cdr_towns *restrict towns, const struct away *restrict a,
                          const struct outing_columns *restrict columns,
                          const uint32_t *restrict visited, const uint32_t *restrict first_home,
                          uint32_t *restrict position)
{
    struct later later;
    uint32_t n = 0;
    for (uint32_t i = 0; i < a->n; i++) {
        later.away[n] = i;
        later.home[n] = a->home[i];
        later.traits[n] = a->traits[i];
        later.goals.which[n] = visited[i];
        n += columns->second[i] & (cdr_less(a->second[i], columns->second_leave[i]) ^ 1);
    }
    if (n == 0)
        return;
    places_column(plans, towns, later.traits, later.home, n, &later.goals);
    for (uint32_t k = 0; k < n; k++) {
        const uint32_t i = later.away[k];
        struct cdr_outings outings = outings_at(columns, i);
        struct cdr_outing second =
            cdr_second_outing(&outings, later.goals.travel[k], first_home[i]);
        if (second.leave < a->second[i])
            position[i] =
                cdr_on_the_way(later.home[k], later.goals.at[k],
                               cdr_way_gone(&second, later.goals.per_second[k], a->second[i]));
    }
}

static void follow_outings(const struct cdr_day_plans *restrict plans,
                           const struct cdr_towns *restrict towns, const struct away *restrict a,
                           struct whereabouts *restrict w)
{
    struct outing_columns columns;
    uint64_t draw[BLOCK];
    uint32_t low[BLOCK], high[BLOCK], first[BLOCK], second[BLOCK], first_home[BLOCK],
        position[BLOCK];
    plan_columns(plans, a, &columns);
    for (uint32_t i = 0; i < a->n; i++)
        draw[i] = cdr_draw(a->base[i], CDR_DAY_PLACES);
    for (uint32_t i = 0; i < a->n; i++) {
        low[i] = (uint32_t)draw[i];
        high[i] = (uint32_t)(draw[i] >> 32);
    }
    for (uint32_t i = 0; i < a->n; i++)
        first[i] = cdr_visited_place(low[i]);
    for (uint32_t i = 0; i < a->n; i++)
        second[i] = cdr_visited_place(high[i]);
    follow_first(plans, towns, a, &columns, first, position, first_home);
    follow_second(plans, towns, a, &columns, second, first_home, position);
    for (uint32_t i = 0; i < a->n; i++)
        w->position[a->record[i]] = position[i];
}

/* The technology that each owner may use in the quarter hour. */
static void usable_column(const struct cdr_devices *restrict devices,
                          struct whereabouts *restrict w, uint32_t *restrict usable)
{
    uint32_t own[BLOCK], random[BLOCK];
    for (uint32_t i = 0; i < w->n; i++) {
        own[i] = (uint32_t)(w->traits[i] >> 32);
        random[i] = (uint32_t)(w->base[i] >> 32);
    }
    for (uint32_t i = 0; i < w->n; i++)
        random[i] = cdr_quarter_random(random[i], w->second[i]);
    for (uint32_t i = 0; i < w->n; i++)
        w->best[i] = cdr_device_rat(devices, own[i]);
    for (uint32_t i = 0; i < w->n; i++)
        usable[i] = cdr_usable_rat(devices, w->best[i], random[i]);
}

/* Cells and technologies of a block whose owners are n, in their plans' days and seconds. */
static void whereabouts_columns(const struct cdr_model *model, struct whereabouts *restrict w,
                                uint32_t *restrict cell_ids, uint32_t *restrict rats)
{
    const struct cdr_cells *restrict cells = &model->cells;
    uint32_t usable[BLOCK], pixel[BLOCK], site[BLOCK], serving[BLOCK];
    struct away a;
    for (uint32_t i = 0; i < w->n; i++)
        w->base[i] = cdr_day_base(&model->day_plans, w->owner[i], w->day[i]);
    homes_column(&model->towns, w);
    find_away(&model->day_plans, w, &a);
    follow_outings(&model->day_plans, &model->towns, &a, w);
    for (uint32_t i = 0; model->world.crowd_count != 0 && i < w->n; i++)
        w->position[i] =
            cdr_world_position(model, w->owner[i], w->day[i], w->second[i], w->position[i]);
    usable_column(&model->devices, w, usable);
    for (uint32_t i = 0; i < w->n; i++)
        pixel[i] = cdr_site_pixel(&cells->sites, w->position[i]);
    for (uint32_t i = 0; i < w->n; i++)
        site[i] = cdr_site_of(&cells->sites, w->position[i], pixel[i]);
    for (uint32_t i = 0; i < w->n; i++)
        serving[i] = cdr_serving(cells, usable[i], site[i]);
    for (uint32_t i = 0; i < w->n; i++)
        cell_ids[i] = cdr_serving_cell(cells, serving[i], w->position[i]);
    for (uint32_t i = 0; i < w->n; i++)
        rats[i] = cdr_serving_rat(serving[i]);
}

#undef BLOCK
