/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, no code points after U+10FFFF. */
#ifndef CDR_BASE_UTF8_H
#define CDR_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the character that text begins with, 0 if there is none. text is terminated. */
static inline size_t cdr_utf8_length(const uint8_t *text)
{
    size_t length = text[0] < 0x80   ? 1
                    : text[0] < 0xc2 ? 0
                    : text[0] < 0xe0 ? 2
                    : text[0] < 0xf0 ? 3
                    : text[0] < 0xf5 ? 4
                                     : 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xf0 && text[1] < 0x90);
    bool surrogate = text[0] == 0xed && text[1] >= 0xa0;
    bool beyond = text[0] == 0xf4 && text[1] >= 0x90;
    return overlong || surrogate || beyond ? 0 : length;
}

/* The code point of a character of so many bytes, as cdr_utf8_length has them. */
static inline uint32_t cdr_utf8_value(const uint8_t *text, size_t length)
{
    uint32_t value = length == 1 ? text[0] : text[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++)
        value = value << 6 | (text[i] & 0x3fu);
    return value;
}

#endif
