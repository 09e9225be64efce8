#include "encode/program.h"

#include "base/bytes.h"
#include "base/hash.h"
#include "base/parse.h"
#include "encode/put.h"
#include "schema/compile.h"

#include <stdlib.h>

static void put_digits(uint8_t *to, uint32_t value, uint32_t count)
{
    for (; count > 0; value /= 10)
        to[--count] = (uint8_t)('0' + value % 10);
}

void cdr_program_clock(uint8_t *to, int64_t ms)
{
    const int64_t day_ms = 86400000;
    int64_t day = ms / day_ms - (ms % day_ms < 0);
    uint32_t time = (uint32_t)(ms - day * day_ms), month = 0, day_of_month = 0;
    int32_t year = 0;
    cdr_civil_from_days((int32_t)day, &year, &month, &day_of_month);
    memcpy(to, "0000-00-00T00:00:00.000Z", 24);
    put_digits(to, (uint32_t)year % 10000, 4);
    put_digits(to + 5, month, 2);
    put_digits(to + 8, day_of_month, 2);
    put_digits(to + 11, time / 3600000, 2);
    put_digits(to + 14, time / 60000 % 60, 2);
    put_digits(to + 17, time / 1000 % 60, 2);
    put_digits(to + 20, time % 1000, 3);
}

/* From the record's name, and from what differs between datasets of the same names. A record whose
 * times are wrong on purpose is the same one.
 */
void cdr_program_uuid(uint8_t bytes[16], const struct cdr_block *block, uint32_t i)
{
    uint64_t imsi = 0;
    for (uint32_t k = 1; k < 16; k++)
        imsi = imsi * 10 + (uint64_t)(block->imsi[i][k] - '0');
    uint64_t who = (uint64_t)block->origin[i] << 32 | block->slot[i];
    uint64_t what = (uint64_t)block->index[i] << 8 | (uint64_t)block->type << 1 | block->leg[i];
    int64_t start_ms = block->has_named_ms ? block->named_ms[i] : block->start_ms[i];
    uint64_t name = cdr_mix(cdr_mix(cdr_mix(who) + what) + (uint64_t)start_ms);
    uint64_t high = cdr_draw(name ^ imsi, CDR_PURPOSE(1));
    uint64_t low = cdr_draw(cdr_mix(name) + who + imsi, CDR_PURPOSE(2)) + what;
    cdr_store_be32(bytes, (uint32_t)(high >> 32));
    cdr_store_be32(bytes + 4, (uint32_t)high);
    cdr_store_be32(bytes + 8, (uint32_t)(low >> 32));
    cdr_store_be32(bytes + 12, (uint32_t)low);
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x80); /* RFC 9562: version 8, variant 1 */
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
}

void cdr_program_uuid_text(uint8_t *to, const uint8_t bytes[16])
{
    static const char hex[] = "0123456789abcdef";
    for (uint32_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *to++ = '-';
        *to++ = (uint8_t)hex[bytes[i] >> 4];
        *to++ = (uint8_t)hex[bytes[i] & 15];
    }
}

uint32_t cdr_program_number(uint8_t *to, int64_t value)
{
    char digits[20];
    uint32_t count = 0, len = 0;
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[count++] = (char)('0' + magnitude % 10);
        magnitude /= 10;
    } while (magnitude != 0);
    if (value < 0)
        to[len++] = '-';
    while (count > 0)
        to[len++] = (uint8_t)digits[--count];
    return len;
}

uint32_t cdr_program_number_text(uint8_t *to, int64_t value)
{
    uint32_t len = cdr_program_number(to + 1, value);
    to[0] = (uint8_t)(len << 1);
    return 1 + len;
}

uint32_t cdr_program_decimal(uint8_t *to, int64_t value)
{
    uint32_t len = 8;
    /* A byte is spared where it and the next one's sign only repeat the sign. */
    while (len > 1 && value >> (8 * (len - 1) - 1) == (value < 0 ? -1 : 0))
        len--;
    to[0] = (uint8_t)(len << 1);
    for (uint32_t i = 0; i < len; i++)
        to[1 + i] = (uint8_t)(value >> 8 * (len - 1 - i));
    return 1 + len;
}

static const struct cdr_program_encoder *program_of(const struct cdr_encoder *encoder)
{
    return (const struct cdr_program_encoder *)(const void *)encoder;
}

bool cdr_program_same(const struct cdr_encoder *left, const struct cdr_encoder *right)
{
    return cdr_program_equal(&program_of(left)->program, &program_of(right)->program);
}

static const char *program_file_header(const struct cdr_encoder *encoder)
{
    const char *header = program_of(encoder)->program.header;
    return header != NULL ? header : "";
}

static void program_destroy(struct cdr_encoder *encoder)
{
    struct cdr_program_encoder *made = (struct cdr_program_encoder *)(void *)encoder;
    cdr_program_free(&made->program);
    free(made);
}

#define PROGRAM_OPS(format, its_traits, creator, loop)                                             \
    {                                                                                              \
        .name = format, .traits = its_traits, .description = "records by a schema of the user's",  \
        .file_extension = format, .create = creator, .encode = loop,                               \
        .file_header = program_file_header, .destroy = program_destroy,                            \
    }
#define PROGRAM_LEVELS(format, traits, creator)                                                    \
    {                                                                                              \
        [CDR_LEVEL_BASE] = PROGRAM_OPS(format, traits, creator, cdr_program_encode_base),          \
        [CDR_LEVEL_V3] = PROGRAM_OPS(format, traits, creator, CDR_LOOP_V3(cdr_program_encode)),    \
        [CDR_LEVEL_V4] = PROGRAM_OPS(format, traits, creator, CDR_LOOP_V4(cdr_program_encode)),    \
    }

const struct cdr_encoder_ops cdr_program_ops[CDR_LEVEL_COUNT] =
    PROGRAM_LEVELS("avro", CDR_AVRO_TRAITS, cdr_program_create);
const struct cdr_encoder_ops cdr_program_json_ops[CDR_LEVEL_COUNT] =
    PROGRAM_LEVELS("json", 0, cdr_program_create_json);
const struct cdr_encoder_ops cdr_program_csv_ops[CDR_LEVEL_COUNT] =
    PROGRAM_LEVELS("csv", 0, cdr_program_create_csv);

static enum cdr_result create(struct cdr_encoder **encoder, enum cdr_form form,
                              const struct cdr_encoder_settings *settings, struct cdr_error *error)
{
    uint8_t frame[5] = {0};
    const bool framed = form == CDR_FORM_AVRO && settings->framed;
    const struct cdr_compile_settings wanted = {
        .form = form,
        .type = settings->type,
        .tz_name = settings->tz_name,
        .frame = frame,
        .frame_len = framed ? sizeof frame : 0,
        .schema_text = settings->schema_text != NULL ? settings->schema_text
                                                     : cdr_builtin_schema(settings->type),
        .schema_name = settings->schema_name,
        .mapping_text = settings->mapping_text,
        .key = settings->key,
    };
    cdr_store_be32(frame + 1, (uint32_t)settings->schema_id);
    struct cdr_program_encoder *made = calloc(1, sizeof *made);
    if (made == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for the encoder of a schema");
    enum cdr_result result = cdr_compile(&made->program, &wanted, error);
    if (result != CDR_OK) {
        free(made);
        return result;
    }
    made->room = made->program.bytes_max + CDR_PUT_SLACK;
    made->step_records = CDR_PROGRAM_ROOMS / made->room;
    if (made->step_records > CDR_STEP_RECORDS)
        made->step_records = CDR_STEP_RECORDS;
    made->base.frame_len = framed ? sizeof frame : 0;
    made->base.trailer_len = form == CDR_FORM_AVRO ? 0 : 1;
    made->base.record_bytes_max = made->room;
    for (uint32_t i = 0; i < made->program.op_count; i++)
        made->base.details |= cdr_column_details(made->program.ops[i].column);
    made->base.ops = (form == CDR_FORM_AVRO   ? cdr_program_ops
                      : form == CDR_FORM_JSON ? cdr_program_json_ops
                                              : cdr_program_csv_ops) +
                     cdr_level_best();
    *encoder = &made->base;
    return CDR_OK;
}

enum cdr_result cdr_program_create(struct cdr_encoder **encoder,
                                   const struct cdr_encoder_settings *settings,
                                   struct cdr_error *error)
{
    return create(encoder, CDR_FORM_AVRO, settings, error);
}

enum cdr_result cdr_program_create_json(struct cdr_encoder **encoder,
                                        const struct cdr_encoder_settings *settings,
                                        struct cdr_error *error)
{
    return create(encoder, CDR_FORM_JSON, settings, error);
}

enum cdr_result cdr_program_create_csv(struct cdr_encoder **encoder,
                                       const struct cdr_encoder_settings *settings,
                                       struct cdr_error *error)
{
    return create(encoder, CDR_FORM_CSV, settings, error);
}
