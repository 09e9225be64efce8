#include "model/identity.h"

#include "model/streams.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Days from 1970 to past the end of the last run that can start. */
#define RENEWAL_DAYS (47846 + (int32_t)CDR_DAYS_MAX + 10)
#define TACS_MAX 1000000u
#define TACS_MIN 512u

static void bijection_init(struct cdr_bijection *bijection, uint32_t a, uint32_t b, uint64_t stream)
{
    bijection->a = a;
    bijection->b = b;
    for (uint64_t round = 0; round < CDR_FEISTEL_ROUNDS; round++)
        bijection->keys[round] = (uint32_t)(cdr_draw(stream, CDR_PURPOSE(round + 1)) >> 32);
}

void cdr_biject_back(const struct cdr_bijection *bijection, uint32_t *x, uint32_t *y)
{
    uint32_t left = *x, right = *y;
    for (int round = CDR_FEISTEL_ROUNDS - 2; round >= 0; round -= 2) {
        uint32_t shift = cdr_below(cdr_mix32(left + bijection->keys[round + 1]), bijection->b);
        right += right < shift ? bijection->b - shift : 0u - shift;
        shift = cdr_below(cdr_mix32(right + bijection->keys[round]), bijection->a);
        left += left < shift ? bijection->a - shift : 0u - shift;
    }
    *x = left;
    *y = right;
}

static void renewal_init(struct cdr_renewal *renewal, double probability, uint64_t stream)
{
    renewal->rate = (uint64_t)(probability * 65536 + 0.5);
    renewal->stream = stream;
    renewal->count = (uint32_t)(((uint64_t)RENEWAL_DAYS * renewal->rate + 0xffff) >> 16) + 2;
}

/* Devices and SIMs that can occur, of all customers of a number. */
static void changes_init(struct cdr_identities *identities, const struct cdr_parameters *p)
{
    renewal_init(&identities->device, p->imei_change_prob, cdr_stream(p->seed, CDR_STREAM_DEVICE));
    renewal_init(&identities->sim, p->sim_change_prob, cdr_stream(p->seed, CDR_STREAM_SIM));
    cdr_tenures_init(&identities->tenures, p, RENEWAL_DAYS);
    identities->device.count += identities->tenures.count;
    identities->sim.count += identities->tenures.count;
}

static uint64_t tacs_needed(uint32_t subscribers, uint32_t devices)
{
    uint64_t needed = ((uint64_t)((subscribers - 1) >> 19) + 1) * devices;
    return needed < TACS_MIN ? TACS_MIN : needed;
}

static uint32_t msin_b_scale(const struct cdr_parameters *parameters)
{
    return parameters->mccmnc_pool[0] > 99999 ? 10000 : 100000;
}

static enum cdr_result check_prefix(const char *key, const char *prefix, struct cdr_error *error)
{
    size_t len = strnlen(prefix, 8);
    if (len < 3 || len > 6 || strspn(prefix, "0123456789") != len || prefix[0] == '0')
        return cdr_fail(error, CDR_E_CONFIG,
                        "%s: \"%.8s\" is no prefix; allowed are 3 to 6 digits, the first not 0",
                        key, prefix);
    return CDR_OK;
}

/* Two prefixes can yield the same number only where they are equal (all numbers have 7 digits
 * after the prefix). */
static enum cdr_result check_prefixes(const struct cdr_parameters *p, struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    if (p->prefix_count < 1 || p->offnet_prefix_count < 1)
        return cdr_fail(error, CDR_E_CONFIG, "%s: the list is empty; give at least one prefix",
                        p->prefix_count < 1 ? "prefixes" : "offnet_prefixes");
    for (uint32_t i = 0; result == CDR_OK && i < p->prefix_count; i++) {
        result = check_prefix("prefixes", p->prefixes[i], error);
        for (uint32_t j = 0; result == CDR_OK && j < i; j++)
            if (strcmp(p->prefixes[i], p->prefixes[j]) == 0)
                result = cdr_fail(error, CDR_E_CONFIG, "prefixes: \"%s\" stands twice in the list",
                                  p->prefixes[i]);
    }
    for (uint32_t i = 0; result == CDR_OK && i < p->offnet_prefix_count; i++) {
        result = check_prefix("offnet_prefixes", p->offnet_prefixes[i], error);
        for (uint32_t j = 0; result == CDR_OK && j < p->prefix_count; j++)
            if (strcmp(p->offnet_prefixes[i], p->prefixes[j]) == 0)
                result = cdr_fail(
                    error, CDR_E_CONFIG,
                    "offnet_prefixes: \"%s\" is in prefixes too; another operator needs its own",
                    p->offnet_prefixes[i]);
    }
    return result;
}

void cdr_mccmnc_text(uint32_t mccmnc, char text[8])
{
    snprintf(text, 8, "%0*u", (int)cdr_mccmnc_len(mccmnc), cdr_mccmnc_value(mccmnc) % 1000000);
}

static enum cdr_result check_pool(const struct cdr_parameters *p, struct cdr_error *error)
{
    if (p->mccmnc_count < 1)
        return cdr_fail(error, CDR_E_CONFIG,
                        "mccmnc_pool: the list is empty; give at least one of 5 or 6 digits");
    for (uint32_t i = 0; i < p->mccmnc_count; i++) {
        uint32_t code = p->mccmnc_pool[i];
        char text[8];
        cdr_mccmnc_text(code, text);
        if (code >= CDR_MCCMNC_ZERO + 100000 || (code > 99999) != (p->mccmnc_pool[0] > 99999))
            return cdr_fail(
                error, CDR_E_CONFIG,
                "mccmnc_pool: %s does not fit; allowed are codes of 5 digits, or of 6, all alike",
                text);
        for (uint32_t j = 0; j < i; j++)
            if (p->mccmnc_pool[j] == code)
                return cdr_fail(error, CDR_E_CONFIG, "mccmnc_pool: %s stands twice in the list",
                                text);
    }
    return CDR_OK;
}

static enum cdr_result check_changes(const struct cdr_parameters *p, struct cdr_error *error)
{
    struct cdr_identities numbers;
    changes_init(&numbers, p);
    char leaving[64] = "";
    if (numbers.tenures.on)
        snprintf(leaving, sizeof leaving, " and leave_prob %.10g", p->leave_prob);
    uint64_t sims = ((uint64_t)((p->subscribers - 1) >> 16) + 1) * numbers.sim.count;
    uint64_t msins = (uint64_t)p->mccmnc_count * msin_b_scale(p);
    if (sims > msins)
        return cdr_fail(error, CDR_E_CONFIG,
                        "sim_change_prob: %.10g%s a day with %u subscribers needs more IMSIs than "
                        "the %u codes of mccmnc_pool have; lower it or add codes",
                        p->sim_change_prob, leaving, p->subscribers, p->mccmnc_count);
    if (tacs_needed(p->subscribers, numbers.device.count) > TACS_MAX)
        return cdr_fail(error, CDR_E_CONFIG,
                        "imei_change_prob: %.10g%s a day with %u subscribers needs more IMEIs than "
                        "there are; lower one of them",
                        p->imei_change_prob, leaving, p->subscribers);
    return CDR_OK;
}

enum cdr_result cdr_identity_check(const struct cdr_parameters *p, struct cdr_error *error)
{
    enum cdr_result result = check_prefixes(p, error);
    if (result == CDR_OK)
        result = check_pool(p, error);
    if (result != CDR_OK)
        return result;
    uint64_t msisdns = (uint64_t)p->prefix_count * 10000000;
    if (p->subscribers > msisdns)
        return cdr_fail(error, CDR_E_CONFIG,
                        "subs: %u subscribers are too many for %u prefix%s of 10000000 numbers "
                        "each; give more prefixes or at most %llu subscribers",
                        p->subscribers, p->prefix_count, p->prefix_count == 1 ? "" : "es",
                        (unsigned long long)msisdns);
    return check_changes(p, error);
}

static void numbers_init(char const (*prefixes)[8], uint32_t count, uint32_t *values,
                         uint32_t *lens)
{
    for (uint32_t i = 0; i < count; i++) {
        values[i] = (uint32_t)strtoul(prefixes[i], NULL, 10);
        lens[i] = (uint32_t)strlen(prefixes[i]) + 7;
    }
}

void cdr_identities_init(struct cdr_identities *identities, const struct cdr_parameters *p)
{
    *identities = (struct cdr_identities){
        .prefix_count = p->prefix_count,
        .offnet_count = p->offnet_prefix_count,
        .mccmnc_count = p->mccmnc_count,
        .msin_b_scale = msin_b_scale(p),
    };
    numbers_init(p->prefixes, p->prefix_count, identities->prefix, identities->msisdn_len);
    numbers_init(p->offnet_prefixes, p->offnet_prefix_count, identities->offnet_prefix,
                 identities->offnet_len);
    memcpy(identities->mccmnc, p->mccmnc_pool, sizeof identities->mccmnc);
    changes_init(identities, p);
    uint32_t tacs = (uint32_t)tacs_needed(p->subscribers, identities->device.count);
    identities->tac_stride = TACS_MAX / tacs;
    bijection_init(&identities->msisdn, 10000, 1000 * p->prefix_count,
                   cdr_stream(p->seed, CDR_STREAM_MSISDN));
    bijection_init(&identities->imsi, 100000, identities->msin_b_scale * p->mccmnc_count,
                   cdr_stream(p->seed, CDR_STREAM_IMSI));
    bijection_init(&identities->imei, 1000000, tacs, cdr_stream(p->seed, CDR_STREAM_IMEI));
}

bool cdr_msisdn_subscriber(const struct cdr_identities *identities, uint64_t msisdn,
                           uint32_t subscribers, uint32_t *subscriber)
{
    for (uint32_t prefix = 0; prefix < identities->prefix_count; prefix++) {
        uint64_t base = identities->prefix[prefix] * UINT64_C(10000000);
        if (msisdn < base || msisdn - base >= 10000000)
            continue;
        uint32_t rest = (uint32_t)(msisdn - base);
        uint32_t low = rest % 10000, high = prefix * 1000 + rest / 10000;
        cdr_biject_back(&identities->msisdn, &low, &high);
        *subscriber = high * 10000 + low;
        return *subscriber < subscribers;
    }
    return false;
}

uint32_t cdr_luhn_digit(uint64_t digits14)
{
    uint32_t sum = 0;
    for (int place = 0; place < 14; place++, digits14 /= 10) {
        uint32_t digit = (uint32_t)(digits14 % 10);
        if (place % 2 == 0)
            digit = digit > 4 ? digit * 2 - 9 : digit * 2;
        sum += digit;
    }
    return (10 - sum % 10) % 10;
}
