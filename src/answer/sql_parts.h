/* What the dialects of SQL have in common: fields, conditions and columns as expressions, and the
 * statement of those that need no windows of their own, the plain one. Used by sql*.c only. */
#ifndef CDR_ANSWER_SQL_PARTS_H
#define CDR_ANSWER_SQL_PARTS_H

#include "answer/sql.h"

struct cdr_sql;

/* In templates, $ is where a value goes. Names of one that is NULL are not used by it. */
struct cdr_sql_dialect {
    const char *name;
    char quote;         /* of names */
    const char *divide; /* whole numbers, with what they leave cut off */
    const char *number; /* type of 64 bits */
    const char *text;   /* type */
    /* Of plain statements: the midnight before a time ($) in a zone (#), of the next day with what
     * stands for +; and a row for each number from 0 to a last one ($). */
    const char *midnight, *step;
    bool ordered; /* rows are asked for in order */
    /* Why it cannot say the query; NULL: it can. May be NULL itself. */
    const char *(*refuse)(const struct cdr_query *query);
    void (*sources)(const struct cdr_sql *sql); /* before the statement; or NULL */
    void (*records)(const struct cdr_sql *sql); /* of plain ones, what fields are selected from */
    void (*statement)(const struct cdr_sql *sql);
};

struct cdr_sql {
    FILE *file;
    const struct cdr_query *query;
    const struct cdr_sql_settings *settings;
    const struct cdr_sql_dialect *dialect;
};

/* A template and its values. */
void cdr_sql_fill(const struct cdr_sql *sql, const char *pattern, ...);
void cdr_sql_name(const struct cdr_sql *sql, const char *name);
void cdr_sql_text(const struct cdr_sql *sql, const char *text);

/* "end_ts_ms": the field that is the query's time. */
const char *cdr_sql_time(const struct cdr_query *query);
/* A field as an expression of those that files and messages have. */
void cdr_sql_field(const struct cdr_sql *sql, const struct cdr_field_source *field);
void cdr_sql_conditions(const struct cdr_sql *sql, const char *before,
                        const struct cdr_query_condition *conditions, uint32_t n);
/* "sum(duration_sec)", without a name. */
void cdr_sql_aggregate(const struct cdr_sql *sql, const struct cdr_query_column *column);
/* Which rows there are, by the columns' names. */
void cdr_sql_having(const struct cdr_sql *sql, const char *before);

/* Calls take for each field that files and messages must have, in the order of the sources. */
void cdr_sql_needs(const struct cdr_sql *sql,
                   void (*take)(const struct cdr_sql *sql, const struct cdr_field_source *field,
                                bool first));
/* Whether one of them is there with --fields only. */
bool cdr_sql_needs_fields(const struct cdr_sql *sql);
/* The same for each type of records of the query. */
void cdr_sql_types(const struct cdr_sql *sql,
                   void (*take)(const struct cdr_sql *sql, uint32_t type, bool first));

/* The fields of one type's table, and those of by, of the records that fulfil the conditions. more:
 * behind the fields. */
void cdr_sql_chosen(const struct cdr_sql *sql, uint32_t type, const char *more);
/* A field of a table and its type, for cdr_sql_needs. */
void cdr_sql_define_field(const struct cdr_sql *sql, const struct cdr_field_source *field,
                          bool first);

/* The statement that groups by the windows' beginnings, worked out by hand. */
void cdr_sql_plain(const struct cdr_sql *sql);

extern const struct cdr_sql_dialect cdr_sql_flink, cdr_sql_ksqldb;

#endif
