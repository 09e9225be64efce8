/* Well-known mistakes of jobs: each gives another answer to the same query, which can be computed
 * as the right one is. Where a job's rows are those, the mistake is named.
 *
 * A mistake is a row of the table in mistake_table.c; it may have variants, such as one for each
 * partition that may not have been read.
 *
 * The search takes a few passes over the records, however many variants there are: one that looks
 * at some of the rows that are not right with all variants at once, and one for each of the few
 * variants that explain most of those.
 */
#ifndef CDR_ANSWER_MISTAKE_H
#define CDR_ANSWER_MISTAKE_H

#include "answer/judge.h"

enum { CDR_MISTAKE_WORDS_MAX = 200 };

struct cdr_mistake {
    const char *name;                  /* "other_time" */
    char words[CDR_MISTAKE_WORDS_MAX]; /* "the start of a record was taken for its time" */
    uint64_t faults;                   /* rows that are not right by the mistaken answer */
    uint64_t without_them;             /* rows that are not right by the right answer */
};

/* Looks for the mistake by whose answer fewest rows are not right; plain: the verdict by the right
 * one. *found is false where none explains nineteen of twenty, or faults are fewer than three.
 * Errors: as cdr_answer. */
enum cdr_result cdr_mistake_find(const struct cdr_judge_settings *settings,
                                 const struct cdr_verdict_counts *plain, bool *found,
                                 struct cdr_mistake *mistake, struct cdr_error *error);

/* ---- the table ---- */

/* A job that makes a mistake: the right one's settings, to be changed. answer.query is not set. */
struct cdr_mistaken {
    struct cdr_query query;
    struct cdr_answer_settings answer;
    int64_t change_ms; /* as in judge.h */
    bool transactions; /* as in judge.h */
    bool idle;         /* there is nothing that it can change */
    char words[CDR_MISTAKE_WORDS_MAX];
};

/* Number counts the variants of a mistake from 0 on. False: there is no such variant, of this or
 * any later number. */
struct cdr_mistake_row {
    const char *name;
    bool (*make)(struct cdr_mistaken *job, uint32_t number);
};

extern const struct cdr_mistake_row cdr_mistakes[]; /* ended by a NULL name */

#endif
