/* Identities: bijections are bijections, numbers have the digits that standards ask for, are nobody
 * else's, and last. */
#include "engine/engine.h"
#include "model/identity.h"
#include "statistics.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "model_run.h"

static struct cdr_identities identities_of(const struct cdr_parameters *parameters)
{
    struct cdr_identities identities;
    struct cdr_error error = {0};
    if (cdr_identity_check(parameters, &error) != CDR_OK)
        fail_msg("%s", error.text);
    cdr_identities_init(&identities, parameters);
    return identities;
}

static void bijections_are_exhaustive(void **state)
{
    (void)state;
    static const uint32_t sizes[][2] = {{1, 1},   {1, 7},    {2, 2},      {3, 5},
                                        {10, 10}, {100, 37}, {1000, 999}, {65536, 11}};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        struct cdr_bijection bijection = {.a = sizes[s][0], .b = sizes[s][1]};
        for (int round = 0; round < CDR_FEISTEL_ROUNDS; round++)
            bijection.keys[round] = cdr_mix32((uint32_t)round + 17 * (uint32_t)s);
        uint8_t *seen = calloc((size_t)bijection.a * bijection.b, 1);
        for (uint32_t x = 0; x < bijection.a; x++) {
            for (uint32_t y = 0; y < bijection.b; y++) {
                uint32_t to_x = x, to_y = y;
                cdr_biject(&bijection, &to_x, &to_y);
                assert_true(to_x < bijection.a && to_y < bijection.b);
                assert_int_equal(seen[(size_t)to_x * bijection.b + to_y]++, 0);
                cdr_biject_back(&bijection, &to_x, &to_y);
                assert_true(to_x == x && to_y == y);
            }
        }
        free(seen);
    }
}

static void assert_all_different(uint64_t *values, size_t n)
{
    qsort(values, n, sizeof *values, compare_u64);
    for (size_t i = 1; i < n; i++)
        if (values[i] == values[i - 1])
            fail_msg("%" PRIu64 " occurs twice", values[i]);
}

static void msisdns_are_different_and_lead_back(void **state)
{
    (void)state;
    enum { N = 1000000 };
    struct cdr_parameters p = parameters_of(N, 1);
    struct cdr_identities identities = identities_of(&p);
    uint64_t *values = malloc(N * sizeof *values);
    double prefixes[2] = {0}, even[2] = {1, 1};
    for (uint32_t s = 0; s < N; s++) {
        struct cdr_number number = cdr_msisdn(&identities, s);
        values[s] = number.value;
        assert_int_equal(number.len, 11);
        uint32_t prefix = 0, back;
        while (prefix < 2 && identities.prefix[prefix] != number.value / 10000000)
            prefix++;
        assert_true(prefix < 2);
        prefixes[prefix]++;
        assert_true(cdr_msisdn_subscriber(&identities, number.value, N, &back));
        assert_int_equal(back, s);
    }
    assert_all_different(values, N);
    assert_likely(shares_p(prefixes, even, 2), "prefixes are used evenly");
    free(values);
}

static void numbers_of_nobody_are_told_apart(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(1000, 1);
    struct cdr_identities identities = identities_of(&p);
    uint32_t subscriber, found = 0;
    for (uint64_t number = UINT64_C(31610000000); number < UINT64_C(31620000000); number += 7)
        found += cdr_msisdn_subscriber(&identities, number, 1000, &subscriber);
    assert_true(
        found <
        180); /* 1,000 of 20,000,000 numbers, of which 1,428,571 were asked for: 71 expected */
    assert_false(cdr_msisdn_subscriber(&identities, 31612, 1000, &subscriber));
    assert_false(cdr_msisdn_subscriber(&identities, UINT64_C(31600000000), 1000, &subscriber));
    assert_false(cdr_msisdn_subscriber(&identities, 0, 1000, &subscriber));
}

/* Neighbours in the index are no neighbours in the number space: bits of four rounds against
 * chance. */
static void msisdns_look_random(void **state)
{
    (void)state;
    enum { N = 300000 };
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct cdr_parameters p = parameters_of(N, 1);
        p.seed = seed;
        struct cdr_identities identities = identities_of(&p);
        static double pairs[10000], steps[100], even[10000];
        memset(pairs, 0, sizeof pairs);
        memset(steps, 0, sizeof steps);
        for (int i = 0; i < 10000; i++)
            even[i] = 1;
        uint64_t before = 0;
        for (uint32_t s = 0; s <= N; s++) {
            uint64_t digits = cdr_msisdn(&identities, s % N).value % 10000000;
            if (s > 0) {
                pairs[before / 100000 * 100 + digits / 100000]++;
                steps[(digits + 10000000 - before) % 10000000 / 100000]++;
            }
            before = digits;
        }
        assert_likely(shares_p(pairs, even, 10000), "pairs of neighbours, seed %u", (unsigned)seed);
        assert_likely(shares_p(steps, even, 100), "steps between neighbours, seed %u",
                      (unsigned)seed);
    }
}

static void check_numbers(const char *const prefixes[2], uint32_t digits)
{
    enum { N = 15000 };
    struct cdr_parameters p = parameters_of(N, 1);
    p.msisdn_digits = digits;
    for (int i = 0; i < 2; i++)
        snprintf(p.prefixes[i], sizeof p.prefixes[i], "%s", prefixes[i]);
    struct cdr_identities identities = identities_of(&p);
    uint64_t *values = malloc(N * sizeof *values);
    for (uint32_t s = 0; s < N; s++) {
        struct cdr_number number = cdr_msisdn(&identities, s);
        char text[24];
        snprintf(text, sizeof text, "%" PRIu64, number.value);
        assert_int_equal(strlen(text), digits);
        assert_int_equal(number.len, digits);
        assert_true(strncmp(text, prefixes[0], strlen(prefixes[0])) == 0 ||
                    strncmp(text, prefixes[1], strlen(prefixes[1])) == 0);
        uint32_t back;
        assert_true(cdr_msisdn_subscriber(&identities, number.value, N, &back));
        assert_int_equal(back, s);
        values[s] = number.value;
    }
    assert_all_different(values, N);
    free(values);
}

static void prefixes_may_have_three_to_six_digits(void **state)
{
    (void)state;
    static const char *const prefixes[][2] = {
        {"491", "492"}, {"3161", "4915"}, {"31612", "31613"}, {"316123", "316124"}};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        for (uint32_t digits = 10; digits <= 15; digits++)
            check_numbers(prefixes[i], digits);
}

static void the_number_space_can_be_used_up(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(10000000, 1);
    struct cdr_error error = {0};
    p.prefix_count = 1;
    assert_int_equal(cdr_identity_check(&p, &error), CDR_OK);
    struct cdr_identities identities = identities_of(&p);
    uint8_t *seen = calloc(10000000, 1);
    for (uint32_t s = 0; s < 10000000; s++)
        assert_int_equal(seen[cdr_msisdn(&identities, s).value - UINT64_C(31610000000)]++, 0);
    free(seen);
    p.subscribers++;
    assert_int_equal(cdr_identity_check(&p, &error), CDR_E_CONFIG);
    assert_non_null(strstr(error.text, "subs: 10000001"));
    assert_non_null(strstr(error.text, "10000000"));
}

/* IMSIs and IMEIs over subscribers and the numbers that each has had. */
static void imsis_are_different_over_sim_changes(void **state)
{
    (void)state;
    static const uint32_t pools[2][3] = {{20408, 20416, 20420}, {310260, 310410, 311480}};
    enum { N = 100000, NUMBERS = 8 };
    uint64_t *values = malloc((size_t)N * NUMBERS * sizeof *values);
    for (int six = 0; six < 2; six++) {
        struct cdr_parameters p = parameters_of(N, 1);
        memcpy(p.mccmnc_pool, pools[six], sizeof pools[six]);
        p.mccmnc_count = 3;
        struct cdr_identities identities = identities_of(&p);
        assert_true(identities.sim.count >= NUMBERS);
        double codes[3] = {0}, even[3] = {1, 1, 1};
        size_t n = 0;
        for (uint32_t s = 0; s < N; s++) {
            for (uint32_t sim = 0; sim < NUMBERS; sim++) {
                struct cdr_imsi imsi = cdr_imsi(&identities, s, sim);
                /* Another SIM is of the same operator. */
                assert_int_equal(imsi.mccmnc, cdr_imsi(&identities, s, 0).mccmnc);
                char text[24], code[8];
                snprintf(text, sizeof text, "%" PRIu64, imsi.value);
                snprintf(code, sizeof code, "%" PRIu32, imsi.mccmnc);
                assert_int_equal(strlen(text), 15);
                assert_int_equal(strncmp(text, code, six ? 6 : 5), 0);
                for (int i = 0; i < 3; i++)
                    codes[i] += imsi.mccmnc == pools[six][i];
                values[n++] = imsi.value;
            }
        }
        assert_all_different(values, n);
        assert_true(codes[0] + codes[1] + codes[2] == n);
        assert_likely(shares_p(codes, even, 3), "codes of %d digits are used evenly", 5 + six);
    }
    free(values);
}

static void imeis_are_different_over_device_changes(void **state)
{
    (void)state;
    static const uint32_t subscribers[] = {1000000,
                                           1500000}; /* in one and in three groups of 2^19 */
    enum { STEP = 5, NUMBERS = 7 };
    for (int i = 0; i < 2; i++) {
        struct cdr_parameters p = parameters_of(subscribers[i], 1);
        p.imei_change_prob = 0.02;
        struct cdr_identities identities = identities_of(&p);
        uint64_t *values = malloc(((size_t)subscribers[i] / STEP + 1) * NUMBERS * sizeof *values);
        size_t n = 0;
        for (uint32_t s = 0; s < subscribers[i]; s += STEP)
            for (uint32_t k = 0; k < NUMBERS; k++)
                values[n++] = cdr_imei14(&identities, s, k * 170, s % CDR_RAT_COUNT);
        for (size_t v = 0; v < n; v++) { /* TAC: 8 digits, the first two a reporting body's */
            uint64_t body = values[v] / 1000000 / 1000000;
            assert_true(body == 1 || body == 35 || body == 86);
        }
        assert_all_different(values, n);
        free(values);
    }
}

static void luhn_digits_are_those_of_published_imeis(void **state)
{
    (void)state;
    assert_int_equal(cdr_luhn_digit(UINT64_C(49015420323751)), 8);
    assert_int_equal(cdr_luhn_digit(UINT64_C(35693803564380)), 9);
    assert_int_equal(cdr_luhn_digit(0), 0);
    for (uint64_t i = 0; i < 2000; i++) { /* from the definition, digit by digit over all fifteen */
        uint64_t imei = cdr_mix(i + 1) % UINT64_C(100000000000000) * 10;
        imei += cdr_luhn_digit(imei / 10);
        uint32_t sum = 0;
        for (int place = 0; place < 15; place++, imei /= 10) {
            uint32_t digit = (uint32_t)(imei % 10) * (place % 2 == 1 ? 2 : 1);
            sum += digit / 10 + digit % 10;
        }
        assert_int_equal(sum % 10, 0);
    }
}

/* ---- changes ---- */

/* A number only grows, by p a day, on any day, and never falls back. */
static void changes_p(double probability, uint32_t first_day, uint32_t days, double *mean_p,
                      double *days_p)
{
    enum { N = 40000 };
    struct cdr_parameters p = parameters_of(N, 1);
    p.imei_change_prob = probability;
    struct cdr_identities identities = identities_of(&p);
    double *changes = calloc(days, sizeof *changes), *expected = calloc(days, sizeof *expected),
           sum = 0;
    for (uint32_t s = 0; s < N; s++) {
        uint32_t before = cdr_renewal_number(&identities.device, s, first_day);
        for (uint32_t day = 0; day < days; day++) {
            uint32_t now = cdr_renewal_number(&identities.device, s, first_day + day + 1);
            assert_true(now >= before && now < identities.device.count);
            changes[day] += now - before;
            before = now;
        }
    }
    for (uint32_t day = 0; day < days; day++) {
        sum += changes[day];
        expected[day] = N * probability;
    }
    /* Binomial, or tighter: changes of one subscriber repel each other. */
    double n = (double)N * days;
    *mean_p = normal_p((sum - n * probability) / sqrt(n * probability * (1 - probability)));
    *days_p = counts_p(changes, expected, days, 0);
    free(changes);
    free(expected);
}

static void devices_change_at_the_given_rate(void **state)
{
    (void)state;
    double mean_p, days_p;
    changes_p(0.02, 20089, 365, &mean_p, &days_p);
    assert_likely(mean_p, "two of a hundred a day, mean");
    assert_likely(days_p, "every day of a year alike");
    changes_p(0.0002, 20089, 730, &mean_p, &days_p); /* kept as 13/65536: 0.8 % less */
    assert_likely(mean_p, "two of ten thousand a day, mean");
    changes_p(0.5, 47000, 100, &mean_p, &days_p);
    assert_likely(mean_p, "every other day, mean");
}

static void no_change_means_one_number(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(1000, 1);
    p.imei_change_prob = 0;
    p.sim_change_prob = 0;
    struct cdr_identities identities = identities_of(&p);
    for (uint32_t s = 0; s < 1000; s++) {
        assert_int_equal(cdr_renewal_number(&identities.device, s, 20089),
                         cdr_renewal_number(&identities.device, s, 24000));
        assert_int_equal(cdr_renewal_number(&identities.sim, s, 20089),
                         cdr_renewal_number(&identities.sim, s, 24000));
    }
}

/* How long a device is kept: between 0 and 2/p days, on average 1/p. */
static void a_change_lasts(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(3000, 1);
    p.imei_change_prob = 0.02;
    struct cdr_identities identities = identities_of(&p);
    double kept = 0, times = 0;
    for (uint32_t s = 0; s < 3000; s++) {
        uint32_t before = cdr_renewal_number(&identities.device, s, 20000), since = 0;
        for (uint32_t day = 20001; day < 22000; day++) {
            uint32_t now = cdr_renewal_number(&identities.device, s, day);
            if (now == before)
                continue;
            if (since != 0) {
                kept += day - since;
                times++;
                assert_true(day - since <= 101);
            }
            since = day;
            before = now;
        }
    }
    assert_true(fabs(kept / times - 50) < 1);
}

/* ---- errors ---- */

static void assert_refused(const struct cdr_parameters *p, const char *key, const char *value)
{
    struct cdr_error error = {0};
    assert_int_equal(cdr_identity_check(p, &error), CDR_E_CONFIG);
    if (strncmp(error.text, key, strlen(key)) != 0 || strstr(error.text, value) == NULL)
        fail_msg("\"%s\" does not name %s and %s", error.text, key, value);
}

static void bad_prefixes_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"31", "3161234", "0316", "31a1", "", "31612"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct cdr_parameters p = parameters_of(100, 1);
        memset(p.prefixes[1], 0, sizeof p.prefixes[1]);
        memcpy(p.prefixes[1], bad[i], strlen(bad[i]));
        assert_refused(&p, "prefixes: ", bad[i]);
        p = parameters_of(100, 1);
        memset(p.offnet_prefixes[1], 0, sizeof p.offnet_prefixes[1]);
        memcpy(p.offnet_prefixes[1], bad[i], strlen(bad[i]));
        if (bad[i][0] == '\0' || strlen(bad[i]) != 5 || bad[i][2] == 'a')
            assert_refused(&p, "offnet_prefixes: ", bad[i]);
        else
            assert_refused(&p, "offnet_prefixes: ", "3161"); /* own numbers begin so, too */
    }
    struct cdr_parameters p = parameters_of(100, 1);
    memcpy(p.prefixes[1], p.prefixes[0], 8);
    assert_refused(&p, "prefixes: ", "3161");
    p = parameters_of(100, 1);
    memcpy(p.offnet_prefixes[1], p.prefixes[0], 8);
    assert_refused(&p, "offnet_prefixes: ", "3161");
    p = parameters_of(100, 1);
    p.prefix_count = 0;
    assert_refused(&p, "prefixes: ", "empty");
    p = parameters_of(100, 1);
    p.offnet_prefix_count = 0;
    assert_refused(&p, "offnet_prefixes: ", "empty");
}

static void bad_codes_are_refused(void **state)
{
    (void)state;
    static const struct {
        uint32_t code;
        const char *text;
    } bad[] = {{310260, "310260"}, {CDR_MCCMNC_ZERO + 1010, "001010"}, {2000000, "does not fit"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct cdr_parameters p = parameters_of(100, 1);
        p.mccmnc_count = 3;
        p.mccmnc_pool[1] = 20416;
        p.mccmnc_pool[2] = bad[i].code;
        assert_refused(&p, "mccmnc_pool: ", bad[i].text);
    }
    struct cdr_parameters p = parameters_of(100, 1);
    p.mccmnc_count = 2;
    p.mccmnc_pool[1] = 101;
    assert_int_equal(cdr_identity_check(&p, NULL), CDR_OK); /* 00101 */
    p.mccmnc_pool[1] = p.mccmnc_pool[0];
    assert_refused(&p, "mccmnc_pool: ", "20408");
    p.mccmnc_count = 0;
    assert_refused(&p, "mccmnc_pool: ", "empty");
}

static void spaces_that_are_too_small_are_refused(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(20000001, 1);
    assert_refused(&p, "subs: ", "20000000");
    p = parameters_of(1000000, 1);
    p.mccmnc_pool[0] = 310260;
    p.mccmnc_count = 1;
    p.sim_change_prob = 0.5;
    assert_refused(&p, "sim_change_prob: ", "0.5");
    p = parameters_of(20000000, 1);
    p.imei_change_prob = 1;
    assert_refused(&p, "imei_change_prob: ", "20000000");
}

/* ---- partitions ---- */

/* From org.apache.kafka.common.utils.UtilsTest. */
static void murmur2_is_java_s(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int32_t hash;
    } vectors[] = {
        {"21", -973932308},
        {"foobar", -790332482},
        {"a-little-bit-long-string", -985981536},
        {"a-little-bit-longer-string", -1486304829},
        {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
        {"abc", 479470107},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        assert_int_equal((int32_t)cdr_murmur2((const uint8_t *)vectors[i].text,
                                              (uint32_t)strlen(vectors[i].text)),
                         vectors[i].hash);
}

/* The other way that Java's murmur2 is written, bytes in a switch that falls through, on the text
 * of the key. */
static uint32_t murmur2_again(const char *text)
{
    size_t len = strlen(text), at = 0;
    uint32_t hash = 0x9747b28cu ^ (uint32_t)len;
    for (; len - at >= 4; at += 4) {
        uint32_t k = 0;
        for (int byte = 3; byte >= 0; byte--)
            k = k << 8 | (uint8_t)text[at + (size_t)byte];
        k *= 0x5bd1e995u;
        hash = (hash * 0x5bd1e995u) ^ ((k ^ k >> 24) * 0x5bd1e995u);
    }
    uint32_t rest = 0;
    for (size_t i = len; i > at; i--)
        rest = rest << 8 | (uint8_t)text[i - 1];
    if (len > at)
        hash = (hash ^ rest) * 0x5bd1e995u;
    hash = (hash ^ hash >> 13) * 0x5bd1e995u;
    return hash ^ hash >> 15;
}

static void partitions_are_those_of_the_keys_text(void **state)
{
    (void)state;
    static const uint32_t partitions[] = {1, 2, 3, 6, 64, 4096};
    struct cdr_parameters p = parameters_of(100000, 1);
    struct cdr_model *model = model_of(&p);
    for (size_t i = 0; i < sizeof partitions / sizeof *partitions; i++) {
        static double counts[4096], even[4096];
        memset(counts, 0, sizeof counts);
        model->parameters.partitions = partitions[i];
        for (uint32_t s = 0; s < p.subscribers; s++) {
            char text[24];
            snprintf(text, sizeof text, "%" PRIu64, cdr_msisdn(&model->identities, s).value);
            uint32_t partition = cdr_partition_of(model, s);
            assert_int_equal(partition, (murmur2_again(text) & 0x7fffffff) % partitions[i]);
            counts[partition]++;
        }
        for (uint32_t k = 0; k < partitions[i]; k++)
            even[k] = 1;
        assert_likely(shares_p(counts, even, partitions[i]), "%u partitions are filled evenly",
                      partitions[i]);
    }
    cdr_model_destroy(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bijections_are_exhaustive),
        cmocka_unit_test(msisdns_are_different_and_lead_back),
        cmocka_unit_test(numbers_of_nobody_are_told_apart),
        cmocka_unit_test(msisdns_look_random),
        cmocka_unit_test(prefixes_may_have_three_to_six_digits),
        cmocka_unit_test(the_number_space_can_be_used_up),
        cmocka_unit_test(imsis_are_different_over_sim_changes),
        cmocka_unit_test(imeis_are_different_over_device_changes),
        cmocka_unit_test(luhn_digits_are_those_of_published_imeis),
        cmocka_unit_test(devices_change_at_the_given_rate),
        cmocka_unit_test(no_change_means_one_number),
        cmocka_unit_test(a_change_lasts),
        cmocka_unit_test(bad_prefixes_are_refused),
        cmocka_unit_test(bad_codes_are_refused),
        cmocka_unit_test(spaces_that_are_too_small_are_refused),
        cmocka_unit_test(murmur2_is_java_s),
        cmocka_unit_test(partitions_are_those_of_the_keys_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
