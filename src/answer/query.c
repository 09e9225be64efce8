#include "answer/query.h"

#include "answer/column.h"
#include "answer/join.h"
#include "base/files.h"
#include "base/parse.h"
#include "base/suggest.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define QUERY_BYTES_MAX (64u << 10)
#define SIZE_MS_MAX (INT64_C(31) * 86400000)
#define STEPS_MAX 1440

const char *const cdr_function_name[CDR_FUNCTION_N] = {"count", "sum", "min", "max", "distinct"};

/* What is read: the query, and what its messages begin with. */
struct reading {
    struct cdr_query *query;
    const char *name;
    struct cdr_error *error;
};

static enum cdr_result fault(const struct reading *reading, const char *key, const char *format,
                             ...) __attribute__((format(printf, 3, 4)));

static enum cdr_result fault(const struct reading *reading, const char *key, const char *format,
                             ...)
{
    struct cdr_error clause;
    va_list arguments;
    va_start(arguments, format);
    cdr_vfail(&clause, CDR_E_CONFIG, format, arguments);
    va_end(arguments);
    return cdr_fail(reading->error, CDR_E_CONFIG, "query %s, %s: %s", reading->name, key,
                    clause.text);
}

/* A list's items; anything else is a list of itself. */
static size_t item_count(const json_t *value)
{
    return json_is_array(value) ? json_array_size(value) : 1;
}

static const json_t *item_at(const json_t *value, size_t i)
{
    return json_is_array(value) ? json_array_get(value, i) : value;
}

static bool known_name(const struct reading *reading, const char *name)
{
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
        if ((reading->query->types >> type & 1) != 0 && cdr_source_find(name, type) == NULL)
            return false;
    return true;
}

static enum cdr_result unknown_field(const struct reading *reading, const char *key,
                                     const char *name)
{
    struct cdr_suggestion near = {.given = name};
    char quoted[72];
    for (size_t i = 0; i < cdr_source_count; i++)
        if (known_name(reading, cdr_sources[i].name))
            cdr_suggest(&near, cdr_sources[i].name);
    for (size_t i = 0; reading->query->join != CDR_JOIN_NONE && cdr_join_field(i) != NULL; i++)
        cdr_suggest(&near, cdr_join_field(i));
    return fault(reading, key, "%s is not a field of all these records%s%s%s",
                 cdr_quote(name, quoted), near.best != NULL ? "; did you mean " : "",
                 near.best != NULL ? near.best : "", near.best != NULL ? "?" : "");
}

static enum cdr_result find_field(const struct reading *reading, const char *key, const char *name,
                                  const struct cdr_field_source **field)
{
    uint32_t first = 0;
    while ((reading->query->types >> first & 1) == 0)
        first++;
    if (name == NULL)
        return fault(reading, key, "the name of a field is needed");
    *field = cdr_join_find(name);
    if (*field != NULL)
        return reading->query->join != CDR_JOIN_NONE
                   ? CDR_OK
                   : fault(reading, key,
                           "%s is of the table of subscribers; a join says as of which time, such "
                           "as {\"subscriber\": \"start\"}",
                           name);
    if (!known_name(reading, name))
        return unknown_field(reading, key, name);
    *field = cdr_source_find(name, first);
    reading->query->details |= cdr_column_details((*field)->column);
    return cdr_column_can(*field)
               ? CDR_OK
               : fault(reading, key,
                       "%s cannot be used in a query; docs/answers.md says which fields can", name);
}

/* ---- from, where ---- */

static enum cdr_result read_from(const struct reading *reading, const json_t *value)
{
    char quoted[72];
    const size_t n = value != NULL ? item_count(value) : 0;
    for (size_t i = 0; i < n; i++) {
        const char *word = json_string_value(item_at(value, i));
        uint32_t type = 0;
        while (type < CDR_TYPE_COUNT && (word == NULL || strcmp(word, cdr_type_word[type]) != 0))
            type++;
        if (type == CDR_TYPE_COUNT)
            return fault(reading, "from", "%s is not a type of records; allowed are %s",
                         word != NULL ? cdr_quote(word, quoted) : "the value",
                         CDR_TYPE_WORDS(", ", ", "));
        if ((reading->query->types >> type & 1) != 0)
            return fault(reading, "from", "%s is there twice", word);
        reading->query->types |= 1u << type;
    }
    return n > 0 ? CDR_OK
                 : fault(reading, "from", "a list of types of records is needed: %s",
                         CDR_TYPE_WORDS(", ", ", "));
}

static enum cdr_result read_join(const struct reading *reading, const json_t *value)
{
    const char *text = json_string_value(json_object_get(value, "subscriber"));
    if (value == NULL)
        return CDR_OK;
    for (unsigned i = CDR_JOIN_START; i < CDR_JOIN_N; i++)
        if (text != NULL && json_object_size(value) == 1 && strcmp(text, cdr_join_name[i]) == 0)
            reading->query->join = (enum cdr_join)i;
    return reading->query->join != CDR_JOIN_NONE
               ? CDR_OK
               : fault(reading, "join",
                       "allowed is {\"subscriber\": TIME}; times are start, end and latest");
}

static enum cdr_result read_value(const struct reading *reading, const char *key,
                                  const struct cdr_field_source *field, const json_t *value,
                                  int64_t *number)
{
    struct cdr_error clause;
    char digits[24];
    const char *text = json_string_value(value);
    if (json_is_integer(value)) {
        snprintf(digits, sizeof digits, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        text = digits;
    } else if (json_is_boolean(value)) {
        text = json_is_true(value) ? "true" : "false";
    }
    if (text == NULL)
        return fault(reading, key, "a value is %s", cdr_source_describe(field));
    return cdr_column_parse(field, text, number, &clause) == CDR_OK
               ? CDR_OK
               : fault(reading, key, "%s", clause.text);
}

/* {"from": 10, "to": 20}, either of which may be missing. */
static enum cdr_result read_range(const struct reading *reading, const char *key,
                                  struct cdr_query_condition *condition, json_t *value)
{
    const json_t *from = json_object_get(value, "from"), *to = json_object_get(value, "to");
    const size_t known = (size_t)(from != NULL) + (size_t)(to != NULL);
    if (!cdr_column_counts(condition->field))
        return fault(reading, key, "%s has no order; give a value, or a list of values",
                     condition->field->name);
    if (known == 0 || json_object_size(value) != known)
        return fault(reading, key, "a range has a from, a to, or both");
    condition->range = true;
    condition->values[0] = INT64_MIN;
    condition->values[1] = INT64_MAX;
    enum cdr_result result = CDR_OK;
    if (from != NULL)
        result = read_value(reading, key, condition->field, from, &condition->values[0]);
    if (result == CDR_OK && to != NULL)
        result = read_value(reading, key, condition->field, to, &condition->values[1]);
    return result != CDR_OK || condition->values[0] <= condition->values[1]
               ? result
               : fault(reading, key, "the range is empty: its from lies above its to");
}

/* Conditions to be: at most max of them, and of which key. */
struct conditions {
    const char *key;
    struct cdr_query_condition *items;
    uint32_t *n, max;
};

static enum cdr_result read_condition(const struct reading *reading,
                                      const struct conditions *conditions, const char *name,
                                      json_t *value)
{
    struct cdr_query_condition *condition = &conditions->items[*conditions->n];
    char key[128];
    snprintf(key, sizeof key, "%.60s.%.60s", conditions->key, name);
    if (*conditions->n == conditions->max)
        return fault(reading, key, "there can be %u conditions at most", conditions->max);
    enum cdr_result result = find_field(reading, key, name, &condition->field);
    if (result != CDR_OK)
        return result;
    ++*conditions->n;
    if (json_is_object(value))
        return read_range(reading, key, condition, value);
    const size_t n = item_count(value);
    if (n == 0 || n > CDR_QUERY_VALUES_MAX)
        return fault(reading, key, "1 to %d values are allowed", CDR_QUERY_VALUES_MAX);
    for (size_t i = 0; i < n && result == CDR_OK; i++)
        result = read_value(reading, key, condition->field, item_at(value, i),
                            &condition->values[condition->count++]);
    return result;
}

static enum cdr_result read_conditions(const struct reading *reading,
                                       const struct conditions *conditions, json_t *value)
{
    enum cdr_result result = CDR_OK;
    if (value != NULL && !json_is_object(value))
        return fault(reading, conditions->key, "an object of fields and values is needed");
    for (void *i = json_object_iter(value); result == CDR_OK && i != NULL;
         i = json_object_iter_next(value, i))
        result =
            read_condition(reading, conditions, json_object_iter_key(i), json_object_iter_value(i));
    return result;
}

static enum cdr_result read_where(const struct reading *reading, json_t *value)
{
    const struct conditions conditions = {.key = "where",
                                          .items = reading->query->where,
                                          .n = &reading->query->where_count,
                                          .max = CDR_QUERY_WHERE_MAX};
    return read_conditions(reading, &conditions, value);
}

/* ---- time, window ---- */

static enum cdr_result read_time(const struct reading *reading, const json_t *value)
{
    const char *text = value == NULL ? "end" : json_string_value(value);
    if (text == NULL || (strcmp(text, "end") != 0 && strcmp(text, "start") != 0))
        return fault(reading, "time", "allowed are end and start");
    reading->query->by_start = strcmp(text, "start") == 0;
    return CDR_OK;
}

static enum cdr_result read_span(const struct reading *reading, const json_t *value, int64_t *ms)
{
    struct cdr_error clause;
    const char *text = json_string_value(value);
    if (text == NULL)
        return fault(reading, "window", "a length is a text with its unit, such as 5m or 1h");
    if (cdr_parse_duration_ms(text, 1000, ms, &clause) != CDR_OK)
        return fault(reading, "window", "%s", clause.text);
    return *ms >= 1000 && *ms <= SIZE_MS_MAX
               ? CDR_OK
               : fault(reading, "window", "%s is out of range; allowed is 1s to 31d", text);
}

static enum cdr_result read_sized(const struct reading *reading, const json_t *value)
{
    struct cdr_query *query = reading->query;
    const json_t *tumble = json_object_get(value, "tumble"), *hop = json_object_get(value, "hop"),
                 *gap = json_object_get(value, "session");
    query->window = gap != NULL ? CDR_WINDOW_SESSION : CDR_WINDOW_FIXED;
    if (gap != NULL)
        return read_span(reading, gap, &query->size_ms);
    if (tumble != NULL) {
        enum cdr_result result = read_span(reading, tumble, &query->size_ms);
        query->step_ms = query->size_ms;
        return result;
    }
    if (json_array_size(hop) != 2)
        return fault(reading, "window", "hop is a list of two lengths: the window's and the step");
    enum cdr_result result = read_span(reading, json_array_get(hop, 0), &query->size_ms);
    if (result == CDR_OK)
        result = read_span(reading, json_array_get(hop, 1), &query->step_ms);
    if (result == CDR_OK &&
        (query->size_ms % query->step_ms != 0 || query->size_ms / query->step_ms > STEPS_MAX))
        return fault(reading, "window", "the window's length must be 1 to %d whole steps",
                     STEPS_MAX);
    return result;
}

static enum cdr_result read_window(const struct reading *reading, const json_t *value)
{
    const char *word = json_string_value(value);
    if (value == NULL || (word != NULL && strcmp(word, "none") == 0)) {
        reading->query->window = CDR_WINDOW_NONE;
        return CDR_OK;
    }
    if (word != NULL && strcmp(word, "day") == 0) {
        reading->query->window = CDR_WINDOW_DAY;
        return CDR_OK;
    }
    if (json_object_size(value) == 1 &&
        (json_object_get(value, "tumble") != NULL || json_object_get(value, "hop") != NULL ||
         json_object_get(value, "session") != NULL))
        return read_sized(reading, value);
    return fault(reading, "window",
                 "allowed are {\"tumble\": \"5m\"}, {\"hop\": [\"10m\", \"1m\"]}, {\"session\": "
                 "\"30m\"}, \"day\" and \"none\"");
}

/* ---- by, select, top ---- */

static enum cdr_result read_by(const struct reading *reading, const json_t *value)
{
    struct cdr_query *query = reading->query;
    const size_t n = value != NULL ? item_count(value) : 0;
    if (n > CDR_QUERY_BY_MAX)
        return fault(reading, "by", "there can be %d fields at most", CDR_QUERY_BY_MAX);
    enum cdr_result result = CDR_OK;
    for (size_t i = 0; i < n && result == CDR_OK; i++) {
        const struct cdr_field_source *field = NULL;
        result = find_field(reading, "by", json_string_value(item_at(value, i)), &field);
        for (uint32_t k = 0; k < query->by_count && result == CDR_OK; k++)
            if (query->by[k] == field)
                result = fault(reading, "by", "%s is there twice", field->name);
        query->by[query->by_count++] = field;
    }
    return result;
}

/* Splits sum(duration_sec) into the function and the field's name; count has none. */
static bool split_function(const char *text, struct cdr_query_column *column,
                           char field[CDR_QUERY_NAME_MAX])
{
    if (strcmp(text, "count") == 0) {
        column->function = CDR_FUNCTION_COUNT;
        *field = '\0';
        return true;
    }
    for (unsigned i = CDR_FUNCTION_SUM; i < CDR_FUNCTION_N; i++) {
        const size_t len = strlen(cdr_function_name[i]), all = strlen(text);
        if (strncmp(text, cdr_function_name[i], len) != 0 || text[len] != '(' ||
            text[all - 1] != ')' || all - len - 2 >= CDR_QUERY_NAME_MAX)
            continue;
        column->function = (enum cdr_query_function)i;
        snprintf(field, CDR_QUERY_NAME_MAX, "%.*s", (int)(all - len - 2), text + len + 1);
        return true;
    }
    return false;
}

static bool is_name(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    static const char all[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    return *text != '\0' && strchr(letters, *text) != NULL && strspn(text, all) == strlen(text) &&
           strlen(text) < CDR_QUERY_NAME_MAX - sizeof "_must";
}

/* Names that the answer's own columns have; as `judge` finds columns, so case, '_' and '-' do not
 * make another name. */
static bool is_taken(const struct cdr_query *query, const char *name)
{
    static const char *const own[] = {"window_start", "window_end", "rank", "late", "open"};
    bool taken = false;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        taken |= cdr_name_same(own[i], name);
    for (uint32_t i = 0; i < query->by_count; i++)
        taken |= cdr_name_same(query->by[i]->name, name);
    for (uint32_t i = 0; i < query->select_count; i++)
        taken |= cdr_name_same(query->select[i].name, name);
    return taken;
}

/* {"of": "sum(duration_sec)", "where": {…}}: the conditions, and what it is of. */
static enum cdr_result read_column_where(const struct reading *reading, const char *key,
                                         struct cdr_query_column *column, json_t *value,
                                         const char **text)
{
    json_t *where = json_object_get(value, "where");
    char where_key[128];
    *text = json_string_value(json_is_object(value) ? json_object_get(value, "of") : value);
    if (!json_is_object(value))
        return CDR_OK;
    if (json_object_size(value) != 2 || where == NULL || *text == NULL)
        return fault(reading, key, "an object has an of and a where");
    snprintf(where_key, sizeof where_key, "%.100s.where", key);
    const struct conditions conditions = {.key = where_key,
                                          .items = column->where,
                                          .n = &column->where_count,
                                          .max = CDR_QUERY_COLUMN_WHERE_MAX};
    return read_conditions(reading, &conditions, where);
}

static enum cdr_result read_column(const struct reading *reading, const char *name, json_t *value)
{
    struct cdr_query *query = reading->query;
    struct cdr_query_column *column = &query->select[query->select_count];
    const char *text;
    char key[128], field[CDR_QUERY_NAME_MAX];
    snprintf(key, sizeof key, "select.%.100s", name);
    if (query->select_count == CDR_QUERY_SELECT_MAX)
        return fault(reading, key, "there can be %d columns at most", CDR_QUERY_SELECT_MAX);
    if (!is_name(name) || is_taken(query, name))
        return fault(reading, key,
                     "a column's name is of letters, digits and _, and no other "
                     "column's, whatever its case and _");
    enum cdr_result result = read_column_where(reading, key, column, value, &text);
    if (result != CDR_OK)
        return result;
    if (text == NULL || !split_function(text, column, field))
        return fault(reading, key,
                     "allowed are count, sum(FIELD), min(FIELD), max(FIELD), distinct(FIELD)");
    snprintf(column->name, sizeof column->name, "%s", name);
    query->select_count++;
    if (column->function == CDR_FUNCTION_COUNT)
        return CDR_OK;
    result = find_field(reading, key, field, &column->field);
    if (result == CDR_OK && column->function != CDR_FUNCTION_DISTINCT &&
        !cdr_column_counts(column->field))
        return fault(reading, key, "%s is %s; %s needs a number", field,
                     cdr_source_describe(column->field), cdr_function_name[column->function]);
    return result;
}

static enum cdr_result read_select(const struct reading *reading, json_t *value)
{
    enum cdr_result result = CDR_OK;
    if (json_object_size(value) == 0)
        return fault(reading, "select",
                     "an object of at least one column is needed, such as "
                     "{\"calls\": \"count\"}");
    for (void *i = json_object_iter(value); result == CDR_OK && i != NULL;
         i = json_object_iter_next(value, i))
        result = read_column(reading, json_object_iter_key(i), json_object_iter_value(i));
    return result;
}

/* {"legs": 2, "late": {"from": 1}}. */
static enum cdr_result read_having_of(const struct reading *reading, const char *name,
                                      json_t *value)
{
    struct cdr_query *query = reading->query;
    struct cdr_query_having *having = &query->having[query->having_count];
    const json_t *from = json_object_get(value, "from"), *to = json_object_get(value, "to");
    const size_t known = (size_t)(from != NULL) + (size_t)(to != NULL);
    char key[128];
    snprintf(key, sizeof key, "having.%.100s", name);
    if (query->having_count == CDR_QUERY_HAVING_MAX)
        return fault(reading, key, "there can be %d conditions at most", CDR_QUERY_HAVING_MAX);
    for (having->column = 0; having->column < query->select_count; having->column++)
        if (strcmp(query->select[having->column].name, name) == 0)
            break;
    if (having->column == query->select_count && strcmp(name, "late") != 0)
        return fault(reading, key, "it is neither a column of select nor late");
    query->having_count++;
    having->least = INT64_MIN;
    having->most = INT64_MAX;
    if (json_is_integer(value))
        having->least = having->most = json_integer_value(value);
    else if (known == 0 || json_object_size(value) != known ||
             (from != NULL && !json_is_integer(from)) || (to != NULL && !json_is_integer(to)))
        return fault(reading, key,
                     "a whole number is needed, or a range with a from, a to, or both");
    if (from != NULL)
        having->least = json_integer_value(from);
    if (to != NULL)
        having->most = json_integer_value(to);
    return having->least <= having->most
               ? CDR_OK
               : fault(reading, key, "the range is empty: its from lies above its to");
}

static enum cdr_result read_having(const struct reading *reading, json_t *value)
{
    enum cdr_result result = CDR_OK;
    if (value != NULL && !json_is_object(value))
        return fault(reading, "having", "an object of columns and numbers is needed");
    for (void *i = json_object_iter(value); result == CDR_OK && i != NULL;
         i = json_object_iter_next(value, i))
        result = read_having_of(reading, json_object_iter_key(i), json_object_iter_value(i));
    return result;
}

static enum cdr_result read_top(const struct reading *reading, json_t *value)
{
    struct cdr_query *query = reading->query;
    const json_t *rows = json_object_get(value, "rows");
    const char *of = json_string_value(json_object_get(value, "of"));
    char quoted[72];
    if (value == NULL)
        return CDR_OK;
    if (query->window == CDR_WINDOW_SESSION)
        return fault(reading, "top", "sessions have no rank: each is a window of its own");
    if (json_object_size(value) != 2 || !json_is_integer(rows) || of == NULL)
        return fault(reading, "top", "an object is needed: {\"rows\": 10, \"of\": COLUMN}");
    if (json_integer_value(rows) < 1 || json_integer_value(rows) > 1000000)
        return fault(reading, "top.rows",
                     "%" JSON_INTEGER_FORMAT " is out of range; allowed is 1 "
                     "to 1000000",
                     json_integer_value(rows));
    query->top_rows = (uint32_t)json_integer_value(rows);
    for (query->top_of = 0; query->top_of < query->select_count; query->top_of++)
        if (strcmp(query->select[query->top_of].name, of) == 0)
            return CDR_OK;
    return fault(reading, "top.of", "%s is not a column of select", cdr_quote(of, quoted));
}

/* ---- the whole ---- */

static enum cdr_result check_keys(const struct reading *reading, json_t *object)
{
    static const char *const keys[] = {"about",  "from", "join",   "where",  "time",
                                       "window", "by",   "select", "having", "top"};
    const size_t n = sizeof keys / sizeof *keys;
    for (void *i = json_object_iter(object); i != NULL; i = json_object_iter_next(object, i)) {
        const char *key = json_object_iter_key(i);
        struct cdr_suggestion near = {.given = key};
        size_t k = 0;
        for (; k < n && strcmp(keys[k], key) != 0; k++)
            cdr_suggest(&near, keys[k]);
        if (k == n && near.best != NULL)
            return fault(reading, key, "a query has no such key; did you mean %s?", near.best);
        if (k == n)
            return fault(reading, key,
                         "a query has no such key; allowed are about, from, join, where, "
                         "time, window, by, select, having and top");
    }
    return CDR_OK;
}

static enum cdr_result read_all(const struct reading *reading, json_t *object)
{
    const char *about = json_string_value(json_object_get(object, "about"));
    snprintf(reading->query->about, sizeof reading->query->about, "%s", about != NULL ? about : "");
    enum cdr_result result = check_keys(reading, object);
    if (result == CDR_OK)
        result = read_from(reading, json_object_get(object, "from"));
    if (result == CDR_OK)
        result = read_join(reading, json_object_get(object, "join"));
    if (result == CDR_OK)
        result = read_where(reading, json_object_get(object, "where"));
    if (result == CDR_OK)
        result = read_time(reading, json_object_get(object, "time"));
    if (result == CDR_OK)
        result = read_window(reading, json_object_get(object, "window"));
    if (result == CDR_OK)
        result = read_by(reading, json_object_get(object, "by"));
    if (result == CDR_OK)
        result = read_select(reading, json_object_get(object, "select"));
    if (result == CDR_OK)
        result = read_having(reading, json_object_get(object, "having"));
    return result == CDR_OK ? read_top(reading, json_object_get(object, "top")) : result;
}

enum cdr_result cdr_query_parse(struct cdr_query *query, const char *name, const char *text,
                                size_t len, struct cdr_error *error)
{
    json_error_t problem;
    const struct reading reading = {.query = query, .name = name, .error = error};
    memset(query, 0, sizeof *query);
    json_t *object = json_loadb(text, len, JSON_REJECT_DUPLICATES, &problem);
    if (object == NULL)
        return cdr_fail(error, CDR_E_CONFIG, "query %s:%d:%d: %s", name, problem.line,
                        problem.column, problem.text);
    const enum cdr_result result =
        json_is_object(object)
            ? read_all(&reading, object)
            : cdr_fail(error, CDR_E_CONFIG, "query %s: a query is one JSON object", name);
    json_decref(object);
    return result;
}

static enum cdr_result unknown_query(const char *name, struct cdr_error *error)
{
    struct cdr_suggestion near = {.given = name};
    char quoted[72];
    for (size_t i = 0; cdr_queries[i].name != NULL; i++)
        cdr_suggest(&near, cdr_queries[i].name);
    return cdr_fail(error, CDR_E_CONFIG,
                    "%s is not a query%s%s%s; 'cdrgen expect' lists them, and a file's name has a "
                    "dot or a slash",
                    cdr_quote(name, quoted), near.best != NULL ? "; did you mean " : "",
                    near.best != NULL ? near.best : "", near.best != NULL ? "?" : "");
}

enum cdr_result cdr_query_load(struct cdr_query *query, const char *name_or_path,
                               struct cdr_error *error)
{
    char *text;
    size_t len;
    if (strpbrk(name_or_path, "./") == NULL) {
        size_t i = 0;
        while (cdr_queries[i].name != NULL && strcmp(cdr_queries[i].name, name_or_path) != 0)
            i++;
        if (cdr_queries[i].name == NULL)
            return unknown_query(name_or_path, error);
        const enum cdr_result result = cdr_query_parse(query, name_or_path, cdr_queries[i].text,
                                                       strlen(cdr_queries[i].text), error);
        snprintf(query->name, sizeof query->name, "%s", name_or_path);
        return result;
    }
    enum cdr_result result = cdr_read_named(name_or_path, QUERY_BYTES_MAX, &text, &len, error);
    if (result != CDR_OK)
        return result;
    result = cdr_query_parse(query, name_or_path, text, len, error);
    free(text);
    const char *slash = strrchr(name_or_path, '/');
    const char *base = slash != NULL ? slash + 1 : name_or_path;
    const size_t stem = strcspn(base, ".");
    snprintf(query->name, sizeof query->name, "%.*s", (int)stem, base);
    return result;
}
