/* Avro: binary data of the built-in schemas, with the wire format's frame for Kafka and without for
 * files. Users' own schemas are program.c's.
 *
 * The loop writes the fields in the order of schemas/; tests/unit/test_avro_oracle.c holds it to
 * them.
 */
#include "encode/avro.h"

#include "base/bytes.h"
#include "encode/program.h"
#include "encode/put.h"
#include "schema/varint.h"

#include <stdlib.h>

/* The longest record but for tz_name: of every type's fields the longest. */
enum {
    AVRO_RECORD_MAX = 5 + 1 + 2 * 16 + 1 + /* frame, event_type, MSISDNs, direction */
                      2 * 7 + 5 + 4 + 7 +  /* timestamps, tz_offset_min, duration_sec, mccmnc */
                      2 * 16 + 4 + 1 + 1 + /* imsi, imei, cell_id, record_type, cause */
                      3 + 2 +              /* sms_segments, sms_status */
                      2 * 9 + 5 + 2 + 2,   /* volumes, data_duration_sec, apn, rat */
};

/* A zone's name has fewer than 64 bytes: its length is an int of one byte. */
static_assert(CDR_ZONE_NAME_MAX < 64, "the length of tz_name is one byte");

void cdr_avro_zone(const struct cdr_avro_encoder *encoder, int32_t offset_min,
                   struct cdr_zone_text *zone)
{
    uint64_t offset = cdr_varint64(cdr_zigzag(offset_min));
    memcpy(zone->bytes, encoder->zone_name, sizeof encoder->zone_name);
    zone->len =
        (uint32_t)(cdr_put_varint64(zone->bytes + encoder->zone_name_len, offset) - zone->bytes);
    zone->offset_min = offset_min;
}

/* Also the built-in schema is compiled where a mapping says what its fields are filled from. */
static bool is_custom(const struct cdr_encoder_settings *settings)
{
    return settings->schema_text != NULL &&
           (settings->mapping_text != NULL ||
            strcmp(settings->schema_text, cdr_builtin_schema(settings->type)) != 0);
}

/* Compiles the user's schema. Where its records are the bytes of the built-in one's, whatever its
 * names, *created stays NULL: the built-in loop is twice as fast as any program. */
static enum cdr_result create_custom(struct cdr_encoder **created,
                                     const struct cdr_encoder_settings *settings,
                                     struct cdr_error *error)
{
    struct cdr_encoder_settings builtin = *settings;
    struct cdr_encoder *own = NULL, *usual = NULL;
    builtin.schema_text = cdr_builtin_schema(settings->type);
    builtin.mapping_text = NULL;
    enum cdr_result result = cdr_program_create(&own, settings, error);
    if (result == CDR_OK)
        result = cdr_program_create(&usual, &builtin, error);
    if (result != CDR_OK || cdr_program_same(own, usual))
        cdr_encoder_destroy(own);
    else
        *created = own;
    cdr_encoder_destroy(usual);
    return result;
}

static enum cdr_result avro_create(struct cdr_encoder **created,
                                   const struct cdr_encoder_settings *settings,
                                   struct cdr_error *error)
{
    assert(settings->type < CDR_TYPE_COUNT);
    enum cdr_result result = cdr_zone_name_check(settings->tz_name, error);
    if (result != CDR_OK)
        return result;
    if (settings->key || !cdr_type_has_loop(settings->type))
        return cdr_program_create(created, settings, error);
    struct cdr_encoder *custom = NULL;
    if (is_custom(settings))
        result = create_custom(&custom, settings, error);
    if (result != CDR_OK)
        return result;
    if (custom != NULL) {
        *created = custom;
        return CDR_OK;
    }
    struct cdr_avro_encoder *encoder = calloc(1, sizeof *encoder);
    if (encoder == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for the Avro encoder (%zu bytes)",
                        sizeof *encoder);

    encoder->type = settings->type;
    if (settings->framed) {
        encoder->begin[0] = 0;
        cdr_store_be32(encoder->begin + 1, (uint32_t)settings->schema_id);
        encoder->begin_len = 5;
    }
    encoder->base.frame_len = encoder->begin_len;
    encoder->begin[encoder->begin_len++] = (uint8_t)(settings->type << 1);
    encoder->zone_name[0] = (uint8_t)(strlen(settings->tz_name) << 1);
    encoder->zone_name_len = cdr_text_append(encoder->zone_name, 1, settings->tz_name);

    encoder->base.ops = &cdr_avro_ops[cdr_level_best()];
    encoder->base.record_bytes_max = AVRO_RECORD_MAX + encoder->zone_name_len + CDR_PUT_SLACK;
    *created = &encoder->base;
    return CDR_OK;
}

static const char *avro_file_header(const struct cdr_encoder *encoder)
{
    (void)encoder;
    return ""; /* object container files are the file sink's: their header needs more than the
                  format */
}

static void avro_destroy(struct cdr_encoder *encoder)
{
    free(encoder);
}

#define AVRO_OPS(loop)                                                                             \
    {                                                                                              \
        .name = "avro", .traits = CDR_AVRO_TRAITS,                                                 \
        .description = "Avro binary by schemas/, in Confluent's wire format on Kafka",             \
        .file_extension = "avro", .create = avro_create, .encode = loop,                           \
        .file_header = avro_file_header, .destroy = avro_destroy,                                  \
    }

const struct cdr_encoder_ops cdr_avro_ops[CDR_LEVEL_COUNT] = {
    [CDR_LEVEL_BASE] = AVRO_OPS(cdr_avro_encode_base),
    [CDR_LEVEL_V3] = AVRO_OPS(CDR_LOOP_V3(cdr_avro_encode)),
    [CDR_LEVEL_V4] = AVRO_OPS(CDR_LOOP_V4(cdr_avro_encode)),
};
