/* Digests: the vectors of docs/data-format.md, the definition done naively, and joins of any
 * split. */
#include "pipeline/digest.h"

#include "base/hash.h"
#include "base/level.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define RECORDS 300u

static const char first_line[] = "CALL;316120000042;31620000007;MT;1735689600123;1735689675456;"
                                 "Europe/Amsterdam;60;75;20408;204080000000042;"
                                 "356938035643809;12345;mscVoiceRecord;normalRelease;;;;;;;";
static const char second_line[] = "CALL;31620000007;316120000042;MO;1735689680000;1735689690000;"
                                  "Europe/Amsterdam;60;10;20408;204080000000007;"
                                  "356938035643817;12345;mscVoiceRecord;noAnswer;;;;;;;";

struct memory {
    uint8_t bytes[RECORDS * 400];
    uint32_t ends[RECORDS];
    int64_t event_ms[RECORDS];
    char keys[RECORDS][16];
    uint8_t key_lens[RECORDS];
    struct cdr_slab slab;
};

static void start(struct memory *memory)
{
    memset(memory, 0xa5, sizeof *memory);
    memset(&memory->slab, 0, sizeof memory->slab);
    memory->slab.bytes = memory->bytes;
    memory->slab.ends = memory->ends;
    memory->slab.event_ms = memory->event_ms;
    memory->slab.keys = memory->keys;
    memory->slab.key_lens = memory->key_lens;
    memory->slab.bytes_max = sizeof memory->bytes;
    memory->slab.records_max = RECORDS;
}

static void add(struct memory *memory, uint32_t frame, const char *payload, uint32_t len,
                uint32_t trailer, const char *key, int64_t event_ms)
{
    struct cdr_slab *slab = &memory->slab;
    uint32_t at = slab->n == 0 ? 0 : slab->ends[slab->n - 1];
    memset(slab->bytes + at, (int)(at & 0xff), frame);
    memcpy(slab->bytes + at + frame, payload, len);
    memset(slab->bytes + at + frame + len, '\n', trailer);
    slab->ends[slab->n] = at + frame + len + trailer;
    slab->event_ms[slab->n] = event_ms;
    memcpy(slab->keys[slab->n], key, strlen(key));
    slab->key_lens[slab->n] = (uint8_t)strlen(key);
    slab->n++;
}

/* Frame and trailer are not part of it. */
static void test_vectors_of_the_document(void **state)
{
    static const uint32_t around[][2] = {{0, 0}, {0, 1}, {5, 0}};
    struct memory *memory = *state;
    for (size_t i = 0; i < sizeof around / sizeof *around; i++) {
        uint64_t hashes[2];
        uint32_t bytes = sizeof first_line - 1 + sizeof second_line - 1;
        start(memory);
        add(memory, around[i][0], first_line, sizeof first_line - 1, around[i][1], "31620000007",
            1735689675456);
        add(memory, around[i][0], second_line, sizeof second_line - 1, around[i][1], "31620000007",
            1735689690000);
        cdr_hash_records(&memory->slab, 0, around[i][0], around[i][1], hashes);
        assert_int_equal(hashes[0], UINT64_C(0xe68a84b1733ba400));
        assert_int_equal(hashes[1], UINT64_C(0x676f066d11ca9684));
        hashes[1] = 0;
        cdr_hash_records(&memory->slab, 1, around[i][0], around[i][1], hashes);
        assert_int_equal(hashes[1], UINT64_C(0x676f066d11ca9684));
        struct cdr_digest digest = cdr_digest_of(hashes, 2, bytes);
        assert_int_equal(digest.records, 2);
        assert_int_equal(digest.bytes, bytes);
        assert_int_equal(digest.ordered, UINT64_C(0x122a9fd2286ca7f9));
        assert_int_equal(digest.sum, UINT64_C(0x4df98b1e85063a84));
        assert_int_equal(cdr_digest_topic_term(0, &digest), UINT64_C(0x4db8f19a067a11fd));
    }
}

static void fill(struct memory *memory, uint64_t seed)
{
    start(memory);
    for (uint32_t i = 0; i < RECORDS; i++) {
        char payload[350], key[16];
        uint64_t draw = cdr_mix(seed + i);
        uint32_t len = (uint32_t)(draw % sizeof payload), key_len = 10 + (uint32_t)(draw >> 32) % 6;
        for (uint32_t b = 0; b < len; b++)
            payload[b] = (char)cdr_mix(draw + b);
        for (uint32_t b = 0; b < key_len; b++)
            key[b] = (char)('0' + cdr_mix(draw ^ b) % 10);
        key[key_len] = '\0';
        add(memory, 0, payload, len, 1, key, 100000000000 + (int64_t)(draw % 9899999999999));
    }
}

/* d ← d · B + h mod M by repeated doubling, so that no 128-bit number is needed. */
static uint64_t naive_times(uint64_t a, uint64_t b)
{
    uint64_t sum = 0;
    for (; b != 0; b >>= 1, a = (a + a) % CDR_DIGEST_MODULUS)
        if (b & 1)
            sum = (sum + a) % CDR_DIGEST_MODULUS;
    return sum;
}

/* A bit at a time. */
static uint64_t naive_fold(uint64_t a, uint64_t b)
{
    uint64_t low = 0, high = 0;
    for (unsigned bit = 0; bit < 64; bit++) {
        if ((b >> bit & 1) == 0)
            continue;
        uint64_t sum = low + (a << bit);
        high += (bit == 0 ? 0 : a >> (64 - bit)) + (sum < low);
        low = sum;
    }
    return low ^ high;
}

static const uint64_t pi[11] = {
    UINT64_C(0x243f6a8885a308d3), UINT64_C(0x13198a2e03707344), UINT64_C(0xa4093822299f31d0),
    UINT64_C(0x082efa98ec4e6c89), UINT64_C(0x452821e638d01377), UINT64_C(0xbe5466cf34e90c6c),
    UINT64_C(0xc0ac29b7c97c50dd), UINT64_C(0x3f84d5b5b5470917), UINT64_C(0x9216d5d98979fb1b),
    UINT64_C(0xd1310ba698dfb5ac), UINT64_C(0x2ffd72dbd01adfb7)};
static const uint64_t step = UINT64_C(0x9e3779b97f4a7c15);

static uint64_t naive_word(const uint8_t *bytes, uint32_t from, uint32_t end)
{
    uint64_t word = 0;
    for (uint32_t b = 0; b < 8 && from + b < end; b++)
        word |= (uint64_t)bytes[from + b] << (8 * b);
    return word;
}

static uint64_t naive_sum(const uint8_t *payload, uint32_t len)
{
    uint64_t sum = len * step;
    for (uint32_t stripe = 0; stripe == 0 || 64 * stripe < len; stripe++) {
        bool last = 64 * (stripe + 1) >= len;
        for (uint32_t j = 0; j < 8; j++) {
            uint32_t from = last && len > 64 ? len - 64 : 64 * stripe;
            uint64_t word = naive_word(payload, from + 8 * j, len);
            uint64_t x = word ^ (pi[j] + stripe * step);
            sum += word + (x & UINT32_MAX) * (x >> 32);
        }
    }
    return sum;
}

static uint64_t naive_hash(const struct memory *memory, uint32_t i)
{
    const uint8_t *key = (const uint8_t *)memory->keys[i];
    uint32_t key_len = memory->key_lens[i], at = i == 0 ? 0 : memory->ends[i - 1];
    uint64_t name =
        naive_fold(naive_word(key, 0, key_len) ^ pi[8], naive_word(key, 8, key_len) ^ pi[9]) +
        key_len;
    return naive_fold(naive_sum(memory->bytes + at, memory->ends[i] - 1 - at) ^ name,
                      (uint64_t)memory->event_ms[i] ^ pi[10]);
}

static void assert_hashes(const struct memory *memory, const uint64_t *hashes)
{
    static cdr_hash_loop *const loops[CDR_LEVEL_COUNT] = {
        cdr_hash_records_base,
#if CDR_LEVELS_X86
        cdr_hash_records_v3,
        cdr_hash_records_v4,
#endif
    };
    for (int level = 0; level < CDR_LEVEL_COUNT; level++) {
        uint64_t of_level[RECORDS];
        if (loops[level] == NULL || !cdr_level_runs((enum cdr_level)level))
            continue;
        loops[level](&memory->slab, 0, 0, 1, of_level);
        assert_memory_equal(of_level, hashes, sizeof of_level);
    }
}

static void test_definition_at_all_levels(void **state)
{
    struct memory *memory = *state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        uint64_t hashes[RECORDS], ordered = 0, sum = 0;
        fill(memory, seed * 1000);
        cdr_hash_records(&memory->slab, 0, 0, 1, hashes);
        for (uint32_t i = 0; i < RECORDS; i++) {
            uint32_t at = i == 0 ? 0 : memory->ends[i - 1];
            uint64_t h = naive_hash(memory, i);
            assert_int_equal(hashes[i], h);
            assert_int_equal(cdr_hash_record(memory->bytes + at, memory->ends[i] - 1 - at,
                                             (const uint8_t *)memory->keys[i], memory->key_lens[i],
                                             memory->event_ms[i]),
                             h);
            ordered =
                (naive_times(ordered, UINT64_C(0x1d8ab4a6b9cf3e25)) + h % CDR_DIGEST_MODULUS) %
                CDR_DIGEST_MODULUS;
            sum += h;
        }
        assert_hashes(memory, hashes);
        struct cdr_digest digest = cdr_digest_of(hashes, RECORDS, 1);
        assert_int_equal(digest.ordered, ordered);
        assert_int_equal(digest.sum, sum);
    }
}

/* As record_hash of tests/kafka/cdr_logs.py has them. */
static void test_short_payloads_and_long_keys(void **state)
{
    (void)state;
    uint8_t keys[17], payload[64];
    memset(keys, 'x', sizeof keys);
    memset(payload, 'b', sizeof payload);
    assert_int_equal(cdr_hash_record(payload, 0, NULL, 0, 0), UINT64_C(0xbc309164fe5b0758));
    assert_int_equal(cdr_hash_record((const uint8_t *)"a", 1, keys, 17, -1),
                     UINT64_C(0x8fdcc4039bbc26fa));
    assert_int_equal(cdr_hash_record(payload, 64, keys, 16, 5), UINT64_C(0x2a30940e1d0e13cc));
}

static void assert_same(const struct cdr_digest *a, const struct cdr_digest *b)
{
    assert_int_equal(a->records, b->records);
    assert_int_equal(a->bytes, b->bytes);
    assert_int_equal(a->ordered, b->ordered);
    assert_int_equal(a->sum, b->sum);
}

static void test_join_of_any_split(void **state)
{
    (void)state;
    uint64_t hashes[RECORDS];
    for (uint64_t seed = 0; seed < 300; seed++) {
        /* Extremes too: 0, the modulus and what is around it. */
        for (uint32_t i = 0; i < RECORDS; i++) {
            uint64_t draw = cdr_mix(seed * RECORDS + i);
            hashes[i] = draw % 11 == 0   ? CDR_DIGEST_MODULUS - draw % 3 + 1
                        : draw % 13 == 0 ? UINT64_MAX - draw % 2
                                         : draw;
        }
        struct cdr_digest whole = cdr_digest_of(hashes, RECORDS, 10 * RECORDS), joined = {0};
        for (uint32_t from = 0; from < RECORDS;) {
            uint32_t n = (uint32_t)(cdr_mix(seed ^ from << 10) % (seed % 50 + 1));
            n = n > RECORDS - from ? RECORDS - from : n;
            n = seed % 3 == 0 && n == 0 ? 1 : n;
            struct cdr_digest part = cdr_digest_of(hashes + from, n, 10 * n);
            cdr_digest_join(&joined, &part);
            from += n;
            seed += n == 0; /* an empty part: another draw next time */
        }
        assert_same(&joined, &whole);
        for (uint32_t at = 0; at <= RECORDS; at += 37) {
            struct cdr_digest left = cdr_digest_of(hashes, at, 10 * at);
            struct cdr_digest right = cdr_digest_of(hashes + at, RECORDS - at, 10 * (RECORDS - at));
            cdr_digest_join(&left, &right);
            assert_same(&left, &whole);
        }
    }
}

/* A swap, a loss, a double, another key, time or byte: each changes the digest; a swap leaves
 * the sum. */
static void test_sees_every_fault(void **state)
{
    struct memory *memory = *state;
    uint64_t hashes[RECORDS], changed[RECORDS];
    fill(memory, 99);
    cdr_hash_records(&memory->slab, 0, 0, 1, hashes);
    struct cdr_digest whole = cdr_digest_of(hashes, RECORDS, 0);
    for (uint32_t i = 1; i < RECORDS; i++) {
        memcpy(changed, hashes, sizeof hashes);
        changed[i] = hashes[i - 1];
        changed[i - 1] = hashes[i];
        struct cdr_digest swapped = cdr_digest_of(changed, RECORDS, 0);
        assert_int_not_equal(swapped.ordered, whole.ordered);
        assert_int_equal(swapped.sum, whole.sum);
        changed[i - 1] = hashes[i - 1];
        struct cdr_digest doubled = cdr_digest_of(changed, RECORDS, 0);
        assert_int_not_equal(doubled.ordered, whole.ordered);
        assert_int_not_equal(doubled.sum, whole.sum);
    }
    memory->keys[5][0] ^= 1;
    memory->event_ms[6] ^= 1;
    memory->bytes[memory->ends[6]] ^= 1;
    cdr_hash_records(&memory->slab, 0, 0, 1, changed);
    for (uint32_t i = 0; i < RECORDS; i++)
        assert_int_equal(changed[i] != hashes[i],
                         i >= 5 && i <= 7 && (i != 7 || memory->ends[7] - 1 > memory->ends[6]));
}

/* Partitions are not exchangeable, and an empty one counts. */
static void test_topic_terms(void **state)
{
    (void)state;
    struct cdr_digest empty = {0}, one = {.records = 1, .ordered = 7};
    assert_int_not_equal(cdr_digest_topic_term(0, &empty), 0);
    assert_int_not_equal(cdr_digest_topic_term(0, &empty) + cdr_digest_topic_term(1, &one),
                         cdr_digest_topic_term(1, &empty) + cdr_digest_topic_term(0, &one));
    struct cdr_digest zeros = {.records = 1};
    assert_int_not_equal(cdr_digest_topic_term(0, &empty), cdr_digest_topic_term(0, &zeros));
}

static int make_memory(void **state)
{
    *state = malloc(sizeof(struct memory));
    return *state == NULL;
}

static int free_memory(void **state)
{
    free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors_of_the_document),
        cmocka_unit_test(test_definition_at_all_levels),
        cmocka_unit_test(test_short_payloads_and_long_keys),
        cmocka_unit_test(test_join_of_any_split),
        cmocka_unit_test(test_sees_every_fault),
        cmocka_unit_test(test_topic_terms),
    };
    return cmocka_run_group_tests(tests, make_memory, free_memory);
}
