#include "answer/judge.h"

#include <stdlib.h>
#include <string.h>

const char *const cdr_row_fault_word[CDR_ROW_FAULTS] = {"wrong", "missing", "unexpected"};

struct judge {
    const struct cdr_judge_settings *settings;
    struct cdr_verdict_counts *counts;
    /* Of a top: the rows of one window and rank so far. */
    struct {
        int64_t start_ms;
        uint64_t rank, rows, there;
        bool open;
        struct cdr_answer_row last;
    } tie;
};

static void tell(struct judge *judge, enum cdr_row_fault finding,
                 const struct cdr_answer_row *expected, const int64_t *found)
{
    if (judge->settings->find != NULL)
        judge->settings->find(judge->settings->context, finding, expected, found);
}

static int64_t *look_up(const struct judge *judge, const struct cdr_answer_row *row)
{
    const struct cdr_query *query = judge->settings->answer->query;
    int64_t key[1 + CDR_QUERY_BY_MAX] = {row->start_ms};
    memcpy(key + 1, row->by, query->by_count * sizeof *key);
    int64_t *found = cdr_groups_find(&judge->settings->found->groups, key);
    return found == NULL || cdr_output_is_gone(judge->settings->found, found) ? NULL : found;
}

static bool between(int64_t value, int64_t a, int64_t b)
{
    return a < b ? value >= a && value <= b : value >= b && value <= a;
}

/* Whether a value may be that of some of a row's records: of none of them on to all. */
static bool is_part(enum cdr_query_function function, int64_t value, int64_t whole)
{
    if (value == CDR_ABSENT || whole == CDR_ABSENT)
        return value == CDR_ABSENT;
    switch (function) {
    case CDR_FUNCTION_MIN:
        return value >= whole;
    case CDR_FUNCTION_MAX:
        return value <= whole;
    default:
        return between(value, 0, whole);
    }
}

/* Whether the row lacks late records only; exact: all of them. */
static bool is_bounded(const struct judge *judge, const struct cdr_answer_row *row,
                       const int64_t *found, bool *exact)
{
    const struct cdr_query *query = judge->settings->answer->query;
    const int64_t *values = found + 1 + query->by_count;
    bool bounded = row->late > 0;
    *exact = true;
    for (uint32_t k = 0; k < query->select_count && bounded; k++) {
        if (!judge->settings->found->has[k])
            continue;
        /* Without a record that must be there, there is no least and no greatest one. */
        bounded = row->late == row->records
                      ? is_part(query->select[k].function, values[k], row->values[k])
                      : between(values[k], row->must[k], row->values[k]);
        *exact &= values[k] == row->must[k];
    }
    return bounded;
}

/* Whether a row's values are those of all its records and of some of them again. Where all come
 * again, each count and sum is twice as much. */
static bool is_repeated(const struct judge *judge, const struct cdr_answer_row *row,
                        const int64_t *found)
{
    const struct cdr_query *query = judge->settings->answer->query;
    const int64_t *values = found + 1 + query->by_count;
    bool all = false, repeated = true;
    for (uint32_t k = 0; k < query->select_count && repeated; k++) {
        const enum cdr_query_function function = query->select[k].function;
        const bool adds = function == CDR_FUNCTION_COUNT || function == CDR_FUNCTION_SUM;
        if (!judge->settings->found->has[k])
            continue;
        repeated = values[k] == row->values[k] ||
                   (adds && values[k] != CDR_ABSENT && row->values[k] != CDR_ABSENT &&
                    between(values[k] - row->values[k], 0, row->values[k]));
        all |= function == CDR_FUNCTION_COUNT && query->select[k].where_count == 0 &&
               row->values[k] > 0 && values[k] == 2 * row->values[k];
    }
    for (uint32_t k = 0; k < query->select_count && repeated && all; k++)
        repeated = !judge->settings->found->has[k] ||
                   query->select[k].function != CDR_FUNCTION_SUM || row->values[k] == CDR_ABSENT ||
                   values[k] == 2 * row->values[k];
    return repeated;
}

/* Whether the row's values are those; partly: they may be those of some of its records. */
static bool agrees(const struct judge *judge, const struct cdr_answer_row *row,
                   const int64_t *found, bool *partly)
{
    const struct cdr_query *query = judge->settings->answer->query;
    const int64_t *values = found + 1 + query->by_count;
    bool same = true;
    *partly = true;
    for (uint32_t k = 0; k < query->select_count; k++) {
        if (!judge->settings->found->has[k])
            continue;
        same &= values[k] == row->values[k];
        *partly &= is_part(query->select[k].function, values[k], row->values[k]);
    }
    return same;
}

static void count_open(struct judge *judge, const struct cdr_answer_row *row, uint64_t rows)
{
    judge->counts->open += rows;
    if (row->end_ms > judge->counts->open_until_ms)
        judge->counts->open_until_ms = row->end_ms;
}

static void miss(struct judge *judge, const struct cdr_answer_row *row, uint64_t rows)
{
    if (row->open) {
        count_open(judge, row, rows);
        return;
    }
    if (row->late > 0 && row->late == row->records) {
        judge->counts->right++;
        judge->counts->bounded++;
        judge->counts->exact++;
        return;
    }
    judge->counts->missing += rows;
    tell(judge, CDR_ROW_MISSING, row, NULL);
}

/* Rows of one rank are over. Where they reach beyond the top's last row, only as many as fit must
 * be there; the others may be. */
static void end_tie(struct judge *judge)
{
    const uint64_t top = judge->settings->answer->query->top_rows;
    const uint64_t room = judge->tie.rows == 0 ? 0 : top - judge->tie.rank + 1;
    const uint64_t must = judge->tie.rows < room ? judge->tie.rows : room;
    if (judge->tie.there < must)
        miss(judge, &judge->tie.last, must - judge->tie.there);
    judge->tie.rows = judge->tie.there = 0;
}

static void count_tie(struct judge *judge, const struct cdr_answer_row *row, bool there)
{
    if (judge->tie.rows > 0 &&
        (judge->tie.start_ms != row->start_ms || judge->tie.rank != row->rank))
        end_tie(judge);
    judge->tie.start_ms = row->start_ms;
    judge->tie.rank = row->rank;
    judge->tie.rows++;
    judge->tie.there += there;
    if (!there)
        judge->tie.last = *row;
}

/* What a job puts out may be any number, so sums end at the greatest one. */
static void add_difference(struct cdr_verdict_counts *counts, int64_t found, int64_t expected)
{
    uint64_t *to = found > expected ? &counts->more : &counts->less;
    const uint64_t by = found > expected ? (uint64_t)found - (uint64_t)expected
                                         : (uint64_t)expected - (uint64_t)found;
    *to = by > UINT64_MAX - *to ? UINT64_MAX : *to + by;
}

static void compare(struct judge *judge, const struct cdr_answer_row *row, int64_t *found)
{
    bool partly, exact;
    ++*cdr_output_met(judge->settings->found, found);
    judge->counts->met++;
    if (agrees(judge, row, found, &partly)) {
        judge->counts->right++;
    } else if (judge->settings->answer->mistake.repeated && is_repeated(judge, row, found)) {
        judge->counts->right++;
    } else if (is_bounded(judge, row, found, &exact)) {
        judge->counts->right++;
        judge->counts->bounded++;
        judge->counts->exact += exact;
    } else if (row->open && partly) {
        count_open(judge, row, 1);
        judge->counts->partly++;
    } else {
        if (judge->settings->found->has[0])
            add_difference(judge->counts, found[1 + judge->settings->answer->query->by_count],
                           row->values[0]);
        judge->counts->wrong++;
        tell(judge, CDR_ROW_WRONG, row, found);
    }
}

static enum cdr_result take_row(void *context, const struct cdr_answer_row *row,
                                struct cdr_error *error)
{
    struct judge *judge = context;
    int64_t *found = look_up(judge, row);
    (void)error;
    judge->counts->expected++;
    judge->counts->late += row->late;
    if (row->rank > 0)
        count_tie(judge, row, found != NULL);
    else if (found == NULL)
        miss(judge, row, 1);
    if (found != NULL)
        compare(judge, row, found);
    return CDR_OK;
}

/* Rows that no row of the answer has met; and the counts of meetings begin again at 0. */
static void find_unexpected(struct judge *judge)
{
    const struct cdr_groups *groups = &judge->settings->found->groups;
    for (size_t i = 0; i < groups->n; i++) {
        int64_t *row = groups->rows + i * groups->width;
        if (*cdr_output_met(judge->settings->found, row) == 0 &&
            !cdr_output_is_gone(judge->settings->found, row)) {
            judge->counts->unexpected++;
            tell(judge, CDR_ROW_UNEXPECTED, NULL, row);
        }
        *cdr_output_met(judge->settings->found, row) = 0;
    }
}

enum cdr_result cdr_judge_several(const struct cdr_judge_settings *settings,
                                  struct cdr_verdict_counts *counts, uint32_t n,
                                  struct cdr_error *error)
{
    struct judge *judges = calloc(n, sizeof *judges);
    struct cdr_answer_settings *answers = calloc(n, sizeof *answers);
    enum cdr_result result = CDR_OK;
    if (judges == NULL || answers == NULL)
        result = cdr_fail(error, CDR_E_NOMEM, "out of memory for %u answers", n);
    for (uint32_t i = 0; i < n && result == CDR_OK; i++) {
        judges[i] = (struct judge){.settings = &settings[i], .counts = &counts[i]};
        counts[i] = (struct cdr_verdict_counts){.expected = 0};
        answers[i] = *settings[i].answer;
        answers[i].row = take_row;
        answers[i].context = &judges[i];
    }
    if (result == CDR_OK)
        result = cdr_answer_several(answers, n, error);
    for (uint32_t i = 0; i < n && result == CDR_OK; i++) {
        end_tie(&judges[i]);
        find_unexpected(&judges[i]);
    }
    free(judges);
    free(answers);
    return result;
}

enum cdr_result cdr_judge(const struct cdr_judge_settings *settings,
                          struct cdr_verdict_counts *counts, struct cdr_error *error)
{
    return cdr_judge_several(settings, counts, 1, error);
}
