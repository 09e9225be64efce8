/* The formats' bytes, pinned: a change here is a change of a format, which docs/data-format.md and
 * the changelog must tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "encode_digest.h"

static void expect_digest(const struct cdr_encoder_ops *levels, uint64_t expected)
{
    for (int level = 0; level < CDR_LEVEL_COUNT; level++)
        if (cdr_level_runs((enum cdr_level)level))
            assert_int_equal(encode_digest(&levels[level]), expected);
}

static void test_csv(void **state)
{
    (void)state;
    expect_digest(cdr_csv_ops, UINT64_C(0x3494ef28675bb6ed));
}

static void test_avro(void **state)
{
    (void)state;
    expect_digest(cdr_avro_ops, UINT64_C(0x68e29bad1fd9647d));
}

static void test_json(void **state)
{
    (void)state;
    expect_digest(cdr_json_ops, UINT64_C(0x54c2dbdd54c35928));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_avro),
        cmocka_unit_test(test_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
