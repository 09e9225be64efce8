/* The JSON encoder's loop, for the level that the includer sets by CDR_LOOP. See loops.h. */

#include "encode/columns.h"
#include "encode/json.h"
#include "encode/put.h"

#ifndef CDR_ENCODE_JSON_LOOP_H
#define CDR_ENCODE_JSON_LOOP_H

/* Copies a text of any length in pieces of 16 bytes; from is readable up to the next multiple
 * of 16. */
CDR_INLINE uint8_t *cdr_put_long(uint8_t *to, const uint8_t *from, uint32_t len)
{
    for (uint32_t at = 0; at < len; at += 16)
        memcpy(to + at, from + at, 16);
    return to + len;
}

/* A text of 16 bytes at most that is known when this is compiled. */
#define CDR_PUT_LITERAL(to, literal) cdr_put16(to, (const char[17]){literal}, sizeof(literal) - 1)

#endif

/* event_type … the colon of start_ts_ms. */
CDR_INLINE uint8_t *CDR_LOOP(json_parties)(uint8_t *to, const struct cdr_json_encoder *encoder,
                                           const struct cdr_block *block, uint32_t i, uint32_t type)
{
    const struct cdr_piece *direction = &encoder->direction[block->direction[i]];
    to = cdr_put_long(to, encoder->begin.bytes, encoder->begin.len);
    to = cdr_put_digits16(to, block->msisdn_src[i], block->msisdn_src_len[i]);
    if (type != CDR_TYPE_DATA) {
        to = CDR_PUT_LITERAL(to, "\",\"msisdn_dst\":\"");
        to = cdr_put_digits16(to, block->msisdn_dst[i], block->msisdn_dst_len[i]);
    }
    return cdr_put_long(to, direction->bytes, direction->len);
}

/* start_ts_ms … cell_id; c is the record's place in the step's columns. */
CDR_INLINE uint8_t *CDR_LOOP(json_middle)(uint8_t *to, const struct cdr_columns *columns,
                                          uint32_t c, const struct cdr_zone_text *zone,
                                          const struct cdr_block *block, uint32_t i)
{
    to = cdr_put_digits16(to, columns->start[c], cdr_timestamp_len(block->start_ms[i]));
    to = CDR_PUT_LITERAL(to, ",\"end_ts_ms\":");
    to = cdr_put_digits16(to, columns->end[c], cdr_timestamp_len(block->end_ms[i]));
    to = cdr_put_long(to, zone->bytes, zone->len);
    to = cdr_put_number8(to, columns->numbers[CDR_NUMBER_DURATION][c]);
    to = CDR_PUT_LITERAL(to, ",\"mccmnc\":\"");
    to = cdr_put_digits8(to, columns->numbers[CDR_NUMBER_MCCMNC][c],
                         cdr_mccmnc_len(block->mccmnc[i]));
    to = CDR_PUT_LITERAL(to, "\",\"imsi\":\"");
    to = cdr_put_digits16(to, block->imsi[i], 15);
    to = CDR_PUT_LITERAL(to, "\",\"imei\":\"");
    to = cdr_put_digits16(to, block->imei[i], 15);
    to = CDR_PUT_LITERAL(to, "\",\"cell_id\":");
    return cdr_put_digits8(to, columns->numbers[CDR_NUMBER_CELL][c], 5);
}

/* record_type … rat, the brace and the newline. */
CDR_INLINE uint8_t *CDR_LOOP(json_rest)(uint8_t *to, const struct cdr_json_encoder *encoder,
                                        const struct cdr_columns *columns, uint32_t c,
                                        const struct cdr_block *block, uint32_t i, uint32_t type)
{
    const struct cdr_long_piece *closing =
        &encoder->closing[block->record_type[i]][block->cause[i]];
    to = cdr_put_long(to, closing->bytes, closing->len);
    if (type == CDR_TYPE_SMS) {
        const struct cdr_piece *segments = &encoder->segments[block->sms_segments[i]];
        const struct cdr_piece *status = &encoder->status[block->sms_status[i]];
        to = cdr_put8(to, segments->bytes, segments->len);
        to = cdr_put_long(to, status->bytes, status->len);
    }
    if (type == CDR_TYPE_DATA) {
        const struct cdr_piece *access = &encoder->access[block->apn[i]][block->rat[i]];
        to =
            cdr_put_number16(to, block->data_bytes_in[i], columns->numbers[CDR_NUMBER_BYTES_IN][c]);
        to = CDR_PUT_LITERAL(to, ",\"data_bytes_out");
        to = CDR_PUT_LITERAL(to, "\":");
        to = cdr_put_number16(to, block->data_bytes_out[i],
                              columns->numbers[CDR_NUMBER_BYTES_OUT][c]);
        to = CDR_PUT_LITERAL(to, ",\"data_duration");
        to = CDR_PUT_LITERAL(to, "_sec\":");
        to = cdr_put_number8(to, columns->numbers[CDR_NUMBER_DURATION][c]);
        to = cdr_put_long(to, access->bytes, access->len);
    }
    return to;
}

CDR_INLINE size_t CDR_LOOP(json_encode_type)(const struct cdr_json_encoder *encoder,
                                             const struct cdr_block *block, uint8_t *bytes,
                                             uint32_t *ends, uint32_t type)
{
    struct cdr_columns columns;
    struct cdr_zone_text zone;
    uint8_t *to = bytes;
    cdr_json_zone(encoder, block->tz_offset_min[0], &zone);
    for (uint32_t first = 0; first < block->n; first += CDR_STEP_RECORDS) {
        uint32_t n = block->n - first < CDR_STEP_RECORDS ? block->n - first : CDR_STEP_RECORDS;
        cdr_columns_make(&columns, block, first, n);
        for (uint32_t c = 0; c < n; c++) {
            uint32_t i = first + c;
            if (block->tz_offset_min[i] != zone.offset_min)
                cdr_json_zone(encoder, block->tz_offset_min[i], &zone);
            to = CDR_LOOP(json_parties)(to, encoder, block, i, type);
            to = CDR_LOOP(json_middle)(to, &columns, c, &zone, block, i);
            to = CDR_LOOP(json_rest)(to, encoder, &columns, c, block, i, type);
            ends[i] = (uint32_t)(to - bytes);
        }
    }
    return ends[block->n - 1];
}

size_t CDR_LOOP(cdr_json_encode)(const struct cdr_encoder *base, const struct cdr_block *block,
                                 uint8_t *bytes, uint32_t *ends)
{
    const struct cdr_json_encoder *encoder = (const struct cdr_json_encoder *)(const void *)base;
    assert(cdr_block_is_sound(block, encoder->type));
    if (block->n == 0)
        return 0;
    if (encoder->type == CDR_TYPE_CALL)
        return CDR_LOOP(json_encode_type)(encoder, block, bytes, ends, CDR_TYPE_CALL);
    if (encoder->type == CDR_TYPE_SMS)
        return CDR_LOOP(json_encode_type)(encoder, block, bytes, ends, CDR_TYPE_SMS);
    assert(encoder->type == CDR_TYPE_DATA); /* cdr_type_has_loop */
    return CDR_LOOP(json_encode_type)(encoder, block, bytes, ends, CDR_TYPE_DATA);
}
