#include "pipeline/digest.h"

#include "base/bytes.h"
#include "base/level.h"

#if CDR_LEVELS_X86
#include <emmintrin.h>
#endif

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <stdlib.h>
#include <string.h>

#define DIGEST_BASE (UINT64_C(0x1d8ab4a6b9cf3e25) % CDR_DIGEST_MODULUS)

__extension__ typedef unsigned __int128 wide;

/* The hashes for any CPU. */
#define CDR_LOOP(name) name##_base

typedef uint64_t lanes __attribute__((vector_size(16)));

static inline lanes halves_product(lanes x)
{
#if CDR_LEVELS_X86
    return (lanes)_mm_mul_epu32((__m128i)x, (__m128i)(x >> 32));
#else
    return (x & UINT32_MAX) * (x >> 32);
#endif
}

#include "pipeline/digest_loop.h"

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
    static cdr_hash_loop *const loops[CDR_LEVEL_COUNT] = {
        [CDR_LEVEL_BASE] = cdr_hash_records_base,
#if CDR_LEVELS_X86
        [CDR_LEVEL_V3] = cdr_hash_records_v3,
        [CDR_LEVEL_V4] = cdr_hash_records_v4,
#endif
    };
    loops[cdr_level_best()](slab, from, frame_len, trailer_len, hashes);
}

uint64_t cdr_hash_record(const uint8_t *payload, size_t payload_len, const uint8_t *key,
                         size_t key_len, int64_t event_ms)
{
    uint8_t words[16] = {0};
    uint64_t sum = payload_sum(payload, payload_len);
    if (key_len > sizeof words)
        return named(sum, XXH3_64bits(key, key_len), 0, key_len, event_ms);
    if (key_len > 0)
        memcpy(words, key, key_len);
    return named(sum, cdr_load_le64(words), cdr_load_le64(words + 8), key_len, event_ms);
}

/* Less than 2^61 + 8, with the same remainder. */
static uint64_t folded(uint64_t hash)
{
    return (hash & CDR_DIGEST_MODULUS) + (hash >> 61);
}

/* The remainder of a sum below 2^125. */
static uint64_t remainder_of(wide sum)
{
    uint64_t rest = folded(((uint64_t)sum & CDR_DIGEST_MODULUS) + (uint64_t)(sum >> 61));
    return rest >= CDR_DIGEST_MODULUS ? rest - CDR_DIGEST_MODULUS : rest;
}

/* Four records at a time: each step of the polynomial waits for the one before. */
struct cdr_digest cdr_digest_of(const uint64_t *hashes, uint32_t n, uint64_t bytes)
{
    const uint64_t base = DIGEST_BASE, base_2 = times(base, base), base_3 = times(base_2, base),
                   base_4 = times(base_2, base_2);
    struct cdr_digest digest = {.records = n, .bytes = bytes};
    uint32_t i = 0;
    for (; i + 4 <= n; i += 4) {
        const uint64_t *h = hashes + i;
        wide later = (wide)folded(h[0]) * base_3 + (wide)folded(h[1]) * base_2 +
                     (wide)folded(h[2]) * base + folded(h[3]);
        digest.ordered = remainder_of((wide)digest.ordered * base_4 + later);
        digest.sum += h[0] + h[1] + h[2] + h[3];
    }
    for (; i < n; i++) {
        digest.ordered = plus(times(digest.ordered, base), hashes[i] % CDR_DIGEST_MODULUS);
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
