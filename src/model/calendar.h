/* Calendar: local days and hours of an IANA zone as absolute slots.
 *
 * A slot is the time from one full local hour (or change of the UTC offset) to the next: usually
 * 3,600,000 ms. It is named by its start in quarter hours since 1970-01-01 UTC, so a slot's name
 * does not depend on where a run starts. (All offsets in use since 1990 are multiples of 15
 * minutes, and clocks change at full quarters but for a few; another one is an error: eastern
 * Canada changed at 00:01 until 2006 and 2011, Casey station in 2020.) A local day has as many
 * slots as it has hours: 23, 24 or 25, and zones that move their clock by half an hour get a slot
 * of 30 minutes.
 *
 * Offsets come from the system's tz database (zone.h), once, at creation; afterwards a calendar is
 * immutable and serves any number of threads.
 */
#ifndef CDR_MODEL_CALENDAR_H
#define CDR_MODEL_CALENDAR_H

#include "base/result.h"
#include "model/parameters.h"
#include "model/zone.h"

#include <stddef.h>
#include <stdint.h>

#define CDR_QUARTER_MS INT64_C(900000)

struct cdr_calendar {
    struct cdr_transition
        *transitions; /* ascending; the first is at or before everything asked for */
    size_t transition_count;
};

struct cdr_slot {
    uint32_t name;       /* start in quarter hours since 1970-01-01 UTC */
    int64_t start_ms;    /* epoch */
    int64_t duration_ms; /* 1 … 3,600,000, a multiple of 15 minutes */
    int32_t offset_min;  /* of local time from UTC, in the whole slot */
    int32_t day;         /* local day, days since 1970-01-01 */
    uint32_t hour;       /* local hour 0 … 23 */
};

/* Reads the offsets of the zone from a week before first_day to CDR_DAYS_MAX + 10 days after it.
 * Errors: CDR_E_CONFIG (no such zone, or it cannot be read; offsets or changes that are no
 * multiples of 15 minutes). */
enum cdr_result cdr_calendar_create(struct cdr_calendar *calendar, const char *tz_name,
                                    int32_t first_day, struct cdr_error *error);
void cdr_calendar_free(struct cdr_calendar *calendar);

/* The slot that contains an instant. O(log transitions). */
struct cdr_slot cdr_calendar_slot_at(const struct cdr_calendar *calendar, int64_t utc_ms);
static inline struct cdr_slot cdr_calendar_next(const struct cdr_calendar *calendar,
                                                const struct cdr_slot *slot)
{
    return cdr_calendar_slot_at(calendar, slot->start_ms + slot->duration_ms);
}
/* The first instant of a local day (00:00, or what comes after it where the clock jumps over
 * midnight). */
int64_t cdr_calendar_day_start_ms(const struct cdr_calendar *calendar, int32_t day);
/* The first instant at which the local clock shows local_ms (as if since 1970 UTC), or, where the
 * clock jumps over it, what comes after the jump. */
int64_t cdr_calendar_instant_ms(const struct cdr_calendar *calendar, int64_t local_ms);

/* The local day of an instant in a zone. CDR_E_CONFIG. */
enum cdr_result cdr_local_day(const char *tz_name, int64_t utc_ms, int32_t *day,
                              struct cdr_error *error);

struct cdr_date {
    int32_t year;
    uint32_t month, day_of_month; /* 1 … */
    uint32_t weekday;             /* 0 = Sunday */
};
/* Proleptic Gregorian calendar. */
struct cdr_date cdr_date_of_day(int32_t day);
int32_t cdr_day_of_date(int32_t year, uint32_t month, uint32_t day_of_month);

#endif
