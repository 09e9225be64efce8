/* Decimal texts of a step's columns, for the loops of the text formats. */
#ifndef CDR_ENCODE_COLUMNS_H
#define CDR_ENCODE_COLUMNS_H

#include "base/digits.h"
#include "encode/put.h"
#include "model/record.h"

/* Numbers of a record that get eight digits; those of DATA only come last. */
enum {
    CDR_NUMBER_START = 0, /* the lower eight digits of the timestamps */
    CDR_NUMBER_END = 1,
    CDR_NUMBER_DURATION = 2,
    CDR_NUMBER_MCCMNC = 3,
    CDR_NUMBER_CELL = 4,
    CDR_NUMBER_BYTES_IN = 5, /* right where the volume is below 10^8 */
    CDR_NUMBER_BYTES_OUT = 6,
    CDR_NUMBER_COUNT = 7,
};

struct cdr_columns {
    char start[CDR_STEP_RECORDS][16];
    char end[CDR_STEP_RECORDS][16];
    char numbers[CDR_NUMBER_COUNT][CDR_STEP_RECORDS][8];
    char readable_slack[16];
};

/* Timestamps of a step nearly always lie in one span of 10^8 ms (28 hours), whose upper digits are
 * the same for all, so that only the lower eight have to be made. Returns whether they do. */
static inline bool cdr_timestamps_split(uint32_t *low, uint64_t *span_digits, const int64_t *ms,
                                        uint32_t n)
{
    uint64_t span = (uint64_t)ms[0] / CDR_DIGITS8_LIMIT;
    uint64_t outside = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t distance = (uint64_t)ms[i] - span * CDR_DIGITS8_LIMIT;
        low[i] = (uint32_t)distance;
        outside |= distance >> 32 | (distance + (UINT64_C(1) << 31) - CDR_DIGITS8_LIMIT) >> 31;
    }
    *span_digits = cdr_le64(cdr_digits8_lanes((uint32_t)span));
    return outside == 0;
}

static inline void cdr_timestamps_join(char (*digits)[16], uint64_t span_digits,
                                       const char (*low)[8], uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        memcpy(digits[i], &span_digits, 8);
        memcpy(digits[i] + 8, low[i], 8);
    }
}

static inline void cdr_volumes_low(uint32_t *low, const uint64_t *volumes, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        low[i] = volumes[i] < CDR_DIGITS8_LIMIT ? (uint32_t)volumes[i] : 0;
}

/* Not inline, like cdr_columns_make: unrolled loops would fill the instruction cache, once for each
 * caller. */
static __attribute__((noinline)) void cdr_numbers_make(char (*digits)[8], const uint32_t *values,
                                                       uint32_t n)
{
    cdr_digits8_column(digits, values, n);
}

static __attribute__((noinline)) void cdr_timestamps_make(char (*digits)[16], const int64_t *ms,
                                                          uint32_t n)
{
    cdr_digits16_column(digits, (const uint64_t *)ms, n);
}

/* Makes the columns of the records first … first + n − 1. */
static __attribute__((noinline)) void cdr_columns_make(struct cdr_columns *columns,
                                                       const struct cdr_block *block,
                                                       uint32_t first, uint32_t n)
{
    uint32_t values[CDR_NUMBER_COUNT][CDR_STEP_RECORDS];
    uint64_t start_span, end_span;
    uint32_t count = block->type == CDR_TYPE_DATA ? CDR_NUMBER_COUNT : CDR_NUMBER_BYTES_IN;
    bool start_is_split =
        cdr_timestamps_split(values[CDR_NUMBER_START], &start_span, block->start_ms + first, n);
    bool end_is_split =
        cdr_timestamps_split(values[CDR_NUMBER_END], &end_span, block->end_ms + first, n);
    memcpy(values[CDR_NUMBER_DURATION], block->duration_s + first, n * sizeof values[0][0]);
    memcpy(values[CDR_NUMBER_MCCMNC], block->mccmnc + first, n * sizeof values[0][0]);
    memcpy(values[CDR_NUMBER_CELL], block->cell_id + first, n * sizeof values[0][0]);
    if (block->type == CDR_TYPE_DATA) {
        cdr_volumes_low(values[CDR_NUMBER_BYTES_IN], block->data_bytes_in + first, n);
        cdr_volumes_low(values[CDR_NUMBER_BYTES_OUT], block->data_bytes_out + first, n);
    }

    if (n == CDR_STEP_RECORDS)
        cdr_numbers_make(columns->numbers[0], values[0], count * CDR_STEP_RECORDS);
    else
        for (uint32_t k = 0; k < count; k++)
            cdr_numbers_make(columns->numbers[k], values[k], n);

    if (start_is_split && end_is_split) {
        const char(*numbers)[CDR_STEP_RECORDS][8] =
            (const char(*)[CDR_STEP_RECORDS][8])columns->numbers;
        cdr_timestamps_join(columns->start, start_span, numbers[CDR_NUMBER_START], n);
        cdr_timestamps_join(columns->end, end_span, numbers[CDR_NUMBER_END], n);
    } else {
        cdr_timestamps_make(columns->start, block->start_ms + first, n);
        cdr_timestamps_make(columns->end, block->end_ms + first, n);
    }
}

#endif
