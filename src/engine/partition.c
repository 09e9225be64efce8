#include "engine/engine.h"

#include "base/digits.h"

uint32_t cdr_murmur2(const uint8_t *bytes, uint32_t len)
{
    const uint32_t m = 0x5bd1e995u;
    uint32_t hash = 0x9747b28cu ^ len;
    uint32_t whole = len & ~3u;
    for (uint32_t i = 0; i < whole; i += 4) {
        uint32_t k = (uint32_t)bytes[i] | (uint32_t)bytes[i + 1] << 8 |
                     (uint32_t)bytes[i + 2] << 16 | (uint32_t)bytes[i + 3] << 24;
        k *= m;
        k ^= k >> 24;
        k *= m;
        hash = hash * m ^ k;
    }
    if (len - whole >= 3)
        hash ^= (uint32_t)bytes[whole + 2] << 16;
    if (len - whole >= 2)
        hash ^= (uint32_t)bytes[whole + 1] << 8;
    if (len - whole >= 1) {
        hash ^= bytes[whole];
        hash *= m;
    }
    hash ^= hash >> 13;
    hash *= m;
    return hash ^ hash >> 15;
}

uint32_t cdr_partition_of(const struct cdr_model *model, uint32_t subscriber)
{
    struct cdr_number number = cdr_msisdn(&model->identities, subscriber);
    char digits[16];
    cdr_digits16(digits, number.value);
    uint32_t hash = cdr_murmur2((const uint8_t *)digits + 16 - number.len, number.len);
    return (hash & 0x7fffffff) % model->parameters.partitions;
}
