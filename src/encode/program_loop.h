/* The loop that runs a compiled schema, for the level that the includer sets by CDR_LOOP. See
 * loops.h and program.h. */

#include "encode/columns.h"
#include "encode/program.h"
#include "encode/put.h"
#include "schema/text_value.h"
#include "schema/varint.h"

#ifndef CDR_ENCODE_PROGRAM_LOOP_H
#define CDR_ENCODE_PROGRAM_LOOP_H

struct cdr_program_step {
    const struct cdr_block *block;
    uint32_t first, n;
    uint8_t *at[CDR_STEP_RECORDS]; /* the cursors */
    int64_t numbers[CDR_STEP_RECORDS];
    uint32_t small[CDR_STEP_RECORDS];
    char digits[CDR_STEP_RECORDS][16];
    char readable_slack[16];
    uint8_t lens[CDR_STEP_RECORDS];
};

/* A column of texts as record.h has them. */
struct cdr_text_column {
    const char (*digits)[16];
    const uint8_t *lens;
};

/* What is written through bytes might be anything, so what the loops need of the operation and the
 * step is taken out of them first. */
#if defined(__clang__)
#define CDR_UNROLL _Pragma("unroll 4")
#else
#define CDR_UNROLL _Pragma("GCC unroll 4")
#endif
#define CDR_FOR_RECORDS(step)                                                                      \
    CDR_UNROLL for (uint32_t i = 0, n_records = (step)->n; i < n_records; i++)

struct cdr_program_begin {
    uint64_t prefix;
    size_t offset, prefix_len;
    uint8_t *const *at;
};

static inline struct cdr_program_begin cdr_program_take(const struct cdr_program_step *step,
                                                        const struct cdr_op *op)
{
    return (struct cdr_program_begin){cdr_load_le64(op->prefix), op->offset, op->prefix_len,
                                      step->at};
}

/* Where record i's value begins, once the prefix is written. */
CDR_INLINE uint8_t *cdr_program_begin(const struct cdr_program_begin *begin, uint32_t i)
{
    uint8_t *to = begin->at[i] + begin->offset;
    cdr_store_le64(to, begin->prefix);
    return to + begin->prefix_len;
}

/* Stores are what a step's time goes by, so prefix and value go in one where both fit 8 bytes. */
CDR_INLINE uint8_t *cdr_program_begin_word(const struct cdr_program_begin *begin, uint32_t i,
                                           uint64_t value)
{
    uint8_t *to = begin->at[i] + begin->offset;
    cdr_store_le64(to, begin->prefix | value << 8 * begin->prefix_len);
    return to + begin->prefix_len;
}

typedef uint8_t cdr_bytes16 __attribute__((vector_size(16)));

/* 16 bytes, the first of which becomes another. */
CDR_INLINE void cdr_put_behind(uint8_t *to, uint8_t first, const char *from)
{
    const cdr_bytes16 rest = {0,   255, 255, 255, 255, 255, 255, 255,
                              255, 255, 255, 255, 255, 255, 255, 255};
    cdr_bytes16 bytes;
    memcpy(&bytes, from, 16);
    bytes = (bytes & rest) | (cdr_bytes16){first};
    memcpy(to, &bytes, 16);
}

/* mcc, mnc or both. */
static inline void cdr_program_network(struct cdr_program_step *step, enum cdr_column column)
{
    const uint32_t *mccmnc = step->block->mccmnc + step->first;
    CDR_FOR_RECORDS(step)
    {
        uint32_t len = cdr_mccmnc_len(mccmnc[i]), unit = len == 6 ? 1000 : 100;
        uint32_t value = mccmnc[i];
        if (column != CDR_COLUMN_MCCMNC) {
            value = column == CDR_COLUMN_MCC ? mccmnc[i] / unit : mccmnc[i] % unit;
            len = column == CDR_COLUMN_MCC ? 3 : len - 3;
        }
        uint64_t lanes = cdr_le64(cdr_digits8_lanes(value));
        memcpy(step->digits[i] + 8, &lanes, 8);
        step->lens[i] = (uint8_t)len;
    }
}

/* The owner's MSISDN, or the other party's. */
static inline void cdr_program_party(struct cdr_program_step *step, bool owner)
{
    const struct cdr_block *block = step->block;
    CDR_FOR_RECORDS(step)
    {
        uint32_t k = step->first + i;
        bool source = (block->direction[k] == CDR_DIRECTION_MO) == owner;
        memcpy(step->digits[i], source ? block->msisdn_src[k] : block->msisdn_dst[k], 16);
        step->lens[i] = source ? block->msisdn_src_len[k] : block->msisdn_dst_len[k];
    }
}

static inline void cdr_program_hex(struct cdr_program_step *step, uint32_t i, uint32_t digits,
                                   uint64_t value)
{
    cdr_program_hex_text((uint8_t *)step->digits[i] + 16 - digits, digits, value);
}

/* Texts that are made of a record's details. */
static inline void cdr_program_details(struct cdr_program_step *step, enum cdr_column column)
{
    const struct cdr_block *b = step->block;
    for (uint32_t i = 0, k = step->first; i < step->n; i++, k++)
        if (column == CDR_COLUMN_RECORD_ID)
            cdr_program_hex(step, i, 16, b->id[k]);
        else if (column == CDR_COLUMN_EVENT_ID)
            cdr_program_hex(step, i, 16,
                            cdr_event_id(b->origin[k], b->slot[k], b->index[k], b->type));
        else if (column == CDR_COLUMN_IMEISV)
            cdr_program_imeisv(step->digits[i], b->imei[k]);
        else if (column == CDR_COLUMN_NODE)
            step->lens[i] = (uint8_t)cdr_program_node(step->digits[i], b->type, b->partition);
        else
            step->lens[i] = (uint8_t)cdr_program_cell(step->digits[i], b, k);
}

static inline struct cdr_text_column cdr_program_texts(struct cdr_program_step *step,
                                                       enum cdr_column column)
{
    const struct cdr_block *block = step->block;
    uint32_t first = step->first;
    switch (column) {
    case CDR_COLUMN_SRC:
        return (struct cdr_text_column){(const char(*)[16])block->msisdn_src + first,
                                        block->msisdn_src_len + first};
    case CDR_COLUMN_DST:
        return (struct cdr_text_column){(const char(*)[16])block->msisdn_dst + first,
                                        block->msisdn_dst_len + first};
    case CDR_COLUMN_IMSI:
    case CDR_COLUMN_IMEI:
        memset(step->lens, 15, sizeof step->lens);
        return (struct cdr_text_column){
            (const char(*)[16])(column == CDR_COLUMN_IMSI ? block->imsi : block->imei) + first,
            step->lens};
    case CDR_COLUMN_TAC:
        memset(step->lens, 8, sizeof step->lens);
        CDR_FOR_RECORDS(step) memcpy(step->digits[i] + 8, block->imei[first + i] + 1, 8);
        break;
    case CDR_COLUMN_EVENT_ID:
    case CDR_COLUMN_RECORD_ID:
    case CDR_COLUMN_IMEISV:
        memset(step->lens, 16, sizeof step->lens);
        cdr_program_details(step, column);
        break;
    case CDR_COLUMN_NODE:
    case CDR_COLUMN_CELL_GLOBAL:
        cdr_program_details(step, column);
        break;
    case CDR_COLUMN_OWNER:
    case CDR_COLUMN_OTHER:
        cdr_program_party(step, column == CDR_COLUMN_OWNER);
        break;
    default:
        cdr_program_network(step, column);
        break;
    }
    return (struct cdr_text_column){(const char(*)[16])step->digits, step->lens};
}

static inline void cdr_program_parse(struct cdr_program_step *step, enum cdr_column column)
{
    struct cdr_text_column texts = cdr_program_texts(step, column);
    CDR_FOR_RECORDS(step)
    {
        int64_t value = 0;
        for (uint32_t k = 16 - texts.lens[i]; k < 16; k++)
            value = value * 10 + (texts.digits[i][k] - '0');
        step->numbers[i] = value;
    }
}

/* The column itself, where numbers of no sign are put as they are; else NULL. */
static inline const uint64_t *cdr_program_direct(const struct cdr_program_step *step,
                                                 const struct cdr_op *op)
{
    const struct cdr_block *block = step->block;
    if (op->factor != 1 || op->divisor != 1 || op->modulus != 0)
        return NULL;
    switch (op->column) {
    case CDR_COLUMN_START:
        return (const uint64_t *)block->start_ms + step->first;
    case CDR_COLUMN_END:
        return (const uint64_t *)block->end_ms + step->first;
    case CDR_COLUMN_EVENT:
        return (const uint64_t *)block->event_ms + step->first;
    case CDR_COLUMN_BYTES_IN:
        return block->data_bytes_in + step->first;
    case CDR_COLUMN_BYTES_OUT:
        return block->data_bytes_out + step->first;
    default:
        return NULL;
    }
}

static inline const uint8_t *cdr_program_symbols(const struct cdr_program_step *step,
                                                 enum cdr_column column)
{
    const struct cdr_block *block = step->block;
    switch (column) {
    case CDR_COLUMN_DIRECTION:
        return block->direction + step->first;
    case CDR_COLUMN_RECORD_TYPE:
        return block->record_type + step->first;
    case CDR_COLUMN_CAUSE:
        return block->cause + step->first;
    case CDR_COLUMN_SMS_STATUS:
        return block->sms_status + step->first;
    case CDR_COLUMN_APN:
        return block->apn + step->first;
    case CDR_COLUMN_LABEL:
        return block->behaviour + step->first;
    default:
        return block->rat + step->first;
    }
}

#endif

#define NUMBERS(expression)                                                                        \
    do {                                                                                           \
        for (uint32_t k = step->first, i = 0; i < step->n; i++, k++)                               \
            step->numbers[i] = (expression);                                                       \
    } while (0)

static __attribute__((noinline)) void CDR_LOOP(program_load)(struct cdr_program_step *step,
                                                             enum cdr_column column)
{
    const struct cdr_block *b = step->block;
    switch (column) {
    case CDR_COLUMN_START:
        NUMBERS(b->start_ms[k]);
        break;
    case CDR_COLUMN_END:
        NUMBERS(b->end_ms[k]);
        break;
    case CDR_COLUMN_EVENT:
        NUMBERS(b->event_ms[k]);
        break;
    case CDR_COLUMN_START_LOCAL:
        NUMBERS(b->start_ms[k] + b->tz_offset_min[k] * INT64_C(60000));
        break;
    case CDR_COLUMN_END_LOCAL:
        NUMBERS(b->end_ms[k] + b->tz_offset_min[k] * INT64_C(60000));
        break;
    case CDR_COLUMN_EVENT_LOCAL:
        NUMBERS(b->event_ms[k] + b->tz_offset_min[k] * INT64_C(60000));
        break;
    case CDR_COLUMN_START_S:
        NUMBERS(b->start_ms[k] / 1000);
        break;
    case CDR_COLUMN_END_S:
        NUMBERS(b->end_ms[k] / 1000);
        break;
    case CDR_COLUMN_OFFSET:
        NUMBERS(b->tz_offset_min[k]);
        break;
    case CDR_COLUMN_DURATION:
        NUMBERS(b->duration_s[k]);
        break;
    case CDR_COLUMN_DURATION_MS:
        NUMBERS(b->duration_s[k] * INT64_C(1000));
        break;
    case CDR_COLUMN_CELL:
        NUMBERS(b->cell_id[k]);
        break;
    case CDR_COLUMN_SEGMENTS:
        NUMBERS(b->sms_segments[k]);
        break;
    case CDR_COLUMN_BYTES_IN:
        NUMBERS((int64_t)b->data_bytes_in[k]);
        break;
    case CDR_COLUMN_BYTES_OUT:
        NUMBERS((int64_t)b->data_bytes_out[k]);
        break;
    case CDR_COLUMN_BYTES_TOTAL:
        NUMBERS((int64_t)(b->data_bytes_in[k] + b->data_bytes_out[k]));
        break;
    default:
        if (column < CDR_COLUMN_EVENT_ID || column == CDR_COLUMN_IMEISV)
            cdr_program_parse(step, column);
        else
            NUMBERS(cdr_program_detail(b, column, k));
        break;
    }
}

#undef NUMBERS

static __attribute__((noinline)) void CDR_LOOP(program_optional)(struct cdr_program_step *step,
                                                                 const struct cdr_op *op)
{
    const struct cdr_program_begin begin = cdr_program_take(step, op);
    CDR_LOOP(program_load)(step, op->column);
    for (uint32_t i = 0; i < step->n; i++) {
        if (step->numbers[i] == CDR_ABSENT) {
            uint8_t *to = step->at[i] + op->offset;
            memcpy(to, op->absent, sizeof op->absent);
            step->at[i] = to + op->absent_len;
            continue;
        }
        uint8_t *to = cdr_program_begin(&begin, i);
        step->at[i] = to + cdr_program_put_optional(to, op, step->numbers[i]);
    }
}

/* Products wrap where a time in nanoseconds lies after the year 2262. */
static __attribute__((noinline)) void CDR_LOOP(program_numbers)(struct cdr_program_step *step,
                                                                const struct cdr_op *op)
{
    CDR_LOOP(program_load)(step, op->column);
    if (op->modulus != 0)
        CDR_FOR_RECORDS(step)
        {
            int64_t rest = step->numbers[i] % op->modulus;
            step->numbers[i] = rest < 0 ? rest + op->modulus : rest;
        }
    if (op->divisor != 1)
        CDR_FOR_RECORDS(step)
        {
            int64_t value = step->numbers[i], quotient = value / op->divisor;
            step->numbers[i] = quotient - (value % op->divisor < 0);
        }
    if (op->factor != 1)
        CDR_FOR_RECORDS(step)
    step->numbers[i] = (int64_t)((uint64_t)step->numbers[i] * (uint64_t)op->factor);
}

static __attribute__((noinline)) void
CDR_LOOP(program_constant)(const struct cdr_program_step *step, const struct cdr_op *op,
                           const uint8_t *data)
{
    const uint8_t *from = data + op->at;
    uint8_t *const *at = step->at;
    size_t offset = op->offset, len = op->len;
    uint8_t bytes[32];
    memcpy(bytes, from, sizeof bytes);
    if (op->kind == CDR_OP_CONSTANT16)
        CDR_FOR_RECORDS(step) memcpy(at[i] + offset, bytes, 16);
    else if (op->kind == CDR_OP_CONSTANT32)
        CDR_FOR_RECORDS(step) memcpy(at[i] + offset, bytes, 32);
    else
        CDR_FOR_RECORDS(step) memcpy(at[i] + offset, from, len);
}

static __attribute__((noinline)) void
CDR_LOOP(program_table)(struct cdr_program_step *step, const struct cdr_op *op, const uint8_t *data)
{
    const struct cdr_program_begin begin = cdr_program_take(step, op);
    const uint8_t *symbols = cdr_program_symbols(step, op->column);
    const uint8_t *entries = data + op->at + CDR_SOURCE_SYMBOLS_MAX * sizeof(uint32_t);
    uint32_t lens[CDR_SOURCE_SYMBOLS_MAX];
    memcpy(lens, data + op->at, sizeof lens);
    if (op->kind == CDR_OP_TABLE_FIXED && op->len == 1 && op->prefix_len < 8) {
        uint8_t bytes[CDR_SOURCE_SYMBOLS_MAX];
        for (uint32_t i = 0; i < CDR_SOURCE_SYMBOLS_MAX; i++)
            bytes[i] = entries[i * 16];
        CDR_FOR_RECORDS(step)
        cdr_program_begin_word(&begin, i, bytes[symbols[i] % CDR_SOURCE_SYMBOLS_MAX]);
    } else if (op->kind == CDR_OP_TABLE_FIXED) {
        CDR_FOR_RECORDS(step)
        memcpy(cdr_program_begin(&begin, i), entries + symbols[i] % CDR_SOURCE_SYMBOLS_MAX * 16,
               16);
    } else {
        CDR_FOR_RECORDS(step)
        {
            uint32_t symbol = symbols[i] % CDR_SOURCE_SYMBOLS_MAX;
            uint8_t *to = cdr_program_begin(&begin, i);
            if (op->kind == CDR_OP_TABLE16)
                memcpy(to, entries + symbol * 16, 16);
            else
                memcpy(to, entries + (size_t)symbol * op->stride, lens[symbol]);
            step->at[i] = to + lens[symbol];
        }
    }
}

static __attribute__((noinline)) void CDR_LOOP(program_varint32)(struct cdr_program_step *step,
                                                                 const struct cdr_op *op)
{
    const struct cdr_program_begin begin = cdr_program_take(step, op);
    const struct cdr_block *block = step->block;
    if (op->column == CDR_COLUMN_SEGMENTS)
        CDR_FOR_RECORDS(step)
    step->small[i] = cdr_varint32((uint32_t)block->sms_segments[step->first + i] << 1);
    else
    {
        const uint32_t *values =
            (op->column == CDR_COLUMN_CELL ? block->cell_id : block->duration_s) + step->first;
        CDR_FOR_RECORDS(step) step->small[i] = cdr_varint32(values[i] << 1);
    }
    uint8_t **at = step->at;
    if (begin.prefix_len <= 4)
        CDR_FOR_RECORDS(step)
        {
            uint32_t bytes = step->small[i];
            at[i] = cdr_program_begin_word(&begin, i, bytes) + 4 -
                    (unsigned)__builtin_clz(bytes | 1) / 8;
        }
    else
        CDR_FOR_RECORDS(step)
    at[i] = cdr_put_varint32(cdr_program_begin(&begin, i), step->small[i]);
}

/* bytes: what cdr_varint64 makes. */
CDR_INLINE void CDR_LOOP(program_put_varints)(struct cdr_program_step *step,
                                              const struct cdr_program_begin *begin,
                                              const uint64_t *bytes)
{
    uint8_t **at = step->at;
    uint64_t all = 0;
    CDR_FOR_RECORDS(step) all |= bytes[i];
    if (begin->prefix_len < 8 && all >> (64 - 8 * begin->prefix_len - 1) >> 1 == 0)
        CDR_FOR_RECORDS(step)
    at[i] = cdr_program_begin_word(begin, i, bytes[i]) + 8 -
            (unsigned)__builtin_clzll(bytes[i] | 1) / 8;
    else CDR_FOR_RECORDS(step) at[i] = cdr_put_varint64(cdr_program_begin(begin, i), bytes[i]);
}

static __attribute__((noinline)) void CDR_LOOP(program_varint)(struct cdr_program_step *step,
                                                               const struct cdr_op *op)
{
    const struct cdr_program_begin begin = cdr_program_take(step, op);
    uint64_t bytes[CDR_STEP_RECORDS];
    const uint64_t *values = cdr_program_direct(step, op);
    if (values != NULL) {
        for (uint32_t i = 0; i < step->n; i++)
            bytes[i] = cdr_varint64(values[i] << 1);
        CDR_LOOP(program_put_varints)(step, &begin, bytes);
        return;
    }
    CDR_LOOP(program_numbers)(step, op);
    if (op->kind == CDR_OP_VARINT_WIDE) {
        CDR_FOR_RECORDS(step)
        {
            step->at[i] = cdr_put_varint(cdr_program_begin(&begin, i), step->numbers[i]);
        }
        return;
    }
    for (uint32_t i = 0; i < step->n; i++)
        bytes[i] = cdr_varint64(cdr_zigzag(step->numbers[i]));
    CDR_LOOP(program_put_varints)(step, &begin, bytes);
}

static __attribute__((noinline)) void CDR_LOOP(program_other)(struct cdr_program_step *step,
                                                              const struct cdr_op *op)
{
    const struct cdr_program_begin begin = cdr_program_take(step, op);
    CDR_LOOP(program_numbers)(step, op);
    CDR_FOR_RECORDS(step)
    {
        uint8_t *to = cdr_program_begin(&begin, i);
        int64_t value = step->numbers[i];
        uint32_t len = 0;
        if (op->kind == CDR_OP_FLOAT) {
            float number = (float)value;
            uint32_t bits;
            memcpy(&bits, &number, 4);
            cdr_store_le32(to, bits);
        } else if (op->kind == CDR_OP_DOUBLE) {
            double number = (double)value;
            uint64_t bits;
            memcpy(&bits, &number, 8);
            cdr_store_le64(to, bits);
        } else if (op->kind == CDR_OP_CLOCK) {
            cdr_program_clock(to, value);
        } else if (op->kind == CDR_OP_DECIMAL_FIXED) {
            for (uint32_t k = 0; k < op->len; k++) {
                uint32_t place = op->len - 1 - k;
                to[k] = (uint8_t)(value >> (place < 8 ? 8 * place : 63));
            }
        } else if (op->kind == CDR_OP_DECIMAL_BYTES) {
            len = cdr_program_decimal(to, value);
        } else {
            len = cdr_program_number_text(to, value);
        }
        if (op->len == 0)
            step->at[i] = to + len;
    }
}

CDR_INLINE void CDR_LOOP(program_mccmnc)(struct cdr_program_step *step,
                                         const struct cdr_program_begin *begin)
{
    const uint32_t *mccmnc = step->block->mccmnc + step->first;
    uint8_t **at = step->at;
    char digits[CDR_STEP_RECORDS + 1][8]; /* readable after the last */
    cdr_digits8_column(digits, mccmnc, step->n);
    CDR_FOR_RECORDS(step)
    {
        uint32_t len = cdr_mccmnc_len(mccmnc[i]);
        uint64_t word;
        memcpy(&word, digits[i] + 7 - len, 8);
        word = (cdr_le64(word) & ~UINT64_C(255)) | len << 1;
        if (begin->prefix_len == 0) {
            at[i] = cdr_program_begin_word(begin, i, word) + 1 + len;
        } else {
            uint8_t *to = cdr_program_begin(begin, i);
            cdr_store_le64(to, word);
            at[i] = to + 1 + len;
        }
    }
}

static __attribute__((noinline)) void CDR_LOOP(program_digits)(struct cdr_program_step *step,
                                                               const struct cdr_op *op)
{
    const struct cdr_program_begin begin = cdr_program_take(step, op);
    if (op->kind == CDR_OP_DIGITS && op->column == CDR_COLUMN_MCCMNC) {
        CDR_LOOP(program_mccmnc)(step, &begin);
        return;
    }
    struct cdr_text_column texts = cdr_program_texts(step, op->column);
    size_t skip = 16 - (size_t)op->len;
    uint8_t **at = step->at;
    if (op->kind == CDR_OP_DIGITS_FIXED && op->len == 15 && op->prefix_len == 1)
        CDR_FOR_RECORDS(step)
    cdr_put_behind(at[i] + begin.offset, (uint8_t)begin.prefix, texts.digits[i]);
    else if (op->kind == CDR_OP_DIGITS_FIXED) CDR_FOR_RECORDS(step)
        memcpy(cdr_program_begin(&begin, i), texts.digits[i] + skip, 16);
    else if (op->kind == CDR_OP_TEXT_DIGITS) CDR_FOR_RECORDS(step) at[i] =
        cdr_put_digits16(cdr_program_begin(&begin, i), texts.digits[i], texts.lens[i]);
    else if (op->prefix_len == 0) CDR_FOR_RECORDS(step)
    {
        uint32_t len = texts.lens[i];
        uint8_t *to = at[i] + begin.offset;
        cdr_put_behind(to, (uint8_t)(len << 1), texts.digits[i] + 15 - len);
        at[i] = to + 1 + len;
    }
    else CDR_FOR_RECORDS(step)
    {
        uint32_t len = texts.lens[i];
        uint8_t *to = cdr_program_begin(&begin, i);
        cdr_put_behind(to, (uint8_t)(len << 1), texts.digits[i] + 15 - len);
        at[i] = to + 1 + len;
    }
}

static __attribute__((noinline)) void CDR_LOOP(program_uuid)(const struct cdr_program_step *step,
                                                             const struct cdr_op *op)
{
    const struct cdr_program_begin begin = cdr_program_take(step, op);
    CDR_FOR_RECORDS(step)
    {
        uint8_t bytes[16];
        uint8_t *to = cdr_program_begin(&begin, i);
        cdr_program_uuid(bytes, step->block, step->first + i);
        if (op->kind == CDR_OP_UUID_BYTES)
            memcpy(to, bytes, 16);
        else
            cdr_program_uuid_text(to, bytes);
    }
}

/* Digits after digits: the column functions make all of a step's at once. */
static __attribute__((noinline)) void CDR_LOOP(program_text)(struct cdr_program_step *step,
                                                             const struct cdr_op *op)
{
    const struct cdr_program_begin begin = cdr_program_take(step, op);
    uint8_t **at = step->at;
    char digits[CDR_STEP_RECORDS + 1][16]; /* readable after the last */
    const uint64_t *values = cdr_program_direct(step, op);
    if (values == NULL) {
        CDR_LOOP(program_numbers)(step, op);
        values = (const uint64_t *)step->numbers;
    }
    if (op->kind == CDR_OP_TEXT8) {
        char(*short_digits)[8] = (char(*)[8])digits;
        CDR_FOR_RECORDS(step) step->small[i] = (uint32_t)values[i];
        cdr_digits8_column(short_digits, step->small, step->n);
        CDR_FOR_RECORDS(step)
        at[i] = cdr_put_number8(cdr_program_begin(&begin, i), short_digits[i]);
    } else if (op->kind == CDR_OP_TEXT16) {
        cdr_digits16_column(digits, values, step->n);
        CDR_FOR_RECORDS(step)
        {
            uint32_t zeros = cdr_leading_zeros16(digits[i]);
            at[i] = cdr_put16(cdr_program_begin(&begin, i), digits[i] + zeros, 16 - zeros);
        }
    } else {
        CDR_FOR_RECORDS(step)
        {
            uint8_t *to = cdr_program_begin(&begin, i);
            at[i] = to + cdr_program_number(to, (int64_t)values[i]);
        }
    }
}

static __attribute__((noinline)) void CDR_LOOP(program_base64)(struct cdr_program_step *step,
                                                               const struct cdr_op *op)
{
    const struct cdr_program_begin begin = cdr_program_take(step, op);
    struct cdr_text_column texts = {NULL, NULL};
    if (op->kind == CDR_OP_BASE64_DIGITS)
        texts = cdr_program_texts(step, op->column);
    else if (op->kind == CDR_OP_BASE64_CLOCK)
        CDR_LOOP(program_numbers)(step, op);
    CDR_FOR_RECORDS(step)
    {
        uint8_t from[48], *to = cdr_program_begin(&begin, i);
        uint32_t len = op->stride;
        if (op->kind == CDR_OP_BASE64_DIGITS) {
            len = texts.lens[i];
            memcpy(from, texts.digits[i] + 16 - len, len);
        } else if (op->kind == CDR_OP_BASE64_CLOCK) {
            cdr_program_clock(from, step->numbers[i]);
        } else {
            uint8_t bytes[16];
            cdr_program_uuid(bytes, step->block, step->first + i);
            if (len == 16)
                memcpy(from, bytes, 16);
            else
                cdr_program_uuid_text(from, bytes);
        }
        len = cdr_base64(to, from, len);
        if (op->len == 0)
            step->at[i] = to + len;
    }
}

CDR_INLINE void CDR_LOOP(program_op)(struct cdr_program_step *step, const struct cdr_op *op,
                                     const uint8_t *data)
{
    switch (op->kind) {
    case CDR_OP_CONSTANT16:
    case CDR_OP_CONSTANT32:
    case CDR_OP_CONSTANT:
        CDR_LOOP(program_constant)(step, op, data);
        break;
    case CDR_OP_TABLE_FIXED:
    case CDR_OP_TABLE16:
    case CDR_OP_TABLE:
        CDR_LOOP(program_table)(step, op, data);
        break;
    case CDR_OP_VARINT32:
        CDR_LOOP(program_varint32)(step, op);
        break;
    case CDR_OP_VARINT:
    case CDR_OP_VARINT_WIDE:
        CDR_LOOP(program_varint)(step, op);
        break;
    case CDR_OP_DIGITS:
    case CDR_OP_DIGITS_FIXED:
    case CDR_OP_TEXT_DIGITS:
        CDR_LOOP(program_digits)(step, op);
        break;
    case CDR_OP_UUID_TEXT:
    case CDR_OP_UUID_BYTES:
        CDR_LOOP(program_uuid)(step, op);
        break;
    case CDR_OP_TEXT8:
    case CDR_OP_TEXT16:
    case CDR_OP_TEXT:
        CDR_LOOP(program_text)(step, op);
        break;
    case CDR_OP_BASE64_DIGITS:
    case CDR_OP_BASE64_CLOCK:
    case CDR_OP_BASE64_UUID:
        CDR_LOOP(program_base64)(step, op);
        break;
    case CDR_OP_OPTIONAL:
        CDR_LOOP(program_optional)(step, op);
        break;
    default:
        CDR_LOOP(program_other)(step, op);
        break;
    }
}

size_t CDR_LOOP(cdr_program_encode)(const struct cdr_encoder *base, const struct cdr_block *block,
                                    uint8_t *bytes, uint32_t *ends)
{
    const struct cdr_program_encoder *encoder =
        (const struct cdr_program_encoder *)(const void *)base;
    const struct cdr_program *program = &encoder->program;
    uint8_t rooms[CDR_PROGRAM_ROOMS];
    struct cdr_program_step step = {.block = block};
    uint8_t *to = bytes;
    assert(cdr_block_is_sound(block, program->type));
    for (; step.first < block->n; step.first += step.n) {
        uint32_t rest = block->n - step.first;
        step.n = rest < encoder->step_records ? rest : encoder->step_records;
        for (uint32_t i = 0; i < step.n; i++)
            step.at[i] = rooms + i * encoder->room;
        for (uint32_t i = 0; i < program->op_count; i++)
            CDR_LOOP(program_op)(&step, &program->ops[i], program->data);
        const uint32_t n = step.n, room_bytes = encoder->room, tail = program->tail;
        const uint8_t *room = rooms;
        for (uint32_t i = 0; i < n; i++, room += room_bytes) {
            uint32_t len = (uint32_t)(step.at[i] - room) + tail;
            for (uint32_t at = 0; at < len; at += 32)
                memcpy(to + at, room + at, 32);
            to += len;
            ends[step.first + i] = (uint32_t)(to - bytes);
        }
    }
    return (size_t)(to - bytes);
}
