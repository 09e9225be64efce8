#include "answer/output.h"

#include "answer/close.h"
#include "answer/column.h"
#include "answer/internal.h"
#include "base/moment.h"
#include "base/parse.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum cdr_result cdr_output_fault(const struct cdr_output_input *input, const char *column,
                                 const char *clause)
{
    char line[40] = "";
    if (input->line_number > 0)
        snprintf(line, sizeof line, ", line %zu", input->line_number);
    return cdr_fail(input->error, CDR_E_CONFIG, "%s%s%s%s: %s", input->name, line,
                    *column != '\0' ? ", " : "", column, clause);
}

static const char *cell_name(const struct cdr_output_input *input, unsigned cell)
{
    const struct cdr_query *query = input->found->query;
    if (cell == CDR_CELL_START)
        return "window_start";
    if (cell == CDR_CELL_END)
        return "window_end";
    return cell < CDR_CELL_SELECT ? query->by[cell - CDR_CELL_BY]->name
                                  : query->select[cell - CDR_CELL_SELECT].name;
}

unsigned cdr_output_find_cell(const struct cdr_output_input *input, const char *name)
{
    static const struct {
        const char *name;
        unsigned cell;
    } others[] = {{"window_start_ms", CDR_CELL_START}, {"win_start", CDR_CELL_START},
                  {"start", CDR_CELL_START},           {"window_end_ms", CDR_CELL_END},
                  {"win_end", CDR_CELL_END},           {"end", CDR_CELL_END}};
    const struct cdr_query *query = input->found->query;
    for (unsigned cell = 0; cell < CDR_OUTPUT_CELLS; cell++) {
        const bool there =
            cell < CDR_CELL_BY ||
            (cell < CDR_CELL_SELECT && cell - CDR_CELL_BY < query->by_count) ||
            (cell >= CDR_CELL_SELECT && cell - CDR_CELL_SELECT < query->select_count);
        if (there && cdr_name_same(cell_name(input, cell), name))
            return cell;
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (cdr_name_same(others[i].name, name))
            return others[i].cell;
    return CDR_OUTPUT_CELLS;
}

/* ---- a row ---- */

/* "2025-01-01 00:00:00.000000 UTC" is as good as without what follows the milliseconds. */
static const char *plain_time(const char *text, char plain[64])
{
    const char *point = strchr(text, '.');
    const size_t digits = point == NULL ? 0 : strspn(point + 1, "0123456789");
    const size_t len = strlen(text);
    if (len >= 64)
        return text;
    memcpy(plain, text, len + 1);
    if (len > 4 && strcmp(text + len - 4, " UTC") == 0)
        strcpy(plain + len - 4, "Z");
    if (digits > 3 && strspn(point + 4, "0") >= digits - 3)
        memmove(plain + (point - text) + 4, plain + (point - text) + 1 + digits,
                strlen(plain + (point - text) + 1 + digits) + 1);
    return plain;
}

static bool parse_time(const char *text, int64_t *ms, struct cdr_error *clause)
{
    struct cdr_moment moment;
    char quoted[72], plain[64];
    if (cdr_parse_i64(text, ms, NULL) == CDR_OK && *ms >= 0) {
        if (*ms > INT64_C(100000000000000))
            *ms /= 1000;
        else if (*ms < INT64_C(100000000000) && *ms > 0)
            *ms *= 1000;
        return true;
    }
    if (cdr_parse_moment(plain_time(text, plain), &moment, NULL) == CDR_OK &&
        moment.kind != CDR_MOMENT_AFTER_START) {
        *ms = moment.ms;
        return true;
    }
    cdr_fail(clause, CDR_E_CONFIG,
             "%s is not a time; a number since 1970 is one, or a text such as "
             "2025-01-02T06:00:00Z, with an offset like +01:00, or without one in UTC",
             cdr_quote(text, quoted));
    return false;
}

bool cdr_output_may_lack(const struct cdr_output_input *input, unsigned cell)
{
    const struct cdr_query *query = input->found->query;
    if (cell >= CDR_CELL_BY && cell - CDR_CELL_BY < query->by_count)
        return query->by[cell - CDR_CELL_BY]->optional;
    return cell >= CDR_CELL_SELECT && cell - CDR_CELL_SELECT < query->select_count &&
           cdr_query_may_lack(&query->select[cell - CDR_CELL_SELECT]);
}

/* "3.0" is as good as 3: engines have their own number types. */
static enum cdr_result parse_number(const char *text, int64_t *value, struct cdr_error *clause)
{
    double decimal;
    if (cdr_parse_i64(text, value, clause) == CDR_OK)
        return CDR_OK;
    if (cdr_parse_decimal(text, &decimal, NULL) != CDR_OK || decimal != (double)(int64_t)decimal ||
        decimal > 9e15 || decimal < -9e15)
        return CDR_E_CONFIG;
    *value = (int64_t)decimal;
    return CDR_OK;
}

/* Whether the window that begins there ends where its row says. Of days only those that begin at
 * midnight are checked: others are none of the answer's. */
static enum cdr_result check_end(const struct cdr_output_input *input, const char *text,
                                 int64_t start_ms)
{
    const struct cdr_query *query = input->found->query;
    const struct cdr_calendar *calendar = &input->model->calendar;
    struct cdr_error clause;
    int64_t end_ms;
    if (!parse_time(text, &end_ms, &clause))
        return cdr_output_fault(input, "window_end", clause.text);
    if (query->window == CDR_WINDOW_DAY &&
        cdr_calendar_day_start_ms(calendar, cdr_calendar_slot_at(calendar, start_ms).day) !=
            start_ms)
        return CDR_OK;
    const int64_t wanted_ms = cdr_window_end(input->model, query, start_ms);
    return end_ms == wanted_ms || end_ms == wanted_ms - 1
               ? CDR_OK
               : cdr_output_fault(input, "window_end",
                                  "the window that begins at window_start has another");
}

/* In place of a day's end, its beginning. What ends elsewhere is taken for a day of 24 hours of
 * another clock, unless a day of this one begins with it. */
static enum cdr_result day_that_ends(const struct cdr_output_input *input, int64_t *ms)
{
    const struct cdr_calendar *calendar = &input->model->calendar;
    const int64_t end_ms = *ms, other_ms = end_ms - INT64_C(86400000);
    *ms = cdr_calendar_day_start_ms(calendar, cdr_calendar_slot_at(calendar, end_ms - 1).day);
    if (cdr_window_end(input->model, input->found->query, *ms) == end_ms)
        return CDR_OK;
    *ms = other_ms;
    return cdr_calendar_day_start_ms(calendar, cdr_calendar_slot_at(calendar, other_ms).day) ==
                   other_ms
               ? cdr_output_fault(input, "window_end", "no day of the dataset's zone ends there")
               : CDR_OK;
}

/* The beginning of the window that the row's cells name. */
static enum cdr_result window_start(const struct cdr_output_input *input, const char *const *cells,
                                    int64_t *start_ms)
{
    const struct cdr_query *query = input->found->query;
    const bool session = query->window == CDR_WINDOW_SESSION;
    const unsigned cell = cells[CDR_CELL_START] != NULL || session ? CDR_CELL_START : CDR_CELL_END;
    struct cdr_error clause;
    int32_t day;
    *start_ms = 0;
    if (query->window == CDR_WINDOW_NONE)
        return CDR_OK;
    if (cells[cell] == NULL)
        return cdr_output_fault(input, "",
                                session ? "window_start is not there"
                                        : "neither window_start nor window_end is there");
    if (query->window == CDR_WINDOW_DAY && cell == CDR_CELL_START &&
        cdr_parse_date(cells[cell], &day, NULL) == CDR_OK) /* of the dataset's zone */
        *start_ms = cdr_calendar_day_start_ms(&input->model->calendar, day);
    else if (!parse_time(cells[cell], start_ms, &clause))
        return cdr_output_fault(input, cell_name(input, cell), clause.text);
    if (cell == CDR_CELL_START)
        return cells[CDR_CELL_END] == NULL || *cells[CDR_CELL_END] == '\0' || session
                   ? CDR_OK
                   : check_end(input, cells[CDR_CELL_END], *start_ms);
    *start_ms += *start_ms % 1000 == 999; /* the last millisecond of the window */
    if (query->window == CDR_WINDOW_FIXED) {
        *start_ms -= query->size_ms;
        return CDR_OK;
    }
    return day_that_ends(input, start_ms);
}

static enum cdr_result read_key(const struct cdr_output_input *input, const char *const *cells,
                                int64_t *key)
{
    const struct cdr_query *query = input->found->query;
    struct cdr_error clause;
    enum cdr_result result = window_start(input, cells, key);
    for (uint32_t k = 0; k < query->by_count && result == CDR_OK; k++) {
        const char *text = cells[CDR_CELL_BY + k];
        if (text == NULL)
            result = cdr_output_fault(input, query->by[k]->name, "it is not there");
        else if (cdr_column_parse(query->by[k], text, &key[1 + k], &clause) != CDR_OK)
            result = cdr_output_fault(input, query->by[k]->name, clause.text);
    }
    return result;
}

/* Rows of one key are parts of it. */
static enum cdr_result add_part(const struct cdr_output_input *input, int64_t *to,
                                const int64_t *values)
{
    const struct cdr_query *query = input->found->query;
    for (uint32_t k = 0; k < query->select_count; k++)
        switch (query->select[k].function) {
        case CDR_FUNCTION_DISTINCT:
            if (input->found->has[k])
                return cdr_output_fault(input, query->select[k].name,
                                        "numbers of different values cannot be added up");
            break;
        case CDR_FUNCTION_MIN:
            to[k] = values[k] < to[k] ? values[k] : to[k];
            break;
        case CDR_FUNCTION_MAX:
            to[k] = values[k] > to[k] ? values[k] : to[k];
            break;
        default:
            to[k] = (int64_t)((uint64_t)to[k] + (uint64_t)values[k]);
        }
    return CDR_OK;
}

enum cdr_result cdr_output_add_row(const struct cdr_output_input *input, const char *const *cells)
{
    struct cdr_output *found = input->found;
    const struct cdr_query *query = found->query;
    int64_t key[1 + CDR_QUERY_BY_MAX], values[CDR_QUERY_SELECT_MAX] = {0};
    struct cdr_error clause;
    bool is_new;
    enum cdr_result result = read_key(input, cells, key);
    for (uint32_t k = 0; k < query->select_count && result == CDR_OK; k++) {
        const char *text = cells[CDR_CELL_SELECT + k];
        if (input->gone)
            break;
        if (!found->begun)
            found->has[k] = text != NULL;
        if (found->has[k] != (text != NULL))
            result = cdr_output_fault(input, query->select[k].name,
                                      text == NULL ? "it is not there"
                                                   : "the rows before do not have it");
        else if (text != NULL && *text == '\0' && cdr_output_may_lack(input, CDR_CELL_SELECT + k))
            values[k] = CDR_ABSENT;
        else if (text != NULL && parse_number(text, &values[k], &clause) != CDR_OK)
            result = cdr_output_fault(input, query->select[k].name, clause.text);
    }
    if (result != CDR_OK)
        return result;
    found->begun |= !input->gone;
    int64_t *row = cdr_groups_at(&found->groups, key, &is_new);
    if (row == NULL)
        return cdr_fail(input->error, CDR_E_NOMEM, "out of memory for %s", input->name);
    found->rows++;
    found->duplicated += !is_new && input->fold == CDR_FOLD_APPEND;
    if (!is_new && input->fold == CDR_FOLD_SUM)
        return add_part(input, row + found->groups.key_width, values);
    if (is_new || input->fold == CDR_FOLD_UPSERT) {
        memcpy(row + found->groups.key_width, values, query->select_count * sizeof *values);
        row[found->groups.width - 2] = input->gone;
    }
    return CDR_OK;
}

/* ---- CSV ---- */

/* Cuts a line into cells in place; quotes go. False: more than there may be, or an open quote. */
static bool cut(char *line, char separator, char **cells, unsigned *n)
{
    char *to = line;
    *n = 0;
    for (bool more = true; more;) {
        const bool quoted = *line == '"';
        if (*n == CDR_OUTPUT_COLUMNS_MAX)
            return false;
        cells[(*n)++] = to;
        line += quoted;
        while (*line != '\0' && (quoted || *line != separator)) {
            if (quoted && *line == '"' && *++line != '"')
                break;
            *to++ = *line++;
        }
        if (quoted && *line != '\0' && *line != separator)
            return false;
        more = *line == separator;
        line += more;
        *to++ = '\0';
    }
    return true;
}

/* A field or a column of the query may be there once; a window may be told several times. */
static enum cdr_result check_twice(const struct cdr_output_input *input, char **names)
{
    char clause[256], shown[72];
    for (unsigned i = 1; i < input->columns; i++)
        for (unsigned before = 0; before < i; before++)
            if (input->cell_of[i] == input->cell_of[before] &&
                input->cell_of[i] < CDR_OUTPUT_CELLS && input->cell_of[i] != CDR_CELL_START &&
                input->cell_of[i] != CDR_CELL_END) {
                snprintf(clause, sizeof clause, "two columns are called %s",
                         cdr_quote(names[i], shown));
                return cdr_output_fault(input, "", clause);
            }
    return CDR_OK;
}

/* "; there are window_start, msisdn, sessions", as far as they fit. */
static void list_columns(char *clause, size_t size, char **names, unsigned n)
{
    char shown[72];
    size_t len = strlen(clause);
    for (unsigned i = 0; i < n && len + sizeof shown + 8 < size; i++)
        len += (size_t)snprintf(clause + len, size - len, "%s%s", i == 0 ? "; there are " : ", ",
                                cdr_quote(names[i], shown));
}

static enum cdr_result check_columns(const struct cdr_output_input *input, char **names)
{
    const struct cdr_query *query = input->found->query;
    char clause[256];
    bool there[CDR_OUTPUT_CELLS + 1] = {false}, some = false;
    for (unsigned i = 0; i < input->columns; i++)
        there[input->cell_of[i]] = true;
    for (uint32_t k = 0; k < query->by_count; k++)
        if (!there[CDR_CELL_BY + k]) {
            snprintf(clause, sizeof clause, "no column is called %s", query->by[k]->name);
            list_columns(clause, sizeof clause, names, input->columns);
            return cdr_output_fault(input, "", clause);
        }
    if (query->window != CDR_WINDOW_NONE && !there[CDR_CELL_START] && !there[CDR_CELL_END])
        return cdr_output_fault(input, "", "no column is called window_start or window_end");
    for (uint32_t k = 0; k < query->select_count; k++)
        some |= there[CDR_CELL_SELECT + k];
    snprintf(clause, sizeof clause, "no column is called as one of the query's, such as %s",
             query->select[0].name);
    list_columns(clause, sizeof clause, names, input->columns);
    return some ? CDR_OK : cdr_output_fault(input, "", clause);
}

static enum cdr_result read_header(struct cdr_output_input *input, char *line)
{
    char *cells[CDR_OUTPUT_COLUMNS_MAX];
    input->separator = strchr(line, '\t') != NULL ? '\t' : strchr(line, ';') != NULL ? ';' : ',';
    if (!cut(line, input->separator, cells, &input->columns))
        return cdr_output_fault(input, "", "this is no header line of CSV");
    for (unsigned i = 0; i < input->columns; i++)
        input->cell_of[i] = cdr_output_find_cell(input, cells[i]);
    const enum cdr_result result = check_twice(input, cells);
    return result == CDR_OK ? check_columns(input, cells) : result;
}

static enum cdr_result read_csv_line(struct cdr_output_input *input, char *line)
{
    char *texts[CDR_OUTPUT_COLUMNS_MAX];
    const char *cells[CDR_OUTPUT_CELLS + 1] = {NULL};
    unsigned n;
    if (input->line_number == 1)
        return read_header(input, line);
    if (!cut(line, input->separator, texts, &n) || n != input->columns)
        return cdr_output_fault(input, "", "it does not have as many columns as the header line");
    for (unsigned i = 0; i < n; i++)
        cells[input->cell_of[i]] = texts[i];
    return cdr_output_add_row(input, cells);
}

/* ---- JSON ---- */

/* A value as text; numbers has room for those that are none. */
const char *cdr_output_text_of(const json_t *value, char number[32])
{
    if (json_is_string(value))
        return json_string_value(value);
    if (json_is_integer(value))
        snprintf(number, 32, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        snprintf(number, 32, "%.17g", json_real_value(value));
    else if (json_is_boolean(value))
        snprintf(number, 32, "%s", json_is_true(value) ? "true" : "false");
    else
        return NULL;
    return number;
}

void cdr_output_fill_cells(const struct cdr_output_input *input, json_t *object, const char **cells,
                           char (*numbers)[32])
{
    for (void *i = json_object_iter(object); i != NULL; i = json_object_iter_next(object, i)) {
        json_t *value = json_object_iter_value(i);
        const char *key = json_object_iter_key(i);
        const unsigned cell = cdr_output_find_cell(input, key);
        if (cdr_name_same(key, "window") && json_is_object(value))
            cdr_output_fill_cells(input, value, cells, numbers);
        else if (cell < CDR_OUTPUT_CELLS)
            cells[cell] = json_is_null(value) && cdr_output_may_lack(input, cell)
                              ? ""
                              : cdr_output_text_of(value, numbers[cell]);
    }
}

enum cdr_result cdr_output_no_json(const struct cdr_output_input *input,
                                   const json_error_t *problem)
{
    char clause[32 + JSON_ERROR_TEXT_LENGTH];
    snprintf(clause, sizeof clause, "it is not JSON: %s", problem->text);
    return cdr_output_fault(input, "", clause);
}

static enum cdr_result read_json_line(struct cdr_output_input *input, const char *line, size_t len)
{
    const char *nothing[CDR_OUTPUT_CELLS] = {NULL}, *cells[CDR_OUTPUT_CELLS] = {NULL};
    char copy[CDR_OUTPUT_FLAT_MAX];
    json_error_t problem;
    if (!cdr_output_forms[input->form].changes && cdr_output_flat(input, line, len, copy, cells))
        return cdr_output_add_row(input, cells);
    json_t *value = json_loads(line, JSON_DECODE_ANY, &problem);
    if (value == NULL)
        return cdr_output_no_json(input, &problem);
    const enum cdr_result result = cdr_output_take_value(input, value, nothing);
    json_decref(value);
    return result;
}

/* ---- the whole ---- */

static enum cdr_result read_lines(struct cdr_output_input *input, FILE *file)
{
    char *line = NULL;
    size_t room = 0;
    enum cdr_result result = CDR_OK;
    for (ssize_t len; result == CDR_OK && (len = getline(&line, &room, file)) >= 0;) {
        input->line_number++;
        while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
            line[--len] = '\0';
        if (strlen(line) != (size_t)len)
            result = cdr_output_fault(input, "", "it has a NUL byte");
        else if (len > 0)
            result = cdr_output_forms[input->form].values == CDR_VALUES_CSV
                         ? read_csv_line(input, line)
                         : read_json_line(input, line, (size_t)len);
    }
    free(line);
    if (result == CDR_OK && ferror(file))
        result = cdr_fail(input->error, CDR_E_IO, "%s cannot be read", input->name);
    return result;
}

void cdr_output_begin(struct cdr_output *output, const struct cdr_query *query)
{
    *output = (struct cdr_output){.query = query};
    cdr_groups_init(&output->groups, 1 + query->by_count,
                    1 + query->by_count + query->select_count + 2);
}

enum cdr_result cdr_output_read(struct cdr_output *found, const struct cdr_query *query,
                                const struct cdr_model *model, FILE *file, const char *name,
                                enum cdr_output_form form, enum cdr_fold fold,
                                struct cdr_error *error)
{
    struct cdr_output_input input = {
        .found = found, .model = model, .name = name, .form = form, .error = error};
    input.fold = fold == CDR_FOLD_OF_FORM ? cdr_output_forms[form].fold : fold;
    cdr_output_begin(found, query);
    return read_lines(&input, file);
}

void cdr_output_free(struct cdr_output *found)
{
    cdr_groups_free(&found->groups);
}
