/* JSON: one object a line with the CSV's field names, for people and demos; what does not apply is
 * absent.
 *
 * Names of zones and symbols hold nothing that JSON would escape (text.c checks the one a user can
 * set).
 */
#include "encode/json.h"
#include "encode/program.h"
#include "encode/put.h"

#include <stdlib.h>

/* Everything but the zone's name, at its longest; the text of keys and constants is that of a whole
 * DATA record, whose keys are the most, with its longest symbols. */
#define JSON_LONGEST                                                                               \
    "{\"event_type\":\"DATA\",\"msisdn_src\":\"123456789012345\",\"msisdn_dst\":"                  \
    "\"123456789012345\","                                                                         \
    "\"direction\":\"MO\",\"start_ts_ms\":1234567890123,\"end_ts_ms\":1234567890123,\"tz_name\":"  \
    "\"\","                                                                                        \
    "\"tz_offset_min\":-2147483648,\"duration_sec\":12345678,\"mccmnc\":\"123456\","               \
    "\"imsi\":\"123456789012345\",\"imei\":\"123456789012345\",\"cell_id\":12345,"                 \
    "\"record_type\":\"chargingFunctionRecord\","                                                  \
    "\"cause_for_record_closing\":\"deliverySuccess\","                                            \
    "\"data_bytes_in\":1234567890123456,\"data_bytes_out\":1234567890123456,\"data_duration_"      \
    "sec\":12345678,"                                                                              \
    "\"apn\":\"internet\",\"rat\":\"WCDMA\"}\n"
enum { JSON_RECORD_MAX = sizeof JSON_LONGEST - 1 };

void cdr_json_zone(const struct cdr_json_encoder *encoder, int32_t offset_min,
                   struct cdr_zone_text *zone)
{
    memcpy(zone->bytes, encoder->zone_name, sizeof encoder->zone_name);
    zone->len = cdr_text_append_int(zone->bytes, encoder->zone_name_len, offset_min);
    zone->len = cdr_text_append(zone->bytes, zone->len, ",\"duration_sec\":");
    zone->offset_min = offset_min;
}

static void piece_append(struct cdr_piece *piece, const char *text)
{
    piece->len = cdr_text_append(piece->bytes, piece->len, text);
}

static void prepare_closings(struct cdr_json_encoder *encoder)
{
    static const char *const next[CDR_TYPE_COUNT] = {[CDR_TYPE_CALL] = "}\n",
                                                     [CDR_TYPE_SMS] = ",\"sms_segments\":",
                                                     [CDR_TYPE_DATA] = ",\"data_bytes_in\":"};
    for (unsigned type = 0; type < CDR_RECORD_TYPE_COUNT; type++)
        for (unsigned cause = 0; cause < CDR_CAUSE_COUNT; cause++) {
            const char *texts[] = {",\"record_type\":\"",
                                   cdr_record_type_name[type],
                                   "\",\"cause_for_record_closing\":\"",
                                   cdr_cause_name[cause],
                                   "\"",
                                   next[encoder->type]};
            struct cdr_long_piece *piece = &encoder->closing[type][cause];
            for (unsigned i = 0; i < sizeof texts / sizeof texts[0]; i++)
                piece->len = cdr_text_append(piece->bytes, piece->len, texts[i]);
        }
}

static void prepare_own_fields(struct cdr_json_encoder *encoder)
{
    for (unsigned i = 0; i < 256; i++)
        encoder->segments[i].len = cdr_text_append_int(encoder->segments[i].bytes, 0, (int32_t)i);
    for (unsigned i = 0; i < CDR_SMS_STATUS_COUNT; i++) {
        piece_append(&encoder->status[i], ",\"sms_status\":\"");
        piece_append(&encoder->status[i], cdr_sms_status_name[i]);
        piece_append(&encoder->status[i], "\"}\n");
    }
    for (unsigned apn = 0; apn < CDR_APN_COUNT; apn++)
        for (unsigned rat = 0; rat < CDR_RAT_COUNT; rat++) {
            struct cdr_piece *piece = &encoder->access[apn][rat];
            piece_append(piece, ",\"apn\":\"");
            piece_append(piece, cdr_apn_name[apn]);
            piece_append(piece, "\",\"rat\":\"");
            piece_append(piece, cdr_rat_name[rat]);
            piece_append(piece, "\"}\n");
        }
}

static void prepare_common_fields(struct cdr_json_encoder *encoder, const char *tz_name)
{
    piece_append(&encoder->begin, "{\"event_type\":\"");
    piece_append(&encoder->begin, cdr_type_name[encoder->type]);
    piece_append(&encoder->begin, "\",\"msisdn_src\":\"");
    for (unsigned i = 0; i < 2; i++) {
        piece_append(&encoder->direction[i], "\",\"direction\":\"");
        piece_append(&encoder->direction[i], cdr_direction_name[i]);
        piece_append(&encoder->direction[i], "\",\"start_ts_ms\":");
    }
    uint32_t len = cdr_text_append(encoder->zone_name, 0, ",\"tz_name\":\"");
    len = cdr_text_append(encoder->zone_name, len, tz_name);
    encoder->zone_name_len = cdr_text_append(encoder->zone_name, len, "\",\"tz_offset_min\":");
}

static enum cdr_result json_create(struct cdr_encoder **created,
                                   const struct cdr_encoder_settings *settings,
                                   struct cdr_error *error)
{
    assert(settings->type < CDR_TYPE_COUNT);
    enum cdr_result result = cdr_zone_name_check(settings->tz_name, error);
    if (result != CDR_OK)
        return result;
    if (settings->schema_text != NULL || !cdr_type_has_loop(settings->type))
        return cdr_program_create_json(created, settings, error);
    struct cdr_json_encoder *encoder = calloc(1, sizeof *encoder);
    if (encoder == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for the JSON encoder (%zu bytes)",
                        sizeof *encoder);

    encoder->type = settings->type;
    prepare_common_fields(encoder, settings->tz_name);
    prepare_closings(encoder);
    prepare_own_fields(encoder);

    encoder->base.ops = &cdr_json_ops[cdr_level_best()];
    encoder->base.record_bytes_max = JSON_RECORD_MAX + strlen(settings->tz_name) + CDR_PUT_SLACK;
    encoder->base.trailer_len = 1;
    *created = &encoder->base;
    return CDR_OK;
}

static const char *json_file_header(const struct cdr_encoder *encoder)
{
    (void)encoder;
    return "";
}

static void json_destroy(struct cdr_encoder *encoder)
{
    free(encoder);
}

#define JSON_OPS(loop)                                                                             \
    {                                                                                              \
        .name = "json", .description = "one JSON object a line, for people and demos",             \
        .file_extension = "json", .create = json_create, .encode = loop,                           \
        .file_header = json_file_header, .destroy = json_destroy,                                  \
    }

const struct cdr_encoder_ops cdr_json_ops[CDR_LEVEL_COUNT] = {
    [CDR_LEVEL_BASE] = JSON_OPS(cdr_json_encode_base),
    [CDR_LEVEL_V3] = JSON_OPS(CDR_LOOP_V3(cdr_json_encode)),
    [CDR_LEVEL_V4] = JSON_OPS(CDR_LOOP_V4(cdr_json_encode)),
};
