#include "encode/dimension.h"

#include "base/bytes.h"
#include "base/digits.h"
#include "schema/varint.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const cdr_dimension_name[CDR_DIMENSION_TOPICS_MAX] = {"subscriber", "cell", "truth"};

enum { FRAME_LEN = 5, TRAILER_LEN = 1, MICRO = 1000000, IMEI_BELOW_TAC = 10000000 };

/* Of JSON, the longest format: the names and their quotes, then of each field the longest value. */
enum { ROW_BYTES_MAX = 160 + 4 * 15 + 8 + 3 * 10 + 14 + 2 * 12 };

static_assert(FRAME_LEN + ROW_BYTES_MAX + TRAILER_LEN <= CDR_DIMENSION_RECORD_MAX, "room");

/* --- rows --- */

struct subscriber_row {
    struct cdr_profile profile; /* of a customer that is there */
    uint32_t activity_milli;    /* traffic as a multiple of the mean subscriber's, in 1/1000 */
    int64_t valid_from_ms;      /* midnight, local time, of the day that the row is of */
};

struct cell_row {
    uint32_t cell_id;
    uint32_t rat;                 /* CDR_RAT_* */
    int32_t lat_micro, lon_micro; /* degrees × 10^6, rounded */
};

/* Of a subscriber that is there on that local day. */
static void make_subscriber_row(const struct cdr_model *model, uint32_t subscriber, int32_t day,
                                struct subscriber_row *row)
{
    const uint32_t activity = cdr_activity_class(&model->traits, subscriber);
    *row = (struct subscriber_row){
        .profile = cdr_profile_on(model, subscriber, (uint32_t)day),
        .activity_milli = (uint32_t)(model->traits.activity[activity] * 1000 + 0.5),
        .valid_from_ms = cdr_calendar_day_start_ms(&model->calendar, day),
    };
}

static int32_t micro(double degrees)
{
    double scaled = degrees * (double)MICRO;
    return (int32_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}

static void make_cell_row(const struct cdr_model *model, uint32_t cell, struct cell_row *row)
{
    const struct cdr_cell *found = &model->cells.cells[cell];
    *row = (struct cell_row){
        .cell_id = CDR_CELL_ID_FIRST + cell,
        .rat = found->rat,
        .lat_micro = micro(found->lat),
        .lon_micro = micro(found->lon),
    };
}

static uint8_t *put_text(uint8_t *to, const char *text)
{
    size_t len = strlen(text);
    memcpy(to, text, len);
    return to + len;
}

/* With at least width digits. */
static uint8_t *put_number(uint8_t *to, uint64_t value, uint32_t width)
{
    char digits[16];
    cdr_digits16(digits, value);
    uint32_t len = 16 - cdr_leading_zeros16(digits);
    len = len < width ? width : len;
    memcpy(to, digits + 16 - len, len);
    return to + len;
}

uint32_t cdr_dimension_key(const struct cdr_model *model, uint32_t dimension, uint32_t index,
                           char key[16])
{
    memset(key, 0, 16);
    uint64_t value = CDR_CELL_ID_FIRST + (uint64_t)index;
    uint32_t width = 1;
    if (dimension == CDR_DIMENSION_SUBSCRIBER) {
        struct cdr_number msisdn = cdr_msisdn(&model->identities, index);
        value = msisdn.value;
        width = msisdn.len;
    }
    return (uint32_t)(put_number((uint8_t *)key, value, width) - (uint8_t *)key);
}

/* --- texts: CSV and JSON --- */

/* A field is what comes before its value, and the value; JSON's strings have quotes. */
struct writer {
    uint8_t *at;
    bool json, first;
};

static void put_name(struct writer *writer, const char *name)
{
    if (writer->json) {
        writer->at = put_text(writer->at, writer->first ? "{\"" : ",\"");
        writer->at = put_text(writer->at, name);
        writer->at = put_text(writer->at, "\":");
    } else if (!writer->first) {
        *writer->at++ = ';';
    }
    writer->first = false;
}

static void put_quote(struct writer *writer)
{
    if (writer->json)
        *writer->at++ = '"';
}

static void put_digits(struct writer *writer, const char *name, uint64_t value, uint32_t width)
{
    put_name(writer, name);
    put_quote(writer);
    writer->at = put_number(writer->at, value, width);
    put_quote(writer);
}

static void put_whole(struct writer *writer, const char *name, uint64_t value)
{
    put_name(writer, name);
    writer->at = put_number(writer->at, value, 1);
}

/* value × 10^−places, with so many places. */
static void put_decimal(struct writer *writer, const char *name, int64_t value, uint32_t places)
{
    uint64_t scale = 1, size = (uint64_t)(value < 0 ? -value : value);
    for (uint32_t i = 0; i < places; i++)
        scale *= 10;
    put_name(writer, name);
    if (value < 0)
        *writer->at++ = '-';
    writer->at = put_number(writer->at, size / scale, 1);
    *writer->at++ = '.';
    writer->at = put_number(writer->at, size % scale, places);
}

static uint8_t *subscriber_text(uint8_t *to, const struct subscriber_row *row, bool json)
{
    struct writer writer = {to, json, true};
    put_digits(&writer, "msisdn", row->profile.msisdn.value, row->profile.msisdn.len);
    put_digits(&writer, "imsi", row->profile.imsi.value, 15);
    put_digits(&writer, "mccmnc", cdr_mccmnc_value(row->profile.imsi.mccmnc),
               cdr_mccmnc_len(row->profile.imsi.mccmnc));
    put_digits(&writer, "imei", row->profile.imei, 15);
    put_digits(&writer, "tac", row->profile.imei / IMEI_BELOW_TAC, 8);
    put_whole(&writer, "home_cell_id", row->profile.home_cell_id);
    put_whole(&writer, "contacts", row->profile.contacts);
    put_decimal(&writer, "activity", row->activity_milli, 3);
    put_whole(&writer, "valid_from_ms", (uint64_t)row->valid_from_ms);
    return json ? put_text(writer.at, "}") : writer.at;
}

static uint8_t *cell_text(uint8_t *to, const struct cell_row *row, bool json)
{
    struct writer writer = {to, json, true};
    put_whole(&writer, "cell_id", row->cell_id);
    put_name(&writer, "rat");
    put_quote(&writer);
    writer.at = put_text(writer.at, cdr_rat_name[row->rat]);
    put_quote(&writer);
    put_decimal(&writer, "lat", row->lat_micro, 6);
    put_decimal(&writer, "lon", row->lon_micro, 6);
    return json ? put_text(writer.at, "}") : writer.at;
}

/* --- Avro --- */

static uint8_t *put_string(uint8_t *to, uint64_t value, uint32_t width)
{
    uint8_t digits[16];
    uint32_t len = (uint32_t)(put_number(digits, value, width) - digits);
    to = cdr_put_varint(to, len);
    memcpy(to, digits, len);
    return to + len;
}

/* IEEE 754, eight bytes, least significant first. */
static uint8_t *put_double(uint8_t *to, double value)
{
    uint64_t bits;
    static_assert(sizeof bits == sizeof value, "a double has 64 bits");
    memcpy(&bits, &value, sizeof bits);
    cdr_store_le64(to, bits);
    return to + sizeof bits;
}

static uint8_t *subscriber_datum(uint8_t *to, const struct subscriber_row *row)
{
    to = put_string(to, row->profile.msisdn.value, row->profile.msisdn.len);
    to = put_string(to, row->profile.imsi.value, 15);
    to = put_string(to, cdr_mccmnc_value(row->profile.imsi.mccmnc),
                    cdr_mccmnc_len(row->profile.imsi.mccmnc));
    to = put_string(to, row->profile.imei, 15);
    to = put_string(to, row->profile.imei / IMEI_BELOW_TAC, 8);
    to = cdr_put_varint(to, row->profile.home_cell_id);
    to = cdr_put_varint(to, row->profile.contacts);
    to = put_double(to, row->activity_milli / 1000.0);
    return cdr_put_varint(to, row->valid_from_ms);
}

static uint8_t *cell_datum(uint8_t *to, const struct cell_row *row)
{
    to = cdr_put_varint(to, row->cell_id);
    to = cdr_put_varint(to, row->rat);
    to = put_double(to, row->lat_micro / (double)MICRO);
    return put_double(to, row->lon_micro / (double)MICRO);
}

/* --- encoders --- */

enum format { FORMAT_CSV, FORMAT_JSON, FORMAT_AVRO };

/* Of rows, or of keys. */
struct encoder {
    struct cdr_encoder base;
    uint32_t dimension;
    uint8_t frame[FRAME_LEN];
};

static void destroy(struct cdr_encoder *encoder)
{
    free(encoder);
}

static const struct cdr_encoder_ops format_ops[] = {
    [FORMAT_CSV] = {.name = "csv", .destroy = destroy},
    [FORMAT_JSON] = {.name = "json", .destroy = destroy},
    [FORMAT_AVRO] = {.name = "avro", .traits = CDR_AVRO_TRAITS, .destroy = destroy},
};

static enum cdr_result create(struct cdr_encoder **created, const struct encoder *like,
                              int32_t schema_id, struct cdr_error *error)
{
    struct encoder *encoder = malloc(sizeof *encoder);
    if (encoder == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for the encoder of dimension rows");
    *encoder = *like;
    uint32_t id = cdr_be32((uint32_t)schema_id);
    memcpy(encoder->frame + 1, &id, sizeof id);
    *created = &encoder->base;
    return CDR_OK;
}

enum cdr_result cdr_dimension_encoder_create(struct cdr_encoder **created, uint32_t dimension,
                                             const char *format, bool framed, int32_t schema_id,
                                             struct cdr_error *error)
{
    assert(dimension < CDR_DIMENSION_TOPICS_MAX);
    enum format number = FORMAT_CSV;
    while (number <= FORMAT_AVRO && strcmp(format_ops[number].name, format) != 0)
        number++;
    if (number > FORMAT_AVRO)
        return cdr_fail(error, CDR_E_CONFIG, "format: dimension rows cannot be written as %.50s",
                        format);
    const struct encoder like = {
        .base = {.ops = &format_ops[number],
                 .frame_len = framed && number == FORMAT_AVRO ? FRAME_LEN : 0,
                 .trailer_len = TRAILER_LEN,
                 .record_bytes_max = dimension == CDR_DIMENSION_TRUTH ? CDR_DIMENSION_BYTES_MAX
                                                                      : CDR_DIMENSION_RECORD_MAX},
        .dimension = dimension,
    };
    return create(created, &like, schema_id, error);
}

static uint8_t *put_frame(const struct cdr_encoder *encoder, uint8_t *to)
{
    memcpy(to, ((const struct encoder *)encoder)->frame, encoder->frame_len);
    return to + encoder->frame_len;
}

static size_t end_record(uint8_t *at, const uint8_t *bytes)
{
    *at++ = '\n';
    return (size_t)(at - bytes);
}

size_t cdr_dimension_encode(const struct cdr_encoder *encoder, const struct cdr_model *model,
                            uint32_t index, int32_t day, uint8_t *bytes)
{
    uint8_t *at = put_frame(encoder, bytes);
    const bool json = encoder->ops == &format_ops[FORMAT_JSON],
               avro = encoder->ops == &format_ops[FORMAT_AVRO];
    if (((const struct encoder *)encoder)->dimension == CDR_DIMENSION_SUBSCRIBER) {
        struct subscriber_row row;
        make_subscriber_row(model, index, day, &row);
        at = avro ? subscriber_datum(at, &row) : subscriber_text(at, &row, json);
    } else {
        struct cell_row row;
        make_cell_row(model, index, &row);
        at = avro ? cell_datum(at, &row) : cell_text(at, &row, json);
    }
    size_t len = end_record(at, bytes);
    assert(len <= encoder->record_bytes_max);
    return len;
}

size_t cdr_dimension_wrap(const struct cdr_encoder *encoder, const uint8_t *payload, size_t len,
                          uint8_t *bytes)
{
    uint8_t *at = put_frame(encoder, bytes);
    assert(encoder->frame_len + len + encoder->trailer_len <= encoder->record_bytes_max);
    memcpy(at, payload, len);
    return end_record(at + len, bytes);
}

size_t cdr_dimension_encode_tombstone(const struct cdr_encoder *encoder, uint8_t *bytes)
{
    return end_record(put_frame(encoder, bytes), bytes);
}

static enum cdr_result create_key(struct cdr_encoder **key, int32_t schema_id,
                                  struct cdr_error *error)
{
    const struct encoder like = {.base = {.ops = &format_ops[FORMAT_AVRO],
                                          .frame_len = FRAME_LEN,
                                          .record_bytes_max = CDR_DIMENSION_WIRE_KEY_MAX}};
    return create(key, &like, schema_id, error);
}

uint32_t cdr_dimension_wire_key(const struct cdr_encoder *encoder, const char *key,
                                uint32_t key_len, uint8_t bytes[CDR_DIMENSION_WIRE_KEY_MAX])
{
    uint8_t *at = put_frame(encoder, bytes);
    *at++ = (uint8_t)(2 * key_len); /* a length below 64 is an int of one byte */
    memcpy(at, key, key_len);
    return FRAME_LEN + 1 + key_len;
}

/* --- topics --- */

enum cdr_result cdr_dimension_topics(struct cdr_topics *topics, const char *prefix,
                                     const char *truth, bool avro_keys, struct cdr_error *error)
{
    const uint32_t first = prefix != NULL ? CDR_DIMENSION_SUBSCRIBER : CDR_DIMENSION_TRUTH;
    const uint32_t end = truth != NULL ? CDR_DIMENSION_TOPICS_MAX : CDR_DIMENSION_COUNT;
    enum cdr_result result = cdr_topics_create(topics, end - first, error);
    for (uint32_t d = first; result == CDR_OK && d < end; d++) {
        struct cdr_topic *topic = &topics->items[d - first];
        topic->table = true;
        topic->rows = d;
        topic->compacted = d != CDR_DIMENSION_TRUTH;
        topic->label = cdr_dimension_name[d];
        if (d == CDR_DIMENSION_TRUTH)
            snprintf(topic->name, sizeof topic->name, "%s", truth);
        else
            snprintf(topic->name, sizeof topic->name, "%s%s", prefix, topic->label);
        topic->builtin_schema = cdr_dimension_schema(d);
        if (avro_keys && (topic->key_layout.schema = strdup(cdr_key_schema_default)) == NULL)
            result = cdr_fail(error, CDR_E_NOMEM, "out of memory");
    }
    return result;
}

enum cdr_result cdr_dimension_topics_encode(struct cdr_topics *topics, const char *format,
                                            struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    for (uint32_t i = 0; result == CDR_OK && i < topics->n; i++) {
        struct cdr_topic *topic = &topics->items[i];
        result = cdr_dimension_encoder_create(&topic->encoder, topic->rows, format, true,
                                              topic->schema_ids[0], error);
        if (result != CDR_OK || topic->key_layout.schema == NULL)
            continue;
        result = create_key(&topic->key, topic->key_schema_id, error);
        topic->envelope.key = topic->key;
        topic->envelope.key_bytes_max = CDR_DIMENSION_WIRE_KEY_MAX;
    }
    return result;
}
