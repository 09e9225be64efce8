/* base/math.h against libm, over the ranges that it promises. */
#include "base/math.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static double relative(double value, double wanted)
{
    return fabs(value - wanted) / fmax(fabs(wanted), 1e-300);
}

static void exp_agrees_with_libm(void **state)
{
    (void)state;
    double worst = 0;
    for (double x = -700; x <= 700; x += 0.00873)
        worst = fmax(worst, relative(cdr_exp(x), exp(x)));
    for (double x = -1e-3; x <= 1e-3; x += 1e-7)
        worst = fmax(worst, relative(cdr_exp(x), exp(x)));
    printf("    largest relative error %.2g\n", worst);
    assert_true(worst < 1e-15);
    assert_true(cdr_exp(0) == 1);
}

static void log_agrees_with_libm(void **state)
{
    (void)state;
    double worst = 0, worst_near_1 = 0;
    for (double x = 1e-300; x < 1e300; x *= 1.00317)
        worst = fmax(worst, fabs(log(x)) > 1e-3 ? relative(cdr_log(x), log(x)) : 0);
    for (double x = 0.5; x < 2; x += 1e-5)
        worst_near_1 = fmax(worst_near_1, fabs(cdr_log(x) - log(x)));
    printf("    largest relative error %.2g, absolute error near 1 %.2g\n", worst, worst_near_1);
    assert_true(worst < 1e-15);
    assert_true(worst_near_1 < 1e-15);
    assert_true(cdr_log(1) == 0);
}

static void cos_agrees_with_libm(void **state)
{
    (void)state;
    double worst = 0;
    for (double x = -2 * 3.14159265358979; x <= 2 * 3.14159265358979; x += 1e-4)
        worst = fmax(worst, fabs(cdr_cos(x) - cos(x)));
    printf("    largest absolute error %.2g\n", worst);
    assert_true(worst < 2e-14);
    assert_true(cdr_cos(0) == 1);
}

static void pow_agrees_with_libm(void **state)
{
    (void)state;
    double worst = 0;
    for (double x = 1e-3; x < 1e4; x *= 1.0137)
        for (double y = -3; y <= 3; y += 0.113)
            worst = fmax(worst, relative(cdr_pow(x, y), pow(x, y)));
    printf("    largest relative error %.2g\n", worst);
    assert_true(worst < 1e-14);
}

/* libm has no normal quantile, but its inverse: Φ(z) = erfc(−z / √2) / 2. The error of z is that of
 * p over the density. */
static void normal_quantile_is_the_inverse_of_erfc(void **state)
{
    (void)state;
    double worst = 0;
    for (double p = 1e-300; p < 0.5; p *= 1.0099) {
        double z = cdr_normal_quantile(p);
        worst = fmax(worst, relative(erfc(-z / sqrt(2)) / 2, p) / fmax(1, z * z));
    }
    for (double p = 0.001; p < 0.9995; p += 0.0001) {
        double z = cdr_normal_quantile(p);
        worst = fmax(worst, fabs(erfc(-z / sqrt(2)) / 2 - p));
        assert_true(fabs(z + cdr_normal_quantile(1 - p)) < 1e-12);
    }
    printf("    largest error %.2g\n", worst);
    assert_true(worst < 1e-14);
    assert_true(cdr_normal_quantile(0.5) == 0);
    assert_true(fabs(cdr_normal_quantile(0.975) - 1.959963984540054) < 1e-14);
    assert_true(fabs(cdr_normal_quantile(0.9) - 1.2815515655446004) < 1e-14);
}

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* The same on every machine: exact bits, here those of x86-64 with SSE2. */
static void results_are_pinned(void **state)
{
    (void)state;
    uint64_t sum = 0;
    for (int i = 1; i < 1000; i++) {
        double x = i / 1000.0;
        sum = sum * 31 + bits_of(cdr_exp(10 * x - 5));
        sum = sum * 31 + bits_of(cdr_log(x));
        sum = sum * 31 + bits_of(cdr_cos(6 * x));
        sum = sum * 31 + bits_of(cdr_pow(x, 1.5));
        sum = sum * 31 + bits_of(cdr_normal_quantile(x));
    }
    assert_true(sum == UINT64_C(0xcd419c419d24e510));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exp_agrees_with_libm),
        cmocka_unit_test(log_agrees_with_libm),
        cmocka_unit_test(cos_agrees_with_libm),
        cmocka_unit_test(pow_agrees_with_libm),
        cmocka_unit_test(normal_quantile_is_the_inverse_of_erfc),
        cmocka_unit_test(results_are_pinned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
