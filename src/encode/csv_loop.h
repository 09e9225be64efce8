/* The CSV encoder's loop, for the level that the includer sets by CDR_LOOP. See loops.h. */

#include "encode/columns.h"
#include "encode/csv.h"
#include "encode/put.h"

/* event_type has been written; up to the separator before start_ts_ms. */
CDR_INLINE uint8_t *CDR_LOOP(csv_parties)(uint8_t *to, const struct cdr_csv_encoder *encoder,
                                          const struct cdr_block *block, uint32_t i, uint32_t type)
{
    const struct cdr_piece *direction = &encoder->direction[block->direction[i]];
    to = cdr_put_digits16(to, block->msisdn_src[i], block->msisdn_src_len[i]);
    if (type != CDR_TYPE_DATA) {
        *to++ = ';';
        to = cdr_put_digits16(to, block->msisdn_dst[i], block->msisdn_dst_len[i]);
    }
    return cdr_put8(to, direction->bytes, direction->len);
}

/* start_ts_ms … cell_id; c is the record's place in the step's columns. */
CDR_INLINE uint8_t *CDR_LOOP(csv_middle)(uint8_t *to, const struct cdr_columns *columns, uint32_t c,
                                         const struct cdr_zone_text *zone,
                                         const struct cdr_block *block, uint32_t i)
{
    to = cdr_put_digits16(to, columns->start[c], cdr_timestamp_len(block->start_ms[i]));
    *to++ = ';';
    to = cdr_put_digits16(to, columns->end[c], cdr_timestamp_len(block->end_ms[i]));
    memcpy(to, zone->bytes, 32);
    if (zone->len > 32)
        memcpy(to + 32, zone->bytes + 32, 64);
    to += zone->len;
    to = cdr_put_number8(to, columns->numbers[CDR_NUMBER_DURATION][c]);
    *to++ = ';';
    to = cdr_put_digits8(to, columns->numbers[CDR_NUMBER_MCCMNC][c],
                         cdr_mccmnc_len(block->mccmnc[i]));
    memcpy(to, block->imsi[i],
           16); /* 15 digits after a padding zero, in whose place the separator goes */
    *to = ';';
    memcpy(to + 16, block->imei[i], 16);
    to[16] = ';';
    to[32] = ';';
    return cdr_put_digits8(to + 33, columns->numbers[CDR_NUMBER_CELL][c], 5);
}

/* record_type … rat and the newline. */
CDR_INLINE uint8_t *CDR_LOOP(csv_rest)(uint8_t *to, const struct cdr_csv_encoder *encoder,
                                       const struct cdr_columns *columns, uint32_t c,
                                       const struct cdr_block *block, uint32_t i, uint32_t type)
{
    const struct cdr_piece *closing = &encoder->closing[block->record_type[i]][block->cause[i]];
    to = cdr_put48(to, closing->bytes, closing->len);
    if (type == CDR_TYPE_SMS) {
        const struct cdr_piece *segments = &encoder->segments[block->sms_segments[i]];
        const struct cdr_piece *status = &encoder->status[block->sms_status[i]];
        to = cdr_put8(to, segments->bytes, segments->len);
        to = cdr_put32(to, status->bytes, status->len);
    }
    if (type == CDR_TYPE_DATA) {
        const struct cdr_piece *access = &encoder->access[block->apn[i]][block->rat[i]];
        to =
            cdr_put_number16(to, block->data_bytes_in[i], columns->numbers[CDR_NUMBER_BYTES_IN][c]);
        *to++ = ';';
        to = cdr_put_number16(to, block->data_bytes_out[i],
                              columns->numbers[CDR_NUMBER_BYTES_OUT][c]);
        *to++ = ';';
        to = cdr_put_number8(to, columns->numbers[CDR_NUMBER_DURATION][c]);
        to = cdr_put32(to, access->bytes, access->len);
    }
    return to;
}

CDR_INLINE size_t CDR_LOOP(csv_encode_type)(const struct cdr_csv_encoder *encoder,
                                            const struct cdr_block *block, uint8_t *bytes,
                                            uint32_t *ends, uint32_t type)
{
    struct cdr_columns columns;
    struct cdr_zone_text zone;
    uint8_t *to = cdr_put8(bytes, encoder->begin, encoder->begin_len);
    cdr_csv_zone(encoder, block->tz_offset_min[0], &zone);
    for (uint32_t first = 0; first < block->n; first += CDR_STEP_RECORDS) {
        uint32_t n = block->n - first < CDR_STEP_RECORDS ? block->n - first : CDR_STEP_RECORDS;
        cdr_columns_make(&columns, block, first, n);
        for (uint32_t c = 0; c < n; c++) {
            uint32_t i = first + c;
            if (block->tz_offset_min[i] != zone.offset_min)
                cdr_csv_zone(encoder, block->tz_offset_min[i], &zone);
            to = CDR_LOOP(csv_parties)(to, encoder, block, i, type);
            to = CDR_LOOP(csv_middle)(to, &columns, c, &zone, block, i);
            to = CDR_LOOP(csv_rest)(to, encoder, &columns, c, block, i, type);
            ends[i] = (uint32_t)(to - bytes) - encoder->begin_len;
        }
    }
    return ends[block->n - 1];
}

size_t CDR_LOOP(cdr_csv_encode)(const struct cdr_encoder *base, const struct cdr_block *block,
                                uint8_t *bytes, uint32_t *ends)
{
    const struct cdr_csv_encoder *encoder = (const struct cdr_csv_encoder *)(const void *)base;
    assert(cdr_block_is_sound(block, encoder->type));
    if (block->n == 0)
        return 0;
    if (encoder->type == CDR_TYPE_CALL)
        return CDR_LOOP(csv_encode_type)(encoder, block, bytes, ends, CDR_TYPE_CALL);
    if (encoder->type == CDR_TYPE_SMS)
        return CDR_LOOP(csv_encode_type)(encoder, block, bytes, ends, CDR_TYPE_SMS);
    assert(encoder->type == CDR_TYPE_DATA); /* cdr_type_has_loop */
    return CDR_LOOP(csv_encode_type)(encoder, block, bytes, ends, CDR_TYPE_DATA);
}
