/* A programme that is decided while it runs: stages begin where and when they are taken, end, are cut and replaced, and in
 * between nothing is due. */
#include "pipeline/pace.h"
#include "pipeline/steering.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define START_NS INT64_C(5000000000000)
#define SECOND INT64_C(1000000000)

static struct cdr_steering steering;
static struct cdr_pace pace;
static uint64_t rank;

static int begin(void **state)
{
    (void)state;
    cdr_steering_init(&steering);
    rank = 0;
    pace = (struct cdr_pace){.kind = CDR_PACE_PROGRAM,
                             .program = &steering.program,
                             .steering = &steering,
                             .start_ns = START_NS};
    return 0;
}

static int end(void **state)
{
    (void)state;
    cdr_steering_free(&steering);
    return 0;
}

/* As the pipeline: a look, and all that is due goes out. */
static uint64_t look(double seconds)
{
    const int64_t now_ns = START_NS + (int64_t)(seconds * 1e9);
    assert_true(cdr_steering_step(&steering, pace.start_ns, now_ns, rank));
    const uint64_t due = cdr_pace_due_count(&pace, now_ns);
    rank = due > rank ? due : rank;
    return rank;
}

static void test_nothing_is_due_before_the_first_stage(void **state)
{
    (void)state;
    assert_int_equal(look(0), 0);
    assert_int_equal(look(1000), 0);
    assert_true(cdr_pace_rank_ns(&pace, 0) == INT64_MAX);
    assert_true(cdr_pace_end_ns(&pace) == INT64_MAX);
}

static void test_a_stage_begins_when_it_is_taken(void **state)
{
    (void)state;
    look(10);
    cdr_steering_hold(&steering, 100, 2.505);
    assert_true(cdr_steering_look(&steering).waits);
    assert_int_equal(look(20), 1);
    assert_false(cdr_steering_look(&steering).waits);
    assert_true(cdr_steering_look(&steering).start_ns == START_NS + 20 * SECOND);
    assert_int_equal(look(21.001), 101);
    assert_true(cdr_pace_rank_ns(&pace, 150) == START_NS + 21 * SECOND + SECOND / 2);
    /* Half a record is none, and nobody waits for it without sleeping. */
    assert_int_equal(look(30), 250);
    assert_true(cdr_pace_rank_ns(&pace, rank) == INT64_MAX);
    assert_int_equal(look(30.005), 250);
    assert_false(cdr_steering_look(&steering).holds);
    assert_int_equal(cdr_steering_look(&steering).next, 250);
    cdr_steering_hold(&steering, 10, 1);
    assert_int_equal(look(50), 251);
    assert_int_equal(cdr_steering_look(&steering).first, 250);
    assert_int_equal(look(51), 260);
}

static void test_a_stage_is_cut_and_another_takes_its_place(void **state)
{
    (void)state;
    cdr_steering_hold(&steering, 100, 60);
    look(0);
    assert_int_equal(look(1.001), 101);
    cdr_steering_cut(&steering);
    assert_int_equal(look(5), 101);
    assert_int_equal(look(50), 101);
    assert_false(cdr_steering_look(&steering).holds);
    cdr_steering_hold(&steering, 1000, 60);
    look(60);
    cdr_steering_hold(&steering, 1, 60);
    assert_int_equal(look(60.5), 103);
    assert_int_equal(look(63.501), 106);
}

static void test_the_end_ends_the_schedule(void **state)
{
    (void)state;
    assert_true(cdr_steering_step(&steering, START_NS, START_NS, 0));
    cdr_steering_end(&steering);
    assert_false(cdr_steering_step(&steering, START_NS, START_NS, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_is_due_before_the_first_stage, begin, end),
        cmocka_unit_test_setup_teardown(test_a_stage_begins_when_it_is_taken, begin, end),
        cmocka_unit_test_setup_teardown(test_a_stage_is_cut_and_another_takes_its_place, begin,
                                        end),
        cmocka_unit_test_setup_teardown(test_the_end_ends_the_schedule, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
