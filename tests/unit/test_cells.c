/* Sites, cells and where subscribers are: technologies are co-sited, the nearest site is the
 * nearest one, nobody jumps, and days, distances and towns are as docs/model.md says. */
#include "base/math.h"
#include "model/cells.h"
#include "statistics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "model_run.h"

#define KM_PER_DEGREE 111.19492664455873
#define RADIANS (3.14159265358979323846 / 180)

static double km_per_position(const struct cdr_parameters *p)
{
    return p->cell_radius_km / (CDR_POSITION_SIDE / 2.0 - 1);
}

static double distance_of(uint32_t a, uint32_t b)
{
    return sqrt((double)cdr_square_distance(a, b));
}

/* ---- sites ---- */

static uint32_t nearest_of_all(const uint32_t *at, uint32_t sites, uint32_t position)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < sites; i++)
        if (cdr_square_distance(at[i], position) < cdr_square_distance(at[best], position))
            best = i;
    return best;
}

/* One, two and many, anywhere and all in a corner. */
static void the_nearest_site_is_found(void **state)
{
    (void)state;
    static const struct {
        uint32_t sites, side;
    } cases[] = {{1, 32768}, {2, 32768}, {7, 600}, {267, 32768}, {3000, 32768}, {2000, 4000}};
    struct cdr_error error = {0};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const uint32_t sites = cases[c].sites, side = cases[c].side;
        uint32_t *at = malloc(sites * sizeof *at);
        for (uint32_t i = 0; i < sites; i++) {
            uint64_t random = cdr_mix(cdr_mix(i + 1000 * c) + 1);
            at[i] = cdr_position(cdr_below((uint32_t)random, side),
                                 cdr_below((uint32_t)(random >> 32), side));
        }
        struct cdr_site_index index;
        assert_int_equal(cdr_site_index_create(&index, at, sites, &error), CDR_OK);
        for (uint32_t i = 0; i < 4000; i++) {
            uint64_t random = cdr_mix(cdr_mix(i) + 77);
            uint32_t within = i % 2 == 0 ? CDR_POSITION_SIDE : side;
            uint32_t position = cdr_position(cdr_below((uint32_t)random, within),
                                             cdr_below((uint32_t)(random >> 32), within));
            uint32_t wanted = nearest_of_all(at, sites, position);
            uint32_t found = cdr_nearest_site(&index, position);
            assert_int_equal(cdr_square_distance(at[found], position),
                             cdr_square_distance(at[wanted], position));
        }
        cdr_site_index_free(&index);
        free(at);
    }
}

static void cells_of_a_technology_have_their_share(void **state)
{
    (void)state;
    static const uint32_t counts[] = {3, 10, 100, 2000, 30000};
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        struct cdr_parameters p = parameters_of(100, 1);
        p.cells = counts[c];
        struct cdr_model *model = model_of(&p);
        double found[CDR_RAT_COUNT] = {0};
        for (uint32_t i = 0; i < counts[c]; i++)
            found[model->cells.cells[i].rat]++;
        for (int rat = 0; rat < CDR_RAT_COUNT; rat++) {
            assert_true(found[rat] >= 1);
            assert_true(fabs(found[rat] / counts[c] - p.data[rat].cell_share) <= 1.5 / counts[c]);
            assert_int_equal(model->cells.served_count[rat], found[rat]);
        }
        cdr_model_destroy(model);
    }
}

/* All cells of a site stand at its position, and at most three of them have one technology. */
static void technologies_are_co_sited(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(100, 1);
    struct cdr_model *model = model_of(&p);
    const struct cdr_cells *cells = &model->cells;
    const double km = km_per_position(&p);
    uint32_t *of_site = calloc((size_t)cells->sites.sites * CDR_RAT_COUNT, sizeof *of_site);
    for (uint32_t i = 0; i < cells->count; i++) {
        const struct cdr_cell *cell = &cells->cells[i];
        uint32_t at = cells->sites.at[cell->site];
        double north = (cell->lat - p.cell_center_lat) * KM_PER_DEGREE;
        double east =
            (cell->lon - p.cell_center_lon) * KM_PER_DEGREE * cos(p.cell_center_lat * RADIANS);
        assert_int_equal(cells->cell_at[i], at);
        assert_true(fabs(north - (cdr_position_y(at) - 16384.0) * km) < 0.001);
        assert_true(fabs(east - (cdr_position_x(at) - 16384.0) * km) < 0.001);
        assert_true(sqrt(north * north + east * east) <= p.cell_radius_km * 1.001);
        assert_true(++of_site[cell->site * CDR_RAT_COUNT + cell->rat] <= CDR_SECTORS);
    }
    for (uint32_t site = 0; site < cells->sites.sites; site++)
        assert_true(of_site[site * CDR_RAT_COUNT + CDR_RAT_LTE] > 0);
    free(of_site);
    cdr_model_destroy(model);
}

/* Another technology at a position is at the same site, in the same sector. */
static void a_change_of_technology_moves_nobody(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(100, 1);
    struct cdr_model *model = model_of(&p);
    const struct cdr_cells *cells = &model->cells;
    double nr = 0, sectors[CDR_SECTORS] = {0}, even[CDR_SECTORS] = {1, 1, 1}, n = 100000;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t position = (uint32_t)cdr_mix(cdr_mix(i)) & 0x7fff7fff;
        uint32_t site = cdr_nearest_site(&cells->sites, position);
        const struct cdr_cell *cell[CDR_RAT_COUNT];
        for (uint32_t rat = 0; rat < CDR_RAT_COUNT; rat++) {
            uint32_t serving = cdr_serving(cells, rat, site);
            uint32_t id = cdr_serving_cell(cells, serving, position);
            assert_true(id >= CDR_CELL_ID_FIRST && id < CDR_CELL_ID_FIRST + cells->count);
            cell[rat] = &cells->cells[id - CDR_CELL_ID_FIRST];
            assert_int_equal(cell[rat]->site, site);
            assert_int_equal(cell[rat]->rat, cdr_serving_rat(serving));
            assert_true(cell[rat]->rat <= rat);
        }
        assert_int_equal(cell[CDR_RAT_LTE]->sector, cell[CDR_RAT_WCDMA]->sector);
        nr += cell[CDR_RAT_NR]->rat == CDR_RAT_NR;
        sectors[cell[CDR_RAT_LTE]->sector]++;
    }
    assert_true(nr > 0.1 * n && nr < 0.9 * n);
    for (uint32_t s = 0; s < CDR_SECTORS; s++)
        assert_true(fabs(sectors[s] / n - even[s] / 3) < 0.05);
    cdr_model_destroy(model);
}

static void few_cells_and_few_technologies_serve(void **state)
{
    (void)state;
    for (uint32_t used = 1; used < 8; used++) {
        struct cdr_parameters p = parameters_of(100, 1);
        p.cells = 3;
        for (int rat = 0; rat < CDR_RAT_COUNT; rat++)
            if ((used >> rat & 1) == 0)
                p.data[rat].share = p.data[rat].cell_share = 0;
        struct cdr_model *model = model_of(&p);
        for (uint32_t i = 0; i < 1000; i++) {
            uint32_t position = (uint32_t)cdr_mix(cdr_mix(i)) & 0x7fff7fff;
            uint32_t site = cdr_nearest_site(&model->cells.sites, position);
            uint32_t rat = cdr_serving_rat(cdr_serving(&model->cells, i % 3, site));
            assert_true(used >> rat & 1);
        }
        cdr_model_destroy(model);
    }
}

/* ---- subscribers ---- */

static uint32_t position_at(const struct cdr_model *model, uint32_t subscriber, uint32_t day,
                            uint32_t second)
{
    return cdr_position_of(&model->day_plans, &model->towns, subscriber, day, second);
}

/* In steps of two minutes, over the ends of the plan's days, too. */
static void nobody_jumps(void **state)
{
    (void)state;
    enum { N = 400, STEP_S = 120 };
    struct cdr_parameters p = parameters_of(N, 1);
    struct cdr_model *model = model_of(&p);
    const double km = km_per_position(&p);
    double fastest = 0, moving = 0, all = 0;
    for (uint32_t s = 0; s < N; s++) {
        uint32_t before = position_at(model, s, 20089, 0);
        for (uint32_t at = STEP_S; at < 7 * CDR_PLAN_DAY_S; at += STEP_S) {
            uint32_t now = position_at(model, s, 20089 + at / CDR_PLAN_DAY_S, at % CDR_PLAN_DAY_S);
            double kmh = distance_of(before, now) * km / STEP_S * 3600;
            fastest = kmh > fastest ? kmh : fastest;
            moving += kmh > 1;
            all++;
            before = now;
        }
    }
    printf("    at most %.0f km/h; on the move for %.3f of the time\n", fastest, moving / all);
    assert_true(fastest > 30 && fastest < 80);
    assert_true(moving / all > 0.02 && moving / all < 0.15);
    cdr_model_destroy(model);
}

static void nights_are_at_home_and_days_at_work(void **state)
{
    (void)state;
    enum { N = 20000 };
    struct cdr_parameters p = parameters_of(N, 1);
    struct cdr_model *model = model_of(&p);
    const uint32_t wednesday = 20089, saturday = 20092;
    double night = 0, ten = 0, work = 0, weekend = 0;
    for (uint32_t s = 0; s < N; s++) {
        uint64_t traits = cdr_place_traits(&model->towns, s);
        uint32_t home = cdr_home(&model->towns, s, traits);
        uint64_t random = cdr_place_random(traits, 1);
        uint32_t office = cdr_place_at(&model->day_plans, &model->towns, (uint32_t)traits, home,
                                       (uint32_t)random, (uint32_t)(random >> 32), CDR_WORK_PULLED);
        night += position_at(model, s, wednesday, 23 * 3600) == home;
        ten += position_at(model, s, wednesday, 6 * 3600 + 1800) == home;
        work += distance_of(position_at(model, s, wednesday, 9 * 3600), office) < 3;
        weekend += distance_of(position_at(model, s, saturday, 9 * 3600), office) < 3;
    }
    assert_true(night == N);
    assert_true(work / N > 0.55 && work / N < 0.58);
    assert_true(ten / N > 0.3 && ten / N < 0.5);
    assert_true(weekend / N < 0.1);
    cdr_model_destroy(model);
}

static double law_density(double km)
{
    return pow(km + 2, -1.75) * exp(-km / 400);
}

/* The quantiles of the table are those of the law, cut at the disc's diameter. */
static void distances_follow_their_law(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(100, 1);
    struct cdr_model *model = model_of(&p);
    double all = 0, below = 0, worst = 0, km = 0;
    for (double at = 0.001; at < 100; at += 0.002)
        all += law_density(at);
    for (uint32_t i = 0; i < CDR_DISTANCES; i++) {
        double found = model->day_plans.distance[i] * km_per_position(&p);
        for (; km + 0.002 <= found; km += 0.002)
            below += law_density(km + 0.001);
        worst = fmax(worst, fabs(below / all - (i + 0.5) / CDR_DISTANCES));
    }
    assert_true(worst < 0.004);
    cdr_model_destroy(model);
}

/* Of two members of a community half live in the same town; others seldom. */
static void communities_live_in_one_town(void **state)
{
    (void)state;
    enum { N = 40000 };
    struct cdr_parameters p = parameters_of(N, 1);
    struct cdr_model *model = model_of(&p);
    double near = 0, pairs = 0, chance = 0;
    for (uint32_t s = 0; s < N; s++) {
        uint32_t friend = cdr_contact(&model->contacts, s, 12), other = (s * 7919u + 5) % N;
        if (friend == CDR_CONTACT_NONE)
            continue;
        uint32_t home = cdr_home(&model->towns, s, cdr_place_traits(&model->towns, s));
        pairs++;
        near += distance_of(home, cdr_home(&model->towns, friend,
                                           cdr_place_traits(&model->towns, friend))) *
                    km_per_position(&p) <
                10;
        chance += distance_of(home, cdr_home(&model->towns, other,
                                             cdr_place_traits(&model->towns, other))) *
                      km_per_position(&p) <
                  10;
    }
    printf("    within 10 km: %.3f of a community, %.3f of all\n", near / pairs, chance / pairs);
    assert_true(near / pairs > 0.22 && near / pairs > 2 * chance / pairs);
    cdr_model_destroy(model);
}

static int compare_loads(const void *a, const void *b)
{
    return -compare_doubles(a, b);
}

/* On the stream of records: loads of sites, technologies, radii of gyration. */
static void records_are_where_people_are(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(6000, 5);
    struct run run = run_model(&p, 1u << CDR_TYPE_DATA, 0);
    const struct cdr_cells *cells = &run.model->cells;
    const uint32_t sites = cells->sites.sites;
    double *load = calloc(sites, sizeof *load), rats[CDR_RAT_COUNT] = {0}, sum = 0, square = 0;
    for (size_t i = 0; i < run.count; i++) {
        const struct record *r = &run.records[i];
        load[cells->cells[r->cell_id - CDR_CELL_ID_FIRST].site]++;
        rats[r->rat]++;
    }
    for (uint32_t i = 0; i < sites; i++) {
        double l = log(load[i] + 0.5);
        sum += l;
        square += l * l;
    }
    qsort(load, sites, sizeof *load, compare_loads);
    double top = 0, sd = sqrt(square / sites - sum * sum / sites / sites);
    for (uint32_t i = 0; i < sites / 5; i++)
        top += load[i];
    printf("    load of sites: sd of log %.2f, top fifth %.3f; technologies %.3f %.3f %.3f\n", sd,
           top / run.count, rats[0] / run.count, rats[1] / run.count, rats[2] / run.count);
    assert_true(sd > 1.0 && sd < 1.5);
    assert_true(top / run.count > 0.50 && top / run.count < 0.64);
    for (int rat = 0; rat < CDR_RAT_COUNT; rat++)
        assert_true(fabs(rats[rat] / run.count - p.data[rat].share) < 0.04);
    free(load);
    free_run(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_site_is_found),
        cmocka_unit_test(cells_of_a_technology_have_their_share),
        cmocka_unit_test(technologies_are_co_sited),
        cmocka_unit_test(a_change_of_technology_moves_nobody),
        cmocka_unit_test(few_cells_and_few_technologies_serve),
        cmocka_unit_test(nobody_jumps),
        cmocka_unit_test(nights_are_at_home_and_days_at_work),
        cmocka_unit_test(distances_follow_their_law),
        cmocka_unit_test(communities_live_in_one_town),
        cmocka_unit_test(records_are_where_people_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
