#include "answer/join.h"

#include "answer/column.h"
#include "model/profile.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *const cdr_join_name[CDR_JOIN_N] = {"none", "start", "end", "latest"};

static const struct cdr_field_source fields[] = {
    {"subscriber_imsi", CDR_SOURCE_DIGITS, CDR_COLUMN_NONE, .optional = true},
    {"subscriber_imei", CDR_SOURCE_DIGITS, CDR_COLUMN_NONE, .optional = true},
    {"subscriber_tac", CDR_SOURCE_DIGITS, CDR_COLUMN_NONE, .optional = true},
    {"subscriber_mccmnc", CDR_SOURCE_DIGITS, CDR_COLUMN_NONE, .optional = true},
    {"subscriber_home_cell_id", CDR_SOURCE_NUMBER, CDR_COLUMN_NONE, .optional = true},
    {"subscriber_contacts", CDR_SOURCE_NUMBER, CDR_COLUMN_NONE, .optional = true},
};
enum { IMSI, IMEI, TAC, MCCMNC, HOME, CONTACTS, FIELDS };

bool cdr_join_has(const struct cdr_field_source *field)
{
    return field >= fields && field < fields + FIELDS;
}

const char *cdr_join_field(size_t i)
{
    return i < FIELDS ? fields[i].name : NULL;
}

const struct cdr_field_source *cdr_join_find(const char *name)
{
    for (size_t i = 0; i < FIELDS; i++)
        if (cdr_name_same(fields[i].name, name))
            return &fields[i];
    return NULL;
}

static int64_t digits(size_t at, const char *format, uint64_t number)
{
    char text[24];
    int64_t value = CDR_ABSENT;
    snprintf(text, sizeof text, format, number);
    if (at == TAC)
        text[8] = '\0';
    return cdr_column_parse(&fields[at], text, &value, NULL) == CDR_OK ? value : CDR_ABSENT;
}

static int64_t value_of(const struct cdr_profile *profile, size_t at)
{
    char mccmnc[8];
    int64_t value = CDR_ABSENT;
    switch (at) {
    case IMSI:
        return digits(at, "%015" PRIu64, profile->imsi.value);
    case IMEI:
    case TAC:
        return digits(at, "%015" PRIu64, profile->imei);
    case MCCMNC:
        cdr_mccmnc_text(profile->imsi.mccmnc, mccmnc);
        return cdr_column_parse(&fields[at], mccmnc, &value, NULL) == CDR_OK ? value : CDR_ABSENT;
    case HOME:
        return profile->home_cell_id;
    default:
        return profile->contacts;
    }
}

void cdr_join_values(const struct cdr_model *model, enum cdr_join join,
                     const struct cdr_field_source *field, const struct cdr_block *block,
                     int64_t *values)
{
    const struct cdr_parameters *p = &model->parameters;
    for (uint32_t i = 0; i < block->n; i++) {
        const int64_t at_ms = join == CDR_JOIN_START ? block->start_ms[i] : block->end_ms[i];
        const int32_t day = join == CDR_JOIN_LATEST
                                ? p->start_day + (int32_t)p->days - 1
                                : cdr_calendar_slot_at(&model->calendar, at_ms).day;
        values[i] = CDR_ABSENT;
        if (day < p->start_day)
            continue;
        const struct cdr_profile profile = cdr_profile_on(model, block->owner[i], (uint32_t)day);
        if (profile.present)
            values[i] = value_of(&profile, (size_t)(field - fields));
    }
}
