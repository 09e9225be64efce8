/* Tenures: which customer has a number when, where subscribers leave (leave_prob > 0).
 *
 * A subscriber of the model is a number (MSISDN) with its habits. One customer after another has
 * it: a customer leaves at the local midnight that begins day d, the number is vacant on days d …
 * d + vacant_days − 1, then the next customer has it from the midnight on that begins day d +
 * vacant_days.
 *
 * Time is cut, from a phase of the number's own, into periods of 1/leave_prob + vacant_days days;
 * in each, one customer leaves at a random time of its first 1/leave_prob days, but not of the
 * first of them. So a vacancy ends in the period that it began in and never meets the next,
 * however long it is. Of the days that numbers are taken, leave_prob are the last of a customer;
 * vacant are, on any day, vacant_days / (1/leave_prob + vacant_days) of the numbers. A tenure lasts
 * 1 … 2/leave_prob days, on average 1/leave_prob; finding the customer of a day takes no loop over
 * past days.
 *
 * Instants are in 1/65536 of a day. Immutable once initialised: serves any number of threads.
 */
#ifndef CDR_MODEL_TENURE_H
#define CDR_MODEL_TENURE_H

#include "base/hash.h"
#include "model/parameters.h"

#include <stdbool.h>
#include <stdint.h>

#define CDR_DAY_PARTS 65536u

struct cdr_tenures {
    bool on;         /* subscribers leave; else all are always present */
    uint64_t stay;   /* 1/leave_prob; at most 2^36 */
    uint64_t vacant; /* vacant_days, exactly */
    uint64_t stream; /* key of its draws */
    uint32_t count;  /* tenures of a number that can occur: number < count; 0 where off */
};

/* Of a number on a day. */
struct cdr_tenure {
    bool present;    /* a customer has it */
    uint32_t number; /* how many customers have had it before, since 1970; 0 where off */
};

/* days: tenures are counted from 1970 to so many days later. parameters have passed the check. */
void cdr_tenures_init(struct cdr_tenures *tenures, const struct cdr_parameters *parameters,
                      uint32_t days);

/* The share of the numbers that have a customer, on any day: 1 where off. */
double cdr_present_share(const struct cdr_parameters *parameters);

/* Where tenures are on. day: local, days since 1970-01-01, ≥ 0. */
static inline struct cdr_tenure cdr_tenure_on(const struct cdr_tenures *tenures,
                                              uint32_t subscriber, uint32_t day)
{
    const uint64_t length = tenures->stay + tenures->vacant; /* < 2^37: 27 bits more fit */
    uint64_t base = cdr_mix(subscriber ^ tenures->stream);
    uint64_t at = (uint64_t)day * CDR_DAY_PARTS + ((base >> 37) * length >> 27);
    uint64_t period = at / length, in_period = at - period * length;
    uint64_t spread = tenures->stay - CDR_DAY_PARTS;
    uint64_t leave = CDR_DAY_PARTS + ((cdr_draw(base, period) >> 37) * spread >> 27);
    struct cdr_tenure tenure = {in_period < leave || in_period >= leave + tenures->vacant,
                                (uint32_t)(period + (in_period >= leave))};
    return tenure;
}

/* Where they are on: for how many days, that one included, the customer of a day still has the
 * number, at least 1. Of a day when nobody has it, the days until the next customer leaves. */
static inline uint32_t cdr_tenure_left(const struct cdr_tenures *tenures, uint32_t subscriber,
                                       uint32_t day)
{
    const uint64_t length = tenures->stay + tenures->vacant;
    const uint64_t base = cdr_mix(subscriber ^ tenures->stream);
    const uint64_t at = (uint64_t)day * CDR_DAY_PARTS + ((base >> 37) * length >> 27);
    const uint64_t spread = tenures->stay - CDR_DAY_PARTS;
    uint64_t period = at / length, ends;
    do {
        ends = period * length + CDR_DAY_PARTS + ((cdr_draw(base, period) >> 37) * spread >> 27);
        period++;
    } while (ends <= at);
    return (uint32_t)((ends - at + CDR_DAY_PARTS - 1) / CDR_DAY_PARTS);
}

/* The tenure of a day, also where they are off. */
static inline struct cdr_tenure cdr_tenure(const struct cdr_tenures *tenures, uint32_t subscriber,
                                           uint32_t day)
{
    struct cdr_tenure always = {.present = true};
    return tenures->on ? cdr_tenure_on(tenures, subscriber, day) : always;
}

#endif
