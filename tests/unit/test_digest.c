/* Digests: the vectors of docs/data-format.md, the definition done naively, and joins of any
 * split. */
#include "pipeline/digest.h"

#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define XXH_INLINE_ALL
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

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
        assert_int_equal(hashes[0], UINT64_C(0x1ff147001a3493ee));
        assert_int_equal(hashes[1], UINT64_C(0x8df966f3e8e9e51a));
        hashes[1] = 0;
        cdr_hash_records(&memory->slab, 1, around[i][0], around[i][1], hashes);
        assert_int_equal(hashes[1], UINT64_C(0x8df966f3e8e9e51a));
        struct cdr_digest digest = cdr_digest_of(hashes, 2, bytes);
        assert_int_equal(digest.records, 2);
        assert_int_equal(digest.bytes, bytes);
        assert_int_equal(digest.ordered, UINT64_C(0x1ef4413cee743886));
        assert_int_equal(digest.sum, UINT64_C(0xadeaadf4031e7908));
        assert_int_equal(cdr_digest_topic_term(0, &digest), UINT64_C(0xf65af5944b78768f));
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

static void test_definition(void **state)
{
    struct memory *memory = *state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        uint64_t hashes[RECORDS], ordered = 0, sum = 0;
        fill(memory, seed * 1000);
        cdr_hash_records(&memory->slab, 0, 0, 1, hashes);
        for (uint32_t i = 0; i < RECORDS; i++) {
            uint8_t name[256]; /* more than used: the hash has paths for longer texts */
            uint32_t key_len = memory->key_lens[i], at = i == 0 ? 0 : memory->ends[i - 1];
            memcpy(name, memory->keys[i], key_len);
            for (uint32_t b = 0; b < 8; b++)
                name[key_len + b] = (uint8_t)((uint64_t)memory->event_ms[i] >> (8 * b));
            uint64_t h = XXH3_64bits_withSeed(memory->bytes + at, memory->ends[i] - 1 - at,
                                              XXH3_64bits(name, key_len + 8));
            assert_int_equal(hashes[i], h);
            ordered =
                (naive_times(ordered, UINT64_C(0x1d8ab4a6b9cf3e25)) + h % CDR_DIGEST_MODULUS) %
                CDR_DIGEST_MODULUS;
            sum += h;
        }
        struct cdr_digest digest = cdr_digest_of(hashes, RECORDS, 1);
        assert_int_equal(digest.ordered, ordered);
        assert_int_equal(digest.sum, sum);
    }
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
        cmocka_unit_test(test_definition),
        cmocka_unit_test(test_join_of_any_split),
        cmocka_unit_test(test_sees_every_fault),
        cmocka_unit_test(test_topic_terms),
    };
    return cmocka_run_group_tests(tests, make_memory, free_memory);
}
