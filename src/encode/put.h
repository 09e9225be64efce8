/* Building blocks of the hot loops: text copied in pieces of a fixed size, advanced by its true length.
 *
 * Copying 16 bytes whatever the length costs one load and one store and no branch; the next piece
 * overwrites what was too much, and record_bytes_max leaves room behind the last one (CDR_PUT_SLACK).
 */
#ifndef CDR_ENCODE_PUT_H
#define CDR_ENCODE_PUT_H

#include "base/digits.h"
#include "model/record.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Records a step: the columns of one step fit the L1 cache beside the block's own. */
enum { CDR_STEP_RECORDS = 64 };

/* No loop writes more than this behind the end of a record. */
enum { CDR_PUT_SLACK = 32 };

/* What encoder.h says a block may hold, for assert. */
static inline bool cdr_block_is_sound(const struct cdr_block *block, uint32_t type)
{
    bool sound = block->type == type && block->n <= CDR_BLOCK_RECORDS;
    for (uint32_t i = 0; sound && i < block->n; i++) {
        sound = block->start_ms[i] >= INT64_C(100000000000) && block->start_ms[i] < INT64_C(10000000000000) &&
                block->end_ms[i] >= INT64_C(100000000000) && block->end_ms[i] < INT64_C(10000000000000) &&
                block->duration_s[i] < CDR_DIGITS8_LIMIT && block->mccmnc[i] >= 10000 &&
                block->mccmnc[i] <= 999999 && block->cell_id[i] >= 10000 && block->cell_id[i] <= 99999 &&
                block->direction[i] <= CDR_DIRECTION_MT && block->record_type[i] < CDR_RECORD_TYPE_COUNT &&
                block->cause[i] < CDR_CAUSE_COUNT && block->msisdn_src_len[i] <= 15 &&
                block->msisdn_dst_len[i] <= 15;
        if (type == CDR_TYPE_SMS)
            sound = sound && block->sms_status[i] < CDR_SMS_STATUS_COUNT;
        if (type == CDR_TYPE_DATA)
            sound = sound && block->apn[i] < CDR_APN_COUNT && block->rat[i] < CDR_RAT_COUNT &&
                    block->data_bytes_in[i] < CDR_DIGITS16_LIMIT && block->data_bytes_out[i] < CDR_DIGITS16_LIMIT;
    }
    return sound;
}

static inline uint8_t *cdr_put8(uint8_t *to, const void *from, uint32_t len)
{
    memcpy(to, from, 8);
    return to + len;
}

static inline uint8_t *cdr_put16(uint8_t *to, const void *from, uint32_t len)
{
    memcpy(to, from, 16);
    return to + len;
}

static inline uint8_t *cdr_put32(uint8_t *to, const void *from, uint32_t len)
{
    memcpy(to, from, 32);
    return to + len;
}

static inline uint8_t *cdr_put48(uint8_t *to, const void *from, uint32_t len)
{
    memcpy(to, from, 48);
    return to + len;
}

/* The last len digits of a decimal text of 16. */
static inline uint8_t *cdr_put_digits16(uint8_t *to, const char *digits, uint32_t len)
{
    return cdr_put16(to, digits + 16 - len, len);
}

/* The last len digits of a decimal text of 8, behind which 8 bytes are readable. */
static inline uint8_t *cdr_put_digits8(uint8_t *to, const char *digits, uint32_t len)
{
    return cdr_put8(to, digits + 8 - len, len);
}

/* The number in a decimal text of 8, without leading zeros. */
static inline uint8_t *cdr_put_number8(uint8_t *to, const char *digits)
{
    uint32_t zeros = cdr_leading_zeros8(digits);
    return cdr_put8(to, digits + zeros, 8 - zeros);
}

/* A number < 10^16, of which low_digits are the eight digits where it is below 10^8, as most are. */
static inline uint8_t *cdr_put_number16(uint8_t *to, uint64_t value, const char *low_digits)
{
    if (value < CDR_DIGITS8_LIMIT)
        return cdr_put_number8(to, low_digits);
    char digits[32];
    cdr_digits16(digits, value);
    uint32_t zeros = cdr_leading_zeros16(digits);
    memcpy(to, digits + zeros, 16);
    return to + 16 - zeros;
}

/* Milliseconds since 1970 have 12 digits until September 2001, then 13. */
static inline uint32_t cdr_timestamp_len(int64_t ms)
{
    return 12u + (ms >= INT64_C(1000000000000));
}

static inline uint32_t cdr_mccmnc_len(uint32_t mccmnc)
{
    return 5u + (mccmnc >= 100000u);
}

/* Decimal texts of the columns of one step. */
struct cdr_columns {
    char start[CDR_STEP_RECORDS][16];
    char end[CDR_STEP_RECORDS][16];
    char duration[CDR_STEP_RECORDS][8];
    char mccmnc[CDR_STEP_RECORDS][8];
    char cell[CDR_STEP_RECORDS][8];
    char bytes_in[CDR_STEP_RECORDS][8]; /* of the volume modulo 2^32: right where it is below 10^8 */
    char bytes_out[CDR_STEP_RECORDS][8];
    char readable_slack[16];
};

static inline void cdr_columns_volume(char (*digits)[8], const uint64_t *volumes, uint32_t n)
{
    uint32_t low[CDR_STEP_RECORDS];
    for (uint32_t i = 0; i < n; i++)
        low[i] = volumes[i] < CDR_DIGITS8_LIMIT ? (uint32_t)volumes[i] : 0;
    cdr_digits8_column(digits, low, n);
}

/* Columns of the records first … first + n − 1. */
static inline void cdr_columns_make(struct cdr_columns *columns, const struct cdr_block *block, uint32_t first,
                                    uint32_t n, bool volumes)
{
    cdr_digits16_column(columns->start, (const uint64_t *)block->start_ms + first, n);
    cdr_digits16_column(columns->end, (const uint64_t *)block->end_ms + first, n);
    cdr_digits8_column(columns->duration, block->duration_s + first, n);
    cdr_digits8_column(columns->mccmnc, block->mccmnc + first, n);
    cdr_digits8_column(columns->cell, block->cell_id + first, n);
    if (volumes) {
        cdr_columns_volume(columns->bytes_in, block->data_bytes_in + first, n);
        cdr_columns_volume(columns->bytes_out, block->data_bytes_out + first, n);
    }
}

#endif
