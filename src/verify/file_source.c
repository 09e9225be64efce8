/* Files as a source: the parts of each log in the order of their numbers, read and decompressed by
 * the comparison of the log. A record's place is its number in the log. */
#include "base/files.h"
#include "schema/varint.h"
#include "sink/file/decompress.h"
#include "verify/file_parts.h"
#include "verify/payload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INPUT_BYTES = 64 << 10, BUFFER_BYTES = 128 << 10 };
/* A longer block, schema or name is not one of ours: blocks end at the first record that fills
 * CDR_PART_CHUNK_BYTES. */
#define UNIT_BYTES_MAX (2u << 20)
/* Of a record, beside twice the longest of ours: what is altered may have grown. Thousands of them
 * are kept at a time, so what is longer is not. */
#define RECORD_BYTES_MORE 4096u

/* The bytes of one part, decompressed. Window [at, n) of buffer is there. */
struct part_reader {
    const struct cdr_part_file *part;
    int file; /* −1: none is open */
    struct cdr_decompress_stream *streams[CDR_COMPRESSION_COUNT];
    uint8_t *input; /* compressed */
    size_t input_n, input_at;
    uint8_t *buffer;
    size_t n, at, room;
    bool ended;
};

struct file_log {
    struct cdr_part_list list;
    uint32_t next_part;
    struct part_reader reader;
    uint64_t place;
    /* Avro: */
    uint32_t file_version; /* of the part at hand, as in struct cdr_record */
    enum cdr_compression codec;
    uint8_t sync[16];
    uint8_t *block; /* decompressed */
    size_t block_room;
    const uint8_t *data; /* of the current block */
    size_t data_n, data_at;
};

struct file_source {
    struct cdr_source base;
    struct cdr_source_setup setup;
    bool avro;
    uint32_t log_count;
    struct file_log *logs;
};

/* An encoder of two versions has the longer records of both. */
static size_t record_bytes_max(const struct file_source *source, uint32_t type)
{
    return 2 * source->setup.topics->items[type].encoder->record_bytes_max + RECORD_BYTES_MORE +
           source->setup.model->faults.grows_max;
}

static enum cdr_result reader_failed(const struct part_reader *reader, enum cdr_result code,
                                     const char *reason, struct cdr_error *error)
{
    return cdr_fail(error, code, "%s: %s", reader->part->path, reason);
}

/* ---- bytes of a part ---- */

static void close_part(struct part_reader *reader)
{
    if (reader->file >= 0)
        close(reader->file);
    reader->file = -1;
}

static enum cdr_result open_part(struct part_reader *reader, const struct cdr_part_file *part,
                                 bool compressed, struct cdr_error *error)
{
    reader->part = part;
    reader->input_n = reader->input_at = reader->n = reader->at = 0;
    reader->ended = false;
    if (cdr_open_regular(&reader->file, part->path, CDR_E_IO, error) != CDR_OK)
        return CDR_E_IO;
    posix_fadvise(reader->file, 0, 0, POSIX_FADV_SEQUENTIAL);
    if (reader->buffer == NULL) {
        reader->buffer = malloc(BUFFER_BYTES);
        reader->room = reader->buffer != NULL ? BUFFER_BYTES : 0;
    }
    if (compressed && reader->input == NULL)
        reader->input = malloc(INPUT_BYTES);
    if (reader->buffer == NULL || (compressed && reader->input == NULL))
        return cdr_fail(error, CDR_E_NOMEM, "no memory to read %s", part->path);
    if (!compressed)
        return CDR_OK;
    if (reader->streams[part->compression] != NULL) {
        cdr_decompress_stream_start(reader->streams[part->compression]);
        return CDR_OK;
    }
    return cdr_decompress_stream_create(&reader->streams[part->compression], part->compression,
                                        error);
}

static enum cdr_result read_file(struct part_reader *reader, uint8_t *to, size_t max, size_t *n,
                                 struct cdr_error *error)
{
    ssize_t got;
    do
        got = read(reader->file, to, max);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return reader_failed(reader, CDR_E_IO, strerror(errno), error);
    *n = (size_t)got;
    return CDR_OK;
}

static enum cdr_result read_compressed(struct part_reader *reader, struct cdr_error *error)
{
    struct cdr_decompress_stream *stream = reader->streams[reader->part->compression];
    for (;;) {
        size_t used = reader->input_at, made = 0;
        struct cdr_error clause = {{0}};
        enum cdr_result result = cdr_decompress_stream_next(
            stream, reader->input, reader->input_n, &used, reader->buffer + reader->n,
            reader->room - reader->n, &made, &clause);
        if (result != CDR_OK)
            return reader_failed(reader, result, clause.text, error);
        const bool moved = used > reader->input_at || made > 0;
        reader->input_at = used;
        reader->n += made;
        if (made > 0)
            return CDR_OK;
        if (moved)
            continue;
        result = read_file(reader, reader->input, INPUT_BYTES, &reader->input_n, error);
        reader->input_at = 0;
        if (result != CDR_OK)
            return result;
        if (reader->input_n > 0)
            continue;
        reader->ended = true;
        return cdr_decompress_stream_whole(stream)
                   ? CDR_OK
                   : reader_failed(reader, CDR_E_DIFFERENT, "its compressed data is cut off",
                                   error);
    }
}

/* More bytes into the buffer, after what is there; none at the end. */
static enum cdr_result read_more(struct part_reader *reader, struct cdr_error *error)
{
    if (reader->at > 0) {
        memmove(reader->buffer, reader->buffer + reader->at, reader->n - reader->at);
        reader->n -= reader->at;
        reader->at = 0;
    }
    if (reader->n == reader->room) {
        uint8_t *larger = realloc(reader->buffer, 2 * reader->room);
        if (larger == NULL)
            return cdr_fail(error, CDR_E_NOMEM, "no memory to read %s", reader->part->path);
        reader->buffer = larger;
        reader->room *= 2;
    }
    if (reader->part->compression != CDR_COMPRESSION_NONE)
        return read_compressed(reader, error);
    size_t got = 0;
    enum cdr_result result =
        read_file(reader, reader->buffer + reader->n, reader->room - reader->n, &got, error);
    reader->n += got;
    reader->ended = result == CDR_OK && got == 0;
    return result;
}

/* Makes wanted bytes be there from `at` on. *enough is false where the part ends before. */
static enum cdr_result need(struct part_reader *reader, size_t wanted, bool *enough,
                            struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    if (wanted > UNIT_BYTES_MAX)
        return reader_failed(reader, CDR_E_DIFFERENT, "a block in it is too long to be ours",
                             error);
    while (result == CDR_OK && reader->n - reader->at < wanted && !reader->ended)
        result = read_more(reader, error);
    *enough = reader->n - reader->at >= wanted;
    return result;
}

/* ---- lines ---- */

/* CDR_E_AGAIN: the part is over. A last line without a newline is a line. */
static enum cdr_result next_line(struct part_reader *reader, size_t bytes_max,
                                 struct cdr_record *record, struct cdr_error *error)
{
    size_t looked = 0;
    for (;;) {
        const uint8_t *from = reader->buffer + reader->at;
        const size_t n = reader->n - reader->at;
        const uint8_t *stop = n > looked ? memchr(from + looked, '\n', n - looked) : NULL;
        const size_t len = stop != NULL ? (size_t)(stop - from) : n;
        if (len > bytes_max)
            return reader_failed(reader, CDR_E_DIFFERENT,
                                 "a line in it is too long to be a record of this dataset", error);
        if (stop != NULL || (reader->ended && n > 0)) {
            record->payload = from;
            record->payload_len = (uint32_t)len;
            reader->at += len + (stop != NULL);
            return CDR_OK;
        }
        if (reader->ended)
            return CDR_E_AGAIN;
        looked = n;
        enum cdr_result result = read_more(reader, error);
        if (result != CDR_OK)
            return result;
    }
}

/* Passes over the text where the part goes on with it. */
static enum cdr_result skip_header(struct part_reader *reader, const char *header, bool *skipped,
                                   struct cdr_error *error)
{
    const size_t len = strlen(header);
    bool enough = false;
    enum cdr_result result = need(reader, len, &enough, error);
    *skipped = result == CDR_OK && enough && memcmp(reader->buffer + reader->at, header, len) == 0;
    if (*skipped)
        reader->at += len;
    return result;
}

/* Where a header line should be: a reader that passes over it would miss a record of ours. A line
 * that looks like none of these is compared, and nobody expects it. */
static enum cdr_result check_first_line(const struct file_source *source,
                                        struct part_reader *reader, uint32_t type,
                                        struct cdr_error *error)
{
    struct cdr_record first = {.event_ms = CDR_NO_TIME};
    char key_text[16];
    enum cdr_result result = next_line(reader, record_bytes_max(source, type), &first, error);
    if (result == CDR_E_AGAIN)
        return reader_failed(reader, CDR_E_DIFFERENT, "it is empty, without a header line", error);
    if (result != CDR_OK)
        return result;
    reader->at = (size_t)(first.payload - reader->buffer);
    cdr_payload_guess(source->setup.payloads, type, &first, key_text);
    return first.event_ms == CDR_NO_TIME
               ? CDR_OK
               : reader_failed(reader, CDR_E_DIFFERENT,
                               "it begins with a record, without a header line", error);
}

/* The header line, where a part begins with that of a version, as it should. */
static enum cdr_result skip_headers(const struct file_source *source, struct file_log *log,
                                    uint32_t type, struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    bool skipped = false, wanted = false;
    log->file_version = 0;
    for (unsigned version = 0; version < CDR_VERSIONS && !skipped && result == CDR_OK; version++) {
        const struct cdr_encoder *encoder =
            cdr_change_version(source->setup.topics->items[type].encoder, version);
        const char *header = encoder != NULL ? encoder->ops->file_header(encoder) : "";
        if (header[0] == '\0')
            continue;
        wanted = true;
        result = skip_header(&log->reader, header, &skipped, error);
        if (skipped)
            log->file_version = version + 1;
    }
    return result == CDR_OK && wanted && !skipped
               ? check_first_line(source, &log->reader, type, error)
               : result;
}

/* ---- Avro containers ---- */

static enum cdr_result broken(const struct part_reader *reader, struct cdr_error *error)
{
    return reader_failed(reader, CDR_E_DIFFERENT,
                         "it is no whole Avro container file (cut off, or damaged)", error);
}

static enum cdr_result take_long(struct part_reader *reader, int64_t *value,
                                 struct cdr_error *error)
{
    bool enough = false;
    enum cdr_result result = need(reader, CDR_VARINT_BYTES_MAX, &enough, error);
    if (result != CDR_OK)
        return result;
    const uint8_t *at = reader->buffer + reader->at, *end = reader->buffer + reader->n;
    if (!cdr_take_varint(&at, end, value))
        return broken(reader, error);
    reader->at = (size_t)(at - reader->buffer);
    return CDR_OK;
}

/* Bytes with their length in front; *bytes lasts until the next call. */
static enum cdr_result take_bytes(struct part_reader *reader, const char **bytes, size_t *len,
                                  struct cdr_error *error)
{
    int64_t size = 0;
    bool enough = false;
    enum cdr_result result = take_long(reader, &size, error);
    if (result == CDR_OK && (size < 0 || size > (int64_t)UNIT_BYTES_MAX))
        return broken(reader, error);
    if (result == CDR_OK)
        result = need(reader, (size_t)size, &enough, error);
    if (result == CDR_OK && !enough)
        return broken(reader, error);
    *bytes = (const char *)reader->buffer + reader->at;
    *len = (size_t)size;
    reader->at += (size_t)size;
    return result;
}

static bool is_text(const char *bytes, size_t len, const char *text)
{
    return strlen(text) == len && memcmp(bytes, text, len) == 0;
}

static enum cdr_result take_metadata(struct file_log *log, const struct cdr_payloads *payloads,
                                     uint32_t type, struct cdr_error *error)
{
    const char *bytes = NULL;
    size_t len = 0;
    enum cdr_result result = take_bytes(&log->reader, &bytes, &len, error);
    if (result != CDR_OK)
        return result;
    const bool schema = is_text(bytes, len, "avro.schema"),
               codec = is_text(bytes, len, "avro.codec");
    result = take_bytes(&log->reader, &bytes, &len, error);
    if (result != CDR_OK)
        return result;
    if (schema) {
        const char *next = payloads->items[type].shapes[1].schema_text;
        log->file_version =
            is_text(bytes, len, payloads->items[type].shapes[0].schema_text) ? 1 : 2;
        if (log->file_version == 2 && (next == NULL || !is_text(bytes, len, next)))
            return reader_failed(&log->reader, CDR_E_STATE,
                                 "its schema is not that of these settings, so that it cannot be "
                                 "compared; give verify the schema flags of the run",
                                 error);
    }
    if (!codec)
        return CDR_OK;
    if (is_text(bytes, len, "deflate"))
        log->codec = CDR_COMPRESSION_GZIP;
    else if (is_text(bytes, len, "zstandard"))
        log->codec = CDR_COMPRESSION_ZSTD;
    else if (!is_text(bytes, len, "null"))
        return reader_failed(&log->reader, CDR_E_DIFFERENT, "its codec is none that cdrgen writes",
                             error);
    return CDR_OK;
}

static enum cdr_result take_container_header(struct file_log *log,
                                             const struct cdr_payloads *payloads, uint32_t type,
                                             struct cdr_error *error)
{
    struct part_reader *reader = &log->reader;
    bool enough = false;
    log->codec = CDR_COMPRESSION_NONE;
    log->file_version = 1;
    log->data_n = log->data_at = 0;
    enum cdr_result result = need(reader, 4, &enough, error);
    if (result == CDR_OK && (!enough || memcmp(reader->buffer + reader->at, "Obj\1", 4) != 0))
        return broken(reader, error);
    reader->at += 4;
    for (int64_t entries = 1; result == CDR_OK && entries != 0;) {
        result = take_long(reader, &entries, error);
        if (result == CDR_OK && entries < 0)
            return broken(reader, error);
        for (int64_t i = 0; result == CDR_OK && i < entries; i++)
            result = take_metadata(log, payloads, type, error);
    }
    if (result == CDR_OK)
        result = need(reader, sizeof log->sync, &enough, error);
    if (result == CDR_OK && !enough)
        return broken(reader, error);
    if (result == CDR_OK)
        memcpy(log->sync, reader->buffer + reader->at, sizeof log->sync);
    reader->at += sizeof log->sync;
    return result;
}

/* CDR_E_AGAIN: the part is over. */
static enum cdr_result take_block(struct file_log *log, struct cdr_error *error)
{
    struct part_reader *reader = &log->reader;
    int64_t records = 0, size = 0;
    bool enough = false;
    enum cdr_result result = need(reader, 1, &enough, error);
    if (result == CDR_OK && !enough)
        return CDR_E_AGAIN;
    if (result == CDR_OK)
        result = take_long(reader, &records, error);
    if (result == CDR_OK)
        result = take_long(reader, &size, error);
    if (result == CDR_OK && (records < 0 || size < 0 || size > (int64_t)UNIT_BYTES_MAX))
        return broken(reader, error);
    if (result == CDR_OK)
        result = need(reader, (size_t)size + sizeof log->sync, &enough, error);
    if (result != CDR_OK)
        return result;
    const uint8_t *bytes = reader->buffer + reader->at;
    if (!enough || memcmp(bytes + size, log->sync, sizeof log->sync) != 0)
        return broken(reader, error);
    reader->at += (size_t)size + sizeof log->sync;
    log->data = bytes;
    log->data_n = (size_t)size;
    log->data_at = 0;
    if (log->codec == CDR_COMPRESSION_NONE)
        return CDR_OK;
    struct cdr_error clause = {{0}};
    result = cdr_decompress_block(log->codec, bytes, (size_t)size, &log->block, &log->block_room,
                                  UNIT_BYTES_MAX, &log->data_n, &clause);
    log->data = log->block;
    return result == CDR_OK ? CDR_OK : reader_failed(reader, result, clause.text, error);
}

static enum cdr_result next_datum(struct file_log *log, const struct file_source *source,
                                  uint32_t type, struct cdr_record *record, struct cdr_error *error)
{
    const struct cdr_payloads *payloads = source->setup.payloads;
    while (log->data_at == log->data_n) {
        enum cdr_result result = take_block(log, error);
        if (result != CDR_OK)
            return result;
    }
    const size_t left = log->data_n - log->data_at;
    size_t len =
        cdr_avro_datum_len(payloads, type, log->file_version - 1, log->data + log->data_at, left);
    record->payload = log->data + log->data_at;
    record->payload_len = (uint32_t)(len > 0 ? len : left);
    log->data_at += record->payload_len;
    /* What is no datum is the rest of its block; its beginning tells that it is none of ours. */
    if (record->payload_len > record_bytes_max(source, type))
        record->payload_len = (uint32_t)record_bytes_max(source, type);
    return CDR_OK;
}

/* ---- interface ---- */

static enum cdr_result open_next(struct file_source *source, uint32_t number,
                                 struct cdr_error *error)
{
    struct file_log *log = &source->logs[number];
    const uint32_t type = number / source->setup.partitions;
    const struct cdr_part_file *part = &log->list.parts[log->next_part++];
    const bool compressed = part->compression != CDR_COMPRESSION_NONE;
    enum cdr_result result = open_part(&log->reader, part, compressed, error);
    if (result == CDR_OK && source->avro)
        result = take_container_header(log, source->setup.payloads, type, error);
    else if (result == CDR_OK)
        result = skip_headers(source, log, type, error);
    return result;
}

static enum cdr_result file_next(struct cdr_source *base, uint32_t number, int wait_ms,
                                 struct cdr_record *record, bool *ended, struct cdr_error *error)
{
    (void)wait_ms;
    struct file_source *source = (struct file_source *)base;
    struct file_log *log = &source->logs[number];
    const uint32_t type = number / source->setup.partitions;
    *record = (struct cdr_record){.event_ms = CDR_NO_TIME};
    for (;;) {
        enum cdr_result result = CDR_E_AGAIN;
        if (log->reader.file >= 0)
            result = source->avro
                         ? next_datum(log, source, type, record, error)
                         : next_line(&log->reader, record_bytes_max(source, type), record, error);
        if (result == CDR_OK) {
            record->place = (int64_t)log->place++;
            record->file_version = log->file_version;
            record->day = log->list.parts[log->next_part - 1].day;
        }
        if (result != CDR_E_AGAIN)
            return result;
        close_part(&log->reader);
        *ended = log->next_part == log->list.n;
        if (*ended)
            return CDR_E_AGAIN;
        result = open_next(source, number, error);
        if (result != CDR_OK)
            return result;
    }
}

static enum cdr_result file_poll(struct cdr_source *source, struct cdr_error *error)
{
    (void)source, (void)error;
    return CDR_OK;
}

static struct cdr_source_extent file_extent(const struct cdr_source *source, uint32_t log)
{
    (void)source, (void)log;
    return (struct cdr_source_extent){.base = 0, .first = 0, .end = -1};
}

static void file_close(struct cdr_source *base)
{
    struct file_source *source = (struct file_source *)base;
    for (uint32_t number = 0; source->logs != NULL && number < source->log_count; number++) {
        struct file_log *log = &source->logs[number];
        close_part(&log->reader);
        for (unsigned i = 0; i < CDR_COMPRESSION_COUNT; i++)
            cdr_decompress_stream_destroy(log->reader.streams[i]);
        free(log->reader.input);
        free(log->reader.buffer);
        free(log->block);
        cdr_free_parts(&log->list);
    }
    free(source->logs);
    free(source);
}

static const struct cdr_source_ops file_source_ops = {
    .next = file_next,
    .poll = file_poll,
    .extent = file_extent,
    .close = file_close,
};

enum cdr_result cdr_file_source_open(struct cdr_source **opened,
                                     const struct cdr_sink_settings *settings,
                                     const struct cdr_source_setup *setup, char **note,
                                     struct cdr_error *error)
{
    *note = NULL;
    struct file_source *source = calloc(1, sizeof *source);
    if (source == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for the file source");
    source->base.ops = &file_source_ops;
    source->setup = *setup;
    source->avro = (setup->topics->items[0].encoder->ops->traits & CDR_FORMAT_CONTAINER) != 0;
    source->log_count = setup->topics->n * setup->partitions;
    source->logs = calloc(source->log_count, sizeof *source->logs);
    struct cdr_part_list *lists = calloc(source->log_count, sizeof *lists);
    enum cdr_result result =
        source->logs != NULL && lists != NULL
            ? cdr_find_parts(lists, settings->out, setup, note, error)
            : cdr_fail(error, CDR_E_NOMEM, "no memory for %u logs", source->log_count);
    for (uint32_t log = 0; source->logs != NULL && lists != NULL && log < source->log_count;
         log++) {
        source->logs[log].list = lists[log];
        source->logs[log].reader.file = -1;
    }
    free(lists);
    if (result != CDR_OK) {
        file_close(&source->base);
        return result;
    }
    *opened = &source->base;
    return CDR_OK;
}
