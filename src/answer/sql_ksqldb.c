/* ksqlDB's SQL over topics: a table, whose rows are messages of a topic of its name. The fields of
 * by are its key, and again values. */
#include "answer/sql_parts.h"

#include <inttypes.h>

static const char *refuse(const struct cdr_query *query)
{
    for (uint32_t i = 0; i < query->select_count; i++)
        if (query->select[i].function == CDR_FUNCTION_DISTINCT)
            return "counts different values by an estimate only";
    if (query->window == CDR_WINDOW_DAY)
        return "has no windows of local days";
    if (query->top_rows > 0)
        return "has no ranks of rows";
    return query->by_count == 0 ? "groups by a field at least" : NULL;
}

static void stream_of(const struct cdr_sql *sql, uint32_t type, bool first)
{
    (void)first;
    fprintf(sql->file, "CREATE STREAM cdr_%s (", cdr_type_word[type]);
    cdr_sql_needs(sql, cdr_sql_define_field);
    fputs(")\n  WITH (KAFKA_TOPIC = ", sql->file);
    cdr_sql_text(sql, sql->settings->topics[type]);
    fputs(", VALUE_FORMAT = 'JSON'", sql->file);
    if (sql->query->window != CDR_WINDOW_NONE)
        fprintf(sql->file, ", TIMESTAMP = '%s'", cdr_sql_time(sql->query));
    fputs(");\n", sql->file);
}

static void records_of(const struct cdr_sql *sql, uint32_t type, bool first)
{
    if (!first)
        fputs("INSERT INTO records ", sql->file);
    else if (sql->query->window != CDR_WINDOW_NONE)
        fprintf(sql->file,
                "CREATE STREAM records WITH (VALUE_FORMAT = 'JSON', TIMESTAMP = '%s') AS\n",
                cdr_sql_time(sql->query));
    else
        fputs("CREATE STREAM records WITH (VALUE_FORMAT = 'JSON') AS\n", sql->file);
    cdr_sql_chosen(sql, type, "");
    fputs("\n  EMIT CHANGES;\n", sql->file);
}

static void sources(const struct cdr_sql *sql)
{
    fputs("SET 'auto.offset.reset' = 'earliest';\n", sql->file);
    cdr_sql_types(sql, stream_of);
    cdr_sql_types(sql, records_of);
}

static void print_aggregate(const struct cdr_sql *sql, const struct cdr_query_column *column)
{
    const bool counts = column->function == CDR_FUNCTION_COUNT;
    if (column->where_count == 0) {
        cdr_sql_aggregate(sql, column);
        return;
    }
    fprintf(sql->file, "%s(CASE", counts ? "sum" : cdr_function_name[column->function]);
    cdr_sql_conditions(sql, " WHEN ", column->where, column->where_count);
    fputs(" THEN ", sql->file);
    if (counts)
        fputs("1 ELSE 0", sql->file);
    else
        cdr_sql_field(sql, column->field);
    fputs(" END)", sql->file);
}

static void print_window(const struct cdr_sql *sql)
{
    const struct cdr_query *query = sql->query;
    const int64_t size_s = query->size_ms / 1000, allowed_ms = sql->settings->allowed_ms;
    if (query->window == CDR_WINDOW_NONE)
        return;
    fputs("\n  WINDOW ", sql->file);
    if (query->window == CDR_WINDOW_SESSION)
        fprintf(sql->file, "SESSION (%" PRId64 " SECONDS", size_s);
    else if (query->size_ms == query->step_ms)
        fprintf(sql->file, "TUMBLING (SIZE %" PRId64 " SECONDS", size_s);
    else
        fprintf(sql->file, "HOPPING (SIZE %" PRId64 " SECONDS, ADVANCE BY %" PRId64 " SECONDS",
                size_s, query->step_ms / 1000);
    if (allowed_ms >= 0)
        fprintf(sql->file, ", GRACE PERIOD %" PRId64 " SECONDS", allowed_ms / 1000);
    fputs(")", sql->file);
}

/* With more behind the query's name. */
static void print_table(const struct cdr_sql *sql, const char *more)
{
    fprintf(sql->file, "CREATE TABLE `%s%s` WITH (KEY_FORMAT = 'JSON', VALUE_FORMAT = 'JSON') AS\n",
            sql->query->name, more);
}

static void statement(const struct cdr_sql *sql)
{
    const struct cdr_query *query = sql->query;
    print_table(sql, query->having_count > 0 ? "_all" : "");
    fputs("SELECT ", sql->file);
    for (uint32_t i = 0; i < query->by_count; i++)
        fprintf(sql->file, "%sby_%s, AS_VALUE(by_%s) AS `%s`", i == 0 ? "" : ", ",
                query->by[i]->name, query->by[i]->name, query->by[i]->name);
    if (query->window != CDR_WINDOW_NONE)
        fputs(", WINDOWSTART AS `window_start`, WINDOWEND AS `window_end`", sql->file);
    for (uint32_t i = 0; i < query->select_count; i++) {
        fputs(", ", sql->file);
        print_aggregate(sql, &query->select[i]);
        fputs(" AS ", sql->file);
        cdr_sql_name(sql, query->select[i].name);
    }
    fputs("\n  FROM records", sql->file);
    print_window(sql);
    for (uint32_t i = 0; i < query->by_count; i++)
        fprintf(sql->file, "%sby_%s", i == 0 ? "\n  GROUP BY " : ", ", query->by[i]->name);
    fputs("\n  EMIT CHANGES;\n", sql->file);
    if (query->having_count == 0)
        return;
    print_table(sql, "");
    fprintf(sql->file, "SELECT * FROM `%s_all`", query->name);
    cdr_sql_having(sql, " WHERE ");
    fputs("\n  EMIT CHANGES;\n", sql->file);
}

const struct cdr_sql_dialect cdr_sql_ksqldb = {
    .name = "ksqldb",
    .quote = '`',
    .divide = "/",
    .number = "BIGINT",
    .text = "STRING",
    .refuse = refuse,
    .sources = sources,
    .statement = statement,
};
