#include "answer/sql.h"

#include "answer/sql_parts.h"

#include <string.h>

/* ---- duckdb ---- */

static void duckdb_files(const struct cdr_sql *sql, uint32_t type, bool first)
{
    char path[1024];
    fputs(first ? "" : ", ", sql->file);
    snprintf(path, sizeof path, "%.700s/%.250s/**/*.csv*", sql->settings->folder,
             sql->settings->topics[type]);
    cdr_sql_text(sql, path);
}

static void duckdb_records(const struct cdr_sql *sql)
{
    fputs("read_csv([", sql->file);
    cdr_sql_types(sql, duckdb_files);
    fputs("], delim = ';', header = true, nullstr = '', all_varchar = true, hive_partitioning = "
          "false)",
          sql->file);
}

static const struct cdr_sql_dialect duckdb = {
    .name = "duckdb",
    .quote = '"',
    .divide = "//",
    .number = "BIGINT",
    .text = "VARCHAR",
    .midnight = "epoch_ms(timezone(#, date_trunc('day', timezone(#, "
                "make_timestamptz($ * 1000)))+))",
    .step = "unnest(range($ + 1))",
    .ordered = true,
    .records = duckdb_records,
    .statement = cdr_sql_plain,
};

/* ---- spark, over files ---- */

static void spark_view(const struct cdr_sql *sql, uint32_t type, bool first)
{
    char path[1024];
    fputs(first ? "SET TIME ZONE 'UTC';\n" : "", sql->file);
    snprintf(path, sizeof path, "%.700s/%.250s", sql->settings->folder,
             sql->settings->topics[type]);
    fprintf(sql->file, "CREATE OR REPLACE TEMPORARY VIEW cdr_%s USING csv OPTIONS (path ",
            cdr_type_word[type]);
    cdr_sql_text(sql, path);
    fputs(", sep ';', header 'true', recursiveFileLookup 'true', pathGlobFilter '*.csv*');\n",
          sql->file);
}

static void spark_sources(const struct cdr_sql *sql)
{
    cdr_sql_types(sql, spark_view);
}

static void name_field(const struct cdr_sql *sql, const struct cdr_field_source *field, bool first)
{
    fprintf(sql->file, "%s%s", first ? "" : ", ", field->name);
}

static void table_of_type(const struct cdr_sql *sql, uint32_t type, bool first)
{
    fputs(first ? "SELECT " : " UNION ALL SELECT ", sql->file);
    cdr_sql_needs(sql, name_field);
    fprintf(sql->file, " FROM cdr_%s", cdr_type_word[type]);
}

static void tables(const struct cdr_sql *sql)
{
    fputc('(', sql->file);
    cdr_sql_types(sql, table_of_type);
    fputs(") tables", sql->file);
}

static const struct cdr_sql_dialect spark = {
    .name = "spark",
    .quote = '`',
    .divide = "DIV",
    .number = "BIGINT",
    .text = "STRING",
    .midnight = "unix_millis(to_utc_timestamp(date_trunc('DAY', "
                "from_utc_timestamp(timestamp_millis($), #))+, #))",
    .step = "explode(sequence(0, $))",
    .ordered = true,
    .sources = spark_sources,
    .records = tables,
    .statement = cdr_sql_plain,
};

/* ---- risingwave, over topics ---- */

static void risingwave_source(const struct cdr_sql *sql, uint32_t type, bool first)
{
    (void)first;
    fprintf(sql->file, "CREATE SOURCE IF NOT EXISTS cdr_%s (", cdr_type_word[type]);
    cdr_sql_needs(sql, cdr_sql_define_field);
    fputs(")\n  WITH (connector = 'kafka', topic = ", sql->file);
    cdr_sql_text(sql, sql->settings->topics[type]);
    fputs(", properties.bootstrap.server = ", sql->file);
    cdr_sql_text(sql, sql->settings->brokers);
    fputs(", scan.startup.mode = 'earliest')\n  FORMAT PLAIN ENCODE JSON;\n", sql->file);
}

static void risingwave_sources(const struct cdr_sql *sql)
{
    cdr_sql_types(sql, risingwave_source);
    fputs("CREATE MATERIALIZED VIEW ", sql->file);
    cdr_sql_name(sql, sql->query->name);
    fputs(" AS\n", sql->file);
}

static const struct cdr_sql_dialect risingwave = {
    .name = "risingwave",
    .quote = '"',
    .divide = "/",
    .number = "BIGINT",
    .text = "VARCHAR",
    .midnight = "CAST(extract(epoch FROM (date_trunc('day', to_timestamp($ / 1000.0) "
                "AT TIME ZONE #)+) AT TIME ZONE #) * 1000 AS BIGINT)",
    .step = "generate_series(0, $)",
    .sources = risingwave_sources,
    .records = tables,
    .statement = cdr_sql_plain,
};

/* ---- the table ---- */

static const struct cdr_sql_dialect *const dialects[] = {&duckdb, &cdr_sql_flink, &cdr_sql_ksqldb,
                                                         &risingwave, &spark};

static void list_field(const struct cdr_sql *sql, const struct cdr_field_source *field, bool first)
{
    fprintf(sql->file, "%s%s", first ? "" : ",", field->name);
}

static enum cdr_result check(const struct cdr_sql *sql, struct cdr_error *error)
{
    const struct cdr_query *query = sql->query;
    if (cdr_query_asks_late(query))
        return cdr_fail(error, CDR_E_CONFIG,
                        "sql: query %s asks which records are late, which no SQL says",
                        query->name);
    if (query->join != CDR_JOIN_NONE)
        return cdr_fail(error, CDR_E_CONFIG,
                        "sql: query %s joins the table of subscribers, which no SQL does yet",
                        query->name);
    const char *refused = sql->dialect->refuse != NULL ? sql->dialect->refuse(query) : NULL;
    return refused == NULL
               ? CDR_OK
               : cdr_fail(error, CDR_E_CONFIG, "sql: %s %s, so it cannot answer query %s",
                          sql->dialect->name, refused, query->name);
}

enum cdr_result cdr_sql_print(FILE *file, const struct cdr_query *query,
                              const struct cdr_sql_settings *settings, struct cdr_error *error)
{
    struct cdr_sql sql = {.file = file, .query = query, .settings = settings};
    for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++)
        if (strcmp(dialects[i]->name, settings->dialect) == 0)
            sql.dialect = dialects[i];
    if (sql.dialect == NULL)
        return cdr_fail(error, CDR_E_CONFIG, "sql: there is no dialect %s", settings->dialect);
    const enum cdr_result result = check(&sql, error);
    if (result != CDR_OK)
        return result;
    if (cdr_sql_needs_fields(&sql)) {
        fputs("-- Records have these fields with --fields ", file);
        cdr_sql_needs(&sql, list_field);
        fputs("\n", file);
    }
    if (sql.dialect->sources != NULL)
        sql.dialect->sources(&sql);
    sql.dialect->statement(&sql);
    return CDR_OK;
}
