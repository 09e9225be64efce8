#include "fault/truth_row.h"

#include "schema/varint.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *const cdr_truth_format_name[CDR_TRUTH_FORMATS + 1] = {"csv", "json", "avro", NULL};
const char cdr_truth_header[] =
    "topic,partition,offset,id,fault,of_offset,delay_ms,field,expected,found\n";

static size_t put_csv(const struct cdr_truth_row *row, char *text)
{
    char of_offset[24] = "", delay_ms[24] = "";
    if (row->of_offset >= 0)
        snprintf(of_offset, sizeof of_offset, "%" PRId64, row->of_offset);
    if (row->delay_ms > 0)
        snprintf(delay_ms, sizeof delay_ms, "%" PRId64, row->delay_ms);
    return (size_t)snprintf(text, CDR_TRUTH_ROW_MAX,
                            "%s,%" PRIu32 ",%" PRIu64 ",%016" PRIx64 ",%s,%s,%s,%s,%s,%s",
                            row->topic, row->partition, row->offset, row->id, row->fault, of_offset,
                            delay_ms, row->words->field, row->words->expected, row->words->found);
}

static size_t put_json(const struct cdr_truth_row *row, char *text)
{
    char *at = text, *end = text + CDR_TRUTH_ROW_MAX;
    at += snprintf(at, (size_t)(end - at),
                   "{\"topic\":\"%s\",\"partition\":%" PRIu32 ",\"offset\":%" PRIu64
                   ",\"id\":\"%016" PRIx64 "\",\"fault\":\"%s\"",
                   row->topic, row->partition, row->offset, row->id, row->fault);
    if (row->of_offset >= 0)
        at += snprintf(at, (size_t)(end - at), ",\"of_offset\":%" PRId64, row->of_offset);
    if (row->delay_ms > 0)
        at += snprintf(at, (size_t)(end - at), ",\"delay_ms\":%" PRId64, row->delay_ms);
    if (row->words->field[0] != '\0')
        at += snprintf(at, (size_t)(end - at),
                       ",\"field\":\"%s\",\"expected\":\"%s\",\"found\":\"%s\"", row->words->field,
                       row->words->expected, row->words->found);
    *at++ = '}';
    return (size_t)(at - text);
}

static uint8_t *put_text(uint8_t *to, const char *text)
{
    const size_t len = strlen(text);
    to = cdr_put_varint(to, (int64_t)len);
    memcpy(to, text, len);
    return to + len;
}

/* Unions of null and another type. */
enum { BRANCH_NULL = 0, BRANCH_VALUE = 1 };

static uint8_t *put_number(uint8_t *to, bool there, int64_t value)
{
    to = cdr_put_varint(to, there ? BRANCH_VALUE : BRANCH_NULL);
    return there ? cdr_put_varint(to, value) : to;
}

static size_t put_avro(const struct cdr_truth_row *row, uint8_t *bytes)
{
    const struct cdr_fault_words *words = row->words;
    const char *const texts[] = {words->field, words->expected, words->found};
    const bool there = words->field[0] != '\0';
    char id[17];
    snprintf(id, sizeof id, "%016" PRIx64, row->id);
    uint8_t *at = put_text(bytes, row->topic);
    at = cdr_put_varint(at, row->partition);
    at = cdr_put_varint(at, (int64_t)row->offset);
    at = put_text(put_text(at, id), row->fault);
    at = put_number(at, row->of_offset >= 0, row->of_offset);
    at = put_number(at, row->delay_ms > 0, row->delay_ms);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        at = cdr_put_varint(at, there ? BRANCH_VALUE : BRANCH_NULL);
        if (there)
            at = put_text(at, texts[i]);
    }
    return (size_t)(at - bytes);
}

size_t cdr_truth_encode(enum cdr_truth_format format, const struct cdr_truth_row *row,
                        uint8_t bytes[CDR_TRUTH_ROW_MAX])
{
    const size_t len = format == CDR_TRUTH_AVRO   ? put_avro(row, bytes)
                       : format == CDR_TRUTH_JSON ? put_json(row, (char *)bytes)
                                                  : put_csv(row, (char *)bytes);
    assert(len < CDR_TRUTH_ROW_MAX);
    return len;
}
