/* A record as verify sees it, expected or found: borrowed bytes, never owned. */
#ifndef CDR_VERIFY_RECORD_H
#define CDR_VERIFY_RECORD_H

#include "sink/sink.h"

/* event_ms of a record that has none. */
#define CDR_NO_TIME INT64_MIN

struct cdr_record {
    const uint8_t *payload; /* without frame and newline; NULL for a message without a value */
    /* Without frame; NULL where the source has no keys, or the message has none. */
    const uint8_t *key;
    /* Those that were asked for, as encode/headers.h has them; NULL: none were. Of a found record,
     * a length of −1 is a header that is missing, −2 one that is there more than once. */
    const uint8_t *headers;
    /* Where the source was asked for them: the names of all headers that the message has, in their
     * order, with commas between them; else NULL. */
    const char *header_names;
    uint32_t payload_len, key_len, headers_len;
    int64_t event_ms; /* message timestamp, or CDR_NO_TIME */
    /* One more than the version (encode/change.h) that the schema of its file is; 0: nothing but
     * its time says which. */
    uint32_t file_version;
    /* expected: its position in the log; found: the message's offset, or the record's number in the
     * log's files */
    int64_t place;
};

enum { CDR_HEADER_MISSING = -1, CDR_HEADER_DUPLICATED = -2 };

/* Record i of a slab, whose key is the owner's MSISDN as text. */
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

/* Record i of a slab as its message is. */
static inline struct cdr_record cdr_slab_message(const struct cdr_slab *slab, uint32_t i,
                                                 const struct cdr_topic *topic)
{
    const struct cdr_envelope *envelope = &topic->envelope;
    struct cdr_record record = cdr_slab_record(slab, i, topic->encoder);
    if (envelope->key != NULL) {
        const uint32_t start = cdr_column_start(&slab->wire_keys, i) + envelope->key->frame_len;
        record.key = slab->wire_keys.bytes + start;
        record.key_len = slab->wire_keys.ends[i] - start;
    }
    if (envelope->headers != NULL) {
        const uint32_t start = cdr_column_start(&slab->headers, i);
        record.headers = slab->headers.bytes + start;
        record.headers_len = slab->headers.ends[i] - start;
    }
    return record;
}

#endif
