/* A key that comes again is told from thousands that come once, and from none at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "verify/repeats.h"

#include <stdio.h>
#include <string.h>

static bool add(struct cdr_repeats *repeats, const char *key)
{
    struct cdr_error error = {0};
    struct cdr_record record = {.key = (const uint8_t *)key,
                                .key_len = key != NULL ? (uint32_t)strlen(key) : 0};
    bool again = false;
    assert_int_equal(cdr_repeats_add(repeats, &record, &again, &error), CDR_OK);
    return again;
}

static void test_the_first_key_that_comes_again_is_seen(void **state)
{
    (void)state;
    struct cdr_repeats repeats = {0};
    char key[32];
    for (int i = 0; i < 10000; i++) {
        snprintf(key, sizeof key, "316%d", i);
        assert_false(add(&repeats, key));
    }
    for (int i = 0; i < 10000; i++) {
        snprintf(key, sizeof key, "316%d", i);
        assert_true(add(&repeats, key));
    }
    assert_false(add(&repeats, "31610000"));
    cdr_repeats_free(&repeats);
}

static void test_records_without_a_key_share_one(void **state)
{
    (void)state;
    struct cdr_repeats repeats = {0};
    assert_false(add(&repeats, NULL));
    assert_false(add(&repeats, "1"));
    assert_true(add(&repeats, NULL));
    cdr_repeats_free(&repeats);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_key_that_comes_again_is_seen),
        cmocka_unit_test(test_records_without_a_key_share_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
