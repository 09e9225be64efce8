/* What becomes of the groups of windows that have ended: rows of all workers are joined, ordered,
 * cut to the first ones where the query wants so, and given out. */
#ifndef CDR_ANSWER_CLOSE_H
#define CDR_ANSWER_CLOSE_H

#include "answer/answer.h"
#include "answer/groups.h"
#include "answer/measure.h"
#include "answer/session.h"

/* A worker's groups. Keys are the window's start and the by fields. Rows then have a measure of all
 * records, and with lateness one of those that are not late (answer/measure.h). A set holds, of a
 * column of distinct, the same keys with a value each. */
struct cdr_answer_groups {
    struct cdr_groups main;
    struct cdr_groups sets[CDR_MEASURES][CDR_QUERY_SELECT_MAX];
    struct cdr_sessions sessions; /* in place of these, of session windows */
};

static inline uint32_t cdr_measure_at(const struct cdr_query *query, uint32_t measure)
{
    return 1 + query->by_count + measure * cdr_measure_width(query);
}

void cdr_answer_groups_init(struct cdr_answer_groups *groups,
                            const struct cdr_answer_settings *settings);
void cdr_answer_groups_free(struct cdr_answer_groups *groups);

/* Gives out the rows of windows that begin at last or before; of sessions, those that end before
 * last. open_from: windows that end later are open. */
enum cdr_result cdr_answer_close(const struct cdr_answer_settings *settings,
                                 struct cdr_answer_groups *groups, int64_t last, int64_t open_from,
                                 struct cdr_error *error);

/* The end of the window that begins then; not of sessions. */
int64_t cdr_window_end(const struct cdr_model *model, const struct cdr_query *query,
                       int64_t start_ms);

#endif
