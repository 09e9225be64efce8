#include "verify/record.h"

#include "base/hash.h"
#include "pipeline/digest.h"

static uint64_t with_headers(uint64_t hash, const struct cdr_record *record)
{
    if (record->fault != 0)
        hash = cdr_mix(hash + record->fault);
    if (record->headers == NULL)
        return hash;
    return cdr_mix(hash + cdr_hash_record(record->headers, record->headers_len, NULL, 0, 0));
}

uint64_t cdr_record_hash(const struct cdr_record *record)
{
    return with_headers(cdr_hash_record(record->payload, record->payload_len, record->key,
                                        record->key_len, record->event_ms),
                        record);
}

uint64_t cdr_body_hash(const struct cdr_record *record)
{
    return with_headers(cdr_hash_record(record->payload, record->payload_len, NULL, 0, 0), record);
}
