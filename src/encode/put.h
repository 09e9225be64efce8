/* Building blocks of the hot loops: text copied in pieces of a fixed size, advanced by its true
 * length.
 *
 * Copying 16 bytes whatever the length costs one load and one store and no branch; the next piece
 * overwrites what was too much, and record_bytes_max leaves room after the last one
 * (CDR_PUT_SLACK).
 */
#ifndef CDR_ENCODE_PUT_H
#define CDR_ENCODE_PUT_H

#include "base/digits.h"
#include "model/record.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The loops are written in parts for the reader and specialised as a whole for each type. */
#define CDR_INLINE static inline __attribute__((always_inline))

/* Records a step: the columns of one step fit the L1 cache beside the block's own. */
enum { CDR_STEP_RECORDS = 64 };

/* No loop writes more than this after the end of a record. */
enum { CDR_PUT_SLACK = 32 };

/* What encoder.h says a block may hold, for assert. */
static inline bool cdr_block_is_sound(const struct cdr_block *block, uint32_t type)
{
    bool sound = block->type == type && block->n <= CDR_BLOCK_RECORDS;
    for (uint32_t i = 0; sound && i < block->n; i++) {
        sound = block->start_ms[i] >= INT64_C(100000000000) &&
                block->start_ms[i] < INT64_C(10000000000000) &&
                block->end_ms[i] >= INT64_C(100000000000) &&
                block->end_ms[i] < INT64_C(10000000000000) &&
                block->duration_s[i] < CDR_DIGITS8_LIMIT &&
                block->mccmnc[i] < CDR_MCCMNC_ZERO + 100000 && block->cell_id[i] >= 10000 &&
                block->cell_id[i] <= 99999 && block->direction[i] <= CDR_DIRECTION_MT &&
                block->record_type[i] < CDR_RECORD_TYPE_COUNT &&
                block->cause[i] < CDR_CAUSE_COUNT && block->msisdn_src_len[i] <= 15 &&
                block->msisdn_dst_len[i] <= 15;
        if (cdr_type_has(type, CDR_HOLDS_STATUS))
            sound = sound && block->sms_status[i] < CDR_SMS_STATUS_COUNT;
        if (cdr_type_has(type, CDR_HOLDS_ACCESS))
            sound = sound && block->apn[i] < CDR_APN_COUNT && block->rat[i] < CDR_RAT_COUNT;
        if (cdr_type_has(type, CDR_HOLDS_VOLUMES))
            sound = sound && block->data_bytes_in[i] < CDR_DIGITS16_LIMIT &&
                    block->data_bytes_out[i] < CDR_DIGITS16_LIMIT;
    }
    return sound;
}

CDR_INLINE uint8_t *cdr_put8(uint8_t *to, const void *from, uint32_t len)
{
    memcpy(to, from, 8);
    return to + len;
}

CDR_INLINE uint8_t *cdr_put16(uint8_t *to, const void *from, uint32_t len)
{
    memcpy(to, from, 16);
    return to + len;
}

CDR_INLINE uint8_t *cdr_put32(uint8_t *to, const void *from, uint32_t len)
{
    memcpy(to, from, 32);
    return to + len;
}

CDR_INLINE uint8_t *cdr_put48(uint8_t *to, const void *from, uint32_t len)
{
    memcpy(to, from, 48);
    return to + len;
}

/* The last len digits of a decimal text of 16. */
CDR_INLINE uint8_t *cdr_put_digits16(uint8_t *to, const char *digits, uint32_t len)
{
    return cdr_put16(to, digits + 16 - len, len);
}

/* The last len digits of a decimal text of 8, after which 8 bytes are readable. */
CDR_INLINE uint8_t *cdr_put_digits8(uint8_t *to, const char *digits, uint32_t len)
{
    return cdr_put8(to, digits + 8 - len, len);
}

/* The number in a decimal text of 8, without leading zeros. */
CDR_INLINE uint8_t *cdr_put_number8(uint8_t *to, const char *digits)
{
    uint32_t zeros = cdr_leading_zeros8(digits);
    return cdr_put8(to, digits + zeros, 8 - zeros);
}

/* Not inline, as volumes of 10^8 bytes and more are rare. */
static __attribute__((noinline, cold, unused)) uint8_t *cdr_put_large_number(uint8_t *to,
                                                                             uint64_t value)
{
    char digits[32];
    cdr_digits16(digits, value);
    uint32_t zeros = cdr_leading_zeros16(digits);
    memcpy(to, digits + zeros, 16 - zeros);
    return to + 16 - zeros;
}

/* A number < 10^16, of which low_digits are the eight digits where it is below 10^8. */
CDR_INLINE uint8_t *cdr_put_number16(uint8_t *to, uint64_t value, const char *low_digits)
{
    if (__builtin_expect(value >= CDR_DIGITS8_LIMIT, 0))
        return cdr_put_large_number(to, value);
    return cdr_put_number8(to, low_digits);
}

/* Milliseconds since 1970 have 12 digits until September 2001, then 13. */
static inline uint32_t cdr_timestamp_len(int64_t ms)
{
    return 12u + (ms >= INT64_C(1000000000000));
}

#endif
