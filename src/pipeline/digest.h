/* Digests: what a log holds in 64 bits, the same for every sink.
 *
 * record  h: of key, timestamp and payload, each with its length; payload without Avro's frame and
 *         without a newline. docs/data-format.md has the formula. The payload's 64-bit words, in
 *         stripes of eight, are added up, and of each, xored with a constant that depends on its
 *         place, the lower half times the upper half: lanes without an order. Two multiplications
 *         of 128 bits then join the sum with key and timestamp.
 * log     d ← (d · B + (h mod M)) mod M over the records in order, from 0; M = 2^61 − 1. A
 *   polynomial, so that digests of
 *         runs of records can be joined: digest(x then y) = digest(x) · B^|y| + digest(y).
 * sum     Σ h mod 2^64: the same for any order, adds up over shards.
 */
#ifndef CDR_PIPELINE_DIGEST_H
#define CDR_PIPELINE_DIGEST_H

#include "sink/sink.h"

#include <stdbool.h>
#include <stdint.h>

#define CDR_DIGEST_MODULUS ((UINT64_C(1) << 61) - 1)

struct cdr_digest {
    uint64_t records;
    uint64_t bytes; /* of payloads */
    uint64_t ordered;
    uint64_t sum;
};

/* Room for the hashes of a slab's records. Zero-initialise; the caller frees of. */
struct cdr_hashes {
    uint64_t *of;
    uint32_t room;
};
/* For records 0 … n − 1; what was there is lost. False: out of memory, and there is no room. */
bool cdr_hashes_reserve(struct cdr_hashes *hashes, uint32_t n);

/* hashes[i] of records [from, slab->n). */
void cdr_hash_records(const struct cdr_slab *slab, uint32_t from, uint32_t frame_len,
                      uint32_t trailer_len, uint64_t *hashes);
/* The same for each level of the instruction set. */
typedef void cdr_hash_loop(const struct cdr_slab *slab, uint32_t from, uint32_t frame_len,
                           uint32_t trailer_len, uint64_t *hashes);
cdr_hash_loop cdr_hash_records_base, cdr_hash_records_v3, cdr_hash_records_v4;
/* h of one record. */
uint64_t cdr_hash_record(const uint8_t *payload, size_t payload_len, const uint8_t *key,
                         size_t key_len, int64_t event_ms);
/* The digest of n records, one after another, whose payloads have bytes. */
struct cdr_digest cdr_digest_of(const uint64_t *hashes, uint32_t n, uint64_t bytes);
/* digest becomes that of its records followed by more's. */
void cdr_digest_join(struct cdr_digest *digest, const struct cdr_digest *more);
/* A topic's digest: Σ over partitions of XXH3_64(partition, records, ordered as 8 bytes
 * little-endian each). */
uint64_t cdr_digest_topic_term(uint32_t partition, const struct cdr_digest *digest);

#endif
