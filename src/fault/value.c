/* value: a record that can be read and says what cannot be. In text a field may also be what its
 * type would not take: a negative duration, one with a plus, a direction that there is none of. */
#include "fault/kinds.h"

#include <inttypes.h>
#include <string.h>

enum value_variant {
    ENDS_FIRST,
    DURATION,
    IMEI,
    CELL,
    COLUMN_VARIANTS,
    NEGATIVE = COLUMN_VARIANTS,
    DIRECTION,
    PLUS,
    VARIANTS
};
enum { NO_CELL = 99999 }; /* the catalogue ends before it */
_Static_assert(CDR_CELLS_MAX < 89999 + 1, "the last number of five digits is no cell");

static void swap_times(struct cdr_fault_target *target)
{
    int64_t *start_ms = &target->block->start_ms[target->i];
    int64_t *end_ms = &target->block->end_ms[target->i], later_ms = *end_ms;
    cdr_fault_say_number(target, "end_ts_ms", *end_ms, *start_ms);
    *end_ms = *start_ms;
    *start_ms = later_ms;
}

/* The last digit is a checksum of the others. */
static void change_check_digit(struct cdr_fault_target *target, uint32_t by)
{
    char *imei = target->block->imei[target->i], before[16], after[16];
    snprintf(before, sizeof before, "%.15s", imei + 1);
    imei[15] = (char)('0' + ((uint32_t)(imei[15] - '0') + by) % 10);
    snprintf(after, sizeof after, "%.15s", imei + 1);
    cdr_fault_say(target, "imei", before, after);
}

/* Lines whose fields a header names: CSV. */
static bool has_columns(const struct cdr_fault_target *target)
{
    const struct cdr_encoder *encoder = target->topic->encoder;
    return encoder->ops->file_header(encoder)[0] != '\0';
}

/* A plus is no JSON, and a reader would not get as far as the number; Avro has none of these. */
static uint32_t variant_of(const struct cdr_fault_target *target)
{
    const struct cdr_block *block = target->block;
    uint32_t variant = cdr_fault_below(target->base, CDR_FAULT_VALUE, VARIANTS);
    if (!cdr_fault_is_text(target) && variant >= COLUMN_VARIANTS)
        variant -= COLUMN_VARIANTS;
    if (variant == PLUS && !has_columns(target))
        variant = NEGATIVE;
    if (variant == ENDS_FIRST && block->start_ms[target->i] == block->end_ms[target->i])
        variant = CELL;
    return variant;
}

static void columns(struct cdr_fault_target *target)
{
    struct cdr_block *block = target->block;
    const uint32_t i = target->i;
    const uint64_t random = cdr_fault_more(target->base, CDR_FAULT_VALUE);
    const uint32_t much = 1 + cdr_below((uint32_t)random, 9);
    const uint32_t variant = variant_of(target);
    if (variant == ENDS_FIRST) {
        swap_times(target);
    } else if (variant == DURATION) {
        cdr_fault_say_number(target, "duration_sec", block->duration_s[i],
                             (int64_t)block->duration_s[i] + 60 * much);
        block->duration_s[i] += 60 * much;
    } else if (variant == IMEI) {
        change_check_digit(target, much);
    } else if (variant == CELL) {
        cdr_fault_say_number(target, "cell_id", block->cell_id[i], NO_CELL);
        block->cell_id[i] = NO_CELL;
    }
}

/* The cell of a line under a name of its header; false: there is none. */
static bool find_cell(const struct cdr_fault_target *target, const char *name, uint32_t *at,
                      uint32_t *n)
{
    uint32_t len, column = 0;
    const uint8_t *payload = cdr_fault_payload(target, &len);
    const char *header = target->topic->encoder->ops->file_header(target->topic->encoder);
    const size_t name_len = strlen(name);
    for (; strncmp(header, name, name_len) != 0 || strchr(";\n", header[name_len]) == NULL;
         column++) {
        header = strchr(header, ';');
        if (header == NULL)
            return false;
        header++;
    }
    for (*at = 0; column > 0 && *at < len; ++*at)
        column -= payload[*at] == ';';
    for (*n = 0; *at + *n < len && payload[*at + *n] != ';';)
        ++*n;
    return column == 0;
}

/* The value of an object's member, without quotes; false: there is none. */
static bool find_member(const struct cdr_fault_target *target, const char *name, uint32_t *at,
                        uint32_t *n)
{
    uint32_t len;
    const uint8_t *payload = cdr_fault_payload(target, &len);
    char member[40];
    const uint32_t wanted = (uint32_t)snprintf(member, sizeof member, "\"%s\":", name);
    for (uint32_t i = 0; i + wanted + 1 < len; i++) {
        if (memcmp(payload + i, member, wanted) != 0)
            continue;
        *at = i + wanted + (payload[i + wanted] == '"');
        for (*n = 0; *at + *n < len && strchr("\",}", payload[*at + *n]) == NULL;)
            ++*n;
        return true;
    }
    return false;
}

/* Another text in place of a field's; the same where the records have no such field. */
static void put_field(struct cdr_fault_target *target, const char *name, const char *text)
{
    uint32_t len, at = 0, n = 0;
    const bool json = !has_columns(target);
    if (!(json ? find_member(target, name, &at, &n) : find_cell(target, name, &at, &n)))
        return;
    uint8_t *payload = cdr_fault_payload(target, &len);
    const uint32_t text_len = (uint32_t)strlen(text), rest = len - at - n;
    if (text_len > n)
        cdr_fault_resize(target, len + text_len - n);
    memmove(payload + at + text_len, payload + at + n, rest);
    memcpy(payload + at, text, text_len);
    if (text_len < n)
        cdr_fault_resize(target, len + text_len - n);
}

static void bytes(struct cdr_fault_target *target)
{
    const struct cdr_block *block = target->block;
    const uint32_t variant = variant_of(target), duration_s = block->duration_s[target->i];
    char expected[16], found[17];
    if (variant < COLUMN_VARIANTS)
        return;
    if (variant == DIRECTION) {
        const bool mt = block->direction[target->i] == CDR_DIRECTION_MT;
        cdr_fault_say(target, "direction", mt ? "MT" : "MO", "MX");
        put_field(target, "direction", "MX");
        return;
    }
    snprintf(expected, sizeof expected, "%" PRIu32, duration_s);
    snprintf(found, sizeof found, "%c%" PRIu32, variant == PLUS ? '+' : '-',
             variant == NEGATIVE && duration_s == 0 ? 1 : duration_s);
    cdr_fault_say(target, "duration_sec", expected, found);
    put_field(target, "duration_sec", found);
}

const struct cdr_fault_ops cdr_fault_value = {.columns = columns, .bytes = bytes};
