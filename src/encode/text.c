#include "encode/text.h"

#include <string.h>

uint32_t cdr_text_append(uint8_t *to, uint32_t len, const char *text)
{
    size_t text_len = strlen(text);
    memcpy(to + len, text, text_len);
    return len + (uint32_t)text_len;
}

uint32_t cdr_text_append_int(uint8_t *to, uint32_t len, int32_t value)
{
    char text[12];
    char *start = text + sizeof text - 1;
    uint32_t rest = value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
    *start = '\0';
    do {
        *--start = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (value < 0)
        *--start = '-';
    return cdr_text_append(to, len, start);
}

enum cdr_result cdr_zone_name_check(const char *tz_name, struct cdr_error *error)
{
    size_t len =
        strspn(tz_name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/");
    if (len == 0 || len > CDR_ZONE_NAME_MAX || tz_name[len] != '\0')
        return cdr_fail(
            error, CDR_E_CONFIG,
            "time zone \"%.80s\": a name of 1 to %d letters, digits, _, +, - and / is allowed",
            tz_name, CDR_ZONE_NAME_MAX);
    return CDR_OK;
}
