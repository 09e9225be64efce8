/* Options of what happens in the world: outages and crowds, a text of fields each. */
#include "base/parse.h"
#include "config/types.h"

#include <string.h>

#define FIELDS_MAX 9u

struct fields {
    char text[200];
    char *at[FIELDS_MAX];
    size_t count;
};

/* Fields are separated by spaces. */
static bool split(const char *text, struct fields *fields)
{
    char *rest = fields->text;
    fields->count = 0;
    if (strlen(text) >= sizeof fields->text)
        return false;
    strcpy(fields->text, text);
    for (char *field; (field = strtok_r(rest, " \t", &rest)) != NULL; fields->count++) {
        if (fields->count == FIELDS_MAX)
            return false;
        fields->at[fields->count] = field;
    }
    return true;
}

/* YYYY-MM-DDTHH:MM, as minutes since 1970. */
static enum cdr_result read_moment(const char *text, int64_t *minutes, struct cdr_error *error)
{
    char date[11] = "", quoted[72];
    int32_t day = 0;
    const char *clock = text + 10;
    if (strlen(text) != 16 || text[10] != 'T' || text[13] != ':' ||
        strspn(clock + 1, "0123456789") != 2 || strspn(clock + 4, "0123456789") != 2)
        return cdr_fail(error, CDR_E_CONFIG, "%s is not a time like 2025-01-01T08:30",
                        cdr_quote(text, quoted));
    memcpy(date, text, 10);
    enum cdr_result result = cdr_parse_date(date, &day, error);
    if (result != CDR_OK)
        return result;
    int hour = 10 * (clock[1] - '0') + clock[2] - '0',
        minute = 10 * (clock[4] - '0') + clock[5] - '0';
    if (hour > 23 || minute > 59)
        return cdr_fail(error, CDR_E_CONFIG, "%s has no time from 00:00 to 23:59",
                        cdr_quote(text, quoted));
    *minutes = day * INT64_C(1440) + hour * 60 + minute;
    return CDR_OK;
}

static enum cdr_result read_span(const struct fields *fields, int64_t *from, int64_t *to,
                                 struct cdr_error *error)
{
    enum cdr_result result = read_moment(fields->at[0], from, error);
    if (result == CDR_OK)
        result = read_moment(fields->at[1], to, error);
    if (result == CDR_OK && *from >= *to)
        result = cdr_fail(error, CDR_E_CONFIG, "%s is not after %s", fields->at[1], fields->at[0]);
    return result;
}

static enum cdr_result read_within(const char *what, const char *text, double least, double most,
                                   double *value, struct cdr_error *error)
{
    char quoted[72];
    enum cdr_result result = cdr_parse_decimal(text, value, error);
    if (result == CDR_OK && !(*value >= least && *value <= most))
        result = cdr_fail(error, CDR_E_CONFIG, "%s %s is not from %.10g to %.10g", what,
                          cdr_quote(text, quoted), least, most);
    return result;
}

static enum cdr_result read_place(char *const *at, double *lat, double *lon,
                                  struct cdr_error *error)
{
    enum cdr_result result = read_within("latitude", at[0], -85, 85, lat, error);
    return result == CDR_OK ? read_within("longitude", at[1], -180, 180, lon, error) : result;
}

CDR_ITEM_SETTER(cdr_item_outage)
{
    struct cdr_outage *outages = cdr_option_field(loading->settings, option->at), outage = {0};
    struct fields fields;
    enum cdr_result result;
    uint64_t cell = 0;
    if (item->index >= option->count)
        return cdr_fail(error, CDR_E_CONFIG, "more than %zu items", option->count);
    if (!split(item->text, &fields) || fields.count < 4 || fields.count > 5 ||
        (fields.count == 4) != (strcmp(fields.at[2], "cell") == 0))
        return cdr_fail(error, CDR_E_CONFIG, "it is not FROM TO LAT LON KM or FROM TO cell ID");
    result = read_span(&fields, &outage.from_min, &outage.to_min, error);
    if (result == CDR_OK && fields.count == 4) {
        result = cdr_parse_u64(fields.at[3], &cell, error);
        outage.cell = cell < UINT32_MAX && cell != 0 ? (uint32_t)cell : UINT32_MAX;
    } else if (result == CDR_OK) {
        result = read_place(fields.at + 2, &outage.lat, &outage.lon, error);
        if (result == CDR_OK)
            result = read_within("radius", fields.at[4], 0, 2000, &outage.radius_km, error);
    }
    if (result == CDR_OK) {
        outages[item->index] = outage;
        *(uint32_t *)cdr_option_field(loading->settings, option->at_count) =
            (uint32_t)item->index + 1;
    }
    return result;
}

/* call=2.5, and so on. */
static enum cdr_result read_factor(char *text, double *factors, struct cdr_error *error)
{
    char quoted[72];
    char *equals = strchr(text, '=');
    cdr_quote(text, quoted);
    for (uint32_t type = 0; equals != NULL && type < CDR_TYPE_COUNT; type++) {
        size_t len = strlen(cdr_type_word[type]);
        if (strncmp(text, cdr_type_word[type], len) == 0 && text + len == equals)
            return read_within("factor", equals + 1, 0.0625, 16, &factors[type], error);
    }
    return cdr_fail(error, CDR_E_CONFIG, "%s is not " CDR_TYPE_WORDS("=F, ", "=F or ") "=F",
                    quoted);
}

CDR_ITEM_SETTER(cdr_item_crowd)
{
    struct cdr_crowd *crowds = cdr_option_field(loading->settings, option->at), crowd = {0};
    struct fields fields;
    if (item->index >= option->count)
        return cdr_fail(error, CDR_E_CONFIG, "more than %zu items", option->count);
    if (!split(item->text, &fields) || fields.count < 5)
        return cdr_fail(error, CDR_E_CONFIG,
                        "it is not FROM TO LAT LON SHARE, with factors like sms=2.5 after it");
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
        crowd.factor[type] = 1;
    enum cdr_result result = read_span(&fields, &crowd.from_min, &crowd.to_min, error);
    if (result == CDR_OK)
        result = read_place(fields.at + 2, &crowd.lat, &crowd.lon, error);
    if (result == CDR_OK)
        result = read_within("share", fields.at[4], 0, 1, &crowd.share, error);
    for (size_t i = 5; result == CDR_OK && i < fields.count; i++)
        result = read_factor(fields.at[i], crowd.factor, error);
    if (result == CDR_OK) {
        crowds[item->index] = crowd;
        *(uint32_t *)cdr_option_field(loading->settings, option->at_count) =
            (uint32_t)item->index + 1;
    }
    return result;
}

static void print_moment(int64_t minutes, char *text, size_t text_max)
{
    int32_t year = 0;
    uint32_t month = 0, day = 0, clock = (uint32_t)(((minutes % 1440) + 1440) % 1440);
    cdr_civil_from_days((int32_t)((minutes - clock) / 1440), &year, &month, &day);
    snprintf(text, text_max, "%04d-%02u-%02uT%02u:%02u", (int)year, (unsigned)month, (unsigned)day,
             (unsigned)clock / 60, (unsigned)clock % 60);
}

CDR_PRINTER(cdr_print_outages)
{
    const struct cdr_outage *outages = field;
    (void)option;
    cdr_json_array(json, key);
    for (uint32_t i = 0; i < *(const uint32_t *)count; i++) {
        const struct cdr_outage *outage = &outages[i];
        char from[48], to[48], text[240];
        print_moment(outage->from_min, from, sizeof from);
        print_moment(outage->to_min, to, sizeof to);
        if (outage->cell != 0)
            snprintf(text, sizeof text, "%s %s cell %u", from, to, (unsigned)outage->cell);
        else
            snprintf(text, sizeof text, "%s %s %.15g %.15g %.15g", from, to, outage->lat,
                     outage->lon, outage->radius_km);
        cdr_json_text(json, NULL, text);
    }
    cdr_json_array_end(json);
}

CDR_PRINTER(cdr_print_crowds)
{
    const struct cdr_crowd *crowds = field;
    (void)option;
    cdr_json_array(json, key);
    for (uint32_t i = 0; i < *(const uint32_t *)count; i++) {
        const struct cdr_crowd *crowd = &crowds[i];
        char from[48], to[48], text[320];
        print_moment(crowd->from_min, from, sizeof from);
        print_moment(crowd->to_min, to, sizeof to);
        int len = snprintf(text, sizeof text, "%s %s %.15g %.15g %.15g", from, to, crowd->lat,
                           crowd->lon, crowd->share);
        for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
            if (crowd->factor[type] < 1 || crowd->factor[type] > 1)
                len += snprintf(text + len, sizeof text - (size_t)len, " %s=%.15g",
                                cdr_type_word[type], crowd->factor[type]);
        cdr_json_text(json, NULL, text);
    }
    cdr_json_array_end(json);
}
