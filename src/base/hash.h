/* The random function: draws are hashes of names, never states of a generator.
 *
 * mix is a bijection of 64 bits with full avalanche (two rounds of xor-shift and multiply,
 * constants "moremur" by Pelle Evensen, 2019). A draw is mix(base + purpose), where base is itself
 * the mix of a name and the seed's key: so every quantity of an event passes mix twice, and a
 * purpose added later never shifts another purpose's draws. One mix alone is good for lasting
 * traits, which are drawn from consecutive subscribers, but over consecutive slots its draws fail
 * the birthday spacings test. tests/unit/test_hash.c tests all of them.
 */
#ifndef CDR_BASE_HASH_H
#define CDR_BASE_HASH_H

#include <stdint.h>

static inline uint64_t cdr_mix(uint64_t x)
{
    x ^= x >> 27;
    x *= UINT64_C(0x3c79ac492ba7b653);
    x ^= x >> 33;
    x *= UINT64_C(0x1c69b3f74ac4ae35);
    x ^= x >> 27;
    return x;
}

/* Purposes are far apart, so that base + purpose never runs into base' + purpose' by small
 * differences. */
#define CDR_PURPOSE(number) ((uint64_t)(number)*UINT64_C(0x9e3779b97f4a7c15))

static inline uint64_t cdr_draw(uint64_t base, uint64_t purpose)
{
    return cdr_mix(base + purpose);
}

/* Uniform in [0, n) from 32 random bits; bias below n / 2^32. */
static inline uint32_t cdr_below(uint32_t random, uint32_t n)
{
    return (uint32_t)(((uint64_t)random * n) >> 32);
}

/* Murmur3's 32-bit finaliser: the round function of the bijections (cheaper in vector lanes than
 * mix). */
static inline uint32_t cdr_mix32(uint32_t x)
{
    x ^= x >> 16;
    x *= 0x85ebca6bu;
    x ^= x >> 13;
    x *= 0xc2b2ae35u;
    x ^= x >> 16;
    return x;
}

#endif
