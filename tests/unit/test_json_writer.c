/* The JSON writer: exact text, escapes, numbers under a foreign locale, and a stream that fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/json_writer.h"

#include <errno.h>
#include <float.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

struct text {
    char *bytes;
    size_t n;
    FILE *stream;
    struct cdr_json json;
};

static void text_start(struct text *text)
{
    text->stream = open_memstream(&text->bytes, &text->n);
    assert_non_null(text->stream);
    cdr_json_start(&text->json, text->stream);
}

static void text_expect(struct text *text, const char *expected)
{
    assert_true(cdr_json_finish(&text->json));
    fclose(text->stream);
    assert_string_equal(text->bytes, expected);
    free(text->bytes);
}

static void writes_nested_values_with_commas_and_indentation(void **state)
{
    (void)state;
    struct text text;
    text_start(&text);
    cdr_json_object(&text.json, NULL);
    cdr_json_text(&text.json, "name", "cdr.call");
    cdr_json_array(&text.json, "parts");
    for (unsigned part = 0; part < 2; part++) {
        cdr_json_object_inline(&text.json, NULL);
        cdr_json_u64(&text.json, "records", part);
        cdr_json_array_inline(&text.json, "span");
        cdr_json_i64(&text.json, NULL, -1);
        cdr_json_i64(&text.json, NULL, 2);
        cdr_json_array_end(&text.json);
        cdr_json_object_end(&text.json);
    }
    cdr_json_array_end(&text.json);
    cdr_json_array(&text.json, "none");
    cdr_json_array_end(&text.json);
    cdr_json_object(&text.json, "nothing");
    cdr_json_object_end(&text.json);
    cdr_json_bool(&text.json, "complete", true);
    cdr_json_bool(&text.json, "torn", false);
    cdr_json_null(&text.json, "shard");
    cdr_json_text(&text.json, "out", NULL);
    cdr_json_hex(&text.json, "id", (const uint8_t *)"\x00\xab\xff", 3);
    cdr_json_object_end(&text.json);
    text_expect(&text, "{\n"
                       "  \"name\": \"cdr.call\",\n"
                       "  \"parts\": [\n"
                       "    {\"records\": 0, \"span\": [-1, 2]},\n"
                       "    {\"records\": 1, \"span\": [-1, 2]}\n"
                       "  ],\n"
                       "  \"none\": [],\n"
                       "  \"nothing\": {},\n"
                       "  \"complete\": true,\n"
                       "  \"torn\": false,\n"
                       "  \"shard\": null,\n"
                       "  \"out\": null,\n"
                       "  \"id\": \"00abff\"\n"
                       "}\n");
}

static void expect_text(const char *in, const char *expected)
{
    struct text text;
    text_start(&text);
    cdr_json_text(&text.json, NULL, in);
    text_expect(&text, expected);
}

static void escapes_what_json_cannot_hold(void **state)
{
    (void)state;
    expect_text("a\"b\\c/\n\r\t\b\f\x01\x1f", "\"a\\\"b\\\\c/\\n\\r\\t\\b\\f\\u0001\\u001f\"\n");
    expect_text("Zo\xc3\xab \xe2\x82\xac \xf0\x9f\x93\x9e \x7f",
                "\"Zo\xc3\xab \xe2\x82\xac \xf0\x9f\x93\x9e \x7f\"\n");
    /* Lone bytes, a cut sequence, an overlong slash, a surrogate and a value past U+10FFFF. */
    expect_text("\xff\x80x", "\"\\ufffd\\ufffdx\"\n");
    expect_text("\xe2\x82", "\"\\ufffd\\ufffd\"\n");
    expect_text("\xc0\xaf", "\"\\ufffd\\ufffd\"\n");
    expect_text("\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"\n");
    expect_text("\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"\n");
}

static void expect_double(double value, const char *expected)
{
    struct text text;
    text_start(&text);
    cdr_json_double(&text.json, NULL, value);
    text_expect(&text, expected);
}

static void writes_numbers_that_read_back(void **state)
{
    (void)state;
    expect_double(0.1, "0.1\n");
    expect_double(3, "3\n");
    expect_double(-2.5e-7, "-2.5e-07\n");
    expect_double(1.0 / 3, "0.3333333333333333\n");
    expect_double(0.1 + 0.2, "0.30000000000000004\n");
    expect_double(DBL_MAX, "1.7976931348623157e+308\n");
    double zero = 0;
    expect_double(1 / zero, "null\n");
    expect_double(zero / zero, "null\n");

    struct text text;
    text_start(&text);
    cdr_json_array_inline(&text.json, NULL);
    cdr_json_u64(&text.json, NULL, UINT64_MAX);
    cdr_json_i64(&text.json, NULL, INT64_MIN);
    cdr_json_fixed(&text.json, NULL, 1234.5678, 3);
    cdr_json_fixed(&text.json, NULL, 7, 0);
    cdr_json_fixed(&text.json, NULL, -1 / zero, 1);
    cdr_json_array_end(&text.json);
    text_expect(&text, "[18446744073709551615, -9223372036854775808, 1234.568, 7, null]\n");
}

/* Every locale that is installed and writes a comma; C.UTF-8 alone proves nothing, so say when none
 * is there. */
static void ignores_the_locale(void **state)
{
    (void)state;
    static const char *const commas[] = {"de_DE.UTF-8", "nl_NL.UTF-8", "fr_FR.UTF-8", "ps_AF.UTF-8",
                                         NULL};
    unsigned tried = 0;
    for (size_t i = 0; commas[i] != NULL; i++)
        if (setlocale(LC_NUMERIC, commas[i]) != NULL) {
            expect_double(0.5, "0.5\n");
            tried++;
        }
    setlocale(LC_NUMERIC, "C");
    if (tried == 0)
        print_message("no locale with a decimal comma is installed: only the C locale was tried\n");
    expect_double(0.5, "0.5\n");
}

static void reports_a_stream_that_fails(void **state)
{
    (void)state;
    FILE *full = fopen("/dev/full", "w");
    assert_non_null(full);
    struct cdr_json json;
    cdr_json_start(&json, full);
    cdr_json_text(&json, NULL, "x");
    errno = 0;
    assert_false(cdr_json_finish(&json));
    assert_int_equal(errno, ENOSPC);
    fclose(full);

    full = fopen("/dev/full", "w");
    assert_non_null(full);
    setvbuf(full, NULL, _IONBF, 0);
    cdr_json_start(&json, full);
    cdr_json_u64(&json, NULL, 1);
    assert_false(cdr_json_finish(&json));
    assert_int_equal(errno, ENOSPC);
    fclose(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_nested_values_with_commas_and_indentation),
        cmocka_unit_test(escapes_what_json_cannot_hold),
        cmocka_unit_test(writes_numbers_that_read_back),
        cmocka_unit_test(ignores_the_locale),
        cmocka_unit_test(reports_a_stream_that_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
