/* Keys: records to be, 16 bytes each, as the engine holds them between plan and materialise.
 *
 * A key names its record (origin, start slot, index, leg) and orders it: comparing (high, low) as a
 * number of 128 bits is the total order of a log within one emission slot: emission time,
 * originating subscriber, start slot, index, leg. The bits after the leg add nothing to the order;
 * they spare materialise what plan has worked out already (party, outcome, duration, peer) and
 * could be computed again from the name.
 *
 *   high  emission ms in the emission slot 22 | origin 30 | 127 − lag 7 | entry 5
 *   low   index 11 | leg 1 | party 2 | outcome 3 | duration in s 17 | peer 30
 * lag: how many slots the event's start lies before the emission. entry: 0 until keys are sorted;
 * then what is wrong with the record on purpose (model/fault.h).
 */
#ifndef CDR_MODEL_KEY_H
#define CDR_MODEL_KEY_H

#include "base/hash.h"

#include <stdint.h>

#define CDR_LAG_MAX 127u

struct cdr_key {
    uint64_t high, low;
};

static inline struct cdr_key cdr_key_make(uint32_t ms, uint32_t origin, uint32_t lag,
                                          uint32_t index, uint32_t leg, uint32_t party,
                                          uint32_t outcome, uint32_t duration_s, uint32_t peer)
{
    struct cdr_key key = {
        .high = (uint64_t)ms << 42 | (uint64_t)origin << 12 | (uint64_t)(CDR_LAG_MAX - lag) << 5,
        .low = (uint64_t)index << 53 | (uint64_t)leg << 52 | (uint64_t)party << 50 |
               (uint64_t)outcome << 47 | (uint64_t)duration_s << 30 | peer,
    };
    return key;
}

/* A key of milliseconds 0 and lag 0, at others. */
static inline struct cdr_key cdr_key_at(struct cdr_key key, uint32_t ms)
{
    key.high |= (uint64_t)ms << 42;
    return key;
}
static inline struct cdr_key cdr_key_later(struct cdr_key key, uint32_t lag)
{
    key.high -= (uint64_t)lag << 5;
    return key;
}

static inline uint32_t cdr_key_ms(const struct cdr_key *key)
{
    return (uint32_t)(key->high >> 42);
}
static inline uint32_t cdr_key_origin(const struct cdr_key *key)
{
    return (uint32_t)(key->high >> 12) & 0x3fffffff;
}
static inline uint32_t cdr_key_lag(const struct cdr_key *key)
{
    return CDR_LAG_MAX - ((uint32_t)(key->high >> 5) & 0x7f);
}
static inline uint32_t cdr_key_index(const struct cdr_key *key)
{
    return (uint32_t)(key->low >> 53);
}
static inline uint32_t cdr_key_leg(const struct cdr_key *key)
{
    return (uint32_t)(key->low >> 52) & 1;
}
static inline uint32_t cdr_key_party(const struct cdr_key *key)
{
    return (uint32_t)(key->low >> 50) & 3;
}
static inline uint32_t cdr_key_outcome(const struct cdr_key *key)
{
    return (uint32_t)(key->low >> 47) & 7;
}
static inline uint32_t cdr_key_duration_s(const struct cdr_key *key)
{
    return (uint32_t)(key->low >> 30) & 0x1ffff;
}
static inline uint32_t cdr_key_peer(const struct cdr_key *key)
{
    return (uint32_t)key->low & 0x3fffffff;
}

/* A record's id: 64 bits that name it, the same wherever and whenever it is made. start_slot is the
 * start of its event's slot in quarter hours since 1970-01-01, type its CDR_TYPE_*. The peer tells
 * the parts of a session apart that was cut. Other records of the dataset have the same id with a
 * probability of 2^-64 each. */
static inline uint64_t cdr_key_id(const struct cdr_key *key, uint32_t type, uint32_t start_slot)
{
    uint64_t event = (uint64_t)cdr_key_origin(key) | (uint64_t)cdr_key_index(key) << 30 |
                     (uint64_t)cdr_key_leg(key) << 41 | (uint64_t)type << 42;
    return cdr_mix(cdr_mix(event) ^ ((uint64_t)start_slot << 32 | cdr_key_peer(key)));
}

static inline int cdr_key_before(const struct cdr_key *a, const struct cdr_key *b)
{
    return a->high != b->high ? a->high < b->high : a->low < b->low;
}

#endif
