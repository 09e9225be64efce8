#include "sink/container.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char magic[4] = {'O', 'b', 'j', 1};
static const char *const codec_name[CDR_COMPRESSION_COUNT] = {"null", "deflate", "zstandard"};

/* A long that is not negative: zigzag doubles it, then seven bits a byte, the low ones first. */
static size_t put_long(uint8_t *out, uint64_t value)
{
    size_t n = 0;
    assert(value <= INT64_MAX);
    for (value <<= 1; value >= 0x80; value >>= 7)
        out[n++] = (uint8_t)(value | 0x80);
    out[n++] = (uint8_t)value;
    return n;
}

/* Avro's string and bytes. */
static size_t put_text(uint8_t *out, const char *text)
{
    size_t length = strlen(text);
    size_t n = put_long(out, length);
    memcpy(out + n, text, length);
    return n + length;
}

static int hex_digit(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    return -1;
}

static enum cdr_result sync_of(uint8_t *sync, const char *dataset_id, struct cdr_error *error)
{
    size_t digits = 0;
    for (; digits < 2 * CDR_CONTAINER_SYNC_BYTES; digits++) {
        int value = hex_digit(dataset_id[digits]);
        if (value < 0)
            break;
        uint8_t *byte = &sync[digits / 2];
        *byte = (uint8_t)(*byte << 4 | value);
    }
    if (digits == 2 * CDR_CONTAINER_SYNC_BYTES && dataset_id[digits] == '\0')
        return CDR_OK;
    return cdr_fail(error, CDR_E_CONFIG, "dataset id '%s' is not 32 lower-case hex digits",
                    dataset_id);
}

enum cdr_result cdr_container_create(struct cdr_container **container, const char *schema_text,
                                     unsigned version, enum cdr_compression compression,
                                     const char *dataset_id, struct cdr_error *error)
{
    uint8_t sync[CDR_CONTAINER_SYNC_BYTES] = {0};
    enum cdr_result result = sync_of(sync, dataset_id, error);
    if (result != CDR_OK)
        return result;
    size_t room = strlen(schema_text) + 256; /* magic, counts, lengths, keys, codec, marker */
    struct cdr_container *made = malloc(sizeof *made + room);
    if (made == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for a schema of %zu bytes",
                        strlen(schema_text));
    memcpy(made->sync, sync, sizeof sync);
    uint8_t *out = made->header;
    size_t n = sizeof magic;
    memcpy(out, magic, n);
    n += put_long(out + n, version == 0 ? 2 : 3); /* one run of entries, then none */
    n += put_text(out + n, "avro.schema");
    n += put_text(out + n, schema_text);
    n += put_text(out + n, "avro.codec");
    n += put_text(out + n, codec_name[compression]);
    if (version > 0) {
        char number[16];
        snprintf(number, sizeof number, "%u", version + 1);
        n += put_text(out + n, "cdrgen.schema_version");
        n += put_text(out + n, number);
    }
    n += put_long(out + n, 0);
    memcpy(out + n, sync, sizeof sync);
    n += sizeof sync;
    assert(n <= room);
    made->header_len = n;
    *container = made;
    return CDR_OK;
}

void cdr_container_destroy(struct cdr_container *container)
{
    free(container);
}

size_t cdr_container_block_head(uint8_t head[CDR_CONTAINER_BLOCK_HEAD_MAX], uint64_t records,
                                uint64_t size)
{
    size_t n = put_long(head, records);
    return n + put_long(head + n, size);
}
