/* Histograms: buckets that lie side by side, quantiles against sorted values, adding up. */
#include "base/histogram.h"

#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { N = 20000 };

static int64_t value(uint64_t i)
{
    /* Over six decades. */
    const uint64_t hash = cdr_mix(i + 1);
    return (int64_t)(hash % 1000) * (int64_t[]){1, 10, 100, 1000, 100000, 1000000}[hash >> 32 & 3];
}

static int by_value(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void test_quantiles_are_those_of_the_values_to_three_digits(void **state)
{
    (void)state;
    static int64_t values[N];
    struct cdr_histogram histogram;
    assert_true(cdr_histogram_init(&histogram));
    for (uint64_t i = 0; i < N; i++)
        cdr_histogram_add(&histogram, values[i] = value(i), 1);
    qsort(values, N, sizeof *values, by_value);
    for (unsigned percent = 1; percent <= 100; percent++) {
        const int64_t wanted = values[N / 100 * percent - 1];
        const int64_t got = cdr_histogram_quantile_us(&histogram, percent / 100.0);
        if (got < wanted || (double)got > (double)wanted * 1.001)
            fail_msg("p%u is %lld, not %lld", percent, (long long)got, (long long)wanted);
    }
    assert_int_equal(histogram.max_us, values[N - 1]);
    cdr_histogram_free(&histogram);
}

static void test_every_value_is_in_a_bucket_of_a_thousandth(void **state)
{
    (void)state;
    for (int64_t us = 1; us < INT64_C(86400000000); us += us / 700 + 1) {
        struct cdr_histogram histogram;
        assert_true(cdr_histogram_init(&histogram));
        cdr_histogram_add(&histogram, us, 1);
        cdr_histogram_add(&histogram, INT64_C(86400000000), 1);
        const int64_t got = cdr_histogram_quantile_us(&histogram, 0.5);
        if (got < us || got - us > us / 1000)
            fail_msg("%lld is taken for %lld", (long long)us, (long long)got);
        cdr_histogram_free(&histogram);
    }
}

static void test_two_added_up_are_one_of_both(void **state)
{
    (void)state;
    struct cdr_histogram one, other, both;
    assert_true(cdr_histogram_init(&one) && cdr_histogram_init(&other) &&
                cdr_histogram_init(&both));
    for (uint64_t i = 0; i < N; i++) {
        cdr_histogram_add(i % 3 == 0 ? &one : &other, value(i), 2);
        cdr_histogram_add(&both, value(i), 2);
    }
    cdr_histogram_merge(&one, &other);
    for (unsigned percent = 0; percent <= 100; percent++)
        assert_int_equal(cdr_histogram_quantile_us(&one, percent / 100.0),
                         cdr_histogram_quantile_us(&both, percent / 100.0));
    assert_int_equal(one.n, 2 * N);
    cdr_histogram_free(&one);
    cdr_histogram_free(&other);
    cdr_histogram_free(&both);
}

static void test_a_line_negative_and_long_values(void **state)
{
    (void)state;
    struct cdr_histogram histogram;
    assert_true(cdr_histogram_init(&histogram));
    assert_int_equal(cdr_histogram_quantile_us(&histogram, 0.5), 0);
    cdr_histogram_add_line(&histogram, 100, 200, 101);
    assert_int_equal(histogram.n, 101);
    assert_int_equal(cdr_histogram_quantile_us(&histogram, 0.5), 150);
    assert_true(cdr_histogram_mean_us(&histogram) == 150);
    cdr_histogram_add(&histogram, -5, 1);
    cdr_histogram_add(&histogram, INT64_MAX, 1);
    assert_int_equal(histogram.max_us, INT64_C(86400000000));
    cdr_histogram_free(&histogram);
}

static void test_the_export_ends_with_all_values(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct cdr_histogram histogram;
    assert_true(cdr_histogram_init(&histogram));
    for (int64_t ms = 1; ms <= 1000; ms++)
        cdr_histogram_add(&histogram, ms * 1000, 1);
    cdr_histogram_export(&histogram, out);
    fclose(out);
    assert_non_null(strstr(text, "Value     Percentile TotalCount 1/(1-Percentile)"));
    assert_non_null(strstr(text, "0.500000000000        500           2.00\n"));
    assert_non_null(strstr(text, "    1000.000 1.000000000000       1000\n#[Mean"));
    free(text);
    cdr_histogram_free(&histogram);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantiles_are_those_of_the_values_to_three_digits),
        cmocka_unit_test(test_every_value_is_in_a_bucket_of_a_thousandth),
        cmocka_unit_test(test_two_added_up_are_one_of_both),
        cmocka_unit_test(test_a_line_negative_and_long_values),
        cmocka_unit_test(test_the_export_ends_with_all_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
