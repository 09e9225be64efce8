/* Cells: the catalogue lies uniformly in its disc, near fractions of the order are near places
 * whatever the technology, and subscribers live, work and travel as docs/model.md says. */
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

static double distance_km(const struct cdr_cell *a, const struct cdr_cell *b)
{
    double north = (a->lat - b->lat) * KM_PER_DEGREE;
    double east = (a->lon - b->lon) * KM_PER_DEGREE * cos(a->lat * RADIANS);
    return sqrt(north * north + east * east);
}

static const struct cdr_cell *cell_of(const struct cdr_cells *cells, uint32_t id)
{
    assert_true(id >= CDR_CELL_ID_FIRST && id < CDR_CELL_ID_FIRST + cells->count);
    return &cells->cells[id - CDR_CELL_ID_FIRST];
}

static struct cdr_cells cells_of(const struct cdr_parameters *p)
{
    struct cdr_cells cells;
    struct cdr_error error = {0};
    assert_int_equal(cdr_cells_create(&cells, p, &error), CDR_OK);
    return cells;
}

static double itself(double value, const void *state)
{
    (void)state;
    return value < 0 ? 0 : value > 1 ? 1 : value;
}

static void cells_are_uniform_in_the_disc(void **state)
{
    (void)state;
    enum { N = 20000 };
    struct cdr_parameters p = parameters_of(100, 1);
    p.cells = N;
    struct cdr_cells cells = cells_of(&p);
    double *area = malloc(N * sizeof *area), *angle = malloc(N * sizeof *angle);
    for (uint32_t i = 0; i < N; i++) {
        double y = (cells.cells[i].lat - p.cell_center_lat) * KM_PER_DEGREE / p.cell_radius_km;
        double x = (cells.cells[i].lon - p.cell_center_lon) * KM_PER_DEGREE *
                   cos(p.cell_center_lat * RADIANS) / p.cell_radius_km;
        area[i] = x * x + y * y;
        angle[i] = atan2(y, x) / 6.283185307179586 + 0.5;
        assert_true(area[i] <= 1 + 1e-9);
    }
    assert_likely(distribution_p(area, N, itself, NULL), "areas within a cell's distance");
    assert_likely(distribution_p(angle, N, itself, NULL), "directions");
    free(area);
    free(angle);
    cdr_cells_free(&cells);
}

static void technologies_have_their_shares(void **state)
{
    (void)state;
    static const uint32_t counts[] = {10, 100, 2000, 89999};
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        struct cdr_parameters p = parameters_of(100, 1);
        p.cells = counts[c];
        struct cdr_cells cells = cells_of(&p);
        double found[CDR_RAT_COUNT] = {0};
        for (uint32_t i = 0; i < counts[c]; i++)
            found[cells.cells[i].rat]++;
        for (int rat = 0; rat < CDR_RAT_COUNT; rat++) {
            assert_true(fabs(found[rat] / counts[c] - p.data[rat].cell_share) <= 1.5 / counts[c]);
            assert_int_equal(cells.served_count[rat], found[rat]);
        }
        cdr_cells_free(&cells);
    }
}

static void few_cells_still_have_every_technology(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(100, 1);
    p.cells = 3;
    struct cdr_cells cells = cells_of(&p);
    for (uint32_t rat = 0; rat < CDR_RAT_COUNT; rat++) {
        assert_int_equal(cells.served_count[rat], 1);
        for (uint64_t place = 0; place <= UINT32_MAX; place += UINT32_MAX / 7)
            for (uint32_t nearby = 0; nearby < 2; nearby++)
                assert_int_equal(
                    cell_of(&cells, cdr_serving_cell(&cells, rat, (uint32_t)place, nearby))->rat,
                    rat);
    }
    cdr_cells_free(&cells);
    p.data[CDR_RAT_WCDMA].share = p.data[CDR_RAT_WCDMA].cell_share = 0;
    p.data[CDR_RAT_LTE].share = p.data[CDR_RAT_LTE].cell_share = 0;
    cells = cells_of(&p);
    assert_int_equal(cells.served_count[CDR_RAT_NR], 3);
    cdr_cells_free(&cells);
}

/* All cells serve some place, and only with their own technology. */
static void every_cell_serves(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(100, 1);
    struct cdr_cells cells = cells_of(&p);
    uint8_t *serves = calloc(p.cells, 1);
    for (uint32_t rat = 0; rat < CDR_RAT_COUNT; rat++) {
        for (uint64_t place = 0; place <= UINT32_MAX; place += UINT32_MAX / (4 * p.cells)) {
            uint32_t id = cdr_serving_cell(&cells, rat, (uint32_t)place, 0);
            assert_int_equal(cell_of(&cells, id)->rat, rat);
            serves[id - CDR_CELL_ID_FIRST] = 1;
        }
    }
    for (uint32_t i = 0; i < p.cells; i++)
        assert_true(serves[i]);
    free(serves);
    cdr_cells_free(&cells);
}

/* Distances in units of the technology's spacing, √(area / cells). */
static void near_fractions_are_near_places(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(100, 1);
    struct cdr_cells cells = cells_of(&p);
    double step = 0, cross = 0, n = 0, area = 3.14159265 * p.cell_radius_km * p.cell_radius_km;
    for (uint32_t i = 0; i + 1 < 20000; i++) {
        uint32_t place = (uint32_t)cdr_mix(i + 1);
        if (place > UINT32_MAX - UINT32_MAX / p.cells)
            continue;
        const struct cdr_cell *lte =
            cell_of(&cells, cdr_serving_cell(&cells, CDR_RAT_LTE, place, 0));
        const struct cdr_cell *next =
            cell_of(&cells, cdr_serving_cell(&cells, CDR_RAT_LTE, place, 1));
        const struct cdr_cell *nr = cell_of(&cells, cdr_serving_cell(&cells, CDR_RAT_NR, place, 0));
        step += distance_km(lte, next) / sqrt(area / cells.served_count[CDR_RAT_LTE]);
        cross += distance_km(lte, nr) / sqrt(area / cells.served_count[CDR_RAT_NR]);
        n++;
    }
    printf("    to a neighbour %.2f spacings, to the other technology's cell %.2f\n", step / n,
           cross / n);
    assert_true(step / n < 1);
    assert_true(cross / n < 1);
    cdr_cells_free(&cells);
}

/* ---- subscribers ---- */

static uint32_t place_of(const struct cdr_cells *cells, uint32_t subscriber, uint32_t which)
{
    uint64_t traits = cdr_place_traits(cells, subscriber), random = cdr_place_random(traits, which);
    uint32_t home = (uint32_t)(cdr_place_random(traits, 0) >> 32);
    return cdr_place_at(cells, which, (uint32_t)traits, home, (uint32_t)random,
                        (uint32_t)(random >> 32));
}

static void homes_are_spread_over_the_order(void **state)
{
    (void)state;
    enum { N = 100000 };
    struct cdr_parameters p = parameters_of(N, 1);
    struct cdr_cells cells = cells_of(&p);
    double *homes = malloc(N * sizeof *homes);
    for (uint32_t s = 0; s < N; s++)
        homes[s] = place_of(&cells, s, 0) / 4294967296.0;
    assert_likely(distribution_p(homes, N, itself, NULL), "homes");
    free(homes);
    cdr_cells_free(&cells);
}

/* The share of the order between home and another place is the square of the distance's share of
 * the disc. */
static double law_density(double km)
{
    return pow(km + 1.5, -1.75) * exp(-km / 400);
}

static double integral(double to_km)
{
    double sum = 0, step = to_km / 2000;
    for (int i = 0; i < 2000; i++)
        sum += law_density((i + 0.5) * step) * step;
    return sum;
}

static void distances_follow_their_law(void **state)
{
    (void)state;
    enum { N = 100000, EDGES = 14 };
    static const double edges_km[EDGES] = {0.5, 1, 1.5, 2, 3, 4, 6, 8, 12, 18, 28, 45, 70, 100};
    struct cdr_parameters p = parameters_of(N, 1);
    struct cdr_cells cells = cells_of(&p);
    double wanted[EDGES], below = 0;
    for (int e = 0; e < EDGES; e++) {
        double upto = integral(edges_km[e]);
        wanted[e] = upto - below;
        below = upto;
    }
    for (uint32_t which = 1; which < 4; which++) {
        double counts[EDGES] = {0};
        for (uint32_t s = 0; s < N; s++) {
            uint64_t random = cdr_place_random(cdr_place_traits(&cells, s), which);
            uint32_t home = place_of(&cells, s, 0), place = place_of(&cells, s, which);
            uint32_t along = random >> 63 != 0 ? place - home : home - place;
            double km = 2 * p.cell_radius_km * sqrt(along / 4294967296.0);
            int e = 0;
            while (e + 1 < EDGES && km >= edges_km[e])
                e++;
            counts[e]++;
        }
        assert_likely(shares_p(counts, wanted, EDGES), "home to place %u", which);
    }
    cdr_cells_free(&cells);
}

static void nights_are_at_home_and_days_at_work(void **state)
{
    (void)state;
    enum { N = 100000 };
    struct cdr_parameters p = parameters_of(N, 1);
    struct cdr_cells cells = cells_of(&p);
    const uint32_t slot = 1928440;
    static const struct {
        uint32_t hour;
        double home, work; /* of those who have a place of work */
    } cases[] = {
        {3, .97, .01}, {10, .22, .63}, {19, .65, .06}, {24 + 3, .96, .01}, {24 + 13, .52, .07}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        double at[2 + CDR_PLACES] = {0}, workers = 0, others[CDR_PLACES], wanted[CDR_PLACES];
        for (uint32_t s = 0; s < N; s++) {
            uint64_t traits = cdr_place_traits(&cells, s),
                     moment = cdr_place_moment(&cells, s, slot + 4 * (uint32_t)c);
            if ((traits & 0xff) < 85)
                continue;
            workers++;
            uint32_t which = cdr_place_which(&cells, (uint32_t)traits, (uint32_t)moment,
                                             (uint32_t)(moment >> 32), cases[c].hour);
            assert_true(which < 2 + CDR_PLACES);
            at[which]++;
        }
        assert_likely(normal_p((workers / N - 171.0 / 256) / sqrt(0.22 / N)), "two thirds work");
        double home = cases[c].home, work = cases[c].work;
        assert_likely(normal_p((at[0] / workers - home) / sqrt(home * (1 - home) / workers)),
                      "at home at %u", cases[c].hour);
        assert_likely(normal_p((at[1] / workers - work) / sqrt(work * (1 - work) / workers)),
                      "at work");
        for (int k = 0; k < CDR_PLACES; k++) {
            others[k] = at[2 + k];
            wanted[k] = pow(k + 1, -1.2);
        }
        assert_likely(shares_p(others, wanted, CDR_PLACES), "other places by weight k^-1.2");
    }
    cdr_cells_free(&cells);
}

/* On the stream of records, from the cells alone. */
static void radii_of_gyration_have_a_heavy_tail(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(3000, 28);
    struct run run = run_model(&p, 1u << CDR_TYPE_DATA, 0);
    const struct cdr_cells *cells = &run.model->cells;
    double *sum = calloc(p.subscribers, 4 * sizeof *sum),
           *radii = calloc(p.subscribers, sizeof *radii);
    double night = 0, night_home = 0;
    for (size_t i = 0; i < run.count; i++) {
        const struct record *r = &run.records[i];
        const struct cdr_cell *cell = cell_of(cells, r->cell_id);
        double y = cell->lat * KM_PER_DEGREE,
               x = cell->lon * KM_PER_DEGREE * cos(p.cell_center_lat * RADIANS);
        double *s = sum + 4 * r->owner;
        s[0]++;
        s[1] += x;
        s[2] += y;
        s[3] += x * x + y * y;
        int64_t local_hour = (r->start_ms / 60000 + r->offset_min) / 60 % 24;
        if (local_hour < 4) {
            const struct cdr_cell *home =
                cell_of(cells, cdr_serving_cell(cells, r->rat, place_of(cells, r->owner, 0), 0));
            night++;
            night_home += distance_km(home, cell) < 8;
        }
    }
    uint32_t n = 0;
    for (uint32_t s = 0; s < p.subscribers; s++) {
        const double *t = sum + 4 * s;
        if (t[0] >= 30)
            radii[n++] = sqrt(fmax(0, t[3] / t[0] - (t[1] * t[1] + t[2] * t[2]) / (t[0] * t[0])));
    }
    qsort(radii, n, sizeof *radii, compare_doubles);
    printf("    radius of gyration p10 %.1f p50 %.1f p90 %.1f p99 %.1f max %.1f km; %.3f of the "
           "nights at home\n",
           radii[n / 10], radii[n / 2], radii[n * 9 / 10], radii[n * 99 / 100], radii[n - 1],
           night_home / night);
    assert_true(n > p.subscribers / 2);
    assert_true(radii[n / 2] > 1 && radii[n / 2] < 5);
    assert_true(radii[n * 9 / 10] > 3.5 * radii[n / 2]);
    assert_true(radii[n * 99 / 100] > 7 * radii[n / 2]);
    assert_true(night_home / night > 0.9);
    free(sum);
    free(radii);
    free_run(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_uniform_in_the_disc),
        cmocka_unit_test(technologies_have_their_shares),
        cmocka_unit_test(few_cells_still_have_every_technology),
        cmocka_unit_test(every_cell_serves),
        cmocka_unit_test(near_fractions_are_near_places),
        cmocka_unit_test(homes_are_spread_over_the_order),
        cmocka_unit_test(distances_follow_their_law),
        cmocka_unit_test(nights_are_at_home_and_days_at_work),
        cmocka_unit_test(radii_of_gyration_have_a_heavy_tail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
