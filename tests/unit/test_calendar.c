/* The calendar against libc: dates against gmtime_r, slots of many zones against localtime_r,
 * minute-exact. */
#include "model/calendar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static struct cdr_calendar calendar_of(const char *tz_name, int32_t first_day)
{
    struct cdr_calendar calendar;
    struct cdr_error error = {0};
    if (cdr_calendar_create(&calendar, tz_name, first_day, &error) != CDR_OK)
        fail_msg("%s: %s", tz_name, error.text);
    return calendar;
}

static void dates_agree_with_gmtime(void **state)
{
    (void)state;
    for (int32_t day = -200000; day < 200000; day++) {
        time_t seconds = (time_t)day * 86400;
        struct tm tm;
        gmtime_r(&seconds, &tm);
        struct cdr_date date = cdr_date_of_day(day);
        assert_int_equal(date.year, tm.tm_year + 1900);
        assert_int_equal(date.month, tm.tm_mon + 1);
        assert_int_equal(date.day_of_month, tm.tm_mday);
        assert_int_equal(date.weekday, tm.tm_wday);
        assert_int_equal(cdr_day_of_date(date.year, date.month, date.day_of_month), day);
    }
    assert_int_equal(cdr_day_of_date(1970, 1, 1), 0);
    assert_int_equal(cdr_day_of_date(2025, 1, 1), 20089);
    assert_int_equal(cdr_day_of_date(2000, 2, 29), 11016);
}

/* ---- slots ---- */

struct day_slots {
    int count;
    int64_t first_ms, end_ms;
    int hours[26];
    int64_t durations_ms[26];
};

static struct day_slots slots_of_day(const char *tz_name, int year, unsigned month,
                                     unsigned day_of_month)
{
    int32_t day = cdr_day_of_date(year, month, day_of_month);
    struct cdr_calendar calendar = calendar_of(tz_name, day - 3);
    struct day_slots slots = {.first_ms = cdr_calendar_day_start_ms(&calendar, day)};
    struct cdr_slot slot = cdr_calendar_slot_at(&calendar, slots.first_ms);
    for (; slot.day == day; slot = cdr_calendar_next(&calendar, &slot)) {
        slots.hours[slots.count] = (int)slot.hour;
        slots.durations_ms[slots.count++] = slot.duration_ms;
    }
    slots.end_ms = slot.start_ms;
    cdr_calendar_free(&calendar);
    return slots;
}

#define HOUR_MS 3600000

static void a_plain_day_has_24_hours(void **state)
{
    (void)state;
    struct day_slots slots = slots_of_day("Europe/Amsterdam", 2025, 1, 1);
    assert_int_equal(slots.count, 24);
    assert_int_equal(slots.first_ms, INT64_C(1735686000000)); /* 2024-12-31T23:00Z */
    for (int i = 0; i < 24; i++) {
        assert_int_equal(slots.hours[i], i);
        assert_int_equal(slots.durations_ms[i], HOUR_MS);
    }
}

static void amsterdam_has_days_of_23_and_25_hours(void **state)
{
    (void)state;
    struct day_slots spring = slots_of_day("Europe/Amsterdam", 2025, 3, 30);
    assert_int_equal(spring.count, 23);
    assert_int_equal(spring.hours[1], 1);
    assert_int_equal(spring.hours[2], 3); /* 02:00 does not exist */
    assert_int_equal(spring.end_ms - spring.first_ms, 23 * HOUR_MS);
    struct day_slots autumn = slots_of_day("Europe/Amsterdam", 2025, 10, 26);
    assert_int_equal(autumn.count, 25);
    assert_int_equal(autumn.hours[2], 2);
    assert_int_equal(autumn.hours[3], 2); /* 02:00 comes twice */
    assert_int_equal(autumn.hours[4], 3);
    assert_int_equal(autumn.end_ms - autumn.first_ms, 25 * HOUR_MS);
}

static void new_york_changes_on_other_days(void **state)
{
    (void)state;
    assert_int_equal(slots_of_day("America/New_York", 2025, 3, 9).count, 23);
    assert_int_equal(slots_of_day("America/New_York", 2025, 11, 2).count, 25);
    assert_int_equal(slots_of_day("America/New_York", 2025, 3, 30).count, 24);
}

static void india_starts_at_half_past(void **state)
{
    (void)state;
    struct day_slots slots = slots_of_day("Asia/Kolkata", 2025, 6, 1);
    assert_int_equal(slots.count, 24);
    assert_int_equal(slots.first_ms % HOUR_MS, HOUR_MS / 2);
    struct day_slots nepal = slots_of_day("Asia/Kathmandu", 2025, 6, 1);
    assert_int_equal(nepal.first_ms % HOUR_MS, HOUR_MS / 4); /* UTC+5:45 */
}

/* Lord Howe moves its clock by 30 minutes: 2025-04-06 02:00 becomes 01:30, 2025-10-05 02:00 becomes
 * 02:30. */
static void lord_howe_has_a_slot_of_half_an_hour(void **state)
{
    (void)state;
    struct day_slots autumn = slots_of_day("Australia/Lord_Howe", 2025, 4, 6);
    assert_int_equal(autumn.count, 25);
    assert_int_equal(autumn.hours[1], 1);
    assert_int_equal(autumn.hours[2], 1);
    assert_int_equal(autumn.durations_ms[2], HOUR_MS / 2);
    assert_int_equal(autumn.end_ms - autumn.first_ms, 24 * HOUR_MS + HOUR_MS / 2);
    struct day_slots spring = slots_of_day("Australia/Lord_Howe", 2025, 10, 5);
    assert_int_equal(spring.count, 24);
    assert_int_equal(spring.hours[2], 2);
    assert_int_equal(spring.durations_ms[2], HOUR_MS / 2);
    assert_int_equal(spring.end_ms - spring.first_ms, 23 * HOUR_MS + HOUR_MS / 2);
}

/* Samoa crossed the date line: 2011-12-30 did not happen there. */
static void apia_lost_a_day(void **state)
{
    (void)state;
    assert_int_equal(slots_of_day("Pacific/Apia", 2011, 12, 29).count, 24);
    struct cdr_calendar calendar = calendar_of("Pacific/Apia", cdr_day_of_date(2011, 12, 1));
    int32_t lost = cdr_day_of_date(2011, 12, 30);
    assert_int_equal(cdr_calendar_day_start_ms(&calendar, lost),
                     cdr_calendar_day_start_ms(&calendar, lost + 1));
    assert_int_equal(cdr_calendar_day_start_ms(&calendar, lost) -
                         cdr_calendar_day_start_ms(&calendar, lost - 1),
                     24 * HOUR_MS);
    cdr_calendar_free(&calendar);
}

/* Clocks that skip midnight: the day starts at 01:00. */
static void a_day_may_start_at_one(void **state)
{
    (void)state;
    struct day_slots slots = slots_of_day("Africa/Cairo", 2025, 4, 25);
    assert_int_equal(slots.count, 23);
    assert_int_equal(slots.hours[0], 1);
}

/* Every slot of years must say what localtime_r says, at its first and last second, and slots must
 * leave no gap. */
static void slots_agree_with_localtime(const char *tz_name, int32_t first_day, int32_t days)
{
    struct cdr_calendar calendar = calendar_of(tz_name, first_day);
    char zone[80];
    snprintf(zone, sizeof zone, ":%s", tz_name);
    setenv("TZ", zone, 1);
    tzset();
    struct cdr_slot slot =
        cdr_calendar_slot_at(&calendar, cdr_calendar_day_start_ms(&calendar, first_day));
    int64_t next_ms = slot.start_ms;
    uint32_t before = 0;
    for (; slot.day < first_day + days; slot = cdr_calendar_next(&calendar, &slot)) {
        assert_int_equal(slot.start_ms, next_ms);
        assert_true(slot.duration_ms > 0 && slot.duration_ms <= HOUR_MS &&
                    slot.duration_ms % CDR_QUARTER_MS == 0);
        assert_int_equal(slot.name, slot.start_ms / CDR_QUARTER_MS);
        assert_int_equal(slot.start_ms % CDR_QUARTER_MS, 0);
        assert_true(slot.name > before);
        before = slot.name;
        next_ms = slot.start_ms + slot.duration_ms;
        for (int end = 0; end < 2; end++) {
            time_t at = (time_t)(end == 0 ? slot.start_ms / 1000 : next_ms / 1000 - 1);
            struct tm tm;
            localtime_r(&at, &tm);
            assert_int_equal(slot.hour, tm.tm_hour);
            assert_int_equal(slot.offset_min * 60, tm.tm_gmtoff);
            assert_int_equal(slot.day, cdr_day_of_date(tm.tm_year + 1900, (uint32_t)tm.tm_mon + 1,
                                                       (uint32_t)tm.tm_mday));
        }
        struct cdr_slot same = cdr_calendar_slot_at(&calendar, next_ms - 1);
        assert_int_equal(same.start_ms, slot.start_ms);
    }
    unsetenv("TZ");
    tzset();
    cdr_calendar_free(&calendar);
}

static void years_agree_with_localtime(void **state)
{
    (void)state;
    static const char *const zones[] = {
        "Europe/Amsterdam",  "Europe/London",    "Europe/Moscow",
        "Asia/Kolkata",      "Asia/Kathmandu",   "Australia/Lord_Howe",
        "Australia/Eucla",   "America/New_York", "America/Sao_Paulo",
        "Pacific/Apia",      "Pacific/Chatham",  "Pacific/Kiritimati",
        "Africa/Casablanca", "Africa/Cairo",     "Asia/Pyongyang",
        "Antarctica/Troll",  "America/Caracas",  "UTC",
    };
    static const int first_years[] = {1990, 1999, 2008, 2017, 2024};
    for (size_t z = 0; z < sizeof zones / sizeof *zones; z++)
        for (size_t y = 0; y < sizeof first_years / sizeof *first_years; y++)
            slots_agree_with_localtime(zones[z], cdr_day_of_date(first_years[y], 1, 1),
                                       y == 4 ? 6 * 365 : 9 * 365);
    slots_agree_with_localtime("Europe/Amsterdam", cdr_day_of_date(2100, 12, 31), 3650);
    slots_agree_with_localtime("America/St_Johns", cdr_day_of_date(2012, 1, 1), 3650);
}

/* Morocco sets its clock back for Ramadan: two changes in spring, none at other zones' dates. */
static void casablanca_changes_for_ramadan(void **state)
{
    (void)state;
    int32_t first = cdr_day_of_date(2025, 1, 1);
    struct cdr_calendar calendar = calendar_of("Africa/Casablanca", first);
    int changes = 0;
    struct cdr_slot slot =
        cdr_calendar_slot_at(&calendar, cdr_calendar_day_start_ms(&calendar, first));
    for (int32_t offset = slot.offset_min; slot.day < first + 365;
         slot = cdr_calendar_next(&calendar, &slot)) {
        changes += slot.offset_min != offset;
        offset = slot.offset_min;
    }
    assert_int_equal(changes, 2);
    cdr_calendar_free(&calendar);
}

static void names_do_not_depend_on_where_a_run_starts(void **state)
{
    (void)state;
    struct cdr_calendar early = calendar_of("Europe/Amsterdam", cdr_day_of_date(2020, 1, 1));
    struct cdr_calendar late = calendar_of("Europe/Amsterdam", cdr_day_of_date(2025, 10, 1));
    int64_t at = cdr_calendar_day_start_ms(&late, cdr_day_of_date(2025, 10, 20));
    for (int i = 0; i < 500; i++, at += 1800000) {
        struct cdr_slot one = cdr_calendar_slot_at(&early, at),
                        other = cdr_calendar_slot_at(&late, at);
        assert_int_equal(one.name, other.name);
        assert_int_equal(one.start_ms, other.start_ms);
        assert_int_equal(one.duration_ms, other.duration_ms);
        assert_int_equal(one.hour, other.hour);
    }
    cdr_calendar_free(&early);
    cdr_calendar_free(&late);
}

static void unknown_zones_are_errors(void **state)
{
    (void)state;
    static const char *const names[] = {
        "", "Europe/Amsterdm", "../../etc/passwd", "/etc/localtime", "Europe", "zone.tab"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct cdr_calendar calendar;
        struct cdr_error error = {0};
        assert_int_equal(cdr_calendar_create(&calendar, names[i], 20089, &error), CDR_E_CONFIG);
        assert_non_null(strstr(error.text, "tz: "));
        assert_non_null(strstr(error.text, names[i]));
        int32_t day;
        assert_int_equal(cdr_local_day(names[i], 0, &day, &error), CDR_E_CONFIG);
    }
}

/* Newfoundland changed its clock at 00:01 until 2011. */
static void a_change_off_the_quarter_is_an_error(void **state)
{
    (void)state;
    struct cdr_calendar calendar;
    struct cdr_error error = {0};
    assert_int_equal(
        cdr_calendar_create(&calendar, "America/St_Johns", cdr_day_of_date(2011, 1, 1), &error),
        CDR_E_CONFIG);
    assert_non_null(strstr(error.text, "America/St_Johns"));
    assert_non_null(strstr(error.text, "2011-03-13"));
}

static void the_environment_is_left_as_it_was(void **state)
{
    (void)state;
    setenv("TZ", "Asia/Tokyo", 1);
    tzset();
    struct cdr_calendar calendar = calendar_of("Europe/Amsterdam", 20089);
    cdr_calendar_free(&calendar);
    assert_string_equal(getenv("TZ"), "Asia/Tokyo");
    time_t zero = 0;
    struct tm tm;
    localtime_r(&zero, &tm);
    assert_int_equal(tm.tm_hour, 9);
    unsetenv("TZ");
    calendar = calendar_of("Europe/Amsterdam", 20089);
    cdr_calendar_free(&calendar);
    assert_null(getenv("TZ"));
}

static void local_days_follow_the_zone(void **state)
{
    (void)state;
    struct cdr_error error = {0};
    int32_t day;
    const int64_t late = INT64_C(1735687800000); /* 2024-12-31T23:30Z */
    assert_int_equal(cdr_local_day("UTC", late, &day, &error), CDR_OK);
    assert_int_equal(day, 20088);
    assert_int_equal(cdr_local_day("Europe/Amsterdam", late, &day, &error), CDR_OK);
    assert_int_equal(day, 20089);
    assert_int_equal(cdr_local_day("America/New_York", late, &day, &error), CDR_OK);
    assert_int_equal(day, 20088);
    assert_int_equal(cdr_local_day("UTC", -1, &day, &error), CDR_OK);
    assert_int_equal(day, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_agree_with_gmtime),
        cmocka_unit_test(a_plain_day_has_24_hours),
        cmocka_unit_test(amsterdam_has_days_of_23_and_25_hours),
        cmocka_unit_test(new_york_changes_on_other_days),
        cmocka_unit_test(india_starts_at_half_past),
        cmocka_unit_test(lord_howe_has_a_slot_of_half_an_hour),
        cmocka_unit_test(apia_lost_a_day),
        cmocka_unit_test(a_day_may_start_at_one),
        cmocka_unit_test(years_agree_with_localtime),
        cmocka_unit_test(casablanca_changes_for_ramadan),
        cmocka_unit_test(names_do_not_depend_on_where_a_run_starts),
        cmocka_unit_test(unknown_zones_are_errors),
        cmocka_unit_test(a_change_off_the_quarter_is_an_error),
        cmocka_unit_test(the_environment_is_left_as_it_was),
        cmocka_unit_test(local_days_follow_the_zone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
