#include "base/parse.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct suffix {
    const char *text;
    uint64_t factor;
};

static const struct suffix count_suffixes[] = {
    {"", 1},        {"k", 1000},       {"K", 1000},
    {"M", 1000000}, {"G", 1000000000}, {"T", UINT64_C(1000000000000)},
    {NULL, 0},
};

static const struct suffix size_suffixes[] = {
    {"", 1},
    {"k", 1000},
    {"K", 1000},
    {"M", 1000000},
    {"G", 1000000000},
    {"T", UINT64_C(1000000000000)},
    {"Ki", 1024},
    {"Mi", UINT64_C(1) << 20},
    {"Gi", UINT64_C(1) << 30},
    {"Ti", UINT64_C(1) << 40},
    {NULL, 0},
};

static const struct suffix duration_suffixes[] = {
    {"ms", 1},      {"s", 1000},     {"m", 60000},     {"min", 60000},
    {"h", 3600000}, {"d", 86400000}, {"w", 604800000}, {NULL, 0},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

const char *cdr_quote(const char *text, char buffer[72])
{
    size_t len = 0;
    buffer[len++] = '"';
    for (; *text != '\0' && len < 61; text++)
        buffer[len++] = *text;
    if (*text != '\0') {
        memcpy(buffer + len, "...", 3);
        len += 3;
    }
    buffer[len++] = '"';
    buffer[len] = '\0';
    return buffer;
}

static enum cdr_result fail_with(const char *text, const char *problem, struct cdr_error *error)
{
    char quoted[72];
    if (*text == '\0')
        return cdr_fail(error, CDR_E_CONFIG, "the value is empty");
    return cdr_fail(error, CDR_E_CONFIG, "%s %s", cdr_quote(text, quoted), problem);
}

/* Digits into *value; returns the end, or NULL where there are none or they overflow (*overflow
 * tells). */
static const char *read_digits(const char *text, uint64_t *value, bool *overflow)
{
    uint64_t sum = 0;
    *overflow = false;
    if (!is_digit(*text))
        return NULL;
    for (; is_digit(*text); text++) {
        uint64_t digit = (uint64_t)(*text - '0');
        if (sum > (UINT64_MAX - digit) / 10) {
            *overflow = true;
            return NULL;
        }
        sum = sum * 10 + digit;
    }
    *value = sum;
    return text;
}

enum cdr_result cdr_parse_u64(const char *text, uint64_t *value, struct cdr_error *error)
{
    uint64_t sum = 0;
    bool overflow = false;
    const char *end = read_digits(text, &sum, &overflow);
    if (overflow)
        return fail_with(text, "is too large", error);
    if (end == NULL || *end != '\0')
        return fail_with(text, "is not a whole number", error);
    *value = sum;
    return CDR_OK;
}

enum cdr_result cdr_parse_i64(const char *text, int64_t *value, struct cdr_error *error)
{
    bool negative = *text == '-';
    uint64_t sum = 0;
    bool overflow = false;
    const char *end = read_digits(text + (negative || *text == '+'), &sum, &overflow);
    if (overflow)
        return fail_with(text, "is too large", error);
    if (end == NULL || *end != '\0')
        return fail_with(text, "is not a whole number", error);
    if (sum > (uint64_t)INT64_MAX)
        return fail_with(text, "is too large", error);
    *value = negative ? -(int64_t)sum : (int64_t)sum;
    return CDR_OK;
}

/* factor × 0.fraction, where that is whole. Fractions have at most six digits, so nothing
 * overflows. */
static bool scale_fraction(const char *digits, size_t len, uint64_t factor, uint64_t *result)
{
    uint64_t numerator = 0, denominator = 1;
    while (len > 0 && digits[len - 1] == '0')
        len--;
    if (len > 6)
        return false;
    for (size_t i = 0; i < len; i++) {
        numerator = numerator * 10 + (uint64_t)(digits[i] - '0');
        denominator *= 10;
    }
    *result = numerator * factor / denominator;
    return numerator * factor % denominator == 0;
}

/* A decimal number times its suffix's factor, exactly. plain is the factor of a number without
 * suffix. */
static enum cdr_result parse_scaled(const char *text, const struct suffix *suffixes, uint64_t plain,
                                    const char *not_one, uint64_t *value, struct cdr_error *error)
{
    uint64_t whole = 0, fraction = 0, factor = 0;
    bool overflow = false;
    const char *end = read_digits(text, &whole, &overflow);
    if (overflow)
        return fail_with(text, "is too large", error);
    if (end == NULL)
        return fail_with(text, not_one, error);
    const char *point = end;
    if (*end == '.') {
        while (is_digit(*++end))
            ;
        if (end == point + 1)
            return fail_with(text, not_one, error);
    }
    if (*end == '\0')
        factor = plain;
    for (; factor == 0 && suffixes->text != NULL; suffixes++)
        if (strcmp(end, suffixes->text) == 0)
            factor = suffixes->factor;
    if (factor == 0)
        return fail_with(text, not_one, error);
    if (*point == '.' && !scale_fraction(point + 1, (size_t)(end - point - 1), factor, &fraction))
        return fail_with(text, "has a fraction that does not come out whole", error);
    if (whole > (UINT64_MAX - fraction) / factor)
        return fail_with(text, "is too large", error);
    *value = whole * factor + fraction;
    return CDR_OK;
}

enum cdr_result cdr_parse_count(const char *text, uint64_t *value, struct cdr_error *error)
{
    return parse_scaled(text, count_suffixes, 1, "is not a whole number (suffixes: k, M, G)", value,
                        error);
}

enum cdr_result cdr_parse_share(const char *text, double *share, struct cdr_error *error)
{
    char digits[32], quoted[72];
    const size_t len = strcspn(text, "%");
    double value;
    if (len >= sizeof digits || (text[len] == '%' && text[len + 1] != '\0'))
        return cdr_fail(error, CDR_E_CONFIG, "%s is not a share", cdr_quote(text, quoted));
    memcpy(digits, text, len);
    digits[len] = '\0';
    if (cdr_parse_decimal(digits, &value, NULL) != CDR_OK)
        return cdr_fail(error, CDR_E_CONFIG, "%s is not a share", cdr_quote(text, quoted));
    *share = text[len] == '%' ? value / 100 : value;
    return CDR_OK;
}

enum cdr_result cdr_parse_size(const char *text, uint64_t *bytes, struct cdr_error *error)
{
    char plain[40];
    const char *problem = "is not a size (like 500000, 64k, 100M, 1G or 64Ki)";
    size_t len = strlen(text);
    if (len > 1 && len < sizeof plain && text[len - 1] == 'B') {
        memcpy(plain, text, len - 1);
        plain[len - 1] = '\0';
        if (parse_scaled(plain, size_suffixes, 1, problem, bytes, NULL) == CDR_OK)
            return CDR_OK;
    }
    return parse_scaled(text, size_suffixes, 1, problem, bytes, error);
}

enum cdr_result cdr_parse_duration_ms(const char *text, int64_t plain_ms, int64_t *ms,
                                      struct cdr_error *error)
{
    uint64_t value = 0;
    enum cdr_result result =
        parse_scaled(text, duration_suffixes, (uint64_t)plain_ms,
                     "is not a duration (like 500ms, 90s, 15m, 1h or 7d)", &value, error);
    if (result == CDR_OK && value > (uint64_t)INT64_MAX)
        result = fail_with(text, "is too long", error);
    if (result == CDR_OK)
        *ms = (int64_t)value;
    return result;
}

/* strtod, less hexadecimal, nan, inf and leading space. Returns the end, NULL where there is no
 * number. */
static const char *read_decimal(const char *text, double *value)
{
    const char *first = text + (*text == '-' || *text == '+');
    if (!is_digit(*first) && !(*first == '.' && is_digit(first[1])))
        return NULL;
    if (*first == '0' && (first[1] == 'x' || first[1] == 'X'))
        return NULL;
    char *end = NULL;
    *value = strtod(text, &end);
    return end;
}

enum cdr_result cdr_parse_decimal(const char *text, double *value, struct cdr_error *error)
{
    double number = 0;
    const char *end = read_decimal(text, &number);
    char quoted[72];
    if (end != NULL && strcmp(end, "%") == 0)
        return cdr_fail(error, CDR_E_CONFIG, "%s is not a number; write %.10g for %s",
                        cdr_quote(text, quoted), number / 100, text);
    if (end == NULL || *end != '\0')
        return fail_with(text, "is not a number", error);
    if (!isfinite(number))
        return fail_with(text, "is too large", error);
    *value = number;
    return CDR_OK;
}

enum cdr_result cdr_parse_rate(const char *text, double *per_s, struct cdr_error *error)
{
    char suffix[8] = "";
    double number = 0;
    const char *end = read_decimal(text, &number);
    if (end == NULL || strlen(end) >= sizeof suffix || number < 0)
        return fail_with(text, "is not a rate (like 500, 20k/s or 1.5M/s)", error);
    strcpy(suffix, end);
    size_t len = strlen(suffix);
    if (len >= 2 && strcmp(suffix + len - 2, "/s") == 0)
        suffix[len - 2] = '\0';
    for (const struct suffix *s = count_suffixes; s->text != NULL; s++) {
        if (strcmp(suffix, s->text) != 0)
            continue;
        number *= (double)s->factor;
        if (!isfinite(number))
            return fail_with(text, "is too large", error);
        *per_s = number;
        return CDR_OK;
    }
    return fail_with(text, "is not a rate (like 500, 20k/s or 1.5M/s)", error);
}

uint32_t cdr_days_of_month(int32_t year, uint32_t month)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

/* Days before 1 January of a year, counted from 1 January of the year 0. */
static int64_t days_before_year(int64_t year)
{
    int64_t last = year - 1;
    int64_t q4 = last >= 0 ? last / 4 : -((3 - last) / 4);
    int64_t q100 = last >= 0 ? last / 100 : -((99 - last) / 100);
    int64_t q400 = last >= 0 ? last / 400 : -((399 - last) / 400);
    return year * 365 + q4 - q100 + q400;
}

int32_t cdr_days_from_civil(int32_t year, uint32_t month, uint32_t day_of_month)
{
    int64_t days = days_before_year(year) - days_before_year(1970) + (int64_t)day_of_month - 1;
    for (uint32_t m = 1; m < month; m++)
        days += cdr_days_of_month(year, m);
    return (int32_t)days;
}

void cdr_civil_from_days(int32_t day, int32_t *year, uint32_t *month, uint32_t *day_of_month)
{
    /* The mean year is 365.2425 days: the guess is at most one year off. */
    int32_t y = 1970 + (int32_t)((int64_t)day * 10000 / 3652425);
    while (cdr_days_from_civil(y, 1, 1) > day)
        y--;
    while (cdr_days_from_civil(y + 1, 1, 1) <= day)
        y++;
    uint32_t rest = (uint32_t)(day - cdr_days_from_civil(y, 1, 1));
    uint32_t m = 1;
    for (; rest >= cdr_days_of_month(y, m); m++)
        rest -= cdr_days_of_month(y, m);
    *year = y;
    *month = m;
    *day_of_month = rest + 1;
}

enum cdr_result cdr_parse_date(const char *text, int32_t *day, struct cdr_error *error)
{
    static const char *const months[12] = {"January",   "February", "March",    "April",
                                           "May",       "June",     "July",     "August",
                                           "September", "October",  "November", "December"};
    static const char form[] = "dddd-dd-dd";
    char quoted[72];
    bool good = strlen(text) == sizeof form - 1;
    for (size_t i = 0; good && form[i] != '\0'; i++)
        good = form[i] == 'd' ? is_digit(text[i]) : text[i] == '-';
    if (!good)
        return fail_with(text, "is not a date (YYYY-MM-DD)", error);
    int32_t year =
        (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 + (text[3] - '0');
    uint32_t month = (uint32_t)((text[5] - '0') * 10 + (text[6] - '0'));
    uint32_t day_of_month = (uint32_t)((text[8] - '0') * 10 + (text[9] - '0'));
    if (year < 1900 || year > 2199)
        return fail_with(text, "is out of the calendar (1900 to 2199)", error);
    if (month < 1 || month > 12)
        return fail_with(text, "does not exist: months are 01 to 12", error);
    if (day_of_month < 1 || day_of_month > cdr_days_of_month(year, month))
        return cdr_fail(error, CDR_E_CONFIG, "%s does not exist: %s %d has %u days",
                        cdr_quote(text, quoted), months[month - 1], (int)year,
                        (unsigned)cdr_days_of_month(year, month));
    *day = cdr_days_from_civil(year, month, day_of_month);
    return CDR_OK;
}

enum cdr_result cdr_parse_place(const char *text, double *lat, double *lon, struct cdr_error *error)
{
    double latitude = 0, longitude = 0;
    const char *problem = "is not a place (latitude,longitude in degrees, like 52.37,4.895)";
    const char *comma = read_decimal(text, &latitude);
    if (comma == NULL || *comma != ',')
        return fail_with(text, problem, error);
    const char *second = comma + 1;
    while (*second == ' ')
        second++;
    const char *end = read_decimal(second, &longitude);
    if (end == NULL || *end != '\0')
        return fail_with(text, problem, error);
    if (!(latitude >= -90 && latitude <= 90))
        return fail_with(text, "has a latitude beyond -90 to 90", error);
    if (!(longitude >= -180 && longitude <= 180))
        return fail_with(text, "has a longitude beyond -180 to 180", error);
    *lat = latitude;
    *lon = longitude;
    return CDR_OK;
}

enum cdr_result cdr_parse_boolean(const char *text, bool *value, struct cdr_error *error)
{
    static const char *const words[2][4] = {{"false", "no", "off", "0"},
                                            {"true", "yes", "on", "1"}};
    for (int truth = 0; truth < 2; truth++)
        for (int i = 0; i < 4; i++)
            if (strcasecmp(text, words[truth][i]) == 0) {
                *value = truth == 1;
                return CDR_OK;
            }
    return fail_with(text, "is neither true nor false", error);
}

const char *cdr_next_item(const char *list, const char **item, size_t *item_len)
{
    const char *end = strchr(list, ',');
    const char *rest = end != NULL ? end + 1 : NULL;
    if (end == NULL)
        end = list + strlen(list);
    while (list < end && (*list == ' ' || *list == '\t'))
        list++;
    while (end > list && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    *item = list;
    *item_len = (size_t)(end - list);
    return rest;
}
