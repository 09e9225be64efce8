/* A record as verify sees it, expected or found: borrowed bytes, never owned. */
#ifndef CDR_VERIFY_RECORD_H
#define CDR_VERIFY_RECORD_H

#include "model/fault.h"
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
    /* Where the source was asked for it: what the header cdrgen-fault says is wrong with it, as in
     * a key (model/fault.h). 0: nothing, or CDR_FAULT_UNREADABLE. */
    uint8_t fault;
    uint32_t payload_len, key_len, headers_len;
    int64_t event_ms; /* message timestamp, or CDR_NO_TIME */
    int32_t day;      /* expected, and found in files: local day of emission, since 1970-01-01 */
    /* One more than the version (encode/change.h) that the schema of its file is; 0: nothing but
     * its time says which. */
    uint32_t file_version;
    /* expected: its position in the log; found: the message's offset, or the record's number in the
     * log's files */
    int64_t place;
};

enum { CDR_HEADER_MISSING = -1, CDR_HEADER_DUPLICATED = -2, CDR_HEADER_NULL = -3 };
/* No fault is called so, or the header is there twice. */
enum { CDR_FAULT_UNREADABLE = 255 };

/* Length of the frame that a value of so many bytes begins with: what does not begin like one is
 * none, and stays part of the payload; so does what has an id of unknown_schema, where there
 * are such faults. */
static inline uint32_t cdr_frame_len(const uint8_t *bytes, size_t len, uint32_t frame_len,
                                     bool unknown)
{
    if (frame_len == 0 || bytes == NULL || len < frame_len || bytes[0] != 0 ||
        (unknown && bytes[1] == CDR_SCHEMA_ID_UNKNOWN >> 24))
        return 0;
    return frame_len;
}

/* Record i of a slab, whose key is the owner's MSISDN as text. */
static inline struct cdr_record cdr_slab_record(const struct cdr_slab *slab, uint32_t i,
                                                const struct cdr_encoder *encoder)
{
    uint32_t start = i == 0 ? 0 : slab->ends[i - 1];
    start += cdr_has_mark(slab, i, CDR_MARK_NO_VALUE | CDR_MARK_EMPTY)
                 ? encoder->frame_len
                 : cdr_frame_len(slab->bytes + start, slab->ends[i] - start, encoder->frame_len,
                                 slab->marks != NULL);
    const bool no_key = cdr_has_mark(slab, i, CDR_MARK_NO_KEY);
    return (struct cdr_record){
        .payload = cdr_has_mark(slab, i, CDR_MARK_NO_VALUE) ? NULL : slab->bytes + start,
        .key = no_key ? NULL : (const uint8_t *)slab->keys[i],
        .payload_len = slab->ends[i] - encoder->trailer_len - start,
        .key_len = slab->key_lens[i],
        .event_ms = slab->event_ms[i],
        .day = slab->day,
        .place = (int64_t)(slab->position + i),
    };
}

/* Record i of a slab as its message is. */
static inline struct cdr_record cdr_slab_message(const struct cdr_slab *slab, uint32_t i,
                                                 const struct cdr_topic *topic)
{
    const struct cdr_envelope *envelope = &topic->envelope;
    struct cdr_record record = cdr_slab_record(slab, i, topic->encoder);
    if (topic->compares_ids && slab->marks != NULL && record.payload != NULL &&
        cdr_fault_of_entry(slab->marks[i] >> CDR_MARK_BITS) == CDR_FAULT_WRONG_SCHEMA) {
        record.payload -= topic->encoder->frame_len;
        record.payload_len += topic->encoder->frame_len;
    }
    if (envelope->key != NULL && record.key != NULL) {
        const uint32_t start = cdr_column_start(&slab->wire_keys, i) + envelope->key->frame_len;
        record.key = slab->wire_keys.bytes + start;
        record.key_len = slab->wire_keys.ends[i] - start;
    }
    if (envelope->fault_header && slab->marks != NULL)
        record.fault = slab->marks[i] >> CDR_MARK_BITS;
    if (envelope->headers != NULL) {
        const uint32_t start = cdr_column_start(&slab->headers, i);
        record.headers = slab->headers.bytes + start;
        record.headers_len = slab->headers.ends[i] - start;
    }
    return record;
}

/* Key, timestamp, payload and headers as 64 bits. */
uint64_t cdr_record_hash(const struct cdr_record *record);
/* Payload and headers alone. */
uint64_t cdr_body_hash(const struct cdr_record *record);

#endif
