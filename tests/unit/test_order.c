/* The sort of a task's keys against qsort: sizes around every threshold, ties, times that crowd
 * in few buckets. */
#include "engine/order.h"

#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYS_MAX 70000u

static struct cdr_key keys[KEYS_MAX], expected[KEYS_MAX], work[KEYS_MAX];
static uint32_t buckets[CDR_ORDER_BUCKETS + 1];

static int compare(const void *a, const void *b)
{
    const struct cdr_key *left = a, *right = b;
    if (left->high != right->high)
        return left->high < right->high ? -1 : 1;
    return left->low < right->low ? -1 : left->low > right->low;
}

enum spread { EVEN, ONE_MS, TWO_ENDS, SKEWED, FEW_TIMES, ASCENDING, DESCENDING, EQUAL, SPREADS };
static const char *const spread_name[SPREADS] = {"even",      "one ms",    "two ends",   "skewed",
                                                 "few times", "ascending", "descending", "equal"};

static uint32_t time_of(enum spread spread, uint32_t i, uint32_t n, uint64_t draw, uint32_t span)
{
    uint32_t even = (uint32_t)(draw % span);
    switch (spread) {
    case ONE_MS:
        return span / 3;
    case TWO_ENDS:
        return draw & 1 ? 0 : span - 1;
    case SKEWED: /* nearly all in a thousandth of the span */
        return draw % 50 == 0 ? even : (uint32_t)((draw >> 8) % (span / 1000 + 1));
    case FEW_TIMES:
        return (uint32_t)((draw >> 8) % 7 * (span / 7));
    case ASCENDING:
        return (uint32_t)((uint64_t)i * (span - 1) / n);
    case DESCENDING:
        return (uint32_t)((uint64_t)(n - i) * (span - 1) / n);
    default:
        return even;
    }
}

static void fill(enum spread spread, uint32_t n, uint32_t from_ms, uint32_t bits, uint64_t seed)
{
    for (uint32_t i = 0; i < n; i++) {
        uint64_t draw = cdr_mix(seed * 1000003 + i), more = cdr_mix(draw);
        uint32_t ms = from_ms + time_of(spread, i, n, draw, 1u << bits);
        if (spread == EQUAL)
            more = 12345;
        keys[i] =
            cdr_key_make(ms, (uint32_t)more & 0x3fffffff, (uint32_t)(more >> 30) & 127,
                         (uint32_t)(more >> 37) & 0x7ff, (uint32_t)(more >> 48) & 1,
                         (uint32_t)(more >> 49) & 3, (uint32_t)(more >> 51) & 7,
                         (uint32_t)(draw >> 20) & 0x1ffff, (uint32_t)(draw >> 3) & 0x3fffffff);
    }
}

static void check(enum spread spread, uint32_t n, uint32_t bits, uint64_t seed)
{
    const uint32_t from_ms = bits < 22 ? 3u << bits : 0;
    fill(spread, n, bits < 20 ? from_ms : 0, bits, seed);
    memcpy(expected, keys, n * sizeof *keys);
    qsort(expected, n, sizeof *expected, compare);
    cdr_order_keys(keys, work, n, bits < 20 ? from_ms : 0, bits, buckets);
    if (memcmp(keys, expected, n * sizeof *keys) != 0)
        fail_msg("%s times: %u keys in 2^%u ms, seed %llu are not in order", spread_name[spread], n,
                 bits, (unsigned long long)seed);
}

static void test_sorts_as_qsort_does(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {0,   1,   2,   3,    15,   16,   17,   22,   23,
                                     24,  25,  31,  32,   33,   63,   100,  255,  256,
                                     257, 511, 513, 1000, 2048, 4095, 4097, 9999, 10000};
    static const uint32_t widths[] = {22, 16, 10, 5, 1, 0};
    for (enum spread spread = EVEN; spread < SPREADS; spread++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
            for (size_t w = 0; w < sizeof widths / sizeof *widths; w++)
                check(spread, sizes[s], widths[w], s * 10 + w);
}

static void test_every_small_size(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < 700; n++)
        check((enum spread)(n % SPREADS), n, 12, n);
}

/* More keys than twice the buckets, and so skewed that insertion would take minutes. */
static void test_many_keys(void **state)
{
    (void)state;
    for (enum spread spread = EVEN; spread < SPREADS; spread++)
        check(spread, KEYS_MAX, 22, 7);
}

/* What the bits of a key say is what was put in, at the ends of every range. */
static void test_keys_hold_their_fields(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 2000; seed++) {
        uint64_t a = seed == 0   ? 0
                     : seed == 1 ? UINT64_MAX
                                 : cdr_mix(seed),
                 b = seed < 2 ? a : cdr_mix(a);
        uint32_t ms = (uint32_t)a & 0x3fffff, origin = (uint32_t)(a >> 22) & 0x3fffffff,
                 lag = (uint32_t)(a >> 52) & 0x7f;
        uint32_t index = (uint32_t)b & 0x7ff, leg = (uint32_t)(b >> 11) & 1,
                 party = (uint32_t)(b >> 12) & 3;
        uint32_t outcome = (uint32_t)(b >> 14) & 7, duration_s = (uint32_t)(b >> 17) & 0x1ffff;
        uint32_t peer = (uint32_t)(b >> 34) & 0x3fffffff;
        struct cdr_key key =
            cdr_key_make(ms, origin, lag, index, leg, party, outcome, duration_s, peer);
        assert_int_equal(cdr_key_ms(&key), ms);
        assert_int_equal(cdr_key_origin(&key), origin);
        assert_int_equal(cdr_key_lag(&key), lag);
        assert_int_equal(cdr_key_index(&key), index);
        assert_int_equal(cdr_key_leg(&key), leg);
        assert_int_equal(cdr_key_party(&key), party);
        assert_int_equal(cdr_key_outcome(&key), outcome);
        assert_int_equal(cdr_key_duration_s(&key), duration_s);
        assert_int_equal(cdr_key_peer(&key), peer);
    }
}

/* Emission time, then origin, then start slot (the earlier one has the larger lag), then index,
 * then leg. */
static void test_order_of_names(void **state)
{
    (void)state;
    const struct cdr_key ascending[] = {
        cdr_key_make(5, 9, 1, 9, 1, 3, 7, 99, 99), cdr_key_make(6, 1, 0, 9, 1, 3, 7, 99, 99),
        cdr_key_make(6, 2, 3, 9, 1, 3, 7, 99, 99), cdr_key_make(6, 2, 2, 8, 1, 3, 7, 99, 99),
        cdr_key_make(6, 2, 2, 9, 0, 3, 7, 99, 99), cdr_key_make(6, 2, 2, 9, 1, 0, 0, 0, 0),
    };
    for (size_t i = 1; i < sizeof ascending / sizeof *ascending; i++) {
        assert_true(cdr_key_before(&ascending[i - 1], &ascending[i]));
        assert_false(cdr_key_before(&ascending[i], &ascending[i - 1]));
        assert_false(cdr_key_before(&ascending[i], &ascending[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sorts_as_qsort_does), cmocka_unit_test(test_every_small_size),
        cmocka_unit_test(test_many_keys),           cmocka_unit_test(test_keys_hold_their_fields),
        cmocka_unit_test(test_order_of_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
