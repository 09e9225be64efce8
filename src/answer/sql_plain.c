/* The statement for engines that need no windows of their own: beginnings of windows are worked out
 * from the time, sessions from the time before. */
#include "answer/sql_parts.h"

#include <inttypes.h>

static void select_field(const struct cdr_sql *sql, const struct cdr_field_source *field,
                         bool first)
{
    fputs(first ? "" : ", ", sql->file);
    if (field->kind == CDR_SOURCE_NUMBER || field->kind == CDR_SOURCE_TIME)
        fprintf(sql->file, "CAST(%s AS %s) AS %s", field->name, sql->dialect->number, field->name);
    else
        fputs(field->name, sql->file);
}

static void print_chosen(const struct cdr_sql *sql)
{
    const struct cdr_query *query = sql->query;
    fputs("), chosen AS (\n  SELECT *", sql->file);
    for (uint32_t i = 0; i < query->by_count; i++) {
        fputs(", ", sql->file);
        cdr_sql_field(sql, query->by[i]);
        fprintf(sql->file, " AS by_%s", query->by[i]->name);
    }
    fputs("\n  FROM records", sql->file);
    cdr_sql_conditions(sql, "\n  WHERE ", query->where, query->where_count);
    fputs("\n", sql->file);
}

static void print_by(const struct cdr_sql *sql, const char *before)
{
    for (uint32_t i = 0; i < sql->query->by_count; i++)
        fprintf(sql->file, "%sby_%s", i == 0 ? before : ", ", sql->query->by[i]->name);
}

/* Of fixed windows, a row for each that the record lies in. */
static void print_fixed(const struct cdr_sql *sql)
{
    const struct cdr_query *query = sql->query;
    const char *time = cdr_sql_time(query), *divide = sql->dialect->divide;
    const int64_t step = query->step_ms;
    char last[24];
    fprintf(sql->file, "), placed AS (\n  SELECT *, %s %s %" PRId64 " * %" PRId64, time, divide,
            step, step);
    if (query->size_ms > step)
        fprintf(sql->file, " - step * %" PRId64, step);
    fputs(" AS window_start\n  FROM ", sql->file);
    if (query->size_ms > step) {
        snprintf(last, sizeof last, "%" PRId64, query->size_ms / step - 1);
        fputs("(SELECT *, ", sql->file);
        cdr_sql_fill(sql, sql->dialect->step, last);
        fputs(" AS step FROM chosen) stepped\n", sql->file);
    } else {
        fputs("chosen\n", sql->file);
    }
}

static void print_midnight(const struct cdr_sql *sql, bool next)
{
    for (const char *at = sql->dialect->midnight; *at != '\0'; at++)
        if (*at == '#')
            cdr_sql_text(sql, sql->settings->parameters->tz_name);
        else if (*at == '$')
            fputs(cdr_sql_time(sql->query), sql->file);
        else if (*at == '+')
            fputs(next ? " + INTERVAL '1' DAY" : "", sql->file);
        else
            fputc(*at, sql->file);
}

static void print_day(const struct cdr_sql *sql)
{
    fputs("), placed AS (\n  SELECT *, ", sql->file);
    print_midnight(sql, false);
    fputs(" AS window_start,\n    ", sql->file);
    print_midnight(sql, true);
    fputs(" AS day_end\n  FROM chosen\n", sql->file);
}

static void print_sessions(const struct cdr_sql *sql)
{
    const char *time = cdr_sql_time(sql->query);
    fprintf(sql->file, "), marked AS (\n  SELECT *, CASE WHEN %s - lag(%s) OVER (", time, time);
    print_by(sql, "PARTITION BY ");
    fprintf(sql->file, " ORDER BY %s) <= %" PRId64 " THEN 0 ELSE 1 END AS begins\n  FROM chosen\n",
            time, sql->query->size_ms);
    fputs("), placed AS (\n  SELECT *, sum(begins) OVER (", sql->file);
    print_by(sql, "PARTITION BY ");
    fprintf(sql->file,
            " ORDER BY %s\n    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS session\n"
            "  FROM marked\n",
            time);
}

static void print_groups(const struct cdr_sql *sql)
{
    const struct cdr_query *query = sql->query;
    const char *by = "window_start", *time = cdr_sql_time(query);
    fputs("), grouped AS (\n  SELECT ", sql->file);
    switch (query->window) {
    case CDR_WINDOW_NONE:
        by = "";
        fputs("0 AS window_start, 0 AS window_end", sql->file);
        break;
    case CDR_WINDOW_DAY:
        by = "window_start, day_end";
        fputs("window_start, day_end AS window_end", sql->file);
        break;
    case CDR_WINDOW_SESSION:
        by = "session";
        fprintf(sql->file, "min(%s) AS window_start, max(%s) + %" PRId64 " AS window_end", time,
                time, query->size_ms);
        break;
    default:
        fprintf(sql->file, "window_start, window_start + %" PRId64 " AS window_end",
                query->size_ms);
    }
    print_by(sql, ", ");
    for (uint32_t i = 0; i < query->select_count; i++) {
        fputs(",\n    ", sql->file);
        cdr_sql_aggregate(sql, &query->select[i]);
        fputs(" AS ", sql->file);
        cdr_sql_name(sql, query->select[i].name);
    }
    fputs(query->window == CDR_WINDOW_NONE ? "\n  FROM chosen" : "\n  FROM placed", sql->file);
    if (*by != '\0' || query->by_count > 0)
        fprintf(sql->file, "\n  GROUP BY %s", by);
    print_by(sql, *by != '\0' ? ", " : "");
    if (*by == '\0' && query->by_count == 0) /* no row where there is no record */
        fputs("\n  HAVING count(*) > 0", sql->file);
    fputs("\n)\n", sql->file);
}

static void print_columns(const struct cdr_sql *sql)
{
    const struct cdr_query *query = sql->query;
    fputs("window_start, window_end", sql->file);
    if (query->top_rows > 0) {
        fputs(", rank() OVER (PARTITION BY window_start ORDER BY ", sql->file);
        cdr_sql_name(sql, query->select[query->top_of].name);
        fputs(" DESC NULLS LAST) AS ", sql->file);
        cdr_sql_name(sql, "rank");
    }
    for (uint32_t i = 0; i < query->by_count; i++)
        fprintf(sql->file, ", by_%s AS %s", query->by[i]->name, query->by[i]->name);
    for (uint32_t i = 0; i < query->select_count; i++) {
        fputs(", ", sql->file);
        cdr_sql_name(sql, query->select[i].name);
    }
}

void cdr_sql_plain(const struct cdr_sql *sql)
{
    const struct cdr_query *query = sql->query;
    fputs("WITH records AS (\n  SELECT ", sql->file);
    cdr_sql_needs(sql, select_field);
    fputs("\n  FROM ", sql->file);
    sql->dialect->records(sql);
    fputs("\n", sql->file);
    print_chosen(sql);
    if (query->window == CDR_WINDOW_FIXED)
        print_fixed(sql);
    if (query->window == CDR_WINDOW_DAY)
        print_day(sql);
    if (query->window == CDR_WINDOW_SESSION)
        print_sessions(sql);
    print_groups(sql);
    fputs(query->top_rows > 0 ? "SELECT * FROM (SELECT " : "SELECT ", sql->file);
    print_columns(sql);
    fputs(query->top_rows > 0 ? " FROM grouped" : "\nFROM grouped", sql->file);
    cdr_sql_having(sql, query->top_rows > 0 ? " WHERE " : "\nWHERE ");
    fputs(query->top_rows > 0 ? ") ranked" : "", sql->file);
    if (query->top_rows > 0) {
        fputs("\nWHERE ", sql->file);
        cdr_sql_name(sql, "rank");
        fprintf(sql->file, " <= %" PRIu32, query->top_rows);
    }
    for (uint32_t i = 0; sql->dialect->ordered && i < 2 + query->by_count; i++)
        fprintf(sql->file, i == 0 ? "\nORDER BY %u" : ", %u", i + 1);
    fputs(";\n", sql->file);
}
