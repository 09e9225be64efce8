/* Quality of the draws, on the names that the model really hashes: neighbours that differ by one in
 * subscriber, slot, index or purpose. `test_hash --stream` writes such draws to standard output for
 * ever, for a battery of tests such as dieharder's: docs/model.md has a run of it. */
#include "base/hash.h"
#include "model/streams.h"
#include "statistics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SEED 42

/* The kinds of draws: all that are made of a name, in the order in which a run goes through names.
 */
struct source {
    const char *name;
    uint64_t (*draw)(uint64_t i);
};

static uint64_t event_draw(uint32_t subscriber, uint32_t slot, uint32_t index, uint64_t purpose)
{
    return cdr_draw(
        cdr_mix(cdr_event_name(subscriber, slot, index) ^ cdr_stream(SEED, CDR_STREAM_EVENT)),
        CDR_PURPOSE(purpose));
}

#define FIRST_SLOT 1928440u /* quarter hours of 2025 */

static uint64_t by_subscriber(uint64_t i)
{
    return event_draw((uint32_t)i & 0x3fffffff, FIRST_SLOT + 4 * (uint32_t)(i >> 30), 0, 1);
}

static uint64_t by_slot(uint64_t i)
{
    return event_draw(1234 + (uint32_t)(i >> 20), FIRST_SLOT + 4 * ((uint32_t)i & 0xfffff), 0, 1);
}

static uint64_t by_index(uint64_t i)
{
    return event_draw((uint32_t)(i >> 11) & 0x3fffffff, FIRST_SLOT, (uint32_t)i & 2047, 2);
}

static uint64_t by_purpose(uint64_t i)
{
    return event_draw((uint32_t)(i >> 4) & 0x3fffffff, FIRST_SLOT, 0, (i & 15) + 1);
}

static uint64_t by_attempt(uint64_t i)
{
    uint64_t base = cdr_mix(cdr_event_name((uint32_t)(i >> 3) & 0x3fffffff, FIRST_SLOT, 0) ^
                            cdr_stream(SEED, CDR_STREAM_EVENT));
    return cdr_draw(base, CDR_PURPOSE(4) + (i & 7));
}

/* How many events a subscriber has in a slot. */
static uint64_t slot_draw(uint32_t subscriber, uint32_t slot)
{
    return cdr_draw(
        cdr_mix(cdr_event_name(subscriber, slot, 0) ^ cdr_stream(SEED, CDR_STREAM_COUNT_)),
        CDR_PURPOSE(2));
}

static uint64_t counts_by_subscriber(uint64_t i)
{
    return slot_draw((uint32_t)i & 0x3fffffff, FIRST_SLOT + 4 * (uint32_t)(i >> 30));
}

static uint64_t counts_by_slot(uint64_t i)
{
    return slot_draw(77 + (uint32_t)(i >> 20), FIRST_SLOT + 4 * ((uint32_t)i & 0xfffff));
}

/* One mix only: lasting traits. */
static uint64_t traits(uint64_t i)
{
    return cdr_mix((i & 0x3fffffff) ^ cdr_stream(SEED, CDR_STREAM_SUBSCRIBER));
}

/* A subscriber's off-net parties, rank by rank. */
static uint64_t offnet(uint64_t i)
{
    uint64_t name = ((i >> 9) & 0x3fffffff) << 16 | (i & 511);
    return cdr_mix(name ^ cdr_stream(SEED, CDR_STREAM_OFFNET));
}

/* Keys of the contact groups: a coordinate and the index bits above the group. */
static uint64_t groups(uint64_t i)
{
    return cdr_mix(((i % 3) << 32 | (i / 3 << 8 & 0x3fffffff)) ^
                   cdr_stream(SEED, CDR_STREAM_CONTACT));
}

static uint64_t seeds(uint64_t i)
{
    return cdr_mix(cdr_event_name(5, FIRST_SLOT, 1) ^ cdr_stream(i, CDR_STREAM_EVENT));
}

static const struct source sources[] = {
    {"events, subscriber by subscriber", by_subscriber},
    {"events, slot by slot", by_slot},
    {"events, index by index", by_index},
    {"events, purpose by purpose", by_purpose},
    {"events, attempt by attempt", by_attempt},
    {"counts, subscriber by subscriber", counts_by_subscriber},
    {"counts, slot by slot", counts_by_slot},
    {"traits, subscriber by subscriber", traits},
    {"off-net parties, rank by rank", offnet},
    {"contact groups", groups},
    {"seeds", seeds},
};
#define SOURCES (sizeof sources / sizeof *sources)

/* The least of many p-values, corrected for their number. */
static double least_p(double least, double tests)
{
    return least * tests < 1 ? 1 - pow(1 - least, tests) : 1;
}

static void each_bit_is_set_half_of_the_time(void **state)
{
    (void)state;
    enum { N = 400000 };
    for (size_t s = 0; s < SOURCES; s++) {
        uint32_t set[64] = {0};
        for (uint64_t i = 0; i < N; i++)
            for (uint64_t draw = sources[s].draw(i), bit = 0; bit < 64; bit++)
                set[bit] += draw >> bit & 1;
        double least = 1;
        for (int bit = 0; bit < 64; bit++)
            least = fmin(least, normal_p((set[bit] - N / 2.0) / sqrt(N / 4.0)));
        assert_likely(least_p(least, 64), "%s", sources[s].name);
    }
}

static void each_byte_is_uniform(void **state)
{
    (void)state;
    enum { N = 400000 };
    static double counts[8][256], shares[256];
    for (int i = 0; i < 256; i++)
        shares[i] = 1;
    for (size_t s = 0; s < SOURCES; s++) {
        memset(counts, 0, sizeof counts);
        for (uint64_t i = 0; i < N; i++)
            for (uint64_t draw = sources[s].draw(i), byte = 0; byte < 8; byte++)
                counts[byte][draw >> (8 * byte) & 255]++;
        double least = 1;
        for (int byte = 0; byte < 8; byte++)
            least = fmin(least, shares_p(counts[byte], shares, 256));
        assert_likely(least_p(least, 8), "%s", sources[s].name);
    }
}

/* Pairs of neighbouring draws, eight bits of each, from the top and from the bottom. */
static void neighbours_are_independent(void **state)
{
    (void)state;
    enum { N = 1000000 };
    static double top[65536], bottom[65536], shares[65536];
    for (int i = 0; i < 65536; i++)
        shares[i] = 1;
    for (size_t s = 0; s < SOURCES; s++) {
        memset(top, 0, sizeof top);
        memset(bottom, 0, sizeof bottom);
        for (uint64_t i = 0, before = sources[s].draw(N); i < N; i++) {
            uint64_t draw = sources[s].draw(i);
            top[before >> 56 << 8 | draw >> 56]++;
            bottom[(before & 255) << 8 | (draw & 255)]++;
            before = draw;
        }
        double least = fmin(shares_p(top, shares, 65536), shares_p(bottom, shares, 65536));
        assert_likely(least_p(least, 2), "%s", sources[s].name);
    }
}

static void draws_do_not_correlate_with_later_ones(void **state)
{
    (void)state;
    enum { N = 300000, LAGS = 24 };
    double *u = malloc((N + LAGS) * sizeof *u);
    for (size_t s = 0; s < SOURCES; s++) {
        double least = 1;
        for (int half = 0; half < 2; half++) {
            for (uint64_t i = 0; i < N + LAGS; i++)
                u[i] = (uint32_t)(sources[s].draw(i) >> (32 * half)) / 4294967296.0 - 0.5;
            for (int lag = 1; lag <= LAGS; lag++) {
                double sum = 0;
                for (int i = 0; i < N; i++)
                    sum += u[i] * u[i + lag];
                least = fmin(least,
                             normal_p(sum / sqrt(N) * 12)); /* the variance of a product is 1/144 */
            }
        }
        assert_likely(least_p(least, 2 * LAGS), "%s", sources[s].name);
    }
    free(u);
}

static int compare_u32(const void *a, const void *b)
{
    const uint32_t *left = a, *right = b;
    return *left < *right ? -1 : *left > *right;
}

/* Marsaglia's birthday spacings: 4,096 birthdays in a year of 2^32 days have Poisson(4) spacings
 * that occur again. */
static uint32_t repeated_spacings(uint32_t *days, uint32_t n)
{
    uint32_t repeated = 0;
    qsort(days, n, sizeof *days, compare_u32);
    for (uint32_t i = n - 1; i > 0; i--)
        days[i] -= days[i - 1];
    qsort(days, n, sizeof *days, compare_u32);
    for (uint32_t i = 1; i < n; i++)
        repeated += days[i] == days[i - 1];
    return repeated;
}

static void birthdays_are_spaced_at_random(void **state)
{
    (void)state;
    enum { N = 4096, YEARS = 250, MOST = 24 };
    static uint32_t days[N];
    for (size_t s = 0; s < SOURCES; s++) {
        double least = 1;
        for (int half = 0; half < 2; half++) {
            double counts[MOST + 1] = {0}, expected[MOST + 1], below = 0;
            for (uint64_t year = 0; year < YEARS; year++) {
                for (uint64_t i = 0; i < N; i++)
                    days[i] = (uint32_t)(sources[s].draw(year * N + i) >> (32 * half));
                uint32_t repeated = repeated_spacings(days, N);
                counts[repeated < MOST ? repeated : MOST]++;
            }
            for (unsigned k = 0; k < MOST; k++)
                below += expected[k] = YEARS * poisson(4, k);
            expected[MOST] = YEARS - below;
            least = fmin(least, counts_p(counts, expected, MOST + 1, 0));
        }
        assert_likely(least_p(least, 2), "%s", sources[s].name);
    }
}

/* Flipping any bit of a name flips each bit of the draw half of the time. */
static double avalanche_p(uint64_t (*draw)(uint64_t name), uint64_t (*name)(uint64_t i),
                          int in_bits)
{
    enum { N = 8192 };
    double least = 1;
    for (int in = 0; in < in_bits; in++) {
        uint32_t flips[64] = {0};
        for (uint64_t i = 0; i < N; i++) {
            uint64_t x = name(i);
            for (uint64_t changed = draw(x) ^ draw(x ^ UINT64_C(1) << in), bit = 0; bit < 64; bit++)
                flips[bit] += changed >> bit & 1;
        }
        for (int bit = 0; bit < 64; bit++)
            least = fmin(least, normal_p((flips[bit] - N / 2.0) / sqrt(N / 4.0)));
    }
    return least_p(least, 64.0 * in_bits);
}

static uint64_t mixed_once(uint64_t name)
{
    return cdr_mix(name ^ cdr_stream(SEED, CDR_STREAM_COUNT_));
}

static uint64_t mixed_twice(uint64_t name)
{
    return cdr_draw(cdr_mix(name ^ cdr_stream(SEED, CDR_STREAM_EVENT)), CDR_PURPOSE(1));
}

static uint64_t consecutive_name(uint64_t i)
{
    return cdr_event_name((uint32_t)i, FIRST_SLOT, 0);
}

static uint64_t random_name(uint64_t i)
{
    return cdr_mix(cdr_mix(i + 99) + 7);
}

static void every_bit_of_a_name_counts(void **state)
{
    (void)state;
    assert_likely(avalanche_p(mixed_twice, consecutive_name, 64),
                  "names as they occur, mixed twice");
    assert_likely(avalanche_p(mixed_twice, random_name, 64), "random names, mixed twice");
    assert_likely(avalanche_p(mixed_once, consecutive_name, 64), "names as they occur, mixed once");
}

/* Murmur3's finaliser is published with its vectors; moremur has none, so these pin what the
 * datasets stand on. */
static void the_functions_are_pinned(void **state)
{
    (void)state;
    assert_int_equal(cdr_mix32(0), 0);
    assert_int_equal(cdr_mix32(1), 0x514e28b7);
    assert_int_equal(cdr_mix32(0xffffffff), 0x81f16f39);
    assert_int_equal(cdr_mix(0), 0);
    assert_true(cdr_mix(1) == UINT64_C(0x3c02aa47758292bd));
    assert_true(cdr_draw(2, CDR_PURPOSE(3)) == UINT64_C(0x5376c609938dc8e1));
    assert_true(cdr_stream(42, CDR_STREAM_EVENT) == UINT64_C(0x8b7867ceb04c2882));
}

static void below_is_in_range_and_even(void **state)
{
    (void)state;
    assert_int_equal(cdr_below(0, 10), 0);
    assert_int_equal(cdr_below(UINT32_MAX, 10), 9);
    assert_int_equal(cdr_below(UINT32_MAX, 1), 0);
    assert_int_equal(cdr_below(UINT32_MAX, UINT32_MAX), UINT32_MAX - 1);
    double counts[10] = {0}, shares[10];
    for (uint64_t i = 0; i < 200000; i++)
        counts[cdr_below((uint32_t)by_subscriber(i), 10)]++;
    for (int i = 0; i < 10; i++)
        shares[i] = 1;
    assert_likely(shares_p(counts, shares, 10), "one of ten");
}

/* Draws of one seed, of every kind that has names enough, in turn. No name comes twice before 2^30.
 */
static void write_stream(void)
{
    enum { KINDS = SOURCES - 2, TURNS = 400 };
    uint64_t block[TURNS * KINDS];
    for (uint64_t i = 0;; i += TURNS) {
        for (uint64_t k = 0; k < TURNS * KINDS; k++)
            block[k] = sources[k % KINDS].draw(i + k / KINDS);
        if (fwrite(block, sizeof block, 1, stdout) != 1)
            exit(0);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_functions_are_pinned),
        cmocka_unit_test(below_is_in_range_and_even),
        cmocka_unit_test(each_bit_is_set_half_of_the_time),
        cmocka_unit_test(each_byte_is_uniform),
        cmocka_unit_test(neighbours_are_independent),
        cmocka_unit_test(draws_do_not_correlate_with_later_ones),
        cmocka_unit_test(birthdays_are_spaced_at_random),
        cmocka_unit_test(every_bit_of_a_name_counts),
    };
    if (argc > 1 && strcmp(argv[1], "--stream") == 0)
        write_stream();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
