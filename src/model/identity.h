/* Identities: MSISDN, IMSI and IMEI of a subscriber, computed from its index, never stored, never
 * shared.
 *
 * Each is a keyed bijection of a pair onto a number space of the exact size (a × b), so there are
 * no collisions and nothing has to be redrawn: a Feistel network over Z_a × Z_b whose halves are
 * added modulo a and b. Four rounds, the round function is Murmur3's 32-bit finaliser. (Cycle
 * walking over a power of two does the same with a loop of unknown length, which vector code can't
 * run.)
 *
 *   MSISDN  prefix + 7 digits: a = 10^4, b = 10^3 × prefixes, from (index mod a, index / a)
 *   IMSI    mccmnc + MSIN: a = 10^5, b = pool × 10^(5 or 4), from (low 16 bits, rest × SIMs + SIM
 *           number)
 *   IMEI    TAC 8 + SNR 6 + Luhn digit (3GPP TS 23.003, 6.2): a = 10^6, b = TACs, from (low 19
 *           bits, rest × devices + device number)
 *
 * A change of device or SIM lasts: its number is how many changes the subscriber has had since
 * 1970. Changes come one in every 1/p days, at a random time of each such period that starts at a
 * random phase, so that the chance of a change on any day is p, and the count takes no loop over
 * past days. A number's next customer (model/tenure.h) has another device and SIM: where
 * subscribers leave, their numbers are changes + tenure number. Both only grow, so a sum never
 * returns once one of them has changed.
 */
#ifndef CDR_MODEL_IDENTITY_H
#define CDR_MODEL_IDENTITY_H

#include "base/hash.h"
#include "model/parameters.h"
#include "model/tenure.h"

#include <stdbool.h>
#include <stdint.h>

#define CDR_FEISTEL_ROUNDS 4

struct cdr_bijection {
    uint32_t a, b;
    uint32_t keys[CDR_FEISTEL_ROUNDS];
};

/* Numbers that change now and then. */
struct cdr_renewal {
    uint64_t rate;   /* changes a day in 1/65536 */
    uint64_t stream; /* key of its draws */
    uint32_t count;  /* numbers that can occur until 2110: number < count */
};

struct cdr_identities {
    struct cdr_bijection msisdn, imsi, imei;
    struct cdr_renewal device, sim; /* counts: with those of the tenures */
    struct cdr_tenures tenures;
    uint32_t tac_stride;   /* TAC = 35000000 + half × stride */
    uint32_t msin_b_scale; /* IMSI's b = pool × this */
    uint32_t mccmnc[CDR_MCCMNC_MAX];
    uint32_t prefix[CDR_PREFIXES_MAX],
        msisdn_len[CDR_PREFIXES_MAX]; /* in lanes of 32 bits, for gathers */
    uint32_t offnet_prefix[CDR_PREFIXES_MAX], offnet_len[CDR_PREFIXES_MAX];
    uint32_t prefix_count, offnet_count, mccmnc_count;
};

/* Errors: CDR_E_CONFIG (malformed or overlapping prefixes, too many subscribers for a number
 * space). */
enum cdr_result cdr_identity_check(const struct cdr_parameters *parameters,
                                   struct cdr_error *error);
/* parameters have passed the check. */
void cdr_identities_init(struct cdr_identities *identities,
                         const struct cdr_parameters *parameters);

/* (x, y) with x < a, y < b, to another such pair. */
static inline void cdr_biject(const struct cdr_bijection *bijection, uint32_t *x, uint32_t *y)
{
    uint32_t left = *x, right = *y;
    for (int round = 0; round < CDR_FEISTEL_ROUNDS; round += 2) {
        left += cdr_below(cdr_mix32(right + bijection->keys[round]), bijection->a);
        left -= left >= bijection->a ? bijection->a : 0;
        right += cdr_below(cdr_mix32(left + bijection->keys[round + 1]), bijection->b);
        right -= right >= bijection->b ? bijection->b : 0;
    }
    *x = left;
    *y = right;
}
/* The way back. */
void cdr_biject_back(const struct cdr_bijection *bijection, uint32_t *x, uint32_t *y);

/* How many changes subscriber has had by a local day ≥ 0 (days since 1970-01-01). */
static inline uint32_t cdr_renewal_number(const struct cdr_renewal *renewal, uint32_t subscriber,
                                          uint32_t day)
{
    uint64_t base = cdr_mix(subscriber ^ renewal->stream);
    uint64_t at = (uint64_t)day * renewal->rate + (base & 0xffff);
    uint64_t period = at >> 16;
    uint64_t moment = cdr_draw(base, period) >> 48;
    return (uint32_t)(period + ((at & 0xffff) >= moment));
}

struct cdr_number {
    uint64_t value; /* decimal digits */
    uint32_t len;   /* how many */
};

static inline struct cdr_number cdr_msisdn(const struct cdr_identities *identities,
                                           uint32_t subscriber)
{
    uint32_t low = subscriber % 10000, high = subscriber / 10000;
    cdr_biject(&identities->msisdn, &low, &high);
    uint32_t prefix = high / 1000;
    struct cdr_number number = {identities->prefix[prefix] * UINT64_C(10000000) +
                                    ((high - prefix * 1000) * 10000 + low),
                                identities->msisdn_len[prefix]};
    return number;
}
/* False where no subscriber below subscribers has that number. */
bool cdr_msisdn_subscriber(const struct cdr_identities *identities, uint64_t msisdn,
                           uint32_t subscribers, uint32_t *subscriber);

/* A number of another operator's from 64 random bits. */
static inline struct cdr_number cdr_offnet_number(const struct cdr_identities *identities,
                                                  uint64_t random)
{
    uint32_t prefix = cdr_below((uint32_t)(random >> 32), identities->offnet_count);
    struct cdr_number number = {identities->offnet_prefix[prefix] * UINT64_C(10000000) +
                                    cdr_below((uint32_t)random, 10000000),
                                identities->offnet_len[prefix]};
    return number;
}

struct cdr_imsi {
    uint64_t value; /* 15 digits */
    uint32_t mccmnc;
};

static inline struct cdr_imsi cdr_imsi(const struct cdr_identities *identities, uint32_t subscriber,
                                       uint32_t sim)
{
    uint32_t low = subscriber & 0xffff, high = (subscriber >> 16) * identities->sim.count + sim;
    cdr_biject(&identities->imsi, &low, &high);
    uint32_t pool_index = identities->msin_b_scale == 100000 ? high / 100000 : high / 10000;
    uint32_t msin_high = high - pool_index * identities->msin_b_scale,
             mccmnc = identities->mccmnc[pool_index];
    struct cdr_imsi imsi = {(uint64_t)cdr_mccmnc_value(mccmnc) * identities->msin_b_scale * 100000 +
                                msin_high * UINT64_C(100000) + low,
                            mccmnc};
    return imsi;
}

/* IMEI's first 14 digits (TAC and SNR); the fifteenth is their Luhn digit. */
static inline uint64_t cdr_imei14(const struct cdr_identities *identities, uint32_t subscriber,
                                  uint32_t device)
{
    uint32_t low = subscriber & 0x7ffff,
             high = (subscriber >> 19) * identities->device.count + device;
    cdr_biject(&identities->imei, &low, &high);
    return (35000000 + (uint64_t)high * identities->tac_stride) * 1000000 + low;
}

/* The digit that makes the Luhn sum of a number of 14 digits and it divisible by ten (ISO/IEC
 * 7812-1). */
uint32_t cdr_luhn_digit(uint64_t digits14);

#endif
