/* Encoders: a block of records becomes bytes, one payload a record.
 *
 * An encoder is immutable once created and serves any number of threads. Encoding cannot fail and
 * never allocates: the caller provides n × record_bytes_max bytes. A record in the buffer is
 *     frame_len bytes   Confluent wire format's magic byte and schema id (Avro for Kafka), or none
 *     payload           what the digest covers
 *     trailer_len bytes a newline that files keep and Kafka does not get (CSV, JSON), else none
 * so that a whole buffer can be written to a file as it is, and each record handed to Kafka in
 * place. docs/data-format.md is the contract of the bytes.
 *
 * What a block may hold: timestamps 10^11 … 10^13 − 1 ms (1973 … 2286), durations below 10^8 s,
 * cells and networks of as many digits as record.h says, volumes below 10^16 bytes, enumerations
 * within their range. Anything else is a programmer's error: it is asserted in debug builds.
 *
 * A new encoder is one file that defines its ops, and its name in CDR_FORMATS.
 */
#ifndef CDR_ENCODE_ENCODER_H
#define CDR_ENCODE_ENCODER_H

#include "base/result.h"
#include "model/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cdr_encoder_settings {
    uint32_t type;       /* CDR_TYPE_* */
    const char *tz_name; /* the tz_name field; copied */
    bool framed;         /* Avro: put the wire format's frame before each datum */
    int32_t schema_id;   /* of the frame */
    /* An Avro schema's JSON text: its fields are the record's in all formats. NULL = Avro: the
     * built-in one of the type; CSV and JSON: all fields, as docs/data-format.md has them, or where
     * the type has no loop (cdr_type_has_loop) those of the built-in one. */
    const char *schema_text;
    const char *schema_name; /* of schema_text for messages, such as its file; NULL: of no name */
    /* What the fields of schema_text are filled from, JSON as docs/schemas.md has it, or
     * NULL: by their names alone. */
    const char *mapping_text;
    /* Avro: schema_text, which must be given, is that of message keys. It need be no record: the
     * key is then the owner's MSISDN alone. Of a record, a field msisdn is the owner's; the
     * mapping's rules are those of "key". */
    bool key;
};

struct cdr_encoder_ops;

/* First member of every encoder. */
struct cdr_encoder {
    const struct cdr_encoder_ops *ops;
    size_t record_bytes_max; /* frame + payload + trailer of any record */
    uint32_t frame_len;
    uint32_t trailer_len;
    unsigned details; /* that it reads of blocks, of enum cdr_detail (model/details.h) */
};

/* What a format is, for code that treats formats differently without knowing which there are. */
enum cdr_format_trait {
    CDR_FORMAT_FRAMED = 1u << 0,    /* messages begin with the id of their schema */
    CDR_FORMAT_CONTAINER = 1u << 1, /* files are Avro object containers, which hold the schema */
    CDR_FORMAT_BINARY = 1u << 2,    /* a person reads records as JSON instead */
};

#define CDR_AVRO_TRAITS (CDR_FORMAT_FRAMED | CDR_FORMAT_CONTAINER | CDR_FORMAT_BINARY)

struct cdr_encoder_ops {
    const char *name; /* value of --format */
    const char *description;
    unsigned traits;            /* of enum cdr_format_trait */
    const char *file_extension; /* "csv" */
    enum cdr_result (*create)(struct cdr_encoder **encoder,
                              const struct cdr_encoder_settings *settings, struct cdr_error *error);
    /* Encodes all block->n records one after the other from bytes on; ends[i] is the offset one
     * past record i's trailer. Returns ends[n − 1], 0 for an empty block. May write (not keep) up
     * to 32 bytes after the end within n × record_bytes_max. */
    size_t (*encode)(const struct cdr_encoder *encoder, const struct cdr_block *block,
                     uint8_t *bytes, uint32_t *ends);
    /* Text that a file of this format starts with (the CSV header line with its newline), or "". */
    const char *(*file_header)(const struct cdr_encoder *encoder);
    void (*destroy)(struct cdr_encoder *encoder);
};

/* The formats that exist, X(NAME) for --format NAME. */
#define CDR_FORMATS(X)                                                                             \
    X(csv)                                                                                         \
    X(avro)                                                                                        \
    X(json)

/* NULL where there is no encoder of that name. */
const struct cdr_encoder_ops *cdr_encoder_find(const char *name);
/* Whether there is a format of that name and it has the trait. */
bool cdr_format_is(const char *name, enum cdr_format_trait trait);
/* The table, ended by NULL. */
extern const struct cdr_encoder_ops *const cdr_encoders[];

/* Whether the formats have a loop of their own for the type's records. Of others, the built-in
 * schema is compiled as a user's is; their CSV has the schema's fields, not all that there are. */
static inline bool cdr_type_has_loop(uint32_t type)
{
    return type == CDR_TYPE_CALL || type == CDR_TYPE_SMS || type == CDR_TYPE_DATA;
}

/* The built-in Avro schema text of a type, as in schemas/. */
const char *cdr_builtin_schema(uint32_t type);

static inline void cdr_encoder_destroy(struct cdr_encoder *encoder)
{
    if (encoder != NULL)
        encoder->ops->destroy(encoder);
}

#endif
