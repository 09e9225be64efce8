#include "model/calendar.h"

#include <stdlib.h>

#define DAY_S INT64_C(86400)

/* floor division; the divisor is positive */
static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t quotient = a / b;
    return a % b < 0 ? quotient - 1 : quotient;
}

struct cdr_date cdr_date_of_day(int32_t day)
{
    /* Years are counted from 1 March, so that the leap day is the last of its year. */
    int64_t shifted = (int64_t)day + 719468;
    int64_t era = floor_div(shifted, 146097);
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    struct cdr_date date = {
        .year = (int32_t)(year_of_era + era * 400 + (month >= 10)),
        .month = (uint32_t)(month < 10 ? month + 3 : month - 9),
        .day_of_month = (uint32_t)(day_of_year - (153 * month + 2) / 5 + 1),
        .weekday = (uint32_t)(((int64_t)day % 7 + 11) % 7),
    };
    return date;
}

int32_t cdr_day_of_date(int32_t year, uint32_t month, uint32_t day_of_month)
{
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = floor_div(y, 400);
    int64_t year_of_era = y - era * 400;
    int64_t shifted_month = month > 2 ? (int64_t)month - 3 : (int64_t)month + 9;
    int64_t day_of_year = (153 * shifted_month + 2) / 5 + (int64_t)day_of_month - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return (int32_t)(era * 146097 + day_of_era - 719468);
}

static enum cdr_result add_transition(struct cdr_calendar *calendar, int64_t utc_s,
                                      int32_t offset_s, const char *tz_name,
                                      struct cdr_error *error)
{
    if (offset_s % 900 != 0)
        return cdr_fail(error, CDR_E_CONFIG,
                        "tz: \"%s\" has a UTC offset of %d s within ten years of the start; "
                        "allowed are multiples of 15 minutes",
                        tz_name, offset_s);
    if (utc_s % 900 != 0) {
        int32_t day = (int32_t)floor_div(utc_s, DAY_S);
        struct cdr_date date = cdr_date_of_day(day);
        return cdr_fail(error, CDR_E_CONFIG,
                        "tz: \"%s\" changed its clock at no full quarter of an hour on "
                        "%d-%02u-%02u, within ten years of the start; "
                        "choose a later start or another zone",
                        tz_name, date.year, date.month, date.day_of_month);
    }
    struct cdr_transition *grown =
        realloc(calendar->transitions, (calendar->transition_count + 1) * sizeof *grown);
    if (grown == NULL)
        return cdr_fail(error, CDR_E_CONFIG, "tz: no memory for the offsets of %s", tz_name);
    calendar->transitions = grown;
    grown[calendar->transition_count++] =
        (struct cdr_transition){.utc_s = utc_s, .offset_s = offset_s};
    return CDR_OK;
}

/* Steps through the time in half days (no zone has ever changed twice in one) and bisects to each
 * change. */
static enum cdr_result collect(struct cdr_calendar *calendar, const struct cdr_zone *zone,
                               const char *tz_name, int64_t from_s, int64_t to_s,
                               struct cdr_error *error)
{
    int32_t offset_s = cdr_zone_offset_at(zone, from_s);
    enum cdr_result result = add_transition(calendar, from_s, offset_s, tz_name, error);
    for (int64_t at = from_s; result == CDR_OK && at < to_s; at += DAY_S / 2) {
        int64_t low = at, high = at + DAY_S / 2;
        int32_t next_s = cdr_zone_offset_at(zone, high);
        if (next_s == offset_s)
            continue;
        while (high - low > 1) {
            int64_t middle = low + (high - low) / 2;
            if (cdr_zone_offset_at(zone, middle) == offset_s)
                low = middle;
            else
                high = middle;
        }
        offset_s = next_s;
        result = add_transition(calendar, high, offset_s, tz_name, error);
    }
    return result;
}

enum cdr_result cdr_calendar_create(struct cdr_calendar *calendar, const char *tz_name,
                                    int32_t first_day, struct cdr_error *error)
{
    struct cdr_zone zone;
    *calendar = (struct cdr_calendar){0};
    enum cdr_result result = cdr_zone_load(&zone, tz_name, error);
    if (result != CDR_OK)
        return result;
    int64_t from_s = ((int64_t)first_day - 7) * DAY_S;
    int64_t to_s = ((int64_t)first_day + (int64_t)CDR_DAYS_MAX + 10) * DAY_S;
    result = collect(calendar, &zone, tz_name, from_s, to_s, error);
    cdr_zone_free(&zone);
    if (result != CDR_OK)
        cdr_calendar_free(calendar);
    return result;
}

void cdr_calendar_free(struct cdr_calendar *calendar)
{
    free(calendar->transitions);
    *calendar = (struct cdr_calendar){0};
}

static size_t transition_at(const struct cdr_calendar *calendar, int64_t utc_s)
{
    size_t low = 0, high = calendar->transition_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (calendar->transitions[middle].utc_s <= utc_s)
            low = middle;
        else
            high = middle;
    }
    return low;
}

struct cdr_slot cdr_calendar_slot_at(const struct cdr_calendar *calendar, int64_t utc_ms)
{
    int64_t utc_s = floor_div(utc_ms, 1000);
    size_t t = transition_at(calendar, utc_s);
    const struct cdr_transition *transition = &calendar->transitions[t];
    int64_t local_hour = floor_div(utc_s + transition->offset_s, 3600);
    int64_t start_s = local_hour * 3600 - transition->offset_s;
    int64_t end_s = start_s + 3600;
    if (start_s < transition->utc_s)
        start_s = transition->utc_s;
    if (t + 1 < calendar->transition_count && end_s > transition[1].utc_s)
        end_s = transition[1].utc_s;
    struct cdr_slot slot = {
        .name = (uint32_t)(start_s / 900),
        .start_ms = start_s * 1000,
        .duration_ms = (end_s - start_s) * 1000,
        .offset_min = transition->offset_s / 60,
        .day = (int32_t)floor_div(local_hour, 24),
        .hour = (uint32_t)(local_hour - floor_div(local_hour, 24) * 24),
    };
    return slot;
}

int64_t cdr_calendar_day_start_ms(const struct cdr_calendar *calendar, int32_t day)
{
    /* From a time that is surely the day before (offsets lie within −12 … +14 h), slot by slot to
     * the day. */
    struct cdr_slot slot =
        cdr_calendar_slot_at(calendar, ((int64_t)day * DAY_S - 15 * 3600) * 1000);
    while (slot.day < day)
        slot = cdr_calendar_next(calendar, &slot);
    return slot.start_ms;
}

int64_t cdr_calendar_instant_ms(const struct cdr_calendar *calendar, int64_t local_ms)
{
    /* The same. */
    struct cdr_slot slot = cdr_calendar_slot_at(calendar, local_ms - 15 * 3600 * INT64_C(1000));
    int64_t offset_ms = slot.offset_min * INT64_C(60000);
    while (slot.start_ms + slot.duration_ms + offset_ms <= local_ms) {
        slot = cdr_calendar_next(calendar, &slot);
        offset_ms = slot.offset_min * INT64_C(60000);
    }
    return slot.start_ms + offset_ms > local_ms ? slot.start_ms : local_ms - offset_ms;
}

enum cdr_result cdr_local_day(const char *tz_name, int64_t utc_ms, int32_t *day,
                              struct cdr_error *error)
{
    struct cdr_zone zone;
    enum cdr_result result = cdr_zone_load(&zone, tz_name, error);
    if (result != CDR_OK)
        return result;
    int64_t utc_s = floor_div(utc_ms, 1000);
    *day = (int32_t)floor_div(utc_s + cdr_zone_offset_at(&zone, utc_s), DAY_S);
    cdr_zone_free(&zone);
    return CDR_OK;
}
