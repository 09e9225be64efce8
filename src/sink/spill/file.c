#include "sink/spill/file.h"

#include "base/bytes.h"
#include "base/files.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define VERSION_PLAIN 1u
#define VERSION_PARTS 2u
#define PARTS_BYTES 4u
#define SEGMENT_FIXED 88u /* up to the topic's name */
#define CHECKSUM_BYTES 8u
#define BATCH_HEADER 32u
#define BATCH_SUMMED 24u  /* of the header, in the checksum */
#define COLUMNS_BYTES 13u /* of a record, without its key */
#define BODY_BYTES_MAX (UINT64_C(1) << 30)
#define BATCH_RECORDS_MAX (UINT32_C(1) << 24)
#define KEY_BYTES_MAX 16u

static const char segment_magic[8] = {'C', 'D', 'R', 'S', 'P', 'I', 'L', 'L'};
static const char batch_magic[4] = {'c', 'd', 'r', 'B'};

bool cdr_spill_path(char path[CDR_SPILL_PATH_MAX], const char *dir, const char *topic,
                    uint32_t partition, uint32_t number)
{
    int length = snprintf(path, CDR_SPILL_PATH_MAX, "%s/%s-%04" PRIu32 "-%06" PRIu32 ".spill", dir,
                          topic, partition, number);
    return length > 0 && length < CDR_SPILL_PATH_MAX;
}

static enum cdr_result reserve(struct cdr_spill_buffer *buffer, size_t n, struct cdr_error *error)
{
    buffer->n = 0;
    if (n <= buffer->capacity)
        return CDR_OK;
    free(buffer->bytes);
    buffer->capacity = 0;
    buffer->bytes = malloc(n + n / 4);
    if (buffer->bytes == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for %zu bytes of spilled records", n);
    buffer->capacity = n + n / 4;
    return CDR_OK;
}

static size_t segment_length(size_t topic_len, bool parts)
{
    return SEGMENT_FIXED + topic_len + (parts ? PARTS_BYTES : 0) + CHECKSUM_BYTES;
}

/* Of each record, in the columns of fixed width. */
static uint64_t columns_bytes(uint32_t parts)
{
    return COLUMNS_BYTES + ((parts & CDR_SPILL_WIRE_KEYS) != 0 ? 4u : 0u) +
           ((parts & CDR_SPILL_HEADERS) != 0 ? 4u : 0u);
}

/* --- writing --- */

/* The column of a bit of parts, or NULL. */
static const struct cdr_slab_column *column_of(const struct cdr_slab *slab, uint32_t parts,
                                               uint32_t column)
{
    if ((parts >> column & 1) == 0)
        return NULL;
    return (1u << column) == CDR_SPILL_WIRE_KEYS ? &slab->wire_keys : &slab->headers;
}

static size_t column_size(const struct cdr_slab_column *column, uint32_t from, uint32_t end)
{
    return column == NULL ? 0 : column->ends[end - 1] - cdr_column_start(column, from);
}

/* Puts the lengths of the records' values from *lens on and the values from *values on. */
static void put_column(const struct cdr_slab_column *column, uint32_t from, uint32_t end,
                       uint8_t **lens, uint8_t **values)
{
    if (column == NULL)
        return;
    uint32_t start = cdr_column_start(column, from);
    memcpy(*values, column->bytes + start, column->ends[end - 1] - start);
    *values += column->ends[end - 1] - start;
    for (uint32_t i = from; i < end; i++, *lens += 4) {
        cdr_store_le32(*lens, column->ends[i] - start);
        start = column->ends[i];
    }
}

enum cdr_result cdr_spill_put_segment(struct cdr_spill_buffer *buffer,
                                      const struct cdr_spill_segment *segment,
                                      struct cdr_error *error)
{
    size_t topic_len = strlen(segment->topic);
    size_t length = segment_length(topic_len, segment->parts != 0);
    enum cdr_result result = reserve(buffer, length, error);
    if (result != CDR_OK)
        return result;
    uint8_t *out = buffer->bytes;
    memset(out, 0, length);
    memcpy(out, segment_magic, sizeof segment_magic);
    cdr_store_le32(out + 8, segment->parts != 0 ? VERSION_PARTS : VERSION_PLAIN);
    cdr_store_le32(out + 12, (uint32_t)length);
    memcpy(out + 16, segment->dataset_id, 32);
    cdr_store_le64(out + 48, (uint64_t)segment->base);
    cdr_store_le64(out + 56, segment->first);
    cdr_store_le32(out + 64, segment->partition);
    cdr_store_le32(out + 68, segment->frame_len);
    cdr_store_le32(out + 72, segment->trailer_len);
    memcpy(out + 76, segment->format, strnlen(segment->format, 8));
    cdr_store_le32(out + 84, (uint32_t)topic_len);
    memcpy(out + SEGMENT_FIXED, segment->topic, topic_len);
    if (segment->parts != 0)
        cdr_store_le32(out + SEGMENT_FIXED + topic_len, segment->parts);
    cdr_store_le64(out + length - CHECKSUM_BYTES, XXH3_64bits(out, length - CHECKSUM_BYTES));
    buffer->n = length;
    return CDR_OK;
}

enum cdr_result cdr_spill_put_batch(struct cdr_spill_buffer *buffer, const struct cdr_slab *slab,
                                    uint32_t parts, uint32_t from, uint32_t end,
                                    const uint8_t **records, size_t *record_bytes,
                                    struct cdr_error *error)
{
    uint32_t n = end - from, start = from == 0 ? 0 : slab->ends[from - 1];
    size_t size = BATCH_HEADER + (size_t)n * (columns_bytes(parts) + KEY_BYTES_MAX);
    for (uint32_t k = 0; k < CDR_SPILL_COLUMNS; k++)
        size += column_size(column_of(slab, parts, k), from, end);
    enum cdr_result result = reserve(buffer, size, error);
    if (result != CDR_OK)
        return result;
    uint8_t *header = buffer->bytes, *lengths = header + BATCH_HEADER, *times = lengths + 4 * n;
    uint8_t *key_lens = times + 8 * n, *column_lens = key_lens + n;
    uint8_t *keys = header + BATCH_HEADER + n * columns_bytes(parts);
    *records = slab->bytes + start;
    *record_bytes = slab->ends[end - 1] - start;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t record = from + i;
        cdr_store_le32(lengths + 4 * i, slab->ends[record] - start);
        cdr_store_le64(times + 8 * i, (uint64_t)slab->event_ms[record]);
        key_lens[i] = slab->key_lens[record];
        memcpy(keys, slab->keys[record], key_lens[i]);
        keys += key_lens[i];
        if (slab->marks != NULL)
            key_lens[i] |= (uint8_t)((slab->marks[record] & CDR_MARK_ALL) << CDR_SPILL_MARKS_AT);
        start = slab->ends[record];
    }
    for (uint32_t k = 0; k < CDR_SPILL_COLUMNS; k++)
        put_column(column_of(slab, parts, k), from, end, &column_lens, &keys);
    buffer->n = (size_t)(keys - header);
    memcpy(header, batch_magic, sizeof batch_magic);
    cdr_store_le32(header + 4, n);
    cdr_store_le64(header + 8, buffer->n - BATCH_HEADER + *record_bytes);
    cdr_store_le64(header + 16, slab->position + from);
    uint64_t seed = XXH3_64bits(header, BATCH_SUMMED);
    seed = XXH3_64bits_withSeed(header + BATCH_HEADER, buffer->n - BATCH_HEADER, seed);
    cdr_store_le64(header + 24, XXH3_64bits_withSeed(*records, *record_bytes, seed));
    return CDR_OK;
}

/* --- reading --- */

/* As many of n bytes as there are. */
static enum cdr_result read_at(int fd, const char *path, uint8_t *to, size_t n, uint64_t offset,
                               size_t *read_bytes, struct cdr_error *error)
{
    size_t done = 0;
    while (done < n) {
        ssize_t now = pread(fd, to + done, n - done, (off_t)(offset + done));
        if (now < 0 && errno == EINTR)
            continue;
        if (now < 0)
            return cdr_file_fail(error, CDR_E_IO, "read", path, errno);
        if (now == 0)
            break;
        done += (size_t)now;
    }
    *read_bytes = done;
    return CDR_OK;
}

enum cdr_result cdr_spill_get_segment(int fd, const char *path, struct cdr_spill_segment *segment,
                                      uint64_t *offset, struct cdr_error *error)
{
    uint8_t in[SEGMENT_FIXED + CDR_SPILL_TOPIC_MAX + PARTS_BYTES + CHECKSUM_BYTES];
    size_t there = 0;
    enum cdr_result result = read_at(fd, path, in, sizeof in, *offset, &there, error);
    if (result != CDR_OK)
        return result;
    if (there < SEGMENT_FIXED + CHECKSUM_BYTES ||
        memcmp(in, segment_magic, sizeof segment_magic) != 0)
        return CDR_E_AGAIN;
    size_t length = cdr_load_le32(in + 12), topic_len = cdr_load_le32(in + 84);
    uint32_t version = cdr_load_le32(in + 8);
    if (version < VERSION_PLAIN || version > VERSION_PARTS || topic_len > CDR_SPILL_TOPIC_MAX ||
        length != segment_length(topic_len, version == VERSION_PARTS) || there < length ||
        cdr_load_le64(in + length - CHECKSUM_BYTES) != XXH3_64bits(in, length - CHECKSUM_BYTES))
        return CDR_E_AGAIN;
    memset(segment, 0, sizeof *segment);
    memcpy(segment->dataset_id, in + 16, 32);
    segment->base = (int64_t)cdr_load_le64(in + 48);
    segment->first = cdr_load_le64(in + 56);
    segment->partition = cdr_load_le32(in + 64);
    segment->frame_len = cdr_load_le32(in + 68);
    segment->trailer_len = cdr_load_le32(in + 72);
    memcpy(segment->format, in + 76, 8);
    memcpy(segment->topic, in + SEGMENT_FIXED, topic_len);
    if (version == VERSION_PARTS)
        segment->parts = cdr_load_le32(in + SEGMENT_FIXED + topic_len);
    *offset += length;
    return CDR_OK;
}

/* Points into body; whether all lengths add up. */
static bool take_apart(struct cdr_spill_batch *batch, const uint8_t *body, uint64_t length)
{
    const uint32_t n = batch->n;
    batch->lengths = body;
    batch->event_ms = body + 4 * (size_t)n;
    batch->key_lens = batch->event_ms + 8 * (size_t)n;
    batch->keys = (const char *)body + n * columns_bytes(batch->parts);
    const uint8_t *lens = batch->key_lens + n;
    uint64_t key_bytes = 0, record_bytes = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (cdr_spill_key_len(batch, i) > KEY_BYTES_MAX)
            return false;
        key_bytes += cdr_spill_key_len(batch, i);
        record_bytes += cdr_load_le32(batch->lengths + 4 * (size_t)i);
    }
    for (uint32_t k = 0; k < CDR_SPILL_COLUMNS; k++) {
        batch->column_lens[k] = batch->columns[k] = NULL;
        if ((batch->parts >> k & 1) == 0)
            continue;
        batch->column_lens[k] = lens;
        batch->columns[k] = (const uint8_t *)batch->keys + key_bytes;
        for (uint32_t i = 0; i < n; i++, lens += 4)
            key_bytes += cdr_load_le32(lens);
        if (key_bytes > length)
            return false;
    }
    batch->records = (const uint8_t *)batch->keys + key_bytes;
    return n * columns_bytes(batch->parts) + key_bytes + record_bytes == length;
}

static uint64_t batch_checksum(const struct cdr_spill_batch *batch, const uint8_t *header,
                               const uint8_t *body, uint64_t length)
{
    size_t columns = (size_t)(batch->records - body);
    uint64_t seed = XXH3_64bits_withSeed(body, columns, XXH3_64bits(header, BATCH_SUMMED));
    return XXH3_64bits_withSeed(batch->records, length - columns, seed);
}

enum cdr_result cdr_spill_get_batch(int fd, const char *path, struct cdr_spill_buffer *buffer,
                                    struct cdr_spill_batch *batch, uint64_t *offset, bool *torn,
                                    struct cdr_error *error)
{
    uint8_t header[BATCH_HEADER];
    size_t there = 0;
    *torn = true;
    enum cdr_result result = read_at(fd, path, header, sizeof header, *offset, &there, error);
    if (result != CDR_OK)
        return result;
    *torn = there > 0;
    if (there < BATCH_HEADER || memcmp(header, batch_magic, sizeof batch_magic) != 0)
        return CDR_E_AGAIN;
    uint64_t length = cdr_load_le64(header + 8);
    batch->n = cdr_load_le32(header + 4);
    batch->position = cdr_load_le64(header + 16);
    /* The length is not proved yet: no memory for more than the file has. */
    off_t end = lseek(fd, 0, SEEK_END);
    if (end < 0)
        return cdr_file_fail(error, CDR_E_IO, "read", path, errno);
    if (batch->n == 0 || batch->n > BATCH_RECORDS_MAX || length > BODY_BYTES_MAX ||
        length < batch->n * columns_bytes(batch->parts) ||
        *offset + BATCH_HEADER + length > (uint64_t)end)
        return CDR_E_AGAIN;
    result = reserve(buffer, length, error);
    if (result == CDR_OK)
        result = read_at(fd, path, buffer->bytes, length, *offset + BATCH_HEADER, &there, error);
    if (result != CDR_OK)
        return result;
    if (there < length || !take_apart(batch, buffer->bytes, length) ||
        batch_checksum(batch, header, buffer->bytes, length) != cdr_load_le64(header + 24))
        return CDR_E_AGAIN;
    buffer->n = length;
    batch->file_bytes = BATCH_HEADER + length;
    *offset += batch->file_bytes;
    *torn = false;
    return CDR_OK;
}
