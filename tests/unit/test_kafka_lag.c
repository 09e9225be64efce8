/* The time for which the record that a group reads next has been there, from samples of the end. */
#include "kafka/lag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <math.h>

static void near(double got, double wanted)
{
    if (fabs(got - wanted) > 1e-6)
        fail_msg("%.6f, not %.6f", got, wanted);
}

static void test_between_samples_records_come_in_a_straight_line(void **state)
{
    (void)state;
    struct cdr_lag_ends *ends = calloc(1, sizeof *ends);
    bool at_least;
    near(cdr_lag_ends_seconds(ends, 5, &at_least), 0);
    cdr_lag_ends_add(ends, 1000, 100);
    cdr_lag_ends_add(ends, 2000, 100);
    cdr_lag_ends_add(ends, 3000, 300);
    cdr_lag_ends_add(ends, 9000, 300);
    /* 100 is the first of 200 that came between 2,000 and 3,000 ms; 299 the last. */
    near(cdr_lag_ends_seconds(ends, 100, &at_least), 9 - 2.005);
    assert_false(at_least);
    near(cdr_lag_ends_seconds(ends, 299, &at_least), 6);
    near(cdr_lag_ends_seconds(ends, 300, &at_least), 0);
    assert_false(at_least);
    near(cdr_lag_ends_seconds(ends, 99, &at_least), 8);
    assert_true(at_least);
    free(ends);
}

/* Records that come after a minute of silence have not been there for a minute. */
static void test_a_silence_is_no_lag(void **state)
{
    (void)state;
    struct cdr_lag_ends *ends = calloc(1, sizeof *ends);
    bool at_least;
    cdr_lag_ends_add(ends, 1000, 100);
    cdr_lag_ends_add(ends, 2000, 200);
    for (int64_t ms = 3000; ms < 62000; ms += 1000)
        cdr_lag_ends_add(ends, ms, 200);
    cdr_lag_ends_add(ends, 62000, 300);
    near(cdr_lag_ends_seconds(ends, 200, &at_least), 1 - 0.01);
    assert_false(at_least);
    free(ends);
}

static void test_a_ring_forgets_the_oldest_ends(void **state)
{
    (void)state;
    struct cdr_lag_ends *ends = calloc(1, sizeof *ends);
    bool at_least;
    for (int64_t i = 1; i <= 3 * CDR_LAG_ENDS; i++)
        cdr_lag_ends_add(ends, i * 1000, i * 10);
    const int64_t last = 3 * CDR_LAG_ENDS;
    for (int64_t back = 1; back < CDR_LAG_ENDS - 1; back += 77) {
        near(cdr_lag_ends_seconds(ends, (last - back) * 10 + 9, &at_least), (double)back - 1);
        assert_false(at_least);
    }
    near(cdr_lag_ends_seconds(ends, 5, &at_least), CDR_LAG_ENDS - 1);
    assert_true(at_least);
    free(ends);
}

/* An end that goes back, as of a topic that was created again, is no new end. */
static void test_an_end_that_falls_is_left_out(void **state)
{
    (void)state;
    struct cdr_lag_ends *ends = calloc(1, sizeof *ends);
    bool at_least;
    cdr_lag_ends_add(ends, 1000, 100);
    cdr_lag_ends_add(ends, 2000, 200);
    cdr_lag_ends_add(ends, 3000, 50);
    near(cdr_lag_ends_seconds(ends, 199, &at_least), 1);
    free(ends);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_between_samples_records_come_in_a_straight_line),
        cmocka_unit_test(test_a_silence_is_no_lag),
        cmocka_unit_test(test_a_ring_forgets_the_oldest_ends),
        cmocka_unit_test(test_an_end_that_falls_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
