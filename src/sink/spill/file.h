/* Files of a spill: the records of one log as they are, from one position on.
 *
 * All numbers are little-endian. A segment (DIR/TOPIC-PPPP-NNNNNN.spill) starts with a header:
 *
 *     8   "CDRSPILL"
 *     4   version of the format: 1, or 2 where messages have keys of a schema or headers
 *     4   length of the header, all of it
 *     32  dataset id, hex digits
 *     8   offset of the log's position 0 in its topic
 *     8   position of the segment's first record
 *     4   partition
 *     4   bytes of the frame before each payload, 4 bytes of the trailer after it
 *     8   format (csv, avro, json), padded with zeros
 *     4   length of the topic's name, then the name
 *     4   version 2 only: what records have besides, see CDR_SPILL_WIRE_KEYS
 *     8   XXH3 of all that
 *
 * Then come batches, records of the log in a row:
 *
 *     4   "cdrB"
 *     4   n, number of records
 *     8   length of the body
 *     8   position of the first record
 *     8   XXH3 of body's records, seeded with that of the 24 bytes above and body's columns
 *     body: columns of n lengths of records (4), timestamps in ms (8), lengths of keys (1), in
 *     version 2 lengths of message keys (4) and headers (4); keys, message keys, headers, and then
 *     the records: frame, payload, trailer
 *
 * Keys are the owners' MSISDNs. Message keys are what messages have instead; headers are the bytes
 * that encode/headers.h describes, and their names are in spill.json.
 *
 * A batch is written at once and appended, so what a process or a machine that died leaves is a row
 * of whole batches and a torn one: reading tells the one from the other.
 */
#ifndef CDR_SINK_SPILL_FILE_H
#define CDR_SINK_SPILL_FILE_H

#include "sink/sink.h"

/* Longest path that is built. */
#define CDR_SPILL_PATH_MAX 4096
#define CDR_SPILL_TOPIC_MAX 249 /* Kafka's limit */

/* What records have besides. */
enum {
    CDR_SPILL_WIRE_KEYS = 1,
    CDR_SPILL_HEADERS = 2,
    CDR_SPILL_COLUMNS = 2, /* of these */
};

static inline uint32_t cdr_spill_parts(const struct cdr_envelope *envelope)
{
    return (envelope->key_bytes_max > 0 ? CDR_SPILL_WIRE_KEYS : 0u) |
           (envelope->header_count > 0 ? CDR_SPILL_HEADERS : 0u);
}

struct cdr_spill_segment {
    char dataset_id[33];
    char topic[CDR_SPILL_TOPIC_MAX + 1];
    char format[9];
    uint32_t partition;
    int64_t base;
    uint64_t first;
    uint32_t frame_len, trailer_len;
    uint32_t parts;
};

/* Bytes that grow; zero-initialise, free the bytes. */
struct cdr_spill_buffer {
    uint8_t *bytes;
    size_t n, capacity;
};

/* Records of a batch that was read; all in the buffer that was read into. parts is the segment's;
 * the reader sets it. */
struct cdr_spill_batch {
    uint32_t parts;
    uint64_t position;
    uint32_t n;
    const uint8_t *lengths, *event_ms; /* 4 and 8 bytes each, see bytes.h */
    const uint8_t *key_lens;
    const char *keys;
    /* Of message keys and headers: 4 bytes each, and the bytes; NULL where there are none. */
    const uint8_t *column_lens[CDR_SPILL_COLUMNS], *columns[CDR_SPILL_COLUMNS];
    const uint8_t *records;
    uint64_t file_bytes; /* of the whole batch */
};

/* Above the length of a key, the marks of its record (sink.h). */
enum { CDR_SPILL_MARKS_AT = 5 };

static inline uint8_t cdr_spill_key_len(const struct cdr_spill_batch *batch, uint32_t i)
{
    return batch->key_lens[i] & ((1u << CDR_SPILL_MARKS_AT) - 1);
}

/* Whether the path of a segment fits. */
bool cdr_spill_path(char path[CDR_SPILL_PATH_MAX], const char *dir, const char *topic,
                    uint32_t partition, uint32_t number);

/* Empties the buffer, then puts the header into it. CDR_E_NOMEM. */
enum cdr_result cdr_spill_put_segment(struct cdr_spill_buffer *buffer,
                                      const struct cdr_spill_segment *segment,
                                      struct cdr_error *error);
/* Empties the buffer, then puts a batch's header and columns into it: those of records [from, end)
 * of slab, from < end, with what parts says besides. The records themselves follow from *records
 * on, *record_bytes of them. CDR_E_NOMEM. */
enum cdr_result cdr_spill_put_batch(struct cdr_spill_buffer *buffer, const struct cdr_slab *slab,
                                    uint32_t parts, uint32_t from, uint32_t end,
                                    const uint8_t **records, size_t *record_bytes,
                                    struct cdr_error *error);

/* Reading, from offset on; path is for messages. CDR_E_AGAIN: there is no whole header, or batch,
 * with the right checksum (*offset is where it would begin, *torn is false at the very end of the
 * file). Else *offset moves after it. CDR_E_IO, CDR_E_NOMEM. */
enum cdr_result cdr_spill_get_segment(int fd, const char *path, struct cdr_spill_segment *segment,
                                      uint64_t *offset, struct cdr_error *error);
enum cdr_result cdr_spill_get_batch(int fd, const char *path, struct cdr_spill_buffer *buffer,
                                    struct cdr_spill_batch *batch, uint64_t *offset, bool *torn,
                                    struct cdr_error *error);

#endif
