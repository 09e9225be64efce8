/* The table of types, and setting and printing by it.
 *
 * JSON becomes the text that a flag would have had, so that there is one reading of every value; a
 * list or table does so item by item, and a message can name the line of the item.
 */
#include "config/types.h"

#include "base/parse.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define STRING_OR_NUMBER (CDR_JSON_NUMBER | CDR_JSON_STRING)

const struct cdr_type_ops cdr_type_ops[CDR_OPTION_TYPE_COUNT] = {
    [CDR_OPTION_BOOLEAN] = {.noun = "true or false",
                            .json = CDR_JSON_BOOLEAN,
                            .set = cdr_set_boolean,
                            .print = cdr_print_boolean},
    [CDR_OPTION_U32] = {.noun = "a whole number",
                        .json = CDR_JSON_INTEGER,
                        .set = cdr_set_u32,
                        .print = cdr_print_u32},
    [CDR_OPTION_I32] = {.noun = "a whole number",
                        .json = CDR_JSON_INTEGER,
                        .set = cdr_set_i32,
                        .print = cdr_print_i32},
    [CDR_OPTION_COUNT] = {.noun = "a whole number",
                          .json = CDR_JSON_INTEGER | CDR_JSON_STRING,
                          .set = cdr_set_count,
                          .print = cdr_print_u32},
    [CDR_OPTION_COUNT_U64] = {.noun = "a whole number",
                              .json = CDR_JSON_INTEGER | CDR_JSON_STRING,
                              .set = cdr_set_count_u64,
                              .print = cdr_print_u64},
    [CDR_OPTION_U64] = {.noun = "a whole number",
                        .json = CDR_JSON_INTEGER | CDR_JSON_STRING,
                        .set = cdr_set_u64,
                        .print = cdr_print_u64},
    [CDR_OPTION_DECIMAL] = {.noun = "a number",
                            .json = CDR_JSON_NUMBER,
                            .set = cdr_set_decimal,
                            .print = cdr_print_decimal},
    [CDR_OPTION_VOLUME] = {.noun = "a size",
                           .json = STRING_OR_NUMBER,
                           .set = cdr_set_volume,
                           .print = cdr_print_decimal},
    [CDR_OPTION_SIZE] = {.noun = "a size",
                         .json = CDR_JSON_INTEGER | CDR_JSON_STRING,
                         .set = cdr_set_size,
                         .print = cdr_print_u64},
    [CDR_OPTION_RATE] = {.noun = "a rate",
                         .json = STRING_OR_NUMBER,
                         .set = cdr_set_rate,
                         .print = cdr_print_decimal},
    [CDR_OPTION_SECONDS] = {.noun = "a duration",
                            .json = STRING_OR_NUMBER,
                            .set = cdr_set_seconds,
                            .print = cdr_print_seconds},
    [CDR_OPTION_SECONDS_F] = {.noun = "a duration",
                              .json = STRING_OR_NUMBER,
                              .set = cdr_set_seconds_f,
                              .print = cdr_print_decimal},
    [CDR_OPTION_TIMEOUT] = {.noun = "a duration",
                            .json = STRING_OR_NUMBER,
                            .set = cdr_set_timeout,
                            .print = cdr_print_timeout},
    [CDR_OPTION_RETENTION] = {.noun = "a duration",
                              .json = STRING_OR_NUMBER,
                              .set = cdr_set_retention,
                              .print = cdr_print_retention},
    [CDR_OPTION_CHOICE] = {.noun = "a string",
                           .json = CDR_JSON_STRING,
                           .set = cdr_set_choice,
                           .print = cdr_print_text,
                           .release = cdr_release_text},
    [CDR_OPTION_ENUM] = {.noun = "a string",
                         .json = CDR_JSON_STRING,
                         .set = cdr_set_enum,
                         .print = cdr_print_enum},
    [CDR_OPTION_TEXT] = {.noun = "a string",
                         .json = CDR_JSON_STRING | CDR_JSON_NULL,
                         .set = cdr_set_text,
                         .print = cdr_print_text,
                         .release = cdr_release_text},
    [CDR_OPTION_SECRET] = {.noun = "a string",
                           .json = CDR_JSON_STRING | CDR_JSON_NULL,
                           .set = cdr_set_text,
                           .print = cdr_print_secret,
                           .release = cdr_release_secret},
    [CDR_OPTION_SECRET_FILE] = {.noun = "a path",
                                .json = CDR_JSON_STRING,
                                .set = cdr_set_secret_file},
    [CDR_OPTION_START] = {.noun = "a date in a string",
                          .json = CDR_JSON_STRING,
                          .set = cdr_set_start,
                          .print = cdr_print_start},
    [CDR_OPTION_ZONE] = {.noun = "a string",
                         .json = CDR_JSON_STRING,
                         .set = cdr_set_zone,
                         .print = cdr_print_zone},
    [CDR_OPTION_PLACE] = {.noun = "an array of latitude and longitude",
                          .json = CDR_JSON_STRING | CDR_JSON_ARRAY,
                          .set = cdr_set_place,
                          .print = cdr_print_place},
    [CDR_OPTION_SHARD] = {.noun = "a string",
                          .json = CDR_JSON_STRING,
                          .set = cdr_set_shard,
                          .print = cdr_print_shard},
    [CDR_OPTION_DIGITS] = {.noun = "an array of strings",
                           .json = CDR_JSON_ARRAY,
                           .items = CDR_JSON_STRING | CDR_JSON_INTEGER,
                           .begin = cdr_begin_list,
                           .item = cdr_item_digits,
                           .end = cdr_end_list,
                           .print = cdr_print_digits},
    [CDR_OPTION_MCCMNC] = {.noun = "an array of numbers",
                           .json = CDR_JSON_ARRAY,
                           .items = CDR_JSON_STRING | CDR_JSON_INTEGER,
                           .begin = cdr_begin_list,
                           .item = cdr_item_mccmnc,
                           .end = cdr_end_list,
                           .print = cdr_print_mccmnc},
    [CDR_OPTION_NUMBERS] = {.noun = "an array of numbers",
                            .json = CDR_JSON_ARRAY,
                            .items = CDR_JSON_NUMBER,
                            .item = cdr_item_number,
                            .end = cdr_end_weights,
                            .print = cdr_print_numbers},
    [CDR_OPTION_WEIGHTS] = {.noun = "an object of numbers",
                            .json = CDR_JSON_OBJECT,
                            .items = CDR_JSON_NUMBER,
                            .begin = cdr_begin_weights,
                            .item = cdr_item_weight,
                            .end = cdr_end_weights,
                            .print = cdr_print_weights},
    [CDR_OPTION_FAULTS] = {.noun = "an object of numbers",
                           .json = CDR_JSON_OBJECT,
                           .items = CDR_JSON_NUMBER,
                           .set = cdr_set_faults,
                           .item = cdr_item_weight,
                           .print = cdr_print_faults},
    [CDR_OPTION_DAYS] = {.noun = "an object of dates and numbers",
                         .json = CDR_JSON_OBJECT,
                         .items = CDR_JSON_NUMBER,
                         .begin = cdr_begin_list,
                         .item = cdr_item_day,
                         .end = cdr_end_list,
                         .print = cdr_print_days},
    [CDR_OPTION_OUTAGES] = {.noun = "an array of strings",
                            .json = CDR_JSON_ARRAY,
                            .items = CDR_JSON_STRING,
                            .begin = cdr_begin_list,
                            .item = cdr_item_outage,
                            .print = cdr_print_outages},
    [CDR_OPTION_CROWDS] = {.noun = "an array of strings",
                           .json = CDR_JSON_ARRAY,
                           .items = CDR_JSON_STRING,
                           .begin = cdr_begin_list,
                           .item = cdr_item_crowd,
                           .print = cdr_print_crowds},
    [CDR_OPTION_DATES] = {.noun = "an array of dates",
                          .json = CDR_JSON_ARRAY,
                          .items = CDR_JSON_STRING,
                          .begin = cdr_begin_list,
                          .item = cdr_item_date,
                          .end = cdr_end_list,
                          .print = cdr_print_dates},
    [CDR_OPTION_PROPERTY] = {.noun = "an object",
                             .json = CDR_JSON_OBJECT,
                             .items = STRING_OR_NUMBER | CDR_JSON_BOOLEAN,
                             .set = cdr_set_property,
                             .item = cdr_item_property,
                             .print = cdr_print_properties},
    [CDR_OPTION_FILES] = {.noun = "an object of files",
                          .json = CDR_JSON_OBJECT,
                          .items = CDR_JSON_STRING,
                          .item = cdr_item_topic,
                          .print = cdr_print_topics,
                          .release = cdr_release_files},
    [CDR_OPTION_IDS] = {.noun = "an object of whole numbers",
                        .json = CDR_JSON_OBJECT,
                        .items = CDR_JSON_INTEGER,
                        .item = cdr_item_topic,
                        .print = cdr_print_topics},
    [CDR_OPTION_JSON] = {.noun = "an object, or the path of a file that holds one",
                         .json = CDR_JSON_STRING | CDR_JSON_OBJECT | CDR_JSON_NULL,
                         .set = cdr_set_text,
                         .print = cdr_print_text,
                         .release = cdr_release_text},
    [CDR_OPTION_PROPERTIES_FILE] = {.noun = "a path",
                                    .json = CDR_JSON_STRING,
                                    .set = cdr_set_properties_file},
    [CDR_OPTION_CONFIG_FILE] = {.noun = "a path", .set = cdr_set_nothing},
    [CDR_OPTION_HELP] = {.noun = "nothing", .set = cdr_set_nothing},
    [CDR_OPTION_VERSION] = {.noun = "nothing", .set = cdr_set_nothing},
    [CDR_OPTION_REFUSED] = {.noun = "nothing",
                            .json = STRING_OR_NUMBER | CDR_JSON_BOOLEAN | CDR_JSON_NULL,
                            .set = cdr_set_refused},
};

enum cdr_result cdr_replace_text(char **field, const char *text, struct cdr_error *error)
{
    char *copy = text != NULL ? strdup(text) : NULL;
    if (text != NULL && copy == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    free(*field);
    *field = copy;
    return CDR_OK;
}

/* Puts where in front of a clause and what is allowed after it. */
static enum cdr_result explain(const struct cdr_option *option, enum cdr_result code,
                               const char *where, const struct cdr_error *clause,
                               struct cdr_error *error)
{
    char allowed[256] = "";
    if (code == CDR_OK)
        return CDR_OK;
    if (code == CDR_E_CONFIG)
        cdr_option_allowed(option, allowed, sizeof allowed);
    return cdr_fail(error, code, "%.300s: %.400s%s%s", where, clause->text,
                    allowed[0] != '\0' ? "; allowed is " : "", allowed);
}

/* Cuts "a,b" or, in tables, "x=1,y=2" and sets the items. */
static enum cdr_result set_items(struct cdr_loading *loading, const struct cdr_option *option,
                                 char *text, struct cdr_error *error)
{
    const struct cdr_type_ops *ops = &cdr_type_ops[option->type];
    size_t n = 0, len = 0;
    enum cdr_result result = CDR_OK;
    if (ops->begin != NULL)
        ops->begin(loading, option);
    for (const char *rest = text; result == CDR_OK && rest != NULL; n++) {
        const char *start = NULL;
        rest = cdr_next_item(rest, &start, &len);
        char *item_text = text + (start - text);
        struct cdr_option_item item = {.index = n, .text = item_text};
        item_text[len] = '\0'; /* the comma, space or end after the item */
        if ((ops->json & CDR_JSON_OBJECT) != 0) {
            char *equals = strchr(item_text, '=');
            if (equals == NULL)
                return cdr_fail(error, CDR_E_CONFIG, "items must be given as %s",
                                option->value != NULL ? option->value : "name=number");
            *equals = '\0';
            item.name = item_text;
            item.text = equals + 1;
        }
        result = ops->item(loading, option, &item, error);
    }
    return result == CDR_OK && ops->end != NULL ? ops->end(loading, option, n, error) : result;
}

enum cdr_result cdr_option_set(struct cdr_loading *loading, const struct cdr_option *option,
                               const char *where, const char *text, struct cdr_error *error)
{
    const struct cdr_type_ops *ops = &cdr_type_ops[option->type];
    struct cdr_error clause = {{0}};
    enum cdr_result result = CDR_E_NOMEM;
    loading->where = where;
    if (ops->set != NULL) {
        result = ops->set(loading, option, text, &clause);
    } else {
        char *copy = strdup(text);
        if (copy == NULL)
            return cdr_fail(error, CDR_E_NOMEM, "out of memory");
        result = set_items(loading, option, copy, &clause);
        free(copy);
    }
    return result == CDR_OK ? cdr_option_note(loading, option, where, error)
                            : explain(option, result, where, &clause, error);
}

static unsigned json_kind(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return CDR_JSON_OBJECT;
    case JSON_ARRAY:
        return CDR_JSON_ARRAY;
    case JSON_STRING:
        return CDR_JSON_STRING;
    case JSON_INTEGER:
        return CDR_JSON_INTEGER;
    case JSON_REAL:
        return CDR_JSON_REAL;
    case JSON_NULL:
        return CDR_JSON_NULL;
    default:
        return CDR_JSON_BOOLEAN;
    }
}

static const char *json_noun(unsigned kind)
{
    switch (kind) {
    case CDR_JSON_OBJECT:
        return "an object";
    case CDR_JSON_ARRAY:
        return "an array";
    case CDR_JSON_STRING:
        return "a string";
    case CDR_JSON_INTEGER:
        return "a number";
    case CDR_JSON_REAL:
        return "a number with a fraction";
    case CDR_JSON_NULL:
        return "null";
    default:
        return "true or false";
    }
}

/* The text that a flag would have had. Strings are not copied. */
static const char *json_text(const json_t *value, char buffer[64])
{
    if (json_is_string(value))
        return json_string_value(value);
    if (json_is_integer(value))
        snprintf(buffer, 64, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_boolean(value))
        snprintf(buffer, 64, "%s", json_is_true(value) ? "true" : "false");
    else if (json_is_real(value))
        for (int digits = 15; digits <= 17; digits++) {
            snprintf(buffer, 64, "%.*g", digits, json_real_value(value));
            double back = strtod(buffer, NULL);
            if (back >= json_real_value(value) && back <= json_real_value(value))
                break;
        }
    return buffer;
}

static enum cdr_result wrong_kind(const struct cdr_option *option, const char *where, unsigned kind,
                                  const char *needed, struct cdr_error *error)
{
    struct cdr_error clause = {{0}};
    cdr_fail(&clause, CDR_E_CONFIG, "%s where %s is needed", json_noun(kind), needed);
    return explain(option, CDR_E_CONFIG, where, &clause, error);
}

static enum cdr_result set_json_item(struct cdr_loading *loading, const struct cdr_option *option,
                                     const struct cdr_json_place *place,
                                     const struct cdr_option_item *at, const json_t *value,
                                     struct cdr_error *error)
{
    const struct cdr_type_ops *ops = &cdr_type_ops[option->type];
    char where[512], buffer[64] = "";
    struct cdr_error clause = {{0}};
    struct cdr_option_item item = *at;
    place->locate(place->context, item.name, item.name != NULL ? -1 : (int)item.index, where,
                  sizeof where);
    if ((json_kind(value) & ops->items) == 0)
        return wrong_kind(option, where, json_kind(value),
                          (ops->items & CDR_JSON_STRING) == 0
                              ? (ops->items & CDR_JSON_REAL) != 0 ? "a number" : "a whole number"
                          : (ops->items & CDR_JSON_NUMBER) != 0 ? "a string or a number"
                                                                : "a string",
                          error);
    item.text = json_text(value, buffer);
    loading->where = where;
    return explain(option, ops->item(loading, option, &item, &clause), where, &clause, error);
}

static enum cdr_result set_json_items(struct cdr_loading *loading, const struct cdr_option *option,
                                      const struct cdr_json_place *place, const json_t *value,
                                      const char *where, struct cdr_error *error)
{
    const struct cdr_type_ops *ops = &cdr_type_ops[option->type];
    struct cdr_option_item item = {0};
    struct cdr_error clause = {{0}};
    enum cdr_result result = CDR_OK;
    if (ops->begin != NULL)
        ops->begin(loading, option);
    if (json_is_array(value)) {
        for (; result == CDR_OK && item.index < json_array_size(value); item.index++)
            result = set_json_item(loading, option, place, &item, json_array_get(value, item.index),
                                   error);
    } else {
        /* jansson's iterators take what they do not change without const. */
        json_t *object = (json_t *)(uintptr_t)value;
        for (void *i = json_object_iter(object); result == CDR_OK && i != NULL;
             i = json_object_iter_next(object, i), item.index++) {
            item.name = json_object_iter_key(i);
            result = set_json_item(loading, option, place, &item, json_object_iter_value(i), error);
        }
    }
    if (result == CDR_OK && ops->end != NULL)
        result =
            explain(option, ops->end(loading, option, item.index, &clause), where, &clause, error);
    if (result == CDR_OK)
        result = cdr_option_note(loading, option, where, error);
    return result;
}

/* [52.37, 4.895] as "52.37,4.895". */
static bool join_pair(const json_t *array, char joined[130])
{
    char first[64] = "", second[64] = "";
    const json_t *a = json_array_get(array, 0), *b = json_array_get(array, 1);
    if (json_array_size(array) != 2 || !json_is_number(a) || !json_is_number(b))
        return false;
    snprintf(joined, 130, "%s,%s", json_text(a, first), json_text(b, second));
    return true;
}

enum cdr_result cdr_option_set_json(struct cdr_loading *loading, const struct cdr_option *option,
                                    const struct cdr_json_place *place, const json_t *value,
                                    struct cdr_error *error)
{
    const struct cdr_type_ops *ops = &cdr_type_ops[option->type];
    unsigned kind = json_kind(value);
    char where[512], buffer[64] = "", joined[130];
    place->locate(place->context, NULL, -1, where, sizeof where);
    loading->where = where;
    if (ops->json == 0)
        return cdr_fail(error, CDR_E_CONFIG, "%s: this cannot be set in a config file", where);
    if ((kind & ops->json) == 0 || (kind == CDR_JSON_NULL && option->initial != NULL))
        return wrong_kind(option, where, kind, ops->noun, error);
    if (ops->items != 0)
        return set_json_items(loading, option, place, value, where, error);
    if (kind == CDR_JSON_NULL && option->type != CDR_OPTION_REFUSED)
        return cdr_replace_text(cdr_option_field(loading->settings, option->at), NULL, error);
    if (kind == CDR_JSON_OBJECT) {
        char *dumped = json_dumps(value, JSON_COMPACT);
        enum cdr_result result = dumped != NULL
                                     ? cdr_option_set(loading, option, where, dumped, error)
                                     : cdr_fail(error, CDR_E_NOMEM, "out of memory");
        free(dumped);
        return result;
    }
    if (kind == CDR_JSON_ARRAY) {
        if (!join_pair(value, joined))
            return wrong_kind(option, where, kind, ops->noun, error);
        return cdr_option_set(loading, option, where, joined, error);
    }
    return cdr_option_set(loading, option, where, json_text(value, buffer), error);
}

void cdr_option_print(const struct cdr_option *option, const struct cdr_settings *settings,
                      struct cdr_json *json, const char *key)
{
    const char *base = (const char *)settings;
    const struct cdr_type_ops *ops = &cdr_type_ops[option->type];
    assert(ops->print != NULL);
    ops->print(option, base + option->at, base + option->at_count, json, key);
}

/* "1k", "100M": in the largest unit that divides it. */
static void format_size(double bytes, char text[32])
{
    static const char *const units[] = {"", "k", "M", "G", "T"};
    size_t i = 0;
    uint64_t value = (uint64_t)bytes;
    for (; i < 4 && value >= 1000 && value % 1000 == 0; i++)
        value /= 1000;
    snprintf(text, 32, "%" PRIu64 "%s", value, units[i]);
}

static void allowed_span(const struct cdr_option *option, char *text, size_t text_max)
{
    char low[32], high[32];
    switch (option->type) {
    case CDR_OPTION_SIZE:
    case CDR_OPTION_VOLUME:
    case CDR_OPTION_RATE:
        format_size(option->min, low);
        format_size(option->max, high);
        snprintf(text, text_max, "%s to %s%s", low, high,
                 option->type == CDR_OPTION_RATE                            ? " a second"
                 : option->value != NULL && strcmp(option->value, "N") == 0 ? ""
                                                                            : " bytes");
        break;
    case CDR_OPTION_SECONDS:
    case CDR_OPTION_SECONDS_F:
        cdr_format_duration((int64_t)option->min * 1000, low);
        cdr_format_duration((int64_t)option->max * 1000, high);
        snprintf(text, text_max, "%s to %s", low, high);
        break;
    case CDR_OPTION_TIMEOUT:
    case CDR_OPTION_RETENTION:
        cdr_format_duration((int64_t)option->min, low);
        cdr_format_duration((int64_t)option->max, high);
        snprintf(text, text_max, "%s to %s%s", low, high,
                 option->type == CDR_OPTION_RETENTION ? ", or -1 for ever" : "");
        break;
    default:
        snprintf(text, text_max, "%.15g to %.15g", option->min, option->max);
        break;
    }
}

static void allowed_names(const struct cdr_option *option, char *text, size_t text_max)
{
    size_t len = 0;
    text[0] = '\0';
    for (size_t i = 0; option->names[i] != NULL && len < text_max; i++) {
        const char *between = i == 0 ? "" : option->names[i + 1] == NULL ? " or " : ", ";
        len += (size_t)snprintf(text + len, text_max - len, "%s%s", between, option->names[i]);
    }
}

void cdr_option_allowed(const struct cdr_option *option, char *text, size_t text_max)
{
    switch (option->type) {
    case CDR_OPTION_CHOICE:
    case CDR_OPTION_ENUM:
    case CDR_OPTION_FILES:
        allowed_names(option, text, text_max);
        break;
    case CDR_OPTION_BOOLEAN:
        snprintf(text, text_max, "true or false");
        break;
    case CDR_OPTION_U64:
        snprintf(text, text_max, "0 to 18446744073709551615");
        break;
    case CDR_OPTION_START:
        snprintf(text, text_max, "YYYY-MM-DD from 1990 to 2100, today, yesterday or -7d");
        break;
    case CDR_OPTION_SHARD:
        snprintf(text, text_max, "i/N with i from 0 to N-1 and N up to %u", CDR_PARTITIONS_MAX);
        break;
    case CDR_OPTION_DIGITS:
        snprintf(text, text_max, "1 to %zu items of %g to %g digits", option->count, option->min,
                 option->max);
        break;
    case CDR_OPTION_MCCMNC:
        snprintf(text, text_max, "1 to %zu codes of 5 or 6 digits", option->count);
        break;
    case CDR_OPTION_WEIGHTS:
    case CDR_OPTION_FAULTS:
    case CDR_OPTION_IDS:
        allowed_names(option, text, text_max);
        snprintf(text + strlen(text), text_max - strlen(text), ", each %.15g to %.15g", option->min,
                 option->max);
        break;
    case CDR_OPTION_DAYS:
        snprintf(text, text_max,
                 "dates (YYYY-MM-DD) and hours (YYYY-MM-DDTHH), each with %.15g to %.15g",
                 option->min, option->max);
        break;
    case CDR_OPTION_OUTAGES:
        snprintf(text, text_max,
                 "up to %zu of \"FROM TO LAT LON KM\" or \"FROM TO cell ID\"; FROM and TO are "
                 "YYYY-MM-DDTHH:MM",
                 option->count);
        break;
    case CDR_OPTION_CROWDS:
        snprintf(text, text_max,
                 "up to %zu of \"FROM TO LAT LON SHARE\" and factors of 0.0625 to 16 like sms=2.5; "
                 "FROM and TO are YYYY-MM-DDTHH:MM",
                 option->count);
        break;
    case CDR_OPTION_DATES:
        snprintf(text, text_max, "up to %zu dates (YYYY-MM-DD)", option->count);
        break;
    case CDR_OPTION_NUMBERS:
        snprintf(text, text_max, "%.15g to %.15g each", option->min, option->max);
        break;
    default:
        text[0] = '\0';
        if (option->max > option->min)
            allowed_span(option, text, text_max);
        break;
    }
}
