#include "model/identity.h"

#include "model/streams.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Days from 1970 to past the end of the last run that can start. */
#define RENEWAL_DAYS (47846 + (int32_t)CDR_DAYS_MAX + 10)
#define TACS_MAX 1000000u

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

/* Of each model. */
static uint64_t tacs_needed(uint32_t subscribers, uint32_t devices)
{
    return ((uint64_t)((subscribers - 1) >> 19) + 1) * devices;
}

static uint64_t power_of_ten(uint32_t exponent)
{
    uint64_t power = 1;
    while (exponent-- > 0)
        power *= 10;
    return power;
}

/* Digits after an own prefix that are used: at most 9, those before them are 0. */
static uint32_t numbers_digits(const struct cdr_parameters *p)
{
    uint32_t digits = p->msisdn_digits - (uint32_t)strnlen(p->prefixes[0], 8);
    return digits < 9 ? digits : 9;
}

bool cdr_is_american(const char *prefix, uint32_t digits)
{
    const size_t len = strnlen(prefix, 8);
    return digits == 11 && len >= 3 && len <= 6 && prefix[0] == '1' && prefix[1] >= '2' &&
           (len < 4 || strncmp(prefix + 2, "11", 2) != 0) && (len < 5 || prefix[4] >= '2');
}

bool cdr_american_place(uint32_t given, uint32_t end, uint32_t *k)
{
    for (*k = 0; *k < cdr_american_count(given); ++*k)
        if (cdr_american_end(given, *k) == end)
            return true;
    return false;
}

/* The length of own prefixes of North America, or 0. */
static uint32_t american_digits(const struct cdr_parameters *p)
{
    for (uint32_t i = 0; i < p->prefix_count; i++)
        if (!cdr_is_american(p->prefixes[i], p->msisdn_digits))
            return 0;
    return (uint32_t)strnlen(p->prefixes[0], 8);
}

/* Numbers of a prefix, in 10,000. */
static uint32_t numbers_of_prefix(const struct cdr_parameters *p)
{
    const uint32_t american = american_digits(p);
    return american != 0 ? cdr_american_count(american)
                         : (uint32_t)power_of_ten(numbers_digits(p) - 4);
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

/* Numbers are of one length: two prefixes yield the same number where one begins the other. */
static bool overlap(const char *a, const char *b)
{
    size_t left = strnlen(a, 8), right = strnlen(b, 8);
    return strncmp(a, b, left < right ? left : right) == 0;
}

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
        if (result == CDR_OK && strlen(p->prefixes[i]) != strlen(p->prefixes[0]))
            result = cdr_fail(error, CDR_E_CONFIG,
                              "prefixes: \"%s\" and \"%s\" differ in length; all must have as many "
                              "digits",
                              p->prefixes[0], p->prefixes[i]);
    }
    for (uint32_t i = 0; result == CDR_OK && i < p->offnet_prefix_count; i++) {
        result = check_prefix("offnet_prefixes", p->offnet_prefixes[i], error);
        for (uint32_t j = 0; result == CDR_OK && j < p->prefix_count; j++)
            if (overlap(p->offnet_prefixes[i], p->prefixes[j]))
                result =
                    cdr_fail(error, CDR_E_CONFIG,
                             "offnet_prefixes: \"%s\" has numbers of prefixes, \"%s\"; another "
                             "operator needs its own",
                             p->offnet_prefixes[i], p->prefixes[j]);
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
    uint64_t sims =
        ((uint64_t)((p->subscribers - 1) / p->mccmnc_count >> 16) + 1) * numbers.sim.count;
    if (sims > msin_b_scale(p))
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
    uint64_t each = UINT64_C(10000) * numbers_of_prefix(p), msisdns = p->prefix_count * each;
    if (p->subscribers > msisdns)
        return cdr_fail(error, CDR_E_CONFIG,
                        "subs: %u subscribers are too many for %u prefix%s of %llu numbers each; "
                        "give more or shorter prefixes, more msisdn_digits, or at most %llu "
                        "subscribers",
                        p->subscribers, p->prefix_count, p->prefix_count == 1 ? "" : "es",
                        (unsigned long long)each, (unsigned long long)msisdns);
    return check_changes(p, error);
}

static void numbers_init(struct cdr_identities *identities, const struct cdr_parameters *p)
{
    identities->msisdn_len = p->msisdn_digits;
    identities->prefix_b = numbers_of_prefix(p);
    identities->american = american_digits(p);
    identities->by_prefix_b = (UINT64_C(1) << 42) / identities->prefix_b + 1;
    identities->prefix_scale = power_of_ten(p->msisdn_digits - (uint32_t)strlen(p->prefixes[0]));
    for (uint32_t i = 0; i < p->prefix_count; i++) {
        identities->prefix[i] = (uint32_t)strtoul(p->prefixes[i], NULL, 10);
        identities->prefix_offset[i] = identities->prefix[i] * identities->prefix_scale -
                                       UINT64_C(10000) * identities->prefix_b * i;
    }
}

/* Every model has a range of TACs that no other has, whatever code stands before it: as many models
 * of a class as fit. If not even one of each fits, the codes tell the classes apart. */
static void models_init(struct cdr_identities *identities, uint64_t seed, uint32_t tacs)
{
    /* By popularity: BABT has most, then Chinese and American ones. */
    static const uint32_t codes[16] = {35, 35, 86, 35, 1, 35, 86, 35, 35, 86, 35, 1, 35, 86, 35, 1};
    uint32_t octaves = CDR_MODEL_OCTAVES;
    while (octaves > 1 && TACS_MAX / (CDR_RAT_COUNT * ((1u << octaves) - 1)) < tacs)
        octaves--;
    const uint32_t models = (1u << octaves) - 1, all = CDR_RAT_COUNT * models;
    const bool apart = TACS_MAX / all < tacs;
    const uint32_t range = apart ? TACS_MAX : TACS_MAX / all;
    identities->model_octaves = octaves;
    const uint64_t stream = cdr_stream(seed, CDR_STREAM_IMEI);
    identities->imei_key = (uint32_t)cdr_draw(stream, CDR_PURPOSE(9));
    for (uint64_t i = 0; i < 2; i++)
        identities->serial_keys[i] = (uint32_t)(cdr_draw(stream, CDR_PURPOSE(i + 1)) >> 32);
    identities->tac_step = range / tacs;
    identities->tac_count = tacs;
    for (uint32_t class = 0; class < CDR_RAT_COUNT; class ++)
        for (uint32_t k = 0; k < models; k++) {
            /* 97 has no factor in common with 3, 9, 21, 45, 93 and 189. */
            uint32_t place = apart ? 0 : ((class * models + k) * 97 + 31) % all;
            uint32_t code = apart ? codes[2 * class] : codes[(5 * class + k) % 16];
            identities->model_tac[class * CDR_MODELS_MAX + k] = code * TACS_MAX + place * range;
        }
}

void cdr_identities_init(struct cdr_identities *identities, const struct cdr_parameters *p)
{
    *identities = (struct cdr_identities){
        .prefix_count = p->prefix_count,
        .mccmnc_count = p->mccmnc_count,
        .msin_b_scale = msin_b_scale(p),
        .by_pool = ((UINT64_C(1) << 34) + p->mccmnc_count - 1) / p->mccmnc_count,
    };
    numbers_init(identities, p);
    memcpy(identities->mccmnc, p->mccmnc_pool, sizeof identities->mccmnc);
    changes_init(identities, p);
    bijection_init(&identities->msisdn, 10000, identities->prefix_b * p->prefix_count,
                   cdr_stream(p->seed, CDR_STREAM_MSISDN));
    bijection_init(&identities->imsi, 100000, identities->msin_b_scale,
                   cdr_stream(p->seed, CDR_STREAM_IMSI));
    models_init(identities, p->seed,
                (uint32_t)tacs_needed(p->subscribers, identities->device.count));
}

bool cdr_msisdn_subscriber(const struct cdr_identities *identities, uint64_t msisdn,
                           uint32_t subscribers, uint32_t *subscriber)
{
    for (uint32_t prefix = 0; prefix < identities->prefix_count; prefix++) {
        uint64_t base = identities->prefix[prefix] * identities->prefix_scale;
        if (msisdn < base || msisdn - base >= identities->prefix_scale)
            continue;
        uint64_t rest = msisdn - base;
        uint32_t low = (uint32_t)(rest % 10000), high = (uint32_t)(rest / 10000);
        if (identities->american != 0 &&
            !cdr_american_place(identities->american, (uint32_t)(rest / 10000), &high))
            continue;
        if (rest / 10000 >= identities->prefix_b && identities->american == 0)
            continue;
        high += prefix * identities->prefix_b;
        cdr_biject_back(&identities->msisdn, &low, &high);
        uint64_t found = (uint64_t)high * 10000 + low;
        *subscriber = (uint32_t)found;
        return found < subscribers;
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
