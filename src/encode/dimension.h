/* Dimension tables: the rows of subscribers and cells that a stream of records is joined with, and
 * their bytes as values of messages.
 *
 * A row is a function of the model, of the subscriber or cell that it is about, and of a local day.
 * It has a key, as text: the MSISDN's digits, the digits of cell_id. Formats and names are those of
 * the records: CSV (fields separated by ;, no header), JSON (one object), Avro (the schemas in
 * schemas/, with the wire format's frame where asked for). docs/dimensions.md is the contract.
 *
 * Beside them is the truth about faults (--truth-topic): a topic of rows that a run writes like
 * those of the tables, a day at a time, but keeps all of. Its rows are made elsewhere
 * (fault/truth_row.h); here are its topic and the encoder that puts frames around them.
 *
 * An encoder is immutable, serves all threads, cannot fail and does not allocate.
 */
#ifndef CDR_ENCODE_DIMENSION_H
#define CDR_ENCODE_DIMENSION_H

#include "encode/topic.h"
#include "model/model.h"
#include "model/profile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What rows are of. The tables come first among the topics of rows, in this order, where there are
 * any; the truth comes last. */
enum {
    CDR_DIMENSION_SUBSCRIBER = 0,
    CDR_DIMENSION_CELL = 1,
    CDR_DIMENSION_COUNT = 2, /* of tables */
    CDR_DIMENSION_TRUTH = CDR_DIMENSION_COUNT,
    CDR_DIMENSION_TOPICS_MAX,
};

/* No row of a table is longer, and no row at all, frame and trailer included. */
enum { CDR_DIMENSION_RECORD_MAX = 320, CDR_DIMENSION_BYTES_MAX = 1100 };

/* "subscriber" "cell" "truth" */
extern const char *const cdr_dimension_name[CDR_DIMENSION_TOPICS_MAX];

/* The key of a row: 1 … 15 digits, left-aligned; returns their number. The other bytes are 0. */
uint32_t cdr_dimension_key(const struct cdr_model *model, uint32_t dimension, uint32_t index,
                           char key[16]);

/* Encoders of rows are encoders like those of records to all that have to do with sizes, frames and
 * trailers, but their ops have no encode: they do not encode blocks. The trailer is one newline in
 * each format, so that no record is empty, not even one of no row.
 * format: as in --format. framed, schema_id: as in struct cdr_encoder_settings. Errors:
 * CDR_E_CONFIG, CDR_E_NOMEM. */
enum cdr_result cdr_dimension_encoder_create(struct cdr_encoder **encoder, uint32_t dimension,
                                             const char *format, bool framed, int32_t schema_id,
                                             struct cdr_error *error);

/* Frame, payload and trailer of the row to bytes, which have room for record_bytes_max; returns
 * their length. */
size_t cdr_dimension_encode(const struct cdr_encoder *encoder, const struct cdr_model *model,
                            uint32_t index, int32_t day, uint8_t *bytes);
/* The same of a payload that was made elsewhere. */
size_t cdr_dimension_wrap(const struct cdr_encoder *encoder, const uint8_t *payload, size_t len,
                          uint8_t *bytes);
/* A tombstone, of no payload: frame and trailer. */
size_t cdr_dimension_encode_tombstone(const struct cdr_encoder *encoder, uint8_t *bytes);

/* Keys by Avro's schema "string", which messages have with --key-format avro: frame and datum. */
enum { CDR_DIMENSION_WIRE_KEY_MAX = 5 + 1 + 16 };
/* Of a text key to bytes; returns the length. */
uint32_t cdr_dimension_wire_key(const struct cdr_encoder *encoder, const char *key,
                                uint32_t key_len, uint8_t bytes[CDR_DIMENSION_WIRE_KEY_MAX]);

/* Topics of rows, with schemas: the tables under their names after the prefix (NULL: none), and the
 * truth under its own name (NULL: none). avro_keys: whose keys have a schema. Errors: CDR_E_NOMEM.
 * To be freed also after an error. */
enum cdr_result cdr_dimension_topics(struct cdr_topics *topics, const char *prefix,
                                     const char *truth, bool avro_keys, struct cdr_error *error);
/* Their encoders and envelopes, from their ids. Errors: CDR_E_CONFIG, CDR_E_NOMEM. */
enum cdr_result cdr_dimension_topics_encode(struct cdr_topics *topics, const char *format,
                                            struct cdr_error *error);

/* The Avro schema's text, as in schemas/. */
const char *cdr_dimension_schema(uint32_t dimension);

#endif
