/* Identities: MSISDN, IMSI and IMEI of a subscriber, computed from its index, never stored, never
 * shared.
 *
 * Each is a keyed bijection of a pair onto a number space of the exact size (a × b), so there are
 * no collisions and nothing has to be redrawn: a Feistel network over Z_a × Z_b whose halves are
 * added modulo a and b. Four rounds, the round function is Murmur3's 32-bit finaliser. (Cycle
 * walking over a power of two does the same with a loop of unknown length, which vector code can't
 * run.)
 *
 *   MSISDN  prefix + as many digits as make msisdn_digits: a = 10^4, b = the rest of those digits ×
 *           prefixes, from (index mod a, index / a); in North America those that can be numbers
 *   IMSI    mccmnc + MSIN: the code of (index mod pool), which stays; a = 10^5, b = 10^(5 or 4),
 *           from (low 16 bits of index / pool, rest × SIMs + SIM number)
 *   IMEI    TAC 8 + SNR 6 + Luhn digit (3GPP TS 23.003, 6.2). Each class of devices (device.h) has
 *           models of its own, the k-th with a probability of about 1/k for each device. A model
 *           has a TAC for each (rest × devices + device number), where the rest is what is above
 *           the low 19 bits of the subscriber, which make the SNR, by two rounds of a = b = 1000.
 *           TACs begin with the codes of three reporting bodies, 35, 86 and 01
 *
 * Where many changes or subscribers need many TACs of a model, there are fewer models.
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
#include "model/tables.h"
#include "model/tenure.h"

#include <stdbool.h>
#include <stdint.h>

#define CDR_FEISTEL_ROUNDS 4
#define CDR_MODEL_OCTAVES 6u
#define CDR_MODELS_MAX 64u /* a class; 2^octaves − 1 are used */

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
    struct cdr_bijection msisdn, imsi;
    struct cdr_renewal device, sim; /* counts: with those of the tenures */
    struct cdr_tenures tenures;
    uint32_t imei_key, serial_keys[2], model_octaves;   /* 2^octaves − 1 models of a class */
    uint32_t tac_step;                                  /* from a TAC of a model to its next */
    uint32_t tac_count;                                 /* of each model */
    uint32_t model_tac[CDR_RAT_COUNT * CDR_MODELS_MAX]; /* the first TAC of each, by class */
    uint32_t msin_b_scale;                              /* IMSI's b */
    uint64_t by_pool; /* 2^34 / codes of the pool, rounded up: divides an index by it */
    uint32_t msisdn_len, prefix_b; /* digits of a number; b is this × prefixes */
    uint32_t american;             /* digits of a prefix of North America, or 0 */
    uint64_t by_prefix_b;          /* 2^42 / prefix_b, rounded up */
    uint64_t prefix_scale;         /* 10^(digits after an own prefix) */
    uint32_t mccmnc[CDR_MCCMNC_MAX];
    uint32_t prefix[CDR_PREFIXES_MAX];
    /* What makes (10^4 × high + low) a number of the prefix, modulo 2^64. */
    uint64_t prefix_offset[CDR_PREFIXES_MAX];
    uint32_t prefix_count, mccmnc_count;
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

/* A subscriber's place among the numbers of all prefixes: 10^4 × high + low. */
struct cdr_number_place {
    uint32_t low, high;
};

static inline struct cdr_number_place cdr_number_place(const struct cdr_identities *identities,
                                                       uint32_t subscriber)
{
    struct cdr_number_place place = {subscriber % 10000, subscriber / 10000};
    cdr_biject(&identities->msisdn, &place.low, &place.high);
    return place;
}

static inline uint64_t cdr_number_at(const struct cdr_identities *identities,
                                     struct cdr_number_place place)
{
    uint64_t prefix = place.high * identities->by_prefix_b >> 42;
    return identities->prefix_offset[prefix] + UINT64_C(10000) * place.high + place.low;
}

/* Numbers of North America have eleven digits: 1, an area, an exchange and four more. Areas and
 * exchanges begin with 2 to 9, and none ends in 11. After a prefix of some digits that fits, 3 to
 * 6, so many of the first seven digits' ends are possible; which is the k-th. */
bool cdr_is_american(const char *prefix, uint32_t digits);
static inline uint32_t cdr_american_count(uint32_t given)
{
    static const uint16_t counts[7] = {[3] = 9 * 792, [4] = 792, [5] = 99, [6] = 9};
    return counts[given];
}
static inline uint32_t cdr_american_end(uint32_t given, uint32_t k)
{
    const uint32_t area = k / 792, within = given == 3 ? k % 792 : k, rest = within % 99;
    const uint32_t exchange = 200 + within + within / 99 + (rest >= 11);
    if (given >= 5)
        return k + (k >= (given == 5 ? 11u : 1u));
    return given == 3 ? 1000 * (area + (area >= 1)) + exchange : exchange;
}
/* The other way round: false where there is no such end. */
bool cdr_american_place(uint32_t given, uint32_t end, uint32_t *k);

/* What an own number of North America is above cdr_number_at. */
static inline uint64_t cdr_american_more(const struct cdr_identities *identities, uint32_t high)
{
    const uint32_t k = high % identities->prefix_b;
    return UINT64_C(10000) * (cdr_american_end(identities->american, k) - k);
}

static inline struct cdr_number cdr_msisdn(const struct cdr_identities *identities,
                                           uint32_t subscriber)
{
    const struct cdr_number_place place = cdr_number_place(identities, subscriber);
    struct cdr_number number = {cdr_number_at(identities, place), identities->msisdn_len};
    if (identities->american != 0)
        number.value += cdr_american_more(identities, place.high);
    return number;
}
/* False where no subscriber below subscribers has that number. */
bool cdr_msisdn_subscriber(const struct cdr_identities *identities, uint64_t msisdn,
                           uint32_t subscribers, uint32_t *subscriber);

struct cdr_imsi {
    uint64_t value; /* 15 digits */
    uint32_t mccmnc;
};

/* By the place in the operator's numbers: low below 100,000, high below msin_b_scale. */
static inline struct cdr_imsi cdr_imsi_at(const struct cdr_identities *identities, uint32_t mccmnc,
                                          uint32_t low, uint32_t high)
{
    cdr_biject(&identities->imsi, &low, &high);
    struct cdr_imsi imsi = {(uint64_t)cdr_mccmnc_value(mccmnc) * identities->msin_b_scale * 100000 +
                                high * UINT64_C(100000) + low,
                            mccmnc};
    return imsi;
}

/* Subscribers have those whose low is below 65,536. */
static inline struct cdr_imsi cdr_imsi(const struct cdr_identities *identities, uint32_t subscriber,
                                       uint32_t sim)
{
    uint32_t share = (uint32_t)(subscriber * identities->by_pool >> 34);
    uint32_t mccmnc = identities->mccmnc[subscriber - share * identities->mccmnc_count];
    return cdr_imsi_at(identities, mccmnc, share & 0xffff,
                       (share >> 16) * identities->sim.count + sim);
}

/* Which of its models' TACs a device has, as struct cdr_identities numbers them. */
static inline uint32_t cdr_device_place(const struct cdr_identities *identities,
                                        uint32_t subscriber, uint32_t device)
{
    return (subscriber >> 19) * identities->device.count + device;
}

/* The model of a device: octaves of popularity are equally likely, and all models of an octave. */
static inline uint32_t cdr_device_model(const struct cdr_identities *identities,
                                        uint32_t subscriber, uint32_t device)
{
    uint32_t random = cdr_mix32(cdr_mix32(subscriber + identities->imei_key) + device);
    uint32_t octave = (random >> 16) * identities->model_octaves >> 16;
    return (1u << octave) - 1 + (((random & 0xffff) << octave) >> 16);
}

/* By the place: low below 1,000,000, another order for each TAC of a model. Subscribers' devices
 * have those whose low is below 524,288. */
static inline uint32_t cdr_serial_at(const struct cdr_identities *identities, uint32_t low_place,
                                     uint32_t place)
{
    uint32_t from = low_place + cdr_below(cdr_mix32(place), 1000000);
    from -= from >= 1000000 ? 1000000 : 0;
    uint32_t high = from / 1000, low = from - high * 1000;
    low += cdr_below(cdr_mix32(high + identities->serial_keys[0]), 1000);
    low -= low >= 1000 ? 1000 : 0;
    high += cdr_below(cdr_mix32(low + identities->serial_keys[1]), 1000);
    high -= high >= 1000 ? 1000 : 0;
    return high * 1000 + low;
}

/* A subscriber's devices have other numbers. */
static inline uint32_t cdr_device_serial(const struct cdr_identities *identities,
                                         uint32_t subscriber, uint32_t place)
{
    return cdr_serial_at(identities, subscriber & 0x7ffff, place);
}

/* IMEI's first 14 digits (TAC and SNR); the fifteenth is their Luhn digit. class: that of the
 * subscriber's devices, cdr_device_rat. */
static inline uint64_t cdr_imei14(const struct cdr_identities *identities, uint32_t subscriber,
                                  uint32_t device, uint32_t class)
{
    uint32_t model = cdr_device_model(identities, subscriber, device);
    uint32_t place = cdr_device_place(identities, subscriber, device);
    uint32_t tac =
        identities->model_tac[class * CDR_MODELS_MAX + model] + place * identities->tac_step;
    return (uint64_t)tac * 1000000 + cdr_device_serial(identities, subscriber, place);
}

/* The same of a device that is no subscriber's: by its place, whose serial is below 475,712 and
 * whose place among the TACs of a model is any. */
static inline uint64_t cdr_imei14_other(const struct cdr_identities *identities, uint32_t serial,
                                        uint32_t place, uint32_t model, uint32_t class)
{
    uint32_t own = place % identities->tac_count;
    uint32_t tac =
        identities->model_tac[class * CDR_MODELS_MAX + model] + own * identities->tac_step;
    return (uint64_t)tac * 1000000 + cdr_serial_at(identities, 524288 + serial, own);
}

/* The digit that makes the Luhn sum of a number of 14 digits and it divisible by ten (ISO/IEC
 * 7812-1). */
uint32_t cdr_luhn_digit(uint64_t digits14);

#endif
