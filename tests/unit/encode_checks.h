/* What holds for every encoder, checked on the way to the bytes that a test then reads.
 *
 * Include after cmocka.h.
 */
#ifndef ENCODE_CHECKS_H
#define ENCODE_CHECKS_H

#include "encode/loops.h"
#include "encode_blocks.h"

#include <stdio.h>
#include <stdlib.h>

/* Seeds of blocks_make that tests go through: both extremes, then random ones. */
enum { CHECK_SEEDS = 40 };

/* Block lengths around the sizes at which the loops change their way. */
static const uint32_t check_lengths[] = {1, 2, 31, 32, 33, 63, 64, 65, 127, 128, 200, 255, 256};
enum { CHECK_LENGTHS = sizeof check_lengths / sizeof check_lengths[0] };

struct encoded {
    struct cdr_encoder *encoder;
    uint8_t *bytes;
    uint32_t ends[CDR_BLOCK_RECORDS];
};

static inline struct cdr_encoder *check_create(const struct cdr_encoder_ops *ops,
                                               const struct cdr_encoder_settings *settings)
{
    struct cdr_encoder *encoder = NULL;
    struct cdr_error error = {{0}};
    enum cdr_result result = ops->create(&encoder, settings, &error);
    if (result != CDR_OK)
        fail_msg("create: %s", error.text);
    assert_non_null(encoder);
    return encoder;
}

/* Encodes with one level into memory of exactly n × record_bytes_max bytes, and checks what
 * encoder.h promises about memory: nothing outside, at most 32 bytes behind the end, no record
 * above its bound. The memory's last byte is the allocation's: AddressSanitizer sees what the marks
 * do not. */
static inline uint8_t *check_encode(const struct cdr_encoder *encoder,
                                    const struct cdr_encoder_ops *ops,
                                    const struct cdr_block *block, uint32_t *ends)
{
    const uint8_t mark = 0xa5;
    size_t size = block->n * encoder->record_bytes_max;
    uint8_t *bytes = malloc(size);
    assert_non_null(bytes);
    memset(bytes, mark, size);
    size_t end = ops->encode(encoder, block, bytes, ends);
    uint32_t start = 0;
    for (uint32_t i = 0; i < block->n; i++) {
        assert_true(ends[i] > start + encoder->frame_len + encoder->trailer_len);
        assert_true(ends[i] - start + 32 <= encoder->record_bytes_max);
        start = ends[i];
    }
    assert_int_equal(end, ends[block->n - 1]);
    for (size_t i = end + 32; i < size; i++)
        assert_int_equal(bytes[i], mark);
    return bytes;
}

/* Creates an encoder, encodes the block with every level that this CPU runs, and checks that all
 * agree. */
static inline struct encoded check_levels(const struct cdr_encoder_ops *levels,
                                          const struct cdr_encoder_settings *settings,
                                          const struct cdr_block *block)
{
    struct encoded result = {.encoder = check_create(&levels[CDR_LEVEL_BASE], settings)};
    result.bytes = check_encode(result.encoder, &levels[CDR_LEVEL_BASE], block, result.ends);
    for (int level = CDR_LEVEL_BASE + 1; level < CDR_LEVEL_COUNT; level++) {
        if (!cdr_level_runs((enum cdr_level)level))
            continue;
        uint32_t ends[CDR_BLOCK_RECORDS];
        uint8_t *bytes = check_encode(result.encoder, &levels[level], block, ends);
        assert_memory_equal(ends, result.ends, block->n * sizeof ends[0]);
        assert_memory_equal(bytes, result.bytes, ends[block->n - 1]);
        free(bytes);
    }
    return result;
}

static inline void encoded_free(struct encoded *encoded)
{
    free(encoded->bytes);
    cdr_encoder_destroy(encoded->encoder);
}

/* Record i's payload. */
static inline const uint8_t *encoded_payload(const struct encoded *encoded, uint32_t i, size_t *len)
{
    uint32_t start = (i == 0 ? 0 : encoded->ends[i - 1]) + encoded->encoder->frame_len;
    *len = encoded->ends[i] - encoded->encoder->trailer_len - start;
    return encoded->bytes + start;
}

/* Runs check on blocks of all types and many lengths and contents. */
static inline void check_blocks(void (*check)(const struct cdr_block *block, const char *tz_name))
{
    static const char longest[] = "A23456789/123456789_123456789+123456789-123456789/123456789_123";
    static struct cdr_block block;
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
        for (uint64_t seed = 0; seed < CHECK_SEEDS; seed++) {
            uint32_t n = seed < 2 ? CDR_BLOCK_RECORDS : check_lengths[seed % CHECK_LENGTHS];
            blocks_make(&block, type, n, seed);
            check(&block, seed % 3 == 1 ? longest : "Europe/Amsterdam");
        }
}

/* The text of entry i of a decimal column, with its terminating zero. */
static inline const char *check_digits(char text[17], const cdr_digits *column, uint32_t i,
                                       uint32_t len)
{
    memcpy(text, column[i] + 16 - len, len);
    text[len] = '\0';
    return text;
}

/* A block of one record with values that are easy to see, for golden bytes. */
static inline void check_golden_block(struct cdr_block *block, uint32_t type)
{
    memset(block, 0, sizeof *block);
    block->type = type;
    block->n = 1;
    block->start_ms[0] = INT64_C(1735689600123);
    block->end_ms[0] = INT64_C(1735689675456);
    block->event_ms[0] = block->end_ms[0];
    block->tz_offset_min[0] = 60;
    block->duration_s[0] = 75;
    block->mccmnc[0] = 20408;
    block->cell_id[0] = 12345;
    block->direction[0] = type == CDR_TYPE_DATA ? CDR_DIRECTION_MO : CDR_DIRECTION_MT;
    block->record_type[0] = type == CDR_TYPE_CALL  ? CDR_RECORD_MSC_VOICE
                            : type == CDR_TYPE_SMS ? CDR_RECORD_SGSN_SMT
                                                   : CDR_RECORD_PGW;
    block->cause[0] = type == CDR_TYPE_SMS ? CDR_CAUSE_DELIVERY_SUCCESS : CDR_CAUSE_NORMAL_RELEASE;
    block->sms_segments[0] = 2;
    block->sms_status[0] = CDR_SMS_DELIVERED;
    block->apn[0] = CDR_APN_IMS;
    block->rat[0] = CDR_RAT_NR;
    block->data_bytes_in[0] = 1000;
    block->data_bytes_out[0] = UINT64_C(1) << 40;
    block->msisdn_src_len[0] = 12;
    block->msisdn_dst_len[0] = type == CDR_TYPE_DATA ? 0 : 11;
    cdr_digits16(block->msisdn_src[0], UINT64_C(316120000042));
    cdr_digits16(block->msisdn_dst[0], UINT64_C(31620000007));
    cdr_digits16(block->imsi[0], UINT64_C(204080000000042));
    cdr_digits16(block->imei[0], UINT64_C(356938035643809));
}

#endif
