/* Streams: one key a kind of randomness, all from the seed. Numbers are never reused or renumbered:
 * that would change the records of every dataset. */
#ifndef CDR_MODEL_STREAMS_H
#define CDR_MODEL_STREAMS_H

#include "base/hash.h"

#include <stdint.h>

enum cdr_stream_number {
    CDR_STREAM_MSISDN = 1,
    CDR_STREAM_IMSI = 2,
    CDR_STREAM_IMEI = 3,
    CDR_STREAM_DEVICE = 4,
    CDR_STREAM_SIM = 5,
    CDR_STREAM_CELLS = 6,      /* places and technologies of the catalogue */
    CDR_STREAM_SUBSCRIBER = 7, /* lasting traits: activity, degree, home, work */
    CDR_STREAM_COUNT_ = 8,     /* how many events a subscriber has in a slot */
    CDR_STREAM_EVENT = 9,      /* everything about one event */
    CDR_STREAM_CONTACT = 10,   /* the contact graph */
    CDR_STREAM_OFFNET = 11,    /* a subscriber's off-net parties */
    CDR_STREAM_TENURE = 13,    /* when customers leave */
    CDR_STREAM_TOWN = 14,      /* towns, and which one a community lives in */
    CDR_STREAM_DAY = 15,       /* where a subscriber goes on a day */
    CDR_STREAM_HABIT = 20,     /* how much a subscriber does on a day */
    CDR_STREAM_FAULT = 30,     /* faults on purpose */
    CDR_STREAM_BEHAVIOUR = 31, /* who has a behaviour, when, and what it does */
    CDR_STREAM_WORLD = 45,     /* who is part of a crowd */
};

static inline uint64_t cdr_stream(uint64_t seed, enum cdr_stream_number number)
{
    return cdr_mix(cdr_mix(seed + UINT64_C(0x6a09e667f3bcc909)) + CDR_PURPOSE(number));
}

/* The name of an event: subscriber 30 bits, slot 23 bits (quarter hours: until the year 2209),
 * index 11 bits. */
static inline uint64_t cdr_event_name(uint32_t subscriber, uint32_t slot, uint32_t index)
{
    return (uint64_t)subscriber << 34 | (uint64_t)slot << 11 | index;
}

#endif
