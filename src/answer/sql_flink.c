/* Flink's SQL over topics: windows are its own, by a watermark of each partition. A day's windows
 * are those of the session's time zone, and their rows say the date. */
#include "answer/sql_parts.h"

#include <inttypes.h>

/* Seconds alone have no room for as many as an hour has. */
static void print_interval(const struct cdr_sql *sql, int64_t ms)
{
    const int64_t s = ms / 1000;
    fprintf(sql->file,
            "INTERVAL '%" PRId64 " %02" PRId64 ":%02" PRId64 ":%02" PRId64 "' DAY TO SECOND",
            s / 86400, s / 3600 % 24, s / 60 % 60, s % 60);
}

static void table_of(const struct cdr_sql *sql, uint32_t type, bool first)
{
    const int64_t allowed_ms = sql->settings->allowed_ms > 0 ? sql->settings->allowed_ms : 0;
    (void)first;
    fprintf(sql->file, "CREATE TEMPORARY TABLE cdr_%s (", cdr_type_word[type]);
    cdr_sql_needs(sql, cdr_sql_define_field);
    if (sql->query->window != CDR_WINDOW_NONE) {
        fprintf(sql->file, ",\n  ts AS TO_TIMESTAMP_LTZ(%s, 3), WATERMARK FOR ts AS ts - ",
                cdr_sql_time(sql->query));
        print_interval(sql, allowed_ms);
    }
    fputs(")\n  WITH ('connector' = 'kafka', 'topic' = ", sql->file);
    cdr_sql_text(sql, sql->settings->topics[type]);
    fputs(", 'properties.bootstrap.servers' = ", sql->file);
    cdr_sql_text(sql, sql->settings->brokers);
    fputs(",\n  'scan.startup.mode' = 'earliest-offset', 'format' = 'json');\n", sql->file);
}

static void records_of(const struct cdr_sql *sql, uint32_t type, bool first)
{
    fputs(first ? "CREATE TEMPORARY VIEW records AS\n" : "\nUNION ALL ", sql->file);
    cdr_sql_chosen(sql, type, sql->query->window != CDR_WINDOW_NONE ? ", ts" : "");
}

static void sources(const struct cdr_sql *sql)
{
    fputs("SET 'table.local-time-zone' = ", sql->file);
    cdr_sql_text(sql,
                 sql->query->window == CDR_WINDOW_DAY ? sql->settings->parameters->tz_name : "UTC");
    fputs(";\n", sql->file);
    cdr_sql_types(sql, table_of);
    cdr_sql_types(sql, records_of);
    fputs(";\n", sql->file);
}

static void print_by(const struct cdr_sql *sql, const char *before)
{
    for (uint32_t i = 0; i < sql->query->by_count; i++)
        fprintf(sql->file, "%sby_%s", i == 0 ? before : ", ", sql->query->by[i]->name);
}

static void print_windows(const struct cdr_sql *sql)
{
    const struct cdr_query *query = sql->query;
    const bool hops = query->window == CDR_WINDOW_FIXED && query->size_ms > query->step_ms;
    const bool session = query->window == CDR_WINDOW_SESSION;
    if (query->window == CDR_WINDOW_NONE) {
        fputs("records", sql->file);
        return;
    }
    fprintf(sql->file, "TABLE(%s(TABLE records", hops ? "HOP" : session ? "SESSION" : "TUMBLE");
    if (session && query->by_count > 0) {
        print_by(sql, " PARTITION BY (");
        fputc(')', sql->file);
    }
    fputs(", DESCRIPTOR(ts)", sql->file);
    if (hops) {
        fputs(", ", sql->file);
        print_interval(sql, query->step_ms);
    }
    fputs(", ", sql->file);
    print_interval(sql, query->window == CDR_WINDOW_DAY ? INT64_C(86400000) : query->size_ms);
    fputs("))", sql->file);
}

static void print_columns(const struct cdr_sql *sql)
{
    const struct cdr_query *query = sql->query;
    const char *before = "";
    if (query->window == CDR_WINDOW_DAY) {
        fputs("DATE_FORMAT(window_start, 'yyyy-MM-dd') AS window_start", sql->file);
        before = ", ";
    } else if (query->window != CDR_WINDOW_NONE) {
        fputs("window_start, window_end", sql->file);
        before = ", ";
    }
    for (uint32_t i = 0; i < query->by_count; i++, before = ", ") {
        fprintf(sql->file, "%sby_%s AS ", before, query->by[i]->name);
        cdr_sql_name(sql, query->by[i]->name);
    }
    for (uint32_t i = 0; i < query->select_count; i++, before = ", ") {
        fputs(before, sql->file);
        cdr_sql_aggregate(sql, &query->select[i]);
        fputs(" AS ", sql->file);
        cdr_sql_name(sql, query->select[i].name);
    }
}

static void print_groups(const struct cdr_sql *sql)
{
    const bool windows = sql->query->window != CDR_WINDOW_NONE;
    fputs("SELECT ", sql->file);
    print_columns(sql);
    fputs("\n  FROM ", sql->file);
    print_windows(sql);
    if (windows || sql->query->by_count > 0)
        fputs(windows ? "\n  GROUP BY window_start, window_end" : "\n  GROUP BY ", sql->file);
    print_by(sql, windows ? ", " : "");
}

/* Of rows of one rank Flink puts out any. */
static void statement(const struct cdr_sql *sql)
{
    const struct cdr_query *query = sql->query;
    if (query->top_rows > 0) {
        fputs("SELECT * FROM (SELECT *, ROW_NUMBER() OVER (", sql->file);
        fputs(query->window == CDR_WINDOW_NONE  ? ""
              : query->window == CDR_WINDOW_DAY ? "PARTITION BY window_start "
                                                : "PARTITION BY window_start, window_end ",
              sql->file);
        fputs("ORDER BY ", sql->file);
        cdr_sql_name(sql, query->select[query->top_of].name);
        fputs(" DESC) AS `rank`\nFROM (", sql->file);
    } else if (query->having_count > 0) {
        fputs("SELECT * FROM (", sql->file);
    }
    print_groups(sql);
    if (query->top_rows > 0 || query->having_count > 0)
        fputs(")", sql->file);
    cdr_sql_having(sql, "\nWHERE ");
    if (query->top_rows > 0)
        fprintf(sql->file, ")\nWHERE `rank` <= %" PRIu32, query->top_rows);
    fputs(";\n", sql->file);
}

const struct cdr_sql_dialect cdr_sql_flink = {
    .name = "flink",
    .quote = '`',
    .divide = "/",
    .number = "BIGINT",
    .text = "STRING",
    .sources = sources,
    .statement = statement,
};
