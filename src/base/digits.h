/* Decimal digits of whole columns of numbers, zero-padded to a fixed width.
 *
 * The column functions are loops over small arrays whose lanes all have one width and whose
 * divisions are by constants, so that compilers vectorise them for whatever instruction set the
 * caller is built for. Results are the same bytes on every machine, whatever its byte order.
 * Nothing here allocates or fails; a value that has more digits than the width is a programmer's
 * error and gives wrong digits, nothing worse.
 */
#ifndef CDR_BASE_DIGITS_H
#define CDR_BASE_DIGITS_H

#include "base/bytes.h"

#include <stdint.h>
#include <string.h>

/* The widths hold every value below these. */
#define CDR_DIGITS8_LIMIT 100000000u
#define CDR_DIGITS16_LIMIT UINT64_C(10000000000000000)

/* Eight ASCII digits of value < 10^8, the first in the lowest byte of the result. The number is
 * halved in lanes: 8 digits into two of 4, these into four of 2, these into eight of 1. */
static inline uint64_t cdr_digits8_lanes(uint32_t value)
{
    uint64_t high = value / 10000u;
    uint64_t lanes = high | (value - high * 10000u) << 32;
    uint64_t hundreds = (lanes * 5243u >> 19) & UINT64_C(0x0000007f0000007f);
    lanes = hundreds | (lanes - hundreds * 100u) << 16;
    uint64_t tens = (lanes * 103u >> 10) & UINT64_C(0x000f000f000f000f);
    lanes = tens | (lanes - tens * 10u) << 8;
    return lanes | UINT64_C(0x3030303030303030);
}

/* Sixteen ASCII digits of value < 10^16. */
static inline void cdr_digits16(char out[16], uint64_t value)
{
    uint64_t high = value / CDR_DIGITS8_LIMIT;
    cdr_store_le64(out, cdr_digits8_lanes((uint32_t)high));
    cdr_store_le64(out + 8, cdr_digits8_lanes((uint32_t)(value - high * CDR_DIGITS8_LIMIT)));
}

/* How many of eight digits are leading zeros, 0 … 7: the last digit always counts as significant.
 */
static inline uint32_t cdr_leading_zeros8(const char digits[8])
{
    uint64_t significant = (cdr_load_le64(digits) & UINT64_C(0x0f0f0f0f0f0f0f0f)) | UINT64_C(1)
                                                                                        << 56;
    return (uint32_t)__builtin_ctzll(significant) / 8;
}

/* The same of sixteen digits, 0 … 15. */
static inline uint32_t cdr_leading_zeros16(const char digits[16])
{
    uint64_t high = cdr_load_le64(digits) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    uint32_t low_zeros = 8 + cdr_leading_zeros8(digits + 8);
    return high != 0 ? (uint32_t)__builtin_ctzll(high) / 8 : low_zeros;
}

/* Values a step of the column functions. Loops of 16 turns or fewer get unrolled before they are
 * vectorised. */
enum { CDR_DIGITS_STEP = 32 };

/* 16-bit lanes of the digits' text, as this machine lays them out in memory. */
static inline uint32_t cdr_digits_join32(uint32_t first, uint32_t second)
{
    return CDR_LITTLE_ENDIAN ? first | second << 16 : first << 16 | second;
}

static inline uint16_t cdr_digits_join16(uint16_t first, uint16_t second)
{
    return (uint16_t)(CDR_LITTLE_ENDIAN ? first | second << 8 : first << 8 | second);
}

/* 2 × CDR_DIGITS_STEP numbers < 10^8 to eight digits each. */
static inline void cdr_digits8_step(char *out, const uint32_t *values)
{
    enum { COUNT = 2 * CDR_DIGITS_STEP };
    uint32_t fours[COUNT];
    uint16_t four[2 * COUNT], two[4 * COUNT], one[4 * COUNT];

    for (unsigned i = 0; i < COUNT; i++) {
        uint32_t high = values[i] / 10000u;
        fours[i] = cdr_digits_join32(high, values[i] - high * 10000u);
    }
    memcpy(four, fours, sizeof four);
    for (unsigned i = 0; i < 2 * COUNT; i++) {
        uint16_t high = (uint16_t)(four[i] / 100u);
        two[2 * i] = high;
        two[2 * i + 1] = (uint16_t)(four[i] - high * 100u);
    }
    for (unsigned i = 0; i < 4 * COUNT; i++) {
        uint16_t high = (uint16_t)((uint16_t)(two[i] * 103u) >> 10);
        one[i] = (uint16_t)(cdr_digits_join16(high, (uint16_t)(two[i] - high * 10u)) | 0x3030u);
    }
    memcpy(out, one, sizeof one);
}

/* Splits at 10^8 with products of 32 bits only, since vectors of 64-bit products are slow or
 * missing. From the value's upper bits the quotient comes out right or one too small (the bits left
 * out are worth 2^22 / 10^8, the rounded factor 2^32 / 2^36: together less than 1), which the
 * remainder shows. */
static inline void cdr_digits16_halves(uint32_t *halves, const uint64_t *values)
{
    uint32_t upper[CDR_DIGITS_STEP], lower[CDR_DIGITS_STEP], quotient[CDR_DIGITS_STEP];
    for (unsigned i = 0; i < CDR_DIGITS_STEP; i++)
        upper[i] = (uint32_t)(values[i] >> 22);
    for (unsigned i = 0; i < CDR_DIGITS_STEP; i++)
        lower[i] = (uint32_t)values[i];
    for (unsigned i = 0; i < CDR_DIGITS_STEP; i++)
        quotient[i] = (uint32_t)((uint64_t)upper[i] * 2882303761u >> 36); /* 2^58 / 10^8 */
    for (unsigned i = 0; i < CDR_DIGITS_STEP; i++) {
        uint32_t rest = lower[i] - quotient[i] * CDR_DIGITS8_LIMIT;
        uint32_t one_more = (CDR_DIGITS8_LIMIT - 1 - rest) >> 31;
        halves[2 * i] = quotient[i] + one_more;
        halves[2 * i + 1] = rest - one_more * CDR_DIGITS8_LIMIT;
    }
}

static inline void cdr_digits16_step(char *out, const uint64_t *values)
{
    uint32_t halves[2 * CDR_DIGITS_STEP];
    cdr_digits16_halves(halves, values);
    cdr_digits8_step(out, halves);
}

/* out[i] = the sixteen digits of values[i] < 10^16, i < n. Touches nothing after the n-th entry.
 */
static inline void cdr_digits16_column(char (*out)[16], const uint64_t *values, uint32_t n)
{
    uint32_t i = 0;
    for (; i + CDR_DIGITS_STEP <= n; i += CDR_DIGITS_STEP)
        cdr_digits16_step(out[i], values + i);
    if (i < n) {
        uint64_t rest[CDR_DIGITS_STEP] = {0};
        char text[CDR_DIGITS_STEP][16];
        memcpy(rest, values + i, (n - i) * sizeof rest[0]);
        cdr_digits16_step(text[0], rest);
        memcpy(out[i], text, (n - i) * sizeof text[0]);
    }
}

/* out[i] = the eight digits of values[i] < 10^8, i < n. Touches nothing after the n-th entry. */
static inline void cdr_digits8_column(char (*out)[8], const uint32_t *values, uint32_t n)
{
    enum { COUNT = 2 * CDR_DIGITS_STEP };
    uint32_t i = 0;
    for (; i + COUNT <= n; i += COUNT)
        cdr_digits8_step(out[i], values + i);
    if (i < n) {
        uint32_t rest[COUNT] = {0};
        char text[COUNT][8];
        memcpy(rest, values + i, (n - i) * sizeof rest[0]);
        cdr_digits8_step(text[0], rest);
        memcpy(out[i], text, (n - i) * sizeof text[0]);
    }
}

#endif
