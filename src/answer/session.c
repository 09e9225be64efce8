#include "answer/session.h"

#include <stdlib.h>
#include <string.h>

static uint32_t measures_of(const struct cdr_answer_settings *settings)
{
    return settings->lateness.on ? CDR_MEASURES : 1;
}

/* Of a piece: the by fields, two times, the measures. */
static uint32_t width_of(const struct cdr_answer_settings *settings)
{
    return settings->query->by_count + 2 +
           measures_of(settings) * cdr_measure_width(settings->query);
}

static uint32_t measure_at(const struct cdr_query *query, uint32_t measure)
{
    return query->by_count + 2 + measure * cdr_measure_width(query);
}

void cdr_sessions_init(struct cdr_sessions *sessions, const struct cdr_query *query)
{
    *sessions = (struct cdr_sessions){.pieces = {0}};
    cdr_groups_init(&sessions->latest, query->by_count, query->by_count + 1);
    for (uint32_t measure = 0; measure < CDR_MEASURES; measure++)
        for (uint32_t k = 0; k < query->select_count; k++)
            cdr_groups_init(&sessions->sets[measure][k], query->by_count + 2, query->by_count + 2);
}

void cdr_sessions_free(struct cdr_sessions *sessions)
{
    cdr_groups_free(&sessions->latest);
    free(sessions->pieces.rows);
    for (uint32_t measure = 0; measure < CDR_MEASURES; measure++)
        for (uint32_t k = 0; k < CDR_QUERY_SELECT_MAX; k++)
            cdr_groups_free(&sessions->sets[measure][k]);
}

/* ---- a record ---- */

static bool make_room(struct cdr_rows *rows, size_t more, uint32_t width)
{
    size_t capacity = rows->capacity == 0 ? 256 : rows->capacity;
    if (rows->n + more <= rows->capacity)
        return true;
    while (capacity < rows->n + more)
        capacity *= 2;
    int64_t *all = realloc(rows->rows, capacity * width * sizeof *all);
    if (all == NULL)
        return false;
    rows->rows = all;
    rows->capacity = capacity;
    return true;
}

/* The newest piece of the key, if the time is near it, else a new one. NULL: no memory. */
static int64_t *piece_at(struct cdr_sessions *sessions, const struct cdr_answer_settings *settings,
                         const int64_t *by, int64_t at_ms)
{
    const struct cdr_query *query = settings->query;
    const uint32_t n = query->by_count, width = width_of(settings);
    bool is_new;
    int64_t *latest = cdr_groups_at(&sessions->latest, by, &is_new);
    if (latest == NULL || !make_room(&sessions->pieces, 1, width))
        return NULL;
    int64_t *piece = sessions->pieces.rows + (is_new ? 0 : (size_t)(latest[n] - 1) * width);
    if (!is_new && at_ms >= piece[n] - query->size_ms && at_ms <= piece[n + 1] + query->size_ms) {
        piece[n] = at_ms < piece[n] ? at_ms : piece[n];
        piece[n + 1] = at_ms > piece[n + 1] ? at_ms : piece[n + 1];
        return piece;
    }
    piece = sessions->pieces.rows + sessions->pieces.n * width;
    latest[n] = (int64_t)++sessions->pieces.n;
    memset(piece, 0, width * sizeof *piece);
    memcpy(piece, by, n * sizeof *piece);
    piece[n] = piece[n + 1] = at_ms;
    return piece;
}

bool cdr_sessions_add(struct cdr_sessions *sessions, const struct cdr_answer_settings *settings,
                      const struct cdr_session_record *record)
{
    const struct cdr_query *query = settings->query;
    const uint32_t n = query->by_count, measures = record->late ? 1 : measures_of(settings);
    int64_t key[CDR_QUERY_BY_MAX + 2];
    bool is_new;
    int64_t *piece = piece_at(sessions, settings, record->by, record->time_ms);
    if (piece == NULL)
        return false;
    memcpy(key, piece, (n + 1) * sizeof *key);
    for (uint32_t measure = 0; measure < measures; measure++) {
        cdr_measure_add(query, piece + measure_at(query, measure), record->value, record->i);
        for (uint32_t k = 0; k < query->select_count; k++) {
            key[n + 1] = record->value[k][record->i];
            if (query->select[k].function == CDR_FUNCTION_DISTINCT && key[n + 1] != CDR_ABSENT &&
                cdr_groups_at(&sessions->sets[measure][k], key, &is_new) == NULL)
                return false;
        }
    }
    return true;
}

/* ---- sessions that end ---- */

static bool same(const int64_t *a, const int64_t *b, uint32_t width)
{
    return memcmp(a, b, width * sizeof *a) == 0;
}

/* All workers' pieces in those of the first; sorted, and those of one session put together. */
static bool join_pieces(struct cdr_sessions *const *workers,
                        const struct cdr_answer_settings *settings)
{
    const struct cdr_query *query = settings->query;
    const uint32_t n = query->by_count, width = width_of(settings);
    struct cdr_rows *all = &workers[0]->pieces;
    for (unsigned w = 1; w < settings->workers; w++) {
        struct cdr_rows *from = &workers[w]->pieces;
        if (!make_room(all, from->n, width))
            return false;
        if (from->n > 0)
            memcpy(all->rows + all->n * width, from->rows, from->n * width * sizeof *all->rows);
        all->n += from->n;
        from->n = 0;
    }
    cdr_rows_sort(all, n + 1, width);
    size_t kept = 0;
    for (size_t i = 0; i < all->n; i++) {
        const int64_t *piece = all->rows + i * width;
        int64_t *last = all->rows + (kept > 0 ? kept - 1 : 0) * width;
        if (kept == 0 || !same(last, piece, n) || piece[n] > last[n + 1] + query->size_ms) {
            memmove(all->rows + kept++ * width, piece, width * sizeof *piece);
            continue;
        }
        last[n + 1] = piece[n + 1] > last[n + 1] ? piece[n + 1] : last[n + 1];
        for (uint32_t measure = 0; measure < measures_of(settings); measure++)
            cdr_measure_join(query, last + measure_at(query, measure),
                             piece + measure_at(query, measure));
    }
    all->n = kept;
    return true;
}

/* Of a column of distinct, all workers' values, with the beginning of their session as their time;
 * sorted, each once. */
static bool join_values(struct cdr_sessions *const *workers,
                        const struct cdr_answer_settings *settings, uint32_t measure, uint32_t k,
                        struct cdr_rows *values)
{
    const uint32_t n = settings->query->by_count, width = width_of(settings);
    const struct cdr_rows *all = &workers[0]->pieces;
    const int64_t *piece = all->rows;
    size_t kept = 0;
    for (unsigned w = 0; w < settings->workers; w++) {
        struct cdr_groups *from = &workers[w]->sets[measure][k];
        if (!make_room(values, from->n, n + 2))
            return false;
        if (from->n > 0)
            memcpy(values->rows + values->n * (n + 2), from->rows,
                   from->n * (n + 2) * sizeof *from->rows);
        values->n += from->n;
        cdr_groups_free(from);
    }
    cdr_rows_sort(values, n + 2, n + 2);
    for (size_t i = 0; i < values->n; i++) {
        int64_t *value = values->rows + i * (n + 2);
        while (!same(piece, value, n) || value[n] > piece[n + 1])
            piece += width;
        value[n] = piece[n];
    }
    cdr_rows_sort(values, n + 2, n + 2);
    for (size_t i = 0; i < values->n; i++) {
        const int64_t *value = values->rows + i * (n + 2);
        if (kept == 0 || !same(values->rows + (kept - 1) * (n + 2), value, n + 2))
            memmove(values->rows + kept++ * (n + 2), value, (n + 2) * sizeof *value);
    }
    values->n = kept;
    return true;
}

static bool has_ended(const struct cdr_query *query, const int64_t *piece, int64_t before_ms)
{
    return piece[query->by_count + 1] + query->size_ms < before_ms;
}

/* Counts the values of sessions that have ended; the others go back into the first worker's set. */
static bool count_values(struct cdr_sessions *const *workers,
                         const struct cdr_answer_settings *settings, int64_t before_ms,
                         uint32_t measure, uint32_t k, const struct cdr_rows *values)
{
    const struct cdr_query *query = settings->query;
    const uint32_t n = query->by_count, width = width_of(settings);
    int64_t *piece = workers[0]->pieces.rows;
    bool is_new;
    for (size_t i = 0; i < values->n; i++) {
        const int64_t *value = values->rows + i * (n + 2);
        while (!same(piece, value, n + 1))
            piece += width;
        if (has_ended(query, piece, before_ms))
            piece[measure_at(query, measure) + k]++;
        else if (cdr_groups_at(&workers[0]->sets[measure][k], value, &is_new) == NULL)
            return false;
    }
    return true;
}

static bool collect_values(struct cdr_sessions *const *workers,
                           const struct cdr_answer_settings *settings, int64_t before_ms)
{
    bool fits = true;
    for (uint32_t measure = 0; measure < measures_of(settings); measure++)
        for (uint32_t k = 0; k < settings->query->select_count && fits; k++) {
            struct cdr_rows values = {0};
            if (settings->query->select[k].function != CDR_FUNCTION_DISTINCT)
                continue;
            fits = join_values(workers, settings, measure, k, &values) &&
                   count_values(workers, settings, before_ms, measure, k, &values);
            free(values.rows);
        }
    return fits;
}

/* Moves the sessions that have ended out, as the window's end, its beginning, the by fields and the
 * measures. */
static bool take_ended(struct cdr_rows *pieces, const struct cdr_answer_settings *settings,
                       int64_t before_ms, struct cdr_rows *ended)
{
    const uint32_t n = settings->query->by_count, width = width_of(settings);
    size_t kept = 0;
    if (!make_room(ended, pieces->n, width))
        return false;
    for (size_t i = 0; i < pieces->n; i++) {
        const int64_t *piece = pieces->rows + i * width;
        int64_t *to = ended->rows + ended->n * width;
        if (!has_ended(settings->query, piece, before_ms)) {
            memmove(pieces->rows + kept++ * width, piece, width * sizeof *piece);
            continue;
        }
        to[0] = piece[n + 1] + settings->query->size_ms;
        to[1] = piece[n];
        memcpy(to + 2, piece, n * sizeof *to);
        memcpy(to + 2 + n, piece + n + 2, (width - n - 2) * sizeof *to);
        ended->n++;
    }
    pieces->n = kept;
    return true;
}

/* So that the next slot's records find the sessions that go on. */
static bool index_pieces(struct cdr_sessions *const *workers,
                         const struct cdr_answer_settings *settings)
{
    const uint32_t n = settings->query->by_count, width = width_of(settings);
    const struct cdr_rows *pieces = &workers[0]->pieces;
    bool is_new;
    for (unsigned w = 0; w < settings->workers; w++)
        cdr_groups_free(&workers[w]->latest);
    for (size_t i = 0; i < pieces->n; i++) {
        int64_t *latest = cdr_groups_at(&workers[0]->latest, pieces->rows + i * width, &is_new);
        if (latest == NULL)
            return false;
        latest[n] = (int64_t)i + 1;
    }
    return true;
}

enum cdr_result cdr_sessions_close(struct cdr_sessions *const *workers,
                                   const struct cdr_answer_settings *settings, int64_t before_ms,
                                   const struct cdr_session_taker *taker, struct cdr_error *error)
{
    const uint32_t width = width_of(settings);
    struct cdr_rows ended = {0};
    enum cdr_result result = CDR_OK;
    if (!join_pieces(workers, settings) || !collect_values(workers, settings, before_ms) ||
        !take_ended(&workers[0]->pieces, settings, before_ms, &ended) ||
        !index_pieces(workers, settings))
        result = cdr_fail(error, CDR_E_NOMEM, "out of memory for the answer's windows");
    if (result == CDR_OK)
        cdr_rows_sort(&ended, 2 + settings->query->by_count, width);
    for (size_t i = 0; i < ended.n && result == CDR_OK; i++)
        result =
            taker->row(taker->context, ended.rows + i * width + 1, ended.rows[i * width], error);
    free(ended.rows);
    return result;
}
