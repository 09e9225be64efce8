/* Rows in Avro: all types that a row can have, and bytes that are no datum. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "answer/avro_row.h"
#include "base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char text[] =
    "{\"type\": \"record\", \"name\": \"Row\", \"fields\": ["
    "{\"name\": \"cell\", \"type\": [\"null\", \"long\"]},"
    "{\"name\": \"rat\", \"type\": {\"type\": \"enum\", \"name\": \"Rat\", \"symbols\": [\"LTE\", "
    "\"NR\"]}},"
    "{\"name\": \"tags\", \"type\": {\"type\": \"map\", \"values\": \"int\"}},"
    "{\"name\": \"list\", \"type\": {\"type\": \"array\", \"items\": \"string\"}},"
    "{\"name\": \"share\", \"type\": \"double\"}, {\"name\": \"half\", \"type\": \"float\"},"
    "{\"name\": \"yes\", \"type\": \"boolean\"},"
    "{\"name\": \"sum\", \"type\": {\"type\": \"bytes\", \"logicalType\": \"decimal\", "
    "\"precision\": 9, \"scale\": 0}},"
    "{\"name\": \"hash\", \"type\": {\"type\": \"fixed\", \"name\": \"Hash\", \"size\": 2}},"
    "{\"name\": \"window\", \"type\": {\"type\": \"record\", \"name\": \"Window\", \"fields\": ["
    "{\"name\": \"start\", \"type\": \"long\"}]}}]}";
static const uint8_t datum[] = {2, 0x90, 0x01, 2,    2, 2, 'a',  6,    0, 1,    2,
                                2, 'b',  0,    0,    0, 0, 0,    0,    0, 0xe0, 0x3f,
                                0, 0,    0,    0x3f, 1, 4, 0xff, 0xfe, 9, 9,    14};

static struct cdr_schema schema;

static int parse_schema(void **state)
{
    struct cdr_error error;
    (void)state;
    return cdr_schema_parse_any(&schema, text, &error) == CDR_OK ? 0 : -1;
}

static int free_schema(void **state)
{
    (void)state;
    cdr_schema_destroy(&schema);
    return 0;
}

static void all_types_are_read(void **state)
{
    (void)state;
    json_t *row = cdr_avro_row(schema.root, datum, sizeof datum);
    assert_non_null(row);
    char *said = json_dumps(row, JSON_COMPACT);
    assert_string_equal(said,
                        "{\"cell\":72,\"rat\":\"NR\",\"tags\":null,\"list\":null,\"share\":0.5,"
                        "\"half\":0.5,\"yes\":true,\"sum\":-2,\"hash\":null,"
                        "\"window\":{\"start\":7}}");
    free(said);
    json_decref(row);
}

static void what_is_cut_off_or_longer_is_no_row(void **state)
{
    uint8_t bytes[sizeof datum + 1] = {0};
    (void)state;
    memcpy(bytes, datum, sizeof datum);
    assert_null(cdr_avro_row(schema.root, bytes, sizeof bytes));
    for (size_t len = 0; len < sizeof datum; len++) {
        uint8_t *cut = malloc(len + 1); /* so that a sanitizer sees reads beyond */
        memcpy(cut, datum, len);
        assert_null(cdr_avro_row(schema.root, cut, len));
        free(cut);
    }
}

static void any_bytes_end(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 20000; round++) {
        uint8_t bytes[sizeof datum];
        memcpy(bytes, datum, sizeof datum);
        for (uint64_t i = 0; i <= round % 4; i++) {
            const uint64_t draw = cdr_mix(round * 8 + i);
            bytes[draw % sizeof bytes] = (uint8_t)(draw >> 32);
        }
        json_decref(cdr_avro_row(schema.root, bytes, sizeof bytes));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_types_are_read),
        cmocka_unit_test(what_is_cut_off_or_longer_is_no_row),
        cmocka_unit_test(any_bytes_end),
    };
    return cmocka_run_group_tests(tests, parse_schema, free_schema);
}
