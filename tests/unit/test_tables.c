/* Tables to sample from: what comes out of them is the distribution that went in. */
#include "base/hash.h"
#include "base/math.h"
#include "model/tables.h"
#include "statistics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "model_run.h"

static uint32_t random_of(uint64_t i)
{
    return (uint32_t)(cdr_mix(cdr_mix(i + 1)) >> 32);
}

/* ---- thresholds ---- */

static void outcomes_have_their_shares(void **state)
{
    (void)state;
    static const double weights[5] = {.82, .12, .04, .015, .005};
    uint32_t thresholds[5];
    double counts[5] = {0};
    cdr_thresholds_init(thresholds, weights, 5);
    for (uint64_t i = 0; i < 2000000; i++)
        counts[cdr_threshold_outcome(thresholds, 5, random_of(i))]++;
    assert_likely(shares_p(counts, weights, 5), "five outcomes");
}

/* Over all 2^32 values there is none that gives an outcome of weight 0: the edges tell. */
static void an_outcome_of_weight_0_never_comes(void **state)
{
    (void)state;
    static const double weights[][3] = {{0, 1, 0}, {1, 0, 0}, {0, 0, 1},
                                        {0, 3, 4}, {3, 0, 4}, {3, 4, 0}};
    for (size_t w = 0; w < sizeof weights / sizeof *weights; w++) {
        uint32_t thresholds[3];
        cdr_thresholds_init(thresholds, weights[w], 3);
        for (uint64_t k = 0; k < 3; k++) {
            for (int64_t near = -3; near <= 3; near++) {
                uint32_t random = (uint32_t)(((uint64_t)thresholds[k] << 1) + (uint64_t)near);
                assert_true(weights[w][cdr_threshold_outcome(thresholds, 3, random)] > 0);
            }
        }
        assert_true(weights[w][cdr_threshold_outcome(thresholds, 3, 0)] > 0);
        assert_true(weights[w][cdr_threshold_outcome(thresholds, 3, UINT32_MAX)] > 0);
    }
    assert_false(cdr_is_below(0, cdr_share_threshold(0)));
    assert_true(cdr_is_below(UINT32_MAX, cdr_share_threshold(1)));
}

/* ---- alias ---- */

static void alias_p(const double *weights, uint32_t n, const char *name)
{
    struct cdr_alias *table = calloc(n, sizeof *table);
    double *counts = calloc(n, sizeof *counts);
    struct cdr_error error = {0};
    assert_int_equal(cdr_alias_init(table, weights, n, &error), CDR_OK);
    for (uint64_t i = 0; i < 2000000; i++) {
        uint32_t outcome = cdr_alias_sample(table, n, random_of(i));
        assert_true(outcome < n);
        counts[outcome]++;
    }
    for (uint32_t i = 0; i < n; i++)
        if (weights[i] == 0)
            assert_true(counts[i] == 0);
    assert_likely(shares_p(counts, weights, n), "%s", name);
    free(table);
    free(counts);
}

static void aliases_have_their_weights(void **state)
{
    (void)state;
    double weights[512];
    weights[0] = 3;
    alias_p(weights, 1, "one outcome");
    for (int i = 0; i < 512; i++)
        weights[i] = cdr_pow(i + 1, -1.2);
    alias_p(weights, 2, "two outcomes");
    alias_p(weights, 8, "a power law of 8");
    alias_p(weights, 512, "a power law of 512");
    for (int i = 0; i < 100; i++)
        weights[i] = i % 3 == 0 ? 0 : i;
    alias_p(weights, 100, "every third of weight 0");
}

/* ---- quantiles ---- */

static double exponential(const void *state, double p)
{
    return -cdr_log(1 - p) * *(const double *)state;
}

static double exponential_cdf(double value, const void *state)
{
    return 1 - exp(-value / *(const double *)state);
}

static double scaled_normal(const void *state, double p)
{
    (void)state;
    return (cdr_normal_quantile(p) + 8) * 65536;
}

static double scaled_normal_cdf(double value, const void *state)
{
    (void)state;
    return normal_cdf(value / 65536 - 8);
}

static void quantiles_have_their_distribution(void **state)
{
    (void)state;
    enum { N = 500000 };
    static uint32_t knots[CDR_QUANTILE_KNOTS];
    double *values = malloc(N * sizeof *values), mean = 100000;
    cdr_quantiles_init(knots, exponential, &mean);
    for (uint64_t i = 0; i < N; i++)
        values[i] = cdr_quantile(knots, random_of(i));
    assert_likely(distribution_p(values, N, exponential_cdf, &mean), "exponential");
    cdr_quantiles_init(knots, scaled_normal, NULL);
    for (uint64_t i = 0; i < N; i++)
        values[i] = cdr_quantile(knots, random_of(i));
    assert_likely(distribution_p(values, N, scaled_normal_cdf, NULL), "normal");
    free(values);
}

/* All of the tail of 1/1,024 that only its own knots show. */
static void quantiles_reach_into_the_tail(void **state)
{
    (void)state;
    static uint32_t knots[CDR_QUANTILE_KNOTS];
    double mean = 70000, worst = 0;
    cdr_quantiles_init(knots, exponential, &mean);
    for (double above = 1.0 / 1024; above > 2e-6; above *= 0.97) {
        uint32_t random = (uint32_t)((1 - above) * 4294967296.0);
        double wanted = -log(above) * mean;
        worst = fmax(worst, fabs(cdr_quantile(knots, random) - wanted) / mean);
    }
    assert_true(
        worst <
        0.08); /* linear between knots; the last, where the table ends, are 2^-20 and 2^-21 */
    assert_true(cdr_quantile(knots, UINT32_MAX) >= (uint32_t)(14 * mean));
}

static void quantiles_never_fall(void **state)
{
    (void)state;
    static uint32_t knots[CDR_QUANTILE_KNOTS];
    cdr_quantiles_init(knots, scaled_normal, NULL);
    uint32_t before = 0;
    for (uint64_t random = 0; random <= UINT32_MAX; random += 1021) {
        uint32_t value = cdr_quantile(knots, (uint32_t)random);
        assert_true(value >= before);
        before = value;
    }
}

/* Interpolation multiplies a step by 4,095 in 32 bits. Every table of the model, at the ends of
 * what parameters allow. */
static void assert_small_steps(const uint32_t *knots, const char *name)
{
    for (uint32_t i = 0; i + 1 < CDR_QUANTILE_KNOTS; i++) {
        if (i == CDR_QUANTILE_CELLS - 1)
            continue; /* stands for the tail's own knots */
        if (knots[i + 1] < knots[i] || knots[i + 1] - knots[i] >= 1u << 20)
            fail_msg("%s: knot %u is %u, the next %u", name, i, knots[i], knots[i + 1]);
    }
}

static void assert_model_steps(const struct cdr_parameters *p)
{
    struct cdr_model *model = model_of(p);
    assert_small_steps(model->call_duration, "call durations");
    assert_small_steps(model->normal, "normal");
    assert_small_steps(model->delay, "delays");
    assert_small_steps(model->sms_delay, "deliveries");
    assert_small_steps(model->trains[CDR_TYPE_CALL].gap, "gaps between calls");
    assert_small_steps(model->trains[CDR_TYPE_SMS].gap, "gaps between messages");
    cdr_model_destroy(model);
}

static void steps_fit_the_interpolation(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(100, 1);
    assert_model_steps(&p);
    static const double radii[] = {0.1, 1, 10, 100, 500, 2000};
    for (size_t i = 0; i < sizeof radii / sizeof *radii; i++) {
        p.cell_radius_km = radii[i];
        assert_model_steps(&p);
    }
    p.faults[CDR_FAULT_LATE] = 1;
    p.late_mean_s = p.late_max_s = 86400;
    p.duration_max_s = 86400;
    static const double quantiles[][2] = {{1, 1},        {1, 10},        {1, 600},  {75, 86400},
                                          {3600, 86400}, {86400, 86400}, {1, 86400}};
    for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles; i++) {
        p.call_duration_p50_s = quantiles[i][0];
        p.call_duration_p90_s = quantiles[i][1];
        assert_model_steps(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outcomes_have_their_shares),
        cmocka_unit_test(an_outcome_of_weight_0_never_comes),
        cmocka_unit_test(aliases_have_their_weights),
        cmocka_unit_test(quantiles_have_their_distribution),
        cmocka_unit_test(quantiles_reach_into_the_tail),
        cmocka_unit_test(quantiles_never_fall),
        cmocka_unit_test(steps_fit_the_interpolation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
