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

/* The share of a preset is that of each of its kinds. */
static const struct preset {
    const char *const *of; /* the names that its kinds are of */
    const char *name;
    struct {
        uint32_t kind;
        double share;
    } kinds[8];
} presets[] = {
    /* Any format can have them, in messages and in files of lines. */
    {cdr_fault_name,
     "poison",
     {{CDR_FAULT_EMPTY, .001},
      {CDR_FAULT_TRUNCATE, .002},
      {CDR_FAULT_GARBAGE, .001},
      {CDR_FAULT_BITFLIP, .001}}},
    /* Any format and any destination can have these. */
    {cdr_fault_name,
     "dirty",
     {{CDR_FAULT_DUPLICATE, .01},
      {CDR_FAULT_CONFLICT, .001},
      {CDR_FAULT_MISSING, .002},
      {CDR_FAULT_SWAP, .005},
      {CDR_FAULT_VALUE, .005}}},
    {cdr_fault_name,
     "storm",
     {{CDR_FAULT_DUPLICATE, .2},
      {CDR_FAULT_CONFLICT, .02},
      {CDR_FAULT_MISSING, .02},
      {CDR_FAULT_SWAP, .1},
      {CDR_FAULT_OUTAGE, .02},
      {CDR_FAULT_VALUE, .05}}},
    {cdr_behaviour_name,
     "fraud",
     {{CDR_BEHAVIOUR_SIMBOX_NAIVE - 1, .0005},
      {CDR_BEHAVIOUR_SIMBOX_ROTATING - 1, .0005},
      {CDR_BEHAVIOUR_SIMBOX_MIMIC - 1, .0005},
      {CDR_BEHAVIOUR_IRSF - 1, .0002},
      {CDR_BEHAVIOUR_WANGIRI - 1, .02},
      {CDR_BEHAVIOUR_SIM_SWAP - 1, .001}}},
    {cdr_behaviour_name,
     "machines",
     {{CDR_BEHAVIOUR_TELEMARKETER - 1, .0003},
      {CDR_BEHAVIOUR_CALL_CENTRE - 1, .0003},
      {CDR_BEHAVIOUR_METER - 1, .05},
      {CDR_BEHAVIOUR_A2P - 1, .0005}}},
};

static enum cdr_result set_preset(struct cdr_loading *loading, const struct cdr_option *option,
                                  const char *name, struct cdr_error *error)
{
    double *shares = cdr_option_field(loading->settings, option->at);
    char quoted[72];
    struct cdr_suggestion near = {.given = name};
    for (size_t i = 0; i < sizeof presets / sizeof presets[0]; i++) {
        if (presets[i].of != option->names)
            continue;
        cdr_suggest(&near, presets[i].name);
        if (strcmp(presets[i].name, name) != 0)
            continue;
        for (size_t k = 0; presets[i].kinds[k].share > 0; k++)
            shares[presets[i].kinds[k].kind] = presets[i].kinds[k].share;
        return CDR_OK;
    }
    for (size_t i = 0; option->names[i] != NULL; i++) {
        cdr_suggest(&near, option->names[i]);
        if (strcmp(option->names[i], name) == 0)
            return cdr_fail(error, CDR_E_CONFIG, "%s needs a share, as in %s=0.01",
                            cdr_quote(name, quoted), name);
    }
    cdr_quote(name, quoted);
    return near.best != NULL ? cdr_fail(error, CDR_E_CONFIG,
                                        "%s is not known; did you mean \"%s\"?", quoted, near.best)
                             : cdr_fail(error, CDR_E_CONFIG, "%s is not known", quoted);
}

/* truncate=0.01,null=0.02. Unlike a list, it leaves kinds alone that it does not name, so that the
 * flag can come again. */
CDR_SETTER(cdr_set_faults)
{
    enum cdr_result result = CDR_OK;
    char *copy = strdup(text);
    size_t n = 0, len = 0;
    if (copy == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    for (const char *rest = copy; result == CDR_OK && rest != NULL; n++) {
        const char *start = NULL;
        rest = cdr_next_item(rest, &start, &len);
        char *name = copy + (start - copy), *equals;
        name[len] = '\0';
        struct cdr_option_item item = {.index = n, .name = name};
        equals = strchr(name, '=');
        if (equals == NULL) {
            result = set_preset(loading, option, name, error);
            continue;
        }
        *equals = '\0';
        item.text = equals + 1;
        result = cdr_item_weight(loading, option, &item, error);
    }
    free(copy);
    return result;
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

/* A date, or with THH behind it an hour. */
static enum cdr_result read_day(const char *text, struct cdr_special_day *day,
                                struct cdr_error *error)
{
    char date[16] = "", quoted[72];
    uint64_t hour = 0;
    const char *clock = strchr(text, 'T');
    if (clock == NULL || clock - text >= (ptrdiff_t)sizeof date)
        return cdr_parse_date(text, &day->day, error);
    memcpy(date, text, (size_t)(clock - text));
    enum cdr_result result = cdr_parse_date(date, &day->day, error);
    if (result != CDR_OK)
        return result;
    if (strlen(clock) != 3 || !all_digits(clock + 1) ||
        cdr_parse_u64(clock + 1, &hour, error) != CDR_OK || hour > 23)
        return cdr_fail(error, CDR_E_CONFIG, "%s does not end with an hour, T00 to T23",
                        cdr_quote(text, quoted));
    day->hour = (uint32_t)hour + 1;
    return CDR_OK;
}

CDR_ITEM_SETTER(cdr_item_day)
{
    char quoted[72];
    struct cdr_special_day *days = cdr_option_field(loading->settings, option->at);
    struct cdr_special_day day = {0};
    enum cdr_result result = check_room(option, item->index, error);
    if (result == CDR_OK)
        result = read_day(item->name, &day, error);
    if (result == CDR_OK)
        result = read_number(option, item->text, &day.multiplier, error);
    for (size_t i = 0; result == CDR_OK && i < item->index; i++)
        if (days[i].day == day.day && days[i].hour == day.hour)
            result =
                cdr_fail(error, CDR_E_CONFIG, "%s is given twice", cdr_quote(item->name, quoted));
    if (result == CDR_OK) {
        days[item->index] = day;
        *list_count(loading, option) = (uint32_t)item->index + 1;
    }
    return result;
}

CDR_ITEM_SETTER(cdr_item_date)
{
    char quoted[72];
    int32_t *days = cdr_option_field(loading->settings, option->at), day = 0;
    enum cdr_result result = check_room(option, item->index, error);
    if (result == CDR_OK)
        result = cdr_parse_date(item->text, &day, error);
    for (size_t i = 0; result == CDR_OK && i < item->index; i++)
        if (days[i] == day)
            result =
                cdr_fail(error, CDR_E_CONFIG, "%s is given twice", cdr_quote(item->text, quoted));
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
    if (left->day != right->day)
        return left->day < right->day ? -1 : 1;
    return (left->hour > right->hour) - (left->hour < right->hour);
}

static int by_number(const void *a, const void *b)
{
    const int32_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

enum cdr_result cdr_end_list(struct cdr_loading *loading, const struct cdr_option *option,
                             size_t items, struct cdr_error *error)
{
    /* The dataset must not depend on the order in which dates were written. */
    if (option->type == CDR_OPTION_DAYS)
        qsort(cdr_option_field(loading->settings, option->at), items,
              sizeof(struct cdr_special_day), by_day);
    else if (option->type == CDR_OPTION_DATES)
        qsort(cdr_option_field(loading->settings, option->at), items, sizeof(int32_t), by_number);
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

/* Whether another option has the same field, and prints it. */
static bool has_own_option(const struct cdr_option *option, size_t i)
{
    bool has = false;
    for (size_t other = 0; other < cdr_option_count; other++)
        has |= cdr_options[other].key != NULL && cdr_options[other].type == CDR_OPTION_DECIMAL &&
               cdr_options[other].at == option->at + i * sizeof(double);
    return has;
}

/* Those that are there. */
CDR_PRINTER(cdr_print_faults)
{
    const double *shares = field;
    (void)count;
    cdr_json_object_inline(json, key);
    for (size_t i = 0; i < option->count; i++)
        if (shares[i] > 0 && !has_own_option(option, i))
            cdr_json_double(json, option->names[i], shares[i]);
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

static void print_date(int32_t day, char *date, size_t date_max)
{
    int32_t year = 0;
    uint32_t month = 0, day_of_month = 0;
    cdr_civil_from_days(day, &year, &month, &day_of_month);
    snprintf(date, date_max, "%04d-%02u-%02u", (int)year, (unsigned)month, (unsigned)day_of_month);
}

CDR_PRINTER(cdr_print_days)
{
    const struct cdr_special_day *days = field;
    (void)option;
    cdr_json_object(json, key);
    for (uint32_t i = 0; i < *(const uint32_t *)count; i++) {
        char date[48];
        print_date(days[i].day, date, 40);
        if (days[i].hour != 0)
            snprintf(date + strlen(date), 4, "T%02u", (unsigned)(days[i].hour - 1) % 24);
        cdr_json_double(json, date, days[i].multiplier);
    }
    cdr_json_object_end(json);
}

CDR_PRINTER(cdr_print_dates)
{
    const int32_t *days = field;
    (void)option;
    cdr_json_array(json, key);
    for (uint32_t i = 0; i < *(const uint32_t *)count; i++) {
        char date[40];
        print_date(days[i], date, sizeof date);
        cdr_json_text(json, NULL, date);
    }
    cdr_json_array_end(json);
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
