/* What can be done with an option of a type; types.c has the table, scalars.c and lists.c the
 * functions.
 *
 * A scalar is set from text at once; JSON numbers, strings and booleans become that text first. A
 * list or table is begun, given its items one by one (by position, by name in a table), and ended;
 * text is cut at its commas, and at '=' in tables. Errors are clauses as in base/parse.h:
 * cdr_option_set puts where in front and what is allowed after it.
 */
#ifndef CDR_CONFIG_TYPES_H
#define CDR_CONFIG_TYPES_H

#include "config/option.h"

/* Kinds of JSON value that a type takes. */
enum {
    CDR_JSON_INTEGER = 1,
    CDR_JSON_REAL = 2,
    CDR_JSON_STRING = 4,
    CDR_JSON_BOOLEAN = 8,
    CDR_JSON_NULL = 16,
    CDR_JSON_ARRAY = 32,
    CDR_JSON_OBJECT = 64,
    CDR_JSON_NUMBER = CDR_JSON_INTEGER | CDR_JSON_REAL,
};

struct cdr_option_item {
    size_t index;
    const char *name; /* in a table, else NULL */
    const char *text;
};

struct cdr_type_ops {
    const char *noun; /* what JSON must hold: "a whole number" */
    unsigned json;    /* CDR_JSON_* */
    unsigned items;   /* CDR_JSON_* of the items; 0: a scalar */
    enum cdr_result (*set)(struct cdr_loading *loading, const struct cdr_option *option,
                           const char *text, struct cdr_error *error);
    /* Of items; begin and end may be NULL. */
    void (*begin)(struct cdr_loading *loading, const struct cdr_option *option);
    enum cdr_result (*item)(struct cdr_loading *loading, const struct cdr_option *option,
                            const struct cdr_option_item *item, struct cdr_error *error);
    enum cdr_result (*end)(struct cdr_loading *loading, const struct cdr_option *option,
                           size_t items, struct cdr_error *error);
    void (*print)(const struct cdr_option *option, const void *field, const void *count,
                  struct cdr_json *json, const char *key);
    /* Frees what the field holds and sets it to NULL; NULL: it holds nothing of its own. */
    void (*release)(void *field);
};

extern const struct cdr_type_ops cdr_type_ops[CDR_OPTION_TYPE_COUNT];

static inline void *cdr_option_field(struct cdr_settings *settings, size_t at)
{
    return (char *)settings + at;
}

/* Of FILES and IDS: the field of a topic, by the first topic's. */
static inline const void *cdr_topic_field(const void *first, size_t topic)
{
    return (const char *)first + topic * sizeof(struct cdr_topic_settings);
}

/* A duration in the largest unit that divides it: "90s", "7d". */
void cdr_format_duration(int64_t ms, char text[32]);

#define CDR_SETTER(name)                                                                           \
    enum cdr_result name(struct cdr_loading *loading, const struct cdr_option *option,             \
                         const char *text, struct cdr_error *error)
#define CDR_PRINTER(name)                                                                          \
    void name(const struct cdr_option *option, const void *field, const void *count,               \
              struct cdr_json *json, const char *key)
#define CDR_ITEM_SETTER(name)                                                                      \
    enum cdr_result name(struct cdr_loading *loading, const struct cdr_option *option,             \
                         const struct cdr_option_item *item, struct cdr_error *error)

CDR_SETTER(cdr_set_boolean);
CDR_SETTER(cdr_set_u32);
CDR_SETTER(cdr_set_i32);
CDR_SETTER(cdr_set_count);
CDR_SETTER(cdr_set_count_u64);
CDR_SETTER(cdr_set_u64);
CDR_SETTER(cdr_set_decimal);
CDR_SETTER(cdr_set_volume);
CDR_SETTER(cdr_set_size);
CDR_SETTER(cdr_set_rate);
CDR_SETTER(cdr_set_seconds);
CDR_SETTER(cdr_set_seconds_f);
CDR_SETTER(cdr_set_timeout);
CDR_SETTER(cdr_set_retention);
CDR_SETTER(cdr_set_choice);
CDR_SETTER(cdr_set_enum);
CDR_SETTER(cdr_set_text);
CDR_SETTER(cdr_set_secret_file);
CDR_SETTER(cdr_set_start);
CDR_SETTER(cdr_set_zone);
CDR_SETTER(cdr_set_place);
CDR_SETTER(cdr_set_shard);
CDR_SETTER(cdr_set_property);
CDR_SETTER(cdr_set_faults);
CDR_SETTER(cdr_set_properties_file);
CDR_SETTER(cdr_set_nothing);
CDR_SETTER(cdr_set_refused);

CDR_PRINTER(cdr_print_boolean);
CDR_PRINTER(cdr_print_u32);
CDR_PRINTER(cdr_print_i32);
CDR_PRINTER(cdr_print_u64);
CDR_PRINTER(cdr_print_decimal);
CDR_PRINTER(cdr_print_seconds);
CDR_PRINTER(cdr_print_timeout);
CDR_PRINTER(cdr_print_retention);
CDR_PRINTER(cdr_print_text);
CDR_PRINTER(cdr_print_secret);
CDR_PRINTER(cdr_print_enum);
CDR_PRINTER(cdr_print_start);
CDR_PRINTER(cdr_print_zone);
CDR_PRINTER(cdr_print_place);
CDR_PRINTER(cdr_print_shard);
CDR_PRINTER(cdr_print_digits);
CDR_PRINTER(cdr_print_mccmnc);
CDR_PRINTER(cdr_print_numbers);
CDR_PRINTER(cdr_print_weights);
CDR_PRINTER(cdr_print_faults);
CDR_PRINTER(cdr_print_topics);
CDR_PRINTER(cdr_print_days);
CDR_PRINTER(cdr_print_outages);
CDR_PRINTER(cdr_print_crowds);
CDR_PRINTER(cdr_print_dates);
CDR_PRINTER(cdr_print_properties);

void cdr_release_text(void *field);
void cdr_release_files(void *field);
void cdr_release_secret(void *field);

void cdr_begin_list(struct cdr_loading *loading, const struct cdr_option *option);
void cdr_begin_weights(struct cdr_loading *loading, const struct cdr_option *option);
CDR_ITEM_SETTER(cdr_item_digits);
CDR_ITEM_SETTER(cdr_item_mccmnc);
CDR_ITEM_SETTER(cdr_item_number);
CDR_ITEM_SETTER(cdr_item_weight);
CDR_ITEM_SETTER(cdr_item_day);
CDR_ITEM_SETTER(cdr_item_outage);
CDR_ITEM_SETTER(cdr_item_crowd);
CDR_ITEM_SETTER(cdr_item_date);
CDR_ITEM_SETTER(cdr_item_property);
CDR_ITEM_SETTER(cdr_item_topic);
enum cdr_result cdr_end_list(struct cdr_loading *loading, const struct cdr_option *option,
                             size_t items, struct cdr_error *error);
enum cdr_result cdr_end_weights(struct cdr_loading *loading, const struct cdr_option *option,
                                size_t items, struct cdr_error *error);

#endif
