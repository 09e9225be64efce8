#include "answer/close.h"

#include <stdlib.h>
#include <string.h>

static uint32_t measures_of(const struct cdr_answer_settings *settings)
{
    return settings->lateness.on ? CDR_MEASURES : 1;
}

/* Numbers of a row. */
static uint32_t width_of(const struct cdr_answer_settings *settings)
{
    return cdr_measure_at(settings->query, measures_of(settings));
}

void cdr_answer_groups_init(struct cdr_answer_groups *groups,
                            const struct cdr_answer_settings *settings)
{
    const struct cdr_query *query = settings->query;
    const uint32_t key_width = 1 + query->by_count;
    cdr_groups_init(&groups->main, key_width, width_of(settings));
    for (uint32_t measure = 0; measure < CDR_MEASURES; measure++)
        for (uint32_t i = 0; i < query->select_count; i++)
            cdr_groups_init(&groups->sets[measure][i], key_width + 1, key_width + 1);
    cdr_sessions_init(&groups->sessions, query);
}

void cdr_answer_groups_free(struct cdr_answer_groups *groups)
{
    cdr_groups_free(&groups->main);
    for (uint32_t measure = 0; measure < CDR_MEASURES; measure++)
        for (uint32_t i = 0; i < CDR_QUERY_SELECT_MAX; i++)
            cdr_groups_free(&groups->sets[measure][i]);
    cdr_sessions_free(&groups->sessions);
}

int64_t cdr_window_end(const struct cdr_model *model, const struct cdr_query *query,
                       int64_t start_ms)
{
    switch (query->window) {
    case CDR_WINDOW_FIXED:
        return start_ms + query->size_ms;
    case CDR_WINDOW_DAY:
        return cdr_calendar_day_start_ms(&model->calendar,
                                         cdr_calendar_slot_at(&model->calendar, start_ms).day + 1);
    default:
        return 0;
    }
}

static bool same(const int64_t *a, const int64_t *b, uint32_t width)
{
    return memcmp(a, b, width * sizeof *a) == 0;
}

/* Rows of one key, which several workers may have, become one. */
static void join_rows(const struct cdr_answer_settings *settings, struct cdr_rows *rows)
{
    const struct cdr_query *query = settings->query;
    const uint32_t keys = 1 + query->by_count, width = width_of(settings);
    size_t n = 0;
    for (size_t i = 0; i < rows->n; i++) {
        const int64_t *row = rows->rows + i * width;
        int64_t *last = rows->rows + (n - 1) * width;
        if (n > 0 && same(last, row, keys))
            for (uint32_t measure = 0; measure < measures_of(settings); measure++)
                cdr_measure_join(query, last + cdr_measure_at(query, measure),
                                 row + cdr_measure_at(query, measure));
        else
            memmove(rows->rows + n++ * width, row, width * sizeof *row);
    }
    rows->n = n;
}

/* Counts the different values, which go to column at: rows and values have the same keys in the
 * same order. */
static void count_set(const struct cdr_answer_settings *settings, struct cdr_rows *rows,
                      const struct cdr_rows *values, uint32_t column)
{
    const uint32_t keys = 1 + settings->query->by_count, width = width_of(settings);
    size_t at = 0;
    for (size_t i = 0; i < values->n; i++) {
        const int64_t *value = values->rows + i * (keys + 1);
        if (i > 0 && same(value - (keys + 1), value, keys + 1))
            continue;
        while (!same(rows->rows + at * width, value, keys))
            at++;
        rows->rows[at * width + column]++;
    }
}

static enum cdr_result collect_set(const struct cdr_answer_settings *settings,
                                   struct cdr_answer_groups *groups, int64_t last,
                                   struct cdr_rows *rows, uint32_t measure, uint32_t k,
                                   struct cdr_error *error)
{
    const uint32_t keys = 1 + settings->query->by_count;
    struct cdr_rows values = {0};
    bool fits = true;
    for (unsigned worker = 0; worker < settings->workers && fits; worker++)
        fits = cdr_groups_take(&groups[worker].sets[measure][k], last, &values);
    if (fits) {
        cdr_rows_sort(&values, keys + 1, keys + 1);
        count_set(settings, rows, &values, cdr_measure_at(settings->query, measure) + k);
    }
    free(values.rows);
    return fits ? CDR_OK : cdr_fail(error, CDR_E_NOMEM, "out of memory for the answer's windows");
}

static enum cdr_result collect_sets(const struct cdr_answer_settings *settings,
                                    struct cdr_answer_groups *groups, int64_t last,
                                    struct cdr_rows *rows, struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    for (uint32_t measure = 0; measure < measures_of(settings); measure++)
        for (uint32_t k = 0; k < settings->query->select_count && result == CDR_OK; k++)
            if (settings->query->select[k].function == CDR_FUNCTION_DISTINCT)
                result = collect_set(settings, groups, last, rows, measure, k, error);
    return result;
}

/* ---- which rows there are ---- */

static bool has(const struct cdr_answer_settings *settings, const int64_t *keys)
{
    const struct cdr_query *query = settings->query;
    const int64_t *all = keys + cdr_measure_at(query, CDR_MEASURE_ALL),
                  *must = keys + cdr_measure_at(query, CDR_MEASURE_MUST);
    for (uint32_t i = 0; i < query->having_count; i++) {
        const struct cdr_query_having *having = &query->having[i];
        const uint32_t records = query->select_count; /* where they are counted */
        int64_t value = all[having->column];
        if (having->column == records)
            value = settings->lateness.on ? all[records] - must[records] : 0;
        if (value == CDR_ABSENT || value < having->least || value > having->most)
            return false;
    }
    return true;
}

static void leave_out(const struct cdr_answer_settings *settings, struct cdr_rows *rows)
{
    const uint32_t width = width_of(settings);
    size_t kept = 0;
    for (size_t i = 0; i < rows->n; i++)
        if (has(settings, rows->rows + i * width))
            memmove(rows->rows + kept++ * width, rows->rows + i * width,
                    width * sizeof *rows->rows);
    rows->n = kept;
}

/* ---- giving out ---- */

struct giving {
    const struct cdr_answer_settings *settings;
    int64_t open_from;
};

/* As sums of 32 bits are, which begin again at −2^31. */
static void make_narrow(const struct cdr_query *query, int64_t *values)
{
    for (uint32_t k = 0; k < query->select_count; k++)
        if (query->select[k].function == CDR_FUNCTION_SUM)
            values[k] = (int64_t)((uint64_t)(values[k] + INT64_C(0x80000000)) & UINT32_MAX) -
                        INT64_C(0x80000000);
}

static enum cdr_result give(const struct giving *giving, const int64_t *keys, int64_t end_ms,
                            uint64_t rank, struct cdr_error *error)
{
    const struct cdr_query *query = giving->settings->query;
    const int64_t *all = keys + cdr_measure_at(query, CDR_MEASURE_ALL),
                  *must = keys + cdr_measure_at(query, CDR_MEASURE_MUST);
    struct cdr_answer_row row = {.start_ms = keys[0], .end_ms = end_ms, .rank = rank};
    row.open = query->window != CDR_WINDOW_NONE && row.end_ms > giving->open_from;
    memcpy(row.by, keys + 1, query->by_count * sizeof *row.by);
    memcpy(row.values, all, query->select_count * sizeof *row.values);
    row.records = (uint64_t)all[query->select_count];
    if (giving->settings->lateness.on) {
        memcpy(row.must, must, query->select_count * sizeof *row.must);
        row.late = row.records - (uint64_t)must[query->select_count];
    }
    if (giving->settings->mistake.dropped) {
        memcpy(row.values, row.must, sizeof row.values);
        row.late = 0;
        if (must[query->select_count] == 0)
            return CDR_OK;
    }
    if (giving->settings->mistake.narrow)
        make_narrow(query, row.values);
    row.start_ms += giving->settings->mistake.named_ms;
    return giving->settings->row(giving->settings->context, &row, error);
}

/* The first rows of one window, n of them. Sorted by the value, from the largest on, then by. */
static enum cdr_result give_top(const struct giving *giving, const int64_t *rows, size_t n,
                                int64_t end_ms, struct cdr_error *error)
{
    const struct cdr_query *query = giving->settings->query;
    const uint32_t keys = 1 + query->by_count, width = width_of(giving->settings);
    struct cdr_rows ranked = {.rows = malloc(n * (width + 1) * sizeof(int64_t)), .n = n};
    enum cdr_result result = CDR_OK;
    uint64_t rank = 0;
    if (ranked.rows == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for the answer's windows");
    for (size_t i = 0; i < n; i++) {
        int64_t *to = ranked.rows + i * (width + 1);
        const int64_t value = rows[i * width + keys + query->top_of];
        to[0] = value == CDR_ABSENT ? INT64_MAX : -value; /* last */
        memcpy(to + 1, rows + i * width, width * sizeof *to);
    }
    cdr_rows_sort(&ranked, 1 + keys, width + 1);
    for (size_t i = 0; i < n && result == CDR_OK; i++) {
        const int64_t *row = ranked.rows + i * (width + 1);
        if (i == 0 || row[0] != row[-(int64_t)(width + 1)])
            rank = i + 1;
        if (rank > query->top_rows)
            break;
        result = give(giving, row + 1, end_ms, rank, error);
    }
    free(ranked.rows);
    return result;
}

static enum cdr_result give_all(const struct giving *giving, const struct cdr_rows *rows,
                                struct cdr_error *error)
{
    const struct cdr_query *query = giving->settings->query;
    const uint32_t width = width_of(giving->settings);
    enum cdr_result result = CDR_OK;
    for (size_t i = 0, end; i < rows->n && result == CDR_OK; i = end) {
        const int64_t *row = rows->rows + i * width;
        const int64_t end_ms = cdr_window_end(giving->settings->model, query, row[0]);
        end = i + 1;
        if (query->top_rows == 0) {
            result = give(giving, row, end_ms, 0, error);
            continue;
        }
        while (end < rows->n && rows->rows[end * width] == row[0])
            end++;
        result = give_top(giving, row, end - i, end_ms, error);
    }
    return result;
}

static enum cdr_result give_session(void *context, const int64_t *row, int64_t end_ms,
                                    struct cdr_error *error)
{
    const struct giving *giving = context;
    return has(giving->settings, row) ? give(giving, row, end_ms, 0, error) : CDR_OK;
}

static enum cdr_result close_sessions(struct giving *giving, struct cdr_answer_groups *groups,
                                      int64_t last, struct cdr_error *error)
{
    const struct cdr_answer_settings *settings = giving->settings;
    const struct cdr_session_taker taker = {.row = give_session, .context = giving};
    struct cdr_sessions **sessions = malloc(settings->workers * sizeof(*sessions));
    if (sessions == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for the answer's windows");
    for (unsigned worker = 0; worker < settings->workers; worker++)
        sessions[worker] = &groups[worker].sessions;
    const enum cdr_result result = cdr_sessions_close(sessions, settings, last, &taker, error);
    free(sessions);
    return result;
}

enum cdr_result cdr_answer_close(const struct cdr_answer_settings *settings,
                                 struct cdr_answer_groups *groups, int64_t last, int64_t open_from,
                                 struct cdr_error *error)
{
    const struct cdr_query *query = settings->query;
    struct giving giving = {.settings = settings, .open_from = open_from};
    struct cdr_rows rows = {0};
    enum cdr_result result = CDR_OK;
    if (query->window == CDR_WINDOW_SESSION)
        return close_sessions(&giving, groups, last, error);
    for (unsigned worker = 0; worker < settings->workers && result == CDR_OK; worker++)
        if (!cdr_groups_take(&groups[worker].main, last, &rows))
            result = cdr_fail(error, CDR_E_NOMEM, "out of memory for the answer's windows");
    cdr_rows_sort(&rows, 1 + query->by_count, width_of(settings));
    join_rows(settings, &rows);
    if (result == CDR_OK)
        result = collect_sets(settings, groups, last, &rows, error);
    if (result == CDR_OK && query->having_count > 0)
        leave_out(settings, &rows);
    if (result == CDR_OK)
        result = give_all(&giving, &rows, error);
    free(rows.rows);
    return result;
}
