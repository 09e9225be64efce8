#include "base/shown.h"

#include "base/utf8.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static bool is_harmless(uint32_t c)
{
    const bool control = c < 0x20 || (c >= 0x7f && c <= 0x9f);
    const bool turns = c == 0x61c || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
                       (c >= 0x2066 && c <= 0x2069);
    return !control && !turns;
}

/* An escape, or the character itself. */
static const char *piece_of(const uint8_t *at, size_t n, char escape[16], size_t *len)
{
    const uint32_t character = n > 0 ? cdr_utf8_value(at, n) : 0;
    *len = n;
    if (n > 0 && is_harmless(character))
        return (const char *)at;
    if (*at == '\n' || *at == '\t' || *at == '\r')
        *len = (size_t)snprintf(escape, 16, "\\%c", *at == '\n' ? 'n' : *at == '\t' ? 't' : 'r');
    else if (n < 2)
        *len = (size_t)snprintf(escape, 16, "\\x%02x", *at);
    else
        *len = (size_t)snprintf(escape, 16, "\\u%04x", (unsigned)character);
    return escape;
}

void cdr_shown(char *shown, size_t shown_max, const char *text)
{
    const uint8_t *at = (const uint8_t *)text;
    size_t used = 0;
    while (*at != '\0') {
        const size_t n = cdr_utf8_length(at);
        char escape[16];
        size_t len;
        const char *piece = piece_of(at, n, escape, &len);
        if (used + len >= shown_max)
            break;
        memcpy(shown + used, piece, len);
        used += len;
        at += n > 0 ? n : 1;
    }
    shown[used] = '\0';
}
