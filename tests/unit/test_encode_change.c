/* An encoder of two versions: each record is the bytes of the version that its event time says,
 * whatever the block holds besides. */
#include "encode_blocks.h"

#include "encode/change.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

enum { BYTES_MAX = CDR_BLOCK_RECORDS * 4096 };

static const char next_schema[] =
    "{\"type\": \"record\", \"name\": \"next\", \"fields\": ["
    "{\"name\": \"owner_msisdn\", \"type\": \"string\"},"
    "{\"name\": \"imsi\", \"type\": \"string\"}, {\"name\": \"imei\", \"type\": \"long\"},"
    "{\"name\": \"cell_id\", \"type\": \"int\"}, {\"name\": \"is_mt\", \"type\": \"boolean\"},"
    "{\"name\": \"duration_sec\", \"type\": \"int\"}, {\"name\": \"mccmnc\", \"type\": \"int\"},"
    "{\"name\": \"note\", \"type\": \"string\", \"default\": \"a long text that is always the "
    "same, so that records of this version are longer than the others\"},"
    "{\"name\": \"start_ts_ms\", \"type\": \"long\"},"
    "{\"name\": \"end_ts_ms\", \"type\": \"long\"}, {\"name\": \"record_uuid\", \"type\": "
    "\"string\"}, {\"name\": \"record_type\", \"type\": \"string\"},"
    "{\"name\": \"cause_for_record_closing\", \"type\": \"string\"}]}";

static struct cdr_encoder *create(const char *format, uint32_t type, bool next)
{
    struct cdr_encoder *encoder = NULL;
    struct cdr_error error = {{0}};
    const bool avro = strcmp(format, "avro") == 0;
    const struct cdr_encoder_settings settings = {
        .type = type,
        .tz_name = next && !avro ? "Asia/Tokyo" : "Europe/Amsterdam",
        .framed = avro && type != CDR_TYPE_SMS,
        .schema_id = next ? 0x01020304 : 7,
        .schema_text = next && avro ? next_schema : NULL,
    };
    if (cdr_encoder_find(format)->create(&encoder, &settings, &error) != CDR_OK)
        fail_msg("%s", error.text);
    return encoder;
}

struct encoded {
    uint8_t *bytes;
    uint32_t ends[CDR_BLOCK_RECORDS];
};

static void encode(const struct cdr_encoder *encoder, const struct cdr_block *block,
                   struct encoded *out)
{
    assert_true(encoder->record_bytes_max * block->n <= BYTES_MAX);
    size_t len = encoder->ops->encode(encoder, block, out->bytes, out->ends);
    assert_int_equal(len, block->n == 0 ? 0 : out->ends[block->n - 1]);
}

static uint32_t start_of(const struct encoded *encoded, uint32_t i)
{
    return i == 0 ? 0 : encoded->ends[i - 1];
}

static void expect_version(const struct encoded *found, const struct encoded *wanted, uint32_t i)
{
    const uint32_t len = wanted->ends[i] - start_of(wanted, i);
    assert_int_equal(found->ends[i] - start_of(found, i), len);
    assert_memory_equal(found->bytes + start_of(found, i), wanted->bytes + start_of(wanted, i),
                        len);
}

/* Event times, in sorted or any order, around the change; also blocks of one version only. */
static void put_times(struct cdr_block *block, int64_t change_ms, unsigned how, uint64_t *seed)
{
    for (uint32_t i = 0; i < block->n; i++) {
        int64_t any = (int64_t)(blocks_random(seed) % 200) - 100;
        block->event_ms[i] = change_ms + (how == 0   ? any
                                          : how == 1 ? (int64_t)i - block->n / 2
                                          : how == 2 ? -1 - (int64_t)i
                                                     : (int64_t)i);
    }
}

static void test_each_record_by_its_time(void **state)
{
    (void)state;
    static const char *const formats[] = {"avro", "csv", "json"};
    static struct cdr_block block;
    struct encoded versions[2], changed = {.bytes = malloc(BYTES_MAX)};
    const int64_t change_ms = 1735700000000;
    uint64_t seed = 5, counts[2] = {0};
    for (unsigned v = 0; v < 2; v++)
        versions[v].bytes = malloc(BYTES_MAX);
    for (unsigned round = 0; round < 900; round++) {
        const char *format = formats[round % 3];
        const uint32_t type = round / 3 % CDR_TYPE_COUNT,
                       n = round % 7 == 0 ? round % 5 : 1 + blocks_random(&seed) % 256;
        struct cdr_encoder *encoder = NULL,
                           *alone[2] = {create(format, type, false), create(format, type, true)};
        assert_int_equal(cdr_change_create(&encoder, create(format, type, false),
                                           create(format, type, true), change_ms, NULL),
                         CDR_OK);
        blocks_make(&block, type, n, 2 + round);
        put_times(&block, change_ms, round % 4, &seed);
        for (unsigned v = 0; v < 2; v++)
            encode(alone[v], &block, &versions[v]);
        encode(encoder, &block, &changed);
        for (uint32_t i = 0; i < n; i++) {
            const unsigned version = block.event_ms[i] >= change_ms;
            expect_version(&changed, &versions[version], i);
            counts[version]++;
        }
        cdr_encoder_destroy(encoder);
        cdr_encoder_destroy(alone[0]);
        cdr_encoder_destroy(alone[1]);
    }
    assert_true(counts[0] > 10000 && counts[1] > 10000);
    for (unsigned v = 0; v < 2; v++)
        free(versions[v].bytes);
    free(changed.bytes);
}

static void test_what_it_says_of_itself(void **state)
{
    (void)state;
    struct cdr_encoder *before = create("avro", CDR_TYPE_CALL, false),
                       *next = create("avro", CDR_TYPE_CALL, true), *encoder = NULL;
    assert_int_equal(cdr_change_ms(before), CDR_CHANGE_NEVER);
    assert_ptr_equal(cdr_change_version(before, 0), before);
    assert_null(cdr_change_version(before, 1));
    const size_t least = before->record_bytes_max, most = next->record_bytes_max;
    assert_true(most > least);
    assert_int_equal(cdr_change_create(&encoder, before, next, 17, NULL), CDR_OK);
    assert_int_equal(cdr_change_ms(encoder), 17);
    assert_ptr_equal(cdr_change_version(encoder, 0), before);
    assert_ptr_equal(cdr_change_version(encoder, 1), next);
    assert_int_equal(encoder->record_bytes_max, most);
    assert_int_equal(encoder->frame_len, 5);
    assert_int_equal(encoder->trailer_len, 0);
    assert_string_equal(encoder->ops->name, "avro");
    cdr_encoder_destroy(encoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_record_by_its_time),
        cmocka_unit_test(test_what_it_says_of_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
