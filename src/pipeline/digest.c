#include "pipeline/digest.h"

#include "base/bytes.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <stdlib.h>
#include <string.h>

#define DIGEST_BASE (UINT64_C(0x1d8ab4a6b9cf3e25) % CDR_DIGEST_MODULUS)

__extension__ typedef unsigned __int128 wide;

static uint64_t times(uint64_t a, uint64_t b)
{
    wide product = (wide)a * b;
    uint64_t folded = ((uint64_t)product & CDR_DIGEST_MODULUS) + (uint64_t)(product >> 61);
    return folded >= CDR_DIGEST_MODULUS ? folded - CDR_DIGEST_MODULUS : folded;
}

static uint64_t plus(uint64_t a, uint64_t b)
{
    uint64_t sum = a + b;
    return sum >= CDR_DIGEST_MODULUS ? sum - CDR_DIGEST_MODULUS : sum;
}

bool cdr_hashes_reserve(struct cdr_hashes *hashes, uint32_t n)
{
    if (hashes->room >= n)
        return true;
    free(hashes->of);
    hashes->of = malloc(n * sizeof *hashes->of);
    hashes->room = hashes->of != NULL ? n : 0;
    return hashes->of != NULL;
}

void cdr_hash_records(const struct cdr_slab *slab, uint32_t from, uint32_t frame_len,
                      uint32_t trailer_len, uint64_t *hashes)
{
    for (uint32_t i = from; i < slab->n; i++) {
        char name[144]; /* 24 are used; the hash has paths for up to 128 */
        const uint32_t key_len = slab->key_lens[i];
        memcpy(name, slab->keys[i], 16);
        cdr_store_le64(name + key_len, (uint64_t)slab->event_ms[i]);
        uint32_t start = (i == 0 ? 0 : slab->ends[i - 1]) + frame_len;
        hashes[i] = XXH3_64bits_withSeed(slab->bytes + start, slab->ends[i] - trailer_len - start,
                                         XXH3_64bits(name, key_len + 8));
    }
}

uint64_t cdr_hash_record(const uint8_t *payload, size_t payload_len, const uint8_t *key,
                         size_t key_len, int64_t event_ms)
{
    char name[128 + 8];
    uint8_t time[8];
    cdr_store_le64(time, (uint64_t)event_ms);
    if (key_len + sizeof time <= sizeof name) {
        if (key_len > 0)
            memcpy(name, key, key_len);
        memcpy(name + key_len, time, sizeof time);
        return XXH3_64bits_withSeed(payload, payload_len, XXH3_64bits(name, key_len + sizeof time));
    }
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    XXH3_64bits_update(&state, key, key_len);
    XXH3_64bits_update(&state, time, sizeof time);
    return XXH3_64bits_withSeed(payload, payload_len, XXH3_64bits_digest(&state));
}

struct cdr_digest cdr_digest_of(const uint64_t *hashes, uint32_t n, uint64_t bytes)
{
    struct cdr_digest digest = {.records = n, .bytes = bytes};
    for (uint32_t i = 0; i < n; i++) {
        digest.ordered = plus(times(digest.ordered, DIGEST_BASE), hashes[i] % CDR_DIGEST_MODULUS);
        digest.sum += hashes[i];
    }
    return digest;
}

void cdr_digest_join(struct cdr_digest *digest, const struct cdr_digest *more)
{
    uint64_t shift = 1, square = DIGEST_BASE;
    for (uint64_t n = more->records; n != 0; n >>= 1, square = times(square, square))
        if (n & 1)
            shift = times(shift, square);
    digest->ordered = plus(times(digest->ordered, shift), more->ordered);
    digest->records += more->records;
    digest->bytes += more->bytes;
    digest->sum += more->sum;
}

uint64_t cdr_digest_topic_term(uint32_t partition, const struct cdr_digest *digest)
{
    char bytes[24];
    cdr_store_le64(bytes, partition);
    cdr_store_le64(bytes + 8, digest->records);
    cdr_store_le64(bytes + 16, digest->ordered);
    return XXH3_64bits(bytes, sizeof bytes);
}
