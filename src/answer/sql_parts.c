#include "answer/sql_parts.h"

#include "answer/column.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

/* Fields that files and messages do not have, from those that they do. $: the dialect's division.
 */
static const struct {
    enum cdr_column column;
    const char *text;
    const char *needs; /* names, each between spaces */
} derived[] = {
    {CDR_COLUMN_OWNER, "CASE WHEN direction = 'MT' THEN msisdn_dst ELSE msisdn_src END",
     " direction msisdn_dst msisdn_src "},
    {CDR_COLUMN_OTHER, "CASE WHEN direction = 'MT' THEN msisdn_src ELSE msisdn_dst END",
     " direction msisdn_dst msisdn_src "},
    {CDR_COLUMN_MCC, "substring(mccmnc, 1, 3)", " mccmnc "},
    {CDR_COLUMN_MNC, "substring(mccmnc, 4)", " mccmnc "},
    {CDR_COLUMN_TAC, "substring(imei, 1, 8)", " imei "},
    {CDR_COLUMN_START_LOCAL, "start_ts_ms + tz_offset_min * 60000", " start_ts_ms tz_offset_min "},
    {CDR_COLUMN_END_LOCAL, "end_ts_ms + tz_offset_min * 60000", " end_ts_ms tz_offset_min "},
    {CDR_COLUMN_START_S, "start_ts_ms $ 1000", " start_ts_ms "},
    {CDR_COLUMN_END_S, "end_ts_ms $ 1000", " end_ts_ms "},
    {CDR_COLUMN_DURATION_MS, "duration_sec * 1000", " duration_sec "},
    {CDR_COLUMN_BYTES_TOTAL, "data_bytes_in + data_bytes_out", " data_bytes_in data_bytes_out "},
};

void cdr_sql_fill(const struct cdr_sql *sql, const char *pattern, ...)
{
    va_list arguments;
    va_start(arguments, pattern);
    for (; *pattern != '\0'; pattern++)
        if (*pattern == '$')
            fputs(va_arg(arguments, const char *), sql->file);
        else
            fputc(*pattern, sql->file);
    va_end(arguments);
}

void cdr_sql_name(const struct cdr_sql *sql, const char *name)
{
    fprintf(sql->file, "%c%s%c", sql->dialect->quote, name, sql->dialect->quote);
}

void cdr_sql_text(const struct cdr_sql *sql, const char *text)
{
    fputc('\'', sql->file);
    for (; *text != '\0'; text++)
        fprintf(sql->file, *text == '\'' ? "''" : "%c", *text);
    fputc('\'', sql->file);
}

const char *cdr_sql_time(const struct cdr_query *query)
{
    return query->by_start ? "start_ts_ms" : "end_ts_ms";
}

static const char *event_time(const struct cdr_sql *sql)
{
    return sql->settings->parameters->order == CDR_ORDER_START ? "start_ts_ms" : "end_ts_ms";
}

void cdr_sql_field(const struct cdr_sql *sql, const struct cdr_field_source *field)
{
    for (size_t i = 0; i < sizeof derived / sizeof *derived; i++)
        if (derived[i].column == field->column) {
            fputc('(', sql->file);
            cdr_sql_fill(sql, derived[i].text, sql->dialect->divide);
            fputc(')', sql->file);
            return;
        }
    if (field->column == CDR_COLUMN_EVENT)
        fputs(event_time(sql), sql->file);
    else if (field->kind == CDR_SOURCE_BOOLEAN)
        fprintf(sql->file, "(direction = '%s')",
                strcmp(field->names[0], "true") == 0 ? "MO" : "MT");
    else
        fputs(field->name, sql->file);
}

/* A value as a literal of the field's type. */
static void print_value(const struct cdr_sql *sql, const struct cdr_field_source *field,
                        int64_t value)
{
    char text[CDR_COLUMN_TEXT_MAX];
    cdr_column_text(field, value, text);
    fprintf(sql->file, cdr_column_is_number(field) ? "%s" : "'%s'", text);
}

static void print_condition(const struct cdr_sql *sql, const struct cdr_query_condition *condition)
{
    cdr_sql_field(sql, condition->field);
    if (condition->range) {
        fprintf(sql->file, " BETWEEN %" PRId64 " AND %" PRId64,
                condition->values[0] == INT64_MIN ? -INT64_MAX : condition->values[0],
                condition->values[1]);
        return;
    }
    fputs(" IN (", sql->file);
    for (uint32_t i = 0; i < condition->count; i++) {
        fputs(i == 0 ? "" : ", ", sql->file);
        print_value(sql, condition->field, condition->values[i]);
    }
    fputc(')', sql->file);
}

void cdr_sql_conditions(const struct cdr_sql *sql, const char *before,
                        const struct cdr_query_condition *conditions, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        fputs(i == 0 ? before : " AND ", sql->file);
        print_condition(sql, &conditions[i]);
    }
}

void cdr_sql_aggregate(const struct cdr_sql *sql, const struct cdr_query_column *column)
{
    const bool distinct = column->function == CDR_FUNCTION_DISTINCT;
    if (column->field == NULL) {
        fputs("count(*)", sql->file);
    } else {
        fprintf(sql->file, "%s(%s", distinct ? "count" : cdr_function_name[column->function],
                distinct ? "DISTINCT " : "");
        cdr_sql_field(sql, column->field);
        fputc(')', sql->file);
    }
    cdr_sql_conditions(sql, " FILTER (WHERE ", column->where, column->where_count);
    fputs(column->where_count > 0 ? ")" : "", sql->file);
}

void cdr_sql_having(const struct cdr_sql *sql, const char *before)
{
    for (uint32_t i = 0; i < sql->query->having_count; i++) {
        const struct cdr_query_having *having = &sql->query->having[i];
        fputs(i == 0 ? before : " AND ", sql->file);
        cdr_sql_name(sql, sql->query->select[having->column].name);
        if (having->least == having->most)
            fprintf(sql->file, " = %" PRId64, having->least);
        else if (having->most == INT64_MAX)
            fprintf(sql->file, " >= %" PRId64, having->least);
        else if (having->least == INT64_MIN)
            fprintf(sql->file, " <= %" PRId64, having->most);
        else
            fprintf(sql->file, " BETWEEN %" PRId64 " AND %" PRId64, having->least, having->most);
    }
}

/* ---- what is needed ---- */

static bool is_needed_by(const struct cdr_sql *sql, const char *name,
                         const struct cdr_field_source *field)
{
    char between[64];
    if (field == NULL)
        return false;
    snprintf(between, sizeof between, " %s ", name);
    for (size_t i = 0; i < sizeof derived / sizeof *derived; i++)
        if (derived[i].column == field->column)
            return strstr(derived[i].needs, between) != NULL;
    if (field->column == CDR_COLUMN_EVENT)
        return strcmp(name, event_time(sql)) == 0;
    if (field->kind == CDR_SOURCE_BOOLEAN)
        return strcmp(name, "direction") == 0;
    return strcmp(name, field->name) == 0;
}

static bool is_needed(const struct cdr_sql *sql, const char *name)
{
    const struct cdr_query *query = sql->query;
    bool needed = query->window != CDR_WINDOW_NONE && strcmp(name, cdr_sql_time(query)) == 0;
    for (uint32_t i = 0; i < query->where_count; i++)
        needed |= is_needed_by(sql, name, query->where[i].field);
    for (uint32_t i = 0; i < query->by_count; i++)
        needed |= is_needed_by(sql, name, query->by[i]);
    for (uint32_t i = 0; i < query->select_count; i++) {
        needed |= is_needed_by(sql, name, query->select[i].field);
        for (uint32_t k = 0; k < query->select[i].where_count; k++)
            needed |= is_needed_by(sql, name, query->select[i].where[k].field);
    }
    return needed;
}

void cdr_sql_needs(const struct cdr_sql *sql,
                   void (*take)(const struct cdr_sql *sql, const struct cdr_field_source *field,
                                bool first))
{
    bool first = true;
    for (size_t i = 0; i < cdr_source_count; i++)
        if (is_needed(sql, cdr_sources[i].name)) {
            take(sql, &cdr_sources[i], first);
            first = false;
        }
    if (first) /* of a query that only counts */
        take(sql, cdr_source_find("end_ts_ms", 0), true);
}

static void select_field(const struct cdr_sql *sql, const struct cdr_field_source *field,
                         bool first)
{
    fprintf(sql->file, "%s%s", first ? "" : ", ", field->name);
}

void cdr_sql_chosen(const struct cdr_sql *sql, uint32_t type, const char *more)
{
    const struct cdr_query *query = sql->query;
    fputs("SELECT ", sql->file);
    cdr_sql_needs(sql, select_field);
    fputs(more, sql->file);
    for (uint32_t i = 0; i < query->by_count; i++) {
        fputs(", ", sql->file);
        cdr_sql_field(sql, query->by[i]);
        fprintf(sql->file, " AS by_%s", query->by[i]->name);
    }
    fprintf(sql->file, " FROM cdr_%s", cdr_type_word[type]);
    cdr_sql_conditions(sql, "\n  WHERE ", query->where, query->where_count);
}

void cdr_sql_define_field(const struct cdr_sql *sql, const struct cdr_field_source *field,
                          bool first)
{
    const bool number = field->kind == CDR_SOURCE_NUMBER || field->kind == CDR_SOURCE_TIME;
    fprintf(sql->file, "%s%s %s", first ? "" : ", ", field->name,
            number ? sql->dialect->number : sql->dialect->text);
}

bool cdr_sql_needs_fields(const struct cdr_sql *sql)
{
    size_t i = 0;
    while (i < cdr_source_count && strcmp(cdr_sources[i].name, "owner_msisdn") != 0)
        i++; /* which is the first that records usually do not have */
    for (; i < cdr_source_count; i++)
        if (is_needed(sql, cdr_sources[i].name))
            return true;
    return false;
}

void cdr_sql_types(const struct cdr_sql *sql,
                   void (*take)(const struct cdr_sql *sql, uint32_t type, bool first))
{
    bool first = true;
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
        if ((sql->query->types >> type & 1) != 0) {
            take(sql, type, first);
            first = false;
        }
}
