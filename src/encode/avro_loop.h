/* The Avro encoder's loop, for the level that the includer sets by CDR_LOOP. See loops.h. */

#include "encode/avro.h"
#include "encode/put.h"
#include "schema/varint.h"

#ifndef CDR_ENCODE_AVRO_LOOP_H
#define CDR_ENCODE_AVRO_LOOP_H

/* Symbols and branches of unions are ints of one byte. */
enum { AVRO_UNION_VALUE = 1 << 1, AVRO_UNION_NULL = 0 << 1, AVRO_LEN_15 = 15 << 1 };

/* The numbers of one step, as they go to memory. */
struct cdr_avro_columns {
    uint64_t start[CDR_STEP_RECORDS];
    uint64_t end[CDR_STEP_RECORDS];
    uint64_t bytes_in[CDR_STEP_RECORDS];
    uint64_t bytes_out[CDR_STEP_RECORDS];
    uint32_t duration[CDR_STEP_RECORDS];
    uint32_t cell[CDR_STEP_RECORDS];
    char mccmnc[CDR_STEP_RECORDS][8];
    char readable_slack[16];
};

static inline void cdr_varint64_column(uint64_t *out, const uint64_t *values, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        out[i] = cdr_varint64(values[i] << 1);
}

static inline void cdr_varint32_column(uint32_t *out, const uint32_t *values, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        out[i] = cdr_varint32(values[i] << 1);
}

static __attribute__((noinline)) void cdr_avro_columns_make(struct cdr_avro_columns *columns,
                                                            const struct cdr_block *block,
                                                            uint32_t first, uint32_t n,
                                                            bool volumes)
{
    cdr_varint64_column(columns->start, (const uint64_t *)block->start_ms + first, n);
    cdr_varint64_column(columns->end, (const uint64_t *)block->end_ms + first, n);
    cdr_varint32_column(columns->duration, block->duration_s + first, n);
    cdr_varint32_column(columns->cell, block->cell_id + first, n);
    cdr_digits8_column(columns->mccmnc, block->mccmnc + first, n);
    if (volumes) {
        cdr_varint64_column(columns->bytes_in, block->data_bytes_in + first, n);
        cdr_varint64_column(columns->bytes_out, block->data_bytes_out + first, n);
    }
}

#endif

/* msisdn_src … direction. */
CDR_INLINE uint8_t *CDR_LOOP(avro_parties)(uint8_t *to, const struct cdr_block *block, uint32_t i,
                                           uint32_t type)
{
    *to++ = (uint8_t)(block->msisdn_src_len[i] << 1);
    to = cdr_put_digits16(to, block->msisdn_src[i], block->msisdn_src_len[i]);
    if (type == CDR_TYPE_DATA) {
        *to++ = AVRO_UNION_NULL;
    } else {
        *to++ = (uint8_t)(block->msisdn_dst_len[i] << 1);
        to = cdr_put_digits16(to, block->msisdn_dst[i], block->msisdn_dst_len[i]);
    }
    *to++ = (uint8_t)(block->direction[i] << 1);
    return to;
}

/* start_ts_ms … cause_for_record_closing; c is the record's place in the step's columns. */
CDR_INLINE uint8_t *CDR_LOOP(avro_middle)(uint8_t *to, const struct cdr_avro_columns *columns,
                                          uint32_t c, const struct cdr_zone_text *zone,
                                          const struct cdr_block *block, uint32_t i)
{
    uint32_t mccmnc_len = cdr_mccmnc_len(block->mccmnc[i]);
    to = cdr_put_varint64(to, columns->start[c]);
    to = cdr_put_varint64(to, columns->end[c]);
    memcpy(to, zone->bytes, 32);
    if (zone->len > 32)
        memcpy(to + 32, zone->bytes + 32, 48);
    to += zone->len;
    to = cdr_put_varint32(to, columns->duration[c]);
    *to++ = (uint8_t)(mccmnc_len << 1);
    to = cdr_put_digits8(to, columns->mccmnc[c], mccmnc_len);
    memcpy(to, block->imsi[i],
           16); /* 15 digits after a padding zero, in whose place their length goes */
    *to = AVRO_LEN_15;
    memcpy(to + 16, block->imei[i], 16);
    to[16] = AVRO_LEN_15;
    to = cdr_put_varint32(to + 32, columns->cell[c]);
    to[0] = (uint8_t)(block->record_type[i] << 1);
    to[1] = (uint8_t)(block->cause[i] << 1);
    return to + 2;
}

CDR_INLINE uint8_t *CDR_LOOP(avro_sms)(uint8_t *to, const struct cdr_block *block, uint32_t i)
{
    uint32_t segments = cdr_varint32((uint32_t)block->sms_segments[i] << 1);
    *to++ = AVRO_UNION_VALUE;
    to = cdr_put_varint32(to, segments);
    to[0] = AVRO_UNION_VALUE;
    to[1] = (uint8_t)(block->sms_status[i] << 1);
    return to + 2;
}

CDR_INLINE uint8_t *CDR_LOOP(avro_data)(uint8_t *to, const struct cdr_avro_columns *columns,
                                        uint32_t c, const struct cdr_block *block, uint32_t i)
{
    *to++ = AVRO_UNION_VALUE;
    to = cdr_put_varint64(to, columns->bytes_in[c]);
    *to++ = AVRO_UNION_VALUE;
    to = cdr_put_varint64(to, columns->bytes_out[c]);
    *to++ = AVRO_UNION_VALUE;
    to = cdr_put_varint32(to, columns->duration[c]);
    to[0] = AVRO_UNION_VALUE;
    to[1] = (uint8_t)(block->apn[i] << 1);
    to[2] = AVRO_UNION_VALUE;
    to[3] = (uint8_t)(block->rat[i] << 1);
    return to + 4;
}

CDR_INLINE size_t CDR_LOOP(avro_encode_type)(const struct cdr_avro_encoder *encoder,
                                             const struct cdr_block *block, uint8_t *bytes,
                                             uint32_t *ends, uint32_t type)
{
    struct cdr_avro_columns columns;
    struct cdr_zone_text zone;
    uint8_t *to = bytes;
    cdr_avro_zone(encoder, block->tz_offset_min[0], &zone);
    for (uint32_t first = 0; first < block->n; first += CDR_STEP_RECORDS) {
        uint32_t n = block->n - first < CDR_STEP_RECORDS ? block->n - first : CDR_STEP_RECORDS;
        cdr_avro_columns_make(&columns, block, first, n, type == CDR_TYPE_DATA);
        for (uint32_t c = 0; c < n; c++) {
            uint32_t i = first + c;
            if (block->tz_offset_min[i] != zone.offset_min)
                cdr_avro_zone(encoder, block->tz_offset_min[i], &zone);
            to = cdr_put8(to, encoder->begin, encoder->begin_len);
            to = CDR_LOOP(avro_parties)(to, block, i, type);
            to = CDR_LOOP(avro_middle)(to, &columns, c, &zone, block, i);
            if (type == CDR_TYPE_SMS)
                to = CDR_LOOP(avro_sms)(to, block, i);
            if (type == CDR_TYPE_DATA)
                to = CDR_LOOP(avro_data)(to, &columns, c, block, i);
            ends[i] = (uint32_t)(to - bytes);
        }
    }
    return ends[block->n - 1];
}

size_t CDR_LOOP(cdr_avro_encode)(const struct cdr_encoder *base, const struct cdr_block *block,
                                 uint8_t *bytes, uint32_t *ends)
{
    const struct cdr_avro_encoder *encoder = (const struct cdr_avro_encoder *)(const void *)base;
    assert(cdr_block_is_sound(block, encoder->type));
    if (block->n == 0)
        return 0;
    if (encoder->type == CDR_TYPE_CALL)
        return CDR_LOOP(avro_encode_type)(encoder, block, bytes, ends, CDR_TYPE_CALL);
    if (encoder->type == CDR_TYPE_SMS)
        return CDR_LOOP(avro_encode_type)(encoder, block, bytes, ends, CDR_TYPE_SMS);
    assert(encoder->type == CDR_TYPE_DATA); /* cdr_type_has_loop */
    return CDR_LOOP(avro_encode_type)(encoder, block, bytes, ends, CDR_TYPE_DATA);
}
