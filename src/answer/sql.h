/* A query as SQL: for whoever does not believe the answer, or wants to go on from it, or runs it on
 * a stream engine. A dialect is a row of the table in sql.c.
 *
 * duckdb and spark read the folder that a run with --out wrote; flink, ksqldb and risingwave the
 * topics, whose messages are JSON. Files and messages must have the fields that the query names:
 * those beside the 22 of the records are there with --fields.
 */
#ifndef CDR_ANSWER_SQL_H
#define CDR_ANSWER_SQL_H

#include "answer/query.h"
#include "model/parameters.h"

#include <stdio.h>

struct cdr_sql_settings {
    const char *dialect;
    const char *folder;        /* with the CSV files */
    const char *const *topics; /* names, of each CDR_TYPE_* */
    const char *brokers;
    int64_t allowed_ms; /* that records may be late; negative: not said */
    const struct cdr_parameters *parameters;
};

/* Prints statements, of which the last one gives rows and columns as those of the answer but open.
 * CDR_E_CONFIG where the dialect cannot say the query, or there is no such dialect. */
enum cdr_result cdr_sql_print(FILE *file, const struct cdr_query *query,
                              const struct cdr_sql_settings *settings, struct cdr_error *error);

#endif
