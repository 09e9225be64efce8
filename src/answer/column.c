#include "answer/column.h"

#include "base/parse.h"
#include "base/suggest.h"
#include "encode/detail.h"
#include "model/identity.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LENGTH_SHIFT 56
#define HEX_SHIFT 60
/* Unsigned numbers in the order of signed ones. */
#define FLIPPED(value) ((int64_t)((uint64_t)(value) ^ UINT64_C(1) << 63))

static int64_t packed(const char *digits, size_t len)
{
    int64_t value = 0;
    for (size_t i = 0; i < len; i++)
        value = value * 10 + (digits[i] - '0');
    return value | (int64_t)len << LENGTH_SHIFT;
}

static void pack(const cdr_digits *texts, const uint8_t *lens, uint32_t n, int64_t *values)
{
    for (uint32_t i = 0; i < n; i++)
        values[i] = packed(texts[i] + 16 - lens[i], lens[i]);
}

/* The owner's number where owner is set, else the other party's. */
static void pack_party(const struct cdr_block *block, bool owner, int64_t *values)
{
    for (uint32_t i = 0; i < block->n; i++) {
        const bool called = (block->direction[i] == CDR_DIRECTION_MT) == owner;
        const cdr_digits *texts = called ? block->msisdn_dst : block->msisdn_src;
        const uint8_t len = called ? block->msisdn_dst_len[i] : block->msisdn_src_len[i];
        values[i] = packed(texts[i] + 16 - len, len);
    }
}

static void pack_network(const struct cdr_block *block, enum cdr_column column, int64_t *values)
{
    char text[8];
    for (uint32_t i = 0; i < block->n; i++) {
        cdr_mccmnc_text(block->mccmnc[i], text);
        const size_t len = strlen(text);
        const size_t from = column == CDR_COLUMN_MNC ? 3 : 0;
        const size_t to = column == CDR_COLUMN_MCC ? 3 : len;
        values[i] = packed(text + from, to - from);
    }
}

static void pack_imeisv(const struct cdr_block *block, int64_t *values)
{
    char text[16];
    for (uint32_t i = 0; i < block->n; i++) {
        cdr_program_imeisv(text, block->imei[i]);
        values[i] = packed(text, 16);
    }
}

/* Of the columns that are texts of digits; false: it is none. */
static bool digits_values(enum cdr_column column, const struct cdr_block *block, int64_t *values)
{
    switch (column) {
    case CDR_COLUMN_SRC:
        pack(block->msisdn_src, block->msisdn_src_len, block->n, values);
        return true;
    case CDR_COLUMN_DST:
        pack(block->msisdn_dst, block->msisdn_dst_len, block->n, values);
        return true;
    case CDR_COLUMN_OWNER:
    case CDR_COLUMN_OTHER:
        pack_party(block, column == CDR_COLUMN_OWNER, values);
        return true;
    case CDR_COLUMN_MCCMNC:
    case CDR_COLUMN_MCC:
    case CDR_COLUMN_MNC:
        pack_network(block, column, values);
        return true;
    case CDR_COLUMN_IMEISV:
        pack_imeisv(block, values);
        return true;
    case CDR_COLUMN_IMSI:
    case CDR_COLUMN_IMEI:
    case CDR_COLUMN_TAC:
        for (uint32_t i = 0; i < block->n; i++)
            values[i] = packed((column == CDR_COLUMN_IMSI ? block->imsi : block->imei)[i] + 1,
                               column == CDR_COLUMN_TAC ? 8 : 15);
        return true;
    default:
        return false;
    }
}

#define EACH(expression)                                                                           \
    for (uint32_t i = 0; i < block->n; i++)                                                        \
        values[i] = (int64_t)(expression);                                                         \
    return true

/* Of those that are times. */
static bool time_values(enum cdr_column column, const struct cdr_block *block, int64_t *values)
{
    switch (column) {
    case CDR_COLUMN_START:
        EACH(block->start_ms[i]);
    case CDR_COLUMN_END:
        EACH(block->end_ms[i]);
    case CDR_COLUMN_EVENT:
        EACH(block->event_ms[i]);
    case CDR_COLUMN_START_LOCAL:
        EACH(block->start_ms[i] + block->tz_offset_min[i] * INT64_C(60000));
    case CDR_COLUMN_END_LOCAL:
        EACH(block->end_ms[i] + block->tz_offset_min[i] * INT64_C(60000));
    case CDR_COLUMN_START_S:
        EACH(block->start_ms[i] / 1000);
    case CDR_COLUMN_END_S:
        EACH(block->end_ms[i] / 1000);
    case CDR_COLUMN_OFFSET:
        EACH(block->tz_offset_min[i]);
    case CDR_COLUMN_DURATION:
        EACH(block->duration_s[i]);
    case CDR_COLUMN_DURATION_MS:
        EACH(block->duration_s[i] * INT64_C(1000));
    default:
        return false;
    }
}

static bool other_values(enum cdr_column column, const struct cdr_block *block, int64_t *values)
{
    switch (column) {
    case CDR_COLUMN_CELL:
        EACH(block->cell_id[i]);
    case CDR_COLUMN_SEGMENTS:
        EACH(block->sms_segments[i]);
    case CDR_COLUMN_BYTES_IN:
        EACH(block->data_bytes_in[i]);
    case CDR_COLUMN_BYTES_OUT:
        EACH(block->data_bytes_out[i]);
    case CDR_COLUMN_BYTES_TOTAL:
        EACH(block->data_bytes_in[i] + block->data_bytes_out[i]);
    case CDR_COLUMN_TYPE:
        EACH(block->type);
    case CDR_COLUMN_DIRECTION:
        EACH(block->direction[i]);
    case CDR_COLUMN_RECORD_TYPE:
        EACH(block->record_type[i]);
    case CDR_COLUMN_CAUSE:
        EACH(block->cause[i]);
    case CDR_COLUMN_SMS_STATUS:
        EACH(block->sms_status[i]);
    case CDR_COLUMN_APN:
        EACH(block->apn[i]);
    case CDR_COLUMN_RAT:
        EACH(block->rat[i]);
    case CDR_COLUMN_LABEL:
        EACH(block->behaviour[i]);
    default:
        return false;
    }
}

/* ---- texts of hexadecimal digits, and the node's ---- */

/* At most 15 digits, with their number; 16 have no room for it. */
static int64_t packed_hex(const char *text, size_t len)
{
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++)
        value = value << 4 | (uint64_t)(text[i] <= '9' ? text[i] - '0' : text[i] - 'a' + 10);
    return FLIPPED(len < 16 ? value | (uint64_t)len << HEX_SHIFT : value);
}

static void pack_cells(const struct cdr_block *block, int64_t *values)
{
    char text[16];
    for (uint32_t i = 0; i < block->n; i++) {
        const uint32_t len = cdr_program_cell(text, block, i);
        values[i] = packed_hex(text + 16 - len, len);
    }
}

/* Of those that are texts of another kind. */
static bool text_values(enum cdr_column column, const struct cdr_block *block, int64_t *values)
{
    switch (column) {
    case CDR_COLUMN_EVENT_ID:
        EACH(FLIPPED(cdr_event_id(block->origin[i], block->slot[i], block->index[i], block->type)));
    case CDR_COLUMN_RECORD_ID:
        EACH(FLIPPED(block->id[i]));
    case CDR_COLUMN_CELL_GLOBAL:
        pack_cells(block, values);
        return true;
    case CDR_COLUMN_NODE:
        EACH((int64_t)block->type << 32 | block->partition);
    default:
        return false;
    }
}

/* Of those that are numbers, as encoders put them. A record's number in its log is not here: it is
 * the pipeline that counts. */
static bool detail_values(enum cdr_column column, const struct cdr_block *block, int64_t *values)
{
    switch (column) {
    case CDR_COLUMN_ANSWER:
    case CDR_COLUMN_RING:
    case CDR_COLUMN_CHARGE:
    case CDR_COLUMN_CALL_DURATION:
    case CDR_COLUMN_Q850:
    case CDR_COLUMN_RECORD_TYPE_NUMBER:
    case CDR_COLUMN_CAUSE_NUMBER:
    case CDR_COLUMN_IMS_CAUSE:
    case CDR_COLUMN_ROLE:
    case CDR_COLUMN_RAT_NUMBER:
    case CDR_COLUMN_SMS_RESULT:
    case CDR_COLUMN_CHARGING_ID:
    case CDR_COLUMN_PART:
    case CDR_COLUMN_RATING_GROUP:
    case CDR_COLUMN_QCI:
    case CDR_COLUMN_EMISSION:
    case CDR_COLUMN_DELAY:
        EACH(cdr_program_detail(block, column, i));
    default:
        return false;
    }
}

static bool fill_values(enum cdr_column column, const struct cdr_block *block, int64_t *values)
{
    return digits_values(column, block, values) || time_values(column, block, values) ||
           other_values(column, block, values) || text_values(column, block, values) ||
           detail_values(column, block, values);
}

void cdr_column_values(const struct cdr_field_source *source, const struct cdr_block *block,
                       int64_t *values)
{
    fill_values(source->column, block, values);
}

bool cdr_column_can(const struct cdr_field_source *source)
{
    const struct cdr_block none = {.n = 0};
    int64_t value;
    return source->kind != CDR_SOURCE_CLOCK && source->kind != CDR_SOURCE_ZONE &&
           source->kind != CDR_SOURCE_UUID && fill_values(source->column, &none, &value);
}

bool cdr_column_is_number(const struct cdr_field_source *source)
{
    return source->kind == CDR_SOURCE_NUMBER || source->kind == CDR_SOURCE_TIME ||
           source->kind == CDR_SOURCE_LOCAL || source->kind == CDR_SOURCE_BOOLEAN;
}

bool cdr_column_counts(const struct cdr_field_source *source)
{
    return cdr_column_is_number(source) && source->kind != CDR_SOURCE_BOOLEAN;
}

static void unpack(int64_t value, char *text)
{
    const size_t len = (size_t)(value >> LENGTH_SHIFT) & 31;
    int64_t left = value & ((INT64_C(1) << LENGTH_SHIFT) - 1);
    text[len] = '\0';
    for (size_t i = len; i-- > 0; left /= 10)
        text[i] = (char)('0' + left % 10);
}

static void unpack_hex(int64_t value, bool is_id, char *text)
{
    const uint64_t bits = (uint64_t)FLIPPED(value);
    const uint32_t len = is_id ? 16 : (uint32_t)(bits >> HEX_SHIFT);
    cdr_program_hex_text((uint8_t *)text, len, bits);
    text[len] = '\0';
}

static void node_text(int64_t value, char text[CDR_COLUMN_TEXT_MAX])
{
    char aligned[16];
    const uint32_t len = cdr_program_node(aligned, (uint32_t)(value >> 32), (uint32_t)value);
    snprintf(text, CDR_COLUMN_TEXT_MAX, "%.*s", (int)len, aligned + 16 - len);
}

static bool is_id(const struct cdr_field_source *source)
{
    return source->digits == 16;
}

void cdr_column_text(const struct cdr_field_source *source, int64_t value,
                     char text[CDR_COLUMN_TEXT_MAX])
{
    if (value == CDR_ABSENT && source->optional)
        *text = '\0';
    else if (source->column == CDR_COLUMN_NODE)
        node_text(value, text);
    else if (source->kind == CDR_SOURCE_TEXT)
        unpack_hex(value, is_id(source), text);
    else if (source->kind == CDR_SOURCE_SYMBOL || source->kind == CDR_SOURCE_BOOLEAN)
        snprintf(text, CDR_COLUMN_TEXT_MAX, "%s", source->names[value]);
    else if (source->kind == CDR_SOURCE_DIGITS)
        unpack(value, text);
    else
        snprintf(text, CDR_COLUMN_TEXT_MAX, "%" PRId64, value);
}

static enum cdr_result parse_symbol(const struct cdr_field_source *source, const char *text,
                                    int64_t *value, struct cdr_error *error)
{
    struct cdr_suggestion near = {.given = text};
    char quoted[72], all[256];
    size_t len = 0;
    for (uint32_t i = 0; i < source->count; i++) {
        if (strcmp(source->names[i], text) == 0) {
            *value = i;
            return CDR_OK;
        }
        cdr_suggest(&near, source->names[i]);
        len += (size_t)snprintf(all + len, sizeof all - len, "%s%s", i == 0 ? "" : ", ",
                                source->names[i]);
    }
    return cdr_fail(error, CDR_E_CONFIG, "%s is not one of its values%s%s%s: %s",
                    cdr_quote(text, quoted), near.best != NULL ? "; did you mean " : "",
                    near.best != NULL ? near.best : "", near.best != NULL ? "? All" : "", all);
}

static enum cdr_result parse_hex(const struct cdr_field_source *source, const char *text,
                                 int64_t *value, struct cdr_error *error)
{
    char quoted[72];
    const size_t len = strlen(text), most = is_id(source) ? 16 : 15;
    if (len == 0 || len > most || (is_id(source) && len != most) ||
        strspn(text, "0123456789abcdef") != len)
        return cdr_fail(error, CDR_E_CONFIG, "%s is not a text of %s%zu hexadecimal digits",
                        cdr_quote(text, quoted), is_id(source) ? "" : "1 to ", most);
    *value = packed_hex(text, len);
    return CDR_OK;
}

static enum cdr_result parse_node(const char *text, int64_t *value, struct cdr_error *error)
{
    char quoted[72], of_it[CDR_COLUMN_TEXT_MAX];
    const char *dash = strrchr(text, '-');
    uint64_t partition;
    if (dash != NULL && cdr_parse_u64(dash + 1, &partition, NULL) == CDR_OK && partition < 10000)
        for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
            *value = (int64_t)((uint64_t)type << 32 | partition);
            node_text(*value, of_it);
            if (strcmp(of_it, text) == 0)
                return CDR_OK;
        }
    return cdr_fail(error, CDR_E_CONFIG, "%s is no node, such as cdf-call-3",
                    cdr_quote(text, quoted));
}

enum cdr_result cdr_column_parse(const struct cdr_field_source *source, const char *text,
                                 int64_t *value, struct cdr_error *error)
{
    char quoted[72];
    const size_t len = strlen(text);
    if (source->kind == CDR_SOURCE_SYMBOL || source->kind == CDR_SOURCE_BOOLEAN)
        return parse_symbol(source, text, value, error);
    *value = CDR_ABSENT;
    if (source->optional && len == 0)
        return CDR_OK;
    if (source->column == CDR_COLUMN_NODE)
        return parse_node(text, value, error);
    if (source->kind == CDR_SOURCE_TEXT)
        return parse_hex(source, text, value, error);
    if (source->kind != CDR_SOURCE_DIGITS)
        return cdr_parse_i64(text, value, error);
    if (len == 0 || len > 16 || strspn(text, "0123456789") != len)
        return cdr_fail(error, CDR_E_CONFIG, "%s is not a text of 1 to 16 digits",
                        cdr_quote(text, quoted));
    *value = packed(text, len);
    return CDR_OK;
}
