/* Programmes: what is read and refused, and that the integral and its inverse are those of the rate. */
#include "base/programme.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

static const char all[] =
    "ramp 0..50k 2m; hold 50k 5m; pause 30s; burst 200k/s for 10s; sine 20k..80k every 10m for 25m;"
    "ramp 80k..10 1h;";

static void near(double got, double wanted, double tolerance)
{
    if (!(fabs(got - wanted) <= tolerance))
        fail_msg("%.9f, not %.9f", got, wanted);
}

/* The rate as the documents say it is. */
static double rate(double t)
{
    if (t < 120)
        return 50e3 * t / 120;
    if (t < 420)
        return 50e3;
    if (t < 450)
        return 0;
    if (t < 460)
        return 200e3;
    if (t < 1960)
        return 50e3 - 30e3 * cos(2 * acos(-1) * (t - 460) / 600);
    return t < 5560 ? 80e3 - (80e3 - 10) * (t - 1960) / 3600 : 0;
}

static struct cdr_programme read(const char *text)
{
    struct cdr_programme program;
    struct cdr_error error = {0};
    if (cdr_programme_parse(text, &program, &error) != CDR_OK)
        fail_msg("%s", error.text);
    return program;
}

static void test_the_integral_is_that_of_the_rate(void **state)
{
    (void)state;
    const struct cdr_programme program = read(all);
    double sum = 0;
    for (int ms = 0; ms < 5600000; ms += 10) {
        sum += rate((ms + 5) / 1000.0) * 0.01;
        if (ms % 100000 == 0)
            near(cdr_programme_due(&program, (ms + 10) / 1000.0), sum, 1e-5 * sum + 1);
    }
    near(cdr_programme_records(&program), sum, 1e-6 * sum);
    near(cdr_programme_duration_s(&program), 5560, 1e-9);
    near(cdr_programme_due(&program, -1), 0, 0);
    near(cdr_programme_due(&program, 1e9), cdr_programme_records(&program), 0);
}

static void test_a_record_is_due_when_the_integral_reaches_it(void **state)
{
    (void)state;
    const struct cdr_programme program = read(all);
    const double total = cdr_programme_records(&program);
    double before = 0;
    for (double i = 0; i < total; i += 12345.0) {
        const double t = cdr_programme_time_s(&program, i);
        assert_true(t >= before);
        near(cdr_programme_due(&program, t), i, 2e-3);
        before = t;
    }
    /* The first of many that are due at once: the pause is behind the record, not before it. */
    near(cdr_programme_time_s(&program, 18e6), 420, 1e-6);
    near(cdr_programme_time_s(&program, total * 2), 5560, 1e-9);
    near(cdr_programme_time_s(&program, 0), 0, 1e-9);
}

static void test_stages_by_time(void **state)
{
    (void)state;
    const struct cdr_programme program = read(all);
    assert_int_equal(program.n, 6);
    assert_int_equal(cdr_programme_stage_at(&program, 0), 0);
    assert_int_equal(cdr_programme_stage_at(&program, 120), 1);
    assert_int_equal(cdr_programme_stage_at(&program, 459.9), 3);
    assert_int_equal(cdr_programme_stage_at(&program, 1e9), 5);
    assert_string_equal(cdr_stage_name(program.stages[4].kind), "sine");
}

static void test_what_cannot_be_read_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"", "empty stage"},
        {"hold 5k 1m;;hold 5k 1m", "empty stage"},
        {"hold", "an example is 'hold 50k 5m'"},
        {"hold 5k", "an example"},
        {"hold 5k 0s", "an example"},
        {"hold 5k 1m 2m", "an example"},
        {"hold -5 1m", "an example"},
        {"hold nan 1m", "an example"},
        {"hodl 5k 1m", "did you mean hold?"},
        {"ramp 5k 1m", "an example is 'ramp"},
        {"ramp 5k.. 1m", "an example"},
        {"sine 1k..2k for 1m", "every"},
        {"sine 2k..1k every 1m for 1m", "lower rate"},
        {"sine 1k..2k every 0s for 1m", "an example"},
        {"hold 2G 1m", "above 1G"},
        {"pause 5m", "no record"},
        {"hold 0 5m", "no record"},
        {"a b c d e f g h i j", "no stage"},
        {"hold 1 2 3 4 5 6 7 8 9", "an example"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct cdr_programme program = {.n = 77};
        struct cdr_error error = {0};
        assert_int_equal(cdr_programme_parse(bad[i].text, &program, &error), CDR_E_CONFIG);
        assert_int_equal(program.n, 77);
        if (strstr(error.text, bad[i].says) == NULL)
            fail_msg("%s: %s", bad[i].text, error.text);
    }
}

static void test_too_many_stages_are_refused(void **state)
{
    (void)state;
    char text[2100] = "";
    for (int i = 0; i < 65; i++)
        strcat(text, "hold 1 1s;");
    struct cdr_programme program;
    struct cdr_error error = {0};
    assert_int_equal(cdr_programme_parse(text, &program, &error), CDR_E_CONFIG);
    text[640] = '\0';
    assert_int_equal(cdr_programme_parse(text, &program, &error), CDR_OK);
    assert_int_equal(program.n, 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_integral_is_that_of_the_rate),
        cmocka_unit_test(test_a_record_is_due_when_the_integral_reaches_it),
        cmocka_unit_test(test_stages_by_time),
        cmocka_unit_test(test_what_cannot_be_read_is_refused),
        cmocka_unit_test(test_too_many_stages_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
