/* Ids of records, pinned, and the balance of ids against counting them. */
#include "base/hash.h"
#include "model/key.h"
#include "sink/sink.h"
#include "verify/balance.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { IDS = 5000, STEPS = 200000, THREADS = 4 };

/* docs/data-format.md has these. */
static void test_id_is_pinned(void **state)
{
    (void)state;
    char text[CDR_ID_TEXT_LEN + 1] = "";
    struct cdr_key key = cdr_key_make(1234567, 42, 2, 3, 1, 0, 1, 75, 7);
    cdr_id_text(cdr_key_id(&key, 0, 1928344), text);
    assert_string_equal(text, "03990bcefcff0008");
    cdr_id_text(cdr_key_id(&key, 2, 1928344), text);
    assert_string_equal(text, "622a2209501184b4");
    /* When it is emitted, how long it lasts and how it went are no part of its name. */
    struct cdr_key other = cdr_key_make(7, 42, 5, 3, 1, 1, 2, 99, 7);
    assert_true(cdr_key_id(&other, 0, 1928344) == cdr_key_id(&key, 0, 1928344));
    cdr_id_text(1, text);
    assert_string_equal(text, "0000000000000001");
}

static uint64_t id_of(uint64_t number)
{
    /* Many in the same table and near the same row. */
    return number % 3 == 0 ? number * 64 : number % 3 == 1 ? number << 16 : cdr_mix(number);
}

struct tally {
    const int64_t *counts;
    uint64_t entries;
};

static void check_entry(void *context, const struct cdr_balance_entry *entry)
{
    struct tally *tally = context;
    uint64_t number = 0;
    while (number < IDS && id_of(number) != entry->id)
        number++;
    assert_true(number < IDS);
    int64_t sum = 0;
    for (uint64_t i = 0; i < IDS; i++)
        sum += id_of(i) == entry->id ? tally->counts[i] : 0;
    assert_int_equal(entry->count, sum);
    if (entry->count < 0)
        assert_int_equal(entry->place & 0xffff, number & 0xffff);
    tally->entries++;
}

static void test_counts(void **state)
{
    static int64_t counts[IDS];
    struct cdr_balance *balance;
    struct cdr_error error;
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        memset(counts, 0, sizeof counts);
        assert_int_equal(cdr_balance_create(&balance, &error), CDR_OK);
        for (uint64_t step = 0; step < STEPS; step++) {
            uint64_t random = cdr_mix(seed * 1000003 + step), number = random % IDS;
            /* Mostly back towards even, so that rows are taken out as well. */
            bool expect = counts[number] < 0 || (counts[number] == 0 && random >> 32 & 1);
            if ((random >> 40) % 16 == 0)
                expect = !expect;
            counts[number] += expect ? 1 : -1;
            assert_int_equal(expect ? cdr_balance_expect(balance, id_of(number), &error)
                                    : cdr_balance_find(balance, id_of(number), number, &error),
                             CDR_OK);
        }
        struct tally tally = {.counts = counts};
        cdr_balance_visit(balance, check_entry, &tally);
        assert_int_equal(tally.entries, cdr_balance_size(balance));
        uint64_t uneven = 0;
        for (uint64_t i = 0; i < IDS; i++)
            uneven += counts[i] != 0 && cdr_balance_mark(balance, id_of(i)) != 0;
        assert_true(uneven >= tally.entries);
        cdr_balance_destroy(balance);
    }
}

static void *expect_or_find(void *argument)
{
    struct cdr_balance *balance = ((void **)argument)[0];
    const bool expect = ((void **)argument)[1] != NULL;
    struct cdr_error error;
    for (uint64_t i = 0; i < 50000; i++)
        assert_int_equal(expect ? cdr_balance_expect(balance, cdr_mix(i), &error)
                                : cdr_balance_find(balance, cdr_mix(49999 - i), i, &error),
                         CDR_OK);
    return NULL;
}

/* Threads on both sides, in opposite order: in the end it is even. */
static void test_threads(void **state)
{
    struct cdr_balance *balance;
    struct cdr_error error;
    pthread_t threads[THREADS];
    (void)state;
    assert_int_equal(cdr_balance_create(&balance, &error), CDR_OK);
    void *arguments[2][2] = {{balance, NULL}, {balance, balance}};
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, expect_or_find, arguments[i % 2]), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(cdr_balance_size(balance), 0);
    assert_int_equal(cdr_balance_mark(balance, 5), 0);
    cdr_balance_destroy(balance);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_id_is_pinned),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
