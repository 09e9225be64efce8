/* A record as verify sees it, expected or found: borrowed bytes, never owned. */
#ifndef CDR_VERIFY_RECORD_H
#define CDR_VERIFY_RECORD_H

#include "sink/sink.h"

/* event_ms of a record that has none. */
#define CDR_NO_TIME INT64_MIN

struct cdr_record {
    const uint8_t *payload; /* without frame and newline; NULL for a message without a value */
    const uint8_t *key;     /* NULL where the source has no keys, or the message has none */
    uint32_t payload_len, key_len;
    int64_t event_ms; /* message timestamp, or CDR_NO_TIME */
    /* One more than the version (encode/change.h) that the schema of its file is; 0: nothing but
     * its time says which. */
    uint32_t file_version;
    /* expected: its position in the log; found: the message's offset, or the record's number in the
     * log's files */
    int64_t place;
};

/* Record i of a slab. */
static inline struct cdr_record cdr_slab_record(const struct cdr_slab *slab, uint32_t i,
                                                const struct cdr_encoder *encoder)
{
    const uint32_t start = (i == 0 ? 0 : slab->ends[i - 1]) + encoder->frame_len;
    return (struct cdr_record){
        .payload = slab->bytes + start,
        .key = (const uint8_t *)slab->keys[i],
        .payload_len = slab->ends[i] - encoder->trailer_len - start,
        .key_len = slab->key_lens[i],
        .event_ms = slab->event_ms[i],
        .place = (int64_t)(slab->position + i),
    };
}

#endif
