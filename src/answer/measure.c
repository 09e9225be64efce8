#include "answer/measure.h"

static int64_t joined(enum cdr_query_function function, int64_t a, int64_t b)
{
    if (a == CDR_ABSENT || b == CDR_ABSENT)
        return a == CDR_ABSENT ? b : a;
    switch (function) {
    case CDR_FUNCTION_MIN:
        return a < b ? a : b;
    case CDR_FUNCTION_MAX:
        return a > b ? a : b;
    default:
        return a + b;
    }
}

void cdr_measure_add(const struct cdr_query *query, int64_t *to,
                     const int64_t (*value)[CDR_BLOCK_RECORDS], uint32_t i)
{
    const bool is_new = to[query->select_count]++ == 0;
    for (uint32_t k = 0; k < query->select_count; k++) {
        const enum cdr_query_function function = query->select[k].function;
        if (function != CDR_FUNCTION_DISTINCT)
            to[k] = is_new ? value[k][i] : joined(function, to[k], value[k][i]);
    }
}

void cdr_measure_join(const struct cdr_query *query, int64_t *to, const int64_t *from)
{
    const uint32_t n = query->select_count;
    for (uint32_t k = 0; k < n && from[n] > 0; k++)
        to[k] = to[n] == 0 ? from[k] : joined(query->select[k].function, to[k], from[k]);
    to[n] += from[n];
}
