/* One number for all bytes that the encoders make of the test blocks.
 *
 * It must be the same on every machine, with every compiler and at every level of optimisation, and
 * changes only with the formats themselves. Needs nothing but the encoders, so that it can be built
 * for other CPUs without any library.
 */
#ifndef ENCODE_DIGEST_H
#define ENCODE_DIGEST_H

#include "encode/loops.h"
#include "encode_blocks.h"

#include <stdlib.h>

static inline uint64_t digest_bytes(uint64_t digest, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        digest = (digest ^ bytes[i]) * UINT64_C(0x100000001b3); /* FNV-1a */
    return digest;
}

/* 0 where something failed. */
static inline uint64_t encode_digest(const struct cdr_encoder_ops *ops)
{
    static struct cdr_block block;
    uint64_t digest = UINT64_C(0xcbf29ce484222325);
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
        for (uint64_t seed = 0; seed < 20; seed++) {
            struct cdr_encoder_settings settings = {
                .type = type, .tz_name = "Asia/Kolkata", .framed = true, .schema_id = 100042};
            struct cdr_encoder *encoder;
            uint32_t ends[CDR_BLOCK_RECORDS];
            blocks_make(&block, type, 1 + (uint32_t)(seed * 97 % CDR_BLOCK_RECORDS), seed);
            if (ops->create(&encoder, &settings, NULL) != CDR_OK)
                return 0;
            uint8_t *bytes = malloc(encoder->record_bytes_max * block.n);
            if (bytes == NULL)
                return 0;
            size_t len = ops->encode(encoder, &block, bytes, ends);
            digest = digest_bytes(digest, bytes, len);
            for (uint32_t i = 0; i < block.n; i++) {
                uint8_t end[4];
                cdr_store_le32(end, ends[i]);
                digest = digest_bytes(digest, end, sizeof end);
            }
            free(bytes);
            cdr_encoder_destroy(encoder);
        }
    return digest;
}

#endif
