/* Options of several values: lists, tables of named numbers, dates, properties. */
#include "base/parse.h"
#include "base/suggest.h"
#include "config/properties.h"
#include "config/types.h"

#include <stdlib.h>
#include <string.h>

static uint32_t *list_count(struct cdr_loading *loading, const struct cdr_option *option)
{
    return cdr_option_field(loading->settings, option->at_count);
}

void cdr_begin_list(struct cdr_loading *loading, const struct cdr_option *option)
{
    *list_count(loading, option) = 0;
}

/* Shares of one whole: naming some of them means that there are no others. */
void cdr_begin_weights(struct cdr_loading *loading, const struct cdr_option *option)
{
    double *weights = cdr_option_field(loading->settings, option->at);
    for (size_t i = 0; i < option->count; i++)
        weights[i] = 0;
}

static bool all_digits(const char *text)
{
    return text[strspn(text, "0123456789")] == '\0';
}

static enum cdr_result check_room(const struct cdr_option *option, size_t index,
                                  struct cdr_error *error)
{
    if (index < option->count)
        return CDR_OK;
    return cdr_fail(error, CDR_E_CONFIG, "more than %zu items", option->count);
}

CDR_ITEM_SETTER(cdr_item_digits)
{
    char quoted[72];
    char(*list)[8] = cdr_option_field(loading->settings, option->at);
    size_t len = strlen(item->text);
    enum cdr_result result = check_room(option, item->index, error);
    if (result != CDR_OK)
        return result;
    if (!all_digits(item->text) || len < (size_t)option->min || len > (size_t)option->max)
        return cdr_fail(error, CDR_E_CONFIG, "%s does not have %g to %g digits",
                        cdr_quote(item->text, quoted), option->min, option->max);
    memset(list[item->index], 0, sizeof list[item->index]);
    memcpy(list[item->index], item->text, len);
    *list_count(loading, option) = (uint32_t)item->index + 1;
    return CDR_OK;
}

CDR_ITEM_SETTER(cdr_item_mccmnc)
{
    char quoted[72];
    uint64_t value = 0;
    uint32_t *list = cdr_option_field(loading->settings, option->at);
    size_t len = strlen(item->text);
    enum cdr_result result = check_room(option, item->index, error);
    if (result != CDR_OK)
        return result;
    if (!all_digits(item->text) || (len != 5 && len != 6))
        return cdr_fail(error, CDR_E_CONFIG, "%s is not an MCC and MNC of 5 or 6 digits%s",
                        cdr_quote(item->text, quoted),
                        all_digits(item->text) && len > 0 && len < 5
                            ? "; one that begins with 0 is a string in JSON"
                            : "");
    result = cdr_parse_u64(item->text, &value, error);
    list[item->index] = cdr_mccmnc((uint32_t)value, (uint32_t)len);
    *list_count(loading, option) = (uint32_t)item->index + 1;
    return result;
}

static enum cdr_result read_number(const struct cdr_option *option, const char *text, double *value,
                                   struct cdr_error *error)
{
    char quoted[72];
    double number = 0;
    enum cdr_result result = cdr_parse_decimal(text, &number, error);
    if (result == CDR_OK && !(number >= option->min && number <= option->max))
        result = cdr_fail(error, CDR_E_CONFIG, "%s is out of range", cdr_quote(text, quoted));
    if (result == CDR_OK)
        *value = number;
    return result;
}

CDR_ITEM_SETTER(cdr_item_number)
{
    double *numbers = cdr_option_field(loading->settings, option->at);
    enum cdr_result result = check_room(option, item->index, error);
    if (result == CDR_OK)
        result = read_number(option, item->text, &numbers[item->index], error);
    return result;
}

static enum cdr_result find_name(const struct cdr_option *option, const char *name, size_t *index,
                                 struct cdr_error *error)
{
    char quoted[72];
    struct cdr_suggestion near = {.given = name};
    for (*index = 0; option->names[*index] != NULL; ++*index) {
        if (strcmp(option->names[*index], name) == 0)
            return CDR_OK;
        cdr_suggest(&near, option->names[*index]);
    }
    cdr_quote(name, quoted);
    if (near.best != NULL)
        return cdr_fail(error, CDR_E_CONFIG, "%s is not known; did you mean \"%s\"?", quoted,
                        near.best);
    return cdr_fail(error, CDR_E_CONFIG, "%s is not known", quoted);
}

CDR_ITEM_SETTER(cdr_item_weight)
{
    double *weights = cdr_option_field(loading->settings, option->at);
    size_t i;
    enum cdr_result result = find_name(option, item->name, &i, error);
    return result == CDR_OK ? read_number(option, item->text, &weights[i], error) : result;
}

/* Of "call", or of a topic that ends so: "cdr.call". */
CDR_ITEM_SETTER(cdr_item_topic)
{
    const char *word = item->name;
    struct cdr_option one = *option;
    size_t i;
    for (const char *end; (end = strpbrk(word, ".-_")) != NULL;)
        word = end + 1;
    enum cdr_result result = find_name(option, word, &i, error);
    if (result != CDR_OK)
        return result;
    one.at += i * sizeof(struct cdr_topic_settings);
    if (loading->layer >= CDR_LAYER_ENVIRONMENT)
        loading->settings->origins[option - cdr_options].names |= 1u << i;
    return (option->type == CDR_OPTION_IDS ? cdr_set_i32 : cdr_set_text)(loading, &one, item->text,
                                                                         error);
}

CDR_ITEM_SETTER(cdr_item_day)
{
    char quoted[72];
    struct cdr_special_day *days = cdr_option_field(loading->settings, option->at);
    struct cdr_special_day day = {0};
    enum cdr_result result = check_room(option, item->index, error);
    if (result == CDR_OK)
        result = cdr_parse_date(item->name, &day.day, error);
    if (result == CDR_OK)
        result = read_number(option, item->text, &day.multiplier, error);
    for (size_t i = 0; result == CDR_OK && i < item->index; i++)
        if (days[i].day == day.day)
            result =
                cdr_fail(error, CDR_E_CONFIG, "%s is given twice", cdr_quote(item->name, quoted));
    if (result == CDR_OK) {
        days[item->index] = day;
        *list_count(loading, option) = (uint32_t)item->index + 1;
    }
    return result;
}

CDR_ITEM_SETTER(cdr_item_property)
{
    (void)option;
    return cdr_property_give(loading, item->name, item->text, loading->where, error);
}

/* -X name=value. */
CDR_SETTER(cdr_set_property)
{
    char name[128];
    const char *equals = strchr(text, '=');
    (void)option;
    if (equals == NULL || equals == text || (size_t)(equals - text) >= sizeof name)
        return cdr_fail(error, CDR_E_CONFIG, "a property must be given as name=value");
    memcpy(name, text, (size_t)(equals - text));
    name[equals - text] = '\0';
    return cdr_property_give(loading, name, equals + 1, loading->where, error);
}

void cdr_release_files(void *field)
{
    for (size_t i = 0; i < CDR_LABEL_COUNT; i++)
        cdr_release_text((char *)field + i * sizeof(struct cdr_topic_settings));
}

CDR_SETTER(cdr_set_properties_file)
{
    (void)option;
    return cdr_properties_load(loading, text, error);
}

static int by_day(const void *a, const void *b)
{
    const struct cdr_special_day *left = a, *right = b;
    return (left->day > right->day) - (left->day < right->day);
}

enum cdr_result cdr_end_list(struct cdr_loading *loading, const struct cdr_option *option,
                             size_t items, struct cdr_error *error)
{
    /* The dataset must not depend on the order in which dates were written. */
    if (option->type == CDR_OPTION_DAYS)
        qsort(cdr_option_field(loading->settings, option->at), items,
              sizeof(struct cdr_special_day), by_day);
    else if (items == 0)
        return cdr_fail(error, CDR_E_CONFIG, "the list is empty");
    return CDR_OK;
}

enum cdr_result cdr_end_weights(struct cdr_loading *loading, const struct cdr_option *option,
                                size_t items, struct cdr_error *error)
{
    const double *numbers = cdr_option_field(loading->settings, option->at);
    if (option->type == CDR_OPTION_NUMBERS && items != option->count)
        return cdr_fail(error, CDR_E_CONFIG, "%zu numbers where %zu are needed", items,
                        option->count);
    for (size_t i = 0; i < option->count; i++)
        if (numbers[i] > 0)
            return CDR_OK;
    return cdr_fail(error, CDR_E_CONFIG, "all of it is 0");
}

CDR_PRINTER(cdr_print_digits)
{
    const char(*list)[8] = field;
    (void)option;
    cdr_json_array_inline(json, key);
    for (uint32_t i = 0; i < *(const uint32_t *)count; i++)
        cdr_json_text(json, NULL, list[i]);
    cdr_json_array_end(json);
}

CDR_PRINTER(cdr_print_mccmnc)
{
    const uint32_t *list = field;
    (void)option;
    cdr_json_array_inline(json, key);
    for (uint32_t i = 0; i < *(const uint32_t *)count; i++) {
        char text[8];
        cdr_mccmnc_text(list[i], text);
        if (text[0] == '0')
            cdr_json_text(json, NULL, text);
        else
            cdr_json_u64(json, NULL, list[i]);
    }
    cdr_json_array_end(json);
}

CDR_PRINTER(cdr_print_numbers)
{
    const double *numbers = field;
    (void)count;
    cdr_json_array_inline(json, key);
    for (size_t i = 0; i < option->count; i++)
        cdr_json_double(json, NULL, numbers[i]);
    cdr_json_array_end(json);
}

CDR_PRINTER(cdr_print_weights)
{
    const double *weights = field;
    (void)count;
    cdr_json_object_inline(json, key);
    for (size_t i = 0; i < option->count; i++)
        cdr_json_double(json, option->names[i], weights[i]);
    cdr_json_object_end(json);
}

CDR_PRINTER(cdr_print_topics)
{
    (void)count;
    cdr_json_object_inline(json, key);
    for (size_t i = 0; option->names[i] != NULL; i++) {
        const void *at = cdr_topic_field(field, i);
        if (option->type == CDR_OPTION_IDS)
            cdr_print_i32(option, at, NULL, json, option->names[i]);
        else if (*(char *const *)at != NULL)
            cdr_print_text(option, at, NULL, json, option->names[i]);
    }
    cdr_json_object_end(json);
}

CDR_PRINTER(cdr_print_days)
{
    const struct cdr_special_day *days = field;
    (void)option;
    cdr_json_object(json, key);
    for (uint32_t i = 0; i < *(const uint32_t *)count; i++) {
        char date[40];
        int32_t year = 0;
        uint32_t month = 0, day_of_month = 0;
        cdr_civil_from_days(days[i].day, &year, &month, &day_of_month);
        snprintf(date, sizeof date, "%04d-%02u-%02u", (int)year, (unsigned)month,
                 (unsigned)day_of_month);
        cdr_json_double(json, date, days[i].multiplier);
    }
    cdr_json_object_end(json);
}

CDR_PRINTER(cdr_print_properties)
{
    const struct cdr_kafka_settings *kafka = field;
    (void)option, (void)count;
    cdr_json_object(json, key);
    for (size_t i = 0; i < kafka->property_count; i++)
        cdr_json_text(json, kafka->properties[i].name, cdr_property_shown(&kafka->properties[i]));
    cdr_json_object_end(json);
}
