/* CSV: the 22 fields separated by semicolons, one line a record, one format for all types. */
#include "encode/csv.h"
#include "encode/program.h"
#include "encode/put.h"

#include <stdlib.h>

static const char csv_header[] = "event_type;msisdn_src;msisdn_dst;direction;start_ts_ms;end_ts_ms;"
                                 "tz_name;tz_offset_min;duration_sec;"
                                 "mccmnc;imsi;imei;cell_id;record_type;cause_for_record_closing;"
                                 "sms_segments;sms_status;data_bytes_in;"
                                 "data_bytes_out;data_duration_sec;apn;rat\n";

/* The longest line but for the zone's name: of every type's fields the longest, with the separators
 * after them. */
enum {
    CSV_RECORD_MAX = 5 + 2 * 16 + 3 +      /* event_type, MSISDNs, direction */
                     2 * 14 + 1 + 12 + 9 + /* timestamps, tz_name, tz_offset_min, duration_sec */
                     7 + 2 * 16 + 6 +      /* mccmnc, imsi, imei, cell_id */
                     23 + 16 + 4 + 10 +    /* record_type, cause, sms_segments, sms_status */
                     2 * 17 + 9 + 9 + 6,   /* volumes, data_duration_sec, apn, rat */
};

void cdr_csv_zone(const struct cdr_csv_encoder *encoder, int32_t offset_min,
                  struct cdr_zone_text *zone)
{
    memcpy(zone->bytes, encoder->zone_name, sizeof encoder->zone_name);
    zone->len = cdr_text_append_int(zone->bytes, encoder->zone_name_len, offset_min);
    zone->len = cdr_text_append(zone->bytes, zone->len, ";");
    zone->offset_min = offset_min;
}

static void piece_append(struct cdr_piece *piece, const char *text)
{
    piece->len = cdr_text_append(piece->bytes, piece->len, text);
}

/* The end of a line and the beginning of the next. */
static void piece_end_line(const struct cdr_csv_encoder *encoder, struct cdr_piece *piece,
                           const char *text)
{
    piece_append(piece, text);
    piece_append(piece, "\n");
    piece_append(piece, cdr_type_name[encoder->type]);
    piece_append(piece, ";");
}

static void prepare_closings(struct cdr_csv_encoder *encoder)
{
    for (unsigned type = 0; type < CDR_RECORD_TYPE_COUNT; type++)
        for (unsigned cause = 0; cause < CDR_CAUSE_COUNT; cause++) {
            struct cdr_piece *piece = &encoder->closing[type][cause];
            piece_append(piece, ";");
            piece_append(piece, cdr_record_type_name[type]);
            piece_append(piece, ";");
            piece_append(piece, cdr_cause_name[cause]);
            if (encoder->type == CDR_TYPE_CALL)
                piece_end_line(encoder, piece, ";;;;;;;");
            else
                piece_append(piece, encoder->type == CDR_TYPE_SMS ? ";" : ";;;");
        }
}

static void prepare_own_fields(struct cdr_csv_encoder *encoder)
{
    for (unsigned i = 0; i < 256; i++)
        encoder->segments[i].len = cdr_text_append_int(encoder->segments[i].bytes, 0, (int32_t)i);
    for (unsigned i = 0; i < CDR_SMS_STATUS_COUNT; i++) {
        piece_append(&encoder->status[i], ";");
        piece_append(&encoder->status[i], cdr_sms_status_name[i]);
        piece_end_line(encoder, &encoder->status[i], ";;;;;");
    }
    for (unsigned apn = 0; apn < CDR_APN_COUNT; apn++)
        for (unsigned rat = 0; rat < CDR_RAT_COUNT; rat++) {
            struct cdr_piece *piece = &encoder->access[apn][rat];
            piece_append(piece, ";");
            piece_append(piece, cdr_apn_name[apn]);
            piece_append(piece, ";");
            piece_end_line(encoder, piece, cdr_rat_name[rat]);
        }
}

static enum cdr_result csv_create(struct cdr_encoder **created,
                                  const struct cdr_encoder_settings *settings,
                                  struct cdr_error *error)
{
    assert(settings->type < CDR_TYPE_COUNT);
    enum cdr_result result = cdr_zone_name_check(settings->tz_name, error);
    if (result != CDR_OK)
        return result;
    if (settings->schema_text != NULL || !cdr_type_has_loop(settings->type))
        return cdr_program_create_csv(created, settings, error);
    struct cdr_csv_encoder *encoder = calloc(1, sizeof *encoder);
    if (encoder == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for the CSV encoder (%zu bytes)",
                        sizeof *encoder);

    encoder->type = settings->type;
    encoder->begin_len = cdr_text_append(encoder->begin, 0, cdr_type_name[settings->type]);
    encoder->begin_len = cdr_text_append(encoder->begin, encoder->begin_len, ";");
    for (unsigned i = 0; i < 2; i++) {
        piece_append(&encoder->direction[i], settings->type == CDR_TYPE_DATA ? ";;" : ";");
        piece_append(&encoder->direction[i], cdr_direction_name[i]);
        piece_append(&encoder->direction[i], ";");
    }
    encoder->zone_name_len = cdr_text_append(encoder->zone_name, 0, ";");
    encoder->zone_name_len =
        cdr_text_append(encoder->zone_name, encoder->zone_name_len, settings->tz_name);
    encoder->zone_name_len = cdr_text_append(encoder->zone_name, encoder->zone_name_len, ";");
    prepare_closings(encoder);
    prepare_own_fields(encoder);

    encoder->base.ops = &cdr_csv_ops[cdr_level_best()];
    encoder->base.record_bytes_max = CSV_RECORD_MAX + encoder->zone_name_len + CDR_PUT_SLACK;
    encoder->base.trailer_len = 1;
    *created = &encoder->base;
    return CDR_OK;
}

static const char *csv_file_header(const struct cdr_encoder *encoder)
{
    (void)encoder;
    return csv_header;
}

static void csv_destroy(struct cdr_encoder *encoder)
{
    free(encoder);
}

#define CSV_OPS(loop)                                                                              \
    {                                                                                              \
        .name = "csv",                                                                             \
        .description = "22 fields separated by ;, one line a record, the same for all types",      \
        .file_extension = "csv", .create = csv_create, .encode = loop,                             \
        .file_header = csv_file_header, .destroy = csv_destroy,                                    \
    }

const struct cdr_encoder_ops cdr_csv_ops[CDR_LEVEL_COUNT] = {
    [CDR_LEVEL_BASE] = CSV_OPS(cdr_csv_encode_base),
    [CDR_LEVEL_V3] = CSV_OPS(CDR_LOOP_V3(cdr_csv_encode)),
    [CDR_LEVEL_V4] = CSV_OPS(CDR_LOOP_V4(cdr_csv_encode)),
};
