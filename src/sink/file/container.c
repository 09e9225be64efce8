#include "sink/file/container.h"

#include "schema/varint.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char magic[4] = {'O', 'b', 'j', 1};
static const char *const codec_name[CDR_COMPRESSION_COUNT] = {"null", "deflate", "zstandard"};

/* Avro's string and bytes. */
static uint8_t *put_text(uint8_t *out, const char *text)
{
    size_t length = strlen(text);
    out = cdr_put_varint(out, (int64_t)length);
    memcpy(out, text, length);
    return out + length;
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
    memcpy(out, magic, sizeof magic);
    out = cdr_put_varint(out + sizeof magic, version == 0 ? 2 : 3); /* one run of entries */
    out = put_text(out, "avro.schema");
    out = put_text(out, schema_text);
    out = put_text(out, "avro.codec");
    out = put_text(out, codec_name[compression]);
    if (version > 0) {
        char number[16];
        snprintf(number, sizeof number, "%u", version + 1);
        out = put_text(out, "cdrgen.schema_version");
        out = put_text(out, number);
    }
    out = cdr_put_varint(out, 0); /* no more of them */
    memcpy(out, sync, sizeof sync);
    made->header_len = (size_t)(out - made->header) + sizeof sync;
    assert(made->header_len <= room);
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
    assert(records <= INT64_MAX && size <= INT64_MAX);
    uint8_t *end = cdr_put_varint(cdr_put_varint(head, (int64_t)records), (int64_t)size);
    return (size_t)(end - head);
}
