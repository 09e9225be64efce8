/* What verify shows of records that anybody may have written: each byte of Avro records, keys and messages is changed, and
 * each beginning of them is taken for the whole. The sanitizers find what leads out of the bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "encode_checks.h"

#include "base/hash.h"
#include "verify/fields.h"
#include "verify/payload.h"

enum { RECORDS = 1 };

/* Enums, unions, arrays, maps, fixed and bytes: of the values that the lengths and counts of a datum may have. */
static const char every_kind[] =
    "{\"type\":\"record\",\"name\":\"R\",\"fields\":["
    "{\"name\":\"e\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\"]}},"
    "{\"name\":\"u\",\"type\":[\"null\",\"string\",{\"type\":\"array\",\"items\":\"E\"}]},"
    "{\"name\":\"a\",\"type\":{\"type\":\"array\",\"items\":[\"null\",\"E\",\"boolean\"]}},"
    "{\"name\":\"m\",\"type\":{\"type\":\"map\",\"values\":\"bytes\"}},"
    "{\"name\":\"f\",\"type\":{\"type\":\"fixed\",\"name\":\"F\",\"size\":3}},"
    "{\"name\":\"d\",\"type\":\"double\"},{\"name\":\"n\",\"type\":\"int\"},{\"name\":\"b\","
    "\"type\":\"boolean\"}]}";
static const uint8_t every_kind_datum[] = {
    2,                             /* e: B */
    4, 4, 0,   2,   0,             /* u: the array of A, B */
    5, 8, 0,   2,   2, 4, 1,    0, /* a: a block of 3 with its bytes: null, B, true; the end */
    2, 4, 'k', 'y', 6, 1, 2,    3,    0, /* m: one entry */
    7, 8, 9,                             /* f */
    0, 0, 0,   0,   0, 0, 0xf0, 0x3f,    /* d */
    3, 1,                                /* n, b */
};

static const uint8_t changes[] = {0x00, 0x01, 0x02, 0x7e, 0x7f, 0x80, 0xfe, 0xff};

/* Looks at a copy of exactly n bytes as value and as key, so that a byte too many is seen. */
static void look(struct cdr_payloads *payloads, uint32_t type, const uint8_t *bytes, size_t n)
{
    struct cdr_fields fields;
    char key_text[16];
    uint8_t *copy = malloc(n > 0 ? n : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, n);
    struct cdr_record record = {.payload = copy,
                                .payload_len = (uint32_t)n,
                                .key = copy,
                                .key_len = (uint32_t)n,
                                .event_ms = 0};
    cdr_fields_decode(&fields, payloads, type, &record);
    for (uint32_t i = 0; i < fields.n; i++)
        assert_true(strlen(fields.items[i].value) < sizeof fields.items[i].value);
    cdr_fields_key(&fields, payloads, type, &record);
    cdr_payload_guess(payloads, type, &record, key_text);
    assert_true(cdr_avro_datum_len(payloads, type, 0, copy, n) <= n);
    free(copy);
}

/* Eight values for each byte, two bytes at once, and each beginning. */
static void damage(struct cdr_payloads *payloads, uint32_t type, const uint8_t *datum, size_t n)
{
    uint8_t bytes[4096 + 16];
    assert_true(n <= 4096);
    for (size_t at = 0; at < n; at++)
        for (size_t i = 0; i < sizeof changes; i++) {
            memcpy(bytes, datum, n);
            bytes[at] = changes[i];
            look(payloads, type, bytes, n);
            bytes[cdr_mix(at * 8 + i) % n] = changes[(at + i) % sizeof changes];
            look(payloads, type, bytes, n);
        }
    for (size_t cut = 0; cut <= n; cut++)
        look(payloads, type, datum, cut);
    /* A length or count of ten bytes, in place of the byte that was there. */
    static const uint8_t huge[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};
    for (size_t at = 0; at < n; at++) {
        memcpy(bytes, datum, at);
        memcpy(bytes + at, huge, sizeof huge);
        memcpy(bytes + at + sizeof huge, datum + at + 1, n - at - 1);
        look(payloads, type, bytes, n + sizeof huge - 1);
        bytes[at] = 0xfe; /* huge and positive */
        look(payloads, type, bytes, n + sizeof huge - 1);
    }
}

static void open_payloads(struct cdr_payloads *payloads, struct cdr_topics *topics,
                          const char *schema)
{
    struct cdr_error error = {{0}};
    assert_int_equal(cdr_topics_create(topics, CDR_TYPE_COUNT, &error), CDR_OK);
    assert_int_equal(cdr_topics_create_encoders(topics, "avro", "Europe/Amsterdam", false, &error),
                     CDR_OK);
    for (uint32_t type = 0; schema != NULL && type < CDR_TYPE_COUNT; type++)
        assert_non_null(topics->items[type].layouts[0].schema = strdup(schema));
    assert_int_equal(cdr_payloads_open(payloads, topics, CDR_ORDER_END, &error), CDR_OK);
}

static void close_payloads(struct cdr_payloads *payloads, struct cdr_topics *topics)
{
    cdr_payloads_close(payloads);
    cdr_topics_free(topics);
}

/* The built-in schemas: an enum's symbol out of range is what one changed byte gives. */
static void test_records_of_each_type(void **state)
{
    (void)state;
    static struct cdr_block block;
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        struct cdr_payloads payloads;
        struct cdr_topics topics;
        struct cdr_fields fields;
        open_payloads(&payloads, &topics, NULL);
        struct encoded encoded = {.encoder = topics.items[type].encoder};
        blocks_make(&block, type, RECORDS, 7);
        encoded.bytes = check_encode(topics.items[type].encoder, &cdr_avro_ops[CDR_LEVEL_BASE],
                                     &block, encoded.ends);
        for (uint32_t i = 0; i < RECORDS; i++) {
            size_t n;
            const uint8_t *datum = encoded_payload(&encoded, i, &n);
            struct cdr_record record = {.payload = datum, .payload_len = (uint32_t)n};
            assert_true(cdr_fields_decode(&fields, &payloads, type, &record));
            damage(&payloads, type, datum, n);
        }
        free(encoded.bytes);
        close_payloads(&payloads, &topics);
    }
}

static void test_every_kind_of_type(void **state)
{
    (void)state;
    struct cdr_payloads payloads;
    struct cdr_topics topics;
    struct cdr_fields fields;
    struct cdr_record record = {.payload = every_kind_datum,
                                .payload_len = sizeof every_kind_datum};
    open_payloads(&payloads, &topics, every_kind);
    assert_non_null(topics.items[0].key_layout.schema = strdup(every_kind));
    assert_int_equal(cdr_avro_datum_len(&payloads, 0, 0, every_kind_datum, sizeof every_kind_datum),
                     sizeof every_kind_datum);
    assert_true(cdr_fields_decode(&fields, &payloads, 0, &record));
    assert_string_equal(cdr_fields_find(&fields, "e"), "B");
    damage(&payloads, 0, every_kind_datum, sizeof every_kind_datum);
    close_payloads(&payloads, &topics);
}

/* A symbol, branch or length that is not there: the bytes are shown, and nothing else. */
static void test_what_is_no_datum(void **state)
{
    (void)state;
    struct cdr_payloads payloads;
    struct cdr_topics topics;
    struct cdr_fields fields;
    const struct {
        size_t at;
        uint8_t byte;
    } wrong[] = {{0, 0x7e}, {0, 0x01},  {0, 0x04},  {1, 0x06}, {1, 0x01},
                 {3, 0x7e}, {15, 0x7f}, {18, 0x7e}, {18, 0x7f}};
    open_payloads(&payloads, &topics, every_kind);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        uint8_t bytes[sizeof every_kind_datum];
        memcpy(bytes, every_kind_datum, sizeof bytes);
        bytes[wrong[i].at] = wrong[i].byte;
        struct cdr_record record = {.payload = bytes, .payload_len = sizeof bytes};
        assert_false(cdr_fields_decode(&fields, &payloads, 0, &record));
        assert_int_equal(fields.n, 1);
        assert_string_equal(fields.items[0].name, "payload");
    }
    close_payloads(&payloads, &topics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records_of_each_type),
        cmocka_unit_test(test_every_kind_of_type),
        cmocka_unit_test(test_what_is_no_datum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
