/* Points in time as people type them, and the instants of local ones. */
#include "base/moment.h"
#include "model/calendar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)
#define NEW_YEAR (20089 * DAY) /* 2025-01-01 */

static void test_texts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum cdr_moment_kind kind;
        int64_t ms;
    } cases[] = {
        {"2025-01-01", CDR_MOMENT_LOCAL, NEW_YEAR},
        {"2025-01-02T06:30", CDR_MOMENT_LOCAL, NEW_YEAR + DAY + 13 * HOUR / 2},
        {"2025-01-02 06:30:15", CDR_MOMENT_LOCAL, NEW_YEAR + DAY + 13 * HOUR / 2 + 15000},
        {"2025-01-02t06:30:15.25", CDR_MOMENT_LOCAL, NEW_YEAR + DAY + 13 * HOUR / 2 + 15250},
        {"2025-01-02T06:30:15.007Z", CDR_MOMENT_UTC, NEW_YEAR + DAY + 13 * HOUR / 2 + 15007},
        {"2025-01-02T06:30z", CDR_MOMENT_UTC, NEW_YEAR + DAY + 13 * HOUR / 2},
        {"2025-01-01T00:00+01:00", CDR_MOMENT_UTC, NEW_YEAR - HOUR},
        {"2025-01-01T00:00-0330", CDR_MOMENT_UTC, NEW_YEAR + 7 * HOUR / 2},
        {"2025-01-01T00:00:00.5+05", CDR_MOMENT_UTC, NEW_YEAR - 5 * HOUR + 500},
        {"+6h", CDR_MOMENT_AFTER_START, 6 * HOUR},
        {"+90", CDR_MOMENT_AFTER_START, 90000},
        {"+1.5d", CDR_MOMENT_AFTER_START, 36 * HOUR},
        {"+0s", CDR_MOMENT_AFTER_START, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cdr_moment moment;
        struct cdr_error error = {{0}};
        if (cdr_parse_moment(cases[i].text, &moment, &error) != CDR_OK)
            fail_msg("%s: %s", cases[i].text, error.text);
        assert_int_equal(moment.kind, cases[i].kind);
        if (moment.ms != cases[i].ms)
            fail_msg("%s is %lld", cases[i].text, (long long)moment.ms);
    }
}

static void test_what_is_none(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "soon",
        "2025",
        "2025-01-0",
        "2025-02-30",
        "2025-13-01T00:00",
        "2025-01-01T",
        "2025-01-01T6:00",
        "2025-01-01T24:00",
        "2025-01-01T06:60",
        "2025-01-01T06:00:60",
        "2025-01-01T06:00:00.",
        "2025-01-01T06:00:00.1234",
        "2025-01-01T06:00+1",
        "2025-01-01T06:00+01:",
        "2025-01-01T06:00+19:00",
        "2025-01-01T06:00Zulu",
        "2025-01-01Z",
        "2025-01-01x06:00",
        "+",
        "+-6h",
        "+6 parsecs",
        "+999999d",
        "-6h",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct cdr_moment moment = {.ms = 7};
        struct cdr_error error = {{0}};
        if (cdr_parse_moment(texts[i], &moment, &error) != CDR_E_CONFIG)
            fail_msg("\"%s\" was taken for %lld", texts[i], (long long)moment.ms);
        assert_non_null(strstr(error.text, "\""));
        assert_int_equal(moment.ms, 7);
    }
}

/* In Amsterdam the clock jumps from 2:00 to 3:00 on 2025-03-30 and goes from 3:00 back to 2:00 on
 * 2025-10-26. */
static void test_local_instants(void **state)
{
    (void)state;
    struct cdr_calendar calendar;
    struct cdr_error error = {{0}};
    const int64_t spring = 20177 * DAY, autumn = 20387 * DAY;
    assert_int_equal(cdr_calendar_create(&calendar, "Europe/Amsterdam", 20089, &error), CDR_OK);
    assert_int_equal(cdr_calendar_instant_ms(&calendar, NEW_YEAR), NEW_YEAR - HOUR);
    assert_int_equal(cdr_calendar_instant_ms(&calendar, NEW_YEAR + 1), NEW_YEAR - HOUR + 1);
    assert_int_equal(cdr_calendar_instant_ms(&calendar, spring + 2 * HOUR - 1), spring + HOUR - 1);
    assert_int_equal(cdr_calendar_instant_ms(&calendar, spring + 2 * HOUR), spring + HOUR);
    assert_int_equal(cdr_calendar_instant_ms(&calendar, spring + 5 * HOUR / 2), spring + HOUR);
    assert_int_equal(cdr_calendar_instant_ms(&calendar, spring + 3 * HOUR), spring + HOUR);
    assert_int_equal(cdr_calendar_instant_ms(&calendar, spring + 3 * HOUR + 1), spring + HOUR + 1);
    assert_int_equal(cdr_calendar_instant_ms(&calendar, autumn + 5 * HOUR / 2), autumn + HOUR / 2);
    assert_int_equal(cdr_calendar_instant_ms(&calendar, autumn + 3 * HOUR), autumn + 2 * HOUR);
    for (int32_t day = 20089; day < 20089 + 365; day++)
        assert_int_equal(cdr_calendar_instant_ms(&calendar, day * DAY),
                         cdr_calendar_day_start_ms(&calendar, day));
    cdr_calendar_free(&calendar);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_what_is_none),
        cmocka_unit_test(test_local_instants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
