/* Which records have which faults, and what the entries of a log are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fault/counts.h"
#include "fault/expand.h"

enum { KEYS = 20000 };

static struct cdr_key *keys;
static struct cdr_slot slots[CDR_LAG_MAX + 1];

static int make_keys(void **state)
{
    (void)state;
    keys = malloc(KEYS * sizeof *keys);
    for (uint32_t i = 0; keys != NULL && i < KEYS; i++)
        keys[i] = cdr_key_make(100 * i, i % 997, 0, i / 997, i & 1, 1, 0, 60, i);
    for (uint32_t i = 0; i <= CDR_LAG_MAX; i++)
        slots[i].start_ms = INT64_C(1735686000000) - INT64_C(3600000) * i;
    return keys == NULL;
}

static int free_keys(void **state)
{
    (void)state;
    free(keys);
    return 0;
}

static struct cdr_fault_entries expand(enum cdr_fault kind, double share, enum cdr_fault other,
                                       double other_share)
{
    static struct cdr_model model; /* of which this needs the faults alone */
    struct cdr_parameters p;
    struct cdr_fault_entries entries = {0};
    cdr_parameters_default(&p);
    p.faults[kind] = share;
    if (other_share > 0)
        p.faults[other] = other_share;
    cdr_faults_init(&model.faults, &p);
    const struct cdr_fault_task task = {
        .type = CDR_TYPE_CALL, .slots = slots, .keys = keys, .n = KEYS};
    assert_true(cdr_fault_expand(&model, &task, &entries));
    return entries;
}

/* How many entries and notes there are of a kind. */
static uint32_t count(const struct cdr_fault_entries *entries, enum cdr_fault kind)
{
    struct cdr_fault_counts counts = {0};
    for (uint32_t i = 0; i < entries->n; i++)
        cdr_fault_count(&counts, cdr_key_entry(&entries->keys[i]), 0);
    for (uint32_t i = 0; i < entries->note_count; i++)
        counts.kinds[entries->notes[i].kind]++;
    return (uint32_t)counts.kinds[kind];
}

static void test_as_many_as_expected(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < CDR_FAULT_COUNT; kind++) {
        struct cdr_parameters p;
        if (kind == CDR_FAULT_LATE_DUPLICATE || kind == CDR_FAULT_OUTAGE ||
            kind == CDR_FAULT_LATE || kind == CDR_FAULT_ABORTED)
            continue; /* plan makes these (tests/property/faults.py), or the delivery */
        cdr_parameters_default(&p);
        p.faults[kind] = 0.1;
        struct cdr_fault_entries entries = expand(kind, 0.1, kind, 0);
        double expected = KEYS * cdr_faults_expected(&p, kind);
        assert_true(expected > 0);
        assert_in_range(count(&entries, kind), expected * 0.9, expected * 1.1);
        cdr_fault_entries_free(&entries);
    }
}

static void test_none_without_shares(void **state)
{
    (void)state;
    struct cdr_fault_entries entries = expand(CDR_FAULT_MISSING, 0, CDR_FAULT_MISSING, 0);
    assert_int_equal(entries.n, KEYS);
    assert_int_equal(entries.note_count, 0);
    assert_memory_equal(entries.keys, keys, KEYS * sizeof *keys);
    cdr_fault_entries_free(&entries);
}

static void test_all_of_a_share_of_one(void **state)
{
    (void)state;
    struct cdr_fault_entries entries = expand(CDR_FAULT_MISSING, 1, CDR_FAULT_DUPLICATE, 0.5);
    assert_int_equal(entries.n, 0);
    assert_int_equal(entries.note_count, KEYS);
    cdr_fault_entries_free(&entries);
    entries = expand(CDR_FAULT_DUPLICATE, 1, CDR_FAULT_TRUNCATE, 1);
    assert_int_equal(entries.n, 2 * KEYS);
    for (uint32_t i = 0; i < KEYS; i++) {
        assert_int_equal(cdr_key_entry(&entries.keys[2 * i]), cdr_fault_number[CDR_FAULT_TRUNCATE]);
        assert_int_equal(cdr_key_entry(&entries.keys[2 * i + 1]),
                         cdr_fault_number[CDR_FAULT_TRUNCATE] | CDR_ENTRY_COPY);
    }
    cdr_fault_entries_free(&entries);
}

/* Copies of a key without its bits. */
static struct cdr_key plain(struct cdr_key key)
{
    key.high &= ~UINT64_C(31);
    return key;
}

static void test_swaps_are_pairs(void **state)
{
    (void)state;
    for (double share = 0.01; share <= 1; share *= 10) {
        struct cdr_fault_entries entries = expand(CDR_FAULT_SWAP, share, CDR_FAULT_SWAP, share);
        uint32_t next = 0;
        assert_int_equal(entries.n, KEYS);
        for (uint32_t i = 0; i < KEYS; i++) {
            struct cdr_key key = plain(entries.keys[i]);
            if (next < entries.note_count && entries.notes[next].at == i) {
                struct cdr_key other = plain(entries.keys[i + 1]);
                assert_int_equal(entries.notes[next++].other, i + 1);
                assert_memory_equal(&key, &keys[i + 1], sizeof key);
                assert_memory_equal(&other, &keys[i], sizeof key);
                i++;
                continue;
            }
            assert_memory_equal(&key, &keys[i], sizeof key);
        }
        assert_int_equal(next, entries.note_count);
        cdr_fault_entries_free(&entries);
    }
}

static void test_numbers_are_distinct(void **state)
{
    (void)state;
    uint64_t seen = 0;
    for (uint32_t kind = 0; kind < CDR_FAULT_COUNT; kind++) {
        const uint32_t number = cdr_fault_number[kind];
        assert_int_equal(seen >> number & 1, 0);
        seen |= UINT64_C(1) << number;
        assert_int_equal((cdr_fault_traits[kind] & CDR_FAULT_PAYLOAD) != 0, number < 15);
        assert_int_equal((cdr_fault_traits[kind] & CDR_FAULT_EXTRA) != 0, number == 15);
        if (number <= 15)
            assert_int_equal(cdr_fault_of_entry(number), kind);
        if (number < 15)
            assert_int_equal(cdr_fault_of_entry(number | CDR_ENTRY_COPY), kind);
    }
    assert_int_equal(cdr_fault_of_entry(CDR_ENTRY_LATE_COPY), CDR_FAULT_LATE_DUPLICATE);
    assert_int_equal(cdr_fault_of_entry(CDR_ENTRY_COPY), CDR_FAULT_COUNT);
}

/* Of the elements and frames, as many are out as the share says, and those of a smaller share. */
static void test_outages_are_as_many_as_expected(void **state)
{
    (void)state;
    enum { FRAMES = 10000 };
    struct cdr_parameters p;
    struct cdr_faults faults[2];
    uint32_t out = 0, of_element[CDR_ELEMENTS] = {0};
    cdr_parameters_default(&p);
    for (int i = 0; i < 2; i++) {
        p.faults[CDR_FAULT_OUTAGE] = 0.05 * (i + 1);
        cdr_faults_init(&faults[i], &p);
    }
    for (uint32_t frame = 480000; frame < 480000 + FRAMES; frame++) {
        const uint32_t few = cdr_outage_elements(&faults[0], CDR_TYPE_SMS, frame);
        const uint32_t many = cdr_outage_elements(&faults[1], CDR_TYPE_SMS, frame);
        assert_int_equal(few & ~many, 0);
        out += (uint32_t)__builtin_popcount(many);
    }
    assert_in_range(out, FRAMES * CDR_ELEMENTS * 0.095, FRAMES * CDR_ELEMENTS * 0.105);
    for (uint32_t s = 0; s < 100 * CDR_ELEMENTS; s++)
        of_element[cdr_outage_element(&faults[0], s)]++;
    for (uint32_t element = 0; element < CDR_ELEMENTS; element++)
        assert_in_range(of_element[element], 60, 140);
}

static void test_wrong_shares_are_refused(void **state)
{
    (void)state;
    struct cdr_parameters p;
    struct cdr_error error = {0};
    cdr_parameters_default(&p);
    p.faults[CDR_FAULT_CLOCK] = 1.5;
    assert_int_equal(cdr_parameters_check(&p, &error), CDR_E_CONFIG);
    assert_non_null(strstr(error.text, "faults.clock"));
    p.faults[CDR_FAULT_CLOCK] = 0.6;
    p.faults[CDR_FAULT_EMPTY] = 0.4;
    p.faults[CDR_FAULT_DUPLICATE] = p.faults[CDR_FAULT_SWAP] = 1; /* these are no payloads */
    assert_int_equal(cdr_parameters_check(&p, &error), CDR_OK);
    p.faults[CDR_FAULT_EMPTY] = 0.41;
    assert_int_equal(cdr_parameters_check(&p, &error), CDR_E_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_many_as_expected),
        cmocka_unit_test(test_none_without_shares),
        cmocka_unit_test(test_all_of_a_share_of_one),
        cmocka_unit_test(test_swaps_are_pairs),
        cmocka_unit_test(test_numbers_are_distinct),
        cmocka_unit_test(test_outages_are_as_many_as_expected),
        cmocka_unit_test(test_wrong_shares_are_refused),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
