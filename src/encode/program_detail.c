/* What fields beyond the usual ones are put as, one by one: numbers and texts that only users'
 * schemas, lists of fields and headers ask for. Numbers are those of TS 32.298. */
#include "base/bytes.h"
#include "base/digits.h"
#include "encode/program.h"
#include "schema/varint.h"

#include <stdio.h>

void cdr_program_hex_text(uint8_t *to, uint32_t digits, uint64_t value)
{
    static const char hex[] = "0123456789abcdef";
    for (uint32_t i = 0; i < digits; i++)
        to[i] = (uint8_t)hex[value >> 4 * (digits - 1 - i) & 15];
}

/* The IMEI's 14 digits and a version of the device's software, 01 to 43. Five of eight devices of a
 * TAC have its newest version, the others one of the two before it. */
void cdr_program_imeisv(char text[16], const char imei[16])
{
    uint64_t digits = 0;
    for (uint32_t k = 1; k < 15; k++)
        digits = digits * 10 + (uint64_t)(imei[k] - '0');
    static const uint32_t behind[8] = {0, 0, 0, 0, 0, 1, 1, 2};
    const uint32_t newest = 3 + cdr_below((uint32_t)cdr_mix(digits / 1000000), 41);
    const uint32_t version = newest - behind[cdr_mix(digits) & 7];
    memcpy(text, imei + 1, 14);
    text[14] = (char)('0' + version / 10);
    text[15] = (char)('0' + version % 10);
}

static uint32_t align_right(char text[16], const char *from, uint32_t len)
{
    memset(text, '0', 16);
    memcpy(text + 16 - len, from, len);
    return len;
}

/* Of types with longer words, the word is cut: with 4 digits the whole has 15 characters. */
uint32_t cdr_program_node(char text[16], uint32_t type, uint32_t partition)
{
    char name[16];
    int len = snprintf(name, sizeof name, "cdf-%.6s-%u", cdr_type_word[type], partition % 10000);
    return align_right(text, name, (uint32_t)len);
}

uint32_t cdr_program_cell(char text[16], const struct cdr_block *block, uint32_t i)
{
    static const uint8_t digits[CDR_RAT_COUNT] = {
        [CDR_RAT_WCDMA] = 8, [CDR_RAT_LTE] = 7, [CDR_RAT_NR] = 9};
    const uint32_t network = cdr_mccmnc_len(block->network), cell = digits[block->rat[i]];
    const uint64_t lanes = cdr_le64(cdr_digits8_lanes(block->network));
    char name[15];
    memcpy(name, (const char *)&lanes + 8 - network, network);
    cdr_program_hex_text((uint8_t *)name + network, cell, block->cell_global[i]);
    return align_right(text, name, network + cell);
}

/* RecordType. */
static int64_t record_type_number(const struct cdr_block *block, uint32_t i)
{
    static const uint8_t numbers[CDR_RECORD_TYPE_COUNT] = {
        [CDR_RECORD_SGSN_SMO] = 21, [CDR_RECORD_SGSN_SMT] = 22, [CDR_RECORD_SGSN_PDP] = 18,
        [CDR_RECORD_PGW] = 85,      [CDR_RECORD_MMTEL] = 83,    [CDR_RECORD_CHF] = 200};
    const uint32_t record_type = block->record_type[i];
    return record_type == CDR_RECORD_MSC_VOICE ? block->direction[i] : numbers[record_type];
}

/* CauseForTerm of calls, CauseForRecClosing of the others. */
static int64_t cause_number(const struct cdr_block *block, uint32_t i)
{
    static const uint8_t numbers[CDR_CAUSE_COUNT] = {
        [CDR_CAUSE_NO_ANSWER] = 3,       [CDR_CAUSE_BUSY] = 3,
        [CDR_CAUSE_FAILURE] = 3,         [CDR_CAUSE_DELIVERY_FAILURE] = 4,
        [CDR_CAUSE_PARTIAL_RECORD] = 17, [CDR_CAUSE_ABNORMAL_RELEASE] = 4,
        [CDR_CAUSE_TIME_LIMIT] = 17};
    return numbers[block->cause[i]];
}

/* Whoever gives up waiting releases the call himself (16). What fails is a temporary failure (41)
 * or unspecified (31): that a telephone is off or a number not in use would have to be so for as
 * long as others call it. */
static int64_t q850_cause(const struct cdr_block *block, uint32_t i)
{
    static const uint8_t numbers[8] = {[CDR_CALL_ANSWERED] = 16,
                                       [CDR_CALL_BUSY] = 17,
                                       [CDR_CALL_CONGESTION] = 34,
                                       [CDR_CALL_REJECTED] = 21};
    static const uint8_t unanswered[8] = {16, 16, 16, 16, 16, 19, 19, 19};
    static const uint8_t failed[8] = {41, 41, 41, 41, 41, 41, 31, 31};
    const uint64_t event =
        cdr_event_id(block->origin[i], block->slot[i], block->index[i], block->type);
    const uint32_t outcome = block->outcome[i], of_eight = (uint32_t)(event >> 40) & 7;
    if (block->cause[i] == CDR_CAUSE_ABNORMAL_RELEASE)
        return 27;
    if (outcome == CDR_CALL_NO_ANSWER)
        return unanswered[of_eight];
    return outcome == CDR_CALL_FAILED ? failed[of_eight] : numbers[outcome];
}

static int64_t sms_result(const struct cdr_block *block, uint32_t i)
{
    if (block->sms_status[i] != CDR_SMS_FAILED)
        return CDR_ABSENT;
    return block->direction[i] == CDR_DIRECTION_MO ? 38 : 27;
}

static int64_t by_apn(const struct cdr_block *block, uint32_t i, int64_t internet, int64_t ims,
                      int64_t mms)
{
    return block->apn[i] == CDR_APN_INTERNET ? internet : block->apn[i] == CDR_APN_IMS ? ims : mms;
}

/* Of the local clock, by the offset at the start. */
static int64_t ahead_ms(const struct cdr_block *block, uint32_t i)
{
    return block->tz_offset_min[i] * INT64_C(60000);
}

static int64_t of_call(const struct cdr_block *block, enum cdr_column column, uint32_t i)
{
    switch (column) {
    case CDR_COLUMN_ANSWER:
        return block->answer_ms[i] != INT64_MIN ? block->answer_ms[i] : CDR_ABSENT;
    case CDR_COLUMN_ANSWER_LOCAL:
        return block->answer_ms[i] != INT64_MIN ? block->answer_ms[i] + ahead_ms(block, i)
                                                : CDR_ABSENT;
    case CDR_COLUMN_RING:
        return block->ring_s[i];
    case CDR_COLUMN_CHARGE:
        return block->charge_s[i];
    case CDR_COLUMN_CALL_DURATION:
        return block->answer_ms[i] != INT64_MIN ? block->charge_s[i] : block->duration_s[i];
    case CDR_COLUMN_Q850:
        return q850_cause(block, i);
    default:
        return block->cause[i] != CDR_CAUSE_NORMAL_RELEASE; /* ims_cause */
    }
}

int64_t cdr_program_detail(const struct cdr_block *block, enum cdr_column column, uint32_t i)
{
    static const uint8_t rat_types[CDR_RAT_COUNT] = {
        [CDR_RAT_WCDMA] = 1, [CDR_RAT_LTE] = 6, [CDR_RAT_NR] = 51};
    switch (column) {
    case CDR_COLUMN_RECORD_TYPE_NUMBER:
        return record_type_number(block, i);
    case CDR_COLUMN_CAUSE_NUMBER:
        return cause_number(block, i);
    case CDR_COLUMN_ROLE:
        return block->direction[i];
    case CDR_COLUMN_RAT_NUMBER:
        return rat_types[block->rat[i]];
    case CDR_COLUMN_SMS_RESULT:
        return sms_result(block, i);
    case CDR_COLUMN_CHARGING_ID:
        return (uint32_t)cdr_event_id(block->origin[i], block->slot[i], block->index[i],
                                      block->type);
    case CDR_COLUMN_PART:
        return block->part[i] != 0 ? block->part[i] : CDR_ABSENT;
    case CDR_COLUMN_RATING_GROUP:
        return by_apn(block, i, 100, 200, 300);
    case CDR_COLUMN_QCI:
        return by_apn(block, i, 9, 5, 8);
    case CDR_COLUMN_LOCAL_NUMBER:
        return block->number[i];
    case CDR_COLUMN_EMISSION:
        return block->emission_ms[i];
    case CDR_COLUMN_EMISSION_LOCAL:
        return block->emission_ms[i] + ahead_ms(block, i);
    case CDR_COLUMN_DELAY:
        return block->emission_ms[i] - block->event_ms[i];
    default:
        return of_call(block, column, i);
    }
}

static int64_t reduce(const struct cdr_op *op, int64_t value)
{
    if (op->modulus != 0)
        value = value % op->modulus + (value % op->modulus < 0 ? op->modulus : 0);
    value = value / op->divisor - (value % op->divisor < 0);
    return (int64_t)((uint64_t)value * (uint64_t)op->factor);
}

static uint32_t put_binary(uint8_t *to, const struct cdr_op *op, int64_t value)
{
    if (op->inner == CDR_OP_FLOAT) {
        const float number = (float)value;
        uint32_t bits;
        memcpy(&bits, &number, 4);
        cdr_store_le32(to, bits);
        return 4;
    }
    const double number = (double)value;
    uint64_t bits;
    memcpy(&bits, &number, 8);
    cdr_store_le64(to, bits);
    return 8;
}

uint32_t cdr_program_put_optional(uint8_t *to, const struct cdr_op *op, int64_t value)
{
    uint32_t len;
    value = reduce(op, value);
    switch (op->inner) {
    case CDR_OP_VARINT:
    case CDR_OP_VARINT_WIDE:
        return (uint32_t)(cdr_put_varint(to, value) - to);
    case CDR_OP_FLOAT:
    case CDR_OP_DOUBLE:
        return put_binary(to, op, value);
    case CDR_OP_NUMBER_TEXT:
        return cdr_program_number_text(to, value);
    case CDR_OP_CLOCK:
        to[0] = 24 << 1;
        cdr_program_clock(to + op->clock_length, value);
        len = 24 + op->clock_length;
        break;
    default:
        len = cdr_program_number(to, value);
        break;
    }
    to[len] = '"';
    return len + op->quote_after;
}
