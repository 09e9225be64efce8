/* What scripts/realism-card measures on 20,000 subscribers and 30 days, on fewer, with a fixed
 * seed: rhythm of calls, curves, places, sites, devices. test_trains has the rest of calls,
 * test_materialise the volumes and the numbers that many call. */
#include "statistics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "model_run.h"

enum { SUBSCRIBERS = 2500, DAYS = 21, HOURS_OF_WEEK = 168 };

static struct run run;

static int make_run(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(SUBSCRIBERS, DAYS);
    run = run_model(&p, ALL_TYPES, 1);
    return 0;
}

static int end_run(void **state)
{
    (void)state;
    free_run(&run);
    return 0;
}

static int by_owner(const void *a, const void *b)
{
    const struct record *left = a, *right = b;
    if (left->owner != right->owner)
        return left->owner < right->owner ? -1 : 1;
    return left->start_ms < right->start_ms ? -1 : left->start_ms > right->start_ms;
}

static const struct cdr_cell *cell_of(const struct record *r)
{
    return &run.model->cells.cells[r->cell_id - CDR_CELL_ID_FIRST];
}

/* Kilometres east and north of the disc's middle. */
static void place_of(const struct record *r, double *x, double *y)
{
    const struct cdr_parameters *p = &run.model->parameters;
    const struct cdr_cell *cell = cell_of(r);
    *y = (cell->lat - p->cell_center_lat) * 111.195;
    *x = (cell->lon - p->cell_center_lon) * 111.195 * cos(p->cell_center_lat * 0.017453292519943);
}

/* ---- rhythm ---- */

struct gaps {
    double *gap;
    size_t n;
};

/* (deviation − mean) / (deviation + mean). */
static double burstiness(const struct gaps *g)
{
    double mean = 0, squares = 0, n = (double)g->n;
    for (size_t i = 0; i < g->n; i++) {
        mean += g->gap[i] / n;
        squares += g->gap[i] * g->gap[i] / n;
    }
    double deviation = sqrt(squares - mean * mean);
    return (deviation - mean) / (deviation + mean);
}

/* Correlation of each gap with the next one. */
static double memory(const struct gaps *g)
{
    double n = (double)g->n - 1, sum[2] = {0}, square[2] = {0}, product = 0;
    for (size_t i = 0; i + 1 < g->n; i++) {
        const double pair[2] = {g->gap[i], g->gap[i + 1]};
        for (int k = 0; k < 2; k++) {
            sum[k] += pair[k];
            square[k] += pair[k] * pair[k];
        }
        product += pair[0] * pair[1];
    }
    double first = square[0] - sum[0] * sum[0] / n, second = square[1] - sum[1] * sum[1] / n;
    return (product - sum[0] * sum[1] / n) / sqrt(first * second);
}

struct tie {
    uint64_t one, other;
    int64_t start_ms;
};

static int by_tie(const void *a, const void *b)
{
    const struct tie *left = a, *right = b;
    if (left->one != right->one)
        return left->one < right->one ? -1 : 1;
    if (left->other != right->other)
        return left->other < right->other ? -1 : 1;
    return left->start_ms < right->start_ms ? -1 : left->start_ms > right->start_ms;
}

static uint64_t number_in(const char text[16])
{
    char digits[17] = {0};
    memcpy(digits, text, 16);
    return strtoull(digits, NULL, 10);
}

/* The calls that owners make, as ties: of a subscriber (other 0), or of two numbers. */
static struct tie *calls_made(int of_pairs, size_t *count)
{
    struct tie *ties = malloc(run.count * sizeof *ties);
    *count = 0;
    for (size_t i = 0; i < run.count; i++) {
        const struct record *r = &run.records[i];
        if (r->type != CDR_TYPE_CALL || r->direction != CDR_DIRECTION_MO)
            continue;
        uint64_t caller = number_in(r->src), called = number_in(r->dst);
        struct tie tie = {caller, 0, r->start_ms};
        if (of_pairs) {
            tie.one = caller < called ? caller : called;
            tie.other = caller < called ? called : caller;
        }
        ties[(*count)++] = tie;
    }
    qsort(ties, *count, sizeof *ties, by_tie);
    return ties;
}

/* Mean of a measure over all with so many calls. */
static double mean_of(int of_pairs, size_t least, double (*measure)(const struct gaps *),
                      size_t *of)
{
    size_t count, n = 0;
    double sum = 0;
    struct tie *ties = calls_made(of_pairs, &count);
    struct gaps gaps = {.gap = malloc(count * sizeof *gaps.gap)};
    for (size_t i = 0; i <= count; i++) {
        if (i > 0 && i < count && ties[i].one == ties[i - 1].one &&
            ties[i].other == ties[i - 1].other) {
            gaps.gap[gaps.n++] = (double)(ties[i].start_ms - ties[i - 1].start_ms);
            continue;
        }
        if (gaps.n + 1 >= least) {
            sum += measure(&gaps);
            n++;
        }
        gaps.n = 0;
    }
    free(gaps.gap);
    free(ties);
    *of = n;
    return sum / (double)n;
}

static void calls_come_in_bursts_that_stay(void **state)
{
    (void)state;
    size_t users, pairs, unused;
    double b = mean_of(0, 50, burstiness, &users), m = mean_of(0, 50, memory, &unused),
           tie = mean_of(1, 20, burstiness, &pairs);
    printf("    B = %.3f and M = %.3f of %zu subscribers, B = %.3f of %zu ties\n", b, m, users, tie,
           pairs);
    assert_true(users > 300 && pairs > 200);
    assert_true(b > 0.17 && b < 0.23);
    assert_true(m > 0.05 && m < 0.15);
    assert_true(tie > 0.12 && tie < 0.4);
}

/* ---- curves ---- */

static void no_hour_begins_with_a_jump(void **state)
{
    (void)state;
    double before[24] = {0}, after[24] = {0}, least = 9, most = 0;
    for (size_t i = 0; i < run.count; i++) {
        const struct record *r = &run.records[i];
        int64_t minutes = (r->start_ms / 60000 + r->offset_min) % 1440;
        after[minutes / 60] += minutes % 60 < 10;
        before[(minutes / 60 + 1) % 24] += minutes % 60 >= 50;
    }
    for (int hour = 0; hour < 24; hour++) {
        double ratio = after[hour] / before[hour];
        least = ratio < least ? ratio : least;
        most = ratio > most ? ratio : most;
    }
    printf("    ten minutes after full hours to those before: %.3f to %.3f\n", least, most);
    assert_true(least > 0.85 && most < 1.25);
}

static double correlation(const double *a, const double *b, int n)
{
    double sum[2] = {0}, square[2] = {0}, product = 0;
    for (int i = 0; i < n; i++) {
        sum[0] += a[i];
        sum[1] += b[i];
        square[0] += a[i] * a[i];
        square[1] += b[i] * b[i];
        product += a[i] * b[i];
    }
    return (product - sum[0] * sum[1] / n) /
           sqrt((square[0] - sum[0] * sum[0] / n) * (square[1] - sum[1] * sum[1] / n));
}

static void calls_and_sessions_have_other_hours(void **state)
{
    (void)state;
    double curves[CDR_TYPE_COUNT][HOURS_OF_WEEK] = {{0}};
    for (size_t i = 0; i < run.count; i++) {
        const struct record *r = &run.records[i];
        curves[r->type][(r->start_ms / 60000 + r->offset_min) / 60 % HOURS_OF_WEEK]++;
    }
    double r = correlation(curves[CDR_TYPE_CALL], curves[CDR_TYPE_DATA], HOURS_OF_WEEK);
    printf("    curves of the week of calls and sessions correlate by %.3f\n", r);
    assert_true(r > 0.6 && r < 0.85);
}

/* ---- places ---- */

static void nobody_is_in_two_places(void **state)
{
    (void)state;
    double near = 0, other_cell = 0, other_technology = 0, moment = 0;
    qsort(run.records, run.count, sizeof *run.records, by_owner);
    for (size_t i = 1; i < run.count; i++) {
        const struct record *a = &run.records[i - 1], *b = &run.records[i];
        double x[2], y[2], ms = (double)(b->start_ms - a->start_ms);
        if (a->owner != b->owner)
            continue;
        place_of(a, &x[0], &y[0]);
        place_of(b, &x[1], &y[1]);
        double km = hypot(x[0] - x[1], y[0] - y[1]);
        assert_true(km - 10 <= 150 * ms / 3.6e6);
        if (ms <= 100) {
            moment++;
            assert_int_equal(cell_of(a)->site, cell_of(b)->site);
            if (a->type == b->type)
                assert_int_equal(a->rat, b->rat);
        }
        near += ms <= 60000;
        other_cell += ms <= 60000 && a->cell_id != b->cell_id;
        other_technology += ms <= 60000 && a->rat != b->rat;
    }
    printf("    within a minute another cell %.4f, another technology %.4f\n", other_cell / near,
           other_technology / near);
    assert_true(near > 20000 && moment > 10);
    assert_true(other_cell / near < 0.2);
    assert_true(other_technology / near < 0.05);
}

/* The number of squares of 3 km that subscribers have visited by a time grows as its power. */
static void new_places_are_found_ever_more_slowly(void **state)
{
    (void)state;
    enum { SIDE = 64, TIMES = 20 };
    static uint8_t seen[SIDE * SIDE];
    double visited[TIMES] = {0}, n = TIMES, sum_x = 0, sum_y = 0, square = 0, product = 0;
    const int64_t first_ms =
        cdr_calendar_day_start_ms(&run.model->calendar, run.model->parameters.start_day);
    qsort(run.records, run.count, sizeof *run.records, by_owner);
    for (size_t i = 0; i < run.count; i++) {
        const struct record *r = &run.records[i];
        double x, y;
        if (i == 0 || r->owner != r[-1].owner)
            memset(seen, 0, sizeof seen);
        place_of(r, &x, &y);
        int square_at = ((int)floor(x / 3) + SIDE / 2) * SIDE + (int)floor(y / 3) + SIDE / 2;
        assert_true(square_at >= 0 && square_at < SIDE * SIDE);
        if (seen[square_at]++ != 0)
            continue;
        for (int k = 0; k < TIMES; k++) {
            double hours = 24 * pow(DAYS, k / (n - 1));
            visited[k] += (double)(r->start_ms - first_ms) / 3.6e6 <= hours;
        }
        seen[square_at] = 1;
    }
    for (int k = 0; k < TIMES; k++) {
        double x = log(24) + log(DAYS) * k / (n - 1), y = log(visited[k]);
        sum_x += x;
        sum_y += y;
        square += x * x;
        product += x * y;
    }
    double power = (product - sum_x * sum_y / n) / (square - sum_x * sum_x / n);
    printf("    S(t) ~ t^%.3f, %.1f squares in all\n", power, visited[TIMES - 1] / SUBSCRIBERS);
    assert_true(power > 0.5 && power < 0.7);
}

static int descending(const void *a, const void *b)
{
    const double *left = a, *right = b;
    return *left < *right ? 1 : *left > *right ? -1 : 0;
}

static void few_sites_have_most_records(void **state)
{
    (void)state;
    const uint32_t sites = run.model->cells.sites.sites;
    double *load = calloc(sites, sizeof *load), first = 0;
    for (size_t i = 0; i < run.count; i++)
        load[cell_of(&run.records[i])->site]++;
    qsort(load, sites, sizeof *load, descending);
    for (uint32_t i = 0; i < sites / 5; i++)
        first += load[i] / (double)run.count;
    printf("    a fifth of %u sites has %.3f of the records\n", sites, first);
    assert_true(first > 0.52 && first < 0.62);
    free(load);
}

/* ---- identities ---- */

static void three_of_a_hundred_have_another_device_within_a_month(void **state)
{
    (void)state;
    enum { MANY = 200000 };
    const struct cdr_parameters *p = &run.model->parameters;
    const struct cdr_renewal *device = &run.model->identities.device;
    const uint32_t day = (uint32_t)p->start_day;
    double changed = 0;
    for (uint32_t s = 0; s < MANY; s++)
        changed += cdr_renewal_number(device, s, day) != cdr_renewal_number(device, s, day + 30);
    printf("    %.4f have another device after 30 days\n", changed / MANY);
    assert_true(fabs(changed / MANY - 0.029) < 0.004);
    for (size_t i = 0; i < run.count; i++)
        assert_int_equal(run.records[i].mccmnc, 20408); /* one network for all */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_come_in_bursts_that_stay),
        cmocka_unit_test(no_hour_begins_with_a_jump),
        cmocka_unit_test(calls_and_sessions_have_other_hours),
        cmocka_unit_test(nobody_is_in_two_places),
        cmocka_unit_test(new_places_are_found_ever_more_slowly),
        cmocka_unit_test(few_sites_have_most_records),
        cmocka_unit_test(three_of_a_hundred_have_another_device_within_a_month),
    };
    return cmocka_run_group_tests(tests, make_run, end_run);
}
