/* Lasting traits: activity has a mean of exactly 1 and the lognormal's shape; degrees have a heavy
 * tail. */
#include "base/math.h"
#include "model/contacts.h"
#include "model/traits.h"
#include "statistics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "model_run.h"

static struct cdr_traits traits_of(uint32_t subscribers, double sigma, uint64_t seed)
{
    struct cdr_parameters p = parameters_of(subscribers, 1);
    struct cdr_traits traits;
    p.activity_sigma = sigma;
    p.seed = seed;
    cdr_traits_init(&traits, &p);
    return traits;
}

static void the_mean_activity_is_exactly_1(void **state)
{
    (void)state;
    static const uint32_t subscribers[] = {1, 2, 7, 100, 4097, 100000, 1000000};
    static const double sigmas[] = {0, 0.5, 0.8, 2};
    for (size_t n = 0; n < sizeof subscribers / sizeof *subscribers; n++) {
        for (size_t s = 0; s < sizeof sigmas / sizeof *sigmas; s++) {
            struct cdr_traits traits = traits_of(subscribers[n], sigmas[s], 42 + n);
            double sum = 0;
            for (uint32_t i = 0; i < subscribers[n]; i++)
                sum += traits.activity[cdr_activity_class(&traits, i)];
            assert_true(fabs(sum / subscribers[n] - 1) < 1e-10);
        }
    }
}

/* Shares of the classes: 96 equal ones below the top 1/32, then two a halving. */
static double class_share(uint32_t c)
{
    if (c < CDR_ACTIVITY_BULK)
        return 31.0 / 32 / CDR_ACTIVITY_BULK;
    uint32_t t = c - CDR_ACTIVITY_BULK;
    double octave = 1.0 / 32;
    for (uint32_t i = 0; i < t / 2; i++)
        octave /= 2;
    if (c + 1 == CDR_ACTIVITY_CLASSES)
        return octave * 0.75;
    return octave / 4;
}

static void classes_have_their_shares(void **state)
{
    (void)state;
    enum { N = 3000000 };
    struct cdr_traits traits = traits_of(1, 0.8, 42);
    static double counts[CDR_ACTIVITY_CLASSES], shares[CDR_ACTIVITY_CLASSES];
    double whole = 0;
    for (uint32_t s = 0; s < N; s++)
        counts[cdr_activity_class(&traits, s)]++;
    for (uint32_t c = 0; c < CDR_ACTIVITY_CLASSES; c++)
        whole += shares[c] = class_share(c);
    assert_true(fabs(whole - 1) < 1e-12);
    assert_likely(shares_p(counts, shares, CDR_ACTIVITY_CLASSES), "classes of activity");
}

/* The lognormal's mean of a class against the class's value, and the share of all events that the
 * most active have. */
static void activity_is_lognormal(void **state)
{
    (void)state;
    const double sigma = 0.8;
    struct cdr_traits traits = traits_of(1000000, sigma, 42);
    double below = 0, worst = 0, scale = traits.activity[CDR_ACTIVITY_BULK / 2];
    double median = 0, top = 0, whole = 0;
    for (uint32_t c = 0; c < CDR_ACTIVITY_CLASSES; c++) {
        double middle = below + class_share(c) / 2, z = cdr_normal_quantile(middle);
        below += class_share(c);
        if (fabs(middle - 0.5) < 0.01)
            median = traits.activity[c];
        worst = fmax(worst, fabs(log(traits.activity[c] / scale) -
                                 sigma * (z - cdr_normal_quantile((CDR_ACTIVITY_BULK / 2 + 0.5) *
                                                                  31 / 32 / 96))));
        whole += class_share(c) * traits.activity[c];
        top += middle > 31.0 / 32 ? class_share(c) * traits.activity[c] : 0;
    }
    assert_true(worst < 1e-9);
    assert_true(fabs(median - exp(-sigma * sigma / 2)) < 0.02);
    assert_true(fabs(whole - 1) < 0.01);
    /* Φ(sigma − z) with z of 31/32: what a lognormal's top 1/32 has. */
    double wanted = normal_cdf(sigma - cdr_normal_quantile(31.0 / 32));
    printf("    the most active 1/32 make %.4f of the events, a lognormal's %.4f\n", top, wanted);
    assert_true(fabs(top - wanted) < 0.004);
    assert_true(traits.activity[CDR_ACTIVITY_CLASSES - 1] > 25 * median);
}

static void sigma_0_makes_all_alike(void **state)
{
    (void)state;
    struct cdr_traits traits = traits_of(1000, 0, 42);
    for (uint32_t c = 0; c < CDR_ACTIVITY_CLASSES; c++)
        assert_true(fabs(traits.activity[c] - 1) < 1e-12);
}

static void degrees_have_a_heavy_tail(void **state)
{
    (void)state;
    enum { N = 200000 };
    struct cdr_parameters p = parameters_of(N, 1);
    struct cdr_model *model = model_of(&p);
    double *degrees = malloc(N * sizeof *degrees), product = 0, sum = 0, squares = 0, activity = 0,
           activities = 0;
    for (uint32_t s = 0; s < N; s++) {
        uint32_t class = cdr_activity_class(&model->traits, s);
        uint32_t degree_class =
            cdr_degree_class(&model->traits, class, cdr_rank_traits(&model->contacts, s));
        assert_true(degree_class < CDR_DEGREE_CLASSES);
        degrees[s] = model->traits.degree[degree_class];
        double x = log(degrees[s]), y = log(model->traits.activity[class]);
        sum += x;
        squares += x * x;
        activity += y;
        activities += y * y;
        product += x * y;
    }
    double correlation =
        (product / N - sum / N * activity / N) /
        sqrt((squares / N - sum / N * sum / N) * (activities / N - activity / N * activity / N));
    qsort(degrees, N, sizeof *degrees, compare_doubles);
    printf(
        "    degree p10 %g p50 %g p90 %g p99 %g p99.9 %g max %g, correlation with activity %.2f\n",
        degrees[N / 10], degrees[N / 2], degrees[N * 9 / 10], degrees[N * 99 / 100],
        degrees[N - N / 1000], degrees[N - 1], correlation);
    assert_true(degrees[N / 2] >= 18 && degrees[N / 2] <= 24);
    assert_true(degrees[N * 99 / 100] > 8 * degrees[N / 2]);
    assert_true(degrees[N - N / 1000] > 12 * degrees[N / 2]);
    assert_true(degrees[N - 1] == CDR_DEGREE_MAX);
    double at_most = 0;
    for (uint32_t s = 0; s < N; s++)
        at_most += degrees[s] == CDR_DEGREE_MAX;
    assert_true(at_most < N / 500.0); /* the bound cuts off next to nothing */
    assert_true(correlation > 0.5 && correlation < 0.65);
    free(degrees);
    cdr_model_destroy(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mean_activity_is_exactly_1),
        cmocka_unit_test(classes_have_their_shares),
        cmocka_unit_test(activity_is_lognormal),
        cmocka_unit_test(sigma_0_makes_all_alike),
        cmocka_unit_test(degrees_have_a_heavy_tail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
