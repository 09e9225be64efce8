/* The hashes of records (digest.h), for the level of the source that includes this. It defines
 * CDR_LOOP, lanes (a vector of 64-bit words, which a stripe is a whole number of) and
 * halves_product (of each lane, its lower half times its upper half). */
#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define STRIPE 64u
#define VECTORS (STRIPE / sizeof(lanes))
#define STEP UINT64_C(0x9e3779b97f4a7c15)

/* The fraction of pi: eight words for a stripe, three for names. */
static const uint64_t stripe_keys[STRIPE / 8] = {
    UINT64_C(0x243f6a8885a308d3), UINT64_C(0x13198a2e03707344), UINT64_C(0xa4093822299f31d0),
    UINT64_C(0x082efa98ec4e6c89), UINT64_C(0x452821e638d01377), UINT64_C(0xbe5466cf34e90c6c),
    UINT64_C(0xc0ac29b7c97c50dd), UINT64_C(0x3f84d5b5b5470917)};
#define NAME_LOW UINT64_C(0x9216d5d98979fb1b)
#define NAME_HIGH UINT64_C(0xd1310ba698dfb5ac)
#define NAME_TIME UINT64_C(0x2ffd72dbd01adfb7)

__extension__ typedef unsigned __int128 digest_wide;

static inline uint64_t fold(uint64_t a, uint64_t b)
{
    digest_wide product = (digest_wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline lanes load_lanes(const uint8_t *bytes)
{
    lanes words;
    memcpy(&words, bytes, sizeof words);
    for (unsigned i = 0; !CDR_LITTLE_ENDIAN && i < sizeof words / 8; i++)
        words[i] = cdr_le64(words[i]);
    return words;
}

/* The last stripe ends with the payload; the one before may overlap it, so that nothing beyond the
 * payload is read. Stripes of records of about one length are equally many. */
static inline uint64_t payload_sum(const uint8_t *payload, size_t len)
{
    uint8_t padded[STRIPE];
    const uint8_t *last = padded;
    lanes sum[VECTORS], key[VECTORS];
    if (len < STRIPE) {
        memset(padded, 0, sizeof padded);
        for (size_t i = 0; i < len; i++)
            padded[i] = payload[i];
        payload = padded;
    } else {
        last = payload + (len - STRIPE);
    }
    for (unsigned v = 0; v < VECTORS; v++) {
        memcpy(&key[v], stripe_keys + v * (sizeof(lanes) / 8), sizeof(lanes));
        sum[v] = key[v] ^ key[v];
    }
    for (bool more = true; more;) {
        more = payload < last;
        const uint8_t *at = more ? payload : last;
        for (unsigned v = 0; v < VECTORS; v++) {
            lanes words = load_lanes(at + v * sizeof(lanes));
            sum[v] += halves_product(words ^ key[v]) + words;
            key[v] += STEP;
        }
        payload += STRIPE;
    }
    for (unsigned v = 1; v < VECTORS; v++)
        sum[0] += sum[v];
    uint64_t all = len * STEP;
    for (unsigned i = 0; i < sizeof(lanes) / 8; i++)
        all += sum[0][i];
    return all;
}

/* low, high: the key's bytes, zeros after them. */
static inline uint64_t named(uint64_t payload, uint64_t low, uint64_t high, size_t key_len,
                             int64_t event_ms)
{
    uint64_t key = fold(low ^ NAME_LOW, high ^ NAME_HIGH) + key_len;
    return fold(payload ^ key, (uint64_t)event_ms ^ NAME_TIME);
}

/* Of a word, its first bytes: 0 … 8. */
static const uint64_t first_bytes[9] = {0,
                                        UINT64_C(0xff),
                                        UINT64_C(0xffff),
                                        UINT64_C(0xffffff),
                                        UINT64_C(0xffffffff),
                                        UINT64_C(0xffffffffff),
                                        UINT64_C(0xffffffffffff),
                                        UINT64_C(0xffffffffffffff),
                                        UINT64_MAX};

void CDR_LOOP(cdr_hash_records)(const struct cdr_slab *slab, uint32_t from, uint32_t frame_len,
                                uint32_t trailer_len, uint64_t *hashes)
{
    uint32_t begin = from == 0 ? 0 : slab->ends[from - 1];
    for (uint32_t i = from; i < slab->n; i++) {
        const uint32_t key_len = slab->key_lens[i], low_len = key_len < 8 ? key_len : 8;
        uint64_t low = cdr_load_le64(slab->keys[i]) & first_bytes[low_len];
        uint64_t high = cdr_load_le64(slab->keys[i] + 8) & first_bytes[key_len - low_len];
        uint32_t end = slab->ends[i], start = begin + frame_len;
        uint64_t payload = payload_sum(slab->bytes + start, end - trailer_len - start);
        hashes[i] = named(payload, low, high, key_len, slab->event_ms[i]);
        begin = end;
    }
}
