/* bad_text: a line that is not quite CSV, or not quite JSON. */
#include "fault/kinds.h"

#include <string.h>

enum csv_variant { TOO_FEW, TOO_MANY, OPEN_QUOTE, CARRIAGE_RETURN, CSV_VARIANTS };
static const char *const csv_words[CSV_VARIANTS] = {"a column too few", "a column too many",
                                                    "an open quote", "CRLF"};
enum json_variant { NAN_VALUE, NUMBER_AS_TEXT, KEY_TWICE, TRAILING_COMMA, NOT_UTF8, JSON_VARIANTS };
static const char *const json_words[JSON_VARIANTS] = {"NaN", "a number as text", "a key twice",
                                                      "a comma before the end", "invalid UTF-8"};
enum { MEMBER_MAX = 60 };

/* Puts bytes in place of cut bytes at the offset. */
static void put(const struct cdr_fault_target *target, uint32_t at, uint32_t cut, const char *bytes,
                uint32_t n)
{
    uint32_t len;
    uint8_t *payload = cdr_fault_payload(target, &len);
    const uint32_t rest = len - at - cut;
    if (n > cut)
        cdr_fault_resize(target, len + n - cut);
    memmove(payload + at + n, payload + at + cut, rest);
    memcpy(payload + at, bytes, n);
    if (n < cut)
        cdr_fault_resize(target, len + n - cut);
}

static void spoil_csv(const struct cdr_fault_target *target, uint32_t variant)
{
    uint32_t len, at;
    const uint8_t *payload = cdr_fault_payload(target, &len);
    if (variant == TOO_MANY)
        put(target, len, 0, ";0", 2);
    else if (variant == CARRIAGE_RETURN)
        put(target, len, 0, "\r", 1);
    else if (variant == OPEN_QUOTE)
        put(target, 0, 0, "\"", 1);
    else {
        for (at = len; at > 0 && payload[at - 1] != ';';)
            at--;
        at -= at > 0;
        put(target, at, len - at, "", 0);
    }
}

/* The first number that is a member's value; false: there is none. */
static bool find_number(const uint8_t *payload, uint32_t len, uint32_t *at, uint32_t *n)
{
    for (uint32_t i = 2; i + 1 < len; i++) {
        if (payload[i - 2] != '"' || payload[i - 1] != ':' || payload[i] < '0' || payload[i] > '9')
            continue;
        *at = i;
        for (*n = 1; i + *n < len && payload[i + *n] >= '0' && payload[i + *n] <= '9';)
            ++*n;
        return true;
    }
    return false;
}

/* With the comma behind it; 0: it is too long, or the only one. */
static uint32_t first_member(const uint8_t *payload, uint32_t len)
{
    for (uint32_t i = 1; i + 1 < len && i < MEMBER_MAX; i++)
        if (payload[i] == ',' && payload[i + 1] == '"')
            return i;
    return 0;
}

static bool spoil_json(const struct cdr_fault_target *target, uint32_t variant)
{
    uint32_t len, at = 0, n = 0;
    const uint8_t *payload = cdr_fault_payload(target, &len);
    char text[MEMBER_MAX + 4];
    if (variant == NAN_VALUE || variant == NUMBER_AS_TEXT) {
        if (!find_number(payload, len, &at, &n) || n > 20)
            return false;
        memcpy(text + 1, payload + at, n);
        text[0] = text[n + 1] = '"';
        put(target, at, n, variant == NAN_VALUE ? "NaN" : text, variant == NAN_VALUE ? 3 : n + 2);
    } else if (variant == KEY_TWICE) {
        n = first_member(payload, len);
        if (n == 0)
            return false;
        memcpy(text, payload + 1, n);
        put(target, 1, 0, text, n);
    } else if (variant == NOT_UTF8) {
        while (at + 3 < len && memcmp(payload + at, "\":\"", 3) != 0)
            at++;
        if (at + 3 >= len)
            return false;
        put(target, at + 3, 0, "\xff", 1);
    } else {
        put(target, len - 1, 0, ",", 1);
    }
    return true;
}

static void bytes(struct cdr_fault_target *target)
{
    uint32_t len;
    const uint8_t *payload = cdr_fault_payload(target, &len);
    if (len == 0)
        return;
    if (payload[0] != '{') {
        const uint32_t variant = cdr_fault_below(target->base, CDR_FAULT_BAD_TEXT, CSV_VARIANTS);
        spoil_csv(target, variant);
        cdr_fault_say(target, "text", "", csv_words[variant]);
        return;
    }
    uint32_t variant = cdr_fault_below(target->base, CDR_FAULT_BAD_TEXT, JSON_VARIANTS);
    if (!spoil_json(target, variant)) {
        variant = TRAILING_COMMA;
        spoil_json(target, variant);
    }
    cdr_fault_say(target, "text", "", json_words[variant]);
}

const struct cdr_fault_ops cdr_fault_bad_text = {.bytes = bytes};
