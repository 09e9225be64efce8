#include "answer/evidence.h"

#include <string.h>

struct gathering {
    const struct cdr_judge_settings *settings;
    struct cdr_evidence *evidence;
};

void cdr_evidence_note(struct cdr_evidence *evidence, const struct cdr_query *query,
                       enum cdr_row_fault fault, const struct cdr_answer_row *expected,
                       const int64_t *found)
{
    *evidence = (struct cdr_evidence){
        .fault = fault, .has_expected = expected != NULL, .has_found = found != NULL};
    evidence->start_ms = expected != NULL ? expected->start_ms : found[0];
    memcpy(evidence->by, expected != NULL ? expected->by : found + 1,
           query->by_count * sizeof *found);
    if (expected != NULL)
        evidence->expected = *expected;
    if (found != NULL)
        memcpy(evidence->found, found + 1 + query->by_count, query->select_count * sizeof *found);
}

/* Whether the found values are those expected and as many times the record's, of the columns that
 * add up; there must be one. */
static bool differs_by(const struct cdr_judge_settings *settings,
                       const struct cdr_evidence *evidence, const struct cdr_witness *witness,
                       int64_t times)
{
    const struct cdr_query *query = settings->answer->query;
    bool adds_up = false, same = true;
    for (uint32_t k = 0; k < query->select_count; k++) {
        const enum cdr_query_function function = query->select[k].function;
        if (!settings->found->has[k] ||
            (function != CDR_FUNCTION_COUNT && function != CDR_FUNCTION_SUM))
            continue;
        adds_up = true;
        same &= evidence->found[k] == evidence->expected.values[k] + times * witness->values[k];
    }
    return adds_up && same;
}

static void take_witness(void *context, int64_t *row, const struct cdr_witness *witness)
{
    const struct gathering *gathering = context;
    const struct cdr_query *query = gathering->settings->answer->query;
    struct cdr_evidence *evidence = &gathering->evidence[row[1 + query->by_count]];
    if (evidence->witness_count < CDR_WITNESSES_MAX)
        evidence->witnesses[evidence->witness_count] = *witness;
    evidence->witness_count++;
    if (!evidence->has_expected)
        return;
    if (differs_by(gathering->settings, evidence, witness, -1) && evidence->lost_count++ == 0)
        evidence->lost = *witness;
    if (evidence->has_found && differs_by(gathering->settings, evidence, witness, 1) &&
        evidence->doubled_count++ == 0)
        evidence->doubled = *witness;
}

enum cdr_result cdr_evidence_gather(const struct cdr_judge_settings *settings,
                                    struct cdr_evidence *evidence, uint32_t n,
                                    struct cdr_error *error)
{
    const struct cdr_query *query = settings->answer->query;
    struct gathering gathering = {.settings = settings, .evidence = evidence};
    struct cdr_answer_settings answer = *settings->answer;
    struct cdr_groups watched;
    enum cdr_result result = CDR_OK;
    cdr_groups_init(&watched, 1 + query->by_count, 2 + query->by_count);
    for (uint32_t i = 0; i < n && result == CDR_OK; i++) {
        int64_t key[1 + CDR_QUERY_BY_MAX] = {evidence[i].start_ms};
        bool is_new;
        memcpy(key + 1, evidence[i].by, query->by_count * sizeof *key);
        int64_t *row = cdr_groups_at(&watched, key, &is_new);
        if (row == NULL)
            result = cdr_fail(error, CDR_E_NOMEM, "out of memory for the rows that are shown");
        else
            row[1 + query->by_count] = i;
    }
    answer.workers = 1; /* so that records come in one order */
    answer.watched = &watched;
    answer.witness = take_witness;
    answer.context = &gathering;
    if (result == CDR_OK && n > 0)
        result = cdr_answer(&answer, error);
    cdr_groups_free(&watched);
    return result;
}
