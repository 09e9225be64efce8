/* Judging: what a job put out, row by row, against the answer; and against the answers of jobs that
 * make a well-known mistake, of which the nearest one says why.
 *
 * With lateness, rows may lack late records, and be missing where all of theirs are.
 *
 * Rows of windows that are still open (answer.h) may be missing, and may lack what would have come.
 * Of rows that tie with the last one of a top, any may be there, at least as many as fit.
 */
#ifndef CDR_ANSWER_JUDGE_H
#define CDR_ANSWER_JUDGE_H

#include "answer/answer.h"
#include "answer/output.h"

struct cdr_verdict_counts {
    uint64_t expected;     /* rows that there must be, or may be */
    uint64_t right;        /* equal to the answer, or with lateness between what must be and that */
    uint64_t late;         /* records that may be left out, of all rows */
    uint64_t bounded;      /* of the right ones, those that are not the complete answer's */
    uint64_t exact;        /* of the bounded ones, those without all late records */
    uint64_t open;         /* of open windows: missing, or not all there yet */
    uint64_t partly;       /* of the open ones, those that are not all there yet */
    int64_t open_until_ms; /* the greatest end of these windows; 0 where there are none */
    uint64_t wrong;        /* other values */
    uint64_t missing;      /* not there */
    uint64_t unexpected;
    uint64_t met;        /* rows that were found and expected, right or not */
    uint64_t more, less; /* by which values of the first column differ, in sum */
};

enum cdr_row_fault { CDR_ROW_WRONG, CDR_ROW_MISSING, CDR_ROW_UNEXPECTED, CDR_ROW_FAULTS };
extern const char *const cdr_row_fault_word[CDR_ROW_FAULTS];

struct cdr_judge_settings {
    const struct cdr_answer_settings *answer; /* its row and context are not used */
    struct cdr_output *found;
    int64_t change_ms; /* event time of records of second schemas; 0: there are none */
    bool transactions; /* records may also be there in transactions that were aborted */
    /* Called for each row that is not right; or NULL. One of expected and found may be NULL. */
    void (*find)(void *context, enum cdr_row_fault finding, const struct cdr_answer_row *expected,
                 const int64_t *found);
    void *context;
};

/* Errors: as cdr_answer. */
enum cdr_result cdr_judge(const struct cdr_judge_settings *settings,
                          struct cdr_verdict_counts *counts, struct cdr_error *error);

/* n of them in one pass, each with a table of found rows of its own; their answers are of one
 * model, and for the same workers and shards. */
enum cdr_result cdr_judge_several(const struct cdr_judge_settings *settings,
                                  struct cdr_verdict_counts *counts, uint32_t n,
                                  struct cdr_error *error);

static inline uint64_t cdr_verdict_faults(const struct cdr_verdict_counts *counts)
{
    return counts->wrong + counts->missing + counts->unexpected;
}

#endif
