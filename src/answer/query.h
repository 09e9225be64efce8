/* Queries: what a pipeline computes of the records, as data.
 *
 * A query is a JSON object; docs/answers.md has its form, queries/ the built-in ones, which are
 * compiled into the program. It filters records of some types, puts each into the windows that its
 * time lies in, and aggregates the records of each window that agree in some fields. All values are
 * whole numbers; fields are those of the table of sources (schema/source.h), and their values
 * numbers as well, as answer/column.h has them; with a join, those of answer/join.h, too.
 *
 * Windows are [start, end). Those of fixed sizes begin at multiples of their step since 1970 UTC;
 * days begin at local midnight.
 */
#ifndef CDR_ANSWER_QUERY_H
#define CDR_ANSWER_QUERY_H

#include "base/result.h"
#include "schema/source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CDR_QUERY_NAME_MAX = 48,
    CDR_QUERY_BY_MAX = 4,
    CDR_QUERY_SELECT_MAX = 8,
    CDR_QUERY_WHERE_MAX = 8,
    CDR_QUERY_VALUES_MAX = 16,
    CDR_QUERY_COLUMN_WHERE_MAX = 2,
    CDR_QUERY_HAVING_MAX = 4,
};

enum cdr_query_window {
    CDR_WINDOW_NONE, /* one, of all times */
    CDR_WINDOW_FIXED,
    CDR_WINDOW_DAY,     /* of the dataset's time zone */
    CDR_WINDOW_SESSION, /* a key's records without a gap; size_ms is the gap */
};

/* As of which time records are joined with the table of subscribers. */
enum cdr_join { CDR_JOIN_NONE, CDR_JOIN_START, CDR_JOIN_END, CDR_JOIN_LATEST, CDR_JOIN_N };

enum cdr_query_function {
    CDR_FUNCTION_COUNT,
    CDR_FUNCTION_SUM,
    CDR_FUNCTION_MIN,
    CDR_FUNCTION_MAX,
    CDR_FUNCTION_DISTINCT,
    CDR_FUNCTION_N
};

/* A field is one of the values, or where range is set from values[0] to values[1]. */
struct cdr_query_condition {
    const struct cdr_field_source *field;
    bool range;
    uint32_t count;
    int64_t values[CDR_QUERY_VALUES_MAX];
};

struct cdr_query_column {
    char name[CDR_QUERY_NAME_MAX];
    enum cdr_query_function function;
    const struct cdr_field_source *field; /* NULL for the count */
    /* It adds up the records alone that fulfil these, too. */
    struct cdr_query_condition where[CDR_QUERY_COLUMN_WHERE_MAX];
    uint32_t where_count;
};

/* A row is there where the column's value lies from least to most. */
struct cdr_query_having {
    uint32_t column; /* of select; select_count: the number of late records */
    int64_t least, most;
};

struct cdr_query {
    char name[CDR_QUERY_NAME_MAX]; /* of a file: without its folder and .json */
    char about[120];
    uint32_t types; /* a bit of each CDR_TYPE_* */
    enum cdr_join join;
    struct cdr_query_condition where[CDR_QUERY_WHERE_MAX];
    uint32_t where_count;
    bool by_start; /* the time is the record's start, else its end */
    enum cdr_query_window window;
    int64_t size_ms, step_ms; /* of fixed windows; size is a multiple of step */
    const struct cdr_field_source *by[CDR_QUERY_BY_MAX];
    uint32_t by_count;
    struct cdr_query_column select[CDR_QUERY_SELECT_MAX];
    uint32_t select_count;
    struct cdr_query_having having[CDR_QUERY_HAVING_MAX];
    uint32_t having_count;
    unsigned details;  /* of enum cdr_detail, that its fields need */
    uint32_t top_rows; /* 0: all rows */
    uint32_t top_of;   /* of the columns */
};

/* The built-in ones. */
struct cdr_builtin_query {
    const char *name;
    const char *text;
};
extern const struct cdr_builtin_query cdr_queries[]; /* ended by a NULL name; by name */

/* A built-in query by its name, else the one of a file: what has a '.' or a '/' is a file. Errors:
 * CDR_E_CONFIG with the file, the key, the value and what is allowed. */
enum cdr_result cdr_query_load(struct cdr_query *query, const char *name_or_path,
                               struct cdr_error *error);
/* From its text; name is what messages call it. */
enum cdr_result cdr_query_parse(struct cdr_query *query, const char *name, const char *text,
                                size_t len, struct cdr_error *error);

/* Whether the column may have no value (CDR_ABSENT), as sums of no numbers have none. */
static inline bool cdr_query_may_lack(const struct cdr_query_column *column)
{
    return column->function != CDR_FUNCTION_COUNT && column->function != CDR_FUNCTION_DISTINCT &&
           (column->field->optional || column->where_count > 0);
}

/* Whether it asks which records are late, so that there must be a rule of lateness. */
static inline bool cdr_query_asks_late(const struct cdr_query *query)
{
    bool asks = false;
    for (uint32_t i = 0; i < query->having_count; i++)
        asks |= query->having[i].column == query->select_count;
    return asks;
}

extern const char *const cdr_function_name[CDR_FUNCTION_N];

#endif
