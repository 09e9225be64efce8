/* A time zone: the offset of local time from UTC at any instant, from a file of the system's tz
 * database (TZDIR, else /usr/share/zoneinfo).
 *
 * The file is read and checked here (RFC 8536, versions 1 to 4: transitions, types, and the rule in
 * the footer for what follows them), not by libc: tzset takes a zone that it cannot load for UTC
 * without a word, and then a run would write other records. Every count and index is checked, and
 * what is missing or damaged is an error. "UTC" needs no file.
 *
 * Leap seconds are left out: times are POSIX times.
 */
#ifndef CDR_MODEL_ZONE_H
#define CDR_MODEL_ZONE_H

#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cdr_transition {
    int64_t utc_s;    /* from here on … */
    int32_t offset_s; /* … local time is UTC + offset_s */
};

/* A date of each year, and the local time of it at which the clock changes. */
struct cdr_zone_change {
    enum {
        CDR_ZONE_MONTH_WEEK, /* Mm.w.d */
        CDR_ZONE_JULIAN,     /* Jn: 1 … 365, without 29 February */
        CDR_ZONE_ORDINAL     /* n: 0 … 365 */
    } kind;
    uint32_t month, week, weekday; /* of the first kind; week 5 is the last */
    uint32_t day;                  /* of the others */
    int32_t time_s;                /* −167 … 167 hours */
};

/* Immutable once loaded: any thread. */
struct cdr_zone {
    int32_t first_offset_s;             /* before the first transition */
    struct cdr_transition *transitions; /* ascending */
    size_t transition_count;
    /* After the last transition, if there is a rule: standard time, and daylight saving time
     * between two changes of each year. Else the last offset goes on. */
    bool has_rule, has_daylight;
    int32_t standard_s, daylight_s;
    struct cdr_zone_change start, end;
};

/* Errors: CDR_E_CONFIG: there is no such zone; or its file, which the text names, is damaged,
 * cannot be read, or there is no memory for it. */
enum cdr_result cdr_zone_load(struct cdr_zone *zone, const char *tz_name, struct cdr_error *error);
/* Parses a file's content; path is for errors. */
enum cdr_result cdr_zone_parse(struct cdr_zone *zone, const uint8_t *bytes, size_t n,
                               const char *path, struct cdr_error *error);
void cdr_zone_free(struct cdr_zone *zone);

/* O(log transitions). */
int32_t cdr_zone_offset_at(const struct cdr_zone *zone, int64_t utc_s);

#endif
