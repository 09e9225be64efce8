/* base/parse: what is read, what is refused and in which words. */
#include "base/parse.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

typedef enum cdr_result (*parse_u64)(const char *, uint64_t *, struct cdr_error *);

struct good_u64 {
    const char *text;
    uint64_t value;
};

static void check_good(parse_u64 parse, const struct good_u64 *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct cdr_error error = {{0}};
        uint64_t value = 77;
        if (parse(cases[i].text, &value, &error) != CDR_OK || value != cases[i].value)
            fail_msg("\"%s\" gave %llu: %s", cases[i].text, (unsigned long long)value, error.text);
        assert_string_equal(error.text, "");
    }
}

/* Refused, with the words given in the message, and the value untouched. */
static void check_bad(parse_u64 parse, const char *const (*cases)[2], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct cdr_error error = {{0}};
        uint64_t value = 77;
        enum cdr_result result = parse(cases[i][0], &value, &error);
        if (result != CDR_E_CONFIG || value != 77 || strstr(error.text, cases[i][1]) == NULL)
            fail_msg("\"%s\" gave %d, %llu: %s", cases[i][0], result, (unsigned long long)value,
                     error.text);
        assert_int_equal(parse(cases[i][0], &value, NULL), CDR_E_CONFIG);
    }
}

static void test_u64(void **state)
{
    (void)state;
    static const struct good_u64 good[] = {
        {"0", 0}, {"42", 42}, {"007", 7}, {"18446744073709551615", UINT64_MAX}};
    static const char *const bad[][2] = {{"", "empty"},
                                         {"-1", "\"-1\" is not a whole number"},
                                         {" 1", "not a whole"},
                                         {"1 ", "not a whole"},
                                         {"12x", "not a whole"},
                                         {"1.0", "not a whole"},
                                         {"0x10", "not a whole"},
                                         {"18446744073709551616", "too large"},
                                         {"99999999999999999999999999", "too large"}};
    check_good(cdr_parse_u64, good, COUNT(good));
    check_bad(cdr_parse_u64, bad, COUNT(bad));
}

static enum cdr_result parse_signed(const char *text, uint64_t *value, struct cdr_error *error)
{
    int64_t number = (int64_t)*value;
    enum cdr_result result = cdr_parse_i64(text, &number, error);
    *value = (uint64_t)number;
    return result;
}

static void test_i64(void **state)
{
    (void)state;
    static const struct good_u64 good[] = {{"-1", UINT64_MAX},
                                           {"+5", 5},
                                           {"9223372036854775807", INT64_MAX},
                                           {"-9223372036854775807", (uint64_t)-INT64_MAX}};
    static const char *const bad[][2] = {{"-", "not a whole"},
                                         {"--1", "not a whole"},
                                         {"9223372036854775808", "too large"},
                                         {"-99999999999999999999", "too large"}};
    check_good(parse_signed, good, COUNT(good));
    check_bad(parse_signed, bad, COUNT(bad));
}

static void test_count(void **state)
{
    (void)state;
    static const struct good_u64 good[] = {{"10000", 10000},   {"10k", 10000},     {"10K", 10000},
                                           {"1.5M", 1500000},  {"2G", 2000000000}, {"0.001k", 1},
                                           {"1.000000k", 1000}};
    static const char *const bad[][2] = {
        {"1.5", "fraction"},       {"1.", "not a whole"},      {".5k", "not a whole"},
        {"1kk", "not a whole"},    {"1Ki", "not a whole"},     {"-1k", "not a whole"},
        {"k", "not a whole"},      {"1.2345678k", "fraction"}, {"18446744073709552k", "too large"},
        {"99999999T", "too large"}};
    check_good(cdr_parse_count, good, COUNT(good));
    check_bad(cdr_parse_count, bad, COUNT(bad));
}

static void test_size(void **state)
{
    (void)state;
    static const struct good_u64 good[] = {{"100000000", 100000000},
                                           {"64k", 64000},
                                           {"64kB", 64000},
                                           {"64Ki", 65536},
                                           {"64KiB", 65536},
                                           {"1.5Ki", 1536},
                                           {"1M", 1000000},
                                           {"1Mi", 1048576},
                                           {"1Gi", UINT64_C(1) << 30},
                                           {"500B", 500},
                                           {"1T", 1000000000000},
                                           {"16000000Ti", UINT64_C(16000000) << 40}};
    static const char *const bad[][2] = {
        {"64q", "\"64q\" is not a size"}, {"B", "not a size"},
        {"64 k", "not a size"},           {"1.3Ki", "fraction"},
        {"-64k", "not a size"},           {"16777216Ti", "too large"}};
    check_good(cdr_parse_size, good, COUNT(good));
    check_bad(cdr_parse_size, bad, COUNT(bad));
}

static enum cdr_result parse_seconds(const char *text, uint64_t *value, struct cdr_error *error)
{
    return cdr_parse_duration_ms(text, 1000, (int64_t *)value, error);
}

static void test_duration(void **state)
{
    (void)state;
    static const struct good_u64 good[] = {{"90s", 90000},    {"90", 90000},      {"500ms", 500},
                                           {"1.5h", 5400000}, {"15m", 900000},    {"15min", 900000},
                                           {"7d", 604800000}, {"2w", 1209600000}, {"0", 0},
                                           {"0.5", 500},      {"0.001s", 1}};
    static const char *const bad[][2] = {{"90x", "\"90x\" is not a duration"},
                                         {"-1s", "not a duration"},
                                         {"s", "not a duration"},
                                         {"0.5ms", "fraction"},
                                         {"9999999999999w", "too l"},
                                         {"20000000000w", "too long"}};
    int64_t ms = 0;
    check_good(parse_seconds, good, COUNT(good));
    check_bad(parse_seconds, bad, COUNT(bad));
    assert_int_equal(cdr_parse_duration_ms("5", 1, &ms, NULL), CDR_OK);
    assert_int_equal(ms, 5);
}

struct good_decimal {
    const char *text;
    double value;
};

static void test_decimal_and_rate(void **state)
{
    (void)state;
    static const struct good_decimal decimals[] = {{"0.15", 0.15}, {"-3", -3}, {"+2", 2},
                                                   {"1e-3", 1e-3}, {".5", .5}, {"5.", 5}};
    static const struct good_decimal rates[] = {{"20000", 20000}, {"20k/s", 20000}, {"1.5M", 1.5e6},
                                                {"0.5/s", .5},    {"1e3", 1000},    {"0", 0}};
    static const char *const bad_decimals[] = {"",   "x",   "nan", "inf", "-inf",  "0x10", " 1",
                                               "1 ", "1,5", "-",   ".",   "1e999", "--1",  "1e5k"};
    static const char *const bad_rates[] = {"",       "-1",     "/s",  "20k/m",        "20kk",
                                            "20 k/s", "1e308G", "nan", "20k/s/s/s/s/s"};
    for (size_t i = 0; i < COUNT(decimals); i++) {
        double value = 77;
        assert_int_equal(cdr_parse_decimal(decimals[i].text, &value, NULL), CDR_OK);
        assert_true(value == decimals[i].value);
    }
    for (size_t i = 0; i < COUNT(rates); i++) {
        double value = 77;
        assert_int_equal(cdr_parse_rate(rates[i].text, &value, NULL), CDR_OK);
        assert_true(value == rates[i].value);
    }
    for (size_t i = 0; i < COUNT(bad_decimals); i++) {
        struct cdr_error error = {{0}};
        double value = 77;
        if (cdr_parse_decimal(bad_decimals[i], &value, &error) != CDR_E_CONFIG)
            fail_msg("\"%s\" was taken as %g", bad_decimals[i], value);
        assert_true(value == 77 && error.text[0] != '\0');
    }
    for (size_t i = 0; i < COUNT(bad_rates); i++) {
        double value = 77;
        if (cdr_parse_rate(bad_rates[i], &value, NULL) != CDR_E_CONFIG)
            fail_msg("\"%s\" was taken as %g", bad_rates[i], value);
        assert_true(value == 77);
    }
}

static void test_date(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } bad[] = {{"2025-02-30", "February 2025 has 28 days"},
               {"2024-02-30", "February 2024 has 29 days"},
               {"2100-02-29", "February 2100 has 28 days"},
               {"2025-04-31", "April 2025 has 30 days"},
               {"2025-01-00", "January 2025 has 31 days"},
               {"2025-13-01", "months are 01 to 12"},
               {"2025-00-01", "months are 01 to 12"},
               {"1899-12-31", "calendar"},
               {"2200-01-01", "calendar"},
               {"2025-1-1", "YYYY-MM-DD"},
               {"01-01-2025", "YYYY-MM-DD"},
               {"2025-01-01T00:00", "YYYY-MM-DD"},
               {"20250101", "YYYY-MM-DD"},
               {"2025-01-0x", "YYYY-MM-DD"},
               {"", "empty"}};
    int32_t day = 77;
    assert_int_equal(cdr_parse_date("1970-01-01", &day, NULL), CDR_OK);
    assert_int_equal(day, 0);
    assert_int_equal(cdr_parse_date("2025-01-01", &day, NULL), CDR_OK);
    assert_int_equal(day, 20089);
    assert_int_equal(cdr_parse_date("2024-02-29", &day, NULL), CDR_OK);
    assert_int_equal(day, 19782);
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct cdr_error error = {{0}};
        day = 77;
        assert_int_equal(cdr_parse_date(bad[i].text, &day, &error), CDR_E_CONFIG);
        assert_int_equal(day, 77);
        if (strstr(error.text, bad[i].words) == NULL)
            fail_msg("%s: %s", bad[i].text, error.text);
    }
}

/* Every day of a thousand years, and the ends of the range, there and back; consecutive by the
 * calendar's own rule. */
static void test_civil(void **state)
{
    (void)state;
    int32_t year = 1500;
    uint32_t month = 1, day_of_month = 1;
    for (int32_t day = cdr_days_from_civil(1500, 1, 1); day <= cdr_days_from_civil(2500, 1, 1);
         day++) {
        int32_t y = 0;
        uint32_t m = 0, d = 0;
        cdr_civil_from_days(day, &y, &m, &d);
        if (y != year || m != month || d != day_of_month || cdr_days_from_civil(y, m, d) != day)
            fail_msg("day %d is %d-%u-%u, not %d-%u-%u", day, y, m, d, year, month, day_of_month);
        if (++day_of_month > cdr_days_of_month(year, month)) {
            day_of_month = 1;
            year += month == 12;
            month = month % 12 + 1;
        }
    }
    static const int32_t years[] = {-5000000, -401, -400, -1, 0, 1, 4, 100, 5000000};
    for (size_t i = 0; i < COUNT(years); i++) {
        int32_t y = 0;
        uint32_t m = 0, d = 0;
        cdr_civil_from_days(cdr_days_from_civil(years[i], 3, 1), &y, &m, &d);
        assert_true(y == years[i] && m == 3 && d == 1);
    }
    assert_int_equal(cdr_days_from_civil(0, 3, 1) - cdr_days_from_civil(0, 2, 28), 2);
}

static void test_place(void **state)
{
    (void)state;
    static const char *const bad[] = {"",     "52",    "52,",    ",4", "52;4",
                                      "91,0", "0,181", "52,4,1", "a,b"};
    double lat = 0, lon = 0;
    assert_int_equal(cdr_parse_place("52.37,4.895", &lat, &lon, NULL), CDR_OK);
    assert_true(lat == 52.37 && lon == 4.895);
    assert_int_equal(cdr_parse_place("-33.87, 151.21", &lat, &lon, NULL), CDR_OK);
    assert_true(lat == -33.87 && lon == 151.21);
    for (size_t i = 0; i < COUNT(bad); i++)
        if (cdr_parse_place(bad[i], &lat, &lon, NULL) != CDR_E_CONFIG)
            fail_msg("\"%s\" was taken", bad[i]);
    assert_true(lat == -33.87 && lon == 151.21);
}

static void test_boolean(void **state)
{
    (void)state;
    bool value = false;
    assert_int_equal(cdr_parse_boolean("TRUE", &value, NULL), CDR_OK);
    assert_true(value);
    assert_int_equal(cdr_parse_boolean("off", &value, NULL), CDR_OK);
    assert_false(value);
    assert_int_equal(cdr_parse_boolean("maybe", &value, NULL), CDR_E_CONFIG);
}

static void test_list(void **state)
{
    (void)state;
    static const char *const expected[] = {"a", "b c", "", "d", ""};
    const char *item = NULL;
    size_t len = 0, n = 0;
    for (const char *rest = " a ,b c,,\td,"; rest != NULL; n++) {
        rest = cdr_next_item(rest, &item, &len);
        assert_true(n < COUNT(expected));
        assert_int_equal(len, strlen(expected[n]));
        assert_memory_equal(item, expected[n], len);
    }
    assert_int_equal(n, COUNT(expected));
}

static void test_quote(void **state)
{
    (void)state;
    char buffer[72], text[200];
    assert_string_equal(cdr_quote("a\nb\x1b[31m", buffer), "\"a\nb\x1b[31m\"");
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    assert_int_equal(strlen(cdr_quote(text, buffer)), 65);
    assert_string_equal(buffer + 61, "...\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_u64),      cmocka_unit_test(test_i64),
        cmocka_unit_test(test_count),    cmocka_unit_test(test_size),
        cmocka_unit_test(test_duration), cmocka_unit_test(test_decimal_and_rate),
        cmocka_unit_test(test_date),     cmocka_unit_test(test_civil),
        cmocka_unit_test(test_place),    cmocka_unit_test(test_boolean),
        cmocka_unit_test(test_list),     cmocka_unit_test(test_quote),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
