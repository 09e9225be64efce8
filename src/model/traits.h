/* Lasting traits of subscribers: how active they are and how many contacts they have.
 *
 * Activity is lognormal, cut in CDR_ACTIVITY_CLASSES classes: 96 of equal probability below the top
 * 1/32, then two a halving of the probability down to 2^−21, so that the tail is heavy and a table
 * of counts a class suffices. The mean over the subscribers is exactly 1. Degrees (numbers of
 * contacts) are lognormal too, correlated with activity, in CDR_DEGREE_CLASSES sizes from 2 to 512.
 */
#ifndef CDR_MODEL_TRAITS_H
#define CDR_MODEL_TRAITS_H

#include "base/hash.h"
#include "model/parameters.h"

#include <stdint.h>

#define CDR_ACTIVITY_CLASSES 128u
#define CDR_ACTIVITY_BULK 96u
#define CDR_DEGREE_CLASSES 24u
#define CDR_DEGREE_MAX 512u

struct cdr_traits {
    uint64_t stream;
    double activity[CDR_ACTIVITY_CLASSES]; /* multiplier of the means */
    uint32_t degree_class[CDR_ACTIVITY_CLASSES *
                          16]; /* by activity class and 4 random bits; lanes for gathers */
    uint16_t degree[CDR_DEGREE_CLASSES];
};

/* O(subscribers), about 4 ns each. */
void cdr_traits_init(struct cdr_traits *traits, const struct cdr_parameters *parameters);

/* 64 random bits that belong to the subscriber for good. */
static inline uint64_t cdr_subscriber_traits(const struct cdr_traits *traits, uint32_t subscriber)
{
    return cdr_mix(subscriber ^ traits->stream);
}

/* Class of the number of contacts, from the activity class and cdr_rank_traits (contacts.h). */
static inline uint32_t cdr_degree_class(const struct cdr_traits *traits, uint32_t activity_class,
                                        uint64_t rank_traits)
{
    return traits->degree_class[activity_class * 16 + ((uint32_t)(rank_traits >> 56) & 15)];
}

/* O(1), but not for hot loops: the engine keeps one byte a subscriber. */
uint32_t cdr_activity_class(const struct cdr_traits *traits, uint32_t subscriber);

#endif
