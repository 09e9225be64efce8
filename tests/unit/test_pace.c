/* The schedule: lines of slices, what is due when, and how finely a slot is cut. */
#include "pipeline/pace.h"

#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#define START_NS INT64_C(5000000000000)
#define START_MS INT64_C(1735686000000)

static void near(double got, double wanted, double tolerance)
{
    if (fabs(got - wanted) > tolerance)
        fail_msg("%.3f, not %.3f", got, wanted);
}

/* An hour of emission time takes a minute, and a slice starts where the one before it ended. */
static void test_speed(void **state)
{
    (void)state;
    struct cdr_pace pace = {
        .kind = CDR_PACE_SPEED, .speed = 60, .start_ns = START_NS, .emission_start_ms = START_MS};
    struct cdr_pace_line line = cdr_pace_slice(&pace, START_MS, 1000, 12345);
    near(line.due_ns, (double)START_NS, 1);
    near((double)(cdr_pace_due_ns(&line, START_MS + 1000) - START_NS), 1e9 / 60, 100);
    struct cdr_pace_line next = cdr_pace_slice(&pace, START_MS + 1000, 1000, 0);
    near(next.due_ns, (double)cdr_pace_due_ns(&line, START_MS + 1000), 100);
    struct cdr_pace_line last = cdr_pace_slice(&pace, START_MS + 3600000, 1000, 1);
    near(last.due_ns - (double)START_NS, 60e9, 1000);
}

/* Records of a slice spread over it; slices without records take no time. */
static void test_rate(void **state)
{
    (void)state;
    struct cdr_pace pace = {.kind = CDR_PACE_RATE,
                            .rate_per_s = 500,
                            .start_ns = START_NS,
                            .emission_start_ms = START_MS};
    struct cdr_pace_line line = cdr_pace_slice(&pace, START_MS, 1000, 250);
    near(line.due_ns, (double)START_NS, 1);
    near((double)(cdr_pace_due_ns(&line, START_MS + 1000) - START_NS), 0.5e9, 100);
    line = cdr_pace_slice(&pace, START_MS + 1000, 1000, 0);
    near(line.due_ns - (double)START_NS, 0.5e9, 100);
    near(line.ns_per_ms, 0, 0);
    assert_int_equal(cdr_pace_due_ms(&line, (int64_t)line.due_ns + 1), START_MS + 2000);
    line = cdr_pace_slice(&pace, START_MS + 2000, 2000, 1000);
    near(line.due_ns - (double)START_NS, 0.5e9, 100);
    line = cdr_pace_slice(&pace, START_MS + 4000, 2000, 1);
    near(line.due_ns - (double)START_NS, 2.5e9, 100);
}

static void test_live(void **state)
{
    (void)state;
    struct cdr_pace pace = {
        .kind = CDR_PACE_LIVE, .start_ns = START_NS, .emission_start_ms = START_MS};
    int64_t now_ms = START_MS + 86400000;
    pace.wall_to_monotonic_ns = START_NS - now_ms * 1000000;
    struct cdr_pace_line past = cdr_pace_slice(&pace, START_MS, 3600000, 5);
    assert_int_equal(cdr_pace_due_ms(&past, START_NS), START_MS + 3600000);
    struct cdr_pace_line present = cdr_pace_slice(&pace, now_ms - 1000, 3600000, 5);
    /* Doubles of nanoseconds since 1970 are good to a quarter of a microsecond. */
    assert_in_range(cdr_pace_due_ms(&present, START_NS), now_ms, now_ms + 1);
    near((double)(cdr_pace_due_ns(&present, now_ms + 2000) - START_NS), 2e9, 10000);
    struct cdr_pace_line future = cdr_pace_slice(&pace, now_ms + 1, 3600000, 5);
    assert_int_equal(cdr_pace_due_ms(&future, START_NS), now_ms + 1);
}

/* At the time at which a record is due, it is: whoever sleeps until then finds work, and never
 * finds it much before. */
static void test_due_agrees_with_itself(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 2000; seed++) {
        uint64_t draw = cdr_mix(seed);
        struct cdr_pace pace = {.kind = seed % 3 == 0   ? CDR_PACE_SPEED
                                        : seed % 3 == 1 ? CDR_PACE_RATE
                                                        : CDR_PACE_LIVE,
                                .speed = exp((double)(draw % 1000) / 1000 * 16 - 4),
                                .rate_per_s = 1 + (double)(draw % 1000000),
                                .start_ns = START_NS,
                                .emission_start_ms = START_MS};
        pace.wall_to_monotonic_ns = START_NS - (START_MS + 100000) * 1000000;
        int64_t span_ms = 1 + (int64_t)(draw >> 40) % 100000;
        struct cdr_pace_line line =
            cdr_pace_slice(&pace, START_MS + (int64_t)(draw >> 20) % 1000000, span_ms, draw % 5000);
        int64_t before = INT64_MIN;
        for (int64_t step = -2; step <= 20; step++) {
            int64_t now_ns =
                (int64_t)line.due_ns + step * (int64_t)(line.ns_per_ms * (double)span_ms / 16);
            int64_t due_ms = cdr_pace_due_ms(&line, now_ns);
            assert_in_range(due_ms, line.from_ms, line.from_ms + span_ms);
            assert_true(due_ms >= before || line.ns_per_ms == 0);
            before = due_ms;
        }
        int64_t record_ms = line.from_ms + (int64_t)(draw >> 10) % span_ms;
        int64_t due_ns = cdr_pace_due_ns(&line, record_ms);
        assert_true(cdr_pace_due_ms(&line, due_ns + 1000) > record_ms);
        if (line.ns_per_ms > 3000 && record_ms > line.from_ms)
            assert_true(cdr_pace_due_ms(&line, due_ns - 1000 - (int64_t)line.ns_per_ms) <=
                        record_ms);
        assert_int_equal(cdr_pace_due_ms(&line, (int64_t)line.due_ns +
                                                    (int64_t)(line.ns_per_ms * (double)span_ms) +
                                                    2000),
                         line.from_ms + span_ms);
    }
}

/* By rank: a record is due when its number is reached, and at the end not one more. */
static void test_ranks(void **state)
{
    (void)state;
    struct cdr_programme program;
    assert_int_equal(cdr_programme_parse("ramp 0..1k 2s; pause 1s; hold 333 500ms", &program, NULL),
                     CDR_OK);
    struct cdr_pace paces[] = {
        {.kind = CDR_PACE_EVEN, .rate_per_s = 777, .limit_ns = 3 * INT64_C(1000000000)},
        {.kind = CDR_PACE_PROGRAM, .program = &program},
        {.kind = CDR_PACE_PROGRAM, .program = &program, .limit_ns = INT64_C(1500000000)},
    };
    const uint64_t all[] = {2331, 1166, 562};
    for (size_t i = 0; i < sizeof paces / sizeof *paces; i++) {
        struct cdr_pace *pace = &paces[i];
        pace->start_ns = START_NS;
        assert_true(cdr_pace_by_rank(pace));
        assert_int_equal(cdr_pace_due_count(pace, START_NS - 1), 0);
        assert_int_equal(cdr_pace_due_count(pace, START_NS), 1);
        assert_int_equal(cdr_pace_due_count(pace, cdr_pace_end_ns(pace)), all[i]);
        for (uint64_t rank = 1; rank < all[i]; rank++) {
            const int64_t due_ns = cdr_pace_rank_ns(pace, rank);
            assert_in_range(cdr_pace_due_count(pace, due_ns + 100), rank + 1, all[i]);
            assert_in_range(cdr_pace_due_count(pace, due_ns - 100), 1, rank);
        }
    }
    struct cdr_pace rate = {.kind = CDR_PACE_RATE, .rate_per_s = 5, .start_ns = START_NS};
    assert_false(cdr_pace_by_rank(&rate));
    assert_true(cdr_pace_end_ns(&rate) == INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_speed), cmocka_unit_test(test_rate),
        cmocka_unit_test(test_live),  cmocka_unit_test(test_due_agrees_with_itself),
        cmocka_unit_test(test_ranks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
