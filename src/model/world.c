#include "model/world.h"

#include "base/math.h"
#include "model/model.h"
#include "model/streams.h"

#include <math.h>
#include <stdlib.h>

#define ARRIVES_S 2700u /* at most so long before a crowd's beginning */
#define LEAVES_S 1800u  /* and after its end */
#define NEAR_KM 30.0    /* whoever lives farther away does not come */
#define DAY_MS INT64_C(86400000)

/* ---- places ---- */

/* A position is CDR_POSITION_SIDE / 2 − 1 to a radius. */
static double km_of_position(const struct cdr_parameters *p)
{
    return p->cell_radius_km / (CDR_POSITION_SIDE / 2.0 - 1);
}

static double square_km(double lat, double lon, double other_lat, double other_lon)
{
    const double km = 6371 * 3.14159265358979323846 / 180;
    double north = (other_lat - lat) * km, east = (other_lon - lon) * km;
    east *= cdr_cos(lat * 3.14159265358979323846 / 180);
    return north * north + east * east;
}

/* The cell that serves the subscriber some seconds after a time of the plan. */
static const struct cdr_cell *cell_at(const struct cdr_model *model, uint32_t subscriber,
                                      struct cdr_plan_time time, uint32_t after_s)
{
    time.second += after_s;
    time.day += time.second / CDR_PLAN_DAY_S;
    time.second %= CDR_PLAN_DAY_S;
    uint32_t position =
        cdr_position_of(&model->day_plans, &model->towns, subscriber, time.day, time.second);
    position = cdr_world_position(model, subscriber, time.day, time.second, position);
    const uint64_t traits = cdr_place_traits(&model->towns, subscriber);
    const uint64_t base = cdr_day_base(&model->day_plans, subscriber, time.day);
    const uint32_t best = cdr_device_rat(&model->devices, (uint32_t)(traits >> 32));
    const uint32_t rat = cdr_usable_rat(&model->devices, best,
                                        cdr_quarter_random((uint32_t)(base >> 32), time.second));
    const uint32_t serving =
        cdr_serving(&model->cells, rat, cdr_nearest_site(&model->cells.sites, position));
    const uint32_t cell = cdr_serving_cell(&model->cells, serving, position) - CDR_CELL_ID_FIRST;
    return &model->cells.cells[cell];
}

static uint32_t site_at(const struct cdr_model *model, uint32_t subscriber, int64_t at_ms)
{
    const struct cdr_slot slot = cdr_calendar_slot_at(&model->calendar, at_ms);
    return cell_at(model, subscriber, cdr_plan_time(&model->calendar, &slot),
                   (uint32_t)((at_ms - slot.start_ms) / 1000))
        ->site;
}

uint32_t cdr_world_rat(const struct cdr_model *model, uint32_t subscriber,
                       struct cdr_plan_time time, uint32_t after_s)
{
    return cell_at(model, subscriber, time, after_s)->rat;
}

/* ---- outages ---- */

static int64_t local_instant(const struct cdr_model *model, int64_t local_min)
{
    return cdr_calendar_instant_ms(&model->calendar, local_min * 60000);
}

static enum cdr_result add_outage(struct cdr_world *world, const struct cdr_model *model,
                                  uint32_t number, struct cdr_error *error)
{
    const struct cdr_outage *given = &model->parameters.outages[number];
    const struct cdr_cells *cells = &model->cells;
    struct cdr_world_outage *outage = &world->outages[world->outage_count++];
    uint32_t found = 0;
    outage->from_ms = local_instant(model, given->from_min);
    outage->to_ms = local_instant(model, given->to_min);
    outage->down = calloc(cells->sites.sites, 1);
    if (outage->down == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for outages");
    for (uint32_t i = 0; i < cells->count; i++) {
        const struct cdr_cell *cell = &cells->cells[i];
        bool down = given->cell != 0 ? CDR_CELL_ID_FIRST + i == given->cell
                                     : square_km(given->lat, given->lon, cell->lat, cell->lon) <=
                                           given->radius_km * given->radius_km;
        if (!down)
            continue;
        outage->down[cell->site] = 1;
        found++;
    }
    if (found == 0 && given->cell != 0)
        return cdr_fail(error, CDR_E_CONFIG, "outages[%u]: there is no cell %u; cells are %u to %u",
                        number, given->cell, CDR_CELL_ID_FIRST,
                        CDR_CELL_ID_FIRST + cells->count - 1);
    if (found == 0)
        return cdr_fail(error, CDR_E_CONFIG,
                        "outages[%u]: no site is within %.10g km of %.10g,%.10g; cdrgen cells "
                        "prints where they are",
                        number, given->radius_km, given->lat, given->lon);
    return CDR_OK;
}

bool cdr_world_is_disturbed(const struct cdr_world *world, int64_t from_ms, int64_t to_ms)
{
    bool found = false;
    for (uint32_t i = 0; i < world->outage_count; i++)
        found = found || (world->outages[i].from_ms <= to_ms && world->outages[i].to_ms > from_ms);
    return found;
}

bool cdr_world_serves(const struct cdr_model *model, uint32_t subscriber, int64_t at_ms)
{
    const struct cdr_world *world = &model->world;
    if (!cdr_world_is_disturbed(world, at_ms, at_ms))
        return true;
    const uint32_t site = site_at(model, subscriber, at_ms);
    bool down = false;
    for (uint32_t i = 0; i < world->outage_count; i++)
        down = down || (world->outages[i].from_ms <= at_ms && at_ms < world->outages[i].to_ms &&
                        world->outages[i].down[site] != 0);
    return !down;
}

int64_t cdr_world_cut_ms(const struct cdr_model *model, uint32_t subscriber, int64_t began_ms)
{
    const struct cdr_world *world = &model->world;
    const uint32_t site = site_at(model, subscriber, began_ms);
    int64_t cut_ms = INT64_MAX;
    for (uint32_t i = 0; i < world->outage_count; i++) {
        const struct cdr_world_outage *outage = &world->outages[i];
        if (outage->from_ms > began_ms && outage->from_ms < cut_ms && outage->down[site] != 0)
            cut_ms = outage->from_ms;
    }
    return cut_ms;
}

/* ---- crowds ---- */

static enum cdr_result add_crowd(struct cdr_world *world, const struct cdr_model *model,
                                 uint32_t number, struct cdr_error *error)
{
    const struct cdr_parameters *p = &model->parameters;
    const struct cdr_crowd *given = &p->crowds[number];
    struct cdr_world_crowd *crowd = &world->crowds[world->crowd_count];
    const double pi = 3.14159265358979323846, km = km_of_position(p);
    const double degree = 6371 * pi / 180, middle = CDR_POSITION_SIDE / 2.0;
    double north = (given->lat - p->cell_center_lat) * degree / km;
    double east = (given->lon - p->cell_center_lon) * degree / km;
    east *= cdr_cos(p->cell_center_lat * pi / 180);
    if (!(north * north + east * east < (middle - 2) * (middle - 2)))
        return cdr_fail(error, CDR_E_CONFIG,
                        "crowds[%u]: %.10g,%.10g is not within cell_radius_km of cell_center",
                        number, given->lat, given->lon);
    crowd->from_ms = local_instant(model, given->from_min);
    crowd->to_ms = local_instant(model, given->to_min);
    crowd->place = cdr_position((uint32_t)(middle + east), (uint32_t)(middle + north));
    crowd->share_below = cdr_share_threshold(given->share);
    const struct cdr_slot slot = cdr_calendar_slot_at(&model->calendar, crowd->from_ms);
    const struct cdr_plan_time time = cdr_plan_time(&model->calendar, &slot);
    crowd->day = time.day;
    crowd->begins_s = time.second + (uint32_t)((crowd->from_ms - slot.start_ms) / 1000);
    const int64_t ends_s = crowd->begins_s + (crowd->to_ms - crowd->from_ms) / 1000;
    if (ends_s > CDR_LAST_HOME_S)
        return cdr_fail(error, CDR_E_CONFIG,
                        "crowds[%u]: it must begin after 04:00 and end before 02:00", number);
    crowd->ends_s = (uint32_t)ends_s;
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
        crowd->more[type] = (int32_t)floor(4 * cdr_log(given->factor[type]) / cdr_log(2) + 0.5);
    world->crowd_count++;
    return CDR_OK;
}

uint32_t cdr_world_crowd_at(const struct cdr_world *world, int64_t at_ms)
{
    uint32_t crowd = 0;
    while (crowd < world->crowd_count &&
           !(world->crowds[crowd].from_ms <= at_ms && at_ms < world->crowds[crowd].to_ms))
        crowd++;
    return crowd;
}

bool cdr_world_attends(const struct cdr_model *model, uint32_t crowd, uint32_t subscriber,
                       struct cdr_attendance *attendance)
{
    const struct cdr_world *world = &model->world;
    const struct cdr_world_crowd *at = &world->crowds[crowd];
    const uint64_t base = cdr_mix(((uint64_t)subscriber << 32 | crowd) ^ world->stream);
    if (!cdr_is_below((uint32_t)base, at->share_below))
        return false;
    const uint64_t draw = cdr_draw(base, CDR_PURPOSE(1));
    const double km = km_of_position(&model->parameters);
    const uint32_t home =
        cdr_home(&model->towns, subscriber, cdr_place_traits(&model->towns, subscriber));
    const uint32_t near = (uint32_t)(NEAR_KM / km < 30000 ? NEAR_KM / km : 30000);
    if (cdr_square_distance(home, at->place) > near * near)
        return false;
    const uint32_t travel =
        model->day_plans.travel[cdr_travel_step(home, at->place)] & CDR_TRAVEL_SECONDS;
    const uint32_t early = travel + cdr_below((uint32_t)draw, ARRIVES_S);
    const uint32_t late = travel + cdr_below((uint32_t)(draw >> 32), LEAVES_S);
    if (at->begins_s < early || at->ends_s + late > CDR_PLAN_DAY_S)
        return false;
    *attendance = (struct cdr_attendance){home, at->begins_s - early, travel, at->ends_s + late};
    return true;
}

uint32_t cdr_world_position(const struct cdr_model *model, uint32_t subscriber, uint32_t day,
                            uint32_t second, uint32_t position)
{
    struct cdr_attendance way;
    for (uint32_t i = 0; i < model->world.crowd_count; i++) {
        const struct cdr_world_crowd *crowd = &model->world.crowds[i];
        if (crowd->day != day || !cdr_world_attends(model, i, subscriber, &way))
            continue;
        const struct cdr_outing outing = {way.leave, way.travel, way.back};
        const uint32_t step = cdr_travel_step(way.home, crowd->place);
        return cdr_on_the_way(way.home, crowd->place,
                              cdr_way_gone(&outing, model->day_plans.travel[step] >> 14, second));
    }
    return position;
}

enum cdr_result cdr_world_create(struct cdr_world *world, const struct cdr_model *model,
                                 struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    world->stream = cdr_stream(model->parameters.seed, CDR_STREAM_WORLD);
    for (uint32_t i = 0; result == CDR_OK && i < model->parameters.outage_count; i++)
        result = add_outage(world, model, i, error);
    for (uint32_t i = 0; result == CDR_OK && i < model->parameters.crowd_count; i++)
        result = add_crowd(world, model, i, error);
    return result;
}

void cdr_world_free(struct cdr_world *world)
{
    for (uint32_t i = 0; i < world->outage_count; i++)
        free(world->outages[i].down);
    world->outage_count = world->crowd_count = 0;
}
