/* Clocks. Monotonic time measures, wall-clock time names; neither ever reaches a record. */
#ifndef CDR_BASE_CLOCK_H
#define CDR_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t cdr_monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static inline int64_t cdr_wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static inline void cdr_sleep_ns(int64_t ns)
{
    struct timespec span = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
    nanosleep(&span, NULL);
}

#endif
