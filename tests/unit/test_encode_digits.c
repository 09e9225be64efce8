/* Digits and Avro's numbers, against the C library and plain loops. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "encode_blocks.h"
#include "schema/varint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { COUNT = 20000 };

/* Powers of ten and two with their neighbours, the bounds of the column's split, then random
 * values. */
static uint64_t value_at(uint32_t i, uint64_t limit, uint64_t *state)
{
    uint64_t power = 1;
    if (i < 17 * 3) {
        for (uint32_t k = 0; k < i / 3; k++)
            power *= 10;
        return (power + i % 3 - 1) % limit;
    }
    if (i < 17 * 3 + 64 * 3)
        return ((UINT64_C(1) << (i - 51) / 3) + (i - 51) % 3 - 1) % limit;
    if (i % 4 == 0) /* at the multiples of 10^8, where the quotient must not be off by one */
        return (blocks_random(state) % 100000000 * 100000000 + i % 3 - 1) % limit;
    return blocks_any_below(state, limit);
}

static void test_digits16(void **state)
{
    (void)state;
    uint64_t random = 1;
    uint64_t *values = malloc(COUNT * sizeof *values);
    char(*column)[16] = malloc(COUNT * sizeof *column);
    assert_true(values != NULL && column != NULL);
    for (uint32_t i = 0; i < COUNT; i++)
        values[i] = value_at(i, CDR_DIGITS16_LIMIT, &random);
    cdr_digits16_column(column, values, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        char expected[32], single[16], digits[16], shortest[32];
        snprintf(expected, sizeof expected, "%016" PRIu64, values[i]);
        snprintf(shortest, sizeof shortest, "%" PRIu64, values[i]);
        cdr_digits16(single, values[i]);
        assert_memory_equal(column[i], expected, 16);
        assert_memory_equal(single, expected, 16);
        memcpy(digits, single, 16);
        assert_int_equal(16 - cdr_leading_zeros16(digits), strlen(shortest));
    }
    free(values);
    free(column);
}

static void test_digits8(void **state)
{
    (void)state;
    uint64_t random = 2;
    uint32_t *values = malloc(COUNT * sizeof *values);
    char(*column)[8] = malloc(COUNT * sizeof *column);
    assert_true(values != NULL && column != NULL);
    for (uint32_t i = 0; i < COUNT; i++)
        values[i] = (uint32_t)value_at(i, CDR_DIGITS8_LIMIT, &random);
    cdr_digits8_column(column, values, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        char expected[32], shortest[32];
        snprintf(expected, sizeof expected, "%08" PRIu32, values[i]);
        snprintf(shortest, sizeof shortest, "%" PRIu32, values[i]);
        assert_memory_equal(column[i], expected, 8);
        assert_int_equal(8 - cdr_leading_zeros8(column[i]), strlen(shortest));
    }
    free(values);
    free(column);
}

/* Columns of every short length touch their own entries only; memory ends where they do. */
static void test_columns_stay_within(void **state)
{
    (void)state;
    for (uint32_t n = 0; n <= 3 * 64 + 1; n++) {
        uint64_t *values16 = malloc(n * 8 + 1);
        uint32_t *values8 = malloc(n * 4 + 1);
        char(*column16)[16] = malloc(n * 16 + 1);
        char(*column8)[8] = malloc(n * 8 + 1);
        assert_true(values16 && values8 && column16 && column8);
        for (uint32_t i = 0; i < n; i++) {
            values16[i] = UINT64_C(1000000000000) + i;
            values8[i] = 10000000 + i;
        }
        ((char *)column16)[n * 16] = 'x';
        ((char *)column8)[n * 8] = 'x';
        cdr_digits16_column(column16, values16, n);
        cdr_digits8_column(column8, values8, n);
        assert_int_equal(((char *)column16)[n * 16], 'x');
        assert_int_equal(((char *)column8)[n * 8], 'x');
        for (uint32_t i = 0; i < n; i++) {
            char expected[32];
            snprintf(expected, sizeof expected, "0001000000000%03u1000000%u", i, i % 10);
            assert_memory_equal(column16[i], expected, 16);
            snprintf(expected, sizeof expected, "10000%03u", i);
            assert_memory_equal(column8[i], expected, 8);
        }
        free(values16);
        free(values8);
        free(column16);
        free(column8);
    }
}

/* The specification's loop. */
static uint32_t plain_varint(uint8_t *to, uint64_t folded)
{
    uint32_t len = 0;
    for (; folded >= 0x80; folded >>= 7)
        to[len++] = (uint8_t)(folded | 0x80);
    to[len++] = (uint8_t)folded;
    return len;
}

static void any_number_is_put_and_taken(void **state)
{
    static const int64_t numbers[] = {0, -1, 63, -64, 64, INT32_MAX, INT64_MAX, INT64_MIN};
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        uint8_t bytes[CDR_VARINT_BYTES_MAX], expected[CDR_VARINT_BYTES_MAX];
        const uint8_t *end = cdr_put_varint(bytes, numbers[i]), *at = bytes;
        uint32_t len = plain_varint(expected, cdr_zigzag(numbers[i]));
        int64_t value = 0;
        assert_int_equal(end - bytes, len);
        assert_memory_equal(bytes, expected, len);
        assert_true(cdr_take_varint(&at, end, &value));
        assert_ptr_equal(at, end);
        assert_int_equal(value, numbers[i]);
        at = bytes;
        assert_int_equal(cdr_own_varint(&at), numbers[i]);
        assert_ptr_equal(at, end);
        at = bytes;
        assert_false(cdr_take_varint(&at, end - 1, &value));
    }
    const uint8_t endless[] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0}, *at = endless;
    int64_t value = 0;
    assert_false(cdr_take_varint(&at, endless + sizeof endless, &value));
}

static void test_varints(void **state)
{
    (void)state;
    uint64_t random = 3;
    for (uint32_t i = 0; i < 200000; i++) {
        uint64_t value = i < 56 * 3 ? ((UINT64_C(1) << i / 3) + i % 3 - 1) % (UINT64_C(1) << 56)
                                    : blocks_any_below(&random, UINT64_C(1) << 56);
        uint8_t expected[16], bytes[16];
        uint32_t len = plain_varint(expected, value);
        assert_int_equal(cdr_put_varint64(bytes, cdr_varint64(value)) - bytes, len);
        assert_memory_equal(bytes, expected, len);
        len = plain_varint(expected, value % (1u << 28));
        assert_int_equal(cdr_put_varint32(bytes, cdr_varint32(value % (1u << 28))) - bytes, len);
        assert_memory_equal(bytes, expected, len);
    }
}

static void test_zigzag(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        uint64_t folded;
    } cases[] = {{0, 0},
                 {-1, 1},
                 {1, 2},
                 {-2, 3},
                 {2147483647, 4294967294},
                 {INT32_MIN, 4294967295},
                 {INT64_MAX, UINT64_MAX - 1},
                 {INT64_MIN, UINT64_MAX}};
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_true(cdr_zigzag(cases[i].value) == cases[i].folded);
}

static void test_byte_orders(void **state)
{
    (void)state;
    static const uint8_t expected[] = {1, 2, 3, 4, 5, 6, 7, 8};
    uint8_t bytes[8];
    cdr_store_le64(bytes, UINT64_C(0x0807060504030201));
    assert_memory_equal(bytes, expected, 8);
    cdr_store_le32(bytes, 0x04030201);
    assert_memory_equal(bytes, expected, 4);
    cdr_store_be32(bytes, 0x01020304);
    assert_memory_equal(bytes, expected, 4);
    assert_true(cdr_load_le64(expected) == UINT64_C(0x0807060504030201));
    assert_true(cdr_load_le32(expected) == 0x04030201);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digits16),
        cmocka_unit_test(test_digits8),
        cmocka_unit_test(test_columns_stay_within),
        cmocka_unit_test(test_varints),
        cmocka_unit_test(any_number_is_put_and_taken),
        cmocka_unit_test(test_zigzag),
        cmocka_unit_test(test_byte_orders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
