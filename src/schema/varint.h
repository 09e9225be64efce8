/* Avro's ints and longs: variable-length numbers of 7 bits a byte, least significant first, the top
 * bit of a byte set where another follows; signed values are folded to unsigned ones first
 * (zigzag), so that values of small magnitude are short.
 *
 * The columns are made by whole lanes: the bytes of a number lie in a register as they go to memory
 * in little-endian order, and their count is that of the register's used bytes.
 */
#ifndef CDR_SCHEMA_VARINT_H
#define CDR_SCHEMA_VARINT_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

#define CDR_VARINT_BYTES_MAX 10

static inline uint64_t cdr_zigzag(int64_t value)
{
    return (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
}

static inline int64_t cdr_unzigzag(uint64_t folded)
{
    return (int64_t)(folded >> 1) ^ -(int64_t)(folded & 1);
}

/* Any value, byte by byte. Returns where it ends, at most CDR_VARINT_BYTES_MAX bytes on. */
static inline uint8_t *cdr_put_varint(uint8_t *to, int64_t value)
{
    uint64_t folded = cdr_zigzag(value);
    for (; folded >= 0x80; folded >>= 7)
        *to++ = (uint8_t)(folded | 0x80);
    *to++ = (uint8_t)folded;
    return to;
}

/* Takes the number at *at, which moves to what follows. False where none ends before end. */
static inline bool cdr_take_varint(const uint8_t **at, const uint8_t *end, int64_t *value)
{
    uint64_t folded = 0;
    for (unsigned shift = 0; shift < 64 && *at < end; shift += 7) {
        uint8_t byte = *(*at)++;
        folded |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *value = cdr_unzigzag(folded);
            return true;
        }
    }
    return false;
}

/* The same of bytes that an encoder of ours made: there is a number. */
static inline int64_t cdr_own_varint(const uint8_t **at)
{
    uint64_t folded = 0;
    unsigned shift = 0;
    uint8_t byte;
    do {
        byte = *(*at)++;
        folded |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte >= 0x80);
    return cdr_unzigzag(folded);
}

/* The bytes of a folded value < 2^56. */
static inline uint64_t cdr_varint64(uint64_t folded)
{
    uint64_t x = folded;
    x = (x & UINT64_C(0x000000000fffffff)) | (x & UINT64_C(0x00fffffff0000000)) << 4;
    x = (x & UINT64_C(0x00003fff00003fff)) | (x & UINT64_C(0x0fffc0000fffc000)) << 2;
    x = (x & UINT64_C(0x007f007f007f007f)) | (x & UINT64_C(0x3f803f803f803f80)) << 1;
    /* Each byte of reach holds a bit where that byte of x or a later one does: another follows. */
    uint64_t reach = x | x >> 8;
    reach |= reach >> 16;
    reach |= reach >> 32;
    uint64_t used = (reach + UINT64_C(0x7f7f7f7f7f7f7f7f)) & UINT64_C(0x8080808080808080);
    return x | used >> 8;
}

/* The bytes of a folded value < 2^28. */
static inline uint32_t cdr_varint32(uint32_t folded)
{
    uint32_t x = folded;
    x = (x & 0x00003fffu) | (x & 0x0fffc000u) << 2;
    x = (x & 0x007f007fu) | (x & 0x3f803f80u) << 1;
    uint32_t reach = x | x >> 8;
    reach |= reach >> 16;
    uint32_t used = (reach + 0x7f7f7f7fu) & 0x80808080u;
    return x | used >> 8;
}

/* Stores what the two above made, and returns where it ends. 8 (4) bytes are written whatever the
 * length. */
static inline __attribute__((always_inline)) uint8_t *cdr_put_varint64(uint8_t *to, uint64_t bytes)
{
    cdr_store_le64(to, bytes);
    return to + 8 - (unsigned)__builtin_clzll(bytes | 1) / 8;
}

static inline __attribute__((always_inline)) uint8_t *cdr_put_varint32(uint8_t *to, uint32_t bytes)
{
    cdr_store_le32(to, bytes);
    return to + 4 - (unsigned)__builtin_clz(bytes | 1) / 8;
}

#endif
