/* Blocks of records made by hand for the encoders' tests and benchmark: extremes first, then random
 * ones.
 *
 * Each record's values are spread over their whole allowed range, not over what the model draws.
 */
#ifndef ENCODE_BLOCKS_H
#define ENCODE_BLOCKS_H

#include "base/digits.h"
#include "model/record.h"

#include <stdint.h>
#include <string.h>

static inline uint64_t blocks_random(uint64_t *state)
{
    uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* 0 … limit − 1, small magnitudes as likely as large ones. */
static inline uint64_t blocks_any_below(uint64_t *state, uint64_t limit)
{
    uint64_t value = blocks_random(state);
    return (value >> blocks_random(state) % 64) % limit;
}

static inline void blocks_digits(cdr_digits text, uint64_t value, uint32_t len)
{
    uint64_t limit = 1;
    for (uint32_t i = 0; i < len; i++)
        limit *= 10;
    cdr_digits16(text, value % limit);
}

#define BLOCKS_RECORD_TYPES(TYPE, word, Record, said, parties, holds, records, ...) records,

/* One of the record types that records of the type can have. */
static inline uint8_t blocks_record_type(uint32_t type, uint64_t any)
{
    static const unsigned bits[CDR_TYPE_COUNT] = {CDR_TYPES(BLOCKS_RECORD_TYPES)};
    uint8_t had[CDR_RECORD_TYPE_COUNT], count = 0;
    for (uint8_t i = 0; i < CDR_RECORD_TYPE_COUNT; i++) {
        had[count] = i;
        count += bits[type] >> i & 1;
    }
    return had[any % count];
}

/* Details of record i, as far as they can be (source.c has the digits). */
static inline void blocks_details(struct cdr_block *block, uint32_t i, int extreme, uint64_t any)
{
    const uint64_t r = blocks_random(&any);
#define PICK(high, any) (extreme == 0 ? 0 : extreme == 1 ? (high) : (any) % ((high) + 1))
    block->partition = (uint32_t)PICK(4095u, r);
    block->number[i] = (uint32_t)PICK(UINT64_C(4294967295), r);
    block->id[i] = extreme == 0 ? 0 : extreme == 1 ? UINT64_MAX : r;
    block->emission_ms[i] = block->event_ms[i] + (int64_t)PICK(999999999u, r >> 9);
    if (block->emission_ms[i] > 9999999999999)
        block->emission_ms[i] = 9999999999999;
    block->outcome[i] = (uint8_t)PICK(5u, r >> 3);
    block->part[i] = (uint32_t)PICK(99999u, r >> 11);
    block->ring_s[i] = (uint32_t)PICK(999999u, r >> 20);
    block->charge_s[i] = (uint32_t)PICK(99999999u, r >> 22);
    block->answer_ms[i] = extreme == 2 && r % 3 == 0 ? INT64_MIN : block->start_ms[i];
    block->cell_global[i] = PICK(UINT64_C(0xfffffff), r);
#undef PICK
}

/* Record i: all numbers at their least (extreme 0) or greatest (1) value and the enumerations going
 * through all their combinations, or everything at random (2). */
static inline void blocks_record(struct cdr_block *block, uint32_t i, int extreme, uint64_t *state)
{
    int least = extreme == 0, random = extreme == 2;
#define PICK(low, high, any) (random ? (any) : least ? (low) : (high))
    uint64_t r = blocks_random(state);
    block->start_ms[i] =
        (int64_t)PICK(100000000000, 9999999999999, 100000000000 + r % 9899999999999);
    block->end_ms[i] =
        (int64_t)PICK(100000000000, 9999999999999, 100000000000 + (r >> 9) % 9899999999999);
    block->event_ms[i] = block->end_ms[i];
    block->tz_offset_min[i] = (int32_t)PICK(INT32_MIN, INT32_MAX, (int64_t)(r % 1681) - 840);
    block->duration_s[i] = (uint32_t)PICK(0, 99999999, blocks_any_below(state, 100000000));
    block->mccmnc[i] =
        (uint32_t)PICK(10000, 999999, r & 1 ? 10000 + r % 90000 : 100000 + r % 900000);
    block->cell_id[i] = (uint32_t)PICK(10000, 99999, 10000 + (r >> 20) % 90000);
    block->direction[i] = (uint8_t)PICK(0, 1, r >> 1 & 1);
    block->record_type[i] = blocks_record_type(block->type, random ? r >> 2 : i);
    block->cause[i] = (uint8_t)((random ? r >> 5 : i / 5) % CDR_CAUSE_COUNT);
    block->sms_segments[i] = (uint8_t)PICK(0, 255, r >> 8 & 255);
    block->sms_status[i] = (uint8_t)((random ? r >> 16 : i) % CDR_SMS_STATUS_COUNT);
    block->apn[i] = (uint8_t)((random ? r >> 18 : i) % CDR_APN_COUNT);
    block->rat[i] = (uint8_t)((random ? r >> 20 : i / 3) % CDR_RAT_COUNT);
    block->data_bytes_in[i] =
        PICK(0, CDR_DIGITS16_LIMIT - 1, blocks_any_below(state, CDR_DIGITS16_LIMIT));
    block->data_bytes_out[i] =
        PICK(0, CDR_DIGITS16_LIMIT - 1, blocks_any_below(state, CDR_DIGITS16_LIMIT));
    block->msisdn_src_len[i] = (uint8_t)PICK(10, 15, 10 + (r >> 24) % 6);
    block->msisdn_dst_len[i] = (uint8_t)PICK(0, 15, r >> 28 & 15 ? 10 + (r >> 32) % 6 : 0);
    if (block->type == CDR_TYPE_DATA)
        block->msisdn_dst_len[i] = 0;
    blocks_digits(block->msisdn_src[i], PICK(0, UINT64_MAX, blocks_random(state)),
                  block->msisdn_src_len[i]);
    blocks_digits(block->msisdn_dst[i], PICK(0, UINT64_MAX, blocks_random(state)),
                  block->msisdn_dst_len[i]);
    blocks_digits(block->imsi[i], PICK(0, UINT64_C(999999999999999), blocks_random(state)), 15);
    blocks_digits(block->imei[i], PICK(0, UINT64_C(999999999999999), blocks_random(state)), 15);
#undef PICK
    blocks_details(block, i, extreme, r);
}

/* n records of a type; the seed says which. Seeds 0 and 1: the extremes. */
static inline void blocks_make(struct cdr_block *block, uint32_t type, uint32_t n, uint64_t seed)
{
    uint64_t state = seed * 1000003 + type;
    memset(block, 0, sizeof *block);
    block->type = type;
    block->n = n;
    for (uint32_t i = 0; i < n; i++)
        blocks_record(block, i, seed < 2 ? (int)seed : 2, &state);
}

#endif
