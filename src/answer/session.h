/* Session windows: the records of one key, none of which comes more than the gap after the one
 * before. A window begins with the first record's time and ends the gap after the last one's; two
 * records that are exactly the gap apart are in one window, as stream engines have it.
 *
 * Workers collect pieces of sessions, since the records of a key may lie in several logs. At the
 * end of a slot the pieces are put together, and the sessions come out that no record can lengthen
 * any more; so memory follows the sessions that are open, and those of the slot.
 */
#ifndef CDR_ANSWER_SESSION_H
#define CDR_ANSWER_SESSION_H

#include "answer/answer.h"
#include "answer/groups.h"
#include "answer/measure.h"

/* Pieces: rows are the by fields, the first time, the last time, and the measures. */
struct cdr_sessions {
    struct cdr_groups latest; /* by the by fields: number of the newest piece of the key, and 1 */
    struct cdr_rows pieces;
    /* Of distinct: the by fields, a time in the session, a value. */
    struct cdr_groups sets[CDR_MEASURES][CDR_QUERY_SELECT_MAX];
};

void cdr_sessions_init(struct cdr_sessions *sessions, const struct cdr_query *query);
void cdr_sessions_free(struct cdr_sessions *sessions);

struct cdr_session_record {
    int64_t time_ms, by[CDR_QUERY_BY_MAX];
    const int64_t (*value)[CDR_BLOCK_RECORDS]; /* as cdr_measure_add has them */
    uint32_t i;
    bool late;
};

/* False: no memory. */
bool cdr_sessions_add(struct cdr_sessions *sessions, const struct cdr_answer_settings *settings,
                      const struct cdr_session_record *record);

/* Takes a row, as answer/close.h lays them out, of a window that ends then. */
struct cdr_session_taker {
    enum cdr_result (*row)(void *context, const int64_t *row, int64_t end_ms,
                           struct cdr_error *error);
    void *context;
};
/* Puts the pieces of the workers together in the first of them, and gives out the sessions that
 * ended before a time, by their ends, then by the by fields. Errors: CDR_E_NOMEM, the row's. */
enum cdr_result cdr_sessions_close(struct cdr_sessions *const *workers,
                                   const struct cdr_answer_settings *settings, int64_t before_ms,
                                   const struct cdr_session_taker *taker, struct cdr_error *error);

#endif
