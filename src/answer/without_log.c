#include "answer/without_log.h"

#include <stdlib.h>
#include <string.h>

static uint32_t log_count(const struct cdr_without_log *without)
{
    return CDR_TYPE_COUNT * without->settings->answer->model->parameters.partitions;
}

static int64_t *part_of(const struct cdr_without_log *without, uint32_t log, size_t row)
{
    return without->parts + (log * without->rows->n + row) * without->width;
}

/* Adds a part of a row, or a record, which is one, to another part. */
static void join(const struct cdr_query *query, int64_t *to, const int64_t *values, int64_t records)
{
    const bool is_new = to[query->select_count] == 0;
    for (uint32_t k = 0; k < query->select_count; k++)
        switch (query->select[k].function) {
        case CDR_FUNCTION_MIN:
            to[k] = is_new || values[k] < to[k] ? values[k] : to[k];
            break;
        case CDR_FUNCTION_MAX:
            to[k] = is_new || values[k] > to[k] ? values[k] : to[k];
            break;
        default:
            to[k] += values[k];
        }
    to[query->select_count] += records;
}

/* The workers' threads have records of different logs, or of one log one after the other. */
static void take_witness(void *context, int64_t *row, const struct cdr_witness *witness)
{
    const struct cdr_without_log *without = context;
    const size_t number = (size_t)(row - without->rows->rows) / without->rows->width;
    join(without->settings->answer->query, part_of(without, witness->log, number), witness->values,
         1);
}

enum cdr_result cdr_without_log_add_up(struct cdr_without_log *without,
                                       const struct cdr_judge_settings *settings,
                                       const struct cdr_groups *rows, struct cdr_error *error)
{
    struct cdr_answer_settings answer = *settings->answer;
    *without = (struct cdr_without_log){.settings = settings, .rows = rows};
    without->width = answer.query->select_count + 1;
    without->parts =
        calloc((size_t)log_count(without) * rows->n * without->width, sizeof *without->parts);
    if (without->parts == NULL && rows->n > 0)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for the rows of each partition");
    answer.watched = rows;
    answer.witness = take_witness;
    answer.context = without;
    return cdr_answer(&answer, error);
}

static bool agrees(const struct cdr_without_log *without, const int64_t *values,
                   const int64_t *found)
{
    const struct cdr_query *query = without->settings->answer->query;
    const bool there = found != NULL && !cdr_output_is_gone(without->settings->found, found);
    if (values[query->select_count] == 0 || !there)
        return (values[query->select_count] > 0) == there;
    for (uint32_t k = 0; k < query->select_count; k++)
        if (without->settings->found->has[k] &&
            query->select[k].function != CDR_FUNCTION_DISTINCT &&
            found[1 + query->by_count + k] != values[k])
            return false;
    return true;
}

uint64_t cdr_without_log_faults(const struct cdr_without_log *without, uint32_t log)
{
    const struct cdr_query *query = without->settings->answer->query;
    uint64_t faults = 0;
    for (size_t row = 0; row < without->rows->n; row++) {
        const int64_t *key = without->rows->rows + row * without->rows->width;
        int64_t values[CDR_QUERY_SELECT_MAX + 1] = {0};
        for (uint32_t other = 0; other < log_count(without); other++) {
            const int64_t *part = part_of(without, other, row);
            if (other != log && part[query->select_count] > 0)
                join(query, values, part, part[query->select_count]);
        }
        faults += !agrees(without, values, cdr_groups_find(&without->settings->found->groups, key));
    }
    return faults;
}

void cdr_without_log_free(struct cdr_without_log *without)
{
    free(without->parts);
}
