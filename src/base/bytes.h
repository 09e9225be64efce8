/* Numbers in memory with a stated byte order, the same on every machine.
 *
 * All of these accept any alignment and compile to one or two instructions. Numbers that reach a
 * record, a hash or a file go through here, so that big-endian machines produce the same bytes.
 */
#ifndef CDR_BASE_BYTES_H
#define CDR_BASE_BYTES_H

#include <stdint.h>
#include <string.h>

#if !defined(__BYTE_ORDER__)
#error "the compiler does not say the machine's byte order"
#endif
#define CDR_LITTLE_ENDIAN (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)

/* The value whose bytes in this machine's memory are value's in little-endian (big-endian) order;
 * each is its own inverse. */
static inline uint64_t cdr_le64(uint64_t value)
{
    return CDR_LITTLE_ENDIAN ? value : __builtin_bswap64(value);
}

static inline uint32_t cdr_le32(uint32_t value)
{
    return CDR_LITTLE_ENDIAN ? value : __builtin_bswap32(value);
}

static inline uint32_t cdr_be32(uint32_t value)
{
    return CDR_LITTLE_ENDIAN ? __builtin_bswap32(value) : value;
}

static inline void cdr_store_le64(void *to, uint64_t value)
{
    value = cdr_le64(value);
    memcpy(to, &value, sizeof value);
}

static inline void cdr_store_le32(void *to, uint32_t value)
{
    value = cdr_le32(value);
    memcpy(to, &value, sizeof value);
}

static inline void cdr_store_be32(void *to, uint32_t value)
{
    value = cdr_be32(value);
    memcpy(to, &value, sizeof value);
}

static inline uint64_t cdr_load_le64(const void *from)
{
    uint64_t value;
    memcpy(&value, from, sizeof value);
    return cdr_le64(value);
}

static inline uint32_t cdr_load_le32(const void *from)
{
    uint32_t value;
    memcpy(&value, from, sizeof value);
    return cdr_le32(value);
}

#endif
