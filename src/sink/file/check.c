#include "sink/file/check.h"

#include "base/files.h"
#include "schema/varint.h"
#include "sink/file/decompress.h"
#include "sink/file/folder.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define READ_BYTES 131072u

struct cdr_part_checker {
    int fd;
    uint8_t *buffer; /* room bytes, of which [start, end) are read and not yet used */
    size_t room, start, end;
    bool at_end; /* of the file */
    XXH3_state_t *checksum;
    uint64_t file_bytes;
    enum cdr_compression compression;
    struct cdr_decompress_stream *stream; /* of compressed text, else NULL */
    uint8_t *plain;                       /* plain_room bytes: text, or a container's block */
    size_t plain_room;
    /* Of the part at hand: */
    const char *header; /* text that is still to come */
    uint64_t records, bytes;
    bool in_record;
    bool begun; /* the header is over */
};

static enum cdr_result prepare_stream(struct cdr_part_checker *checker, struct cdr_error *error)
{
    checker->plain_room = READ_BYTES;
    checker->plain = malloc(checker->plain_room);
    if (checker->plain == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for reading parts");
    return cdr_decompress_stream_create(&checker->stream, checker->compression, error);
}

/* A container's header or a whole block must fit; what cannot be compressed grows a little. */
static size_t room_for(const struct cdr_part_format *format)
{
    size_t room = READ_BYTES + 2 * format->encoder->record_bytes_max;
    if (format->container != NULL && room < format->container->header_len)
        room = format->container->header_len;
    return room;
}

/* Parts of other topics and versions may need more than those that the checker was made for. */
static enum cdr_result make_room(struct cdr_part_checker *checker,
                                 const struct cdr_part_format *format, struct cdr_error *error)
{
    size_t room = room_for(format);
    if (room <= checker->room)
        return CDR_OK;
    uint8_t *buffer = realloc(checker->buffer, room);
    if (buffer == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for reading parts");
    checker->buffer = buffer;
    checker->room = room;
    return CDR_OK;
}

enum cdr_result cdr_part_checker_create(struct cdr_part_checker **checker,
                                        const struct cdr_part_format *format,
                                        struct cdr_error *error)
{
    struct cdr_part_checker *made = calloc(1, sizeof *made);
    if (made == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for reading parts");
    made->fd = -1;
    made->room = room_for(format);
    made->buffer = malloc(made->room);
    made->checksum = XXH3_createState();
    enum cdr_result result = CDR_OK;
    if (made->buffer == NULL || made->checksum == NULL)
        result = cdr_fail(error, CDR_E_NOMEM, "no memory for reading parts");
    made->compression = format->compression;
    if (result == CDR_OK && format->container == NULL &&
        format->compression != CDR_COMPRESSION_NONE)
        result = prepare_stream(made, error);
    if (result != CDR_OK) {
        cdr_part_checker_destroy(made);
        return result;
    }
    *checker = made;
    return CDR_OK;
}

void cdr_part_checker_destroy(struct cdr_part_checker *checker)
{
    if (checker == NULL)
        return;
    cdr_decompress_stream_destroy(checker->stream);
    free(checker->plain);
    XXH3_freeState(checker->checksum);
    free(checker->buffer);
    free(checker);
}

static enum cdr_result open_file(struct cdr_part_checker *checker, const char *path,
                                 struct cdr_error *error)
{
    enum cdr_result result = cdr_open_regular(&checker->fd, path, CDR_E_IO, error);
    if (result != CDR_OK)
        return CDR_E_IO;
    checker->start = checker->end = 0;
    checker->at_end = false;
    checker->file_bytes = 0;
    XXH3_128bits_reset(checker->checksum);
    return CDR_OK;
}

static void close_file(struct cdr_part_checker *checker, struct cdr_part_result *file)
{
    close(checker->fd);
    checker->fd = -1;
    file->file_bytes = checker->file_bytes;
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(checker->checksum));
    memcpy(file->checksum, canonical.digest, CDR_PART_CHECKSUM_BYTES);
}

static size_t available(const struct cdr_part_checker *checker)
{
    return checker->end - checker->start;
}

static const uint8_t *next_bytes(const struct cdr_part_checker *checker)
{
    return checker->buffer + checker->start;
}

/* Reads until at least wanted bytes are available or the file is over. */
static enum cdr_result fill(struct cdr_part_checker *checker, const char *path, size_t wanted,
                            struct cdr_error *error)
{
    assert(wanted <= checker->room);
    if (available(checker) >= wanted)
        return CDR_OK;
    memmove(checker->buffer, next_bytes(checker), available(checker));
    checker->end -= checker->start;
    checker->start = 0;
    while (checker->end < wanted && !checker->at_end) {
        uint8_t *to = checker->buffer + checker->end;
        ssize_t n = read(checker->fd, to, checker->room - checker->end);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return cdr_file_fail(error, CDR_E_IO, "read", path, errno);
        checker->at_end = n == 0;
        XXH3_128bits_update(checker->checksum, to, (size_t)n);
        checker->file_bytes += (uint64_t)n;
        checker->end += (size_t)n;
    }
    return CDR_OK;
}

enum cdr_result cdr_part_measure(struct cdr_part_checker *checker, const char *path,
                                 struct cdr_part_result *file, struct cdr_error *error)
{
    enum cdr_result result = open_file(checker, path, error);
    if (result != CDR_OK)
        return result;
    do {
        checker->start = checker->end;
        result = fill(checker, path, 1, error);
    } while (result == CDR_OK && available(checker) > 0);
    close_file(checker, file);
    return result;
}

/* Text of a CSV or JSON file: the header, then lines. */
static enum cdr_result take_text(struct cdr_part_checker *checker, const uint8_t *bytes, size_t n,
                                 struct cdr_error *error)
{
    for (; n > 0 && *checker->header != '\0'; checker->header++, bytes++, n--)
        if (*bytes != (uint8_t)*checker->header)
            return cdr_fail(error, CDR_E_DIFFERENT, "it does not begin with its header line");
    checker->begun = *checker->header == '\0';
    if (n == 0)
        return CDR_OK;
    checker->bytes += n;
    checker->in_record = bytes[n - 1] != '\n';
    const uint8_t *end = bytes + n;
    while ((bytes = memchr(bytes, '\n', (size_t)(end - bytes))) != NULL) {
        checker->records++;
        if (++bytes == end)
            break;
    }
    return CDR_OK;
}

static enum cdr_result take_compressed(struct cdr_part_checker *checker, const uint8_t *bytes,
                                       size_t n, struct cdr_error *error)
{
    size_t used = 0, made = checker->plain_room;
    enum cdr_result result = CDR_OK;
    /* A full buffer may mean that there is more to come of what was taken already. */
    while (result == CDR_OK && (used < n || made == checker->plain_room)) {
        result = cdr_decompress_stream_next(checker->stream, bytes, n, &used, checker->plain,
                                            checker->plain_room, &made, error);
        if (result == CDR_OK && made > 0)
            result = take_text(checker, checker->plain, made, error);
    }
    return result;
}

static enum cdr_result count_lines(struct cdr_part_checker *checker,
                                   const struct cdr_part_format *format, const char *path,
                                   struct cdr_error *error)
{
    struct cdr_decompress_stream *stream = checker->stream;
    checker->header = format->encoder->ops->file_header(format->encoder);
    if (stream != NULL)
        cdr_decompress_stream_start(stream);
    for (;;) {
        enum cdr_result result = fill(checker, path, 1, error);
        const uint8_t *bytes = next_bytes(checker);
        size_t n = available(checker);
        if (result == CDR_OK && n == 0)
            break;
        checker->start = checker->end;
        if (result == CDR_OK && stream != NULL)
            result = take_compressed(checker, bytes, n, error);
        else if (result == CDR_OK)
            result = take_text(checker, bytes, n, error);
        if (result != CDR_OK)
            return result;
    }
    if (stream != NULL && !cdr_decompress_stream_whole(stream))
        return cdr_fail(error, CDR_E_DIFFERENT, "its compressed data have no end");
    if (*checker->header != '\0')
        return cdr_fail(error, CDR_E_DIFFERENT, "it ends within its header line");
    if (checker->in_record)
        return cdr_fail(error, CDR_E_DIFFERENT, "it ends within a record");
    checker->bytes -= checker->records * format->encoder->trailer_len;
    return CDR_OK;
}

/* A number that is not negative. False where there is none. */
static bool take_count(struct cdr_part_checker *checker, uint64_t *count)
{
    const uint8_t *from = next_bytes(checker), *at = from;
    int64_t value = 0;
    if (!cdr_take_varint(&at, from + available(checker), &value) || value < 0)
        return false;
    checker->start += (size_t)(at - from);
    *count = (uint64_t)value;
    return true;
}

static enum cdr_result take_block(struct cdr_part_checker *checker,
                                  const struct cdr_part_format *format, const char *path,
                                  struct cdr_error *error)
{
    uint64_t records = 0, size = 0;
    enum cdr_result result = fill(checker, path, CDR_CONTAINER_BLOCK_HEAD_MAX, error);
    if (result != CDR_OK)
        return result;
    if (!take_count(checker, &records) || !take_count(checker, &size) || records == 0 ||
        size > checker->room - CDR_CONTAINER_SYNC_BYTES)
        return cdr_fail(error, CDR_E_DIFFERENT, "it has a block without a right head");
    result = fill(checker, path, (size_t)size + CDR_CONTAINER_SYNC_BYTES, error);
    if (result != CDR_OK)
        return result;
    const uint8_t *data = next_bytes(checker), *sync = data + size;
    if (available(checker) < size + CDR_CONTAINER_SYNC_BYTES)
        return cdr_fail(error, CDR_E_DIFFERENT, "it ends within a block");
    if (memcmp(sync, format->container->sync, CDR_CONTAINER_SYNC_BYTES) != 0)
        return cdr_fail(error, CDR_E_DIFFERENT, "it has a block without the sync marker");
    checker->start += (size_t)size + CDR_CONTAINER_SYNC_BYTES;
    checker->records += records;
    size_t made = (size_t)size;
    if (checker->compression != CDR_COMPRESSION_NONE)
        result = cdr_decompress_block(
            checker->compression, data, (size_t)size, &checker->plain, &checker->plain_room,
            2 * (CDR_PART_CHUNK_BYTES + format->encoder->record_bytes_max), &made, error);
    checker->bytes += made;
    return result;
}

static enum cdr_result count_blocks(struct cdr_part_checker *checker,
                                    const struct cdr_part_format *format, const char *path,
                                    struct cdr_error *error)
{
    const struct cdr_container *container = format->container;
    enum cdr_result result = fill(checker, path, container->header_len, error);
    if (result != CDR_OK)
        return result;
    if (available(checker) < container->header_len ||
        memcmp(next_bytes(checker), container->header, container->header_len) != 0)
        return cdr_fail(error, CDR_E_DIFFERENT,
                        "it does not begin with the schema, codec and sync marker of this dataset");
    checker->start += container->header_len;
    checker->begun = true;
    for (;;) {
        result = fill(checker, path, 1, error);
        if (result != CDR_OK || available(checker) == 0)
            return result;
        result = take_block(checker, format, path, error);
        if (result != CDR_OK)
            return result;
    }
}

enum cdr_result cdr_part_count(struct cdr_part_checker *checker,
                               const struct cdr_part_format *format, const char *path,
                               struct cdr_part_content *content, struct cdr_error *error)
{
    struct cdr_error why = {{0}};
    content->begun = false;
    enum cdr_result result = make_room(checker, format, error);
    if (result == CDR_OK)
        result = open_file(checker, path, error);
    if (result != CDR_OK)
        return result;
    checker->records = checker->bytes = 0;
    checker->in_record = checker->begun = false;
    result = format->container != NULL ? count_blocks(checker, format, path, &why)
                                       : count_lines(checker, format, path, &why);
    if (result == CDR_OK && checker->records == 0)
        result = cdr_fail(&why, CDR_E_DIFFERENT, "it has no records");
    close_file(checker, &content->file);
    content->records = checker->records;
    content->begun = checker->begun;
    content->bytes = checker->bytes;
    if (result == CDR_E_DIFFERENT)
        return cdr_fail(error, result, "%.500s: %s", path, why.text);
    if (result != CDR_OK && error != NULL)
        *error = why;
    return result;
}
