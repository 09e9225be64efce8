/* Options of one value: text to field and field to JSON. */
#include "base/parse.h"
#include "config/secret.h"
#include "config/types.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static enum cdr_result check_range(const struct cdr_option *option, double value, const char *text,
                                   struct cdr_error *error)
{
    char quoted[72];
    if (value >= option->min && value <= option->max)
        return CDR_OK;
    return cdr_fail(error, CDR_E_CONFIG, "%s is out of range", cdr_quote(text, quoted));
}

CDR_SETTER(cdr_set_boolean)
{
    return cdr_parse_boolean(text, cdr_option_field(loading->settings, option->at), error);
}

CDR_SETTER(cdr_set_u32)
{
    uint64_t value = 0;
    int64_t negative = 0;
    enum cdr_result result = CDR_OK;
    /* -1 is a whole number all right: the range is what it breaks. */
    if (*text == '-' && cdr_parse_i64(text, &negative, NULL) == CDR_OK)
        return check_range(option, (double)negative, text, error);
    result = cdr_parse_u64(text, &value, error);
    if (result == CDR_OK)
        result = check_range(option, (double)value, text, error);
    if (result == CDR_OK)
        *(uint32_t *)cdr_option_field(loading->settings, option->at) = (uint32_t)value;
    return result;
}

CDR_SETTER(cdr_set_i32)
{
    int64_t value = 0;
    enum cdr_result result = cdr_parse_i64(text, &value, error);
    if (result == CDR_OK)
        result = check_range(option, (double)value, text, error);
    if (result == CDR_OK)
        *(int32_t *)cdr_option_field(loading->settings, option->at) = (int32_t)value;
    return result;
}

CDR_SETTER(cdr_set_count)
{
    uint64_t value = 0;
    enum cdr_result result = cdr_parse_count(text, &value, error);
    if (result == CDR_OK)
        result = check_range(option, (double)value, text, error);
    if (result == CDR_OK)
        *(uint32_t *)cdr_option_field(loading->settings, option->at) = (uint32_t)value;
    return result;
}

CDR_SETTER(cdr_set_count_u64)
{
    uint64_t value = 0;
    enum cdr_result result = cdr_parse_count(text, &value, error);
    if (result == CDR_OK)
        result = check_range(option, (double)value, text, error);
    if (result == CDR_OK)
        *(uint64_t *)cdr_option_field(loading->settings, option->at) = value;
    return result;
}

CDR_SETTER(cdr_set_u64)
{
    return cdr_parse_u64(text, cdr_option_field(loading->settings, option->at), error);
}

CDR_SETTER(cdr_set_decimal)
{
    double value = 0;
    enum cdr_result result = cdr_parse_decimal(text, &value, error);
    if (result == CDR_OK)
        result = check_range(option, value, text, error);
    if (result == CDR_OK)
        *(double *)cdr_option_field(loading->settings, option->at) = value;
    return result;
}

CDR_SETTER(cdr_set_volume)
{
    uint64_t bytes = 0;
    double value = 0;
    enum cdr_result result = CDR_OK;
    /* Plain numbers may have a fraction that is no whole byte; a mean of 4000000.5 is fine. */
    if (cdr_parse_decimal(text, &value, NULL) != CDR_OK) {
        result = cdr_parse_size(text, &bytes, error);
        value = (double)bytes;
    }
    if (result == CDR_OK)
        result = check_range(option, value, text, error);
    if (result == CDR_OK)
        *(double *)cdr_option_field(loading->settings, option->at) = value;
    return result;
}

CDR_SETTER(cdr_set_size)
{
    uint64_t bytes = 0;
    enum cdr_result result = cdr_parse_size(text, &bytes, error);
    if (result == CDR_OK)
        result = check_range(option, (double)bytes, text, error);
    if (result == CDR_OK)
        *(uint64_t *)cdr_option_field(loading->settings, option->at) = bytes;
    return result;
}

CDR_SETTER(cdr_set_rate)
{
    double value = 0;
    enum cdr_result result = cdr_parse_rate(text, &value, error);
    if (result == CDR_OK)
        result = check_range(option, value, text, error);
    if (result == CDR_OK)
        *(double *)cdr_option_field(loading->settings, option->at) = value;
    return result;
}

CDR_SETTER(cdr_set_seconds)
{
    char quoted[72];
    int64_t ms = 0;
    enum cdr_result result = cdr_parse_duration_ms(text, 1000, &ms, error);
    if (result == CDR_OK && ms % 1000 != 0)
        result =
            cdr_fail(error, CDR_E_CONFIG, "%s is not in whole seconds", cdr_quote(text, quoted));
    if (result == CDR_OK)
        result = check_range(option, (double)(ms / 1000), text, error);
    if (result == CDR_OK)
        *(uint32_t *)cdr_option_field(loading->settings, option->at) = (uint32_t)(ms / 1000);
    return result;
}

CDR_SETTER(cdr_set_seconds_f)
{
    int64_t ms = 0;
    double value = 0;
    enum cdr_result result = CDR_OK;
    if (cdr_parse_decimal(text, &value, NULL) != CDR_OK) {
        result = cdr_parse_duration_ms(text, 1000, &ms, error);
        value = (double)ms / 1000;
    }
    if (result == CDR_OK)
        result = check_range(option, value, text, error);
    if (result == CDR_OK)
        *(double *)cdr_option_field(loading->settings, option->at) = value;
    return result;
}

CDR_SETTER(cdr_set_timeout)
{
    int64_t ms = 0;
    enum cdr_result result = cdr_parse_duration_ms(text, 1000, &ms, error);
    if (result == CDR_OK)
        result = check_range(option, (double)ms, text, error);
    if (result == CDR_OK)
        *(uint32_t *)cdr_option_field(loading->settings, option->at) = (uint32_t)ms;
    return result;
}

CDR_SETTER(cdr_set_retention)
{
    int64_t ms = -1;
    enum cdr_result result = CDR_OK;
    if (strcmp(text, "-1") != 0) {
        result = cdr_parse_duration_ms(text, 1, &ms, error);
        if (result == CDR_OK)
            result = check_range(option, (double)ms, text, error);
    }
    if (result == CDR_OK)
        *(int64_t *)cdr_option_field(loading->settings, option->at) = ms;
    return result;
}

static enum cdr_result find_name(const struct cdr_option *option, const char *text, int *index,
                                 struct cdr_error *error)
{
    char quoted[72];
    for (int i = 0; option->names[i] != NULL; i++)
        if (strcmp(option->names[i], text) == 0) {
            *index = i;
            return CDR_OK;
        }
    return cdr_fail(error, CDR_E_CONFIG, "%s is not known", cdr_quote(text, quoted));
}

CDR_SETTER(cdr_set_choice)
{
    int index = 0;
    enum cdr_result result = find_name(option, text, &index, error);
    if (result == CDR_OK)
        result = cdr_replace_text(cdr_option_field(loading->settings, option->at), text, error);
    return result;
}

CDR_SETTER(cdr_set_enum)
{
    return find_name(option, text, cdr_option_field(loading->settings, option->at), error);
}

void cdr_release_text(void *field)
{
    char **text = field;
    free(*text);
    *text = NULL;
}

void cdr_release_secret(void *field)
{
    char **text = field;
    cdr_secret_free(*text);
    *text = NULL;
}

CDR_SETTER(cdr_set_text)
{
    enum cdr_result result = CDR_OK;
    if (*text == '\0')
        result = cdr_fail(error, CDR_E_CONFIG, "the value is empty");
    if (result == CDR_OK && option->check != NULL && strcmp(text, CDR_HIDDEN) != 0)
        result = option->check(text, error);
    if (result == CDR_OK)
        result = cdr_replace_text(cdr_option_field(loading->settings, option->at), text, error);
    return result;
}

CDR_SETTER(cdr_set_secret_file)
{
    char *secret = NULL;
    enum cdr_result result = cdr_secret_read(text, &secret, error);
    if (result == CDR_OK)
        result = cdr_set_text(loading, option, secret, error);
    cdr_secret_free(secret);
    return result;
}

/* today, yesterday and -7d need the zone and the clock, which are known when everything is loaded;
 * till then the field holds the days from today. */
CDR_SETTER(cdr_set_start)
{
    int32_t *day = cdr_option_field(loading->settings, option->at);
    char quoted[72];
    size_t len = strlen(text);
    if (strcmp(text, "today") == 0 || strcmp(text, "yesterday") == 0) {
        loading->start_is_relative = true;
        *day = *text == 'y' ? -1 : 0;
        return CDR_OK;
    }
    if (*text == '-' && len > 2 && len < 8 && text[len - 1] == 'd') {
        char number[8];
        uint64_t days = 0;
        memcpy(number, text + 1, len - 2);
        number[len - 2] = '\0';
        if (cdr_parse_u64(number, &days, NULL) == CDR_OK && days <= 30000) {
            loading->start_is_relative = true;
            *day = -(int32_t)days;
            return CDR_OK;
        }
    }
    enum cdr_result result = cdr_parse_date(text, day, error);
    if (result == CDR_OK && (*day < option->min || *day > option->max))
        result = cdr_fail(error, CDR_E_CONFIG, "%s is out of range", cdr_quote(text, quoted));
    if (result == CDR_OK)
        loading->start_is_relative = false;
    return result;
}

CDR_SETTER(cdr_set_zone)
{
    char quoted[72];
    char *zone = cdr_option_field(loading->settings, option->at);
    size_t len = strlen(text), zone_max = sizeof loading->settings->model.tz_name;
    if (len == 0)
        return cdr_fail(error, CDR_E_CONFIG, "the value is empty");
    if (len >= zone_max)
        return cdr_fail(error, CDR_E_CONFIG, "%s is too long for a zone", cdr_quote(text, quoted));
    memset(zone, 0, zone_max);
    memcpy(zone, text, len);
    return CDR_OK;
}

CDR_SETTER(cdr_set_place)
{
    return cdr_parse_place(text, cdr_option_field(loading->settings, option->at),
                           cdr_option_field(loading->settings, option->at_count), error);
}

CDR_SETTER(cdr_set_shard)
{
    char quoted[72], index_text[16];
    uint64_t index = 0, count = 0;
    const char *slash = strchr(text, '/');
    if (slash == NULL || (size_t)(slash - text) >= sizeof index_text)
        return cdr_fail(error, CDR_E_CONFIG, "%s is not of the form i/N", cdr_quote(text, quoted));
    memcpy(index_text, text, (size_t)(slash - text));
    index_text[slash - text] = '\0';
    if (cdr_parse_u64(index_text, &index, NULL) != CDR_OK ||
        cdr_parse_u64(slash + 1, &count, NULL) != CDR_OK)
        return cdr_fail(error, CDR_E_CONFIG, "%s is not of the form i/N", cdr_quote(text, quoted));
    if (count < 1 || count > CDR_PARTITIONS_MAX || index >= count)
        return cdr_fail(error, CDR_E_CONFIG, "%s is out of range", cdr_quote(text, quoted));
    *(uint32_t *)cdr_option_field(loading->settings, option->at) = (uint32_t)index;
    *(uint32_t *)cdr_option_field(loading->settings, option->at_count) = (uint32_t)count;
    return CDR_OK;
}

/* --config, help and version are acted upon where they are found. */
CDR_SETTER(cdr_set_nothing)
{
    (void)loading, (void)option, (void)text, (void)error;
    return CDR_OK;
}

CDR_SETTER(cdr_set_refused)
{
    (void)loading, (void)text;
    return cdr_fail(error, CDR_E_CONFIG, "%s", option->help);
}

CDR_PRINTER(cdr_print_boolean)
{
    (void)option, (void)count;
    cdr_json_bool(json, key, *(const bool *)field);
}

CDR_PRINTER(cdr_print_u32)
{
    (void)option, (void)count;
    cdr_json_u64(json, key, *(const uint32_t *)field);
}

CDR_PRINTER(cdr_print_i32)
{
    (void)option, (void)count;
    cdr_json_i64(json, key, *(const int32_t *)field);
}

/* JSON readers have 63 bits, jansson too: what does not fit goes as a string. */
CDR_PRINTER(cdr_print_u64)
{
    char text[24];
    uint64_t value = *(const uint64_t *)field;
    (void)option, (void)count;
    snprintf(text, sizeof text, "%" PRIu64, value);
    if (value > (uint64_t)INT64_MAX)
        cdr_json_text(json, key, text);
    else
        cdr_json_u64(json, key, value);
}

CDR_PRINTER(cdr_print_decimal)
{
    (void)option, (void)count;
    cdr_json_double(json, key, *(const double *)field);
}

void cdr_format_duration(int64_t ms, char text[32])
{
    static const struct {
        int64_t ms;
        const char *name;
    } units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
    size_t i = 0;
    while (ms % units[i].ms != 0)
        i++;
    if (ms == 0)
        i = 3;
    snprintf(text, 32, "%" PRId64 "%s", ms / units[i].ms, units[i].name);
}

CDR_PRINTER(cdr_print_seconds)
{
    char text[32];
    (void)option, (void)count;
    cdr_format_duration((int64_t) * (const uint32_t *)field * 1000, text);
    cdr_json_text(json, key, text);
}

CDR_PRINTER(cdr_print_timeout)
{
    char text[32];
    (void)option, (void)count;
    cdr_format_duration(*(const uint32_t *)field, text);
    cdr_json_text(json, key, text);
}

CDR_PRINTER(cdr_print_retention)
{
    char text[32];
    int64_t ms = *(const int64_t *)field;
    (void)option, (void)count;
    if (ms < 0) {
        cdr_json_i64(json, key, -1);
        return;
    }
    cdr_format_duration(ms, text);
    cdr_json_text(json, key, text);
}

CDR_PRINTER(cdr_print_text)
{
    (void)option, (void)count;
    cdr_json_text(json, key, *(char *const *)field);
}

CDR_PRINTER(cdr_print_secret)
{
    (void)option, (void)count;
    cdr_json_text(json, key, *(char *const *)field != NULL ? CDR_HIDDEN : NULL);
}

CDR_PRINTER(cdr_print_enum)
{
    (void)count;
    cdr_json_text(json, key, option->names[*(const int *)field]);
}

CDR_PRINTER(cdr_print_start)
{
    char text[40];
    int32_t year = 0;
    uint32_t month = 0, day_of_month = 0;
    (void)option, (void)count;
    cdr_civil_from_days(*(const int32_t *)field, &year, &month, &day_of_month);
    snprintf(text, sizeof text, "%04" PRId32 "-%02" PRIu32 "-%02" PRIu32, year, month,
             day_of_month);
    cdr_json_text(json, key, text);
}

CDR_PRINTER(cdr_print_zone)
{
    (void)option, (void)count;
    cdr_json_text(json, key, field);
}

CDR_PRINTER(cdr_print_place)
{
    (void)option;
    cdr_json_array_inline(json, key);
    cdr_json_double(json, NULL, *(const double *)field);
    cdr_json_double(json, NULL, *(const double *)count);
    cdr_json_array_end(json);
}

CDR_PRINTER(cdr_print_shard)
{
    char text[32];
    (void)option;
    snprintf(text, sizeof text, "%" PRIu32 "/%" PRIu32, *(const uint32_t *)field,
             *(const uint32_t *)count);
    cdr_json_text(json, key, text);
}
