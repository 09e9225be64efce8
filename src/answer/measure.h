/* Measures: what a query's select adds up of some records, as numbers of a row of groups: a value
 * of each column, then how many records there were. One of no records is all zeros.
 *
 * A value may be absent (CDR_ABSENT): it is passed over, and sums, the least and the greatest of
 * absent values alone are absent, as in SQL.
 */
#ifndef CDR_ANSWER_MEASURE_H
#define CDR_ANSWER_MEASURE_H

#include "answer/query.h"
#include "model/record.h"

/* Of all records; and with lateness, of those that are not late. */
enum { CDR_MEASURE_ALL, CDR_MEASURE_MUST, CDR_MEASURES };

static inline uint32_t cdr_measure_width(const struct cdr_query *query)
{
    return query->select_count + 1;
}

/* Adds record i of a block; value[k] is what column k adds up, of the count 1. Distinct values are
 * not counted here, but when the window ends. */
void cdr_measure_add(const struct cdr_query *query, int64_t *to,
                     const int64_t (*value)[CDR_BLOCK_RECORDS], uint32_t i);
/* Adds another measure. */
void cdr_measure_join(const struct cdr_query *query, int64_t *to, const int64_t *from);

#endif
